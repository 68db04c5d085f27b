"""Reading a table of links from CSV or Parquet: every cell of an id as the text it is."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa

from riskshare.records.arguments import is_path, require
from riskshare.sharing.link_tables import links_of
from riskshare.sharing.links import Link, LinkError


def read_links(path: str | os.PathLike[str], *, model_version: str = "") -> tuple[Link, ...]:
    """Return the links in a CSV (UTF-8) or Parquet file of pairs or clusters.

    Parameters
    ----------
    path : path
        Ending in ``.csv`` or ``.parquet``; columns as ``riskshare.sharing.link_tables.links_of`` says. An id such as
        ``0012`` keeps its zeros.
    model_version : str
        For rows that name none.

    Raises
    ------
    ArgumentError
        ``path`` is no path.
    LinkError
        The file is of another kind or cannot be read as what its name says, or rows hold no link.
    OSError
        The file is not there.
    """
    require("read_links", {"path must be a path, such as 'links.csv'.": is_path(path)})
    file = Path(path)
    if file.suffix not in (".csv", ".parquet"):
        message = "Links are read from .csv or .parquet. Save the table as one of them."
        raise LinkError(message)
    with file.open("rb") as source:
        try:
            table = (
                pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
                if file.suffix == ".csv"
                else pd.read_parquet(source)
            )
        except (pa.ArrowInvalid, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
            table = None  # lower messages quote what they could not read
    if table is None:
        message = f"The file cannot be read as {file.suffix}. Save it again as what its name says, as UTF-8 if text."
        raise LinkError(message)
    return links_of(table, model_version=model_version)
