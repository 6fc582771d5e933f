"""A test is one transaction on one connection, also where the code under test lets go of its own."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tests.support.topics import minutes
from timers import leases
from tomato.websocket import WebSocket


@pytest.fixture(autouse=True)
def _nobody_closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite keeps its database in memory then, and so never does; PostgreSQL would, in the middle of the transaction."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


@pytest.fixture
def long_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is so slow that a lease runs out by itself."""
    monkeypatch.setattr(leases, "LEASE_MS", minutes(1))


@pytest.fixture
def uvloops() -> Iterator[None]:
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(None)


@pytest.fixture(params=[WebSocket, WebSocketsSansIOProtocol], ids=["ours", "uvicorns"])
def protocol(request: pytest.FixtureRequest) -> type[Any]:
    """Where ASGI leaves something open, uvicorn's own protocol has decided it."""
    return request.param
