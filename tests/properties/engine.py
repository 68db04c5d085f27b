"""One pass of the engine over worked or random cases, and its figures in the form the slow twin gives them.

Several versions of a case can be scored in one pass, each told of a subject of its own.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

import build
import cases
from riskshare.kernels.layers import Levels
from riskshare.kernels.levels import truth_of
from riskshare.kernels.scores import Detail, Scores, agency_weights
from riskshare.kernels.segments import UNIT
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings, normalise
from riskshare.scoring.alone import score_alone, seen_only_together
from riskshare.scoring.explain import CLOSING, explain_block
from riskshare.scoring.findings import claim_tables
from riskshare.scoring.score import Block, block, score_all, score_block
from riskshare.scoring.tables import BANDS, act_now_rows
from riskshare.trust.standing import REASONS
from riskshare.trust.weigh import N_LENSES, Weighed, weigh

Row = dict[str, Any]
Case = dict[str, Any]
EPOCH = dt.date(1970, 1, 1)
SLACK = 4
"""Units of 2⁻⁴⁰ nat: each family is rounded to a unit, and the last bit of a p-norm may dip where its value may not."""

POINTS_A_NAT = 21.0
"""Not less than the slope of the anchors in the worked and random cases, 20.4."""

REASON_OF_TWIN = {
    "grade_e": ("suspected_false", "past_retention"),  # an expired row is purged, whatever else is wrong with it
    "retention": ("past_retention",),
    "handling": ("handling",),
    "agency_initiated": ("where_we_looked",),
    "prompted_by_partnership": ("where_we_looked",),
    "relay": ("relay",),
}


def as_sent(row: Row) -> Row:
    """Return a worked case's row as an agency would send it."""
    sent = {"arises_from": "reported", **{name: value for name, value in row.items() if name != "conditions"}}
    if isinstance(sent.get("derived_from"), list):
        sent["derived_from"] = ";".join(sent["derived_from"])
    if row.get("conditions"):
        sent["handling"] = "C:" + ";".join(row["conditions"])
    return sent


def day_number(day: str) -> int:
    return (dt.date.fromisoformat(day) - EPOCH).days


def told_of(rows: Sequence[Row], version: str) -> list[Row]:
    """Return the rows with every subject renamed into a version of its own."""
    return [{**row, "subject_id": f"{version}/{row['subject_id']}"} for row in rows]


def weigh_rows(rows: Sequence[Row], partnership: Partnership, policy: Mapping[str, Any], as_of: str) -> Pass:
    """Take rows as they would stand after reading, without passing through a reader."""
    accepted, aside = cases.as_read(list(rows))
    barred = [{**{name: row.get(name) for name in cases.BARRED_SCHEMA.names}} for row in aside]
    for key in barred:
        key["recorded_date"] = dt.date.fromisoformat(key["recorded_date"])
    evidence = cases.evidence_from_rows(accepted, barred=barred)
    weighed = weigh(
        evidence,
        partnership,
        as_of=day_number(as_of),
        severity=cases.severities(accepted),
        not_scored=np.zeros(len(accepted), dtype=np.bool_),
        conditions_met=frozenset(policy.get("conditions_met", [])),
    )
    return Pass(weighed, partnership, partial(normalise, evidence.rows, partnership))


@dataclass(frozen=True)
class Line:
    """The figures of one subject and lens: any field of ``Scores``, as a plain value."""

    scores: Scores
    unit: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scores, name)[..., self.unit].tolist()


