"""The seam of every engine: rows sorted by subject in, whole subjects through the same kernels, tables of results out.

Memory holds one block and its results, whatever the size of the whole; where blocks are cut moves no bit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskshare.assessment import row_severity
from riskshare.engines.staging import FAULT_SCHEMA, SUBJECT, unstage, vocabulary
from riskshare.errors import MemoryLimitError
from riskshare.io.evidence import accepted_rows
from riskshare.io.evidence_cells import Bools, Faults, Sheet
from riskshare.io.evidence_keys import barred_keys, find_repeats
from riskshare.io.writing import marked_table
from riskshare.records.evidence import Evidence, Subjects
from riskshare.records.partnership import Partnership
from riskshare.reporting.sentences import INTERNAL, TRIAL
from riskshare.scales.normalise import normalise
from riskshare.scoring import findings
from riskshare.scoring.score import score_all
from riskshare.scoring.tables import score_table, unit_facts
from riskshare.trust.weigh import weigh
from riskshare.version import VERSION

BLOCK_ROWS: Final = 200_000
"""Rows scored at a time: some 400 MiB while it lasts."""
MARKS: Final = ("marking", "as_of", "partnership_version", "engine_version")

_TEXT: Final = pa.large_string()
_WORDS: Final = pa.list_(pa.string())
_MARKED: Final = tuple((name, pa.string()) for name in MARKS)
SCHEMAS: Final[Mapping[str, pa.Schema]] = {
    "scores": pa.schema([
        *_MARKED, ("subject_id", _TEXT), ("lens", _TEXT), ("score", pa.int64()), ("lower", pa.int64()),
        ("upper", pa.int64()), ("band", _TEXT), ("band_low", _TEXT), ("band_high", _TEXT), ("bars_met", _WORDS),
        ("log_odds", pa.float64()), ("factual_score", pa.int64()), ("score_uncapped", pa.int64()),
        ("completeness", pa.float64()), ("most_useful_gap", _TEXT), ("n_records", pa.int64()),
        ("n_origins", pa.int64()), ("n_agencies", pa.int64()), ("police_share", pa.float64()),
        ("effective_agencies", pa.float64()), ("leading_agency", _TEXT), ("flags", _WORDS),
    ]),
    "act_now": pa.schema([
        *_MARKED, ("subject_id", _TEXT), ("lens", _TEXT), ("agency", _TEXT), ("record_id", _TEXT),
        ("indicator", _TEXT), ("event_date", pa.timestamp("s")), ("recorded_date", pa.timestamp("s")),
        ("duty", _TEXT), ("contact", _TEXT),
    ]),
    "staff_safety": pa.schema([
        *_MARKED, ("subject_id", _TEXT), ("agency", _TEXT), ("indicator", _TEXT), ("event_date", pa.timestamp("s")),
        ("recorded_date", pa.timestamp("s")), ("until", pa.timestamp("s")), ("ask", _TEXT),
    ]),
}  # fmt: skip
"""The tables of results: columns as ``Assessment`` has them, behind the marks of an internal file."""


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything that decides a result beside the rows.

    Attributes
    ----------
    partnership : Partnership
    as_of : datetime.date
    sources : tuple of str
        Names of the sources, by number.
    trial : bool
    conditions_met : frozenset of str
    subjects : Subjects, optional
        From ``in_order``: sorted by subject.
    compiled : bool
        Score with the compiled twin: the bits are the same.
    threads : int
        How many blocks of the compiled twin are scored at once.
    """

    partnership: Partnership
    as_of: dt.date
    sources: tuple[str, ...]
    trial: bool = False
    conditions_met: frozenset[str] = frozenset()
    subjects: Subjects | None = None
    compiled: bool = False
    threads: int = 1

    @property
    def marks(self) -> dict[str, str]:
        """What stands in front of every line of a file, and in its metadata."""
        said = (f"{INTERNAL} {TRIAL}" if self.trial else INTERNAL, self.as_of.isoformat())
        return dict(zip(MARKS, (*said, self.partnership.version, VERSION), strict=True))


class Told(NamedTuple):
    """What one block came to: ``tables`` under ``SCHEMAS``, ``conflicts`` under ``FAULT_SCHEMA``, and plain counts.

    ``counts`` holds ``rows`` taken in, ``subjects``, ``people`` with a result, ``results``, ``unknown`` cells; by
    source ``accepted``, ``conflicts`` and ``duplicates``; and ``bands``, results by ``lens/band``. Counts of blocks
    add up (``add_counts``).
    """

    tables: Mapping[str, pa.Table]
    conflicts: pa.Table
    counts: Mapping[str, Any]


