"""What must hold of every sharing decision, whatever the rules and the question (methods: safety, 1.3, P1 to P16).

P11, P13, P17 and P18 are about what is done with a decision: tables, log and exporters hold them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sharing_small as small
from riskshare.records.agreement import AgreementSet, Recipient, Rule
from riskshare.records.sharing_fields import (
    AUDIENCES,
    EMERGENCY_FIELDS,
    FIELDS,
    LOCATING,
    NEVER,
    PLACE_LEVELS,
    PROTECTED_ROLES,
    SUBJECT_ROLES,
    TREATMENTS,
)
from riskshare.records.sharing_request import Decision, Objection, Relationship, Request
from riskshare.sharing.decision import decide
from sharing_small import AT

MANY = settings(max_examples=500, deadline=None)
SEVERAL = settings(max_examples=200, deadline=None)
"""Where one example asks several questions."""
NAMES = (
    "band", "score", "identity", "easting", "address", "safe_contact", "count", "leading_agency", "informant",
    "raw_text", "subject_id", "event_date",
)  # fmt: skip
PURPOSES = ("safeguarding", "violence_reduction")
KINDS = ("scores", "criminal", "places")
PEOPLE = tuple((agency, role) for agency, role in small.ROLES.items() if agency != "police")
MICRO = dt.timedelta(microseconds=1)
DAYS = dt.timedelta(days=9)
CASE = small.works_with()
SEEDS = st.integers(0, 2**32 - 1)
"""Cases are made from seeds: hypothesis would spend most of its time on drawing rules one word at a time."""


def some(rng: random.Random, values: Any, least: int = 1) -> tuple[Any, ...]:
    return tuple(rng.sample(values, rng.randint(least, min(3, len(values)))))


def rule(rng: random.Random, effect: str, **fixed: Any) -> Rule:
    """Return a rule that often holds for the questions below, so that few are wasted on a plain no."""
    who = some(rng, PEOPLE, 2)
    made = {
        "id": rng.choice(["r1", "r2", "r3", "r4"]),
        "effect": effect,
        "recipients": tuple(Recipient(agency=agency, role=role) for agency, role in who),
        "purposes": some(rng, PURPOSES),
        "categories": some(rng, KINDS, 1 if effect == "forbid" else 2),
        "subject_roles": some(rng, SUBJECT_ROLES[:3], 2),
        "treatment": {name: rng.choice(TREATMENTS) for name in rng.sample(NAMES, rng.randint(0, 10))},
        "place_level": rng.choice([None, *PLACE_LEVELS]),
        "handling_max": rng.choice("CCP"),
        "conditions": rng.choice([(), (), (), small.CONDITIONS[:1]]),
        "valid_from": rng.choice([None, AT - DAYS, AT, AT, AT + MICRO]),
        "valid_until": rng.choice([None, AT, AT + MICRO, AT + DAYS, AT + DAYS]),
    }
    return Rule(**{**made, **fixed})


def rules(effect: str, most: int, **fixed: Any) -> st.SearchStrategy[list[Rule]]:
    def make(seed: int) -> list[Rule]:
        rng = random.Random(seed)
        return [rule(rng, effect, **fixed) for _ in range(rng.randint(0, most))]

    return SEEDS.map(make)


def one_rule(effect: str) -> st.SearchStrategy[Rule]:
    return SEEDS.map(lambda seed: rule(random.Random(seed), effect))


FORBIDS = rules("forbid", 2)
RULES = st.tuples(rules("permit", 6), st.sampled_from([0, 0, 1, 2]), SEEDS).map(
    lambda drawn: [*drawn[0], *(rule(random.Random(drawn[2] + i), "forbid") for i in range(drawn[1]))]
)


def objection(seed: int) -> Objection:
    rng = random.Random(seed)
    return Objection(
        subject_id=rng.choice(["S1", "S1", "S2"]),
        basis=rng.choice(["withdrawn_consent", "objection", "restriction", "protected_address"]),
        purposes=some(rng, PURPOSES, 0),
        categories=some(rng, KINDS, 0),
        recipients=some(rng, tuple(small.ROLES), 0),
        valid_from=small.START,
        valid_until=rng.choice([None, AT, AT + MICRO]),
    )


OBJECTIONS = SEEDS.map(objection)


def requests(**fixed: Any) -> st.SearchStrategy[Request]:
    def make(seed: int) -> Request:
        rng = random.Random(seed)
        agency, role = rng.choice(PEOPLE[:2])
        made = {
            "sources": some(rng, ("police", "school")),
            "purpose": rng.choice(PURPOSES),
            "categories": some(rng, KINDS[:2]),
            "fields": tuple(rng.sample(NAMES, rng.randint(1, 9))),
            "subject_role": rng.choice(SUBJECT_ROLES[:3]),
            "subject_id": rng.choice(["S1", "S1", "S2"]),
            "handling": rng.choice(["P", "P", "P", "C", "?"]),
            "handling_conditions": some(rng, small.CONDITIONS, 0),
            "conditions_met": some(rng, small.CONDITIONS, 0),
            "audience": rng.choice(["practitioner", "practitioner", "partnership", "public"]),
        }
        drawn = {name: value(rng) if callable(value) else value for name, value in fixed.items()}
        return small.asked(agency=agency, role=role, **{**made, **drawn})

    return SEEDS.map(make)


REQUESTS = requests()


def ask(request: Request, rules_: Any, *said: Objection) -> Decision:
    agreements = rules_ if isinstance(rules_, AgreementSet) else small.agreed(*rules_)
    return decide(request, agreements, objections=said, relationships=[CASE])


def no_more_open(tight: Decision, loose: Decision) -> bool:
    """Whether each field and the place of one decision are at most as open as in the other."""
    fields = all(TREATMENTS.index(how) <= TREATMENTS.index(loose.of(field)) for field, how in tight.treatment)
    return fields and PLACE_LEVELS.index(tight.place_level) <= PLACE_LEVELS.index(loose.place_level)


def test_the_questions_are_not_all_answered_no() -> None:
    """Without this the properties below could hold for nothing."""
    answers: list[bool] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(REQUESTS, RULES)
    def collect(request: Request, given_rules: list[Rule]) -> None:
        answers.append(ask(request, given_rules).allow)

    collect()
    assert 0.1 < sum(answers) / len(answers) < 0.9


@MANY
@given(REQUESTS, FORBIDS)
def test_p1_without_a_permit_nothing_leaves(request: Request, forbids: list[Rule]) -> None:
    decision = ask(request, forbids)
    assert not decision.allow
    assert decision.treatment == ()
    assert decision.place_level == "none"


@MANY
@given(REQUESTS, RULES)
def test_p2_a_forbid_wins(request: Request, given_rules: list[Rule]) -> None:
    closed = small.forbid(
        "no",
        recipients=(Recipient(agency=request.agency, role=request.role),),
        purposes=(request.purpose,),
        categories=request.categories[:1],
        subject_roles=(request.subject_role,),
    )
    assert not ask(request, [*given_rules, closed]).allow


@MANY
@given(REQUESTS, RULES, st.randoms(use_true_random=False))
def test_p3_order_and_repeats_of_rules_and_words_do_not_matter(
    request: Request, given_rules: list[Rule], rng: Any
) -> None:
    again = [*given_rules, *given_rules[:2]]
    rng.shuffle(again)
    lists = {name: getattr(request, name) for name in ("sources", "categories", "fields", "conditions_met")}
    turned = request.model_copy(update={name: (*reversed(values), *values) for name, values in lists.items()})
    assert ask(turned, again) == ask(request, given_rules)


@MANY
@given(REQUESTS, RULES, one_rule("permit"))
def test_p4_another_permit_never_narrows(request: Request, given_rules: list[Rule], more: Rule) -> None:
    assert no_more_open(ask(request, given_rules), ask(request, [*given_rules, more]))


@MANY
@given(REQUESTS, RULES, one_rule("forbid"), OBJECTIONS)
def test_p4_a_forbid_or_an_objection_never_widens(
    request: Request, given_rules: list[Rule], more: Rule, said: Objection
) -> None:
    before = ask(request, given_rules)
    assert no_more_open(ask(request, [*given_rules, more]), before)
    assert no_more_open(ask(request, given_rules, said), before)


@SEVERAL
@given(REQUESTS, RULES)
def test_p4_a_wider_audience_never_sees_more(request: Request, given_rules: list[Rule]) -> None:
    seen = [ask(request.model_copy(update={"audience": name}), given_rules) for name in AUDIENCES]
    assert no_more_open(seen[0], seen[1])
    assert no_more_open(seen[1], seen[2])
    unrelated = decide(request, small.agreed(*given_rules))
    assert no_more_open(unrelated, ask(request, given_rules))


@MANY
@given(REQUESTS, RULES)
def test_p5_only_fields_that_permits_name_and_the_question_asks_for(request: Request, given_rules: list[Rule]) -> None:
    decision = ask(request, given_rules)
    named = {field for rule in given_rules if rule.effect == "permit" for field in rule.treatment}
    kept = {field for field, _ in decision.treatment}
    assert kept <= named & set(request.fields)
    assert kept | {field for field, _ in decision.withheld} == set(request.fields)
    assert kept.isdisjoint(field for field, _ in decision.withheld)
    assert decision.allow == bool(kept)


@SEVERAL
@given(REQUESTS, RULES)
def test_p5_one_field_is_answered_the_same_whatever_else_is_asked(request: Request, given_rules: list[Rule]) -> None:
    together = ask(request, given_rules)
    for field in request.fields:
        alone = ask(request.model_copy(update={"fields": (field,)}), given_rules)
        assert alone.of(field) == together.of(field)


@MANY
@given(REQUESTS, RULES)
def test_p6_rules_of_another_purpose_change_nothing(request: Request, given_rules: list[Rule]) -> None:
    own = [rule for rule in given_rules if request.purpose in rule.purposes]
    all_of_them = ask(request, given_rules)
    alone = ask(request, own)
    assert (alone.treatment, alone.place_level, alone.rule_ids) == (
        all_of_them.treatment,
        all_of_them.place_level,
        all_of_them.rule_ids,
    )


LONDON = ZoneInfo("Europe/London")
TURNS = [
    dt.datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=LONDON),
    dt.datetime(2026, 3, 29, 2, tzinfo=LONDON),
    dt.datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=0),
    dt.datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1),
    dt.datetime(2028, 2, 29, tzinfo=LONDON),
    dt.datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=dt.UTC),
    AT,
]


@pytest.mark.parametrize("turn", TURNS, ids=str)
@SEVERAL
@given(offset=st.integers(-14 * 60, 14 * 60), microseconds=st.integers(0, 86_400 * 10**6))
def test_p7_a_period_holds_from_its_first_microsecond_to_before_its_last(
    turn: dt.datetime, offset: int, microseconds: int
) -> None:
    """Also over both clock changes and on 29 February, and in whatever offset the question is asked."""
    first = turn.astimezone(dt.UTC)
    last = first + MICRO * (microseconds + 1)
    long_ago, in_years = first - dt.timedelta(days=400), first + dt.timedelta(days=4000)
    parties = tuple(small.party(name, signed_on=long_ago) for name in small.SECTORS)
    lasting = {"valid_from": long_ago, "valid_until": in_years, "review_by": in_years, "parties": parties}
    above = small.charter(**lasting)
    its_own = small.agreement(small.permit(), **{**lasting, "valid_from": first, "valid_until": last})
    of_a_rule = small.agreement(small.permit(valid_from=first, valid_until=last), **lasting)
    signed = tuple(small.party(name, signed_on=first, left_on=last) for name in small.SECTORS)
    of_a_party = small.agreement(small.permit(), **{**lasting, "parties": signed})
    zone = dt.timezone(dt.timedelta(minutes=offset))
    for agreement in (its_own, of_a_rule, of_a_party):
        agreements = small.agreed(papers=(above, agreement))
        for at, inside in ((first - MICRO, False), (first, True), (last - MICRO, True), (last, False)):
            assert ask(small.asked(at=at.astimezone(zone), fields=("band",)), agreements).allow is inside


def test_p7_the_two_half_past_ones_of_an_october_night_are_an_hour_apart() -> None:
    first, second = (dt.datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=fold) for fold in (0, 1))
    between = small.agreed(small.permit(valid_from=first.astimezone(dt.UTC), valid_until=second.astimezone(dt.UTC)))
    assert ask(small.asked(at=first), between).allow
    assert not ask(small.asked(at=second), between).allow


@SEVERAL
@given(REQUESTS, RULES, st.sampled_from(["draft", "suspended", "ended"]), st.booleans())
def test_p8_an_agreement_or_charter_that_is_not_signed_gives_nothing(
    request: Request, given_rules: list[Rule], status: str, above: bool
) -> None:
    papers = (small.charter(status=status if above else "signed"),
              small.agreement(*given_rules, status="signed" if above else status))  # fmt: skip
    assert not ask(request, small.agreed(papers=papers)).allow
    emergency = request.model_copy(update={"override": small.override()})
    assert not ask(emergency, small.agreed(papers=papers)).allow


@SEVERAL
@given(REQUESTS, RULES, st.integers(0, 10**9))
def test_p8_from_the_moment_a_party_leaves_it_neither_gives_nor_gets(
    request: Request, given_rules: list[Rule], since: int
) -> None:
    for leaver in (request.agency, request.sources[0]):
        parties = [small.party(name) for name in small.SECTORS if name != leaver]
        gone = small.party(leaver, left_on=AT - MICRO * since)
        assert not ask(request, small.agreed(*given_rules, parties=(*parties, gone))).allow


@MANY
@given(
    requests(fields=tuple(FIELDS), subject_role=lambda rng: rng.choice(SUBJECT_ROLES[:-1]), handling="P"),
    rules("permit", 3, treatment=dict.fromkeys(FIELDS, "show"), place_level="exact", subject_roles=SUBJECT_ROLES),
    st.booleans(),
    st.lists(OBJECTIONS, max_size=2),
    st.booleans(),
)  # fmt: skip
def test_p9_the_floor_holds_under_every_rule_set_and_override(
    request: Request, given_rules: list[Rule], emergency: bool, said: list[Objection], related: bool
) -> None:
    asked = request.model_copy(update={"override": small.override()}) if emergency else request
    links = [CASE] if related else []
    decision = decide(asked, small.agreed(*given_rules), objections=said, relationships=links)
    kinds = {FIELDS[field] for field, _ in decision.treatment}
    assert not kinds & NEVER
    assert request.subject_role != "source" or not decision.allow
    live = (
        related
        and request.audience == "practitioner"
        and (request.agency, request.subject_id) == (CASE.agency, CASE.subject_id)
    )
    protected = any(
        one.basis == "protected_address" and one.subject_id == request.subject_id and one.valid_until != AT
        for one in said
    )
    if (request.subject_role in PROTECTED_ROLES or protected) and not live:
        assert not kinds & LOCATING
        assert decision.place_level == "none"
    if emergency and decision.allow:
        assert {field for field, _ in decision.treatment} == set(EMERGENCY_FIELDS)


@MANY
@given(requests(handling="P"), RULES, st.sampled_from([(), small.CONDITIONS[:1], small.CONDITIONS]))
def test_p10_p_to_c_never_shows_more_nor_does_a_condition_less_met(
    request: Request, given_rules: list[Rule], named: tuple[str, ...]
) -> None:
    permitted = ask(request, given_rules)
    closed = request.model_copy(update={"handling": "C", "handling_conditions": named})
    assert no_more_open(ask(closed, given_rules), permitted)
    unmet = closed.model_copy(update={"conditions_met": closed.conditions_met[:-1]})
    assert no_more_open(ask(unmet, given_rules), ask(closed, given_rules))


@SEVERAL
@given(requests(categories=lambda rng: some(rng, KINDS, 2)), RULES, st.lists(OBJECTIONS, max_size=1))
def test_p12_several_categories_at_once_are_the_tightest_of_each(
    request: Request, given_rules: list[Rule], said: list[Objection]
) -> None:
    """So asking category by category never shows less, and asking for all at once never shows more."""
    together = ask(request, given_rules, *said)
    each = [ask(request.model_copy(update={"categories": (one,)}), given_rules, *said) for one in request.categories]
    for field in set(request.fields):
        if FIELDS[field] in ("place", "address"):
            assert TREATMENTS.index(together.of(field)) <= min(TREATMENTS.index(one.of(field)) for one in each)
        else:
            assert together.of(field) == min((one.of(field) for one in each), key=TREATMENTS.index)


def renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: item if key == "sector" else renamed(item, names) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(renamed(item, names) for item in value)
    return names.get(value, value) if isinstance(value, str) else value


@SEVERAL
@given(REQUESTS, RULES, st.lists(OBJECTIONS, max_size=2))
def test_p15_renaming_agencies_and_people_changes_nothing_but_names(
    request: Request, given_rules: list[Rule], said: list[Objection]
) -> None:
    names = {"police": "yard", "council": "hall", "school": "academy", "charity": "trust", "S1": "T9", "S2": "T8"}
    agreements = small.agreed(*given_rules)

    def again(record: Any) -> Any:
        return type(record)(**renamed(record.model_dump(), names))

    twin = AgreementSet(
        agreements=tuple(again(paper) for paper in agreements.agreements),
        registered=renamed(agreements.registered, names),
        conditions=agreements.conditions,
    )
    before = decide(request, agreements, objections=said, relationships=[CASE])
    after = decide(again(request), twin, objections=[again(one) for one in said], relationships=[again(CASE)])
    differs = {"id": "", "policy_hash": ""}
    assert after.model_copy(update=differs) == before.model_copy(update=differs)


@SEVERAL
@given(REQUESTS, RULES, RULES, st.sampled_from(["isp", "other"]), st.sampled_from(["charter", "second"]))
def test_p16_two_sets_of_agreements_together_allow_nothing_that_neither_allowed(
    request: Request, first: list[Rule], second: list[Rule], name: str, above: str
) -> None:
    one = small.agreed(*first)
    other = small.agreed(papers=(small.charter(id=above, version="2" if above == "charter" else "1"),
                                 small.agreement(*second, id=name, charter_id=above)))  # fmt: skip
    both = dataclasses.replace(one, agreements=(*one.agreements, *other.agreements))
    together = ask(request, both)
    assert any(no_more_open(together, ask(request, alone)) for alone in (one, other))


@SEVERAL
@given(REQUESTS, RULES, st.lists(OBJECTIONS, max_size=2))
def test_the_same_question_has_the_same_answer_and_its_id_leads_to_nobody(
    request: Request, given_rules: list[Rule], said: list[Objection]
) -> None:
    first = ask(request, given_rules, *said)
    assert ask(request, given_rules, *said) == first
    names = {"S1": "T9", "S2": "T8", "U7": "V1", "case-1": "case-9"}

    def again(record: Any) -> Any:
        return type(record)(**renamed(record.model_dump(), names))

    links: list[Relationship] = [again(CASE)]
    agreements = small.agreed(*given_rules)
    other = decide(again(request), agreements, objections=[again(one) for one in said], relationships=links)
    assert other == first
