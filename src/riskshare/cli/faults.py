"""What goes wrong at the command line: one exit code a kind, and messages without a value that somebody typed."""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, get_args, get_origin

import typer
from typer.core import TyperGroup

from riskshare.errors import (
    AuditError,
    DiskFullError,
    EvidenceError,
    MissingExtraError,
    PartnershipError,
    PlaceError,
    RiskshareError,
    UnknownSubjectError,
    UnsignedPolicyError,
)
from riskshare.io.partnership_files import NO_FOLDER


class ExitCode(IntEnum):
    """What a caller may rely on."""

    OK = 0
    PROBLEMS = 1
    """Problems in a partnership or in evidence, all of them listed."""
    USAGE = 2
    """The command was not understood, or asked for what is not agreed."""
    NOT_SIGNED = 3
    UNKNOWN_SUBJECT = 4
    NOT_WRITTEN = 5
    """A file could not be read or written."""
    MISSING_EXTRA = 6
    NOT_LOGGED = 7
    """The audit log, its keys or its head cannot be used: nothing is disclosed."""
    LOG_ALTERED = 10
    """`audit verify`: an entry is not what was sealed."""
    LOG_BROKEN_LINK = 11
    """`audit verify`: an entry was removed, put in or moved."""
    LOG_SHORTER = 12
    """`audit verify`: a known head speaks of entries that are gone."""
    LOG_UNKNOWN_KEY = 13
    """`audit verify`: an entry names a key that is not known at its place."""
    LOG_TORN_TAIL = 14
    """`audit verify`: the file ends within an entry."""
    LOG_REWRITTEN = 15
    """`audit verify`: a known head is not in a log whose seals all hold."""
    INTERNAL = 70
    """A mistake of ours."""


_KINDS: Final = (
    (UnsignedPolicyError, ExitCode.NOT_SIGNED),
    (UnknownSubjectError, ExitCode.UNKNOWN_SUBJECT),
    (MissingExtraError, ExitCode.MISSING_EXTRA),
    (AuditError, ExitCode.NOT_LOGGED),
    (DiskFullError, ExitCode.NOT_WRITTEN),
    (PartnershipError, ExitCode.PROBLEMS),
    (EvidenceError, ExitCode.PROBLEMS),
    (PlaceError, ExitCode.PROBLEMS),
    (RiskshareError, ExitCode.USAGE),
)

# Typer carries its own copy of click since 0.16 and used the public one before: ask it for the class it raises.
_UsageError: Final[type[Exception]] = typer.BadParameter.__mro__[1]


_SWITCHES: Final = {
    "trial=True": "--trial",
    "accept_bad=True": "--accept-bad",
    "resume=True": "--resume",
    # `cell_m` is a column too, and `level` a word: an option is known by the rule that follows its name.
    "bands_m must": "--bands must",
    "own_m must": "--own-m must",
    "cell_m must be a whole": "--cell-m must be a whole",
    "level must be a number": "--level must be a number",
    "snap_m must": "--snap-m must",
    "join_within must": "--join-within must",
    "join_within=(metres, days)": "--join-within M DAYS",
    "resamples must": "--resamples must",
    "second_source names": "--second-source names",
    "declare with second_source": "declare with --second-source",
    "(100, 250, 500)": "100,250,500",
    "(150, 1), or None": "150 1",
    "hotspots():": "Hot spots:",
    "profile_places():": "Profiles:",
    "recording_practice():": "Recording practice:",
    "Give population, or null='uniform' if events are to be expected evenly over the ground.": (
        "Give --population or --covariates."
    ),
    "own_m, or leave buildings out": "--own-m, or leave --buildings out",
}
"""What messages for Python call these options, and what they are called here."""


def as_typed(message: str) -> str:
    """Return a message with options named as they are typed here.

    >>> as_typed("pass trial=True for a pilot run")
    'pass --trial for a pilot run'
    """
    for option, switch in _SWITCHES.items():
        message = message.replace(option, switch)
    return message


def _folders_here(fault: RiskshareError) -> str:
    """Return which folders here could have been meant where the one given is none; it is not repeated."""
    if not isinstance(fault, PartnershipError) or fault.problems[0].file != NO_FOLDER:
        return ""
    try:
        here = sorted(folder.name for folder in Path.cwd().iterdir() if (folder / "partnership.toml").is_file())
    except OSError:  # a folder that may not be looked into: the message stands without this help
        here = []
    found = f"Here, these hold a partnership.toml: {', '.join(here)}." if here else "No folder here holds one."
    return f"\n    FOLDER is the first argument after the command. {found}"


class Unusable(typer.BadParameter):
    """A parameter cannot be used; its message is ours and repeats nothing that was typed."""


class Guarded(TyperGroup):
    """The group of commands, with short messages for what goes wrong.

    A subject's id may stand anywhere on a mistyped line, so usage errors never repeat what was typed.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options before a command."""
        try:
            return super().parse_args(ctx, args)
        except _UsageError as fault:
            raise _unvalued(fault) from None

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except _UsageError as fault:
            raise _unvalued(fault) from None
        except BrokenPipeError:
            raise
        except RiskshareError as fault:
            code = next(code for kind, code in _KINDS if isinstance(fault, kind))
            raise _told(as_typed(str(fault)) + _folders_here(fault), code) from None
        except OSError as fault:
            message = f"A file could not be read or written: {fault.strerror or 'the system gave no reason'}."
            raise _told(message, ExitCode.NOT_WRITTEN) from None


def _told(message: str, code: ExitCode) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(code)


def _unvalued(fault: Exception) -> Exception:
    """Return the usage error with a message that repeats nothing typed; which option is at fault stays."""
    kind = type(fault).__name__
    if kind in ("Unusable", "MissingParameter", "NoArgsIsHelpError"):
        return fault
    said = {
        "NoSuchOption": "There is no such option.",
        "BadParameter": "The value given cannot be used.",
        "BadOptionUsage": "An option lacks its value, or has one too many.",
    }
    if kind == "BadParameter" and (choices := _choices(fault)):
        said[kind] = f"The value given cannot be used. There are: {', '.join(choices)}."
    fault.message = said.get(kind, "There is no such command, or there are too many arguments.")  # type: ignore[attr-defined]
    return fault


def _choices(fault: Exception) -> list[str]:
    """Return what an option may be, as the option itself has it; empty where it is no choice."""
    kind = getattr(getattr(getattr(fault, "param", None), "type_descriptor", None), "annotation", None)
    return [str(choice) for choice in get_args(kind)] if get_origin(kind) is Literal else []


def last_resort(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Tell of a mistake of ours by kind and place only: its message may hold a value. For ``sys.excepthook``."""
    if isinstance(fault, KeyboardInterrupt):
        raise SystemExit(130)
    frames = traceback.extract_tb(trace)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    sys.stderr.write(
        f"riskshare stopped on a mistake of its own ({kind.__name__}{place}). Nothing of the data is shown here. "
        "Report the kind and place; run the same from Python to see more, where values may be seen.\n"
    )
    raise SystemExit(int(ExitCode.INTERNAL))
