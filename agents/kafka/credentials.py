"""Kafka credentials, from settings to what Faust passes on to aiokafka."""

from __future__ import annotations

import ssl
from pathlib import Path

from faust.auth import Credentials, SASLCredentials, SSLCredentials


def kafka_credentials(
    security_protocol: str,
    *,
    mechanism: str = "PLAIN",
    username: str | None = None,
    password: str | None = None,
    ca_file: Path | None = None,
    cert_file: Path | None = None,
    key_file: Path | None = None,
) -> Credentials | None:
    """Credentials for `PLAINTEXT` (None), `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`.

    ca_file: certificates to trust instead of the system's; cert_file and key_file: the client's own, for mutual TLS.

    Raises:
        ValueError: another protocol, or SASL without a user name.
        OSError, ssl.SSLError: a file cannot be read, or is no certificate.
    """
    if security_protocol == "PLAINTEXT":
        return None
    if security_protocol not in ("SSL", "SASL_PLAINTEXT", "SASL_SSL"):
        raise ValueError(f"unknown security protocol {security_protocol!r}")
    context = kafka_ssl_context(ca_file, cert_file, key_file) if security_protocol.endswith("SSL") else None
    if context is not None and security_protocol == "SSL":
        return SSLCredentials(context)
    if not username:
        raise ValueError(f"{security_protocol} needs a user name")
    return SASLCredentials(username=username, password=password, ssl_context=context, mechanism=mechanism)


def kafka_ssl_context(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """A client context that checks the broker's certificate and host name."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=None if ca_file is None else str(ca_file))
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return context
