"""The commands of `riskshare audit` and their options."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from riskshare.cli.options import Force, Json, Quiet, asked_for, iso_day, must_be_new
from riskshare.cli.screen import Screen

audit = typer.Typer(
    no_args_is_help=True,
    help="The log of everything disclosed or refused: is it whole, what is its head, who is taken out of it.",
    epilog="verify ends with 0 all well, 10 altered, 11 broken link, 12 shorter than a known head, 13 unknown key, "
    "14 torn tail, 15 written anew; 7 the log, its keys or its head cannot be used.",
)

Log = Annotated[Path, typer.Argument(metavar="LOG", help="The database, such as audit.sqlite.")]
Keys = Annotated[Path | None, typer.Option("--keys", help="Its key file, if not beside it.")]
OwnHead = Annotated[Path | None, typer.Option("--head", help="Its head file, if not beside it.")]
At = Annotated[str, typer.Option("--at", metavar="MOMENT", help="When: 2026-03-31T16:30:00+01:00.")]


@audit.command()
def verify(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="The database, or its lines (.jsonl).")],
    keys: Keys = None,
    head: OwnHead = None,
    known: Annotated[
        list[Path] | None, typer.Option("--known", help="Heads that another agency countersigned; repeatable.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that nothing was altered, removed, put in, moved or cut off."""
    from riskshare.cli.audit import Place, run_verify

    raise typer.Exit(run_verify(Place(log, keys, head), known or [], Screen(as_json, quiet)))


@audit.command()
def export(
    log: Log,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the lines, such as audit.jsonl.")],
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the log as lines of JSON, for reading and checking without SQLite."""
    from riskshare.cli.audit import Place, run_export
    from riskshare.io.writing import check_file

    check_file(target)
    must_be_new([target], force=force)
    run_export(Place(log), target, Screen(as_json, quiet))


@audit.command()
def head(log: Log, own: OwnHead = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Show the head: the sixteen letters that stand on reports and that a witness countersigns."""
    from riskshare.cli.audit import Place, run_head

    run_head(Place(log, head=own), Screen(as_json, quiet))


@audit.command()
def countersign(
    head_file: Annotated[Path, typer.Argument(metavar="HEAD", help="The head file, as the keeper of the log sent it.")],
    known: Annotated[Path, typer.Option("--known", help="Your own file of known heads; a line is added.")],
    keys: Annotated[Path, typer.Option("--keys", help="Your own key file; made if it is not there.")],
    agency: Annotated[str, typer.Option("--agency", help="Id of the agency that witnesses.")],
    role: Annotated[str, typer.Option("--role", help="In what role, as a code; not a name.")],
    on: Annotated[dt.date, typer.Option("--on", parser=iso_day, metavar="DATE", help="The day.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Countersign another agency's head, so that nobody can cut or rewrite its log unseen."""
    from riskshare.cli.audit import run_countersign
    from riskshare.io.writing import check_file

    check_file(known)
    check_file(keys)
    run_countersign(head_file, known, keys, (agency, role, on), Screen(as_json, quiet))


@audit.command()
def erase(
    log: Log, at: At, keys: Keys = None, own: OwnHead = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """Make a subject unlinkable in the log. The pseudonym is read from the keyboard, not from the command line."""
    from riskshare.cli.audit import Place, run_erase

    subject = asked_for("Pseudonym")
    raise typer.Exit(run_erase(Place(log, keys, own), subject, at, Screen(as_json, quiet)))


@audit.command("new-key")
def new_key(
    log: Log, at: At, keys: Keys = None, own: OwnHead = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """Seal what comes with a new key; what was sealed before stays as it is."""
    from riskshare.cli.audit import Place, run_new_key

    run_new_key(Place(log, keys, own), at, Screen(as_json, quiet))


@audit.command()
def overrides(log: Log, at: At, as_json: Json = False, quiet: Quiet = False) -> None:
    """List emergency overrides that await review, and which are overdue; the spool is looked at too."""
    from riskshare.cli.audit import Place, run_overrides

    run_overrides(Place(log), at, Screen(as_json, quiet))


@audit.command()
def review(
    log: Log,
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="As the alert carries it: 16 letters or more.")],
    finding: Annotated[Literal["justified", "not_justified"], typer.Option("--finding", help="What was found.")],
    reviewer: Annotated[str, typer.Option("--reviewer", help="Who reviewed it; the log holds a pseudonym.")],
    at: At,
    keys: Keys = None,
    own: OwnHead = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Note that somebody reviewed an emergency override, other than who used or approved it."""
    from riskshare.cli.audit import Place, run_review

    run_review(Place(log, keys, own), reference, finding, reviewer, at, Screen(as_json, quiet))


@audit.command()
def reason(
    log: Log,
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="The override's: 16 letters or more.")],
    paper: Annotated[Path, typer.Argument(metavar="TEXT", help="A file with the reason, as it was kept on paper.")],
    keys: Keys = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that a text is the reason typed for an emergency override, after the review deleted it."""
    from riskshare.cli.audit import Place, run_reason

    raise typer.Exit(run_reason(Place(log, keys), reference, paper, Screen(as_json, quiet)))


@audit.command()
def file(
    log: Log,
    written: Annotated[Path, typer.Argument(metavar="FILE", help="A page, table or picture, as it was found.")],
    keys: Keys = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check whether a file is one that was written and logged, and under which decision; the log's keys are needed."""
    from riskshare.cli.audit import Place, run_file

    raise typer.Exit(run_file(Place(log, keys), written, Screen(as_json, quiet)))
