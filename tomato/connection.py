"""uvicorn's HTTP side, so far as we need more of it: a reader that does not read is cut, whoever is still being answered on a lost
connection hears of it, and a server that stops ends its event streams at once."""

from __future__ import annotations

from socket import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tomato.outlet import CONNECTION


class Connection(HttpToolsProtocol):
    """Offers the application its `cut` and `is_cut`."""

    _asked: tuple[RequestResponseCycle, ...] = ()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        ends: dict[object, object] = {"cut": self.transport.abort, "is_cut": self.transport.is_closing}
        self.scope["extensions"] = {CONNECTION: ends}

    def on_headers_complete(self) -> None:
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self._asked = (*self._unanswered(), self.cycle)

    # uvicorn tells only the last request that nobody hears its answer. Who sends the next before the first is answered has
    # the first one write to a connection that is no more, an error under uvloop, or into the frames of a socket.

    def connection_lost(self, exc: Exception | None) -> None:
        self._part()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._part()
        super().handle_websocket_upgrade()

    def _part(self) -> None:
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()

    def _unanswered(self) -> list[RequestResponseCycle]:
        return [cycle for cycle in self._asked if not cycle.response_complete]


class Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        from timers import streams  # by now Django is set up

        streams.end_all()
        await super().shutdown(sockets)
