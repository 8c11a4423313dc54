"""`fit`: the `model.fit` of Keras, faster for small networks and with errors that name the cause.

On the TensorFlow backend `fit` runs several batches per call (`steps_per_execution`), and a single
background thread gathers the batches of a new random order. Keras would use more threads, which
compete with the arithmetic. Nothing else changes: the batches have the same distribution, the optimizer
takes the same steps, and the result is the same kind of History. On other backends `fit` calls
`model.fit` directly.

Knows nothing of labs, of data sets or of the network that it trains.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from coursekit import _machine, _progress, _tensorflow
from coursekit._checks import (
    as_arrays,
    check_compiled,
    check_lengths,
    checked_samples,
    checked_validation,
    count_samples,
    is_dataset,
    length_of,
    map_arrays,
)
from coursekit._numbers import real_number, whole_number
from coursekit._options import check_epochs, check_rate, checked_callbacks, checked_class_weight
from coursekit._words import plain

__all__ = ["cosine_adam", "fit"]

_MOST_STEPS = 32  # most batches per call; more were no faster in the benchmark
_LEAST_CALLS = 8  # fewest calls per epoch, so that progress is updated and an interrupt is noticed


def fit(
    model: keras.Model,
    X: Any,
    y: Any = None,
    *,
    epochs: int,
    batch_size: int = 128,
    validation_data: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.Callback = (),
    verbose: str | int = "auto",
    live: bool = False,
    **fit_options: Any,
) -> keras.callbacks.History:
    """Train a model in place, as `model.fit` does, in less time.

    The samples come in a new random order every epoch, also after `keras.utils.set_random_seed`. The `fit`
    of Keras on TensorFlow would repeat one order. X and y are not changed.

    Args:
        model: A compiled Keras model.
        X: Array (n, …), memory map or tensor of numbers; for several inputs a list, tuple or dictionary of
            these. Or a data set of batches (`tf.data.Dataset`, `PyDataset`) that holds the targets too.
        y: Array (n,) or (n, outputs). None if `X` is a data set of batches.
        epochs: Number of epochs, at least 1.
        batch_size: Samples per batch, at least 1. Not used if `X` is a data set of batches.
        validation_data: `(X, y)`, `(X, y, sample_weights)` or a data set of batches.
        callbacks: One Keras callback or a sequence of them. A callback that acts after each batch makes
            every batch a call of its own, as in Keras.
        verbose: "auto" or 1: one line in a notebook, which is updated and ends with the values of the last
            epoch; one line per epoch elsewhere. 2: one line per epoch. 0: no output.
        live: Whether a notebook shows the curves of loss and metrics, redrawn while the model trains.
        **fit_options: Passed on to `model.fit`: `validation_split`, `class_weight`, `sample_weight`,
            `shuffle`, `initial_epoch` and others. `class_weight` may also be an array (classes,).

    Returns:
        The Keras History of the training.

    Raises:
        ValueError: If the model is not compiled, an argument is out of range, or the data do not fit the
            model: different lengths, no samples, NaN or infinite values, samples or targets of another shape,
            or labels outside of the classes.

    Example:
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> history = training.fit(model, X_train, y_train, epochs=5, validation_data=(X_valid, y_valid))
    """
    check_compiled(model)
    check_epochs(epochs, fit_options)
    whole_number("batch_size", batch_size)
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f'verbose is {plain(verbose)}: expected "auto", 0, 1 or 2')
    chosen = checked_callbacks(callbacks)
    check_rate(model, chosen)
    options = dict(fit_options, validation_data=checked_validation(model, validation_data))
    if "class_weight" in options:
        options["class_weight"] = checked_class_weight(model, options["class_weight"])
    if is_dataset(X):
        if y is not None:
            raise ValueError("X is a data set of batches that hold the targets already: leave y out")
        batches = length_of(X)
        options.update(x=X)
        if not hasattr(X, "__getitem__"):  # a stream cannot be shuffled: Keras warns if told to
            options.setdefault("shuffle", False)
    else:
        options.update(_feed(model, X, y, batch_size, options))
        batches = options.pop("batches")
    _build_optimizer(model)
    with _steps_per_call(model, _steps(model, batches, chosen)):
        return model.fit(epochs=epochs, callbacks=[*chosen, *_progress.callbacks(verbose, live)], verbose=0, **options)


def cosine_adam(samples: int, *, epochs: int, batch_size: int = 128, learning_rate: float = 1e-3) -> keras.optimizers.Optimizer:
    """Create an Adam optimizer whose learning rate falls to 0 along half a cosine.

    At step t of T the rate is learning_rate · (1 + cos(π t / T)) / 2 (Loshchilov and Hutter 2017, a single
    cycle without restarts). T is epochs · ⌈samples / batch_size⌉. After T steps the rate stays at 0.

    Args:
        samples: Number of training samples, at least 1.
        epochs: Number of epochs of the training, at least 1.
        batch_size: Samples per batch of the training, at least 1.
        learning_rate: Learning rate at the start.

    Returns:
        A Keras optimizer, to be passed to `model.compile`.

    Raises:
        ValueError: If a count is not a whole number of at least 1, or the rate is not above 0.
    """
    if not real_number("learning_rate", learning_rate) > 0:
        raise ValueError(f"learning_rate is {plain(learning_rate)}: expected a number above 0")
    for name, value in (("samples", samples), ("epochs", epochs), ("batch_size", batch_size)):
        whole_number(name, value)
    steps = epochs * math.ceil(samples / batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))


# ── feeding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _feed(model: keras.Model, X: Any, y: Any, batch_size: int, options: dict[str, Any]) -> dict[str, Any]:
    """Return the checked data as arguments of `model.fit`, and the number of `batches` that they make."""
    X, y = checked_samples(model, X, y, "X", "y")
    weight = options.get("sample_weight")
    if weight is not None:
        weight = as_arrays(weight, "sample_weight")
        if options.get("class_weight") is not None:
            raise ValueError("give class_weight or sample_weight, not both: multiply them into one sample_weight yourself")
        check_lengths({"X": X, "sample_weight": weight})
    if options.get("shuffle", True) not in (True, False):
        raise ValueError(f"shuffle is {plain(options['shuffle'])}: expected True (a new order every epoch) or False")
    count = count_samples(X)
    share = options.get("validation_split") or 0.0
    if share and options["validation_data"] is None:
        count = _training_samples(count, share)
    batches = math.ceil(count / batch_size)
    if not _own_pipeline(model, options):
        return {"x": X, "y": y, "sample_weight": weight, "batch_size": batch_size, "batches": batches}
    data = (X, y) if weight is None else (X, y, weight)
    held = options["validation_data"]
    if share and held is None:
        held = map_arrays(lambda a: a[count:], data)
        data = map_arrays(lambda a: a[:count], data)
    threads = max(1, _machine.cores() // 2)
    feed = _tensorflow.batches(data, batch_size, shuffle=bool(options.get("shuffle", True)), threads=threads)
    validation_batch_size = options.get("validation_batch_size") or (batch_size if isinstance(held, tuple) else None)
    return {
        "x": feed,
        "shuffle": False,
        "validation_data": held,
        "validation_split": 0.0,
        "validation_batch_size": validation_batch_size,
        "sample_weight": None,
        "batches": batches,
    }


def _training_samples(count: int, share: float) -> int:
    """Return how many samples remain for training when the last `share` is held out, rounded as in Keras."""
    if not 0 < share < 1:
        raise ValueError(f"validation_split is {plain(share)}: expected a number between 0 and 1")
    kept = math.floor(count * (1 - share))
    if kept in (0, count):
        raise ValueError(f"validation_split={share} of {count} samples leaves one side empty")
    return kept


def _own_pipeline(model: keras.Model, options: dict[str, Any]) -> bool:
    """Return whether `_tensorflow.batches` can make the batches: TensorFlow on a single device, whole epochs."""
    if not _on_tensorflow(model) or options.get("steps_per_epoch") is not None:
        return False
    return keras.distribution.distribution() is None


def _on_tensorflow(model: keras.Model) -> bool:
    """Return whether TensorFlow trains the model, on a single device."""
    return keras.config.backend() == "tensorflow" and getattr(model, "_distribute_strategy", None) is None


# ── several batches in one call ──────────────────────────────────────────────────────────────────────────────────────


def _steps(model: keras.Model, batches: int | None, callbacks: Sequence[keras.callbacks.Callback]) -> int:
    """Return how many batches one call should run.

    The model's own choice is kept where another one would be noticed or could fail.
    """
    own = int(model.steps_per_execution)
    if keras.config.backend() != "tensorflow" or own != 1 or model.run_eagerly or batches is None:
        return own
    if any(map(_acts_on_batches, callbacks)):
        return own
    return max(1, min(_MOST_STEPS, batches // _LEAST_CALLS))


_BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def _acts_on_batches(callback: keras.callbacks.Callback) -> bool:
    """Return whether a callback does something before or after each training batch."""
    if hasattr(callback, "save_freq"):  # ModelCheckpoint and BackupAndRestore act at epochs unless given a number of batches
        return callback.save_freq != "epoch"
    if getattr(callback, "update_freq", None) == "epoch" or isinstance(callback, keras.callbacks.TerminateOnNaN):
        return False
    plain = keras.callbacks.Callback
    return any(name in vars(callback) or getattr(type(callback), name) is not getattr(plain, name) for name in _BATCH_HOOKS)


def _build_optimizer(model: keras.Model) -> None:
    """Create the variables of the optimizer now, if the model already has its own.

    TensorFlow traces a training step twice if variables are created in it.
    """
    optimizer = model.optimizer
    if _on_tensorflow(model) and model.built and not optimizer.built and model.trainable_variables:
        optimizer.build(model.trainable_variables)


@contextmanager
def _steps_per_call(model: keras.Model, steps: int) -> Iterator[None]:
    """Make `model` run `steps` batches per call inside the block; restore its settings afterwards."""
    if steps == model.steps_per_execution:
        yield
        return
    names = ("steps_per_execution", "train_function", "test_function")
    before = {name: getattr(model, name) for name in names}
    model.steps_per_execution, model.train_function, model.test_function = steps, None, None
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(model, name, value)
