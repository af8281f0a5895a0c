"""Makes `.venv` with the locked packages, on a machine that has Python 3.11, 3.12 or 3.13 and nothing else.

    python3 deploy/setup_env.py runtime|dev

Needs no package itself and runs on any Python 3. An install that was interrupted is repaired by the next run: a stamp
with the lock's hash is written last. Without `python3-venv` (Debian's default) it is installed where we are root and
there is apt; otherwise pip is brought in by other ways, and the last resort is one line that says what to type.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VERSIONS = ((3, 13), (3, 12), (3, 11))
LOCKS = ("runtime", "dev")


class CannotSetUp(Exception):
    """Why there is no environment; one line that says what to type."""


def main() -> int:
    """Make or repair the environment. Returns the exit code."""
    lock = sys.argv[1] if len(sys.argv) == 2 else ""
    if lock not in LOCKS:
        print("usage: python3 deploy/setup_env.py runtime|dev", file=sys.stderr)
        return 2
    try:
        with only_one():
            if not is_complete(lock):
                set_up(lock)
    except CannotSetUp as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; the next run goes on", file=sys.stderr)
        return 130
    return 0


@contextmanager
def only_one() -> Iterator[None]:
    """Let one run at a time work on the environment; the second finds it ready."""
    with (ROOT / ".venv.lock").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_complete(lock: str) -> bool:
    """Whether the environment has everything of this lock; the dev lock holds the runtime's too."""
    if not PYTHON.exists():
        return False
    wanted = {stamp_text(name) for name in LOCKS[LOCKS.index(lock) :]}
    try:
        return stamp().read_text(encoding="utf-8") in wanted
    except OSError:
        return False


def set_up(lock: str) -> None:
    """Make the environment, install the lock and the project, and leave the stamp."""
    if has_dev() and lock == "runtime":
        lock = "dev"
    stamp().unlink(missing_ok=True)
    if not environment_works():
        make_environment(find_python())
    path = ROOT / "requirements" / f"{lock}.txt"
    say(f"installing the locked packages ({lock})")
    pip("install", "--require-hashes", "--prefer-binary", "-r", str(path))
    # Without its own dependencies, which are in the lock, and without a build environment, which would be fetched.
    link_project()
    stamp().write_text(stamp_text(lock), encoding="utf-8")


def stamp() -> Path:
    """The file whose text says which lock is installed whole."""
    return VENV / "launchpulse-installed"


def stamp_text(lock: str) -> str:
    """A lock's name and hash, with that of this script: another way to set up is another environment."""
    # With the folder, since an environment that was moved does not work.
    content = (ROOT / "requirements" / f"{lock}.txt").read_bytes() + Path(__file__).read_bytes() + bytes(ROOT)
    return f"{lock} {hashlib.sha256(content).hexdigest()}\n"


def has_dev() -> bool:
    """Whether the environment was one for developers, which must not shrink."""
    try:
        return stamp().read_text(encoding="utf-8").startswith("dev ")
    except OSError:
        return False


def find_python() -> str:
    """The newest supported Python on the path. Raises CannotSetUp where there is none."""
    names = [sys.executable] + [f"python{major}.{minor}" for major, minor in VERSIONS] + ["python3", "python"]
    found = []
    for name in names:
        path = shutil.which(name) if name else None
        version = version_of(path) if path else None
        # Not the environment's own, which may be about to be removed.
        if path and version in VERSIONS and VENV not in Path(path).parents:
            return path
        if version and version not in found:
            found.append(version)
    have = ", ".join(f"{major}.{minor}" for major, minor in found) or "none"
    raise CannotSetUp(
        f"needs Python 3.11, 3.12 or 3.13 on the path, found {have}; on Debian or Ubuntu type: "
        "apt-get install python3 python3-venv"
    )


def version_of(path: str) -> tuple[int, ...] | None:
    """(major, minor) of an interpreter; None where it does not run."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    done = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    parts = done.stdout.split()
    return tuple(map(int, parts)) if done.returncode == 0 and len(parts) == 2 else None


def environment_works() -> bool:
    """Whether there is an environment of a supported Python in which pip runs."""
    if not PYTHON.exists() or version_of(str(PYTHON)) not in VERSIONS:
        return False
    return subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def make_environment(python: str) -> None:
    """Make `.venv` with pip, one way or another."""
    if VENV.is_symlink() or VENV.is_file():
        raise CannotSetUp(f"{VENV.name} is no directory: move it away")
    say(f"making {VENV.name} with {python}")
    shutil.rmtree(VENV, ignore_errors=True)
    if has_module(python, "ensurepip") or apt_install_venv(python):
        if run([python, "-m", "venv", str(VENV)]):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    if not run([python, "-m", "venv", "--without-pip", str(VENV)]):
        raise CannotSetUp(f"{python} has no module venv; type: {venv_advice(python)}")
    if not bring_pip(python):
        shutil.rmtree(VENV, ignore_errors=True)
        raise CannotSetUp(f"{python} has no pip for an environment; type: {venv_advice(python)}")


def has_module(python: str, name: str) -> bool:
    """Whether an interpreter can import a module."""
    return subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0


def venv_advice(python: str) -> str:
    """What brings venv and pip on Debian and Ubuntu."""
    version = version_of(python) or (3, 11)
    return f"apt-get install python{version[0]}.{version[1]}-venv (or python3-venv), then the same command again"


def apt_install_venv(python: str) -> bool:
    """Install Debian's package with ensurepip, where we may. Returns whether ensurepip is there now."""
    if shutil.which("apt-get") is None or getattr(os, "geteuid", lambda: 1)() != 0:
        return False
    version = version_of(python) or (3, 11)
    package = f"python{version[0]}.{version[1]}-venv"
    say(f"installing {package} with apt-get")
    for attempt in ("install", "update"):
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", package]
        if attempt == "update" and not run(["apt-get", "update", "-q"], quiet=True):
            return False
        if run(command, quiet=True) and has_module(python, "ensurepip"):
            return True
    return False


def bring_pip(python: str) -> bool:
    """Put pip into `.venv` without ensurepip: with the interpreter's own pip, or with that of a wheel on the disk."""
    if has_module(python, "pip") and run([python, "-m", "pip", "--python", str(PYTHON), "install", "-q", "pip"]):
        return True
    for folder in (Path("/usr/share/python-wheels"), Path("/usr/share/python3-wheels")):
        for wheel in sorted(folder.glob("pip-*.whl")):
            if run([str(PYTHON), f"{wheel}/pip", "install", "-q", "--no-index", "--no-deps", str(wheel)]):
                return True
    return False


def link_project() -> None:
    """Make `streams`, `agents` and the command `launchpulse` known in the environment: they stay where they are."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    (site / "launchpulse-source.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = VENV / "bin" / "launchpulse"
    # Through sh, since the path in a #! line may have no spaces.
    start = f"#!/bin/sh\n'''exec' \"{PYTHON}\" \"$0\" \"$@\"\n' '''\n"
    command.write_text(start + "from agents.cli.main import run\n\nrun()\n", encoding="utf-8")
    command.chmod(0o755)


def pip(*arguments: str) -> None:
    """Run pip in the environment. Raises CannotSetUp where it fails."""
    command = [str(PYTHON), "-m", "pip", "-q", "--disable-pip-version-check", *arguments]
    if not run(command):
        raise CannotSetUp("pip could not install the locked packages (its message stands above); run it again")


def run(command: list[str], quiet: bool = False) -> bool:
    """Whether a command ran and ended well."""
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0
    except OSError:
        return False


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"setup: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
