"""The descriptions of the API and of the sockets say what the code does: no field more, and none less."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import resolve

from rooms import openapi
from rooms.api import api
from tests.support.topics import Scene, minutes, on_the_wire, room_with, solo_of
from tests.unit.test_protocol_doc import examples
from timers import asyncapi, protocol, timer, told
from timers.management.commands.describe_sockets import DOCUMENT
from timers.timer import Pause, Start, Undo
from timers.topic import Answer, Control
from tomato.environment import CHECKOUT

URL = "https://tomato.example"


def a_day_in_a_room() -> Scene:
    """In which everything is told that can be."""
    room = room_with()
    room.arrive("ana", maker="ana")
    for number in range(60):
        room.arrive(f"guest {number}")
    room.wait(1_000)
    for number in range(60):
        room.leave(f"guest {number}")
    room.wait(minutes(1))
    room.arrive("jun")
    room.hide("jun")
    room.press("ana", Start())
    room.press("jun", Pause())
    room.press("ana", Undo())
    room.wait(minutes(26))
    room.knock("ana", "jun")
    room.configure("ana", control=Control.NAMED, controllers=("jun",))
    room.leave("jun")
    room.wait(minutes(1))
    return room


# What is said ---------------------------------------------------------------------------------------------------------


def test_every_event_has_the_shape_it_is_described_with() -> None:
    room = a_day_in_a_room()
    kinds = set()
    for event in room.told:
        message = on_the_wire(protocol.event(event, room.now))
        kinds.add(message["type"])
        check_shape(told.EVENTS[message["type"]], message)
    assert kinds == told.EVENTS.keys() - {"session:joined", "timer:tick"}
    check_shape(told.TimerTick, on_the_wire(protocol.tick(room.topic, room.now)))


@pytest.mark.parametrize("scene", [a_day_in_a_room, lambda: room_with("ana"), lambda: solo_of("ana")])
def test_a_snapshot_has_the_shape_it_is_described_with(scene: Any) -> None:
    place = {"code": "ABC234", "name": "", "locked": False}
    for member in ("ana", None):
        fields = protocol.encode(protocol.snapshot(scene().topic, member, scene().now)).encode()
        message = json.loads(protocol.joined(place, fields))
        check_shape(told.Joined, {"you": None, **message})
        snapshot = {name: value for name, value in message.items() if name not in ("type", "you")}
        check_shape(told.Snapshot, snapshot)


def test_answers_have_the_shapes_they_are_described_with() -> None:
    room = room_with("ana")
    check_shape(told.Ack, protocol.ack("1", Answer(1, True, 1)))
    check_shape(told.Ack, protocol.ack("1", Answer(1, False, 1, overruled=True)))
    check_shape(told.Pong, protocol.pong(1.5, 1))
    check_shape(told.Error, protocol.error("invalid", "No."))
    check_shape(told.Error, protocol.error("unavailable", "No.", "1"))
    check_shape(told.Result, on_the_wire(protocol.result(room.topic, "room", Answer(1, True, 1), room.now)))


def test_the_examples_of_the_protocol_have_these_shapes() -> None:
    said = [example for example in examples() if example["type"] not in protocol.MESSAGES]
    assert {example["type"] for example in said} >= told.MESSAGES.keys() - {"timer:state"}
    for example in said:
        check_shape(told.MESSAGES[example["type"]], example)


def check_shape(shape: type[told.Shape], message: dict[str, Any]) -> None:
    """No field is unknown to the shape, and none that it always has is missing."""
    shape.model_validate_json(json.dumps(message))


# The sockets ----------------------------------------------------------------------------------------------------------


def test_the_description_of_the_sockets_is_that_of_this_code() -> None:
    assert json.loads(DOCUMENT.read_text()) == on_the_wire(asyncapi.describe()), "run manage.py describe_sockets"


def test_it_has_every_message_and_every_place_it_points_to() -> None:
    document = asyncapi.describe()
    names = {message["name"] for message in document["components"]["messages"].values()}
    assert names == protocol.MESSAGES.keys() | told.MESSAGES.keys()
    assert "room.configure" not in document["channels"]["solo"]["messages"]
    check_references(document)


def test_a_message_is_described_as_it_is_understood() -> None:
    schemas = asyncapi.describe()["components"]["schemas"]
    add = schemas["TimerAdd"]
    assert add["properties"].keys() == {"id", "timer", "lapses_at", "at", "ms", "type"}
    assert sorted(add["required"]) == ["ms", "type"]
    assert add["properties"]["type"] == {"const": "timer:add", "type": "string"}
    length = schemas["TimerStart"]["properties"]["duration_ms"]
    assert (length["minimum"], length["maximum"]) == (timer.LEAST_MS, timer.MOST_MS)
    assert "default" not in length


# The API --------------------------------------------------------------------------------------------------------------


def test_the_description_of_the_api_has_every_operation_and_no_other() -> None:
    described = {(method, path) for path, methods in openapi.describe(URL)["paths"].items() for method in methods}
    routed = {
        (method.lower(), f"/api{path}")
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
        if method != "HEAD"
    }
    assert described == routed | {("get", "/room/{code}/events")}
    assert resolve("/room/ABC234/events").url_name == "room-events"


def test_its_examples_are_those_of_the_documentation() -> None:
    examples = (CHECKOUT / "docs" / "api.md").read_text()
    for operation in openapi.OPERATIONS:
        assert operation.example.format(url="http://127.0.0.1:8000") in examples


def test_it_points_to_nothing_that_it_does_not_have() -> None:
    check_references(openapi.describe(URL))


def test_it_names_every_action_with_its_fields() -> None:
    document = openapi.describe(URL)
    body = document["paths"]["/api/rooms/{code}/timer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["discriminator"]["mapping"].keys() == protocol.ORDERS.keys()
    schemas = document["components"]["schemas"]
    assert schemas["TimerAdd"]["properties"] == {
        "action": {"const": "add", "type": "string"},
        "ms": {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1},
    }
    assert schemas["TimerStart"]["required"] == ["action"]
    for action, order in openapi.ORDERS.items():
        fields = {"action": action, "ms": 1, "phase": "focus"}
        assert isinstance(
            protocol.parse_order(order.model_validate(fields).model_dump(exclude_unset=True)), protocol.TimerMessage
        )


def test_a_stream_is_described_by_its_events() -> None:
    stream = openapi.describe(URL)["paths"]["/room/{code}/events"]["get"]["responses"]["200"]["content"]
    event = stream["text/event-stream"]["schema"]
    assert event["required"] == ["id", "data"]
    assert len(event["properties"]["data"]["contentSchema"]["oneOf"]) == len(told.EVENTS)


def test_a_reader_may_send_whatever_as_its_last_event() -> None:
    """Browsers send by themselves what they were sent last, and no reader is refused for it."""
    assert openapi.PARAMETERS["Last-Event-ID"]["schema"] == {"type": "string"}


def test_an_empty_name_or_passcode_is_no_name_and_no_passcode() -> None:
    room = openapi.describe(URL)["components"]["schemas"]["NewRoom"]
    for field in ("name", "passcode"):
        assert room["properties"][field]["anyOf"][0]["minLength"] == 1


def check_references(document: dict[str, Any]) -> None:
    for place in references(document):
        found: Any = document
        for part in place.removeprefix("#/").replace("~1", "/").split("/"):
            assert part in found, place
            found = found[part]


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [place for each in part for place in references(each)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [place for each in part.values() for place in references(each)]
