"""Violence in public places: what happened, which of it each service recorded, and the three hot spots across borders.

What happened follows where people live. Then each service records a share of its own: the southern force 0.6 of the
northern one's, ambulance and hospital the same everywhere. The hospital sends places without persons.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from sampler.agencies import AS_OF, AUTHORITIES, Book, Row, name, police
from sampler.draw import Draw
from sampler.geography import BUILDINGS, Land, Point, authority_at
from sampler.people import Person

BACKGROUND = 2200
RECORDED_PER_100 = {"north_police": 75, "south_police": 45, "ambulance": 45, "hospital": 12}
"""The planted recording practice: 45 / 75 = 0.6 of what happened, relative to the other force."""
LATE_HOSPITAL = ("farrowick", dt.date(2025, 4, 1))
"""The hospital sent nothing about this authority before this day: no coverage, not no violence."""


@dataclass(frozen=True)
class HotSpot:
    """An excess planted round a centre: how many events happen in each authority within the radius, all told."""

    id: str
    centre: Point
    radius_m: int
    happened: dict[str, int]
    found_alone: tuple[str, ...]


HOT_SPOTS = (
    HotSpot("three-way", (438_000, 339_130), 500, {"aldermere": 13, "brackenfold": 13, "dunmarsh": 13}, ()),
    HotSpot("force-border", (446_000, 339_130), 500, {"brackenfold": 13, "carrowdale": 13, "eskerby": 14}, ()),
    HotSpot("lopsided", (449_500, 335_200), 450, {"eskerby": 54, "farrowick": 15}, ("eskerby",)),
)
"""The first two are centred where three authorities meet, near 2.7 times what the population there would give.
Each authority holds a third of the disc and of the excess, so its log likelihood ratio is a third of the whole, and
under what chance throws up somewhere in a single authority. The third lies four fifths in one authority, which sees it
without anybody's help."""

HOME_EXTRA, HOME_RADIUS_M = 14, 250


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    x: int
    y: int
    authority: str
    date: dt.date
    knife: bool


def near(draw: Draw, centre: Point, radius: int, hole: int = 0) -> Point:
    """Return a point evenly drawn from a disc, or from a ring with a hole in it."""
    while True:
        dx, dy = draw.integer(-radius, radius), draw.integer(-radius, radius)
        if hole * hole <= dx * dx + dy * dy <= radius * radius:
            return centre[0] + dx, centre[1] + dy


def within(event: Event, centre: Point, radius: int) -> bool:
    """Return whether an event happened at most so many metres from a centre."""
    return (event.x - centre[0]) ** 2 + (event.y - centre[1]) ** 2 <= radius * radius


def happened(draw: Draw, land: Land) -> tuple[list[Event], dict[str, list[Event]]]:
    """Return all events, and the planted extra ones by the name of what they were planted for."""

    def event(point: Point) -> Event:
        authority = authority_at(land.rings, *point)
        return Event(*point, authority, draw.days_before(AS_OF, 0, 729), draw.chance(22))

    heights = list(accumulate(people for *_, people in land.squares))
    events = []
    for _ in range(BACKGROUND):
        x, y, *_ = land.squares[bisect_right(heights, draw.integer(0, heights[-1] - 1))]
        events.append(event((x + draw.integer(0, 199), y + draw.integer(0, 199))))
    extra: dict[str, list[Event]] = {spot.id: [] for spot in HOT_SPOTS}
    for spot in HOT_SPOTS:
        already = [e for e in events if within(e, spot.centre, spot.radius_m)]
        left = {a: n - sum(e.authority == a for e in already) for a, n in spot.happened.items()}
        while any(n > 0 for n in left.values()):
            made = event(near(draw, spot.centre, spot.radius_m))
            if left.get(made.authority, 0) > 0:
                left[made.authority] -= 1
                extra[spot.id].append(made)
    extra["B1"] = [event(near(draw, BUILDINGS[0][3], HOME_RADIUS_M, hole=40)) for _ in range(HOME_EXTRA)]
    return events + [e for part in extra.values() for e in part], extra


