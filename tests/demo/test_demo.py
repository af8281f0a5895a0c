from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.demo.running import RunningDemo, until

AGREES = "All agree exactly."
KPI = "engagement "


def test_two_demos_at_once_tell_the_same_agree_with_their_ledgers_and_leave_nothing_behind(tmp_path: Path) -> None:
    with RunningDemo(tmp_path / "a", "--seconds", "8") as one, RunningDemo(tmp_path / "b", "--seconds", "8") as other:
        for demo in (one, other):
            assert demo.end(90) == 0, demo.output
            assert AGREES in demo.output
            assert KPI in demo.output
            assert demo.left_behind() == []
        ports = [re.findall(r"127\.0\.0\.1:(\d+)/metrics", demo.output)[0] for demo in (one, other)]
        assert ports[0] != ports[1]
        tables = [demo.output.partition("Sent by the simulator")[2] for demo in (one, other)]
        assert tables[0] == tables[1]


def test_many_campaigns_told_fast_by_two_workers_agree_too(tmp_path: Path) -> None:
    arguments = ("--seconds", "8", "--speed", "17280", "--campaigns", "7", "--workers", "2", "--seed", "5")
    with RunningDemo(tmp_path, *arguments) as demo:
        assert demo.end(90) == 0, demo.output
        assert AGREES in demo.output
        assert "and 4 more campaigns" in demo.output
        # The launch is told in ten seconds, so it is not over yet.
        assert "bad hours" in demo.output


def test_ledger_agrees_though_a_worker_was_killed_and_ctrl_c_ends_the_demo(tmp_path: Path) -> None:
    with RunningDemo(tmp_path, "--workers", "2") as demo:
        demo.wait_for(KPI)
        demo.kill_part("worker-1-data")
        demo.wait_for("worker 1 was killed")
        demo.process.send_signal(signal.SIGINT)
        assert demo.end(120) == 0, demo.output
        assert AGREES in demo.output
        assert demo.left_behind() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_in_the_midst_ends_a_timed_demo_at_once(tmp_path: Path, number: int, code: int) -> None:
    with RunningDemo(tmp_path, "--seconds", "60") as demo:
        demo.wait_for("sent ")
        demo.process.send_signal(number)
        demo.process.send_signal(number)
        assert demo.end(15) == code, demo.output
        assert demo.left_behind() == []


@pytest.mark.parametrize("after_seconds", [0.3, 0.7, 1.1, 1.6])
def test_ctrl_c_while_it_starts_leaves_nothing_behind(tmp_path: Path, after_seconds: float) -> None:
    with RunningDemo(tmp_path, "--seconds", "60") as demo:
        time.sleep(after_seconds)
        demo.process.send_signal(signal.SIGINT)
        # Before Python has come as far as its first line, the signal itself ends the process.
        assert demo.end(15) in (130, -signal.SIGINT), demo.output
        assert demo.left_behind() == []
        assert "Traceback" not in demo.output or demo.process.returncode < 0


def test_a_killed_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    with RunningDemo(tmp_path, "--seconds", "60") as demo:
        demo.wait_for("sent ")
        demo.process.kill()
        demo.process.wait()
        until(lambda: not demo.left_behind(), 15)
        assert demo.left_behind() == []


@pytest.mark.parametrize("part", ["agents.demo.broker", "/redis"])
def test_a_part_that_dies_ends_the_demo_in_a_line_that_names_it(tmp_path: Path, part: str) -> None:
    with RunningDemo(tmp_path, "--seconds", "60") as demo:
        demo.wait_for("sent ")
        demo.kill_part(part)
        assert demo.end(20) == 1, demo.output
        assert re.search(r"launchpulse: the demo ends, since (broker|redis) was killed by signal 9", demo.output)
        assert "Traceback" not in demo.output
        assert demo.left_behind() == []


def test_a_taken_port_that_was_asked_for_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with RunningDemo(tmp_path, "--port", str(port)) as demo:
            assert demo.end(20) == 1
            assert demo.output.strip() == (
                f"launchpulse: port {port} is taken: name another with --port, or leave it out and a free one is chosen"
            )
            assert demo.left_behind() == []
