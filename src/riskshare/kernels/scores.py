"""Coded rows of whole subjects in, scores with their doubts and shares out: the one pass every engine makes.

Methods: model, sections 2 to 9. Whoever brings a subject's rows together, in whatever order, gets the same bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.answers import Answers, Asked, Expected, ask
from riskshare.kernels.caps import CapClass, Capped, alive, cap, capped_shares
from riskshare.kernels.fusion import Fused, Rules, fuse
from riskshare.kernels.origins import Cells, Edges, Origins, Rows, resolve
from riskshare.kernels.points import band_number, whole_points
from riskshare.kernels.reasons import Reasons, reasons
from riskshare.kernels.segments import (
    UNIT,
    Bools,
    Floats,
    Ints,
    boundaries,
    from_units,
    packed_order,
    run_sum,
    to_units,
)

CANNOT_SAY = -1
"""The band number of ``cannot say``."""


class Policy(NamedTuple):
    """Every agreed number the scoring needs, as arrays.

    ``sectors`` (class × agency) marks the agencies of each capped sector, ``sector_caps`` their C_x in nats;
    ``anecdotal_cap`` is ``inf`` where none is agreed. ``base_rate`` is by lens number, ``strength_sd`` by indicator.
    ``police`` marks police agencies.
    """

    rules: Rules
    cells: Cells
    expected: Expected
    sectors: Bools
    sector_caps: Floats
    anecdotal_cap: float
    base_rate: Floats
    base_rate_sd: float
    strength_sd: Floats
    anchors: tuple[tuple[float, float], tuple[float, float]]
    edges: tuple[float, float, float]
    z: float
    completeness_for_low: float
    police: Bools


class Scores(NamedTuple):
    """One line per unit (subject and lens). Log-odds are whole units of 2⁻⁴⁰ nat; bands are numbers, −1 cannot say."""

    log_odds: Ints
    log_odds_uncapped: Ints
    log_odds_factual: Ints
    nil: Ints
    points: Ints
    points_uncapped: Ints
    points_factual: Ints
    lower: Ints
    upper: Ints
    band: Ints
    band_low: Ints
    band_high: Ints
    variance: Floats
    """V_τ, V_w, V_miss, V_0 (4 × unit)."""
    completeness: Floats
    gap: Ints
    capped: Bools
    """Class × unit: anecdotal first, then the sectors."""
    n_records: Ints
    n_origins: Ints
    n_agencies: Ints
    police_share: Floats
    effective_agencies: Floats
    leading_agency: Ints
    """−1 where no agency holds a share."""
    anecdotal_share: Floats
    freshness: Floats
    """Mean freshness of the rows, weighted by |φ|; NaN where nothing has weight."""
    disputed: Bools


class Detail(NamedTuple):
    """What explains a block of scores, pair by pair: origins, shares φ under the caps, and the forward pass."""

    origins: Origins
    share: Floats
    capped: Capped
    agency_pair: Ints
    agency: Ints
    agency_part: Floats
    """Lines (pair, agency of origin, part of it): parts of one pair sum to 1."""


def score(
    rows: Rows, edges: Edges, answers: Answers, policy: Policy, unit_lens: Ints, n_units: int
) -> tuple[Scores, Detail]:
    """Return the scores of whole subjects' rows, and what explains them.

    Parameters
    ----------
    rows, edges, answers : Rows, Edges, Answers
        Of whole subjects, in any order.
    policy : Policy
    unit_lens : numpy.ndarray of int64, shape (n_units,)
        Lens number of each unit.
    n_units : int

    Returns
    -------
    scores : Scores
        Length n_units; a unit without counted rows stands at its base rate, 0–100, ``cannot say``.
    detail : Detail

    Notes
    -----
    L = L0 + W⁺ − W⁻ − Σ_nil; totals are int64 units of 2⁻⁴⁰ nat. Methods: model, sections 7 and 8.
    """
    parts, detail = tell_units(resolve(rows, edges, policy.cells), policy, n_units)
    return assemble(parts, answers, policy, unit_lens, n_units), detail


class Parts(NamedTuple):
    """What the rows of each unit come to, before answers and base rates: one line per unit.

    ``everything`` is W⁺ without caps, ``raising`` W⁺ under them, ``protective`` W⁻, the two ``factual`` ones the same
    with everything anecdotal left out: int64 units of 2⁻⁴⁰ nat. ``trust_doubt`` and ``strength_doubt`` are V_τ and V_w.
    The others are columns of ``Scores``.
    """

    everything: Ints
    raising: Ints
    protective: Ints
    factual_raising: Ints
    factual_protective: Ints
    trust_doubt: Floats
    strength_doubt: Floats
    capped: Bools
    n_records: Ints
    n_origins: Ints
    n_agencies: Ints
    police_share: Floats
    effective_agencies: Floats
    leading_agency: Ints
    anecdotal_share: Floats
    freshness: Floats
    disputed: Bools


def tell_units(origins: Origins, policy: Policy, n_units: int) -> tuple[Parts, Detail]:
    """Return what the pairs of each unit come to, and what explains it."""
    agency_pair, agency, part = origin_agencies(origins)
    classes = cap_classes(origins, agency_pair, agency, policy)
    capped = cap(origins.pairs, origins.row, origins.twins, policy.rules, classes, n_units)
    share, plain = capped_shares(capped, origins.pairs, policy.rules, classes)
    detail = Detail(origins, share, capped, agency_pair, agency, part)
    factual = _factual(origins, classes, policy, n_units)
    parts = Parts(
        capped.base.raising, capped.raising, capped.base.protective, factual.raising, factual.base.protective,
        *_variance(origins, _free_reasons(origins, plain, policy, n_units), policy, n_units),
        _all_classes(capped.binds, policy),
        *_counts(detail, n_units), *_reliance(detail, policy, n_units),  # type: ignore[arg-type]  # tuples of columns in order
        _disputed(capped.base, n_units),
    )  # fmt: skip
    return parts, detail


def assemble(parts: Parts, answers: Answers, policy: Policy, unit_lens: Ints, n_units: int) -> Scores:
    """Return the scores of units from what their rows come to and what was answered.

    L = L0 + W⁺ − W⁻ − Σ_nil. Methods: model, sections 7 and 8.
    """
    asked = ask(answers, policy.expected, unit_lens, n_units)
    nil = to_units(asked.nil)
    start = to_units(policy.base_rate)[unit_lens]
    log_odds = start + parts.raising - parts.protective - nil
    without_caps = start + parts.everything - parts.protective - nil
    factual = (
        start + parts.factual_raising - parts.factual_protective
        - _factual_nil(answers, asked, policy, unit_lens, n_units)
    )  # fmt: skip
    base_doubt = np.full(n_units, policy.base_rate_sd**2)
    variance = np.stack((parts.trust_doubt, parts.strength_doubt, asked.doubt, base_doubt))
    counted = parts.n_records > 0
    counted[answers.unit[answers.nil]] = True
    spread = policy.z * np.sqrt(variance.sum(axis=0))
    points = whole_points(from_units(log_odds), policy.anchors)
    lower = np.where(counted, whole_points(from_units(log_odds) - spread, policy.anchors), 0)
    upper = np.where(counted, whole_points(from_units(without_caps) + spread, policy.anchors), 100)
    return Scores(
        log_odds, without_caps, factual, nil,
        points, whole_points(from_units(without_caps), policy.anchors),
        whole_points(from_units(factual), policy.anchors),
        lower, upper, *_bands(points, lower, upper, counted, asked.completeness, policy),
        variance, asked.completeness, asked.gap, *parts[7:],  # type: ignore[arg-type]  # the last columns of both
    )  # fmt: skip


def _factual_nil(answers: Answers, asked: Asked, policy: Policy, unit_lens: Ints, n_units: int) -> Ints:
    """Return what nil answers take off where only factual answers count (ruling R8)."""
    if answers.factual.all():
        return to_units(asked.nil)
    facts = Answers._make(column[answers.factual] for column in answers)
    return to_units(ask(facts, policy.expected, unit_lens, n_units).nil)


def origin_agencies(origins: Origins) -> tuple[Ints, Ints, Floats]:
    """Return lines (pair, agency, part): one agency of origin a pair, several equal parts for a tied ring."""
    n_pairs = origins.row.size
    if origins.recorder_origin.size == 0 or not origins.cycle.any():
        return np.arange(n_pairs), origins.pairs.agency, np.ones(n_pairs)
    plain = np.flatnonzero(~origins.cycle)
    ringed = np.flatnonzero(origins.cycle)
    first = np.searchsorted(origins.recorder_origin, origins.pairs.origin[ringed], side="left")
    last = np.searchsorted(origins.recorder_origin, origins.pairs.origin[ringed], side="right")
    several = last - first
    pair = np.repeat(ringed, several)
    within = np.arange(pair.size) - np.repeat(np.cumsum(several) - several, several)
    agency = origins.recorder_agency[np.repeat(first, several) + within]
    part = np.repeat(1.0 / several, several)
    return (
        np.concatenate((plain, pair)),
        np.concatenate((origins.pairs.agency[plain], agency)),
        np.concatenate((np.ones(plain.size), part)),
    )


def cap_classes(origins: Origins, pair: Ints, agency: Ints, policy: Policy) -> tuple[CapClass, ...]:
    """Return the capped classes of a block: anecdotal by row or origin, and each sector by agency of origin."""
    classes = []
    if np.isfinite(policy.anecdotal_cap):
        classes.append(CapClass(origins.anecdotal, policy.anecdotal_cap))
    for in_sector, most in zip(policy.sectors, policy.sector_caps, strict=True):
        member = np.zeros(origins.row.size, dtype=np.bool_)
        member[pair[in_sector[agency]]] = True
        classes.append(CapClass(member, float(most)))
    return tuple(classes)


def _all_classes(binds: Bools, policy: Policy) -> Bools:
    """Return the classes that bind, with a line for anecdotes even where they have no cap."""
    if np.isfinite(policy.anecdotal_cap):
        return binds
    return np.concatenate((np.zeros((1, binds.shape[1]), dtype=np.bool_), binds))


def _factual(origins: Origins, classes: tuple[CapClass, ...], policy: Policy, n_units: int) -> Capped:
    """Return W⁺ and W⁻ under the sectors' caps with every anecdotal pair left out."""
    keep = np.flatnonzero(~origins.anecdotal)
    pairs, row = origins.pairs.take(keep), origins.row[keep]
    sectors = classes[1:] if np.isfinite(policy.anecdotal_cap) else classes
    held = tuple(CapClass(member[keep], most) for member, most in sectors)
    return cap(pairs, row, alive(origins.twins, pairs, row), policy.rules, held, n_units)


