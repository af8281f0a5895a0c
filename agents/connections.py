"""Connections: from settings to what the Kafka and Redis clients take."""

from typing import Any
from urllib.parse import quote

from faust.auth import Credentials
from pydantic import SecretStr

from agents.certificates import check_authorities, check_own
from agents.claims.link import RedisAddress
from agents.kafka.credentials import kafka_credentials, kafka_ssl_context
from agents.settings import Settings


def kafka_login(settings: Settings) -> Credentials | None:
    """The credentials for the Faust app; None for plain text."""
    return kafka_credentials(
        settings.kafka_security_protocol,
        mechanism=settings.kafka_sasl_mechanism or "PLAIN",
        username=settings.kafka_username,
        password=_text(settings.kafka_password),
        ca_file=settings.kafka_ca_file,
        cert_file=settings.kafka_cert_file,
        key_file=settings.kafka_key_file,
    )


def kafka_arguments(settings: Settings) -> dict[str, Any]:
    """The same for aiokafka's clients. Raises SettingsError where a certificate's file can't be used."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": list(settings.broker_list),
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": _text(settings.kafka_password),
        }
    if settings.kafka_security_protocol.endswith("SSL"):
        check_authorities("LAUNCHPULSE_KAFKA_CA_FILE", settings.kafka_ca_file)
        check_own(
            "LAUNCHPULSE_KAFKA_CERT_FILE",
            settings.kafka_cert_file,
            "LAUNCHPULSE_KAFKA_KEY_FILE",
            settings.kafka_key_file,
        )
        arguments["ssl_context"] = kafka_ssl_context(
            settings.kafka_ca_file, settings.kafka_cert_file, settings.kafka_key_file
        )
    return arguments


def redis_address(settings: Settings) -> RedisAddress:
    """Where Redis is, for the claims. An ACL user goes into the address, where the client looks for it.

    Raises SettingsError where the file of certificates can't be used.
    """
    check_authorities("LAUNCHPULSE_REDIS_CA_FILE", settings.redis_ca_file)
    url = settings.redis_url
    if settings.redis_username is not None:
        scheme, rest = url.split("://", 1)
        url = f"{scheme}://{quote(settings.redis_username)}@{rest}"
    return RedisAddress(
        url, _text(settings.redis_password), None if settings.redis_ca_file is None else str(settings.redis_ca_file)
    )


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
