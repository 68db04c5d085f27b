"""What lets a hot spot or a profile be defended: nothing lost, nothing doubled, no silence taken for safety."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.cli.recording import tell_recording
from riskshare.errors import PlaceError
from riskshare.places.lens_events import see
from riskshare.places.points import check_points
from riskshare.practice import recording_practice
from riskshare.profiling import PlaceProfiles, profile_places
from riskshare.spots import HotSpots, hotspots

X, Y = 430_000.0, 340_000.0
MIDDLE, FAR = (2_000.0, 2_000.0), (500.0, 500.0)


def areas() -> gpd.GeoDataFrame:
    """Return two areas of 2 by 4 km side by side."""
    shapes = [shapely.box(X, Y, X + 2_000, Y + 4_000), shapely.box(X + 2_000, Y, X + 4_000, Y + 4_000)]
    return gpd.GeoDataFrame({"code": ["west", "east"]}, geometry=shapes, crs=27700)


def people(each: float = 100.0, *, west_only: bool = False) -> pd.DataFrame:
    rows = [(X + 500 * a, Y + 500 * b, 500, each) for a in range(4 if west_only else 8) for b in range(8)]
    return pd.DataFrame(rows, columns=["easting", "northing", "cell_m", "population"])


def events(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(X + east, Y + north) for east, north in where]
    return gpd.GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs=27700)


def spread(n: int, seed: int = 0) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in np.random.default_rng(seed).uniform(50, 3_950, (n, 2))]


def found(points: gpd.GeoDataFrame, **options: Any) -> HotSpots:
    return hotspots(points, areas(), **{"population": people(), "resamples": 0, **options})


def note(notes: tuple[str, ...], words: str) -> str:
    (said,) = [one for one in notes if words in one]
    return said


# ------------------------------------------------------------------------------------------------ a home's own reports


def test_reports_of_missing_people_from_a_home_make_no_hot_spot() -> None:
    home = [(1_100.0, 1_100.0)] * 30
    kinds = ["violence"] * 100 + ["missing_episode"] * 30
    spots = found(events(*spread(100), *home, category=kinds))
    assert len(spots.events) == 100
    assert len(spots.clusters) == 0
    assert "30 reports of missing people" in note(spots.notes, "count nowhere")
    counted = found(events(*spread(100), *home, category=kinds), duties=())
    assert len(counted.clusters) == 1


def test_no_lens_and_no_comparison_of_recording_counts_them_either() -> None:
    points = events(*spread(80), *[(1_100.0, 1_100.0)] * 30, category=["violence"] * 80 + ["missing_episode"] * 30)
    assert len(see(points, areas(), None, 250).events) == 80
    practice = recording_practice(points, areas(), population=people())
    assert {unit.category for unit in practice.units} == {"violence"}
    with pytest.raises(PlaceError, match="only_duties"):
        found(events(*spread(9), category=["missing_episode"] * 9))


# ------------------------------------------------------------------------------------------------ claims


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_claim_id_joins_nothing(blank: str | None) -> None:
    assert len(found(events(*spread(20), claim_id=[blank] * 20)).events) == 20


def test_how_many_reports_are_counted_once_is_said_and_a_numbering_of_ones_own_is_doubted() -> None:
    points = events(*spread(10), *spread(10, 1), claim_id=[*range(10), *range(10)], source=["p"] * 10 + ["a"] * 10)
    said = note(found(points).notes, "each claim counts once")
    assert said.startswith("10 reports tell of a claim")
    assert "further apart than 1,000 m" in said
    near = events(*[MIDDLE] * 2, *spread(10), claim_id=[0, 0, *range(1, 11)], source=["p", "a", *["p"] * 10])
    assert "further apart" not in note(found(near).notes, "each claim counts once")


# ------------------------------------------------------------------------------------------------ columns


def test_how_an_event_arose_is_one_of_four_or_blank() -> None:
    good = events(*spread(3), arises_from=["adjudicated", None, "agency_initiated"])
    assert check_points(good).looked.tolist() == [False, False, True]
    with pytest.raises(PlaceError, match="bad_arises_from") as caught:
        check_points(events(*spread(3), arises_from=["reported", "Agency_Initiated", "secret"]))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["date", "precision_m"])
def test_blank_text_is_blank(name: str) -> None:
    assert len(check_points(events(*spread(2), **{name: ["", " "]}))) == 2


def test_events_that_name_no_organisation_or_category_are_counted_in_a_note() -> None:
    read = check_points(
        events(*spread(4), recorded_by=["north", "", None, " "], category=["v", "v", "", "v"], source=["p"] * 4)
    )
    assert note(read.notes, "`recorded_by`").startswith("3 events name no organisation in `recorded_by` (of p)")
    assert note(read.notes, "`category`").startswith("1 event has no `category`")
    assert read.recorded_by.tolist() == ["north", "", "", ""]


def test_a_column_that_stands_twice_is_refused() -> None:
    points = events(*spread(3), source=["p"] * 3, other=["q"] * 3).set_axis(["source", "source", "geometry"], axis=1)
    with pytest.raises(PlaceError, match="column_twice"):
        check_points(points)


def test_where_all_was_found_by_enforcement_the_fault_is_named() -> None:
    with pytest.raises(PlaceError, match="enforcement"):
        found(events(*spread(5), arises_from=["agency_initiated"] * 5))


# ------------------------------------------------------------------------------------------------ who looked when


def test_events_from_before_their_source_looked_make_no_hot_spot() -> None:
    """The west looked for two years, the east for one, and yet sent what it had of the year before."""
    rng = np.random.default_rng(4)
    west = [(float(a), float(b)) for a, b in zip(rng.uniform(0, 2_000, 600), rng.uniform(0, 4_000, 600), strict=True)]
    east = [(a + 2_000, b) for a, b in west]
    days = ["2024-06-01", "2025-06-01"] * 300
    table = pd.DataFrame(
        {"source": "p", "area": ["west", "east"], "from": ["2024-01-01", "2025-01-01"], "until": ["2026-01-01"] * 2}
    )
    points = events(*west, *east, date=[*days, *days], source=["p"] * 1_200, recorded_by=["force"] * 1_200)
    spots = found(points, coverage=table)
    assert len(spots.events) == 900
    assert note(spots.notes, "are dated").startswith("300 events are dated when their source says it did not look")
    assert not spots.found.hot.any()


def test_an_event_without_a_date_stays() -> None:
    table = pd.DataFrame({"source": "p", "area": ["west", "east"], "from": "2025-01-01", "until": ""})
    points = events(*spread(20), date=["2025-03-01", None] * 10, source=["p"] * 20)
    assert len(found(points, coverage=table).events) == 20


@pytest.mark.parametrize("rows", [slice(None), slice(None, None, -1)])
def test_a_claim_is_not_lost_with_a_report_from_where_its_source_did_not_look(rows: slice) -> None:
    """The ambulance places it best, but sends no more than a few of that year: the police's report stands."""
    table = pd.DataFrame({"source": ["p", "p", "a", "a"], "area": ["west", "east"] * 2,
                          "from": ["2024-01-01"] * 2 + ["2025-01-01"] * 2, "until": ""})  # fmt: skip
    points = events(
        MIDDLE, MIDDLE, *spread(20), claim_id=["c", "c", *range(20)], source=["a", "p", *["p", "a"] * 10],
        precision_m=[5, 50, *[50] * 20], date=["2024-06-01"] * 2 + ["2025-06-01"] * 20,
    )  # fmt: skip
    for kept in (
        found(points.iloc[rows], coverage=table).events,
        see(points.iloc[rows], areas(), table, 250).events,
    ):
        assert len(kept) == 21
        assert "p" in kept.points.source[kept.points.day < 20_000]
    around = profile(points.iloc[rows], building(at(60)[0]), coverage=table).buildings.iloc[0]
    assert around["observed"] >= 1


