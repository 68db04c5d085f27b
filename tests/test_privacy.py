"""No message, log, repr or traceback ever shows a person's value: markers are planted and looked for."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import logging
import pkgutil
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import BaseModel, ValidationError

import build
import riskshare
from riskshare.io.evidence import read_evidence
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import INPUT_COLUMNS, Evidence, Subjects
from riskshare.records.results import SubjectResult
from riskshare.scales.normalise import normalise
from riskshare.scoring.alone import score_alone
from riskshare.scoring.findings import claim_tables
from riskshare.scoring.score import blocks, score_block
from riskshare.trust.coding import code_names
from riskshare.trust.columns import to_columns

MARK = "zqmark"
SOURCE = Path(riskshare.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(SOURCE)], "riskshare.") if not m.name.endswith("__main__"))
PARTNERSHIP = build.partnership()


def person(number: int, **changes: Any) -> dict[str, Any]:
    """Return a good row whose every free column holds a marker."""
    marked = {
        "record_id": f"{MARK}-record-{number}",
        "subject_id": f"{MARK}-subject-{number % 3}",
        "claim_id": f"{MARK}-claim",
        "recorded_by": f"{MARK}-force",
        "event_date": "2026-03-31",
        "recorded_date": "2026-03-31",
    }
    return build.row(**{**marked, **changes})


def good_rows() -> list[dict[str, Any]]:
    """Return accepted rows of every kind: relays, rings, denials, twins, readings, answers, and rows without weight."""
    alone = {"claim_id": None}
    return [
        person(1),
        person(2, agency="council", derived_from=f"school:{MARK}-record-1"),
        person(3, agency="police", derived_from=f"police:{MARK}-never-sent", subject_id=f"{MARK}-subject-1"),
        person(4, derived_from=f"council:{MARK}-record-5", subject_id=f"{MARK}-subject-1"),
        person(5, agency="council", derived_from=f"school:{MARK}-record-4", subject_id=f"{MARK}-subject-1"),
        person(6, stance="denies", agency="health", subject_id=f"{MARK}-subject-1"),
        person(7, scale="demo.count", value="14", route="judgement", **alone),
        person(8, agency="council", **alone),
        person(9, answer="nil", **alone),
        person(10, status="withdrawn", **alone),
        person(11, agency="charity", derived_from=f"school:{MARK}-record-10", subject_id=f"{MARK}-subject-1", **alone),
        person(12, indicator="threat_to_staff", **alone),
        person(13, arises_from="agency_initiated", **alone),
        person(14, indicator="blade_injury", role="victim", handling="C:no_onward", **alone),
        person(15, indicator="blade_injury", role="victim", **alone),
        person(16, indicator="criminal_exploitation", role="exploited", **alone),
        person(17, role="third_party", **alone),
        person(18, scale="demo.count", value="cannot be judged", **alone),
        person(19, data_class="patient", **alone),
    ]


def bad_rows() -> list[dict[str, Any]]:
    """Return a row for every column in which that column holds a marker of no use, and some faults of another kind."""
    rows = [person(100 + n, **{column: f"{MARK} is!no\tgood"}) for n, column in enumerate(INPUT_COLUMNS)]
    rows += [
        person(200, subject_id=f"{MARK}@example.org"),
        person(201, subject_id=None),
        person(202, event_date=f"{MARK}-2026"),
        person(203, event_date="2026-04-01"),
        person(204, value=f"{MARK}-14", scale="demo.count"),
        person(205, derived_from=f"{MARK}:{MARK}"),
        person(206, handling=f"C:{MARK}"),
        person(207, severity=f"0.{MARK}"),
        person(208, easting=MARK, northing=MARK),
        person(209, record_id=f"{MARK}-record-1", basis="anecdotal", agency="charity"),
        person(209, record_id=f"{MARK}-record-1", basis="factual", agency="charity"),
    ]
    return rows


def evidence() -> Evidence:
    return read_evidence([*good_rows(), good_rows()[0], *bad_rows()], PARTNERSHIP, accept_bad=True)


def subjects() -> Subjects:
    rows = [{"subject_id": f"{MARK}-subject-1", "age_band": "14-15", "household_id": f"{MARK}-home"}]
    return read_subjects([*rows, {"subject_id": f"{MARK}-subject-2", "age_band": MARK}], PARTNERSHIP, accept_bad=True)


def everything_asked_for() -> list[Any]:
    """Run every job on marked evidence and return every result object it gives."""
    read, people = evidence(), subjects()
    assert read.rows.num_rows >= 19
    assert read.total("quarantined") >= 20
    assert MARK in read.table.to_string()  # the table itself is what the caller asked for
    assessment = riskshare.assess(read, PARTNERSHIP, as_of="2026-03-31", subjects=people)
    earlier = riskshare.assess(read, PARTNERSHIP, as_of="2026-03-30", subjects=people, trial=True)
    for subject in assessment.scores["subject_id"].unique():
        assert MARK in subject
        assessment.explain(subject)
        assessment.leave_out_agencies(subject)
        assessment.to_dicts(subject)
        for more in (assessment.trace, assessment.doubt, assessment.questions):
            more(subject)
    assessment.changes(earlier)
    results = [SubjectResult.model_validate_json(pd.io.json.ujson_dumps(one)) for one in assessment.to_dicts()]
    weighed = assessment.weighed
    codes, unjudged = code_names(PARTNERSHIP), np.zeros(read.rows.num_rows, dtype=np.bool_)
    return [
        read, people, PARTNERSHIP, assessment, earlier, *results, weighed, normalise(read.rows, PARTNERSHIP),
        to_columns(read.rows, codes, frozenset(), unjudged, np.ones(read.rows.num_rows)),
        *blocks(weighed), *(score_block(part, weighed) for part in blocks(weighed)), score_alone(weighed),
        claim_tables(weighed), assessment.act_now, assessment.staff_safety, assessment.excluded,
        assessment.where_we_looked, assessment.claims, assessment.collapsed, assessment.suspected_twins,
        assessment.absent_origins, assessment.alone(), assessment.bars, assessment.quarantined,
    ]  # fmt: skip


TABLES = (pd.DataFrame, pd.Series, pa.Table, pa.ChunkedArray, pa.Array, np.ndarray, str, bytes, int, float, complex)


def inside(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Yield every object reachable from a result that is not itself a table or a plain value."""
    if thing is None or isinstance(thing, TABLES) or id(thing) in seen or isinstance(thing, type):
        return
    seen.add(id(thing))
    if dataclasses.is_dataclass(thing) or isinstance(thing, BaseModel) or hasattr(thing, "_fields"):
        yield thing
    parts: list[Any] = list(getattr(thing, "__dict__", {}).values())
    parts += [getattr(thing, name) for name in getattr(type(thing), "__slots__", ()) if hasattr(thing, name)]
    parts += list(thing.values()) if isinstance(thing, dict) else []
    parts += list(thing) if isinstance(thing, list | tuple | set | frozenset) else []
    for part in parts:
        yield from inside(part, seen)


