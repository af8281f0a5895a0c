"""Any number of owners, crashes and late statements end where one owner ends who never fails."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.admissions import encode_admission
from streams.counting.merge import Contribution, unpack
from streams.counting.panes import Tier
from streams.counting.people import People
from streams.counting.statements import KeyKind
from streams.counting.summaries import CAMPAIGN, LEDGER, Entry, PeopleEntry, Summary, encode_summary, pack_panes
from tests.property.counting_model import Owner, Record, Tables

T = 1_700_000_000_000
CAMPAIGNS = (b"aurora", b"boreal", b"cirrus", b"dorado")
LIMIT = 2


@st.composite
def summaries_logs(draw: st.DrawFn) -> list[Record]:
    """A log of the summaries topic in which blocks grow, follow one another and are delivered again."""
    log: list[Record] = []
    starts = [0, 0]
    for what in draw(st.lists(st.integers(0, 9), min_size=1, max_size=30)):
        if what == 0:
            campaign = draw(st.sampled_from(CAMPAIGNS))
            log.append(Record(campaign, encode_admission(campaign.decode())))
        elif what == 1:
            log.append(Record(b"", encode_admission(None, draw(st.integers(0, 4)))))
        elif what == 2 and log:
            log.append(draw(st.sampled_from(log)))
        else:
            log.append(draw(a_summary(starts)))
    return log


@st.composite
def a_summary(draw: st.DrawFn, starts: list[int]) -> Record:
    """A summary of an open block, or the first of the next one."""
    source = draw(st.integers(0, 1))
    starts[source] += draw(st.sampled_from((0, 0, 10)))
    start, last = starts[source], starts[source] + draw(st.integers(0, 9))
    if draw(st.integers(0, 3)) == 0:
        ledger = Summary(source + 1, start, last, T, [Entry(0, b"", {128: last - start + 1})])
        return Record(b"", next(encode_summary(LEDGER, ledger)))
    campaign = draw(st.sampled_from(CAMPAIGNS))
    tiers = draw(st.sets(st.sampled_from((Tier.DAY, Tier.LAUNCH))))
    entries = [Entry(2, pack_panes((tier, 0) for tier in tiers), {1: last - start + 1})] if tiers else []
    people = [PeopleEntry(2, T // 60_000, 1, number.to_bytes(8, "big")) for number in draw(st.sets(st.integers(0, 6)))]
    return Record(campaign, next(encode_summary(CAMPAIGN, Summary(source + 1, start, last, T, entries, people))))


turns = st.lists(
    st.tuples(
        st.sampled_from(("read", "state", "commit", "crash", "crash")),
        st.integers(0, 12),
        st.integers(0, 14),
        st.booleans(),
    ),
    max_size=25,
)
"""(what an owner does, records read, statements acknowledged before a crash, whether the rest arrives later)."""


def end_of(tables: Tables, log: list[Record]) -> dict[bytes, object]:
    """What the tables say in the end, after an owner that reads on to the log's end; statements' offsets left out."""
    owner = Owner(tables, LIMIT)
    owner.read(log, len(log))
    owner.state()
    told: dict[bytes, object] = {}
    for key, packed in owner.values.items():
        if key[0] == KeyKind.ADMITTED:
            told[key] = [owner.merge.admissions.admit(key[8:], offset) for offset in range(len(log))]
        elif key[0] == KeyKind.LIMIT:
            told[key] = [owner.merge.admissions.limit(offset) for offset in range(len(log))]
        else:
            value = unpack(packed)
            told[key] = value.totals, {source: _last(block) for source, block in value.newest.items()}
    for key, packed in owner.people.items():
        told[key] = round(People.unpack(packed)[0].estimate())
    return told


def _last(block: Contribution | int) -> int:
    """When a block is closed depends on who states it; up to where it went does not."""
    return block if isinstance(block, int) else block.last


@settings(max_examples=200, deadline=None)
@given(summaries_logs(), turns)
def test_crashes_end_where_an_owner_ends_who_never_fails(
    log: list[Record], turns: list[tuple[str, int, int, bool]]
) -> None:
    tables = Tables()
    owner = Owner(tables, LIMIT)
    for what, count, acknowledged, rest_arrives in turns:
        owner.read(log, count)
        if what == "state":
            owner.state()
        elif what == "commit":
            owner.state()
            tables.committed = owner.stated_to
        elif what == "crash":
            late = owner.crash(acknowledged)
            term = owner.term
            owner = Owner(tables, LIMIT)
            if rest_arrives:
                for changelog, key, packed in late:
                    changelog.write(term, key, packed)
    assert end_of(tables, log) == end_of(Tables(), log)


@settings(max_examples=100, deadline=None)
@given(summaries_logs(), st.integers(0, 30))
def test_a_log_read_again_from_anywhere_changes_nothing(log: list[Record], again_from: int) -> None:
    tables = Tables()
    expected = end_of(tables, log)
    tables.committed = min(again_from, len(log))
    assert end_of(tables, log) == expected


@settings(max_examples=100, deadline=None)
@given(summaries_logs(), st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_slices_and_statements_of_any_size_give_the_same_values(log: list[Record], sizes: list[int]) -> None:
    tables = Tables()
    owner = Owner(tables, LIMIT)
    for turn in range(len(log)):
        owner.read(log, sizes[turn % len(sizes)])
        owner.state()
    tables.committed = len(log)
    assert end_of(tables, log) == end_of(Tables(), log)
