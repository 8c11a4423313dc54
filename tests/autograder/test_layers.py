"""The folders of `autograder` depend on one another in one direction, and no two modules import each other."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import autograder

HOME = Path(autograder.__file__).parent
# What modules of a folder may import of this package, beside their own folder. GROUND knows none of the folders.
GROUND = {"errors", "files", "printable", "sealed"}
MAY_IMPORT = {
    **{module: set() for module in GROUND},
    "labs": {*GROUND},
    "sandbox": {*GROUND},
    "notebooks": {*GROUND, "labs"},
    "worker": {"sandbox"},
    "execution": {*GROUND, "sandbox", "worker"},
    "grading": {*GROUND, "labs", "sandbox", "notebooks", "worker", "execution"},
}
MAY_IMPORT["course"] = {*MAY_IMPORT["grading"], "grading"}
ABOVE = ("collecting", "reporting", "analysis", "authoring", "api")
MAY_IMPORT |= {room: {*MAY_IMPORT["course"], "course"} for room in ABOVE}
MAY_IMPORT["reporting"].add("analysis")  # pages show statistics; no statistic knows a page
MAY_IMPORT["gradescope"] = {*MAY_IMPORT["reporting"], "collecting", "reporting"}
MAY_IMPORT["cli"] = {*MAY_IMPORT["reporting"], *ABOVE, "gradescope"}
MAY_IMPORT["__main__"] = {"cli"}
MAY_IMPORT["__init__"] = {*MAY_IMPORT["reporting"], "reporting", "api"}


def module_of(path: Path) -> str:
    parts = path.relative_to(HOME.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


FILES = {module_of(path): path for path in HOME.rglob("*.py")}


def imports(path: Path, *, types: bool = True) -> set[str]:
    """The modules of this package that a file imports anywhere, in functions too. types: also those for type checkers alone."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "autograder":
            assert node.level == 0
            found |= {name if (name := f"{node.module}.{alias.name}") in FILES else node.module for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "autograder"}
    return found


def folder(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def test_every_folder_is_known() -> None:
    there = {name for name in MAY_IMPORT if (HOME / name).is_dir() or (HOME / f"{name}.py").is_file()}
    assert {folder(module) for module in FILES} == there


@pytest.mark.parametrize("module", sorted(FILES))
def test_a_module_imports_only_from_the_layers_below_it(module: str) -> None:
    allowed = {folder(module), *MAY_IMPORT[folder(module)]}
    assert {name for name in imports(FILES[module]) if folder(name) not in allowed} == set()


def test_the_rule_notices_an_import_that_points_up(tmp_path: Path) -> None:
    path = tmp_path / "student.py"
    path.write_text("def serve():\n    from autograder.grading import secret\n    from autograder.labs.model import Lab\n")
    assert imports(path) == {"autograder.grading.secret", "autograder.labs.model"}
    assert not {folder(name) for name in imports(path)} & MAY_IMPORT["worker"]


def test_no_two_modules_import_each_other() -> None:
    # A package that only gives its modules' names out again is where they are, not one of them.
    graph = {module: imports(path, types=False) - {module, module.rpartition(".")[0]} for module, path in FILES.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' → '.join(error.args[1])}")
    assert set(FILES) <= set(order)
