"""Events as points: checked, in metres, with every default said aloud. Methods: places, section 5.1."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places import point_columns
from riskshare.places.crs import Projection, beyond_grid, crs_problems, to_grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

NO_DAY: Final = point_columns.NO_DAY
"""The day of an event without a date."""
ONE_SOURCE: Final = "all"
"""The name of the source, organisation or category where a table names none."""

_DEFAULTS: Final = {
    "source": "no column `source`: all events are taken as one source's",
    "recorded_by": "no column `recorded_by`: each authority is taken as its own recording organisation",
    "category": "no column `category`: all events are taken as one category",
    "date": "no column `date`: time is not used",
    "claim_id": "no column `claim_id`: every row is taken as an event of its own",
    "weight": "no column `weight`: every event counts 1",
    "arises_from": "no column `arises_from`: every event is taken as reported, none as found by enforcement",
    "precision_m": "no column `precision_m`: how precisely events are placed is not known",
}


@dataclass(frozen=True, slots=True, repr=False)
class Points:
    """Events in British National Grid metres; arrays of one length.

    Attributes
    ----------
    x, y : numpy.ndarray of float64, metres
    source, recorded_by, category : numpy.ndarray of object (str)
        ``recorded_by`` is empty where a table names no organisation: the area's authority stands for it.
    day : numpy.ndarray of int64
        Days since 1970-01-01; ``NO_DAY`` without a date.
    claim : numpy.ndarray of int64
        Events of one claim share a number.
    weight : numpy.ndarray of float64
        For ranking only; the decision counts whole events.
    looked : numpy.ndarray of bool
        Found by enforcement or our own prompting: drawn as "where we looked", never counted.
    precision_m : numpy.ndarray of float64, metres
        How far an event may lie from where it is placed; NaN where nobody says.
    row : numpy.ndarray of int64
        The row of the table that each came from, from 1, as messages number them.
    projection : Projection
    notes : tuple of str
        Every default that was taken, and everything left out, in sentences.
    joined : tuple of str
        Sources that reported claims which another source reported too, once ``strata.whole_claims`` has counted each
        claim once; empty before.
    """

    x: Floats
    y: Floats
    source: Texts
    recorded_by: Texts
    category: Texts
    day: Ints
    claim: Ints
    weight: Floats
    looked: NDArray[np.bool_]
    precision_m: Floats
    row: Ints
    projection: Projection
    notes: tuple[str, ...]
    joined: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many."""
        return int(self.x.size)

    def __repr__(self) -> str:
        """Return how many; never where."""
        return f"Points({len(self):,} events)"

    def take(self, which: NDArray[np.bool_] | Ints) -> Points:
        """Return some of the events, by mask or number."""
        return Points(
            self.x[which], self.y[which], self.source[which], self.recorded_by[which], self.category[which],
            self.day[which], self.claim[which], self.weight[which], self.looked[which], self.precision_m[which],
            self.row[which], self.projection, self.notes, self.joined,
        )  # fmt: skip


