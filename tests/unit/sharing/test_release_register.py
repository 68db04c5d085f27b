from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from riskshare.errors import ArgumentError, DisclosureError, PolicyError, ReleaseRefusedError
from riskshare.sharing.differencing import Cell, small_remainders
from riskshare.sharing.release_register import Release, admit, check_release, release
from riskshare.sharing.tables import protect_counts

APRIL, JULY = dt.date(2026, 4, 1), dt.date(2026, 7, 1)


def entry(by: str = "area", audience: str = "public", series: str = "s", **counts: int) -> Release:
    frame = pd.DataFrame({by: list(counts), "count": list(counts.values())})
    table = protect_counts(frame, by=[by], audience=audience)
    return release(table, frame, series=series, starts=APRIL, until=JULY)


def codes(new: Release, *earlier: Release) -> tuple[list[str], list[str]]:
    checked = check_release(new, earlier)
    return [p.code for p in checked.refused], [p.code for p in checked.warned]


def test_a_first_release_is_admitted_and_kept() -> None:
    first = entry(A=20, B=30)
    register, warned = admit(first, ())
    assert register == (first,)
    assert warned == ()
    assert repr(first) == "Release(public, 2026-04-01 to 2026-07-01, 3 cells)"


def test_other_series_have_nothing_to_do_with_each_other() -> None:
    assert codes(entry(A=21, B=30), entry(A=20, B=30, series="other")) == ([], [])


def test_a_public_release_is_checked_against_what_partners_hold_too() -> None:
    """Partners hold A = 20 and read the public table as well: a change of 1 is a warning, not a refusal."""
    assert codes(entry(A=21, B=30), entry(A=20, B=30, audience="partnership")) == ([], ["small_change"])


def test_a_partners_release_is_never_refused_for_the_public() -> None:
    assert codes(entry(A=21, B=30, audience="partnership"), entry(A=20, B=30)) == ([], ["small_change"])
    assert codes(entry(A=21, B=30, audience="practitioner"), entry(A=20, B=30)) == ([], ["small_change"])


def test_every_reason_is_listed_at_once_and_holds_no_count() -> None:
    with pytest.raises(ReleaseRefusedError) as caught:
        admit(entry(A=21, B=8, C=90, D=37), [entry(A=20, B=37, C=90, D=37)])
    assert [p.code for p in caught.value.problems] == ["small_change", "other_pattern", "small_remainder"]
    assert "37" not in str(caught.value)
    assert isinstance(caught.value, PolicyError)


def test_other_dimensions_or_units_cannot_be_compared() -> None:
    assert codes(entry(by="kind", A=20, B=30), entry(A=20, B=30))[0] == ["other_dimensions"]
    assert codes(entry(C=20, D=30), entry(A=20, B=30))[0] == ["other_dimensions"]


def test_a_withheld_cell_may_not_change_by_a_few_either() -> None:
    """A and B are withheld both times; the total and C are shown, and their change is B's."""
    assert "small_change" in codes(entry(A=3, B=14, C=90), entry(A=3, B=13, C=90))[0]


def test_a_period_is_counted_in_whole_months() -> None:
    frame = pd.DataFrame({"area": ["A", "B"], "count": [20, 30]})
    table = protect_counts(frame, by=["area"])

    def refused(starts: dt.date, until: dt.date) -> bool:
        return bool(check_release(release(table, frame, series="s", starts=starts, until=until), ()).refused)

    assert not refused(dt.date(2025, 11, 15), dt.date(2026, 2, 15))
    assert refused(dt.date(2025, 11, 15), dt.date(2026, 2, 14))
    assert not refused(dt.date(2025, 1, 1), dt.date(2026, 1, 1))


def test_wrong_arguments_are_named() -> None:
    frame = pd.DataFrame({"area": ["A", "B"], "count": [20, 30]})
    table = protect_counts(frame, by=["area"])
    with pytest.raises(ArgumentError) as caught:
        release("table", None, series=3, starts=JULY, until=APRIL)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 4
    with pytest.raises(ArgumentError, match="counts"):
        release(table, frame[["area"]], series="s", starts=APRIL, until=JULY)
    with pytest.raises(DisclosureError, match="groups"):
        release(table, frame, series="s", starts=APRIL, until=JULY, groups={"area": {"A": "X", "B": "B"}})
    with pytest.raises(DisclosureError, match="not_counts"):
        release(table, frame.assign(count=[1, -2]), series="s", starts=APRIL, until=JULY)


def test_overlapping_areas_are_no_way_round() -> None:
    """{1,2,3} = 45 and {2,3,4} = 60 and {1,2,3,4} = 63 give 1 = 3 away."""
    parts = {n: (str(n),) for n in range(1, 5)}
    counts = {parts[1]: 3, parts[2]: 20, parts[3]: 22, parts[4]: 18}

    def cell(*numbers: int) -> Cell:
        return Cell(frozenset(parts[n] for n in numbers), True)

    assert small_remainders([cell(1, 2, 3, 4), cell(2, 3, 4)], counts, least=10, zero_is_small=True) == 1
    assert small_remainders([cell(1, 2, 3), cell(1, 4)], counts, least=10, zero_is_small=True) == 0
    assert small_remainders([], counts, least=10, zero_is_small=True) == 0


def test_a_small_cell_that_is_shown_by_itself_counts() -> None:
    """It cannot come out of a protected table; if it is handed in, it is found."""
    lone = Cell(frozenset({("a",)}), True)
    assert small_remainders([lone], {("a",): 3}, least=10, zero_is_small=True) == 1
    assert small_remainders([lone], {("a",): 0}, least=5, zero_is_small=False) == 0


def test_a_large_cell_that_one_release_withholds_is_not_given_away_by_another() -> None:
    """Thirty events of two people are withheld in the ward; its two estates, 14 and 16, would add up to them."""
    parts = {name: (name,) for name in "abc"}
    counts = {parts["a"]: 14, parts["b"]: 16, parts["c"]: 40}
    ward, rest = frozenset({parts["a"], parts["b"]}), frozenset({parts["c"]})
    first = [Cell(ward, False), Cell(rest, False), Cell(ward | rest, True)]
    estates = [Cell(frozenset({parts["a"]}), True), Cell(frozenset({parts["b"]}), True)]
    assert small_remainders(first, counts, least=10, zero_is_small=True) == 0
    assert small_remainders([*first, *estates], counts, least=10, zero_is_small=True) == 2  # the rest follows
    assert small_remainders([*first, estates[0]], counts, least=10, zero_is_small=True) == 0
    assert small_remainders([Cell(ward, False)], counts, least=10, zero_is_small=True) == 0
