"""P5 where existence is content: what a clinic or a refuge answered, holds or lacks changes no byte of any output."""

from __future__ import annotations

import dataclasses
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest

import build
import share_cases as cases
import sharing_small
from riskshare.records.partnership import Partnership
from riskshare.records.policy import ExpectedAnswer
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared, content_hash

Rows = list[dict[str, Any]]
KINDS = ("weapon_carrying", "gang_link", "blade_injury")
ROLES = ("person_of_concern", "victim")
SENSITIVE = "charity"
"""The refuge: the only one in the partnership whose involvement is itself sensitive."""


def question(name: str, lens: str, indicator: str, **whom: Any) -> ExpectedAnswer:
    worth = {"prior": 0.2, "raises": 1.1, "lowers": 0.18, "half_life_days": 90.0, **whom}
    return ExpectedAnswer(id=name, question=f"{name}?", lens=lens, indicator=indicator, **worth)


QUESTIONS = (
    question("a_refuge", "harm_to", "blade_injury", agency=SENSITIVE, raises=2.0),
    question("b_refuge", "harm_by", "gang_link", agency=SENSITIVE, raises=2.0),
    question("c_voluntary", "harm_by", "weapon_carrying", sector="voluntary"),
    question("d_school", "harm_by", "weapon_carrying", agency="school"),
    question("e_police", "harm_to", "blade_injury", agency="police"),
    question("f_police", "harm_by", "gang_link", agency="police", raises=0.9),
)


def agreed() -> Partnership:
    """Return a partnership that asks its refuge more than anybody, and lets a group see gaps and completeness."""
    shown = cases.partnership(cases.SCORES, cases.WHY, cases.ALERTS, cases.COUNTS, listed_from="medium")
    members = build.partnership(agencies=shown.agencies, trust=build.trust_policy(expected_answers=QUESTIONS))
    return dataclasses.replace(members, sharing=shown.sharing)


AGREED = agreed()


def shown_rows(rng: random.Random) -> Rows:
    """Return records and answers of those who may be named."""
    records = [
        cases.fact(f"r{n}", subject_id=rng.choice(("S1", "S1", "S2")), indicator=rng.choice(KINDS),
                   role=rng.choice(ROLES), agency=rng.choice(("school", "police", "council")))
        for n in range(rng.randrange(2, 7))
    ]  # fmt: skip
    asked = [
        ("school", "weapon_carrying", "person_of_concern"), ("police", "blade_injury", "victim"),
        ("police", "gang_link", "person_of_concern"),
    ]  # fmt: skip
    answers = [
        cases.fact(f"q{n}", agency=agency, indicator=kind, role=role, answer=rng.choice(("nil", "returned", "overdue")))
        for n, (agency, kind, role) in enumerate(rng.sample(asked, rng.randrange(4)))
    ]
    return [*records, *answers]


def silences(rng: random.Random) -> Rows:
    """Return what the refuge answered without telling of a record: that it looked and has nothing, or did not look."""
    return [
        cases.fact(f"x{n}", subject_id=rng.choice(("S1", "S2", "S9")), agency=SENSITIVE, indicator=rng.choice(KINDS),
                   role=rng.choice(ROLES), answer=rng.choice(("nil", "not_asked", "refused", "overdue")))
        for n in range(rng.randrange(1, 6))
    ]  # fmt: skip


def closed(rng: random.Random) -> Rows:
    """Return records and answers of the refuge that no rule opens to anybody here."""
    hides = rng.choice(({"data_class": "patient", "gateway": "cda_s115"}, {"handling": "C"}))
    return [
        cases.fact(f"x{n}", subject_id=rng.choice(("S1", "S2", "S9")), agency=SENSITIVE, indicator=rng.choice(KINDS),
                   role=rng.choice(ROLES), answer=rng.choice((None, None, "nil", "returned")), **hides)
        for n in range(rng.randrange(1, 6))
    ]  # fmt: skip


def in_an_emergency(rows: Any, folder: Path) -> Shared:
    return cases.to_practitioner(rows, folder, relationships=[], override=sharing_small.override())


RECIPIENTS = {
    "practitioner": cases.to_practitioner,
    "emergency": in_an_emergency,
    "partnership": lambda result, folder: cases.given(result, folder, audience="partnership"),
    "counts": cases.to_partners,
    "public": lambda result, folder: cases.given(result, folder, purpose="violence_reduction"),
}


