"""The rooms for scripts: JSON in, JSON out, no cookie, no CSRF token. Refusals are `tomato.refusals`."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError
from redis.exceptions import RedisError

from rooms import codes, entering, locking, making
from rooms.models import MAX_NAME_LENGTH, Room, find_room, touch
from timers import errands, names, process, protocol, snapshots, topics
from timers.errands import Forbidden, NotObeyed
from timers.protocol import Junk
from timers.topic import Steer
from tomato.allowances import Allowance, Spent, bucket_of
from tomato.identity import device_of, member_for
from tomato.limits import client_address
from tomato.refusals import JSON, Refused

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 16 * 1024
PASSCODE_HEADER = "X-Room-Passcode"
TURN_WITHIN_S = 2.0
"""How long a Redis that does not answer keeps a command waiting; then it is refused, before anybody has heard of it."""

NO_SUCH_ROOM = "There is no room with this code."
NOT_JSON = "The body is not valid JSON."

Operation = Callable[..., Awaitable[HttpResponseBase]]


class TooManyCommands(Spent):
    """An address commands timers faster than it may."""

    says = "Too many commands came from this address just now: wait a second, then try again."


class JsonParser(Parser):
    """Strict JSON: valid UTF-8, no NaN, no bottomless nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


api = NinjaAPI(title="tomato", openapi_url=None, docs_url=None, parser=JsonParser())


# What is asked --------------------------------------------------------------------------------------------------------


def _clean_name(name: str) -> str:
    cleaned = names.clean(name)
    if not 1 <= len(cleaned) <= MAX_NAME_LENGTH:
        raise PydanticCustomError("name_length", "A room's name has 1 to {most} characters", {"most": MAX_NAME_LENGTH})
    return cleaned


def _clean_passcode(passcode: str) -> str:
    cleaned = entering.clean(passcode)
    if not 1 <= len(cleaned) <= entering.MAX_PASSCODE_LENGTH:
        most = {"most": entering.MAX_PASSCODE_LENGTH}
        raise PydanticCustomError("passcode_length", "A passcode has 1 to {most} characters", most)
    return cleaned


def _of_length(most: int) -> Any:
    """As a schema can say it: what counts are the characters that are left of a text once it is clean."""
    return Field(description=f"1 to {most} characters after trimming.", json_schema_extra={"minLength": 1})


class NewRoom(BaseModel):
    """A room to make. Fields it does not know are ignored."""

    name: Annotated[str, AfterValidator(_clean_name), _of_length(MAX_NAME_LENGTH)] | None = None
    passcode: Annotated[str, AfterValidator(_clean_passcode), _of_length(entering.MAX_PASSCODE_LENGTH)] | None = None


class NewPasscode(BaseModel):
    """The passcode that a room is to have; null for none."""

    passcode: Annotated[str, AfterValidator(_clean_passcode), _of_length(entering.MAX_PASSCODE_LENGTH)] | None


class Undo(BaseModel):
    """What was done last is undone. It has no fields."""


def takes_json(operation: Operation) -> Operation:
    """Refuses a body that is no small JSON before anything looks into it."""

    @wraps(operation)
    async def checked(request: HttpRequest, **path: Any) -> HttpResponseBase:
        if request.content_type != JSON:
            return Refused(415).answer()
        if _is_too_large(request):
            return Refused(413, f"The body may have at most {MAX_BODY_BYTES // 1024} KiB.").answer()
        if not request.body:
            return Refused(400, "The body must be JSON, and it is empty.").answer()
        return await operation(request, **path)

    return checked


def _is_too_large(request: HttpRequest) -> bool:
    try:
        return len(request.body) > MAX_BODY_BYTES
    except RequestDataTooBig:
        return True


# What is answered -----------------------------------------------------------------------------------------------------


@api.post("/rooms", url_name="make-room")
@decorate_view(takes_json)
async def make_room(request: ASGIRequest, new: NewRoom) -> JsonResponse:
    room = await making.make_room(request, new.name or "", passcode=new.passcode or "")
    url = request.build_absolute_uri(room.get_absolute_url())
    return JsonResponse({"code": room.code, "url": url}, status=201, headers={"Location": url})


@api.api_operation(["GET", "HEAD"], "/rooms/{code}", url_name="room")
async def show_room(request: ASGIRequest, code: str) -> JsonResponse:
    room = await entered(request, code)
    snapshot = await snapshots.room(room.code, room.name, locked=room.is_locked, maker=room.maker or None, strict=True)
    snapshot.pop("you", None)
    return JsonResponse(snapshot, headers={"Cache-Control": "no-store"})


