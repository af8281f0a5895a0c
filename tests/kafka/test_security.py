"""Kafka with logins and TLS, Redis with TLS and an ACL, by settings alone: what works, what is refused and how, and
that no secret and no person shows where none should."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.claims.link import Link, RedisAddress
from agents.cli.main import run_command
from agents.connections import kafka_arguments
from agents.demo.ports import LOOPBACK, any_port
from agents.names import Names
from agents.settings import load_settings
from tests.faults.logs import read_topics
from tests.faults.processes import ROOT, WorkerProcess, wait_for
from tests.redis.test_claims_policy import LEAST_RIGHTS
from tests.support.certificates import Authority
from tests.support.kafka import KafkaBroker, KafkaMissing
from tests.support.redis import RedisServer

pytestmark = pytest.mark.kafka

USER = "launchpulse"
GUEST = "guest"  # Kafka lets it in, and allows it nothing
SECRETS = {
    "kafka_password": "kafka-secret-Yq7",
    "redis_password": "redis-secret-Yq7",
    "web_token": "token-secret-Yq7-0123456789",
    "hash_key": "hash-key-secret-Yq7-0123456789",
    "wrong": "wrong-secret-Yq7",
}
TOKEN = SECRETS["web_token"]
LISTENERS = {"LOGIN": "SASL_SSL", "MUTUAL": "SSL", "EXPIRED": "SASL_SSL", "ELSEWHERE": "SASL_SSL"}

PERSON = "anna.smith@example.com"
WORDS = "Anna-Smith-of-Berlin-wrote-this"
EVENT_ID = "click-of-anna@example.org"
SOURCE = "crm-of-anna@example.net"
PERSONAL = ("anna", "smith", "berlin")


@dataclass(frozen=True)
class Secured:
    """A broker and a Redis that want to be spoken to safely, and the files that settings name."""

    broker: KafkaBroker
    redis: RedisServer
    redis_tls_port: int
    folder: Path
    ours: Authority
    other: Authority

    def file(self, name: str, content: str | None = None) -> str:
        """A file with a secret, or another content."""
        path = self.folder / f"{name}.secret"
        path.write_text(SECRETS[name] if content is None else content)
        return str(path)

    def environment(self, **changes: object) -> dict[str, str]:
        """A deployment over SASL_SSL (SCRAM) and rediss:// with a user; settings by name, None leaves one out."""
        chosen: dict[str, object] = {
            "application_id": "guarded",
            "topic_prefix": "guarded.",
            "brokers": self.broker.address_of("LOGIN"),
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_username": USER,
            "kafka_password_file": self.file("kafka_password"),
            "kafka_ca_file": self.ours.ca_file,
            "redis_url": f"rediss://{LOOPBACK}:{self.redis_tls_port}/0",
            "redis_username": USER,
            "redis_password_file": self.file("redis_password"),
            "redis_ca_file": self.ours.ca_file,
            "hash_key_file": self.file("hash_key"),
            "web_token_file": self.file("web_token"),
            "web_port": any_port(),
            "data_dir": self.folder / "data",
            "summaries_partitions": 2,
            "session_timeout_seconds": 6,
            **changes,
        }
        return {f"LAUNCHPULSE_{name.upper()}": str(value) for name, value in chosen.items() if value is not None}

    def mutual(self, **changes: object) -> dict[str, str]:
        """The same over mutual TLS, without a login."""
        ours = self.ours.vouch("worker")
        without = {"kafka_sasl_mechanism": None, "kafka_username": None, "kafka_password_file": None}
        return self.environment(
            **{
                "brokers": self.broker.address_of("MUTUAL"),
                "kafka_security_protocol": "SSL",
                "kafka_cert_file": ours,
                "kafka_key_file": ours,
                **without,
                **changes,
            }
        )


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """The parts; the secrets of this module are theirs."""
    folder = tmp_path_factory.mktemp("secured")
    ours, other = Authority(folder, "ours"), Authority(folder, "other")
    server = ours.vouch("server")
    shown = {
        "LOGIN": server,
        "MUTUAL": server,
        "EXPIRED": ours.vouch("expired", days=-1),
        "ELSEWHERE": ours.vouch("elsewhere", "DNS:elsewhere.example"),
    }
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    settings = {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "ssl.keystore.type": "PEM",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ours.ca_file),
        "listener.name.mutual.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{USER};User:CN=worker",
    }
    for name, file in shown.items():
        listener = f"listener.name.{name.lower()}"
        settings[f"{listener}.ssl.keystore.location"] = str(file)
        settings[f"{listener}.scram-sha-512.sasl.jaas.config"] = f"{scram} required;"
        settings[f"{listener}.plain.sasl.jaas.config"] = f'{plain} required user_{USER}="{SECRETS["kafka_password"]}";'
    try:
        broker = KafkaBroker(
            settings=settings, listeners=LISTENERS, scram=dict.fromkeys((USER, GUEST), SECRETS["kafka_password"])
        )
    except KafkaMissing as error:
        pytest.skip(str(error))
    port = any_port()
    redis = RedisServer(
        options={
            "tls-port": str(port),
            "tls-cert-file": str(server),
            "tls-key-file": str(server),
            "tls-auth-clients": "no",
        }
    )
    with broker, redis:
        asyncio.run(_guard_redis(redis))
        yield Secured(broker, redis, port, folder, ours, other)


