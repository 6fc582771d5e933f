"""Something that many ask for is away."""

from structlog.typing import FilteringBoundLogger


class Outage:
    """Said once when it begins and once when it is over, not at every try."""

    def __init__(self, log: FilteringBoundLogger, what: str) -> None:
        self._log, self._what = log, what
        self.lasts = False

    def goes_on(self, reason: object) -> None:
        if not self.lasts:
            self._log.warning(f"{self._what}_is_away", reason=str(reason) or type(reason).__name__)
        self.lasts = True

    def is_over(self) -> None:
        if self.lasts:
            self._log.info(f"{self._what}_is_back")
        self.lasts = False
