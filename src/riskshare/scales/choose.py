"""Which method links two scales by default: the agreed table as data, and one function that reads it and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from riskshare.scales.grid import Grid

FROM_FEW: Final = 30
FROM_SOME: Final = 100
FROM_MANY: Final = 400
"""People in the shared caseload from which more can be asked of it (methods: thresholds, C2; a judgement, supported
by published figures at 100 only)."""

METHODS: Final = (
    "identity",
    "mean",
    "linear",
    "circle_arc",
    "composite",
    "mid_percentile",
    "equipercentile",
    "equipercentile_unsmoothed",
)

DEFAULTS: Final[dict[str, tuple[str, str, str]]] = {
    # kind: 30–99 people, 100–399, 400 or more. Empty: the anchors of the policy basis, which is another basis.
    "ordinal": ("", "mid_percentile", "mid_percentile"),
    "count": ("circle_arc", "composite", "equipercentile"),
    "probability": ("", "linear", "equipercentile"),
    "continuous": ("circle_arc", "linear", "equipercentile"),
    "duration": ("", "linear", "equipercentile"),
}
"""Methods: thresholds, C2. Durations have only their anchors there; with shared cases they are measured quantities, on
the log axis that their anchors use."""

_FIRST: Final = ("ordinal", "duration", "probability", "count", "continuous")
"""Of two kinds the one that asks for more care decides."""

_SIMPLER: Final[dict[str, tuple[str, ...]]] = {
    "composite": ("composite", "linear"),
    "linear": ("linear",),
    "circle_arc": ("circle_arc",),
}
"""The simpler curves to try before the equipercentile one, the most shrunk first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A default and why.

    Attributes
    ----------
    kind : str
        The row of the table.
    method : str
        Empty where the table gives the anchors of the policy basis.
    candidates : tuple of str
        Curves in the order in which they are tried; the last always stands.
    why : str
        A sentence.
    """

    kind: str
    method: str
    candidates: tuple[str, ...]
    why: str


def choose(source: Grid, target: Grid, people: int) -> Choice:
    """Return the default method for two scales and a number of people (methods: thresholds, C2).

    Parameters
    ----------
    source, target : Grid
    people : int
        In the shared caseload.

    Returns
    -------
    Choice

    Examples
    --------
    >>> from riskshare.scales.grid import grid_of
    >>> from riskshare.records.scale import Band, Scale
    >>> import numpy as np
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="a", starts=0.0), Band(name="b", starts=14.0, pins="high")))
    >>> grid = grid_of(dash, np.array([3.0]))
    >>> choose(grid, grid, 250).candidates
    ('composite', 'linear', 'equipercentile')
    """
    kinds = {_kind(source), _kind(target)}
    kind = next(name for name in _FIRST if name in kinds)
    column = 0 if people < FROM_SOME else 1 if people < FROM_MANY else 2
    method = DEFAULTS[kind][column]
    size = f"{people:,} people" + ("" if len(kinds) == 1 else ", the more careful of two kinds")
    why = (
        f"The default for {kind} scales with {('30 to 99', '100 to 399', '400 or more')[column]} shared cases ({size})"
    )
    flexible = "mid_percentile" if kind == "ordinal" else "equipercentile"
    return Choice(kind, method, (*_SIMPLER.get(method, ()), flexible), f"{why} is {method or 'anchor points'}.")


def _kind(grid: Grid) -> str:
    kind = grid.scale.kind
    if kind == "ordinal":
        return "ordinal" if grid.by_level else "count"
    return kind if kind in DEFAULTS else "count"
