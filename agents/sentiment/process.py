"""`python -m agents.sentiment.process module:factory`: the process in which a plug-in runs.

It speaks JSON lines. On its standard input: `{"id": n, "texts": [...], "languages": [...]}`. On its standard output:
`{"ready": true}` once the plug-in is made, then `{"id": n, "scores": [...]}` for each batch. What a plug-in prints goes
nowhere, since it may be the text that nobody may keep. It ends with its standard input, even inside the plug-in, and
with an exit code that says what failed.
"""

from __future__ import annotations

import importlib
import math
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import IO, Any

import orjson

NOT_MADE = 3
"""Exit code: the plug-in cannot be imported or made."""
RAISED = 4
"""Exit code: `score_batch` raised."""


def main(name: str) -> int:
    """Make the plug-in and answer batches until the input ends. Returns the exit code."""
    # A Ctrl-C in the worker's terminal is for the worker, which then ends the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = private_output()
    batches: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=read, args=(sys.stdin.buffer, batches), daemon=True).start()
    try:
        module, _, factory = name.partition(":")
        plugin = getattr(importlib.import_module(module), factory)()
    except BaseException:
        return NOT_MADE
    answer(answers, {"ready": True})
    while True:
        batch = orjson.loads(batches.get())
        try:
            scores = plugin.score_batch(batch["texts"], batch["languages"])
        except BaseException:
            return RAISED
        answer(answers, {"id": batch["id"], "scores": plain(scores)})


def private_output() -> IO[bytes]:
    """The standard output, taken away from everybody else in this process."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    return answers


def read(source: IO[bytes], batches: SimpleQueue[bytes]) -> None:
    """Take batches in; the process ends with its input, whatever the plug-in is doing, and with it its children."""
    for line in source:
        batches.put(line)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def plain(scores: Any) -> list[Any] | None:
    """The scores as JSON knows them; None where they are no sequence. The worker decides what is nonsense."""
    try:
        return [score if score is None or isinstance(score, bool | str) else known(float(score)) for score in scores]
    except Exception:
        return None


def known(score: float) -> float | str:
    """JSON has no number for what is none; written out, it stays nonsense."""
    return score if math.isfinite(score) else str(score)


def answer(answers: IO[bytes], value: object) -> None:
    """Write one line."""
    answers.write(orjson.dumps(value) + b"\n")
    answers.flush()


if __name__ == "__main__":
    # Not by returning: a plug-in's own threads must not keep the process.
    os._exit(main(sys.argv[1]))
