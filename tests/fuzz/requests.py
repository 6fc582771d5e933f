"""What a fuzzer writes on a new connection: handshakes that are none, requests with whatever in them, and what is nearly HTTP. Each
with what may come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

SITE, PLACE, COOKIE = "site.example", "ROOM-OF-THE-SITE", "cookie-of-the-site"
"""Stand in a request for those of the site that it is sent to."""


@dataclass(frozen=True)
class Request:
    """Bytes on a new connection. `statuses` are those that may come; where there are none, any below 500, and 503. A whole request
    must be answered, of another the connection need only end. `ends` is how a socket ends that came of it."""

    kind: str
    data: bytes
    is_whole: bool = True
    statuses: frozenset[int] = frozenset()
    ends: int | None = None


def requests() -> st.SearchStrategy[Request]:
    kinds = [_handshakes, _http, _http, _forms, _broken_http]
    return st.sampled_from(kinds).flatmap(lambda kind: kind())


KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {
    "Host": SITE,
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    "Origin": f"http://{SITE}",
    "Cookie": f"tomato_device={COOKIE}",
}


def written(line: str, headers: Mapping[str, str | None], body: bytes = b"") -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in headers.items() if value is not None), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body


@st.composite
def _handshakes(draw: Any) -> Request:
    """Of a socket, with one thing wrong."""
    changed, path, statuses, ends = draw(st.sampled_from(_MISTAKEN_HANDSHAKES))
    data = written(f"GET {path} HTTP/1.1", {**HANDSHAKE, **changed})
    return Request("request: a handshake", data, statuses=frozenset(statuses), ends=ends)


_SOLO = "/ws/solo"
_NOWHERE = ["/ws/room/ABCDEF", "/ws/room/%00", "/ws/room/", "/ws/room/" + "A" * 3_000, "/ws/nowhere", "/", "//ws/solo"]
_FOREIGN = [None, "null", "", "http://evil.example", "http://", f"http://evil.{SITE}"]
_FORGED = [None, "", "tomato_device=", f"tomato_device={COOKIE}x", "=" * 2_000, ";;;\xff"]
_MISTAKEN_HANDSHAKES: list[tuple[Mapping[str, str | None], str, list[int], int | None]] = [
    *(({"Origin": origin}, _SOLO, [403], None) for origin in _FOREIGN),
    *(({"Cookie": cookie}, _SOLO, [101], 4401) for cookie in _FORGED),
    *(({}, path, [101], 4404) for path in _NOWHERE),
    *(({"Sec-WebSocket-Key": key}, _SOLO, [400], None) for key in (None, "", "short", KEY[:-2], KEY + KEY, "\xff" * 24)),
    *(({"Sec-WebSocket-Version": version}, _SOLO, [426], None) for version in (None, "", "8", "013", "14", "13, 8")),
    *(({name: value}, _SOLO, [], None) for name in ("Upgrade", "Connection") for value in (None, "", "h2c", "websocket", "close")),
    *(({"Host": host}, _SOLO, [], None) for host in (None, "", "evil.example", "[", "127.0.0.1:99999999", "\xff")),
    *(({"Sec-WebSocket-Extensions": words}, "/ws/nowhere", [101], 4404) for words in ("permessage-deflate", ";", "x" * 4_000)),
    *(({"Sec-WebSocket-Protocol": words}, "/ws/nowhere", [101], 4404) for words in ("", ",,,", "x" * 4_000, "\xff")),
    ({"Origin": "\x7f"}, _SOLO, [400], None),
    ({"Content-Length": "5"}, _SOLO, [], None),
    ({"Transfer-Encoding": "chunked"}, _SOLO, [], None),
]  # fmt: skip


@st.composite
def _http(draw: Any) -> Request:
    """A whole request, to a page that is there or is not, with whatever in it."""
    method = draw(st.sampled_from(_METHODS))
    headers = {"Host": SITE, "Connection": "close", **dict(draw(st.lists(_HEADERS, max_size=3)))}
    body = draw(st.binary(max_size=200)) if draw(st.booleans()) else b""
    if body or method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(body))
    return Request("request: HTTP", written(f"{method} {draw(_targets())} HTTP/1.1", headers, body))


_METHODS = ["GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
_PATHS = [
    "/", "/you", "/forget-me", "/rooms", "/rooms/join", f"/room/{PLACE}", f"/room/{PLACE}/enter", f"/room/{PLACE}/qr.svg",
    "/room/ABCDEF/events", "/healthz", "/readyz", "/metrics", "/offline", "/sw.js", "/manifest.webmanifest", "/api/", "/api/rooms",
    f"/api/rooms/{PLACE}", f"/api/rooms/{PLACE}/timer", "/api/openapi.json", "/api/docs", "/admin/", "/admin/login/",
    "/admin/timers/live/", "/static/", "/static/nothing.js", "/ws/solo", "/favicon.ico",
]  # fmt: skip
_STRANGE_PATHS = [
    "*", "//", "/%", "/%00", "/%zz", "/%ff%fe", "/..%2f..%2fmanage.py", "/static/../../manage.py", "/static/%2e%2e/manage.py",
    "/room/%00", "/room/%ff", "/room/" + "A" * 3_000, "/room/ÄÖÜ", "/api/rooms/%ed%a0%80", "/api/rooms/%0d%0aX:1", "http://evil.example/",
    "/rooms/join?code=%00", "/rooms/join?code=" + "9" * 3_000, "/?" + "a=1&" * 2_000, "/?%ff=%fe", "/admin/?next=//evil.example",
]  # fmt: skip


def _targets() -> st.SearchStrategy[str]:
    ends = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=30)
    below = st.builds(lambda path, more: path.rstrip("/") + "/" + more, st.sampled_from(_PATHS), ends)
    asked = st.builds(lambda path, more: f"{path}?{more}", st.sampled_from(_PATHS), ends)
    return st.one_of(st.sampled_from(_PATHS), asked, below, st.sampled_from(_STRANGE_PATHS)).filter(
        lambda at: not at.endswith("/events")
    )


_HEADERS = st.one_of(
    st.tuples(
        st.sampled_from([
            "Cookie", "Accept", "Accept-Language", "Content-Type", "Origin", "Referer", "X-Forwarded-For", "X-Room-Passcode",
            "Last-Event-ID", "If-None-Match", "If-Modified-Since", "Range", "X-CSRFToken", "Accept-Encoding",
        ]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60),
    ),
    st.sampled_from([
        ("Cookie", "tomato_device=" + "A" * 4_000), ("Cookie", 'tomato_device="\\377"'),
        ("Cookie", "csrftoken=\x01; sessionid=" + "x" * 32), ("Content-Type", "application/json"),
        ("Content-Type", "application/json; charset=utf-7"), ("Content-Type", "multipart/form-data"),
        ("Content-Type", "multipart/form-data; boundary=" + "x" * 300),
        ("Content-Type", "application/x-www-form-urlencoded; charset=nothing"), ("Accept-Language", "de" * 500),
        ("Accept-Encoding", "gzip;q=nan"), ("Range", "bytes=-9999999999999999999999"), ("Host", "evil.example"),
        ("If-Modified-Since", "Thu, 32 Foo 99999 99:99:99 GMT"), ("X-Forwarded-For", "1.2.3.4, " * 300),
        ("Last-Event-ID", "9" * 500),
    ]),
)  # fmt: skip


@st.composite
def _forms(draw: Any) -> Request:
    """What a browser may post, with the token that it needs."""
    token = "t" * 32
    path = draw(
        st.sampled_from(["/rooms", f"/room/{PLACE}/enter", "/room/ABCDEF/enter", "/forget-me", "/admin/login/"])
    )
    names = st.sampled_from(["name", "passcode", "username", "password", "next", "x"])
    fields = draw(st.dictionaries(names, st.binary(max_size=80), max_size=4))
    fields.pop("passcode" if path == "/rooms" else "x", None)  # a locked room costs a good part of a second
    body = b"&".join(
        [
            b"csrfmiddlewaretoken=" + token.encode(),
            *(name.encode() + b"=" + _quoted(value) for name, value in fields.items()),
        ]
    )
    kind = "application/x-www-form-urlencoded"
    headers = {
        "Host": SITE,
        "Connection": "close",
        "Cookie": f"csrftoken={token}",
        "Content-Type": kind,
        "Content-Length": str(len(body)),
    }
    return Request("request: a form", written(f"POST {path} HTTP/1.1", headers, body))


def _quoted(value: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in value)


@st.composite
def _broken_http(draw: Any) -> Request:
    """What is no HTTP, or not all of it."""
    whole = draw(st.one_of(_http(), _handshakes())).data
    data = draw(
        st.one_of(
            st.binary(min_size=1, max_size=300),
            st.integers(1, len(whole) - 1).map(lambda end: whole[:end]),
            st.sampled_from(_NEARLY_HTTP),
            st.tuples(st.integers(0, len(whole) - 1), st.binary(min_size=1, max_size=5)).map(
                lambda hit: _hit(whole, *hit)
            ),
        )
    )
    return Request("request: broken HTTP", data, is_whole=False)


def _hit(whole: bytes, at: int, noise: bytes) -> bytes:
    return whole[:at] + noise + whole[at + len(noise) :]


_HOST = f"Host: {SITE}\r\n".encode()
_GET, _POST = b"GET / HTTP/1.1\r\n" + _HOST, b"POST /api/rooms HTTP/1.1\r\n" + _HOST
_JSON, _CHUNKED = b"Content-Type: application/json\r\n", b"Transfer-Encoding: chunked\r\n"
_NEARLY_HTTP = [
    b"\r\n" * 100,
    b"\x00" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    b"GET",
    b"GET /\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\n\n",
    b"get / http/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + _HOST + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    _GET,
    _GET + b"Content-Length: -1\r\n\r\n",
    _GET + b"Content-Length: 1" + b"0" * 40 + b"\r\n\r\n",
    _GET + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    _GET + b"".join(b"X%d: 1\r\n" % number for number in range(3_000)) + b"\r\n",
    _GET + b": no name\r\n\r\n",
    _GET + b"folded: a\r\n b\r\n\r\n",
    _POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
    _POST + b"Content-Length: 100\r\n" + _JSON + b"\r\n{}",
    _POST + b"Content-Length: 2\r\n" + _CHUNKED + b"\r\n{}",
    _POST + _CHUNKED + b"\r\nffffffffffffffffff\r\n{}",
    _POST + _CHUNKED + _JSON + b"\r\n2\r\n{}\r\nzz\r\n",
    _POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n" + _JSON + b"\r\n",
    (_GET.replace(b"/ ", b"/healthz ", 1) + b"\r\n") * 50,
]
