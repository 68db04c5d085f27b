"""What comparing response times gives: one line a band, a severity-matched stratum, a standard or a longer wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, Literal

import pandas as pd

from riskshare.records.base import Record
from riskshare.records.partnership import Clock

RESPONSE_TIMES_VERSION: Final = "2.0"
"""Version of this schema: the first number changes when a reader must change."""

Verdict = Literal["met", "missed", "short, but it may be chance", "cannot say", "no verdict"]
OpenCheck = Literal["fits", "more open than fits", "fewer open than fits", "cannot say"]


class Timing(Record):
    """How long some cases of one agency take from one event to another; hours are elapsed hours, on every clock.

    None where too many cases are open to know a figure. ``share`` is of the cases that a standard measures, each on its
    own standard's clock and against its own target. Intervals are 95 %.
    """

    agency: str
    start_event: str
    stop_event: str
    n: int
    n_open: int
    median_hours: float | None
    median_low: float | None
    median_high: float | None
    ninetieth_hours: float | None
    ninetieth_low: float | None
    ninetieth_high: float | None
    n_measured: int
    """Cases that an agreed standard measures: same scale, band, start event and stop event."""
    share: float | None
    share_low: float | None
    share_high: float | None


class BandTimes(Timing):
    """One native band of one agency.

    ``open_expected`` is how many cases would be open at any moment if they came and went evenly (Little's law: arrivals
    a day × mean days open); ``open_check`` says whether the number found open fits it.
    """

    scale: str
    band: str
    """Empty where the reading could not be judged."""
    standard: str | None
    common_low: float | None
    common: float | None
    common_high: float | None
    stratum: str
    own_high: bool
    """The band is at or above its owner's own "high"."""
    arrivals_per_day: float | None
    open_expected: float | None
    open_check: OpenCheck


class StratumTimes(Timing):
    """Cases of one agency that lie in one stratum of the common scale."""

    stratum: str
    bands: tuple[str, ...]
    """``scale: band`` of each."""
    own_high: bool
    spans: bool
    """Some of these bands may reach into other strata: their owner has not published where the edge lies."""


class StandardTimes(Record):
    """One agreed standard, put into elapsed hours, and how far it is kept.

    ``elapsed_least`` to ``elapsed_most`` are the target in elapsed hours over the starts seen: a working day may be a
    few hours or a long weekend.
    """

    agency: str
    standard: str
    scale: str
    band: str
    start_event: str
    stop_event: str
    clock: Clock
    target: float
    unit: Literal["hours", "working hours", "working days"]
    elapsed_least: float | None
    elapsed_middle: float | None
    elapsed_most: float | None
    share_required: float
    share_basis: Literal["published", "proposal"]
    """On a proposal there is no verdict."""
    n: int
    n_open: int
    share: float | None
    share_low: float | None
    share_high: float | None
    verdict: Verdict
    note: str
    source: str


class LongerWait(Record):
    """Cases at a higher agreed position that take longer, by the medians, than others at a lower one: to ask about.

    ``more`` and ``less`` are by position on the common scale, or, in one stratum, by whose own "high" is met. At least
    one of the two is its agency's own "high".
    """

    more_agency: str
    more_stratum: str
    more_bands: tuple[str, ...]
    more_own_high: bool
    more_start_event: str
    more_stop_event: str
    more_median_hours: float
    less_agency: str
    less_stratum: str
    less_bands: tuple[str, ...]
    less_own_high: bool
    less_start_event: str
    less_stop_event: str
    less_median_hours: float
    slower_by_hours: float
    slower_low: float | None
    slower_high: float | None
    beyond_chance: bool
    """The whole interval of the difference is above nothing."""
    same_start: bool
    same_stop: bool
    comparable: bool
    """Both clocks start at the same event and stop at the same event. Otherwise the two time different things."""
    spans: bool
    """Some of these bands may reach into other strata, so which is the higher is not certain."""
    inversion: bool
    """Comparable and beyond chance: only then may it be called one."""


class ResponseTimes(Record):
    """How fast agencies act, on one clock, in severity-matched strata; from ``compare_responses``.

    ``n_later`` counts cases that had not begun at ``until``; a case that stopped later counts as open.
    """

    schema_version: Literal["2.0"]
    engine_version: str
    partnership: str
    partnership_version: str
    example: bool
    internal: Literal[True]
    until: dt.datetime
    nation: str
    opens: dt.time
    closes: dt.time
    n_cases: int
    n_open: int
    n_later: int
    band_times: tuple[BandTimes, ...]
    stratum_times: tuple[StratumTimes, ...]
    standard_times: tuple[StandardTimes, ...]
    longer_waits_found: tuple[LongerWait, ...]

    @property
    def bands(self) -> pd.DataFrame:
        """One line an agency, scale, native band and pair of events: ``BandTimes``."""
        return _frame(self.band_times, BandTimes)

    @property
    def strata(self) -> pd.DataFrame:
        """One line a stratum, pair of events and agency, highest first, by stop event: ``StratumTimes``."""
        return _frame(self.stratum_times, StratumTimes)

    @property
    def standards(self) -> pd.DataFrame:
        """One line an agreed standard, also where no case measures it: ``StandardTimes``."""
        return _frame(self.standard_times, StandardTimes)

    @property
    def longer_waits(self) -> pd.DataFrame:
        """One line a pair in which the higher position waits longer, comparable ones first: ``LongerWait``."""
        return _frame(self.longer_waits_found, LongerWait)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON; ``ResponseTimes.model_json_schema()`` is their schema."""
        return self.model_dump(mode="json")

    def __repr__(self) -> str:
        """Return counts only."""
        sizes = f"{self.n_cases:,} cases, {self.n_open:,} open, {len(self.longer_waits_found):,} to ask about"
        return f"ResponseTimes({sizes}, until={self.until.isoformat()})"

    __str__ = __repr__


def _frame(lines: Sequence[Record], kind: type[Record]) -> pd.DataFrame:
    values = [line.model_dump() for line in lines]
    return pd.DataFrame({name: [value[name] for value in values] for name in kind.model_fields})
