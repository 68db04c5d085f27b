"""Time Dawid and Skene's model beside crowd-kit, in one run: ``python benchmarks/dawid_skene.py --labels 1000000``.

Both start from the vote and take the same number of steps; the program fails if a probability differs by 1e-8.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from peak import peak_mib

from riskshare.kernels.reliability import dawid_skene

CLASSES, LABELS_AN_ITEM = 4, 5


def make(n_labels: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (item, rater, label): five labels an item, raters who are right in 40 to 95 % of what they say."""
    rng = np.random.default_rng(seed)
    items, raters = max(n_labels // LABELS_AN_ITEM, 1), max(n_labels // 2_000, 3)
    true, right = rng.integers(0, CLASSES, items), rng.uniform(0.4, 0.95, raters)
    item = np.repeat(np.arange(items), LABELS_AN_ITEM)
    rater = np.unique(rng.integers(0, raters, item.size), return_inverse=True)[1]
    said = rng.integers(0, CLASSES, item.size)
    return item, rater, np.where(rng.random(item.size) < right[rater], true[item], said)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args(arguments)
    from crowdkit.aggregation import DawidSkene

    dawid_skene(*make(100), CLASSES, compiled=True)  # loads what is compiled
    worst = 0.0
    for n in options.labels:
        item, rater, label = make(n)
        told, seconds = [], []
        for compiled in (True, False):
            start = time.process_time()
            found = dawid_skene(item, rater, label, CLASSES, tol=-np.inf, max_iter=options.steps, compiled=compiled)
            seconds.append(time.process_time() - start)
            told.append(found.posteriors)
        frame = pd.DataFrame({"task": item, "worker": rater, "label": label})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the peer's own
            start = time.process_time()
            theirs = DawidSkene(n_iter=options.steps, tol=-np.inf).fit(frame).probas_
            peer = time.process_time() - start
        chances = theirs.sort_index().sort_index(axis=1).to_numpy()
        worst = max(worst, *(float(np.abs(one - chances).max()) for one in told))
        print(
            f"{n:>10,} labels, {options.steps} steps: compiled {seconds[0]:7.3f} s, NumPy {seconds[1]:7.3f} s,"
            f" crowd-kit {peer:7.2f} s, {peer / seconds[0]:5.1f} x, peak {peak_mib():,.0f} MiB (processor seconds)"
        )
    print(f"greatest difference of a probability: {worst:.0e}")
    return int(worst > 1e-8)


if __name__ == "__main__":
    raise SystemExit(main())
