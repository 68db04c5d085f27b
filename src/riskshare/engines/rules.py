"""What every run of an engine obeys, whoever sorts the rows: its arguments, what it may continue, when it stops."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from riskshare.engines.blocks import Settings
from riskshare.engines.finished import labels_of, source_counts
from riskshare.io.evidence import MAX_BAD_SHARE, MIN_ROWS_FOR_SHARE, too_many_bad
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_stream import Surveyed
from riskshare.records.arguments import is_flag, is_path, is_texts, is_whole
from riskshare.records.evidence import Subjects
from riskshare.records.partnership import Partnership
from riskshare.version import VERSION

FORMAT: Final = 1
"""Of the run's folder: a run begun under another is not continued."""


def argument_rules(given: Mapping[str, Any]) -> dict[str, bool]:
    """Return what a run needs of the arguments that all engines take, for ``require``."""
    paths, subjects, block_rows, progress = (given[name] for name in ("paths", "subjects", "block_rows", "progress"))
    return {
        "sources must be a path or a list of paths.": bool(paths) and all(is_path(path) for path in paths),
        "partnership must be a Partnership, from load_partnership.": isinstance(given["partnership"], Partnership),
        "out must be a path.": is_path(given["out"]),
        "subjects must be Subjects, from read_subjects, or None.": subjects is None or isinstance(subjects, Subjects),
        "conditions_met must be a collection of texts, such as a list; () for none.": is_texts(given["conditions_met"]),
        **{f"{name} must be True or False.": is_flag(given[name]) for name in ("trial", "accept_bad", "resume")},
        "block_rows must be a whole number from 1.": is_whole(block_rows) and block_rows >= 1,
        "compiled must be True, False or None.": given["compiled"] is None or is_flag(given["compiled"]),
        "progress must be a function of a stage, what is done and all there is, or None.": progress is None
        or callable(progress),
    }


def paths_of(sources: object) -> list[Any]:
    """Return sources as a list; of what is neither a path nor a list of things, itself, for ``argument_rules``."""
    if isinstance(sources, (str, os.PathLike)) or not isinstance(sources, Iterable):
        return [sources]
    return list(sources)


def described(settings: Settings, sources: Sequence[Surveyed], *, accept_bad: bool, block_rows: int) -> dict[str, Any]:
    """Return everything that decides the outcome, as plain values: who resumes must give the same."""
    about = settings.subjects
    lines = b"" if about is None else pd.util.hash_pandas_object(about.table).to_numpy().tobytes()
    return {
        "format": FORMAT,
        "engine_version": VERSION,
        "partnership_version": settings.partnership.version,
        "policy_hash": settings.partnership.policy_hash,
        "as_of": settings.as_of.isoformat(),
        "trial": settings.trial,
        "conditions_met": sorted(settings.conditions_met),
        "accept_bad": bool(accept_bad),
        "subjects": "" if about is None else hashlib.sha256(lines).hexdigest(),
        "block_rows": int(block_rows),
        "sources": [{"name": one.source, "bytes": one.n_bytes, "sha256": one.sha256} for one in sources],
    }


def stop_if_habit(journal: Mapping[str, Any], names: Sequence[str]) -> None:
    """Stop where a source as a whole has its coordinates wrong in one way, as ``read_evidence`` does.

    Raises
    ------
    EvidenceFileError
    """
    for number, name in enumerate(names):
        habits = Habits()
        for piece in journal["read"]:
            for code, column, rows, faulty in piece["habits"] if piece["source"] == number else ():
                habits.note(code, column, rows, faulty)
        habits.stop_if_any(name)


def stop_if_bad(journal: Mapping[str, Any], names: Sequence[str]) -> None:
    """Stop as ``read_evidence`` does where too much of a source is set aside: after reading, and again at the end.

    Raises
    ------
    EvidenceFileError
        ``too_many_bad_rows``.
    """
    for number, (source, counts) in enumerate(source_counts(journal, names).items()):
        rows_in, bad = counts["rows_in"], counts["quarantined"]
        if bad > MAX_BAD_SHARE * rows_in and rows_in >= MIN_ROWS_FOR_SHARE:
            read = sum(piece["set_aside"] for piece in journal["read"] if piece["source"] == number)
            raise too_many_bad(source, bad, rows_in, labels_of(journal, number, bad - read))
