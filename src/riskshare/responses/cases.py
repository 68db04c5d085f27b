"""Response times as arrays, known up to one moment: where each case lies, how long it ran, what measures it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskshare.records.partnership import Partnership, ResponseStandard
from riskshare.records.responses import Responses
from riskshare.responses.clock import WorkingTime, duration, outlived, to_wall
from riskshare.responses.durations import Estimate, curve, quantile, share_within
from riskshare.responses.strata import stratum_numbers
from riskshare.scales.normalise import normalise

CASE_COLUMNS: Final = (
    "agency", "scale", "band", "start_event", "stop_event", "start", "is_open", "hours", "of_target", "standard",
    "common_low", "common", "common_high", "own_high", "stratum",
)  # fmt: skip
"""One line a case: ``hours`` elapsed so far; ``of_target`` the time run as a share of its own standard's target, on
that standard's clock, NaN where none measures it; ``stratum`` as ``strata.stratum_numbers``."""


def to_cases(
    responses: Responses, partnership: Partnership, *, until: int, working: WorkingTime
) -> tuple[pd.DataFrame, int]:
    """Return the cases begun by a moment, and how many begin later.

    Parameters
    ----------
    responses : Responses
    partnership : Partnership
    until : int
        Seconds since 1970. A case that stopped later is open: that is what was known then.
    working : WorkingTime

    Returns
    -------
    cases : pandas.DataFrame
        ``CASE_COLUMNS``, in the order read.
    n_later : int
    """
    starts, stops = (_seconds(responses.rows[name]) for name in ("started_at", "stopped_at"))
    begun = np.flatnonzero(starts <= until)
    rows = responses.rows.take(pa.array(begun))
    start, stop = starts[begun], stops[begun]
    is_open = (stop < 0) & rows["stopped_at"].is_null().to_numpy() | (stop > until)
    end = np.where(is_open, until, stop)
    cases = pd.DataFrame({name: rows[name].to_pandas() for name in ("agency", "scale", "start_event", "stop_event")})
    cases = cases.assign(start=start, is_open=is_open, hours=duration(start, end, "elapsed", working))
    cases = cases.assign(**_placed(rows, start, partnership))
    measured, of_target = _measured(cases, end, partnership, working)
    named = pd.Series(measured, index=cases.index, dtype="str")
    return cases.assign(standard=named, of_target=of_target)[list(CASE_COLUMNS)], int(len(starts) - len(begun))


def timing(cases: pd.DataFrame) -> dict[str, Any]:
    """Return the figures that every line of times has, for some cases (``records.response_times.Timing``)."""
    found = curve(cases["hours"], cases["is_open"])
    measured = cases[cases["of_target"].notna()]
    share = share_within(curve(measured["of_target"], measured["is_open"]), 1.0)
    return {
        "n": found.n,
        "n_open": found.n_open,
        **_named("median", "median_hours", quantile(found, 0.5)),
        **_named("ninetieth", "ninetieth_hours", quantile(found, 0.9)),
        "n_measured": len(measured),
        **_named("share", "share", share),
    }


def known(figure: float) -> float | None:
    """Return a figure, or None where there is none.

    >>> known(1.5), known(float("nan"))
    (1.5, None)
    """
    return None if np.isnan(figure) else float(figure)


def agreed_standards(partnership: Partnership) -> list[tuple[str, ResponseStandard]]:
    """Return every standard with the agency that made it, in the order agreed."""
    return [(agency.id, standard) for agency in partnership.agencies for standard in agency.standards]


def target_of(standard: ResponseStandard) -> float:
    """Return the target of a standard, in hours or working days as its clock has it."""
    days, hours = standard.target_working_days, standard.target_hours
    return float(days if days is not None else hours or 0.0)


def measures(standard: ResponseStandard, agency: str, cases: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which cases a standard of an agency measures: those of its scale and band, between its two events."""
    wanted = {
        "agency": agency,
        "scale": standard.scale,
        "band": standard.band,
        "start_event": standard.start_event,
        "stop_event": standard.stop_event,
    }
    found: NDArray[np.bool_] = np.ones(len(cases), dtype=np.bool_)
    for name, value in wanted.items():
        found &= (cases[name] == value).to_numpy(dtype=np.bool_)
    return found


def _named(stem: str, name: str, figure: Estimate) -> dict[str, float | None]:
    return {name: known(figure.point), f"{stem}_low": known(figure.low), f"{stem}_high": known(figure.high)}


def _seconds(moments: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return moments as seconds; −1 for none, which no test takes for a moment without asking whether it is null."""
    return np.asarray(pc.fill_null(moments.cast(pa.int64()), -1).to_numpy(), dtype=np.int64)


def _placed(rows: pa.Table, start: NDArray[np.int64], partnership: Partnership) -> dict[str, Any]:
    """Return the native band and the place on the common scale of each case."""
    days = pa.array(to_wall(start) // 86_400, pa.int64()).cast(pa.int32()).cast(pa.date32())
    sent = pa.table(
        {
            "scale": rows["scale"],
            "value": rows["value"],
            "route": pa.nulls(len(start), pa.string()),
            "event_date": days,
        }
    )
    readings = normalise(sent, partnership)
    return {
        "band": readings.native_band.astype(str),
        "common_low": readings.common_low,
        "common": readings.common,
        "common_high": readings.common_high,
        "own_high": readings.is_high,
        "stratum": stratum_numbers(readings.common, partnership.common_scale),
    }


def _measured(
    cases: pd.DataFrame, end: NDArray[np.int64], partnership: Partnership, working: WorkingTime
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return which standard measures each case, and its time as a share of the target on that standard's clock."""
    names: NDArray[np.object_] = np.full(len(cases), None, dtype=object)
    of_target = np.full(len(cases), np.nan)
    start, is_open = cases["start"].to_numpy(), cases["is_open"].to_numpy(dtype=np.bool_)
    for agency, standard in agreed_standards(partnership):
        at = np.flatnonzero(measures(standard, agency, cases) & (names == None))  # noqa: E711 - elementwise
        ran = duration(start[at], end[at], standard.clock, working)
        lasted = outlived(start[at], end[at], standard.clock, working)
        of_target[at] = np.where(is_open[at], lasted, ran) / target_of(standard)
        names[at] = standard.id
    return names, of_target
