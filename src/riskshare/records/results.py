"""The published form of a result, for programs: JSON-ready records under a schema with a version."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from riskshare.records.base import Record
from riskshare.records.policy import Lens

SCHEMA_VERSION = "1.2"
"""Version of the result schema: the first number changes when a reader must change."""

Points = Annotated[int, Field(ge=0, le=100)]
BandName = Literal["low", "medium", "high", "very high", "cannot say"]


class PersonalRecord(Record):
    """A record about a person: it shows its kind when printed, never what it holds."""

    def __repr__(self) -> str:
        """Return the kind of record only."""
        return f"{type(self).__name__}(...)"

    __str__ = __repr__


class Reason(PersonalRecord):
    """One line of an explanation; the points of all lines sum exactly to the score.

    ``line`` is ``record`` for a partner's record, else ``base``, ``nil answers``, ``scale end`` or ``rounding``.
    ``left_out`` is the change in points if the record were left out, where it was worked out; ``left_out_uncut`` the
    same before the ends of the scale cut it. ``trust``, ``freshness`` and ``severity`` belong to one origin of the
    record: the one through which it holds most.
    """

    line: Literal["record", "base", "nil answers", "scale end", "rounding"]
    nats: float
    points: float
    agency: str | None = None
    record_id: str | None = None
    indicator: str | None = None
    agency_of_origin: str | None = None
    basis: Literal["factual", "anecdotal"] | None = None
    stance: Literal["supports", "denies"] | None = None
    event_date: dt.date | None = None
    recorded_date: dt.date | None = None
    scale: str | None = None
    native_value: str | None = None
    native_band: str | None = None
    common_position: float | None = None
    meets_bar: bool | None = None
    """A current reading that meets its own agency's "high"; None where the record holds no reading."""
    scale_valid: bool | None = None
    """Whether the event lies within the dates that the scale holds for."""
    claim: str | None = None
    """The number of the claim it speaks of, within subject and lens; several are joined by ``;``."""
    trust: float | None = None
    freshness: float | None = None
    severity: float | None = None
    notes: str | None = None
    left_out: int | None = None
    left_out_uncut: float | None = None


class ActNow(PersonalRecord):
    """A record that calls for action now, whatever the score."""

    agency: str
    record_id: str
    indicator: str
    event_date: dt.date
    duty: str
    contact: str


class SetAside(PersonalRecord):
    """A row about the person that was set aside when it was read: it counts in nothing.

    There is one for each record whose subject, agency and number could be read; what else could not be read, or is no
    agreed code, is None. ``reason`` names each rule it broke as ``column: code``. Another row of the same record may
    have been sent in order since: then ``reasons`` has it. An empty list does not prove that nothing was set aside.
    """

    agency: str | None
    record_id: str | None
    indicator: str | None
    recorded_date: dt.date | None
    reason: str


class SubjectResult(PersonalRecord):
    """The explained result of one subject through one lens. It informs a named practitioner; it decides nothing."""

    schema_version: Literal["1.2"]
    engine_version: str
    partnership: str
    partnership_version: str
    policy_hash: str
    """What agencies signed."""
    example: bool
    """Scored under an example, nobody's agreement."""
    as_of: dt.date
    trial: bool
    """An unsigned pilot run: watermarked, and never to be shared."""
    internal: Literal[True]
    """Not yet through the sharing agreement."""
    subject_id: str
    lens: Lens
    score: Points
    lower: Points
    upper: Points
    band: BandName
    band_low: BandName
    band_high: BandName
    bars_met: list[str]
    log_odds: float
    factual_score: Points
    score_uncapped: Points
    completeness: float | None
    most_useful_gap: str | None
    n_records: int
    n_origins: int
    n_agencies: int
    police_share: float | None
    effective_agencies: float | None
    leading_agency: str | None
    flags: list[str]
    act_now: list[ActNow]
    set_aside: list[SetAside]
    """Of either lens: which one a faulty row belongs to may be what could not be read."""
    reasons: list[Reason]
