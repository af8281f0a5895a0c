"""A stock Quix Streams application: one tumbling window that counts, with changelog and RocksDB, nothing of ours in it.

Counts events per message key (campaign, channel and event) and minute of event time. Configured by PEER_* variables of
the environment.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from quixstreams import Application

SESSION_MS = int(float(os.environ["PEER_SESSION_SECONDS"]) * 1000)
# Longer than any event of the load is late, so that no window is closed while it is compared.
GRACE = timedelta(hours=6)


def event_time_ms(value: Any, headers: Any, timestamp: float, timestamp_type: Any) -> int:
    """When the event happened."""
    return int(value["seconds"] * 1000)


def main() -> None:
    """Runs until it is told to stop."""
    exactly_once = os.environ["PEER_GUARANTEE"] == "exactly-once"
    app = Application(
        broker_address=os.environ["PEER_BROKER"],
        consumer_group=os.environ["PEER_GROUP"],
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once" if exactly_once else "at-least-once",
        state_dir=os.environ["PEER_STATE_DIR"],
        consumer_extra_config={"session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": SESSION_MS // 3},
    )
    source = app.topic(os.environ["PEER_TOPIC"], value_deserializer="json", timestamp_extractor=event_time_ms)
    app.dataframe(source).tumbling_window(timedelta(minutes=1), grace_ms=GRACE).count().current()
    app.run()


if __name__ == "__main__":
    main()
