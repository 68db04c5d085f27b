"""Does somebody really decide? How often people override the score, and how often they seem not to have looked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Final

import pandas as pd

from riskshare.kernels.calibration import wilson
from riskshare.records.arguments import require
from riskshare.records.decision_record import DecisionRecord

OVERSIGHT_COLUMNS: Final = (
    "agency", "role", "n_decisions", "n_overrides", "override_rate", "override_lower", "override_upper",
    "n_quick", "n_same_words", "n_rubber_stamped", "rubber_rate", "rubber_lower", "rubber_upper", "median_minutes",
)  # fmt: skip
FEWEST: Final = 10
"""Fewer decisions than this give no rates: they would speak of one person (methods: safety, 7)."""


def oversight(decisions: Iterable[DecisionRecord], *, quick: dt.timedelta) -> pd.DataFrame:
    """Return for each role how often the score was overridden, and how often nobody seems to have looked.

    A decision counts as rubber-stamped if it agrees with the band and was quick, or agrees and gives reasons that the
    same person gave before about somebody else. That is a reason to ask, not a finding about anybody.

    Parameters
    ----------
    decisions : iterable of DecisionRecord
        Records of one id count once.
    quick : datetime.timedelta
        What partners agreed is too short to read reasons and gaps; shorter times are quick.

    Returns
    -------
    DataFrame
        One row a role at an agency, in that order, then one row with empty agency and role; no row without decisions.
        Rates are shares of ``n_decisions`` with Wilson's 95 % interval; missing below ten decisions, as are counts
        other than ``n_decisions``. The last row sums the roles that have rates, or all where none has, so that nothing
        can be worked out of it by subtraction.

    Raises
    ------
    ArgumentError
        ``decisions`` holds something else, or ``quick`` is not above 0.

    Notes
    -----
    E. B. Wilson, JASA 22 (1927) 209-212. Low override with wide intervals shows nothing: read the interval.

    Examples
    --------
    >>> oversight([], quick=dt.timedelta(minutes=2)).shape
    (0, 14)
    """
    given = list(decisions)
    require(
        "oversight",
        {
            "decisions must be DecisionRecords.": all(isinstance(one, DecisionRecord) for one in given),
            "quick must be a time above 0.": isinstance(quick, dt.timedelta) and quick > dt.timedelta(),
        },
    )
    records = list({one.id: one for one in given}.values())
    copied = _same_words(records)
    groups: dict[tuple[str, str], list[DecisionRecord]] = {}
    for one in sorted(records, key=lambda one: (one.agency, one.role)):
        groups.setdefault((one.agency, one.role), []).append(one)
    rows = [_row(agency, role, group, copied, quick) for (agency, role), group in groups.items()]
    large = [one for group in groups.values() if len(group) >= FEWEST for one in group]
    rows += [_row("", "", large or records, copied, quick)] if records else []
    return pd.DataFrame(rows, columns=list(OVERSIGHT_COLUMNS))


def _same_words(records: list[DecisionRecord]) -> frozenset[str]:
    """Return ids of decisions whose reasons their author also gave about somebody else, spelling and spaces apart."""
    words = {one.id: _bare(one.reasons) for one in records}
    about: dict[tuple[str, str, str], set[str]] = {}
    for one in records:
        about.setdefault((one.agency, one.decided_by, words[one.id]), set()).add(one.subject_id)
    return frozenset(one.id for one in records if len(about[one.agency, one.decided_by, words[one.id]]) > 1)


def _bare(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _row(
    agency: str, role: str, group: list[DecisionRecord], copied: frozenset[str], quick: dt.timedelta
) -> tuple[object, ...]:
    n = len(group)
    if n < FEWEST:
        return (agency, role, n, *([pd.NA] * (len(OVERSIGHT_COLUMNS) - 3)))
    told = Counter[str]()
    for one in group:
        is_quick, is_copied = one.taken < quick, one.id in copied
        told["overrides"] += one.overrides
        told["quick"] += is_quick
        told["same"] += is_copied
        told["stamped"] += not one.overrides and (is_quick or is_copied)
    minutes = float(pd.Series([one.taken / dt.timedelta(minutes=1) for one in group]).median())
    over, stamped = _rate(told["overrides"], n), _rate(told["stamped"], n)
    return (agency, role, n, told["overrides"], *over, told["quick"], told["same"], told["stamped"], *stamped, minutes)


def _rate(hits: int, n: int) -> tuple[float, float, float]:
    low, high = wilson(hits, n)
    return hits / n, float(low), float(high)
