"""What CI relies on: there a skipped test is a failed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

def test_that_skips():
    pytest.skip("a part is missing")

@pytest.mark.skip(reason="later")
def test_that_is_marked():
    pass

@pytest.mark.xfail
def test_that_may_fail():
    assert False

def test_that_runs():
    pass
"""


def run(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest over a folder, with the plugin and nothing else of ours."""
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "tests.support.no_skips", "-c", os.devnull]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "--rootdir", str(folder), str(folder)],
        cwd=ROOT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("ci", "code", "summary"), [("true", 1, "2 failed, 1 passed, 1 error"), ("", 0, "1 passed, 2 skipped")]
)
def test_skips_and_expected_failures_fail_in_ci_only(tmp_path: Path, ci: str, code: int, summary: str) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    done = run(tmp_path, ci)
    assert (done.returncode, summary in done.stdout) == (code, True), done.stdout


def test_a_module_that_skips_itself_fails_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("import pytest\npytest.skip('not here', allow_module_level=True)\n")
    done = run(tmp_path, "true")
    assert done.returncode != 0
    assert "skipped itself" in done.stdout
