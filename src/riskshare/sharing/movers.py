"""Alerts for people who move: that something exists and whom to call, never what or why (methods: safety, 1.4 and 4).

The receiving side is told who knows the subject. The side that knows is told where to call, unless the subject is
protected or a victim of domestic abuse: then it learns "accepted" once somebody has taken the case on, and never where.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from riskshare.errors import PolicyError
from riskshare.sharing.standing import holds

Why = Literal["known_elsewhere", "looked_after_in_unscheduled_care"]
Setting = Literal["unscheduled_care", "other"]

KEPT_AFTER_END: Final = dt.timedelta(days=365)
"""How long after its end a period still raises alerts (CP-IS keeps a plan twelve months)."""
MOST_ACCESSES: Final = 25
"""How many earlier alerts on a subject are listed, as CP-IS lists the latest accesses."""


class MoverError(PolicyError):
    """The histories cannot be used for alerts; nobody's id is repeated."""


@dataclass(frozen=True, slots=True, repr=False)
class KnownTo:
    """That an authority knows a subject, and for how long: half-open, aware. ``looked_after``: it looks after it."""

    subject_id: str
    authority: str
    valid_from: dt.datetime
    valid_until: dt.datetime | None = None
    looked_after: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """That a subject appeared with an authority at a moment, and whether it was in unscheduled care."""

    subject_id: str
    authority: str
    at: dt.datetime
    setting: Setting = "other"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call at an authority, by day and by night: roles and numbers, not people."""

    authority: str
    day: str
    night: str


@dataclass(frozen=True, slots=True, repr=False)
class Guarded:
    """That a subject is protected, or a victim of domestic abuse, and for how long; half-open, aware."""

    subject_id: str
    valid_from: dt.datetime
    valid_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Alert:
    """What the receiving authority is told: that another knows this subject, and its contact. No reason, no content.

    Attributes
    ----------
    subject_id, to : str
        Who it is about, and which authority is told.
    why : {"known_elsewhere", "looked_after_in_unscheduled_care"}
        What raised it, which is also all it says.
    at : datetime.datetime
        When the subject appeared.
    call : Contact
        Of the authority that knows the subject; the receiving side's own, where the subject is guarded and the
        receiving side may be the place it left.
    accesses : tuple of datetime.datetime
        When earlier alerts on the subject were raised, latest first, at most 25; without places, and empty for a
        guarded subject.
    guarded : bool
        Whether the address is to be kept from everybody, the calling authority included.
    """

    subject_id: str
    to: str
    why: Why
    at: dt.datetime
    call: Contact
    accesses: tuple[dt.datetime, ...]
    guarded: bool


@dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """What the authority that knows a subject is told.

    Attributes
    ----------
    subject_id, to : str
        Who it is about, and which authority is told.
    what : {"seen", "accepted"}
        ``accepted``: somebody has taken the case on. For a guarded subject that is all.
    call : Contact or None
        Of the authority where the subject appeared; None for a guarded subject.
    at : datetime.datetime or None
        When it appeared; None for a guarded subject: a moment can lead to a place.
    """

    subject_id: str
    to: str
    what: Literal["seen", "accepted"]
    call: Contact | None
    at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class Movers:
    """Alerts and notices, each in order of moment, subject and authority; notices in no order that tells where."""

    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]

    def __repr__(self) -> str:
        """Count only."""
        return f"Movers({len(self.alerts):,} alerts, {len(self.notices):,} notices)"

    def of(self, authority: str) -> Movers:
        """Return what one authority is told, and nothing of what others are: the only part to hand to it."""
        alerts = tuple(one for one in self.alerts if one.to == authority)
        return Movers(alerts, tuple(one for one in self.notices if one.to == authority))


def mover_alerts(
    known: Iterable[KnownTo],
    seen: Iterable[Seen],
    contacts: Mapping[str, Contact],
    *,
    guarded: Iterable[Guarded] = (),
    accepted: Iterable[tuple[str, str]] = (),
) -> Movers:
    """Return whom to alert, and what the authority that knows somebody may learn of it.

    Parameters
    ----------
    known : iterable of KnownTo
        A period still raises alerts for twelve months after its end.
    seen : iterable of Seen
        The first appearance of a subject with an authority that does not know it raises an alert for each authority
        that does. A looked-after child in unscheduled care raises one every time, at home too.
    contacts : mapping of str to Contact
        By authority; each authority in either history must be in it.
    guarded : iterable of Guarded
        Protected subjects and victims of domestic abuse: guarded later is guarded for earlier appearances too.
    accepted : iterable of (subject, authority)
        Cases that the receiving authority has taken on.

    Returns
    -------
    Movers
        Empty histories give none. The notices of a guarded subject are the same wherever and whenever it appeared.

    Raises
    ------
    MoverError
        A moment has no offset, or an authority has no contact. Authorities are named, subjects are not.

    Notes
    -----
    Ids are compared as they stand: only equal ids raise an alert. Give identifiers checked by
    ``riskshare.sharing.identifiers``, as pseudonyms of one agreement.

    Examples
    --------
    >>> day = dt.datetime(2026, 3, 31, tzinfo=dt.UTC)
    >>> desks = {one: Contact(one, "01632 960201", "01632 960299") for one in ("north", "south")}
    >>> found = mover_alerts([KnownTo("S1", "north", day)], [Seen("S1", "south", day)], desks)
    >>> found.alerts[0].to, found.alerts[0].call.authority, found.notices[0].to, found.notices[0].call.authority
    ('south', 'north', 'north', 'south')
    >>> hidden = mover_alerts([KnownTo("S1", "north", day)], [Seen("S1", "south", day)], desks,
    ...     guarded=[Guarded("S1", day)], accepted=[("S1", "south")])
    >>> hidden.notices[0].what, hidden.notices[0].call
    ('accepted', None)
    """
    periods, looks, kept = tuple(known), tuple(seen), tuple(guarded)
    _check(periods, looks, kept, contacts)
    by_subject: dict[str, list[KnownTo]] = defaultdict(list)
    for period in periods:
        by_subject[period.subject_id].append(period)
    hidden: dict[str, list[Guarded]] = defaultdict(list)
    for one in kept:
        hidden[one.subject_id].append(one)
    taken = frozenset(accepted)
    alerts: list[Alert] = []
    notices: dict[Notice, None] = {}
    before: dict[str, list[dt.datetime]] = defaultdict(list)
    done: set[tuple[str, str, str]] = set()
    for look in sorted(set(looks), key=lambda one: (one.at, one.subject_id, one.authority, one.setting)):
        is_hidden = any(one.valid_until is None or look.at < one.valid_until for one in hidden[look.subject_id])
        raised = _raised(look, by_subject[look.subject_id], done)
        latest = () if is_hidden else tuple(reversed(before[look.subject_id][-MOST_ACCESSES:]))
        for authority, why in _told_here(look, raised, by_subject[look.subject_id]) if is_hidden else raised:
            call = contacts[authority]
            alerts.append(Alert(look.subject_id, look.authority, why, look.at, call, latest, is_hidden))
        for authority, _ in raised:
            for notice in _notices(look, authority, contacts, (look.subject_id, look.authority) in taken, is_hidden):
                notices.setdefault(notice)
        before[look.subject_id] += [look.at] * bool(raised)
    return Movers(tuple(alerts), tuple(sorted(notices, key=_order)))


def _raised(look: Seen, known: list[KnownTo], done: set[tuple[str, str, str]]) -> list[tuple[str, Why]]:
    """Return which authorities know who appeared, and why that is told; ``done`` gains what need not be told again."""
    live = [one for one in known if _still_told(one, look.at)]
    at_home = any(one.authority == look.authority and holds(one.valid_from, one.valid_until, look.at) for one in live)
    found: dict[str, Why] = {}
    for one in sorted(live, key=lambda one: one.authority):
        key = (one.subject_id, one.authority, look.authority)
        if one.looked_after and look.setting == "unscheduled_care":
            found[one.authority] = "looked_after_in_unscheduled_care"
        elif one.authority != look.authority and not at_home and key not in done:
            found.setdefault(one.authority, "known_elsewhere")
    done |= {(look.subject_id, authority, look.authority) for authority in found}
    return sorted(found.items())


def _told_here(look: Seen, raised: list[tuple[str, Why]], known: list[KnownTo]) -> list[tuple[str, Why]]:
    """Return what the receiving side may be told of a guarded subject.

    Where the receiving side has itself known the subject, it may be the place that the subject left: then an invented
    appearance there would tell where the subject lives now. So it is sent to its own contact, and not told who knows.
    """
    if not any(one.authority == look.authority for one in known):
        return raised
    care = {why for _, why in raised} - {"known_elsewhere"}
    return [(look.authority, why) for why in sorted(care)]


def _still_told(one: KnownTo, at: dt.datetime) -> bool:
    until = None if one.valid_until is None else one.valid_until + KEPT_AFTER_END
    return holds(one.valid_from, until, at)


def _notices(
    look: Seen, knows: str, contacts: Mapping[str, Contact], is_accepted: bool, is_hidden: bool
) -> list[Notice]:
    """Return what the authority that knows a subject is told of one appearance."""
    if is_hidden:  # and where it appeared at home, the authority is the receiving side too and has the alert
        told = is_accepted and knows != look.authority
        return [Notice(look.subject_id, knows, "accepted", None, None)] if told else []
    call = contacts[look.authority]
    said = [Notice(look.subject_id, knows, "seen", call, look.at)]
    return said + ([Notice(look.subject_id, knows, "accepted", call, look.at)] if is_accepted else [])


def _order(notice: Notice) -> tuple[str, ...]:
    """Sort by what the reader may know; a hidden notice holds nothing that could tell its place in time."""
    where = "" if notice.call is None else notice.call.authority
    return (notice.to, notice.subject_id, notice.what, "" if notice.at is None else notice.at.isoformat(), where)


def _check(
    known: tuple[KnownTo, ...], seen: tuple[Seen, ...], guarded: tuple[Guarded, ...], contacts: Mapping[str, Contact]
) -> None:
    periods = [(one.valid_from, one.valid_until) for one in known]
    periods += [(one.valid_from, one.valid_until) for one in guarded]
    moments = [moment for period in periods for moment in period if moment is not None] + [one.at for one in seen]
    naive = sum(one.utcoffset() is None for one in moments)
    named = {one.authority for one in known} | {one.authority for one in seen}
    lacking = sorted(named - set(contacts))
    told = [f"{naive:,} moments have no offset; write them as 2026-03-31T09:30:00+01:00."] if naive else []
    told += [f"There is no contact for: {', '.join(lacking)}. An alert without one helps nobody."] if lacking else []
    if told:
        raise MoverError(" ".join(told))


def alert_reference(alert: Alert) -> str:
    """Return what an alert is logged under: a hash of what it says and no subject, 64 hexadecimal digits.

    Two alerts of one kind to one authority at one moment have one reference; commitments in the log tell them apart.
    """
    said = "\x00".join((alert.to, alert.why, alert.at.astimezone(dt.UTC).isoformat(), alert.call.authority))
    return hashlib.sha256(b"riskshare-alert-v1\x00" + said.encode("utf-8")).hexdigest()
