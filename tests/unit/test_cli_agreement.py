"""`riskshare agreement check` and `explain`: what is said, and with which exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from riskshare.cli.app import app
from riskshare.io.agreement import load_agreements
from riskshare.io.examples import example_partnership
from riskshare.records.sharing_fields import CATEGORIES, SUBJECT_ROLES
from riskshare.records.sharing_request import REASONS
from riskshare.reporting.agreement_words import (
    CATEGORY_WORDS,
    REASON_WORDS,
    ROLE_WORDS,
    decision_sentences,
    in_force_sentence,
    rule_sentences,
    standing_sentence,
    unsigned,
)
from sharing_small import AT, END, REVIEW, agreed, agreement, answer, asked, charter, forbid, party, permit

NOON = "2026-03-31T12:00:00+01:00"
QUESTION = [
    "--agreement", "violence_and_exploitation", "--to", "childrens_north:social_worker", "--from", "lantern",
    "--purpose", "safeguarding", "--category", "other", "--field", "safe_contact", "--subject-role", "victim",
    "--audience", "practitioner", "--handling", "P", "--met", "safeguarding_lead_only", "--at", NOON,
]  # fmt: skip


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["agreement", *args])
    return result.exit_code, " ".join(result.stdout.split()), " ".join(result.stderr.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(example_partnership(), tmp_path / "agreed"))


def edited(folder: Path, old: str, new: str) -> str:
    file = folder / "sharing.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return str(folder)


def document(*args: str) -> Any:
    return json.loads(CliRunner().invoke(app, ["agreement", *args, "--json"]).stdout)


def test_a_good_agreement(folder: Path) -> None:
    code, said, _ = run("check", str(folder), "--at", NOON)
    assert code == 0
    assert "violence_and_exploitation 2 (information sharing agreement): signed" in said
    assert "early_notice_pilot: in force." in said
    told = document("check", str(folder))
    assert told["ok"]
    assert told["policy_hash"] == load_agreements(folder).policy_hash
    assert [one["not_signed"] for one in told["agreements"]] == [[], [], []]


def test_changed_terms_are_found_and_the_new_hash_is_told(folder: Path) -> None:
    changed = edited(folder, 'act_now = "show"\nband = "show"', 'act_now = "show"\naddress = "show"\nband = "show"')
    code, _, said = run("check", changed)
    assert code == 1
    assert "signed other terms than these" in said
    codes = {problem["code"] for problem in document("check", changed)["problems"]}
    assert codes == {"terms_changed", "address_not_exact"}


def test_somebody_has_not_signed(folder: Path) -> None:
    terms = load_agreements(folder).agreements[1].terms_hash
    lines = (
        f'signed_on = 2026-01-15T09:00:00Z\nsigned_by_role = "head of partnership (example)"\nsigned_terms = "{terms}"'
    )
    file = folder / "sharing.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(lines, "", 1), encoding="utf-8")
    code, said, _ = run("check", str(folder))
    assert code == 3
    assert "not signed by childrens_north" in said


def test_no_agreement_at_all(folder: Path) -> None:
    (folder / "sharing.toml").unlink()
    for command in ("check", "explain"):
        code, _, said = run(command, str(folder))
        assert code == 1
        assert "sharing.toml: The file is missing." in said


def test_each_rule_is_said_in_words(folder: Path) -> None:
    code, said, _ = run("explain", str(folder))
    assert code == 0
    for one in load_agreements(folder).agreements:
        assert all(f"{rule.id}: " in said for rule in one.rules)
    assert "schools_no_criminal: beacon_schools (safeguarding_lead) and orchard_schools" in said
    assert document("explain", str(folder), "--agreement", "early_notice_pilot")["agreements"][0]["kind"] == "pilot"


def test_a_question_is_answered_with_its_reasons(folder: Path) -> None:
    code, said, _ = run("explain", str(folder), *QUESTION)
    assert code == 0
    assert said.startswith("No.")
    assert "where a victim is: safe_contact." in said
    assert run("explain", str(folder), *QUESTION, "--works-with")[1].startswith("Yes. Kept: safe_contact.")
    told = document("explain", str(folder), *QUESTION)
    assert (told["allow"], told["reason_codes"]) == (False, ["floor"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--agreement", "SECRET"], "There is no such agreement."),
        ([*QUESTION[2:]], "Name one agreement with --agreement"),
        ([*QUESTION[:2], "--to", "SECRET", "--at", NOON], "--to AGENCY:ROLE"),
        ([*QUESTION[:-2]], "--at MOMENT"),
        ([*QUESTION[:-1], "SECRET"], "written with its offset"),
        ([*QUESTION[:-1], "2026-03-31T12:00:00"], "written with its offset"),
    ],
)
def test_a_question_that_cannot_be_asked_repeats_nothing(folder: Path, args: list[str], said: str) -> None:
    code, _, told = run("explain", str(folder), *args)
    assert code == 2
    assert said in told
    assert "SECRET" not in told


def test_every_word_has_words() -> None:
    assert set(REASON_WORDS) == set(REASONS)
    assert set(ROLE_WORDS) == set(SUBJECT_ROLES)
    assert set(CATEGORY_WORDS) == set(CATEGORIES)


def test_rules_in_words() -> None:
    everything = rule_sentences(forbid("no"))
    assert everything[0].startswith("no: council (social_worker) may not have, for safeguarding, out of scores about")
    assert everything[1:] == ("anything.",)
    capped = forbid("cap", treatment={"score": "band"}, place_level="lsoa")
    assert rule_sentences(capped)[1:] == ("score more open than band or places more exact than lsoa.",)
    careful = permit(
        treatment={"easting": "show", "score": "band"}, place_level="lsoa", conditions=("consult_originator",)
    )
    assert rule_sentences(careful)[1:] == (
        "easting.",
        "Coarser: score.",
        "Places to some streets (LSOA).",
        "Items of handling P and C, C only where its conditions are met. Only where met: consult_originator.",
    )
    assert rule_sentences(permit(handling_max="P"))[-1] == "Items of handling P only."


def test_answers_in_words() -> None:
    place = permit(treatment={"easting": "show", "band": "show", "score": "redact"}, place_level="lsoa")
    request = asked(fields=("easting", "band", "score", "indicator"), subject_role="third_party")
    assert decision_sentences(answer(request, agreed(place))) == (
        "Yes, in part.",
        "Kept: band, easting.",
        "Kept, only that there is one: score.",
        "Places to some streets (LSOA).",
        "No rule permits it: indicator.",
        "Rules that hold: r1.",
        "To do: write it into the log before anything is shown.",
        "What is shown may be used until 2026-06-29 12:00 UTC.",
    )


def test_whether_an_agreement_holds_in_words() -> None:
    assert in_force_sentence(agreement(), AT) == "isp: in force."
    assert in_force_sentence(agreement(), REVIEW) == "isp: in force, but its review is overdue."
    assert "more than 30 days overdue" in in_force_sentence(agreement(), END.replace(day=1))
    assert "outside its time" in in_force_sentence(agreement(), END)
    assert "it is suspended" in in_force_sentence(charter(status="suspended"), AT)


def test_who_has_not_signed_in_words() -> None:
    two = agreement(parties=(party("police"), party("council", signed_on=None), party("school", signed_terms="0" * 64)))
    altered = agreed(papers=(two,)).altered
    assert unsigned(two, altered) == ("council", "school")
    assert "not signed by council and school" in standing_sentence(two, altered)


@pytest.mark.parametrize(("number", "warned"), [(0, False), (1, True), (2, True), (3, False)])
@pytest.mark.parametrize("command", [["agreement", "check"], ["check"]])
def test_few_sensitive_services_are_warned_of(command: list[str], number: int, warned: bool, folder: Path) -> None:
    """With one, "a partner agency" is its name."""
    file = folder / "partnership.toml"
    head, *agencies = file.read_text(encoding="utf-8").split("[[agencies]]\n")
    marked = ["sensitive = true\n" * (place < number) + one.replace("sensitive = true\n", "")
              for place, one in enumerate(agencies)]  # fmt: skip
    file.write_text("[[agencies]]\n".join([head, *marked]), encoding="utf-8")
    told = CliRunner().invoke(app, [*command, str(folder)])
    assert told.exit_code in (0, 3)  # whoever signed before is not unsigned, or is: both are good
    assert ("is as good as a name" in " ".join(told.stderr.split())) == warned
