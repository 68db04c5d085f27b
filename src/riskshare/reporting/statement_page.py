"""A person's own statement as a page to print: what is held, by whom, and with whom it was shared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from typing import Final

from riskshare.records.moments import LONDON
from riskshare.records.sharing_fields import FIELDS
from riskshare.reporting.agreement_words import moment
from riskshare.reporting.citizen_page import KIND_WORDS, YOUR_RIGHTS
from riskshare.reporting.pages import bullets, escaped, page, paragraphs, section, table, tag
from riskshare.reporting.shared_words import SUSPICION, field_words, knowledge_words
from riskshare.reporting.words import counted, day
from riskshare.sharing.subject_rights import Statement

TITLE: Final = "What is held about you, and with whom it was shared"
MAY_BE_MORE: Final = (
    "The law lets, and sometimes makes, us leave something out: what would put somebody in danger, would say who told "
    "us, or would get in the way of an investigation. This stands in every statement, whether or not anything was left "
    "out.",
)
SCORES: Final = (
    "From records about a person a score and a band may be worked out, of harm that person may come to and of harm "
    "that person may do. They are worked out anew each time and depend on who asks. Where somebody was given one, "
    'it says so below: "a score with its doubts", or "how serious it is thought to be". You may ask for it and for '
    "its reasons.",
)
"""True of everybody, also of whom nothing is held."""
AS_FAR_AS: Final = (
    "This is told as far as this log still leads to this reference. After an erasure, in a log begun anew or in one "
    "brought back from a copy, it does not: what was shared before then cannot be told from it."
)
"""True of everybody: whether a log was new or somebody was erased from it cannot be told from the log."""
NOTHING_TOLD: Final = (
    "Under the reference that was asked for, nothing is held that can be told here, and this log leads to nothing that "
    "was given to anybody. If you expected something, ask the desk below to check the reference: a slip in it reads "
    "the same.",
)
_REFERENCE: Final = "who it is about"
"""Of ``identity``: only the emergency view gives it, and there it is the reference, neither name nor date of birth."""
_NOTHING: Final = "\N{EN DASH}"
_ROLES: Final = {
    "person_of_concern": "as somebody others worry about", "exploited": "as somebody exploited",
    "victim": "as somebody harmed", "witness": "as a witness", "child_of": "as a child of somebody concerned",
    "third_party": "as somebody named in it",
}  # fmt: skip


def statement_page(statement: Statement, *, contact: str) -> str:
    """Return a statement as an HTML page without script.

    Parameters
    ----------
    statement : Statement
    contact : str
        Where to turn to contest or correct it.
    """
    held = [
        (
            str(row["what"]), str(row["agency"]), _ROLES.get(str(row["role"]), ""),
            knowledge_words(row["arises_from"], row["basis"]),
            day(row["event_date"]), day(row["recorded_date"]), day(row["kept_until"]),
        )
        for row in statement.held.to_dict("records")
    ]  # fmt: skip
    shared = [
        (
            _when(row["at"]), str(row["agency"]), str(row["role"]), _why(row),
            _what(str(row["fields"])) or _NOTHING, _when(row["expires"]) or _NOTHING,
        )
        for row in statement.shared.to_dict("records")
    ]  # fmt: skip
    heads = ("What", "Held by", "How you stand in it", "How it is known", "Happened", "Recorded", "Used until")
    told = ("When", "With whom", "In what role", "For what", "What", "Until")
    parts = [
        section(
            "What is held",
            paragraphs([f"{counted(len(held), 'record')} that can be told here, as on {moment(statement.at)}."]),
            paragraphs([SUSPICION] if held else []),
            table("Records about you", heads, held, stacked=True) if held else "",
            paragraphs((*statement.notes, *MAY_BE_MORE, *(() if held or shared else NOTHING_TOLD))), name="held",
        ),
        section("Scores", paragraphs(SCORES), name="scores"),
        section(
            "With whom it was shared", paragraphs([f"{counted(len(shared), 'time')}. {AS_FAR_AS}"]),
            table("Each time something was shared", told, shared, stacked=True) if shared else "", name="shared",
        ),
        section("What you can do", bullets(YOUR_RIGHTS), paragraphs([f"Turn to: {contact}"]), name="rights"),
    ]  # fmt: skip
    return page(TITLE, tag("header", tag("h1", escaped(TITLE))) + tag("main", *parts))


def _when(moment: object) -> str:
    """Return a moment of the log as a reader needs it, on the clock of London; as it stands where it is none.

    >>> _when("2026-04-01T09:00:00.000000Z"), _when("")
    ('1 April 2026, 10:00', '')
    """
    try:
        local = dt.datetime.fromisoformat(str(moment)).astimezone(LONDON)
    except ValueError:
        return str(moment)
    return f"{day(local.date())}, {local:%H:%M}"


def _why(row: Mapping[Hashable, object]) -> str:
    """Return for what something was given; of an emergency override that it was one, and what its review found.

    >>> _why({"purpose": "safeguarding", "ground": "risk_to_life", "finding": ""})
    'safeguarding; an emergency override, on the ground: risk to life; its review has not been noted'
    """
    purpose, ground, finding = (str(row[name]).replace("_", " ") for name in ("purpose", "ground", "finding"))
    if not ground:
        return purpose
    review = f"its review found: {finding}" if finding else "its review has not been noted"
    return f"{purpose}; an emergency override, on the ground: {ground}; {review}"


def _what(fields: str) -> str:
    """Return what was given, by kind, in the words of the page that is for everybody; each once.

    >>> _what("score, upper, event date, spoc")
    'a score with its doubts, when something happened, whom to call'
    >>> _what("identity")
    'who it is about'
    """
    names = [name.strip().replace(" ", "_") for name in fields.split(",") if name.strip()]
    told = {one: KIND_WORDS[FIELDS[one]] if one in FIELDS else field_words(one) for one in names}
    if "identity" in told:
        told["identity"] = _REFERENCE
    return ", ".join(sorted(set(told.values())))
