"""Every case of bad input that decoding meets: each has a defined outcome, and none raises."""

import json
import time

import pytest

from streams.events.catalogue import TOPICS
from streams.events.decode import Accepted
from streams.events.errors import MAX_DEPTH, MAX_DETAIL, Invalid, Reason
from streams.events.measures import measure_reason, reason_measure
from tests.unit.event_records import MAX_BYTES, fields, outcome, record

DEEP = 10_000
RLO = "\u202e"


def raw(topic: str, field: str, token: str) -> bytes:
    """The topic's example with one more field, its JSON token taken as it is."""
    example = json.dumps(fields(topic, {field: ...}))
    return f'{example[:-1]}, "{field}": {token}}}'.encode()


REFUSED: dict[str, tuple[str, bytes | None, Reason]] = {
    "null value": ("click", None, Reason.TOMBSTONE),
    "empty value": ("click", b"", Reason.NOT_JSON),
    "blank value": ("click", b" \n", Reason.NOT_JSON),
    "prose": ("click", b"hello", Reason.NOT_JSON),
    "cut off": ("click", record("click")[:-1], Reason.NOT_JSON),
    "two objects": ("click", record("click") * 2, Reason.NOT_JSON),
    "single quotes": ("click", b"{'id': 'a'}", Reason.NOT_JSON),
    "schema registry framing before Avro": ("click", b"\x00\x00\x00\x00\x07\x0cc-1001", Reason.NOT_JSON),
    "zero bytes": ("click", bytes(100), Reason.NOT_JSON),
    "gzip": ("click", b"\x1f\x8b\x08\x00" + bytes(20), Reason.NOT_JSON),
    "UTF-16 with a mark": ("click", record("click").decode().encode("utf-16"), Reason.NOT_JSON),
    "UTF-16 LE": ("click", record("click").decode().encode("utf-16-le"), Reason.NOT_JSON),
    "UTF-16 BE": ("click", record("click").decode().encode("utf-16-be"), Reason.NOT_JSON),
    "UTF-32": ("click", record("click").decode().encode("utf-32"), Reason.NOT_JSON),
    "mark alone": ("click", b"\xef\xbb\xbf", Reason.NOT_JSON),
    "two marks": ("click", b"\xef\xbb\xbf" * 2 + record("click"), Reason.NOT_JSON),
    "invalid UTF-8 in the id": ("click", record("click").replace(b"c-1001", b"c-\xff"), Reason.NOT_JSON),
    "invalid UTF-8 in the campaign": ("click", record("click").replace(b"aurora", b"aur\xc3ra", 1), Reason.NOT_JSON),
    "surrogate in raw UTF-8": ("click", record("click").replace(b"c-1001", b"c-\xed\xa0\x80"), Reason.NOT_JSON),
    "NaN": ("sale", raw("sale", "amount", "NaN"), Reason.NOT_JSON),
    "Infinity": ("sale", raw("sale", "amount", "-Infinity"), Reason.NOT_JSON),
    "raw NUL in a string": ("click", raw("click", "id", '"a\0b"'), Reason.NOT_JSON),
    "array": ("click", b"[" + record("click") + b"]", Reason.NOT_OBJECT),
    "null": ("click", b"null", Reason.NOT_OBJECT),
    "number": ("click", b"7", Reason.NOT_OBJECT),
    "string": ("click", b'"id"', Reason.NOT_OBJECT),
    "true": ("click", b"true", Reason.NOT_OBJECT),
    "10 MB": ("click", record("click", link="x" * 10_000_000), Reason.TOO_LARGE),
    "a byte too large": ("click", record("click").ljust(MAX_BYTES + 1), Reason.TOO_LARGE),
    "deep arrays": ("click", raw("click", "x", "[" * DEEP + "]" * DEEP), Reason.TOO_DEEP),
    "deep objects": ("click", raw("click", "x", '{"a":' * DEEP + "1" + "}" * DEEP), Reason.TOO_DEEP),
    "deep arrays alone": ("click", b"[" * DEEP + b"]" * DEEP, Reason.TOO_DEEP),
    "deep arrays, never closed": ("click", b"[" * DEEP, Reason.TOO_DEEP),
    "deep arrays in a known field": ("click", raw("click", "id", "[" * DEEP + "]" * DEEP), Reason.TOO_DEEP),
    "deep amount": ("sale", raw("sale", "amount", "[" * DEEP + "]" * DEEP), Reason.TOO_DEEP),
    "one level too deep": ("click", raw("click", "x", "[" * MAX_DEPTH + "]" * MAX_DEPTH), Reason.TOO_DEEP),
    "empty object": ("click", b"{}", Reason.MISSING_FIELD),
    "no id": ("click", record("click", id=...), Reason.MISSING_FIELD),
    "null id": ("click", record("click", id=None), Reason.MISSING_FIELD),
    "empty id": ("click", record("click", id=""), Reason.BAD_ID),
    "numeric id": ("click", record("click", id=7), Reason.BAD_ID),
    "boolean id": ("click", record("click", id=True), Reason.BAD_ID),
    "id of 257 characters": ("click", record("click", id="x" * 257), Reason.BAD_ID),
    "lone surrogate in the id": ("click", record("click", id="a\ud800"), Reason.BAD_ID),
    "swapped surrogates in the id": ("click", record("click", id="\ude00\ud83d"), Reason.BAD_ID),
    "no time": ("click", record("click", time=...), Reason.MISSING_FIELD),
    "null time": ("click", record("click", time=None), Reason.MISSING_FIELD),
    "time in words": ("click", record("click", time="yesterday"), Reason.BAD_TIME),
    "empty time": ("click", record("click", time=""), Reason.BAD_TIME),
    "milliseconds as text": ("click", record("click", time="1795510860000"), Reason.BAD_TIME),
    "time without an offset": ("click", record("click", time="2026-11-24T09:00:00"), Reason.BAD_TIME),
    "date": ("click", record("click", time="2026-11-24"), Reason.BAD_TIME),
    "month 13": ("click", record("click", time="2026-13-24T09:00:00Z"), Reason.BAD_TIME),
    "boolean time": ("click", record("click", time=True), Reason.BAD_TIME),
    "fractional time": ("click", record("click", time=1795510860000.5), Reason.BAD_TIME),
    "time 1e400": ("click", raw("click", "time", "1e400"), Reason.BAD_TIME),
    "time of 5,000 digits": ("click", raw("click", "time", "1" * 5000), Reason.BAD_TIME),
    "time of 30 digits": ("click", raw("click", "time", "1" * 30), Reason.FUTURE),
    "negative time of 30 digits": ("click", raw("click", "time", "-" + "1" * 30), Reason.TOO_OLD),
    "seconds": ("click", record("click", time=1_795_510_860), Reason.TOO_OLD),
    "time 0": ("click", record("click", time=0), Reason.TOO_OLD),
    "microseconds": ("click", record("click", time=1_795_510_860_000_000), Reason.FUTURE),
    "year 1": ("click", record("click", time="0001-01-01T00:00:00Z"), Reason.TOO_OLD),
    "year 1 east of Greenwich": ("click", record("click", time="0001-01-01T00:00:00+14:00"), Reason.TOO_OLD),
    "year 0": ("click", record("click", time="0000-01-01T00:00:00Z"), Reason.BAD_TIME),
    "year 9999": ("click", record("click", time="9999-12-31T23:59:59Z"), Reason.FUTURE),
    "year 9999 west of Greenwich": ("click", record("click", time="9999-12-31T23:59:59.999999-14:00"), Reason.FUTURE),
    "year 10000": ("click", record("click", time="10000-01-01T00:00:00Z"), Reason.BAD_TIME),
    "bad sent_at": ("click", record("click", sent_at="soon"), Reason.BAD_TIME),
    "sent_at without an offset": ("click", record("click", sent_at="2026-11-24T09:00:00"), Reason.BAD_TIME),
    "no campaign": ("click", record("click", campaign=...), Reason.MISSING_FIELD),
    "null campaign": ("click", record("click", campaign=None), Reason.MISSING_FIELD),
    "empty campaign": ("click", record("click", campaign=""), Reason.BAD_LABEL),
    "blank campaign": ("click", record("click", campaign=" \u00a0"), Reason.BAD_LABEL),
    "numeric campaign": ("click", record("click", campaign=7), Reason.BAD_LABEL),
    "campaign with NUL": ("click", record("click", campaign="a\0b"), Reason.BAD_LABEL),
    "campaign with a line break": ("click", record("click", campaign="a\nb"), Reason.BAD_LABEL),
    "campaign with a lone surrogate": ("click", record("click", campaign="a\udc00"), Reason.BAD_LABEL),
    "campaign with a bidi override": ("click", record("click", campaign=f"a{RLO}b"), Reason.BAD_LABEL),
    "campaign of 129 characters": ("click", record("click", campaign="x" * 129), Reason.BAD_LABEL),
    "campaign of 10 KB": ("click", record("click", campaign="x" * 10_240), Reason.BAD_LABEL),
    "no channel": ("click", record("click", channel=...), Reason.MISSING_FIELD),
    "null channel": ("click", record("click", channel=None), Reason.MISSING_FIELD),
    "numeric channel": ("click", record("click", channel=2), Reason.WRONG_TYPE),
    "numeric source": ("click", record("click", source=2), Reason.WRONG_TYPE),
    "source of 257 characters": ("click", record("click", source="x" * 257), Reason.BAD_VALUE),
    "lone surrogate in the source": ("click", record("click", source="\ud800"), Reason.BAD_VALUE),
    "numeric person": ("click", record("click", person=2), Reason.WRONG_TYPE),
    "person of 10 KB": ("click", record("click", person="x" * 10_240), Reason.BAD_VALUE),
    "lone surrogate in the person": ("click", record("click", person="\ud800"), Reason.BAD_VALUE),
    "test in words": ("click", record("click", test="no"), Reason.WRONG_TYPE),
    "duplicate key, the last one bad": ("click", raw("click", "id", '"a", "id": ""'), Reason.BAD_ID),
    "amount 1e400": ("sale", raw("sale", "amount", "1e400"), Reason.BAD_AMOUNT),
    "amount 1e-400": ("sale", raw("sale", "amount", "1e-400"), Reason.BAD_AMOUNT),
    "amount 1e999999999": ("sale", raw("sale", "amount", "1e999999999"), Reason.BAD_AMOUNT),
    "negative amount": ("sale", record("sale", amount=-0.01), Reason.BAD_AMOUNT),
    "negative amount as text": ("sale", record("sale", amount="-5"), Reason.BAD_AMOUNT),
    "amount of 30 digits": ("sale", raw("sale", "amount", "1" * 30), Reason.BAD_AMOUNT),
    "amount of 30 digits as text": ("sale", record("sale", amount="1" * 30), Reason.BAD_AMOUNT),
    "amount of 900,000 digits": ("sale", raw("sale", "amount", "1" * 900_000), Reason.BAD_AMOUNT),
    "amount with 7 decimals": ("sale", record("sale", amount="0.1234567"), Reason.BAD_AMOUNT),
    "amount NaN as text": ("sale", record("sale", amount="NaN"), Reason.BAD_AMOUNT),
    "amount with a comma": ("sale", record("sale", amount="1,50"), Reason.BAD_AMOUNT),
    "amount with a currency sign": ("sale", record("sale", amount="5 €"), Reason.BAD_AMOUNT),
    "empty amount": ("sale", record("sale", amount=""), Reason.BAD_AMOUNT),
    "boolean amount": ("sale", record("sale", amount=True), Reason.BAD_AMOUNT),
    "amount as an object": ("sale", record("sale", amount={"value": 5}), Reason.BAD_AMOUNT),
    "negative cost": ("sale", record("sale", cost=-1), Reason.BAD_AMOUNT),
}

