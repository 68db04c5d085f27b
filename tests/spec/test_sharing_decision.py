"""What partners may learn, told as a practitioner would: who asks for what, and what the agreement gives back."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import pytest

from riskshare.io.agreement import load_agreements
from riskshare.io.examples import example_partnership
from riskshare.records.agreement import AgreementSet, Recipient
from riskshare.records.sharing_fields import EMERGENCY_FIELDS, FIELDS, KIND_CAPS, LOCATING, NEVER
from riskshare.records.sharing_request import Relationship, Request
from riskshare.sharing.decision import decide
from sharing_small import (
    AT,
    END,
    REVIEW,
    START,
    agreed,
    agreement,
    answer,
    asked,
    charter,
    forbid,
    objection,
    override,
    party,
    permit,
    shown,
    works_with,
)

ALL_FIELDS = tuple(FIELDS)
PLACES = {"address": "show", "easting": "show", "safe_contact": "show", "band": "show"}
WHERE = {"fields": tuple(PLACES), "subject_role": "victim"}
SECOND = dt.timedelta(microseconds=1)


def test_a_social_worker_sees_what_the_agreement_opens_and_nothing_beside_it() -> None:
    decision = answer(asked(fields=("band", "score", "indicator")), agreed(permit()))
    assert decision.allow
    assert shown(decision) == {"band": "show", "score": "show"}
    assert decision.withheld == (("indicator", "no_permit"),)
    assert decision.rule_ids == ("r1",)
    assert decision.duties == ("log_before_release",)
    assert decision.expires == AT + dt.timedelta(days=90)  # the retention of scores


def test_without_a_rule_nothing_leaves() -> None:
    decision = answer(asked(), agreed())
    assert not decision.allow
    assert decision.treatment == ()
    assert decision.reason_codes == ("no_permit",)
    assert decision.duties == ("log",)
    assert decision.expires is None


class TestAVictimsAddress:
    """Social care asks where a victim lives."""

    everything = agreed(permit(treatment=PLACES, place_level="exact"))

    def test_the_worker_who_works_with_this_victim_may_know(self) -> None:
        decision = answer(asked(**WHERE), self.everything)
        assert shown(decision) == PLACES
        assert decision.place_level == "exact"

    @pytest.mark.parametrize(
        "changes",
        [
            {"subject_id": "S2"},
            {"user_id": "U8"},
            {"relationship_ref": None},
            {"relationship_ref": "case-2"},
            {"user_id": ""},
        ],
        ids=["another victim", "another worker", "no reference", "another case", "nobody by name"],
    )
    def test_anybody_else_may_not_whatever_is_agreed(self, changes: dict[str, Any]) -> None:
        decision = answer(asked(**WHERE, **changes), self.everything)
        assert shown(decision) == {"band": "show"}
        assert decision.place_level == "none"

    def test_nor_when_the_case_is_closed(self) -> None:
        closed = works_with(valid_until=AT)
        assert shown(decide(asked(**WHERE), self.everything, relationships=[closed])) == {"band": "show"}
        open_still = works_with(valid_until=AT + SECOND)
        decision = decide(asked(**WHERE), self.everything, relationships=[open_still])
        assert shown(decision) == PLACES
        assert decision.expires == AT + SECOND

    def test_nor_any_other_audience(self) -> None:
        for audience in ("partnership", "public"):
            decision = answer(asked(**WHERE, audience=audience), self.everything)
            assert not {"address", "easting", "safe_contact"} & shown(decision).keys()

    @pytest.mark.parametrize("role", ["victim", "exploited", "witness", "child_of"])
    def test_the_same_for_whoever_is_harmed_or_near(self, role: str) -> None:
        decision = answer(asked(**{**WHERE, "subject_role": role}), self.everything, related=False)
        assert shown(decision) == {"band": "show"}
        assert dict(decision.withheld)["easting"] == "floor"

    def test_a_protected_address_is_guarded_whatever_the_person_is(self) -> None:
        request = asked(**{**WHERE, "subject_role": "third_party"}, audience="partnership")
        before = answer(request, self.everything, related=False)
        assert shown(before) == {"band": "show", "easting": "show"}
        assert before.place_level == "point8"
        after = answer(request, self.everything, objection(basis="protected_address"), related=False)
        assert shown(after) == {"band": "show"}

    def test_a_school_without_a_rule_learns_nothing(self) -> None:
        decision = answer(asked(**WHERE, agency="school", role="safeguarding_lead"), self.everything)
        assert decision.reason_codes == ("no_permit",)


class TestWhatNothingCanLift:
    hostile = agreed(
        permit(
            treatment=dict.fromkeys(ALL_FIELDS, "show"),
            place_level="exact",
            subject_roles=("source", "victim", "person_of_concern"),
        )
    )

    def test_who_told_and_raw_intelligence_leave_for_nobody(self) -> None:
        decision = answer(asked(fields=ALL_FIELDS), self.hostile)
        never = {field for field, kind in FIELDS.items() if kind in NEVER}
        assert decision.allow
        assert never
        assert not never & shown(decision).keys()
        assert set(shown(decision)) == set(FIELDS) - never

    def test_that_there_is_a_source_is_part_of_who_it_is(self) -> None:
        decision = answer(asked(subject_role="source", fields=ALL_FIELDS), self.hostile)
        assert not decision.allow
        assert decision.reason_codes == ("floor",)

    def test_not_even_in_an_emergency(self) -> None:
        assert not answer(asked(subject_role="source", override=override()), self.hostile).allow

    def test_a_company_is_no_recipient(self) -> None:
        decision = answer(asked(agency="data_broker_ltd"), self.hostile)
        assert not decision.allow
        assert decision.reason_codes[0] == "unknown_agency"

    def test_a_party_that_the_partnership_never_registered_is_none_either(self) -> None:
        sneaked = AgreementSet(
            agreements=(
                charter(parties=(party("police"), party("broker"))),
                agreement(
                    permit(recipients=(Recipient(agency="broker", role="nurse"),)),
                    parties=(party("police"), party("broker")),
                ),
            ),
            registered=("police",),
        )
        assert answer(asked(agency="broker", role="nurse"), sneaked).reason_codes == ("unknown_agency",)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"agreement": "other"}, "unknown_agreement"),
        ({"version": "2"}, "unknown_agreement"),
        ({"agreement": "charter"}, "unknown_agreement"),
        ({"agency": "nobody"}, "unknown_agency"),
        ({"sources": ("police", "nobody")}, "unknown_agency"),
        ({"role": "manager"}, "unknown_role"),
        ({"role": "officer"}, "unknown_role"),
        ({"purpose": "marketing"}, "unknown_purpose"),
        ({"categories": ("scores", "gossip")}, "unknown_category"),
        ({"categories": ("patient",)}, "unknown_category"),
        ({"fields": ("band", "shoe_size")}, "unknown_field"),
        ({"subject_role": "suspect"}, "unknown_subject_role"),
        ({"audience": "everyone"}, "unknown_audience"),
        ({"handling_conditions": ("made_up",), "handling": "C"}, "unknown_condition"),
        ({"conditions_met": ("made_up",)}, "unknown_condition"),
        ({"fields": ()}, "nothing_asked"),
        ({"categories": ()}, "nothing_asked"),
        ({"sources": ()}, "nothing_asked"),
        ({"subject_id": None}, "subject_missing"),
        ({"subject_id": ""}, "subject_missing"),
        ({"agency": "health", "role": "nurse"}, "not_a_party"),
        ({"sources": ("police", "health")}, "not_a_party"),
        ({"at": AT.replace(tzinfo=None)}, "naive_time"),
    ],
)
def test_whatever_is_unknown_is_refused(changes: dict[str, Any], reason: str) -> None:
    decision = answer(asked(**changes), agreed(permit()))
    assert not decision.allow
    assert reason in decision.reason_codes
    assert decision.treatment == ()


def test_everything_that_is_unknown_is_told_at_once() -> None:
    decision = answer(asked(purpose="marketing", fields=("shoe_size",), audience="everyone"), agreed(permit()))
    assert decision.reason_codes == ("unknown_audience", "unknown_field", "unknown_purpose")


@pytest.mark.parametrize(
    "junk", [None, 5, "request", asked().model_copy(update={"fields": 5}), Request.model_construct()]
)
def test_whatever_goes_wrong_is_a_refusal(junk: Any) -> None:
    decision = decide(junk, agreed(permit()))
    assert (decision.allow, decision.reason_codes, decision.duties) == (False, ("error",), ("log",))
    assert decision.policy_hash == agreed(permit()).policy_hash
    assert len(decision.id) == 64


def test_no_agreement_at_all_is_a_refusal_too() -> None:
    nothing: Any = None
    assert decide(asked(), nothing).reason_codes == ("error",)


class TestTime:
    @pytest.mark.parametrize(
        ("at", "allowed"),
        [(START - SECOND, False), (START, True), (END - SECOND, False), (REVIEW, True)],
        ids=["before it begins", "when it begins", "after review and 30 days", "review due"],
    )
    def test_an_agreement_holds_from_its_first_moment_to_before_its_last(self, at: dt.datetime, allowed: bool) -> None:
        assert answer(asked(at=at), agreed(permit()), related=False).allow is allowed

    def test_the_end_is_the_first_moment_without_it(self) -> None:
        ends = agreed(permit(), valid_until=AT)
        assert not answer(asked(), ends).allow
        assert answer(asked(at=AT - SECOND), ends).allow
        assert answer(asked(), ends).reason_codes == ("not_in_force",)

    def test_thirty_days_after_the_review_date_it_stops(self) -> None:
        late = agreed(permit(), review_by=AT - dt.timedelta(days=30))
        assert answer(asked(), late).reason_codes == ("review_overdue",)
        assert answer(asked(at=AT - SECOND), late).allow

    @pytest.mark.parametrize("status", ["draft", "suspended", "ended"])
    def test_only_a_signed_agreement_and_charter_count(self, status: str) -> None:
        assert answer(asked(), agreed(permit(), status=status)).reason_codes == ("not_in_force",)
        suspended = agreed(papers=(charter(status=status), agreement(permit())))
        assert answer(asked(), suspended).reason_codes == ("not_in_force",)

    def test_an_offset_says_the_same_moment(self) -> None:
        summer = AT.astimezone(dt.timezone(dt.timedelta(hours=1)))
        assert answer(asked(at=summer), agreed(permit())) == answer(asked(), agreed(permit()))


class TestSignatures:
    def test_both_must_have_signed_the_agreement_and_the_charter(self) -> None:
        for agency in ("police", "council"):
            others = tuple(party(name) for name in ("police", "council", "school") if name != agency)
            unsigned = (*others, party(agency, signed_on=None))
            assert answer(asked(), agreed(permit(), parties=unsigned)).reason_codes == ("not_signed",)
            above = agreed(papers=(charter(parties=unsigned), agreement(permit())))
            assert answer(asked(), above).reason_codes == ("not_signed",)
            absent = agreed(papers=(charter(parties=others), agreement(permit())))
            assert answer(asked(), absent).reason_codes == ("not_a_party",)

    def test_from_the_moment_it_signs_to_the_moment_it_leaves(self) -> None:
        def with_council(**changes: Any) -> AgreementSet:
            return agreed(permit(), parties=(party("police"), party("council", **changes)))

        assert answer(asked(), with_council(signed_on=AT)).allow
        assert not answer(asked(), with_council(signed_on=AT + SECOND)).allow
        assert answer(asked(), with_council(left_on=AT + SECOND)).expires == AT + SECOND
        assert not answer(asked(), with_council(left_on=AT)).allow

    def test_a_signature_on_other_terms_is_none(self) -> None:
        terms = agreement(permit()).terms_hash
        parties = tuple(party(name, signed_terms=terms) for name in ("police", "council", "school", "charity"))
        assert answer(asked(), agreed(permit(), parties=parties)).allow
        widened = permit(treatment={"band": "show", "score": "show", "identity": "show"})
        assert answer(asked(), agreed(widened, parties=parties)).reason_codes == ("not_signed",)

    def test_two_entries_of_one_agency_are_nobodys_signature(self) -> None:
        twice = (party("police"), party("council"), party("council", practitioner_roles=()))
        assert "not_a_party" in answer(asked(), agreed(permit(), parties=twice)).reason_codes

    def test_a_charter_that_is_not_there_or_is_there_twice(self) -> None:
        alone = agreed(papers=(agreement(permit()),))
        assert answer(asked(), alone).reason_codes == ("no_charter",)
        two = agreed(papers=(charter(), charter(valid_until=END + SECOND), agreement(permit())))
        assert answer(asked(), two).reason_codes == ("no_charter",)
        same_twice = agreed(papers=(charter(), charter(), agreement(permit())))
        assert answer(asked(), same_twice).allow

    def test_a_party_that_only_gives_does_not_get_and_the_other_way_round(self) -> None:
        council_gives = (party("police"), party("council", role="source"))
        assert answer(asked(), agreed(permit(), parties=council_gives)).reason_codes == ("not_a_party",)
        police_gets = (party("police", role="recipient"), party("council"))
        assert answer(asked(), agreed(permit(), parties=police_gets)).reason_codes == ("not_a_party",)


class TestAPilot:
    pilot = agreed(permit(), kind="pilot", area_codes=("northby",), population=("14-15", "16-17"))

    def test_it_holds_in_its_area_and_for_its_people(self) -> None:
        assert answer(asked(areas=("northby",), age_band="14-15"), self.pilot).allow

    @pytest.mark.parametrize(
        "changes",
        [
            {"areas": ("southby",), "age_band": "14-15"},
            {"areas": ("northby", "southby"), "age_band": "14-15"},
            {"areas": (), "age_band": "14-15"},
            {"areas": ("northby",), "age_band": "18-24"},
            {"areas": ("northby",)},
        ],
        ids=["elsewhere", "partly elsewhere", "place not said", "too old", "age not known"],
    )
    def test_and_nowhere_else(self, changes: dict[str, Any]) -> None:
        assert answer(asked(**changes), self.pilot).reason_codes == ("outside_scope",)

    def test_what_speaks_of_nobody_has_no_age(self) -> None:
        places = agreed(permit(subject_roles=("place",), treatment={"count": "show"}), population=("14-15",))
        assert answer(asked(subject_role="place", subject_id=None, fields=("count",)), places).allow

    def test_it_ends(self) -> None:
        ended = agreed(permit(), kind="pilot", valid_until=AT)
        assert not answer(asked(), ended).allow


class TestPermitsOpenAndEverythingElseCloses:
    def test_the_more_open_of_two_permits_counts(self) -> None:
        two = agreed(permit(treatment={"score": "band"}), permit("r2", treatment={"score": "show", "band": "redact"}))
        assert shown(answer(asked(), two)) == {"score": "show", "band": "redact"}

    def test_a_forbid_wins_over_any_permit(self) -> None:
        assert answer(asked(), agreed(permit(), permit("r2"), forbid())).reason_codes == ("forbidden",)
        capped = answer(asked(), agreed(permit(), forbid(treatment={"score": "band", "band": "drop"})))
        assert shown(capped) == {"score": "band"}
        assert capped.withheld == (("band", "forbidden"),)
        assert capped.rule_ids == ("f1", "r1")

    def test_a_forbid_of_place_leaves_the_rest(self) -> None:
        open_place = permit(treatment={"easting": "show", "band": "show"}, place_level="exact")
        request = asked(fields=("easting", "band"), subject_role="third_party")
        coarser = answer(request, agreed(open_place, forbid(place_level="lsoa")))
        assert (shown(coarser), coarser.place_level) == ({"easting": "show", "band": "show"}, "lsoa")
        gone = answer(request, agreed(open_place, forbid(place_level="none")))
        assert shown(gone) == {"band": "show"}
        assert gone.withheld == (("easting", "forbidden"),)

    def test_an_address_is_exact_or_it_is_none(self) -> None:
        coarse = permit(treatment={"address": "show", "easting": "show"}, place_level="point8")
        decision = answer(asked(fields=("address", "easting"), subject_role="third_party"), agreed(coarse))
        assert shown(decision) == {"easting": "show"}
        assert decision.place_level == "point8"

    def test_marking_an_item_c_lifts_no_prohibition(self) -> None:
        rules = agreed(permit(), forbid(conditions=("consult_originator",)))
        request = asked(
            handling="C", handling_conditions=("consult_originator",), conditions_met=("consult_originator",)
        )
        assert not answer(request, rules).allow

    def test_two_kinds_asked_at_once_are_as_closed_as_the_stricter(self) -> None:
        rules = agreed(
            permit(categories=("scores",), treatment={"band": "show", "score": "show"}),
            permit("r2", categories=("criminal",), treatment={"band": "redact"}),
        )
        both = answer(asked(categories=("scores", "criminal")), rules)
        assert shown(both) == {"band": "redact"}
        assert both.expires == AT + dt.timedelta(days=90)

    def test_another_purpose_gets_nothing_from_this_purposes_rules(self) -> None:
        assert answer(asked(purpose="violence_reduction"), agreed(permit())).reason_codes == ("no_permit",)

    def test_a_rule_has_a_time_of_its_own(self) -> None:
        assert not answer(asked(), agreed(permit(valid_from=AT + SECOND))).allow
        assert not answer(asked(), agreed(permit(valid_until=AT))).allow
        assert answer(asked(), agreed(permit(valid_until=AT + SECOND))).expires == AT + SECOND

    def test_a_permit_with_a_condition_needs_it_met(self) -> None:
        rules = agreed(permit(conditions=("consult_originator",)))
        assert not answer(asked(), rules).allow
        assert answer(asked(conditions_met=("consult_originator",)), rules).allow

    @pytest.mark.parametrize("basis", ["withdrawn_consent", "objection", "restriction"])
    def test_a_person_may_object(self, basis: str) -> None:
        assert answer(asked(), agreed(permit()), objection(basis=basis)).reason_codes == ("objection",)

    def test_an_objection_reaches_as_far_as_it_says(self) -> None:
        for scope in (
            {"subject_id": "S2"},
            {"purposes": ("violence_reduction",)},
            {"categories": ("criminal",)},
            {"recipients": ("school",)},
            {"valid_until": AT},
            {"valid_from": AT + SECOND},
        ):
            assert answer(asked(), agreed(permit()), objection(**scope)).allow, scope
        inside = objection(purposes=("safeguarding",), categories=("scores", "other"), recipients=("council",))
        assert not answer(asked(), agreed(permit()), inside).allow


class TestHandling:
    met = ("consult_originator", "safeguarding_lead_only")

    @pytest.mark.parametrize(
        ("handling", "named", "said_to_be_met", "allowed"),
        [
            ("P", (), (), True),
            ("C", (), (), False),
            ("C", (), met, False),
            ("C", met[:1], (), False),
            ("C", met[:1], met[:1], True),
            ("C", met, met[:1], False),
            ("C", met, met, True),
            ("secret", (), (), False),
            ("", met, met, True),
        ],
        ids=[
            "permitted", "C without a name", "C without a name, whatever is met", "a condition not met", "the one met",
            "one of two met", "both met", "an unknown code is C", "an empty code is C",
        ],
    )  # fmt: skip
    def test_c_counts_only_where_every_condition_is_met_by_name(
        self, handling: str, named: tuple[str, ...], said_to_be_met: tuple[str, ...], allowed: bool
    ) -> None:
        request = asked(handling=handling, handling_conditions=named, conditions_met=said_to_be_met)
        decision = answer(request, agreed(permit()))
        assert decision.allow is allowed
        assert allowed or decision.reason_codes == ("handling",)

    def test_a_permit_for_p_does_not_open_c(self) -> None:
        request = asked(handling="C", handling_conditions=self.met, conditions_met=self.met)
        only_p = agreed(permit(handling_max="P"))
        assert answer(request, only_p).reason_codes == ("no_permit",)
        unknown = request.model_copy(update={"handling": "secret"})
        assert answer(unknown, only_p).reason_codes == ("no_permit",)
        assert answer(unknown, agreed(permit())).allow


class TestAudiences:
    wide = agreed(permit(treatment=dict.fromkeys(FIELDS, "show"), place_level="exact"))

    def test_partners_see_a_band_and_no_score(self) -> None:
        seen = shown(answer(asked(audience="partnership", fields=ALL_FIELDS), self.wide))
        assert seen["score"] == "band"
        assert seen["band"] == seen["subject_id"] == seen["count"] == "show"
        assert not {"identity", "phone", "address"} & seen.keys()

    def test_the_public_sees_no_person(self) -> None:
        decision = answer(asked(audience="public", fields=ALL_FIELDS), self.wide)
        kinds = {FIELDS[field] for field in shown(decision)}
        assert kinds == {"method", "count", "area", "spoc", "place"}
        assert decision.place_level == "msoa"

    def test_who_only_says_practitioner_is_one_of_the_partnership(self) -> None:
        request = asked(fields=ALL_FIELDS)
        unnamed = answer(request, self.wide, related=False)
        partner = answer(request.model_copy(update={"audience": "partnership"}), self.wide, related=False)
        assert unnamed.treatment == partner.treatment
        assert unnamed.place_level == partner.place_level == "point8"

    def test_each_audience_sees_no_more_than_the_next(self) -> None:
        order = ("drop", "redact", "band", "show")
        for kind in KIND_CAPS["public"]:
            caps = [order.index(KIND_CAPS[name][kind]) for name in ("public", "partnership", "practitioner")]
            assert caps == sorted(caps)


class TestEmergencies:
    nothing_agreed = agreed()

    def test_identity_band_risks_and_whom_to_call_and_no_more(self) -> None:
        decision = answer(asked(fields=("address", "score"), override=override()), self.nothing_agreed)
        assert shown(decision) == dict.fromkeys(EMERGENCY_FIELDS, "show")
        assert dict(decision.withheld) == {"address": "override", "score": "override"}
        assert decision.reason_codes == ("override",)
        assert decision.duties == ("log_before_release", "notify_spoc", "review_in_5_working_days")
        assert decision.expires == AT + dt.timedelta(hours=24)
        assert decision.place_level == "none"

    def test_it_is_never_wider_than_that_even_where_a_permit_is(self) -> None:
        wide = agreed(permit(treatment=dict.fromkeys(FIELDS, "show"), place_level="exact"))
        decision = answer(asked(fields=ALL_FIELDS, override=override()), wide)
        assert set(shown(decision)) == set(EMERGENCY_FIELDS)

    def test_an_objection_a_handling_code_or_a_forbid_do_not_stop_it(self) -> None:
        closed = agreed(forbid())
        request = asked(handling="C", override=override())
        assert answer(request, closed, objection(), related=False).allow

    @pytest.mark.parametrize(
        "changes",
        [
            {"text": "short"},
            {"text": " " * 30 + "because"},
            {"approver": "U7"},
            {"expires": AT},
            {"expires": AT + dt.timedelta(hours=72) + SECOND},
        ],
        ids=["no reason", "white space is no reason", "approved by oneself", "over already", "too long"],
    )
    def test_it_needs_a_reason_another_approver_and_an_end(self, changes: dict[str, Any]) -> None:
        decision = answer(asked(override=override(**changes)), agreed(permit()))
        assert decision.reason_codes == ("override_refused",)

    def test_twenty_characters_are_a_reason(self) -> None:
        assert answer(asked(override=override(text="x" * 20)), self.nothing_agreed).allow
        assert not answer(asked(override=override(text="x" * 19)), self.nothing_agreed).allow

    def test_it_ends_with_the_agreement_at_the_latest(self) -> None:
        ending = agreed(valid_until=AT + SECOND)
        assert answer(asked(override=override()), ending).expires == AT + SECOND

    def test_where_nobody_can_be_reached_it_goes_without_an_approver(self) -> None:
        longest = override(approver=None, expires=AT + dt.timedelta(hours=72))
        decision = answer(asked(override=longest), self.nothing_agreed)
        assert decision.allow
        assert decision.expires == AT + dt.timedelta(hours=72)

    @pytest.mark.parametrize(
        "changes",
        [
            {"audience": "public"},
            {"audience": "partnership"},
            {"user_id": ""},
            {"subject_role": "place"},
        ],
    )
    def test_only_for_a_named_practitioner_about_a_person(self, changes: dict[str, Any]) -> None:
        assert not answer(asked(override=override(), **changes), self.nothing_agreed).allow

    @pytest.mark.parametrize(
        "changes",
        [{"agency": "health", "role": "nurse"}, {"at": END}, {"purpose": "marketing"}, {"fields": ("shoe_size",)}],
    )
    def test_it_needs_partners_and_an_agreement_in_force(self, changes: dict[str, Any]) -> None:
        assert not answer(asked(override=override(), **changes), self.nothing_agreed).allow


class TestTheDecisionItself:
    def test_its_id_is_of_its_content_and_leads_to_nobody(self) -> None:
        first = answer(asked(), agreed(permit()))
        assert first == answer(asked(), agreed(permit()))
        other = works_with(ref="case-2", user_id="U8", subject_id="S2")
        request = asked(subject_id="S2", user_id="U8", relationship_ref="case-2")
        assert decide(request, agreed(permit()), relationships=[other]).id == first.id
        ids = {first.id}
        for changes in (
            {"at": AT + SECOND},
            {"fields": ("band",)},
            {"audience": "partnership"},
            {"sources": ("school",)},
        ):
            ids.add(answer(asked(**changes), agreed(permit())).id)
        assert len(ids) == 5

    def test_no_person_stands_in_what_is_printed(self) -> None:
        secrets = ("S-secret", "U-secret", "R-secret")
        request = asked(subject_id="S-secret", user_id="U-secret", relationship_ref="R-secret")
        request = request.model_copy(update={"override": override(text="O-secret " * 3, approver="A-secret")})
        told = [
            repr(request),
            str(request),
            repr(objection(subject_id="S-secret")),
            repr(works_with(subject_id="S-secret", user_id="U-secret", ref="R-secret")),
            repr(answer(request, agreed(permit()))),
        ]
        assert not any(secret in text for text in told for secret in (*secrets, "O-secret", "A-secret"))

    def test_it_carries_the_hash_of_the_policy(self) -> None:
        rules = agreed(permit())
        assert answer(asked(), rules).policy_hash == rules.policy_hash
        assert agreed(permit(), review_by=REVIEW + SECOND).policy_hash != rules.policy_hash


class TestTheExample:
    """The shipped agreement, on the last day of the sample data."""

    agreements = load_agreements(example_partnership())
    base: ClassVar[dict[str, Any]] = {
        "agreement": "violence_and_exploitation", "version": "2", "sources": ("north_police", "hospital"),
        "agency": "childrens_north", "role": "social_worker", "user_id": "U1", "purpose": "safeguarding",
        "categories": ("scores",), "fields": ("score", "band", "leading_agency"), "subject_role": "victim",
        "subject_id": "S1", "relationship_ref": "C1", "handling": "P", "audience": "practitioner", "at": AT,
    }  # fmt: skip
    works = (Relationship(ref="C1", user_id="U1", agency="childrens_north", subject_id="S1", valid_from=START),)

    def ask(self, **changes: Any) -> dict[str, str]:
        request = Request(**{**self.base, **changes})
        return shown(decide(request, self.agreements, relationships=self.works))

    def test_a_social_worker_sees_scores_and_whom_to_ask(self) -> None:
        assert self.ask() == {"score": "show", "band": "show", "leading_agency": "show"}

    def test_a_victims_contact_needs_the_condition_and_the_relationship(self) -> None:
        contact = {"categories": ("other",), "fields": ("safe_contact", "address")}
        assert self.ask(**contact) == {}
        met = {**contact, "conditions_met": ("safeguarding_lead_only",)}
        assert self.ask(**met) == {"safe_contact": "show", "address": "show"}
        assert self.ask(**met, subject_id="S2") == {}

    def test_a_school_is_told_whom_to_call_and_nothing_criminal(self) -> None:
        school = {"agency": "orchard_schools", "role": "safeguarding_lead"}
        alert = {"categories": ("alerts",), "fields": ("act_now", "spoc", "event_date", "indicator")}
        assert self.ask(**school, **alert) == {"act_now": "show", "spoc": "show", "event_date": "band"}
        assert self.ask(**school, categories=("criminal",), fields=("indicator", "band")) == {}

    def test_analysts_count_and_see_nobody(self) -> None:
        analyst = {"agency": "north_police", "role": "analyst", "audience": "partnership"}
        where = {
            "purpose": "violence_reduction",
            "categories": ("places",),
            "subject_role": "place",
            "subject_id": None,
        }
        assert self.ask(**analyst, **where, fields=("count", "geometry", "score")) == {
            "count": "show",
            "geometry": "show",
        }
        assert self.ask(**analyst, fields=("score",)) == {}

    def test_the_pilot_keeps_to_its_area_its_ages_and_its_time(self) -> None:
        pilot = {
            "agreement": "early_notice_pilot", "version": "1", "sources": ("childrens_north",),
            "agency": "orchard_schools", "role": "safeguarding_lead", "categories": ("alerts",), "age_band": "14-15",
            "areas": ("aldermere",), "fields": ("act_now", "spoc"), "audience": "partnership",
            "purpose": "early_notice",
        }  # fmt: skip
        assert self.ask(**pilot) == {"act_now": "show", "spoc": "show"}
        assert self.ask(**{**pilot, "areas": ("eskerby",)}) == {}
        assert self.ask(**{**pilot, "age_band": "25 and over"}) == {}
        assert self.ask(**{**pilot, "at": dt.datetime(2026, 7, 11, 23, tzinfo=dt.UTC)}) == {}
        assert self.ask(**{**pilot, "handling": "C"}) == {}

    def test_no_rule_of_it_opens_a_locating_field_to_a_group(self) -> None:
        for one in self.agreements.agreements:
            for rule in one.rules:
                kinds = {FIELDS[field] for field in rule.treatment}
                if kinds & (LOCATING - {"place"}):
                    assert rule.id == "safe_contact"
