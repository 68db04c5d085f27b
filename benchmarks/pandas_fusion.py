"""The same model in pandas: from coded rows with lineage to W⁺, W⁻, log-odds and points of every subject and lens.

Written as a practised pandas user would: integer codes, one sort a pass, vectorised group-bys and merges, no Python
loop over rows or groups. It knows the whole model of sections 2 to 7 but rings of reports and ρ = 1, which the
benchmark's rows and policy do not have; it says so rather than answer wrongly.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskshare.kernels.fusion import Rules
from riskshare.kernels.origins import Cells
from riskshare.kernels.scores import Policy

MAX_HOPS = 50


def frames(coded) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows and edges as frames of small integer codes, ready for ``fuse``."""
    small = {"unit": np.int32, "indicator": np.int8, "agency": np.int8, "cell": np.int8, "age": np.int16}
    columns = {k: v.astype(small[k]) if k in small else v for k, v in coded.rows._asdict().items() if k != "recorded"}
    edges = {"tail": coded.edges.tail, "head": coded.edges.head, "agency": coded.edges.agency[coded.ref]}
    return pd.DataFrame(columns, copy=False), pd.DataFrame(edges, copy=False)


def fuse(rows: pd.DataFrame, edges: pd.DataFrame, policy: Policy, n_units: int) -> pd.DataFrame:
    """Return raising, protective, log_odds (nats) and points, one line per unit (even units lens 0, odd lens 1)."""
    if not np.isfinite(policy.rules.agency_p).all():
        raise ValueError("this twin sums powers and has no rule for p = inf")  # noqa: EM101
    pairs = resolve(rows, edges, policy.cells)
    everything = weigh_units(pairs, policy.rules, n_units)
    raising = everything["raising"].to_numpy()
    capped = raising.copy()
    caps = [(pairs["anecdotal"].to_numpy(), policy.anecdotal_cap)]
    for in_sector, most in zip(policy.sectors, policy.sector_caps, strict=True):
        caps.append((in_sector[pairs["agency"].to_numpy()], most))
    unit = pairs["unit"].to_numpy()
    for member, most in caps:
        # Without x is 0 or more, so only units above C_x that hold something of x need the second pass.
        held = np.zeros(n_units, dtype=bool)
        held[unit[member]] = True
        held &= raising > most
        without = weigh_units(pairs[held[unit] & ~member], policy.rules, n_units)["raising"].to_numpy()
        capped = np.where(held, np.minimum(capped, without + most), capped)
    log_odds = policy.base_rate[np.arange(n_units) % 2] + capped - everything["protective"].to_numpy()
    (l1, p1), (l2, p2) = policy.anchors
    points = np.rint(np.clip(p1 + (log_odds - l1) * ((p2 - p1) / (l2 - l1)), 0, 100)).astype(np.int64)
    return pd.DataFrame(
        {"raising": capped, "protective": everything["protective"], "log_odds": log_odds, "points": points}
    )


