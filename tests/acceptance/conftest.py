"""Acceptance tests run against tomato as a user starts it, under each of the two servers."""

from collections.abc import Iterator

import pytest

from tests.support.processes import Tomato, tomato


@pytest.fixture(scope="package", params=["uvicorn", "daphne"])
def site(request: pytest.FixtureRequest) -> Iterator[Tomato]:
    """A running tomato that tests share: they leave it as they found it."""
    with tomato(TOMATO_SERVER=request.param) as running:
        yield running
