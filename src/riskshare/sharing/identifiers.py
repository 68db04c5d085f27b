"""Public numbers of people: is one well formed, was it ever issued, and may it join records at all.

A number that passes here may still be somebody else's: these checks find slips of the hand, placeholders and test data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from riskshare.errors import PolicyError
from riskshare.kernels.calibration import wilson
from riskshare.records.arguments import require

IdType = Literal["nhs_number", "upn", "local"]
"""``local``: a partner's or partnership's own reference, which has no check."""

EDUCATION: Final = "education"
"""The one purpose for which a UPN may join records: it is a blind number for education (methods: safety, 4)."""
LEAST_VALID: Final = 0.95
"""An authority goes live at this share of valid identifiers and not below (CP-IS; methods: safety, 4 and D5)."""

HINTS: Final = {
    "missing": "There is none. Ask the record's owner for it; do not put one in its place.",
    "not_ten_digits": "An NHS number has ten digits. Check for lost leading digits and for spreadsheets' rounding.",
    "placeholder": "It is a number that systems write where they have none. Leave it empty at the source.",
    "check_digit": "Its check digit does not fit: a digit is wrong, or two are swapped. Read it from the source again.",
    "test_number": "Numbers from 999 on are kept for tests. Take test data out of the file.",
    "not_issued": "No such NHS number is issued in England, Wales, the Isle of Man or Northern Ireland. A Scottish CHI "
    "number is another scheme and holds the date of birth.",
    "not_a_upn": "A UPN is a letter, eleven digits, and a digit or (temporary) a letter; I, O and S are not used.",
    "check_letter": "Its check letter does not fit: a character is wrong, or two are swapped. Read it again.",
    "temporary_upn": "It ends in a letter: a temporary UPN, which another school may give to another pupil.",
    "education_only": "A UPN joins records for education only. Join by NHS number, or have a person review the link.",
    "unreadable": "It holds characters that cannot be seen or written. Read it from the source again.",
    "unknown_id_type": "Identifiers are nhs_number, upn or local.",
}
"""Why an identifier is refused, by code, and what to do."""

_GAPS: Final = re.compile(r"[ \u00a0\-]")
_TEN: Final = re.compile(r"[0-9]{10}")
_UPN: Final = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_RUNS: Final = ("0123456789", "1234567890", "9876543210", "0987654321")
_ISSUED: Final = ((300_000_000, 499_999_999), (600_000_000, 799_999_999))
_FIRST_TEST: Final = 999_000_000


class IdentifierRefusedError(PolicyError):
    """An identifier may not be used; ``code`` says why. It is not repeated."""

    def __init__(self, id_type: str, code: str) -> None:
        self.code = code
        shown = id_type if id_type in ("nhs_number", "upn", "local") else "identifier"
        super().__init__(f"This {shown} may not be used ({code}). {HINTS[code]}")


class MatchRateError(PolicyError):
    """Too few identifiers are valid for anybody to go live on them."""


def nhs_number_fault(text: str) -> str:
    """Return the code of what is wrong with an NHS number, a key of ``HINTS``; empty text for nothing.

    Parameters
    ----------
    text : str
        Ten ASCII digits; spaces and hyphens between them are passed over.

    Notes
    -----
    Check digit: 11 - (Σ (11 - i) dᵢ for i = 1..9) mod 11, where 11 is written 0 and 10 is never issued. It finds every
    wrong digit and every swap of neighbours, and passes one random number in eleven: also each digit ten times, so
    placeholders are refused first. Source: NHS Data Dictionary, NHS NUMBER; ranges as published for England, Wales, the
    Isle of Man (400-499 and 600-799 million) and Northern Ireland with recent English numbers (300-399 million).

    Examples
    --------
    4·10 + 8 = 48 and 48 mod 11 = 4, so the check digit of 400 000 004 is 7.

    >>> nhs_number_fault("400 000 0047"), nhs_number_fault("4000000048"), nhs_number_fault("7777777777")
    ('', 'check_digit', 'placeholder')
    """
    digits = _GAPS.sub("", text)
    if not digits:
        return "missing"
    if not _TEN.fullmatch(digits):
        return "not_ten_digits"
    if len(set(digits)) == 1 or digits in _RUNS:
        return "placeholder"
    check = 11 - sum((10 - i) * int(digit) for i, digit in enumerate(digits[:9])) % 11
    if check % 11 != int(digits[9]):
        return "check_digit"
    number = int(digits[:9])
    if number >= _FIRST_TEST:
        return "test_number"
    return "" if any(low <= number <= high for low, high in _ISSUED) else "not_issued"


def upn_fault(text: str) -> str:
    """Return the code of what is wrong with a Unique Pupil Number, a key of ``HINTS``; empty text for nothing.

    Parameters
    ----------
    text : str
        A check letter and twelve characters; spaces and hyphens are passed over, small letters are taken as capitals.

    Notes
    -----
    Check letter: number (Σ i cᵢ for i = 2..13) mod 23 of A-Z without I, O and S, counted from 0; a closing letter
    counts as its own number. Source: Department for Education, UPN guide for schools and local authorities.

    Examples
    --------
    2·8 + 13·1 = 29 and 29 mod 23 = 6: the seventh letter, G.

    >>> upn_fault("G800000000001"), upn_fault("H800000000001")
    ('', 'check_letter')
    """
    plain = _GAPS.sub("", text).upper()
    if not plain:
        return "missing"
    if not _UPN.fullmatch(plain):
        return "not_a_upn"
    total = sum(i * (int(c) if c.isdigit() else _LETTERS.index(c)) for i, c in enumerate(plain[1:], 2))
    if _LETTERS[total % 23] != plain[0]:
        return "check_letter"
    return "" if plain[12].isdigit() else "temporary_upn"


def _local_fault(text: str) -> str:
    if not text.strip():
        return "missing"
    return "" if text.isprintable() else "unreadable"


_FAULTS: Final[dict[str, Callable[[str], str]]] = {
    "nhs_number": nhs_number_fault,
    "upn": upn_fault,
    "local": _local_fault,
}


def normalised(text: str, id_type: str, *, purpose: str) -> str:
    """Return an identifier in its one spelling, fit to be made a pseudonym or to join records by.

    Parameters
    ----------
    text : str
    id_type : {"nhs_number", "upn", "local"}
    purpose : str
        What records are joined for: a UPN joins them for ``education`` only.

    Raises
    ------
    IdentifierRefusedError
        With the code of what is wrong; the identifier is not repeated.

    Examples
    --------
    >>> normalised("400 000 0047", "nhs_number", purpose="safeguarding")
    '4000000047'
    >>> normalised("G800000000001", "upn", purpose="safeguarding")
    Traceback (most recent call last):
    riskshare.sharing.identifiers.IdentifierRefusedError: This upn may not be used (education_only). A UPN joins \
