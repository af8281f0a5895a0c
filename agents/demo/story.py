"""The launch that the simulator plays: three campaigns, their channels and markets, and what happens when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Market:
    """A campaign of the simulation: its share of all events, its currencies (with their share and the price of one
    unit in cents), the languages of its mentions, and how many people it could reach."""

    campaign: str
    name: str
    owner: str
    share: float
    prices: Mapping[str, tuple[float, int]]
    languages: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the story.

    `until` is where it ends, in hours of the launch; `rate` multiplies the number of events; `engaged` is the share of
    visits that are engaged; `mood` is the mean sentiment, -1 to 1; `tests` the share of test events. `more` multiplies
    the weights of topics. `hit` names the campaigns that a trouble is about; the others go on as in calm times.
    """

    name: str
    text: str
    until: float
    rate: float
    engaged: float
    mood: float
    tests: float = 0.005
    more: Weights = field(default_factory=dict)
    hit: tuple[str, ...] = ()


MARKETS = (
    Market("aurora", "Aurora lamp, Europe", "Maria", 0.55, {"EUR": (0.7, 4990), "GBP": (0.3, 4490)}, ("en",), 60_000),
    Market(
        "zarya", "Заря, запуск в СНГ", "Олег", 0.25, {"RUB": (0.8, 499_000), "KZT": (0.2, 2_599_000)}, ("ru",), 30_000
    ),
    Market(
        "borealis",
        "Borealis headphones",
        "Sam",
        0.2,
        {"USD": (0.85, 12_900), "JPY": (0.15, 1_980_000)},
        ("en", "ru"),
        20_000,
    ),
)

CALM = Phase(name="calm", text="an ordinary hour", until=48, rate=0.8, engaged=0.48, mood=0.3)

PHASES = (
    Phase(
        name="announcement",
        text="the launch is announced, people talk and look",
        until=6,
        rate=0.5,
        engaged=0.4,
        mood=0.35,
        more={"mention": 4, "impression": 2, "lead": 2, "sale": 0.1, "delivery": 0.3, "open": 0.3, "click": 0.3},
    ),
    Phase(
        name="teaser",
        text="teaser mails go out, links are tested",
        until=12,
        rate=0.6,
        engaged=0.42,
        mood=0.2,
        tests=0.04,
        more={"delivery": 2.5, "open": 2.5, "click": 2, "sale": 0.2},
    ),
    Phase(
        name="rush",
        text="launch! everybody comes at once",
        until=28,
        rate=1.5,
        engaged=0.55,
        mood=0.45,
        more={"sale": 1.3},
    ),
    Phase(
        name="bad_hours",
        text="bad hours: Aurora's landing page is broken, people are angry",
        until=38,
        rate=0.9,
        engaged=0.08,
        mood=-0.5,
        more={"mention": 3, "survey": 2, "customer": 2},
        hit=("aurora",),
    ),
    Phase(
        name="recovery",
        text="the page is repaired, people come back",
        until=48,
        rate=0.84,
        engaged=0.5,
        mood=0.25,
        more={"tactic": 4, "delivery": 1.3},
    ),
)
"""The mean of the rates over the story is 1, so that a demo of N seconds at rate R sends about N * R events."""

LAUNCH_HOURS = PHASES[-1].until
STARTS_AT = PHASES[1].until / LAUNCH_HOURS
"""Where the launch itself is, as a share of the story."""

BLEND_HOURS = 1.0
"""So long one phase runs into the next."""

SPEED = 1_440.0
"""Seconds of the launch that are told in one second: a day a minute."""

TOPIC_WEIGHTS: Weights = {
    "visit": 0.31,
    "delivery": 0.26,
    "impression": 0.17,
    "open": 0.065,
    "click": 0.045,
    "lead": 0.05,
    "mention": 0.04,
    "sale": 0.04,
    "survey": 0.01,
    "customer": 0.006,
    "spend": 0.003,
    "tactic": 0.001,
}

PREVENTED_SHARE = 0.6
"""Of the clicks and sales of a campaign in trouble, so many become mere visits."""

