"""Somebody becomes protected between two maps for partners: less each other, the maps are nobody's address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

import build
import riskshare as rs
import share_cases as cases
import sharing_small
from riskshare.errors import AuditTrailError
from riskshare.io.sharing_store import read_releases
from riskshare.io.subjects import read_subjects
from riskshare.records.agreement import Recipient
from riskshare.records.evidence import Subjects
from riskshare.releasing import sharing_out
from riskshare.releasing.places import STILL_COUNTED
from riskshare.sharing.shared import Shared

ALONE = "S-alone"
HOME = (406_871.0, 301_629.0)
REFUGE = (402_100.0, 303_400.0)


def row(number: int, subject: str, where: tuple[float, float], **changes: Any) -> dict[str, Any]:
    told = {"easting": where[0], "northing": where[1], "precision_m": 1.0, "indicator": "blade_injury", **changes}
    return cases.fact(f"{subject}-{number}", subject_id=subject, **told)


def others(n: int = 30) -> list[dict[str, Any]]:
    return [row(number, f"S{number}", (401_900.0 + number, 302_000.0 + number)) for number in range(n)]


def alone(n: int = 1, **changes: Any) -> list[dict[str, Any]]:
    return [row(number, ALONE, HOME, role="victim", **changes) for number in range(n)]


def known(**changes: str) -> Subjects:
    return read_subjects([{"subject_id": ALONE, "household_id": "H1", **changes}], build.partnership())


DESKS = tuple(Recipient(agency=agency, role=sharing_small.ROLES[agency]) for agency in ("council", "police"))


def on_a_map(rows: list[dict[str, Any]], folder: Path, subjects: Subjects | None, **options: Any) -> Shared:
    whole = cases.spots(cases.result(rows, subjects=subjects), indicators=["blade_injury"])
    rules = (one.model_copy(update={"recipients": DESKS}) for one in (cases.COUNTS, cases.WHERE))
    return cases.to_partners(whole, folder, agreed=cases.partnership(*rules), **options)


def same(one: Shared, other: Shared) -> bool:
    tables = all(one.tables[name].equals(other.tables[name]) for name in one.tables)
    return tables and one.suppressed.equals(other.suppressed) and one.notes == other.notes


def count_at(shared: Shared, where: tuple[float, float]) -> Any:
    cells = shared.tables["cells"]
    return cells.loc[cells.contains(gpd.points_from_xy([where[0]], [where[1]])[0]), "count"].iloc[0]


@pytest.mark.parametrize("n", [1, 12])  # alone in her cell; as many calls as a cell needs to be told
@pytest.mark.parametrize("since", ["2026-04-01", "2020-01-01"])  # told late that she was protected all the time
def test_two_maps_differ_by_nothing_where_somebody_became_protected_between_them(
    tmp_path: Path, n: int, since: str
) -> None:
    rows = [*others(), *alone(n)]
    first = on_a_map(rows, tmp_path, known())
    second = on_a_map(rows, tmp_path, known(protected_from=since))
    assert same(first, second)
    assert STILL_COUNTED in second.desk_notes
    left_out = on_a_map(rows, log_of(tmp_path, "other"), known(protected_from=since))
    assert not same(first, left_out)  # what the two were before, and what a log of its own would still let out
    assert STILL_COUNTED not in left_out.desk_notes


def log_of(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def test_nothing_of_hers_is_counted_that_was_not_told_before(tmp_path: Path) -> None:
    """Her old home stays not shown; the call at the refuge, recorded since, is nowhere; the week's other calls are."""
    on_a_map([*others(), *alone()], tmp_path, known())
    since = [row(50, ALONE, REFUGE, role="victim"), row(51, ALONE, HOME, role="victim")]
    week = [row(n, f"N{n}", (405_200.0 + n, 300_700.0)) for n in range(11)]
    later = on_a_map([*others(), *alone(), *since, *week], tmp_path, known(protected_from="2026-04-01"))
    plain = on_a_map([*others(), *alone(), *week], log_of(tmp_path, "plain"), known())
    assert all(later.tables[name].equals(plain.tables[name]) for name in later.tables)
    assert count_at(later, HOME) is pd.NA
    assert count_at(later, REFUGE) == 0
    assert count_at(later, (405_205.0, 300_700.0)) == 11


