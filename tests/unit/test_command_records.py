"""Commands, written down and read again."""

from typing import get_args

import pytest

from tests.support.records import CLOCK_COMMANDS, TOPIC_COMMANDS, busy_room
from tests.support.topics import NOON, minutes
from timers import course, timer, topic
from timers.records import read_command, write_command
from timers.topic import Request, Rules


@pytest.mark.parametrize("command", TOPIC_COMMANDS, ids=repr)
def test_a_command_is_read_as_it_was_written(command: topic.Command) -> None:
    again = read_command(write_command(command))
    assert again == command
    assert type(again) is type(command)


def test_every_command_there_is_can_be_written() -> None:
    assert {type(command) for command in TOPIC_COMMANDS} == set(get_args(topic.Command))
    assert set(get_args(Request)) < set(get_args(topic.Command))
    assert {type(command) for command in CLOCK_COMMANDS} == set(timer.Command.__args__)


@pytest.mark.parametrize("command", TOPIC_COMMANDS, ids=repr)
def test_a_command_that_was_read_can_be_applied(command: topic.Command) -> None:
    before = busy_room().topic
    written = course.apply(before, command, NOON + minutes(30), Rules())
    read = course.apply(before, read_command(write_command(command)), NOON + minutes(30), Rules())
    assert read == written


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"junk",
        b"[]",
        b"1",
        b"null",
        b"{}",
        b'{"do":"Start"}',
        b'{"do":"Explode","with":{}}',
        b'{"do":"Leave","with":{}}',
    ],
)
def test_what_is_no_command_raises_what_the_inbox_expects(text: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_command(text)
