"""Noise that is always the same for the same people: for tables that are published again and again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.sharing.refusals import refuse

Ints = NDArray[np.int64]

KEYS: Final = 1_000
"""Record and cell keys run from 0 to 999."""
LARGEST_NOISE: Final = 4
"""No count moves by more than so many. Proposal."""
_LABEL: Final = b"riskshare-cell-key-v1\x00"
_LEAST_KEY_BYTES: Final = 16
# Noise d from −4 to 4 with chance (5 − |d|)/25, the sum of two fair draws from −2 to 2: mean 0, variance 4.
_NOISE: Final = np.repeat(
    np.arange(-LARGEST_NOISE, LARGEST_NOISE + 1),
    [KEYS // 25 * (LARGEST_NOISE + 1 - abs(d)) for d in range(-LARGEST_NOISE, LARGEST_NOISE + 1)],
)


def record_keys(ids: Sequence[str], key: bytes) -> Ints:
    """Return the record key of each person: a number from 0 to 999 that cannot be known without the key.

    Parameters
    ----------
    ids : sequence of str
        Whoever or whatever is counted: one id for each person, or for each event.
    key : bytes
        Secret, 16 bytes or more, the same for every release of a series, and kept apart from the data.

    Returns
    -------
    numpy.ndarray of int64, (ids,)
        Empty for none.

    Raises
    ------
    DisclosureError
        The key is too short.

    Notes
    -----
    HMAC-SHA256(key, "riskshare-cell-key-v1" ‖ 0x00 ‖ id), its first eight bytes as a whole number, modulo 1,000.

    Examples
    --------
    >>> first = record_keys(["A", "B"], b"0123456789abcdef")
    >>> bool((record_keys(["B", "A"], b"0123456789abcdef") == first[::-1]).all())
    True
    """
    short = not isinstance(key, bytes) or len(key) < _LEAST_KEY_BYTES
    refuse([("short_key", f"The key must be {_LEAST_KEY_BYTES} bytes or more, kept secret.")] if short else [])
    digests = (hmac.new(key, _LABEL + one.encode(), hashlib.sha256).digest() for one in ids)
    return np.array([int.from_bytes(digest[:8], "big") % KEYS for digest in digests], dtype=np.int64)


def cell_keys(keys: ArrayLike, cells: ArrayLike, n_cells: int) -> Ints:
    """Return the key of each cell: the sum of its people's record keys, modulo 1,000.

    Parameters
    ----------
    keys : array_like of int, (people,)
        Record keys.
    cells : array_like of int, (people,)
        The cell of each, 0 to ``n_cells`` − 1. A total is a cell too: give its people once more.
    n_cells : int

    Returns
    -------
    numpy.ndarray of int64, (n_cells,)
        0 for a cell without people.

    Examples
    --------
    >>> cell_keys([700, 400, 5], [0, 0, 1], 2).tolist()
    [100, 5]
    """
    total = np.zeros(n_cells, dtype=np.int64)
    np.add.at(total, np.asarray(cells, dtype=np.int64), np.asarray(keys, dtype=np.int64))
    return np.asarray(total % KEYS, dtype=np.int64)


def with_noise(counts: ArrayLike, keys: ArrayLike, *, least: int = 0) -> Ints:
    """Return counts with the noise that belongs to their cell keys.

    Parameters
    ----------
    counts : array_like of int
        0 or more.
    keys : array_like of int, same shape
        Cell keys.
    least : int
        A count of at least so many stays at or above it, so that no count that may be shown turns into one that may
        not. The few counts within 4 of it are therefore a little high on average.

    Returns
    -------
    numpy.ndarray of int64
        0 stays 0; nothing falls below 0; nothing moves by more than 4. Totals have noise of their own, so parts need
        not add up to them.

    Notes
    -----
    Noise d in −4 … 4 with chance (5 − |d|)/25: mean 0, variance 4. Two releases that count the same people in a cell
    give the same number; one person more or less gives a new draw, which hides what changed. After the cell-key method
    of the Office for National Statistics (Census 2021) and the Australian Bureau of Statistics (G. Thompson,
    S. Broadfoot and D. Elazar, UNECE 2013); this is no differential privacy.

    Examples
    --------
    >>> with_noise([50, 50, 0, 10], [0, 999, 0, 0], least=10).tolist()
    [46, 54, 0, 10]
    """
    a = np.asarray(counts, dtype=np.int64)
    moved = a + _NOISE[np.asarray(keys, dtype=np.int64)]
    floor = np.where(a >= least, least, 0)
    return np.asarray(np.where(a == 0, 0, np.maximum(moved, floor)), dtype=np.int64)
