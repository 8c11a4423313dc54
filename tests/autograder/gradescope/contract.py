"""What Gradescope does with an archive and with results.json, after its documented rules. Independent of the code that writes them.

`unpack` lays out the folders of the container; `Shown` is what staff and students see. Both raise ValueError for what is not in
the contract.
"""

from __future__ import annotations

import json
import math
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
FORMATS = ("text", "html", "simple_format", "md", "ansi")
TOP = {
    *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility"),
    *("stdout_visibility", "extra_data", "tests", "leaderboard"),
}
TEST = {
    *(
        "score",
        "max_score",
        "status",
        "name",
        "name_format",
        "number",
        "output",
        "output_format",
        "tags",
        "visibility",
        "extra_data",
    ),
}


def unpack(archive: Path, home: Path, submission: Mapping[str, bytes], *, points: float = 20.0) -> None:
    """Lay out the container: the archive in source/, the student's files in submission/, the metadata beside them."""
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            path = home / "source" / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files.read(entry))
            path.chmod(entry.external_attr >> 16 & 0o777)
    for program in ("setup.sh", "run_autograder"):
        text = (home / "source" / program).read_bytes()
        if not text.startswith(b"#!") or b"\r" in text or not (home / "source" / program).stat().st_mode & 0o100:
            raise ValueError(f"{program} has to be executable, with a shebang and LF line ends")
    shutil.copy(home / "source" / "run_autograder", home)
    (home / "results").mkdir()
    for name, data in submission.items():
        path = home / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (home / "submission").mkdir(exist_ok=True)
    metadata = {
        "id": 555,
        "created_at": "2026-11-20T18:01:02.000000-08:00",
        "assignment": {"id": 7, "title": "Lab", "total_points": str(points), "due_date": "2026-11-20T23:59:00.000000-08:00"},
        "submission_method": "upload",
        "users": [{"id": 1, "name": "Jane Doe", "email": "jdoe@example.edu"}],
        "previous_submissions": [
            {"submission_time": "2026-11-19T10:00:00.000000-08:00", "score": 3.0, "results": {"tests": []}}
        ],
    }
    (home / "submission_metadata.json").write_text(json.dumps(metadata))


@dataclass
class Shown:
    """What the pages of a submission show."""

    score: float
    passed: dict[str, bool]  # test → whether it is green
    points: dict[str, tuple[float, float]]
    staff: str  # all that staff can read
    student: str  # all that the student can read before grades are published and before the due date
    total_for_student: bool  # whether the student sees the total


def read(home: Path) -> Shown:
    results = json.loads((home / "results" / "results.json").read_text(encoding="utf-8"), parse_constant=_refuse)
    return show(results)


def show(results: dict[str, Any]) -> Shown:
    _only(results, TOP)
    tests = results.get("tests", [])
    if "score" not in results and not tests:
        raise ValueError("neither a score nor tests")
    for where in (results, *tests):
        if where.get("visibility", "visible") not in VISIBILITIES:
            raise ValueError(f"visibility {where['visibility']!r}")
        if where.get("output_format", "text") not in FORMATS:
            raise ValueError(f"output_format {where['output_format']!r}")
        if not isinstance(where.get("output", ""), str):
            raise ValueError("output is no text")
    passed, points = {}, {}
    for test in tests:
        _only(test, TEST)
        score, most = _number(test["score"]), _number(test["max_score"])
        if not 0 <= score <= most:
            raise ValueError(f"{test['name']}: {score} of {most}")
        if test.get("status", "passed") not in ("passed", "failed"):
            raise ValueError(f"status {test['status']!r}")
        passed[test["name"]] = test["status"] == "passed" if "status" in test else score == most
        points[test["name"]] = (score, most)
    score = _number(results["score"]) if "score" in results else sum(score for score, _ in points.values())
    if "execution_time" in results:
        _number(results["execution_time"])
    seen = [test for test in tests if test.get("visibility", "visible") == "visible"]
    top = results.get("visibility", "visible") == "visible"
    student = [results.get("output", ""), *(f"{test['name']}: {test.get('output', '')}" for test in seen)] if top else []
    staff = json.dumps(results, ensure_ascii=False)
    return Shown(score, passed, points, staff, "\n".join(student), top and len(seen) == len(tests))


def _only(where: dict[str, Any], known: set[str]) -> None:
    if unknown := set(where) - known:
        raise ValueError(f"Gradescope knows no {unknown}")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"not a number: {value!r}")
    return float(value)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
