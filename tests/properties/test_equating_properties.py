"""What holds of every link between two margins."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from riskshare.kernels.agreement import split
from riskshare.kernels.equating import (
    along_knots,
    circle_arc,
    equipercentile,
    equipercentile_knots,
    linear,
    loglinear,
    loglinear_bic,
)

house = settings(max_examples=60, deadline=None)
margins = st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any).map(lambda f: np.array(f, dtype=float))
shares = st.floats(0.01, 0.99)


@house
@given(margins, margins)
def test_links_never_fall_and_stay_on_the_scale(x: np.ndarray, y: np.ndarray) -> None:
    link = equipercentile(x, y)
    assert (np.diff(link) >= 0.0).all()
    assert link.min() >= -0.5
    assert link.max() <= y.size - 0.5
    for knots in equipercentile_knots(x, y):
        assert (np.diff(knots) >= 0.0).all()


@house
@given(margins)
def test_a_scale_links_to_itself_as_the_identity(x: np.ndarray) -> None:
    used = np.flatnonzero(x)
    np.testing.assert_allclose(equipercentile(x, x)[used], used, atol=1e-9)
    places = np.linspace(-0.5, x.size - 0.5, 41)
    np.testing.assert_allclose(along_knots(places, *equipercentile_knots(x, x)), places, atol=1e-9)


@house
@given(margins, margins, st.lists(st.floats(-0.45, 0.45), min_size=1, max_size=5))
def test_there_and_back_is_the_identity_where_there_are_cases(
    x: np.ndarray, y: np.ndarray, offsets: list[float]
) -> None:
    places = np.add.outer(np.flatnonzero(x), offsets).ravel()
    knots_x, knots_y = equipercentile_knots(x, y)
    there = along_knots(places, knots_x, knots_y)
    np.testing.assert_allclose(along_knots(there, knots_y, knots_x), places, atol=1e-9)


@house
@given(margins, margins)
def test_knots_and_table_agree_at_scores_with_cases(x: np.ndarray, y: np.ndarray) -> None:
    used = np.flatnonzero(x)
    np.testing.assert_allclose(
        along_knots(used, *equipercentile_knots(x, y)), equipercentile(x, y)[used], atol=1e-9
    )  # fmt: skip


@house
@given(margins, margins)
def test_counting_from_the_other_end_mirrors_the_link(x: np.ndarray, y: np.ndarray) -> None:
    mirrored = (y.size - 1) - equipercentile(x[::-1], y[::-1])[::-1]
    np.testing.assert_allclose(equipercentile(x, y), mirrored, atol=1e-9)


@house
@given(margins, margins, st.floats(0.001, 1000.0))
def test_only_shares_matter(x: np.ndarray, y: np.ndarray, times: float) -> None:
    np.testing.assert_allclose(equipercentile(x * times, y), equipercentile(x, y), atol=1e-9)


@house
@given(st.lists(st.lists(st.integers(0, 60), min_size=8, max_size=8), min_size=2, max_size=6), st.data())
def test_the_order_of_samples_in_a_batch_does_not_matter(rows: list[list[int]], data: st.DataObject) -> None:
    batch = np.array(rows, dtype=float)
    mixed = np.array(data.draw(st.permutations(range(len(rows)))))
    (once, degree), (again, degree_again) = loglinear_bic(batch), loglinear_bic(batch[mixed])
    np.testing.assert_allclose(again, once[mixed], rtol=1e-8, atol=1e-12)
    assert degree_again.tolist() == degree[mixed].tolist()
    if batch.any(axis=1).all():
        np.testing.assert_array_equal(equipercentile(batch[mixed], batch[0]), equipercentile(batch, batch[0])[mixed])


@house
@given(margins, st.integers(0, 7))
def test_smoothed_moments_are_the_raw_ones(x: np.ndarray, degree: int) -> None:
    smoothed = loglinear(x, degree)
    assert (smoothed >= 0.0).all()
    place = np.linspace(-1.0, 1.0, x.size)
    for k in range(degree + 1):
        assert abs((smoothed - x) @ place**k) <= 1e-8 * x.sum()


@house
@given(margins)
def test_the_chosen_degree_keeps_its_moments(x: np.ndarray) -> None:
    smoothed, degree = loglinear_bic(x)
    place = np.linspace(-1.0, 1.0, x.size)
    for k in range(int(degree) + 1):
        assert abs((smoothed - x) @ place**k) <= 1e-8 * x.sum()


@house
@given(shares, shares)
def test_arcs_rise_meet_three_points_and_turn_back(mean_x: float, mean_y: float) -> None:
    x = np.linspace(0.0, 1.0, 31)
    y = circle_arc(x, mean_x, mean_y, 0, 1, 0, 1)
    assert (np.diff(y) >= -1e-12).all()
    assert (y[0], y[-1]) == (0.0, 1.0)
    np.testing.assert_allclose(circle_arc(mean_x, mean_x, mean_y, 0, 1, 0, 1), mean_y, atol=1e-7)
    inner = y[(y > 1e-3) & (y < 1 - 1e-3)]
    back = circle_arc(inner, mean_y, mean_x, 0, 1, 0, 1)
    np.testing.assert_allclose(circle_arc(back, mean_x, mean_y, 0, 1, 0, 1), inner, atol=1e-6)


@house
@given(st.floats(-50, 50), st.floats(0.1, 20), st.floats(-50, 50), st.floats(0.1, 20), st.floats(-100, 100))
def test_linear_links_turn_back(mean_x: float, sd_x: float, mean_y: float, sd_y: float, x: float) -> None:
    slope, intercept = linear(mean_x, sd_x, mean_y, sd_y)
    back_slope, back_intercept = linear(mean_y, sd_y, mean_x, sd_x)
    np.testing.assert_allclose(back_slope * (slope * x + intercept) + back_intercept, x, atol=1e-6)


@house
@given(st.floats(0, 1), st.floats(0, 1))
def test_disagreement_is_bar_and_judgement_exactly(p10: float, p01: float) -> None:
    assume(p10 + p01 <= 1.0)
    total, bar, judgement = split(p10, p01)
    assert total == bar + judgement
    np.testing.assert_allclose(total, p10 + p01, rtol=1e-15, atol=1e-300)
    assert bar >= 0.0
    assert judgement >= 0.0
