"""The everyday run of reports, from which nothing in particular is to be found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sampler.agencies import AS_OF, Book, Row, name, supplier
from sampler.draw import Draw
from sampler.people import CHILDREN, TEENS, Person
from sampler.readings import reading

ADULTS = ("18-24", "25 and over")
ANY = (*CHILDREN, *ADULTS, "not known")
OLDEST = {
    "antisocial_behaviour": 345,
    "online_threats": 520,
    "retaliation_talk": 345,
    "stop_search_find": 345,
    "trusted_adult": 710,
    "gang_association": 710,
    "drug_supply_concern": 710,
    "persistent_absence": 710,
}
"""No everyday row is older than its retention: those are planted, and counted."""
YOUNGEST = {"retaliation_talk": 15}
"""No everyday row asks for action now: those are planted, and counted."""


@dataclass(frozen=True)
class Kind:
    """One kind of everyday report: who sends it about whom, how they know, and on which scale."""

    weight: int
    indicator: str
    role: str
    agency: str
    sources: str
    """Space-separated; a grade A or B and a lower-case type are factual, ``~`` before a source says anecdotal."""
    ages: tuple[str, ...] = ANY
    scale: str = ""
    arises: str = "reported"


P, V = "person_of_concern", "victim"
CONCERN = (
    Kind(9, "weapon_carrying", P, "schools", "worker_observation worker_observation ~worker_worry", TEENS),
    Kind(9, "weapon_carrying", P, "police", "1A 2A ~2C ~2C ~2D"),
    Kind(3, "weapon_carrying", P, "lantern", "~worker_worry worker_observation", TEENS),
    Kind(3, "weapon_carrying", P, "housing", "~anonymous_call ~neighbour_concern"),
    Kind(15, "serious_violence_suspected", P, "police", "1A 1A 2A 2A 2B ~1C ~2C"),
    Kind(4, "serious_violence_convicted", P, "youth_justice", "court_outcome", TEENS, arises="adjudicated"),
    Kind(3, "serious_violence_convicted", P, "police", "1A", ADULTS, arises="adjudicated"),
    Kind(10, "assessed_reoffending", P, "youth_justice", "structured_assessment", TEENS, "yjb.scaled_approach_2009"),
    Kind(4, "assessed_reoffending", P, "youth_justice", "structured_assessment", ADULTS, "hmpps.ovp"),
    Kind(3, "assessed_reoffending", P, "youth_justice", "structured_assessment", ADULTS, "hmpps.ogrs3"),
    Kind(3, "recruits_others", P, "police", "~2C ~3C 2A"),
    Kind(2, "recruits_others", P, "childrens", "~worker_worry", CHILDREN),
    Kind(7, "drug_supply_concern", P, "police", "2A ~2C ~2D ~3C"),
    Kind(6, "drug_supply_concern", P, "housing", "~neighbour_concern ~anonymous_call named_witness"),
    Kind(3, "drug_supply_concern", P, "schools", "worker_observation ~worker_worry", TEENS),
    Kind(
        12,
        "antisocial_behaviour",
        P,
        "housing",
        "administrative_record named_witness ~neighbour_concern ~anonymous_call",
    ),
    Kind(5, "online_threats", P, "schools", "worker_observation ~worker_worry", TEENS),
    Kind(4, "online_threats", P, "lantern", "worker_observation ~worker_worry", TEENS),
    Kind(3, "online_threats", P, "police", "1A 2A ~2C"),
    Kind(3, "retaliation_talk", P, "lantern", "~worker_worry", TEENS),
    Kind(3, "retaliation_talk", P, "police", "~2C ~3C"),
    Kind(4, "gang_association", P, "childrens", "~partner_summary worker_observation", CHILDREN),
    Kind(3, "gang_association", P, "lantern", "~worker_worry worker_observation", TEENS),
    Kind(5, "engagement_with_worker", P, "lantern", "worker_observation", TEENS),
    Kind(4, "engagement_with_worker", P, "youth_justice", "administrative_record", TEENS),
    Kind(3, "trusted_adult", P, "schools", "worker_observation", TEENS),
    Kind(3, "stable_placement", P, "childrens", "administrative_record", CHILDREN),
)
HARM = (
    Kind(11, "missing_episode", V, "police", "1A 1A 2A", CHILDREN, "police.missing_2010"),
    Kind(11, "persistent_absence", V, "schools", "administrative_record", CHILDREN, "dfe.absence_2015"),
    Kind(7, "school_exclusion", V, "schools", "exclusion_record exclusion_record exclusion_reason", CHILDREN),
    Kind(9, "domestic_abuse_in_home", "child_of", "police", "1A 1A 2A", CHILDREN, "safelives.dash_ric"),
    Kind(4, "domestic_abuse_in_home", V, "housing", "named_witness self_statement_victim ~neighbour_concern", ADULTS),
    Kind(5, "domestic_abuse_in_home", "child_of", "childrens", "worker_observation ~partner_summary", CHILDREN),
    Kind(6, "care_concern", "child_of", "childrens_north", "structured_assessment", CHILDREN, "mash.merton"),
    Kind(6, "care_concern", "child_of", "childrens_south", "structured_assessment", CHILDREN, "need.levels"),
    Kind(4, "care_concern", "child_of", "childrens_south", "structured_assessment", CHILDREN, "sos.safety"),
    Kind(3, "care_concern", "child_of", "schools", "~worker_worry worker_observation", CHILDREN),
    Kind(7, "emotional_difficulties", V, "schools", "structured_assessment", CHILDREN, "sdq.uk_teacher"),
    Kind(4, "emotional_difficulties", V, "childrens", "structured_assessment", CHILDREN, "sdq.uk_parent"),
    Kind(8, "victim_of_violence", V, "police", "1A 1A 2A"),
    Kind(3, "victim_of_violence", V, "lantern", "self_statement_victim ~worker_worry", TEENS),
    Kind(2, "victim_of_violence", V, "hospital", "ae_injury_record ~ae_stated_cause"),
    Kind(2, "knife_injury", V, "hospital", "ae_injury_record", scale="rcp.news2"),
    Kind(2, "knife_injury", V, "ambulance", "ambulance_record", scale="rcp.news2"),
    Kind(3, "criminal_exploitation", "exploited", "childrens", "worker_observation ~worker_worry", TEENS),
    Kind(2, "sexual_exploitation", "exploited", "childrens", "structured_assessment", TEENS, "cse.kent_medway"),
    Kind(1, "county_lines_find", "exploited", "police", "1A 2A", TEENS),
    Kind(4, "disclosure_to_adult", V, "schools", "worker_observation self_statement_victim", CHILDREN),
    Kind(2, "disclosure_to_adult", V, "lantern", "self_statement_victim", TEENS),
    Kind(2, "gang_association", V, "childrens", "~worker_worry worker_observation", TEENS),
    Kind(6, "trusted_adult", V, "schools", "worker_observation", CHILDREN),
    Kind(5, "engagement_with_worker", V, "lantern", "worker_observation", TEENS),
    Kind(5, "stable_placement", V, "childrens", "administrative_record", CHILDREN),
)


def add_kind(book: Book, draw: Draw, person: Person, kind: Kind, *, youngest: int = 0) -> Row:
    """Add one report of a kind about a person, dated within its retention."""
    least, most = max(youngest, YOUNGEST.get(kind.indicator, 0)), OLDEST.get(kind.indicator, 729)
    # Where much goes on, it goes on now: the more so, the more draws of which the latest is taken.
    age = min(draw.integer(least, most) for _ in range(1 + (person.level > 4) + 2 * (person.level > 7)))
    event = AS_OF - dt.timedelta(days=age)
    recorded = min(event + dt.timedelta(days=draw.integer(0, 12)), AS_OF)
    source = draw.pick(kind.sources.split())
    cells: dict[str, object] = {"basis": "anecdotal" if source[0] == "~" else "factual"}
    if kind.indicator == "missing_episode":
        end = min(event + dt.timedelta(days=draw.integer(0, 4)), AS_OF)
        recorded = max(recorded, end)
        cells["event_end"] = end
    if kind.scale:
        cells |= {"scale": kind.scale, "value": reading(draw, kind.scale, person.level)}
    return book.add(
        agency=supplier(kind.agency, person.authority),
        event=event,
        recorded=recorded,
        subject_id=person.id,
        role=kind.role,
        indicator=kind.indicator,
        arises_from=kind.arises,
        source=source.lstrip("~"),
        authority=person.authority,
        **cells,
    )


def suits(kind: Kind, person: Person) -> bool:
    """Return whether a kind can be about a person: the right age, and served by that agency."""
    local = {"childrens_north", "childrens_south"} & {kind.agency}
    return person.age in kind.ages and (not local or supplier("childrens", person.authority) in local)


def second_report(book: Book, draw: Draw, row: Row, person: Person) -> None:
    """Let another agency report the same thing: sometimes on its own knowledge, sometimes by repeating the first."""
    row["claim_id"] = row["claim_id"] or book.claim()
    agency = draw.pick([a for a in ("lantern", supplier("childrens", person.authority)) if a != row["agency"]])
    repeats = draw.chance(55)
    recorded = row["recorded_date"]
    if not isinstance(recorded, dt.date) or not isinstance(row["event_date"], dt.date):
        return
    book.add(
        agency=agency,
        event=row["event_date"],
        recorded=min(recorded + dt.timedelta(days=draw.integer(0, 9)), AS_OF),
        subject_id=person.id,
        role=row["role"],
        indicator=row["indicator"],
        claim_id=row["claim_id"],
        source="partner_summary" if repeats else draw.pick(("worker_observation", "worker_worry")),
        basis="anecdotal",
        derived_from=name(row) if repeats else "",
        authority=person.authority,
    )


def add_ordinary(book: Book, draw: Draw, people: list[Person]) -> None:
    """Add the everyday reports about these people, more the more goes on."""
    for person in people:
        for wanted, kinds, most in ((person.concern, CONCERN, 8), (person.harmed, HARM, 6)):
            fitting = [(kind, kind.weight) for kind in kinds if suits(kind, person)]
            if not wanted or not fitting:
                continue
            for _ in range(1 + (person.level * most + draw.integer(0, 14)) // 8 + draw.integer(0, 1)):
                row = add_kind(book, draw, person, draw.weighted(fitting))
                if person.child and draw.chance(9):
                    second_report(book, draw, row, person)
                elif draw.chance(15):
                    row["claim_id"] = book.claim()
