"""Who may do what with a room's shared timer, and how a room keeps its rules while nobody is there."""

from typing import Any

import pytest

from tests.support.topics import NOON, Scene, actions, answered, minutes, reread, room_with, seconds, states
from timers import control, course, topics
from timers import timer as clock
from timers.timer import Action, Add, Configure, Pause, Phase, Redo, Reset, Resume, SetPhase, Skip, Start, Undo
from timers.topic import POLICY, Answer, Control, Handing, Policy, Refused, RoomConfigured, Topic, UserJoined

IDLE_MS = seconds(300)


def room_of(maker: str | None, *others: str) -> Scene:
    """A room as its maker, and then others, come into it."""
    room = Scene(topics.room("ABC234"))
    for member in (maker or "ana", *others):
        room.arrive(member, maker=maker)
    return room


def policy(room: Scene) -> Policy:
    return control.policy_of(room.topic)


# Whose room it is -----------------------------------------------------------------------------------------------------


def test_the_first_arrival_says_who_made_the_room() -> None:
    room = Scene(topics.room("ABC234"))
    change = room.arrive("jun", maker="ana")
    assert [type(event) for event in change.events] == [RoomConfigured, UserJoined]
    assert policy(room) == Policy("ana")
    assert room.arrive("kim", maker="somebody else").events == (UserJoined(3, "kim", room.topic.people["kim"]),)


def test_alone_there_is_nothing_to_rule() -> None:
    solo = Scene(topics.solo("0123456789ABCDEF"))
    assert solo.arrive("ana", maker="ana", policy=Policy("ana")).events == ()
    assert solo.topic.policy is None


def test_only_the_maker_configures() -> None:
    room = room_of("ana", "jun")
    change = room.configure("jun", pause_allowed=False, id="1")
    assert (change.events, change.answer) == ((), Refused(control.NOT_THE_MAKER))
    assert room.hand_over("jun", "jun", id="1").answer == Refused(control.NOT_THE_MAKER)
    assert policy(room) == Policy("ana")
    assert room.topic.answers == {}, "a refusal does not use an id up"
    assert answered(room.configure("ana", pause_allowed=False, id="1")) == (4, True)
    assert room.configure("ana", pause_allowed=False, id="1").events == ()


def test_in_a_room_without_a_maker_everybody_does() -> None:
    room = room_of(None, "jun")
    assert answered(room.configure("jun", pause_allowed=False)) == (3, True)
    assert answered(room.hand_over("jun", "jun")) == (4, True)
    assert policy(room).maker == "jun"
    assert room.configure("ana", pause_allowed=True).answer == Refused(control.NOT_THE_MAKER)


def test_who_is_not_here_configures_nothing() -> None:
    room = Scene(topics.room("ABC234"))
    assert room.configure("jun", pause_allowed=False).answer == Refused(control.NOT_THE_MAKER), "whose room is it?"
    room.rename("jun", "Jun")
    assert room.hand_over("jun", "jun").answer == Refused(control.NOT_THE_MAKER)


def test_what_is_not_named_stays() -> None:
    room = room_of("ana")
    room.configure("ana", control=Control.NAMED, controllers=("jun", "kim", "jun"))
    (event,) = room.configure("ana", pause_allowed=False).events
    assert event == RoomConfigured(4, policy(room), "ana")
    assert policy(room) == Policy("ana", Control.NAMED, ("jun", "kim"), False, amended=True)
    assert answered(room.configure("ana")) == (4, False)
    assert answered(room.configure("ana", controllers=("jun", "kim"), pause_allowed=False)) == (4, False)
    room.configure("ana", controllers=())
    assert policy(room).controllers == ()


def test_the_maker_hands_over_to_somebody_the_room_knows() -> None:
    room = room_of("ana", "jun")
    assert answered(room.hand_over("ana", "nobody")) == (3, False)
    assert answered(room.hand_over("ana", "ana")) == (3, False)
    (event,) = room.hand_over("ana", "jun").events
    assert event == RoomConfigured(4, Policy("jun", amended=True, handing=Handing("ana", NOON, "ana")), "ana")
    assert room.configure("ana", pause_allowed=False).answer == Refused(control.NOT_THE_MAKER)
    assert room.configure("jun", pause_allowed=False).events


