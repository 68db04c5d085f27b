"""What hot spots were asked by, such as buildings and recording practice, holds for what a recipient is given too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import share_cases as cases
from riskshare.errors import ReleaseRefusedError
from riskshare.io.sharing_store import read_releases
from riskshare.places.own_address import OWN_M
from riskshare.practice import RecordingPractice, recording_practice
from riskshare.records.partnership import Partnership
from riskshare.releasing import places_again
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared

DOOR = (403_993.0, 302_005.0)
"""The 36 events near one place are all within 25 m of it."""


def home(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(place) for place in where or (DOOR,)]
    ids = [f"B{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"id": ids, "name": "Larch House", **columns}, geometry=shapes, crs=27700)


def log_of(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def tables_of(shared: Shared) -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(table) for name, table in shared.tables.items()}


# ------------------------------------------------------------------------------------------------ buildings


@pytest.mark.parametrize("cell_m", [250, 500])  # moved to the middle of a cell; moved to a fixed point
def test_calls_at_a_homes_own_door_are_on_no_shared_map(tmp_path: Path, cell_m: int) -> None:
    """The door is looked at before places are moved: afterwards nothing is within 25 m of it."""
    plain = cases.to_partners(cases.spots(cell_m=cell_m), log_of(tmp_path, "plain"))
    assert len(plain.tables["clusters"]) > 0
    spots = cases.spots(cell_m=cell_m, buildings=home())
    assert spots.apart.n_events == 36
    shared = cases.to_partners(spots, tmp_path)
    assert len(shared.tables["clusters"]) == 0
    assert places_again.OWN in shared.notes
    never_sent = cases.to_partners(cases.spots(cases.events().iloc[36:], cell_m=cell_m), log_of(tmp_path, "never"))
    for name, table in tables_of(shared).items():
        assert table.equals(tables_of(never_sent)[name])


def test_nothing_shared_tells_of_the_building_or_how_many_calls_it_had(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(buildings=home()), tmp_path)
    files = cases.every_file(shared, tmp_path / "out", (".html", ".json", ".gpkg", ".csv"))
    for name, data in files.items():
        told = cases.unzipped(data)
        assert not any(trace in told for trace in (b"Larch House", b"403993", b"own, whichever")), name
    assert not any("36" in one for one in shared.notes if "address" in one)


def test_the_reach_of_an_address_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    beside = home((DOOR[0] + 60, DOOR[1]))
    assert len(cases.to_partners(cases.spots(buildings=beside), tmp_path).tables["clusters"]) > 0
    wide = cases.spots(buildings=beside, own_m=100)
    assert len(cases.to_partners(wide, log_of(tmp_path, "wide")).tables["clusters"]) == 0
    assert OWN_M == 25


def test_where_every_event_that_may_be_counted_is_at_a_door_there_is_nothing_to_share(tmp_path: Path) -> None:
    """Analysts see others too; the recipient may have only those at the door."""
    points = cases.events(handling=["P"] * 36 + ["C"] * 40)
    with pytest.raises(SharingRefusedError, match="nothing_to_share"):
        cases.to_partners(cases.spots(points, buildings=home()), tmp_path)


# ------------------------------------------------------------------------------------------------ with and without


def calls_away(points: gpd.GeoDataFrame, n: int = 30) -> gpd.GeoDataFrame:
    """Return events with so many more a mile from the door: the cell of the door is not the only hot one."""
    more = points.iloc[[0] * n]
    return pd.concat([points, more.set_geometry(more.geometry.translate(2_000, 0))], ignore_index=True)


@pytest.mark.parametrize("cell_m", [250, 500])
def test_a_map_with_a_door_less_one_without_it_is_the_door(tmp_path: Path, cell_m: int) -> None:
    """The attack: two logs that know nothing of each other let both maps out, and their difference is one place."""
    points = calls_away(cases.events())
    plain = cases.to_partners(cases.spots(points, cell_m=cell_m), log_of(tmp_path, "one"))
    less = cases.to_partners(cases.spots(points, cell_m=cell_m, buildings=home()), log_of(tmp_path, "other"))
    hot, left = (set(one.tables["cells"].loc[one.tables["cells"]["hot"], "cell_id"]) for one in (plain, less))
    lost = plain.tables["cells"].set_index("cell_id").loc[sorted(hot - left)]
    assert len(left) > 0
    assert lost.union_all().covers(shapely.Point(DOOR))
    assert lost.union_all().centroid.distance(shapely.Point(DOOR)) < 500


@pytest.mark.parametrize(
    ("audiences", "first", "cells"),
    [
        (("partnership", "partnership"), "with", (500, 500)),
        (("partnership", "partnership"), "without", (500, 500)),
        (("partnership", "partnership"), "without", (250, 1_000)),
        (("public", "partnership"), "without", (500, 500)),
        (("partnership", "public"), "with", (500, 500)),
        (("public", "public"), "without", (500, 1_000)),
    ],
)
def test_maps_of_one_time_with_and_without_a_door_never_both_leave(
    tmp_path: Path, audiences: tuple[str, str], first: str, cells: tuple[int, int]
) -> None:
    given = [{"buildings": home()}, {}] if first == "with" else [{}, {"buildings": home()}]
    maps = [cases.spots(calls_away(cases.events()), cell_m=cell_m, **told)
            for cell_m, told in zip(cells, given, strict=True)]  # fmt: skip
    cases.to_partners(maps[0], tmp_path, audience=audiences[0])
    with pytest.raises(ReleaseRefusedError, match="other buildings"):
        cases.to_partners(maps[1], tmp_path, audience=audiences[1])
    assert cases.entries(tmp_path)[-1]["allow"] is False


def test_nor_do_they_where_the_times_only_overlap_or_events_have_no_dates(tmp_path: Path) -> None:
    points = calls_away(cases.events())
    later = points.assign(date="2026-02-11")
    for number, other in enumerate((later, points.drop(columns="date"))):
        folder = log_of(tmp_path, str(number))
        cases.to_partners(cases.spots(points), folder)
        with pytest.raises(ReleaseRefusedError, match="other buildings"):
            cases.to_partners(cases.spots(other, buildings=home()), folder)


def test_another_door_or_a_longer_reach_is_another_list(tmp_path: Path) -> None:
    points = calls_away(cases.events())
    cases.to_partners(cases.spots(points, buildings=home()), tmp_path)
    for told in ({"buildings": home((DOOR[0] + 2_000, DOOR[1]))}, {"buildings": home(), "own_m": 60}):
        with pytest.raises(ReleaseRefusedError, match="other buildings"):
            cases.to_partners(cases.spots(points, **told), tmp_path)


def test_the_same_list_and_buildings_where_nothing_happened_are_no_reason_to_refuse(tmp_path: Path) -> None:
    points = calls_away(cases.events())
    quiet = (400_900.0, 303_900.0)
    for told in (home(), home(quiet, DOOR), home(name="Renamed"), home(DOOR, (400_910.0, 303_900.0))):
        cases.to_partners(cases.spots(points, buildings=told), tmp_path)
    cases.to_partners(cases.spots(points.assign(date="2025-05-01")), tmp_path)  # another time
    elsewhere = log_of(tmp_path, "elsewhere")
    cases.to_partners(cases.spots(points, buildings=home(quiet)), elsewhere)
    cases.to_partners(cases.spots(points), elsewhere)


def test_the_register_knows_doors_by_keyed_marks_only(tmp_path: Path) -> None:
    cases.to_partners(cases.spots(calls_away(cases.events()), buildings=home()), tmp_path)
    kept = (tmp_path / "audit.sqlite.releases.json").read_text()
    [one] = read_releases(cases.log_in(tmp_path))
    assert one.doors is not None
    assert len(one.doors.given) == len(one.doors.found) == 1
    assert not any(trace in kept for trace in ("403993", "302005", "B0", "Larch"))
    other = log_of(tmp_path, "other")
    cases.to_partners(cases.spots(calls_away(cases.events()), buildings=home()), other)
    assert read_releases(cases.log_in(other))[0].doors != one.doors  # another log, another key


def test_public_maps_in_cells_of_two_sizes_are_not_compared_so_the_second_is_refused(tmp_path: Path) -> None:
    points = calls_away(cases.events())
    cases.to_partners(cases.spots(points), tmp_path, audience="public")
    with pytest.raises(ReleaseRefusedError, match="other units"):
        cases.to_partners(cases.spots(points, cell_m=1_000), tmp_path, audience="public")


# ------------------------------------------------------------------------------------------------ a rule for joining


def test_an_agreed_rule_for_joining_holds_at_true_places(tmp_path: Path) -> None:
    """Every school's report lies 40 m from what it reports again: moved, many would be nearer another event."""
    police = cases.events(claim_id=list(range(76)))
    partner = cases.events(claim_id=list(range(76)), source="council").iloc[:3]
    again = cases.events(claim_id=None, source="school")
    again = again.set_geometry(again.geometry.translate(40, 0))
    both = gpd.GeoDataFrame(pd.concat([police, partner, again], ignore_index=True), crs=27700)
    doubled = cases.to_partners(cases.spots(both), tmp_path)
    joined = cases.to_partners(cases.spots(both, join_within=(50, 0)), tmp_path)
    once = cases.to_partners(cases.spots(police), tmp_path)
    assert doubled.tables["clusters"]["n_events"].iloc[0] > 60
    assert joined.tables["clusters"]["n_events"].tolist() == once.tables["clusters"]["n_events"].tolist()
    assert places_again.JOINED in joined.notes


