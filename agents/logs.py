"""Logs: one line an event on standard error, as JSON or for a person, ours and those of Faust, mode and aiokafka alike.

Messages that repeat are limited, since aiokafka writes 40 lines a second while a broker is away. Secrets and personal
data are hidden by the names of their fields, passwords in addresses and mail addresses wherever they stand.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "console"]

REPEATS = 5
REPEAT_WINDOW_SECONDS = 10.0
_MAX_TEMPLATES = 2_000

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(r"password|passwd|secret|token|hash_key|authorization|credential|cookie", re.IGNORECASE)
_PERSONAL = frozenset({"person", "author", "text", "email", "phone", "value", "payload", "body"})
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)")
_MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


def configure_logs(level: str = "info", log_format: LogFormat = "json") -> None:
    """Set up structlog and the standard library's logging for this process; can be called again."""
    logging.config.dictConfig(log_config(level, log_format))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def log_config(level: str = "info", log_format: LogFormat = "json") -> dict[str, Any]:
    """The same as a `dictConfig`, for `faust.Worker(logging_config=…)`, which sets up logging again at its start."""
    ours = level.upper()
    # What the libraries tell at INFO is for who debugs them.
    theirs = "WARNING" if ours == "INFO" else "INFO" if ours == "DEBUG" else ours
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": _formatter, "log_format": log_format}},
        "filters": {"repeats": {"()": RepeatLimit}},
        "handlers": {
            "default": {"()": _StandardError, "formatter": "line", "filters": ["repeats"]},
        },
        "root": {"level": theirs, "handlers": ["default"]},
        "loggers": {
            "agents": {"level": ours},
            "streams": {"level": ours},
            "aiohttp.access": {"level": "WARNING"},
        },
    }


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at that moment, also where a progress bar or a test has replaced it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError("the stream is always standard error")


@dataclass(slots=True)
class _Window:
    start: float
    shown: int = 0
    withheld: int = 0


class RepeatLimit(logging.Filter):
    """Lets one message of one logger through 5 times in 10 seconds; then the next one says how many were withheld.

    A message is known by its template, so `lag of %s` is one message whatever is put in.
    """

    def __init__(
        self,
        repeats: int = REPEATS,
        window_seconds: float = REPEAT_WINDOW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._repeats, self._window_seconds, self._clock = repeats, window_seconds, clock
        self._windows: dict[tuple[str, int, str], _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; one that follows withheld ones gets their number as `repeated`."""
        now = self._clock()
        key = (record.name, record.levelno, _template(record))
        window = self._windows.get(key)
        if window is None or now - window.start >= self._window_seconds:
            if len(self._windows) >= _MAX_TEMPLATES:
                self._forget(now)
            if window is not None and window.withheld:
                record.repeated = window.withheld
            window = self._windows[key] = _Window(now)
        if window.shown >= self._repeats:
            window.withheld += 1
            return False
        window.shown += 1
        return True

    def _forget(self, now: float) -> None:
        self._windows = {k: w for k, w in self._windows.items() if now - w.start < self._window_seconds}
        if len(self._windows) >= _MAX_TEMPLATES:
            self._windows.clear()


def hide_private(logger: WrappedLogger | None, method: str, event_dict: EventDict) -> EventDict:
    """A structlog processor: hides secrets and what may tell who a person is, in nested values too."""
    for name in list(event_dict):
        event_dict[name] = _hidden(name, event_dict[name])
    return event_dict


def _hidden(name: str, value: Any) -> Any:
    if name in _PERSONAL or _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return _MAIL_ADDRESS.sub(HIDDEN, _PASSWORD_IN_URL.sub(HIDDEN, value))
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {str(key): _hidden(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _hidden("", str(value))


def _template(record: logging.LogRecord) -> str:
    message: Any = record.msg
    if isinstance(message, dict):
        return str(message.get("event"))
    return str(message)


def _add_repeated(logger: WrappedLogger | None, method: str, event_dict: MutableMapping[str, Any]) -> EventDict:
    record = event_dict.get("_record")
    withheld = getattr(record, "repeated", 0)
    if withheld:
        event_dict["repeated"] = withheld
    return event_dict


def _shared_processors() -> list[Processor]:
    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(log_format: LogFormat) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[
            _add_repeated,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_private,
            renderer,
        ],
    )
