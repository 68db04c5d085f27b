"""One subject for whoever waits: from rows as dictionaries to the explained result in a few milliseconds."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from riskshare.assessment import assess
from riskshare.errors import ArgumentError, UnknownSubjectError
from riskshare.io.evidence import read_evidence
from riskshare.io.one_rows import read_quick
from riskshare.io.one_rules import Rules, rules_of
from riskshare.records.arguments import is_flag, is_texts, require
from riskshare.records.days import as_day
from riskshare.records.evidence import UNDER_18, Subjects
from riskshare.records.partnership import Partnership
from riskshare.records.results import SCHEMA_VERSION
from riskshare.scoring.one.agreed import agree
from riskshare.scoring.one.claims import MOST_PAIRS
from riskshare.scoring.one.numbers import Unusual
from riskshare.scoring.one.subject import explain_one
from riskshare.version import VERSION

_EPOCH = dt.date(1970, 1, 1)


def assess_subject(
    rows: Iterable[Mapping[str, Any]],
    partnership: Partnership,
    *,
    as_of: str | dt.date,
    subjects: Subjects | None = None,
    trial: bool = False,
    conditions_met: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return the explained results of one subject, as ``assess`` of its rows gives them, without waiting.

    Parameters
    ----------
    rows : list of dict
        The subject's rows under the columns of evidence, as a case-management system holds them: texts, days as
        ``date`` or text, numbers as numbers or text. Other mappings and tables that ``read_evidence`` takes are welcome
        too, and slower; files are not opened.
    partnership : Partnership
        From ``load_partnership``; load it once, not for every call.
    as_of, subjects, trial, conditions_met
        As ``assess`` takes them.

    Returns
    -------
    list of dict
        One for each lens with a result, ``harm_to`` first, ready for JSON: the very values that
        ``assess(read_evidence(rows, partnership), partnership, as_of=as_of).to_dicts(subject_id)`` returns.

    Raises
    ------
    UnknownSubjectError
        The rows say nothing of anybody that has a result; there are none, say.
    ArgumentError
        An argument is not of the kind that is needed, or the rows are about more than one subject.
    EvidenceFileError, UnsignedPolicyError, PolicyError
        As ``read_evidence`` and ``assess``.

    Notes
    -----
    Rows that are plainly in order are read and scored in plain Python, to the same bit. What is rare (a faulty or
    repeated row, reports that repeat one another in a ring, a person told of more than sixty times) goes to
    ``read_evidence`` and ``assess`` whole, and takes as long as they do. What was read under a partnership is kept for
    the next call; nothing of a person is. Methods: model; ``docs/decisions/0021``.

    Examples
    --------
    A score of one record, and the points that its lines sum to:

    >>> import riskshare
    >>> from riskshare.io.examples import example_partnership
    >>> agreed = riskshare.load_partnership(example_partnership())
    >>> row = {"record_id": "W1", "subject_id": "S1", "role": "victim", "agency": "housing",
    ...     "indicator": "domestic_abuse_in_home", "basis": "anecdotal", "arises_from": "reported",
    ...     "source_type": "worker_worry", "event_date": "2026-03-01", "recorded_date": "2026-03-02"}
    >>> (line,) = assess_subject([row], agreed, as_of="2026-03-31", trial=True)
    >>> line["score"] == sum(reason["points"] for reason in line["reasons"])
    True
    """
    kinds = {
        "rows must be a list of mappings, one a row, or a table of rows.": _are_rows(rows),
        "partnership must be a Partnership, from load_partnership.": isinstance(partnership, Partnership),
        "subjects must be Subjects, from read_subjects, or None.": subjects is None or isinstance(subjects, Subjects),
        "trial must be True or False.": is_flag(trial),
        "conditions_met must be a collection of texts, such as a list; () for none.": is_texts(conditions_met),
    }
    require("assess_subject", kinds)
    day = as_day(as_of)
    quick = _quickly(rows, partnership, day, subjects, conditions_met, trial=trial)
    if quick is not None:
        return quick
    return _ordinarily(rows, partnership, day, subjects, conditions_met, trial=trial)


def _are_rows(rows: object) -> bool:
    """Return whether something may be rows: no file is opened for whoever asks about one person."""
    if isinstance(rows, (str, bytes, bytearray, memoryview, os.PathLike, Mapping)):
        return False
    if isinstance(rows, (list, tuple)):
        return not any(isinstance(row, (str, os.PathLike)) for row in rows)
    return isinstance(rows, Iterable) or hasattr(rows, "__arrow_c_stream__")


class _Agreement:
    """A partnership known by its version, so that what is made of it can be kept for another copy of the same."""

    __slots__ = ("partnership",)

    def __init__(self, partnership: Partnership) -> None:
        self.partnership = partnership

    def __hash__(self) -> int:
        return hash(self.partnership.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Agreement) and other.partnership.version == self.partnership.version


@lru_cache(maxsize=8)
def _rules(agreement: _Agreement) -> Rules:
    return rules_of(agreement.partnership, agree(agreement.partnership))


def _quickly(
    rows: object, partnership: Partnership, day: dt.date, subjects: Subjects | None, conditions_met: Collection[str],
    *, trial: bool,
) -> list[dict[str, Any]] | None:  # fmt: skip
    """Return the results in the quick way, None where something calls for the ordinary one, its errors included."""
    if not isinstance(rows, (list, tuple)) or len(rows) > MOST_PAIRS:
        return None
    try:
        rules = _rules(_Agreement(partnership))
        read = read_quick(rows, rules)
        met = frozenset(conditions_met)
        supplying = {row.agency.id for row in read}
        if not met <= rules.conditions or (not trial and not supplying.isdisjoint(partnership.unsigned())):
            return None
        lines = explain_one(read, rules.agreed, (day - _EPOCH).days, met, lambda: _is_adult(read[0].subject, subjects))
    except (Unusual, ArithmeticError, ValueError):  # where plain numbers stop, NumPy's go on with infinity
        return None
    if not lines:
        raise UnknownSubjectError
    header = _header(partnership, day, trial=trial)
    return [{**header, **line} for line in lines]


def _header(partnership: Partnership, day: dt.date, *, trial: bool) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "engine_version": VERSION,
        "partnership": partnership.name,
        "partnership_version": partnership.version,
        "policy_hash": partnership.policy_hash,
        "example": partnership.is_example,
        "as_of": day.isoformat(),
        "trial": trial,
        "internal": True,
    }


def _is_adult(subject: str, subjects: Subjects | None) -> bool:
    """Return whether a subject is known to be grown up; who may be a child is treated as one, as it protects."""
    if subjects is None:
        return False
    table = subjects.table
    bands = table.loc[table["subject_id"] == subject, "age_band"].dropna()
    return any(band not in (*UNDER_18, "not known") for band in bands)


def _ordinarily(
    rows: object, partnership: Partnership, day: dt.date, subjects: Subjects | None, conditions_met: Collection[str],
    *, trial: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the results as every caseload gets them.

    Raises
    ------
    ArgumentError
        The rows are about several subjects: which is meant is not for a program to say.
    """
    evidence = read_evidence(rows, partnership)
    about = evidence.rows["subject_id"].drop_null().unique().to_pylist()
    if len(about) > 1:
        function, rule = "assess_subject", "rows must be of one subject; assess() takes many."
        raise ArgumentError(function, [rule])
    assessment = assess(evidence, partnership, as_of=day, subjects=subjects, trial=trial, conditions_met=conditions_met)
    if not about:
        raise UnknownSubjectError
    return assessment.to_dicts(about[0])
