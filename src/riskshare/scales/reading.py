"""What an agency wrote as a reading, understood strictly: a number, a band's label, "not scored", or a fault.

Nothing is guessed, clipped or turned into zero. No function here repeats a value in a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.records.scale import Scale
from riskshare.scales.agreed import PLAIN_NUMBER, STEPPED

NO_VALUE: Final = "no value given"
"""The reason given where a reading's cell is empty."""

FAULT_CODES: Final = ("not_a_reading", "not_whole_steps", "out_of_range")
"""Every fault of a reading; what to do about each stands with the other faults of evidence."""

Strings = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class NotScored:
    """The agency says that it could not judge. Never 0, never a mean."""

    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The reading cannot be understood. ``code`` is one of ``FAULT_CODES``."""

    code: str


@dataclass(frozen=True, slots=True)
class Level:
    """A band was named, without a number."""

    band: str


@dataclass(frozen=True, slots=True, repr=False)
class ParsedValues:
    """Readings of one scale, understood; equal-length arrays in the order given.

    Attributes
    ----------
    number : ndarray of float64
        The native number; NaN where none was written (a label is kept as its band).
    band : ndarray of int64
        Place of the native band in ``scale.bands``; −1 where there is none.
    by_label : ndarray of bool
        Only a band is known, not where in it.
    reason : ndarray of object (str)
        Why it is not scored; empty where it is.
    fault : ndarray of object (str)
        One of ``FAULT_CODES``; empty where there is none.
    """

    number: npt.NDArray[np.float64]
    band: npt.NDArray[np.int64]
    by_label: npt.NDArray[np.bool_]
    reason: Strings
    fault: Strings

    def __len__(self) -> int:
        """Return how many readings there are."""
        return len(self.number)

    def __repr__(self) -> str:
        """Count only; never a value."""
        return f"ParsedValues({len(self):,} readings)"

    def take(self, places: npt.NDArray[np.int64]) -> ParsedValues:
        """Return the readings at these places."""
        return ParsedValues(
            self.number[places], self.band[places], self.by_label[places], self.reason[places], self.fault[places]
        )


def parse_values(
    scale: Scale, texts: Sequence[str | None] | npt.NDArray[Any] | pa.Array | pa.ChunkedArray
) -> ParsedValues:
    """Return what each text means on this scale.

    In this order: an empty cell is not scored (``no value given``); a ``not_scored`` label is not scored, for the
    reason it names; a plain number is that number, range-checked; a band's name is that band. Labels match whole,
    whatever their case: "High" and "high" are one label (``scale_problems`` refuses a scale where they are two), and
    nothing else about them is forgiven, not even a space. Count, ordinal and effort numbers must be whole steps from
    ``lo``; a nominal number must be a band's own.

    Parameters
    ----------
    scale : Scale
    texts : sequence of str or None, shape (n,)

    Returns
    -------
    ParsedValues
        Length n; empty input gives an empty result.

    Examples
    --------
    >>> from riskshare.records.scale import Band, Scale
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local", not_scored=("declined",),
    ...     bands=(Band(name="below 14", starts=0.0), Band(name="14+", starts=14.0, pins="high")))
    >>> parsed = parse_values(dash, ["15", "declined", "14,5", "14.5", "25", None])
    >>> parsed.number.tolist()
    [15.0, nan, nan, nan, nan, nan]
    >>> parsed.reason.tolist()
    ['', 'declined', '', '', '', 'no value given']
    >>> parsed.fault.tolist()
    ['', '', 'not_a_reading', 'not_whole_steps', 'out_of_range', '']
    """
    column = texts if isinstance(texts, (pa.Array, pa.ChunkedArray)) else pa.array(list(texts), type=pa.string())
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = pc.fill_null(column.cast(pa.string()), "").dictionary_encode()
    # Agencies write few different values many times: each is understood once.
    return _parse_distinct(scale, coded.dictionary).take(coded.indices.to_numpy().astype(np.int64))


def parse_value(scale: Scale, text: str | None) -> float | Level | NotScored | Fault:
    """Return what one text means on this scale; see ``parse_values``.

    Examples
    --------
    >>> from riskshare.records.scale import Band, Scale
    >>> rosh = Scale(id="rosh", name="RoSH", owner="x", kind="ordinal", lo=1.0, hi=2.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="low", starts=1.0), Band(name="high", starts=2.0)))
    >>> parse_value(rosh, "High"), parse_value(rosh, "2"), parse_value(rosh, "")
    (Level(band='high'), 2.0, NotScored(reason='no value given'))
    """
    parsed = parse_values(scale, [text])
    if parsed.fault[0]:
        return Fault(parsed.fault[0])
    if parsed.reason[0]:
        return NotScored(parsed.reason[0])
    if parsed.by_label[0]:
        return Level(scale.bands[parsed.band[0]].name)
    return float(parsed.number[0])


def _parse_distinct(scale: Scale, texts: pa.Array) -> ParsedValues:
    starts = np.array([band.starts for band in scale.bands], dtype=np.float64)
    empty = pc.equal(texts, "").to_numpy(zero_copy_only=False)
    unjudged = _label_places(texts, scale.not_scored)
    number = np.where(unjudged >= 0, np.nan, _numbers(texts))
    wordy = (unjudged < 0) & np.isnan(number)
    labelled = np.where(wordy, _label_places(texts, tuple(band.name for band in scale.bands)), -1)
    fault = _faults(scale, number, starts)
    fault[(labelled >= 0) | (unjudged >= 0) | empty] = ""
    number[fault != ""] = np.nan
    band = np.where(np.isnan(number), labelled, np.searchsorted(starts, number, side="right") - 1)
    reasons = np.array([*scale.not_scored, ""], dtype=object)
    reason = np.where(empty, NO_VALUE, reasons[unjudged])
    return ParsedValues(number, band.astype(np.int64), labelled >= 0, reason, fault)


def _label_places(texts: pa.Array, labels: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return which label each text is, whatever its case; −1 where it is none."""
    found = pc.index_in(pc.utf8_lower(texts), value_set=pc.utf8_lower(pa.array(labels, type=pa.string())))
    places: npt.NDArray[np.int64] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _numbers(texts: pa.Array) -> npt.NDArray[np.float64]:
    """Return each text as a number; NaN where it is not a plain one."""
    plain = pc.match_substring_regex(texts, PLAIN_NUMBER)
    only = pc.if_else(plain, texts, pa.scalar(None, pa.string())).cast(pa.float64())
    numbers: npt.NDArray[np.float64] = np.array(pc.fill_null(only, np.nan).to_numpy(zero_copy_only=False))
    return numbers


def _faults(scale: Scale, number: npt.NDArray[np.float64], starts: npt.NDArray[np.float64]) -> Strings:
    """Return the fault of each number; a number that could not be read at all is ``not_a_reading``."""
    lo = -np.inf if scale.lo is None else scale.lo
    hi = np.inf if scale.hi is None else scale.hi
    fault = np.full(len(number), "", dtype=object)
    if scale.kind in (*STEPPED, "effort"):
        steps = (number - (scale.lo or 0.0)) / scale.step
        fault[np.abs(steps - np.round(steps)) >= 1e-9] = "not_whole_steps"
    fault[(number < lo) | (number > hi)] = "out_of_range"
    if scale.kind == "nominal":
        fault[~np.isin(number, starts)] = "out_of_range"
    fault[np.isnan(number)] = "not_a_reading"
    return fault
