"""Every setting, typed and parsed once: `load_settings(os.environ)`.

Each is an environment variable with the prefix `LAUNCHPULSE_`. A secret is read from the file that its `*_FILE`
variable names. Whatever is wrong is refused before anything starts, in one line (`SettingsError`).
docs/settings.md is generated from the descriptions here: `python -m agents.settings_reference`.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from agents.settings_errors import PREFIX, SettingsError, WrongSetting, describe, unknown_variables, variable
from agents.settings_values import check_readable, host_port, http_address, is_loopback, read_secret, redis_address
from streams.counting.blocks import MAX_OFFSETS
from streams.events.catalogue import TOPICS

DEFAULT_APPLICATION_ID = "launchpulse"
MIN_SECRET_BYTES = 16
MAX_HASH_KEY_BYTES = 64  # BLAKE2b takes no longer key

_SECRET_FIELDS = frozenset({"hash_key", "redis_url"})  # never shown in a refusal


class Settings(BaseSettings):
    """What one worker or command runs with. Immutable; built by `load_settings`, or by keyword in tests."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    application_id: str = Field(
        DEFAULT_APPLICATION_ID,
        pattern=r"^[a-z][a-z0-9-]{0,62}$",
        description="Name of the consumer group and first part of the names of the internal topics.",
    )
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,64}$", description="Put before the names of the event topics and the catalogue."
    )
    topics: Annotated[tuple[str, ...], NoDecode] = Field(
        tuple(topic.name for topic in TOPICS), description="Event topics that are read, separated by commas."
    )
    brokers: str = Field("127.0.0.1:9092", description="Kafka brokers, `host:port`, separated by commas.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How Kafka is spoken to."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="Required with SASL."
    )
    kafka_username: str | None = Field(None, description="Required with SASL.")
    kafka_password_file: Path | None = Field(None, description="File with the password; required with SASL.")
    kafka_ca_file: Path | None = Field(
        None, description="Certificates that the brokers' are checked against; the system's when not set."
    )
    kafka_cert_file: Path | None = Field(None, description="The client's own certificate.")
    kafka_key_file: Path | None = Field(None, description="The key of the client's certificate.")
    allow_plaintext: bool = Field(
        False, description="Allow Kafka, Redis or Alertmanager on another host without TLS, as in a private network."
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="`redis://`, `rediss://` (TLS) or `unix://`; without a password."
    )
    redis_username: str | None = Field(None, description="The user of Redis' ACL; the default user when not set.")
    redis_password_file: Path | None = Field(None, description="File with Redis' password.")
    redis_ca_file: Path | None = Field(None, description="Certificates that Redis' is checked against (`rediss://`).")
    hash_key_file: Path | None = Field(
        None,
        description="File with the secret key, 16 to 64 bytes, under which persons and event ids are hashed. "
        "Required (or `LAUNCHPULSE_HASH_KEY`); it can't be changed later.",
    )
    hash_key: SecretStr | None = Field(None, description="The key itself, where a file is not possible.")
    reporting_time_zone: str = Field(
        "UTC", description="Time zone of the day panes, an IANA name; it can't be changed later."
    )
    web_host: str = Field("127.0.0.1", description="Address of metrics and API.")
    web_port: int = Field(6066, ge=0, le=65535, description="Port of metrics and API; 0 takes a free one.")
    web_token_file: Path | None = Field(
        None,
        description="File with the bearer token of API and metrics; required when bound beyond loopback.",
    )
    alertmanager_url: str | None = Field(
        None,
        description="Address of the Alertmanager whose alerts live boards show, such as `http://127.0.0.1:9093`.",
    )
    series_budget: int = Field(160_000, ge=1_000, le=10_000_000, description="Most series that `/metrics` shows.")
    campaign_limit: int = Field(
        2_000, ge=1, le=1_000_000, description="Campaigns that a summaries partition admits (catalogued ones always)."
    )
    summaries_partitions: int = Field(
        8, ge=1, le=1_024, description="Partitions of the summaries topic when it's created; fixed for ever."
    )
    replication_factor: int = Field(1, ge=1, le=32, description="Replicas of created topics; 3 in production.")
    retention_hours: int = Field(
        24, ge=1, le=24 * 31, description="Retention of created event topics; it costs memory in Redis."
    )
    max_event_bytes: int = Field(
        1_000_000, ge=1_000, le=10_000_000, description="A larger record is dead-lettered (`too_large`)."
    )
    session_timeout_seconds: int = Field(
        15, ge=2, le=30, description="A worker that is silent for so long loses its partitions to the others."
    )
    sentiment_plugin: str | None = Field(
        None,
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$",
        description="`module:factory` of a plug-in that scores texts in the lexicon's place (docs/sentiment.md).",
    )
    sentiment_timeout_seconds: int = Field(
        2, ge=1, le=60, description="How long the plug-in may take for a batch of texts; then they count as unknown."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["json", "console"] = Field("json", description="One JSON object a line, or text for a person.")
    data_dir: Path = Field(Path("data"), description="The worker's own directory; each worker on a host has one.")
    test_block_offsets: int | None = Field(
        None,
        ge=1,
        le=MAX_OFFSETS,
        description="Small blocks, for tests: only with another application id, since how blocks are cut is part "
        "of the format.",
    )

    _secrets: dict[str, SecretStr] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the constructor is given: the environment comes in through `load_settings`, never by itself."""
        return (init_settings,)

    @field_validator("topics", mode="before")
    @classmethod
    def _split_topics(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_log_level(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("topics")
    @classmethod
    def _known_topics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = [topic.name for topic in TOPICS]
        wrong = [name for name in value if name not in known]
        if wrong or not value or len(set(value)) != len(value):
            raise WrongSetting(
                f"LAUNCHPULSE_TOPICS must name some of {', '.join(known)}, each once, got {','.join(value)!r}"
            )
        return value

    @field_validator("reporting_time_zone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise WrongSetting(
                f"LAUNCHPULSE_REPORTING_TIME_ZONE must be a time zone such as Europe/Berlin, got {value!r}"
            ) from None
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self._check_kafka()
        self._check_redis()
        self._check_web()
        self._check_alertmanager()
        self._read_hash_key()
        if self.test_block_offsets is not None and self.application_id == DEFAULT_APPLICATION_ID:
            raise WrongSetting(
                "LAUNCHPULSE_TEST_BLOCK_OFFSETS needs a LAUNCHPULSE_APPLICATION_ID other than "
                f"{DEFAULT_APPLICATION_ID!r}, got {self.test_block_offsets}"
            )
        return self

    def _check_kafka(self) -> None:
        hosts = [host_port(variable("brokers"), broker)[0] for broker in self.broker_list]
        if not hosts:
            raise WrongSetting(f"LAUNCHPULSE_BROKERS must name a broker as host:port, got {self.brokers!r}")
        tls = self.kafka_security_protocol in ("SSL", "SASL_SSL")
        sasl = self.kafka_security_protocol.startswith("SASL")
        remote = [host for host in hosts if not is_loopback(host)]
        if remote and not tls and not self.allow_plaintext:
            raise WrongSetting(
                "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL must be SSL or SASL_SSL for a broker on another host "
                f"({remote[0]}), or LAUNCHPULSE_ALLOW_PLAINTEXT=true, got {self.kafka_security_protocol!r}"
            )
        for field in ("kafka_sasl_mechanism", "kafka_username", "kafka_password_file"):
            if sasl and getattr(self, field) is None:
                raise WrongSetting(f"{variable(field)} must be set with {self.kafka_security_protocol}, got nothing")
            if not sasl and getattr(self, field) is not None:
                raise WrongSetting(
                    f"{variable(field)} needs LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL=SASL_SSL, "
                    f"got {self.kafka_security_protocol!r}"
                )
        for field in ("kafka_ca_file", "kafka_cert_file", "kafka_key_file"):
            self._check_tls_file(field, tls, "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL to be SSL or SASL_SSL")
        if (self.kafka_cert_file is None) != (self.kafka_key_file is None):
            missing = "kafka_key_file" if self.kafka_key_file is None else "kafka_cert_file"
            raise WrongSetting(f"{variable(missing)} must be set too: a certificate and its key go together")
        if self.kafka_password_file is not None:
            self._secrets["kafka_password"] = read_secret(variable("kafka_password_file"), self.kafka_password_file)

    def _check_redis(self) -> None:
        host, tls = redis_address(variable("redis_url"), self.redis_url)
        if host is not None and not is_loopback(host) and not tls and not self.allow_plaintext:
            raise WrongSetting(
                "LAUNCHPULSE_REDIS_URL must be rediss:// (TLS) for a Redis on another host, "
                f"or LAUNCHPULSE_ALLOW_PLAINTEXT=true, got {host!r}"
            )
        if self.redis_username is not None and self.redis_password_file is None:
            raise WrongSetting(
                "LAUNCHPULSE_REDIS_PASSWORD_FILE must be set with LAUNCHPULSE_REDIS_USERNAME, got nothing"
            )
        self._check_tls_file("redis_ca_file", tls, "a LAUNCHPULSE_REDIS_URL that starts with rediss://")
        if self.redis_password_file is not None:
            self._secrets["redis_password"] = read_secret(variable("redis_password_file"), self.redis_password_file)

    def _check_tls_file(self, field: str, tls: bool, needed: str) -> None:
        path: Path | None = getattr(self, field)
        if path is None:
            return
        if not tls:
            raise WrongSetting(f"{variable(field)} needs {needed}, got {str(path)!r} without")
        check_readable(variable(field), path)

    def _check_web(self) -> None:
        if self.web_token_file is not None:
            name = variable("web_token_file")
            self._secrets["web_token"] = read_secret(name, self.web_token_file, min_bytes=MIN_SECRET_BYTES)
        elif not is_loopback(self.web_host):
            raise WrongSetting(
                "LAUNCHPULSE_WEB_TOKEN_FILE must be set when LAUNCHPULSE_WEB_HOST is not loopback, "
                f"got {self.web_host!r}"
            )

    def _check_alertmanager(self) -> None:
        if self.alertmanager_url is None:
            return
        host, tls = http_address(variable("alertmanager_url"), self.alertmanager_url)
        if not is_loopback(host) and not tls and not self.allow_plaintext:
            raise WrongSetting(
                "LAUNCHPULSE_ALERTMANAGER_URL must be https:// for an Alertmanager on another host, "
                f"or LAUNCHPULSE_ALLOW_PLAINTEXT=true, got {host!r}"
            )

    def _read_hash_key(self) -> None:
        if self.hash_key is not None and self.hash_key_file is not None:
            raise WrongSetting("LAUNCHPULSE_HASH_KEY and LAUNCHPULSE_HASH_KEY_FILE must not both be set")
        if self.hash_key_file is not None:
            name = variable("hash_key_file")
            key = read_secret(name, self.hash_key_file, min_bytes=MIN_SECRET_BYTES, max_bytes=MAX_HASH_KEY_BYTES)
        elif self.hash_key is not None:
            size = len(self.hash_key.get_secret_value().encode())
            if not MIN_SECRET_BYTES <= size <= MAX_HASH_KEY_BYTES:
                raise WrongSetting(
                    f"LAUNCHPULSE_HASH_KEY must have {MIN_SECRET_BYTES} to {MAX_HASH_KEY_BYTES} bytes, got {size}"
                )
            key = self.hash_key
        else:
            return
        self._secrets["hash_key"] = key

    @property
    def broker_list(self) -> tuple[str, ...]:
        """The brokers, each `host:port`."""
        return tuple(part.strip() for part in self.brokers.split(",") if part.strip())

    @property
    def hash_key_bytes(self) -> bytes:
        """The key for persons and ids, 16 to 64 bytes. Raises SettingsError where none is set."""
        if "hash_key" not in self._secrets:
            raise SettingsError(
                f"LAUNCHPULSE_HASH_KEY_FILE must name a file with a secret key of {MIN_SECRET_BYTES} to "
                f"{MAX_HASH_KEY_BYTES} bytes, got nothing"
            )
        return self._secrets["hash_key"].get_secret_value().encode()

    @property
    def kafka_password(self) -> SecretStr | None:
        """What LAUNCHPULSE_KAFKA_PASSWORD_FILE held at the start."""
        return self._secrets.get("kafka_password")

    @property
    def redis_password(self) -> SecretStr | None:
        """What LAUNCHPULSE_REDIS_PASSWORD_FILE held at the start."""
        return self._secrets.get("redis_password")

    @property
    def web_token(self) -> SecretStr | None:
        """What LAUNCHPULSE_WEB_TOKEN_FILE held at the start."""
        return self._secrets.get("web_token")

    @property
    def time_zone(self) -> zoneinfo.ZoneInfo:
        """The reporting time zone."""
        return zoneinfo.ZoneInfo(self.reporting_time_zone)


def load_settings(environ: Mapping[str, str], *, hash_key_required: bool = True) -> Settings:
    """The settings of an environment. Raises SettingsError, with one line that names every variable that is wrong.

    Commands that hash nothing pass `hash_key_required=False`. An empty variable counts as not set where that is
    possible, since compose files and charts pass on what is not given as empty.
    """
    fields = Settings.model_fields
    unknown = unknown_variables(environ, fields)
    if unknown:
        raise SettingsError("; ".join(unknown))
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): environ[name] for name in map(variable, fields) if name in environ}
    values = {name: value for name, value in source().items() if value != "" or fields[name].default is not None}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(describe(error, _SECRET_FIELDS)) from None
    if hash_key_required:
        _ = settings.hash_key_bytes
    return settings
