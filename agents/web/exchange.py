"""Answers for live boards: every worker shows every campaign, wherever it is owned.

A worker answers what its own viewers ask of campaigns that it owns, with nothing in between. What they ask of others'
campaigns it asks in Redis, and the owners answer there, with a short expiry, as long as somebody asks. Nobody looks,
then nothing is computed, and Redis hears one small question a second. The connection is one of its own, so claims never
wait behind a picture.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog
from redis.exceptions import ResponseError

from agents.claims.errors import ClaimsError
from agents.claims.link import AWAY
from agents.web.questions import ALERTS, ARRIVED, PICTURE, Question
from agents.web.relay import Heard, Relay, Told
from agents.web.worked import Worked

log = structlog.get_logger(__name__)

PERIODS: Mapping[str, float] = {
    PICTURE: 0.3, "history": 5.0, "campaigns": 2.0, "series": 5.0, ARRIVED: 1.0, ALERTS: 1.0,
}  # fmt: skip
"""Kind of question -> seconds between two answers. After one that has changed nothing the next may come as soon as
there is something new: a sale that comes once in a while is seen at once."""

SHARES: Mapping[str, float] = {
    PICTURE: 0.15, "history": 0.03, "campaigns": 0.01, ALERTS: 0.01, "series": 0.2, ARRIVED: 0.2,
}  # fmt: skip
"""Kind of question -> the share of a core that its answers may take. Boards ask the first four all the time, and
take at most a fifth of a core, whoever looks; the others are asked now and then. None waits for another kind."""

TURN_SECONDS = 0.05
RELAY_SECONDS = 0.1
"""How often others are heard. What has changed here is told at once."""

IDLE_SECONDS = 1.0
"""How often others are asked what they would like to know, and our own questions are asked again."""

RETELL_SECONDS = 2.0
"""An answer that has not changed is told again so often: it says that its owner is there."""

RETRY_SECONDS = 2.0

Respond = Callable[[Question], Awaitable[tuple[int, bytes] | None]]
"""Generation of the ownership and body; None where another worker owns what is asked. The same object as before where
nothing has changed."""

Newest = Callable[[Question], object]
"""Something that is not what it was before where an answer may have changed since."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and when (monotonic seconds) its owner last said that this is how things stand."""

    body: bytes
    said_at: float


@dataclass(slots=True)
class _Own:
    """What this worker answers itself. version: grows with every change of the body."""

    generation: int
    body: bytes
    said_at: float
    version: int = 1
    told_version: int = 0
    told_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """When a question is answered again, in monotonic seconds: at `due`, or from `soonest` on where there is something
    newer than `newest`."""

    due: float = 0.0
    soonest: float = 0.0
    newest: object = None


_FIRST = _Turn()


