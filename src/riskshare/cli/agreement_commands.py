"""The commands of `riskshare agreement` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from riskshare.cli.options import Json, Quiet
from riskshare.cli.screen import Screen

agreement = typer.Typer(
    no_args_is_help=True,
    help="The sharing agreement: is it good, who has signed it, and who may have what, for what.",
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The agreed partnership, such as thresholds.")]
At = Annotated[str | None, typer.Option("--at", metavar="MOMENT", help="When: 2026-03-31T16:30:00+01:00.")]


@agreement.command()
def check(folder: Folder, at: At = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Check sharing.toml with the rest of the folder: every problem at once, then who has yet to sign."""
    from riskshare.cli.agreement import run_check

    raise typer.Exit(run_check(folder, at, Screen(as_json, quiet)))


@agreement.command()
def explain(
    folder: Folder,
    which: Annotated[str | None, typer.Option("--agreement", metavar="ID", help="Only this agreement.")] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="AGENCY:ROLE", help="Who would like to know; then the question is answered."),
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--from", metavar="AGENCY", help="Who holds it; repeatable.")
    ] = None,
    purpose: Annotated[str, typer.Option("--purpose", help="For what.")] = "",
    category: Annotated[list[str] | None, typer.Option("--category", help="Kind of data; repeatable.")] = None,
    field: Annotated[list[str] | None, typer.Option("--field", help="What would be shown; repeatable.")] = None,
    subject_role: Annotated[
        str, typer.Option("--subject-role", help="What the person is in it.")
    ] = "person_of_concern",
    audience: Annotated[
        Literal["public", "partnership", "practitioner"], typer.Option("--audience", help="Who it is for.")
    ] = "public",
    works_with: Annotated[
        bool, typer.Option("--works-with", help="Suppose that the practitioner works with this person.")
    ] = False,
    handling: Annotated[Literal["P", "C"], typer.Option("--handling", help="Handling code of the items.")] = "C",
    named: Annotated[
        list[str] | None, typer.Option("--named", metavar="CONDITION", help="A condition named on them; repeatable.")
    ] = None,
    met: Annotated[
        list[str] | None, typer.Option("--met", metavar="CONDITION", help="A condition that the use meets; repeatable.")
    ] = None,
    area: Annotated[list[str] | None, typer.Option("--area", help="Authority the items belong to; repeatable.")] = None,
    age_band: Annotated[str, typer.Option("--age-band", help="Of the person.")] = "not known",
    at: At = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say in words who may have what; or, with --to, whether one question would be answered, and why."""
    from riskshare.cli.agreement import Question, run_ask, run_explain

    if to is None:
        run_explain(folder, which, Screen(as_json, quiet))
        return
    question = Question(
        which, to, tuple(source or ()), purpose, tuple(category or ()), tuple(field or ()), subject_role, audience,
        works_with, handling, tuple(named or ()), tuple(met or ()), tuple(area or ()), age_band, at,
    )  # fmt: skip
    run_ask(folder, question, Screen(as_json, quiet))
