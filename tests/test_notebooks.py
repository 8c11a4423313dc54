"""What every notebook of labs and lectures keeps to, as a student sees it."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[1]
COLUMNS = 100  # what JupyterLab shows of a cell on a screen of 1280 pixels, with the list of files open


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("l*/*.ipynb")), ids=lambda path: path.stem)
def test_no_line_of_a_docstring_is_cut_beside_the_list_of_files(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    described = 0
    for source in sources:
        python = TransformerManager().transform_cell(source)  # without magics
        lines = python.split("\n")
        for node in ast.walk(ast.parse(python)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                text = node.body[0]
                assert max(map(len, lines[text.lineno - 1 : text.end_lineno])) <= COLUMNS, node.name
                described += 1
    assert described > 0


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks" / "labs").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_line_of_code_that_a_lab_shows_is_cut_beside_the_list_of_files(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    shown = [cell for cell in cells if cell.metadata.get("cellView") != "form"]  # neither checks nor the start in Colab
    assert 0 < len(shown) < len(cells)
    assert [line for cell in shown for line in cell.source.split("\n") if len(line) > COLUMNS] == []
