"""trust.references: what rows repeat. Rows are nodes 0…, then quarantined records, then references to nothing known."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

import build
from riskshare.records.evidence import BARRED_SCHEMA
from riskshare.trust.coding import code_names
from riskshare.trust.references import Declared, edges
from small import AS_OF_DAYS, barred, columns_of, row

CODES = code_names(build.partnership())


def declared(
    rows: list[dict[str, Any]], *, aside: list[dict[str, Any]] | None = None, as_of: int = AS_OF_DAYS
) -> Declared:
    return edges(columns_of(rows), pa.Table.from_pylist(aside or [], schema=BARRED_SCHEMA), CODES, as_of=as_of)


def arrows(found: Declared) -> list[tuple[int, int]]:
    return sorted(zip(found.tail.tolist(), found.head.tolist(), strict=True))


def test_no_lineage_no_edges() -> None:
    found = declared([row("a"), row("b")], aside=[barred("q")])
    assert all(column.size == 0 for column in found)


def test_a_reference_finds_the_record() -> None:
    found = declared([row("a"), row("b", agency="police", derived_from="school:a")])
    assert arrows(found) == [(1, 0)]
    assert [CODES.agencies[a] for a in found.agency] == ["school"]


def test_the_row_of_the_same_indicator_is_meant_where_there_is_one() -> None:
    rows = [row("a"), row("a", indicator="gang_link"), row("b", derived_from="school:a", indicator="gang_link")]
    assert arrows(declared(rows)) == [(2, 1)]


def test_else_all_rows_of_the_record() -> None:
    rows = [row("a"), row("a", indicator="gang_link"), row("b", derived_from="school:a", indicator="blade_injury")]
    assert arrows(declared(rows)) == [(2, 0), (2, 1)]


def test_a_record_of_another_subject_or_agency_is_not_meant() -> None:
    rows = [row("a", subject_id="S2"), row("a", agency="police"), row("b", derived_from="school:a")]
    assert arrows(declared(rows)) == [(2, 3)]  # node 3: the first reference to nothing known


def test_several_references_some_absent() -> None:
    rows = [row("a"), row("b", derived_from=["health:h1", "police:p1", "school:a"])]
    found = declared(rows)
    assert found.tail.tolist() == [1, 1, 1]
    assert 0 in found.head
    absent = found.head >= 2
    assert sorted(CODES.agencies[a] for a in found.agency[found.head[absent] - 2]) == ["health", "police"]


def test_two_rows_that_name_one_absent_record_name_the_same_node() -> None:
    found = declared(
        [row("a", derived_from="health:h"), row("b", derived_from="health:h"), row("c", derived_from="health:i")]
    )
    by_row = dict(zip(found.tail.tolist(), found.head.tolist(), strict=True))
    assert by_row[0] == by_row[1] != by_row[2]


def test_an_absent_record_is_absent_for_each_subject_apart() -> None:
    found = declared([row("a", derived_from="health:h"), row("b", subject_id="S2", derived_from="health:h")])
    assert len(set(found.head.tolist())) == 2


def test_a_row_may_name_itself() -> None:
    assert arrows(declared([row("a", derived_from="school:a")])) == [(0, 0)]


def test_a_colon_inside_a_record_id_belongs_to_it() -> None:
    assert arrows(declared([row("a:1"), row("b", derived_from="school:a:1")])) == [(1, 0)]


def test_a_quarantined_record_is_found() -> None:
    found = declared([row("a", derived_from="school:q")], aside=[barred("q")])
    assert arrows(found) == [(0, 1)]
    assert found.barred_subject.tolist() == [0]
    assert [CODES.indicators[k] for k in found.barred_indicator] == ["weapon_carrying"]


def test_a_quarantined_record_is_not_known_before_it_was_recorded() -> None:
    aside = [barred("q", recorded_date=dt.date(2026, 4, 1))]
    found = declared([row("a", derived_from="school:q")], aside=aside)
    assert found.barred_subject.size == 0
    assert arrows(found) == [(0, 1)]  # node 1 is now a reference to nothing known
    assert found.ref.tolist() == [0]


def test_one_without_a_date_bars_from_the_first_day_on() -> None:
    found = declared([row("a", derived_from="school:q")], aside=[barred("q", recorded_date=None)], as_of=AS_OF_DAYS)
    assert found.barred_subject.tolist() == [0]


def test_an_earlier_version_that_stands_speaks_for_a_quarantined_one() -> None:
    found = declared([row("q"), row("a", derived_from="school:q")], aside=[barred("q")])
    assert found.barred_subject.size == 0
    assert arrows(found) == [(1, 0)]


def test_keys_of_nobody_known_bar_nothing() -> None:
    aside = [barred("q", subject_id="S9"), barred("q", agency="hospital"), barred("q", subject_id=None)]
    found = declared([row("a", derived_from="school:q")], aside=aside)
    assert found.barred_subject.size == 0


def test_a_key_set_aside_twice_is_one_node_and_an_unknown_indicator_is_no_fault() -> None:
    aside = [barred("q"), barred("q"), barred("p", indicator=None), barred("p2", indicator="mood")]
    found = declared([row("a", derived_from="school:q;school:p;school:p2")], aside=aside)
    assert found.barred_subject.size == 3
    assert sorted(found.barred_indicator.tolist())[:2] == [-1, -1]
    assert len(found.tail) == 3
    assert set(found.head.tolist()) == {1, 2, 3}
