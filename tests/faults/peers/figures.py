"""What is kept of the peers' runs: the key `peers` of docs/figures/reliability.json, one entry a peer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.faults.peers.catalogue import PEERS, Peer
from tests.faults.peers.run import Comparison, Outcome

Entry = dict[str, Any]


def entry(peer: Peer, version: str, outcome: Outcome, **measured: Any) -> Entry:
    """One peer's figures. `lost` and `doubled`: events beyond the records in the log."""
    after = outcome.after
    return {
        "id": peer.name,
        "name": peer.title,
        "version": version,
        "settings": "; ".join(f"{name}: {value}" for name, value in peer.settings.items()),
        "documentation": list(peer.docs),
        "faults": outcome.kinds.total(),
        "kinds": dict(sorted(outcome.kinds.items())),
        "events": after.events,
        "resent": after.resent,
        "lost": after.lost,
        "doubled": after.doubled,
        "unread": outcome.unread,
        "counters": after.counters,
        "counters_wrong": len(after.wrong),
        "standstill_seconds_max": round(outcome.standstill_seconds_max, 1),
        "crashes": outcome.crashes.total(),
        "crash_reasons": dict(outcome.crashes.most_common()),
        "control": _control(outcome.control),
        "note": note(peer, outcome),
        **measured,
    }


def note(peer: Peer, outcome: Outcome) -> str:
    """What the figures alone do not say."""
    said = [
        f"{outcome.after.resent:,} of its events are resends, which it counts as events (not in lost or doubled)",
        f"{outcome.control.events:,} events without faults: exact"
        if outcome.control.exact
        else f"without faults {outcome.control.lost:,} lost, {outcome.control.doubled:,} doubled",
    ]
    if outcome.stuck:
        said.append("no more faults after three in a row after which not all of it counted again within 20 s")
    if outcome.unread:
        said.append(f"not done a minute after the last event: {outcome.unread:,} not committed, in lost too")
    if outcome.crashes:
        reasons = ", ".join(f"{reason} {times}" for reason, times in outcome.crashes.most_common(3))
        said.append(f"workers that ended by themselves: {outcome.crashes.total()} ({reasons})")
    return "; ".join([*said, peer.note] if peer.note else said)


def _control(control: Comparison) -> Entry:
    return {"events": control.events, "lost": control.lost, "doubled": control.doubled}


def merged(figures: Mapping[str, Any], new: Iterable[Entry]) -> dict[str, Any]:
    """The figures with these entries in the place of older ones of the same peers; everything else as it was."""
    by_id = {kept["id"]: kept for kept in figures.get("peers", ()) if "id" in kept} | {one["id"]: one for one in new}
    order = list(PEERS)
    return {**figures, "peers": sorted(by_id.values(), key=lambda one: order.index(one["id"]))}


def write(path: Path, new: Iterable[Entry]) -> dict[str, Any]:
    """Puts the entries into the file, which is made if it is not there; returns all of it."""
    figures = merged(json.loads(path.read_text()) if path.exists() else {}, new)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    beside.replace(path)
    return figures
