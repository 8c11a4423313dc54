"""Importing coursekit is cheap, and keeps what is imported after it quiet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import coursekit


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter."""
    env = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env | environment, timeout=300)


def test_importing_coursekit_imports_no_heavy_package() -> None:
    heavy = ["tensorflow", "keras", "numpy", "matplotlib", "pandas", "scipy", "sklearn", "IPython"]
    run = python(f"import sys, coursekit; dir(coursekit); print([name for name in {heavy} if name in sys.modules])")
    assert run.stdout.strip() == "[]", run.stderr


def test_every_public_name_can_be_reached_and_is_listed() -> None:
    for name in coursekit.__all__:
        assert getattr(coursekit, name) is not None
        assert name in dir(coursekit)


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="training"):
        coursekit.trainings  # noqa: B018


def test_tensorflow_loads_without_a_word_on_stderr_after_coursekit() -> None:
    run = python("import coursekit, keras; import tensorflow as tf; tf.constant(1.0) + 1.0; print(tf.__spec__.name)")
    assert (run.stdout.strip(), run.stderr) == ("tensorflow", "")


def test_a_tensorflow_that_cannot_load_still_says_why(tmp_path: Path) -> None:
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text("import os\nos.write(2, b'native cry')\nraise ImportError('no such symbol')\n")
    run = python("import coursekit, tensorflow", PYTHONPATH=str(tmp_path))
    assert run.returncode != 0
    assert "native cry" in run.stderr
    assert "no such symbol" in run.stderr


def test_looking_for_tensorflow_without_importing_it_loads_nothing() -> None:
    run = python(
        "import coursekit, sys, importlib.util as u; print(u.find_spec('tensorflow').name, 'tensorflow' in sys.modules)"
    )
    assert run.stdout.split() == ["tensorflow", "False"], run.stderr


def test_a_log_level_that_the_user_has_chosen_is_kept() -> None:
    run = python("import coursekit, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])", TF_CPP_MIN_LOG_LEVEL="1")
    assert run.stdout.strip() == "1"
