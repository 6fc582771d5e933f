"""How log lines look: for a person in a terminal, as JSON everywhere else. Event names are stable; what varies is in fields."""

import logging
import logging.config
import sys
from typing import Any

import structlog

from tomato.tracing import hide_devices

CHATTY = ("axes", "daphne", "django.channels.server", "uvicorn", "urllib3")


def logging_to(level: str) -> None:
    """Sends structlog's and the standard library's lines to stderr, from `level` up, in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        hide_devices,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if sys.stderr.isatty() else "iso", utc=not sys.stderr.isatty()),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_standard_library(level, shared))


def _standard_library(level: str, shared: list[structlog.typing.Processor]) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering()],
            },
        },
        "filters": {
            "unexpected": {"()": "tomato.logs.Unexpected"},
            "plainly": {"()": "tomato.logs.Plainly"},
            "unmistaken": {"()": "tomato.logs.Unmistaken"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["plainly"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # The others tell of every start, request and connection at INFO.
        "loggers": {
            "django.request": {"filters": ["unexpected"]},
            **{name: {"level": "WARNING"} for name in CHATTY},
            "asyncio": {"level": "WARNING", "filters": ["unmistaken"]},
        },
    }


def _rendering() -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(repr_native_str=True)]  # what strangers wrote steers no terminal
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class Unexpected(logging.Filter):
    """Keeps what somebody should look at: to be refused, to find nothing and to come when a part is not ready are answers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) not in (403, 404, 429, 503)


class Plainly(logging.Filter):
    """Has a request that Django distrusts, one for another host say, told in one line and as a warning: a traceback is for
    mistakes of ours, and whoever sends such a request can send many."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
            record.exc_info = record.exc_text = None
        return True


class Unmistaken(logging.Filter):
    """Passes over what uvloop calls fatal and is none: a TLS connection that both ends closed at once (MagicStack/uvloop#506)."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        is_closed = isinstance(error, RuntimeError) and "the handler is closed" in str(error)
        return not (is_closed and record.getMessage().startswith("Fatal error on SSL protocol"))
