"""CloudEvents, structured and binary, and a schema registry's frame: each counts what the plain form counts."""

import json
from base64 import b64encode

import pytest

from streams.events.catalogue import TOPICS
from streams.events.decode import Accepted
from streams.events.errors import Reason
from streams.events.forms import joined, unframed
from tests.unit.event_records import fields, outcome, record

FRAME = b"\x00\x00\x00\x00\x22"
ATTRIBUTES = ("id", "source", "time")
each_topic = pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])


def example(topic):
    """The topic's example as a CloudEvent can say it: with a source, and a time in RFC 3339."""
    time = fields(topic, {})["time"]
    return fields(topic, {"source": "/mailer", "time": "2026-11-24T09:00:05Z" if isinstance(time, int) else time})


def envelope(topic="click", **changes):
    """The topic's example as a structured CloudEvent whose attributes are changed; `...` leaves one out."""
    plain = example(topic)
    data = {name: value for name, value in plain.items() if name not in ATTRIBUTES}
    whole = {
        "specversion": "1.0",
        "type": f"example.{topic}",
        **{name: plain[name] for name in ATTRIBUTES},
        "data": data,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def structured(topic="click", **changes):
    return outcome(topic, json.dumps(envelope(topic, **changes)).encode())


def binary(topic="click", data=b"{}", headers=(), **attributes):
    """A record whose headers are those of the topic's example, with changes, and others behind them."""
    plain = example(topic)
    told = {"specversion": "1.0", "type": "x", **{name: str(plain[name]) for name in ATTRIBUTES}, **attributes}
    named = [(f"ce_{name}", text.encode()) for name, text in told.items() if text is not ...]
    return outcome(topic, joined(data, [*named, ("content-type", b"application/json"), *headers]))


def data_of(topic):
    return json.dumps(envelope(topic)["data"]).encode()


def reason(result):
    return None if isinstance(result, Accepted) else result.reason


@each_topic
def test_structured_event_is_the_plain_one(topic):
    assert structured(topic) == outcome(topic, json.dumps(example(topic)).encode())


@each_topic
def test_binary_event_is_the_plain_one(topic):
    assert binary(topic, data_of(topic)) == outcome(topic, json.dumps(example(topic)).encode())


@each_topic
def test_framed_event_is_the_plain_one_whatever_its_schema_s_number(topic):
    for frame in (FRAME, b"\x00\x7b\x5b\x22\x5c", b"\x00\xff\xff\xff\xff"):
        assert outcome(topic, frame + record(topic)) == outcome(topic, record(topic))


def test_forms_may_stand_in_one_another():
    plain = outcome("click", record("click", source="/mailer"))
    assert outcome("click", FRAME + json.dumps(envelope()).encode()) == plain
    assert binary("click", FRAME + data_of("click")) == plain
    assert binary("click", b"\xef\xbb\xbf" + data_of("click")) == plain
    assert outcome("click", b"\xef\xbb\xbf" + json.dumps(envelope()).encode()) == plain
    assert structured(data=..., data_base64=b64encode(data_of("click")).decode()) == plain


def test_campaign_channel_person_and_test_may_be_extension_attributes():
    named = {"campaign": "aurora", "channel": "email", "person": "p-17", "test": True}
    event = structured(data={"machine": True}, **named).event
    assert (event.campaign, event.channel, event.person, event.test, event.machine) == (*named.values(), True)
    assert binary(data=b'{"machine": true}', **{**named, "test": "true"}).event == event.__class__(
        **{name: getattr(event, name) for name in event.__struct_fields__}
    )
    assert structured(data=..., campaign="aurora", channel="email").event.campaign == "aurora"


def test_data_goes_before_extension_attributes_unless_it_is_null():
    data = {"campaign": "boreal", "channel": None}
    event = structured(data=data, campaign="aurora", channel="email").event
    assert (event.campaign, event.channel) == ("boreal", "email")


def test_identity_of_the_envelope_goes_before_the_data_s():
    data = {"campaign": "aurora", "channel": "email", "id": "inner", "source": "inner", "time": 17}
    for result in (structured(data=data), binary(data=json.dumps(data).encode())):
        assert (result.event.id, result.event.source) == ("c-1001", "/mailer")
        assert result == structured(data={"campaign": "aurora", "channel": "email"})


def test_time_of_the_data_counts_where_the_envelope_has_none():
    data = {"campaign": "aurora", "channel": "email", "time": "2026-11-24T09:00:00.250Z"}
    assert structured(data=data, time=...) == structured(data=data)
    assert structured(data={"campaign": "aurora", "channel": "email"}, time=...).detail == "time is missing"


def test_other_attributes_never_become_fields():
    data = {"campaign": "aurora", "channel": "email"}
    assert not structured(data=data, machine=True).event.machine
    assert not binary(data=json.dumps(data).encode(), machine="true").event.machine


def test_a_cloud_event_with_all_fields_beside_the_data_does_not_pass_for_a_plain_one():
    event = structured(data={"machine": True}, campaign="aurora", channel="email").event
    assert event.machine


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"specversion": "0.3"}, Reason.BAD_VALUE),
        ({"specversion": 1.0}, Reason.BAD_VALUE),
        ({"data": [1]}, Reason.NOT_OBJECT),
        ({"data": '{"campaign": "aurora"}'}, Reason.NOT_OBJECT),
        ({"data": ...}, Reason.MISSING_FIELD),
        ({"data": None}, Reason.MISSING_FIELD),
        ({"data": ..., "data_base64": "?"}, Reason.NOT_JSON),
        ({"data": ..., "data_base64": b64encode(b"{").decode()}, Reason.NOT_JSON),
        ({"data": ..., "data_base64": b64encode(b"\xff").decode()}, Reason.NOT_JSON),
        ({"data": ..., "data_base64": b64encode(b'{"a":' + b"[" * 400 + b"]" * 400 + b"}").decode()}, Reason.TOO_DEEP),
        ({"data": ..., "data_base64": b64encode(b'{"a":' + b"[" * 99_999).decode()}, Reason.TOO_DEEP),
        ({"id": ""}, Reason.BAD_ID),
        ({"id": ...}, Reason.MISSING_FIELD),
        ({"time": "yesterday"}, Reason.BAD_TIME),
        ({"data": {"campaign": "aurora", "channel": "email", "machine": "yes"}}, Reason.WRONG_TYPE),
        ({"data": {"campaign": "a\ud800", "channel": "email"}}, Reason.BAD_LABEL),
    ],
)
def test_structured_event_that_cannot_be_counted_is_refused_for_what_is_wrong_in_it(changes, expected):
    assert reason(structured(**changes)) is expected


