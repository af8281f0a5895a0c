"""The closed list of channels, the default groups that marketers know from GA4.

A channel's code is its place in the list and part of the summaries' format: new channels are appended, none is moved.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CHANNELS: Final[tuple[str, ...]] = (
    "direct",
    "email",
    "sms",
    "push",
    "organic_search",
    "paid_search",
    "organic_social",
    "paid_social",
    "organic_video",
    "paid_video",
    "display",
    "audio",
    "affiliate",
    "referral",
    "organic_shopping",
    "paid_shopping",
    "paid_other",
    "offline",
    "other",
)

ALL_CHANNELS: Final = 0
"""The code that stands for all channels together."""

ALL_CHANNELS_NAME: Final = "all"

CHANNEL_CODES: Final[Mapping[str, int]] = MappingProxyType({name: code for code, name in enumerate(CHANNELS, 1)})

OTHER_CHANNEL: Final = CHANNEL_CODES["other"]


def channel_code(name: str) -> int:
    """The channel's code, 1..19; that of `other` for a name that is not in the list."""
    return CHANNEL_CODES.get(name, OTHER_CHANNEL)


def channel_name(code: int) -> str:
    """The name of a channel's code, `all` for 0. Raises ValueError for a code that no channel has."""
    if code == ALL_CHANNELS:
        return ALL_CHANNELS_NAME
    if 0 < code <= len(CHANNELS):
        return CHANNELS[code - 1]
    raise ValueError(f"no channel has the code {code}")