# ------------------------------------------------------------------------------------------------ what is expected


def test_events_where_nobody_lives_are_said() -> None:
    points = events(*[(1_000.0, 100.0 * k + 10) for k in range(30)], *[(3_000.0, 100.0 * k + 10) for k in range(9)])
    said = note(found(points, population=people(west_only=True)).notes, "population given, nobody lives")
    assert said.startswith("9 of 39 events lie in cells where, by the population given, nobody lives")
    assert not any("population given, nobody lives" in one for one in found(points).notes)


@pytest.mark.parametrize(("method", "name"), [("bh", "Benjamini-Hochberg"), ("by", "Benjamini-Yekutieli")])
def test_the_rule_of_the_finding_is_said(method: str, name: str) -> None:
    notes = found(events(*spread(60)), method=method, level=0.1).notes
    said = note(notes, "false discovery rate")
    assert "10 % over all 256 covered cells" in said
    assert name in said
    assert "not why" in note(notes, "A hot spot says where")
    bare = hotspots(events(*spread(60)), areas(), resamples=0).notes
    assert not any("false discovery rate" in one for one in bare)


def test_clumps_are_said_where_they_are_allowed_for() -> None:
    clumps = [place for place in spread(30, 3) for _ in range(8)]
    spots = found(events(*clumps))
    assert spots.found.dispersion.max() > 1.5
    assert f"{spots.found.dispersion.max():.1f}" in note(spots.notes, "come in clumps")
    assert not any(
        "come in clumps" in one
        for one in found(events(*[(250 * a + 9, 250 * b + 9) for a in range(16) for b in range(16)])).notes
    )