@api.post("/rooms/{code}/timer", url_name="steer-room")
@decorate_view(takes_json)
async def steer_room(request: ASGIRequest, code: str) -> HttpResponse:
    order = protocol.parse_order(_json_in(request))
    if isinstance(order, Junk):
        raise Refused(422, order.message)
    await _take_turn(request)
    room = await entered(request, code)
    if not await touch(room.code):
        raise Refused(404, NO_SUCH_ROOM)
    asked = Steer(_member(request, room), topics.ROOM, order.command())
    result = await errands.steer(topics.room(room.code), asked, room.maker or None)
    return HttpResponse(result, content_type=JSON, headers={"Cache-Control": "no-store"})


@api.post("/rooms/{code}/passcode", url_name="lock-room")
@decorate_view(takes_json)
async def lock_room(request: ASGIRequest, code: str, new: NewPasscode) -> JsonResponse:
    await _take_turn(request)
    room = await _found(code)
    return _locked(request, await locking.lock(request, room, _member(request, room), new.passcode or ""))


@api.post("/rooms/{code}/passcode/undo", url_name="undo-lock")
@decorate_view(takes_json)
async def undo_lock(request: ASGIRequest, code: str, nothing: Undo) -> JsonResponse:
    await _take_turn(request)
    room = await _found(code)
    return _locked(request, await locking.undo(room, _member(request, room)))


def _locked(request: ASGIRequest, room: Room) -> JsonResponse:
    """Whoever has given a room a passcode need not enter it."""
    response = JsonResponse({"locked": room.is_locked}, headers={"Cache-Control": "no-store"})
    device = device_of(dict(request.scope))
    if room.is_locked and device:
        entering.grant(response, device, room)
    return response


def _member(request: ASGIRequest, room: Room) -> str | None:
    device = device_of(dict(request.scope))
    return member_for(device, room.code) if device else None


def _json_in(request: ASGIRequest) -> Any:
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, NOT_JSON) from error


async def _take_turn(request: ASGIRequest) -> None:
    environment = settings.TOMATO
    pace = Allowance(environment.rate_burst, max(1, 1000 // environment.rate_per_s))
    address = client_address(dict(request.scope), environment.proxies)
    async with asyncio.timeout(TURN_WITHIN_S):
        wait_ms = await process.current().allowances.take({bucket_of(address, "commands"): pace})
    if wait_ms:
        raise TooManyCommands(wait_ms)


async def entered(request: ASGIRequest, code: str, device: str | None = None) -> Room:
    """The room with this code, once the request has shown that it may enter; a grant is that of `device`."""
    room = await _found(code)
    if not (device and entering.may_enter(request.COOKIES, device, room)) and room.is_locked:
        passcode = request.headers.get(PASSCODE_HEADER)
        if passcode is None:
            raise Refused(403, f"This room has a passcode: send it in the header {PASSCODE_HEADER}.")
        if not await entering.knows(request, room, _as_sent(passcode)):
            raise Refused(403, "That is not the passcode of this room.")
    return room


async def _found(code: str) -> Room:
    room = await find_room(codes.normalise(code))
    if room is None:
        raise Refused(404, NO_SUCH_ROOM)
    return room


def _as_sent(header: str) -> str:
    """A header in UTF-8, which Django has read as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


# What goes wrong ------------------------------------------------------------------------------------------------------


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> JsonResponse:
    return refused.answer()


@api.exception_handler(Spent)
def _too_fast(request: HttpRequest, spent: Spent) -> JsonResponse:
    answer = Refused(429, str(spent)).answer()
    answer["Retry-After"] = str(spent.retry_after_s)
    return answer


@api.exception_handler(Forbidden)
@api.exception_handler(locking.NotYours)
@api.exception_handler(locking.NothingToUndo)
def _forbidden(request: HttpRequest, error: Exception) -> JsonResponse:
    return Refused(403, str(error)).answer()


@api.exception_handler(Room.DoesNotExist)
def _removed(request: HttpRequest, error: Exception) -> JsonResponse:
    return Refused(404, NO_SUCH_ROOM).answer()


@api.exception_handler(NotObeyed)
def _not_obeyed(request: HttpRequest, error: NotObeyed) -> JsonResponse:
    return Refused(503, str(error)).answer()


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> JsonResponse:
    return Refused(error.status_code, NOT_JSON if error.status_code == 400 else None).answer()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> JsonResponse:
    first = error.errors[0]
    field = ".".join(str(part) for part in first["loc"][2:])
    return Refused(422, f"{field}: {first['msg']}." if field else "The body must be a JSON object.").answer()


@api.exception_handler(DatabaseError)
@api.exception_handler(RedisError)
@api.exception_handler(OSError)
def _unavailable(request: HttpRequest, error: Exception) -> JsonResponse:
    log.error("api.unavailable", path=request.path, exc_info=error)
    return Refused(503).answer()


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> JsonResponse:
    raise error  # Django notes it, and `refusals_in_json` answers
