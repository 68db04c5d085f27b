"""What the log must answer for each release: whose records, of which kinds, about whom, by what right, what not.

Data Protection Act 2018, section 62: justification, date and time, who disclosed, to whom. No personal value is in it.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import audit_cases
import share_cases as cases
import sharing_small
from riskshare.io.audit_check import verify_log
from riskshare.io.audit_files import content_mark
from riskshare.io.audit_keys import read_keys, source_pseudonym
from riskshare.io.audit_log import append
from riskshare.records.agreement import Legal
from riskshare.records.partnership import Partnership
from riskshare.sharing.shared import tables_hash

LEGAL = Legal(
    art6=("e",), art9=("g",), art10="Schedule 1, paragraph 18", part3="Schedule 8, paragraph 4", gateways=("cda_s115",)
)  # fmt: skip


def agreed() -> Partnership:
    return cases.partnership(legal=LEGAL)


def released(folder: Path, **options: Any) -> dict[str, Any]:
    cases.to_practitioner(cases.result(agreed=agreed()), folder, **options)
    return cases.entries(folder)[0]


class TestARelease:
    def test_whose_records_are_in_it_and_a_sensitive_service_only_under_the_key(self, tmp_path: Path) -> None:
        entry = released(tmp_path)
        refuge = source_pseudonym(read_keys(cases.log_in(tmp_path).keys), "charity")
        assert set(entry["sources"]) == {"police", "school", "council", refuge}
        assert refuge.startswith("s")
        assert "charity" not in json.dumps(entry)

    def test_of_which_categories_about_whom_by_role(self, tmp_path: Path) -> None:
        entry = released(tmp_path)
        assert entry["categories"] == ["alerts", "criminal", "other", "scores"]
        assert entry["subject_roles"] == ["person_of_concern"]

    def test_by_what_right(self, tmp_path: Path) -> None:
        entry = released(tmp_path)
        assert entry["legal"] == ["art10", "art6.e", "art9.g", "part3"]

    def test_the_relationship_stands_as_a_reference_that_only_the_key_leads_to(self, tmp_path: Path) -> None:
        first, other = tmp_path / "first", tmp_path / "other"
        first.mkdir()
        other.mkdir()
        one = released(first)
        cases.to_practitioner(cases.result(agreed=agreed()), first)
        again = cases.entries(first)[1]
        ref = cases.works_with().ref
        assert one["relationship"] == again["relationship"] != released(other)["relationship"]
        assert len(one["relationship"]) == 64
        assert ref not in json.dumps(one)

    def test_gateways_are_those_that_records_in_it_came_through_not_all_of_the_agreement(self, tmp_path: Path) -> None:
        cases.to_practitioner(cases.result(cases.rows()[:2], agreed=agreed()), tmp_path)
        assert cases.entries(tmp_path)[0]["gateways"] == []
        through = tmp_path / "through"
        through.mkdir()
        rows = [cases.fact("a"), cases.fact("b", gateway="cda_s115"), cases.fact("c", gateway="other")]
        cases.to_practitioner(cases.result(rows, agreed=agreed()), through)
        assert cases.entries(through)[0]["gateways"] == ["cda_s115"]

    @pytest.mark.parametrize(("rows", "told"), [
        ([cases.fact("a")], []),
        ([cases.fact("a"), cases.fact("b", handling="C", conditions="no_onward")], ["no_onward"]),
    ])  # fmt: skip
    def test_conditions_are_those_that_a_record_in_it_needed(
        self, rows: list[dict[str, Any]], told: list[str], tmp_path: Path
    ) -> None:
        rules = [rule.model_copy(update={"handling_max": "C"}) for rule in cases.RULES]
        whole = cases.partnership(*rules, legal=LEGAL)
        assert whole.sharing is not None
        known = dataclasses.replace(whole.sharing, conditions=("no_onward",))
        met = ["no_onward"]
        cases.to_practitioner(cases.result(rows, agreed=whole), tmp_path, agreements=known, conditions_met=met)
        assert cases.entries(tmp_path)[0]["conditions"] == told

    def test_conditions_that_a_permit_needed(self, tmp_path: Path) -> None:
        rules = [rule.model_copy(update={"conditions": ("no_onward",)}) for rule in cases.RULES]
        whole = cases.partnership(*rules, legal=LEGAL)
        assert whole.sharing is not None
        known = dataclasses.replace(whole.sharing, conditions=("no_onward",))
        cases.to_practitioner(cases.result(agreed=whole), tmp_path, agreements=known, conditions_met=["no_onward"])
        assert cases.entries(tmp_path)[0]["conditions"] == ["no_onward"]

    @pytest.mark.parametrize("override", [None, sharing_small.override()])
    def test_of_which_day_by_which_rules_and_engine_and_what(self, override: Any, tmp_path: Path) -> None:
        shared = cases.to_practitioner(cases.result(agreed=agreed()), tmp_path, override=override)
        entry, log = cases.entries(tmp_path)[0], cases.log_in(tmp_path)
        assert entry["as_of"] == shared.as_of == "2026-03-31"
        assert entry["partnership_version"] == shared.partnership_version
        assert entry["engine_version"] == shared.engine_version
        assert entry["content"] == content_mark(log, shared.decision, shared.tables)
        assert entry["content"] != shared.content_hash
        assert tables_hash(shared.tables) not in json.dumps(entry)
        other = {**shared.tables, "scores": shared.tables["scores"].iloc[:0]}
        assert entry["content"] != content_mark(log, shared.decision, other)

    def test_what_was_refused_in_part_and_why(self, tmp_path: Path) -> None:
        """Row d is of a patient: no permit opens it. The file may not tell; the log must."""
        entry = released(tmp_path)
        assert entry["allow"] is True
        assert "no_permit" in entry["refused"]
        whole = tmp_path / "whole"
        whole.mkdir()
        cases.to_practitioner(cases.result(cases.rows()[:2], agreed=agreed()), whole)
        assert cases.entries(whole)[0]["refused"] == []

    @pytest.mark.parametrize("audience", ["partnership", "public"])
    def test_lists_and_counts_too(self, audience: str, tmp_path: Path) -> None:
        many = [cases.fact(f"r{n}", subject_id=f"S{n}") for n in range(30)]
        many += [cases.fact(f"v{n}", subject_id=f"V{n}", data_class="patient", gateway="other") for n in range(30)]
        cases.given(cases.result(many, agreed=agreed()), tmp_path, audience=audience, purpose="violence_reduction")
        (entry,) = cases.entries(tmp_path)
        assert entry["sources"] == ["school"]
        assert "statistics" in entry["categories"]
        assert "gateway_or_class" in entry["refused"]

    def test_maps_too(self, tmp_path: Path) -> None:
        points = cases.events(handling=["P"] * 70 + ["C"] * 6)
        cases.to_partners(cases.spots(points), tmp_path)
        (entry,) = cases.entries(tmp_path)
        assert (entry["sources"], entry["categories"], entry["subject_roles"]) == (["police"], ["places"], ["place"])
        assert entry["refused"] == ["handling"]

    def test_an_emergency_too(self, tmp_path: Path) -> None:
        entry = released(tmp_path, override=sharing_small.override(), relationships=[])
        assert entry["event"] == "override"
        assert {"police", "school"} < set(entry["sources"])
        assert "relationship" not in entry


def test_nobody_elses_words_are_in_it(tmp_path: Path) -> None:
    released(tmp_path)
    log = cases.log_in(tmp_path)
    said = json.dumps(cases.entries(tmp_path))
    assert not [word for word in ("S1", "U7", cases.works_with().ref) if f'"{word}"' in said]
    assert verify_log(log).status == "ok"


def test_an_entry_with_sources_is_found_whole(tmp_path: Path) -> None:
    log = audit_cases.log_in(tmp_path)
    append(log, {**audit_cases.ENTRY, "sources": ["school"]}, at=audit_cases.AT, sensitive={"refuge"})
    (entry,) = cases.entries(tmp_path)
    assert set(entry["sources"]) == {"school", source_pseudonym(read_keys(log.keys), "refuge")}