def test_who_has_just_handed_over_takes_it_back() -> None:
    room = room_of("ana", "jun", "kim")
    room.hand_over("ana", "jun")
    room.wait(control.TAKE_BACK_MS)
    for other in ("jun", "kim", "nobody"):
        assert room.take_back(other).answer == Refused(control.NOT_TO_TAKE_BACK)
    (event,) = room.take_back("ana").events
    assert event == RoomConfigured(6, Policy("ana", amended=True), "ana")
    assert room.take_back("ana").answer == Refused(control.NOT_TO_TAKE_BACK), "once"


def test_a_room_that_was_nobodys_is_nobodys_again() -> None:
    room = room_of(None, "jun")
    room.hand_over("ana", "ana")
    assert answered(room.take_back("ana")) == (4, True)
    assert policy(room).maker is None


def test_it_is_not_taken_back_later_and_not_by_who_has_left() -> None:
    room = room_of("ana", "jun")
    room.hand_over("ana", "jun")
    room.leave("ana")
    room.wait(seconds(5))
    assert room.take_back("ana").answer == Refused(control.NOT_TO_TAKE_BACK)
    room.arrive("ana")
    room.wait(control.TAKE_BACK_MS - seconds(5) + 1)
    assert room.take_back("ana").answer == Refused(control.NOT_TO_TAKE_BACK)
    assert policy(room).maker == "jun"


def test_what_the_new_maker_has_done_something_with_is_theirs() -> None:
    for does in (lambda room: room.configure("jun", pause_allowed=False), lambda room: room.hand_over("jun", "kim")):
        room = room_of("ana", "jun", "kim")
        room.hand_over("ana", "jun")
        room.configure("jun", pause_allowed=True)
        assert policy(room).handing, "which changed nothing"
        does(room)
        assert room.take_back("ana").answer == Refused(control.NOT_TO_TAKE_BACK)


def test_whoever_is_forgotten_has_handed_nothing_over() -> None:
    room = room_of("ana", "jun")
    room.hand_over("ana", "jun")
    assert control.without(policy(room), "ana") == Policy("jun", amended=True)
    assert control.without(policy(room), "kim") == policy(room)


# Who controls the shared timer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        Start(),
        Pause(),
        Resume(),
        Reset(),
        Skip(),
        Add(1),
        SetPhase(Phase.FOCUS),
        Configure({"rounds": 2}),
        Undo(),
        Redo(),
    ],
    ids=repr,
)
def test_where_people_are_named_nobody_else_commands_the_shared_timer(command: clock.Command) -> None:
    room = room_of("ana", "jun", "kim")
    room.press("kim", Start())
    room.configure("ana", control=Control.NAMED, controllers=("jun",))
    before = room.timer()
    for stranger in ("kim", None):
        change = room.press(stranger, command, id="1")
        assert (change.events, change.answer) == ((), Refused(control.NOT_NAMED))
    assert room.timer() == before
    for named in ("ana", "jun"):
        assert isinstance(room.press(named, command).answer, Answer)
    assert isinstance(room.press("kim", command, timer="kim").answer, Answer), "one's own timer is one's own"


def test_a_script_is_nobody_even_where_nobody_is_the_maker() -> None:
    room = room_of(None)
    room.configure("ana", control=Control.NAMED, controllers=("ana",))
    assert room.press(None, Start()).answer == Refused(control.NOT_NAMED)


