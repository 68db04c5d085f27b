"""Every way to break a sharing agreement is told with a code, its key and what to do; and all of them at once.

The table is the specification: one line changes one thing in a good ``sharing.toml`` and says how it is told.
"""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import sharing_small as small
from folders import GONE, Files, changed, good_files, tables, write_folder
from riskshare.errors import AgreementError, PartnershipError, Problem
from riskshare.io.agreement import load_agreements
from riskshare.io.partnership import load_partnership
from riskshare.records.agreement import Agreement
from riskshare.records.sharing_fields import CATEGORIES

FILE = "sharing.toml"
A, R = "agreements[1]", "agreements[1].rules[0]"
RESIGN = "signed anew after the change, unless the test is about signatures"
NEVER = dt.datetime(1800, 1, 1, tzinfo=dt.UTC)
Change = tuple[str, Any]


def good_sharing() -> dict[str, Any]:
    """Return a charter, an isp and a pilot as tables; every party signs the terms as they stand."""
    rules = (
        small.permit("see"),
        small.forbid("not_school", recipients=({"agency": "school", "role": "safeguarding_lead"},)),
    )
    everywhere = {"subject_roles": ("third_party",), "treatment": {"easting": "show"}, "place_level": "lsoa"}
    pilot = small.agreement(
        small.permit("where", **everywhere),
        id="pilot",
        kind="pilot",
        area_codes=("northby",),
        population=("14-15",),
    )
    papers = [tables(one) for one in (small.charter(), small.agreement(*rules), pilot)]
    for paper in papers:
        for party in paper["parties"]:
            party["signed_terms"] = RESIGN
    return {"agreements": papers}


def with_sharing(*changes: Change) -> Files:
    """Return a good folder with these changes to its ``sharing.toml``, signed anew."""
    files = changed(good_files() | {FILE: good_sharing()}, *((FILE, path, value) for path, value in changes))
    papers = files[FILE].get("agreements", []) if isinstance(files[FILE], dict) else []
    for paper in papers if isinstance(papers, list) else []:
        parties = paper.get("parties") if isinstance(paper, dict) else None
        for party in parties if isinstance(parties, list) else []:
            if isinstance(party, dict) and party.get("signed_terms") == RESIGN:
                party["signed_terms"] = terms(paper)
    return files


def terms(paper: dict[str, Any]) -> str:
    """Return the hash of the terms, or any hash where they cannot be read."""
    bare = copy.deepcopy(paper)
    bare.pop("default", None)  # a key that means nothing is no part of the terms
    for party in bare["parties"]:
        if isinstance(party, dict):
            party.pop("signed_terms", None)
    try:
        return Agreement(**tupled(bare)).terms_hash
    except (ValidationError, TypeError):
        return "0" * 64


def tupled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: tupled(item) for key, item in value.items()}
    return tuple(tupled(item) for item in value) if isinstance(value, list) else value


def problems_of(folder: Path) -> list[Problem]:
    with pytest.raises(PartnershipError) as caught:
        load_partnership(folder)
    return list(caught.value.problems)


def one(code: str, key: str, value: Any, *, told: str | None = None, also: tuple[Change, ...] = ()) -> Any:
    """One way to break it: the code it is told by, what is changed, and the key it is told at if another."""
    return pytest.param(((key, value), *also), (code, key if told is None else told), id=f"{code}-{key}")


def second(changes: dict[str, Any], position: int = 1) -> dict[str, Any]:
    return {**good_sharing()["agreements"][position], **changes}


DAY = dt.timedelta(days=1)
ONE_WAY = (
    (f"{A}.parties[0].role", "source"), (f"{A}.parties[1].role", "recipient"),
    (f"{A}.parties[2].role", "recipient"), (f"{A}.parties[3].role", "recipient"),
)  # fmt: skip

