"""Heat maps drawn from places that were made safe first: smoothing is no protection, so it comes second.

A reader who knows the bandwidth (open source: he does) can undo a smooth surface by least squares. From one that was
drawn from fixed points he gets the fixed points back, and no more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.kernels.density import kernel_density
from riskshare.kernels.neighbourhoods import window_sums
from riskshare.places.grid import Grid, grid_over
from riskshare.records.arguments import is_number, is_whole, require
from riskshare.sharing.profiles import Profile, profile_for
from riskshare.sharing.refusals import refuse
from riskshare.sharing.rounding import rounded
from riskshare.sharing.snapping import Snapped

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Surface:
    """A smooth surface that an audience may see.

    Attributes
    ----------
    values : numpy.ndarray of float64, (rows, columns)
        Events per pixel, south row first; NaN where too few people live in the window.
    grid : Grid
        The pixels.
    bandwidth_m : float, metres
        Publish it: it is no secret.
    audience : str
    """

    values: Floats
    grid: Grid
    bandwidth_m: float
    audience: str

    def __repr__(self) -> str:
        """Size and audience; no value."""
        return f"Surface({self.values.shape[0]} × {self.values.shape[1]} pixels for {self.audience})"


def safe_surface(
    places: Snapped,
    *,
    bounds: tuple[float, float, float, float],
    pixel_m: int,
    bandwidth_m: float,
    people: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    withheld: Collection[int] = (),
    audience: str = "public",
) -> Surface:
    """Return a density surface drawn from places that may be shown, and from nothing else.

    Parameters
    ----------
    places : Snapped
        From `snap_to_cells` (public: cells of 500 m or more) or `snap`. Raw coordinates are not taken.
    bounds : tuple of float, metres
        West, south, east, north of the map. Events beyond it are left out.
    pixel_m : int, metres
    bandwidth_m : float, metres
        Radius of the kernel.
    people : three arrays, easting, northing and number, optional
        Where people live. Needed for partners: a pixel with fewer than 5 within the bandwidth is left blank.
    withheld : collection of int, optional
        Numbers of the places that a table issued beside the map withholds; they are left out of the surface too, since
        otherwise the map would give the count that the table hides.
    audience : str

    Returns
    -------
    Surface
        0 everywhere without events.

    Raises
    ------
    ArgumentError
        An argument is not of its kind.
    DisclosureError
        The places are not safe enough for the audience, or it is not told where people live and must be.
    PlaceError
        The map has no extent, or too many pixels.

    Notes
    -----
    Quartic kernel of `kernel_density` over the number of events at each place. For the public a cell of fewer than 10
    events is left out and the rest are rounded to 5 before smoothing, so that the surface is worked out from the public
    table alone and can tell nothing that the table does not. How many events were left out is not told: with a total
    known from elsewhere that would be the count of what is withheld. Method: safety, 0.2 and 3.2.

    Examples
    --------
    >>> from riskshare.sharing.snapping import snap_to_cells
    >>> places = snap_to_cells([250.0] * 12 + [750.0] * 3, [250.0] * 15)
    >>> surface = safe_surface(places, bounds=(0, 0, 999, 499), pixel_m=500, bandwidth_m=500)
    >>> surface.values.tolist()
    [[10.0, 0.0]]
    """
    _require(places, pixel_m, bandwidth_m)
    profile = profile_for(audience)
    refuse(_problems(places, profile, people is not None))
    west, south, east, north = bounds
    grid = grid_over((west, south, east, north), pixel_m)
    x, y, count, number = _at_places(places)
    kept = ~np.isin(number, list(withheld))
    if not profile.points:
        kept &= count >= profile.least_count
    shown = rounded(count, profile.round_to)
    values = np.zeros(grid.shape)
    pixel = grid.cell_of(x[kept], y[kept])
    np.add.at(values.reshape(-1), pixel[pixel >= 0], shown[kept][pixel >= 0])
    smooth = kernel_density(values, np.ones(grid.shape), bandwidth_m / pixel_m).density
    if people is not None:
        smooth = np.where(_enough(grid, people, bandwidth_m, profile.least_in_window), smooth, np.nan)
    return Surface(smooth, grid, float(bandwidth_m), audience)


def _require(places: object, pixel_m: object, bandwidth_m: object) -> None:
    require(
        "safe_surface",
        {
            "places must be Snapped, from snap or snap_to_cells: make places safe first, smooth second.": isinstance(
                places, Snapped
            ),
            "pixel_m must be a whole number of metres, 1 or more.": is_whole(pixel_m) and int(str(pixel_m)) >= 1,
            "bandwidth_m must be a number above 0.": is_number(bandwidth_m) and float(str(bandwidth_m)) > 0,
        },
    )


def _problems(places: Snapped, profile: Profile, told: bool) -> list[tuple[str, str]]:
    problems = []
    if not profile.points and (places.kind != "cell" or places.cell_m < profile.least_cell_m):
        problems.append(("raw_points", f"A surface for {profile.audience} is drawn from cells of "
                         f"{profile.least_cell_m} m or more, never from points: use snap_to_cells."))  # fmt: skip
    if profile.points and not told:
        problems.append(("people", f"A surface for {profile.audience} needs people: where they live, so that pixels "
                         f"with fewer than {profile.least_in_window} in their window are left blank."))  # fmt: skip
    return problems


def _at_places(places: Snapped) -> tuple[Floats, Floats, Ints, Ints]:
    """Return the places that hold events, how many events each holds, and its number."""
    known = places.place >= 0
    number, first, count = np.unique(places.place[known], return_index=True, return_counts=True)
    return places.x[known][first], places.y[known][first], count.astype(np.int64), number


def _enough(grid: Grid, people: tuple[ArrayLike, ArrayLike, ArrayLike], bandwidth_m: float, least: int) -> Flags:
    """Return which pixels have at least so many people within the bandwidth."""
    x, y, number = (np.asarray(one, dtype=np.float64).ravel() for one in people)
    refuse([] if x.size == y.size == number.size else [("people", "people must be three arrays of one length.")])
    pixel = grid.cell_of(x, y)
    live = np.zeros(grid.shape)
    np.add.at(live.reshape(-1), pixel[pixel >= 0], number[pixel >= 0])
    return np.asarray(window_sums(live, int(bandwidth_m // grid.cell_m), "round") >= least, dtype=np.bool_)