@pytest.mark.parametrize("left", ["ana", "jun"])
def test_while_nobody_is_here_who_may_everybody_may(left: str) -> None:
    room = room_of("ana", "jun", "kim")
    room.configure("ana", control=Control.NAMED, controllers=("jun",))
    for member in ("ana", "jun"):
        assert room.press("kim", Start()).answer == Refused(control.NOT_NAMED), "one of them is still here"
        room.leave(member)
        assert room.press("kim", Start()).answer == Refused(control.NOT_NAMED), "a reload is not a leaving"
        room.wait(seconds(5))
    assert actions(room.press("kim", Start()).events) == [Action.START]
    assert actions(room.press(None, Pause()).events) == [Action.PAUSE], "a script may what everybody may"
    room.arrive(left)
    for stranger in ("kim", None):
        assert room.press(stranger, Resume()).answer == Refused(control.NOT_NAMED)
    assert room.configure("kim", control=Control.EVERYONE).answer == Refused(control.NOT_THE_MAKER)


def test_nobody_pauses_then_either_where_there_is_no_pausing() -> None:
    room = room_of("ana", "kim")
    room.configure("ana", control=Control.NAMED, pause_allowed=False)
    room.leave("ana")
    room.wait(seconds(5))
    room.press("kim", Start())
    assert room.press("kim", Pause()).answer == Refused(control.NO_PAUSE)


def test_whoever_is_named_once_more_commands_again() -> None:
    room = room_of("ana", "jun")
    room.configure("ana", control=Control.NAMED)
    assert room.press("jun", Start()).answer == Refused(control.NOT_NAMED)
    room.configure("ana", control=Control.EVERYONE)
    assert room.press("jun", Start()).events


# No pausing -----------------------------------------------------------------------------------------------------------


def unpausing(*commands: clock.Command) -> Scene:
    room = room_of("ana", "jun")
    room.configure("ana", pause_allowed=False)
    for command in commands:
        room.press("ana", command)
    room.wait(minutes(1))
    return room


CUTS = [Pause(), Reset(), Skip(), SetPhase(Phase.FOCUS), SetPhase(Phase.LONG_BREAK), Add(-1), Undo()]


@pytest.mark.parametrize("command", CUTS, ids=repr)
def test_a_running_focus_is_seen_through_by_the_maker_too(command: clock.Command) -> None:
    room = unpausing(Start())
    before = room.timer()
    for member in ("ana", "jun", None):
        assert room.press(member, command).answer == Refused(control.NO_PAUSE)
    assert room.timer() == before


@pytest.mark.parametrize("command", [Add(minutes(5)), Configure({"rounds": 2})], ids=repr)
def test_what_ends_nothing_early_is_done_and_undone(command: clock.Command) -> None:
    room = unpausing(Start())
    assert room.press("jun", command).events
    assert actions(room.press("jun", Undo()).events) == [Action.UNDO]


@pytest.mark.parametrize("command", [Pause(), Reset()], ids=repr)
def test_a_break_is_not_paused(command: clock.Command) -> None:
    assert unpausing(SetPhase(Phase.SHORT_BREAK), Start()).press("ana", command).answer == Refused(control.NO_PAUSE)


@pytest.mark.parametrize("command", [Skip(), SetPhase(Phase.FOCUS), Add(-minutes(1)), Undo()], ids=repr)
def test_a_break_may_be_cut_short(command: clock.Command) -> None:
    assert unpausing(SetPhase(Phase.SHORT_BREAK), Start()).press("ana", command).events


@pytest.mark.parametrize("command", [Pause(), Reset(), Skip(), SetPhase(Phase.LONG_BREAK)], ids=repr)
def test_what_does_not_run_is_free(command: clock.Command) -> None:
    room = unpausing()
    assert isinstance(room.press("ana", command).answer, Answer)


def test_who_has_been_paused_before_may_go_on() -> None:
    room = room_of("ana")
    room.press("ana", Start(), Pause())
    room.configure("ana", pause_allowed=False)
    assert actions(room.press("ana", Resume()).events) == [Action.RESUME]
    assert room.press("ana", Undo()).answer == Refused(control.NO_PAUSE)


def test_ones_own_timer_is_paused_as_one_likes() -> None:
    room = unpausing()
    assert actions(room.press("jun", Start(), Pause(), timer="jun").events) == [Action.PAUSE]


