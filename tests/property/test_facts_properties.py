"""Restated facts: in any order, however often read again, whoever crashes, of each line the newest statement stands."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.block_facts import line_hash
from streams.counting.blocks import Cut
from streams.counting.campaign_facts import CampaignFacts
from streams.counting.facts import StatedFact, pack_fact, reconcile, unpack_fact
from streams.counting.open_block import OpenBlock
from streams.counting.sources import source_number
from streams.counting.statements import KeyKind, fact_key
from streams.counting.summaries import CAMPAIGN, FactEntry, Summary, encode_summary
from streams.events.batch import decode_batch
from streams.events.catalogue import topic_by_name
from streams.events.channels import ALL_CHANNELS
from streams.events.spend import read_spent
from tests.property.counting_model import ZONE, Owner, Record, Tables

SPEND = topic_by_name("spend")
T = 1_795_000_000_000
FIRST_DAY = date(2026, 11, 1)
CAMPAIGNS = ("aurora", "boreal")
MAX_OFFSETS = 6
EMAIL, DISPLAY = 2, 11


@dataclass(frozen=True)
class Statement:
    """A record of the spend topic: when it came, and what its event says."""

    timestamp_ms: int
    fields: dict[str, Any]

    @property
    def value(self) -> bytes:
        return json.dumps(self.fields).encode()


@st.composite
def spend_logs(draw: st.DrawFn) -> list[list[Statement]]:
    """The logs of two partitions in which the same few lines are stated again and again, tests among them."""
    logs: list[list[Statement]] = [[], []]
    timestamp_ms = T
    for number in range(draw(st.integers(1, 25))):
        timestamp_ms += draw(st.sampled_from((0, 0, 1, 900, 6_000)))
        fields = {
            "id": f"s-{number}",
            "time": timestamp_ms - draw(st.sampled_from((0, 0, 1, 1_000, 90_000_000))),
            "campaign": draw(st.sampled_from(CAMPAIGNS)),
            "channel": draw(st.sampled_from(("email", "display"))),
            "day": (FIRST_DAY + timedelta(draw(st.integers(0, 1)))).isoformat(),
            "amount": f"{draw(st.integers(0, 999))}.{draw(st.integers(0, 99)):02}",
            "currency": draw(st.sampled_from(("EUR", "USD"))),
            "account": draw(st.sampled_from((None, "eu-1"))),
            "test": draw(st.sampled_from((False, False, False, True))),
        }
        draw(st.sampled_from(logs)).append(Statement(timestamp_ms, fields))
    return logs


def recount(logs: list[list[Statement]]) -> dict[tuple[str, str, str, str], str]:
    """By hand: (campaign, channel, account, day) -> amount and currency of the newest statement that is no test."""
    stated = defaultdict(list)
    for partition, log in enumerate(logs):
        for offset, statement in enumerate(log):
            said = statement.fields
            if not said["test"]:
                line = said["campaign"], said["channel"], said["account"] or "", said["day"]
                order = said["time"], statement.timestamp_ms, partition, offset
                stated[line].append((order, f"{float(said['amount']):.2f} {said['currency']}"))
    return {line: max(several)[1] for line, several in stated.items()}


def read_block(log: list[Statement], partition: int, start: int, sizes: list[int], told_to: list[Record]) -> int:
    """Read one block of a log from its start, telling of it after every slice. Returns where the next one begins."""
    number = source_number(SPEND.code, partition)
    block = OpenBlock(number, SPEND, Cut(start, log[start].timestamp_ms, MAX_OFFSETS), ZONE)
    offsets, timestamps = list(range(len(log))), [statement.timestamp_ms for statement in log]
    end = block.cut.first_beyond(offsets, timestamps, start)
    at, turn = start, 0
    while at < end:
        to = min(end, at + sizes[turn % len(sizes)])
        batch = decode_batch(SPEND, [statement.value for statement in log[at:to]], timestamps[at:to], 10_000)
        assert not batch.refused
        block.count(batch, set(), str.encode)
        block.state(batch, offsets[at:to], timestamps[at:to])
        block.advance(to - at, to - 1, timestamps[to - 1])
        for campaign, summary in block.summaries():
            told_to.extend(Record(campaign.encode(), value) for value in encode_summary(CAMPAIGN, summary))
        at, turn = to, turn + 1
    return end


def stated_in(values: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """What the table says of each line: statements' offsets left out."""
    return {key: unpack_fact(packed).said for key, packed in values.items() if key[0] == KeyKind.FACT}


def merged(summaries: list[Record]) -> dict[bytes, bytes]:
    """The facts of an owner who reads all of them and never fails."""
    owner = Owner(Tables())
    owner.read(summaries, len(summaries))
    owner.state()
    return stated_in(owner.values)


