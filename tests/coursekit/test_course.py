"""A student's copy of the course is laid out once; what is there stays, and a new release lies beside it with what is new."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coursekit import course
from coursekit.cli import app


def cell(text: str, name: str = "", **noted: Any) -> dict[str, Any]:
    """A Markdown cell if the text is a heading, else code; with nbgrader's metadata if it has a name."""
    metadata = {"nbgrader": {"grade_id": name, **noted}} if name else {}
    return {
        "cell_type": "markdown" if text.startswith(("# ", "## ")) else "code",
        "source": [text],
        "metadata": metadata,
        "id": text[:8],
    }


OLD = [
    cell("# Lab 1 · Units"),
    cell('#@title Set-up { display-mode: "form" }\n%pip install v1', "given_setup", locked=True),
    cell("## 1 · Sums"),
    cell("print(1)"),
    cell("def total(x):\n    raise NotImplementedError()", "total", solution=True),
    cell("assert total([1]) == 1", "test_total", grade=True, points=2),
    cell("## 2 · Means"),
    cell("def mean(x):\n    raise NotImplementedError()", "mean", solution=True),
]
NEW = [
    cell("# Lab 1 · Units"),
    cell('#@title Set-up { display-mode: "form" }\n%pip install v2', "given_setup", locked=True),
    cell("## 1 · Sums"),
    cell("print(1)"),
    cell("def total(x):\n    raise NotImplementedError()", "total", solution=True),
    cell("assert total([1]) == 1.0", "test_total", grade=True, points=3),
    cell("## 2 · Products\nMultiply."),
    cell("def product(x):\n    raise NotImplementedError()", "product", solution=True),
    cell("assert product([2]) == 2", "test_product", grade=True, points=1),
]
CHANGES = (
    "points: check of total now has 3, it had 2",
    "changed: 2 · Products",
    "new: exercise product",
    "new: check of product",
    "gone: exercise mean",
)


def release(folder: Path, cells: list[dict[str, Any]], stamp: str) -> Path:
    """Notebooks as the package has them: one lab and one lecture."""
    for name, kind in (("labs/lab01_units", "lab"), ("lectures/lecture01_units", "lecture")):
        path = folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"coursekit": {kind: path.stem, "release": stamp if kind == "lab" else "unchanged"}}
        path.write_text(json.dumps({"cells": cells if kind == "lab" else [cell("# Units")], "metadata": metadata}))
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return release(tmp_path / "old", OLD, "aaaa")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return release(tmp_path / "new", NEW, "bbbb")


def worked_in(path: Path, *, stamp: bool = True) -> bytes:
    """Answer the first exercise of a copy, as an editor saves it. Returns the bytes of the file."""
    notebook = json.loads(path.read_text())
    notebook["cells"][4]["source"] = "def total(x):\n    return sum(x)"
    notebook["cells"].insert(5, cell("total([1, 2])"))
    if not stamp:
        notebook["metadata"] = {}
    path.write_text(json.dumps(notebook, indent=4))
    return path.read_bytes()


# ── laying out ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_time_every_notebook_is_copied_and_can_be_written_to(old: Path, tmp_path: Path) -> None:
    for path in old.glob("*/*.ipynb"):
        path.chmod(0o444)  # as in a package that another user has installed
    laid = course.lay_out(tmp_path / "mine" / "here", old, "1.0")
    assert [one.path for one in laid] == [
        tmp_path / "mine" / "here" / name for name in ("labs/lab01_units.ipynb", "lectures/lecture01_units.ipynb")
    ]
    assert all(
        one.is_new and one.path.read_bytes() == (old / one.path.parent.name / one.path.name).read_bytes() for one in laid
    )
    assert all(one.path.stat().st_mode & 0o200 for one in laid)


@pytest.mark.parametrize("stamp", [True, False], ids=["whole", "lost"])
def test_the_same_release_again_changes_nothing(old: Path, tmp_path: Path, stamp: bool) -> None:
    course.lay_out(tmp_path / "mine", old, "1.0")
    work = worked_in(tmp_path / "mine" / "labs" / "lab01_units.ipynb", stamp=stamp)
    laid = course.lay_out(tmp_path / "mine", old, "1.0")
    assert not any(one.is_new or one.beside for one in laid)
    assert (tmp_path / "mine" / "labs" / "lab01_units.ipynb").read_bytes() == work
    assert len(list((tmp_path / "mine").rglob("*.*"))) == 2


