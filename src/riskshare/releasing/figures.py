"""Tables that are about nobody: thresholds compared, response times, and what lies around buildings; counts only."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from riskshare.comparing import ThresholdComparison
from riskshare.profiling import PlaceProfiles, profile_places
from riskshare.records.partnership import Partnership
from riskshare.records.response_times import ResponseTimes
from riskshare.records.scale import CommonScale
from riskshare.releasing.made import Made
from riskshare.releasing.places import fit_to_tell
from riskshare.sharing.asking import Asking, Items, ask
from riskshare.sharing.profiles import profile_for
from riskshare.sharing.shared import SharedKind
from riskshare.sharing.treating import kept_lines, treated, withheld_lines
from riskshare.sharing.visible import combined, visible_points

COMPARED: Final = ("group", "measure", "n", "value")
TIMED: Final = ("group", "measure", "n", "median_days", "share")
AROUND: Final = ("authority", "kind", "measure", "n", "observed", "ratio")
_WORKED_OUT: Final = ("value", "median_days", "share", "ratio")
"""Figures that go with a count that is withheld."""


def release_comparison(result: ThresholdComparison, asking: Asking) -> Made:
    """Return where agencies' bars fall on each other's scales, without the people behind it."""
    told = [
        (
            f"{row['agency']} ({row['scale']}) on {row['target_agency']} ({row['target_scale']})",
            "where its own high falls", row["n"], row["estimate"], {row["agency"], row["target_agency"]},
        )
        for row in result.matrix.to_dict("records")
    ]  # fmt: skip
    return _about_agencies("comparison", "Whose high is higher", told, COMPARED, result.partnership, asking)


def release_times(result: ResponseTimes, partnership: Partnership, asking: Asking) -> Made:
    """Return how fast agencies act by their own bands, without the cases behind it."""
    told = [
        (
            f"{row['agency']}: {row['scale']}, {row['band'] or 'not judged'}",
            f"{row['start_event']} to {row['stop_event']}", row["n"],
            None if pd.isna(row["median_hours"]) else round(row["median_hours"] / 24.0, 1), row["share"],
            {row["agency"]},
        )
        for row in result.bands.to_dict("records")
    ]  # fmt: skip
    return _about_agencies("responses", "How fast agencies act", told, TIMED, partnership, asking)


def _about_agencies(
    name: str, title: str, lines: list[tuple[Any, ...]], columns: tuple[str, ...], partnership: Partnership,
    asking: Asking,
) -> Made:  # fmt: skip
    """Return a table about agencies. Services whose involvement is sensitive are in no line of it."""
    sensitive = {one.id for one in partnership.agencies if one.sensitive}
    open_lines = [line for line in lines if sensitive.isdisjoint(line[-1])]
    sources = tuple(sorted({agency for line in open_lines for agency in line[-1]}))
    frame = pd.DataFrame([line[:-1] for line in open_lines], columns=list(columns))
    # Nobody says how the cases behind it are handled; the agreement's word on statistics is what opens it. That some of
    # the cases may be victims' asks for the higher threshold.
    return _figures("table", name, title, frame, Items(sources, "statistics", "place"), asking, counted="n")


def release_profiles(result: PlaceProfiles, partnership: Partnership, asking: Asking) -> Made:
    """Return events around buildings by authority and kind, from the events the recipient may have counted.

    No building has a line: whose it is and where it stands is never told to a group.
    """
    title = "Events around buildings, by authority and kind"
    points, seen = visible_points(result.asked["points"], asking)
    if not seen.items or points.empty:
        return Made("profiles", title, refused=seen.refused)
    asked = {name: value for name, value in result.asked.items() if name not in ("points", "buildings", "audience")}
    again = profile_places(points, result.asked["buildings"], audience="partnership", **asked)
    frame = again.areas.rename(columns={"band": "measure", "buildings": "n"})[list(AROUND)]
    items = combined(seen.items, "statistics", "place")
    made = _figures("profiles", "areas", title, frame, items, asking, counted="observed")
    if not made.tables:
        return made
    notes = fit_to_tell(again.notes, partnership)
    return made.joined(
        Made("profiles", title, decisions=seen.decisions, notes=notes, items=seen.items, refused=seen.refused)
    )


def _figures(
    kind: SharedKind, name: str, title: str, frame: pd.DataFrame, items: Items, asking: Asking, *, counted: str
) -> Made:
    """Return a table under one decision, lines of too few without their figures.

    Not for the public, which has tables of areas in whole quarters only: these have no period that a register of
    releases could hold them to.
    """
    if asking.audience == "public":
        return Made(kind, title, refused=frozenset({"not_for_the_public"}))
    decision = ask(asking, items, frame.columns)
    shown = dict(decision.treatment)
    if not shown or frame.empty:
        return Made(kind, title, refused=frozenset(decision.reason_codes or {"nothing_to_count"}))
    profile = profile_for(asking.audience)
    least = profile.least(of_victims=True)
    n = pd.to_numeric(frame[counted], errors="coerce")
    few = (n.isna() | (n < least)).to_numpy()
    safe = frame.copy()
    safe[counted] = n.astype("Int64").mask(few)
    figures = [one for one in _WORKED_OUT if one in safe]
    safe[figures] = safe[figures].astype("float64")
    safe.loc[few, figures] = float("nan")
    table = treated(safe, shown, scale=CommonScale())
    hidden = int(few.sum())
    return Made(
        kind, title, {name: table},
        kept=tuple(kept_lines(name, table, shown)),
        withheld=tuple(withheld_lines(name, list(frame.columns), table, (decision,))),
        suppressed=((name, "lines without their figures", hidden, "small"),) if hidden else (),
        notes=(f"Lines of fewer than {least} have no figures.",),
        decisions=(decision,), items=(items,),
    )  # fmt: skip
