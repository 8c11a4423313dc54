"""Hints at errors whose cause lies outside of the cell that failed: cells that did not run, names with another meaning.

Knows the record of the kernel and the outline of the lab. Knows nothing of cards.
"""

from __future__ import annotations

import builtins
import re
import traceback
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from coursekit._outline import Exercise
from coursekit._overwritten import Overwritten, cause, find_overwritten, is_consequence, is_used
from coursekit._record import Ran, Record
from coursekit._words import plain
from coursekit.submission import notebook as nb

__all__ = ["about_again", "about_earlier", "about_names", "about_order", "about_overwritten"]

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
    of_order = isinstance(error, NameError | NotImplementedError) and not isinstance(error, UnboundLocalError)
    if record.outline is None or not of_order:
        return []
    found = record.outline.find_check(ran.source, ran.cell)
    exercise = found[0] if found else record.outline.find_exercise(ran.source, ran.cell)
    if isinstance(error, NotImplementedError):
        return _not_written(exercise, is_check=found is not None)
    name = getattr(error, "name", None) or ""
    if name in record.outline.makers and not name.startswith("_"):
        return [
            f"`{name}` is made by {record.outline.makers[name]}. That cell has not run since the kernel started, or has failed.",
            f"After a restart, run all cells above this one: {_RUN_ABOVE}. Such a run stops at the first cell that "
            f"fails{_stopped(ran, record)}, and runs none below it.",
            "If the others have run already, click into that cell alone and run it (Shift+Enter), then run this one again.",
        ]
    maker = _maker(name, record.outline.exercises)
    if maker is None and found is not None and not _is_within_function(error):
        maker = exercise  # what a check itself asks for
    if not name or maker is None:
        return []
    last = _last_run(maker, record)
    if last is not None and last.error:
        return [
            f"`{name}` comes from {maker.title}, which stopped with {last.error}. Mend that cell and run it, then run this one again."
        ]
    said = [f"`{name}` comes from {maker.title}. Write it there if it is missing, run that cell, then run this one again."]
    if last is None:
        said.append(f"If you wrote it before the kernel was started again, run all cells above this one: {_RUN_ABOVE}.")
    return said


def about_earlier(exercise: Exercise | None, record: Record) -> list[str]:
    """Say that a check judges an earlier version of an answer, because the cell of the answer has failed since.

    Args:
        exercise: The exercise of the check, if it is known.
        record: What ran in this kernel.
    """
    last = _last_run(exercise, record) if exercise is not None else None
    if exercise is None or last is None or not last.error or _last_run(exercise, record, well=True) is None:
        return []
    return [
        f"Your answer in {exercise.title} stopped with {last.error} when it ran last. This check judges the version before. Mend that "
        "cell and run it, then run this check again."
    ]


def about_again(ran: Ran, record: Record) -> list[str]:
    """Say that an answer has not run since its check failed last: a change on the screen alone changes nothing.

    Args:
        ran: The check that failed now.
        record: What ran in this kernel.
    """
    if record.outline is None or (now := record.outline.find_check(ran.source, ran.cell)) is None:
        return []
    for one in reversed(record.runs[:-1] if record.runs and record.runs[-1] is ran else record.runs):
        check = record.outline.find_check(one.source, one.cell)
        if check is None or (check == now and not one.error):
            return []
        if check == now:
            return [
                f"{now[0].title} has not run since this check failed last. If you have changed it, press Shift+Enter in it first."
            ]
    return []


def _last_run(exercise: Exercise, record: Record, *, well: bool = False) -> Ran | None:
    """Return the last run of an answer, or the last one without an error; None if there is none in this kernel."""
    for ran in reversed(record.runs):
        if record.outline is not None and not (well and ran.error):
            found = record.outline.find_exercise(ran.source, ran.cell)
            if found is not None and found.name == exercise.name:
                return ran
    return None


def _is_within_function(error: BaseException | None) -> bool:
    """Return whether an error arose in a function, not in the lines of a cell."""
    frames = list(traceback.walk_tb(error.__traceback__)) if error is not None else []
    return bool(frames) and frames[-1][0].f_code.co_name != "<module>"


def _stopped(ran: Ran, record: Record) -> str:
    """Return in words which check failed last in this kernel, apart from this cell, and has not passed since; "" if none did."""
    last = {one.source: one for one in record.runs}  # a later run replaces an earlier one
    for one in reversed(record.runs):
        if not one.error or last[one.source] is not one or one.source == ran.source or record.outline is None:
            continue
        found = record.outline.find_check(one.source, one.cell)
        if found is not None:
            return f", as the check of {found[0].title} did"
    return ""


def _not_written(exercise: Exercise | None, *, is_check: bool) -> list[str]:
    """Return what to say where an answer is not written yet."""
    if exercise is None:
        return []
    then = ", run that cell, then run this check again" if is_check else ", and run the cell again"
    return [f"{exercise.title} is not written yet: put your answer in place of `raise NotImplementedError()`{then}."]


