"""Waiting for what will be true soon, instead of sleeping and hoping."""

import asyncio
import inspect
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TypeVar

LOOK_AGAIN_AFTER_S = 0.05
WITHIN_S = 20.0
"""Long, since it is only ever waited for by a test that fails, or on a machine that has much else to do."""

Answer = TypeVar("Answer")


def eventually(check: Callable[[], Answer | None], within_s: float = WITHIN_S) -> Answer:
    """The first truthy answer of `check`; an assertion fails when there is none in time.

    A check that raises AssertionError is asked again, and its last complaint is the one reported.
    """
    deadline = monotonic() + within_s
    while not (answer := _asked(check, is_last=monotonic() > deadline)):
        assert monotonic() <= deadline, f"not within {within_s} s: {_described(check)} is {answer!r}"
        sleep(LOOK_AGAIN_AFTER_S)
    return answer


async def eventually_async(check: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    """The same in an event loop, for a check that may be a coroutine function."""
    deadline = monotonic() + within_s
    while True:
        try:
            answer = check()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            complaint = f"not within {within_s} s: {_described(check)} is {answer!r}"
        except AssertionError as error:
            complaint = str(error)
        assert monotonic() <= deadline, complaint
        await asyncio.sleep(LOOK_AGAIN_AFTER_S)


def _asked(check: Callable[[], Answer | None], *, is_last: bool) -> Answer | None:
    try:
        return check()
    except AssertionError:
        if is_last:
            raise
        return None


def _described(check: Callable[..., object]) -> str:
    try:
        return inspect.getsource(check).strip()
    except (OSError, TypeError):
        return repr(check)
