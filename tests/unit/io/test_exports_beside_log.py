"""Nothing that is shared is written over the files of the log it is logged in."""

from __future__ import annotations

from pathlib import Path

import pytest

import share_cases as cases
from riskshare.errors import PolicyError
from riskshare.io.exports import write


def test_no_export_overwrites_keys_head_or_register(tmp_path: Path) -> None:
    shared = cases.to_practitioner(cases.result(), tmp_path)
    log = cases.log_in(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.suffix == ".json"}
    assert log.keys.name in before
    for name in (*before, log.path.name + ".new.json", log.keys.name.upper()):
        with pytest.raises(PolicyError, match="files of the audit log"):
            write(shared, tmp_path / name)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.suffix == ".json"} == before
    assert write(shared, tmp_path / "page.json").exists()