@pytest.mark.parametrize(
    ("data", "changes", "expected"),
    [
        (b"", {}, Reason.NOT_JSON),
        (b"hello", {}, Reason.NOT_JSON),
        (b'{}, "campaign": "aurora", "channel": "email"', {}, Reason.MISSING_FIELD),
        (b"[1]", {}, Reason.NOT_OBJECT),
        (None, {}, Reason.TOMBSTONE),
        (b"{}", {}, Reason.MISSING_FIELD),
        (b"{}", {"id": ..., "campaign": "aurora", "channel": "email"}, Reason.MISSING_FIELD),
        (b"{}", {"id": "", "campaign": "aurora", "channel": "email"}, Reason.BAD_ID),
        (b"{}", {"specversion": "2.0", "campaign": "aurora", "channel": "email"}, Reason.BAD_VALUE),
        (b"{}", {"test": "perhaps", "campaign": "aurora", "channel": "email"}, Reason.WRONG_TYPE),
        (b"[" * 700, {}, Reason.TOO_DEEP),
    ],
)
def test_binary_event_that_cannot_be_counted_is_refused_for_what_is_wrong_in_it(data, changes, expected):
    assert reason(binary(data=data, **changes)) is expected


def test_headers_of_others_change_nothing():
    value = record("click")
    for headers in (
        [],
        [("traceparent", b"00-1"), ("", None)],
        [("ce_id", b"other")],
        [("ce_specversion", None), ("ce_id", b"other")],
        [("ce_specversion", b"1.0"), ("ce_id", b"\xff")],
    ):
        assert joined(value, headers) is value


