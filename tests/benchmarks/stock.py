"""The engine against stock nbgrader, mark by mark, on any course.

Run as `python -m tests.benchmarks.stock [FOLDER…] [--mutants 6] [--jobs 2] [--stock-marks FILE]`. FOLDER: an nbgrader course, a
folder of assignments, an assignment, or one source notebook (.ipynb); by default nbgrader's own example course and
`tests/foreign/course`. Each source notebook is handed in as the reference, as released, half of it, in variations that are
honest, as mutants with one change each, with known submissions of the topic and real ones of the course (`submitted/`).

same: marks that are equal. asked: marks that are not, where the verdict asks a person to look, or the notebook was refused with a
reason before anybody was graded. different: all others; the exit status is 1 if there are any.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbgrader.nbgraderformat import SchemaTooNewError, ValidationError

from autograder.errors import LabError
from autograder.files import write_text
from autograder.grading.assignments.load import load_assignment
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.cache import digest
from autograder.grading.verdict import Verdict
from tests.foreign.courses import EXAMPLE, Source, find_sources, prepare, settings
from tests.foreign.topics import COURSE
from tests.stock import Grades, stock_grades

__all__ = ["Comparison", "Difference", "by_cell", "main", "same_mark"]

STOCK_SECONDS = 30  # nbgrader's own limit for a cell
Mark = float | None  # None: a person gives it


@dataclass(frozen=True)
class Difference:
    """A mark that is not the same. stock, engine: the marks. asked: whether a person is asked to look. why: the engine's message."""

    cell: str
    submission: str
    stock: Mark
    engine: Mark
    asked: bool
    why: str


@dataclass
class Comparison:
    """One notebook. refused: why the engine did not take it. unsealed, broken: as in an Assignment.

    in_review: submissions about which a person is asked; needless: those of them whose marks are all the same, and why.
    """

    notebook: str
    tests: int = 0
    submissions: int = 0
    same: int = 0
    in_review: int = 0
    refused: str = ""
    unsealed: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    needless: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def asked(self) -> int:
        return sum(difference.asked for difference in self.differences)

    @property
    def different(self) -> int:
        return len(self.differences) - self.asked


def main(folders: Sequence[Path], mutants: int, jobs: int, stock_file: Path | None) -> int:
    with tempfile.TemporaryDirectory(prefix="stock-") as place:
        sources = find_sources(folders or [path for path in (EXAMPLE, COURSE) if path.is_dir()], Path(place) / "written")
        sources, courses = prepared(sources, Path(place), mutants)
        marks = stock_side(sources, courses, jobs, stock_file)
        compared: list[Comparison] = []
        for source, course, (grades, failed) in zip(sources, courses, marks, strict=True):
            for found in compare(source, course, grades, failed):
                show(found)
                compared.append(found)
    show_table(compared)
    return int(any(comparison.different for comparison in compared))


def prepared(sources: Sequence[Source], place: Path, mutants: int) -> tuple[list[Source], list[Path]]:
    """The assignments that nbgrader can release, and a course with submissions for each."""
    released, courses = [], []
    for number, source in enumerate(sources):
        try:
            courses.append(prepare(source, place / str(number), mutants))
        except (RuntimeError, ValidationError, SchemaTooNewError) as error:
            print(f"{source.name}: left out, as nbgrader cannot release it: {_last_line(str(error))}", flush=True)
        else:
            released.append(source)
    return released, courses


# ── the two graders ──────────────────────────────────────────────────────────────────────────────────────────────────


def stock_side(
    sources: Sequence[Source], courses: Sequence[Path], jobs: int, file: Path | None
) -> list[tuple[Grades, dict[str, str]]]:
    """What stock nbgrader gives, `jobs` assignments at once. file: holds marks of earlier runs by content; new ones are added."""
    known: dict[str, Any] = json.loads(file.read_text()) if file and file.is_file() else {}
    keys = [_content(course) for course in courses]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {
            key: pool.submit(stock_grades, course, source.name, seconds=STOCK_SECONDS)
            for source, course, key in zip(sources, courses, keys, strict=True)
            if key not in known
        }
        for key, future in waiting.items():
            grades, failed = future.result()
            known[key] = [[[*place, mark] for place, mark in grades.items()], failed]
            if file:
                write_text(file, json.dumps(known))
            print(f"{len({place[:2] for place in grades})} notebooks graded by stock nbgrader", file=sys.stderr)
    found = []
    for key in keys:
        rows, failed = known[key]
        found.append(({(student, notebook, cell): mark for student, notebook, cell, mark in rows}, failed))
    return found


def _content(course: Path) -> str:
    files = sorted(path for part in ("source", "submitted") for path in (course / part).rglob("*") if path.is_file())
    own = [*files, *settings(course)]
    return digest([nbgrader.__version__, *([str(path.relative_to(course)), _text(path)] for path in own)])


def _text(path: Path) -> str:
    """The file; of a notebook without the ids of cells, which are drawn anew each time."""
    if path.suffix != ".ipynb":
        return path.read_bytes().hex()
    cells = nbformat.read(path, as_version=4).cells
    return json.dumps([[cell.cell_type, cell.source, cell.metadata.get("nbgrader")] for cell in cells])


