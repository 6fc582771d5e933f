"""`GET /metrics`: what all processes have counted, for Prometheus, and who may see it.

Whichever web process is asked, the answer is the same, but for what happened in the last seconds.
"""

from __future__ import annotations

import asyncio
from hmac import compare_digest
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from redis.exceptions import RedisError

from timers import process, reports
from timers.figures import SiteFigures
from timers.leases import census
from timers.reports import Report
from tomato.limits import client_address
from tomato.methods import only_to_read
from tomato.metrics import CONTENT_TYPE
from tomato.outage import Outage

log = structlog.get_logger(__name__)

REDIS_ANSWERS_WITHIN_S = 1.0
UNCACHED = {"Cache-Control": "no-store"}

NOT_HERE = "Metrics are shown to this machine only: set TOMATO_METRICS_TOKEN and send it to see them from another."
NO_TOKEN = "Metrics are shown to who has the token: send `Authorization: Bearer`, and TOMATO_METRICS_TOKEN after it."  # noqa: S105

_outage = Outage(log, "metrics.redis")


@only_to_read
async def metrics(request: ASGIRequest) -> HttpResponse:
    if settings.TOMATO.metrics_token:
        if not _has_token(request):
            return _refusal(401, NO_TOKEN, {"WWW-Authenticate": "Bearer"})
    elif not _comes_from_this_machine(request):
        return _refusal(403, NOT_HERE)
    site, told = await _look()
    return HttpResponse(reports.exposition(site, told), content_type=CONTENT_TYPE, headers=UNCACHED)


def _has_token(request: ASGIRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(token.strip().encode(), settings.TOMATO.metrics_token.encode())


def _comes_from_this_machine(request: ASGIRequest) -> bool:
    """With a proxy in front that `TOMATO_PROXIES` does not count, everybody seems to."""
    if not settings.TOMATO.proxies and "X-Forwarded-For" in request.headers:
        return False
    try:
        address = ip_address(client_address(dict(request.scope), settings.TOMATO.proxies))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _refusal(status: int, sentence: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", "text/plain", status, headers=UNCACHED | (headers or {}))


async def _look() -> tuple[SiteFigures, list[Report]]:
    """What Redis knows of all, and the reports of all; when it is away this process' own.

    This process tells Redis first, so that no other ever shows less of it than has been shown: no counter goes back.
    """
    here = process.current()
    try:
        async with asyncio.timeout(REDIS_ANSWERS_WITHIN_S):
            await reports.write(here.redis, here.report())
            told = await reports.read(here.redis)
            workers = await census(here.redis, settings.TOMATO.shards)
    except (TimeoutError, RedisError, OSError) as error:
        _outage.goes_on(error)
        return SiteFigures(0, None, None, None), [here.report()]
    _outage.is_over()
    free = workers.shards_total - workers.shards_owned
    return SiteFigures(1, workers.live, free, workers.max_lag_ms / 1000), told
