"""Lines that wait for a named reviewer: an exploited child is in no view as a risk to others, whoever may see what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskshare.assessment import Assessment
from riskshare.records.evidence import UNDER_18


def without_waiting(scores: pd.DataFrame, result: Assessment) -> pd.DataFrame:
    """Return lines scored again for a recipient, without those that wait for review.

    Everything else of a view is as if what the recipient may not have had never been sent. This alone depends on the
    full result, on purpose: a child does not stop being exploited because the record of it is somebody else's.

    Parameters
    ----------
    scores : DataFrame
        Lines of ``SCORE_COLUMNS``, worked out from the rows a recipient may have; may be empty.
    result : Assessment
        The full one.

    Returns
    -------
    DataFrame
        Without lines flagged ``for_review`` in either, and without ``harm_by`` lines of whoever may be a child and is
        exploited by any record, also one that had no weight in the full result because its handling condition is not
        met or its gateway not named. The index is kept.

    Notes
    -----
    Methods: model, section 0.
    """
    about = result.scores[result.scores["subject_id"].isin(scores["subject_id"])]
    waiting = set(_lines(about[_flagged(about)]))
    exploited = _exploited_children(result)
    held = [line in waiting or (line[1] == "harm_by" and line[0] in exploited) for line in _lines(scores)]
    return scores[~(_flagged(scores) | pd.Series(held, index=scores.index, dtype=bool))]


def _lines(scores: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(scores["subject_id"], scores["lens"], strict=True))


def _flagged(scores: pd.DataFrame) -> pd.Series[bool]:
    return scores["flags"].map(lambda flags: "for_review" in flags).astype(bool)


def _exploited_children(result: Assessment) -> frozenset[str]:
    """Return whoever is exploited by any standing record; without a known age a person may be a child."""
    standing, marked = result.weighed.standing, {k.id for k in result.partnership.trust.indicators if k.exploitation}
    part = standing.columns
    kinds = np.array([name in marked for name in result.weighed.codes.indicators], dtype=np.bool_)
    found = frozenset(part.subjects[np.unique(part.subject[kinds[part.indicator] & standing.tells])].tolist())
    if result.subjects is None:
        return found
    known = result.subjects.table
    grown = known["age_band"].notna() & ~known["age_band"].isin([*UNDER_18, "not known"])
    return found - frozenset(known.loc[grown, "subject_id"])
