"""The sample's planted response times: medians recovered, open cases kept, the planted inversion found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import riskshare
from riskshare.io.responses import read_responses
from riskshare.records.response_times import ResponseTimes
from riskshare.records.responses import Responses
from riskshare.responses.cases import to_cases
from riskshare.responses.clock import working_time
from riskshare.responses.compare import compare

ROOT = Path(__file__).parents[2]
PLANTED = json.loads((ROOT / "sample_data" / "truth.json").read_text(encoding="utf-8"))["responses"]


@pytest.fixture(scope="module", name="agreed")
def load() -> riskshare.Partnership:
    return riskshare.load_partnership(ROOT / "thresholds")


@pytest.fixture(scope="module", name="sample")
def read(agreed: riskshare.Partnership) -> Responses:
    return read_responses(ROOT / "sample_data" / "responses.csv", agreed)


@pytest.fixture(scope="module", name="times")
def compared(agreed: riskshare.Partnership, sample: Responses) -> ResponseTimes:
    return compare(agreed, sample, until="2026-03-31")


@pytest.mark.parametrize("truth", PLANTED, ids=lambda truth: f"{truth['agency']} {truth['value']}")
def test_planted_medians_are_recovered(
    truth: dict[str, Any], times: ResponseTimes, agreed: riskshare.Partnership, sample: Responses
) -> None:
    """Exactly among closed cases, as planted; within the interval, and never shorter, with the open ones counted."""
    bands = times.bands
    line = bands[(bands["agency"] == truth["agency"]) & (bands["band"] == truth["value"])].iloc[0]
    assert (line["n"], line["n_open"]) == (truth["closed"] + truth["open"], truth["open"])
    planted = truth["median_minutes"] / 60
    assert line["median_low"] <= planted <= line["median_high"]
    assert line["median_hours"] >= planted - 1e-9
    cases, _ = to_cases(sample, agreed, until=1_775_000_000, working=working_time())
    own = cases[(cases["agency"] == truth["agency"]) & (cases["band"] == truth["value"]) & ~cases["is_open"]]
    assert own["hours"].median() == pytest.approx(planted)


def test_the_planted_longer_wait_is_found_and_asked_about_not_asserted(times: ResponseTimes) -> None:
    """The south's acute against the north's amber: one stop, two starts, so no inversion is claimed."""
    found = times.longer_waits
    alike = found[found["same_stop"]]
    assert len(alike) == 1
    first = alike.iloc[0]
    assert (first["more_agency"], first["more_bands"]) == ("childrens_south", ("need.levels: acute/CP",))
    assert (first["less_agency"], first["less_bands"]) == ("childrens_north", ("mash.merton: amber",))
    assert (bool(first["more_own_high"]), bool(first["less_own_high"])) == (True, False)
    assert not first["same_start"]
    assert first["spans"]  # nobody published where amber begins
    assert found.iloc[0].equals(first)
    assert not found["comparable"].any()
    assert not found["inversion"].any()
    assert (found["more_own_high"] | found["less_own_high"]).all()


def test_strata_match_severity_and_say_where_the_match_is_not_published(times: ResponseTimes) -> None:
    strata = times.strata
    high = strata[strata["stratum"] == "70-90"]
    assert sorted(high["agency"]) == ["childrens_north", "childrens_south", "north_police", "south_police"]
    assert high["own_high"].all()
    assert not high["spans"].any()
    # None of these scales says where medium begins, so what lies below its high cut may lie anywhere below.
    assert strata[strata["stratum"] != "70-90"]["spans"].all()
    assert strata["n"].sum() == times.n_cases == 1155


def test_standards_are_measured_only_between_their_own_events(times: ResponseTimes) -> None:
    standards = times.standards.set_index(["agency", "standard"])
    unmeasured = standards[standards["n"] == 0]
    assert sorted(unmeasured.index) == [
        ("childrens_south", "conference"), ("childrens_south", "decision"), ("hospital", "urgent_review"),
    ]  # fmt: skip
    assert "strategy discussion to initial conference" in unmeasured.loc[("childrens_south", "conference"), "note"]
    assert (unmeasured["verdict"] == "cannot say").all()
    measured = standards[standards["n"] > 0]
    # No source of the police gives a share to reach: 90 % is a proposal, and nobody can miss a proposal.
    police = measured.index.get_level_values("agency").str.endswith("_police")
    assert (measured[police]["share_basis"] == "proposal").all()
    assert (measured[police]["verdict"] == "no verdict").all()
    assert (measured[~police]["verdict"] == "missed").all()
    # A working day is 27 hours at the least and, over Easter or Christmas, more than five days.
    decision = standards.loc[("childrens_south", "decision")]
    assert decision["elapsed_least"] < 48 < 120 < decision["elapsed_most"]
    assert standards.loc[("north_police", "grade_1"), "elapsed_most"] == 0.25


def test_open_cases_that_do_not_fit_arrivals_are_noticed(times: ResponseTimes) -> None:
    """Four open cases where cases last minutes: the sample's open cases all began on its last day."""
    assert set(times.bands["open_check"]) == {"more open than fits"}


def test_earlier_fewer_cases_are_known_and_later_stops_are_open(
    agreed: riskshare.Partnership, sample: Responses
) -> None:
    early = compare(agreed, sample, until="2025-03-31T12:00:00+01:00")
    assert early.n_cases + early.n_later == 1155
    assert early.n_later > 400
    assert early.until.isoformat() == "2025-03-31T12:00:00+01:00"


def test_it_is_json_under_its_schema(times: ResponseTimes) -> None:
    document = json.loads(json.dumps(times.to_dict(), allow_nan=False))
    jsonschema.validate(document, ResponseTimes.model_json_schema())
    assert ResponseTimes.model_validate_json(json.dumps(document)) == times
    assert repr(times).startswith("ResponseTimes(1,155 cases, 44 open, 5 to ask about")
