"""Who moved between two assessments, and which rows, corrections or expiries did it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from riskshare.scoring.findings import row_table
from riskshare.trust.standing import BARRING, REASONS
from riskshare.trust.weigh import Weighed

KEY: Final = ["subject_id", "lens"]
CAUSES: Final = ("new", "corrected", "withdrawn", "expired", "restored", "not_sent")
"""What may have happened to a row; ``not_sent`` rows are no longer among the evidence: left out, purged or quarantined.

Where nothing happened, evidence only grew older, or the policy or the conditions met changed.
"""


def changes(before: Weighed, after: Weighed, scores_before: pd.DataFrame, scores_after: pd.DataFrame) -> pd.DataFrame:
    """Return subjects and lenses whose score or band changed, with the rows that changed under them.

    Parameters
    ----------
    before, after : Weighed
        The rows behind each assessment.
    scores_before, scores_after : pandas.DataFrame
        Their published scores.

    Returns
    -------
    pandas.DataFrame
        ``subject_id, lens, score_before, score, band_before, band, change``, then for each of ``CAUSES`` a sorted
        tuple of ``agency:record:indicator``. A subject new to the list has a missing ``score_before``; one that left
        it a missing ``score``. Greatest change first.
    """
    columns = [*KEY, "score", "band"]
    moved = scores_before[columns].merge(scores_after[columns], on=KEY, how="outer", suffixes=("_before", ""))
    same = moved["score"].eq(moved["score_before"]) & moved["band"].eq(moved["band_before"])
    moved = moved[~same.fillna(False)].copy()
    for name in ("score_before", "score"):
        moved[name] = moved[name].astype("Int64")
    moved["change"] = moved["score"] - moved["score_before"]
    told = _what_happened(before, after)
    told = told[told.set_index(KEY).index.isin(moved.set_index(KEY).index)]
    for cause in CAUSES:
        rows: dict[tuple[str, str], list[str]] = {}
        for _, line in told[told["cause"] == cause].iterrows():
            rows.setdefault((line["subject_id"], line["lens"]), []).append(line["row"])
        keys = zip(moved["subject_id"], moved["lens"], strict=True)
        moved[cause] = [tuple(sorted(rows.get(key, ()))) for key in keys]
    moved["_size"] = moved["change"].abs().fillna(101)
    moved = moved.sort_values(["_size", *KEY], ascending=[False, True, False], ignore_index=True)
    return moved[[*KEY, "score_before", "score", "band_before", "band", "change", *CAUSES]]


def _what_happened(before: Weighed, after: Weighed) -> pd.DataFrame:
    """Return rows that differ between two assessments, with their cause."""
    old, new = _rows(before), _rows(after)
    both = old.merge(new, on=[*KEY, "row"], how="outer", suffixes=("_before", ""), indicator="found")
    was, now = both["reason_before"].isin(BARRING), both["reason"].isin(BARRING)
    # A row that stands in both under two lenses had its role corrected: it neither expired nor is it new.
    elsewhere = both.duplicated(["subject_id", "row"], keep=False)
    gone = (both["found"] == "left_only") & ~elsewhere
    conditions = [
        (both["reason"] == "withdrawn") & (both["reason_before"] != "withdrawn"),
        (both["reason"] == "past_retention") & (both["reason_before"] != "past_retention"),
        (both["found"] == "right_only") & ~now & ~elsewhere,
        was & ~now & ~gone,
        elsewhere | ((both["recorded_date"] != both["recorded_date_before"]) & (both["found"] == "both")),
        gone,
    ]
    causes = ["withdrawn", "expired", "new", "restored", "corrected", "not_sent"]
    both["cause"] = np.select(conditions, causes, default="")
    return both.loc[both["cause"] != "", [*KEY, "row", "cause"]]


def _rows(weighed: Weighed) -> pd.DataFrame:
    part = weighed.standing.columns
    table = row_table(weighed, np.flatnonzero(part.lens >= 0))
    table["row"] = table["agency"] + ":" + table["record_id"] + ":" + table["indicator"]
    table["reason"] = np.array(REASONS, dtype=object)[weighed.standing.reason[part.lens >= 0]]
    return table[[*KEY, "row", "recorded_date", "reason"]]
