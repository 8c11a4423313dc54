"""Find the submissions to one lab in a folder, and report why every other file is not graded.

The metadata and grade ids of a notebook decide to which lab it belongs, not its file name, because
browsers and platforms add `(1)`, `-2`, `Copy of` and `_LATE_`. Every student has one submission; the
newest of several attempts counts. This module knows folders and names; it runs and repairs nothing.
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

MAX_ENTRIES = 2_000  # entries of one folder that are examined
MAX_DEPTH = 4  # levels of folders between the class and a notebook
MAX_NOTEBOOKS = 20  # notebooks of one student that are read to find the submission
# Files and folders of an nbgrader course next to `submitted`, which hold no student's work.
_COURSE = ("source", "release", "autograded", "feedback", "gradebook.db", "nbgrader_config.py")


@dataclass(frozen=True)
class SubmissionFile:
    """A submission that was found and not read yet.

    Attributes:
        submission: Name of the submission, which is the name of the student.
        path: Path of the notebook.
        linked: Whether its folder is a symbolic link.
        own_folder: Whether the folder holds only files of this student, which then belong to the
            submission.
    """

    submission: str
    path: Path
    linked: bool = False
    own_folder: bool = False


@dataclass(frozen=True)
class Left:
    """A file or folder that was found and is not graded.

    Attributes:
        path: Path of the file or folder.
        reason: Why it is not graded.
    """

    path: Path
    reason: str


@dataclass(frozen=True)
class Collected:
    """The result of a search.

    Attributes:
        found: Submissions, sorted by name.
        left: Files and folders that are not graded, sorted by path.
    """

    found: tuple[SubmissionFile, ...]
    left: tuple[Left, ...]


def find_submissions(folder: Path | str, lab_id: str, assignment: str = "") -> list[SubmissionFile]:
    """Find the submissions to one lab, as `collect` does.

    Args:
        folder: Folder with the submissions.
        lab_id: Id of the lab.
        assignment: nbgrader's name of the assignment; by default the id of the lab.

    Returns:
        The submissions, sorted by name.

    Raises:
        CollectError: The folder does not exist or holds no submission to the lab.
    """
    return list(collect(folder, lab_id, assignment).found)


def collect(folder: Path | str, lab: Lab | str, assignment: str = "") -> Collected:
    """Find the submissions to one lab, and everything else in the folder.

    Three layouts are supported: nbgrader's `<student>/<assignment>/<lab>.ipynb`, one folder per
    student, and plain files `<student>.ipynb`.

    Args:
        folder: Folder with the submissions; for nbgrader's layout `submitted` or its parent.
        lab: The lab or its id. With the lab, notebooks without metadata are recognised by their
            grade ids.
        assignment: nbgrader's name of the assignment; by default that of the lab.

    Returns:
        The submissions, and the files and folders that are not graded.

    Raises:
        CollectError: The folder does not exist or holds no submission to the lab.
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
    """Return the folders with one entry per student: `submitted` in an nbgrader course, otherwise `folder`.

    Outside a course, a folder `submitted` that holds students is searched in addition.
    """
    inner = folder / "submitted"
    if not inner.is_dir() or inner.is_symlink():
        return [folder]
    if any((folder / name).exists() for name in _COURSE):
        return [inner]
    return [folder, inner] if search.holds_students(inner) else [folder]


# ── the search ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Search:
    """The state of a search: candidates by student, and what is not graded."""

    def __init__(self, lab: Lab | str, assignment: str) -> None:
        self.lab_id = lab if isinstance(lab, str) else lab.id
        self.ids = frozenset() if isinstance(lab, str) else frozenset(cell.id for cell in lab.cells if cell.grade_id)
        self.assignment = assignment
        self._students: dict[tuple[str, str], list[Candidate]] = {}
        self._linked: list[SubmissionFile] = []
        self._left: list[Left] = []

    def holds_students(self, folder: Path) -> bool:
        """Return whether a folder named `submitted` holds a class, and is not the folder of a student with this name."""
        return any(
            path.parent != entry or path.stem != entry.name
            for entry in _entries(folder)
            if entry.is_dir() and not entry.is_symlink() and not _hidden(entry) and entry.name != self.assignment
            for path in _notebooks(entry, 2)
        )

    def look_through(self, root: Path) -> None:
        """Search a folder with one entry per student."""
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
        """Choose one submission per student and return everything that was found."""
        found: list[SubmissionFile] = []
        alike = Counter(name for name, _ in self._students)
        taken: set[str] = {name for name, number in self._students if not number}
        for (name, number), candidates in self._students.items():
            said = f"{name}_{number}" if number and alike[name] > 1 else name
            if number and said in taken:  # another student has this name
                said = next(longer for longer in (f"{said}_{i}" for i in count(2)) if longer not in taken)
            taken.add(said)
            found += self._newest_attempt(said, candidates)
        names = {item.submission for item in found}
        found += (item for item in self._linked if item.submission not in names)
        self._left += [Left(item.path.parent, "a link, not a folder") for item in self._linked if item.submission in names]
        return Collected(
            tuple(sorted(found, key=lambda item: item.submission)), tuple(sorted(self._left, key=lambda item: str(item.path)))
        )

    def _newest_attempt(self, student: str, candidates: Sequence[Candidate]) -> list[SubmissionFile]:
        """Return the submission that counts, if there is one, and report the other candidates as not graded."""
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
        """Record a student's folder that is a link. It is not searched, but its student gets a verdict."""
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
        # From a linked folder only the expected notebook is taken, so that its student gets a verdict.
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
        """Return whether `path` is another notebook of an assignment with several notebooks."""
        return self.assignment != self.lab_id and self.lab_id.lower() not in path.stem.lower()

    def _look_deeper(self, student: tuple[str, str], own: Path, patience: Patience) -> None:
        """Search folders with other names. `lab03/lab03.ipynb` belongs to another assignment and is ignored."""
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


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _notebooks(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the notebooks in a folder and its subfolders, except links to folders and hidden files."""
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
    """Return whether a system or an editor made the file: `._x`, `.ipynb_checkpoints`, `__MACOSX`, `~$x`."""
    return path.name.startswith((".", "~$", "__MACOSX", "__pycache__"))
