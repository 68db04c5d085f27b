"""Scans: ties, strata, limits, order of rows, far tail, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels import scan_zones
from riskshare.kernels.scan import circular_scan, poisson_llr, space_time_permutation


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_ratio_is_finite_at_both_ends() -> None:
    assert poisson_llr([0, 10, 5, 0], [1, 1, 5, 0], 10).tolist() == [0.0, 10 * np.log(10), 0.0, 0.0]
    assert poisson_llr([], [], 10).shape == (0,)
    assert np.isfinite(poisson_llr(5, 1e-310, 10))


@pytest.mark.parametrize(
    ("cases", "expected", "total"), [(1, 0, 5), (6, 1, 5), (-1, 1, 5), (1, -1, 5), (np.nan, 1, 5), (1, np.inf, 5)]
)
def test_ratio_refuses_what_cannot_be(cases: float, expected: float, total: float) -> None:
    with pytest.raises(ValueError, match="cases"):
        poisson_llr(cases, expected, total)


def test_places_equally_far_away_enter_together() -> None:
    # The middle and two of its four neighbours have cases. No circle holds these three alone: the best also holds the
    # empty neighbour that it is centred on.
    coords = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [9, 0], [9, 1], [9, 2]])
    cases, expected = [5, 5, 5, 0, 0, 1, 1, 1], np.full(8, 18 / 8)
    sets = {tuple(c.members) for c in circular_scan(coords, cases, expected, max_share=0.7, n_simulations=9, rng=rng())}
    assert (0, 1, 2) not in sets
    assert (0, 1, 2, 4) in sets


@pytest.mark.parametrize("cell", [0.1, 0.7, 137.3, 333.333])
def test_ties_survive_rounding_at_the_size_of_national_grid_coordinates(cell: float) -> None:
    column, row = np.meshgrid(np.arange(-2, 3), np.arange(-2, 3))
    xy = np.stack((400_000.0 + cell * column.ravel(), 300_000.0 + cell * row.ravel()), axis=1)
    table = scan_zones.Table(xy, np.zeros(1), np.ones((25, 1), dtype=np.int32), np.ones((25, 1)))
    middle = int(np.argmin(((xy - xy.mean(axis=0)) ** 2).sum(axis=1)))
    circle = scan_zones.circle(table, middle, scan_zones.Limits(24.0, np.inf, np.inf, 1))
    assert (circle.ends + 1).tolist() == [1, 5, 9, 13, 21]


def test_an_authority_that_records_more_is_no_cluster() -> None:
    coords = np.array([[x, y] for x in range(10) for y in range(4)])
    authority = np.where(coords[:, 0] < 5, "records little", "records all")
    cases = np.where(authority == "records all", 10, 3)
    flat = np.full(40, cases.sum() / 40)
    pooled = circular_scan(coords, cases, flat, n_simulations=99, rng=rng())
    assert pooled[0].p == 0.01
    assert circular_scan(coords, cases, flat, n_simulations=99, rng=rng(), strata=authority) == ()
    cases[[0, 1, 4]] += 12  # an excess inside the quiet authority is one
    found = circular_scan(coords, cases, np.ones(40), n_simulations=99, rng=rng(), strata=authority)
    assert found[0].members.tolist() == [0, 1, 4]
    assert found[0].p == 0.01
    assert found[0].expected == pytest.approx(3 * cases[:20].sum() / 20)


def test_sources_at_one_place_are_taken_together() -> None:
    coords = [[0, 0], [0, 0], [5, 0], [5, 0], [9, 0], [9, 0]]
    source = ["police", "ambulance"] * 3
    found = circular_scan(coords, [8, 6, 1, 0, 1, 0], np.ones(6), n_simulations=99, rng=rng(), strata=source)
    assert found[0].members.tolist() == [0, 1]
    assert found[0].cases == 14
    assert found[0].expected == pytest.approx(16 / 3)


def test_a_stratum_without_cases_expects_none() -> None:
    coords = [[0, 0], [1, 0], [5, 0], [6, 0], [9, 0]]
    found = circular_scan(coords, [6, 1, 1, 0, 0], np.ones(5), n_simulations=9, rng=rng(), strata=[1, 1, 1, 2, 2])
    assert [(c.members.tolist(), c.cases) for c in found] == [([0], 6)]
    assert found[0].expected == pytest.approx(8 / 3)


def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(3)
    coords = draw.permutation([[x, y] for x in range(7) for y in range(7)])
    cases = draw.poisson(4, 49)
    cases[(coords < 2).all(axis=1)] += 10
    cases[(coords > 4).all(axis=1)] += 6
    return coords, cases, np.full(49, cases.sum() / 49)


def test_clusters_share_no_place_and_fall() -> None:
    coords, cases, expected = planted()
    found = circular_scan(coords, cases, expected, n_simulations=99, rng=rng())
    rows = np.concatenate([cluster.members for cluster in found])
    assert np.unique(rows).size == rows.size
    assert [c.llr for c in found] == sorted((c.llr for c in found), reverse=True)
    assert [c.p for c in found] == sorted(c.p for c in found)
    assert set(map(tuple, coords[found[0].members])) >= {(0, 0), (0, 1), (1, 0), (1, 1)}
    first = circular_scan(coords, cases, expected, n_simulations=99, rng=rng(), max_clusters=1)
    assert len(first) == 1
    assert first[0].llr == found[0].llr


def test_row_order_does_not_matter() -> None:
    coords, cases, expected = planted()
    strata = np.where(coords[:, 0] < 3, "a", "b")
    shuffle = np.random.default_rng(5).permutation(49)
    one = circular_scan(coords, cases, expected, n_simulations=39, rng=rng(), strata=strata)
    other = circular_scan(
        coords[shuffle], cases[shuffle], expected[shuffle], n_simulations=39, rng=rng(), strata=strata[shuffle]
    )
    assert [(c.centre, c.cases, c.llr, c.p) for c in one] == [(c.centre, c.cases, c.llr, c.p) for c in other]
    assert [c.members.tolist() for c in one] == [sorted(shuffle[c.members]) for c in other]


def test_limits_hold() -> None:
    coords, cases, expected = planted()
    for cluster in circular_scan(coords, cases, expected, n_simulations=9, rng=rng(), max_share=0.1, min_cases=7):
        assert cluster.expected <= 0.1 * cases.sum() + 1e-9
        assert cluster.cases >= 7
    assert all(
        c.radius <= 1.5 for c in circular_scan(coords, cases, expected, n_simulations=9, rng=rng(), max_radius=1.5)
    )


def test_the_far_tail_is_small_and_never_nothing() -> None:
    coords, cases, expected = planted()
    best = circular_scan(coords, cases, expected, n_simulations=99, rng=rng())[0]
    assert best.p == 0.01
    assert 0 < best.p_gumbel_approximate < 0.01
    assert scan_zones.gumbel_tail(1e6, np.array([1.0, 2.0, 3.0])) > 0
    assert scan_zones.gumbel_tail(2.0, np.array([1.0])) == 0.5  # one draw has no spread to fit
    drawn = np.random.default_rng(1).gumbel(5.0, 2.0, 100_000)
    assert scan_zones.gumbel_tail(float(np.quantile(drawn, 0.999)), drawn) == pytest.approx(0.001, rel=0.1)


def test_dispersion_divides_the_ratio() -> None:
    coords, cases, expected = planted()
    plain = circular_scan(coords, cases, expected, n_simulations=99, rng=rng())
    scaled = circular_scan(coords, cases, expected, n_simulations=99, rng=rng(), dispersion=20.0)
    assert [c.llr for c in scaled] == [c.llr / 20.0 for c in plain]
    assert scaled[0].p > plain[0].p


def test_draws_in_blocks_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    coords, cases, expected = planted()
    monkeypatch.setattr(scan_zones, "CHUNK", 49 * 2 * 10)  # ten draws together
    best = circular_scan(coords, cases, expected, n_simulations=99, rng=rng())[0]
    assert best.p == 0.01


def test_counts_beyond_small_integers() -> None:
    found = circular_scan([[0, 0], [1, 0], [5, 0]], [40_000, 20_000, 20_000], [26_666, 26_667, 26_667], rng=rng())
    assert (found[0].members.tolist(), found[0].cases, found[0].p) == ([0], 40_000, 0.001)


def test_nothing_in_nothing_out() -> None:
    assert circular_scan(np.zeros((0, 2)), [], [], rng=rng()) == ()
    assert circular_scan([[0, 0], [1, 1]], [0, 0], [0, 0], rng=rng()) == ()
    assert circular_scan([[0, 0]], [5], [5], rng=rng()) == ()  # one place has no rest to stand out from
    assert space_time_permutation(np.zeros((0, 2)), [], rng=rng()) == ()
    assert space_time_permutation([[0, 0]], [3], rng=rng()) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coords": [[0, 0]]}, "one row each"),
        ({"coords": [[0, 0], [np.nan, 1]]}, "planar"),
        ({"coords": [0, 1, 2]}, "planar"),
        ({"cases": [1.5, 2]}, "whole"),
        ({"cases": [-1, 2]}, "whole"),
        ({"cases": [2**31, 2]}, "more cases"),
        ({"expected": [0, 4]}, "none are expected"),
        ({"expected": [2, 3]}, "add up"),
        ({"max_share": 0}, "max_share"),
        ({"n_simulations": 0}, "n_simulations"),
        ({"max_radius": 0}, "max_radius"),
        ({"dispersion": 0.5}, "dispersion"),
    ],
)
def test_circular_scan_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments = {"coords": [[0, 0], [1, 1]], "cases": [1, 3], "expected": [2, 2], "rng": rng()} | change
    with pytest.raises(ValueError, match=message):
        circular_scan(**arguments)


def test_a_change_of_records_is_no_cluster_inside_its_authority() -> None:
    draw = np.random.default_rng(2)
    authority = np.repeat(["a", "b"], 60)
    coords = np.stack((np.tile(np.arange(6), 20) + 10 * (authority == "b"), np.zeros(120)), axis=1)
    # Authority b has ten times the events after day 50: a new system, not a new place.
    times = np.where(authority == "b", draw.integers(50, 60, 120), draw.integers(0, 60, 120))
    pooled = space_time_permutation(coords, times, n_simulations=99, rng=rng())
    apart = space_time_permutation(coords, times, n_simulations=99, rng=rng(), strata=authority)
    assert pooled[0].p == 0.01
    assert apart[0].p > 0.05


def test_space_time_cluster_is_found_with_its_days_and_rows() -> None:
    draw = np.random.default_rng(2)
    coords = np.concatenate((draw.integers(0, 5, (60, 2)), np.full((8, 2), 2)))
    times = np.concatenate((draw.integers(0, 100, 60), np.full(8, 40)))
    shuffle = draw.permutation(68)
    best = space_time_permutation(coords, times, n_simulations=99, rng=rng(), max_days=7)[0]
    other = space_time_permutation(coords[shuffle], times[shuffle] + 0.5, n_simulations=99, rng=rng(), max_days=7)[0]
    assert set(range(60, 68)) <= set(best.members)
    assert best.first_day <= 40 <= best.last_day < best.first_day + 7
    assert best.p == 0.01
    assert (best.llr, best.p) == (other.llr, other.p)
    assert sorted(shuffle[other.members]) == best.members.tolist()


def test_data_and_draws_are_scored_alike() -> None:
    draw = np.random.default_rng(5)
    xy = np.array([[x, y] for x in range(3) for y in range(3)], dtype=np.float64)
    limits = scan_zones.Limits(20.0, np.inf, 4.0, 2)
    block = draw.multinomial(40, np.full(81, 1 / 81), size=60).T.reshape(9, 9, 60).astype(np.int16)
    expected = np.full((9, 9), 40 / 81)
    tables = [scan_zones.Table(xy, np.arange(9.0), block[..., r].astype(np.int32), expected) for r in range(60)]
    alone = [scan_zones.clusters(table, limits, 1)[0].llr for table in tables]
    np.testing.assert_allclose(scan_zones.highest(tables[0], limits, [block]), alone, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"times": [1]}, "one row per event"), ({"times": [1, np.nan]}, "finite"), ({"max_days": 0}, "max_days")],
)
def test_space_time_scan_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments = {"coords": [[0, 0], [1, 1]], "times": [1, 2], "rng": rng()} | change
    with pytest.raises(ValueError, match=message):
        space_time_permutation(**arguments)
