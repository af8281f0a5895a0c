"""A line of progress now and then: events, faults, how long it has taken and will still take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from tests.faults.forms import Run
from tests.faults.run import Progress

EVERY_SECONDS = 30.0


class Ticker:
    """Says how far a plan is, while it is entered. runs: those to do."""

    def __init__(self, runs: Sequence[Run], say: Callable[[str], None]) -> None:
        self._waiting, self._say = list(runs), say
        self._faults, self._events = sum(len(each.faults) for each in runs), sum(each.events for each in runs)
        self._faults_done = self._events_done = 0
        self._run: Run | None = None
        self._progress = Progress()
        self._began = self._run_began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="ticker", daemon=True)

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def begin(self, run: Run) -> Progress:
        """A run begins; what it must report its progress in."""
        self._run, self._progress, self._run_began = run, Progress(), time.monotonic()
        return self._progress

    def end(self) -> None:
        """The run has ended."""
        self._faults_done += self._progress.faults
        self._events_done += self._progress.events
        if self._run is not None:
            self._waiting.remove(self._run)
        self._run, self._progress = None, Progress()

    def _tick(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            now = time.monotonic()
            left = sum(each.expected_seconds for each in self._waiting)
            if self._run is not None:
                left -= min(now - self._run_began, self._run.expected_seconds)
            self._say(
                f"  … {self._events_done + self._progress.events:,} of {self._events:,} events, "
                f"{self._faults_done + self._progress.faults} of {self._faults} faults, "
                f"{(now - self._began) / 60:.1f} min gone, about {left / 60:.0f} min left"
            )
