"""What is still within its retention at the moment of giving, which may lie long after the day of the result."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import MappingProxyType

from riskshare.assessment import Assessment
from riskshare.practice import RecordingPractice
from riskshare.records.moments import LONDON
from riskshare.releasing.arguments import Result
from riskshare.spots import HotSpots
from riskshare.trust.purge import purge


def within_retention(result: Result, at: dt.datetime) -> Result:
    """Return a result whose evidence holds nothing past retention; what leaves is worked out again from that.

    Its own scores and findings stay as they are: they never leave. Tables of events have no retention that is agreed.

    Parameters
    ----------
    result : Assessment, HotSpots, PlaceProfiles, ThresholdComparison or ResponseTimes
    at : datetime.datetime
        The moment of giving, aware; retention is judged on its day in London.
    """
    if isinstance(result, Assessment):
        return _purged(result, at)
    if not isinstance(result, HotSpots) or not isinstance(result.asked["points"], Assessment):
        return result
    points = _purged(result.asked["points"], at)
    if points is result.asked["points"]:
        return result
    asked, practice = {**result.asked, "points": points}, result.asked["recording"]
    if isinstance(practice, RecordingPractice) and practice.asked.get("points") is result.asked["points"]:
        asked["recording"] = replace(practice, asked={**practice.asked, "points": points})
    return replace(result, asked=MappingProxyType(asked))


def _purged(result: Assessment, at: dt.datetime) -> Assessment:
    kept = purge(result.evidence, result.partnership, as_of=at.astimezone(LONDON).date())
    return result if kept is result.evidence else replace(result, evidence=kept)
