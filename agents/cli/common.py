"""What all commands share: their exit codes, their settings, and how errors become one line.

0    done; what was compared is equal
1    refused, or what was compared is not equal
2    wrong usage or wrong settings
3    a part (Kafka, Redis, a worker) cannot be reached
130  interrupted by Ctrl-C
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Coroutine
from enum import IntEnum
from socket import gaierror
from typing import Any, TypeVar

from rich.console import Console

from agents.settings import Settings, load_settings

T = TypeVar("T")


class Exit(IntEnum):
    """Exit codes of the command."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class Refused(Exception):
    """What was asked is refused; the text is one line that says why and what to do."""


class Unreachable(Exception):
    """A part does not answer; the text is one line that names it."""


def out() -> Console:
    """For results: standard output."""
    return Console(soft_wrap=True, highlight=False)


def err() -> Console:
    """For progress and errors: standard error."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def count(number: int, what: str) -> str:
    """A number of things: `1 row`, `2,000 rows`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def settings_of_command(hash_key_required: bool = False) -> Settings:
    """The settings of the environment, with logs of warnings only. Raises SettingsError."""
    from agents.logs import configure_logs

    settings = load_settings(os.environ, hash_key_required=hash_key_required)
    configure_logs("warning", "console")
    return settings


def run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end on an event loop of its own."""
    import asyncio

    return asyncio.run(coroutine)


def exit_code_of(error: BaseException) -> Exit | None:
    """The code that an expected error ends the command with; None for one that is a bug."""
    from aiokafka.errors import KafkaConnectionError, KafkaError
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import RedisError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    from agents.claims.errors import ClaimsError
    from agents.operations.topics import TopicsError
    from agents.settings_errors import SettingsError
    from agents.web.server import WebServerRefused

    match error:
        case SettingsError():
            return Exit.USAGE
        case ClaimsError():  # also where it is one of redis-py's errors of connections: Redis answers, and refuses
            return Exit.REFUSED
        case KafkaConnectionError() | RedisConnectionError() | RedisTimeoutError() | Unreachable():
            return Exit.UNREACHABLE
        case ConnectionError() | TimeoutError() | gaierror():
            return Exit.UNREACHABLE
        case Refused() | WebServerRefused() | TopicsError() | KafkaError() | RedisError() | OSError():
            return Exit.REFUSED
        case KeyboardInterrupt():
            return Exit.INTERRUPTED
    return None
