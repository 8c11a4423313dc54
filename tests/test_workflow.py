"""The workflow of CI is valid: what it calls exists, and it runs every Python and every set of versions that is supported."""

from __future__ import annotations

import re
import shlex
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from packaging.specifiers import SpecifierSet

from autograder.cli import app
from tests.matrix.sets import read_sets

ROOT = Path(__file__).parents[1]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
LINES = [
    (job, line) for job, what in JOBS.items() for step in what["steps"] if "run" in step for line in step["run"].splitlines()
]


def words(line: str) -> list[str]:
    """The words of a command, with a value in place of each expression of the workflow."""
    return shlex.split(re.sub(r"\$\{\{ matrix\.set \}\}", "oldest", line), comments=True)


@pytest.mark.parametrize(("job", "line"), LINES)
def test_every_command_of_the_workflow_exists(job: str, line: str) -> None:
    program, *rest = words(line)
    if program == "make":
        subprocess.run(["make", "-n", *rest], cwd=ROOT, capture_output=True, check=True)
    elif program == ".venv/bin/autograder":
        command = typer.main.get_command(app)
        assert isinstance(command, typer.core.TyperGroup)
        assert rest[0] in command.commands
    elif program == "bash":
        assert (ROOT / rest[0]).is_file()
    else:
        assert (program.removeprefix(".venv/bin/"), rest[0]) == ("python", "-m")
        assert rest[1] == "pip" or find_spec(rest[1])
        paths = [word for word in rest[2:] if word.startswith("tests/") or word.endswith(".txt")]
        assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_job_says_where_it_runs_how_long_and_when() -> None:
    for job in JOBS.values():
        assert job["runs-on"]
        assert 0 < job["timeout-minutes"] <= 360  # the most that a runner gives
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    nightly = {name for name, job in JOBS.items() if job["if"] == "github.event_name == 'schedule'"}
    assert nightly == {"nightly", "versions"}


def test_the_workflow_runs_every_python_that_the_project_allows() -> None:
    requires = re.search(r'requires-python = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert requires
    allowed = [f"3.{minor}" for minor in range(30) if SpecifierSet(requires[1]).contains(f"3.{minor}")]
    assert JOBS["test"]["strategy"]["matrix"]["python"] == allowed
    (setup,) = (step for step in JOBS["versions"]["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["with"]["python-version"].split() == allowed


def test_every_set_of_versions_has_a_job_every_night() -> None:
    assert JOBS["versions"]["strategy"]["matrix"]["set"] == list(read_sets())


def test_students_have_every_system() -> None:
    systems = {JOBS["test"]["runs-on"], *JOBS["students"]["strategy"]["matrix"]["system"]}
    assert {system.split("-")[0] for system in systems} == {"ubuntu", "macos", "windows"}
