"""The web process of the test's own event loop, in which consumers run as they do under a server, and who asks it for pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.test import AsyncClient

from timers import process
from timers.process import WebProcess


@asynccontextmanager
async def the_web_process() -> AsyncIterator[WebProcess]:
    """Without people and connections at the end of the block."""
    here = process.current()
    try:
        yield here
    finally:
        sockets = [socket._task for socket in here.sockets]
        for task in sockets:
            task.cancel()
        await asyncio.gather(*sockets, return_exceptions=True)
        if here._vouching is not None:
            here._vouching.cancel()
        await here.layer.flush()
        await here.redis.aclose()


class Visitor(AsyncClient):
    """Somebody who asks from an address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    async def request(self, **request: Any) -> Any:
        return await super().request(**request, client=[self.address, 40_000])
