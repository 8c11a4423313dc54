"""A model is exported so that TensorFlow loads it; where Keras cannot do that, a stand-in takes its place and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from coursekit import _tensorflow, exports

ON_TENSORFLOW = keras.config.backend() == "tensorflow"
X = np.random.default_rng(0).normal(size=(5, 4, 4)).astype("float32")

pytestmark = [
    # Keras on JAX calls a converter of JAX with an argument that JAX will drop.
    pytest.mark.filterwarnings("ignore:The `native_serialization` parameter is deprecated:DeprecationWarning"),
    # TensorFlow annotates trees of code in a way that Python will drop.
    pytest.mark.filterwarnings("ignore:.*unexpected keyword argument '___pyct_anno':DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _own_export() -> Iterator[None]:
    before = keras.Model.export
    yield
    keras.Model.export = before


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a backend that cannot export."""
    monkeypatch.setattr(exports, "lacking", lambda: "it needs another package")
    monkeypatch.setattr(keras.Model, "export", exports._export)
    exports._say_once.cache_clear()


def network() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((4, 4)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.Dense(6, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def answer(model: keras.Model) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(X), training=False))


def test_an_export_is_loaded_by_tensorflow_and_predicts_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exports.prepare()
    exports.prepare()
    if exports.lacking():
        pytest.skip(f"this backend cannot export: {exports.lacking()}")
    model = network()
    model.export(tmp_path / "folder", verbose=False)
    assert not exports.is_stand_in(tmp_path / "folder")
    loaded = _tensorflow.load().saved_model.load(str(tmp_path / "folder"))
    np.testing.assert_allclose(np.asarray(loaded.serve(X)), answer(model), atol=1e-6)
    assert "gradients" not in capfd.readouterr().err


@pytest.mark.skipif(not ON_TENSORFLOW, reason="on other backends, an export is replaced where it must be")
def test_on_tensorflow_nothing_is_replaced_and_no_folder_passes_for_a_stand_in(tmp_path: Path) -> None:
    before = keras.Model.export
    exports.prepare()
    assert keras.Model.export is before
    network().save(tmp_path / "stand_in.keras")
    assert not exports.is_stand_in(tmp_path)


def test_a_stand_in_predicts_and_holds_the_weights_as_an_export_does(tmp_path: Path, without: None) -> None:
    model = network()
    model.compile("adam", "mse")
    model.export(str(tmp_path / "deep" / "folder"), format="tf_saved_model", verbose=False)
    assert (tmp_path / "deep" / "folder" / "saved_model.pb").is_file()
    assert exports.is_stand_in(tmp_path / "deep" / "folder")
    loaded = exports.StandIn(tmp_path / "deep" / "folder")
    np.testing.assert_array_equal(loaded.serve(X), answer(model))
    assert len(loaded.variables) == len(model.get_weights())
    assert not hasattr(loaded, "loss")


def test_a_stand_in_is_announced_once(tmp_path: Path, without: None, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        network().export(tmp_path / name)
    said = capsys.readouterr().out
    assert said.count("cannot export here (it needs another package)") == 1
    assert said.count("\n") == 1


def test_other_formats_are_left_to_keras(tmp_path: Path, without: None) -> None:
    with pytest.raises(ValueError, match="format"):
        network().export(tmp_path / "model", format="papyrus")


def test_a_folder_that_is_not_there_is_no_stand_in(tmp_path: Path, without: None) -> None:
    assert not exports.is_stand_in(tmp_path / "nothing")


@pytest.mark.skipif(ON_TENSORFLOW, reason="on TensorFlow, Keras exports without this")
def test_what_a_backend_lacks_is_found_without_a_random_number() -> None:
    keras.utils.set_random_seed(1)
    first = keras.random.normal((3,))
    keras.utils.set_random_seed(1)
    exports._lacking.cache_clear()
    exports.lacking()
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(keras.random.normal((3,))), keras.ops.convert_to_numpy(first))