WRONG_SHAPE = [
    one("missing", "agreements", GONE),
    one("tuple_type", "agreements", {}),
    one("extra_forbidden", "agreement", []),
    one("model_type", "agreements[3]", "isp"),
    one("missing", f"{A}.id", GONE),
    one("string_pattern_mismatch", f"{A}.id", "an isp"),
    one("long_number", f"{A}.id", "isp_2026-03-31_1"),
    one("long_number", f"{R}.id", "943-476-5919"),
    one("long_number", f"{R}.recipients[0].role", "desk.0163.296.0000"),
    one("long_number", f"{A}.purposes[0]", "p123456789"),
    one("long_number", f"{A}.parties[0].practitioner_roles[0]", "r123456789"),
    one("string_type", f"{A}.version", 2),
    one("literal_error", f"{A}.kind", "mou"),
    one("missing", f"{A}.status", GONE),
    one("literal_error", f"{A}.status", "Signed"),
    one("missing", f"{A}.valid_until", GONE),
    one("missing", f"{A}.review_by", GONE),
    one("timezone_aware", f"{A}.valid_from", "2026-01-30T12:00:00"),
    one("datetime_parsing", f"{A}.valid_until", dt.date(2027, 1, 1)),
    one("datetime_parsing", f"{A}.review_by", "in the spring"),
    one("moment_range", f"{A}.valid_from", NEVER),
    one("extra_forbidden", f"{A}.default", "permit"),
    one("extra_forbidden", f"{R}.effekt", "permit"),
    one("missing", f"{R}.effect", GONE),
    one("literal_error", f"{R}.effect", "allow"),
    one("literal_error", f"{R}.subject_roles[0]", "suspect"),
    one("literal_error", f"{R}.handling_max", "B"),
    one("literal_error", f"{R}.place_level", "street"),
    one("literal_error", f"{R}.treatment.band", "visible"),
    one("dict_type", f"{R}.treatment", ["band"]),
    one("tuple_type", f"{R}.purposes", "safeguarding"),
    one("missing", f"{R}.recipients", GONE),
    one("missing", f"{R}.recipients[0].role", GONE),
    one("literal_error", f"{A}.parties[0].sector", "commercial"),
    one("literal_error", f"{A}.parties[0].sector", "other"),
    one("literal_error", f"{A}.parties[0].role", "observer"),
    one("missing", f"{A}.parties[0].spoc", GONE),
    one("string_pattern_mismatch", f"{A}.parties[0].spoc", "duty\ndesk"),
    one("datetime_parsing", f"{A}.parties[0].signed_on", dt.date(2026, 1, 15)),
    one("string_pattern_mismatch", f"{A}.parties[0].signed_terms", "abc"),
    one("missing", f"{A}.legal", GONE),
    one("literal_error", f"{A}.legal.art6[0]", "6(1)(e)"),
    one("literal_error", f"{A}.legal.art9", ["z"], told=f"{A}.legal.art9[0]"),
    one("missing", f"{A}.public_summary", GONE),
    one("missing", f"{A}.public_summary.who", GONE),
    one("string_too_short", f"{A}.public_summary.why", " "),
    one("int_type", f"{A}.retention_days.scores", "90"),
    one("int_type", f"{A}.retention_days.scores", 1.5),
    one("greater_than_equal", f"{A}.retention_days.scores", 0),
    one("less_than_equal", f"{A}.retention_days.scores", 10**6),
]