def _maker(name: str, exercises: tuple[Exercise, ...]) -> Exercise | None:
    """Return the exercise that asks for a name: one that defines it, or lists it in the comments at its top."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for exercise in exercises:
        comments = "\n".join(line for line in exercise.source.split("\n") if line.startswith("#"))
        if name in nb.names_made(exercise.source) or word.search(comments):
            return exercise
    return None


def about_names(names: Mapping[str, Any], ran: Ran, record: Record) -> list[str]:
    """Name what the failing code uses and what means something else now: functions of Python, and what cells of the lab made.

    What a cell of the lab made counts only where the error is one of a value of the kind that the name has now.

    Args:
        names: The variables of the notebook.
        ran: The cell that failed.
        record: What ran in this kernel.

    Returns:
        Sentences; none if the names that the code uses mean what they should.
    """
    texts = [ran.source, *_answers(record)]
    code, read = "\n".join(texts), frozenset[str]().union(*map(_names_read, texts))
    return [
        f"`{name}` is no longer {what}: it is {plain(names[name])} now. Choose another name where {_stands(name, record)} stands, "
        f"{cure}."
        for name, what, cure in _taken(names, record, ran.error)
        if is_used(name, code) and (name not in record.kinds or name in read)
    ]


def about_overwritten(names: Mapping[str, Any], record: Record) -> str:
    """Say in one message which names that other cells need were overwritten, in which cells, and what to do.

    Args:
        names: The variables of the notebook.
        record: What ran in this kernel.

    Returns:
        The message; "" if no cell has stopped because of such a name.
    """
    runs = [*record.runs, record.current]
    taken = {name for name, _, _ in _taken(names, record, *(ran.error for ran in runs))}
    found = [one for one in _overwritten(record) if one.name in taken]
    later = runs[found[0].cell + 1 :] if found else []
    stopped = {ran.source for ran in later if is_consequence(ran.error)}
    code = "\n".join([*stopped, *_answers(record)])
    found = [one for one in found if is_used(one.name, code)]
    return cause(found, lambda cell: _place(runs[cell], record), len(stopped)) if found and stopped else ""


def _taken(names: Mapping[str, Any], record: Record, *errors: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, what it was, what to do then) for what means something else now and may have caused one of these errors."""
    for name in record.modules:
        if name in names and not isinstance(names[name], ModuleType):
            yield name, "the module", "and run the first code cell again"
    for name in sorted(names):
        own = getattr(builtins, name, None)
        if own is not None and not name.startswith("_") and name not in record.own and names[name] is not own:
            yield name, "Python's own", f"run `del {name}` in a new cell, and run this one again"
    for one in _given_away(record):
        if record.outline is None or one.name not in names or one.name in record.modules:
            continue
        now = type(names[one.name])
        stopped = any(is_consequence(error) and f"'{now.__name__}' object" in error for error in errors)
        if stopped and record.kinds.get(one.name, now) is not now:
            yield one.name, f"what {record.outline.makers[one.name]} made", "and run that cell again"


def _overwritten(record: Record) -> list[Overwritten]:
    found = find_overwritten([ran.source for ran in [*record.runs, record.current]], record.modules)
    return sorted([*found, *_given_away(record)], key=lambda one: one.cell)


def _given_away(record: Record) -> list[Overwritten]:
    """Return the names that cells of the lab made and that a cell of the student's has rebound, outside exercises that ask for them."""
    outline, found, made = record.outline, dict[str, Overwritten](), set[str]()
    if outline is None:
        return []
    for index, ran in enumerate([*record.runs, record.current]):
        bound = {name for name in _names_made(ran.source) if name in outline.makers and not name.startswith("_")}
        if ran.error or not bound or outline.find_check(ran.source, ran.cell) is not None:
            continue
        own = outline.made_by(ran.source, ran.cell)
        exercise = outline.find_exercise(ran.source, ran.cell)
        for one in find_overwritten([ran.source], bound):
            made.update(own & {one.name})
            if one.name in own or outline.is_shown(ran.source) or (exercise and _maker(one.name, (exercise,))):
                found.pop(one.name, None)
            elif one.name in bound & made:
                found[one.name] = Overwritten(one.name, one.line, index)
    return list(found.values())


@lru_cache(maxsize=1000)
def _names_made(source: str) -> frozenset[str]:
    return frozenset(nb.names_made(source))


@lru_cache(maxsize=1000)
def _names_read(source: str) -> frozenset[str]:
    """Return the variables of the notebook that a cell reads without binding them itself."""
    return frozenset(nb.names_read(source))


def _stands(name: str, record: Record) -> str:
    """Return the line that gives a name another meaning, and its exercise, as far as they are known."""
    found = next((one for one in _overwritten(record) if one.name == name), None)
    if found is None:
        return f"`{name} = …`"
    exercise = _exercise([*record.runs, record.current][found.cell], record)
    return f"`{found.line}`" + (f" in {exercise.title}" if exercise else "")


def _place(ran: Ran, record: Record) -> str:
    """Return how to call a cell that ran."""
    exercise = _exercise(ran, record)
    return exercise.title if exercise else f"the cell that begins with `{ran.source.strip().splitlines()[0][:40]}`"


def _exercise(ran: Ran, record: Record) -> Exercise | None:
    return record.outline.find_exercise(ran.source, ran.cell) if record.outline is not None else None


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