def recorders(draw: Draw, events: list[Event]) -> list[set[str]]:
    """Return which services recorded each event: exact shares, drawn at random."""
    seen: list[set[str]] = [set() for _ in events]
    for service, share in RECORDED_PER_100.items():
        own = [i for i, e in enumerate(events) if not service.endswith("police") or police(e.authority) == service]
        for i in draw.sample(own, (len(own) * share + 50) // 100):
            seen[i].add(service)
    for i, e in enumerate(events):
        if e.authority == LATE_HOSPITAL[0] and e.date < LATE_HOSPITAL[1]:
            seen[i].discard("hospital")
    return seen


def add_violence(book: Book, draw: Draw, land: Land, people: list[Person]) -> dict[str, object]:
    """Add every recorded event as rows, and return the planted truth about places."""
    events, extra = happened(draw, land)
    seen = recorders(draw, events)
    residents = {a: [p for p in people if p.authority == a and p.harmed] for a in AUTHORITIES}
    rows: dict[str, list[tuple[int, Row]]] = {service: [] for service in RECORDED_PER_100}
    for i, (event, services) in enumerate(zip(events, seen, strict=True)):
        victim = draw.pick(residents[event.authority]).id if draw.chance(45) else ""
        claim = book.claim() if len(services - {"hospital"}) > 1 or draw.chance(30) else ""
        for service in sorted(services):
            rows[service].append((i, add_event(book, draw, event, service, victim, claim)))
    return places_truth(events, extra, seen, rows)


def add_event(book: Book, draw: Draw, event: Event, service: str, victim: str, claim: str) -> Row:
    """Add one service's record of an event: the hospital sends the place alone, the others a victim where known."""
    blur = {"hospital": 100, "ambulance": 25}.get(service, 10)
    sources = {"hospital": "ae_injury_record", "ambulance": "ambulance_record"}
    personal = service != "hospital" and victim
    return book.add(
        agency=service,
        event=event.date,
        recorded=min(event.date + dt.timedelta(days=draw.integer(0, 4)), AS_OF),
        subject_id=victim if personal else "",
        role="victim" if personal else "place",
        indicator="knife_injury" if event.knife else "victim_of_violence",
        source=sources.get(service, "1A"),
        claim_id="" if service == "hospital" else claim,
        easting=event.x // blur * blur + blur // 2,
        northing=event.y // blur * blur + blur // 2,
        precision_m=blur,
        authority=event.authority,
        recorded_by=service if service.endswith("police") else "",
        **({} if personal else {"data_class": "other", "gateway": ""}),
    )


def add_home_episodes(book: Book, draw: Draw, people: list[Person]) -> list[str]:
    """Add missing episodes reported from the two homes' own addresses: a reporting duty, not a risk of the area."""
    names = []
    for _, _, kind, (x, y), _ in BUILDINGS:
        if kind != "children's home":
            continue
        authority = "carrowdale" if y > 340_000 else "dunmarsh"
        children = [p.id for p in people if p.authority == authority and p.age in ("14-15", "16-17") and p.harmed][:5]
        for _ in range(18):
            start = draw.days_before(AS_OF, 3, 700)
            row = book.add(
                agency="north_police",
                event=start,
                event_end=start + dt.timedelta(days=1),
                subject_id=draw.pick(children),
                role="victim",
                indicator="missing_episode",
                source="1A",
                scale="police.missing_2010",
                value="medium",
                easting=x,
                northing=y,
                precision_m=10,
                authority=authority,
                recorded_by="north_police",
            )
            names.append(name(row))
    return names


def places_truth(
    events: list[Event], extra: dict[str, list[Event]], seen: list[set[str]], rows: dict[str, list[tuple[int, Row]]]
) -> dict[str, object]:
    """Return what was planted about places, in figures that a test can recompute from the rows."""

    def around(centre: Point, radius: int) -> list[Event]:
        return [e for e in events if within(e, centre, radius)]

    def by_authority(found: list[Event]) -> dict[str, int]:
        return {a: sum(e.authority == a for e in found) for a in AUTHORITIES if any(e.authority == a for e in found)}

    spots = [
        {
            "id": s.id,
            "easting": s.centre[0],
            "northing": s.centre[1],
            "radius_m": s.radius_m,
            "planted": by_authority(extra[s.id]),
            "happened": by_authority(around(s.centre, s.radius_m)),
            "found_alone_by": list(s.found_alone),
        }
        for s in HOT_SPOTS
    ]
    forces = {
        force: {
            "happened": sum(police(e.authority) == force for e in events),
            "recorded": len(rows[force]),
            "share": RECORDED_PER_100[force] / 100,
        }
        for force in ("north_police", "south_police")
    }
    homes = [
        {
            "id": b[0],
            "easting": b[3][0],
            "northing": b[3][1],
            "radius_m": HOME_RADIUS_M,
            "planted": len(extra.get(b[0], [])),
            "happened_within": len(around(b[3], HOME_RADIUS_M)),
        }
        for b in BUILDINGS[:2]
    ]
    return {
        "hot_spots": spots,
        "recording": {
            **forces,
            "ratio": 0.6,
            "what": "south_police records 0.6 of north_police's share of what happened",
        },
        "same_everywhere": {s: RECORDED_PER_100[s] / 100 for s in ("ambulance", "hospital")},
        "care_homes": homes,
        "events": {"happened": len(events), "recorded_by_somebody": sum(bool(s) for s in seen)},
        "hospital_place_rows": len(rows["hospital"]),
    }
