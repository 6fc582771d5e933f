"""What every test may ask for: a real Redis, empty at the start of the test, and coroutines run as tests."""

import inspect
from collections.abc import Iterator

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings

from tests.support.redis import redis_in


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs `async def` tests on this thread's own database connection, so that the ordinary `db` fixture works for them."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    async_to_sync(pyfuncitem.obj)(**{name: pyfuncitem.funcargs[name] for name in wanted})
    return True


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
