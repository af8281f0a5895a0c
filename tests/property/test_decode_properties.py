"""Whatever the bytes, decoding gives an event or a reason; money is exact."""

import json
from base64 import b64encode
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.catalogue import TOPICS, topic_by_name
from streams.events.decode import FUTURE_MS, Accepted, decode
from streams.events.errors import MAX_DETAIL, Invalid
from streams.events.forms import EXTENSIONS, IDENTITY, joined
from streams.events.labels import label_problem
from streams.events.money import parse_amount
from tests.unit.event_records import MAX_BYTES, NOW_MS, fields

FEW = settings(max_examples=150, deadline=None)

ENVELOPE = ("specversion", *IDENTITY, *EXTENSIONS, "data", "data_base64")
topics = st.sampled_from(TOPICS)
texts = st.text(st.characters(), max_size=20) | st.text(st.characters(categories=["Cs", "Cc", "Cf"]), max_size=3)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.datetimes().map(lambda t: t.isoformat() + "Z")
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
times = st.integers(NOW_MS - 50 * 86_400_000, NOW_MS + 2 * 86_400_000)


def check(topic, value, timestamp_ms=NOW_MS):
    result = decode(topic, value, timestamp_ms, MAX_BYTES)
    assert result_key(result) == result_key(decode(topic, value, timestamp_ms, MAX_BYTES))
    if isinstance(result, Invalid):
        assert 0 < len(result.detail) <= MAX_DETAIL
        return result
    assert isinstance(result, Accepted)
    assert label_problem(result.event.campaign) is None
    assert result.time_ms <= timestamp_ms + FUTURE_MS
    assert 1 <= result.channel <= 19
    for text in (result.event.id, result.event.source, result.event.person):
        (text or "").encode()  # raises for a lone surrogate
    add: dict[int, int] = {}
    topic.count(result.event, add)
    assert add
    assert all(type(number) is int for number in add.values())
    topic.people(result.event)
    topic.machine(result.event)
    return result


def result_key(result):
    return result if isinstance(result, Invalid) else (result.time_ms, result.hour, result.channel, result.event.id)


@FEW
@given(topics, st.binary(max_size=200) | st.none(), st.integers(-1, 2**62))
def test_arbitrary_bytes_never_raise(topic, value, timestamp_ms):
    check(topic, value, timestamp_ms)


@FEW
@given(topics, trees)
def test_arbitrary_json_never_raises(topic, tree):
    check(topic, json.dumps(tree).encode())


@FEW
@given(st.data(), topics)
def test_event_with_arbitrary_fields_never_raises(data, topic):
    names = [*topic.event.__struct_fields__, *(field.name for field in topic.fields)]
    changes = data.draw(st.dictionaries(st.sampled_from(names), trees, max_size=3))
    check(topic, json.dumps(fields(topic.name, changes)).encode())


@FEW
@given(topics, st.dictionaries(st.sampled_from([*ENVELOPE, "machine"]), trees, max_size=6), trees | st.binary())
def test_arbitrary_cloud_event_never_raises(topic, attributes, data):
    envelope = {"specversion": "1.0", **attributes}
    if isinstance(data, bytes):
        value = joined(data, [(f"ce_{name}", json.dumps(text).encode()) for name, text in envelope.items()])
    else:
        value = json.dumps({"data": data, **envelope}).encode()
    check(topic, value)


@FEW
@given(
    topics,
    st.dictionaries(st.sampled_from(("id", "person", "extra")), texts, max_size=2),
    st.dictionaries(
        st.sampled_from(("campaign", "person", "text", "extra")) | texts, texts | st.lists(texts), max_size=3
    ),
)
def test_cloud_event_with_its_data_in_base64_is_the_one_with_plain_data(topic, attributes, data):
    whole = fields(topic.name, {})
    text = json.dumps({**whole, **data}).encode()
    outer = {"specversion": "1.0", "id": whole["id"], "time": whole["time"], **attributes}
    head = json.dumps(outer).encode()[:-1]
    plain = check(topic, head + b', "data": ' + text + b"}")
    coded = check(topic, head + b', "data_base64": "' + b64encode(text) + b'"}')
    if isinstance(plain, Invalid):
        assert isinstance(coded, Invalid)
        assert coded.reason == plain.reason
    else:
        assert result_key(coded) == result_key(plain)


@FEW
@given(topics, st.binary(max_size=100), st.dictionaries(st.sampled_from([*ENVELOPE, "specversion"]), st.binary()))
def test_arbitrary_headers_never_raise(topic, value, attributes):
    check(topic, joined(value, [(f"ce_{name}", text) for name, text in {"specversion": b"1.0", **attributes}.items()]))


@FEW
@given(st.data(), topics)
def test_damaged_event_never_raises(data, topic):
    value = bytearray(json.dumps(fields(topic.name, {})).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(value) - 1))
        value[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    check(topic, bytes(value))


@FEW
@given(times, st.none() | times)
def test_time_moves_only_back_and_only_from_the_future(time, sent_at):
    value = json.dumps(fields("click", {"time": time, "sent_at": sent_at})).encode()
    result = check(topic_by_name("click"), value)
    if isinstance(result, Accepted):
        assert result.hour == time // 3_600_000
        assert result.late == (NOW_MS - time > 900_000)
        assert result.time_ms == time if time <= NOW_MS + FUTURE_MS else result.time_ms < time


@FEW
@given(st.integers(-3, 10**20), st.integers(0, 9), st.none() | st.integers(-9, 9), st.booleans())
def test_money_equals_its_decimal_or_is_refused(digits, places, exponent, quoted):
    token = str(Decimal(digits).scaleb(-places))
    if exponent is not None and "E" not in token:
        token += f"e{exponent}"
    amount = Fraction(token)
    micros = parse_amount(f'"{token}"'.encode() if quoted else token.encode())
    if 0 <= amount < 10**18 and (amount * 10**6).denominator == 1:
        assert micros == amount * 10**6
    else:
        assert micros is None


@FEW
@given(st.floats(0, 1e12))
def test_json_number_is_read_as_its_digits_not_as_its_float(number):
    micros = parse_amount(json.dumps(number).encode())
    exact = Decimal(json.dumps(number)) * 1_000_000
    assert micros == (int(exact) if exact == int(exact) else None)


@FEW
@given(st.binary(max_size=150) | st.text('0123456789.eE+-"', max_size=12).map(str.encode))
def test_arbitrary_amount_token_gives_millionths_or_none(token):
    micros = parse_amount(token)
    assert micros is None or 0 <= micros < 10**24
