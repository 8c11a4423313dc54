"""What the course writes about Keras exists in the oldest Keras that it is tested with."""

from __future__ import annotations

import ast
from pathlib import Path

import keras
import pytest

from coursekit import _versions

ROOT = Path(__file__).parents[2]
OLDEST = _versions.dotted(_versions.OLDEST["keras"])
NAMES = {line for line in (ROOT / "tests" / f"keras-{OLDEST}-names.txt").read_text().splitlines() if not line.startswith("#")}
MODULES = {".".join(name.split(".")[:end]) for name in NAMES for end in range(1, name.count(".") + 1)}
SOURCES = [*ROOT.glob("labs/*/lab.py"), *ROOT.glob("notebooks/lectures/source/*.py"), *ROOT.glob("coursekit/*.py")]


def unknown(source: str) -> set[str]:
    """The names of Keras in this code that the oldest Keras does not have."""
    tree = ast.parse(source)
    aliases = {"keras": "keras"}
    written: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "keras":
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            written |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            aliases |= {alias.asname: alias.name for alias in node.names if alias.asname and alias.name.startswith("keras.")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Store):
            first, _, rest = ast.unparse(node).partition(".")
            if first in aliases and rest.replace(".", "").isidentifier():
                written.add(f"{aliases[first]}.{rest}")
    return {name for name in written if not _exists(name)}


def _exists(name: str) -> bool:
    """Whether a dotted name leads to a public name of the oldest Keras; what follows belongs to the object of that name."""
    parts = name.split(".")
    module = next(end for end in range(len(parts), 0, -1) if ".".join(parts[:end]) in MODULES)
    return module == len(parts) or ".".join(parts[: module + 1]) in NAMES


@pytest.mark.parametrize("path", sorted(SOURCES), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_labs_lectures_and_helpers_use_only_what_the_oldest_keras_has(path: Path) -> None:
    assert unknown(path.read_text(encoding="utf-8")) == set()


def test_the_list_of_names_is_one_of_keras_and_the_rule_notices_a_newer_name() -> None:
    assert {"keras.Model", "keras.layers.Dense", "keras.callbacks.History", "keras.ops.matmul"} <= NAMES
    assert all(hasattr(keras, name.split(".")[1]) for name in NAMES)
    code = "import keras\nfrom keras import ops\nkeras.layers.Dense(1).units\nkeras.layers.Telepathy()\nops.matmul\nops.guess(keras.x)"
    assert unknown(code) == {"keras.layers.Telepathy", "keras.ops.guess", "keras.x"}
