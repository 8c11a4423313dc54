"""Read the cells of a lab's `lab.py` without jupytext, which a machine without a network may lack.

Knows as much of the percent format as the labs of this course use. A test compares both on all labs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Raw", "read"]

_HEADER = re.compile(r"^# %%(?: \[(markdown)\])?(.*)$")
_OPTION = re.compile(r'(\w+)=("[^"]*"|[^\s"]+)')


@dataclass(frozen=True)
class Raw:
    """A cell as it stands in the file: its kind, the options of its header, and its text."""

    cell_type: str
    metadata: dict[str, Any]
    source: str


def read(path: Path) -> list[Raw]:
    """Return the cells of a file in percent format.

    Args:
        path: The file.
    """
    return list(_cells(path.read_text(encoding="utf-8").splitlines()))


def _cells(lines: list[str]) -> Iterator[Raw]:
    starts = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        header = _HEADER.match(lines[start])
        assert header
        body = [re.sub("^# ?", "", line) if header[1] else line for line in lines[start + 1 : end]]
        options = {name: json.loads(value) for name, value in _OPTION.findall(header[2])}
        yield Raw(header[1] or "code", options, _trimmed(body))


def _trimmed(lines: list[str]) -> str:
    """The text without blank lines at its end; those at its start stay."""
    return "\n".join(lines).rstrip()
