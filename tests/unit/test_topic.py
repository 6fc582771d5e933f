"""A topic: its people, its timers, its version, the ids it answered, and what time alone brings about."""

from collections.abc import Callable

import pytest

from tests.support.topics import (
    DAY_MS,
    NOON,
    Scene,
    actions,
    completions,
    minutes,
    room_with,
    seconds,
    solo_of,
    states,
    timer_after,
)
from timers import timer as clock
from timers import topic as core
from timers.timer import (
    Action,
    Add,
    Configure,
    Pause,
    Phase,
    Redo,
    Reset,
    Resume,
    SetPhase,
    Settings,
    Skip,
    Start,
    Status,
    Undo,
)
from timers.topic import (
    Answer,
    Change,
    Full,
    Person,
    Rules,
    TimerCompleted,
    TimerState,
    Topic,
    UserJoined,
    UserLeft,
    UserUpdated,
)

GRACE_MS = seconds(5)
IDLE_MS = seconds(300)
IDS_KEPT_MS = minutes(10)


def answer_of(change: Change) -> Answer:
    assert isinstance(change.answer, Answer)
    return change.answer


def answered(change: Change) -> tuple[int, bool]:
    answer = answer_of(change)
    return answer.v, answer.changed


# Versions and answers -------------------------------------------------------------------------------------------------


def test_every_event_is_one_version_on() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), Pause(), Start())
    room.arrive("jun", "second tab")
    room.rename("jun", "Jun")
    room.wait(minutes(31))
    room.leave("ana")
    room.wait(GRACE_MS)
    assert [event.v for event in room.told] == list(range(1, room.topic.v + 1))
    assert room.topic.v == 2 + 3 + 1 + 1 + 4 + 1


def test_what_changes_nothing_has_no_event_and_the_present_version() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    v = room.topic.v
    change = room.press("ana", Start())
    assert (change.events, room.topic.v, answered(change)) == ((), v, (v, False))


def test_a_change_answers_with_its_own_version() -> None:
    room = room_with("ana")
    change = room.press("ana", Start())
    assert answered(change) == (2, True)
    assert [event.v for event in change.events] == [2]


def test_an_answer_counts_what_was_over_before_but_not_what_is_over_after() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(25)
    change = room.press("ana", Pause())
    assert actions(change.events) == [Action.COMPLETE, Action.PAUSE]
    assert answered(change) == (change.events[-1].v, True)
    room.now += minutes(10)
    change = room.press("ana", Undo())
    assert actions(change.events) == [Action.UNDO, Action.COMPLETE]
    assert answered(change) == (change.events[0].v, True)


def test_a_timer_carries_the_version_of_its_last_change() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), timer="ana")
    room.press("jun", Start())
    room.rename("jun", "Jun")
    assert (room.topic.timers["ana"].v, room.topic.timers["room"].v, room.topic.v) == (3, 4, 5)
    room.press("ana", Start(), timer="ana")
    assert room.topic.timers["ana"].v == 3, "nothing was changed"
    room.wait(minutes(25))
    assert {timer_id: held.v for timer_id, held in room.topic.timers.items()} == {"ana": 7, "room": 9}


def test_a_timer_state_tells_who_did_what() -> None:
    room = room_with("ana")
    (event,) = room.press("ana", Start()).events
    assert event == TimerState(2, "room", room.timer(), Action.START, "ana")


def test_a_script_without_a_cookie_is_nobody() -> None:
    room = room_with()
    change = room.press(None, Start())
    assert [event.by for event in states(change.events)] == [None]
    assert answered(change) == (1, True)


def test_start_of_a_paused_timer_is_told_as_resume() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Pause())
    assert actions(room.press("ana", Start()).events) == [Action.RESUME]


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (Pause(), Action.PAUSE),
        (Reset(), Action.RESET),
        (Skip(), Action.SKIP),
        (Add(1), Action.ADD),
        (SetPhase(Phase.LONG_BREAK), Action.PHASE),
        (Configure({"rounds": 2}), Action.CONFIGURE),
        (Undo(), Action.UNDO),
    ],
)
def test_every_command_is_told_by_its_name(command: clock.Command, action: Action) -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    (event,) = states(room.press("jun", command).events)
    assert (event.action, event.by, event.timer_id) == (action, "jun", "room")