AT_ODDS = [
    one("agreement_twice", "agreements[3]", second({}), told="agreements[3].id"),
    one("agreement_twice", "agreements[3]", second({"version": "2"}, 0), told="agreements[3].id"),
    one("period_empty", f"{A}.valid_until", small.START, also=((f"{A}.rules", []),)),
    one("review_outside", f"{A}.review_by", small.END + DAY),
    one("review_outside", f"{A}.review_by", small.START),
    one("charter_missing", f"{A}.charter_id", GONE),
    one("charter_missing", f"{A}.charter_id", "pilot"),
    one("charter_of_charter", "agreements[0].charter_id", "charter"),
    one("charter_with_rules", "agreements[0].rules", [tables(small.permit())]),
    one("party_without_charter", "agreements[0].parties[3]", GONE, told=f"{A}.parties[3].agency_id"),
    one("party_twice", f"{A}.parties[3].agency_id", "police", also=((f"{A}.parties[3].sector", "police"),)),
    one(
        "party_unknown",
        f"{A}.parties[3].agency_id",
        "broker",
        also=(("agreements[0].parties[3].agency_id", "broker"), ("agreements[2].parties[3]", GONE)),
    ),
    one("sector_differs", f"{A}.parties[0].sector", "fire"),
    one("role_twice", f"{A}.parties[0].practitioner_roles[1]", "officer"),
    one(
        "no_source",
        f"{A}.parties",
        [
            tables(small.party(name, role="recipient", signed_terms=None)) | {"signed_terms": RESIGN}
            for name in ("police", "council", "school")
        ],
    ),
    one("dda_both_ways", f"{A}.kind", "dda", told=f"{A}.parties"),
    one("one_way_only", f"{A}.parties[0].role", "source", told=f"{A}.parties", also=ONE_WAY),
    one("one_way_only", f"{A}.kind", "jca", told=f"{A}.parties", also=ONE_WAY),
    one("signature_in_part", f"{A}.parties[0].signed_by_role", GONE),
    one("signature_in_part", f"{A}.parties[0].signed_terms", GONE),
    one(
        "signature_in_part",
        f"{A}.parties[0].signed_on",
        GONE,
        told=f"{A}.parties[0].signed_by_role",
        also=((f"{A}.parties[0].signed_terms", GONE),),
    ),
    one("left_before_signing", f"{A}.parties[0].left_on", small.START),
    one("terms_changed", f"{A}.parties[0].signed_terms", "0" * 64),
    one(
        "nobody_signed",
        f"{A}.status",
        "signed",
        also=tuple(
            (f"{A}.parties[{i}].{name}", GONE)
            for i in range(4)
            for name in ("signed_on", "signed_by_role", "signed_terms")
        ),
    ),
    one("pilot_without_scope", "agreements[2].area_codes", [], also=(("agreements[2].population", []),)),
    one("pilot_too_long", "agreements[2].valid_until", small.START + 367 * DAY),
    one("no_lawful_basis", f"{A}.legal.art6", [], told=f"{A}.legal"),
    one("no_art9", f"{A}.retention_days.patient", 30, told=f"{A}.legal.art9"),
    one("no_art10", f"{A}.legal.art10", GONE),
    one("no_dpia", f"{A}.dpia_ref", GONE),
    one("unknown_gateway", f"{A}.legal.gateways", ["favour"], told=f"{A}.legal.gateways[0]"),
    one(
        "gateway_bars",
        f"{A}.legal.gateways",
        ["serious_violence_duty"],
        also=((f"{A}.retention_days.patient", 30), (f"{A}.legal.art9", ["g"])),
    ),
    one("no_purpose", f"{A}.purposes", [], also=((f"{A}.rules", []),)),
    one("no_category", f"{A}.retention_days", {}, also=((f"{A}.rules", []),)),
    one("unknown_category", f"{A}.retention_days.gossip", 5),
    one("unknown_age_band", "agreements[2].population[0]", "teenagers"),
    one("unknown_age_band", "agreements[2].population[0]", "not known"),
    one("unknown_area", "agreements[2].area_codes[0]", "atlantis"),
    one("named_twice", f"{A}.purposes[2]", "safeguarding"),
    one("named_twice", "agreements[2].area_codes[1]", "northby"),
    one("rule_twice", f"{A}.rules[1].id", "see"),
    one("rule_of_nothing", f"{R}.recipients", []),
    one("rule_of_nothing", f"{R}.purposes", []),
    one("rule_of_nothing", f"{R}.categories", []),
    one("rule_of_nothing", f"{R}.subject_roles", []),
    one("named_twice", f"{R}.categories[1]", "scores"),
    one("recipient_no_party", f"{R}.recipients[0].agency", "health"),
    one("recipient_only_source", f"{A}.parties[1].role", "source", told=f"{R}.recipients[0].agency"),
    one("unknown_role", f"{R}.recipients[0].role", "receptionist"),
    one("unknown_purpose", f"{R}.purposes[0]", "marketing"),
    one("unknown_category", f"{R}.categories[0]", "gossip"),
    one("no_retention", f"{R}.categories[0]", "alerts"),
    one("unknown_field", f"{R}.treatment.shoe_size", "show"),
    one("unknown_condition", f"{R}.conditions", ["a_nod"], told=f"{R}.conditions[0]"),
    one("period_empty", f"{R}.valid_until", small.AT, also=((f"{R}.valid_from", small.AT),)),
    one("rule_outside", f"{R}.valid_from", small.END),
    one("rule_outside", f"{R}.valid_until", small.START),
    one("opens_nothing", f"{R}.treatment", {}),
    one("opens_nothing", f"{R}.treatment.score", "drop"),
    one("below_floor", f"{R}.treatment.informant", "redact"),
    one("below_floor", f"{R}.treatment.raw_text", "show"),
    one("below_floor", f"{R}.subject_roles[0]", "source"),
    one("place_without_level", f"{R}.treatment.easting", "show", told=f"{R}.place_level"),
    one(
        "address_not_exact",
        f"{R}.treatment.address",
        "show",
        told=f"{R}.place_level",
        also=((f"{R}.place_level", "lsoa"),),
    ),
    one("level_without_place", f"{R}.place_level", "lsoa"),
    one("closes_nothing", f"{A}.rules[1].treatment", {"band": "show"}, told=f"{A}.rules[1].treatment.band"),
    one("closes_nothing", f"{A}.rules[1].place_level", "exact"),
    one("forbid_with_handling", f"{A}.rules[1].handling_max", "C"),
    one("forbid_with_conditions", f"{A}.rules[1].conditions", ["no_onward"]),
]
ALL = [*WRONG_SHAPE, *AT_ODDS]
TELLS_MORE = {"charter_with_rules", "no_art10", "no_art9", "no_source", "party_unknown", "party_without_charter"}
"""What is wrong in another place as well: an unknown party is unknown in the charter too, rules of a charter name
purposes that it does not have, patient data needs a gateway beside its condition, and where nobody gives nobody
exchanges."""


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 80


