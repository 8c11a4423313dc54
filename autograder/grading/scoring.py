"""Turn the points of each test into results: status, message, and reasons for a review.

This module runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.execution.steps import Outcome
from autograder.grading.causes import causes
from autograder.grading.messages import CHECKED, KILLED, explain, guarded, partly
from autograder.grading.opinions import Opinion
from autograder.grading.options import Options
from autograder.grading.submissions.submission import Submission, released_cells
from autograder.grading.verdict import Flag, TestResult, TestStatus, Written
from autograder.labs.model import Lab
from autograder.worker.refusals import NotPlain, is_limit

__all__ = ["broken_reasons", "lost", "ran_inside", "results", "unseen", "written_questions"]


def results(
    lab: Lab, work: Submission, outcomes: Sequence[Outcome], opinions: Mapping[str, Opinion], options: Options
) -> list[TestResult]:
    """Return the result of every test of the lab, in order."""
    by_id = {lab.cells[i].grade_id: outcome for (i, _), outcome in zip(work.code, outcomes, strict=True) if i >= 0}
    places = {lab.cells[i].grade_id: place for place, (i, _) in enumerate(work.code) if i >= 0}
    why = causes(lab, work.code, outcomes)
    released = {cell.grade_id: node.source for cell, node in zip(lab.cells, released_cells(lab), strict=True)}
    found = []
    for test in lab.of("tests"):
        ruled = opinions[test.name]
        written = by_id.get(test.exercise) if test.exercise else Outcome("ok")
        unsealed = test.name in lab.settings.unsealed
        sealed, said = ruled.sealed and not unsealed, ""
        if options.sealed_only and unsealed:
            said = "this test has to run inside your own process, and such tests were refused: your instructor will look at it"
        elif test.name in lab.trial.broken:
            said = "this test does not accept your instructor's own solution: your instructor will look at it"
        elif lab.trial.broken and not options.accept_broken:
            said = "your instructor's own solution fails here, so nothing was marked yet: your instructor will look at it"
        if said:
            found.append(TestResult(test.name, test.exercise, test.points, 0.0, "missing", said, sealed))
            continue
        outcome, earned = ruled.outcome, ruled.earned
        if outcome.status != "ok":
            source = work.exercises.get(test.exercise, "")
            blank = test.exercise in work.blank
            status = _status(outcome, written)
            message = explain(outcome, test, written, source, blank=blank, foreign=lab.foreign)
            if cause := why.get(places[test.grade_id]) or why.get(places.get(test.exercise, -1)):
                message = f"{message}; {cause}"
        elif earned < test.points:
            status, message = "failed", partly(earned, test.points)
        else:
            status, message = "passed", ""
        result = TestResult(test.name, test.exercise, test.points, earned, status, message, sealed)
        found.append(guarded(result, test, released[test.grade_id]))
    return found


def ran_inside(lab: Lab, opinions: Mapping[str, Opinion]) -> list[Flag]:
    """Return a flag for tests that ran in the student process for this submission only."""
    tests = [
        name for name, ruled in opinions.items() if not ruled.sealed and name not in lab.settings.unsealed and ruled.earned
    ]
    said = f"the student's code needs what only its own process has, so these tests ran there: {', '.join(tests)}"
    return [Flag("unsealed", tuple(tests), said)] if tests else []


def _status(outcome: Outcome, exercise: Outcome | None) -> TestStatus:
    """Return the status of a test that did not pass; `exercise` is the outcome of the exercise cell."""
    if exercise is None:
        return "missing"
    if exercise.status != "ok" and exercise.status in KILLED:
        return exercise.status
    return "failed" if outcome.error in CHECKED or outcome.status == "ok" else outcome.status


def unseen(lab: Lab, opinions: Mapping[str, Opinion]) -> list[str]:
    """Return reasons to review tests that ended at a limit of the grader."""
    ruled = [(name, one.outcome) for name, one in opinions.items() if not one.review]
    names = [name for name, outcome in ruled if is_limit(outcome.error) and _is_no_mistake(lab, outcome)]
    return [
        f"{', '.join(names)} could not inspect the values of the answer from outside the student's process: please look"
    ] * bool(names)


def _is_no_mistake(lab: Lab, outcome: Outcome) -> bool:
    """Return whether the limit is not the student's mistake.

    A lab of this course requires plain values. There an object that defines its own comparison is a wrong answer.
    """
    return lab.foreign or outcome.error != NotPlain.__name__


def written_questions(lab: Lab, work: Submission) -> list[Written]:
    """Return the questions that a person has to mark."""
    return [Written(cell.name, cell.points, cell.grade_id not in work.blank) for cell in lab.by_hand]


def lost(lab: Lab, work: Submission) -> list[str]:
    """Return a reason to review a submission with exercises that could not be found."""
    if not work.needs_review:
        return []
    lost = [cell.name for cell in lab.of("exercise") if cell.name not in work.exercises]
    return [f"the cells for {', '.join(lost)} could not be found, though the notebook holds other code: please look"]


def broken_reasons(lab: Lab, options: Options) -> list[str]:
    """Return a reason to review every submission if the instructor's own solution fails."""
    if not lab.trial.broken:
        return []
    cause = f" ({lab.trial.cause})" if lab.trial.cause else ""
    what = f"the instructor's own solution fails {', '.join(lab.trial.broken)}{cause}"
    if options.accept_broken:
        return [f"{what}; these tests give no points to anybody, the others were marked"]
    return [f"{what}; nothing was marked: fix the notebook, or accept that these tests give no points to anybody"]
