"""`submit`: from the notebook that a student works in to the file that is handed in. Puts the parts together."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import coursekit
from coursekit import _cards, _console, _front_end
from coursekit.submission import notebook as nb
from coursekit.submission.errors import SubmissionError
from coursekit.submission.find import Found, find
from coursekit.submission.history import out_of_order, unsaved
from coursekit.submission.identity import student_id
from coursekit.submission.notebook import Notebook
from coursekit.submission.repair import repair
from coursekit.submission.report import Report, check_results, unwritten
from coursekit.submission.run import Run, run_fresh
from coursekit.submission.write import file_name, lighten, put_receipt, write

__all__ = ["prepare", "submit"]


def submit(
    path: str | os.PathLike[str] | None = None, *, student: str | int | None = None, run: bool = True, minutes: float = 15
) -> None:
    """Write the one file to hand in, and show a card with what it holds.

    Finds the notebook that calls, repairs what was lost or doubled in it, runs it from top to bottom in a new process, and
    writes `lab02_mlp-ID-TIME.ipynb` beside it, below 5 MB and with a receipt inside. Colab downloads it. The notebook itself
    is left as it is. Where no person is, as in the grader, nothing happens.

    Args:
        path: File of the notebook, where it cannot be found: Colab, JupyterLab and VS Code say it.
        student: The student's ID, for the name of the file. It is remembered, and asked for once if it is not given.
        run: Whether to run the notebook. If not, the checks count as their outputs in the notebook show.
        minutes: Duration after which the run is ended.

    Raises:
        SubmissionError: If the notebook cannot be found, read or written, or is no lab of the course. Nothing was written.

    Example:
        >>> coursekit.submit(student="eva")
    """
    if not _front_end.person_is_here():
        _console.say("coursekit.submit(): nothing to do here")
        return
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= 24 * 60:
        raise SubmissionError(f"minutes is {minutes!r}: expected a number above 0, such as minutes=30.")
    progress = _Progress()
    try:
        report = prepare(find(path), student=student_id(student), seconds=60 * minutes if run else 0, on_cell=progress)
    finally:
        progress.close()
    _cards.show(report.card())
    _offer(report)


def prepare(
    found: Found, *, student: str, seconds: float, on_cell: Callable[[int, int], None] = lambda index, count: None
) -> Report:
    """Repair, run and write a notebook.

    Args:
        found: The notebook.
        student: The student's ID.
        seconds: Duration after which the run is ended; 0 for no run.
        on_cell: Called with the index of each cell that has run and the number of cells.

    Raises:
        SubmissionError: If the notebook is no lab, or the file cannot be written.
    """
    lab, release = nb.released(found.notebook)
    repaired = repair(found.notebook, release)
    work = repaired.notebook
    warnings = [*_about_history(found), *repaired.warnings]
    run = run_fresh(work, found.folder, seconds, lambda index: on_cell(index, len(nb.cells(work)))) if seconds else None
    if run is not None:
        _keep_outputs(work, run)
        warnings += [run.problem] if run.problem else []
        warnings += _about_stops(work, run)
    time = datetime.now(timezone.utc).astimezone()
    receipt = put_receipt(work, lab, student, time, coursekit.__version__)
    notes = [*repaired.repaired, *lighten(work)]
    place = write(work, found.folder, file_name(lab, student, time))
    if place.parent != found.folder:
        warnings.append(f"The notebook's folder is read-only, so the file is in {place.parent}.")
    written, tests = [cell for cell in nb.cells(work) if nb.is_answer(cell)], [c for c in nb.cells(work) if nb.is_test(c)]
    waiting = unwritten(work)
    return Report(
        lab,
        place,
        receipt,
        (len(written) - len(waiting), len(written) + len(repaired.missing)),
        tuple(waiting),
        check_results(work, None if run is None else run.errors),
        {nb.grade_id(cell): _points(cell) for cell in tests},
        run is not None,
        tuple(warnings),
        tuple(notes),
    )


def _points(cell: nb.Cell) -> float:
    points = nb.noted(cell).get("points")
    return float(points) if isinstance(points, int | float) else 0.0


def _keep_outputs(work: Notebook, run: Run) -> None:
    """Write the outputs of a run into the notebook; none of an earlier run stays beside them."""
    for index, (outputs, number) in run.outputs.items():
        nb.cells(work)[index]["outputs"] = outputs
        nb.cells(work)[index]["execution_count"] = number


def _about_stops(work: Notebook, run: Run) -> list[str]:
    """Return a warning about cells, answers and checks aside, that stopped in the run."""
    stopped = [
        (cell, run.errors[index])
        for index, cell in enumerate(nb.cells(work))
        if run.errors.get(index) and not nb.is_test(cell) and not nb.is_answer(cell)
    ]
    if not stopped:
        return []
    (first, error), more = stopped[0], len(stopped) - 1
    others = f", and {more} more" if more else ""
    return [
        f"In the fresh run {_names([first], [0])} stopped with {error.splitlines()[0]}{others}: is an answer above it complete?"
    ]


# ── what the kernel's history says ───────────────────────────────────────────────────────────────────────────────────


def _about_history(found: Found) -> list[str]:
    """Return warnings about work that is not saved, and cells that ran out of order."""
    shell = _front_end.shell()
    manager = getattr(shell, "history_manager", None)
    ran = [text for text in getattr(manager, "input_hist_raw", []) if isinstance(text, str) and text.strip()]
    code = [cell for cell in nb.cells(found.notebook) if cell["cell_type"] == "code"]
    texts = [nb.source(cell) for cell in code]
    said = []
    if not found.is_live and (other := unsaved(ran, texts)):
        said.append(
            f"The file differs from what you ran: {_names(code, other)}. Your last changes may not be saved. "
            "Save the notebook (Ctrl+S or ⌘S), and call coursekit.submit() again."
        )
    if pairs := out_of_order(ran, texts):
        said.append(
            f"Cells ran out of order: {_names(code, [pairs[0][1]])} before {_names(code, [pairs[0][0]])}, which stands above it. "
            "The marker runs them from top to bottom."
        )
    return said


def _names(code: list[nb.Cell], places: list[int]) -> str:
    """Return how to name cells: by their grade ids, or by their first lines."""
    return ", ".join(nb.grade_id(code[i]) or f"`{nb.source(code[i]).strip().splitlines()[0][:40]}`" for i in places[:5])


# ── what the student sees ────────────────────────────────────────────────────────────────────────────────────────────


class _Progress:
    """One line that says how far the run is, in a notebook."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, index: int, count: int) -> None:
        if getattr(_front_end.shell(), "kernel", None) is None:
            return
        from IPython.display import display

        said = {"text/plain": f"running your notebook from the top: cell {index + 1} of {count}"}
        if self._handle is None:
            self._handle = display(said, raw=True, display_id=True)
        else:
            self._handle.update(said, raw=True)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": "the run has ended"}, raw=True)


def _offer(report: Report) -> None:
    """Download the file in Colab, link it in another notebook, or print its path."""
    if _front_end.is_colab():
        try:
            from google.colab import files  # type: ignore[import-not-found,unused-ignore]

            files.download(str(report.path))
        except Exception as error:
            _console.say(
                f"The download did not start ({error}). The file is {report.path}: the folder icon on the left shows it."
            )
    elif getattr(_front_end.shell(), "kernel", None) is not None:
        from IPython.display import FileLink, display

        try:
            display(FileLink(os.path.relpath(report.path), result_html_prefix="Hand in this file: "))
        except ValueError:  # on another drive of Windows
            _console.say(f"Hand in this file: {report.path}")
    else:
        _console.say(f"Hand in this file: {report.path}")