def check_points(frame: gpd.GeoDataFrame) -> Points:
    """Return events that can be used.

    Parameters
    ----------
    frame : GeoDataFrame
        Points in any stated reference system, with optional columns ``source``, ``recorded_by``, ``category``,
        ``date`` (dates; or text as YYYY-MM-DD, YYYY-MM or a moment such as 2026-03-31T23:30Z), ``claim_id``,
        ``weight`` (above 0), ``arises_from`` (as in evidence; blank is reported) and ``precision_m`` (metres, blank
        where not known). Each missing one takes a default that is said in ``notes``, as do blank sources, categories
        and organisations. A moment with a zone counts on the day that it was in London; one without counts on the day
        it names.

    Returns
    -------
    Points
        Events without a place, at null island or beyond the National Grid are left out, with their number in
        ``notes``.

    Raises
    ------
    PlaceError
        With every problem: not a GeoDataFrame, a column that stands twice or is a known one misspelt, shapes that are
        not points, no or unlikely reference system, dates, weights or ways of arising that cannot be read, nothing
        left.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        hint = "points must be a GeoDataFrame or an Assessment; geopandas.points_from_xy makes one from two columns."
        raise PlaceError([PlaceProblem("not_points", hint)])
    twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]} & set(point_columns.READERS))
    if twice:
        hint = f"These columns of the points stand more than once: {', '.join(twice)}. Keep one of each."
        raise PlaceError([PlaceProblem("column_twice", hint)])
    problems = [*_misspelt(frame), *_shape_problems(frame), *crs_problems(frame, "The points")]
    columns: dict[str, Any] = {}
    for name, read in point_columns.READERS.items():
        if name in frame:
            columns[name], found = read(frame[name])
            problems += found
    if problems:
        raise PlaceError(problems)
    return _assemble(frame, columns)


def _misspelt(frame: gpd.GeoDataFrame) -> list[PlaceProblem]:
    """Return columns that are hardly anything but a known one misspelt: its default would be taken without a word."""
    given = [str(name) for name in frame.columns]
    plain = {name: name.strip().lower().replace(" ", "_").replace("-", "_") for name in given if name not in _DEFAULTS}
    found = []
    for known in sorted(_DEFAULTS.keys() - set(given)):
        near = difflib.get_close_matches(known, plain.values(), n=1, cutoff=0.85)
        found += [(name, known) for name, like in plain.items() if like in near]
    return [PlaceProblem("misspelt_column", f"The points have a column {name!r} and no `{known}`. Name it `{known}` if "
                         "that is what it holds; if not, name it otherwise or leave it out.")
            for name, known in found]  # fmt: skip


def _assemble(frame: gpd.GeoDataFrame, columns: dict[str, Any]) -> Points:
    missing = _placeless(frame)
    moved, projection = to_grid(frame[[frame.geometry.name]][~missing])
    shapes = moved.geometry.to_numpy()
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    off = beyond_grid(x, y) | ~np.isfinite(x) | ~np.isfinite(y)
    keep = np.flatnonzero(~missing)[~off]
    notes = [text for name, text in _DEFAULTS.items() if name not in frame]
    notes += [projection.note] if projection.note else []
    beyond = np.flatnonzero(~missing)[off]
    notes += _left_out(np.flatnonzero(missing), beyond)
    notes += [] if "claim_id" in frame else _repeats(frame, keep)
    if keep.size == 0:
        hint = "No event has a place that can be used. " + " ".join(_left_out(np.flatnonzero(missing), beyond))
        raise PlaceError([PlaceProblem("no_points", hint.strip())])
    n = len(frame)
    defaults: dict[str, Any] = {
        "source": np.full(n, ONE_SOURCE, dtype=object), "recorded_by": np.full(n, "", dtype=object),
        "category": np.full(n, ONE_SOURCE, dtype=object), "date": np.full(n, NO_DAY), "claim_id": np.arange(n),
        "weight": np.ones(n), "arises_from": np.zeros(n, dtype=np.bool_), "precision_m": np.full(n, np.nan),
    }  # fmt: skip
    cells = {name: columns.get(name, default)[keep] for name, default in defaults.items()}
    notes += _blanks(columns, cells)
    return Points(
        x[~off], y[~off], cells["source"], cells["recorded_by"], cells["category"], cells["date"], cells["claim_id"],
        cells["weight"], cells["arises_from"], cells["precision_m"], keep + 1, projection, tuple(notes),
    )  # fmt: skip


def _blanks(columns: dict[str, Any], cells: dict[str, Any]) -> list[str]:
    """Return notes on cells of columns that are there and say nothing: what they are then taken as."""
    notes = []
    for name in ("source", "category"):
        n = int((cells[name] == point_columns.NOT_STATED).sum()) if name in columns else 0
        if n:
            notes.append(f"{_events(n)} no `{name}`: taken as {point_columns.NOT_STATED!r}, as if that were one.")
    nobody = cells["recorded_by"] == "" if "recorded_by" in columns else np.zeros(0, dtype=np.bool_)
    if nobody.any():
        of = ", ".join(sorted(set(cells["source"][nobody].tolist())))
        notes.append(
            f"{_events(int(nobody.sum())).replace('has', 'names').replace('have', 'name')} no organisation in "
            f"`recorded_by` (of {of}): for them each authority is taken as its own. Name who recorded if they are one."
        )
    return notes


def _events(n: int) -> str:
    return "1 event has" if n == 1 else f"{n:,} events have"


def _left_out(placeless: Ints, off: Ints) -> list[str]:
    kinds = ((placeless, "without a place, or at 0, 0,"), (off, "beyond the British National Grid"))
    return [f"{which.size:,} events {what} were left out{_first(which)}." for which, what in kinds if which.size]


def _first(rows: Ints) -> str:
    """Return where the first of some rows stands, for a note."""
    return f" (row {rows[0] + 1})" if rows.size == 1 else f" (the first is row {rows[0] + 1})"


def _repeats(frame: gpd.GeoDataFrame, keep: Ints) -> list[str]:
    """Return a note on rows that say the same as an earlier one: two events, or one sent twice; nothing tells which."""
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name)).iloc[keep]
    shapes = frame.geometry.to_numpy()[keep]
    table = plain.astype(str).assign(_x=shapely.get_x(shapes), _y=shapely.get_y(shapes))
    again = keep[table.duplicated().to_numpy()]
    if not again.size:
        return []
    return [
        f"{again.size:,} rows say the same as an earlier one in every column{_first(again)}; each counts. If some were "
        "sent twice, give a column `claim_id`."
    ]


def _shape_problems(frame: gpd.GeoDataFrame) -> list[PlaceProblem]:
    if len(frame) == 0:
        return [PlaceProblem("no_points", "There are no events. Give at least one point.")]
    shapes = frame.geometry.to_numpy()
    other = ~shapely.is_missing(shapes) & (shapely.get_type_id(shapes) != 0)
    if not other.any():
        return []
    first = int(np.argmax(other)) + 1
    hint = f"{int(other.sum()):,} of the points are lines, areas or multipoints; the first is row {first}."
    return [PlaceProblem("not_a_point", hint + " Give one point an event.")]


def _placeless(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    shapes = frame.geometry.to_numpy()
    nowhere = np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes), dtype=np.bool_)
    x, y = shapely.get_coordinates(shapes[~nowhere]).T
    # Null island: a system's default for "not known".
    nowhere[~nowhere] = ((x == 0) & (y == 0)) | np.isnan(x) | np.isnan(y)
    return nowhere
