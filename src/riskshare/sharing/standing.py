"""Whether there is an agreement to ask: all of it known, in force, signed and in scope (safety, 1.2, steps 1 to 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from riskshare.records.agreement import REVIEW_GRACE, Agreement, AgreementSet
from riskshare.records.sharing_fields import AUDIENCES, CATEGORIES, FIELDS, SUBJECT_ROLES
from riskshare.records.sharing_request import Reason, Request


@dataclass(frozen=True, slots=True)
class Standing:
    """The agreement and charter that a request stands on, and when the first of them ends for it."""

    agreement: Agreement
    charter: Agreement
    ends: dt.datetime


def holds(valid_from: dt.datetime | None, valid_until: dt.datetime | None, at: dt.datetime) -> bool:
    """Return whether a moment lies in the half-open period; None is an open end.

    >>> from datetime import datetime, UTC
    >>> noon = datetime(2026, 3, 31, 12, tzinfo=UTC)
    >>> holds(noon, None, noon), holds(None, noon, noon)
    (True, False)
    """
    return (valid_from is None or valid_from <= at) and (valid_until is None or at < valid_until)


def stand(request: Request, agreements: AgreementSet, at: dt.datetime) -> tuple[Standing | None, set[Reason]]:
    """Return what a request stands on, and every reason why it cannot be judged; exactly one of the two.

    Parameters
    ----------
    request : Request
    agreements : AgreementSet
    at : datetime
        The moment of the request in UTC.
    """
    agreement = agreements.find(request.agreement, request.version)
    reasons = set(_unknown_words(request, agreements))
    if agreement is None:
        return None, reasons | {"unknown_agreement"}
    reasons |= set(_not_in_agreement(request, agreement))
    charter = agreements.charter(agreement.charter_id)
    if charter is None:
        return None, reasons | {"no_charter"}
    for paper in (agreement, charter):
        reasons |= set(_not_standing(request, paper, agreements.altered, at))
    if reasons:
        return None, reasons
    return Standing(agreement, charter, _ends(request, agreement, charter)), reasons


def _unknown_words(request: Request, agreements: AgreementSet) -> Iterator[Reason]:
    """Yield what is in no closed list; the agreement itself is not needed for it."""
    if not (request.sources and request.categories and request.fields):
        yield "nothing_asked"
    if not {request.agency, *request.sources} <= set(agreements.registered):
        yield "unknown_agency"
    if request.audience not in AUDIENCES:
        yield "unknown_audience"
    if not set(request.categories) <= set(CATEGORIES):
        yield "unknown_category"
    if not {*request.handling_conditions, *request.conditions_met} <= set(agreements.conditions):
        yield "unknown_condition"
    if not set(request.fields) <= FIELDS.keys():
        yield "unknown_field"
    if request.subject_role not in SUBJECT_ROLES:
        yield "unknown_subject_role"
    if request.subject_role != "place" and not request.subject_id:
        yield "subject_missing"


def _not_in_agreement(request: Request, agreement: Agreement) -> Iterator[Reason]:
    """Yield what the agreement does not speak of."""
    recipient = agreement.party(request.agency)
    if recipient is None or request.role not in recipient.practitioner_roles:
        yield "unknown_role"
    if request.purpose not in agreement.purposes:
        yield "unknown_purpose"
    if not set(request.categories) <= agreement.retention_days.keys():
        yield "unknown_category"
    if agreement.area_codes and not (request.areas and set(request.areas) <= set(agreement.area_codes)):
        yield "outside_scope"
    if agreement.population and request.subject_role != "place" and request.age_band not in agreement.population:
        yield "outside_scope"
    takes = recipient is not None and recipient.role in ("recipient", "both")
    givers = [agreement.party(source) for source in request.sources]
    if not takes or any(giver is None or giver.role not in ("source", "both") for giver in givers):
        yield "not_a_party"


def _not_standing(
    request: Request, paper: Agreement, altered: frozenset[tuple[str, str, str]], at: dt.datetime
) -> Iterator[Reason]:
    """Yield why an agreement or charter is not there at that moment for everybody who takes part."""
    if paper.status != "signed" or not holds(paper.valid_from, paper.valid_until, at):
        yield "not_in_force"
    if at >= paper.review_by + REVIEW_GRACE:
        yield "review_overdue"
    for agency in (request.agency, *request.sources):
        party = paper.party(agency)
        if party is None:
            yield "not_a_party"
            continue
        bound = party.signed_on is not None and holds(party.signed_on, party.left_on, at)
        if not bound or (paper.id, paper.version, agency) in altered:
            yield "not_signed"


def _ends(request: Request, agreement: Agreement, charter: Agreement) -> dt.datetime:
    """Return the first end among both papers and the parties that take part."""
    ends = []
    for paper in (agreement, charter):
        ends += [paper.valid_until, paper.review_by + REVIEW_GRACE]
        parties = [paper.party(agency) for agency in (request.agency, *request.sources)]
        ends += [party.left_on for party in parties if party is not None and party.left_on is not None]
    return min(ends)
