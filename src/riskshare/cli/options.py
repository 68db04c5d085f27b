"""Options that several commands have."""

from __future__ import annotations

import datetime as dt
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


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
