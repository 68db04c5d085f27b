"""A report about one person, for the practitioner who works with that person: what to do now, scores, why, and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from riskshare.errors import PolicyError
from riskshare.reporting.pages import bullets, escaped, paragraphs, section, table, tag
from riskshare.reporting.shared_sections import shown_table, table_words, whole_page
from riskshare.reporting.shared_words import (
    LENS_TOLD,
    MAY_BE_A_CHILD,
    NOT_SHOWN,
    NOTHING,
    SUSPICION,
    area_names,
    cell_words,
    field_words,
    knowledge_words,
    texts,
)
from riskshare.reporting.words import FLAG_WORDS, counted, is_missing, listed
from riskshare.sharing.shared import Shared, must_be_shared

DECIDES_NOTHING: Final = (
    "A score tells what partners hold and how far they trust it. It decides nothing and predicts nobody: read its "
    "reasons and its gaps, and decide yourself, in your own words.",
)
NO_SIGN: Final = "No urgent sign is known among those that this recipient may see; others may hold more."
"""True in every case: whether or not the agreement opens urgent signs, and whoever else holds some."""
EMERGENCY: Final = (
    "This is an emergency view. It has no reasons and no gaps: call before you rely on a band, and act on what is "
    "urgent at once.",
    'A band tells what partners hold and how far they trust it. "Cannot say" is not low. It decides nothing and '
    "predicts nobody.",
)
"""In the emergency view, in place of what sends a reader to reasons that are not there."""
LINE_WORDS: Final[Mapping[str, str]] = {
    "base": "where everybody starts, before any record", "cap": "held down by an agreed cap",
    "nil answers": "nil answers", "rounding": "rounding to a whole point", "scale end": "the end of the scale",
}  # fmt: skip
_NO_RECORD: Final = "no record: the start, caps and rounding"
_TOLD: Final = (
    ("between {} and {}", "lower", "upper"), ("band between {} and {}", "band_low", "band_high"),
    ("{} of what was asked for is answered", "completeness"), ("{} records of {} origins", "n_records", "n_origins"),
    ("rests most on {}", "leading_agency"), ("bars met: {}", "bars_met"), ("ask first: {}", "most_useful_gap"),
)  # fmt: skip
"""Beneath a score, each where all its fields were shared."""
_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "gaps": (
        "A record is not an answer: it says that something happened, not that somebody looked and that this is all. So "
        "a question can stand here beside a record that bears on it. Ask.",
    ),
}
_READ: Final = (
    "indicator", "points", "role", "arises_from", "basis", "source_grade", "info_grade", "source_type", "stance",
    "event_date", "recorded_date", "agency", "scale", "native_value", "native_band",
)  # fmt: skip
"""What a practitioner reads of a reason, in this order."""
_GRADED: Final = ("source_grade", "info_grade", "source_type")
_NO_COURT: Final = "Whether a court found any of it is not shared here: read nothing below as a court's finding."
_KNOWN: Final = "how it is known"


def about_subject(shared: Shared) -> str:
    """Return a report about one subject for a named practitioner as an HTML page without any script.

    Sections: what to act on now, which is always there, with one fixed sentence where there is nothing; each score with
    its interval, band, completeness and what to bear in mind; the reasons of each kind of harm, with dates, whose
    points add up to the score; gaps; what is withheld; how far to believe it. Of the emergency view: what to act on
    now, whom to call, and a band each way.

    Raises
    ------
    PolicyError
        This is not what sharing let through, was changed since, or is not about a subject.
    """
    must_be_shared("report", shared)
    if shared.kind != "subject":
        message = "about_subject(): this is not about one person. Use partnership_report, or share with subject=..."
        raise PolicyError(message)
    names = area_names(shared)
    if _is_emergency(shared):
        return whole_page(shared, _urgent(shared, names) + _emergency(shared), _who(shared))
    rest = [name for name in shared.tables if name not in ("act_now", "scores", "reasons", "person")]
    found = [_urgent(shared, names),
             section("Scores", _scores(shared, names), paragraphs(DECIDES_NOTHING), name="scores"),
             section("Reasons", *_reasons(shared, names), name="reasons")]  # fmt: skip
    found += [
        section(table_words(name), paragraphs(_BESIDE.get(name, ())), shown_table(shared, name, names),
                name=f"t-{name}")
        for name in rest
    ]  # fmt: skip
    return whole_page(shared, "".join(found), _who(shared))


def _who(shared: Shared) -> str:
    """Return whom it is about and how old, as known when, until when it may be used, and that it may be a child."""
    tables = shared.tables.values()
    found = {str(who) for one in tables for name in ("subject_id", "identity") if name in one for who in one[name]}
    who = f"Person {', '.join(sorted(found))}. " if found else ""
    ages = shared.tables["person"]["age_band"] if "person" in shared.tables else ()
    age = "".join(f"Age: {one}. " for one in ages)
    told = f"{who}{age}As known on {shared.as_of}. Not to be used from {shared.marks['expires']} on."
    child = tag("p", escaped(MAY_BE_A_CHILD), class_="warn") if MAY_BE_A_CHILD in shared.notes else ""
    return tag("p", escaped(told)) + child


def _urgent(shared: Shared, names: Mapping[str, str]) -> str:
    frame = shared.tables.get("act_now")
    if frame is None or not len(frame):
        return section("Act on this now", paragraphs([NO_SIGN]), name="now")
    return tag("div", section("Act on this now", shown_table(shared, "act_now", names), name="now"), class_="urgent")


def _is_emergency(shared: Shared) -> bool:
    """Return whether it is the fixed emergency view: nothing else has a column ``identity``."""
    return "identity" in shared.tables.get("scores", pd.DataFrame())


def _emergency(shared: Shared) -> str:
    """Return whom to call and a band each way."""
    frame = shared.tables["scores"]
    call = paragraphs(dict.fromkeys(frame["spoc"].astype(str)))
    bands = tag("div", *(tag("p", escaped(band), class_="big") for band in frame["band"]), class_="score")
    return section("Whom to call", call, name="call") + section("Bands", bands, paragraphs(EMERGENCY), name="scores")


def _scores(shared: Shared, names: Mapping[str, str]) -> str:
    """Return the score of each kind of harm with its interval and band, as large as it is read."""
    frame = shared.tables.get("scores")
    if frame is None or not len(frame):
        return ""
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return tag("div", *(_score(row, names) for row in rows), class_="score")


def _score(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    def told(name: str) -> str:
        said = cell_words(row[name], name, names) if name in row and not is_missing(row[name]) else ""
        return "" if said == NOTHING else said

    score, band = told("score"), told("band")
    large = f"{score} ({band})" if score and band and score != band else score or band or NOT_SHOWN
    said = [text.format(*map(told, fields)) for text, *fields in _TOLD if all(map(told, fields))]
    flags = row.get("flags")
    bear = [FLAG_WORDS.get(str(flag), str(flag)) for flag in flags] if isinstance(flags, (tuple, list)) else []
    mind = tag("p", "Bear in mind:", class_="soft") + bullets(bear) if bear else ""
    head = tag("h3", escaped(told("lens"))) + tag("p", escaped(large), class_="big")
    return tag("div", head, *(tag("p", escaped(text), class_="soft") for text in said), mind)


def _reasons(shared: Shared, names: Mapping[str, str]) -> Iterator[str]:
    """Yield a table for each kind of harm: every line that moves the score, those that are no record last."""
    frame = shared.tables.get("reasons")
    if frame is None:
        return
    if not len(frame):
        yield paragraphs(["No reason may be shown."])
        return
    yield paragraphs([SUSPICION if "arises_from" in frame.columns else _NO_COURT])
    lenses = list(dict.fromkeys(frame["lens"])) if "lens" in frame.columns else [""]
    for lens in lenses:
        part = _moving(frame[frame["lens"] == lens] if "lens" in frame.columns else frame)
        heads, rows = texts(_readable(part, names), names)
        yield table(_sum(part, LENS_TOLD.get(str(lens), str(lens))), heads, rows, stacked=True)
    yield _meant(frame, names)
    more = [name for name in frame.columns if name not in (*_READ, "subject_id", "lens", "line")]
    if more:
        told = listed([field_words(str(name)) for name in more])
        said = f"Shared as well, and not printed here: {told}. A .json file of this release holds them."
        yield tag("p", escaped(said), class_="soft")


def _meant(frame: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Return what the partners agreed to mean by each indicator: a name alone is read as more than it says."""
    shown = frame["indicator"].dropna().unique() if "indicator" in frame.columns else ()
    meant = [f"{cell_words(one, 'indicator', names)}: {names[f'meant:{one}']}" for one in shown
             if f"meant:{one}" in names]  # fmt: skip
    return tag("p", escaped("What partners agreed to mean by it:"), class_="soft") + bullets(meant) if meant else ""


