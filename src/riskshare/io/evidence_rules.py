"""The rules of a row of evidence, column by column and across columns, as the partnership agreed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.io.evidence_cells import (
    Bools,
    Cells,
    Faults,
    Sheet,
    encode,
    given,
    read_codes,
    read_ids,
    read_labels,
    read_numbers,
    with_default,
)
from riskshare.io.evidence_dates import check_order, read_dates
from riskshare.io.evidence_places import Habits, read_places
from riskshare.io.evidence_refs import read_handling, read_references
from riskshare.io.readings import check_scale
from riskshare.records.evidence import (
    ANSWERS,
    ARISES_FROM,
    BASES,
    DATA_CLASSES,
    INFO_GRADES,
    ROLES,
    SOURCE_GRADES,
    STANCES,
    STATUSES,
)
from riskshare.records.partnership import Partnership

DEFAULTS: Final = {"stance": "supports", "status": "current", "data_class": "other", "handling": "C"}
"""What an empty cell means, where the contract gives it a meaning (design, section 4)."""


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """Every column of the contract, read: texts as ``Cells``, days and numbers as arrays."""

    cells: Mapping[str, Cells]
    days: Mapping[str, NDArray[np.int32]]
    numbers: Mapping[str, NDArray[np.float64]]


def check_rows(sheet: Sheet, partnership: Partnership, faults: Faults, habits: Habits | None = None) -> Checked:
    """Read every column, note every fault, and return what could be read.

    A fault of one cell never hides a fault of another cell of the same row; rules across cells speak only where the
    cells they need can be read. ``habits`` as for ``read_places``.
    """
    cells = _read_columns(sheet, partnership, faults)
    formats = {agency.id: agency.date_formats for agency in partnership.agencies}
    days = {
        name: read_dates(sheet, name, cells["agency"], formats, faults)
        for name in ("event_date", "event_end", "recorded_date")
    }
    check_order(days["event_date"], days["event_end"], days["recorded_date"], faults)
    numbers = {"severity": read_numbers(sheet, "severity", 0.0, 1.0, faults), **read_places(sheet, faults, habits)}
    has_severity = given(sheet, "severity")
    _check_required(sheet, cells, faults)
    _check_subject(cells, faults)
    _check_grading(cells, partnership, faults)
    _check_readings(cells, partnership, has_severity, faults)
    _check_gateways(cells, partnership, faults)
    defaulted = {name: with_default(cells[name], meaning) for name, meaning in DEFAULTS.items()}
    return Checked({**cells, **defaulted}, days, numbers)


def agreed_codes(partnership: Partnership) -> dict[str, Sequence[str]]:
    """Return, for each column that holds agreed codes alone, which they are."""
    trust = partnership.trust
    return {
        "role": ROLES,
        "agency": [agency.id for agency in partnership.agencies],
        "indicator": [indicator.id for indicator in trust.indicators],
        "basis": BASES,
        "arises_from": ARISES_FROM,
        "source_grade": SOURCE_GRADES,
        "info_grade": INFO_GRADES,
        "source_type": [source.id for source in trust.source_types],
        "scale": [scale.id for scale in partnership.scales],
        "route": sorted({route.id for scale in partnership.scales for route in scale.routes}),
        "stance": STANCES,
        "status": STATUSES,
        "answer": ANSWERS,
        "gateway": [gateway.id for gateway in trust.gateways],
        "data_class": DATA_CLASSES,
        "authority": sorted({code for agency in partnership.agencies for code in agency.authorities}),
    }


def _read_columns(sheet: Sheet, partnership: Partnership, faults: Faults) -> dict[str, Cells]:
    codes = agreed_codes(partnership)
    cells = {name: read_codes(encode(sheet, name), name, agreed, faults) for name, agreed in codes.items()}
    for name in ("record_id", "claim_id", "recorded_by"):
        cells[name] = read_ids(encode(sheet, name), name, faults)
    cells["subject_id"] = read_ids(encode(sheet, "subject_id"), "subject_id", faults, is_person=True)
    cells["value"] = read_labels(encode(sheet, "value"), "value", faults)
    cells["derived_from"] = read_references(encode(sheet, "derived_from"), codes["agency"], faults)
    conditions = [condition.id for condition in partnership.trust.handling_conditions]
    cells["handling"], cells["conditions"] = read_handling(encode(sheet, "handling"), conditions, faults)
    return cells


def _check_required(sheet: Sheet, cells: Mapping[str, Cells], faults: Faults) -> None:
    for name in ("record_id", "role", "agency", "indicator", "basis", "arises_from"):
        faults.add(~cells[name].present, name, "required_missing")
    for name in ("event_date", "recorded_date"):
        faults.add(~given(sheet, name), name, "required_missing")


def _check_subject(cells: Mapping[str, Cells], faults: Faults) -> None:
    role, subject = cells["role"], cells["subject_id"]
    is_place = role.among(["place"])
    faults.add((role.codes >= 0) & ~is_place & ~subject.present, "subject_id", "subject_missing")
    faults.add(is_place & subject.present, "subject_id", "subject_on_place")


def _check_grading(cells: Mapping[str, Cells], partnership: Partnership, faults: Faults) -> None:
    source, info, kind = cells["source_grade"], cells["info_grade"], cells["source_type"]
    graded = source.present | info.present
    faults.add(~graded & ~kind.present, "source_type", "grading_missing")
    faults.add(graded & kind.present, "source_type", "grading_twice")
    faults.add(source.present & ~info.present, "info_grade", "grading_half")
    faults.add(info.present & ~source.present, "source_grade", "grading_half")
    agreed = {(grade.source, grade.assessment) for grade in partnership.trust.grades}
    sources, infos = source.values.to_pylist(), info.values.to_pylist()
    # Grade E is always taken: scoring lists it without weight (methods: model, section 1).
    allowed = np.array([[i == "E" or (s, i) in agreed for i in infos] for s in sources], np.bool_)
    both = np.flatnonzero((source.codes >= 0) & (info.codes >= 0))
    if both.size:
        refused = both[~allowed[source.codes[both], info.codes[both]]]
        faults.add(refused, "info_grade", "grade_not_agreed")


def _check_readings(cells: Mapping[str, Cells], partnership: Partnership, has_severity: Bools, faults: Faults) -> None:
    scale, value, route = cells["scale"], cells["value"], cells["route"]
    faults.add(has_severity & scale.present, "severity", "severity_and_scale")
    faults.add(value.present & ~scale.present, "value", "scale_missing")
    faults.add(route.present & ~scale.present, "route", "scale_missing")
    faults.add(scale.present & ~value.present & ~route.present, "value", "reading_missing")
    agreed = {s.id: s for s in partnership.scales}
    for code, name in enumerate(scale.values.to_pylist()):
        if name not in agreed:
            continue
        on_scale = scale.codes == code
        own_routes = [r.id for r in agreed[name].routes]
        faults.add(on_scale & (route.codes >= 0) & ~route.among(own_routes), "route", "unknown_route")
        rows = np.flatnonzero(on_scale & (value.codes >= 0))
        check_scale(agreed[name], value, rows, faults)


CARE_SECTORS: Final = ("health", "ambulance", "social_care")
"""Sectors whose personal information the Serious Violence Duty does not carry, said or unsaid (PCSC Act 2022, s.16)."""


def _check_gateways(cells: Mapping[str, Cells], partnership: Partnership, faults: Faults) -> None:
    """Note rows whose gateway bars their class of data.

    An empty data_class is ``other``, but not where a care agency sends the row through a gateway that bars care data:
    leaving a cell blank must not open a door that filling it in would close.
    """
    gateway, kind = cells["gateway"], cells["data_class"]
    care = cells["agency"].among([agency.id for agency in partnership.agencies if agency.sector in CARE_SECTORS])
    barred = np.zeros(len(gateway.codes), np.bool_)
    for agreed in partnership.trust.gateways:
        named = gateway.among([agreed.id])
        if agreed.bars:
            unsaid = care if "health_or_social_care" in agreed.bars else "other" in agreed.bars
            barred |= named & np.where(kind.present, kind.among(agreed.bars), unsaid)
    faults.add(barred, "gateway", "gateway_barred")
