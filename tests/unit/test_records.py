"""Topics, commands and parked timers, written down and read again."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.support.topics import NOON, Scene, completions, minutes, reread, room_with, solo_of, timer_after
from timers import records, timer, topic
from timers.records import (
    answer_field,
    difference,
    read_answer,
    read_command,
    read_timer,
    read_topic,
    write_command,
    write_completion,
    write_timer,
    write_topic,
)
from timers.timer import Add, Configure, Pause, Phase, Redo, Reset, Resume, SetPhase, Settings, Skip, Start, Timer, Undo
from timers.topic import Arrive, Expire, Leave, Lose, Person, Rename, Rules, Steer, Topic

NAME = "room.ABC234"


def busy_room() -> Scene:
    """A room in which a bit of everything has happened."""
    room = room_with("ana", "jun", "kim")
    room.arrive("jun", "second tab", "web-2")
    room.press("ana", Start(minutes(2)), id="1")
    room.press("ana", Configure({"focus_ms": 60_000, "auto_start_focus": True}), id="with:colon")
    room.press("jun", Start(), Pause(), Undo(), timer="jun")
    room.press("jun", Pause(), id="", timer="room")
    room.rename("kim", "Kim 🍅")
    room.leave("ana")
    room.wait(minutes(3))
    room.leave("kim")
    return room


def stored(fields: records.Fields) -> dict[bytes, bytes]:
    return {field.encode(): text for field, text in fields.items()}


# Topics ---------------------------------------------------------------------------------------------------------------


def test_a_topic_is_read_as_it_was_written() -> None:
    for scene in (busy_room(), solo_of("ana"), room_with(), room_with("ana")):
        assert reread(scene.topic) == scene.topic


def test_a_topic_nobody_knows_is_a_new_one() -> None:
    assert read_topic(NAME, {}) == Topic(NAME)
    assert write_topic(Topic(NAME)) == {}


def test_what_was_read_are_phases_statuses_and_the_like_and_not_just_words() -> None:
    held = reread(busy_room().topic).timers["jun"]
    for each in (held.timer, *held.history.past, *held.history.future):
        assert isinstance(each, Timer)
        assert isinstance(each.settings, Settings)
        assert isinstance(each.phase, timer.Phase)
        assert isinstance(each.status, timer.Status)
    assert isinstance(held.history.past, tuple)


def test_a_topic_goes_on_as_if_it_had_never_been_written() -> None:
    stayed, moved = busy_room(), busy_room()
    moved.topic = reread(moved.topic)
    for scene in (stayed, moved):
        scene.press("ana", Undo(), Redo(), timer="jun")
        scene.press("ana", Start(), id="1")
        scene.arrive("ana")
        scene.wait(minutes(500))
        scene.put_by()
    assert moved.topic == stayed.topic
    assert moved.told == stayed.told


def test_people_are_read_in_the_order_of_their_joining() -> None:
    scene = room_with()
    for member in ("zoe", "ana", "kim"):
        scene.arrive(member)
        scene.wait(1)
    fields = stored(write_topic(scene.topic))
    shuffled = dict(reversed(fields.items()))
    assert list(read_topic(NAME, shuffled).people) == ["zoe", "ana", "kim"]


def test_each_thing_has_a_field_of_its_own() -> None:
    assert write_topic(busy_room().topic).keys() == {
        "topic",
        "timer:room",
        "timer:jun",
        "person:ana",
        "person:jun",
        "person:kim",
        "answer:ana:1",
        "answer:ana:with:colon",
        "answer:jun:",
    }


# Differences ----------------------------------------------------------------------------------------------------------


def applied(fields: records.Fields, changed: records.Fields, gone: list[str]) -> records.Fields:
    """What a Redis hash holds after HSET and HDEL."""
    return {field: text for field, text in {**fields, **changed}.items() if field not in gone}


def test_the_difference_of_a_topic_to_itself_is_nothing() -> None:
    scene = busy_room()
    assert difference(scene.topic, scene.topic) == ({}, [])


def test_the_difference_to_a_new_topic_is_the_whole() -> None:
    scene = busy_room()
    assert difference(Topic(NAME), scene.topic) == (write_topic(scene.topic), [])


def test_a_command_writes_only_what_it_changed() -> None:
    scene = busy_room()
    before = scene.topic
    scene.now += 1
    scene.press("jun", Start(), timer="kim", id="9")
    changed, gone = difference(before, scene.topic)
    assert changed.keys() == {"topic", "timer:kim", "answer:jun:9"}
    assert gone == []


def test_a_command_after_a_stay_in_redis_writes_only_what_it_changed() -> None:
    scene = busy_room()
    before = scene.topic = reread(scene.topic)
    scene.press("jun", Start(), timer="kim")
    assert difference(before, scene.topic)[0].keys() == {"topic", "timer:kim"}


def test_what_went_is_deleted() -> None:
    scene = busy_room()
    before = scene.topic
    scene.leave("jun")
    scene.leave("jun", "second tab")
    scene.wait(minutes(600))
    scene.put_by()
    changed, gone = difference(before, scene.topic)
    assert scene.topic.empty
    assert changed.keys() == {"topic"}
    assert sorted(gone) == sorted(write_topic(before).keys() - {"topic"})


def test_one_forgotten_id_is_one_deleted_field() -> None:
    scene = room_with("ana")
    scene.press("ana", Add(1), id="old")
    scene.wait(minutes(10))
    before = scene.topic
    scene.press("ana", Add(1), id="new")
    changed, gone = difference(before, scene.topic)
    assert gone == ["answer:ana:old"]
    assert applied(write_topic(before), changed, gone) == write_topic(scene.topic)


def test_an_answer_is_found_by_its_person_and_id() -> None:
    scene = busy_room()
    fields = write_topic(scene.topic)
    for member, kept in scene.topic.answers.items():
        for id, answer in kept.items():
            assert read_answer(fields[answer_field(member, id)]) == answer


# Completions ----------------------------------------------------------------------------------------------------------


def test_a_completion_is_written_for_whoever_records_history() -> None:
    scene = room_with("ana")
    scene.press("ana", Start())
    (completed,) = completions(scene.wait(minutes(25)))
    assert orjson.loads(write_completion(NAME, completed)) == {
        "topic": NAME,
        "timer_id": "room",
        "phase": "focus",
        "round": 1,
        "at": NOON + minutes(25),
        "completion": completed.completion,
    }


# Commands -------------------------------------------------------------------------------------------------------------

CLOCK_COMMANDS: list[timer.Command] = [
    Start(),
    Start(60_000),
    Pause(),
    Resume(),
    Reset(),
    Skip(),
    Undo(),
    Redo(),
    Add(-5),
    Add(2**64 - 1),
    Add(-(2**63)),
    SetPhase(Phase.LONG_BREAK),
    Configure({}),
    Configure({"focus_ms": 60_000, "auto_start_breaks": False}),
]
TOPIC_COMMANDS: list[topic.Command] = [
    Arrive("ana", "channel!1", "web-1"),
    Arrive("ana", "channel!1", "web-1", {"room": timer_after(Start(), Pause()), "ana": timer_after(Add(1))}),
    Leave("ana", "channel!1"),
    Lose("web-1"),
    Rename("ana", "Ana 🍅"),
    Rename("ana", "Ana", "1"),
    Expire(()),
    Expire(("room", "ana")),
    *(Steer("ana", "room", command, "1") for command in CLOCK_COMMANDS),
    Steer(None, "room", Start()),
]


@pytest.mark.parametrize("command", TOPIC_COMMANDS, ids=repr)
def test_a_command_is_read_as_it_was_written(command: topic.Command) -> None:
    again = read_command(write_command(command))
    assert again == command
    assert type(again) is type(command)


def test_every_command_there_is_can_be_written() -> None:
    assert {type(command) for command in TOPIC_COMMANDS} == set(topic.Command.__args__)
    assert {type(command) for command in CLOCK_COMMANDS} == set(timer.Command.__args__)


@pytest.mark.parametrize("command", TOPIC_COMMANDS, ids=repr)
def test_a_command_that_was_read_can_be_applied(command: topic.Command) -> None:
    before = busy_room().topic
    written = topic.apply(before, command, NOON + minutes(30), Rules())
    read = topic.apply(before, read_command(write_command(command)), NOON + minutes(30), Rules())
    assert read == written


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"junk",
        b"[]",
        b"1",
        b"null",
        b"{}",
        b'{"do":"Start"}',
        b'{"do":"Explode","with":{}}',
        b'{"do":"Leave","with":{}}',
    ],
)
def test_what_is_no_command_raises_what_the_inbox_expects(text: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_command(text)


# Parked timers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept", [timer_after(), timer_after(Start(), Pause()), timer_after(Start()), timer_after(Skip(), Add(9))]
)
def test_a_parked_timer_is_read_as_it_was_written(kept: Timer) -> None:
    assert read_timer(write_timer(kept)) == kept
    assert read_timer(write_timer(kept).encode()) == kept


# Two releases side by side --------------------------------------------------------------------------------------------


def with_unknown_fields(value: Any) -> Any:
    """The same as a newer release might write it: every object has a field more."""
    if isinstance(value, list):
        return [with_unknown_fields(each) for each in value]
    if isinstance(value, dict):
        return {**{name: with_unknown_fields(each) for name, each in value.items()}, "from_the_future": 1}
    return value


def test_fields_of_a_newer_release_are_ignored_in_topics() -> None:
    scene = busy_room()
    scene.press("jun", Undo(), timer="jun")
    newer = {}
    for field, text in write_topic(scene.topic).items():
        value = orjson.loads(text)
        if field.startswith("person:"):
            newer[field.encode()] = orjson.dumps({**value, "from_the_future": 1})
        else:
            newer[field.encode()] = orjson.dumps(with_unknown_fields(value))
    newer[b"task:1"] = b'{"text": "a kind of thing that nobody here knows"}'
    assert read_topic(NAME, newer) == scene.topic


def test_fields_of_a_newer_release_are_ignored_in_parked_timers() -> None:
    kept = timer_after(Start(), Pause())
    assert read_timer(orjson.dumps(with_unknown_fields(orjson.loads(write_timer(kept))))) == kept


@pytest.mark.parametrize(
    "command", [Leave("ana", "1"), Rename("ana", "Ana"), Steer("ana", "room", Start(60_000)), Expire(("room",))]
)
def test_fields_of_a_newer_release_are_ignored_in_commands(command: topic.Command) -> None:
    assert read_command(orjson.dumps(with_unknown_fields(orjson.loads(write_command(command))))) == command


def test_settings_of_a_newer_release_do_not_stop_an_older_worker() -> None:
    newer = Steer("ana", "room", Configure({"focus_ms": 60_000, "from_the_future": True}))
    change = topic.apply(Topic(NAME), read_command(write_command(newer)), NOON, Rules())
    assert change.topic.timer("room").timer.settings == Settings(focus_ms=60_000)


def test_fields_an_older_release_did_not_write_have_their_defaults() -> None:
    fields = {
        b"topic": orjson.dumps({"v": 3}),
        b"person:ana": orjson.dumps({"name": "Ana", "joined_at": NOON}),
    }
    assert read_topic(NAME, fields) == Topic(NAME, v=3, people={"ana": Person("Ana", NOON)})
    older = orjson.loads(write_timer(timer_after()))
    for name in ("completed_focus", "paused_at"):
        del older[name]
    del older["settings"]["auto_start_focus"]
    assert read_timer(orjson.dumps(older)) == timer_after()
    assert read_command(
        b'{"do":"Steer","with":{"member":null,"timer_id":"room","command":{"do":"Start","with":{}}}}'
    ) == Steer(None, "room", Start())


def test_an_equal_copy_is_as_good_as_the_thing_itself() -> None:
    before = busy_room().topic
    copy = replace(before, people=dict(before.people))
    assert difference(before, copy) == ({}, [])
