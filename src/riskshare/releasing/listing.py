"""Who is on a partnership's list: whoever an agreed bar selects, by pseudonym and band, and nobody else.

A list of people is held to what was criticised in the Gangs Matrix of 2017, where most had a low score or none: there
is a threshold for being on it, and who is below it, or of whom nothing can be said, is counted and not listed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from riskshare.assessment import Assessment
from riskshare.records.agreement import Agreement
from riskshare.records.sharing_request import Decision
from riskshare.releasing.made import Made
from riskshare.releasing.people import AS_IF, EVIDENCE, MAY_WAIT, scored_again
from riskshare.releasing.questions import said_of_questions
from riskshare.releasing.reviewed import without_waiting
from riskshare.reporting.shared_words import LISTED_MAY_BE
from riskshare.scales.agreed import PIN_ORDER
from riskshare.scoring.tables import SCORE_COLUMNS
from riskshare.sharing.asking import Asking, ask, tightest
from riskshare.sharing.profiles import LISTED_FROM, profile_for
from riskshare.sharing.treating import kept_lines, treated, withheld_lines, without_way_back
from riskshare.sharing.visible import visible_rows

Pseudonym = Callable[[str], str]

LISTED_ROLES: Final = frozenset({"person_of_concern"})
"""Whom a group may have listed by pseudonym. Victims and witnesses are counted, never listed (safety, 3.2)."""
NOT_IN_A_LIST: Final = (
    "bars_met", "completeness", "flags", "leading_agency", "most_useful_gap", "n_agencies", "n_origins", "n_records",
)  # fmt: skip
"""By what an agency does or did not send, an area is told, or a service whose involvement is sensitive. Hidden for some
people only, their line would stand out; so it is in nobody's line. By exact counts and flags most lines are the only
one of their kind: two lists, with and without a record, would tell who a pseudonym is. What is urgent goes to named
people."""
_NO_VICTIM: Final = "Nobody is listed as a victim or witness for a group: ask for one named case instead."
_WHAT_REMAINS: Final = (
    "Two lists can be compared: a line comes, goes or changes its band with the records. Whoever sent a record may "
    "know whose line changed."
)
_OF_ONE_AGREEMENT: Final = "Pseudonyms are of this agreement alone."


def release_list(result: Assessment, asking: Asking, pseudonym: Pseudonym) -> Made:
    """Return the people of concern whom the agreed bar selects, by pseudonym and band, for partners."""
    title = "People of concern, by pseudonym"
    seen = visible_rows(
        result.evidence, asking, needs="indicator", fields=EVIDENCE, as_of=result.as_of, subjects=result.subjects,
        roles=LISTED_ROLES,
    )  # fmt: skip
    if not seen.items:
        return Made("assessment", title, refused=seen.refused)
    # Scored again from the rows of people of concern alone, which never tell that a child is exploited.
    known = scored_again(result, seen, asking).scores
    known = known[known["lens"] == "harm_by"]
    scores = without_waiting(known, result)
    common = ask(asking, seen.combined("scores", "person_of_concern"), SCORE_COLUMNS)
    own = {one: ask(asking, seen.combined("scores", "person_of_concern", one), SCORE_COLUMNS)
           for one in sorted(asking.spoken_for & set(scores["subject_id"]))}  # fmt: skip
    closed = {one for one, decision in own.items() if "subject_id" not in dict(decision.treatment)}
    scores = scores[~scores["subject_id"].isin(closed)]
    views: tuple[Decision, ...] = (common, *(decision for one, decision in own.items() if one not in closed))
    shown = tightest([dict(one.treatment) for one in views])
    shown = without_way_back(shown, shown.get("score", "drop"))
    if "subject_id" not in shown or scores.empty:
        return Made("assessment", title, refused=seen.refused | set(common.reason_codes))
    on_it = scores["band"].isin(_selected(asking.agreement))
    listed = scores[on_it].drop(columns=list(NOT_IN_A_LIST))
    named = listed.assign(subject_id=[pseudonym(one) for one in listed["subject_id"]]).sort_values("subject_id")
    table = treated(named, shown, scale=result.partnership.common_scale)
    withheld = withheld_lines("scores", set(SCORE_COLUMNS) - set(NOT_IN_A_LIST), table, (common,))
    return Made(
        "assessment", title, {"scores": table},
        kept=tuple(kept_lines("scores", table, shown)),
        withheld=(*withheld, *(("scores", name, "of_a_list") for name in NOT_IN_A_LIST)),
        notes=(
            LISTED_MAY_BE, said_of_bar(asking.agreement, len(known) - len(listed), asking.audience),
            AS_IF, MAY_WAIT, *said_of_questions(result.partnership), _NO_VICTIM, _OF_ONE_AGREEMENT, _WHAT_REMAINS,
        ),
        decisions=(*views, *seen.decisions), subjects=frozenset(listed["subject_id"]), person_rows=len(table),
        refused=seen.refused, items=(*seen.items, seen.combined("scores", "person_of_concern")),
    )  # fmt: skip


def _selected(agreement: Agreement) -> tuple[str, ...]:
    return PIN_ORDER[PIN_ORDER.index(agreement.listed_from or LISTED_FROM) :]


def said_of_bar(agreement: Agreement, left_out: int, audience: str) -> str:
    """Return by what bar people are on a list, and how many are not: as a number only where they are not few.

    Parameters
    ----------
    agreement : Agreement
    left_out : int
        People of concern below the bar, those of whom nothing can be said, and those whose line waits or is closed: by
        the number nobody can tell who is not listed for which reason.
    audience : str
    """
    bar = agreement.listed_from or LISTED_FROM
    whose = "as agreed" if agreement.listed_from else "nothing else is agreed"
    least = profile_for(audience).least(of_victims=False)
    number = f"{left_out:,}" if left_out >= least else f"Fewer than {least}"
    return (
        f"Listed from the band {bar!r} on ({whose}), and nobody of whom nothing can be said. {number} others whom this "
        "recipient may know of are not listed."
    )
