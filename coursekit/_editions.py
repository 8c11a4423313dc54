"""Tells one release of a notebook from another, and says in a few lines what is new in it.

A released notebook carries a digest of its cells in its metadata, which stays when a student works in it.
Uses the standard library only. Knows nothing of folders or marks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Notebook", "changes", "edition", "parse"]

_MOST = 8  # lines that a person reads
Notebook = Mapping[str, Any]  # as JSON has it


def parse(data: bytes) -> Notebook | None:
    """Return a notebook, or None if the bytes are not one."""
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        return None
    return notebook


def edition(notebook: Notebook) -> str:
    """Return the digest that names the release of a notebook, "" if it carries none."""
    found = _dict(_dict(notebook.get("metadata")).get("coursekit")).get("release")
    return found if isinstance(found, str) else ""


def changes(old: Notebook, new: Notebook) -> list[str]:
    """Say what a release has that a student's copy of an older one does not have.

    Args:
        old: The student's copy. What stands in the answers does not matter.
        new: The release.

    Returns:
        At most a few lines, in the order of the release; empty if nothing is new.
    """
    there = {text for _, cell in _cells(old) if (text := _text(cell))}
    graded = {name: cell for _, cell in _cells(old) if (name := _name(cell))}
    found: dict[str, None] = {}  # in order, each once
    for section, cell in _cells(new):
        if line := _new(section, cell, there, graded):
            found[line] = None
    names = {_name(cell) for _, cell in _cells(new)}
    found |= {f"gone: {_shown(name)}": None for name in graded if name not in names}
    lines = list(found)
    return lines if len(lines) <= _MOST else [*lines[: _MOST - 1], f"and {len(lines) - _MOST + 1} more"]


def _new(section: str, cell: Notebook, there: set[str], graded: Mapping[str, Notebook]) -> str:
    """Return what is new about one cell of the release; "" if nothing is."""
    name, noted = _name(cell), _noted(cell)
    if name and name not in graded:
        return f"new: {_shown(name)}" if noted.get("grade") or noted.get("solution") else f"changed: {section}"
    if name and noted.get("grade") and noted.get("points") != (before := _noted(graded[name]).get("points")):
        return f"points: {_shown(name)} now has {noted.get('points')}, it had {before}"
    if noted.get("solution") or _text(cell) in there or _is_setup(cell):
        return ""
    return f"changed: {_shown(name)}" if noted.get("grade") else f"changed: {section}"


def _shown(name: str) -> str:
    """Return the name of a graded cell in words: "check of softmax", "question why", "exercise softmax"."""
    for prefix, word in (("test_", "check of "), ("written_", "question "), ("given_", "code ")):
        if name.startswith(prefix):
            return word + name.removeprefix(prefix)
    return f"exercise {name}"


def _cells(notebook: Notebook) -> Iterator[tuple[str, Notebook]]:
    """Yield each cell with the heading above it."""
    section = "the beginning"
    for cell in notebook["cells"]:
        if isinstance(cell, dict):
            first = _text(cell).partition("\n")[0]
            if cell.get("cell_type") == "markdown" and first.startswith("#"):
                section = first.lstrip("#").strip()
            yield section, cell


def _text(cell: Notebook) -> str:
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _is_setup(cell: Notebook) -> bool:
    """Whether this is the cell that installs the package: each release names its own tag there."""
    return cell.get("cell_type") == "code" and _text(cell).partition("\n")[0].replace("# @", "#@").startswith("#@title Set-up")


def _noted(cell: Notebook) -> Notebook:
    return _dict(_dict(cell.get("metadata")).get("nbgrader"))


def _name(cell: Notebook) -> str:
    return str(_noted(cell).get("grade_id", ""))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
