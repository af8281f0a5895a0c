"""How far the consumer has come in a partition, and how old what it knows of the log's end is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from faust.types import TP

if TYPE_CHECKING:
    from agents.kafka.slices import SliceConsumer


class LogEnd(NamedTuple):
    """One look at a partition, taken in the consumer's thread as a fetch was handed over, so that its parts agree.

    Attributes:
        generation: the group generation of the look.
        position: the next offset that is fetched.
        highwater: the log's end as of `fetched_at_ms` (epoch milliseconds, this machine's clock).
        handed_over: the last offset on its way to an agent or there, in this generation; -1 where nothing was.
    """

    generation: int
    position: int
    highwater: int
    fetched_at_ms: int
    handed_over: int


def log_end(consumer: SliceConsumer, tp: TP) -> LogEnd | None:
    """What the last fetch said of a partition; None before the first of this generation, and where it is refused.

    Not the cached high watermark alone: that of a partition which is not being fetched (back-pressure) grows old, and
    this says so.
    """
    if tp in consumer.refusals or consumer.start_of(tp) is None:
        return None
    end = consumer.ends.get(tp)
    return end if end is not None and end.generation == consumer.generation else None


def partitions_of(consumer: SliceConsumer, topic: str) -> int:
    """How many partitions the topic has, as far as the consumer's metadata goes; 0 where it is unknown."""
    fetcher = consumer._thread._consumer
    return 0 if fetcher is None else len(fetcher._client.cluster.partitions_for_topic(topic) or ())
