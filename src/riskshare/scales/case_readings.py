"""Each person's latest readings side by side: native value and band, agreed position, place on a reference scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskshare.kernels.anchors import Floats
from riskshare.records.comparison import ReadingLine, SpreadLine, table_of, typed
from riskshare.records.comparison_tables import Party
from riskshare.records.linked_scores import LinkedScores
from riskshare.records.links import Link, days_window
from riskshare.records.partnership import Partnership
from riskshare.records.scale import CommonScale, Scale
from riskshare.records.shared_cases import SharedCases
from riskshare.scales.agreed import refusal
from riskshare.scales.band_positions import common_bands
from riskshare.scales.latest import latest_rows, native_numbers, own_rows
from riskshare.scales.place import place
from riskshare.scales.reading import parse_values
from riskshare.scales.rungs import high_edge


def latest(cases: SharedCases, party: Party) -> pa.Table:
    """Return one agency's latest reading of each person on one scale, by subject."""
    return latest_rows(own_rows(cases.table, party))


def latest_numbers(cases: SharedCases, scale: Scale, party: Party) -> tuple[Floats, tuple[str, str] | None]:
    """Return the native numbers of an agency's latest readings, and the first and last day they were scored on."""
    rows = latest(cases, party)
    numbers = native_numbers(scale, parse_values(scale, rows["value"]))
    known = ~np.isnan(numbers)
    return numbers[known], days_window(rows["scored_at"].filter(pa.array(known)).to_pylist())


def readings_table(
    partnership: Partnership,
    cases: SharedCases,
    parties: Sequence[Party],
    links: Mapping[tuple[Party, Party], Link],
    reference: Party | None,
) -> pd.DataFrame:
    """Return every latest reading, one line a person and agency's scale; persons in id order.

    Parameters
    ----------
    partnership : Partnership
    cases : SharedCases
    parties : sequence of (agency id, scale id)
        In the order wanted within a person.
    links : mapping
        By (source, target).
    reference : (agency id, scale id) or None
        Whose scale ``linked`` is on; without one, or without a link to it, ``linked`` is missing.

    Returns
    -------
    pandas.DataFrame
        ``ReadingLine``; a reading that could not be judged has no position and is never 0.
    """
    frames = [table_of([], ReadingLine)]
    for place_in_order, party in enumerate(parties):
        scale = partnership.scale(party[1])
        link = None if reference is None else links.get((party, reference))
        own = _of_party(scale, latest(cases, party), partnership.common_scale, link, is_reference=party == reference)
        frames.append(own.assign(agency=party[0], scale=party[1], order=place_in_order))
    table = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    if "order" in table:
        table = table.sort_values(["subject_id", "order"], ignore_index=True)
    return typed(table, ReadingLine)


def _of_party(
    scale: Scale, rows: pa.Table, common_scale: CommonScale, link: Link | None, *, is_reference: bool
) -> pd.DataFrame:
    parsed = parse_values(scale, rows["value"])
    bands = np.array([*(band.name for band in scale.bands), ""], dtype=object)
    columns: dict[str, Any] = {
        "subject_id": rows["subject_id"].to_numpy(zero_copy_only=False),
        "scored_at": np.array([day.isoformat() for day in rows["scored_at"].to_pylist()], dtype=object),
        "value": rows["value"].to_numpy(zero_copy_only=False),
        "native_band": bands[parsed.band],
    }
    if refusal(scale):
        blank = np.full(len(parsed), np.nan)
        columns |= dict.fromkeys(("policy_low", "policy", "policy_high"), blank)
        columns |= {"policy_band": np.full(len(parsed), "", object), "is_high": np.zeros(len(parsed), np.bool_)}
    else:
        placed = place(scale, parsed, common_scale)
        columns |= {"policy_low": placed.low, "policy": placed.common, "policy_high": placed.high}
        columns |= {"policy_band": common_bands(placed.low, placed.high, common_scale), "is_high": placed.is_high}
    numbers = native_numbers(scale, parsed)
    columns |= _linked(scale, numbers, columns["is_high"], link, is_reference=is_reference)
    columns["flags"] = _flags(columns.pop("linked_flags"), rows["derived_from"], np.isnan(columns["policy"]))
    return pd.DataFrame({name: _column(values) for name, values in columns.items()})


