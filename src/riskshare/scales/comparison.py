"""Every pair of agencies compared on their shared cases: whose bar is higher, what it costs, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from riskshare.errors import LinkRefusedError
from riskshare.kernels.anchors import Floats
from riskshare.kernels.calibration import wilson
from riskshare.records.characteristics import Characteristics
from riskshare.records.comparison_tables import Party
from riskshare.records.links import Link, link_refused
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.records.shared_cases import SharedCases
from riskshare.scales.agreed import refusal
from riskshare.scales.bars import as_written, meets
from riskshare.scales.case_readings import latest, latest_numbers
from riskshare.scales.choose import DEFAULTS, FROM_FEW, FROM_SOME
from riskshare.scales.grid import FEW_LEVELS
from riskshare.scales.pair_disagreement import SMALL, disagreement
from riskshare.scales.population import population_links_both
from riskshare.scales.rungs import cut_positions, high_edge
from riskshare.scales.shared_pairs import SharedPair, shared_pair
from riskshare.scales.volumes import no_volume, volume, with_period

Sides = tuple[Party, Party]

NOT_STATED: Final = "not stated"
"""The group of people whose characteristic was left blank."""

Progress = Callable[[int, int], None]
"""Called with the pairs done and the pairs in all."""

Lines = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, repr=False)
class Compared:
    """What every pair gave: links in both directions, lines of the tables, and what was refused."""

    parties: tuple[Party, ...]
    links: dict[Sides, Link]
    cuts: Lines
    disagreement: Lines
    volumes: Lines
    invariance: Lines
    refused: Lines

    def __repr__(self) -> str:
        """Sizes only."""
        return f"Compared({len(self.parties)} parties, {len(self.links)} links)"


def parties_of(partnership: Partnership, cases: SharedCases) -> tuple[Party, ...]:
    """Return who scored on which scale, in the partnership's own order of agencies, then of scales."""
    table = cases.table.select(["agency", "scale"]).group_by(["agency", "scale"]).aggregate([])
    found = set(zip(table["agency"].to_pylist(), table["scale"].to_pylist(), strict=True))
    agencies, scales = ([one.id for one in many] for many in (partnership.agencies, partnership.scales))
    return tuple(sorted(found, key=lambda party: (agencies.index(party[0]), scales.index(party[1]))))


def compare_pairs(
    partnership: Partnership,
    cases: SharedCases,
    *,
    replicates: int,
    seed: int,
    characteristics: Characteristics | None = None,
    progress: Progress | None = None,
) -> Compared:
    """Return the comparison of every pair of different agencies that share cases.

    Each pair is linked on the population basis with the method that the size of its sample and the kinds of its
    scales call for (methods: thresholds, C2). A pair that cannot be linked stands in ``refused`` with the reason. Each
    pair draws its own bootstrap from the seed, so that leaving one agency out changes nothing for the others.

    Parameters
    ----------
    partnership : Partnership
    cases : SharedCases
        Read under that partnership.
    replicates, seed : int
    progress : callable, optional

    Returns
    -------
    Compared
        Empty for no cases.
    """
    parties = parties_of(partnership, cases)
    refused = [_refused_scale(party, why) for party in parties if (why := refusal(partnership.scale(party[1])))]
    usable = [party for party in parties if not refusal(partnership.scale(party[1]))]
    pairs = [(a, b) for a, b in combinations(usable, 2) if a[0] != b[0]]
    found = Compared(parties, {}, [], [], [], [], refused)
    for done, sides in enumerate(pairs):
        if progress is not None:
            progress(done, len(pairs))
        try:
            pair = shared_pair(cases, partnership, *sides)
        except LinkRefusedError as fault:
            refused.append(_refused_pair(sides, fault.reason))
            continue
        # Too few cases for a curve can still be cross-tabulated (methods: thresholds, C2).
        _add_disagreement(found, partnership, sides, pair)
        try:
            both = _links(partnership, sides, pair, replicates, seed)
        except LinkRefusedError as fault:
            refused.append(_refused_pair(sides, fault.reason))
            continue
        found.links[sides], found.links[sides[::-1]] = both
        if characteristics is not None:
            _add_invariance(found, partnership, cases, sides, pair, characteristics, seed)
        _add_pair(found, partnership, sides, pair)
    found.volumes.extend(_own_volumes(partnership, cases, usable))
    if progress is not None:
        progress(len(pairs), len(pairs))
    return found


def _links(
    partnership: Partnership, sides: Sides, pair: SharedPair, replicates: int, seed: int, group: Any = None
) -> tuple[Link, Link]:
    first, second = (partnership.scale(party[1]) for party in sides)
    _refuse_few(first, second, pair)
    return population_links_both(
        first, second, pair.x, pair.y, referrer=pair.referrer, person=pair.person, window=pair.window,
        replicates=replicates, seed=seed, subgroup=group,
    )  # fmt: skip


