"""A published or local scale, as its owner states it, and the common scale it is placed on."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from riskshare.records.base import Finite, Identifier, Positive, Record, Text

Kind = Literal["ordinal", "count", "probability", "continuous", "duration", "nominal", "effort"]
Direction = Literal["risk", "safety", "none"]
VerificationMark = Literal["verified", "verified in code", "local", "unverified"]
CommonBand = Literal["low", "medium", "high", "very high"]


class CommonScale(Record):
    """The agreed 0–100 positions: where medium, high and very high begin. Not probabilities.

    ``agreed`` says who agreed it and when, or ``proposal``.
    """

    medium_from: Finite = 30.0
    high_from: Finite = 70.0
    very_high_from: Finite = 90.0
    agreed: Text = "proposal"

    @property
    def edges(self) -> tuple[float, float, float]:
        """Where medium, high and very high begin."""
        return (self.medium_from, self.high_from, self.very_high_from)


class Band(Record):
    """One native band: half-open, from ``from`` up to where the next band begins.

    On an ordinal scale a band is one level and ``from`` is its rank. ``name`` is the label agencies write.
    """

    name: Text
    starts: Finite = Field(alias="from")
    pins: Literal["medium", "high", "very high"] | None = None
    """The common edge that this band's lower cut is pinned to, if any."""


class Route(Record):
    """A rule of the scale's owner that may raise a reading to a band, never lower it."""

    id: Identifier
    description: Text
    raises_to: Text
    """Name of the native band the route raises to."""


class Scale(Record):
    """One scale: what it measures, its native bands, and which cuts pin the common edges.

    ``lo`` and ``hi`` are native ends (``hi`` may be absent where the owner gives none); ``step`` is the
    reporting step (a count's is 1). A ``direction`` of ``safety`` is reversed first (hi + lo − x).
    On such a scale ``bands`` still run upwards in native value and ``pins`` names the common edge that the
    band reaches *down* to: see ``docs/how-to/scales.md``.
    """

    id: Identifier
    name: Text
    owner: Text
    kind: Kind
    lo: Finite | None = None
    hi: Finite | None = None
    step: Positive = 1.0
    direction: Direction
    bands: tuple[Band, ...] = ()
    routes: tuple[Route, ...] = ()
    not_scored: tuple[Text, ...] = ()
    """Labels that mean "could not be judged": they become ``NotScored``, never 0."""
    outcome: Text = "not stated"
    horizon: Text = "not stated"
    population: Text = "not stated"
    informant: Text = "not stated"
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """First day on which the scale no longer holds (half-open)."""
    source: Text
    year: Text
    """Year of the source, or ``undated``."""
    mark: VerificationMark
    note: str = ""
