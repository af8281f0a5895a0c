"""What events count that differ in nothing but campaign, channel, pane and person: asked of the topic once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from streams.events.measures import Counters, Measure
from streams.events.topic import Event, Topic


@dataclass(frozen=True, slots=True)
class Alike:
    """What each of such events counts, whom it reaches if it has a person, and where the ledger has it once more."""

    counters: tuple[tuple[int, int], ...]
    people: tuple[int, ...]
    ledger: Measure | None


class AlikeByFlags(dict[tuple[Any, ...], Alike]):
    """Values of the flags `names` -> what events of a topic with these flags count that have no other flag.

    like: any event of the topic.
    """

    def __init__(self, topic: Topic, names: Sequence[str], like: Event) -> None:
        super().__init__()
        self._topic = topic
        self._names = names
        unset: dict[str, Any] = dict.fromkeys(topic.flags or (), False)
        self._like = replace(like, id="any", person="anybody", **unset)

    def __missing__(self, values: tuple[bool | None, ...]) -> Alike:
        topic, counters = self._topic, Counters()
        event = replace(self._like, **dict(zip(self._names, values, strict=True)))
        if event.test:
            counters[topic.test_measure] = 1
        else:
            topic.count(event, counters)
        ledger = Measure.LEDGER_TEST if event.test else Measure.LEDGER_MACHINE if topic.machine(event) else None
        alike = self[values] = Alike(tuple(counters.items()), topic.people(event), ledger)
        return alike
