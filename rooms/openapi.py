"""What scripts may ask over HTTP, described as an OpenAPI document. `reference` shows it to people."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from rooms import codes
from rooms.api import MAX_BODY_BYTES, PASSCODE_HEADER, NewPasscode, NewRoom, Undo
from timers import protocol, told
from timers.protocol import TimerMessage
from timers.schemas import reference, schemas_of
from timers.streams import MEDIA_TYPE
from tomato.refusals import JSON, SAID

DESCRIPTION = (
    "Rooms and their shared timers for scripts: JSON in, JSON out, no cookie and no token. `_ms` is milliseconds, `_at` is "
    "epoch milliseconds on the server's one clock, `v` is the version of a room: every change has one higher than the one "
    "before. An answer other than the one asked for is `{code, message}` with its status."
)


class MadeRoom(BaseModel):
    code: str
    url: str


class Lock(BaseModel):
    locked: Annotated[bool, Field(description="Whether the room has a passcode now.")]


class Refusal(BaseModel):
    """Why the answer is another than the one asked for."""

    code: Annotated[str, Field(json_schema_extra={"enum": sorted(code for code, _ in SAID.values())})]
    message: Annotated[str, Field(description="A sentence for a person.")]


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked. `answer` is what then comes, with its status; `refusals` are the statuses of the others."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    status: int
    answer: type[BaseModel]
    refusals: tuple[int, ...]
    example: str
    parameters: tuple[str, ...] = ()
    body: dict[str, Any] | None = None
    media_type: str = JSON


def _order(action: str, model: type[TimerMessage]) -> type[BaseModel]:
    """The body of one command to a timer: its action, and the fields of its message."""
    fields: dict[str, Any] = {"action": (Literal[action], ...)}
    fields |= {name: (known.annotation, known) for name, known in protocol.own_fields(model).items()}
    return create_model(model.__name__, **fields)


ORDERS = {action: _order(action, model) for action, model in protocol.ORDERS.items()}

PARAMETERS: dict[str, dict[str, Any]] = {
    "code": {
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": f"^[{codes.ALPHABET}]{{{codes.LENGTH}}}$"},
        "description": "The code of the room. Its case does not matter.",
        "example": "ABC234",
    },
    PASSCODE_HEADER: {
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The passcode of a locked room, in UTF-8.",
    },
    "Last-Event-ID": {
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The version of the last message that a reader got who comes back, as browsers send it by themselves. What is no "
        "version is as if it were not there.",
    },
}

OPERATIONS = (
    Operation(
        "make-room",
        "POST",
        "/api/rooms",
        "Make a room",
        "A room that a script makes is nobody's: everybody in it may say who controls its timer.",
        HTTPStatus.CREATED,
        MadeRoom,
        (400, 413, 415, 422, 429, 503),
        """curl {url}/api/rooms -H 'Content-Type: application/json' -d '{{"name": "Writers"}}'""",
        body=reference(NewRoom),
    ),
    Operation(
        "show-room",
        "GET",
        "/api/rooms/{code}",
        "Look at a room",
        "Everything as it is now. Nobody counts as watching by it.",
        HTTPStatus.OK,
        told.Snapshot,
        (403, 404, 429, 503),
        "curl {url}/api/rooms/ABC234",
        ("code", PASSCODE_HEADER),
    ),
    Operation(
        "steer-room",
        "POST",
        "/api/rooms/{code}/timer",
        "Command the shared timer",
        "Answered once a worker has obeyed. If none does within two seconds the answer is 503, and the command is never obeyed "
        "later. Unless the device cookie of a browser comes with it, it is nobody's: the room is told that `by` is null.",
        HTTPStatus.OK,
        told.Result,
        (400, 403, 404, 413, 415, 422, 429, 503),
        """curl {url}/api/rooms/ABC234/timer -H 'Content-Type: application/json' -d '{{"action": "start"}}'""",
        ("code", PASSCODE_HEADER),
        {
            "oneOf": [reference(order) for order in ORDERS.values()],
            "discriminator": {
                "propertyName": "action",
                "mapping": {action: reference(order)["$ref"] for action, order in ORDERS.items()},
            },
        },
    ),
    Operation(
        "lock-room",
        "POST",
        "/api/rooms/{code}/passcode",
        "Give a room another passcode, or none",
        "For the page of the person whose room it is, who must be in it and is known by the device cookie. Those inside stay; "
        "whoever comes, or comes back, needs the new one.",
        HTTPStatus.OK,
        Lock,
        (400, 403, 404, 413, 415, 422, 429, 503),
        """curl {url}/api/rooms/ABC234/passcode -b tomato_device=… -H 'Content-Type: application/json' -d '{{"passcode": null}}'""",
        ("code",),
        reference(NewPasscode),
    ),
    Operation(
        "undo-lock",
        "POST",
        "/api/rooms/{code}/passcode/undo",
        "Take the new passcode back",
        "The room has the passcode again that it had, or none. For who has set the new one, within ten seconds.",
        HTTPStatus.OK,
        Lock,
        (400, 403, 404, 413, 415, 422, 429, 503),
        "curl {url}/api/rooms/ABC234/passcode/undo -b tomato_device=… -H 'Content-Type: application/json' -d '{{}}'",
        ("code",),
        reference(Undo),
    ),
    Operation(
        "read-events",
        "GET",
        "/room/{code}/events",
        "Follow a room",
        "The messages of the room's socket as server-sent events, for as long as you read: first `session:joined` with everything as "
        "it is now and `you` null, then each message as `data` with its version as `id`. Its readers watch and are no members. Who "
        "comes back within a minute with a `Last-Event-ID` since which nothing has happened gets no second snapshot. A browser "
        "that was let into a locked room is let in here by its cookie.",
        HTTPStatus.OK,
        told.Joined,
        (403, 404, 429, 503),
        "curl -N {url}/room/ABC234/events",
        ("code", PASSCODE_HEADER, "Last-Event-ID"),
        media_type=MEDIA_TYPE,
    ),
)


def describe(url: str) -> dict[str, Any]:
    """The document, for a site at `url`."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, url)
    models: list[type[BaseModel]] = [
        Lock,
        MadeRoom,
        NewPasscode,
        NewRoom,
        Refusal,
        Undo,
        told.Result,
        told.Snapshot,
        *told.EVENTS.values(),
        *ORDERS.values(),
    ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "tomato", "version": str(protocol.PROTOCOL), "description": DESCRIPTION},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {"schemas": schemas_of(models)},
    }


def _described(operation: Operation, url: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [{"name": name, **PARAMETERS[name]} for name in operation.parameters],
        "responses": {
            str(int(operation.status)): {
                "description": HTTPStatus(operation.status).phrase,
                "content": {operation.media_type: {"schema": _answer(operation)}},
            },
            **{str(status): _refusal(status) for status in operation.refusals},
        },
        "x-codeSamples": [{"lang": "Shell", "source": operation.example.format(url=url)}],
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": operation.body}}}
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    """Of a stream, what each of its events is."""
    if operation.media_type != MEDIA_TYPE:
        return reference(operation.answer)
    messages = {"oneOf": [reference(model) for model in told.EVENTS.values()]}
    data = {"type": "string", "contentMediaType": JSON, "contentSchema": messages}
    return {"type": "object", "required": ["id", "data"], "properties": {"id": {"type": "string"}, "data": data}}


def _refusal(status: int) -> dict[str, Any]:
    code, message = SAID[status]
    if status == 413:
        message = f"The body has more than {MAX_BODY_BYTES // 1024} KiB."
    return {"description": f"`{code}`: {message}", "content": {JSON: {"schema": reference(Refusal)}}}