@dataclass(slots=True)
class Exchange:
    """respond: see `Respond`. relay: the way to the other workers, None where there are none. newest: see `Newest`.

    Attributes:
        answers: what is known of the questions that are followed here.
    """

    respond: Respond
    relay: Relay | None = None
    newest: Newest = lambda question: None
    answers: dict[Question, Answer] = field(default_factory=dict)
    _followed: dict[Question, set[asyncio.Event]] = field(default_factory=dict)
    _wanted: frozenset[Question] = frozenset()
    _own: dict[Question, _Own] = field(default_factory=dict)
    _turns: dict[Question, _Turn] = field(default_factory=dict)
    _untold: asyncio.Event = field(default_factory=asyncio.Event)
    _stamps: dict[Question, bytes] = field(default_factory=dict)
    _complaint: str = ""

    @contextlib.contextmanager
    def follow(self, questions: tuple[Question, ...]) -> Iterator[asyncio.Event]:
        """As long as the context lasts `answers` has what is known of these. The event is set whenever one of them
        changes; whoever waits for it clears it."""
        news = asyncio.Event()
        for question in questions:
            self._followed.setdefault(question, set()).add(news)
        try:
            yield news
        finally:
            for question in questions:
                self._followed[question].discard(news)
                if not self._followed[question]:
                    del self._followed[question]
                    for known in (self.answers, self._stamps):
                        known.pop(question, None)

    async def ask(self, question: Question, seconds: float) -> bytes | None:
        """The answer, once: of this worker, else of the one that owns what is asked; None where none has answered in
        so many seconds."""
        said = await self.respond(question)
        if said is not None:
            return said[1]
        if self.relay is None:
            return None
        with self.follow((question,)) as news:
            if question not in self.answers:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await news.wait()
            answer = self.answers.get(question)
            return None if answer is None else answer.body

    async def run(self) -> None:
        """Answer, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for kind in PERIODS:
                    tasks.create_task(self._respond_all(kind))
                if self.relay is not None:
                    tasks.create_task(self._relay_all(self.relay))
        finally:
            if self.relay is not None:
                await self.relay.close()

    async def _respond_all(self, kind: str) -> None:
        rest = 1 / SHARES[kind] - 1
        while True:
            await asyncio.sleep(TURN_SECONDS)
            wanted = {question for question in self._followed.keys() | self._wanted if question.kind == kind}
            for gone in [one for one in self._turns if one.kind == kind and one not in wanted]:
                del self._turns[gone]
                self._own.pop(gone, None)
            for question in wanted:
                began, newest = time.monotonic(), self.newest(question)
                turn = self._turns.get(question, _FIRST)
                if began >= turn.due or (began >= turn.soonest and newest != turn.newest):
                    worked = Worked(self._respond(question))
                    changed = await worked
                    due = max(began + PERIODS[kind], time.monotonic())
                    self._turns[question] = _Turn(due, due if changed else 0.0, newest)
                    await asyncio.sleep(rest * worked.seconds)

    async def _respond(self, question: Question) -> bool:
        """Ask this worker; returns whether its answer is another one than before."""
        try:
            said = await self.respond(question)
        except Exception:
            log.exception("a board's question could not be answered", question=question.kind)
            return False
        if said is None:
            return self._own.pop(question, None) is not None
        generation, body = said
        now = time.monotonic()
        own = self._own.get(question)
        changed = own is None or own.body != body or own.generation != generation
        if own is None:
            own = self._own[question] = _Own(generation, body, now)
        else:
            own.version += changed
            own.generation, own.body, own.said_at = generation, body, now
        if question in self._wanted and own.version != own.told_version:
            self._untold.set()
        self._know(question, body, now)
        return changed

    def _know(self, question: Question, body: bytes, said_at: float) -> None:
        followers = self._followed.get(question)
        if followers is None:
            return
        before = self.answers.get(question)
        if before is not None and before.body == body:
            body = before.body
        self.answers[question] = Answer(body, said_at)
        if before is None or before.body is not body:
            for news in followers:
                news.set()

    async def _relay_all(self, relay: Relay) -> None:
        ask_at = 0.0
        while True:
            try:
                now = time.monotonic()
                if now >= ask_at:
                    self._wanted = frozenset(await relay.ask(self._foreign()))
                    ask_at = now + IDLE_SECONDS
                await self._tell(relay)
                await self._hear(relay)
                self._complaint = ""
            except (*AWAY, ClaimsError, ResponseError) as error:
                self._say(error)
                self._wanted = frozenset()
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(TURN_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELAY_SECONDS - TURN_SECONDS):
                    await self._untold.wait()

    def _foreign(self) -> list[Question]:
        return [question for question in self._followed if question not in self._own and question.kind != ALERTS]

    async def _tell(self, relay: Relay) -> None:
        self._untold.clear()
        now = time.monotonic()
        told = [
            (question, own)
            for question, own in self._own.items()
            if question in self._wanted
            and (own.version != own.told_version or now - own.told_at >= RETELL_SECONDS)
            and now - own.said_at < RETELL_SECONDS + PERIODS[question.kind]
        ]
        if told:
            await relay.tell([Told(question, own.generation, own.version, own.body) for question, own in told])
            for _, own in told:
                own.told_version, own.told_at = own.version, now

    async def _hear(self, relay: Relay) -> None:
        foreign = self._foreign()
        if not foreign:
            return
        heard = await relay.hear({question: self._stamps.get(question, b"") for question in foreign})
        now = time.monotonic()
        for question, one in heard.items():
            self._take(question, one, now)

    def _take(self, question: Question, heard: Heard, now: float) -> None:
        known = self.answers.get(question)
        body = heard.body if heard.body is not None else None if known is None else known.body
        if body is not None and question in self._followed:
            self._stamps[question] = heard.stamp
            self._know(question, body, now - heard.age_seconds)

    def _say(self, error: BaseException) -> None:
        complaint = str(error)
        if complaint != self._complaint:
            self._complaint = complaint
            log.warning("boards show only what this worker owns: Redis cannot be used", error=complaint)
