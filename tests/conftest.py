"""What every test may ask for: a real Redis, empty at the start of the test, and coroutines run as tests."""

import inspect
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings
from hypothesis import settings as hypothesis_settings

from tests.support.programs import UNTRIED
from tests.support.redis import redis_in

# Nothing fails for being slow, nor somebody's change for an example that nobody had thought of: `make fuzz` looks for those.
hypothesis_settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis_settings.register_profile("tomato", deadline=None, derandomize=True)
hypothesis_settings.load_profile("tomato")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs `async def` tests on this thread's own database connection, so that the ordinary `db` fixture works for them."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    async_to_sync(pyfuncitem.obj)(**{name: pyfuncitem.funcargs[name] for name in wanted})
    return True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that mostly wait beside files that mostly compute, so that no core is idle; what is quick comes last, so that
    nobody is left alone with a slow one."""
    files: dict[str, dict[Path, list[pytest.Item]]] = {}
    for item in items:
        files.setdefault(item.path.parent.name, {}).setdefault(item.path, []).append(item)
    waiting, computing = (list(files.pop(ring, {}).values()) for ring in ("acceptance", "browser"))
    waiting.sort(key=lambda tests: ("soak" not in tests[0].path.name, -len(tests)))
    computing.sort(key=len, reverse=True)
    slow = chain.from_iterable(zip_longest(waiting, computing, fillvalue=()))
    quick = chain.from_iterable(ring.values() for ring in files.values())
    items[:] = chain.from_iterable((*slow, *quick))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What could not be tried on this machine is said so that nobody passes over it."""
    reasons = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ())}
    for sentence in UNTRIED.values():
        if any(sentence in reason for reason in reasons):
            terminalreporter.section(sentence, sep="!", red=True, bold=True)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Redis]:
    """The Redis that `settings.TOMATO.redis_url` names."""
    with redis_in(settings.TOMATO.data_dir) as client:
        yield client


@pytest.fixture
def empty_redis(redis_server: redis.Redis) -> redis.Redis:
    """That Redis with nothing in it; gives a blocking client."""
    redis_server.flushall()
    return redis_server
