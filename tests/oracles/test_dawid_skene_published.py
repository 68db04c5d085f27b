"""Dawid–Skene: the anaesthetists of 1979, crowd-kit's steps on random labels, and a slow obvious twin."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from riskshare.kernels.reliability import DawidSkene, dawid_skene

# Dawid & Skene 1979, table 1: 45 patients; the first observer's three labels, then those of the other four.
TABLE_1 = """
111 1111|333 4334|112 2122|222 3121|222 3222|222 3322|122 2111|333 3433|222 2223|232 2223|444 4444|222 3343|111 1111
222 3212|121 1111|111 2111|111 1111|111 1111|222 2221|222 1322|222 2222|222 2221|222 3222|221 2222|111 1111|111 1111
232 2222|111 1111|111 1111|112 1121|111 1111|333 3233|111 1111|222 2222|222 3232|433 4343|221 2232|232 3233|333 3432
111 1111|111 1111|121 2111|232 2222|121 1111|222 2222
"""


def patients() -> tuple[list[int], list[int], list[int]]:
    item, rater, label = [], [], []
    for number, patient in enumerate(TABLE_1.strip().replace("\n", "|").split("|")):
        for place, given in enumerate(patient.replace(" ", "")):
            item.append(number)
            rater.append(max(place - 2, 0))
            label.append(int(given) - 1)
    return item, rater, label


def test_the_anaesthetists_of_1979() -> None:
    """Their marginals .40, .42, .11, .07 and the first observer's rates; −192.89 from the vote (trust, 2.6)."""
    found = dawid_skene(*patients(), 4, tol=1e-13, max_iter=5_000)
    assert found.class_shares.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert found.error_rates[0, 0].round(2).tolist() == [0.89, 0.11, 0.0, 0.0]
    assert found.error_rates[0, 1].round(2).tolist() == [0.07, 0.88, 0.05, 0.0]
    assert round(found.log_likelihood, 2) == -192.89


def test_a_start_off_the_vote_climbs_higher() -> None:
    """−191.57 is known to be reached (trust, 2.6): the vote's own top is not the highest."""
    item, rater, label = patients()
    rng = np.random.default_rng(1)
    vote = dawid_skene(item, rater, label, 4, max_iter=1).posteriors
    starts = [0.5 * vote + 0.5 * rng.dirichlet(np.full(4, 0.3), 45) for _ in range(40)]
    found = [dawid_skene(item, rater, label, 4, start=start, tol=1e-10, max_iter=2_000) for start in starts]
    assert round(max(one.log_likelihood for one in found), 2) >= -191.57


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(seed)
    classes, raters, items = int(rng.integers(2, 5)), int(rng.integers(3, 7)), 40
    true, right = rng.integers(0, classes, items), rng.uniform(0.4, 0.95, raters)
    item, rater = np.repeat(np.arange(items), 3), np.concatenate([rng.permutation(raters)[:3] for _ in range(items)])
    said = rng.integers(0, classes, item.size)
    return item, rater, np.where(rng.random(item.size) < right[rater], true[item], said), classes


@pytest.mark.parametrize("seed", range(12))
def test_crowd_kit_takes_the_same_steps(seed: int) -> None:
    aggregation = pytest.importorskip("crowdkit.aggregation")
    import pandas as pd

    item, rater, label, classes = draw(seed)
    frame = pd.DataFrame({"task": item, "worker": rater, "label": label})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's own
        theirs = aggregation.DawidSkene(n_iter=6, tol=-np.inf).fit(frame)
    ours = dawid_skene(item, rater, label, classes, tol=-np.inf, max_iter=6)
    chances = theirs.probas_.sort_index().sort_index(axis=1).to_numpy()
    assert np.abs(chances - ours.posteriors).max() < 1e-8  # it cuts them at 1e-10 when it is done
    next_step = dawid_skene(item, rater, label, classes, tol=-np.inf, max_iter=7)
    shares = theirs.priors_.sort_index().to_numpy()
    assert np.abs(shares - next_step.class_shares).max() < 1e-8


def slow_step(item: np.ndarray, rater: np.ndarray, label: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return shares, rates and new probabilities, one label at a time."""
    raters, classes = int(rater.max()) + 1, chance.shape[1]
    rates = np.zeros((raters, classes, classes))
    for i, r, given in zip(item, rater, label, strict=True):
        rates[r, :, given] += chance[i]
    for r, given in {(int(r), int(given)) for r, given in zip(rater, label, strict=True)}:
        rates[r, :, given] = np.maximum(rates[r, :, given], 1e-10)
    rates /= rates.sum(axis=2, keepdims=True)
    shares = chance.mean(axis=0)
    likely = np.tile(shares, (chance.shape[0], 1))
    for i, r, given in zip(item, rater, label, strict=True):
        likely[i] *= rates[r, :, given]
    return shares, rates, likely / likely.sum(axis=1, keepdims=True), np.log(likely.sum(axis=1)).sum()


@pytest.mark.parametrize("seed", range(20, 32))
def test_a_slow_twin_takes_the_same_steps(seed: int) -> None:
    item, rater, label, classes = draw(seed)
    chance = np.zeros((40, classes))
    np.add.at(chance, (item, label), 1.0)
    chance /= chance.sum(axis=1, keepdims=True)
    for steps in range(1, 6):
        *told, chance, likelihood = slow_step(item, rater, label, chance)
        found: DawidSkene = dawid_skene(item, rater, label, classes, tol=-np.inf, max_iter=steps)
        assert found.class_shares == pytest.approx(told[0], abs=1e-9)
        assert found.error_rates == pytest.approx(told[1], abs=1e-9)
        assert found.posteriors == pytest.approx(chance, abs=1e-9)
        assert found.log_likelihood == pytest.approx(likelihood, abs=1e-6)
