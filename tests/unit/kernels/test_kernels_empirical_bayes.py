"""Shrunk rates: by hand, between the raw and the overall rate, and honest about places without people."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.rates import empirical_bayes


@pytest.mark.parametrize("seed", range(4))
def test_rates_move_towards_the_overall_rate_the_more_the_fewer_the_people(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = rng.integers(50, 5000, 60).astype(float)
    events = rng.poisson(people * rng.gamma(4.0, 0.01, 60))
    raw, overall, shrunk = events / people, events.sum() / people.sum(), empirical_bayes(events, people)
    assert ((shrunk - overall) * (raw - overall) >= -1e-15).all()
    assert (np.abs(shrunk - overall) <= np.abs(raw - overall) + 1e-15).all()
    kept = (shrunk - overall) / (raw - overall)
    order = np.argsort(people)
    assert (np.diff(kept[order]) >= -1e-9).all()


def test_rates_that_differ_by_chance_alone_become_one() -> None:
    """The variance between places clamps to 0: 10 of 100 everywhere but for less than chance."""
    assert empirical_bayes([10, 11, 9], [100, 100, 100]).tolist() == pytest.approx([0.1] * 3)
    assert empirical_bayes([0, 0], [10, 20]).tolist() == [0.0, 0.0]


def test_a_place_without_people_has_the_overall_rate_and_changes_no_other() -> None:
    with_it = empirical_bayes([1, 30, 0], [100, 200, 0])
    assert with_it[:2].tolist() == empirical_bayes([1, 30], [100, 200]).tolist()
    assert with_it[2] == pytest.approx(31 / 300)


def test_nothing_gives_nothing() -> None:
    assert empirical_bayes([], []).size == 0


@pytest.mark.parametrize(
    ("events", "population", "message"),
    [
        ([1], [1, 2], "must be"),
        ([[1]], [[1]], "must be"),
        ([-1], [1], "0 or more"),
        ([1], [-1], "0 or more"),
        ([np.nan], [1], "finite"),
        ([1], [np.inf], "finite"),
        ([1, 2, 3], [0, 10, 0], "2 places have events and no population"),
        ([0, 0], [0, 0], "No place has any population"),
    ],
)
def test_what_has_no_rate_is_refused(events: object, population: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        empirical_bayes(events, population)  # type: ignore[arg-type]
