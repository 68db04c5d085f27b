"""Every way to break an agreed folder is told with its file, its key and what to do; and all of them at once.

The table is the specification: one line changes one thing in a good folder and says where the fault must be told.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from folders import GONE, changed, good_files, signature, write_folder
from riskshare.errors import PartnershipError, Problem
from riskshare.io.partnership import load_partnership

P, C, T, S, G = "partnership.toml", "common_scale.toml", "trust.toml", "scales/demo.count.toml", "signatures.toml"
SAFETY = [
    {"name": "unsafe", "from": 0.0, "pins": "high"},
    {"name": "mixed", "from": 8.0, "pins": "medium"},
    {"name": "safe", "from": 16.0},
]
SECOND = {
    "id": "demo.second",
    "name": "Second",
    "owner": "demo",
    "kind": "ordinal",
    "lo": 1,
    "hi": 2,
    "direction": "risk",
    "bands": [{"name": "some", "from": 1}, {"name": "much", "from": 2, "pins": "high"}],
    "source": "Demo guide",
    "year": "undated",
    "mark": "local",
}
Change = tuple[str, str, Any]
NO_BAND_NAMED: tuple[Change, ...] = ((S, "routes", []), (P, "agencies[1].standards", []))


def one(file: str, key: str, value: Any, *, told: str | None = None, also: tuple[Change, ...] = ()) -> Any:
    """One way to break the folder: what is changed, and the key at which it is told (the same, unless said)."""
    expected = key if told is None else told
    shape = type(value).__name__ if not isinstance(value, str | int | float) else str(value)[:18]
    return pytest.param(((file, key, value), *also), (file, expected), id=f"{file}-{key}-{shape}")


WRONG_SHAPE = [
    one(P, "name", GONE),
    one(P, "purpose", " "),
    one(P, "example", "yes"),
    one(P, "example", GONE),
    one(P, "nickname", "x"),
    one(P, "agencies", {}),
    one(P, "agencies[0].sector", "constabulary"),
    one(P, "agencies[1].contact", GONE),
    one(P, "agencies[1].id", "a council"),
    one(P, "agencies[2].workers", -1),
    one(P, "agencies[2].population", float("nan")),
    one(P, "agencies[2].authorities", "northby"),
    one(P, "agencies[0].authorities[1]", "south by"),
    one(P, "agencies[3]", "health", told="agencies[3]"),
    one(P, "agencies[1].standards[0].clock", "lunar"),
    one(P, "agencies[1].standards[0].share_within", 1.5),
    one(C, "medium_from", "30"),
    one(C, "middle", 5),
    one(T, "title", 7),
    one(T, "tau_max", 1.0),
    one(T, "tau_max", 0),
    one(T, "z", 0),
    one(T, "twin_days", 2.5),
    one(T, "twin_days", -1),
    one(T, "relay_fidelity", float("inf")),
    one(T, "grades[3].trust", "0.4"),
    one(T, "grades[0].source", "4", told="grades[0].source"),
    one(T, "grades[1].assessment", "E"),
    one(T, "source_types[0].strength", 0),
    one(T, "indicators[1].retention_days", 0),
    one(T, "indicators[1].lens[0]", "harm_at"),
    one(T, "indicators[2].log_likelihood_ratio", -1.1),
    one(T, "indicators[2].half_life_days", GONE),
    one(T, "indicators[2].famly", "violence"),
    one(T, "indicators[4].repeat_p", 0.5),
    one(T, "indicators[4].ceiling", float("inf")),
    one(T, "families[0].p", float("nan")),
    one(T, "correlation.within_agency.police", 1.1),
    one(T, "correlation.within_agency", [], told="correlation.within_agency"),
    one(T, "correlation.other", GONE),
    one(T, "caps.sectors.the police", 1.0),
    one(T, "caps.anecdotal", -0.5),
    one(T, "base_rate.harm_by", float("-inf")),
    one(T, "base_rate", GONE),
    one(T, "anchors[1]", GONE),
    one(T, "anchors[2]", {"log_odds": 1.0, "points": 90.0}, told="anchors"),
    one(T, "anchors[1].points", 101),
    one(T, "flags.police_led", 2),
    one(T, "gateways[0].bars[0]", "health"),
    one(T, "needs_gateway[0]", "secret"),
    one(S, "kind", "scalar"),
    one(S, "direction", "up"),
    one(S, "step", 0),
    one(S, "lo", float("nan")),
    one(S, "source", GONE),
    one(S, "mark", GONE),
    one(S, "year", 2020),
    one(S, "valid_from", "spring"),
    one(S, "valid_from", 2020),
    one(S, "bands[1].pins", "low"),
    one(S, "bands[2].from", GONE),
    one(S, "note", "x" * 2001, told="name", also=((S, "name", "x" * 2001), (S, "note", ""))),
    one(G, "signatures[0].policy_hash", "abc"),
    one(G, "signatures[0].signed_on", dt.datetime(2026, 1, 1, 9)),
    one(G, "signatures[0].role", ""),
    one(G, "signatures[0].role", "head\nof safeguarding"),
]

AT_ODDS = [
    one(P, "agencies[4].id", "police", also=((G, "signatures[4]", GONE),)),
    one(P, "agencies[0].authorities[1]", "northby"),
    one(P, "agencies[0].date_formats", []),
    one(P, "agencies[0].date_formats", ["%d/%m/%y"], told="agencies[0].date_formats[0]"),
    one(P, "agencies[0].date_formats", ["%x"], told="agencies[0].date_formats[0]"),
    one(P, "agencies[0].date_formats", ["%d/%m/%Y%"], told="agencies[0].date_formats[0]"),
    one(P, "agencies[0].date_formats", ["%d/%Y"], told="agencies[0].date_formats[0]"),
    one(P, "agencies[0].date_formats", ["%d/%m/%Y", "%Y-%m-%d", "%m/%d/%Y"], told="agencies[0].date_formats[2]"),
    one(P, "agencies[0].date_formats", ["%Y%m%d", "%d%m%Y"], told="agencies[0].date_formats[1]"),
    one(P, "agencies[0].date_formats", ["%d/%m/%Y", "%d/%m/%Y"], told="agencies[0].date_formats[1]"),
    one(P, "agencies[1].standards[0].scale", "demo.none"),
    one(
        P,
        "agencies[1].standards[1]",
        good_files()[P]["agencies"][1]["standards"][0],
        told="agencies[1].standards[1].id",
    ),
    one(P, "agencies[1].standards[0].band", "High"),
    one(P, "agencies[1].standards[0].clock", "elapsed"),
    one(P, "agencies[1].standards[0].target_hours", 24.0),
    one(P, "agencies[1].standards[0].target_working_days", GONE, told="agencies[1].standards[0].target_hours"),
    one(C, "medium_from", 0),
    one(C, "high_from", 20),
    one(C, "very_high_from", 100),
    one(S, "mark", "unverified"),
    one(
        S,
        "lo",
        24.0,
        told="hi",
        also=((S, "kind", "ordinal"), (S, "bands", [{"name": "high", "from": 24, "pins": "high"}])),
    ),
    one(S, "lo", GONE),
    one(S, "kind", "probability", told="hi", also=((S, "hi", GONE),)),
    one(S, "direction", "safety", told="hi", also=((S, "hi", GONE), (S, "bands", SAFETY), *NO_BAND_NAMED)),
    one(S, "direction", "none"),
    one(S, "valid_to", dt.date(2020, 1, 1), also=((S, "valid_from", dt.date(2020, 1, 1)),)),
    one(S, "bands", [], told="bands", also=NO_BAND_NAMED),
    one(S, "bands[1].from", 14.0, told="bands[2].from"),
    one(S, "bands[2].from", 25.0),
    one(S, "bands[0].from", -1.0),
    one(S, "bands[0].from", 2.0),
    one(S, "bands[1].name", "STANDARD"),
    one(S, "not_scored[1]", "Medium"),
    one(S, "bands[2].from", 14.5, also=((S, "kind", "ordinal"),)),
    one(S, "bands[2].pins", "medium"),
    one(S, "bands[1].pins", "very high", told="bands[2].pins"),
    one(S, "bands[0].pins", "medium", also=((S, "bands[1].pins", GONE),)),
    one(
        S,
        "bands",
        [SAFETY[0] | {"pins": "medium"}, SAFETY[1] | {"pins": "high"}, SAFETY[2]],
        told="bands[1].pins",
        also=((S, "direction", "safety"), *NO_BAND_NAMED),
    ),
    one(
        S,
        "bands",
        [*SAFETY[:1], SAFETY[2] | {"pins": "medium"}],
        told="bands[1].pins",
        also=((S, "direction", "safety"), *NO_BAND_NAMED),
    ),
    one(S, "kind", "nominal", told="bands[1].pins", also=((S, "bands[2].pins", GONE),)),
    one(S, "kind", "effort", told="bands[2].pins", also=((S, "bands[1].pins", GONE),)),
    one(S, "routes[0].raises_to", "extreme"),
    one(S, "routes[1]", {"id": "judgement", "description": "Again.", "raises_to": "high"}, told="routes[1].id"),
    one(T, "grades[0].trust", 0.995),
    one(T, "source_types[1].trust", 1.0),
    one(T, "grades[11]", GONE, told="grades"),
    one(T, "grades[12]", {"source": "1", "assessment": "A", "trust": 0.5, "strength": 5, "first_hand": True}),
    one(T, "source_types[1].id", "record"),
    one(T, "indicators[1].id", "gang_link", told="indicators[2].id", also=((T, "expected_answers", []),)),
    one(T, "families[4].id", "violence", also=((T, "indicators[5].family", "violence"),)),
    one(T, "expected_answers[1]", good_files()[T]["expected_answers"][0], told="expected_answers[1].id"),
    one(T, "gateways[1].id", "serious_violence_duty"),
    one(T, "handling_conditions[1]", {"id": "no_onward", "definition": "Again."}, told="handling_conditions[1].id"),
    one(T, "indicators[2].family", "friendship"),
    one(T, "indicators[3].family", "violence", told="families[0]"),
    one(T, "indicators[2].ceiling", 1.0),
    one(T, "indicators[2].lens", []),
    one(T, "indicators[2].lens", ["harm_to", "harm_to"]),
    one(T, "indicators[0].horizon_days", GONE),
    one(T, "indicators[0].duty", " "),
    one(
        T,
        "indicators[3].immediate",
        True,
        also=((T, "indicators[3].horizon_days", 30), (T, "indicators[3].duty", "Act.")),
    ),
    one(T, "indicators[4].lens", ["harm_by"]),
    one(T, "indicators[5].horizon_days", GONE),
    one(T, "indicators[2].proxy_for", ["poverty"], told="indicators[2].justification"),
    one(T, "indicators[2].log_likelihood_ratio", 1001.0),
    one(T, "indicators[2].retention_days", 100_001),
    one(T, "indicators[5].horizon_days", 10**9),
    one(T, "twin_days", 10**9),
    one(T, "base_rate.harm_to", -1e6),
    one(T, "expected_answers[0].raises", 1e300),
    one(T, "expected_answers[0].agency", GONE),
    one(T, "expected_answers[0].sector", "education", told="expected_answers[0].agency"),
    one(T, "expected_answers[0].agency", "academy"),
    one(T, "expected_answers[0].sector", "fire", also=((T, "expected_answers[0].agency", GONE),)),
    one(T, "expected_answers[0].indicator", "weapons"),
    one(
        T, "expected_answers[0].lens", "harm_by", also=((T, "expected_answers[0].indicator", "criminal_exploitation"),)
    ),
    one(T, "correlation.within_agency.army", 0.5),
    one(T, "caps.sectors.fire", 1.0),
    one(T, "anchors[1].points", 20.0),
    one(T, "anchors[0].log_odds", 0.0, told="anchors[1].log_odds"),
    one(
        T,
        "needs_gateway[2]",
        "criminal",
        also=((T, "gateways[0].bars", ["criminal"]), (T, "gateways[1].bars", ["criminal"])),
    ),
    one(G, "signatures[0].agency", "army"),
    one(G, "signatures[5]", signature("police", "1" * 64), told="signatures[5].agency"),
]

NOT_A_FILE_OF_OURS = [
    one(P, "", GONE),
    one(C, "", GONE),
    one(T, "", GONE),
    one(P, "", "name = 'a\npurpose = 'b'\n"),
    one(P, "", "name = 'a'\nname = 'b'\n"),
    one(C, "", "[a]\n[a]\n"),
    one(C, "", "high_from = "),
    one(C, "", b"\xff\xfeh\x00i\x00"),
    one(C, "", "# café\n".encode("latin-1")),
    one(C, "", "x = '\x00'\n"),
    one(C, "", "# long\n" * 200_000),
    one(C, "", "a = " + "[" * 30 + "]" * 30),
    one(C, "", "a = " + "[" * 100_000),
    one(C, "", "a" + ".a" * 5_000 + " = 1\n"),
    one(C, "", "a = " + "9" * 5_000 + "\n"),
    one(C, "", "high_from = 0x" + "f" * 40 + "\n", told="high_from"),
    one("notes.toml", "", "a = 1\n"),
    one("Trust.TOML", "", "a = 1\n"),
    one("scales/second.toml", "", "id = \n"),
    one("scales/twin.toml", "", good_files()[S], told="id"),
    pytest.param((("scales/more/deep.toml", "", "a = 1\n"),), ("scales/more", ""), id="folder-in-scales"),
]


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(PartnershipError) as caught:
        load_partnership(folder)
    assert caught.value.__cause__ is None
    return caught.value.problems


def test_the_good_folder_is_good(tmp_path: Path) -> None:
    partnership = load_partnership(write_folder(tmp_path, changed(good_files(), ("scales/b.toml", "", SECOND))))
    assert [scale.id for scale in partnership.scales] == ["demo.count", "demo.second"]


@pytest.mark.parametrize(("changes", "told"), [*WRONG_SHAPE, *AT_ODDS, *NOT_A_FILE_OF_OURS])
def test_one_fault_is_told_once_where_it_is(tmp_path: Path, changes: tuple[Change, ...], told: tuple[str, str]) -> None:
    problems = problems_of(write_folder(tmp_path, changed(good_files(), *changes)))
    assert [(problem.file, problem.key) for problem in problems] == [told]
    assert problems[0].rule.endswith(".")
    assert problems[0].remedy.endswith(".")
    assert "pydantic" not in str(problems[0])


def test_the_table_is_long_enough() -> None:
    assert len({param.id for param in (*WRONG_SHAPE, *AT_ODDS, *NOT_A_FILE_OF_OURS)}) >= 60


def test_ten_faults_at_once_are_all_told(tmp_path: Path) -> None:
    broken = changed(
        good_files(),
        (P, "purpose", GONE),
        (P, "agencies[1].contact", ""),
        (P, "agencies[1].date_formats", ["%d/%m/%y"]),
        (C, "high_from", 95),
        (S, "lo", "nought"),
        (S, "routes[0].raises_to", "extreme"),
        (T, "indicators[2].family", "friendship"),
        (T, "indicators[2].sd", -1),
        (T, "correlation.within_agency.army", 0.5),
        (T, "title", GONE),
        (G, "signatures[0].agency", "army"),
        ("extra.toml", "", "a = 1"),
    )
    problems = problems_of(write_folder(tmp_path, broken))
    assert [(problem.file, problem.key) for problem in problems] == [
        (C, "very_high_from"),
        ("extra.toml", ""),
        (P, "agencies[1].contact"),
        (P, "agencies[1].date_formats[0]"),
        (P, "purpose"),
        (S, "lo"),
        (S, "routes[0].raises_to"),
        (G, "signatures[0].agency"),
        (T, "correlation.within_agency.army"),
        (T, "indicators[2].family"),
        (T, "indicators[2].sd"),
        (T, "title"),
    ]


def test_every_file_broken_at_once(tmp_path: Path) -> None:
    files = dict.fromkeys(good_files(), "not toml")
    assert [problem.file for problem in problems_of(write_folder(tmp_path, files))] == sorted(files)


@pytest.mark.parametrize("file", [P, C, T, S, G])
def test_one_unreadable_file_makes_nothing_else_look_wrong(tmp_path: Path, file: str) -> None:
    """An agency is not called unknown because the list of agencies could not be read."""
    problems = problems_of(write_folder(tmp_path, changed(good_files(), (file, "", "not toml"))))
    assert [(problem.file, problem.key) for problem in problems] == [(file, "")]


def test_a_list_of_the_wrong_shape_hides_nothing_beside_it(tmp_path: Path) -> None:
    """What hangs on a field that could not be read is passed over; the rest of the same entry is still judged."""
    broken = changed(
        good_files(),
        (S, "not_scored", "cannot be judged"),
        (S, "bands[2].pins", "medium"),
        (T, "expected_answers[0].indicator", 7),
        (T, "expected_answers[0].agency", "army"),
        (T, "anchors", []),
        (T, "base_rate.harm_to", -1e6),
    )
    assert [(problem.file, problem.key) for problem in problems_of(write_folder(tmp_path, broken))] == [
        (S, "bands[2].pins"),
        (S, "not_scored"),
        (T, "anchors[0]"),
        (T, "anchors[1]"),
        (T, "base_rate.harm_to"),
        (T, "expected_answers[0].agency"),
        (T, "expected_answers[0].indicator"),
    ]


def test_an_entry_without_a_legible_id_makes_nothing_else_look_wrong(tmp_path: Path) -> None:
    broken = changed(good_files(), (T, "families[0].id", 7), (P, "agencies[0].id", ""), (S, "id", "a b"))
    keys = [(problem.file, problem.key) for problem in problems_of(write_folder(tmp_path, broken))]
    assert keys == [(P, "agencies[0].id"), (S, "id"), (T, "families[0].id")]


def test_no_folder_and_no_scale(tmp_path: Path) -> None:
    assert [p.file for p in problems_of(tmp_path / "none")] == ["the folder given"]
    write_folder(tmp_path, changed(good_files(), (S, "", GONE)))
    assert [(p.file, p.key) for p in problems_of(tmp_path) if p.file == "scales"] == [("scales", "")]
    (tmp_path / "scales").mkdir()
    assert [(p.file, p.key) for p in problems_of(tmp_path) if p.file == "scales"] == [("scales", "")]


def test_a_fault_names_the_entry_it_is_in_and_no_other_text(tmp_path: Path) -> None:
    broken = changed(
        good_files(),
        (T, "indicators[2].half_life_days", "MARKER one"),
        (T, "indicators[2].definition", "MARKER two"),
        (P, "agencies[0].contact", "MARKER three"),
        (P, "agencies[0].sector", "MARKER four"),
        (S, "routes[0].raises_to", "MARKER five"),
        (T, "indicators[1].family", "MARKER six"),
        (P, "agencies[0].date_formats", ["MARKER %y"]),
    )
    text = str(PartnershipError(problems_of(write_folder(tmp_path, broken))))
    assert "(in 'gang_link')" in text
    assert "MARKER" not in text
