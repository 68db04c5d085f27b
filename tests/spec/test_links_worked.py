"""Links, worked by hand: what a practitioner should find when reading one scale on another.

Two agencies count warning signs from 0 to 10. The second finds one more in every case.
"""

from __future__ import annotations

import numpy as np
import pytest

import build
from riskshare.records.scale import Band, CommonScale
from riskshare.scales.outcome import outcome_link
from riskshare.scales.policy_link import policy_link
from riskshare.scales.population import population_link

SIGNS = (2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 8)
"""The first agency's counts of 16 people; the caseload holds each 25 times."""


def signs(name: str, high: int) -> object:
    bands = (Band(name="below", starts=0.0), Band(name="high", starts=float(high), pins="high"))
    return build.scale(name, hi=10.0, bands=bands, routes=(), not_scored=())


@pytest.mark.parametrize(
    ("one_counts", "other_counts"),
    [
        # bar between 5 and 6 on the first scale | the same people part between 6 and 7 on the second
        (5.5, 6.5),
        (4.5, 5.5),
        (6.5, 7.5),
    ],
)
def test_a_bar_falls_where_the_same_share_of_people_lies_beyond(one_counts: float, other_counts: float) -> None:
    x = np.repeat(SIGNS, 25).astype(float)
    link = population_link(signs("one", 6), signs("other", 6), x, x + 1.0, method="equipercentile_unsmoothed",
                           replicates=20)  # fmt: skip
    assert link.equivalents([one_counts]).estimate[0] == pytest.approx(other_counts)


def test_the_policy_basis_hides_what_the_population_basis_shows() -> None:
    """Both say "high from 6". Laid on one another the bars agree; the shared cases say that they do not."""
    x = np.repeat(SIGNS, 25).astype(float)
    one, other = signs("one", 6), signs("other", 6)
    agreed = policy_link(one, other, CommonScale())
    seen = population_link(one, other, x, x + 1.0, replicates=50)
    assert agreed.equivalents([5.5]).estimate[0] == pytest.approx(5.5)
    assert seen.equivalents([5.5]).low[0] > 5.9
    assert (agreed.basis, seen.basis) == ("policy", "population")


@pytest.mark.parametrize(
    ("band", "people", "followed", "rate"), [("low", 1000, 20, 0.02), ("medium", 500, 50, 0.1), ("high", 300, 150, 0.5)]
)
def test_the_outcome_basis_says_how_often_harm_followed(band: str, people: int, followed: int, rate: float) -> None:
    bands = tuple(Band(name=n, starts=float(i)) for i, n in enumerate(("low", "medium", "high"), start=1))
    scale = build.scale(
        "rosh", kind="ordinal", lo=1.0, hi=3.0, bands=bands, routes=(), not_scored=(), outcome="serious harm",
        horizon="2 years", population="adults on probation",
    )  # fmt: skip
    table = (("low", 1000, 20), ("medium", 500, 50), ("high", 300, 150))
    values = np.concatenate([[k + 1.0] * n for k, (_, n, _) in enumerate(table)])
    outcomes = np.concatenate([[1] * hit + [0] * (n - hit) for _, n, hit in table])
    link = outcome_link(scale, values, outcomes)
    score = link.one(1.0 + [name for name, _, _ in table].index(band))
    assert link.target == "serious harm within 2 years"
    assert link.parameters["bands"][band] == {"n": people, "events": followed, "rate": pytest.approx(rate)}
    assert score.point == pytest.approx(rate)
    assert score.low < rate < score.high
