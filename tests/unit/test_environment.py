"""What settings become, and what is refused; how a refusal meets the operator is in acceptance/test_run.py."""

import re
from pathlib import Path

import pytest

from tomato.environment import BadSetting, Environment, without_password
from tomato.redis import SOCKET_PATH_MAX_BYTES, socket_path


def test_an_empty_environment_is_enough(tmp_path: Path) -> None:
    environment = read(tmp_path)
    assert (environment.host, environment.port, environment.server) == ("127.0.0.1", 8000, "uvicorn")
    assert environment.redis_is_embedded
    assert environment.layer_urls == (environment.redis_url,) == (f"unix://{tmp_path}/var/redis.sock",)
    assert environment.database_url == f"sqlite:///{tmp_path}/var/tomato.sqlite3"


def test_an_empty_value_counts_as_none(tmp_path: Path) -> None:
    assert read(tmp_path, TOMATO_PORT="", DATABASE_URL=" ") == read(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOMATO_PORT", "http"),
        ("TOMATO_PORT", "65536"),
        ("TOMATO_HOST", "not a host"),
        ("TOMATO_DATA_DIR", "/dev/null/var"),
        ("TOMATO_DEBUG", "maybe"),
        ("TOMATO_HTTPS", "2"),
        ("TOMATO_PROXIES", "-1"),
        ("TOMATO_ALLOWED_HOSTS", "*"),
        ("TOMATO_ALLOWED_HOSTS", "https://example.com"),
        ("TOMATO_REDIS_URL", "http://localhost"),
        ("TOMATO_LAYER_URLS", "redis+cluster://localhost"),
        ("DATABASE_URL", "mysql://localhost/tomato"),
        ("TOMATO_SERVER", "apache"),
        ("TOMATO_WEB_PROCESSES", "0"),
        ("TOMATO_IDLE_TTL_S", "0"),
        ("TOMATO_SHARDS", "0"),
        ("TOMATO_RATE_PER_S", "many"),
        ("TOMATO_RATE_BURST", "0"),
        ("TOMATO_MAX_MEMBERS", "1.5"),
        ("TOMATO_MAX_SOCKETS_PER_IP", "-1"),
        ("TOMATO_CORS_ORIGINS", "example.com"),
        ("TOMATO_CRASH_AT", "after-commit"),
        ("TOMATO_SECRET_KEY", "short"),
        ("TOMATO_METRICS_TOKEN", "two words"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} is {re.escape(repr(value))}, but it must be "):
        read(tmp_path, **{name: value})


@pytest.mark.parametrize("name", ["TOMATO_ALLOWED_HOSTS", "TOMATO_LAYER_URLS", "TOMATO_CORS_ORIGINS"])
def test_a_list_of_commas_only_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} is ', ,', but it must be"):
        read(tmp_path, **{name: ", ,"})


def test_the_secret_key_is_made_once(tmp_path: Path) -> None:
    assert len(read(tmp_path).secret_key) >= 32
    assert read(tmp_path).secret_key == read(tmp_path).secret_key


