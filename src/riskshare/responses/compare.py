"""Comparing how fast agencies act: their standards and their cases on one clock, by band and by matched severity."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy import stats

from riskshare.records.arguments import is_text, require
from riskshare.records.moments import end_of, moment_of
from riskshare.records.partnership import Clock, Partnership, ResponseStandard
from riskshare.records.response_times import (
    RESPONSE_TIMES_VERSION,
    BandTimes,
    OpenCheck,
    ResponseTimes,
    StandardTimes,
    StratumTimes,
    Verdict,
)
from riskshare.records.responses import Responses
from riskshare.responses.cases import agreed_standards, known, measures, target_of, timing, to_cases
from riskshare.responses.clock import DAY, HOUR, WorkingTime, due, working_time
from riskshare.responses.durations import Estimate, curve, mean_length, share_within
from riskshare.responses.strata import find_longer_waits, reaches_beyond, stratum_name
from riskshare.version import VERSION

_UNITS: Final[dict[Clock, Literal["hours", "working hours", "working days"]]] = {
    "elapsed": "hours",
    "working_hours": "working hours",
    "working_days": "working days",
}
_SURPRISE: Final = 0.005
"""Each way: a number of open cases that would come up less often than once in 200 does not fit."""


def compare(
    partnership: Partnership,
    responses: Responses,
    *,
    until: str | dt.date | dt.datetime,
    nation: str = "england",
    opens: dt.time = dt.time(9),
    closes: dt.time = dt.time(17),
) -> ResponseTimes:
    """Return how fast agencies act: by native band, by matched severity, and against their own standards.

    Parameters
    ----------
    partnership : Partnership
    responses : Responses
        From ``read_responses``.
    until : str, datetime.date or datetime.datetime
        Up to when cases are known: a day (its end in London) or a moment with an offset. Cases then open are counted
        for as long as they have lasted, never dropped. Nothing reads the clock.
    nation : {"england", "wales", "scotland", "northern_ireland"}
        Whose bank holidays are no working days.
    opens, closes : datetime.time
        When a working day runs, for standards in working hours: 09:00 to 17:00 is a proposal.

    Returns
    -------
    ResponseTimes
        ``bands``, ``strata``, ``standards`` and ``longer_waits`` as data frames. No responses give empty ones, and
        every standard with a note that no case measures it.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    PolicyError
        ``until`` is no day or moment, or the working time is none.

    Notes
    -----
    Medians, centiles and shares: Kaplan-Meier with Wilson-type intervals (``responses.durations``). Strata: 30–50,
    50–70, 70–90 and 90 and over on the policy basis, and below 30 (methods: thresholds, C5). Two agencies' times are
    comparable only where their clocks start at the same event and stop at the same event; what is not comparable is
    said to be so. A share to reach that is only a proposal gets no verdict. Positions are agreed, each agency's own bar
    at the same point: strata match them, and hide whose bar is higher.

    Examples
    --------
    See ``docs/how-to/compare-responses.md``.
    """
    require(
        "compare_responses",
        {
            "partnership must be a Partnership, from load_partnership.": isinstance(partnership, Partnership),
            "responses must be Responses, from read_responses.": isinstance(responses, Responses),
            "until must be a day, or a moment with an offset.": isinstance(until, (str, dt.date)),
            "nation must be text.": is_text(nation),
        },
    )
    moment, working = end_of(until), working_time(nation, opens=opens, closes=closes)
    cases, n_later = to_cases(responses, partnership, until=moment, working=working)
    strata = _strata(cases, partnership)
    return ResponseTimes(
        schema_version=RESPONSE_TIMES_VERSION,
        engine_version=VERSION,
        partnership=partnership.name,
        partnership_version=partnership.version,
        example=partnership.is_example,
        internal=True,
        until=moment_of(moment),
        nation=working.nation,
        opens=working.opens,
        closes=working.closes,
        n_cases=len(cases),
        n_open=int(cases["is_open"].sum()),
        n_later=n_later,
        band_times=_bands(cases, partnership, moment),
        stratum_times=strata,
        standard_times=tuple(
            _standard(agency, standard, cases, working) for agency, standard in agreed_standards(partnership)
        ),
        longer_waits_found=find_longer_waits(strata, partnership.common_scale),
    )


def _bands(cases: pd.DataFrame, partnership: Partnership, until: int) -> tuple[BandTimes, ...]:
    """Return one line an agency, scale, band and pair of events: agencies in id order, the most severe band first."""
    keys = ["agency", "scale", "band", "start_event", "stop_event"]
    lines = []
    for key, group in cases.groupby(keys, sort=True):
        names: dict[str, Any] = dict(zip(keys, map(str, key), strict=True))
        common: dict[str, Any] = {name: _one(group[name]) for name in ("common_low", "common", "common_high")}
        measured = group["standard"].dropna()
        lines.append(
            BandTimes(
                **names,
                **timing(group),
                **_open_check(group, until),
                **common,
                standard=str(measured.iloc[0]) if len(measured) else None,
                stratum=stratum_name(_same_stratum(group), partnership.common_scale),
                own_high=bool(group["own_high"].iloc[0]),
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.agency, line.scale, -(line.common or 0.0), line.band)))


def _same_stratum(group: pd.DataFrame) -> int:
    """Return the stratum in which most cases of a band lie, the milder of two alike: a wide band may cross an edge."""
    return int(group["stratum"].mode().iloc[0])


def _one(values: pd.Series[float]) -> float | None:
    return known(float(values.median())) if values.notna().any() else None


def _strata(cases: pd.DataFrame, partnership: Partnership) -> tuple[StratumTimes, ...]:
    """Return one line a stratum, pair of events and agency: the highest stratum first, by stop event within it."""
    keys = ["stratum", "agency", "own_high", "start_event", "stop_event"]
    lines = []
    for key, group in cases.groupby(keys, sort=True):
        names: dict[str, Any] = dict(zip(keys, key, strict=True))
        number = int(names["stratum"])
        names["stratum"] = stratum_name(number, partnership.common_scale)
        names["own_high"] = bool(names["own_high"])
        line = StratumTimes(
            **names,
            **timing(group),
            bands=tuple(sorted({f"{s}: {b}" for s, b in zip(group["scale"], group["band"], strict=True)})),
            spans=reaches_beyond(group["common_low"], group["common_high"], partnership.common_scale),
        )
        lines.append((-number, line.stop_event, line.start_event, line.agency, line))
    return tuple(line for *_, line in sorted(lines, key=lambda item: item[:4]))


def _standard(agency: str, standard: ResponseStandard, cases: pd.DataFrame, working: WorkingTime) -> StandardTimes:
    group = cases[measures(standard, agency, cases) & (cases["standard"] == standard.id)]
    share = share_within(curve(group["of_target"], group["is_open"]), 1.0)
    own = cases[cases["agency"] == agency]
    starts = next((part["start"] for part in (group, own, cases) if len(part)), cases["start"])
    hours = (due(starts, target_of(standard), standard.clock, working) - starts.to_numpy()) / HOUR
    least, middle, most = (float(np.quantile(hours, q)) for q in (0.0, 0.5, 1.0)) if len(hours) else (None, None, None)
    return StandardTimes(
        agency=agency,
        standard=standard.id,
        scale=standard.scale,
        band=standard.band,
        start_event=standard.start_event,
        stop_event=standard.stop_event,
        clock=standard.clock,
        target=target_of(standard),
        unit=_UNITS[standard.clock],
        elapsed_least=least,
        elapsed_middle=middle,
        elapsed_most=most,
        share_required=standard.share_within,
        share_basis=standard.share_basis,
        n=len(group),
        n_open=int(group["is_open"].sum()),
        share=known(share.point),
        share_low=known(share.low),
        share_high=known(share.high),
        verdict=_verdict(share, standard),
        note=_why_unmeasured(standard, own) if not len(group) else "",
        source=standard.source,
    )


def _verdict(share: Estimate, standard: ResponseStandard) -> Verdict:
    """Return whether the share seen keeps the promise; a shortfall within its interval may be chance.

    Nobody promised a share that is only a proposal, so there is nothing to keep or to miss.
    """
    required = standard.share_within
    if np.isnan(share.point):
        return "cannot say"
    if standard.share_basis == "proposal":
        return "no verdict"
    if share.point >= required - 1e-12:
        return "met"
    return "missed" if share.high < required else "short, but it may be chance"


def _why_unmeasured(standard: ResponseStandard, own: pd.DataFrame) -> str:
    """Say why no case measures a standard, and between which events those of its band run instead."""
    same = own[(own["scale"] == standard.scale) & (own["band"] == standard.band)]
    if not len(same):
        return "No case of this band was sent."
    runs = sorted({f"{a} to {b}" for a, b in zip(same["start_event"], same["stop_event"], strict=True)})
    wanted = f"{standard.start_event} to {standard.stop_event}"
    return f"Cases of this band run from {' and from '.join(runs)}; the standard runs from {wanted}."


def _open_check(group: pd.DataFrame, until: int) -> dict[str, Any]:
    """Return arrivals a day, how many cases Little's law expects open, and whether those found fit (Poisson)."""
    days = (until - int(group["start"].min())) / DAY
    mean_days = mean_length(curve(group["hours"], group["is_open"])) / 24.0
    check: OpenCheck = "cannot say"
    if days <= 0.0:
        return {"arrivals_per_day": None, "open_expected": None, "open_check": check}
    arrivals = len(group) / days
    expected, found = arrivals * mean_days, int(group["is_open"].sum())
    check = "fits"
    if stats.poisson.sf(found - 1, expected) < _SURPRISE:
        check = "more open than fits"
    elif stats.poisson.cdf(found, expected) < _SURPRISE:
        check = "fewer open than fits"
    return {"arrivals_per_day": arrivals, "open_expected": expected, "open_check": check}
