"""A stock Faust worker: one agent, one windowed Table, nothing of ours in it.

Counts events per (campaign, channel, event) and minute of event time, as the user guide shows it ("Tables and
Windowing"). Configured by PEER_* variables of the environment; `python faust_table.py worker`.
"""

from __future__ import annotations

import os
from datetime import timedelta

import faust

SESSION_SECONDS = float(os.environ["PEER_SESSION_SECONDS"])
# Longer than any event of the load is late, so that nothing expires while it is compared.
EXPIRES = timedelta(hours=6)

app = faust.App(
    os.environ["PEER_GROUP"],
    broker=f"kafka://{os.environ['PEER_BROKER']}",
    store=os.environ["PEER_STORE"],
    datadir=os.environ["PEER_STATE_DIR"],
    processing_guarantee=os.environ["PEER_GUARANTEE"],
    topic_partitions=int(os.environ["PEER_PARTITIONS"]),
    broker_session_timeout=SESSION_SECONDS,
    broker_heartbeat_interval=SESSION_SECONDS / 3,
)


class Event(faust.Record, serializer="json"):
    """The fields that are counted by; `seconds` is when it happened."""

    campaign: str
    channel: str
    event: str
    seconds: float


source = app.topic(os.environ["PEER_TOPIC"], key_type=bytes, key_serializer="raw", value_type=Event)
counts = app.Table("counts", default=int).tumbling(60.0, expires=EXPIRES).relative_to_field(Event.seconds)


@app.agent(source)
async def count(events):  # type: ignore[no-untyped-def]
    """One more in its minute."""
    async for event in events:
        counts[f"{event.campaign}|{event.channel}|{event.event}"] += 1


if __name__ == "__main__":
    app.main()
