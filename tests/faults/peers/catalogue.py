"""The peers: which program each is, with what settings, and where its documentation asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.peers.changelogs import Decode, faust_count, quix_count

FAUST_DOCS = (
    "https://faust-streaming.github.io/faust/userguide/settings.html",
    "https://faust-streaming.github.io/faust/userguide/tables.html",
)
QUIX_DOCS = (
    "https://quix.io/docs/quix-streams/configuration.html",
    "https://quix.io/docs/quix-streams/advanced/checkpointing.html",
    "https://quix.io/docs/quix-streams/windowing.html",
)


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer. `script` in `workers/`, run with `arguments` in the peers' environment and with `environment`.

    `changelog` is the name of its changelog topic, with {group} and {topic}. `package` names its version, `needs` the
    modules that must be there. `docs` is what the settings follow.
    """

    name: str
    title: str
    package: str
    needs: tuple[str, ...]
    script: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    changelog: str
    decode: Decode
    settings: Mapping[str, str]
    docs: tuple[str, ...]
    note: str = ""


def _faust(name: str, title: str, guarantee: str, store: str, check: bool = True, note: str = "") -> Peer:
    return Peer(
        name,
        title,
        "faust-streaming",
        ("faust", "rocksdict") if store.startswith("rocksdb") else ("faust",),
        "faust_table.py",
        ("worker", "--without-web", "--loglevel", "info"),
        {"PEER_GUARANTEE": guarantee, "PEER_STORE": store, "RECOVERY_CONSISTENCY_CHECK": "yes" if check else "no"},
        "{group}-counts-changelog",
        faust_count,
        {
            "processing_guarantee": guarantee,
            "store": store,
            "datadir": "one per worker",
            "broker_session_timeout": "6 s",
            "broker_heartbeat_interval": "2 s",
            **({} if check else {"recovery_consistency_check": "False"}),
            "table": "tumbling(60 s).relative_to_field",
            "everything else": "default",
        },
        FAUST_DOCS,
        note,
    )


def _quix(name: str, title: str, guarantee: str, note: str = "") -> Peer:
    return Peer(
        name,
        title,
        "quixstreams",
        ("quixstreams",),
        "quix_window.py",
        (),
        {"PEER_GUARANTEE": guarantee},
        "changelog__{group}--{topic}--tumbling_window_60000_count",
        quix_count,
        {
            "processing_guarantee": guarantee,
            "state": "RocksDB, state_dir one per worker, changelog topic",
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "2000",
            "window": "tumbling_window(1 min).count().current()",
            "everything else": "default (commit_interval 5 s)",
        },
        QUIX_DOCS,
        note,
    )


UNCHECKED = (
    "recovery_consistency_check is off because of github.com/faust-streaming/faust/issues/158; "
    "`python -m tests.faults.peers faust-exactly-once-checked` measures it as it is by default"
)

PEERS: Mapping[str, Peer] = {
    peer.name: peer
    for peer in (
        _faust("faust", "Faust, windowed Table", "at_least_once", "rocksdb://"),
        _faust("faust-memory", "Faust, windowed Table in memory", "at_least_once", "memory://"),
        _faust("faust-exactly-once", "Faust, exactly_once", "exactly_once", "rocksdb://", False, UNCHECKED),
        _faust("faust-exactly-once-checked", "Faust, exactly_once, all defaults", "exactly_once", "rocksdb://"),
        _faust("faust-exactly-once-memory", "Faust, exactly_once, in memory", "exactly_once", "memory://", False),
        _quix("quix", "Quix Streams", "at-least-once"),
        _quix("quix-exactly-once", "Quix Streams, exactly-once", "exactly-once"),
    )
}

DEFAULT = ("faust", "faust-exactly-once", "quix", "quix-exactly-once")
"""What a run without names measures; the others are variants."""
