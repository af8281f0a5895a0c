"""Changing the campaign catalogue: what the topic holds, what a file wants, and the records that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from aiokafka import AIOKafkaProducer

from agents.connections import kafka_arguments
from agents.names import Names
from agents.operations.compacted import read_whole
from agents.settings import Settings
from streams.counting.admissions import encode_admission
from streams.counting.summaries import summaries_partition
from streams.events.campaigns import Campaign, decode_campaign, encode_campaign
from streams.events.errors import CatalogueError

ChangeKind = Literal["new", "changed", "unchanged", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one campaign. `fields`: those that differ, each before and after (None: absent)."""

    campaign: str
    kind: ChangeKind
    fields: Mapping[str, tuple[Any, Any]]


async def read_catalogue(settings: Settings) -> dict[str, Campaign]:
    """The catalogue as the topic holds it, by campaign. An entry that can't be read is left out."""
    catalogue: dict[str, Campaign] = {}
    async for record in read_whole(Names(settings).catalogue, kafka_arguments(settings)):
        name = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            catalogue.pop(name, None)
            continue
        try:
            catalogue[name] = decode_campaign(record.value)
        except CatalogueError:
            catalogue.pop(name, None)
    return catalogue


def changes(before: Mapping[str, Campaign], wanted: Sequence[Campaign], prune: bool = False) -> list[Change]:
    """What applying `wanted` changes, in its order; with `prune` campaigns that it does not name are removed."""
    found = []
    for campaign in wanted:
        old = before.get(campaign.id)
        fields = _differing(old, campaign)
        kind: ChangeKind = "new" if old is None else "changed" if fields else "unchanged"
        found.append(Change(campaign.id, kind, fields))
    if prune:
        named = {campaign.id for campaign in wanted}
        found += [Change(name, "removed", {}) for name in before if name not in named]
    return found


async def send_changes(settings: Settings, found: Sequence[Change], wanted: Sequence[Campaign]) -> None:
    """Writes what differs, and an admission of every campaign that is wanted; returns when the broker has all of it.

    Doing it again changes nothing: an admission of a campaign that has its place is no news.
    """
    names = Names(settings)
    by_name = {campaign.id: campaign for campaign in wanted}
    producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **kafka_arguments(settings))
    await producer.start()
    try:
        sent = []
        for name in by_name:
            key = name.encode()
            partition = summaries_partition(key, settings.summaries_partitions)
            sent.append(await producer.send(names.summaries, encode_admission(name), key, partition))
        for change in found:
            if change.kind != "unchanged":
                value = None if change.kind == "removed" else encode_campaign(by_name[change.campaign])
                sent.append(await producer.send(names.catalogue, value, change.campaign.encode(), 0))
        for future in sent:
            await future
    finally:
        await producer.stop()


def leaves(value: object, path: str) -> dict[str, object]:
    """A field's single values, each by its path, such as `targets[0].min`; none where the field is absent (None)."""
    if isinstance(value, dict):
        inner = [(f"{path}.{name}", each) for name, each in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{place}]", each) for place, each in enumerate(value)]
    else:
        return {} if value is None else {path: value}
    return {leaf: each for below, entry in inner for leaf, each in leaves(entry, below).items()}


def plain(campaign: Campaign) -> dict[str, Any]:
    """The campaign as JSON has it."""
    fields: dict[str, Any] = orjson.loads(encode_campaign(campaign))
    return fields


def _differing(old: Campaign | None, new: Campaign) -> dict[str, tuple[Any, Any]]:
    was, now = {} if old is None else plain(old), plain(new)
    return {name: (was.get(name), now.get(name)) for name in sorted({*was, *now}) if was.get(name) != now.get(name)}
