"""Each scale as a ladder: its native bands between the edges its owner published, on the policy basis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from riskshare.records.partnership import Partnership
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import PIN_ORDER, STEPPED, in_risk_order, refusal
from riskshare.scales.band_positions import band_positions, common_bands
from riskshare.scales.policy_basis import policy_positions

RUNG_COLUMNS: Final = (
    "agency", "scale", "band", "native_from", "low", "high", "section_low", "section_high", "low_known",
    "high_known", "spans", "common_band", "pins",
)  # fmt: skip
REFUSED_COLUMNS: Final = ("agency", "scale", "reason")


def rungs(partnership: Partnership, parties: Sequence[tuple[str, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the bands of some agencies' scales on the common scale, and the scales that are refused with the reason.

    Parameters
    ----------
    partnership : Partnership
    parties : sequence of (agency id, scale id)
        In the order wanted; an empty agency id stands for the scale itself.

    Returns
    -------
    bands : pandas.DataFrame
        ``RUNG_COLUMNS``, mildest band first: ``low`` to ``high`` as straight lines place the band, and the
        ``section_low`` to ``section_high`` between the nearest published edges. ``low_known`` and ``high_known``:
        that edge is an end of the scale or a published cut. ``spans``: a common edge that no cut pins lies in the
        section, so that only the section is known. ``pins`` is the common edge that the band's cut is pinned to.
    refused : pandas.DataFrame
        ``agency, scale, reason``: nominal scales, effort, and scales without a direction.
        Both are empty for no parties.

    Examples
    --------
    >>> import riskshare
    >>> from riskshare.io.examples import example_partnership
    >>> agreed = riskshare.load_partnership(example_partnership())
    >>> bands, refused = rungs(agreed, [("", "safelives.dash_ric"), ("", "ithrive")])
    >>> bands[["band", "section_low", "section_high", "common_band"]].values.tolist()
    [['below 14', 0.0, 70.0, 'low or medium'], ['14 or more', 70.0, 90.0, 'high']]
    >>> refused["scale"].tolist()
    ['ithrive']
    """
    found, refused = [], []
    for agency, scale_id in parties:
        scale = partnership.scale(scale_id)
        if reason := refusal(scale):
            refused.append((agency, scale_id, reason))
        else:
            found.append(_of_scale(agency, scale, partnership.common_scale))
    frames = found or [pd.DataFrame(columns=list(RUNG_COLUMNS))]
    return pd.concat(frames, ignore_index=True), pd.DataFrame(refused, columns=list(REFUSED_COLUMNS))


def _of_scale(agency: str, scale: Scale, common_scale: CommonScale) -> pd.DataFrame:
    bands = band_positions(scale, policy_positions(scale, common_scale), common_scale)
    low = np.where(bands.spans, bands.section_low, bands.low)
    high = np.where(bands.spans, bands.section_high, bands.high)
    frame = pd.DataFrame(
        {
            "agency": agency,
            "scale": scale.id,
            "band": [band.name for band in scale.bands],
            "native_from": [band.starts for band in scale.bands],
            "low": bands.low,
            "high": bands.high,
            "section_low": bands.section_low,
            "section_high": bands.section_high,
            "low_known": bands.low == bands.section_low,
            "high_known": bands.high == bands.section_high,
            "spans": bands.spans,
            "common_band": common_bands(low, high, common_scale),
            "pins": [band.pins or "" for band in scale.bands],
        }
    )
    return frame.iloc[np.argsort(bands.rank, kind="stable")]


def cut_positions(scale: Scale, common_scale: CommonScale) -> dict[str, float]:
    """Return where each published cut lies on the native axis, by the common edge it is pinned to, mildest first.

    Half a step below ``from`` on a scale read in whole steps (above it, where the scale runs towards safety). Empty
    where the scale publishes no cut, or is refused on linking.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local",
    ...     bands=(Band(name="below 14", starts=0.0), Band(name="14+", starts=14.0, pins="high")))
    >>> cut_positions(dash, CommonScale())
    {'high': 13.5}
    """
    if refusal(scale):
        return {}
    return {name: cut for name, cut, _ in policy_positions(scale, common_scale).cuts}


def high_edge(scale: Scale) -> str | None:
    """Return the common edge at which the owner's own "high" begins, or None where no cut says so."""
    pinned = {str(band.pins) for band in in_risk_order(scale) if band.pins}
    return next((edge for edge in PIN_ORDER[1:] if edge in pinned), None)


def cut_words(scale: Scale, edge: str) -> str:
    """Return the cut that pins an edge as its owner writes it: ``14 or more``, ``red``, ``6 or less``.

    On a stepped scale that runs towards safety the band's upper end is the cut, given as the last step inside it.
    """
    bands = list(scale.bands)
    at = next(i for i, band in enumerate(bands) if band.pins == edge)
    if scale.kind == "ordinal":
        return bands[at].name
    unit = " %" if scale.kind == "probability" and scale.hi is not None and scale.hi > 1.0 else ""
    if scale.direction != "safety":
        return f"{bands[at].starts:g}{unit} or more"
    step = scale.step if scale.kind in STEPPED else 0.0
    upper = bands[at + 1].starts - step
    return f"{upper:g}{unit} or less"
