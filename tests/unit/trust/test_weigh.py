"""trust.weigh: every row of a subject together, coded, with what bars and what answers."""

from __future__ import annotations

from riskshare.kernels.segments import boundaries
from riskshare.records.policy import LENSES
from small import barred, graded, row, weighed_of

BY, TO = LENSES.index("harm_by"), LENSES.index("harm_to")


def test_rows_stand_by_subject_and_know_their_unit() -> None:
    weighed = weighed_of(
        [row("a", subject_id="S2"), row("b", subject_id="S1", role="victim"), row("c", subject_id="S2")]
    )
    assert weighed.n_subjects == 2
    assert weighed.subject.tolist() == [0, 1, 1]
    assert weighed.rows.unit.tolist() == [TO, 2 + BY, 2 + BY]
    assert weighed.standing.columns.index[weighed.row].tolist() == [1, 0, 2]
    assert boundaries(weighed.subject).tolist() == [0, 1]


def test_edges_follow_the_rows() -> None:
    weighed = weighed_of(
        [row("b", subject_id="S2", derived_from="police:p;school:a"), row("a", subject_id="S2"), row("c")]
    )
    # Coded order: c of S1, then a and b of S2; nodes from 3 on are references to nothing known.
    assert weighed.edges.tail.tolist() == [2, 2]
    assert min(weighed.edges.head.tolist()) == 1
    absent = weighed.ref[weighed.edges.head >= 3]
    assert [weighed.codes.agencies[a] for a in weighed.edges.agency[absent]] == ["police"]


def test_a_quarantined_record_is_a_dead_row_without_a_place_of_its_own() -> None:
    weighed = weighed_of([row("a", derived_from="school:q")], aside=[barred("q")])
    assert weighed.row.tolist() == [0, -1]
    assert weighed.rows.dead.tolist() == [False, True]
    assert weighed.rows.counts.tolist() == [True, False]
    assert [weighed.codes.agencies[a] for a in weighed.rows.agency] == ["school", "school"]


def test_who_is_listed() -> None:
    nothing = [
        row("a", subject_id="S1", status="withdrawn"),
        row("b", subject_id="S2", event_date="2019-01-01"),
        graded("c", "1E", subject_id="S3"),
        row("d", subject_id="S4", arises_from="agency_initiated"),
        row("e", subject_id="S5", role="third_party"),
        row("f", subject_id="S6", indicator="threat_to_staff"),
        row("g", subject_id="S7", data_class="patient"),
    ]
    assert not weighed_of(nothing).spoken.any()
    some = [
        row("a", subject_id="S1"),
        row("b", subject_id="S2", answer="refused"),
        row("c", subject_id="S3", role="victim"),
    ]
    # Rows with weight speak for themselves once they are scored; answers and readings not judged speak here.
    assert weighed_of(some).spoken.reshape(3, 2)[:, BY].tolist() == [False, True, False]
    assert not weighed_of(some).spoken.reshape(3, 2)[:, TO].any()
    assert weighed_of([row()], not_scored=[True]).spoken.tolist() == [True, False]


def test_answers_that_may_count() -> None:
    weighed = weighed_of(
        [
            row("a", answer="nil", source_type="self_report"),
            row("b", answer="returned", basis="anecdotal"),
            row("c", answer="nil", status="withdrawn"),
            row("d", answer="refused"),
            row("e", answer="nil", role="third_party"),
            row("f", answer="nil", subject_id="S0"),
        ]
    )
    assert weighed.answers.unit.tolist() == [BY, 2 + BY, 2 + BY]
    assert weighed.answers.nil.tolist() == [True, True, False]
    assert weighed.answers.checked.tolist() == [True, False, False]
    assert weighed.answers.factual.tolist() == [True, True, False]


def test_handling_and_staff_safety_reach_the_coded_rows() -> None:
    weighed = weighed_of([row("a", conditions=["no_onward"]), row("b", indicator="threat_to_staff")])
    assert weighed.rows.counts.tolist() == [False, False]
    assert weighed.rows.dead.tolist() == [True, False]
    met = weighed_of([row("a", conditions=["no_onward"])], conditions_met=frozenset({"no_onward"}))
    assert met.rows.counts.tolist() == [True]


def test_nothing_known() -> None:
    for weighed in (weighed_of([]), weighed_of([row()], as_of=0)):
        assert weighed.row.size == 0
        assert weighed.answers.unit.size == 0
        assert not weighed.spoken.any()
