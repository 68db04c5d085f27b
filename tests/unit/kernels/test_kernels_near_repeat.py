"""Knox: bands, the same place, strata, order of rows, blocks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels import near_repeat
from riskshare.kernels.near_repeat import knox


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def drawn(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return (*draw.integers(0, 12, (2, n)).astype(float), draw.integers(0, 40, n).astype(float))


def test_bands_are_half_open_and_printed_so() -> None:
    # Distances 100, 100 and 200 m; 1, 1 and 2 days apart.
    result = knox([0, 60, 120], [0, 80, 160], [1, 2, 3], [0, 100, 200, 250], [0, 1, 2, 3], rng=rng())
    assert result.observed.tolist() == [[0, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert result.space_intervals == ("[0, 100)", "[100, 200)", "[200, 250)")
    assert result.time_intervals == ("[0, 1)", "[1, 2)", "[2, 3)")


def test_the_same_place_is_a_band_of_its_own() -> None:
    x, t = [0.0, 0.0, 0.01, 5.0, 10.0], [1, 1, 1, 1, 1]
    result = knox(x, np.zeros(5), t, [0, 10, np.inf], [0, 1], rng=rng(), same_place=0.01)
    assert result.observed.tolist() == [[3], [5], [2]]  # 9.99 is nearer than 10, 10 is not
    assert result.space_intervals == ("[0, 0.01]", "(0.01, 10)", "[10, inf)")


def test_all_pairs_are_somewhere_in_every_draw() -> None:
    x, y, t = drawn(60)
    result = knox(x, y, t, [0, 2, 5, np.inf], [0, 3, 9, np.inf], n_permutations=19, rng=rng())
    assert result.observed.sum() == 60 * 59 // 2
    assert result.expected.sum() == pytest.approx(60 * 59 / 2)
    # Dates in any order leave the pairs of a distance, and of a time, as many as they were.
    np.testing.assert_allclose(result.expected.sum(axis=1), result.observed.sum(axis=1))
    np.testing.assert_allclose(result.expected.sum(axis=0), result.observed.sum(axis=0))


def test_manhattan_is_farther() -> None:
    near = knox([0, 1], [0, 1], [0, 0], [0, 1.5], [0, 1], rng=rng())
    far = knox([0, 1], [0, 1], [0, 0], [0, 1.5], [0, 1], rng=rng(), metric="manhattan")
    assert (near.observed.tolist(), far.observed.tolist()) == ([[1]], [[0]])


def test_ratio_is_missing_where_no_order_puts_a_pair() -> None:
    result = knox([0, 1], [0, 0], [0, 9], [0, 5], [0, 1, 20], n_permutations=9, rng=rng())
    assert result.observed.tolist() == [[0, 1]]
    assert np.isnan(result.ratio[0, 0])
    assert result.ratio[0, 1] == 1.0
    assert result.p.tolist() == [[1.0, 1.0]]


def test_p_is_never_nothing() -> None:
    x = np.repeat(np.arange(20) * 1000.0, 2)
    t = np.repeat(np.arange(20) * 50.0, 2)
    result = knox(x, np.zeros(40), t, [0, 10, np.inf], [0, 1, np.inf], n_permutations=99, rng=rng())
    assert result.observed[0, 0] == 20
    assert result.p[0, 0] == 0.01


def test_a_change_of_records_is_no_repeat_inside_its_stratum() -> None:
    draw = np.random.default_rng(4)
    authority = np.repeat(["a", "b"], 60)
    x = draw.integers(0, 30, 120) + np.where(authority == "b", 100.0, 0.0)
    t = np.where(authority == "b", draw.integers(200, 230, 120), draw.integers(0, 30, 120))
    bands = [0, 20, np.inf], [0, 30, np.inf]
    pooled = knox(x, np.zeros(120), t, *bands, n_permutations=99, rng=rng())
    apart = knox(x, np.zeros(120), t, *bands, n_permutations=99, rng=rng(), strata=authority)
    assert pooled.p[0, 0] == 0.01
    assert pooled.ratio[0, 0] > 1.5
    assert apart.p[0, 0] > 0.05
    assert apart.ratio[0, 0] == pytest.approx(1.0, abs=0.05)
    assert apart.observed.tolist() == pooled.observed.tolist()


def test_row_order_does_not_matter() -> None:
    x, y, t = drawn(80)
    strata = np.random.default_rng(2).integers(0, 3, 80)
    shuffle = np.random.default_rng(3).permutation(80)
    bands = [0, 3, np.inf], [0, 8, np.inf]
    one = knox(x, y, t, *bands, n_permutations=29, rng=rng(), strata=strata)
    other = knox(x[shuffle], y[shuffle], t[shuffle], *bands, n_permutations=29, rng=rng(), strata=strata[shuffle])
    assert one.expected.tolist() == other.expected.tolist()
    assert one.p.tolist() == other.p.tolist()


@pytest.mark.parametrize("unit", [1.0, 1000.0, 1e7, 1e12, 0.5])
def test_the_size_of_the_day_numbers_does_not_matter(unit: float) -> None:
    x, y, t = drawn(50)
    bands = [0, 3, np.inf], np.array([0, 4, 9, np.inf])
    one = knox(x, y, t, *bands, n_permutations=19, rng=rng())
    other = knox(x, y, t * unit, bands[0], bands[1] * unit, n_permutations=19, rng=rng())
    assert one.observed.tolist() == other.observed.tolist()
    assert one.p.tolist() == other.p.tolist()


def test_blocks_and_batches_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, t = drawn(80)
    bands = [1, 3, 8], [2, 8, 100_000]
    whole = knox(x, y, t, *bands, n_permutations=29, rng=rng())
    monkeypatch.setattr(near_repeat, "PAIR_BLOCK", 50)
    in_blocks = knox(x, y, t, *bands, n_permutations=29, rng=rng())
    assert whole.p.tolist() == in_blocks.p.tolist()
    monkeypatch.setattr(near_repeat, "BATCH_BYTES", 80 * 2 * 4)
    in_batches = knox(x, y, t, *bands, n_permutations=29, rng=rng())
    assert in_batches.observed.tolist() == whole.observed.tolist()
    np.testing.assert_allclose(in_batches.expected, whole.expected, rtol=0.2)


def test_few_events_have_no_pairs() -> None:
    for n in (0, 1):
        result = knox(np.zeros(n), np.zeros(n), np.zeros(n), [0, 1, np.inf], [0, 1, np.inf], rng=rng())
        assert result.observed.tolist() == [[0, 0], [0, 0]]
        assert result.p.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_one_band_without_end_holds_all() -> None:
    assert knox([0, 0, 9], [0, 0, 9], [1, 5, 9], [0, np.inf], [0, np.inf], rng=rng()).observed.tolist() == [[3]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [0]}, "one length"),
        ({"t": [0, np.nan]}, "finite"),
        ({"space_bands": [0]}, "space_bands"),
        ({"space_bands": [-1, 2]}, "space_bands"),
        ({"time_bands": [0, 2, 2]}, "time_bands"),
        ({"time_bands": [0, np.nan]}, "time_bands"),
        ({"metric": "degrees"}, "metric"),
        ({"n_permutations": 0}, "n_permutations"),
        ({"same_place": 20}, "same_place"),
        ({"strata": ["a"]}, "one length"),
    ],
)
def test_knox_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments = {"x": [0, 1], "y": [0, 1], "t": [0, 1], "space_bands": [0, 10], "time_bands": [0, 5], "rng": rng()}
    with pytest.raises(ValueError, match=message):
        knox(**(arguments | change))
