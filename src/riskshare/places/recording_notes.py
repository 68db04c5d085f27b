"""What a result on recording practice must say beside its figures. Methods: places, section 5.5."""

from __future__ import annotations

from typing import Final

import numpy as np

from riskshare.places.borders import Cut
from riskshare.places.levelling import CAP, FEWEST_TO_SHRINK
from riskshare.places.offsets import Offsets
from riskshare.places.recording_tables import Unit
from riskshare.places.recording_units import Field, second_category
from riskshare.places.second_source import CAVEAT

SOCIAL: Final = (
    "A true social step at the line is absorbed as \"recording\": where one side is really worse off, its offset hides "
    "some of what it suffers. Read raw and adjusted findings beside each other; no area may leave view by adjustment."
)  # fmt: skip
"""The warning that goes with every result."""


def cut_notes(cut: Cut, *, snap_given: bool, barriers_given: bool) -> list[str]:
    """Return how strips were cut, and what was not given."""
    notes = [
        f"Strips of {cut.width_m:,.0f} m each side of every line between organisations; {cut.snap_m:,.0f} m at the "
        f"line are left out; pieces of at most {cut.segment_m:,.0f} m."
    ]
    if not snap_given:
        notes.append("No snap radius was given: if places are snapped or blurred, set snap_m to how far.")
    if not barriers_given:
        notes.append("No barriers were given: border along rivers, motorways, railways and parks is not left out.")
    return notes


def second_notes(field: Field, units: list[Unit], second: str | None, *, pairs: bool) -> list[str]:
    """Return what using a second source assumes."""
    if second is None:
        return []
    notes = [f"{second!r} is taken to be recorded under one practice on both sides of every line, as declared."]
    lacking = sorted({unit.category for unit in units if second_category(field, second, unit.category) is None})
    if lacking:
        notes.append(f"{second!r} has no {', '.join(lacking)}: all its events stand beside it.")
    return [*notes, CAVEAT] if pairs else notes


def applied_notes(units: list[Unit]) -> list[str]:
    """Return what stands between offsets as found and as applied: shrinkage, caps, and those not estimable."""
    notes = []
    for unit in units:
        found: Offsets = unit.offsets
        what = f"{unit.source}, {unit.category}"
        if np.isfinite(found.together.tau2):
            notes.append(
                f"{what}: {FEWEST_TO_SHRINK} organisations or more, so offsets applied are drawn to their mean "
                f"(between them τ² = {found.together.tau2:.3f}); intervals shown are of offsets as found."
            )
        capped = np.flatnonzero(np.abs(found.together.used) > CAP)
        if capped.size:
            names = ", ".join(unit.names[number] for number in capped)
            notes.append(f"{what}: capped at a ratio of 3 when applied, look at these first: {names}.")
        lone = [name for name, number in zip(unit.names, found.together.component, strict=True) if number < 0]
        if lone:
            notes.append(f"{what}: not estimable for {', '.join(lone)}; nothing of theirs is adjusted.")
    return notes
