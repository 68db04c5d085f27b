"""Reading response times: the house's three levels, with moments that must say their offset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.io.evidence import MAX_BAD_SHARE, account, duplicate_table, fault_table, stop_if_bad
from riskshare.io.evidence_cells import Cells, Faults, Ints, Sheet, encode, read_codes, read_ids, read_labels
from riskshare.io.evidence_codes import FAULTS
from riskshare.io.evidence_keys import sort_out
from riskshare.io.evidence_sources import read_sources, reading_rules
from riskshare.io.readings import check_readings
from riskshare.io.tabular import Contract, Progress
from riskshare.io.text import why_unsafe
from riskshare.records.arguments import require
from riskshare.records.moments import MOMENT_FAULTS, read_moment
from riskshare.records.partnership import Partnership
from riskshare.records.responses import RESPONSE_COLUMNS, RESPONSE_SCHEMA, Responses

CONTRACT: Final = Contract(
    known=RESPONSE_COLUMNS, required=RESPONSE_COLUMNS, dates=frozenset(), figures=frozenset({"value"})
)
KEY: Final = ("agency", "case_id", "start_event", "stop_event")
"""One case runs from one event to another once; a case that comes back gets a new case_id."""

RESPONSE_FAULTS: Final = {
    **FAULTS,
    **MOMENT_FAULTS,
    "stop_before_start": "The case stops before it starts. Correct one of the moments, or the offset it has.",
    "unknown_event": "No agreed standard starts or stops with this event. Write it exactly as in partnership.toml, or "
    "agree a standard that names it.",
    "conflicting_cases": "The same agency, case and events stand twice with different content. Send the case once, as "
    "it is now; a case that came back needs a case_id of its own.",
}
"""Every fault a row can have, by its stable code, with what to do."""

MISSING: Final = int(np.iinfo(np.int64).min)
"""No moment."""


class _Checked(NamedTuple):
    cells: Mapping[str, Cells]
    moments: Mapping[str, Ints]


def read_responses(
    source: object, partnership: Partnership, *, accept_bad: bool = False, progress: Progress | None = None
) -> Responses:
    """Return the response times that a source holds, and the rows set aside.

    The same machinery and the same three levels as ``read_evidence``. One row is one case of one agency, from its start
    event to its stop event; a blank ``stopped_at`` is a case still open, which is never dropped. Moments are ISO text
    with ``Z`` or an offset; without one they are set aside, as on two nights a year they mean two moments or none.
    Events are those that some agreed standard names, so that no free text travels. Exact repeats are counted; one case
    with different content is set aside whole.

    Parameters
    ----------
    source : path, iterable of paths, table or iterable of mappings
        As for ``read_evidence``, with the columns ``case_id, agency, scale, value, start_event, started_at,
        stop_event, stopped_at``. No rows give an empty table.
    partnership : Partnership
        What agencies, scales, bands and standards are agreed.
    accept_bad : bool
        Read a source even if more than a fifth of its rows are set aside.
    progress : callable, optional
        Called with the source's name and the rows read so far.

    Returns
    -------
    Responses
        ``rows`` in the order read, under ``RESPONSE_SCHEMA``.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    EvidenceFileError
        The whole source is stopped.

    Examples
    --------
    See ``docs/how-to/compare-responses.md``; ``read_responses([], partnership)`` gives
    ``Responses(0 rows in = 0 accepted + 0 quarantined + 0 exact duplicates)``.
    """
    require("read_responses", reading_rules(partnership, accept_bad, progress))
    sheet, faults, notes = read_sources(source, CONTRACT, progress, "responses")
    checked = _check(sheet, partnership, faults)
    content: list[NDArray[Any]] = [*(column.codes for column in checked.cells.values()), *checked.moments.values()]
    keys = [checked.cells[name].codes for name in KEY]
    conflicting, repeats, originals = sort_out(np.flatnonzero(~faults.quarantined), keys, content)
    faults.add(conflicting, "case_id", "conflicting_cases")
    if not accept_bad:
        stop_if_bad(sheet, faults, MAX_BAD_SHARE)
    accepted, counts = account(sheet, faults, repeats)
    return Responses(
        rows=_rows(sheet, checked, np.flatnonzero(accepted)),
        quarantine=fault_table(sheet, faults.hard, RESPONSE_COLUMNS, hints=RESPONSE_FAULTS),
        duplicates=duplicate_table(sheet, repeats, originals),
        counts=counts,
        partnership_version=partnership.version,
        notes=notes,
    )


def _check(sheet: Sheet, partnership: Partnership, faults: Faults) -> _Checked:
    """Read every column and note every fault; rules across cells speak only where both cells can be read."""
    standards = [standard for agency in partnership.agencies for standard in agency.standards]
    agreed = {
        "agency": [agency.id for agency in partnership.agencies],
        "scale": [scale.id for scale in partnership.scales],
    }
    cells = {name: read_codes(encode(sheet, name), name, codes, faults) for name, codes in agreed.items()}
    cells["case_id"] = read_ids(encode(sheet, "case_id"), "case_id", faults)
    cells["value"] = read_labels(encode(sheet, "value"), "value", faults)
    cells["start_event"] = _read_events(sheet, "start_event", {s.start_event for s in standards}, faults)
    cells["stop_event"] = _read_events(sheet, "stop_event", {s.stop_event for s in standards}, faults)
    moments = {name: _read_moments(sheet, name, faults) for name in ("started_at", "stopped_at")}
    for name, column in cells.items():
        faults.add(~column.present, name, "required_missing")
    faults.add(~encode(sheet, "started_at").present, "started_at", "required_missing")
    start, stop = moments["started_at"], moments["stopped_at"]
    faults.add((start != MISSING) & (stop != MISSING) & (stop < start), "stopped_at", "stop_before_start")
    check_readings(cells["scale"], cells["value"], partnership, faults)
    return _Checked(cells, moments)


def _read_events(sheet: Sheet, column: str, agreed: set[str], faults: Faults) -> Cells:
    """Keep agreed events; one that is not agreed gets a hint of its own, since events are words and not codes."""
    found = Faults(sheet.n_rows)
    cells = read_codes(encode(sheet, column), column, agreed, found)
    for rows, name, code in found.hard:
        faults.add(rows, name, "unknown_event" if code in ("unknown_code", "look_alike") else code)
    return cells


def _read_moments(sheet: Sheet, column: str, faults: Faults) -> Ints:
    """Return seconds since 1970 for each row; each distinct text is understood once."""
    cells = encode(sheet, column)
    read: list[int | str] = [why_unsafe(text) or read_moment(text) for text in cells.values.to_pylist()]
    seconds = np.array([MISSING if isinstance(found, str) else found for found in read] + [MISSING], dtype=np.int64)
    codes = np.array([found if isinstance(found, str) else "" for found in read] + [""], dtype=object)
    for code in sorted({found for found in read if isinstance(found, str)}):
        faults.add(codes[cells.codes] == code, column, code)
    by_row: Ints = seconds[cells.codes]
    return by_row


def _rows(sheet: Sheet, checked: _Checked, rows: Ints) -> pa.Table:
    arrays = []
    for field in RESPONSE_SCHEMA:
        if field.name == "row":
            arrays.append(pa.array(sheet.row[rows]))
        elif field.name == "source":
            arrays.append(pa.array(sheet.sources, pa.string()).take(pa.array(sheet.source_of[rows])))
        elif field.name in checked.moments:
            moments = checked.moments[field.name][rows]
            arrays.append(pa.array(moments, pa.int64(), mask=moments == MISSING).cast(field.type))
        else:
            arrays.append(checked.cells[field.name].texts(rows))
    return pa.table(arrays, schema=RESPONSE_SCHEMA)