# ------------------------------------------------------------------------------------------------ recording practice


def recorded(seed: int = 0, **columns: Any) -> gpd.GeoDataFrame:
    """Return events of two forces, of which the east's records half, and of a school service alike on both sides."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(400_050, 407_950, 1_600), rng.uniform(300_050, 303_950, 1_600)
    police = np.arange(1_600) < 800
    kept = ~police | (rng.random(1_600) < np.where(x < 404_000, 1.0, 0.5))
    told = {
        "source": np.where(police, "police", "school"),
        "recorded_by": np.where(police, np.where(x < 404_000, "force a", "force b"), ""), "handling": "P",
        "date": "2026-01-11", "category": "violence", **columns,
    }  # fmt: skip
    return gpd.GeoDataFrame(told, geometry=gpd.points_from_xy(x, y), crs=27700)[kept].reset_index(drop=True)


def practice_of(points: gpd.GeoDataFrame) -> RecordingPractice:
    return recording_practice(points, cases.areas(), population=cases.population(), second_source="school")


def agreed(*more: str) -> Partnership:
    rule = cases.permit("where", (*cases.PLACES, *more), purposes=("violence_reduction",), categories=("places",),
                        subject_roles=("place",), place_level="point8")  # fmt: skip
    return cases.partnership(cases.COUNTS, rule)


def shared_with_practice(points: gpd.GeoDataFrame, folder: Path, *fields: str, **options: Any) -> Shared:
    spots = cases.spots(points, recording=practice_of(points), resamples=0, **options)
    return cases.to_partners(spots, folder, agreed=agreed(*fields))


def test_recording_practice_is_allowed_for_beside_the_finding_without_it(tmp_path: Path) -> None:
    shared = shared_with_practice(recorded(), tmp_path, places_again.AFTER)
    assert places_again.ALLOWED in shared.notes
    cells, clusters = shared.tables["cells"], shared.tables["clusters"]
    assert cells["hot_after_adjustment"].notna().all()
    assert {"hot", "hot_after_adjustment"} <= set(clusters.columns)
    assert not any("force a ×" in one for one in shared.notes)
    assert cases.every_file(shared, tmp_path / "out", (".html", ".gpkg"))


def test_it_is_estimated_from_what_the_recipient_may_have(tmp_path: Path) -> None:
    """A thousand reports of the west's force that nobody else may have would double its offset: they change nothing."""
    points = recorded()
    hidden = recorded(1, handling="C")
    hidden = hidden[hidden["recorded_by"] == "force a"]
    both = gpd.GeoDataFrame(pd.concat([points, hidden], ignore_index=True), crs=27700)
    assert practice_of(both).ratios["ratio"].iloc[0] < 0.8 * practice_of(points).ratios["ratio"].iloc[0]
    one, other = (shared_with_practice(frame, tmp_path, places_again.AFTER) for frame in (points, both))
    for name, table in tables_of(one).items():
        assert table.equals(tables_of(other)[name])


