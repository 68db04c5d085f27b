"""The agreed trust policy: what each grade is worth, what each indicator means, what is expected.

Every number here is for the partners to agree and sign. `methods` and sources: ``docs/model.md``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from riskshare.records.base import Finite, Fixed, Identifier, NotNegative, Positive, Probability, Record, Text

Lens = Literal["harm_to", "harm_by"]
LENSES: tuple[Lens, ...] = ("harm_by", "harm_to")
DataClass = Literal["patient", "health_or_social_care", "criminal", "other"]


HalfLife = Annotated[float, Field(ge=0.01, le=100_000.0)]
"""Days: from a quarter of an hour to three lifetimes; beyond that no freshness can be told apart from 0 or 1."""
Nats = Annotated[float, Field(ge=0.0, le=1_000.0)]
"""No agreed weight comes near a thousand nats; int64 units of 2⁻⁴⁰ hold eight thousand."""


class Grade(Record):
    """One cell of the joint grading matrix: source digit and assessment letter, graded together."""

    source: Literal["1", "2", "3"]
    assessment: Literal["A", "B", "C", "D"]
    """E (suspected to be false) is never given a trust: it is excluded and listed."""
    trust: Probability
    strength: Positive
    """κ: how many pseudo-reports the agreed trust is worth."""
    first_hand: bool

    @property
    def id(self) -> str:
        """The cell's name, such as ``1A``."""
        return self.source + self.assessment


class SourceType(Record):
    """A non-police kind of source and how far partners agree to trust it."""

    id: Identifier
    name: Text
    trust: Probability
    strength: Positive
    first_hand: bool
    self_report: bool = False
    note: str = ""


class Indicator(Record):
    """One agreed thing that partners may report, and what it means for risk.

    ``log_likelihood_ratio`` is |w| in nats; ``direction`` gives its sign.
    """

    id: Identifier
    name: Text
    definition: Text
    lens: tuple[Lens, ...]
    """Lenses in which it counts. A row seen through another lens is listed and given no weight."""
    direction: Literal["raising", "protective"] = "raising"
    log_likelihood_ratio: Positive
    sd: NotNegative
    half_life_days: HalfLife
    retention_days: int = Field(gt=0)
    family: Identifier
    repeat_p: float = Field(default=2.0, ge=1.0)
    """p of the p-norm that joins repeats; ``inf`` keeps only the largest."""
    ceiling: Positive | None = None
    """C_k in nats; absent means twice the log likelihood ratio."""
    immediate: bool = False
    horizon_days: int | None = Field(default=None, gt=0)
    duty: str = ""
    exploitation: bool = False
    staff_safety: bool = False
    """Feeds the separate ``staff_safety`` result only, never a score."""
    proxy_for: tuple[Text, ...] = ()
    justification: str = ""

    @property
    def ceiling_nats(self) -> float:
        """C_k: the agreed ceiling, or twice the log likelihood ratio (methods: model, section 5)."""
        return 2.0 * self.log_likelihood_ratio if self.ceiling is None else self.ceiling


class Family(Record):
    """Indicators that echo each other; ``p`` = 1 adds them, ``inf`` keeps only the largest."""

    id: Identifier
    name: Text
    p: float = Field(ge=1.0)


class Correlation(Record):
    """How far errors are shared: inside one agency, and across origins nobody stated."""

    within_agency: Annotated[dict[Identifier, Probability], AfterValidator(Fixed)] = Field(default_factory=Fixed)
    other: Probability
    unstated: Probability


class Caps(Record):
    """The most, in nats, that a class of evidence may add to what the score is without it."""

    anecdotal: Nats | None = None
    sectors: Annotated[dict[Identifier, Nats], AfterValidator(Fixed)] = Field(default_factory=Fixed)


class BaseRate(Record):
    """The agreed starting log-odds of each lens, and how sure partners are of it."""

    harm_by: Finite
    harm_to: Finite
    sd: Nats


class Anchor(Record):
    """One of the two agreed points that tie log-odds to the common scale."""

    log_odds: Finite
    points: float = Field(ge=0.0, le=100.0)


class ExpectedAnswer(Record):
    """A question that an agency (or any agency of a sector) is expected to answer about a subject."""

    id: Identifier
    question: Text
    lens: Lens
    indicator: Identifier
    agency: Identifier | None = None
    sector: Identifier | None = None
    prior: Probability
    """π: how often the answer is expected to be yes."""
    raises: NotNegative
    lowers: NotNegative
    half_life_days: HalfLife


class FlagLimits(Record):
    """Where the agreed warning flags begin."""

    police_led: Probability
    anecdote_led: Probability
    stale_freshness: Probability
    """A score is ``stale`` where its weighted mean freshness is below this."""


class Gateway(Record):
    """A legal way for information to be shared, and the classes of data it does not carry."""

    id: Identifier
    name: Text
    source: Text
    bars: tuple[DataClass, ...] = ()


class HandlingCondition(Record):
    """A named condition that a row marked C may carry."""

    id: Identifier
    definition: Text


class TrustPolicy(Record):
    """Everything in ``trust.toml``. Signed by each agency on its content hash."""

    title: Text
    agreed: Text
    """Who agreed it and when, or ``proposal``."""
    purpose: Text
    tau_max: float = Field(gt=0.0, lt=1.0)
    relay_fidelity: Probability
    twin_days: int = Field(ge=0)
    z: float = Field(gt=0.0, le=10.0)
    completeness_for_low: Probability
    grades: tuple[Grade, ...]
    source_types: tuple[SourceType, ...] = ()
    indicators: tuple[Indicator, ...]
    families: tuple[Family, ...]
    correlation: Correlation
    caps: Caps
    base_rate: BaseRate
    anchors: tuple[Anchor, Anchor]
    expected_answers: tuple[ExpectedAnswer, ...] = ()
    flags: FlagLimits
    gateways: tuple[Gateway, ...] = ()
    needs_gateway: tuple[DataClass, ...] = ()
    """Classes of data whose rows count only where a lawful gateway is named."""
    handling_conditions: tuple[HandlingCondition, ...] = ()