def test_a_cluster_is_told_with_what_was_expected_in_it_and_how_often_it_is_found_again() -> None:
    spots = found(events(*spread(200), *[(1_100.0, 1_100.0)] * 40, recorded_by=["force"] * 240), resamples=10)
    row, sentence = spots.clusters.iloc[0], spots.sentences()[0]
    # 240 events over 64 squares of 100 people; each cell a quarter of a square, and one for the cell.
    assert row["expected"] == pytest.approx(240 / 256 * row["n_cells"], rel=1e-6)
    assert f"{row['n_events']} events where {row['expected']:.1f} are expected (" in sentence
    assert f"All together found it again in {100 * row['stability']:.0f} % of resamples." in sentence
    bare = hotspots(events(*spread(200), *[(1_100.0, 1_100.0)] * 40), areas(), resamples=0)
    assert bare.clusters["expected"].isna().all()
    assert "expected" not in " ".join(bare.sentences())


@pytest.mark.parametrize(("misfit", "warned"), [(0.01, True), (0.5, False), (float("nan"), False)])
def test_a_ratio_whose_grounds_disagree_is_told_as_such(misfit: float, warned: bool) -> None:
    line = {"information": "together", "organisation": "south", "against": "north", "source": "police",
            "category": "violence", "ratio": 0.6, "lower": 0.5, "upper": 0.7, "misfit_p": misfit}  # fmt: skip
    practice = SimpleNamespace(ratios=pd.DataFrame([line]), offsets=pd.DataFrame({"estimable": [True]}))
    said: list[str] = []
    screen = SimpleNamespace(heading=said.append, say=lambda text, **_: said.append(text))
    tell_recording(practice, screen)  # type: ignore[arg-type]
    assert "south records 0.60 of what north does" in said[1]
    assert ("do not adjust by it" in said[1]) == warned


def test_no_order_of_rows_changes_a_hot_spot() -> None:
    rng = np.random.default_rng(5)
    places = [*spread(150), *[(1_100.0 + a, 1_100.0 - a) for a in range(40)]]
    columns = {"claim_id": rng.integers(0, 170, 190), "source": rng.choice(["p", "a"], 190), "recorded_by": ["f"] * 190}
    points = events(*places, **columns)
    one, other = (found(frame, resamples=6) for frame in (points, points.sample(frac=1, random_state=2)))
    pd.testing.assert_frame_equal(pd.DataFrame(one.cells), pd.DataFrame(other.cells))
    pd.testing.assert_frame_equal(pd.DataFrame(one.clusters), pd.DataFrame(other.clusters))
    assert one.sentences() == other.sentences()


# ------------------------------------------------------------------------------------------------ around buildings


def building(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(X + east, Y + north) for east, north in where]
    ids = [f"B{number + 1}" for number in range(len(where))]
    return gpd.GeoDataFrame({"id": ids, "protected": False, **columns}, geometry=shapes, crs=27700)


def profile(points: gpd.GeoDataFrame, where: gpd.GeoDataFrame, **options: Any) -> PlaceProfiles:
    return profile_places(points, where, areas=areas(), **{"population": people(), "draws": 9, **options})


