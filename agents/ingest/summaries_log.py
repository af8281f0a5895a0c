"""The way into the summaries topic: records of one partition leave together, as batches, in the order in which they
are given."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping, Sequence

Record = tuple[bytes | None, bytes]
Send = Callable[[str, int, Sequence[Record]], Awaitable[Sequence["Future[object]"]]]


class SummariesLog:
    """topic: its name. partitions: how many it has, for ever. send: (topic, partition, records) -> acknowledgements
    to come."""

    def __init__(self, topic: str, partitions: int, send: Send) -> None:
        self.topic = topic
        self.partitions = partitions
        self._send = send

    async def send(self, records: Mapping[int, Sequence[Record]]) -> list["Future[object]"]:
        """Hand over records by partition. Returns what to await until the broker has them all."""
        acknowledgements: list[Future[object]] = []
        for partition, some in records.items():
            acknowledgements += await self._send(self.topic, partition, some)
        return acknowledgements
