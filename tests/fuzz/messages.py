"""What a fuzzer says on a socket, made of the message types themselves, and what the contract lets come back: nothing here asks
the code that answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from timers import protocol
from timers.protocol import MAX_FRAME_BYTES, MAX_ID_LENGTH, MAX_NAME_LENGTH, Message, RoomMessage, TimerMessage

Fields = dict[str, Any]

ID = "an id that nobody has used"
"""Stands in a text for one of the same length, which is put in when it is sent."""

ACK, PONG, JOINED, NOTHING = "ack", "pong", "session:joined", "nothing"
BAD, UNKNOWN, INVALID, FORBIDDEN, UNAVAILABLE = "bad-message", "unknown-type", "invalid", "forbidden", "unavailable"

INT64, UINT64 = 2**63, 2**64
AN_AGE_MS = 4_000_000_000_000
_LATER = st.integers(AN_AGE_MS, UINT64 - 1)
DEEPEST = 3_000


@dataclass(frozen=True)
class Said:
    """One message, and the answers that may come: one of them, once."""

    kind: str
    text: str | bytes
    answers: frozenset[str]

    @property
    def data(self) -> bytes:
        return self.text.encode() if isinstance(self.text, str) else self.text

    def __repr__(self) -> str:
        return f"{self.kind} {self.text!r:.600}, which may be answered by {' or '.join(sorted(self.answers))}"


def messages(room: bool) -> st.SearchStrategy[Said]:
    """Whatever may be said on the socket of a room, or on that of one's own timer."""
    kinds = [_valid, _valid, _nearly_valid, _nearly_valid, _nearly_valid, _junk]
    return (
        st.sampled_from(kinds).flatmap(lambda kind: kind(room)).filter(lambda said: len(said.data) <= MAX_FRAME_BYTES)
    )


# Valid ----------------------------------------------------------------------------------------------------------------


def _valid(room: bool) -> st.SearchStrategy[Said]:
    return st.builds(lambda fields, text: Said("valid", text(fields), _due(fields)), _fields(room), _WRITTEN)


@st.composite
def _fields(draw: Any, room: bool) -> Fields:
    """A message as its type describes it, with some of what may be left out."""
    kind = draw(st.sampled_from(_kinds(room)))
    model = protocol.MESSAGES[kind]
    fields = {name: draw(_value_of(name, field)) for name, field in model.model_fields.items() if name != "id"}
    if issubclass(model, TimerMessage):
        fields |= {"timer": draw(st.sampled_from(["room", "me"]))} if room else {"timer": "me"}
    left_out = {name for name in _optional(model, room) if draw(st.booleans())} | _meaningless(model, room)
    kept = {name: value for name, value in fields.items() if name not in left_out}
    has_id = fields.get("timer") == "room" or issubclass(model, RoomMessage) or draw(st.booleans())
    return {"type": kind, **({"id": ID} if has_id else {}), **kept}


def _kinds(room: bool) -> list[str]:
    return [kind for kind, model in protocol.MESSAGES.items() if room or not issubclass(model, RoomMessage)]


def _optional(model: type[Message], room: bool) -> Iterable[str]:
    needed = {"timer"} if room else set()
    return [name for name, field in model.model_fields.items() if not field.is_required() and name not in needed]


def _meaningless(model: type[Message], room: bool) -> set[str]:
    return {"at"} if room and issubclass(model, TimerMessage) else set()


def _due(fields: Fields) -> frozenset[str]:
    """What the contract says to a message that is understood."""
    match fields["type"]:
        case "ping":
            return frozenset({PONG})
        case "session:sync":
            return frozenset({JOINED})
    answers = {ACK} if "id" in fields else {NOTHING}
    if fields.get("timer") == "room" or issubclass(protocol.MESSAGES[fields["type"]], RoomMessage):
        answers.add(FORBIDDEN)
    if "lapses_at" in fields:
        answers.add(UNAVAILABLE)
    return frozenset(answers)


