"""Reading protected characteristics: for the group audit alone, kept apart from evidence and from subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from riskshare.errors import EvidenceFileError, PolicyError
from riskshare.io.evidence import count_rows, fault_table, stop_if_bad
from riskshare.io.evidence_cells import Cells, Faults, Sheet, encode, read_ids, read_labels
from riskshare.io.evidence_keys import sort_out
from riskshare.io.evidence_sources import read_sources
from riskshare.io.tabular import Contract, Progress
from riskshare.records.characteristics import Characteristics
from riskshare.records.partnership import Partnership

AGREED: Final = (
    "age",
    "care_experience",
    "disability",
    "ethnicity",
    "gender_reassignment",
    "group",
    "language",
    "marriage_and_civil_partnership",
    "pregnancy_and_maternity",
    "race",
    "religion_or_belief",
    "sex",
    "sexual_orientation",
)
"""The nine of the Equality Act 2010, section 4, and what partnerships commonly add; ``group`` is the sample's own."""

MAX_BAD_SHARE: Final = 0.2
"""As for evidence (methods: safety, 5.1)."""
MAX_GROUPS: Final = 100
"""Proposal: a column with more distinct values holds names or free text, not groups. The 2021 census groups
ethnicity under 19 headings."""
_TOO_MANY_GROUPS: Final = (
    "too_many_groups",
    f"It has more than {MAX_GROUPS} distinct values, so it holds something other than groups. "
    "Send agreed group labels, never names, dates or free text.",
)


def read_characteristics(
    source: object,
    partnership: Partnership,
    *,
    columns: Sequence[str] = AGREED,
    accept_bad: bool = False,
    progress: Progress | None = None,
) -> Characteristics:
    """Return which groups each subject belongs to, and the rows set aside.

    The same machinery and the same three levels as ``read_evidence``; here no column is soft. One row a subject, one
    column a characteristic, labels exactly as sent. A blank cell stays missing; the audit shows it as ``not stated``.
    Exact repeats are counted; one subject with different content is set aside whole.

    Parameters
    ----------
    source : path, iterable of paths, table or iterable of mappings
        As for ``read_evidence``. No rows give an empty table without characteristics.
    partnership : Partnership
        The agreement in force; nothing in it restricts these columns yet.
    columns : sequence of str
        Characteristics agreed for audit; any other column stops the file. Not all need be sent.
    accept_bad : bool
        Read a source even if more than a fifth of its rows are set aside.
    progress : callable, optional
        Called with the source's name and the rows read so far.

    Returns
    -------
    Characteristics
        ``table`` in the order read.

    Raises
    ------
    EvidenceFileError
        The whole source is stopped; ``too_many_groups`` where a column has more than 100 distinct values.
    PolicyError
        ``columns`` is one text, or names ``subject_id``.

    Examples
    --------
    ``read_characteristics([{"subject_id": "S1", "sex": "female"}], partnership)`` gives
    ``Characteristics(1 rows, 1 characteristics, 0 faults)``.
    """
    del partnership  # kept in the signature: all readers are called alike, and columns may be agreed there later
    if isinstance(columns, str) or "subject_id" in columns:
        msg = "columns must be a list of agreed characteristics, such as ['ethnicity', 'sex'], without subject_id."
        raise PolicyError(msg)
    contract = Contract(known=("subject_id", *columns), required=("subject_id",), dates=frozenset())
    sheet, faults, _ = read_sources(source, contract, progress, "characteristics")
    cells = _read_cells(sheet, columns, faults)
    content = [column.codes for column in cells.values()]
    clean = np.flatnonzero(~faults.quarantined)
    conflicting, repeats, _ = sort_out(clean, [cells["subject_id"].codes], content)
    faults.add(conflicting, "subject_id", "conflicting_subjects")
    if not accept_bad:
        stop_if_bad(sheet, faults, MAX_BAD_SHARE)
    is_repeat = np.zeros(sheet.n_rows, np.bool_)
    is_repeat[repeats] = True
    accepted = ~faults.quarantined & ~is_repeat
    rows = np.flatnonzero(accepted)
    table = pa.table({name: column.texts(rows) for name, column in cells.items()})
    frame: pd.DataFrame = table.to_pandas()
    return Characteristics(
        table=frame,
        quarantine=fault_table(sheet, faults.hard, contract.known),
        counts=count_rows(sheet, accepted, faults.quarantined, is_repeat),
    )


def _read_cells(sheet: Sheet, columns: Sequence[str], faults: Faults) -> dict[str, Cells]:
    """Return subject ids and every characteristic that was sent, checked."""
    cells = {"subject_id": read_ids(encode(sheet, "subject_id"), "subject_id", faults, is_person=True)}
    faults.add(~cells["subject_id"].present, "subject_id", "required_missing")
    for name in columns:
        if name not in sheet.text and name not in sheet.unusable:
            continue
        column = encode(sheet, name)
        if len(column.values) > MAX_GROUPS:
            raise EvidenceFileError(*_TOO_MANY_GROUPS, source=" + ".join(sheet.sources), column=name)
        cells[name] = read_labels(column, name, faults)
    return cells