@pytest.mark.parametrize("stamp", [True, False], ids=["whole", "lost"])
def test_a_new_release_is_laid_beside_the_work_once_with_what_is_new(old: Path, new: Path, tmp_path: Path, stamp: bool) -> None:
    course.lay_out(tmp_path / "mine", old, "1.0")
    place = tmp_path / "mine" / "labs" / "lab01_units.ipynb"
    work = worked_in(place, stamp=stamp)
    lab, lecture = course.lay_out(tmp_path / "mine", new, "1.1")
    assert lab.beside == place.with_name("lab01_units-1.1.ipynb")
    assert lab.beside.read_bytes() == (new / "labs" / "lab01_units.ipynb").read_bytes()
    assert lab.changes == CHANGES
    assert (lecture.beside, lecture.is_new) == (None, False)
    assert place.read_bytes() == work
    worked_in(lab.beside)
    assert not any(one.beside or one.is_new for one in course.lay_out(tmp_path / "mine", new, "1.1"))


def test_a_release_with_less_than_a_line_to_say_is_laid_beside_too(old: Path, tmp_path: Path) -> None:
    less = release(tmp_path / "less", [one for one in OLD if one["source"] != ["print(1)"]], "dddd")
    course.lay_out(tmp_path / "mine", old, "1.0")
    (lab, _) = course.lay_out(tmp_path / "mine", less, "1.1")
    assert lab.beside
    assert len(lab.changes) == 1


