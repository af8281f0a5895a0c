"""What happens in a launch: the rate of each kind of event, and Poisson counts of five seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.demo.story import CHANNEL_WEIGHTS, PREVENTED_SHARE, TOPIC_WEIGHTS
from bench.alert_quality.kinds import Floats, Kind, kinds, story
from bench.alert_quality.launches import DROP_MINUTE, Drop, Launch, Mailing, Talk
from streams.events.channels import ALL_CHANNELS, CHANNEL_CODES
from streams.events.measures import Measure

Ints = npt.NDArray[np.int64]
BIN_SECONDS = 5
WEEKEND = 0.6
SWING_SHARE, SWING_MINUTES = 0.05, 5.0
"""People do not come by chance alone: each channel swings by so much, and forgets it after so long."""
WAVES = 8
"""A mailing is answered as if it went out in so many waves."""


@dataclass(frozen=True, slots=True)
class Counts:
    """totals: channel code -> measure -> how many by the end of each bin, with a 0 before the first. due: engagements
    that were expected in the drop's channel, had there been none, in the two minutes after it began."""

    totals: dict[int, dict[Measure, Ints]]
    due: float


def counted(launch: Launch) -> Counts:
    """The counts of that launch; the same ones each time."""
    made = kinds(launch.market)
    rng = np.random.default_rng(launch.seed)
    rates = _rates(launch, made, rng)
    due = 0.0
    if launch.drop is not None:
        begins, ends = (minutes * 60 // BIN_SECONDS for minutes in (DROP_MINUTE, DROP_MINUTE + 2))
        lost = [kind.engages and kind.channel == launch.drop.channel for kind in made]
        due = float(rates[begins:ends, lost].sum())
        _lose(launch.drop, made, rates[begins:])
    drawn = rng.poisson(rates).astype(np.int64)
    by_channel: dict[int, dict[Measure, Ints]] = {ALL_CHANNELS: {}}
    for column, kind in enumerate(made):
        total = np.concatenate(([0], np.cumsum(drawn[:, column])))
        for measure, number in kind.adds:
            for code in (ALL_CHANNELS, CHANNEL_CODES[kind.channel]):
                measures = by_channel.setdefault(code, {})
                measures[measure] = measures.get(measure, 0) + total * number
    return Counts(by_channel, due)


def _rates(launch: Launch, made: tuple[Kind, ...], rng: np.random.Generator) -> Floats:
    """(bin, kind) -> expected events, without the drop."""
    bins = launch.minutes * 60 // BIN_SECONDS
    minutes = (np.arange(bins) + 0.5) * BIN_SECONDS / 60
    day = 1 - launch.day_swing * np.cos(2 * np.pi * (launch.hour + minutes / 60 - 3) / 24)
    day *= WEEKEND if launch.weekend else 1.0
    rates = story(launch.market, launch.story_hour + minutes / 60) * (launch.rate * BIN_SECONDS * day)[:, None]
    for channel in sorted({kind.channel for kind in made}):
        columns = [column for column, kind in enumerate(made) if kind.channel == channel]
        rates[:, columns] *= _swing(bins, rng)[:, None]
    for talk in launch.talks:
        _talk(talk, made, minutes, rates)
    for mailing in launch.mailings:
        _send(launch, mailing, made, minutes, rates)
    return rates


def _swing(bins: int, rng: np.random.Generator) -> Floats:
    kept = float(np.exp(-BIN_SECONDS / 60 / SWING_MINUTES))
    steps = rng.normal(0, SWING_SHARE * np.sqrt(1 - kept**2), bins)
    steps[0] = rng.normal(0, SWING_SHARE)
    swung, value = np.empty(bins), 0.0
    for at, step in enumerate(steps):
        value = value * kept + step
        swung[at] = value
    return np.exp(swung)


def _talk(talk: Talk, made: tuple[Kind, ...], minutes: Floats, rates: Floats) -> None:
    since = minutes - talk.at
    more = talk.times * np.clip(since / 5, 0, 1) * np.exp(-np.clip(since, 0, None) / talk.ebb_minutes)
    for column, kind in enumerate(made):
        if kind.topic == "mention":
            rates[:, column] *= 1 + more
        elif kind.topic == "visit" and kind.channel in CHANNEL_WEIGHTS["mention"]:
            rates[:, column] *= 1 + more / 2


def _send(launch: Launch, mailing: Mailing, made: tuple[Kind, ...], minutes: Floats, rates: Floats) -> None:
    shares = story(launch.market, np.array([launch.story_hour]))[0]
    messages = mailing.messages * launch.rate * TOPIC_WEIGHTS["delivery"]
    since, minute = minutes - mailing.at, BIN_SECONDS / 60
    sent = np.where((since >= 0) & (since < mailing.minutes), minute / mailing.minutes, 0.0)
    slow = mailing.answer_minutes / np.log(2)
    answered = np.zeros_like(since)
    for wave in np.linspace(0, mailing.minutes, WAVES, endpoint=False):
        late = np.clip(since - wave, 0, None)
        answered += np.where(since >= wave, np.exp(-late / slow), 0.0) / WAVES * minute / slow
    for topic, shape, number in (
        ("delivery", sent, messages),
        ("click", answered, messages * mailing.answered),
        ("visit", answered, messages * mailing.answered * 0.9),
    ):
        columns = [at for at, kind in enumerate(made) if kind.topic == topic and kind.channel == mailing.channel]
        if columns:
            rates[:, columns] += shape[:, None] * number * (shares[columns] / shares[columns].sum())


def _lose(drop: Drop, made: tuple[Kind, ...], rates: Floats) -> None:
    """Take the drop's share of engagements from these bins; where people still come they become mere visits."""
    mine = [kind.channel == drop.channel for kind in made]
    plain = next(
        (at for at, kind in enumerate(made) if mine[at] and kind.topic == "visit" and not kind.engages),
        None,
    )
    for column, kind in enumerate(made):
        if not mine[column] or not (kind.engages or (drop.dead and kind.topic == "visit")):
            continue
        lost = rates[:, column] * drop.share
        rates[:, column] -= lost
        if plain is not None and not drop.dead:
            rates[:, plain] += {"visit": 1.0, "click": PREVENTED_SHARE}.get(kind.topic, 0.0) * lost
