"""The page for citizens and the transparency record: whole, or an error that says what is missing (I6)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

import share_cases
import sharing_small
from riskshare.errors import AgreementError, ArgumentError, PartnershipError
from riskshare.io.examples import example_partnership
from riskshare.io.partnership import load_partnership
from riskshare.io.transparency import RECORD, read_transparency
from riskshare.records.agreement import AgreementSet, Legal, PublicSummary
from riskshare.records.partnership import Partnership
from riskshare.records.transparency import TransparencyWords
from riskshare.reporting.citizen_page import NEVER_SHARED, YOUR_RIGHTS, citizen_page, papers_in_force
from riskshare.reporting.pages import escaped
from riskshare.reporting.transparency_record import SECTION_WORDS, transparency_page, transparency_record

AT = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
SMALL_AT = sharing_small.AT
REQUIRED = {
    "name", "description", "website", "contact", "organisation", "team", "senior_responsible_owner",
    "third_party_involvement", "detailed_description", "scope", "benefits", "previous_process", "alternatives",
    "integration", "human_review", "frequency_and_scale", "training", "appeals", "phase", "system_architecture",
    "system_input", "system_output", "maintenance", "model", "performance", "sources", "sensitive_attributes",
    "data_quality", "sharing_agreements", "legal_basis", "retention", "access_and_storage", "impact_assessments",
    "risks_and_mitigations", "standard", "region",
}  # fmt: skip
"""Fields of the standard, version 3, under the names used here."""
CONTACT = "Data protection officer, 01632 960000"


@pytest.fixture(scope="module")
def example() -> Partnership:
    return load_partnership(example_partnership())


@pytest.fixture(scope="module")
def words() -> TransparencyWords:
    return read_transparency(example_partnership())


def agreed(*rules: Any, **changes: Any) -> Partnership:
    return share_cases.partnership(*rules, **changes)


def text_of(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.split("<body>")[1]).split())


def folder_with(tmp_path: Path, text: str) -> Path:
    file = tmp_path / RECORD
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return tmp_path


def example_text() -> str:
    return (Path(example_partnership()) / RECORD).read_text(encoding="utf-8")


class TestCitizenPage:
    def test_why_what_how_who_law_time_and_rights_of_every_agreement_in_force(self, example: Partnership) -> None:
        page = citizen_page(example, at=AT, contact=CONTACT)
        papers = papers_in_force(example.sharing, AT)
        assert [one.id for one in papers] == ["early_notice_pilot", "violence_and_exploitation"]
        for one in papers:
            for said in (
                one.public_summary.why,
                one.public_summary.what,
                one.public_summary.how,
                one.public_summary.who,
            ):
                assert escaped(said) in page
            assert all(escaped(party.spoc) in page for party in one.parties)
            assert all(f"{days:,} days" in page for days in one.retention_days.values())
        assert all(escaped(one) in page for one in (*NEVER_SHARED, *YOUR_RIGHTS, CONTACT))
        assert example.sharing is not None
        assert example.sharing.policy_hash[:16] in page

    def test_a_heading_says_what_it_is_and_until_when_on_the_clock_of_london(self, example: Partnership) -> None:
        told = text_of(citizen_page(example, at=AT, contact=CONTACT))
        assert "Pilot: early notice pilot, until 12 July 2026" in told
        assert "Agreement: violence and exploitation, until 15 January 2028" in told

    def test_every_rule_stands_in_it(self, example: Partnership) -> None:
        told = text_of(citizen_page(example, at=AT, contact=CONTACT))
        assert "case manager at Five Vales Youth Justice Service" in told
        assert "may not be told anything from criminal records" in told
        assert "which agency holds it" in told
        assert "when something happened (roughly)" in told
        assert "a fixed point that stands for at least eight addresses" in told

    def test_what_has_ended_is_not_told(self, example: Partnership) -> None:
        page = citizen_page(example, at=dt.datetime(2026, 8, 1, tzinfo=dt.UTC), contact=CONTACT)
        assert "before the bell" not in page
        assert "violence and exploitation" in page

    def test_it_needs_nothing_and_runs_nothing(self, example: Partnership) -> None:
        page = citizen_page(example, at=AT, contact="<img src=x onerror=alert(1)>")
        assert "<script" not in page
        assert "<img" not in page
        assert "default-src &#x27;none&#x27;" in page
        assert not re.search(r"(?:src|href)=\"(?!#)", page)

    def test_hostile_words_of_an_agreement_stay_words(self) -> None:
        evil = "</p><script>alert(1)</script>${x}`"
        one = agreed(public_summary=PublicSummary(why=evil, what=evil, how=evil, who=evil))
        page = citizen_page(one, at=SMALL_AT, contact=CONTACT)
        assert "<script" not in page
        assert page.count("&lt;script&gt;") == 4

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"status": "suspended"}, "not_in_force"),
            ({"charter_id": "another"}, "not_in_force"),
            ({"legal": Legal()}, "no_legal_basis"),
            ({"retention_days": {}}, "no_retention"),
        ],
    )
    def test_what_is_missing_is_named_and_there_is_no_page(self, changes: dict[str, Any], code: str) -> None:
        with pytest.raises(AgreementError) as fault:
            citizen_page(agreed(**changes), at=SMALL_AT, contact=CONTACT)
        assert [problem.code for problem in fault.value.problems] == [code]

    def test_all_that_is_missing_is_named_at_once(self) -> None:
        bare = sharing_small.agreed(legal=Legal(), retention_days={})
        one = dataclasses.replace(share_cases.partnership(), sharing=bare)
        with pytest.raises(AgreementError) as fault:
            citizen_page(one, at=SMALL_AT, contact=CONTACT)
        assert {problem.code for problem in fault.value.problems} == {"no_legal_basis", "no_retention", "no_rule"}

    def test_without_any_agreement_there_is_no_page(self) -> None:
        one = dataclasses.replace(share_cases.partnership(), sharing=None)
        with pytest.raises(AgreementError, match="nothing is shared"):
            citizen_page(one, at=SMALL_AT, contact=CONTACT)

    def test_half_open_in_time(self) -> None:
        one = share_cases.partnership()
        assert len(papers_in_force(one.sharing, sharing_small.START)) == 1
        assert papers_in_force(one.sharing, sharing_small.START - dt.timedelta(microseconds=1)) == ()
        late = dataclasses.replace(one, sharing=sharing_small.agreed(review_by=sharing_small.END))
        assert len(papers_in_force(late.sharing, sharing_small.END - dt.timedelta(days=100))) == 1
        assert papers_in_force(late.sharing, sharing_small.END) == ()

    def test_wrong_arguments_are_all_named(self, example: Partnership) -> None:
        with pytest.raises(ArgumentError, match=r"offset.*where to turn"):
            citizen_page(example, at=dt.datetime(2026, 3, 31), contact=" ")


class TestRecord:
    def test_every_field_of_every_section_says_something(self, example: Partnership, words: TransparencyWords) -> None:
        record = transparency_record(example, words, at=AT)
        assert set(record) == set(SECTION_WORDS)
        assert all(value for fields in record.values() for value in fields.values())
        assert {name for fields in record.values() for name in fields} >= REQUIRED

    def test_it_is_filled_from_what_is_agreed(self, example: Partnership, words: TransparencyWords) -> None:
        record = transparency_record(example, words, at=AT)
        assert len(record["specification"]["system_input"]) == len(example.trust.indicators)
        assert record["specification"]["bands"].startswith("low below 30")
        assert "violence_and_exploitation: scores for at most 90 days" in record["data"]["retention"]
        assert record["record"]["partnership_version"] == example.version
        assert "Northern Marches Police (police)" in record["owner"]["partners"]

    def test_the_page_holds_every_field_and_no_script(self, example: Partnership, words: TransparencyWords) -> None:
        record = transparency_record(example, words, at=AT)
        page = transparency_page(record)
        assert "<script" not in page
        for fields in record.values():
            for name, value in fields.items():
                assert escaped(name.replace("_", " ").capitalize()) in page
                assert not isinstance(value, str) or escaped(value) in page

    def test_without_an_agreement_in_force_the_fields_it_fills_are_named(
        self, example: Partnership, words: TransparencyWords
    ) -> None:
        with pytest.raises(PartnershipError) as fault:
            transparency_record(example, words, at=dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
        keys = {problem.key for problem in fault.value.problems}
        assert {"data.sources", "data.legal_basis", "data.retention", "data.sharing_agreements"} <= keys
        assert {problem.code for problem in fault.value.problems} == {"empty_field"}

    def test_who_takes_part_from_outside_is_told(self, example: Partnership, words: TransparencyWords) -> None:
        assert transparency_record(example, words, at=AT)["owner"]["third_party_involvement"] == [
            "Nobody outside the partnership takes part."
        ]


class TestFile:
    FIELDS = tuple(name for name in TransparencyWords.model_fields if name not in ("impact_assessments", "risks"))

    @pytest.mark.parametrize("field", FIELDS)
    def test_no_field_may_be_missing(self, field: str, tmp_path: Path) -> None:
        text = re.sub(rf"^{field} = .*\n", "", example_text(), count=1, flags=re.M)
        with pytest.raises(PartnershipError) as fault:
            read_transparency(folder_with(tmp_path, text))
        assert [problem.key for problem in fault.value.problems] == [field]

    @pytest.mark.parametrize("empty", ["", "   ", "tbc", "N/A", "none", "TODO", "xxx", "-", "To be confirmed."])
    @pytest.mark.parametrize("field", ["name", "appeals", "human_review"])
    def test_no_field_may_say_nothing(self, field: str, empty: str, tmp_path: Path) -> None:
        text = re.sub(rf"^{field} = .*$", f'{field} = "{empty}"', example_text(), count=1, flags=re.M)
        with pytest.raises(PartnershipError) as fault:
            read_transparency(folder_with(tmp_path, text))
        assert [problem.key for problem in fault.value.problems] == [field]

    def test_an_assessment_and_a_risk_are_needed(self, tmp_path: Path) -> None:
        text = example_text().split("[[impact_assessments]]")[0] + "impact_assessments = []\nrisks = []\n"
        with pytest.raises(PartnershipError) as fault:
            read_transparency(folder_with(tmp_path, text))
        assert {problem.key for problem in fault.value.problems} == {"impact_assessments", "risks"}

    @pytest.mark.parametrize("text", ["name = ", "\x00", "a = 1\na = 2", "[" * 5000, "# " + "x" * (1 << 20)])
    def test_what_is_no_toml_is_said_so(self, text: str, tmp_path: Path) -> None:
        with pytest.raises(PartnershipError, match="not a TOML text"):
            read_transparency(folder_with(tmp_path, text))

    def test_a_missing_file_is_said_so(self, tmp_path: Path) -> None:
        with pytest.raises(PartnershipError, match=r"record\.toml: The file is missing"):
            read_transparency(tmp_path)


def test_no_agreement_set_of_charters_alone_makes_a_page() -> None:
    lone = AgreementSet(agreements=(sharing_small.charter(),), registered=sharing_small.REGISTERED)
    assert papers_in_force(lone, SMALL_AT) == ()
