"""What early stopping watches stands in the history, and the training is the same as without the note."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from coursekit import _watching

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
y = X.sum(axis=1)


def trained(*callbacks: keras.callbacks.Callback) -> keras.callbacks.History:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model.fit(X, y, validation_split=0.25, epochs=4, verbose=0, callbacks=list(callbacks))


@pytest.fixture(autouse=True)
def _own_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.callbacks.EarlyStopping, "on_train_begin", keras.callbacks.EarlyStopping.on_train_begin)


def test_names_and_least_gains_of_all_callbacks_are_noted() -> None:
    _watching.install()
    _watching.install()
    stopping = keras.callbacks.EarlyStopping
    history = trained(stopping("val_loss", patience=9), stopping("val_mae", patience=9, min_delta=0.05))
    assert history.params["early_stopping"] == {"val_loss": 0.0, "val_mae": 0.05}
    assert "early_stopping" not in trained().params


def test_the_training_is_the_same() -> None:
    plain = trained(keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=0.5))
    _watching.install()
    noted = trained(keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=0.5))
    assert noted.history == plain.history
    assert len(noted.epoch) == 2


def test_a_callback_that_is_called_by_hand_works_as_before() -> None:
    _watching.install()
    callback = keras.callbacks.EarlyStopping("val_loss")
    callback.on_train_begin()
    assert callback.wait == 0
