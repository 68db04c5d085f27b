"""Time Knox beside pointpats, in one run: ``python benchmarks/near_repeat.py --events 500 1000 2000``.

Both count the same pairs with the same number of permutations; the program fails if one count differs, or if p of the
compiled twin and of the NumPy form does.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from peak import peak_mib
from results import Line, add_option, said, tell, timed

from riskshare.kernels.near_repeat import Knox, knox

NEAR_M, NEAR_DAYS = 200.0, 7.0


def make(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places in whole metres, one event a hectare, and days of one year."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, int(100 * n**0.5), (2, n)).astype(float)
    return x, y, rng.integers(0, 365, n).astype(float)


def run(n: int, options: argparse.Namespace) -> bool:
    """Time one size; return whether all forms agree."""
    (x, y, t), permutations = make(n), options.permutations
    part = f"Near repeats (Knox), {permutations} permutations"
    fast, *took = timed(lambda: ours(x, y, t, permutations, compiled=True))
    slow, *took_slow = timed(lambda: ours(x, y, t, permutations, compiled=False))
    same = np.array_equal(fast.observed, slow.observed) and np.array_equal(fast.p, slow.p)
    lines = [
        Line(part, n, "events", "knox, compiled", "ours", *took),
        Line(part, n, "events", "knox, NumPy form", "ours", *took_slow, equal=said(same, "the same pairs and p")),
    ]
    if n in options.events:
        theirs, *took = timed(lambda: by_pointpats(x, y, t, permutations))
        equal = np.array_equal(fast.observed, theirs)
        lines.append(Line(part, n, "events", "pointpats Knox", "peer", *took, equal=said(equal, "the same pairs")))
        same = same and equal
    tell(options.results, lines)
    return same


def ours(x: np.ndarray, y: np.ndarray, t: np.ndarray, permutations: int, *, compiled: bool) -> Knox:
    space, days = ([0.0, np.nextafter(edge, np.inf), np.inf] for edge in (NEAR_M, NEAR_DAYS))
    rng = np.random.default_rng(2)
    return knox(x, y, t, space, days, n_permutations=permutations, rng=rng, compiled=compiled)


def by_pointpats(x: np.ndarray, y: np.ndarray, t: np.ndarray, permutations: int) -> np.ndarray:
    from pointpats.spacetime import Knox as Theirs

    return Theirs(np.stack((x, y), axis=1), t[:, None], NEAR_M, NEAR_DAYS, permutations=permutations).observed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[500, 1_000, 2_000])
    parser.add_argument("--permutations", type=int, default=999)
    parser.add_argument("--alone", type=int, nargs="*", default=[20_000], help="sizes too large for the peer")
    add_option(parser)
    options = parser.parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's, at import
        import pointpats.spacetime  # noqa: F401  # importing is not timed
    ours(*make(100), 9, compiled=True)  # loads what is compiled
    differ = sum(not run(n, options) for n in [*options.events, *options.alone])
    print(f"peak {peak_mib():,.0f} MiB")
    print("same pairs" if not differ else f"{differ} sizes differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
