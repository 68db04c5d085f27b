"""scoring.alone: what each agency would have seen from its own rows, held against really scoring those."""

from __future__ import annotations

import numpy as np
import pytest

import build
from riskshare.kernels.segments import from_units
from riskshare.records.policy import Caps
from riskshare.scoring.alone import Alone, score_alone, seen_only_together
from riskshare.scoring.score import score_all
from small import assessed, barred, graded, random_rows, row, weighed_of

UNCAPPED = build.partnership(trust=build.trust_policy(caps=Caps(anecdotal=build.trust_policy().caps.anecdotal)))


@pytest.mark.parametrize("seed", range(6))
def test_alone_is_the_score_of_the_agencys_own_rows_with_sector_caps_lifted(seed: int) -> None:
    rows = random_rows(seed)
    weighed = weighed_of(rows)
    alone = score_alone(weighed)
    own = {weighed.codes.agencies[a]: x for a, x in zip(alone.agency, from_units(alone.log_odds), strict=True)}
    assert set(own) == {one["agency"] for one in rows}
    for agency, log_odds in own.items():
        scored = score_all(weighed_of([one for one in rows if one["agency"] == agency], partnership=UNCAPPED))
        assert log_odds == from_units(scored.scores.log_odds)[0]


def test_a_relay_of_another_agencys_record_is_scored_as_an_absent_origin() -> None:
    rows = [row("a", source_type="worry"), row("b", agency="council", derived_from="school:a")]
    alone = assessed(rows).alone().set_index("agency")
    only = assessed(rows[1:]).scores.iloc[0]
    assert alone.loc["council", "score"] == only["score"]
    assert alone.loc["council", "score"] > alone.loc["council", "pooled_score"] - 1


def test_a_relay_of_an_own_record_stays_one() -> None:
    rows = [row("a", source_type="worry"), row("b", derived_from="school:a")]
    alone = assessed(rows).alone().set_index("agency")
    assert alone.loc["school", "score"] == alone.loc["school", "pooled_score"]


def test_an_own_quarantined_record_bars_alone_as_it_does_pooled() -> None:
    """The agency knows of its own record; the agency whose number comes first must not matter."""
    for agency in ("school", "charity"):
        rows = [row("a", agency=agency, derived_from=f"{agency}:q"), row("b", agency=agency, indicator="gang_link")]
        found = assessed(rows, aside=[barred("q", agency)]).alone().iloc[0]
        assert found["score"] == found["pooled_score"]


def test_a_quarantined_record_of_another_agency_is_absent_alone() -> None:
    rows = [row("a", agency="charity", derived_from="school:q"), row("b", agency="charity", indicator="gang_link")]
    found = assessed(rows, aside=[barred("q", "school")]).alone().iloc[0]
    assert found["score"] > found["pooled_score"]


def test_the_police_cap_is_lifted_and_the_anecdote_cap_is_not() -> None:
    kinds = ("weapon_carrying", "gang_link", "blade_injury")
    police = [graded(f"p{i}", "1A", indicator=kind) for i, kind in enumerate(kinds)]
    found = assessed(police).alone().iloc[0]
    assert found["score"] > found["pooled_score"]
    worries = [row(f"w{i}", basis="anecdotal", indicator=kind) for i, kind in enumerate(kinds)]
    found = assessed(worries).alone().iloc[0]
    assert found["score"] == found["pooled_score"] == 42
    open_ended = build.partnership(trust=build.trust_policy(caps=Caps()))
    assert assessed(worries, partnership=open_ended).alone().iloc[0]["score"] > 42


def test_the_table() -> None:
    rows = [row("a"), row("b", agency="council", role="victim"), row("c", subject_id="S2", answer="nil")]
    table = assessed(rows).alone()
    assert table.columns.tolist() == [
        "subject_id", "lens", "agency", "score", "band", "pooled_score", "pooled_band", "seen_only_together",
    ]  # fmt: skip
    assert table[["subject_id", "lens", "agency"]].to_numpy().tolist() == [
        ["S1", "harm_to", "council"],
        ["S1", "harm_by", "school"],
        ["S2", "harm_by", "school"],
    ]
    assert not table["seen_only_together"].any()
    # Low must be earned: what one agency alone never asked does not reassure.
    assert "low" not in set(table["band"])


def test_seen_only_together() -> None:
    """Two first-hand facts of different agencies and different families are high together, and neither is alone."""
    rows = [row("a", indicator="blade_injury"), row("b", agency="council", indicator="gang_link", claim_id="c")]
    rows.append(row("c", agency="health", indicator="weapon_carrying"))
    table = assessed(rows).alone()
    assert (table["pooled_score"] >= 70).all()
    assert (table["score"] < 70).all()
    assert table["seen_only_together"].all()


def test_one_agency_that_is_high_alone_is_enough() -> None:
    two = np.array([0, 0, 4])
    alone = Alone(two, np.array([0, 1, 0]), two, np.array([45, 70, 10]))
    found = seen_only_together(alone, np.array([0, 2, 4]), np.array([80, 75, 70]), 70.0)
    # Unit 2 has nobody of its own (all of it is relayed); unit 4 is high only when pooled.
    assert found.tolist() == [False, True, True]


def test_units_without_a_result_are_left_aside() -> None:
    alone = Alone(np.array([9]), np.array([0]), np.array([0]), np.array([99]))
    assert seen_only_together(alone, np.array([1]), np.array([80]), 70.0).tolist() == [True]


def test_nothing_to_see() -> None:
    alone = score_alone(weighed_of([]))
    assert all(column.size == 0 for column in alone)
    none = np.zeros(0, dtype=np.int64)
    assert seen_only_together(alone, none, none, 70.0).size == 0
    assert assessed([]).alone().empty
