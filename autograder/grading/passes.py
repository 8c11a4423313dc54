"""Which steps each run of a submission takes: with its tests in the examiner, one test in the student's process, or all of them there.

Knows labs, plans and repaired submissions; runs nothing and gives no marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.execution.steps import Step
from autograder.grading.dependencies import names
from autograder.grading.plan import Plan, changed_cells, needed_by, plan
from autograder.grading.submissions.submission import Submission
from autograder.labs.model import Lab
from autograder.notebooks.release import with_budget

__all__ = ["alone", "examined", "together"]


def examined(lab: Lab, work: Submission, *, fast: bool = False) -> list[Step]:
    """The notebook with its tests in the examiner. Of the tests that have to run in the student process nothing is seen there."""
    ways = _plan(lab, work)
    steps = []
    for place, (index, source) in enumerate(work.code):
        if place in work.skippable or index in ways.unsealed:
            steps.append(Step(""))
            continue
        cell = lab.cells[index] if index >= 0 else None
        grade_id, lab_source = (cell.grade_id, cell.source) if cell else ("", "")
        texts = [with_budget(lab, text, grade_id, fast=fast) for text in (source, lab_source)]
        steps.append(ways.step(index, texts[0], texts[1]))
    return steps


def alone(lab: Lab, work: Submission, test: str, before: Sequence[str] = (), *, fast: bool = False) -> list[Step]:
    """The notebook down to one test, run in the student process after the names of the course were restored.

    before: the earlier tests that run there too. The last step is the test.
    """
    ways = _plan(lab, work)
    cells = [(index, source, lab.cells[index] if index >= 0 else None) for index, source in work.code]
    end = next(place for place, (_, _, cell) in enumerate(cells) if cell and cell.role == "tests" and cell.name == test)
    wanted = needed_by(lab, work.code, end)
    theirs = tuple(sorted(ways.exercises.union(*(_made(lab, name) for name in before))))
    steps, restored = [Step("", course="remember")], False
    for place, (index, source, cell) in enumerate(cells[: end + 1]):
        if cell is not None and cell.role == "tests":
            if place != end and cell.name not in before:
                continue
            # Tests that ran in this process leave behind what they define, and what they do to names of the course is meant.
            lent = "" if before else ways.borrowed[index]
            steps.append(Step(lent + source) if restored else Step(lent + source, names=theirs, course="restore"))
            restored = True
        elif place in wanted:
            text = with_budget(lab, source, cell.grade_id if cell else "", fast=fast)
            ours = cell is not None and cell.role in ("given", "code") and source == cell.source
            steps.append(Step(text, course="remember" if ours else ""))
    return steps


def together(lab: Lab, work: Submission, *, fast: bool = False) -> list[Step]:
    """The whole notebook, tests and all, in the student process: what stock nbgrader does.

    A magic command gets the line ends that stand in the file, and may stumble over them.
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
