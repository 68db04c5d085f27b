"""Time Knox beside pointpats, in one run: ``python benchmarks/near_repeat.py --events 500 1000 2000``.

Both count the same pairs with the same number of permutations; the program fails if one count differs.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from peak import peak_mib

from riskshare.kernels.near_repeat import knox

NEAR_M, NEAR_DAYS = 200.0, 7.0


def make(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places in whole metres, one event a hectare, and days of one year."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, int(100 * n**0.5), (2, n)).astype(float)
    return x, y, rng.integers(0, 365, n).astype(float)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[500, 1_000, 2_000])
    parser.add_argument("--permutations", type=int, default=999)
    parser.add_argument("--alone", type=int, nargs="*", default=[20_000], help="sizes too large for the peer")
    options = parser.parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's, at import
        from pointpats.spacetime import Knox
    space, days = ([0.0, np.nextafter(edge, np.inf), np.inf] for edge in (NEAR_M, NEAR_DAYS))
    differ = 0
    for n in [*options.events, *options.alone][:1]:  # loads what is compiled
        knox(*make(n), space, days, n_permutations=9, rng=np.random.default_rng(2), compiled=True)
    for n in [*options.events, *options.alone]:
        x, y, t = make(n)
        start, before = time.perf_counter(), peak_mib()
        ours = knox(x, y, t, space, days, n_permutations=options.permutations, rng=np.random.default_rng(2))
        seconds, after = time.perf_counter() - start, peak_mib()
        line = f"{n:>8,} events: {seconds:8.3f} s, {max(after - before, 0):6,.0f} MiB more"
        if n in options.events:
            start = time.perf_counter()
            theirs = Knox(np.stack((x, y), axis=1), t[:, None], NEAR_M, NEAR_DAYS, permutations=options.permutations)
            peer = time.perf_counter() - start
            differ += not np.array_equal(ours.observed, theirs.observed)
            line += f", pointpats {peer:8.3f} s, {peer / seconds:6.1f} x"
        print(line)
    print("same pairs" if not differ else f"{differ} sizes differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
