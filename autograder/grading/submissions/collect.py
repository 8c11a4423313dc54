"""Find the submissions to one lab in a folder as instructors receive it, and say of everything else why it is none.

A notebook belongs to a lab by what it says of itself, not by its file's name: names get `(1)`, `-2`, `Copy of` and `_LATE_` on
their way. Every student has one submission; of several attempts the newest. Knows folders and names; runs and repairs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from autograder.errors import CollectError
from autograder.grading.submissions.attempts import Candidate, Patience, newest, student_name, student_of_file
from autograder.labs.model import Lab
from autograder.notebooks.io import shown

__all__ = ["Collected", "Left", "SubmissionFile", "collect", "find_submissions"]

MAX_ENTRIES = 2_000  # that are looked at in one student's folder
MAX_DEPTH = 4  # folders between the class and a notebook
MAX_NOTEBOOKS = 20  # that are read of one student to see what they are
# Folders of an nbgrader course beside `submitted`, which hold no student's work.
_COURSE = ("source", "release", "autograded", "feedback", "gradebook.db", "nbgrader_config.py")


@dataclass(frozen=True)
class SubmissionFile:
    """A submission before it is read: whose it is, where it lies, and whether a folder on the way there is a link.

    own_folder: the folder holds nothing but this student's files, which come along.
    """

    submission: str
    path: Path
    linked: bool = False
    own_folder: bool = False


@dataclass(frozen=True)
class Left:
    """Something that was found and is not graded, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Collected:
    """The submissions by name, and everything else that was found."""

    found: tuple[SubmissionFile, ...]
    left: tuple[Left, ...]


def find_submissions(folder: Path | str, lab_id: str, assignment: str = "") -> list[SubmissionFile]:
    """The submissions to one lab under `folder`, by name, as `collect` finds them."""
    return list(collect(folder, lab_id, assignment).found)


