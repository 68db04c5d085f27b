"""Profiles of the ground around buildings in sentences and in a small table: figures by id, never a place."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from riskshare.reporting.words import counted, is_missing

NO_KIND: Final = "not stated"
WIDE: Final = 0.8
"""Proposal: a rank whose interval spans this share of all ranks says nothing."""
SEEN: Final = 0.9
"""Proposal: below this share of the ground around a building, what nobody looks at is told with its figures."""
Row = Mapping[Hashable, Any]


class Reach(NamedTuple):
    """Where bands end, in metres: the own address, all bands but the outermost (0 for none), and the outermost."""

    own: float
    near: float
    far: float

    @classmethod
    def of(cls, bands: pd.DataFrame) -> Reach:
        """Read it from the table of bands.

        >>> Reach.of(pd.DataFrame({"from_m": [25.0, 100.0, 250.0], "to_m": [100.0, 250.0, 500.0]}))
        Reach(own=25.0, near=250.0, far=500.0)
        """
        ends = sorted({float(end) for end in bands["to_m"]})
        return cls(float(bands["from_m"].min()), ends[-2] if len(ends) > 1 else 0.0, ends[-1])


def profile_sentences(buildings: pd.DataFrame, bands: pd.DataFrame, *, named: bool = False) -> tuple[str, ...]:
    """Return a paragraph a building for practitioners: what lies near, what further out, and what stands apart.

    Parameters
    ----------
    buildings, bands : DataFrame
        The tables of ``riskshare.profile_places`` for practitioners.
    named : bool
        Give names beside ids. A protected building's name is for a file that its owner alone can read, not a screen.

    Returns
    -------
    tuple of str
        In the order of the table; empty for no building.
    """
    if not len(buildings):
        return ()
    reach = Reach.of(bands)
    return tuple(_paragraph(row, reach, named=named) for row in buildings.drop(columns="geometry").to_dict("records"))


def _paragraph(row: Row, reach: Reach, *, named: bool) -> str:
    if not row["coverage"] > 0:
        nothing = "nobody given here looks around it, so nothing can be said: silence is not safety."
        return " ".join(part for part in (f"{_who(row, named=named)}: {nothing}", _apart(row, reach)) if part)
    parts = [f"{_who(row, named=named)}: {_near(row, reach)}", _verdict(row)]
    if reach.near:
        parts.append(_further(row, reach))
    parts += [_silence(row), _apart(row, reach), _beside(row), _border(row)]
    return " ".join(part for part in parts if part)


def _who(row: Row, *, named: bool) -> str:
    told = [str(row["name"])] if named and row["name"] else []
    told += [str(row["kind"])] if row["kind"] != NO_KIND else []
    told += [str(row["authority"])] if not is_missing(row["authority"]) else []
    told += ["protected"] if row["protected"] else []
    return f"{row['building_id']} ({', '.join(told)})" if told else str(row["building_id"])


def _near(row: Row, reach: Reach) -> str:
    within = f"within {reach.near or reach.far:g} m"
    return f"{counted(int(row['near_observed']), 'event')} {within}, {_against(row, 'near_')}."


def _against(row: Row, prefix: str) -> str:
    expected = row[f"{prefix}expected"]
    if is_missing(expected):
        return "with nothing to expect from"
    if not expected > 0:
        return "where nothing is expected"
    ratio, low, high = (times(row[f"{prefix}{name}"]) for name in ("ratio", "lower", "upper"))
    told = f"{ratio} times as many ({low} to {high})" if row[f"{prefix}observed"] else f"at most {high} times as many"
    return f"where {figure(expected)} are expected: {told}"


def _verdict(row: Row) -> str:
    if is_missing(row["excess"]):
        return ""
    return "That is more than chance gives." if row["excess"] else "That is no more than chance can give."


def _further(row: Row, reach: Reach) -> str:
    seen, expected = row["observed"] - row["near_observed"], row["expected"] - row["near_expected"]
    base = "" if is_missing(expected) else f", where {figure(expected)} are expected"
    return f"From there to {reach.far:g} m: {counted(int(seen), 'event')}{base}."


def _silence(row: Row) -> str:
    if row["coverage"] >= SEEN:
        return ""
    share = f"{100 * row['coverage']:.0f} %"
    return f"Only {share} of the ground around it is looked at by anybody given here: the rest is silence, not safety."


def _apart(row: Row, reach: Reach) -> str:
    duties, own, unsure = (int(row[name]) for name in ("duties_at_address", "own_address", "may_be_own_address"))
    told = [counted(duties, "report of a duty", "reports of duties")] if duties else []
    told += [counted(own, "other event" if duties else "event")] if own else []
    said = f"Apart from that, at its own address (up to {reach.own:g} m): {' and '.join(told)}." if told else ""
    if unsure:
        said += f" {counted(unsure, 'event')} above may have happened at the address, so far as their place is known."
    return said.strip()


def _beside(row: Row) -> str:
    if not row["matched_buildings"] or is_missing(row["rank"]):
        return ""
    of, low, high = int(row["matched_buildings"]) + 1, round(row["rank_lower"]), round(row["rank_upper"])
    if high - low >= (of - 1) * WIDE:
        return f"Its rank among {of:,} of its kind cannot be told."
    return f"Among {of:,} of its kind it ranks {low:,} to {high:,}, 1 having the most for what is expected."


def _border(row: Row) -> str:
    return f"The ground around it is shared by {' and '.join(row['authorities'])}." if row["crosses_boundary"] else ""


def shown_sentences(buildings: pd.DataFrame, areas: pd.DataFrame) -> tuple[str, ...]:
    """Return what may be said below the practitioner level: open buildings, then authorities' lines.

    Parameters
    ----------
    buildings, areas : DataFrame
        The tables of ``riskshare.profile_places`` for partners or the public.

    Returns
    -------
    tuple of str
    """
    single = [
        f"{row['building_id']} ({row['name'] or row['kind']}): {_few(row)} {row['band']}{_ratio(row)}."
        for row in buildings.drop(columns="geometry").to_dict("records")
    ]
    lines = [
        f"{row['authority']}, {row['buildings']:,} buildings ({row['kind']}): {_few(row)} {row['band']} of any of them"
        f"{_ratio(row)}."
        for row in areas.to_dict("records")
    ]
    return (*single, *lines)


def _few(row: Row) -> str:
    return "fewer than 5 events" if is_missing(row["observed"]) else counted(int(row["observed"]), "event")


def _ratio(row: Row) -> str:
    return "" if is_missing(row["ratio"]) else f", {times(row['ratio'])} times what is expected there"


def figure(value: float) -> str:
    """Return an expected count with as many places as help.

    >>> figure(0.04), figure(1.82), figure(31.4)
    ('0.04', '1.8', '31')
    """
    return f"{value:.2f}" if value < 0.1 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def times(value: float) -> str:
    """Return a ratio with as many places as help; no upper end is said as such.

    >>> times(0.0), times(1.26), times(30.2), times(float("nan"))
    ('0', '1.3', '30', 'no upper end')
    """
    if is_missing(value):
        return "no upper end"
    return "0" if value == 0 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def profiles_html(buildings: pd.DataFrame, *, most: int = 10) -> str:
    """Return a table of the first buildings for a notebook: ids and figures; everything in it is escaped."""
    wanted = [
        name for name in ("building_id", "kind", "authority", "observed", "expected", "excess") if name in buildings
    ]
    head = "".join(f"<th>{name}</th>" for name in wanted)
    lines = []
    for row in buildings.head(most)[wanted].to_dict("records"):
        cells = ("" if is_missing(row[name]) else _cell(row[name]) for name in wanted)
        lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    more = f"<p>and {len(buildings) - most:,} more</p>" if len(buildings) > most else ""
    count = counted(len(buildings), "building")
    return f"<p>Around {count}, internal</p><table><tr>{head}</tr>{''.join(lines)}</table>{more}"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "more than chance" if value else "no"
    return figure(value) if isinstance(value, float) else str(value)
