"""What each agency alone would have seen, from the rows it supplied, beside the pooled score. Methods: model, 9."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from riskshare.kernels.answers import ask
from riskshare.kernels.caps import CapClass, cap
from riskshare.kernels.origins import Edges, resolve
from riskshare.kernels.points import whole_points
from riskshare.kernels.segments import Bools, Ints, from_units, to_units
from riskshare.records.policy import LENSES
from riskshare.records.scale import CommonScale
from riskshare.scoring.frames import as_text
from riskshare.scoring.score import Block, Scored, blocks
from riskshare.scoring.tables import BANDS
from riskshare.trust.weigh import N_LENSES, Weighed


class Alone(NamedTuple):
    """One line per (unit, agency) where that agency supplied something: its log-odds (units of 2⁻⁴⁰) and points."""

    unit: Ints
    agency: Ints
    log_odds: Ints
    points: Ints


def score_alone(weighed: Weighed) -> Alone:
    """Return what each agency's own rows come to: agreed trust, its relays' origins absent, sector caps lifted.

    Parameters
    ----------
    weighed : Weighed

    Returns
    -------
    Alone
        In order of unit, then agency; empty for empty input.

    Notes
    -----
    A relay of another agency's record is scored as an absent origin: alone, an agency holds only its own copy. Nil
    answers are its own; the cap on anecdotes stays. Methods: model, section 9.
    """
    parts = [_alone_block(part, weighed) for part in blocks(weighed)]
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Alone(none, none, none, none)
    return Alone._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _alone_block(part: Block, weighed: Weighed) -> Alone:
    n_agencies = len(weighed.codes.agencies)
    n_units = part.n_subjects * N_LENSES * n_agencies
    rows = part.rows._replace(unit=part.rows.unit * n_agencies + part.rows.agency)
    answers = part.answers._replace(unit=part.answers.unit * n_agencies + part.answers.agency)
    unit_lens = np.repeat(part.unit_lens, n_agencies)
    policy = weighed.policy
    origins = resolve(rows, _own_edges(part), policy.cells)
    classes = (CapClass(origins.anecdotal, policy.anecdotal_cap),) if np.isfinite(policy.anecdotal_cap) else ()
    capped = cap(origins.pairs, origins.row, origins.twins, policy.rules, classes, n_units)
    nil = to_units(ask(answers, policy.expected, unit_lens, n_units).nil)
    log_odds = to_units(policy.base_rate)[unit_lens] + capped.raising - capped.base.protective - nil
    here = np.flatnonzero(_supplied(origins.pairs.unit, answers.unit, n_units))
    unit = here // n_agencies + part.first_subject * N_LENSES
    points = whole_points(from_units(log_odds[here]), policy.anchors)
    return Alone(unit, here % n_agencies, log_odds[here], points)


def _own_edges(part: Block) -> Edges:
    """Return the lineage an agency can see alone: its own records; all others are absent."""
    n_rows = part.rows.unit.size
    found = part.edges.head < n_rows
    own = found.copy()
    own[found] = part.rows.agency[part.edges.head[found]] == part.rows.agency[part.edges.tail[found]]
    head = np.where(own, part.edges.head, n_rows + part.ref)
    return Edges(part.edges.tail, head, part.edges.agency)


def _supplied(rows: Ints, answers: Ints, n_units: int) -> Bools:
    supplied = np.zeros(n_units, dtype=np.bool_)
    supplied[rows] = True
    supplied[answers] = True
    return supplied


def alone_table(
    weighed: Weighed, scored: Scored, alone: Alone, scores: pd.DataFrame, scale: CommonScale
) -> pd.DataFrame:
    """Return what each agency alone would have seen, beside the pooled result.

    Parameters
    ----------
    weighed, scored
        The stages behind the scores.
    alone : Alone
        From ``score_alone``.
    scores : pandas.DataFrame
        The published scores.
    scale : CommonScale
        Its bands.

    Returns
    -------
    pandas.DataFrame
        As ``Assessment.alone``.
    """
    known, lenses = weighed.standing.columns.subjects, np.array(LENSES, dtype=object)
    band = np.searchsorted(scale.edges, alone.points, side="right")
    frame = pd.DataFrame(
        {
            "subject_id": known[alone.unit // N_LENSES],
            "lens": lenses[alone.unit % N_LENSES],
            "agency": np.array(weighed.codes.agencies, dtype=object)[alone.agency],
            "score": alone.points,
            # Low must be earned by what was asked of everybody; one agency alone never asked everybody.
            "band": np.array(BANDS, dtype=object)[np.where(band == 0, -1, band)],
        }
    )
    pooled = scores[["subject_id", "lens", "score", "band"]]
    pooled = pooled.rename(columns={"score": "pooled_score", "band": "pooled_band"})
    merged = as_text(frame, ("subject_id", "lens", "agency", "band")).merge(pooled, on=["subject_id", "lens"])
    units = scored.unit[seen_only_together(alone, scored.unit, scored.scores.points, scale.high_from)]
    names = set(zip(known[units // N_LENSES], lenses[units % N_LENSES], strict=True))
    keys = zip(merged["subject_id"], merged["lens"], strict=True)
    merged["seen_only_together"] = np.array([key in names for key in keys], dtype=np.bool_)
    return merged.sort_values(["subject_id", "lens", "agency"], ascending=[True, False, True], ignore_index=True)


def seen_only_together(alone: Alone, unit: Ints, points: Ints, high_from: float) -> Bools:
    """Return which units reach high when pooled although no agency alone does.

    Parameters
    ----------
    alone : Alone
    unit, points : numpy.ndarray of int64
        Units with a result, rising, and their pooled points.
    high_from : float
        Where high begins on the common scale.

    Examples
    --------
    >>> two = np.array([0, 0])
    >>> alone = Alone(two, np.array([0, 1]), two, np.array([45, 54]))
    >>> seen_only_together(alone, np.array([0]), np.array([74]), 70.0).tolist()
    [True]
    """
    best = np.full(int(unit.max(initial=-1)) + 1, -1, dtype=np.int64)
    inside = alone.unit < best.size
    np.maximum.at(best, alone.unit[inside], alone.points[inside])
    return (points >= high_from) & (best[unit] < high_from)