def _free_reasons(origins: Origins, plain: Reasons, policy: Policy, n_units: int) -> Reasons:
    """Return reasons in the model without τ_max (methods: model, section 8): the same unless it binds somewhere."""
    if np.array_equal(origins.free_weight, origins.pairs.weight):
        return plain
    pairs = origins.pairs._replace(weight=origins.free_weight)
    return reasons(fuse(pairs, policy.rules, origins.twins, n_units), policy.rules)


def _variance(origins: Origins, plain: Reasons, policy: Policy, n_units: int) -> tuple[Floats, Floats]:
    """Return V_τ and V_w of each unit (methods: model, section 8)."""
    of_trust, of_strength = np.zeros(n_units), np.zeros(n_units)
    unit = origins.pairs.unit
    if unit.size:
        order = packed_order((unit, origins.cell))
        starts = boundaries(unit[order], origins.cell[order])
        slope = run_sum((plain.slope * origins.slope)[order], starts)
        cell = origins.cell[order][starts]
        trust, strength = policy.cells.trust[cell], policy.cells.strength[cell]
        _add_runs(of_trust, unit[order][starts], slope**2 * trust * (1.0 - trust) / (strength + 1.0))
        spread = plain.strength_slope * policy.strength_sd[plain.strength_indicator]
        _add_runs(of_strength, plain.strength_unit, spread**2)
    return of_trust, of_strength


