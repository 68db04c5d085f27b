"""What every page of shared results says beside them: for whom, what is missing and why, how far to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from riskshare.reporting.pages import bullets, escaped, page, paragraphs, section, table, tag
from riskshare.reporting.shared_words import TREATMENT_WORDS, field_words, reason_words, texts
from riskshare.sharing.shared import Shared

AUDIENCE_WORDS: Final[Mapping[str, str]] = {
    "public": "The public: no small count stands in it, so that people are harder to tell from it; not impossible.",
    "partnership": "Partners under the agreement. Do not pass it on, copy it or publish it.",
    "practitioner": "The named practitioner alone. Do not pass it on, copy it or leave it open.",
}
TABLE_WORDS: Final[Mapping[str, str]] = {
    "act_now": "Signs to act on now", "areas": "Authorities", "buildings": "Buildings", "cells": "Cells",
    "clusters": "Hot spots", "counts": "People", "events": "Events",
    "gaps": "Ask: questions without an answer that may be seen here", "person": "The person",
    "reasons": "Reasons", "scores": "Scores",
}  # fmt: skip


def table_words(name: str) -> str:
    """Return a heading for a table.

    >>> table_words("clusters"), table_words("bars_met")
    ('Hot spots', 'Bars met')
    """
    return TABLE_WORDS.get(name, name.replace("_", " ").capitalize())


def is_borders(name: str, frame: pd.DataFrame) -> bool:
    """Return whether a table holds borders and names only: a map's ground, and nothing to read."""
    return name == "areas" and set(frame.columns) <= {"authority", "area", "geometry"}


def title_of(shared: Shared) -> str:
    """Return what a page is called; a page without a name could not be told from another."""
    return shared.title or "What was shared"


def stamp(shared: Shared) -> str:
    """Return the box at the top of a page, and the line at the foot of each printed one."""
    who = AUDIENCE_WORDS.get(shared.audience, "")
    box = tag("p", escaped(_given_to(shared)), class_="for") + (tag("p", escaped(who), class_="warn") if who else "")
    return tag("div", box, class_="stamp", role="note", aria_label="For whom, for what, and until when")


def _given_to(shared: Shared) -> str:
    """Return the stamp, led by the staff reference of the named practitioner: a copy that leaks is traceable."""
    return f"Given to {shared.user_id}. {shared.stamp}" if shared.user_id else shared.stamp


def foot(shared: Shared) -> str:
    """Return the stamp as printed at the foot of every page; screen readers have it at the top."""
    return tag("div", tag("p", escaped(_given_to(shared))), class_="foot", aria_hidden="true")


def shown_table(shared: Shared, name: str, names: Mapping[str, str], caption: str = "") -> str:
    """Return a table that was shared, in words; a sentence where it is empty, nothing where there is none."""
    frame = shared.tables.get(name)
    if frame is None:
        return ""
    if not len(frame):
        return paragraphs([f"{table_words(name)}: none that may be shown."])
    heads, rows = texts(frame, names)
    return table(caption or table_words(name), heads, rows) if heads else ""


def withheld_lines(shared: Shared) -> list[list[str]]:
    """Return table, fields and reason of everything withheld, in words."""
    lines = []
    for (name, reason), part in shared.withheld.groupby(["table", "reason"], sort=True):
        fields = sorted({field_words(str(field)) for field in part["field"]})
        lines.append([table_words(str(name)), ", ".join(fields), reason_words(str(reason))])
    return lines


def suppressed_lines(shared: Shared) -> list[list[str]]:
    """Return table, kind of figure, how many of them and reason of everything suppressed, in words."""
    return [
        [table_words(str(row.table)), str(row.what), f"{row.n:,}", reason_words(str(row.reason))]
        for row in shared.suppressed.itertuples()
    ]


def withheld(shared: Shared) -> str:
    """Return what is withheld, by table and reason, and what was made coarser."""
    lines = withheld_lines(shared)
    told = table("What is withheld, and why", ["table", "fields", "because"], lines) if lines else ""
    said = ["No field is withheld."] if not lines else []
    return section("What is withheld", paragraphs(said), told, _coarser(shared.kept), name="withheld")


def _coarser(kept: pd.DataFrame) -> str:
    part = kept[~kept["treatment"].isin(["show", "drop"])]
    lines = [
        [table_words(str(name)), ", ".join(sorted({field_words(str(field)) for field in found["field"]})),
         TREATMENT_WORDS.get(str(how), str(how))]
        for (name, how), found in part.groupby(["table", "treatment"], sort=True)
    ]  # fmt: skip
    return table("What is shown less exactly", ["table", "fields", "how"], lines) if lines else ""


def suppressed(shared: Shared) -> str:
    """Return what was taken out or made coarser so that people are harder to tell from it."""
    lines = suppressed_lines(shared)
    told = table("What is suppressed, and why", ["table", "what", "how many", "because"], lines) if lines else ""
    return section(
        "What is suppressed", paragraphs(() if lines else ["Nothing is suppressed."]), told, name="suppressed"
    )


def conservation(shared: Shared) -> str:
    """Return, for each table, that every cell is accounted for: shown + not shown = all, kept + withheld = fields."""
    lines = []
    for name, frame in shared.tables.items():
        flat = frame.drop(columns="geometry", errors="ignore")
        missing = int(flat.isna().to_numpy().sum())
        fields = {str(field) for field in shared.withheld.loc[shared.withheld["table"] == name, "field"]}
        given = {str(field) for field in frame.columns if field not in fields or not frame[field].isna().all()}
        lines.append(
            [table_words(name), f"{len(frame):,}", f"{flat.size - missing:,}", f"{missing:,}", f"{flat.size:,}",
             f"{len(given):,}", f"{len(fields - given):,}"]
        )  # fmt: skip
    heads = ["table", "rows", "cells shown", "cells empty or not shown", "all cells", "fields kept", "fields withheld"]
    return section("Is anything lost?", table("Every cell is accounted for", heads, lines), name="conservation")


def belief(shared: Shared) -> str:
    """Return how far to believe it: every note, none left out."""
    return section("How far to believe it", bullets(shared.notes), name="belief")


def origin(shared: Shared) -> str:
    """Return where it comes from: the versions, decisions and log that an auditor needs."""
    lines = [
        ["recipient", shared.recipient], ["purpose", shared.purpose],
        ["agreement", f"{shared.agreement} version {shared.agreement_version}"],
        ["worked out as known on", shared.as_of or "not dated"],
        ["decision", shared.decision], ["head of the audit log", shared.log_head],
        ["agreed policy", shared.policy_hash],
        ["partnership", shared.partnership_version], ["riskshare", shared.engine_version],
    ]  # fmt: skip
    return section("Where it comes from", table("For the auditor", ["what", "which"], lines, codes=True), name="origin")


def endings(shared: Shared) -> str:
    """Return the sections that close every page."""
    return "".join(make(shared) for make in (withheld, suppressed, conservation, belief, origin))


def whole_page(shared: Shared, found: str, under: str = "") -> str:
    """Return a report: stamp, title, what was found, and what stands beside it; no script.

    Parameters
    ----------
    shared : Shared
    found : str
        Markup.
    under : str
        Markup beneath the title.
    """
    skip = tag("a", "Skip to what is shared", class_="skip", href="#shared")
    head = tag("header", skip, stamp(shared), tag("h1", escaped(title_of(shared))), under)
    return page(title_of(shared), head + tag("main", found, endings(shared), id="shared") + foot(shared))
