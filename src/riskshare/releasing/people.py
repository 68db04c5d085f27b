"""People as a recipient may see them: scored again from the rows the recipient may have, nothing subtracted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd
import pyarrow as pa

from riskshare.assessment import Assessment, assess
from riskshare.records.evidence import AGE_BANDS, UNDER_18
from riskshare.records.sharing_fields import EMERGENCY_FIELDS, Treatment
from riskshare.releasing.made import Made
from riskshare.releasing.questions import (
    GAPS,
    hidden_names,
    open_gaps,
    over_open_questions,
    said_of_questions,
    without_answers,
)
from riskshare.releasing.reviewed import without_waiting
from riskshare.reporting.shared_words import MAY_BE_A_CHILD
from riskshare.scoring.explain import EXPLAIN_COLUMNS
from riskshare.scoring.tables import SCORE_COLUMNS
from riskshare.sharing.asking import Asking, Items, ask, tightest
from riskshare.sharing.treating import kept_lines, treated, withheld_lines, without_way_back
from riskshare.sharing.visible import Visible, visible_rows

_GRADED: Final = ("arises_from", "role", "source_grade", "info_grade", "source_type")
"""What stands in a record and not in its reason."""
_EXPLAINED: Final = (*(name for name in EXPLAIN_COLUMNS if name != "notes"), *_GRADED)
"""``notes`` names other records and who holds them: it stays."""
EVIDENCE: Final = (
    *_EXPLAINED, "status", "event_end", "handling", "age_band",
)  # fmt: skip
_PERSON: Final = ("subject_id", "age_band")
_ALERT: Final = ("subject_id", "lens", "act_now", "event_date", "duty", "spoc")
_OF_A_SERVICE: Final = ("record_id", "scale", "native_value", "native_band", "source_type")
"""What tells by its form alone which service holds something."""
AS_IF: Final = (
    "Scored from the rows this recipient may have; the others are left out as if they had never been sent, so a score "
    "here may differ from another recipient's."
)
MAY_WAIT: Final = (
    "In every case: a line that waits for a named reviewer is in no view, whether or not there is one here. Urgent "
    "signs never wait."
)
_WAYS: Final = {"harm_to": "risk to this person", "harm_by": "risk from this person"}
"""Said in a band and in an urgent sign of the emergency view: the fixed view has no field for it."""
_EMERGENCY: Final = (
    "An emergency override, not a permission: identity, a band each way, what is urgent, whom to call. Nothing else is "
    "shown, and it is reviewed."
)


def release_subject(result: Assessment, asking: Asking) -> Made:
    """Return one person for the named practitioner who works with that person, or the fixed emergency view."""
    title = "One person, for the practitioner who works with that person"
    if asking.override is not None:
        return _emergency(result, asking)
    if asking.related is None:
        return Made("subject", title, refused=frozenset({"no_relationship"}))
    told = [_scores(result, asking), _urgent(result, asking)]
    notes = (*_of_age(told[0]), AS_IF, MAY_WAIT, *said_of_questions(result.partnership))
    return Made("subject", title, notes=notes).joined(told[0]).joined(told[1])


def _of_age(made: Made) -> tuple[str, ...]:
    """Return that this may be a child, unless what is shown says otherwise: it depends on nothing that is hidden."""
    ages = set(made.tables["person"]["age_band"]) if "person" in made.tables else set()
    return () if ages & (set(AGE_BANDS[:-1]) - set(UNDER_18)) else (MAY_BE_A_CHILD,)


def _scores(result: Assessment, asking: Asking) -> Made:
    """Return scores, reasons and gaps of one person."""
    seen = visible_rows(
        result.evidence, asking, needs="indicator", fields=EVIDENCE, as_of=result.as_of, subjects=result.subjects
    )
    if not seen.items:
        return Made("subject", "", refused=seen.refused)
    again = scored_again(result, seen, asking)
    scores = without_waiting(again.scores, result)
    asked_of = [ask(asking, seen.combined("scores", role, asking.subject), SCORE_COLUMNS) for role in _roles(seen)]
    shown = tightest([dict(one.treatment) for one in asked_of])
    of_score = shown.get("score", "drop")
    shown = without_way_back(shown, of_score)
    if scores.empty or "subject_id" not in shown:
        return Made("subject", "", refused=seen.refused | {code for one in asked_of for code in one.reason_codes})
    sensitive, scale = hidden_names(result.partnership), result.partnership.common_scale
    reasons = _graded(again, again.explain(str(asking.subject)))
    reasons = reasons[reasons["lens"].isin(set(scores["lens"]))].reset_index(drop=True)
    reasons.loc[reasons["agency"].isin(sensitive), [n for n in _OF_A_SERVICE if n in reasons]] = None
    of_rows = without_way_back(tightest([dict(one.treatment) for one in seen.decisions]), of_score)
    gaps = _worded(open_gaps(again, str(asking.subject), set(scores["lens"])), result)
    tables = {
        "scores": treated(scores, shown, scale=scale, sensitive=sensitive),
        "reasons": treated(reasons, of_rows, scale=scale, sensitive=sensitive),
        "gaps": treated(gaps, shown, scale=scale, sensitive=sensitive),
    }
    if shown.get("most_useful_gap") != "show":
        del tables["gaps"]  # a list of questions without the questions says nothing
    person = treated(_person(result, str(asking.subject)), of_rows, scale=scale)
    if "age_band" in person:
        tables["person"] = person
    asked = {"scores": SCORE_COLUMNS, "reasons": _EXPLAINED, "gaps": GAPS, "person": _PERSON}
    views = {name: (shown, asked_of) if name in ("scores", "gaps") else (of_rows, seen.decisions) for name in asked}
    return Made(
        "subject", "", tables,
        kept=tuple(line for name, table in tables.items() for line in kept_lines(name, table, views[name][0])),
        withheld=tuple(line for name, table in {"person": person, **tables}.items()
                       for line in withheld_lines(name, asked[name], table, views[name][1])),
        decisions=(*asked_of, *seen.decisions), subjects=frozenset({str(asking.subject)}), person_rows=1,
        refused=seen.refused, items=(*seen.items, *(seen.combined("scores", role) for role in _roles(seen))),
    )  # fmt: skip


def _person(result: Assessment, subject: str) -> pd.DataFrame:
    """Return how old a person is, by the list of subjects."""
    known = result.subjects.table.set_index("subject_id")["age_band"] if result.subjects is not None else pd.Series()
    age = known[known.index == subject].dropna()
    return pd.DataFrame([(subject, age.iloc[0] if len(age) else AGE_BANDS[-1])], columns=list(_PERSON))


def _urgent(result: Assessment, asking: Asking) -> Made:
    """Return what calls for action now, and whom to call; of any line, also one that waits for review."""
    seen = visible_rows(
        result.evidence, asking, needs="act_now", fields=_ALERT, as_of=result.as_of, subjects=result.subjects,
        category="alerts",
    )  # fmt: skip
    if not seen.items:
        return Made("subject", "", refused=seen.refused)
    shown = tightest([dict(one.treatment) for one in seen.decisions])
    table = treated(_alerts(scored_again(result, seen, asking), asking), shown, scale=result.partnership.common_scale)
    if table.empty or "act_now" not in table:
        return Made("subject", "")
    return Made(
        "subject", "", {"act_now": table},
        kept=tuple(kept_lines("act_now", table, shown)),
        withheld=tuple(withheld_lines("act_now", _ALERT, table, seen.decisions)),
        decisions=seen.decisions, subjects=frozenset({str(asking.subject)}), person_rows=1,
        refused=seen.refused, items=seen.items,
    )  # fmt: skip


def _alerts(again: Assessment, asking: Asking) -> pd.DataFrame:
    """Return urgent rows by the agreement's words; of a sensitive service, one's own point of contact is called."""
    urgent, sensitive = again.act_now, hidden_names(again.partnership)
    if asking.keeps_where:  # whose contact is told would tell in which area somebody is known
        sensitive = frozenset(urgent["agency"])
    own = "; ".join(asking.contacts())
    called = urgent["contact"].where(~urgent["agency"].isin(sensitive), own)
    return urgent.rename(columns={"indicator": "act_now"}).assign(spoc=called).reset_index(drop=True)[list(_ALERT)]


def _emergency(result: Assessment, asking: Asking) -> Made:
    """Return the fixed emergency view: who, band, what is urgent, whom to call; never more, whatever was asked."""
    title = "Emergency view: bands, immediate risks, whom to call"
    sound = ask(asking, Items((asking.agency,), "scores", "person_of_concern"), EMERGENCY_FIELDS)
    if "override_refused" in sound.reason_codes:  # said whether or not anybody holds anything
        return Made("subject", title, refused=frozenset({"override_refused"}))
    seen = visible_rows(result.evidence, asking, needs="band", fields=EMERGENCY_FIELDS, as_of=result.as_of)
    if not seen.items:
        return Made("subject", title, refused=seen.refused)
    again = scored_again(result, seen, asking)
    band = without_waiting(again.scores, result).set_index("lens")["band"]
    bands = [f"{words}: {band.get(lens, 'cannot say')}" for lens, words in _WAYS.items()]
    view: dict[str, Treatment] = dict.fromkeys(EMERGENCY_FIELDS, "show")
    person = pd.DataFrame({"identity": asking.subject, "band": bands, "spoc": "; ".join(asking.contacts())})
    urgent = _in_words(_alerts(again, asking))
    tables = {"scores": person, "act_now": urgent}
    return Made(
        "subject", title, tables,
        kept=tuple(line for name, table in tables.items() for line in kept_lines(name, table, view)),
        notes=(MAY_BE_A_CHILD, _EMERGENCY, AS_IF, MAY_WAIT, *said_of_questions(result.partnership)),
        decisions=seen.decisions, subjects=frozenset({str(asking.subject)}), person_rows=1,
        refused=seen.refused, items=seen.items,
    )  # fmt: skip


def _in_words(urgent: pd.DataFrame) -> pd.DataFrame:
    """Return urgent signs of the emergency view: what, which way and what is to be done in one text, and whom to call.

    The fixed view has fields for neither lens nor date: the way is said in words, and no date leaves.
    """
    told = [
        ". ".join(filter(None, (f"{sign.replace('_', ' ')}, {_WAYS[lens]}", duty)))
        for sign, lens, duty in zip(urgent["act_now"], urgent["lens"], urgent["duty"], strict=True)
    ]
    frame = pd.DataFrame({"act_now": pd.Series(told, dtype=object), "spoc": urgent["spoc"]})
    return frame.drop_duplicates().reset_index(drop=True)


def scored_again(result: Assessment, seen: Visible, asking: Asking) -> Assessment:
    """Return the assessment of the rows a recipient may have, with nothing that sensitive services answered."""
    again = assess(
        without_answers(seen.evidence, result), result.partnership, as_of=result.as_of, subjects=result.subjects,
        conditions_met=asking.conditions_met,
    )  # fmt: skip
    return replace(again, scores=over_open_questions(again))


def _graded(again: Assessment, reasons: pd.DataFrame) -> pd.DataFrame:
    """Return reasons with the grading of the record behind each line, and what the person was in it."""
    standing = again.evidence.rows.take(pa.array(again.weighed.standing.columns.index))
    keys = ["agency", "record_id", "indicator"]
    return reasons.merge(standing.select([*keys, *_GRADED]).to_pandas(), on=keys, how="left", validate="m:1")


def _roles(seen: Visible) -> list[str]:
    return sorted({one.subject_role for one in seen.items} - {"place"})


def _worded(gaps: pd.DataFrame, result: Assessment) -> pd.DataFrame:
    """Return a table of gaps with each question as the partners worded it; what is hidden stays as it is."""
    words = {one.id: one.question for one in result.partnership.trust.expected_answers}
    return gaps.assign(most_useful_gap=[words.get(gap, gap) for gap in gaps["most_useful_gap"]])
