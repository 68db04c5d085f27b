"""Names, dates, figures and lists as a reader of plain English expects them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from riskshare.records.partnership import Partnership

LENS_WORDS: Final = {"harm_to": "harm to", "harm_by": "harm by"}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

FLAG_WORDS: Final[Mapping[str, str]] = {
    "act_now": "a record calls for action now",
    "anecdote_led": "at least the agreed share of it rests on anecdote",
    "capped": "an agreed cap holds it down",
    "circular": "reports quote one another in a ring",
    "disputed": "a claim is disputed",
    "for_review": "held for a named reviewer: exploitation of a child, or of somebody who may be one, is recorded",
    "outside_validity": "a reading falls outside the dates its scale holds for",
    "override": "a rule of a scale's owner raised a reading",
    "police_led": "at least the agreed share of it rests on police information",
    "sole_agency": "one agency alone holds it up",
    "stale": "what it rests on is old",
    "suspected_twins": "two records may tell one story: confirm or split them",
}
"""Each flag in words that follow "bear in mind"."""


def is_missing(value: Any) -> bool:
    """Return whether a cell of a table says nothing."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Return words as an English list; empty text for none.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def owned(name: str) -> str:
    """Return the possessive of a name.

    >>> owned("Hospital"), owned("Orchard Schools")
    ("Hospital's", "Orchard Schools'")
    """
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "record"), counted(1200, "record"), counted(2, "agency", "agencies")
    ('1 record', '1,200 records', '2 agencies')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def day(value: dt.date | pd.Timestamp) -> str:
    """Return a date in words, the same in every locale.

    >>> day(dt.date(2026, 3, 4))
    '4 March 2026'
    """
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def percent(share: float) -> str:
    """Return a share of one as a whole percentage; a small share is never shown as none, nor a large one as all.

    >>> percent(0.204), percent(0.001), percent(0.0), percent(0.996), percent(1.0)
    ('20 %', 'under 1 %', '0 %', 'over 99 %', '100 %')
    """
    if 0.0 < share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1.0 else f"{round(100 * share)} %"


def agency_names(partnership: Partnership) -> dict[str, str]:
    """Return the name of each agency by its id."""
    return {agency.id: agency.name for agency in partnership.agencies}


def indicator_names(partnership: Partnership) -> dict[str, str]:
    """Return the name of each indicator by its id."""
    return {indicator.id: indicator.name for indicator in partnership.trust.indicators}


def scale_names(partnership: Partnership) -> dict[str, str]:
    """Return the name of each scale by its id."""
    return {scale.id: scale.name for scale in partnership.scales}


def band_edges(partnership: Partnership) -> tuple[tuple[str, float], ...]:
    """Return where each band above low begins, in rising order, by name."""
    medium, high, very_high = partnership.common_scale.edges
    return (("medium", medium), ("high", high), ("very high", very_high))


def band_sentence(partnership: Partnership) -> str:
    """Return the agreed bands in words: ``low below 30, medium from 30, high from 70, very high from 90``."""
    edges = band_edges(partnership)
    return f"low below {edges[0][1]:g}, " + ", ".join(f"{name} from {edge:g}" for name, edge in edges)


EXCLUDED_WORDS: Final[Mapping[str, str]] = {
    "withdrawn": "withdrawn by its sender",
    "suspected_false": "graded E, suspected to be false",
    "handling": "its handling conditions are not met here",
    "no_gateway": "no lawful gateway is named for its class of data",
    "not_scored": "its reading could not be placed",
    "third_party": "about somebody else: context only",
    "lens_not_agreed": "its indicator was not agreed to count for this kind of harm",
    "answer": "nil, refused, overdue or not asked: it moves the doubt (a checked nil the score), no more",
    "relay": "repeats a record that may not count",
}
"""Why a record carries no weight, in words (``trust.standing.REASONS``)."""
