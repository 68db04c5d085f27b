"""The group audit: how scores, doubts and bands fall on groups of people, and which indicators set groups apart.

It gives figures with intervals and no verdict: whether a difference is just is for the partners to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from riskshare.errors import PolicyError
from riskshare.records.arguments import is_number, is_text, is_whole, require
from riskshare.records.characteristics import Characteristics
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES, Indicator
from riskshare.scoring import groups_tables as tables
from riskshare.scoring.groups_lines import NOT_STATED, Lines, lines_of, reference_of
from riskshare.scoring.groups_tables import Line, Settings
from riskshare.scoring.groups_without import without_indicators
from riskshare.scoring.score import Scored
from riskshare.trust.weigh import Weighed

MIN_GROUP: Final = 10
"""The fewest people a figure may rest on (methods: safety, promise I5); a caller may ask for more, never for fewer."""

_TEXTS: Final = ("by", "lens", "reference")


@runtime_checkable
class Assessed(Protocol):
    """What the audit needs of an assessment."""

    @property
    def as_of(self) -> dt.date:
        """The day."""

    @property
    def trial(self) -> bool:
        """Whether it is an unsigned pilot run."""

    @property
    def partnership(self) -> Partnership:
        """What was agreed."""

    @property
    def weighed(self) -> Weighed:
        """The coded rows."""

    @property
    def scored(self) -> Scored:
        """The scores by unit."""

    @property
    def engine_version(self) -> str:
        """Which riskshare made it."""


@dataclass(frozen=True, repr=False)
class GroupAudit:
    """How scores fall on groups, as tables with intervals. It holds no verdict and no subject.

    Every table begins with ``characteristic, lens, group``. Figures that rest on fewer than ``min_group`` people are
    missing, and so is a second group where one alone could be worked out from a total known elsewhere.

    Attributes
    ----------
    groups : pandas.DataFrame
        ``is_reference, withheld, n`` (people with a result), ``n_people`` (in the characteristics), ``listed_rate`` of
        those people who have a result, with Wilson's ``lower`` and ``upper``.
    measures : pandas.DataFrame
        ``measure, n, value, lower, upper``: mean and median score, mean interval width, completeness and police share;
        intervals by drawing people with replacement.
    bands : pandas.DataFrame
        ``band, n, rate, lower, upper``: ``cannot say`` is a band; Wilson's intervals.
    gaps : pandas.DataFrame
        ``reference, measure, gap, lower, upper``: the group minus the reference group.
    drivers : pandas.DataFrame
        For every indicator: ``part`` of the gap in mean score that goes away without it, in points, with interval;
        ``p``, corrected for the number of indicators and comparisons; ``named`` where that is at most 1 − level, and
        its ``effect``; ``gap``, ``gap_without``, ``share_of_gap`` (missing where the gap's own interval covers 0);
        ``proxy_for`` and ``justification`` as agreed. The surest first.
    indicators : pandas.DataFrame
        For every indicator and group: ``counts_in_lens, proxy_for, justification, withheld, n_rows, n_people, rate``
        of people with such a row, with Wilson's interval. Rows without weight are not counted.
    as_of, trial, partnership_version, engine_version
        Of the assessment.
    level, min_group, n_resamples
        What was asked for.
    """

    groups: pd.DataFrame
    measures: pd.DataFrame
    bands: pd.DataFrame
    gaps: pd.DataFrame
    drivers: pd.DataFrame
    indicators: pd.DataFrame
    as_of: dt.date
    trial: bool
    partnership_version: str
    engine_version: str
    level: float
    min_group: int
    n_resamples: int

    @property
    def named(self) -> pd.DataFrame:
        """The lines of ``drivers`` that chance alone would hardly give."""
        return self.drivers[self.drivers["named"].astype(bool)].reset_index(drop=True)

    def __repr__(self) -> str:
        """Return counts only; never a value."""
        mark = ", TRIAL: not to be shared" if self.trial else ""
        sizes = f"{len(self.groups):,} groups, {len(self.gaps):,} gaps, {len(self.named):,} drivers named"
        return f"GroupAudit({sizes}, as_of={self.as_of.isoformat()}{mark})"


def audit_groups(
    assessment: Assessed,
    characteristics: Characteristics,
    *,
    by: str | None = None,
    lens: str | None = None,
    reference: str | None = None,
    min_group: int = MIN_GROUP,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> GroupAudit:
    """Return how scores, doubts and bands fall on groups, and which indicators set groups apart.

    Parameters
    ----------
    assessment : Assessment
    characteristics : Characteristics
        From ``read_characteristics``. They are used here and nowhere else. People without a row or with a blank are
        the group ``not stated``.
    by : str, optional
        One characteristic; by default each in turn.
    lens : {"harm_to", "harm_by"}, optional
        Only this lens; by default both, apart.
    reference : str, optional
        The group the others are compared with; by default the largest stated one of each lens. It needs ``by``.
    min_group : int
        The fewest people a figure may rest on, 10 or more.
    n_resamples : int
        Draws for intervals of means, and random divisions for ``p``; 200 or more.
    level : float
        Confidence of every interval, in (0.5, 1); an indicator is named at p ≤ 1 − level.
    seed : int or numpy.random.Generator
        Where the random numbers start; the same seed gives the same audit.

    Returns
    -------
    GroupAudit
        An assessment of nobody gives empty tables.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    PolicyError
        Options are out of their range, or name a characteristic or group that was not sent; all of them are named.

    Notes
    -----
    The part of a gap that an indicator makes is found by scoring everybody without the indicator, its rows dropped
    after origins are resolved (methods: model, ruling R6). Parts need not add up to the gap, because caps and families
    are not sums. An indicator is named where random divisions of the same people into groups of the same sizes hardly
    ever give any indicator as large a part (single-step maxT), times the comparisons made for one characteristic.

    What it cannot tell: whether a group is recorded more because of what its members did or because of where
    recorders looked. It names what to look into. Each person counts once in each lens; nothing is adjusted for age,
    place or any other difference between the groups.

    Examples
    --------
    See ``docs/how-to/audit-groups.md``.
    """
    options = {
        "by": by, "lens": lens, "reference": reference, "min_group": min_group, "n_resamples": n_resamples,
        "level": level, "seed": seed,
    }  # fmt: skip
    _check_kinds(assessment, characteristics, options)
    _check(characteristics, by, lens, reference, min_group, n_resamples, level)
    settings = Settings(level, min_group, n_resamples, np.random.default_rng(seed))
    without = without_indicators(assessment.weighed)
    kinds = {kind.id: kind for kind in assessment.partnership.trust.indicators}
    ordered = [kinds[name] for name in assessment.weighed.codes.indicators]
    found: dict[str, list[Line]] = {name: [] for name in tables.TABLES}
    stated = characteristics.table.set_index("subject_id")
    for characteristic in characteristics.names if by is None else (by,):
        lenses = [
            lines_of(assessment.weighed, assessment.scored, without, stated[characteristic], name, min_group=min_group)
            for name in ("harm_to", "harm_by")
            if lens in (None, name)
        ]
        for table, lines in _audit(lenses, reference, ordered, settings).items():
            found[table] += [{"characteristic": characteristic, **line} for line in lines]
    return GroupAudit(
        **{name: tables.to_frame(lines, name) for name, lines in found.items()},
        as_of=assessment.as_of, trial=assessment.trial, partnership_version=assessment.partnership.version,
        engine_version=assessment.engine_version, level=level, min_group=min_group, n_resamples=n_resamples,
    )  # fmt: skip


def _audit(
    lenses: list[Lines], wanted: str | None, kinds: list[Indicator], settings: Settings
) -> dict[str, list[Line]]:
    """Return the lines of every table for one characteristic."""
    references = [reference_of(lines, wanted) for lines in lenses]
    n_tests = sum(len(tables.compared(*pair)) for pair in zip(lenses, references, strict=True))
    found: dict[str, list[Line]] = {name: [] for name in tables.TABLES}
    for lines, number in zip(lenses, references, strict=True):
        drawn = tables.draw(lines, settings)
        found["groups"] += tables.group_lines(lines, number, settings.level)
        found["measures"] += tables.measure_lines(lines, drawn, settings)
        found["bands"] += tables.band_lines(lines, settings.level)
        found["indicators"] += tables.indicator_lines(lines, kinds, settings)
        if number is not None:
            found["gaps"] += tables.gap_lines(lines, number, drawn, settings)
            found["drivers"] += tables.driver_lines(lines, number, drawn, kinds, n_tests, settings)
    return found


def _check_kinds(assessment: object, characteristics: object, options: Mapping[str, object]) -> None:
    """Refuse arguments that are not of the kind that is needed; what they may say is for ``_check``."""
    seed = options["seed"]
    rules = {
        "assessment must be an Assessment, as assess gives.": isinstance(assessment, Assessed),
        "characteristics must be Characteristics, as read_characteristics gives.": isinstance(
            characteristics, Characteristics
        ),
        **{f"{name} must be text or None.": is_text(options[name], optional=True) for name in _TEXTS},
        **{f"{name} must be a whole number.": is_whole(options[name]) for name in ("min_group", "n_resamples")},
        "level must be a number between 0.5 and 1, such as 0.95.": is_number(options["level"]),
        "seed must be a whole number of 0 or more, or a numpy.random.Generator.": isinstance(seed, np.random.Generator)
        or (is_whole(seed) and int(seed) >= 0),  # type: ignore[call-overload]  # whole, as just shown
    }
    require("audit_groups", rules)


def _check(
    characteristics: Characteristics, by: str | None, lens: str | None, reference: str | None, min_group: int,
    n_resamples: int, level: float,
) -> None:  # fmt: skip
    names = characteristics.names
    groups = {NOT_STATED, *characteristics.table[by].dropna()} if by in names else set()
    rules = {
        f"by must be one of the characteristics that were sent: {', '.join(names) or 'none'}.": by in (None, *names),
        f"lens must be one of {', '.join(LENSES)}, or None for both.": lens in (None, *LENSES),
        "reference needs by: say whose group it is.": reference is None or by is not None,
        "reference must be a group of that characteristic, written exactly as sent.": by not in names
        or reference in (None, *groups),
        f"min_group may be raised, never lowered below {MIN_GROUP}: smaller groups point at people.": min_group
        >= MIN_GROUP,
        "n_resamples must be 200 or more: fewer make intervals and p a matter of luck.": n_resamples >= 200,
        "level must lie between 0.5 and 1, such as 0.95.": 0.5 < level < 1.0,
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise PolicyError(" ".join(broken))
