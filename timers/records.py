"""How a topic, its commands and a parked timer are written down as JSON, and read again.

Readers ignore fields they do not know and give absent ones their defaults, so that two releases can work side by side.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any, get_args

import orjson

from timers import timer as clock
from timers.timer import Act, Action, History, Phase, Settings, Status, Timer
from timers.topic import (
    POLICY,
    Answer,
    Arrive,
    Command,
    ConfigureRoom,
    Control,
    Crowd,
    Expire,
    Handing,
    Held,
    Person,
    Policy,
    Recall,
    Steer,
    TimerCompleted,
    Topic,
    Waiting,
)

Fields = dict[str, bytes]
"""A topic as a Redis hash holds it."""

HEAD = "topic"
HEAD_FIELDS = ("v", "as_of", "quiet_since", "crowd", "watchers")


def write(value: Any) -> bytes:
    return orjson.dumps(value)


def read(text: bytes) -> Any:
    return orjson.loads(text)


WATCHED = write({"quiet_since": None})[1:-1].decode()
"""What stands in the head of a topic, as it is written, while it is watched, and only then."""


# Topics ---------------------------------------------------------------------------------------------------------------


def write_topic(topic: Topic) -> Fields:
    return {field: write(value) for field, value in _parts(topic, Topic(topic.name))}


def difference(before: Topic, after: Topic) -> tuple[Fields, list[str]]:
    """The fields to set and the fields to delete that turn `before` as written into `after`."""
    changed = {field: write(value) for field, value in _parts(after, before)}
    gone = [field for field, _ in _parts(before, after) if field not in changed]
    return changed, gone


def read_topic(name: str, fields: Mapping[bytes, bytes]) -> Topic:
    head: dict[str, Any] = {}
    timers: dict[str, Held] = {}
    people: dict[str, Person] = {}
    answers: dict[str, dict[str, Answer]] = {}
    policy: Policy | None = None
    for field, text in fields.items():
        kind, _, key = field.decode().partition(":")
        value = orjson.loads(text)
        match kind:
            case "topic":
                head = {**_known(Topic, value), "crowd": _read_crowd(value.get("crowd", {}))}
            case "timer":
                timers[key] = _read_held(value)
            case "person":
                people[key] = _read_person(value)
            case "policy":
                policy = _read_policy(value)
            case "answer":
                member, _, id = key.partition(":")
                answers.setdefault(member, {})[id] = Answer(**_known(Answer, value))
    people = dict(sorted(people.items(), key=lambda item: item[1].joined_at))
    return Topic(**{**head, "name": name, "timers": timers, "people": people, "answers": answers, "policy": policy})


def answer_field(member: str, id: str) -> str:
    return f"answer:{member}:{id}"


def person_field(member: str) -> str:
    return f"person:{member}"


def timer_field(timer_id: str) -> str:
    return f"timer:{timer_id}"


def read_answer(text: bytes) -> Answer:
    return Answer(**_known(Answer, orjson.loads(text)))


def _parts(topic: Topic, known: Topic) -> Iterator[tuple[str, Any]]:
    """The topic's fields that `known` does not have as they are here."""
    head = {field: getattr(topic, field) for field in HEAD_FIELDS}
    if head != {field: getattr(known, field) for field in HEAD_FIELDS}:
        yield HEAD, head
    if topic.policy is not None and topic.policy is not known.policy:
        yield POLICY, topic.policy
    for timer_id, held in _new(topic.timers, known.timers):
        yield timer_field(timer_id), held
    for member, person in _new(topic.people, known.people):
        yield person_field(member), person
    for member, kept in _new(topic.answers, known.answers):
        for id, answer in _new(kept, known.answers.get(member, {})):
            yield answer_field(member, id), answer


def _new(mapping: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if mapping is not known:
        yield from ((key, value) for key, value in mapping.items() if known.get(key) is not value)


def _read_crowd(value: dict[str, Any]) -> Crowd:
    lists = {name: tuple(value.get(name, ())) for name in ("joined", "left", "updated")}
    return Crowd(**lists, told_at=value.get("told_at", 0))


def _read_policy(value: dict[str, Any]) -> Policy:
    policy = Policy(**_known(Policy, value))
    # A rule that a newer release has made lets in those it names and nobody else.
    control = Control(policy.control) if policy.control in tuple(Control) else Control.NAMED
    handing = Handing(**_known(Handing, value["handing"])) if value.get("handing") else None
    return replace(policy, control=control, controllers=tuple(policy.controllers), handing=handing)


def _read_person(value: dict[str, Any]) -> Person:
    knocks = {by: Waiting(**_known(Waiting, waiting)) for by, waiting in value.get("knocks", {}).items()}
    return Person(**{**_known(Person, value), "hidden": tuple(value.get("hidden", ())), "knocks": knocks})


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
        value.get("waits_until"),
    )


# What is put by ---------------------------------------------------------------------------------------------------------------


def write_timer(timer: Timer) -> str:
    return orjson.dumps(timer).decode()


def write_policy(policy: Policy) -> str:
    return orjson.dumps(policy).decode()


def read_policy(text: str | bytes) -> Policy:
    return _read_policy(orjson.loads(text))


def read_timer(text: str | bytes) -> Timer:
    return timer_from(orjson.loads(text))


def timer_from(value: dict[str, Any]) -> Timer:
    known = _known(Timer, value)
    return Timer(**known | {part: read(known[part]) for part, read in TIMER_PARTS.items() if part in known})


def _read_settings(value: dict[str, Any]) -> Settings:
    return Settings(**_known(Settings, value))


def _read_act(value: dict[str, Any] | None) -> Act | None:
    """None too where a newer release did what this one has no word for."""
    return Act(Action(value["action"]), value["by"]) if value and value["action"] in tuple(Action) else None


TIMER_PARTS: dict[str, Callable[[Any], Any]] = {
    "settings": _read_settings,
    "status": Status,
    "phase": Phase,
    "made_by": _read_act,
}
"""Those that are more than plain JSON."""


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
    if kind in (Arrive, Recall):
        body["parked"] = {timer_id: timer_from(timer) for timer_id, timer in body.get("parked", {}).items()}
        body["policy"] = _read_policy(body["policy"]) if body.get("policy") else None
    if kind is ConfigureRoom:
        body["control"] = Control(body["control"]) if body.get("control") else None
        body["controllers"] = tuple(body["controllers"]) if body.get("controllers") is not None else None
    if kind is Expire:
        body["ids"] = tuple(body["ids"])
    return kind(**body)


def _read_clock_command(written: dict[str, Any]) -> clock.Command:
    kind = CLOCK_COMMANDS[written["do"]]
    body = _known(kind, written["with"])
    if kind is clock.SetPhase:
        return clock.SetPhase(Phase(body["phase"]))
    if kind is clock.Configure:
        return clock.Configure(_known(Settings, body["changes"]))
    return kind(**body)


TOPIC_COMMANDS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Command)}
CLOCK_COMMANDS: dict[str, Any] = {kind.__name__: kind for kind in get_args(clock.Command)}


def _known(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields_of(kind)}
    return {name: value[name] for name in value if name in names}
