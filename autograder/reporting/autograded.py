"""Create the graded notebook: a submission with the result below each test, safe to open in a browser.

It contains the released tests, so that no feedback page shows a hidden test. The student's text is
made inert, and of the submitted outputs only pictures are kept. This module knows verdicts, labs and
repaired submissions; it reads no file and does not know gradebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Cell, Lab
from autograder.printable import printable
from autograder.reporting.pictures import Album

__all__ = ["autograded_notebook", "by_grade_id", "literal", "with_own_cells"]

MAX_OWN = 200  # number of the student's own cells that are kept
MAX_TEXT = 100_000  # characters per cell
OWN = "own-"  # prefix of the ids of the student's own cells


def by_grade_id(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """Index the cells of a notebook.

    Args:
        notebook: The notebook.

    Returns:
        Grade id → cell.
    """
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if cell.metadata.get("nbgrader")}


def with_own_cells(notebook: nbformat.NotebookNode) -> dict[str, list[str]]:
    """Collect the texts that may contain an answer.

    Args:
        notebook: A graded notebook.

    Returns:
        Grade id → texts of its cell and of the student's own cells before and after it.
    """
    texts: dict[str, list[str]] = {}
    between: list[str] = []
    last = ""
    for cell in notebook.cells:
        if cell.get("id", "").startswith(OWN):
            between.append(cell.source)
            continue
        if last:
            texts[last] += between
        last = cell.metadata.nbgrader.grade_id if cell.metadata.get("nbgrader") else ""
        if last:
            texts[last] = [*between, cell.source]
        between = []
    if last:
        texts[last] += between
    return texts


def autograded_notebook(
    lab: Lab, released: nbformat.NotebookNode, verdict: Verdict, work: Submission | None
) -> nbformat.NotebookNode:
    """Create the graded notebook of a submission.

    Args:
        lab: The lab.
        released: The released notebook of the lab.
        verdict: Verdict on the submission.
        work: The repaired submission with its cells; None if the file could not be read.

    Returns:
        The released notebook with the student's cells, and with the result below each test.
    """
    notebook = copy(released)
    notebook.metadata = nbformat.from_dict({**released.metadata, "autograder": {"status": verdict.status}})
    # What is changed below is set anew in a cell, never within, and nothing in prose.
    notebook.cells = [
        node if cell.role == "prose" else copy(node) for cell, node in zip(lab.cells, released.cells, strict=True)
    ]
    if work is not None:
        notebook.cells = _with_answers(lab, notebook.cells, work)
    cells = by_grade_id(notebook)
    results = {test.name: test for test in verdict.tests}
    for test in lab.of("tests"):
        cells[test.grade_id].outputs = _outputs(test, results.get(test.name), verdict)
    inside = _ran_inside(verdict)
    if notes := [text for text in (verdict.message, *(flag.message for flag in verdict.flags), inside) if text]:
        said = "\n".join(f"- {literal(text)}" for text in notes)
        notebook.cells.insert(
            0, new_markdown_cell(f"**Notes of the autograder** ({verdict.status})\n\n{said}", id="autograder-notes")
        )
    return notebook


def _output(kind: str, **fields: Any) -> nbformat.NotebookNode:
    """Return an output. The notebook is validated as a whole, so nbformat's `new_output`, which validates each, is not used."""
    return nbformat.from_dict({"output_type": kind, **fields})


def _ran_inside(verdict: Verdict) -> str:
    """Return a note about the tests that ran where the student's code could reach them, or ""."""
    tests = [test.name for test in verdict.tests if not test.sealed]
    said = f"{verdict.unsealed:g} of the points come from tests that ran in the student's own process: {', '.join(tests)}"
    return said if tests else ""


def _outputs(test: Cell, result: TestResult | None, verdict: Verdict) -> list[nbformat.NotebookNode]:
    """Return the outputs of a test: its message, and the number from which nbgrader's `determine_grade` reads the mark."""
    if result is None:
        result = TestResult(test.name, test.exercise, test.points, 0.0, "missing", verdict.message)
    message = printable(result.message)
    kind = result.status.capitalize()
    said = f"{kind}: {message}" if message else kind
    if result.earned == 0 and result.status != "passed":
        return [_output("error", ename=kind, evalue=message, traceback=said.split("\n"))]
    outputs = [_output("stream", name="stdout", text=f"{said}\n")]
    if result.earned < test.points:
        outputs.append(
            _output("execute_result", execution_count=None, metadata={}, data={"text/plain": repr(float(result.earned))})
        )
    return outputs


def _with_answers(lab: Lab, released: Sequence[nbformat.NotebookNode], work: Submission) -> list[nbformat.NotebookNode]:
    """Return the lab's cells with the student's answers, and the student's own cells after the cell that they followed.

    Only the first MAX_OWN of the student's own cells are kept, and pictures up to the limits of `Album`.
    """
    album, submitted = Album(), work.cells
    texts = [_text(cell, node, work) for cell, node in zip(lab.cells, released, strict=True)]
    places, own = _places(lab, texts, submitted)
    blank = {node.source.strip() for node in released}
    cells: list[nbformat.NotebookNode] = []
    room = MAX_OWN
    for i, node in enumerate([None, *released], start=-1):
        if node is not None:
            given = submitted[places[i]] if i in places else {}
            _fill(node, lab.cells[i], texts[i], given, album)
            cells.append(node)
        mine = [submitted[j] for j in own.get(i, []) if _source(submitted[j]).strip() not in ("", *blank)][:room]
        room -= len(mine)
        cells += [_own_cell(cell, f"{OWN}{i + 1}-{n}", album) for n, cell in enumerate(mine, start=1)]
    return cells


