"""The description of the sockets as an AsyncAPI document, made from the message types. Pure."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, create_model

from timers import protocol, told
from timers.protocol import Message, RoomMessage
from timers.schemas import reference, schemas_of

ROOM_CODE = "Six of ABCDEFGHJKLMNPQRSTUVWXYZ23456789; their case does not matter."
DESCRIPTION = (
    "Text frames, each one JSON object with a string `type`. The handshake needs an allowed Origin and the cookie "
    "`tomato_device`, which any page sets. docs/protocol.md says what each message means."
)


def describe() -> dict[str, Any]:
    asked = {name: _with_type(name, model) for name, model in protocol.MESSAGES.items()}
    for_solo = [name for name, model in protocol.MESSAGES.items() if not issubclass(model, RoomMessage)]
    said = told.MESSAGES
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "tomato", "version": str(protocol.PROTOCOL), "description": DESCRIPTION},
        "channels": {
            "solo": {
                "address": "/ws/solo",
                "description": "A browser's own timer.",
                "messages": _messages(for_solo, list(said)),
            },
            "room": {
                "address": "/ws/room/{code}",
                "description": "A room: its shared timer, its people, and each one's own timer.",
                "parameters": {"code": {"description": ROOM_CODE}},
                "messages": _messages(list(asked), list(said)),
            },
        },
        "operations": {
            **_operations("solo", for_solo, list(said)),
            **_operations("room", list(asked), list(said)),
        },
        "components": {
            "messages": {_key(name): _message(name, model) for name, model in {**asked, **said}.items()},
            "schemas": schemas_of([*asked.values(), *said.values()]),
        },
    }


def _with_type(name: str, model: type[Message]) -> type[BaseModel]:
    fields: dict[str, Any] = {"type": (Literal[name], ...)}
    return create_model(model.__name__, __base__=model, **fields)


def _messages(asked: list[str], said: list[str]) -> dict[str, Any]:
    return {_key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in (*asked, *said)}


def _operations(channel: str, asked: list[str], said: list[str]) -> dict[str, Any]:
    """As the server does them: it receives what clients say."""
    place = {"$ref": f"#/channels/{channel}"}

    def of(names: list[str]) -> list[dict[str, str]]:
        return [{"$ref": f"#/channels/{channel}/messages/{_key(name)}"} for name in names]

    return {
        f"{channel}.hear": {"action": "receive", "channel": place, "messages": of(asked)},
        f"{channel}.tell": {"action": "send", "channel": place, "messages": of(said)},
    }


def _message(name: str, model: type[BaseModel]) -> dict[str, Any]:
    return {"name": name, "contentType": "application/json", "payload": reference(model)}


def _key(name: str) -> str:
    """A name as the keys of the document may be."""
    return name.replace(":", ".")
