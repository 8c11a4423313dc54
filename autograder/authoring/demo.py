"""A made-up class of ten, built from a lab's known answers: what `make demo` grades, and what tests grade too.

Knows labs and notebooks; grades nothing.
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


def make_class(lab: Lab, folder: Path, *, fast: bool = False) -> list[Path]:
    """Write ten submissions as `folder/STUDENT/LAB/LAB.ipynb`; return their paths. The same ten on every call.

    fast: write the reduced budget into them, for graders that know nothing of budgets.
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
        paths.append(Path(folder) / name / lab.id / f"{lab.id}.ipynb")
        write_notebook(notebook, paths[-1])
    paths.append(Path(folder) / "jonas" / lab.id / f"{lab.id}.ipynb")
    write_text(paths[-1], "%PDF-1.7 this is my homework\n")
    return paths


def reference_sources(lab: Lab) -> dict[str, str]:
    """The reference solution as a student would hand it in: exercise name → cell source without the markers."""
    return {cell.name: _solution(cell.source) for cell in lab.of("exercise")}


def solve(lab: Lab, sources: Mapping[str, str], *, fast: bool = False) -> nbformat.NotebookNode:
    """The released notebook with exercise cells filled in: exercise name → source."""
    notebook = release_notebook(lab, fast=fast)
    for cell, node in zip(lab.cells, notebook.cells, strict=True):
        if cell.role == "exercise" and cell.name in sources:
            node.source = sources[cell.name]
        elif cell.role == "written":
            node.source = "My answer."
    return notebook


def without_metadata(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """What some editors save: every cell's metadata and id gone."""
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        cell.pop("id", None)
    notebook.metadata = nbformat.from_dict({})
    notebook.nbformat_minor = 4
    return notebook


def _mistaken(reference: Mapping[str, str], wrong: Mapping[str, list[Answer]], *, share: float, seed: int) -> dict[str, str]:
    """The reference with about `share` of its exercises answered wrongly."""
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
