"""Amounts of memory as people write them, and what is no amount."""

from __future__ import annotations

import pytest

from riskshare.engines.limits import as_bytes, most_rows, to_sort
from riskshare.errors import MemoryLimitError


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2GiB", 2 << 30), ("2 gib", 2 << 30), ("1.5GiB", 3 << 29), ("2G", 2 * 10**9), ("1500MiB", 1500 << 20),
        (1 << 30, 1 << 30),
    ],
)  # fmt: skip
def test_amounts_are_read(text: str | int, amount: int) -> None:
    assert as_bytes(text) == amount


@pytest.mark.parametrize("text", ["", "two", "2TiB", "-2GiB", "2GiB2", "٢GiB", None, 2.5, True, "1e9GiB"])
def test_what_is_no_amount_is_refused(text: object) -> None:
    with pytest.raises(MemoryLimitError, match="2GiB"):
        as_bytes(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0", "1023MiB", 5])
def test_too_little_is_refused(text: str | int) -> None:
    with pytest.raises(MemoryLimitError, match="at least 1GiB"):
        as_bytes(text)


def test_shares_stay_within_the_limit() -> None:
    for limit in (1 << 30, 2 << 30, 64 << 30):
        assert 200 << 20 < to_sort(limit) < limit
        assert most_rows(limit) > 100_000
