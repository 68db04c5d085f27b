"""Reading what partners agreed to send about subjects themselves: age band, who is responsible, where, protection."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.io.evidence import count_rows, fault_table, stop_if_bad
from riskshare.io.evidence_cells import Cells, Faults, Ints, Sheet, encode, given, read_codes, read_ids, with_default
from riskshare.io.evidence_dates import MISSING, read_dates
from riskshare.io.evidence_keys import sort_out
from riskshare.io.evidence_sources import read_sources
from riskshare.io.tabular import Contract, Progress
from riskshare.records.evidence import AGE_BANDS, Subjects
from riskshare.records.partnership import Partnership

COLUMNS: Final = (
    "subject_id",
    "age_band",
    "responsible_authority",
    "placed_in",
    "household_id",
    "protected_from",
    "protected_until",
)
DATES: Final = ("protected_from", "protected_until")
CONTRACT: Final = Contract(known=COLUMNS, required=("subject_id",), dates=frozenset(DATES))
MAX_BAD_SHARE: Final = 0.2
"""As for evidence (methods: safety, 5.1)."""


def read_subjects(
    source: object, partnership: Partnership, *, accept_bad: bool = False, progress: Progress | None = None
) -> Subjects:
    """Return one row for each subject, and the rows set aside.

    The same machinery and the same three levels as ``read_evidence``; here no column is soft, since protection is not a
    detail. An empty ``age_band`` is ``not known``. Authorities may lie outside the partnership, because children are
    placed across borders, so any safe code is taken. Dates are ISO (2026-03-31), ``protected_until`` is the first day
    without protection. Exact repeats are counted; one subject with different content is set aside whole.

    Parameters
    ----------
    source : path, iterable of paths, table or iterable of mappings
        As for ``read_evidence``; only ``subject_id`` is required. No rows give an empty table.
    partnership : Partnership
        The agreement in force; nothing in it restricts these columns yet.
    accept_bad : bool
        Read a source even if more than a fifth of its rows are set aside.
    progress : callable, optional
        Called with the source's name and the rows read so far.

    Returns
    -------
    Subjects
        An empty table for no rows.

    Raises
    ------
    EvidenceFileError
        The whole source is stopped.

    Examples
    --------
    ``read_subjects([{"subject_id": "S1", "age_band": "16-17"}], partnership)`` gives ``Subjects(1 rows, 0 faults)``.
    """
    del partnership  # kept in the signature: both readers are called alike, and codes may be agreed later
    sheet, faults, _ = read_sources(source, CONTRACT, progress, "subjects")
    cells = _read_cells(sheet, faults)
    everyone = Cells(np.zeros(sheet.n_rows, np.int32), pa.array(["all"]), np.ones(sheet.n_rows, np.bool_))
    days = {name: read_dates(sheet, name, everyone, {"all": ("%Y-%m-%d",)}, faults) for name in DATES}
    start, end = days["protected_from"], days["protected_until"]
    faults.add((end != MISSING) & ~given(sheet, "protected_from"), "protected_until", "until_without_from")
    faults.add((start != MISSING) & (end != MISSING) & (end <= start), "protected_until", "end_before_start")
    content = [*(column.codes for column in cells.values()), *days.values()]
    clean = np.flatnonzero(~faults.quarantined)
    conflicting, repeats, _ = sort_out(clean, [cells["subject_id"].codes], content)
    faults.add(conflicting, "subject_id", "conflicting_subjects")
    if not accept_bad:
        stop_if_bad(sheet, faults, MAX_BAD_SHARE)
    is_repeat = np.zeros(sheet.n_rows, np.bool_)
    is_repeat[repeats] = True
    accepted = ~faults.quarantined & ~is_repeat
    return Subjects(
        table=_table(cells, days, np.flatnonzero(accepted)),
        quarantine=fault_table(sheet, faults.hard, COLUMNS),
        counts=count_rows(sheet, accepted, faults.quarantined, is_repeat),
    )


def _read_cells(sheet: Sheet, faults: Faults) -> dict[str, Cells]:
    cells = {"subject_id": read_ids(encode(sheet, "subject_id"), "subject_id", faults, is_person=True)}
    faults.add(~cells["subject_id"].present, "subject_id", "required_missing")
    cells["age_band"] = with_default(read_codes(encode(sheet, "age_band"), "age_band", AGE_BANDS, faults), "not known")
    for name in ("responsible_authority", "placed_in"):
        cells[name] = read_ids(encode(sheet, name), name, faults)
    cells["household_id"] = read_ids(encode(sheet, "household_id"), "household_id", faults, is_person=True)
    return cells


def _table(cells: dict[str, Cells], days: dict[str, NDArray[np.int32]], rows: Ints) -> pd.DataFrame:
    arrays = {name: column.texts(rows) for name, column in cells.items()}
    for name, column in days.items():
        arrays[name] = pa.array(column[rows], pa.int32(), mask=column[rows] == MISSING).cast(pa.date32())
    frame: pd.DataFrame = pa.table({name: arrays[name] for name in COLUMNS}).to_pandas(date_as_object=False)
    return frame
