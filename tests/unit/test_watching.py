"""A room that somebody looks on at without being in it, and one that is commanded by somebody who never came."""

from tests.support.topics import minutes, reread, room_with, seconds, timer_after
from timers import course
from timers.people import GRACE_MS
from timers.timer import Pause, Start, Status
from timers.topic import (
    Answer,
    Arrive,
    Control,
    Forget,
    Policy,
    Recall,
    Refused,
    RoomConfigured,
    Rules,
    TimerState,
    Topic,
)

RULES = Rules(idle_ttl_ms=seconds(60))


def test_who_watches_is_nobody_in_the_room() -> None:
    room = room_with("ana")
    assert room.watch().events == ()
    assert (room.here(), room.snapshot()["people"], len(room.snapshot()["members"])) == ({"ana"}, 1, 1)
    assert room.unwatch().events == ()


def test_that_one_watches_is_answered_and_said_again_changes_nothing() -> None:
    room = room_with()
    assert room.watch().answer == Answer(0, True, room.now)
    assert room.watch().answer == Answer(0, False, room.now)
    assert room.watch("audience", "web-2").answer == Answer(0, True, room.now)


def test_a_watched_timer_is_not_idle_until_the_last_one_has_gone() -> None:
    room = room_with("ana", rules=RULES)
    room.press("ana", Start(), Pause())
    room.watch("one"), room.watch("two")
    room.leave("ana")
    room.unwatch("one")
    room.wait(minutes(10))
    assert course.idle(room.topic, room.now, RULES) == {}
    assert room.topic.quiet_since is None
    room.unwatch("two")
    assert room.topic.quiet_since == room.now
    room.wait(seconds(60))
    assert room.put_by().events
    assert room.topic.empty


def test_ticks_go_on_for_who_watches_when_everybody_has_left() -> None:
    room = room_with("ana")
    room.watch()
    room.press("ana", Start())
    room.leave("ana")
    room.wait(GRACE_MS)
    assert (room.here(), room.topic.quiet_since) == (set(), None)


def test_a_room_that_is_only_watched_is_kept_and_gone_with_its_last_watcher() -> None:
    room = room_with()
    room.watch()
    assert not room.topic.empty
    assert reread(room.topic) == room.topic
    room.unwatch("somebody else")
    assert not room.topic.empty
    room.unwatch()
    assert room.topic.empty


def test_a_process_that_fell_silent_watches_no_more() -> None:
    room = room_with()
    room.watch("one", "web-1"), room.watch("two", "web-2")
    assert room.topic.processes() == {"web-1", "web-2"}
    room.lose("web-1")
    assert (dict(room.topic.watchers), room.topic.quiet_since) == ({"two": "web-2"}, None)
    room.lose("web-2")
    assert room.topic.empty


def test_somebody_who_is_forgotten_leaves_those_who_watch() -> None:
    room = room_with("ana")
    room.watch()
    room.apply(Forget("ana"))
    assert room.topic.quiet_since is None


def test_what_the_database_remembers_is_recalled_and_told() -> None:
    room = room_with("kim")
    policy = Policy("ana", Control.NAMED, ("kim",), True, True)
    change = room.apply(Recall({"room": timer_after(Start(), Pause())}, policy, "ana"))
    assert [type(event) for event in change.events] == [RoomConfigured, TimerState]
    assert room.timer().status is Status.PAUSED
    assert isinstance(room.press(None, Start()).answer, Refused)
    assert isinstance(room.press("ana", Start()).answer, Answer)


def test_what_is_live_wins_over_what_is_recalled() -> None:
    room = room_with()
    room.apply(Arrive("ana", "ana/tab", "web-1", maker="ana"))
    room.press("ana", Start())
    before = room.topic
    assert room.apply(Recall({"room": timer_after()}, Policy("jun"), "jun")).events == ()
    assert (room.topic.timers, room.topic.policy) == (before.timers, before.policy)


def test_nothing_to_recall_leaves_nothing() -> None:
    assert course.apply(Topic("room.ABC234"), Recall(), 1_000, Rules()).topic.empty
