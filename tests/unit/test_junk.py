"""Whatever else may come from a client, however odd: all of it is answered."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.messages import LEAST, TYPES, said
from tests.support.topics import on_the_wire, room_with
from timers import protocol
from timers.protocol import Junk, Message, TimerMessage, parse
from timers.timer import Settings

# Junk -----------------------------------------------------------------------------------------------------------------

NOT_A_MESSAGE = [
    "",
    " ",
    "\x00",
    "ping",
    "null",
    "true",
    "1",
    '"ping"',
    "[]",
    '[{"type": "ping", "t": 1}]',
    "{}",
    '{"type": null}',
    '{"type": 1, "t": 1}',
    '{"type": ["ping"], "t": 1}',
    '{"type": {"type": "ping"}}',
    '{"Type": "ping", "t": 1}',
    "{'type': 'ping', 't': 1}",
    '{"type": "ping", "t": 1',
    '{"type": "ping", "t": 1} {}',
    '{"type": "ping", "t": 1,}',
    '{"type": "ping", "t": NaN}',
    '{"type": "ping", "t": Infinity}',
    '{"type": "ping", "t": -Infinity}',
    '{"type": "ping", "t": 01}',
    '{"type": "ping", "t": 0x10}',
    '{"type": "session:rename", "name": "\ud800"}',
    "\ud800",
    "\ufeff{}",
    "[" * 8_000,
    '{"type":' * 900,
    '{"a":' * 1_600 + "1" + "}" * 1_600,
]


@pytest.mark.parametrize("text", NOT_A_MESSAGE, ids=lambda text: ascii(text)[:40])
@pytest.mark.parametrize("room", [True, False])
def test_what_is_no_message(text: str, room: bool) -> None:
    junk = parse(text, room=room)
    assert isinstance(junk, Junk)
    assert (junk.code, junk.id) == ("bad-message", None)


def test_a_binary_frame_is_no_message() -> None:
    assert protocol.binary().code == "bad-message"


@pytest.mark.parametrize(
    "type", ["", "PING", "ping ", "timer:", "timer:state", "session:joined", "__class__", "x" * 8_000]
)
def test_a_type_nobody_knows(type: str) -> None:
    junk = said(type=type)
    assert isinstance(junk, Junk)
    assert junk.code == "unknown-type"
    assert len(junk.message) < 200


@pytest.mark.parametrize("number", [10**19, 10**30, -(10**19), 10**300, 10**4_000])
@pytest.mark.parametrize("type", TYPES)
def test_an_enormous_number_harms_nobody(type: str, number: int) -> None:
    for name in ("duration_ms", "ms", "rounds", "t", "id", "timer", "phase", "other"):
        answer = parse(json.dumps({**LEAST[type], name: 0}).replace(f'"{name}": 0', f'"{name}": {number}'), room=True)
        assert isinstance(answer, Message | Junk)


@pytest.mark.parametrize("field", ["id", "timer", "t", "ms", "name", "phase", "focus_ms", "auto_start_focus", "other"])
@pytest.mark.parametrize("type", TYPES)
def test_a_deeply_nested_field_harms_nobody(type: str, field: str) -> None:
    for nested in ("[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900):
        text = json.dumps({**LEAST[type], field: 0}).replace(f'"{field}": 0', f'"{field}": {nested}')
        assert isinstance(parse(text, room=True), Message | Junk)


@pytest.mark.parametrize(
    "text",
    [*NOT_A_MESSAGE[:20], '{"type": "?"}', '{"type": "ping"}', '{"type": "timer:add", "timer": "me", "ms": 1.5}'],
)
def test_every_refusal_is_a_sentence_for_a_person(text: str) -> None:
    junk = parse(text, room=True)
    assert isinstance(junk, Junk)
    assert junk.message[0].isupper()
    assert junk.message.endswith(".")


# Anything at all ------------------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["id", "timer", "duration_ms", "ms", "phase", *Settings.__dataclass_fields__, "name", "t", "other"]
nearly = st.one_of(
    anything,
    st.sampled_from(["room", "me", "focus", "long_break", "Ana", "1", 1, 4, 60_000, 86_400_000, -5_000, True, False]),
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | anything}, optional=dict.fromkeys(FIELDS, nearly)
).flatmap(lambda fields: st.sampled_from([{**LEAST.get(str(fields["type"]), {}), **fields}, fields]))


def check(text: str, room: bool) -> None:
    answer = parse(text, room=room)
    if isinstance(answer, Junk):
        assert answer.code in {"bad-message", "unknown-type", "invalid"}
        on_the_wire(protocol.error(answer.code, answer.message, answer.id))
    else:
        assert isinstance(answer, Message)
        if isinstance(answer, TimerMessage):
            scene = room_with("ana")
            scene.press("ana", answer.command(), id=answer.id)
            scene.snapshot("ana")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec=None), max_size=200), st.booleans())
@example("\ud800", True)
def test_any_text_is_answered(text: str, room: bool) -> None:
    check(text, room)


@settings(max_examples=200, deadline=None)
@given(anything, st.booleans())
def test_any_json_is_answered(value: Any, room: bool) -> None:
    check(json.dumps(value), room)


@settings(max_examples=300, deadline=None)
@given(messages, st.booleans(), st.booleans())
def test_anything_near_a_message_is_answered(fields: dict[str, Any], room: bool, ascii_only: bool) -> None:
    check(json.dumps(fields, ensure_ascii=ascii_only), room)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TYPES), st.integers(0, 400), st.text(max_size=3), st.booleans())
def test_a_damaged_message_is_answered(type: str, where: int, damage: str, room: bool) -> None:
    text = json.dumps({**LEAST[type], "id": "1"})
    where %= len(text) + 1
    check(text[:where] + damage + text[where + 1 :], room)
