"""What operators read of what lately happened in a topic."""

from tests.support.topics import NOON, minutes, room_with, seconds
from timers.journal import KEPT, Journal
from timers.people import CROWD
from timers.timer import Pause, Start
from timers.topic import TimerState


def test_it_says_what_happened_to_whom_and_by_whom() -> None:
    room = room_with("ana", "jun")
    room.knock("ana", "jun")
    room.configure("ana", pause_allowed=False)
    room.press("jun", Start(seconds(10)))
    room.wait(seconds(10))
    room.leave("jun")
    room.wait(seconds(5))
    journal = Journal()
    journal.note([("room.ABC234", event) for event in room.told], NOON)
    assert [line[2:] for line in journal.of("room.ABC234")] == [
        ("joined", "ana", ""),
        ("joined", "jun", ""),
        ("knocked at", "jun", "ana"),
        ("rules changed", "", "ana"),
        ("start", "room", "jun"),
        ("focus ran out", "room", ""),
        ("complete", "room", ""),
        ("left", "jun", ""),
    ]
    assert [line[:2] for line in journal.of("room.ABC234")] == [(NOON, event.v) for event in room.told]


def test_who_is_forgotten_is_in_no_line_and_what_they_did_stays() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    room.press("jun", Start(), timer="jun")
    journal = Journal()
    journal.note([("room", event) for event in room.told], NOON)
    journal.forget_person("room", "ana")
    assert [line[2:] for line in journal.of("room")] == [
        ("joined", "jun", ""),
        ("start", "room", ""),
        ("start", "jun", "jun"),
    ]


def test_a_crowd_is_one_line() -> None:
    room = room_with(*(f"member-{number}" for number in range(CROWD + 3)))
    room.wait(minutes(1))
    journal = Journal()
    journal.note([("room", room.told[-1])], NOON)
    assert journal.of("room")[0][2:] == ("2 joined, 0 left", "", "")


def test_only_the_last_are_kept_and_none_of_what_is_forgotten() -> None:
    room, journal = room_with("ana"), Journal()
    for _ in range(KEPT):
        room.press("ana", Start(), Pause())
    changes = [event for event in room.told if isinstance(event, TimerState)]
    for event in changes:
        journal.note([("room", event)], NOON)
    assert [line[1] for line in journal.of("room")] == [event.v for event in changes[-KEPT:]]
    journal.forget("room")
    assert journal.of("room") == []
