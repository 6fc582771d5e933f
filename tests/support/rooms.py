"""Whoever asks for rooms over HTTP, and what they are answered."""

import json
from typing import Any

from django.test import AsyncClient

JSON = "application/json"


def visitor(**defaults: Any) -> AsyncClient:
    """A browser, or a script, with no cookie yet. What breaks inside the server comes back as an answer."""
    return AsyncClient(raise_request_exception=False, **defaults)


async def asked(
    method: str, path: str, body: bytes | str | object = b"", content_type: str = JSON, **headers: str
) -> Any:
    """The answer to one request; `body` is sent as it is, or as JSON."""
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    if not data and content_type:
        headers["content-type"] = content_type  # which the test client leaves out of a request without a body
    return await visitor().generic(method, path, data, content_type, headers=headers)


async def made(body: bytes | str | object, content_type: str = JSON) -> Any:
    return await asked("POST", "/api/rooms", body, content_type)


def refused(response: Any, status: int, code: str) -> str:
    """The sentence of a refusal, once it is known to be one."""
    assert response["Content-Type"].startswith(JSON), response.content[:200]
    answer = response.json()
    assert (response.status_code, answer["code"]) == (status, code), answer
    assert set(answer) == {"code", "message"}
    assert answer["message"].endswith("."), answer
    assert response.get("Content-Length", str(len(response.content))) == str(len(response.content))
    assert not response.cookies
    return str(answer["message"])


def used(response: Any) -> set[str]:
    return {template.name for template in response.templates}
