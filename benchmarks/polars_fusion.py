"""The same model in Polars: from coded rows with lineage to W⁺, W⁻, log-odds and points of every subject and lens.

Written as a practised Polars user would: lazy frames of small integer codes, group-bys and joins that run on every
thread, no Python loop over rows. It knows what ``pandas_fusion`` knows, and refuses what that refuses.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from riskshare.kernels.fusion import Rules
from riskshare.kernels.scores import Policy

MAX_HOPS = 50
GROUP = ("unit", "indicator", "token", "denies")


def frames(coded) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows and edges as frames of small integer codes, ready for ``fuse``."""
    small = {"unit": np.int32, "indicator": np.int8, "agency": np.int8, "cell": np.int8, "age": np.int16}
    columns = {k: v.astype(small[k]) if k in small else v for k, v in coded.rows._asdict().items() if k != "recorded"}
    edges = {"tail": coded.edges.tail, "head": coded.edges.head, "agency": coded.edges.agency[coded.ref]}
    return pl.DataFrame({"row": np.arange(coded.rows.unit.size), **columns}), pl.DataFrame(edges)


def fuse(rows: pl.DataFrame, edges: pl.DataFrame, policy: Policy, n_units: int) -> dict[str, np.ndarray]:
    """Return raising, protective, log_odds (nats) and points of each unit (even units lens 0, odd lens 1)."""
    if not np.isfinite(policy.rules.agency_p).all():
        raise ValueError("this twin sums powers and has no rule for p = inf")  # noqa: EM101
    pairs = resolve(rows, edges, policy)
    everything = weigh_units(pairs.lazy(), policy.rules)
    raising, protective = _by_unit(everything, n_units)
    capped = raising.copy()
    caps = [("anecdotal", policy.anecdotal_cap), ("in_sector", float(policy.sector_caps[0]))]
    above = everything.select("unit", "raising")
    for member, most in caps:
        # Without x is 0 or more, so only units above C_x that hold something of x need the second pass.
        with_some = pairs.lazy().filter(pl.col(member)).select("unit").unique()
        held = above.lazy().filter(pl.col("raising") > most).join(with_some, on="unit", how="semi").collect()
        rest = pairs.lazy().join(held.lazy(), on="unit", how="semi").filter(~pl.col(member))
        without = _by_unit(weigh_units(rest, policy.rules), n_units)[0]
        units = held["unit"].to_numpy()
        capped[units] = np.minimum(capped[units], without[units] + most)
    log_odds = policy.base_rate[np.arange(n_units) % 2] + capped - protective
    (l1, p1), (l2, p2) = policy.anchors
    points = np.rint(np.clip(p1 + (log_odds - l1) * ((p2 - p1) / (l2 - l1)), 0, 100)).astype(np.int64)
    return {"raising": capped, "protective": protective, "log_odds": log_odds, "points": points}


def _by_unit(told: pl.DataFrame, n_units: int) -> tuple[np.ndarray, np.ndarray]:
    raising, protective = np.zeros(n_units), np.zeros(n_units)
    unit = told["unit"].to_numpy()
    raising[unit], protective[unit] = told["raising"].to_numpy(), told["protective"].to_numpy()
    return raising, protective


def _lookup(values: np.ndarray, column: str) -> pl.Expr:
    """Return the agreed number of each code: a gather, which is cheaper than a join."""
    return pl.lit(pl.Series(values)).gather(pl.col(column).cast(pl.UInt32))


# ---------------------------------------------------------------------------------------------------- 2. origins


