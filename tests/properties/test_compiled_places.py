"""The compiled twins of the places kernels and of Dawid–Skene give the very answers of the NumPy forms."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the compiled twins need the extra: pip install 'riskshare[fast]'")

from riskshare.kernels import clustering, compiled_scan, local_statistics, near_repeat, reliability, scan, twins
from riskshare.kernels.clustering import dbscan, space_time_dbscan
from riskshare.kernels.local_statistics import gi_star_grid
from riskshare.kernels.reliability import dawid_skene
from riskshare.kernels.scan import circular_scan

some = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**32 - 1)


def same(one: Any, other: Any) -> bool:
    """Return whether two results hold the same values of the same types, bit for bit."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


# ------------------------------------------------------------------------------------------------ DBSCAN


def weights_of(rng: np.random.Generator, n: int, kind: str) -> np.ndarray | None:
    return {"none": None, "whole": rng.integers(0, 4, n).astype(float), "any": rng.random(n)}[kind]


@some
@given(seeds, st.integers(1, 300), st.sampled_from(["none", "whole", "any"]), st.booleans(), st.booleans())
def test_clusters_have_the_same_labels(seed: int, n: int, kind: str, stacked: bool, dated: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(0, rng.choice([2, 8, 30]), (n, 3)) + rng.choice([0.0, 400_000.0])
    points = np.round(points) if stacked else points
    weights, eps, least = weights_of(rng, n, kind), rng.uniform(0.5, 6), rng.uniform(0.5, 8)
    eps_days = rng.uniform(0.5, 5) if dated else 0.0
    found = [space_time_dbscan(*points.T, eps, eps_days, least, weights, compiled=form) for form in (False, True)]
    assert same(*found)
    assert same(*(dbscan(*points.T[:2], eps, least, weights, compiled=form) for form in (False, True)))


@some
@given(seeds, st.integers(2, 200))
def test_the_order_of_points_does_not_matter_to_the_twin(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, weights = rng.integers(0, 12, n).astype(float), rng.integers(0, 12, n).astype(float), rng.random(n)
    order = rng.permutation(n)
    found = dbscan(x, y, 1.5, 2.0, weights, compiled=True)
    assert same(found[order], dbscan(x[order], y[order], 1.5, 2.0, weights[order], compiled=True))


def test_large_stacks_are_merged_from_sorted_stretches() -> None:
    """Hundreds of rows in one cell, at many places with weights that round: more than are sorted by insertion."""
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 9, (2, 900)) / 16.0
    rounding = rng.random(900) * 10.0 ** rng.integers(-6, 3, 900)
    too_large = rng.integers(0, 2**23, 900).astype(float)  # whole, but more in all than 32 bits hold
    for weights in (rounding, too_large, np.floor(rounding), None):
        for least in (0.5, 40.0, 5_000.0):
            assert same(*(dbscan(x, y, 1.0, least, weights, compiled=form) for form in (False, True)))


@some
@given(seeds, st.sampled_from(["none", "whole", "any"]), st.booleans())
def test_stacks_at_many_times_have_the_same_labels(seed: int, kind: str, dated: bool) -> None:
    """Hundreds of rows in a cell at one place, on a few days, so that only the day tells them apart."""
    rng = np.random.default_rng(seed)
    x, y, days = rng.integers(0, 3, 400) * 0.5, rng.integers(0, 3, 400) * 40.0, rng.integers(0, 6, 400).astype(float)
    weights, eps_days = weights_of(rng, 400, kind), float(dated)
    told = [space_time_dbscan(x, y, days, 2.0, eps_days, 6.0, weights, compiled=form) for form in (False, True)]
    assert same(*told)
    assert told[0].max() >= 0


def test_a_stray_point_far_off_does_not_change_the_answer() -> None:
    """So far that cells have no number of 62 bits: the NumPy form, which closes gaps, takes over."""
    x, y = np.array([0.0, 1.0, 1.0, 4e15]), np.array([0.0, 0.0, 1.0, 4e15])
    assert dbscan(x, y, 2.0, 3, compiled=True).tolist() == [0, 0, 0, -1]
    with pytest.raises(ValueError, match="too small for the extent"):
        dbscan(x * 10, y, 2.0, 3, compiled=True)


@pytest.mark.parametrize("form", [False, True])
def test_what_no_float_can_add_up_is_refused(form: bool) -> None:
    x, y = np.array([0.0, 0.0, 1.2]), np.zeros(3)
    with pytest.raises(ValueError, match="their sum must be finite"):
        dbscan(x, y, 1.0, 3.0, [1e308, 1e308, 1.5], compiled=form)
    with pytest.raises(ValueError, match="eps_m"):
        dbscan(x, y, 1e200, 3.0, compiled=form)


# ------------------------------------------------------------------------------------------------ circular scan


@some
@given(seeds, st.integers(1, 60), st.booleans(), st.booleans())
def test_scans_have_the_same_bits(seed: int, n: int, on_grid: bool, stratified: bool) -> None:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 100, (n, 2))
    xy = np.round(xy / 10) * 10 if on_grid else xy
    people = rng.uniform(0.01, 5, n)
    cases = rng.multinomial(rng.integers(1, 200), people / people.sum())
    cases[0] += rng.integers(0, 12)
    expected = people if stratified else people * cases.sum() / people.sum()
    options: dict[str, Any] = {
        "strata": rng.integers(0, 3, n) if stratified else None,
        "n_simulations": int(rng.integers(1, 150)),
        "max_share": rng.uniform(0.1, 1),
        "min_cases": int(rng.integers(1, 4)),
        "max_radius": rng.choice([np.inf, 30.0]),
    }
    found = [
        circular_scan(xy, cases, expected, rng=np.random.default_rng(seed), compiled=form, **options)
        for form in (False, True)
    ]
    assert same(*(tuple(map(astuple, one)) for one in found))


