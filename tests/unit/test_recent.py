"""What is remembered of lookups, and what is not."""

from tomato.recent import Recent


def test_an_answer_is_recalled_until_it_is_too_old() -> None:
    recent: Recent[str | None] = Recent(10)
    recent.keep("one", None, until_s=100.0)
    assert recent.recall("one", 99.9) == (None,)
    assert recent.recall("one", 100.0) is None
    assert recent.recall("two", 0.0) is None


def test_the_one_unused_for_longest_goes_first() -> None:
    recent: Recent[int] = Recent(2)
    recent.keep("one", 1, until_s=100.0)
    recent.keep("two", 2, until_s=100.0)
    recent.recall("one", 0.0)
    recent.keep("three", 3, until_s=100.0)
    assert [recent.recall(key, 0.0) for key in ("one", "two", "three")] == [(1,), None, (3,)]


def test_what_was_asked_for_before_something_was_forgotten_is_not_kept() -> None:
    recent: Recent[str] = Recent(10)
    as_of = recent.forgotten
    recent.forget("room")
    recent.keep("room", "without a passcode", until_s=100.0, as_of=as_of)
    assert recent.recall("room", 0.0) is None
    recent.keep("room", "with one", until_s=100.0, as_of=recent.forgotten)
    assert recent.recall("room", 0.0) == ("with one",)
