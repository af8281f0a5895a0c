"""Small common parts of the extension: backoff, and debug lines switched off at their source."""

from __future__ import annotations

import logging

_CHATTY = (
    "aiokafka",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.producer.producer",
    "aiokafka.producer.sender",
    "faust.tables.recovery",
    "faust.topics",
    "faust.transport.drivers.aiokafka",
)
MAX_BACKOFF_SECONDS = 10.0


def backoff_seconds(attempt: int) -> float:
    """Pause before attempt `attempt` + 1 (attempts count from 1): 0.25 s, doubled each time, at most 10 s."""
    return min(MAX_BACKOFF_SECONDS, 0.25 * 2.0 ** (min(attempt, 10) - 1))


def _nothing(*args: object, **kwargs: object) -> None:
    return None


def silence_debug_lines() -> None:
    """Makes `debug` of the loggers on the hot path a call that does nothing: even disabled they cost 40 % of a send.

    Loggers that are to write debug lines are left alone.
    """
    for name in _CHATTY:
        chatty = logging.getLogger(name)
        if not chatty.isEnabledFor(logging.DEBUG):
            chatty.debug = _nothing  # type: ignore[method-assign]
