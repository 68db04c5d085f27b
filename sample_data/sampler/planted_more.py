"""More planted situations: what needs action, what was taken back or corrected, who moved, and who is over-recorded."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from sampler.agencies import AS_OF, AUTHORITIES, Book, childrens, name, police, schools
from sampler.draw import Draw
from sampler.people import TEENS, Person
from sampler.planted import P, Truth, V, about, ago, names


def act_now(book: Book, draw: Draw, people: list[Person]) -> list[Truth]:
    """Immediate indicators within their horizon; these are all there are. A lone worry is enough to act on."""
    out = []
    for i, person in enumerate(draw.sample(people, 9)):
        lens, role = (("harm_by", P), ("harm_to", V))[i % 2]
        if i % 3:
            row = book.add(
                agency=police(person.authority),
                event=ago(draw.integer(1, 20)),
                **about(person, role, "threat_to_life", "2A"),
            )
        else:
            row = book.add(
                agency="lantern",
                event=ago(draw.integer(1, 9)),
                **about(person, role, "retaliation_talk", "worker_worry", "anecdotal"),
            )
        out.append({"subject_id": person.id, "lens": lens, "row": name(row)})
    return out


def past_horizon(book: Book, draw: Draw, people: list[Person]) -> list[str]:
    """Threats to life from months ago: they still count, they no longer ask for action today."""
    return names(
        [
            book.add(
                agency=police(p.authority), event=ago(draw.integer(40, 300)), **about(p, V, "threat_to_life", "2A")
            )
            for p in draw.sample(people, 20)
        ]
    )


def staff_safety(book: Book, draw: Draw, people: list[Person]) -> list[Truth]:
    """Threats to workers: ten within the horizon, five before it. They never enter a score."""
    out = []
    for i, person in enumerate(draw.sample(people, 15)):
        age = draw.integer(5, 170) if i < 10 else draw.integer(190, 500)
        agency = ("housing", childrens(person.authority), "ambulance")[i % 3]
        row = book.add(agency=agency, event=ago(age), **about(person, P, "threat_to_staff", "worker_observation"))
        out.append({"subject_id": person.id, "row": name(row), "within_horizon": i < 10})
    return out


def stop_and_search(book: Book, draw: Draw, people: list[Person]) -> int:
    """Add finds that show where the police looked; more of them where a force searches more."""
    rows = []
    for person in draw.sample(people, 620):
        for _ in range(2 if person.authority in ("dunmarsh", "eskerby") else 1):
            rows.append(
                book.add(
                    agency=police(person.authority),
                    event=ago(draw.integer(1, 345)),
                    arises_from="agency_initiated",
                    **about(person, P, "stop_search_find", "1A"),
                )
            )
    return len(rows)


OVER_RECORDED = "group 2"
RATE_PER_1000 = {"group 1": 600, "group 2": 900, "group 3": 600}


def over_recording(book: Book, draw: Draw, people: list[Person]) -> Truth:
    """Add police reports of gang association, half as often again about one group, by exact quota.

    Within each level of what really goes on the quota is the same for all groups but one, so that nothing else differs.
    """
    cells: dict[tuple[str, int], list[Person]] = {}
    for person in people:
        cells.setdefault((person.group, person.level), []).append(person)
    total, carried = Counter[str](), Counter[str]()
    for (group, _), members in sorted(cells.items()):
        carried[group] += len(members) * RATE_PER_1000[group]
        quota, carried[group] = divmod(carried[group], 1000)
        for person in draw.sample(members, quota):
            source = draw.pick(("1A", "2A", "2A"))
            book.add(
                agency=police(person.authority),
                event=ago(draw.integer(5, 270)),
                **about(person, P, "gang_association", source),
            )
            total[group] += 1
    size = Counter(p.group for p in people)
    return {
        "what": "police gang_association rows about group 2, 1.5 times those about the others with equal conduct",
        "group": OVER_RECORDED,
        "indicator": "gang_association",
        "factor": 1.5,
        "rows": dict(sorted(total.items())),
        "people": dict(sorted(size.items())),
    }


def corrections(book: Book, draw: Draw, people: list[Person]) -> list[Truth]:
    """Add reports sent again later under the same reference with another content: the later one stands."""
    out = []
    for person in draw.sample(people, 60):
        age = draw.integer(60, 400)
        agency = schools(person.authority)
        first = book.add(agency=agency, event=ago(age), **about(person, V, "school_exclusion", "exclusion_reason"))
        second = book.add(
            agency=agency,
            event=ago(age - 1),
            recorded=ago(age - 30),
            **about(person, V, "school_exclusion", "exclusion_record"),
        )
        second["record_id"] = first["record_id"]
        out.append({"subject_id": person.id, "row": name(first), "stands_recorded_on": str(second["recorded_date"])})
    return out


def withdrawals(book: Book, draw: Draw, people: list[Person]) -> tuple[list[str], list[str]]:
    """Add reports that their agency took back; eight had been repeated by another, which falls with them."""
    gone, relays = [], []
    for i, person in enumerate(draw.sample(people, 30)):
        age = draw.integer(60, 300)
        first = book.add(
            agency="youth_justice", event=ago(age), **about(person, P, "recruits_others", "worker_worry", "anecdotal")
        )
        again = book.add(
            agency="youth_justice",
            event=ago(age),
            recorded=ago(age - 25),
            status="withdrawn",
            **about(person, P, "recruits_others", "worker_worry", "anecdotal"),
        )
        again["record_id"] = first["record_id"]
        gone.append(name(first))
        if i < 8:
            relay = book.add(
                agency=childrens(person.authority),
                event=ago(age),
                derived_from=name(first),
                **about(person, P, "recruits_others", "partner_summary", "anecdotal"),
            )
            relays.append(name(relay))
    return gone, relays


def suspected_false(book: Book, draw: Draw, people: list[Person]) -> list[str]:
    """Intelligence graded E: kept in sight, never counted."""
    return names(
        [
            book.add(
                agency=police(p.authority),
                event=ago(draw.integer(10, 600)),
                **about(p, P, "weapon_carrying", draw.pick(("1E", "2E", "3E")), "anecdotal"),
            )
            for p in draw.sample(people, 60)
        ]
    )


def no_gateway(book: Book, draw: Draw, people: list[Person]) -> list[str]:
    """Personal rows from health and social care that name no lawful way they came: listed, not counted."""
    return names(
        [
            book.add(
                agency=childrens(p.authority),
                event=ago(draw.integer(10, 300)),
                gateway="",
                **about(p, V, "disclosure_to_adult", "worker_observation"),
            )
            for p in draw.sample(people, 40)
        ]
    )


def movers(book: Book, draw: Draw, people: Iterator[Person]) -> tuple[list[Truth], dict[str, str]]:
    """Families that crossed a border; the old authority's records are still there, under the same pseudonym."""
    out, now = [], {}
    for _ in range(30):
        person = next(people)
        new = draw.pick([a for a in AUTHORITIES if a != person.authority])
        for authority, oldest, newest in ((person.authority, 500, 300), (new, 200, 20)):
            for agency, indicator, role in ((childrens, "care_concern", "child_of"), (schools, "school_exclusion", V)):
                cells = about(
                    person, role, indicator, "worker_observation" if agency is childrens else "exclusion_record"
                )
                book.add(
                    agency=agency(authority),
                    event=ago(draw.integer(newest, oldest)),
                    **{**cells, "authority": authority},
                )
        now[person.id] = new
        out.append({"subject_id": person.id, "from": person.authority, "to": new})
    return out, now


