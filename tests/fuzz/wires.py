"""What a fuzzer writes on an open socket by hand: frames that no library would send, each with what may come of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from websockets.utils import apply_mask

from timers.protocol import MAX_FRAME_BYTES, CloseCode
from tomato import frames
from tomato.serve import FRAME_MAX_BYTES

ALIVE = "answers on"
ENDS = frozenset({1002, 1005, 1007, 1009, int(CloseCode.FRAME_TOO_LARGE)})
"""The codes with which a socket ends that got nothing but noise."""
MASK = b"\x0a\x0b\x0c\x0d"
PING = b'{"type":"ping","t":1}'
NO_TEXT = [b"\xff", b"\xc3\x28", b"abc\xf0\x9f", b"\xed\xa0\x80", b"\x80" * 200]
FLOOD = 1_000
MOST_MESSAGES = 6_000
TOO_MANY = "too many messages"


@dataclass(frozen=True)
class Frames:
    """Bytes on an open socket, written in pieces that end at `cuts`. `ends` are the close codes of which one must come, or `ALIVE`
    where the socket must still answer; empty where anything may be waited for."""

    kind: str
    data: bytes
    ends: frozenset[int | str]
    cuts: tuple[int, ...] = ()

    def pieces(self) -> list[bytes]:
        at = [0, *sorted(cut % (len(self.data) + 1) for cut in self.cuts), len(self.data)]
        return [self.data[start:end] for start, end in pairwise(at)]


# Frames ---------------------------------------------------------------------------------------------------------------


def frame(
    opcode: int, payload: bytes = b"", *, first: int | None = None, mask: bytes = MASK, length_bytes: int = 0
) -> bytes:
    """A client's frame. `first` is another first byte than that of a whole frame; its length may take more bytes than it needs."""
    head = bytes((0x80 | opcode if first is None else first,))
    needed = 0 if len(payload) < 126 else 2 if len(payload) < 65_536 else 8
    size = max(needed, length_bytes)
    marked = 0x80 if mask else 0
    short = {0: len(payload), 2: 126, 8: 127}[size]
    head += bytes((marked | short,)) + (len(payload).to_bytes(size) if size else b"")
    return head + mask + (apply_mask(payload, mask) if mask else payload)


def sockets() -> st.SearchStrategy[Frames]:
    """What comes over a socket that was opened as it should be."""
    kinds = (
        _parts,
        _wrong_first_byte,
        _no_mask,
        _bad_control,
        _bad_order,
        _too_large,
        _no_text,
        _close,
        _odd_lengths,
        _pings,
        _too_many,
    )
    return st.sampled_from([*kinds, _halves, _noise]).flatmap(lambda kind: _in_pieces(kind()))


@st.composite
def _in_pieces(draw: Any, made: st.SearchStrategy[tuple[str, bytes, Any]]) -> Frames:
    kind, data, ends = draw(made)
    cuts = draw(st.lists(st.integers(0, 2**20), max_size=4))
    return Frames(f"frames: {kind}", data, frozenset(ends), tuple(cuts))


_CONTROLS = st.builds(frame, st.sampled_from([frames.PING, frames.PONG]), st.binary(max_size=125))


@st.composite
def _parts(draw: Any) -> Any:
    """A message in parts, with controls between them, as the standard allows."""
    parts = [PING[:3], b"", PING[3:9], PING[9:]]
    data = b""
    for number, part in enumerate(parts):
        opcode = frames.CONTINUATION if number else frames.TEXT
        first = opcode | (0x80 if number == len(parts) - 1 else 0)
        data += frame(opcode, part, first=first, mask=draw(st.binary(min_size=4, max_size=4)))
        data += b"".join(draw(st.lists(_CONTROLS, max_size=2)))
    return "a message in parts", data, [ALIVE]


@st.composite
def _wrong_first_byte(draw: Any) -> Any:
    opcode = draw(st.sampled_from([*range(3, 8), *range(11, 16)]) | st.sampled_from(sorted(frames.OPCODES)))
    reserved = draw(st.sampled_from([0x10, 0x20, 0x40, 0x70] + ([0] if opcode not in frames.OPCODES else [])))
    first = draw(st.sampled_from([0x80, 0])) | reserved | opcode
    return "an unknown opcode or reserved bits", frame(opcode, draw(st.binary(max_size=100)), first=first), [1002]