def test_what_is_refused_leaves_no_directory_behind(tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        read(tmp_path, TOMATO_SHARDS="none")
    assert not (tmp_path / "var").exists()


def test_the_layer_follows_the_redis_of_the_timers(tmp_path: Path) -> None:
    environment = read(tmp_path, TOMATO_REDIS_URL="redis://one")
    assert not environment.redis_is_embedded
    assert environment.layer_urls == ("redis://one",)


def test_a_cluster_keeps_the_timers_and_other_servers_the_layer(tmp_path: Path) -> None:
    environment = read(tmp_path, TOMATO_REDIS_URL="redis+cluster://one", TOMATO_LAYER_URLS="redis://two, redis://three")
    assert environment.redis_url == "redis+cluster://one"
    assert environment.layer_urls == ("redis://two", "redis://three")


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("127.0.0.1", ["localhost", "127.0.0.1", "[::1]"]),
        ("192.0.2.7", ["localhost", "127.0.0.1", "[::1]", "192.0.2.7"]),
        ("2001:db8::7", ["localhost", "127.0.0.1", "[::1]", "[2001:db8::7]"]),
        ("0.0.0.0", ["localhost", "127.0.0.1", "[::1]"]),  # noqa: S104
    ],
)
def test_browsers_may_use_the_address_that_is_listened_on(tmp_path: Path, host: str, names: list[str]) -> None:
    assert read(tmp_path, TOMATO_HOST=host, TOMATO_SECRET_KEY="k" * 32).allowed_hosts == names


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@there", "http://me:***@there"),
        ("redis://:sec/ret@there", "redis://:***@there"),
        ("http://:sec@ret/@there:1/x", "http://:***@there:1/x"),
        ("http://secret@there", "http://***@there"),
        ("http://secret@there:6379,redis://:secret@there", "http://***@there"),
        ("http://:secret@there,redis://:sec,ret@there", "http://:***@there"),
        ("me:secret@there", "me:***@there"),
        ("unix://?db=0&password=secret&x=1", "unix://?db=0&password=***&x=1"),
    ],
)
def test_a_refusal_shows_no_password(tmp_path: Path, url: str, shown: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(tmp_path, TOMATO_REDIS_URL=url)
    assert str(refused.value).startswith(f"TOMATO_REDIS_URL is {shown!r}, but it must be ")


@pytest.mark.parametrize("url", ["postgres://u:p/w@host/db", "mysql://u:p@/p/w@/db", "u:p/w@host/db"])
def test_nor_that_of_a_database(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(tmp_path, DATABASE_URL=url)
    assert "u:***@" in str(refused.value)
    assert "p/w" not in str(refused.value)


def test_an_address_without_a_password_is_shown_as_it_is() -> None:
    for url in ("redis://there:6379/0", "redis+cluster://there", "/var/lib/a@b"):
        assert without_password(url) == url


def test_nobody_dies_at_a_crash_point_where_people_are_served(tmp_path: Path) -> None:
    assert read(tmp_path, TOMATO_CRASH_AT="after-commit", TOMATO_DEBUG="1").crash_at == "after-commit"
    with pytest.raises(BadSetting, match="TOMATO_CRASH_AT is 'after-commit', but it must be empty unless TOMATO_DEBUG"):
        read(tmp_path, TOMATO_CRASH_AT="after-commit")


@pytest.mark.parametrize(
    ("https", "proxies", "named"),
    [("0", "0", []), ("0", "1", []), ("1", "1", []), ("1", "0", ["TOMATO_HTTPS", "TOMATO_PROXIES"])],
)
def test_tls_that_nobody_speaks_is_warned_of(tmp_path: Path, https: str, proxies: str, named: list[str]) -> None:
    warnings = read(tmp_path, TOMATO_HTTPS=https, TOMATO_PROXIES=proxies).warnings()
    assert [name for warning in warnings for name in ("TOMATO_HTTPS", "TOMATO_PROXIES") if name in warning] == named


def test_a_long_data_directory_has_a_short_socket_that_every_command_finds(tmp_path: Path) -> None:
    long = tmp_path / ("long " * 30)
    assert len(str(socket_path(long))) <= SOCKET_PATH_MAX_BYTES
    assert socket_path(long) == socket_path(long)
    assert socket_path(long) != socket_path(tmp_path / ("other " * 30))


def read(folder: Path, **variables: str) -> Environment:
    return Environment.read({"TOMATO_DATA_DIR": str(folder / "var"), **variables})


@pytest.mark.parametrize("url", ["redis://here:99999", "redis://here:6379/first", "unix://", "redis://", "http://here"])
def test_what_is_no_address_of_a_redis_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSetting, match="must be an address such as redis://host:6379/0"):
        read(tmp_path, TOMATO_REDIS_URL=url)
