"""`coursekit` is written against Keras and NumPy: it imports no backend but in the modules that are about one."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import coursekit
from coursekit import _machine, _tensorflow

HOME = Path(coursekit.__file__).parent
# Backend → the only modules that import it.
PLACES = {"tensorflow": {"_tensorflow.py"}, "jax": {"_gpus.py", "exports.py"}, "torch": {"_gpus.py"}}
OTHERS = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("jax", "torch")
]


def imported(path: Path) -> set[str]:
    """The packages that a file imports anywhere, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("backend", PLACES)
def test_one_module_alone_imports_a_backend(backend: str) -> None:
    files = HOME.rglob("*.py")
    assert {path.relative_to(HOME).as_posix() for path in files if backend in imported(path)} == PLACES[backend]


@pytest.mark.parametrize("path", sorted(HOME.parent.glob("labs/*/lab.py")), ids=lambda path: path.parent.name)
def test_a_lab_imports_tensorflow_only_in_a_function_or_where_it_may_be_missing(path: Path) -> None:
    tree = ast.parse("\n".join(line for line in path.read_text().splitlines() if not line.startswith(("%", "!"))))
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.FunctionDef)]
    guarded = {id(part) for node in guards for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and "tensorflow" in ast.unparse(node):
            assert id(node) in guarded, ast.unparse(node)


def test_a_missing_tensorflow_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match=r"needs TensorFlow, which cannot be imported: .*pip install tensorflow"):
        _tensorflow.load()


@pytest.mark.parametrize(
    ("variable", "settings", "chosen"),
    [
        ("", None, "tensorflow"),
        ("jax", None, "jax"),
        ("", '{"backend": "torch"}', "torch"),
        ("jax", '{"backend": "torch"}', "jax"),
        ("", "{}", "tensorflow"),
        ("", "not JSON", "tensorflow"),
    ],
)
def test_the_backend_is_known_without_keras(
    variable: str, settings: str | None, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", variable)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if settings is not None:
        (tmp_path / "keras.json").write_text(settings)
    assert _machine.chosen_backend() == chosen


@pytest.mark.parametrize("backend", OTHERS)
def test_on_another_backend_the_helpers_build_train_predict_and_check(backend: str) -> None:
    code = (
        "import coursekit, numpy as np\n"
        "from coursekit import backbones, check, ensembles, models, training\n"
        "model = ensembles.regularised_mlp(0.5, input_shape=(4,), hidden=(6,), classes=3)\n"
        "model.compile('sgd', 'sparse_categorical_crossentropy')\n"
        "X, y = np.ones((40, 4), 'float32'), np.arange(40) % 3\n"
        "history = training.fit(model, X, y, epochs=2, batch_size=8, validation_split=0.25, verbose=0)\n"
        "assert np.isfinite(history.history['val_loss']).all()\n"
        "mean, std = ensembles.mc_dropout(model, X[:2], times=20)\n"
        "assert std.max() > 0\n"
        "check.close(check.outputs(model, X[:2]).sum(axis=1), [1, 1], atol=1e-5)\n"
        "check.close(model(X[:2]), check.outputs(model, X[:2]), atol=1e-5)\n"
        "assert backbones.drawn((32, 32, 3))(np.zeros((1, 32, 32, 3), 'float32')).shape[-1] == 192\n"
        "print(coursekit.doctor().findings[8].found)\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend, "COURSEKIT_DATA": "drawn"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.split()[0] == {"jax": "JAX", "torch": "PyTorch"}[backend]
