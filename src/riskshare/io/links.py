"""Reading tables of links, every id as the text it is; and keeping the ledger of merges, which is never shortened."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa

from riskshare.errors import PolicyError
from riskshare.io.in_place import OWNER_ONLY, in_place
from riskshare.records.arguments import is_path, require
from riskshare.sharing.link_tables import links_of
from riskshare.sharing.links import Link, LinkError, LinkEvent, LinkLedger, link, merge, undo


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


def write_ledger(ledger: LinkLedger, target: str | os.PathLike[str]) -> Path:
    """Return the file after writing a ledger into it, one event a line, owner-only and in one step.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    LinkError
        The ledger that stands there is not the beginning of this one: a merge that was made is never forgotten.
    OSError
        The file could not be read or written; the old one stands.
    """
    require(
        "write_ledger",
        {
            "ledger must be a LinkLedger.": isinstance(ledger, LinkLedger),
            "target must be a path, such as 'links.internal.jsonl'.": is_path(target),
        },
    )
    file = Path(target)
    before = read_ledger(file).events if file.exists() else ()
    if ledger.events[: len(before)] != before:
        message = "Not written: the ledger kept there is not the beginning of this one. Read it, and add to that."
        raise LinkError(message)
    with in_place(file, mode=OWNER_ONLY) as draft:
        for event in ledger.events:
            draft.write(json.dumps(asdict(event), sort_keys=True).encode("ascii") + b"\n")
    return file


def read_ledger(source: str | os.PathLike[str]) -> LinkLedger:
    """Return the ledger in a file; every event is made again by the rules, so that none can be slipped in.

    Raises
    ------
    ArgumentError
        ``source`` is no path.
    LinkError
        A line holds no event that may stand at its place: the first such line is named by its number.
    OSError
        The file cannot be read.
    """
    require("read_ledger", {"source must be a path, such as 'links.internal.jsonl'.": is_path(source)})
    ledger = LinkLedger()
    for number, line in enumerate(Path(source).read_bytes().splitlines(), 1):
        try:
            ledger = _with(ledger, json.loads(line))
        except (PolicyError, KeyError, TypeError, ValueError, RecursionError):
            bad = number
            break
    else:
        return ledger
    message = f"Line {bad} holds no event that may stand there. Put the file back from its safe copy."
    raise LinkError(message)


def _with(ledger: LinkLedger, told: dict[str, object]) -> LinkLedger:
    """Return a ledger with the event of a line."""
    one = link(**told["link"])  # type: ignore[arg-type]  # checked by link
    who = {"by": str(told["by"]), "at": str(told["at"])}
    number = told["undoes"]
    if number is None:
        return merge(ledger, one, **who)
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError
    longer = undo(ledger, number, **who)
    if longer.events[-1] != LinkEvent(one, who["by"], who["at"], number):
        raise ValueError
    return longer