@st.composite
def _no_mask(draw: Any) -> Any:
    opcode = draw(st.sampled_from([frames.TEXT, frames.BINARY, frames.PING]))
    return "no mask", frame(opcode, draw(st.just(PING) | st.binary(max_size=100)), mask=b""), [1002]


@st.composite
def _bad_control(draw: Any) -> Any:
    opcode = draw(st.sampled_from([frames.PING, frames.PONG, frames.CLOSE]))
    long = frame(opcode, draw(st.binary(min_size=126, max_size=300)))
    in_parts = frame(opcode, draw(st.binary(max_size=100)), first=opcode)
    return "a control too long or in parts", draw(st.sampled_from([long, in_parts])), [1002]


@st.composite
def _bad_order(draw: Any) -> Any:
    opcode, payload = draw(st.sampled_from([frames.TEXT, frames.BINARY])), draw(st.binary(max_size=50))
    continues = frame(frames.CONTINUATION, payload, first=draw(st.sampled_from([0x80, 0])))
    begins_twice = frame(opcode, b"a", first=opcode) + frame(opcode, payload)
    return "parts out of order", draw(st.sampled_from([continues, begins_twice])), [1002]


@st.composite
def _too_large(draw: Any) -> Any:
    opcode = draw(st.sampled_from([frames.TEXT, frames.BINARY]))
    size = draw(st.sampled_from([MAX_FRAME_BYTES + 1, 65_535, 65_536, 200_000]))
    whole = frame(opcode, b" " * size)
    in_parts = frame(opcode, b" " * (size - 1), first=opcode) + frame(frames.CONTINUATION, b" ")
    claims = [FRAME_MAX_BYTES + 1, 2**32, 2**63, 2**64 - 1]
    claimed = [(bytes((0x80 | opcode, 0xFF)) + claim.to_bytes(8) + MASK, [1009]) for claim in claims]
    refused = [(whole, [4413]), (in_parts, [4413])]
    return "too large", *draw(st.sampled_from([*refused, *refused, *claimed]))


@st.composite
def _no_text(draw: Any) -> Any:
    payload = draw(st.sampled_from(NO_TEXT))
    if draw(st.booleans()):
        return "no text", frame(frames.TEXT, payload), [1007]
    return "no text", frame(frames.TEXT, b"a", first=frames.TEXT) + frame(frames.CONTINUATION, payload), [1007]


@st.composite
def _close(draw: Any) -> Any:
    right = st.sampled_from([1000, 1001, 1003, 1011, 1014, 3000, 4000, 4999])
    wrong = st.sampled_from([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])
    reason = draw(st.text(max_size=30)).encode()
    code = draw(right)
    payload, ends = draw(
        st.sampled_from([(code.to_bytes(2) + reason, code), (b"", 1005), (b"\x03", 1002), (b"\x03\xe8\xff", 1007)])
        | wrong.map(lambda code: (code.to_bytes(2) + reason, 1002))
    )
    after = draw(st.sampled_from([b"", frame(frames.TEXT, PING), b"\xff" * 20]))
    return "a close", frame(frames.CLOSE, payload) + after, [ends]


@st.composite
def _odd_lengths(draw: Any) -> Any:
    """A length in more bytes than it needs, which a server may take or refuse."""
    return "an odd length", frame(frames.TEXT, PING, length_bytes=draw(st.sampled_from([2, 8]))), [ALIVE, 1002]


@st.composite
def _pings(draw: Any) -> Any:
    """Many at once."""
    payload = draw(st.binary(max_size=125))
    kinds = st.sampled_from([frame(frames.PING, payload), frame(frames.PONG, payload)])
    return "a flood of controls", draw(kinds) * FLOOD, [ALIVE]


@st.composite
def _too_many(draw: Any) -> Any:
    """More messages than any person may send."""
    payload = draw(st.sampled_from([PING, b"junk", b'{"type":"session:rename","name":""}']))
    return TOO_MANY, frame(draw(st.sampled_from([frames.TEXT, frames.BINARY])), payload) * MOST_MESSAGES, [4429]


@st.composite
def _halves(draw: Any) -> Any:
    """The beginning of a frame, and then nothing."""
    whole = frame(frames.TEXT, draw(st.binary(min_size=1, max_size=300)))
    return "half a frame", whole[: draw(st.integers(1, len(whole) - 1))], []


@st.composite
def _noise(draw: Any) -> Any:
    return "noise", draw(st.binary(min_size=1, max_size=300)), []
