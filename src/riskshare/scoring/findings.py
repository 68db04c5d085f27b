"""What a person should look at beside the scores: urgent rows, staff safety, and rows set aside with their reasons."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.kernels.layers import Levels
from riskshare.kernels.levels import truth_of
from riskshare.kernels.scores import Detail
from riskshare.kernels.segments import Ints, boundaries, run_lengths, run_of_row
from riskshare.records.evidence import ARISES_FROM, PAST_RETENTION, ROLES
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scoring.frames import as_text, claim_names, unit_names
from riskshare.scoring.score import Block, Scored, block, blocks, score_block
from riskshare.scoring.tables import act_now_rows
from riskshare.trust.standing import REASONS
from riskshare.trust.weigh import Weighed


def row_table(weighed: Weighed, rows: Ints) -> pd.DataFrame:
    """Return standing rows by name: subject, lens, agency, record, indicator, dates."""
    part, codes = weighed.standing.columns, weighed.codes
    lenses = np.array([*LENSES, None], dtype=object)
    return pd.DataFrame(
        {
            "subject_id": part.subjects[part.subject[rows]],
            "lens": lenses[part.lens[rows]],
            "agency": np.array(codes.agencies, dtype=object)[part.agency[rows]],
            "record_id": part.records[part.record[rows]],
            "indicator": np.array(codes.indicators, dtype=object)[part.indicator[rows]],
            "event_date": part.event[rows].astype("datetime64[D]").astype("datetime64[s]"),
            "recorded_date": part.recorded[rows].astype("datetime64[D]").astype("datetime64[s]"),
        }
    )


def act_now(weighed: Weighed, scored: Scored, partnership: Partnership) -> pd.DataFrame:
    """Return rows that call for action now, with the duty and whom to call; newest first, one line a row."""
    rows = act_now_rows(weighed, scored, partnership)
    table = row_table(weighed, rows)
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    contacts = {agency.id: agency.contact for agency in partnership.agencies}
    table["duty"] = [kinds[name].duty for name in table["indicator"]]
    table["contact"] = [contacts[name] for name in table["agency"]]
    return _in_order(table, newest_first=True)


def staff_safety(weighed: Weighed, partnership: Partnership) -> pd.DataFrame:
    """Return who should ask whom before visiting: staff-safety rows within their own horizon, never in a score."""
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    horizon = np.array([kinds[name].horizon_days or 0 for name in weighed.codes.indicators], dtype=np.int64)
    standing = weighed.standing
    told = standing.reason == REASONS.index("staff_safety")
    rows = np.flatnonzero(told & (standing.age <= horizon[standing.columns.indicator]) & ~standing.columns.denies)
    table = row_table(weighed, rows)
    contacts = {agency.id: agency.contact for agency in partnership.agencies}
    days = pd.to_timedelta([kinds[name].horizon_days or 0 for name in table["indicator"]], unit="D")
    table["until"] = table["event_date"] + days.astype("timedelta64[s]")
    table["ask"] = [contacts[name] for name in table["agency"]]
    return _in_order(table.drop(columns=["lens", "record_id"]), newest_first=True)


def excluded(weighed: Weighed, scored: Scored) -> pd.DataFrame:
    """Return rows that carry no weight, each with its reason; expired rows are only counted, never listed.

    Answers that report nothing are not among them: they are told by completeness and the most useful gap.
    """
    standing = weighed.standing
    reason = standing.reason.copy()
    reason[weighed.row[scored.barred]] = REASONS.index("relay")
    silent = [REASONS.index(name) for name in ("counts", "past_retention", "where_we_looked", "staff_safety", "answer")]
    rows = np.flatnonzero(~np.isin(reason, silent))
    table = row_table(weighed, rows)
    table["reason"] = np.array(REASONS, dtype=object)[reason[rows]]
    return _in_order(table)


def quarantined(barred: pa.Table, partnership: Partnership, as_of: dt.date) -> pd.DataFrame:
    """Return rows about people that were set aside when they were read: left out, and why.

    Parameters
    ----------
    barred : pyarrow.Table
        ``Evidence.barred``.
    partnership : Partnership
    as_of : datetime.date
        Rows recorded later are not known; a row whose recording could not be read is known from the first day.

    Returns
    -------
    pandas.DataFrame
        ``subject_id, agency, record_id, indicator, recorded_date, reason``, for rows whose subject could be read. What
        is not an agreed code, or not of the form of a record's reference, is missing: a cell that was refused may hold
        anything. ``reason`` gives each rule that the row broke as ``column: code``. Rows past their retention, counted
        from when they were recorded, are shown to nobody; one whose indicator is no agreed code has the longest.
    """
    table = barred.to_pandas(date_as_object=False)
    table = table[table["rules"] != PAST_RETENTION]
    known = table["recorded_date"].isna() | (table["recorded_date"] <= pd.Timestamp(as_of))
    table = as_text(table[known & table["subject_id"].notna()], ("subject_id", "agency", "record_id", "indicator"))
    agreed = {
        "agency": table["agency"].isin([agency.id for agency in partnership.agencies]),
        "indicator": table["indicator"].isin([kind.id for kind in partnership.trust.indicators]),
        "record_id": table["record_id"].str.fullmatch(_REFERENCE).astype(bool),
    }
    for name, fits in agreed.items():
        table[name] = table[name].where(fits)
    table["recorded_date"] = table["recorded_date"].astype("datetime64[s]")
    days = {kind.id: kind.retention_days for kind in partnership.trust.indicators}
    kept = table["indicator"].map(days).astype("float64").fillna(max(days.values(), default=0))
    age = (pd.Timestamp(as_of) - table["recorded_date"]).dt.days
    table = table[~(age > kept)].copy()
    table["reason"] = table["rules"].fillna("quarantined").astype("str")
    return _in_order(table[["subject_id", "agency", "record_id", "indicator", "recorded_date", "reason"]])


_REFERENCE: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-/:]{0,63}"


def where_we_looked(weighed: Weighed) -> pd.DataFrame:
    """Return what enforcement and our own attention turned up: it says where we looked, and adds nothing."""
    standing = weighed.standing
    rows = np.flatnonzero(standing.reason == REASONS.index("where_we_looked"))
    table = row_table(weighed, rows)
    table["arises_from"] = np.array(ARISES_FROM, dtype=object)[standing.columns.arises[rows]]
    table["role"] = np.array(ROLES, dtype=object)[standing.columns.role[rows]]
    return _in_order(table)


def n_expired(weighed: Weighed) -> int:
    """Return how many known rows are past their retention: they are purged, not listed."""
    return int((weighed.standing.reason == REASONS.index("past_retention")).sum())


def _in_order(table: pd.DataFrame, *, newest_first: bool = False) -> pd.DataFrame:
    names = [name for name in ("subject_id", "lens", "agency", "record_id", "indicator") if name in table]
    # "harm_to" sorts after "harm_by" and stands before it: being at risk is shown before being a risk.
    rising = [name != "lens" for name in names]
    if newest_first:
        return table.sort_values(["event_date", *names], ascending=[False, *rising], ignore_index=True)
    return table.sort_values(names, ascending=rising, ignore_index=True)


class Claims(NamedTuple):
    """Tables of claims: every supported claim, and the rows that repeat, twin or name something absent."""

    claims: pd.DataFrame
    collapsed: pd.DataFrame
    suspected_twins: pd.DataFrame
    absent_origins: pd.DataFrame

    def __repr__(self) -> str:
        """Return counts only; never a value."""
        return f"Claims({', '.join(f'{len(table):,} {name}' for name, table in self._asdict().items())})"


def claim_tables(weighed: Weighed) -> Claims:
    """Return every supported claim with T, freshness apart, conflict and weight; and rows a person should confirm.

    Returns
    -------
    Claims
        ``claims``: ``claim`` as ``explain`` numbers it, T undecayed and t⁺ at the severity that binds, t⁻,
        ``disputed`` = t⁺t⁻, weight in nats. A claim that is only denied weighs nothing and is not listed.
        ``collapsed``: origins that several rows tell, with how many. ``suspected_twins``: rows taken as one story,
        by ``set``. ``absent_origins``: references that name nothing known.
    """
    parts = [_block_tables(weighed, part) for part in blocks(weighed)] or [_block_tables(weighed, block(weighed, 0, 0))]
    claims, *rows = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    names = ["subject_id", "lens", "indicator"]
    claims = as_text(claims, [*names, "claim"])
    return Claims(claims.sort_values(names, ascending=[True, False, True], ignore_index=True, kind="stable"), *rows)


def _block_tables(weighed: Weighed, part: Block) -> Claims:
    _, detail = score_block(part, weighed)
    return Claims(
        _claims(weighed, part, detail), _collapsed(weighed, part, detail), _twins(weighed, part, detail),
        _absent(weighed, part, detail),
    )  # fmt: skip


def _claims(weighed: Weighed, part: Block, detail: Detail) -> pd.DataFrame:
    fused, rules = detail.capped.base, weighed.policy.rules
    never = np.full(fused.group.starts.size, np.inf)
    chosen = Levels(fused.levels.group[fused.chosen], fused.levels.severity[fused.chosen])
    undecayed = truth_of(fused.group, chosen, never, rules.agency_p, rules.unstated_p)
    believed = fused.truth[fused.chosen]
    n_pairs = run_lengths(fused.claim_starts, fused.order.size)[fused.claim_support]
    return pd.DataFrame(
        {
            **unit_names(weighed, part, fused.claim_unit),
            "claim": claim_names(fused, detail.origins.pairs.unit)[fused.claim_support].astype(str),
            "indicator": np.array(weighed.codes.indicators, dtype=object)[fused.claim_indicator],
            "n_reports": n_pairs,
            "trust": undecayed,
            "supported": believed,
            "denied": fused.claim_denied,
            "disputed": believed * fused.claim_denied,
            "severity": fused.levels.severity[fused.chosen],
            "nats": fused.claim_weight,
        }
    )


def _collapsed(weighed: Weighed, part: Block, detail: Detail) -> pd.DataFrame:
    """Return rows that share an origin with another row: the same story, counted once."""
    origins = detail.origins
    order = np.lexsort((origins.row, origins.pairs.origin))
    starts = boundaries(origins.pairs.origin[order])
    sizes = run_lengths(starts, order.size)
    several = np.repeat(sizes > 1, sizes)
    return _rows_of(weighed, part, origins.row[order][several], "told_by", np.repeat(sizes, sizes)[several])


def _twins(weighed: Weighed, part: Block, detail: Detail) -> pd.DataFrame:
    fused = detail.capped.base
    claim = run_of_row(fused.claim_starts, fused.order.size)[fused.twin]
    rows = detail.origins.row[fused.order][fused.twin]
    order = np.lexsort((rows, claim))
    return _rows_of(weighed, part, rows[order], "set", np.unique(claim[order], return_inverse=True)[1])


def _absent(weighed: Weighed, part: Block, detail: Detail) -> pd.DataFrame:
    gone = detail.origins.absent
    agency = np.array(weighed.codes.agencies, dtype=object)[detail.origins.pairs.agency[gone]]
    return _rows_of(weighed, part, detail.origins.row[gone], "names_a_record_of", agency)


def _rows_of(weighed: Weighed, part: Block, rows: Ints, name: str, values: NDArray[Any]) -> pd.DataFrame:
    table = row_table(weighed, weighed.row[rows + part.first_row])
    table[name] = values
    return table.drop_duplicates(ignore_index=True)
