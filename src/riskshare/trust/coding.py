"""Agreed names to array numbers, and the agreed policy as the arrays the kernels take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from riskshare.kernels.answers import Expected
from riskshare.kernels.fusion import Rules
from riskshare.kernels.origins import Cells
from riskshare.kernels.scores import Policy
from riskshare.kernels.segments import Bools, Floats
from riskshare.records.partnership import Agency, Partnership
from riskshare.records.policy import LENSES, ExpectedAnswer, Grade, Indicator, SourceType, TrustPolicy

ANECDOTAL = "anecdotal"
"""Name of the capped class of anecdotal evidence."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The numbers that agreed names have in arrays: each name's number is its place in the tuple.

    ``indicators`` stand by direction and family, so that families are contiguous; ``cells`` are grades, then source
    types; ``classes`` are the capped classes, ``anecdotal`` first.
    """

    agencies: tuple[str, ...]
    indicators: tuple[str, ...]
    cells: tuple[str, ...]
    classes: tuple[str, ...]
    expected: tuple[str, ...]


def code_names(partnership: Partnership) -> Codes:
    """Return the numbering of a partnership's agreed names; the same for any order of its files."""
    trust = partnership.trust
    kinds = sorted(trust.indicators, key=lambda k: (k.direction, k.family, k.id))
    return Codes(
        agencies=tuple(sorted(agency.id for agency in partnership.agencies)),
        indicators=tuple(kind.id for kind in kinds),
        cells=tuple(sorted(grade.id for grade in trust.grades)) + tuple(sorted(kind.id for kind in trust.source_types)),
        classes=(ANECDOTAL, *sorted(trust.caps.sectors)),
        expected=tuple(sorted(question.id for question in trust.expected_answers)),
    )


def policy_arrays(partnership: Partnership, codes: Codes) -> Policy:
    """Return the agreed numbers as the arrays that ``kernels.scores.score`` takes.

    Parameters
    ----------
    partnership : Partnership
    codes : Codes
        From ``code_names`` of the same partnership.

    Returns
    -------
    riskshare.kernels.scores.Policy
    """
    trust = partnership.trust
    kinds = {kind.id: kind for kind in trust.indicators}
    indicators = [kinds[name] for name in codes.indicators]
    agencies = [partnership.agency(name) for name in codes.agencies]
    first, second = trust.anchors
    return Policy(
        rules=_rules(trust, indicators, codes),
        cells=_cells(trust, indicators, codes),
        expected=_expected(trust, agencies, codes),
        sectors=np.array([[a.sector == c for a in agencies] for c in codes.classes[1:]], dtype=np.bool_).reshape(
            len(codes.classes) - 1, len(agencies)
        ),
        sector_caps=np.array([trust.caps.sectors[name] for name in codes.classes[1:]], dtype=np.float64),
        anecdotal_cap=math.inf if trust.caps.anecdotal is None else trust.caps.anecdotal,
        base_rate=np.array([getattr(trust.base_rate, lens) for lens in LENSES], dtype=np.float64),
        base_rate_sd=trust.base_rate.sd,
        strength_sd=_floats(kind.sd for kind in indicators),
        anchors=((first.log_odds, first.points), (second.log_odds, second.points)),
        edges=partnership.common_scale.edges,
        z=trust.z,
        completeness_for_low=trust.completeness_for_low,
        police=np.array([agency.sector == "police" for agency in agencies], dtype=np.bool_),
    )


def _floats(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)


def _exponent(correlation: float) -> float:
    """Return p = 1/(1 − ρ); ρ = 1 keeps only the largest."""
    return math.inf if correlation >= 1.0 else 1.0 / (1.0 - correlation)


def _rules(trust: TrustPolicy, indicators: list[Indicator], codes: Codes) -> Rules:
    families = sorted(family.id for family in trust.families)
    family_p = {family.id: family.p for family in trust.families}
    within = trust.correlation.within_agency
    return Rules(
        strength=_floats(kind.log_likelihood_ratio for kind in indicators),
        direction=np.array([1 if kind.direction == "raising" else -1 for kind in indicators], dtype=np.int64),
        half_life=_floats(kind.half_life_days for kind in indicators),
        repeat_p=_floats(kind.repeat_p for kind in indicators),
        ceiling=_floats(kind.ceiling_nats for kind in indicators),
        family=np.array([families.index(kind.family) for kind in indicators], dtype=np.int64),
        family_p=_floats(family_p[name] for name in families),
        agency_p=_floats(_exponent(within.get(name, trust.correlation.other)) for name in codes.agencies),
        unstated_p=_exponent(trust.correlation.unstated),
        twin_days=trust.twin_days,
    )


def _cells(trust: TrustPolicy, indicators: list[Indicator], codes: Codes) -> Cells:
    cells: dict[str, Grade | SourceType] = {grade.id: grade for grade in trust.grades}
    cells |= {kind.id: kind for kind in trust.source_types}
    return Cells(
        trust=_floats(cells[name].trust for name in codes.cells),
        strength=_floats(cells[name].strength for name in codes.cells),
        first_hand=np.array([cells[name].first_hand for name in codes.cells], dtype=np.bool_),
        relay_fidelity=trust.relay_fidelity,
        tau_max=trust.tau_max,
        retention=np.array([kind.retention_days for kind in indicators], dtype=np.int64),
    )


def _expected(trust: TrustPolicy, agencies: list[Agency], codes: Codes) -> Expected:
    questions = {question.id: question for question in trust.expected_answers}
    asked = [questions[name] for name in codes.expected]
    return Expected(
        lens=np.array([LENSES.index(m.lens) for m in asked], dtype=np.int64),
        indicator=np.array([codes.indicators.index(m.indicator) for m in asked], dtype=np.int64),
        agencies=_may_answer(asked, agencies),
        prior=_floats(m.prior for m in asked),
        raises=_floats(m.raises for m in asked),
        lowers=_floats(m.lowers for m in asked),
        half_life=_floats(m.half_life_days for m in asked),
    )


def _may_answer(asked: list[ExpectedAnswer], agencies: list[Agency]) -> Bools:
    table = [[m.agency == a.id or (m.agency is None and m.sector == a.sector) for a in agencies] for m in asked]
    return np.array(table, dtype=np.bool_).reshape(len(asked), len(agencies))
