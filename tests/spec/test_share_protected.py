"""A person whose address is protected: unplaced in every output, and no agency named by which an area could be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

import build
import share_cases as cases
import sharing_small
from riskshare.assessment import Assessment
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import Subjects
from riskshare.releasing.protecting import COUNTED_NOWHERE, TELL_NOBODY
from riskshare.sharing.protection import NOBODY_KNOWN, protected_addresses
from riskshare.sharing.shared import Shared

GUARDED = "S-guarded"
EAST, NORTH = 406_871.0, 301_629.0
"""Where the protected person lives, apart from everybody else."""
MARKS = (b"406871", b"301629", b"sq4068", b"guarded", b"eastby", b"Eastby")


def sent(**changes: str) -> Subjects:
    row = {"subject_id": GUARDED, "protected_from": "2026-01-01", "household_id": "H1", **changes}
    return read_subjects([row, {"subject_id": "S-child", "household_id": "H1"}], build.partnership())


def placed(number: int, subject: str, east: float, north: float, **changes: Any) -> dict[str, Any]:
    told = {"easting": east, "northing": north, "precision_m": 1.0, "indicator": "blade_injury", **changes}
    return cases.fact(f"{subject}-{number}", subject_id=subject, **told)


def others() -> list[dict[str, Any]]:
    return [placed(n, f"S{n}", 401_900.0 + n, 302_000.0 + n) for n in range(30)]


def theirs(**changes: Any) -> list[dict[str, Any]]:
    """Return rows about the protected person, about a child of the household, and about a visitor to one event."""
    home = {"authority": "eastby", "agency": "council", **changes}
    alone = [placed(n, GUARDED, EAST, NORTH, **home) for n in range(12)]
    child = [placed(n, "S-child", EAST, NORTH, **home) for n in range(12)]
    visitor = [placed(0, GUARDED, EAST, NORTH, **home) | {"subject_id": "S-visitor", "role": "third_party"}]
    return [*alone, *child, *visitor]


def assessed(rows: list[dict[str, Any]], subjects: Subjects | None = None) -> Assessment:
    return cases.result(rows, subjects=subjects)


def on_a_map(rows: list[dict[str, Any]], folder: Path, subjects: Subjects | None = None, **options: Any) -> Shared:
    whole = cases.spots(assessed(rows, subjects), indicators=["blade_injury"])
    return cases.to_partners(whole, folder, agreed=cases.partnership(), **options)


def laid_open(shared: Shared, folder: Path) -> dict[str, bytes]:
    return {name: cases.unzipped(data) for name, data in cases.every_file(shared, folder).items()}


def test_a_protected_person_and_the_household_are_on_no_map_and_nor_is_who_was_there(tmp_path: Path) -> None:
    without = on_a_map(others(), tmp_path)
    for changes in ({}, {"protected_from": "2030-01-01"}):  # now, or agreed for later
        seen = on_a_map([*others(), *theirs()], tmp_path, sent(**changes))
        for name in without.tables:
            assert seen.tables[name].equals(without.tables[name])


def test_what_happened_while_they_were_protected_stays_off_maps_afterwards(tmp_path: Path) -> None:
    """The place of a refuge is a refuge's still, for whoever lives there now; what happens later is on the map."""
    without, ended = on_a_map(others(), tmp_path), sent(protected_until="2026-03-01")
    then = {"event_date": "2026-02-14", "recorded_date": "2026-02-15"}
    seen = on_a_map([*others(), *theirs(**then)], tmp_path, ended)
    for name in without.tables:
        assert seen.tables[name].equals(without.tables[name])
    after = on_a_map([*others(), *theirs(event_date="2026-03-01")], tmp_path, ended)
    assert len(after.tables["cells"]) > len(without.tables["cells"])


def test_what_happened_then_is_counted_in_no_authority(tmp_path: Path) -> None:
    then = theirs(event_date="2026-02-14", recorded_date="2026-02-15", role="person_of_concern")
    for until, known in (("2026-03-01", False), ("2026-02-01", True)):
        (tmp_path / until).mkdir()
        asked = {"audience": "partnership", "purpose": "violence_reduction"}
        seen = cases.given(assessed([*others(), *then], sent(protected_until=until)), tmp_path / until, **asked)
        assert ("eastby" in set(seen.tables["events"]["authority"])) is known
        assert COUNTED_NOWHERE in seen.notes


def test_without_a_list_of_subjects_it_says_that_nobody_is_known(tmp_path: Path) -> None:
    """Nothing may say that protected people are counted apart where nobody is known to be one."""
    whole = assessed([*others(), *theirs()])
    asked = {"purpose": "violence_reduction"}
    for shared in (cases.given(whole, tmp_path, **asked), on_a_map([*others()], tmp_path)):
        assert NOBODY_KNOWN in shared.notes
        assert not any("whose address is protected" in note for note in shared.notes)
    for known in ({"subjects": sent()}, {"objections": protected_addresses(sent(), at=cases.AT)}):
        shared = cases.given(whole, tmp_path, **asked, **known)
        assert NOBODY_KNOWN not in shared.notes
        assert COUNTED_NOWHERE in shared.notes
    page = cases.every_file(cases.given(whole, tmp_path, **asked), tmp_path / "files", (".html",))
    assert all(b"No list of subjects was given" in data for data in page.values())


