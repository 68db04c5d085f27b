"""Where the shipped example partnership and its synthetic data are, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from riskshare.errors import PartnershipError, Problem

EXAMPLE_AS_OF: Final = "2026-03-31"
"""The last day the sample data was recorded: a fixed day, so that the example says the same today and next year."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def example_partnership() -> Path:
    """Return the folder of the example partnership.

    Raises
    ------
    PartnershipError
        This installation does not hold the example.

    Examples
    --------
    >>> (example_partnership() / "trust.toml").is_file()
    True
    """
    return _folder("thresholds", "partnership.toml")


def example_data() -> Path:
    """Return the folder of the synthetic sample data: ``evidence.csv``, ``subjects.csv`` and more.

    Raises
    ------
    PartnershipError
        This installation does not hold the example.
    """
    return _folder("sample_data", "evidence.csv")


def _folder(name: str, known_by: str) -> Path:
    """Return where a shipped folder is: inside the installed package, else beside ``src`` in a checkout."""
    for home in (_PACKAGE / "_examples", _PACKAGE.parents[1]):
        if (home / name / known_by).is_file():
            return home / name
    raise PartnershipError(
        [Problem(f"{name}/{known_by}", "", "The example is not part of this installation.", "Install riskshare again.")]
    )
