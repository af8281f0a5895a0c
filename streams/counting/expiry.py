"""Expiry: panes go when no window can look into them any more, by the progress of the log and never by a worker's
clock."""

from zoneinfo import ZoneInfo

from streams.counting.facts import KEPT_MS, unpack_fact
from streams.counting.panes import COUNTER_TIERS, PEOPLE_TIERS, Tier, holds
from streams.counting.statements import KeyKind, parse_key


def expired(key: bytes, now_ms: int, zone: ZoneInfo, packed: bytes | None = None) -> bool:
    """Whether the pane (or the fact) of a table key has been kept long enough. now_ms: the least end of any window, by
    the log. packed: what the table has under the key, which a fact without a day is judged by.

    What is neither (ledger, admissions, the limit) never expires.
    """
    kind = key[0]
    if kind == KeyKind.FACT:
        day = parse_key(key).pane
        if day:
            return not holds(KEPT_MS, Tier.DAY, day, now_ms, zone)
        return packed is not None and unpack_fact(packed).time_ms + KEPT_MS <= now_ms
    if kind not in (KeyKind.COUNTERS, KeyKind.PEOPLE):
        return False
    parsed = parse_key(key)
    tiers = COUNTER_TIERS if kind == KeyKind.COUNTERS else PEOPLE_TIERS
    tier = Tier(parsed.tier)
    return not holds(tiers[tier], tier, parsed.pane, now_ms, zone)
