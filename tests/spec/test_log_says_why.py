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
from riskshare.io.audit_keys import read_keys, source_pseudonym
from riskshare.io.audit_log import append
from riskshare.records.agreement import Legal
from riskshare.records.partnership import Partnership

LEGAL = Legal(art6=("e",), art9=("g",), part3="Schedule 8, paragraph 4", gateways=("cda_s115",))


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
        assert entry["gateways"] == ["cda_s115"]
        assert entry["legal"] == ["art6.e", "art9.g", "part3"]

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

    def test_conditions_that_were_met(self, tmp_path: Path) -> None:
        whole = agreed()
        assert whole.sharing is not None
        known = dataclasses.replace(whole.sharing, conditions=("no_onward",))
        cases.to_practitioner(cases.result(agreed=whole), tmp_path, agreements=known, conditions_met=["no_onward"])
        assert cases.entries(tmp_path)[0]["conditions"] == ["no_onward"]

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
