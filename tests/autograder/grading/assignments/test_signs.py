"""What a test asks that is true in the student's process only is seen in its text."""

from __future__ import annotations

import pytest

from autograder.grading.assignments.signs import asks

EXERCISES = ["def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)", "def total(rows):\n    return rate * sum(rows)"]


@pytest.mark.parametrize(
    "test",
    [
        "f()\nout = capsys.readouterr()",
        "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    f()\nassert out.getvalue() == ''",
        "sys.stdout = buffer\nf()",
        "with warnings.catch_warnings():\n    warnings.simplefilter('error')\n    f()",
        "assert not np.shares_memory(a, f(a))",
        "assert id(f(a)) != id(a)",
        "assert f(a) is not a",
        "assert len(f.__code__.co_consts) < 3",
        "assert f.__doc__",
        "assert 'for' not in inspect.getsource(f)",
        "import doctest\ndoctest.testmod()",
        "assert not os.path.exists('out.txt')",
        "assert open('out.txt').read() == 'x'",
        "global fact\nfact = counting",
        "def check():\n    global fact\n    fact = counting\ncheck()",
        "rate = 3\nassert total([1]) == 3",
        "with mock.patch('builtins.input', return_value='3'):\n    f()",
        "import builtins\nbuiltins.input = lambda *_: '3'\nf()",
        "assert 'x' in dir()",
        "assert 'x' in globals()",
        "try:\n    f\nexcept NameError:\n    raise AssertionError",
        "assert len(In) > 3",
        "start = time.perf_counter()\nf()",
        "%timeit f()",
        "!ls",
        "assert len(plt.gcf().axes) == 2",
        "os.environ['MODE'] = 'fast'\nf()",
        "assert eval(f()) == 42",
        "exec(f())\nassert x == 5",
        "assert pickle.loads(f({'a': 1})) == {'a': 1}",
        "from joblib import load\nassert load(f()).score(X, y) > 0.9",
        "assert np.load(io.BytesIO(f()), allow_pickle=True).shape == (2,)",
        "assert table.query(f()).shape == (3, 2)",
        "out = subprocess.run([sys.executable, f()], check=True)",
        "assert sympy.sympify(f()) == x + 1",
    ],
)
def test_such_a_question_is_found(test: str) -> None:
    assert asks(test, EXERCISES, ["table.csv"])


@pytest.mark.parametrize(
    "test",
    [
        "assert f(2) == 4, 'id( and globals() are words in a message; open(a file)'",
        "import numpy as np\nnp.testing.assert_allclose(f(np.ones(3)), 2)",
        "assert f(None) is None\nassert type(f(1)) is int",
        "rows = open('table.csv').read()\nassert f(rows) == 3",
        "n = 3\nassert fact(n) == 6",
        "for i in range(3):\n    assert total([i]) >= 0",
        "x = [1]\nx[0] = 2\nassert f(x) == 2",
        "assert os.environ.get('NBGRADER_EXECUTION') == 'autograde'",
        "# time.perf_counter() in a comment\nassert f(1) == 1",
        "not Python at all (",
        "import re\nassert re.compile(r'a+').match(f())",
        "import ast\nassert ast.literal_eval(f()) == [1]",
        "model.compile(loss='mse')\nmodel.eval()\nassert f(model) == 0",
    ],
)
def test_what_the_examiner_can_say_as_well_is_left_to_it(test: str) -> None:
    assert asks(test, EXERCISES, ["table.csv"]) == ""


@pytest.mark.parametrize(
    "helpers",
    [
        ["def value(text):\n    return eval(text)"],
        ["import pickle", "def copied(text):\n    return pickle.loads(text)\n\n\ndef value(text):\n    return copied(text)"],
        ["class Reader:\n    def read(self, text):\n        exec(text)", "reader = Reader()\nvalue = reader.read"],
    ],
)
def test_a_helper_that_runs_what_it_is_given_is_found_behind_the_test(helpers: list[str]) -> None:
    assert asks("assert value(f()) == 42", EXERCISES, [], helpers)
    assert asks("assert f() == 42", EXERCISES, [], helpers) == "", "a test that does not work with it stays where it is"