def in_order(subjects: Subjects | None) -> Subjects | None:
    """Return what is known of subjects, sorted as blocks are."""
    if subjects is None:
        return None
    return replace(subjects, table=subjects.table.sort_values("subject_id", ignore_index=True))


def whole_subjects(
    batches: Iterable[pa.Table | pa.RecordBatch], *, n_rows: int = BLOCK_ROWS, most_rows: int | None = None
) -> Iterator[pa.Table]:
    """Yield sorted rows in blocks of whole subjects: as many as fit ``n_rows``, or one that does not.

    Parameters
    ----------
    batches : iterable of pyarrow.Table or RecordBatch
        ``STAGED_SCHEMA``, sorted by ``staging.KEYS``; cut anywhere.
    n_rows : int
    most_rows : int, optional
        What memory can hold.

    Yields
    ------
    pyarrow.Table
        Blocks depend on the rows alone, never on how they were batched. Nothing for no rows.

    Raises
    ------
    MemoryLimitError
        One subject has more than ``most_rows`` rows.
    """
    waiting: list[pa.Table] = []
    held = 0
    for batch in batches:
        waiting.append(batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch]))
        held += batch.num_rows
        while held > n_rows:
            whole = pa.concat_tables(waiting)
            cut = _cut(whole, n_rows)
            if cut is None:
                _refuse_giant(held, most_rows)
                waiting = [whole]
                break
            _refuse_giant(cut if cut > n_rows else 0, most_rows)
            yield whole.slice(0, cut)
            waiting, held = [whole.slice(cut)], held - cut
    if held:
        _refuse_giant(held if held > n_rows else 0, most_rows)
        yield pa.concat_tables(waiting)


def _cut(rows: pa.Table, n_rows: int) -> int | None:
    """Return where the last subject begins that does not fit, or where the first ends that does not; None if unseen."""
    about = rows["about"]
    begins = np.flatnonzero(pc.not_equal(about.slice(1), about.slice(0, len(about) - 1)).to_numpy()) + 1
    place = int(np.searchsorted(begins, n_rows, side="right"))
    if place:
        return int(begins[place - 1])
    return int(begins[0]) if begins.size else None


def _refuse_giant(rows: int, most_rows: int | None) -> None:
    if most_rows is not None and rows > most_rows:
        what = f"One subject has more than {most_rows:,} rows, and all rows of a subject are scored together."
        hint = "Allow more memory, and look whether one pseudonym stands for many people."
        raise MemoryLimitError(what, hint)


def score_rows(rows: pa.Table, settings: Settings) -> Told:
    """Return the results of a block of whole subjects: to the bit those of ``assess``.

    Parameters
    ----------
    rows : pyarrow.Table
        From ``whole_subjects``.
    settings : Settings

    Returns
    -------
    Told
        Within a table lines stand as ``Assessment`` has them; ``act_now`` and ``staff_safety`` newest first within a
        block.

    Notes
    -----
    Everything in the model stays with one subject, so a block needs to know nothing of another. Exact repeats and
    conflicting versions share a subject (or, about a place, a reference), so they are found here.
    """
    agreed = settings.partnership
    evidence, repeated, conflicting = _evidence(rows, settings)
    readings = normalise(evidence.rows, agreed)
    severity, not_scored = row_severity(evidence.rows, readings)
    weighed = weigh(
        evidence, agreed, as_of=(settings.as_of - dt.date(1970, 1, 1)).days, severity=severity, not_scored=not_scored,
        conditions_met=settings.conditions_met,
    )  # fmt: skip
    scored = score_all(weighed, compiled=settings.compiled, threads=settings.threads)
    facts = unit_facts(weighed, scored, readings, agreed, _about_these(settings.subjects, rows))
    frames = {
        "scores": score_table(weighed, scored, facts),
        "act_now": findings.act_now(weighed, scored, agreed),
        "staff_safety": findings.staff_safety(weighed, agreed),
    }
    tables = {name: _table(name, frame, settings.marks) for name, frame in frames.items()}
    return Told(tables, _conflicts(rows, conflicting), _counts(rows, frames["scores"], repeated, conflicting, settings))