def _add_runs(out: Floats, unit: Ints, values: Floats) -> None:
    starts = boundaries(unit)
    out[unit[starts]] = run_sum(values, starts)


def _bands(
    points: Ints, lower: Ints, upper: Ints, counted: Bools, completeness: Floats, policy: Policy
) -> tuple[Ints, Ints, Ints]:
    low, high = band_number(lower, policy.edges), band_number(upper, policy.edges)
    band = band_number(points, policy.edges)
    # A missing completeness (nothing expected) does not reach the agreed one: not asking is not reassurance (R11).
    reassured = np.nan_to_num(completeness, nan=-1.0) >= policy.completeness_for_low
    unsure = ~counted | ((band == 0) & ~reassured) | ((low == 0) & (high >= 2))
    return np.where(unsure, CANNOT_SAY, band), low, high


def _counts(detail: Detail, n_units: int) -> tuple[Ints, Ints, Ints]:
    """Return how many rows, origins and agencies of origin stand behind each unit."""
    unit = detail.origins.pairs.unit
    return (
        _distinct(unit, detail.origins.row, n_units),
        _distinct(unit, detail.origins.pairs.origin, n_units),
        _distinct(unit[detail.agency_pair], detail.agency, n_units),
    )


def _distinct(unit: Ints, number: Ints, n_units: int) -> Ints:
    order = packed_order((unit, number))
    starts = boundaries(unit[order], number[order])
    return np.bincount(unit[order][starts], minlength=n_units).astype(np.int64)


