from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from riskshare.errors import DisclosureError
from riskshare.sharing import feasible, suppression
from riskshare.sharing.feasible import audit
from riskshare.sharing.suppression import MAX_CELLS, line_sums, suppress, with_totals


def test_lines_of_a_table_with_totals_come_to_nothing() -> None:
    table = with_totals(np.arange(24).reshape(2, 3, 4))
    assert table.shape == (3, 4, 5)
    assert not (line_sums(table.shape) @ table.ravel()).any()


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        (5, "dimensions"),
        (np.zeros((2, 2, 2, 2), dtype=int), "dimensions"),
        ([1.5], "not_counts"),
        ([True], "not_counts"),
        ([-1, 3], "negative_count"),
        (np.zeros((3, 0), dtype=int), "empty_table"),
        (np.zeros(MAX_CELLS, dtype=int), "table_too_large"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(counts: object, code: str) -> None:
    with pytest.raises(DisclosureError) as caught:
        with_totals(counts)  # type: ignore[arg-type]
    assert code in [problem.code for problem in caught.value.problems]


def test_masks_of_another_shape_are_refused() -> None:
    with pytest.raises(DisclosureError, match="mask_shape"):
        suppress(with_totals([1, 2]), least=5, zero_is_small=False, sensitive=[True])


def test_nothing_is_withheld_where_nothing_is_small() -> None:
    done = suppress(with_totals([[20, 30], [40, 50]]), least=10, zero_is_small=True)
    assert not done.withheld.any()
    assert done.least_width is None


def test_a_barred_cell_is_withheld_whatever_its_count() -> None:
    barred = np.array([[True, False, False], [False] * 3, [False] * 3])
    done = suppress(with_totals([[200, 300], [400, 500]]), least=10, zero_is_small=True, sensitive=barred)
    assert done.withheld.tolist() == [[True, True, False], [True, True, False], [False] * 3]
    assert done.primary.sum() == 1


def test_what_was_withheld_before_is_withheld_again() -> None:
    table = with_totals([30, 40, 50, 60])
    done = suppress(table, least=10, zero_is_small=True, also=[True, False, False, True, False])
    assert done.withheld.tolist() == [True, False, False, True, False]


def test_a_shown_zero_protects_nothing() -> None:
    """Partners are told that nobody is there, so the 0 cannot hide the 3: 20 has to."""
    done = suppress(with_totals([0, 3, 20, 90]), least=5, zero_is_small=False)
    assert done.withheld.tolist() == [False, True, True, False, False]


def test_where_one_cell_holds_everybody_the_total_goes_too() -> None:
    assert suppress(with_totals([3, 0]), least=5, zero_is_small=False).withheld.tolist() == [True, False, True]
    lone = np.zeros((3, 3), dtype=int)
    lone[1, 1] = 3
    done = suppress(with_totals(lone), least=5, zero_is_small=False)
    assert done.withheld.sum() == 4
    assert done.least_width is not None
    assert done.least_width >= 5


def test_a_table_of_nobody_with_a_barred_cell_is_protected_by_zeros_in_the_end() -> None:
    barred = np.array([True, False, False])
    done = suppress(with_totals([0, 0]), least=5, zero_is_small=False, sensitive=barred)
    assert done.withheld[0]
    assert done.least_width is not None
    assert done.least_width >= 5


def test_a_table_of_nobody_is_withheld_whole_from_the_public() -> None:
    assert suppress(with_totals([[0, 0], [0, 0]]), least=10, zero_is_small=True).withheld.all()


def test_a_large_table_is_protected_without_trimming() -> None:
    counts = np.random.default_rng(1).negative_binomial(0.8, 0.04, size=(150, 4))
    table = with_totals(counts)
    done = suppress(table, least=10, zero_is_small=True)
    again = audit(line_sums(table.shape), table.ravel(), done.withheld.ravel(), 10)
    assert not again.failed.size
    assert done.withheld.sum() < 2 * done.primary.sum()


def test_few_cells_are_withheld_beside() -> None:
    """One small cell in a table of two dimensions needs three others, and no more."""
    counts = np.full((5, 6), 40)
    counts[2, 3] = 4
    assert suppress(with_totals(counts), least=10, zero_is_small=True).withheld.sum() == 4


def test_where_no_single_line_gives_a_cell_away_the_programme_finds_what_to_add() -> None:
    """Every line holds two withheld cells, and still the 2 lies between 0 and 3: one more is withheld beside it."""
    table = with_totals([[0, 2, 3], [20, 0, 6], [0, 40, 0]])
    done = suppress(table, least=5, zero_is_small=False)
    assert done.least_width is not None
    assert done.least_width >= 5
    assert done.withheld.sum() > done.primary.sum()


def test_where_only_fractions_would_do_the_cheapest_cell_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        def __init__(self, x: np.ndarray) -> None:
            self.x = x

    asked = []

    def nothing_moves(cost: np.ndarray, **_options: object) -> Answer:
        asked.append(cost)
        return Answer(np.zeros(cost.size))

    monkeypatch.setattr(suppression, "milp", nothing_moves)
    table = with_totals([[0, 2, 3], [20, 0, 6], [0, 40, 0]])
    done = suppress(table, least=5, zero_is_small=False)
    assert asked
    assert done.least_width is not None
    assert done.least_width >= 5


def test_an_audit_of_nothing_withheld_finds_nothing() -> None:
    sums = line_sums((3,))
    found = audit(sums, np.array([1, 2, 3]), np.zeros(3, dtype=bool), 5)
    assert found.failed.size == 0
    assert found.witnesses.tolist() == [[1, 2, 3]]


def test_an_audit_may_stop_at_the_first_and_uses_earlier_witnesses() -> None:
    sums, counts = line_sums((4,)), np.array([3, 9, 20, 32])
    withheld = np.array([True, True, True, False])
    wide = audit(sums, counts, withheld, 10)
    assert not wide.failed.size
    fewer = np.array([True, True, False, False])
    again = audit(sums, counts, fewer, 10, witnesses=wide.witnesses)
    assert not again.failed.size
    assert (again.witnesses[:, 2] == 20).all()
    assert audit(sums, counts, fewer, 13, stop_at_first=True).failed.tolist() == [0, 1]


def test_an_interval_that_a_chain_of_sums_narrows_is_found() -> None:
    """Not plain in any one line: a + b = 20 and b + c = 20 and a + c = 20 give each away."""
    sums = sparse.csr_array(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]]))
    every = np.ones(3, dtype=bool)
    assert audit(sums, np.array([10, 10, 10]), every, 5).failed.tolist() == [0, 1, 2]
    assert audit(sums, np.array([10, 10, 10]), every, 5, stop_at_first=True).failed.tolist() == [0]


def test_only_whole_people_count_as_protection() -> None:
    """a + b = b + c = a + c = 3 with a fourth: fractions fill an interval that whole people do not."""
    # 2a = 2 + d − e with 0 ≤ d, e: a is 1 plus half of anything; whole tables need d − e even
    sums = sparse.csr_array(np.array([[2, -1, 0], [0, 1, 1]]))
    counts, every = np.array([1, 2, 1]), np.ones(3, dtype=bool)
    found = audit(sums, counts, every, 1)
    assert (found.witnesses @ sums.toarray().T == sums @ counts).all()
    assert found.failed.size == 0  # a is 0 or 1: d is 0 or 2
    assert found.width(np.array([0, 1, 2])).tolist() == [1, 2, 2]  # fractions would give 1.5, 3 and 3
    assert audit(sums, counts, every, 3).failed.tolist() == [0, 1, 2]


def test_without_a_whole_witness_a_cell_is_unprotected(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        x = None

    monkeypatch.setattr(feasible, "milp", lambda *_args, **_options: Answer())
    found = audit(line_sums((4,)), np.array([20, 20, 20, 60]), np.array([True, True, True, False]), 5)
    assert found.failed.tolist() == [0, 1, 2]
