"""The code of the students of a course, read when it is asked for and then kept.

This module knows the folder of a course; it knows no statistics.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograder.course.config import Course
from autograder.errors import UnreadableError
from autograder.grading.submissions.reading import read_submission
from autograder.labs.model import Lab

__all__ = ["CourseAnswers", "NoAnswers"]


class NoAnswers:
    """Answers of a class whose code cannot be shown."""

    def code(self, student: str, exercise: str) -> str:
        """Return ""."""
        return ""

    def opened(self, student: str) -> bool:
        """Return True: there is nothing to open."""
        return True


class CourseAnswers:
    """Answers in the submissions of a course."""

    def __init__(self, course: Course, lab: Lab) -> None:
        """Read nothing yet.

        Args:
            course: The course.
            lab: The lab.
        """
        self._course, self._lab = course, lab
        self._read: dict[str, Mapping[str, str]] = {}

    def code(self, student: str, exercise: str) -> str:
        """Return what a student wrote for an exercise; "" if the submission cannot be read any more."""
        if student not in self._read:
            path = self._course.submitted() / student / self._lab.id / f"{self._lab.id}.ipynb"
            try:
                self._read[student] = read_submission(self._lab, path, look=False).exercises
            except UnreadableError:
                self._read[student] = {}
        return self._read[student].get(exercise, "")

    def opened(self, student: str) -> bool:
        """Say whether this submission was read already."""
        return student in self._read