def _refuse_few(first: Scale, second: Scale, pair: SharedPair) -> None:
    """Refuse a pair too small for any default, naming both scales and what each way out would not show."""
    people = len(pair)
    kinds = ["ordinal" if _few_levels(scale) else scale.kind for scale in (first, second)]
    least = FROM_FEW if all(DEFAULTS.get(kind, DEFAULTS["count"])[0] for kind in kinds) else FROM_SOME
    if people >= least:
        return
    who = "nobody has" if not people else "only 1 person has" if people == 1 else f"only {people} people have"
    same = first.id == second.id
    both = f"a reading by both on {first.name}" if same else f"a reading on both {first.name} and {second.name}"
    raise link_refused(
        first.id,
        f"{who} {both}, and a link between scales of these kinds needs at least {least}. Share more cases; or have "
        "both score the same vignettes (written cases); or place both on the common scale (policy basis), which will "
        "not show whose bar is higher.",
    )


def _add_invariance(
    found: Compared,
    partnership: Partnership,
    cases: SharedCases,
    sides: Sides,
    pair: SharedPair,
    characteristics: Characteristics,
    seed: int,
) -> None:
    """Add whether both links hold alike for the groups of each characteristic; links that do not are flagged."""
    table = characteristics.table.set_index("subject_id")
    subjects = _subjects(cases, sides)[pair.person]
    for name in characteristics.names:
        group = table[name].reindex(subjects).astype(object)
        stated = group.where(group.notna(), NOT_STATED).to_numpy()
        # Two replicates: the interval is not used again, and the figures of the groups have a draw of their own.
        fitted = _links(partnership, sides, pair, 2, seed, stated)
        for (source, target), link in zip((sides, sides[::-1]), fitted, strict=True):
            told = link.diagnostics["invariance"]
            found.invariance.append(
                {
                    "agency": source[0], "scale": source[1], "target_agency": target[0], "target_scale": target[1],
                    "characteristic": name, "groups": len(told["groups"]), "remsd": told["remsd"],
                    "by_chance": told["by_chance"], "limit": told["matters_from"], "flagged": told["sensitive"],
                }
            )  # fmt: skip
            if told["sensitive"]:
                own = found.links[source, target]
                flags = tuple(sorted({*own.flags, "population_sensitive"}))
                found.links[source, target] = replace(own, flags=flags)


def _subjects(cases: SharedCases, sides: Sides) -> npt.NDArray[np.object_]:
    """Return the people both sides have a reading of, in order of subject: what ``SharedPair.person`` numbers."""
    texts = [latest(cases, party)["subject_id"].to_numpy(zero_copy_only=False) for party in sides]
    subjects: npt.NDArray[np.object_] = np.intersect1d(*texts)
    return subjects


def _refused_scale(party: Party, reason: str) -> dict[str, Any]:
    said = f"{reason} Cross-tabulate it beside the others instead of linking it."
    return {"agency": party[0], "scale": party[1], "target_agency": "", "target_scale": "", "reason": said}


def _refused_pair(sides: Sides, reason: str) -> dict[str, Any]:
    (agency, scale), (target_agency, target_scale) = sides
    return {
        "agency": agency, "scale": scale, "target_agency": target_agency, "target_scale": target_scale,
        "reason": reason,
    }  # fmt: skip


def _add_disagreement(found: Compared, partnership: Partnership, sides: Sides, pair: SharedPair) -> None:
    """Add how the two sides split over the people they share, if there are any."""
    if not len(pair):
        return
    first, second = (partnership.scale(party[1]) for party in sides)
    common = partnership.common_scale
    split = disagreement(first, second, pair.x, pair.y, common, weight=pair.weight)
    if split is not None:
        (agency, scale), (other, other_scale) = sides
        names = {"agency": agency, "scale": scale, "other_agency": other, "other_scale": other_scale}
        one_sided = bool(pair.volumes_refused)
        found.disagreement.append({**names, **split, "referral": pair.referral, "one_sided_referral": one_sided})


def _add_pair(found: Compared, partnership: Partnership, sides: Sides, pair: SharedPair) -> None:
    """Add the lines of one pair, each direction in turn, to the tables."""
    for source, target, own, values in ((*sides, pair.x, pair.y), (*sides[::-1], pair.y, pair.x)):
        cuts = _cut_lines(partnership, source, target, found.links[source, target], own, pair)
        found.cuts.extend(cuts)
        found.volumes.extend(_volume_lines(partnership, source, target, cuts, values, pair))


def _cut_lines(
    partnership: Partnership, source: Party, target: Party, link: Link, own: Floats, pair: SharedPair
) -> Lines:
    """Return where each cut of the source falls on the target's scale."""
    here, there = (partnership.scale(party[1]) for party in (source, target))
    cuts = cut_positions(here, partnership.common_scale)
    theirs = cut_positions(there, partnership.common_scale)
    places = link.equivalents(list(cuts.values()))
    lines = []
    for i, (edge, position) in enumerate(cuts.items()):
        ends = sorted(float(as_written(there, bound[i])) for bound in (places.low, places.high))
        flags = [name for name in ("extrapolated", "sparse") if getattr(places, name)[i]]
        flags += ["one_sided_referral"] if pair.volumes_refused else []
        flags += ["levels_on_levels"] if _few_levels(here) and _few_levels(there) else []
        target_cut = float(as_written(there, theirs[edge])) if edge in theirs else None
        lines.append(
            {
                "agency": source[0], "scale": source[1], "edge": edge, "cut": float(as_written(here, position)),
                "target_agency": target[0], "target_scale": target[1],
                "estimate": float(as_written(there, places.estimate[i])), "lower": ends[0], "upper": ends[1],
                "target_cut": target_cut, "standing": _standing(there, ends, target_cut),
                **_percentile(here, own, position, pair.weight),
                "method": link.method, "rule": link.rule, "n": link.n, "n_effective": link.n_effective,
                "flags": sorted({*flags, *link.flags}),
            }
        )  # fmt: skip
    return lines


