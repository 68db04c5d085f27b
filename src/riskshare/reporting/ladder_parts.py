"""What every drawing of a ladder shares: colours, whose bands they are, and the stretches between published edges."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from riskshare.records.comparison_tables import Party
from riskshare.records.partnership import Partnership
from riskshare.reporting.words import agency_names

BAND_COLOURS: Final[Mapping[str, str]] = {
    "low": "#FFF3CF",
    "medium": "#FDC675",
    "high": "#EC7A3C",
    "very high": "#A6261F",
}
"""Ever darker, so that the order also reads in grey and with any colour vision; names and cuts stand on them too."""
INK: Final = "#222222"
SOFT: Final = "#666666"
PAPER: Final = {"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.75, "linewidth": 0.0}
"""Behind words that cross lines."""
LANE: Final = 0.62
"""Height of one ladder, as a share of the room between two."""
NAMED_EDGES: Final = ("low", "medium", "high", "very high")


def in_lines(paragraphs: Sequence[str], inches: float) -> str:
    """Return paragraphs wrapped to a picture's width at the size of its head: about twelve letters an inch."""
    return "\n".join(line for text in paragraphs for line in textwrap.wrap(text, int(12 * inches)))


def parties_of(bands: pd.DataFrame) -> list[tuple[Party, pd.DataFrame]]:
    """Return each agency and scale with its bands, in the order given."""
    return [((str(key[0]), str(key[1])), part) for key, part in bands.groupby(["agency", "scale"], sort=False)]


def title_of(party: Party, partnership: Partnership) -> str:
    """Return whose scale it is, on one line."""
    agency, scale = party
    name = scale_title(scale, partnership)
    return f"{agency_names(partnership)[agency]}, {name}" if agency else name


def label_of(party: Party, partnership: Partnership) -> str:
    """Return whose scale it is, on lines of their own."""
    agency, scale = party
    name = "\n".join(textwrap.wrap(scale_title(scale, partnership), 34))
    return f"{agency_names(partnership)[agency]}\n{name}" if agency else name


def scale_title(scale_id: str, partnership: Partnership) -> str:
    """Return a scale's name, with when it began where two scales share the name."""
    scale, names = partnership.scale(scale_id), [scale.name for scale in partnership.scales]
    if names.count(scale.name) == 1 or scale.valid_from is None:
        return scale.name
    return f"{scale.name}, from {scale.valid_from.year}"


def sections_of(part: pd.DataFrame, edges: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the stretches between published edges of one scale, with the bands inside each."""
    found = []
    starts = np.array([0.0, *edges.values()])
    for _, rows in part.groupby(["section_low", "section_high"], sort=True):
        low, high = float(rows["section_low"].iloc[0]), float(rows["section_high"].iloc[0])
        first = int(np.searchsorted(starts, low, side="right")) - 1
        last = int(np.searchsorted(starts, high, side="left")) - 1
        found.append(
            {
                "low": low,
                "high": high,
                "spans": bool(rows["spans"].any()),
                "first": NAMED_EDGES[first],
                "last": NAMED_EDGES[max(first, last)],
                "bands": rows["band"].tolist(),
                "starts": rows["low"].tolist(),
                "ends": rows["high"].tolist(),
            }
        )
    return found
