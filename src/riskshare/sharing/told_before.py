"""What an earlier map counted for the same readers stays counted: a map less a later one is then nobody's address.

Somebody who becomes protected between two maps of one time would be missing from the second, and whoever holds both
would be pointed at the place. So the past that was told is told again; what was not is left out as ever.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.places.crs import to_grid
from riskshare.sharing.pseudonyms import hkdf_sha256

EVENT: Final = ("agency", "record_id", "subject_id", "day", "x", "y")
"""What an event is known by: whose record, about whom, on which day, where to the metre."""
PUBLIC: Final = "audience:public"
_INFO: Final = b"riskshare-told-before-v1"


@dataclass(frozen=True, slots=True, repr=False)
class ToldBefore:
    """Marks of the events that earlier maps counted, and the key by which a mark is known."""

    marks: frozenset[str]
    key: Callable[[], bytes] = field(compare=False)

    def __repr__(self) -> str:
        """Count only."""
        return f"ToldBefore({len(self.marks):,} marks)"

    def counted(self, events: pd.DataFrame, *, readers: Sequence[str]) -> NDArray[np.bool_]:
        """Return which events an earlier map counted for any of these readers.

        Parameters
        ----------
        events : DataFrame
            Columns ``EVENT``, as `known_by` gives them.
        readers : sequence of str
            The agency, and ``PUBLIC``, which everybody reads.

        Examples
        --------
        >>> events = pd.DataFrame([("police", "r1", "S1", "2026-02-03", "400001", "300002")], columns=EVENT)
        >>> before = ToldBefore(frozenset(event_marks(bytes(32), events, reader="north_police")), lambda: bytes(32))
        >>> [before.counted(events, readers=[one]).tolist() for one in ("north_police", "school")]
        [[True], [False]]
        """
        found = np.zeros(len(events), dtype=np.bool_)
        if not self.marks:
            return found
        for reader in readers:
            found |= np.array(
                [mark in self.marks for mark in event_marks(self.key(), events, reader=reader)], dtype=bool
            )
        return found


def readers_of(agency: str, audience: str) -> tuple[str, ...]:
    """Return by whose earlier maps a reader knows: an agency's own, whoever asked there, and public ones.

    >>> readers_of("school", "partnership"), readers_of("school", "public")
    (('school', 'audience:public'), ('audience:public',))
    """
    return (PUBLIC,) if audience == "public" else (agency, PUBLIC)


def event_marks(key: bytes, events: pd.DataFrame, *, reader: str) -> list[str]:
    """Return a keyed mark of each event for one reader, 32 hexadecimal digits: without the key it tells nothing.

    Parameters
    ----------
    key : bytes
    events : DataFrame
        Columns ``EVENT``. An empty one gives an empty list.
    reader : str
    """
    own = hkdf_sha256(key, info=_INFO)
    rows = events[list(EVENT)].itertuples(index=False, name=None)
    return [hmac.digest(own, repr((reader, *row)).encode(), "sha256").hex()[:32] for row in rows]


def known_by(frame: pd.DataFrame) -> pd.DataFrame:
    """Return events by what they are known by, as text; what is missing is empty.

    Parameters
    ----------
    frame : DataFrame
        ``subject_id``; optionally ``agency`` or ``source``, ``record_id``, ``event_date`` or ``date``; where, as the
        points of a GeoDataFrame, or as ``easting`` with ``northing`` or ``longitude`` with ``latitude``.

    Examples
    --------
    >>> known_by(pd.DataFrame({"subject_id": ["S1"], "agency": "police", "record_id": "r1",
    ...     "event_date": ["2026-02-03"], "easting": [400001.2], "northing": [300001.8]})).to_numpy().tolist()
    [['police', 'r1', 'S1', '2026-02-03', '400001', '300002']]
    """
    plain = pd.DataFrame(frame)
    x, y = _places(frame)
    told: dict[str, object] = {"day": _days(plain), "x": _metres(x), "y": _metres(y)}
    for name, other in (("agency", "source"), ("record_id", "record_id"), ("subject_id", "subject_id")):
        own = name if name in plain else other
        told[name] = plain[own].astype("string").fillna("").to_numpy(dtype=object) if own in plain else ""
    return pd.DataFrame(told, index=range(len(plain)))[list(EVENT)]


def _days(plain: pd.DataFrame) -> NDArray[np.object_]:
    name = "event_date" if "event_date" in plain else "date"
    if name not in plain:
        return np.full(len(plain), "", dtype=object)
    days = pd.to_datetime(plain[name].astype("string"), format="ISO8601", errors="coerce", utc=True)
    return np.asarray(days.dt.strftime("%Y-%m-%d").fillna("").to_numpy(dtype=object))


def _metres(values: NDArray[np.float64]) -> list[str]:
    return ["" if np.isnan(one) else f"{one:.0f}" for one in values.tolist()]


def _places(frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where events are, in metres of the British National Grid."""
    if isinstance(frame, gpd.GeoDataFrame):
        points = frame[[frame.geometry.name]] if frame.crs is None else to_grid(frame[[frame.geometry.name]])[0]
        return points.geometry.x.to_numpy(dtype=np.float64), points.geometry.y.to_numpy(dtype=np.float64)
    x, y = (frame[name].to_numpy(dtype=np.float64, copy=True) if name in frame else np.full(len(frame), np.nan)
            for name in ("easting", "northing"))  # fmt: skip
    blank = np.isnan(x) | np.isnan(y)
    if "longitude" in frame and blank.any():
        degrees = gpd.points_from_xy(frame["longitude"][blank], frame["latitude"][blank], crs=4326)
        moved = to_grid(gpd.GeoDataFrame(geometry=degrees))[0]
        x[blank], y[blank] = moved.geometry.x, moved.geometry.y
    return x, y
