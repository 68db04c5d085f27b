"""The agreed partnership: agencies, scales, trust, and who signed what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from riskshare.records.base import Identifier, LoggedIdentifier, NotNegative, OneLine, Positive, Record, Text
from riskshare.records.partnership_hash import policy_hash, version_hash
from riskshare.records.policy import TrustPolicy
from riskshare.records.scale import CommonScale, Scale

if TYPE_CHECKING:  # needed for its name alone
    from riskshare.records.agreement import AgreementSet

Sector = Literal[
    "police",
    "social_care",
    "health",
    "ambulance",
    "education",
    "youth_justice",
    "housing",
    "voluntary",
    "probation",
    "fire",
    "other",
]
Clock = Literal["elapsed", "working_hours", "working_days"]


class ResponseStandard(Record):
    """How fast an agency promises to act on one of its own bands."""

    id: Identifier
    scale: Identifier
    band: Text
    start_event: Text
    stop_event: Text
    clock: Clock
    target_hours: Positive | None = None
    target_working_days: Positive | None = None
    share_within: float = Field(default=1.0, gt=0.0, le=1.0)
    share_basis: Literal["published", "proposal"] = "proposal"
    """Whether the source gives the share to reach. No verdict is made on a proposal."""
    source: Text


class Agency(Record):
    """One partner. ``contact`` is its single point of contact: a role and a number, not a person."""

    id: LoggedIdentifier
    name: Text
    sector: Sector
    authorities: tuple[Identifier, ...]
    population: NotNegative | None = None
    workers: NotNegative | None = None
    caseload_per_year: NotNegative | None = None
    contact: Text
    sensitive: bool = False
    """Its involvement is itself sensitive (methods: safety, 1.4)."""
    date_formats: tuple[Text, ...] = ("%Y-%m-%d",)
    """The date formats it has declared; nothing else is tried."""
    standards: tuple[ResponseStandard, ...] = ()


class Signature(Record):
    """One agency's signature on one content hash."""

    agency: Identifier
    policy_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    signed_on: dt.date
    role: OneLine


@dataclass(frozen=True, repr=False)
class Partnership:
    """An agreed partnership, whole and checked. Made by ``riskshare.load_partnership``.

    Attributes
    ----------
    name, purpose : str
    agencies : tuple of Agency
    common_scale : CommonScale
    scales : tuple of Scale
    trust : TrustPolicy
    signatures : tuple of Signature
    is_example : bool
        The folder says that it is an example, not anybody's agreement.
    sharing : AgreementSet or None
        What is agreed about sharing; None where the folder has no ``sharing.toml``: then nothing can be shared. It
        carries its own hash and signatures and is no part of ``version``.

    Notes
    -----
    ``policy_hash`` and ``version`` are worked out from the content, once, when first asked for: a copy with anything
    changed (``dataclasses.replace``) has other hashes, which nobody has signed.
    """

    name: str
    purpose: str
    agencies: tuple[Agency, ...]
    common_scale: CommonScale
    scales: tuple[Scale, ...]
    trust: TrustPolicy
    signatures: tuple[Signature, ...]
    is_example: bool = False
    sharing: AgreementSet | None = None

    @cached_property
    def policy_hash(self) -> str:
        """SHA-256 of trust policy, scales, common scale, and agencies' sectors and date formats: what agencies sign."""
        return policy_hash(self.trust, self.scales, self.common_scale, self.agencies)

    @cached_property
    def version(self) -> str:
        """SHA-256 of everything agreed except the signatures: what travels with every result."""
        return version_hash(
            self.name, self.purpose, self.is_example, self.agencies, self.trust, self.scales, self.common_scale
        )

    def __repr__(self) -> str:
        """Return name, size and version."""
        size = f"{len(self.agencies)} agencies, {len(self.scales)} scales"
        return f"Partnership({self.name!r}, {size}, version={self.version[:12]})"

    def agency(self, agency_id: str) -> Agency:
        """Return the agency with that id; ``KeyError`` if it is not a partner."""
        return {agency.id: agency for agency in self.agencies}[agency_id]

    def scale(self, scale_id: str) -> Scale:
        """Return the scale with that id; ``KeyError`` if it is not agreed."""
        return {scale.id: scale for scale in self.scales}[scale_id]

    def unsigned(self) -> tuple[str, ...]:
        """Agencies that have not signed the policy in force, in id order."""
        signed = {s.agency for s in self.signatures if s.policy_hash == self.policy_hash}
        return tuple(sorted(a.id for a in self.agencies if a.id not in signed))
