"""The command `riskshare statement` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskshare.cli.options import Json, Quiet, asked_for
from riskshare.cli.screen import Screen


def statement(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The agreed partnership, such as thresholds.")],
    evidence: Annotated[list[Path], typer.Argument(metavar="EVIDENCE...", help="Evidence files, read as one.")],
    at: Annotated[str, typer.Option("--at", metavar="MOMENT", help="Now: 2026-03-31T16:30:00+01:00.")],
    agency: Annotated[str, typer.Option("--agency", help="Id of the agency that answers.")],
    user: Annotated[str, typer.Option("--user", help="Who answers; the log holds a pseudonym.")],
    contact: Annotated[str, typer.Option("--contact", help="Where the person may turn.")],
    log: Annotated[Path, typer.Option("--log", help="The audit log, such as riskshare_audit/audit.sqlite.")],
    out: Annotated[Path, typer.Option("--out", help="The page to write, such as statement.html.")],
    cleared: Annotated[
        Path | None, typer.Option("--cleared", help="Lines `agency,record` that a named reviewer found safe to tell.")
    ] = None,
    subjects: Annotated[
        Path | None, typer.Option("--subjects", help="Whose address is protected, among others.")
    ] = None,
    place_cleared: Annotated[
        bool,
        typer.Option(
            "--place-cleared", help="A named reviewer found it safe to name agencies, though an address is protected."
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a person's own statement: what is held, by whom, with whom it was shared. Asks for the pseudonym."""
    from riskshare.cli.statement import Answering, run_statement
    from riskshare.io.writing import check_file

    check_file(out)
    check_file(log)
    subject = asked_for("Pseudonym")
    who = Answering(at, agency, user, contact, log, cleared, subjects, place_cleared)
    raise typer.Exit(run_statement(folder, tuple(evidence), subject, who, out, Screen(as_json, quiet)))
