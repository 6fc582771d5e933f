"""Undo and redo on one timer."""

from tests.support.timers import LONG, PAUSED, SHORT, STOPPED
from tests.support.topics import NOON, Desk, minutes, seconds, timer_after
from timers.timer import Action, Add, Configure, Pause, Redo, Reset, Resume, SetPhase, Skip, Start, Undo


def test_undo_brings_back_a_running_timer_with_its_old_end() -> None:
    desk = Desk(Start(), minutes(10), Pause(), minutes(3), Undo())
    assert (desk.timer.ends_at, desk.left_ms) == (NOON + minutes(25), minutes(12))


def test_undo_brings_back_settings_length_and_place() -> None:
    before = timer_after(Start(), minutes(10))
    for command in (Reset(), Skip(), Add(9), SetPhase(LONG), Configure({"focus_ms": 60_000, "rounds": 1}), Pause()):
        assert timer_after(Start(), minutes(10), command, minutes(1), Undo()) == before


def test_redo_takes_back_an_undo() -> None:
    desk = Desk(Start(), minutes(10), Pause())
    paused = desk.timer
    assert desk.do(minutes(1), Undo(), minutes(1), Redo()) is Action.REDO
    assert desk.timer == paused
    assert desk.do(Redo()) is None


def test_undo_goes_ten_deep_and_redo_all_the_way_back() -> None:
    desk = Desk(*[Add(1_000)] * 12)
    assert [desk.do(Undo()) for _ in range(11)] == [Action.UNDO] * 10 + [None]
    assert desk.left_ms == minutes(25) + seconds(2)
    assert [desk.do(Redo()) for _ in range(11)] == [Action.REDO] * 10 + [None]
    assert desk.left_ms == minutes(25) + seconds(12)


def test_undo_stays_ten_deep_after_redo() -> None:
    desk = Desk(*[Add(1_000)] * 12, *[Undo()] * 3, *[Redo()] * 3, Add(1_000))
    assert [desk.do(Undo()) for _ in range(11)] == [Action.UNDO] * 10 + [None]


def test_a_new_command_ends_the_redoing() -> None:
    assert Desk(Start(), Pause(), Undo(), Add(1_000)).do(Redo()) is None


def test_a_command_that_changed_nothing_does_not_end_the_redoing() -> None:
    desk = Desk(Start(), minutes(1), Pause(), Undo())
    assert desk.do(Start(), Resume(), Add(0)) is None
    assert desk.do(Redo()) is Action.REDO
    assert desk.timer.status is PAUSED


def test_a_command_that_changed_nothing_is_not_what_undo_takes_back() -> None:
    desk = Desk(Start(), Start(), Add(0), Resume())
    assert desk.do(Undo()) is Action.UNDO
    assert desk.timer.status is STOPPED


def test_undo_in_the_middle_then_a_command_goes_on_from_there() -> None:
    desk = Desk(Add(1_000), Add(2_000), Undo(), Add(4_000))
    assert desk.left_ms == minutes(25) + seconds(5)
    desk.do(Undo())
    assert desk.left_ms == minutes(25) + seconds(1)


def test_a_phase_brought_back_by_undo_is_over_if_its_end_has_passed() -> None:
    desk = Desk(Start(), minutes(10), Pause(), minutes(17))
    desk.do(Undo())
    assert (desk.timer.phase, desk.timer.completed_focus) == (SHORT, 1)
    assert (desk.timer.started_at, desk.left_ms) == (NOON + minutes(25), minutes(3))


def test_a_completion_clears_what_could_be_undone_and_redone() -> None:
    desk = Desk(Add(1_000), Start(), Pause(), Undo(), minutes(26))
    assert desk.timer.phase is SHORT
    assert (desk.do(Undo()), desk.do(Redo())) == (None, None)
