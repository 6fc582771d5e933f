"""When the worker looks at which topic: tick slots spread over the second, and a heap of deadlines. Pure."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from zlib import crc32

SLOTS = 40
SLOT_MS = 1_000 // SLOTS
SPARE_ENTRIES = 64


def slot_of(topic: str) -> int:
    """The slot of the second in which the topic ticks: by a hash, so that load is a ripple and not a spike."""
    return (crc32(topic.encode()) >> 8) % SLOTS


class TickSlots:
    """The topics that tick, by their slot."""

    def __init__(self) -> None:
        self._slots: list[set[str]] = [set() for _ in range(SLOTS)]

    def set(self, topic: str, *, ticks: bool) -> None:
        slot = self._slots[slot_of(topic)]
        if ticks:
            slot.add(topic)
        else:
            slot.discard(topic)

    def due(self, slot: int) -> tuple[str, ...]:
        return tuple(self._slots[slot])


class Deadlines:
    """The next deadline of each topic. A changed one leaves its old entry in the heap, to be passed over; when most entries
    are such, the heap is made anew."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def set(self, topic: str, at: int | None) -> None:
        if at is None:
            self._at.pop(topic, None)
        elif self._at.get(topic) != at:
            self._at[topic] = at
            heappush(self._heap, (at, topic))
            if len(self._heap) > 2 * len(self._at) + SPARE_ENTRIES:
                self._heap = [(at, topic) for topic, at in self._at.items()]
                heapify(self._heap)

    def next(self) -> int | None:
        while self._heap and self._is_stale(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: int) -> list[str]:
        """Takes out the topics whose deadline has come, earliest first."""
        due = []
        while (at := self.next()) is not None and at <= now:
            _, topic = heappop(self._heap)
            del self._at[topic]
            due.append(topic)
        return due

    def _is_stale(self, entry: tuple[int, str]) -> bool:
        at, topic = entry
        return self._at.get(topic) != at
