"""`riskshare demo`: the main jobs on the shipped example, told as partners should read them."""

from __future__ import annotations

import datetime as dt
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from riskshare.cli.assess import Job, carry_out, holds_files, run_summary, tell, tell_files, write_files
from riskshare.cli.beside import Beside
from riskshare.cli.briefing import Section, briefing, head
from riskshare.cli.places import demo_spots, summary, tell_spots
from riskshare.cli.screen import Screen
from riskshare.cli.thresholds import largest_gaps, tell_largest
from riskshare.io.examples import EXAMPLE_AS_OF, example_data, example_partnership

_COUNTED: Final = ("act_now", "staff_safety", "seen_only_together", "disagree", "disputed", "quarantined")
"""Sections whose titles, with their counts, make the summary."""


def run_demo(out: Path, screen: Screen, beside: Beside) -> None:
    """Run the main job on the shipped example and say what partners should look at."""
    folder, data = example_partnership(), example_data()
    day = dt.date.fromisoformat(EXAMPLE_AS_OF)
    replaced = holds_files(out)
    done = carry_out(Job(folder, (data / "evidence.csv",), data / "subjects.csv", day), screen)
    spots = demo_spots(done.assessment, data, screen)
    drawing = beside.draw(spots, out)
    results = done.assessment.to_dicts()
    sections = briefing(done.assessment, done.evidence, results)
    files = write_files(done, results, sections, out)
    comparison, drawn = beside.comparing.result()
    files += [*drawn, drawing.result()]
    screen.say("An example on synthetic data: nobody in it exists.")
    screen.say(head(done.assessment))
    _tell_in_short(sections, screen)
    for section in sections:
        if section.key != "bands":
            tell(section, screen, section.show, short=True)
    tell_largest(comparison, screen)
    tell_spots(spots, screen, notes=False)
    tell_files(files, out, screen, replaced=replaced)
    _tell_next(folder, data, sections, screen)
    gaps = [" ".join(said) for said in largest_gaps(comparison)]
    found = {"replaced_files": replaced, "largest_gaps": gaps, "hot_spots": summary(spots)}
    screen.document({**run_summary(done, sections, files, out), **found})


def _tell_in_short(sections: Sequence[Section], screen: Screen) -> None:
    """Print how much there is of everything, before any of it."""
    screen.heading("In short")
    by_key = {section.key: section for section in sections}
    for key in _COUNTED:
        screen.say(by_key[key].title, indent="- ", hang="  ")
    screen.say(f"{by_key['bands'].title}:", indent="- ")
    for item in by_key["bands"].items:
        screen.say(item.text, indent="    ", hang="      ")
    screen.say("The first of each follow, shortened; the report has them in full. Words: docs/glossary.md.")


def _tell_next(folder: Path, data: Path, sections: Sequence[Section], screen: Screen) -> None:
    """Say what to try next, with a subject that needs action as the example."""
    urgent = next(section for section in sections if section.key == "act_now")
    subject = urgent.items[0].lines[0].split(" ", 1)[0] if urgent.items else "SUBJECT"
    screen.heading("What to try next")
    program = _program()
    inputs, shared = (f"{_short(folder)} {_short(data / name)}" for name in ("evidence.csv", "shared_cases.csv"))
    for why, command in (
        ("see why, record by record", f"riskshare explain {inputs} {subject} --as-of {EXAMPLE_AS_OF}"),
        ("see whose bar is higher", f"riskshare thresholds compare {shared}"),
        ("find hot spots in your own events", "riskshare hotspots POINTS --areas FILE --population FILE"),
        ("check a partnership and evidence", f"riskshare check {inputs}"),
        ("score your own", "riskshare assess FOLDER EVIDENCE --as-of DATE --subjects FILE"),
    ):
        screen.say(f"{why}:", indent="- ")
        screen.raw(f"    {command.replace('riskshare', program, 1)}")
    if program != "riskshare":
        activate = Path(sys.executable).with_name("activate")
        if activate.exists():
            screen.say(f"`source {_short(activate)}`, once in a shell, makes it plain `riskshare`.")
    screen.say("Make it yours: docs/how-to/agree-a-policy.md, docs/how-to/send-evidence.md.")


def _program() -> str:
    """Return how this program is called from this shell: by name, or where it lies beside Python."""
    if shutil.which("riskshare"):
        return "riskshare"
    beside = Path(sys.executable).with_name("riskshare")
    return (
        shlex.quote(_short(beside)) if beside.exists() else f"{shlex.quote(_short(Path(sys.executable)))} -m riskshare"
    )


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
