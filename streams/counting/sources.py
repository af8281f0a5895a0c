"""A source is one partition of one event topic in one incarnation; its number is part of every stored format."""

from typing import NamedTuple

MAX_PARTITIONS = 1 << 12
MAX_TOPICS = 1 << 6


class Source(NamedTuple):
    """topic_code 1..63; partition 0..4095; incarnation 0.. (it grows when a topic is made anew)."""

    topic_code: int
    partition: int
    incarnation: int


def source_number(topic_code: int, partition: int, incarnation: int = 0) -> int:
    """The number of a source: 1.. ; small for the first incarnation, since it stands in every stored value.

    Raises ValueError where the topic code or the partition does not fit the format.
    """
    if not 0 < topic_code < MAX_TOPICS:
        raise ValueError(f"topic code must be 1 to {MAX_TOPICS - 1}, got {topic_code}")
    if not 0 <= partition < MAX_PARTITIONS:
        raise ValueError(f"partition must be 0 to {MAX_PARTITIONS - 1}, got {partition}")
    return ((incarnation << 12 | partition) << 6) | topic_code


def source_parts(number: int) -> Source:
    """What `source_number` was made of."""
    return Source(number & 63, number >> 6 & 4095, number >> 18)
