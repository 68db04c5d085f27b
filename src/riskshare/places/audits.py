"""What an inspectorate found of recording, as stated by the user: a prior on ln of each organisation's recording.

Methods: places, section 5.5, "audit prior".
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem

AUDIT_COLUMNS: Final = ("recorded_by", "accuracy", "lower", "upper")
_NORMAL_95: Final = 1.959963984540054


def check_audit(table: pd.DataFrame, organisations: tuple[str, ...]) -> pd.DataFrame:
    """Return an audit that can be used.

    Parameters
    ----------
    table : DataFrame
        ``recorded_by``; ``accuracy``, the share of what should have been recorded that was, with its 95 % ``lower``
        and ``upper``, all above 0 and at most 1; optionally ``source`` and ``category`` for which it holds (blank or
        missing: for all).
    organisations : tuple of str
        Those known.

    Returns
    -------
    DataFrame
        ``recorded_by``, ``source``, ``category`` (empty for all), ``value`` = ln accuracy, ``variance`` from the
        interval's width on the logarithm.

    Raises
    ------
    PlaceError
        With every problem: not a table, missing columns, unknown organisations, figures out of range or order, one
        organisation twice for the same source and category.

    Examples
    --------
    >>> table = pd.DataFrame({"recorded_by": ["a"], "accuracy": [0.8], "lower": [0.72], "upper": [0.88]})
    >>> check_audit(table, ("a", "b"))["value"].round(3).tolist()
    [-0.223]
    """
    if not isinstance(table, pd.DataFrame) or not set(AUDIT_COLUMNS) <= set(table.columns):
        hint = f"audit must be a table with columns {', '.join(AUDIT_COLUMNS)}."
        raise PlaceError([PlaceProblem("not_audit", hint)])
    table = table.reset_index(drop=True)
    known = pd.DataFrame({name: pd.to_numeric(table[name], errors="coerce") for name in AUDIT_COLUMNS[1:]})
    accuracy, lower, upper = (known[name].to_numpy(dtype=np.float64) for name in AUDIT_COLUMNS[1:])
    made = pd.DataFrame({"recorded_by": table["recorded_by"].astype(str)})
    for name in ("source", "category"):
        blank = pd.Series("", index=table.index)
        made[name] = table[name].astype(object).where(table[name].notna(), "").astype(str) if name in table else blank
    problems = _problems(made, accuracy, lower, upper, organisations)
    if problems:
        raise PlaceError(problems)
    deviation = (np.log(upper) - np.log(lower)) / (2.0 * _NORMAL_95)
    return made.assign(value=np.log(accuracy), variance=deviation**2)


def _problems(
    made: pd.DataFrame,
    accuracy: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    organisations: tuple[str, ...],
) -> list[PlaceProblem]:
    found = []
    good = (lower > 0) & (lower < upper) & (lower <= accuracy) & (accuracy <= upper) & (upper <= 1)
    if not good.all():
        row = int(np.argmin(good)) + 1
        hint = f"Audit figures must hold 0 < lower ≤ accuracy ≤ upper ≤ 1, lower below upper; see row {row}."
        found.append(PlaceProblem("bad_audit", hint))
    strange = sorted(set(made["recorded_by"]) - set(organisations))
    if strange:
        hint = f"The audit names organisations that recorded no event here: {', '.join(strange[:10])}."
        found.append(PlaceProblem("unknown_audit_organisation", hint))
    if made.duplicated(["recorded_by", "source", "category"]).any():
        hint = "An organisation stands in the audit more than once for one source and category. Join its lines."
        found.append(PlaceProblem("audit_twice", hint))
    return found


def audit_lines(audit: pd.DataFrame, source: str, category: str) -> pd.DataFrame:
    """Return the line that holds for each organisation of one source and category: the most particular one."""
    fits = audit["source"].isin(["", source]) & audit["category"].isin(["", category])
    exact = (audit["source"] != "").astype(int) * 2 + (audit["category"] != "").astype(int)
    chosen = audit[fits].assign(exact=exact[fits]).sort_values("exact", ascending=False, kind="stable")
    return chosen.drop_duplicates("recorded_by").sort_values("recorded_by", kind="stable")
