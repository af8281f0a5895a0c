"""Who watches whether anything stands still: every live worker's /metrics, a dozen times a second.

A source partition counts on when the records that the workers account for become more. A gap is the time between two
such moments of one source partition, so it holds whatever stopped: ingest, the merge, the statement, or the picture.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agents.demo.ports import LOOPBACK
from tests.faults.processes import WorkerProcess

PAUSE_SECONDS = 0.06
"""Between an answer and the next question to the same worker."""
ANSWER_SECONDS = 1.0
BEGINS_SECONDS = 1.0
"""A standstill that begins so soon after a fault is that fault's."""

Source = tuple[str, int]

_READ = re.compile(rb'launchpulse_events_read_total\{topic="(\w+)",partition="(\d+)"\} (\d+)')


@dataclass(frozen=True, slots=True)
class Standstill:
    """Seconds. `again`: from the fault until every source partition counted on. `longest`: how long at most one of them
    stood still from then on."""

    again: float
    longest: float


class Watcher:
    """Watches from `start` to `close`. sources: the source partitions that there are; workers: those of now."""

    def __init__(self, sources: Iterable[Source], workers: Callable[[], list[WorkerProcess]]) -> None:
        self._sources, self._workers = list(sources), workers
        self._read: dict[Source, int] = {}
        self._moments: dict[Source, list[float]] = defaultdict(list)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._samples, self._watched_seconds = 0, 0.0

    def __enter__(self) -> Watcher:
        self._threads[""] = threading.Thread(target=self._find_workers, name="watcher", daemon=True)
        self._threads[""].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in list(self._threads.values()):
            thread.join(5)

    @property
    def read(self) -> int:
        """Records that have been accounted for so far."""
        with self._lock:
            return sum(self._read.values())

    @property
    def samples_per_second(self) -> float:
        """Of each worker that answers."""
        return self._samples / max(self._watched_seconds, 0.001)

    def all_counted_since(self, moment: float) -> bool:
        """Whether every source partition has counted on since then."""
        with self._lock:
            return all(self._moments[source][-1:] > [moment] for source in self._sources)

    def waiting_since(self, moment: float) -> list[Source]:
        """The source partitions that have not counted on since then."""
        with self._lock:
            return [source for source in self._sources if not self._moments[source][-1:] > [moment]]

    def standstill(self, since: float) -> Standstill:
        """What stood still from that moment of the monotonic clock until now."""
        now = time.monotonic()
        again = longest = 0.0
        with self._lock:
            for source in self._sources:
                moments = [moment for moment in self._moments[source] if moment <= now]
                gaps = [pair for pair in zip([0.0, *moments], [*moments, now], strict=True) if pair[1] > since]
                longest = max(longest, *(end - max(start, since) for start, end in gaps))
                first = [(end - max(start, since), end) for start, end in gaps if start < since + BEGINS_SECONDS]
                again = max(again, max(first)[1] - since)
        return Standstill(again, longest)

    def _find_workers(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            for worker in self._workers():
                if worker.name not in self._threads:
                    thread = threading.Thread(
                        target=self._watch, args=(worker,), name=f"watcher {worker.name}", daemon=True
                    )
                    self._threads[worker.name] = thread
                    thread.start()

    def _watch(self, worker: WorkerProcess) -> None:
        connection = http.client.HTTPConnection(LOOPBACK, worker.port, timeout=ANSWER_SECONDS)
        while not self._stop.is_set():
            began = time.monotonic()
            self._stop.wait(PAUSE_SECONDS)
            if connection.port != worker.port:
                connection.close()
                connection = http.client.HTTPConnection(LOOPBACK, worker.port, timeout=ANSWER_SECONDS)
            if worker.frozen or not worker.alive:
                connection.close()
                continue
            try:
                connection.request("GET", "/metrics")
                answer = connection.getresponse()
                self._take(answer.read() if answer.status == 200 else b"", began)
            except (OSError, http.client.HTTPException):
                connection.close()  # the next request opens it again
        connection.close()

    def _take(self, body: bytes, began: float) -> None:
        now = time.monotonic()
        start = body.find(b"launchpulse_events_read_total{")
        end = body.find(b"\n#", start)
        with self._lock:
            self._samples += 1
            self._watched_seconds += now - began
            for topic, partition, number in _READ.findall(body, start, end) if start >= 0 else ():
                source, read = (topic.decode(), int(partition)), int(number)
                if read > self._read.get(source, 0):
                    self._read[source] = read
                    self._moments[source].append(now)
