"""What `riskshare explain` says of doubt: what makes the interval wide, and which questions have been answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from riskshare.cli.screen import Screen
from riskshare.records.partnership import Partnership
from riskshare.reporting.sentences import asked_of
from riskshare.reporting.words import agency_names, counted, day, indicator_names, is_missing, percent

_MOST_PARTS: Final = 5
"""Parts of the doubt told one by one; the smaller rest is summed up."""


def tell_doubt(doubt: pd.DataFrame, line: Mapping[str, Any], partnership: Partnership, screen: Screen) -> None:
    """Print the largest parts of the interval, in points to either side of the score.

    Parameters
    ----------
    doubt : pandas.DataFrame
        ``Assessment.doubt`` of one subject and lens.
    line : mapping
        Its line of the scores.
    partnership : Partnership
    screen : Screen
    """
    screen.say()
    if line["n_records"] == 0 and (line["lower"], line["upper"]) == (0, 100):
        screen.say("No record counts: the interval is the whole scale, whatever follows from the questions below.")
        return
    told = doubt[doubt["points"] >= 0.05]
    parts = [f"{_part(row, partnership)} {row['points']:.1f}" for row in told.head(_MOST_PARTS).to_dict("records")]
    rest = told.iloc[_MOST_PARTS:]
    if len(rest):
        parts.append(f"{counted(len(rest), 'smaller part')} {rest['points'].sum():.1f}")
    screen.say(
        f"What makes the interval wide, {doubt['points'].sum():.1f} points to either side before caps and the ends of "
        f"the scale: {'; '.join(parts) or 'nothing above 0.05 points'}."
    )


def _part(row: Mapping[Any, Any], partnership: Partnership) -> str:
    if row["part"] == "weight":
        return f"the agreed weight of {indicator_names(partnership)[row['item']]}"
    if row["part"] == "trust":
        kinds = {kind.id: kind.name for kind in partnership.trust.source_types}
        return f"the agreed trust in {kinds.get(row['item'], 'grade ' + row['item'])}"
    if row["part"] == "missing answer":
        asked = {question.id: question.question for question in partnership.trust.expected_answers}
        return f'no fresh answer to "{asked[row["item"]]}"'
    return "the agreed base rate"


def tell_questions(questions: pd.DataFrame, partnership: Partnership, screen: Screen) -> None:
    """Print each expected question: answered by whom and when, or not.

    Parameters
    ----------
    questions : pandas.DataFrame
        ``Assessment.questions`` of one subject and lens.
    partnership : Partnership
    screen : Screen
    """
    if questions.empty:
        return
    asked = {question.id: question for question in partnership.trust.expected_answers}
    screen.say()
    screen.say(f"Expected questions ({int(questions['answered'].sum())} of {len(questions)} answered):")
    for row in questions.to_dict("records"):
        who = asked_of(asked[row["question"]], partnership)
        said = (
            f'"{row["wording"]}" ({who}): {_answer(row, partnership)}; worth {percent(row["weight"])} of completeness.'
        )
        screen.say(said, indent="- ", hang="  ")


def _answer(row: Mapping[Any, Any], partnership: Partnership) -> str:
    if is_missing(row["answer"]):
        return "no formal answer"
    said = (
        f"{row['answer'].replace('_', ' ')}, {agency_names(partnership)[row['answered_by']]}, {day(row['answer_date'])}"
    )
    return f"{said}, freshness {row['freshness']:.2f}" if row["answered"] else said
