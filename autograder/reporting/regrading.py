"""Grade some tests of a class again after they were mended, and leave every other mark as it was.

The class is run with the settings of its last grading, so that nothing but the tests can move a mark.
This module decides what is graded again and puts old and new results together; the batch grades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from autograder.course.config import Course
from autograder.errors import CollectError, CourseError
from autograder.grading.basis import Basis, basis_of
from autograder.grading.options import Options, options_behind
from autograder.grading.secret import find_secret
from autograder.grading.submissions.collect import SubmissionFile, collect
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.reporting.comparing import Grading, read_grading

__all__ = ["Regrade", "plan_regrade"]

_STOPPED = ("timeout", "memory", "crashed", "missing")


@dataclass(frozen=True)
class Regrade:
    """What is graded again.

    Attributes:
        before: The last grading.
        tests: Names of the tests.
        options: Settings of the last grading.
        found: Submissions that were graded, and that are there.
        basis: What the marks are based on afterwards.
        left: (path, reason) of files and folders that cannot be graded.
        alone: (submission, reason) of those whose marks stay as they are.
    """

    before: Grading
    tests: tuple[str, ...]
    options: Options
    found: tuple[SubmissionFile, ...]
    basis: Basis
    left: tuple[tuple[Path, str], ...] = ()
    alone: tuple[tuple[str, str], ...] = ()

    @property
    def unchanged(self) -> tuple[str, ...]:
        """Those of the tests that are as they were when the class was graded."""
        was = self.before.basis
        return tuple(name for name in self.tests if was and was.tests[name] == self.basis.tests[name])

    def settled(self, verdict: Verdict) -> Verdict | None:
        """Put a new verdict together with the earlier one of the same submission.

        Args:
            verdict: The new verdict.

        Returns:
            The new verdict with the earlier results of all other tests, except those that were
            stopped or not reached; None if the submission itself changed.
        """
        old = self.before.verdicts[verdict.submission]
        if not verdict.tests or old.work != verdict.work:
            return None
        kept = {test.name: test for test in old.tests if test.name not in self.tests and test.status not in _STOPPED}
        return replace(verdict, tests=tuple(kept.get(test.name, test) for test in verdict.tests))

    def after(self, verdicts: Sequence[Verdict | None]) -> Grading:
        """Return the whole grading, with the earlier verdict where there is no new one.

        Args:
            verdicts: Results of `settled`.

        Returns:
            The grading.
        """
        new = {verdict.submission: verdict for verdict in verdicts if verdict is not None}
        return Grading("now", {**self.before.verdicts, **new}, self.basis)


def plan_regrade(course: Course, lab: Lab, tests: Sequence[str]) -> Regrade:
    """Decide what is graded again.

    Args:
        course: The course.
        lab: The lab, with the mended tests.
        tests: Names of the tests.

    Returns:
        The plan.

    Raises:
        CourseError: Nothing was graded, there is no such test, or more changed than these tests.
        SecretError: The secret of the course cannot be read.
    """
    folder = course.graded(lab.id)
    if not (folder / "verdicts.json").is_file():
        raise CourseError(f"{folder}: nothing was graded yet; run `autograder grade {lab.id}` first")
    before = read_grading(folder, lab.id, "before")
    for name in tests:
        _check_name(name, lab)
    if before.basis is None:
        raise CourseError(
            f"{folder}: these results are of an older version and do not say which tests gave them; run `autograder grade {lab.id}`"
        )
    options = replace(
        _options(before), secret=find_secret(folder / "kept", course.folder), sealed_only=before.basis.sealed_only
    )
    now = basis_of(lab, options)
    _check_rest(before, before.basis, now, lab, tests)
    try:
        collected = collect(course.submitted(), lab)
    except CollectError as error:
        raise CourseError(str(error)) from error
    there = {item.submission: item for item in collected.found}
    graded = {name for name, verdict in before.verdicts.items() if verdict.tests}
    alone = [
        (name, f"it was not graded before; `autograder grade {lab.id}` grades it")
        for name in there
        if name not in before.verdicts
    ]
    alone += [(name, "its notebook is not there any more, so its marks stay") for name in graded if name not in there]
    return Regrade(
        before,
        tuple(dict.fromkeys(tests)),
        options,
        tuple(item for name, item in there.items() if name in graded),
        replace(before.basis, when=now.when, tests=now.tests),
        tuple((left.path, left.reason) for left in collected.left),
        tuple(sorted(alone)),
    )


def _options(before: Grading) -> Options:
    """Return the settings that the verdicts note."""
    verdict = next((verdict for verdict in before.verdicts.values() if verdict.tests), None)
    if verdict is None:
        raise CourseError("no submission has marks, so there is no test to grade again; run `autograder grade` first")
    return options_behind(verdict)


def _check_name(name: str, lab: Lab) -> None:
    if name in lab.tests:
        return
    plain = name.removeprefix("test_")
    near = [plain] if plain in lab.tests else get_close_matches(name, lab.tests, n=1)
    advice = f"; did you mean {near[0]}?" if near else ""
    raise CourseError(f"{name!r}: {lab.id} has no test of that name; it has {', '.join(lab.tests)}{advice}")


def _check_rest(before: Grading, was: Basis, now: Basis, lab: Lab, tests: Sequence[str]) -> None:
    """Raise CourseError if something else changed that would move marks."""
    points = {test.name: test.points for verdict in before.verdicts.values() for test in verdict.tests}
    other = [
        name
        for name in lab.tests
        if name not in tests and (was.tests.get(name) != now.tests[name] or points.get(name) != lab.tests[name].points)
    ]
    advice = f"`autograder grade {lab.id}` grades everything again, and `autograder diff {lab.id}` then shows which marks moved"
    if was.tests.keys() != now.tests.keys():
        changed = ", ".join(sorted(was.tests.keys() ^ now.tests.keys()))
        raise CourseError(f"{lab.id}: not the same tests as when it was graded ({changed} came or went); {advice}")
    if other:
        raise CourseError(
            f"{lab.id}: {', '.join(other)} changed too since it was graded; name {'it' if len(other) == 1 else 'them'} with --test, or "
            f"restore {'it' if len(other) == 1 else 'them'}. {advice}"
        )
    differs = {
        "other cells or limits of the lab": was.lab != now.lab,
        "the secret of the course": was.secret != now.secret,
        **{name: was.versions.get(name) != version for name, version in now.versions.items()},
    }
    if what := ", ".join(name for name, other_now in differs.items() if other_now):
        raise CourseError(f"{lab.id}: changed since it was graded: {what}; so all notebooks have to be run again. {advice}")
