"""What a worker answers for boards: each kind of question in its turn, by what it costs, and none in another's way."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest

from agents.web.exchange import PERIODS, SHARES, Exchange
from agents.web.questions import ARRIVED, Question, history_of, picture_of
from agents.web.worked import Worked

PICTURE, HISTORY = picture_of("aurora", "launch"), history_of("aurora")


@asynccontextmanager
async def answering(
    respond: Callable[[Question], Awaitable[tuple[int, bytes] | None]],
    *questions: Question,
    newest: Callable[[Question], object] = lambda question: None,
) -> AsyncIterator[None]:
    exchange = Exchange(respond, newest=newest)
    running = asyncio.create_task(exchange.run())
    try:
        with exchange.follow(questions):
            yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def work(seconds: float) -> None:
    """Uses the CPU for so long, however many share it."""
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass


async def test_a_slow_history_holds_up_no_picture() -> None:
    pictures: list[float] = []

    async def respond(question: Question) -> tuple[int, bytes]:
        if question.kind == "history":
            await asyncio.sleep(4)
        else:
            pictures.append(time.monotonic())
        return 1, b"{}"

    async with answering(respond, PICTURE, HISTORY):
        await asyncio.sleep(5)
    gaps = [later - earlier for earlier, later in pairwise(pictures)]
    assert len(gaps) > 3
    assert max(gaps) < 3


async def test_a_sale_after_a_quiet_moment_is_on_the_picture_at_once() -> None:
    sales, asked = 0, asyncio.Event()
    waited = []

    async def respond(question: Question) -> tuple[int, bytes]:
        asked.set()
        return 1, b"%d" % sales

    async with answering(respond, PICTURE, newest=lambda question: sales):
        await asyncio.sleep(2 * PERIODS["picture"])
        for _ in range(5):
            await asyncio.sleep(PERIODS["picture"] * 1.1)
            asked.clear()
            await asyncio.wait_for(asked.wait(), 5)
            asked.clear()
            sales, began = sales + 1, time.monotonic()
            await asyncio.wait_for(asked.wait(), 5)
            waited.append(time.monotonic() - began)
    assert sorted(waited)[2] < PERIODS["picture"] / 2


async def test_a_picture_that_changes_all_the_time_is_made_no_more_often() -> None:
    made = 0

    async def respond(question: Question) -> tuple[int, bytes]:
        nonlocal made
        made += 1
        return 1, b"%d" % made

    async with answering(respond, PICTURE, newest=lambda question: time.monotonic()):
        await asyncio.sleep(3)
    assert 3 <= made <= 3 / PERIODS["picture"] + 1


async def test_what_the_loop_does_for_others_meanwhile_is_no_reason_to_rest() -> None:
    pictures = 0

    async def respond(question: Question) -> tuple[int, bytes]:
        nonlocal pictures
        pictures += 1
        # As where an ingest has its turn before the picture is ready.
        await asyncio.sleep(0.5)
        return 1, b"{}"

    async with answering(respond, PICTURE):
        await asyncio.sleep(5)
    assert pictures >= 4


async def test_boards_leave_four_fifths_of_a_core_to_the_others_however_many_are_looked_at() -> None:
    answered = 0

    async def busy(question: Question) -> tuple[int, bytes]:
        nonlocal answered
        work(0.02)
        answered += 1
        return 1, b"{}"

    many = [f"campaign-{number}" for number in range(50)]
    began = time.thread_time()
    async with answering(busy, *(picture_of(name, "1h") for name in many), *map(history_of, many)):
        await asyncio.sleep(3)
    assert answered > 1
    assert time.thread_time() - began < 3 * 0.3


def test_what_boards_ask_all_the_time_is_given_a_fifth_of_a_core() -> None:
    assert SHARES.keys() == PERIODS.keys()
    asked_once = {"series", ARRIVED}
    assert sum(share for kind, share in SHARES.items() if kind not in asked_once) == pytest.approx(0.2)


async def test_work_is_what_was_done_and_not_what_was_waited_for() -> None:
    async def some() -> str:
        work(0.03)
        await asyncio.sleep(0.2)
        work(0.03)
        return "done"

    async def others() -> None:
        for _ in range(10):
            work(0.01)
            await asyncio.sleep(0)

    worked = Worked(some())
    beside = asyncio.create_task(others())
    assert await worked == "done"
    await beside
    assert 0.06 <= worked.seconds < 0.09


async def test_work_that_fails_or_is_cancelled_says_so_as_it_would_without() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Worked(fails())
    ended: list[str] = []

    async def cleans_up() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("cleaned up")

    async def wait() -> None:
        await Worked(cleans_up())

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cleaned up"]
