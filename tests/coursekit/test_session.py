"""`setup` makes a notebook ready and says so in one line."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import coursekit
from coursekit import _front_end, session
from tests.coursekit.test_import import python

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(autouse=True)
def drawn_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data source is asked for in most tests; this answer needs no network."""
    monkeypatch.setenv("COURSEKIT_DATA", "drawn")
    monkeypatch.delenv("COURSEKIT_SEED", raising=False)


def test_setup_prints_one_line_with_device_versions_and_data(capfd: pytest.CaptureFixture[str]) -> None:
    coursekit.setup("lab02_mlp")
    out, err = capfd.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    for part in ("lab02_mlp", "CPU" if "GPU" not in out else "GPU", f"Keras {keras.version()}", "DRAWN STAND-IN", "seed 42"):
        assert part in out


@pytest.mark.real_data
def test_the_line_says_when_the_data_are_real(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COURSEKIT_DATA", "real")
    coursekit.setup("lab02")
    assert "data fashion-mnist: real" in capfd.readouterr().out


def test_a_data_set_that_cannot_be_asked_for_is_said_not_raised(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSEKIT_DATA", "reel")
    coursekit.setup("lab02")
    assert "NOT AVAILABLE (COURSEKIT_DATA is 'reel'" in capfd.readouterr().out


@pytest.mark.parametrize("name", [*session.LABS, *session.LECTURES])
def test_a_notebook_may_be_called_by_its_kind_and_number_alone(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    coursekit.setup(name.split("_")[0])
    assert capfd.readouterr().out.startswith(name)


def test_every_lab_is_known_with_the_data_sets_that_its_settings_name(root: Path) -> None:
    settings = {path.parent.name: tomllib.loads(path.read_text("utf-8")) for path in root.glob("labs/*/lab.toml")}
    assert {name: tuple(table.get("datasets", ())) for name, table in settings.items()} == session.LABS


@pytest.mark.parametrize("lab", ["lab07", "lab02_mpl", "lab", "lecture", "lecture09", "", 2])
def test_an_unknown_name_is_refused_with_the_names_of_the_known_ones(lab: object) -> None:
    with pytest.raises(ValueError, match=r"lab01_perceptron.*lab06_saving.*lecture01_neurons"):
        coursekit.setup(lab)  # type: ignore[arg-type]


def test_a_notebook_that_is_no_lab_needs_no_name(capfd: pytest.CaptureFixture[str]) -> None:
    coursekit.setup()
    assert "data" not in capfd.readouterr().out


def draws() -> list[float]:
    return [random.random(), np.random.random(), float(keras.random.uniform(()))]


def test_setup_seeds_python_numpy_and_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_SEED", "7")
    coursekit.setup()
    first = draws()
    coursekit.setup()
    assert draws() == first
    monkeypatch.setenv("COURSEKIT_SEED", "8")
    coursekit.setup()
    assert all(a != b for a, b in zip(draws(), first, strict=True))


@pytest.mark.parametrize("seed", ["", "-1", "4.2", "abc", str(2**32)])
def test_a_seed_that_is_no_whole_number_is_refused(seed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_SEED", seed)
    with pytest.raises(ValueError, match="COURSEKIT_SEED"):
        coursekit.setup()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the operating system cannot fork")
def test_a_process_forked_after_the_import_can_set_up_and_train() -> None:
    run = python(
        "import coursekit, keras, os, sys\n"
        "import coursekit.session, coursekit.training, coursekit.models\n"
        "if os.fork() == 0:\n"
        "    import numpy as np\n"
        "    coursekit.setup()\n"
        "    model = coursekit.models.xor_network()\n"
        "    model.compile('sgd', 'mse')\n"
        "    coursekit.training.fit(model, np.ones((4, 2)), np.ones(4), epochs=1, verbose=0)\n"
        "    os._exit(7)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    assert run.returncode == 7, run.stderr
    assert run.stderr == ""


def test_a_notebook_that_sets_up_and_trains_has_nothing_on_stderr() -> None:
    cells = (
        "import coursekit\nimport keras\nimport numpy as np\ncoursekit.setup('lab02')",
        "model = coursekit.models.xor_network()\nmodel.compile('adam', 'mse', metrics=['accuracy'])\n"
        "X = np.random.default_rng().random((64, 2))\n"
        "history = coursekit.training.fit(model, X, X[:, 0], epochs=3, batch_size=4, live=True, validation_data=(X, X[:, 1]))",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.name for output in outputs if output.output_type == "stream"] == ["stdout"]
    progress, curves = (output for output in outputs if output.output_type == "display_data")
    assert progress.data["text/plain"].startswith("3 epochs in")
    assert "val_loss" in progress.data["text/plain"]
    assert "loss over epochs 1 to 3" in curves.data["text/plain"]
    assert 'alt="' in curves.data["text/html"]


def test_a_warning_of_a_correct_answer_does_not_reach_stderr() -> None:
    run = python(
        "import coursekit, keras, numpy as np\n"
        "coursekit.setup('lab01')\n"
        "keras.Sequential([keras.layers.Flatten(input_shape=(2, 2)), keras.layers.Dense(1)])\n"
        "np.exp(np.array([1000.0]))"
    )
    assert run.stderr == ""
    assert "input_shape" in run.stdout
    assert "RuntimeWarning: overflow" in run.stdout


@pytest.mark.parametrize(
    ("name", "receipt", "said"), [("lab01_perceptron-s1-2026.ipynb", True, True), ("mine.ipynb", False, False)]
)
def test_a_copy_that_was_written_to_be_handed_in_says_so_at_its_first_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, receipt: bool, said: bool
) -> None:
    notebook = {
        "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Lab"}],
        "metadata": {"coursekit": {"receipt": "abc"} if receipt else {}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (tmp_path / name).write_text(json.dumps(notebook))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / name))
    request = {"header": {"msg_id": "3f2504e0"}, "content": {"allow_stdin": True}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: request), user_ns={})
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    assert bool(session._in_a_copy("lab01_perceptron")) is said
