"""How a score adds up, step by step, so that it can be checked by hand. Methods: model, sections 5 to 7 and 9."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from riskshare.kernels.caps import alive
from riskshare.kernels.fusion import Fused, fuse
from riskshare.kernels.points import raw_points
from riskshare.kernels.scores import Detail, Scores, cap_classes
from riskshare.kernels.segments import (
    UNIT,
    Floats,
    Ints,
    boundaries,
    from_units,
    packed_order,
    run_of_row,
    run_sum,
    to_units,
)
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scoring.frames import as_text, claim_names
from riskshare.scoring.score import Block
from riskshare.trust.weigh import N_LENSES, Weighed

TRACE_COLUMNS: Final = (
    "subject_id", "lens", "step", "item", "part_of", "weight", "supported", "denied", "severity", "exponent", "norm",
    "limit", "nats", "share", "working",
)  # fmt: skip
STEPS: Final = ("record", "claim", "indicator", "family", "cap", "direction", "score")
_TEXT: Final = ("subject_id", "lens", "step", "item", "part_of", "working")
_NUMBERS: Final = ("weight", "supported", "denied", "severity", "exponent", "norm", "limit", "nats", "share")

Line = dict[str, Any]


class _Forward(NamedTuple):
    """One block's forward pass, with what each claim, indicator and family holds of the score, in nats."""

    weighed: Weighed
    part: Block
    scores: Scores
    detail: Detail
    fused: Fused
    number: Ints
    pair_claim: Ints
    claim_share: Floats
    families: tuple[str, ...]
    """The family of each indicator, by its number."""


