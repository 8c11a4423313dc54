"""`progress`: which checks of a lab pass now, what their tests give, and what is not written yet.

It goes by the record of the kernel: what ran since the notebook was set up. It runs no cell. Only for questions that are answered
in words it reads the notebook, for they do not run. Knows nothing of hidden tests, or of what a check compares.
"""

from __future__ import annotations

from dataclasses import dataclass

from coursekit import _console, _front_end, _hints
from coursekit._cards import Card, Link, Section, show
from coursekit._outline import Check, Exercise, Outline, Written, anchor
from coursekit._overwritten import is_consequence
from coursekit._record import Ran, record_of
from coursekit.submission import SubmissionError
from coursekit.submission import notebook as nb
from coursekit.submission.find import Found, find
from coursekit.submission.saved import is_edited

__all__ = ["Standing", "progress", "standings"]

_COLAB_SECONDS = 10  # that Colab may take to give the notebook

PASSES, FAILS, CHANGED, EDITED, UNWRITTEN, NOT_RUN = "passes", "fails", "changed", "edited", "unwritten", "not run"


def progress() -> None:
    """Show a card with the checks that pass, what their tests give, which questions are answered, and what is still open.

    It goes by what ran in this kernel, and runs nothing itself: after a restart of the kernel, run the checks again. Answers in
    words are read from the notebook as it was last saved, in Colab as it is on the page. In a
    program that runs notebooks with a kernel it shows the same; in the grader, and outside of a notebook, it says only that there
    is nothing to show.

    Example:
        >>> coursekit.progress()
    """
    shell = _front_end.shell()
    if getattr(shell, "kernel", None) is None:
        _console.say("coursekit.progress(): nothing to show outside of a notebook")
        return
    record = record_of(shell)
    if record is None:
        _console.say("coursekit.progress(): run the first code cell of the lab, which sets it up, and then your checks")
    elif record.outline is None:
        _console.say("coursekit.progress(): this notebook is none of the course's labs, so there are no checks to count")
    else:
        first = _hints.about_overwritten(shell.user_ns, record)
        notebook = _notebook()
        show(card(record.outline, standings(record.outline, record.runs, notebook), notebook, first))


def _notebook() -> Found | None:
    """Return the notebook that called, or None if it cannot be read from here."""
    try:
        return find(seconds=_COLAB_SECONDS)
    except SubmissionError:
        return None


@dataclass(frozen=True)
class Standing:
    """How a check stands.

    Attributes:
        exercise: Its exercise.
        check: The check.
        state: "passes", "fails", "changed" (the answer ran in another form since), "edited" (it was changed and saved, and has not
            run since), "unwritten" or "not run".
        said: The first line of what it said if it fails; else "".
    """

    exercise: Exercise
    check: Check
    state: str
    said: str = ""


def standings(outline: Outline, runs: list[Ran], notebook: Found | None = None) -> list[Standing]:
    """Return how each check of a lab stands after these cells ran, in the order of the notebook.

    Args:
        outline: The lab.
        runs: The cells that ran.
        notebook: The notebook, to see which answers were edited since; None if it cannot be read.
    """
    answers: dict[str, Ran] = {}  # the last run of each exercise
    ended: dict[str, tuple[Ran, str]] = {}  # the last run of each check, and the answer that it looked at
    for ran in runs:
        if found := outline.find_check(ran.source, ran.cell):
            exercise, check = found
            ended[check.name] = (ran, answers[exercise.name].source if exercise.name in answers else "")
        elif answer := outline.find_exercise(ran.source, ran.cell):
            answers[answer.name] = ran
    return [
        Standing(exercise, check, EDITED)
        if notebook is not None and is_edited(exercise, answers.get(exercise.name), notebook)
        else _standing(outline, exercise, check, answers.get(exercise.name), ended.get(check.name))
        for exercise in outline.exercises
        for check in exercise.checks
    ]


def _standing(
    outline: Outline, exercise: Exercise, check: Check, answer: Ran | None, ended: tuple[Ran, str] | None
) -> Standing:
    is_blank = answer is not None and outline.is_handed_out(exercise, answer.source)
    if is_blank or (ended and ended[0].error.startswith("NotImplementedError") and _stands(answer, ended)):
        return Standing(exercise, check, UNWRITTEN)
    if ended is None or ended[0].error.startswith("KeyboardInterrupt"):
        return Standing(exercise, check, NOT_RUN)
    if not _stands(answer, ended):
        return Standing(exercise, check, CHANGED)
    if ended[0].error:
        return Standing(exercise, check, FAILS, ended[0].error.removeprefix("Mistake: ").removesuffix(":"))
    return Standing(exercise, check, PASSES)


