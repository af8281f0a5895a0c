"""What a picture costs: the windows of every campaign summed anew, and their exposition."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

from agents.campaign.owned import OwnedPartition
from agents.campaign.show import Show
from agents.web.metrics import render_metrics
from streams.counting.partition import PartitionMerge
from streams.counting.progress import Progress, SourceProgress
from streams.counting.sources import source_number
from streams.counting.view import Views
from streams.events.catalogue import TOPICS

SERIES = 1_000_000
TIMES = 5


def render(merge: PartitionMerge, views: Views, base_ms: int) -> dict[str, Any]:
    """Milliseconds and bytes of a picture of all campaigns of this merge, none of them computed before."""
    now_ms = base_ms + 20_000
    owned = OwnedPartition(1, merge, views)
    codes = {topic.name: topic.code for topic in TOPICS}
    told = [SourceProgress(source_number(code, 0), 10, now_ms, True, 0) for code in codes.values()]
    owned.progress.read(Progress(1, told, dict.fromkeys(codes.values(), 1)), now_ms)
    campaigns = cast(Any, SimpleNamespace(owned={0: owned}, partitions=(0,), show=lambda *given: None))
    spent, size = [], 0
    for _ in range(TIMES):
        show = Show(campaigns, codes, {}, dict, {}, 1, begun=lambda: True)
        began = time.process_time()
        snapshot = asyncio.run(show.take(now_ms))
        taken = time.process_time()
        text = render_metrics(snapshot, SERIES)
        spent.append(((taken - began) * 1000, (time.process_time() - taken) * 1000))
        size = len(text)
    sums, exposition = (sorted(column)[TIMES // 2] for column in zip(*spent, strict=True))
    series = sum(1 for line in text.splitlines() if line and not line.startswith(b"#"))
    return {
        "campaigns": len(views.campaigns),
        "windows_ms": sums,
        "exposition_ms": exposition,
        "series": series,
        "bytes": size,
    }
