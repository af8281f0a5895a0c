"""promtool for the tests of the rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rules.stage import Stage, plays_of


@pytest.fixture(scope="session", autouse=True)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The scenes of all tests that are about to run: they are played while tests of Alertmanager wait for it."""
    played = Stage(plays_of(request.session.items), tmp_path_factory.mktemp("stage"))
    yield played
    played.close()
