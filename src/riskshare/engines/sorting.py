"""What a database does for a run: bring the rows of each subject together, in bounded memory, spilling to disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from riskshare.engines.staging import KEYS
from riskshare.errors import DiskFullError, EngineError, MemoryLimitError, MissingExtraError
from riskshare.io.run_folder import FULL, FULL_HINT, draft_of, keep

if TYPE_CHECKING:
    import duckdb

ROW_GROUP: Final = 60_000
_PATTERN: Final = re.compile(r"[\[*?]")
_SAYS_FULL: Final = ("no space left", "max_temp_directory_size", "disk quota", "file too large", "could not write")


def need_duckdb() -> None:
    """Raise ``MissingExtraError`` where DuckDB is not installed."""
    try:
        import duckdb  # noqa: F401 - only whether it is there
    except ImportError:
        extra, what = "sql", "Scoring out of core"
        raise MissingExtraError(extra, what) from None


def sort_pieces(pieces: Sequence[Path], target: Path, *, spill: Path, memory: int, threads: int) -> None:
    """Write the rows of some Parquet files as one, in order of ``staging.KEYS``, whole or not at all.

    Parameters
    ----------
    pieces : sequence of Path
        At least one.
    target : Path
    spill : Path
        Folder for what does not fit ``memory``; it is left empty.
    memory : int
        Bytes that the database may use.
    threads : int

    Raises
    ------
    DiskFullError
        There is no room for the file or the spill.
    MemoryLimitError
        Memory does not suffice even with spilling.
    EngineError
        The database gave up for another reason.
    """
    with _connected(spill, memory, threads) as base:
        base.execute(
            f"COPY (SELECT * FROM {_rows_of(pieces)} ORDER BY {', '.join(KEYS)}) "
            f"TO {_quoted(draft_of(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        )
    keep(target)


def sorted_faults(pieces: Sequence[Path], *, spill: Path, memory: int, threads: int) -> Iterator[pa.RecordBatch]:
    """Yield faults in the order of sources, rows, columns and codes, out of files of ``staging.FAULT_SCHEMA``.

    A fault's place among the columns is a column of those files' own contract: texts sort as the contract has them.
    Raises as ``sort_pieces``; nothing for no file.
    """
    if not pieces:
        return
    from riskshare.records.evidence import INPUT_COLUMNS

    columns = ", ".join(f"'{name}'" for name in ("", *INPUT_COLUMNS))
    with _connected(spill, memory, threads) as base:
        reader = base.sql(
            f'SELECT source, row, "column", code, list_position([{columns}], "column") AS place '
            f"FROM {_rows_of(pieces)} ORDER BY source, row, place, code"
        ).to_arrow_reader(100_000)
        yield from reader or ()


@contextmanager
def _connected(spill: Path, memory: int, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    spill.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory // (1 << 20)}MiB",
        "threads": str(threads),
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    try:
        with duckdb.connect(config=settings) as base:
            yield base
    except duckdb.Error as fault:
        raise _as_ours(fault) from None


def _as_ours(fault: Exception) -> EngineError:
    """Return what went wrong without the database's own words: they may hold a cell."""
    import duckdb

    said = str(fault).lower()
    if any(words in said for words in _SAYS_FULL):
        return DiskFullError(FULL, FULL_HINT)
    if isinstance(fault, duckdb.OutOfMemoryException):
        return MemoryLimitError("The memory allowed does not suffice to sort.", "Allow more; nothing read is lost.")
    hint = "Nothing that was finished is lost: go on with resume=True, with more memory or one thread."
    return EngineError(f"The database stopped ({type(fault).__name__}).", hint)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "''")
    return f"'{escaped}'"


def _rows_of(paths: Sequence[Path]) -> str:
    """Return what the rows of these very files are called: no name is a pattern, and none says what a column holds."""
    literal = (Path(_PATTERN.sub(r"[\g<0>]", str(path.absolute()))) for path in paths)
    return f"read_parquet([{', '.join(map(_quoted, literal))}], hive_partitioning = false)"
