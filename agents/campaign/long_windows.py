"""Windows of an hour and more in the pictures of all campaigns: they are made anew every five seconds, not each time.

A second is not to be seen in them, and they are most of what a scrape costs. What was counted for the first time is in
them at once, and a new day begins at once.
"""

from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

from agents.campaign.figures import Ends
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
    """The era of a picture at `now_ms` (epoch milliseconds); None where nobody knows the end of some topics, or some
    are already in another quarter of an hour: then all windows are made."""
    quarters = {None if end is None else end // _QUARTER_MS for end in ends.values()}
    quarter = quarters.pop()
    if quarter is None or quarters:
        return None
    return Era((now_ms + crc32(campaign.encode())) // KEPT_MS, quarter, panes.kinds)


def with_windows(made: ChannelSnapshot, before: ChannelSnapshot) -> ChannelSnapshot:
    """A channel of which only some windows were made, and the others of a picture before it."""
    windows = {**before.windows, **made.windows}
    by_reads = {
        reads: {**before.windows_of(reads), **made.windows_of(reads)} for reads in made.by_reads or before.by_reads
    }
    if all(own.get(name) is windows.get(name) for own in by_reads.values() for name in own.keys() | windows.keys()):
        by_reads = {}
    return replace(made, windows=windows, by_reads=by_reads)