def _evidence(rows: pa.Table, settings: Settings) -> tuple[Evidence, Bools, Bools]:
    """Return the rows as evidence, which are exact repeats, and which are versions that conflict."""
    checked = unstage(rows, vocabulary(settings.partnership))
    faults = Faults(rows.num_rows)
    faults.quarantined |= _flag(rows, "set_aside")
    aside = faults.quarantined.copy()
    repeats, _ = find_repeats(checked, faults)
    repeated = np.zeros(rows.num_rows, np.bool_)
    repeated[repeats] = True
    source_of = rows["source"].to_numpy().astype(np.int32)
    sheet = Sheet(settings.sources, source_of, rows["row"].to_numpy(), {}, {}, {})
    nothing = pd.DataFrame()
    evidence = Evidence(
        rows=accepted_rows(sheet, checked, np.flatnonzero(~faults.quarantined & ~repeated)),
        quarantine=nothing, unknown=nothing, duplicates=nothing, barred=barred_keys(checked, faults), counts={},
        partnership_version=settings.partnership.version,
    )  # fmt: skip
    return evidence, repeated, faults.quarantined & ~aside


def _flag(rows: pa.Table, name: str) -> Bools:
    return np.asarray(rows[name].to_numpy(), dtype=np.bool_)


def _about_these(subjects: Subjects | None, rows: pa.Table) -> Subjects | None:
    """Return what is known of the subjects of a block: only they are looked through."""
    if subjects is None or not rows.num_rows:
        return subjects
    ends = [rows["about"][place].as_py() for place in (0, rows.num_rows - 1)]
    # Records about places come first, and are about nobody.
    low, high = (end[1:] if end.startswith(SUBJECT) else "" for end in ends)
    known: NDArray[Any] = subjects.table["subject_id"].to_numpy(dtype=object)
    first, last = np.searchsorted(known, low, side="left"), np.searchsorted(known, high, side="right")
    return replace(subjects, table=subjects.table.iloc[first:last])


def _table(name: str, frame: pd.DataFrame, marks: Mapping[str, str]) -> pa.Table:
    schema = SCHEMAS[name]
    if frame.empty:  # a column of no tuples has no kind of its own
        return schema.empty_table()
    return marked_table(frame, marks).replace_schema_metadata(None).cast(schema)


def _conflicts(rows: pa.Table, conflicting: Bools) -> pa.Table:
    found = rows.select(["source", "row"]).filter(pa.array(conflicting))
    for name, word in (("column", "record_id"), ("code", "conflicting_versions")):
        found = found.append_column(name, pa.array([word] * found.num_rows, pa.string()))
    return found.cast(FAULT_SCHEMA)


def _counts(
    rows: pa.Table, scores: pd.DataFrame, repeated: Bools, conflicting: Bools, settings: Settings
) -> dict[str, Any]:
    source = rows["source"].to_numpy()
    accepted = ~(_flag(rows, "set_aside") | repeated | conflicting)
    by_source = {"accepted": accepted, "conflicts": conflicting, "duplicates": repeated}
    people = rows["about"].filter(pc.starts_with(rows["about"], SUBJECT))
    bands: dict[Any, int] = scores.groupby(["lens", "band"]).size().to_dict()
    return {
        "rows": rows.num_rows,
        "subjects": pc.count_distinct(people).as_py(),
        "people": int(scores["subject_id"].nunique()),
        "results": len(scores),
        "unknown": int(rows["unknown"].to_numpy()[accepted].sum()),
        **{name: np.bincount(source[on], minlength=len(settings.sources)).tolist() for name, on in by_source.items()},
        "bands": {f"{lens}/{band}": int(n) for (lens, band), n in bands.items()},
    }


def add_counts(all_counts: Iterable[Mapping[str, Any]], n_sources: int) -> dict[str, Any]:
    """Return the counts of several blocks as one.

    Examples
    --------
    >>> one = {"rows": 2, "subjects": 1, "people": 1, "results": 1, "unknown": 0, "accepted": [2], "conflicts": [0],
    ...     "duplicates": [0], "bands": {"harm_by/low": 1}}
    >>> both = add_counts([one, one], 1)
    >>> both["rows"], both["accepted"], both["bands"]
    (4, [4], {'harm_by/low': 2})
    """
    total: dict[str, Any] = dict.fromkeys(("rows", "subjects", "people", "results", "unknown"), 0)
    total |= {name: [0] * n_sources for name in ("accepted", "conflicts", "duplicates")} | {"bands": {}}
    for counts in all_counts:
        for name, value in counts.items():
            if isinstance(value, int):
                total[name] += value
            elif isinstance(value, list):
                total[name] = [a + b for a, b in zip(total[name], value, strict=True)]
            else:
                total[name] = {key: total[name].get(key, 0) + value.get(key, 0) for key in {**total[name], **value}}
    return total
