"""Reading protected characteristics: for the group audit alone, kept apart from evidence and from subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from riskshare.io.evidence_cells import Cells, Faults, Sheet, encode, read_labels
from riskshare.io.evidence_codes import stop
from riskshare.io.evidence_sources import reading_rules
from riskshare.io.people import Columns, read_people
from riskshare.io.tabular import Contract, Progress
from riskshare.records.arguments import is_texts, require
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

MAX_GROUPS: Final = 100
"""Proposal: a column with more distinct values holds names or free text, not groups. The 2021 census groups
ethnicity under 19 headings."""


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
    ArgumentError
        An argument is not of the kind that is needed, or ``columns`` names ``subject_id``; all of them are named.
    EvidenceFileError
        The whole source is stopped; ``too_many_groups`` where a column has more than 100 distinct values.

    Examples
    --------
    ``read_characteristics([{"subject_id": "S1", "sex": "female"}], partnership)`` gives
    ``Characteristics(1 rows, 1 characteristics, 0 faults)``.
    """
    said = "columns must be a list of agreed characteristics, such as ['ethnicity', 'sex'], without subject_id."
    agreed = is_texts(columns) and "subject_id" not in columns
    require("read_characteristics", {**reading_rules(partnership, accept_bad, progress), said: agreed})
    contract = Contract(known=("subject_id", *columns), required=("subject_id",), dates=frozenset())

    def check(sheet: Sheet, faults: Faults) -> Columns:
        sent = [name for name in columns if name in sheet.text or name in sheet.unusable]
        return {name: _read_groups(sheet, name, faults) for name in sent}, {}

    read = read_people(source, contract, "characteristics", check, accept_bad=accept_bad, progress=progress)
    return Characteristics(read.table, read.quarantine, read.counts)


def _read_groups(sheet: Sheet, name: str, faults: Faults) -> Cells:
    column = encode(sheet, name)
    if len(column.values) > MAX_GROUPS:
        raise stop(" + ".join(sheet.sources), "too_many_groups", column=name)
    return read_labels(column, name, faults)
