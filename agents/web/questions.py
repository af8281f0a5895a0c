"""What boards ask, in a form in which one worker can ask another."""

from typing import NamedTuple

from agents.campaign.series import TIERS, Span
from streams.counting.windows import WINDOWS

WINDOW_NAMES = tuple(window.name for window in WINDOWS)
PICTURE = "picture"
ALERTS = "alerts"
ARRIVED = "arrived-2"
"""The number is that of the answer's form: workers of releases that count otherwise do not answer each other."""


class Question(NamedTuple):
    """kind: `picture` (a campaign's KPIs in a window), `history` (its changes, and its last hour), `campaigns` (those
    of one partition of the summaries topic), `series` (its history in steps), ARRIVED (what has come of it), or
    `alerts` (a campaign's, which every worker asks Alertmanager itself).
    window: of a picture, or the packed span of a series, else empty. name: the campaign, or the partition.
    """

    kind: str
    window: str
    name: str

    def packed(self) -> str:
        """The question as text."""
        return f"{self.kind}|{self.window}|{self.name}"


def unpacked(text: str) -> Question | None:
    """The question that was packed; None where it is none that this version answers for others."""
    parts = text.split("|", 2)
    if len(parts) != 3:
        return None
    question = Question(*parts)
    if question.kind == PICTURE:
        return question if question.window in WINDOW_NAMES else None
    if question.kind == "series":
        return question if span_in(question.window) is not None else None
    if question.window:
        return None
    if question.kind == "campaigns":
        return question if question.name.isascii() and question.name.isdigit() else None
    return question if question.kind in ("history", ARRIVED) else None


def picture_of(campaign: str, window: str) -> Question:
    """What a board asks all the time."""
    return Question(PICTURE, window, campaign)


def history_of(campaign: str) -> Question:
    """What it asks now and then."""
    return Question("history", "", campaign)


def alerts_of(campaign: str) -> Question:
    """What it asks where Alertmanager is configured."""
    return Question(ALERTS, "", campaign)


def campaigns_of(partition: int) -> Question:
    """What the list to choose from is made of."""
    return Question("campaigns", "", str(partition))


def series_of(campaign: str, span: Span) -> Question:
    """What is asked for the file of a campaign's history."""
    limits = ("" if at is None else str(at) for at in (span.from_ms, span.to_ms))
    return Question("series", ",".join((span.step, *limits, str(span.channel))), campaign)


def span_in(text: str) -> Span | None:
    """The span that a `series` question has packed; None where it is none."""
    step, *limits = text.split(",")
    if len(limits) != 3 or not all(not one or (one.isascii() and one.isdigit()) for one in limits) or not limits[2]:
        return None
    known = next((one for one in TIERS if one == step), None)
    first, last = (int(one) if one else None for one in limits[:2])
    return None if known is None else Span(known, first, last, int(limits[2]))


def arrived_of(campaign: str) -> Question:
    """What is asked before a launch."""
    return Question(ARRIVED, "", campaign)
