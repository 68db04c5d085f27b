"""Plain-English sentences about a result: what it is, why, who holds it up, and what is not known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from riskshare.records.partnership import Partnership
from riskshare.records.policy import ExpectedAnswer
from riskshare.reporting.words import (
    FLAG_WORDS,
    LENS_WORDS,
    agency_names,
    band_sentence,
    counted,
    day,
    indicator_names,
    is_missing,
    listed,
    owned,
    percent,
    scale_names,
)

INTERNAL: Final = "INTERNAL: not yet through the sharing agreement, do not pass on."
TRIAL: Final = "TRIAL of a policy that is not signed by all: a pilot, never to be shared or acted on."


def caveat(partnership: Partnership, as_of: dt.date, *, trial: bool) -> str:
    """Return what stands at the head of every report.

    Parameters
    ----------
    partnership : Partnership
    as_of : datetime.date
    trial : bool
        Whether the policy is unsigned; the watermark is added.

    Returns
    -------
    str
        One paragraph.
    """
    parts = [_warnings(partnership, trial=trial)]
    parts.append(
        "Nothing here decides about a person: it tells a named practitioner what partners hold, how sure it is and "
        f"what is missing. Scores are agreed positions from 0 to 100 ({band_sentence(partnership)}), not probabilities."
        " 'Cannot say' is not 'low': what nobody asked does not reassure. "
        f"{partnership.name}, as known on {day(as_of)}; policy {partnership.policy_hash[:12]}, version of the "
        f"partnership {partnership.version[:12]} (`partnership_version` in files)."
    )
    return " ".join(part for part in parts if part)


def _warnings(partnership: Partnership, *, trial: bool) -> str:
    parts = [INTERNAL, TRIAL if trial else "", "EXAMPLE, nobody's agreement." if partnership.is_example else ""]
    return " ".join(part for part in parts if part)


def marks(partnership: Partnership, as_of: dt.date | None, *, trial: bool) -> str:
    """Return what every picture bears: internal, trial, example; whose policy, and the day it was known on."""
    known = f", as known on {day(as_of)}" if as_of is not None else ""
    return f"{_warnings(partnership, trial=trial)} {partnership.name}{known}, policy {partnership.policy_hash[:12]}."


def describe(line: Mapping[str, Any], explanation: pd.DataFrame, partnership: Partnership) -> str:
    """Return one result in plain English: band, interval, main reason, police share, bars met, what is missing.

    Parameters
    ----------
    line : mapping
        One line of ``Assessment.scores``.
    explanation : pandas.DataFrame
        ``Assessment.explain`` of that subject; lines of another lens are ignored.
    partnership : Partnership

    Returns
    -------
    str
        One paragraph. It speaks of what is recorded, never of what a person is.

    Notes
    -----
    See ``docs/how-to/explain-a-score.md`` for what each part means.
    """
    own = explanation.loc[explanation["lens"] == line["lens"], list(_USED)]
    reasons = [dict(zip(_USED, values, strict=True)) for values in own.itertuples(index=False, name=None)]
    return " ".join(sentences(line, reasons, partnership))


_USED: Final = (
    "line", "points", "indicator", "agency", "basis", "event_date", "record_id", "scale", "meets_bar", "scale_valid",
)  # fmt: skip


def sentences(
    line: Mapping[str, Any], reasons: Iterable[Mapping[str, Any]], partnership: Partnership
) -> tuple[str, ...]:
    """Return the sentences of ``describe`` one by one, for reasons given as mappings.

    Parameters
    ----------
    line : mapping
        One line of the scores, or one of ``Assessment.to_dicts``.
    reasons : iterable of mapping
        The lines of its explanation, or ``reasons`` of ``Assessment.to_dicts``.
    partnership : Partnership

    Returns
    -------
    tuple of str
        First who, through which lens, band and interval; then main reason, police share, bars met, what is missing
        and, if any, warning flags.
    """
    told = list(reasons)
    parts = (
        f"{headline(line)}.",
        f"Main reason: {main_reason(line, told, partnership)}.",
        police_sentence(line),
        bars_sentence(line, partnership, told),
        gap_sentence(line, partnership),
        flags_sentence(line),
    )
    return tuple(part for part in parts if part)


def headline(line: Mapping[str, Any]) -> str:
    """Return who, harm to or by them, band and interval; what is held for a named reviewer says so before all else.

    >>> headline({"subject_id": "S1", "lens": "harm_by", "band": "medium", "score": 46, "lower": 31, "upper": 60,
    ...     "factual_score": 46, "score_uncapped": 46, "band_low": "medium", "band_high": "medium",
    ...     "flags": ("for_review",)})
    'S1 (harm by), HELD FOR A NAMED REVIEWER: medium, 46 (31 to 60)'
    """
    held = ", HELD FOR A NAMED REVIEWER" if "for_review" in line["flags"] else ""
    return f"{line['subject_id']} ({LENS_WORDS[line['lens']]}){held}: {band_and_interval(line)}"


def band_and_interval(line: Mapping[str, Any]) -> str:
    """Return band, score, interval and what facts alone come to, such as ``medium, 46 (31 to 60), 40 on facts alone``.

    >>> band_and_interval({"band": "medium", "score": 46, "lower": 31, "upper": 60, "factual_score": 40,
    ...     "score_uncapped": 46, "n_records": 3, "band_low": "medium", "band_high": "medium"})
    'medium, 46 (31 to 60), 40 on facts alone'
    """
    low, high = line["band_low"], line["band_high"]
    bands = f": {low} to {high}" if low != high and line["band"] != "cannot say" else ""
    figures = f"{line['score']} ({line['lower']} to {line['upper']}{bands})"
    facts = "" if line["factual_score"] == line["score"] else f", {line['factual_score']} on facts alone"
    uncapped = "" if line["score_uncapped"] == line["score"] else f", {line['score_uncapped']} without caps"
    why = f" because {_why_cannot_say(line)}" if line["band"] == "cannot say" else ""
    return f"{line['band']}{why}{';' if why else ','} {figures}{facts}{uncapped}"


def _why_cannot_say(line: Mapping[str, Any]) -> str:
    if line["n_records"] == 0:
        return "no record counts"
    if line["band_low"] == "low" and line["band_high"] in ("high", "very high"):
        return f"what is known fits {line['band_low']} as well as {line['band_high']}"
    return "too few of the expected questions are answered to call it low"


def main_reason(line: Mapping[str, Any], reasons: Iterable[Mapping[str, Any]], partnership: Partnership) -> str:
    """Return the indicator whose records hold up most of the score, with who recorded it, of what kind and when."""
    by_indicator: dict[str, list[Mapping[str, Any]]] = {}
    for reason in reasons:
        if reason["line"] == "record" and reason["points"] > 0:
            by_indicator.setdefault(reason["indicator"], []).append(reason)
    if not by_indicator:
        return "no record raises it above where everybody starts"
    totals = {name: sum(row["points"] for row in rows) for name, rows in by_indicator.items()}
    top = min(totals, key=lambda name: (-totals[name], name))
    of_it = sorted(by_indicator[top], key=lambda row: (-row["points"], row["record_id"]))
    names = agency_names(partnership)
    agencies = listed([names[agency] for agency in dict.fromkeys(row["agency"] for row in of_it)])
    bases = {row["basis"] for row in of_it}
    kind = "facts and anecdote" if len(bases) == 2 else "facts" if bases == {"factual"} else "all anecdote"
    newest = max(_as_date(row["event_date"]) for row in of_it)
    return (
        f"{indicator_names(partnership)[top]} ({counted(len(of_it), 'record')} of {agencies}, {kind}, "
        f"newest event {day(newest)}), {totals[top]:.0f} of the {line['score']} points"
    )


def _as_date(value: str | dt.date) -> dt.date:
    """Return a date that may stand as ISO text, as it does in results for JSON."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def police_sentence(line: Mapping[str, Any]) -> str:
    """Return how much of the score police information holds.

    >>> police_sentence({"police_share": 0.2})
    'Police hold 20 % of the evidence behind it.'
    """
    share = line["police_share"]
    if is_missing(share):
        return "No record has weight, so nobody holds a share of it."
    return f"Police hold {percent(float(share)) if share else 'none'} of the evidence behind it."


