"""What a partnership says of its tool in its own words, for the algorithmic transparency record (ATRS)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from riskshare.records.base import OneLine, Record, Text

SAYS_NOTHING: Final = re.compile(
    r"(?i)(tb[acd]|todo|to be (confirmed|added|decided)|n/?a|none|unknown|x{2,}|[\W_]*)\.?"
)
"""Words that fill a field and say nothing: a record with one of them is as empty as without it."""


def _says(text: str) -> str:
    if SAYS_NOTHING.fullmatch(text):
        raise PydanticCustomError("string_too_short", "says nothing")  # noqa: EM101 - a code
    return text


Said = Annotated[Text, AfterValidator(_says)]
SaidLine = Annotated[OneLine, AfterValidator(_says)]


class ThirdParty(Record):
    """Somebody outside the partnership who takes part in making or running the tool."""

    name: SaidLine
    company_number: SaidLine
    role: Said
    procurement: Said
    data_access: Said


class ImpactAssessment(Record):
    """An assessment of what the tool may do to people, such as a DPIA or an equality impact assessment."""

    name: SaidLine
    completed: dt.date
    summary: Said
    link: SaidLine


class Risk(Record):
    """What may go wrong, and what is done about it."""

    risk: Said
    mitigation: Said


class TransparencyWords(Record):
    """What only the partnership can say, all of it required; the rest of the record comes from what it has agreed."""

    name: SaidLine
    description: Said
    website: SaidLine
    contact: SaidLine
    organisation: SaidLine
    team: SaidLine
    senior_responsible_owner: SaidLine
    """A role, not a name."""
    phase: Literal["idea", "design", "development", "pilot", "production", "retired"]
    region: SaidLine
    third_parties: tuple[ThirdParty, ...]
    """Empty where nobody outside takes part."""
    benefits: Said
    previous_process: Said
    alternatives: Said
    integration: Said
    human_review: Said
    frequency_and_scale: Said
    training: Said
    appeals: Said
    maintenance: Said
    performance: Said
    data_quality: Said
    access_and_storage: Said
    impact_assessments: tuple[ImpactAssessment, ...] = Field(min_length=1)
    risks: tuple[Risk, ...] = Field(min_length=1)
