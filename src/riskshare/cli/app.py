"""The commands and their options; each is run by a module of its own, loaded only when it is asked for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from riskshare.cli.faults import Guarded, Unusable
from riskshare.cli.screen import Screen

app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and those hold people's values
    help="Multi-agency risk assessment: agreed thresholds and trust in, evidence in, explained scores out. "
    "Nothing here decides about a person.",
    epilog="Exit codes: 0 done, 1 problems found, 2 wrong usage, 3 not signed, 4 unknown subject, "
    "5 file not read or written, 6 optional part missing, 70 a mistake of riskshare, 141 nobody reads the output.",
)


def iso_day(text: str) -> dt.date:
    """Return a day written as YYYY-MM-DD."""
    try:
        return dt.date.fromisoformat(text) if len(text) == len("2026-03-31") else _refuse_day()
    except ValueError:
        return _refuse_day()


def _refuse_day() -> dt.date:
    message = "A day is written YYYY-MM-DD, such as 2026-03-31."
    raise Unusable(message) from None


Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The agreed partnership, such as thresholds.")]
AsOf = Annotated[dt.date, typer.Option("--as-of", parser=iso_day, metavar="DATE", help="As known on this day.")]
SubjectsFile = Annotated[Path | None, typer.Option("--subjects", help="Ages and who is responsible.")]
Trial = Annotated[bool, typer.Option("--trial", help="Let an unsigned policy run: watermarked, never to be shared.")]
Condition = Annotated[
    list[str] | None, typer.Option("--condition", help="A handling condition this use satisfies; repeatable.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the files made; owner-only.")]


@app.command()
def demo(out: Out = Path("out"), as_json: Json = False, quiet: Quiet = False) -> None:
    """Run the main job on the shipped example: who needs action, who is seen only together, where partners disagree."""
    from riskshare.cli.assess import run_demo
    from riskshare.io.writing import check_folder

    check_folder(out)
    run_demo(out, Screen(as_json, quiet))


@app.command()
def check(
    folder: Folder,
    evidence: Annotated[list[Path] | None, typer.Argument(metavar="[EVIDENCE]...", help="Evidence files.")] = None,
    subjects: SubjectsFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a partnership folder and, if given, evidence: every problem at once."""
    from riskshare.cli.check import run_check

    raise typer.Exit(run_check(folder, evidence or [], subjects, Screen(as_json, quiet)))


@app.command()
def sign(
    folder: Folder,
    agency: Annotated[str, typer.Option("--agency", help="Id of the agency that signs.")],
    role: Annotated[str, typer.Option("--role", help="In what role the person signs; not a name.")],
    on: Annotated[dt.date, typer.Option("--on", parser=iso_day, metavar="DATE", help="The day of signing.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Sign the policy in force for one agency."""
    from riskshare.cli.check import run_sign

    run_sign(folder, agency, role, on, Screen(as_json, quiet))


@app.command()
def assess(
    folder: Folder,
    evidence: Annotated[list[Path], typer.Argument(metavar="EVIDENCE...", help="Evidence files, read as one.")],
    as_of: AsOf,
    subjects: SubjectsFile = None,
    out: Out = Path("out"),
    trial: Trial = False,
    condition: Condition = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score everybody the evidence is about, with reasons and doubts, into internal files."""
    from riskshare.cli.assess import Job, run_assess
    from riskshare.io.writing import check_folder

    check_folder(out)
    job = Job(folder, tuple(evidence), subjects, as_of, trial, tuple(condition or ()))
    run_assess(job, out, Screen(as_json, quiet))


@app.command()
def explain(
    folder: Folder,
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The evidence file.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The pseudonym.")],
    as_of: AsOf,
    subjects: SubjectsFile = None,
    trial: Trial = False,
    condition: Condition = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw the first lens as a PNG, owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain one subject: the waterfall, what each record and agency changes, and what was set aside."""
    from riskshare.cli.assess import Job
    from riskshare.cli.explain import run_explain
    from riskshare.io.writing import check_file

    if plot is not None:
        check_file(plot)
    job = Job(folder, (evidence,), subjects, as_of, trial, tuple(condition or ()))
    run_explain(job, subject, plot, Screen(as_json, quiet))


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", help="Write one file a record here instead of printing.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the JSON Schema of every record: results, evidence, subjects, partnership files."""
    from riskshare.cli.schemas import run_schema

    run_schema(out, Screen(as_json, quiet))


@app.command()
def version(as_json: Json = False, quiet: Quiet = False) -> None:
    """Print the version."""
    from riskshare.records.results import SCHEMA_VERSION
    from riskshare.version import VERSION

    screen = Screen(as_json, quiet)
    screen.raw(f"riskshare {VERSION} (result schema {SCHEMA_VERSION})")
    screen.document({"version": VERSION, "result_schema": SCHEMA_VERSION})
