"""The start of a released notebook: the badge that opens it in Colab, the lines that install the package there, and the machine
for which its times hold.

The lines are added when a notebook is built, and taken away again when a submission is read. This module
knows the text of cells; it does not know labs, lectures or marks.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from autograder.labs.publication import Publication

if TYPE_CHECKING:  # takes a second to load, and who reads submissions does not need it
    import nbformat

__all__ = ["add_start", "fingerprint", "without_start"]

_TITLE = '#@title Set-up { display-mode: "form" }'  # Colab folds a cell that begins like this
_END = "del importlib, sys"
_BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({})"
_SAVE = "In Colab, choose *File ▸ Save a copy in Drive* before you write anything: changes to the original are not kept."
# The paragraph that states how long a notebook takes, to its end.
_TIME = re.compile(r"^(?:[-*] )?\*\*Time(?:\*\*:|:\*\*).*(?:\n(?![-*] |\n).*)*", re.MULTILINE)
_MACHINE = (
    "The computer's times, here and below, hold for two processor cores without a GPU. A single core, or a machine half as fast, takes "
    "up to twice as long."
)
# No name stays behind: where a notebook is graded, these lines are not there.
_INSTALL = """\
# A new Colab runtime lacks the course's package: install it, and nothing else. On any other machine these lines do nothing.
import importlib.util
import sys

if "google.colab" in sys.modules and importlib.util.find_spec("coursekit") is None:
    print("Save a copy in Drive first: File > Save a copy in Drive. Changes to the original are not kept.")
    {install}
    importlib.invalidate_caches()
    if importlib.util.find_spec("coursekit") is None:
        raise RuntimeError("{failed}")
"""
_COLAB_TITLE = re.compile(r"#\s?@title Set-up\b[^\n]*\n")  # Colab writes a blank into the line when it is edited


def add_start(notebook: nbformat.NotebookNode, publication: Publication, path: str) -> None:
    """Add the badge to the first text cell, and say there for which machine its times hold; make the first code cell a form that
    installs the package in Colab.

    Args:
        notebook: The notebook, which is changed. Ids, and metadata of nbgrader, stay as they are.
        publication: Where the course is published. Without a repository there is no badge, and the
            package is installed from the file that the course hands out.
        path: Path of the notebook in the repository.
    """
    prose = next((cell for cell in notebook.cells if cell.cell_type == "markdown"), None)
    if prose is not None and publication.repository:
        title, newline, rest = prose.source.partition("\n")
        prose.source = f"{title}\n\n{_BADGE.format(publication.colab(path))}\n{_SAVE}{newline}{rest}"
    if prose is not None:
        prose.source = _TIME.sub(lambda found: f"{found[0]} {_MACHINE}", prose.source, count=1)
    code = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if code is not None:
        code.source = f"{_TITLE}\n{_INSTALL.format(**_installation(publication))}{_END}\n\n{code.source}"
        code.metadata["cellView"] = "form"


def _installation(publication: Publication) -> dict[str, str]:
    """Return the lines that install the package, and the sentence that a student reads last if that fails.

    The lines change no package that is there: `--no-deps`.
    """
    if publication.repository:
        return {
            "install": f'%pip install -q --no-deps "coursekit @ {publication.archive}"',
            "failed": "The course's package could not be installed. Run this cell again in a minute; if it fails again, tell your teacher.",
        }
    wheel = publication.wheel
    upload = f"{wheel}, which your course hands out, to Files (the folder icon on the left)"
    return {
        "install": f"%pip install -q --no-deps {wheel}",
        "failed": f"Upload {upload}, and run this cell again. Every new runtime needs it once more.",
    }


def without_start(source: str) -> str:
    """Return the text of a cell as the lab has it.

    Args:
        source: Text of a submitted code cell.

    Returns:
        The text without the lines that `add_start` added, in the wording of any release; the same
        text if it has none. Nothing in these lines decides about a mark.
    """
    if _COLAB_TITLE.match(source) and f"\n{_END}\n" in source:
        return source.partition(f"\n{_END}\n")[2].lstrip("\n")
    return source


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """Return a digest of the cells, by which `coursekit start` tells one release of a notebook from another.

    Args:
        notebook: The notebook, before its start is added: a new tag alone makes no new release.
    """
    text = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return sha256(text.encode()).hexdigest()[:16]
