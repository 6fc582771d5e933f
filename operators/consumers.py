"""The socket that keeps an operator's page fresh: what a reload would show, each second, as long as they may see it.

The page and the socket ask the same thing, and the same template writes both.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError

from operators import looks
from operators.desk import EVERY_S
from operators.rights import Rights, rights_with
from timers import arrivals, process, protocol
from timers.protocol import CloseCode, Ping
from tomato import origin
from tomato.identity import device_of
from tomato.limits import client_address

log = structlog.get_logger(__name__)

RIGHTS_EVERY_S = 30.0
"""How long whoever may no longer look still can: sessions end and rights are taken away."""
COME_AGAIN = 1000


class LiveConsumer(AsyncConsumer):
    """`/ws/admin/live`, with the query of the page, and `topic` where it is that of one. It takes nothing but `ping`."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        self.base_send = send
        self._telling: asyncio.Task[None] | None = None
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            if self._telling is not None:
                self._telling.cancel()

    async def dispatch(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.connect":
                await self._connect()
            case "websocket.receive":
                await self._answer(message.get("text") or "")
            case "websocket.disconnect":
                raise StopConsumer

    async def _connect(self) -> None:
        if not origin.is_allowed(self.scope):
            await self.base_send({"type": "websocket.close"})  # before it is accepted: HTTP 403
            raise StopConsumer
        await self.base_send({"type": "websocket.accept"})
        self._telling = asyncio.create_task(self._tell())

    async def _answer(self, text: str) -> None:
        match protocol.parse(text[: protocol.MAX_FRAME_BYTES], room=False):
            case Ping(t=t):
                await self._say(protocol.pong(t, process.current().clock.now()))

    async def _tell(self) -> None:
        """Until the browser goes, or the right to look."""
        try:
            code = await self._tell_each_second()
        except OSError:
            return  # the browser went
        except DatabaseError as error:
            log.warning("operators.database_is_away", reason=str(error))
            code = COME_AGAIN
        except Exception:
            log.exception("operators.live_failed")
            code = COME_AGAIN
        await self.base_send({"type": "websocket.close", "code": int(code)})

    async def _tell_each_second(self) -> int:
        """The code to close with. Who reads slowly is told less often, since each page waits for the last to be sent."""
        if not await arrivals.may_come(client_address(self.scope, settings.TOMATO.proxies), device_of(self.scope)):
            return CloseCode.TOO_MANY
        told, check_at = "", monotonic()
        while True:
            if monotonic() >= check_at:
                rights = await rights_with(self.scope)
                if not rights.may_look:
                    return CloseCode.NOT_ALLOWED if rights.is_known else CloseCode.NO_IDENTITY
                check_at = monotonic() + RIGHTS_EVERY_S
            next_at = monotonic() + EVERY_S
            html = await self._look(rights)
            if html != told:
                await self._say({"type": "live:page", "html": html})
                told = html
            await asyncio.sleep(next_at - monotonic())

    async def _look(self, rights: Rights) -> str:
        query = dict(parse_qsl(self.scope["query_string"].decode("latin-1")))
        where = query.pop("topic", None)
        return await (looks.overview_html(query) if where is None else looks.detail_html(where, rights))

    async def _say(self, message: dict[str, Any]) -> None:
        await self.base_send({"type": "websocket.send", "text": protocol.encode(message)})
