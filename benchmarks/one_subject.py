"""Time one subject from dictionaries to explained JSON: ``python benchmarks/one_subject.py``.

Every subject of the sample with 18 to 22 rows is asked about several times, in turn (``assess_subject``): everybody,
and apart those who go the quick way, where no row is faulty or rare. Beside these stand the ordinary way
(``read_evidence``, ``assess``, ``to_dicts``, fewer times) and the same rows validated and written as JSON by pydantic,
as strict a model as a case-management system would have. The JSON of both ways is compared for every subject before
anything is timed, and the program fails where it differs. Each figure is given by the clock and, since the machine may
be shared, in seconds of this process.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError
from results import Line, add_option, keep

import riskshare
from riskshare import one_subject
from riskshare.one_subject import assess_subject

ROOT = Path(__file__).parent.parent
AS_OF = "2026-03-31"
NAMED = "S-0264"
Rows = list[dict[str, str]]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-/:]{0,63}$")]
Number = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(?:\.[0-9]{1,20})?$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9][-0-9A-Za-z/. ]{5,19}$")]
Label = Annotated[str, StringConstraints(max_length=1_000)]


class Row(BaseModel):
    """A row of evidence, its texts kept to their forms; what the partnership agreed is not looked up."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    record_id: Id
    subject_id: Id
    role: Label
    agency: Id
    indicator: Label
    basis: Literal["factual", "anecdotal"] | None = None
    arises_from: Literal["reported", "agency_initiated", "adjudicated", "prompted_by_partnership"]
    source_grade: Literal["1", "2", "3"] | None = None
    info_grade: Literal["A", "B", "C", "D", "E"] | None = None
    source_type: Id | None = None
    scale: Id | None = None
    value: Label | None = None
    route: Id | None = None
    severity: Number | None = None
    stance: Literal["supports", "denies"] | None = None
    event_date: Day
    event_end: Day | None = None
    recorded_date: Day
    status: Literal["current", "withdrawn"] | None = None
    claim_id: Id | None = None
    derived_from: Label | None = None
    answer: Literal["returned", "nil", "not_asked", "refused", "overdue"] | None = None
    handling: Label | None = None
    gateway: Id | None = None
    data_class: Literal["patient", "health_or_social_care", "criminal", "other"] | None = None
    easting: Number | None = None
    northing: Number | None = None
    longitude: Number | None = None
    latitude: Number | None = None
    precision_m: Number | None = None
    authority: Id | None = None
    recorded_by: Id | None = None


MODEL = TypeAdapter(list[Row])


def sample(path: Path) -> dict[str, Rows]:
    """Return the rows of each subject, without empty cells."""
    found: dict[str, Rows] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["subject_id"]:
                found[row["subject_id"]].append({name: cell for name, cell in row.items() if cell})
    return found


def ordinary(rows: Rows, agreed: riskshare.Partnership, subject: str) -> str:
    """Return the explained JSON as a caseload gives it."""
    evidence = riskshare.read_evidence(rows, agreed)
    return json.dumps(riskshare.assess(evidence, agreed, as_of=AS_OF).to_dicts(subject))


def quick(rows: Rows, agreed: riskshare.Partnership) -> str:
    """Return the explained JSON of one subject."""
    return json.dumps(assess_subject(rows, agreed, as_of=AS_OF))


def by_pydantic(rows: Rows) -> bytes:
    """Return the rows validated and written as JSON."""
    return MODEL.dump_json(MODEL.validate_python(rows), exclude_none=True)


