"""Expiry: panes go when no window can look into them any more, by the progress of the log and never by a worker's
clock."""

from zoneinfo import ZoneInfo

from streams.counting.panes import COUNTER_TIERS, PEOPLE_TIERS, Tier, holds
from streams.counting.statements import KeyKind, parse_key


def expired(key: bytes, now_ms: int, zone: ZoneInfo) -> bool:
    """Whether the pane of a table key has been kept long enough. `now_ms`: the least end of any window, by the log.

    What is not a pane (ledger, admissions, the limit) never expires.
    """
    kind = key[0]
    if kind not in (KeyKind.COUNTERS, KeyKind.PEOPLE):
        return False
    parsed = parse_key(key)
    tiers = COUNTER_TIERS if kind == KeyKind.COUNTERS else PEOPLE_TIERS
    tier = Tier(parsed.tier)
    return not holds(tiers[tier], tier, parsed.pane, now_ms, zone)