def test_timers_of_one_topic_do_not_touch_each_other() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), timer="ana")
    room.wait(minutes(1))
    room.press("jun", Start(minutes(2)), timer="jun")
    room.wait(minutes(1))
    assert (room.left_ms("ana"), room.left_ms("jun"), room.left_ms("room")) == (minutes(23), minutes(1), minutes(25))
    assert (room.timer("ana").running, room.timer("jun").running, room.timer("room").running) == (True, True, False)


def test_a_command_that_does_nothing_to_a_timer_nobody_used_makes_none() -> None:
    room = room_with("ana")
    room.press("ana", Pause(), Resume(), Undo(), Redo(), Add(0), Reset(), timer="ana")
    assert room.topic.timers == {}


def test_anybody_undoes_the_last_command_whoever_gave_it() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    (event,) = states(room.press("jun", Undo()).events)
    assert (event.by, event.timer.status) == ("jun", Status.STOPPED)


# Completions ----------------------------------------------------------------------------------------------------------


def test_a_completion_is_told_once_before_the_phase_that_follows() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    assert room.wait(minutes(25) - 1) == ()
    completed, state = room.wait(1)
    assert completed == TimerCompleted(
        v=3,
        timer_id="room",
        phase=Phase.FOCUS,
        round=1,
        at=NOON + minutes(25),
        completion=getattr(completed, "completion", ""),
    )
    assert state == TimerState(4, "room", room.timer(), Action.COMPLETE, None)
    assert room.timer().phase is Phase.SHORT_BREAK
    assert room.wait(minutes(4)) == ()


def test_the_next_phase_counts_from_the_end_of_the_last_however_late_it_is_noticed() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(27))
    assert (room.timer().started_at, room.left_ms()) == (NOON + minutes(25), minutes(3))


def test_a_chain_of_completions_is_told_in_order_each_as_of_its_own_instant() -> None:
    room = room_with("ana")
    room.press("ana", Configure({"auto_start_focus": True}), Start())
    events = room.wait(minutes(25 + 5 + 25 + 5 + 1))
    assert [type(event) for event in events] == [TimerCompleted, TimerState] * 4
    assert [(done.phase, done.round, done.at - NOON) for done in completions(events)] == [
        (Phase.FOCUS, 1, minutes(25)),
        (Phase.SHORT_BREAK, 1, minutes(30)),
        (Phase.FOCUS, 2, minutes(55)),
        (Phase.SHORT_BREAK, 2, minutes(60)),
    ]
    assert room.left_ms() == minutes(24)


def test_a_chain_ends_where_a_phase_waits_to_be_started() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    events = room.wait(DAY_MS)
    assert len(completions(events)) == 2
    assert (room.timer().status, room.timer().round) == (Status.STOPPED, 2)


def test_the_completions_of_several_timers_are_told_in_the_order_of_their_instants() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(3)), timer="ana")
    room.press("jun", Start(minutes(1)), timer="jun")
    room.press("jun", Start(minutes(2)))
    events = room.wait(minutes(3))
    assert [done.timer_id for done in completions(events)] == ["jun", "room", "ana"]


def test_every_completion_has_an_id_of_its_own_and_the_same_when_told_again() -> None:
    def told() -> list[TimerCompleted]:
        room = room_with("ana", "jun")
        for timer in ("room", "ana", "jun"):
            room.press("ana", Configure({"auto_start_focus": True}), Start(), timer=timer)
        return completions(room.wait(minutes(25 + 5 + 25)))

    assert len({done.completion for done in told()}) == len(told()) == 3 * 3
    assert told() == told()


def test_a_phase_ended_by_skip_is_no_completion() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Skip())
    room.press("ana", Skip())
    assert completions(room.told) == []


