"""Where the agreement opens part of a result, or nothing of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import share_cases as cases
import sharing_small
import small
from riskshare.sharing.asking import Asking, SharingRefusedError, candidates, tightest
from riskshare.sharing.visible import visible_points, visible_rows


def placed(n: int, **changes: object) -> dict[str, object]:
    place = {"easting": 403_900.0 + n, "northing": 302_000.0 + n, "precision_m": 1.0, "event_date": "2026-02-01"}
    return cases.fact(f"r{n}", **{"subject_id": f"S{n}", "indicator": "blade_injury", **place, **changes})


def test_whoever_objects_to_scores_alone_is_off_the_list(tmp_path: Path) -> None:
    two = cases.result(cases.feared("S1", "S3"))
    said = sharing_small.objection(subject_id="S3", categories=("scores",))
    assert len(cases.given(two, tmp_path, audience="partnership", objections=[said]).tables["scores"]) == 1
    elsewhere = sharing_small.objection(subject_id="S3", categories=("places",))
    assert len(cases.given(two, tmp_path, audience="partnership", objections=[elsewhere]).tables["scores"]) == 2


def test_reasons_without_a_permit_for_scores_are_not_enough(tmp_path: Path) -> None:
    whole = cases.result(agreed=cases.partnership(cases.WHY))
    with pytest.raises(SharingRefusedError, match="nothing_to_share"):
        cases.to_practitioner(whole, tmp_path)
    assert "no_permit" in cases.entries(tmp_path)[0]["reasons"]
    with pytest.raises(SharingRefusedError, match="no_permit"):
        cases.given(whole, tmp_path, audience="partnership")


def test_nothing_held_and_nothing_permitted_are_one_answer(tmp_path: Path) -> None:
    """That somebody holds something is itself content (methods: safety, 1.4)."""
    held = cases.result([cases.fact("a", handling="C"), cases.fact("b", data_class="patient", gateway="cda_s115")])
    none = cases.result([cases.fact("a", subject_id="S2")])
    short = {"override": sharing_small.override(text="too short")}
    for options, code in (({}, "nothing_to_share"), (short, "override_refused")):
        said = []
        for whole in (held, none):
            with pytest.raises(SharingRefusedError, match=code) as refused:
                cases.to_practitioner(whole, tmp_path, **options)
            said.append(str(refused.value))
        assert said[0] == said[1]


def test_an_agreement_for_some_ages_shares_nobody_else(tmp_path: Path) -> None:
    agreed = cases.partnership(population=("10-13", "14-15"))
    given = [cases.fact("a"), cases.fact("b", subject_id="S2")]
    known = cases.result(given, agreed=agreed, subjects=small.ages(S1="14-15", S2="18-24"))
    with pytest.raises(SharingRefusedError, match="nothing_to_share"):
        cases.to_practitioner(known, tmp_path, subject_id="S2")
    unknown = cases.result(given, agreed=agreed)
    with pytest.raises(SharingRefusedError, match="nothing_to_share"):
        cases.to_practitioner(unknown, tmp_path)


def test_nothing_in_the_last_quarter_is_nothing_to_count(tmp_path: Path) -> None:
    old = cases.result([cases.fact("a", event_date="2025-02-01")])
    with pytest.raises(SharingRefusedError, match="nothing_to_count"):
        cases.given(old, tmp_path, purpose="violence_reduction")


def test_counting_rows_is_not_publishing_counts(tmp_path: Path) -> None:
    rows_only = cases.permit(
        "counts", ["count"], purposes=("violence_reduction",), subject_roles=(*cases.PEOPLE, "place")
    )
    with pytest.raises(SharingRefusedError, match="no_permit"):
        cases.given(cases.result(agreed=cases.partnership(rows_only)), tmp_path, purpose="violence_reduction")


def test_a_map_without_a_permit_for_places_is_none(tmp_path: Path) -> None:
    agreed = cases.partnership(cases.COUNTS)
    with pytest.raises(SharingRefusedError, match="no_permit"):
        cases.to_partners(cases.spots(), tmp_path, agreed=agreed)
    counted = cases.spots(cases.result([placed(n) for n in range(9)]), indicators=["blade_injury"])
    with pytest.raises(SharingRefusedError, match="no_permit"):
        cases.to_partners(counted, tmp_path, agreed=cases.partnership(cases.SCORES))


def test_a_map_without_people_is_of_cells_of_500_m(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(population=None, cell_m=250), tmp_path)
    assert any("centre of its cell of 500 m" in note for note in shared.notes)
    undated = cases.to_partners(cases.spots(cases.events().drop(columns="date")), tmp_path)
    assert not undated.tables["cells"].empty


def test_claims_too_weak_to_be_events_make_no_map(tmp_path: Path) -> None:
    weak = [placed(n, source_type="worry") for n in range(4)]
    strong = [placed(20 + n, data_class="patient", gateway="cda_s115") for n in range(4)]
    whole = cases.spots(cases.result(weak + strong), indicators=["blade_injury"])
    with pytest.raises(SharingRefusedError, match="Nothing was shared"):
        cases.to_partners(whole, tmp_path, agreed=cases.partnership())


def test_a_question_to_a_hidden_service_is_not_told(tmp_path: Path) -> None:
    agreed = cases.partnership()
    hidden = tuple(one.model_copy(update={"sensitive": one.id == "school"}) for one in agreed.agencies)
    told = [
        cases.to_practitioner(cases.result(agreed=one), tmp_path).tables
        for one in (agreed, dataclasses.replace(agreed, agencies=hidden))
    ]
    ids, words = ([one[name]["most_useful_gap"].tolist() for one in told] for name in ("scores", "gaps"))
    assert ids == [["school_weapons"], [None]]
    assert words == [["Any weapon seen?"], []]


def asking(**changes: object) -> Asking:
    agreed = cases.partnership().sharing
    assert agreed is not None
    (one,) = candidates(agreed, "council", "social_worker", "violence_reduction", cases.AT, None)
    told = {"agreements": agreed, "agreement": one, "agency": "council", "role": "social_worker",
            "purpose": "violence_reduction", "audience": "partnership", "at": cases.AT}  # fmt: skip
    return Asking(**{**told, **changes})  # type: ignore[arg-type]


def test_nothing_prints_who_or_where() -> None:
    whole = cases.result()
    seen = visible_rows(whole.evidence, asking(), needs="count", fields=("count",), as_of=whole.as_of)
    points, classes = visible_points(cases.events(), asking())
    assert repr(seen) == "Visible(4 rows of 4 classes)"
    assert (len(points), repr(classes)) == (76, "VisiblePoints(1 classes)")
    assert repr(asking(subject="S1")) == "Asking(partnership, violence_reduction)"


def test_events_of_whoever_is_protected_or_objects_are_left_out() -> None:
    points = cases.events(subject_id=["S1", "S2"] * 38, role="victim", authority="northby")
    for basis in ("protected_address", "objection"):
        said = sharing_small.objection(subject_id="S1", basis=basis)
        left, _ = visible_points(points, asking(objections=(said,)))
        assert set(left["subject_id"]) == {"S2"}


def test_the_meet_of_nothing_is_nothing() -> None:
    assert tightest([]) == {}
    assert tightest([{"a": "show"}, {}]) == {}
