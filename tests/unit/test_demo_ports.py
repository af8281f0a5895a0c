"""Ports for servers that start later than they were chosen."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from agents.demo import ports
from agents.demo.ports import LOOPBACK, PortTaken, any_port


def test_no_outgoing_connection_can_take_a_chosen_port_before_its_server_listens() -> None:
    given_to_connections = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(given_to_connections.read_text().split()[0]) if given_to_connections.exists() else 49_152
    assert all(any_port() < first for _ in range(50))


def test_a_port_is_chosen_once_though_nobody_listens_on_it_yet() -> None:
    chosen = [any_port() for _ in range(200)]
    assert len(set(chosen)) == len(chosen)


def test_a_port_in_use_is_not_chosen_and_with_none_left_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        port = any_port()
        taken.bind((LOOPBACK, port))
        taken.listen()
        monkeypatch.setattr(ports, "CHOSEN_FROM", range(port, port + 1))
        monkeypatch.setattr(ports, "_chosen", set())
        with pytest.raises(PortTaken, match=f"from {port} to {port} is free"):
            any_port()