def test_a_command_at_the_very_instant_of_the_end_finds_the_phase_completed() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(25)
    change = room.press("ana", Pause())
    assert actions(change.events) == [Action.COMPLETE, Action.PAUSE]
    assert (room.timer().phase, room.left_ms()) == (Phase.SHORT_BREAK, minutes(5))


def test_a_pause_a_moment_before_the_end_keeps_that_moment() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(25) - 1
    room.press("ana", Pause())
    assert (room.left_ms(), completions(room.wait(DAY_MS))) == (1, [])


def test_an_undone_pause_whose_end_has_passed_completes_as_of_that_end() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(10))
    room.press("ana", Pause())
    room.wait(minutes(17))
    change = room.press("ana", Undo())
    assert [type(event) for event in change.events] == [TimerState, TimerCompleted, TimerState]
    undone, completed, loaded = change.events
    assert isinstance(undone, TimerState)
    assert isinstance(completed, TimerCompleted)
    assert isinstance(loaded, TimerState)
    assert (undone.action, undone.timer.ends_at) == (Action.UNDO, NOON + minutes(25))
    assert completed.at == NOON + minutes(25)
    assert (loaded.action, loaded.timer.phase) == (Action.COMPLETE, Phase.SHORT_BREAK)
    assert room.left_ms() == minutes(3), "the automatic break is already part over"
    assert not room.press("ana", Undo()).events, "a completion clears the history"


def test_a_completion_clears_undo_and_redo() -> None:
    room = room_with("ana")
    room.press("ana", Add(1_000), Start(), Pause(), Undo())
    room.wait(minutes(26))
    assert not room.press("ana", Undo()).events
    assert not room.press("ana", Redo()).events


# Late commands --------------------------------------------------------------------------------------------------------


def test_a_command_is_applied_as_of_the_instant_it_was_received() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(12)
    room.press("ana", Pause(), at=room.now - seconds(8))
    assert room.left_ms() == minutes(13) + seconds(8)
    assert room.timer().paused_at == room.now - seconds(8)


def test_time_never_runs_backward() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(10))
    room.press("ana", Pause())
    room.press("ana", Resume(), at=NOON + minutes(2))
    assert room.timer().ends_at == NOON + minutes(25), (
        "the earlier resume is as of the pause that was decided before it"
    )
    assert room.topic.as_of == NOON + minutes(10)


def test_a_command_received_before_a_decided_completion_comes_after_it() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(25))
    room.press("ana", Pause(), at=NOON + minutes(20))
    assert (room.timer().phase, room.timer().left_ms) == (Phase.SHORT_BREAK, minutes(5))


def test_a_completion_that_an_undo_brings_about_does_not_turn_time_back() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(10))
    room.press("ana", Pause())
    room.wait(minutes(17))
    room.press("ana", Undo())
    assert room.topic.as_of == room.now


# Ids ------------------------------------------------------------------------------------------------------------------


def test_the_same_id_is_answered_again_but_applied_once() -> None:
    room = room_with("ana")
    first = room.press("ana", Add(minutes(1)), id="1")
    room.press("ana", Start())
    again = room.press("ana", Add(minutes(1)), id="1")
    assert again.events == ()
    assert answered(again) == answered(first) == (2, True)
    assert room.left_ms() == minutes(26)


def test_the_first_answer_is_given_whatever_the_body_and_the_timer() -> None:
    room = room_with("ana")
    first = room.press("ana", Start(), id="1")
    for again in (
        room.press("ana", Pause(), id="1"),
        room.press("ana", Start(), timer="ana", id="1"),
        room.rename("ana", "Ana", id="1"),
    ):
        assert (again.events, answered(again)) == ((), answered(first))


def test_an_answer_that_nothing_changed_is_kept_too() -> None:
    room = room_with("ana")
    assert answered(room.press("ana", Pause(), id="1")) == (1, False)
    room.press("ana", Start())
    assert answered(room.press("ana", Pause(), id="1")) == (1, False)
    assert room.timer().running


