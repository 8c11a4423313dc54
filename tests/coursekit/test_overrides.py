"""A hand-in names cells of the student's own that replace numbers of the lab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import coursekit
from coursekit.submission import notebook as nb
from coursekit.submission.overrides import about_overrides

RELEASE = (Path(coursekit.__file__).parents[1] / "notebooks" / "labs" / "lab02_mlp.ipynb").read_text(encoding="utf-8")


def with_cell(source: str, **metadata: Any) -> nb.Notebook:
    work = nb.parse(RELEASE, "lab02_mlp.ipynb")
    work["cells"].append({"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None})
    return work


@pytest.mark.parametrize(
    ("source", "names"), [("EPOCHS = 3", "`EPOCHS`"), ("x = 1\nBATCH_SIZE, EPOCHS = 1, 2", "`BATCH_SIZE`, `EPOCHS`")]
)
def test_a_forgotten_trial_is_named(source: str, names: str) -> None:
    (said,) = about_overrides(with_cell(source), nb.parse(RELEASE, ""))
    assert f"the cell that begins with `{source.splitlines()[0]}`, sets {names} anew" in said


@pytest.mark.parametrize("source", ["epochs = 3", "MINE = 3", "print(EPOCHS)", ""])
def test_other_cells_are_the_students_own_affair(source: str) -> None:
    assert about_overrides(with_cell(source), nb.parse(RELEASE, "")) == []


def test_cells_of_the_lab_are_not_named_nor_is_anything_without_its_release() -> None:
    assert about_overrides(json.loads(RELEASE), nb.parse(RELEASE, "")) == []
    assert about_overrides(with_cell("EPOCHS = 3"), None) == []
