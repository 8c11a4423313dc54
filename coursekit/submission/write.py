"""Write the one file to hand in: small enough for every platform, with a receipt inside, whole or not at all.

Knows nothing of what the notebook asks.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

from coursekit.submission.errors import SubmissionError
from coursekit.submission.notebook import Notebook, cells, fingerprint

__all__ = ["MOST_BYTES", "file_name", "lighten", "put_receipt", "write"]

MOST_BYTES = 5_000_000
_WIDGET = "application/vnd.jupyter.widget"


def file_name(lab: str, student: str, time: datetime) -> str:
    """Return the name of the file, such as lab02_mlp-eva-20261127T021530.ipynb."""
    return f"{lab}-{_fitting(student)}-{time:%Y%m%dT%H%M%S}.ipynb"


def _fitting(student: str) -> str:
    """Return an id as a part of a file name that every system takes."""
    plain = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._@+]+", "-", plain).strip("-.")[:60] or "student"


def put_receipt(notebook: Notebook, lab: str, student: str, time: datetime, version: str) -> dict[str, str]:
    """Write the receipt into the notebook's metadata, and return it."""
    course = notebook["metadata"].get("coursekit")
    receipt = {
        "answers": fingerprint(notebook),
        "student": student,
        "time": time.isoformat(timespec="seconds"),
        "coursekit": version,
    }
    notebook["metadata"]["coursekit"] = {**(course if isinstance(course, dict) else {}), "lab": lab, "receipt": receipt}
    return receipt


def lighten(notebook: Notebook, most: int = MOST_BYTES) -> list[str]:
    """Remove the state of widgets, then the largest outputs until the notebook fits.

    Args:
        notebook: The notebook, which is changed. No text of a cell and no picture of an answer is.
        most: The largest number of bytes.

    Returns:
        Sentences that say what was removed, or that the notebook is still too large.
    """
    said = []
    if _without_widgets(notebook):
        said.append("The state of widgets was left out.")
    over = len(_text(notebook)) - most
    sizes = sorted(
        ((len(_text(cell["outputs"])), i) for i, cell in enumerate(cells(notebook)) if cell.get("outputs")), reverse=True
    )
    removed = 0
    for size, index in sizes:
        if over <= 0:
            break
        cells(notebook)[index]["outputs"] = []
        over, removed = over - size, removed + 1
    if removed:
        said.append(
            f"The outputs of {removed} {'cell' if removed == 1 else 'cells'} were left out, so that the file stays below 5 MB."
        )
    if over > 0:
        megabytes = len(_text(notebook)) / 1e6
        said.append(
            f"The file has {megabytes:.1f} MB without any output: make the pictures in your answers smaller if it is refused."
        )
    return said


def _without_widgets(notebook: Notebook) -> bool:
    """Remove widgets, which no other page can show. Return whether there were any."""
    found = notebook["metadata"].pop("widgets", None) is not None
    for cell in cells(notebook):
        kept: list[Any] = []
        for output in cell.get("outputs") or []:
            bundle = output.get("data") if isinstance(output, dict) else None
            data: dict[str, Any] = bundle if isinstance(bundle, dict) else {}
            views = [kind for kind in data if kind.startswith(_WIDGET)]
            for kind in views:
                data.pop(kind)
            if data or not views:
                kept.append(output)
            found = found or bool(views)
        if "outputs" in cell:
            cell["outputs"] = kept
    return found


def write(notebook: Notebook, folder: Path, name: str) -> Path:
    """Write the notebook into a folder, or into the folder for temporary files if that cannot be written to.

    Returns:
        The path of the file.

    Raises:
        SubmissionError: If neither can be written to.
    """
    problem: OSError | None = None
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            return _written(_text(notebook), place / name)
        except OSError as error:
            problem = problem or error
    raise SubmissionError(f"{folder / name} cannot be written: {problem}. Make room on the disk, or move the notebook.")


def _written(text: bytes, path: Path) -> Path:
    """Write a file under a name that is not taken, through a temporary file beside it."""
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with open(descriptor, "wb") as file:
            file.write(text)
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise
    return path


def _text(part: Any) -> bytes:
    return (json.dumps(part, ensure_ascii=False, indent=1) + "\n").encode(errors="backslashreplace")
