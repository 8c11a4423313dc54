"""Hints at errors whose cause lies outside of the cell that failed: cells that did not run, names with another meaning.

Knows the record of the kernel and the outline of the lab. Knows nothing of cards.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from coursekit._outline import Exercise
from coursekit._record import Ran, Record
from coursekit._words import plain

__all__ = ["about_names", "about_order"]

_RUN_ABOVE = "Run ▸ Run All Above Selected Cell in JupyterLab, Runtime ▸ Run before in Colab, Execute Above Cells in VS Code"


def about_order(error: BaseException | None, ran: Ran, record: Record) -> list[str]:
    """Say what has to run, or to be written, before a cell that failed can run.

    Args:
        error: The error of the cell.
        ran: The cell.
        record: What ran in this kernel.

    Returns:
        Sentences; none if the error has another cause.
    """
    if record.outline is None or not isinstance(error, NameError | NotImplementedError):
        return []
    found = record.outline.find_check(ran.source, ran.cell)
    exercise = found[0] if found else record.outline.find_exercise(ran.source, ran.cell)
    if isinstance(error, NotImplementedError):
        return _not_written(exercise, is_check=found is not None)
    name = getattr(error, "name", None) or ""
    if name in record.outline.makers and not name.startswith("_"):
        place = record.outline.makers[name]
        return [
            f"`{name}` is made by a cell of “{place}”, which has not run since the kernel started, or has failed.",
            f"Run all cells above this one: {_RUN_ABOVE}.",
        ]
    maker = _maker(name, record.outline.exercises) or (exercise if found else None)
    if not name or maker is None:
        return []
    return [f"`{name}` comes from {maker.title}. Write it there if it is missing, run that cell, then run this one again."]


def _not_written(exercise: Exercise | None, *, is_check: bool) -> list[str]:
    """Return what to say where an answer is not written yet."""
    if exercise is None:
        return []
    then = ", run that cell, then run this check again" if is_check else ", and run the cell again"
    return [f"{exercise.title} is not written yet: put your answer in place of `raise NotImplementedError()`{then}."]


def _maker(name: str, exercises: tuple[Exercise, ...]) -> Exercise | None:
    """Return the exercise whose cell, as it is handed out, speaks of a name."""
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return next((exercise for exercise in exercises if pattern.search(exercise.source)), None)


def about_names(names: Mapping[str, Any], ran: Ran, record: Record) -> list[str]:
    """Name the functions of Python and the modules of the set-up cell that the failing code uses and that mean something else now.

    Args:
        names: The variables of the notebook.
        ran: The cell that failed.
        record: What ran in this kernel.

    Returns:
        Sentences; none if the names that the code uses mean what they should.
    """
    code = "\n".join([ran.source, *_answers(record)])
    said = [
        f"`{name}` is no longer the module: it is {plain(names[name])} now. Choose another name where `{name} = …` stands, "
        "and run the first code cell again."
        for name, module in record.modules.items()
        if name in names and not isinstance(names[name], ModuleType) and re.search(rf"\b{name}\.", code)
    ]
    said += [
        f"`{name}` is no longer Python's own: it is {plain(names[name])} now. Choose another name where `{name} = …` stands, "
        f"run `del {name}` in a new cell, and run this one again."
        for name in sorted(names)
        if _is_taken(name, names, record) and re.search(rf"\b{name}\(", code)
    ]
    return said


def _answers(record: Record) -> Iterator[str]:
    """Yield the last text of each exercise that ran: what a check calls."""
    if record.outline is None:
        return
    last = {}
    for ran in record.runs:
        exercise = record.outline.find_exercise(ran.source, ran.cell)
        if exercise is not None:
            last[exercise.name] = ran.source
    yield from last.values()


def _is_taken(name: str, names: Mapping[str, Any], record: Record) -> bool:
    own = getattr(builtins, name, None)
    return own is not None and not name.startswith("_") and name not in record.own and names[name] is not own
