"""Windows of an hour and more in the pictures of all campaigns: they are made anew every five seconds, not each time.

A second is not to be seen in them, and they are most of what a scrape costs. What was counted for the first time is in
them at once, and a new day begins at once.
"""

from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

from agents.campaign.figures import Ends, common_end
from agents.campaign.snapshot import ChannelSnapshot
from streams.counting.campaign_panes import CampaignPanes

KEPT_MS = 5_000

_QUARTER_MS = 15 * 60_000
"""In every time zone an hour and a day begin with a quarter of an hour of UTC."""


class Era(NamedTuple):
    """What is the same in two pictures of a campaign of which the later one may have the long windows of the other.

    turn: the campaign's turn of KEPT_MS: not all have theirs at once. quarter: of an hour, in which the windows end.
    kinds: of what was counted, see `CampaignPanes.kinds`.
    """

    turn: int
    quarter: int
    kinds: int


def era_of(campaign: str, panes: CampaignPanes, ends: Ends, now_ms: int) -> Era | None:
    """The era of a picture at `now_ms` (epoch milliseconds); None while some topics are behind others: then windows
    have several ends, and all are made."""
    if (end_ms := common_end(ends)) is None:
        return None
    return Era((now_ms + crc32(campaign.encode())) // KEPT_MS, end_ms // _QUARTER_MS, panes.kinds)


def with_windows(made: ChannelSnapshot, before: ChannelSnapshot) -> ChannelSnapshot:
    """A channel of which only some windows were made, and the others of a picture before it."""
    return replace(made, windows={**before.windows, **made.windows})