def _value_of(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    match name:
        case "name":
            return st.text("abcZ09 äλ字🍅", min_size=1, max_size=MAX_NAME_LENGTH).filter(str.strip)
        case "at" | "lapses_at":
            return st.one_of(st.integers(0, AN_AGE_MS), _LATER, _LATER, _LATER)
    return _values(field.annotation, field.metadata)


def _values(annotation: Any, limits: Iterable[Any]) -> st.SearchStrategy[Any]:
    """The values of a type as the messages use them."""
    match get_origin(annotation) or annotation:
        case origin if origin is Annotated:
            inner, about = get_args(annotation)
            return _values(inner, about.metadata)
        case origin if origin is Literal:
            return st.sampled_from(get_args(annotation))
        case origin if origin is list:
            return st.lists(_values(get_args(annotation)[0], ()), max_size=5)
        case origin if origin in (Union, UnionType):
            return st.one_of([_values(one, limits) for one in get_args(annotation)])
        case origin if origin is bool:
            return st.booleans()
        case origin if origin is int:
            return st.integers(_limit(limits, "ge", -INT64), _limit(limits, "le", INT64 - 1))
        case origin if origin is float:
            return st.floats(allow_nan=False, allow_infinity=False)
        case origin if origin is str:
            return st.text(min_size=_limit(limits, "min_length", 0), max_size=_limit(limits, "max_length", 20))
    raise AssertionError(f"The fuzzer knows no values of {annotation}: tell it how they are made.")


def _limit(limits: Iterable[Any], name: str, otherwise: Any) -> Any:
    return next((getattr(limit, name) for limit in limits if hasattr(limit, name)), otherwise)


def _escaped(fields: Fields) -> str:
    return json.dumps(fields)


def _compact(fields: Fields) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _spread(fields: Fields) -> str:
    return "\n\t " + json.dumps(fields, indent=1) + "\r\n"


def _backwards(fields: Fields) -> str:
    return json.dumps(dict(reversed(fields.items())))


def _spelt_out(fields: Fields) -> str:
    """With a type that no look at the bytes would find."""
    kind = "".join(f"\\u{ord(character):04x}" for character in fields["type"])
    return json.dumps(fields).replace(json.dumps(fields["type"]), f'"{kind}"', 1)


def _filled_up(fields: Fields) -> str:
    """As long as a frame may be."""
    text = json.dumps(fields)
    return text + " " * (MAX_FRAME_BYTES - len(text))


_WRITTEN: st.SearchStrategy[Callable[[Fields], str]] = st.sampled_from(
    [_escaped, _compact, _spread, _backwards, _spelt_out, _filled_up]
)


# Nearly valid ---------------------------------------------------------------------------------------------------------


def _nearly_valid(room: bool) -> st.SearchStrategy[Said]:
    return st.one_of([mistake(room).map(_said_nearly) for mistake in (*_MISTAKES, *(() if room else (_out_of_place,)))])


def _said_nearly(made: tuple[str, str | Fields, Iterable[str]]) -> Said:
    mistake, text, answers = made
    return Said(f"nearly valid: {mistake}", text if isinstance(text, str) else json.dumps(text), frozenset(answers))


@st.composite
def _field_missing(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room).filter(lambda fields: _required(fields, room)))
    missing = draw(st.sampled_from(_required(fields, room)))
    return "a field missing", {name: value for name, value in fields.items() if name != missing}, [INVALID]


def _required(fields: Fields, room: bool) -> list[str]:
    model = protocol.MESSAGES[fields["type"]]
    named = ["timer"] if room and issubclass(model, TimerMessage) else []
    return named + [name for name, field in model.model_fields.items() if field.is_required()]


@st.composite
def _wrong_type(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room))
    model = protocol.MESSAGES[fields["type"]]
    name = draw(st.sampled_from(sorted(model.model_fields)))
    annotation = model.model_fields[name].annotation
    wrong = draw(st.sampled_from([value for value in _ANY_TYPE if not _is_of(value, annotation)]))
    return "a field of another type", {**fields, name: wrong}, [INVALID]


_ANY_TYPE: list[Any] = [None, True, False, 0, 1, 60_000, 1.0, 1.5, "1", "true", "x", {}, {"ms": 1}, [1], [[]], [None]]