sizes = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(spend_logs(), sizes, st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=40), st.randoms())
def test_of_each_line_the_newest_statement_stands_whatever_is_read_again_and_in_any_order(
    logs: list[list[Statement]], sizes: list[int], again: list[tuple[bool, int]], random: Any
) -> None:
    told: list[Record] = []
    turn = 0
    for partition, log in enumerate(logs):
        start = 0
        while start < len(log):
            some = sizes
            for crashed, size in again[turn : turn + 2]:
                if crashed:  # a reader that crashed has told a part, in slices of its own
                    parts: list[Record] = []
                    read_block(log, partition, start, [size + 1], parts)
                    told += parts[: len(parts) // 2]
            turn += 2
            start = read_block(log, partition, start, some, told)
    random.shuffle(told)
    owner = Owner(Tables())
    owner.read(told, len(told))
    owner.state()
    assert amounts(owner.values) == recount(logs)


def amounts(values: dict[bytes, bytes]) -> dict[tuple[str, str, str, str], str]:
    """(campaign, channel, account, day) -> amount and currency, as the table has them."""
    found = {}
    for campaign in CAMPAIGNS:
        for channel, code in (("email", EMAIL), ("display", DISPLAY)):
            for account in ("", "eu-1"):
                for day in (FIRST_DAY, FIRST_DAY + timedelta(1)):
                    number = (day - date(1970, 1, 1)).days
                    line = line_hash(("", account, "media"))
                    packed = values.get(fact_key(campaign.encode(), SPEND.code, code, number, line))
                    if packed is not None:
                        spent = read_spent(unpack_fact(packed).said)
                        text = f"{spent.micros / 1_000_000:.2f} {spent.currency}"
                        found[campaign, channel, account, day.isoformat()] = text
    return found


entries = st.builds(
    FactEntry,
    st.sampled_from((EMAIL, DISPLAY)),
    st.integers(20_000, 20_001),
    st.sampled_from((b"line--01", b"line--02")),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.binary(max_size=3),
)


@st.composite
def summaries_logs(draw: st.DrawFn) -> list[Record]:
    """A log of summaries with facts, some of them delivered again. One place in a source says one thing."""
    said: dict[tuple[int, int], FactEntry] = {}
    log: list[Record] = []
    for _ in range(draw(st.integers(1, 20))):
        source = source_number(SPEND.code, draw(st.integers(0, 1)))
        some = draw(st.lists(entries, min_size=1, max_size=3))
        some = [said.setdefault((source, entry.offset), entry) for entry in some]
        record = next(encode_summary(CAMPAIGN, Summary(source, 0, 9, T, [], [], T, some)))
        log.append(Record(draw(st.sampled_from((b"aurora", b"boreal"))), record))
        if draw(st.booleans()):
            log.append(draw(st.sampled_from(log)))
    return log


turns = st.lists(
    st.tuples(
        st.sampled_from(("read", "state", "commit", "crash", "crash")),
        st.integers(0, 9),
        st.integers(0, 6),
        st.booleans(),
    ),
    max_size=20,
)
"""(what an owner does, records read, statements acknowledged before a crash, whether the rest arrives later)."""


@settings(max_examples=200, deadline=None)
@given(summaries_logs(), turns)
def test_owners_who_crash_end_where_one_ends_who_never_does(
    log: list[Record], turns: list[tuple[str, int, int, bool]]
) -> None:
    tables = Tables()
    owner = Owner(tables)
    for what, count, acknowledged, rest_arrives in turns:
        owner.read(log, count)
        if what == "state":
            owner.state()
        elif what == "commit":
            owner.state()
            tables.committed = owner.stated_to
        elif what == "crash":
            late, term = owner.crash(acknowledged), owner.term
            owner = Owner(tables)
            if rest_arrives:
                for changelog, key, packed in late:
                    changelog.write(term, key, packed)
    last = Owner(tables)
    last.read(log, len(log))
    last.state()
    assert stated_in(last.values) == merged(log)
    assert stated_in(Owner(tables).values) == merged(log)


@settings(max_examples=100, deadline=None)
@given(summaries_logs(), st.randoms())
def test_the_order_of_the_summaries_changes_nothing(log: list[Record], random: Any) -> None:
    expected = merged(log)
    random.shuffle(log)
    assert merged(log) == expected


facts = st.builds(
    StatedFact,
    st.integers(0, 9),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(1, 2),
    st.integers(0, 1),
    st.just(b""),
)


@settings(max_examples=200, deadline=None)
@given(facts, facts, facts)
def test_statements_of_any_terms_are_reconciled_in_any_order(
    one: StatedFact, other: StatedFact, third: StatedFact
) -> None:
    a, b, c = pack_fact(one), pack_fact(other), pack_fact(third)
    assert reconcile(a, a) == a
    assert reconcile(a, b) == reconcile(b, a)
    assert reconcile(reconcile(a, b), c) == reconcile(a, reconcile(b, c))
    assert unpack_fact(reconcile(a, b)).order == max(one.order, other.order)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((EMAIL, DISPLAY)),
            st.integers(20_000, 20_004),
            st.integers(0, 2),
            st.integers(0, 500),
            st.sampled_from(("EUR", "USD")),
        ),
        max_size=30,
    ),
    st.tuples(st.integers(19_999, 20_006), st.integers(0, 8)),
)
def test_what_is_shown_of_spend_is_the_sum_of_the_lines_that_stand(
    stated: list[tuple[int, int, int, int, str]], span: tuple[int, int]
) -> None:
    shown = CampaignFacts(ZONE)
    stands = {}
    for at, (channel, day, line, amount, currency) in enumerate(stated):
        key = fact_key(b"aurora", SPEND.code, channel, day, b"line---%d" % line)
        said = b"\0" + currency.encode() + amount.to_bytes(2, "big")
        shown.put(SPEND.code, channel, day, key, StatedFact(at, T + at, T, 1, at, said))
        stands[key] = channel, day, amount, currency
    first, stop = span[0], span[0] + span[1]
    for channel in (EMAIL, DISPLAY, ALL_CHANNELS):
        expected: dict[tuple[int, str], int] = defaultdict(int)
        for of, day, amount, currency in stands.values():
            if channel in (of, ALL_CHANNELS) and first <= day < stop:
                expected[day, currency] += amount
        found: dict[tuple[int, str], int] = defaultdict(int)
        for day, sums in shown.spend(channel, first, stop):
            for (kind, currency), (micros, lines) in sums.items():
                assert kind == "media"
                assert lines > 0
                found[day, currency] += micros
        assert found == expected
