"""Create an example class of submissions from a lab's known answers, for `make demo` and for tests.

This module knows labs and notebooks; it grades nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import nbformat

from autograder.files import write_text
from autograder.labs.model import Answer, Lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook

__all__ = ["make_class", "reference_sources", "solve", "without_metadata"]

ENDLESS = "while True:\n    pass"
# Those who show most: right, right in another way, and typical mistakes.
FEW = ("ada", "chen", "emeka")


def make_class(lab: Lab, folder: Path, *, fast: bool = False, few: bool = False) -> list[Path]:
    """Write submissions to `folder/STUDENT/LAB/LAB.ipynb`, the same ones on every call.

    Args:
        lab: The lab.
        folder: Folder of the class.
        fast: Whether to write the reduced budget into the notebooks, for graders without this
            option.
        few: Whether to write the three submissions of `FEW` only, instead of ten.

    Returns:
        Paths of the notebooks.
    """
    reference = reference_sources(lab)
    right = _by_exercise(lab, right=True)
    wrong = _by_exercise(lab, right=False)
    first = {name: answers[0].source for name, answers in right.items()}
    last = {name: answers[-1].source for name, answers in right.items()}
    endless = {**reference, lab.of("exercise")[len(reference) // 2].name: ENDLESS}
    students = {
        "ada": solve(lab, reference, fast=fast),
        "boris": solve(lab, {**reference, **first}, fast=fast),
        "chen": solve(lab, {**reference, **last}, fast=fast),
        "dana": solve(lab, _mistaken(reference, wrong, share=0.25, seed=1), fast=fast),
        "emeka": solve(lab, _mistaken(reference, wrong, share=0.5, seed=2), fast=fast),
        "fatima": solve(lab, _mistaken(reference, wrong, share=0.75, seed=3), fast=fast),
        "goran": release_notebook(lab, fast=fast),
        "hana": without_metadata(solve(lab, reference, fast=fast)),
        "ines": solve(lab, endless, fast=fast),
    }
    paths = []
    for name, notebook in students.items():
        if few and name not in FEW:
            continue
        paths.append(Path(folder) / name / lab.id / f"{lab.id}.ipynb")
        write_notebook(notebook, paths[-1])
    if not few:
        paths.append(Path(folder) / "jonas" / lab.id / f"{lab.id}.ipynb")
        write_text(paths[-1], "%PDF-1.7 this is my homework\n")
    return paths


def reference_sources(lab: Lab) -> dict[str, str]:
    """Return the reference solution as a student would submit it.

    Args:
        lab: The lab.

    Returns:
        Exercise name → source of the cell without the markers.
    """
    return {cell.name: _solution(cell.source) for cell in lab.of("exercise")}


def solve(lab: Lab, sources: Mapping[str, str], *, fast: bool = False) -> nbformat.NotebookNode:
    """Create a submission from the released notebook. Every written question gets an answer.

    Args:
        lab: The lab.
        sources: Exercise name → source of the cell.
        fast: Whether to write the reduced budget into the notebook.

    Returns:
        The notebook.
    """
    notebook = release_notebook(lab, fast=fast)
    for cell, node in zip(lab.cells, notebook.cells, strict=True):
        if cell.role == "exercise" and cell.name in sources:
            node.source = sources[cell.name]
        elif cell.role == "written":
            node.source = "My answer."
    return notebook


def without_metadata(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove the metadata and ids of all cells, as some editors do when they save a file.

    Args:
        notebook: The notebook, which is changed.

    Returns:
        The same notebook.
    """
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        cell.pop("id", None)
    notebook.metadata = nbformat.from_dict({})
    notebook.nbformat_minor = 4
    return notebook


def _mistaken(reference: Mapping[str, str], wrong: Mapping[str, list[Answer]], *, share: float, seed: int) -> dict[str, str]:
    """Return the reference with wrong answers to about `share` of the exercises."""
    draw = random.Random(seed)
    picked = draw.sample(sorted(wrong), k=max(1, round(share * len(wrong))))
    return {**reference, **{name: draw.choice(wrong[name]).source for name in picked}}


def _by_exercise(lab: Lab, *, right: bool) -> dict[str, list[Answer]]:
    answers: dict[str, list[Answer]] = {}
    for answer in lab.answers:
        if answer.right == right:
            answers.setdefault(answer.exercise, []).append(answer)
    return answers


def _solution(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith(("### BEGIN", "### END")))
