"""Sources without claim ids: how many may count twice is said, and joined only by a rule that was agreed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskshare.places.points import check_points
from riskshare.places.strata import whole_claims
from riskshare.places.unlinked import join_unlinked, unlinked_notes, unlinked_sources


def points(*rows: tuple[str, object, float, int], category: str = "violence") -> gpd.GeoDataFrame:
    """Rows of source, claim id, metres east, day of March."""
    table = pd.DataFrame(rows, columns=["source", "claim_id", "x", "day"])
    return gpd.GeoDataFrame(
        {
            "source": table["source"],
            "claim_id": table["claim_id"],
            "category": category,
            "date": [f"2026-03-{day:02}" for day in table["day"]],
            "precision_m": np.where(table["source"] == "hospital", 100.0, 10.0),
        },
        geometry=gpd.points_from_xy(430_000 + table["x"], np.full(len(table), 340_000)), crs=27700,
    )  # fmt: skip


FIRST = (("police", "a", 0, 1), ("ambulance", "a", 5, 1), ("police", "b", 500, 3))


def test_who_shares_no_claim_while_others_do() -> None:
    assert unlinked_sources(check_points(points(*FIRST, ("hospital", None, 50, 1)))) == ("hospital",)
    # Where nobody shares any, nothing says that they see the same events.
    assert unlinked_sources(check_points(points(FIRST[0], ("hospital", None, 50, 1)))) == ()


def test_what_may_count_twice_is_counted_and_said() -> None:
    rows = (
        ("hospital", None, 50, 1),
        ("hospital", None, 105, 2),
        ("hospital", None, 120, 1),
        ("hospital", None, 50, 9),
    )
    (note,) = unlinked_notes(check_points(points(*FIRST, *rows)))
    assert "2 of its 4 events" in note
    assert "join_within" in note
    assert unlinked_notes(check_points(points(*FIRST))) == ()


def test_the_nearest_day_then_the_nearest_place_is_taken_once() -> None:
    rows = (("hospital", None, 90, 1), ("hospital", None, 20, 2), ("hospital", None, 30, 1))
    read = check_points(points(*FIRST, *rows))
    joined, notes = join_unlinked(read, 100.0, 1)
    # The same day before the next one, 30 m before 90 m; what is left stays an event of its own.
    assert joined.claim[5] == joined.claim[0]
    assert len({*joined.claim[[0, 3, 4]].tolist()}) == 3
    assert len(whole_claims(joined)) == len(whole_claims(read)) - 1
    assert notes == (
        "hospital shares no claim id: 1 of its 3 events were taken for the nearest claim of another source, within "
        "100 m and 1 days, as asked.",
    )


def test_other_categories_undated_events_and_where_we_looked_are_left_apart() -> None:
    one = check_points(points(*FIRST, ("hospital", None, 5, 1)).assign(category=["v", "v", "v", "other"]))
    undated = check_points(points(*FIRST, ("hospital", None, 5, 1)).assign(date=["2026-03-01"] * 3 + [None]))
    looked = check_points(
        points(*FIRST, ("hospital", None, 5, 1)).assign(arises_from=["agency_initiated"] * 3 + ["reported"])
    )
    for read in (one, undated, looked):
        np.testing.assert_array_equal(join_unlinked(read, 100.0, 1)[0].claim, read.claim)


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_but_claims_changes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [("hospital", None, float(rng.integers(0, 400)), int(rng.integers(1, 5))) for _ in range(30)]
    read = check_points(points(*FIRST, *rows))
    joined, _ = join_unlinked(read, 60.0, 2)
    for name in ("x", "y", "source", "day", "category", "row"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(read, name))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["hospital", "police"]), st.integers(0, 300), st.integers(1, 4)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_no_order_of_rows_changes_what_is_joined(drawn: list[tuple[str, int, int]], shuffle: object) -> None:
    rows = [*FIRST, *((source, None, float(x), day) for source, x, day in drawn)]
    turned = list(rows)
    shuffle.shuffle(turned)  # type: ignore[attr-defined]
    kept = []
    for order in (rows, turned):
        whole = whole_claims(join_unlinked(check_points(points(*order)), 80.0, 1)[0])
        kept.append(sorted(zip(whole.source.tolist(), whole.x.tolist(), whole.day.tolist(), strict=True)))
    assert kept[0] == kept[1]
