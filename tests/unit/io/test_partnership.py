"""Loading a good folder: what comes back, and that anything else raises one kind of error."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folders import changed, good_files, tables, write_folder
from riskshare.errors import PartnershipError, Problem
from riskshare.io.partnership import load_partnership


def test_what_was_written_is_what_comes_back(tmp_path: Path) -> None:
    partnership = load_partnership(write_folder(tmp_path))
    files = good_files()
    assert partnership.name == "Testshire"
    assert partnership.is_example
    assert {agency.id for agency in partnership.agencies} == {a["id"] for a in files["partnership.toml"]["agencies"]}
    assert tables(partnership.scale("demo.count")) == files["scales/demo.count.toml"]
    assert tables(partnership.trust.indicators[0]) == files["trust.toml"]["indicators"][0]
    assert partnership.unsigned() == ("charity", "council", "health", "police", "school")


def test_the_shipped_example_loads_and_says_that_it_is_one() -> None:
    example = load_partnership(Path(__file__).parents[3] / "thresholds")
    assert example.is_example
    assert len(example.scales) >= 15


def test_a_path_may_be_text(tmp_path: Path) -> None:
    assert load_partnership(str(write_folder(tmp_path))) == load_partnership(tmp_path)


def test_lists_whose_order_means_nothing_come_back_sorted(tmp_path: Path) -> None:
    partnership = load_partnership(write_folder(tmp_path))
    for ids in (
        [agency.id for agency in partnership.agencies],
        [one.id for one in partnership.trust.indicators],
        [one.id for one in partnership.trust.grades],
        [one.agency for one in partnership.signatures],
    ):
        assert ids == sorted(ids)
    assert [band.starts for band in partnership.scale("demo.count").bands] == [0.0, 7.0, 14.0]
    assert [anchor.points for anchor in partnership.trust.anchors] == [20.0, 80.0]


def test_infinity_and_dates_and_whole_numbers_are_taken_where_allowed(tmp_path: Path) -> None:
    files = changed(
        good_files(),
        ("trust.toml", "families[0].p", math.inf),
        ("trust.toml", "indicators[1].repeat_p", math.inf),
        ("scales/demo.count.toml", "lo", 0),
        ("scales/demo.count.toml", "valid_from", dt.date(2020, 2, 29)),
        ("scales/demo.count.toml", "valid_to", "2021-02-28"),
    )
    partnership = load_partnership(write_folder(tmp_path, files))
    assert {f.id: f.p for f in partnership.trust.families}["violence"] == math.inf
    assert {i.id: i.repeat_p for i in partnership.trust.indicators}["weapon_carrying"] == math.inf
    scale = partnership.scale("demo.count")
    assert (scale.lo, scale.valid_from, scale.valid_to) == (0.0, dt.date(2020, 2, 29), dt.date(2021, 2, 28))


def test_nobody_has_signed_yet(tmp_path: Path) -> None:
    files = good_files()
    del files["signatures.toml"]
    partnership = load_partnership(write_folder(tmp_path, files))
    assert partnership.signatures == ()
    assert len(partnership.unsigned()) == 5


def test_an_indicator_may_be_a_proxy_for_nothing_or_say_why(tmp_path: Path) -> None:
    files = changed(
        good_files(),
        ("trust.toml", "indicators[1].proxy_for", ["ethnicity"]),
        ("trust.toml", "indicators[1].justification", "A weapon is a weapon."),
    )
    assert load_partnership(write_folder(tmp_path, files)).trust.indicators[2].proxy_for == ()


def test_a_scale_of_safety_pins_downwards(tmp_path: Path) -> None:
    bands = [
        {"name": "unsafe", "from": 0.0, "pins": "high"},
        {"name": "mixed", "from": 8.0, "pins": "medium"},
        {"name": "safe", "from": 16.0},
    ]
    files = changed(
        good_files(),
        ("scales/demo.count.toml", "direction", "safety"),
        ("scales/demo.count.toml", "bands", bands),
        ("scales/demo.count.toml", "routes", []),
        ("partnership.toml", "agencies[1].standards", []),
    )
    assert load_partnership(write_folder(tmp_path, files)).scale("demo.count").direction == "safety"


def test_a_scale_that_does_not_measure_severity_pins_nothing(tmp_path: Path) -> None:
    nominal = {
        "id": "demo.kind",
        "name": "Kind",
        "owner": "demo",
        "kind": "nominal",
        "direction": "none",
        "bands": [{"name": "red", "from": 1}, {"name": "blue", "from": 2}],
        "source": "Demo guide",
        "year": "undated",
        "mark": "local",
    }
    assert load_partnership(write_folder(tmp_path, good_files() | {"scales/k.toml": nominal})).scale("demo.kind")


def leaves(table: Any, path: str = "") -> list[str]:
    """Every key path of a table, containers too."""
    inner = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    found = [path] if path else []
    for key, value in inner:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        found += leaves(value, path + step)
    return found


def problems_of(folder: Path) -> tuple[Problem, ...]:
    try:
        load_partnership(folder)
    except PartnershipError as fault:
        return fault.problems
    return ()


OPTIONAL_BUT_NEEDED = ("bands", "lo", "gateways", "families")
"""Keys with a default that another part of the small partnership cannot do with."""
PLACES = [(file, path) for file, table in good_files().items() for path in leaves(table)]
JUNK = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        3,
        10**18,
        0.5,
        math.inf,
        -math.inf,
        math.nan,
        "",
        " ",
        "x",
        "police",
        "demo.count",
        "high",
        "\u202ex",
        "%d",
        dt.date(2020, 1, 1),
        dt.datetime(2020, 1, 1, 1),
        dt.time(1),
        [],
        {},
        [1],
        [[]],
        [{}],
        {"id": "x"},
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=6))
def test_whatever_is_written_either_loads_or_is_explained(changes: list[tuple[tuple[str, str], Any]]) -> None:
    files = good_files()
    for (file, path), value in changes:
        try:
            files = changed(files, (file, path, value)) if value is not None else files
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took that place away
    with tempfile.TemporaryDirectory() as folder:
        problems = problems_of(write_folder(Path(folder), files))
    assert problems == tuple(sorted(set(problems)))
    assert all(problem.file and problem.rule and problem.remedy for problem in problems)


@pytest.mark.parametrize("file", list(good_files()))
def test_any_key_may_be_missing(tmp_path: Path, file: str) -> None:
    """Taking any one key away loads (it has a default) or is told at that key: nothing else looks wrong for it."""
    table = good_files()[file]
    for i, key in enumerate(table):
        rest = {name: value for name, value in table.items() if name != key}
        problems = problems_of(write_folder(tmp_path / str(i), good_files() | {file: rest}))
        told = {problem.key for problem in problems if problem.rule == "A required key is missing."}
        assert told <= {key}
        assert told or not problems or key in OPTIONAL_BUT_NEEDED


def test_a_scale_that_could_not_be_placed_is_a_problem_at_loading(tmp_path: Path) -> None:
    """A sound-looking file whose cut falls between steps would otherwise stop the scoring later."""
    files = changed(good_files(), ("scales/demo.count.toml", "bands[1].from", 7.5))
    with pytest.raises(PartnershipError) as caught:
        load_partnership(write_folder(tmp_path / "agreed", files))
    assert ("scales/demo.count.toml", "bands[1].from") in {(p.file, p.key) for p in caught.value.problems}
    assert all(problem.remedy for problem in caught.value.problems)
