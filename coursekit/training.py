"""`fit`: Keras's `model.fit` with settings that make small networks train faster, and errors that say what is wrong.

On the TensorFlow backend several batches run in one call (`steps_per_execution`) and one background thread gathers the batches
of a fresh random order, where Keras lets as many threads as it likes compete with the arithmetic. Nothing else changes: the
same batches in distribution, the same optimizer steps, the same History. On the other backends it is `model.fit` itself.
Knows nothing of labs, of data sets or of which network it trains.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import keras
import numpy as np

from coursekit import _progress

__all__ = ["cosine_adam", "fit"]

_MOST_STEPS = 32  # batches in one call; more gained nothing in the benchmark
_LEAST_CALLS = 8  # calls in an epoch, so that progress moves and an interrupt is heard


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
    """Train `model` in place and return the History, as `model.fit` does, in less time.

    The samples come in a new random order every epoch, also after `keras.utils.set_random_seed`, where Keras's own `fit` on
    TensorFlow repeats one order.

    model: a compiled Keras model. X: array (n, …), memory map or tensor of numbers; for several inputs a list, tuple or
    dict of such; or a data set of batches (`tf.data.Dataset`, `PyDataset`), and then no y. y: array (n,) or (n, outputs).
    epochs, batch_size: whole numbers of at least 1; batch_size is not used for a data set.
    validation_data: (X, y), (X, y, sample weights) or a data set.
    callbacks: Keras callbacks. One of your own that acts after each batch makes every batch a call of its own, as in Keras.
    verbose: "auto" or 1: an updating block in a notebook, one line an epoch elsewhere; 2: one line an epoch; 0: silence.
    live: in a notebook, redraw the curves of loss and metrics once an epoch.
    fit_options: passed on to `model.fit`: validation_split, class_weight, sample_weight, shuffle, initial_epoch, ….

    X and y are not changed. Raises ValueError when the model is not compiled, or when the data cannot be right for it:
    lengths that differ, nothing in them, NaN, samples of another shape, labels outside the classes.
    """
    _check_model(model)
    _check_whole("epochs", epochs)
    _check_whole("batch_size", batch_size)
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f'verbose is {verbose!r}: expected "auto", 0, 1 or 2')
    chosen = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else list(callbacks or ())
    options = dict(fit_options, validation_data=_checked_validation(model, validation_data))
    if _is_dataset(X):
        if y is not None:
            raise ValueError("X is a data set of batches that hold the targets already: leave y out")
        batches = _length(X)
        options.update(x=X)
        if not hasattr(X, "__getitem__"):  # a stream has the order that it has: Keras warns when told to shuffle one
            options.setdefault("shuffle", False)
    else:
        options.update(_feed(model, X, y, batch_size, options))
        batches = options.pop("batches")
    _build_optimizer(model)
    with _steps_per_call(model, _steps(model, batches, chosen)):
        return model.fit(epochs=epochs, callbacks=[*chosen, *_progress.callbacks(verbose, live)], verbose=0, **options)


def cosine_adam(samples: int, *, epochs: int, batch_size: int = 128, learning_rate: float = 1e-3) -> keras.optimizers.Optimizer:
    """Adam whose learning rate falls from `learning_rate` to 0 along half a cosine over the whole training.

    samples: number of training samples. epochs, batch_size: those of the training to come; the schedule counts
    epochs · ⌈samples / batch_size⌉ steps and stays at 0 after them.
    lr(t) = learning_rate · (1 + cos(π t / T)) / 2 (Loshchilov and Hutter 2017, one cycle without restarts).
    Raises ValueError when a count is not a whole number of at least 1.
    """
    for name, value in (("samples", samples), ("epochs", epochs), ("batch_size", batch_size)):
        _check_whole(name, value)
    steps = epochs * math.ceil(samples / batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))


# ── feeding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _feed(model: keras.Model, X: Any, y: Any, batch_size: int, options: dict[str, Any]) -> dict[str, Any]:
    """The checked data as arguments of `model.fit`, and how many `batches` they make."""
    X, y = _checked(model, X, y, "X", "y")
    weight = options.get("sample_weight")
    if weight is not None:
        weight = _arrays(weight, "sample_weight")
        if options.get("class_weight") is not None:
            raise ValueError("give class_weight or sample_weight, not both: multiply them into one sample_weight yourself")
        _check_lengths({"X": X, "sample_weight": weight})
    if options.get("shuffle", True) not in (True, False):
        raise ValueError(f"shuffle is {options['shuffle']!r}: expected True (a new order every epoch) or False")
    count = _count(X)
    share = options.get("validation_split") or 0.0
    if share and options["validation_data"] is None:
        count = _kept(count, share)
    batches = math.ceil(count / batch_size)
    if not _own_pipeline(model, options):
        return {"x": X, "y": y, "sample_weight": weight, "batch_size": batch_size, "batches": batches}
    data = (X, y) if weight is None else (X, y, weight)
    held = options["validation_data"]
    if share and held is None:
        held = _map(lambda a: a[count:], data)
        data = _map(lambda a: a[:count], data)
    feed = _pipeline(data, batch_size, bool(options.get("shuffle", True)))
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


def _own_pipeline(model: keras.Model, options: dict[str, Any]) -> bool:
    if keras.config.backend() != "tensorflow" or options.get("steps_per_epoch") is not None:
        return False
    return getattr(model, "_distribute_strategy", None) is None and keras.distribution.distribution() is None


def _pipeline(data: Any, batch_size: int, shuffle: bool) -> Any:
    """A `tf.data.Dataset` of batches of `data`, in a new random order every epoch when `shuffle`.

    Only indices are shuffled; each batch is one gather. On two cores a single background thread is best: gathering costs a
    tenth of the arithmetic, and more threads only take cores from it.
    """
    import tensorflow as tf

    count = _count(data)
    threads = max(1, _cores() // 2)
    with tf.device("CPU:0"):
        tensors = _map(tf.constant, data)
        order = tf.data.Dataset.range(count)
        if shuffle:
            order = order.shuffle(count, reshuffle_each_iteration=True)
        # No Python branch depends on a tensor here: without its source being rewritten it starts a tenth of a second sooner.
        gather = tf.autograph.experimental.do_not_convert(lambda rows: _map(lambda a: tf.gather(a, rows), tensors))
        batches = order.batch(batch_size).map(gather, num_parallel_calls=threads if threads > 1 else None)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.experimental_optimization.apply_default_optimizations = False
    return batches.prefetch(2 + threads).with_options(options)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# ── several batches in one call ──────────────────────────────────────────────────────────────────────────────────────


def _steps(model: keras.Model, batches: int | None, callbacks: Sequence[keras.callbacks.Callback]) -> int:
    """How many batches one call should run; the model's own choice wherever another could be seen or could fail."""
    own = int(model.steps_per_execution)
    if keras.config.backend() != "tensorflow" or own != 1 or model.run_eagerly or batches is None:
        return own
    if any(map(_acts_on_batches, callbacks)):
        return own
    return max(1, min(_MOST_STEPS, batches // _LEAST_CALLS))


_BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def _acts_on_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether the callback does something around each training batch."""
    if hasattr(callback, "save_freq"):  # ModelCheckpoint, BackupAndRestore: at epochs unless told a number of batches
        return callback.save_freq != "epoch"
    if getattr(callback, "update_freq", None) == "epoch" or isinstance(callback, keras.callbacks.TerminateOnNaN):
        return False
    plain = keras.callbacks.Callback
    return any(name in vars(callback) or getattr(type(callback), name) is not getattr(plain, name) for name in _BATCH_HOOKS)


def _build_optimizer(model: keras.Model) -> None:
    """Make the optimizer's variables now if the model has its own: TensorFlow traces a step twice in which variables are made."""
    optimizer = model.optimizer
    plain = keras.config.backend() == "tensorflow" and getattr(model, "_distribute_strategy", None) is None
    if plain and model.built and not optimizer.built and model.trainable_variables:
        optimizer.build(model.trainable_variables)


@contextmanager
def _steps_per_call(model: keras.Model, steps: int) -> Iterator[None]:
    """Inside, `model` runs `steps` batches in one call; afterwards it is set and compiled as before."""
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


# ── checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_model(model: Any) -> None:
    if model is None:
        raise ValueError("the model is None: does the function that builds it end with `return model`?")
    if not isinstance(model, keras.Model):
        raise ValueError(f"expected a Keras model, got {type(model).__name__}")
    if not model.compiled:
        raise ValueError("the model is not compiled: call model.compile(optimizer=…, loss=…, metrics=[…]) before fit")


def _check_whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}: expected a whole number of at least 1")


def _checked_validation(model: keras.Model, data: Any) -> Any:
    if data is None or _is_dataset(data):
        return data
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise ValueError(f"validation_data is {type(data).__name__}: expected a pair (X_valid, y_valid)")
    X, y = _checked(model, data[0], data[1], "X of validation_data", "y of validation_data")
    if len(data) == 2:
        return X, y
    weight = _arrays(data[2], "the weights of validation_data")
    _check_lengths({"X of validation_data": X, "its weights": weight})
    return X, y, weight


def _checked(model: keras.Model, X: Any, y: Any, X_name: str, y_name: str) -> tuple[Any, Any]:
    """X and y as arrays that may go to `model`, or a ValueError."""
    if X is None or y is None:
        raise ValueError(f"{X_name if X is None else y_name} is None: expected an array with one row a sample")
    X, y = _arrays(X, X_name), _arrays(y, y_name)
    _check_lengths({X_name: X, y_name: y})
    _check_finite(X, X_name)
    _check_finite(y, y_name)
    if isinstance(X, np.ndarray):
        _check_samples(model, X, X_name)
    if isinstance(y, np.ndarray):
        _check_targets(model, y, y_name)
    return X, y


def _arrays(value: Any, name: str) -> Any:
    """`value` with every part a NumPy array of numbers: a dict or a sequence of arrays stays one, floats become floatx."""
    if isinstance(value, dict):
        return {key: _arrays(part, f"{name}[{key!r}]") for key, part in value.items()}
    if isinstance(value, list | tuple) and value and all(np.ndim(part) and hasattr(part, "shape") for part in value):
        return tuple(_arrays(part, f"{name}[{i}]") for i, part in enumerate(value))
    try:
        array = np.asarray(keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value)
    except ValueError as error:
        raise ValueError(f"{name} is no array: its rows have different lengths") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype} values: expected numbers; turn words into numbers first")
    if array.ndim == 0:
        raise ValueError(f"{name} is the single number {array}: expected an array with one row a sample")
    if array.dtype.kind == "f":
        array = array.astype(keras.config.floatx(), copy=False)
    return array


