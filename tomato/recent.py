"""What was lately looked up, kept for a while so that it need not be asked again. Knows nothing of what it keeps."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Recent(Generic[Kept]):
    """At most `size` answers; the one unused for longest goes first. `now_s` is any clock that only goes forward. `forgotten` counts
    how often an answer was to be forgotten."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.forgotten = 0
        self._answers: OrderedDict[str, tuple[float, Kept]] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: str, answer: Kept, until_s: float, as_of: int | None = None) -> None:
        """Unless something was forgotten since `forgotten` was `as_of`: what was looked up before then may be what no longer holds."""
        with self._lock:
            if as_of is not None and as_of != self.forgotten:
                return
            self._answers[key] = (until_s, answer)
            self._answers.move_to_end(key)
            if len(self._answers) > self.size:
                self._answers.popitem(last=False)

    def recall(self, key: str, now_s: float) -> tuple[Kept] | None:
        """The answer, in a tuple since it may itself be None; None when it is not known or too old."""
        with self._lock:
            if key not in self._answers:
                return None
            until_s, answer = self._answers[key]
            if until_s <= now_s:
                del self._answers[key]
                return None
            self._answers.move_to_end(key)
            return (answer,)

    def forget(self, key: str) -> None:
        with self._lock:
            self.forgotten += 1
            self._answers.pop(key, None)