def _moving(part: pd.DataFrame) -> pd.DataFrame:
    """Return reasons without lines that are no record and move nothing; every record stays, also one without weight."""
    if not {"indicator", "points"} <= set(part.columns):
        return part
    return part[part["indicator"].notna() | (part["points"] != 0)]


def _sum(part: pd.DataFrame, lens: str) -> str:
    said = f"Why {lens} is so" if lens else "Why it is so"
    if "points" not in part.columns:
        return f"{said}: {counted(len(part), 'line')}"
    return f"{said}: the points of {counted(len(part), 'line')} add up to {part['points'].sum():.0f}"


def _readable(part: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return what is read of reasons, with names for the lines that are no record, and without empty columns."""
    shown = part[[name for name in _READ if name in part.columns]].dropna(axis="columns", how="all")
    if "indicator" in part.columns:
        other = part["line"].map(LINE_WORDS) if "line" in part.columns else pd.Series(_NO_RECORD, index=part.index)
        known = part["indicator"].astype(object)
        shown["indicator"] = known.where(known.notna(), other.where(other.notna(), _NO_RECORD))
    graded = [name for name in _GRADED if name in shown.columns]
    if graded:  # one column of what there is: a page is narrower than three
        cells = [[cell_words(one, name, names) for one in shown[name].tolist()] for name in graded]
        said = [", ".join(one for one in row if one != NOTHING) or None for row in zip(*cells, strict=True)]
        shown.insert(int(shown.columns.get_indexer(pd.Index([graded[0]]))[0]), "graded", said)
        shown = shown.drop(columns=graded)
    shown = _with_knowledge(shown)
    if "points" in part.columns:
        points = part["points"].astype("float64")
        shown["points"] = [f"{value:+.1f}" for value in points]
    return shown


def _with_knowledge(shown: pd.DataFrame) -> pd.DataFrame:
    """Return reasons with one column of words for how each became known and on what it rests."""
    told = [name for name in ("arises_from", "basis") if name in shown.columns]
    if not told:
        return shown
    cells = [shown[name].tolist() if name in told else [None] * len(shown) for name in ("arises_from", "basis")]
    said = [knowledge_words(*both) or None for both in zip(*cells, strict=True)]
    shown.insert(int(shown.columns.get_indexer(pd.Index([told[0]]))[0]), _KNOWN, said)
    return shown.drop(columns=told)
