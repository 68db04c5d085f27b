"""The end of a run: counts that add up, the rows set aside, and results put where they belong, all at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from riskshare.engines.blocks import SCHEMAS, add_counts
from riskshare.io import run_folder
from riskshare.io.evidence_codes import FAULTS
from riskshare.io.writing import harmless, internal_name
from riskshare.records.conserved import Conserved
from riskshare.records.partnership import Partnership

QUARANTINE: Final = internal_name("quarantine", ".csv")
OUTPUTS: Final[Mapping[str, str]] = {name: internal_name(name, ".parquet") for name in SCHEMAS}
"""The folder of parts of each table: one name, read as one table by whatever reads Parquet."""


@dataclass(frozen=True, slots=True, repr=False)
class Finished(Conserved):
    """What a run left: results in ``folder``, and the counts that no row is lost by.

    Attributes
    ----------
    folder : Path
        Holds ``files``, readable by their owner only.
    files : tuple of str
    partnership : Partnership
    as_of : datetime.date
    trial : bool
    counts : mapping
        As ``Evidence.counts``: rows_in = accepted + quarantined + duplicates, by source.
    labels : mapping
        How often each fault set a row aside, as ``code in column``.
    unknown : int
        Cells of accepted rows that could not be read.
    n_subjects, n_results : int
        People with a result, and results (one a person and lens).
    bands : mapping
        Results by (lens, band).
    n_act_now, n_staff_safety : int
        Rows that call for action now; notices for staff.
    notes : tuple of str
        What a reader should know about a source as a whole.
    """

    folder: Path
    files: tuple[str, ...]
    partnership: Partnership
    as_of: dt.date
    trial: bool
    counts: Mapping[str, Mapping[str, int]]
    labels: Mapping[str, int]
    unknown: int
    n_subjects: int
    n_results: int
    bands: Mapping[tuple[str, str], int]
    n_act_now: int
    n_staff_safety: int
    notes: tuple[str, ...] = ()


def stands(journal: Mapping[str, Any], *, out: Path) -> bool:
    """Return whether every result that the journal of a finished run tells of is in its folder, and whole."""
    parts = ((out / OUTPUTS[name], part["files"][name]) for part in journal["parts"] for name in SCHEMAS)
    return (out / QUARANTINE).is_file() and all(run_folder.is_whole(folder, told) for folder, told in parts)


def source_counts(journal: Mapping[str, Any], sources: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the law of conservation by source, from what the journal counted."""
    parts = add_counts((part["counts"] for part in journal["parts"]), len(sources))
    told = {}
    for number, source in enumerate(sources):
        pieces = [piece for piece in journal["read"] if piece["source"] == number]
        told[source] = {
            "rows_in": sum(piece["rows"] for piece in pieces),
            "accepted": parts["accepted"][number],
            "quarantined": sum(piece["set_aside"] for piece in pieces) + parts["conflicts"][number],
            "duplicates": parts["duplicates"][number],
        }
    return told


def labels_of(journal: Mapping[str, Any], number: int, conflicts: int) -> dict[str, int]:
    """Return how often each fault stands in one source."""
    pieces = [piece["labels"] for piece in journal["read"] if piece["source"] == number]
    return _added([*pieces, {"conflicting_versions in record_id": conflicts} if conflicts else {}])


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, number in one.items():
            total[name] = total.get(name, 0) + number
    return total


def write_quarantine(
    target: Path, faults: Iterable[pa.RecordBatch], sources: Sequence[str], marks: Mapping[str, str]
) -> None:
    """Write faults as ``quarantine.internal.csv`` of the engine in memory, line for line, in bounded memory."""
    names = [*marks, "source", "row", "column", "code", "hint"]
    kinds = [pa.int64() if name == "row" else pa.string() for name in names]
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    with run_folder.asking_for_room():
        with pacsv.CSVWriter(str(run_folder.draft_of(target)), schema) as writer:
            for lines in _fault_lines(faults, sources, marks, schema):
                writer.write_table(lines)
        run_folder.keep(target)


def _fault_lines(
    faults: Iterable[pa.RecordBatch], sources: Sequence[str], marks: Mapping[str, str], schema: pa.Schema
) -> Iterator[pa.Table]:
    names = pa.array([harmless(source) for source in sources], pa.string())
    for batch in faults:
        code = batch.column("code").to_pylist()
        columns = [pa.array([harmless(text)] * batch.num_rows, pa.string()) for text in marks.values()]
        columns += [
            names.take(batch.column("source")), batch.column("row"), batch.column("column"), batch.column("code"),
            pa.array([FAULTS[one] for one in code], pa.string()),
        ]  # fmt: skip
        yield pa.table(columns, schema=schema)


def finished(
    journal: Mapping[str, Any], out: Path, partnership: Partnership, as_of: dt.date, *, trial: bool,
    sources: Sequence[str], notes: tuple[str, ...],
) -> Finished:  # fmt: skip
    """Return the account of a run whose journal is complete."""
    parts = add_counts((part["counts"] for part in journal["parts"]), len(sources))
    by_source = [labels_of(journal, number, parts["conflicts"][number]) for number in range(len(sources))]
    rows = {name: sum(part["files"][name]["rows"] for part in journal["parts"]) for name in SCHEMAS}
    bands = {}
    for key, number in parts["bands"].items():
        lens, _, band = key.partition("/")
        bands[lens, band] = number
    return Finished(
        folder=out, files=(*OUTPUTS.values(), QUARANTINE, run_folder.JOURNAL), partnership=partnership, as_of=as_of,
        trial=trial, counts=source_counts(journal, sources), labels=_added(by_source), unknown=parts["unknown"],
        n_subjects=parts["people"], n_results=parts["results"], bands=bands, n_act_now=rows["act_now"],
        n_staff_safety=rows["staff_safety"], notes=notes,
    )  # fmt: skip
