"""Records decoded and counted together give what each gives by itself."""

import json
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.blocks import Cut
from streams.counting.open_block import OpenBlock
from streams.counting.people import PersonHasher
from streams.counting.sources import source_number
from streams.counting.summaries import panes_of
from streams.events.batch import decode_batch
from streams.events.catalogue import TOPICS
from streams.events.decode import LATE_MS, Accepted, decode
from streams.events.errors import Invalid
from streams.events.topic import HOUR_MS
from tests.unit.event_records import MAX_BYTES, NOW_MS, fields

FEW = settings(max_examples=300, deadline=None)
ZONE = ZoneInfo("Europe/Berlin")
HASH = PersonHasher(b"a key of the batch tests")

flags = st.none() | st.booleans()
times = st.sampled_from(
    [
        NOW_MS,
        NOW_MS - 9_000,
        NOW_MS - LATE_MS - 1,
        NOW_MS + 3 * HOUR_MS,
        NOW_MS - 31 * HOUR_MS,
        17,
        "2026-11-24T09:00:00Z",
    ]
) | st.integers(NOW_MS - 20_000, NOW_MS + 1_000)
changes = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", "", 7]),
        "time": times,
        "sent_at": st.none() | times,
        "campaign": st.sampled_from(["aurora", "boreal", "", "a\u202eb", "x" * 129]),
        "channel": st.sampled_from(["email", "sms", "smoke_signal"]),
        "person": st.none() | st.sampled_from(["anne", "bert", "clara", ""]),
        "test": flags,
        "machine": flags,
        "unsubscribe": flags,
        "engaged": flags,
        "status": st.none() | st.sampled_from(["sent", "delivered", "bounced", "active", "cancelled"]),
        "reason": st.none() | st.sampled_from(["price", "other", "moved"]),
        "count": st.none() | st.sampled_from([0, 1, 2, 1_000_000]),
        "stage": st.none() | st.sampled_from(["lead", "qualified", "opportunity"]),
        "score": st.integers(-1, 11),
        "amount": st.sampled_from([0, "0", 5, "-1"]),
        "source": st.none() | st.just("crm"),
        "padding": st.sampled_from(["", "[" * 600, "y" * 600, "z" * MAX_BYTES]),
    },
)
broken = st.sampled_from([None, b"", b"{", b"[]", b"\xff", b'{"id":1}', b"[" * 600, b"\xef\xbb\xbf{}"])


def value_of(topic, change, form=None):
    plain = fields(topic.name, change)
    if form is None:
        return json.dumps(plain).encode()
    if form == "frame":
        return b"\x00\x00\x00\x00\x22" + json.dumps(plain).encode()
    envelope = {name: plain.pop(name) for name in ("id", "source", "time") if name in plain}
    return json.dumps({"specversion": "1.0", **envelope, "data": plain}).encode()


@st.composite
def runs(draw):
    """(topic, values): some plain, some not, some broken."""
    topic = draw(st.sampled_from(TOPICS))
    sound = st.builds(value_of, st.just(topic), changes, st.none() | st.sampled_from(["frame", "envelope"]))
    return topic, draw(st.lists(sound | broken, max_size=25))


def one_by_one(topic, values, duplicates):
    """The block, and what each record was, when every record is decoded and counted by itself."""
    block = opened(topic)
    events, refused = [], []
    for row, value in enumerate(values):
        decoded = decode(topic, value, NOW_MS, MAX_BYTES)
        if isinstance(decoded, Invalid):
            refused.append((row, decoded))
            block.fold.invalid(decoded)
        elif len(events) in duplicates:
            events.append(decoded)
            block.fold.duplicate()
        else:
            events.append(decoded)
            person = decoded.event.person
            block.fold.accept(decoded, None if person is None else HASH(person))
    return block, events, refused


def opened(topic):
    return OpenBlock(source_number(topic.code, 0), topic, Cut(0, NOW_MS), ZONE)


def said(block, records):
    """Everything that a block has to say, in an order of its own."""
    block.advance(records, records - 1, NOW_MS)
    campaigns = {
        name: (
            {(entry.channel, *place): entry.counters for entry in summary.entries for place in panes_of(entry)},
            {
                (people.channel, people.minute, people.kind): {
                    people.hashes[at : at + 8] for at in range(0, len(people.hashes), 8)
                }
                for people in summary.people
            },
            sum(len(people.hashes) for people in summary.people),
        )
        for name, summary in block.summaries()
    }
    return campaigns, block.ledger().entries[0].counters


@FEW
@given(runs(), st.sets(st.integers(0, 24)))
def test_a_batch_counts_what_its_records_count_one_by_one(run, some):
    topic, values = run
    batch = decode_batch(topic, values, [NOW_MS] * len(values), MAX_BYTES)
    duplicates = {index for index in some if index < len(batch.events)}
    block, _, _ = one_by_one(topic, values, duplicates)
    together = opened(topic)
    together.count(batch, duplicates, HASH)
    assert said(together, len(values)) == said(block, len(values))


@FEW
@given(runs())
def test_a_batch_accepts_and_refuses_what_decode_does(run):
    topic, values = run
    batch = decode_batch(topic, values, [NOW_MS] * len(values), MAX_BYTES)
    _, events, refused = one_by_one(topic, values, set())
    assert batch.refused == refused
    assert batch.events == [accepted.event for accepted in events]
    assert [sent_ms // HOUR_MS for sent_ms in batch.sent_ms] == [accepted.hour for accepted in events]
    assert sorted([*batch.rows, *(row for row, _ in refused)]) == list(range(len(values)))
    for index, accepted in batch.apart.items():
        assert isinstance(accepted, Accepted)
        assert accepted == events[index]


@FEW
@given(st.sampled_from(TOPICS), changes, st.sampled_from(["frame", "envelope"]))
def test_an_event_gives_the_same_in_every_form(topic, change, form):
    """But for the size of the record, which is another in another form, and which of two defects is named."""
    change = {name: value for name, value in change.items() if name != "padding"}
    plain = decode(topic, value_of(topic, change), NOW_MS, MAX_BYTES)
    other = decode(topic, value_of(topic, change, form), NOW_MS, MAX_BYTES)
    assert other == plain or (isinstance(other, Invalid) and isinstance(plain, Invalid))


@FEW
@given(runs(), st.lists(st.integers(0, 25), max_size=3))
def test_a_run_cut_anywhere_counts_the_same(run, cuts):
    topic, values = run
    whole, pieces = opened(topic), opened(topic)
    whole.count(decode_batch(topic, values, [NOW_MS] * len(values), MAX_BYTES), set(), HASH)
    borders = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    for begin, end in pairwise(borders):
        piece = values[begin:end]
        pieces.count(decode_batch(topic, piece, [NOW_MS] * len(piece), MAX_BYTES), set(), HASH)
    assert said(whole, len(values)) == said(pieces, len(values))