def is_sound(rows: Rows) -> bool:
    """Return whether pydantic takes the rows, so that there is something to compare with."""
    try:
        return bool(by_pydantic(rows))
    except ValidationError:
        return False


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Return milliseconds by the clock and of this process."""
    clock, used = time.perf_counter(), time.process_time()
    work()
    return 1e3 * (time.perf_counter() - clock), 1e3 * (time.process_time() - used)


def compare(people: dict[str, Rows], agreed: riskshare.Partnership) -> list[str]:
    """Return the subjects told in the quick way; stop where the two ways differ."""
    left: list[object] = []
    told, usual = [], one_subject._ordinarily

    def noted(*given: Any, **options: Any) -> Any:
        left.append(None)
        return usual(*given, **options)

    one_subject._ordinarily = noted
    for subject, rows in people.items():
        before = len(left)
        if quick(rows, agreed) != ordinary(rows, agreed, subject):
            sys.exit("the quick way differs from the ordinary one: nothing is timed")
        told += [subject] if len(left) == before else []
    one_subject._ordinarily = usual
    return told


def told_of(name: str, lines: list[tuple[float, float]]) -> dict[str, Any]:
    """Print and return the distribution of some timings."""
    clock, used = np.array(lines).T
    cuts = {"p5": 5, "median": 50, "p95": 95, "p99": 99, "max": 100}
    said = {key: round(float(np.percentile(clock, at)), 4) for key, at in cuts.items()}
    mine = {key: round(float(np.percentile(used, at)), 4) for key, at in cuts.items()}
    print(f"{name:32} {len(lines):6,} times", *(f"{key} {said[key]:8.3f} ({mine[key]:.3f})" for key in cuts))
    return {"times": len(lines), "clock_ms": said, "process_ms": mine}


def run(
    people: dict[str, Rows], quickly: list[str], agreed: riskshare.Partnership, times: int, ordinary_times: int
) -> dict[str, Any]:
    """Time the three ways in turn, and return their distributions and ratios."""
    names = {
        "quick": "assess_subject, quickly, to JSON", "everybody": "assess_subject, everybody",
        "pydantic": "pydantic, the same rows", "ordinary": "read_evidence, assess, to_dicts",
        "named": f"assess_subject, {NAMED}",
    }  # fmt: skip
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    gc.collect()
    for number in range(times):
        for subject, rows in people.items():
            found["everybody"].append(timed(lambda rows=rows: quick(rows, agreed)))
            if subject not in quickly:
                continue
            found["quick"].append(found["everybody"][-1])
            found["pydantic"].append(timed(lambda rows=rows: by_pydantic(rows)))
            if number < ordinary_times:
                found["ordinary"].append(timed(lambda rows=rows, who=subject: ordinary(rows, agreed, who)))
        if NAMED in people:
            found["named"] += [timed(lambda: quick(people[NAMED], agreed)) for _ in range(5)]
    told = {key: told_of(names[key], lines) for key, lines in found.items() if lines}
    ratios = {}
    for what in ("clock_ms", "process_ms"):
        middle = {key: line[what]["median"] for key, line in told.items()}
        if "quick" not in middle:
            continue  # all had a faulty row
        ratios[f"to_pydantic_{what}"] = round(middle["quick"] / middle["pydantic"], 1)
        if "ordinary" in middle:
            ratios[f"ordinary_to_quick_{what}"] = round(middle["ordinary"] / middle["quick"], 1)
    return {**told, **ratios}


def kept(out: dict[str, Any], of: str) -> Iterator[Line]:
    """Yield the figures of a run, in seconds a subject."""
    wanted = (
        ("quick", "assess_subject, no row faulty or rare", "ours", ("median", "p5", "p95", "p99"), ""),
        ("everybody", "assess_subject, everybody", "ours", ("median", "p95"), ""),
        ("ordinary", "read_evidence, assess, to_dicts", "ours", ("median", "p95"), "the same JSON of every subject"),
        ("pydantic", "pydantic checks and writes the rows", "peer", ("median", "p95"), "no score"),
    )
    for key, who, kind, cuts, equal in wanted:
        for cut in cuts if key in out else ():
            took = (out[key][unit][cut] / 1e3 for unit in ("clock_ms", "process_ms"))
            yield Line("One person, from dictionaries to JSON", 1, of, f"{who}, {cut}", kind, *took, equal=equal)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs=2, default=(18, 22), help="least and most rows of a subject")
    parser.add_argument("--subjects", type=int, default=200, help="at most so many")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--ordinary-times", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    add_option(parser)
    options = parser.parse_args(arguments)
    agreed = riskshare.load_partnership(ROOT / "thresholds")
    began = time.perf_counter()
    assess_subject(sample(ROOT / "sample_data" / "evidence.csv")[NAMED], agreed, as_of=AS_OF)
    first = time.perf_counter() - began
    everybody = sample(ROOT / "sample_data" / "evidence.csv")
    least, most = options.rows
    fitting = [s for s, rows in sorted(everybody.items()) if least <= len(rows) <= most and s != NAMED]
    people = {s: everybody[s] for s in [NAMED, *fitting][: options.subjects] if is_sound(everybody[s])}
    told = compare(people, agreed)
    print(f"{len(people)} subjects of {least} to {most} rows: the JSON of both ways is equal; {len(told)} told quickly")
    out = {"subjects": len(people), "told_quickly": len(told), "first_call_s": round(first, 3)}
    out |= run(people, told, agreed, options.times, options.ordinary_times)
    print(json.dumps({key: value for key, value in out.items() if not isinstance(value, dict)}))
    if options.json:
        options.json.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    keep(options.results, kept(out, f"subject of {least} to {most} rows"))
    return out


if __name__ == "__main__":
    main()
