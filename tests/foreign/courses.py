"""nbgrader courses to compare graders on: find assignments, and make a course with one and what students hand in to it.

Knows nbgrader's folders; grades nothing.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import nbgrader
from nbgrader.nbgraderformat import MetadataValidator

from tests.foreign.submissions import hand_in, variants
from tests.foreign.topics import Known, Topic, topics, write_source
from tests.stock import released, stock_release

__all__ = ["EXAMPLE", "Source", "find_sources", "known_work", "prepare", "release_of", "settings"]

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"  # nbgrader's own example course
SETTINGS = ("nbgrader_config.py", "autotests.yml")  # what lies in a course folder and changes what nbgrader does


@dataclass(frozen=True)
class Source:
    """An assignment as its author keeps it. known: submissions to its notebook. submitted: folder of real submissions."""

    name: str
    folder: Path
    settings: tuple[Path, ...] = ()
    known: tuple[Known, ...] = ()
    submitted: Path | None = None


# ── finding assignments ──────────────────────────────────────────────────────────────────────────────────────────────


def find_sources(folders: Sequence[Path], written: Path) -> list[Source]:
    """Every assignment under the folders; those kept as text, as in tests/foreign, are written into `written` first.

    Raises SystemExit for a folder without any.
    """
    found: list[Source] = []
    for given in folders:
        folder = given.resolve()
        new = [*_written_out(folder, written), *_in_course(folder)]
        if not new:
            raise SystemExit(f"{given}: no notebooks here; expected an nbgrader course, assignments or a source notebook")
        found += new
    return found


def _written_out(folder: Path, written: Path) -> Iterator[Source]:
    for topic in topics(folder):
        path = write_source(topic, written / topic.name)
        yield Source(topic.name, path.parent, settings(written / topic.name), topic.known)


def _in_course(folder: Path) -> list[Source]:
    inside = folder / "source" if (folder / "source").is_dir() else folder
    course = next((place for place in (folder, *folder.parents[:3]) if (place / "source").is_dir()), folder.parent)
    folders = [path for path in sorted(inside.iterdir()) if path.is_dir() and path.name[0] != "."] if inside.is_dir() else []
    places = [inside, *folders]
    submitted = course / "submitted" if (course / "submitted").is_dir() else None
    return [_source(path, course, submitted) for path in places if _holds_notebooks(path, inside)]


def _holds_notebooks(path: Path, inside: Path) -> bool:
    if path == inside and path.name == "source":
        return False  # what lies here belongs to no assignment
    return path.suffix == ".ipynb" if path.is_file() else any(path.glob("*.ipynb"))


def _source(path: Path, course: Path, submitted: Path | None) -> Source:
    name = path.parent.name if path.is_file() else path.name
    return Source(name, path, settings(course), submitted=submitted)


def settings(course: Path) -> tuple[Path, ...]:
    """The files of a course folder that change what nbgrader does."""
    return tuple(course / name for name in SETTINGS if (course / name).is_file())


# ── submissions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def known_work(topic: Topic, course: Path) -> nbformat.NotebookNode:
    """Make a course with a topic, its reference, its release and its known submissions; return the source notebook."""
    path = write_source(topic, course)
    source = nbformat.read(path, as_version=4)
    made = variants(source, released(source, course), mutants=0, known=topic.known)
    for student in ("reference", "release", *(work.name for work in topic.known)):
        hand_in(course, student, topic.name, {topic.name: made[student]}, path.parent)
    _hand_in_files(course, topic.name, topic.known)
    return source


def prepare(source: Source, course: Path, mutants: int) -> Path:
    """Make a course that holds the assignment and all submissions to it; return its folder."""
    folder = course / "source" / source.name
    if source.folder.is_dir():
        shutil.copytree(source.folder, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    else:
        shutil.copytree(source.folder.parent, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.ipynb"))
        shutil.copy(source.folder, folder)
    for path in source.settings:
        shutil.copy(path, course)
    release = release_of(course, source.name)
    students: dict[str, dict[str, nbformat.NotebookNode]] = {}
    for path in sorted(folder.glob("*.ipynb")):
        blank = nbformat.read(release / path.name, as_version=4)
        made = variants(nbformat.read(path, as_version=4), blank, mutants=mutants, known=source.known)
        for student, notebook in made.items():
            students.setdefault(student, {})[path.stem] = notebook
    unsolved = {path.stem: nbformat.read(path, as_version=4) for path in sorted(release.glob("*.ipynb"))}
    for student, work in students.items():
        hand_in(course, student, source.name, {**unsolved, **work}, release)  # everybody hands in every notebook
    _hand_in_files(course, source.name, source.known)
    for path in sorted(source.submitted.glob(f"*/{source.name}")) if source.submitted else ():
        shutil.copytree(path, course / "submitted" / path.parent.name / source.name, dirs_exist_ok=True)
    return course


def _hand_in_files(course: Path, assignment: str, known: Sequence[Known]) -> None:
    for work in known:
        for name, text in work.files.items():
            (course / "submitted" / work.name / assignment / name).write_text(text + "\n", encoding="utf-8")


def release_of(course: Path, assignment: str) -> Path:
    """What nbgrader releases. Metadata of older versions is brought up to date for it, as it asks, and left for the engine."""
    kept = {path: nbformat.read(path, as_version=4) for path in (course / "source" / assignment).glob("*.ipynb")}
    for path, notebook in kept.items():
        nbformat.write(MetadataValidator().upgrade_notebook_metadata(copy.deepcopy(notebook)), path)
    release = stock_release(course, assignment)
    for path, notebook in kept.items():
        nbformat.write(notebook, path)
    return release
