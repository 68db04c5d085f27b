"""Reading cases that several agencies scored: every reading understood on its own scale, every row accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.io.evidence import MAX_BAD_SHARE, account, duplicate_table, fault_table, stop_if_bad
from riskshare.io.evidence_cells import (
    Cells,
    Faults,
    Ints,
    Sheet,
    encode,
    given,
    read_codes,
    read_ids,
    read_labels,
)
from riskshare.io.evidence_dates import read_dates
from riskshare.io.evidence_keys import sort_out
from riskshare.io.evidence_refs import read_references
from riskshare.io.evidence_sources import read_sources, reading_rules
from riskshare.io.readings import check_readings
from riskshare.io.tabular import Contract, Progress
from riskshare.records.arguments import require
from riskshare.records.partnership import Partnership
from riskshare.records.shared_cases import INPUT_COLUMNS, OUTSIDE, REQUIRED_COLUMNS, SHARED_SCHEMA, SharedCases

CONTRACT: Final = Contract(
    known=INPUT_COLUMNS, required=REQUIRED_COLUMNS, dates=frozenset({"scored_at"}), figures=frozenset({"value"})
)
DATE_FORMATS: Final = ("%Y-%m-%d",)
"""The table is made by partners together, so dates are ISO and not in any one agency's format."""
KEY: Final = ("subject_id", "agency", "scale")


def read_shared_cases(
    source: object, partnership: Partnership, *, accept_bad: bool = False, progress: Progress | None = None
) -> SharedCases:
    """Return the readings of shared cases, and the rows set aside.

    The same machinery and the same levels as ``read_evidence``; here no column is soft. One row is one agency's
    reading of one subject on one day: ``subject_id``, ``agency``, ``scale``, ``value``, ``scored_at`` (ISO),
    ``referred_by`` (an agency's id, ``outside`` for somebody who is no partner, blank where nobody knows) and,
    optionally, ``derived_from``. A value must be a number or a label of its scale, or say that it could not be judged.
    Exact repeats are counted; two different values of one agency for one subject, scale and day are both set aside.

    Parameters
    ----------
    source : path, iterable of paths, table or iterable of mappings
        As for ``read_evidence``. No rows give an empty table.
    partnership : Partnership
        Which agencies and scales are agreed.
    accept_bad : bool
        Read a source even if more than a fifth of its rows are set aside.
    progress : callable, optional
        Called with the source's name and the rows read so far.

    Returns
    -------
    SharedCases
        ``table`` in the order read; readings on a nominal or effort scale are kept, and refused when linked.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    EvidenceFileError
        The whole source is stopped.

    Examples
    --------
    ``read_shared_cases([], partnership)`` gives
    ``SharedCases(0 rows in = 0 accepted + 0 quarantined + 0 exact duplicates)``.
    """
    require("read_shared_cases", reading_rules(partnership, accept_bad, progress))
    sheet, faults, _ = read_sources(source, CONTRACT, progress, "shared cases")
    cells, scored_at = _check(sheet, partnership, faults)
    key = [*(cells[name].codes for name in KEY), scored_at]
    content = [*(column.codes for column in cells.values()), scored_at]
    conflicting, repeats, originals = sort_out(np.flatnonzero(~faults.quarantined), key, content)
    faults.add(conflicting, "value", "conflicting_versions")
    if not accept_bad:
        stop_if_bad(sheet, faults, MAX_BAD_SHARE)
    accepted, counts = account(sheet, faults, repeats)
    return SharedCases(
        table=_accepted(sheet, cells, scored_at, np.flatnonzero(accepted)),
        quarantine=fault_table(sheet, faults.hard, INPUT_COLUMNS),
        duplicates=duplicate_table(sheet, repeats, originals),
        counts=counts,
        partnership_version=partnership.version,
    )


def _check(sheet: Sheet, partnership: Partnership, faults: Faults) -> tuple[Mapping[str, Cells], NDArray[np.int32]]:
    agencies = [agency.id for agency in partnership.agencies]
    codes = {
        "agency": agencies,
        "scale": [scale.id for scale in partnership.scales],
        "referred_by": [*agencies, OUTSIDE],
    }
    cells = {name: read_codes(encode(sheet, name), name, agreed, faults) for name, agreed in codes.items()}
    cells["subject_id"] = read_ids(encode(sheet, "subject_id"), "subject_id", faults, is_person=True)
    cells["value"] = read_labels(encode(sheet, "value"), "value", faults)
    cells["derived_from"] = read_references(encode(sheet, "derived_from"), agencies, faults)
    for name in (*KEY, "value"):
        faults.add(~cells[name].present, name, "required_missing")
    faults.add(~given(sheet, "scored_at"), "scored_at", "required_missing")
    check_readings(cells["scale"], cells["value"], partnership, faults)
    everyone = Cells(np.zeros(sheet.n_rows, np.int32), pa.array(["all"]), np.ones(sheet.n_rows, np.bool_))
    return cells, read_dates(sheet, "scored_at", everyone, {"all": DATE_FORMATS}, faults)


def _accepted(sheet: Sheet, cells: Mapping[str, Cells], scored_at: NDArray[np.int32], rows: Ints) -> pa.Table:
    arrays = {
        "row": pa.array(sheet.row[rows]),
        "source": pa.array(sheet.sources, pa.string()).take(pa.array(sheet.source_of[rows])),
        "scored_at": pa.array(scored_at[rows], pa.int32()).cast(pa.date32()),
        **{name: column.texts(rows) for name, column in cells.items()},
    }
    return pa.table([arrays[name] for name in SHARED_SCHEMA.names], schema=SHARED_SCHEMA)
