"""`riskshare thresholds response`: how fast agencies act, on one clock, by agreed position."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from riskshare.cli.check import fault_counts, tell_faults
from riskshare.cli.screen import Screen, as_json
from riskshare.io.partnership import load_partnership
from riskshare.io.responses import read_responses
from riskshare.io.writing import internal_name, make_folder, write_csv, write_text
from riskshare.records.partnership import Partnership
from riskshare.records.response_times import ResponseTimes
from riskshare.records.responses import Responses
from riskshare.reporting.responses import longer_wait_sentence, response_sentences, response_table, standard_sentence
from riskshare.reporting.sentences import INTERNAL
from riskshare.reporting.words import agency_names, counted
from riskshare.responses.compare import compare

_TABLES = ("bands", "strata", "standards", "longer_waits")


def run_response(folder: Path, responses: Path, until: dt.date, nation: str, out: Path | None, screen: Screen) -> None:
    """Compare response times, say what matters, and, if asked, write the tables as internal files."""
    partnership = load_partnership(folder)
    with screen.progress("Reading response times") as done:
        read = read_responses(responses, partnership, progress=lambda _, rows: done(rows, None))
    times = compare(partnership, read, until=until, nation=nation)
    files = [] if out is None else _write(times, partnership, read, out)
    if screen.talks:
        _tell(times, partnership, read, screen)
    for file in files:
        screen.say(f"Written: {file} (readable by you alone).")
    screen.document({**times.to_dict(), **_account(read), "files": [file.name for file in files]})


def _tell(times: ResponseTimes, partnership: Partnership, read: Responses, screen: Screen) -> None:
    names = agency_names(partnership)
    screen.say(f"{read.conservation()}.")
    tell_faults(fault_counts(read.quarantine), screen)
    screen.heading("How fast, by agreed position, which hides whose bar is higher (elapsed time)")
    screen.say(response_sentences(times, partnership)[0])
    screen.raw("\n" + response_table(times, partnership))
    screen.heading("What was promised")
    for standard in times.standard_times:
        screen.say(standard_sentence(standard, names), indent="- ", hang="  ")
    screen.heading("To ask about: longer at a higher position")
    alike = [wait for wait in times.longer_waits_found if wait.same_stop]
    for wait in alike:
        screen.say(longer_wait_sentence(wait, names), indent="- ", hang="  ")
    if not alike:
        screen.say("None between clocks that stop at the same event.")
    if others := len(times.longer_waits_found) - len(alike):
        screen.say(f"{counted(others, 'more pair')} where the clocks stop at different events: see --json or --out.")


def _write(times: ResponseTimes, partnership: Partnership, read: Responses, out: Path) -> list[Path]:
    folder = make_folder(out)
    marks = {
        "marking": INTERNAL,
        "until": times.until.isoformat(),
        "partnership_version": times.partnership_version,
        "engine_version": times.engine_version,
    }
    said = [read.conservation(), response_table(times, partnership), *response_sentences(times, partnership)]
    text = "\n\n".join(part for part in said if part) + "\n"
    tables = {name: getattr(times, name) for name in _TABLES}
    return [
        write_text(folder / internal_name("responses", ".txt"), f"{INTERNAL}\n\n{text}"),
        write_text(folder / internal_name("responses", ".json"), as_json(times.to_dict()) + "\n"),
        *(write_csv(folder / internal_name(f"responses_{n}", ".csv"), table, marks) for n, table in tables.items()),
    ]


def _account(read: Responses) -> dict[str, Any]:
    return {
        "conservation": read.conservation(),
        "counts": {source: dict(counts) for source, counts in read.counts.items()},
        "faults": fault_counts(read.quarantine).to_dict("records"),
    }
