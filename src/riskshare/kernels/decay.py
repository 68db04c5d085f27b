"""How evidence ages: freshness factors between 0 and 1 from ages in days."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def half_life(age_days: ArrayLike, half_life_days: ArrayLike) -> NDArray[np.float64]:
    """Return the freshness 2^(−age / half-life), elementwise.

    Parameters
    ----------
    age_days : array_like of real, days
        Ages, 0 or more. Broadcast against ``half_life_days``.
    half_life_days : array_like of real, days
        Half-lives, above 0.

    Returns
    -------
    numpy.ndarray of float64
        Factors in (0, 1]; empty for empty input.

    Raises
    ------
    ValueError
        If an age is negative or not finite, or a half-life is not above 0.

    Notes
    -----
    Exponential decay; methods: model, section 4. No published half-life for this kind of evidence is known:
    each one is agreed by partners.

    Examples
    --------
    >>> half_life([0, 180, 360], 180).tolist()
    [1.0, 0.5, 0.25]
    """
    age = np.asarray(age_days, dtype=np.float64)
    life = np.asarray(half_life_days, dtype=np.float64)
    _check(age, life, "half_life_days")
    return np.asarray(np.exp2(-age / life), dtype=np.float64)


def polynomial(age_days: ArrayLike, lifetime_days: ArrayLike, shape: ArrayLike) -> NDArray[np.float64]:
    """Return the freshness max(0, 1 − (age / lifetime)^(1/shape)), elementwise.

    Parameters
    ----------
    age_days : array_like of real, days
        Ages, 0 or more.
    lifetime_days : array_like of real, days
        Age at which nothing is left, above 0.
    shape : array_like of real
        Above 0. 1 is a straight line; below 1 stays fresh longer and then drops fast.

    Returns
    -------
    numpy.ndarray of float64
        Factors in [0, 1]; empty for empty input.

    Raises
    ------
    ValueError
        If an age is negative or not finite, or a lifetime or shape is not above 0.

    Notes
    -----
    The decay of indicators in MISP: S. Mokaddem et al., "Taxonomy driven indicator scoring in MISP threat
    intelligence platforms", 2019, arXiv:1902.03914.

    Examples
    --------
    >>> polynomial([0, 50, 100, 150], 100, 1).tolist()
    [1.0, 0.5, 0.0, 0.0]
    """
    age = np.asarray(age_days, dtype=np.float64)
    lifetime = np.asarray(lifetime_days, dtype=np.float64)
    exponent = np.asarray(shape, dtype=np.float64)
    _check(age, lifetime, "lifetime_days")
    if not np.all(exponent > 0):
        msg = "shape must be above 0."
        raise ValueError(msg)
    return np.asarray(np.maximum(0.0, 1.0 - (age / lifetime) ** (1.0 / exponent)), dtype=np.float64)


def _check(age: NDArray[np.float64], life: NDArray[np.float64], name: str) -> None:
    if not np.all(np.isfinite(age) & (age >= 0)):
        msg = "age_days must be finite and 0 or more: an event after its recording is not evidence yet."
        raise ValueError(msg)
    if not np.all(life > 0):
        msg = f"{name} must be above 0."
        raise ValueError(msg)
