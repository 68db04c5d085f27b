"""Cells and clusters without the counts that are too small, or that could be worked out from what is left."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.sharing.profiles import Profile, profile_for
from riskshare.sharing.rounding import rounded

Flags = NDArray[np.bool_]

Q_STEPS: Final = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
"""A q or p is told as "at most" the next of these: an exact one can be turned back into the count around a cell."""
_FIGURES: Final = ("expected", "gi_z", "p", "q")
"""What is worked out from the counts of all cells: none of it is told where any count is withheld."""


class HiddenCells(NamedTuple):
    """Cells and clusters as an audience may see them, and for the register of releases the true counts.

    ``told`` lists what was taken out as ``table, what, n, reason``. ``withheld`` is by line of ``true``.
    """

    cells: gpd.GeoDataFrame
    clusters: gpd.GeoDataFrame
    told: tuple[tuple[str, str, int, str], ...]
    notes: tuple[str, ...]
    true: pd.DataFrame
    withheld: Flags
    least: int
    of_victims: bool


def hide_cells(
    cells: gpd.GeoDataFrame, clusters: gpd.GeoDataFrame, lonely: Flags, *, audience: str, of_victims: bool
) -> HiddenCells:
    """Return cells and clusters that may be shown.

    Parameters
    ----------
    cells, clusters : GeoDataFrame
        Of ``hotspots``, found from places that were made safe before.
    lonely : numpy.ndarray of bool, (cells,)
        Cells with too few people in their window: they are left out whole.
    audience : str
    of_victims : bool
        Whether any event counted is of a victim or witness: the higher threshold holds.

    Returns
    -------
    HiddenCells
        ``count`` and ``n_events`` are missing where they are withheld, and otherwise rounded for the public.

    Notes
    -----
    Withheld are: counts under the audience's least (0 too, for the public); every other count of a cluster in which one
    is withheld, because the cluster's own total would give it away; a cluster's total under the least; its shares by
    authority where one of them stands for fewer. Where any count is withheld, ``expected``, ``gi_z``, ``p`` and ``q``
    of every cell go too: even rounded they differ with each count that is withheld, and somebody who tries counts until
    all of them agree has found it. Where none is, ``gi_z`` is told to a whole number, ``p`` and ``q`` as "at most" one
    of ``Q_STEPS``.
    """
    profile = profile_for(audience)
    least = profile.least(of_victims=of_victims)
    count = cells["count"].to_numpy(dtype=np.int64)
    small = (count < least) & ((count > 0) | profile.zero_is_small)
    own = cells["cluster_id"].astype(str)
    beside = (own != "").to_numpy() & (pd.Series(small, index=own.index).groupby(own).transform("any")).to_numpy()
    withheld = small | beside | lonely
    shown = cells.assign(
        count=_counts(count, withheld, profile), looked=_looked(cells["looked"], least, profile),
        gi_z=cells["gi_z"].round(), p=_at_most(cells["p"]), q=_at_most(cells["q"]), expected=cells["expected"].round(),
    )[~lonely].reset_index(drop=True)  # fmt: skip
    if withheld.any():
        shown[list(_FIGURES)] = np.nan
    kept, cut, thin = _clusters(clusters, cells[~lonely], least, profile)
    told = [
        ("cells", "counts", int((withheld & ~lonely).sum()), "small_or_beside_small"),
        (
            "cells",
            "figures worked out from counts",
            len(shown) * len(_FIGURES) * bool(withheld.any()),
            "counts_withheld",
        ),
        ("cells", "cells", int(lonely.sum()), "too_few_people_in_window"),
        ("clusters", "clusters or parts of them", cut, "too_few_people_in_window"),
        ("clusters", "totals or shares by authority", thin, "small"),
    ]
    true = pd.DataFrame({"cell_id": cells["cell_id"].astype(str).to_numpy(), "count": count})
    notes = _notes(least, profile, of_victims, told_figures=not withheld.any())
    return HiddenCells(shown, kept, tuple(line for line in told if line[2]), notes, true, withheld, least, of_victims)


def _counts(count: NDArray[np.int64], withheld: Flags, profile: Profile) -> Any:
    found = pd.array(rounded(count, profile.round_to), dtype="Int64")
    found[withheld] = pd.NA
    return found


def _looked(looked: pd.Series[Any], least: int, profile: Profile) -> Any:
    """Return counts of where we looked, each by the rule of its own."""
    count = looked.to_numpy(dtype=np.int64)
    return _counts(count, (count < least) & ((count > 0) | profile.zero_is_small), profile)


def _at_most(values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return the next step at or above each value; NaN stays.

    >>> _at_most(pd.Series([0.0004, 0.05, 0.06, float("nan")])).tolist()
    [0.001, 0.05, 0.1, nan]
    """
    given = values.to_numpy(dtype=np.float64)
    steps = np.array(Q_STEPS)
    place = np.searchsorted(steps, np.nan_to_num(given, nan=1.0), side="left").clip(max=len(steps) - 1)
    return np.where(np.isnan(given), np.nan, steps[place])


def _clusters(
    clusters: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, least: int, profile: Profile
) -> tuple[gpd.GeoDataFrame, int, int]:
    """Return clusters of the cells that are left, how many lost ground, and how many lost a figure."""
    ground = {name: part.union_all() for name, part in cells.groupby("cluster_id")["geometry"] if name}
    left = clusters["cluster_id"].isin(ground).to_numpy(dtype=np.bool_)
    kept = clusters[left].reset_index(drop=True)
    new = gpd.GeoSeries([ground[name] for name in kept["cluster_id"]], crs=clusters.crs)
    cut = int((~left).sum()) + int((~np.isclose(new.area, kept.geometry.area)).sum())
    n = kept["n_events"].to_numpy(dtype=np.int64)
    few = n < least
    thin = np.array([
        any(0 < share * total < least for share in shares.values())
        for shares, total in zip(kept["authority_share"], n, strict=True)
    ], dtype=np.bool_)  # fmt: skip
    shares = [
        None if hide or gone else ", ".join(f"{code} {share:.0%}" for code, share in told.items())
        for told, hide, gone in zip(kept["authority_share"], thin, few, strict=True)
    ]
    counted = kept.assign(n_events=_counts(n, few, profile), authority_share=shares)
    return counted.set_geometry(new), cut, int((few | thin).sum())


def _notes(least: int, profile: Profile, of_victims: bool, *, told_figures: bool) -> tuple[str, ...]:
    whom = ", because victims or witnesses are among them" if of_victims and profile.victim_least_count >= least else ""
    rounding = f" Others are rounded to {profile.round_to}." if profile.round_to > 1 else ""
    return (
        f"Counts under {least} are withheld{whom}, and those that would give one away.{rounding}",
        "p and q are told as at most 0.001, 0.01, 0.05, 0.1, 0.2, 0.5 or 1, Gi* to a whole number."
        if told_figures
        else "Expected counts, Gi*, p and q are not told: with them the withheld counts could be worked out.",
        "Hot cells are found from places that were made safe first; they may differ from those that analysts see.",
    )
