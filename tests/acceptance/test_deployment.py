"""The deployment of `docker-compose.yml` with the very same commands, outside containers: two web servers, two workers, one
Redis, one PostgreSQL where there is one, and the proxy where there is one."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.deployment import HOST, At, Deployment, deployment
from tests.support.http import async_http_client, http_client, http_get
from tests.support.people import Browser, Message, a_browser, a_room
from tests.support.postgresql import cluster
from tests.support.processes import free_port
from tests.support.programs import UNTRIED, caddy, postgresql
from tests.support.waiting import eventually
from tomato.environment import CHECKOUT
from tomato.redis import connect_sync

WEB, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2")
HERE = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    for volume in ("static", "timers"):
        (folder / volume).mkdir()
    database = cluster() if postgresql() else nullcontext(f"sqlite:///{folder}/tomato.sqlite3")
    with database as url, deployment(folder, url, TOMATO_IDLE_TTL_S="1") as running:
        running.start("redis", "--dir", str(folder / "timers"), "--bind", HOST, "--port", str(running.at("redis").port))
        running.build()
        assert not (folder / "data" / "secret-key").exists(), "no secret is built in"
        running.run("prepare")
        for service in (*WEB, *WORKERS):
            running.start(service)
        for service in (*WEB, *WORKERS):
            running.healthy(service)
        yield running


@pytest.fixture(scope="module")
def proxy(site: Deployment) -> Iterator[At]:
    program, folder, port = caddy(), site.folder, free_port()
    if not program:
        pytest.skip(UNTRIED["caddy"])
    config = (CHECKOUT / "deploy" / "Caddyfile").read_text().replace("root * /srv", f"root * {folder}")
    for service in WEB:
        config = config.replace(f"{service}:8000", f"{HOST}:{site.at(service).port}")
    (folder / "Caddyfile").write_text(HERE + config)
    variables = {**os.environ, "SITE": f"http://{HOST}:{port}", "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [str(program), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with (
        (folder / "proxy.log").open("wb") as log,
        subprocess.Popen(command, env=variables, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            eventually(lambda: passes(At(port), process, folder / "proxy.log"))
            yield At(port)
        finally:
            process.kill()


def passes(proxy: At, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return http_get(proxy.url + "/healthz").status_code == 200
    except httpx.TransportError:
        return False


async def test_people_at_two_web_servers_are_in_one_room(site: Deployment) -> None:
    await share_a_timer(await a_browser(site.at("web-1")), await a_browser(site.at("web-2")))


async def share_a_timer(ana: Browser, jun: Browser) -> None:
    path = f"/ws/room/{await a_room(ana.site)}"
    async with ana.tab(path) as hers, jun.tab(path) as his:
        assert {member["id"] for member in his.joined["members"]} == {hers.me, his.me}
        assert (await his.does("timer:start", timer="room"))["type"] == "ack"
        state = await hers.hears("timer:state", action="start")
        assert state["by"] == his.me
        await hers.hears("timer:tick")


async def test_a_room_and_its_paused_timer_come_back_from_postgresql(site: Deployment) -> None:
    if not postgresql():
        pytest.skip(UNTRIED["postgresql"])
    ana, jun = await a_browser(site.at("web-1")), await a_browser(site.at("web-2"))
    code = await ana.makes_a_room(name="Writers")
    async with ana.tab(f"/ws/room/{code}") as tab:
        await tab.does("timer:start", timer="room", duration_ms=600_000)
        await tab.does("timer:pause", timer="room")
    before = await snapshot(site.at("web-1"), code)
    with connect_sync(f"redis://{HOST}:{site.at('redis').port}") as redis:
        eventually(lambda: not redis.keys(f"*{code}*"))
    with psycopg.connect(site.database_url) as database:
        (rooms,) = database.execute("SELECT count(*) FROM rooms_room WHERE code = %s", [code]).fetchone() or (0,)
        keys = database.execute("SELECT key FROM timers_parkedtimer").fetchall()
    assert rooms == 1
    assert (f"room.{code}:room",) in keys
    async with jun.tab(f"/ws/room/{code}") as tab:
        after = tab.timer("room")
    assert (after["status"], after["remaining_ms"]) == ("paused", before["timers"][0]["remaining_ms"])


async def test_connections_that_postgresql_has_ended_are_made_anew(site: Deployment) -> None:
    if not postgresql():
        pytest.skip(UNTRIED["postgresql"])
    for at in map(site.at, WEB):
        await a_room(at)
    with psycopg.connect(site.database_url, autocommit=True) as database:
        others = "FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
        assert database.execute(f"SELECT pg_terminate_backend(pid) {others}").rowcount >= len(WEB)
    for at in map(site.at, WEB):
        await a_room(at)


async def snapshot(at: At, code: str) -> Message:
    async with async_http_client() as http:
        found: Message = (await http.get(f"{at.url}/api/rooms/{code}")).json()
    return found


async def test_the_proxy_passes_pages_and_sockets_on(proxy: At) -> None:
    await share_a_timer(await a_browser(proxy), await a_browser(proxy))


def test_the_proxy_numbers_requests_and_takes_no_browsers_word_for_it(proxy: At) -> None:
    response = http_get(proxy.url, headers={"X-Request-Id": "made-up"})
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", response.headers["X-Request-Id"])


async def test_the_proxy_passes_event_streams_on_as_they_come(proxy: At) -> None:
    code = await a_room(proxy)
    async with (
        async_http_client(base_url=proxy.url) as http,
        http.stream("GET", f"/room/{code}/events") as response,
    ):
        lines = response.aiter_lines()
        async for line in lines:
            if "session:joined" in line:
                break
        await http.post(f"/api/rooms/{code}/timer", json={"action": "start"})
        async for line in lines:
            if "timer:state" in line:
                break
        else:
            pytest.fail("the stream has ended")


def test_the_proxy_serves_static_files_of_this_version_and_others(site: Deployment, proxy: At) -> None:
    with http_client(base_url=proxy.url) as http:
        page = http.get("/").text
        style = http.get(re.findall(r'href="(/static/[^"]+\.css)"', page)[0], headers={"Accept-Encoding": "gzip"})
        (site.folder / "static" / "page.0123456789ab.js").write_text("// of the version before")
        before, plain = http.get("/static/page.0123456789ab.js"), http.get("/static/staticfiles.json")
        assert http.get("/static/nothing.js").status_code == 404
    for response in (style, before):
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert style.headers["Content-Encoding"] == "gzip"
    assert "immutable" not in plain.headers.get("Cache-Control", "")


def test_metrics_are_shown_inside_and_not_outside(site: Deployment, proxy: At) -> None:
    assert http_get(proxy.url + "/metrics").status_code == 404
    assert "tomato_workers 2.0" in http_get(site.at("web-1").url + "/metrics").text


async def test_one_after_the_other_is_stopped_and_nobody_is_left_out(
    site: Deployment, request: pytest.FixtureRequest
) -> None:
    """The last of this file, as it ends what it runs on."""
    ana, jun = await a_browser(site.at("web-1")), await a_browser(site.at("web-2"))
    path = f"/ws/room/{await a_room(site.at('web-1'))}"
    async with ana.tab(path) as hers, jun.tab(path) as his:
        await his.does("timer:start", timer="room")
        site.stop("worker-2")
        assert (await hers.does("timer:pause", timer="room"))["changed"] is True
        site.stop("web-2")
        assert await his.closed() == 1012
        assert "No web server lives here" in site.health("web-2").stderr
        if caddy():
            through = request.getfixturevalue("proxy")
            for _ in range(4):
                await a_browser(through)
        jun.site = site.at("web-1")
        async with jun.tab(path) as back:
            assert (await back.does("timer:resume", timer="room"))["changed"] is True
            await hers.hears("timer:state", action="resume")
    site.stop("worker-1")
    outcome = site.health("worker-1")
    assert (outcome.returncode, "No worker of this machine" in outcome.stderr) == (1, True)