CHANNEL_WEIGHTS: Mapping[str, Weights] = {
    "open": {"email": 0.85, "push": 0.1, "sms": 0.05},
    "click": {"email": 0.45, "paid_social": 0.2, "paid_search": 0.15, "push": 0.08, "display": 0.07, "affiliate": 0.05},
    "visit": {
        "direct": 0.18,
        "email": 0.18,
        "organic_search": 0.18,
        "paid_search": 0.12,
        "paid_social": 0.14,
        "organic_social": 0.12,
        "referral": 0.05,
        "organic_video": 0.03,
    },
    "delivery": {"email": 0.8, "push": 0.12, "sms": 0.08},
    "impression": {"display": 0.4, "paid_social": 0.35, "paid_search": 0.25},
    "mention": {"organic_social": 0.7, "organic_video": 0.15, "referral": 0.1, "other": 0.05},
    "sale": {"email": 0.3, "direct": 0.25, "paid_search": 0.2, "paid_social": 0.15, "offline": 0.1},
    "lead": {"paid_search": 0.35, "email": 0.25, "paid_social": 0.2, "referral": 0.2},
    "survey": {"email": 0.9, "sms": 0.1},
    "customer": {"direct": 0.6, "email": 0.4},
    "spend": {"paid_search": 0.4, "paid_social": 0.3, "display": 0.2, "affiliate": 0.1},
    "tactic": {"email": 0.5, "paid_social": 0.25, "paid_search": 0.25},
}


def markets(campaigns: int) -> tuple[Market, ...]:
    """So many campaigns, from 1 on: the three above, then smaller ones like them, numbered."""
    return tuple(_market(*divmod(number, len(MARKETS))) for number in range(campaigns))


def _market(times: int, number: int) -> Market:
    like = MARKETS[number]
    if not times:
        return like
    size = times + 1
    return replace(
        like,
        campaign=f"{like.campaign}-{size}",
        name=f"{like.name} {size}",
        share=like.share / size,
        people=like.people // size,
    )


def length_seconds(seconds: float | None, speed: float | None) -> float:
    """How long the story lasts: at that speed, else as long as is sent, else as long as at the usual speed."""
    if seconds is not None and speed is None:
        return seconds
    return LAUNCH_HOURS * 3_600 / (speed or SPEED)


def hours_at(seconds: float, length: float) -> float:
    """The hour of the launch so many seconds into a story of that length; a longer run begins the story again."""
    return seconds % length / length * LAUNCH_HOURS


def phase_at(seconds: float, length: float) -> Phase:
    """What is told so many seconds into a story of that length."""
    hours = hours_at(seconds, length)
    return next((phase for phase in PHASES if hours < phase.until), PHASES[-1])


def lived(campaign: str) -> tuple[Phase, ...]:
    """The story as that campaign lives it: a trouble that hits others leaves it calm."""
    return tuple(
        replace(CALM, until=phase.until) if phase.hit and campaign not in phase.hit else phase for phase in PHASES
    )


def rate_at(hours: float) -> float:
    """What multiplies the number of events at that hour of the launch; it never jumps."""
    return sum(share * phase.rate for phase, share in _blended(hours, PHASES))


def phases_at(hours: float, phases: Sequence[Phase]) -> tuple[tuple[Phase, float], ...]:
    """(phase, its share of the events) at that hour. One runs into the next; only a trouble begins and ends at once."""
    told = _blended(hours, phases)
    if any(phase.hit for phase, _ in told):
        return ((next(phase for phase in phases if hours < phase.until), 1.0),)
    return told


def _blended(hours: float, phases: Sequence[Phase]) -> tuple[tuple[Phase, float], ...]:
    for before, after in pairwise(phases):
        share = (hours - before.until) / BLEND_HOURS + 0.5
        if share < 1:
            return ((before, 1.0),) if share <= 0 else ((before, 1 - share), (after, share))
    return ((phases[-1], 1.0),)


def told_phase(seconds: float, length: float) -> str:
    """The phase as it's told on the screen: what happens, then the launch's own clock."""
    minutes = int(hours_at(seconds, length) * 60)
    days, rest = divmod(minutes, 24 * 60)
    return f"{phase_at(seconds, length).text}; day {days + 1}, {rest // 60:02}:{rest % 60:02}"
