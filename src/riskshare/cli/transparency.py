"""`riskshare transparency`: the page for citizens and the transparency record (ATRS), or what is missing in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from riskshare.cli.options import must_be_new
from riskshare.cli.screen import Screen
from riskshare.errors import PartnershipError, Problem
from riskshare.io.partnership import load_partnership
from riskshare.io.transparency import read_transparency
from riskshare.io.writing import make_folder, write_text
from riskshare.records.moments import as_moment, moment_of
from riskshare.reporting.citizen_page import citizen_page
from riskshare.reporting.transparency_record import transparency_page, transparency_record

CITIZEN: Final = "how-we-share.html"
RECORD: Final = "algorithmic-transparency-record"


def run_transparency(folder: Path, at: str, out: Path, screen: Screen, *, force: bool = False) -> None:
    """Write both pages and the record as JSON; nothing is written if a required field of either is empty."""
    must_be_new((out / name for name in (CITIZEN, f"{RECORD}.html", f"{RECORD}.json")), force=force)
    moment = moment_of(as_moment(at))
    partnership = load_partnership(folder)
    words = read_transparency(folder)
    problems: list[Problem] = []
    pages: dict[str, str] = {}
    try:
        pages[CITIZEN] = citizen_page(partnership, at=moment, contact=words.contact)
    except PartnershipError as fault:
        problems += fault.problems
    try:
        record = transparency_record(partnership, words, at=moment)
        pages[f"{RECORD}.html"] = transparency_page(record)
        pages[f"{RECORD}.json"] = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    except PartnershipError as fault:
        problems += fault.problems
    if problems:
        raise PartnershipError(problems)
    home = make_folder(out)
    for name, text in pages.items():
        write_text(home / name, text)
        screen.say(f"Written: {out / name}")
    screen.say("Read them before you publish them: a page that is complete may still be wrong.")
    screen.document({"files": list(pages), "record": record})
