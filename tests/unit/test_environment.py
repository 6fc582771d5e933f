"""What settings become; what is refused is tested where the operator meets it, in acceptance/test_run.py."""

from pathlib import Path

import pytest

from tomato.environment import BadSetting, Environment
from tomato.redis import SOCKET_PATH_MAX_BYTES, socket_path


def test_an_empty_environment_is_enough(tmp_path: Path) -> None:
    environment = read(tmp_path)
    assert (environment.host, environment.port, environment.server) == ("127.0.0.1", 8000, "uvicorn")
    assert environment.redis_is_embedded
    assert environment.layer_urls == (environment.redis_url,) == (f"unix://{tmp_path}/var/redis.sock",)
    assert environment.database_url == f"sqlite:///{tmp_path}/var/tomato.sqlite3"


def test_an_empty_value_counts_as_none(tmp_path: Path) -> None:
    assert read(tmp_path, TOMATO_PORT="", DATABASE_URL=" ") == read(tmp_path)


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


def test_a_refusal_shows_no_password(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="TOMATO_REDIS_URL is 'http://me:\\*\\*\\*@there', but it must be"):
        read(tmp_path, TOMATO_REDIS_URL="http://me:secret@there")


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
