"""`python -m bench.environment`: `.venv-peers`, with what is measured beside this service and what draws the plots.

It is made of requirements/peers.txt, which is locked with hashes, for the Python that runs this. Idempotent.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.parts import ROOT, say

FOLDER = ROOT / ".venv-peers"
PYTHON = FOLDER / "bin" / "python"
LOCK = ROOT / "requirements" / "peers.txt"
STAMP = FOLDER / "installed"
WITHOUT_BYTEWAX = (3, 13)
"""From this Python on there is no wheel of Bytewax."""


class NoPeers(RuntimeError):
    """The environment cannot be made; the text says which command said why."""


def ensure() -> Path:
    """Make or renew the environment; returns its Python. Raises NoPeers."""
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp_text():
        return PYTHON
    say("bench: installing the peers into .venv-peers")
    shutil.rmtree(FOLDER, ignore_errors=True)
    _run(sys.executable, "-m", "venv", "--without-pip", str(FOLDER))
    # By the pip of this environment: the other one needs none.
    pip = (sys.executable, "-m", "pip", "--python", str(PYTHON), "-q", "--disable-pip-version-check")
    _run(*pip, "install", "--require-hashes", "--prefer-binary", "-r", str(LOCK))
    STAMP.write_text(stamp_text())
    return PYTHON


def stamp_text() -> str:
    """What the environment was made of: another lock or Python makes it anew."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{version} {hashlib.sha256(LOCK.read_bytes()).hexdigest()} {FOLDER}\n"


def left_out() -> dict[str, str]:
    """Peers that this Python cannot have, and why."""
    if sys.version_info[:2] >= WITHOUT_BYTEWAX:
        return {"bytewax": "Bytewax has no wheel for Python 3.13: measure it with 3.11 or 3.12"}
    return {}


def versions() -> dict[str, str]:
    """The peers' versions, by package, from the lock."""
    wanted = ("aiokafka", "bytewax", "confluent-kafka", "faststream", "faust-streaming", "msgspec", "orjson")
    found = {}
    for line in LOCK.read_text().splitlines():
        name, equals, version = line.partition("==")
        if equals and name in (*wanted, "quixstreams") and name not in left_out():
            found[name] = version.split()[0]
    return found


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise NoPeers(f"`{' '.join(command)}` failed; what it said stands above")


def main() -> int:
    """Make the environment and say what is in it; the exit status."""
    try:
        ensure()
    except NoPeers as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    for reason in left_out().values():
        print(reason)
    return 0


if __name__ == "__main__":
    sys.exit(main())
