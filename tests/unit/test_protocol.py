"""What may come from a client, field by field."""

from typing import Any

import pytest

from tests.support.messages import LEAST, PLAIN, ROOM_ONLY, TYPES, command, refusal, said
from tests.support.topics import NOON, on_the_wire
from timers import protocol, timer
from timers.protocol import Junk, Message, TimerMessage
from timers.timer import Phase, Settings
from timers.topic import Control

# What is understood ---------------------------------------------------------------------------------------------------


def test_there_are_these_types_and_no_others() -> None:
    assert set(protocol.MESSAGES) == set(TYPES) == set(LEAST)


@pytest.mark.parametrize("type", TYPES)
def test_the_least_of_each_type_is_understood(type: str) -> None:
    assert isinstance(said(True, **LEAST[type]), protocol.MESSAGES[type])


@pytest.mark.parametrize("type", TYPES)
def test_what_makes_sense_among_people_only_is_no_word_for_a_solo_socket(type: str) -> None:
    answer = said(False, **LEAST[type], id="1")
    assert (answer.id, isinstance(answer, Junk)) == ("1", type in ROOM_ONLY)


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


@pytest.mark.parametrize("t", ["1", True, None])
def test_a_ping_wants_a_number(t: object) -> None:
    junk = said(type="ping", t=t)
    assert isinstance(junk, protocol.Junk)
    assert "`t` is wrong: input should be a valid number" in junk.message


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


@pytest.mark.parametrize("type", [type for type in TYPES if type.startswith("timer:")])
@pytest.mark.parametrize("at", [0, -5, NOON, 2**63])
def test_alone_a_command_may_say_when_it_was_given(type: str, at: int) -> None:
    message = said(False, **LEAST[type], at=at)
    assert isinstance(message, TimerMessage)
    assert message.at == at
    assert refusal(True, **LEAST[type], at=at) == "invalid"


@pytest.mark.parametrize("at", [None, True, "1700000000000", 1.5, []], ids=repr)
def test_an_instant_is_an_integer(at: Any) -> None:
    assert refusal(False, type="timer:start", at=at) == "invalid"


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


@pytest.mark.parametrize("value", [None, 0, 1, "true", [], {}], ids=repr)
def test_a_tab_is_away_or_not(value: Any) -> None:
    assert refusal(type="session:away", away=value) == "invalid"


@pytest.mark.parametrize("value", [None, "", "x" * 65, 1, True, ["ana"], {"id": "ana"}], ids=repr)
def test_no_member(value: Any) -> None:
    assert refusal(type="session:knock", member=value) == "invalid"
    assert refusal(type="room:hand-over", member=value) == "invalid"
    assert refusal(type="room:configure", controllers=[value]) == "invalid"


def test_what_is_to_be_configured_of_a_room() -> None:
    message = said(type="room:configure", control="named", controllers=["ana", "jun"], pause_allowed=False)
    assert isinstance(message, protocol.RoomConfigure)
    assert message.changes() == {"control": Control.NAMED, "controllers": ("ana", "jun"), "pause_allowed": False}
    nothing = said(type="room:configure")
    assert isinstance(nothing, protocol.RoomConfigure)
    assert nothing.changes() == {"control": None, "controllers": None, "pause_allowed": None}


@pytest.mark.parametrize(
    "fields",
    [
        {"control": "nobody"},
        {"control": None},
        {"controllers": None},
        {"controllers": "ana"},
        {"controllers": ["ana"] * 101},
        {"pause_allowed": 1},
        {"pause_allowed": None},
    ],
    ids=repr,
)
def test_what_is_no_policy(fields: dict[str, Any]) -> None:
    assert refusal(type="room:configure", **fields) == "invalid"


@pytest.mark.parametrize("value", [None, "", "FOCUS", "break", "Phase.FOCUS", 0, ["focus"]], ids=repr)
def test_a_phase_is_one_of_three(value: Any) -> None:
    assert refusal(type="timer:phase", timer="me", phase=value) == "invalid"


@pytest.mark.parametrize("value", [None, True, "1", "", [], {}], ids=repr)
def test_a_ping_carries_a_number(value: Any) -> None:
    assert refusal(type="ping", t=value) == "invalid"


@pytest.mark.parametrize(
    "type", ["timer:add", "timer:phase", "session:rename", "session:away", "session:knock", "room:hand-over", "ping"]
)
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
