"""Refusing what disclosure control does not let through: all of it at once, and no person's value."""

from __future__ import annotations

from collections.abc import Sequence

from riskshare.errors import DisclosureError, DisclosureProblem


def refuse(problems: Sequence[tuple[str, str]]) -> None:
    """Raise `DisclosureError` with every problem given; nothing happens if there is none.

    >>> refuse([])
    >>> refuse([("cell_size", "Public cells are 500 m or more.")])
    Traceback (most recent call last):
    riskshare.errors.DisclosureError: This may not leave as it is:
      - cell_size: Public cells are 500 m or more.
    """
    if problems:
        raise DisclosureError([DisclosureProblem(code, hint) for code, hint in problems])
