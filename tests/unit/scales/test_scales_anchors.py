"""Tests of ``riskshare.kernels.anchors``."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.anchors import from_axis, piecewise_linear, reverse, to_axis

AXES = ("plain", "logit", "log")


@pytest.mark.parametrize("axis", AXES)
def test_empty_in_empty_out(axis: str) -> None:
    assert to_axis([], axis, margin=0.1).shape == from_axis([], axis).shape == (0,)
    assert reverse([], 0, 1).shape == piecewise_linear([], [0, 1], [0, 1]).shape == (0,)


@pytest.mark.parametrize("axis", AXES)
def test_missing_stays_missing(axis: str) -> None:
    assert np.isnan(to_axis([np.nan], axis, margin=0.1)).all()
    assert np.isnan(from_axis([np.nan], axis)).all()
    assert np.isnan(piecewise_linear([np.nan], [0, 1], [0, 1])).all()


@pytest.mark.parametrize("axis", AXES)
def test_there_and_back(axis: str) -> None:
    x = np.array([0.5, 1.0, 3.0, 6.9, 50.0, 99.5])
    assert from_axis(to_axis(x, axis, whole=100.0, margin=0.5), axis, whole=100.0) == pytest.approx(x, rel=1e-12)


def test_extreme_log_odds_do_not_overflow() -> None:
    assert from_axis([-800.0, 800.0], "logit").tolist() == [0.0, 1.0]


def test_flat_beyond_the_ends_and_exact_at_every_anchor() -> None:
    xs, ys = [0.0, 0.1, 0.7], [0.0, 0.3, 89.1]
    assert piecewise_linear([-1.0, *xs, 9.0, np.inf], xs, ys).tolist() == [0.0, *ys, 89.1, 89.1]


def test_against_numpy_s_own() -> None:
    rng = np.random.default_rng(1)
    xs, ys = np.sort(rng.uniform(size=6)), np.sort(rng.uniform(size=6))
    x = rng.uniform(-0.2, 1.2, 1000)
    assert piecewise_linear(x, xs, ys) == pytest.approx(np.interp(x, xs, ys), abs=1e-12)


@pytest.mark.parametrize(
    ("xs", "ys"),
    [([0], [0]), ([0, 1], [0]), ([0, 0], [0, 1]), ([1, 0], [0, 1]), ([0, 1], [1, 0]), ([[0, 1]], [[0, 1]])],
)
def test_anchors_that_do_not_rise_are_refused(xs: list, ys: list) -> None:
    with pytest.raises(ValueError, match="nchors"):
        piecewise_linear([0.5], xs, ys)


def test_arguments_are_left_alone() -> None:
    x = np.array([1.0, 2.0])
    for axis in AXES:
        to_axis(x, axis, whole=100.0, margin=1.5)
    piecewise_linear(x, [0, 1], [0, 1])
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("axis", "margin"), [("log", 0.0), ("logit", 0.0), ("logit", -1.0), ("logit", 0.5)])
def test_an_axis_without_ends_needs_a_margin(axis: str, margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        to_axis([0.0], axis, margin=margin)
