"""Read and write notebook files.

`read_notebook` reads a whole notebook. `read_lean` reads an untrusted file, within limits, as plain
data: without outputs, without metadata except nbgrader's, and with text that every file and database
can store. This module knows the notebook format; it does not know labs.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import UnreadableError
from autograder.files import write_text

if TYPE_CHECKING:  # takes a second to load, and most files need none of it
    import nbformat

__all__ = ["KERNEL", "compact_text", "read_lean", "read_notebook", "shown", "write_notebook"]

MAX_BYTES = 64 * 2**20
MAX_CELLS = 5_000
MAX_CHARS = 16 * 2**20  # characters in all cells
MAX_PICTURES = 16 * 2**20  # characters of all pictures that are read, in base64
MAX_NAME = 200  # characters
# Keys of nbgrader's metadata of a cell.
_NOTED = ("grade_id", "points", "grade", "solution", "locked", "task", "checksum", "cell_type", "schema_version")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PICTURE = re.compile(r"[A-Za-z0-9+/=\s]+")


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a whole notebook.

    Args:
        path: Path of the notebook.

    Returns:
        The notebook, upgraded to format 4. Cells that are not dictionaries are left out.

    Raises:
        UnreadableError: The file cannot be read or is not a notebook with cells.
    """
    import nbformat

    text = _read(path)
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises many kinds for malformed input
        raise _refused(path, error) from error
    if not isinstance(notebook.get("metadata"), dict):
        notebook["metadata"] = nbformat.from_dict({})
    if isinstance(notebook.get("cells"), list):
        notebook["cells"] = [cell for cell in notebook.cells if isinstance(cell, dict)]
    if not isinstance(notebook.get("cells"), list) or not notebook.cells:
        raise UnreadableError(f"{shown(path.name)}: the notebook has no cells; submit the file with your answers")
    return notebook


def read_lean(path: Path, *, pictures: bool = False) -> dict[str, Any]:
    """Read the parts of a notebook that grading needs.

    Args:
        path: Path of the notebook.
        pictures: Whether to read the PNG and JPEG images in attachments and outputs too.

    Returns:
        The notebook as plain data in format 4. Its metadata contain "coursekit", "kernelspec" and
        "language_info"; its cells contain "cell_type", "id", "source" and nbgrader's metadata, and
        "windows" for a cell with Windows line endings.

    Raises:
        UnreadableError: The file cannot be read, is not a notebook with cells, or is over a limit.
    """
    text = _read(path)
    try:
        raw = json.loads(text)
        if isinstance(raw, dict) and raw.get("nbformat", 4) != 4:
            raw = _upgraded(raw)
    except MemoryError:
        raise
    except Exception as error:
        raise _refused(path, error) from error
    cells = raw.get("cells") if isinstance(raw, dict) else None
    cells = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    if not cells:
        raise UnreadableError(
            f"{shown(path.name)}: not a notebook, or it has no cells; submit the .ipynb file with your answers"
        )
    if len(cells) > MAX_CELLS:
        raise UnreadableError(
            f"{shown(path.name)}: {len(cells):,} cells, at most {MAX_CELLS:,} are read; "
            "delete those that you do not need and submit it again"
        )
    budget = _PictureBudget(MAX_PICTURES if pictures else 0)
    lean = [_cell(cell, budget) for cell in cells]
    if (chars := sum(len(cell["source"]) for cell in lean)) > MAX_CHARS:
        raise UnreadableError(
            f"{shown(path.name)}: {chars / 2**20:.0f} MB of text in its cells, at most {MAX_CHARS >> 20} MB are read; "
            "load large data from a file instead of writing them into a cell, and submit it again"
        )
    return {"metadata": _metadata(raw.get("metadata")), "cells": lean}