def resolve(rows: pl.DataFrame, edges: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return one line per (row, root) that counts, with its weight v, and whether its row could be a twin."""
    cells, n_rows, claims_from = policy.cells, rows.height, rows.height + edges.height
    live = edges.filter(~rows["dead"].gather(edges["tail"]))
    repeats = np.zeros(n_rows, dtype=bool)
    repeats[live["tail"].to_numpy()] = True
    weight = -np.log1p(-np.minimum(cells.trust, cells.tau_max))
    in_sector = _lookup(policy.sectors[0], "agency")
    own = (
        rows.lazy()
        .filter(pl.col("counts") & ~pl.col("dead") & ~pl.lit(pl.Series(repeats)))
        .filter(pl.col("age") < _lookup(cells.retention, "indicator"))
        .select(
            "unit", "indicator", "denies", "anecdotal", "agency", "age", "severity",
            pl.col("row").alias("origin"),
            pl.when(pl.col("claim") >= 0).then(pl.col("claim") + claims_from).otherwise(pl.col("row")).alias("token"),
            _lookup(cells.first_hand, "cell").alias("stated"),
            _lookup(weight, "cell").alias("weight"),
            ((pl.col("claim") < 0) & ~pl.col("lineage")).alias("may_be_twin"),
        )
    )  # fmt: skip
    relays = _relays(rows, live, repeats, policy, claims_from)
    return pl.concat([own, relays], how="vertical").with_columns(in_sector.alias("in_sector")).collect()


def _relays(
    rows: pl.DataFrame, live: pl.DataFrame, repeats: np.ndarray, policy: Policy, claims_from: int
) -> pl.LazyFrame:
    cells, n_rows = policy.cells, rows.height
    found = _trace(live, repeats, n_rows).with_columns((pl.col("root") >= n_rows).alias("absent"))
    speaker = found.select(pl.when("absent").then("via").otherwise("root").alias("row"))["row"]
    lent = rows[speaker.to_numpy()].select(
        "severity", "age", "anecdotal", "claim", "dead",
        pl.col("agency").alias("lent_agency"),
        _lookup(cells.trust, "cell").alias("trust"),
        _lookup(cells.first_hand, "cell").alias("first_hand"),
    )  # fmt: skip
    once = (
        pl.concat([found, lent], how="horizontal")
        .lazy()
        .group_by("row", "root")
        .agg(
            pl.col("hops", "absent").first(), pl.col("dead").first() & ~pl.col("absent").first(),
            pl.when(pl.col("absent").first()).then(pl.col("agency").first())
            .otherwise(pl.col("lent_agency").first()).alias("agency"),
            pl.col("trust", "severity").min(), pl.col("age").max(), pl.col("anecdotal").any(),
            pl.col("claim").max(), pl.col("claim").min().alias("lowest_claim"), pl.col("first_hand").first(),
        )
        .with_columns(pl.len().over("row").alias("n_roots"))
    )  # fmt: skip
    teller = rows.lazy().select(
        "row", "unit", "indicator", "denies", "counts", "cell",
        pl.col("anecdotal").alias("own_anecdotal"), pl.col("severity").alias("own_severity"),
    )  # fmt: skip
    passed_on = cells.relay_fidelity ** (pl.col("hops") - pl.col("absent")).cast(pl.Float64) * pl.col("trust")
    tau = pl.min_horizontal(_lookup(cells.trust, "cell"), passed_on, pl.lit(cells.tau_max))
    agreed = (pl.col("claim") == pl.col("lowest_claim")) & (pl.col("claim") >= 0)
    return (
        once.join(teller, on="row")
        .filter(pl.col("counts") & ~pl.col("dead") & (pl.col("age") < _lookup(cells.retention, "indicator")))
        .select(
            "unit", "indicator", "denies", pl.col("anecdotal") | pl.col("own_anecdotal"), "agency", "age",
            pl.min_horizontal("severity", "own_severity").alias("severity"),
            pl.col("root").alias("origin"),
            pl.when(agreed).then(pl.col("claim") + claims_from).otherwise(pl.col("root")).alias("token"),
            (pl.col("absent") | pl.col("first_hand")).alias("stated"),
            ((1.0 - tau).log() * -1.0 / pl.col("n_roots")).alias("weight"),
            pl.lit(False).alias("may_be_twin"),
        )
    )  # fmt: skip


def _trace(live: pl.DataFrame, repeats: np.ndarray, n_rows: int) -> pl.DataFrame:
    """Return (row, root, via, hops, agency of an absent root): every root at its first arrival, one hop a round."""
    live = live.with_columns(pl.col("agency").cast(pl.Int8))
    frontier = live.select(
        pl.col("tail").alias("row"), pl.col("head").alias("here"), pl.col("tail").alias("via"), "agency",
        pl.lit(1).alias("hops"),
    )  # fmt: skip
    onward = live.rename({"tail": "here", "head": "next"})
    arrived = []
    while frontier.height:
        if len(arrived) > MAX_HOPS:
            raise ValueError("a ring of reports: this twin has no rule for it")  # noqa: EM101
        here = frontier["here"].to_numpy()
        at_root = (here >= n_rows) | ~repeats[np.minimum(here, n_rows - 1)]
        arrived.append(frontier.filter(at_root))
        frontier = (
            frontier.filter(~at_root)
            .select("row", "here", "hops")
            .unique(["row", "here"])
            .join(onward, on="here")
            .select("row", pl.col("next").alias("here"), pl.col("here").alias("via"), "agency", pl.col("hops") + 1)
        )
    found = pl.concat(arrived).rename({"here": "root"})
    return found.filter(pl.col("hops") == pl.col("hops").min().over("row", "root"))


# ------------------------------------------------------------------------------------------- 3. claims and 5. totals


def weigh_units(pairs: pl.LazyFrame, rules: Rules) -> pl.DataFrame:
    """Return W⁺ and W⁻ of each unit that has a pair, before caps."""
    told = _join_twins(pairs, rules.twin_days)
    truth = _truth_of_levels(told, rules)
    against = truth.filter("denies").select(*GROUP[:3], pl.col("truth").alias("denied"))
    believed = pl.col("truth") * (1.0 - pl.col("denied").fill_null(0.0))
    bite = (_lookup(-rules.strength, "indicator") * pl.col("at_least")).exp() - 1.0
    return (
        truth.filter(~pl.col("denies"))
        .join(against, on=list(GROUP[:3]), how="left")
        .select(*GROUP[:3], (-(believed * bite).log1p()).alias("weight"))
        .group_by(*GROUP[:3])
        .agg(pl.col("weight").max())
        .with_columns(_lookup(rules.repeat_p, "indicator").alias("p"))
        .group_by("unit", "indicator")
        .agg((pl.col("weight").pow(pl.col("p"))).sum().alias("power"), pl.col("p").first())
        .select(
            "unit", _lookup(rules.family, "indicator").alias("family"),
            _lookup(rules.direction > 0, "indicator").alias("raises"),
            pl.min_horizontal(
                pl.col("power").pow(1.0 / pl.col("p")), _lookup(rules.ceiling, "indicator")
            ).alias("norm"),
        )
        .with_columns(_lookup(rules.family_p, "family").alias("p"))
        .group_by("unit", "family")
        .agg(pl.col("raises", "p").first(), pl.col("norm").pow(pl.col("p")).sum().alias("power"))
        .with_columns(pl.col("power").pow(1.0 / pl.col("p")).alias("amount"))
        .group_by("unit")
        .agg(
            pl.col("amount").filter(pl.col("raises")).sum().alias("raising"),
            pl.col("amount").filter(~pl.col("raises")).sum().alias("protective"),
        )
        .collect()
    )  # fmt: skip


def _join_twins(pairs: pl.LazyFrame, twin_days: int) -> pl.DataFrame:
    """Give rows of one kind that lie at most ``twin_days`` apart one claim, and take their origins as unstated."""
    kind = ["unit", "indicator", "denies"]
    alone = pairs.filter("may_be_twin").select(*kind, "age", "origin").sort(*kind, "age")
    same = pl.all_horizontal(*(pl.col(name) == pl.col(name).shift() for name in kind))
    near = same & (pl.col("age") - pl.col("age").shift() <= twin_days)
    sets = (
        alone.with_columns((~near).fill_null(True).cum_sum().alias("run"))
        .with_columns(pl.len().over("run").alias("n"), pl.col("origin").min().over("run").alias("lowest"))
        .filter(pl.col("n") > 1)
        .select("origin", "lowest")
    )
    twin = pl.col("lowest").is_not_null()
    return (
        pairs.join(sets, on="origin", how="left")
        .select(
            "unit", "indicator", pl.coalesce("lowest", "token").alias("token"), "denies", "origin", "weight", "age",
            pl.when(pl.col("stated") & ~twin).then(pl.col("agency") + 1).otherwise(0).cast(pl.Int8).alias("klass"),
            pl.when("denies").then(1.0).otherwise("severity").alias("severity"),
        )
        .collect()
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- 4. support


def _truth_of_levels(told: pl.DataFrame, rules: Rules) -> pl.LazyFrame:
    """Return t of every (claim, stance, severity)."""
    groups = told.lazy().group_by(*GROUP).agg(pl.len().alias("n")).collect()
    groups = groups.with_row_index("group")
    told = told.join(groups, on=list(GROUP))
    fresh = (pl.col("age") * -np.log(2.0) / _lookup(rules.half_life, "indicator")).exp()
    single = (
        told.lazy()
        .filter(pl.col("n") == 1)
        .select(
            *GROUP, pl.col("severity").alias("at_least"), (fresh * (1.0 - (-pl.col("weight")).exp())).alias("truth")
        )
    )
    several = told.lazy().filter(pl.col("n") > 1).drop("n").collect().lazy()
    levels = several.select("group", pl.col("severity").alias("at_least")).unique()
    of_level = levels.join(several, on="group").filter(pl.col("severity") >= pl.col("at_least"))
    layers = (
        of_level.select("group", "at_least", "indicator", "age")
        .unique(["group", "at_least", "age"])
        .sort("group", "at_least", "age")
        .with_columns(fresh.alias("fresh"))
        .with_columns(pl.col("fresh").shift(-1).over("group", "at_least").fill_null(0.0).alias("next"))
        .select("group", "at_least", pl.col("age").alias("oldest"), (pl.col("fresh") - pl.col("next")).alias("step"))
        .with_row_index("layer")
        .collect()
        .lazy()
    )
    believed = _believe(
        layers.join(of_level, on=["group", "at_least"]).filter(pl.col("age") <= pl.col("oldest")), rules
    )
    varied = (
        layers.join(believed, on="layer")
        .group_by("group", "at_least")
        .agg((pl.col("step") * pl.col("truth")).sum().alias("truth"))
        .join(groups.lazy(), on="group")
        .select(*GROUP, "at_least", "truth")
    )
    return pl.concat([single, varied])


def _believe(pairs: pl.LazyFrame, rules: Rules) -> pl.LazyFrame:
    """Return T of each layer: best of an origin, p-norm inside an agency, sum between agencies, q-norm with U."""
    q = rules.unstated_p
    total = (pl.col("S").pow(q) + pl.col("U").pow(q)).pow(1.0 / q)
    return (
        pairs.group_by("layer", "klass", "origin")
        .agg(pl.col("weight").max())
        .with_columns(_lookup(np.append(q, rules.agency_p), "klass").alias("p"))
        .group_by("layer", "klass")
        .agg(pl.col("weight").pow(pl.col("p")).sum().alias("power"), pl.col("p").first())
        .with_columns(pl.col("power").pow(1.0 / pl.col("p")).alias("joined"))
        .group_by("layer")
        .agg(
            pl.col("joined").filter(pl.col("klass") > 0).sum().alias("S"),
            pl.col("joined").filter(pl.col("klass") == 0).sum().alias("U"),
        )
        .select("layer", (1.0 - (-total).exp()).alias("truth"))
    )
