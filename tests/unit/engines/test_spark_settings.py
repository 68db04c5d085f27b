"""Settings that travel to workers arrive as they were, or are refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from hashlib import sha256
from pathlib import Path

import pytest

import engine_cases as cases
import riskshare as rs
from riskshare.engines import spark_settings
from riskshare.engines.blocks import Settings, in_order
from riskshare.engines.spark_settings import SUBJECTS, Sent, pack, unpack
from riskshare.errors import EngineError


def settings(**changes: object) -> Settings:
    first = Settings(cases.agreed(), dt.date(2026, 3, 31), ("a.csv", "b.parquet"), True, frozenset({"one", "two"}))
    return dataclasses.replace(first, **changes)


def changed(sent: Sent, **parts: object) -> Sent:
    text = json.dumps({**json.loads(sent.text), **parts})
    return sent._replace(text=text, sha256=sha256(text.encode()).hexdigest())


def test_what_arrives_is_what_was_sent(tmp_path: Path) -> None:
    sent = pack(settings(compiled=True), tmp_path)
    arrived = unpack(sent)
    # Nothing is shared by a worker: the sharing agreement stays at home, and is no part of the version.
    agreed = dataclasses.replace(cases.agreed(), sharing=None)
    assert arrived == settings(compiled=True, partnership=agreed)
    assert arrived.partnership.version == cases.agreed().version
    assert arrived.marks == settings().marks


def test_only_ages_travel_of_what_is_known_of_subjects(tmp_path: Path) -> None:
    lines = [{"subject_id": "S2", "age_band": "16-17", "household_id": "H1"}, {"subject_id": "S1", "age_band": ""}]
    known = in_order(rs.read_subjects(lines, cases.agreed()))
    arrived = unpack(pack(settings(subjects=known), tmp_path)).subjects
    assert arrived is not None
    assert arrived.table.to_dict("list") == {"subject_id": ["S1", "S2"], "age_band": ["not known", "16-17"]}


@pytest.mark.parametrize("part", ["text", "sha256"])
def test_a_changed_text_is_refused(part: str, tmp_path: Path) -> None:
    sent = pack(settings(), tmp_path)
    with pytest.raises(EngineError, match="not those that were sent"):
        unpack(sent._replace(**{part: getattr(sent, part)[:-1] + "0"}))


def test_another_agreement_is_refused(tmp_path: Path) -> None:
    sent = pack(settings(), tmp_path)
    with pytest.raises(EngineError, match="another hash"):
        unpack(changed(sent, version="0" * 64))


def test_other_ages_are_refused(tmp_path: Path) -> None:
    sent = pack(settings(subjects=rs.read_subjects([{"subject_id": "S1"}], cases.agreed())), tmp_path)
    (tmp_path / SUBJECTS).write_bytes(b"other")
    with pytest.raises(EngineError, match="ages"):
        unpack(sent)


def test_a_machine_with_another_numpy_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pack(settings(), tmp_path)
    monkeypatch.setattr(
        spark_settings, "versions", lambda: {"riskshare": rs.__version__, "numpy": "1.0", "scipy": "1.0"}
    )
    with pytest.raises(EngineError, match=r"it has numpy 1\.0 and not"):
        unpack(changed(sent, trial=False))
