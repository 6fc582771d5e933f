"""Refuses a request whose body is too large while it comes in: Django would first put all of it on the disk. And one of which Django
makes none: it answers what it finds wrong with a request, but not what it stumbles over before it has one."""

from typing import Any

from django.core.exceptions import SuspiciousOperation

from tomato.refusals import API_PREFIX, JSON, Refused

HEARD_OUT_BYTES = 16 * 1024 * 1024
"""So much of what is refused is still read, and dropped: who is cut off while sending does not see the answer."""


class BodyTooLarge(Exception):
    """The body of a request has more bytes than the site takes."""


class BodyLimit:
    """The ASGI application `pages` for bodies of up to `most_bytes`."""

    def __init__(self, pages: Any, most_bytes: int) -> None:
        self.pages = pages
        self.most_bytes = most_bytes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        came_bytes = 0

        async def counted() -> Any:
            nonlocal came_bytes
            message = await receive()
            came_bytes += len(message.get("body", b""))
            if came_bytes > self.most_bytes:
                raise BodyTooLarge
            return message

        try:
            await self.pages(scope, counted, send)
        except BodyTooLarge:
            # Django reads the whole body before it answers anything, so nothing has been sent.
            await _hear_out(receive)
            await _refuse(scope, send, Refused(413))
        except SuspiciousOperation:
            await _refuse(scope, send, Refused(400))


async def _hear_out(receive: Any) -> None:
    came_bytes, is_over = 0, False
    while came_bytes < HEARD_OUT_BYTES and not is_over:
        message = await receive()
        came_bytes += len(message.get("body", b""))
        is_over = not message.get("more_body", False)


async def _refuse(scope: Any, send: Any, refused: Refused) -> None:
    is_api = scope["path"].startswith(API_PREFIX)
    body = refused.answer().content if is_api else refused.body["message"].encode()
    headers = {
        "content-type": JSON if is_api else "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "x-content-type-options": "nosniff",
        "connection": "close",
    }
    await send(
        {
            "type": "http.response.start",
            "status": refused.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
