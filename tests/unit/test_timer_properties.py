"""What holds for one timer whatever is done to it: no time is made or lost, and undo is a list with a finger in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.topics import Desk, check_sound
from timers.timer import (
    LEAST_MS,
    MOST_MS,
    MOST_UNNOTICED,
    UNDO_DEPTH,
    Action,
    Add,
    Command,
    Configure,
    History,
    Pause,
    Phase,
    Redo,
    Reset,
    Resume,
    SetPhase,
    Settings,
    Skip,
    Start,
    Timer,
    Undo,
    change,
    complete,
    fresh,
    pass_over,
)

lengths = st.integers(LEAST_MS, MOST_MS) | st.integers(60_000, 3_600_000)
configurations: st.SearchStrategy[dict[str, int | bool]] = st.fixed_dictionaries(
    {},
    optional={
        "focus_ms": lengths,
        "short_break_ms": lengths,
        "long_break_ms": lengths,
        "rounds": st.integers(1, 12),
        "auto_start_breaks": st.booleans(),
        "auto_start_focus": st.booleans(),
    },
)
changes: st.SearchStrategy[Command] = st.one_of(
    st.builds(Start),
    st.builds(Start, lengths),
    st.builds(Pause),
    st.builds(Resume),
    st.builds(Reset),
    st.builds(Skip),
    st.builds(Add, st.integers(-MOST_MS, MOST_MS) | st.integers(-(2**63), 2**64 - 1)),
    st.builds(SetPhase, st.sampled_from(Phase)),
    st.builds(Configure, configurations),
)
commands = changes | st.builds(Undo) | st.builds(Redo)
waits = st.integers(0, 3_600_000)
openings: st.SearchStrategy[tuple[Command | int, ...]] = st.one_of(
    st.just(()),
    st.tuples(st.builds(Start), waits),
    st.tuples(st.builds(Start, lengths), waits, st.builds(Pause), waits),
)
histories: st.SearchStrategy[list[Command | int]] = st.builds(
    lambda opening, rest: [*opening, *rest], openings, st.lists(commands | waits, max_size=8)
)


@dataclass
class Undoing:
    """Undo and redo as anybody would explain them: the states so far, and a finger on the present one."""

    states: list[Timer] = field(default_factory=lambda: [fresh()])
    finger: int = 0

    def do(self, command: Command, now: int) -> bool:
        if isinstance(command, Undo):
            moved = self.finger > 0
            self.finger -= moved
            return moved
        if isinstance(command, Redo):
            moved = self.finger < len(self.states) - 1
            self.finger += moved
            return moved
        after, _ = change(self.states[self.finger], command, now)
        if after == self.states[self.finger]:
            return False
        self.states = [*self.states[: self.finger + 1], after][-UNDO_DEPTH - 1 :]
        self.finger = len(self.states) - 1
        return True


@settings(max_examples=200, deadline=None)
@given(histories)
def test_a_timer_is_sound_whatever_is_done_to_it(steps: list[Command | int]) -> None:
    desk = Desk()
    for step in steps:
        desk.do(step)
        check_sound(desk.timer, desk.now)
        assert len(desk.history.past) <= UNDO_DEPTH
        assert len(desk.history.future) <= UNDO_DEPTH


@settings(max_examples=200, deadline=None)
@given(histories, lengths, st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 10**9)), max_size=6))
def test_pausing_and_resuming_neither_make_nor_lose_time(
    before: list[Command | int], length_ms: int, spells: list[tuple[int, int]]
) -> None:
    desk = Desk(*before, Reset(), Start(length_ms))
    worked_ms = 0
    for work_ms, rest_ms in spells:
        work_ms = min(work_ms, desk.left_ms - 1)
        desk.do(work_ms, Pause())
        worked_ms += work_ms
        assert desk.left_ms == length_ms - worked_ms
        desk.do(rest_ms, Resume())
        assert desk.left_ms == length_ms - worked_ms
    assert desk.timer.duration_ms == length_ms


@settings(max_examples=200, deadline=None)
@given(histories, commands, st.integers(0, 86_400_000))
def test_only_some_commands_touch_the_time_that_is_left(
    before: list[Command | int], command: Command, later_ms: int
) -> None:
    desk = Desk(*before)
    timer, left_ms = desk.timer, desk.left_ms
    action = desk.do(command)
    match action:
        case None | Action.PAUSE | Action.RESUME:
            assert (desk.left_ms, desk.timer.duration_ms) == (left_ms, timer.duration_ms)
        case Action.CONFIGURE if not timer.stopped:
            assert (desk.left_ms, desk.timer.duration_ms) == (left_ms, timer.duration_ms)
        case Action.ADD:
            assert desk.left_ms - left_ms == desk.timer.duration_ms - timer.duration_ms
    desk.now += later_ms
    if not desk.timer.running:
        assert desk.left_ms == desk.timer.left_ms, "time passes for a running timer only"


@settings(max_examples=200, deadline=None)
@given(histories, st.integers(-(2**63), 2**64 - 1))
def test_add_gives_what_the_limits_leave_of_it(before: list[Command | int], ms: int) -> None:
    desk = Desk(*before)
    left_ms, duration_ms = desk.left_ms, desk.timer.duration_ms
    desk.do(Add(ms))
    most, least = MOST_MS - duration_ms, min(0, LEAST_MS - left_ms)
    assert desk.left_ms - left_ms == desk.timer.duration_ms - duration_ms == max(least, min(ms, most))


@settings(max_examples=300, deadline=None)
@given(st.lists(commands, max_size=40))
def test_undo_is_a_list_of_states_with_a_finger_on_the_present(orders: list[Command]) -> None:
    desk, expected = Desk(), Undoing()
    for order in orders:
        action = desk.do(order)
        assert (action is not None) == expected.do(order, desk.now)
        assert desk.timer == expected.states[expected.finger]


@settings(max_examples=200, deadline=None)
@given(histories)
def test_undoing_everything_and_redoing_it_is_no_change(steps: list[Command | int]) -> None:
    desk = Desk(*steps)
    there = desk.history
    undone = 0
    while desk.history.past and (not desk.history.past[0].running or (desk.history.past[0].ends_at or 0) > desk.now):
        desk.do(Undo())
        undone += 1
    desk.do(*[Redo()] * undone)
    assert desk.history == there


@settings(max_examples=100, deadline=None)
@given(configurations, st.integers(1, 30))
def test_skipping_and_running_out_go_the_same_way(configuration: dict[str, int | bool], phases: int) -> None:
    skipping, running = Desk(Configure(configuration)), Desk(Configure(configuration))
    for _ in range(phases):
        skipping.do(Skip())
        running.do(Start())
        running.history = complete(running.history)
        assert (skipping.timer.phase, skipping.timer.round) == (running.timer.phase, running.timer.round)
    assert skipping.timer.completed_focus == 0
    assert running.timer.completed_focus == (phases + 1) // 2


@settings(max_examples=100, deadline=None)
@given(histories, st.sampled_from([Reset(), Skip(), *map(SetPhase, Phase)]))
def test_a_loaded_phase_has_the_length_of_the_settings(before: list[Command | int], command: Command) -> None:
    timer = Desk(*before, command).timer
    assert timer.duration_ms == timer.settings.length_ms(timer.phase)


@settings(max_examples=100, deadline=None)
@given(histories, configurations, st.integers(0, 40 * MOST_UNNOTICED * LEAST_MS))
def test_passing_over_whole_cycles_leads_where_completing_each_phase_does(
    before: list[Command | int], configuration: dict[str, int | bool], unnoticed_ms: int
) -> None:
    brief = dict.fromkeys(["focus_ms", "short_break_ms", "long_break_ms"], LEAST_MS)
    desk = Desk(*before, Configure({**brief, **configuration}), Reset(), Start())
    now = desk.now + unnoticed_ms
    (one_by_one, _), (passing_over, completed) = all_over(desk.history, now), all_over(desk.history, now, pass_over)
    assert passing_over == one_by_one
    assert passing_over.timer.changed_at == one_by_one.timer.changed_at
    assert completed <= MOST_UNNOTICED + 4 * passing_over.timer.settings.rounds + 2 * desk.timer.round


def all_over(history: History, now: int, then: Callable[[History, int], History] | None = None) -> tuple[History, int]:
    """The history once all that was over by `now` is completed, and how many phases that were."""
    completed = 0
    while history.timer.ends_at is not None and history.timer.ends_at <= now:
        history, completed = complete(history), completed + 1
        history = then(history, now) if then else history
    return history, completed


def test_the_limits_are_those_of_the_contract() -> None:
    assert (LEAST_MS, MOST_MS, UNDO_DEPTH) == (1_000, 86_400_000, 10)
    assert Settings() == Settings(1_500_000, 300_000, 900_000, 4, True, False)