def placed_away(book: Book, draw: Draw, people: Iterator[Person]) -> tuple[list[Truth], dict[str, str]]:
    """Children whom another authority placed here: the one responsible is not the one where things happen."""
    out, where = [], {}
    for i in range(6):
        person = next(people)
        there = "carrowdale" if person.authority != "carrowdale" else "dunmarsh"
        for _ in range(3):
            start = ago(draw.integer(10, 250))
            book.add(
                agency=police(there),
                event=start,
                event_end=start + dt.timedelta(days=2),
                **{**about(person, V, "missing_episode", "1A"), "authority": there},
            )
        book.add(
            agency=childrens(person.authority), event=ago(30), **about(person, V, "care_concern", "worker_observation")
        )
        where[person.id] = there
        out.append(
            {"subject_id": person.id, "responsible_authority": person.authority, "placed_in": there, "first": i == 0}
        )
    return out, where


def conditioned(book: Book, draw: Draw) -> tuple[list[str], int]:
    """Mark some existing rows: handled under a named condition, or with no handling given (which means C)."""
    marked, blank = [], 0
    for row in book.rows:
        if row["status"] == "withdrawn" or row["role"] == "place" or row["indicator"] == "threat_to_staff":
            continue
        chance = draw.integer(0, 199)
        if chance < 2 and str(row["agency"]).endswith("police") and row["recorded_date"] != AS_OF:
            row["handling"] = "C:consult_originator"
            marked.append(name(row))
        elif chance == 199:
            row["handling"] = ""
            blank += 1
    return marked, blank


def teenagers(people: list[Person]) -> list[Person]:
    """Return those aged 10 to 17."""
    return [p for p in people if p.age in TEENS]
