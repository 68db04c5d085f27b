"""The shipped example shared under its shipped agreement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import riskshare
from riskshare.io.audit_log import audit_log
from riskshare.io.examples import example_data, example_partnership
from riskshare.records.sharing_request import Relationship
from riskshare.releasing.sharing_out import share
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared

AT = "2026-04-01T10:00:00+01:00"
ANALYST = "north_police:analyst"


@pytest.fixture(scope="module", name="agreed")
def load() -> riskshare.Partnership:
    return riskshare.load_partnership(example_partnership())


@pytest.fixture(scope="module", name="times")
def compared(agreed: riskshare.Partnership) -> riskshare.ResponseTimes:
    return riskshare.compare_responses(agreed, example_data() / "responses.csv", until="2026-03-31")


def to_analyst(result: object, agreed: riskshare.Partnership, folder: Path, **options: object) -> Shared:
    told = {"audience": "partnership", "purpose": "violence_reduction", "recipient": ANALYST, "at": AT}
    return share(result, agreed, **{**told, "log": audit_log(folder / "audit.sqlite"), **options})  # type: ignore[arg-type]


def test_analysts_see_how_many_cases_and_not_how_long(
    times: riskshare.ResponseTimes, agreed: riskshare.Partnership, tmp_path: Path
) -> None:
    """The example's agreement lets analysts count; times and shares are not in it."""
    shared = to_analyst(times, agreed, tmp_path)
    table = shared.tables["responses"]
    assert list(table.columns) == ["group", "n"]
    assert (table["n"].dropna() >= 10).all()
    assert table["n"].isna().sum() == shared.suppressed["n"].sum()
    assert set(shared.withheld["field"]) == {"measure", "median_days", "share"}


def test_response_times_are_not_for_the_public(
    times: riskshare.ResponseTimes, agreed: riskshare.Partnership, tmp_path: Path
) -> None:
    with pytest.raises(SharingRefusedError, match="not_for_the_public"):
        to_analyst(times, agreed, tmp_path, audience="public", purpose="publication")


def test_whose_high_is_higher_without_the_cases_behind_it(agreed: riskshare.Partnership, tmp_path: Path) -> None:
    result = riskshare.compare_thresholds(agreed, example_data() / "shared_cases.csv", replicates=20)
    shared = to_analyst(result, agreed, tmp_path)
    sensitive = {one.id for one in agreed.agencies if one.sensitive}
    assert len(shared.tables["comparison"]) <= len(result.matrix)
    assert not any(name in group for name in sensitive for group in shared.tables["comparison"]["group"])
    assert {"S-", "value"}.isdisjoint(shared.tables["comparison"].columns)


def test_a_school_is_told_whom_to_call_and_nothing_of_the_criminal_record(
    agreed: riskshare.Partnership, tmp_path: Path
) -> None:
    lines = (example_data() / "evidence.csv").read_text().splitlines(keepends=True)
    file = tmp_path / "evidence.csv"
    file.write_text("".join(line for number, line in enumerate(lines) if number % 12 == 0))
    assessment = riskshare.assess(riskshare.read_evidence(file, agreed), agreed, as_of="2026-03-31")
    met = [condition.id for condition in agreed.trust.handling_conditions]
    seen: set[str] = set()
    for subject in assessment.act_now["subject_id"].unique()[:12]:
        told = {
            "ref": "c", "user_id": "U1", "agency": "orchard_schools", "subject_id": subject,
            "valid_from": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        related = Relationship.model_validate_json(json.dumps(told))
        try:
            shared = to_analyst(
                assessment, agreed, tmp_path, audience="practitioner", purpose="safeguarding", subject=subject,
                recipient="orchard_schools:safeguarding_lead", user_id="U1", relationships=[related],
                conditions_met=met,
            )  # fmt: skip
        except SharingRefusedError:
            continue
        assert list(shared.tables) == ["act_now"]
        assert set(shared.tables["act_now"].columns) == {"subject_id", "act_now", "event_date", "duty", "spoc"}
        assert shared.tables["act_now"]["event_date"].str.fullmatch(r"\d{4}-\d{2}").all()  # a month, not a day
        rows = assessment.evidence.table
        own = rows[(rows["subject_id"] == subject) & (rows["data_class"] != "criminal")]
        assert set(shared.tables["act_now"]["act_now"]) <= set(own["indicator"])
        seen.add(subject)
    assert seen
