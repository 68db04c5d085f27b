"""`riskshare explain`: why one subject's results are what they are, and what was set aside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from riskshare.assessment import Assessment
from riskshare.cli.assess import Job, carry_out
from riskshare.cli.briefing import head
from riskshare.cli.explain_doubt import tell_doubt, tell_questions
from riskshare.cli.screen import Screen
from riskshare.io.writing import write_figure
from riskshare.reporting.sentences import marks, sentences
from riskshare.reporting.steps import largest_first, shown_points, steps
from riskshare.reporting.waterfall import alt_text, draw_waterfall, text_waterfall
from riskshare.reporting.words import (
    EXCLUDED_WORDS,
    agency_names,
    counted,
    day,
    indicator_names,
    is_missing,
    scale_names,
)
from riskshare.scoring.export import plain


def run_explain(job: Job, subject: str, plot: Path | None, screen: Screen) -> None:
    """Explain one subject."""
    assessment = carry_out(job, screen).assessment
    explanation = assessment.explain(subject)
    if plot is not None:
        _draw(assessment, explanation, subject, plot)
    if screen.as_json:
        screen.document(_document(assessment, subject))
    if not screen.talks:
        return
    screen.say(head(assessment))
    left, alone = assessment.leave_out_agencies(subject), _of(assessment.alone(), subject)
    for line in _of(assessment.scores, subject).to_dict("records"):
        fields = {str(name): value for name, value in line.items()}
        lens = fields["lens"]
        first, *others = sentences(fields, _lens(explanation, lens), assessment.partnership)
        screen.heading(first)
        for sentence in others:
            screen.say(sentence, hang="  ")
        _tell_urgent(assessment, subject, lens, screen)
        screen.raw("\n" + text_waterfall(explanation, fields, assessment.partnership, width=screen.width, title=False))
        _tell_records(explanation, fields, assessment, screen)
        _tell_agencies(_lens(left, lens), _lens(alone, lens), assessment, screen)
        tell_doubt(assessment.doubt(subject, lens=lens), fields, assessment.partnership, screen)
        tell_questions(assessment.questions(subject, lens=lens), assessment.partnership, screen)
    _tell_set_aside(assessment, subject, screen)
    if plot is not None:
        screen.say(f"Drawn: {plot} (readable by you alone).")


def _of(frame: pd.DataFrame, subject: str) -> pd.DataFrame:
    return frame[frame["subject_id"] == subject]


def _lens(frame: pd.DataFrame, lens: str) -> list[dict[Any, Any]]:
    return frame[frame["lens"] == lens].to_dict("records")


def _tell_urgent(assessment: Assessment, subject: str, lens: str, screen: Screen) -> None:
    for row in _lens(_of(assessment.act_now, subject), lens):
        screen.say()
        screen.say(f"ACTION: {row['duty']} Contact: {row['contact']}. (record {row['record_id']})")


def _tell_records(explanation: pd.DataFrame, fields: dict[str, Any], assessment: Assessment, screen: Screen) -> None:
    """Print every record with its points, as the waterfall numbers and rounds them, and what leaving it out changes."""
    records = largest_first(explanation[explanation["lens"] == fields["lens"]]).to_dict("records")
    chain = steps(explanation, fields, assessment.partnership, most=max(1, len(records)))
    screen.say()
    screen.say(
        f"{counted(len(records), 'record')}: points held, and in brackets how the points would change, before the ends "
        "of the scale cut them, if it were left out. The two differ: another record of the same story takes its place, "
        "and repeats of one indicator or family count for less."
    )
    for number, (row, points) in enumerate(zip(records, shown_points(chain)[1:], strict=False), start=1):
        lead = f"{number:3d}. {points:+6.1f} {_change(row['left_out_uncut']):>7}  "
        screen.say(lead + _record_words(row, assessment), hang=" " * len(lead))


def _record_words(row: Mapping[Any, Any], assessment: Assessment) -> str:
    names, indicators = agency_names(assessment.partnership), indicator_names(assessment.partnership)
    origin = "" if row["agency_of_origin"] == row["agency"] else f", from {_names(row['agency_of_origin'], names)}"
    notes = f"; {row['notes']}" if row["notes"] else ""
    return (
        f"{indicators[row['indicator']]}, {names[row['agency']]} record {row['record_id']}{origin}, {row['basis']}, "
        f"{row['stance']}, claim {row['claim']}, event {day(row['event_date'])}, recorded {day(row['recorded_date'])}; "
        f"trust {row['trust']:.2f}, freshness {row['freshness']:.2f}, severity {row['severity']:.2f}"
        f"{_reading(row, assessment)}{notes}"
    )


def _reading(row: Mapping[Any, Any], assessment: Assessment) -> str:
    """Return the agency's own value and band beside the place on the common scale; empty where there is no reading."""
    if is_missing(row["scale"]):
        return ""
    band = f" ({row['native_band']})" if row["native_band"] else ""
    met = ", own 'high' met" if row["meets_bar"] else ""
    late = "" if row["scale_valid"] else ", outside the dates the scale holds for"
    value = row["native_value"] or "no value"
    scale = scale_names(assessment.partnership)[row["scale"]]
    return f"; reading {value}{band} on {scale} = {row['common_position']:.0f} on the common scale{met}{late}"


