"""Knox: the published Burkitt lymphoma count, pointpats on random input, and a slow twin for the rest."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import slow_places
from riskshare.kernels.local_near_repeat import local_knox
from riskshare.kernels.near_repeat import knox
from riskshare.kernels.surroundings import excess_p


def closed(edge: float) -> list[float]:
    """Half-open bands that say "at most ``edge``", and the rest: the edge is the smallest number above it."""
    return [0.0, np.nextafter(edge, np.inf), np.inf]


def burkitt() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """188 cases of Burkitt lymphoma, West Nile district of Uganda (Williams et al. 1978), from the libpysal wheel."""
    import libpysal

    table = libpysal.io.open(libpysal.examples.get_path("burkitt.dbf"))
    x, y, t = (np.array(table.by_col(name), dtype=np.float64) for name in "XYT")
    table.close()
    return x, y, t


def test_burkitt_lymphoma_has_thirteen_pairs() -> None:
    x, y, t = burkitt()
    result = knox(x, y, t, closed(20), closed(5), rng=np.random.default_rng(1))
    assert result.observed.tolist() == [[13, 3416], [39, 14110]]
    assert 0.1 < result.p[0, 0] < 0.3  # pointpats prints .17 and .21 with 99 permutations
    # Whole days: at most 5 days is less than 6. Open bands are another question, with another answer.
    whole_days = knox(x, y, t, closed(20), [0, 6, np.inf], n_permutations=1, rng=np.random.default_rng(1))
    assert whole_days.observed.tolist() == result.observed.tolist()
    half_open = knox(x, y, t, [0, 20, np.inf], [0, 5, np.inf], n_permutations=1, rng=np.random.default_rng(1))
    assert half_open.observed[0, 0] < 13


@pytest.mark.parametrize("seed", range(50))
def test_pairs_are_pointpats_s(seed: int) -> None:
    from pointpats import spacetime

    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 90))
    if seed % 2:
        x, y, t = (rng.integers(0, 30, n).astype(float) for _ in range(3))  # ties, stacks and knife edges
        delta, tau = float(rng.integers(2, 8)), float(rng.integers(1, 8))
    else:
        x, y, t = rng.uniform(0, 30, (3, n))
        delta, tau = rng.uniform(2, 8, 2)
    theirs = spacetime.Knox(np.stack((x, y), axis=1), t[:, None], delta, tau, permutations=0)
    ours = knox(x, y, t, closed(delta), closed(tau), n_permutations=400, rng=rng)
    assert ours.observed.tolist() == theirs.observed.tolist()
    # The mean over permutations is near the product of margins: within 5 standard errors of 400 draws.
    slack = 5 * np.sqrt(np.maximum(theirs.expected.min(), 1.0)) * 2 / np.sqrt(400)
    np.testing.assert_allclose(ours.expected, theirs.expected, atol=slack)


@pytest.mark.parametrize("seed", range(50))
def test_bands_are_the_twin_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 30))
    x, y = rng.integers(0, 8, (2, n)) * float(rng.choice([1.0, 0.5]))
    t = rng.integers(0, 20, n) if seed % 3 else rng.integers(0, 40, n) / 2
    space = np.append(np.sort(rng.choice(8, 3, replace=False)).astype(float), np.inf)[: int(rng.integers(2, 5))]
    time = np.append(np.sort(rng.choice(12, 3, replace=False)).astype(float), np.inf)[: int(rng.integers(2, 5))]
    metric = ("euclidean", "manhattan")[seed % 2]
    result = knox(x, y, t, space, time, metric=metric, n_permutations=3, rng=rng)
    wanted = slow_places.knox_counts(x.tolist(), y.tolist(), t.tolist(), space.tolist(), time.tolist(), metric)
    assert result.observed.tolist() == wanted


def test_expected_and_p_are_those_of_every_order() -> None:
    """Five events: the 120 orders of their dates are counted one by one."""
    from itertools import permutations

    x, y, t = [0.0, 1.0, 2.0, 9.0, 10.0], [0.0] * 5, [1.0, 2.0, 4.0, 8.0, 9.0]
    space, time = [0, 2, 5, np.inf], [0, 2, 6, np.inf]
    every = np.array([slow_places.knox_counts(x, y, order, space, time) for order in permutations(t)])
    result = knox(x, y, t, space, time, n_permutations=20_000, rng=np.random.default_rng(1))
    np.testing.assert_allclose(result.expected, every.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(result.p, (every >= result.observed).mean(axis=0), atol=0.02)


def test_expected_inside_strata_is_that_of_every_order_inside_them() -> None:
    from itertools import permutations

    x, y, t = [0.0, 1.0, 2.0, 3.0, 9.0], [0.0] * 5, [1.0, 8.0, 2.0, 9.0, 9.0]
    strata = ["a", "a", "b", "b", "b"]
    orders = [[*first, *rest] for first in permutations(t[:2]) for rest in permutations(t[2:])]
    every = np.array([slow_places.knox_counts(x, y, order, [0, 2, np.inf], [0, 2, np.inf]) for order in orders])
    result = knox(
        x, y, t, [0, 2, np.inf], [0, 2, np.inf], n_permutations=20_000, rng=np.random.default_rng(1), strata=strata
    )
    np.testing.assert_allclose(result.expected, every.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(result.p, (every >= result.observed).mean(axis=0), atol=0.02)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.filterwarnings("ignore:The inplace keyword", "ignore:.*copy keyword")  # pointpats' own
def test_local_neighbours_and_their_p_are_pointpats_s(seed: int) -> None:
    from pointpats import spacetime

    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 60))
    if seed % 2:
        x, y, t = (rng.integers(0, 20, n).astype(float) for _ in range(3))
        delta, tau = float(rng.integers(2, 8)), float(rng.integers(1, 8))
    else:
        x, y, t = rng.uniform(0, 20, (3, n))
        delta, tau = rng.uniform(2, 8, 2)
    theirs = spacetime.KnoxLocal(np.stack((x, y), axis=1), t[:, None], delta, tau, permutations=0)
    ours = local_knox(x, y, t, closed(delta)[1], closed(tau)[1])
    assert ours.observed.tolist() == theirs.nsti.astype(int).tolist()
    np.testing.assert_allclose(ours.p, theirs.p_hypergeom, atol=1e-12)


def test_the_poisson_p_of_pointpats_is_the_poisson_tail_of_the_same_counts() -> None:
    from pointpats import spacetime

    x, y, t = burkitt()
    theirs = spacetime.Knox(np.stack((x, y), axis=1), t[:, None], 20, 5, permutations=0)
    ours = knox(x, y, t, closed(20), closed(5), n_permutations=1, rng=np.random.default_rng(1)).observed
    product = ours.sum(axis=1)[0] * ours.sum(axis=0)[0] / ours.sum()
    # Theirs is the chance of more pairs than were seen, ours that of as many or more.
    assert float(excess_p(ours[0, 0] + 1, product)) == pytest.approx(theirs.p_poisson, rel=1e-9)
    assert float(excess_p(ours[0, 0], product)) == pytest.approx(0.2222667, abs=1e-7)


def test_local_p_is_that_of_every_order() -> None:
    """Five events, two strata of three and two: each order of dates inside them is counted one by one."""
    from itertools import permutations

    x, y, t = np.array([0.0, 1.0, 2.0, 2.0, 9.0]), np.zeros(5), np.array([1.0, 2.0, 2.0, 2.5, 9.0])
    for strata in (["a"] * 5, ["a", "a", "b", "b", "b"]):
        same = np.array(strata)[:, None] == np.array(strata)[None, :]
        near = (np.abs(x[:, None] - x[None, :]) < 1.5) & same & ~np.eye(5, dtype=bool)
        every = []
        for order in permutations(range(5)):
            if np.array(strata)[list(order)].tolist() == strata:
                dates = t[list(order)]
                every.append((near & (np.abs(dates[:, None] - dates[None, :]) < 1.0)).sum(axis=1))
        found = local_knox(x, y, t, 1.5, 1.0, strata=strata)
        counts = np.array(every)
        assert found.observed.tolist() == counts[0].tolist()
        np.testing.assert_allclose(found.expected, counts.mean(axis=0))
        np.testing.assert_allclose(found.p, (counts >= found.observed).mean(axis=0))
