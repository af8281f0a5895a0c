"""An embedded broker for the demo and quick tests: one node, in memory, loopback only, Kafka's protocol.

It answers what aiokafka asks, and behaves like Apache Kafka: `tests/contract` runs the same tests against both, and
where they differ this one is wrong. It has no transactions, no replication, no disk and no security.
"""

from agents.demo.broker.server import EmbeddedBroker

__all__ = ["EmbeddedBroker"]
