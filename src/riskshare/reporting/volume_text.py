"""What each bar costs, as lines of characters: shared cases at an agency's own bar and at each partner's."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from riskshare.records.partnership import Partnership
from riskshare.reporting.equivalence import TOO_SMALL, count_words
from riskshare.reporting.words import agency_names, is_missing
from riskshare.scales.rungs import cut_words, high_edge

_NAME, _COUNT, _RATE = 34, 30, 21
"""Columns for the least name beside which rates still stand, for a count and for a rate."""


def volume_lines(lines: Sequence[Mapping[str, Any]], partnership: Partnership, *, width: int = 100) -> str:
    """Return the volumes as lines of characters: per agency its own bar, then each partner's on the cases they share.

    Parameters
    ----------
    lines : sequence of mapping
        Lines of the volumes.
    partnership : Partnership
    width : int
        Columns; less than 60 is taken as 60. Rates go under the counts where both do not fit beside the name.

    Returns
    -------
    str
        Empty for no lines. The brackets of a count follow the interval of the bar, those of a rate are exact Poisson
        intervals; both rates are of shared cases over the days stated, never of a caseload.
    """
    width, names, blocks = max(width, 60), agency_names(partnership), []
    for party in dict.fromkeys((line["agency"], line["scale"]) for line in lines):
        own = [line for line in lines if (line["agency"], line["scale"]) == party]
        own.sort(key=lambda line: line["bar_of"] != line["agency"])
        told = [row for line in own for row in _row(line, partnership, names, width)]
        first = next((line for line in own if not is_missing(line["period_from"])), None)
        days = "" if first is None else f", {first['period_from']} to {first['period_to']}"
        title = f"{names[party[0]]}, {partnership.scale(party[1]).name}{days}"
        blocks.append("\n".join([*textwrap.wrap(title, width, subsequent_indent="  "), *told]))
    return "\n".join(blocks)


def _row(line: Mapping[str, Any], partnership: Partnership, names: Mapping[str, str], width: int) -> list[str]:
    scale = partnership.scale(line["scale"])
    edge = high_edge(scale)
    whose = (
        f"own bar ({cut_words(scale, edge)})" if edge and line["bar_of"] == line["agency"] else names[line["bar_of"]]
    )
    if line["refused"]:
        count, rates = "not said: one-sided referral", ""
    else:
        count = TOO_SMALL if is_missing(line["flagged"]) else f"{count_words(line)} of {line['n']:,}"
        per = [_rate(line, f"shared_cases_per_{name}") for name in ("10000", "worker")]
        rates = "" if not any(per) else f"{per[0] or '-':{_RATE}} {per[1] or '-'}".rstrip()
    room = width - _COUNT - 2 * _RATE - 4
    beside = room >= _NAME
    room = room if beside else width - _COUNT - 4
    told = f"  {textwrap.shorten(whose, room, placeholder='..'):{room}} {count:{_COUNT}}"
    if beside:
        return [f"{told} {rates}".rstrip()]
    return [told.rstrip(), *([f"{'':{width - 2 * _RATE - 1}}{rates}"] if rates else [])]


def _rate(line: Mapping[str, Any], name: str) -> str:
    if is_missing(line[name]):
        return ""
    places = 1 if line[name] >= 1.0 else 2
    return f"{line[name]:.{places}f} [{line[f'{name}_low']:.{places}f}, {line[f'{name}_high']:.{places}f}]"
