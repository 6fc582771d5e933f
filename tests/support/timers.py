"""The phases and statuses of a timer, in short, and one timer in each status."""

from tests.support.topics import minutes
from timers.timer import Command, Pause, Phase, Start, Status

FOCUS, SHORT, LONG = Phase.FOCUS, Phase.SHORT_BREAK, Phase.LONG_BREAK
STOPPED, RUNNING, PAUSED = Status.STOPPED, Status.RUNNING, Status.PAUSED
SITUATIONS: dict[str, tuple[Command | int, ...]] = {
    "stopped": (),
    "running": (Start(), minutes(10)),
    "paused": (Start(), minutes(10), Pause(), minutes(3)),
}
