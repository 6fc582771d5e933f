"""A part is started again whatever ended it, or kept it from starting; processes that live are in acceptance/test_run.py."""

import asyncio
import errno
import sys

import pytest

from tests.support.waiting import eventually_async
from tomato import parts
from tomato.parts import Part

IDLE = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EAGAIN, "Resource temporarily unavailable"), RuntimeError("can't start new thread")],
)
async def test_what_cannot_be_started_is_tried_again_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    failures = [error, error]
    start_bound = parts.start_bound

    async def start_at_the_third_try(*arguments: object) -> asyncio.subprocess.Process:
        if failures:
            raise failures.pop()
        return await start_bound(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "start_bound", start_at_the_third_try)
    monkeypatch.setattr(parts, "FIRST_PAUSE_S", 0.001)
    part = Part("The worker", IDLE, {})
    part.start()
    try:
        await eventually_async(lambda: part._process)
    finally:
        await part.stop(within_s=10)
    assert capsys.readouterr().out.splitlines() == 2 * [f"The worker could not be started ({error}); trying again."]
