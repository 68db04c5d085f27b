"""Tables of counts made safe for an audience: small counts withheld, enough beside them, and the rest rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.records.arguments import is_flag, require
from riskshare.sharing.cell_key import cell_keys, record_keys, with_noise
from riskshare.sharing.dominance import dominated
from riskshare.sharing.profiles import Profile, profile_for
from riskshare.sharing.refusals import refuse
from riskshare.sharing.rounding import rounded
from riskshare.sharing.suppression import suppress, with_totals
from riskshare.sharing.table_cells import ALL, Levels, cell_problems, every_cell, placed, tally

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Protected:
    """A table of counts as one audience may see it. It holds no count that is not shown.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a cell, totals (``All``) last: the dimensions, ``count`` (missing where withheld) and ``status``:
        ``shown`` or ``withheld``. It does not say which withheld cells are small and which were withheld beside them.
    by : tuple of str
        The dimensions.
    levels : tuple of tuple of str
        The categories of each, in the order of the table, without ``All``.
    withheld : numpy.ndarray of bool
        Which cells are withheld, totals included, one axis a dimension.
    audience : str
    least : int
        Counts below it are withheld, and a reader can place no withheld count within an interval narrower than it.
    of_victims : bool
    round_to : int
        1 where counts are not rounded.
    noisy : bool
        Whether counts carry cell-key noise.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    levels: Levels
    withheld: Flags
    audience: str
    least: int
    of_victims: bool
    round_to: int
    noisy: bool

    def __repr__(self) -> str:
        """Sizes and rules; no count."""
        return f"Protected({self.withheld.size} cells for {self.audience}, {int(self.withheld.sum())} withheld)"


def protect_counts(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    count: str = "count",
    sensitive: str | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
    audience: str = "public",
    of_victims: bool = False,
    withheld_before: Protected | None = None,
) -> Protected:
    """Return a table of counts with totals as an audience may see it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a cell; combinations without a row count 0.
    by : sequence of str
        One to three columns that name the cell.
    count : str
        Column of counts of people, whole and 0 or more. Nobody may be counted in two cells.
    sensitive : str, optional
        Column that is True where a cell is withheld whatever its count.
    levels : mapping of str to sequence of str, optional
        All categories of a dimension, where some may have no row: one that is left out says that nobody is in it.
    audience : str
        ``public``, the safest, unless another is named.
    of_victims : bool
        Whether victims or witnesses are counted: the higher threshold holds.
    withheld_before : Protected, optional
        An earlier release of the same cells: what it withheld is withheld again.

    Returns
    -------
    Protected
        Without rows if the frame has none and no levels are given.

    Raises
    ------
    ArgumentError
        An argument is not of its kind, or a column is missing.
    DisclosureError
        Counts are not whole numbers of 0 or more, a cell comes twice, a category is missing, unknown or named
        ``All``, or there are too many cells.

    Notes
    -----
    Withholding is `suppress`; then, for the public, counts are rounded to 5 (methods: safety, 3.2). The audit is made
    of the unrounded counts: a reader of the rounded ones knows less.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": ["A", "B", "C"], "count": [3, 12, 51]})
    >>> protect_counts(frame, by=["area"]).table["count"].tolist()
    [<NA>, <NA>, 50, 65]
    """
    _require("protect_counts", frame, by, [count, *([sensitive] if sensitive else [])], of_victims)
    profile = profile_for(audience)
    places, named = placed(frame, by, levels)
    shape = tuple(map(len, named))
    refuse(cell_problems(places, shape, frame[count]))
    if frame.empty and levels is None:
        return _empty(tuple(by), profile, of_victims)
    table = np.zeros(shape, dtype=np.int64)
    table[tuple(places)] = frame[count].to_numpy(dtype=np.int64)
    barred = np.zeros(tuple(length + 1 for length in shape), dtype=np.bool_)
    if sensitive:
        barred[tuple(places)] = frame[sensitive].to_numpy(dtype=np.bool_)
    return _protect(with_totals(table), barred, None, tuple(by), named, profile, of_victims, withheld_before)


def protect_people(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    person: str = "subject_id",
    key: bytes | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
    audience: str = "public",
    of_victims: bool = False,
    withheld_before: Protected | None = None,
) -> Protected:
    """Return a table of how many people are in each cell, as an audience may see it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a person; the same person in the same cell again is one person.
    by, levels, audience, of_victims, withheld_before
        As for `protect_counts`.
    person : str
        Column of ids.
    key : bytes, optional
        For a table that is published again and again: counts get the noise that belongs to their people (`with_noise`).
        The same key for every release, kept apart from the data.

    Returns
    -------
    Protected

    Raises
    ------
    ArgumentError, DisclosureError
        As `protect_counts`; also if a person is missing or is in two cells, because totals would then tell how many
        are: choose one category for each.

    Examples
    --------
    >>> frame = pd.DataFrame({"subject_id": [str(n) for n in range(32)], "area": ["A"] * 12 + ["B"] * 20})
    >>> protect_people(frame, by=["area"]).table["count"].tolist()
    [10, 20, 30]
    """
    _require("protect_people", frame, by, [person], of_victims)
    profile = profile_for(audience)
    people = frame[[*by, person]].drop_duplicates()
    twice, unknown = bool(people[person].duplicated().any()), bool(people[person].isna().any())
    problems = []
    if unknown:
        problems.append(("person_missing", f"{person} is missing in {int(people[person].isna().sum())} rows."))
    if twice:
        problems.append(("person_twice", "Somebody is in two cells. Choose one category for each person."))
    refuse(problems)
    places, named = placed(people, by, levels)
    if people.empty and levels is None:
        return _empty(tuple(by), profile, of_victims)
    shape = tuple(len(names) + 1 for names in named)
    table = with_totals(tally(places, tuple(map(len, named))))
    keys = None
    if key is not None:
        own = record_keys(people[person].astype(str).tolist(), key)
        cells, rows = every_cell(places, shape)
        keys = cell_keys(own[rows], cells, table.size).reshape(shape)
    barred = np.zeros(shape, dtype=np.bool_)
    return _protect(table, barred, keys, tuple(by), named, profile, of_victims, withheld_before)


