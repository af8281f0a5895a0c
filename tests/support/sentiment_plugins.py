"""Plug-ins for the tests: they run in the plug-in process, as anybody's would."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any


class Plugin:
    """A plug-in out of a function from (text, language) to a score; some words make it misbehave."""

    def __init__(self, score: Callable[[str, str | None], Any]) -> None:
        self._score = score

    def score_batch(self, texts: Sequence[str], languages: Sequence[str | None]) -> Any:
        """The scores of a batch."""
        misdeeds: dict[str, Callable[[], Any]] = {
            "raise": lambda: 1 / 0,
            "exit": lambda: os._exit(7),
            "kill": lambda: os.kill(os.getpid(), 9),
            "hang": lambda: time.sleep(600),
            "spin": spin,
        }
        for text in texts:
            if text in misdeeds:
                misdeeds[text]()
        if "short" in texts:
            return [0.5]
        if "none" in texts:
            return None
        return [self._score(text, language) for text, language in zip(texts, languages, strict=True)]


def spin() -> None:
    """Work for ever."""
    while True:
        pass


def by_length() -> Plugin:
    """One hundredth a character, kind in English and unkind elsewhere."""
    return Plugin(lambda text, language: len(text) / 100 * (1 if language == "en" else -1))


def talkative() -> Plugin:
    """Prints what it reads, also where the answers go."""

    def score(text: str, language: str | None) -> float:
        print(text)
        print('{"id": 1, "scores": [1]}')
        os.write(1, b"[]\n")
        print(text, file=sys.stderr)
        return -0.5

    return Plugin(score)


def nonsense() -> Plugin:
    """Scores that are none, by the text."""
    values: dict[str, Any] = {
        "two": 2,
        "nan": float("nan"),
        "inf": float("-inf"),
        "true": True,
        "word": "0.5",
        "unknown": None,
        "good": 1,
    }
    return Plugin(lambda text, language: values[text])


def curious() -> Plugin:
    """Kind where it finds no setting of ours in its environment."""
    return Plugin(lambda text, language: -1 if any(name.startswith("LAUNCHPULSE_") for name in os.environ) else 1)


def late() -> Plugin:
    """Takes a second to be made."""
    time.sleep(1)
    return by_length()


def unmakeable() -> Plugin:
    """Cannot be made."""
    raise RuntimeError("no model")


PID = 10_000_000
"""More than any process's number: a share of it is a score."""


def parent() -> Plugin:
    """Has a child of its own, as a plug-in has that works in several processes; it holds every pipe of its parent. The
    score is the child's number."""
    return Plugin(_child(lambda: None))


def parent_of_a_daemon() -> Plugin:
    """Has a child that wants to outlive it."""
    return Plugin(_child(os.setsid))


def _child(begin: Callable[[], None]) -> Callable[[str, str | None], float]:
    child = os.fork()
    if not child:
        begin()
        time.sleep(60)
        os._exit(0)
    return lambda text, language: child / PID
