"""Every reading beside its place on the common scale: native value, native band and common position side by side.

Policy basis: positions are what partners agreed, not probabilities.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.kernels.anchors import Floats
from riskshare.records.arguments import require
from riskshare.records.partnership import Partnership
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import refusal
from riskshare.scales.band_positions import common_bands
from riskshare.scales.place import place
from riskshare.scales.reading import Strings, parse_values

BASIS: Final = "policy"
UNKNOWN_SCALE: Final = "the scale is not agreed in this partnership"
UNKNOWN_ROUTE: Final = "the route is not one of the scale's own"
BY_ROUTE_ALONE: Final = "; placed by its route alone"

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Readings:
    """Every row that names a scale, in row order; equal-length arrays.

    Attributes
    ----------
    index : ndarray of int64
        Place of the row in the table given, from 0.
    scale, native_text, native_band, route : ndarray of object (str)
        As sent; the band the owner's cuts give it; empty where there is none. A route does not change the native band.
    native_number : ndarray of float64
        NaN where a label, or nothing usable, was sent.
    common_low, common, common_high : ndarray of float64
        Interval (half-open) and representative position, 0–100; all three equal where the position is a point; NaN
        where there is no position.
    common_band : ndarray of object (str)
        ``low``, ``medium``, ``high``, ``very high``; where the interval holds an edge the owner did not publish,
        every band it may be, such as ``low or medium``; empty where there is no position.
    is_high : ndarray of bool
        The owner's own "high" is met, by the native band or by a route.
    override : ndarray of bool
        A route raised the reading.
    outside_validity : ndarray of bool
        The event falls outside the scale's validity dates; the reading is placed all the same.
    not_scored : ndarray of bool
        There is no common position; ``reason`` says why. Never 0.
    reason : ndarray of object (str)
        Also given where a reading without a value was placed by its route alone, or its route is unknown.
    partnership_version : str
    """

    index: npt.NDArray[np.int64]
    scale: Strings
    native_text: Strings
    native_number: Floats
    native_band: Strings
    route: Strings
    common_low: Floats
    common: Floats
    common_high: Floats
    common_band: Strings
    is_high: Bools
    override: Bools
    outside_validity: Bools
    not_scored: Bools
    reason: Strings
    partnership_version: str

    def __len__(self) -> int:
        """Return how many readings there are."""
        return len(self.index)

    def __repr__(self) -> str:
        """Return counts only; never a value."""
        return f"Readings({len(self):,} readings, {int(self.not_scored.sum()):,} not scored, basis={BASIS!r})"

    @property
    def table(self) -> pd.DataFrame:
        """The same as a data frame, one row a reading; missing numbers are ``<NA>``. A fresh copy."""
        frame = pd.DataFrame({f.name: getattr(self, f.name) for f in fields(self) if f.name != "partnership_version"})
        numbers = frame.columns[frame.dtypes == np.float64]
        return frame.astype(dict.fromkeys(numbers, "Float64"))

    @property
    def severity(self) -> Floats:
        """Common position as a share of the scale, 0–1 (methods: model, section 4); NaN where not scored."""
        return self.common / 100.0


def normalise(rows: pa.Table, partnership: Partnership) -> Readings:
    """Place every row that names a scale on the common scale, on the policy basis.

    A number lies at its place on the scale's anchor curve, inside its own native band's section. A level or a label
    is the band's interval with the middle as representative. A reading in a section that holds an edge no cut pins
    has the whole section as its interval. Routes only raise: position = max(the reading's, the least that the band
    raised to implies). Nominal and effort readings, readings that could not be judged and readings that cannot be
    understood are not scored, with the reason, and keep their native text and band. The curves are those of
    ``policy_positions`` (methods: thresholds, C1–C4).

    Parameters
    ----------
    rows : pyarrow.Table
        Accepted evidence (``EVIDENCE_SCHEMA``); ``scale``, ``value``, ``route`` and ``event_date`` are read.
    partnership : Partnership

    Returns
    -------
    Readings
        One entry for each row whose ``scale`` is not null; empty input gives an empty result.

    Raises
    ------
    ArgumentError
        An argument is something else.
    PartnershipError
        A scale that the rows use is not sound.

    Examples
    --------
    Safelives count 14 or more of 24 as high.

    >>> import riskshare
    >>> from riskshare.io.examples import example_partnership
    >>> agreed = riskshare.load_partnership(example_partnership())
    >>> day = pa.array([dt.date(2026, 3, 1)] * 2)
    >>> sent = pa.table({"scale": ["safelives.dash_ric"] * 2, "value": ["14", None], "route": pa.nulls(2, pa.string()),
    ...     "event_date": day})
    >>> readings = normalise(sent, agreed)
    >>> readings.common_band.tolist(), readings.reason.tolist(), readings
    (['high', ''], ['', 'no value given'], Readings(2 readings, 1 not scored, basis='policy'))
    """
    kinds = {"scale": pa.string(), "value": pa.string(), "route": pa.string(), "event_date": pa.date32()}
    require(
        "normalise",
        {
            "rows must be a pyarrow table of accepted evidence with the text columns scale, value and route and the "
            "dates event_date, such as Evidence.rows.": isinstance(rows, pa.Table)
            and all(rows.column_names.count(name) == 1 and rows[name].type == kind for name, kind in kinds.items()),
            "partnership must be a Partnership, as load_partnership gives.": isinstance(partnership, Partnership),
        },
    )
    index = np.flatnonzero(pc.is_valid(rows["scale"]).to_numpy()).astype(np.int64)
    used = rows.select(list(kinds)).take(pa.array(index))
    columns = _blank(index, used, partnership.version)
    agreed = {scale.id: scale for scale in partnership.scales}
    codes, names = pd.factorize(columns["scale"])
    for code, name in enumerate(names):
        at = np.flatnonzero(codes == code)
        if name not in agreed:
            columns["reason"][at] = UNKNOWN_SCALE
            continue
        for column, values in _normalised(agreed[name], used.take(pa.array(at)), partnership.common_scale).items():
            columns[column][at] = values
    columns["not_scored"] = np.isnan(columns["common"])
    return Readings(**columns)


def _blank(index: npt.NDArray[np.int64], used: pa.Table, version: str) -> dict[str, Any]:
    """Return the columns as sent, with nothing placed yet."""
    n = len(index)
    columns: dict[str, Any] = {"index": index, "partnership_version": version}
    sent = {"scale": "scale", "native_text": "value", "route": "route"}
    columns |= {name: _texts(used[column]) for name, column in sent.items()}
    columns |= {name: np.full(n, np.nan) for name in ("native_number", "common_low", "common", "common_high")}
    columns |= {name: np.full(n, "", dtype=object) for name in ("native_band", "common_band", "reason")}
    columns |= {name: np.zeros(n, dtype=np.bool_) for name in ("is_high", "override", "outside_validity")}
    return columns


def _texts(column: pa.ChunkedArray) -> Strings:
    texts: Strings = np.array(["" if text is None else text for text in column.to_pylist()], dtype=object)
    return texts


def _normalised(scale: Scale, used: pa.Table, common_scale: CommonScale) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of the readings of one scale."""
    parsed = parse_values(scale, used["value"])
    bands = np.array([*(band.name for band in scale.bands), ""], dtype=object)
    columns: dict[str, npt.NDArray[Any]] = {
        "native_number": parsed.number,
        "native_band": bands[parsed.band],
        "outside_validity": _outside(scale, used["event_date"]),
        "reason": np.where(parsed.fault != "", parsed.fault, parsed.reason),
    }
    if refused := refusal(scale):
        return columns | {"reason": np.where(columns["reason"] != "", columns["reason"], refused)}
    raised_to, unknown = _routes(scale, _texts(used["route"]))
    placed = place(scale, parsed, common_scale, raised_to=raised_to)
    return columns | {
        "common_low": placed.low,
        "common": placed.common,
        "common_high": placed.high,
        "common_band": common_bands(placed.low, placed.high, common_scale),
        "is_high": placed.is_high,
        "override": placed.override,
        "reason": _reasons(columns["reason"], np.isnan(placed.common), unknown),
    }


