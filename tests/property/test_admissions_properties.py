"""Admissions are a function of the log, also for a reader that recovered later decisions without the earlier ones."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.admissions import Admission, Admissions
from streams.counting.statements import LIMIT_KEY, admitted_key

LIMIT = 2
NAMES = ("aurora", "boreal", "cirrus", "dorado", "eos")

records = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.builds(Admission, st.sampled_from((None, *NAMES)), st.none() | st.integers(0, 4)),
)
logs = st.lists(records, min_size=1, max_size=25)


def plain_decisions(log: list[str | Admission]) -> list[bool | None]:
    """Of each summary whether it is counted, from the wording of the rule; None for admission records."""
    admitted: set[str] = set()
    limit, decisions = LIMIT, []
    for record in log:
        if isinstance(record, Admission):
            decisions.append(None)
            if record.campaign is not None:
                admitted.add(record.campaign)
            if record.limit is not None:
                limit = record.limit
            continue
        if record not in admitted and len(admitted) < limit:
            admitted.add(record)
        decisions.append(record in admitted)
    return decisions


def decide(admissions: Admissions, log: list[str | Admission], begin: int = 0) -> list[bool | None]:
    """The decisions on the records from `begin` on."""
    decisions: list[bool | None] = []
    for offset, record in enumerate(log[begin:], begin):
        if isinstance(record, Admission):
            admissions.apply(record, offset)
            decisions.append(None)
        else:
            decisions.append(admissions.admit(record.encode(), offset))
    return decisions


@settings(max_examples=200, deadline=None)
@given(logs)
def test_decisions_follow_the_order_of_the_log(log: list[str | Admission]) -> None:
    assert decide(Admissions(LIMIT), log) == plain_decisions(log)


@settings(max_examples=100, deadline=None)
@given(logs, st.integers(0, 25))
def test_a_log_read_again_finds_the_same_decisions(log: list[str | Admission], begin: int) -> None:
    admissions = Admissions(LIMIT)
    expected = decide(admissions, log)
    assert decide(admissions, log, begin % len(log)) == expected[begin % len(log) :]


@settings(max_examples=300, deadline=None)
@given(logs, st.integers(0, 25), st.integers(0, 25), st.sets(st.sampled_from(NAMES)), st.booleans())
def test_a_reader_that_recovered_only_some_of_the_later_decisions_finds_the_same(
    log: list[str | Admission], committed: int, ahead: int, lost: set[str], limit_lost: bool
) -> None:
    # log  |....... committed ....... ahead ...|
    #      all of this is stated    | of this some |
    committed %= len(log)
    first, before_it = Admissions(LIMIT), Admissions(LIMIT)
    decide(before_it, log[:committed])
    decide(first, log[: committed + ahead])
    second = Admissions(LIMIT)
    for name in NAMES:
        key = admitted_key(name.encode())
        for admissions in (before_it, first) if name not in lost else (before_it,):
            if name.encode() in admissions._admitted:
                second.recover(key, admissions.pack(key, 0))
    second.recover(LIMIT_KEY, (before_it if limit_lost else first).pack(LIMIT_KEY, 0))
    assert decide(second, log, committed) == plain_decisions(log)[committed:]


@settings(max_examples=100, deadline=None)
@given(logs)
def test_only_admitted_campaigns_take_places(log: list[str | Admission]) -> None:
    admissions = Admissions(LIMIT)
    decisions = decide(admissions, log)
    by_record = {record.campaign for record in log if isinstance(record, Admission) and record.campaign is not None}
    by_room = {record for record, counted in zip(log, decisions, strict=True) if counted}
    assert len(admissions) == len(by_record | by_room)
