"""`riskshare plan`: one subject's joint response plan, for the practitioner who judges it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from riskshare.cli.assess import Job, carry_out
from riskshare.cli.faults import Unusable
from riskshare.cli.screen import Screen, as_json, wrapped
from riskshare.comparing import Plan, response_plan
from riskshare.io.writing import internal_name, make_folder, write_text
from riskshare.reporting.plans import plan_sentences

_FILE_WIDTH: Final = 110
_STARTED: Final = re.compile(r"([^:=]+):([^:=]+)=(.+)")


class Planning(NamedTuple):
    """For whom, when and by whom a plan is made."""

    subject: str
    at: str
    role: str | None = None
    started: tuple[str, ...] = ()
    nation: str = "england"


def run_plan(job: Job, planning: Planning, out: Path | None, screen: Screen) -> None:
    """Score, draw up the plan, say it, and, if asked, write it as internal files."""
    started = starts(planning.started)
    assessment = carry_out(job, screen).assessment
    plan = response_plan(
        assessment, planning.subject, partnership=assessment.partnership, at=planning.at,
        for_practitioner=planning.role, nation=planning.nation, started=started,
    )  # fmt: skip
    files = [] if out is None else _write(plan, out)
    for sentence in plan_sentences(plan):
        screen.say(sentence)
        screen.say()
    for file in files:
        screen.say(f"Written: {file} (readable by you alone).")
    screen.document({**plan.to_dict(), "files": [file.name for file in files]})


def starts(given: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return when standards started, by agency and standard, from ``AGENCY:STANDARD=WHEN``.

    Raises
    ------
    Unusable
        One of them is written otherwise; it is not repeated.

    Examples
    --------
    >>> starts(["north:conference=2026-03-12"])
    {('north', 'conference'): '2026-03-12'}
    """
    found = [_STARTED.fullmatch(one) for one in given]
    if not all(found):
        message = (
            "--started is written AGENCY:STANDARD=WHEN, by the ids in partnership.toml: childrens:visit=2026-03-12."
        )
        raise Unusable(message)
    return {(one[1], one[2]): one[3] for one in found if one is not None}


def _write(plan: Plan, out: Path) -> list[Path]:
    folder = make_folder(out)
    text = "\n\n".join(wrapped(sentence, _FILE_WIDTH) for sentence in plan_sentences(plan))
    return [
        write_text(folder / internal_name("plan", ".txt"), f"{text}\n"),
        write_text(folder / internal_name("plan", ".json"), as_json(plan.to_dict()) + "\n"),
    ]
