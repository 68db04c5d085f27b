"""The steps of a waterfall: where each line of an explanation takes the score from and to. Sums are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import pandas as pd

from riskshare.records.partnership import Partnership
from riskshare.reporting.words import LENS_WORDS, agency_names, counted, indicator_names
from riskshare.scoring.explain import CLOSING

Kind = Literal["base", "factual", "anecdotal", "lowering", "folded", "closing"]

MOST_RECORDS: Final = 12
"""Records drawn one by one; the smaller rest is folded into one line."""


RECORDS: Final[tuple[Kind, ...]] = ("factual", "anecdotal", "lowering")
"""Kinds of steps that are one record each."""


class Step(NamedTuple):
    """One line of a waterfall, in points: it moves the score from ``start`` to ``end``."""

    label: str
    kind: Kind
    points: float
    start: float
    end: float


def steps(
    explanation: pd.DataFrame, line: Mapping[str, Any], partnership: Partnership, *, most: int = MOST_RECORDS
) -> tuple[Step, ...]:
    """Return the steps from nothing to the published score, largest records first.

    Parameters
    ----------
    explanation : pandas.DataFrame
        ``scoring.explain.EXPLAIN_COLUMNS``; only lines of the lens of ``line`` are used.
    line : mapping
        One line of the scores.
    partnership : Partnership
    most : int
        Records shown one by one, at least 1; the others are one step. A single left-over record is not folded.

    Returns
    -------
    tuple of Step
        ``end`` of the last step equals the score exactly: points are whole multiples of 2⁻⁴⁰, which add without error.
    """
    own = explanation[explanation["lens"] == line["lens"]]
    records = largest_first(own)
    shown = len(records) if len(records) <= most + 1 else most
    names = (indicator_names(partnership), agency_names(partnership))
    points = own.set_index("line")["points"]
    lines: list[tuple[str, Kind, float]] = [(_base(line), "base", float(points["base"]))]
    lines += [_record(record, *names) for record in records.head(shown).to_dict("records")]
    rest = records["points"].iloc[shown:]
    if len(rest):
        lines.append((counted(len(rest), "more record"), "folded", float(rest.sum())))
    for name in CLOSING[1:]:
        lines.append((_CLOSING_WORDS[name], "closing", float(points[name])))
    return _chain(lines)


def largest_first(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the records among the lines of one lens, by what they hold up or take away, largest first."""
    records = lines[lines["line"] == "record"]
    return records.iloc[(-records["points"].abs()).argsort(kind="stable")]


_CLOSING_WORDS: Final = {
    "nil answers": "asked and checked, nothing found",
    "scale end": "cut at the end of the scale",
    "rounding": "rounding to a whole point",
}


def _base(line: Mapping[str, Any]) -> str:
    return f"where everybody starts ({LENS_WORDS[line['lens']]})"


def _record(
    record: Mapping[Any, Any], indicators: Mapping[str, str], agencies: Mapping[str, str]
) -> tuple[str, Kind, float]:
    points = float(record["points"])
    lowering = points < 0
    kind: Kind = "lowering" if lowering else "anecdotal" if record["basis"] == "anecdotal" else "factual"
    denies = " (denies)" if record["stance"] == "denies" else ""
    return f"{indicators[record['indicator']]}{denies}, {agencies[record['agency']]}", kind, points


def _chain(lines: Sequence[tuple[str, Kind, float]]) -> tuple[Step, ...]:
    made, at = [], 0.0
    for label, kind, points in lines:
        made.append(Step(label, kind, points, at, at + points))
        at += points
    return tuple(made)


def shown_points(chain: Sequence[Step]) -> tuple[float, ...]:
    """Return the points of each step to one decimal so that what is printed adds up to the score too.

    Each is the difference of rounded running totals, so it may differ from its own rounding by 0.1.

    >>> thirds = _chain([("a", "base", 10.04), ("b", "factual", 10.04), ("c", "closing", -0.08)])
    >>> shown_points(thirds)
    (10.0, 10.1, -0.1)
    """
    totals = [0.0, *(round(step.end, 1) for step in chain)]
    return tuple(round(after - before, 1) + 0.0 for before, after in pairwise(totals))
