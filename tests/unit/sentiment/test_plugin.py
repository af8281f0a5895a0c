"""A plug-in in a real process: what it says is taken, and whatever goes wrong in it costs its mentions' scores only."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from agents.sentiment import plugin as plugin_module
from agents.sentiment.plugin import MAX_BATCH, MAX_TEXT, Plugin
from agents.telemetry import Telemetry
from streams.events.catalogue import topic_by_name
from streams.events.measures import Measure
from streams.events.mention import Mention
from tests.support.sentiment_plugins import PID

MENTION = topic_by_name("mention")
TIMEOUT = 1.0

Make = Callable[[str], Plugin]


def mention(text: str | None, **fields: Any) -> Mention:
    return Mention(id="m-1", time=0, campaign="aurora", channel="email", text=text, **fields)


def measures(event: Mention) -> set[int]:
    add: dict[int, int] = {}
    MENTION.count(event, add)
    return set(add) - {Measure.MENTION_SCORE, Measure.MENTION_SCORED}


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
async def make(telemetry: Telemetry) -> AsyncIterator[Make]:
    made: list[Plugin] = []

    def of(name: str) -> Plugin:
        made.append(Plugin(f"tests.support.sentiment_plugins:{name}", TIMEOUT, telemetry))
        return made[-1]

    yield of
    for plugin in made:
        await plugin.close()


async def scores(plugin: Plugin, *texts: str, language: str | None = "en") -> list[float | None]:
    events = [mention(text, language=language) for text in texts]
    await plugin.fill(MENTION, events, set())
    assert all(event.text is None for event in events)
    return [event.sentiment for event in events]


async def after_the_pause(plugin: Plugin, *texts: str) -> list[float | None]:
    """The scores once the process has been started again."""
    until = time.monotonic() + 20
    while (found := await scores(plugin, *texts)) == [None] * len(texts) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    return found


async def child_of(plugin: Plugin) -> int:
    """The number of a parent's child."""
    (score,) = await scores(plugin, "a")
    assert score is not None
    return round(score * PID)


def unscored(telemetry: Telemetry) -> dict[str, float]:
    return {
        sample.labels["reason"]: sample.value
        for metric in telemetry.texts_unscored.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }


async def test_text_and_language_reach_the_plug_in_and_its_score_is_counted(make: Make) -> None:
    plugin = make("by_length")
    assert await scores(plugin, "a" * 50, "a" * 20) == [0.5, 0.2]
    event = mention("a" * 50, language="ru")
    await plugin.fill(MENTION, [event], set())
    assert measures(event) == {Measure.MENTIONS_NEGATIVE}


async def test_more_texts_than_a_batch_holds_keep_their_order(make: Make) -> None:
    texts = ["a" * (index % 90 + 1) for index in range(2 * MAX_BATCH + 1)]
    assert await scores(make("by_length"), *texts) == [len(text) / 100 for text in texts]


async def test_callers_at_the_same_time_get_their_own_scores(make: Make) -> None:
    plugin = make("by_length")
    found = await asyncio.gather(*(scores(plugin, "a" * length) for length in range(1, 20)))
    assert found == [[length / 100] for length in range(1, 20)]


async def test_only_what_counts_and_has_no_score_of_its_own_is_asked(make: Make) -> None:
    own, duplicate, test = mention("text", sentiment=-1.0), mention("text"), mention("text", test=True)
    empty = mention(None)
    await make("by_length").fill(MENTION, [own, duplicate, test, empty], {1})
    assert [event.sentiment for event in (own, duplicate, test, empty)] == [-1.0, None, None, None]


async def test_other_topics_never_start_the_plug_in(make: Make) -> None:
    plugin = make("unmakeable")
    await plugin.fill(topic_by_name("visit"), [], set())
    assert plugin._process is None


async def test_very_long_text_reaches_the_plug_in_shortened(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_module, "MAX_TEXT", 70)
    assert MAX_TEXT > 70
    assert await scores(make("by_length"), "a" * 500) == [0.7]


@pytest.mark.parametrize("misdeed", ["raise", "exit", "kill"])
async def test_crash_gives_unknown_and_the_plug_in_comes_back(make: Make, telemetry: Telemetry, misdeed: str) -> None:
    plugin = make("by_length")
    event = mention(misdeed, language="en")
    await plugin.fill(MENTION, [event], set())
    assert measures(event) == {Measure.MENTIONS_UNKNOWN}
    assert await after_the_pause(plugin, "a" * 50) == [0.5]
    assert unscored(telemetry)["crash"] == 1


@pytest.mark.parametrize("misdeed", ["hang", "spin"])
async def test_hang_ends_with_the_time_limit_and_its_process_is_killed(
    make: Make, telemetry: Telemetry, misdeed: str
) -> None:
    plugin = make("by_length")
    await scores(plugin, "a")
    assert plugin._process is not None
    child = plugin._process.pid
    began = time.monotonic()
    assert await scores(plugin, misdeed, "a" * 50) == [None, None]
    assert TIMEOUT <= time.monotonic() - began < TIMEOUT + 2
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    # While it is away nobody waits for it.
    began = time.monotonic()
    assert await scores(plugin, "a" * 50) == [None]
    assert time.monotonic() - began < 0.5
    assert unscored(telemetry) == {"timeout": 2, "away": 1}
    assert await after_the_pause(plugin, "a" * 50) == [0.5]