def test_renaming_uses_ids_too() -> None:
    room = room_with("ana")
    room.rename("ana", "Ana", id="1")
    room.rename("ana", "Anna")
    assert answered(room.rename("ana", "Ana", id="1")) == (2, True)
    assert room.name_of("ana") == "Anna"


def test_an_id_holds_from_whatever_tab() -> None:
    room = room_with("ana")
    room.press("ana", Add(minutes(1)), id="1")
    room.arrive("ana", "second tab", "web-2")
    room.leave("ana")
    room.press("ana", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(26)


def test_ids_are_per_person() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.press("jun", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(27)


@pytest.mark.parametrize("id", ["", "a:b", ":", "🍅" * 64, "topic"])
def test_any_string_is_an_id(id: str) -> None:
    room = room_with("ana")
    first = room.press("ana", Add(minutes(1)), id=id)
    assert room.press("ana", Add(minutes(1)), id=id).answer == first.answer
    assert answered(room.press("ana", Add(minutes(1)), id="another")) == (3, True)


def test_commands_without_an_id_are_all_applied() -> None:
    room = room_with("ana")
    room.press("ana", Add(minutes(1)), Add(minutes(1)))
    assert room.left_ms() == minutes(27)
    assert room.topic.answers == {}


def test_an_id_is_remembered_for_ten_minutes_from_its_first_answer() -> None:
    room = room_with("ana")
    room.press("ana", Add(minutes(1)), id="1")
    room.wait(IDS_KEPT_MS - 1)
    assert not room.press("ana", Add(minutes(1)), id="1").events
    room.wait(1)
    assert room.press("ana", Add(minutes(1)), id="1").events
    assert room.left_ms() == minutes(27)


def test_old_ids_are_not_kept_for_ever() -> None:
    room = room_with("ana")
    for number in range(100):
        room.press("ana", Add(1_000), id=str(number))
        room.wait(minutes(1))
    assert len(room.topic.answers["ana"]) == 10


def test_an_id_outlives_an_absence_while_the_room_goes_on() -> None:
    """Section 3: within 10 minutes, from whatever tab; remembered ids go only with what is forgotten for being idle."""
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.leave("ana")
    room.wait(IDLE_MS + GRACE_MS)
    room.arrive("ana", "another tab")
    room.press("ana", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(26)


@pytest.mark.parametrize("enter", [solo_of, room_with])
def test_an_id_outlives_an_absence_of_everybody_while_the_timer_runs(enter: Callable[[str], Scene]) -> None:
    """A phone that was offline for six minutes sends again what it has no answer to."""
    scene = enter("ana")
    scene.press("ana", Start())
    scene.press("ana", Add(minutes(1)), id="1")
    scene.leave("ana")
    scene.wait(IDLE_MS + minutes(1))
    scene.arrive("ana", "another tab")
    scene.press("ana", Add(minutes(1)), id="1")
    assert scene.timer().duration_ms == minutes(26)


def test_an_id_of_who_is_already_away_is_kept_for_its_ten_minutes_too() -> None:
    """What a process sent that was thought to be lost, or a script with a cookie."""
    room = room_with("ana", "jun")
    room.lose("web-1")
    room.arrive("jun", process="web-2")
    room.wait(IDLE_MS - 1)
    room.press("ana", Add(minutes(1)), id="1")
    room.wait(IDS_KEPT_MS - 1)
    assert not room.press("ana", Add(minutes(1)), id="1").events


def test_ids_of_who_is_away_are_forgotten_after_ten_minutes_while_the_room_goes_on() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.leave("ana")
    room.wait(IDS_KEPT_MS)
    assert room.topic.people.keys() == {"jun"}
    assert room.topic.answers == {}


def test_ids_go_with_ones_own_timer_when_it_is_put_by() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), timer="ana", id="1")
    room.leave("ana")
    room.wait(IDLE_MS)
    room.put_by()
    assert "ana" not in room.topic.answers
    assert "ana" not in room.topic.timers


# People: coming -------------------------------------------------------------------------------------------------------


def test_the_first_tab_of_a_person_is_a_joining() -> None:
    room = room_with("ana")
    change = room.arrive("jun")
    assert change.events == (UserJoined(2, "jun", Person("User 2", NOON, {"jun/tab": "web-1"})),)


def test_further_tabs_are_told_by_their_number() -> None:
    room = room_with("ana")
    room.wait(seconds(1))
    (event,) = room.arrive("ana", "second tab").events
    assert isinstance(event, UserUpdated)
    assert (event.member, event.person.tabs, event.person.joined_at) == ("ana", 2, NOON)
    (event,) = room.leave("ana", "second tab").events
    assert isinstance(event, UserUpdated)
    assert (event.member, event.person.tabs) == ("ana", 1)


def test_a_tab_that_arrives_again_is_one_tab() -> None:
    room = room_with("ana")
    change = room.arrive("ana")
    assert (change.events, room.topic.people["ana"].tabs) == ((), 1)
    assert isinstance(change.answer, Answer)


def test_people_are_named_by_the_lowest_free_number() -> None:
    room = room_with("ana", "jun", "kim")
    assert [room.name_of(member) for member in ("ana", "jun", "kim")] == ["User 1", "User 2", "User 3"]
    room.rename("jun", "Jun")
    room.arrive("lea")
    assert room.name_of("lea") == "User 2"


def test_nobody_is_given_a_name_that_somebody_chose() -> None:
    room = room_with("ana")
    room.rename("ana", "User 2")
    room.arrive("jun")
    room.arrive("kim")
    assert [room.name_of(member) for member in ("ana", "jun", "kim")] == ["User 2", "User 1", "User 3"]


def test_a_name_is_kept_for_who_comes_back() -> None:
    room = room_with("ana", "jun")
    room.rename("ana", "Ana")
    room.leave("ana")
    room.wait(minutes(2))
    room.arrive("ana")
    assert room.name_of("ana") == "Ana"
    assert room.topic.people["ana"].joined_at == NOON + minutes(2), "it is a new joining"


# People: going --------------------------------------------------------------------------------------------------------


def test_the_last_tab_gone_is_a_leaving_after_five_seconds() -> None:
    room = room_with("ana", "jun")
    assert room.leave("ana").events == ()
    assert room.wait(GRACE_MS - 1) == ()
    assert room.here() == {"ana", "jun"}
    assert room.wait(1) == (UserLeft(3, "ana"),)
    assert room.here() == {"jun"}


def test_a_reload_is_not_a_leaving() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(GRACE_MS - 1)
    assert room.arrive("ana", "reloaded tab").events == ()
    assert room.wait(minutes(10)) == ()
    assert room.topic.people["ana"].joined_at == NOON


def test_each_absence_has_its_own_five_seconds() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(seconds(4))
    room.arrive("ana")
    room.leave("ana")
    assert room.wait(seconds(4)) == ()
    assert room.wait(seconds(1)) == (UserLeft(3, "ana"),)


def test_a_coming_back_after_the_leaving_is_a_joining() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.now += GRACE_MS
    change = room.arrive("ana")
    assert [type(event) for event in change.events] == [UserLeft, UserJoined]


@pytest.mark.parametrize(("member", "tab"), [("ana", "another tab"), ("nobody", "tab")])
def test_a_leaving_of_what_is_not_there_changes_nothing(member: str, tab: str) -> None:
    room = room_with("ana")
    people = room.topic.people
    assert room.leave(member, tab).events == ()
    assert room.topic.people == people


def test_a_leaving_told_twice_keeps_its_first_instant() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(seconds(3))
    room.leave("ana")
    assert room.wait(seconds(2)) == (UserLeft(3, "ana"),)


def test_the_people_of_a_lost_process_go_like_everybody() -> None:
    room = room_with("ana")
    room.arrive("jun", process="web-2")
    room.arrive("kim", "one", "web-1")
    room.arrive("kim", "two", "web-2")
    (event,) = room.lose("web-2").events
    assert isinstance(event, UserUpdated)
    assert (event.member, event.person.tabs) == ("kim", 1)
    assert room.topic.processes() == {"web-1"}
    assert room.wait(GRACE_MS) == (UserLeft(event.v + 1, "jun"),)
    assert room.here() == {"ana", "kim"}


def test_people_of_a_lost_process_who_reconnect_in_time_never_left() -> None:
    room = room_with("ana", "jun")
    room.lose("web-1")
    room.wait(seconds(4))
    room.arrive("ana", process="web-2")
    room.arrive("jun", process="web-2")
    assert room.wait(minutes(1)) == ()


def test_losing_a_process_without_people_here_changes_nothing() -> None:
    room = room_with("ana")
    assert room.lose("web-9").events == ()
    assert room.here() == {"ana"}


# People: names, limits, solo ------------------------------------------------------------------------------------------


def test_a_new_name_is_told_to_all() -> None:
    room = room_with("ana")
    change = room.rename("ana", "Ana")
    assert change.events == (UserUpdated(2, "ana", Person("Ana", NOON, {"ana/tab": "web-1"})),)
    assert answered(change) == (2, True)


def test_the_name_one_has_already_changes_nothing() -> None:
    room = room_with("ana")
    assert answered(room.rename("ana", "User 1")) == (1, False)


def test_a_full_room_takes_nobody_more() -> None:
    room = room_with("ana", "jun", rules=Rules(max_members=2))
    before = room.topic
    change = room.arrive("kim")
    assert (change.events, change.answer) == ((), Full())
    assert (room.topic.people, room.topic.timers, room.topic.v) == (before.people, before.timers, before.v)


def test_a_full_room_takes_further_tabs_and_reloads_of_its_people() -> None:
    room = room_with("ana", "jun", rules=Rules(max_members=2))
    assert answered(room.arrive("ana", "second tab")) == (3, True)
    room.leave("jun")
    assert answered(room.arrive("jun", "reloaded tab")) == (3, True)


def test_a_place_is_free_again_when_somebody_has_left() -> None:
    room = room_with("ana", "jun", rules=Rules(max_members=2))
    room.leave("jun")
    room.wait(GRACE_MS - 1)
    assert room.arrive("kim").answer == Full()
    room.wait(1)
    assert room.arrive("kim").answer != Full()
    assert room.arrive("jun").answer == Full(), "who left has no place kept"


def test_a_solo_timer_is_never_full() -> None:
    scene = solo_of("ana", rules=Rules(max_members=1))
    assert scene.arrive("another").answer != Full()


def test_solo_tells_nobody_of_coming_and_going() -> None:
    scene = solo_of("ana")
    scene.arrive("ana", "second tab")
    scene.leave("ana")
    scene.leave("ana", "second tab")
    scene.wait(GRACE_MS)
    scene.arrive("ana")
    scene.lose("web-1")
    scene.wait(minutes(20))
    assert (scene.told, scene.topic.v) == ([], 0)


def test_the_solo_timer_obeys_like_any_other() -> None:
    scene = solo_of("ana")
    change = scene.press("ana", Start())
    assert [event.timer_id for event in states(change.events)] == ["solo"]
    assert len(completions(scene.wait(minutes(60)))) == 2


# Idle -----------------------------------------------------------------------------------------------------------------


def idle(scene: Scene) -> set[str]:
    return set(core.idle_timers(scene.topic, scene.now, scene.rules))


def test_a_paused_timer_that_nobody_watches_is_idle_after_a_while() -> None:
    scene = solo_of("ana")
    scene.press("ana", Start(), Pause())
    scene.leave("ana")
    scene.wait(IDLE_MS - 1)
    assert idle(scene) == set()
    assert core.next_deadline(scene.topic, scene.rules) == scene.now + 1
    scene.wait(1)
    assert idle(scene) == {"solo"}
    assert core.next_deadline(scene.topic, scene.rules) == scene.now


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
    change = room.apply(core.Expire(("room", "nobody")))
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
    assert core.next_deadline(room.topic, room.rules) is None


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


# Deadlines ------------------------------------------------------------------------------------------------------------


def test_an_empty_topic_wants_no_attention() -> None:
    assert core.next_deadline(Topic("room.ABC234"), Rules()) is None
    assert core.next_deadline(room_with("ana").topic, Rules()) is None


def test_the_next_deadline_is_the_earliest_of_all() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(2)), timer="ana")
    room.press("ana", Start(minutes(1)))
    assert core.next_deadline(room.topic, room.rules) == NOON + minutes(1)
    room.leave("jun")
    assert core.next_deadline(room.topic, room.rules) == NOON + GRACE_MS
    room.wait(GRACE_MS)
    assert core.next_deadline(room.topic, room.rules) == NOON + minutes(1)
    room.wait(minutes(1))
    assert core.next_deadline(room.topic, room.rules) == NOON + minutes(2)


