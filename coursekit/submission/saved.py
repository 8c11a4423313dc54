"""What a student should know of the file that a hand-in is made from: when it was saved, and whether it is a copy.

Knows nothing of how a hand-in is made.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from coursekit.submission import notebook as nb
from coursekit.submission.errors import SubmissionError
from coursekit.submission.find import Found, find

if TYPE_CHECKING:
    from coursekit._outline import Exercise
    from coursekit._record import Ran

__all__ = ["about_copy", "about_saved", "about_saved_again", "first_words", "is_edited", "made_from"]

_JUST_NOW = 5.0  # seconds after saving in which nobody has changed a text
_LONGEST = 70  # characters of an answer that are shown


def about_saved(found: Found, now: datetime) -> str:
    """Say when a notebook was saved, and what to do if it was not since; "" if it was saved just now or is read from the page.

    Args:
        found: The notebook.
        now: The time, with its zone.
    """
    if found.saved is None or found.path is None:
        return ""
    age = (now - found.saved).total_seconds()
    if abs(age) < _JUST_NOW:
        return ""
    ago = f", {_duration(age)} ago" if age > 0 else ""  # the clock of another machine may be ahead
    return (
        f"{found.path.name} was saved at {found.saved:%H:%M:%S}{ago}. If you changed anything since, save it (Ctrl+S or ⌘S) and "
        "run this cell again."
    )


def made_from(found: Found) -> str:
    """Say from which saved state of a notebook a hand-in is made; "" if it is read from the page."""
    if found.saved is None or found.path is None:
        return ""
    return f"Made from `{found.path.name}` as it was saved at {found.saved:%H:%M:%S}."


def about_saved_again(found: Found) -> str:
    """Say that the notebook was saved with other answers after it was read; "" if it was not."""
    if found.path is None:
        return ""
    try:
        again = find(found.path)
    except SubmissionError:  # it was moved meanwhile, or is just being written
        return ""
    if again.saved is None or nb.fingerprint(again.notebook) == nb.fingerprint(found.notebook):
        return ""
    return (
        f"`{found.path.name}` was saved again at {again.saved:%H:%M:%S}, with other answers. The file to hand in holds the "
        "earlier ones: run this cell again."
    )


def about_copy(found: Found, lab: str) -> str:
    """Say that a notebook is a copy that was written to be handed in, and what to do; "" if it is not.

    A copy that has the name of the lab's notebook is one that the student goes on with.
    """
    course = found.notebook["metadata"].get("coursekit")
    if not isinstance(course, dict) or not course.get("receipt"):
        return ""
    own = f"{lab}.ipynb"
    if found.path is None:
        return "This notebook is a copy that submit() wrote to be handed in. Work in your own notebook, if you still have it."
    if found.path.name == own:
        return ""
    if (found.folder / own).exists():
        todo = f"If you changed answers here, change them in `{own}` too. Then close this copy, and run submit() there"
    else:
        todo = f"If you want to go on with this copy, rename it to `{own}`"
    return f"You are in `{found.path.name}`, a copy that submit() wrote to be handed in. {todo}."


def first_words(text: str, handed_out: str = "") -> str:
    """Return the first words of an answer, without the lines that were handed out."""
    given = {line.strip() for line in handed_out.split("\n")}
    words = " ".join(" ".join(line for line in text.split("\n") if line.strip() not in given).split())
    if len(words) <= _LONGEST:
        return words
    return words[: words.rfind(" ", _LONGEST // 2, _LONGEST) if " " in words[_LONGEST // 2 : _LONGEST] else _LONGEST] + " …"


def _duration(seconds: float) -> str:
    """Return a duration in words."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}s"
    return f"{max(seconds, 2):.0f} seconds"


def is_edited(exercise: Exercise, answer: Ran | None, notebook: Found) -> bool:
    """Return whether a notebook holds another version of an answer than the one that ran last, and a later one.

    Args:
        exercise: The exercise.
        answer: Its answer as it ran last; None if it did not run.
        notebook: The notebook. A file that was saved before the answer ran says nothing.
    """
    if answer is None or not answer.ended:
        return False
    if not notebook.is_live and (notebook.saved is None or notebook.saved.timestamp() <= answer.ended):
        return False
    own = [nb.source(cell).strip() for cell in nb.cells(notebook.notebook) if nb.grade_id(cell) == exercise.name]
    return bool(own) and answer.source.strip() not in own