def protect_events(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    person: str = "subject_id",
    levels: Mapping[str, Sequence[str]] | None = None,
    audience: str = "public",
    of_victims: bool = False,
    withheld_before: Protected | None = None,
) -> Protected:
    """Return a table of how many events are in each cell, as an audience may see it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an event.
    by, levels, audience, of_victims, withheld_before
        As for `protect_counts`.
    person : str
        Whose event it is: thirty events of two people tell of two people, so a cell of too few people, or one that few
        of them dominate, is withheld.

    Returns
    -------
    Protected

    Raises
    ------
    ArgumentError, DisclosureError
        As `protect_counts`; also if a person is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"subject_id": ["P"] * 30 + [str(n) for n in range(40)], "area": ["A"] * 30 + ["B"] * 40})
    >>> protect_events(frame, by=["area"]).table["status"].tolist()
    ['withheld', 'withheld', 'shown']
    """
    _require("protect_events", frame, by, [person], of_victims)
    profile = profile_for(audience)
    missing = int(frame[person].isna().sum())
    refuse([("person_missing", f"{person} is missing in {missing} rows.")] if missing else [])
    places, named = placed(frame, by, levels)
    if frame.empty and levels is None:
        return _empty(tuple(by), profile, of_victims)
    shape = tuple(len(names) + 1 for names in named)
    table = with_totals(tally(places, tuple(map(len, named))))
    cells, rows = every_cell(places, shape)
    whose = pd.factorize(frame[person])[0][rows]
    each = pd.DataFrame({"cell": cells, "whose": whose}).value_counts(sort=False)
    held = np.asarray(each.index.get_level_values("cell"), dtype=np.int64)
    few = np.bincount(held, minlength=table.size) < profile.least(of_victims=of_victims)
    heavy = dominated(
        each.to_numpy(), held, table.size, n=profile.dominance_n, share=profile.dominance_share, p_ratio=profile.p_ratio
    )
    barred = ((few | heavy) & (table.ravel() > 0)).reshape(shape)
    return _protect(table, barred, None, tuple(by), named, profile, of_victims, withheld_before)


def _require(call: str, frame: object, by: object, columns: Sequence[str], of_victims: object) -> None:
    is_frame = isinstance(frame, pd.DataFrame)
    names = list(by) if isinstance(by, Sequence) and not isinstance(by, str) else []
    rules = {
        "frame must be a pandas DataFrame.": is_frame,
        "by must be a list of one to three different columns.": 1 <= len(names) <= 3 and len(set(names)) == len(names),
        "of_victims must be True or False.": is_flag(of_victims),
    }
    if isinstance(frame, pd.DataFrame):
        for column in [*names, *columns]:
            rules[f"frame must have a column {column!r}."] = column in frame.columns
    require(call, rules)


def _protect(
    table: Ints, barred: Flags, keys: Ints | None, by: tuple[str, ...], levels: Levels,
    profile: Profile, of_victims: bool, before: Protected | None,
) -> Protected:  # fmt: skip
    least = profile.least(of_victims=of_victims)
    same = before is None or (before.by == by and before.levels == levels)
    refuse([] if same else [("other_cells", "withheld_before is a table of other cells. Give the same dimensions and "
                             "levels.")])  # fmt: skip
    hidden = suppress(
        table,
        least=least,
        zero_is_small=profile.zero_is_small,
        sensitive=barred,
        also=None if before is None else before.withheld,
    ).withheld
    shown = with_noise(table, keys, least=least) if keys is not None else table
    counts = pd.array(rounded(shown, profile.round_to).ravel(), dtype="Int64")
    counts[hidden.ravel()] = pd.NA
    labels = [(*names, ALL) for names in levels]
    out = pd.DataFrame(list(product(*labels)), columns=list(by))
    out["count"] = counts
    out["status"] = np.where(hidden.ravel(), "withheld", "shown")
    return Protected(
        out, by, levels, hidden, profile.audience, least, of_victims, profile.round_to, noisy=keys is not None
    )


def _empty(by: tuple[str, ...], profile: Profile, of_victims: bool) -> Protected:
    table = pd.DataFrame({**{name: pd.Series(dtype=str) for name in by}, "count": pd.array([], dtype="Int64")})
    table["status"] = pd.Series(dtype=str)
    nothing = np.zeros((0,) * len(by), dtype=np.bool_)
    least = profile.least(of_victims=of_victims)
    return Protected(table, by, ((),) * len(by), nothing, profile.audience, least, of_victims, profile.round_to, False)