def collect(folder: Path | str, lab: Lab | str, assignment: str = "") -> Collected:
    """The submissions to one lab under `folder`, and what else is there.

    Three layouts are known: nbgrader's `<student>/<assignment>/<lab>.ipynb` (the folder `submitted` or its parent may be given),
    one folder a student, and plain files `<student>.ipynb`. lab: with a whole lab its cells are known too, not only its id.
    assignment: nbgrader's name of it, by default the lab's. Raises CollectError when nothing is there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CollectError(f"{folder}: no such folder; expected the folder with the submissions")
    lab_id = lab if isinstance(lab, str) else lab.id
    search = _Search(lab, assignment or (lab_id if isinstance(lab, str) else lab.assignment))
    for root in _roots(folder, search):
        search.look_through(root)
    collected = search.result()
    if not collected.found:
        seen = "; ".join(f"{left.path.name}: {left.reason}" for left in collected.left[:5])
        raise CollectError(
            f"{folder}: no submissions to {lab_id}; expected STUDENT/{search.assignment}/{lab_id}.ipynb, STUDENT/{lab_id}.ipynb "
            f"or STUDENT.ipynb" + (f" (there are: {shown(seen)})" if seen else "")
        )
    return collected


def _roots(folder: Path, search: _Search) -> list[Path]:
    """The folders whose entries are students: in an nbgrader course `submitted`, elsewhere a folder of that name is one more."""
    inner = folder / "submitted"
    if not inner.is_dir() or inner.is_symlink():
        return [folder]
    if any((folder / name).exists() for name in _COURSE):
        return [inner]
    return [folder, inner] if search.holds_students(inner) else [folder]


# ── the search ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Search:
    """What has been found so far: candidates by student, and what is left."""

    def __init__(self, lab: Lab | str, assignment: str) -> None:
        self.lab_id = lab if isinstance(lab, str) else lab.id
        self.ids = frozenset() if isinstance(lab, str) else frozenset(cell.id for cell in lab.cells if cell.grade_id)
        self.assignment = assignment
        self._students: dict[tuple[str, str], list[Candidate]] = {}
        self._linked: list[SubmissionFile] = []
        self._left: list[Left] = []

    def holds_students(self, folder: Path) -> bool:
        """Whether a folder `submitted` is that of a class, not of a student of this name."""
        return any(
            path.parent != entry or path.stem != entry.name
            for entry in _entries(folder)
            if entry.is_dir() and not entry.is_symlink() and not _hidden(entry) and entry.name != self.assignment
            for path in _notebooks(entry, 2)
        )

    def look_through(self, root: Path) -> None:
        self._leave_hidden(root)
        for entry in _entries(root):
            if _hidden(entry):
                continue
            if entry.is_symlink() and entry.is_dir():
                self._note_link(entry)
            elif entry.is_dir():
                if not (entry.name == "submitted" and self.holds_students(entry)):
                    self._look_at_student(entry)
            elif _is_notebook(entry):
                student = student_of_file(entry.stem, self.lab_id)
                self._add(student, self._candidate(entry, Patience(), own_folder=False))
            else:
                self._left.append(Left(entry, "not a notebook (.ipynb)"))

    def result(self) -> Collected:
        found: list[SubmissionFile] = []
        alike = Counter(name for name, _ in self._students)
        taken: set[str] = {name for name, number in self._students if not number}
        for (name, number), candidates in self._students.items():
            said = f"{name}_{number}" if number and alike[name] > 1 else name
            if number and said in taken:  # somebody else is called so
                said = next(longer for longer in (f"{said}_{i}" for i in count(2)) if longer not in taken)
            taken.add(said)
            found += self._settled(said, candidates)
        names = {item.submission for item in found}
        found += (item for item in self._linked if item.submission not in names)
        self._left += [Left(item.path.parent, "a link, not a folder") for item in self._linked if item.submission in names]
        return Collected(
            tuple(sorted(found, key=lambda item: item.submission)), tuple(sorted(self._left, key=lambda item: str(item.path)))
        )

    def _settled(self, student: str, candidates: Sequence[Candidate]) -> list[SubmissionFile]:
        """The one that counts, if one does; the others are left."""
        ours = [c for c in candidates if c.expected or not c.other_lab]
        if len(ours) > 1 and any(candidate.certainty == 2 for candidate in ours):
            ours = [c for c in ours if c.certainty != 1]
        for candidate in candidates:
            if candidate not in ours:
                of_what = f"of {candidate.other_lab}" if candidate.other_lab else "not recognised as a notebook of this lab"
                self._leave([candidate], of_what)
        if not ours:
            return []
        taken, how = newest(ours) if len(ours) > 1 else (ours[0], "")
        self._leave(
            (c for c in ours if c is not taken),
            f"another attempt of {shown(student)}: {shown(taken.path.name)} was taken, {how}",
        )
        return [SubmissionFile(student, taken.path, taken.path.parent.is_symlink(), taken.own_folder)]

    def _leave(self, candidates: Iterable[Candidate], reason: str) -> None:
        self._left += [Left(candidate.path, reason) for candidate in candidates]

    def _note_link(self, entry: Path) -> None:
        """A student's folder that is a link is not gone into, but the student is told."""
        for path in (entry / self.assignment / f"{self.lab_id}.ipynb", entry / f"{self.lab_id}.ipynb"):
            if path.exists():
                self._linked.append(SubmissionFile(student_name(entry.name), path, linked=True))
                return
        self._left.append(Left(entry, "a link, not a folder"))

    def _look_at_student(self, own: Path) -> None:
        student, exact, patience = (student_name(own.name), ""), f"{self.lab_id}.ipynb".lower(), Patience()
        top = [path for path in _entries(own) if _is_notebook(path)]
        places = [path for path in _entries(own) if path.name == self.assignment and path.is_dir()]
        within = [path for place in places for path in _entries(place) if _is_notebook(path)]
        # Of a folder that is a link no more is wanted than that the student is told.
        within = [path for path in within if not path.parent.is_symlink() or path.name.lower() == exact]
        self._leave_hidden(own, *places)
        if not top and not within:
            self._look_deeper(student, own, patience)
            return
        expected = [path for path in (*top, *within) if path.name.lower() == exact] or (within if len(within) == 1 else [])
        others = [path for path in (*top, *within) if path not in expected and not (path in within and self._is_part(path))]
        for path in (*expected, *others[:MAX_NOTEBOOKS]):
            self._add(student, self._candidate(path, patience, own_folder=True, expected=path in expected))
        self._left += [Left(path, f"one of more than {MAX_NOTEBOOKS} notebooks") for path in others[MAX_NOTEBOOKS:]]

    def _is_part(self, path: Path) -> bool:
        """Whether it is another notebook of an assignment that has several."""
        return self.assignment != self.lab_id and self.lab_id.lower() not in path.stem.lower()

    def _look_deeper(self, student: tuple[str, str], own: Path, patience: Patience) -> None:
        """Notebooks in folders with other names; `lab03/lab03.ipynb` is another assignment, and nobody's concern here."""
        paths = list(_notebooks(own, MAX_DEPTH - 1))
        unknown = [path for path in paths if path.stem != path.parent.name][:MAX_NOTEBOOKS]
        for candidate in (self._candidate(path, patience, own_folder=True) for path in unknown):
            if candidate.is_ours:
                self._add(student, candidate)
        if not paths:
            self._left.append(Left(own, "no notebook in it"))

    def _leave_hidden(self, *folders: Path) -> None:
        for folder in folders:
            hidden = [path for path in _entries(folder) if _hidden(path) and (path.is_dir() or path.suffix.lower() == ".ipynb")]
            self._left += [Left(path, "hidden files and folders are no submissions") for path in hidden]

    def _candidate(self, path: Path, patience: Patience, *, own_folder: bool, expected: bool = False) -> Candidate:
        return Candidate(path, self.lab_id, self.ids, own_folder, expected, patience)

    def _add(self, student: tuple[str, str], candidate: Candidate) -> None:
        self._students.setdefault(student, []).append(candidate)


def _has(paths: Iterable[Path], name: str) -> bool:
    return any(path.name.lower() == name for path in paths)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _notebooks(folder: Path, depth: int) -> Iterator[Path]:
    """The notebooks in a folder and those below it, links and hidden ones aside."""
    for entry in _entries(folder)[:MAX_ENTRIES]:
        if _hidden(entry):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _notebooks(entry, depth - 1) if depth > 0 else ()
        elif _is_notebook(entry):
            yield entry


def _is_notebook(path: Path) -> bool:
    return path.suffix.lower() == ".ipynb" and not _hidden(path) and not (path.is_dir() and not path.is_symlink())


def _hidden(path: Path) -> bool:
    """What systems and editors leave behind: `._x`, `.ipynb_checkpoints`, `__MACOSX`, `~$x`."""
    return path.name.startswith((".", "~$", "__MACOSX", "__pycache__"))
