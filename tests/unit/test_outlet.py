"""A socket's way out: at once while the reader keeps up, and what is held, missed and given up when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.waiting import eventually_async
from tomato import outlet
from tomato.outlet import MOST_HELD, Outlet, Traffic

CLOSE = {"type": "websocket.close"}


class Reader:
    """The other end of a socket. While it stalls, `send` waits, as a server does when its buffer is full."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.given_up = 0
        self.error: Exception | None = None
        self._reading = asyncio.Event()
        self._reading.set()
        self.traffic = Traffic()
        self.outlet = Outlet(self.send, self._give_up, traffic=self.traffic)

    def stall(self) -> None:
        self._reading.clear()

    def go_on(self) -> None:
        self._reading.set()

    async def send(self, message: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        await self._writable()
        if self.error is not None:
            raise self.error
        self.read.append(message.get("text", message["type"]))

    async def _writable(self) -> None:
        # Twice, since a server may wait for more than one thing.
        for _ in range(2):
            if not self._reading.is_set():
                await self._reading.wait()

    def _give_up(self) -> None:
        self.given_up += 1


def say(reader: Reader, *texts: str) -> None:
    for text in texts:
        reader.outlet.text(text, may_be_missed=text.startswith("tick"))


async def has_read(reader: Reader, *texts: str) -> None:
    await eventually_async(lambda: reader.read == list(texts))


async def nothing_is_under_way() -> None:
    await eventually_async(lambda: asyncio.all_tasks() == {asyncio.current_task()})


async def test_texts_are_sent_at_once_in_order_and_without_a_task() -> None:
    reader = Reader()
    tasks = asyncio.all_tasks()
    say(reader, "a", "tick", "b")
    reader.outlet.message({"type": "websocket.close"})
    assert reader.read == ["a", "tick", "b", "websocket.close"]
    assert asyncio.all_tasks() == tasks


async def test_a_reader_that_falls_behind_misses_ticks_and_no_state() -> None:
    reader = Reader()
    reader.stall()
    say(reader, "a", "tick 1", "b", "tick 2", "c")
    assert reader.read == []
    reader.go_on()
    await has_read(reader, "a", "b", "c")
    say(reader, "tick 3", "d")
    await has_read(reader, "a", "b", "c", "tick 3", "d")
    assert reader.given_up == 0


async def test_a_tick_that_was_begun_is_finished() -> None:
    reader = Reader()
    reader.stall()
    say(reader, "tick 1", "a")
    reader.go_on()
    await has_read(reader, "tick 1", "a")


async def test_what_comes_while_held_texts_are_sent_stays_in_order() -> None:
    reader = Reader()
    reader.stall()
    say(reader, "a", "b")

    async def stall_again(message: dict[str, Any]) -> None:
        reader.read.append(message["text"])
        if message["text"] == "b":
            say(reader, "c", "tick", "d")
        await asyncio.sleep(0)

    reader.outlet._send = stall_again
    reader.go_on()
    await has_read(reader, "a", "b", "c", "d")


async def test_a_reader_for_whom_too_much_is_held_is_given_up_once() -> None:
    reader = Reader()
    reader.stall()
    say(reader, "a", *["state"] * MOST_HELD, "tick")
    assert reader.given_up == 0
    say(reader, "one too many")
    assert reader.given_up == 1
    assert reader.outlet.closed
    say(reader, *["more"] * 2 * MOST_HELD)
    reader.go_on()
    await nothing_is_under_way()
    assert (reader.given_up, reader.read) == (1, [])


async def test_as_much_as_may_be_held_arrives() -> None:
    reader = Reader()
    reader.stall()
    texts = [f"state {number}" for number in range(MOST_HELD + 1)]
    say(reader, *texts)
    reader.go_on()
    await has_read(reader, *texts)
    assert reader.given_up == 0


@pytest.mark.parametrize("held", [(), ("b", "c")])
async def test_a_reader_that_never_goes_on_is_given_up(monkeypatch: pytest.MonkeyPatch, held: tuple[str, ...]) -> None:
    monkeypatch.setattr(outlet, "DRAIN_S", 0.05)
    reader = Reader()
    reader.stall()
    say(reader, "a", *held)
    await eventually_async(lambda: reader.given_up)
    await nothing_is_under_way()
    reader.go_on()
    say(reader, "d")
    assert (reader.given_up, reader.read, reader.outlet.closed) == (1, [], True)


async def test_a_reader_that_is_slow_but_reads_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "DRAIN_S", 0.3)
    reader = Reader()

    async def slowly(message: dict[str, Any]) -> None:
        await asyncio.sleep(0.05)
        reader.read.append(message["text"])

    reader.outlet._send = slowly
    texts = [f"state {number}" for number in range(10)]
    say(reader, *texts)
    await has_read(reader, *texts)
    assert reader.given_up == 0