def at(*distances: float) -> list[tuple[float, float]]:
    return [(MIDDLE[0] + distance, MIDDLE[1]) for distance in distances]


def test_an_event_placed_too_coarsely_is_put_on_no_buildings_doorstep() -> None:
    """A postcode's middle 10 m from a home: known to within 500 m, it is nobody's address."""
    points = events(*at(10, 60), FAR, FAR, precision_m=[500, 10, 10, 10], claim_id=["c", "c", "d", "e"])
    line = profile(points, building(MIDDLE)).buildings.iloc[0]
    assert (line["own_address"], line["observed"]) == (0, 1)


def test_a_date_without_a_time_is_of_no_hour() -> None:
    points = events(*at(60, 70), FAR, date=["2025-06-02", "2025-06-02T09:30", "2025-06-02T23:00"])
    line = profile(points, building(MIDDLE)).buildings.iloc[0]
    assert (line["school_hours"], line["other_hours"], line["hours_unknown"]) == (1, 0, 1)


@pytest.mark.parametrize(
    "moment", ["2025-06-02T07:00Z", "2025-06-02 07:00Z", "2025-06-02 08:00+01", "2025-06-02T08:00"]
)
def test_a_moment_is_read_as_its_day_is(moment: str) -> None:
    points = events(*at(60), FAR, date=[moment, "2025-06-02T23:00"])
    assert profile(points, building(MIDDLE)).buildings.iloc[0]["school_hours"] == 1


def test_blank_times_are_blank() -> None:
    points = events(*at(60), FAR, date=["2025-06-02"] * 2, time=["", "09:00"])
    assert profile(points, building(MIDDLE)).buildings.iloc[0]["hours_unknown"] == 1


def test_silence_around_a_building_is_told_with_the_building() -> None:
    table = pd.DataFrame({"source": "p", "area": ["west"], "from": "", "until": ""})
    points = events(*[(500.0, 500.0)] * 9, source=["p"] * 9)
    where = building((3_500.0, 2_000.0), (2_000.0, 2_000.0), (1_000.0, 2_000.0))
    nobody, half, whole = profile(points, where, coverage=table).sentences()
    assert nobody == "B1 (east): nobody given here looks around it, so nothing can be said: silence is not safety."
    assert (
        "Only 50 % of the ground around it is looked at by anybody given here: the rest is silence, not safety." in half
    )
    assert "silence" not in whole
    partners = profile(points, where, coverage=table, audience="partnership")
    assert partners.buildings["building_id"].tolist() == ["B2", "B3"]
    assert any("have no line" in one for one in partners.notes)


def test_what_an_excess_does_not_say_stands_with_every_finding() -> None:
    notes = profile(events(*at(60), FAR), building(MIDDLE)).notes
    assert "independent" in note(notes, "too narrow")
    assert "nothing of the building" in note(notes, "An excess is of")


def test_what_is_told_of_a_school_is_no_other_for_a_refuge_nearby() -> None:
    """A partner knows the events: a count that left out those at the refuge's door would show which door that is."""
    points = events(*[MIDDLE] * 6, *at(*range(300, 308)), *[FAR] * 20)
    both = building((2_200.0, 2_000.0), MIDDLE, kind=["school", "refuge"]).assign(protected=[False, True])
    beside, alone = (profile(points, where, audience="partnership").buildings for where in (both, both.iloc[:1]))
    pd.testing.assert_frame_equal(pd.DataFrame(beside), pd.DataFrame(alone))
    assert beside["observed"].tolist() == [14]
    assert profile(points, both).buildings["observed"].tolist() == [8, 8]


def test_the_public_cannot_take_open_buildings_from_a_line_of_all() -> None:
    """Partners see each open home alone: a public line of open and protected homes would leave the protected one."""
    centres = [(600.0 + 200 * number, 2_011.0) for number in range(6)]
    points = events(*[(x + 60, y) for x, y in centres for _ in range(5)], FAR)
    mixed = building(*centres, kind="home").assign(protected=[False] * 5 + [True])
    shown = profile(points, mixed, audience="public").areas
    assert shown["buildings"].tolist() in ([], [5])
    assert profile(points, mixed, audience="partnership").areas.empty
