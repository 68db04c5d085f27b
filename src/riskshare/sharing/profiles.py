"""How much detail each audience may be shown, where the agreement says nothing stricter: one frozen table.

These are the defaults of the method (safety, section 3.2), not of a partnership; an agreement may tighten them. They
are here, in one table, so that a practitioner can read them and a change of one is a change somebody sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from riskshare.records.arguments import require


@dataclass(frozen=True, slots=True)
class Profile:
    """What one audience may be shown.

    Attributes
    ----------
    audience : str
    least_count : int
        Counts below it are withheld, and the interval a reader can work out for a withheld cell is at least so wide.
    zero_is_small : bool
        Whether 0 is withheld as well: "nobody here" tells of everybody here.
    victim_least_count : int
        The same for counts of victims and witnesses, where it is higher.
    round_to : int
        Counts that are shown are rounded to the nearest multiple; 1 leaves them.
    dominance_n, dominance_share : int, float
        A cell is withheld if its ``n`` largest contributors hold more than this share of it.
    p_ratio : float or None
        A cell is withheld if all but the two largest contributors hold less than this share of the largest one.
    points : bool
        Whether places may be shown as points, snapped to fixed ones.
    least_stands_for : int
        Addresses, or people, that every fixed point stands for.
    least_cell_m : int, metres
        Least side of a cell that places may be counted in.
    least_in_window : int
        People that must live within the window of a surface's pixel; a pixel with fewer is left blank.
    least_months : int
        Least length of a period, in whole months.
    least_change : int
        People by which every changed cell must differ between two releases of one period.
    repeats : str
        What happens to a release that tells too much beside an earlier one: ``refuse`` or ``warn``.
    """

    audience: str
    least_count: int
    zero_is_small: bool
    victim_least_count: int
    round_to: int
    dominance_n: int
    dominance_share: float
    p_ratio: float | None
    points: bool
    least_stands_for: int
    least_cell_m: int
    least_in_window: int
    least_months: int
    least_change: int
    repeats: str

    def least(self, *, of_victims: bool = False) -> int:
        """Return the least count that is shown: of victims and witnesses the higher of the two."""
        return max(self.least_count, self.victim_least_count) if of_victims else self.least_count


_PARTNERSHIP: Final = Profile(
    audience="partnership", least_count=5, zero_is_small=False, victim_least_count=10, round_to=1,
    dominance_n=2, dominance_share=0.90, p_ratio=None, points=True, least_stands_for=8, least_cell_m=1,
    least_in_window=5, least_months=0, least_change=5, repeats="warn",
)  # fmt: skip

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "public": Profile(
            audience="public", least_count=10, zero_is_small=True, victim_least_count=10, round_to=5,
            dominance_n=2, dominance_share=0.90, p_ratio=0.10, points=False, least_stands_for=8, least_cell_m=500,
            least_in_window=5, least_months=3, least_change=10, repeats="refuse",
        ),
        "partnership": _PARTNERSHIP,
        # Own cases are shown person by person under the agreement, not here; what is counted over a team's cases is
        # held to the partnership's rule.
        "practitioner": replace(_PARTNERSHIP, audience="practitioner"),
    }
)  # fmt: skip
"""The defaults for each audience. Source: methods, safety 3.2; the five figures of `public` are ACRO's (threshold 10,
(n, k) = (2, 0.90), p-ratio 0.10, zeros disclosive) with rounding to 5 as NHS Digital's and OpenSAFELY's."""

LISTED_FROM: Final = "high"
"""The lowest band of a list of people, where the agreement names none. Proposal: every agency's own cut for "high" is
pinned to it, so it is the lowest at which some agency says of itself that it acts."""


def profile_for(audience: str = "public") -> Profile:
    """Return what an audience may be shown; without one, the public: the safest.

    Raises
    ------
    ArgumentError
        There is no such audience.

    Examples
    --------
    >>> profile_for().least_count, profile_for("partnership").least_count
    (10, 5)
    """
    known = isinstance(audience, str) and audience in PROFILES
    require("profile_for", {f"audience must be one of {', '.join(PROFILES)}.": known})
    return PROFILES[audience]


LEAST_SENSITIVE: Final = 3
"""Services with a sensitive involvement below which "a partner agency" gives away which one it is. Proposal: with two,
each of them knows that it is the other."""


def said_of_few_sensitive(number: int) -> str:
    """Return a warning where so few services are marked sensitive that "a partner agency" is a name; else empty text.

    Parameters
    ----------
    number : int
        Agencies of the partnership that are marked ``sensitive``.

    Examples
    --------
    >>> said_of_few_sensitive(0), said_of_few_sensitive(3), said_of_few_sensitive(1)[:42]
    ('', '', 'Only 1 of the agencies is marked sensitive')
    """
    if not 0 < number < LEAST_SENSITIVE:
        return ""
    return (
        f"Only {number} of the agencies {'is' if number == 1 else 'are'} marked sensitive: 'a partner agency' is as "
        f"good as a name. Mark at least {LEAST_SENSITIVE}, such as every clinic, refuge and treatment service, or "
        "share no reason that rests on it."
    )
