"""Recording practice as a partnership asks for it: kinds of source, its picture and table, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from shapely.geometry import box

from riskshare.errors import ArgumentError, PlaceError
from riskshare.places.adjusting import adjusted_base
from riskshare.practice import RecordingPractice, recording_practice
from riskshare.reporting.recording_chart import MOST_LINES, border_lines, draw_recording, pair_lines
from riskshare.spots import hotspots
from riskshare.version import VERSION

AREAS = gpd.GeoDataFrame(
    {"code": ["a", "b"], "name": ["Alder", "Birch"]},
    geometry=[box(400_000, 300_000, 410_000, 310_000), box(410_000, 300_000, 420_000, 310_000)],
    crs=27700,
)
KINDS = {"force a": "police", "force b": "police"}


def events(*, named: bool = False) -> gpd.GeoDataFrame:
    """A thousand events in the west, six hundred in the east; each force is a source of its own."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(400_000, 410_000, 1_000), rng.uniform(410_000, 420_000, 600)])
    y = rng.uniform(300_000, 310_000, x.size)
    force = np.where(x < 410_000, "force a", "force b")
    columns = {"source": force, "recorded_by": force} if named else {"source": force}
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=27700)


@pytest.fixture(scope="module")
def practice() -> RecordingPractice:
    return recording_practice(events(), AREAS, kinds=KINDS)


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


def test_sources_of_one_kind_are_compared_and_each_is_its_own_organisation(practice: RecordingPractice) -> None:
    (ratio,) = practice.ratios[practice.ratios["information"] == "together"].to_dict("records")
    assert (ratio["source"], ratio["organisation"], ratio["against"]) == ("police", "force b", "force a")
    assert ratio["lower"] < 0.6 < ratio["upper"]
    assert practice.kinds == (("force a", "police"), ("force b", "police"))
    assert "force a, force b are taken as one kind of source, police." in practice.notes
    assert practice.engine_version == VERSION


def test_without_kinds_two_sources_are_not_compared() -> None:
    alone = recording_practice(events(), AREAS)
    assert alone.kinds == ()
    assert not alone.offsets["estimable"].any()
    assert len(alone.ratios) == 0


def test_coverage_speaks_of_sources_by_their_own_names() -> None:
    table = pd.DataFrame({"source": ["force a", "force b"], "area": ["a", "b"], "from": ["", ""], "until": ["", ""]})
    told = recording_practice(events(named=True), AREAS, kinds=KINDS, coverage=table)
    assert told.offsets["estimable"].all()


def test_strata_are_found_by_the_names_that_events_go_by(practice: RecordingPractice) -> None:
    # Where points name no organisation, strata are named after areas: the source itself is then who recorded.
    for name in (("force a", "force a", "all"), ("force a", "a", "all"), ("force a", "a", "violence")):
        assert practice.knows(name)
        assert practice.theta(*name)[0] == 0
    assert not practice.knows(("fire", "a", "all"))
    names = (("force a", "a", "all"), ("force b", "b", "all"), ("force b", "b", "other"))
    pooled = adjusted_base(names, np.ones((3, 2), dtype=np.int64), np.ones((3, 2)), practice)
    # One kind and category together; the other category keeps to itself.
    assert [group.tolist() for group in pooled.members] == [[0, 1], [2]]


def test_hot_spots_take_it_without_changing_a_count(practice: RecordingPractice) -> None:
    spots = hotspots(events(), AREAS, null="uniform", recording=practice, resamples=5, cell_m=1_000)
    assert spots.cells["count"].sum() == 1_600
    assert spots.cells["hot_after_adjustment"].notna().all()
    found = spots.views.adjustment
    assert found is not None
    # As if both recorded alike, their difference passes for over-dispersion.
    assert found.pooled.dispersion[0] > 2.0 * found.adjusted.dispersion[0]
    assert not found.adjusted.hot.any()
    assert len(spots.clusters) == 0


# ------------------------------------------------------------------------------------------------------------ showing


