"""`launchpulse worker`: runs a worker until it is stopped."""

from __future__ import annotations

import os


def worker() -> None:
    """Run a worker: read the event topics, count, show the metrics; until it's stopped by SIGTERM or Ctrl-C."""
    from agents.logs import configure_logs
    from agents.settings import load_settings

    settings = load_settings(os.environ)
    configure_logs(settings.log_level, settings.log_format)

    from agents.worker import run_worker

    run_worker(settings)
