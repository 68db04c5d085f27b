"""Alerts for people who move: existence and contact, no reasons; a protected person's new place stays hidden."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskshare.sharing.movers import (
    Alert,
    Contact,
    Guarded,
    KnownTo,
    MoverError,
    Movers,
    Notice,
    Seen,
    alert_reference,
    mover_alerts,
)

DAY = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
PLACES = ("north", "south", "east", "west")
DESKS = {one: Contact(one, f"{one} day desk", f"{one} night desk") for one in PLACES}


def later(days: float = 0, **more: float) -> dt.datetime:
    return DAY + dt.timedelta(days=days, **more)


def known(authority: str = "north", **changes: Any) -> KnownTo:
    return KnownTo(**{"subject_id": "S1", "authority": authority, "valid_from": later(-90), **changes})


def seen(authority: str = "south", **changes: Any) -> Seen:
    return Seen(**{"subject_id": "S1", "authority": authority, "at": DAY, **changes})


def found(*histories: KnownTo | Seen, **options: Any) -> Movers:
    periods = [one for one in histories if isinstance(one, KnownTo)]
    return mover_alerts(periods, [one for one in histories if isinstance(one, Seen)], DESKS, **options)


def told(movers: Movers) -> list[tuple[str, str, str]]:
    return [(one.to, one.why, one.call.authority) for one in movers.alerts]


class TestWhoIsAlerted:
    def test_a_child_known_in_one_authority_appears_in_another(self) -> None:
        movers = found(known(), seen())
        assert told(movers) == [("south", "known_elsewhere", "north")]
        assert [(one.to, one.what, one.call) for one in movers.notices] == [("north", "seen", DESKS["south"])]

    def test_nothing_is_said_but_existence_and_contact(self) -> None:
        assert {field.name for field in dataclasses.fields(Alert)} == {
            "subject_id", "to", "why", "at", "call", "accesses", "guarded",
        }  # fmt: skip
        assert {field.name for field in dataclasses.fields(Notice)} == {"subject_id", "to", "what", "call", "at"}

    @pytest.mark.parametrize(
        ("histories", "why"),
        [
            ((known(), seen("north")), "at home"),
            ((known(), seen(subject_id="S2")), "somebody else"),
            ((known(valid_from=later(1)), seen()), "not known yet"),
            ((known(), known("south"), seen()), "known in both: they had their alert when the second began"),
            ((known(valid_until=later(-366)), seen()), "ended more than twelve months ago"),
        ],
    )
    def test_nobody_is_alerted(self, histories: tuple[Any, ...], why: str) -> None:
        assert told(found(*histories)) == [], why

    def test_a_period_is_told_for_twelve_months_after_its_end_and_not_a_microsecond_more(self) -> None:
        ended = known(valid_until=later(-365))
        assert told(found(ended, seen(at=DAY - dt.timedelta(microseconds=1)))) != []
        assert told(found(ended, seen(at=DAY))) == []

    def test_the_first_appearance_alerts_and_the_next_does_not(self) -> None:
        assert len(found(known(), seen(), seen(at=later(5))).alerts) == 1
        assert len(found(known(), seen(), seen("east", at=later(5))).alerts) == 2

    def test_everybody_who_knows_is_named(self) -> None:
        assert told(found(known(), known("east"), seen())) == [
            ("south", "known_elsewhere", "east"),
            ("south", "known_elsewhere", "north"),
        ]

    def test_a_looked_after_child_in_unscheduled_care_alerts_every_time_and_at_home_too(self) -> None:
        care = {"setting": "unscheduled_care"}
        movers = found(known(looked_after=True), seen("north", **care), seen(at=later(1), **care))
        why = "looked_after_in_unscheduled_care"
        assert told(movers) == [("north", why, "north"), ("south", why, "north")]
        assert len(found(known(looked_after=True), seen(**care), seen(at=later(1), **care)).alerts) == 2

    def test_earlier_alerts_are_listed_without_places_latest_first_at_most_25(self) -> None:
        visits = [seen(at=later(i), setting="unscheduled_care") for i in range(30)]
        last = found(known(looked_after=True), *visits).alerts[-1]
        assert last.accesses == tuple(later(i) for i in range(28, 3, -1))


class TestProtected:
    def test_the_origin_learns_nothing_until_the_case_is_accepted_and_then_no_place(self) -> None:
        hidden = {"guarded": [Guarded("S1", later(-10))]}
        assert found(known(), seen(), **hidden).notices == ()
        (notice,) = found(known(), seen(), **hidden, accepted=[("S1", "south")]).notices
        assert (notice.what, notice.call, notice.at) == ("accepted", None, None)

    def test_the_receiving_side_is_told_that_the_address_is_to_be_kept(self) -> None:
        alert = found(known(), seen(), guarded=[Guarded("S1", later(-10))]).alerts[0]
        assert (alert.guarded, alert.accesses, alert.call) == (True, (), DESKS["north"])

    @pytest.mark.parametrize("ended", [None, later(-30), later(-2000)])
    @pytest.mark.parametrize("setting", ["unscheduled_care", "other"])
    def test_whoever_knew_a_protected_person_cannot_find_out_by_inventing_a_visit(
        self, ended: dt.datetime | None, setting: Any
    ) -> None:
        """North, which it left, notes an appearance: it learns the same wherever the person lives now."""

        def of_north(home: str) -> str:
            left = known(valid_from=later(-3000), valid_until=ended)
            now = known(home, valid_from=later(-20), looked_after=True)
            hidden = {"guarded": [Guarded("S1", later(-25))], "accepted": [("S1", "north")]}
            mine = found(left, now, seen("north", setting=setting), **hidden).of("north")
            return repr([dataclasses.astuple(one) for one in (*mine.alerts, *mine.notices)])

        assert of_north("south") == of_north("east") == of_north("west")
        assert "desk" not in of_north("east").replace("north day desk", "").replace("north night desk", "")

    def test_in_unscheduled_care_where_it_lived_it_is_sent_to_its_own_contact(self) -> None:
        histories = [known(valid_until=later(-30)), known("east", valid_from=later(-20), looked_after=True)]
        visit = seen("north", setting="unscheduled_care")
        (alert,) = found(*histories, visit, guarded=[Guarded("S1", later(-25))]).alerts
        assert (alert.call, alert.guarded) == (DESKS["north"], True)
        (open_alert, *_) = found(*histories, visit).alerts
        assert open_alert.call == DESKS["east"]

    def test_protection_that_begins_later_hides_what_came_before(self) -> None:
        assert found(known(), seen(), guarded=[Guarded("S1", later(3))]).notices == ()

    def test_protection_that_ended_before_hides_nothing(self) -> None:
        movers = found(known(), seen(), guarded=[Guarded("S1", later(-10), later(-1))])
        assert movers.notices[0].call == DESKS["south"]

    @given(
        place=st.sampled_from(PLACES[1:]), other=st.sampled_from(PLACES[1:]), hours=st.integers(0, 5000),
        setting=st.sampled_from(("unscheduled_care", "other")), looked_after=st.booleans(),
    )  # fmt: skip
    def test_what_the_origin_gets_is_the_same_wherever_and_whenever(
        self, place: str, other: str, hours: int, setting: str, looked_after: bool
    ) -> None:
        """The Newham test of movers: change the place and the hour, and not a byte of what the origin gets changes."""

        def of_origin(where: str, at: dt.datetime, how: str) -> str:
            movers = found(
                known(looked_after=looked_after), seen(where, at=at, setting=how),
                guarded=[Guarded("S1", later(-10))], accepted=[("S1", where)],
            )  # fmt: skip
            mine = movers.of("north")
            return repr([dataclasses.astuple(one) for one in (*mine.alerts, *mine.notices)])

        assert of_origin(place, later(hours=hours), setting) == of_origin(other, DAY, "other")


class TestHanding:
    def test_each_authority_gets_its_own_part(self) -> None:
        movers = found(known(), known("east"), seen())
        assert {one.to for one in movers.of("south").alerts} == {"south"}
        assert movers.of("south").notices == ()
        assert [one.to for one in movers.of("east").notices] == ["east"]
        assert movers.of("west") == Movers((), ())

    def test_no_id_is_printed_and_none_leads_out_of_a_reference(self) -> None:
        movers = found(known(subject_id="zqmark"), seen(subject_id="zqmark"))
        assert "zqmark" not in f"{movers!r}{movers.alerts!r}{movers.notices!r}"
        assert alert_reference(movers.alerts[0]) == alert_reference(found(known(), seen()).alerts[0])

    def test_order_of_histories_does_not_matter(self) -> None:
        histories = [known(), known("east"), seen(), seen("west", at=later(1)), seen(at=later(2))]
        assert found(*histories).alerts == found(*reversed(histories)).alerts

    def test_every_fault_is_told_and_nobody_is_named(self) -> None:
        with pytest.raises(MoverError) as fault:
            found(known("mars", subject_id="zqmark"), seen(at=dt.datetime(2026, 3, 31), subject_id="zqmark"))
        assert "1 moments have no offset" in str(fault.value)
        assert "no contact for: mars" in str(fault.value)
        assert "zqmark" not in str(fault.value)

    def test_empty_histories_give_nothing(self) -> None:
        assert mover_alerts([], [], {}) == Movers((), ())