def _check_lengths(parts: dict[str, Any]) -> None:
    sizes = {}
    for name, part in parts.items():
        lengths = {len(array) for array in _leaves(part)}
        if len(lengths) > 1:
            raise ValueError(f"the parts of {name} have different lengths: {sorted(lengths)}")
        sizes[name] = lengths.pop()
    if 0 in sizes.values():
        raise ValueError(f"{' and '.join(name for name in sizes if not sizes[name])} is empty: expected at least one sample")
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise ValueError(f"one row a sample is expected in each: {said}. Did you mix up two splits?")


def _check_finite(data: Any, name: str) -> None:
    for array in _leaves(data):
        if array.dtype.kind != "f":
            continue
        good = np.isfinite(array)
        if not good.all():
            row = int(np.argwhere(~good)[0][0])
            raise ValueError(
                f"{name} holds {good.size - int(good.sum())} values that are NaN or infinite, the first in row {row}: one is "
                "enough to turn every weight into NaN. Look for missing values, or a division by 0 when scaling"
            )


def _check_samples(model: keras.Model, X: np.ndarray, name: str) -> None:
    expected = _shape_of(model, "input_shape")
    if expected is None or len(getattr(model, "inputs", None) or [0]) != 1:
        return

    def bare(shape: tuple) -> tuple:  # Keras adds or drops a last axis of length 1 itself
        return shape[:-1] if shape and shape[-1] == 1 else shape

    got = bare(X.shape[1:])
    wanted = bare(expected)
    if len(got) != len(wanted) or any(w is not None and g != w for g, w in zip(got, wanted, strict=True)):
        raise ValueError(f"the model takes samples of shape {expected}, those of {name} have shape {X.shape[1:]}")


