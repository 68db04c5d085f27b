"""scoring.changes: who moved between two assessments, and what did it."""

from __future__ import annotations

from typing import Any

import pandas as pd

import build
from riskshare.scoring.changes import CAUSES
from small import assessed, row

EARLY, LATE = "2026-01-31", "2026-03-31"
OLD: dict[str, Any] = {"event_date": "2026-01-01", "recorded_date": "2026-01-02"}
NEW: dict[str, Any] = {"event_date": "2026-03-01", "recorded_date": "2026-03-02"}


def moved(rows: list[dict[str, Any]], *, before: str = EARLY, after: str = LATE, **options: Any) -> pd.DataFrame:
    """Return the changes between two days of the same evidence."""
    return assessed(rows, as_of=after, **options).changes(assessed(rows, as_of=before, **options))


def only(table: pd.DataFrame) -> dict[str, Any]:
    assert len(table) == 1
    return {str(name): value for name, value in table.iloc[0].items()}


def causes(found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {cause: found[cause] for cause in CAUSES if found[cause]}


def test_the_columns() -> None:
    table = moved([row(**OLD)])
    assert table.columns.tolist() == [
        "subject_id", "lens", "score_before", "score", "band_before", "band", "change", *CAUSES,
    ]  # fmt: skip
    assert table["score"].dtype == table["score_before"].dtype == "Int64"


def test_new() -> None:
    found = only(moved([row("a", **OLD), row("b", indicator="blade_injury", **NEW)]))
    assert causes(found) == {"new": ("school:b:blade_injury",)}
    assert found["change"] == found["score"] - found["score_before"] > 0


def test_corrected() -> None:
    found = only(moved([row(severity=1.0, **OLD), row(severity=0.1, **{**OLD, "recorded_date": "2026-02-02"})]))
    assert causes(found) == {"corrected": ("school:r1:weapon_carrying",)}
    assert found["change"] < 0


def test_withdrawn() -> None:
    gone = {**OLD, "recorded_date": "2026-02-02", "status": "withdrawn"}
    found = only(moved([row("a", **OLD), row("a", **gone), row("b", indicator="gang_link", **OLD)]))
    assert causes(found) == {"withdrawn": ("school:a:weapon_carrying",)}


def test_restored() -> None:
    rows = [
        row("a", status="withdrawn", **OLD),
        row("a", **{**OLD, "recorded_date": "2026-02-02"}),
        row("b", indicator="gang_link", **OLD),
    ]
    assert causes(only(moved(rows))) == {"restored": ("school:a:weapon_carrying",)}


def test_expired() -> None:
    kinds = tuple(
        kind.model_copy(update={"retention_days": 60}) if kind.id == "weapon_carrying" else kind
        for kind in build.trust_policy().indicators
    )
    short = build.partnership(trust=build.trust_policy(indicators=kinds))
    found = only(moved([row("a", **OLD), row("b", indicator="gang_link", **OLD)], partnership=short))
    assert causes(found) == {"expired": ("school:a:weapon_carrying",)}


def test_a_row_no_longer_among_the_evidence_was_not_sent() -> None:
    before = assessed([row("a", **OLD), row("b", indicator="gang_link", **OLD)], as_of=LATE)
    after = assessed([row("b", indicator="gang_link", **OLD)], as_of=LATE)
    assert causes(only(after.changes(before))) == {"not_sent": ("school:a:weapon_carrying",)}


def test_aged_only() -> None:
    found = only(moved([row(**OLD)]))
    assert causes(found) == {}
    assert found["change"] < 0


def test_nothing_moved() -> None:
    assert moved([row(**OLD)], after=EARLY).empty
    assert assessed([]).changes(assessed([])).empty


def test_a_change_of_band_alone_is_a_change() -> None:
    """A fresh answer turns ``cannot say`` into ``low`` without moving a point."""
    rows = [
        row("a", answer="refused", **OLD),
        row("b", answer="nil", source_type="self_report", **{**NEW, "event_date": "2026-03-02"}),
    ]
    found = only(moved(rows, after="2026-03-02"))
    assert (found["band_before"], found["band"], found["change"]) == ("cannot say", "low", 0)
    assert found["new"] == ("school:b:weapon_carrying",)


def test_newcomers_and_leavers() -> None:
    gone = {**OLD, "recorded_date": "2026-02-02", "status": "withdrawn"}
    rows = [row("a", **OLD), row("a", **gone), row("b", subject_id="S2", **NEW), row("c", subject_id="S3", **OLD)]
    table = moved(rows).set_index("subject_id")
    assert pd.isna(table.loc["S1", "score"])
    assert pd.isna(table.loc["S1", "band"])
    assert pd.isna(table.loc["S1", "change"])
    assert table.loc["S1", "withdrawn"] == ("school:a:weapon_carrying",)
    assert pd.isna(table.loc["S2", "score_before"])
    assert table.loc["S2", "new"] == ("school:b:weapon_carrying",)
    # Newcomers and leavers stand before any that merely moved.
    assert table.index.tolist() == ["S1", "S2", "S3"]


def test_greatest_change_first_whichever_way() -> None:
    rows = [
        row("a", subject_id="S1", **OLD),
        row("b", subject_id="S2", **OLD),
        row("c", subject_id="S2", indicator="blade_injury", agency="council", **NEW),
    ]
    table = moved(rows)
    assert table["change"].abs().tolist() == sorted(table["change"].abs(), reverse=True)


def test_a_corrected_role_is_a_correction_on_both_sides() -> None:
    """The row left one lens and joined the other: it neither expired nor is it news."""
    table = moved([row(**OLD), row(role="victim", **{**OLD, "recorded_date": "2026-02-02"})]).set_index("lens")
    for lens in ("harm_by", "harm_to"):
        assert causes(table.loc[lens].to_dict()) == {"corrected": ("school:r1:weapon_carrying",)}


def test_a_row_that_arrives_barred_is_no_news() -> None:
    found = only(moved([row("a", **OLD), row("b", arises_from="agency_initiated", **NEW)]))
    assert causes(found) == {}
