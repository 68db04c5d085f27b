"""Keyed pseudonyms: the published vectors of RFC 5869, and that nothing leads from one agreement to another (D1)."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from riskshare.errors import ArgumentError
from riskshare.sharing.identifiers import IdentifierRefusedError
from riskshare.sharing.pseudonyms import hkdf_sha256, is_pseudonym, pseudonyms

MASTER = bytes(range(32))
CASES = {  # RFC 5869, appendix A.1 to A.3
    "basic": (
        bytes([0x0B] * 22), bytes(range(13)), bytes(range(0xF0, 0xFA)), 42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    "longer": (
        bytes(range(0x50)), bytes(range(0x60, 0xB0)), bytes(range(0xB0, 0x100)), 82,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    "no salt, no info": (
        bytes([0x0B] * 22), b"", b"", 42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
}  # fmt: skip


def make(**changes: object) -> object:
    told = {"agreement": "isp", "id_type": "local", "purpose": "safeguarding", **changes}
    return pseudonyms(told.pop("master", MASTER), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_the_vectors_of_rfc_5869(case: str) -> None:
    secret, salt, info, length, expected = CASES[case]
    assert hkdf_sha256(secret, salt=salt, info=info, length=length).hex() == expected


@pytest.mark.parametrize("length", [0, -1, 8161, 1.5])
def test_a_length_that_cannot_be_drawn(length: int) -> None:
    with pytest.raises(ArgumentError, match="1 to 8160"):
        hkdf_sha256(MASTER, length=length)


def test_the_formula_by_hand() -> None:
    """The recipe written out a second time: a changed recipe would give everybody another pseudonym."""
    info = b"riskshare-pseudonym-v1" + b"\x00\x00\x00\x03isp" + b"\x00\x00\x00\x05local" + b"\x00\x00\x00\x011"
    drawn = hmac.new(bytes(32), MASTER, hashlib.sha256).digest()
    key = hmac.new(drawn, info + b"\x01", hashlib.sha256).digest()
    cut = int.from_bytes(hmac.new(key, b"S1", hashlib.sha256).digest()[:16], "big") << 2  # 128 bits in 26 letters
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    assert make()("S1") == "P1-" + "".join(letters[cut >> 5 * i & 31] for i in reversed(range(26)))


def test_ten_thousand_people_under_two_agreements_never_meet() -> None:
    one, other = make(), make(agreement="pilot")
    ids = [f"S{i}" for i in range(10_000)]
    first, second = {one(i) for i in ids}, {other(i) for i in ids}
    assert len(first) == len(second) == 10_000
    assert not first & second
    assert all(map(is_pseudonym, first))


def test_without_the_key_trying_every_id_finds_nobody() -> None:
    """What an attacker does who has the pseudonyms, the code and all ids, but another key or none."""
    known = {make()(f"S{i}") for i in range(2_000)}
    cuts = {one[3:] for one in known}
    for guess in (make(master=b"x" * 32), make(version=2), make(agreement="isp2")):
        assert not cuts & {guess(f"S{i}")[3:] for i in range(2_000)}
    plain = {hashlib.sha256(f"S{i}".encode()).hexdigest().upper()[:26] for i in range(2_000)}
    assert not cuts & plain


def test_parts_that_run_together_are_other_keys() -> None:
    assert make(agreement="a1", version=1)("S1")[3:] != make(agreement="a", version=11)("S1")[4:]


def test_a_version_stands_in_the_prefix_and_makes_all_new() -> None:
    assert make(version=12)("S1").startswith("P12-")
    assert is_pseudonym(make(version=12)("S1"))
    assert make(version=2)("S1")[3:] != make()("S1")[3:]


def test_one_spelling_of_a_number_is_one_pseudonym() -> None:
    nhs = make(id_type="nhs_number")
    assert nhs("400 000 0047") == nhs("4000000047") == nhs("400-000-0047")
    assert nhs("4000000047") != make()("4000000047")


@pytest.mark.parametrize(("id_type", "bad"), [("nhs_number", "4000000048"), ("upn", "G800000000001"), ("local", " ")])
def test_what_is_not_fit_gets_no_pseudonym_and_is_not_repeated(id_type: str, bad: str) -> None:
    with pytest.raises(IdentifierRefusedError) as fault:
        make(id_type=id_type)(bad)
    assert bad.strip() == "" or bad not in str(fault.value)
    assert fault.value.__cause__ is None


def test_every_wrong_argument_is_named_and_no_key_is() -> None:
    with pytest.raises(ArgumentError) as fault:
        make(master=b"secret", agreement="", id_type="name", purpose=3, version=0)
    assert len(fault.value.problems) == 5
    assert "secret'" not in str(fault.value)
