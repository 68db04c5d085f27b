"""A person's own statement as a page to print: what is held, by whom, and with whom it was shared."""

from __future__ import annotations

from typing import Final

from riskshare.reporting.agreement_words import moment
from riskshare.reporting.citizen_page import YOUR_RIGHTS
from riskshare.reporting.pages import bullets, escaped, page, paragraphs, section, table, tag
from riskshare.reporting.words import counted, day
from riskshare.sharing.subject_rights import Statement

TITLE: Final = "What is held about you, and with whom it was shared"
MAY_BE_MORE: Final = (
    "The law lets, and sometimes makes, us leave something out: what would put somebody in danger, would say who told "
    "us, or would get in the way of an investigation. This stands in every statement, whether or not anything was left "
    "out.",
)
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
            "a fact recorded" if row["basis"] == "factual" else "what somebody said",
            day(row["event_date"]), day(row["recorded_date"]), day(row["kept_until"]),
        )
        for row in statement.held.to_dict("records")
    ]  # fmt: skip
    shared = [tuple(str(cell) for cell in row) for row in statement.shared.itertuples(index=False, name=None)]
    heads = ("What", "Held by", "How you stand in it", "Rests on", "Happened", "Recorded", "Used until")
    told = ("When (UTC)", "With whom", "In what role", "For what", "What", "Until (UTC)")
    parts = [
        section(
            "What is held", paragraphs([f"{counted(len(held), 'record')}, as on {moment(statement.at)}."]),
            table("Records about you", heads, held) if held else "", paragraphs(MAY_BE_MORE), name="held",
        ),
        section(
            "With whom it was shared", paragraphs([f"{counted(len(shared), 'time')}, by the log of every disclosure."]),
            table("Each time something was shared", told, shared) if shared else "", name="shared",
        ),
        section("What you can do", bullets(YOUR_RIGHTS), paragraphs([f"Turn to: {contact}"]), name="rights"),
    ]  # fmt: skip
    return page(TITLE, tag("header", tag("h1", escaped(TITLE))) + tag("main", *parts))
