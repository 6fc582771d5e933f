"""Whether this process lives, and whether the whole is ready to serve.

`/readyz` answers `{redis, database, layer, workers: {live, shards_owned, shards_total, max_lag_ms}}`: the first three are
booleans, the others numbers as one look at Redis finds them (`max_lag_ms` is how long the oldest command has been waiting,
null when Redis does not say). It is 200 when all three are true and every shard has a living owner, else 503.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import async_only_middleware

from timers.leases import census
from tomato.methods import only_to_read
from tomato.outage import Outage
from tomato.redis import connect

log = structlog.get_logger(__name__)

CHECK_MAX_S = 1.0
UNCACHED = {"Cache-Control": "no-store"}
PROBES = ("/healthz", "/readyz", "/metrics")

Middleware = Callable[[HttpRequest], Awaitable[HttpResponse]]

_database_thread = ThreadPoolExecutor(1, "database-check")  # a check that hangs holds up no other use of threads
_looks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[dict[str, Any]]] = WeakKeyDictionary()
_outages = {what: Outage(log, f"health.{what}") for what in ("redis", "database", "layer", "census")}


@async_only_middleware
def ask_by_any_name(get_response: Middleware) -> Middleware:
    """Balancers and monitors ask a process by its address, which is not among the names that browsers may use."""

    async def respond(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        return await get_response(request)

    return respond


@only_to_read
async def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain", headers=UNCACHED)


@only_to_read
async def readyz(request: HttpRequest) -> HttpResponse:
    facts = await _look_together()
    workers = facts["workers"]
    is_ready = (
        facts["redis"]
        and facts["database"]
        and facts["layer"]
        and workers["live"] > 0
        and workers["shards_owned"] == workers["shards_total"]
    )
    return JsonResponse(facts, status=200 if is_ready else 503, headers=UNCACHED)


async def _look_together() -> dict[str, Any]:
    """Whoever asks while somebody else's look is under way gets what that finds, so that no crowd becomes a load on the parts."""
    loop = asyncio.get_running_loop()
    if loop not in _looks:
        _looks[loop] = asyncio.create_task(_look())
        _looks[loop].add_done_callback(lambda _: _looks.pop(loop))
    return await asyncio.shield(_looks[loop])


async def _look() -> dict[str, Any]:
    redis, database, layer, workers = await asyncio.gather(
        _holds("redis", _ask_redis),
        _holds("database", _ask_database),
        _holds("layer", _ask_layer),
        _count_workers(),
    )
    return {"redis": redis, "database": database, "layer": layer, "workers": workers}


async def _holds(what: str, ask: Callable[[], Awaitable[object]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_MAX_S):
            await ask()
    except Exception as error:  # noqa: BLE001 whatever is wrong with it, the answer is no
        _outages[what].goes_on(error)
        return False
    _outages[what].is_over()
    return True


async def _ask_redis() -> None:
    async with connect(settings.TOMATO.redis_url) as redis:
        await redis.ping()


async def _ask_layer() -> None:
    await get_channel_layer().ping()


async def _ask_database() -> None:
    await asyncio.get_running_loop().run_in_executor(_database_thread, _query_database)


def _query_database() -> None:
    """Looks for a migration: a database that was lost and came back empty is not ready."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            if cursor.fetchone() is None:
                raise LookupError("The database has no migrations applied.")
    finally:
        connection.close()


async def _count_workers() -> dict[str, Any]:
    shards = settings.TOMATO.shards
    found: dict[str, Any] = {"live": 0, "shards_owned": 0, "shards_total": shards, "max_lag_ms": None}

    async def ask() -> None:
        async with connect(settings.TOMATO.redis_url) as redis:
            found.update(asdict(await census(redis, shards)))

    await _holds("census", ask)
    return found