@dataclass(frozen=True)
class Pass:
    """One pass of the engine over all subjects, as one block."""

    weighed: Weighed
    partnership: Partnership
    read_scales: Callable[[], Readings]

    @cached_property
    def part(self) -> Block:
        return block(self.weighed, 0, self.weighed.n_subjects)

    @cached_property
    def _scored(self) -> tuple[Scores, Detail]:
        return score_block(self.part, self.weighed)

    @property
    def scores(self) -> Scores:
        return self._scored[0]

    @property
    def detail(self) -> Detail:
        return self._scored[1]

    def unit(self, subject: str, lens: str) -> int:
        return int(np.flatnonzero(self.weighed.standing.columns.subjects == subject)[0]) * N_LENSES + LENSES.index(lens)

    def knows(self, subject: str) -> bool:
        return subject in self.weighed.standing.columns.subjects

    def line(self, subject: str, lens: str) -> Line:
        return Line(self.scores, self.unit(subject, lens))

    def name(self, standing_row: int) -> str:
        columns, codes = self.weighed.standing.columns, self.weighed.codes
        agency, record = codes.agencies[columns.agency[standing_row]], columns.records[columns.record[standing_row]]
        return f"{agency}:{record}:{codes.indicators[columns.indicator[standing_row]]}"

    def phi(self, subject: str, lens: str) -> dict[str, float]:
        """Nats by row, before they are rounded for print."""
        found: dict[str, float] = defaultdict(float)
        for unit, row, share in zip(
            self.detail.origins.pairs.unit.tolist(), self.detail.origins.row, self.detail.share.tolist(), strict=True
        ):
            if unit == self.unit(subject, lens):
                found[self.name(self.weighed.row[row])] += share
        return dict(found)

    def pair_shares(self) -> list[tuple[int, str, float]]:
        """Unit, name of the row and share in nats of every pair, to the bit."""
        units, shares = self.detail.origins.pairs.unit.tolist(), self.detail.share.tolist()
        names = [self.name(row) for row in self.weighed.row[self.detail.origins.row]]
        return sorted(zip(units, names, shares, strict=True))

    @cached_property
    def reasons(self) -> pd.DataFrame:
        return explain_block(self.weighed, self.read_scales(), self.part)

    def explained(self, subject: str, lens: str) -> pd.DataFrame:
        return self.reasons[(self.reasons["subject_id"] == subject) & (self.reasons["lens"] == lens)]

    @cached_property
    def claim_weights(self) -> list[dict[str, Any]]:
        """Every claim of any subject: unit, indicator, rows behind it, and its figures where anybody supports it."""
        fused, origins, rules = self.detail.capped.base, self.detail.origins, self.weighed.policy.rules
        never = np.full(fused.group.starts.size, np.inf)
        chosen = Levels(fused.levels.group[fused.chosen], fused.levels.severity[fused.chosen])
        undecayed = truth_of(fused.group, chosen, never, rules.agency_p, rules.unstated_p)
        figures = {
            "T": undecayed,
            "t_plus": fused.truth[fused.chosen],
            "t_minus": fused.claim_denied,
            "sigma": fused.levels.severity[fused.chosen],
            "weight": fused.claim_weight,
        }
        columns = [column.tolist() for column in figures.values()]
        lines = [dict(zip(figures, line, strict=True)) for line in zip(*columns, strict=True)]
        shown = dict(zip(fused.claim_support.tolist(), lines, strict=True))
        out = []
        for number, (first, last) in enumerate(pairwise([*fused.claim_starts.tolist(), fused.order.size])):
            pairs = fused.order[first:last]
            out.append(
                {
                    "unit": int(origins.pairs.unit[pairs[0]]),
                    "indicator": self.weighed.codes.indicators[origins.pairs.indicator[pairs[0]]],
                    "rows": sorted({self.name(self.weighed.row[row]) for row in origins.row[pairs]}),
                    **shown.get(number, {"weight": 0.0, "T": 0.0, "t_plus": 0.0}),
                }
            )
        return out

    def claims(self, subject: str, lens: str) -> list[dict[str, Any]]:
        """Every claim with the rows behind it, supported or only denied, by the twin's names, in a canonical order."""
        unit = self.unit(subject, lens)
        mine = [dict(claim) for claim in self.claim_weights if claim["unit"] == unit]
        for claim in mine:
            del claim["unit"]
            claim["disputed"] = claim["t_plus"] * claim.get("t_minus", 0.0)
        return sorted(mine, key=claim_key)

    def shown_claims(self, subject: str, lens: str) -> list[dict[str, Any]]:
        """What the table of claims shows of one subject and lens, in a canonical order."""
        table = claim_tables(self.weighed).claims
        lines = table[(table["subject_id"] == subject) & (table["lens"] == lens)].to_dict("records")
        return sorted(map(claim_figures, lines), key=claim_key)

    def excluded(self, subject: str, lens: str) -> list[tuple[str, str]]:
        columns = self.weighed.standing.columns
        reason = self.weighed.standing.reason.copy()
        reason[self.weighed.row[score_all(self.weighed).barred]] = REASONS.index("relay")
        silent = [REASONS.index(name) for name in ("counts", "answer", "withdrawn")]
        mine = (columns.subjects[columns.subject] == subject) & (columns.lens == LENSES.index(lens))
        rows = np.flatnonzero(mine & ~np.isin(reason, silent))
        return sorted((self.name(row), REASONS[reason[row]]) for row in rows)

    def act_now(self, subject: str, lens: str) -> list[str]:
        columns = self.weighed.standing.columns
        rows = act_now_rows(self.weighed, score_all(self.weighed), self.partnership)
        mine = (columns.subjects[columns.subject[rows]] == subject) & (columns.lens[rows] == LENSES.index(lens))
        return sorted(self.name(row) for row in rows[mine])

    def agency_share(self, subject: str, lens: str) -> dict[str, float]:
        agencies = self.weighed.codes.agencies
        weights = agency_weights(self.detail, self.scores.points.size, len(agencies))[self.unit(subject, lens)]
        here = self.detail.origins.pairs.unit[self.detail.agency_pair] == self.unit(subject, lens)
        total = weights.sum()
        behind = np.unique(self.detail.agency[here])
        return {agencies[a]: weights[a] / total for a in behind} if total > 0 else {}

    def alone(self, subject: str, lens: str) -> dict[str, dict[str, Any]]:
        alone = score_alone(self.weighed)
        mine = np.flatnonzero(alone.unit == self.unit(subject, lens))
        return {
            self.weighed.codes.agencies[alone.agency[i]]: {
                "L": alone.log_odds[i] * UNIT,
                "points": int(alone.points[i]),
            }
            for i in mine
        }

    def together(self, subject: str, lens: str) -> bool:
        units = np.arange(self.scores.points.size)
        high = self.partnership.common_scale.high_from
        seen = seen_only_together(score_alone(self.weighed), units, self.scores.points, high)
        return bool(seen[self.unit(subject, lens)])


