"""The examples of docs/protocol.md are true."""

import json
import re
from pathlib import Path

from timers import protocol

DOC = Path(__file__).parents[2] / "docs" / "protocol.md"


def examples() -> list[dict]:
    """Every JSON object in the document, in order; several may stand in one block."""
    found, decoder = [], json.JSONDecoder()
    for block in re.findall(r"```json\n(.*?)```", DOC.read_text(), flags=re.DOTALL):
        rest = block.strip()
        while rest:
            example, end = decoder.raw_decode(rest)
            found.append(example)
            rest = rest[end:].lstrip()
    return found


def test_every_message_of_a_client_has_an_example_that_is_understood() -> None:
    shown = {example["type"] for example in examples()}
    assert protocol.MESSAGES.keys() <= shown
    for example in examples():
        if example["type"] in protocol.MESSAGES:
            room = "at" not in example
            assert isinstance(protocol.parse(json.dumps(example), room=room), protocol.Message), example


def test_the_snapshot_has_the_fields_of_a_real_one() -> None:
    shown = next(example for example in examples() if example["type"] == "session:joined")
    real = json.loads(protocol.joined(None, protocol.encode(protocol.snapshot(a_room(), "ana", 0)).encode()))
    assert shown.keys() == real.keys()
    assert shown["timers"][0].keys() == real["timers"][0].keys()
    assert shown["members"][0].keys() == real["members"][0].keys()


def a_room():
    from timers.course import apply
    from timers.topic import Arrive, Rules, Topic

    return apply(Topic("room.ABC234"), Arrive("ana", "socket", "process"), 1000, Rules()).topic
