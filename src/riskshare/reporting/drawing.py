"""What every picture needs: the optional libraries that draw, asked for by name where they are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from riskshare.errors import MissingExtraError


@contextmanager
def needs_maps(what: str) -> Iterator[None]:
    """Around the import of a library that draws: ``what`` cannot be done without it.

    Raises
    ------
    MissingExtraError
        The library is not installed. The message says which extra brings it.
    """
    try:
        yield
    except ImportError:
        extra = "maps"
        raise MissingExtraError(extra, what) from None
