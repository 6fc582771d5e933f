"""Frames beside those of the `websockets` library, and what is refused of a client that breaks the protocol."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import frames as oracle
from websockets.exceptions import ProtocolError
from websockets.streams import StreamReader
from websockets.utils import apply_mask

from tomato import frames
from tomato.frames import BadFrame, Frame

DATA = (frames.TEXT, frames.BINARY, frames.CONTINUATION)
CONTROL = (frames.CLOSE, frames.PING, frames.PONG)
MAX_BYTES = 70_000
MASK = b"\x01\x02\x03\x04"

lengths = st.one_of(st.integers(0, 200), st.sampled_from([125, 126, 127, 65_535, 65_536, MAX_BYTES]))
payloads = lengths.map(lambda length: (bytes(range(251)) * (length // 251 + 1))[:length])


@st.composite
def sent(draw: Any) -> oracle.Frame:
    """A frame as the library lets a client send it."""
    if draw(st.booleans()):
        return oracle.Frame(oracle.Opcode(draw(st.sampled_from(CONTROL))), draw(st.binary(max_size=125)))
    return oracle.Frame(oracle.Opcode(draw(st.sampled_from(DATA))), draw(payloads), fin=draw(st.booleans()))


def masked(opcode: int, payload: bytes = b"", *, first: int | None = None) -> bytes:
    """A client's frame made by hand, for what the library would not send."""
    length = len(payload)
    head = bytes((0x80 | opcode if first is None else first, 0x80 | min(length, 126)))
    longer = length.to_bytes(2) if length >= 126 else b""
    return head + longer + MASK + apply_mask(payload, MASK)


def opened(wire: bytes) -> oracle.Frame:
    """What the library reads of a server's frame."""
    reader = StreamReader()
    reader.feed_data(wire)
    reading = oracle.Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(reading)
    assert reader.buffer == b"", "it is one frame and no more"
    frame: oracle.Frame = done.value.value
    return frame


def content(read: list[Frame]) -> list[tuple[int, bool, bytes]]:
    return [(frame.opcode, frame.is_last, frame.payload) for frame in read]


# Made -----------------------------------------------------------------------------------------------------------------


@given(opcode=st.sampled_from([frames.TEXT, frames.BINARY]), payload=payloads)
def test_a_frame_is_made_as_the_library_makes_it(opcode: int, payload: bytes) -> None:
    assert frames.made(opcode, payload) == oracle.Frame(oracle.Opcode(opcode), payload).serialize(mask=False)


@given(words=st.text())
def test_a_text_is_read_as_it_was_written(words: str) -> None:
    assert bytes(opened(frames.text(words)).data).decode() == words


@given(code=st.sampled_from([1000, 1001, 1011, 1012, 3000, 4408, 4999]), reason=st.text(max_size=200))
def test_a_reason_is_shortened_to_whole_characters(code: int, reason: str) -> None:
    closing = oracle.Close.parse(bytes(opened(frames.close(code, reason)).data))
    assert closing.code == code
    assert reason.startswith(closing.reason)
    assert closing.reason == reason or len(closing.reason.encode()) > 123 - 4


def test_a_close_without_a_code_is_empty() -> None:
    assert frames.close(frames.NO_CODE, "unheard") == b"\x88\x00"


# Read -----------------------------------------------------------------------------------------------------------------


@given(some=st.lists(sent(), max_size=4), mutable=st.booleans())
def test_what_the_library_sends_is_read(some: list[oracle.Frame], mutable: bool) -> None:
    wire = b"".join(frame.serialize(mask=True) for frame in some)
    read = list(frames.read(bytearray(wire) if mutable else wire, MAX_BYTES))
    assert content(read) == [(frame.opcode, frame.fin, frame.data) for frame in some]
    assert all(type(frame.payload) is bytes for frame in read)
    assert (read[-1].end if read else 0) == len(wire)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 300, 65_536])
def test_a_frame_is_whole_only_with_its_last_byte(length: int) -> None:
    first = masked(frames.PING, b"before")
    second = oracle.Frame(oracle.Opcode.BINARY, bytes(length)).serialize(mask=True)
    wire = first + second
    cuts = range(len(first), len(wire)) if length < 1000 else [*range(len(first), len(first) + 20), len(wire) - 1]
    for cut in cuts:
        (only,) = frames.read(wire[:cut], MAX_BYTES)
        assert only.end == len(first)
    assert [frame.end for frame in frames.read(wire, MAX_BYTES)] == [len(first), len(wire)]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (masked(0x3), 1002),
        (masked(0x7), 1002),
        (masked(0xB), 1002),
        (masked(0xF), 1002),
        (masked(frames.TEXT, first=0xC1), 1002),
        (masked(frames.TEXT, first=0xA1), 1002),
        (masked(frames.TEXT, first=0x91), 1002),
        (frames.text("not masked"), 1002),
        (masked(frames.PING, bytes(126)), 1002),
        (masked(frames.PING, first=frames.PING), 1002),
        (masked(frames.CLOSE, first=frames.CLOSE), 1002),
        (masked(frames.TEXT, bytes(301)), 1009),
        (b"\x81\xff" + (2**63).to_bytes(8), 1009),
    ],
    ids=[
        "opcode-3",
        "opcode-7",
        "opcode-b",
        "opcode-f",
        "rsv1",
        "rsv2",
        "rsv3",
        "unmasked",
        "long-ping",
        "ping-in-parts",
        "close-in-parts",
        "large",
        "huge",
    ],
)
def test_who_breaks_the_protocol_is_refused(wire: bytes, code: int) -> None:
    """At once, and after what came well before."""
    read = frames.read(masked(frames.PONG, b"fine") + wire, max_bytes=300)
    assert next(read).payload == b"fine"
    with pytest.raises(BadFrame) as refused:
        next(read)
    assert refused.value.code == code


def test_a_frame_too_large_is_refused_before_it_has_come() -> None:
    head = masked(frames.TEXT, bytes(301))[:4]
    with pytest.raises(BadFrame):
        list(frames.read(head, max_bytes=300))
    assert list(frames.read(head, max_bytes=301)) == []


# Closing --------------------------------------------------------------------------------------------------------------


def test_a_close_may_say_nothing() -> None:
    assert frames.read_close(b"") == (frames.NO_CODE, "")


@given(code=st.one_of(st.integers(990, 1020), st.integers(2990, 5010), st.integers(0, 65_535)))
def test_a_code_is_allowed_where_the_library_allows_it(code: int) -> None:
    payload = code.to_bytes(2) + "Schluß".encode()
    try:
        oracle.Close(code, "").check()
    except ProtocolError:
        with pytest.raises(BadFrame) as refused:
            frames.read_close(payload)
        assert refused.value.code == 1002
    else:
        assert frames.read_close(payload) == (code, "Schluß")


@pytest.mark.parametrize(("payload", "code"), [(b"\x03", 1002), (b"\x03\xe8\xff", 1007), (b"\x03\xe8\xc3", 1007)])
def test_a_close_that_cannot_be_read_is_refused(payload: bytes, code: int) -> None:
    with pytest.raises(BadFrame) as refused:
        frames.read_close(payload)
    assert refused.value.code == code