def test_structured_content_type_goes_before_the_headers_of_the_binary_mode():
    value = json.dumps(envelope()).encode()
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"other"),
        ("content-type", b"application/cloudevents+json; charset=utf-8"),
    ]
    assert joined(value, headers) is value


def test_what_is_framed_but_no_json_object_keeps_its_frame_and_is_refused():
    for value in (
        b"\x00",
        b"\x00\x00\x00\x00\x01",
        FRAME + b"\x02avro",
        FRAME + b"[1]",
        record("click").decode().encode("utf-16-be"),
    ):
        assert unframed(value) == value
        assert reason(outcome("click", value)) is Reason.NOT_JSON


def test_quote_in_the_schema_s_number_does_not_make_brackets_in_texts_count_as_depth():
    assert isinstance(outcome("click", FRAME + record("click", link="[" * 600)), Accepted)


def test_text_cut_inside_an_emoji_costs_no_cloud_event():
    value = json.dumps(envelope("mention")).encode().replace(b"Aurora looks great!", b"great \\ud83d")
    assert isinstance(outcome("mention", value), Accepted)
    data = data_of("mention").replace(b"Aurora looks great!", b"great \\ud83d")
    mention = binary("mention", data=data)
    assert isinstance(mention, Accepted)
    assert (mention.event.id, mention.event.text) == (example("mention")["id"], "great \ufffd")
    assert reason(binary("mention", data=data.replace(b"aurora", b"aurora\\ud83d"))) is Reason.BAD_LABEL


LONE = {
    "in a text": ("great \\ud83d", None),
    "in the campaign": ("aurora\\ud83d", Reason.BAD_LABEL),
    "in a name that is not read": ('Aurora looks great!", "later\\udc00": "', None),
    "in the person": ('Aurora looks great!", "person": "p\\udc00', Reason.BAD_VALUE),
}


@pytest.mark.parametrize(("text", "expected"), LONE.values(), ids=LONE)
def test_data_in_base64_with_a_lone_surrogate_is_what_the_same_data_in_plain_is(text, expected):
    place = b"aurora" if expected is Reason.BAD_LABEL else b"Aurora looks great!"
    data = data_of("mention").replace(place, text.encode())
    head = json.dumps(envelope("mention", data=...)).encode()[:-1]
    plain = outcome("mention", head + b', "data": ' + data + b"}")
    coded = outcome("mention", head + b', "data_base64": "' + b64encode(data) + b'"}')
    assert (coded, reason(coded)) == (plain, expected)


def test_replacement_character_that_was_sent_as_such_stays_in_an_identity_beside_data_in_base64():
    coded = b64encode(data_of("click")).decode()
    assert structured(id="c\ufffd", data=..., data_base64=coded) == structured(id="c\ufffd")
    assert isinstance(structured(id="c\ufffd"), Accepted)


def test_lone_surrogate_in_an_attribute_counts_beside_data_in_base64():
    coded = b64encode(data_of("click").replace(b"}", b', "later": "\\udc00"}')).decode()
    assert reason(structured(id="c\ud800", data=..., data_base64=coded)) is Reason.BAD_ID
    assert isinstance(structured(subject="c\ud800", data=..., data_base64=coded), Accepted)


def test_data_in_base64_may_stand_behind_a_frame_or_a_byte_order_mark_as_in_binary_mode():
    for before in (FRAME, b"\xef\xbb\xbf"):
        coded = b64encode(before + data_of("click")).decode()
        assert structured(data=..., data_base64=coded) == binary("click", before + data_of("click"))
