"""What a map of hot spots says of how it was made, and what it refuses to be made of. Methods: places, section 5."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.adjusting import OFTEN, Adjustment
from riskshare.places.areas import Areas
from riskshare.places.hot_cells import HotCells, Rule
from riskshare.places.points import Points
from riskshare.places.recording import Practice
from riskshare.places.recording_notes import SOCIAL
from riskshare.places.strata import Events

Names = tuple[tuple[str, str, str], ...]

APART_M: Final = 1_000.0
"""Proposal: reports of one claim placed further apart than this are more likely two claims of one number."""
CLUMPED: Final = 1.05
"""φ from which it is told: below it nothing that anybody reads changes."""
_METHODS: Final = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}


def must_meet(points: Points, areas: Areas) -> None:
    """Refuse points and areas that do not overlap at all: one of them is in the wrong place."""
    west, south, east, north = areas.bounds
    inside = (points.x >= west) & (points.x <= east) & (points.y >= south) & (points.y <= north)
    if inside.any():
        return
    hint = (
        f"No point lies inside the areas' extent. Points: {points.x.min():,.0f} to {points.x.max():,.0f} east, "
        f"{points.y.min():,.0f} to {points.y.max():,.0f} north; areas: {west:,.0f} to {east:,.0f} east, "
        f"{south:,.0f} to {north:,.0f} north (metres). Check the reference system of both."
    )
    raise PlaceError([PlaceProblem("no_overlap", hint)])


def must_expect(rule: Rule) -> None:
    """Refuse to allow for recording practice where nothing is expected that it could be allowed for in."""
    if not rule.significance:
        hint = (
            "Recording practice changes what is expected, and without a population or covariates nothing is. Give "
            "population, or null='uniform' if events are to be expected evenly over the ground."
        )
        raise PlaceError([PlaceProblem("recording_without_expectation", hint)])


def must_know(practice: Practice, names: Names, points: Points) -> None:
    """Refuse recording practice of other sources than those that events come from."""
    if any(practice.knows(name) for name in names):
        return
    known = sorted({f"{unit.source} by {name}" for unit in practice.units for name in unit.names})
    here = sorted({f"{source} by {by}" for source, by, _ in names})
    hint = (
        f"The recording practice is of {', '.join(known[:10]) or 'nothing'}; the events come from "
        f"{', '.join(here[:10])}. Estimate it from the same points, or say with kinds which source is which."
    )
    nobody = sorted(set(points.source[points.recorded_by == ""]))
    if nobody and any(" beside " in name for name in here):
        hint += (
            f" {', '.join(nobody)} share claims with others and name nobody in `recorded_by`, so others are told apart "
            "by area: name who recorded, or declare with second_source the one that is recorded alike everywhere."
        )
    raise PlaceError([PlaceProblem("recording_of_others", hint)])


def area_notes(areas: Areas) -> tuple[str, ...]:
    """Return how the areas came to be in metres, where it matters."""
    return (f"Areas: {areas.projection.note}",) if areas.projection.note else ()


def claim_notes(reports: Points, whole: Points) -> tuple[str, ...]:
    """Return how many reports of claims count with another, and how many claims' reports lie oddly far apart."""
    told = reports.take(~reports.looked)
    n = len(told) - len(whole)
    if n == 0:
        return ()
    order = np.argsort(whole.claim)
    kept = order[np.searchsorted(whole.claim[order], told.claim)]
    away = np.hypot(told.x - whole.x[kept], told.y - whole.y[kept])
    far = np.unique(told.claim[away > APART_M]).size
    words = f"{n:,} reports tell of a claim that another report tells of: each claim counts once."
    if far:
        words += (
            f" Of {far:,} claims reports lie further apart than {APART_M:,.0f} m: is `claim_id` agreed between "
            "sources, or each one's own numbering?"
        )
    return (words,)


def people_notes(people: csr_array, events: Events) -> tuple[str, ...]:
    """Return how many events lie where the population given knows nobody."""
    held = np.asarray(people.sum(axis=0), dtype=np.float64).ravel()
    n = int((held[events.cell] <= 0).sum())
    if n == 0:
        return ()
    return (
        f"{n:,} of {len(events):,} events lie in cells where, by the population given, nobody lives: little is "
        "expected there, so a few events are a surprise. Is the population of all areas given, and of those who come "
        "by day?",
    )


