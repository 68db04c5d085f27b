"""Reading tables of one row a person: repeats counted, contradictions set aside whole, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.io.evidence import MAX_BAD_SHARE, account, fault_table, stop_if_bad
from riskshare.io.evidence_cells import Cells, Faults, Ints, Sheet, encode, read_ids
from riskshare.io.evidence_dates import MISSING
from riskshare.io.evidence_keys import sort_out
from riskshare.io.evidence_sources import read_sources
from riskshare.io.tabular import Contract, Progress

Columns = tuple[Mapping[str, Cells], Mapping[str, NDArray[np.int32]]]
"""Checked columns by name: texts, then days since 1970-01-01."""


class People(NamedTuple):
    """The accepted rows in the order read, faults, counts by source, and ids of people whose rows were set aside."""

    table: pd.DataFrame
    quarantine: pd.DataFrame
    counts: Mapping[str, Mapping[str, int]]
    set_aside: frozenset[str]


def read_people(
    source: object,
    contract: Contract,
    name: str,
    check: Callable[[Sheet, Faults], Columns],
    *,
    accept_bad: bool,
    progress: Progress | None,
) -> People:
    """Return one row for each person, and the rows set aside.

    Parameters
    ----------
    source, contract, name, progress
        As for ``read_sources``.
    check : callable
        Gives the columns beside ``subject_id``, and notes what is wrong with them.
    accept_bad : bool
        Read a source even if more than a fifth of its rows are set aside.

    Raises
    ------
    EvidenceFileError
        The whole source is stopped.
    """
    sheet, faults, _ = read_sources(source, contract, progress, name)
    subject = read_ids(encode(sheet, "subject_id"), "subject_id", faults, is_person=True)
    faults.add(~subject.present, "subject_id", "required_missing")
    texts, days = check(sheet, faults)
    texts = {"subject_id": subject, **texts}
    content = [*(column.codes for column in texts.values()), *days.values()]
    conflicting, repeats, _ = sort_out(np.flatnonzero(~faults.quarantined), [subject.codes], content)
    faults.add(conflicting, "subject_id", "conflicting_subjects")
    if not accept_bad:
        stop_if_bad(sheet, faults, MAX_BAD_SHARE)
    accepted, counts = account(sheet, faults, repeats)
    quarantine = fault_table(sheet, faults.hard, contract.known)
    left_out = subject.texts(np.flatnonzero(faults.quarantined)).drop_null().to_pylist()
    return People(_table(texts, days, np.flatnonzero(accepted)), quarantine, counts, frozenset(left_out))


def _table(texts: Mapping[str, Cells], days: Mapping[str, NDArray[np.int32]], rows: Ints) -> pd.DataFrame:
    arrays = {name: column.texts(rows) for name, column in texts.items()}
    for name, column in days.items():
        arrays[name] = pa.array(column[rows], pa.int32(), mask=column[rows] == MISSING).cast(pa.date32())
    frame: pd.DataFrame = pa.table(arrays).to_pandas(date_as_object=False)
    return frame
