"""Situations planted in the evidence, each with its truth: how reports repeat, contradict, age and go wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sampler.agencies import AS_OF, Book, Row, childrens, name, police, schools
from sampler.draw import Draw
from sampler.people import TEENS, Person

P, V = "person_of_concern", "victim"
Truth = dict[str, object]


def ago(days: int) -> dt.date:
    """Return the day so many days before the end of the sample."""
    return AS_OF - dt.timedelta(days=days)


def about(person: Person, role: str, indicator: str, source: str, basis: str = "factual") -> dict[str, object]:
    """Return the cells that a report about a person always has."""
    return {
        "subject_id": person.id,
        "role": role,
        "indicator": indicator,
        "source": source,
        "basis": basis,
        "authority": person.authority,
    }


def names(rows: list[Row]) -> list[str]:
    """Return the rows' names."""
    return [name(row) for row in rows]


def circular(book: Book, draw: Draw, people: Iterator[Person]) -> list[Truth]:
    """Add rings of three agencies that quote each other: one origin, and nobody knows where it began."""
    out = []
    for _ in range(15):
        person, age = next(people), draw.integer(20, 200)
        ring = [
            book.add(
                agency=agency,
                event=ago(age),
                recorded=ago(age - 2 * i),
                **about(person, P, "gang_association", source, "anecdotal"),
            )
            for i, (agency, source) in enumerate(
                (
                    ("lantern", "worker_worry"),
                    (childrens(person.authority), "partner_summary"),
                    (police(person.authority), "2C"),
                )
            )
        ]
        for row, before in zip(ring, [ring[-1], *ring[:-1]], strict=True):
            row["derived_from"] = name(before)
        out.append({"subject_id": person.id, "rows": names(ring)})
    return out


def upgraded(book: Book, draw: Draw, people: Iterator[Person]) -> list[Truth]:
    """Add worries that come back from the police as fact, graded 1A; a copy is worth no more than its origin."""
    out = []
    for _ in range(40):
        person, age = next(people), draw.integer(15, 300)
        worry = book.add(
            agency="lantern", event=ago(age), **about(person, P, "weapon_carrying", "worker_worry", "anecdotal")
        )
        copy = book.add(
            agency=police(person.authority),
            event=ago(age),
            recorded=ago(max(age - 9, 0)),
            derived_from=name(worry),
            **about(person, P, "weapon_carrying", "1A"),
        )
        out.append({"subject_id": person.id, "origin": name(worry), "relay": name(copy)})
    return out


def denials(book: Book, draw: Draw, people: Iterator[Person]) -> list[Truth]:
    """Add neighbours' claims that a school or a landlord looked into and denies: disputed, not settled."""
    out = []
    for i in range(40):
        person, age, claim = next(people), draw.integer(20, 250), book.claim()
        said = book.add(
            agency="housing",
            event=ago(age),
            claim_id=claim,
            **about(person, P, "weapon_carrying", "neighbour_concern", "anecdotal"),
        )
        agency, source = (schools(person.authority), "worker_observation") if i % 2 else ("housing", "named_witness")
        denied = book.add(
            agency=agency,
            event=ago(age),
            recorded=ago(age - 7),
            claim_id=claim,
            stance="denies",
            **about(person, P, "weapon_carrying", source),
        )
        out.append({"subject_id": person.id, "supports": name(said), "denies": name(denied), "claim_id": claim})
    return out


FORM = ("victim_of_violence", "criminal_exploitation", "domestic_abuse_in_home", "missing_episode", "knife_injury")


def self_referrals(book: Book, draw: Draw, people: Iterator[Person]) -> list[Truth]:
    """Add half-filled self-referral forms; silence is not a no, and a person's own no is not a check."""
    out = []
    for _ in range(60):
        person, age = next(people), draw.integer(5, 240)
        answers = [
            draw.weighted((("returned", 30), ("nil", 20), ("not_asked", 25), ("refused", 15), ("overdue", 10)))
            for _ in FORM
        ]
        answers[0] = "returned"
        rows = [
            book.add(
                agency="lantern",
                event=ago(age),
                answer=answer,
                **about(person, "exploited" if q == "criminal_exploitation" else V, q, "self_statement_victim"),
            )
            for q, answer in zip(FORM, answers, strict=True)
        ]
        out.append({"subject_id": person.id, "rows": names(rows), "answers": dict(zip(FORM, answers, strict=True))})
    return out