def _stands(answer: Ran | None, ended: tuple[Ran, str]) -> bool:
    """Return whether the answer is still the one that its check looked at."""
    return answer is None or answer.source == ended[1]


# ── the card ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def card(outline: Outline, found: list[Standing], notebook: Found | None = None, first: str = "") -> Card:
    """Return the card.

    Args:
        outline: The lab.
        found: How its checks stand.
        notebook: The notebook, for the questions that are answered in words; None if it cannot be read.
        first: What the student should look at before all else.
    """
    passed = [standing for standing in found if standing.state == PASSES]
    points, most = sum(s.check.points for s in passed), sum(s.check.points for s in found)
    words = {question.name: _state(question, notebook) for question in outline.written}
    facts = [
        f"{len(passed)} of {len(found)} checks that you can see pass. Most tests have a hidden part too, which runs when your "
        "notebook is marked: their points count if that part passes as well.",
    ]
    if outline.written:
        where = (
            ""
            if notebook is None or notebook.is_live
            else " Whether they are answered is read from the file as you last saved it."
        )
        facts.append(
            f"Questions answered in words give {outline.written_points:g} points more, which are not counted here: a person marks "
            f"them.{where}"
        )
    if any(standing.state == NOT_RUN for standing in found):
        facts.append("Only what ran since the kernel started is known.")
    lines = [
        _line(part, [s for s in found if s.exercise is part], first)
        if isinstance(part, Exercise)
        else Link.about(part.label, anchor(part.place), _IN_WORDS[words[part.name]])
        for part in outline.parts
    ]
    whole = len(passed) == len(found) and UNWRITTEN not in words.values()
    return Card(
        f"Progress: checks for {points:g} of {most:g} points pass",
        "good" if whole else "open",
        (
            Section("", tuple(facts)),
            Section("Look at this first", (first,) if first else ()),
            Section("Exercises and questions" if outline.written else "Exercises", tuple(lines)),
        ),
        points / most if most else None,
    )


ANSWERED, GONE, UNKNOWN = "answered", "gone", "unknown"
_IN_WORDS = {
    ANSWERED: "answered; a person marks it",
    UNWRITTEN: "… not written yet",
    GONE: "its cell is no longer in the notebook: coursekit.submit() says what is missing",
    UNKNOWN: "marked by a person; whether it is answered cannot be seen from here",
}


def _state(question: Written, notebook: Found | None) -> str:
    """Return whether a question that is answered in words is answered."""
    if notebook is None:
        return UNKNOWN
    cells = nb.cells(notebook.notebook)
    own = [cell for cell in cells if question.name == nb.grade_id(cell)] or [
        cell for cell in cells if question.cell and question.cell == cell.get("id")
    ]
    if not own:
        return GONE
    return ANSWERED if any(question.is_answered_by(nb.source(cell)) for cell in own) else UNWRITTEN


def _line(exercise: Exercise, found: list[Standing], first: str) -> Link:
    """Return one line for an exercise: its title, which leads to its text, and how it stands."""
    points = sum(s.check.points for s in found if s.state == PASSES)
    return Link.about(exercise.label, anchor(exercise.title), _said(found, points, first))


def _said(found: list[Standing], points: float, first: str) -> str:
    """Return how an exercise stands, in words. What is to be done first comes first."""
    states = {standing.state for standing in found}
    failing = next((standing for standing in found if standing.state == FAILS), None)
    if states == {PASSES}:
        return "✓ passes"
    if UNWRITTEN in states:
        return "… not written yet"
    if failing is not None:
        some = f" ({points:g} of {sum(s.check.points for s in found):g} points pass)" if points else ""
        stopped = first and is_consequence(failing.said)
        return f"✗ stopped{some}: see “Look at this first”" if stopped else f"✗ fails{some}: {failing.said}"
    if EDITED in states:
        return "↻ changed since it ran: run it, and its checks again"
    if CHANGED in states:
        return "↻ changed since its checks ran: run them again"
    return "– not run yet" if states == {NOT_RUN} else "– not all of its checks have run yet"
