"""Forecasts are judged on what came after, and never see it."""

from __future__ import annotations

import datetime as dt
import importlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from riskshare.errors import ArgumentError, PlaceError
from riskshare.places.backtest import BackTest, Split, back_test, rolling_splits
from riskshare.places.evaluation import CURVE_COLUMNS, evaluate
from riskshare.places.forecasters import FORECASTERS, Forecast, Training, plain_counts

X, Y = 430_000.0, 340_000.0
ROOT = Path(__file__).parents[3]
SPLIT = Split(dt.date(2024, 1, 1), dt.date(2024, 7, 1), dt.date(2024, 7, 1), dt.date(2025, 1, 1))
BEFORE, AFTER = "2024-03-05", "2024-09-05"


def areas(*ends: float) -> gpd.GeoDataFrame:
    shapes = [shapely.box(X + a, Y, X + b, Y + 1_000) for a, b in pairwise((0.0, *ends))]
    return gpd.GeoDataFrame({"code": [f"a{n}" for n in range(len(shapes))]}, geometry=shapes, crs=27700)


ONE = areas(1_000)


def events(*lines: tuple[int, str, int], **columns: Any) -> gpd.GeoDataFrame:
    """Return events from (column of 250 m cells in the southernmost row, day, how many)."""
    cell = [where for where, _, n in lines for _ in range(n)]
    date = [day for _, day, n in lines for _ in range(n)]
    shapes = [shapely.Point(X + 250 * where + 125, Y + 125) for where in cell]
    return gpd.GeoDataFrame({"date": date, **columns}, geometry=shapes, crs=27700)