def shown(thing: Any) -> list[str]:
    return [
        repr(thing),
        str(thing),
        f"{thing}",
        f"{thing!r:>3}",
        f"{(thing,)}",
    ]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever a test here does, nothing of a person reaches a log at DEBUG, a stream or a warning."""
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
    streams = capfd.readouterr()
    heard = [streams.out, streams.err, caplog.text, *(str(record.__dict__) for record in caplog.records)]
    assert not [text for text in heard if MARK in text.lower()]
    assert not [str(warning.message) for warning in told]


def test_no_result_shows_a_person() -> None:
    seen: set[int] = set()
    found = {type(thing).__name__: None for thing in inside(everything_asked_for(), seen)}
    # What must have been met on the way, so that the walk is known to walk.
    assert {
        "Evidence",
        "Subjects",
        "Assessment",
        "Weighed",
        "Columns",
        "Standing",
        "Scored",
        "Block",
        "Readings",
    } <= set(found)
    assert {"Rows", "Edges", "Answers", "Scores", "Detail", "Origins", "Pairs", "Codes", "Policy", "Alone"} <= set(
        found
    )


def test_every_way_of_showing_a_result_is_silent() -> None:
    loud = {
        type(thing).__name__
        for thing in inside(everything_asked_for(), set())
        if any(MARK in text.lower() for text in shown(thing))
    }
    assert loud == set()


def test_quarantine_names_rows_columns_and_rules_only() -> None:
    read = evidence()
    for table in (read.quarantine, read.unknown, read.duplicates, subjects().quarantine):
        assert MARK not in table.to_string()
        assert MARK not in table.to_json()
    assert MARK not in read.conservation()
    assert not [note for note in read.notes if MARK in note]
    assert MARK not in repr(read.counts)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def faults(folder: Path) -> dict[str, Callable[[], object]]:
    """Return calls that must fail, each handed a marker it must not repeat."""
    one = [person(1)]
    good = riskshare.assess(read_evidence(one, PARTNERSHIP), PARTNERSHIP, as_of="2026-03-31")
    header, cells = ",".join(one[0]), ",".join(str(value) for value in one[0].values())
    other = build.partnership(agencies=(build.agency("police"),))
    table = read_evidence(one, PARTNERSHIP)
    return {
        "unknown subject": lambda: good.explain(f"{MARK}-nobody"),
        "unknown subject, dicts": lambda: good.to_dicts(f"{MARK}-nobody"),
        "unknown subject, agencies": lambda: good.leave_out_agencies(f"{MARK}-nobody"),
        "unknown subject, plot": lambda: good.plot(f"{MARK}-nobody"),
        "unknown lens": lambda: good.explain(f"{MARK}-subject-1", lens=MARK),
        "no day": lambda: riskshare.assess(table, PARTNERSHIP, as_of=MARK),
        "unknown condition": lambda: riskshare.assess(table, PARTNERSHIP, as_of="2026-03-31", conditions_met=[MARK]),
        "another agreement": lambda: riskshare.assess(table, other, as_of="2026-03-31"),
        "mostly bad": lambda: read_evidence([person(n, basis=MARK) for n in range(40)], PARTNERSHIP),
        "no header": lambda: read_evidence(write(folder, "a.csv", f"{cells}\n{cells}\n"), PARTNERSHIP),
        "value as a column": lambda: read_evidence(
            write(folder, "b.csv", f"{header},{MARK}\n{cells},x\n"), PARTNERSHIP
        ),
        "column twice": lambda: read_evidence(write(folder, "c.csv", f"{header},{MARK},{MARK}\n"), PARTNERSHIP),
        "broken quotes": lambda: read_evidence(write(folder, "d.csv", f'{header}\n"{MARK}\n{cells}\n'), PARTNERSHIP),
        "broken json": lambda: read_evidence(
            write(folder, "e.jsonl", f'{{"record_id": "{MARK}", bad\n' * 40), PARTNERSHIP
        ),
        "broken parquet": lambda: read_evidence(write(folder, "f.parquet", f"PAR1{MARK}PAR1"), PARTNERSHIP),
        "bytes that are no text": lambda: read_evidence(
            write(folder, "g.csv", MARK.encode() + b"\x00\xff"), PARTNERSHIP
        ),
        "a key that is a value": lambda: read_evidence([{**one[0], MARK: "x"}], PARTNERSHIP),
        "an object as a source": lambda: read_evidence({MARK: MARK}, PARTNERSHIP),
        "a frame with a stray column": lambda: read_evidence(pd.DataFrame([{**one[0], MARK: "x"}]), PARTNERSHIP),
        "subjects with a stray column": lambda: read_subjects([{"subject_id": "S1", MARK: "x"}], PARTNERSHIP),
    }


@pytest.mark.parametrize("name", sorted(faults(Path())))
def test_no_exception_shows_a_person(name: str, tmp_path: Path) -> None:
    with pytest.raises((riskshare.RiskshareError, TypeError)) as caught:
        faults(tmp_path)[name]()
    error: BaseException | None = caught.value
    assert isinstance(error, riskshare.RiskshareError), f"{name}: not one of ours"
    while error is not None:
        assert MARK not in "".join(map(str, [error, repr(error), *error.args, *vars(error).values()])).lower()
        # What `raise … from None` suppresses is printed nowhere.
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    last = traceback.format_exception(caught.value)
    # Source lines in a traceback are ours or this test's; what is printed after each error's name must hold no value.
    assert not [line for line in last if MARK in line.lower() and not line.lstrip().startswith("File ")]


def models() -> list[type[BaseModel]]:
    for name in MODULES:
        importlib.import_module(name)
    found, waiting = [], [BaseModel]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        found += [kind for kind in kinds if kind.__module__.startswith("riskshare")]
    return sorted(set(found), key=lambda kind: kind.__qualname__)


def test_every_model_hides_its_input() -> None:
    found = models()
    assert len(found) > 20
    for kind in found:
        assert kind.model_config.get("hide_input_in_errors"), kind
        assert kind.model_config.get("frozen"), kind
        assert kind.model_config.get("extra") == "forbid", kind


def test_a_model_refuses_without_repeating() -> None:
    for kind in models():
        with pytest.raises(ValidationError) as caught:
            kind.model_validate(dict.fromkeys(kind.model_fields, object) | {"id": [MARK], "subject_id": [MARK]})
        assert MARK not in str(caught.value)
        assert MARK not in repr(caught.value)


# ------------------------------------------------------------------------------------------------ what the source says

BARRED_MODULES = {"pickle", "marshal", "shelve", "yaml", "subprocess", "ctypes", "dill", "joblib", "logging", "pdb"}
BARRED_CALLS = {"eval", "exec", "compile", "__import__", "input", "breakpoint", "vars", "globals"}
BARRED_METHODS = {"read_pickle", "to_pickle", "system", "popen", "query", "warn", "print_exc", "print_stack"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_dangerous_is_called(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & BARRED_MODULES
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in BARRED_CALLS, node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # shapely's index of shapes has a `query` too; pandas' runs text as code.
            spatial = node.func.attr == "query" and ast.unparse(node.func.value) == "tree"
            assert spatial or node.func.attr not in BARRED_METHODS, node.lineno
            assert not [
                k for k in node.keywords if k.arg in ("shell", "allow_pickle") and ast.unparse(k.value) != "False"
            ]


@pytest.mark.parametrize("path", [p for p in FILES if "cli" not in p.parts], ids=name_of)
def test_nothing_is_printed_or_logged(path: Path) -> None:
    """Only the command line speaks; the library returns and raises."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert called not in {"print", "pprint", "getLogger", "showwarning"}, node.lineno
        if isinstance(node, ast.Attribute):
            assert not (node.attr in ("stdout", "stderr") and ast.unparse(node.value) == "sys"), node.lineno


