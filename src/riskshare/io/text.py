"""Bytes to text without guessing, and the plain reasons why a cell of text is refused."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from riskshare.io.evidence_codes import stop

MAX_CELL_CHARACTERS: Final = 1_000
"""No column of ours holds prose."""

PLAIN: Final = r"^[!-~](?:[ -~]*[!-~])?$"
"""Printable ASCII, not padded: nothing hidden can be in it (RE2 and ``re`` syntax)."""

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffd\U000e0000-\U000e0fff]"
)
FORMULA_STARTS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "﹣", "−", "＠")
EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}\.[A-Za-z]{2,24}")
PHONE: Final = r"^(?:\+44|0044|0)[-./: ()]{0,3}[1-37-9](?:[-./: ()]{0,2}[0-9]){8,9}$"
"""A United Kingdom telephone number, however it is spaced."""
NATIONAL_INSURANCE: Final = r"^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][-. ]?(?:[0-9]{2}[-. ]?){3}[A-D]$"
DATE_LIKE: Final = r"^(?:[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{4})$"
NHS_SHAPE: Final = r"^[0-9]{3}[-. ]?[0-9]{3}[-. ]?[0-9]{4}$"
SCIENTIFIC: Final = r"^[0-9]+(?:\.[0-9]+[eE][-+]?|[eE]\+)[0-9]+$"
"""What a spreadsheet makes of a long number. A plain ``12e5`` may be a hexadecimal pseudonym and passes."""

UTF8_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def _decoded(data: bytes, encoding: str) -> str | None:
    """Return the text, or None where the bytes are not in that encoding; the lower error would hold them."""
    try:
        return data.decode(encoding, "strict")
    except UnicodeDecodeError:
        return None


def byte_order_mark(data: bytes) -> tuple[bytes, str]:
    r"""Return the byte order mark that a file begins with, and the encoding it names; UTF-8 where there is none.

    Examples
    --------
    >>> byte_order_mark(b"\xff\xfea\x00"), byte_order_mark(b"a")
    ((b'\xff\xfe', 'utf-16-le'), (b'', 'utf-8'))
    """
    return next(((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark)), (b"", "utf-8"))


def decode(data: bytes, source: str) -> tuple[str, str]:
    r"""Return the text of a file and the encoding that was used; nothing is replaced or skipped.

    A byte order mark decides (UTF-8, UTF-16); one written twice counts once. Without one the bytes must be strict
    UTF-8; else they are Windows-1252 only where every byte has a meaning there and no run of bytes reads as UTF-8.

    Parameters
    ----------
    data : bytes
        The whole file. Empty bytes give an empty text.
    source : str
        Name to show in an error.

    Raises
    ------
    EvidenceFileError
        ``nul_bytes`` or ``ambiguous_encoding``.

    Examples
    --------
    >>> decode(b"caf\xe9", "a.csv")
    ('café', 'cp1252')
    >>> decode(b"\xef\xbb\xbfcaf\xc3\xa9", "a.csv")
    ('café', 'utf-8')
    """
    mark, encoding = byte_order_mark(data)
    text = _decoded(data[len(mark) :], encoding)
    if not mark and text is None and b"\x00" not in data and not UTF8_SEQUENCE.search(data):
        text, encoding = _decoded(data, "cp1252"), "cp1252"
    if (b"\x00" in data) if text is None else ("\x00" in text):
        raise stop(source, "nul_bytes")
    if text is None:
        raise stop(source, "ambiguous_encoding")
    return text.lstrip("\ufeff"), encoding


def is_nhs_number(text: str) -> bool:
    """Return whether ten digits, however spaced, pass the NHS number's modulus 11 check.

    Weights 10 to 2 on the first nine digits; the check digit is 11 minus the sum modulo 11 (11 counts as 0, 10 is
    never issued). Source: NHS Data Dictionary, "NHS NUMBER".

    Examples
    --------
    9x10+4x9+3x8+4x7+7x6+6x5+5x4+9x3+1x2 = 299, 299 mod 11 = 2, 11 - 2 = 9: the last digit.

    >>> is_nhs_number("943 476 5919"), is_nhs_number("9434765918")
    (True, False)
    """
    if not re.fullmatch(NHS_SHAPE[1:-1], text):
        return False
    digits = [int(character) for character in text if character.isdigit()]
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits[:9], strict=True)) % 11
    return check % 11 == digits[9] if check != 10 else False


def why_unsafe(text: str) -> str | None:
    """Return the code of what makes a text unsafe as an id, a code or a label; None where nothing does.

    The order matters: a hidden character is named before what it hides in.

    Examples
    --------
    >>> why_unsafe(" x"), why_unsafe("a.b@c.org"), why_unsafe("=1+1"), why_unsafe("high")
    ('padded', 'identifier_in_clear', 'formula', None)
    """
    if len(text) > MAX_CELL_CHARACTERS:
        return "cell_too_long"
    if CONTROL.search(text):
        return "control_character"
    if INVISIBLE.search(text):
        return "invisible_character"
    if text.strip() != text:
        return "padded"
    if not unicodedata.is_normalized("NFC", text):
        return "not_nfc"
    if EMAIL.search(text) or re.match(PHONE, text) or is_nhs_number(text):
        return "identifier_in_clear"
    if re.match(SCIENTIFIC, text):
        return "scientific_notation"
    if text.startswith(FORMULA_STARTS):
        return "formula"
    return None
