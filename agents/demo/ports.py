"""Loopback ports that are free for a server to listen on, and stay so until it has started."""

from __future__ import annotations

import socket
from random import SystemRandom

LOOPBACK = "127.0.0.1"
# Below the ports that Linux (from 32768) and others (from 49152) give to outgoing connections: one of those could take
# a port of theirs between the moment we choose it and the moment its server listens, seconds later.
CHOSEN_FROM = range(10_000, 32_768)
_chosen: set[int] = set()


class PortTaken(Exception):
    """The port that was asked for is in use; the text is one line that says what to do."""


def any_port() -> int:
    """A port that is free now, that no outgoing connection will take, and that this process was not given before.

    Raises PortTaken where there is none left.
    """
    free = [port for port in CHOSEN_FROM if port not in _chosen]
    random = SystemRandom()  # so that two processes, or a test's fixed seed, don't choose the same
    while free:
        port = free.pop(random.randrange(len(free)))
        if is_free(port):
            _chosen.add(port)
            return port
    raise PortTaken(f"no port from {CHOSEN_FROM.start} to {CHOSEN_FROM.stop - 1} is free")


def is_free(port: int) -> bool:
    """Whether a server could listen on that port now."""
    with socket.socket() as probe:
        # As the worker's server will: else a port whose last connections have just ended would seem taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True
