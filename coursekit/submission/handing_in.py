"""`submit`: from the notebook that a student works in to the file that is handed in. Puts the parts together."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import coursekit
from coursekit import _cards, _console, _front_end
from coursekit.submission import identity
from coursekit.submission import notebook as nb
from coursekit.submission.errors import SubmissionError
from coursekit.submission.find import Found, find
from coursekit.submission.history import out_of_order, unsaved
from coursekit.submission.identity import Student
from coursekit.submission.notebook import Notebook
from coursekit.submission.overrides import about_overrides
from coursekit.submission.repair import repair
from coursekit.submission.report import Report, stored_errors, unwritten
from coursekit.submission.run import Run, run_fresh
from coursekit.submission.saved import about_copy, about_saved, about_saved_again, first_words, is_edited, made_from
from coursekit.submission.stops import about_stops, cell_named
from coursekit.submission.telling import Estimate, Telling, estimate
from coursekit.submission.write import file_name, lighten, put_receipt, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coursekit._outline import Outline

__all__ = ["prepare", "submit"]


def submit(
    path: str | os.PathLike[str] | None = None, *, student: str | int | None = None, run: bool = True, minutes: float = 15
) -> None:
    """Write the one file to hand in, and show a card with what it holds.

    Finds the notebook that calls, repairs what was lost or doubled in it, runs it from top to bottom in a new process, and
    writes `lab02_mlp-ID-TIME.ipynb` beside it, below 5 MB and with a receipt inside. Colab downloads it. The notebook itself
    is left as it is. It says at once how long the run will take, and then how far it is. Where no person is, as in the grader,
    nothing happens.

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
    who = identity.student(student)
    found = find(path)  # after the question: while it waited, the editor may have saved the notebook
    expected = _expected(found) if run else None
    what = "runs once more from the top, in a new process" if run else "does not run: its outputs count as they are"
    lines = [
        about_saved(found, _now()),
        f"Handing in for {who.id}: your notebook is checked, repaired, and {what}.",
        f"{expected}." if expected else "",
    ]
    _console.say("\n".join(filter(None, lines)))
    telling = Telling(expected)
    try:
        report = prepare(found, student=who, seconds=60 * minutes if run else 0, telling=telling)
    finally:
        telling.end()
    _cards.show(report.card())
    _offer(report)


def _expected(found: Found) -> Estimate:
    """Estimate how long the run takes."""
    from coursekit import _record  # which reads notebooks as this package does

    record = _record.record_of(_front_end.shell())
    stated = found.notebook["metadata"].get("coursekit")
    return estimate(
        [nb.source(nb.cells(found.notebook)[index]) for index in _code(found.notebook)],
        record.runs if record is not None else (),
        stated.get("seconds") if isinstance(stated, dict) else None,
    )


def _code(notebook: Notebook) -> list[int]:
    """Return the indices of the code cells that hold something."""
    return [i for i, cell in enumerate(nb.cells(notebook)) if cell["cell_type"] == "code" and nb.source(cell).strip()]


def prepare(found: Found, *, student: Student, seconds: float, telling: Telling | None = None) -> Report:
    """Repair, run and write a notebook.

    Args:
        found: The notebook.
        student: Who hands it in.
        seconds: Duration after which the run is ended; 0 for no run.
        telling: Hears how far the run is.

    Raises:
        SubmissionError: If the notebook is no lab, or the file cannot be written.
    """
    from coursekit._outline import outline_of  # which reads notebooks as this package does

    lab, release = nb.released(found.notebook)
    outline = outline_of(lab, found.notebook if release is None else release)
    repaired = repair(found.notebook, release, outline.called)
    work = repaired.notebook
    warnings = [*_about_unsaved(found, outline), *repaired.warnings, *about_overrides(work, release)]
    run = _run(work, found.folder, seconds, telling or Telling(None)) if seconds else None
    if run is not None:
        _keep_outputs(work, run)
        warnings += [run.problem] if run.problem else []
    errors = stored_errors(work) if run is None else run.errors
    if run is None or _failed_only_there(work, errors):
        warnings += _about_order(found, outline)
    stops = about_stops(work, errors, outline.called, outline.makers)
    if said := about_saved_again(found):
        warnings.insert(0, said)
    time = _now()
    receipt = put_receipt(work, lab, student.id, time, coursekit.__version__)
    notes = [*repaired.repaired, *lighten(work)]
    place = write(work, found.folder, file_name(lab, student.id, time))
    if place.parent != found.folder:
        warnings.append(f"The notebook's folder is read-only, so the file is in {place.parent}.")
    answers = sum(map(nb.is_answer, nb.cells(work)))
    waiting = unwritten(work)
    return Report(
        outline=outline,
        path=place,
        receipt=receipt,
        student=str(student),
        saved=made_from(found),
        copy=about_copy(found, lab),
        words=_words(work, outline, waiting),
        todo=_todo(found, place, lab),
        answered=(answers - len(waiting), answers + len(repaired.missing)),
        open=tuple(waiting),
        checks={nb.grade_id(cell): errors.get(index) for index, cell in enumerate(nb.cells(work)) if nb.is_test(cell)},
        points={nb.grade_id(cell): _points(cell) for cell in nb.cells(work) if nb.is_test(cell)},
        ran_fresh=run is not None,
        explained=frozenset(nb.grade_id(nb.cells(work)[index]) for index in stops.explained),
        warnings=(*stops.warnings, *warnings),
        notes=tuple(notes),
    )


def _words(work: Notebook, outline: Outline, waiting: list[str]) -> dict[str, str]:
    """Return the first words of each answer in words: grade id → words."""
    asked = {question.name: question.source for question in outline.written if question.name not in waiting}
    written = {nb.grade_id(cell): nb.source(cell) for cell in nb.cells(work) if nb.grade_id(cell) in asked}
    return {name: f"“{first_words(text, asked[name])}”" for name, text in written.items()}


