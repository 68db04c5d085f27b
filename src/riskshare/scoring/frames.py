"""What the tables of results share: names of units, text columns of one kind, and the order in which lines stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.kernels.fusion import Fused
from riskshare.kernels.segments import Ints, boundaries, run_lengths
from riskshare.records.policy import LENSES
from riskshare.scoring.score import Block
from riskshare.trust.weigh import N_LENSES, Weighed


def as_text(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the frame with some columns as text, whatever it holds: pandas would guess another kind for an empty one.

    Examples
    --------
    >>> as_text(pd.DataFrame({"gap": [None, None]}), ["gap"]).dtypes.to_dict()
    {'gap': <StringDtype(na_value=nan)>}
    """
    return frame.astype(dict.fromkeys(names, "str"))


def unit_names(weighed: Weighed, part: Block, unit: Ints) -> dict[str, NDArray[np.object_]]:
    """Return subject and lens of units of a block, as columns."""
    return {
        "subject_id": weighed.standing.columns.subjects[unit // N_LENSES + part.first_subject],
        "lens": np.array(LENSES, dtype=object)[unit % N_LENSES],
    }


def claim_names(fused: Fused, unit: Ints) -> Ints:
    """Return the number of each claim within its unit, from 1: the name that every table of reasons gives it.

    Parameters
    ----------
    fused : Fused
    unit : numpy.ndarray of int64
        The unit of each pair, in the pairs' own order.

    Returns
    -------
    numpy.ndarray of int64
        One number a claim, in order of ``fused.claim_starts``: by indicator, then by claim. Only numbers stand in
        results, because a claim id as sent may say something of a person.
    """
    owner = unit[fused.order[fused.claim_starts]]
    first = boundaries(owner)
    return np.arange(owner.size) - np.repeat(first, run_lengths(first, owner.size)) + 1