def shown(text: object) -> str:
    """Make a short text safe for files, pages and terminals.

    Args:
        text: Any object; it is converted with `str`.

    Returns:
        At most MAX_NAME characters, with `�` in place of characters that are not printable.
    """
    plain = _SURROGATE.sub("�", str(text)[: 2 * MAX_NAME])
    return "".join(c if c.isprintable() else "�" for c in plain)[:MAX_NAME]


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> str:
    name = shown(path.name)
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableError(f"{name}: a link or no file at all; hand in the notebook itself, not a link to one")
        if facts.st_size > MAX_BYTES:
            raise UnreadableError(
                f"{name}: {facts.st_size / 2**20:.0f} MB, at most {MAX_BYTES >> 20} MB are read; "
                "clear all outputs in the notebook, save it and submit it again"
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UnreadableError(f"{shown(path)}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise _refused(path, error) from error
    except OSError as error:
        raise UnreadableError(f"{shown(path)}: cannot be read: {shown(error.strerror)}") from error


def _refused(path: Path, error: Exception) -> UnreadableError:
    """Return the exception for a file that is damaged or not a notebook."""
    name, why = shown(path.name), _first_line(error)
    if (
        isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError)
        or "Notebook does not appear to be JSON" in why
    ):
        return UnreadableError(
            f"{name}: not a notebook (expected JSON in UTF-8): {why}; "
            "download it again from JupyterLab or Colab as .ipynb and submit that file"
        )
    return UnreadableError(f"{name}: not a valid notebook: {why}; submit a fresh copy of the file")


def _first_line(error: Exception) -> str:
    said = str(error).strip()
    return shown(said.splitlines()[0]) if said else type(error).__name__


def _upgraded(raw: dict[str, Any]) -> Any:
    """Convert a notebook of an older format, without its outputs, which are not needed and may be large."""
    import nbformat

    sheets = raw.get("worksheets")
    for sheet in sheets if isinstance(sheets, list) else ():
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else ():
            if isinstance(cell, dict) and "outputs" in cell:
                cell["outputs"] = []
    return nbformat.reads(json.dumps(raw), as_version=4)


# ── the parts that are read ──────────────────────────────────────────────────────────────────────────────────────────


class _PictureBudget:
    """The number of characters of pictures that may still be read."""

    def __init__(self, chars: int) -> None:
        self.chars = chars

    def accepts(self, data: str) -> bool:
        """Return whether `data` is base64 and fits into the budget, and subtract it in that case."""
        fits = len(data) <= self.chars and _PICTURE.fullmatch(data) is not None
        self.chars -= len(data) if fits else 0
        return fits


def _cell(cell: Mapping[str, Any], budget: _PictureBudget) -> dict[str, Any]:
    kind = cell.get("cell_type")
    text = _joined(cell.get("source"))
    lean: dict[str, Any] = {
        "cell_type": kind if kind in ("code", "markdown") else "raw",
        "source": _source(text),
        "metadata": {},
    }
    if "\r\n" in text:
        lean["windows"] = True  # Windows line endings
    if isinstance(name := cell.get("id"), str) and len(name) <= MAX_NAME:
        lean["id"] = _text(name)
    metadata = cell.get("metadata")
    noted = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(noted, dict):
        lean["metadata"]["nbgrader"] = {key: _scalar(noted[key]) for key in _NOTED if key in noted}
    if budget.chars:
        lean |= _pictures(cell, budget)
    return lean


def _pictures(cell: Mapping[str, Any], budget: _PictureBudget) -> dict[str, Any]:
    attachments, outputs = cell.get("attachments"), cell.get("outputs")
    kept: dict[str, Any] = {"attachments": {}, "outputs": []}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if len(name) <= MAX_NAME and (images := _images(bundle, budget)):
            kept["attachments"][_text(name)] = images
    for output in outputs if isinstance(outputs, list) else ():
        if images := _images(output.get("data") if isinstance(output, dict) else None, budget):
            kept["outputs"].append({"output_type": "display_data", "data": images, "metadata": {}})
    return {key: value for key, value in kept.items() if value}


def _images(bundle: Any, budget: _PictureBudget) -> dict[str, str]:
    """Return the first image in a format that every browser shows and that cannot contain a script."""
    for kind in ("image/png", "image/jpeg"):
        data = bundle.get(kind) if isinstance(bundle, dict) else None
        lines = data if isinstance(data, list) else [data]
        whole = "".join(line for line in lines if isinstance(line, str))
        if whole and budget.accepts(whole):
            return {kind: whole}
    return {}


def _metadata(metadata: Any) -> dict[str, Any]:
    kept = {"coursekit": "lab", "kernelspec": "language", "language_info": "name"}
    said = {part: metadata.get(part) for part in kept} if isinstance(metadata, dict) else {}
    return {
        part: {kept[part]: _scalar(facts[kept[part]])}
        for part, facts in said.items()
        if isinstance(facts, dict) and kept[part] in facts
    }


def _joined(source: Any) -> str:
    """Return the text of a cell, which is a string or, in files, a list of lines."""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _source(text: str) -> str:
    """Return the text of a cell with Unix line endings."""
    return _text(text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"))


def _scalar(value: Any) -> Any:
    """Return a plain value, shortened if necessary; for any other value the name of its type."""
    if isinstance(value, str):
        return _text(value[:MAX_NAME])
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    return f"({type(value).__name__})"


def _text(text: str) -> str:
    """Replace surrogates, which cannot be encoded."""
    return _SURROGATE.sub("�", text)


KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def compact_text(notebook: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file, with each cell on one line.

    Making it takes less than half as long as making the form in which JupyterLab writes notebooks, where
    each line of a cell has its own line. Use it for files whose versions nobody compares.

    Args:
        notebook: The notebook.

    Returns:
        JSON, with a line break at its end.

    Raises:
        nbformat.ValidationError: The notebook is not valid.
    """
    import nbformat

    nbformat.validate(notebook)
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
    cells = ",\n".join(map(encode, notebook.cells))
    others = ",\n".join(f"{encode(key)}: {encode(value)}" for key, value in sorted(notebook.items()) if key != "cells")
    return f'{{"cells": [\n{cells}\n],\n{others}}}\n'


def write_notebook(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook to a file atomically, in the form in which JupyterLab writes it.

    Args:
        notebook: The notebook.
        path: Path of the file.

    Raises:
        nbformat.ValidationError: The notebook is not valid.
        OSError: The file cannot be written.
    """
    import nbformat

    nbformat.validate(notebook)
    write_text(path, nbformat.v4.writes(notebook) + "\n")  # nbformat.writes would validate once more
