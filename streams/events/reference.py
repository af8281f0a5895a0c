"""docs/topics.md, rendered from the catalogue: `python -m streams.events.reference` prints it."""

import json
import sys
from collections.abc import Iterable, Iterator

from streams.events import campaigns
from streams.events.catalogue import TOPICS
from streams.events.channels import CHANNELS
from streams.events.decode import FUTURE_MS, LATE_MS, MAX_CLOCK_AHEAD_MS
from streams.events.errors import Reason
from streams.events.forms import EXTENSIONS, IDENTITY
from streams.events.topic import COMMON_FIELDS, HOUR_MS, Field, Topic

_MINUTE_MS = 60_000


def _names(fields: Iterable[str]) -> str:
    *first, last = (f"`{name}`" for name in fields)
    return f"{', '.join(first)} and {last}"


_HEAD = f"""\
# The topics

<!-- Written by `python -m streams.events.reference`; do not edit. -->

Every record's value is one JSON object in UTF-8, under any key and with any headers; other forms are told of below.
`docs/asyncapi.yaml` has all of this for machines. Unknown fields are ignored, so are the fields marked "not read"
below. A null in an optional field is the same as its absence; of duplicate keys the last wins. A record that cannot be
counted becomes a dead letter with one of the reasons at the end; it never stops others.

Each event counts once. It is the same event again when topic, `source`, `id` and the UTC hour of `time` are the same,
so a resend must repeat these four. A topic whose horizon is "none" states facts: the same statement twice says nothing
new, and counts as two statements.

- **Late**: Kafka received the event more than {LATE_MS // _MINUTE_MS} minutes after its `time`. It is counted.
- **Too old**: later than the topic's horizon. It is refused, because a duplicate could not be told any more.
- **In the future**: `time` is more than {FUTURE_MS // _MINUTE_MS} minutes after Kafka received the event. It is
  refused, unless `sent_at` shows that the sender's clock is ahead by that much (at most \
{MAX_CLOCK_AHEAD_MS // HOUR_MS} h): then `time` is set back by
  as much as `sent_at` is ahead.
- **Test events** (`test` is true) are counted apart and are in no KPI.

## Fields of every event

"""

_FORMS = f"""\
## Other forms

Each is the same event as its plain form: a resend may come in another.

- **CloudEvents 1.0, structured**: the value is the envelope, `data` (or the same in `data_base64`) holds the fields.
  The envelope's {_names(IDENTITY)} are the event's own, whatever `data` says; a `time` that the envelope
  does not have is taken from `data`. {_names(EXTENSIONS)} may be extension attributes; `data`
  goes before them. Other attributes are not read. Another `specversion` is refused (`bad_value`).
- **CloudEvents 1.0, binary**: the same from headers (`ce_id`, `ce_time` …), where there is a `ce_specversion`; the
  value is `data`.
- **A schema registry's frame**: a zero byte and four bytes of the schema's id before the JSON object are skipped, for
  JSON only.

"""

_CATALOGUE = """\
## `campaign`

The catalogue: one record a campaign, keyed by its id, in a compacted topic; `launchpulse campaigns apply` writes it
from YAML, and refuses a field that does not exist. It changes nothing that is counted. Only the id is required.

"""


def render() -> str:
    """The whole reference as Markdown."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    yield _table(COMMON_FIELDS)
    yield "\n### Channels\n\n"
    yield ", ".join(f"`{name}`" for name in CHANNELS) + ".\n\n"
    for topic in TOPICS:
        yield _topic(topic)
    yield _FORMS
    yield _CATALOGUE
    yield _table(campaigns.FIELDS)
    yield "\n## Why a record is refused\n\n| reason | meaning |\n|---|---|\n"
    for reason in Reason:
        yield f"| `{reason}` | {_cell(reason.meaning)} |\n"


def _topic(topic: Topic) -> str:
    return (
        f"## `{topic.name}`: {topic.title.lower()}\n\n{topic.description}\n\n"
        f"{_table(topic.fields)}\n"
        f"Counts: {'; '.join(topic.counts)}.\n\nHorizon: {_horizon(topic.horizon_ms)}.\n\n"
        f"```json\n{json.dumps(dict(topic.example), ensure_ascii=False, indent=2)}\n```\n\n"
    )


def _horizon(horizon_ms: int | None) -> str:
    if horizon_ms is None:
        return "none"
    hours = horizon_ms // HOUR_MS
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"


def _table(fields: Iterable[Field]) -> str:
    rows = "".join(
        f"| `{field.name}` | {_cell(field.type)} | {_need(field)} | {_cell(field.text)} |\n" for field in fields
    )
    return f"| field | type | | meaning |\n|---|---|---|---|\n{rows}"


def _need(field: Field) -> str:
    return "required" if field.required else "optional" if field.read else "not read"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