def _names(ids: str, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(one, one) for one in ids.split(";"))


def _change(value: Any) -> str:
    if is_missing(value):
        return ""
    return f"({value:+.1f})" if isinstance(value, float) else f"({int(value):+d})" if value else "(0)"


def _tell_agencies(
    left: list[dict[Any, Any]], alone: list[dict[Any, Any]], assessment: Assessment, screen: Screen
) -> None:
    names = agency_names(assessment.partnership)
    screen.say()
    screen.say("Without one agency's information, and on its own rows alone:")
    own = {row["agency"]: row for row in alone}
    for row in left:
        if not row["change"] and row["agency"] not in own:
            continue  # it holds nothing in this lens
        seen = own.pop(row["agency"], None)
        said = f"; its own rows alone come to {seen['score']}" if seen else ""
        without = f"{row['score']} without it {_change(row['change'])}"
        screen.say(f"{names[row['agency']]}: {without}{said}", indent="- ", hang="  ")
    for agency, row in own.items():
        screen.say(f"{names[agency]}: its own rows alone come to {row['score']}", indent="- ", hang="  ")


def _tell_set_aside(assessment: Assessment, subject: str, screen: Screen) -> None:
    names, indicators = agency_names(assessment.partnership), indicator_names(assessment.partnership)
    excluded = _of(assessment.excluded, subject).to_dict("records")
    quarantined = _of(assessment.quarantined, subject).to_dict("records")
    looked = len(_of(assessment.where_we_looked, subject))
    safety = _of(assessment.staff_safety, subject).to_dict("records")
    count = len(excluded) + len(quarantined) + looked + len(safety)
    screen.heading(f"Not in the score ({counted(count, 'record')})")
    if not count:
        screen.say("None.")
    for row in excluded + quarantined:
        why = EXCLUDED_WORDS.get(row["reason"], f"set aside when it was read ({row['reason']})")
        kind = indicators.get(row["indicator"], "an indicator that is not agreed")
        agency = names.get(row["agency"], "an agency that is not agreed")
        record = "" if is_missing(row["record_id"]) else f" record {row['record_id']}"
        screen.say(f"{kind}, {agency}{record}: {why}.", indent="- ", hang="  ")
    if looked:
        screen.say(f"{counted(looked, 'record')} of where we looked: not in the score.", indent="- ", hang="  ")
    for row in safety:
        until = day(row["until"])
        screen.say(f"Staff safety: before visiting, ask {row['ask']} (until {until}).", indent="- ", hang="  ")


def _document(assessment: Assessment, subject: str) -> dict[str, Any]:
    tables = {
        "leave_out_agencies": assessment.leave_out_agencies(subject),
        "alone": _of(assessment.alone(), subject),
        "trace": assessment.trace(subject),
        "doubt": assessment.doubt(subject),
        "questions": assessment.questions(subject),
        "bars": _of(assessment.bars, subject),
        "excluded": _of(assessment.excluded, subject),
        "quarantined": _of(assessment.quarantined, subject),
        "staff_safety": _of(assessment.staff_safety, subject),
    }
    return {
        "internal": True,
        "head": head(assessment),
        "results": assessment.to_dicts(subject),
        **{name: _plain(table) for name, table in tables.items()},
        "n_where_we_looked": len(_of(assessment.where_we_looked, subject)),
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _draw(assessment: Assessment, explanation: pd.DataFrame, subject: str, target: Path) -> None:
    """Write the first lens as a PNG, with a description for those who cannot see it."""
    line = {str(name): value for name, value in _of(assessment.scores, subject).iloc[0].items()}
    figure = draw_waterfall(
        explanation, line, assessment.partnership, as_of=assessment.as_of, trial=assessment.trial
    ).figure.figure
    head = marks(assessment.partnership, assessment.as_of, trial=assessment.trial)
    words = f"{head} {alt_text(explanation, line, assessment.partnership)}"
    write_figure(target, figure, words)
