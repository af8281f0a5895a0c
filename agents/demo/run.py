"""`launchpulse demo`: parts, workers, a simulated launch, the live picture, and at the end the ledger beside what was
sent. Nothing stays behind, however it ends."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.console import Console

from agents.connections import kafka_arguments
from agents.demo.children import Child, Children
from agents.demo.launch_room import LaunchRoom, alertmanager_port, start_launch_room
from agents.demo.parts import Parts, free_port, listens, start_parts, start_worker
from agents.demo.picture import Picture
from agents.demo.plans import catalogue
from agents.demo.ports import LOOPBACK, any_port, is_free
from agents.demo.programs import Programs
from agents.demo.reader import Reader
from agents.demo.screen import Screen
from agents.demo.sending import Sender, send_catalogue, wall_clock_ms
from agents.demo.simulator import Simulator
from agents.demo.story import length_seconds, markets, told_phase
from agents.demo.verdict import Verdict, compare
from agents.names import Names
from agents.settings_errors import PREFIX

READ_SECONDS = 0.5
CLOSE_SECONDS = 3.0
SETTLE_SECONDS = 90.0
"""Longest wait for the ledger to reach what was sent; a killed worker's partitions move after a session timeout."""

STILL_SECONDS = 12.0
"""A ledger that is wrong, with no lag, is given so long to move before it is called wrong."""

RESTARTS = 5

MOST_SECONDS = 3_600.0
MOST_EVENTS = 800_000
"""The broker keeps all logs in memory, 1 kB an event and 17 MB a minute at the usual rate: so a demo ends in time."""


@dataclass(frozen=True, slots=True)
class Options:
    """seconds: how long events are sent, None for without end. rate: events a second, the mean over the story. port: of
    the first worker's web server, None for any. speed: seconds of the launch that are told in one second, None for the
    whole launch within `seconds`. campaigns: how many. room: the programs of a launch room, None for none."""

    seconds: float | None
    rate: float
    workers: int
    port: int | None
    seed: int
    speed: float | None
    campaigns: int
    room: Programs | None = None


