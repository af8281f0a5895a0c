"""`python -m agents.demo.broker --port 0 --memory-mb 512`: prints its address on one line, runs until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import structlog

from agents.demo.broker.server import EmbeddedBroker


async def serve(port: int, memory_mb: int) -> None:
    """Runs a broker until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with EmbeddedBroker(port, memory_mb) as broker:
        sys.stdout.write(f"{broker.address}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="python -m agents.demo.broker", description="A Kafka broker in memory.")
    parser.add_argument("--port", type=int, default=0, help="loopback port, 0 for a free one (default)")
    parser.add_argument("--memory-mb", type=int, default=512, help="most memory for records (default 512)")
    arguments = parser.parse_args()
    # Standard output is for the address alone: whoever started this may never read on.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(serve(arguments.port, arguments.memory_mb))


if __name__ == "__main__":
    main()
