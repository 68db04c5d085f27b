"""What disclosure control says when it does not let something through: all of it at once, and no person's value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskshare.errors import PolicyError


@dataclass(frozen=True, slots=True, order=True)
class DisclosureProblem:
    """One reason why something may not leave.

    Attributes
    ----------
    code : str
        Stable, for programs.
    hint : str
        What is wrong, where, and what to do next; no person's value.
    """

    code: str
    hint: str

    def __str__(self) -> str:
        """One line: what and what to do."""
        return f"{self.code}: {self.hint}"


class DisclosureError(PolicyError):
    """Something may not leave as it is; ``problems`` lists every reason at once."""

    def __init__(self, problems: Sequence[DisclosureProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["This may not leave as it is:", *(f"  - {problem}" for problem in self.problems)]))


class ReleaseRefusedError(DisclosureError):
    """A release would, beside what was released before, tell of too few people."""


def refuse(problems: Sequence[tuple[str, str]]) -> None:
    """Raise `DisclosureError` with every problem given; nothing happens if there is none.

    >>> refuse([])
    >>> refuse([("cell_size", "Public cells are 500 m or more.")])
    Traceback (most recent call last):
    riskshare.sharing.refusals.DisclosureError: This may not leave as it is:
      - cell_size: Public cells are 500 m or more.
    """
    if problems:
        raise DisclosureError([DisclosureProblem(code, hint) for code, hint in problems])
