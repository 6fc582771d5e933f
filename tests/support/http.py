"""HTTP to a site on this machine, as patient as everything that tests wait for."""

import ssl
from typing import Any

import httpx

from tests.support.waiting import WITHIN_S

# Nobody here speaks TLS, and to read the world's certificates takes longer than most requests do.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OPTIONS = {"verify": NO_CERTIFICATES, "timeout": WITHIN_S}


def http_client(**options: Any) -> httpx.Client:
    return httpx.Client(**{**OPTIONS, **options})


def async_http_client(**options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(**{**OPTIONS, **options})


def http_get(url: httpx.URL | str, **options: Any) -> httpx.Response:
    return httpx.get(url, **{**OPTIONS, **options})


def http_post(url: httpx.URL | str, **options: Any) -> httpx.Response:
    return httpx.post(url, **{**OPTIONS, **options})