def bars_sentence(line: Mapping[str, Any], partnership: Partnership, reasons: Iterable[Mapping[str, Any]] = ()) -> str:
    """Return whose own "high" is met, on which scale and of when: ``Hospital's own 'high' is met (…).``.

    Parameters
    ----------
    line : mapping
        One line of the scores.
    partnership : Partnership
    reasons : iterable of mapping
        The lines of its explanation; without them neither scale nor date is named.

    Returns
    -------
    str
        A sentence. A reading from outside the dates that its scale holds for says so.
    """
    names, scales = agency_names(partnership), scale_names(partnership)
    behind: dict[str, set[str]] = {agency: set() for agency in line["bars_met"]}
    if not behind:
        return "No agency's own 'high' is met."
    for row in reasons:
        if row["line"] == "record" and not is_missing(row["meets_bar"]) and row["meets_bar"]:
            late = "" if row["scale_valid"] else ", outside the dates the scale holds for"
            behind[row["agency"]].add(f"{scales[row['scale']]}, {day(_as_date(row['event_date']))}{late}")
    told = {names[agency]: f" ({'; '.join(sorted(said))})" if said else "" for agency, said in behind.items()}
    if len(told) == 1:
        ((name, said),) = told.items()
        return f"{owned(name)} own 'high' is met{said}."
    return f"The own 'high' of {len(told)} agencies is met: {listed([name + said for name, said in told.items()])}."


def gap_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return how many expected questions have a formal answer, and the most useful one left.

    A record is not an answer: it says what happened, not that the agency looked and this is all it holds.
    """
    if is_missing(line["completeness"]):
        return "Nothing is expected to be asked, so nothing reassures."
    share = percent(float(line["completeness"]))
    asked = f"{share} of the expected questions, counted by what each can tell, have a formal answer"
    if is_missing(line["most_useful_gap"]):
        return f"{asked}; no gap stands out."
    expected = {answer.id: answer for answer in partnership.trust.expected_answers}[line["most_useful_gap"]]
    return f'{asked}; most useful gap: "{expected.question}" ({asked_of(expected, partnership)}).'


def asked_of(expected: ExpectedAnswer, partnership: Partnership) -> str:
    """Return who is expected to answer a question: an agency, or any of a sector."""
    if expected.agency is not None:
        return agency_names(partnership)[expected.agency]
    return f"any {expected.sector} agency".replace("_", " ") if expected.sector else "any agency"


def flags_sentence(line: Mapping[str, Any]) -> str:
    """Return the warning flags in words; empty text where there is none.

    >>> flags_sentence({"flags": ("disputed", "stale")})
    'Bear in mind: a claim is disputed; what it rests on is old.'
    """
    words = [FLAG_WORDS.get(flag, flag) for flag in line["flags"]]
    return f"Bear in mind: {'; '.join(words)}." if words else ""
