"""The synthetic sample: the script makes the committed bytes again, and its truth agrees with its files."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import itertools
import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from riskshare.records.evidence import AGE_BANDS, INPUT_COLUMNS, REQUIRED_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
SAMPLE, THRESHOLDS = ROOT / "sample_data", ROOT / "thresholds"
MADE = (
    "evidence.csv",
    "subjects.csv",
    "characteristics.csv",
    "shared_cases.csv",
    "responses.csv",
    "coverage.csv",
    "population.csv",
    "areas.geojson",
    "buildings.geojson",
    "standing.json",
    "truth.json",
)
Rows = list[dict[str, str]]


def table(name: str) -> Rows:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return dict(json.loads((SAMPLE / "truth.json").read_bytes()))


@pytest.fixture(scope="module")
def rows() -> Rows:
    return table("evidence.csv")


@pytest.fixture(scope="module")
def by_name(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in rows:
        found.setdefault(f"{row['agency']}:{row['record_id']}", []).append(row)
    return found


@pytest.fixture(scope="module")
def formats() -> dict[str, str]:
    agencies = tomllib.loads((THRESHOLDS / "partnership.toml").read_text(encoding="utf-8"))["agencies"]
    return {agency["id"]: agency["date_formats"][0] for agency in agencies}


def make(folder: Path, *more: str) -> str:
    command = [sys.executable, "-B", str(SAMPLE / "make_sample.py"), "--out", str(folder), *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_script_makes_the_committed_files_again_byte_for_byte(tmp_path: Path) -> None:
    said = make(tmp_path)
    assert "subjects" in said
    assert "truth.json" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(MADE)
    assert {n: digest(tmp_path / n) for n in MADE} == {n: digest(SAMPLE / n) for n in MADE}


def test_another_seed_makes_another_sample(tmp_path: Path) -> None:
    make(tmp_path, "--seed", "7")
    assert digest(tmp_path / "evidence.csv") != digest(SAMPLE / "evidence.csv")


def test_it_is_small_enough_to_ship() -> None:
    assert sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file() and p.suffix != ".pyc") < 6_000_000
    assert all(b"\r" not in (SAMPLE / name).read_bytes() for name in MADE)


def test_it_has_the_size_and_columns_promised(rows: Rows, truth: dict[str, Any]) -> None:
    assert 23_500 <= len(rows) <= 26_500
    assert len(rows) == truth["counts"]["rows"]
    assert set(rows[0]) <= set(INPUT_COLUMNS)
    assert set(REQUIRED_COLUMNS) <= set(rows[0])
    subjects = table("subjects.csv")
    assert len(subjects) == len({s["subject_id"] for s in subjects}) == truth["counts"]["subjects"] == 3000
    assert {s["age_band"] for s in subjects} == set(AGE_BANDS)
    assert [c["subject_id"] for c in table("characteristics.csv")] == [s["subject_id"] for s in subjects]


def test_every_agency_sends_something_in_its_own_date_format(
    rows: Rows, truth: dict[str, Any], formats: dict[str, str]
) -> None:
    assert set(truth["counts"]["by_agency"]) == set(formats)
    broken = {fault["row"] for fault in truth["broken"]["rows"]}
    first, last = dt.date.fromisoformat(truth["from"]), dt.date.fromisoformat(truth["as_of"])
    for number, row in enumerate(rows, 1):
        if number in broken:
            continue
        event, recorded = (
            dt.datetime.strptime(row[c], formats[row["agency"]]).date() for c in ("event_date", "recorded_date")
        )
        assert first <= event <= recorded <= last


def test_broken_rows_are_two_in_a_hundred_of_a_dozen_kinds_and_more(rows: Rows, truth: dict[str, Any]) -> None:
    by_kind, faults = truth["broken"]["by_kind"], truth["broken"]["rows"]
    quarantined = sum(k["rows"] for k in by_kind if k["level"] == "row quarantined")
    assert len(by_kind) >= 12
    assert 0.018 <= quarantined / len(rows) <= 0.023
    assert quarantined == truth["counts"]["quarantined"]
    assert Counter(f["kind"] for f in faults) == {k["kind"]: k["rows"] for k in by_kind}
    assert {(f["column"], f["code"]) for f in faults} == {(k["column"], k["code"]) for k in by_kind}
    assert len({f["row"] for f in faults}) == len(faults)


def test_every_row_is_accepted_broken_or_sent_twice(rows: Rows, truth: dict[str, Any]) -> None:
    counts = truth["counts"]
    assert counts["accepted"] + counts["quarantined"] + counts["duplicates"] == counts["rows"]
    assert sum(n - 1 for n in Counter(tuple(r.values()) for r in rows).values()) == counts["duplicates"]


def test_nobody_real_is_named(rows: Rows, truth: dict[str, Any]) -> None:
    number = {f["row"]: f["kind"] for f in truth["broken"]["rows"]}
    for i, row in enumerate(rows, 1):
        subject = row["subject_id"]
        if number.get(i) == "NHS number as subject":
            assert subject.startswith("999")  # the range kept for tests
        elif number.get(i) == "e-mail as subject":
            assert subject.endswith("@example.org")
        else:
            assert not subject or subject.startswith("S-")


def test_rings_and_relays_point_where_the_truth_says(by_name: dict[str, Rows], truth: dict[str, Any]) -> None:
    for ring in truth["circular_reports"]:
        named = [by_name[name][0]["derived_from"] for name in ring["rows"]]
        assert named == [ring["rows"][-1], *ring["rows"][:-1]]
    for pair in truth["upgraded_relays"]:
        relay, origin = by_name[pair["relay"]][0], by_name[pair["origin"]][0]
        assert relay["derived_from"] == pair["origin"]
        assert (relay["source_grade"] + relay["info_grade"], origin["source_type"]) == ("1A", "worker_worry")
    for name in (*truth["relays_of_withdrawn"], *truth["relays_of_quarantined"]):
        assert by_name[name][0]["derived_from"] in by_name


def test_corrections_and_withdrawals_come_later_under_the_same_key(
    by_name: dict[str, Rows], truth: dict[str, Any], formats: dict[str, str]
) -> None:
    def recorded(row: dict[str, str]) -> dt.date:
        return dt.datetime.strptime(row["recorded_date"], formats[row["agency"]]).date()

    for correction in truth["corrections"]:
        versions = {recorded(r) for r in by_name[correction["row"]]}
        assert len(versions) == 2
        assert str(max(versions)) == correction["stands_recorded_on"]
    for name in truth["withdrawn"]:
        assert max(by_name[name], key=recorded)["status"] == "withdrawn"


def test_denials_twins_and_placed_children_are_there(by_name: dict[str, Rows], truth: dict[str, Any]) -> None:
    for denial in truth["denials"]:
        said, denied = by_name[denial["supports"]][0], by_name[denial["denies"]][0]
        assert said["claim_id"] == denied["claim_id"] == denial["claim_id"]
        assert denied["stance"] == "denies"
    for pair in truth["suspected_twins"]:
        first, second = (by_name[name][0] for name in pair["rows"])
        assert first["agency"] != second["agency"]
        assert not first["claim_id"] + second["claim_id"] + first["derived_from"] + second["derived_from"]
        assert pair["days_apart"] <= 3
    subjects = {s["subject_id"]: s for s in table("subjects.csv")}
    for child in truth["placed_by_another_authority"]:
        row = subjects[child["subject_id"]]
        assert row["placed_in"] == child["placed_in"] != row["responsible_authority"] == child["responsible_authority"]
    for mover in truth["movers"]:
        assert subjects[mover["subject_id"]]["responsible_authority"] == mover["to"] != mover["from"]


def test_immediate_rows_within_their_horizon_are_exactly_those_planted(
    rows: Rows, truth: dict[str, Any], formats: dict[str, str]
) -> None:
    indicators = tomllib.loads((THRESHOLDS / "trust.toml").read_text(encoding="utf-8"))["indicators"]
    horizon = {i["id"]: i["horizon_days"] for i in indicators if i.get("immediate")}
    as_of = dt.date.fromisoformat(truth["as_of"])
    broken = {f["row"] for f in truth["broken"]["rows"]}
    found = {
        f"{r['agency']}:{r['record_id']}"
        for i, r in enumerate(rows, 1)
        if r["indicator"] in horizon
        and i not in broken
        and (as_of - dt.datetime.strptime(r["event_date"], formats[r["agency"]]).date()).days <= horizon[r["indicator"]]
    }
    assert found == {planted["row"] for planted in truth["act_now"]}


def test_one_group_is_over_recorded_half_as_often_again_through_one_indicator(
    rows: Rows, truth: dict[str, Any]
) -> None:
    planted = truth["over_recording"]
    rate = {g: planted["rows"][g] / planted["people"][g] for g in planted["people"]}
    assert rate["group 2"] / rate["group 1"] == pytest.approx(1.5, abs=0.02)
    assert rate["group 3"] / rate["group 1"] == pytest.approx(1.0, abs=0.02)
    group = {c["subject_id"]: c["group"] for c in table("characteristics.csv")}
    broken = {f["row"] for f in truth["broken"]["rows"]}
    seen = {
        tuple(r.values())
        for i, r in enumerate(rows, 1)
        if i not in broken and r["indicator"] == planted["indicator"] and r["source_grade"] and r["info_grade"] == "A"
    }
    subject = list(rows[0]).index("subject_id")
    assert Counter(group[str(r[subject])] for r in seen) == planted["rows"]


def test_stop_and_search_false_and_stale_rows_are_counted(
    rows: Rows, by_name: dict[str, Rows], truth: dict[str, Any]
) -> None:
    searches = {(r["agency"], r["record_id"]) for r in rows if r["arises_from"] == "agency_initiated"}
    assert len(searches) == truth["stop_and_search_rows"]
    assert {n for n, found in by_name.items() if found[0]["info_grade"] == "E"} == set(truth["suspected_false"])
    assert len(truth["stale"]) == 40
    for name in truth["no_gateway"]:
        assert (by_name[name][0]["gateway"], by_name[name][0]["data_class"]) == ("", "health_or_social_care")


def test_the_hospital_sends_places_without_persons(rows: Rows, truth: dict[str, Any]) -> None:
    places = {r["record_id"]: r for r in rows if r["agency"] == "hospital" and r["role"] == "place"}
    assert len(places) == truth["places"]["hospital_place_rows"]
    assert not any(r["subject_id"] or r["claim_id"] for r in places.values())
    assert not any(r["authority"] == "farrowick" and r["event_date"] < "2025-04-01" for r in places.values())


def test_one_force_records_six_tenths_of_the_others_rate(rows: Rows, truth: dict[str, Any]) -> None:
    forces = truth["places"]["recording"]
    share = {f: forces[f]["recorded"] / forces[f]["happened"] for f in ("north_police", "south_police")}
    assert share["south_police"] / share["north_police"] == pytest.approx(0.6, abs=0.005)
    violence = ("knife_injury", "victim_of_violence")
    for force in share:
        found = {
            r["record_id"] for r in rows if r["agency"] == force and r["indicator"] in violence and r["precision_m"]
        }
        assert len(found) == forces[force]["recorded"]


def test_hot_spots_cross_borders_and_one_home_has_an_excess(truth: dict[str, Any]) -> None:
    spots = {s["id"]: s for s in truth["places"]["hot_spots"]}
    assert [len(s["happened"]) for s in spots.values()] == [3, 3, 2]
    assert [s["found_alone_by"] for s in spots.values()] == [[], [], ["eskerby"]]
    assert max(spots["three-way"]["happened"].values()) <= 0.4 * sum(spots["three-way"]["happened"].values())
    first, second = truth["places"]["care_homes"]
    assert first["happened_within"] >= 14
    assert second["happened_within"] <= 2


def test_areas_adjoin_and_say_their_grid() -> None:
    areas = json.loads((SAMPLE / "areas.geojson").read_bytes())
    assert areas["crs"]["properties"]["name"].endswith("EPSG::27700")
    rings = {f["properties"]["code"]: f["geometry"]["coordinates"][0] for f in areas["features"]}
    assert len(rings) == 6
    assert all(ring[0] == ring[-1] for ring in rings.values())

    def doubled(ring: list[list[int]]) -> int:
        return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in itertools.pairwise(ring))

    assert all(doubled(ring) > 0 for ring in rings.values())
    assert sum(map(doubled, rings.values())) == 2 * 24_000 * 16_000  # nothing overlaps and nothing is left out
    shared = Counter(tuple(map(tuple, sorted(edge))) for ring in rings.values() for edge in itertools.pairwise(ring))
    assert set(shared.values()) == {1, 2}


def test_populations_agree_with_the_partnership() -> None:
    people: Counter[str] = Counter()
    for cell in table("population.csv"):
        people[cell["authority"]] += int(cell["population"])
    agencies = tomllib.loads((THRESHOLDS / "partnership.toml").read_text(encoding="utf-8"))["agencies"]
    for agency in agencies:
        assert agency["population"] == sum(people[a] for a in agency["authorities"])
        assert set(agency["authorities"]) <= set(people)


def test_response_medians_are_exact(truth: dict[str, Any]) -> None:
    minutes: dict[tuple[str, str], list[float]] = {}
    for case in table("responses.csv"):
        if case["stopped_at"]:
            began, ended = (dt.datetime.fromisoformat(case[c]) for c in ("started_at", "stopped_at"))
            minutes.setdefault((case["agency"], case["value"]), []).append((ended - began).total_seconds() / 60)
    for planted in truth["responses"]:
        taken = sorted(minutes[planted["agency"], planted["value"]])
        assert len(taken) == planted["closed"]
        assert taken[len(taken) // 2] == planted["median_minutes"]


def test_bars_on_shared_cases_fall_where_the_truth_says(truth: dict[str, Any]) -> None:
    equivalents = truth["shared_cases"]["equivalents"]
    scored: dict[str, dict[str, int]] = {}
    referrers: dict[str, Counter[str]] = {}
    for case in table("shared_cases.csv"):
        if case["agency"] in equivalents:
            scored.setdefault(case["subject_id"], {})[case["agency"]] = int(case["value"])
        referrers.setdefault(case["agency"], Counter())[case["referred_by"]] += 1
    at_the_bar = [s["youth_justice"] for s in scored.values() if s.get("north_police") == 14 and "youth_justice" in s]
    assert sum(at_the_bar) / len(at_the_bar) == pytest.approx(equivalents["north_police"]["youth_justice"], abs=2.5)
    one_sided = referrers["south_police"]
    assert one_sided["childrens_south"] / one_sided.total() > 0.6
    assert max(referrers["youth_justice"].values()) / referrers["youth_justice"].total() < 0.6


def test_every_scale_and_code_used_is_agreed(rows: Rows, truth: dict[str, Any]) -> None:
    policy = tomllib.loads((THRESHOLDS / "trust.toml").read_text(encoding="utf-8"))
    agreed = {
        "indicator": {i["id"] for i in policy["indicators"]},
        "source_type": {s["id"] for s in policy["source_types"]},
        "gateway": {g["id"] for g in policy["gateways"]},
        "scale": {tomllib.loads(p.read_text(encoding="utf-8"))["id"] for p in (THRESHOLDS / "scales").glob("*.toml")},
    }
    broken = {f["row"] for f in truth["broken"]["rows"]}
    for column, codes in agreed.items():
        assert {r[column] for i, r in enumerate(rows, 1) if i not in broken} - {""} <= codes
    named = {c["scale"] for name in ("shared_cases.csv", "responses.csv") for c in table(name)}
    assert named <= agreed["scale"]
