"""A course with the toy lab, and downloads made up of its notebook."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autograder.collecting.collect import collect_downloads
from autograder.collecting.report import CollectReport
from autograder.course.config import Course, load_course
from autograder.course.records import CollectedFile, read_collected
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.release import release_notebook
from tests.conftest import TOY

LAB = "toylab"


@cache
def _released() -> str:
    return json.dumps(release_notebook(load_lab(TOY)))


def notebook(mark: str = "", lab: str | None = LAB, ids: bool = True) -> bytes:
    """The toy lab's release with a mark in it; lab and ids: what is left of its metadata."""
    raw: dict[str, Any] = json.loads(_released())
    raw["cells"].append({"cell_type": "code", "source": f"# {mark}", "metadata": {}, "outputs": [], "execution_count": None})
    raw["metadata"].pop("coursekit", None)
    if lab:
        raw["metadata"]["coursekit"] = {"lab": lab}
    if not ids:
        for cell in raw["cells"]:
            cell["metadata"].pop("nbgrader", None)
    return json.dumps(raw).encode()


def make_zip(path: Path, files: Mapping[str, bytes | str], when: tuple[int, ...] = (2026, 11, 20, 18, 0, 0)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, when), data, zipfile.ZIP_DEFLATED)  # type: ignore[arg-type]
    return path


def add_link(path: Path, name: str, target: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)


@dataclass
class Class:
    """A course, and what was collected into it."""

    course: Course
    lab: Lab
    downloads: Path

    def zip(self, files: Mapping[str, bytes | str], name: str = "d.zip", **options: Any) -> Path:
        return make_zip(self.downloads / name, files, **options)

    def collect(self, *sources: Path, **options: Any) -> CollectReport:
        return collect_downloads(self.course, self.lab, sources, **options)

    def mark(self, student: str) -> str:
        """The mark in the notebook that was collected of a student."""
        path = self.course.submitted() / student / LAB / f"{LAB}.ipynb"
        return str(json.loads(path.read_text())["cells"][-1]["source"]).removeprefix("# ")

    def files(self, student: str) -> set[str]:
        folder = self.course.submitted() / student / LAB
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    def students(self) -> set[str]:
        return {path.parent.name for path in self.course.submitted().glob(f"*/{LAB}") if path.is_dir()}

    def record(self, student: str) -> CollectedFile:
        return next(file for file in read_collected(self.course, LAB) if file.student == student)


MakeClass = Callable[[str], Class]


@pytest.fixture
def make_class(tmp_path: Path) -> MakeClass:
    """Make a course from the text of its roster."""

    def make(roster: str) -> Class:
        folder = tmp_path / "course"
        folder.mkdir(exist_ok=True)
        (folder / "course.toml").write_text(f'labs_folder = "{TOY.parent}"\n[labs.{LAB}]\n')
        (folder / "roster.csv").write_text(roster, encoding="utf-8")
        return Class(load_course(folder), load_lab(TOY), tmp_path / "downloads")

    return make


@pytest.fixture
def nn(make_class: MakeClass) -> Class:
    """A class of four, two of them with one name."""
    return make_class(
        "id,first_name,last_name,email,canvas_id,login,github\n"
        "S1,Jane,Doe,jane@x.edu,4711,jdoe,jane-doe\n"
        "S2,Zoë,O'Neil-Smith,zoe@x.edu,4712,zoe_s,zoe\n"
        "S3,Kim,Lee,kim1@x.edu,4713,klee1,kim1\n"
        "S4,Kim,Lee,kim2@x.edu,4714,klee2,kim2\n"
    )
