"""Whose bar is higher, in a sentence a pair: where it falls, what it would flag, how the two disagree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.reporting.figures import interval_words, level_of
from riskshare.reporting.words import agency_names, is_missing, listed, owned
from riskshare.scales.agreed import in_risk_order
from riskshare.scales.rungs import cut_words, high_edge

CAVEAT: Final = (
    "Population basis: a link says which scores stand equally high among these people, not that they measure the same "
    "thing, nor that risk is equal."
)
FEWEST: Final = 30
"""No disagreement of fewer cases is put into words (methods: thresholds, C2: from 30 shared cases)."""
TOO_SMALL: Final = "a number too small to show"


def place_words(scale: Scale, estimate: float, lower: float, upper: float) -> str:
    """Return a place on a native scale with its interval: ``16.8 [16.0, 17.4]``, or between which levels it lies.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> brag = Scale(id="b", name="b", owner="x", kind="ordinal", lo=1.0, hi=2.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="amber", starts=1.0), Band(name="red", starts=2.0)))
    >>> place_words(brag, 1.6, 1.44, 1.71)
    'between amber and red (1.6 [1.4, 1.7] on 1–2)'
    """
    figures = interval_words(scale, estimate, lower, upper)
    if scale.kind != "ordinal":
        return figures
    split, beyond = level_of(scale, estimate)
    where = beyond if not split else f"between {split} and {beyond}" if beyond else f"within {split}"
    return f"{where} ({figures} on {scale.bands[0].starts:g}–{scale.bands[-1].starts:g})"


def pair_sentence(
    cut: Mapping[str, Any], volume: Mapping[str, Any], partnership: Partnership, *, to: str | None = None
) -> str:
    """Return what one agency's "high" is on another's scale, and how many of the other's cases it would flag.

    Parameters
    ----------
    cut : mapping
        A line of the matrix.
    volume : mapping
        The line of volumes with the same bar on the same agency's cases.
    partnership : Partnership
    to : str, optional
        Id of the agency spoken to as "you"; it must be the target.

    Returns
    -------
    str
    """
    names, scale = agency_names(partnership), partnership.scale(cut["target_scale"])
    target = names[cut["target_agency"]]
    you = to == cut["target_agency"]
    at, whose = place_words(scale, cut["estimate"], cut["lower"], cut["upper"]), "your" if you else owned(target)
    between = scale.kind == "ordinal" and bool(level_of(scale, cut["estimate"]).split)
    falls = f"falls on {whose} scale {at}" if between else f"is about {whose} {at}"
    own = cut_words(partnership.scale(cut["scale"]), cut["edge"])
    head = f"{owned(names[cut['agency']])} 'high' ({own}) {falls}{_flags_words(cut)}"
    if volume["refused"]:
        return f"{head}: how many cases that would flag is not said. {_named(volume['refused'], names)}"
    parts = [f"{head}: {_cases(volume, scale, target, you=you)}.", _standing(cut, scale, you=you)]
    return " ".join(part for part in [*parts, _routes(scale, target, you=you)] if part)


def _cases(volume: Mapping[str, Any], scale: Scale, target: str, *, you: bool) -> str:
    whose, who = ("your", "you") if you else ("their", target)
    edge = high_edge(scale)
    first = f"it would flag {count_words(volume)} of {whose} {volume['n']:,} shared cases as high"
    if edge is None:
        return f"{first}; {who} publish{'' if you else 'es'} no cut of {whose} own"
    stands = f"{'stand at' if scale.kind == 'ordinal' else 'score'} {cut_words(scale, edge)} with {who}"
    own = volume["flagged_own"]
    counted = f"{TOO_SMALL} of them" if is_missing(own) else f"{int(own):,} of them"
    return f"{first}; {counted} {stands}"


def count_words(volume: Mapping[str, Any]) -> str:
    """Return a count at a bar with its own interval, which follows that of the bar; small counts are not shown."""
    flagged, ends = volume["flagged"], (volume["flagged_low"], volume["flagged_high"])
    if is_missing(flagged):
        return TOO_SMALL
    if (volume["agency"], volume["scale"]) == (volume["bar_of"], volume["bar_of_scale"]):
        return f"{int(flagged):,}"  # an own cut is known exactly
    if any(is_missing(end) for end in ends):
        return f"{int(flagged):,} [an end too small to show]"
    return f"{int(flagged):,} [{int(ends[0]):,}, {int(ends[1]):,}]"


def _routes(scale: Scale, target: str, *, you: bool) -> str:
    """Say which other ways to "high" the scale has: shared cases hold scores alone."""
    edge = high_edge(scale)
    names = [band.name for band in in_risk_order(scale)]
    first = next((i for i, band in enumerate(in_risk_order(scale)) if edge is not None and band.pins == edge), None)
    raising = [route.id.replace("_", " ") for route in scale.routes
               if first is not None and route.raises_to in names[first:]]  # fmt: skip
    if not raising:
        return ""
    who = "you raise" if you else f"{target} raises"
    return f"Cases {who} by a route of that scale ({listed(raising, 'or')}) are not counted here."


def _named(text: str, names: Mapping[str, str]) -> str:
    """Return a reason that begins with an agency's id, with its name instead."""
    first, _, rest = text.partition(" ")
    return f"{names.get(first, first)} {rest}".rstrip()


def _standing(cut: Mapping[str, Any], scale: Scale, *, you: bool) -> str:
    # The bar was compared with the scale's cut of the same edge, which need not be the one it calls high.
    edge = cut["edge"]
    if cut["standing"] == "no cut":
        return ""
    own = f"{'your' if you else 'their'} own {cut_words(scale, edge)}"
    if cut["standing"] == "cannot tell":
        return f"These cases cannot tell it from {own}."
    return f"It is a {cut['standing']} bar than {own}{_in_part(cut, scale, you=you)}."


