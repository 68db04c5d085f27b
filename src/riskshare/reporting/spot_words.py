"""Hot spots in sentences and in a small table: counts and whole authorities, never a place or a person."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

LEAST_TOLD = 0.005
"""Shares that would print as 0 % are left unsaid."""


def spot_sentences(clusters: pd.DataFrame, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return one sentence a cluster.

    Parameters
    ----------
    clusters : DataFrame
        The clusters table.
    names : mapping
        Authorities' names by code.

    Returns
    -------
    tuple of str
        Empty for no cluster.
    """
    return tuple(_sentence(row, names) for row in clusters.drop(columns="geometry").to_dict("records"))


def _sentence(row: Mapping[Hashable, Any], names: Mapping[str, str]) -> str:
    shares = row["authority_share"]
    parts = shares.items() if isinstance(shares, Mapping) else ()
    split = ", ".join(f"{names[code]} {share:.0%}" for code, share in parts if share >= LEAST_TOLD).replace("%", " %")
    n = row["n_events"]
    what = f"{row['cluster_id']}: {n:,} event{'' if n == 1 else 's'}"
    what += f" ({split})" if split else f" ({_list(row['authorities'], names)})"
    what += ", across a border" if row["crosses_boundary"] else ""
    if alone := row["found_alone_by"]:
        return f"{what}. {_list(alone, names)} would have found it alone."
    if row["only_visible_together"]:
        return f"{what}. Visible only together: none of them would have found it alone."
    return f"{what}. Nobody found it alone, but that may be luck."


def _list(codes: object, names: Mapping[str, str]) -> str:
    return ", ".join(names[str(code)] for code in codes) if isinstance(codes, Sequence) else ""


def spots_html(title: str, clusters: pd.DataFrame, names: Mapping[str, str], *, most: int = 10) -> str:
    """Return a table of the first clusters for a notebook; everything in it is escaped."""
    head = "".join(
        f"<th>{name}</th>" for name in ("cluster", "events", "authorities", "found alone by", "together only")
    )
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