def test_many_places_in_one_drawer_and_many_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A town and a far village: nearly all distances fall together. More cases than 16 bits hold; batches of draws."""
    rng = np.random.default_rng(5)
    xy = np.concatenate((rng.uniform(0, 1, (150, 2)), rng.uniform(5_000, 5_001, (5, 2))))
    people = rng.uniform(1, 5, 155)
    cases = rng.multinomial(40_000, people / people.sum())
    cases[:5] += 60
    expected = people * cases.sum() / people.sum()
    monkeypatch.setattr(compiled_scan, "HELD_BYTES", 1 << 15)
    found = [
        circular_scan(xy, cases, expected, n_simulations=99, rng=np.random.default_rng(1), compiled=form)
        for form in (False, True)
    ]
    assert same(*(tuple(map(astuple, one)) for one in found))
    assert len(found[0]) > 0


def test_equal_circles_are_told_in_one_order() -> None:
    """Four like corners of a square: every tie is settled by size, then by place."""
    xy = [[x, y] for x in range(6) for y in range(6)]
    cases = np.ones(36)
    cases[[0, 5, 30, 35]] = 6
    expected = np.full(36, cases.sum() / 36)
    found = [
        circular_scan(xy, cases, expected, n_simulations=19, rng=np.random.default_rng(1), compiled=form)
        for form in (False, True)
    ]
    assert same(*(tuple(map(astuple, one)) for one in found))
    assert [one.members.tolist() for one in found[1][:4]] == [[0], [5], [30], [35]]


# ------------------------------------------------------------------------------------------------ Gi*


@some
@given(seeds, st.integers(1, 14), st.integers(1, 14), st.integers(0, 15), st.booleans())
def test_gi_star_has_the_same_bits(seed: int, rows: int, columns: int, radius: int, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.poisson(rng.choice([0.3, 5, 300]), (rows, columns)) - rng.choice([0.0, 3.0])
    mask = rng.random(x.shape) < 0.7 if masked else np.ones(x.shape, dtype=np.bool_)
    x = np.where(mask, x, np.nan)
    if mask.sum() < 2 or x[mask].min() == x[mask].max():
        for form in (False, True):
            with pytest.raises(ValueError, match=r"compares places|are equal"):
                gi_star_grid(x, mask, radius, compiled=form)
        return
    assert same(*(gi_star_grid(x, mask, radius, compiled=form) for form in (False, True)))


@pytest.mark.parametrize("value", [0.5, 1e15, np.inf, np.nan])
def test_gi_star_leaves_what_is_not_exact_to_the_numpy_form(value: float) -> None:
    x, mask = np.arange(12.0).reshape(3, 4), np.ones((3, 4))
    x[1, 1] = value
    if np.isfinite(value):
        assert same(*(gi_star_grid(x, mask, 1, compiled=form) for form in (False, True)))
        return
    with pytest.raises(ValueError, match="must be finite"):
        gi_star_grid(x, mask, 1, compiled=True)


def test_round_windows_and_borrowed_memory() -> None:
    x = np.random.default_rng(1).poisson(2.0, (20, 30)).astype(np.float64)
    mask = np.ones(x.shape)
    assert same(*(gi_star_grid(x, mask, 2, "round", compiled=form) for form in (False, True)))
    assert same(*(gi_star_grid(x.T[::2], mask.T[::2], 2, compiled=form) for form in (False, True)))


# ------------------------------------------------------------------------------------------------ Dawid–Skene


@some
@given(seeds, st.integers(1, 40), st.integers(1, 6), st.integers(2, 5), st.booleans())
def test_raters_have_the_same_rates(seed: int, items: int, raters: int, classes: int, agreed: bool) -> None:
    rng = np.random.default_rng(seed)
    item = np.concatenate((np.arange(items), rng.integers(0, items, 3 * items)))
    rater = np.concatenate((np.arange(raters), rng.integers(0, raters, max(item.size - raters, 0))))[: item.size]
    rater = np.unique(rater, return_inverse=True)[1]
    label = rng.integers(0, classes, item.size)
    prior = rng.random((classes, classes)) if agreed else None
    order = rng.permutation(item.size)
    one = dawid_skene(item, rater, label, classes, prior=prior, max_iter=9, compiled=False)
    other = dawid_skene(item[order], rater[order], label[order], classes, prior=prior, max_iter=9, compiled=True)
    assert same(astuple(one), astuple(other))


# ------------------------------------------------------------------------------------------------ when they are used


def test_small_work_never_asks_for_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(compiled: bool | None, size: int, pays: int) -> bool:
        assert size < pays
        return twins.chosen(compiled, size, pays)

    for module in (clustering, scan, local_statistics, reliability):
        monkeypatch.setattr(module, "chosen", refuse)
    x = np.arange(20.0)
    assert dbscan(x, x, 2.0, 2).max() == 0
    assert gi_star_grid(x.reshape(4, 5), np.ones((4, 5)), 1).shape == (4, 5)
    assert dawid_skene([0, 0, 1], [0, 1, 0], [0, 1, 1], 2).posteriors.shape == (2, 2)
    found = circular_scan(np.stack((x, x), 1), x, x, n_simulations=9, rng=np.random.default_rng(1))
    assert found == ()


# ------------------------------------------------------------------------------------------------ Knox


@some
@given(seeds, st.integers(0, 120), st.sampled_from([20, 900, 32_766]), st.booleans(), st.booleans())
def test_knox_counts_the_same_pairs(seed: int, n: int, days: int, timed: bool, same_place: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 30, (2, n)).astype(float)
    t = rng.integers(0, days + 1, n) + (rng.random(n) if timed else 0.0)
    strata = rng.integers(0, 3, n)
    time_bands = np.unique([*rng.uniform(0, days, 2), *rng.integers(0, 40_000, 2), np.inf])
    found = [
        near_repeat.knox(
            x, y, t, [0, 3, 8.5, np.inf], time_bands, n_permutations=19, rng=np.random.default_rng(seed),
            strata=strata, same_place=0.01 if same_place else None, compiled=form,
        )
        for form in (False, True)
    ]  # fmt: skip
    assert same(astuple(found[0]), astuple(found[1]))


def test_knox_counts_more_pairs_than_two_bytes_hold() -> None:
    t = np.arange(300.0) % 7
    found = [
        near_repeat.knox(
            t * 0, t * 0, t, [0, 1], [0, 1, 4], n_permutations=2, rng=np.random.default_rng(1), compiled=form
        )
        for form in (False, True)
    ]
    apart = np.abs(t[:, None] - t)[np.triu_indices(300, 1)]
    assert found[1].observed.tolist() == [[(apart < 1).sum(), ((apart >= 1) & (apart < 4)).sum()]]
    assert same(astuple(found[0]), astuple(found[1]))


def test_knox_goes_over_to_the_twin_when_much_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(near_repeat, "chosen", lambda _compiled, size, _pays: bool(asked.append(size)))
    monkeypatch.setattr(near_repeat, "PAIR_BLOCK", 50)
    x = np.arange(40.0)
    near_repeat.knox(x, x, x, [0, 9], [0, 9], n_permutations=9, rng=np.random.default_rng(1))
    assert len(asked) > 2
    assert asked == sorted(set(asked))
    assert asked[-1] % 10 == 0  # pairs × (permutations and the dates as they are)