def _now() -> datetime:
    return datetime.now(timezone.utc).astimezone()


def _run(work: Notebook, folder: Path, seconds: float, telling: Telling) -> Run:
    """Run a notebook, and say how far it is."""
    places = _code(work)
    telling.begin(len(places))
    return run_fresh(work, folder, seconds, lambda index: telling.step(places.index(index) + 1), telling.wait)


def _points(cell: nb.Cell) -> float:
    points = nb.noted(cell).get("points")
    return float(points) if isinstance(points, int | float) else 0.0


def _keep_outputs(work: Notebook, run: Run) -> None:
    """Write the outputs of a run into the notebook; none of an earlier run stays beside them."""
    for index, (outputs, number) in run.outputs.items():
        nb.cells(work)[index]["outputs"] = outputs
        nb.cells(work)[index]["execution_count"] = number


# ── what the kernel's history says ───────────────────────────────────────────────────────────────────────────────────


def _about_unsaved(found: Found, outline: Outline) -> list[str]:
    """Return warnings about work that ran and is not in the file, and about work in the file that did not run."""
    other = [] if found.is_live else unsaved(_ran(), _texts(found))
    edited = [index for index in other if _is_edited(found, index, outline)]
    said = []
    if edited:
        said.append(
            f"You changed {_named(found, edited, outline)} and have not run it since. What you hand in is the text as you saved it: "
            "run that cell and its checks. If they do not pass, mend it and call coursekit.submit() again."
        )
    if other := [index for index in other if index not in edited]:
        said.append(
            f"The file differs from what you ran: {_named(found, other, outline)}. Your last changes may not be saved. "
            "Save the notebook (Ctrl+S or ⌘S), and call coursekit.submit() again."
        )
    return said


def _is_edited(found: Found, index: int, outline: Outline) -> bool:
    """Return whether a code cell of the file is an answer that was changed and saved after it ran last."""
    from coursekit import _record

    record = _record.record_of(_front_end.shell())
    name = nb.grade_id(_code_cells(found)[index])
    exercise = next((one for one in outline.exercises if one.name == name), None)
    if record is None or exercise is None:
        return False
    runs = [ran for ran in record.runs if (own := outline.find_exercise(ran.source, ran.cell)) and own.name == name]
    return bool(runs) and is_edited(exercise, runs[-1], found)


def _about_order(found: Found, outline: Outline) -> list[str]:
    """Return a warning about cells that ran out of order."""
    pairs = out_of_order(_ran(), _texts(found))
    if not pairs:
        return []
    upper, lower = pairs[0]
    return [
        f"Cells ran out of order: {_named(found, [lower], outline)} before {_named(found, [upper], outline)}, which stands above "
        "it. The marker runs them from top to bottom."
    ]


def _failed_only_there(work: Notebook, errors: Mapping[int, str]) -> bool:
    """Return whether a cell failed in the fresh run that ended well in this kernel: only then does the order matter."""
    from coursekit import _record

    record = _record.record_of(_front_end.shell())
    if record is None:
        return any(errors.values())
    last = {ran.source.strip(): ran.error for ran in record.runs}
    return any(error and last.get(nb.source(nb.cells(work)[index]).strip()) == "" for index, error in errors.items())


def _ran() -> list[str]:
    """Return what this kernel ran, in its order."""
    manager = getattr(_front_end.shell(), "history_manager", None)
    return [text for text in getattr(manager, "input_hist_raw", []) if isinstance(text, str) and text.strip()]


def _code_cells(found: Found) -> list[nb.Cell]:
    return [cell for cell in nb.cells(found.notebook) if cell["cell_type"] == "code"]


def _texts(found: Found) -> list[str]:
    return list(map(nb.source, _code_cells(found)))


def _named(found: Found, places: list[int], outline: Outline) -> str:
    """Return how a student calls code cells, at most five of them."""
    cells = _code_cells(found)
    return ", ".join(cell_named(cells[place], outline.called) for place in places[:5])


# ── what the student gets ────────────────────────────────────────────────────────────────────────────────────────────


def _todo(found: Found, place: Path, lab: str) -> tuple[str, ...]:
    """Say where the file is, how to get it, and that it is a copy."""
    if _front_end.is_colab():
        got = f"Hand in `{place.name}`. Your browser downloads it; it is also in Files, the folder icon on the left."
        return got, _keep_working("this notebook")
    own = "your own notebook"
    if found.path is not None:
        own = f"`{lab}.ipynb`" if about_copy(found, lab) else f"`{found.path.name}`"
    got = f"Hand in `{place.name}`. It is in the folder `{place.parent}`."
    if _front_end.is_jupyter() and place.parent == found.folder:
        got = (
            f"Hand in `{place.name}`. It is in the folder of this notebook, `{place.parent.name}`: the link below downloads it. "
            "So does a right-click on it in the list of files ▸ Download."
        )
    return got, _keep_working(own)


def _keep_working(own: str) -> str:
    return f"Keep working in {own}, not in the copy to hand in. Every submit() writes a new copy, and the last one counts."


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
        try:
            path = Path(os.path.relpath(report.path)).as_posix()
        except ValueError:  # on another drive of Windows
            _console.say(f"Hand in this file: {report.path}")
            return
        from IPython.display import display

        # JupyterLab opens what a link leads to, beside the student's own notebook, unless the link says `download`.
        link = f'<a href="{quote(path)}" download="{escape(report.path.name)}">{escape(report.path.name)}</a>'
        display({"text/plain": f"Hand in this file: {path}", "text/html": f"Hand in this file: {link}"}, raw=True)
    else:
        _console.say(f"Hand in this file: {report.path}")
