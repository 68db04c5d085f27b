"""A small assessment to report on: facts, an anecdote, a denial, a protective row, two agencies' readings."""

from __future__ import annotations

from typing import Any

import build
from riskshare.assessment import Assessment, assess
from riskshare.io.evidence import read_evidence

AS_OF = "2026-03-31"


def rows() -> list[dict[str, Any]]:
    anecdote = {"basis": "anecdotal", "source_type": "worry"}
    victim = {"role": "victim", "indicator": "blade_injury"}
    return [
        build.row(record_id="a1", claim_id="c1"),
        build.row(record_id="a2", agency="charity", claim_id="c2", indicator="gang_link", **anecdote),
        build.row(record_id="a3", agency="council", claim_id="c2", indicator="gang_link", stance="denies"),
        build.row(record_id="a4", agency="council", indicator="trusted_adult", event_date="2026-01-05"),
        build.row(record_id="a5", agency="health", event_date="2026-03-20", recorded_date="2026-03-21", **victim),
        build.row(record_id="a6", agency="police", indicator="blade_injury", scale="demo.count", value="16"),
        build.row(record_id="a7", agency="council", indicator="blade_injury", scale="demo.count", value="2"),
        build.row(record_id="a8", agency="council", indicator="threat_to_staff"),
        build.row(record_id="a9", agency="police", indicator="gang_link", arises_from="agency_initiated"),
        *(
            build.row(record_id=f"m{i}", claim_id=f"d{i}", event_date=f"2026-02-{i + 10}", subject_id="S2")
            for i in range(16)
        ),
    ]


def assessment(**changes: Any) -> Assessment:
    partnership = build.partnership(**changes)
    return assess(read_evidence(rows(), partnership), partnership, as_of=AS_OF)


def line(made: Assessment, subject: str = "S1", lens: str = "harm_by") -> dict[str, Any]:
    here = made.scores[(made.scores["subject_id"] == subject) & (made.scores["lens"] == lens)]
    return {str(name): value for name, value in here.iloc[0].items()}
