"""Heads in files, and the witness who countersigns them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from audit_cases import AT, ENTRY, MARK, log_in, tampered
from riskshare.errors import (
    ArgumentError,
    AuditKeyError,
    AuditTrailError,
)
from riskshare.io.audit_check import verify_log
from riskshare.io.audit_heads import countersign, head_document, known_heads
from riskshare.io.audit_log import append
from riskshare.sharing.chain import EMPTY_HEAD, Head, Status

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


class TestWitness:
    def signed(self, head: Head, folder: Path, **changes: Any) -> dict[str, Any]:
        given = {"agency": "council", "role": "spoc", "on": dt.date(2026, 4, 1), **changes}
        return countersign(head, known=folder / "known.jsonl", keys=folder / "witness.json", **given)

    def test_heads_are_added_and_are_what_verify_needs(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 2)
        first = verify_log(log).head
        line = self.signed(first, tmp_path)
        append(log, ENTRY, at=AT)
        second = verify_log(log).head
        self.signed(second, tmp_path, on=dt.date(2026, 5, 1))
        self.signed(second, tmp_path, on=dt.date(2026, 5, 2))
        assert known_heads(tmp_path / "known.jsonl") == (first, second, second)
        assert line | {"mark": ""} == {
            **head_document(first), "agency": "council", "role": "spoc", "on": "2026-04-01", "mark": "",
        }  # fmt: skip
        assert verify_log(log, known=known_heads(tmp_path / "known.jsonl")).status is Status.OK
        tampered(log, "DELETE FROM entries WHERE seq = 3")
        log.head.unlink()
        assert verify_log(log, known=known_heads(tmp_path / "known.jsonl")).status is Status.SHORTER

    def test_a_head_that_does_not_follow_is_not_signed(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        early = verify_log(log).head
        append(log, ENTRY, at=AT)
        late = verify_log(log).head
        self.signed(late, tmp_path)
        before = (tmp_path / "known.jsonl").read_bytes()
        for head in (early, Head(2, 2, bytes(32), late.time)):
            with pytest.raises(AuditTrailError, match="does not follow from one countersigned before"):
                self.signed(head, tmp_path)
        assert (tmp_path / "known.jsonl").read_bytes() == before

    def test_a_changed_line_and_another_key_are_found(self, tmp_path: Path) -> None:
        head = verify_log(log_in(tmp_path, 1)).head
        self.signed(head, tmp_path)
        known = tmp_path / "known.jsonl"
        good = known.read_text()
        for changed in (good.replace("council", "school"), good.replace("2026-04-01", "2026-04-02")):
            known.write_text(changed)
            with pytest.raises(AuditKeyError, match="does not bear this witness's mark"):
                self.signed(head, tmp_path)
        known.write_text(good)
        (tmp_path / "witness.json").unlink()
        with pytest.raises(AuditKeyError, match="mark"):
            self.signed(head, tmp_path)

    def test_names_are_no_codes(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match=r"agency must be a code.* role must be a code.* on must be") as caught:
            self.signed(EMPTY_HEAD, tmp_path, agency="The Council", role=f"{MARK} Smith", on="2026-04-01")
        assert MARK not in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("text", ["{", "[]\n", '{"seq":1}\n', "\n"])
    def test_a_file_that_holds_something_else(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "known.jsonl").write_text(text)
        for call in (lambda: known_heads(tmp_path / "known.jsonl"), lambda: self.signed(EMPTY_HEAD, tmp_path)):
            with pytest.raises(AuditTrailError, match="cannot be read, or a line of it is no head"):
                call()