def _check_targets(model: keras.Model, y: np.ndarray, name: str) -> None:
    shape = _shape_of(model, "output_shape")
    loss = _loss_name(model)
    if shape is None or loss is None:
        return
    classes = shape[-1]
    if loss == "sparse_categorical_crossentropy":
        _check_labels(y, name, classes, getattr(model.loss, "ignore_class", None))
    elif loss == "categorical_crossentropy" and y.shape[1:] != shape:
        raise ValueError(
            f"this loss expects one-hot targets of shape (n, {classes}), {name} has shape {y.shape}: use the loss "
            f'"sparse_categorical_crossentropy" for class numbers, or keras.utils.to_categorical(y, {classes})'
        )
    elif loss == "binary_crossentropy" and (y.min() < 0 or y.max() > 1):
        raise ValueError(f"binary cross-entropy expects targets 0 or 1, {name} reaches from {y.min()} to {y.max()}")


def _check_labels(y: np.ndarray, name: str, classes: int, ignored: int | None) -> None:
    if y.ndim > 1 and y.shape[-1] == classes > 1:
        raise ValueError(
            f"this loss expects class numbers of shape (n,), {name} has shape {y.shape} and looks one-hot: use the loss "
            '"categorical_crossentropy", or y.argmax(axis=-1)'
        )
    used = y if ignored is None else y[y != ignored]
    if used.size == 0:
        return
    low, high = used.min(), used.max()
    if low < 0 or high >= classes or (y.dtype.kind == "f" and (used % 1).any()):
        raise ValueError(
            f"the model has {classes} outputs, so labels are whole numbers from 0 to {classes - 1}; {name} reaches from "
            f"{low} to {high}. Count classes from 0, or give the last layer one neuron a class"
        )


