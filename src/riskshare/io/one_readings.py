"""Readings by (scale, value, route), placed by the ordinary code: the usual ones at once, others as they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
import pyarrow as pa

from riskshare.io.evidence_cells import Cells, Faults, read_labels
from riskshare.io.readings import check_scale
from riskshare.io.tabular import plain_number
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.scales.normalise import Readings, normalise
from riskshare.scoring.one.rows import Reading

Key = tuple[str, str | None, str | None]
_MOST_STEPS = 1_000
"""Scales of more steps than this have only their labels placed beforehand."""
_MOST_KEPT = 4_096
_EPOCH = dt.date(1970, 1, 1)


class Placed:
    """The readings of one partnership. What it keeps are scales' values, of nobody; at most ``_MOST_KEPT`` new ones."""

    def __init__(self, partnership: Partnership) -> None:
        self._partnership = partnership
        self._scales = {scale.id: scale for scale in partnership.scales}
        self._usual = self._place([key for scale in partnership.scales for key in _usual(scale)])
        self._others: dict[Key, Reading] = {}

    def __repr__(self) -> str:
        """Count only."""
        return f"Placed({len(self._usual):,} readings, {len(self._others):,} others)"

    def find(self, key: Key) -> Reading | None:
        """Return a reading, or None where reading evidence would find a fault in it."""
        found = self._usual.get(key) or self._others.get(key)
        if found is not None or not _is_unicode(key[1] or ""):
            return found
        found = self._place([key]).get(key)
        if found is not None:  # what is no reading may be anything, and is not kept
            if len(self._others) >= _MOST_KEPT:
                self._others.clear()
            self._others[key] = found
        return found

    def _place(self, keys: list[Key]) -> dict[Key, Reading]:
        """Return those of some readings that have no fault, as ``read_evidence`` and ``normalise`` take them."""
        sent: dict[str, list[str]] = {}
        for name, text, _ in keys:
            sent.setdefault(name, []).extend([] if text is None else [text])
        sound = {name: _sound(self._scales[name], values) for name, values in sent.items()}
        own = {name: {None, *(rule.id for rule in self._scales[name].routes)} for name in sent}
        kept = [key for key in keys if key[2] in own[key[0]] and (key[1] is None or key[1] in sound[key[0]])]
        if not kept:
            return {}
        scale, value, route = zip(*kept, strict=True)
        columns = [pa.array(column, pa.string()) for column in (scale, value, route)]
        table = pa.table([*columns, pa.array([_EPOCH] * len(kept))], names=["scale", "value", "route", "event_date"])
        readings = normalise(table, self._partnership)
        return {key: self._reading(readings, i) for i, key in enumerate(kept)}

    def _reading(self, readings: Readings, i: int) -> Reading:
        scale = self._scales[readings.scale[i]]
        placed = not bool(readings.not_scored[i])
        return Reading(
            common=float(readings.common[i]) if placed else None,
            severity=float(readings.severity[i]) if placed else None,
            native_band=str(readings.native_band[i]),
            is_high=bool(readings.is_high[i]),
            override=bool(readings.override[i]),
            first_day=((scale.valid_from or dt.date.min) - _EPOCH).days,
            after=None if scale.valid_to is None else (scale.valid_to - _EPOCH).days,
        )


def _is_unicode(text: str) -> bool:
    """Return whether Arrow will take a text; its own error would show it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sound(scale: Scale, values: list[str]) -> set[str]:
    """Return the values that have no fault as cells and as readings of their scale."""
    distinct = list(dict.fromkeys(values))
    size, faults = len(distinct), Faults(len(distinct))
    cells = Cells(np.arange(size, dtype=np.int32), pa.array(distinct, pa.string()), np.ones(size, np.bool_))
    cells = read_labels(cells, "value", faults)
    check_scale(scale, cells, np.flatnonzero(cells.codes >= 0), faults)
    return {value for value, wrong in zip(distinct, faults.quarantined.tolist(), strict=True) if not wrong}


def _usual(scale: Scale) -> Iterator[Key]:
    """Yield a scale's labels and whole steps, each alone and through each route, and each route alone."""
    values = dict.fromkeys((*(band.name for band in scale.bands), *scale.not_scored, *_steps(scale)))
    routes = [route.id for route in scale.routes]
    every: Iterable[tuple[str | None, str | None]] = product(values, (None, *routes))
    yield from ((scale.id, value, route) for value, route in every)
    yield from ((scale.id, None, route) for route in routes)


def _steps(scale: Scale) -> list[str]:
    """Return the whole steps of a scale as they are written; none where it has no top or too many."""
    if scale.lo is None or scale.hi is None or scale.step <= 0.0:
        return []
    n_steps = (scale.hi - scale.lo) / scale.step
    if n_steps > _MOST_STEPS:
        return []
    return [plain_number(round(scale.lo + i * scale.step, 9)) for i in range(int(n_steps) + 1)]
