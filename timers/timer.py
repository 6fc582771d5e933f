"""What the clock says: one Pomodoro timer, its commands and their undoing, as pure functions.

Time is an argument everywhere (`now`, epoch milliseconds). Nothing here reads a clock, talks to Redis or knows who
gave a command. A running timer is its `ends_at`; nothing is ever counted down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

LEAST_MS = 1_000
MOST_MS = 86_400_000
UNDO_DEPTH = 10
MOST_UNNOTICED = 1_000
"""How many phases that ended while nobody counted are completed one by one. A command may be dated long ago, or an undo bring
back what ended long ago: whoever counts must not be kept busy for hours by either."""


class Phase(StrEnum):
    FOCUS = "focus"
    SHORT_BREAK = "short_break"
    LONG_BREAK = "long_break"


class Status(StrEnum):
    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"


class Action(StrEnum):
    """What was done to a timer, as `timer:state` names it."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESET = "reset"
    SKIP = "skip"
    ADD = "add"
    PHASE = "phase"
    CONFIGURE = "configure"
    UNDO = "undo"
    REDO = "redo"
    COMPLETE = "complete"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Act:
    """What was done, and by whom; None is nobody in particular."""

    action: Action
    by: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    focus_ms: int = 1_500_000
    short_break_ms: int = 300_000
    long_break_ms: int = 900_000
    rounds: int = 4
    auto_start_breaks: bool = True
    auto_start_focus: bool = False

    def length_ms(self, phase: Phase) -> int:
        match phase:
            case Phase.FOCUS:
                return self.focus_ms
            case Phase.SHORT_BREAK:
                return self.short_break_ms
            case Phase.LONG_BREAK:
                return self.long_break_ms

    def starts_by_itself(self, phase: Phase) -> bool:
        return self.auto_start_focus if phase is Phase.FOCUS else self.auto_start_breaks

    @property
    def cycle_ms(self) -> int:
        """From one focus of the first round to the next, if nobody does anything."""
        return self.rounds * self.focus_ms + (self.rounds - 1) * self.short_break_ms + self.long_break_ms


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer at one moment. `left_ms` is what is left while it does not run, `ends_at` is set only while it does.

    `started_by` is who started the present phase, None also when it began by itself. Beside what the timer shows it knows the
    command that made it so, for whoever undoes that, and when it last changed, by a command or a completion.
    """

    settings: Settings = field(default_factory=Settings)
    status: Status = Status.STOPPED
    phase: Phase = Phase.FOCUS
    duration_ms: int = 1_500_000
    left_ms: int | None = 1_500_000
    ends_at: int | None = None
    started_at: int | None = None
    paused_at: int | None = None
    round: int = 1
    completed_focus: int = 0
    started_by: str | None = None
    made_by: Act | None = field(default=None, compare=False)
    changed_at: int = field(default=0, compare=False)

    def remaining_ms(self, now: int) -> int:
        return self.left_ms if self.ends_at is None else max(0, self.ends_at - now)  # type: ignore[return-value]

    @property
    def running(self) -> bool:
        return self.status is Status.RUNNING

    @property
    def stopped(self) -> bool:
        return self.status is Status.STOPPED


def fresh(settings: Settings | None = None) -> Timer:
    """The timer of somebody who has done nothing yet: stopped, at the full length of a focus."""
    settings = settings or Settings()
    return _stopped(Timer(settings=settings))


# Commands -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    pass


@dataclass(frozen=True, slots=True)
class Resume:
    pass


@dataclass(frozen=True, slots=True)
class Reset:
    pass


@dataclass(frozen=True, slots=True)
class Skip:
    pass


@dataclass(frozen=True, slots=True)
class Undo:
    pass


@dataclass(frozen=True, slots=True)
class Redo:
    pass


@dataclass(frozen=True, slots=True)
class Add:
    ms: int


@dataclass(frozen=True, slots=True)
class SetPhase:
    phase: Phase


@dataclass(frozen=True, slots=True)
class Configure:
    changes: Mapping[str, int | bool]
    """Fields of `Settings` and their new values, already within their limits."""


Command = Start | Pause | Resume | Reset | Skip | Undo | Redo | Add | SetPhase | Configure


# A timer with its past ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """A timer, the states its last commands left behind (newest first) and those that undo took back."""

    timer: Timer = field(default_factory=fresh)
    past: tuple[Timer, ...] = ()
    future: tuple[Timer, ...] = ()


def disown(history: History, person: str) -> History:
    """The same, but that nobody in particular did what this person has done."""
    timer, past, future = history.timer, history.past, history.future
    return History(
        _disowned(timer, person), *(tuple(_disowned(each, person) for each in part) for part in (past, future))
    )


def _disowned(timer: Timer, person: str) -> Timer:
    started_by = None if timer.started_by == person else timer.started_by
    made_by = Act(timer.made_by.action, None) if timer.made_by and timer.made_by.by == person else timer.made_by
    return replace(timer, started_by=started_by, made_by=made_by)


def obey(history: History, command: Command, now: int, by: str | None = None) -> tuple[History, Action | None]:
    """The history after `command`, and what it did; `None` and the same history when it had nothing to do.

    The caller has completed every phase that was over by `now`. After an undo or a redo one may be over again.
    """
    match command:
        case Undo():
            return _undo(history, now)
        case Redo():
            return _redo(history, now)
        case _:
            after, action = change(history.timer, command, now, by)
            if after == history.timer:
                return history, None
            after = replace(after, made_by=Act(action, by), changed_at=now)
            return History(after, (history.timer, *history.past)[:UNDO_DEPTH]), action


def complete(history: History) -> History:
    """The history after the running phase ended, as of its `ends_at`. A completion cannot be undone."""
    timer = history.timer
    assert timer.ends_at is not None, "only a running timer completes"
    focus = timer.completed_focus + (timer.phase is Phase.FOCUS)
    # An undo may have brought back a phase that had ended before it.
    changed_at = max(timer.changed_at, timer.ends_at)
    following = _load_next(replace(timer, completed_focus=focus), timer.ends_at)
    return History(replace(following, made_by=None, changed_at=changed_at))


def pass_over(history: History, now: int) -> History:
    """What has just begun by itself, in a later cycle, so that by `now` hardly more than `MOST_UNNOTICED` phases have ended."""
    timer, settings = history.timer, history.timer.settings
    goes_on = settings.auto_start_breaks and settings.auto_start_focus and timer.round <= settings.rounds
    if timer.started_at is None or timer.ends_at is None or not goes_on:
        return history
    cycles = (now - timer.ends_at) // settings.cycle_ms - MOST_UNNOTICED // (2 * settings.rounds)
    if cycles <= 0:
        return history
    passed_ms = cycles * settings.cycle_ms
    started_at, ends_at = timer.started_at + passed_ms, timer.ends_at + passed_ms
    focus = timer.completed_focus + cycles * settings.rounds
    return History(replace(timer, started_at=started_at, ends_at=ends_at, completed_focus=focus, changed_at=started_at))


def undone(before: History, after: History) -> Act | None:
    """What was taken back, or done again, between a history and the one that an undo or a redo made of it."""
    return (before if len(after.past) < len(before.past) else after).timer.made_by


def _undo(history: History, now: int) -> tuple[History, Action | None]:
    if not history.past:
        return history, None
    before, *older = history.past
    before = replace(before, changed_at=now)
    return History(before, tuple(older), (history.timer, *history.future)), Action.UNDO


def _redo(history: History, now: int) -> tuple[History, Action | None]:
    if not history.future:
        return history, None
    after, *later = history.future
    after = replace(after, changed_at=now)
    return History(after, (history.timer, *history.past), tuple(later)), Action.REDO


# The commands, one by one ---------------------------------------------------------------------------------------------


def change(timer: Timer, command: Command, now: int, by: str | None = None) -> tuple[Timer, Action]:
    """The timer after a command other than undo and redo; an equal one when the command had nothing to do."""
    match command:
        case Start(duration_ms):
            return _start(timer, duration_ms, now, by)
        case Pause():
            return _pause(timer, now), Action.PAUSE
        case Resume():
            return _resume(timer, now), Action.RESUME
        case Reset():
            return _stopped(timer), Action.RESET
        case Skip():
            return _load_next(timer, now), Action.SKIP
        case Add(ms):
            return _add(timer, ms, now), Action.ADD
        case SetPhase(phase):
            return _stopped(replace(timer, phase=phase)), Action.PHASE
        case Configure(changes):
            return _configure(timer, changes), Action.CONFIGURE
        case _:
            raise AssertionError(f"{command!r} is not a change of one timer")


def _start(timer: Timer, duration_ms: int | None, now: int, by: str | None) -> tuple[Timer, Action]:
    if timer.running:
        return timer, Action.START
    if duration_ms is not None:
        return _running(replace(timer, duration_ms=duration_ms), duration_ms, now, by), Action.START
    if timer.stopped:
        return _running(timer, timer.duration_ms, now, by), Action.START
    return _resume(timer, now), Action.RESUME


def _pause(timer: Timer, now: int) -> Timer:
    if not timer.running:
        return timer
    return replace(timer, status=Status.PAUSED, left_ms=timer.remaining_ms(now), ends_at=None, paused_at=now)


def _resume(timer: Timer, now: int) -> Timer:
    if timer.status is not Status.PAUSED:
        return timer
    assert timer.left_ms is not None
    return replace(timer, status=Status.RUNNING, left_ms=None, ends_at=now + timer.left_ms, paused_at=None)


def _add(timer: Timer, ms: int, now: int) -> Timer:
    if ms > 0:
        ms = min(ms, MOST_MS - timer.duration_ms)
    else:
        ms = max(ms, min(0, LEAST_MS - timer.remaining_ms(now)))
    if timer.ends_at is not None:
        return replace(timer, duration_ms=timer.duration_ms + ms, ends_at=timer.ends_at + ms)
    assert timer.left_ms is not None
    return replace(timer, duration_ms=timer.duration_ms + ms, left_ms=timer.left_ms + ms)


def _configure(timer: Timer, changes: Mapping[str, int | bool]) -> Timer:
    settings = replace(timer.settings, **changes)  # type: ignore[arg-type]
    new_length = settings.length_ms(timer.phase) != timer.settings.length_ms(timer.phase)
    timer = replace(timer, settings=settings)
    return _stopped(timer) if timer.stopped and new_length else timer


def _load_next(timer: Timer, now: int) -> Timer:
    """On to the next phase of the cycle; it runs at once where the settings say so and the timer was not stopped."""
    phase, round = _following(timer)
    following = _stopped(replace(timer, phase=phase, round=round))
    if timer.stopped or not timer.settings.starts_by_itself(phase):
        return following
    return _running(following, following.duration_ms, now, by=None)


def _following(timer: Timer) -> tuple[Phase, int]:
    match timer.phase:
        case Phase.FOCUS:
            is_last = timer.round % timer.settings.rounds == 0
            return (Phase.LONG_BREAK if is_last else Phase.SHORT_BREAK), timer.round
        case Phase.SHORT_BREAK:
            return Phase.FOCUS, timer.round + 1
        case Phase.LONG_BREAK:
            return Phase.FOCUS, 1


def _stopped(timer: Timer) -> Timer:
    length_ms = timer.settings.length_ms(timer.phase)
    return replace(
        timer,
        status=Status.STOPPED,
        duration_ms=length_ms,
        left_ms=length_ms,
        ends_at=None,
        started_at=None,
        paused_at=None,
        started_by=None,
    )


def _running(timer: Timer, length_ms: int, now: int, by: str | None) -> Timer:
    return replace(
        timer,
        status=Status.RUNNING,
        left_ms=None,
        ends_at=now + length_ms,
        started_at=now,
        paused_at=None,
        started_by=by,
    )
