"""What sharing keeps beside the log: found again as it was, and refused where it is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import audit_cases
from riskshare.errors import AuditKeyError, AuditTrailError, PolicyError
from riskshare.io.sharing_store import default_log, pseudonym_key, read_releases, write_releases
from riskshare.io.standing import read_standing
from riskshare.sharing.release_register import release
from riskshare.sharing.tables import protect_counts


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    log = audit_cases.log_in(tmp_path)
    key = pseudonym_key(log)
    assert len(key) == 32
    assert pseudonym_key(log) == key
    file = tmp_path / "audit.sqlite.pseudonyms.json"
    assert file.stat().st_mode & 0o777 == 0o600
    for wrong in ("{}", '{"key": "zz"}', '{"key": "aa"}', "nothing"):
        file.write_text(wrong)
        with pytest.raises(AuditKeyError, match="does not hold one"):
            pseudonym_key(log)


def test_the_register_is_read_back_as_it_was(tmp_path: Path) -> None:
    log = audit_cases.log_in(tmp_path)
    assert read_releases(log) == ()
    frame = pd.DataFrame({"area": ["a", "b"], "count": [12, 40]})
    one = release(protect_counts(frame, by=["area"]), frame, series="s", starts=dt.date(2026, 1, 1),
                  until=dt.date(2026, 4, 1))  # fmt: skip
    write_releases(log, [one])
    assert read_releases(log) == (one,)
    assert (tmp_path / "audit.sqlite.releases.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["[1]", "{", '[{"series": "s"}]'])
def test_a_register_that_cannot_be_read_stops_everything(text: str, tmp_path: Path) -> None:
    log = audit_cases.log_in(tmp_path)
    (tmp_path / "audit.sqlite.releases.json").write_text(text)
    with pytest.raises(AuditTrailError, match="register of releases"):
        read_releases(log)


def test_the_usual_log_lies_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_log().path == Path("riskshare_audit/audit.sqlite")
    assert Path("riskshare_audit").stat().st_mode & 0o777 == 0o700


def test_relationships_and_objections_are_read(tmp_path: Path) -> None:
    file = tmp_path / "standing.json"
    file.write_text(
        '{"relationships": [{"ref": "c1", "user_id": "U7", "agency": "council", "subject_id": "S1", '
        '"valid_from": "2026-01-01T00:00:00Z"}], "objections": [{"subject_id": "S2", "basis": "objection", '
        '"purposes": ["publication"], "valid_from": "2026-01-01T00:00:00Z"}]}'
    )
    read = read_standing(file)
    assert [one.ref for one in read.relationships] == ["c1"]
    assert [one.purposes for one in read.objections] == [("publication",)]


@pytest.mark.parametrize(
    "text",
    ["zqmark", '{"zqmark": 1}', '{"objections": [{"subject_id": "zqmark", "basis": "zqmark"}]}',
     '{"relationships": [{"zqmark": "zqmark"}]}'],
)  # fmt: skip
def test_a_file_that_cannot_be_read_stops_everything_and_repeats_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "standing.json").write_text(text)
    with pytest.raises(PolicyError, match="nothing may be shared by it") as refused:
        read_standing(tmp_path / "standing.json")
    assert "zqmark" not in str(refused.value)
    assert refused.value.__context__ is None
