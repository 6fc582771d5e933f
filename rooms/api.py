"""The rooms for scripts: JSON in, JSON out, no cookie, no CSRF token. Refusals are `tomato.refusals`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

import orjson
import structlog
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError
from redis.exceptions import RedisError

from rooms import codes, making
from rooms.models import MAX_NAME_LENGTH, find_room
from timers import names, snapshots
from tomato.refusals import JSON, Refused

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 16 * 1024

Operation = Callable[..., Awaitable[HttpResponseBase]]


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


class NewRoom(BaseModel):
    """A room to make. Fields it does not know are ignored."""

    name: Annotated[str, AfterValidator(_clean_name)] | None = None
    passcode: Any = None


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
    if new.passcode is not None:
        raise Refused(422, "Rooms cannot have a passcode yet: leave the field out.")
    room = await making.make_room(request, new.name or "")
    url = request.build_absolute_uri(room.get_absolute_url())
    return JsonResponse({"code": room.code, "url": url}, status=201, headers={"Location": url})


@api.api_operation(["GET", "HEAD"], "/rooms/{code}", url_name="room")
async def show_room(request: HttpRequest, code: str) -> JsonResponse:
    room = await find_room(codes.normalise(code))
    if room is None:
        raise Refused(404, "There is no room with this code.")
    snapshot = await snapshots.room(room.code, room.name, strict=True)
    snapshot.pop("you", None)
    return JsonResponse(snapshot, headers={"Cache-Control": "no-store"})


# What goes wrong ------------------------------------------------------------------------------------------------------


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> JsonResponse:
    return refused.answer()


@api.exception_handler(making.TooManyRooms)
def _too_fast(request: HttpRequest, error: making.TooManyRooms) -> JsonResponse:
    return Refused(429, str(error)).answer()


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> JsonResponse:
    return Refused(error.status_code, "The body is not valid JSON." if error.status_code == 400 else None).answer()


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
