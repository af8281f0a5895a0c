"""Embedded parts for the demo and quick tests. Never for production: one node, in memory, loopback only."""
