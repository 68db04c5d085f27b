"""What `share` may be asked at all, before any row is looked at."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from riskshare.assessment import Assessment
from riskshare.comparing import ThresholdComparison
from riskshare.io.audit_log import AuditLog
from riskshare.profiling import PlaceProfiles
from riskshare.records.agreement import AgreementSet, Recipient
from riskshare.records.arguments import is_text, is_texts, require
from riskshare.records.evidence import Subjects
from riskshare.records.moments import LONDON, as_moment, moment_of
from riskshare.records.partnership import Partnership
from riskshare.records.response_times import ResponseTimes
from riskshare.records.sharing_fields import AUDIENCES
from riskshare.records.sharing_request import Objection, Override, Relationship
from riskshare.releasing.made import MOST_PERSON_ROWS
from riskshare.sharing.decision import same_user
from riskshare.spots import HotSpots

Result = Assessment | HotSpots | PlaceProfiles | ThresholdComparison | ResponseTimes
KINDS: Final = (Assessment, HotSpots, PlaceProfiles, ThresholdComparison, ResponseTimes)


HINTS: Final = {
    "nothing_to_share": "Nothing is held about it, or nothing that may be shared: the answer is the same for both.",
    "trial": "A trial is watermarked and never leaves: have the policy signed and assess again.",
    "no_agreement": "No agreement in force lets this role at this agency ask for this purpose.",
    "several_agreements": "Several agreements do: name one with agreement=.",
    "no_relationship": "A practitioner needs user_id and a recorded, live relationship to this person.",
    "one_person_only": "A practitioner is given one person: give subject= and user_id=, and the same to no group.",
    "no_user": "A list of people is given to somebody, by name in the log: give user_id=.",
    "second_person": f"More than {MOST_PERSON_ROWS} lines about people need approver=, somebody other than user_id.",
    "back_dated": "The log has come further than that moment: give the moment at which it is given.",
    "before_as_of": "What is known on a later day cannot be given before it: give the moment at which it is given.",
    "other_partnership": "The result was made under another partnership: work it out again under this one.",
}


def check_arguments(given: dict[str, Any]) -> None:
    """Refuse arguments of another kind; all of them are named, by no value."""
    ways = given["recipient"]
    require(
        "share",
        {
            "result must be what assess, hotspots, profile_places, compare_thresholds or compare_responses returned.":
                isinstance(given["result"], KINDS),
            "partnership must be a Partnership, from load_partnership.": isinstance(given["partnership"], Partnership),
            f"audience must be one of {', '.join(AUDIENCES)}.": isinstance(given["audience"], str)
            and given["audience"] in AUDIENCES,
            "purpose must be text: one purpose of the agreement.": is_text(given["purpose"]),
            "recipient must be one role at one agency, such as 'council:social_worker'.": isinstance(ways, Recipient)
            or (is_text(ways) and str(ways).count(":") == 1 and all(str(ways).split(":"))),
            "subject must be text or None.": is_text(given["subject"], optional=True),
            "user_id must be text.": is_text(given["user_id"]),
            "approver must be text.": is_text(given["approver"]),
            "log must be an AuditLog, from audit_log(), or None.": given["log"] is None
            or isinstance(given["log"], AuditLog),
            "agreements must be an AgreementSet, from load_agreements, or None.": given["agreements"] is None
            or isinstance(given["agreements"], AgreementSet),
            "agreement must be text or None.": is_text(given["agreement"], optional=True),
            "objections must be a collection of Objection.": _all_are(given["objections"], Objection),
            "relationships must be a collection of Relationship.": _all_are(given["relationships"], Relationship),
            "subjects must be Subjects, from read_subjects, or None.": given["subjects"] is None
            or isinstance(given["subjects"], Subjects),
            "override must be an Override or None.": given["override"] is None
            or isinstance(given["override"], Override),
            "conditions_met must be a collection of texts.": is_texts(given["conditions_met"]),
            "progress must be a function of draws done and draws in all, or None.": given["progress"] is None
            or callable(given["progress"]),
        },
    )  # fmt: skip


def _all_are(given: object, kind: type[object]) -> bool:
    """Return whether it is a list, tuple or set of one kind: a generator could be read only once."""
    return isinstance(given, list | tuple | set | frozenset) and all(isinstance(one, kind) for one in given)


def hint_for(code: str, agreements: AgreementSet, agreement: str | None) -> str:
    """Return what to do about a refusal; where an agreement was named that is none, the names there are."""
    known = sorted({one.id for one in agreements.agreements if one.kind != "charter"})
    if code == "no_agreement" and agreement is not None and agreement not in known:
        return f"No agreement has the id that was given as agreement=. There are: {', '.join(known) or 'none'}."
    return HINTS.get(code, "")


def role_at_agency(given: str | Recipient) -> tuple[str, str]:
    """Return agency and role of a recipient.

    >>> role_at_agency("council:social_worker")
    ('council', 'social_worker')
    """
    if isinstance(given, Recipient):
        return given.agency, given.role
    agency, _, role = given.partition(":")
    return agency, role


def exact_moment(at: str | dt.datetime) -> dt.datetime:
    """Return a moment to the microsecond, in UTC: an agreement that ends within a second ends then.

    >>> exact_moment("2026-03-31T13:00:00.000001+01:00").isoformat()
    '2026-03-31T12:00:00.000001+00:00'
    """
    whole = moment_of(as_moment(at))  # and a refusal of what is no moment
    try:
        exact = at if isinstance(at, dt.datetime) else dt.datetime.fromisoformat(at)
    except ValueError:
        return whole
    return exact.astimezone(dt.UTC) if exact.utcoffset() is not None else whole


def refused_at_once(
    result: Result, partnership: Partnership, n_agreements: int, audience: str, subject: str | None, user_id: str,
    override: Override | None, at: dt.datetime,
) -> tuple[str, ...]:  # fmt: skip
    """Return why nothing can leave, before any row is looked at."""
    reasons = []
    if is_trial(result):
        reasons.append("trial")
    made_under = _made_under(result)
    if made_under is not None and made_under != partnership.version:
        reasons.append("other_partnership")
    if known_on(result) > at.astimezone(LONDON).date().isoformat():
        reasons.append("before_as_of")
    if n_agreements != 1:
        reasons.append("no_agreement" if n_agreements == 0 else "several_agreements")
    person = isinstance(result, Assessment) and subject is not None and bool(same_user(user_id))
    in_person = audience == "practitioner" or subject is not None or override is not None
    if in_person and not (person and audience == "practitioner"):
        reasons.append("one_person_only")
    return tuple(reasons)


def is_trial(result: Result) -> bool:
    """Return whether a result is a trial's, or was made from one."""
    source = result.asked["points"] if isinstance(result, HotSpots) else result
    return isinstance(source, Assessment) and source.trial


def known_on(result: Result) -> str:
    """Return the day as known on which a result was worked out, ``YYYY-MM-DD``; empty where it has none."""
    if isinstance(result, ResponseTimes):
        return (result.until - dt.timedelta(microseconds=1)).astimezone(LONDON).date().isoformat()
    source = result.asked["points"] if isinstance(result, HotSpots) else result
    return source.as_of.isoformat() if isinstance(source, Assessment) else ""


def _made_under(result: Result) -> str | None:
    source = result.asked["points"] if isinstance(result, HotSpots) else result
    if isinstance(source, Assessment):
        return source.partnership.version
    return getattr(source, "partnership_version", None)
