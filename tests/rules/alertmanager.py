"""A real Alertmanager with the committed configuration, and what stands for a pager, a chat and a mail server."""

from __future__ import annotations

import json
import shutil
import socketserver
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agents.demo.ports import LOOPBACK, any_port

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "grafana" / "alertmanager" / "alertmanager.yml"
BINARIES = ("prometheus-alertmanager", "alertmanager")


@dataclass(slots=True)
class Told:
    """What has been delivered: (path, body) to webhooks, (recipient, text) by mail."""

    url: str
    hooks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """End Alertmanager."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def alert(self, labels: Mapping[str, str], *, minutes: float = 5, summary: str = "", runbook: str = "") -> None:
        """Post one alert that has begun two minutes ago and ends so many minutes from now."""
        begun, ends = (
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60 * after)) for after in (-2, minutes)
        )
        notes = {"summary": summary, **({"runbook_url": runbook} if runbook else {})}
        told = [{"labels": dict(labels), "annotations": notes, "startsAt": begun, "endsAt": ends}]
        body = json.dumps(told).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def names(self, path: str) -> list[tuple[str, str]]:
        """(alert, status) of every alert that a webhook was told, in order."""
        return [
            (alert["labels"]["alertname"], alert["status"])
            for place, body in self.hooks
            if place == path
            for alert in body["alerts"]
        ]

    def until(self, seconds: float, path: str, expected: tuple[str, str]) -> None:
        """Wait until a webhook was told that. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        while expected not in self.names(path):
            if time.monotonic() > ends:
                raise TimeoutError(f"{expected} did not come to {path}: {self.hooks}, {self.mails}")
            time.sleep(0.05)


@contextmanager
def alertmanager(folder: Path, changes: Mapping[str, str]) -> Iterator[Told]:
    """Run it in `folder` with the committed configuration, in which only addresses and the given texts are replaced."""
    binary = next(found for name in BINARIES if (found := shutil.which(name)))
    port = any_port()
    told = Told(f"http://{LOOPBACK}:{port}")
    with _hooks(told) as hooks, _mail(told) as mail:
        text = CONFIG.read_text(encoding="utf-8")
        addresses = {"127.0.0.1:9099": f"{LOOPBACK}:{hooks}", "127.0.0.1:25 ": f"{LOOPBACK}:{mail} "}
        for old, new in {**changes, **addresses}.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "alertmanager.yml").write_text(text, encoding="utf-8")
        shutil.copy(CONFIG.with_name("launchpulse.tmpl"), folder)
        arguments = [binary, f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data"]
        arguments += [f"--web.listen-address={LOOPBACK}:{port}", "--cluster.listen-address="]
        with (folder / "log").open("w") as log:
            told.process = subprocess.Popen(arguments, stdout=log, stderr=log)
        try:
            _wait(f"{told.url}/-/ready")
            yield told
        finally:
            told.stop()


def _wait(url: str) -> None:
    ends = time.monotonic() + 30
    while True:
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=1).close()
            return
        if time.monotonic() > ends:
            raise TimeoutError(url)
        time.sleep(0.1)


@contextmanager
def _hooks(told: Told) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.hooks.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Says nothing."""

    with _serving(ThreadingHTTPServer((LOOPBACK, 0), Handler)) as port:
        yield port


@contextmanager
def _mail(told: Told) -> Iterator[int]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            recipient = ""
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line.split(b":")[0].strip().upper()
                if word == b"RCPT TO":
                    recipient = line.decode().split("<")[1].split(">")[0]
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    told.mails.append((recipient, b"".join(iter(self.rfile.readline, b".\r\n")).decode()))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
                if word == b"QUIT":
                    return

    server = socketserver.ThreadingTCPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    with _serving(server) as port:
        yield port


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