def test_a_name_that_is_taken_is_not_overwritten(old: Path, new: Path, tmp_path: Path) -> None:
    course.lay_out(tmp_path / "mine", old, "1.0")
    taken = tmp_path / "mine" / "labs" / "lab01_units-1.1.ipynb"
    taken.write_text("my notes")
    (lab, _) = course.lay_out(tmp_path / "mine", new, "1.1")
    assert lab.beside == taken.with_name("lab01_units-1.1-2.ipynb")
    assert taken.read_text() == "my notes"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"cells": 3}', b"\xff\xfe", b'{"cells": [7, {"source": null, "metadata": 1}]}']
)
def test_a_copy_that_is_damaged_stays_and_the_release_lies_beside_it(old: Path, tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "mine" / "labs" / "lab01_units.ipynb"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    (lab, lecture) = course.lay_out(tmp_path / "mine", old, "1.0")
    assert lab.beside
    assert lab.changes
    assert place.read_bytes() == content
    assert lecture.is_new


def test_a_long_list_of_changes_is_cut(old: Path, tmp_path: Path) -> None:
    long = release(tmp_path / "long", [cell(f"## {number} · New") for number in range(30)], "cccc")
    course.lay_out(tmp_path / "mine", old, "1.0")
    (lab, _) = course.lay_out(tmp_path / "mine", long, "2.0")
    assert len(lab.changes) == 8
    assert lab.changes[-1] == f"and {30 + 3 + 1 - 7} more"  # three cells are gone, and code for the set-up


def test_a_folder_that_fills_up_keeps_no_half_notebook(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        course.lay_out(tmp_path / "mine", old, "1.0")
    assert [path for path in (tmp_path / "mine").rglob("*") if path.is_file()] == []


def test_the_package_knows_its_notebooks(root: Path) -> None:
    assert course.released() == root / "notebooks"


def test_a_package_without_notebooks_says_to_install_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "__file__", str(tmp_path / "coursekit" / "course.py"))
    ended = CliRunner().invoke(app, ["start", str(tmp_path / "mine"), "--no-open"])
    assert ended.exit_code == 1
    assert "install coursekit again" in ended.output


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def here(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of a student whose package has the old release."""
    monkeypatch.setattr(course, "released", lambda: old)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def start(*arguments: object) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["start", *map(str, arguments)])
    return ended.exit_code, " ".join(ended.output.split())


def test_start_makes_a_folder_and_knows_it_again_from_inside(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert start("--no-open")[1].startswith(f"{here / 'coursekit-course'}: 2 new notebooks ")
    monkeypatch.chdir(here / "coursekit-course")
    said = f"{here / 'coursekit-course'}: 0 new notebooks, 2 were there already and stay as they are"
    assert start("--no-open") == (0, f"{said} To open them in JupyterLab: coursekit start")
    (here / "coursekit-course" / "labs" / "lab01_units.ipynb").unlink()
    assert "1 new notebook, 1 were there" in start("--no-open")[1]


@pytest.mark.parametrize(("folder", "named"), [("mine", "mine"), ("my course", '"my course"')])
def test_start_says_where_to_begin_and_how_to_open_it(here: Path, folder: str, named: str) -> None:
    assert start(folder, "--no-open")[1].endswith(
        ": 2 new notebooks Begin with lectures/lecture01_units.ipynb, then labs/lab01_units.ipynb "
        f"To open them in JupyterLab: coursekit start {named}"
    )


def test_start_says_what_is_new_and_where_it_lies(here: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start("mine", "--no-open")
    monkeypatch.setattr(course, "released", lambda: new)
    monkeypatch.setattr(course, "_version", lambda: "1.1")
    code, said = start("mine", "--no-open")
    assert code == 0
    assert "mine/labs/lab01_units.ipynb is of an older release; the new one is mine/labs/lab01_units-1.1.ipynb" in said
    assert all(line in said for line in CHANGES)


@pytest.mark.parametrize("user", [0, 1000, None], ids=["root", "somebody", "on Windows"])
def test_start_opens_jupyterlab_in_the_folder_and_ends_with_its_code(
    here: Path, monkeypatch: pytest.MonkeyPatch, user: int | None
) -> None:
    opened = []
    monkeypatch.delattr(os, "geteuid", raising=False)
    if user is not None:
        monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)

    class Process:
        def __init__(self, line: list[str], cwd: Path, env: dict[str, str]) -> None:
            assert Path(env["PYTHONSTARTUP"]).is_file()
            opened.append((line[1:], cwd))
            self.interrupted = False

        def wait(self) -> int:
            if not self.interrupted:
                self.interrupted = True
                raise KeyboardInterrupt  # JupyterLab asks whether to stop
            return 3

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: object())
    code, said = start("mine")
    assert code == 3
    assert opened == [(["-m", "jupyterlab", *(["--allow-root"] if user == 0 else [])], Path("mine"))]
    assert ("--allow-root" in said) is (user == 0)
    assert "JupyterLab opens in your browser" in said
    code, said = start("mine", "--no-browser", "--port", "9999")
    assert opened[1][0][-2:] == ["--no-browser", "--port=9999"]
    assert "JupyterLab prints its address below" in said


def test_start_without_jupyterlab_copies_and_says_how_to_get_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: None)
    code, said = start("mine")
    assert code == 1
    assert "JupyterLab is not installed: pip install jupyterlab" in said
    assert (here / "mine" / "labs" / "lab01_units.ipynb").is_file()


def test_start_takes_no_file_for_a_folder(here: Path) -> None:
    (here / "notes").write_text("mine")
    for folder in ("notes", "notes/course"):
        code, said = start(folder, "--no-open")
        assert code == 2
        assert "is a file; expected a folder" in said
    assert (here / "notes").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may write everywhere")
def test_start_says_that_a_folder_is_read_only(here: Path) -> None:
    here.chmod(0o555)
    code, said = start("mine", "--no-open")
    here.chmod(0o755)
    assert code == 1
    assert "Permission denied; choose another folder" in said


def test_an_installed_package_starts_from_its_own_notebooks(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "coursekit", tmp_path / "site" / "coursekit", ignore=shutil.ignore_patterns("__pycache__", "drawn"))
    release(tmp_path / "site" / "coursekit" / "notebooks", OLD, "aaaa")
    code = "from coursekit import course; print([one.path.name for one in course.lay_out('mine')])"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["['lab01_units.ipynb',", "'lecture01_units.ipynb']"]
