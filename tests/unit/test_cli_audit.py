"""`riskshare audit`: what it says, as JSON, in silence, and how it ends for each thing that can be wrong."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from audit_cases import AT, ENTRY, MARK, chained, lines_of, log_in, rows_of, tampered
from riskshare.cli.app import app
from riskshare.cli.faults import ExitCode
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_log import AuditLog, append
from riskshare.sharing.chain import Status


def run(*args: object, code: int = 0, **options: Any) -> Any:
    result = CliRunner().invoke(app, ["audit", *(str(arg) for arg in args)], **options)
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def said(result: Any) -> str:
    return " ".join(result.stdout.split())


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return log_in(tmp_path, 4, subjects=[f"{MARK}-1"], user=f"{MARK}.jo")


def countersigned(log: AuditLog) -> Path:
    known = log.path.with_name("known.jsonl")
    options = ("--agency", "council", "--role", "spoc", "--on", "2026-04-01")
    run("countersign", log.head, "--known", known, "--keys", known.with_name("witness.json"), *options)
    return known


class TestVerify:
    def test_a_good_log(self, log: AuditLog) -> None:
        head = verify_log(log).head
        told = said(run("verify", log.path))
        assert "4 entries, each sealed and in order" in told
        assert "none removed" not in told
        assert head.letters in told
        assert (
            "Whether its end was cut off, or it was written anew, cannot be told without a head kept elsewhere" in told
        )
        assert "Have another agency countersign it" in told
        assert run("verify", log.path, "--quiet").stdout == ""
        told = json.loads(run("verify", log.path, "--json").stdout)
        assert (told["status"], told["at"], told["good"]["letters"]) == ("ok", None, head.letters)

    def test_a_good_log_with_a_witness(self, log: AuditLog) -> None:
        told = said(run("verify", log.path, "--known", countersigned(log)))
        assert "up to entry 4: none removed, altered or moved" in told
        assert "1 head known elsewhere" in told
        assert "cannot be told" not in told

    def test_a_witness_of_long_ago_says_nothing_of_what_came_since(self, log: AuditLog) -> None:
        known = countersigned(log)
        append(log, ENTRY, at=AT)
        told = said(run("verify", log.path, "--known", known))
        assert "up to entry 4: none removed, altered or moved" in told
        assert "Whether the end was cut off since, or what follows was written anew, cannot be told" in told
        assert json.loads(run("verify", log.path, "--known", known, "--json").stdout)["witnessed"] == 4
        assert json.loads(run("verify", log.path, "--json").stdout)["witnessed"] == 0

    def wrong(self, log: AuditLog, status: Status, code: ExitCode, at: int, *options: object) -> None:
        result = run("verify", log.path, *options, code=code)
        assert f"ntry {at}" in result.stderr
        assert "disclose nothing" in " ".join(result.stderr.split())
        told = json.loads(run("verify", log.path, "--json", *options, code=code).stdout)
        assert (told["status"], told["at"], told["good"]["seq"]) == (str(status), at, at - 1)

    def test_altered(self, log: AuditLog) -> None:
        tampered(log, "UPDATE entries SET tag = ? WHERE seq = 2", bytes(32))
        self.wrong(log, Status.ALTERED, ExitCode.LOG_ALTERED, 2)

    def test_broken_link(self, log: AuditLog) -> None:
        tampered(log, "DELETE FROM entries WHERE seq = 3")
        self.wrong(log, Status.BROKEN_LINK, ExitCode.LOG_BROKEN_LINK, 3)

    def test_shorter_than_known(self, log: AuditLog) -> None:
        tampered(log, "DELETE FROM entries WHERE seq = 4")
        self.wrong(log, Status.SHORTER, ExitCode.LOG_SHORTER, 4)

    def test_unknown_key(self, log: AuditLog) -> None:
        run("new-key", log.path, "--at", "2026-04-01T10:00:00+01:00")
        append(log, ENTRY, at=dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC))
        content = json.loads(log.keys.read_text())
        log.keys.write_text(json.dumps({**content, "epochs": content["epochs"][:1]}))
        self.wrong(log, Status.UNKNOWN_EPOCH, ExitCode.LOG_UNKNOWN_KEY, 6)

    def test_rewritten_with_the_key(self, log: AuditLog) -> None:
        known, rows = countersigned(log), rows_of(log)
        forged = chained([rows[3].body.replace(b"police", b"school")], read_keys(log.keys).epochs, after=rows[:3])[3]
        tampered(log, "UPDATE entries SET body = ?, tag = ? WHERE seq = 4", forged.body, forged.tag)
        log.head.unlink()
        self.wrong(log, Status.REWRITTEN, ExitCode.LOG_REWRITTEN, 4, "--known", known)

    def test_torn_tail_of_lines(self, log: AuditLog) -> None:
        lines = log.path.with_suffix(".jsonl")
        assert "4 entries" in said(run("export", log.path, lines))
        known = countersigned(log)
        assert "4 entries, each sealed" in said(run("verify", lines, "--known", known))
        assert run("verify", lines, "--head", log.head, "--keys", log.keys)
        lines.write_bytes(lines_of(rows_of(log)) + b'{"body')
        result = run("verify", lines, "--known", known, code=ExitCode.LOG_TORN_TAIL)
        assert "ends within entry 5" in result.stderr

    def test_keys_or_heads_of_another_log_accuse_nobody(self, log: AuditLog, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        other = log_in(tmp_path / "other", 6, subjects=[f"{MARK}-2"])
        told = run("verify", log.path, "--keys", other.keys, code=ExitCode.LOG_ALTERED).stderr
        assert "or these keys belong to another log" in " ".join(told.split())
        told = run("verify", log.path, "--head", other.head, code=ExitCode.LOG_SHORTER).stderr
        assert "or these heads belong to another log" in " ".join(told.split())
        told = run("verify", other.path, "--head", log.head, code=ExitCode.LOG_REWRITTEN).stderr
        assert "or these heads belong to another log" in " ".join(told.split())

    def test_a_file_that_is_no_database_is_no_audit_log(self, log: AuditLog, tmp_path: Path) -> None:
        plain = tmp_path / f"{MARK}.html"
        plain.write_text("<!doctype html>", encoding="utf-8")
        result = run("verify", plain, code=ExitCode.NOT_LOGGED)
        assert "That file is no audit log" in result.stderr
        assert MARK not in result.stderr
        log.head.unlink()
        assert "No head of this log is known" in run("verify", log.path, code=ExitCode.NOT_LOGGED).stderr

    def test_every_finding_ends_in_a_way_of_its_own(self) -> None:
        codes = [code for code in ExitCode if code.name.startswith("LOG_")]
        assert [int(code) for code in codes] == [10, 11, 12, 13, 14, 15]
        assert len(codes) == len(Status) - 1

    def test_what_cannot_be_checked_ends_otherwise(self, log: AuditLog) -> None:
        none = log.path.with_name(f"{MARK}.sqlite")
        result = run("verify", none, code=ExitCode.NOT_LOGGED)
        assert "no audit log there" in result.stderr
        assert MARK not in result.stderr
        log.keys.unlink()
        assert "keys" in run("verify", log.path, code=ExitCode.NOT_LOGGED).stderr
        run("verify", log.path, "--known", none, code=ExitCode.NOT_LOGGED)


def test_export_counts_and_names_the_file(log: AuditLog, tmp_path: Path) -> None:
    told = json.loads(run("export", log.path, tmp_path / "out.jsonl", "--json").stdout)
    dates = {"entries": 4, "apart": 4, "without": 0, "backwards": 0, "hours": 24}
    assert told == {"entries": 4, "file": "out.jsonl", "dates": dates}
    assert MARK.encode() not in (tmp_path / "out.jsonl").read_bytes()
    run("export", log.path, tmp_path / "none" / "out.jsonl", code=ExitCode.NOT_WRITTEN)


def test_head_shows_the_letters_and_nothing_secret(log: AuditLog) -> None:
    head = read_head(log.head)
    assert head
    assert said(run("head", log.path)) == f"{head.letters}: 4 entries, the last of 2026-03-31T09:30:00.000000Z."
    assert json.loads(run("head", log.path, "--json").stdout) == json.loads(log.head.read_text())
    log.head.unlink()
    assert "There is no head file there" in run("head", log.path, code=ExitCode.NOT_LOGGED).stderr


def test_countersigning_names_no_one_and_refuses_a_shorter_log(log: AuditLog) -> None:
    known = countersigned(log)
    assert known.read_text().count("\n") == 1
    content = json.loads(log.head.read_text())
    first = rows_of(log)[0]
    options = ("--known", known, "--keys", known.with_name("witness.json"), "--on", "2026-04-02")
    result = run("countersign", log.head, *options, "--agency", "council", "--role", f"Ms {MARK}", code=ExitCode.USAGE)
    assert MARK not in result.stderr
    from riskshare.sharing.chain import head_letters

    early = {**content, "seq": 1, "count": 1, "tag": first.tag.hex(), "letters": head_letters(first.tag)}
    log.head.write_text(json.dumps(early))
    run("countersign", log.head, *options, "--agency", "council", "--role", "spoc", code=ExitCode.NOT_LOGGED)


def test_erase_reads_the_pseudonym_from_the_keyboard(log: AuditLog) -> None:
    at = ("--at", "2026-04-01T10:00:00+01:00")
    result = run("erase", log.path, *at, input=f"{MARK}-1\n")
    assert "no entry leads to that subject any more" in said(result)
    assert entries_about(log, f"{MARK}-1") == []
    result = run("erase", log.path, *at, "--json", input=f"{MARK}-1\n", code=ExitCode.UNKNOWN_SUBJECT)
    assert json.loads(result.stdout) == {"erased": False}
    assert "held nothing" in said(run("erase", log.path, *at, input="other\n", code=ExitCode.UNKNOWN_SUBJECT))
    assert verify_log(log).head.seq == 7
    assert "offset" in run("erase", log.path, "--at", "2026-04-01T10:00:00", input="x\n", code=ExitCode.USAGE).stderr


def test_a_new_key(log: AuditLog) -> None:
    told = json.loads(run("new-key", log.path, "--at", "2026-04-01T10:00:00+01:00", "--json").stdout)
    assert told["seq"] == 5
    assert "Entries after 6" in said(run("new-key", log.path, "--at", "2026-04-01T10:00:00+01:00"))
    secrets = [key.key.hex() for key in read_keys(log.keys).epochs]
    assert len(secrets) == 3


def test_no_output_holds_a_key_or_a_person(log: AuditLog, tmp_path: Path) -> None:
    keys = read_keys(log.keys)
    shown = "".join(
        run(*args).stdout + run(*args, "--json").stdout
        for args in [("verify", log.path), ("head", log.path), ("export", log.path, tmp_path / "x.jsonl", "--force")]
    )
    for secret in (keys.epochs[0].key, keys.users, keys.lookup, keys.heads):
        assert secret.hex() not in shown
    assert MARK not in shown