def finding_notes(rule: Rule, found: HotCells, names: Names) -> tuple[str, ...]:
    """Return the rule that cells were decided by, the clumps that it allows for, and what a finding does not say."""
    if not rule.significance:
        return ()
    covered = int(np.isfinite(found.count).sum())
    notes = [
        f"A cell is hot at a false discovery rate of {100 * rule.level:g} % over all {covered:,} covered cells "
        f"({_METHODS[rule.method]})."
    ]
    notes += _clumps(found.dispersion, names)
    notes.append(
        "A hot spot says where more was recorded than the same recorders' totals lead one to expect; not why, and "
        "nothing of anybody who lives or works there."
    )
    return tuple(notes)


def _clumps(phi: NDArray[np.float64], names: Names) -> list[str]:
    if not phi.size or phi.max() < CLUMPED:
        return []
    source, by, category = names[int(np.argmax(phi))]
    return [
        f"Events come in clumps: counts vary up to {phi.max():.1f} times as much as independent events would ({source} "
        f"by {by}, {category}). That is told from this map and allowed for; where it is high, a little too much is "
        "hot: read the q."
    ]


def rule_notes(rule: Rule, cell_m: int, null: str | None, *, populated: bool) -> tuple[str, ...]:
    """Return how cells were laid, and what is expected in them."""
    width = (2 * rule.radius_cells + 1) * cell_m
    notes = [f"Cells of {cell_m:,} m; {width:,} × {width:,} m are summed around each."]
    if populated:
        notes.append("One person is added to each cell: an event where nobody lives is a surprise, no impossibility.")
    if not rule.significance:
        notes.append(
            "No population was given: the densest 5 % of the covered ground is shown, where events are. That is no "
            "finding of significance."
        )
    elif not populated and null is None:
        notes.append(
            "No population was given: events are expected by ground and covariates, and need is told against even "
            "ground."
        )
    if null == "uniform":
        notes.append("Events were expected evenly over the ground, as asked: every town centre is then a hot spot.")
    return tuple(notes)


def resample_notes(resamples: int, rule: Rule, *, near_the_bar: bool) -> tuple[str, ...]:
    """Return what was drawn again, and whether other draws might tell otherwise of a cluster."""
    if resamples == 0:
        return ("No resamples were drawn: nothing is said of stability, nor of what is visible only together.",)
    what = "smoothed counts" if rule.significance else "the counts"
    notes = [f"{resamples:,} resamples of {what}, every second one on a grid moved by half a cell."]
    if rule.significance:
        notes.append("How often a cluster is found again is told cautiously: a true 90 % comes out as 50 to 70 %.")
    if near_the_bar:
        notes.append(
            "Whether some clusters are visible only together hangs on the draws: other ones may tell otherwise, and "
            "more resamples tell it better."
        )
    return tuple(notes)


def adjustment_notes(
    practice: Practice, names: Names, adjustment: Adjustment, alike: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Return what was allowed for, in whose expectations, and who was left as they are."""
    found = [practice.theta(*name) for name in names]
    told = [
        f"{by} × {np.exp(theta):.2f} ({practice.kind_of(source)}, {category})"
        for (source, by, category), (component, theta) in zip(names, found, strict=True)
        if component >= 0
    ]
    alone = sorted({by for (_, by, _), (component, _) in zip(names, found, strict=True) if component < 0})
    notes = []
    if told:
        notes.append(
            "Allowed for recording practice in what is expected; counts are untouched: "
            f"{'; '.join(dict.fromkeys(told))}. Hot cells by own totals, as if all recorded alike, and adjusted stand "
            "beside each other."
        )
    else:
        notes.append("No difference in recording could be estimated: what is called adjusted is adjusted for none.")
    if alike:
        notes.append(
            f"{', '.join(sorted(alike))} names no organisation and was declared to be recorded alike everywhere: it "
            "has no offset, and what it leaves to others is taken to be alike wherever it looks."
        )
    if alone:
        notes.append(f"Not adjusted, and compared with nobody: {'; '.join(alone)}.")
    if adjustment.draws:
        notes.append(f"{adjustment.draws:,} draws of the offsets within their uncertainty.")
    unsure = int((adjustment.adjusted.hot & ~adjustment.sure & ~adjustment.raw.hot).sum())
    if unsure:
        notes.append(
            f"{unsure:,} cells are hot only with the offsets as estimated, in fewer than {100 * OFTEN:.0f} % of draws: "
            "they are shown as cells and make no cluster of their own."
        )
    return (*notes, SOCIAL)
