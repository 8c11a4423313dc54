"""Whatever happens to the bytes, cells and metadata of right work, grading it raises nothing and pays no more than the work."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograder.authoring.demo import reference_sources, solve
from autograder.errors import UnreadableError
from autograder.grading.batch import SubmissionFile, grade_class
from autograder.grading.submissions.submission import read_submission_here as read_submission
from autograder.labs.model import Lab
from autograder.labs.source import load_lab

TOY = Path(__file__).parents[1] / "autograder" / "toylab"
READ = 4000 if "EVERY_STUDENT" in os.environ else 60
RUN = 200 if "EVERY_STUDENT" in os.environ else 8
ODD = [
    None,
    True,
    -1,
    1e308,
    "",
    "x" * 1000,
    "\ud800",
    [],
    {},
    [[]],
    {"a": [1]},
    "test_mean",
    "mean",
    "given_setup",
    float("nan"),
]
Mangle = Callable[[Any, random.Random], Any]


@pytest.fixture(scope="module")
def toylab() -> Lab:
    return load_lab(TOY)


def _places(part: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in list(items):
        found.append((part, key))
        _places(value, found)
    return found


def replaced(notebook: Any, draw: random.Random) -> Any:
    part, key = draw.choice(_places(notebook, []))
    part[key] = draw.choice(ODD)
    return notebook


def removed(notebook: Any, draw: random.Random) -> Any:
    part, key = draw.choice(_places(notebook, []))
    del part[key]
    return notebook


def shuffled(notebook: Any, draw: random.Random) -> Any:
    if isinstance(notebook.get("cells"), list):
        draw.shuffle(notebook["cells"])
    return notebook


def doubled(notebook: Any, draw: random.Random) -> Any:
    cells = notebook.get("cells")
    if isinstance(cells, list) and cells:
        cells.insert(draw.randrange(len(cells)), json.loads(json.dumps(draw.choice(cells))))
    return notebook


def swapped_text(notebook: Any, draw: random.Random) -> Any:
    cells = [cell for cell in notebook.get("cells") or [] if isinstance(cell, dict)]
    if len(cells) > 1:
        a, b = draw.sample(cells, 2)
        a["source"], b["source"] = b.get("source"), a.get("source")
    return notebook


def nothing(notebook: Any, draw: random.Random) -> Any:
    return notebook


def flipped_bytes(text: bytes, draw: random.Random) -> bytes:
    data = bytearray(text)
    for _ in range(draw.randrange(1, 6)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)


def cut(text: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(text))
    return text[:start] + text[start + draw.randrange(200) :]


def mangled(lab: Lab, seed: int) -> bytes:
    """Right work after up to four changes to its cells and one, at times, to its bytes."""
    draw = random.Random(seed)
    notebook = json.loads(json.dumps(solve(lab, reference_sources(lab))))
    for _ in range(draw.randrange(1, 5)):
        change: Mangle = draw.choice([replaced, removed, shuffled, doubled, swapped_text])
        notebook = change(notebook, draw) if isinstance(notebook, dict) and notebook else notebook
    text = json.dumps(notebook).encode()
    return draw.choice([flipped_bytes, cut, lambda text, _: text, lambda text, _: text])(text, draw)


@settings(max_examples=READ, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_reading_mangled_work_gives_a_submission_or_a_clean_refusal(
    toylab: Lab, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "mangled.ipynb"
    path.write_bytes(mangled(toylab, seed))
    try:
        work = read_submission(toylab, path)
    except UnreadableError:
        return
    locked = [source for index, source in work.code if index >= 0 and toylab.cells[index].role in ("tests", "given")]
    assert locked == [cell.source for cell in toylab.cells if cell.role in ("tests", "given")]
    assert all(isinstance(source, str) for _, source in work.code)


def test_mangled_work_is_graded_and_earns_no_more(toylab: Lab, tmp_path: Path) -> None:
    draw = random.Random(os.environ.get("FUZZ_SEED", "fort"))
    found = []
    while len(found) < RUN:
        path = tmp_path / f"{len(found)}.ipynb"
        path.write_bytes(mangled(toylab, draw.randrange(2**32)))
        try:
            read_submission(toylab, path)
        except UnreadableError:
            continue
        found.append(SubmissionFile(path.stem, path))
    for verdict in grade_class(toylab, found):
        assert verdict.status in ("graded", "needs review"), verdict.message
        assert "grader itself" not in verdict.message
        for test in verdict.tests:
            assert test.earned in (0, toylab.tests[test.name].points)
        assert verdict.earned <= 20
        json.loads(verdict.to_json().encode())
