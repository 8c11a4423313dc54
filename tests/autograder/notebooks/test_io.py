"""The compact form of a notebook's file holds the same notebook as the usual one."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.notebooks.io import compact_text, read_notebook, write_notebook

ODD = 'a "quoted" \\ line\nä 中 🙂 \u2028 \x7f\n\n\tend'


def of_odd_texts() -> nbformat.NotebookNode:
    output = new_output("stream", text=ODD)
    cells = [new_code_cell(ODD, outputs=[output]), new_markdown_cell(ODD, attachments={"a.png": {"image/png": "aGk="}})]
    return new_notebook(cells=cells, metadata={ODD: [None, True, 1, 0.5, {}]})


@pytest.mark.parametrize("path", sorted(Path("notebooks").glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_a_released_notebook_is_the_same_in_the_compact_form(path: Path, tmp_path: Path) -> None:
    notebook = read_notebook(path)
    (tmp_path / "compact.ipynb").write_text(compact_text(notebook), encoding="utf-8")
    assert read_notebook(tmp_path / "compact.ipynb") == notebook


@pytest.mark.parametrize(
    "notebook", [new_notebook(cells=[new_markdown_cell()]), of_odd_texts()], ids=["empty cell", "odd texts"]
)
def test_both_forms_hold_the_same_notebook(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    write_notebook(notebook, tmp_path / "usual.ipynb")
    (tmp_path / "compact.ipynb").write_bytes(compact_text(notebook).encode())
    usual, compact = (nbformat.read(tmp_path / f"{form}.ipynb", as_version=4) for form in ("usual", "compact"))
    assert compact == usual == notebook


def test_each_cell_is_on_one_line(tmp_path: Path) -> None:
    lines = compact_text(of_odd_texts()).split("\n")
    assert sum('"cell_type"' in line for line in lines) == 2


@pytest.mark.parametrize("made", [compact_text, lambda notebook: write_notebook(notebook, Path("never.ipynb"))])
def test_an_invalid_notebook_is_refused(made) -> None:
    notebook = of_odd_texts()
    notebook.cells[0].outputs = [{"output_type": "nonsense"}]
    with pytest.raises(nbformat.ValidationError):
        made(notebook)
