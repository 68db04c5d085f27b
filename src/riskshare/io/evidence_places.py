"""Where: coordinate pairs kept whole or made unknown, and a stop where a whole file has them wrong."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskshare.io.evidence_cells import Bools, Faults, Sheet, read_numbers
from riskshare.io.evidence_codes import stop

Floats = NDArray[np.float64]

LONGITUDES: Final = (-9.0, 2.0)
LATITUDES: Final = (49.0, 61.0)
"""The United Kingdom box (methods: safety, 5.2)."""
EASTINGS: Final = (0.0, 700_000.0)
NORTHINGS: Final = (0.0, 1_300_000.0)
"""The British National Grid (Ordnance Survey, "A guide to coordinate systems in Great Britain", section 7)."""
SYSTEMATIC_SHARE: Final = 0.5
"""More than this share wrong in the same way is a mistake of the file (methods: safety, 5.2)."""
SYSTEMATIC_ROWS: Final = 3
"""Proposal: fewer rows than this cannot show a habit; their cells become unknown instead."""
MAX_PRECISION_M: Final = 1_000_000.0


class Habits:
    """Counts what a source does wrong in the same way, piece by piece, where a source is read in pieces."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], list[int]] = {}

    def note(self, code: str, column: str, rows: int, faulty: int) -> None:
        """Add the rows of a piece with a whole pair of coordinates, and how many of them are wrong in this way."""
        kept = self.counts.setdefault((code, column), [0, 0])
        kept[0] += rows
        kept[1] += faulty

    def stop_if_any(self, source: str) -> None:
        """Stop the source where it has a habit, as ``read_places`` stops one that is read whole."""
        for (code, column), (rows, faulty) in self.counts.items():
            if _is_habit(rows, faulty):
                raise stop(source, code, column=column)


def read_places(sheet: Sheet, faults: Faults, habits: Habits | None = None) -> dict[str, Floats]:
    """Return easting, northing, longitude, latitude and precision_m for each row, NaN where unknown.

    A pair with one half missing, unreadable, outside the United Kingdom or at a system's default is unknown as a
    whole. Two complete pairs are both kept; whether they agree is for whoever projects them. With ``habits`` nothing
    stops here: the sheet is a piece of one source, and its counts are added to the others'.

    Raises
    ------
    EvidenceFileError
        ``swapped_coordinates``, ``grid_in_degrees`` or ``degrees_in_grid`` where more than half of a source's
        coordinates, and at least three, are wrong in that way.
    """
    places: dict[str, Floats] = {}
    if any(name in sheet.text or name in sheet.typed for name in ("longitude", "latitude")):
        places |= _pair(sheet, "longitude", "latitude", LONGITUDES, LATITUDES, faults, habits)
    if any(name in sheet.text or name in sheet.typed for name in ("easting", "northing")):
        places |= _pair(sheet, "easting", "northing", EASTINGS, NORTHINGS, faults, habits)
    places["precision_m"] = read_numbers(sheet, "precision_m", 0.0, MAX_PRECISION_M, faults)
    return places


def _pair(
    sheet: Sheet,
    x_name: str,
    y_name: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    faults: Faults,
    habits: Habits | None,
) -> dict[str, Floats]:
    x = read_numbers(sheet, x_name, -np.inf, np.inf, faults)
    y = read_numbers(sheet, y_name, -np.inf, np.inf, faults)
    has_x, has_y = ~np.isnan(x), ~np.isnan(y)
    faults.add(has_x & ~has_y, x_name, "half_a_pair")
    faults.add(has_y & ~has_x, y_name, "half_a_pair")
    both = has_x & has_y
    default = both & (((x == 0) & (y == 0)) | ((x == -1) & (y == -1)))
    fits = _within(x, x_range) & _within(y, y_range)
    in_degrees = x_name == "longitude"
    swapped = both & ~default & ~fits & _within(x, y_range) & _within(y, x_range)
    if in_degrees:
        _stop_if_habit(sheet, both, (np.abs(x) > 1_000) | (np.abs(y) > 1_000), "grid_in_degrees", x_name, habits)
    else:
        degrees = (_within(x, LONGITUDES) & _within(y, LATITUDES)) | (_within(y, LONGITUDES) & _within(x, LATITUDES))
        _stop_if_habit(sheet, both, degrees, "degrees_in_grid", x_name, habits)
        fits &= ~degrees
    _stop_if_habit(sheet, both, swapped, "swapped_coordinates", x_name, habits)
    outside = both & ~default & ~swapped & ~fits
    for where, code in ((default, "null_island"), (swapped, "swapped_coordinates"), (outside, "outside_uk")):
        faults.add(where, x_name, code)
        faults.add(where, y_name, code)
    kept = both & ~default & fits
    return {x_name: np.where(kept, x, np.nan), y_name: np.where(kept, y, np.nan)}


def _within(values: Floats, ends: tuple[float, float]) -> Bools:
    return (values >= ends[0]) & (values <= ends[1])


def _stop_if_habit(sheet: Sheet, both: Bools, wrong: Bools, code: str, column: str, habits: Habits | None) -> None:
    if habits is not None:
        habits.note(code, column, int(both.sum()), int((both & wrong).sum()))
        return
    counts: NDArray[Any] = np.bincount(sheet.source_of[both], minlength=len(sheet.sources))
    faulty = np.bincount(sheet.source_of[both & wrong], minlength=len(sheet.sources))
    for source, rows, wrongly in zip(sheet.sources, counts.tolist(), faulty.tolist(), strict=True):
        if _is_habit(rows, wrongly):
            raise stop(source, code, column=column)


def _is_habit(rows: int, faulty: int) -> bool:
    return faulty > SYSTEMATIC_SHARE * rows and faulty >= SYSTEMATIC_ROWS
