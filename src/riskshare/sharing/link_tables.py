"""Tables of links as a matcher such as Splink gives them, made into links: pairs, or clusters of ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

import pandas as pd

from riskshare.records.arguments import is_text, require
from riskshare.sharing.links import Link, LinkError, link

PAIRS: Final = ("id_a", "id_b", "p", "model_version", "reviewed_by")
CLUSTERS: Final = ("cluster_id", "unique_id", "model_version", "reviewed_by")
_SPLINK: Final = {"unique_id_l": "id_a", "unique_id_r": "id_b", "match_probability": "p"}
"""What Splink's table of pairs calls these columns."""
_MOST_NAMED: Final = 20


def links_of(table: pd.DataFrame, *, model_version: str = "") -> tuple[Link, ...]:
    """Return the links in a table of pairs or of clusters; any other column is passed over.

    Parameters
    ----------
    table : DataFrame
        Pairs: ``id_a, id_b, p`` (or Splink's ``unique_id_l, unique_id_r, match_probability``). Clusters: ``cluster_id,
        unique_id``, as Splink's clustering gives them; every id of a cluster is linked to the first in alphabetical
        order, with p = 0, because a cluster has no probability of its own: each such link waits for a reviewer. Either
        may have ``model_version`` and ``reviewed_by``; in a cluster every row but the first needs its own reviewer.
    model_version : str
        For rows that name none.

    Returns
    -------
    tuple of Link
        In the order of the table; empty for an empty one.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    LinkError
        Columns are missing, or rows hold no link: each is named by its number from 1, and no id is.

    Examples
    --------
    >>> pairs = pd.DataFrame({"unique_id_l": ["a"], "unique_id_r": ["b"], "match_probability": [0.9999]})
    >>> links_of(pairs, model_version="m1")[0].pair
    ('a', 'b')
    >>> clusters = pd.DataFrame({"cluster_id": ["k", "k", "k"], "unique_id": ["a", "b", "c"]})
    >>> [one.pair for one in links_of(clusters, model_version="m1")]
    [('a', 'b'), ('a', 'c')]
    """
    require(
        "links_of",
        {
            "table must be a DataFrame of pairs or clusters.": isinstance(table, pd.DataFrame),
            "model_version must be text.": is_text(model_version),
        },
    )
    named = table.rename(columns={old: new for old, new in _SPLINK.items() if new not in table.columns})
    if {"id_a", "id_b", "p"} <= set(named.columns):
        return _made(_pairs(named, model_version))
    if {"cluster_id", "unique_id"} <= set(named.columns):
        return _made(_clusters(named, model_version))
    message = (
        "This is no table of links. Pairs need id_a, id_b and p (or unique_id_l, unique_id_r and match_probability); "
        "clusters need cluster_id and unique_id."
    )
    raise LinkError(message)


Row = tuple[int, Callable[[], Link]]


def _made(rows: Iterator[Row]) -> tuple[Link, ...]:
    found, bad = [], []
    for number, make in rows:
        try:
            found.append(make())
        except (LinkError, ValueError, TypeError):
            bad.append(number)
    if bad:
        shown = ", ".join(map(str, bad[:_MOST_NAMED])) + (", ..." if len(bad) > _MOST_NAMED else "")
        message = (
            f"{len(bad):,} rows hold no link: {shown}. A link needs two different ids as text, p from 0 to 1, and the "
            "model's version."
        )
        raise LinkError(message)
    return tuple(found)


def _pairs(table: pd.DataFrame, model_version: str) -> Iterator[Row]:
    for number, row in enumerate(table.to_dict("records"), 1):
        yield number, lambda row=row: link(  # type: ignore[misc]  # bound now, called at once
            row["id_a"], row["id_b"], float(row["p"]), _said(row, "model_version") or model_version,
            _said(row, "reviewed_by"),
        )  # fmt: skip


def _clusters(table: pd.DataFrame, model_version: str) -> Iterator[Row]:
    groups: dict[Any, list[tuple[int, dict[Any, Any]]]] = defaultdict(list)
    for number, row in enumerate(table.to_dict("records"), 1):
        groups[row["cluster_id"]].append((number, row))
    for group in groups.values():
        ordered = sorted(group, key=lambda one: str(one[1]["unique_id"]))
        first = ordered[0][1]["unique_id"]
        for number, row in ordered[1:]:
            yield (
                number,
                lambda first=first, row=row: link(  # type: ignore[misc]  # bound now, called at once
                    first,
                    row["unique_id"],
                    0.0,
                    _said(row, "model_version") or model_version,
                    _said(row, "reviewed_by"),
                ),
            )


def _said(row: dict[Any, Any], name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else ""
