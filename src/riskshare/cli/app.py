"""The commands and their options; each is run by a module of its own, loaded only when it is asked for."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from riskshare.cli.agreement_commands import agreement
from riskshare.cli.audit_commands import audit
from riskshare.cli.faults import Guarded, Unusable
from riskshare.cli.options import Json, Quiet, iso_day
from riskshare.cli.screen import Screen
from riskshare.cli.share_commands import share
from riskshare.cli.statement_commands import statement
from riskshare.cli.transparency_commands import transparency

app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and those hold people's values
    help="Multi-agency risk assessment: agreed thresholds and trust in, evidence in, explained scores out. "
    "Nothing here decides about a person.",
    epilog="Exit codes: 0 done, 1 problems found, 2 wrong usage, 3 not signed, 4 unknown subject, "
    "5 file not read or written, 6 optional part missing, 7 audit log unusable, 10 to 15 what audit verify found, "
    "70 a mistake of riskshare, 141 nobody reads the output.",
)


def metres(text: str) -> tuple[float, ...]:
    """Return distances in metres, separated by commas.

    >>> metres("100,250,500")
    (100.0, 250.0, 500.0)
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        message = "Bands are distances in metres, such as 100,250,500."
        raise Unusable(message) from None


Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The agreed partnership, such as thresholds.")]
AsOf = Annotated[dt.date, typer.Option("--as-of", parser=iso_day, metavar="DATE", help="As known on this day.")]
SubjectsFile = Annotated[Path | None, typer.Option("--subjects", help="Ages and who is responsible.")]
Trial = Annotated[bool, typer.Option("--trial", help="Let an unsigned policy run: watermarked, never to be shared.")]
Condition = Annotated[
    list[str] | None, typer.Option("--condition", help="A handling condition this use satisfies; repeatable.")
]
AcceptBad = Annotated[
    bool,
    typer.Option("--accept-bad", help="Read on where more than a fifth of the rows are faulty; those stay set aside."),
]
Nation = Annotated[str, typer.Option("--nation", help="Bank holidays: england, wales, scotland or northern_ireland.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the files made; owner-only.")]


@app.command()
def demo(out: Out = Path("out"), as_json: Json = False, quiet: Quiet = False) -> None:
    """Run the main job on the shipped example: who needs action, who is seen only together, where partners disagree."""
    from riskshare.cli.beside import second_process
    from riskshare.io.writing import check_folder

    check_folder(out)
    with second_process(out) as beside:
        from riskshare.cli.demo import run_demo

        run_demo(out, Screen(as_json, quiet), beside)


