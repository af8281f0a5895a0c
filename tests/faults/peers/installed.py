"""The peers' environment: its Python, and what is installed in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.faults.peers.catalogue import Peer

ENVIRONMENT = Path(__file__).parents[3] / ".venv-peers"
PYTHON = ENVIRONMENT / "bin" / "python"

_PROGRAM = """
import importlib.metadata, importlib.util, json, sys
package, modules = sys.argv[1], sys.argv[2:]
missing = [module for module in modules if importlib.util.find_spec(module) is None]
print(json.dumps({"missing": missing, "version": None if missing else importlib.metadata.version(package)}))
"""


class PeerMissing(RuntimeError):
    """A peer is not installed; the text says which command installs it."""


def version_of(peer: Peer, python: Path) -> str:
    """The peer's version. Raises PeerMissing when that interpreter, or a module that the peer needs, is not there."""
    command = [str(python), "-c", _PROGRAM, peer.package, *peer.needs]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerMissing(f"{python} does not run: `python -m bench.environment` makes it") from error
    found = json.loads(answer)
    if found["missing"]:
        raise PeerMissing(f"{peer.title} needs {', '.join(found['missing'])}: `python -m bench.environment`")
    return str(found["version"])
