"""Whatever an event says, it is in exactly one of the counters that tell how many events of its topic there were."""

from itertools import combinations
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.catalogue import TOPICS
from streams.events.decode import Accepted, decode
from streams.events.topic import Topic
from tests.unit.event_records import MAX_BYTES, NOW_MS, fields

FLAG = st.none() | st.booleans()
TEXT = st.sampled_from([None, "", "12:30", "Love it!", "верните деньги", "Сегодня начинается продажа"])
AMOUNT = st.sampled_from(["0", "0.01", 17, "99.90"])
OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "click": {"machine": FLAG, "unsubscribe": FLAG},
    "open": {"machine": FLAG},
    "visit": {"engaged": FLAG},
    "mention": {
        "text": TEXT,
        "language": st.sampled_from([None, "ru", "en"]),
        "sentiment": st.none() | st.integers(-100, 100).map(lambda hundredths: hundredths / 100),
        "audience": st.none() | st.integers(0, 10_000),
    },
    "sale": {
        "amount": AMOUNT,
        "kind": st.sampled_from([None, "sale", "refund"]),
        "units": st.none() | st.integers(1, 9),
        "cost": st.none() | AMOUNT,
        "new_customer": FLAG,
    },
    "delivery": {"status": st.sampled_from(["sent", "delivered", "bounced", "complained", "unsubscribed"])},
    "impression": {"count": st.none() | st.integers(1, 1_000)},
    "lead": {"stage": st.sampled_from([None, "lead", "qualified", "opportunity"])},
    "spend": {"amount": AMOUNT, "kind": st.sampled_from([None, "media", "fee", "production"])},
    "survey": {"kind": st.sampled_from(["nps", "csat"]), "score": st.integers(0, 10)},
    "customer": {
        "status": st.sampled_from(["active", "cancelled"]),
        "reason": st.sampled_from([None, "price", "service", "technical", "product", "other"]),
    },
    "tactic": {"title": st.sampled_from(["Price down", "Второе письмо"]), "owner": st.sampled_from([None, "Maria"])},
}


@st.composite
def events(draw: st.DrawFn, topic: Topic) -> dict[str, Any]:
    own = {name: draw(values) for name, values in OWN[topic.name].items()}
    return fields(topic.name, {**own, "test": draw(FLAG), "person": draw(st.sampled_from([None, "", "anne"]))})


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_every_event_of_a_topic_moves_exactly_one_of_the_counters_that_it_is_counted_in(data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(TOPICS))
    said = data.draw(events(topic))
    accepted = decode(topic, msgspec.json.encode(said), NOW_MS, MAX_BYTES)
    if not isinstance(accepted, Accepted):
        assert topic.name == "survey"
        assert said["score"] not in range(1, 6)  # no answer to how satisfied they are
        return
    added: dict[int, int] = {}
    topic.count(accepted.event, added)
    if said["test"]:
        assert added == {topic.test_measure: 1}
        return
    (moved,) = [measure for measure in topic.counted_in if measure in added]
    assert added[moved] == (said.get("count") or 1)
    assert topic.test_measure not in added


def test_no_counter_tells_of_events_of_two_topics() -> None:
    for one, other in combinations(TOPICS, 2):
        assert not {*one.counted_in, one.test_measure} & {*other.counted_in, other.test_measure}
