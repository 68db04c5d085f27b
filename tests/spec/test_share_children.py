"""An exploited child: in no list as a risk to others, whoever holds the record, and never at the price of a warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import share_cases as cases
import sharing_small
import small
from riskshare.assessment import Assessment
from riskshare.records.agreement import Rule
from riskshare.records.partnership import Partnership
from riskshare.reporting.shared_subject import about_subject
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared

OWN = "council: Duty desk, 01632 960000"
NO_SIGN = "No urgent sign is known among those that this recipient may see; others may hold more."
EXPLOITATION = {"role": "exploited", "indicator": "criminal_exploitation", "agency": "school"}
WHERE = {
    "visible": {},
    "role": {},
    "handling": {"handling": "C"},
    "handling condition": {"handling": "C", "conditions": "no_onward"},
    "gateway": {"gateway": "serious_violence_duty"},
    "class": {"data_class": "patient", "gateway": "cda_s115"},
    "no gateway": {"data_class": "patient"},
    "agency": {"agency": "health"},
}
"""How the record of exploitation is hidden from the recipient: each hides that row and no other."""


def agreed(how: str) -> Partnership:
    """Return the usual agreement; where a role hides the row, nobody may have anything of the exploited."""
    if how != "role":
        return cases.partnership(listed_from="medium")
    roles = tuple(role for role in cases.PEOPLE if role != "exploited")
    rules: list[Rule] = [rule.model_copy(update={"subject_roles": roles}) for rule in cases.RULES]
    return cases.partnership(*rules, listed_from="medium")


def known(how: str | None, indicator: str = "weapon_carrying", **options: Any) -> Assessment:
    """Return what is held of S1, who is feared and is a victim too, and of S3, who is feared only."""
    rows = [
        cases.fact("a", indicator=indicator),
        cases.fact("d", indicator="gang_link"),
        cases.fact("b", indicator="gang_link", role="victim", agency="police"),
        *cases.feared("S3"), cases.fact("c", subject_id="S3"),
    ]  # fmt: skip
    rows += [] if how is None else [cases.fact("x", **{**EXPLOITATION, **WHERE[how]})]
    return cases.result(rows, agreed=agreed(how or "visible"), **options)


def in_an_emergency(whole: Assessment, folder: Path) -> Shared:
    return cases.to_practitioner(whole, folder, relationships=[], override=sharing_small.override())


@pytest.mark.parametrize("age", ["14-15", "not known"])
@pytest.mark.parametrize("how", WHERE)
class TestAnExploitedChildIsNoRiskToAnybodyInAnyView:
    def test_not_in_the_list_of_partners(self, how: str, age: str, tmp_path: Path) -> None:
        whole = known(how, subjects=small.ages(S1=age, S3="25 and over"))
        listed = cases.given(whole, tmp_path, audience="partnership").tables["scores"]
        assert listed["band"].tolist() == ["high"]  # S3 alone: S1 is medium

    def test_not_in_what_the_worker_sees(self, how: str, age: str, tmp_path: Path) -> None:
        seen = cases.to_practitioner(known(how, subjects=small.ages(S1=age)), tmp_path)
        for name in ("scores", "reasons", "gaps"):
            assert set(seen.tables[name]["lens"]) <= {"harm_to"}, name
        assert seen.tables["scores"]["lens"].tolist() == ["harm_to"]

    def test_not_in_an_emergency(self, how: str, age: str, tmp_path: Path) -> None:
        seen = in_an_emergency(known(how, subjects=small.ages(S1=age)), tmp_path)
        to, by = seen.tables["scores"]["band"]
        assert to.startswith("risk to this person: ")
        assert to != "risk to this person: cannot say"
        assert by == "risk from this person: cannot say"


def test_where_nobody_knows_of_exploitation_the_line_is_shown(tmp_path: Path) -> None:
    """The control of the tests above: without that one row, all three views hold the line."""
    whole = known(None, subjects=small.ages(S1="14-15"))
    listed = cases.given(whole, tmp_path, audience="partnership").tables["scores"]
    assert sorted(listed["band"]) == ["high", "medium"]
    assert cases.to_practitioner(whole, tmp_path).tables["scores"]["lens"].tolist() == ["harm_to", "harm_by"]
    assert "cannot say" not in in_an_emergency(whole, tmp_path).tables["scores"]["band"].iloc[1]


def test_an_adult_who_was_exploited_is_listed(tmp_path: Path) -> None:
    whole = known("visible", subjects=small.ages(S1="25 and over"))
    assert len(cases.given(whole, tmp_path, audience="partnership").tables["scores"]) == 2


def test_a_record_that_was_withdrawn_holds_nothing_back(tmp_path: Path) -> None:
    rows = [*cases.feared("S1"), cases.fact("x", **EXPLOITATION, status="withdrawn")]
    listed = cases.given(cases.result(rows), tmp_path, audience="partnership").tables["scores"]
    assert len(listed) == 1


def test_a_child_whose_only_line_waits_is_as_if_nothing_were_held(tmp_path: Path) -> None:
    rows = [cases.fact("a"), cases.fact("x", **EXPLOITATION, handling="C")]
    for whole in (cases.result(rows), cases.result([cases.fact("c", subject_id="S3")])):
        with pytest.raises(SharingRefusedError) as refused:
            cases.to_practitioner(whole, tmp_path)
        assert refused.value.reasons == ("nothing_to_share",)


@pytest.mark.parametrize("how", WHERE)
def test_a_threat_to_life_is_never_held_back(how: str, tmp_path: Path) -> None:
    whole = known(how, "blade_injury", subjects=small.ages(S1="14-15"))
    seen = cases.to_practitioner(whole, tmp_path)
    assert seen.tables["scores"]["lens"].tolist() == ["harm_to"]
    assert seen.tables["act_now"][["lens", "act_now"]].to_numpy().tolist() == [["harm_by", "blade_injury"]]
    urgent = in_an_emergency(whole, tmp_path).tables["act_now"]
    assert urgent["act_now"].tolist() == ["blade injury, risk from this person. Call the duty desk."]


def test_a_threat_to_life_is_shown_where_nothing_else_is_left(tmp_path: Path) -> None:
    rows = [cases.fact("a", indicator="blade_injury"), cases.fact("x", **EXPLOITATION, handling="C")]
    seen = cases.to_practitioner(cases.result(rows), tmp_path)
    assert list(seen.tables) == ["act_now"]
    assert "blade injury" in about_subject(seen)


def test_every_view_says_that_lines_may_wait(tmp_path: Path) -> None:
    for whole in (known(None), known("handling")):
        views = [
            cases.to_practitioner(whole, tmp_path), cases.given(whole, tmp_path, audience="partnership"),
            in_an_emergency(whole, tmp_path),
        ]  # fmt: skip
        assert all("a line that waits for a named reviewer is in no view" in " ".join(one.notes) for one in views)


class TestThePageOfOnePerson:
    def test_always_has_what_to_act_on_now(self, tmp_path: Path) -> None:
        calm, urgent = (
            about_subject(cases.to_practitioner(known(None, indicator), tmp_path))
            for indicator in ("weapon_carrying", "blade_injury")
        )
        assert "Act on this now" in calm
        assert NO_SIGN in calm
        assert "Act on this now" in urgent
        assert NO_SIGN not in urgent

    def test_says_so_where_the_agreement_opens_no_urgent_sign_at_all(self, tmp_path: Path) -> None:
        closed = cases.partnership(cases.SCORES, cases.WHY)
        whole = cases.result([cases.fact("a", indicator="blade_injury")], agreed=closed)
        assert NO_SIGN in about_subject(cases.to_practitioner(whole, tmp_path))


class TestTheEmergencyPage:
    def test_says_who_which_way_and_whom_to_call(self, tmp_path: Path) -> None:
        shared = in_an_emergency(known(None), tmp_path)
        text = about_subject(shared)
        assert "Person S1. As known on" in text
        assert NO_SIGN in text
        assert OWN in text
        for band in shared.tables["scores"]["band"]:
            assert band in text
        assert "read its reasons" not in text
        assert "It has no reasons and no gaps" in text
        assert shared.tables["scores"]["spoc"].tolist() == [OWN, OWN]

    def test_two_ways_are_never_made_one(self, tmp_path: Path) -> None:
        """A victim of whom nobody fears anything is not printed as a risk."""
        rows = [cases.fact("b", indicator="blade_injury", role="victim", agency="police")]
        seen = in_an_emergency(cases.result(rows), tmp_path)
        to, by = seen.tables["scores"]["band"]
        assert (to.partition(": ")[0], by) == ("risk to this person", "risk from this person: cannot say")
        assert seen.tables["act_now"]["act_now"].tolist() == ["blade injury, risk to this person. Call the duty desk."]

    def test_is_no_wider_than_the_method_allows(self, tmp_path: Path) -> None:
        seen = in_an_emergency(known(None, "blade_injury"), tmp_path)
        told = {name for table in seen.tables.values() for name in table.columns}
        assert told == {"identity", "band", "act_now", "spoc"}
