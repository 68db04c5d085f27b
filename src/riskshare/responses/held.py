"""What an assessment holds that a plan rests on: the current readings of one person, by the agencies that made them."""

from __future__ import annotations

import datetime as dt
from typing import Final, Protocol

import numpy as np
import pandas as pd

from riskshare.kernels.decay import half_life
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings
from riskshare.scoring.score import Scored
from riskshare.scoring.tables import current_readings
from riskshare.trust.weigh import Weighed

READING_COLUMNS: Final = (
    "lens", "agency", "scale", "band", "event_date", "own_high", "scale_valid", "stale", "record_id",
)  # fmt: skip


class Assessed(Protocol):
    """What a plan needs of an ``Assessment``."""

    @property
    def scores(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def as_of(self) -> dt.date: ...  # noqa: D102
    @property
    def trial(self) -> bool: ...  # noqa: D102
    @property
    def partnership(self) -> Partnership: ...  # noqa: D102
    @property
    def weighed(self) -> Weighed: ...  # noqa: D102
    @property
    def scored(self) -> Scored: ...  # noqa: D102
    @property
    def readings(self) -> Readings: ...  # noqa: D102
    @property
    def act_now(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def staff_safety(self) -> pd.DataFrame: ...  # noqa: D102


def own_readings(assessment: Assessed, partnership: Partnership, subject_id: str) -> pd.DataFrame:
    """Return one person's current readings: neither denied nor passed on by somebody else.

    Returns
    -------
    pandas.DataFrame
        ``READING_COLUMNS``; ``stale`` where the freshness of the reading's indicator is below the agreed limit.
    """
    weighed, readings = assessment.weighed, assessment.readings
    part, current = (
        weighed.standing.columns,
        current_readings(weighed, weighed.row[assessment.scored.counted], readings),
    )
    own = (
        (part.subjects[part.subject[current.rows]] == subject_id)
        & ~part.denies[current.rows]
        & (part.lineage[current.rows] == None)  # noqa: E711 - elementwise
    )
    rows, reading = current.rows[own], current.reading[own]
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    names = np.array(weighed.codes.indicators, dtype=object)[part.indicator[rows]]
    half_lives = np.array([kinds[name].half_life_days for name in names], dtype=np.float64)
    fresh = half_life(weighed.standing.age[rows].astype(np.float64), half_lives)
    columns = (
        np.array(LENSES, dtype=object)[part.lens[rows]],
        np.array(weighed.codes.agencies, dtype=object)[part.agency[rows]],
        readings.scale[reading],
        readings.native_band[reading],
        part.event[rows].astype("datetime64[D]").astype(object),
        readings.is_high[reading],
        ~readings.outside_validity[reading],
        fresh < partnership.trust.flags.stale_freshness,
        part.records[part.record[rows]],
    )
    return pd.DataFrame(dict(zip(READING_COLUMNS, columns, strict=True)))
