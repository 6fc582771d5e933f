"""One socket's way out: each text is handed to the ASGI server at once; a reader that falls behind misses ticks, never a
state, and one that stops reading is given up.

`send` is stepped by hand: when it does not suspend, which is nearly always, no task is made. Only while it waits for the
socket's buffer to drain does a task hold what came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from tomato import frames
from tomato.metrics import counter

FRAMES = "tomato.frames"
"""The ASGI extension of a server that takes ready frames: its `write` and its `cut`, see `tomato.websocket`."""
CONNECTION = "tomato.connection"
"""The same of one that can cut a connection on which it answers: its `cut` and `is_cut`, see `tomato.connection`."""
MOST_HELD = 64
DRAIN_S = 10.0


@dataclass
class Traffic:
    """What the outlets of a process have counted together."""

    sent: int = counter("tomato_messages_sent_total", "Messages to browsers, each counted for each socket.")
    ticks_skipped: int = counter("tomato_ticks_skipped_total", "Ticks that slow readers were spared, counted likewise.")


class Broadcast:
    """One text for many sockets: the message for a server's `send`, and the frame for those that take one, each made once."""

    __slots__ = ("_frame", "message")

    def __init__(self, text: str) -> None:
        self.message = {"type": "websocket.send", "text": text}
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        if self._frame is None:
            self._frame = frames.text(self.message["text"])
        return self._frame


class Outlet:
    """`give_up` is called once when the reader is too slow: too much is held, or nothing drains. `write` takes a ready frame
    and says whether it could, where the server has such a thing."""

    __slots__ = ("_draining", "_give_up", "_held", "_send", "_traffic", "_write", "closed")

    def __init__(
        self,
        send: Callable[[dict[str, Any]], Awaitable[None]],
        give_up: Callable[[], None],
        write: Callable[[bytes], bool] | None = None,
        traffic: Traffic | None = None,
    ) -> None:
        self._send = send
        self._give_up = give_up
        self._write = write
        self._traffic = traffic or Traffic()
        self._held: deque[dict[str, Any]] | None = None
        self._draining: asyncio.Task[None] | None = None
        self.closed = False

    def text(self, text: str, *, may_be_missed: bool = False) -> None:
        self.broadcast(Broadcast(text), may_be_missed=may_be_missed)

    def broadcast(self, broadcast: Broadcast, *, may_be_missed: bool = False) -> None:
        """Sends what others are sent too."""
        if self._write is None or self._draining is not None or self.closed or not self._write(broadcast.frame):
            self._traffic.sent += self.message(broadcast.message, may_be_missed=may_be_missed)
        else:
            self._traffic.sent += 1

    def message(self, message: dict[str, Any], *, may_be_missed: bool = False) -> bool:
        """Sends in order, without waiting; whether it is on its way."""
        if self.closed:
            return False
        if self._draining is None:
            self._step(message)
        elif may_be_missed:
            self._traffic.ticks_skipped += 1
            return False
        elif self._hold(message) > MOST_HELD:
            self._too_slow()
        return not self.closed

    def end(self, last: dict[str, Any]) -> None:
        """Sends `last` after all that is held, and nothing after it. A reader that does not take it in time is given up."""
        if self.closed:
            return
        if self._draining is None:
            self._step(last)
        else:
            self._hold(last)
        self.closed = True

    def close(self) -> None:
        """Sends nothing more, not even what is held."""
        self.closed = True
        self._held = None
        if self._draining is not None:
            self._draining.cancel()

    def _hold(self, message: dict[str, Any]) -> int:
        """How many are held now."""
        if self._held is None:
            self._held = deque()
        self._held.append(message)
        return len(self._held)

    def _step(self, message: dict[str, Any]) -> None:
        sending = self._send(message)
        if not isinstance(sending, Coroutine):
            self._draining = asyncio.create_task(self._drain(sending))
            return
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except OSError:  # the other end is gone; the server tells the consumer in its turn
            self.closed = True
            return
        self._draining = asyncio.create_task(self._drain(_Rest(sending, waits_for)))

    async def _drain(self, sending: Awaitable[None]) -> None:
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(DRAIN_S) as patience:
                await sending
                while self._held:
                    if not self.closed:  # else all that is left has as long as one message
                        patience.reschedule(now() + DRAIN_S)
                    await self._send(self._held.popleft())
        except TimeoutError:
            self._too_slow()
        except OSError:
            self.closed = True
        finally:
            self._draining = self._held = None

    def _too_slow(self) -> None:
        self.close()
        self._give_up()


class _Rest:
    """The rest of a coroutine that was stepped once and waits for a future."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            try:
                value = yield waits_for
            except BaseException as error:  # noqa: BLE001 whatever the task is thrown belongs to the coroutine
                resume = partial(self._coroutine.throw, error)
            else:
                resume = partial(self._coroutine.send, value)
            try:
                waits_for = resume()
            except StopIteration:
                return
