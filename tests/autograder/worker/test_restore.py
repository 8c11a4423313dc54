"""What belongs to the course is put back before a test that runs in the student's process."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.worker.restore import Course

GIVEN = """
import numpy as np
def close(a, b):
    return abs(a - b) < 0.1
class Shape:
    def area(self):
        return 0
rows = [1, 2]
answer = None
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    close = np.testing.assert_allclose
    shell = InteractiveShell()
    yield shell
    np.testing.assert_allclose = close
    InteractiveShell.clear_instance()


def after(shell: InteractiveShell, student: str, test: str) -> object:
    """The value of `test` after the course's cell, the student's and the restoring. `answer` is the student's to make."""
    course = Course(shell)
    before = dict(shell.user_ns)
    shell.run_cell(GIVEN)
    course.remember(before)
    assert shell.run_cell(student).success
    course.restore(["answer"])
    return shell.run_cell(test).result


@pytest.mark.parametrize(
    ("student", "test"),
    [
        ("close = lambda a, b: True", "close(1, 2)"),
        ("close.__code__ = (lambda a, b: True).__code__", "close(1, 2)"),
        ("Shape.area = lambda self: 7", "Shape().area()"),
        ("rows = []", "not rows"),
        ("np.array_equal = lambda *_: True", "np.array_equal([1], [2])"),
        ("np = None", "np is None"),
        ("import builtins\nbuiltins.isinstance = lambda *_: True", "isinstance(1, str)"),
        ("def all(x):\n    return True", "all([0])"),
        ("abs = lambda x: 0", "abs(3) == 0"),
    ],
)
def test_a_name_or_function_of_the_course_is_what_it_was(shell: InteractiveShell, student: str, test: str) -> None:
    kept = builtins.isinstance
    try:
        assert not after(shell, student, test)
    finally:
        builtins.isinstance = kept


def test_numpys_comparisons_judge_again(shell: InteractiveShell) -> None:
    student = "import numpy.testing\nnumpy.testing.assert_allclose = lambda *a, **k: None"
    after(shell, student, "1")
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(1, 2)


def test_what_the_student_made_or_filled_stays(shell: InteractiveShell) -> None:
    assert after(shell, "answer = 42\nrows.append(3)\nmine = 1", "(answer, rows, mine)") == (42, [1, 2, 3], 1)


def test_cells_are_read_as_they_are_again(shell: InteractiveShell) -> None:
    student = "get_ipython().input_transformers_post.append(lambda lines: ['1\\n'])"
    assert after(shell, student, "2 + 2") == 4
