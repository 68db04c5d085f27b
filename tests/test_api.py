"""The public face: what can be imported, how it is documented, and the contracts others rely on."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

import build
import riskshare
from riskshare.kernels import decay
from riskshare.scoring.tables import FLAGS, SCORE_COLUMNS
from small import assessed, row

PUBLIC = {name: getattr(riskshare, name) for name in riskshare.__all__}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}


def test_all_is_sorted_and_is_what_can_be_imported() -> None:
    assert riskshare.__all__ == sorted(riskshare.__all__)
    assert len(set(riskshare.__all__)) == len(riskshare.__all__)
    assert dir(riskshare) == riskshare.__all__
    assert {*riskshare._HOMES, "__version__"} == set(riskshare.__all__)
    for name, home in riskshare._HOMES.items():
        assert PUBLIC[name].__module__ == home, f"{name} does not live in {home}"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'asess'"):
        riskshare.asess  # noqa: B018 - the access is what is tested


def test_the_version_is_text() -> None:
    assert riskshare.__version__.count(".") == 2


def test_the_names_the_design_promises_are_there() -> None:
    promised = {"assess", "load_partnership", "read_evidence", "read_subjects", "Assessment", "Evidence", "Partnership"}
    assert promised <= set(PUBLIC)


def names_hidden_by_modules() -> set[str]:
    return {name for name, home in riskshare._HOMES.items() if home == f"riskshare.{name}"}


def test_no_module_shadows_a_public_name() -> None:
    assert names_hidden_by_modules() == set()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_are_documented_in_full(name: str) -> None:
    document = inspect.getdoc(FUNCTIONS[name]) or ""
    first = document.splitlines()[0]
    assert first.endswith((".", ":")), f"{name}: one sentence first"
    signature = inspect.signature(FUNCTIONS[name])
    if signature.parameters:
        assert "Parameters\n----------" in document, f"{name} does not document its parameters"
        for parameter in signature.parameters:
            assert parameter in document.split("Parameters\n----------")[1], f"{name} does not document {parameter}"
    assert "Returns\n-------" in document, f"{name} does not say what it returns"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_data_comes_first_and_options_are_keyword_only(name: str) -> None:
    parameters = list(inspect.signature(FUNCTIONS[name]).parameters.values())
    for parameter in parameters:
        optional = parameter.default is not inspect.Parameter.empty
        if optional:
            assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, f"{name}({parameter.name}) is an option"
    assert sum(p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for p in parameters) <= 2


def test_the_day_is_always_named() -> None:
    assert inspect.signature(riskshare.assess).parameters["as_of"].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_classes_and_their_methods_are_documented(name: str) -> None:
    assert inspect.getdoc(CLASSES[name])
    own = {
        key: value
        for key, value in vars(CLASSES[name]).items()
        if not key.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    }
    for key, value in own.items():
        assert inspect.getdoc(value), f"{name}.{key} says nothing"


@pytest.mark.parametrize("name", sorted(n for n, c in CLASSES.items() if not issubclass(c, Exception)))
def test_results_are_frozen(name: str) -> None:
    thing = CLASSES[name]
    if dataclasses.is_dataclass(thing):
        assert thing.__dataclass_params__.frozen, f"{name} can be changed"  # type: ignore[attr-defined]
    else:
        assert issubclass(thing, BaseModel), name
        assert thing.model_config["frozen"], name


def test_every_error_is_ours_and_a_builtin_where_it_is_one() -> None:
    errors = {name: thing for name, thing in CLASSES.items() if issubclass(thing, Exception)}
    assert all(issubclass(thing, riskshare.RiskshareError) for thing in errors.values())
    assert issubclass(riskshare.PartnershipError, ValueError)
    assert issubclass(riskshare.EvidenceFileError, riskshare.EvidenceError)
    assert issubclass(riskshare.UnsignedPolicyError, riskshare.PolicyError)
    assert issubclass(riskshare.UnknownSubjectError, KeyError)
    assert issubclass(riskshare.MissingExtraError, ImportError)


def test_errors_say_what_to_do() -> None:
    problem = riskshare.Problem("trust.toml", "grades[0].trust", "Too high.", "Lower it.")
    told = {
        "riskshare sign": riskshare.UnsignedPolicyError(["school"], "ab" * 32),
        "Cross-tabulate": riskshare.LinkRefusedError("mappa", "It states effort."),
        "Check the pseudonym": riskshare.UnknownSubjectError(),
        "pip install 'riskshare[maps]'": riskshare.MissingExtraError("maps", "Drawing"),
        "Lower it.": riskshare.PartnershipError([problem]),
        "Send .csv": riskshare.EvidenceFileError("unknown_kind", "Send .csv.", source="x", column="value", row=3),
    }
    for words, error in told.items():
        assert words in str(error)
    assert str(riskshare.PartnershipError([problem, problem])).startswith("The partnership has 2 problems:")
    assert str(riskshare.Problem("a.toml", "", "It is gone.", "Put it back.")) == "a.toml: It is gone. Put it back."
    assert "row 3, column value" in str(told["Send .csv"])


def test_scores_have_exactly_the_columns_of_the_contract() -> None:
    expected = [
        "subject_id", "lens", "score", "lower", "upper", "band", "band_low", "band_high", "bars_met", "log_odds",
        "factual_score", "score_uncapped", "completeness", "most_useful_gap", "n_records", "n_origins", "n_agencies",
        "police_share", "effective_agencies", "leading_agency", "flags",
    ]  # fmt: skip
    assert list(SCORE_COLUMNS) == expected
    found = assessed([row()]).scores
    assert found.columns.tolist() == expected
    assert isinstance(found["flags"].iloc[0], tuple)
    assert isinstance(found["bars_met"].iloc[0], tuple)
    assert {
        "act_now",
        "anecdote_led",
        "capped",
        "disputed",
        "for_review",
        "override",
        "police_led",
        "sole_agency",
        "stale",
    } <= set(FLAGS)


def test_an_assessment_carries_what_made_it() -> None:
    assessment = assessed([row()])
    one = assessment.to_dicts()[0]
    assert one["partnership_version"] == assessment.partnership.version == build.partnership().version
    assert one["as_of"] == assessment.as_of.isoformat()
    assert one["engine_version"] == assessment.engine_version == riskshare.__version__


# ---------------------------------------------------------------------------------------------- array-level contract


@pytest.mark.parametrize(
    ("call", "parameters"),
    [(decay.half_life, ["age_days", "half_life_days"]), (decay.polynomial, ["age_days", "lifetime_days", "shape"])],
)
def test_signatures_of_array_functions(call: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(call).parameters) == parameters


def test_half_life_takes_any_real_dtype() -> None:
    for kind in (np.int32, np.uint8, np.float32, np.float64, object):
        found = decay.half_life(np.array([0, 90, 180], dtype=kind), 90)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, [1.0, 0.5, 0.25])
    assert decay.half_life([], 90).shape == (0,)
    assert float(decay.half_life(90, [90, 45])[1]) == 0.25


def test_polynomial_by_hand() -> None:
    """max(0, 1 − (age / lifetime)^(1 / shape)): with shape ½ a quarter of the age is gone at half of the lifetime."""
    np.testing.assert_allclose(decay.polynomial([0, 50, 100, 200], 100, 0.5), [1.0, 0.75, 0.0, 0.0])
    np.testing.assert_allclose(decay.polynomial([25], [100], [2]), [0.5])
    assert decay.polynomial([], 100, 1).shape == (0,)


@pytest.mark.parametrize("age", [-1, np.nan, np.inf])
def test_an_age_must_be_one(age: float) -> None:
    for call in (lambda: decay.half_life(age, 90), lambda: decay.polynomial(age, 90, 1)):
        with pytest.raises(ValueError, match="age_days must be finite and 0 or more"):
            call()


@pytest.mark.parametrize("life", [0, -1, np.nan])
def test_a_life_must_be_above_nothing(life: float) -> None:
    with pytest.raises(ValueError, match="half_life_days must be above 0"):
        decay.half_life(1, life)
    with pytest.raises(ValueError, match="lifetime_days must be above 0"):
        decay.polynomial(1, life, 1)
    with pytest.raises(ValueError, match="shape must be above 0"):
        decay.polynomial(1, 1, life)
