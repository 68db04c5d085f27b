"""Links made by somebody else's matcher: what is merged, what waits for a reviewer, and that a merge can be undone."""

from __future__ import annotations

import random

import pytest

import build
import small
from riskshare.assessment import assess
from riskshare.sharing.linked_evidence import linked
from riskshare.sharing.links import Link, LinkError, LinkLedger, import_links, link, merge, undo

WHEN = {"by": "data_team", "at": "2026-03-31T12:00:00Z"}


def sure(a: str, b: str, **changes: object) -> Link:
    told = {"p": 0.9999, "model_version": "m1", **changes}
    return link(a, b, **told)  # type: ignore[arg-type]


def imported(*links: Link, ledger: LinkLedger | None = None) -> tuple[bytes, dict[tuple[str, str], str]]:
    done = import_links(ledger or LinkLedger(), links, **WHEN)
    return done.ledger.state(), {one.pair: why for one, why in done.held}


class TestImport:
    def test_what_is_sure_is_merged_and_what_is_not_waits(self) -> None:
        state, held = imported(sure("a", "b"), sure("c", "d", p=0.99899), sure("e", "f", p=0.2, reviewed_by="dsl.3"))
        assert state == b'{"a":"a","b":"a","e":"e","f":"e"}'
        assert held == {("c", "d"): "needs_reviewer"}

    def test_exactly_999_in_a_thousand_is_enough(self) -> None:
        assert imported(sure("a", "b", p=0.999))[1] == {}

    def test_two_candidates_of_one_id_are_both_shown_and_neither_is_merged(self) -> None:
        state, held = imported(sure("a", "b"), sure("a", "c"))
        assert state == b"{}"
        assert set(held.values()) == {"several_candidates"}
        assert set(held) == {("a", "b"), ("a", "c")}

    def test_a_candidate_beside_a_merge_that_stands_waits(self) -> None:
        ledger = merge(LinkLedger(), sure("a", "b"), **WHEN)
        assert imported(sure("b", "c"), ledger=ledger)[1] == {("b", "c"): "several_candidates"}

    def test_a_reviewer_settles_it(self) -> None:
        state, held = imported(sure("a", "b", reviewed_by="dsl.3"), sure("a", "c"))
        assert state == b'{"a":"a","b":"a"}'
        assert held == {("a", "c"): "several_candidates"}

    def test_of_two_probabilities_of_a_pair_the_lower_stands_and_none_is_averaged(self) -> None:
        assert imported(sure("a", "b"), sure("b", "a", p=0.9985))[1] == {("a", "b"): "needs_reviewer"}

    def test_order_does_not_matter(self) -> None:
        rng = random.Random(1)
        links = [sure(f"s{rng.randrange(30)}", f"t{rng.randrange(30)}", p=rng.choice((0.5, 0.9995))) for _ in range(60)]
        first = imported(*links)
        for _ in range(5):
            rng.shuffle(links)
            assert imported(*links) == first

    def test_the_same_table_again_changes_nothing(self) -> None:
        once = import_links(LinkLedger(), [sure("a", "b")], **WHEN)
        again = import_links(once.ledger, [sure("a", "b")], **WHEN)
        assert (again.merged, again.known, again.ledger) == (0, 1, once.ledger)

    @pytest.mark.parametrize("reviewed_by", ["", "dsl.3"])
    def test_what_was_undone_does_not_come_back_with_the_same_table(self, reviewed_by: str) -> None:
        one = sure("a", "b", reviewed_by=reviewed_by)
        ledger = undo(import_links(LinkLedger(), [one], **WHEN).ledger, 0, **WHEN)
        assert imported(one, ledger=ledger) == (b"{}", {("a", "b"): "undone"})
        again = sure("a", "b", reviewed_by="head.1", model_version="m2")
        assert imported(again, ledger=ledger)[0] == b'{"a":"a","b":"a"}'