def test_whoever_had_no_earlier_map_has_none_of_hers(tmp_path: Path) -> None:
    """Another agency has nothing of its own to subtract from, so nothing of hers is told to it."""
    rows, guarded = [*others(), *alone()], known(protected_from="2026-04-01")
    on_a_map(rows, tmp_path, known())
    [release] = read_releases(cases.log_in(tmp_path))
    assert len(release.events) == 31
    assert not any(trace in str(release.events) for trace in (ALONE, "406871"))
    other = on_a_map(rows, tmp_path, guarded, recipient=DESKS[1])
    without = on_a_map(others(), log_of(tmp_path, "without"), known(), recipient=DESKS[1])
    assert all(other.tables[name].equals(without.tables[name]) for name in other.tables)
    assert STILL_COUNTED not in other.desk_notes


def test_a_table_of_events_is_treated_alike(tmp_path: Path) -> None:
    rest = cases.events(subject_id=[f"S{n}" for n in range(76)], record_id=[f"q{n}" for n in range(76)])
    told = {"subject_id": [ALONE], "record_id": "r0", "source": "police", "handling": "P", "date": "2026-02-11"}
    place = gpd.points_from_xy([HOME[0]], [HOME[1]])
    hers = gpd.GeoDataFrame({**told, "category": "violence"}, geometry=place, crs=27700)
    both = gpd.GeoDataFrame(pd.concat([rest, hers], ignore_index=True), crs=27700)
    first = cases.to_partners(cases.spots(both), tmp_path, subjects=known())
    second = cases.to_partners(cases.spots(both.to_crs(4326)), tmp_path, subjects=known(protected_from="2026-04-01"))
    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)


def test_what_the_register_warns_of_stands_in_no_file(tmp_path: Path) -> None:
    rows = others()
    on_a_map(rows, tmp_path, None)
    fewer = on_a_map(rows[:-2], tmp_path, None)
    warned = [note for note in fewer.desk_notes if "earlier release" in note]
    assert warned
    assert not any("earlier" in note or "worked out. Release" in note for note in fewer.notes)
    for name, data in cases.every_file(fewer, tmp_path / "out").items():
        assert b"earlier release" not in cases.unzipped(data), name


def test_a_register_that_cannot_be_written_lets_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log says that nothing left; the next map is compared with those that did."""
    rows = [*others(), *alone()]
    first = on_a_map(rows, tmp_path, known())
    kept = (tmp_path / "audit.sqlite.releases.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(sharing_out, "write_releases", full)
        with pytest.raises(AuditTrailError, match="nothing was shared"):
            on_a_map([*rows, *others(33)[30:]], tmp_path, known())
    assert (tmp_path / "audit.sqlite.releases.json").read_bytes() == kept
    last = cases.entries(tmp_path)[-1]
    assert (last["allow"], last["reasons"], last["rows"]) == (False, ["not_registered"], 0)
    assert same(first, on_a_map(rows, tmp_path, known(protected_from="2026-04-01")))


SAMPLE = Path(__file__).parents[2] / "sample_data"


def test_the_sample_less_itself_a_week_later_is_nothing(tmp_path: Path) -> None:
    """A victim alone in her cell becomes protected between two maps of the sample: no cell of 1,536 differs."""
    agreed = rs.load_partnership(SAMPLE.parent / "thresholds")
    evidence = rs.read_evidence(SAMPLE / "evidence.csv", agreed)
    people = pd.read_csv(SAMPLE / "subjects.csv", dtype=str)
    later = people.copy()
    later.loc[later["subject_id"] == "S-0791", "protected_from"] = "2026-04-01"

    def map_of(table: pd.DataFrame, at: str, folder: Path) -> Shared:
        known_people = rs.read_subjects(table, agreed)
        assessment = rs.assess(evidence, agreed, as_of="2026-03-31", subjects=known_people)
        whole = rs.hotspots(
            assessment, gpd.read_file(SAMPLE / "areas.geojson"), resamples=2,
            population=pd.read_csv(SAMPLE / "population.csv"), coverage=pd.read_csv(SAMPLE / "coverage.csv"),
        )  # fmt: skip
        return rs.share(
            whole, agreed, audience="partnership", purpose="violence_reduction", recipient="north_police:analyst",
            at=at, log=cases.log_in(folder),
        )  # fmt: skip

    first = map_of(people, "2026-04-01T10:00:00+01:00", tmp_path)
    second = map_of(later, "2026-04-08T10:00:00+01:00", tmp_path)
    assert len(first.tables["cells"]) == 1_536
    assert same(first, second)
    fresh = map_of(later, "2026-04-08T10:00:00+01:00", log_of(tmp_path, "fresh"))
    counts = [one.tables["cells"]["count"] for one in (first, fresh)]
    gone = counts[0].isna() & counts[1].notna()
    assert (int(gone.sum()), counts[1][gone].tolist()) == (1, [0])  # what the leak was, and in a log of its own is
