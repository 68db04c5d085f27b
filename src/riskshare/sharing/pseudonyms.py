"""Keyed pseudonyms: the same person has another one under each agreement, and nobody without the key has any.

A pseudonym is still personal data. Its key is kept apart from the data, by somebody else where that can be.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from typing import Final

from riskshare.records.arguments import is_text, is_whole, require
from riskshare.sharing.identifiers import normalised

KEY_BYTES: Final = 32
"""A master key is at least this long."""
_HASH_BYTES: Final = 32
_MOST_BLOCKS: Final = 255
_PSEUDONYM_BYTES: Final = 16
_FORM: Final = re.compile(r"P[1-9][0-9]{0,3}-[A-Z2-7]{26}")


def hkdf_sha256(secret: bytes, *, salt: bytes = b"", info: bytes = b"", length: int = KEY_BYTES) -> bytes:
    """Return key material drawn out of a secret: another for each ``info``, and none leads to another or the secret.

    Parameters
    ----------
    secret : bytes
    salt : bytes
        Not secret; empty is 32 zero bytes.
    info : bytes
        What the key is for.
    length : int
        Bytes wanted, 1 to 8160.

    Raises
    ------
    ArgumentError
        ``length`` is none of these.

    Notes
    -----
    PRK = HMAC(salt, secret); T(i) = HMAC(PRK, T(i-1) ‖ info ‖ i); the first ``length`` bytes of T(1) ‖ T(2) ‖ ….
    Source: RFC 5869, sections 2.2 and 2.3.

    Examples
    --------
    RFC 5869, test case 3:

    >>> hkdf_sha256(bytes([0x0B] * 22), length=42).hex()[:16]
    '8da4e775a563c18f'
    """
    most = _MOST_BLOCKS * _HASH_BYTES
    require(
        "hkdf_sha256", {f"length must be a whole number from 1 to {most}.": is_whole(length) and 0 < length <= most}
    )
    drawn = hmac.digest(salt or bytes(_HASH_BYTES), secret, "sha256")
    block, out = b"", b""
    for count in range(1, -(-length // _HASH_BYTES) + 1):
        block = hmac.digest(drawn, block + info + bytes([count]), "sha256")
        out += block
    return out[:length]


def pseudonyms(master: bytes, *, agreement: str, id_type: str, purpose: str, version: int = 1) -> Callable[[str], str]:
    """Return a function that gives an identifier's pseudonym under one agreement.

    Parameters
    ----------
    master : bytes
        32 secret bytes or more, from the system's source of secrets.
    agreement : str
        Id of the agreement. Another agreement has other pseudonyms: to link the two takes the master key.
    id_type : {"nhs_number", "upn", "local"}
    purpose : str
        What records are joined for; a UPN is refused unless it is ``education``.
    version : int
        Of the key, 1 to 9999; one more makes every pseudonym new. It stands in the prefix, as ``P1-``.

    Returns
    -------
    callable
        Identifier in, pseudonym out: ``P``, version, ``-`` and 26 letters and digits (128 bits in base32). It raises
        ``IdentifierRefusedError`` for an identifier that is not fit, and never repeats it.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named, the key by its length only.

    Notes
    -----
    HMAC-SHA256(k, normalised id) cut to 128 bits, with k = HKDF-SHA256(master, info = "riskshare-pseudonym-v1" and,
    each with its length before it, agreement, id type and version). The lengths keep ("a", "bc") and ("ab", "c") apart.
    At ten million ids the chance of two alike is 1.5e-25. Methods: safety, section 4; RFC 2104; RFC 5869.

    Examples
    --------
    >>> one, other = (
    ...     pseudonyms(b"k" * 32, agreement=name, id_type="local", purpose="safeguarding") for name in ("isp", "dda")
    ... )
    >>> one("S1") == one(" S1 "), one("S1") == other("S1"), len(one("S1"))
    (True, False, 29)
    """
    require(
        "pseudonyms",
        {
            f"master must be {KEY_BYTES} secret bytes or more.": isinstance(master, bytes) and len(master) >= KEY_BYTES,
            "agreement must be the id of an agreement.": is_text(agreement) and bool(agreement),
            "id_type must be nhs_number, upn or local.": id_type in ("nhs_number", "upn", "local"),
            "purpose must be text.": is_text(purpose),
            "version must be a whole number from 1 to 9999.": is_whole(version) and 1 <= version <= 9999,
        },
    )
    parts = (agreement.encode("utf-8"), id_type.encode("ascii"), str(int(version)).encode("ascii"))
    info = b"riskshare-pseudonym-v1" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    key = hkdf_sha256(master, info=info)

    def pseudonym(identifier: str) -> str:
        known = normalised(identifier, id_type, purpose=purpose)
        cut = hmac.digest(key, known.encode("utf-8"), "sha256")[:_PSEUDONYM_BYTES]
        return f"P{int(version)}-{base64.b32encode(cut).decode('ascii').rstrip('=')}"

    return pseudonym


def is_pseudonym(text: str) -> bool:
    """Return whether text has the form of a pseudonym; whose it is, or whether it is anybody's, takes the key.

    Examples
    --------
    >>> is_pseudonym("P1-" + "A" * 26), is_pseudonym("4000000047")
    (True, False)
    """
    return _FORM.fullmatch(text) is not None