def test_nothing_is_due_before_it_is_due() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    before = room.topic
    assert room.wait(minutes(25) - 1) == ()
    assert room.topic == before


# Snapshots ------------------------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_new_room_has_its_timer_and_your_own() -> None:
    snapshot = room_with("ana").snapshot("ana")
    assert [timer["id"] for timer in snapshot["timers"]] == ["room", "ana"]
    assert {timer["status"] for timer in snapshot["timers"]} == {"stopped"}
    assert {timer["v"] for timer in snapshot["timers"]} == {0}
    assert snapshot["you"] == {"member": "ana", "name": "User 1"}


def test_a_snapshot_has_others_timers_when_they_have_one() -> None:
    room = room_with("ana", "jun", "kim")
    room.press("jun", Start(), timer="jun")
    assert [timer["id"] for timer in room.snapshot("ana")["timers"]] == ["room", "ana", "jun"]
    assert [timer["id"] for timer in room.snapshot("jun")["timers"]] == ["room", "jun"]


def test_you_are_first_among_the_members() -> None:
    room = room_with("ana", "jun", "kim")
    for member in ("ana", "jun", "kim"):
        ids = [told["id"] for told in room.snapshot(member)["members"]]
        assert ids[0] == member
        assert sorted(ids) == ["ana", "jun", "kim"]


