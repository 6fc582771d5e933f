"""The socket of a room."""

from __future__ import annotations

from rooms import codes, entering
from rooms.models import find_room, touch
from timers import topics
from timers.consumers import TopicConsumer
from timers.place import Place
from timers.protocol import CloseCode
from tomato.identity import cookies_of, member_for


class RoomConsumer(TopicConsumer):
    """`/ws/room/CODE`: the shared timer, the people, and each one's own timer."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = codes.normalise(code)

    async def locate(self, device: str) -> Place | CloseCode:
        code = self.code
        room = await find_room(code)
        if room is None:
            return CloseCode.NO_SUCH_ROOM
        if not entering.may_enter(cookies_of(self.scope), device, room):
            return CloseCode.NOT_ALLOWED
        if not await touch(code):
            return CloseCode.NO_SUCH_ROOM
        member = member_for(device, code)
        seen = {"code": code, "name": room.name, "locked": room.is_locked}
        return Place(device, topics.room(code), member, member, seen, room.maker or None)

    def show_lock(self, locked: bool) -> None:
        """Whoever is inside stays, and sees whether others now need a passcode."""
        if self.place is not None and self.place.room is not None:
            self.place.room["locked"] = locked
            self.resync()
