"""Tells a broker that refuses us from one that is away.

aiokafka's clients say of both that they cannot bootstrap, and whoever waits for a broker would wait for a right
password for ever. So once a client could not start, the brokers are asked again, one connection each, for the reason.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from typing import Any, Protocol

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
    for_code,
)
from aiokafka.protocol.admin import SaslHandShakeRequest

from agents.certificates import why_refused

_CONNECT_SECONDS = 5.0
# After the handshake of TLS 1.3 a broker has yet to say whether it takes the client's certificate.
_VERDICT_SECONDS = 1.0
_CLOSE_SECONDS = 0.5
_aiokafka = logging.getLogger("aiokafka")
_ARGUMENTS = ("security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password")


class KafkaLoginRefused(KafkaError):  # type: ignore[misc]  # aiokafka has no types
    """The broker is there and does not let us in, or we don't trust it: waiting does not help.

    The text is one line that names the setting, and holds no secret.
    """

    retriable = False

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.args)


class _LoginWanted(Exception):
    pass


class _Client(Protocol):
    async def start(self) -> Any: ...


class _HeldBack(logging.Filter):
    """Keeps what a client logs until it is known whether one line of ours says it better."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def filter(self, record: logging.LogRecord) -> bool:
        self.records.append(record)
        return False


async def start_client(client: _Client, kafka: Mapping[str, Any]) -> None:
    """Starts an aiokafka client that was made with the connection arguments `kafka`.

    Raises KafkaLoginRefused where a broker refuses the login or shows a wrong certificate, KafkaConnectionError where
    none answers. The client is to be closed by the caller, also then.
    """
    told = _HeldBack()
    _aiokafka.addFilter(told)
    try:
        await client.start()
    except KafkaConnectionError:
        refusal = await find_refusal(kafka)
        if refusal is not None:
            told.records.clear()
            raise KafkaLoginRefused(refusal) from None
        raise
    finally:
        _aiokafka.removeFilter(told)
        for record in told.records:
            _aiokafka.handle(record)


async def find_refusal(kafka: Mapping[str, Any]) -> str | None:
    """Why one of the brokers does not let us in, one line that names the setting; None where they are only away."""
    for address in kafka["bootstrap_servers"]:
        host, _, port = address.rpartition(":")
        refusal = await _ask(host.strip("[]"), int(port), kafka)
        if refusal is not None:
            return f"{refusal} (broker {address})"
    return None


async def _ask(host: str, port: int, kafka: Mapping[str, Any]) -> str | None:
    try:
        try:
            await _log_in(host, port, kafka)
        except KafkaConnectionError:
            if kafka.get("ssl_context") is not None:
                await _shake_hands(host, port, kafka["ssl_context"])
    except ssl.SSLError as error:
        return why_refused(error, "LAUNCHPULSE_BROKERS", "LAUNCHPULSE_KAFKA_CA_FILE", "LAUNCHPULSE_KAFKA_CERT_FILE")
    except (SaslAuthenticationFailed, AuthenticationFailedError):
        return "Kafka refuses the login: LAUNCHPULSE_KAFKA_USERNAME or LAUNCHPULSE_KAFKA_PASSWORD_FILE is wrong"
    except UnsupportedSaslMechanismError:
        return f"LAUNCHPULSE_KAFKA_SASL_MECHANISM {kafka['sasl_mechanism']} is not switched on there"
    except IllegalSaslStateError:
        return "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL must be without SASL: Kafka takes no login there"
    except _LoginWanted:
        return "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL must be with SASL: Kafka wants a login there"
    except (KafkaError, OSError, TimeoutError, EOFError):
        return None
    return None


async def _shake_hands(host: str, port: int, context: ssl.SSLContext) -> None:
    """Raises ssl.SSLError where the broker does not take our certificate: to who has asked something already, it may
    just hang up."""
    async with asyncio.timeout(_CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        async with asyncio.timeout(_VERDICT_SECONDS):
            await reader.read(1)
    except TimeoutError:
        return
    finally:
        writer.transport.abort()


async def _log_in(host: str, port: int, kafka: Mapping[str, Any]) -> None:
    chosen = {name: kafka[name] for name in _ARGUMENTS if name in kafka}
    connection = AIOKafkaConnection(host, port, request_timeout_ms=round(_CONNECT_SECONDS * 1000), **chosen)
    try:
        await connection.connect()
        if kafka["security_protocol"].startswith("SASL"):
            return
        # Kafka hangs up on who should have logged in, as one that goes away does; but it answers this question.
        answer = await connection.send(SaslHandShakeRequest("PLAIN"))
        if for_code(answer.error_code) is not IllegalSaslStateError:
            raise _LoginWanted
    finally:
        # Waited for, since the loop may end right after.
        await asyncio.wait([connection.close()], timeout=_CLOSE_SECONDS)