def fuse_in_chunks(
    rows: pd.DataFrame, edges: pd.DataFrame, policy: Policy, n_units: int, chunk: int, rows_a_subject: int
) -> pd.DataFrame:
    """Return what ``fuse`` does, some whole subjects at a time (every subject has the same number of rows)."""
    parts = []
    step = chunk // rows_a_subject * rows_a_subject
    for begin in range(0, len(rows), step):
        end = min(begin + step, len(rows))
        here = slice(*np.searchsorted(edges["tail"], (begin, end)))
        some = edges.iloc[here]
        absent = some["head"] >= len(rows)
        head = some["head"].where(~absent, some["head"] - len(rows) + end) - begin
        first = begin // rows_a_subject * 2
        part = rows.iloc[begin:end].reset_index(drop=True)
        part["unit"] = part["unit"] - first
        some = some.assign(tail=some["tail"] - begin, head=head)
        parts.append(fuse(part, some, policy, min(n_units, end // rows_a_subject * 2) - first))
    return pd.concat(parts, ignore_index=True)


# ---------------------------------------------------------------------------------------------------- 2. origins


def resolve(rows: pd.DataFrame, edges: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Return one line per (row, root) that counts, with its weight v, and whether its row could be a twin."""
    dead = rows["dead"].to_numpy()
    live = edges[~dead[edges["tail"]]]
    repeats = np.zeros(len(rows), dtype=bool)
    repeats[live["tail"]] = True
    own = rows[rows["counts"] & ~dead & ~repeats & (rows["age"] < cells.retention[rows["indicator"]])]
    tau = np.minimum(cells.trust[own["cell"]], cells.tau_max)
    columns = ["unit", "indicator", "agency", "denies", "anecdotal", "age", "severity"]
    first_hand = own[columns].assign(
        origin=own.index,
        token=np.where(own["claim"] >= 0, own["claim"] + len(rows) + len(edges), own.index),
        stated=cells.first_hand[own["cell"]],
        weight=-np.log1p(-tau),
        may_be_twin=(own["claim"] < 0) & ~own["lineage"],
    )
    relays = _relays(rows, live, repeats, cells, len(rows) + len(edges))
    return pd.concat([first_hand, relays], ignore_index=True) if len(relays) else first_hand


def _relays(
    rows: pd.DataFrame, live: pd.DataFrame, repeats: np.ndarray, cells: Cells, claims_from: int
) -> pd.DataFrame:
    found = _trace(live, repeats, len(rows))
    found["n_roots"] = found.groupby("row")["root"].transform("nunique")
    found["absent"] = found["root"] >= len(rows)
    present = ~found["absent"]
    speaker = found["via"].where(found["absent"], found["root"])
    found["hops"] -= found["absent"]
    lent = rows.iloc[speaker]
    for column in ("severity", "age", "anecdotal", "claim", "cell"):
        found[column] = lent[column].to_numpy()
    found["trust"] = cells.trust[found["cell"]]
    found["first_hand"] = cells.first_hand[found["cell"]]
    found["agency"] = found["agency"].where(found["absent"], lent["agency"].to_numpy())
    found["dead"] = lent["dead"].to_numpy() & present
    # Stand-ins that are equally near an absent record join: lowest trust, mildest, oldest, the claim they agree on.
    once = found.groupby(["row", "root"], sort=False, as_index=False).agg(
        n_roots=("n_roots", "first"), hops=("hops", "first"), absent=("absent", "first"), dead=("dead", "first"),
        agency=("agency", "first"), trust=("trust", "min"), severity=("severity", "min"), age=("age", "max"),
        anecdotal=("anecdotal", "any"), claim=("claim", "max"), lowest_claim=("claim", "min"),
        first_hand=("first_hand", "first"),
    )  # fmt: skip
    agreed = (once["claim"] == once["lowest_claim"]) & (once["claim"] >= 0)
    teller = rows.iloc[once["row"]].reset_index(drop=True)
    keep = teller["counts"] & ~once["dead"] & (once["age"] < cells.retention[teller["indicator"]])
    once, teller, agreed = once[keep], teller[keep], agreed[keep]
    passed_on = cells.relay_fidelity ** once["hops"].astype(float) * once["trust"]
    tau = np.minimum(np.minimum(cells.trust[teller["cell"]], passed_on), cells.tau_max)
    return teller[["unit", "indicator", "denies"]].assign(
        agency=once["agency"].astype(np.int8),
        anecdotal=teller["anecdotal"] | once["anecdotal"],
        age=once["age"],
        severity=np.minimum(teller["severity"], once["severity"]),
        origin=once["root"],
        token=once["root"].where(~agreed, once["claim"] + claims_from),
        stated=once["absent"] | once["first_hand"],
        weight=-np.log1p(-tau) / once["n_roots"],
        may_be_twin=False,
    )


def _trace(live: pd.DataFrame, repeats: np.ndarray, n_rows: int) -> pd.DataFrame:
    """Return (row, root, via, hops, agency of an absent root): every root at its first arrival, one hop a round."""
    frontier = live.rename(columns={"tail": "row", "head": "here"}).assign(hops=1)
    frontier["via"] = frontier["row"]
    onward = live.rename(columns={"tail": "here", "head": "next"})
    arrived = []
    while len(frontier):
        if len(arrived) > MAX_HOPS:
            raise ValueError("a ring of reports: this twin has no rule for it")  # noqa: EM101
        here = frontier["here"].to_numpy()
        at_root = (here >= n_rows) | ~repeats[np.minimum(here, n_rows - 1)]
        arrived.append(frontier[at_root])
        frontier = frontier.loc[~at_root, ["row", "here", "hops"]].drop_duplicates(["row", "here"])
        frontier = frontier.merge(onward, on="here")
        frontier = frontier.assign(via=frontier["here"], here=frontier["next"], hops=frontier["hops"] + 1)
    found = pd.concat(arrived, ignore_index=True)[["row", "here", "via", "hops", "agency"]]
    found = found.rename(columns={"here": "root"})
    first = found["hops"] == found.groupby(["row", "root"])["hops"].transform("min")
    found = found[first]
    found.loc[found["root"] < n_rows, "via"] = -1
    return found.drop_duplicates(["row", "root", "via"]).reset_index(drop=True)


# ------------------------------------------------------------------------------------------- 3. claims and 5. totals


def weigh_units(pairs: pd.DataFrame, rules: Rules, n_units: int) -> pd.DataFrame:
    """Return W⁺ and W⁻ of each unit, before caps."""
    pairs = _in_order(_join_twins(pairs, rules.twin_days))
    first_of_claim = pairs.drop_duplicates("claim")[["unit", "indicator"]]
    truth = _truth_of_levels(pairs, rules)
    n_claims = len(first_of_claim)
    against = np.zeros(n_claims)
    denial = truth[truth["denies"]]
    against[denial["claim"]] = denial["truth"]
    support = truth[~truth["denies"]]
    strength = rules.strength[first_of_claim["indicator"].to_numpy()[support["claim"]]]
    believed = support["truth"] * (1.0 - against[support["claim"]])
    weight = -np.log1p(believed * np.expm1(-strength * support["severity"]))
    best = weight.groupby(support["claim"]).max()

    claims = first_of_claim.iloc[best.index].reset_index(drop=True)
    p = rules.repeat_p[claims["indicator"]]
    claims["power"] = best.to_numpy() ** p
    key = claims["unit"].astype(np.int64) * len(rules.strength) + claims["indicator"]
    kind = claims.groupby(_runs(key), sort=False).agg(
        unit=("unit", "first"), indicator=("indicator", "first"), power=("power", "sum")
    )
    code = kind["indicator"].to_numpy()
    norm = np.minimum(kind["power"] ** (1.0 / rules.repeat_p[code]), rules.ceiling[code])
    kind["family"] = rules.family[code]
    kind["power"] = norm ** rules.family_p[kind["family"]]
    family = kind.groupby(_runs(kind["unit"].astype(np.int64) * len(rules.family_p) + kind["family"]), sort=False).agg(
        unit=("unit", "first"), indicator=("indicator", "first"), family=("family", "first"), power=("power", "sum")
    )
    amount = family["power"] ** (1.0 / rules.family_p[family["family"]])
    up = rules.direction[family["indicator"]] > 0
    every = pd.RangeIndex(n_units)
    return pd.DataFrame(
        {
            "raising": amount[up].groupby(family["unit"][up]).sum().reindex(every, fill_value=0.0),
            "protective": amount[~up].groupby(family["unit"][~up]).sum().reindex(every, fill_value=0.0),
        }
    )


def _join_twins(pairs: pd.DataFrame, twin_days: int) -> pd.DataFrame:
    """Give rows of one kind that lie at most ``twin_days`` apart one claim, and take their origins as unstated."""
    alone = pairs.loc[pairs["may_be_twin"], ["unit", "indicator", "denies", "age", "origin"]]
    group = (alone["unit"].astype(np.int64) * 128 + alone["indicator"]) * 2 + alone["denies"]
    key = (group * (1 << 16) + alone["age"]).sort_values()
    origin = alone["origin"].loc[key.index]
    apart = (key.diff() > twin_days).to_numpy()  # another group is at least 2¹⁶ − age away
    by_set = origin.groupby(apart.cumsum(), sort=False)
    several = (by_set.transform("size") > 1).to_numpy()
    origin, lowest = origin[several].to_numpy(), by_set.transform("min")[several].to_numpy()
    size = int(pairs[["token", "origin"]].max().max()) + 1 if len(pairs) else 0
    merged = np.arange(size)
    merged[origin] = lowest
    twin = np.zeros(size, dtype=bool)
    twin[origin] = True
    return pairs.assign(token=merged[pairs["token"]], stated=pairs["stated"] & ~twin[pairs["origin"]])


def _in_order(pairs: pd.DataFrame) -> pd.DataFrame:
    """Sort once by claim, stance, agency and origin; every later level is a run of this order."""
    klass = np.where(pairs["stated"], pairs["agency"] + 1, 0)
    wide = {name: pairs[name].to_numpy(np.int64) for name in ("unit", "indicator", "token", "denies", "origin")}
    claim = (wide["unit"] << 6 | wide["indicator"]) << 32 | wide["token"]
    within = (wide["denies"] << 5 | klass) << 32 | wide["origin"]
    order = np.lexsort((within, claim))
    keep = ["unit", "indicator", "denies", "weight", "age", "severity"]
    pairs = pairs[keep].assign(klass=klass.astype(np.int8)).take(order)
    claim, within = claim[order], within[order]
    group = _changes(claim) | _changes(within >> 37)
    agency = group | _changes(within >> 32)
    origin = agency | _changes(within)
    return pairs.assign(
        severity=pairs["severity"].where(~pairs["denies"], 1.0),
        claim=_changes(claim).cumsum() - 1,
        group=group.cumsum() - 1,
        agency_run=agency.cumsum() - 1,
        origin_run=origin.cumsum() - 1,
    ).reset_index(drop=True)


def _changes(values: np.ndarray) -> np.ndarray:
    """Return True at the first row of each run of equal values."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _runs(key: pd.Series) -> np.ndarray:
    return _changes(key.to_numpy()).cumsum()


# ----------------------------------------------------------------------------------------------------- 4. support


def _truth_of_levels(pairs: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return claim, denies, severity and t of every (claim, stance, severity)."""
    by_group = pairs.groupby("group", sort=False)
    spread = by_group[["age", "severity"]].agg(["min", "max"])
    varied = (
        (spread["age", "min"] != spread["age", "max"]) | (spread["severity", "min"] != spread["severity", "max"])
    ).to_numpy()
    is_varied = varied[pairs["group"]]
    plain = pairs[~is_varied]
    heads = plain.drop_duplicates("group")
    fresh = 2.0 ** (-heads["age"].to_numpy() / rules.half_life[heads["indicator"]])
    simple = heads[["claim", "denies", "severity"]].assign(truth=_believe(plain, plain["group"], rules) * fresh)
    if not varied.any():
        return simple
    return pd.concat([simple, _truth_of_varied(pairs[is_varied], rules)], ignore_index=True)


def _truth_of_varied(pairs: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the same for groups of several dates or severities: t = Σ (d_j − d_{j+1}) T_j for each severity."""
    levels = pairs[["group", "severity"]].drop_duplicates().reset_index(drop=True)
    levels = levels.rename(columns={"severity": "at_least"}).assign(level=levels.index)
    of_level = levels.merge(pairs, on="group")
    of_level = of_level[of_level["severity"] >= of_level["at_least"]]
    layers = of_level[["level", "age", "indicator"]].drop_duplicates(["level", "age"]).sort_values(["level", "age"])
    layers = layers.reset_index(drop=True).rename(columns={"age": "oldest"}).assign(layer=np.arange(len(layers)))
    of_layer = layers[["level", "oldest", "layer"]].merge(of_level, on="level")
    of_layer = of_layer[of_layer["age"] <= of_layer["oldest"]]
    fresh = 2.0 ** (-layers["oldest"] / rules.half_life[layers["indicator"]])
    following = fresh.shift(-1).where(layers["level"] == layers["level"].shift(-1), 0.0)
    gain = (fresh - following).to_numpy() * _believe(of_layer, of_layer["layer"], rules)
    truth = pd.Series(gain).groupby(layers["level"]).sum()
    claim = of_level.drop_duplicates("level")
    return pd.DataFrame(
        {
            "claim": claim["claim"].to_numpy(),
            "denies": claim["denies"].to_numpy(),
            "severity": claim["at_least"].to_numpy(),
            "truth": truth.to_numpy(),
        }
    )


def _believe(pairs: pd.DataFrame, instance: pd.Series, rules: Rules) -> np.ndarray:
    """Return T of each instance: best of an origin, p-norm inside an agency, sum between agencies, q-norm with U."""
    instance = instance.to_numpy()
    starts = _changes(instance) | _changes(pairs["origin_run"].to_numpy())
    best = pairs["weight"].groupby(starts.cumsum(), sort=False).max().to_numpy()
    klass, agency = pairs["klass"].to_numpy()[starts], pairs["agency_run"].to_numpy()[starts]
    instance = instance[starts]
    p = np.append(rules.unstated_p, rules.agency_p)[klass]
    starts = _changes(instance) | _changes(agency)
    power = pd.Series(best**p).groupby(starts.cumsum(), sort=False).sum().to_numpy()
    joined = power ** (1.0 / p[starts])
    instance, stated = instance[starts], klass[starts] > 0
    sides = pd.DataFrame({"S": np.where(stated, joined, 0.0), "U": np.where(stated, 0.0, joined)})
    sides = sides.groupby(_changes(instance).cumsum(), sort=False).sum()
    q = rules.unstated_p
    return -np.expm1(-((sides["S"] ** q + sides["U"] ** q) ** (1.0 / q)).to_numpy())
