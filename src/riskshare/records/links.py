"""A link between two scales, or from a scale to observed harm: a curve with its interval, and how it was made."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from riskshare.errors import ArgumentError, LinkRefusedError
from riskshare.records.link_checks import link_faults
from riskshare.records.linked_scores import LinkedScore, LinkedScores, linked_scores, turned_band

Basis = Literal["policy", "population", "outcome"]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LINK_SCHEMA: Final = "riskshare.link/1"
"""Name and version of the JSON form; a reader must change when the number does."""


class Equivalents(NamedTuple):
    """Where positions on the source scale fall on the target; equal-length arrays in the order given.

    Attributes
    ----------
    position, estimate, low, high : ndarray of float64
        The position asked about, its equivalent, and the 95 % interval of the curve there, in native units.
    extrapolated : ndarray of bool
        The position lies outside what the shared cases reach.
    sparse : ndarray of bool
        Fewer than ten people lie beyond the position: the estimate is held where the tenth stands, and the interval
        is open to the end of the target.
    """

    position: Floats
    estimate: Floats
    low: Floats
    high: Floats
    extrapolated: Bools
    sparse: Bools


@dataclass(frozen=True, slots=True)
class Side:
    """What a link needs to know of one of its two scales.

    Attributes
    ----------
    edges : tuple of (str, float)
        The scale's own pinned cuts: the common edge's name and its native position, from mild to severe.
    level_width : float
        Width of one level of an ordinal scale in native units; 0 elsewhere.
    rising : bool
        Whether a higher value is the more severe.
    ends : (float, float)
        The least and the greatest position. Of a scale without a top the greatest is rounded outwards to 1, 2, 5, 10,
        20, 50 … steps from the lowest, unless ten people reached it: it is nobody's own reading.
    """

    edges: tuple[tuple[str, float], ...] = ()
    level_width: float = 0.0
    rising: bool = True
    ends: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True, repr=False)
class Curve:
    """A broken line and its interval; straight between knots, flat beyond them. Native units of both scales.

    Attributes
    ----------
    x, y : tuple of float
        Knots; x rises, y never turns.
    at, low, high, error : tuple of float
        Positions on the source, the 95 % interval of the curve there, and its standard error.
    reliable : (float, float)
        Between these positions at least ten people lie on either side; ``x`` is flat outside them.
    seen : (float, float)
        Between these positions the shared cases lie: rounded outwards to the next eighth of the scale, unless ten
        people reached an end, so that neither end is one person's reading.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    at: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    error: tuple[float, ...]
    reliable: tuple[float, float]
    seen: tuple[float, float]

    def __repr__(self) -> str:
        """Sizes only."""
        return f"Curve({len(self.x)} knots)"


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """One scale placed on another (or on the chance of an outcome), on one declared basis.

    Made by ``population_link``, ``policy_link`` or ``outcome_link``. A link between two scales is a *concordance* (or,
    on the policy basis, an alignment): it says which scores stand equally high, not that they measure the same thing.

    Attributes
    ----------
    source, target : str
        Scale ids; the target of an outcome link is the outcome and its horizon, in words.
    basis : {"policy", "population", "outcome"}
        Never changed silently: links of different bases answer different questions (methods: thresholds, section 0).
    method, rule : str
        The method used, and why that one, as a sentence.
    curve : Curve
        The link itself, with the 95 % interval of the curve.
    sides : (Side, Side)
        What is needed of the source and of the target.
    residual_sd : float
        Standard deviation of a person's target score about the curve, cross-validated; 0 on the policy basis.
    invertible : bool
    parameters : dict
        What the method estimated, such as slope and intercept, or the log-linear degrees.
    n, n_effective : int, float
        People in the sample, and how many equally weighted people they are worth (Kish).
    window : (str, str) or None
        First and last day scored, as ISO dates.
    seed, replicates : int
    engine_version : str
    diagnostics : dict
        REMSD by subgroup, tails, the comparison with identity, and what else the method says of itself.
    flags : tuple of str
        Such as ``population_sensitive``; they hold for every score the link gives.
    """

    source: str
    target: str
    basis: Basis
    method: str
    rule: str
    curve: Curve
    sides: tuple[Side, Side] = (Side(), Side())
    residual_sd: float = 0.0
    invertible: bool = True
    parameters: dict[str, Any] = field(default_factory=dict)
    n: int = 0
    n_effective: float = 0.0
    window: tuple[str, str] | None = None
    seed: int = 0
    replicates: int = 0
    engine_version: str = ""
    diagnostics: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say what is linked, how, and on how many people."""
        return f"Link({self.source!r} → {self.target!r}, basis={self.basis!r}, method={self.method!r}, n={self.n:,})"

    def equivalents(self, positions: npt.ArrayLike) -> Equivalents:
        """Return where positions on the source scale fall on the target, with the interval of the curve.

        Parameters
        ----------
        positions : array_like, shape (k,)
            Native positions on the source. The cut of a band that begins at ``from`` lies at ``from`` less half a
            step on a count or ordinal scale, and at ``from`` elsewhere. NaN stays NaN.

        Returns
        -------
        Equivalents
            Arrays of length k; empty in, empty out.

        Examples
        --------
        >>> flat = Curve((0.0, 10.0), (0.0, 20.0), (0.0, 10.0), (0.0, 18.0), (2.0, 20.0), (0.5, 0.5),
        ...     reliable=(0.0, 10.0), seen=(0.0, 10.0))
        >>> link = Link("a", "b", "population", "linear", "By request.", flat)
        >>> found = link.equivalents([5.0])
        >>> found.estimate.tolist(), found.low.tolist(), found.high.tolist()
        ([10.0], [9.0], [11.0])
        """
        x, c = np.atleast_1d(np.asarray(positions, dtype=np.float64)), self.curve
        estimate, low, high = (np.interp(x, *pair) for pair in ((c.x, c.y), (c.at, c.low), (c.at, c.high)))
        sparse = (x < c.reliable[0]) | (x > c.reliable[1])
        outside = (x < c.seen[0]) | (x > c.seen[1])
        return Equivalents(x, estimate, low, high, outside, sparse)

    def __call__(self, values: npt.ArrayLike, *, sem: float = 0.0) -> LinkedScores:
        """Return people's scores on the target, with a prediction interval and the chance of being beyond each edge.

        variance = (standard error of the curve)² + residual variance + (``sem`` · local slope)² + (width of the
        source's level on the target)² / 12 (methods: thresholds, C3). The interval is point ± 1.96 standard
        deviations, cut at the ends of the target; the chances are normal.

        Parameters
        ----------
        values : array_like, shape (n,)
            Native values on the source; NaN where not scored.
        sem : float
            Standard error of measurement of the scorer, in native units of the source; 0 where it is not known.

        Returns
        -------
        LinkedScores
            Length n; empty in, empty out. On the outcome basis the interval is the curve's own: an outcome happens
            or does not.

        Raises
        ------
        ArgumentError
            ``sem`` is negative or not finite.
        """
        if not (np.isfinite(sem) and sem >= 0.0):
            function = "link"
            raise ArgumentError(function, ["sem must be a number of at least 0."])
        x = np.atleast_1d(np.asarray(values, dtype=np.float64))
        return linked_scores(self, x, self.equivalents(x), sem)

    def one(self, value: float, *, sem: float = 0.0) -> LinkedScore:
        """Return one person's score on the target; see ``__call__``."""
        return self([value], sem=sem)[0]

    @property
    def inverse(self) -> Link:
        """The link from target to source: the same broken line read the other way, with its interval turned too.

        Raises
        ------
        LinkRefusedError
            A calibration to an outcome, or a curve with a flat part: several scores share one value there, and which
            of them was meant cannot be known.
        """
        c = self.curve
        if not self.invertible or np.any(np.diff(c.y) * np.sign(c.y[-1] - c.y[0]) <= 0.0):
            raise link_refused(
                self.source,
                f"the link to {self.target!r} on the {self.basis} basis by {self.method!r} has no inverse, because it "
                "is a calibration or several scores share one value. Ask for the link in the other direction.",
            )
        return replace(
            self,
            source=self.target,
            target=self.source,
            rule=f"The inverse of the link from {self.source} to {self.target}. {self.rule}",
            curve=turned(c, self.sides[0].ends),
            sides=self.sides[::-1],
            residual_sd=self.residual_sd * abs((c.x[-1] - c.x[0]) / (c.y[-1] - c.y[0])),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready; ``from_dict`` gives back an equal link, to the last bit."""
        plain: dict[str, Any] = json.loads(json.dumps({"schema": LINK_SCHEMA, **asdict(self)}, allow_nan=False))
        return plain

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Link:
        """Return the link that ``to_dict`` wrote.

        Raises
        ------
        ArgumentError
            It is not a link of this schema, keys are missing or unknown, or values are not of their kind; all are
            named.
        """
        function = "Link.from_dict"
        if not isinstance(body, Mapping) or body.get("schema") != LINK_SCHEMA:
            raise ArgumentError(function, [f"the schema must be {LINK_SCHEMA!r}; write the link again."])
        rest = {key: value for key, value in body.items() if key != "schema"}
        if faults := link_faults(rest):
            raise ArgumentError(function, faults)
        made = {key: value if key in _LOOSE else _tuples(value) for key, value in rest.items()}
        made["curve"] = Curve(**_tuples(rest["curve"]))
        made["sides"] = tuple(Side(**_tuples(side)) for side in rest["sides"])
        return cls(**made)


def turned(curve: Curve, source_ends: tuple[float, float]) -> Curve:
    """Return a curve read the other way: knots swapped, and the interval of x at each y where the band crosses it."""
    up = curve.y[-1] > curve.y[0]
    x, y = (curve.x, curve.y) if up else (curve.x[::-1], curve.y[::-1])
    low, high, error = turned_band(curve.at, curve.low, curve.high, y, source_ends, up=up)
    reliable, seen = (np.sort(np.interp(pair, curve.x, curve.y)).tolist() for pair in (curve.reliable, curve.seen))
    return Curve(y, x, y, low, high, error, tuple(reliable), tuple(seen))


_LOOSE: Final = ("parameters", "diagnostics")
"""Keys that hold whatever a method says of itself, JSON-ready."""


def _tuples(value: Any) -> Any:
    """Return lists as tuples, all the way down."""
    if isinstance(value, Mapping):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def days_window(days: Iterable[dt.date]) -> tuple[str, str] | None:
    """Return the first and the last of some days as ISO dates; None where there is none.

    >>> days_window([dt.date(2026, 1, 2), dt.date(2025, 3, 4)])
    ('2025-03-04', '2026-01-02')
    """
    ordered = sorted(days)
    return (ordered[0].isoformat(), ordered[-1].isoformat()) if ordered else None


def link_refused(scale_id: str, reason: str) -> LinkRefusedError:
    """Return the refusal of a link for a reason that ends with what to do; the usual advice would contradict it."""
    return LinkRefusedError(scale_id, reason, hint="")
