"""A lab leaves alone what a student keeps beside the notebook."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.labs.source import find_labs, load_lab
from coursekit import exports

ROOT = Path(__file__).parents[2]
LABS = [folder.name for folder in find_labs(ROOT / "labs")]
WRITTEN = (".keras", ".h5", ".npz", ".npy", ".csv", ".json", ".png")


def paths(lab_id: str) -> Iterator[str]:
    """Yield the paths of files in a folder that stand in the code of a lab. `fresh("…")` puts its own folder before them."""
    for cell in load_lab(ROOT / "labs" / lab_id).cells:
        tree = ast.parse(cell.source if cell.is_code else "")
        own = {
            id(call.args[0])
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "fresh"
        }
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in own else None
            if isinstance(text, str) and "/" in text and " " not in text and text.endswith(WRITTEN):
                yield text


@pytest.mark.parametrize("lab_id", LABS)
def test_a_lab_writes_only_into_a_folder_of_its_own(lab_id: str) -> None:
    number = lab_id.split("_")[0]
    assert [path for path in paths(lab_id) if not path.startswith((f"{number}_", "/"))] == []


def test_lab_6_removes_no_network_that_a_student_has_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    mine = tmp_path / "models" / "network.keras"
    mine.write_bytes(b"three nights of training")
    monkeypatch.chdir(tmp_path)
    (toys,) = [cell.source for cell in load_lab(ROOT / "labs" / "lab06_saving").cells if "def fresh(" in cell.source]
    names: dict[str, object] = {"Path": Path, "shutil": shutil, "exports": exports}
    exec(toys, names)
    for _ in range(2):
        place = Path(names["fresh"]("network.keras"))  # type: ignore[operator]
        assert not place.exists()
        place.write_bytes(b"the lab's")
    assert mine.read_bytes() == b"three nights of training"
