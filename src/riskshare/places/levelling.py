"""Offsets between recording organisations, levelled over a network of comparisons by weighted least squares.

As heights in a survey: each comparison gives a difference, no comparison gives a height, so each connected part of the
network has its own zero. Methods: places, section 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import chdtrc, ndtri, stdtrit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

FEWEST_TO_SHRINK: Final = 10
"""Fewer organisations than this are never drawn to their mean (methods: places, section 5.5)."""
CAP: Final = float(np.log(3.0))
"""An offset applied never goes further than a ratio of 3 (methods: places, section 5.5)."""
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True, repr=False)
class Comparisons:
    """What is known of differences; arrays of one length.

    Attributes
    ----------
    one, other : numpy.ndarray of int64
        Organisations: each value is θ_one − θ_other; ``other`` −1 where it is θ_one plus an unknown ``level``.
    level : numpy.ndarray of int64
        Number of that unknown; −1 where there is none.
    value, variance : numpy.ndarray of float64
        Natural logarithms; ``variance`` without what neighbouring ground differs by.
    gradient : numpy.ndarray of bool
        Whether ω² is to be added: True for borders.
    """

    one: Ints
    other: Ints
    level: Ints
    value: Floats
    variance: Floats
    gradient: Bools

    def take(self, which: Bools) -> Comparisons:
        """Return some of them."""
        return Comparisons(
            self.one[which], self.other[which], self.level[which], self.value[which], self.variance[which],
            self.gradient[which],
        )  # fmt: skip

    def __len__(self) -> int:
        """Return how many."""
        return int(self.one.size)

    def __repr__(self) -> str:
        """Return how many."""
        return f"Comparisons({len(self)})"


@dataclass(frozen=True, slots=True)
class Gradient:
    """How much neighbouring ground differs for social reasons: ω², and the variance of that estimate."""

    variance: float
    uncertainty: float


@dataclass(frozen=True, slots=True, repr=False)
class Levelled:
    """Offsets of organisations, unshrunk, and what may be applied of them.

    Attributes
    ----------
    component : numpy.ndarray of int64, shape (organisations,)
        Organisations that can be compared share a number; −1 for one that can be compared with nobody.
    theta : numpy.ndarray of float64, shape (organisations,)
        Natural logarithm of what is recorded over the mean of the component; NaN where not estimable.
    covariance : numpy.ndarray of float64, shape (organisations, organisations)
        Of ``theta``, in full; 0 between components.
    part : numpy.ndarray of float64, same shape
        d covariance/dω²: how much of it rests on the estimate of ω².
    gradient : Gradient
    used, used_covariance : numpy.ndarray of float64
        After shrinkage (10 organisations or more) and before the cap; 0 where not estimable.
    tau2 : float
        Variance between organisations by DerSimonian and Laird; NaN where nothing was shrunk.
    misfit_p : float
        P of comparisons disagreeing this much; NaN where none is redundant.
    """

    component: Ints
    theta: Floats
    covariance: Floats
    part: Floats
    gradient: Gradient
    used: Floats
    used_covariance: Floats
    tau2: float
    misfit_p: float

    def __repr__(self) -> str:
        """Return how many."""
        return f"Levelled({int((self.component >= 0).sum())} of {self.component.size} organisations)"

    @property
    def applied(self) -> Floats:
        """Offsets to apply: shrunk where there are 10 organisations or more, and capped at a ratio of 3."""
        return np.clip(self.used, -CAP, CAP)

    def interval(self, weights: Floats) -> tuple[float, float, float]:
        """Return estimate and 95 % interval of a weighted sum of ``theta``.

        Student's t with Satterthwaite's degrees of freedom for an estimated ω²: 2V²/((dV/dω²)² var ω̂²).
        """
        known = np.where(weights == 0, 0.0, self.theta)
        value = float(weights @ known)
        variance = float(weights @ self.covariance @ weights)
        rests = float(weights @ self.part @ weights) ** 2 * self.gradient.uncertainty
        # An ω² estimated at its bound of 0 is dropped, as a mixed model drops a variance at its bound: widening for it
        # as well makes intervals without gradients too long.
        sure = self.gradient.variance == 0.0 or rests <= 1e-12 * variance**2
        times = ndtri(0.5 + LEVEL / 2) if sure else stdtrit(2.0 * variance**2 / rests, 0.5 + LEVEL / 2)
        half = float(times) * float(np.sqrt(max(variance, 0.0)))
        return value, value - half, value + half

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """Return draws of what may be applied, (n, organisations), each capped; 0 where not estimable."""
        value, vector = np.linalg.eigh(self.used_covariance)
        noise = rng.standard_normal((n, self.used.size)) * np.sqrt(np.maximum(value, 0.0))
        return np.asarray(np.clip(self.used + noise @ vector.T, -CAP, CAP))


def level(comparisons: Comparisons, n: int, gradient: Gradient = Gradient(0.0, 0.0)) -> Levelled:
    """Return the offsets of ``n`` organisations that fit the comparisons best.

    Parameters
    ----------
    comparisons : Comparisons
        May be empty: then nobody is estimable.
    n : int
        Organisations, 1 or more.
    gradient : Gradient
        ω², added to the variance of comparisons that have it.

    Returns
    -------
    Levelled

    Notes
    -----
    δ = θ_one − θ_other + e, or θ_one + level + e, with variances v + ω² and Σθ = 0 in each connected component.
    Shrinkage: θ̃ = τ²(τ² I + V)⁻¹ θ̂ with τ² = max(0, (θ̂'V⁺θ̂ − (K − 1))/tr V⁺), after R. DerSimonian and N. Laird,
    Controlled Clinical Trials 7, 1986, with the whole covariance.

    Examples
    --------
    The second organisation records e^−0.4 of what the first does; each lies 0.2 from their mean:

    >>> one = Comparisons(np.array([1]), np.array([0]), np.array([-1]), np.array([-0.4]), np.array([0.01]),
    ...                   np.array([False]))
    >>> found = level(one, 3)
    >>> found.theta.round(3).tolist(), found.component.tolist()
    ([0.2, -0.2, nan], [0, 0, -1])
    >>> [round(x, 3) for x in found.interval(np.array([-1.0, 1.0, 0.0]))]
    [-0.4, -0.596, -0.204]
    """
    component = _components(comparisons, n)
    basis = _basis(component)
    design, weight, extra = _design(comparisons, n, basis, gradient)
    root = np.sqrt(weight)
    inverse = np.linalg.pinv(design * root[:, None])
    raise_to = np.vstack((basis.T, np.zeros((design.shape[1] - basis.shape[1], n)))).T
    gain = raise_to @ (inverse * root[None, :])
    theta = gain @ comparisons.value
    residual = comparisons.value - design @ (inverse @ (root * comparisons.value))
    covariance = (gain / weight) @ gain.T
    part = (gain * extra) @ gain.T
    used, used_covariance, tau2 = _shrink(component, theta, covariance)
    misfit = _misfit(residual, weight, len(comparisons) - int(np.linalg.matrix_rank(design * root[:, None])))
    theta = np.where(component >= 0, theta, np.nan)
    return Levelled(component, theta, covariance, part, gradient, used, used_covariance, tau2, misfit)


def _components(comparisons: Comparisons, n: int) -> Ints:
    """Return the component of each organisation, numbered by its first; −1 where it is alone."""
    n_levels = int(comparisons.level.max(initial=-1)) + 1
    to = np.where(comparisons.other >= 0, comparisons.other, n + comparisons.level)
    graph = coo_array((np.ones(len(comparisons)), (comparisons.one, to)), shape=(n + n_levels,) * 2)
    label = connected_components(graph, directed=False)[1][:n]
    alone = np.bincount(label, minlength=n + n_levels)[label] < 2
    numbers: dict[int, int] = {}
    return np.array(
        [-1 if a else numbers.setdefault(int(x), len(numbers)) for x, a in zip(label, alone, strict=True)],
        dtype=np.int64,
    )


def _basis(component: Ints) -> Floats:
    """Return columns that span all offsets with a sum of 0 in each component."""
    columns = []
    for number in range(int(component.max(initial=-1)) + 1):
        members = np.flatnonzero(component == number)
        size = members.size
        block = np.zeros((component.size, size - 1))
        block[members] = np.vstack((np.eye(size - 1), -np.ones(size - 1)))
        columns.append(block)
    return np.hstack(columns) if columns else np.zeros((component.size, 0))


def _design(comparisons: Comparisons, n: int, basis: Floats, gradient: Gradient) -> tuple[Floats, Floats, Floats]:
    rows = np.arange(len(comparisons))
    plain = np.zeros((rows.size, n))
    plain[rows, comparisons.one] = 1.0
    two = comparisons.other >= 0
    plain[rows[two], comparisons.other[two]] -= 1.0
    levels = np.zeros((rows.size, int(comparisons.level.max(initial=-1)) + 1))
    levels[rows[~two], comparisons.level[~two]] = 1.0
    extra = comparisons.gradient.astype(np.float64)
    weight = 1.0 / (comparisons.variance + gradient.variance * extra)
    return np.hstack((plain @ basis, levels)), weight, extra


def _misfit(residual: Floats, weight: Floats, spare: int) -> float:
    return float(chdtrc(spare, float(weight @ residual**2))) if spare > 0 else float("nan")


def _shrink(component: Ints, theta: Floats, covariance: Floats) -> tuple[Floats, Floats, float]:
    used, spread, tau2 = np.where(component >= 0, theta, 0.0), covariance.copy(), float("nan")
    for number in range(int(component.max(initial=-1)) + 1):
        members = np.flatnonzero(component == number)
        if members.size < FEWEST_TO_SHRINK:
            continue
        block = np.ix_(members, members)
        v, here = covariance[block], theta[members]
        inverse = np.linalg.pinv(v, hermitian=True)
        tau2 = max(0.0, float(here @ inverse @ here - (members.size - 1)) / float(np.trace(inverse)))
        # On the offsets that sum to 0, V is of full rank; elsewhere both are 0.
        centre = np.eye(members.size) - 1.0 / members.size
        gain = tau2 * np.linalg.pinv(tau2 * centre + v, hermitian=True)
        used[members] = gain @ here
        spread[block] = gain @ v
    return used, spread, tau2
