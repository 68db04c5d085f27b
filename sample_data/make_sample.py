"""Make the synthetic partnership's data, with the truth that was planted in it. Nobody in it exists.

Run ``python sample_data/make_sample.py [--out DIR] [--seed N]``. The same seed gives the same bytes on any machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sampler import broken, geography, ordinary, planted, planted_more, tables, violence
from sampler.agencies import AS_OF, COLUMNS, START, Book, Row, written
from sampler.draw import Draw
from sampler.people import Person, make_people

SEED, SUBJECTS, DUPLICATES = 20260401, 3000, 60
SUBJECT_COLUMNS = (
    "subject_id",
    "age_band",
    "responsible_authority",
    "placed_in",
    "household_id",
    "protected_from",
    "protected_until",
)


def plant(book: Book, draw: Draw, people: list[Person]) -> tuple[dict[str, object], dict[str, str], dict[str, str]]:
    """Add everyday and planted reports; return the truth, where movers live now and where children were placed."""
    teens = [p for p in planted_more.teenagers(people) if p.concern and p.level < 6]
    kept = draw.sample(teens, 420)
    apart = {p.id for p in kept}
    spare: Iterator[Person] = iter(kept)
    others = [p for p in people if p.id not in apart]
    concern = [p for p in others if p.concern]
    ordinary.add_ordinary(book, draw, others)
    conditioned, no_handling = planted_more.conditioned(book, draw)
    truth: dict[str, object] = {
        "circular_reports": planted.circular(book, draw, spare),
        "upgraded_relays": planted.upgraded(book, draw, spare),
        "denials": planted.denials(book, draw, spare),
        "self_referrals": planted.self_referrals(book, draw, spare),
        "stale": planted.stale(book, draw, spare),
        "suspected_twins": planted.twins(book, draw, spare),
        "exploited_under_18": planted.exploited(book, draw, spare),
        "seen_only_together": planted.together(book, draw, spare),
    }
    moved, lives = planted_more.movers(book, draw, spare)
    placed, placed_in = planted_more.placed_away(book, draw, spare)
    withdrawn, relays = planted_more.withdrawals(book, draw, concern)
    truth |= {
        "movers": moved,
        "placed_by_another_authority": placed,
        "expected_answers": planted.checked_nils(book, draw, others),
        "past_retention": planted.past_retention(book, draw, concern),
        "act_now": planted_more.act_now(book, draw, concern),
        "past_horizon": planted_more.past_horizon(book, draw, others),
        "staff_safety": planted_more.staff_safety(book, draw, concern),
        "stop_and_search_rows": planted_more.stop_and_search(book, draw, concern),
        "over_recording": planted_more.over_recording(book, draw, concern),
        "corrections": planted_more.corrections(book, draw, planted_more.teenagers(others)),
        "withdrawn": withdrawn,
        "relays_of_withdrawn": relays,
        "suspected_false": planted_more.suspected_false(book, draw, concern),
        "no_gateway": planted_more.no_gateway(book, draw, planted_more.teenagers(others)),
        "handled_under_condition": conditioned,
        "handling_not_given": no_handling,
    }
    return truth, lives, placed_in


def victims_only(book: Book) -> list[str]:
    """Return subjects of whom nothing but harm to them was ever reported."""
    roles: dict[str, set[str]] = {}
    for row in book.rows:
        roles.setdefault(str(row["subject_id"]), set()).add(str(row["role"]))
    return sorted(s for s, seen in roles.items() if s and "person_of_concern" not in seen)


def lay_out(book: Book, draw: Draw, spoilt: broken.Spoilt) -> tuple[list[dict[str, str]], list[dict[str, object]]]:
    """Return the rows as written, some of them twice, and where the broken ones stand, counting from 1.

    Each agency's export stands together, in the order of recording.
    """
    order = sorted(book.rows, key=lambda r: (str(r["agency"]), str(r["recorded_date"]), str(r["record_id"])))
    sound = [i for i, row in enumerate(order) if id(row) not in spoilt]
    again = set(draw.sample(sound, DUPLICATES))
    lines: list[dict[str, str]] = []
    faults: list[dict[str, object]] = []
    for i, row in enumerate(order):
        line = {column: written(row, column) for column in COLUMNS}
        fault = spoilt.get(id(row))
        if fault:
            fault.spoil(line, draw)
            faults.append({"row": len(lines) + 1, "column": fault.column, "code": fault.code, "kind": fault.kind})
        lines += [line, dict(line)] if i in again else [line]
    return lines, faults


def subject_rows(draw: Draw, people: list[Person], lives: dict[str, str], placed: dict[str, str]) -> list[Row]:
    """Return the subjects: movers under their new authority, placed children under the one that answers for them."""
    protected = {p.id for p in draw.sample(people, 20)}
    return [
        dict(
            zip(
                SUBJECT_COLUMNS,
                (
                    p.id,
                    p.age,
                    lives.get(p.id, p.authority),
                    placed.get(p.id, ""),
                    p.household,
                    "2025-01-01" if p.id in protected else "",
                    "2027-01-01" if p.id in protected else "",
                ),
                strict=True,
            )
        )
        for p in people
    ]


def write_table(path: Path, rows: Sequence[dict[str, object]] | Sequence[dict[str, str]]) -> None:
    """Write rows as CSV: UTF-8, commas, LF; blank where nothing is known."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_json(path: Path, content: object, indent: int | None = None) -> None:
    """Write JSON with sorted keys and LF."""
    text = json.dumps(content, indent=indent, sort_keys=True, ensure_ascii=True)
    path.write_bytes((text + "\n").encode("ascii"))


