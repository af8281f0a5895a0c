"""Other forms in which an event may come: a CloudEvent 1.0, structured or binary, and behind a schema registry's frame.

Each is turned into the plain form, one JSON object with the event's fields. A plain record passes by all of this: a
binary CloudEvent shows in its headers, and what is in an envelope or a frame is no event to the plain decoder.
"""

import codecs
from base64 import b64decode
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec

from streams.events.errors import TOO_DEEP, Invalid, Reason
from streams.events.surrogates import without_lone_surrogates

FRAME_BYTES: Final = 5
"""A schema registry's frame before the JSON: a zero byte and four of the schema's id."""

VERSION: Final = msgspec.Raw(b'"1.0"')
MARK: Final = b'"specversion"'
"""What every envelope holds, and hardly any other value."""

IDENTITY: Final = ("id", "source", "time")
"""What the envelope says of these is what counts; elsewhere the data's own fields go before the attributes."""

EXTENSIONS: Final = ("campaign", "channel", "person", "test")
"""The fields that may come as extension attributes too."""

_HEADER: Final = "ce_"
_READ_HEADERS: Final = {f"{_HEADER}{name}": name for name in ("specversion", *IDENTITY, *EXTENSIONS)}
_STRUCTURED: Final = b"application/cloudevents"
_NULL: Final = msgspec.Raw(b"null")
_BOOLEANS: Final = {"true": msgspec.Raw(b"true"), "false": msgspec.Raw(b"false")}


class _Envelope(msgspec.Struct, gc=False):
    specversion: msgspec.Raw
    id: msgspec.Raw = _NULL
    source: msgspec.Raw = _NULL
    time: msgspec.Raw = _NULL
    campaign: msgspec.Raw = _NULL
    channel: msgspec.Raw = _NULL
    person: msgspec.Raw = _NULL
    test: msgspec.Raw = _NULL
    data: msgspec.Raw = _NULL
    data_base64: str | None = None


_identity: Final = attrgetter(*IDENTITY)
_extensions: Final = attrgetter(*EXTENSIONS)
_encode: Final = msgspec.json.Encoder().encode
_TEXT: Final = msgspec.json.Decoder(msgspec.Raw)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


def joined(value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> bytes | None:
    """The record's value in one piece: of a CloudEvent in binary mode an envelope of its headers and the data, of any
    other record the value itself, also where a header or the data is not what it should be. Never raises."""
    attributes = {_READ_HEADERS[name]: text for name, text in headers if name in _READ_HEADERS and text is not None}
    if value is None or "specversion" not in attributes or _is_structured(headers):
        return value
    data = unframed(value).removeprefix(codecs.BOM_UTF8)
    try:
        texts = {name: text.decode() for name, text in attributes.items()}
        # Only what is JSON may stand in an envelope; what is lone in it is dealt with as in any other value.
        _TEXT.decode(without_lone_surrogates(data) if b"\\u" in data else data)
        fields: dict[str, object] = {**texts, "data": msgspec.Raw(data)}
    except (ValueError, RecursionError):
        return value
    if "test" in texts:
        fields["test"] = _BOOLEANS.get(texts["test"], texts["test"])
    return _encode(fields)


def unframed(value: bytes) -> bytes:
    """The value without a schema registry's frame; the value itself where a JSON object is not behind one."""
    if not value.startswith(b"\0"):
        return value
    inner = value[FRAME_BYTES:]
    return inner if inner.lstrip(b" \t\r\n").removeprefix(codecs.BOM_UTF8).startswith(b"{") else value


def unwrapped(value: bytes, mend: bool) -> bytes | Invalid | None:
    """The plain form of a structured CloudEvent without a frame, why it has none, or None for any other value and for
    one with lone surrogates. mend: put the replacement character for those inside `data_base64`."""
    if MARK not in value:
        return None
    try:
        envelope = _ENVELOPE.decode(value)
    except (ValueError, RecursionError):  # no object, or none with that field
        return None
    return None if envelope.specversion == _NULL else _plain(envelope, mend)


def _plain(envelope: _Envelope, mend: bool) -> bytes | Invalid | None:
    if envelope.specversion != VERSION:
        return Invalid(Reason.BAD_VALUE, "specversion must be 1.0, CloudEvents of other versions are not read")
    fields = _data(envelope, mend)
    if fields is None or isinstance(fields, Invalid):
        return fields
    fields.pop("specversion", None)
    for name, token in zip(EXTENSIONS, _extensions(envelope), strict=True):
        if token != _NULL and fields.get(name, _NULL) == _NULL:
            fields[name] = token
    for name, token in zip(IDENTITY, _identity(envelope), strict=True):
        if token != _NULL:
            fields[name] = token
    return _encode(fields)


def _data(envelope: _Envelope, mend: bool) -> dict[str, msgspec.Raw] | Invalid | None:
    if envelope.data != _NULL:
        return _object(envelope.data)
    if envelope.data_base64 is None:
        return {}
    try:
        text = unframed(b64decode(envelope.data_base64, validate=True)).removeprefix(codecs.BOM_UTF8)
    except ValueError:
        return Invalid(Reason.NOT_JSON, "data_base64 is not base64")
    mended = without_lone_surrogates(text) if b"\\u" in text else text
    return _object(mended) if mend or mended == text else None


def _object(text: bytes | msgspec.Raw) -> dict[str, msgspec.Raw] | Invalid:
    try:
        return _OBJECT.decode(text)
    except msgspec.ValidationError:
        return Invalid(Reason.NOT_OBJECT, "the CloudEvent's data is JSON, but not an object")
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return Invalid(Reason.NOT_JSON, "the CloudEvent's data is not JSON in UTF-8")


def _is_structured(headers: Sequence[tuple[str, bytes | None]]) -> bool:
    return any(
        name.lower() == "content-type" and text is not None and text.lower().startswith(_STRUCTURED)
        for name, text in headers
    )
