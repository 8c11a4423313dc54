"""The steps of the three kinds of runs of a submission.

The tests run in the examiner (`examined`), one test runs in the student process (`alone`), or all
tests run in the student process (`together`). This module runs nothing and gives no marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.execution.steps import Step
from autograder.grading.dependencies import names
from autograder.grading.plan import Plan, changed_cells, needed_by, plan
from autograder.grading.submissions.submission import Submission
from autograder.labs.budget import with_budget
from autograder.labs.model import Lab

__all__ = ["alone", "examined", "together"]


def examined(lab: Lab, work: Submission, *, fast: bool = False) -> list[Step]:
    """Return the steps that run the notebook with its tests in the examiner.

    Tests that have to run in the student process, and cells that can be skipped, become empty
    steps, so that the student process does not see these tests.

    Args:
        lab: The lab.
        work: The repaired submission.
        fast: Whether to use the reduced budget.

    Returns:
        One step per cell in `work.code`.
    """
    lab_plan = _plan(lab, work)
    steps = []
    for place, (index, source) in enumerate(work.code):
        if place in work.skippable or index in lab_plan.unsealed:
            steps.append(Step(""))
            continue
        cell = lab.cells[index] if index >= 0 else None
        grade_id, lab_source = (cell.grade_id, cell.source) if cell else ("", "")
        texts = [with_budget(lab, text, grade_id, fast=fast) for text in (source, lab_source)]
        steps.append(lab_plan.step(index, texts[0], texts[1]))
    return steps


def alone(lab: Lab, work: Submission, test: str, before: Sequence[str] = (), *, fast: bool = False) -> list[Step]:
    """Return the steps that run one test in the student process, after the cells that it needs.

    Before the first test, the names of the course get back the values that the lab's own cells
    gave them.

    Args:
        lab: The lab.
        work: The repaired submission.
        test: Name of the test.
        before: Names of earlier tests that run in the same process first.
        fast: Whether to use the reduced budget.

    Returns:
        The steps; the last one is the test.
    """
    lab_plan = _plan(lab, work)
    cells = [(index, source, lab.cells[index] if index >= 0 else None) for index, source in work.code]
    end = next(place for place, (_, _, cell) in enumerate(cells) if cell and cell.role == "tests" and cell.name == test)
    wanted = needed_by(lab, work.code, end)
    theirs = tuple(sorted(lab_plan.exercises.union(*(_made(lab, name) for name in before))))
    steps, restored = [Step("", course="remember")], False
    for place, (index, source, cell) in enumerate(cells[: end + 1]):
        if cell is not None and cell.role == "tests":
            if place != end and cell.name not in before:
                continue
            # After earlier tests nothing is restored: they already defined their names here, and their changes to names of
            # the course are intended.
            lent = "" if before else lab_plan.borrowed[index]
            steps.append(Step(lent + source) if restored else Step(lent + source, names=theirs, course="restore"))
            restored = True
        elif place in wanted:
            text = with_budget(lab, source, cell.grade_id if cell else "", fast=fast)
            ours = cell is not None and cell.role in ("given", "code") and source == cell.source
            steps.append(Step(text, course="remember" if ours else ""))
    return steps


def together(lab: Lab, work: Submission, *, fast: bool = False) -> list[Step]:
    """Return the steps that run the whole notebook with its tests in the student process, as stock nbgrader does.

    Cells keep the line endings of the submitted file, because Windows line endings can make a
    magic command fail.

    Args:
        lab: The lab.
        work: The repaired submission.
        fast: Whether to use the reduced budget.

    Returns:
        One step per cell in `work.code`.
    """
    steps = []
    for place, (index, source) in enumerate(work.code):
        text = source.replace("\n", "\r\n") if place in work.windows else source
        steps.append(Step(with_budget(lab, text, lab.cells[index].grade_id if index >= 0 else "", fast=fast)))
    return steps


def _plan(lab: Lab, work: Submission) -> Plan:
    return plan(lab, changed_cells(lab, work.code))


def _made(lab: Lab, test: str) -> frozenset[str]:
    said = names(lab.tests[test].source)
    return said.assigns | said.changes