def _is_of(value: Any, annotation: Any) -> bool:
    match get_origin(annotation) or annotation:
        case origin if origin is Annotated:
            return _is_of(value, get_args(annotation)[0])
        case origin if origin is Literal:
            return value in get_args(annotation)
        case origin if origin is list:
            return isinstance(value, list) and all(_is_of(one, get_args(annotation)[0]) for one in value)
        case origin if origin in (Union, UnionType):
            return any(_is_of(value, one) for one in get_args(annotation))
        case origin if origin is int:
            return isinstance(value, int) and not isinstance(value, bool)
        case origin:
            return isinstance(value, origin)


@st.composite
def _out_of_range(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room).filter(_limited))
    name = draw(st.sampled_from(_limited(fields)))
    wrong = draw(_beyond(name, protocol.MESSAGES[fields["type"]].model_fields[name].metadata))
    return "a field out of range", {**fields, name: wrong}, [INVALID]


def _limited(fields: Fields) -> list[str]:
    known = protocol.MESSAGES[fields["type"]].model_fields
    return [name for name, field in known.items() if name == "name" or field.metadata]


def _beyond(name: str, limits: list[Any]) -> st.SearchStrategy[Any]:
    if name == "name":
        return st.sampled_from(["", " \t", "\u202e\u0000", "x" * (MAX_NAME_LENGTH + 1), "🍅" * (MAX_NAME_LENGTH + 1)])
    if name == "controllers":
        return st.just(["x"] * (protocol.MAX_CONTROLLERS + 1)) | st.just([""]) | st.just(["x" * (MAX_ID_LENGTH + 1)])
    if hasattr(limits[0], "ge"):
        least, most = _limit(limits, "ge", 0), _limit(limits, "le", 0)
        below, above = st.integers(least - UINT64, least - 1), st.integers(most + 1, most + UINT64)
        return below | above | st.sampled_from([least - 1, most + 1])
    too_long = st.integers(1, 500).map(lambda more: "x" * (_limit(limits, "max_length", 0) + more))
    return too_long | st.just("") if _limit(limits, "min_length", 0) else too_long


@st.composite
def _more_fields(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room))
    more = draw(st.dictionaries(st.text(max_size=10).map(lambda name: f"x{name}"), _JSON, min_size=1, max_size=5))
    return "unknown fields", {**more, **fields}, _due(fields)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INT64, UINT64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(max_size=10), parts, max_size=4),
    max_leaves=10,
)


@st.composite
def _strange_number(draw: Any, room: bool) -> Any:
    """Where an integer is expected, or where nobody looks."""
    fields = draw(_fields(room))
    numbers = [
        name for name, field in protocol.MESSAGES[fields["type"]].model_fields.items() if field.annotation is int
    ]
    name = draw(st.sampled_from([*numbers, "x", *(["t"] if fields["type"] == "ping" else [])]))
    text = draw(st.sampled_from(_STRANGE_NUMBERS))
    written = json.dumps({**fields, name: "HERE"}).replace('"HERE"', text)
    return "a strange number", written, {BAD, INVALID} | _due({**fields, name: 0})


_STRANGE_NUMBERS = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "1E400", "-0", "-0.0", "0e0", "1.0", "1e3", "01", "+1", "0x10",
    ".5", "5.", "1_000", "9" * 30, "-" + "9" * 30, "9" * 400, "1" + "0" * 4000, "0." + "3" * 4000,
    str(INT64), str(UINT64 - 1), str(UINT64), str(-INT64), str(-INT64 - 1), str(2**53 + 1),
]  # fmt: skip


@st.composite
def _deep(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room))
    depth = draw(st.integers(1, DEEPEST) | st.sampled_from([1023, 1024, 1025]))
    opening, inside, closing = draw(st.sampled_from([("[", "", "]"), ('{"a":', "1", "}")]))
    depth = min(depth, 1_200) if opening != "[" else depth
    nested = opening * depth + inside + closing * depth
    return "deep nesting", json.dumps({**fields, "x": "HERE"}).replace('"HERE"', nested), {BAD} | _due(fields)


