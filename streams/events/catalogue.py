"""Every event topic that is understood. A new topic is one new file and one line here."""

from typing import Final

from streams.events import click, customer, delivery, impression, lead, mention, sale, spend, survey, tactic, visit
from streams.events import open as open_
from streams.events.topic import Topic

TOPICS: Final[tuple[Topic, ...]] = (
    click.TOPIC,
    open_.TOPIC,
    visit.TOPIC,
    mention.TOPIC,
    sale.TOPIC,
    delivery.TOPIC,
    impression.TOPIC,
    lead.TOPIC,
    spend.TOPIC,
    survey.TOPIC,
    customer.TOPIC,
    tactic.TOPIC,
)

_BY_NAME: Final = {topic.name: topic for topic in TOPICS}
_BY_CODE: Final = {topic.code: topic for topic in TOPICS}


def topic_by_name(name: str) -> Topic:
    """The topic of that name. Raises KeyError when there is none."""
    return _BY_NAME[name]


def topic_by_code(code: int) -> Topic:
    """The topic of that number. Raises KeyError when there is none."""
    return _BY_CODE[code]
