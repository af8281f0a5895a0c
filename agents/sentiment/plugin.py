"""The worker's side of a sentiment plug-in: what it may cost and what becomes of a mention where it fails.

A plug-in is anything whose factory, named `module:factory`, gives an object with

    score_batch(texts: list[str], languages: list[str | None]) -> Sequence[float | None]

one score from -1 to 1 a text, None where it does not know. It runs in a process of its own: it cannot stop the event
loop, and the worker outlives it. Where it raises, dies, hangs or talks nonsense, the mention stays and counts as
`unknown`; the process is started again after a pause that grows. Texts are neither kept nor logged.
"""

import asyncio
import contextlib
import math
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

import orjson
import structlog

from agents.settings_errors import PREFIX
from agents.telemetry import Telemetry
from streams.events.mention import Mention
from streams.events.topic import Event, Topic

log = structlog.get_logger(__name__)

MAX_BATCH: Final = 256
MAX_TEXT: Final = 10_000
"""Of a longer text the plug-in sees the beginning, in characters."""
START_SECONDS: Final = 60.0
"""How long a plug-in may take to load its model. The first start is waited for, later ones are not."""
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
_END_SECONDS: Final = 1.0
_LINE_BYTES: Final = 1 << 20


async def leave_to_lexicon(topic: Topic, events: Sequence[Event], duplicates: AbstractSet[int]) -> None:
    """Without a plug-in: `count` asks the lexicon."""


class PluginFailed(Exception):
    """Why a batch has no scores; `reason` is one of `crash`, `timeout`, `nonsense`, `away`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Plugin:
    """One plug-in process and the queue before it. `timeout_seconds` is the longest that a batch may take."""

    def __init__(self, name: str, timeout_seconds: float, telemetry: Telemetry) -> None:
        self.name, self._timeout, self._telemetry = name, timeout_seconds, telemetry
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._batches = 0
        self._pause = 0.0
        self._not_before = 0.0
        self._started_once = False

    async def fill(self, topic: Topic, events: Sequence[Event], duplicates: AbstractSet[int]) -> None:
        """Fill `sentiment` of the mentions that have none of their own and will count. Where the plug-in does not know
        or fails, `text` is taken away: the mention counts as unknown, and the lexicon is not asked."""
        if topic.event is not Mention:
            return
        asked = [
            event
            for index, event in enumerate(events)
            if isinstance(event, Mention)
            and event.sentiment is None
            and event.text
            and not event.test
            and index not in duplicates
        ]
        for begin in range(0, len(asked), MAX_BATCH):
            await self._fill(asked[begin : begin + MAX_BATCH])

    async def close(self) -> None:
        """End the process."""
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._starting
        await self._end()

    async def _fill(self, mentions: Sequence[Mention]) -> None:
        try:
            async with self._one_at_a_time:
                scores = await self._score(mentions)
        except PluginFailed as failed:
            self._telemetry.unscored(failed.reason, len(mentions))
            scores = [None] * len(mentions)
        for mention, score in zip(mentions, scores, strict=True):
            mention.sentiment = score
            mention.text = None

    async def _score(self, mentions: Sequence[Mention]) -> Sequence[float | None]:
        await self._ensure()
        process = self._process
        if process is None:
            raise PluginFailed("away")
        self._batches += 1
        batch = {
            "id": self._batches,
            "texts": [(mention.text or "")[:MAX_TEXT] for mention in mentions],
            "languages": [mention.language for mention in mentions],
        }
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._exchange(process, batch)
        except TimeoutError:
            await self._failed("timeout")
            raise PluginFailed("timeout") from None
        except (OSError, ValueError, EOFError) as error:
            await self._failed("crash")
            raise PluginFailed("crash") from error
        scores = answer.get("scores")
        if not isinstance(scores, list) or len(scores) != len(mentions):
            raise PluginFailed("nonsense")
        self._pause = 0.0
        return [self._checked(score) for score in scores]

    async def _exchange(self, process: asyncio.subprocess.Process, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """One question and its answer. A question that was given up earlier may still be answered: that is skipped."""
        questions, answers = _pipes(process)
        questions.write(orjson.dumps(batch) + b"\n")
        await questions.drain()
        while True:
            answer = await _read(answers)
            if answer.get("id") == batch["id"]:
                return answer

    def _checked(self, score: Any) -> float | None:
        if score is None:
            return None
        if isinstance(score, int | float) and not isinstance(score, bool) and math.isfinite(score) and -1 <= score <= 1:
            return float(score)
        self._telemetry.unscored("nonsense", 1)
        return None

    async def _ensure(self) -> None:
        """A process where one can be had now. Only the first start is waited for: a launch goes on meanwhile."""
        if self._process is not None:
            return
        if self._starting is None:
            if asyncio.get_running_loop().time() < self._not_before:
                return
            self._starting = asyncio.create_task(self._start())
        if not self._started_once:
            # Shielded: whoever waits may lose the partition, the others still want the process.
            await asyncio.shield(self._starting)

    async def _start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        process: asyncio.subprocess.Process | None = None
        try:
            async with asyncio.timeout(START_SECONDS):
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "agents.sentiment.process",
                    self.name,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env=environment,
                    limit=_LINE_BYTES,
                    start_new_session=True,
                )
                await _read(_pipes(process)[1])
        except (OSError, ValueError, EOFError, TimeoutError):
            self._process = process
            await self._failed("start")
        except BaseException:
            self._process = process
            await self._end()
            raise
        else:
            self._process = process
            log.info("the sentiment plug-in runs", plugin=self.name)
        finally:
            self._started_once = True
            self._starting = None

    async def _failed(self, what: str) -> None:
        code = await self._end()
        self._pause = min(LONGEST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, 2 * self._pause))
        self._not_before = asyncio.get_running_loop().time() + self._pause
        log.warning(
            "the sentiment plug-in failed", plugin=self.name, what=what, exit_code=code, retry_seconds=self._pause
        )

    async def _end(self) -> int | None:
        """Kill the process and its children. Returns the exit code that it had by itself, None where it had to be
        killed."""
        process, self._process = self._process, None
        if process is None:
            return None
        code = process.returncode
        # macOS forbids it where all of them have ended and none was waited for.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        _pipes(process)[0].close()
        # A child that has left the session lives on and may hold the pipes, for whose end `wait` waits too.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
        ended = process.returncode
        return ended if ended is not None and (code is not None or ended >= 0) else None


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise OSError("a plug-in without pipes")
    return process.stdin, process.stdout


async def _read(source: asyncio.StreamReader) -> Mapping[str, Any]:
    """One line. Raises EOFError at the end, ValueError for what is no JSON object."""
    line = await source.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    value = orjson.loads(line)
    if not isinstance(value, dict):
        raise ValueError("an answer must be an object")
    return value
