"""NHS numbers and UPNs: what is refused and why, and the gate that keeps an authority from going live (D5)."""

from __future__ import annotations

import pytest

from riskshare.sharing.identifiers import (
    HINTS,
    IdentifierRefusedError,
    MatchRateError,
    match_rate,
    nhs_number_fault,
    normalised,
    require_match_rate,
    upn_fault,
)

GOOD = "4000000047"


@pytest.mark.parametrize("digit", "0123456789")
def test_one_digit_ten_times_is_a_placeholder(digit: str) -> None:
    assert nhs_number_fault(digit * 10) == "placeholder"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GOOD, ""),
        (" 400 000 0047 ", ""),
        ("", "missing"),
        (" - ", "missing"),
        ("400000004", "not_ten_digits"),
        ("4.00000005e9", "not_ten_digits"),
        ("٤٠٠٠٠٠٠٠٤٧", "not_ten_digits"),
        ("9876543210", "placeholder"),
        ("0123456789", "placeholder"),
        ("4000000048", "check_digit"),
        ("9990000018", "test_number"),
        ("9434765919", "not_issued"),
        ("0101010001", "not_issued"),
    ],
)
def test_nhs_numbers(text: str, code: str) -> None:
    assert nhs_number_fault(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("G800000000001", ""),
        ("g8000 0000 0001", ""),
        ("H800000000001", "check_letter"),
        ("G80000000001", "not_a_upn"),
        ("I800000000001", "not_a_upn"),
        ("", "missing"),
    ],
)
def test_upns(text: str, code: str) -> None:
    assert upn_fault(text) == code


def test_a_temporary_upn_is_sound_and_joins_nothing() -> None:
    """2·8 + 13·0 (A) = 16: the seventeenth letter, T."""
    assert upn_fault("T80000000000A") == "temporary_upn"


def test_a_upn_joins_records_for_education_only() -> None:
    assert normalised("g800000000001", "upn", purpose="education") == "G800000000001"
    for purpose in ("safeguarding", "violence_reduction", "Education", ""):
        with pytest.raises(IdentifierRefusedError, match="education_only"):
            normalised("G800000000001", "upn", purpose=purpose)


def test_an_unknown_kind_of_identifier_is_refused_without_repeating_it() -> None:
    with pytest.raises(IdentifierRefusedError) as fault:
        normalised("x", "Jane Doe", purpose="safeguarding")
    assert fault.value.code == "unknown_id_type"
    assert "Jane" not in str(fault.value)


@pytest.mark.parametrize("bad", ["\x00", "a\ud800", "a\u202eb"])
def test_an_id_that_cannot_be_read(bad: str) -> None:
    with pytest.raises(IdentifierRefusedError, match="unreadable"):
        normalised(bad, "local", purpose="safeguarding")


def test_every_code_has_a_hint_that_says_what_to_do() -> None:
    assert all(len(hint) > 20 for hint in HINTS.values())


class TestGate:
    def test_ninety_five_of_a_hundred_go_live(self) -> None:
        rate = match_rate([GOOD] * 95 + [""] * 5, "nhs_number")
        assert (rate.n, rate.n_valid, rate.faults) == (100, 95, (("missing", 5),))
        assert rate.lower < 0.95 < rate.upper
        require_match_rate(rate)

    def test_ninety_four_do_not_and_the_reasons_are_counted(self) -> None:
        rate = match_rate([GOOD] * 94 + ["", "7777777777", "4000000048", "1", "1", "1"], "nhs_number")
        with pytest.raises(MatchRateError) as fault:
            require_match_rate(rate)
        told = str(fault.value)
        assert "94 of 100" in told
        assert "1 check_digit, 1 missing, 3 not_ten_digits, 1 placeholder" in told
        assert "4000000048" not in told

    def test_nobody_goes_live_on_nothing(self) -> None:
        with pytest.raises(MatchRateError, match="there are none"):
            require_match_rate(match_rate([], "upn"))

    def test_what_is_no_text_is_missing(self) -> None:
        assert match_rate([None, 4000000047], "nhs_number").faults == (("missing", 2),)  # type: ignore[list-item]

    def test_local_ids_have_no_check(self) -> None:
        with pytest.raises(IdentifierRefusedError):
            match_rate(["S1"], "local")
