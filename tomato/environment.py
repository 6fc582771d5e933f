"""Every setting that comes from the environment: its name, its default, what is allowed.

Knows nothing of Django: `settings.py` makes Django's settings of it. A value that makes no sense
is refused here, with a sentence, before anything starts.
"""

import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import environ

from tomato import CannotStart
from tomato.redis import embedded_url

CHECKOUT = Path(__file__).resolve().parent.parent
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
SECRET_KEY_MIN_LENGTH = 32
ANOTHER_KEY = "put a copy of it back, or remove {path} to have another made, to which every browser is somebody new."
REDIS_SCHEMES = ("redis", "rediss", "unix")
CLUSTER_SCHEME = "redis+cluster"
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")

Value = TypeVar("Value")


def without_password(url: str) -> str:
    """The same address, fit to be shown. A password that is not encoded may hold anything, so all up to the last @ is hidden."""
    url = re.sub(r"(password=)[^&]*", r"\1***", url)
    return re.sub(r"^(?=[^@]*:)([^:/@]*://)?([^:@]*:)?.*@", r"\1\2***@", url, flags=re.DOTALL)


class BadSetting(CannotStart):
    """A variable has a value that makes no sense."""

    def __init__(self, name: str, value: str, allowed: str) -> None:
        super().__init__(f"{name} is {without_password(value)!r}, but it must be {allowed}.")


@dataclass(frozen=True)
class Environment:
    """The settings of one process, read once and handed on. An empty variable counts as absent."""

    port: int
    host: str
    data_dir: Path
    secret_key: str
    debug: bool
    https: bool
    proxies: int
    allowed_hosts: list[str]
    redis_url: str
    redis_is_embedded: bool
    layer_urls: tuple[str, ...]
    database_url: str
    server: str
    web_processes: int
    idle_ttl_s: int
    shards: int
    rate_per_s: int
    rate_burst: int
    max_members: int
    max_sockets_per_ip: int
    cors_origins: tuple[str, ...]
    metrics_token: str
    crash_at: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        """The settings that `variables` ask for; makes the data directory and, on a loopback address, the secret key."""
        setting = _Reader(variables)
        host = setting("TOMATO_HOST", "127.0.0.1", _host)
        plain = _plain_settings(setting, host)
        redis_url, layer_urls = _redis_settings(setting)
        database_url = setting("DATABASE_URL", "", _database_url)
        secret_key = setting("TOMATO_SECRET_KEY", "", _secret_key)
        if not secret_key and not _is_loopback(host):
            raise BadSetting(
                "TOMATO_SECRET_KEY", "", f"set when TOMATO_HOST is not a loopback address (it is {host!r})"
            )
        # Last, when nothing else can be refused, because it makes the directory.
        data_dir = _made(setting("TOMATO_DATA_DIR", str(CHECKOUT / "var"), _directory))
        return cls(
            **plain,
            host=host,
            data_dir=data_dir,
            secret_key=secret_key or _kept_secret_key(data_dir),
            redis_url=redis_url or embedded_url(data_dir),
            redis_is_embedded=not redis_url,
            layer_urls=layer_urls or (embedded_url(data_dir),),
            database_url=database_url or f"sqlite:///{quote(str(data_dir))}/tomato.sqlite3",
        )

    def warnings(self) -> list[str]:
        """What is allowed and yet hardly meant, each as a sentence."""
        if self.https and not self.proxies:
            return [
                "TOMATO_HTTPS is 1, but TOMATO_PROXIES is 0: the web server speaks no TLS itself and trusts nobody who does, so "
                "every page is redirected for ever. Set TOMATO_PROXIES to how many proxies are in front, or TOMATO_HTTPS to 0."
            ]
        return []


class _NotAllowed(Exception):
    """What is allowed instead."""