class Watch:
    """A forecaster that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen: list[Training] = []

    def __call__(self, training: Training) -> Forecast:
        self.seen.append(training)
        return plain_counts(training)


def run(points: gpd.GeoDataFrame, over: gpd.GeoDataFrame = ONE, **options: Any) -> BackTest:
    return back_test(points, over, **{"splits": [SPLIT], "n_resamples": 49, **options})


# ------------------------------------------------------------------------------------------------ the future


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 364)), min_size=1, max_size=30), st.integers(0, 2**16))
@settings(max_examples=15, deadline=None)
def test_nothing_that_happens_later_reaches_a_forecast(later: list[tuple[int, int]], seed: int) -> None:
    sure = [(1, BEFORE, 3), (2, "2024-06-30", 1), (0, AFTER, 2), (0, "2024-07-01", 1)]
    claims = [str(n) for n in range(7)]
    plain = Watch()
    run(events(*sure, claim_id=claims), forecasters={"watch": plain}, shares=[0.5])
    days = [(dt.date(2024, 7, 1) + dt.timedelta(days=day)).isoformat() for _, day in later]
    more = [*sure, *((cell, day, 1) for (cell, _), day in zip(later, days, strict=True))]
    # Later reports of the same claims, too, and in any order of rows.
    repeated = [*claims, *(str(cell) for cell, _ in later)]
    crowded = Watch()
    shuffled = events(*more, claim_id=repeated).sample(frac=1, random_state=seed)
    run(shuffled, forecasters={"watch": crowded}, shares=[0.5])
    assert crowded.seen[0].counts.tolist() == plain.seen[0].counts.tolist()
    assert plain.seen[0].counts[0, :4].tolist() == [0, 3, 1, 0]


@pytest.mark.parametrize(
    "days",
    [
        ("2024-01-01", "2024-07-02", "2024-07-01", "2025-01-01"),
        ("2024-07-01", "2024-07-01", "2024-07-01", "2025-01-01"),
        ("2024-01-01", "2024-07-01", "2024-07-01", "2024-07-01"),
        ("2024-07-01", "2025-01-01", "2024-01-01", "2024-07-01"),
    ],
)
def test_a_test_must_begin_when_training_is_over(days: tuple[str, ...]) -> None:
    with pytest.raises(ArgumentError, match="may see the future"):
        run(events((0, BEFORE, 1), (0, AFTER, 1)), splits=[Split(*map(dt.date.fromisoformat, days))])


def test_what_was_recorded_later_was_not_known() -> None:
    watch = Watch()
    points = events((0, BEFORE, 2), (1, BEFORE, 2), (1, AFTER, 1))
    points["recorded_date"] = ["2024-03-06", None, "2024-06-30", "2024-07-01", "2024-09-06"]
    run(points, forecasters={"watch": watch})
    assert watch.seen[0].counts[0, :4].tolist() == [2, 1, 0, 0]


def test_a_claim_already_known_is_no_new_event() -> None:
    points = events((0, BEFORE, 1), (0, AFTER, 1), (1, AFTER, 1), claim_id=["c", "c", "d"])
    curves = run(points, forecasters={"counts": plain_counts}).curves
    assert curves["n_events"].unique().tolist() == [1]


# ------------------------------------------------------------------------------------------------ the figures


def test_the_indices_by_hand() -> None:
    # 16 cells. Learnt: 3, 1 in the first two; happened: 4, 2, 2 in the first three.
    points = events((0, BEFORE, 3), (1, BEFORE, 1), (0, AFTER, 4), (1, AFTER, 2), (2, AFTER, 2))
    result = run(points, forecasters={"counts": plain_counts}, shares=[1 / 16, 2 / 16, 0.05])
    first, second, none = result.curves[result.curves["authority"] == "all"].itertuples()
    assert (first.hit_rate, first.pai, first.pei) == (0.5, 8.0, 1.0)
    assert (second.hit_rate, second.pai, second.pei) == (0.75, 6.0, 1.0)
    # 184 days are judged after 182 of learning.
    assert second.rri == pytest.approx(4 * 184 / 182 / 6)
    assert none.hit_rate == 0
    assert np.isnan(none.pai)
    assert np.isnan(none.pei)
    assert first.pai_low <= first.pai <= first.pai_high


def test_a_flat_forecast_earns_nothing() -> None:
    def flat(training: Training) -> Forecast:
        return Forecast(np.ones(training.counts.shape), "score")

    points = events((0, BEFORE, 1), (0, AFTER, 4), (1, AFTER, 2))
    table = run(points, forecasters={"flat": flat}).table((0.10, 0.20))
    assert table["hit_rate"].tolist() == [0, 0]
    assert table["rri"].isna().all()


def test_one_authority_does_not_carry_another() -> None:
    # The first repeats itself; what the second had before tells nothing of after.
    points = events((0, BEFORE, 9), (0, AFTER, 9), (4, BEFORE, 3), (7, AFTER, 3))
    curves = run(points, areas(1_000, 2_000, 3_000), shares=[0.0625]).curves
    counts = curves[curves["forecast"] == "plain counts"].set_index("authority")
    assert counts.loc["a0", "hit_rate"] == 1
    assert counts.loc["a1", "hit_rate"] == 0
    assert counts.loc["a2", "n_events"] == 0
    assert np.isnan(counts.loc["a2", "pai"])
    assert counts.loc["all", "hit_rate"] == pytest.approx(0.75)
    assert tuple(name for name in curves if name not in ("split", "forecast")) == CURVE_COLUMNS


def test_ground_that_nobody_covered_is_no_area() -> None:
    looked = pd.DataFrame({"source": "all", "area": ["a0"], "from": ["2024-01-01"], "until": ["2025-01-01"]})
    watch = Watch()
    points = events((0, BEFORE, 2), (0, AFTER, 1), (1, AFTER, 1))
    result = run(points, areas(1_000, 3_000), forecasters={"watch": watch}, coverage=looked, shares=[1 / 16])
    assert watch.seen[0].covered.sum() == pytest.approx(16)
    assert result.curves.set_index("authority").loc["all", "pai"] == pytest.approx(0.5 * 16)


def test_every_shipped_forecast_finds_what_repeats() -> None:
    points = events((0, BEFORE, 20), (3, BEFORE, 1), (0, AFTER, 20), (3, AFTER, 1))
    table = run(points, shares=[1 / 16]).table((1 / 16,))
    assert table["forecast"].tolist() == list(FORECASTERS)
    assert (table["hit_rate"] > 0.9).all()
    assert "20 events" not in repr(run(points))


def test_splits_roll() -> None:
    splits = rolling_splits(dt.date(2024, 1, 1), dt.date(2024, 7, 1), train_months=3, test_months=1)
    assert [split.test_from.month for split in splits] == [4, 5, 6]
    assert all(split.train_until == split.test_from for split in splits)
    monthly = events(*((month % 4, f"2024-{month:02d}-10", 2) for month in range(1, 7)))
    result = run(monthly, splits=splits, forecasters={"counts": plain_counts}, shares=[0.5])
    assert result.curves["split"].unique().tolist() == [0, 1, 2]
    assert repr(result) == "BackTest(3 splits, 1 forecasts)"


def test_a_judged_map_is_the_back_test_when_it_ranks_alike() -> None:
    points = events((0, BEFORE, 3), (1, BEFORE, 1), (0, AFTER, 4), (1, AFTER, 2), (2, AFTER, 2))
    corners = [(X + a, Y + b) for b in range(0, 1_000, 250) for a in range(0, 1_000, 250)]
    cells = [shapely.box(x, y, x + 250, y + 250) for x, y in corners]
    drawn = gpd.GeoDataFrame({"n": [3, 1, *[0] * 13, None]}, geometry=cells, crs=27700)
    found = evaluate(
        drawn, points.iloc[4:], ONE, value="n", unit="events", scale=184 / 182, n_resamples=49, shares=[0.1, 0.2]
    )
    wanted = run(points, forecasters={"counts": plain_counts}, shares=[0.1, 0.2]).curves
    pd.testing.assert_frame_equal(found[["hit_rate", "pai", "pei"]], wanted[["hit_rate", "pai", "pei"]])
    cut = evaluate(drawn.iloc[:1], points.iloc[4:], ONE, value="n", n_resamples=9, shares=[1.0])
    assert cut["n_events"].tolist() == [4, 4]
    with pytest.raises(PlaceError, match="not_events"):
        evaluate(drawn.assign(n=-1), points, ONE, value="n", unit="events")
    assert "4 events lie in no unit and were left out." in cut.attrs["notes"]


# ------------------------------------------------------------------------------------------------ what is refused


def test_every_wrong_argument_is_named() -> None:
    points = events((0, BEFORE, 1), (0, AFTER, 1))
    with pytest.raises(ArgumentError) as caught:
        back_test(points, ONE, splits=[], forecasters={}, shares=[0], n_resamples=0, seed=-1)
    assert len(caught.value.problems) == 5
    with pytest.raises(ArgumentError) as caught:
        evaluate(points, points, ONE, value=3, unit="rate", scale=0, n_resamples=0, seed=None, shares=2)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 6
    with pytest.raises(ArgumentError, match="first day of a month"):
        rolling_splits(dt.date(2024, 1, 2), dt.date(2025, 1, 1), train_months=3, test_months=1)
    with pytest.raises(ArgumentError, match="at least one"):
        rolling_splits(dt.date(2024, 1, 1), dt.date(2024, 2, 1), train_months=3, test_months=1)


@pytest.mark.parametrize("lines", [[(0, BEFORE, 1)], [(0, AFTER, 1)], [(9, BEFORE, 1), (0, AFTER, 1)]])
def test_a_period_without_events_is_named(lines: list[tuple[int, str, int]]) -> None:
    with pytest.raises(PlaceError, match="empty_period"):
        run(events(*lines))


def test_a_forecast_must_cover_the_grid() -> None:
    points = events((0, BEFORE, 1), (0, AFTER, 1))
    for values in (np.ones(3), np.full((5, 5), np.nan)):
        with pytest.raises(PlaceError, match="not_a_forecast"):
            run(points, forecasters={"odd": lambda _, v=values: Forecast(v, "score")})


def test_a_recording_date_that_cannot_be_read_is_named_by_row() -> None:
    points = events((0, BEFORE, 1), (0, AFTER, 1), recorded_date=["2024-03-06", "soon"])
    with pytest.raises(PlaceError, match="row 2"):
        run(points)


@pytest.mark.parametrize(
    ("forecast", "code"),
    [
        (pd.DataFrame({"n": [1]}), "not_a_forecast"),
        (ONE.assign(n=None), "empty_forecast"),
        (ONE.assign(n="many"), "empty_forecast"),
        (ONE.assign(n=1).set_crs(None, allow_override=True), "no_crs"),
        (ONE.assign(n=1).set_geometry([shapely.box(X, Y + 500, X + 9, Y + 600)], crs=27700), "nothing_to_judge"),
    ],
)
def test_forecasts_that_cannot_be_judged(forecast: Any, code: str) -> None:
    with pytest.raises(PlaceError, match=code):
        evaluate(forecast, events((0, AFTER, 1)), ONE, value="n")


# ------------------------------------------------------------------------------------------------ the program


def test_the_program_prints_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    months = [f"2024-{month:02d}" for month in rng.integers(1, 7, 200)]
    table = pd.DataFrame({
        "month": months, "longitude": rng.normal(-2.20, 0.004, 200), "latitude": rng.normal(53.45, 0.004, 200),
    })  # fmt: skip
    table.to_csv(tmp_path / "points.csv", index=False)
    box = gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.box(-2.22, 53.43, -2.18, 53.47)], crs=4326)
    box.to_file(tmp_path / "areas.geojson")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    program = importlib.import_module("backtest")
    paths = [str(tmp_path / "points.csv"), str(tmp_path / "areas.geojson")]
    assert program.main([*paths, "--test-from", "2024-05-01", "--resamples", "19"]) == 0
    printed = capsys.readouterr().out
    assert "| plain counts | " in printed
    assert "learnt 2024-01-01 to 2024-05-01, judged to 2024-07-01" in printed
