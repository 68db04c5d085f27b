"""How reliable is each rater, where nobody knows the truth? Dawid and Skene's model, fitted by EM.

An audit for the board, never a way to set trust: raters who copy each other look reliable, and a majority that is wrong
together looks right. Rows must be de-duplicated first, with at least three raters an item (methods: trust, 2.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.kernels.segments import boundaries
from riskshare.kernels.twins import chosen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAYS_LABELS = 1_000_000
"""From here on the compiled twin is worth loading (``docs/decisions/0020``)."""
LEAST = 1e-10  # expected count and share below which none is taken, as in crowd-kit: a logarithm needs more than 0


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """What raters' labels say of the items, the classes and the raters.

    Attributes
    ----------
    posteriors : numpy.ndarray of float64, (items, classes)
        Probability of each class, given all labels and the rates below; rows add up to 1.
    class_shares : numpy.ndarray of float64, (classes,)
        How common each class is.
    error_rates : numpy.ndarray of float64, (raters, classes, classes)
        Probability that a rater gives a label (last axis) where another is true (middle axis).
    log_likelihood : float
        Of all labels under these shares and rates, in nats; the prior is not part of it.
    iterations : int
        Steps taken.
    converged : bool
        Whether the last step gained less than ``tol`` a label; if not, allow more steps.
    """

    posteriors: Floats
    class_shares: Floats
    error_rates: Floats
    log_likelihood: float
    iterations: int
    converged: bool


class _Labels(NamedTuple):
    """Distinct (item, rater, label) in that order, and how often each stands; ``given`` is rater × class + label.

    ``starts`` is where each item begins; ``seen``, of rater × class + label, whether anybody said it.
    """

    item: Ints
    given: Ints
    times: Floats
    starts: NDArray[np.intp]
    seen: NDArray[np.bool_]
    n_items: int
    n_raters: int
    n_classes: int


def dawid_skene(
    item: ArrayLike,
    rater: ArrayLike,
    label: ArrayLike,
    n_classes: int,
    *,
    prior: ArrayLike | None = None,
    start: str | ArrayLike = "vote",
    tol: float = 1e-8,
    max_iter: int = 1_000,
    compiled: bool | None = None,
) -> DawidSkene:
    """Return the classes of items and the error rates of raters that make their labels most likely.

    Parameters
    ----------
    item, rater, label : array_like of int, shape (n,)
        Who labelled what how: numbers from 0 without gaps (``np.unique(..., return_inverse=True)`` makes them), labels
        below ``n_classes``. A rater may label an item several times.
    n_classes : int
        2 or more.
    prior : array_like of real, (classes, classes) or (raters, classes, classes), optional
        Agreed counts of each label (last axis) where each class is true, 0 or more, added to what is counted: κ times
        the agreed rates. Without it a rater with few labels is taken at their word.
    start : str or array_like of real, (items, classes)
        ``"vote"`` starts from the share of each item's labels. EM climbs to the nearest top, which need not be the
        highest: give other starting probabilities to see whether another is higher.
    tol : float, nats
        Stop when a step gains less than this a label.
    max_iter : int
        Most steps, 1 or more.
    compiled : bool, optional
        Use the compiled twin, which gives the same bits. Default: where numba is installed and there are at least
        ``PAYS_LABELS`` labels.

    Returns
    -------
    DawidSkene
        The same for any order of rows. Empty arrays for no label.

    Raises
    ------
    ValueError
        If lengths differ, numbers are not whole, have gaps or reach ``n_classes``, or another argument cannot be used.

    Notes
    -----
    Given the class k of an item, raters are independent: P(labels) = Σ_k π_k Π e_{r,k,label}. A step takes shares π and
    rates e from the probabilities of the classes (expected counts over their sums; at least 1e-10 before, for labels
    that a rater does give), then the probabilities from those. Dawid & Skene 1979, Applied Statistics 28, 20-28; the
    same model, start and floor as ``crowdkit.aggregation.DawidSkene``, which stops by another rule.

    Examples
    --------
    Two raters agree on four items; the third always says the opposite and is found out. Who is right is the majority's
    word, and nothing else.

    >>> item, rater = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    >>> found = dawid_skene(item, rater, [0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0], 2)
    >>> found.posteriors[:, 1].round(3).tolist(), found.class_shares.round(3).tolist()
    ([0.0, 1.0, 0.0, 1.0], [0.5, 0.5])
    >>> found.error_rates[2].round(3).tolist(), bool(abs(found.log_likelihood - 4 * np.log(0.5)) < 1e-6)
    ([[0.0, 1.0], [1.0, 0.0]], True)
    """
    labels = _checked(item, rater, label, n_classes)
    _check_options(tol, max_iter)
    counts = _prior(prior, labels)
    if labels.item.size == 0:
        rates = np.zeros((0, n_classes, n_classes))
        return DawidSkene(np.zeros((0, n_classes)), np.full(n_classes, np.nan), rates, 0.0, 0, True)
    chance = _start(start, labels)
    fast = chosen(compiled, labels.item.size, PAYS_LABELS)
    enough, before, step, gain = tol * float(labels.times.sum()), -np.inf, 0, np.inf
    while step < max_iter and gain >= enough:
        shares, rates = _shares(chance), _rates(labels, chance, counts, compiled=fast)
        chance, found = _chances(labels, shares, rates, compiled=fast)
        step, gain, before = step + 1, found - before, found
    by_rater = rates.reshape(n_classes, labels.n_raters, n_classes).transpose(1, 0, 2).copy()
    return DawidSkene(chance.T.copy(), shares, by_rater, before, step, bool(gain < enough))


# ------------------------------------------------------------------------------------------------ what is asked


def _checked(item: ArrayLike, rater: ArrayLike, label: ArrayLike, n_classes: int) -> _Labels:
    columns = [np.asarray(column) for column in (item, rater, label)]
    if columns[0].ndim != 1 or any(column.shape != columns[0].shape for column in columns):
        what = "item, rater and label must be one-dimensional and of one length; give one of each per label."
        raise ValueError(what)
    if n_classes != int(n_classes) or n_classes < 2:
        what = "n_classes must be a whole number, 2 or more."
        raise ValueError(what)
    if columns[0].size == 0:
        none = np.zeros(0, dtype=np.int64)
        return _Labels(none, none, np.zeros(0), none, none > 0, 0, 0, int(n_classes))
    for name, column in zip(("item", "rater", "label"), columns, strict=True):
        if column.dtype.kind not in "iufb" or (column != np.floor(column)).any() or column.min() < 0:
            what = f"{name} must hold whole numbers from 0; np.unique(..., return_inverse=True) makes them from names."
            raise ValueError(what)
    items, raters, given = (column.astype(np.int64) for column in columns)
    if given.max() >= n_classes:
        what = f"label must be below n_classes, which is {n_classes}."
        raise ValueError(what)
    for name, numbers in (("item", items), ("rater", raters)):
        if numbers.max() >= numbers.size or not np.bincount(numbers).all():
            what = f"{name} must be numbered without gaps, so that none is without a label; np.unique does it."
            raise ValueError(what)
    return _collapsed(items, raters * int(n_classes) + given, int(raters.max()) + 1, int(n_classes))


def _collapsed(item: Ints, given: Ints, n_raters: int, n_classes: int) -> _Labels:
    """Take equal labels together, so that sums come in one order whatever the order of rows."""
    # One number for both: shares and rates of so many would not fit any memory before it overflowed.
    key = np.sort(item * np.int64(n_raters * n_classes) + given)
    first = boundaries(key)
    times = np.diff(first, append=item.size).astype(np.float64)
    items, kept = np.divmod(key[first], n_raters * n_classes)
    seen = np.bincount(kept, minlength=n_raters * n_classes) > 0
    return _Labels(items, kept, times, boundaries(items), seen, int(item.max()) + 1, n_raters, n_classes)


def _check_options(tol: float, max_iter: int) -> None:
    if max_iter != int(max_iter) or max_iter < 1 or np.isnan(tol):
        what = "max_iter must be a whole number, 1 or more, and tol a number; tol=-inf takes every step."
        raise ValueError(what)


def _prior(prior: ArrayLike | None, labels: _Labels) -> Floats | None:
    """Return agreed counts as class × (rater × label)."""
    if prior is None:
        return None
    given, k = np.asarray(prior, dtype=np.float64), labels.n_classes
    if given.shape not in ((k, k), (labels.n_raters, k, k)) or not (np.isfinite(given) & (given >= 0.0)).all():
        what = f"prior must be ({k}, {k}) or (raters, {k}, {k}) counts of true × given, finite and 0 or more."
        raise ValueError(what)
    whole = np.broadcast_to(given, (labels.n_raters, k, k))
    return np.ascontiguousarray(whole.transpose(1, 0, 2)).reshape(k, -1)


def _start(start: str | ArrayLike, labels: _Labels) -> Floats:
    """Return the probabilities of the classes to begin with, class × item."""
    if isinstance(start, str):
        if start != "vote":
            what = "start must be 'vote' or probabilities (items, classes)."
            raise ValueError(what)
        label = labels.given % labels.n_classes
        size = labels.n_classes * labels.n_items
        votes = np.bincount(label * labels.n_items + labels.item, weights=labels.times, minlength=size)
        chance = votes.reshape(labels.n_classes, labels.n_items)
        return np.asarray(chance / chance.sum(axis=0))
    given = np.asarray(start, dtype=np.float64)
    if given.shape != (labels.n_items, labels.n_classes) or not (np.isfinite(given) & (given >= 0.0)).all():
        what = f"start must be ({labels.n_items}, {labels.n_classes}) probabilities, finite and 0 or more."
        raise ValueError(what)
    if not np.allclose(given.sum(axis=1), 1.0):
        what = "start must add up to 1 for each item; divide by the sum over classes."
        raise ValueError(what)
    return np.ascontiguousarray(given.T)


# ------------------------------------------------------------------------------------------------ one step


def _shares(chance: Floats) -> Floats:
    return np.asarray(chance.sum(axis=1) / chance.shape[1])


def _rates(labels: _Labels, chance: Floats, prior: Floats | None, *, compiled: bool) -> Floats:
    """Return the rates class × (rater × label) from the probabilities of the classes."""
    size, seen = labels.n_raters * labels.n_classes, labels.seen
    if compiled:
        from riskshare.kernels import compiled_reliability as twin

        counts = twin.sums_by(labels.given, labels.item, labels.times, chance, size)
    else:
        counts = np.stack(
            [np.bincount(labels.given, weights=labels.times * own[labels.item], minlength=size) for own in chance]
        )
    if prior is not None:
        counts = counts + prior
        seen = seen | (prior > 0.0).any(axis=0)
    counts = np.where(seen, np.maximum(counts, LEAST), 0.0).reshape(labels.n_classes, labels.n_raters, -1)
    return np.asarray((counts / counts.sum(axis=2, keepdims=True)).reshape(labels.n_classes, size))


def _chances(labels: _Labels, shares: Floats, rates: Floats, *, compiled: bool) -> tuple[Floats, float]:
    """Return the probabilities of the classes, class × item, and the log likelihood."""
    log_rates = np.log(np.maximum(rates, np.finfo(np.float64).tiny))
    if compiled:
        from riskshare.kernels import compiled_reliability as twin

        told = twin.sums_of_runs(labels.given, labels.times, log_rates, labels.starts)
    else:
        told = np.stack(
            [np.bincount(labels.item, labels.times * own[labels.given], labels.n_items) for own in log_rates]
        )
    told += np.log(np.maximum(shares, LEAST))[:, None]
    top = told.max(axis=0)
    told -= top
    chance = np.exp(told, out=told)
    total = chance.sum(axis=0)
    chance /= total
    return chance, float((top + np.log(total)).sum())
