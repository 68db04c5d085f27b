"""Understood readings of one scale, placed on the common scale; routes raise them, and never lower them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskshare.kernels.anchors import Floats
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.band_positions import BandPositions, band_positions
from riskshare.scales.policy_basis import PolicyPositions, policy_positions, to_common
from riskshare.scales.reading import ParsedValues

_Interval = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True, repr=False)
class Placed:
    """Readings of one scale on the common scale; equal-length arrays in the order given.

    ``low``, ``common`` and ``high`` are NaN where there is no position; the interval is half-open, and a point where
    all three are equal. ``is_high``: the owner's own "high" is met. ``override``: a route raised the reading.
    """

    low: Floats
    common: Floats
    high: Floats
    is_high: npt.NDArray[np.bool_]
    override: npt.NDArray[np.bool_]

    def __repr__(self) -> str:
        """Count only; never a value."""
        return f"Placed({len(self.common):,} readings)"


def place(
    scale: Scale, parsed: ParsedValues, common_scale: CommonScale, *, raised_to: npt.ArrayLike | None = None
) -> Placed:
    """Return the interval and representative position of each reading of one scale.

    Parameters
    ----------
    scale : Scale
    parsed : ParsedValues
        From ``parse_values`` on the same scale; n readings.
    common_scale : CommonScale
    raised_to : array_like of int, shape (n,), optional
        Place in ``scale.bands`` of the band a route raises to; −1 for none. A route applies only where its band is
        more severe than the reading's own, and stands alone where there is no value; never where the value is a fault.

    Returns
    -------
    Placed
        Length n; empty in, empty out.

    Raises
    ------
    LinkRefusedError
        The scale is nominal, states effort, or has no direction.
    PartnershipError
        The scale is not sound.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> from riskshare.scales.reading import parse_values
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local",
    ...     bands=(Band(name="below 14", starts=0.0), Band(name="14+", starts=14.0, pins="high")))
    >>> placed = place(dash, parse_values(dash, ["6", "24", "6"]), CommonScale(), raised_to=[-1, -1, 1])
    >>> placed.common.round(1).tolist(), placed.low.tolist(), placed.override.tolist()
    ([31.1, 89.0, 70.0], [0.0, 89.0, 70.0], [False, False, True])
    """
    positions = policy_positions(scale, common_scale)
    bands = band_positions(scale, positions, common_scale)
    to = np.full(len(parsed), -1) if raised_to is None else np.asarray(raised_to, dtype=np.int64)
    own_rank = np.where(parsed.band >= 0, bands.rank[parsed.band], -1)
    raised = (to >= 0) & (bands.rank[to] > own_rank) & (parsed.fault == "")
    own, floor = _own(scale, parsed, positions, bands), _floor(bands, to)
    # fmax takes the route's position where there is none of the reading's own.
    low, common, high = (np.where(raised, np.fmax(a, b), a) for a, b in zip(own, floor, strict=True))
    is_high = (bands.is_high[parsed.band] & (parsed.band >= 0)) | (bands.is_high[to] & raised)
    return Placed(low, common, high, is_high, raised.astype(np.bool_))


def _own(scale: Scale, parsed: ParsedValues, positions: PolicyPositions, bands: BandPositions) -> _Interval:
    """Return low, representative and high without any route."""
    b, x = parsed.band, parsed.number
    if scale.kind == "ordinal":
        ends = to_common(x - scale.step / 2.0, positions), to_common(x + scale.step / 2.0, positions)
        low, high = np.minimum(*ends), np.maximum(*ends)
        point = (low + high) / 2.0
    else:
        # The native band decides: rounding, or a cut met exactly on a measured scale that is turned round (where the
        # cut belongs to the safer band), must not carry a reading over the common edge.
        below_edge = np.where(bands.section_high >= 100.0, 100.0, np.nextafter(bands.section_high, 0.0))
        low = point = high = np.clip(to_common(x, positions), bands.section_low[b], below_edge[b])
    low, point, high = (
        np.where(parsed.by_label, of_band[b], of_number)
        for of_band, of_number in ((bands.low, low), (bands.middle, point), (bands.high, high))
    )
    return _unknown_where(b < 0, *_widened(bands, b, low, point, high))


def _floor(bands: BandPositions, to: npt.NDArray[np.int64]) -> _Interval:
    """Return the least that the band a route raises to implies."""
    return _unknown_where(to < 0, *_widened(bands, to, bands.low[to], bands.floor[to], bands.high[to]))


def _widened(bands: BandPositions, b: npt.NDArray[np.int64], low: Floats, point: Floats, high: Floats) -> _Interval:
    """Give a reading the whole section as its interval where an edge inside it was never published."""
    spans = bands.spans[b]
    return np.where(spans, bands.section_low[b], low), point, np.where(spans, bands.section_high[b], high)


def _unknown_where(missing: npt.NDArray[np.bool_], low: Floats, point: Floats, high: Floats) -> _Interval:
    return np.where(missing, np.nan, low), np.where(missing, np.nan, point), np.where(missing, np.nan, high)