def test_the_good_one_is_good(tmp_path: Path) -> None:
    agreements = load_agreements(write_folder(tmp_path, with_sharing()))
    assert [(one.kind, one.id) for one in agreements.agreements] == [
        ("charter", "charter"),
        ("isp", "isp"),
        ("pilot", "pilot"),
    ]
    assert agreements.altered == frozenset()


@pytest.mark.parametrize(("changes", "expected"), ALL)
def test_each_is_refused_with_its_code_and_key(
    tmp_path: Path, changes: tuple[Change, ...], expected: tuple[str, str]
) -> None:
    with pytest.raises(AgreementError) as caught:
        load_partnership(write_folder(tmp_path, with_sharing(*changes)))
    problems = caught.value.problems
    told = [(problem.code, problem.key) for problem in problems]
    assert expected in told if expected[0] in TELLS_MORE else told == [expected]
    assert {problem.file for problem in problems} == {FILE}
    assert all(problem.rule.endswith(".") and problem.remedy.endswith(".") for problem in problems)


def test_all_of_them_are_told_at_once(tmp_path: Path) -> None:
    files = with_sharing(
        ("agreements[0].charter_id", "charter"),
        (f"{A}.valid_from", "2026-01-30T12:00:00"),
        (f"{R}.treatment.shoe_size", "show"),
        ("agreements[2].population[0]", "teenagers"),
    )
    broken = changed(files, ("trust.toml", "title", 7))
    assert [(p.file, p.code) for p in problems_of(write_folder(tmp_path, broken))] == [
        (FILE, "charter_of_charter"),
        (FILE, "unknown_field"),
        (FILE, "timezone_aware"),
        (FILE, "unknown_age_band"),
        ("trust.toml", "string_type"),
    ]


def test_no_text_of_the_file_is_repeated_but_ids(tmp_path: Path) -> None:
    files = with_sharing(
        (f"{A}.parties[0].spoc", "MARKER\none"),
        (f"{A}.parties[0].sector", "MARKER two"),
        (f"{A}.public_summary.why", 7),
        (f"{A}.dpia_ref", "MARKER\nthree"),
    )
    assert "MARKER" not in "\n".join(str(problem) for problem in problems_of(write_folder(tmp_path, files)))


def test_a_broken_agreement_beside_a_broken_partnership_is_a_broken_partnership(tmp_path: Path) -> None:
    broken = changed(with_sharing((f"{A}.status", "new")), ("trust.toml", "title", 7))
    with pytest.raises(PartnershipError) as caught:
        load_partnership(write_folder(tmp_path, broken))
    assert not isinstance(caught.value, AgreementError)


def test_an_unreadable_partnership_makes_no_party_unknown(tmp_path: Path) -> None:
    broken = changed(with_sharing(), ("partnership.toml", "", "not toml"), ("trust.toml", "", "not toml"))
    assert [p.file for p in problems_of(write_folder(tmp_path, broken))] == ["partnership.toml", "trust.toml"]


def test_a_file_that_is_not_toml(tmp_path: Path) -> None:
    files = good_files() | {FILE: "agreements = [\n"}
    with pytest.raises(AgreementError):
        load_partnership(write_folder(tmp_path, files))


def test_the_categories_include_every_class_of_evidence() -> None:
    from riskshare.records.evidence import DATA_CLASSES

    assert set(DATA_CLASSES) <= set(CATEGORIES)