def _outside(scale: Scale, event_date: pa.ChunkedArray) -> Bools:
    """Return which events fall outside [valid_from, valid_to)."""
    day = event_date.to_numpy().astype("datetime64[D]")
    first = np.datetime64(scale.valid_from or dt.date.min, "D")
    after = np.datetime64(scale.valid_to or dt.date.max, "D")
    outside: Bools = (day < first) | ((day >= after) & (scale.valid_to is not None))
    return outside


def _routes(scale: Scale, route: Strings) -> tuple[npt.NDArray[np.int64], Bools]:
    """Return the band each route raises to (−1 for none), and which routes the scale does not have."""
    band = {b.name: i for i, b in enumerate(scale.bands)}
    raised_to, known = np.full(len(route), -1, dtype=np.int64), route == ""
    for rule in scale.routes:
        raised_to[route == rule.id] = band.get(rule.raises_to, -1)
        known |= route == rule.id
    return raised_to, ~known.astype(np.bool_)


def _reasons(reason: Strings, unplaced: Bools, unknown_route: Bools) -> Strings:
    """Add to why a value is not scored that its route placed it all the same, or that the route is unknown."""
    by_route = (reason != "") & ~unplaced
    said: Strings = np.where(by_route, reason + BY_ROUTE_ALONE, reason)
    return np.where(unknown_route, np.where(said == "", UNKNOWN_ROUTE, said + "; " + UNKNOWN_ROUTE), said)