async def test_a_reader_that_is_gone_is_no_error() -> None:
    reader = Reader()
    reader.error = ConnectionResetError("gone")
    say(reader, "a", "b")
    assert (reader.outlet.closed, reader.given_up, reader.read) == (True, 0, [])


@pytest.mark.parametrize("held", [(), ("b",)])
async def test_a_reader_that_goes_while_it_stalls_is_no_error(held: tuple[str, ...]) -> None:
    reader = Reader()
    reader.stall()
    say(reader, "a", *held)
    reader.error = BrokenPipeError("gone")
    reader.go_on()
    await eventually_async(lambda: reader.outlet.closed)
    assert (reader.given_up, reader.read) == (0, [])


async def test_nothing_is_sent_after_closing() -> None:
    reader = Reader()
    reader.stall()
    say(reader, "a", "b")
    reader.outlet.close()
    reader.go_on()
    await nothing_is_under_way()
    say(reader, "c")
    assert (reader.read, reader.given_up) == ([], 0)


@pytest.mark.parametrize("held", [(), ("b", "c"), ["state"] * MOST_HELD])
async def test_the_last_word_comes_after_all_that_is_held_and_nothing_after_it(held: Sequence[str]) -> None:
    reader = Reader()
    reader.stall()
    say(reader, "a", *held)
    reader.outlet.end(CLOSE)
    say(reader, "too late")
    assert reader.outlet.closed
    reader.go_on()
    await has_read(reader, "a", *held, "websocket.close")
    await nothing_is_under_way()
    assert reader.given_up == 0


async def test_a_last_word_for_which_the_server_has_to_wait_is_said() -> None:
    """The reader fell behind by what others are sent too, which is written without a word from the server."""
    reader = Reader()
    reader.stall()
    reader.outlet.end(CLOSE)
    reader.outlet.end(CLOSE)
    reader.go_on()
    await has_read(reader, "websocket.close")


async def test_a_reader_that_does_not_take_the_last_word_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "DRAIN_S", 0.3)
    reader = Reader()

    async def slowly(message: dict[str, Any]) -> None:
        await asyncio.sleep(0.1)
        reader.read.append(message.get("text", message["type"]))

    reader.outlet._send = slowly
    say(reader, *["state"] * 10)
    reader.outlet.end(CLOSE)
    await eventually_async(lambda: reader.given_up)
    await nothing_is_under_way()
    assert (reader.given_up, set(reader.read), len(reader.read) < 5) == (1, {"state"}, True)


async def test_any_awaitable_will_do_as_send() -> None:
    """A server may hand out futures in place of coroutines."""
    read: list[str] = []

    def send(message: dict[str, Any]) -> asyncio.Future[None]:
        read.append(message["text"])
        return asyncio.get_running_loop().create_future()

    given_up: list[bool] = []
    way_out = Outlet(send, lambda: given_up.append(True))
    way_out.text("a")
    way_out.text("b")
    assert read == ["a"]
    way_out.close()


# What is counted ------------------------------------------------------------------------------------------------------


async def test_what_is_sent_and_what_is_missed_is_counted_each_once() -> None:
    reader = Reader()
    reader.outlet.message({"type": "websocket.accept"})
    say(reader, "one")
    reader.stall()
    say(reader, "two", "tick 1", "tick 2", "three")
    reader.go_on()
    await has_read(reader, "websocket.accept", "one", "two", "three")
    assert reader.traffic == Traffic(sent=3, ticks_skipped=2)


async def test_ready_frames_are_counted_as_sent() -> None:
    traffic = Traffic()

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("the frame was taken")

    way_out = Outlet(send, lambda: None, lambda frame: True, traffic)
    way_out.text("one")
    way_out.text("tick", may_be_missed=True)
    assert traffic == Traffic(sent=2)


async def test_what_a_closed_socket_is_told_does_not_count() -> None:
    reader = Reader()
    reader.outlet.close()
    say(reader, "one", "tick")
    assert reader.traffic == Traffic()