class TestMergeAndUndo:
    def test_without_reviewer_nothing_below_is_merged(self) -> None:
        with pytest.raises(LinkError, match="nobody has reviewed"):
            merge(LinkLedger(), sure("a", "b", p=0.998), **WHEN)

    def test_undoing_one_of_a_chain_leaves_the_others(self) -> None:
        ledger = LinkLedger()
        for pair in ("ab", "bc", "cd"):
            ledger = merge(ledger, sure(pair[0], pair[1], reviewed_by="r"), **WHEN)
        assert undo(ledger, 1, **WHEN).people() == {"a": "a", "b": "a", "c": "c", "d": "c"}

    def test_what_does_not_stand_cannot_be_undone(self) -> None:
        ledger = undo(merge(LinkLedger(), sure("a", "b"), **WHEN), 0, **WHEN)
        for number in (0, 1, 7, -1):
            with pytest.raises(LinkError, match="no merge of that number stands"):
                undo(ledger, number, **WHEN)

    def test_a_pair_is_merged_once(self) -> None:
        with pytest.raises(LinkError, match="merged already"):
            merge(merge(LinkLedger(), sure("a", "b"), **WHEN), sure("b", "a"), **WHEN)

    def test_an_undone_pair_needs_a_reviewer(self) -> None:
        ledger = undo(merge(LinkLedger(), sure("a", "b"), **WHEN), 0, **WHEN)
        with pytest.raises(LinkError, match="undone before"):
            merge(ledger, sure("a", "b"), **WHEN)

    @pytest.mark.parametrize("who", [{"by": "", "at": "2026-03-31"}, {"by": "r", "at": " "}])
    def test_somebody_and_some_time_stand_behind_it(self, who: dict[str, str]) -> None:
        with pytest.raises(LinkError, match="who does it"):
            merge(LinkLedger(), sure("a", "b"), **who)

    def test_every_fault_of_a_link_is_told_and_no_id(self) -> None:
        with pytest.raises(LinkError) as fault:
            link("zqmark", "zqmark", 1.5, "", None)  # type: ignore[arg-type]
        assert len(str(fault.value).split(". ")) == 5
        assert "zqmark" not in str(fault.value)

    def test_no_id_is_printed(self) -> None:
        ledger = merge(LinkLedger(), sure("zqmark", "b"), **WHEN)
        assert "zqmark" not in f"{ledger!r}{ledger.events!r}{sure('zqmark', 'b')!r}"


class TestEvidence:
    ROWS = (small.row("r1"), small.row("r2", subject_id="S2"), small.row("r3", subject_id="S3"))

    def test_linked_evidence_is_one_persons_and_the_original_stays(self) -> None:
        evidence = small.evidence_of(list(self.ROWS))
        ledger = merge(LinkLedger(), sure("S1", "S2"), **WHEN)
        assert linked(evidence, ledger).rows["subject_id"].to_pylist() == ["S1", "S1", "S3"]
        assert evidence.rows["subject_id"].to_pylist() == ["S1", "S2", "S3"]
        assert linked(evidence, undo(ledger, 0, **WHEN)).rows.equals(evidence.rows)

    def test_scores_after_undoing_are_those_before(self) -> None:
        ledger = merge(LinkLedger(), sure("S1", "S2"), **WHEN)
        evidence = small.evidence_of(list(self.ROWS))

        def scores(one: LinkLedger) -> str:
            return assess(linked(evidence, one), build.partnership(), as_of=small.AS_OF).scores.to_json()

        assert scores(ledger) != scores(LinkLedger())
        assert scores(undo(ledger, 0, **WHEN)) == scores(LinkLedger())

    def test_records_that_would_take_each_others_place_are_refused(self) -> None:
        rows = [small.row("r1"), small.row("r1", subject_id="S2")]
        with pytest.raises(LinkError, match="1 records of a person would take the place"):
            linked(small.evidence_of(rows), merge(LinkLedger(), sure("S1", "S2"), **WHEN))
