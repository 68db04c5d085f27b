"""What partners should look at first, in sentences: urgent, seen only together, disputed, set aside; not a ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from riskshare.assessment import Assessment
from riskshare.cli.check import evidence_faults, fault_lines
from riskshare.io.evidence import MAX_BAD_SHARE
from riskshare.records.evidence import Evidence
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.reporting.disagreement import bar_votes, current_readings, reading_gaps
from riskshare.reporting.sentences import caveat, sentences
from riskshare.reporting.words import LENS_WORDS, agency_names, counted, day, indicator_names, owned, percent
from riskshare.scoring.tables import BANDS

MOST_ITEMS: Final = 200
"""Entries of one section at most, for harm to and for harm by each; the results file holds everybody."""
_FEW: Final = 10
"""Pairs of agencies that have read fewer people than this say little about their bars."""
_WIDE: Final = 20.0
"""Points between two readings of one person from which they are worth a talk: a proposal."""


class Item(NamedTuple):
    """One entry: the lens it is about, if any, and what is said, the heading line first."""

    lens: str | None
    lines: tuple[str, ...]
    short: tuple[str, ...] = ()
    """The same without what can wait: for a screen. Empty where nothing can."""

    @property
    def text(self) -> str:
        """All of it as one paragraph."""
        return " ".join(self.lines)


def _plain_items(lines: Iterable[str]) -> tuple[Item, ...]:
    return tuple(Item(None, (line,)) for line in lines)


class Section(NamedTuple):
    """One part of a briefing: ``show`` entries a lens for a demonstration, ``items`` for the file, of ``found``."""

    key: str
    title: str
    note: str
    items: tuple[Item, ...]
    show: int
    found: int


class People:
    """Results by subject and lens, in sentences."""

    def __init__(self, results: Sequence[Mapping[str, Any]], assessment: Assessment) -> None:
        self._results = {(result["subject_id"], result["lens"]): result for result in results}
        self._partnership = assessment.partnership

    def item(self, subject: str, lens: str, *more: str) -> Item:
        """Return one subject and lens as an entry, with more said after the heading line."""
        result = self._results[subject, lens]
        first, reason, police, bars, *others = sentences(result, result["reasons"], self._partnership)
        return Item(lens, (first, *more, reason, police, bars, *others), (first, *more, reason, f"{police} {bars}"))


def briefing(assessment: Assessment, evidence: Evidence, results: Sequence[Mapping[str, Any]]) -> tuple[Section, ...]:
    """Return the sections of a briefing on one assessment.

    Parameters
    ----------
    assessment : Assessment
    evidence : Evidence
        What it was made from.
    results : sequence of dict
        ``assessment.to_dicts()``.

    Returns
    -------
    tuple of Section
        Within a section harm to people stands before harm by people; nobody is ranked by score. Calls for action and
        notices for staff are never cut.
    """
    people = People(results, assessment)
    current = current_readings(assessment.weighed, assessment.scored, assessment.readings)
    return (
        _act_now(assessment, people),
        _staff_safety(assessment),
        _together(assessment, people),
        _disagree(assessment, people, current),
        _bars(assessment, current),
        _disputed(assessment, people),
        _quarantined(evidence, assessment.partnership),
        _looked(assessment),
        _came_out(assessment),
    )


def _act_now(assessment: Assessment, people: People) -> Section:
    names, indicators = agency_names(assessment.partnership), indicator_names(assessment.partnership)
    items = []
    for (subject, lens), rows in _by_person(assessment.act_now):
        calls = [
            f"{indicators[row['indicator']]}, recorded by {names[row['agency']]} (event {day(row['event_date'])}, "
            f"record {row['record_id']}). {row['duty']} Contact: {row['contact']}."
            for row in rows
        ]
        items.append(people.item(subject, lens, *(f"ACTION: {call}" for call in calls)))
    return Section(
        "act_now",
        f"Who needs action now ({counted(len(items), 'result')})",
        "Records that call for action whatever the score, the trust and the caps. Harm to people first; within each, "
        "newest event first.",
        _harm_to_first(items),
        2,
        len(items),
    )


def _staff_safety(assessment: Assessment) -> Section:
    items = _plain_items(
        f"{row['subject_id']}: before visiting, ask {row['ask']} (until {day(row['until'])})."
        for row in assessment.staff_safety.to_dict("records")
    )
    return Section(
        "staff_safety",
        f"Staff safety ({counted(len(items), 'notice')})",
        "Whom to ask before a visit. Never part of a score.",
        items,
        3,
        len(items),
    )


def _together(assessment: Assessment, people: People) -> Section:
    alone = assessment.alone()
    names = agency_names(assessment.partnership)
    items = []
    found = [(len(rows), key, rows) for key, rows in _by_person(alone[alone["seen_only_together"]])]
    found.sort(key=lambda one: (one[1][1] != "harm_to", -one[0], one[1]))
    kept = [one for lens in LENSES for one in [one for one in found if one[1][1] == lens][:MOST_ITEMS]]
    for _, (subject, lens), rows in kept:
        seen = ", ".join(f"{names[row['agency']]} {row['score']}" for row in rows)
        items.append(people.item(subject, lens, f"Alone each would have seen: {seen}."))
    return Section(
        "seen_only_together",
        f"Who is seen only together ({counted(len(found), 'result')})",
        "Pooled evidence reaches high on the common scale, and no agency's own evidence does. That an agency's own "
        "'high' is met is another matter: its bar is on its own scale, and one reading over it is only a part of a "
        "score. Those held by most agencies first.",
        _harm_to_first(items),
        1,
        len(found),
    )


def _disagree(assessment: Assessment, people: People, current: pd.DataFrame) -> Section:
    gaps = reading_gaps(current)
    gaps = gaps[gaps["split"] | (gaps["gap"] >= _WIDE)]
    readings = dict(_by_person(current))
    names, items = agency_names(assessment.partnership), []
    for line in gaps.groupby("lens", sort=False).head(MOST_ITEMS).to_dict("records"):
        key = (line["subject_id"], line["lens"])
        said = "; ".join(_reading(row, names, assessment) for row in readings[key])
        items.append(people.item(*key, f"Readings {line['gap']:.0f} points apart: {said}."))
    return Section(
        "disagree",
        f"Where partners disagree most about one person ({counted(len(gaps), 'result')})",
        "Current readings on each agency's own scale, placed on the common scale. Scales may measure different "
        "things: a gap is a reason to talk, not an error. Widest gap first.",
        _harm_to_first(items),
        2,
        len(gaps),
    )


def _reading(row: Mapping[str, Any], names: Mapping[str, str], assessment: Assessment) -> str:
    scale = assessment.partnership.scale(row["scale"])
    band = f" '{row['native_band']}'" if row["native_band"] else ""
    met = "met" if row["is_high"] else "not met"
    late = "" if row["scale_valid"] else ", outside the dates the scale holds for"
    when = f"{day(row['event_date'])}{late}"
    return f"{names[row['agency']]}{band} on {scale.name} = {row['common']:.0f} (own 'high' {met}; {when})"


def _bars(assessment: Assessment, current: pd.DataFrame) -> Section:
    votes = bar_votes(current)
    votes = votes[votes["read_by_both"] >= _FEW]
    names, items = agency_names(assessment.partnership), []
    for line in votes.to_dict("records"):
        first, second = names[line["first"]], names[line["second"]]
        items.append(
            f"{LENS_WORDS[line['lens']]}, {counted(line['read_by_both'], 'person', 'people')} read by both: "
            f"{owned(first)} 'high' alone is met for {line['only_first']}, {owned(second)} alone for "
            f"{line['only_second']}, both for {line['both_high']}, neither for {line['neither']}."
        )
    note = f"How often one's 'high' is met and the other's is not, for pairs that both read {_FEW} people or more."
    return Section("bars", "Whose bars lie apart", note, _plain_items(items), 3, len(items))


def _disputed(assessment: Assessment, people: People) -> Section:
    claims = assessment.claims
    if len(claims):
        claims = claims[claims["disputed"] > 0].sort_values("disputed", ascending=False, kind="stable")
    indicators, items = indicator_names(assessment.partnership), []
    kept = claims.groupby("lens", sort=False).head(MOST_ITEMS) if len(claims) else claims
    for line in kept.to_dict("records"):
        claim = (
            f"Claim of {indicators[line['indicator']]}: supported at {percent(line['supported'])}, denied at "
            f"{percent(line['denied'])}."
        )
        items.append(people.item(line["subject_id"], line["lens"], claim))
    return Section(
        "disputed",
        f"Disputed claims ({counted(len(claims), 'claim')})",
        "Reported and denied, by two agencies or by one that corrected itself: ask. Strongest conflict first.",
        _harm_to_first(items),
        1,
        len(claims),
    )


def _quarantined(evidence: Evidence, partnership: Partnership) -> Section:
    items = _plain_items(fault_lines(evidence_faults(evidence, partnership)))
    unknown = len(evidence.unknown)
    cells = f" {counted(unknown, 'cell')} of accepted rows could not be read and left unknown."
    note = (
        f"{evidence.conservation()}.{cells if unknown else ''} A row with several faults is counted under each; row 1 "
        "is the first below the header."
    )
    title = f"What was set aside, and why ({counted(evidence.total('quarantined'), 'row')})"
    return Section("quarantined", title, note, items, 5, len(items))


def _looked(assessment: Assessment) -> Section:
    names = agency_names(assessment.partnership)
    table = assessment.where_we_looked
    counts = Counter(zip(table["agency"], table["arises_from"], strict=True))
    words = {"agency_initiated": "of its own enforcement", "prompted_by_partnership": "asked for by the partnership"}
    items = _plain_items(
        f"{names[agency]}: {counted(n, 'record')} {words.get(arises, arises)}."
        for (agency, arises), n in sorted(counts.items())
    )
    note = (
        "What enforcement and our own attention turned up: it says where partners looked and adds nothing to a score."
    )
    return Section("where_we_looked", "Where we looked", note, items, 5, len(items))


def _came_out(assessment: Assessment) -> Section:
    counts = assessment.scores.groupby(["lens", "band"]).size().to_dict()
    items = []
    for lens in reversed(LENSES):
        bands = ", ".join(f"{counts[lens, band]:,} {band}" for band in reversed(BANDS) if (lens, band) in counts)
        items.append(f"{LENS_WORDS[lens]}: {bands or 'nobody'}.")
    excluded = counted(len(assessment.excluded), "record")
    expired = counted(assessment.n_expired, "record")
    note = (
        f"{excluded} without weight under the agreed rules (`riskshare explain` gives each its reason); {expired} past "
        "retention, purged."
    )
    return Section("bands", "How many results in each band", note, _plain_items(items), 5, len(items))


def _by_person(frame: pd.DataFrame) -> Iterable[tuple[tuple[str, str], list[dict[str, Any]]]]:
    """Return rows by subject and lens, people in the order of their first row."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in frame.to_dict("records"):
        found.setdefault((row["subject_id"], row["lens"]), []).append({str(k): v for k, v in row.items()})
    return found.items()


def _harm_to_first(items: Sequence[Item]) -> tuple[Item, ...]:
    """Being at risk is never shown behind being a risk; the order within each stays."""
    return tuple(sorted(items, key=lambda item: item.lens != "harm_to"))


def warnings(evidence: Evidence) -> tuple[str, ...]:
    """Return what nobody should overlook: sources of which nothing, or too little, was accepted."""
    found = []
    for source, counts in evidence.counts.items():
        if counts["rows_in"] and counts["quarantined"] == counts["rows_in"]:
            rows = counted(counts["rows_in"], "row")
            found.append(f"WARNING: not one row of {source} was accepted ({rows} set aside): nothing of it is scored.")
        elif counts["quarantined"] > MAX_BAD_SHARE * counts["rows_in"]:
            said = f"{counts['quarantined']:,} of {counted(counts['rows_in'], 'row')} of {source} were set aside"
            found.append(f"WARNING: {said}: what is scored may mislead.")
    return tuple(found)


def head(assessment: Assessment) -> str:
    """Return the paragraph that stands over every report on an assessment."""
    return caveat(assessment.partnership, assessment.as_of, trial=assessment.trial)
