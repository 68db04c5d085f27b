"""The algorithmic transparency record (ATRS): the partnership's words and what its own configuration says.

Sections follow the Algorithmic Transparency Recording Standard, version 3: an overview for everybody (tier 1), then
owner, description, decision process, specification and data, risks (tier 2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from riskshare.errors import PartnershipError, Problem
from riskshare.records.agreement import Agreement
from riskshare.records.arguments import require
from riskshare.records.evidence import DATA_CLASSES
from riskshare.records.partnership import Partnership
from riskshare.records.transparency import TransparencyWords
from riskshare.reporting.citizen_page import law_words, papers_in_force
from riskshare.reporting.pages import bullets, escaped, page, paragraphs, section, tag
from riskshare.reporting.words import agency_names, band_sentence, counted, day

STANDARD: Final = "ATRS 3"
NONE_TAKE_PART: Final = "Nobody outside the partnership takes part."
DESCRIPTION: Final = (
    "Each agency keeps its own scale. Readings are placed on one common scale from 0 to 100; reports are weighed by "
    "how far partners agreed to trust them; a story told by several agencies counts once. The score is a sum of agreed "
    "log likelihood ratios, with an interval, and with reasons that add up to it exactly. Hot spots are local excesses "
    "over what people living there would lead one to expect. Nothing is learned from outcomes without being agreed."
)
ARCHITECTURE: Final = (
    "A Python library that runs on the partnership's own machines and asks for nothing over a network. Data moves one "
    "way: read and check, place on scales, weigh, score, share, report. The same evidence gives the same score."
)
OUTPUT: Final = (
    "A score from 0 to 100 for harm to and harm by a person, with interval, band, reasons, gaps and doubts; cells and "
    "areas where events cluster. No decision, no ranking for action, no prediction of a crime."
)
SENSITIVE: Final = (
    "Protected characteristics are in a separate table that the group audit alone reads; no score does. Age band "
    "decides who must review a result. Data about health and about offences is used by the classes named here."
)
SECTION_WORDS: Final = {
    "tier_1": "In short", "owner": "Owner and responsibility", "description": "Description and rationale",
    "decision_process": "How it is used in decisions", "specification": "How it works", "data": "Data",
    "risks": "Risks, mitigations and impact assessments", "record": "About this record",
}  # fmt: skip


def transparency_record(partnership: Partnership, words: TransparencyWords, *, at: dt.datetime) -> dict[str, Any]:
    """Return the whole record by section and field; every field of it says something, or there is no record.

    Parameters
    ----------
    partnership : Partnership
        With its sharing agreement.
    words : TransparencyWords
        What only the partnership can say, as ``read_transparency`` gives.
    at : datetime.datetime
        With its offset: the record tells what is agreed then.

    Returns
    -------
    dict
        Section to field to text, list of texts, or list of mappings; ready for JSON.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    PartnershipError
        A field would be empty: each is named, with where it is to be filled.
    """
    require(
        "transparency_record",
        {
            "partnership must be a Partnership, as load_partnership gives.": isinstance(partnership, Partnership),
            "words must be TransparencyWords, as read_transparency gives.": isinstance(words, TransparencyWords),
            "at must be a moment with its offset.": isinstance(at, dt.datetime) and at.utcoffset() is not None,
        },
    )
    papers = papers_in_force(partnership.sharing, at)
    third: list[Any] = [one.model_dump(mode="json") for one in words.third_parties]
    record: dict[str, dict[str, Any]] = {
        "tier_1": _words(words, "name", "description", "website", "contact"),
        "owner": {
            **_words(words, "organisation", "team", "senior_responsible_owner"),
            "partners": [f"{one.name} ({one.sector.replace('_', ' ')})" for one in partnership.agencies],
            "third_party_involvement": third or [NONE_TAKE_PART],
        },
        "description": {
            "detailed_description": DESCRIPTION,
            "purpose": partnership.purpose,
            "scope": [f"{one.id}: {one.public_summary.what}" for one in papers],
            **_words(words, "benefits", "previous_process", "alternatives"),
        },
        "decision_process": {
            **_words(words, "integration", "human_review", "frequency_and_scale", "training", "appeals"),
        },
        "specification": {"phase": words.phase, **_specification(partnership, words)},
        "data": _data(partnership, papers, words),
        "risks": {
            "impact_assessments": [one.model_dump(mode="json") for one in words.impact_assessments],
            "assessments_named_in_agreements": [f"{one.id}: {one.dpia_ref}" for one in papers if one.dpia_ref],
            "risks_and_mitigations": [one.model_dump(mode="json") for one in words.risks],
        },
        "record": {
            "standard": STANDARD, "region": words.region, "as_it_stands_on": at.date().isoformat(),
            "policy_hash": partnership.sharing.policy_hash if partnership.sharing is not None else "",
            "partnership_version": partnership.version,
        },
    }  # fmt: skip
    problems = list(_empty(record))
    if problems:
        raise PartnershipError(problems)
    return record


def _words(words: TransparencyWords, *names: str) -> dict[str, str]:
    return {name: getattr(words, name) for name in names}


def _specification(partnership: Partnership, words: TransparencyWords) -> dict[str, Any]:
    policy = partnership.trust
    return {
        "system_architecture": ARCHITECTURE,
        "system_input": [f"{one.name}: {one.definition}" for one in policy.indicators],
        "scales": [f"{one.name}. Source: {one.source} ({one.year})." for one in partnership.scales],
        "system_output": OUTPUT,
        "bands": band_sentence(partnership),
        "model": f"{policy.title}, agreed: {policy.agreed}; policy {partnership.policy_hash[:16]}.",
        "unsigned": [f"Not signed by {one}." for one in partnership.unsigned()] or ["Signed by every agency."],
        **_words(words, "maintenance", "performance"),
    }


def _data(partnership: Partnership, papers: tuple[Agreement, ...], words: TransparencyWords) -> dict[str, Any]:
    names = agency_names(partnership)
    sources = {party.agency_id for one in papers for party in one.parties if party.role in ("source", "both")}
    kept = [
        f"{one.id}: {name.replace('_', ' ')} for at most {counted(int(days), 'day')}"
        for one in papers
        for name, days in sorted(one.retention_days.items())
    ]
    return {
        "sources": sorted(names.get(agency, agency) for agency in sources),
        "classes": [name.replace("_", " ") for name in DATA_CLASSES],
        "sensitive_attributes": SENSITIVE,
        "data_quality": words.data_quality,
        "sharing_agreements": [
            f"{one.id} version {one.version}, until {day(one.valid_until.date())}" for one in papers
        ],
        "legal_basis": [f"{one.id}: {told}" for one in papers for told in law_words(one.legal)],
        "retention": kept,
        "access_and_storage": words.access_and_storage,
    }


def _empty(record: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield each field that says nothing: one that is empty, or a list with nothing or an empty text in it."""
    for name, fields in record.items():
        for field, value in fields.items():
            items = value if isinstance(value, list) else [value]
            if not items or any(not item.strip() for item in items if isinstance(item, str)):
                rule = "A field that the standard requires would be empty."
                remedy = "Agree it: sharing.toml needs an agreement in force that names its law, retention and DPIA."
                yield Problem("transparency record", f"{name}.{field}", rule, remedy, "empty_field")


def transparency_page(record: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the record as an HTML page without script.

    Parameters
    ----------
    record : mapping
        As ``transparency_record`` gives.
    """
    title = f"Algorithmic transparency record: {record['tier_1']['name']}"
    parts = [
        section(SECTION_WORDS[name], *(_field(field, value) for field, value in fields.items()), name=name)
        for name, fields in record.items()
    ]
    return page(title, tag("header", tag("h1", escaped(title))) + tag("main", *parts))


def _field(name: str, value: Any) -> str:
    heading = tag("h3", escaped(name.replace("_", " ").capitalize()))
    if isinstance(value, list):
        return heading + bullets([_line(item) for item in value])
    return heading + paragraphs([str(value)])


def _line(item: Any) -> str:
    if isinstance(item, Mapping):
        return "; ".join(f"{str(key).replace('_', ' ')}: {text}" for key, text in item.items())
    return str(item)