@app.command()
def check(
    folder: Folder,
    evidence: Annotated[list[Path] | None, typer.Argument(metavar="[EVIDENCE]...", help="Evidence files.")] = None,
    subjects: SubjectsFile = None,
    accept_bad: AcceptBad = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a partnership folder and, if given, evidence: every problem at once."""
    from riskshare.cli.check import run_check

    raise typer.Exit(run_check(folder, evidence or [], subjects, Screen(as_json, quiet), accept_bad=accept_bad))


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
    out: Out = Path("out/assess"),
    trial: Trial = False,
    condition: Condition = None,
    accept_bad: AcceptBad = False,
    engine: Annotated[
        Literal["memory", "duckdb", "spark"],
        typer.Option(
            "--engine", help="duckdb: evidence larger than memory, scores alone. spark: the same on a cluster."
        ),
    ] = "memory",
    master: Annotated[
        str | None,
        typer.Option("--master", metavar="spark://HOST:7077", help="The cluster, or local[2] for this machine."),
    ] = None,
    memory_limit: Annotated[
        str | None,
        typer.Option("--memory-limit", metavar="2GiB", help="What a run by duckdb, or a task of spark, may hold."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run by duckdb or spark.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score everybody the evidence is about, with reasons and doubts, into internal files."""
    from riskshare.cli.assess import Job, run_assess
    from riskshare.io.writing import check_folder

    check_folder(out)
    screen = Screen(as_json, quiet)
    job = Job(folder, tuple(evidence), subjects, as_of, trial, tuple(condition or ()), accept_bad)
    if (engine == "spark") != (master is not None):
        message = "--engine spark needs --master, such as spark://HOST:7077 or local[2], and no other engine takes it."
        raise Unusable(message)
    if master is not None and not re.fullmatch(r"local(\[.+\])?|yarn|(spark|k8s|mesos)://.+", master):
        message = "--master is an address such as spark://HOST:7077 or k8s://HOST, or yarn, or local[2]."
        raise Unusable(message)
    if engine == "memory":
        if resume or memory_limit is not None:
            message = "--memory-limit and --resume are for runs with --engine duckdb or spark."
            raise Unusable(message)
        raise typer.Exit(run_assess(job, out, screen))
    from riskshare.cli.engines import run_large

    raise typer.Exit(run_large(job, out, screen, memory_limit=memory_limit, resume=resume, master=master))


@app.command()
def explain(
    folder: Folder,
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The evidence file.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The pseudonym.")],
    as_of: AsOf,
    subjects: SubjectsFile = None,
    trial: Trial = False,
    condition: Condition = None,
    accept_bad: AcceptBad = False,
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
    job = Job(folder, (evidence,), subjects, as_of, trial, tuple(condition or ()), accept_bad)
    run_explain(job, subject, plot, Screen(as_json, quiet))


@app.command()
def plan(
    folder: Folder,
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The evidence file.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The pseudonym.")],
    as_of: AsOf,
    at: Annotated[str, typer.Option("--at", metavar="MOMENT", help="When it is made: 2026-03-31T16:30:00+01:00.")],
    role: Annotated[str | None, typer.Option("--for", metavar="ROLE", help="Who judges it: a role, no name.")] = None,
    started: Annotated[
        list[str] | None,
        typer.Option("--started", metavar="AGENCY:STANDARD=WHEN", help="When a standard started; repeatable."),
    ] = None,
    nation: Nation = "england",
    subjects: SubjectsFile = None,
    trial: Trial = False,
    condition: Condition = None,
    accept_bad: AcceptBad = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for internal files; owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw up one subject's joint response plan: agreed duties and standards, for a practitioner to judge."""
    from riskshare.cli.assess import Job
    from riskshare.cli.plan import Planning, run_plan
    from riskshare.io.writing import check_folder

    if out is not None:
        check_folder(out)
    job = Job(folder, (evidence,), subjects, as_of, trial, tuple(condition or ()), accept_bad)
    run_plan(job, Planning(subject, at, role, tuple(started or ()), nation), out, Screen(as_json, quiet))


thresholds = typer.Typer(
    no_args_is_help=True,
    help="Whose bar is higher, by how much, and what it costs; and who acts how fast.",
)
app.add_typer(thresholds, name="thresholds")
app.add_typer(audit, name="audit")
app.add_typer(agreement, name="agreement")
app.command()(share)
app.command()(transparency)
app.command()(statement)


@thresholds.command("show")
def show_thresholds(
    folder: Folder,
    scale: Annotated[list[str] | None, typer.Option("--scale", help="Id of a scale to show; repeatable.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw the ladder as a PNG, owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show every agreed scale's bands side by side on the common scale."""
    from riskshare.cli.thresholds import run_show
    from riskshare.io.writing import check_file

    if plot is not None:
        check_file(plot)
    run_show(folder, scale or [], plot, Screen(as_json, quiet))


@thresholds.command("compare")
def compare_thresholds(
    folder: Folder,
    shared_cases: Annotated[Path, typer.Argument(metavar="SHARED_CASES", help="Cases that several agencies scored.")],
    characteristics: Annotated[
        Path | None, typer.Option("--characteristics", help="Groups: does every link hold alike for all?")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="A characteristic agreed for audit; repeatable.")
    ] = None,
    replicates: Annotated[int, typer.Option("--replicates", min=2, max=100_000, help="Bootstrap replicates.")] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap.")] = 0,
    to: Annotated[str | None, typer.Option("--to", help="Speak to this agency, by id.")] = None,
    people: Annotated[bool, typer.Option("--people", help="Also give the tables with a line a person.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for internal files; owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare whose "high" is higher, on cases that several agencies scored."""
    from riskshare.cli.thresholds import Comparing, run_compare
    from riskshare.io.writing import check_folder

    if out is not None:
        check_folder(out)
    columns = tuple(column or ())
    job = Comparing(folder, shared_cases, characteristics, columns, replicates, seed, to, people)
    run_compare(job, out, Screen(as_json, quiet))


@thresholds.command("response")
def compare_responses(
    folder: Folder,
    responses: Annotated[Path, typer.Argument(metavar="RESPONSES", help="Cases with when they started and stopped.")],
    until: Annotated[dt.date, typer.Option("--until", parser=iso_day, metavar="DATE", help="Cases are known to here.")],
    nation: Nation = "england",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for internal files; owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare how fast agencies act, against their standards and by agreed position."""
    from riskshare.cli.responses import run_response
    from riskshare.io.writing import check_folder

    if out is not None:
        check_folder(out)
    run_response(folder, responses, until, nation, out, Screen(as_json, quiet))


@app.command()
def hotspots(
    points: Annotated[Path, typer.Argument(metavar="POINTS", help="Events: CSV, Parquet, GeoPackage or GeoJSON.")],
    areas: Annotated[Path, typer.Option("--areas", help="The authorities' polygons, with a column code.")],
    population: Annotated[
        Path | None, typer.Option("--population", help="People a square: what makes a count surprising.")
    ] = None,
    coverage: Annotated[Path | None, typer.Option("--coverage", help="Which source looked where and when.")] = None,
    covariates: Annotated[
        Path | None, typer.Option("--covariates", help="Circumstances a square, such as deprivation: need, told apart.")
    ] = None,
    recording: Annotated[
        bool, typer.Option("--recording", help="Also estimate how differently organisations record, and allow for it.")
    ] = False,
    second_source: Annotated[
        str | None, typer.Option("--second-source", help="A source recorded alike everywhere, such as ambulance.")
    ] = None,
    second_file: Annotated[
        Path | None, typer.Option("--second-file", help="Its events, where POINTS has them not; never counted.")
    ] = None,
    snap_m: Annotated[
        float | None, typer.Option("--snap-m", min=0, help="How far places are snapped or blurred, metres.")
    ] = None,
    join_within: Annotated[
        tuple[float, int] | None,
        typer.Option("--join-within", metavar="M DAYS", help="Agreed rule: reports without claim ids are one claim."),
    ] = None,
    buildings: Annotated[
        Path | None, typer.Option("--buildings", help="Homes, schools: what happens at their own door never counts.")
    ] = None,
    own_m: Annotated[
        float, typer.Option("--own-m", min=0, max=1000, help="Reach of a building's own address, metres.")
    ] = 25,
    duty: Annotated[
        list[str] | None, typer.Option("--duty", help="A category that never counts; repeatable, for the usual ones.")
    ] = None,
    cell_m: Annotated[int, typer.Option("--cell-m", min=1, help="Side of a cell, metres.")] = 250,
    level: Annotated[float, typer.Option("--level", help="False discovery rate over all cells.")] = 0.05,
    method: Annotated[Literal["bh", "by"], typer.Option("--method", help="bh, or by: stricter.")] = "bh",
    resamples: Annotated[int, typer.Option("--resamples", min=0, help="For stability; 0 for none.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for internal files; owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find where events cluster, whoever's border runs through it, and who would have found it alone."""
    from riskshare.cli.places import Asked, run_hotspots
    from riskshare.cli.recording import Compared
    from riskshare.io.writing import check_folder

    if not recording and (second_source, second_file, snap_m) != (None, None, None):
        message = "--second-source, --second-file and --snap-m are for --recording: give that too."
        raise Unusable(message)
    if out is not None:
        check_folder(out)
    compared = Compared(second_source, second_file, snap_m) if recording else None
    tables = points, areas, population, coverage
    duties = None if duty is None else tuple(duty)
    rest = covariates, join_within, compared, duties
    asked = Asked(*tables, cell_m, level, method, resamples, seed, *rest, buildings=buildings, own_m=own_m)
    run_hotspots(asked, out, Screen(as_json, quiet))


@app.command()
def profile(
    points: Annotated[Path, typer.Argument(metavar="POINTS", help="Events: CSV, Parquet, GeoPackage or GeoJSON.")],
    areas: Annotated[Path, typer.Option("--areas", help="The authorities' polygons, with a column code.")],
    buildings: Annotated[
        Path, typer.Option("--buildings", help="Points or outlines with id; name, kind, protected if known.")
    ],
    population: Annotated[
        Path | None, typer.Option("--population", help="People a square: what makes a count surprising.")
    ] = None,
    coverage: Annotated[Path | None, typer.Option("--coverage", help="Which source looked where and when.")] = None,
    bands: Annotated[
        Any, typer.Option("--bands", parser=metres, metavar="M,M,...", help="Where each band ends, metres.")
    ] = "100,250,500",
    own_m: Annotated[float, typer.Option("--own-m", min=0, help="Reach of a building's own address, metres.")] = 25,
    duty: Annotated[
        list[str] | None, typer.Option("--duty", help="A category that never counts; repeatable, for the usual ones.")
    ] = None,
    audience: Annotated[
        Literal["practitioner", "partnership", "public"],
        typer.Option("--audience", help="Who the files are made for: only practitioners see protected buildings."),
    ] = "practitioner",
    level: Annotated[float, typer.Option("--level", help="False discovery rate over all buildings.")] = 0.05,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draws behind ranks.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for internal files; owner-only.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Profile the ground around buildings: what happens there, beside what its people would lead one to expect."""
    from riskshare.cli.profiles import Asked, run_profile
    from riskshare.io.writing import check_folder

    if out is not None:
        check_folder(out)
    duties = None if duty is None else tuple(duty)
    asked = Asked(points, areas, buildings, population, coverage, bands, own_m, duties, audience, level, seed)
    run_profile(asked, out, Screen(as_json, quiet))


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
