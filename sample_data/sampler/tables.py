"""The tables beside the evidence: cases several agencies scored, response times, coverage; with their planted truth."""

from __future__ import annotations

import datetime as dt

from sampler.agencies import AUTHORITIES, START
from sampler.draw import Draw
from sampler.people import Person

Table = list[dict[str, object]]

BARS: dict[str, tuple[str, int, int, int]] = {
    "north_police": ("safelives.dash_ric", 24, 0, 14),
    "youth_justice": ("yjb.scaled_approach_2009", 64, 184, 33),
    "orchard_schools": ("sdq.uk_teacher", 40, 150, 16),
}
"""Scale, its highest score, by how many thousandths the agency scores the same case lower, and its own high cut."""
BRAG = ((260, "blue"), (520, "green"), (780, "amber"), (1001, "red"))
NEED = ((200, "universal"), (450, "early help"), (850, "complex/CIN"), (1001, "acute/CP"))
"""The children's services' labels: below so many thousandths of seriousness."""


def shared_cases(draw: Draw, people: list[Person]) -> tuple[Table, dict[str, object]]:
    """Return cases scored by several agencies on their own scales, and where each bar truly falls on each other's."""
    rows: Table = []

    def add(person: Person, agency: str, scale: str, value: object, referrer: str) -> None:
        day = START + dt.timedelta(days=draw.integer(0, 729))
        rows.append(
            {
                "subject_id": person.id,
                "agency": agency,
                "scale": scale,
                "value": value,
                "scored_at": day,
                "referred_by": referrer,
            }
        )

    chosen = draw.sample(people, 850)
    referrers = (("north_police", 30), ("youth_justice", 25), ("orchard_schools", 25), ("childrens_north", 20))
    for person in chosen[:600]:
        serious = 500 + draw.bell(499)
        referrer = draw.weighted(referrers)
        for agency, (scale, top, lower, _) in BARS.items():
            if not draw.chance(8):
                score = max(serious - lower, 0) * top // 1000 + draw.bell(top // 20)
                add(person, agency, scale, min(max(score, 0), top), referrer)
        add(person, "childrens_north", "mash.merton", brag(serious), referrer)
    for person in chosen[600:]:
        serious = min(560 + draw.integer(0, 440), 1000)
        referrer = draw.weighted((("childrens_south", 80), ("south_police", 20)))
        score = serious * 24 // 1000 + draw.bell(1)
        add(person, "south_police", "safelives.dash_ric", min(max(score, 0), 24), referrer)
        add(person, "childrens_south", "need.levels", level_of_need(serious), referrer)
    return rows, bars_truth()


def brag(serious: int) -> str:
    """Return the traffic light of a case."""
    return next(label for below, label in BRAG if serious < below)


def level_of_need(serious: int) -> str:
    """Return the level on the continuum of need."""
    return next(label for below, label in NEED if serious < below)


def bars_truth() -> dict[str, object]:
    """Return each agency's bar in thousandths of true seriousness, and its true equivalent on every other scale."""
    seriousness = {a: round(1000 * cut / top + lower, 1) for a, (_, top, lower, cut) in BARS.items()}
    return {
        "what": "high cut of the row's agency, placed on the column agency's scale, before scoring noise",
        "high_cut_at": {**seriousness, "childrens_north": 780.0, "childrens_south": 850.0},
        "equivalents": {
            a: {b: round((at - lower) * top / 1000, 2) for b, (_, top, lower, _) in BARS.items()}
            for a, at in seriousness.items()
        },
        "one_sided_referral": {"pair": ["childrens_south", "south_police"], "referred_by_childrens_south": 0.8},
    }


STANDARDS = (
    ("north_police", "police.grade_suffolk_old", "1", "dispatch", "first officer at scene", 13),
    ("north_police", "police.grade_suffolk_old", "2", "call received", "first officer at scene", 52),
    ("south_police", "police.grade_other", "1", "call received", "first officer at scene", 14),
    ("south_police", "police.grade_other", "2", "call received", "first officer at scene", 41),
    ("south_police", "police.grade_other", "3", "call received", "first officer at scene", 1320),
    ("childrens_north", "mash.merton", "red", "information requested", "partner information complete", 95),
    ("childrens_north", "mash.merton", "amber", "information requested", "partner information complete", 420),
    ("childrens_north", "mash.merton", "green", "information requested", "partner information complete", 1260),
    ("childrens_south", "need.levels", "acute/CP", "referral received", "partner information complete", 540),
    ("childrens_south", "need.levels", "complex/CIN", "referral received", "partner information complete", 1230),
    ("childrens_south", "need.levels", "early help", "referral received", "partner information complete", 3900),
)
"""Agency, scale, band, clock starts, clock stops, median in minutes. One inversion: the south's acute is slower
than the north's amber."""
CLOSED, OPEN = 101, 4


def responses(draw: Draw) -> tuple[Table, list[dict[str, object]]]:
    """Return response times with exact medians among closed cases, and a few cases still open."""
    rows: Table = []
    truth = []
    for agency, scale, band, start_event, stop_event, median in STANDARDS:
        half = (CLOSED - 1) // 2
        minutes = [median - max(1, median * draw.integer(5, 60) // 100) for _ in range(half)]
        minutes += [median] + [median + max(1, median * draw.integer(5, 160) // 100) for _ in range(half)]
        for length in [*draw.shuffled(minutes), *[None] * OPEN]:
            late = 0 if length is not None else 729
            began = dt.datetime(2024, 4, 1, tzinfo=dt.UTC) + dt.timedelta(
                days=late or draw.integer(0, 700), minutes=draw.integer(420, 1200)
            )
            ended = "" if length is None else stamp(began + dt.timedelta(minutes=length))
            rows.append(
                {
                    "case_id": f"R-{len(rows) + 1:05d}",
                    "agency": agency,
                    "scale": scale,
                    "value": band,
                    "start_event": start_event,
                    "started_at": stamp(began),
                    "stop_event": stop_event,
                    "stopped_at": ended,
                }
            )
        truth.append(
            {"agency": agency, "scale": scale, "value": band, "median_minutes": median, "closed": CLOSED, "open": OPEN}
        )
    return rows, truth


def stamp(moment: dt.datetime) -> str:
    """Return an instant in UTC, said so."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def coverage() -> Table:
    """Return which source sent what about where, from which day, up to but not including which day."""
    rows: Table = []
    for area in AUTHORITIES:
        force = "north_police" if area in AUTHORITIES[:4] else "south_police"
        for source in (force, "ambulance", "hospital"):
            late = source == "hospital" and area == "farrowick"
            rows.append(
                {"source": source, "area": area, "from": "2025-04-01" if late else "2024-04-01", "until": "2026-04-01"}
            )
    return rows


def standing(subject: str) -> dict[str, object]:
    """Return who works with whom, as a system of record exports it: one social worker with one child."""
    works_with = {
        "ref": "case-7",
        "user_id": "U17",
        "agency": "childrens_north",
        "subject_id": subject,
        "valid_from": "2026-01-05T09:00:00Z",
    }
    return {"relationships": [works_with], "objections": []}
