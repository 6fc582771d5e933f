"""The socket of a room."""

from __future__ import annotations

from rooms import codes
from rooms.models import find_room, touch
from timers import topics
from timers.consumers import Place, TopicConsumer
from timers.protocol import CloseCode
from tomato.identity import member_for


class RoomConsumer(TopicConsumer):
    """`/ws/room/CODE`: the shared timer, the people, and each one's own timer."""

    async def locate(self, device: str) -> Place | CloseCode:
        code = codes.normalise(self.scope["url_route"]["kwargs"]["code"])
        room = await find_room(code)
        if room is None:
            return CloseCode.NO_SUCH_ROOM
        await touch(code)
        member = member_for(device, code)
        return Place(device, topics.room(code), member, member, {"code": code, "name": room.name, "locked": False})
