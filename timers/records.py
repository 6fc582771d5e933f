"""How a topic, its commands and a parked timer are written down as JSON, and read again.

Readers ignore fields they do not know and give absent ones their defaults, so that two releases can work side by side.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields as fields_of
from typing import Any

import orjson

from timers import timer as clock
from timers.timer import History, Phase, Settings, Status, Timer
from timers.topic import (
    Answer,
    Arrive,
    Command,
    Crowd,
    Expire,
    Held,
    Leave,
    Lose,
    Person,
    Rename,
    Steer,
    TimerCompleted,
    Topic,
)

Fields = dict[str, bytes]
"""A topic as a Redis hash holds it."""

HEAD = "topic"
HEAD_FIELDS = ("v", "as_of", "quiet_since", "crowd")


def write(value: Any) -> bytes:
    return orjson.dumps(value)


def read(text: bytes) -> Any:
    return orjson.loads(text)


# Topics ---------------------------------------------------------------------------------------------------------------


def write_topic(topic: Topic) -> Fields:
    return {field: orjson.dumps(value) for field, value in _parts(topic, Topic(topic.name))}


def difference(before: Topic, after: Topic) -> tuple[Fields, list[str]]:
    """The fields to set and the fields to delete that turn `before` as written into `after`."""
    changed = {field: orjson.dumps(value) for field, value in _parts(after, before)}
    gone = [field for field, _ in _parts(before, after) if field not in changed]
    return changed, gone


def read_topic(name: str, fields: Mapping[bytes, bytes]) -> Topic:
    head: dict[str, Any] = {}
    timers: dict[str, Held] = {}
    people: dict[str, Person] = {}
    answers: dict[str, dict[str, Answer]] = {}
    for field, text in fields.items():
        kind, _, key = field.decode().partition(":")
        value = orjson.loads(text)
        match kind:
            case "topic":
                head = {**_known(Topic, value), "crowd": _read_crowd(value.get("crowd", {}))}
            case "timer":
                timers[key] = _read_held(value)
            case "person":
                people[key] = Person(**_known(Person, value))
            case "answer":
                member, _, id = key.partition(":")
                answers.setdefault(member, {})[id] = Answer(**_known(Answer, value))
    people = dict(sorted(people.items(), key=lambda item: item[1].joined_at))
    return Topic(**{**head, "name": name, "timers": timers, "people": people, "answers": answers})


def answer_field(member: str, id: str) -> str:
    return f"answer:{member}:{id}"


def read_answer(text: bytes) -> Answer:
    return Answer(**_known(Answer, orjson.loads(text)))


def _parts(topic: Topic, known: Topic) -> Iterator[tuple[str, Any]]:
    """The topic's fields that `known` does not have as they are here."""
    head = {field: getattr(topic, field) for field in HEAD_FIELDS}
    if head != {field: getattr(known, field) for field in HEAD_FIELDS}:
        yield HEAD, head
    for timer_id, held in _new(topic.timers, known.timers):
        yield f"timer:{timer_id}", held
    for member, person in _new(topic.people, known.people):
        yield f"person:{member}", person
    for member, kept in _new(topic.answers, known.answers):
        for id, answer in _new(kept, known.answers.get(member, {})):
            yield answer_field(member, id), answer


def _new(mapping: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if mapping is not known:
        yield from ((key, value) for key, value in mapping.items() if known.get(key) is not value)


def _read_crowd(value: dict[str, Any]) -> Crowd:
    return Crowd(tuple(value.get("joined", ())), tuple(value.get("left", ())), value.get("told_at", 0))


def _read_held(value: dict[str, Any]) -> Held:
    history = value["history"]
    return Held(
        History(
            timer_from(history["timer"]),
            tuple(map(timer_from, history["past"])),
            tuple(map(timer_from, history["future"])),
        ),
        value["v"],
        value["touched_at"],
    )


# Timers ---------------------------------------------------------------------------------------------------------------


def write_timer(timer: Timer) -> str:
    return orjson.dumps(timer).decode()


def read_timer(text: str | bytes) -> Timer:
    return timer_from(orjson.loads(text))


def timer_from(value: dict[str, Any]) -> Timer:
    return Timer(
        **{
            **_known(Timer, value),
            "settings": Settings(**_known(Settings, value["settings"])),
            "status": Status(value["status"]),
            "phase": Phase(value["phase"]),
        }
    )


# Completions ----------------------------------------------------------------------------------------------------------


def write_completion(topic: str, event: TimerCompleted) -> bytes:
    """One finished phase, for whoever records history."""
    body = {field.name: getattr(event, field.name) for field in fields_of(event) if field.name != "v"}
    return orjson.dumps({"topic": topic, **body})


# Commands -------------------------------------------------------------------------------------------------------------


def write_command(command: Command) -> bytes:
    body: dict[str, Any] = {field.name: getattr(command, field.name) for field in fields_of(command)}
    if isinstance(command, Steer):
        body["command"] = {"do": type(command.command).__name__, "with": command.command}
    return orjson.dumps({"do": type(command).__name__, "with": body})


def read_command(text: bytes) -> Command:
    written = orjson.loads(text)
    kind = TOPIC_COMMANDS[written["do"]]
    body = _known(kind, written["with"])
    if kind is Steer:
        body["command"] = _read_clock_command(body["command"])
    if kind is Arrive:
        body["parked"] = {timer_id: timer_from(timer) for timer_id, timer in body.get("parked", {}).items()}
    if kind is Expire:
        body["timer_ids"] = tuple(body["timer_ids"])
    return kind(**body)


def _read_clock_command(written: dict[str, Any]) -> clock.Command:
    kind = CLOCK_COMMANDS[written["do"]]
    body = _known(kind, written["with"])
    if kind is clock.SetPhase:
        return clock.SetPhase(Phase(body["phase"]))
    if kind is clock.Configure:
        return clock.Configure(_known(Settings, body["changes"]))
    return kind(**body)


TOPIC_COMMANDS: dict[str, Any] = {kind.__name__: kind for kind in (Arrive, Leave, Lose, Rename, Steer, Expire)}
CLOCK_COMMANDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        clock.Start,
        clock.Pause,
        clock.Resume,
        clock.Reset,
        clock.Skip,
        clock.Undo,
        clock.Redo,
        clock.Add,
        clock.SetPhase,
        clock.Configure,
    )
}


def _known(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields_of(kind)}
    return {name: value[name] for name in value if name in names}
