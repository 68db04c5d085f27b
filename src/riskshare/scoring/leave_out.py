"""What a score would be without some of its rows: the honest companion to shares, which only say who holds it up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskshare.kernels.answers import Answers, ask
from riskshare.kernels.caps import CapClass, cap
from riskshare.kernels.claims import TwinCandidates
from riskshare.kernels.fusion import Pairs
from riskshare.kernels.points import whole_points
from riskshare.kernels.scores import Detail, cap_classes
from riskshare.kernels.segments import Bools, Ints, from_units, to_units
from riskshare.records.policy import LENSES
from riskshare.scoring.score import Block, listed_units, score_block
from riskshare.trust.weigh import N_LENSES, Weighed

_BATCH_PAIRS = 1 << 20


def without_rows(part: Block, detail: Detail, weighed: Weighed, rows: Ints) -> Ints:
    """Return the log-odds of each unit of a block of one subject with each of ``rows`` left out.

    Parameters
    ----------
    part : Block
        One subject's rows.
    detail : Detail
        Their scoring.
    weighed : Weighed
    rows : numpy.ndarray of int64
        Rows of the block.

    Returns
    -------
    numpy.ndarray of int64, shape (rows, units)
        In units of 2⁻⁴⁰ nat.

    Notes
    -----
    A row is dropped after origins are resolved, as a capped class is (ruling R6): what repeats it stays.
    """
    return _in_batches(part, detail, weighed, [detail.origins.row != row for row in rows])


def without_agencies(part: Block, detail: Detail, weighed: Weighed, agencies: Ints) -> Ints:
    """Return the log-odds of each unit with everything of one agency of origin left out, its answers too.

    Arguments as ``without_rows``; shape (agencies, units), in units of 2⁻⁴⁰ nat.
    """
    masks = []
    for agency in agencies:
        keep = np.ones(detail.origins.row.size, dtype=np.bool_)
        keep[detail.agency_pair[detail.agency == agency]] = False
        masks.append(keep)
    left = _in_batches(part, detail, weighed, masks)
    n_units = part.n_subjects * N_LENSES
    full = to_units(ask(part.answers, weighed.policy.expected, part.unit_lens, n_units).nil)
    for number, agency in enumerate(agencies):
        kept = part.answers.agency != agency
        answers = Answers._make(column[kept] for column in part.answers)
        left[number] += full - to_units(ask(answers, weighed.policy.expected, part.unit_lens, n_units).nil)
    return left


def agency_table(weighed: Weighed, part: Block) -> pd.DataFrame:
    """Return what one subject's scores would be without each agency of origin.

    Returns
    -------
    pandas.DataFrame
        ``lens, agency, score, change``: one line per agency with something in that lens, ``harm_to`` first.
    """
    scores, detail = score_block(part, weighed)
    agencies = np.unique(np.concatenate((detail.agency, part.answers.agency)))
    points = whole_points(from_units(without_agencies(part, detail, weighed, agencies)), weighed.policy.anchors)
    told = zip(detail.origins.pairs.unit[detail.agency_pair], detail.agency, strict=True)
    present = {*told, *zip(part.answers.unit, part.answers.agency, strict=True)}
    lines = [
        {
            "lens": LENSES[unit],
            "agency": weighed.codes.agencies[agency],
            "score": int(points[row, unit]),
            "change": int(points[row, unit] - scores.points[unit]),
        }
        for unit in sorted(listed_units(weighed, part, scores), key=lambda unit: LENSES[unit] != "harm_to")
        for row, agency in enumerate(agencies)
        if (unit, agency) in present
    ]
    return pd.DataFrame(lines, columns=["lens", "agency", "score", "change"])


def _in_batches(part: Block, detail: Detail, weighed: Weighed, masks: list[Bools]) -> Ints:
    size = max(1, _BATCH_PAIRS // max(detail.origins.row.size, 1))
    n_units = part.n_subjects * N_LENSES
    results = [_rescore(part, detail, weighed, masks[at : at + size]) for at in range(0, len(masks), size)]
    return np.concatenate(results) if results else np.zeros((0, n_units), dtype=np.int64)


def _rescore(part: Block, detail: Detail, weighed: Weighed, masks: list[Bools]) -> Ints:
    """Score copies of the block side by side, one per mask: each copy is a unit range and a number range of its own."""
    origins, policy = detail.origins, weighed.policy
    n_units, n_copies = part.n_subjects * N_LENSES, len(masks)
    pairs = origins.pairs
    span = int(max(pairs.token.max(initial=0), pairs.origin.max(initial=0), origins.row.max(initial=0))) + 1
    copies = [np.flatnonzero(mask) for mask in masks]
    copy = np.repeat(np.arange(n_copies), [c.size for c in copies])
    at = np.concatenate(copies) if copies else np.zeros(0, dtype=np.int64)
    taken = pairs.take(at)
    shifted = Pairs(
        **{
            **taken._asdict(),
            "unit": taken.unit + copy * n_units,
            "token": taken.token + copy * span,
            "origin": taken.origin + copy * span,
        }
    )
    row = origins.row[at] + copy * span
    twins = _copy_twins(origins.twins, masks, origins.row, pairs, span)
    classes = cap_classes(origins, detail.agency_pair, detail.agency, policy)
    held = tuple(CapClass(member[at], most) for member, most in classes)
    capped = cap(shifted, row, twins, policy.rules, held, n_units * n_copies)
    lens = np.tile(part.unit_lens, n_copies)
    nil = to_units(ask(part.answers, policy.expected, part.unit_lens, n_units).nil)
    start = to_units(policy.base_rate)[lens] - np.tile(nil, n_copies)
    return (start + capped.raising - capped.base.protective).reshape(n_copies, n_units)


def _copy_twins(twins: TwinCandidates, masks: list[Bools], row: Ints, pairs: Pairs, span: int) -> TwinCandidates:
    groups, days, numbers = [], [], []
    step = int(twins.group.max(initial=0)) + 1
    own = row == pairs.origin
    for copy, mask in enumerate(masks):
        keep = np.isin(twins.origin, row[mask & own])
        groups.append(twins.group[keep] + copy * step)
        days.append(twins.day[keep])
        numbers.append(twins.origin[keep] + copy * span)
    if not groups:
        return twins
    return TwinCandidates(np.concatenate(groups), np.concatenate(days), np.concatenate(numbers))
