"""What a partnership agreed, looked up by name: the numbers of ``trust.coding.policy_arrays``, made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskshare.kernels.scores import Policy
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES, FlagLimits
from riskshare.scoring.one.numbers import units_of
from riskshare.trust.coding import Codes, code_names, policy_arrays

_MOST_HOPS = 64
_CERTAIN = 1.0 - 2.0**-40


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """An indicator; ``number`` is its place in the codes, ``lenses`` whether it counts by lens number."""

    number: int
    id: str
    strength: float
    sign: float
    half_life: float
    repeat_p: float
    ceiling: float
    family: int
    family_p: float
    spread: float
    retention: int
    lenses: tuple[bool, ...]
    staff_safety: bool
    exploitation: bool
    horizon: int
    """Days within which it calls for action now; −1 where it never does."""
    duty: str


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A trust cell with what a row of its own comes to: τ, v, v without τ_max and the slope of that."""

    number: int
    trust: float
    strength: float
    first_hand: bool
    self_report: bool
    tau: float
    weight: float
    free_weight: float
    slope: float


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """An agency; ``sectors`` says by number of capped sector whether it is in it."""

    number: int
    id: str
    police: bool
    sectors: tuple[bool, ...]
    contact: str


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """An expected answer; ``value`` is v_m, ``agencies`` whether each agency may answer."""

    id: str
    lens: int
    indicator: int
    agencies: tuple[bool, ...]
    value: float
    lowers: float
    half_life: float


@dataclass(frozen=True, slots=True, eq=False)
class Agreed:
    """Everything the scoring of one subject looks up."""

    kinds: dict[str, Kind]
    cells: dict[str, Cell]
    agencies: dict[str, Partner]
    partners: tuple[Partner, ...]
    by_number: tuple[Cell, ...]
    questions: tuple[Question, ...]
    agency_p: tuple[float, ...]
    unstated_p: float
    twin_days: int
    fidelity: tuple[float, ...]
    tau_max: float
    caps: tuple[int | None, ...]
    """C_x of anecdotes (None: no cap), then of each capped sector, in units of 2⁻⁴⁰ nat."""
    base: tuple[int, ...]
    base_points: tuple[float, ...]
    base_doubt: float
    anchors: tuple[tuple[float, float], tuple[float, float]]
    edges: tuple[float, ...]
    z: float
    completeness_for_low: float
    flags: FlagLimits
    needs_gateway: frozenset[str]


def agree(partnership: Partnership) -> Agreed:
    """Return what a partnership agreed, from the very arrays that the kernels take."""
    codes, trust = code_names(partnership), partnership.trust
    policy = policy_arrays(partnership, codes)
    partners = _partners(partnership, codes, policy)
    cells = _cells(partnership, codes, policy)
    anecdotal = policy.anecdotal_cap
    (l1, p1), (l2, p2) = policy.anchors
    return Agreed(
        kinds=_kinds(partnership, codes, policy),
        cells=dict(zip(codes.cells, cells, strict=True)),
        agencies={one.id: one for one in partners},
        partners=partners,
        by_number=cells,
        questions=_questions(codes, policy),
        agency_p=tuple(policy.rules.agency_p.tolist()),
        unstated_p=policy.rules.unstated_p,
        twin_days=policy.rules.twin_days,
        fidelity=tuple((policy.cells.relay_fidelity ** np.arange(float(_MOST_HOPS))).tolist()),
        tau_max=policy.cells.tau_max,
        caps=(units_of(anecdotal) if np.isfinite(anecdotal) else None, *map(units_of, policy.sector_caps.tolist())),
        base=tuple(units_of(rate) for rate in policy.base_rate.tolist()),
        base_points=tuple(p1 + (rate - l1) * ((p2 - p1) / (l2 - l1)) for rate in policy.base_rate.tolist()),
        base_doubt=policy.base_rate_sd**2,
        anchors=policy.anchors,
        edges=policy.edges,
        z=policy.z,
        completeness_for_low=policy.completeness_for_low,
        flags=trust.flags,
        needs_gateway=frozenset(trust.needs_gateway),
    )


def _kinds(partnership: Partnership, codes: Codes, policy: Policy) -> dict[str, Kind]:
    named, rules = {kind.id: kind for kind in partnership.trust.indicators}, policy.rules
    found = {}
    for number, name in enumerate(codes.indicators):
        kind = named[name]
        found[name] = Kind(
            number=number,
            id=name,
            strength=float(rules.strength[number]),
            sign=float(rules.direction[number]),
            half_life=float(rules.half_life[number]),
            repeat_p=float(rules.repeat_p[number]),
            ceiling=float(rules.ceiling[number]),
            family=int(rules.family[number]),
            family_p=float(rules.family_p[rules.family[number]]),
            spread=float(policy.strength_sd[number]),
            retention=kind.retention_days,
            lenses=tuple(lens in kind.lens for lens in LENSES),
            staff_safety=kind.staff_safety,
            exploitation=kind.exploitation,
            horizon=(kind.horizon_days or 0) if kind.immediate else -1,
            duty=kind.duty,
        )
    return found


def _cells(partnership: Partnership, codes: Codes, policy: Policy) -> tuple[Cell, ...]:
    own_words = {kind.id for kind in partnership.trust.source_types if kind.self_report}
    cells = policy.cells
    free = np.minimum(cells.trust, _CERTAIN)
    tau = np.minimum(free, cells.tau_max)
    weight, free_weight, slope = -np.log1p(-tau), -np.log1p(-free), 1.0 / (1.0 - free)
    return tuple(
        Cell(
            number=number,
            trust=float(cells.trust[number]),
            strength=float(cells.strength[number]),
            first_hand=bool(cells.first_hand[number]),
            self_report=name in own_words,
            tau=float(tau[number]),
            weight=float(weight[number]),
            free_weight=float(free_weight[number]),
            slope=float(slope[number]),
        )
        for number, name in enumerate(codes.cells)
    )


def _partners(partnership: Partnership, codes: Codes, policy: Policy) -> tuple[Partner, ...]:
    return tuple(
        Partner(
            number, name, bool(policy.police[number]), tuple(policy.sectors[:, number].tolist()),
            partnership.agency(name).contact,
        )
        for number, name in enumerate(codes.agencies)
    )  # fmt: skip


def _questions(codes: Codes, policy: Policy) -> tuple[Question, ...]:
    asked = policy.expected
    value = asked.prior * (1.0 - asked.prior) * (asked.raises + asked.lowers) ** 2
    return tuple(
        Question(
            name, int(asked.lens[m]), int(asked.indicator[m]), tuple(asked.agencies[m].tolist()), float(value[m]),
            float(asked.lowers[m]), float(asked.half_life[m]),
        )
        for m, name in enumerate(codes.expected)
    )  # fmt: skip
