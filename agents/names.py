"""What the topics are called in Kafka: the event topics behind a prefix, the service's own behind its application
id."""

from collections.abc import Mapping

from agents.settings import Settings
from streams.events.catalogue import topic_by_name
from streams.events.topic import Topic


class Names:
    """The names of one deployment's topics."""

    def __init__(self, settings: Settings) -> None:
        application = settings.application_id
        self.summaries = f"{application}-summaries"
        self.panes_changelog = f"{application}-panes-changelog"
        self.people_changelog = f"{application}-people-changelog"
        self.dead_letters = f"{application}-dead-letters"
        self.settings = f"{application}-settings"
        self.catalogue = f"{settings.topic_prefix}campaign"
        self.event_topics: Mapping[str, Topic] = {
            f"{settings.topic_prefix}{name}": topic_by_name(name) for name in settings.topics
        }
        """Name in Kafka -> event topic, of the enabled ones."""
