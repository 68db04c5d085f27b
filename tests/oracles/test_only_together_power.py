"""What may be called visible only together, on maps whose power is known: the figures of ``docs/decisions/0012``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from oracles.planted_discs import Map, Shares, shares, true_shares
from riskshare.places.together import Power

LINES = {
    "12 cells, 0.4 a cell, 4.5 times": Map(0.4, 1.6, 4.5),
    "16 cells, 0.4 a cell, 2.8 times": Map(0.4, 2.2, 2.8),
    "16 cells, 0.4 a cell, 2.2 times": Map(0.4, 2.2, 2.2),
    "12 cells, 2 a cell, 2 times": Map(2.0, 1.6, 2.0),
    "12 cells, 2 a cell, 2.4 times": Map(2.0, 1.6, 2.4),
}


@dataclass(frozen=True)
class Study:
    """Means over maps on which the pool found the disc; ``claims`` of ``hopefuls``, which one run showed only so."""

    resampled: Shares
    smoothed: Shares
    hopefuls: int
    claims: int


def study(place: Map, n_maps: int, n_draws: int, seed: int) -> Study:
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[Shares]] = {"resampled": [], "smoothed": []}
    hopefuls = claims = 0
    while len(drawn["smoothed"]) < n_maps:
        counts = place.fresh(rng)
        pool, alone = place.found(counts)
        if not pool:
            continue
        again = shares([place.found(place.resampled(counts, rng)) for _ in range(n_draws)])
        ours = shares([place.found(place.smoothed(counts, rng)) for _ in range(n_draws)])
        drawn["resampled"].append(again)
        drawn["smoothed"].append(ours)
        power = Power(*(np.array([share]) for share in (ours.pool, ours.only_pool, ours.only_alone)), ours.alone[None])
        hopefuls += not alone.any()
        claims += bool(power.only_together(alone[None])[0])
    return Study(mean(drawn["resampled"]), mean(drawn["smoothed"]), hopefuls, claims)


def mean(runs: list[Shares]) -> Shares:
    alone = np.mean([run.alone for run in runs], axis=0)
    pool, only, against = (
        float(np.mean([getattr(run, n) for run in runs])) for n in ("pool", "only_pool", "only_alone")
    )
    return Shares(pool, float(alone.max()), only, against, alone)


def test_events_drawn_again_find_by_luck_what_smoothed_counts_do_not() -> None:
    place = LINES["16 cells, 0.4 a cell, 2.2 times"]
    found = study(place, 3, 12, 1)
    assert true_shares(place, 40, 2).pool < 0.25
    assert found.resampled.pool > 0.5
    assert found.smoothed.pool < found.resampled.pool - 0.2
    assert found.smoothed.best < found.resampled.best


@pytest.mark.long
@pytest.mark.parametrize("line", LINES)
def test_on_maps_of_known_power(line: str) -> None:
    place = LINES[line]
    true, found = true_shares(place, 300, 3), study(place, 25, 40, 4)
    print(  # noqa: T201 (the table of the decision)
        f"| {line} | {true.pool:.2f} | {found.resampled.pool:.2f} | {found.smoothed.pool:.2f} | {true.best:.2f} | "
        f"{found.resampled.best:.2f} | {found.smoothed.best:.2f} | {found.claims} of {found.hopefuls} |"
    )
    # Events drawn again always flatter; where power is low, by far the most.
    assert found.resampled.pool > true.pool
    assert found.resampled.best > true.best
    assert found.smoothed.pool < found.resampled.pool
    assert found.smoothed.best < found.resampled.best
    if true.pool < 0.5:
        assert abs(found.smoothed.pool - true.pool) < 0.5 * (found.resampled.pool - true.pool)
    # Nothing is claimed that somebody found alone in the run itself.
    assert found.claims <= found.hopefuls


@pytest.mark.long
def test_three_equal_sharers_never_reach_eight_in_ten() -> None:
    """Whatever the size of the excess: what the pool finds surely, somebody finds alone often."""
    only = {ratio: true_shares(Map(0.4, 1.6, ratio), 150, 5).only_pool for ratio in (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)}
    print(f"only the pool, by ratio: {only}")  # noqa: T201 (figures)
    assert max(only.values()) < 0.5
    assert only[8.0] < max(only.values())


@pytest.mark.long
@pytest.mark.parametrize(("to_first", "hopefuls", "claims"), [(1.0, 1, 0), (0.8, 5, 1)])
def test_who_holds_nearly_all_of_it_finds_it_alone(to_first: float, hopefuls: int, claims: int) -> None:
    found = study(Map(0.4, 1.6, 2.6, to_first), 20, 30, 6)
    print(f"{to_first:.0%} in one authority: {found.claims} claims of {found.hopefuls} seen only together")  # noqa: T201
    assert found.hopefuls <= hopefuls
    assert found.claims <= claims
    assert found.smoothed.alone.argmax() == 0
