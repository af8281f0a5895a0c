"""Who is measured: what is run, at which tier, and how much of the log it gets, so that a run takes about 10–15 s."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BASELINE = "loop"


@dataclass(frozen=True, slots=True)
class Contender:
    """name: as typed. share: part of the whole log. package: what it is of; None for this service. mix: the log's."""

    name: str
    title: str
    tier: str
    share: float
    package: str | None
    script: str
    options: dict[str, Any] = field(default_factory=dict)
    mix: str = "five"

    @property
    def ours(self) -> bool:
        """Whether it is this service."""
        return self.package is None


CONTENDERS: tuple[Contender, ...] = (
    Contender("loop", "aiokafka `getmany` + orjson + dict, by hand", "A", 1.0, "aiokafka", "loop.py"),
    Contender(
        "confluent",
        "confluent-kafka `consume` + orjson + dict, by hand",
        "A",
        1.0,
        "confluent-kafka",
        "confluent_loop.py",
        {"decoder": "orjson"},
    ),
    Contender(
        "confluent-typed",
        "confluent-kafka `consume` + msgspec + dict, by hand",
        "A",
        1.0,
        "confluent-kafka",
        "confluent_loop.py",
        {"decoder": "msgspec"},
    ),
    Contender("ours-A", "this service: decode and count in memory", "A", 1.0, None, "ours", {"tier": "A"}),
    Contender("faststream", "FastStream, batch subscriber + dict", "A", 0.2, "faststream", "faststream_batch.py"),
    Contender("quix", "Quix Streams, stateless + dict", "A", 0.2, "quixstreams", "quix.py", {"way": "stateless"}),
    Contender("bytewax", "Bytewax, window", "A", 0.2, "bytewax", "bytewax_window.py"),
    Contender("faust-agent", "Faust, agent + dict", "A", 0.02, "faust-streaming", "faust_agent.py"),
    Contender("ours-B", "this service: durable windows", "B", 1.0, None, "ours", {"tier": "B"}),
    Contender("quix-window", "Quix Streams, window", "B", 0.04, "quixstreams", "quix.py", {"way": "window"}),
    Contender("faust-table", "Faust, windowed Table", "B", 0.01, "faust-streaming", "faust_table.py"),
    Contender("ours-C", "this service: everything", "C", 1.0, None, "ours", {"tier": "C"}),
    Contender(
        "ours-C12", "this service: everything, of all twelve topics", "C", 1.0, None, "ours", {"tier": "C"}, "twelve"
    ),
)
"""Tier A: decode and count in memory. B: windows in durable state, offsets committed. C: everything that this service
does: claims against resends, unique people, money, sentiment. All but ours-C12 count the same five topics."""


def by_name(names: list[str]) -> list[Contender]:
    """The contenders of these names, in the order of the registry. Raises KeyError for one that there is not."""
    known = {contender.name: contender for contender in CONTENDERS}
    if unknown := set(names) - known.keys():
        raise KeyError(f"no contender {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [contender for contender in CONTENDERS if contender.name in names]