def test_the_picture_holds_every_interval_and_note(practice: RecordingPractice) -> None:
    figure = practice.plot()
    above, below, foot = figure.axes
    labels = [label.get_text() for label in above.get_yticklabels()]
    assert labels == ["force b over force a: together", "force b over force a: boundary"]
    assert len(below.get_yticklabels()) == len(practice.segments)
    told = " ".join(text.get_text() for text in above.texts)
    ratio = practice.ratios.iloc[0]["ratio"]
    assert f"{ratio:.2f} (" in told
    assert "absorbed" in foot.texts[0].get_text()
    assert "Internal" in figure.get_suptitle()


def test_lines_of_the_border_stand_as_pairs_do(practice: RecordingPractice) -> None:
    lines = border_lines(pd.DataFrame(practice.segments.drop(columns="geometry")))
    assert all("force b over force a" in line.label for line in lines)
    row = practice.segments.iloc[0]
    sign = 1.0 if row["organisation"] == "force b" else -1.0
    assert lines[0].ratio == pytest.approx(np.exp(sign * row["delta"]))
    half = 1.959964 * np.sqrt(row["v"] + row["omega2"])
    assert lines[0].upper / lines[0].ratio == pytest.approx(np.exp(half))
    assert lines[0].lower < lines[0].ratio < lines[0].upper


def test_a_misfit_and_an_unused_border_are_told() -> None:
    pair = {"organisation": "b", "against": "a", "category": "burglary", "information": "together", "ratio": 0.5,
            "lower": 0.4, "upper": 0.6, "misfit_p": 0.001}  # fmt: skip
    (line,) = pair_lines(pd.DataFrame([pair]))
    assert line.label == "b over a: together (burglary)"
    assert "they disagree: p 0.001" in line.told
    piece = {"segment_id": "L1", "organisation": "a", "against": "b", "category": "all", "delta": 0.0, "v": 0.01,
             "omega2": np.nan, "n": 7, "n_against": 9, "used": False, "reason": "runs along a barrier"}  # fmt: skip
    lines = border_lines(pd.DataFrame([piece, {**piece, "delta": np.nan}]))
    assert len(lines) == 1
    assert lines[0].told == "9 and 7 events; not used: runs along a barrier"


def test_too_many_lines_are_cut_and_said_and_none_at_all_too() -> None:
    pair = {"organisation": "b", "against": "a", "category": "all", "information": "boundary", "ratio": 0.5,
            "lower": 0.4, "upper": 0.6, "misfit_p": np.nan}  # fmt: skip
    empty = pd.DataFrame({"delta": []})
    many, none, _ = draw_recording(pd.DataFrame([pair] * (MOST_LINES + 5)), empty, ()).axes
    assert len(many.get_yticklabels()) == MOST_LINES
    assert f"the first {MOST_LINES} of {MOST_LINES + 5}" in many.get_title(loc="left")
    assert "Nothing to compare by" in none.texts[0].get_text()


def test_what_a_notebook_shows_names_organisations_and_no_place(practice: RecordingPractice) -> None:
    shown = practice._repr_html_()
    assert "1 pairs compared, 0 offsets not estimable" in shown
    assert "force b" in shown
    assert "410" not in shown
    assert repr(practice) == "RecordingPractice(2 of 2 offsets estimable, internal)"


def test_arguments_of_another_kind_are_named_together() -> None:
    with pytest.raises(ArgumentError) as stopped:
        recording_practice(
            events(), AREAS, indicators=["x"], min_support=2, kinds=["police"], second_source=3, second_by="guess",
            width_m=0, snap_m=-1, segment_m="far", min_events=0, seed=-1,
        )  # type: ignore[call-overload]  # fmt: skip
    assert len(stopped.value.problems) == 10


# -------------------------------------------------------------- a second source that names nobody and shares claim ids


