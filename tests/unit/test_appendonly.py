"""The embedded Redis' file reaches the disk for as long as it runs, whatever one try runs into."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.support.waiting import eventually_async
from tomato import appendonly


class Disk:
    """Refuses to be written to while it is `full`; counts how often it was asked."""

    def __init__(self) -> None:
        self.full, self.asked = False, 0

    def fsync(self, file: int) -> None:
        self.asked += 1
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")

    async def is_asked_again(self) -> None:
        asked = self.asked
        await eventually_async(lambda: self.asked > asked + 1)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    monkeypatch.setattr(appendonly, "SYNC_EVERY_S", 0.001)
    return disk


@asynccontextmanager
async def kept_on_disk(folder: Path) -> AsyncIterator[None]:
    (folder / "appendonly.aof").touch()
    keeping = asyncio.create_task(appendonly.keep_on_disk(folder))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def test_a_disk_that_takes_nothing_is_said_once_and_again_when_it_does(
    tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    async with kept_on_disk(tmp_path):
        await disk.is_asked_again()
        disk.full = True
        await disk.is_asked_again()
        await disk.is_asked_again()
        disk.full = False
        await disk.is_asked_again()
    lost, back = capsys.readouterr().out.splitlines()
    assert "No space left on device" in lost
    assert "again" in back


async def test_a_file_that_is_rewritten_in_this_moment_is_nothing_to_speak_of(
    tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    async with kept_on_disk(tmp_path):
        (tmp_path / "rewritten.aof").symlink_to("gone")
        await disk.is_asked_again()
    assert capsys.readouterr().out == ""
