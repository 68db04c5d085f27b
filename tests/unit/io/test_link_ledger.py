"""Keeping the ledger of merges: what is written is read back, nothing is forgotten, and nothing is slipped in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskshare.io.links import read_ledger, write_ledger
from riskshare.sharing.links import LinkError, LinkLedger, link, merge, undo

WHEN = {"by": "dsl.3", "at": "2026-03-31T12:00:00Z"}


def ledger() -> LinkLedger:
    one = merge(LinkLedger(), link("zqmark", "b", 0.9999, "m1"), **WHEN)
    two = merge(one, link("b", "ü", 0.2, "m1", "dsl.3"), **WHEN)
    return undo(two, 0, **WHEN)


def test_what_is_written_is_read_back_for_its_owner_alone(tmp_path: Path) -> None:
    file = write_ledger(ledger(), tmp_path / "links.internal.jsonl")
    assert read_ledger(file) == ledger()
    assert read_ledger(file).state() == ledger().state()
    assert file.stat().st_mode & 0o077 == 0


def test_it_grows_and_is_never_shortened(tmp_path: Path) -> None:
    file = write_ledger(ledger(), tmp_path / "l.jsonl")
    longer = undo(ledger(), 1, **WHEN)
    write_ledger(longer, file)
    before = file.read_bytes()
    with pytest.raises(LinkError, match="not the beginning"):
        write_ledger(ledger(), file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"undoes": 7}, 1),
        ({"undoes": True}, 1),
        ({"undoes": "0"}, 1),
        ({"by": ""}, 1),
        ({"link": {"id_a": "zqmark", "id_b": "b", "p": 0.5, "model_version": "m1", "reviewed_by": ""}}, 1),
        ({"link": {"id_a": "zqmark"}}, 1),
        ({"link": None}, 1),
    ],
)
def test_nothing_is_slipped_in(changes: dict[str, object], line: int, tmp_path: Path) -> None:
    """An event that the rules would not have let in, such as a merge of 0.5 that nobody reviewed, stops the file."""
    file = write_ledger(ledger(), tmp_path / "l.jsonl")
    lines = [json.loads(one) for one in file.read_text(encoding="utf-8").splitlines()]
    lines[0] |= changes
    file.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    with pytest.raises(LinkError, match=f"Line {line} holds") as fault:
        read_ledger(file)
    assert "zqmark" not in str(fault.value)
    assert fault.value.__context__ is None


def test_an_undoing_that_names_another_pair_is_refused(tmp_path: Path) -> None:
    file = write_ledger(ledger(), tmp_path / "l.jsonl")
    lines = [json.loads(one) for one in file.read_text(encoding="utf-8").splitlines()]
    lines[2]["link"]["p"] = 1.0
    file.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    with pytest.raises(LinkError, match="Line 3"):
        read_ledger(file)


@pytest.mark.parametrize("text", ["zqmark\n", "[]\n", "[" * 5000])
def test_what_is_no_ledger(text: str, tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(LinkError, match="Line 1"):
        read_ledger(tmp_path / "l.jsonl")


def test_an_empty_file_is_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").touch()
    assert read_ledger(tmp_path / "l.jsonl") == LinkLedger()