BROAD_ON_PURPOSE = {"sharing/decision.py": 1}
"""Whatever goes wrong while deciding, nothing leaves (methods: safety, 1.2 step 2); what the fault said is not kept."""


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_broad_handlers_and_assertions_are_not_for_callers(path: Path) -> None:
    broad = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type is not None else "everything"
            assert caught not in ("BaseException", "everything"), node.lineno
            broad += [node.lineno] if caught == "Exception" else []
        assert not isinstance(node, ast.Assert), getattr(node, "lineno", 0)
    assert len(broad) == BROAD_ON_PURPOSE.get(path.relative_to(SOURCE).as_posix(), 0), broad


@pytest.mark.parametrize("name", MODULES)
def test_dataclasses_with_arrays_of_words_say_how_they_are_shown(name: str) -> None:
    """A generated repr would print arrays and tables; counts, agreed codes and numbers are all that may be shown."""
    module = importlib.import_module(name)
    for thing in vars(module).values():
        if isinstance(thing, type) and thing.__module__ == name and dataclasses.is_dataclass(thing):
            words = [
                f.name
                for f in dataclasses.fields(thing)
                if any(w in str(f.type) for w in ("Words", "Strings", "object_", "DataFrame", "pa.Table"))
            ]
            generated = thing.__dataclass_params__.repr  # type: ignore[attr-defined]
            assert not (words and generated), f"{thing.__name__} shows {words}"
