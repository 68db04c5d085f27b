"""Gi* against esda with binary weights, on 50 drawn maps; the grid form against the matrix form on the same."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse

from riskshare.kernels.local_statistics import gi_star, gi_star_grid

with warnings.catch_warnings():  # what esda and libpysal warn of while they load is not about us
    warnings.simplefilter("ignore")
    from esda.getisord import G_Local
    from libpysal.graph import Graph


def drawn(seed: int) -> tuple[np.ndarray, int]:
    rng = np.random.default_rng(seed)
    shape = rng.integers(4, 12, 2)
    kind = [rng.poisson(1.0, shape), rng.lognormal(size=shape), rng.integers(0, 2, shape)][seed % 3]
    kind[0, 0] += 1 + kind.max()  # never constant
    return kind.astype(float), int(rng.integers(1, 3))


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_z_is_what_esda_finds(seed: int) -> None:
    values, radius = drawn(seed)
    row, column = (a.ravel() for a in np.indices(values.shape))
    near = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column)) <= radius
    head, tail = np.nonzero(near)
    graph = Graph.from_arrays(head, tail, np.ones(head.size, dtype=int))
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = G_Local(values.ravel(), graph, transform="B", permutations=0, star=True).Zs
    defined = ~near.all(axis=1)  # esda divides by nothing where the neighbourhood is the whole area
    ours = gi_star(values.ravel(), sparse.csr_array(near.astype(float)))
    on_grid = gi_star_grid(values, np.ones(values.shape), radius).ravel()
    np.testing.assert_allclose(ours[defined], theirs[defined], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(on_grid, ours, rtol=1e-10, atol=1e-12)
    assert defined.any()
    assert np.isnan(ours[~defined]).all()
