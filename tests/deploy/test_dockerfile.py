"""The Dockerfile, as far as it can be read."""

from __future__ import annotations

import json
import re

from agents.settings import Settings
from agents.settings_errors import variable
from tests.deploy.files import ROOT, argument_of, image_environment, instructions


def test_every_stage_starts_from_a_base_pinned_by_digest() -> None:
    bases = [argument.split()[0] for name, argument in instructions() if name == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases[0])


def test_it_runs_as_a_user_of_its_own() -> None:
    user, group = argument_of("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    after = [name for name, _ in instructions()][::-1]
    assert after.index("USER") < after.index("RUN")  # nothing runs as that user at build time, nothing as root later


def test_nothing_is_fetched_but_packages_of_the_lock() -> None:
    names = [name for name, _ in instructions()]
    assert "ADD" not in names
    for command in (argument for name, argument in instructions() if name == "RUN"):
        assert not re.search(r"https?://|\bcurl\b|\bwget\b|\bapt(-get)?\b", command)
        for install in re.findall(r"pip (?:--python \S+ )?(?:install|wheel) ([^&]*)", command):
            assert "--require-hashes" in install or "--no-index" in install


def test_the_build_backend_is_in_the_lock_that_it_is_taken_from() -> None:
    (pattern,) = re.findall(r"sed -n '/(\^setuptools==)/,/(# via)/p'", " ".join(text for _, text in instructions()))
    block = re.search(f"{pattern[0]}.*?{pattern[1]}", (ROOT / "requirements" / "dev.txt").read_text(), re.M | re.S)
    assert block
    assert "--hash=sha256:" in block[0]


def test_the_command_is_the_entry_point_without_a_shell() -> None:
    assert json.loads(argument_of("ENTRYPOINT")) == ["launchpulse"]
    assert json.loads(argument_of("CMD")) == ["worker"]
    assert 'launchpulse = "agents.cli.main:run"' in (ROOT / "pyproject.toml").read_text()


def test_it_holds_no_setting_but_where_it_may_write() -> None:
    ours = {name for name in image_environment() if name.startswith("LAUNCHPULSE_")}
    assert ours == {variable("data_dir")}
    assert str(Settings.model_fields["web_port"].default) == argument_of("EXPOSE")


def test_only_what_is_copied_gets_into_the_build() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        source
        for name, argument in instructions()
        if name == "COPY" and not argument.startswith("--from")
        for source in argument.split()[:-1]
    ]
    assert sorted(copied) == ["LICENSE", "README.md", "agents/", "pyproject.toml", "requirements/", "streams/"]
    for source in copied:
        assert any(pattern.startswith(source.rstrip("/")) for pattern in allowed)
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