def compare(source: Source, course: Path, grades: Grades, failed: Mapping[str, str]) -> Iterator[Comparison]:
    """A comparison for each marked notebook of the assignment."""
    for path in sorted((course / "source" / source.name).glob("*.ipynb")):
        submitted = {there.parents[1].name for there in (course / "submitted").glob(f"*/{source.name}/{path.name}")}
        stock = {(who, cell): mark for (who, name, cell), mark in grades.items() if name == path.stem and who in submitted}
        if stock:
            yield compare_notebook(path, course, stock, failed)


def compare_notebook(path: Path, course: Path, stock: Mapping[tuple[str, str], Mark], failed: Mapping[str, str]) -> Comparison:
    found = Comparison(f"{path.parent.name}/{path.stem}", len({cell for _, cell in stock}), len({who for who, _ in stock}))
    found.left_out = {student: _last_line(log) for student, log in failed.items()}
    started = time.perf_counter()
    try:
        assignment = load_assignment(path)
    except LabError as error:
        found.refused = str(error)
        found.differences = [Difference(cell, who, mark, None, True, "refused") for (who, cell), mark in stock.items()]
        return found
    found.unsealed, found.broken = assignment.unsealed, assignment.broken
    submissions = [item for item in find_submissions(course, path.stem, path.parent.name) if item.submission not in failed]
    verdicts = grade_class(assignment.lab, submissions)
    found.in_review = sum(verdict.status != "graded" for verdict in verdicts)
    found.seconds = time.perf_counter() - started
    engine = {(verdict.submission, cell): mark for verdict in verdicts for cell, mark in by_cell(verdict).items()}
    about = {verdict.submission: verdict for verdict in verdicts}
    for (student, cell), mark in sorted(stock.items()):
        ours = engine.get((student, cell))
        if same_mark(mark, ours):
            found.same += 1
        else:
            verdict = about[student]
            asked = verdict.status != "graded"
            found.differences.append(Difference(cell, student, mark, ours, asked, _why(verdict, cell)))
    others = {difference.submission for difference in found.differences}
    found.needless = {v.submission: v.message for v in verdicts if v.status != "graded" and v.submission not in others}
    return found


def by_cell(verdict: Verdict) -> dict[str, Mark]:
    """Grade id → mark, as the gradebook shows it: None for what waits for a person."""
    marks: dict[str, Mark] = {test.name: test.earned for test in verdict.tests}
    for written in verdict.written:
        marks[written.name] = None if written.answered else 0.0
    return marks


def same_mark(one: Mark, other: Mark) -> bool:
    """Whether two marks are equal; None is what a person gives."""
    return one is other if one is None or other is None else abs(one - other) < 1e-5  # a table holds six digits


def _why(verdict: Verdict, cell: str) -> str:
    said = next((f"{test.status}: {test.message}" for test in verdict.tests if test.name == cell), "")
    return " | ".join(part for part in (said, verdict.message) if part)


def _last_line(log: str) -> str:
    return (log.strip().splitlines() or [""])[-1][:200]


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_table(compared: Sequence[Comparison]) -> None:
    """Print a table in Markdown."""
    print("\n| notebook | tests | unsealed | submissions | marks | same | asked | different | submissions in review |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for one in compared:
        marks = one.same + len(one.differences)
        cells = (one.notebook, one.tests, len(one.unsealed), one.submissions, marks, one.same, one.asked, one.different)
        print("| " + " | ".join(map(str, cells)) + f" | {one.in_review} |")
    marks, same = (sum(one.same + more * len(one.differences) for one in compared) for more in (1, 0))
    different = sum(one.different for one in compared)
    print(f"\n{marks} marks: {same} same, {marks - same - different} asked for review, {different} different")


def show(one: Comparison) -> None:
    """Print every difference, and what the engine found about the notebook."""
    notes = [f"refused: {one.refused}"] if one.refused else []
    for kind, tests in (("broken", one.broken), ("unsealed", one.unsealed)):
        notes += [f"{kind}: {cell}: {' '.join(why.split())[:300]}" for cell, why in tests.items()]
    notes += [f"asked for nothing: {student}: {' '.join(why.split())[:300]}" for student, why in one.needless.items()]
    notes += [f"stock nbgrader cannot grade {student}: {why}" for student, why in one.left_out.items()]
    print(f"\n{one.notebook} ({one.seconds:.0f} s)")
    for note in notes:
        print(f"  {note}", flush=True)
    alike: dict[str, list[str]] = {}
    for it in [] if one.refused else one.differences:
        kind = "asked" if it.asked else "DIFFERENT"
        said = f"  {kind}: {it.cell}: stock {_shown(it.stock)}, engine {_shown(it.engine)}: {' '.join(it.why.split())[:300]}"
        alike.setdefault(said, []).append(it.submission)
    for said, submissions in alike.items():
        print(f"{said}\n    {', '.join(submissions)}", flush=True)


def _shown(mark: Mark) -> str:
    return "by hand" if mark is None else f"{mark:g}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--mutants", type=int, default=6, help="of each reference, one change each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="assignments that stock nbgrader grades at once")
    parser.add_argument("--stock-marks", type=Path, help="JSON file of stock's marks, used for work that did not change")
    chosen = parser.parse_args()
    sys.exit(main(chosen.folders, chosen.mutants, chosen.jobs, chosen.stock_marks))
