"""What a lab asks, read from its notebook as the package hands it out: sections, exercises, checks, written questions, points.

A student's notebook has the same cells, with answers. Knows nothing of what has run, or of marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coursekit import course
from coursekit.submission import notebook as nb
from coursekit.submission.errors import SubmissionError

__all__ = ["Check", "Exercise", "Maker", "Outline", "Written", "anchor", "outline_of", "points_of", "read_outline"]

_HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*$", re.MULTILINE)
_STUB = re.compile(r"YOUR CODE HERE|NotImplementedError")  # lines that an answer replaces
_NUMBER_AND_TIME = re.compile(r"^\d+ · | \(\d+ minutes?\)$")  # what stands around the name of a section
_SET_UP = "given_setup"  # grade id of a lab's first code cell
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
        title: The heading above it, such as "Exercise 3 (2 points)".
        section: Name of its section.
        checks: The checks below it.
    """

    name: str
    cell: str
    source: str
    title: str
    section: str = ""
    checks: list[Check] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What a card calls it: its number, its points and its section."""
        return _label(self.title or self.name, self.section)

    @property
    def place(self) -> str:
        """The heading that a link leads to."""
        return self.title


@dataclass(frozen=True)
class Written:
    """A question that is answered in words, and marked by a person.

    Attributes:
        name: Grade id of the cell.
        cell: Id of the cell.
        source: Text of the cell as it is handed out.
        title: Its number and its points, such as "Written question 1 (2 points)".
        section: Name of its section.
        place: The heading above it, which a link leads to.
        points: Its points.
    """

    name: str
    cell: str
    source: str
    title: str
    section: str
    place: str
    points: float

    @property
    def label(self) -> str:
        """What a card calls it: its number, its points and its section."""
        return _label(self.title, self.section)

    def is_answered_by(self, text: str) -> bool:
        """Return whether a text is an answer: not empty, and not as it was handed out."""
        return bool(text.strip()) and _essence(text) != _essence(self.source)


@dataclass(frozen=True)
class Maker:
    """A cell that makes a variable, and runs as it is handed out.

    Attributes:
        section: Heading of its section.
        begins: Its first line; "" for the set-up cell.
        cell: Id of the cell.
        source: Text of the cell.
    """

    section: str
    begins: str = ""
    cell: str = ""
    source: str = ""

    def __str__(self) -> str:
        if not self.begins:
            return "the set-up cell, the first one of the notebook"
        return f"the cell of “{self.section}” that begins with `{self.begins[:40].replace('`', '')}`"


@dataclass(frozen=True)
class Outline:
    """A lab.

    Attributes:
        lab: Id of the lab.
        parts: Its exercises and written questions in their order.
        makers: Name of a variable → the cell that makes it, for cells that run as they are handed out.
        given: Grade id of each other marked cell → name of its section.
        shown: Texts of the code cells that run as they are handed out.
    """

    lab: str
    parts: tuple[Exercise | Written, ...]
    makers: Mapping[str, Maker]
    given: Mapping[str, str] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """Its exercises."""
        return tuple(part for part in self.parts if isinstance(part, Exercise))

    @property
    def written(self) -> tuple[Written, ...]:
        """Its questions that are answered in words."""
        return tuple(part for part in self.parts if isinstance(part, Written))

    @property
    def written_points(self) -> float:
        """Points of the questions that are answered in words."""
        return sum(question.points for question in self.written)

    def owner(self, name: str) -> Exercise | Written | None:
        """Return the exercise or the question that a cell with this grade id, of an answer or of a check, belongs to."""
        for part in self.parts:
            checks = part.checks if isinstance(part, Exercise) else ()
            if name == part.name or any(name == f"test_{check.name}" for check in checks):
                return part
        return None

    def called(self, name: str) -> str:
        """Return what a student calls the cell with a grade id; the id itself for one that the lab does not have."""
        owner = self.owner(name)
        if owner is not None:
            title = owner.title or owner.name
            return title if name == owner.name else f"the check of {title}"
        if name == _SET_UP:
            return "the set-up cell"
        return f"a given cell of “{self.given[name]}”" if name in self.given else name

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

    def is_shown(self, source: str) -> bool:
        """Return whether a text is that of a cell that runs as it is handed out."""
        return _essence(source) in self.shown

    def made_by(self, source: str, cell: str = "") -> set[str]:
        """Return the variables that the cell with this text, or with this id, makes."""
        essence = _essence(source)
        return {
            name for name, maker in self.makers.items() if _essence(maker.source) == essence or (cell and maker.cell == cell)
        }

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
    parts: list[Exercise | Written] = []
    title, section = "", ""
    makers: dict[str, Maker] = {}
    given: dict[str, str] = {}
    shown: set[str] = set()
    for cell in nb.cells(notebook):
        source, name, points = nb.source(cell), nb.grade_id(cell), nb.noted(cell).get("points") or 0.0
        last = next((part for part in reversed(parts) if isinstance(part, Exercise)), None)
        if cell["cell_type"] == "markdown":
            if points:
                number = 1 + sum(isinstance(part, Written) for part in parts)
                called = f"Written question {number} ({points_of(points)})"
                parts.append(Written(name, str(cell.get("id", "")), source, called, _named(section), title, points))
                continue
            for level, heading in _HEADING.findall(source):
                title, section = heading, heading if len(level) <= 2 else section
        elif nb.is_answer(cell):
            parts.append(Exercise(name, str(cell.get("id", "")), source, title, _named(section)))
        elif nb.is_test(cell):
            if last is not None:
                last.checks.append(Check(name.removeprefix("test_"), str(cell.get("id", "")), source, points))
        else:
            begins = "" if name == _SET_UP else source.strip().split("\n")[0]
            maker = Maker(section, begins, str(cell.get("id", "")), source)
            makers.update((made, maker) for made in nb.names_made(source) if made not in makers)
            given.update({name: _named(section)} if name else {})
            shown.add(_essence(source))
    return Outline(lab, tuple(parts), makers, given, frozenset(shown))


def points_of(number: float) -> str:
    """Return a number of points in words."""
    return f"{number:g} {'point' if number == 1 else 'points'}"


def _label(title: str, section: str) -> str:
    return f"{title} · {section}" if section else title


def _named(section: str) -> str:
    """Return the name of a section without its number and its minutes."""
    return _NUMBER_AND_TIME.sub("", section)


def anchor(heading: str) -> str:
    """Return the fragment by which JupyterLab and nbconvert address a heading; "" where JupyterLab cannot find it."""
    return heading.replace(" ", "-") if heading.isascii() else ""


def _essence(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.split("\n")).strip()


def _lines(source: str) -> Iterator[str]:
    """Yield the lines of an exercise that an answer keeps."""
    return (line.strip() for line in source.split("\n") if line.strip() and not _STUB.search(line))
