"""What is past its retention is in no count that leaves, as it is in no score."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import build
import share_cases as cases
from riskshare.sharing.asking import SharingRefusedError


def test_rows_past_their_retention_are_counted_nowhere(tmp_path: Path) -> None:
    usual = build.trust_policy().indicators
    brief = tuple(one.model_copy(update={"retention_days": 20}) if one.id == "blade_injury" else one for one in usual)
    short = build.partnership(trust=build.trust_policy(indicators=brief))
    agreed = dataclasses.replace(short, sharing=cases.partnership().sharing)
    old = [
        cases.fact(f"r{n}", subject_id=f"S{n}", indicator="blade_injury", event_date="2026-02-01") for n in range(30)
    ]
    with pytest.raises(SharingRefusedError, match="nothing_to_share"):
        cases.given(cases.result(old, agreed=agreed), tmp_path, purpose="violence_reduction")
    late = [{**one, "event_date": "2026-03-20"} for one in old]
    counts = cases.given(cases.result(late, agreed=agreed), tmp_path, purpose="violence_reduction").tables["counts"]
    assert counts.set_index("authority").loc["northby", "count"] == 30
