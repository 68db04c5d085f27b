"""Signing: one entry an agency, the others untouched, all or nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folders import changed, good_files, write_folder
from riskshare.errors import ArgumentError, PartnershipError, PolicyError
from riskshare.io.partnership import load_partnership
from riskshare.io.signing import SIGNATURES, sign, to_toml
from riskshare.records.partnership import Signature

DAY = dt.date(2026, 3, 31)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


def test_every_agency_signs_in_turn(folder: Path) -> None:
    (folder / SIGNATURES).unlink()
    for agency in ("police", "charity", "school", "council", "health"):
        before = load_partnership(folder)
        assert agency in before.unsigned()
        signature = sign(folder, agency=agency, role="chair", signed_on=DAY)
        after = load_partnership(folder)
        assert signature in after.signatures
        assert set(before.unsigned()) - set(after.unsigned()) == {agency}
        assert (after.version, after.policy_hash) == (before.version, before.policy_hash)
    assert load_partnership(folder).unsigned() == ()


def test_a_new_signature_replaces_that_agencys_own_only(folder: Path) -> None:
    before = load_partnership(folder)
    signature = sign(str(folder), agency="school", role='the "head" of all\\ é', signed_on=DAY)
    after = {s.agency: s for s in load_partnership(folder).signatures}
    assert signature.policy_hash == before.policy_hash
    assert after == {s.agency: s for s in before.signatures} | {"school": signature}


def test_signing_again_changes_nothing(folder: Path) -> None:
    first = sign(folder, agency="school", role="head", signed_on=DAY)
    written = (folder / SIGNATURES).read_bytes()
    stamp = (folder / SIGNATURES).stat().st_mtime_ns
    assert sign(folder, agency="school", role="head", signed_on=DAY) == first
    assert (folder / SIGNATURES).read_bytes() == written
    assert (folder / SIGNATURES).stat().st_mtime_ns == stamp


def test_a_change_of_policy_leaves_every_signature_behind(folder: Path) -> None:
    sign(folder, agency="school", role="head", signed_on=DAY)
    write_folder(folder, {"trust.toml": changed(good_files(), ("trust.toml", "z", 2.0))["trust.toml"]})
    assert "school" in load_partnership(folder).unsigned()


def test_a_stranger_may_not_sign(folder: Path) -> None:
    written = (folder / SIGNATURES).read_bytes()
    with pytest.raises(PolicyError, match="Sign as one of: charity, council"):
        sign(folder, agency="army", role="general", signed_on=DAY)
    assert (folder / SIGNATURES).read_bytes() == written


@pytest.mark.parametrize(
    ("role", "day", "told"),
    [
        (" ", DAY, "role"),
        ("x" * 2001, DAY, "role"),
        ("a\ud800", DAY, "role"),
        ("two\nlines", DAY, "on one line"),
        ("a\x1b[2Jb", DAY, "on one line"),
        ("\x7f", DAY, "on one line"),
        ("a\u202eb", DAY, "on one line"),
        ("a\u200bb", DAY, "on one line"),
        ("head", "2026-03-31", "signed_on must be"),
        ("head", dt.datetime(2026, 3, 31), "signed_on must be"),
    ],
)
def test_a_role_and_a_day_are_needed(folder: Path, role: str, day: dt.date, told: str) -> None:
    names = sorted(os.listdir(folder))
    with pytest.raises((PolicyError, ArgumentError), match=told) as caught:
        sign(folder, agency="school", role=role, signed_on=day)
    assert caught.value.__cause__ is None
    assert sorted(os.listdir(folder)) == names


def test_a_broken_folder_is_not_signed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, changed(good_files(), ("trust.toml", "z", 0)))
    with pytest.raises(PartnershipError):
        sign(folder, agency="school", role="head", signed_on=DAY)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_crash_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)

    def fail(*_: object) -> None:
        message = "disk full"
        raise OSError(message)

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, fail)
            with pytest.raises(OSError, match="disk full"):
                sign(folder, agency="school", role="head", signed_on=DAY)
        assert contents(folder) == before


def test_two_may_not_sign_at_once(folder: Path) -> None:
    (folder / ".signatures.toml.lock").touch()
    with pytest.raises(PolicyError, match="Another signing is under way"):
        sign(folder, agency="school", role="head", signed_on=DAY)
    assert (folder / ".signatures.toml.lock").exists()


# Controls (Cc) and what cannot be seen (Cf, Zl, Zp) are refused; half-pairs (Cs) are no text.
visible = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=30)


@given(st.lists(visible.filter(lambda text: bool(text.strip())), max_size=4))
def test_whatever_text_is_written_is_read_back(roles: list[str]) -> None:
    signatures = [
        Signature(agency=f"a{i}", policy_hash="0" * 64, signed_on=DAY, role=role) for i, role in enumerate(roles)
    ]
    read = tomllib.loads(to_toml(signatures)).get("signatures", [])
    assert [Signature(**table) for table in read] == signatures


def test_no_signature_is_lost_when_all_sign_at_once(tmp_path: Path) -> None:
    """Every agency that was told it signed has signed, whoever else was writing."""
    home = write_folder(tmp_path / "agreed", {k: v for k, v in good_files().items() if k != "signatures.toml"})
    agencies = [agency.id for agency in load_partnership(home).agencies]
    told: list[str] = []

    def keep_trying(agency: str) -> None:
        while agency not in told:
            with contextlib.suppress(PolicyError):
                sign(home, agency=agency, role="board member", signed_on=dt.date(2026, 1, 1))
                told.append(agency)

    threads = [threading.Thread(target=keep_trying, args=(agency,)) for agency in agencies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(agencies)
    assert load_partnership(home).unsigned() == ()