def trace_table(
    weighed: Weighed, part: Block, scores: Scores, detail: Detail, listed: Ints, partnership: Partnership
) -> pd.DataFrame:
    """Return every step from the records of one subject to the published log-odds.

    Parameters
    ----------
    weighed : Weighed
    part : Block
        One subject.
    scores, detail
        Of that block.
    listed : numpy.ndarray of int64
        Its units that have a result.
    partnership : Partnership
        For the names of families.

    Returns
    -------
    pandas.DataFrame
        ``TRACE_COLUMNS``: lines in order of ``STEPS`` within each lens. ``part_of`` names the ``item`` of the next step
        that a line goes into. Two figures stand side by side. ``nats`` is what the step comes to by its own formula
        (``working`` writes it out): ℓ of a claim, G of an indicator, F of a family, W of a direction, L. ``share`` is
        what the line holds of the published log-odds, signed: the shares of the lines that go into an item sum to that
        item's own, from records to L. They differ because a norm counts repeats for less than their sum.

    Notes
    -----
    ``norm`` is what joins the parts before ``limit`` (the ceiling of an indicator, the least cap of W⁺). A ``cap`` line
    shows W⁺ without the class as ``norm``, C_x as ``limit``, and their sum, which W⁺ may not exceed, as ``nats``. A
    claim that is only denied weighs nothing and has no line.
    """
    forward = _forward(weighed, part, scores, detail, partnership)
    lines: list[Line] = []
    for unit in sorted(listed.tolist(), key=lambda one: LENSES[one % N_LENSES] != "harm_to"):
        told = _records(forward, unit) + _claims(forward, unit) + _joined(forward, unit)
        told += _caps(forward, unit) + _directions(forward, unit) + _score(forward, unit)
        names = {
            "subject_id": weighed.standing.columns.subjects[unit // N_LENSES + part.first_subject],
            "lens": LENSES[unit % N_LENSES],
        }
        lines += [{**names, **line} for line in told]
    frame = pd.DataFrame(lines, columns=list(TRACE_COLUMNS)).astype(dict.fromkeys(_NUMBERS, "float64"))
    return as_text(frame, _TEXT)


def _forward(weighed: Weighed, part: Block, scores: Scores, detail: Detail, partnership: Partnership) -> _Forward:
    fused, unit = detail.capped.base, detail.origins.pairs.unit
    number = claim_names(fused, unit)
    pair_claim = np.empty(fused.order.size, dtype=np.int64)
    pair_claim[fused.order] = run_of_row(fused.claim_starts, fused.order.size)
    share = run_sum(detail.share[fused.order], fused.claim_starts)
    family = {kind.id: kind.family for kind in partnership.trust.indicators}
    names = tuple(family[name] for name in weighed.codes.indicators)
    return _Forward(weighed, part, scores, detail, fused, number, pair_claim, share, names)


def _records(at: _Forward, unit: int) -> list[Line]:
    """Return a line for each record and claim it speaks of, with its share; claims without support are left out."""
    fused, origins = at.fused, at.detail.origins
    supported = np.zeros(at.number.size, dtype=np.bool_)
    supported[fused.claim_support] = True
    pairs = np.flatnonzero((origins.pairs.unit == unit) & supported[at.pair_claim])
    order = pairs[packed_order((at.pair_claim[pairs], origins.row[pairs]))]
    starts = boundaries(at.pair_claim[order], origins.row[order])
    share = run_sum(at.detail.share[order], starts)
    rows, codes = at.weighed.standing.columns, at.weighed.codes
    place = at.weighed.row[origins.row[order[starts]] + at.part.first_row]
    return [
        {
            "step": "record",
            "item": f"{codes.agencies[rows.agency[row]]}:{rows.records[rows.record[row]]}:"
            f"{codes.indicators[rows.indicator[row]]}",
            "part_of": str(at.number[claim]),
            "share": held,
        }
        for row, claim, held in zip(place, at.pair_claim[order[starts]], share, strict=True)
    ]


def _claims(at: _Forward, unit: int) -> list[Line]:
    fused, rules = at.fused, at.weighed.policy.rules
    lines = []
    for slot in np.flatnonzero(fused.claim_unit == unit):
        kind, chosen = int(fused.claim_indicator[slot]), fused.chosen[slot]
        weight, denied = float(rules.strength[kind]), float(fused.claim_denied[slot])
        believed, severity = float(fused.truth[chosen]), float(fused.levels.severity[chosen])
        lines.append(
            {
                "step": "claim", "item": str(at.number[fused.claim_support[slot]]),
                "part_of": at.weighed.codes.indicators[kind], "weight": weight, "supported": believed,
                "denied": denied, "severity": severity, "nats": fused.claim_weight[slot],
                "share": at.claim_share[fused.claim_support[slot]],
                "working": f"-ln(1 - {believed:.4f} x (1 - {denied:.4f}) x (1 - e^(-{weight:.4f} x {severity:.4f})))"
                f" = {fused.claim_weight[slot]:.4f}",
            }
        )  # fmt: skip
    return lines


def _joined(at: _Forward, unit: int) -> list[Line]:
    """Return a line for each indicator and each family."""
    fused, rules, codes = at.fused, at.weighed.policy.rules, at.weighed.codes
    held = at.claim_share[fused.claim_support]
    kind_share = run_sum(held, fused.indicator_starts)
    kinds, families = [], []
    of_kind = run_of_row(fused.indicator_starts, fused.claim_weight.size)
    kind = fused.claim_indicator[fused.indicator_starts]
    owner = fused.claim_unit[fused.indicator_starts]
    ceiled = np.minimum(fused.indicator_norm, rules.ceiling[kind])
    for slot in np.flatnonzero(owner == unit):
        number, limit, p = int(kind[slot]), float(rules.ceiling[kind[slot]]), float(rules.repeat_p[kind[slot]])
        norm = _norm(fused.claim_weight[of_kind == slot], p, float(fused.indicator_norm[slot]))
        cut = f"; ceiling {limit:.4f}" if fused.indicator_norm[slot] > limit else ""
        kinds.append(
            {
                "step": "indicator", "item": codes.indicators[number], "part_of": at.families[number],
                "weight": rules.strength[number], "exponent": p, "norm": fused.indicator_norm[slot], "limit": limit,
                "nats": ceiled[slot], "share": kind_share[slot], "working": norm + cut,
            }
        )  # fmt: skip
    family_share = run_sum(kind_share, fused.family_starts)
    of_family = run_of_row(fused.family_starts, kind.size)
    for slot in np.flatnonzero(owner[fused.family_starts] == unit):
        first = int(kind[fused.family_starts[slot]])
        p = float(rules.family_p[rules.family[first]])
        families.append(
            {
                "step": "family", "item": at.families[first],
                "part_of": "raising" if rules.direction[first] > 0 else "protective", "exponent": p,
                "norm": fused.family_norm[slot], "nats": fused.family_norm[slot], "share": family_share[slot],
                "working": _norm(ceiled[of_family == slot], p, float(fused.family_norm[slot])),
            }
        )  # fmt: skip
    return kinds + families


def _norm(values: Floats, p: float, norm: float) -> str:
    """Return a p-norm written out; a norm of one value is that value.

    >>> _norm(np.array([3.0, 4.0]), 2.0, 5.0), _norm(np.array([3.0]), 2.0, 3.0)
    ('(3.0000^2 + 4.0000^2)^(1/2) = 5.0000', '3.0000')
    """
    told = [f"{value:.4f}" for value in values]
    if len(told) == 1:
        return told[0]
    if math.isinf(p):
        joined = f"greatest of {', '.join(told)}"
    elif p == 1.0:
        joined = " + ".join(told)
    else:
        joined = f"({' + '.join(f'{value}^{p:g}' for value in told)})^(1/{p:g})"
    return f"{joined} = {norm:.4f}"


def _caps(at: _Forward, unit: int) -> list[Line]:
    """Return what W⁺ may come to at most under each agreed cap, and whether that binds."""
    policy, origins, detail = at.weighed.policy, at.detail.origins, at.detail
    classes = cap_classes(origins, detail.agency_pair, detail.agency, policy)
    names = at.weighed.codes.classes[-len(classes) :] if classes else ()
    n_units = at.part.n_subjects * N_LENSES
    lines = []
    for number, (name, (member, most)) in enumerate(zip(names, classes, strict=True)):
        rest, row = origins.pairs.take(~member), origins.row[~member]
        without = fuse(rest, policy.rules, alive(origins.twins, rest, row), n_units).raising[unit] * UNIT
        binds = bool(detail.capped.binds[number, unit])
        lines.append(
            {
                "step": "cap", "item": name, "part_of": "raising", "norm": without, "limit": most,
                "nats": without + most,
                "working": f"without it {without:.4f}, and at most {most:.4f} more = {without + most:.4f}; "
                f"{'binds' if binds else 'does not bind'}",
            }
        )  # fmt: skip
    return lines


def _directions(at: _Forward, unit: int) -> list[Line]:
    fused, families = at.fused, at.fused.claim_unit[at.fused.indicator_starts][at.fused.family_starts]
    kind = fused.claim_indicator[fused.indicator_starts][fused.family_starts]
    lines = []
    for name, sign, whole, final in (
        ("raising", 1, fused.raising[unit], at.detail.capped.raising[unit]),
        ("protective", -1, fused.protective[unit], fused.protective[unit]),
    ):
        mine = (families == unit) & (at.weighed.policy.rules.direction[kind] == sign)
        sums = _norm(fused.family_norm[mine], 1.0, float(whole * UNIT)) if mine.any() else "none"
        cut = f"; held down to {final * UNIT:.4f} by a cap" if final < whole else ""
        lines.append(
            {
                "step": "direction", "item": name, "part_of": "log-odds", "exponent": 1.0, "norm": whole * UNIT,
                "limit": final * UNIT if final < whole else math.nan, "nats": final * UNIT,
                "share": sign * final * UNIT + 0.0, "working": sums + cut,
            }
        )  # fmt: skip
    return lines


def _score(at: _Forward, unit: int) -> list[Line]:
    policy, scores = at.weighed.policy, at.scores
    base = float(from_units(to_units(policy.base_rate))[unit % N_LENSES])
    up, down = float(at.detail.capped.raising[unit] * UNIT), float(at.fused.protective[unit] * UNIT)
    nil, log_odds = float(scores.nil[unit] * UNIT), float(from_units(scores.log_odds)[unit])
    (l1, p1), (l2, p2) = policy.anchors
    raw = float(raw_points(log_odds, policy.anchors))
    points = (
        f"{p1:g} + ({log_odds:.4f} - {l1:.4f}) x ({p2:g} - {p1:g}) / ({l2:.4f} - {l1:.4f}) = {raw:.4f}, "
        f"within 0 to 100 and to a whole point {scores.points[unit]}"
    )
    parts: list[Line] = [
        {"item": "base", "part_of": "log-odds", "nats": base, "share": base, "working": "agreed base rate"},
        {"item": "nil answers", "part_of": "log-odds", "nats": nil, "share": 0.0 - nil,
         "working": "checked, and nothing found"},
        {"item": "log-odds", "part_of": "points", "nats": log_odds, "share": log_odds,
         "working": f"{base:.4f} + {up:.4f} - {down:.4f} - {nil:.4f} = {log_odds:.4f}"},
        {"item": "points", "working": points},
    ]  # fmt: skip
    return [{"step": "score", **line} for line in parts]
