"""Where the picture goes: a live table on a terminal, else a plain line every few seconds."""

from __future__ import annotations

import time

from rich.console import Console
from rich.live import Live

from agents.demo.picture import Picture, plain, render

PLAIN_SECONDS = 3.0


class Screen:
    """Use it as a context; on a terminal the last picture stays when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._printed_at = 0.0
        self._told: set[str] = set()
        self._had_kpis = False

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, picture: Picture) -> None:
        """Show it now on a terminal; as a line when the last one is old enough, or when it's the first with a KPI."""
        if self._live is not None:
            self._live.update(render(picture, self._console.size.height), refresh=True)
            return
        if picture.reading.answered:
            at = picture.address
            self._tell(f"board {at}/  metrics {at}/metrics  API {at}/api/campaigns")
        for note in [*picture.notes, picture.phase]:
            self._tell(note.partition(";")[0] if note == picture.phase else note)
        first = picture.reading.has_kpis and not self._had_kpis
        if first or time.monotonic() - self._printed_at >= PLAIN_SECONDS:
            self._had_kpis |= first
            self._printed_at = time.monotonic()
            self._console.print(plain(picture), markup=False)

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._console.print(f"-- {line}", markup=False)
