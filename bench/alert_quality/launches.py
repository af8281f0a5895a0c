"""The launches that alerts are judged by: what is planned for each follows from its seed and number alone."""

from __future__ import annotations

import random
from dataclasses import dataclass

from agents.demo.story import CHANNEL_WEIGHTS, LAUNCH_HOURS, MARKETS, Market

QUIET_MINUTES = 105
"""So that alerts that look back for 75 minutes are judged for half an hour."""
DROPPED_MINUTES, DROP_MINUTE = 60, 45


@dataclass(frozen=True, slots=True)
class Mailing:
    """A peak of messages and of what they bring.

    at: minute of the launch; minutes: how long it is sent; messages: as seconds of the launch's mean rate of
    deliveries; answered: clicks a message; answer_minutes: half-life of the answers.
    """

    channel: str
    at: float
    minutes: float
    messages: float
    answered: float
    answer_minutes: float


@dataclass(frozen=True, slots=True)
class Talk:
    """A teaser is talked about: from minute `at` on up to `times` more mentions, which ebb."""

    at: float
    times: float
    ebb_minutes: float


@dataclass(frozen=True, slots=True)
class Drop:
    """From DROP_MINUTE on so large a share of a channel's engagements is lost. dead: the visits stay away too; else
    people come and do nothing, as in the simulator's bad hours."""

    channel: str
    share: float
    dead: bool


@dataclass(frozen=True, slots=True)
class Launch:
    """rate: the simulator's events a second, on average; story_hour: where in the story it begins; hour: of the day;
    day_swing: how much fewer events the night has (0 to 1)."""

    name: str
    seed: int
    market: Market
    rate: float
    story_hour: float
    hour: float
    weekend: bool
    day_swing: float
    minutes: int
    mailings: tuple[Mailing, ...] = ()
    talks: tuple[Talk, ...] = ()
    drop: Drop | None = None


def planned(seed: int, number: int, dropped: bool) -> Launch:
    """The launch of that number, quiet or with a drop."""
    rng = random.Random(f"{seed}/{number}/{dropped}")
    minutes = DROPPED_MINUTES if dropped else QUIET_MINUTES
    mailings = tuple(_mailing(rng, minutes) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    talks = tuple(
        Talk(rng.uniform(-30, minutes), rng.uniform(0.5, 4), rng.uniform(15, 45)) for _ in range(rng.choice((0, 0, 1)))
    )
    return Launch(
        f"{'drop' if dropped else 'quiet'}-{number:03}", rng.getrandbits(32), rng.choice(MARKETS),
        10 ** rng.uniform(1, 3), rng.uniform(0, LAUNCH_HOURS - minutes / 60), rng.uniform(0, 24), rng.random() < 2 / 7,
        rng.uniform(0.2, 0.7), minutes, mailings, talks, _drop(rng) if dropped else None,
    )  # fmt: skip


def _mailing(rng: random.Random, minutes: int) -> Mailing:
    return Mailing(
        rng.choice(("email", "email", "push", "sms")), rng.uniform(-30, minutes), rng.uniform(1, 15),
        rng.uniform(60, 1_200), rng.uniform(0.02, 0.08), rng.uniform(5, 25),
    )  # fmt: skip


def _drop(rng: random.Random) -> Drop:
    channel = rng.choice(sorted({*CHANNEL_WEIGHTS["visit"], *CHANNEL_WEIGHTS["mention"]} - {"other"}))
    reached = any(channel in CHANNEL_WEIGHTS[topic] for topic in ("delivery", "impression"))
    return Drop(channel, rng.uniform(0.3, 0.8), dead=reached and rng.random() < 0.3)
