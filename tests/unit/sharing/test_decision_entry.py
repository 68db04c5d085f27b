"""Every decision can be logged, whatever was asked, and nothing unagreed that was asked is written down."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from audit_cases import MARK, everything_in, rows_of
from oracles.sharing_cases import AGENCIES, NOON, PURPOSES, ROLES, random_case, random_set
from riskshare.io.audit_log import append, audit_log
from riskshare.records.sharing_fields import FIELDS
from riskshare.records.sharing_request import REASONS, Override
from riskshare.sharing.decision import decide
from riskshare.sharing.decision_entry import UNKNOWN, decision_entry
from riskshare.sharing.log_entries import FORMS, check_entry


def test_every_field_and_reason_there_is_can_be_logged() -> None:
    assert FORMS["fields"][0](sorted(FIELDS))
    assert FORMS["reasons"][0](sorted(REASONS))


@pytest.mark.parametrize("seed", range(20))
def test_every_decision_is_an_entry(seed: int) -> None:
    rng = random.Random(seed)
    everything = random_set(rng)
    for _ in range(15):
        case = random_case(rng, everything)
        decision = decide(case.asked, everything, objections=case.objections, relationships=case.links)
        entry = decision_entry(case.asked, decision, everything, rows=3)
        check_entry(entry)
        assert (entry["allow"], entry["decision"], entry["rows"]) == (decision.allow, decision.id, 3)
        assert entry["event"] == ("disclosure" if case.asked.override is None else "override")
        assert set(entry["fields"]) == set(dict(decision.treatment))
        assert ("expires" in entry) == decision.allow
        assert entry["agency"] in (*AGENCIES, UNKNOWN)
        assert entry["role"] in (*ROLES, UNKNOWN)
        assert entry["purpose"] in (*PURPOSES, UNKNOWN)


@pytest.mark.parametrize("word", ["agency", "role", "purpose", "audience", "agreement", "version"])
def test_a_word_that_nobody_agreed_is_not_written_down(word: str, tmp_path: Path) -> None:
    rng = random.Random(5)
    everything = random_set(rng)
    plain = random_case(rng, everything).asked
    reason = Override(ground="risk_to_life", text=f"{MARK} is in danger, says {MARK}", approver=f"{MARK}.boss")
    people = {"subject_id": f"{MARK}-1", "user_id": f"{MARK}.jo", "relationship_ref": f"{MARK}-ref"}
    asked = plain.model_copy(
        update={**people, "fields": (MARK,), "override": reason, "at": NOON, word: f"{MARK} Smith"}
    )
    entry = decision_entry(asked, decide(asked, everything), everything)
    assert MARK not in json.dumps(entry)
    assert word == "version" or entry[word] == UNKNOWN
    log = audit_log(tmp_path / "audit.sqlite")
    append(log, entry, at=NOON, subjects=[f"{MARK}-1"], user=f"{MARK}.jo", approver=f"{MARK}.boss")
    assert len(rows_of(log)) == 1
    assert MARK.encode() not in everything_in(tmp_path)
