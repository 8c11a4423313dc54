"""A released notebook begins with what Colab needs, and a submission is read without it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.demo import reference_sources, solve, without_metadata
from autograder.authoring.lectures import find_lectures, lecture_notebook, load_lecture
from autograder.grading.submissions.submission import Submission, read_submission_here
from autograder.labs.model import Lab
from autograder.labs.publication import Publication
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook, source_notebook
from autograder.notebooks.start import without_start

NOWHERE = Publication("0.2.0", "v0.2.0")
PUBLISHED = Publication("0.2.0", "v0.2.0", "someone/course")


def published(lab: Lab, publication: Publication | None = PUBLISHED) -> Lab:
    return replace(lab, publication=publication)


def first(notebook: nbformat.NotebookNode, kind: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.cell_type == kind)


def read(lab: Lab, notebook: nbformat.NotebookNode, folder: Path) -> Submission:
    write_notebook(notebook, folder / "ada.ipynb")
    return read_submission_here(lab, folder / "ada.ipynb")


# ── the release ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_lab_and_lecture_has_a_badge_with_its_own_address_where_there_is_a_repository(root: Path) -> None:
    labs = {f"labs/{folder.name}": load_lab(folder) for folder in find_labs(root / "labs")}
    lectures = {f"lectures/{path.stem}": load_lecture(path) for path in find_lectures(root / "notebooks" / "lectures")}
    assert len(labs) > 5
    assert len(lectures) > 6
    for publication in (PUBLISHED, NOWHERE):
        made = {name: release_notebook(published(lab, publication)) for name, lab in labs.items()}
        made |= {name: lecture_notebook(replace(lecture, publication=publication)) for name, lecture in lectures.items()}
        for name, notebook in made.items():
            assert (root / "notebooks" / f"{name}.ipynb").is_file()
            address = f"(https://colab.research.google.com/github/someone/course/blob/v0.2.0/notebooks/{name}.ipynb)"
            text = notebook.cells[0].source
            assert text.startswith("# L")
            assert text.count("Open in Colab") == text.count(address) == bool(publication.repository)


def test_each_lab_and_lecture_says_right_after_its_time_for_which_machine_that_holds(root: Path) -> None:
    """The builder writes the sentence; no author does."""
    made = {folder.name: release_notebook(published(load_lab(folder))) for folder in find_labs(root / "labs")}
    for path in find_lectures(root / "notebooks" / "lectures"):
        made[path.stem] = lecture_notebook(replace(load_lecture(path), publication=PUBLISHED))
    for name, notebook in made.items():
        text = " ".join(first(notebook, "markdown").source.split())
        before, _, rest = text.partition("**Time")
        time, _, other = rest.partition(" - **" if " - **" in rest else " * **")
        assert "two processor cores without a GPU" in time, name
        assert "two processor cores" not in before + other, name
        assert other, name  # the points, or where the lecture is used


def test_a_notebook_that_states_no_time_gets_no_sentence_about_it(toy: Lab) -> None:
    assert "processor cores" not in first(release_notebook(published(toy)), "markdown").source


def test_the_first_code_cell_is_a_form_as_the_folded_tests_are(toy: Lab) -> None:
    notebook = release_notebook(published(toy))
    cell = first(notebook, "code")
    assert cell.source.splitlines()[0] == '#@title Set-up { display-mode: "form" }'
    assert cell.source.endswith(first(release_notebook(toy), "code").source)
    tests = {f"test_{test.name}" for test in toy.of("tests")}
    assert {cell.id for cell in notebook.cells if "cellView" in cell.metadata} == {cell.id, *tests}
    assert cell.metadata.cellView == "form"


def test_nothing_else_about_the_cells_changes(toy: Lab) -> None:
    for plain, made in zip(release_notebook(toy).cells, release_notebook(published(toy)).cells, strict=True):
        assert made.id == plain.id
        if made.id not in ("given_setup", plain.id if plain.cell_type == "markdown" and "A toy lab" in plain.source else ""):
            assert made == plain
    setup = first(release_notebook(published(toy)), "code").metadata.nbgrader
    plain = first(release_notebook(toy), "code").metadata.nbgrader
    assert {**setup, "checksum": ""} == {**plain, "checksum": ""}


def test_the_source_of_an_nbgrader_course_begins_like_the_release(toy: Lab) -> None:
    pair = source_notebook(published(toy)), release_notebook(published(toy))
    assert len({first(notebook, "code").source for notebook in pair}) == 1
    assert len({first(notebook, "markdown").source for notebook in pair}) == 1


def test_a_release_is_told_from_another_by_what_students_see_and_not_by_its_tag(toy: Lab) -> None:
    stamp = release_notebook(toy).metadata.coursekit.release
    assert release_notebook(published(toy)).metadata.coursekit.release == stamp
    hidden = replace(toy, cells=tuple(replace(c, source=c.source.replace("size=7", "size=8")) for c in toy.cells))
    assert hidden != toy
    assert release_notebook(hidden).metadata.coursekit.release == stamp
    seen = replace(toy, cells=tuple(replace(c, source=c.source.replace("A toy lab", "A toy")) for c in toy.cells))
    assert release_notebook(seen).metadata.coursekit.release != stamp


# ── submissions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "handed_out", [None, NOWHERE, PUBLISHED, replace(PUBLISHED, tag="v9")], ids=["none", "wheel", "same", "other"]
)
@pytest.mark.parametrize("lost", [False, True], ids=["whole", "lost"])
def test_a_set_up_cell_of_any_release_is_the_labs_own(
    toy: Lab, tmp_path: Path, handed_out: Publication | None, lost: bool
) -> None:
    notebook = solve(published(toy, handed_out), reference_sources(toy))
    work = read(published(toy), without_metadata(notebook) if lost else notebook, tmp_path)
    assert [flag.kind for flag in work.flags] == (["recovered"] if lost else [])
    assert not work.needs_review
    assert [source for i, source in work.code if i >= 0] == [
        cell.source if cell.role != "exercise" else reference_sources(toy)[cell.name] for cell in toy.cells if cell.is_code
    ]


def test_a_form_that_colab_has_written_again_is_no_edit(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(published(toy), {})
    cell = first(notebook, "code")
    cell.source = cell.source.replace("#@title", "# @title") + "\n"
    assert read(toy, notebook, tmp_path).flags == ()


def test_an_older_set_up_cell_is_outdated_and_an_edited_one_edited(toy: Lab, tmp_path: Path) -> None:
    older = replace(
        toy, cells=tuple(replace(c, source=c.source + "\nimport math") if c.name == "setup" else c for c in toy.cells)
    )
    work = read(published(toy), solve(published(older), {}), tmp_path)
    assert [(flag.kind, flag.cells) for flag in work.flags] == [("outdated", ("given_setup",))]
    notebook = solve(published(toy), {})
    first(notebook, "code").source += "\nimport math"
    work = read(published(toy), notebook, tmp_path)
    assert [(flag.kind, flag.cells) for flag in work.flags] == [("edited", ("given_setup",))]


@pytest.mark.parametrize("source", ["x = 1", "#@title Set-up\nx = 1", "import sys\ndel importlib, sys\nx = 1", ""])
def test_a_cell_without_the_added_lines_stays_as_it_is(source: str) -> None:
    assert without_start(source) == source


def test_the_notebooks_of_this_course_tell_which_release_they_are(root: Path) -> None:
    stamps = set()
    for path in (root / "notebooks").glob("*/*.ipynb"):
        noted = json.loads(path.read_text(encoding="utf-8"))["metadata"]["coursekit"]
        assert noted.get("lab", noted.get("lecture")) == path.stem
        stamps.add(noted["release"])
    assert len(stamps) == len(list((root / "notebooks").glob("*/*.ipynb")))
