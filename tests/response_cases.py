"""A small partnership with response standards, and response rows as an agency would send them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import build
from riskshare.io.responses import read_responses
from riskshare.records.partnership import Agency, Partnership, ResponseStandard
from riskshare.records.response_times import ResponseTimes
from riskshare.records.responses import Responses
from riskshare.responses.compare import compare

UNTIL = "2026-03-31"


def standard(standard_id: str, **changes: Any) -> ResponseStandard:
    fields: dict[str, Any] = {
        "id": standard_id,
        "scale": "demo.count",
        "band": "high",
        "start_event": "referral received",
        "stop_event": "first visit",
        "clock": "elapsed",
        "target_hours": 24.0,
        "share_within": 0.9,
        "share_basis": "published",
        "source": "Demo guide, 2020",
    }
    return ResponseStandard(**{**fields, **changes})


def partnership(**standards: tuple[ResponseStandard, ...]) -> Partnership:
    """Return the usual five agencies with standards by agency; without any, police and council have one each."""
    chosen = standards or {"police": (standard("visit"),), "council": (standard("visit"),)}
    members: tuple[Agency, ...] = tuple(build.agency(a, standards=chosen.get(a, ())) for a in build.SECTORS)
    return build.partnership(agencies=members)


def row(case_id: str = "c1", **changes: Any) -> dict[str, Any]:
    """Return one good row: a case of 12 hours; change what the test is about."""
    fields: dict[str, Any] = {
        "case_id": case_id,
        "agency": "police",
        "scale": "demo.count",
        "value": "high",
        "start_event": "referral received",
        "started_at": "2026-03-02T09:00:00Z",
        "stop_event": "first visit",
        "stopped_at": "2026-03-02T21:00:00Z",
    }
    return {**fields, **changes}


def lasting(hours: float | None, case_id: str, *, started: str = "2026-03-02T09:00:00+00:00", **changes: Any) -> Any:
    """Return a case that lasted so many hours, or is open."""
    begin = dt.datetime.fromisoformat(started)
    stop = None if hours is None else (begin + dt.timedelta(hours=hours)).isoformat()
    return row(case_id, started_at=begin.isoformat(), stopped_at=stop, **changes)


def read(rows: list[dict[str, Any]], agreed: Partnership | None = None) -> Responses:
    return read_responses(rows, agreed or partnership(), accept_bad=True)


def compared(rows: list[dict[str, Any]], agreed: Partnership | None = None, **options: Any) -> ResponseTimes:
    chosen = agreed or partnership()
    return compare(chosen, read(rows, chosen), **{"until": UNTIL, **options})
