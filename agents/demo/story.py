"""The launch that the simulator plays: three campaigns, their channels and markets, and what happens when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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

    `until` is where it ends, as a share of the story's length; `rate` multiplies the number of events; `engaged` is the
    share of visits that are engaged; `mood` is the mean sentiment, -1 to 1; `tests` the share of test events. `hit`
    names the campaigns that a trouble is about; the others go on as in calm times.
    """

    name: str
    text: str
    until: float
    rate: float
    engaged: float
    mood: float
    tests: float = 0.005
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

CALM = Phase("calm", "an ordinary minute", 1.0, 0.8, 0.48, 0.3)

PHASES = (
    Phase("teaser", "before the launch: mails go out, links are tested", 0.15, 0.5, 0.42, 0.2, tests=0.04),
    Phase("rush", "launch! everybody comes at once", 0.5, 1.5, 0.55, 0.45),
    Phase("drop", "engagement drops: Aurora's landing page is broken", 0.8, 0.8, 0.08, -0.5, hit=("aurora",)),
    Phase("repaired", "the page is repaired, people come back", 1.0, 0.8, 0.5, 0.25),
)
"""The mean of the rates over the story is 1, so that a demo of N seconds at rate R sends about N * R events."""

STORY_SECONDS = 120.0
"""Length of the story where the demo has no end; then it begins again."""

TOPIC_WEIGHTS: Weights = {"visit": 0.62, "open": 0.20, "click": 0.09, "mention": 0.04, "sale": 0.05}

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
    "mention": {"organic_social": 0.7, "organic_video": 0.15, "referral": 0.1, "other": 0.05},
    "sale": {"email": 0.3, "direct": 0.25, "paid_search": 0.2, "paid_social": 0.15, "offline": 0.1},
}


def phase_at(seconds: float, length_seconds: float) -> Phase:
    """What happens so many seconds into a story of that length; a longer run begins the story again."""
    share = (seconds % length_seconds) / length_seconds
    return next((phase for phase in PHASES if share < phase.until), PHASES[-1])


def mood_of(phase: Phase, market: Market) -> Phase:
    """The phase as that market lives it: a trouble that hits others leaves it calm."""
    return phase if not phase.hit or market.campaign in phase.hit else CALM


def told_phase(phase: Phase, seconds: float, length_seconds: float) -> str:
    """The phase as it's told on the screen, with the seconds until the launch."""
    to_launch = PHASES[0].until * length_seconds - seconds % length_seconds
    return f"{phase.text}; launch in {to_launch:.0f} s" if phase is PHASES[0] else phase.text