def released(recipient: str, rows: Rows, folder: Path) -> Shared | None:
    """Return what is shared, with one and the same id and head of the log; None where it is refused."""
    try:
        shared = RECIPIENTS[recipient](cases.result(rows, agreed=AGREED), folder)
    except SharingRefusedError:
        return None
    # Every release has its own id and head; the log counts the emergencies before it, and each has a reference.
    notes = tuple(note for note in shared.notes if "await review" not in note and not note.startswith("Alert "))
    told = {"decision_ids": ("d" * 64,), "log_head": "AAAA-AAAA-AAAA-AAAA", "notes": notes}
    for name, value in told.items():
        object.__setattr__(shared, name, value)
    object.__setattr__(shared, "content_hash", content_hash(shared))
    return shared


@pytest.mark.parametrize(
    ("recipient", "hidden"),
    # An emergency opens what no rule does, so there the records themselves are seen: their answers are not.
    [(name, silences) for name in RECIPIENTS] + [(name, closed) for name in RECIPIENTS if name != "emergency"],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_what_a_refuge_answers_or_holds_changes_no_byte(recipient: str, hidden: Any) -> None:
    """Added, changed for another and taken away; the content of tables and words, and every file of the first pair."""
    rng = random.Random(f"{recipient} {hidden.__name__}")
    compared = 0
    for base in range(3):
        rows = shown_rows(rng)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            first = released(recipient, rows, folder)
            others = [released(recipient, [*rows, *hidden(rng)], folder) for _ in range(3)]
            hashes = {None if one is None else one.content_hash for one in (first, *others)}
            assert len(hashes) == 1, base
            if first is not None and not compared:
                pair = ((first, folder / "1"), (others[0], folder / "2"))
                files = [cases.every_file(one, where, (".json", ".csv", ".html")) for one, where in pair]
                assert files[0] == files[1]
            compared += first is not None
    assert compared


def told(rows: Rows, folder: Path, lens: str = "harm_by") -> Any:
    shared = cases.to_practitioner(cases.result(rows, agreed=AGREED), folder)
    scores = shared.tables["scores"]
    return scores[scores["lens"] == lens].iloc[0], shared


def test_completeness_is_of_the_questions_to_those_who_may_be_named(tmp_path: Path) -> None:
    """School and police, of equal freshness, answered all that they were asked: that is everything."""
    school = cases.fact("a", answer="returned")
    police = cases.fact("b", agency="police", indicator="gang_link", answer="nil")
    both, _ = told([school, police], tmp_path)
    assert both["completeness"] == 1.0
    assert both["most_useful_gap"] is None
    one, _ = told([school], tmp_path)
    worth = {q.id: q.prior * (1 - q.prior) * (q.raises + q.lowers) ** 2 for q in QUESTIONS}
    assert one["completeness"] == pytest.approx(worth["d_school"] / (worth["d_school"] + worth["f_police"]))
    assert one["most_useful_gap"] == "f_police"


def test_the_doubt_of_what_such_a_service_was_asked_stays(tmp_path: Path) -> None:
    """Leaving it out of the interval too would make somebody look safer than anybody knows."""
    rows = [cases.fact("a", answer="nil"), cases.fact("b", agency="police", indicator="gang_link", answer="nil")]
    seen, _ = told(rows, tmp_path)
    whole = cases.result(rows, agreed=AGREED).scores.iloc[0]
    assert (seen["lower"], seen["upper"], seen["band"]) == (whole["lower"], whole["upper"], whole["band"])


def test_a_record_of_it_that_a_rule_opens_is_a_partners_and_answers_no_question(tmp_path: Path) -> None:
    rows = [cases.fact("a"), cases.fact("x", agency=SENSITIVE, indicator="gang_link", answer="returned")]
    without, alone = told(rows[:1], tmp_path)
    seen, shared = told(rows, tmp_path)
    assert set(shared.tables["reasons"]["agency"].dropna()) == {"school", "a partner agency"}
    for name in ("completeness", "most_useful_gap"):
        assert seen[name] == without[name]
    assert shared.tables["gaps"].equals(alone.tables["gaps"])


def test_no_question_to_it_is_in_any_list_and_one_sentence_says_so(tmp_path: Path) -> None:
    _, shared = told([cases.fact("a")], tmp_path)
    assert shared.tables["gaps"]["most_useful_gap"].tolist() == ["d_school?", "f_police?"]
    said = [note for note in shared.notes if "whether or not they were answered" in note]
    assert len(said) == 1