def claim_figures(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the public table of claims by the twin's names; it does not say which rows stand behind."""
    names = {
        "trust": "T", "supported": "t_plus", "denied": "t_minus", "disputed": "disputed", "severity": "sigma",
        "nats": "weight",
    }  # fmt: skip
    return {"indicator": line["indicator"], "rows": [], **{name: line[column] for column, name in names.items()}}


def supported_claims(claims: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the twin's supported claims without their rows, as the public table shows them."""
    supported = {label: {**claim, "rows": []} for label, claim in claims.items() if claim["sigma"] is not None}
    return claims_of_twin(supported)


def claim_key(claim: Mapping[str, Any]) -> tuple[Any, ...]:
    figures = (claim.get(name) or 0.0 for name in ("weight", "t_plus", "T", "sigma", "t_minus"))
    return claim["indicator"], claim["rows"], *(round(figure, 9) for figure in figures)


def claims_of_twin(claims: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the twin's claims in the canonical order; of an unsupported one only what the engine shows."""
    out = []
    for label, claim in claims.items():
        line = {"indicator": label.split(" | ")[0], **claim}
        for name in ("t_minus", "sigma") if claim["sigma"] is None else ():
            del line[name]
        out.append(line)
    return sorted(out, key=claim_key)


def run(versions: Mapping[str, Sequence[Row]], case: Case, policy: Mapping[str, Any] | None = None) -> Pass:
    """Score several versions of a case in one pass; the subject of version v is ``v/S1``."""
    agreed = policy if policy is not None else case["policy"]
    partnership = build.partnership_from_case(dict(agreed))
    rows = [row for version, some in versions.items() for row in told_of(some, version)]
    return weigh_rows(rows, partnership, agreed, case["as_of"])


def figures(done: Pass, subject: str, lens: str, policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return every figure of the slow twin that the engine has, by the twin's names."""
    line, detail = done.line(subject, lens), done.detail
    unit = line.unit
    questions = {f"q{i}": question["id"] for i, question in enumerate(policy["expected"])}
    told = done.explained(subject, lens)
    points = {name: told.loc[told["line"] == name, "points"].sum() for name in CLOSING}
    rows = told[told["line"] == "record"]
    names = rows["agency"].str.cat([rows["record_id"], rows["indicator"]], sep=":")
    return {
        "W_plus": detail.capped.raising[unit] * UNIT,
        "W_minus": detail.capped.base.protective[unit] * UNIT,
        "nil": line.nil * UNIT,
        "L": line.log_odds * UNIT,
        "L_uncapped": line.log_odds_uncapped * UNIT,
        "points": line.points,
        "points_uncapped": line.points_uncapped,
        "band": BANDS[line.band],
        "capped": [x for x, binds in zip(done.weighed.codes.classes, line.capped, strict=True) if binds],
        "lower": line.lower,
        "upper": line.upper,
        "band_low": BANDS[line.band_low],
        "band_high": BANDS[line.band_high],
        "V": sum(line.variance),
        **dict(zip(("V_tau", "V_w", "V_miss", "V_0"), line.variance, strict=True)),
        "completeness": missing_as_none(line.completeness),
        "most_useful_gap": questions[done.weighed.codes.expected[line.gap]] if line.gap >= 0 else None,
        "phi": done.phi(subject, lens),
        "explain": {**points, "rows": dict(zip(names, rows["points"], strict=True))},
        "agency_share": done.agency_share(subject, lens),
        "police_share": missing_as_none(line.police_share),
        "effective_agencies": missing_as_none(line.effective_agencies),
        "alone": done.alone(subject, lens),
        "seen_only_together": done.together(subject, lens),
        "factual_L": line.log_odds_factual * UNIT,
        "factual_points": line.points_factual,
        "act_now": done.act_now(subject, lens),
        "claims": done.claims(subject, lens),
        "excluded": done.excluded(subject, lens),
    }


def missing_as_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def differences(got: Any, wanted: Any, tolerance: float, where: str = "") -> Iterator[str]:
    """Say where two sets of figures differ; numbers may by ``tolerance``, or that part of the greater one."""
    if isinstance(wanted, Mapping):
        if set(got) != set(wanted):
            yield f"{where}: {sorted(set(got) ^ set(wanted))} on one side only"
            return
        for key in wanted:
            yield from differences(got[key], wanted[key], tolerance, f"{where}/{key}")
    elif isinstance(wanted, (list, tuple)) and not isinstance(wanted, str):
        if len(got) != len(wanted):
            yield f"{where}: {len(got)} instead of {len(wanted)}"
            return
        for i, (one, other) in enumerate(zip(got, wanted, strict=True)):
            yield from differences(one, other, tolerance, f"{where}[{i}]")
    elif isinstance(wanted, float) and isinstance(got, (int, float)):
        if not abs(got - wanted) <= tolerance * max(1.0, abs(wanted)):
            yield f"{where}: {got!r} instead of {wanted!r}"
    elif got != wanted:
        yield f"{where}: {got!r} instead of {wanted!r}"


def against_twin(got: dict[str, Any], twin: dict[str, Any], tolerance: float) -> list[str]:
    """Say where the engine's figures differ from the twin's, or from a worked case's."""
    got, twin = dict(got), {**twin, "claims": claims_of_twin(twin["claims"])}
    if got["explain"]["base"] == 0.0 and not twin["explain"]["rows"]:
        del got["explain"], twin["explain"]  # nobody is listed for rows that do not count
    listed, wanted = got.pop("excluded"), twin.pop("excluded")
    # Points stand on log-odds in whole units: what is close in nats is as close in points, times points a nat.
    found = list(differences(got.pop("explain", {}), twin.pop("explain", {}), tolerance * POINTS_A_NAT, "/explain"))
    found += differences(got, twin, tolerance)
    same_rows = [name for name, _ in listed] == [name for name, _ in wanted]
    if not same_rows or any(
        mine not in REASON_OF_TWIN[why] for (_, mine), (_, why) in zip(listed, wanted, strict=True)
    ):
        found.append(f"/excluded: {listed} instead of {wanted}")
    return found
