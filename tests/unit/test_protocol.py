"""What may come from a client, however odd, and what the server says, field by field."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.topics import NOON, Scene, minutes, on_the_wire, room_with, solo_of
from timers import protocol, timer
from timers.protocol import CloseCode, Junk, Message, TimerMessage, parse
from timers.timer import Action, Pause, Phase, Settings, Start
from timers.topic import Answer

PLAIN = {
    "timer:pause": timer.Pause(),
    "timer:resume": timer.Resume(),
    "timer:reset": timer.Reset(),
    "timer:skip": timer.Skip(),
    "timer:undo": timer.Undo(),
    "timer:redo": timer.Redo(),
}
TYPES = [*PLAIN, "timer:start", "timer:add", "timer:phase", "timer:configure", "session:rename", "session:sync", "ping"]

LEAST: dict[str, dict[str, Any]] = {
    **{type: {"type": type, "timer": "me"} for type in (*PLAIN, "timer:start", "timer:configure")},
    "timer:add": {"type": "timer:add", "timer": "me", "ms": 1},
    "timer:phase": {"type": "timer:phase", "timer": "me", "phase": "focus"},
    "session:rename": {"type": "session:rename", "name": "Ana"},
    "session:sync": {"type": "session:sync"},
    "ping": {"type": "ping", "t": 1},
}
"""The least that is right, of each type."""


def said(room: Any = True, **fields: Any) -> Message | Junk:
    return parse(json.dumps(fields), room=room)


def command(room: Any = True, **fields: Any) -> timer.Command:
    message = said(room, **fields)
    assert isinstance(message, TimerMessage), message
    return message.command()


def refusal(room: Any = True, **fields: Any) -> str:
    junk = said(room, **fields)
    assert isinstance(junk, Junk), junk
    return junk.code


# What is understood ---------------------------------------------------------------------------------------------------


def test_there_are_these_types_and_no_others() -> None:
    assert set(protocol.MESSAGES) == set(TYPES) == set(LEAST)


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("room", [True, False])
def test_the_least_of_each_type_is_understood(type: str, room: bool) -> None:
    assert isinstance(said(room, **LEAST[type]), protocol.MESSAGES[type])


@pytest.mark.parametrize("type", PLAIN)
@pytest.mark.parametrize("which", ["room", "me"])
def test_plain_commands(type: str, which: str) -> None:
    message = said(type=type, timer=which, id="1")
    assert isinstance(message, TimerMessage)
    assert (message.command(), message.timer, message.id) == (PLAIN[type], which, "1")


def test_commands_with_fields() -> None:
    assert command(type="timer:start", timer="me") == timer.Start()
    assert command(type="timer:start", timer="me", duration_ms=1_000) == timer.Start(1_000)
    assert command(type="timer:start", timer="me", duration_ms=86_400_000) == timer.Start(86_400_000)
    assert command(type="timer:add", timer="me", ms=-60_000) == timer.Add(-60_000)
    assert command(type="timer:add", timer="me", ms=0) == timer.Add(0)
    assert command(type="timer:phase", timer="me", phase="long_break") == timer.SetPhase(Phase.LONG_BREAK)
    phase = command(type="timer:phase", timer="me", phase="short_break")
    assert isinstance(phase, timer.SetPhase)
    assert phase.phase is Phase.SHORT_BREAK


def test_configure_carries_what_was_named_and_nothing_else() -> None:
    assert command(type="timer:configure", timer="me", id="1") == timer.Configure({})
    every = {
        "focus_ms": 1_000,
        "short_break_ms": 86_400_000,
        "long_break_ms": 60_000,
        "rounds": 12,
        "auto_start_breaks": False,
        "auto_start_focus": True,
    }
    assert command(type="timer:configure", timer="room", id="1", **every) == timer.Configure(every)
    for name, value in every.items():
        assert command(type="timer:configure", timer="me", **{name: value}) == timer.Configure({name: value})
    assert every.keys() == set(Settings.__dataclass_fields__), "a setting is missing here"


@pytest.mark.parametrize("t", [0, -1, 1.5, 1e300, 2**53, 1_700_000_000_000.25])
def test_a_ping_comes_back_as_sent(t: float) -> None:
    message = said(type="ping", t=t)
    assert isinstance(message, protocol.Ping)
    assert on_the_wire(protocol.pong(message.t, NOON)) == {"type": "pong", "t": t, "now_at": NOON}


@pytest.mark.parametrize("type", TYPES)
def test_fields_nobody_knows_are_ignored(type: str) -> None:
    fields = {
        **LEAST[type],
        "from_the_future": {"a": [1, None]},
        "v": 7,
        "": 0,
        "means": 1,
        "command": 2,
        "model_config": 3,
    }
    message = said(**fields)
    assert isinstance(message, protocol.MESSAGES[type])
    if isinstance(message, TimerMessage):
        assert message.command() == command(**LEAST[type])


# Which timer ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", [type for type in TYPES if type.startswith("timer:")])
def test_a_room_needs_to_know_which_timer_and_a_solo_socket_does_not(type: str) -> None:
    without = {name: value for name, value in LEAST[type].items() if name != "timer"}
    assert isinstance(said(False, **without), TimerMessage)
    assert refusal(True, **without) == "invalid"
    assert isinstance(said(True, **without, timer="room"), TimerMessage)


@pytest.mark.parametrize("which", [None, "", "ROOM", "solo", "0123456789ABCDEF", 1, True, ["room"], {"id": "room"}])
@pytest.mark.parametrize("room", [True, False])
def test_nobody_names_another_timer(which: Any, room: bool) -> None:
    assert refusal(room, type="timer:start", timer=which) == "invalid"


def test_there_is_no_room_timer_on_a_solo_socket() -> None:
    assert refusal(False, type="timer:start", timer="room") == "invalid"


# What is wrong in a field ---------------------------------------------------------------------------------------------

NO_INTEGERS = [None, True, False, "1000", "", 1000.0, 1000.5, 1e300, [1000], {"ms": 1000}]
LENGTHS = ["focus_ms", "short_break_ms", "long_break_ms"]


@pytest.mark.parametrize("value", NO_INTEGERS, ids=repr)
def test_an_integer_is_a_json_integer(value: Any) -> None:
    assert refusal(type="timer:start", timer="me", duration_ms=value) == "invalid"
    assert refusal(type="timer:add", timer="me", ms=value) == "invalid"
    for name in (*LENGTHS, "rounds"):
        assert refusal(type="timer:configure", timer="me", **{name: value}) == "invalid"


@pytest.mark.parametrize("value", [999, 0, -1, -1_000, 86_400_001, 2**31, 2**63, 10**30])
def test_a_length_is_1_second_to_24_hours(value: int) -> None:
    assert refusal(type="timer:start", timer="me", duration_ms=value) == "invalid"
    for name in LENGTHS:
        assert refusal(type="timer:configure", timer="me", **{name: value}) == "invalid"


@pytest.mark.parametrize("value", [0, 13, -1, 2**63])
def test_rounds_are_1_to_12(value: int) -> None:
    assert refusal(type="timer:configure", timer="me", rounds=value) == "invalid"


@pytest.mark.parametrize("value", [1, 12])
def test_rounds_at_their_limits(value: int) -> None:
    assert command(type="timer:configure", timer="me", rounds=value) == timer.Configure({"rounds": value})


@pytest.mark.parametrize("value", [None, 0, 1, "true", "", 1.0, []], ids=repr)
@pytest.mark.parametrize("name", ["auto_start_breaks", "auto_start_focus"])
def test_a_switch_is_true_or_false(name: str, value: Any) -> None:
    assert refusal(type="timer:configure", timer="me", **{name: value}) == "invalid"


@pytest.mark.parametrize("value", [None, "", "FOCUS", "break", "Phase.FOCUS", 0, ["focus"]], ids=repr)
def test_a_phase_is_one_of_three(value: Any) -> None:
    assert refusal(type="timer:phase", timer="me", phase=value) == "invalid"


@pytest.mark.parametrize("value", [None, True, "1", "", [], {}], ids=repr)
def test_a_ping_carries_a_number(value: Any) -> None:
    assert refusal(type="ping", t=value) == "invalid"


@pytest.mark.parametrize("type", ["timer:add", "timer:phase", "session:rename", "ping"])
def test_a_field_that_must_be_there(type: str) -> None:
    for name in LEAST[type].keys() - {"type", "timer"}:
        assert refusal(**{known: value for known, value in LEAST[type].items() if known != name}) == "invalid"


def test_one_wrong_field_spoils_a_whole_configure() -> None:
    assert refusal(type="timer:configure", timer="me", focus_ms=60_000, rounds=0) == "invalid"


# Ids ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["", "1", "x" * 64, "🍅" * 64, "\x00", "a:b", 'quote"\\'])
@pytest.mark.parametrize("type", TYPES)
def test_an_id_is_any_string_of_at_most_64_characters(type: str, id: str) -> None:
    message = said(**LEAST[type], id=id)
    assert isinstance(message, Message)
    assert message.id == id


@pytest.mark.parametrize("id", ["x" * 65, "x" * 7_000, None, 1, 1.5, True, ["1"], {"id": "1"}])
@pytest.mark.parametrize("type", TYPES)
def test_what_is_no_id_is_refused_and_not_repeated(type: str, id: Any) -> None:
    junk = said(**LEAST[type], id=id)
    assert isinstance(junk, Junk)
    assert (junk.code, junk.id) == ("invalid", None)


def test_an_error_carries_the_id_of_what_was_wrong() -> None:
    for junk in (
        said(type="timer:start", timer="me", id="1", duration_ms=0),
        said(type="timer:start", id="1"),
        said(room=False, type="timer:start", timer="room", id="1"),
        said(type="session:rename", name="", id="1"),
        said(type="timer:explode", id="1"),
    ):
        assert isinstance(junk, Junk)
        assert junk.id == "1"


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["A", " A ", "x" * 40, "🍅" * 40, "  " + "x" * 40 + "\t", "\u202e" + "x" * 40 + "\x00", "اَنا"]
)
def test_a_name_of_1_to_40_characters_after_cleaning(name: str) -> None:
    assert isinstance(said(type="session:rename", name=name), protocol.SessionRename)


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\x00", "\u202e\u200f", "x" * 41, "🍅" * 41, None, 1, True, ["Ana"]])
def test_no_name(name: Any) -> None:
    assert refusal(type="session:rename", name=name) == "invalid"


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


# What the server says -------------------------------------------------------------------------------------------------

TIMER_FIELDS = {
    "id", "status", "phase", "duration_ms", "remaining_ms", "ends_at", "started_at", "paused_at", "round",
    "completed_focus", "settings", "v",
}  # fmt: skip
MEMBER_FIELDS = {"id", "name", "tabs", "joined_at"}
SETTINGS = {
    "focus_ms": 1_500_000,
    "short_break_ms": 300_000,
    "long_break_ms": 900_000,
    "rounds": 4,
    "auto_start_breaks": True,
    "auto_start_focus": False,
}


def told(scene: Scene, number: int = -1) -> dict[str, Any]:
    """What everyone is told of something that happened, by default of the last."""
    return on_the_wire(protocol.event(scene.told[number], scene.now))


def joined(scene: Scene, member: str | None, room: dict[str, Any] | None) -> dict[str, Any]:
    fields = protocol.encode(protocol.snapshot(scene.topic, member, scene.now)).encode()
    message: dict[str, Any] = json.loads(protocol.joined(room, fields))
    return message


def test_session_joined_in_a_room() -> None:
    room = {"code": "ABC234", "name": "Büro", "locked": False}
    message = joined(room_with("ana"), "ana", room)
    assert list(message) == [
        "type",
        "protocol",
        "room",
        "now_at",
        "v",
        "people",
        "members",
        "timers",
        "settings",
        "you",
    ]
    assert (message["type"], message["protocol"], message["room"]) == ("session:joined", 1, room)
    assert (message["now_at"], message["v"], message["people"]) == (NOON, 1, 1)
    assert message["you"] == {"member": "ana", "name": "User 1"}
    assert message["members"] == [{"id": "ana", "name": "User 1", "tabs": 1, "joined_at": NOON}]
    assert [set(timer) for timer in message["timers"]] == [TIMER_FIELDS, TIMER_FIELDS]
    assert isinstance(message["settings"], dict)


def test_session_joined_alone() -> None:
    message = joined(solo_of("ana"), "ana", None)
    assert (message["room"], message["members"]) == (None, [])
    assert [timer["id"] for timer in message["timers"]] == ["solo"]
    assert set(message) == {
        "type", "protocol", "now_at", "v", "you", "room", "people", "members", "timers", "settings",
    }  # fmt: skip


def test_user_joined_and_user_updated_carry_the_member() -> None:
    scene = room_with("ana", "jun")
    member = {"id": "jun", "name": "User 2", "tabs": 1, "joined_at": NOON}
    assert told(scene) == {"type": "session:user-joined", "v": 2, "member": member}
    scene.rename("jun", "Jun")
    assert told(scene) == {"type": "session:user-updated", "v": 3, "member": {**member, "name": "Jun"}}
    scene.arrive("jun", "second tab")
    assert told(scene) == {"type": "session:user-updated", "v": 4, "member": {**member, "name": "Jun", "tabs": 2}}


def test_user_left_carries_the_member_id() -> None:
    scene = room_with("ana", "jun")
    scene.leave("jun")
    scene.wait(minutes(1))
    assert told(scene) == {"type": "session:user-left", "v": 3, "member": "jun"}


def test_timer_state_of_a_running_timer() -> None:
    scene = room_with("ana")
    scene.press("ana", Start())
    scene.now += 40
    assert told(scene) == {
        "type": "timer:state",
        "v": 2,
        "now_at": NOON + 40,
        "timer": {
            "id": "room",
            "status": "running",
            "phase": "focus",
            "duration_ms": minutes(25),
            "remaining_ms": minutes(25) - 40,
            "ends_at": NOON + minutes(25),
            "started_at": NOON,
            "paused_at": None,
            "round": 1,
            "completed_focus": 0,
            "settings": SETTINGS,
            "v": 2,
        },
        "action": "start",
        "by": "ana",
    }


def test_timer_state_of_a_paused_and_of_a_stopped_timer() -> None:
    scene = room_with("ana")
    scene.press("ana", Start(), timer="ana")
    scene.wait(minutes(1))
    scene.press("ana", Pause(), timer="ana")
    paused = told(scene)["timer"]
    assert (paused["id"], paused["status"], paused["remaining_ms"]) == ("ana", "paused", minutes(24))
    assert (paused["ends_at"], paused["started_at"], paused["paused_at"]) == (None, NOON, NOON + minutes(1))
    scene.press("ana", timer.Reset(), timer="ana")
    stopped = told(scene)["timer"]
    assert (stopped["status"], stopped["remaining_ms"]) == ("stopped", minutes(25))
    assert (stopped["ends_at"], stopped["started_at"], stopped["paused_at"]) == (None, None, None)


def test_timer_completed_then_the_state_that_loads_the_next() -> None:
    scene = room_with("ana")
    scene.press("ana", Start())
    scene.wait(minutes(26))
    completed = told(scene, -2)
    assert completed == {
        "type": "timer:completed",
        "v": 3,
        "now_at": NOON + minutes(26),
        "timer": "room",
        "completed_phase": "focus",
        "round": 1,
        "completion": completed["completion"],
        "at": NOON + minutes(25),
    }
    assert isinstance(completed["completion"], str)
    state = told(scene)
    assert (state["v"], state["action"], state["by"]) == (4, "complete", None)
    assert (state["timer"]["phase"], state["timer"]["remaining_ms"]) == ("short_break", minutes(4))


def test_timer_state_of_an_expired_timer() -> None:
    scene = room_with("ana", "jun")
    scene.press("ana", Start(), Pause(), timer="ana")
    scene.leave("ana")
    scene.wait(minutes(5))
    scene.put_by()
    message = told(scene)
    assert (message["action"], message["by"], message["timer"]["id"]) == ("expire", None, "ana")
    assert (message["timer"]["status"], message["timer"]["v"]) == ("stopped", message["v"])


def test_a_tick_carries_every_running_timer_of_the_topic() -> None:
    scene = room_with("ana", "jun")
    scene.press("ana", Start())
    scene.press("ana", Start(minutes(2)), timer="ana")
    scene.press("jun", Start(), Pause(), timer="jun")
    scene.wait(1_000)
    assert on_the_wire(protocol.tick(scene.topic, scene.now)) == {
        "type": "timer:tick",
        "v": scene.topic.v,
        "now_at": NOON + 1_000,
        "remaining_ms": {"room": minutes(25) - 1_000, "ana": minutes(2) - 1_000},
    }


def test_ack() -> None:
    assert on_the_wire(protocol.ack("1", Answer(v=7, changed=False, at=NOON))) == {
        "type": "ack",
        "id": "1",
        "v": 7,
        "changed": False,
    }


def test_error_with_and_without_an_id() -> None:
    assert on_the_wire(protocol.error("invalid", "No.")) == {"type": "error", "code": "invalid", "message": "No."}
    assert on_the_wire(protocol.error("invalid", "No.", "")) == {
        "type": "error",
        "code": "invalid",
        "message": "No.",
        "id": "",
    }


def test_the_words_on_the_wire() -> None:
    assert {action.value for action in Action} == {
        "start", "pause", "resume", "reset", "skip", "add", "phase", "configure", "undo", "redo", "complete", "expire",
    }  # fmt: skip
    assert {phase.value for phase in Phase} == {"focus", "short_break", "long_break"}
    assert {status.value for status in timer.Status} == {"stopped", "running", "paused"}


def test_the_close_codes() -> None:
    assert {code.name: code.value for code in CloseCode} == {
        "GOING_AWAY": 1012,
        "NO_IDENTITY": 4401,
        "NOT_ALLOWED": 4403,
        "NO_SUCH_ROOM": 4404,
        "TOO_SLOW": 4408,
        "FRAME_TOO_LARGE": 4413,
        "TOO_MANY": 4429,
    }
    assert protocol.MAX_FRAME_BYTES == 8 * 1024
