"""What is written down by one release and read by another."""

from collections.abc import Iterator
from dataclasses import MISSING, replace
from dataclasses import fields as fields_of
from typing import Any

import orjson
import pytest

from tests.support.records import NAME, TOPIC_COMMANDS, busy_room, stored, with_unknown_fields
from tests.support.topics import NOON, timer_after
from timers import course, topic
from timers.records import (
    difference,
    read_command,
    read_policy,
    read_timer,
    read_topic,
    write_command,
    write_policy,
    write_timer,
    write_topic,
)
from timers.timer import Configure, Pause, Settings, Start, Timer, Undo
from timers.topic import Answer, Control, Crowd, Person, Policy, Rules, Steer, Topic


def older_versions(value: dict[str, Any], kind: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The same as releases may have written it that did not yet know one of its fields; each with what the field then is."""
    for one in fields_of(kind):
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        if default is not MISSING and one.name in value:
            yield {name: each for name, each in value.items() if name != one.name}, {one.name: default}


def test_fields_of_a_newer_release_are_ignored_in_topics() -> None:
    scene = busy_room()
    scene.press("jun", Undo(), timer="jun")
    newer = {
        field.encode(): orjson.dumps(with_unknown_fields(orjson.loads(text)))
        for field, text in write_topic(scene.topic).items()
    }
    newer[b"task:1"] = b'{"text": "a kind of thing that nobody here knows"}'
    assert read_topic(NAME, newer) == scene.topic


def test_fields_of_a_newer_release_are_ignored_in_parked_timers() -> None:
    kept = timer_after(Start(), Pause())
    assert read_timer(orjson.dumps(with_unknown_fields(orjson.loads(write_timer(kept))))) == kept


@pytest.mark.parametrize("command", TOPIC_COMMANDS, ids=repr)
def test_fields_of_a_newer_release_are_ignored_in_commands(command: topic.Command) -> None:
    assert read_command(orjson.dumps(with_unknown_fields(orjson.loads(write_command(command))))) == command


def test_what_a_newer_release_has_done_to_a_timer_needs_no_word_here() -> None:
    kept = timer_after(Start(), Pause())
    newer = {**orjson.loads(write_timer(kept)), "made_by": {"action": "lend", "by": "ana"}}
    again = read_timer(orjson.dumps(newer))
    assert (again, again.made_by) == (kept, None)


def test_a_rule_of_a_newer_release_lets_in_those_it_names_and_nobody_else() -> None:
    newer = {**orjson.loads(write_policy(Policy("ana", Control.EVERYONE, ("jun",)))), "control": "in-turn"}
    assert read_policy(orjson.dumps(newer)) == Policy("ana", Control.NAMED, ("jun",))


def test_settings_of_a_newer_release_do_not_stop_an_older_worker() -> None:
    newer = Steer("ana", "room", Configure({"focus_ms": 60_000, "from_the_future": True}))
    change = course.apply(Topic(NAME), read_command(write_command(newer)), NOON, Rules())
    assert change.topic.timer("room").timer.settings == Settings(focus_ms=60_000)


@pytest.mark.parametrize("command", TOPIC_COMMANDS, ids=repr)
def test_what_an_older_release_did_not_write_in_a_command_has_its_default(command: topic.Command) -> None:
    written = orjson.loads(write_command(command))
    for older, default in older_versions(written["with"], type(command)):
        assert read_command(orjson.dumps({**written, "with": older})) == replace(command, **default)


@pytest.mark.parametrize("timer_id", ["room", "jun"])
def test_what_an_older_release_did_not_write_of_a_timer_has_its_default(timer_id: str) -> None:
    kept = busy_room().topic.timers[timer_id].timer
    written = orjson.loads(write_timer(kept))
    versions = list(older_versions(written, Timer))
    assert len(versions) == len(fields_of(Timer))
    for older, default in versions:
        assert read_timer(orjson.dumps(older)) == replace(kept, **default)
    for older, default in older_versions(written["settings"], Settings):
        expected = replace(kept, settings=replace(kept.settings, **default))
        assert read_timer(orjson.dumps({**written, "settings": older})) == expected


def test_what_an_older_release_did_not_write_of_a_topic_has_its_default() -> None:
    whole = busy_room().topic
    fields = stored(write_topic(whole))
    person, head, policy = whole.people["jun"], orjson.loads(fields[b"topic"]), orjson.loads(fields[b"policy"])
    assert whole.policy is not None
    for older, default in older_versions(orjson.loads(fields[b"person:jun"]), Person):
        read = read_topic(NAME, {**fields, b"person:jun": orjson.dumps(older)})
        assert read.people["jun"] == replace(person, **default)
    for older, default in older_versions(head, Topic):
        assert read_topic(NAME, {**fields, b"topic": orjson.dumps(older)}) == replace(whole, **default)
    for older, default in older_versions(head["crowd"], Crowd):
        crowd = replace(whole.crowd, **default)
        assert read_topic(NAME, {**fields, b"topic": orjson.dumps({**head, "crowd": older})}).crowd == crowd
    for older, default in older_versions(policy, Policy):
        read = read_topic(NAME, {**fields, b"policy": orjson.dumps(older)})
        assert read.policy == replace(whole.policy, **default)
    for older, default in older_versions(orjson.loads(fields[b"answer:ana:1"]), Answer):
        read = read_topic(NAME, {**fields, b"answer:ana:1": orjson.dumps(older)})
        assert read.answers["ana"]["1"] == replace(whole.answers["ana"]["1"], **default)


def test_an_equal_copy_is_as_good_as_the_thing_itself() -> None:
    before = busy_room().topic
    copy = replace(before, people=dict(before.people))
    assert difference(before, copy) == ({}, [])
