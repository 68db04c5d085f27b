"""Small shared caseloads for tests: two or more agencies that scored the same people, written out row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import build
from riskshare.io.shared_cases import read_shared_cases
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Band, Scale
from riskshare.records.shared_cases import SharedCases

COUNT, BRAG, NEEDS, SAFETY = "demo.count", "demo.brag", "demo.needs", "demo.safety"


def brag() -> Scale:
    """Four levels, of which only red is said to be high: where medium begins is not published."""
    names = ("blue", "green", "amber", "red")
    bands = tuple(Band(name=n, starts=float(i), pins="high" if n == "red" else None) for i, n in enumerate(names, 1))
    return build.scale(BRAG, name="BRAG", kind="ordinal", lo=1.0, hi=4.0, bands=bands, routes=())


def needs() -> Scale:
    """Groups of need: categories without order."""
    bands = tuple(Band(name=name, starts=float(i)) for i, name in enumerate(("advice", "help", "support")))
    return build.scale(NEEDS, kind="nominal", lo=None, hi=None, direction="none", bands=bands, routes=())


def safety() -> Scale:
    """0 to 10, up is safer: 3 or less is high."""
    bands = (Band(name="unsafe", starts=0.0, pins="high"), Band(name="safe", starts=4.0))
    return build.scale(SAFETY, lo=0.0, hi=10.0, direction="safety", bands=bands, routes=())


def partners(*more: Scale, **sizes: Any) -> Partnership:
    """Police, council, school, health and charity, with the count, the traffic light and the groups of need."""
    members = tuple(build.agency(name, **sizes) for name in build.SECTORS)
    return build.partnership(agencies=members, scales=(build.scale(), brag(), needs(), safety(), *more))


def rows(
    scores: Mapping[str, Mapping[str, object]], *, scale: Mapping[str, str] | str = COUNT, **same: Any
) -> list[Any]:
    """Return one row an agency and person from ``{agency: {subject: value}}``."""
    found = []
    for agency, values in scores.items():
        own = scale if isinstance(scale, str) else scale[agency]
        for subject, value in values.items():
            row = {"subject_id": subject, "agency": agency, "scale": own, "value": value, "scored_at": "2025-06-01"}
            found.append({**row, "referred_by": "", **same})
    return found


def read(lines: Iterable[Mapping[str, Any]], partnership: Partnership | None = None) -> SharedCases:
    """Read rows, all of which must be good."""
    cases = read_shared_cases(list(lines), partnership or partners())
    assert cases.quarantine.empty, cases.quarantine
    return cases


def people(values: Iterable[object]) -> dict[str, object]:
    """Return values by subject, numbered."""
    return {f"S-{i:04d}": value for i, value in enumerate(values)}
