"""Requests about the cluster: Metadata, FindCoordinator, InitProducerId."""

from __future__ import annotations

from typing import Any

from aiokafka.protocol import coordination, metadata, transaction

from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.state import CLUSTER_ID, NODE_ID, BrokerState
from agents.demo.broker.wire import serves

GROUP_COORDINATOR = 0


@serves(metadata, "MetadataRequest", range(6))
async def describe_cluster(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """The one node, and the topics asked for (all when none are named)."""
    names = request.topics
    if names is None or (version == 0 and not names):
        names = list(state.topics)
    may_create = state.auto_create_topics and getattr(request, "allow_auto_topic_creation", True)
    topics = [_topic(state, name, version, may_create) for name in names]
    node = (NODE_ID, state.host, state.port)
    if version == 0:
        return ([node], topics)
    answer: tuple[Any, ...] = ([(*node, None)], NODE_ID, topics)
    if version >= 2:
        answer = ([(*node, None)], CLUSTER_ID, NODE_ID, topics)
    return (0, *answer) if version >= 3 else answer


def _topic(state: BrokerState, name: str, version: int, may_create: bool) -> tuple[Any, ...]:
    code, partitions = ErrorCode.NONE, []
    topic = state.topics.get(name)
    if topic is None and may_create:
        try:
            topic = state.topics.create(name, state.default_partitions, {})
        except Refused as refused:
            code = refused.code
    elif topic is None:
        code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if topic is not None:
        offline: tuple[list[int], ...] = ([],) if version >= 5 else ()
        partitions = [(0, index, NODE_ID, [NODE_ID], [NODE_ID], *offline) for index in range(len(topic.logs))]
    return (code, name, False, partitions) if version >= 1 else (code, name, partitions)


@serves(coordination, "FindCoordinatorRequest", range(2))
async def find_coordinator(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """This node for every group; transactions are refused."""
    if version >= 1 and request.coordinator_type != GROUP_COORDINATOR:
        return (0, ErrorCode.UNSUPPORTED_VERSION, "the embedded broker has no transactions", -1, "", -1)
    node = (NODE_ID, state.host, state.port)
    return (ErrorCode.NONE, *node) if version == 0 else (0, ErrorCode.NONE, None, *node)


@serves(transaction, "InitProducerIdRequest", range(1))
async def new_producer(state: BrokerState, request: Any, _version: int, _client: str) -> tuple[Any, ...]:
    """A number for an idempotent producer, epoch 0; transactions are refused."""
    if request.transactional_id:
        return (0, ErrorCode.UNSUPPORTED_VERSION, -1, -1)
    state.last_producer_id += 1
    return (0, ErrorCode.NONE, state.last_producer_id, 0)
