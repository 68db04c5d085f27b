"""The seal against HMAC written out from RFC 2104, and against its published test cases; an export checked by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from audit_cases import AT, ENTRY, log_in
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_lines import export_lines
from riskshare.io.audit_log import append
from riskshare.sharing.chain import commitment, seal


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
    padded = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe", b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
    ],
)  # fmt: skip
def test_the_hand_written_hmac_gives_the_published_figures(key: bytes, message: bytes, digest: str) -> None:
    """RFC 4231, test cases 1 and 2."""
    assert hmac_by_hand(key, message).hex() == digest


def test_an_export_can_be_checked_with_nothing_but_a_hash(tmp_path: Path) -> None:
    log = log_in(tmp_path, 3)
    append(log, ENTRY, at=AT, subjects=["S-0042", "S-0001"], user="jo")
    assert export_lines(log, tmp_path / "audit.jsonl") == 4
    key, prev = read_keys(log.keys).epochs[0].key, bytes(32)
    for line in (tmp_path / "audit.jsonl").read_text().splitlines():
        row = json.loads(line)
        body = row["body"].encode()
        sealed = b"riskshare-log-v1\0" + prev + len(body).to_bytes(8, "big") + body
        assert row["prev"] == prev.hex()
        prev = hmac_by_hand(key, sealed)
        assert row["tag"] == prev.hex() == seal(key, bytes.fromhex(row["prev"]), body).hex()


def test_a_commitment_is_two_hashes() -> None:
    salt = bytes(range(32))
    salt_i = hmac_by_hand(salt, (7).to_bytes(8, "big"))
    assert commitment(salt, 7, "S-0042") == hashlib.sha256(salt_i + b"S-0042").hexdigest()