@st.composite
def _half_a_character(draw: Any, room: bool) -> Any:
    """An escape that is JSON by its grammar and no text."""
    fields = draw(_fields(room))
    known = protocol.MESSAGES[fields["type"]].model_fields
    name = draw(st.sampled_from(sorted({"x", "type", *known})))
    half = draw(st.sampled_from(["\\ud800", "\\udfff", "a\\udc00b", "\\ud800\\ud800", "\\uDBFF \\uDFFF"]))
    text = json.dumps({**fields, name: "HERE"}).replace('"HERE"', f'"{half}"')
    return "half a character", text, {BAD, INVALID, UNKNOWN} | _due(fields)


@st.composite
def _key_twice(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room))
    name = draw(st.sampled_from(sorted(name for name in fields if name != "id")))
    text = f"{{{json.dumps(name)}: {json.dumps(draw(_JSON))}, {json.dumps(fields)[1:]}"
    return "a key twice", text, {BAD, INVALID, UNKNOWN} | _due(fields)


@st.composite
def _unknown_type(draw: Any, room: bool) -> Any:
    kinds = st.sampled_from(
        ["timer", "timer:", "timer:explode", "__init__", "TIMER:START", "timer:start ", "ack", "error", ""]
    )
    kind = draw(st.one_of(kinds, st.text(max_size=200)).filter(lambda kind: kind not in protocol.MESSAGES))
    return "an unknown type", {**draw(_fields(room)), "type": kind}, [UNKNOWN]


@st.composite
def _no_type(draw: Any, room: bool) -> Any:
    fields = draw(_fields(room))
    kind = draw(st.sampled_from([{}, {"type": None}, {"type": 1}, {"type": True}, {"type": ["ping"]}, {"type": {}}]))
    return "no type", {**{name: value for name, value in fields.items() if name != "type"}, **kind}, [BAD]


@st.composite
def _out_of_place(draw: Any, room: bool) -> Any:
    """What makes sense in a room, said on the socket of one's own timer."""
    fields = draw(
        _fields(True).filter(lambda fields: fields.get("timer") == "room" or fields["type"] not in _kinds(room))
    )
    return "out of place", fields, [INVALID]


_MISTAKES = (
    _field_missing,
    _wrong_type,
    _out_of_range,
    _more_fields,
    _strange_number,
    _deep,
    _half_a_character,
    _key_twice,
    _unknown_type,
    _no_type,
)


# Junk -----------------------------------------------------------------------------------------------------------------


def _junk(room: bool) -> st.SearchStrategy[Said]:
    no_object = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(_JSON, max_size=5)).map(
        json.dumps
    )
    return st.one_of(
        st.text(max_size=200).filter(_is_no_message).map(lambda text: _said_junk("text", text)),
        no_object.map(lambda text: _said_junk("JSON, but no object", text)),
        _truncated(room).map(lambda text: _said_junk("truncated", text)),
        st.binary(max_size=300).map(lambda data: _said_junk("binary", data)),
        _fields(room).map(lambda fields: _said_junk("binary", json.dumps(fields).encode())),
        st.sampled_from(_KNOWN_JUNK).map(lambda text: _said_junk("text", text)),
    )


def _said_junk(kind: str, text: str | bytes) -> Said:
    return Said(f"junk: {kind}", text, frozenset({BAD}))


def _is_no_message(text: str) -> bool:
    try:
        fields = json.loads(text)
    except ValueError:
        return True
    return not (isinstance(fields, dict) and isinstance(fields.get("type"), str))


@st.composite
def _truncated(draw: Any, room: bool) -> str:
    text = json.dumps(draw(_fields(room)))
    return text[: draw(st.integers(0, len(text) - 1))]


_KNOWN_JUNK = [
    "", " ", "\x00", "null", "{}", "[]", "{", "}", '{"type"}', '{"type":}', '{"type":"ping","t":1', '{"type":"ping","t":1}}',
    "{'type': 'ping', 't': 1}", '\ufeff{"type":"ping","t":1}', '{"type":"ping","t":1}{"type":"ping","t":1}', "[" * 8_000,
    '{"a":' * 1_600, '{"type":"ping","t":1,}', '/**/{"type":"ping","t":1}', '"' + "\\" * 8_001, "9" * 8_000, "\x7f" * 100, "🍅" * 2_000,
]  # fmt: skip
