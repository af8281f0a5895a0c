"""The harness's clock: what a program asks for the time of day jumps, and nothing else about it changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.clock import LOOKED_AT_SECONDS, Clock, FaketimeMissing, library

pytestmark = pytest.mark.faults

HALF_AN_HOUR = 1_800
PROGRAM = """
import select, threading, time
def work():
    while True: sum(range(2000))
for _ in range(2): threading.Thread(target=work, daemon=True).start()
while True:
    began, burnt = time.monotonic(), time.process_time()
    select.select([], [], [], 0.5)
    took = time.monotonic() - began
    print(time.time(), took, (time.process_time() - burnt) / took, flush=True)
"""
"""Two threads of one Python that both want to work: one core is all that they can use. It waits by `select`, since
libfaketime lets no thread sleep whose clock has jumped."""


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    try:
        library()
    except FaketimeMissing as error:
        pytest.skip(str(error))
    return Clock(tmp_path / "clock")


@pytest.fixture
def looks(clock: Clock) -> Iterator[subprocess.Popen[str]]:
    """A program with that clock; it prints time of day, seconds by the monotonic clock, and cores used."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **clock.environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        yield program
        program.kill()


def test_the_time_of_day_jumps_and_the_monotonic_clock_does_not(clock: Clock, looks: subprocess.Popen[str]) -> None:
    before, *_ = _look(looks)
    clock.jump(HALF_AN_HOUR)
    time.sleep(LOOKED_AT_SECONDS)
    found = [_look(looks) for _ in range(4)]
    assert found[-1][0] - before == pytest.approx(HALF_AN_HOUR, abs=60)
    assert all(took < 60 for _, took, _ in found)


def test_threads_that_wait_for_each_other_take_no_core_by_that(clock: Clock, looks: subprocess.Popen[str]) -> None:
    clock.jump(HALF_AN_HOUR)
    cores = sorted(_look(looks)[2] for _ in range(5))
    assert cores[2] < 1.1


def _look(looks: subprocess.Popen[str]) -> tuple[float, float, float]:
    assert looks.stdout is not None
    said, took, cores = map(float, looks.stdout.readline().split())
    return said, took, cores
