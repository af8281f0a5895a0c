"""Mentions scored in a real worker: by their own score, the lexicon or a plug-in, whatever the plug-in does."""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.faults.deployment import Deployment
from tests.faults.events import Record
from tests.faults.processes import wait_for
from tests.faults.sending import send_all
from tests.kafka.exactness import deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

GOOD = "x" * 50
PLUGIN = "tests.support.sentiment_plugins:by_length"


def mentions(texts: list[str], first: int = 0) -> list[Record]:
    """English mentions without a score of their own."""
    now_ms = time.time_ns() // 1_000_000
    fields = {"time": now_ms, "campaign": "aurora", "channel": "email", "language": "en"}
    return [
        Record("mention", None, json.dumps({"id": f"m-{first + index}", "text": text, **fields}).encode())
        for index, text in enumerate(texts)
    ]


def counted(deployment: Deployment) -> Counter[str]:
    """How many mentions of each sentiment the workers show."""
    found: Counter[str] = Counter()
    for (name, labels), value in deployment.scrape().items():
        event = dict(labels).get("event", "")
        if name == "campaign_events_total" and event.startswith("mentions_"):
            found[event.removeprefix("mentions_")] += int(value)
    return +found


def test_lexicon_scores_what_the_source_did_not(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with deployed(tmp_path, kafka_broker) as deployment:
        deployment.start("only")
        texts = ["what a great launch", "верните деньги", "where is the shop", "不错"]
        send_all(deployment.broker.address, deployment.prefix, mentions(texts))
        wanted = Counter({"positive": 1, "negative": 1, "neutral": 1, "unknown": 1})
        wait_for(lambda: counted(deployment) == wanted, 60, lambda: (counted(deployment), deployment.tails()))


def test_plug_in_that_hangs_and_crashes_costs_scores_and_no_mention(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with deployed(tmp_path, kafka_broker, sentiment_plugin=PLUGIN, sentiment_timeout_seconds=1) as deployment:
        (worker,) = deployment.start("only")
        sent = 0

        def send(*texts: str) -> None:
            nonlocal sent
            send_all(deployment.broker.address, deployment.prefix, mentions(list(texts), sent))
            sent += len(texts)

        def sees(kind: str, number: int) -> bool:
            return counted(deployment)[kind] >= number

        def scores_again(number: int) -> bool:
            send(GOOD)
            return sees("positive", number)

        send(*[GOOD] * 20)
        wait_for(lambda: sees("positive", 20), 60, worker.tail)
        for misdeed in ("hang", "kill", "raise"):
            before = counted(deployment)
            send(misdeed)
            wait_for(partial(sees, "unknown", before["unknown"] + 1), 30, worker.tail)
            wait_for(partial(scores_again, before["positive"] + 1), 30, worker.tail)
        wait_for(lambda: counted(deployment).total() == sent, 30, lambda: (sent, counted(deployment), worker.tail()))
        assert set(counted(deployment)) == {"positive", "unknown"}
        assert worker.alive
        assert GOOD not in worker.tail(1_000_000)