def beside(*, named: str = "") -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return events and areas: force a has two areas; the ambulance sees half of all and sends the same claim ids."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(400_000, 420_000, 3_000), rng.uniform(300_000, 310_000, 3_000)
    police = rng.random(3_000) < np.where(x < 410_000, 0.9, 0.5)
    taken = [np.flatnonzero(police), np.flatnonzero(rng.random(3_000) < 0.5)]
    force = np.where(x < 410_000, "force a", "force b")
    row = np.concatenate(taken)
    columns = {
        "source": ["police"] * taken[0].size + ["ambulance"] * taken[1].size, "claim_id": row,
        "recorded_by": [*force[taken[0]], *[named] * taken[1].size],
    }  # fmt: skip
    points = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x[row], y[row]), crs=27700)
    shapes = [box(400_000, 300_000, 405_000, 310_000), box(405_000, 300_000, 410_000, 310_000)]
    codes = {"code": ["w1", "w2", "e"]}
    return points, gpd.GeoDataFrame(codes, geometry=[*shapes, box(410_000, 300_000, 420_000, 310_000)], crs=27700)


def test_a_second_source_that_names_nobody_and_shares_claims_is_declared_alike_everywhere() -> None:
    points, areas = beside()
    practice = recording_practice(points, areas, second_source="ambulance")
    spots = hotspots(points, areas, null="uniform", recording=practice, resamples=0, cell_m=1_000)
    # The raw map stays as cautious as it was: nothing is known there of how alike the ambulance records.
    assert ("police", "force a beside w1", "all") in spots.strata.names
    assert ("police", "force a", "all") in spots.strata.alike
    said = " ".join(spots.notes)
    assert "force a × 1.3" in said
    assert "force b × 0.7" in said
    assert "ambulance names no organisation and was declared to be recorded alike everywhere: it has no offset" in said
    # The ambulance itself has none.
    assert "compared with nobody: e" in said
    plain = hotspots(points, areas, null="uniform", resamples=0, cell_m=1_000)
    assert plain.cells["count"].equals(spots.cells["count"])
    assert plain.cells["hot"].equals(spots.cells["hot"])


def test_it_is_adjusted_as_if_it_had_named_itself() -> None:
    found = []
    for name in ("", "trust"):
        points, areas = beside(named=name)
        practice = recording_practice(points, areas, second_source="ambulance")
        spots = hotspots(points, areas, null="uniform", recording=practice, resamples=0, cell_m=1_000)
        police = [place for place, (source, _, _) in enumerate(spots.strata.names) if source == "police"]
        counts = np.bincount(spots.events.stratum, minlength=len(spots.strata.names))[:, None]
        pooled = adjusted_base(spots.strata.alike, counts, spots.setting.base, practice)
        (group,) = [number for number, members in enumerate(pooled.members) if set(members.tolist()) == set(police)]
        found.append((int(pooled.counts[group].sum()), pooled.base[group]))
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][1], found[1][1])


def test_undeclared_it_is_refused_with_what_to_do() -> None:
    points, areas = beside()
    audit = pd.DataFrame({"recorded_by": ["force a", "force b"], "accuracy": [0.9, 0.5], "lower": [0.85, 0.45],
                          "upper": [0.95, 0.55]})  # fmt: skip
    practice = recording_practice(points[points["source"] == "police"], areas, audit=audit)
    with pytest.raises(PlaceError, match="recording_of_others") as caught:
        hotspots(points, areas, null="uniform", recording=practice, resamples=0, cell_m=1_000)
    assert "ambulance share claims with others and name nobody in `recorded_by`" in str(caught.value)
    assert "declare with second_source" in str(caught.value)


def test_where_the_second_source_goes_only_to_half_of_a_force_that_force_keeps_its_own_total() -> None:
    """What the ambulance leaves to the police is then not alike within force a: no offset is known for either part."""
    points, areas = beside()
    away = (points["source"] == "ambulance") & (points.geometry.x < 405_000)
    practice = recording_practice(points[~away], areas, second_source="ambulance")
    spots = hotspots(points[~away], areas, null="uniform", recording=practice, resamples=0, cell_m=1_000)
    assert ("police", "force a beside ambulance", "all") in spots.strata.alike
    assert not practice.knows(("police", "force a beside ambulance", "all"))
