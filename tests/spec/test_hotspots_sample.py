"""Hot spots of the sample partnership: what was planted across borders is found, and who would have seen it."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.assessment import assess
from riskshare.io.evidence import read_evidence
from riskshare.io.examples import EXAMPLE_AS_OF, example_data, example_partnership
from riskshare.io.partnership import load_partnership
from riskshare.spots import HotSpots, hotspots


@pytest.fixture(scope="module")
def spots() -> HotSpots:
    data, partnership = example_data(), load_partnership(example_partnership())
    assessment = assess(read_evidence(data / "evidence.csv", partnership), partnership, as_of=EXAMPLE_AS_OF)
    return hotspots(
        assessment, gpd.read_file(data / "areas.geojson"), population=pd.read_csv(data / "population.csv"),
        coverage=pd.read_csv(data / "coverage.csv"), resamples=100,
    )  # fmt: skip


@pytest.fixture(scope="module")
def planted() -> dict[str, dict[str, Any]]:
    truth = json.loads((example_data() / "truth.json").read_text(encoding="utf-8"))
    return {spot["id"]: spot for spot in truth["places"]["hot_spots"]}


def cluster_at(spots: HotSpots, spot: dict[str, Any]) -> pd.Series:
    """Return the cluster that meets the planted disc."""
    disc = shapely.Point(spot["easting"], spot["northing"]).buffer(spot["radius_m"])
    found = spots.clusters[spots.clusters.intersects(disc)]
    assert len(found) == 1, spot["id"]
    return found.iloc[0]


@pytest.mark.parametrize("name", ["three-way", "force-border"])
def test_the_two_that_nobody_sees_alone(spots: HotSpots, planted: dict[str, dict[str, Any]], name: str) -> None:
    cluster = cluster_at(spots, planted[name])
    assert cluster["crosses_boundary"]
    assert cluster["found_alone_by"] == ()
    assert cluster["only_visible_together"]


def test_the_lopsided_one_is_seen_by_the_authority_that_holds_most_of_it(
    spots: HotSpots, planted: dict[str, dict[str, Any]]
) -> None:
    cluster = cluster_at(spots, planted["lopsided"])
    assert cluster["found_alone_by"] == ("eskerby",)
    assert cluster["crosses_boundary"]
    assert not cluster["only_visible_together"]
    assert cluster["lead_authority"] == "eskerby"


def test_nothing_else_is_hot_but_the_home_with_an_excess(spots: HotSpots, planted: dict[str, dict[str, Any]]) -> None:
    # Missing episodes at a home's own address make no hot spot, nor does the force that records 0.6 as much.
    discs = [shapely.Point(s["easting"], s["northing"]).buffer(s["radius_m"]) for s in planted.values()]
    other = spots.clusters[~spots.clusters.intersects(shapely.union_all(discs))]
    homes = gpd.read_file(example_data() / "buildings.geojson").set_index("id").geometry
    assert [bool(shape.distance(homes["B1"]) < 250) for shape in other.geometry] == [True]
    assert spots.clusters.distance(homes["B2"]).min() > 1000


def test_each_claim_counts_once(spots: HotSpots) -> None:
    truth = json.loads((example_data() / "truth.json").read_text(encoding="utf-8"))["places"]
    # The hospital sends no claim ids, so its rows can be joined to nobody's: at most that many count again.
    recorded = truth["events"]["recorded_by_somebody"]
    assert recorded <= len(spots.events) <= recorded + truth["hospital_place_rows"]


def test_a_source_is_compared_only_where_the_same_others_record(spots: HotSpots) -> None:
    # What is left to the ambulance service depends on how much the police record: two strata, not one.
    ambulance = [organisation for source, organisation, _ in spots.strata.names if source == "ambulance"]
    assert ambulance == ["ambulance beside north_police", "ambulance beside south_police"]
    assert any("who records beside it" in note for note in spots.notes)


def test_doubtful_borders_are_flagged(spots: HotSpots) -> None:
    table = spots.border_events
    assert len(table)
    assert (table["distance_m"] <= table["accuracy_m"]).all()
    assert (table["authority"] != table["neighbour"]).all()
    assert set(np.unique(table["accuracy_m"])) <= {10.0, 25.0, 100.0}


def test_what_a_notebook_shows_holds_no_place(spots: HotSpots) -> None:
    shown = spots._repr_html_() + repr(spots) + " ".join(spots.sentences())
    assert "Visible only together" in shown
    assert "438" not in shown
    assert "339" not in shown