# While nobody is there ------------------------------------------------------------------------------------------------


def left_alone(room: Scene) -> dict[str, Any]:
    """Everybody goes; what the worker puts by from then on, by its id."""
    parked: dict[str, Any] = {}
    for member, _ in list(room.topic.here()):
        room.leave(member)
    while (at := course.next_deadline(room.topic, room.rules)) is not None:
        assert not room.topic.empty
        room.wait(at - room.now)
        parked |= course.idle(room.topic, room.now, room.rules)
        room.put_by()
    return parked


def test_an_amended_policy_is_put_by_last_and_then_nothing_is_left() -> None:
    room = room_of("ana", "jun")
    room.press("jun", Start(), Pause())
    room.configure("ana", control=Control.NAMED)
    paused = room.timer()
    parked = left_alone(room)
    assert parked == {"room": paused, POLICY: Policy("ana", Control.NAMED, amended=True)}
    assert list(parked)[-1] == POLICY
    assert room.topic.empty
    assert room.topic.policy is None


def test_a_policy_that_is_as_it_was_made_is_known_to_the_database_already() -> None:
    room = room_of("ana", "jun")
    room.configure("jun", pause_allowed=False)
    assert left_alone(room) == {}
    assert room.topic.empty


def test_a_policy_stays_while_anything_of_the_room_is_left() -> None:
    room = room_of("ana", "jun")
    room.press("ana", Start(clock.MOST_MS))
    room.configure("ana", pause_allowed=False)
    room.leave("ana")
    room.leave("jun")
    room.wait(minutes(100))
    assert course.idle(room.topic, room.now, room.rules) == {}
    assert policy(room).pause_allowed is False


def test_a_policy_stays_while_anybody_is_remembered() -> None:
    room = room_of("ana")
    room.configure("ana", pause_allowed=False)
    room.leave("ana")
    room.wait(IDLE_MS - 1)
    room.rename("jun", "Jun")
    room.wait(minutes(4))
    assert (set(room.topic.people), course.idle(room.topic, room.now, room.rules)) == ({"jun"}, {})
    room.wait(minutes(1))
    assert set(course.idle(room.topic, room.now, room.rules)) == {POLICY}


def test_a_policy_that_was_put_by_comes_back_with_whoever_arrives() -> None:
    kept = Policy("ana", Control.NAMED, ("jun",), False, True)
    room = Scene(topics.room("ABC234"))
    room.arrive("kim", maker="lea", policy=kept)
    assert policy(room) == kept
    room.arrive("ana", maker="lea")
    room.arrive("jun", maker="lea", policy=Policy("kim", amended=True))
    assert policy(room) == kept, "a live policy wins"
    assert room.press("kim", Start()).answer == Refused(control.NOT_NAMED)
    assert [event.by for event in states(room.press("jun", Start()).events)] == ["jun"]


def test_somebody_who_comes_at_the_last_moment_keeps_the_policy_from_being_dropped() -> None:
    room = room_of("ana")
    room.configure("ana", pause_allowed=False)
    room.leave("ana")
    room.wait(IDLE_MS)
    room.wait(IDLE_MS)
    idle = course.idle(room.topic, room.now, room.rules)
    assert POLICY in idle
    room.arrive("jun")
    room.put_by()
    assert policy(room).pause_allowed is False


def test_a_policy_survives_a_stay_in_redis() -> None:
    room = room_of("ana")
    room.configure("ana", control=Control.NAMED, controllers=("jun",), pause_allowed=False)
    assert reread(room.topic) == room.topic
    room.arrive("jun")
    room.hand_over("ana", "jun")
    assert reread(room.topic) == room.topic
    assert Topic("room.ABC234").policy is None


def test_who_is_here_already_is_told_what_a_newcomer_brings() -> None:
    room = room_with("ana")
    change = room.arrive("jun", maker="ana")
    assert change.events[0] == RoomConfigured(2, Policy("ana"), None)
    assert room.now == NOON
