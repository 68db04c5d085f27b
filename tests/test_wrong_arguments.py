"""Every public function says what it expected when it is given something else: in our own errors, by no value."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

import build
import let_through
import riskshare as rs
import share_cases
import shared
import sharing_small
from folders import write_folder
from small import assessed, evidence_of, row

MARKER = "Zebedee-7741"
PARTNERS = build.partnership()
FUNCTIONS = sorted(name for name in rs.__all__ if inspect.isfunction(getattr(rs, name)))


def options(name: str, **given: Any) -> dict[str, Any]:
    """Return what is given, and every other option at its default."""
    parameters = inspect.signature(getattr(rs, name)).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not one.empty} | given


@cache
def map_of() -> dict[str, gpd.GeoDataFrame]:
    """Two authorities of 2 km each, thirty events, and one building."""
    shapes = [shapely.box(430_000 + 2_000 * n, 340_000, 432_000 + 2_000 * n, 342_000) for n in range(2)]
    events = [shapely.Point(430_100 + 130 * n, 340_900) for n in range(30)]
    return {
        "areas": gpd.GeoDataFrame({"code": ["a", "b"]}, geometry=shapes, crs=27700),
        "points": gpd.GeoDataFrame(geometry=events, crs=27700),
        "buildings": gpd.GeoDataFrame({"id": ["B1"]}, geometry=[shapely.Point(431_900, 341_000)], crs=27700),
    }


@cache
def both_scored() -> rs.SharedCases:
    """Forty cases that the police and a school both scored."""
    scores = {agency: shared.people(range(40)) for agency in ("police", "school")}
    scores = {agency: {who: value % 25 for who, value in own.items()} for agency, own in scores.items()}
    return rs.read_shared_cases(shared.rows(scores), PARTNERS)


@cache
def good(name: str, folder: Path) -> dict[str, Any]:
    """Arguments that a function can be called with."""
    read = {"source": (), "partnership": PARTNERS, "accept_bad": False, "progress": None}
    evidence = evidence_of([row()])
    return {
        "assess": {
            "evidence": evidence, "partnership": PARTNERS, "as_of": "2026-03-31", "subjects": None, "trial": False,
            "conditions_met": (), "progress": None,
        },
        "assess_out_of_core": options(
            "assess_out_of_core", sources=folder / "evidence.csv", partnership=PARTNERS, as_of="2026-03-31",
            out=folder / "large",
        ),
        "assess_subject": options("assess_subject", rows=[row()], partnership=PARTNERS, as_of="2026-03-31"),
        "audit_groups": {
            "assessment": assessed([row()]), "characteristics": rs.read_characteristics([], PARTNERS), "by": None,
            "lens": None, "reference": None, "min_group": 10, "n_resamples": 200, "level": 0.95, "seed": 0,
        },
        "audit_log": {
            "path": folder / "audit.sqlite", "keys": None, "head": None,
            "clock": lambda: share_cases.AT,
        },
        "compare_responses": {
            "partnership": PARTNERS, "responses": (), "until": "2026-03-31", "nation": "england",
        },
        "compare_thresholds": {
            "partnership": PARTNERS, "shared_cases": both_scored(), "replicates": 2, "seed": 0,
            "characteristics": None, "progress": None,
        },
        "decide": options("decide", request=sharing_small.asked(), agreements=sharing_small.agreed()),
        "hotspots": options(
            "hotspots", points=map_of()["points"], areas=map_of()["areas"], null="uniform", resamples=0
        ),
        "link_scales": {
            "partnership": PARTNERS, "shared_cases": both_scored(), "source": ("police", "demo.count"),
            "target": ("school", "demo.count"), "replicates": 2, "seed": 0,
        },
        "load_agreements": {"folder": folder},
        "load_partnership": {"folder": folder},
        "normalise": {"rows": evidence.rows, "partnership": PARTNERS},
        "profile_places": options("profile_places", **map_of(), null="uniform", draws=1),
        "purge": {"evidence": evidence, "partnership": PARTNERS, "as_of": "2026-03-31"},
        "read_characteristics": {**read, "columns": ("sex",)},
        "read_evidence": {**read, "max_bad_share": 0.2},
        "read_points": {"path": folder / "points.csv"},
        "read_responses": read,
        "read_shared_cases": read,
        "read_standing": {"path": folder / "standing.json"},
        "read_subjects": read,
        "recording_practice": options("recording_practice", points=map_of()["points"], areas=map_of()["areas"]),
        "response_plan": {
            "assessment": assessed([row()]), "subject_id": row()["subject_id"], "partnership": PARTNERS,
            "at": "2026-03-31T12:00:00Z", "for_practitioner": "team manager", "nation": "england", "started": None,
        },
        "share": options(
            "share", result=assessed([row()]), partnership=share_cases.partnership(), purpose="safeguarding",
            recipient="council:social_worker", at=share_cases.AT, log=rs.audit_log(folder / "shared.sqlite"),
        ),
        "sign": {"folder": folder, "agency": "school", "role": "head", "signed_on": dt.date(2026, 3, 31)},
        "write": options("write", shared=let_through.shared(), path=folder / "shared.json"),
    }[name]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where a log may be made."""
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = write_folder(tmp_path_factory.mktemp("agreed"))
    (home / "standing.json").write_text("{}", encoding="utf-8")
    given = pd.DataFrame([row()]).dropna(axis=1)
    given.to_csv(home / "evidence.csv", index=False)
    (home / "points.csv").write_text("easting,northing\n430100,340900\n", encoding="utf-8")
    return home