def _text(cell: Cell, released: nbformat.NotebookNode, work: Submission) -> str:
    """Return the student's text for a cell of the lab; the released text if the student does not edit the cell."""
    texts = {"exercise": work.exercises, "written": work.written}.get(cell.role, {})
    return texts.get(cell.name, released.source)


def _places(lab: Lab, texts: Sequence[str], submitted: Sequence[Any]) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Match submitted cells with the cells of the lab, by id or text.

    Returns cell of the lab → submitted cell, and cell of the lab → the student's own cells after it (-1: before all cells).
    """
    by_id = {cell.id: i for i, cell in enumerate(lab.cells) if cell.role not in ("exercise", "written")}
    by_text: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        by_text.setdefault(text, []).append(i)
    places: dict[int, int] = {}
    own: dict[int, list[int]] = {}
    after = -1
    for number, cell in enumerate(submitted):
        named = [by_id[i] for i in _ids(cell) if i in by_id]
        source = _source(cell)
        place = next((i for i in (*named, *by_text.get(source, ())) if i not in places), None)
        if place is None:
            own.setdefault(after, []).append(number)
        else:
            places[place] = number
            after = place
    return places, own


def _fill(node: nbformat.NotebookNode, cell: Cell, text: str, submitted: Any, album: Album) -> None:
    """Put the student's text and pictures into a cell of the release; locked cells are not changed."""
    if cell.role == "written":
        node.source, node.attachments = _inert(text, submitted, album)
    elif cell.role == "exercise":
        node.source = _clean(text)
    elif cell.role == "code" and submitted:
        node.source = _clean(_source(submitted))
    if cell.role in ("exercise", "code"):
        node.outputs = _figures(submitted, album)


def _own_cell(cell: Any, cell_id: str, album: Album) -> nbformat.NotebookNode:
    if cell.get("cell_type") == "code":
        return new_code_cell(_clean(_source(cell)), id=cell_id, outputs=_figures(cell, album))
    source, attachments = _inert(_source(cell), cell, album)
    return new_markdown_cell(source, id=cell_id, attachments=attachments)


def _figures(submitted: Any, album: Album) -> list[nbformat.NotebookNode]:
    """Return the pictures in the submitted outputs of a code cell, after a line that describes them."""
    before = album.left_out
    pictures = [_output("display_data", metadata={}, data=picture) for picture in album.of_outputs(submitted.get("outputs"))]
    said = [f"{len(pictures)} as handed in"] if pictures else []
    said += [f"{album.left_out - before} left out, too large"] if album.left_out > before else []
    return [_output("stream", name="stdout", text=f"(figures: {', '.join(said)})\n"), *pictures] if said else []


def _ids(cell: Any) -> list[str]:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return [name for name in (grade_id, cell.get("id")) if isinstance(name, str)]


def _source(cell: Any) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else ""


# ── inert text ───────────────────────────────────────────────────────────────────────────────────────────────────────

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # Unicode's category Cc but for \n and \t


def _clean(text: str) -> str:
    """Return a source without control characters and surrogates, of at most MAX_TEXT characters.

    Characters that reverse the direction of text are shown as escapes, because they make code look different from what runs.
    """
    text = text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    text = _CONTROL.sub("", text)
    return re.sub(r"[\u202a-\u202e\u2066-\u2069]", lambda found: printable(found.group()), text)


def literal(text: str) -> str:
    """Convert a text to Markdown that shows it literally.

    Args:
        text: Any text.

    Returns:
        One paragraph of Markdown.
    """
    return re.sub(r"([\\<>\[\]&])", r"\\\1", " ".join(printable(text).split()))


SCRIPT_LINK = re.compile(
    r"\s*".join("javascript") + r"[\s\\]*(?=:)|" + r"\s*".join("vbscript") + r"[\s\\]*(?=:)", re.IGNORECASE
)


def _inert(text: str, cell: Any, album: Album) -> tuple[str, dict[str, Any]]:
    """Return a student's Markdown and its pictures, changed so that no tag, entity or link in it is active.

    Only spaces are inserted, which do not show in formulas and prose: `a<b` becomes `a< b`, `<script>` becomes `< script>`.
    """
    text = _clean(text).replace("\t", "    ")
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"&(?=#?\w+;)", "& ", text)
    text = SCRIPT_LINK.sub(lambda match: match.group() + " ", text)
    # nbconvert fails on a page that names a missing attachment.
    text = re.sub(r"attachment[\s\\]*:", "attachment :", text)
    pictures: dict[str, Any] = {}
    for name, picture in _attached(cell, album):
        kept = f"picture-{len(pictures) + 1}"
        text = text.replace(f"(attachment :{name})", f"(attachment:{kept})")
        pictures[kept] = picture
    return text, pictures


def _attached(cell: Any, album: Album) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (name in the text, picture) of the pictures that are attached to a cell."""
    attachments = cell.get("attachments")
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if picture := album.take(bundle):
            yield name, picture
