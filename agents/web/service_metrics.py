"""What a snapshot says about the service: the ledger, the lag, the ownership, the picture's age.

The counters of the ledger carry the source partition: when a partition moves to another worker its series end here and
begin there. Without that label a sum would fall, and `rate()` would take the fall for a restart and invent events.
"""

from collections.abc import Mapping

from agents import telemetry
from agents.campaign.snapshot import Snapshot
from agents.telemetry import Family
from agents.web.exposition import Exposition, labels
from streams.events.errors import Reason
from streams.events.measures import Measure, reason_measure

_RESULTS = (("counted", Measure.COUNTED), ("duplicate", Measure.DUPLICATE), ("invalid", Measure.INVALID))
_PARTS = (
    (telemetry.READ, Measure.READ),
    (telemetry.LATE, Measure.LEDGER_LATE),
    (telemetry.MACHINE, Measure.LEDGER_MACHINE),
    (telemetry.TEST, Measure.LEDGER_TEST),
)


def ledger_difference(counters: Mapping[int, int]) -> int:
    """`read - (counted + duplicate + invalid)` of one source partition; 0 unless a record was lost or doubled."""
    return counters.get(Measure.READ, 0) - sum(counters.get(measure, 0) for _, measure in _RESULTS)


def render_service(snapshot: Snapshot, out: Exposition) -> None:
    """Append the snapshot's own metrics to `out`."""

    def add(family: Family, value: float, *pairs: tuple[str, object]) -> None:
        shown = labels(*pairs) if pairs else ""
        out.family(family.name, family.type, family.help).append(f"{family.name}{shown} {value!r}")

    for (topic, partition), counters in sorted(snapshot.ledger.items()):
        source = (("topic", topic), ("partition", partition))
        for result, measure in _RESULTS:
            add(telemetry.EVENTS, counters.get(measure, 0), *source, ("result", result))
        for family, measure in _PARTS:
            add(family, counters.get(measure, 0), *source)
        for reason in Reason:
            if number := counters.get(reason_measure(reason), 0):
                add(telemetry.DEAD_LETTERS, number, *source, ("reason", reason.value))
        add(telemetry.LEDGER_DIFFERENCE, ledger_difference(counters), *source)
    slowest: dict[str, float] = {}
    for (topic, partition), (records, seconds) in sorted(snapshot.lag.items()):
        add(telemetry.LAG_RECORDS, records, ("topic", topic), ("partition", partition))
        slowest[topic] = max(seconds, slowest.get(topic, 0.0))
    for topic, seconds in slowest.items():
        add(telemetry.LAG_SECONDS, seconds, ("topic", topic))
    for partition, generation in sorted(snapshot.generations.items()):
        add(telemetry.GENERATION, generation, ("partition", partition))
    add(telemetry.SNAPSHOT_TIME, snapshot.taken_at_ms / 1000)
    add(telemetry.HELD_BACK, len(snapshot.partial))
