"""A real Apache Kafka of one node for tests: started, killed and started again on the same port and data."""

from __future__ import annotations

import atexit
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from agents.demo.ports import LOOPBACK, any_port

ROOT = Path(__file__).resolve().parents[2]
LIBS = ROOT / ".parts" / "kafka" / "libs"
CLASSES = LIBS.parent / "classes.jsa"
"""Kafka's classes as the JVM holds them in memory, so that it starts a second or two sooner. A JVM for which it was not
made takes the jars."""

LOG_CONFIG = Path(__file__).parent / "kafka" / "log4j2.properties"
CLUSTER_ID = "bGF1bmNocHVsc2UtdGVzdA"  # any 16 bytes in base64: one cluster, never joined by another

# Small where Kafka's defaults are made for clusters: few internal partitions, quick cleaning, quick rebalances.
DEFAULTS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "broker.heartbeat.interval.ms": "300",
    "broker.session.timeout.ms": "3000",  # a killed broker is only let in again when its old session has run out
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
    "log.cleaner.dedupe.buffer.size": "10485760",
    "message.max.bytes": "1048588",
}


class KafkaMissing(RuntimeError):
    """Java or Kafka's jars are not installed; the text says which command installs them."""


class KafkaBroker:
    """One Kafka node (KRaft, broker and controller in one process) on the loopback address.

    `settings` are server.properties entries that override `DEFAULTS`. `listeners` are more listeners beside the plain
    one, their security protocols by name, each on a port of its own (`address_of`). `advertised` are ports that clients
    of those listeners are sent to instead of the listener's own, such as a proxy's. `scram` are passwords by user, for
    SCRAM-SHA-512. `hot` is for runs of many minutes: its code is compiled as well as the JVM can, which takes a third
    of a core from everybody else in the first of them. `classes_to` is where a stop leaves what `CLASSES` is. Without
    `directory` the data lives in a temporary directory that `close` removes. Raises `KafkaMissing` when the parts are
    not installed.
    """

    def __init__(
        self,
        directory: Path | None = None,
        settings: Mapping[str, str] | None = None,
        heap_mb: int = 512,
        listeners: Mapping[str, str] | None = None,
        scram: Mapping[str, str] | None = None,
        advertised: Mapping[str, int] | None = None,
        hot: bool = False,
        classes_to: Path | None = None,
    ) -> None:
        if shutil.which("java") is None or not list(LIBS.glob("kafka_*.jar")):
            raise KafkaMissing("Kafka for tests is not installed: run `python -m tests.support.install`")
        self._owns_directory = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="launchpulse-kafka-"))
        self.port = any_port()
        self.controller_port = any_port()
        self._settings = dict(settings or {})
        self._protocols = dict(listeners or {})
        self._ports = {name: any_port() for name in self._protocols}
        self._advertised = dict(advertised or {})
        self._scram = dict(scram or {})
        self._heap_mb = heap_mb
        self._hot = hot
        self._classes_to = classes_to
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """host:port for clients (bootstrap servers)."""
        return f"{LOOPBACK}:{self.port}"

    def address_of(self, listener: str) -> str:
        """host:port of one of the other listeners."""
        return f"{LOOPBACK}:{self._ports[listener]}"

    @property
    def log_file(self) -> Path:
        """What Kafka printed, all starts of this broker one after the other."""
        return self.directory / "kafka.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self._process and self._running() else None

    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Starts it (on the same port and data as before) and waits until it serves clients; RuntimeError if not."""
        if self._running():
            return
        properties = self._write_properties()
        if not (self.directory / "data" / "meta.properties").exists():
            self._format(properties)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(properties)),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl+C meant for pytest must not stop it before the fixtures do
            )
        atexit.register(self.kill)
        deadline = time.monotonic() + timeout_seconds
        while not _serves(self.port):
            if not self._running() or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Kafka did not start; its log ends:\n{self.log_file.read_text()[-4000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, no goodbye to clients. Data stays for the next start."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        atexit.unregister(self.kill)

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """SIGTERM and wait (a controlled shutdown); SIGKILL when that takes longer than the timeout."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def restart(self) -> None:
        """A controlled stop, then a start on the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Ends it at once and removes its directory when that was a temporary one."""
        self.kill()
        if self._owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> KafkaBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _java(self, main: str, *arguments: str) -> list[str]:
        options = [f"-Xmx{self._heap_mb}m", "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={LOG_CONFIG}"]
        if not self._hot:
            options.append("-XX:TieredStopAtLevel=1")
        if self._classes_to is not None:
            options += ["-XX:+IgnoreUnrecognizedVMOptions", f"-XX:ArchiveClassesAtExit={self._classes_to}"]
        elif CLASSES.exists():
            options += [f"-XX:SharedArchiveFile={CLASSES}", "-Xshare:auto"]
        return ["java", *options, "-cp", f"{LIBS}/*", main, *arguments]

    def _format(self, properties: Path) -> None:
        command = self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties))
        for user, password in self._scram.items():
            command += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")

    def _write_properties(self) -> Path:
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **self._protocols}
        served = [f"PLAINTEXT://{self.address}", *(f"{name}://{self.address_of(name)}" for name in self._ports)]
        told = [
            f"{name}://{LOOPBACK}:{self._advertised[name]}" if name in self._advertised else f"{name}://{address}"
            for name, address in (entry.split("://") for entry in served)
        ]
        own = {
            "listeners": ",".join([*served, f"CONTROLLER://{LOOPBACK}:{self.controller_port}"]),
            "advertised.listeners": ",".join(told),
            "listener.security.protocol.map": ",".join(f"{name}:{spoken}" for name, spoken in protocols.items()),
            "controller.quorum.voters": f"1@{LOOPBACK}:{self.controller_port}",
            "log.dirs": str(self.directory / "data"),
        }
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "server.properties"
        path.write_text("".join(f"{k}={v}\n" for k, v in {**DEFAULTS, **own, **self._settings}.items()))
        return path


def _serves(port: int) -> bool:
    """Whether the broker answers a metadata request and lists itself as a broker that takes clients."""
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)  # Metadata v1, no client id, no topics
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(12)
    except OSError:
        return False
    return len(answer) == 12 and struct.unpack_from(">i", answer, 8)[0] > 0
