"""Hot spots in sentences and in a small table: counts and whole authorities, never a place or a person."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from riskshare.reporting.profile_words import figure

LEAST_TOLD = 0.005
"""Shares that would print as 0 % are left unsaid."""


def spot_sentences(clusters: pd.DataFrame, names: Mapping[str, str], *, tested: bool = True) -> tuple[str, ...]:
    """Return one sentence a cluster.

    Parameters
    ----------
    clusters : DataFrame
        The clusters table.
    names : mapping
        Authorities' names by code.
    tested : bool
        Whether significance was tested; if not, clusters are where events are dense, and nobody "finds" anything.

    Returns
    -------
    tuple of str
        Empty for no cluster.
    """
    found_by = _found_by if tested else _dense_in
    return tuple(
        _sentence(row, names, found_by(row, names)) for row in clusters.drop(columns="geometry").to_dict("records")
    )


def _sentence(row: Mapping[Hashable, Any], names: Mapping[str, str], found_by: str) -> str:
    shares = row["authority_share"]
    parts = shares.items() if isinstance(shares, Mapping) else ()
    split = ", ".join(f"{names[code]} {share:.0%}" for code, share in parts if share >= LEAST_TOLD).replace("%", " %")
    n = row["n_events"]
    what = f"{row['cluster_id']}: {n:,} event{'' if n == 1 else 's'}{_expected(row)}"
    what += f" ({split})" if split else f" ({_list(row['authorities'], names)})"
    what += ", across a border" if row["crosses_boundary"] else ""
    return " ".join([f"{what}.", found_by, *_again(row), *_need(row), *_recording(row)])


def _expected(row: Mapping[Hashable, Any]) -> str:
    expected = row.get("expected", float("nan"))
    return f" where {figure(expected)} are expected" if expected == expected else ""  # NaN is not itself


def _again(row: Mapping[Hashable, Any]) -> list[str]:
    """Return how stable a cluster of the main finding is; of others the main finding's resamples tell nothing."""
    share = row.get("stability", float("nan")) if row["hot"] else float("nan")
    return [f"All together found it again in {100 * share:.0f} % of resamples."] if share == share else []


def _found_by(row: Mapping[Hashable, Any], names: Mapping[str, str]) -> str:
    if alone := row["found_alone_by"]:
        return f"{_list(alone, names)} would have found it alone."
    if row["only_visible_together"]:
        return "Visible only together: none of them would have found it alone."
    return "Nobody found it alone, but that may be luck."


def _dense_in(row: Mapping[Hashable, Any], names: Mapping[str, str]) -> str:
    """Return in whose own data a place is dense too: without an expectation nothing more can be said."""
    if alone := row["found_alone_by"]:
        whose = " and ".join(f"{names[str(code)]}'s" for code in alone)
        return f"Dense in {whose} own data too."
    if row["only_visible_together"]:
        return "Dense only in all data together, in nobody's own."
    return "Dense in nobody's own data, but that may be luck."


def _need(row: Mapping[Hashable, Any]) -> list[str]:
    """Return what circumstances explain of it, where they were asked about."""
    shows, need = row.get("shows", ""), row.get("need", float("nan"))
    how = f" ({need:.1f} times what its people alone lead one to expect)" if need == need else ""  # NaN is not itself
    said = {
        "need and surprise": f"More than its people lead one to expect, and more than its circumstances do{how}.",
        "need": f"Need: more than its people lead one to expect, though no more than its circumstances do{how}.",
        "surprise": f"A surprise for its circumstances only{how}.",
    }
    return [said[shows]] if shows in said else []


def _recording(row: Mapping[Hashable, Any]) -> list[str]:
    """Return what allowing for recording practice does to it, where that was asked for."""
    if not (verdict := row.get("adjustment", "")):
        return []
    share = row["adjusted_stability"]
    often = f"; hot in {100 * share:.0f} % of draws of the offsets" if share == share else ""
    return [f"Recording practice allowed for: {verdict}{often}."]


def _list(codes: object, names: Mapping[str, str]) -> str:
    return ", ".join(names[str(code)] for code in codes) if isinstance(codes, Sequence) else ""


def spots_html(
    title: str, clusters: pd.DataFrame, names: Mapping[str, str], *, most: int = 10, tested: bool = True
) -> str:
    """Return a table of the first clusters for a notebook; everything in it is escaped."""
    alone = "found alone by" if tested else "dense in own data of"
    head = "".join(f"<th>{name}</th>" for name in ("cluster", "events", "authorities", alone, "together only"))
    lines = []
    for row in clusters.head(most).drop(columns="geometry").to_dict("records"):
        cells = (
            row["cluster_id"], f"{row['n_events']:,}", _list(row["authorities"], names),
            _list(row["found_alone_by"], names), "yes" if row["only_visible_together"] else "",
        )  # fmt: skip
        lines.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>")
    more = f"<p>and {len(clusters) - most:,} more</p>" if len(clusters) > most else ""
    count = f"{len(clusters):,} cluster{'' if len(clusters) == 1 else 's'}"
    return f"<p>{html.escape(title)}: {count}, internal</p><table><tr>{head}</tr>{''.join(lines)}</table>{more}"
