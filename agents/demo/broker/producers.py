"""Idempotent producers: a batch sent twice is stored once, a gap in the sequence is refused."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from agents.demo.broker.batches import Header
from agents.demo.broker.errors import ErrorCode, Refused

REMEMBERED_BATCHES = 5  # Kafka's number: a producer may have five requests under way
IDLE_MS = 24 * 3600 * 1000  # Kafka's producer.id.expiration.ms
SEQUENCES = 1 << 31


@dataclass(slots=True)
class _Producer:
    epoch: int
    used_ms: int
    batches: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED_BATCHES))
    """(first sequence, last sequence, base offset), the newest last."""


class ProducerStates:
    """What one partition remembers of the idempotent producers that wrote to it."""

    def __init__(self) -> None:
        self._producers: dict[int, _Producer] = {}

    def duplicate_of(self, header: Header) -> int | None:
        """The base offset under which this very batch is already stored, else None: it may be appended.

        Raises `Refused` for a producer of an older epoch and for a sequence that doesn't follow the last one.
        """
        known = self._producers.get(header.producer_id) if header.producer_id >= 0 else None
        if known is None:
            return None  # Kafka takes any first sequence too: older batches may have left the log
        if header.producer_epoch < known.epoch:
            raise Refused(ErrorCode.INVALID_PRODUCER_EPOCH, "a newer epoch of this producer has written already")
        if header.producer_epoch > known.epoch:
            expected = 0
        else:
            sequences = (header.base_sequence, _last_sequence(header))
            for first, last, base_offset in known.batches:
                if (first, last) == sequences:
                    return base_offset
            expected = (known.batches[-1][1] + 1) % SEQUENCES
        if header.base_sequence != expected:
            text = f"sequence {header.base_sequence} of producer {header.producer_id} where {expected} was expected"
            raise Refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, text)
        return None

    def appended(self, header: Header, base_offset: int, now_ms: int) -> None:
        """Remembers a batch that was appended at `base_offset`."""
        if header.producer_id < 0:
            return
        known = self._producers.get(header.producer_id)
        if known is None or known.epoch != header.producer_epoch:
            known = self._producers[header.producer_id] = _Producer(header.producer_epoch, now_ms)
        known.used_ms = now_ms
        known.batches.append((header.base_sequence, _last_sequence(header), base_offset))

    def forget_idle(self, now_ms: int) -> None:
        """Drops producers that have not written for a day."""
        idle = [number for number, known in self._producers.items() if known.used_ms + IDLE_MS < now_ms]
        for number in idle:
            del self._producers[number]


def _last_sequence(header: Header) -> int:
    return (header.base_sequence + header.record_count - 1) % SEQUENCES
