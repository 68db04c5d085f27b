"""Where each native band lies on the common scale, and how much of that its owner actually published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskshare.kernels.anchors import Floats
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import PIN_ORDER, in_risk_order
from riskshare.scales.policy_basis import PolicyPositions, native_steps, to_common

COMMON_BANDS = ("low", *PIN_ORDER)


@dataclass(frozen=True, slots=True)
class BandPositions:
    """One entry a native band, in the order of ``scale.bands``; all positions are on the common scale.

    Attributes
    ----------
    rank : ndarray of int64
        0 for the least severe band.
    low, middle, high : ndarray of float64
        The band's own interval, half-open, and its middle. In an open top stretch the middle is its lower end: how
        far above the last cut a reading lies is not published.
    floor : ndarray of float64
        Where a route that raises to this band puts a reading: the middle of a level, else the band's lower end.
    section_low, section_high : ndarray of float64
        The nearest pinned edges around the band (or the ends of the scale).
    spans : ndarray of bool
        An edge that no cut pins lies inside the section, or the section has no top: the reading's interval is the
        whole section.
    is_high : ndarray of bool
        The band is at or above the owner's own "high".
    """

    rank: npt.NDArray[np.int64]
    low: Floats
    middle: Floats
    high: Floats
    floor: Floats
    section_low: Floats
    section_high: Floats
    spans: npt.NDArray[np.bool_]
    is_high: npt.NDArray[np.bool_]


def band_positions(scale: Scale, positions: PolicyPositions, common_scale: CommonScale) -> BandPositions:
    """Return where each band of a scale lies on the common scale.

    Parameters
    ----------
    scale : Scale
    positions : PolicyPositions
        The scale's own, from ``policy_positions``.
    common_scale : CommonScale

    Returns
    -------
    BandPositions

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> from riskshare.scales.policy_basis import policy_positions
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local",
    ...     bands=(Band(name="below 14", starts=0.0), Band(name="14+", starts=14.0, pins="high")))
    >>> bands = band_positions(dash, policy_positions(dash, CommonScale()), CommonScale())
    >>> bands.low.tolist(), bands.high.tolist(), bands.spans.tolist()
    ([0.0, 70.0], [70.0, 90.0], [True, False])
    """
    rank = np.arange(len(scale.bands))
    rank = rank[::-1].copy() if scale.direction == "safety" else rank
    pins = [(k, str(band.pins)) for k, band in enumerate(in_risk_order(scale)) if band.pins]
    bounds, crossed = _sections({pin for _, pin in pins}, common_scale)
    section = np.searchsorted([k for k, _ in pins], rank, side="right")
    open_top = (section == len(pins)) & (scale.hi is None)
    ends = to_common(native_steps(scale), positions)
    low = np.minimum(ends[:-1], ends[1:])
    high = np.where((rank == len(rank) - 1) | open_top, bounds[-1], np.maximum(ends[:-1], ends[1:]))
    middle = np.where(open_top, low, (low + high) / 2.0)
    first_high = min((k for k, pin in pins if pin != "medium"), default=len(rank))
    return BandPositions(
        rank=rank.astype(np.int64),
        low=low,
        middle=middle,
        high=high,
        floor=middle if scale.kind == "ordinal" else low,
        section_low=bounds[section],
        section_high=bounds[section + 1],
        spans=crossed[section] | open_top,
        is_high=rank >= first_high,
    )


def _sections(pinned: set[str], common_scale: CommonScale) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the bounds of the stretches between pinned edges, and which stretches hold an edge that none pins.

    Without a very-high cut the last stretch ends where very high would begin.
    """
    edges = dict(zip(PIN_ORDER, common_scale.edges, strict=True))
    top = 100.0 if "very high" in pinned else edges["very high"]
    bounds = np.array([0.0, *(at for name, at in edges.items() if name in pinned), top])
    loose = np.array([at for name, at in edges.items() if name not in pinned])
    crossed: npt.NDArray[np.bool_] = np.any((loose > bounds[:-1, None]) & (loose < bounds[1:, None]), axis=1)
    return bounds, crossed


def common_bands(low: Floats, high: Floats, common_scale: CommonScale) -> npt.NDArray[np.object_]:
    """Return the common band of each position, or every band its interval touches ("low or medium").

    Parameters
    ----------
    low, high : ndarray, shape (n,)
        Intervals on the common scale, half-open where ``high`` is above ``low``. NaN where there is no position.
    common_scale : CommonScale

    Returns
    -------
    ndarray of object (str), shape (n,)
        Empty text where there is no position; empty in, empty out.

    Examples
    --------
    >>> common_bands(np.array([70.0, 0.0, 0.0]), np.array([70.0, 70.0, 90.0]), CommonScale()).tolist()
    ['high', 'low or medium', 'low to high']
    """
    first = np.searchsorted(common_scale.edges, low, side="right")
    last = np.where(high > low, np.searchsorted(common_scale.edges, high, side="left"), first)
    names = np.empty((4, 4), dtype=object)
    for i, mild in enumerate(COMMON_BANDS):
        for j, severe in enumerate(COMMON_BANDS):
            names[i, j] = mild if i == j else f"{mild} {'or' if j == i + 1 else 'to'} {severe}"
    bands: npt.NDArray[np.object_] = np.where(np.isnan(low), "", names[first, last])
    return bands
