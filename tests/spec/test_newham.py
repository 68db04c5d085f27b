"""Can this product repeat Newham 2017: one message, redacted and unredacted, on 203 people, to 44 recipients?

Every attempt here is what somebody in a hurry, or with bad luck, might try with the functions of riskshare.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import share_cases as cases
import sharing_small
from riskshare.errors import ArgumentError, PolicyError
from riskshare.io.audit_files import file_mark
from riskshare.io.exports import SUFFIXES, write
from riskshare.records.agreement import Recipient
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared, must_be_shared

NEWHAM = 203
RECIPIENTS = 44


@pytest.fixture
def redacted(tmp_path: Path) -> Shared:
    return cases.given(cases.result(), tmp_path, audience="partnership")


@pytest.fixture
def unredacted(tmp_path: Path) -> Shared:
    return cases.to_practitioner(cases.result(), tmp_path)


def test_two_hundred_people_do_not_leave_on_one_persons_word(tmp_path: Path) -> None:
    matrix = cases.result(cases.feared(*(f"S{n}" for n in range(NEWHAM))))
    with pytest.raises(SharingRefusedError, match="second_person"):
        cases.given(matrix, tmp_path, audience="partnership")
    assert [path.name for path in tmp_path.iterdir() if path.suffix not in (".sqlite", ".json", ".lock")] == []


def test_one_file_has_one_recipient(tmp_path: Path) -> None:
    many = [f"agency{n}:analyst" for n in range(RECIPIENTS)]
    for several in (many, tuple(many), ",".join(many), "council:social_worker,police:officer", "*:*"):
        with pytest.raises((ArgumentError, SharingRefusedError)):
            cases.to_practitioner(cases.result(), tmp_path, recipient=several)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_results_are_never_one_file(suffix: str, redacted: Shared, unredacted: Shared, tmp_path: Path) -> None:
    file = tmp_path / f"both{suffix}"
    both: list[Any] = [[redacted, unredacted], (redacted, unredacted), {"a": redacted, "b": unredacted}]
    for pair in both:
        with pytest.raises(PolicyError, match="only what sharing let through can be written"):
            write(pair, file)
    assert not file.exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_tables_of_one_result_cannot_be_put_into_another(
    suffix: str, redacted: Shared, unredacted: Shared, tmp_path: Path
) -> None:
    with pytest.raises(TypeError):
        redacted.tables["names"] = unredacted.tables["scores"]  # type: ignore[index]
    with pytest.raises((PolicyError, ValueError)):
        dataclasses.replace(redacted, tables={**redacted.tables, "names": unredacted.tables["scores"]})
    object.__setattr__(redacted, "tables", {**redacted.tables, "names": unredacted.tables["scores"]})
    with pytest.raises(PolicyError, match="changed after sharing"):
        write(redacted, tmp_path / f"both{suffix}")


def test_a_column_put_back_is_seen(redacted: Shared, tmp_path: Path) -> None:
    redacted.tables["scores"]["name"] = "S1"
    with pytest.raises(PolicyError, match="changed after sharing"):
        write(redacted, tmp_path / "x.csv")


def test_a_pseudonym_put_back_is_seen(redacted: Shared, tmp_path: Path) -> None:
    redacted.tables["scores"].loc[0, "subject_id"] = "S1"
    with pytest.raises(PolicyError, match="changed after sharing"):
        write(redacted, tmp_path / "x.csv")


@pytest.mark.parametrize(
    "changes",
    [{"recipient_agency": "police"}, {"audience": "public"}, {"expires": cases.later(days=9_000)},
     {"notes": ()}, {"decision_ids": ("0" * 64,)}],
)  # fmt: skip
def test_a_stamp_cannot_be_rewritten(changes: dict[str, Any], redacted: Shared, tmp_path: Path) -> None:
    for name, value in changes.items():
        object.__setattr__(redacted, name, value)
    with pytest.raises(PolicyError, match="changed after sharing"):
        write(redacted, tmp_path / "x.json")


def test_nobody_makes_one_by_hand(redacted: Shared) -> None:
    told = {one.name: getattr(redacted, one.name) for one in dataclasses.fields(Shared) if one.init}
    with pytest.raises(PolicyError, match="cannot be made by hand"):
        Shared(**told)
    with pytest.raises(PolicyError, match="cannot be made by hand"):
        Shared(**{**told, "made_by": object()})


@pytest.mark.parametrize("thing", [None, "x", {"S1": 9}, pd.DataFrame({"subject_id": ["S1"]})])
def test_nothing_else_is_written(thing: Any, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="share") as refused:
        write(thing, tmp_path / "x.csv")
    assert "S1" not in str(refused.value)
    assert not (tmp_path / "x.csv").exists()


def test_an_assessment_cannot_be_written_round_the_side(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="only what sharing let through"):
        write(cases.result(), tmp_path / "x.csv")  # type: ignore[arg-type]


def test_a_copy_is_no_way_round(redacted: Shared, tmp_path: Path) -> None:
    twin = copy.copy(redacted)
    twin.tables["scores"]["name"] = "S1"
    with pytest.raises(PolicyError, match="changed after sharing"):
        write(twin, tmp_path / "x.csv")


def test_what_has_expired_is_not_written(redacted: Shared, tmp_path: Path) -> None:
    write(redacted, tmp_path / "x.json", at=redacted.expires - (redacted.expires - redacted.at) / 2)
    with pytest.raises(PolicyError, match="expired"):
        write(redacted, tmp_path / "y.json", at=redacted.expires)
    assert not (tmp_path / "y.json").exists()
    with pytest.raises(PolicyError, match="expired"):
        must_be_shared("write", redacted, at=redacted.expires)


def test_every_file_says_for_whom_for_what_and_until_when(tmp_path: Path) -> None:
    people, map_ = cases.to_practitioner(cases.result(), tmp_path), cases.to_partners(cases.spots(), tmp_path)
    for shared in (people, map_):
        for name, data in cases.every_file(shared, tmp_path / "out").items():
            if name.endswith(".pdf"):
                continue  # its text is numbers of glyphs: the stamp in its metadata is tested with pictures
            text = cases.unzipped(data).decode("utf-8", "ignore")
            assert shared.decision[:16] in text, name
            assert "social_worker at council" in text, name
            assert "Expires 2026-" in text, name


def test_every_file_is_logged_before_it_is_there(tmp_path: Path, redacted: Shared) -> None:
    before = len(cases.entries(tmp_path))
    files = cases.every_file(redacted, tmp_path / "out")
    told = cases.entries(tmp_path)[before:]
    assert len(told) == len(files)
    log = cases.log_in(tmp_path)
    assert {one["output"] for one in told} == {file_mark(log, redacted.decision, data) for data in files.values()}
    assert {one["decision"] for one in told} == {redacted.decision}


def test_no_log_no_file(tmp_path: Path, redacted: Shared) -> None:
    (tmp_path / "audit.sqlite.head.json").unlink()
    with pytest.raises(Exception, match="head") as refused:
        write(redacted, tmp_path / "x.csv")
    assert type(refused.value).__name__ == "AuditTrailError"
    assert not (tmp_path / "x.csv").exists()


def test_files_are_for_their_owner_alone(tmp_path: Path, redacted: Shared) -> None:
    cases.every_file(redacted, tmp_path / "out")
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()} == {0o600}


def test_one_person_has_one_treatment_in_an_export(tmp_path: Path) -> None:
    """P18: also where the agreement gives the same person two, as a victim and as a person of concern."""
    coarse = cases.permit("coarse", {**dict.fromkeys(cases.SCORES.treatment, "show"), "score": "band"},
                          categories=("scores",), subject_roles=("victim",))  # fmt: skip
    open_to = cases.SCORES.model_copy(update={"subject_roles": ("person_of_concern",)})
    agreed = cases.partnership(coarse, open_to, cases.WHY)
    given = [cases.fact("a"), cases.fact("b", role="victim", indicator="blade_injury")]
    shared = cases.to_practitioner(cases.result(given, agreed=agreed), tmp_path)
    assert shared.tables["scores"]["lens"].tolist() == ["harm_to", "harm_by"]
    # One score of 49 lies in a band of which the model says nothing: its position must not say it after all.
    seen = shared.tables["scores"]
    assert seen["score"].tolist() == seen["band"].tolist() == ["medium", "cannot say"]
    assert not shared.kept.duplicated(["table", "field"]).any()
    numbers = "".join(map(str, [*shared.tables["scores"].to_numpy().ravel(), *shared.tables["reasons"].columns]))
    whole = cases.result(given, agreed=agreed).scores
    assert not any(str(points) in numbers for name in ("score", "upper") for points in whole[name])
    assert "points" not in numbers
    assert "nats" not in numbers


def test_a_role_elsewhere_does_not_open_it(tmp_path: Path) -> None:
    for recipient in ("police:officer", "school:safeguarding_lead", "council:cleaner", "nobody:social_worker"):
        with pytest.raises(SharingRefusedError):
            cases.to_practitioner(cases.result(), tmp_path, recipient=recipient,
                                  relationships=[cases.works_with(agency=recipient.split(":")[0])])  # fmt: skip
    assert Recipient(agency="council", role="social_worker") in cases.SCORES.recipients


def test_the_log_names_nobody(tmp_path: Path, redacted: Shared, unredacted: Shared) -> None:
    cases.every_file(redacted, tmp_path / "out")
    cases.to_practitioner(cases.result(), tmp_path, override=sharing_small.override())
    text = json.dumps(cases.entries(tmp_path))
    for value in ("S1", "S2", "U7", "U9", "case-1", sharing_small.LONG_REASON):
        assert f'"{value}"' not in text
    assert unredacted.tables["scores"]["subject_id"].tolist() == ["S1"]
