"""What holds for every topic of the catalogue, so for a new one too."""

from pathlib import Path

import msgspec
import pytest

from streams.events import campaigns, reference
from streams.events.catalogue import TOPICS, topic_by_code, topic_by_name
from streams.events.channels import CHANNELS
from streams.events.errors import Reason
from streams.events.measures import Measure
from streams.events.topic import COMMON_FIELDS, TOPIC_CODES, Event, no_people
from tests.unit.event_records import accepted, counted, people

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def test_codes_and_names_find_their_topic():
    assert [topic.code for topic in TOPICS] == list(range(1, 13))
    for topic in TOPICS:
        assert topic_by_name(topic.name) is topic_by_code(topic.code) is topic
    with pytest.raises(KeyError):
        topic_by_name("campaign")
    assert list(TOPIC_CODES) == [topic.name for topic in TOPICS]


@each_topic
def test_example_is_accepted_and_counts_something(topic):
    result = accepted(topic.name)
    assert result.channel == CHANNELS.index(str(topic.example["channel"])) + 1
    assert not result.unknown_channel
    assert counted(topic.name)


@each_topic
def test_event_marked_as_a_test_counts_as_its_topic_s_test_alone(topic):
    assert counted(topic.name, test=True) == {topic.test_measure: 1}
    assert people(topic.name, test=True, person="p") == ()
    assert topic.test_measure == Measure[f"TESTS_{topic.name.upper()}"]


@each_topic
def test_what_is_stated_is_a_line_of_texts_a_day_and_bytes(topic):
    stated = topic.fact(accepted(topic.name).event)
    assert (stated is not None) == (topic.name in ("spend", "tactic"))
    if stated is not None:
        assert {type(part) for part in stated.line} == {str}
        assert (type(stated.day), type(stated.value)) == (int, bytes)
        assert topic.fact(accepted(topic.name, test=True).event) is None


@each_topic
def test_flag_that_is_not_set_counts_the_same_whether_it_is_absent_null_or_false(topic):
    required = {field.name for field in msgspec.structs.fields(topic.event) if field.required}
    for flag in set(topic.flags or ()) - required:
        absent = accepted(topic.name, person="p", **{flag: ...}).event
        for unset in (None, False):
            event = msgspec.structs.replace(absent, **{flag: unset})
            counts: list[dict[int, int]] = [{}, {}]
            for add, each in zip(counts, (absent, event), strict=True):
                topic.count(each, add)
            assert counts[0] == counts[1]
            assert topic.people(event) == topic.people(absent)


@each_topic
def test_keys_and_people_are_plain_integers(topic):
    assert {type(key) for key in counted(topic.name)} == {int}
    assert {type(kind) for kind in people(topic.name, person="p")} == (
        {int} if topic.people is not no_people else set()
    )


@each_topic
def test_documented_fields_are_those_that_are_read(topic):
    own = set(topic.event.__struct_fields__) - set(Event.__struct_fields__)
    assert {field.name for field in topic.fields if field.read} == own
    required = {field.name for field in msgspec.structs.fields(topic.event) if field.required}
    assert {field.name for field in (*COMMON_FIELDS, *topic.fields) if field.required} == required
    assert set(topic.example) <= {field.name for field in (*COMMON_FIELDS, *topic.fields)}


@each_topic
def test_reference_shows_every_field_and_count(topic):
    text = reference.render()
    assert f"## `{topic.name}`" in text
    for field in topic.fields:
        assert f"| `{field.name}` |" in text
    for count in topic.counts:
        assert count in text


def test_reference_shows_every_reason_channel_and_catalogue_field():
    text = reference.render()
    for name in (*Reason, *CHANNELS, *campaigns.Campaign.__struct_fields__):
        assert f"`{name}`" in text
    assert tuple(field.name for field in campaigns.FIELDS) == campaigns.Campaign.__struct_fields__


def test_reference_in_the_docs_is_up_to_date():
    written = Path(__file__).parents[2] / "docs" / "topics.md"
    assert written.read_text(encoding="utf-8") == reference.render()
