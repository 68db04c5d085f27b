"""The same model in DuckDB SQL: from coded rows with lineage to W⁺, W⁻, log-odds and points of every subject and lens.

Written as a practised SQL user would: small agreed tables joined in, one statement a step, groups numbered once so that
later steps join on one integer. It knows what ``pandas_fusion`` knows, and refuses what that refuses.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from riskshare.kernels.scores import Policy

Tables = tuple[duckdb.DuckDBPyConnection, Policy, int, int]


def tables(coded, *, threads: int = 2, folder: Path | None = None) -> Tables:
    """Return a connection that holds rows, edges and the agreed numbers as tables of the smallest types that fit."""
    if not np.isfinite(coded.policy.rules.agency_p).all():
        raise ValueError("this twin sums powers and has no rule for p = inf")  # noqa: EM101
    con = duckdb.connect()
    con.execute(f"SET threads = {threads}")
    con.execute("SET preserve_insertion_order = false")
    if folder is not None:
        con.execute(f"SET temp_directory = '{folder}'")
    small = {"unit": np.int32, "indicator": np.int8, "agency": np.int8, "cell": np.int8, "age": np.int16}
    columns = {k: v.astype(small[k]) if k in small else v for k, v in coded.rows._asdict().items() if k != "recorded"}
    _keep(con, "rows", {"row": np.arange(coded.rows.unit.size), **columns})
    _keep(con, "edges", {"tail": coded.edges.tail, "head": coded.edges.head, "agency": coded.edges.agency[coded.ref]})
    rules, cells = coded.policy.rules, coded.policy.cells
    tau = np.minimum(cells.trust, cells.tau_max)
    _keep(
        con, "cells",
        {"cell": np.arange(tau.size), "trust": cells.trust, "first_hand": cells.first_hand, "v": -np.log1p(-tau)},
    )  # fmt: skip
    _keep(
        con, "kinds",
        {
            "indicator": np.arange(rules.strength.size), "strength": rules.strength, "half_life": rules.half_life,
            "repeat_p": rules.repeat_p, "ceiling": rules.ceiling, "family": rules.family,
            "family_p": rules.family_p[rules.family], "raises": rules.direction > 0, "retention": cells.retention,
        },
    )  # fmt: skip
    _keep(
        con, "classes",
        {"klass": np.arange(rules.agency_p.size + 1), "p": np.append(rules.unstated_p, rules.agency_p),
         "capped": np.append(False, coded.policy.sectors[0])},
    )  # fmt: skip
    return con, coded.policy, coded.n_units, coded.rows.unit.size


def _keep(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, np.ndarray]) -> None:
    frame = pd.DataFrame(columns, copy=False)
    con.register("sent", frame)
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM sent")
    con.unregister("sent")


def fuse(con: duckdb.DuckDBPyConnection, policy: Policy, n_units: int, n_rows: int) -> pd.DataFrame:
    """Return raising, protective, log_odds (nats) and points, one line per unit (even units lens 0, odd lens 1)."""
    resolve(con, policy, n_rows)
    weigh_units(con, policy, "SELECT * FROM pairs", "everything")
    caps = [("anecdotal", policy.anecdotal_cap), ("in_sector", float(policy.sector_caps[0]))]
    for number, (member, most) in enumerate(caps):
        # Without x is 0 or more, so only units above C_x that hold something of x need the second pass.
        held = f"""SELECT p.* FROM pairs p SEMI JOIN (
            SELECT unit FROM everything WHERE raising > {most!r} INTERSECT SELECT unit FROM pairs WHERE {member}
        ) h ON p.unit = h.unit WHERE NOT p.{member}"""
        weigh_units(con, policy, held, f"without{number}")
        con.execute(f"""CREATE OR REPLACE TEMP TABLE held{number} AS
            SELECT unit FROM everything WHERE raising > {most!r} INTERSECT SELECT unit FROM pairs WHERE {member}""")
    told = con.execute(f"""
        SELECT e.unit,
            least(e.raising,
                CASE WHEN h0.unit IS NULL THEN e.raising ELSE coalesce(w0.raising, 0) + {caps[0][1]!r} END,
                CASE WHEN h1.unit IS NULL THEN e.raising ELSE coalesce(w1.raising, 0) + {caps[1][1]!r} END) AS raising,
            e.protective
        FROM everything e
        LEFT JOIN held0 h0 USING (unit) LEFT JOIN without0 w0 USING (unit)
        LEFT JOIN held1 h1 USING (unit) LEFT JOIN without1 w1 USING (unit)
    """).fetchnumpy()
    raising, protective = np.zeros(n_units), np.zeros(n_units)
    raising[told["unit"]], protective[told["unit"]] = told["raising"], told["protective"]
    log_odds = policy.base_rate[np.arange(n_units) % 2] + raising - protective
    (l1, p1), (l2, p2) = policy.anchors
    points = np.rint(np.clip(p1 + (log_odds - l1) * ((p2 - p1) / (l2 - l1)), 0, 100)).astype(np.int64)
    return pd.DataFrame({"raising": raising, "protective": protective, "log_odds": log_odds, "points": points})


def resolve(con: duckdb.DuckDBPyConnection, policy: Policy, n_rows: int) -> None:
    """Make the table ``pairs``: one line per (row, root) that counts, with its weight v."""
    cells = policy.cells
    claims_from = f"({n_rows} + (SELECT count(*) FROM edges))"
    con.execute("""CREATE OR REPLACE TEMP TABLE live AS
        SELECT e.* FROM edges e JOIN rows r ON e.tail = r.row WHERE NOT r.dead""")
    con.execute("""CREATE OR REPLACE TEMP TABLE found AS
        WITH RECURSIVE walk AS (
            SELECT tail AS row, head AS here, tail AS via, agency, 1 AS hops FROM live
            UNION ALL
            SELECT w.row, l.head, l.tail, l.agency, w.hops + 1 FROM walk w JOIN live l ON w.here = l.tail
        )
        SELECT row, here AS root, via, agency, hops FROM walk ANTI JOIN live ON walk.here = live.tail
        QUALIFY hops = min(hops) OVER (PARTITION BY row, here)""")
    con.execute(f"""CREATE OR REPLACE TEMP TABLE once AS
        SELECT f.row, root, min(hops) - (root >= {n_rows})::INT AS hops, root >= {n_rows} AS absent,
            CASE WHEN root >= {n_rows} THEN any_value(f.agency) ELSE any_value(l.agency) END AS agency,
            bool_or(l.dead) AND root < {n_rows} AS dead, min(c.trust) AS trust, bool_or(c.first_hand) AS first_hand,
            min(l.severity) AS severity, max(l.age) AS age, bool_or(l.anecdotal) AS anecdotal,
            max(l.claim) AS claim, min(l.claim) AS lowest_claim,
            count(*) OVER (PARTITION BY f.row) AS n_roots
        FROM found f
        JOIN rows l ON l.row = CASE WHEN f.root >= {n_rows} THEN f.via ELSE f.root END
        JOIN cells c ON c.cell = l.cell
        GROUP BY f.row, root""")
    con.execute(f"""CREATE OR REPLACE TEMP TABLE pairs AS
        SELECT r.unit, r.indicator, r.denies, r.anecdotal, r.agency, s.capped AS in_sector, r.age, r.severity,
            r.row AS origin, CASE WHEN r.claim >= 0 THEN r.claim + {claims_from} ELSE r.row END AS token,
            c.first_hand AS stated, c.v AS weight, r.claim < 0 AND NOT r.lineage AS may_be_twin
        FROM rows r JOIN cells c USING (cell) JOIN kinds k USING (indicator) JOIN classes s ON s.klass = r.agency + 1
        ANTI JOIN live ON live.tail = r.row
        WHERE r.counts AND NOT r.dead AND r.age < k.retention
        UNION ALL
        SELECT r.unit, r.indicator, r.denies, r.anecdotal OR o.anecdotal, o.agency, s.capped, o.age,
            least(r.severity, o.severity), o.root,
            CASE WHEN o.claim = o.lowest_claim AND o.claim >= 0 THEN o.claim + {claims_from} ELSE o.root END,
            o.absent OR o.first_hand,
            -ln(1 - least(c.trust, o.trust * pow({cells.relay_fidelity!r}, o.hops), {cells.tau_max!r})) / o.n_roots,
            FALSE
        FROM once o JOIN rows r ON r.row = o.row JOIN cells c ON c.cell = r.cell
        JOIN kinds k ON k.indicator = r.indicator JOIN classes s ON s.klass = o.agency + 1
        WHERE r.counts AND NOT o.dead AND o.age < k.retention""")


def weigh_units(con: duckdb.DuckDBPyConnection, policy: Policy, pairs: str, into: str) -> None:
    """Make a table of W⁺ and W⁻ of each unit of some pairs, before caps."""
    q, days = policy.rules.unstated_p, policy.rules.twin_days
    con.execute(f"""CREATE OR REPLACE TEMP TABLE picked AS {pairs}""")
    con.execute(f"""CREATE OR REPLACE TEMP TABLE twins AS
        SELECT origin, min(origin) OVER s AS lowest FROM (
            SELECT *, sum(apart) OVER (in_kind ROWS UNBOUNDED PRECEDING) AS run FROM (
                SELECT unit, indicator, denies, age, origin,
                    coalesce(age - lag(age) OVER in_kind > {days}, TRUE)::INT AS apart
                FROM picked WHERE may_be_twin
                WINDOW in_kind AS (PARTITION BY unit, indicator, denies ORDER BY age, origin)
            ) WINDOW in_kind AS (PARTITION BY unit, indicator, denies ORDER BY age, origin)
        ) WINDOW s AS (PARTITION BY unit, indicator, denies, run) QUALIFY count(*) OVER s > 1""")
    con.execute("""CREATE OR REPLACE TEMP TABLE told AS
        SELECT p.unit, p.indicator, coalesce(t.lowest, p.token) AS token, p.denies, p.origin, p.weight, p.age,
            CASE WHEN p.stated AND t.origin IS NULL THEN p.agency + 1 ELSE 0 END AS klass,
            CASE WHEN p.denies THEN 1.0 ELSE p.severity END AS severity
        FROM picked p LEFT JOIN twins t USING (origin)""")
    con.execute("""CREATE OR REPLACE TEMP TABLE claims AS
        SELECT (row_number() OVER ())::INT AS claim, * FROM (
            SELECT unit, indicator, token, denies, min(age) <> max(age) OR min(severity) <> max(severity) AS varied,
                count(*) AS n, min(age) AS age, min(severity) AS severity
            FROM told GROUP BY unit, indicator, token, denies
        )""")
    con.execute("""CREATE OR REPLACE TEMP TABLE several AS
        SELECT c.claim, c.varied, t.klass, t.origin, t.weight, t.age, t.severity, c.indicator
        FROM told t JOIN claims c USING (unit, indicator, token, denies) WHERE c.n > 1""")
    con.execute("""CREATE OR REPLACE TEMP TABLE layers AS
        SELECT (row_number() OVER ())::INT AS layer, claim, at_least, oldest,
            fresh - coalesce(lead(fresh) OVER (PARTITION BY claim, at_least ORDER BY oldest), 0) AS step, varied
        FROM (
            SELECT DISTINCT l.claim, l.severity AS at_least, s.age AS oldest, pow(2, -s.age / k.half_life) AS fresh,
                s.varied
            FROM (SELECT DISTINCT claim, severity FROM several) l
            JOIN several s ON s.claim = l.claim AND s.severity >= l.severity
            JOIN kinds k ON k.indicator = s.indicator
        )""")
    con.execute(f"""CREATE OR REPLACE TEMP TABLE levels AS
        WITH origins AS (
            SELECT l.layer, s.klass, s.origin, max(s.weight) AS v FROM layers l
            JOIN several s ON s.claim = l.claim AND s.severity >= l.at_least AND s.age <= l.oldest
            GROUP BY l.layer, s.klass, s.origin
        ), agencies AS (
            SELECT layer, klass, pow(sum(pow(v, p)), 1 / any_value(p)) AS a FROM origins JOIN classes USING (klass)
            GROUP BY layer, klass
        ), sides AS (
            SELECT layer, coalesce(sum(a) FILTER (klass > 0), 0) AS s, coalesce(sum(a) FILTER (klass = 0), 0) AS u
            FROM agencies GROUP BY layer
        )
        SELECT claim, at_least AS severity, sum(step * (1 - exp(-pow(pow(s, {q!r}) + pow(u, {q!r}), 1 / {q!r})))) AS t
        FROM sides JOIN layers USING (layer) GROUP BY claim, at_least
        UNION ALL
        SELECT c.claim, c.severity, pow(2, -c.age / k.half_life) * (1 - exp(-t.weight))
        FROM claims c JOIN told t USING (unit, indicator, token, denies) JOIN kinds k USING (indicator)
        WHERE c.n = 1""")
    con.execute(f"""CREATE OR REPLACE TEMP TABLE {into} AS
        WITH told_true AS (
            SELECT c.*, l.severity AS at, l.t FROM levels l JOIN claims c USING (claim)
        ), against AS (
            SELECT unit, indicator, token, t AS denied FROM told_true WHERE denies
        ), weighed AS (
            SELECT s.unit, s.indicator,
                max(-ln(1 - s.t * (1 - coalesce(a.denied, 0)) * (1 - exp(-k.strength * s.at)))) AS w
            FROM (SELECT * FROM told_true WHERE NOT denies) s
            LEFT JOIN against a USING (unit, indicator, token) JOIN kinds k USING (indicator)
            GROUP BY s.unit, s.indicator, s.token
        ), indicators AS (
            SELECT unit, family, any_value(family_p) AS family_p, any_value(raises) AS raises,
                least(pow(sum(pow(w, repeat_p)), 1 / any_value(repeat_p)), any_value(ceiling)) AS g
            FROM weighed JOIN kinds USING (indicator) GROUP BY unit, indicator, family
        ), families AS (
            SELECT unit, any_value(raises) AS raises, pow(sum(pow(g, family_p)), 1 / any_value(family_p)) AS f
            FROM indicators GROUP BY unit, family
        )
        SELECT unit, coalesce(sum(f) FILTER (raises), 0) AS raising,
            coalesce(sum(f) FILTER (NOT raises), 0) AS protective
        FROM families GROUP BY unit""")
