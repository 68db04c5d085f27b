"""Reading what partners agreed to send about subjects themselves: age band, who is responsible, where, protection."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from riskshare.io.evidence_cells import Cells, Faults, Sheet, encode, given, read_codes, read_ids, with_default
from riskshare.io.evidence_dates import MISSING, read_dates
from riskshare.io.evidence_sources import reading_rules
from riskshare.io.people import Columns, read_people
from riskshare.io.tabular import Contract, Progress
from riskshare.records.arguments import require
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


def read_subjects(
    source: object, partnership: Partnership, *, accept_bad: bool = False, progress: Progress | None = None
) -> Subjects:
    """Return one row for each subject, and the rows set aside.

    The same machinery and the same three levels as ``read_evidence``; here no column is soft, since protection is not a
    detail. An empty ``age_band`` is ``not known``. Authorities may lie outside the partnership, because children are
    placed across borders, so any safe code is taken. Dates are ISO (2026-03-31), ``protected_until`` is the first day
    without protection. Exact repeats are counted; one subject with different content is set aside whole. Whoever's row
    is set aside is treated as protected when results are shared: what could not be read may have been just that.

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
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    EvidenceFileError
        The whole source is stopped.

    Examples
    --------
    ``read_subjects([{"subject_id": "S1", "age_band": "16-17"}], partnership)`` gives ``Subjects(1 rows, 0 faults)``.
    """
    require("read_subjects", reading_rules(partnership, accept_bad, progress))
    return Subjects(*read_people(source, CONTRACT, "subjects", _check, accept_bad=accept_bad, progress=progress))


def _check(sheet: Sheet, faults: Faults) -> Columns:
    cells = {
        "age_band": with_default(read_codes(encode(sheet, "age_band"), "age_band", AGE_BANDS, faults), "not known"),
        **{name: read_ids(encode(sheet, name), name, faults) for name in ("responsible_authority", "placed_in")},
        "household_id": read_ids(encode(sheet, "household_id"), "household_id", faults, is_person=True),
    }
    everyone = Cells(np.zeros(sheet.n_rows, np.int32), pa.array(["all"]), np.ones(sheet.n_rows, np.bool_))
    days = {name: read_dates(sheet, name, everyone, {"all": ("%Y-%m-%d",)}, faults) for name in DATES}
    start, end = days["protected_from"], days["protected_until"]
    faults.add((end != MISSING) & ~given(sheet, "protected_from"), "protected_until", "until_without_from")
    faults.add((start != MISSING) & (end != MISSING) & (end <= start), "protected_until", "end_before_start")
    return cells, days
