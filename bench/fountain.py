"""The least a WebSocket server can do, to know what the generator can take: it shakes hands, reads nothing, and several times a second
writes a ready frame to every socket, by one plain write each."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import sys
from itertools import cycle
from time import time

import uvloop

from tomato import frames

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SLOTS = 40


class Jet(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", data)
        if key is None:
            return
        accept = base64.b64encode(hashlib.sha1(key[1] + GUID, usedforsecurity=False).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
        self.transport.write(head % accept + frames.text('{"type":"session:joined"}'))  # type: ignore[attr-defined]
        self.slot = next(_free_slots)
        self.slot.add(self.transport.write)  # type: ignore[attr-defined]

    def connection_lost(self, error: Exception | None) -> None:
        if hasattr(self, "slot"):
            self.slot.discard(self.transport.write)  # type: ignore[attr-defined]


_slots: list[set] = [set() for _ in range(SLOTS)]
_free_slots = cycle(_slots)


async def flow(times_a_second: int) -> None:
    server = await asyncio.get_running_loop().create_server(Jet, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    slot_s = 1 / times_a_second / SLOTS
    due = loop.time()
    for slot in cycle(_slots):
        text = f'{{"type":"timer:tick","v":1001,"now_at":{int(time() * 1000)},"remaining_ms":{{"room":1497000}}}}'
        frame = frames.text(text)
        for write in slot:
            write(frame)
        due += slot_s
        await asyncio.sleep(max(0, due - loop.time()))


if __name__ == "__main__":
    uvloop.run(flow(int(sys.argv[1])))
