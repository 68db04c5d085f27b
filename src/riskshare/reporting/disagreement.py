"""Where partners disagree: one person read very differently by two agencies, and bars that lie apart."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings
from riskshare.scoring import tables
from riskshare.scoring.score import Scored
from riskshare.trust.weigh import Weighed

_UNIT: Final = ["subject_id", "lens"]


def current_readings(weighed: Weighed, scored: Scored, readings: Readings) -> pd.DataFrame:
    """Return each agency's gravest current reading of each person and lens.

    Parameters
    ----------
    weighed, scored, readings
        The stages behind an assessment.

    Returns
    -------
    pandas.DataFrame
        ``subject_id, lens, agency, scale, native_band, common, is_high, event_date, scale_valid``, one line an agency.
        ``scale_valid`` is False where the event lies outside the dates that the scale holds for. Current is
        the newest counted reading on each scale; of several scales the one placed highest is kept, and ``is_high``
        says whether the agency's own "high" is met on any of them.
    """
    newest = tables.current_readings(weighed, weighed.row[scored.counted], readings)
    at, reading = newest.rows, newest.reading
    part, codes = weighed.standing.columns, weighed.codes
    frame = pd.DataFrame(
        {
            "subject_id": part.subjects[part.subject[at]],
            "lens": np.array([*LENSES, None], dtype=object)[part.lens[at]],
            "agency": np.array(codes.agencies, dtype=object)[part.agency[at]],
            "scale": readings.scale[reading],
            "native_band": readings.native_band[reading],
            "common": readings.common[reading],
            "is_high": readings.is_high[reading],
            "event_date": part.event[at].astype("datetime64[D]").astype("datetime64[s]"),
            "scale_valid": ~readings.outside_validity[reading],
        }
    )
    frame["is_high"] = frame.groupby([*_UNIT, "agency"])["is_high"].transform("max")
    frame = frame.sort_values([*_UNIT, "agency", "common", "scale"], ascending=[True, True, True, False, True])
    return frame.drop_duplicates([*_UNIT, "agency"], ignore_index=True)


def reading_gaps(current: pd.DataFrame) -> pd.DataFrame:
    """Return how far apart agencies read the same person, widest first within each lens, victimhood first.

    Parameters
    ----------
    current : pandas.DataFrame
        From ``current_readings``.

    Returns
    -------
    pandas.DataFrame
        ``subject_id, lens, lowest_agency, lowest, highest_agency, highest, gap, n_agencies, split``: positions on the
        common scale, for everybody whom two agencies or more have read. ``split``: at least one agency's own "high"
        is met and at least one's is not.

    Examples
    --------
    >>> two = pd.DataFrame({"subject_id": ["S1", "S1"], "lens": ["harm_to"] * 2, "agency": ["a", "b"],
    ...     "common": [20.0, 75.0], "is_high": [False, True]})
    >>> reading_gaps(two)[["lowest_agency", "highest_agency", "gap", "split"]].values.tolist()
    [['a', 'b', 55.0, True]]
    """
    ordered = current.sort_values([*_UNIT, "common", "agency"], ignore_index=True)
    groups = ordered.groupby(_UNIT, sort=True)
    gaps = pd.DataFrame(
        {
            "lowest_agency": groups["agency"].first(),
            "lowest": groups["common"].first(),
            "highest_agency": groups["agency"].last(),
            "highest": groups["common"].last(),
            "gap": groups["common"].last() - groups["common"].first(),
            "n_agencies": groups["agency"].size(),
            "split": groups["is_high"].max().astype(bool) & ~groups["is_high"].min().astype(bool),
        }
    ).reset_index()
    gaps = gaps[gaps["n_agencies"] > 1]
    return gaps.sort_values(["lens", "gap", "subject_id"], ascending=[False, False, True], ignore_index=True)


def bar_votes(current: pd.DataFrame) -> pd.DataFrame:
    """Return, for each pair of agencies, how often one's own "high" is met and the other's is not for one person.

    Parameters
    ----------
    current : pandas.DataFrame
        From ``current_readings``.

    Returns
    -------
    pandas.DataFrame
        ``lens, first, second, read_by_both, both_high, only_first, only_second, neither``; pairs that share nobody are
        left out. Most disagreement first within each lens.
    """
    columns = ["lens", "first", "second", "read_by_both", "both_high", "only_first", "only_second", "neither"]
    lines = []
    for lens, part in current.groupby("lens"):
        votes = part.pivot(index="subject_id", columns="agency", values="is_high")
        for first, second in combinations(votes.columns, 2):
            both = votes[[first, second]].dropna().astype(bool).to_numpy()
            if len(both):
                a, b = both[:, 0], both[:, 1]
                tally = ((a & b).sum(), (a & ~b).sum(), (~a & b).sum(), (~a & ~b).sum())
                lines.append((str(lens), first, second, len(both), *(int(n) for n in tally)))
    table = pd.DataFrame(lines, columns=columns)
    apart = (table["only_first"] + table["only_second"]).astype("int64")
    order = np.lexsort((table["second"].astype(str), table["first"].astype(str), -apart, table["lens"] != "harm_to"))
    return table.iloc[order].reset_index(drop=True)
