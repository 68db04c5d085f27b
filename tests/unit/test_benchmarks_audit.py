"""The benchmark of the audit log runs at a small size and measures what it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "audit", raising=False)


def test_it_counts_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import audit

    assert audit.main(["--folder", str(tmp_path), "--entries", "3", "--blocks", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {
        "audit log", "plain INSERT", "plain, opened", "plain INSERT / audit log", "plain, opened / audit log",
        "audit log, kept open", "audit log, kept open / audit log", "verified",
    }  # fmt: skip
    assert min(found.values()) > 0
    assert list(tmp_path.iterdir()) == []


def test_plain_entries_are_durable_too(tmp_path: Path) -> None:
    import audit

    db = audit.opened(tmp_path / "x.sqlite")
    try:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        audit.plain(db)(1)
        audit.plain_anew(tmp_path / "x.sqlite")(2)
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    finally:
        db.close()
