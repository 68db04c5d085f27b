"""Local near repeats: what is refused, what is empty, and that differences decide at the edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskshare.kernels.local_near_repeat import local_knox


def test_no_event_and_one() -> None:
    assert local_knox([], [], [], 1, 1).p.size == 0
    alone = local_knox([1], [2], [3], 1, 1)
    assert (alone.observed.tolist(), alone.soon.tolist(), alone.p.tolist()) == ([0], [0], [1.0])


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 400)), min_size=1, max_size=25),
    st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_a_loop_whatever_the_rounding(rows: list[tuple[int, int, int]], tenths: int) -> None:
    # Tenths of days are no binary fractions: t + days and a difference round differently.
    x, y, t = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    t, days = t / 10, tenths / 10
    found = local_knox(x, y, t, 2.5, days)
    soon = (np.abs(t[:, None] - t[None, :]) < days) & ~np.eye(t.size, dtype=bool)
    near = (np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) < 2.5) & ~np.eye(t.size, dtype=bool)
    assert found.soon.tolist() == soon.sum(axis=1).tolist()
    assert found.near.tolist() == near.sum(axis=1).tolist()
    assert found.observed.tolist() == (soon & near).sum(axis=1).tolist()
    assert ((found.p > 0) & (found.p <= 1)).all()
    assert found.observed.sum() % 2 == 0


def test_strata_are_looked_at_apart_and_order_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    x, y, t, strata = rng.uniform(0, 9, 40), rng.uniform(0, 9, 40), rng.integers(0, 30, 40), rng.integers(0, 2, 40)
    found = local_knox(x, y, t, 3, 4, strata=strata)
    for label in (0, 1):
        rows = strata == label
        apart = local_knox(x[rows], y[rows], t[rows], 3, 4)
        np.testing.assert_array_equal(found.p[rows], apart.p)
        np.testing.assert_array_equal(found.expected[rows], apart.expected)
    turned = local_knox(x[::-1], y[::-1], t[::-1], 3, 4, strata=strata[::-1])
    np.testing.assert_allclose(turned.p[::-1], found.p, rtol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: local_knox([1], [1, 2], [1], 1, 1),
        lambda: local_knox([np.nan], [1], [1], 1, 1),
        lambda: local_knox([1], [1], [1], 0, 1),
        lambda: local_knox([1], [1], [1], 1, -1),
        lambda: local_knox([1], [1], [1], np.nan, 1),
        lambda: local_knox([1], [1], [1], 1, 1, metric="great circle"),
    ],
)
def test_what_cannot_be_counted_is_refused(call: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        call()
