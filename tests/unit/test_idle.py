"""What is idle is put by, and comes back."""

import pytest

from tests.support.topics import (
    DAY_MS,
    Scene,
    minutes,
    room_with,
    seconds,
    solo_of,
    timer_after,
)
from timers import course
from timers import timer as clock
from timers.people import GRACE_MS
from timers.timer import (
    Action,
    Add,
    Configure,
    Pause,
    Phase,
    Resume,
    SetPhase,
    Settings,
    Start,
    Status,
)
from timers.topic import (
    Expire,
    Rules,
    TimerState,
)

IDLE_MS = seconds(300)
BRIEF = Rules(idle_ttl_ms=seconds(1))


# Idle -----------------------------------------------------------------------------------------------------------------


def idle(scene: Scene) -> set[str]:
    return set(course.idle(scene.topic, scene.now, scene.rules))


def test_a_paused_timer_that_nobody_watches_is_idle_after_a_while() -> None:
    scene = solo_of("ana")
    scene.press("ana", Start(), Pause())
    scene.leave("ana")
    scene.wait(IDLE_MS - 1)
    assert idle(scene) == set()
    assert course.next_deadline(scene.topic, scene.rules) == scene.now + 1
    scene.wait(1)
    assert idle(scene) == {"solo"}
    assert course.next_deadline(scene.topic, scene.rules) == scene.now


def test_a_running_timer_is_never_idle() -> None:
    scene = solo_of("ana")
    scene.press("ana", Start(DAY_MS))
    scene.leave("ana")
    scene.wait(DAY_MS - 1)
    assert idle(scene) == set()
    assert scene.timer().running


def test_a_timer_that_ran_out_is_idle_after_a_while_from_its_last_end() -> None:
    scene = solo_of("ana")
    scene.press("ana", Start())
    scene.leave("ana")
    scene.wait(minutes(30) + IDLE_MS - 1)
    assert idle(scene) == set()
    scene.wait(1)
    assert idle(scene) == {"solo"}


@pytest.mark.parametrize("commands", [(Add(1),), (Start(), Pause())])
def test_a_watched_timer_is_never_idle(commands: tuple[clock.Command, ...]) -> None:
    for scene in (solo_of("ana"), room_with("ana")):
        scene.press("ana", *commands)
        scene.wait(30 * DAY_MS)
        assert idle(scene) == set()


def test_the_shared_timer_is_watched_by_anyone_in_the_room() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), Pause())
    room.leave("ana")
    room.wait(DAY_MS)
    assert idle(room) == set()
    room.leave("jun")
    room.wait(IDLE_MS)
    assert idle(room) == {"room"}


def test_ones_own_timer_is_watched_by_oneself_only() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), Pause(), timer="ana")
    room.press("jun", Start(), Pause(), timer="jun")
    room.leave("ana")
    room.wait(IDLE_MS)
    assert idle(room) == {"ana"}


def test_a_second_tab_still_watches() -> None:
    room = room_with("ana")
    room.arrive("ana", "second tab")
    room.press("ana", Start(), Pause(), timer="ana")
    room.leave("ana")
    room.wait(DAY_MS)
    assert idle(room) == set()


@pytest.mark.parametrize("command", [Add(1), Pause()], ids=["that changed it", "that changed nothing"])
def test_a_command_from_outside_keeps_a_timer_awake(command: clock.Command) -> None:
    room = room_with()
    room.press(None, Start(), Pause())
    room.wait(IDLE_MS - 1)
    room.press(None, command)
    room.wait(IDLE_MS - 1)
    assert idle(room) == set()
    room.wait(1)
    assert idle(room) == {"room"}


def test_a_short_visit_starts_the_idle_time_anew() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Pause())
    room.leave("ana")
    room.wait(IDLE_MS - 1)
    room.arrive("jun")
    room.leave("jun")
    room.wait(IDLE_MS - 1)
    assert idle(room) == set()
    room.wait(1)
    assert idle(room) == {"room"}


@pytest.mark.parametrize(
    ("scene", "own_timer"), [(solo_of("ana", BRIEF), "solo"), (room_with("ana", "jun", rules=BRIEF), "ana")]
)
def test_who_may_only_be_reloading_keeps_their_timer_and_is_forgotten_with_it(scene: Scene, own_timer: str) -> None:
    """However short the idle time: whoever is known to be here is not asked after in the database on coming back."""
    scene.press("ana", Start(), Pause(), timer=own_timer)
    scene.leave("ana")
    scene.wait(GRACE_MS - 1)
    assert idle(scene) == set()
    scene.wait(1)
    assert idle(scene) == {own_timer}
    scene.put_by()
    assert "ana" not in scene.topic.people