NAMES_A_FILE = ("source", "sources", "rows", "shared_cases", "responses")
"""Arguments of which a file's own name is shown."""

JUNK: dict[str, Any] = {
    "None": None,
    "a number": 3,
    "a huge number": 10**30,
    "a negative number": -1,
    "a fraction": 0.123,
    "NaN": float("nan"),
    "a decimal": Decimal("0.5"),
    "true": True,
    "text": MARKER,
    "text with a NUL": f"{MARKER}\x00",
    "bytes": MARKER.encode(),
    "a list": [MARKER],
    "a list of numbers": [3],
    "a mapping": {MARKER: MARKER},
    "a set": {MARKER},
    "an array": np.array([1, 2]),
    "a frame": pd.DataFrame({MARKER: [1]}),
    "a table": pa.table({"scale": [1]}),
    "an object": object(),
    "a class": rs.Assessment,
    "a moment": dt.datetime(2026, 3, 31),
    "missing": pd.NA,
    "no time": pd.NaT,
    "a function": len,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", JUNK)
def test_nothing_but_our_own_errors(name: str, kind: str, folder: Path) -> None:
    """Each argument in turn is replaced by something odd; a few of these are good, and then nothing is raised."""
    function: Callable[..., object] = getattr(rs, name)
    arguments = good(name, folder)
    assert set(arguments) == set(inspect.signature(function).parameters)
    errors = {}
    for parameter in arguments:
        if parameter == "progress" and callable(JUNK[kind]):
            continue  # whatever can be called is taken at its word
        try:
            function(**{**arguments, parameter: JUNK[kind]})
        except rs.RiskshareError as error:
            errors[parameter] = error
        except (FileNotFoundError, IsADirectoryError):
            # What these say of a path to nothing, or to the folder that an engine made of the same name.
            assert (name, parameter) in (("read_points", "path"), ("read_standing", "path"))
    for parameter, error in errors.items():
        assert error.__cause__ is None
        if parameter not in NAMES_A_FILE:
            assert MARKER not in str(error) + repr(error)


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "audit_groups": (
        {"assessment": 3, "characteristics": None, "by": 3, "lens": [], "reference": b"x", "min_group": "10",
         "n_resamples": 200.0, "level": "0.95", "seed": "x"},
        ["assessment must be an Assessment", "characteristics must be Characteristics", "by must be text or None",
         "lens must be text or None", "reference must be text or None", "min_group must be a whole number",
         "n_resamples must be a whole number", "level must be a number", "seed must be a whole number of 0 or more"],
    ),
    "hotspots": (
        {"cell_m": "250", "radius_cells": -1, "level": 1, "method": ["bh"], "null": "flat", "resamples": 10**30,
         "seed": 0.5, "progress": "yes", "indicators": 3, "min_support": 0},
        ["cell_m must be a whole number", "radius_cells must be a whole", "level must be a number", "method must be",
         "null must be", "resamples must be a whole number", "seed must be a whole number", "progress must be a func",
         "indicators must be texts", "min_support must be", "indicators and min_support are for an assessment only"],
    ),
    "load_partnership": ({"folder": 3}, ["folder must be a path"]),
    "normalise": ({"rows": [], "partnership": "x"}, ["rows must be a pyarrow table", "partnership must be a Partner"]),
    "profile_places": (
        {"bands_m": "100", "own_m": -1, "duties": "missing_episode", "null": [], "audience": "press", "level": "0.05",
         "cell_m": 0, "draws": 0, "seed": None},
        ["bands_m must be one or more rising distances", "own_m must be a number of metres", "duties must be a list",
         "null must be", "audience must be one of practitioner", "level must be a number", "cell_m must be a whole",
         "draws must be a whole number", "seed must be a whole number"],
    ),
    "purge": ({"evidence": [], "partnership": None}, ["evidence must be Evidence", "partnership must be a Partner"]),
    "read_characteristics": (
        {"partnership": None, "accept_bad": "no", "progress": 3, "columns": "sex"},
        ["partnership must be a Partnership", "accept_bad must be True or False", "progress must be None", "columns"],
    ),
    "read_evidence": (
        {"partnership": {}, "accept_bad": None, "progress": "x", "max_bad_share": None},
        ["partnership must be a Partnership", "accept_bad must be True or False", "progress must", "max_bad_share"],
    ),
    "read_points": ({"path": 3}, ["path must be a path"]),
    "read_subjects": (
        {"partnership": None, "accept_bad": 1, "progress": []},
        ["partnership must be a Partnership", "accept_bad must be True or False", "progress must be None"],
    ),
    "recording_practice": (
        {"indicators": 3, "kinds": [], "second_source": 3, "second_by": "guess", "width_m": 0, "snap_m": -1,
         "segment_m": 1, "min_events": 0, "seed": -1},
        ["indicators must be texts", "indicators and min_support are for", "kinds must be a mapping",
         "second_source must be", "second_by must be",
         "width_m must be", "snap_m must be", "segment_m must be", "min_events must be", "seed must be"],
    ),
    "sign": (
        {"folder": 3, "agency": [], "role": None, "signed_on": "2026-03-31"},
        ["folder must be a path", "agency must be text", "role must be text", "signed_on must be a datetime.date"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_everything_wrong_is_named_at_once(name: str, folder: Path) -> None:
    changes, told = WRONG[name]
    with pytest.raises(rs.ArgumentError) as caught:
        getattr(rs, name)(**{**good(name, folder), **changes})
    assert len(caught.value.problems) == len(told)
    assert all(said.startswith(words) for words, said in zip(told, caught.value.problems, strict=True))
    assert str(caught.value).startswith(f"{name}(): ")
    assert isinstance(caught.value, TypeError)


def test_what_is_out_of_range_is_named_at_once_too(folder: Path) -> None:
    options = {"min_group": 1, "n_resamples": 1, "level": 2, "lens": "both", "by": "tenure"}
    with pytest.raises(rs.PolicyError) as caught:
        rs.audit_groups(**{**good("audit_groups", folder), **options})
    for name in options:
        assert f"{name} m" in str(caught.value) or f"{name} may" in str(caught.value)


@pytest.mark.parametrize("seed", [0, np.int64(3), np.random.default_rng(3)], ids=["0", "NumPy's 3", "generator"])
def test_good_seeds_of_every_kind(seed: Any, folder: Path) -> None:
    audit = rs.audit_groups(**{**good("audit_groups", folder), "seed": seed, "level": np.float64(0.9)})
    assert audit.n_resamples == 200
