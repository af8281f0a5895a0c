"""`python -m tests.support.install`: the parts the tests run against (Java, Kafka, Redis, Prometheus,
libfaketime, Chromium). Idempotent.

Exits 0 when everything is there, 1 after saying what to type when it may not install packages itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.kafka import CLASSES, LIBS, ROOT, KafkaBroker

POM = Path(__file__).parent / "kafka" / "pom.xml"
STAMP = LIBS / "pom.xml"  # the pom the jars came from: another Kafka version in the pom replaces them
COMMANDS = {  # what is run -> the Debian/Ubuntu packages that hold it, the first that exists is taken
    "java": ("openjdk-17-jre-headless", "default-jre-headless"),
    "mvn": ("maven",),
    "openssl": ("openssl",),
    "redis-server": ("redis-server",),
    "faketime": ("faketime",),  # brings libfaketime, which the workers' clocks jump by
    "promtool": ("prometheus",),
    "amtool": ("prometheus-alertmanager",),
    "chromium": ("chromium",),  # the live board is looked at in it
}


def missing_commands() -> list[str]:
    """The commands the tests need that are not on the path. Maven counts only while jars are missing."""
    return [name for name in COMMANDS if shutil.which(name) is None and not (name == "mvn" and jars_present())]


def jars_present() -> bool:
    """Whether Kafka's jars are there and come from the pom of today."""
    return STAMP.exists() and STAMP.read_bytes() == POM.read_bytes()


def install_packages(commands: list[str]) -> bool:
    """Installs the packages of these commands with apt-get as root; False (after a hint on stderr) if it cannot."""
    can = shutil.which("apt-get") is not None and os.geteuid() == 0
    if can:
        _run("apt-get", "update", "-q")
    packages = [_package(COMMANDS[command]) for command in commands]
    if not can:
        print(f"Missing: {', '.join(commands)}. Type:", file=sys.stderr)
        print(f"  sudo apt-get install -y --no-install-recommends {' '.join(packages)}", file=sys.stderr)
        return False
    _run("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)
    return True


def install_jars() -> None:
    """Fetches Kafka and what it needs into `.parts/kafka/libs` with Maven, dropping jars of another version."""
    shutil.rmtree(LIBS, ignore_errors=True)
    LIBS.mkdir(parents=True)
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    _run("mvn", "-q", "-B", "-f", str(POM), goal, f"-DoutputDirectory={LIBS}", "-DincludeScope=runtime")
    shutil.copyfile(POM, STAMP)
    CLASSES.unlink(missing_ok=True)


def make_classes() -> None:
    """Has a Kafka leave its classes as the next ones take them into memory at once."""
    fresh = CLASSES.with_suffix(".new")
    with KafkaBroker(classes_to=fresh) as broker:
        broker.stop()
    if fresh.exists():  # not every JVM can
        fresh.replace(CLASSES)


def main() -> int:
    """Installs what is missing; the exit status."""
    missing = missing_commands()
    if missing and not install_packages(missing):
        return 1
    if not jars_present():
        print(f"Fetching Apache Kafka for the tests into {LIBS.relative_to(ROOT)}")
        install_jars()
    if not CLASSES.exists():
        make_classes()
    return 0


def _package(candidates: tuple[str, ...]) -> str:
    if len(candidates) > 1 and shutil.which("apt-cache") is not None:
        for name in candidates:
            known = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)
            if known.returncode == 0:
                return name
    return candidates[0]


def _run(*command: str) -> None:
    # Services the packages bring must not start here: tests run servers of their own on free ports.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode != 0:
        sys.exit(f"`{' '.join(command)}` ended with status {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
