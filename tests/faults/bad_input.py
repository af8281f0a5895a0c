"""The bad input that the service promises to survive, by name, each with what must become of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.faults.events import OK, Record

DEEP = 10_000
CODECS = ("gzip", "snappy", "lz4", "zstd")
BIG = 10_000_000
HOUR_MS = 3_600_000

_OWN = {
    "sale": {"amount": "12.50", "currency": "EUR"},
    "delivery": {"status": "delivered"},
    "spend": {"day": "2026-11-20", "amount": "12.50", "currency": "EUR"},
    "survey": {"kind": "csat", "score": 4},
    "customer": {"status": "active"},
    "tactic": {"title": "Price down"},
}

Case = tuple[str, str, bytes | None, str]
"""Its name, the topic, the value, the truth."""


class BadInput:
    """Every case once, at about `now_ms` (epoch milliseconds). run: part of the ids."""

    def __init__(self, run: str, now_ms: int) -> None:
        self._run, self._now_ms, self._number = run, now_ms, 0

    def event(self, topic: str, **changes: Any) -> bytes:
        """A sound event with some fields changed; one that is changed to `...` is left out."""
        self._number += 1
        fields = {
            "id": f"{self._run}-{self._number}",
            "time": self._now_ms - 1_000,
            "campaign": "aurora",
            "channel": "email",
            **_OWN.get(topic, {}),
            **changes,
        }
        return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()

    def raw(self, topic: str, field: str, token: str) -> bytes:
        """An event with one field whose JSON token is taken as it is."""
        return self.event(topic, **{field: ...})[:-1] + f', "{field}": {token}}}'.encode()

    def coded(self, topic: str, **changes: Any) -> bytes:
        """A structured CloudEvent whose data is in base64."""
        event = json.loads(self.event(topic, **changes))
        envelope = {"specversion": "1.0", "type": "x", "id": event.pop("id"), "time": event.pop("time")}
        return json.dumps({**envelope, "data_base64": b64encode(json.dumps(event).encode()).decode()}).encode()

    def refused(self) -> Iterator[Case]:
        """What goes to the dead letters."""
        event, raw = self.event, self.raw
        nested = "[" * DEEP + "]" * DEEP
        yield "null value", "click", None, "tombstone"
        yield "not JSON", "click", b"hello", "not_json"
        yield "JSON but not an object", "click", b"[1, 2, 3]", "not_object"
        yield "nesting 10,000 deep", "click", raw("click", "x", nested), "too_deep"
        yield "NaN", "sale", raw("sale", "amount", "NaN"), "not_json"
        yield "1e400", "sale", raw("sale", "amount", "1e400"), "bad_amount"
        yield "negative amount", "sale", event("sale", amount=-5), "bad_amount"
        yield "amount of 30 digits", "sale", raw("sale", "amount", "1" * 30), "bad_amount"
        yield "missing id", "open", event("open", id=...), "missing_field"
        yield "empty id", "open", event("open", id=""), "bad_id"
        yield "numeric id", "open", event("open", id=17), "bad_id"
        yield "time as text", "visit", event("visit", time="yesterday"), "bad_time"
        yield "time in seconds", "visit", event("visit", time=self._now_ms // 1000), "too_old"
        yield "year 1", "visit", event("visit", time="0001-01-01T00:00:00Z"), "too_old"
        yield "year 9999", "visit", event("visit", time="9999-12-31T23:59:59Z"), "future"
        yield "campaign with NUL", "mention", event("mention", campaign="a\0b"), "bad_label"
        yield "campaign with a lone surrogate", "mention", event("mention", campaign="a\ud800"), "bad_label"
        yield "campaign with a bidi override", "mention", event("mention", campaign="a\u202eb"), "bad_label"
        yield "campaign of 10 KB", "mention", event("mention", campaign="x" * 10_240), "bad_label"
        yield "duplicate keys, the last one bad", "click", raw("click", "id", '"a", "id": ""'), "bad_id"
        yield "UTF-16", "click", event("click").decode().encode("utf-16"), "not_json"
        yield "invalid UTF-8", "click", event("click", campaign="LABEL").replace(b"LABEL", b"\xff\xfe"), "not_json"
        yield "unknown status", "delivery", event("delivery", status="read"), "bad_value"
        yield "impression of nothing", "impression", event("impression", count=0), "bad_value"
        yield "unknown stage", "lead", event("lead", stage="cold"), "bad_value"
        yield "day that there is not", "spend", event("spend", day="2026-02-30"), "bad_value"
        yield "negative spend", "spend", event("spend", amount="-1"), "bad_amount"
        yield "score off its scale", "survey", event("survey", score=6), "bad_value"
        yield "unknown reason", "customer", event("customer", status="cancelled", reason="moved"), "bad_value"
        yield "title with a bidi override", "tactic", event("tactic", title="a\u202eb"), "bad_value"
        yield "CloudEvent of another version", "click", raw("click", "specversion", '"0.3"'), "bad_value"
        yield "CloudEvent without an object", "click", raw("click", "specversion", '"1.0", "data": [1]'), "not_object"
        yield "lone surrogate in base64", "mention", self.coded("mention", campaign="a\ud800"), "bad_label"
        yield "Avro behind a frame", "click", b"\0\0\0\0\7\2c", "not_json"
        yield "a megabyte too much", "click", event("click", link="x" * 1_000_000), "too_large"

    def counted(self) -> Iterator[Case]:
        """What looks odd and is counted all the same."""
        event, raw = self.event, self.raw
        yield "unknown channel", "click", event("click", channel="carrier_pigeon"), OK
        yield "byte order mark", "click", b"\xef\xbb\xbf" + event("click"), OK
        yield "duplicate keys, the last one good", "click", raw("click", "channel", '"sms", "channel": "push"'), OK
        unread = event("open", message="M").replace(b'"M"', b'"\xff"')
        yield "invalid UTF-8 in a field that is not read", "open", unread, OK
        yield "a text cut inside an emoji", "mention", event("mention", text="great \ud83d", sentiment=1), OK
        yield "null in optional fields", "sale", event("sale", source=None, person=None, cost=None, units=None), OK
        yield "largest amount", "sale", event("sale", amount="9" * 18 + "." + "9" * 6, currency="CHF"), OK
        yield "an amount with an exponent", "sale", raw("sale", "amount", "1.5E+3"), OK
        yield "id with control characters", "visit", event("visit", id=f"{self._run}-a\0\n"), OK
        yield "late by a day", "visit", event("visit", time=self._now_ms - 24 * HOUR_MS), OK
        written = datetime.fromtimestamp(self._now_ms // 1000, timezone(timedelta(hours=9))).isoformat()
        yield "time as RFC 3339", "visit", event("visit", time=written), OK
        yield "spend of nothing", "spend", event("spend", amount=0), OK
        yield "spend of long ago", "spend", event("spend", time=self._now_ms - 900 * 24 * HOUR_MS, day="1970-01-02"), OK
        yield "frame with brackets and quotes", "click", b'\0[{"\\' + event("click", link="[" * 600), OK
        enveloped = raw("click", "specversion", '"1.0", "type": "x", "data": {"campaign": "borealis"}')
        yield "CloudEvent whose data goes before its attributes", "click", enveloped, OK
        cut = self.coded("mention", text="great \ud83d", sentiment=1)
        yield "a text in base64 cut inside an emoji", "mention", cut, OK
        yield "campaign in Cyrillic", "open", event("open", campaign="запуск"), OK

    def all(self) -> list[Record]:
        """Every case, a sound event behind each, with headers of any kind."""
        kinds: tuple[tuple[tuple[str, bytes], ...], ...] = (
            (),
            (("empty", b""), ("empty", b"twice"), ("", b"no name")),
            (("bytes", bytes(range(256))), ("launchpulse.reason", b"forged"), ("имя", "значение".encode())),
            tuple((f"h{number}", b"x" * 50) for number in range(100)),
        )
        records = []
        for number, (name, topic, value, truth) in enumerate([*self.refused(), *self.counted()]):
            extra = (("case", name.encode()), *kinds[number % len(kinds)])
            records.append(Record(topic, name.encode(), value, truth, extra))
            records.append(Record(topic, b"between", self.event(topic)))
        return records

    def flood(self, campaigns: int) -> Iterator[Record]:
        """So many distinct campaigns, one event each."""
        for number in range(campaigns):
            yield Record("click", b"%d" % number, self.event("click", campaign=f"flood-{number}"))

    def big(self) -> Record:
        """A record of 10 MB, for a topic that allows it; compressed it is small."""
        return Record("visit", b"big", self.event("visit", page="x" * BIG), "too_large", (("case", b"10 MB"),))
