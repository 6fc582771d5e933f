"""What the server says, field by field."""

import json
from typing import Any

from tests.support.topics import NOON, Scene, minutes, on_the_wire, room_with, solo_of
from timers import protocol, timer
from timers.protocol import CloseCode
from timers.timer import Action, Pause, Phase, Start
from timers.topic import Answer, Control, Policy, Recall

TIMER_FIELDS = {
    "id", "status", "phase", "duration_ms", "remaining_ms", "ends_at", "started_at", "started_by", "paused_at",
    "round", "completed_focus", "settings", "v",
}  # fmt: skip
MEMBER_FIELDS = {"id", "name", "tabs", "joined_at", "away", "colour"}
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


def test_a_page_begins_with_the_fields_that_a_socket_is_told() -> None:
    scene, room = room_with("ana"), {"code": "ABC234", "name": "Büro", "locked": False}
    scene.press("ana", Start())
    fields = protocol.joined_fields(room, protocol.snapshot(scene.topic, "ana", scene.now))
    assert {"type": "session:joined", **fields} == joined(scene, "ana", room)
    assert json.loads(json.dumps(fields)) == fields


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
    ana = {"id": "ana", "name": "User 1", "tabs": 1, "joined_at": NOON, "away": False, "colour": 0}
    assert message["members"] == [ana]
    assert [set(timer) for timer in message["timers"]] == [TIMER_FIELDS, TIMER_FIELDS]
    assert isinstance(message["settings"], dict)


def test_who_controls_the_timer_is_told_of_in_the_largest_crowd() -> None:
    scene = room_with("maker", *(f"member {number}" for number in range(250)))
    scene.apply(Recall(policy=Policy("maker", Control.NAMED, ("member 249", "member 248", "somebody else"))))
    members = [member["id"] for member in scene.snapshot("member 240")["members"]]
    assert members[:5] == ["member 240", "maker", "member 249", "member 248", "member 0"]
    assert (len(members), len(set(members))) == (200, 200)


def test_session_joined_alone() -> None:
    message = joined(solo_of("ana"), "ana", None)
    assert (message["room"], message["members"]) == (None, [])
    assert [timer["id"] for timer in message["timers"]] == ["solo"]
    assert set(message) == {
        "type", "protocol", "now_at", "v", "you", "room", "people", "members", "timers", "settings",
    }  # fmt: skip


def test_user_joined_and_user_updated_carry_the_member() -> None:
    scene = room_with("ana", "jun")
    member = {"id": "jun", "name": "User 2", "tabs": 1, "joined_at": NOON, "away": False, "colour": 5}
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


def test_a_knock_tells_at_whom_who_and_when() -> None:
    scene = room_with("ana", "jun")
    scene.press("jun", Start(), timer="jun")
    scene.knock("ana", "jun")
    scene.wait(minutes(25))
    assert told(scene) == {"type": "session:knocked", "v": 6, "member": "jun", "by": "ana", "at": NOON}


def test_the_settings_of_a_room_are_in_its_snapshot_and_told_when_they_change() -> None:
    scene = room_with()
    scene.arrive("ana", maker="ana")
    as_made = {"maker": "ana", "control": "everyone", "controllers": [], "pause_allowed": True}
    assert joined(scene, "ana", None)["settings"] == as_made
    scene.configure("ana", control=Control.NAMED, controllers=("jun", "jun"), pause_allowed=False)
    settings = {"maker": "ana", "control": "named", "controllers": ["jun"], "pause_allowed": False}
    assert told(scene) == {"type": "room:configured", "v": 3, "settings": settings, "by": "ana"}
    assert joined(scene, None, None)["settings"] == settings
    assert joined(solo_of("ana"), "ana", None)["settings"] == {}


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
            "started_by": "ana",
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


def test_an_undo_and_a_redo_tell_what_was_done_and_by_whom() -> None:
    scene = room_with("ana", "jun")
    scene.press("ana", Start())
    scene.press("jun", Pause())
    assert "undone" not in told(scene)
    scene.press("ana", timer.Undo())
    assert (told(scene)["action"], told(scene)["by"]) == ("undo", "ana")
    assert told(scene)["undone"] == {"action": "pause", "by": "jun"}
    scene.press("jun", timer.Redo())
    assert (told(scene)["action"], told(scene)["undone"]) == ("redo", {"action": "pause", "by": "jun"})


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


def test_an_ack_says_when_its_command_was_overruled() -> None:
    answer = on_the_wire(protocol.ack("1", Answer(v=7, changed=False, at=NOON, overruled=True)))
    assert answer == {"type": "ack", "id": "1", "v": 7, "changed": False, "overruled": True}


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
