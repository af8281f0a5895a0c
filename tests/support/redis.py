"""A real Redis (or Valkey) for tests: append-only file, no eviction, killed and started again on the same data."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from agents.demo.ports import LOOPBACK, any_port
from agents.demo.redis_server import redis_binary

DEFAULTS: Mapping[str, str] = {
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
}


class RedisServer:
    """One server on the loopback address. `options` are redis.conf entries that override `DEFAULTS`."""

    def __init__(self, directory: Path | None = None, options: Mapping[str, str] | None = None) -> None:
        self._binary = redis_binary()
        self._owns_directory = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="launchpulse-redis-"))
        self.port = any_port()
        self._options = {**DEFAULTS, **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for redis clients."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def log_file(self) -> Path:
        """What the server printed, all starts one after the other."""
        return self.directory / "redis.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self._process and self._running() else None

    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_seconds: float = 20.0) -> None:
        """Starts it on the same port and data as before, waits until it answers PING; RuntimeError if it does not."""
        if self._running():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        own = {"port": str(self.port), "bind": LOOPBACK, "dir": str(self.directory), "daemonize": "no"}
        command = [self._binary]
        for name, value in {**self._options, **own}.items():
            command += [f"--{name}", value]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )
        atexit.register(self.kill)
        deadline = time.monotonic() + timeout_seconds
        while not _answers_ping(self.port):
            if not self._running() or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Redis did not start; its log ends:\n{self.log_file.read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL. What the append-only file already holds stays for the next start."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        atexit.unregister(self.kill)

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """SIGTERM and wait: everything is written out first; SIGKILL after the timeout."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def restart(self) -> None:
        """A clean stop, then a start on the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Ends it at once and removes its directory when that was a temporary one."""
        self.kill()
        if self._owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.settimeout(1)
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
