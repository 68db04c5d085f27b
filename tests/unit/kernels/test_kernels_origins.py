"""From coded rows and lineage to weighed pairs: relays, rings, absent origins, retention, τ_max."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from riskshare.kernels.origins import Cells, Edges, Origins, Rows, resolve

# cells: 0 a worry, 1 a record, 2 a second-hand report as trusted as a worry but less sure, 3 beyond doubt
CELLS = Cells(
    trust=np.array([0.35, 0.9, 0.35, 1.0]),
    strength=np.array([20.0, 60.0, 5.0, 60.0]),
    first_hand=np.array([True, True, False, True]),
    relay_fidelity=0.95,
    tau_max=0.99,
    retention=np.array([700, 100]),
)
DEFAULTS: dict[str, Any] = {
    "unit": 0, "indicator": 0, "agency": 0, "cell": 0, "severity": 1.0, "denies": False, "anecdotal": False, "age": 0,
    "recorded": 0, "claim": -1, "lineage": False, "counts": True, "dead": False,
}  # fmt: skip


def resolved(*lines: dict[str, Any], edges: tuple[tuple[int, int], ...] = (), absent: tuple[int, ...] = (),
             cells: Cells = CELLS) -> Origins:  # fmt: skip
    """Return the pairs of some rows; ``absent`` are the agencies of references that name nothing."""
    tails = {tail for tail, _ in edges}
    rows = [{**DEFAULTS, "lineage": number in tails, **line} for number, line in enumerate(lines)]
    kinds = {"severity": np.float64} | dict.fromkeys(("denies", "anecdotal", "lineage", "counts", "dead"), np.bool_)
    coded = Rows(**{name: np.array([row[name] for row in rows], dtype=kinds.get(name, np.int64)) for name in DEFAULTS})
    tail, head = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    return resolve(coded, Edges(tail, head, np.array(absent, dtype=np.int64)), cells)


def of_row(found: Origins, row: int) -> list[int]:
    return np.flatnonzero(found.row == row).tolist()


def test_no_rows() -> None:
    found = resolved()
    assert found.row.size == found.dead_row.size == found.twins.origin.size == 0


def test_a_row_of_its_own_carries_its_cells_trust() -> None:
    found = resolved({"cell": 1, "agency": 3, "age": 8, "severity": 0.4, "anecdotal": True, "denies": True})
    assert found.tau.tolist() == [0.9]
    assert found.pairs.weight.tolist() == [-math.log1p(-0.9)]
    assert found.slope.tolist() == pytest.approx([1.0 / (1.0 - 0.9)])
    assert (found.pairs.agency[0], found.pairs.age[0], found.pairs.severity[0]) == (3, 8, 0.4)
    assert (found.anecdotal[0], found.pairs.denies[0], found.pairs.stated[0]) == (True, True, True)


def test_a_relay_is_no_better_than_what_it_repeats() -> None:
    found = resolved(
        {"cell": 0, "severity": 0.5, "anecdotal": True, "age": 30, "agency": 1, "claim": 4},
        {"cell": 1, "agency": 2, "claim": 5},
        edges=((1, 0),),
    )
    (pair,) = of_row(found, 1)
    assert found.tau[pair] == 0.95 * 0.35
    assert found.cell[pair] == 0
    assert found.slope[pair] == pytest.approx(0.95 / (1.0 - 0.95 * 0.35))
    assert (found.pairs.severity[pair], found.pairs.age[pair], found.pairs.agency[pair]) == (0.5, 30, 1)
    assert found.anecdotal[pair]
    assert found.pairs.token[0] == found.pairs.token[1]  # it joins its root's claim, whatever claim it bears


def test_a_weak_relay_keeps_its_own_trust() -> None:
    found = resolved({"cell": 1}, {"cell": 0}, edges=((1, 0),))
    (pair,) = of_row(found, 1)
    assert (found.tau[pair], found.cell[pair]) == (0.35, 0)


def test_a_summary_of_two_gives_each_half() -> None:
    found = resolved({"cell": 1}, {"cell": 1}, {"cell": 0}, edges=((2, 0), (2, 1)))
    assert found.pairs.weight[of_row(found, 2)].tolist() == [-math.log1p(-0.35) / 2.0] * 2


def test_silence_and_second_hand_are_unstated() -> None:
    found = resolved({"cell": 2}, {"cell": 1}, {"cell": 1}, edges=((1, 0), (2, 3)), absent=(7,))
    assert found.pairs.stated.tolist() == [False, False, True]
    assert found.absent.tolist() == [False, False, True]
    assert found.pairs.agency[2] == 7


def test_equally_near_stand_ins_lend_their_weakest() -> None:
    """Rows 0 and 1 name the same absent record, row 2 repeats both: the least trust, of equal trusts the least sure."""
    found = resolved(
        {"cell": 0, "severity": 0.6, "age": 3, "claim": 8},
        {"cell": 2, "severity": 0.9, "age": 9, "anecdotal": True, "claim": 8},
        {"cell": 1, "age": 1},
        edges=((0, 3), (1, 3), (2, 0), (2, 1)),
        absent=(6,),
    )
    (pair,) = of_row(found, 2)
    assert (found.cell[pair], found.tau[pair]) == (2, 0.95 * 0.35)
    assert (found.pairs.severity[pair], found.pairs.age[pair], found.anecdotal[pair]) == (0.6, 9, True)
    assert found.pairs.token[pair] == found.pairs.token[of_row(found, 0)[0]]
    assert found.pairs.weight[pair] == -math.log1p(-0.95 * 0.35)  # one root


def test_stand_ins_of_two_claims_agree_on_none() -> None:
    lines = [{"claim": 8}, {"claim": 9}, {"cell": 1}]
    found = resolved(*lines, edges=((0, 3), (1, 3), (2, 0), (2, 1)), absent=(6,))
    (pair,) = of_row(found, 2)
    assert found.pairs.token[pair] == found.pairs.origin[pair] == 3


def test_a_ring_is_as_weak_as_its_weakest_and_nobodys_word() -> None:
    found = resolved(
        {"cell": 1, "agency": 1, "recorded": 5, "claim": 2},
        {"cell": 0, "agency": 2, "recorded": 9, "age": 20, "severity": 0.3},
        {"cell": 1, "agency": 3, "recorded": 9, "anecdotal": True},
        edges=((0, 1), (1, 2), (2, 0)),
    )
    assert found.tau.tolist() == [0.35] * 3
    assert found.cycle.all()
    assert not found.pairs.stated.any()
    assert set(found.pairs.origin.tolist()) == {0}
    assert (set(found.pairs.age.tolist()), set(found.pairs.severity.tolist())) == ({20}, {0.3})
    assert found.anecdotal.all()
    recorders = sorted(zip(found.recorder_origin.tolist(), found.recorder_agency.tolist(), strict=True))
    assert recorders == [(0, 2), (0, 3)]  # they recorded it first, on one day
    assert len(set(found.pairs.token.tolist())) == 1


def test_a_ring_of_two_claims_has_neither() -> None:
    found = resolved({"claim": 1}, {"claim": 2}, edges=((0, 1), (1, 0)))
    assert set(found.pairs.token.tolist()) == {0}


def test_what_rests_on_a_dead_row_only_carries_no_weight() -> None:
    found = resolved({"dead": True, "counts": False}, {}, {}, edges=((1, 0), (2, 1)))
    assert found.row.size == 0
    assert found.dead_row.tolist() == [1, 2]


def test_half_of_a_summary_dies_with_its_source() -> None:
    found = resolved({"dead": True, "counts": False}, {}, {"cell": 1}, edges=((2, 0), (2, 1)))
    (pair,) = of_row(found, 2)
    assert found.pairs.weight[pair] == -math.log1p(-0.95 * 0.35) / 2.0


def test_retention_is_tested_at_the_roots_date() -> None:
    """Indicator 1 is kept 100 days: a fresh relay of an older root goes with it."""
    lines = [{"indicator": 0, "age": 100}, {"indicator": 1, "age": 2}]
    assert of_row(resolved(*lines, edges=((1, 0),)), 1) == []
    assert resolved({"indicator": 1, "age": 100}).dead_row.tolist() == [0]
    assert resolved({"indicator": 1, "age": 99}).row.tolist() == [0]


def test_rows_without_weight_of_their_own_may_still_be_roots() -> None:
    found = resolved({"counts": False, "cell": 1}, {"cell": 1}, edges=((1, 0),))
    assert found.row.tolist() == [1]
    assert found.tau.tolist() == [0.9 * 0.95]


def test_no_report_is_beyond_doubt() -> None:
    found = resolved({"cell": 3})
    assert found.tau.tolist() == [0.99]
    assert found.free_weight[0] == pytest.approx(40.0 * math.log(2.0))
    assert math.isfinite(found.slope[0])


def test_a_relay_of_the_certain_stays_finite_too() -> None:
    found = resolved({"cell": 3}, {"cell": 3}, edges=((1, 0),), cells=CELLS._replace(relay_fidelity=1.0))
    assert found.tau.tolist() == [0.99, 0.99]
    assert np.isfinite(found.free_weight).all()


def test_twin_candidates_have_neither_claim_nor_lineage() -> None:
    found = resolved(
        {"age": 4}, {"age": 1}, {"claim": 3}, {"age": 2, "denies": True}, {"age": 1}, {"dead": True, "counts": False},
        edges=((4, 0),),
    )  # fmt: skip
    assert found.twins.origin.tolist() == [1, 0, 3]
    assert found.twins.group[0] == found.twins.group[1] != found.twins.group[2]
