"""Settings of Keras and of its backend that a notebook leaves behind move no marks, neither of right nor of wrong answers."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from autograder.authoring.tasks import code_of, sliced
from autograder.execution.runner import run_steps
from autograder.execution.steps import Outcome
from autograder.grading.environment import limits, prepare_environment
from autograder.grading.options import Options
from autograder.grading.plan import plan
from autograder.labs.source import load_lab

LAB = load_lab(Path(__file__).parents[2] / "labs" / "lab02_mlp")
EXERCISES = ("activations", "build_mlp", "build_binary")  # their tests look at tensors, models and losses
WRONG = next(answer for answer in LAB.answers if answer.exercise == "build_mlp" and answer.label.endswith("wrong.sigmoid"))
MIXTURES = {
    "mixed float16": "keras.config.set_dtype_policy('mixed_float16')",
    "mixed bfloat16": "keras.config.set_dtype_policy('mixed_bfloat16')",
    "float16": "keras.config.set_floatx('float16')",
    "float64": "keras.config.set_floatx('float64')",
    "whole tracebacks": "keras.config.disable_traceback_filtering()",
    "a seed of their own": "keras.utils.set_random_seed(7)",
    "eager functions and XLA": "import tensorflow as tf; tf.config.run_functions_eagerly(True); tf.config.optimizer.set_jit(True)",
}


def outcomes_after(setting: str) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
    """The outcomes of the tests with right answers, and of those of `build_mlp` with a wrong one, after a line of a student's."""
    options = Options("drawn", True)
    tests = [i for i, cell in enumerate(LAB.cells) if cell.role == "tests" and cell.exercise in EXERCISES]
    again = [i for i in tests if LAB.cells[i].exercise == WRONG.exercise]
    cells = sliced(LAB, code_of(LAB, options), tests)
    first = next(i for i, _ in cells if LAB.cells[i].role == "exercise")
    cells = [(i, f"import keras; {setting}\n{source}" if i == first else source) for i, source in cells]
    place = next(i for i, cell in enumerate(LAB.cells) if cell.role == "exercise" and cell.name == WRONG.exercise)
    cells += [(place, WRONG.source), *((i, LAB.cells[i].source) for i in again)]
    steps = [plan(LAB).step(i, source, source) for i, source in cells]
    found = run_steps(steps, limits=limits(LAB), environment=prepare_environment(LAB, options))
    told = [(LAB.cells[i], outcome) for (i, _), outcome in zip(cells, found, strict=True)]
    assert all(outcome.status == "ok" for cell, outcome in told if cell.role != "tests")
    marked = [(cell.name, outcome) for cell, outcome in told if cell.role == "tests"]
    return dict(marked[: len(tests)]), dict(marked[len(tests) :])


@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_setting_that_was_left_on_moves_no_marks(mixture: str) -> None:
    setting = MIXTURES[mixture]
    if "tensorflow" in setting and keras.config.backend() != "tensorflow":
        pytest.skip("a setting of TensorFlow")
    right, wrong = outcomes_after(setting)
    assert {name: outcome.message for name, outcome in right.items() if outcome.status != "ok"} == {}
    assert {name: outcome.status == "ok" for name, outcome in wrong.items()} == {
        name: points > 0 for name, points in WRONG.marks.items()
    }