def _loss_name(model: keras.Model) -> str | None:
    """The loss's snake-case name when the model has a single one, whether given by name, function or object."""
    loss = model.loss
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return None
    return getattr(loss, "name", getattr(loss, "__name__", None)) if loss is not None else None


def _shape_of(model: keras.Model, name: str) -> tuple | None:
    """The model's input_shape or output_shape without the batch axis; None when not known yet or when it has several."""
    try:
        shape = getattr(model, name)
    except (AttributeError, ValueError):
        return None
    return tuple(shape[1:]) if isinstance(shape, tuple) and len(shape) > 1 and not isinstance(shape[-1], tuple) else None


# ── structures of arrays ─────────────────────────────────────────────────────────────────────────────────────────────


def _is_dataset(data: Any) -> bool:
    """Whether `data` hands out batches itself: a `tf.data.Dataset`, a PyDataset, a data loader, a generator."""
    return not (hasattr(data, "shape") or isinstance(data, list | tuple | dict | str)) and (
        hasattr(data, "__next__") or hasattr(data, "__iter__") or hasattr(data, "__getitem__")
    )


def _length(dataset: Any) -> int | None:
    try:
        return len(dataset)
    except TypeError:
        return None


def _map(function: Callable[[Any], Any], data: Any) -> Any:
    return keras.tree.map_structure(function, data)


def _leaves(data: Any) -> list[np.ndarray]:
    return keras.tree.flatten(data)


def _count(data: Any) -> int:
    return len(_leaves(data)[0])


def _kept(count: int, share: float) -> int:
    """How many samples stay for training when the last `share` of them is held out, rounded as Keras does."""
    if not 0 < share < 1:
        raise ValueError(f"validation_split is {share!r}: expected a number between 0 and 1")
    kept = math.floor(count * (1 - share))
    if kept in (0, count):
        raise ValueError(f"validation_split={share} of {count} samples leaves one side empty")
    return kept
