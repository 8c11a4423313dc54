"""What a lab asks, read from its notebook as the package hands it out: sections, exercises, checks, points.

A student's notebook has the same cells, with answers. Knows nothing of what has run, or of marks.
"""

from __future__ import annotations

import re
import symtable
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coursekit import course
from coursekit.submission import notebook as nb
from coursekit.submission.errors import SubmissionError

__all__ = ["Check", "Exercise", "Outline", "anchor", "outline_of", "read_outline"]

_HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*$", re.MULTILINE)
_STUB = re.compile(r"YOUR CODE HERE|NotImplementedError")  # lines that an answer replaces
_KEPT = 0.6  # share of the handed-out lines that an answer still holds


@dataclass(frozen=True)
class Check:
    """A cell with the visible checks of one test.

    Attributes:
        name: Name of the test.
        cell: Id of its cell.
        source: Text of the cell.
        points: Points of the test.
    """

    name: str
    cell: str
    source: str
    points: float


@dataclass(frozen=True)
class Exercise:
    """A cell that students write.

    Attributes:
        name: Grade id of the cell.
        cell: Id of the cell.
        source: Text of the cell as it is handed out.
        title: The heading above it.
        checks: The checks below it.
    """

    name: str
    cell: str
    source: str
    title: str
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True)
class Outline:
    """A lab.

    Attributes:
        lab: Id of the lab.
        exercises: Its exercises in their order.
        written_points: Points of the questions that are answered in words.
        makers: Name of a variable → heading of the section whose cell makes it, for cells that run as they are handed out.
    """

    lab: str
    exercises: tuple[Exercise, ...]
    written_points: float
    makers: Mapping[str, str]

    def find_check(self, source: str, cell: str = "") -> tuple[Exercise, Check] | None:
        """Return the check with this text or, where an editor changed the text, with this id of its cell."""
        pairs = [(exercise, check) for exercise in self.exercises for check in exercise.checks]
        essence = _essence(source)
        same = [pair for pair in pairs if _essence(pair[1].source) == essence] or [
            p for p in pairs if cell and p[1].cell == cell
        ]
        return same[0] if same else None

    def find_exercise(self, source: str, cell: str = "") -> Exercise | None:
        """Return the exercise that a cell answers: the one with its id, or the one whose handed-out lines it holds most of."""
        for exercise in self.exercises:
            if cell and exercise.cell == cell:
                return exercise
        lines = set(_lines(source))
        best = max(self.exercises, key=lambda exercise: len(lines & set(_lines(exercise.source))), default=None)
        if best is None:
            return None
        asked = set(_lines(best.source))
        return best if asked and len(lines & asked) >= _KEPT * len(asked) else None

    def is_handed_out(self, exercise: Exercise, source: str) -> bool:
        """Return whether a text is that of the exercise as it is handed out."""
        return _essence(source) == _essence(exercise.source)


def read_outline(lab: str) -> Outline | None:
    """Return the outline of a lab; None where the package does not hold its notebook."""
    try:
        return outline_of(lab, nb.read(course.released() / "labs" / f"{lab}.ipynb"))
    except (LookupError, SubmissionError):
        return None


def outline_of(lab: str, notebook: nb.Notebook) -> Outline:
    """Return the outline of a lab's notebook as it is handed out."""
    exercises: list[Exercise] = []
    written, title, section = 0.0, "", ""
    makers: dict[str, str] = {}
    for cell in nb.cells(notebook):
        source, name, points = nb.source(cell), nb.grade_id(cell), nb.noted(cell).get("points") or 0.0
        if cell["cell_type"] == "markdown":
            written += points
            for level, heading in _HEADING.findall(source):
                title, section = heading, heading if len(level) <= 2 else section
        elif nb.is_answer(cell):
            exercises.append(Exercise(name, str(cell.get("id", "")), source, title))
        elif nb.is_test(cell):
            if exercises:
                check = Check(name.removeprefix("test_"), str(cell.get("id", "")), source, points)
                exercises[-1].checks.append(check)
        else:
            makers.update((made, section) for made in _made(source) if made not in makers)
    return Outline(lab, tuple(exercises), written, makers)


def anchor(heading: str) -> str:
    """Return the fragment by which JupyterLab and nbconvert address a heading; "" where JupyterLab cannot find it."""
    return heading.replace(" ", "-") if heading.isascii() else ""


def _essence(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.split("\n")).strip()


def _lines(source: str) -> Iterator[str]:
    """Yield the lines of an exercise that an answer keeps."""
    return (line.strip() for line in source.split("\n") if line.strip() and not _STUB.search(line))


def _made(source: str) -> Iterator[str]:
    """Yield the names that a cell makes: what it imports, defines and assigns."""
    plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        table = symtable.symtable(plain, "cell", "exec")
    except SyntaxError:
        return
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported())
