"""What each published scale's reading looks like when an agency sends it."""

from __future__ import annotations

from sampler.draw import Draw

COUNTS = {
    "safelives.dash_ric": (2, 22),
    "rcp.news2": (0, 11),
    "sdq.uk_teacher": (3, 32),
    "sdq.uk_parent": (3, 32),
    "yjb.scaled_approach_2009": (3, 54),
    "hmpps.ovp": (4, 84),
    "hmpps.ogrs3": (8, 92),
    "dfe.absence_2015": (2, 62),
}
"""Lowest and highest reading usually met."""

LABELS = {
    "mash.merton": ("blue", "green", "amber", "red"),
    "police.missing_2010": ("low", "medium", "high"),
    "cse.kent_medway": ("at risk", "medium", "high"),
    "need.levels": ("universal", "early help", "complex/CIN", "acute/CP"),
    "sos.safety": ("10", "9", "8", "7", "6", "5", "4", "3", "2", "1", "0"),
}
"""Labels from least to most worrying."""


def reading(draw: Draw, scale: str, level: int) -> str:
    """Return a reading that rises with the level (0–9), with the scatter of real scorers."""
    place = min(max(level * 9 + 10 + draw.bell(16), 0), 99)
    if scale in LABELS:
        labels = LABELS[scale]
        return labels[place * len(labels) // 100]
    low, high = COUNTS[scale]
    return str(low + (high - low) * place // 99)
