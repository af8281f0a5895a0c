"""The measuring of the peers is right: their changelogs are read as they write them, and what is wrong is found."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord

from tests.faults.events import Record
from tests.faults.peers.catalogue import DEFAULT, PEERS
from tests.faults.peers.changelogs import faust_count, kept, quix_count
from tests.faults.peers.figures import entry, merged
from tests.faults.peers.installed import PeerMissing, version_of
from tests.faults.peers.kinds import KINDS, dealt
from tests.faults.peers.load import KeyedEvents, expected
from tests.faults.peers.run import Comparison, Outcome, PeerRun, compare, control
from tests.faults.peers.supervised import Supervisor, Worker
from tests.support.kafka import KafkaBroker

NOW_MS = 1_700_000_000_000
MINUTE = NOW_MS // 60_000


def _record(key: bytes, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord("t", 0, 0, NOW_MS, 0, key, value, None, len(key), len(value or b""), headers)


def _sent(record: Record) -> ConsumerRecord[Any, Any]:
    assert record.key is not None
    return _record(record.key, record.value)


def _quix(key: str, minute: int, value: bytes | None, family: bytes = b"default") -> ConsumerRecord[Any, Any]:
    start, end = ((minute + add) * 60_000 for add in (0, 1))
    window = f"{key}|".encode() + start.to_bytes(8, "big") + b"|" + end.to_bytes(8, "big")
    return _record(window, value, (("__column_family__", family),))


def test_load_has_sound_events_only_each_keyed_by_what_is_counted_by() -> None:
    events = KeyedEvents(seed=5, run="r")
    records = [_sent(events.record(NOW_MS)) for _ in range(3_000)]
    must = expected(records)
    assert must.events == must.counters.total() == 3_000
    assert 0.12 < must.resent / must.events < 0.18
    assert all(key.count("|") == 2 for key, _ in must.counters)


def test_resends_count_in_the_recount_as_the_peers_count_them() -> None:
    record = _sent(KeyedEvents(seed=5, run="r").record(NOW_MS))
    must = expected([record, record])
    assert (must.events, must.resent, list(must.counters.values())) == (2, 1, [2])


def test_last_value_of_a_faust_changelog_counts_and_a_tombstone_counts_nothing() -> None:
    first, second = (f'["заря|email|click", [{start}.0, {start + 60}.0]]'.encode() for start in (60, 120))
    log = [_record(first, b"3"), _record(second, b"8"), _record(first, b"4"), _record(second, None)]
    assert kept(log, faust_count) == {("заря|email|click", 1): 4, ("заря|email|click", 2): 0}


def test_last_value_of_a_quix_changelog_counts_and_other_column_families_do_not() -> None:
    log = [
        _quix("заря|email|click", MINUTE, b"3"),
        _quix("заря|email|click", MINUTE, b"9", b"__expiration-index__"),
        _quix("заря|email|click", MINUTE, b"4"),
        _quix("a|b|c", MINUTE, None),
    ]
    assert kept(log, quix_count) == {("заря|email|click", MINUTE): 4, ("a|b|c", MINUTE): 0}


def test_comparison_adds_up_what_is_lost_and_what_is_doubled_apart() -> None:
    found = compare(
        {("a", 1): 5, ("b", 1): 5, ("c", 1): 5}, {("a", 1): 3, ("b", 1): 9, ("c", 1): 5, ("d", 1): 1}, 15, 2
    )
    assert (found.lost, found.doubled, found.counters, len(found.wrong)) == (2, 5, 4, 3)
    assert compare({("a", 1): 5}, {("a", 1): 5}, 5, 0).exact


def test_every_kind_of_fault_comes_before_one_comes_again() -> None:
    faults = list(dealt(list(KINDS), 2 * len(KINDS), random.Random(3)))
    assert Counter(faults) == dict.fromkeys(KINDS, 2)
    assert sorted(faults[: len(KINDS)]) == sorted(KINDS)
    assert faults == list(dealt(list(KINDS), 2 * len(KINDS), random.Random(3)))


def test_worker_that_exits_by_itself_is_counted_and_started_again_and_a_killed_one_is_not(tmp_path: Path) -> None:
    program = "import time\ntime.sleep(0.2)\nraise MemoryError"
    with Supervisor() as supervisor:
        crashing = Worker("crashing", [sys.executable, "-c", program], tmp_path, {})
        killed = Worker("killed", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, {})
        with supervisor.lock:
            supervisor.workers = {"crashing": crashing, "killed": killed}
            crashing.start()
            killed.start()
            killed.kill()
        deadline = time.monotonic() + 30
        while supervisor.crashes.total() < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert supervisor.crashes["MemoryError"] >= 2
        assert not killed.alive
        assert set(supervisor.crashes) == {"MemoryError"}


def test_peer_that_is_not_installed_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(PeerMissing, match=r"python -m bench\.environment"):
        version_of(PEERS["quix"], tmp_path / "python")


def test_entry_replaces_the_one_of_the_same_peer_and_leaves_everything_else() -> None:
    exact, wrong = Comparison(9, 1, 4, 0, 0, []), Comparison(90, 12, 7, 5, 3, ["a: must be 5, is 0"])
    outcome = Outcome(exact, wrong, 0, False, 12.34, Counter(kill=2), Counter(KeyError=1))
    new = entry(PEERS["faust"], "0.15.3", outcome, seed=3)
    assert (new["lost"], new["doubled"], new["faults"], new["crashes"]) == (5, 3, 2, 1)
    assert new["standstill_seconds_max"] == 12.3
    assert "9 events without faults: exact" in new["note"]
    figures = merged({"faults": 1, "peers": [{"id": "quix"}, {"id": "faust", "lost": 0}]}, [new])
    assert figures == {"faults": 1, "peers": [new, {"id": "quix"}]}


def test_default_peers_are_known() -> None:
    assert set(DEFAULT) < set(PEERS)


@pytest.mark.kafka
def test_stock_faust_is_exact_as_long_as_nothing_happens(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    # One worker and a long session: nothing rebalances, however slow the machine is.
    peer, alone = PEERS["faust-memory"], ("w1",)
    with PeerRun(peer, Path(sys.executable), kafka_broker, tmp_path, workers=alone, session_seconds=60) as run:
        found = control(run, seed=1, rate=200, seconds=3)
        run.stop()
    assert found.events > 500
    assert found.exact, found.wrong[:10]
