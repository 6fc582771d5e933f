"""WebSocket frames as bytes (RFC 6455, section 5, without extensions): made for a server, read from a client. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library had no compiler
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
OPCODES = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))

PROTOCOL_ERROR, NO_CODE, NOT_TEXT, TOO_LARGE = 1002, 1005, 1007, 1009
CONTROL_MAX_BYTES = 125


class Frame(NamedTuple):
    opcode: int
    is_last: bool
    payload: bytes
    end: int
    """Where it ends in what was read."""


class BadFrame(Exception):
    """The other side broke the protocol; `code` is what to close with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def made(opcode: int, payload: bytes) -> bytes:
    """A whole frame, unmasked, as a server sends it."""
    length = len(payload)
    if length < 126:
        return bytes((0x80 | opcode, length)) + payload
    if length < 65_536:
        return bytes((0x80 | opcode, 126)) + length.to_bytes(2) + payload
    return bytes((0x80 | opcode, 127)) + length.to_bytes(8) + payload


def text(words: str) -> bytes:
    return made(TEXT, words.encode())


def close(code: int, reason: str = "") -> bytes:
    short = reason.encode()[: CONTROL_MAX_BYTES - 2].decode(errors="ignore")  # no half a character
    return made(CLOSE, b"" if code == NO_CODE else code.to_bytes(2) + short.encode())


def read(data: bytes | bytearray, max_bytes: int) -> Iterator[Frame]:
    """The whole frames at the beginning of `data`. Raises `BadFrame`, also for one of more than `max_bytes`."""
    at, end = 0, len(data)
    while end - at >= 2:
        first, second = data[at], data[at + 1]
        opcode, length, start = first & 0x0F, second & 0x7F, at + 2
        if first & 0x70 or opcode not in OPCODES:
            raise BadFrame(PROTOCOL_ERROR, "unknown frame")
        if not second & 0x80:
            raise BadFrame(PROTOCOL_ERROR, "frame without a mask")
        if opcode >= CLOSE and (length > CONTROL_MAX_BYTES or not first & 0x80):
            raise BadFrame(PROTOCOL_ERROR, "control frame too long or in parts")
        if length >= 126:
            bytes_of_length = 2 if length == 126 else 8
            if end - start < bytes_of_length:
                return
            length = int.from_bytes(data[start : start + bytes_of_length])
            start += bytes_of_length
        if length > max_bytes:
            raise BadFrame(TOO_LARGE, "frame too large")
        if end - start < 4 + length:
            return
        at = start + 4 + length
        yield Frame(opcode, bool(first & 0x80), apply_mask(data[start + 4 : at], data[start : start + 4]), at)


def read_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a close frame. Raises `BadFrame`."""
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or not (code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise BadFrame(PROTOCOL_ERROR, "invalid close code")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise BadFrame(NOT_TEXT, "invalid UTF-8") from error
