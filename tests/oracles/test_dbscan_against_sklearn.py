"""DBSCAN: scikit-learn's cores and partition on random input, and a slow twin for labels, borders, weights and time."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import slow_places
from riskshare.kernels.clustering import dbscan, space_time_dbscan


def same_partition(ours: np.ndarray, theirs: np.ndarray) -> bool:
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@pytest.mark.parametrize("seed", range(50))
def test_cores_and_partition_are_scikit_learn_s(seed: int) -> None:
    from sklearn.cluster import DBSCAN

    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 400))
    points = np.concatenate((rng.normal(0, 3, (n // 2, 2)), rng.uniform(-15, 15, (n - n // 2, 2))))
    points = np.round(points) if seed % 2 else points  # stacks, and distances of exactly eps
    points += 400_000.0 if seed % 4 > 1 else 0.0  # the size of national grid coordinates
    weights = rng.integers(1, 4, n).astype(float) if seed % 3 else None
    eps, least = (float(rng.integers(1, 4)), int(rng.integers(2, 12))) if seed % 2 else (rng.uniform(0.5, 3), 6)
    theirs = DBSCAN(eps=eps, min_samples=least).fit(points, sample_weight=weights)
    ours = dbscan(points[:, 0], points[:, 1], eps, least, weights)
    core = np.zeros(n, dtype=bool)
    core[theirs.core_sample_indices_] = True
    assert same_partition(ours[core], theirs.labels_[core])
    assert ((ours == -1) == (theirs.labels_ == -1)).all()
    # A border point of several clusters may be in any of them; ours is in one that has a core within eps.
    for i in np.flatnonzero(~core & (ours >= 0)):
        near = ((points[core] - points[i]) ** 2).sum(axis=1) <= eps**2 * (1 + 1e-12)
        assert ours[i] in ours[core][near]


@pytest.mark.parametrize("seed", range(60))
def test_labels_are_the_twin_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    x, y = rng.integers(0, int(rng.integers(2, 14)), (2, n)).astype(float)
    t = rng.integers(0, 12, n).astype(float)
    weights = rng.choice([0.0, 0.25, 0.5, 1.0, 2.0], n)
    eps, eps_days = float(rng.choice([1.0, 1.5, 2.0, 3.0])), float(rng.choice([0.0, 1.0, 2.5, 4.0]))
    least = float(rng.choice([0.5, 1.0, 2.0, 4.0]))
    rows = list(zip(x.tolist(), y.tolist(), t.tolist(), strict=True))
    flat = [(a, b, 0.0) for a, b, _ in rows]
    assert dbscan(x, y, eps, least, weights).tolist() == slow_places.dbscan(flat, weights.tolist(), eps, 0.0, least)
    assert space_time_dbscan(x, y, t, eps, eps_days, least, weights).tolist() == slow_places.dbscan(
        rows, weights.tolist(), eps, eps_days, least
    )