def agency_weights(detail: Detail, n_units: int, n_agencies: int) -> Floats:
    """Return Σ|φ| of each unit by agency of origin (unit × agency), in nats."""
    unit = detail.origins.pairs.unit[detail.agency_pair]
    weight = np.abs(detail.share[detail.agency_pair]) * detail.agency_part
    table = np.zeros(n_units * n_agencies)
    order = packed_order((unit, detail.agency))
    place = (unit * n_agencies + detail.agency)[order]
    starts = boundaries(place)
    table[place[starts]] = run_sum(weight[order], starts)
    return table.reshape(n_units, n_agencies)


def _reliance(detail: Detail, policy: Policy, n_units: int) -> tuple[Floats, Floats, Ints, Floats, Floats]:
    """Return police share, effective agencies 1/Σ share², leading agency, anecdotal share and mean freshness."""
    n_agencies = policy.police.size
    table = agency_weights(detail, n_units, n_agencies)
    total = _line_sum(table)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = table / total[:, None]
        effective = 1.0 / _line_sum(share**2)
        police = _line_sum(np.where(policy.police, share, 0.0))
    nothing = total <= 0
    police[nothing], effective[nothing] = np.nan, np.nan
    leading = _leader(table, nothing)
    pairs, origins = detail.origins.pairs, detail.origins
    weight = np.abs(detail.share)
    fresh = np.exp2(-pairs.age / policy.rules.half_life[pairs.indicator])
    with np.errstate(invalid="ignore"):
        anecdotal = _unit_sum(pairs.unit, weight * origins.anecdotal, n_units) / total
        freshness = _unit_sum(pairs.unit, weight * fresh, n_units) / total
    anecdotal[nothing], freshness[nothing] = np.nan, np.nan
    return police, effective, leading, anecdotal, freshness


def _leader(table: Floats, nothing: Bools) -> Ints:
    """Return the agency with the greatest share, −1 where none has one or several tie: a name must not break a tie."""
    best = table.max(axis=1, initial=0.0)
    ahead = table >= best[:, None] - UNIT
    alone = ~nothing & (ahead.sum(axis=1) == 1)
    return np.where(alone, np.argmax(ahead, axis=1), -1) if table.shape[1] else np.full(nothing.size, -1)


def _line_sum(table: Floats) -> Floats:
    """Sum each line in order of value: renaming agencies must not change a bit."""
    return np.asarray(np.sort(table, axis=1).sum(axis=1), dtype=np.float64)


def _unit_sum(unit: Ints, values: Floats, n_units: int) -> Floats:
    out = np.zeros(n_units)
    order = np.argsort(unit, kind="stable")
    _add_runs(out, unit[order], values[order])
    return out


def _disputed(fused: Fused, n_units: int) -> Bools:
    """Return units with a claim that is both supported and denied."""
    out = np.zeros(n_units, dtype=np.bool_)
    conflict = fused.claim_denied * fused.truth[fused.chosen]
    out[fused.claim_unit[conflict > UNIT]] = True
    return out
