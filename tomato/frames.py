"""A uvicorn protocol that lets an application write a ready WebSocket frame: one frame, built once, for all who hear a broadcast.

Offered to the application as the ASGI extension `tomato.frames`; where it is missing, the application uses `send`.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tomato.outlet import FRAMES


class FramesProtocol(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the application starts in the loop's next turn
            self.scope["extensions"][FRAMES] = {"write": self.write_frame, "cut": self.cut}

    def write_frame(self, frame: bytes) -> bool:
        """Writes a whole frame at once. False, and nothing written, when the reader is behind or the socket is closing."""
        if self.disconnected or self.close_sent or not self.writable.is_set():
            return False
        self.transport.write(frame)
        return True

    def cut(self) -> None:
        """Ends the connection without waiting for a reader that does not read."""
        self.transport.abort()
