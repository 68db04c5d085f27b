"""Writing internal results: whole or not at all, readable by the owner only, marked in name and content."""

from __future__ import annotations

import errno
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from riskshare.errors import PolicyError
from riskshare.io.text import FORMULA_STARTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INTERNAL_MARK: Final = "internal"
_NOTHING_DONE: Final = "Nothing was done; give another place"
_COORDINATES: Final = frozenset({"easting", "northing", "longitude", "latitude", "geometry"})
_UNSAFE_STARTS: Final = (*FORMULA_STARTS, "\t", "\r", "\n")


def internal_name(stem: str, suffix: str) -> str:
    """Return a file name that says what may be done with it.

    >>> internal_name("scores", ".csv")
    'scores.internal.csv'
    """
    return f"{stem}.{INTERNAL_MARK}{suffix}"


def make_folder(folder: str | os.PathLike[str]) -> Path:
    """Return a folder, made owner-only if it was not there; one that was there keeps its permissions."""
    path = Path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def check_folder(folder: Path) -> None:
    """Refuse, before any work is done, a folder that cannot be made or written into.

    Raises
    ------
    OSError
        What stands there, or above it, is not a folder, or may not be written into.
    """
    standing = folder
    while not os.path.lexists(standing):
        standing = standing.parent
    if not standing.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"what stands where files should go is not a folder. {_NOTHING_DONE}")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, f"the folder for files may not be written into. {_NOTHING_DONE}")


def check_file(target: Path) -> None:
    """Refuse, before any work is done, a file that cannot be written.

    Raises
    ------
    OSError
        It is a folder, or its own folder does not exist or may not be written into.
    """
    if target.is_dir() or not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"the file to be made is a folder, or has none. {_NOTHING_DONE}")
    check_folder(target.parent)


def write_bytes(target: Path, data: bytes) -> Path:
    """Return the target after writing it owner-only and in one step: a crash leaves the old file or the new one.

    Raises
    ------
    OSError
        The file could not be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp made it owner-only
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def write_text(target: Path, text: str) -> Path:
    """Return the target after writing text as UTF-8, as ``write_bytes`` does."""
    return write_bytes(target, text.encode("utf-8"))


def write_figure(target: Path, figure: Figure, words: str) -> Path:
    """Return the target after writing a figure as PNG, marked internal, with a description for those who cannot see it.

    The figure is closed.
    """
    from matplotlib import pyplot

    engine = figure.get_layout_engine()
    if engine is not None:  # laid out once, here: savefig would draw everything twice for it
        engine.execute(figure)
        figure.set_layout_engine(None)
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=120, metadata={"Title": INTERNAL_MARK, "Description": words})
    pyplot.close(figure)
    return write_bytes(target, sink.getvalue())


def write_json_lines(target: Path, results: Iterable[Mapping[str, Any]]) -> Path:
    """Return the target after writing one JSON object a line; each result carries its own ``internal`` mark."""
    lines = (json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for result in results)
    return write_text(target, "".join(f"{line}\n" for line in lines))


def write_csv(target: Path, frame: pd.DataFrame, marks: Mapping[str, str]) -> Path:
    """Return the target after writing a table as CSV that a spreadsheet can open without running anything.

    Parameters
    ----------
    target : Path
    frame : pandas.DataFrame
        Tuples become text joined by ``;``, missing cells stay empty.
    marks : mapping
        Columns put first, the same in every row: what it is, as known when, under which agreement.

    Raises
    ------
    PolicyError
        The table holds coordinates: places leave only through the sharing agreement.

    Notes
    -----
    UTF-8, comma, header. Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    table = marked_table(frame, marks)
    columns = []
    for name in table.column_names:
        column = table[name]
        if pa.types.is_list(column.type):
            column = pa.array([";".join(item) for item in column.to_pylist()], pa.string())
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pa.array([harmless(item) for item in column.to_pylist()], pa.string())
        columns.append(column)
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.table(columns, names=table.column_names), sink)
    return write_bytes(target, sink.getvalue().to_pybytes())


def write_parquet(target: Path, frame: pd.DataFrame, marks: Mapping[str, str]) -> Path:
    """Return the target after writing a table as Parquet; the marks are columns and file metadata.

    Raises
    ------
    PolicyError
        The table holds coordinates.
    """
    table = marked_table(frame, marks)
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table.replace_schema_metadata(dict(marks)), sink)
    return write_bytes(target, sink.getvalue().to_pybytes())


def marked_table(frame: pd.DataFrame, marks: Mapping[str, str]) -> pa.Table:
    """Return a table as files hold it: the marks as columns in front, tuples as lists.

    Raises
    ------
    PolicyError
        The table holds coordinates.
    """
    if found := sorted(_COORDINATES & set(frame.columns)):
        message = f"This table holds {', '.join(found)}. Places are written only through the sharing agreement."
        raise PolicyError(message)
    arrays = {name: pa.array([text] * len(frame), pa.string()) for name, text in marks.items()}
    return pa.table(arrays | {str(name): _column(frame[name]) for name in frame.columns})


def _column(values: pd.Series[Any]) -> pa.Array:
    if values.dtype != object:
        return pa.Array.from_pandas(values)
    items = values.tolist()
    if any(isinstance(item, tuple) for item in items):
        return pa.array(items, pa.list_(pa.string()))
    return pa.array([None if item is None or item is pd.NA or item != item else item for item in items], pa.string())


def harmless(text: str | None) -> str | None:
    """Return text that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("S-0042")
    ("'=1+1", 'S-0042')
    """
    if text is None:
        return None
    return f"'{text}" if text.startswith(_UNSAFE_STARTS) or text.lstrip().startswith(_UNSAFE_STARTS) else text