def checked_nils(book: Book, draw: Draw, people: list[Person]) -> list[Truth]:
    """Agencies answer what they are expected to: nil after a check, asked and refused, or not yet."""
    asked = (
        (P, "weapon_carrying", schools, "administrative_record", TEENS),
        (P, "serious_violence_suspected", police, "1A", (*TEENS, "18-24")),
        (P, "gang_association", childrens, "administrative_record", TEENS),
        (V, "criminal_exploitation", childrens, "administrative_record", TEENS),
        (V, "missing_episode", police, "1A", TEENS),
        (V, "persistent_absence", schools, "administrative_record", TEENS),
    )
    out = []
    for person in draw.sample(people, 420):
        for role, indicator, agency, source, ages in asked:
            if person.age not in ages or not (person.concern if role == P else person.harmed) or draw.chance(45):
                continue
            answer = draw.weighted((("nil", 70), ("refused", 6), ("overdue", 14), ("not_asked", 10)))
            row = book.add(
                agency=agency(person.authority),
                event=ago(draw.integer(1, 150)),
                answer=answer,
                **about(person, role, indicator, source),
            )
            out.append({"subject_id": person.id, "row": name(row), "answer": answer})
    return out


def stale(book: Book, draw: Draw, people: Iterator[Person]) -> list[Truth]:
    """All that is known is a year and a half old or more, and of a kind that fades in months."""
    out = []
    for _ in range(40):
        person = next(people)
        rows = [
            book.add(agency=police(person.authority), event=ago(draw.integer(560, 725)), **about(person, P, k, "2A"))
            for k in ("weapon_carrying", "drug_supply_concern")
        ]
        out.append({"subject_id": person.id, "rows": names(rows)})
    return out


def past_retention(book: Book, draw: Draw, people: list[Person]) -> list[str]:
    """Rows kept longer than agreed; they are to be purged at reading, whatever they say."""
    rows = [
        book.add(
            agency="lantern",
            event=ago(draw.integer(365, 720)),
            **about(p, P, "retaliation_talk", "worker_worry", "anecdotal"),
        )
        for p in draw.sample(people, 30)
    ]
    return names(rows)


def twins(book: Book, draw: Draw, people: Iterator[Person]) -> list[Truth]:
    """Two agencies, the same thing, at most three days apart, and nobody said whether it is one event."""
    out = []
    for i in range(30):
        person, age = next(people), draw.integer(20, 200)
        pair = [
            book.add(
                agency=schools(person.authority),
                event=ago(age),
                **about(person, V, "disclosure_to_adult", "worker_observation"),
            ),
            book.add(
                agency="lantern",
                event=ago(age - i % 4),
                **about(person, V, "disclosure_to_adult", "worker_observation"),
            ),
        ]
        out.append({"subject_id": person.id, "rows": names(pair), "days_apart": i % 4})
    return out


def exploited(book: Book, draw: Draw, people: Iterator[Person]) -> list[str]:
    """Children who hold or sell drugs because somebody makes them: victims first, and held for a named reviewer."""
    out = []
    for _ in range(40):
        person = next(people)
        care, force = childrens(person.authority), police(person.authority)
        book.add(
            agency=care,
            event=ago(draw.integer(10, 200)),
            **about(person, "exploited", "criminal_exploitation", "worker_observation"),
        )
        book.add(
            agency=force, event=ago(draw.integer(10, 200)), **about(person, "exploited", "county_lines_find", "1A")
        )
        for _ in range(draw.integer(1, 3)):
            book.add(agency=force, event=ago(draw.integer(10, 300)), **about(person, P, "drug_supply_concern", "1A"))
        out.append(person.id)
    return out


def together(book: Book, draw: Draw, people: Iterator[Person]) -> list[str]:
    """Four agencies each hold a piece, fresh and at first hand; no piece alone is anywhere near high."""
    out = []
    for _ in range(12):
        person = next(people)
        pieces = (
            (schools(person.authority), "weapon_carrying", "worker_observation"),
            (childrens(person.authority), "gang_association", "worker_observation"),
            ("lantern", "online_threats", "worker_observation"),
            (police(person.authority), "serious_violence_suspected", "1A"),
        )
        for agency, indicator, source in pieces:
            book.add(agency=agency, event=ago(draw.integer(2, 10)), **about(person, P, indicator, source))
        out.append(person.id)
    return out
