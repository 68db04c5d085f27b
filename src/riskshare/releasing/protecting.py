"""Whose address is protected, as `share` knows it, and what whoever receives something is told of it."""

from __future__ import annotations

import datetime as dt
from typing import Final

from riskshare.assessment import Assessment
from riskshare.profiling import PlaceProfiles
from riskshare.records.evidence import Subjects
from riskshare.records.sharing_request import Objection
from riskshare.releasing.arguments import Result
from riskshare.releasing.made import Made
from riskshare.sharing.asking import Asking
from riskshare.sharing.protection import NOBODY_KNOWN, protected_addresses
from riskshare.spots import HotSpots

TELL_NOBODY: Final = (
    "An address in this household is protected: tell nobody where this person lives, and ask before calling or writing."
)
COUNTED_NOWHERE: Final = (
    "People whose address is protected are counted in the authority 'not stated', and so is what happened while it was."
)


def protection_of(result: Result, given: Subjects | None, at: dt.datetime) -> tuple[Objection, ...]:
    """Return whose address is protected, by what a result was made with and by what was given beside it."""
    return tuple(said for one in _lists(result, given) for said in protected_addresses(one, at=at))


def said_of_protection(result: Result, given: Subjects | None, asking: Asking, made: Made) -> tuple[str, ...]:
    """Return what whoever receives it must know of protected addresses; nothing where they could not matter."""
    if not isinstance(result, Assessment | HotSpots | PlaceProfiles):
        return ()
    said = any(one.basis == "protected_address" for one in asking.objections)
    if not said and not _lists(result, given):
        return (NOBODY_KNOWN,)
    if asking.subject in asking.guarded and asking.related is not None:  # who invents an emergency is told nothing
        return (TELL_NOBODY,)
    return (COUNTED_NOWHERE,) if "counts" in made.tables else ()


def _lists(result: Result, given: Subjects | None) -> tuple[Subjects, ...]:
    source = result.asked["points"] if isinstance(result, HotSpots) else result
    known = (source.subjects if isinstance(source, Assessment) else None, given)
    return tuple(one for one in known if one is not None)
