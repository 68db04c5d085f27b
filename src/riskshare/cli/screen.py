"""What a command shows: text for people on a terminal, one JSON document for programs, progress on stderr."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

MOST_WIDTH = 110
"""Longer lines of prose tire the eye."""


@dataclass(frozen=True)
class Screen:
    """Where a command speaks; ``as_json`` and ``quiet`` as asked on the command line."""

    as_json: bool = False
    quiet: bool = False

    @property
    def talks(self) -> bool:
        """Whether text for people is wanted."""
        return not (self.as_json or self.quiet)

    @property
    def width(self) -> int:
        """Columns to fill."""
        return max(60, min(Console().width, MOST_WIDTH))

    def heading(self, text: str) -> None:
        """Print a heading."""
        if self.talks:
            lines = wrapped(text, self.width)
            typer.echo()
            typer.secho(lines, bold=True)
            typer.echo("-" * max(map(len, lines.splitlines())))

    def say(self, text: str = "", *, indent: str = "", hang: str = "") -> None:
        """Print a paragraph, wrapped."""
        if self.talks:
            self.raw(wrapped(text, self.width, indent=indent, hang=hang))

    def raw(self, text: str) -> None:
        """Print text as it stands, if text is wanted."""
        if self.talks:
            typer.echo(text)

    def alert(self, text: str) -> None:
        """Print a warning on the error stream, whatever was asked."""
        typer.echo(wrapped(text, self.width), err=True)

    def document(self, content: Any) -> None:
        """Print one JSON document, if JSON was asked for."""
        if self.as_json:
            typer.echo(as_json(content))

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int | None], None]]:
        """Show how far long work has come: on stderr, on a terminal only, gone when done."""
        console = Console(stderr=True)
        off = not self.talks or not console.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        with Progress(*columns, console=console, transient=True, disable=off) as bar:
            task = bar.add_task(what, total=None)

            def done(count: int, total: int | None) -> None:
                bar.update(task, completed=count, total=total)

            yield done


def as_json(content: Any) -> str:
    """Return plain values as indented JSON; no value is guessed into shape."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)


def wrapped(text: str, width: int, *, indent: str = "", hang: str = "") -> str:
    """Return a paragraph in lines of at most ``width`` columns.

    >>> wrapped("one two three", 9, indent="- ", hang="  ").splitlines()
    ['- one two', '  three']
    """
    glued = re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)  # a figure and its sign stay together
    filled = textwrap.fill(glued, width, initial_indent=indent, subsequent_indent=hang, break_long_words=False)
    return filled.replace("\N{NO-BREAK SPACE}", " ")
