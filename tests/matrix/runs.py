"""Run `verify` and the packages' tests in the environment of a set, and read what came out.

Knows nothing of how an environment is made or how a table looks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.matrix.environments import FOLDER, UnavailableError, made
from tests.matrix.sets import ROOT, VersionSet

__all__ = ["TESTS", "read_junit", "run"]

TESTS = ("tests/coursekit", "tests/autograder/labs")


def run(
    wanted: VersionSet,
    labs: Sequence[str],
    *,
    tests: Sequence[str] = TESTS,
    one_of: int = 6,
    fresh: bool = False,
    folder: Path = FOLDER,
) -> dict[str, Any]:
    """Run labs and tests in the environment of a set.

    Args:
        wanted: The set.
        labs: Ids of the labs to prove.
        tests: Files and folders for pytest; () runs none.
        one_of: Try one of so many known answers of each lab.
        fresh: Make the environment anew.
        folder: Where environments lie.

    Returns:
        What `table.table` takes.
    """
    result: dict[str, Any] = {
        "set": wanted.name,
        "python": wanted.python,
        "backend": wanted.backend,
        "date": date.today().isoformat(),
    }
    try:
        python = made(wanted, folder=folder, fresh=fresh)
    except UnavailableError as error:
        return {**result, "missing": str(error)}
    environment = {**os.environ, "KERAS_BACKEND": wanted.backend, "COURSEKIT_DATA": "drawn"}
    found = _prove(python, environment, labs, one_of)
    return {
        **result,
        "one_of": one_of,
        **found,
        "tests": _test(python, environment, tests, folder / f"{wanted.name}.xml") if tests else None,
    }


def read_junit(text: str) -> dict[str, Any]:
    """Read the report of pytest.

    Args:
        text: The XML that `pytest --junitxml` writes.

    Returns:
        `passed` and `skipped` as numbers, `failed` as "file: test: first line of the message".
    """
    cases = list(ElementTree.fromstring(text).iter("testcase"))
    bad = [(case, why) for case in cases for why in (*case.findall("failure"), *case.findall("error"))]
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = [f"{case.get('classname') or 'tests'}: {case.get('name')}: {_why(why)}" for case, why in bad]
    return {"passed": len(cases) - skipped - len({id(case) for case, _ in bad}), "skipped": skipped, "failed": failed}


def _prove(python: Path, environment: Mapping[str, str], labs: Sequence[str], one_of: int) -> dict[str, Any]:
    """What `inside` says; where it ended without a word, that is the problem of each lab."""
    line = [str(python), "-m", "tests.matrix.inside", *labs, "--one-of", str(one_of)]
    ended = subprocess.run(line, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    sys.stderr.write(ended.stderr[-3000:] if ended.returncode else "")
    try:
        return json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        why = _first_line((ended.stderr.strip().splitlines() or [f"ended with status {ended.returncode}"])[-1])
        return {"versions": {"python": "?"}, "isolation": "", "labs": {lab: [why] for lab in labs}}


def _test(python: Path, environment: Mapping[str, str], tests: Sequence[str], report: Path) -> dict[str, Any]:
    report.unlink(missing_ok=True)
    line = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    ended = subprocess.run(
        line, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    try:
        return read_junit(report.read_text(encoding="utf-8"))
    except (OSError, ElementTree.ParseError):
        return {"passed": 0, "skipped": 0, "failed": [f"pytest: {_first_line(ended.stdout.strip()[-300:])}"]}


def _why(element: ElementTree.Element) -> str:
    """The exception in one line: pytest marks its lines by E. A module that could not be loaded has it only there."""
    marked = [line.removeprefix("E").strip() for line in (element.text or "").splitlines() if line.startswith("E  ")]
    message = _first_line(element.get("message"))
    return _first_line(marked[-1]) if marked and message == "collection failure" else message


def _first_line(text: str | None) -> str:
    return (text or "no message").strip().splitlines()[0][:200]