def _column(values: npt.NDArray[Any]) -> pd.Series[Any]:
    return pd.Series(values, dtype=object if values.dtype == object else None)


def _linked(
    scale: Scale, numbers: Floats, is_high: npt.NDArray[np.bool_], link: Link | None, *, is_reference: bool
) -> dict[str, Any]:
    """Return the place of each reading on the reference scale, and the flags of how it got there."""
    n = len(numbers)
    flags: list[list[str]] = [[] for _ in range(n)]
    if is_reference:
        sure = np.where(np.isnan(numbers), np.nan, is_high.astype(np.float64))
        chance = sure if high_edge(scale) else np.full(n, np.nan)
        return {"linked": numbers, "linked_low": numbers, "linked_high": numbers, "chance_high": chance,
                "linked_flags": flags}  # fmt: skip
    if link is None:
        blank = np.full(n, np.nan)
        return {**dict.fromkeys(("linked", "linked_low", "linked_high", "chance_high"), blank), "linked_flags": flags}
    scores = link(numbers)
    at = next((i for i, edge in enumerate(scores.edges) if edge != "medium"), None)
    return {
        "linked": scores.point, "linked_low": scores.low, "linked_high": scores.high,
        "chance_high": np.full(n, np.nan) if at is None else scores.at_or_above[:, at],
        "linked_flags": _link_flags(scores, at),
    }  # fmt: skip


def _link_flags(scores: LinkedScores, at: int | None) -> list[list[str]]:
    named = {name: getattr(scores, name) & ~scores.not_scored for name in ("extrapolated", "sparse")}
    if at is not None:
        named["borderline"] = scores.borderline[:, at]
    return [
        [*(name for name, mask in named.items() if mask[i]), *(() if scores.not_scored[i] else scores.link_flags)]
        for i in range(len(scores))
    ]


def _flags(
    linked: list[list[str]], derived_from: pa.ChunkedArray, unplaced: npt.NDArray[np.bool_]
) -> npt.NDArray[np.object_]:
    derived = derived_from.is_valid().to_numpy()
    flags = np.empty(len(linked), dtype=object)
    for i, own in enumerate(linked):
        also = [name for name, holds in (("derived", derived[i]), ("not_scored", unplaced[i])) if holds]
        flags[i] = tuple(sorted({*own, *also}))
    return flags


def spread_table(readings: pd.DataFrame) -> pd.DataFrame:
    """Return how far apart agencies stand on each person whom at least two have read, widest policy spread first.

    ``policy_spread`` and ``linked_spread`` are greatest less least of what is known; ``high`` and ``not_high`` count
    readings by their owner's own cut, and ``split`` says that both are there. A mean is never formed.

    Examples
    --------
    >>> two = pd.DataFrame({"subject_id": ["S1", "S1"], "agency": ["a", "b"], "policy": [20.0, 75.0],
    ...     "linked": [3.0, 5.0], "is_high": [False, True]})
    >>> spread_table(two)[["n_agencies", "policy_spread", "linked_spread", "high", "split"]].values.tolist()
    [[2, 55.0, 2.0, 1, True]]
    """
    judged = readings[readings["policy"].notna()]
    groups = judged.groupby("subject_id", sort=True)
    found = pd.DataFrame(
        {
            "n_agencies": groups["agency"].nunique(),
            "policy_spread": groups["policy"].max() - groups["policy"].min(),
            "linked_spread": groups["linked"].max() - groups["linked"].min(),
            "high": groups["is_high"].sum().astype("int64"),
            "not_high": (groups["is_high"].size() - groups["is_high"].sum()).astype("int64"),
        }
    ).reset_index()
    found["split"] = (found["high"] > 0) & (found["not_high"] > 0)
    found = found[found["n_agencies"] > 1].sort_values(["policy_spread", "subject_id"], ascending=[False, True])
    return table_of(found.to_dict("records"), SpreadLine)  # type: ignore[arg-type]  # names are texts
