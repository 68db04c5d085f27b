"""The invented subjects: where they live, how old they are, and how much really goes on (known only to the script)."""

from __future__ import annotations

from dataclasses import dataclass

from sampler.agencies import AUTHORITIES
from sampler.draw import Draw

AGE_BANDS = (
    ("under 10", 8),
    ("10-13", 22),
    ("14-15", 26),
    ("16-17", 22),
    ("18-24", 18),
    ("25 and over", 2),
    ("not known", 2),
)
CHILDREN = ("under 10", "10-13", "14-15", "16-17")
TEENS = ("10-13", "14-15", "16-17")
GROUPS = ("group 1", "group 1", "group 2", "group 1", "group 3", "group 1", "group 2", "group 1", "group 2", "group 1")
"""Dealt in turn to people of equal level, so that groups do not differ in what really goes on."""

LEVELS = (0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9)


@dataclass(frozen=True)
class Person:
    """One invented subject. ``level`` 0–9 drives how much is reported; ``concern`` and ``harmed`` which lens."""

    id: str
    age: str
    authority: str
    level: int
    concern: bool
    harmed: bool
    group: str
    sex: str
    disabled: str
    household: str

    @property
    def child(self) -> bool:
        """Return whether the person is known to be under 18."""
        return self.age in CHILDREN


def make_people(draw: Draw, size: int) -> list[Person]:
    """Return the subjects in id order; ids are dealt at random so that a number says nothing about its person."""
    numbers = draw.shuffled(range(1, size + 1))
    shares = tuple(zip(AUTHORITIES, (18, 20, 16, 20, 18, 8), strict=True))
    traits = []
    for i in range(size):
        age = draw.weighted(AGE_BANDS)
        concern = age not in ("under 10", "not known") and draw.chance(58)
        traits.append((LEVELS[i % len(LEVELS)], concern, age, draw.weighted(shares), not concern or draw.chance(60)))
    dealt: dict[tuple[int, bool], int] = {}
    people = []
    for number, (level, concern, age, authority, harmed) in zip(numbers, traits, strict=True):
        turn = dealt[level, concern] = dealt.get((level, concern), -1) + 1
        people.append(
            Person(
                id=f"S-{number:04d}",
                age=age,
                authority=authority,
                level=level,
                concern=concern,
                harmed=harmed,
                group=GROUPS[turn % len(GROUPS)],
                sex=draw.weighted((("male", 62), ("female", 37), ("not stated", 1))),
                disabled=draw.weighted((("no", 80), ("yes", 14), ("not stated", 6))),
                household=f"H{number * 7 % 2477:04d}",
            )
        )
    return sorted(people, key=lambda p: p.id)
