"""What no honest solution needs is pointed at, with its cell and line; honest solutions are left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.demo import reference_sources
from autograder.grading.submissions.suspicions import MAX_FLAGS, find_suspicious
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.syntax import MAX_CHARS

ODD = {
    "rewrites cells": [
        "ip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: ['pass'])",
        "get_ipython().ast_transformers.append(T())",
        "import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, node): return None",
    ],
    "reaches into IPython": [
        "shell = get_ipython()\nshell.run_code = lambda *a, **k: False",
        "setattr(type(get_ipython()), 'run_cell', lambda *a: None)",
        "get_ipython().showtraceback = print",
        "get_ipython().kernel.do_execute = None",
    ],
    "changes what belongs": [
        "import keras\nkeras.Model.evaluate = lambda *a, **k: [0, 1.0]",
        "import numpy as np\nnp.testing.assert_allclose = print",
        "np.testing.assert_allclose = print",
        "import builtins\nbuiltins.abs = lambda x: 0",
        "import keras\nsetattr(keras.ops, 'mean', lambda x: 0)",
        "model.evaluate = lambda *a: 1.0",
        "import sys\nsys.modules['keras'] = object()",
    ],
    "searches memory": [
        "import gc\ngc.get_objects()",
        "import sys\nsys._getframe(3).f_locals",
        "import inspect\ninspect.stack()",
    ],
    "accesses Python's internals": ["open('/proc/self/maps')", "import ctypes", "f.__globals__"],
    "ends or forks": ["import os\nos._exit(0)", "import os\nwhile os.fork(): pass"],
    "mentions the grader": ["open('gradebook.db')", "import autograder.worker.codec", "from nbgrader.api import Gradebook"],
    "reads the cells": ["print(_ih)", "source = In[3]"],
    "changes how Python runs": ["import signal\nsignal.signal(2, 1)", "import atexit", "import sys\nsys.settrace(t)"],
    "own comparison or conversion": ["class A:\n    def __eq__(self, other): return True", "class F(float): pass"],
    "packs objects": ["import pickle\npickle.dumps(x)"],
    "runs text": ["exec('x = 1')"],
    "opens a connection": ["import socket", "import urllib.request"],
    "shell command": ["!pip install torch", "%%bash\nls", "files = !ls", "import subprocess", "  %system ls"],
}
HONEST = [
    "",
    "differ = (\n    first\n        != second\n)",
    "x = 1  # no gc.get_objects() here, nor os._exit",
    '"""Do not use pickle."""\nmodel.trainable = False\nif x != 3: pass',
    "import pandas as pd\npd.options.display.max_rows = 9\nfrom scipy import signal\nsignal = signal.hann(3)",
    "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = (4, 3)\n%matplotlib inline\n%time x = 1",
    "model.compile(loss='mse')\nmodel.evaluate(X, y)\nhistory = model.fit(X, y)\ndef evaluate(model): return 1",
    "class Stop(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None): self.model.stop_training = True",
]


@pytest.mark.parametrize(("said", "source"), [(said, source) for said, sources in ODD.items() for source in sources])
def test_what_no_solution_needs_is_pointed_at(said: str, source: str) -> None:
    flags = find_suspicious([("mean", source)])
    assert any(said in flag.message and flag.message.endswith("please look") for flag in flags), flags
    assert {(flag.kind, flag.cells) for flag in flags} == {("suspicious", ("mean",))}


@pytest.mark.parametrize("source", HONEST)
def test_common_code_is_left_in_peace(source: str) -> None:
    assert find_suspicious([("mean", source), ("", source)]) == []


def test_no_right_answer_and_no_open_cell_of_any_lab_is_flagged(root: Path) -> None:
    folders = find_labs(root / "labs")
    assert len(folders) >= 6
    for lab in map(load_lab, folders):
        right = [(answer.label, answer.source) for answer in lab.answers if answer.right]
        own = [(cell.grade_id, cell.source) for cell in lab.of("code")]
        assert find_suspicious([*reference_sources(lab).items(), *right, *own]) == []


def test_the_line_and_the_cell_are_named_and_each_finding_stands_once() -> None:
    (flag,) = find_suspicious([("", "x = 1\n\nimport ctypes\nctypes.string_at(0)")])
    assert flag.message == "line 3 of a cell of the student's own accesses Python's internals: please look"
    assert flag.cells == ()


def test_an_import_in_one_cell_is_known_in_the_next() -> None:
    (flag,) = find_suspicious([("a", "import scipy.special as sp"), ("b", "sp.softmax = lambda x: x")])
    assert flag.cells == ("b",)


@pytest.mark.parametrize(
    "source",
    [
        "import ctypes\ndef f(:",
        "import ctypes\n" + "-" * 19_000 + "1",
        "import ctypes\n" + "(" * 500 + ")" * 500,
        "import ctypes\nx = " + "1+" * 9_000 + "1",
        "import ctypes\n" + "a" * MAX_CHARS,
        "import ctypes\n\0",
        "import ctypes\n'\ud800'",
    ],
)
def test_what_python_cannot_parse_is_read_as_text(source: str) -> None:
    assert any("Python's internals" in flag.message for flag in find_suspicious([("a", source)]))


def test_what_stands_at_the_start_of_a_long_chain_of_attributes_is_seen() -> None:
    assert any("searches memory" in flag.message for flag in find_suspicious([("a", "import gc\ngc.get_objects" + ".a" * 300)]))
    assert any("changes what belongs" in flag.message for flag in find_suspicious([("a", "np.random.seed = print  # (")]))


def test_very_many_findings_end_in_one_that_counts_them() -> None:
    flags = find_suspicious([("", "import ctypes")] * 1000)
    assert len(flags) == MAX_FLAGS + 1
    assert flags[-1].message == "950 more places look odd: please look"


def test_a_notebook_too_long_to_be_looked_through_says_so() -> None:
    flags = find_suspicious([("", "x = 1\n" * 10_000)] * 50)
    assert ["was not looked through" in flag.message for flag in flags] == [True]
