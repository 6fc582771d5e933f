"""Tomato's own web server with the hub switched off: what its fan-out would cost on Channels as it comes.

Every message to a socket goes through a queue of the socket's own to a task of its own, which runs the database clean-up of the stock
`AsyncConsumer.dispatch` before it hands the message on, and each socket encodes its own frame by a plain `send`. That a stock socket would
also unpack the message and write the JSON again for itself is left out: the comparison is kind to stock Channels.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from channels.db import aclose_old_connections
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tomato import serve, websocket
from tomato.layer import Hearer, Sink, TomatoChannelLayer
from tomato.outlet import FRAMES

APPLICATION = "bench.stock:application"


class StockLayer(TomatoChannelLayer):
    def attach(self, channel: str, sink: Hearer) -> None:
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        _readers[channel] = asyncio.create_task(_read(messages, sink))
        self._get_layer().attach(channel, Sink(messages.put_nowait, sink.on_gap))

    def detach(self, channel: str) -> None:
        _readers.pop(channel).cancel()
        self._get_layer().detach(channel)


_readers: dict[str, asyncio.Task[None]] = {}


async def _read(messages: asyncio.Queue[dict[str, Any]], sink: Hearer) -> None:
    while True:
        message = await messages.get()
        await aclose_old_connections()
        sink.deliver(message)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Tomato's, which does not learn that the server would take ready frames."""
    from tomato.asgi import application as tomato

    scope.get("extensions", {}).pop(FRAMES, None)
    await tomato(scope, receive, send)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.stock_settings"
    serve.APPLICATION = APPLICATION
    websocket.WebSocket = WebSocketsSansIOProtocol  # type: ignore[assignment, misc]
    serve.main()
