"""Puts the embedded Redis' append-only file on the disk once a second.

Redis' own `everysec` holds a write back in its memory while an fsync is running, up to two seconds, and answers meanwhile: a kill in
that moment would lose what was acknowledged. So Redis writes at once (`appendfsync no`: the file survives the process), and the fsync
that protects from the loss of the whole machine is made here.
"""

import asyncio
import os
from pathlib import Path

SYNC_EVERY_S = 1.0


async def keep_on_disk(folder: Path) -> None:
    """Until cancelled. `folder` holds the append-only file, or with Redis 7 the directory of its parts."""
    while True:
        await asyncio.sleep(SYNC_EVERY_S)
        await asyncio.to_thread(_sync, folder)


def _sync(folder: Path) -> None:
    for path in folder.rglob("*.aof"):
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # rewritten in this moment
            continue
        try:
            os.fsync(file)
        finally:
            os.close(file)
