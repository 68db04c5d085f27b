"""What each agency alone would have seen, against the slow twin: cases that once told the two apart stay told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from oracles.random_cases import SUBJECT, random_case
from oracles.slow_model import alone_score, whole_points
from oracles.test_engine_against_slow_twin import differences_of
from properties.engine import run

CLOSE = 2e-11
SEEDS = (1_000_034, 1_000_164, 1_000_305, 1_000_397)


def alone_differences(case: dict[str, Any]) -> list[str]:
    """Score every agency's own rows with the slow twin, and say where the engine tells something else."""
    done, subject = run({"case": case["rows"]}, case), f"case/{SUBJECT}"
    if not done.knows(subject):
        return []
    day = dt.date.fromisoformat(case["as_of"])
    found = []
    for agency, told in done.alone(subject, case["lens"]).items():
        rows = [row for row in case["rows"] if row["agency"] == agency]
        wanted = alone_score(rows, case["policy"], SUBJECT, case["lens"], day)
        if abs(told["L"] - wanted) > CLOSE or told["points"] != whole_points(wanted, case["policy"]):
            found.append(f"{agency}: {told} instead of {wanted}")
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_of_these_cases(seed: int) -> None:
    assert differences_of(seed) == []


@pytest.mark.parametrize("seed", [*SEEDS, *range(40)])
def test_alone_is_the_slow_score_of_the_agencys_own_rows(seed: int) -> None:
    assert alone_differences(random_case(np.random.default_rng(seed))) == []
