"""The command `riskshare share` and its options."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from riskshare.cli.faults import Unusable
from riskshare.cli.options import Json, Quiet, iso_day
from riskshare.cli.screen import Screen


def share(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The agreed partnership, such as thresholds.")],
    evidence: Annotated[list[Path], typer.Argument(metavar="EVIDENCE...", help="Evidence files, read as one.")],
    as_of: Annotated[dt.date, typer.Option("--as-of", parser=iso_day, metavar="DATE", help="As known on this day.")],
    to: Annotated[str, typer.Option("--to", metavar="AGENCY:ROLE", help="The one recipient.")],
    purpose: Annotated[str, typer.Option("--purpose", help="For what: a purpose of the agreement.")],
    at: Annotated[str, typer.Option("--at", metavar="MOMENT", help="Now: 2026-03-31T16:30:00+01:00.")],
    out: Annotated[
        list[Path],
        typer.Option("--out", help="A file to write; its end decides (.html .json .csv .gpkg ...); repeatable."),
    ],
    audience: Annotated[
        Literal["public", "partnership", "practitioner"],
        typer.Option("--audience", help="Who it is for: the safest unless another is named."),
    ] = "public",
    what: Annotated[Literal["people", "hotspots"], typer.Option("--what", help="What is shared.")] = "people",
    subject: Annotated[str | None, typer.Option("--subject", help="The one person, for a practitioner.")] = None,
    user: Annotated[str, typer.Option("--user", help="Who asks; the log holds a pseudonym.")] = "",
    approver: Annotated[str, typer.Option("--approver", help="Who else said yes: over 50 people, or override.")] = "",
    standing: Annotated[
        Path | None, typer.Option("--standing", help="JSON: who works with whom, and what people have said.")
    ] = None,
    which: Annotated[str | None, typer.Option("--agreement", metavar="ID", help="Where several would do.")] = None,
    emergency: Annotated[
        str | None, typer.Option("--emergency", metavar="GROUND", help="Override: fixed view.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in 20 characters or more; for --emergency.")] = "",
    log: Annotated[
        Path | None, typer.Option("--log", help="The audit log; by default riskshare_audit/audit.sqlite here.")
    ] = None,
    subjects: Annotated[
        Path | None, typer.Option("--subjects", help="Ages, who is responsible, and whose address is protected.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option("--condition", help="A handling condition this use satisfies; repeatable.")
    ] = None,
    areas: Annotated[Path | None, typer.Option("--areas", help="For hot spots: the authorities' polygons.")] = None,
    population: Annotated[Path | None, typer.Option("--population", help="For hot spots: people a square.")] = None,
    coverage: Annotated[Path | None, typer.Option("--coverage", help="For hot spots: who looked where.")] = None,
    buildings: Annotated[
        Path | None, typer.Option("--buildings", help="For hot spots: what happens at their own door never counts.")
    ] = None,
    own_m: Annotated[
        float, typer.Option("--own-m", min=0, max=1000, help="Reach of a building's own address, metres.")
    ] = 25,
    join_within: Annotated[
        tuple[float, int] | None,
        typer.Option(
            "--join-within", metavar="M DAYS", help="For hot spots: agreed rule for reports without claim ids."
        ),
    ] = None,
    recording: Annotated[
        bool, typer.Option("--recording", help="For hot spots: allow for how differently organisations record.")
    ] = False,
    second_source: Annotated[
        str | None, typer.Option("--second-source", help="For --recording: a source recorded alike everywhere.")
    ] = None,
    table: Annotated[str | None, typer.Option("--table", help="Which table, in .csv, .parquet or .geojson.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Share a result with one recipient as far as the agreement allows: logged first, stamped, the rest withheld."""
    from riskshare.cli.assess import Job
    from riskshare.cli.share import Ask, Maps, run_share

    if not out:
        message = "Name at least one file with --out."
        raise Unusable(message)
    if second_source is not None and not recording:
        message = "--second-source is for --recording: give that too."
        raise Unusable(message)
    job = Job(folder, tuple(evidence), subjects, as_of, False, tuple(condition or ()))
    ask = Ask(what, audience, purpose, to, at, subject, user, approver, which, standing, log, emergency, reason, table)
    maps = Maps(areas, population, coverage, buildings, own_m, join_within, recording, second_source)
    run_share(job, ask, maps, out, Screen(as_json, quiet))