class _Reader:
    """Reads a variable, and refuses it by its name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def __call__(self, name: str, default: str, parse: Callable[[str], Value]) -> Value:
        text = self.variables.get(name, "").strip() or default
        try:
            return parse(text)
        except _NotAllowed as allowed:
            raise BadSetting(name, text, str(allowed)) from None


def _plain_settings(setting: _Reader, host: str) -> dict[str, Any]:
    """Those that stand for themselves."""
    debug = setting("TOMATO_DEBUG", "0", _switch)
    return dict(
        port=setting("TOMATO_PORT", "8000", _number(1, 65535)),
        debug=debug,
        https=setting("TOMATO_HTTPS", "0", _switch),
        proxies=setting("TOMATO_PROXIES", "0", _number(0, 10)),
        allowed_hosts=setting("TOMATO_ALLOWED_HOSTS", ",".join(_own_names(host)), _hosts),
        server=setting("TOMATO_SERVER", "uvicorn", _one_of("uvicorn", "daphne")),
        web_processes=setting("TOMATO_WEB_PROCESSES", "1", _number(1, 64)),
        idle_ttl_s=setting("TOMATO_IDLE_TTL_S", "300", _number(1, 30 * 24 * 3600)),
        shards=setting("TOMATO_SHARDS", "16", _number(1, 1024)),
        rate_per_s=setting("TOMATO_RATE_PER_S", "10", _number(1, 100_000)),
        rate_burst=setting("TOMATO_RATE_BURST", "30", _number(1, 100_000)),
        max_members=setting("TOMATO_MAX_MEMBERS", "500", _number(1, 100_000)),
        max_sockets_per_ip=setting("TOMATO_MAX_SOCKETS_PER_IP", "0", _number(0, 1_000_000)),
        cors_origins=setting("TOMATO_CORS_ORIGINS", "", _origins),
        metrics_token=setting("TOMATO_METRICS_TOKEN", "", _token),
        crash_at=setting("TOMATO_CRASH_AT", "", str if debug else _none_without_debug),
    )


def _redis_settings(setting: _Reader) -> tuple[str, tuple[str, ...]]:
    """The server of the timers and those of the channel layer; empty where the embedded one is meant."""
    redis_url = setting("TOMATO_REDIS_URL", "", _redis_url)
    is_cluster = redis_url.startswith(f"{CLUSTER_SCHEME}://")
    layer_urls = setting("TOMATO_LAYER_URLS", "" if is_cluster else redis_url, _layer_urls)
    if is_cluster and not layer_urls:
        raise BadSetting("TOMATO_LAYER_URLS", "", "a standalone Redis or several when TOMATO_REDIS_URL names a cluster")
    return redis_url, layer_urls


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise _NotAllowed(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise _NotAllowed("0 or 1")
    return text == "1"


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise _NotAllowed(" or ".join(choices))
        return text

    return parse


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        if _is_host_name(text) and not re.fullmatch("[0-9.]+", text):
            return text
        raise _NotAllowed("an IP address or a host name to listen on") from None


def _hosts(text: str) -> list[str]:
    names = _items(text)
    for name in names:
        if name == "*":
            raise _NotAllowed(
                "a comma-separated list of host names without '*', which would switch the sockets' origin check off"
            )
        if not (_is_host_name(name.removeprefix(".")) or re.fullmatch(r"\[[0-9a-fA-F:.]+\]", name)):
            raise _NotAllowed("a comma-separated list of host names, without scheme or port")
    return names


def _origins(text: str) -> tuple[str, ...]:
    for origin in _items(text):
        if not re.fullmatch(r"https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?", origin):
            raise _NotAllowed("a comma-separated list of origins such as https://example.com, without a path")
    return tuple(origin.lower() for origin in _items(text))


def _token(text: str) -> str:
    if not re.fullmatch(r"[!-~]*", text):
        raise _NotAllowed("a word of printable ASCII characters without spaces")
    return text


def _redis_url(text: str) -> str:
    if text and not _is_server_url(text, (*REDIS_SCHEMES, CLUSTER_SCHEME)):
        raise _NotAllowed(
            "an address such as redis://host:6379/0, rediss://host:6379, unix:///path/of/a/socket or redis+cluster://host:6379"
        )
    return text


def _layer_urls(text: str) -> tuple[str, ...]:
    for url in _items(text):
        if not _is_server_url(url, REDIS_SCHEMES):
            raise _NotAllowed(
                "a comma-separated list of addresses of standalone servers such as redis://host:6379/0, rediss://host:6379 or "
                "unix:///path/of/a/socket"
            )
    return tuple(_items(text))


def _database_url(text: str) -> str:
    if not text:
        return text
    allowed = _NotAllowed("an address such as postgres://user:password@host/name or sqlite:////path/of/a/file")
    if not text.startswith(tuple(f"{scheme}://" for scheme in DATABASE_SCHEMES)):
        raise allowed
    try:
        name = environ.Env.db_url_config(text)["NAME"]
    except (ValueError, KeyError):
        raise allowed from None
    if not name or name == ":memory:":
        raise allowed
    return text


def _none_without_debug(text: str) -> str:
    if text:
        raise _NotAllowed("empty unless TOMATO_DEBUG is 1")
    return text


def _secret_key(text: str) -> str:
    if text and len(text) < SECRET_KEY_MIN_LENGTH:
        raise _NotAllowed(f"at least {SECRET_KEY_MIN_LENGTH} characters long")
    return text


def _directory(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    nearest = next(parent for parent in (path, *path.parents) if parent.exists())
    if "\0" in text or not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise _NotAllowed("a directory that can be written to, or made")
    return path


def _items(text: str) -> list[str]:
    items = [item.strip() for item in text.split(",") if item.strip()]
    if text.strip() and not items:
        raise _NotAllowed("a comma-separated list with something between its commas")
    return items


def _is_host_name(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?", text)) and ".." not in text


def _is_server_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return False
    if url.scheme not in schemes:
        return False
    return bool(url.path) if url.scheme == "unix" else bool(url.hostname and re.fullmatch("(/[0-9]{0,5})?", url.path))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_names(host: str) -> list[str]:
    """The names a browser on this machine uses, and the address listened on where it is one."""
    bracketed = f"[{host}]" if ":" in host else host
    is_wildcard = host in ("0.0.0.0", "::")  # noqa: S104 recognised here, not listened on
    return list(LOOPBACK_NAMES) if is_wildcard else list(dict.fromkeys((*LOOPBACK_NAMES, bracketed)))


def _made(data_dir: Path) -> Path:
    # It holds the secret key and everybody's timers. A directory that was there before keeps its permissions.
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting("TOMATO_DATA_DIR", str(data_dir), "a directory that can be written to, or made") from error
    return data_dir


def _kept_secret_key(data_dir: Path) -> str:
    """The key of the data directory, made at the first start. Several processes may ask at once: one key wins."""
    path = data_dir / "secret-key"
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=data_dir) as draft:
            draft.write(secrets.token_urlsafe(48))
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, path)
    try:
        key = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"The secret key cannot be read ({error}): {ANOTHER_KEY.format(path=path)}") from error
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise CannotStart(f"The secret key in {path} is damaged, it is too short: {ANOTHER_KEY.format(path=path)}")
    return key
