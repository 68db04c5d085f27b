"""May this leave, for whom, in what detail? The ten steps of the method as one pure function (safety, 1.2)."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from typing import Any

from riskshare.records.agreement import AgreementSet, digest
from riskshare.records.sharing_request import (
    LONGEST_OVERRIDE,
    REASONS,
    SHORTEST_REASON,
    USUAL_OVERRIDE,
    Decision,
    Duty,
    Objection,
    Override,
    Reason,
    Relationship,
    Request,
)
from riskshare.sharing.standing import Standing, stand
from riskshare.sharing.view import View, emergency, relationship, see

_UNSEEN = ("Cc", "Cf")
"""Kinds of signs that nobody sees: control and format (Unicode, general category)."""
_RELEASE: tuple[Duty, ...] = ("log_before_release",)
_EMERGENCY: tuple[Duty, ...] = ("log_before_release", "notify_spoc", "review_in_5_working_days")


def decide(
    request: Request,
    agreements: AgreementSet,
    *,
    objections: Iterable[Objection] = (),
    relationships: Iterable[Relationship] = (),
) -> Decision:
    """Return what the agreement answers to one request: kept fields with their treatment, and why the rest is not.

    Refused unless an explicit, signed, current permit opens it. Permits open; prohibitions, objections, handling codes,
    the audience and the fixed floor close; order and repeats of rules do not matter. It reads no clock and no file, and
    it never raises: whatever goes wrong is a refusal with reason ``error``. The caller carries out ``duties``, the
    first of them before a byte leaves.

    Parameters
    ----------
    request : Request
        One class of items for one recipient. An empty list of fields asks nothing and is refused.
    agreements : AgreementSet
        Charters and agreements, from ``load_agreements``.
    objections : iterable of Objection
        What people have said, and whose address is protected. Those of other people are passed over.
    relationships : iterable of Relationship
        Who works with whom. Without one, nobody is a named practitioner.

    Returns
    -------
    Decision
        ``treatment`` holds fields above ``drop`` only; ``withheld`` each other field asked for, with its reason.

    Notes
    -----
    With a treatment's position in drop < redact < band < show, a field's is

    ``min( min over categories( max over permits ), forbids, objections, handling, audience, floor )``

    Methods: safety, 1.2; where the text is silent, ``docs/decisions/0014-sharing-rulings.md``.

    Examples
    --------
    Nothing is agreed, so nothing leaves:

    >>> from datetime import datetime, UTC
    >>> asked = Request(
    ...     agreement="isp", version="1", sources=("police",), agency="school", role="dsl", purpose="safeguarding",
    ...     categories=("scores",), fields=("band",), subject_role="victim", subject_id="S1",
    ...     at=datetime(2026, 3, 31, 12, tzinfo=UTC),
    ... )
    >>> answer = decide(asked, AgreementSet(agreements=(), registered=("police", "school")))
    >>> answer.allow, answer.reason_codes, answer.withheld
    (False, ('unknown_agreement',), (('band', 'unknown_agreement'),))
    """
    policy = ""
    try:
        policy = agreements.policy_hash
        return _decide(request, agreements, tuple(objections), tuple(relationships))
    except Exception:  # the only one here that is so broad. Step 2 of the method: whatever goes wrong, nothing leaves
        return Decision(
            id=digest(["error", policy]), allow=False, reason_codes=("error",), duties=("log",), policy_hash=policy
        )


def _decide(
    request: Request,
    agreements: AgreementSet,
    objections: tuple[Objection, ...],
    relationships: tuple[Relationship, ...],
) -> Decision:
    if request.at.utcoffset() is None:
        return _refused(request, agreements, {"naive_time"})
    at = request.at.astimezone(dt.UTC)
    standing, reasons = stand(request, agreements, at)
    if standing is None:
        return _refused(request, agreements, reasons)
    if request.override is not None:
        return _overridden(request, request.override, agreements, standing, at)
    related = relationship(request, relationships, at)
    view = see(request, standing, at, objections, related)
    ends = [standing.ends, _kept_until(request, standing, at)]
    ends += [rule.valid_until for rule in view.rules if rule.effect == "permit" and rule.valid_until is not None]
    ends += [related.valid_until] if related is not None and related.valid_until is not None else []
    return _answer(request, agreements, view, expires=min(ends), duties=_RELEASE)


def _kept_until(request: Request, standing: Standing, at: dt.datetime) -> dt.datetime:
    """Return when the first retention of the categories asked for runs out."""
    return at + dt.timedelta(days=min(standing.agreement.retention_days[name] for name in request.categories))


def same_user(name: str) -> str:
    """Return a user's name as it is compared, empty where it names nobody.

    Case, blanks, letters that are written in two ways, and signs that nobody sees do not make another user.

    >>> same_user(" U7  a") == same_user("u7 A") == same_user("\uff357\u200b a")
    True
    >>> same_user("\u200b"), same_user(" . ")
    ('', '')
    """
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    seen = "".join(sign for sign in plain if unicodedata.category(sign) not in _UNSEEN)
    told = " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())
    return told if any(sign.isalnum() for sign in told) else ""


def _overridden(
    request: Request, override: Override, agreements: AgreementSet, standing: Standing, at: dt.datetime
) -> Decision:
    """Return the fixed emergency view, or a refusal where the override lacks what it needs."""
    expires = override.expires if override.expires is not None else at + USUAL_OVERRIDE
    sound = (
        request.audience == "practitioner"
        and bool(same_user(request.user_id))
        and request.subject_role != "place"
        and len(override.text.strip()) >= SHORTEST_REASON
        and (override.approver is None or same_user(override.approver) != same_user(request.user_id))
        and at < expires <= at + LONGEST_OVERRIDE
    )
    if not sound:
        return _refused(request, agreements, {"override_refused"})
    view = emergency(request)
    return _answer(request, agreements, view, expires=min(expires, standing.ends), duties=_EMERGENCY, why="override")


def _refused(request: Request, agreements: AgreementSet, reasons: set[Reason]) -> Decision:
    """Return a refusal of everything, for reasons found before any rule was looked at."""
    told = [reason for reason in REASONS if reason in reasons]
    view = View({}, dict.fromkeys(request.fields, told[0]), "none", ())
    return _answer(request, agreements, view, also=reasons)


def _answer(
    request: Request,
    agreements: AgreementSet,
    view: View,
    *,
    expires: dt.datetime | None = None,
    duties: tuple[Duty, ...] = (),
    why: Reason | None = None,
    also: Iterable[Reason] = (),
) -> Decision:
    """Return the decision that a view comes to."""
    allow = bool(view.treatment)
    reasons = {*view.withheld.values(), *also} | ({why} if why and allow else set())
    answer = Decision(
        id="",
        allow=allow,
        treatment=tuple(sorted(view.treatment.items())),
        withheld=tuple(sorted(view.withheld.items())),
        place_level=view.place_level,
        rule_ids=tuple(sorted({rule.id for rule in view.rules})),
        reason_codes=tuple(reason for reason in REASONS if reason in reasons),
        duties=duties if allow else ("log",),
        expires=expires if allow else None,
        policy_hash=agreements.policy_hash,
    )
    return answer.model_copy(update={"id": digest([_question(request), answer.model_dump(mode="json")])})


def _question(request: Request) -> dict[str, Any]:
    """Return what was asked without anything that leads to a person: the id must not let somebody guess one."""
    override = request.override
    return {
        **{name: getattr(request, name) for name in ("agreement", "version", "agency", "role", "purpose", "audience")},
        **{name: sorted(set(getattr(request, name))) for name in ("sources", "categories", "fields", "areas")},
        **{name: sorted(set(getattr(request, name))) for name in ("handling_conditions", "conditions_met")},
        "subject_role": request.subject_role,
        "handling": request.handling,
        "at": (request.at.astimezone(dt.UTC) if request.at.utcoffset() is not None else request.at).isoformat(),
        "override": None if override is None else [override.ground, override.approver is None, str(override.expires)],
    }
