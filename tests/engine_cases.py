"""What tests of the engines share: made-up rows of any size, a run, and what it left as hashes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

import riskshare as rs
from riskshare.engines.blocks import SCHEMAS, Settings, add_counts, in_order, score_rows, whole_subjects
from riskshare.engines.duckdb_run import assess_out_of_core
from riskshare.engines.finished import OUTPUTS, Finished
from riskshare.engines.staging import KEYS, stage
from riskshare.io.evidence import CONTRACT
from riskshare.io.evidence_arrow import read_arrow
from riskshare.io.evidence_places import Habits
from riskshare.io.writing import marked_table

ROOT = Path(__file__).parents[1]
AS_OF = "2026-03-31"


@cache
def agreed() -> rs.Partnership:
    return rs.load_partnership(ROOT / "thresholds")


@cache
def generator() -> ModuleType:
    """Return ``benchmarks/evidence_rows.py``."""
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    try:
        import evidence_rows
    finally:
        sys.path.remove(folder)
    return evidence_rows


def rows_of(n_rows: int, *, seed: int | None = None, giant: float = 0.0) -> pa.Table:
    """Return made-up rows, shuffled where there is a seed."""
    rows = generator().draw(0, n_rows, n_rows, giant=giant)
    return rows if seed is None else rows.take(pa.array(np.random.default_rng(seed).permutation(rows.num_rows)))


def in_memory(source: Any, **options: Any) -> tuple[rs.Evidence, rs.Assessment]:
    evidence = rs.read_evidence(source, agreed(), accept_bad=options.pop("accept_bad", False))
    return evidence, rs.assess(evidence, agreed(), as_of=AS_OF, **{"trial": True, **options})


def marks(trial: bool = True) -> dict[str, str]:
    return settings(("a",), trial=trial).marks


def settings(sources: tuple[str, ...], **options: Any) -> Settings:
    subjects = in_order(options.pop("subjects", None))
    day = rs.assess(rs.read_evidence([], agreed()), agreed(), as_of=AS_OF).as_of
    return Settings(agreed(), day, sources, **{"trial": True, **options}, subjects=subjects)


def staged(*tables: pa.Table, piece: int = 5_000) -> pa.Table:
    """Return the rows of several sources, read in pieces and sorted as an engine would."""
    rows = []
    for number, table in enumerate(tables):
        for at in range(0, max(1, table.num_rows), piece):
            raw = read_arrow(table.slice(at, piece), f"s{number}", CONTRACT)
            rows.append(stage(raw, agreed(), Habits(), source=number, first_row=at).rows)
    return pa.concat_tables(rows).sort_by([(name, "ascending") for name in KEYS])


def through_blocks(rows: pa.Table, chosen: Settings, *, n_rows: int, batch: int = 1_000) -> dict[str, Any]:
    """Return tables and counts of rows sent through the seam in blocks."""
    told = [score_rows(part, chosen) for part in whole_subjects(rows.to_batches(batch), n_rows=n_rows)]
    tables = {name: pa.concat_tables([one.tables[name] for one in told]) for name in SCHEMAS}
    return {"tables": tables, "counts": add_counts([one.counts for one in told], len(chosen.sources)), "told": told}


def run(source: Any, out: Path, **options: Any) -> Finished:
    return assess_out_of_core(
        source, agreed(), **{"as_of": AS_OF, "out": out, "trial": True, "block_rows": 7_000, "threads": 1, **options}
    )


def table_of(out: Path, name: str = "scores") -> pa.Table:
    found: pa.Table = ds.dataset(out / OUTPUTS[name], schema=SCHEMAS[name]).to_table()
    return found


def expected(assessment: rs.Assessment, name: str = "scores") -> pa.Table:
    frame = getattr(assessment, name)
    table = marked_table(frame, marks()).replace_schema_metadata(None)
    return table.cast(SCHEMAS[name]) if len(frame) else SCHEMAS[name].empty_table()


def by_subject(table: pa.Table) -> list[dict[str, Any]]:
    """Return lines in an order of their own: tables of rows stand newest first within a block."""
    return sorted(table.to_pylist(), key=lambda line: [str(value) for value in line.values()])


def digest(tables: Iterable[pa.Table]) -> str:
    """Return the SHA-256 of all columns, floats by their bits."""
    found = hashlib.sha256()
    for table in tables:
        for name in table.column_names:
            column = table[name].combine_chunks()
            if pa.types.is_floating(column.type):
                column = pc.fill_null(column, np.nan).view(pa.int64())
            found.update(repr(column.to_pylist()).encode())
    return found.hexdigest()


def files(out: Path) -> dict[str, str]:
    """Return every file under a folder with the SHA-256 of its bytes."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
