"""A code that the audit log could not hold is refused where it is agreed, not when something is to leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from folders import changed, good_files, write_folder
from riskshare.errors import PartnershipError
from riskshare.io.partnership import load_partnership
from riskshare.records.base import holds_long_number
from riskshare.sharing.log_entries import FORMS

CODES = ("isp", "E06000001", "isp_2026-03-31", "a12345678", "12.34.56.78", "943 476 5919".replace(" ", "_"),
         "943-476-5919", "p123456789", "1_2_3_4_5_6_7_8_9", "a1b2c3d4e5f6g7h8i9", "00-00-00-000")  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_what_may_be_agreed_is_what_can_be_logged(code: str) -> None:
    is_logged, _ = FORMS["agency"]
    assert is_logged(code) is not holds_long_number(code)


def test_an_agency_under_a_long_number_is_told_without_it(tmp_path: Path) -> None:
    number = "943-476-5919"
    files = changed(good_files(), ("partnership.toml", "agencies[0].id", number))
    with pytest.raises(PartnershipError) as caught:
        load_partnership(write_folder(tmp_path, files))
    (problem,) = [one for one in caught.value.problems if one.code == "long_number"]
    assert (problem.file, problem.key) == ("partnership.toml", "agencies[0].id")
    assert "nine digits or more" in problem.rule
    assert "audit log" in problem.rule
    assert number not in str(problem)
