"""Puts the embedded Redis' append-only file on the disk once a second.

Redis' own `everysec` holds a write back in its memory while an fsync is running, up to two seconds, and answers meanwhile: a kill in
that moment would lose what was acknowledged. So Redis writes at once (`appendfsync no`: the file survives the process), and the fsync
that protects from the loss of the whole machine is made here.
"""

import asyncio
import os
from pathlib import Path

from tomato.parts import say

SYNC_EVERY_S = 1.0


async def keep_on_disk(folder: Path) -> None:
    """Until cancelled. `folder` holds the append-only file, or with Redis 7 the directory of its parts."""
    is_refused = False
    while True:
        await asyncio.sleep(SYNC_EVERY_S)
        try:
            await asyncio.to_thread(_sync, folder)
        except (OSError, RuntimeError) as error:  # RuntimeError: there is no thread to be had
            if not is_refused:
                say(
                    f"What Redis has written cannot be put on the disk ({error}): until it can, the loss of the whole machine "
                    "may cost more than the last two seconds. Trying again."
                )
            is_refused = True
        else:
            if is_refused:
                say("What Redis has written is put on the disk again.")
            is_refused = False


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