def test_the_worker_is_told_to_tell_nobody_and_an_inventor_of_emergencies_is_not(tmp_path: Path) -> None:
    whole = assessed(theirs(role="victim"), sent())
    for subject in (GUARDED, "S-child"):
        assert TELL_NOBODY in cases.to_practitioner(whole, tmp_path, subject).notes
    asked = {"override": sharing_small.override(), "relationships": []}
    assert TELL_NOBODY not in cases.to_practitioner(whole, tmp_path, GUARDED, **asked).notes
    ended = assessed(theirs(role="victim"), sent(protected_until="2026-02-01"))
    assert TELL_NOBODY not in cases.to_practitioner(ended, tmp_path, GUARDED).notes


def test_hot_spots_of_a_table_are_told_who_is_protected(tmp_path: Path) -> None:
    near = gpd.GeoDataFrame(
        {"subject_id": [GUARDED] * 12 + ["S-visitor"], "record_id": [f"r{n}" for n in range(12)] + ["r0"]},
        geometry=gpd.points_from_xy([EAST] * 13, [NORTH] * 13), crs=27700,
    ).assign(source="police", handling="P", date="2026-02-11", category="violence", authority="eastby")  # fmt: skip
    rest = cases.events(subject_id=[f"S{n}" for n in range(76)], record_id=[f"q{n}" for n in range(76)])
    both = gpd.GeoDataFrame(pd.concat([rest, near], ignore_index=True), crs=27700)
    alone = cases.to_partners(cases.spots(rest), tmp_path)
    seen = cases.to_partners(cases.spots(both), tmp_path, subjects=sent())
    open_ = cases.to_partners(cases.spots(both), tmp_path)
    assert seen.tables["cells"].equals(alone.tables["cells"])
    assert not open_.tables["cells"].equals(alone.tables["cells"])


def test_their_place_and_id_are_in_no_byte_of_any_file(tmp_path: Path) -> None:
    """Every audience and every exporter, compressed parts laid open; without protection the same files do hold it."""
    rows, subjects = [*others(), *theirs()], sent()
    whole = assessed(rows, subjects)
    given = {
        "map": on_a_map(rows, tmp_path, subjects),
        "group": cases.given(whole, tmp_path, audience="partnership"),
        "counts": cases.given(whole, tmp_path, audience="partnership", purpose="violence_reduction"),
        "public": cases.given(whole, tmp_path, purpose="violence_reduction"),
    }
    for name, shared in given.items():
        files = laid_open(shared, tmp_path / name)
        assert len(files) >= 5
        assert [(file, mark) for file, data in files.items() for mark in MARKS if mark in data] == [], name
    unprotected = cases.given(assessed(rows), tmp_path, audience="partnership", purpose="violence_reduction")
    assert any(b"eastby" in data for data in laid_open(unprotected, tmp_path / "open").values())


def test_an_emergency_is_sent_to_ones_own_contact(tmp_path: Path) -> None:
    """Whoever invents an emergency must not learn by whose contact in which area the person is known (movers' rule)."""
    rows = theirs(agency="school", role="victim")
    asked = {"override": sharing_small.override(), "relationships": []}
    open_ = cases.to_practitioner(assessed(rows), tmp_path, GUARDED, **asked)
    seen = cases.to_practitioner(assessed(rows, sent()), tmp_path, GUARDED, **asked)
    assert not any(spoc.startswith("council") for spoc in open_.tables["act_now"]["spoc"])
    assert seen.tables["act_now"]["spoc"].tolist() == ["council: Duty desk, 01632 960000"]
    assert seen.tables["scores"]["band"].tolist() == open_.tables["scores"]["band"].tolist()
    files = laid_open(seen, tmp_path / "emergency")
    told = [mark for mark in MARKS if mark != b"guarded"]  # identity is what an emergency view is for
    assert [(file, mark) for file, data in files.items() for mark in told if mark in data] == []


def test_the_worker_who_works_with_them_sees_what_the_agreement_shows(tmp_path: Path) -> None:
    rows = theirs(role="victim")
    open_ = cases.to_practitioner(assessed(rows), tmp_path, GUARDED)
    seen = cases.to_practitioner(assessed(rows, sent()), tmp_path, GUARDED)
    for name in open_.tables:
        assert seen.tables[name].equals(open_.tables[name])


@pytest.mark.parametrize("subjects", [3, "S1", [{"subject_id": "S1"}]])
def test_subjects_are_what_read_subjects_gave(subjects: object, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"share.*subjects must be Subjects"):
        cases.given(cases.result(), tmp_path, subjects=subjects)
