"""Cases that two agencies both scored, as arrays: each person's latest readings, weighted by who referred."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.errors import LinkRefusedError
from riskshare.kernels.anchors import Floats
from riskshare.records.links import days_window, link_refused
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.records.shared_cases import SharedCases
from riskshare.scales.agreed import refusal
from riskshare.scales.latest import latest_rows, native_numbers, own_rows
from riskshare.scales.reading import parse_values
from riskshare.scales.referral import NEITHER, ONE_SIDED, SOURCE, TARGET, one_sided, referral_weights

Party = tuple[str, str]
Window = tuple[dt.date, dt.date]
_ROWS_NAMED = 5


@dataclass(frozen=True, slots=True, repr=False)
class SharedPair:
    """Two agencies' readings of the same people, in order of subject; equal-length arrays.

    Attributes
    ----------
    x, y : ndarray of float64
        Native numbers; a level named on an ordinal scale is its rank.
    person : ndarray of int64
        A number for each person, of no meaning outside.
    weight : ndarray of float64
        From who referred the case (``referral_weights``).
    referrer : ndarray of int64
        0 neither or not known, 1 the side of ``x``, 2 the side of ``y``.
    referral : str
        How the cases were weighted, as a sentence.
    volumes_refused : str
        Why volumes at a common bar are refused, and what to do; empty where they are not.
    window : (str, str) or None
        First and last day scored.
    n_not_scored : int
        People both agencies have on their books of whom one could not be read as a number.
    """

    x: Floats
    y: Floats
    person: npt.NDArray[np.int64]
    weight: Floats
    referrer: npt.NDArray[np.int64]
    referral: str
    volumes_refused: str
    window: tuple[str, str] | None
    n_not_scored: int

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.x)

    def __repr__(self) -> str:
        """Count only; never a value."""
        return f"SharedPair({len(self):,} people)"

    @property
    def n_effective(self) -> float:
        """How many equally weighted people they are worth (Kish): (Σw)² / Σw²; 0 for none."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum()) if len(self) else 0.0


def shared_pair(
    cases: SharedCases, partnership: Partnership, first: Party, second: Party, *, window: Window | None = None
) -> SharedPair:
    """Return the people that two agencies both scored, with the latest reading of each.

    Parameters
    ----------
    cases : SharedCases
    partnership : Partnership
    first, second : (agency id, scale id)
    window : (date, date), optional
        First and last day to be used. By default every reading.

    Returns
    -------
    SharedPair
        Empty where no person was scored by both.

    Raises
    ------
    LinkRefusedError
        A scale is nominal, states effort or has no direction; a reading lies outside the dates that its scale holds
        for (scales that changed are never pooled); or a reading was derived from another record, and so is no
        independent judgement.
    """
    rows = []
    for party in (first, second):
        scale = partnership.scale(party[1])
        if reason := refusal(scale):
            raise LinkRefusedError(scale.id, reason)
        own = _own_rows(cases.table, party, window)
        _refuse_outside(own, scale)
        _refuse_derived(own, scale)
        rows.append(latest_rows(own))
    names = [_texts(own, "subject_id") for own in rows]
    subjects, at, to = np.intersect1d(names[0], names[1], return_indices=True)
    both = [own.take(pa.array(places)) for own, places in zip(rows, (at, to), strict=True)]
    x, y = (_numbers(partnership.scale(p[1]), own["value"]) for p, own in zip((first, second), both, strict=True))
    known = ~(np.isnan(x) | np.isnan(y))
    referrer = _referrers(both, first[0], second[0])[known]
    weight, how = referral_weights(x[known], y[known], referrer)
    days = [day for own in both for day in own["scored_at"].filter(pa.array(known)).to_pylist()]
    return SharedPair(
        x=x[known],
        y=y[known],
        person=np.arange(len(subjects), dtype=np.int64)[known],
        weight=weight,
        referrer=referrer,
        referral=how,
        volumes_refused=_refused_volumes(referrer, (first[0], second[0])),
        window=days_window(days),
        n_not_scored=int((~known).sum()),
    )


def _own_rows(table: pa.Table, party: Party, window: Window | None) -> pa.Table:
    own = own_rows(table, party)
    if window is None:
        return own
    days = own["scored_at"]
    low, high = (pa.scalar(day, pa.date32()) for day in window)
    return own.filter(pc.and_(pc.greater_equal(days, low), pc.less_equal(days, high)))


def _refuse_outside(own: pa.Table, scale: Scale) -> None:
    """Refuse readings outside the scale's dates: before or after, the same number meant something else."""
    days = own["scored_at"]
    outside = pa.array(np.zeros(own.num_rows, dtype=np.bool_))
    if scale.valid_from is not None:
        outside = pc.or_(outside, pc.less(days, pa.scalar(scale.valid_from, pa.date32())))
    if scale.valid_to is not None:
        outside = pc.or_(outside, pc.greater_equal(days, pa.scalar(scale.valid_to, pa.date32())))
    bad = own.filter(outside)
    if bad.num_rows:
        dates = f"from {scale.valid_from or 'the beginning'} until {scale.valid_to or 'further notice'}"
        raise link_refused(
            scale.id,
            f"{_some_rows(bad)} outside the dates it holds for ({dates}), and readings across a change are never "
            "pooled. Give those rows the scale that held then, or pass a window inside the dates.",
        )


def _refuse_derived(own: pa.Table, scale: Scale) -> None:
    text = pc.utf8_trim_whitespace(pc.fill_null(own["derived_from"], ""))
    bad = own.filter(pc.not_equal(text, ""))
    if bad.num_rows:
        raise link_refused(
            scale.id,
            f"{_some_rows(bad)} derived from another record, so that one agency's score would be compared with itself. "
            "Leave these rows out of the shared cases.",
        )


def _some_rows(bad: pa.Table) -> str:
    """Name rows by number, the first few of them."""
    named = ", ".join(f"{row:,}" for row in bad["row"].to_pylist()[:_ROWS_NAMED])
    more = "" if bad.num_rows <= _ROWS_NAMED else f" and {bad.num_rows - _ROWS_NAMED:,} more"
    return f"row {named} is" if bad.num_rows == 1 else f"rows {named}{more} are"


def _texts(own: pa.Table, column: str) -> npt.NDArray[Any]:
    return np.array(own[column].to_pylist(), dtype=np.str_)


def _numbers(scale: Scale, texts: pa.ChunkedArray) -> Floats:
    return native_numbers(scale, parse_values(scale, texts))


def _referrers(both: list[pa.Table], first: str, second: str) -> npt.NDArray[np.int64]:
    """Return who referred each case; neither where the two rows name one side each."""
    said = [np.array(own["referred_by"].fill_null("").to_pylist(), dtype=np.str_) for own in both]
    by_first, by_second = ((said[0] == agency) | (said[1] == agency) for agency in (first, second))
    codes = np.where(by_first & ~by_second, SOURCE, np.where(by_second & ~by_first, TARGET, NEITHER))
    return codes.astype(np.int64)


def _refused_volumes(referrer: npt.NDArray[np.int64], agencies: tuple[str, str]) -> str:
    side = one_sided(referrer)
    if not side:
        return ""
    share = float(np.mean(referrer == side))
    return (
        f"{agencies[side - 1]} referred {100 * share:.0f} % of these cases (more than {100 * ONE_SIDED:.0f} %), so "
        "they may stand high on its scale for that reason alone: counts at the other's bar would mislead, and the "
        "equivalence is to be read with care. Share cases that others referred, or have both score the same vignettes."
    )
