"""Topics and parked timers, written down and read again."""

import orjson
import pytest

from tests.support.records import NAME, busy_room, stored, with_unknown_fields
from tests.support.topics import NOON, completions, minutes, reread, room_with, solo_of, timer_after
from timers import records, timer
from timers.records import (
    HEAD,
    WATCHED,
    answer_field,
    difference,
    read_answer,
    read_policy,
    read_timer,
    read_topic,
    write_completion,
    write_policy,
    write_timer,
    write_topic,
)
from timers.timer import Add, Pause, Redo, Settings, Skip, Start, Timer, Undo
from timers.topic import Control, Policy, Topic

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
        "policy",
        "timer:room",
        "timer:jun",
        "person:ana",
        "person:jun",
        "person:kim",
        "answer:ana:1",
        "answer:ana:with:colon",
        "answer:jun:",
        "answer:kim:knock",
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
    scene.unwatch()
    scene.wait(minutes(600))
    scene.put_by()
    scene.put_by()  # the policy goes last
    changed, gone = difference(before, scene.topic)
    assert scene.topic.empty
    assert changed.keys() == {"topic"}
    assert sorted(gone) == sorted(write_topic(before).keys() - {"topic"})


def test_in_what_is_written_it_can_be_looked_up_whether_a_topic_is_watched() -> None:
    """As the inbox does, without reading it; somebody's odd name is not taken for it."""
    scene = busy_room()
    scene.rename("jun", WATCHED)
    fields, (changed, _) = write_topic(scene.topic), difference(Topic(NAME), scene.topic)
    assert [field for field, text in fields.items() if WATCHED.encode() in text] == [HEAD]
    assert [field for field, text in changed.items() if WATCHED.encode() in text] == [HEAD]
    for process in scene.topic.processes():
        scene.lose(process)
    assert WATCHED.encode() not in write_topic(scene.topic)[HEAD]


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


# Parked timers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept", [timer_after(), timer_after(Start(), Pause()), timer_after(Start()), timer_after(Skip(), Add(9))]
)
def test_a_parked_timer_is_read_as_it_was_written(kept: Timer) -> None:
    assert read_timer(write_timer(kept)) == kept
    assert read_timer(write_timer(kept).encode()) == kept


def test_a_policy_is_read_as_it_was_written() -> None:
    for kept in (Policy(), Policy("ana", Control.NAMED, ("jun", "kim"), False, True)):
        again = read_policy(write_policy(kept))
        assert (again, type(again.control)) == (kept, Control)
        assert read_policy(orjson.dumps(with_unknown_fields(orjson.loads(write_policy(kept))))) == kept
    assert read_policy(b"{}") == Policy()
