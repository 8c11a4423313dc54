"""Every check cell runs alone: after a restart, with the cells before it, but without the others. It breaks no answer."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import keras
import pytest

from autograder.labs.source import find_labs, load_lab

LABS = find_labs(Path(__file__).parents[2] / "labs")
LIBRARIES = (
    "np pd plt tf torch jax scipy sklearn special h5py copy json math random time itertools functools collections statistics "
    "operator re io os sys shutil zipfile pathlib Path warnings"
)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)


def made_and_used(source: str) -> tuple[set[str], set[str]]:
    """The names that code makes anywhere, and those that it reads."""
    made: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
    return made, used


def test_names_of_all_kinds_are_found() -> None:
    made, used = made_and_used("import a.b\nfor c in d:\n    def e(f): return g\ntry: pass\nexcept h as i: pass\n")
    assert (made, used) == ({"a", "c", "e", "f", "i"}, {"d", "g", "h"})


@pytest.mark.parametrize("folder", LABS, ids=lambda folder: folder.name)
def test_no_check_cell_needs_another_one(folder: Path) -> None:
    lab = load_lab(folder)
    before, missing = set(dir(builtins)), []
    for cell in lab.cells:
        if not cell.is_code:
            continue
        if cell.role != "tests":
            before |= made_and_used(cell.source)[0]
            continue
        for part, source in (("as students see it", HIDDEN.sub("", cell.source)), ("as it is graded", cell.source)):
            made, used = made_and_used(source)
            missing += [f"{cell.name}, {part}: {name}" for name in sorted(used - made - before)]
    assert not missing


@pytest.mark.parametrize("folder", LABS, ids=lambda folder: folder.name)
def test_a_check_takes_no_name_by_which_an_answer_may_call_a_library(folder: Path) -> None:
    """A check that runs in the student's kernel leaves its names there: `ops = …` would break `from keras import ops`."""
    imported = {name for module in (keras, keras.activations) for name in dir(module)} | set(LIBRARIES.split())
    taken = []
    for cell in load_lab(folder).of("tests"):
        inner = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp  # names that stay within
        nodes = list(ast.parse(cell.source).body)
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.FunctionDef | ast.ClassDef) or (
                isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ):
                name = node.id if isinstance(node, ast.Name) else node.name
                taken += [f"{cell.name}: {name}"] * (name in imported)
            elif not isinstance(node, inner):
                nodes += ast.iter_child_nodes(node)
    assert not taken
