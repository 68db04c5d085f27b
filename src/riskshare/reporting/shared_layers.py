"""What a shared map shows, as layers of shapes with their words; the same for the page and for the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.errors import PolicyError
from riskshare.reporting.shared_words import area_names, flags, texts
from riskshare.reporting.words import counted
from riskshare.sharing.shared import Shared

BORDER, HOT, AFTER, ONLY, COUNTED, HIDDEN, PLACE = (
    "#444444", "#d7301f", "#1b7837", "#6a3d9a", "#08519c", "#bdbdbd", "#084594"
)  # fmt: skip
DECIMALS: Final = 0
"""Of a metre: all that a place which is shared can bear."""
Kind = Literal["fill", "line", "point"]


class Look(NamedTuple):
    """How a layer is drawn."""

    kind: Kind
    colour: str
    opacity: float = 0.55
    width: float = 0.0
    dash: str = "solid"


@dataclass(frozen=True, eq=False)
class Layer:
    """Shapes drawn in one way, each with the words told of it.

    Attributes
    ----------
    name : str
        Ours, for programs.
    title : str
        What it means, as the legend says it.
    look : Look
    shapes : tuple of polygons, multipolygons or points
        EPSG:27700.
    told : tuple of str
        A few lines of text for each shape; empty where nothing is told.
    labels : tuple of str
        What is written on each; empty for none.
    shown : bool
        Whether it is shown at first.
    """

    name: str
    title: str
    look: Look
    shapes: tuple[shapely.Geometry, ...]
    told: tuple[str, ...]
    labels: tuple[str, ...] = ()
    shown: bool = True

    def __repr__(self) -> str:
        """Return name and size; never where."""
        return f"Layer({self.name}, {counted(len(self.shapes), 'shape')})"


def layers_of(shared: Shared, function: str) -> tuple[Layer, ...]:
    """Return the layers of a shared result, the lowest first; only those that hold something.

    Raises
    ------
    PolicyError
        Nothing in it has a place that this recipient may see.
    """
    names = area_names(shared)
    found: list[Layer] = []
    for name, frame in shared.tables.items():
        if isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame.columns and len(frame):
            placed = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
            found += _of(name, placed.reset_index(drop=True), names)
    kept = [layer for layer in found if layer.shapes]
    if not kept:
        message = f"{function}(): nothing here has a place that this recipient may see. Make a report of it instead."
        raise PolicyError(message)
    return tuple(sorted(kept, key=lambda layer: _ORDER.index(layer.name) if layer.name in _ORDER else len(_ORDER)))


_ORDER: Final = ("areas", "counts", "cells", "cells_after", "clusters", "clusters_only")
"""From the ground up; other tables lie on top."""


def bounds(layers: tuple[Layer, ...]) -> tuple[float, float, float, float]:
    """Return west, south, east and north of everything drawn, in metres, with a little room around it."""
    west, south, east, north = shapely.total_bounds(np.array([shape for layer in layers for shape in layer.shapes]))
    room = 0.04 * max(east - west, north - south, 100.0)
    return float(west - room), float(south - room), float(east + room), float(north + room)


def _of(name: str, frame: gpd.GeoDataFrame, names: Mapping[str, str]) -> list[Layer]:
    if name == "areas":
        called = next((name for name in ("area", "authority") if name in frame.columns), "")
        labels = tuple(map(str, frame[called])) if called else ()
        look = Look("line", BORDER, 1.0, 1.3)
        return [Layer("areas", "border between authorities", look, _shapes(frame), (), labels)]
    if name == "cells":
        return _cells(frame, names)
    if name == "clusters":
        return _clusters(frame, names)
    kind: Kind = "point" if set(frame.geom_type) <= {"Point", "MultiPoint"} else "fill"
    return [Layer(name, name.replace("_", " "), Look(kind, PLACE), _shapes(frame), _told(frame, names))]


def _cells(frame: gpd.GeoDataFrame, names: Mapping[str, str]) -> list[Layer]:
    hot, after = flags(frame, "hot"), flags(frame, "hot_after_adjustment")
    found = [
        _part("cells", "cell: more around it than expected", Look("fill", HOT), frame, hot, names),
        _part("cells_after", "cell: more only with recording practice allowed for", Look("fill", AFTER, 0.45), frame,
              after & ~hot, names),
    ]  # fmt: skip
    if "count" in frame.columns:
        counted_here = np.asarray(frame["count"].notna(), dtype=np.bool_)
        look = Look("fill", COUNTED, 0.18)
        title = "cell with a count that may be shown"
        found.append(_part("counts", title, look, frame, counted_here, names, shown=False))
    return found


def _clusters(frame: gpd.GeoDataFrame, names: Mapping[str, str]) -> list[Layer]:
    only = flags(frame, "only_visible_together")
    return [
        _part("clusters", "cluster", Look("line", HOT, 1.0, 1.6), frame, ~only, names),
        _part("clusters_only", "cluster visible only together", Look("line", ONLY, 1.0, 3.0), frame, only, names),
    ]


def _part(
    name: str, title: str, look: Look, frame: gpd.GeoDataFrame, which: NDArray[np.bool_], names: Mapping[str, str],
    *, shown: bool = True,
) -> Layer:  # fmt: skip
    part = frame[which]
    labels = tuple(map(str, part["cluster_id"])) if name.startswith("clusters") and "cluster_id" in part.columns else ()
    return Layer(name, title, look, _shapes(part), _told(part, names), labels, shown)


def _shapes(frame: gpd.GeoDataFrame) -> tuple[shapely.Geometry, ...]:
    return tuple(shapely.set_precision(frame.geometry.to_numpy(), 10.0**-DECIMALS, mode="pointwise"))


def _told(frame: pd.DataFrame, names: Mapping[str, str]) -> tuple[str, ...]:
    heads, rows = texts(frame, names)
    return tuple("\n".join(f"{head}: {text}" for head, text in zip(heads, row, strict=True)) for row in rows)