def make(out: Path, seed: int) -> dict[str, object]:
    """Write every file of the sample into a folder and return its counts."""
    out.mkdir(parents=True, exist_ok=True)
    draw, book = Draw(seed), Book()
    land = geography.make_land(draw)
    people = make_people(draw, SUBJECTS)
    truth, lives, placed = plant(book, draw, people)
    apart = {
        str(t["subject_id"])
        for key in ("circular_reports", "upgraded_relays", "denials", "stale", "suspected_twins")
        for t in truth[key]
    } | set(truth["seen_only_together"])
    open_to_all = [p for p in people if p.id not in apart]
    truth["places"] = violence.add_violence(book, draw, land, open_to_all)
    truth["episodes_at_homes"] = violence.add_home_episodes(book, draw, open_to_all)
    spoilt, truth["relays_of_quarantined"] = broken.add_broken(book, draw, [p for p in open_to_all if p.concern])
    lines, faults = lay_out(book, draw, spoilt)
    cases, truth["shared_cases"] = tables.shared_cases(draw, people)
    times, truth["responses"] = tables.responses(draw)
    truth["victims_only"] = victims_only(book)
    truth["broken"] = {"by_kind": broken.count_by_kind(spoilt), "rows": faults}
    n_quarantined = sum(fault not in broken.SOFT for fault in spoilt.values())
    counts: dict[str, object] = {
        "rows": len(lines),
        "quarantined": n_quarantined,
        "duplicates": DUPLICATES,
        "accepted": len(lines) - n_quarantined - DUPLICATES,
        "rows_with_an_unknown_cell": len(spoilt) - n_quarantined,
        "subjects": len(people),
        "by_agency": dict(sorted(Counter(str(r["agency"]) for r in book.rows).items())),
    }
    truth |= {"seed": seed, "from": str(START), "as_of": str(AS_OF), "counts": counts}
    write_table(out / "evidence.csv", lines)
    write_table(out / "subjects.csv", subject_rows(draw, people, lives, placed))
    write_table(
        out / "characteristics.csv",
        [{"subject_id": p.id, "group": p.group, "sex": p.sex, "disability": p.disabled} for p in people],
    )
    write_table(out / "shared_cases.csv", cases)
    write_table(out / "responses.csv", times)
    write_table(out / "coverage.csv", tables.coverage())
    write_table(out / "population.csv", geography.population_rows(land))
    write_json(out / "areas.geojson", geography.areas_geojson(land))
    write_json(out / "buildings.geojson", geography.buildings_geojson())
    write_json(out / "standing.json", tables.standing(truth["seen_only_together"][0]), indent=1)
    write_json(out / "truth.json", truth, indent=1)
    return counts


def main() -> None:
    """Read the arguments, make the sample and say what was made."""
    parser = argparse.ArgumentParser(description="Make the synthetic sample data, byte for byte the same for a seed.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write into")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    counts = make(arguments.out, arguments.seed)
    sys.stdout.write(
        f"{counts['rows']:,} rows about {counts['subjects']:,} subjects, {START} to {AS_OF}, seed {arguments.seed}: "
        f"{counts['quarantined']} broken, {counts['duplicates']} sent twice.\n"
        f"Eleven files in {arguments.out}; what was planted is in truth.json.\n"
    )


if __name__ == "__main__":
    main()