@pytest.mark.parametrize("misdeed", ["hang", "exit"])
async def test_children_of_a_plug_in_end_with_it_and_keep_nobody_waiting(make: Make, misdeed: str) -> None:
    plugin = make("parent")
    child = await child_of(plugin)
    async with asyncio.timeout(TIMEOUT + 5):
        assert await scores(plugin, misdeed) == [None]
        while _alive(child):
            await asyncio.sleep(0.02)
    assert await after_the_pause(plugin, "a") != [child / PID]


async def test_child_of_a_plug_in_that_has_left_its_session_keeps_nobody_waiting(make: Make) -> None:
    plugin = make("parent_of_a_daemon")
    child = await child_of(plugin)
    try:
        async with asyncio.timeout(TIMEOUT + 5):
            assert await scores(plugin, "hang") == [None]
            assert await scores(plugin, "a") == [None]
        assert _alive(child)
    finally:
        os.kill(child, signal.SIGKILL)
    await asyncio.sleep(0.1)  # the loop sees the end of the pipes


async def test_the_event_loop_goes_on_while_a_plug_in_hangs(make: Make) -> None:
    plugin = make("by_length")
    await scores(plugin, "a")
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    await scores(plugin, "spin")
    beating.cancel()
    assert beats > 20


async def test_score_that_is_none_is_unknown_and_spoils_no_other(make: Make, telemetry: Telemetry) -> None:
    texts = ("two", "nan", "inf", "true", "word", "unknown", "good")
    assert await scores(make("nonsense"), *texts) == [None] * 6 + [1.0]
    # That it does not know is no failure.
    assert unscored(telemetry) == {"nonsense": 5}


@pytest.mark.parametrize("misdeed", ["short", "none"])
async def test_answer_of_another_shape_makes_the_batch_unknown(make: Make, telemetry: Telemetry, misdeed: str) -> None:
    plugin = make("by_length")
    assert await scores(plugin, misdeed, "a" * 50) == [None, None]
    assert unscored(telemetry) == {"nonsense": 2}
    assert await scores(plugin, "a" * 50) == [0.5]


async def test_what_a_plug_in_prints_reaches_neither_the_answers_nor_the_logs(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await scores(make("talkative"), "secret words", "more") == [-0.5, -0.5]
    output = capfd.readouterr()
    assert "secret" not in output.out + output.err


@pytest.mark.parametrize("misdeed", ["raise", "hang"])
async def test_failure_is_logged_without_the_text(
    make: Make, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, misdeed: str
) -> None:
    await scores(make("by_length"), misdeed, "secret words")
    output = capfd.readouterr()
    said = output.out + output.err + caplog.text
    assert "the sentiment plug-in failed" in said
    assert "secret" not in said


async def test_the_settings_of_the_worker_are_not_in_the_plug_in_s_environment(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAUNCHPULSE_HASH_KEY", "0123456789abcdef")
    assert await scores(make("curious"), "text") == [1.0]


async def test_first_start_is_waited_for(make: Make) -> None:
    assert await scores(make("late"), "a" * 50) == [0.5]


@pytest.mark.parametrize("name", ["unmakeable", "missing", "late.missing"])
async def test_plug_in_that_cannot_be_made_gives_unknown(make: Make, telemetry: Telemetry, name: str) -> None:
    assert await scores(make(name), "text") == [None]
    assert unscored(telemetry) == {"away": 1}


async def test_pause_between_starts_grows_and_ends_with_the_first_answer(make: Make) -> None:
    plugin = make("by_length")
    began = time.monotonic()
    await scores(plugin, "exit")
    assert plugin._pause == plugin_module.FIRST_PAUSE_SECONDS
    # It is asked again only once it runs again, and then ends again.
    until = time.monotonic() + 20
    while plugin._pause == plugin_module.FIRST_PAUSE_SECONDS and time.monotonic() < until:
        await scores(plugin, "exit")
        await asyncio.sleep(0.02)
    assert plugin._pause == 2 * plugin_module.FIRST_PAUSE_SECONDS
    assert await after_the_pause(plugin, "a" * 50) == [0.5]
    assert time.monotonic() - began > 3 * plugin_module.FIRST_PAUSE_SECONDS
    assert plugin._pause == 0.0


async def test_caller_that_is_cancelled_leaves_the_next_one_its_own_answer(make: Make) -> None:
    plugin = make("by_length")
    await scores(plugin, "a")
    given_up = asyncio.create_task(scores(plugin, *["a" * 90] * MAX_BATCH))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await scores(plugin, "a" * 20) == [0.2]


async def test_plug_in_process_ends_with_its_worker() -> None:
    program = (
        "import asyncio, os\n"
        "from agents.sentiment.plugin import Plugin\n"
        "from agents.telemetry import Telemetry\n"
        "from tests.unit.sentiment.test_plugin import mention, MENTION\n"
        "async def main():\n"
        "    plugin = Plugin('tests.support.sentiment_plugins:by_length', 30, Telemetry())\n"
        "    await plugin.fill(MENTION, [mention('a')], set())\n"
        "    asyncio.create_task(plugin.fill(MENTION, [mention('hang')], set()))\n"
        "    await asyncio.sleep(0.2)\n"
        "    print(plugin._process.pid, flush=True)\n"
        "    os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await worker.communicate()
    child = int(output.split()[-1])
    until = time.monotonic() + 10
    while time.monotonic() < until and _alive(child):
        await asyncio.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that has ended and that nobody has waited for yet does not run.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"
