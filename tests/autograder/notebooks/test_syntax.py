"""Looking at a student's text never raises, stays quiet and costs little, whatever the text is."""

from __future__ import annotations

import ast
import random
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.grading.dependencies import names, required_cells, statements
from autograder.grading.submissions import suspicions
from autograder.grading.submissions.suspicions import find_suspicious
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.syntax import MAX_CHARS, tree

# Python finds what is wrong with these only after parsing, so they have a tree all the same.
LATE = [
    "return 1",
    "nonlocal x",
    "def f(a, a): pass",
    "def f():\n    print(x)\n    global x",
    "def f():\n    from math import *",
    "[(i := 0) for i in range(3)]",
    "await g()",
    "yield 1",
    "break",
    "continue",
    "*a, *b = x",
    "x: int = 1\nglobal x",
    "def f():\n    nonlocal nowhere",
    "class A:\n    return",
    "async def f():\n    yield from x",
    "__debug__ = 1",
    "lambda: (yield)",
]
# These have none.
NEVER = [
    "print 'x'",
    "x = 'no end",
    "f'{x",
    "if x:\n\ty = 1\n        z = 2",
    "# -*- coding: no-such -*-\nx = (",
    "x = 1\0",
    "'\ud800'",
    "def f(:",
    "x = " + "(" * 300 + ")" * 300,
    "-" * 20_000 + "1",
    "x = 1" + "+1" * 90_000,
    "a" * (MAX_CHARS + 1),
    "%x\n" * 500,
]
PARSED = [
    "",
    "%matplotlib inline\nx = y",
    "x = 1\n\x0c\ny = 2",
    "total = " + " + ".join(["x"] * 300),
    "x = " + "-" * 300 + "1",
    'pattern = "\\d+\\.\\w*"',
    "x = 10**10**10",
    "x = 1_0" + "0" * 3000,
    "files = !ls\nz = 1",
    "!pip install torch",
    "%%time\nx = 1",
    "print?",
    "  x = 1\n  y = 2",
    "# -*- coding: latin-1 -*-\nx = 'ä'",
]


@pytest.mark.parametrize("source", [*LATE, *PARSED])
def test_what_parses_has_a_tree(source: str) -> None:
    assert isinstance(tree(source), ast.Module)
    assert not names(source).opaque


@pytest.mark.parametrize("source", NEVER)
def test_what_does_not_parse_has_none_and_may_have_read_and_changed_everything(source: str) -> None:
    assert tree(source) is None
    assert names(source).opaque
    assert required_cells(["a = 1", "b = 2", source, "b"], [3]) == [0, 1, 2, 3]
    assert required_cells(["b = 2", "b", source], [1]) == [0, 1], "what stands below has no part in it"


def every_look(source: str) -> None:
    tree(source)
    names(source)
    statements(source)
    required_cells(["a = 1", source, "a"], [2])
    find_suspicious([("a", source), ("", source)])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("utf-8", "replace"))))
@example("\ud800")
@example("%")
@example("%%\n")
@example("!")
@example("?\n??")
@example("a.b.c = *d, = e")
def test_no_text_makes_a_look_raise(source: str) -> None:
    every_look(source)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_no_mutation_of_real_code_makes_a_look_raise(seed: int) -> None:
    draw = random.Random(seed)
    text = draw.choice(REAL)
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(text) + 1)
        piece = draw.choice(
            ["(", "\n", "\t", "%", "!", "\0", "\\", "'''", "f'{", "*", ":=", "@", "\x0c", "\ud800", text[at : at + 20]]
        )
        text = text[:at] + piece + text[at + draw.randrange(8) :]
    every_look(text)


REAL = [
    *(
        cell.source
        for folder in find_labs(Path(__file__).parents[3] / "labs")
        for cell in load_lab(folder).cells
        if cell.is_code
    ),
    *LATE,
    *PARSED,
]


@pytest.mark.parametrize(
    "source",
    [
        "x = (" + "np." * 8_000 + "x)",
        "np." * 66_000 + "x",
        "f(" + "np." * 60_000 + "x = 1",
        "x = '" + "np." * 60_000 + "'",
        "\n" * 2_000_000 + "%",
        "x = 1\n" * 100_000,
        "a" + ".b" * 90_000,
        "f" + "(x)" * 60_000,
        "%x\n" * 6_000,
        "x = !ls\n" * 40,
        "x = " + " " * 1_000_000 + "!",
        "{" * 150_000,
        "[{" * 80 + "\n" * 1000,
        "x = 1; " * 20_000,
        "'" * 199_999,
        "\\\n" * 90_000,
        "lambda: " * 20_000 + "1",
        "x" * 5_000_000,
        "# np.a\n" * 28_000,
    ],
    ids=lambda source: repr(source[:12]),
)
def test_a_look_at_hostile_text_costs_little(source: str) -> None:
    started = time.process_time()
    every_look(source)
    assert time.process_time() - started < 5  # a second or less on any machine; quadratic work takes minutes


def test_a_cell_of_regular_expressions_is_looked_at_in_silence(recwarn: pytest.WarningsRecorder) -> None:
    every_look('digits = "\\d+"; blank = "\\s"; same = 1 is 1; assert (x, "y")')
    assert not recwarn.list


def test_the_end_of_a_very_long_notebook_is_not_looked_at() -> None:
    assert suspicions.MAX_LOOKED < 2_000_000
    started = time.process_time()
    find_suspicious([("", "x = np.y\n" * 500)] * 10_000)
    assert time.process_time() - started < 10
