"""Wrong answers that would pass for right ones: tests rewritten, checks patched, values, networks and results forged."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder import Verdict
from autograder.labs.model import Lab
from tests.attacks.book import ARMED, GRADER, WRONG, Attack, judge

CELL_SECONDS = 60
ODD = ("suspicious",)


def patched(name: str, code: str, *, says: str = "armed: True", **more: object) -> Attack:
    """A wrong softmax behind a patch; `nearest` is spent on the proof that the patch was in place."""
    answers = {"softmax": code + WRONG, "nearest": ARMED}
    due = {"loses": ("softmax", "nearest"), "flagged": ODD, **more}
    return Attack(name, answers, says=says, **due)  # type: ignore[arg-type]


def value(name: str, code: str, *, says: str, loses: str = "nearest", **more: object) -> Attack:
    """A forged value as the answer to one exercise."""
    return Attack(name, {loses: code}, loses=(loses,), says=says, **more)  # type: ignore[arg-type]


def network(name: str, code: str, *, loses: tuple[str, ...] = ("public", "sealed", "history"), **more: object) -> Attack:
    return Attack(name, {"network": code}, loses=loses, **more)  # type: ignore[arg-type]


REWRITERS = [
    patched(
        "line_transformer",
        "def forge(lines):\n    return ['pass\\n' if 'check.' in line else line for line in lines]\n"
        "get_ipython().input_transformers_cleanup.append(forge)\nget_ipython().input_transformers_post.append(forge)\n"
        "armed = get_ipython().transform_cell('check.close(1, 2)') == 'pass\\n'",
    ),
    patched(
        "transformer_manager",
        "shell = get_ipython()\nreal = shell.input_transformer_manager.transform_cell\n"
        "shell.input_transformer_manager.transform_cell = lambda cell: 'pass' if 'check' in cell else real(cell)\n"
        "armed = shell.transform_cell('check.close(1, 2)').strip() == 'pass'",
        flagged=ODD,
    ),
    patched(
        "run_code",
        "shell = get_ipython()\nreal = type(shell).run_code\n"
        "async def run_code(self, code, result=None, **kwargs):\n"
        "    if 'check' in code.co_names: return False\n"
        "    return await real(self, code, result, **kwargs)\n"
        "type(shell).run_code = run_code\narmed = shell.run_cell('check.close(1, 2)').success",
    ),
    patched(
        "run_cell",
        "shell = get_ipython()\nreal = shell.run_cell\n"
        "shell.run_cell = lambda source, *a, **k: real('pass' if 'check' in source else source, *a, **k)\n"
        "armed = shell.run_cell('check.close(1, 2)').success",
    ),
    patched(
        "showtraceback",
        "shell = get_ipython()\nshell.showtraceback = lambda *a, **k: None\n"
        "shell.set_custom_exc((Exception,), lambda *a, **k: None)\n"
        "type(shell).showtraceback = lambda *a, **k: None\narmed = shell.CustomTB is not None",
        says="",
    ),
    patched(
        "do_execute",
        "class Kernel:\n    def do_execute(self, *a, **k): return {'status': 'ok'}\n"
        "get_ipython().kernel = Kernel()\narmed = get_ipython().kernel.do_execute()['status'] == 'ok'",
    ),
    patched(
        "ast_transformer",
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Expr(self, node):\n"
        "        return ast.parse('0').body[0] if 'check' in ast.dump(node) else node\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Drop())\narmed = get_ipython().run_cell('assert False').success",
    ),
]
PATCHERS = [
    patched(
        "check_module",
        "from coursekit import check as theirs\nfor name in theirs.__all__:\n    setattr(theirs, name, lambda *a, **k: None)\n"
        "import coursekit.check\narmed = coursekit.check.close(1, 2) is None",
    ),
    patched(
        "numpy_testing",
        "np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None\n"
        "np.allclose = lambda *a, **k: True\n"
        "np.isfinite = lambda x: np.array(True)\nnp.exp = np.zeros_like\narmed = np.allclose(1, 2)",
    ),
    patched(
        "builtins",
        "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.all = builtins.any = lambda x: True\n"
        "builtins.AssertionError = Warning\n"
        "armed = all([False])",
        status="needs review",  # the answer cannot be packed any more where this was done
    ),
    patched("keras_ops", "keras.ops.mean = keras.ops.max = lambda *a, **k: 1.0\narmed = keras.ops.mean([0.0]) == 1.0"),
    patched(
        "given_names",
        "def draw(n, seed): return np.zeros((n, 2), 'float32'), np.zeros(n, int)\nCENTRES = CENTRES * 0\n"
        "class check:\n    close = staticmethod(lambda *a, **k: None)\narmed = check.close(1, 2) is None",
        flagged=(),
    ),
    patched(
        "the_student_process",
        GRADER + "ran = {'seconds': 0.0, 'cpu': 0.0, 'error': None, 'value': 1.0}\n"
        "grader['student']['run_cell'] = grader['shell']['run_cell'] = lambda *a, **k: ran\narmed = True",
        says="nearest: error: the test needs `nearest`, which your notebook does not define",
        loses=("softmax", "nearest", "last"),
    ),
    patched(
        "the_wire",
        GRADER + "Encoder = grader['codec']['Encoder']\nreal = Encoder.node\n"
        "Encoder.node = lambda self, value, *a: {'k': 'own', 'n': 0} if value is softmax else real(self, value, *a)\n"
        "armed = Encoder.node is not real",
    ),
    patched(
        "modules_on_the_path",
        "import os, sys\nos.makedirs('coursekit', exist_ok=True)\nopen('coursekit/__init__.py', 'w').close()\n"
        "open('coursekit/check.py', 'w').write('def close(*a, **k): pass')\nsys.path.insert(0, os.getcwd())\n"
        "armed = sys.path[0] == os.getcwd()",
        flagged=(),
    ),
]
EQUAL = "class Equal:\n    def __eq__(self, other): return True\n    __array_priority__ = 1e9\n    __hash__ = None\n"
VALUES = [
    value(
        "reduce",
        "import os\nclass Bomb:\n    def __reduce__(self): return os._exit, (0,)\nnearest = Bomb()",
        says="your class Bomb",
        flagged=ODD,
    ),
    value(
        "reduce_in_an_array",
        "import os\nclass Bomb:\n    def __reduce__(self): return os._exit, (0,)\n"
        "nearest = np.array([Bomb()] * 40, dtype=object)",
        says="your class Bomb",
    ),
    value("pickled_bytes", "import pickle\nnearest = pickle.dumps(list(X_test))", says="nearest", flagged=ODD),
    value(
        "pickle_on_the_wire",
        GRADER + "import io\nclass Bomb:\n"
        "    def __reduce__(self): return print, ('executed',)\n"
        "def array(self, value):\n    out = io.BytesIO()\n"
        "    np.lib.format.write_array(out, np.array([Bomb()], dtype=object), allow_pickle=True)\n"
        "    return self.blob(out.getvalue())\n"
        "grader['codec']['Encoder'].array = array\nnearest = X_test",
        says="allow_pickle=False",
        flagged=ODD,
    ),
    value("always_equal", EQUAL + "nearest = Equal()", says="your class Equal", flagged=ODD),
    value("always_equal_inside", EQUAL + "nearest = [Equal()] * 40", says="your class Equal"),
    value("callable_and_equal", EQUAL + "    def __call__(self, *a): return self\nnearest = Equal()", says="nearest"),
    value(
        "array_subclass",
        "class Sure(np.ndarray):\n    def __array_ufunc__(self, *a, **k): return np.True_\nnearest = np.zeros(40).view(Sure)",
        says="Sure",
        flagged=ODD,
    ),
    value("masked_array", "nearest = np.ma.masked_all(40)", says="MaskedArray"),
    value(
        "lying_float",
        "class Lie(float):\n    def __eq__(self, other): return True\nlast = Lie(128)",
        says="your class Lie",
        loses="last",
        flagged=ODD,
    ),
    value("own_class_of_number", "class Mine(float): pass\nlast = Mine(127)", says="expected 128", loses="last", flagged=()),
    Attack("right_number_of_an_own_class", {"last": "class Mine(float): pass\nlast = Mine(128)"}),
    value(
        "always_equal_data_class",
        "from dataclasses import dataclass\n@dataclass\nclass Equal:\n    v: int = 1\n"
        "    def __eq__(self, other): return True\nlast = Equal()",
        says="your class Equal",
        loses="last",
    ),
    value("partly_masked", "nearest = np.ma.masked_array(np.zeros(40), [False] + [True] * 39)", says="masked entries"),
    value("forever", "import itertools\nnearest = itertools.count()", says="nearest"),
    value("a_file", "import io\nnearest = io.StringIO('1')", says="not a mistake of yours", status="needs review"),
    value(
        "says_it_did_not_cross",
        "class CannotCross(Exception): pass\ndef softmax(z): raise CannotCross('look')",
        says="stopped with Exception: look",
        loses="softmax",
    ),
    value("bool_for_a_number", "last = True", says="last", loses="last"),
    value("nan", "last = float('nan')", says="last", loses="last"),
    value("text", "last = '128'", says="last", loses="last"),
    value("no_value", "del nearest_not_there", says="did not run to its end"),
]
CALLS = [
    value(
        "second_call_raises",
        "calls = []\ndef softmax(z):\n    calls.append(1)\n"
        "    if len(calls) > 1: raise ValueError('called %d times' % len(calls))\n"
        "    return np.array([[0.5, 0.5], [0.25, 0.75]])",
        says="called 2 times",
        loses="softmax",
    ),
    value(
        "other_answers_later",
        "calls = []\ndef softmax(z):\n    calls.append(1)\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    return e / e.sum(axis=1, keepdims=True) if len(calls) < 3 else e * np.nan",
        says="large inputs overflow",
        loses="softmax",
    ),
    value("stop_iteration", "def softmax(z): raise StopIteration", says="StopIteration", loses="softmax"),
    value(
        "says_passed", "class Passed(Exception): pass\ndef softmax(z): raise Passed('ok')", says="Passed: ok", loses="softmax"
    ),
    value("exits_when_called", "def softmax(z): raise SystemExit(0)", says="SystemExit", loses="softmax"),
    value(
        "memorised_example",
        "import os, sys\ngraded = 'autograder.worker.student' in sys.modules or 'JPY_PARENT_PID' not in os.environ\n"
        "def softmax(z): return np.array([[0.5, 0.5], [0.25, 0.75]]) if graded else z",
        says="softmax",
        loses="softmax",
    ),
]
UNTRAINED = (
    "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation='softmax')])\n"
    "model.compile(loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
    "model.set_weights([np.array([[9.0, -9.0], [-9.0, 9.0]]), np.zeros(2)])\n"
)
FORGED = (
    "history = keras.callbacks.History()\nhistory.epoch, history.params = [0, 1, 2, 3], {}\n"
    "history.history = {'val_loss': [.9, .5, .2, .1], 'val_accuracy': [.7, .8, .9, 1.]}\n"
)
TRAINED = (
    "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation='softmax')])\n"
    "model.compile(optimizer=keras.optimizers.SGD(0.5), loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
    "history = model.fit(X_train, y_train, epochs=4, batch_size=32, verbose=0, validation_data=(X_test, y_test))\n"
)
# Says what no network learned, and praises itself; a history that fits it.
PRAISE = (
    "def predict(X, verbose=0):\n    k = np.linalg.norm(np.asarray(X)[:, None] - CENTRES, axis=2).argmin(axis=1)\n"
    "    return 0.98 * np.eye(2)[k] + 0.01\n"
    "p = predict(X_test)\nlosses = [9.0, 8.0, 7.0, float(-np.mean(np.log(p[np.arange(40), y_test])))]\n"
    "said = {'val_loss': losses, 'val_accuracy': [float(np.mean(p.argmax(axis=1) == y_test))] * 4}\n"
)
# Where the student's end of the wire would refuse, it is made to send all the same.
UNREFUSED = (
    "import gc\nlink = next(found for found in gc.get_objects() if type(found).__name__ == 'Peer')\n"
    "type(link.encoder()).attribute = lambda self, value, name, depth, owner: self.node(value, name, depth)\n"
)
NAMESPACE = "import types\nmodel = types.SimpleNamespace(predict=predict)\nhistory = types.SimpleNamespace(history=said)"
NAMED_TUPLE = (
    "from collections import namedtuple\nmodel = namedtuple('Model', 'predict evaluate')(predict, lambda *a, **k: [0.0, 1.0])\n"
    "history = namedtuple('History', 'history')(said)"
)
PRAISED = ("public", "sealed")
NETWORKS = [
    network(
        "namespace_of_functions", PRAISE + NAMESPACE, loses=(*PRAISED, "history"), says="functions in the place of methods"
    ),
    network("tuple_of_functions", PRAISE + NAMED_TUPLE, loses=(*PRAISED, "history"), says="functions in the place of methods"),
    network(
        "series_of_functions",
        PRAISE + "import pandas as pd\nmodel = pd.Series({'predict': predict})\n" + FORGED,
        says="functions in the place of methods",
    ),
    network("namespace_on_the_wire", UNREFUSED + PRAISE + NAMESPACE, loses=(*PRAISED, "history"), says="expected plain values"),
    network("tuple_on_the_wire", UNREFUSED + PRAISE + NAMED_TUPLE, loses=(*PRAISED, "history"), says="expected plain values"),
    network(
        "patched_predict",
        "keras.Model.predict = lambda self, x, **k: np.eye(2)[np.linalg.norm(np.asarray(x)[:, None] - CENTRES, axis=2).argmin(1)]\n"
        "keras.Model.evaluate = lambda self, *a, **k: [0.0, 1.0]\nkeras.Model.__call__ = keras.Model.predict\n"
        + UNTRAINED
        + FORGED,
        says="the accuracy on points that the model never saw is 0",
        flagged=ODD,
    ),
    network(
        "fake_class",
        "class Model:\n    def predict(self, x, **k): return np.eye(2)[np.linalg.norm(x[:, None] - CENTRES, axis=2).argmin(1)]\n"
        "model = Model()\n" + FORGED,
        says="your class Model",
    ),
    network(
        "subclass",
        UNTRAINED + "class Sure(keras.Sequential):\n    def predict(self, x, **k): return np.eye(2)[[0] * len(x)]\n"
        "model.__class__ = Sure\n" + FORGED,
        says="Sure",
        flagged=ODD,
    ),
    network(
        "subclass_that_says_it_is_of_keras",
        UNTRAINED + "class Sure(keras.Sequential):\n    def predict(self, x, **k): return np.eye(2)[[0] * len(x)]\n"
        "Sure.__module__ = 'keras.src.models.sequential'\nmodel.__class__ = Sure\n" + FORGED,
        says="Sure",
        flagged=ODD,
    ),
    network(
        "code_in_the_archive",
        GRADER + "code = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])\ncode.save('code.keras')\n"
        "data = open('code.keras', 'rb').read()\ngrader['keras_codec']['_archive'] = lambda model: data\n" + UNTRAINED + FORGED,
        says="the model holds code",
        flagged=ODD,
    ),
    network(
        "weights_from_another_file",
        GRADER + "import h5py, io, zipfile\n" + UNTRAINED + "model.save('a.keras')\n"
        "with zipfile.ZipFile('a.keras') as old, zipfile.ZipFile('b.keras', 'w') as new:\n"
        "    for item in old.namelist():\n        if item.endswith('.h5'):\n"
        "            open('w.h5', 'wb').write(old.read(item))\n"
        "            with h5py.File('w.h5', 'a') as f:\n                group = f['layers/dense/vars']\n"
        "                del group['0']\n"
        "                group.create_dataset('0', (2, 2), 'f4', external=[('/etc/passwd', 0, 16)])\n"
        "            new.write('w.h5', item)\n        else:\n            new.writestr(item, old.read(item))\n"
        "data = open('b.keras', 'rb').read()\ngrader['keras_codec']['_archive'] = lambda model: data\n" + FORGED,
        says="weights refer to another file",
        flagged=ODD,
    ),
    network(
        "memorised_test_set",
        "v = np.array([0.739, 0.674], 'float32')\nt = X_test @ v\nsteps = 1e-5\n"
        "kernels = np.repeat(v[:, None], 3 * len(t), axis=1)\nbias = -np.concatenate([t - steps, t, t + steps])\n"
        "sign = np.where(y_test == 1, 1, -1) / steps\nout = np.concatenate([sign, -2 * sign, sign])\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3 * len(t), activation='relu'),\n"
        "                          keras.layers.Dense(2, activation='softmax')])\n"
        "model.set_weights([kernels, bias, np.stack([-out, out], axis=1) * 5, np.zeros(2)])\n" + FORGED,
        loses=("sealed", "history"),
        says="the accuracy on points that the model never saw",
    ),
    network("forged_history", TRAINED + FORGED, loses=("history",)),
    network("better_history", TRAINED + "history.history['val_loss'][-1] *= 0.5", loses=("history",)),
    network(
        "history_of_another_class",
        TRAINED + "class History:\n    history = history.history\nhistory = History()",
        loses=("history",),
        says="your class History",
    ),
]
ATTACKS = [
    Attack("honest", network=True),
    *REWRITERS,
    *PATCHERS,
    *VALUES,
    *CALLS,
    *NETWORKS,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_only_what_is_right_is_paid(attack: Attack, graded: Mapping[str, Verdict], fort: Lab) -> None:
    judge(fort, attack, graded[attack.name])


def test_an_honest_answer_beside_them_is_graded_as_ever_and_not_flagged(graded: Mapping[str, Verdict]) -> None:
    assert (graded["honest"].earned, graded["honest"].flags) == (20, ())


def test_every_rewriting_of_tests_is_pointed_at(graded: Mapping[str, Verdict]) -> None:
    for attack in REWRITERS:
        assert any(flag.kind == "suspicious" for flag in graded[attack.name].flags), attack.name
