"""What every score would be without one indicator, for all indicators and everybody at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.answers import Answers, ask
from riskshare.kernels.caps import CapClass, alive, cap
from riskshare.kernels.points import whole_points
from riskshare.kernels.scores import Detail, Scores, cap_classes
from riskshare.kernels.segments import Ints, from_units, to_units
from riskshare.scoring.score import Block, blocks, listed_units, score_block
from riskshare.trust.weigh import N_LENSES, Weighed


class Without(NamedTuple):
    """By unit with a result (a line each, in order of unit) and indicator (a column each).

    ``part`` is the published score minus the score without the indicator, in whole points; ``rows`` counts rows of it
    that carry weight.
    """

    part: NDArray[np.int8]
    rows: NDArray[np.int32]


def without_indicators(weighed: Weighed) -> Without:
    """Return what each indicator adds to each score.

    Parameters
    ----------
    weighed : Weighed

    Returns
    -------
    Without
        Lines as ``score_all`` lists units, columns as ``weighed.codes.indicators``. Empty for empty input.

    Notes
    -----
    Rows of the indicator are dropped after origins are resolved, as a capped class is (methods: model, section 6,
    ruling R6): what repeats them under another indicator stays; claims, twins, families and caps form afresh. Its
    answers go too. A person of whom nothing is left stays, at the base rate, so that groups keep their size.
    """
    n_kinds = len(weighed.codes.indicators)
    parts, rows = [np.zeros((0, n_kinds), np.int8)], [np.zeros((0, n_kinds), np.int32)]
    for piece in blocks(weighed):
        scores, detail = score_block(piece, weighed)
        listed = listed_units(weighed, piece, scores)
        parts.append(_parts(piece, scores, detail, weighed)[listed])
        rows.append(_rows(detail, piece.n_subjects * N_LENSES, n_kinds)[listed])
    return Without(np.concatenate(parts), np.concatenate(rows))


def _parts(piece: Block, scores: Scores, detail: Detail, weighed: Weighed) -> NDArray[np.int8]:
    n_units, n_kinds = piece.n_subjects * N_LENSES, len(weighed.codes.indicators)
    out = np.zeros((n_units, n_kinds), dtype=np.int8)
    classes = cap_classes(detail.origins, detail.agency_pair, detail.agency, weighed.policy)
    for kind in range(n_kinds):
        touched = np.zeros(n_units, dtype=np.bool_)
        touched[detail.origins.pairs.unit[detail.origins.pairs.indicator == kind]] = True
        touched[piece.answers.unit[piece.answers.nil & (piece.answers.indicator == kind)]] = True
        units = np.flatnonzero(touched)
        if units.size:
            left = _log_odds_without(kind, units, piece, detail, classes, weighed)
            out[units, kind] = scores.points[units] - whole_points(from_units(left), weighed.policy.anchors)
    return out


def _log_odds_without(
    kind: int, units: Ints, piece: Block, detail: Detail, classes: tuple[CapClass, ...], weighed: Weighed
) -> Ints:
    """Return L of some units without one indicator, in units of 2⁻⁴⁰ nat."""
    origins, policy = detail.origins, weighed.policy
    place = np.full(piece.n_subjects * N_LENSES, -1, dtype=np.int64)
    place[units] = np.arange(units.size)
    keep = np.flatnonzero((place[origins.pairs.unit] >= 0) & (origins.pairs.indicator != kind))
    taken, row = origins.pairs.take(keep), origins.row[keep]
    twins = alive(origins.twins, taken, row)
    held = tuple(CapClass(member[keep], most) for member, most in classes)
    capped = cap(taken._replace(unit=place[taken.unit]), row, twins, policy.rules, held, units.size)
    here = (place[piece.answers.unit] >= 0) & (piece.answers.indicator != kind)
    answers = Answers._make(column[here] for column in piece.answers)
    lens = piece.unit_lens[units]
    nil = ask(answers._replace(unit=place[answers.unit]), policy.expected, lens, units.size).nil
    left: Ints = to_units(policy.base_rate)[lens] + capped.raising - capped.base.protective - to_units(nil)
    return left


def _rows(detail: Detail, n_units: int, n_kinds: int) -> NDArray[np.int32]:
    """Count the rows with weight of each unit and indicator."""
    once = np.unique(detail.origins.row, return_index=True)[1]
    place = detail.origins.pairs.unit[once] * n_kinds + detail.origins.pairs.indicator[once]
    return np.bincount(place, minlength=n_units * n_kinds).reshape(n_units, n_kinds).astype(np.int32)