COUNTED: dict[str, tuple[str, bytes]] = {
    "byte order mark": ("click", b"\xef\xbb\xbf" + record("click")),
    "white space around it": ("click", b"\n " + record("click") + b"\r\n"),
    "largest value": ("click", record("click").ljust(MAX_BYTES)),
    "deepest nesting": ("click", raw("click", "x", "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))),
    "10,000 brackets in a text": ("click", record("click", link="[{" * DEEP + '\\"[')),
    "10,000 arrays side by side": ("click", record("click", link=[[]] * DEEP)),
    "unknown fields": ("click", record("click", colour={"of": ["anything", 1, None]})),
    "duplicate key, the last one good": ("click", raw("click", "x", '1, "x": 2')),
    "null in every optional field": (
        "click",
        record("click", source=None, sent_at=None, person=None, test=None, machine=None, unsubscribe=None),
    ),
    "null in every optional field of a sale": (
        "sale",
        record("sale", cost=None, units=None, kind=None, new_customer=None, person=None),
    ),
    "lone surrogate in a text that was cut": ("mention", record("mention", text="great \ud83d")),
    "lone surrogate beside pairs and escaped backslashes": ("mention", record("mention", text="😀 \\ud83d \udc00 😀")),
    "invalid UTF-8 in a field that is not read": ("click", record("click", link="LINK").replace(b"LINK", b"\xff")),
    "1e400 in a field that is not read": ("click", raw("click", "link", "1e400")),
    "id of 256 characters": ("click", record("click", id="é" * 256)),
    "id with NUL and line breaks": ("click", record("click", id="a\0\n")),
    "campaign of 128 characters": ("click", record("click", campaign="é" * 128)),
    "campaign with an emoji": ("click", record("click", campaign="launch 🚀")),
    "campaign in Cyrillic": ("click", record("click", campaign="запуск")),
    "empty source and person": ("click", record("click", source="", person="")),
    "negative zero": ("sale", raw("sale", "amount", "-0.0")),
    "exponent": ("sale", raw("sale", "amount", "1.5E+3")),
    "largest amount": ("sale", record("sale", amount="9" * 18 + "." + "9" * 6)),
    "trailing zeros": ("sale", record("sale", amount="19.9000000000")),
}


@pytest.mark.parametrize(("topic", "value", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_record_gets_its_reason(topic, value, reason):
    result = outcome(topic, value)
    assert isinstance(result, Invalid), result
    assert result.reason is reason
    assert 0 < len(result.detail) <= MAX_DETAIL
    assert result.detail.isprintable()


@pytest.mark.parametrize(("topic", "value"), COUNTED.values(), ids=COUNTED.keys())
def test_odd_but_sound_record_is_accepted(topic, value):
    assert isinstance(outcome(topic, value), Accepted)


def test_every_reason_has_a_case_and_a_ledger_measure():
    assert {reason for _, _, reason in REFUSED.values()} == set(Reason)
    assert [measure_reason(reason_measure(reason)) for reason in Reason] == list(Reason)


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
@pytest.mark.parametrize("name", ["id", "time", "campaign", "channel"])
def test_missing_field_is_named_in_every_topic(topic, name):
    result = outcome(topic, record(topic, **{name: ...}))
    assert result == Invalid(Reason.MISSING_FIELD, f"{name} is missing")


def test_last_of_duplicate_keys_wins():
    result = outcome("click", raw("click", "id", '"first", "id": "last"'))
    assert isinstance(result, Accepted)
    assert result.event.id == "last"


def test_bad_value_of_a_duplicate_key_refuses_the_record_wherever_it_stands():
    refused = outcome("click", raw("click", "id", '7, "id": "last"'))
    assert isinstance(refused, Invalid)
    assert refused.reason is Reason.BAD_ID


def test_unknown_channel_is_counted_as_other_and_marked():
    for name in ("tv", "Email", "", "x" * 10_000, "a\0b"):
        result = outcome("click", record("click", channel=name))
        assert isinstance(result, Accepted)
        assert (result.channel, result.unknown_channel) == (19, True)
    other = outcome("click", record("click", channel="other"))
    assert isinstance(other, Accepted)
    assert (other.channel, other.unknown_channel) == (19, False)


def test_mended_record_keeps_its_texts():
    result = outcome("click", record("click", campaign="launch 🚀", link="cut \ud83d"))
    assert isinstance(result, Accepted)
    assert result.event.campaign == "launch 🚀"


def test_depth_is_refused_at_any_depth_of_the_caller():
    value = raw("click", "x", "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))

    def deeper(frames: int) -> object:
        return deeper(frames - 1) if frames else outcome("click", value)

    assert isinstance(deeper(400), Accepted)


def test_details_never_quote_personal_data():
    secret = "jane@example.com"
    for name in ("id", "time", "sent_at", "campaign", "channel", "source", "person", "test", "machine"):
        for value in (secret, [secret], {secret: secret}, secret + "\ud800", secret + "\0", secret * 20):
            changed = record("click", **{name: value})
            enveloped = b'{"specversion": "1.0", "data": ' + changed + b"}"
            for result in (outcome("click", changed), outcome("click", enveloped)):
                if isinstance(result, Invalid):
                    assert secret not in result.detail


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 1_000_000,
        b"[]," * 333_333,
        b'"\\"' * 250_000,
        b'{"x":"' + b'\\"' * 499_000,
        b"\\u" * 500_000,
        b'"' * 10**6,
    ],
)
def test_hostile_megabyte_takes_no_long_time(value):
    started = time.process_time()
    assert isinstance(outcome("click", b"[" * 300 + value[: MAX_BYTES - 300]), Invalid)
    assert isinstance(outcome("click", value), Invalid)
    assert time.process_time() - started < 2
