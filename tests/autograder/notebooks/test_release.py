"""The built notebooks are what nbgrader itself would make of the source."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.nbgraderformat import MetadataValidator
from traitlets.config import Config

from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import build, release_notebook, source_notebook


def test_metadata_is_valid_nbgrader_schema_3(toy: Lab) -> None:
    for notebook in (source_notebook(toy), release_notebook(toy)):
        nbformat.validate(notebook)
        for cell in notebook.cells:
            MetadataValidator().validate_cell(cell)


def test_the_release_holds_stubs_and_no_outputs(toy: Lab) -> None:
    text = json.dumps(release_notebook(toy))
    assert text.count("raise NotImplementedError()") == 2
    assert "YOUR ANSWER HERE" in text
    for secret in ("x.sum() / len", "np.average", "SOLUTION", "HIDDEN", "same weight"):
        assert secret not in text
    assert all(not cell.get("outputs") for cell in release_notebook(toy).cells)


def test_tests_and_given_cells_are_locked_and_exercises_are_not(toy: Lab) -> None:
    editable = {cell.id: cell.metadata.get("editable", True) for cell in release_notebook(toy).cells}
    assert not editable["test_mean"]
    assert not editable["given_setup"]
    assert editable["mean"]
    assert editable["written_why"]


def test_tests_are_folded_and_no_other_cell_is(toy: Lab) -> None:
    folded = {cell.id for cell in release_notebook(toy).cells if cell.metadata.get("jupyter", {}).get("source_hidden")}
    assert folded == {cell.id for cell in release_notebook(toy).cells if cell.metadata.get("cellView") == "form"}
    assert folded == {cell.grade_id for cell in toy.of("tests")}


def test_the_same_lab_builds_the_same_bytes(toy: Lab) -> None:
    assert nbformat.writes(release_notebook(toy)) == nbformat.writes(release_notebook(toy))


def test_nbgrader_generates_the_same_release_from_the_source(toy: Lab, tmp_path: Path) -> None:
    course = tmp_path / "course"
    build(toy, course)
    (course / "release" / toy.id / f"{toy.id}.ipynb").unlink()
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.course_id = "toy"
    result = NbGraderAPI(config=config).generate_assignment(toy.id, force=True)
    assert result["success"], result["log"]
    stock = nbformat.read(course / "release" / toy.id / f"{toy.id}.ipynb", as_version=4)
    for ours, theirs in zip(release_notebook(toy).cells, stock.cells, strict=True):
        assert ours.source == theirs.source
        assert ours.metadata == theirs.metadata
        assert ours.id == theirs.id


def test_the_reduced_budget_is_written_after_the_parameters(toy: Lab) -> None:
    cell = next(cell for cell in source_notebook(toy, fast=True).cells if cell.id == "given_budget")
    names: dict = {}
    exec(cell.source, names)
    assert names["STEPS"] == 3


def test_a_write_that_fails_leaves_the_old_file(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lab.ipynb"
    path.write_text("old")
    monkeypatch.setattr("nbformat.v4.writes", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_notebook(release_notebook(toy), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.glob("*.tmp")] == []
