"""Other forms of an event than plain JSON: in a schema registry's frame, and CloudEvents; written and read by hand."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

ENVELOPE = ("id", "source", "time")
Headers = tuple[tuple[str, bytes], ...]


def in_another_form(rng: random.Random, fields: dict[str, Any]) -> tuple[bytes, Headers]:
    """An event's value and headers: behind a frame, or as a CloudEvent of either mode."""
    form = rng.randrange(3)
    if form == 0:
        return framed(fields, rng.randbytes(4)), ()
    return structured(fields) if form == 1 else binary(fields)


def framed(fields: dict[str, Any], schema: bytes) -> bytes:
    """The event behind a schema registry's frame."""
    return b"\0" + schema + written(fields)


def structured(fields: dict[str, Any]) -> tuple[bytes, Headers]:
    """The event as a structured CloudEvent; its campaign is an extension attribute."""
    attributes = {name: fields[name] for name in (*ENVELOPE, "campaign") if name in fields}
    data = {name: value for name, value in fields.items() if name not in attributes}
    whole = {"specversion": "1.0", "type": "launch", **attributes, "data": data}
    return written(whole), (("content-type", b"application/cloudevents+json; charset=UTF-8"),)


def binary(fields: dict[str, Any]) -> tuple[bytes, Headers]:
    """The event as a CloudEvent in binary mode."""
    time = datetime.fromtimestamp(fields["time"] / 1000, UTC).isoformat(timespec="milliseconds")
    told = {"specversion": "1.0", "type": "launch", **{name: fields[name] for name in ENVELOPE if name in fields}}
    headers = tuple((f"ce_{name}", str(text).encode()) for name, text in {**told, "time": time}.items())
    data = {name: value for name, value in fields.items() if name not in ENVELOPE}
    return written(data), (*headers, ("content-type", b"application/json"))


def written(fields: Mapping[str, Any]) -> bytes:
    """Plain JSON."""
    return json.dumps(fields, ensure_ascii=False).encode()


def plain(value: bytes, headers: Mapping[str, bytes | None]) -> dict[str, Any]:
    """The fields of a sound event, in whichever form it came."""
    value = value[5:] if value.startswith(b"\0") else value
    fields: dict[str, Any] = json.loads(value.decode("utf-8-sig", "replace"), parse_float=Decimal)
    if "specversion" in fields:
        data = fields.pop("data") if "data" in fields else json.loads(b64decode(fields.pop("data_base64")))
        attributes = {name: text for name, text in fields.items() if name not in ("specversion", "type")}
        return {**attributes, **data, **{name: fields[name] for name in ENVELOPE if name in fields}}
    if "ce_specversion" in headers:
        told = {name: headers.get(f"ce_{name}") for name in ENVELOPE}
        return {**fields, **{name: text.decode() for name, text in told.items() if text is not None}}
    return fields
