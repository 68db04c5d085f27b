"""Where the doubt about a score comes from: the parts of its interval, one line each. Methods: model, section 8."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from riskshare.kernels.fusion import fuse
from riskshare.kernels.points import raw_points
from riskshare.kernels.reasons import Reasons, reasons
from riskshare.kernels.scores import Detail, Scores
from riskshare.kernels.segments import Ints, boundaries, packed_order, run_sum
from riskshare.scoring.frames import as_text, unit_names
from riskshare.scoring.questions import freshness_of_questions
from riskshare.scoring.score import Block
from riskshare.trust.weigh import N_LENSES, Weighed

DOUBT_COLUMNS: Final = ("subject_id", "lens", "part", "item", "effect", "sd", "variance", "share", "nats", "points")
PARTS: Final = ("trust", "weight", "missing answer", "base rate")


def doubt_table(weighed: Weighed, part: Block, scores: Scores, detail: Detail, listed: Ints) -> pd.DataFrame:
    """Return the parts of the interval's variance of each listed unit of a block.

    Parameters
    ----------
    weighed : Weighed
    part : Block
    scores, detail
        Of that block.
    listed : numpy.ndarray of int64
        Its units that have a result.

    Returns
    -------
    pandas.DataFrame
        ``DOUBT_COLUMNS``, largest share first within each lens. ``part`` is one of ``PARTS``: an agreed trust (``item``
        is its grade or source type), an agreed weight (the indicator), a missing or ageing answer (the question), the
        base rate (the lens). variance = (effect × sd)², where ``effect`` is how far the log-odds move with it and
        ``sd`` how unsure it is. ``share`` is its part of the whole variance V; ``nats`` = share × z√V and ``points``
        the same on the common scale: they sum to the distance from the log-odds to either end of the interval.

    Notes
    -----
    V = V_τ + V_w + V_miss + V_0 in the model without ceilings, caps and τ_max. The lower end lies z√V below the
    log-odds, the upper end z√V above what they would be without caps; both are then cut at 0 and 100. Where no row
    counts the published interval is 0 to 100 all the same. Methods: model, section 8.
    """
    lines = pd.concat(
        [_trusts_and_weights(weighed, part, detail), _answers(weighed, part), _base_rate(weighed, listed)],
        ignore_index=True,
    )
    lines = lines[lines["unit"].isin(listed)].reset_index(drop=True)
    unit = lines["unit"].to_numpy(dtype=np.int64)
    whole = scores.variance.sum(axis=0)
    lines["variance"] = (lines["effect"] * lines["sd"]) ** 2
    with np.errstate(invalid="ignore"):
        lines["share"] = np.where(whole[unit] > 0, lines["variance"] / whole[unit], 0.0)
    lines["nats"] = lines["share"] * weighed.policy.z * np.sqrt(whole[unit])
    lines["points"] = lines["nats"] * float(np.diff(raw_points([0.0, 1.0], weighed.policy.anchors))[0])
    for name, words in unit_names(weighed, part, unit).items():
        lines[name] = words
    behind = (lines["lens"] != "harm_to").to_numpy()
    place = lines["part"].map(PARTS.index).to_numpy(dtype=np.int64)
    order = np.lexsort((lines["item"].astype(str), place, -lines["variance"], behind, unit // N_LENSES))
    told = lines.iloc[order].reset_index(drop=True)[list(DOUBT_COLUMNS)]
    return as_text(told, ("subject_id", "lens", "part", "item"))


def _lines(part: str, unit: Any, item: Any, effect: Any, sd: Any) -> pd.DataFrame:
    item = np.asarray(item, dtype=object)
    return pd.DataFrame({"unit": unit, "part": part, "item": item, "effect": effect, "sd": sd}).astype(
        {"unit": "int64", "part": "object", "item": "object", "effect": "float64", "sd": "float64"}
    )


def _trusts_and_weights(weighed: Weighed, part: Block, detail: Detail) -> pd.DataFrame:
    policy, origins = weighed.policy, detail.origins
    free = _free_reasons(weighed, part, detail)
    unit, cell = origins.pairs.unit, origins.cell
    order = packed_order((unit, cell))
    starts = boundaries(unit[order], cell[order])
    slope = run_sum((free.slope * origins.slope)[order], starts)
    unit, cell = unit[order][starts], cell[order][starts]
    trust, strength = policy.cells.trust[cell], policy.cells.strength[cell]
    cells = np.array(weighed.codes.cells, dtype=object)[cell]
    kinds = np.array(weighed.codes.indicators, dtype=object)[free.strength_indicator]
    sd = policy.strength_sd[free.strength_indicator]
    return pd.concat(
        [
            _lines("trust", unit, cells, slope, np.sqrt(trust * (1.0 - trust) / (strength + 1.0))),
            _lines("weight", free.strength_unit, kinds, free.strength_slope, sd),
        ],
        ignore_index=True,
    )


def _free_reasons(weighed: Weighed, part: Block, detail: Detail) -> Reasons:
    """Return the slopes in the model without τ_max: a trust that is held down is not a certain one."""
    pairs = detail.origins.pairs._replace(weight=detail.origins.free_weight)
    rules = weighed.policy.rules
    return reasons(fuse(pairs, rules, detail.origins.twins, part.n_subjects * N_LENSES), rules)


def _answers(weighed: Weighed, part: Block) -> pd.DataFrame:
    """Return what each expected answer leaves: effect raise + lower, sd √(π(1 − π)(1 − f))."""
    expected = weighed.policy.expected
    fresh = freshness_of_questions(part.answers, expected, part.n_subjects * N_LENSES)
    unit, number = np.nonzero(expected.lens[None, :] == part.unit_lens[:, None])
    prior = expected.prior[number]
    sd = np.sqrt(prior * (1.0 - prior) * (1.0 - fresh[unit, number]))
    names = np.array(weighed.codes.expected, dtype=object)[number]
    return _lines("missing answer", unit, names, (expected.raises + expected.lowers)[number], sd)


def _base_rate(weighed: Weighed, listed: Ints) -> pd.DataFrame:
    names = np.array(["harm_by", "harm_to"], dtype=object)[listed % N_LENSES]
    return _lines("base rate", listed, names, np.ones(listed.size), np.full(listed.size, weighed.policy.base_rate_sd))