def test_who_may_not_see_both_findings_gets_the_one_without(tmp_path: Path) -> None:
    shared = shared_with_practice(recorded(), tmp_path)
    assert places_again.NOT_SHOWN in shared.notes
    assert "hot_after_adjustment" not in shared.tables["cells"]
    plain = cases.to_partners(cases.spots(recorded(), resamples=0), tmp_path, agreed=agreed())
    assert tables_of(shared)["clusters"].equals(tables_of(plain)["clusters"])


@pytest.mark.parametrize("which", ["school", "police"])
def test_what_the_recipient_may_have_may_not_tell_it(tmp_path: Path, which: str) -> None:
    """Without the school service's events there is no second source; without the police's, nobody to compare."""
    points = recorded()
    points.loc[points["source"] == which, "handling"] = "C"
    shared = shared_with_practice(points, tmp_path, places_again.AFTER)
    assert places_again.NOT_TOLD in shared.notes
    assert "hot_after_adjustment" not in shared.tables["cells"]


def test_practice_of_another_table_is_not_used(tmp_path: Path) -> None:
    """Whether the recipient may have that table's rows was not asked."""
    points = recorded()
    spots = cases.spots(points, recording=practice_of(recorded()), resamples=0)
    shared = cases.to_partners(spots, tmp_path, agreed=agreed(places_again.AFTER))
    assert places_again.OTHERS in shared.notes
