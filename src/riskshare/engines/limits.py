"""How much memory a run may use, and how it is shared out."""

from __future__ import annotations

import re
from typing import Final

from riskshare.errors import MemoryLimitError

MIB: Final = 1 << 20
LEAST: Final = 1 << 30
"""Python, its libraries and one block of rows need some 700 MiB before anything is sorted."""
MOST: Final = 1 << 50
DEFAULT: Final = 2 << 30
_BASE: Final = 700 * MIB
_SORT_SHARE: Final = 0.75
"""A database counts most of what it holds, not all."""
_BYTES_A_ROW: Final = 2_000
"""What scoring holds of a row while its block is at work (``benchmarks/out_of_core.py``)."""
_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 1 << 10, "MI": 1 << 20, "GI": 1 << 30}


def as_bytes(limit: str | int) -> int:
    """Return an amount of memory in bytes.

    Parameters
    ----------
    limit : str or int
        Bytes, or text such as ``2GiB``, ``1500MB`` or ``2G``.

    Raises
    ------
    MemoryLimitError
        It is no amount, or less than 1 GiB, or more than 1 PiB, which is a slip.

    Examples
    --------
    >>> as_bytes("2GiB"), as_bytes("1500 MB")
    (2147483648, 1500000000)
    """
    amount = _amount(limit)
    if amount is None or amount > MOST:
        what = "That is no amount of memory."
        raise MemoryLimitError(what, "Write it as 2GiB, 1500MiB or 4GB; no machine has more than 1024 TiB.")
    if amount < LEAST:
        what = "A run needs at least 1GiB of memory, whatever it sorts."
        raise MemoryLimitError(what, "Allow 1GiB or more; 2GiB is usual.")
    return amount


def _amount(limit: object) -> int | None:
    if isinstance(limit, int) and not isinstance(limit, bool):
        return limit
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([KMG]I?)?B?", limit.strip().upper()) if isinstance(
        limit, str
    ) else None  # fmt: skip
    return int(float(found[1]) * _UNITS[found[2] or ""]) if found else None


def to_sort(limit: int) -> int:
    """Return the bytes that a database may use to sort, of those a run may.

    >>> to_sort(2 << 30) // MIB
    1011
    """
    return int((limit - _BASE) * _SORT_SHARE)


def most_rows(limit: int) -> int:
    """Return how many rows of one subject can be scored together.

    >>> most_rows(2 << 30)
    706740
    """
    return (limit - _BASE) // _BYTES_A_ROW


def at_once(limit: int, threads: int) -> int:
    """Return how many blocks may be scored at once: each takes some 400 MiB.

    >>> at_once(1 << 30, 2), at_once(2 << 30, 2), at_once(2 << 30, 8)
    (1, 2, 5)
    """
    return max(1, min(threads, (limit - _BASE) // (_BYTES_A_ROW * 170_000) + 1))