class Stopped(Exception):
    """The demo was told to end at once; `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__("stopped")
        self.code = code


class Demo:
    """One demo. `run` gives the verdict; use it once."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._finish = asyncio.Event()
        self._room: LaunchRoom | None = None
        self._code: int | None = None
        self._task: asyncio.Task[object] | None = None
        self._workers: dict[int, tuple[Child, int]] = {}
        self._restarts = 0

    async def run(self) -> Verdict:
        """Run to its end. Raises ChildDied, PortTaken, RedisMissing and Stopped; all parts are stopped by then."""
        self._task = asyncio.current_task()
        with _signals(self._told):
            try:
                return await self._run()
            except asyncio.CancelledError:
                if self._code is None:
                    raise
                raise Stopped(self._code) from None

    async def _run(self) -> Verdict:
        port = free_port(self._options.port)
        with Children() as children:
            self._console.print("Launchpulse demo: starting its own broker, Redis and worker ...")
            parts = await start_parts(children, self._step)
            room = self._options.room
            alertmanager = 0 if room is None else alertmanager_port()
            if room is not None:
                parts = parts.told(f"{PREFIX}ALERTMANAGER_URL", _address(alertmanager))
            for number in range(1, self._options.workers + 1):
                own = port if number == 1 else any_port()
                self._workers[number] = (start_worker(children, parts, number, own), own)
            if room is not None:
                self._room = await start_launch_room(children, room, alertmanager, port, self._step)
            async with _producer(parts) as producer, _reader() as reader:
                return await self._launch(children, parts, producer, reader)

    async def _launch(self, children: Children, parts: Parts, producer: AIOKafkaProducer, reader: Reader) -> Verdict:
        options, began_ms = self._options, wall_clock_ms()
        story_seconds = length_seconds(options.seconds, options.speed)
        campaigns = markets(options.campaigns)
        simulator = Simulator(options.seed, began_ms, options.rate, story_seconds, campaigns=campaigns)
        planned = catalogue(began_ms, story_seconds, campaigns, options.rate)
        await send_catalogue(producer, Names(parts.settings).catalogue, planned)
        sender = Sender(simulator, producer, parts.settings.topic_prefix)
        picture = Picture(_address(self._workers[1][1]), sender.account, ends=self._options.seconds is not None)
        sending = asyncio.create_task(sender.run(self._options.seconds, self._finish))
        try:
            with Screen(self._console) as screen:
                while not sending.done():
                    picture.seconds = (wall_clock_ms() - began_ms) / 1000
                    picture.phase = told_phase(simulator.due_seconds, story_seconds)
                    await self._look(children, parts, reader, picture, screen)
                    await asyncio.wait([sending], timeout=READ_SECONDS)
                    if sender.account.sent >= MOST_EVENTS or picture.seconds >= MOST_SECONDS:
                        picture.notes.append("it ends here, since it keeps all events in memory")
                        self._finish.set()
                try:
                    await sending
                except KafkaError:
                    self._watch(children, parts)  # raises what explains it better, if a part is gone
                    raise
                picture.phase = "nothing more is sent; waiting until all of it is counted"
                return await self._settle(children, parts, reader, picture, screen)
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    async def _settle(
        self, children: Children, parts: Parts, reader: Reader, picture: Picture, screen: Screen
    ) -> Verdict:
        """Wait until all that was sent is read and two readings agree with the account, or until it moves no more."""
        deadline = time.monotonic() + SETTLE_SECONDS
        still_since, before, agreed = time.monotonic(), -1, 0
        while True:
            await self._look(children, parts, reader, picture, screen)
            reading, now = picture.reading, time.monotonic()
            verdict = compare(picture.account, reading)
            agreed = agreed + 1 if verdict.agrees and not reading.lag_records else 0
            if reading.read != before:
                still_since, before = now, reading.read
            if agreed > 1 or now > deadline or now - still_since > STILL_SECONDS:
                return verdict
            await asyncio.sleep(READ_SECONDS)

    async def _look(self, children: Children, parts: Parts, reader: Reader, picture: Picture, screen: Screen) -> None:
        picture.notes += self._watch(children, parts)
        reader.addresses = [_address(port) for worker, port in self._workers.values() if listens(worker, port)]
        picture.address = _address(self._workers[1][1])
        if self._room is not None:
            self._room.scrape(reader.addresses)
            picture.notes += await self._room.news()
        picture.take(await reader.read())
        screen.show(picture)

    def _watch(self, children: Children, parts: Parts) -> list[str]:
        """A worker that somebody killed is started again; what else ends by itself ends the demo. Returns what
        happened."""
        notes = []
        for part in (parts.broker, parts.redis, *(self._room.children if self._room is not None else ())):
            if not part.running:
                raise part.death()
        for number, (worker, port) in self._workers.items():
            if worker.running:
                continue
            killed = worker.process.returncode < 0
            # Between our look at the port and the worker's start another demo may have taken it.
            robbed = not killed and self._options.port is None and not is_free(port)
            if not (killed or robbed) or self._restarts >= RESTARTS:
                raise worker.death()
            self._restarts += 1
            children.forget(worker)
            if killed:
                notes.append(f"{worker.name} was killed and is started again; nothing is lost by that, see the end")
            own = any_port() if robbed else port
            self._workers[number] = (start_worker(children, parts, number, own), own)
        return notes

    def _step(self, text: str) -> None:
        self._console.print(f"  [green]✓[/green] {text}")

    def _told(self, number: int) -> None:
        """A first Ctrl-C ends a demo without an end properly, with its verdict; anything else ends it at once."""
        endless = self._options.seconds is None and self._workers
        if number == signal.SIGINT and endless and not self._finish.is_set():
            self._finish.set()
        elif self._code is None:
            self._code = 128 + number
            if self._task is not None:
                self._task.cancel()


def _address(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


@contextmanager
def _signals(told: Callable[[int], None]) -> Iterator[None]:
    """Signals become calls of `told` with their number."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, told, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _producer(parts: Parts) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**kafka_arguments(parts.settings), enable_idempotence=True, linger_ms=10)
    await producer.start()
    try:
        yield producer
    finally:
        # Where the broker is gone there is nobody left to send the rest to.
        with suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), CLOSE_SECONDS)


@asynccontextmanager
async def _reader() -> AsyncIterator[Reader]:
    reader = Reader()
    try:
        yield reader
    finally:
        await reader.close()
