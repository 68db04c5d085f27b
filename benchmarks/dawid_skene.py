"""Time Dawid and Skene's model beside crowd-kit, in one run: ``python benchmarks/dawid_skene.py --labels 1000000``.

Both start from the vote and take the same number of steps; the program fails if a probability differs by 1e-8.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd
from peak import peak_mib
from results import Line, add_option, tell, timed

from riskshare.kernels.reliability import dawid_skene

CLASSES, LABELS_AN_ITEM = 4, 5
TOLERANCE = 1e-8


def make(n_labels: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (item, rater, label): five labels an item, raters who are right in 40 to 95 % of what they say."""
    rng = np.random.default_rng(seed)
    items, raters = max(n_labels // LABELS_AN_ITEM, 1), max(n_labels // 2_000, 3)
    true, right = rng.integers(0, CLASSES, items), rng.uniform(0.4, 0.95, raters)
    item = np.repeat(np.arange(items), LABELS_AN_ITEM)
    rater = np.unique(rng.integers(0, raters, item.size), return_inverse=True)[1]
    said = rng.integers(0, CLASSES, item.size)
    return item, rater, np.where(rng.random(item.size) < right[rater], true[item], said)


def by_crowd_kit(frame: pd.DataFrame, steps: int) -> np.ndarray:
    """Return crowd-kit's probability of each class for each item."""
    from crowdkit.aggregation import DawidSkene

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's own
        found = DawidSkene(n_iter=steps, tol=-np.inf).fit(frame).probas_
    return found.sort_index().sort_index(axis=1).to_numpy()


def run(n: int, options: argparse.Namespace) -> float:
    """Time one size; return the greatest difference of a probability from the compiled twin's."""
    item, rater, label = make(n)
    frame = pd.DataFrame({"task": item, "worker": rater, "label": label})

    def ours(compiled: bool) -> np.ndarray:
        given = {"tol": -np.inf, "max_iter": options.steps, "compiled": compiled}
        return dawid_skene(item, rater, label, CLASSES, **given).posteriors

    part = f"Reliability of sources (Dawid–Skene), {options.steps} steps"
    first, *took = timed(lambda: ours(True))
    slow, *took_slow = timed(lambda: ours(False))
    theirs, *took_theirs = timed(lambda: by_crowd_kit(frame, options.steps))
    apart = [float(np.abs(found - first).max()) for found in (slow, theirs)]
    equal = [f"every probability within {one:.0e}" for one in apart]
    tell(
        options.results,
        [
            Line(part, n, "labels", "dawid_skene, compiled", "ours", *took),
            Line(part, n, "labels", "dawid_skene, NumPy form", "ours", *took_slow, equal=equal[0]),
            Line(part, n, "labels", "crowd-kit DawidSkene", "peer", *took_theirs, equal=equal[1]),
        ],
    )
    return max(apart)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=20)
    add_option(parser)
    options = parser.parse_args(arguments)
    dawid_skene(*make(100), CLASSES, compiled=True)  # loads what is compiled
    import crowdkit.aggregation  # noqa: F401  # importing is not timed

    worst = max(run(n, options) for n in options.labels)
    print(f"peak {peak_mib():,.0f} MiB")
    print(f"greatest difference of a probability: {worst:.0e}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