def _in_part(cut: Mapping[str, Any], scale: Scale, *, you: bool) -> str:
    """Say whom a bar inside a level divides."""
    split, beyond = level_of(scale, cut["estimate"]) if scale.kind == "ordinal" else ("", "")
    if not split:
        return ""
    return f": {'part' if beyond else 'only part'} of those {'you' if you else 'they'} call {split} would be high"


def _flags_words(cut: Mapping[str, Any]) -> str:
    said = {"extrapolated": "beyond what was seen", "sparse": "fewer than ten people beyond it",
            "population_sensitive": "not alike for every group",
            "levels_on_levels": "levels on levels: the interval is a little too narrow, in simulation it held the "
                                "truth in 92 to 94 of 100"}  # fmt: skip
    words = [said[flag] for flag in cut["flags"] if flag in said]
    return f" ({'; '.join(words)})" if words else ""


def split_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return how a pair disagrees about "high": how much goes one way, as a bar would make it, and how much both ways.

    Nothing is said of the split where one side referred most of the cases, where fewer than 30 are shared, or where
    one to four people differ one way.
    """
    names = agency_names(partnership)
    first, second = names[line["agency"]], names[line["other_agency"]]
    if line["one_sided_referral"]:
        return (
            f"{first} and {second}: how they disagree about 'high' is not said, for the same reason: one side referred "
            "most of these cases."
        )
    if line["n"] < FEWEST:
        return f"{first} and {second}: no split is said of fewer than {FEWEST} shared cases; they share {line['n']:,}."
    if line["small_cells"]:
        return (
            f"{first} and {second}, {line['n']:,} shared cases: how their disagreement about 'high' splits rests on "
            f"{TOO_SMALL}.{_signed(line, first, second)}{_order(line)}"
        )
    return f"{_total(line, first, second)}{_parts(line, first, second)}{_signed(line, first, second)}{_order(line)}"


def _total(line: Mapping[str, Any], first: str, second: str) -> str:
    weighted = abs(line["n_effective"] - line["n"]) > 1e-6 * line["n"]
    if not line["total"]:
        return f"{first} and {second} agree about 'high' for each of {line['n']:,} shared cases."
    of = f"{'weighted by who referred; ' if weighted else ''}{line['n']:,} cases"
    about = "about " if weighted else ""
    return f"{first} and {second} disagree about 'high' for {about}{_per_100(line['total'])} in 100 ({of})"


def _parts(line: Mapping[str, Any], first: str, second: str) -> str:
    if not line["total"]:
        return ""
    if line["judgement"] > 0.0:
        both = (
            f"{_per_100(line['judgement'])} goes both ways, which no difference of bar alone could make: they order "
            "some people differently."
        )
        undecided = line["calls_more_high"] == "cannot tell"
        return f": {both}" if undecided else f": at least {_per_100(line['bar'])} is one-way (bar); {both}"
    high, low = (first, second) if line["signed"] > 0.0 else (second, first)
    way = f": all of it goes one way ({high} high, {low} not)"
    if line["calls_more_high"] == "cannot tell":
        return f"{way}, and chance alone could explain so little."
    return (
        f"{way}, so a different bar alone could explain it. That does not show that they judge people alike; where "
        "bars lie far apart, differing judgement cannot be seen this way."
    )


def _signed(line: Mapping[str, Any], first: str, second: str) -> str:
    hidden = is_missing(line["signed_low"])
    low, high = (0.0, 0.0) if hidden else (100.0 * line["signed_low"], 100.0 * line["signed_high"])
    if line["calls_more_high"] == "cannot tell":
        ends = "" if hidden else f" (95 % interval {low:+.0f} to {high:+.0f} in 100)"
        return f" Which of them calls more cases high cannot be told{ends}."
    ahead = line["calls_more_high"] == "agency"
    more, less, (least, most) = (first, second, (low, high)) if ahead else (second, first, (-high, -low))
    by = "" if hidden else f": by {least:.0f} to {most:.0f} in 100 (95 % interval)"
    return f" {more} calls more cases high than {less} does{by}."


def _order(line: Mapping[str, Any]) -> str:
    """Say how alike they order people, which no bar touches, and how well they agree on high beyond chance."""
    parts = []
    if not is_missing(line["spearman"]):
        parts.append(f"How alike they order people: rank correlation {line['spearman']:.2f}.")
    if not is_missing(line["kappa"]):
        ends = "" if is_missing(line["kappa_low"]) else f" [{line['kappa_low']:.2f}, {line['kappa_high']:.2f}]"
        parts.append(f"Agreement on 'high' beyond chance: kappa {line['kappa']:.2f}{ends}, PABAK {line['pabak']:.2f}.")
    return "".join(f" {part}" for part in parts)


def _per_100(share: float) -> str:
    return "under 1" if 0.0 < share < 0.005 else f"{100.0 * share:.0f}"


def refused_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return why a scale, or a pair of them, is not linked, and what to do."""
    names = agency_names(partnership)
    sides = [(line["agency"], line["scale"]), (line["target_agency"], line["target_scale"])]
    told = [f"{names[agency]} ({partnership.scale(scale).name})" for agency, scale in sides if agency]
    return f"{' and '.join(told)}: {line['reason']}"


def invariance_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return that a link does not hold alike for every group."""
    names = agency_names(partnership)
    return (
        f"The link from {names[line['agency']]} to {names[line['target_agency']]} differs between groups of "
        f"{line['characteristic'].replace('_', ' ')}: by {line['remsd']:.2f} standard deviations, where "
        f"{line['limit']:.2f} matters and chance alone gives up to {line['by_chance']:.2f}."
    )