async def _guard_redis(redis: RedisServer) -> None:
    link = await Link.open(RedisAddress(redis.url))
    await link.call("ACL", "SETUSER", USER, "reset", "on", f">{SECRETS['redis_password']}", *LEAST_RIGHTS.split())
    few = [right for right in LEAST_RIGHTS.split() if right != "+info"]
    await link.call("ACL", "SETUSER", "fewer", "reset", "on", f">{SECRETS['redis_password']}", *few)
    await link.call("ACL", "SETUSER", "default", "off")
    await link.close()


def launchpulse(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Runs the command; its exit code, and all that it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "agents.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def refused(
    environment: Mapping[str, str],
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> tuple[int, str]:
    """The same in this process, within seconds, where all that it writes is one line without a secret: that line."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    began = time.monotonic()
    code = run_command(list(arguments))
    assert time.monotonic() - began < 15
    return code, one_line("".join(capfd.readouterr()))


def one_line(written: str) -> str:
    """That, where it is one line without a secret."""
    assert written.count("\n") == 1, written
    assert_no_secret(written)
    return written


def assert_no_secret(text: str) -> None:
    """None of the secrets stands in it."""
    assert [name for name, secret in SECRETS.items() if secret in text] == []


class TokenWorker(WorkerProcess):
    """A worker that is asked with its token."""

    def get(self, path: str, timeout_seconds: float = 3.0, token: str | None = TOKEN) -> tuple[int, str]:
        """(status, body); status 0 where nobody answers."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, ValueError):
            return 0, ""

    def read_total(self) -> int:
        """Records that its picture accounts for."""
        return int(sum(value for (name, _), value in self.metrics().items() if name == "launchpulse_events_read_total"))


@contextlib.contextmanager
def worker(secured: Secured, environment: Mapping[str, str], name: str) -> Iterator[TokenWorker]:
    """A worker that is ready; killed at the end."""
    process = TokenWorker(name, secured.folder, environment)
    process.start()
    try:
        wait_for(lambda: process.alive and not process.reasons(), 40, lambda: (process.reasons(), process.tail()))
        yield process
    finally:
        process.kill()


def spoken_of(prefix: str) -> list[tuple[str, bytes]]:
    """Events of a person: good ones, a duplicate, unknown and late ones, and such that become dead letters."""
    now = time.time_ns() // 1_000_000
    base = {"time": now, "campaign": "spring", "channel": "email", "source": SOURCE, "person": PERSON}
    good = [
        ("click", {**base, "id": EVENT_ID}),
        ("click", {**base, "id": EVENT_ID}),
        ("click", {**base, "id": f"{EVENT_ID}-late", "time": now - 20 * 3_600_000}),
        ("open", {**base, "id": EVENT_ID, "channel": WORDS}),
        ("visit", {**base, "id": EVENT_ID}),
        ("mention", {**base, "id": EVENT_ID, "text": WORDS, "author": PERSON, "sentiment": 0.5}),
        ("sale", {**base, "id": EVENT_ID, "amount": "10.00", "currency": "EUR", "order": WORDS}),
    ]
    bad = [
        ("click", {**base, "id": ""}),
        ("click", {**base, "id": EVENT_ID, "time": WORDS}),
        ("click", {**base, "id": EVENT_ID, "campaign": f"{WORDS}\u0000"}),
        ("click", {**base, "id": EVENT_ID, "person": {PERSON: PERSON}}),
        ("click", {**base, "id": EVENT_ID, "time": now + 90_000_000}),
        ("sale", {**base, "id": EVENT_ID, "amount": WORDS, "currency": WORDS}),
        ("mention", {**base, "id": EVENT_ID, "sentiment": PERSON}),
    ]
    events = [(topic, json.dumps(event).encode()) for topic, event in good + bad]
    events += [("open", f"{PERSON} is not JSON".encode()), ("visit", json.dumps([PERSON]).encode())]
    return [(prefix + topic, value) for topic, value in events]


async def send(environment: Mapping[str, str], events: list[tuple[str, bytes]]) -> None:
    """Sends them as a producer with the deployment's own login does."""
    async with AIOKafkaProducer(**kafka_arguments(load_settings(environment))) as producer:
        for topic, value in events:
            await producer.send_and_wait(topic, value, key=PERSON.encode(), headers=[("who", PERSON.encode())])


def assert_nobody(text: str | bytes, where: str) -> None:
    """Nothing of the person stands in it, in whatever case."""
    lower = (text.encode() if isinstance(text, str) else text).lower()
    found = [word for word in PERSONAL if word.encode() in lower]
    at = lower.find(found[0].encode()) if found else 0
    assert not found, f"{where} tells of {found}: {lower[max(0, at - 200) : at + 200]!r}"


def test_over_a_login_and_tls_all_commands_work_and_neither_secrets_nor_persons_show(secured: Secured) -> None:
    environment = secured.environment(log_level="debug")
    names = Names(load_settings(environment))
    written = []
    for arguments in (("topics", "create", "--partitions", "1"), ("doctor",)):
        code, text = launchpulse(environment, *arguments)
        assert code == 0, text
        written.append(text)
    assert "all topics are as they should be" in written[0]
    events = spoken_of("guarded.")
    with worker(secured, environment, "guarded") as process:
        assert process.get("/metrics", token=None)[0] == 401
        assert process.get("/metrics", token=SECRETS["wrong"])[0] == 401
        assert process.get("/api/campaigns", token=None)[0] == 401
        for probe in ("/healthz", "/readyz"):
            assert process.get(probe, token=None)[0] == 200
        asyncio.run(send(environment, events))
        wait_for(lambda: process.read_total() == len(events), 20, process.tail)
        shown = [process.get(path) for path in ("/metrics", "/api/campaigns", "/api/campaigns/spring", "/readyz")]
        assert [status for status, _ in shown] == [200] * 4
        for command in ("dead-letters list", "campaigns show", "claims check"):
            code, text = launchpulse(environment, *command.split())
            assert code == 0, text
            written.append(text)
        code, text = launchpulse(environment, "status", "--url", f"http://{LOOPBACK}:{process.port}")
        assert code == 0, text
        written.append(text)
        assert process.stop()[0] == 0
    assert "9 of" not in written[2]
    assert sum(int(line.split()[0]) for line in written[2].splitlines() if " of guarded." in line) == 9
    log = process.log_file.read_text()
    assert "claims are ready" in log
    for text in (*written, *(body for _, body in shown), log):
        assert_no_secret(text)
        assert_nobody(text, "output")
    _assert_nobody_is_kept(secured, names)


def _assert_nobody_is_kept(secured: Secured, names: Names) -> None:
    kept = [names.summaries, names.panes_changelog, names.people_changelog, names.settings, names.catalogue]
    found = read_topics(secured.broker.address, [*kept, names.dead_letters])
    assert found[names.summaries]
    assert found[names.panes_changelog]
    for topic in kept:
        for record in found[topic]:
            pieces = [record.key or b"", record.value or b"", *(value for _, value in record.headers)]
            assert_nobody(b" ".join(pieces), topic)
    # The dead letters alone keep the original; what was looked for above would be found here.
    assert sum(PERSON.encode() in (letter.value or b"") for letter in found[names.dead_letters]) == 9
    claims = b"".join(path.read_bytes() for path in secured.redis.directory.rglob("*.aof"))
    assert b"p{0}" in claims
    assert_nobody(claims, "Redis")
    assert_no_secret(claims.decode("latin-1"))
    for path in (secured.folder / "guarded-data").rglob("*"):
        if path.is_file():
            assert_nobody(path.read_bytes(), str(path))


def test_over_mutual_tls_a_worker_counts(secured: Secured) -> None:
    # A Redis database of its own would need the right to SELECT: the first deployment's is emptied instead.
    environment = secured.mutual(application_id="mutual", topic_prefix="mutual.")
    secured.redis.restart()
    asyncio.run(_empty(secured))
    code, text = launchpulse(environment, "topics", "create", "--partitions", "1")
    assert code == 0, text
    events = spoken_of("mutual.")
    with worker(secured, environment, "mutual") as process:
        asyncio.run(send(environment, events))
        wait_for(lambda: process.read_total() == len(events), 20, process.tail)
    assert_no_secret(process.log_file.read_text())
    assert_nobody(process.log_file.read_text(), "log")


async def _empty(secured: Secured) -> None:
    link = await Link.open(RedisAddress(secured.redis.url))
    await link.call("FLUSHALL")
    await link.close()
    await _guard_redis(secured.redis)


def test_a_plain_login_works_too(secured: Secured) -> None:
    code, text = launchpulse(secured.environment(kafka_sasl_mechanism="PLAIN"), "topics", "create")
    assert code == 0, text


KAFKA_REFUSALS = {
    "scram password": "LAUNCHPULSE_KAFKA_PASSWORD_FILE is wrong",
    "plain password": "LAUNCHPULSE_KAFKA_PASSWORD_FILE is wrong",
    "user": "LAUNCHPULSE_KAFKA_USERNAME",
    "mechanism": "LAUNCHPULSE_KAFKA_SASL_MECHANISM SCRAM-SHA-256 is not switched on",
    "other authority": "LAUNCHPULSE_KAFKA_CA_FILE does not vouch",
    "system's authorities": "LAUNCHPULSE_KAFKA_CA_FILE does not vouch",
    "expired": "out of date",
    "another host's": "not for",
    "no certificate of ours": "LAUNCHPULSE_KAFKA_CERT_FILE is missing or not accepted",
    "ours of another authority": "LAUNCHPULSE_KAFKA_CERT_FILE is missing or not accepted",
    "login where none is taken": "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL must be without SASL",
    "no login where one is wanted": "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL must be with SASL",
}


def wrong_kafka(secured: Secured, case: str) -> dict[str, str]:
    """The environment of one of the cases above."""
    wrong, other = secured.file("wrong"), secured.other.vouch("stranger")
    login = secured.broker.address_of("LOGIN")
    match case:
        case "scram password":
            return secured.environment(kafka_password_file=wrong)
        case "plain password":
            return secured.environment(kafka_password_file=wrong, kafka_sasl_mechanism="PLAIN")
        case "user":
            return secured.environment(kafka_username="nobody")
        case "mechanism":
            return secured.environment(kafka_sasl_mechanism="SCRAM-SHA-256")
        case "other authority":
            return secured.environment(kafka_ca_file=secured.other.ca_file)
        case "system's authorities":
            return secured.environment(kafka_ca_file=None)
        case "expired":
            return secured.environment(brokers=secured.broker.address_of("EXPIRED"))
        case "another host's":
            return secured.environment(brokers=secured.broker.address_of("ELSEWHERE"))
        case "no certificate of ours":
            return secured.mutual(kafka_cert_file=None, kafka_key_file=None)
        case "ours of another authority":
            return secured.mutual(kafka_cert_file=other, kafka_key_file=other)
        case "login where none is taken":
            mutual = secured.broker.address_of("MUTUAL")
            ours = secured.ours.vouch("worker")
            return secured.environment(brokers=mutual, kafka_cert_file=ours, kafka_key_file=ours)
    return secured.mutual(brokers=login)


@pytest.mark.parametrize("case", KAFKA_REFUSALS)
def test_kafka_that_lets_nobody_in_is_one_line_that_names_the_setting(
    case: str, secured: Secured, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = wrong_kafka(secured, case)
    code, line = refused(environment, ("topics", "check"), monkeypatch, capfd)
    assert code == 1
    assert KAFKA_REFUSALS[case] in line
    assert environment["LAUNCHPULSE_BROKERS"] in line


@pytest.mark.parametrize("command", ["dead-letters list", "campaigns show", "simulate --seconds 1"])
def test_every_command_says_that_line(
    command: str, secured: Secured, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = wrong_kafka(secured, "scram password")
    code, line = refused(environment, tuple(command.split()), monkeypatch, capfd)
    assert code == 1
    assert KAFKA_REFUSALS["scram password"] in line


REDIS_REFUSALS = {
    "password": "LAUNCHPULSE_REDIS_PASSWORD_FILE is wrong or not set",
    "user": "LAUNCHPULSE_REDIS_USERNAME",
    "no login": "LAUNCHPULSE_REDIS_USERNAME",
    "a right is missing": "too few rights: this user has no permissions to run the 'info' command",
    "a right to a database is missing": "too few rights: this user has no permissions to run the 'select' command",
    "other authority": "LAUNCHPULSE_REDIS_CA_FILE does not vouch",
    "system's authorities": "LAUNCHPULSE_REDIS_CA_FILE does not vouch",
}


def wrong_redis(secured: Secured, case: str) -> dict[str, str]:
    """The environment of one of the cases above."""
    match case:
        case "password":
            return secured.environment(redis_password_file=secured.file("wrong"))
        case "user":
            return secured.environment(redis_username="nobody")
        case "no login":
            return secured.environment(redis_username=None, redis_password_file=None)
        case "a right is missing":
            return secured.environment(redis_username="fewer")
        case "a right to a database is missing":
            return secured.environment(redis_url=f"rediss://{LOOPBACK}:{secured.redis_tls_port}/1")
        case "other authority":
            return secured.environment(redis_ca_file=secured.other.ca_file)
    return secured.environment(redis_ca_file=None)


@pytest.mark.parametrize("case", REDIS_REFUSALS)
def test_a_redis_that_lets_nobody_in_is_one_line_that_names_the_setting(case: str, secured: Secured) -> None:
    code, written = launchpulse(wrong_redis(secured, case), "claims", "check")
    assert code == 1
    assert REDIS_REFUSALS[case] in one_line(written)


@pytest.mark.parametrize(
    ("names", "days", "told"), [("DNS:elsewhere.example", 1, "not for"), ("IP:127.0.0.1", -1, "out of date")]
)
def test_a_redis_with_the_wrong_certificate_is_refused(
    names: str, days: int, told: str, secured: Secured, tmp_path: Path
) -> None:
    shown = str(Authority(tmp_path, "ours").vouch("redis", names, days=days))
    port = str(any_port())
    files = {"tls-cert-file": shown, "tls-key-file": shown, "tls-auth-clients": "no"}
    with RedisServer(options={"tls-port": port, **files}):
        environment = secured.environment(
            redis_url=f"rediss://{LOOPBACK}:{port}/0", redis_ca_file=tmp_path / "ours" / "ca.pem"
        )
        code, written = launchpulse(environment, "claims", "check")
    assert code == 1
    assert "LAUNCHPULSE_REDIS_URL" in one_line(written)
    assert told in written


def test_a_worker_ends_where_it_is_refused_and_waits_for_what_is_away(secured: Secured) -> None:
    away = f"{LOOPBACK}:{any_port()}"
    cases = {
        "kafka login": (wrong_kafka(secured, "scram password"), KAFKA_REFUSALS["scram password"]),
        "kafka authority": (wrong_kafka(secured, "other authority"), KAFKA_REFUSALS["other authority"]),
        "redis login": (wrong_redis(secured, "password"), REDIS_REFUSALS["password"]),
        "redis authority": (wrong_redis(secured, "other authority"), REDIS_REFUSALS["other authority"]),
    }
    started = {name: TokenWorker(name, secured.folder, environment).start() for name, (environment, _) in cases.items()}
    waits = TokenWorker("waits", secured.folder, secured.environment(brokers=away, redis_url=f"rediss://{away}/0"))
    waits.start()
    try:
        for name, process in started.items():
            assert process.process is not None
            assert process.process.wait(30) == 1, process.tail()
            last = process.tail().splitlines()[-1]
            assert last.startswith("launchpulse: ")
            assert cases[name][1] in last
            assert "Traceback" not in process.tail()
            assert_no_secret(process.log_file.read_text())
        wait_for(lambda: "the broker cannot be reached yet" in waits.tail(), 20, waits.tail)
        assert waits.alive
        assert "Redis cannot be reached yet" in waits.log_file.read_text()
    finally:
        for process in (*started.values(), waits):
            process.kill()


def test_a_user_without_rights_is_refused_by_every_topic(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, line = refused(secured.environment(kafka_username=GUEST), ("topics", "create"), monkeypatch, capfd)
    assert code == 1
    assert re.search(r"topic guarded\S+ can't be created: Authorization failed", line)


def test_doctor_names_both_parts_that_refuse(secured: Secured) -> None:
    wrong = secured.file("wrong")
    code, text = launchpulse(secured.environment(kafka_password_file=wrong, redis_password_file=wrong), "doctor")
    assert code == 1
    assert KAFKA_REFUSALS["scram password"] in text
    assert REDIS_REFUSALS["password"] in text
    assert "Traceback" not in text
    assert_no_secret(text)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("kafka_ca_file", "LAUNCHPULSE_KAFKA_CA_FILE must hold certificates in PEM form"),
        ("redis_ca_file", "LAUNCHPULSE_REDIS_CA_FILE must hold certificates in PEM form"),
        ("kafka_key_file", "LAUNCHPULSE_KAFKA_CERT_FILE and LAUNCHPULSE_KAFKA_KEY_FILE must hold a certificate"),
    ],
)
def test_a_file_that_is_no_certificate_is_refused_by_the_setting(
    setting: str, told: str, secured: Secured, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = secured.mutual(**{setting: secured.file("wrong")})
    command = ("claims", "check") if setting == "redis_ca_file" else ("topics", "check")
    code, line = refused(environment, command, monkeypatch, capfd)
    assert code == 2
    assert told in line


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    locked = tmp_path / "locked.key"
    command = ["openssl", "pkey", "-aes256", "-passout", f"pass:{secrets.token_hex(8)}", "-out", str(locked)]
    subprocess.run([*command, "-in", str(secured.ours.vouch("worker"))], check=True, capture_output=True)
    code, line = refused(secured.mutual(kafka_key_file=locked), ("topics", "check"), monkeypatch, capfd)
    assert code == 2
    assert "without a passphrase" in line


@pytest.mark.parametrize("part", ["kafka", "redis"])
def test_plain_text_to_another_host_needs_leave(
    part: str, secured: Secured, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plain: dict[str, object] = {f"kafka_{name}": None for name in ("sasl_mechanism", "username", "password_file")}
    plain |= {"kafka_security_protocol": None, "kafka_ca_file": None}
    if part == "kafka":
        plain["brokers"] = "kafka.invalid:9092"
    else:
        plain |= {"redis_url": "redis://cache.invalid:6379/0", "redis_ca_file": None}
    command = ("topics", "check") if part == "kafka" else ("claims", "check")
    code, line = refused(secured.environment(**plain), command, monkeypatch, capfd)
    assert code == 2
    assert "LAUNCHPULSE_ALLOW_PLAINTEXT=true" in line
    for variable, value in secured.environment(**plain, allow_plaintext=True).items():
        monkeypatch.setenv(variable, value)
    assert run_command(list(command)) == 3
