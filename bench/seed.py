"""What a site is filled with before it is measured, written by tomato's own code: rooms, cookies of browsers, and running timers.

A command of its own, with the settings of the site in its environment: `python -m bench.seed --rooms 200 --devices 1000`. It prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Iterator
from itertools import islice
from time import time
from typing import Any

import django

AT_ONCE = 200
RUNS_FOR_MS = 8 * 3_600_000


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.seed")
    arguments.add_argument("--rooms", type=int, default=0)
    arguments.add_argument("--devices", type=int, default=0)
    arguments.add_argument("--running", action="store_true", help="each device's own timer runs")
    asked = arguments.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tomato.settings")
    django.setup()
    from tomato.identity import signed

    devices = [secrets.token_hex(8).upper() for _ in range(asked.devices)]
    if asked.running:
        asyncio.run(run_timers_of(devices))
    sys.stdout.write(
        json.dumps(
            {"rooms": make_rooms(asked.rooms), "devices": devices, "cookies": [signed(device) for device in devices]}
        )
    )


def make_rooms(count: int) -> list[str]:
    from rooms.codes import new_code
    from rooms.models import Room

    codes = [new_code() for _ in range(count)]
    Room.objects.bulk_create(Room(code=code) for code in codes)
    return codes


async def run_timers_of(devices: list[str]) -> None:
    """As the owner of every shard would have committed it, before there is a worker."""
    from django.conf import settings

    from timers import topics
    from timers.store import BEGINNING, Store
    from timers.topic import Topic
    from tomato.redis import connect

    shards = settings.TOMATO.shards
    after: dict[int, list[Topic]] = {}
    for device in devices:
        topic = _running(device)
        after.setdefault(topics.shard_of(topic.name, shards), []).append(topic)
    async with connect(settings.TOMATO.redis_url) as client:
        store = Store(client, shards)
        for shard, found in after.items():
            await client.set(topics.lease_key(shard), "bench")
            for some in _in_parts(found):
                verdict = await store.commit(shard, "bench", BEGINNING, [(Topic(topic.name), topic) for topic in some])
                assert verdict == "DONE", verdict
            await client.delete(topics.lease_key(shard))


def _running(device: str) -> Any:
    from timers import topics
    from timers.course import apply
    from timers.timer import Start
    from timers.topic import Rules, Steer, Topic
    from tomato.identity import member_for

    command = Steer(member_for(device, topics.SOLO), topics.SOLO, Start(RUNS_FOR_MS))
    return apply(Topic(topics.solo(device)), command, int(time() * 1000), Rules()).topic


def _in_parts(found: list[Any]) -> Iterator[list[Any]]:
    rest = iter(found)
    while part := list(islice(rest, AT_ONCE)):
        yield part


if __name__ == "__main__":
    main()
