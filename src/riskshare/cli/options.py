"""Options that several commands have."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from riskshare.cli.faults import Unusable


def iso_day(text: str) -> dt.date:
    """Return a day written as YYYY-MM-DD."""
    try:
        return dt.date.fromisoformat(text) if len(text) == len("2026-03-31") else _refuse_day()
    except ValueError:
        return _refuse_day()


def _refuse_day() -> dt.date:
    message = "A day is written YYYY-MM-DD, such as 2026-03-31."
    raise Unusable(message) from None


def must_be_new(targets: Iterable[Path], *, force: bool) -> None:
    """Refuse to take the place of a file that is there, unless that was asked for."""
    if not force and any(os.path.lexists(target) for target in targets):
        message = "A file of that name is there already. Give another name, or --force to replace it."
        raise Unusable(message)


def asked_for(what: str) -> str:
    """Return what is typed unseen; where nobody sits at a terminal, the first line of the standard input.

    A command line is no place for it: it is kept in a history, and shown to whoever lists processes.
    """
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, err=True))
    typed = sys.stdin.readline().removeprefix("\ufeff").strip()  # some shells begin what they pipe with such a mark
    if not typed:
        message = f"{what}: nothing was typed, and there is no terminal. Give it as the first line of standard input."
        raise Unusable(message)
    return typed


Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
