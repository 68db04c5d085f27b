"""Why, what, how and with whom: a page for the people it is about, made from the agreement and from nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from riskshare.errors import AgreementError, Problem
from riskshare.records.agreement import REVIEW_GRACE, Agreement, AgreementSet, Legal, Rule
from riskshare.records.arguments import is_text, require
from riskshare.records.moments import LONDON
from riskshare.records.partnership import Partnership
from riskshare.records.sharing_fields import FIELDS, Kind
from riskshare.reporting.agreement_words import CATEGORY_WORDS, LEVEL_WORDS, ROLE_WORDS, unsigned
from riskshare.reporting.pages import bullets, escaped, page, paragraphs, section, table, tag
from riskshare.reporting.words import agency_names, counted, day, listed
from riskshare.sharing.standing import holds

KIND_WORDS: Final[Mapping[Kind, str]] = {
    "method": "how it was worked out",
    "count": "how often something happens",
    "area": "areas",
    "spoc": "whom to call",
    "pseudonym": "a code in place of a name",
    "name": "name and date of birth",
    "contact": "how somebody can be reached",
    "place": "places on the map",
    "address": "addresses",
    "score": "a score with its doubts",
    "band": "how serious it is thought to be",
    "reason": "the kinds of report behind it",
    "date": "when something happened",
    "text": "summaries and plans",
    "holder": "which agency holds it",
    "source": "who told us",
    "raw_text": "reports as they were told",
}
ART6_WORDS: Final = {
    "a": "your consent", "b": "a contract with you", "c": "a duty in law", "d": "somebody's life is at stake",
    "e": "a task in the public interest", "ea": "a recognised legitimate interest", "f": "a legitimate interest",
}  # fmt: skip
ART9_WORDS: Final = {
    "a": "your explicit consent", "b": "employment and social protection law", "c": "somebody's life is at stake",
    "d": "a not-for-profit body's own members", "e": "you made it public", "f": "legal claims and courts",
    "g": "substantial public interest", "h": "health or social care", "i": "public health",
    "j": "archives and research",
}  # fmt: skip
NEVER_SHARED: Final = (
    "Who told us something: nobody is given that, whatever is agreed and however urgent it is.",
    "Where a victim, a witness or anybody with a protected address lives: only the worker who works with that person "
    "may be told.",
    "Anything to a company. There is no way in this agreement to give or sell it to one.",
)
YOUR_RIGHTS: Final = (
    "Ask what is held about you, by whom, and with whom and when it was shared. You get a statement.",
    "Say that something is wrong. It is marked as contested, a person looks at it, and everybody who was given it is "
    "told so.",
    "Object, or ask that it is used no further while it is looked at.",
    "Ask that it is erased. What must be kept by law is kept, and you are told so.",
    "Ask a person to look again: no score decides about you. A named worker decides, and writes down why in their own "
    "words.",
    "Complain to the Information Commissioner: ico.org.uk, 0303 123 1113.",
)


def citizen_page(partnership: Partnership, *, at: dt.datetime, contact: str) -> str:
    """Return a page that says why, what, how and with whom information is shared, and what one may do about it.

    Parameters
    ----------
    partnership : Partnership
        With its sharing agreement. Only what is in force at ``at`` is told.
    at : datetime.datetime
        With its offset.
    contact : str
        Where to turn with a question or an objection.

    Returns
    -------
    str
        A whole HTML page without script; nothing in it asks for anything elsewhere.

    Raises
    ------
    ArgumentError
        ``at`` has no offset, or ``contact`` is empty.
    AgreementError
        Nothing is in force, or something that people have a right to know is missing: everything is listed.
    """
    require(
        "citizen_page",
        {
            "partnership must be a Partnership, as load_partnership gives.": isinstance(partnership, Partnership),
            "at must be a moment with its offset.": isinstance(at, dt.datetime) and at.utcoffset() is not None,
            "contact must say where to turn.": is_text(contact) and bool(contact.strip()),
        },
    )
    agreed = partnership.sharing
    papers = papers_in_force(agreed, at)
    problems = [*_problems(papers)]
    if agreed is None or problems or not papers:
        rule, remedy = "No agreement is in force then.", "Agree and sign one; until then nothing is shared."
        raise AgreementError(problems or [Problem("sharing.toml", "", rule, remedy, "not_in_force")])
    names = agency_names(partnership)
    title = f"How {partnership.name} shares information"
    head = tag("header", tag("h1", escaped(title)), paragraphs([_lead(partnership, at)]))
    told = "".join(_agreement(one, agreed, names, number) for number, one in enumerate(papers, 1))
    rest = [
        section("What is never shared", bullets(NEVER_SHARED), name="never"),
        section("What you can do", bullets(YOUR_RIGHTS), paragraphs([f"Turn to: {contact.strip()}"]), name="rights"),
        section("Where this page comes from", paragraphs(_origin(partnership, agreed)), name="origin"),
    ]
    return page(title, head + tag("main", told, *rest))


def papers_in_force(agreed: AgreementSet | None, at: dt.datetime) -> tuple[Agreement, ...]:
    """Return the agreements, without charters, that hold at a moment together with their charter; in order of id."""
    if agreed is None:
        return ()
    found = []
    for one in agreed.agreements:
        charter = agreed.charter(one.charter_id)
        if one.kind != "charter" and charter is not None and _stands(one, at) and _stands(charter, at):
            found.append(one)
    return tuple(sorted(found, key=lambda one: (one.id, one.version)))


def _stands(one: Agreement, at: dt.datetime) -> bool:
    return one.status == "signed" and holds(one.valid_from, one.valid_until, at) and at < one.review_by + REVIEW_GRACE


def _problems(papers: Iterable[Agreement]) -> Iterable[Problem]:
    """Yield what people have a right to know and the agreement does not say."""
    for one in papers:
        where = f"agreements[{one.id}]"
        if not (one.legal.art6 or one.legal.part3):
            remedy = "Write art6, or part3, in its [agreements.legal]."
            yield Problem(
                "sharing.toml", f"{where}.legal", "It names no law that it rests on.", remedy, "no_legal_basis"
            )
        if not one.retention_days:
            remedy = "Write for each category how many days it is kept."
            yield Problem(
                "sharing.toml", f"{where}.retention_days", "It does not say how long.", remedy, "no_retention"
            )
        if not one.rules:
            remedy = "Write who may have what, or end the agreement."
            yield Problem("sharing.toml", f"{where}.rules", "It does not say who may have what.", remedy, "no_rule")


def _lead(partnership: Partnership, at: dt.datetime) -> str:
    example = " This is an example: nobody agreed to it." if partnership.is_example else ""
    return f"{partnership.purpose} As it stands on {day(at.date())}.{example}"


def _agreement(one: Agreement, agreed: AgreementSet, names: Mapping[str, str], number: int) -> str:
    summary = one.public_summary
    told = [
        tag("h3", escaped(word)) + paragraphs([text])
        for word, text in (("Why", summary.why), ("What", summary.what), ("How", summary.how), ("Who", summary.who))
    ]
    permits = [rule for rule in one.rules if rule.effect == "permit"]
    heads = ("Who may be told", "For what", "About whom", "What")
    rows = [_permit(rule, names) for rule in permits]
    seen = table("Who may see what", heads, rows, stacked=True) if rows else ""
    forbids = [_forbid(rule, names) for rule in one.rules if rule.effect == "forbid"]
    barred = tag("h3", "Expressly barred") + bullets(forbids) if forbids else ""
    kept = [
        (CATEGORY_WORDS[name].capitalize(), counted(int(n), "day")) for name, n in sorted(one.retention_days.items())
    ]
    waiting = unsigned(one, agreed.altered)
    parties = [
        (names.get(party.agency_id, party.agency_id), _part(party.role), party.spoc)
        for party in sorted(one.parties, key=lambda party: names.get(party.agency_id, party.agency_id))
        if party.agency_id not in waiting and party.left_on is None
    ]
    return section(
        _title(one), *told, seen, barred,
        tag("h3", "On what law"), bullets(law_words(one.legal)),
        table("How long a recipient may keep it", ("What", "For at most"), kept),
        table("Who has signed, and whom to call there", ("Agency", "Its part", "Contact"), parties, stacked=True),
        name=f"a{number}",
    )  # fmt: skip


def _title(one: Agreement) -> str:
    kind = "Pilot" if one.kind == "pilot" else "Agreement"
    return f"{kind}: {one.id.replace('_', ' ')}, until {day(one.valid_until.astimezone(LONDON).date())}"


def _part(role: str) -> str:
    return {"source": "gives", "recipient": "is told", "both": "gives and is told"}[role]


def law_words(legal: Legal) -> tuple[str, ...]:
    """Return on what law sharing rests, in words."""
    told = [f"UK GDPR Article 6(1)({letter}): {ART6_WORDS[letter]}." for letter in legal.art6]
    told += [f"UK GDPR Article 9(2)({letter}), for sensitive data: {ART9_WORDS[letter]}." for letter in legal.art9]
    told += [f"UK GDPR Article 10, for data on offences: {legal.art10}."] if legal.art10 else []
    told += [f"Data Protection Act 2018, Part 3: {legal.part3}."] if legal.part3 else []
    told += [f"Gateways: {listed([one.replace('_', ' ') for one in legal.gateways])}."] if legal.gateways else []
    return tuple(told)


def _permit(rule: Rule, names: Mapping[str, str]) -> tuple[str, str, str, str]:
    about = listed([ROLE_WORDS[role] for role in rule.subject_roles], "or")
    return _who(rule, names), _words(rule.purposes), about, _what(rule)


def _what(rule: Rule) -> str:
    told = []
    for kind, words in KIND_WORDS.items():
        how = {treatment for field, treatment in rule.treatment.items() if FIELDS.get(field) == kind} - {"drop"}
        if how:
            told.append(
                f"{words}{'' if 'show' in how else ' (roughly)' if 'band' in how else ' (only that there is one)'}"
            )
    where = f"; places {LEVEL_WORDS[rule.place_level]}" if rule.place_level not in (None, "none") else ""
    return f"{listed(told)}{where}"


def _forbid(rule: Rule, names: Mapping[str, str]) -> str:
    what = listed([CATEGORY_WORDS[category] for category in rule.categories])
    how = "anything" if rule.closes_everything else "some details"
    return f"{_who(rule, names)} may not be told {how} from {what}, for {_words(rule.purposes)}."


def _who(rule: Rule, names: Mapping[str, str]) -> str:
    by_role: dict[str, list[str]] = {}
    for who in rule.recipients:
        by_role.setdefault(who.role, []).append(names.get(who.agency, who.agency))
    return "; ".join(f"{role.replace('_', ' ')} at {listed(sorted(where))}" for role, where in sorted(by_role.items()))


def _words(codes: Iterable[str]) -> str:
    return listed([code.replace("_", " ") for code in codes], "or")


def _origin(partnership: Partnership, agreed: AgreementSet) -> tuple[str, ...]:
    return (
        "It is made from the signed agreement by riskshare, and says nothing that is not in it.",
        f"Agreement in force: {agreed.policy_hash[:16]}. Partnership: {partnership.version[:16]}.",
    )
