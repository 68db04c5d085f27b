"""Published figures for places: Gi* of six points, and rates of sudden infant death in North Carolina."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import geopandas
import numpy as np
import pytest
from scipy import sparse

from riskshare.kernels.local_statistics import gi_star
from riskshare.kernels.rates import empirical_bayes

SIX_POINTS = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)])
SIX_VALUES = [2, 3, 3.2, 5, 8, 7]
SIX_Z = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]  # esda, docstring of G_Local


@pytest.mark.parametrize("standardised", [False, True])
def test_gi_star_of_six_points(standardised: bool) -> None:
    apart = SIX_POINTS[:, None] - SIX_POINTS[None]
    near = ((apart**2).sum(axis=2) <= 15**2).astype(float)
    weights = near / near.sum(axis=1, keepdims=True) if standardised else near
    np.testing.assert_allclose(gi_star(SIX_VALUES, sparse.csr_matrix(weights)), SIX_Z, atol=5e-9)


def test_empirical_bayes_rates_of_sudden_infant_death() -> None:
    """1974 to 1978, the counties of North Carolina: data in the libpysal wheel, figures in the tests of esda."""
    found = find_spec("libpysal")  # its data are wanted, not the package: importing it takes seconds
    assert found is not None
    assert found.origin is not None
    table = geopandas.read_file(Path(found.origin).parent / "examples" / "sids2" / "sids2.dbf")
    events, births = table["SID74"].to_numpy(), table["BIR74"].to_numpy()
    rates = empirical_bayes(events, births)
    assert rates.size == 100
    np.testing.assert_allclose(rates[:5], [0.0016973, 0.0017054, 0.0017731, 0.0020129, 0.0035349], atol=5e-8)
