"""The settings of the Faust app and its credentials: what Faust's defaults would break."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from faust.auth import SASLCredentials, SSLCredentials
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from faust.types.auth import AuthProtocol, SASLMechanism

from agents.kafka.app import create_faust_app, slice_consumer
from agents.kafka.calm import MAX_BACKOFF_SECONDS, backoff_seconds
from agents.kafka.credentials import kafka_credentials
from agents.kafka.slices import SliceConsumer
from agents.kafka.transport import IdempotentProducer, SliceTransport


async def test_the_app_has_the_settings_that_the_promises_rest_on(tmp_path: Path) -> None:
    app = create_faust_app("launch", ["a:9092", "b:9093"], datadir=tmp_path, slice_topics=["click"])
    conf = app.conf
    assert [str(url) for url in conf.broker] == ["kafka://a:9092", "kafka://b:9093"]
    assert (conf.web_enabled, conf.autodiscover, conf.stream_wait_empty, conf.topic_allow_declare) == (False,) * 4
    assert (conf.table_standby_replicas, str(conf.store), conf.producer_acks) == (0, "memory:", -1)
    assert (conf.broker_session_timeout, conf.broker_request_timeout, conf.producer_request_timeout) == (15, 30, 30)
    assert conf.broker_commit_every >= 10**9
    assert conf.topic_disable_leader
    assert isinstance(app.transport, SliceTransport)
    assert app.producer_transport is app.transport
    assert app.transport.Consumer is SliceConsumer
    assert isinstance(app.producer, IdempotentProducer)
    assert app.producer.buffer.max_messages >= 10_000
    extra = app.producer._settings_extra()
    assert (extra["acks"], extra["enable_idempotence"]) == ("all", True)


async def test_fausts_look_at_slow_partitions_leaves_those_of_slices_alone(tmp_path: Path) -> None:
    """It asserts that there is a position, and while one is reset there is none: the worker would end."""
    consumer = slice_consumer(create_faust_app("launch", ["a:9092"], datadir=tmp_path, slice_topics=["click"]))
    consumer.verify_event_path(0.0, TP("click", 0))
    with pytest.raises(ConsumerNotStarted):
        consumer.verify_event_path(0.0, TP("other", 0))
    consumer._thread.thread_loop.close()


def test_plaintext_needs_no_credentials() -> None:
    assert kafka_credentials("PLAINTEXT") is None


def test_a_password_travels_under_the_chosen_mechanism() -> None:
    found = kafka_credentials("SASL_SSL", mechanism="SCRAM-SHA-512", username="u", password="p")
    assert isinstance(found, SASLCredentials)
    assert (found.username, found.password) == ("u", "p")
    assert (found.protocol, found.mechanism) == (AuthProtocol.SASL_SSL, SASLMechanism.SCRAM_SHA_512)
    assert found.ssl_context is not None
    assert found.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert "p" not in repr(found).partition("username=")[2]


def test_sasl_without_tls_has_no_context() -> None:
    found = kafka_credentials("SASL_PLAINTEXT", username="u", password="p")
    assert isinstance(found, SASLCredentials)
    assert (found.protocol, found.ssl_context) == (AuthProtocol.SASL_PLAINTEXT, None)


def test_tls_alone_checks_the_brokers_name() -> None:
    found = kafka_credentials("SSL")
    assert isinstance(found, SSLCredentials)
    assert found.context.check_hostname


@pytest.mark.parametrize(("protocol", "said"), [("TLS", "unknown security protocol"), ("SASL_SSL", "user name")])
def test_what_cannot_be_is_refused_by_name(protocol: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kafka_credentials(protocol)


def test_the_pause_before_another_attempt_doubles_and_ends_at_ten_seconds() -> None:
    assert [backoff_seconds(attempt) for attempt in (1, 2, 3)] == [0.25, 0.5, 1.0]
    assert backoff_seconds(1_000) == MAX_BACKOFF_SECONDS