def test_an_idle_timer_that_is_put_by_is_told_to_the_room_as_a_fresh_one() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Configure({"focus_ms": 60_000}), SetPhase(Phase.SHORT_BREAK), Start(), Pause(), timer="ana")
    room.leave("ana")
    room.wait(IDLE_MS)
    v = room.topic.v
    change = room.put_by()
    settings = Settings(focus_ms=60_000)
    assert change.events == (TimerState(v + 1, "ana", clock.fresh(settings), Action.EXPIRE, None),)
    assert room.here() == {"jun"}
    assert "ana" not in room.topic.timers


def test_only_what_is_still_idle_is_put_by() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Pause())
    room.leave("ana")
    room.wait(IDLE_MS)
    assert idle(room) == {"room"}
    room.arrive("jun")
    change = room.apply(Expire(("room", "nobody")))
    assert change.events == ()
    assert room.timer().status is Status.PAUSED


def test_a_topic_that_is_put_by_names_nothing_any_more() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), id="1")
    room.press("ana", Pause())
    room.press("jun", Add(1), timer="jun", id="2")
    room.rename("ana", "Ana", id="3")
    room.leave("ana")
    room.leave("jun")
    room.wait(IDLE_MS)
    assert not room.topic.empty
    room.put_by()
    assert room.topic.empty
    assert (room.topic.timers, room.topic.people, room.topic.answers) == ({}, {}, {})
    assert course.next_deadline(room.topic, room.rules) is None


def test_a_room_without_timers_is_forgotten_with_its_people() -> None:
    room = room_with("ana")
    room.leave("ana")
    room.wait(IDLE_MS - 1)
    assert not room.topic.empty
    room.wait(1)
    assert room.topic.empty


def test_a_person_is_remembered_as_long_as_their_timer() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(60)), timer="ana")
    room.leave("ana")
    room.wait(minutes(50))
    assert "ana" in room.topic.people
    room.wait(minutes(15) + IDLE_MS)
    room.put_by()
    assert room.topic.people.keys() == {"jun"}


def test_who_only_knocked_at_a_full_room_is_not_remembered() -> None:
    room = room_with("ana", rules=Rules(max_members=1))
    room.arrive("kim", parked={"kim": timer_after(Start(), Pause())})
    assert room.topic.people.keys() == {"ana"}
    assert room.topic.timers == {}


def test_ids_alone_keep_nothing_awake() -> None:
    room = room_with()
    room.press("ana", Add(1), id="1")
    room.wait(IDLE_MS)
    room.put_by()
    assert room.topic.empty


# Parked timers --------------------------------------------------------------------------------------------------------


def test_a_parked_timer_is_back_with_the_same_time_left() -> None:
    parked = timer_after(Start(), minutes(10), Pause())
    scene = solo_of("nobody yet")
    scene.wait(DAY_MS)
    scene.arrive("ana", parked={"solo": parked})
    assert (scene.timer(), scene.left_ms()) == (parked, minutes(15))
    scene.press("ana", Resume())
    assert scene.timer().ends_at == scene.now + minutes(15)


def test_a_parked_timer_does_not_replace_a_live_one() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.arrive("jun", parked={"room": timer_after(Start(), Pause()), "jun": timer_after(Add(1_000))})
    assert room.timer().running
    assert room.left_ms("jun") == minutes(25) + seconds(1)


def test_a_parked_timer_that_came_back_is_in_the_snapshot_of_who_brought_it() -> None:
    room = room_with("ana")
    room.arrive("jun", parked={"jun": timer_after(Start(), minutes(10), Pause())})
    timers = {timer["id"]: timer for timer in room.snapshot("jun")["timers"]}
    assert (timers["jun"]["status"], timers["jun"]["remaining_ms"]) == ("paused", minutes(15))


def test_a_timer_that_came_back_and_is_left_again_is_put_by_again() -> None:
    scene = solo_of("ana")
    scene.leave("ana")
    scene.wait(DAY_MS)
    scene.arrive("ana", parked={"solo": timer_after(Start(), Pause())})
    scene.leave("ana")
    scene.wait(IDLE_MS - 1)
    assert idle(scene) == set()
    scene.wait(1)
    assert idle(scene) == {"solo"}