def _few_levels(scale: Scale) -> bool:
    """Return whether a scale is linked level by level: between two of these, intervals are a little too narrow."""
    # An ordinal scale of more levels is linked as a count is.
    return scale.kind == "ordinal" and len(scale.bands) <= FEW_LEVELS


def _standing(target: Scale, interval: Sequence[float], target_cut: float | None) -> str:
    """Say whether a bar lies beyond the target's own: only where the whole interval does."""
    if target_cut is None:
        return "no cut"
    if interval[0] <= target_cut <= interval[1]:
        return "cannot tell"
    above = interval[0] > target_cut
    return "higher" if above != (target.direction == "safety") else "lower"


def _percentile(scale: Scale, values: Floats, position: float, weight: Floats) -> dict[str, float | None]:
    """Return the share of cases, in per cent, below a cut on the mild side, with Wilson's interval.

    Missing where one to four cases lie on either side: the share and the number of cases would give the count away.
    """
    at_or_above = int(meets(scale, values, position).sum())
    if any(SMALL[0] <= count <= SMALL[1] for count in (at_or_above, len(values) - at_or_above)):
        return dict.fromkeys(("percentile", "percentile_low", "percentile_high"))
    n = float(weight.sum() ** 2 / (weight**2).sum())
    below = float(weight[~meets(scale, values, position)].sum() / weight.sum())
    low, high = wilson(min(below, 1.0) * n, n)
    ends = {"percentile_low": 100.0 * float(low), "percentile_high": 100.0 * float(high)}
    return {"percentile": 100.0 * below, **ends}


def _volume_lines(
    partnership: Partnership, source: Party, target: Party, cuts: Lines, values: Floats, pair: SharedPair
) -> Lines:
    """Return how many of the target's cases would be high at the source's bar."""
    scale = partnership.scale(target[1])
    high = high_edge(partnership.scale(source[1]))
    names = {"agency": target[0], "scale": target[1], "bar_of": source[0], "bar_of_scale": source[1]}
    lines = []
    for cut in (line for line in cuts if line["edge"] == high):
        if pair.volumes_refused:
            figures = no_volume(len(values), pair.volumes_refused)
        else:
            bar = (float(cut["estimate"]), float(cut["lower"]), float(cut["upper"]))
            figures = volume(partnership.agency(target[0]), scale, values, bar, _own_bar(partnership, scale))
        lines.append(with_period({**names, **figures}, pair.window))
    return lines


def _own_bar(partnership: Partnership, scale: Scale) -> float | None:
    edge = high_edge(scale)
    cuts = cut_positions(scale, partnership.common_scale)
    return None if edge is None else float(as_written(scale, cuts[edge]))


def _own_volumes(partnership: Partnership, cases: SharedCases, parties: Sequence[Party]) -> Lines:
    """Return how many of all its shared cases each agency itself calls high."""
    lines = []
    for party in parties:
        scale = partnership.scale(party[1])
        bar = _own_bar(partnership, scale)
        values, period = latest_numbers(cases, scale, party)
        if bar is None or not len(values):
            continue
        names = {"agency": party[0], "scale": party[1], "bar_of": party[0], "bar_of_scale": party[1]}
        figures = volume(partnership.agency(party[0]), scale, values, (bar, bar, bar), bar)
        lines.append(with_period({**names, **figures}, period))
    return lines


def reference_of(partnership: Partnership, found: Compared) -> Party | None:
    """Return the scale that most others are linked to: the one to stand readings side by side on.

    Of several, one with a high cut, then one with many steps rather than few levels, then the first.
    """
    counts = {party: sum(target == party for _, target in found.links) for party in found.parties}
    linked = [party for party in found.parties if counts[party]]
    if not linked:
        return None

    def rank(party: Party) -> tuple[int, bool, bool]:
        scale = partnership.scale(party[1])
        return -counts[party], high_edge(scale) is None, scale.kind == "ordinal"

    return min(linked, key=rank)


def link_pair(
    partnership: Partnership, cases: SharedCases, source: Party, target: Party, *, replicates: int, seed: int
) -> Link:
    """Return the link from one agency's scale to another's, on the cases both have read.

    Raises
    ------
    LinkRefusedError
        They cannot be linked; the reason says what to do.
    """
    pair = shared_pair(cases, partnership, source, target)
    return _links(partnership, (source, target), pair, replicates, seed)[0]
