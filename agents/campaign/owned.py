"""What a worker has of a partition of the summaries topic that it owns."""

import asyncio
from dataclasses import dataclass, field

from streams.counting.partition import PartitionMerge
from streams.counting.progress import ProgressBook
from streams.counting.view import Views


@dataclass(slots=True)
class OwnedPartition:
    """One partition of the summaries topic that this worker owns. `merge` lives as long as a generation.

    progress: that of what was shown last, which is behind what is merged: a window must not end where its figures do
    not, so whoever takes a campaign's figures shows it first.
    caught_up: everything is merged that stood in the log when this generation began.
    unshown: keys that were merged in earlier generations and not shown; the table or `merge` says what they hold.
    """

    generation: int
    merge: PartitionMerge
    views: Views
    progress: ProgressBook = field(default_factory=ProgressBook)
    caught_up: bool = False
    stated_at: float = 0.0
    stated_to: int = -1
    read_at: float = 0.0
    shown_at: float = 0.0
    visible_ms: int = 0
    broken: bool = False
    unshown: set[bytes] = field(default_factory=set)
    stating: asyncio.Lock = field(default_factory=asyncio.Lock)
