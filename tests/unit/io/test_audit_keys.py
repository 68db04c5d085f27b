"""The keys of a log: made once, shown never, and what happens without them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from audit_cases import AT, ENTRY, log_in, rows_of
from riskshare.errors import (
    AuditKeyError,
    AuditWriteError,
)
from riskshare.io.audit_check import verify_log
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_log import append, begin_epoch, erase
from riskshare.sharing.chain import Status

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


class TestKeys:
    def test_they_are_made_once_and_shown_never(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        keys = read_keys(log.keys)
        append(log, ENTRY, at=AT)
        assert read_keys(log.keys) == keys
        assert repr(keys) == str(keys) == "Keys(1 epochs)"
        secrets = [keys.epochs[0].key, keys.users, keys.lookup, keys.heads]
        assert len(set(secrets)) == 4
        assert all(len(secret) == 32 for secret in secrets)
        other = tmp_path / "other"
        other.mkdir()
        assert read_keys(log_in(other, 1).keys).epochs[0].key != keys.epochs[0].key

    def test_lost_keys_are_never_replaced_by_new_ones(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        log.keys.unlink()
        for call in (lambda: append(log, ENTRY, at=AT), lambda: verify_log(log), lambda: erase(log, "S1", at=AT)):
            with pytest.raises(AuditKeyError, match="cannot be read"):
                call()
        assert not log.keys.exists()

    @posix
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
    def test_keys_open_to_others_are_refused(self, tmp_path: Path, mode: int) -> None:
        log = log_in(tmp_path, 1)
        log.keys.chmod(mode)
        with pytest.raises(AuditKeyError, match="chmod 600"):
            append(log, ENTRY, at=AT)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda _: "[", lambda _: "[]", lambda _: "[" * 100_000, lambda c: {**c, "users": "00"},
            lambda c: {**c, "lookup": "zz"}, lambda c: {**c, "epochs": []},
            lambda c: {**c, "epochs": [{**c["epochs"][0], "from_seq": 2}]},
            lambda c: {**c, "epochs": [{**c["epochs"][0], "epoch": 2}]},
            lambda c: {**c, "epochs": [{**c["epochs"][0], "from_seq": 1.0}]},
            lambda c: {**c, "epochs": [c["epochs"][0], {**c["epochs"][0], "epoch": 2}]},
            lambda c: {name: c[name] for name in ("epochs", "users", "lookup")},
        ],
        ids=range(11),
    )  # fmt: skip
    def test_a_file_that_holds_no_keys(self, tmp_path: Path, spoil: Any) -> None:
        log = log_in(tmp_path, 1)
        spoilt = spoil(json.loads(log.keys.read_text()))
        log.keys.write_text(spoilt if isinstance(spoilt, str) else json.dumps(spoilt))
        with pytest.raises(AuditKeyError, match="does not hold keys") as caught:
            append(log, ENTRY, at=AT)
        assert re.search(r"[0-9a-f]{8}", str(caught.value)) is None

    def test_a_new_key_seals_what_comes_and_the_old_entries_stay(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 3)
        assert begin_epoch(log, at=AT).seq == 4
        append(log, ENTRY, at=AT)
        assert begin_epoch(log, at=AT).seq == 6
        append(log, ENTRY, at=AT)
        assert [json.loads(row.body)["epoch"] for row in rows_of(log)] == [1, 1, 1, 1, 2, 2, 3]
        assert [(key.epoch, key.from_seq) for key in read_keys(log.keys).epochs] == [(1, 1), (2, 5), (3, 7)]
        assert verify_log(log).status is Status.OK

    def test_a_new_key_that_a_crash_left_unused_is_taken_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = log_in(tmp_path, 2)

        def crash(*_: object) -> None:
            raise OSError(5, "crash")

        with monkeypatch.context() as patch:
            patch.setattr("riskshare.io.audit_log.insert", crash)
            with pytest.raises(AuditWriteError):
                begin_epoch(log, at=AT)
        assert len(read_keys(log.keys).epochs) == 2
        begin_epoch(log, at=AT)
        append(log, ENTRY, at=AT)
        assert len(read_keys(log.keys).epochs) == 2
        assert verify_log(log).status is Status.OK

    def test_an_entry_sealed_with_a_key_that_is_gone(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        begin_epoch(log, at=AT)
        append(log, ENTRY, at=AT)
        content = json.loads(log.keys.read_text())
        log.keys.write_text(json.dumps({**content, "epochs": content["epochs"][:1]}))
        found = verify_log(log)
        assert (found.status, found.at) == (Status.UNKNOWN_EPOCH, 3)
