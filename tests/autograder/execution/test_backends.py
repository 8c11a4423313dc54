"""On every backend of Keras the engine forks, walls, examines and ends processes, and says nothing about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from autograder import sandbox

# What the default backend does is tested all over; here, what differs.
OTHERS = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("jax", "torch")
]
NOTEBOOK = """
import coursekit, keras, numpy as np
coursekit.setup()
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(np.ones((40, 3)), np.arange(40) % 2, epochs=2, verbose=0)
P, variable = keras.ops.softmax(keras.ops.ones((1, 4))), keras.Variable([1.0, 2.0])
def double(x):
    return keras.ops.multiply(x, 2)
def wander():
    with open("/etc/hostname") as file:
        return file.read()
"""
TEST = """
import keras, numpy as np
from coursekit import check
check.close(P, [[0.25] * 4], atol=1e-6)
check.close(variable, [1, 2])
check.model(model, input_shape=(3,), output_shape=(2,))
check.probabilities(check.outputs(model, np.ones((5, 3), "float32")))
check.length(history.history["loss"], 2, "two epochs")
check.close(double(np.ones(3, "float32")), [2, 2, 2])
check.close(double(keras.ops.ones(3)), [2, 2, 2])
check.equal(int(model.optimizer.iterations), 4)
check.raises(OSError, wander)
"""
GRADER = f"""
import json
from autograder import sandbox
from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Step
names = ("model", "history", "P", "variable", "double", "wander")
steps = [Step({NOTEBOOK!r}), Step({TEST!r}, kind="test", names=names)]
found = run_steps(steps, limits=Limits(), environment=Environment(level=sandbox.strongest(), threads=1))
print(json.dumps([[outcome.status, outcome.message] for outcome in found]))
"""


@pytest.mark.parametrize("backend", OTHERS)
def test_a_notebook_is_run_and_examined(backend: str) -> None:
    if sandbox.strongest() != "full" and sandbox.probe()["landlock"]:
        pytest.skip("no wall around files on this machine")
    environment = {**os.environ, "KERAS_BACKEND": backend, "COURSEKIT_DATA": "drawn"}
    run = subprocess.run([sys.executable, "-c", GRADER], env=environment, capture_output=True, text=True, timeout=500)
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout.splitlines()[-1]) == [["ok", ""], ["ok", ""]]
    assert "fork" not in run.stderr, run.stderr[-2000:]
