"""docs/asyncapi.yaml, an AsyncAPI 3 document of the topics: `python -m streams.events.asyncapi` prints it."""

import json
import sys
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import yaml

from streams.events import campaigns
from streams.events.catalogue import TOPICS
from streams.events.topic import COMMON_FIELDS, Event, Field, Topic

ASYNCAPI: Final = "3.0.0"
CATALOGUE: Final = "campaign"
COMMON: Final = "event"
"""The schema of the fields that every event has."""

_HEAD: Final = "# Written by `python -m streams.events.asyncapi`; do not edit.\n"
_REF: Final = "#/components/schemas/{name}"
_DESCRIPTION: Final = (
    "The topics that Launchpulse reads. Their names may have a prefix, by a setting. An event may also be a CloudEvent "
    "1.0, structured or binary, with the same fields in its data, and may stand behind a schema registry's frame; "
    "docs/topics.md says how. Unknown fields are ignored."
)

_Json = dict[str, Any]


def document() -> _Json:
    """The whole document, as JSON has it."""
    _, parts = msgspec.json.schema_components([campaigns.Campaign], ref_template=_REF)
    del parts[campaigns.Campaign.__name__]
    common = {"$ref": _REF.format(name=COMMON)}
    payloads = {COMMON: _payload(Event, COMMON_FIELDS)}
    payloads |= {topic.name: {"allOf": [common, _payload(topic.event, topic.fields)]} for topic in TOPICS}
    payloads[CATALOGUE] = _payload(campaigns.Campaign, campaigns.FIELDS)
    messages = {topic.name: _message(topic.name, topic.title, topic.description, topic) for topic in TOPICS}
    messages[CATALOGUE] = _message(CATALOGUE, "Catalogue", "One campaign; the record's key is its id.", None)
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": "Launchpulse", "version": "1", "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, message["summary"]) for name, message in messages.items()},
        "operations": {f"read_{name}": _operation(name) for name in messages},
        "components": {"messages": messages, "schemas": payloads | parts},
    }


def render() -> str:
    """The document as YAML."""
    # What stands in several places is written in full: not every reader of YAML knows aliases.
    apart = json.loads(json.dumps(document()))
    text: str = yaml.safe_dump(apart, sort_keys=False, allow_unicode=True, width=120)
    return _HEAD + text


def _channel(name: str, description: str) -> _Json:
    return {
        "address": name,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(name: str) -> _Json:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _message(name: str, title: str, summary: str, topic: Topic | None) -> _Json:
    message = {
        "name": name,
        "title": title,
        "summary": summary,
        "payload": {"$ref": _REF.format(name=name)},
    }
    return message if topic is None else {**message, "examples": [{"name": name, "payload": dict(topic.example)}]}


def _payload(struct: type, fields: Iterable[Field]) -> _Json:
    """The schema of a struct: of each field what its type says, and what its description knows beyond that."""
    types = {each.name: each.type for each in msgspec.structs.fields(struct)}
    properties = {
        field.name: {**_schema(types.get(field.name, str)), **field.schema, "description": field.text}
        for field in fields
    }
    return {"type": "object", "properties": properties, "required": [field.name for field in fields if field.required]}


def _schema(kind: Any) -> _Json:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return schema


if __name__ == "__main__":
    sys.stdout.write(render())