records for education only. Join by NHS number, or have a person review the link.
    """
    require(
        "normalised", {"text must be text.": isinstance(text, str), "purpose must be text.": isinstance(purpose, str)}
    )
    if id_type not in _FAULTS:
        raise IdentifierRefusedError(id_type, "unknown_id_type")
    code = _FAULTS[id_type](text)
    if not code and id_type == "upn" and purpose != EDUCATION:
        code = "education_only"
    if code:
        raise IdentifierRefusedError(id_type, code)
    return text.strip() if id_type == "local" else _GAPS.sub("", text).upper()


@dataclass(frozen=True, slots=True)
class MatchRate:
    """How many identifiers of an authority are valid.

    Attributes
    ----------
    n, n_valid : int
    share : float
        ``n_valid / n``; 0 where there are none, so that nobody goes live on nothing.
    lower, upper : float
        Wilson's 95 % interval of the share.
    faults : tuple of (str, int)
        How many fail and why, by code in alphabetical order.
    may_go_live : bool
        Whether the share reaches ``LEAST_VALID``.
    """

    n: int
    n_valid: int
    share: float
    lower: float
    upper: float
    faults: tuple[tuple[str, int], ...]
    may_go_live: bool


def match_rate(identifiers: Iterable[str], id_type: str) -> MatchRate:
    """Return how many identifiers are valid, and whether an authority may go live on them.

    Parameters
    ----------
    identifiers : iterable of str
        One a person, empty text where there is none; whatever else is no text counts as missing.
    id_type : {"nhs_number", "upn"}

    Raises
    ------
    IdentifierRefusedError
        Identifiers of that type have no check.

    Examples
    --------
    >>> rate = match_rate(["4000000047", ""], "nhs_number")
    >>> rate.share, rate.faults, rate.may_go_live
    (0.5, (('missing', 1),), False)
    """
    if id_type not in ("nhs_number", "upn"):
        raise IdentifierRefusedError(id_type, "unknown_id_type")
    codes = Counter(_FAULTS[id_type](one if isinstance(one, str) else "") for one in identifiers)
    n, valid = sum(codes.values()), codes[""]
    lower, upper = (float(bound[0]) for bound in wilson([valid], [n])) if n else (0.0, 1.0)
    share = valid / n if n else 0.0
    faults = tuple(sorted((code, count) for code, count in codes.items() if code))
    return MatchRate(n, valid, share, lower, upper, faults, share >= LEAST_VALID)


def require_match_rate(rate: MatchRate) -> None:
    """Refuse to go live below the agreed share of valid identifiers.

    Raises
    ------
    MatchRateError
        With how many fail and why; no identifier is repeated.
    """
    if not rate.may_go_live:
        why = ", ".join(f"{count:,} {code}" for code, count in rate.faults) or "there are none"
        message = (
            f"Not live: {rate.n_valid:,} of {rate.n:,} identifiers are valid, and {LEAST_VALID:.0%} are needed "
            f"({why}). Below that, children are flagged who should not be, and others missed. Correct them there."
        )
        raise MatchRateError(message)
