"""When a claim of "visible only together" would be another with other draws, that is said."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.places.together import Power


def power(only_pool: float, only_alone: float, alone: float) -> Power:
    return Power(np.array([0.5]), np.array([only_pool]), np.array([only_alone]), np.array([[alone, 0.0]]))


@pytest.mark.parametrize(
    ("only_pool", "only_alone", "alone", "draws", "near"),
    [
        (0.16, 0.04, 0.16, 50, True),  # 8 of 10: on the bar
        (0.20, 0.00, 0.10, 20, True),  # 4 of 4 is little
        (0.30, 0.00, 0.08, 100, False),  # 30 of 30
        (0.30, 0.00, 0.47, 100, True),  # an authority finds it nearly every other time
        (0.30, 0.00, 0.47, 10_000, False),
        (0.05, 0.30, 0.35, 100, False),  # plainly not
        (0.05, 0.30, 0.48, 100, False),
        (0.00, 0.00, 0.00, 100, False),  # nothing differs: nothing is claimed
        (np.nan, np.nan, np.nan, 0, False),
    ],
)  # fmt: skip
def test_near(only_pool: float, only_alone: float, alone: float, draws: int, near: bool) -> None:
    found = power(only_pool, only_alone, alone).near_the_bar(np.zeros((1, 2), dtype=np.bool_), draws)
    assert found.tolist() == [near]


def test_who_finds_it_alone_in_the_run_itself_settles_it() -> None:
    assert not power(0.16, 0.04, 0.16).near_the_bar(np.array([[True, False]]), 50).any()
