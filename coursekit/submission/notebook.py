"""A notebook as plain JSON, and nbgrader's notes on its cells. Knows nothing of repair or of running."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import symtable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coursekit import course
from coursekit.submission.errors import SubmissionError

__all__ = [
    "Cell",
    "Notebook",
    "answers",
    "cells",
    "checksum",
    "essence",
    "fingerprint",
    "grade_id",
    "is_answer",
    "is_locked",
    "is_test",
    "names_made",
    "noted",
    "parse",
    "read",
    "released",
    "source",
    "was_changed",
]

Notebook = dict[str, Any]
Cell = dict[str, Any]

_RECOGNISED = 0.3  # share of a lab's grade ids from which a notebook without the lab's name belongs to the lab


def read(path: Path) -> Notebook:
    """Read a notebook.

    Raises:
        SubmissionError: If the file cannot be read or is not a notebook with cells.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SubmissionError(
            f"There is no file {path}. Give the path of the notebook, as the file browser shows it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SubmissionError(f"{path} cannot be read: {error}. Save the notebook again.") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Notebook:
    """Convert the text of a file to a notebook.

    Raises:
        SubmissionError: If the text is not a notebook with cells.
    """
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"{name} is not a notebook: {error}. Save it again, or download it again as .ipynb.") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list) or not notebook["cells"]:
        raise SubmissionError(
            f"{name} is not a notebook with cells, as a file .ipynb of format 4 is. Open it and save it again."
        )
    if not all(isinstance(cell, dict) and "cell_type" in cell for cell in notebook["cells"]):
        raise SubmissionError(f"{name} is damaged: not all of its cells can be read. Open it and save it again.")
    if not isinstance(notebook.get("metadata"), dict):
        notebook["metadata"] = {}
    for cell in notebook["cells"]:
        if not isinstance(cell.get("metadata"), dict):
            cell["metadata"] = {}
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    return notebook


def released(notebook: Notebook) -> tuple[str, Notebook | None]:
    """Find the lab that a notebook belongs to.

    Returns:
        The lab's id, and its notebook as it is handed out with this package; None if the package has none for it.

    Raises:
        SubmissionError: If the notebook belongs to no lab.
    """
    course = notebook["metadata"].get("coursekit")
    stated = course.get("lab") if isinstance(course, dict) else None
    known = {path.stem: path for path in _released_files()}
    if isinstance(stated, str) and stated:
        return stated, read(known[stated]) if stated in known else None
    ids = set(map(grade_id, cells(notebook))) - {""}
    for name, path in known.items():
        lab = read(path)
        own = set(map(grade_id, cells(lab))) - {""}
        if len(own & ids) >= _RECOGNISED * len(own):
            return name, lab
    raise SubmissionError(
        "This notebook is none of the course's labs: no cell of it is marked. Call coursekit.submit() in the notebook of the lab."
    )


def _released_files() -> list[Path]:
    """Return the labs' notebooks of the course; none if the package is damaged."""
    try:
        return sorted((course.released() / "labs").glob("lab*.ipynb"))
    except LookupError:
        return []


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def cells(notebook: Notebook) -> list[Cell]:
    """Return the cells of a notebook."""
    return notebook["cells"]


def source(cell: Cell) -> str:
    """Return the text of a cell, which a file holds as a string or as a list of lines, with Unix line endings."""
    text = cell.get("source", "")
    text = "".join(line for line in text if isinstance(line, str)) if isinstance(text, list) else str(text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def essence(cell: Cell) -> str:
    """Return the text of a cell without what editors change: trailing blanks, and blank lines around it."""
    return "\n".join(line.rstrip() for line in source(cell).split("\n")).strip()


def noted(cell: Cell) -> dict[str, Any]:
    """Return nbgrader's notes on a cell."""
    notes = cell["metadata"].get("nbgrader")
    return notes if isinstance(notes, dict) else {}


def grade_id(cell: Cell) -> str:
    """Return the grade id of a cell, "" if it has none."""
    name = noted(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def is_answer(cell: Cell) -> bool:
    """Return whether a student writes this cell."""
    return noted(cell).get("solution") is True


def is_test(cell: Cell) -> bool:
    """Return whether this cell holds the visible part of a test."""
    return noted(cell).get("grade") is True and not is_answer(cell) and cell["cell_type"] == "code"


def is_locked(cell: Cell) -> bool:
    """Return whether this cell is handed out to be left as it is."""
    return bool(grade_id(cell)) and not is_answer(cell)


def checksum(cell: Cell) -> str:
    """Return the checksum that nbgrader gives to a cell with this text and these notes; "" if they are incomplete."""
    notes = noted(cell)
    grade = bool(notes.get("grade"))
    parts = [source(cell), cell["cell_type"], grade, bool(notes.get("solution")), bool(notes.get("locked")), grade_id(cell)]
    try:
        parts += [float(notes["points"])] if grade else []
    except (KeyError, TypeError, ValueError):
        return ""
    return hashlib.md5("".join(map(str, parts)).encode(errors="replace"), usedforsecurity=False).hexdigest()


def was_changed(cell: Cell) -> bool:
    """Return whether a cell differs from the release that it comes from, as far as its checksum tells."""
    return noted(cell).get("checksum") != checksum(cell)


def answers(notebook: Notebook) -> Iterator[tuple[str, str]]:
    """Yield (grade id, text) of the cells that a student writes."""
    yield from ((grade_id(cell), source(cell)) for cell in cells(notebook) if is_answer(cell))


def fingerprint(notebook: Notebook) -> str:
    """Return the SHA-256 of a student's answers: equal answers, equal fingerprint."""
    return hashlib.sha256(json.dumps(sorted(answers(notebook))).encode()).hexdigest()


def names_made(source: str) -> Iterator[str]:
    """Yield the names that a cell makes: what it imports, defines and assigns."""
    table = _names(source)
    if table is not None:
        yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported())


def names_read(source: str) -> Iterator[str]:
    """Yield the variables of the notebook that a cell reads, also within its functions, and does not make itself."""
    top, own = _names(source), set(names_made(source))
    tables = [] if top is None else [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table is top or symbol.is_global()) and symbol.get_name() not in own:
                yield symbol.get_name()


def _names(source: str) -> symtable.SymbolTable | None:
    """Return the table of the names of a cell; None where it is no Python."""
    plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        return symtable.symtable(ast.unparse(_AsGenerators().visit(ast.parse(plain))), "cell", "exec")
    except SyntaxError:
        return None


class _AsGenerators(ast.NodeTransformer):
    """Make a generator of each comprehension: from Python 3.12 on, the table counts the names of the others to the cell's own."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)
