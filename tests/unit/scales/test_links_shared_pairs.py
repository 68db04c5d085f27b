"""Two agencies' readings of the same people: which are used, what they weigh, and which samples are refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import build
from riskshare.errors import LinkRefusedError
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Band
from riskshare.records.shared_cases import SHARED_SCHEMA, SharedCases
from riskshare.scales.referral import NEUTRAL_CASES, referral_weights
from riskshare.scales.shared_pairs import shared_pair

POLICE, COUNCIL = ("police", "demo.count"), ("council", "dated")


def partnership() -> Partnership:
    dated = build.scale("dated", valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2026, 1, 1), routes=())
    nominal = build.scale("kinds", kind="nominal", direction="none", routes=(), bands=(Band(name="a", starts=0.0),))
    return Partnership(
        name="t", purpose="t", agencies=(build.agency("police"), build.agency("council")), signatures=(),
        common_scale=build.partnership().common_scale, scales=(build.scale(), dated, nominal),
        trust=build.trust_policy(),
    )  # fmt: skip


def cases(rows: list[tuple[Any, ...]]) -> SharedCases:
    """Rows of subject, party, value, day of 2025, referred_by, derived_from."""
    day = dt.date(2025, 1, 1)
    table = pa.Table.from_pylist(
        [
            {
                "row": i, "source": "t", "subject_id": s, "agency": p[0], "scale": p[1], "value": v,
                "scored_at": day + dt.timedelta(days=d), "referred_by": r, "derived_from": f,
            }
            for i, (s, p, v, d, r, f) in enumerate(rows, start=1)
        ],
        schema=SHARED_SCHEMA,
    )  # fmt: skip
    return SharedCases(table, pd.DataFrame(), pd.DataFrame(), {}, "v")


def test_the_latest_reading_of_people_both_scored_is_used() -> None:
    rows = [
        ("S1", POLICE, "3", 1, None, None),
        ("S1", POLICE, "9", 5, None, None),
        ("S1", COUNCIL, "4", 2, None, None),
        ("S2", POLICE, "8", 2, None, None),
        ("S3", POLICE, "8", 2, None, None),
        ("S3", COUNCIL, "cannot be judged", 9, None, None),
    ]
    pair = shared_pair(cases(rows), partnership(), POLICE, COUNCIL)
    assert (pair.x.tolist(), pair.y.tolist()) == ([9.0], [4.0])
    assert pair.n_not_scored == 1
    assert pair.window == ("2025-01-03", "2025-01-06")
    earlier = shared_pair(
        cases(rows), partnership(), POLICE, COUNCIL, window=(dt.date(2025, 1, 1), dt.date(2025, 1, 3))
    )
    assert earlier.x.tolist() == [3.0]
    assert len(shared_pair(cases([]), partnership(), POLICE, COUNCIL)) == 0


def test_readings_across_a_change_of_the_scale_are_refused() -> None:
    rows = [("S1", POLICE, "3", 1, None, None), ("S1", COUNCIL, "4", 400, None, None)]
    with pytest.raises(LinkRefusedError, match=r"row 2 is outside the dates it holds for.*never pooled.*window"):
        shared_pair(cases(rows), partnership(), POLICE, COUNCIL)


def test_derived_scores_are_refused() -> None:
    rows = [("S1", POLICE, "3", 1, None, None), ("S1", COUNCIL, "4", 4, None, "police:r9")]
    with pytest.raises(LinkRefusedError, match=r"row 2 is derived from another record.*Leave these rows out") as caught:
        shared_pair(cases(rows), partnership(), POLICE, COUNCIL)
    assert "r9" not in str(caught.value)


def test_a_nominal_scale_is_refused() -> None:
    with pytest.raises(LinkRefusedError, match="Cross-tabulate"):
        shared_pair(cases([]), partnership(), POLICE, ("council", "kinds"))


def test_more_than_sixty_per_cent_by_one_side_refuses_volumes_and_says_why() -> None:
    rows = []
    for k in range(10):
        by = "police" if k < 7 else "council"
        rows += [(f"S{k}", POLICE, "9", 1, by, None), (f"S{k}", COUNCIL, "4", 1, by, None)]
    pair = shared_pair(cases(rows), partnership(), POLICE, COUNCIL)
    assert "police referred 70 % of these cases" in pair.volumes_refused
    assert "vignettes" in pair.volumes_refused
    assert pair.weight[:7] == pytest.approx(5 / 7)
    assert pair.weight[7:] == pytest.approx(5 / 3)
    assert pair.n_effective == pytest.approx(100 / (25 / 7 + 25 / 3))
    even = cases([row if i < 12 else (*row[:4], "outside", None) for i, row in enumerate(rows)])
    assert shared_pair(even, partnership(), POLICE, COUNCIL).volumes_refused == ""


def test_with_enough_neutral_cases_a_sides_referrals_are_made_to_look_like_them() -> None:
    rng = np.random.default_rng(1)
    neutral = rng.integers(0, 21, 400).astype(float)
    picked = rng.integers(0, 21, 1200).astype(float)
    picked = picked[rng.random(1200) < picked / 20]
    x = np.concatenate([neutral, picked])
    who = np.concatenate([np.zeros(400, int), np.ones(len(picked), int)])
    assert len(neutral) >= NEUTRAL_CASES
    weight, how = referral_weights(x, x, who)
    side = who == 1
    assert picked.mean() > neutral.mean() + 2.0
    assert np.average(x[side], weights=weight[side]) == pytest.approx(neutral.mean(), abs=0.7)
    assert (weight[~side] == 1.0).all()
    assert "spread as in these" in how


def test_without_any_referral_all_count_alike() -> None:
    weight, how = referral_weights(np.arange(3.0), np.arange(3.0), np.zeros(3, int))
    assert weight.tolist() == [1.0, 1.0, 1.0]
    assert "count alike" in how
    weight, how = referral_weights(np.arange(3.0), np.arange(3.0), np.array([0, 1, 1]))
    assert weight.tolist() == [1.0, 1.0, 1.0]
    assert "Only one side" in how
