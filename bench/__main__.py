"""`make bench`: what a delivered tick costs, measured on tomato as `make run` starts it, but for the limits raised below."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import monotonic, process_time

import httpx
import psutil
import uvloop

from bench.load import Tally, connect, handshake, percentile
from tests.support.processes import Tomato, tomato

RESULTS = Path(__file__).parent / "results"
RAISED = {"TOMATO_RATE_PER_S": "10000", "TOMATO_RATE_BURST": "10000", "TOMATO_MAX_MEMBERS": "5000"}
SCENARIOS = {"1,000 sockets in 200 rooms of 5": (200, 5), "1,000 sockets in one room": (1, 1000)}
RUNS = 3
SETTLE_S = 3.0
MEASURE_S = 10.0
START = b'{"type":"timer:start","timer":"room"}'


@dataclass
class Figures:
    """Of one run. CPU is in per cent of a core; latency from the worker's `now_at` to the arrival, in milliseconds."""

    joins_per_s: float
    ticks_per_s: float
    web_us_per_tick: float
    web_cpu: float
    worker_cpu: float
    redis_cpu: float
    generator_cpu: float
    p50_ms: float
    p99_ms: float
    web_rss_mb: float


def main() -> None:
    table = {name: [_run(rooms, people) for _ in range(RUNS)] for name, (rooms, people) in SCENARIOS.items()}
    medians = {name: _median(runs) for name, runs in table.items()}
    text = _markdown(medians)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.md").write_text(text)
    (RESULTS / "latest.json").write_text(json.dumps({name: asdict(row) for name, row in medians.items()}, indent=2))
    sys.stdout.write(text)


def _run(rooms: int, people: int) -> Figures:
    with tomato(**RAISED) as site:  # type: ignore[arg-type]
        return uvloop.run(_measure(site, rooms, people))


async def _measure(site: Tomato, rooms: int, people: int) -> Figures:
    tally = Tally()
    requests = [
        handshake(f"127.0.0.1:{site.port}", f"/ws/room/{code}", cookie)
        for code in await _rooms(site, rooms)
        for cookie in _cookies(site, people)
    ]
    began = monotonic()
    listeners = await connect(site.port, requests, tally)
    joins_per_s = len(requests) / (monotonic() - began)
    for listener in listeners[::people]:
        listener.say(START)
    await asyncio.sleep(SETTLE_S)
    parts = [psutil.Process(part.pid) for name in ("web", "worker", "redis") if (part := site.part(name))]
    tally.reset()
    before, generator_before = [_cpu_s(part) for part in parts], process_time()
    await asyncio.sleep(MEASURE_S)
    web_s, worker_s, redis_s = (_cpu_s(part) - was for part, was in zip(parts, before, strict=True))
    return Figures(
        joins_per_s=joins_per_s,
        ticks_per_s=tally.ticks / MEASURE_S,
        web_us_per_tick=web_s / tally.ticks * 1e6,
        web_cpu=100 * web_s / MEASURE_S,
        worker_cpu=100 * worker_s / MEASURE_S,
        redis_cpu=100 * redis_s / MEASURE_S,
        generator_cpu=100 * (process_time() - generator_before) / MEASURE_S,
        p50_ms=percentile(tally.latencies_ms, 0.5),
        p99_ms=percentile(tally.latencies_ms, 0.99),
        web_rss_mb=parts[0].memory_info().rss / 1e6,
    )


async def _rooms(site: Tomato, count: int) -> list[str]:
    async with httpx.AsyncClient() as http:
        return [(await http.post(f"{site.url}/api/rooms", json={})).json()["code"] for _ in range(count)]


def _cookies(site: Tomato, count: int) -> list[str]:
    """Cookies of new browsers, signed with the site's own key."""
    from django.conf import settings
    from django.core.signing import TimestampSigner

    if not settings.configured:
        settings.configure()
    signer = TimestampSigner(key=(site.data_dir / "secret-key").read_text(), salt="tomato_device")
    return [signer.sign(secrets.token_hex(8).upper()) for _ in range(count)]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _median(runs: list[Figures]) -> Figures:
    return Figures(**{name: median(getattr(run, name) for run in runs) for name in asdict(runs[0])})


def _markdown(rows: dict[str, Figures]) -> str:
    names = list(Figures.__dataclass_fields__)
    lines = [f"| scenario | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(f'{value:.1f}' for value in asdict(row).values())} |" for name, row in rows.items()
    ]
    head = f"Medians of {RUNS} runs of {MEASURE_S:g} s on {os.cpu_count()} cores, one tick a second; limits raised: {RAISED}.\n\n"
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
