from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskshare.errors import ArgumentError, DisclosureError
from riskshare.sharing.tables import protect_counts, protect_events, protect_people

FRAME = pd.DataFrame({"area": ["A", "A", "B", "B"], "kind": ["x", "y", "x", "y"], "count": [31, 42, 53, 64]})
PEOPLE = pd.DataFrame({"subject_id": [f"zqmark{n}" for n in range(60)], "area": ["A"] * 25 + ["B"] * 35})
WAYS = (protect_people, protect_events)


def test_a_table_has_every_combination_and_its_totals_last() -> None:
    table = protect_counts(FRAME, by=["area", "kind"], audience="partnership").table
    assert table[["area", "kind"]].agg("".join, axis=1).tolist() == [
        "Ax", "Ay", "AAll", "Bx", "By", "BAll", "Allx", "Ally", "AllAll",
    ]  # fmt: skip
    assert table["count"].tolist() == [31, 42, 73, 53, 64, 117, 84, 106, 190]


def test_public_counts_are_rounded_each_on_its_own() -> None:
    table = protect_counts(FRAME, by=["area", "kind"]).table
    assert table["count"].tolist() == [30, 40, 75, 55, 65, 115, 85, 105, 190]


def test_a_category_that_nobody_is_in_is_a_zero_and_not_an_absence() -> None:
    done = protect_counts(FRAME, by=["area", "kind"], levels={"area": ["A", "B", "C"]})
    assert done.levels == (("A", "B", "C"), ("x", "y"))
    assert done.table.loc[done.table["area"] == "C", "status"].tolist() == ["withheld"] * 3


def test_a_sensitive_cell_is_withheld() -> None:
    frame = FRAME.assign(held=[True, False, False, False])
    done = protect_counts(frame, by=["area", "kind"], sensitive="held", audience="partnership")
    assert done.withheld[0, 0]
    assert not done.withheld[2, 2]


def test_the_order_of_rows_does_not_matter() -> None:
    again = protect_counts(FRAME.iloc[::-1], by=["area", "kind"]).table
    assert again.equals(protect_counts(FRAME, by=["area", "kind"]).table)


def test_nothing_gives_an_empty_table() -> None:
    done = protect_counts(FRAME.iloc[:0], by=["area"])
    assert len(done.table) == 0
    assert list(done.table.columns) == ["area", "count", "status"]
    assert [len(way(PEOPLE.iloc[:0], by=["area"]).table) for way in WAYS] == [0, 0]


def test_nobody_in_known_categories_is_a_table_of_zeros() -> None:
    for way in WAYS:
        done = way(PEOPLE.iloc[:0], by=["area"], levels={"area": ["A", "B"]}, audience="partnership")
        assert done.table["count"].tolist() == [0, 0, 0]


def test_no_text_of_a_table_holds_a_count() -> None:
    done = protect_counts(FRAME, by=["area", "kind"])
    assert repr(done) == "Protected(9 cells for public, 0 withheld)"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (FRAME.assign(count=[31, 42, 53, -1]), "not_counts"),
        (FRAME.assign(count=[31, 42, 53, 1.5]), "not_counts"),
        (FRAME.assign(count=[31, 42, 53, None]), "not_counts"),
        (FRAME.assign(count=["31", "42", "53", "many"]), "not_counts"),
        (FRAME.assign(kind=["x", "x", "x", "y"]), "cell_twice"),
        (FRAME.assign(area=["A", "A", "B", None]), "category_missing"),
        (FRAME.assign(area=["A", "A", "All", "All"]), "category"),
    ],
)
def test_what_cannot_be_a_table_is_refused(frame: pd.DataFrame, code: str) -> None:
    with pytest.raises(DisclosureError) as caught:
        protect_counts(frame, by=["area", "kind"])
    assert code in [problem.code for problem in caught.value.problems]


def test_categories_that_levels_does_not_name_are_refused() -> None:
    with pytest.raises(DisclosureError, match="category_unknown"):
        protect_counts(FRAME, by=["area", "kind"], levels={"area": ["A"]})
    with pytest.raises(DisclosureError, match="must differ"):
        protect_counts(FRAME, by=["area", "kind"], levels={"area": ["A", "B", "B"]})


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        protect_counts(FRAME, by=["nowhere"], count="no", of_victims="yes")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 3
    for by in ([], ["area"] * 2, ["area", "kind", "count", "x"], "area"):
        with pytest.raises(ArgumentError, match="one to three different columns"):
            protect_counts(FRAME, by=by)
    with pytest.raises(ArgumentError, match="DataFrame"):
        protect_counts([1], by=["area"])  # type: ignore[arg-type]


def test_somebody_in_two_cells_is_refused_and_not_named() -> None:
    frame = pd.concat([PEOPLE, PEOPLE.iloc[:1].assign(area="B")])
    with pytest.raises(DisclosureError, match="person_twice") as caught:
        protect_people(frame, by=["area"])
    assert "zqmark" not in str(caught.value)
    assert protect_people(pd.concat([PEOPLE, PEOPLE]), by=["area"]).table["count"].tolist() == [25, 35, 60]


def test_a_missing_person_is_refused() -> None:
    frame = PEOPLE.assign(subject_id=[None, *PEOPLE["subject_id"][1:]])
    for way in WAYS:
        with pytest.raises(DisclosureError, match="person_missing"):
            way(frame, by=["area"])


def test_noise_goes_with_the_key_and_is_small() -> None:
    plain = protect_people(PEOPLE, by=["area"], audience="partnership").table["count"]
    done = protect_people(PEOPLE, by=["area"], audience="partnership", key=b"k" * 16)
    assert done.noisy
    assert (done.table["count"] - plain).abs().max() <= 4
    tables = {tuple(protect_people(PEOPLE, by=["area"], audience="partnership", key=bytes([k]) * 16).table["count"])
              for k in range(8)}  # fmt: skip
    assert len(tables) > 4


def test_what_was_withheld_before_is_withheld_again() -> None:
    small = FRAME.assign(count=[3, 42, 53, 64])
    before = protect_counts(small, by=["area", "kind"])
    after = protect_counts(FRAME, by=["area", "kind"], withheld_before=before)
    assert (after.withheld >= before.withheld).all()
    with pytest.raises(DisclosureError, match="other_cells"):
        protect_counts(FRAME, by=["kind", "area"], withheld_before=before)


def test_events_of_few_people_are_withheld_in_the_total_too() -> None:
    frame = pd.DataFrame({"subject_id": ["P", "Q", "R"] * 20, "area": ["A"] * 30 + ["B"] * 30})
    assert protect_events(frame, by=["area"]).withheld.all()
    assert not protect_events(PEOPLE, by=["area"]).withheld.any()


def test_a_cell_that_one_person_dominates_is_withheld() -> None:
    crowd = [f"S{n}" for n in range(12)]
    frame = pd.DataFrame({"subject_id": ["P"] * 300 + crowd * 3, "area": ["A"] * 312 + ["B"] * 24})
    done = protect_events(frame, by=["area"], audience="partnership")
    assert done.withheld.tolist() == [True, False, True]  # he dominates the total as well: 303 of 336


def test_three_dimensions() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({c: rng.choice(list("ab"), 400) for c in "xyz"}).assign(
        subject_id=[f"S{n}" for n in range(400)]
    )
    done = protect_people(frame, by=["x", "y", "z"], audience="partnership")
    assert done.withheld.shape == (3, 3, 3)
    assert done.table["count"].iloc[-1] == 400
