"""The AsyncAPI document: valid by the published schema, its own schemas true of what the service takes and refuses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from streams.events import asyncapi
from streams.events.campaigns import FIELDS, encode_campaign, parse_campaign
from streams.events.catalogue import TOPICS
from streams.events.decode import Accepted
from streams.events.topic import COMMON_FIELDS
from tests.unit.event_records import fields, outcome

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = json.loads((ROOT / "tests" / "data" / "asyncapi" / "3.0.0.json").read_text(encoding="utf-8"))
DOCUMENT = yaml.safe_load(asyncapi.render())
each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def allows(name: str, payload: object) -> bool:
    """Whether the document's schema of that message takes the payload."""
    schema = {"components": DOCUMENT["components"], "$ref": f"#/components/schemas/{name}"}
    return Draft7Validator(schema).is_valid(payload)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(inner)


def test_document_is_valid_by_the_published_schema() -> None:
    assert list(Draft7Validator(PUBLISHED).iter_errors(DOCUMENT)) == []
    assert list(Draft7Validator(PUBLISHED).iter_errors({**DOCUMENT, "channels": []}))


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert found
    for reference in found:
        part = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_every_topic_has_its_channel_operation_and_message() -> None:
    names = [*(topic.name for topic in TOPICS), "campaign"]
    assert list(DOCUMENT["channels"]) == list(DOCUMENT["components"]["messages"]) == names
    assert [operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()] == [
        f"#/channels/{name}" for name in names
    ]


def test_every_schema_is_a_schema_and_says_all_fields() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for schema in schemas.values():
        Draft7Validator.check_schema(schema)
    assert list(schemas["event"]["properties"]) == [field.name for field in COMMON_FIELDS]
    assert list(schemas["campaign"]["properties"]) == [field.name for field in FIELDS]
    for topic in TOPICS:
        assert list(schemas[topic.name]["allOf"][1]["properties"]) == [field.name for field in topic.fields]


@each_topic
def test_example_fits_its_schema_and_is_taken_by_the_service(topic) -> None:
    (example,) = DOCUMENT["components"]["messages"][topic.name]["examples"]
    assert allows(topic.name, example["payload"])
    assert isinstance(outcome(topic.name, json.dumps(example["payload"]).encode()), Accepted)


@each_topic
def test_what_the_schema_refuses_the_service_refuses_too(topic) -> None:
    names = [field.name for field in (*COMMON_FIELDS, *topic.fields)]
    refused = 0
    for name in names:
        for value in (..., None, True, -1, 1.5, 10**30, "", "x" * 2_000, "yesterday", [], {}):
            changed = fields(topic.name, {name: value})
            if not allows(topic.name, changed) and name not in unread(topic):
                refused += 1
                assert not isinstance(outcome(topic.name, json.dumps(changed).encode()), Accepted), (name, value)
    assert refused > 30


def unread(topic: Any) -> set[str]:
    """Fields that the service does not look into, though the document says what they should be."""
    return {field.name for field in topic.fields if not field.read}


@each_topic
def test_null_in_an_optional_field_fits_the_schema(topic) -> None:
    for field in (*COMMON_FIELDS, *topic.fields):
        if not field.required and field.read:
            assert allows(topic.name, fields(topic.name, {field.name: None})), field.name


def test_campaign_as_the_service_writes_it_fits_its_schema() -> None:
    entry = {
        "id": "aurora",
        "starts_at": "2026-11-24T00:00:00Z",
        "owner": {"name": "Maria", "contact": "m@example.com"},
        "budget": "1000.50",
        "currency": "EUR",
        "fx": [{"currency": "USD", "day": "2026-11-01", "rate": "0.9"}],
        "targets": [{"kpi": "reach", "window": "launch", "min": "5"}],
    }
    assert allows("campaign", json.loads(encode_campaign(parse_campaign(entry))))
    assert not allows("campaign", {**entry, "id": 7})


def test_document_in_the_docs_is_up_to_date() -> None:
    assert (ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8") == asyncapi.render()
