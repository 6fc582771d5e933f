"""What the bench makes of what it hears: frames, in whatever pieces they come, and figures, against goals and others."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import report
from bench.load import EngineListener, Listener, Tally
from bench.report import COST, RATIO, Goal, Row
from tomato import frames

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
TICK = '{"type":"timer:tick","v":1,"now_at":1767225602000,"remaining_ms":{"room":1497000}}'


class Wire:
    """Keeps what a listener writes."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def listening(kind: type[Listener], tally: Tally) -> tuple[Any, Wire]:
    listener, wire = kind(b"GET / HTTP/1.1\r\n\r\n", tally), Wire()
    listener.connection_made(wire)  # type: ignore[arg-type]
    wire.written.clear()
    return listener, wire


@pytest.mark.parametrize("piece", [1, 7, 100, 100_000])
async def test_every_tick_is_counted_in_whatever_pieces_it_comes(piece: int) -> None:
    tally = Tally()
    listener, _ = listening(Listener, tally)
    long = json.dumps({"type": "session:joined", "members": ["x" * 70_000]})
    stream = (
        ACCEPTED + frames.text(long) + frames.text(TICK) + frames.text('{"type":"ack"}' + " " * 200) + frames.text(TICK)
    )
    for at in range(0, len(stream), piece):
        listener.data_received(stream[at : at + piece])
    assert (tally.ticks, len(tally.latencies_ms), tally.opened) == (2, 2, 1)


async def test_a_ping_is_answered_with_its_payload() -> None:
    listener, wire = listening(Listener, Tally())
    listener.data_received(ACCEPTED + b"\x89\x04ping")
    assert wire.written == [b"\x8a\x84\0\0\0\0ping"]


async def test_through_socket_io_a_tick_counts_the_same_and_is_in_once_its_namespace_is() -> None:
    tally = Tally()
    listener, wire = listening(EngineListener, tally)
    listener.data_received(ACCEPTED + frames.text('0{"sid":"x","upgrades":[]}'))
    assert not listener.first.done()
    listener.data_received(frames.text('40{"sid":"y"}') + frames.text("2") + frames.text(f'42["say",{TICK}]'))
    assert listener.first.done()
    assert wire.written == [b"\x81\x82\0\0\0\x0040", b"\x81\x81\0\0\0\x003"]
    assert tally.ticks == 1


async def test_a_refusal_is_an_error_that_says_what_was_answered() -> None:
    listener, _ = listening(Listener, Tally())
    listener.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(ConnectionError, match="403 Forbidden"):
        await listener.first


@pytest.mark.parametrize(("value", "judgement"), [(9.0, "met"), (10.0, "met"), (12.5, "missed by 25 %")])
def test_a_goal_is_met_up_to_its_limit(value: float, judgement: str) -> None:
    assert Goal("one-room", "p99_ms", 10, "latency").judged({"p99_ms": value}) == judgement


def test_a_cost_is_compared_run_by_run_and_the_median_is_shown(tmp_path: Path) -> None:
    ours = Row("one-room", "One room", "tomato", [{COST: 8.0}, {COST: 30.0}, {COST: 9.0}])
    theirs = Row("one-room", "One room", "socket.io", [{COST: 10.0}, {COST: 40.0}, {COST: 9.0}])
    report.write([ours, theirs], {}, [], {}, tmp_path)
    assert [run[RATIO] for run in ours.runs] == [0.8, 0.75, 1.0]
    assert json.loads((tmp_path / "latest.json").read_text())["rows"][0]["median"] == {COST: 9.0, RATIO: 0.8}
