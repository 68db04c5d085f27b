"""`riskshare share`: what one recipient may have, into stamped files; and what was withheld, said aloud."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from riskshare.cli.assess import Job, carry_out
from riskshare.cli.faults import Unusable
from riskshare.cli.screen import Screen
from riskshare.io.audit_log import audit_log
from riskshare.io.exports import write
from riskshare.io.points import read_areas, read_points, read_table
from riskshare.io.standing import StandingFile, read_standing
from riskshare.io.writing import check_file
from riskshare.practice import recording_practice
from riskshare.records.sharing_request import Override
from riskshare.releasing.sharing_out import share
from riskshare.sharing.protection import NOBODY_KNOWN
from riskshare.sharing.shared import Shared
from riskshare.spots import HotSpots, hotspots

RESAMPLES: Final = 100


class Ask(NamedTuple):
    """Who is to have what, for what."""

    what: str
    audience: str
    purpose: str
    to: str
    at: str
    subject: str | None
    user: str
    approver: str
    agreement: str | None
    standing: Path | None
    log: Path | None
    emergency: str | None
    reason: str
    table: str | None


class Maps(NamedTuple):
    """What hot spots are found by."""

    areas: Path | None
    population: Path | None
    coverage: Path | None
    buildings: Path | None = None
    own_m: float = 25
    join_within: tuple[float, int] | None = None
    recording: bool = False
    second_source: str | None = None


def run_share(job: Job, ask: Ask, maps: Maps, outs: Sequence[Path], screen: Screen) -> None:
    """Share a result with one recipient and write it; tell what was kept, withheld and suppressed."""
    for out in outs:
        check_file(out)
    standing = StandingFile() if ask.standing is None else read_standing(ask.standing)
    override = _override(ask)
    done = carry_out(job, screen)
    result: Any = done.assessment if ask.what == "people" else _spots(done.assessment, maps, screen)
    log = None if ask.log is None else audit_log(ask.log)
    with screen.progress("Sharing") as progress:
        shared = share(
            result, done.assessment.partnership, audience=ask.audience, purpose=ask.purpose, recipient=ask.to,
            at=ask.at, subject=ask.subject, user_id=ask.user, approver=ask.approver, log=log,
            agreement=ask.agreement, objections=standing.objections, relationships=standing.relationships,
            override=override, conditions_met=job.conditions, progress=progress,
        )  # fmt: skip
    if NOBODY_KNOWN in shared.notes:
        screen.alert(f"{NOBODY_KNOWN} Give it with --subjects, unless nobody has one.")
    for note in shared.desk_notes:
        screen.alert(f"For you alone, not in the file: {note}")
    files = [write(shared, out, table=ask.table if out.suffix in (".csv", ".parquet", ".geojson") else None)
             for out in outs]  # fmt: skip
    tell_shared(shared, screen)
    for file in files:
        screen.say(f"Written: {file} (readable by you alone, logged).")
    screen.document({**summary(shared), "files": [file.name for file in files]})


def _override(ask: Ask) -> Override | None:
    if ask.emergency is None:
        return None
    grounds = ("risk_to_life", "serious_harm_child", "legal_duty", "overriding_public_interest")
    if ask.emergency not in grounds:
        message = f"--emergency is one of {', '.join(grounds)}."
        raise Unusable(message)
    return Override.model_validate({"ground": ask.emergency, "text": ask.reason, "approver": ask.approver or None})


def _spots(assessment: Any, maps: Maps, screen: Screen) -> HotSpots:
    if maps.areas is None:
        message = "Hot spots need --areas, the authorities' polygons."
        raise Unusable(message)
    population, coverage = (None if path is None else read_table(path) for path in (maps.population, maps.coverage))
    areas, buildings = read_areas(maps.areas), None if maps.buildings is None else read_points(maps.buildings)
    practice = None
    if maps.recording:
        practice = recording_practice(
            assessment, areas, population=population, coverage=coverage, second_source=maps.second_source
        )
    with screen.progress("Finding hot spots") as done:
        return hotspots(
            assessment, areas, population=population, coverage=coverage, buildings=buildings, own_m=maps.own_m,
            join_within=maps.join_within, recording=practice, resamples=RESAMPLES, progress=done,
        )  # fmt: skip


def tell_shared(shared: Shared, screen: Screen) -> None:
    """Print what was shared in counts, and everything that was not, with reasons."""
    screen.heading(shared.title)
    screen.say(shared.stamp)
    for name, table in shared.tables.items():
        kept = dict.fromkeys(shared.kept.loc[shared.kept["table"] == name, "field"])
        screen.say(f"{name}: {len(table):,} lines of {', '.join(map(str, kept))}.", indent="- ", hang="  ")
    if len(shared.withheld):
        screen.heading("Withheld")
        for told, part in shared.withheld.groupby(["table", "reason"], sort=True)["field"]:
            screen.say(f"{told[0]}: {', '.join(part)} ({told[1]}).", indent="- ", hang="  ")
    if len(shared.suppressed):
        screen.heading("Suppressed, so that people are harder to tell from it")
        for row in shared.suppressed.itertuples(index=False):
            screen.say(f"{row.table}: {row.n:,} {row.what} ({row.reason}).", indent="- ", hang="  ")
    screen.heading("To be known")
    for note in shared.notes:
        screen.say(note, indent="- ", hang="  ")


def summary(shared: Shared) -> dict[str, Any]:
    """Return what was shared as plain values, without what is in its tables."""
    return {
        **shared.marks,
        "kind": shared.kind,
        "title": shared.title,
        "tables": {name: len(table) for name, table in shared.tables.items()},
        "withheld": shared.withheld.to_dict("records"),
        "suppressed": shared.suppressed.to_dict("records"),
        "notes": list(shared.notes),
        "decisions": list(shared.decision_ids),
    }