def test_at_most_200_members_are_listed_and_you_are_among_them() -> None:
    room = room_with(*(f"member {number}" for number in range(250)))
    snapshot = room.snapshot("member 249")
    ids = [told["id"] for told in snapshot["members"]]
    assert (snapshot["people"], len(ids), len(set(ids)), ids[0]) == (250, 200, 200, "member 249")


def test_who_has_left_is_no_member() -> None:
    room = room_with("ana", "jun")
    room.leave("jun")
    assert len(room.snapshot("ana")["members"]) == 2, "not gone yet"
    room.wait(GRACE_MS)
    snapshot = room.snapshot("ana")
    assert ([told["id"] for told in snapshot["members"]], snapshot["people"]) == (["ana"], 1)


def test_a_snapshot_tells_what_is_left_at_its_instant() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(1))
    snapshot = room.snapshot("ana")
    timer = snapshot["timers"][0]
    assert (snapshot["now_at"], snapshot["v"]) == (NOON + minutes(1), 2)
    assert (timer["remaining_ms"], timer["ends_at"], timer["v"]) == (minutes(24), NOON + minutes(25), 2)


def test_a_snapshot_for_nobody_has_no_you_and_no_own_timer() -> None:
    room = room_with("ana")
    snapshot = room.snapshot()
    assert "you" not in snapshot
    assert [timer["id"] for timer in snapshot["timers"]] == ["room"]
    assert [told["id"] for told in snapshot["members"]] == ["ana"]


def test_a_solo_snapshot_has_one_timer_and_no_members() -> None:
    snapshot = solo_of("ana").snapshot("ana")
    assert ([timer["id"] for timer in snapshot["timers"]], snapshot["members"]) == (["solo"], [])
    assert snapshot["you"]["member"] == "ana"
