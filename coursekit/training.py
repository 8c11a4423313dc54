"""`fit`: Keras's `model.fit` with settings that make small networks train faster, and errors that say what is wrong.

On the TensorFlow backend several batches run in one call (`steps_per_execution`) and one background thread gathers the batches
of a fresh random order, where Keras lets as many threads as it likes compete with the arithmetic. Nothing else changes: the
same batches in distribution, the same optimizer steps, the same History. On the other backends it is `model.fit` itself.
Knows nothing of labs, of data sets or of which network it trains.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from coursekit import _machine, _progress
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
from coursekit._numbers import whole_number

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
    check_compiled(model)
    whole_number("epochs", epochs)
    whole_number("batch_size", batch_size)
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f'verbose is {verbose!r}: expected "auto", 0, 1 or 2')
    chosen = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else list(callbacks or ())
    options = dict(fit_options, validation_data=checked_validation(model, validation_data))
    if is_dataset(X):
        if y is not None:
            raise ValueError("X is a data set of batches that hold the targets already: leave y out")
        batches = length_of(X)
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
        whole_number(name, value)
    steps = epochs * math.ceil(samples / batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))


# ── feeding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _feed(model: keras.Model, X: Any, y: Any, batch_size: int, options: dict[str, Any]) -> dict[str, Any]:
    """The checked data as arguments of `model.fit`, and how many `batches` they make."""
    X, y = checked_samples(model, X, y, "X", "y")
    weight = options.get("sample_weight")
    if weight is not None:
        weight = as_arrays(weight, "sample_weight")
        if options.get("class_weight") is not None:
            raise ValueError("give class_weight or sample_weight, not both: multiply them into one sample_weight yourself")
        check_lengths({"X": X, "sample_weight": weight})
    if options.get("shuffle", True) not in (True, False):
        raise ValueError(f"shuffle is {options['shuffle']!r}: expected True (a new order every epoch) or False")
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


def _training_samples(count: int, share: float) -> int:
    """How many samples stay for training when the last `share` of them is held out, rounded as Keras does."""
    if not 0 < share < 1:
        raise ValueError(f"validation_split is {share!r}: expected a number between 0 and 1")
    kept = math.floor(count * (1 - share))
    if kept in (0, count):
        raise ValueError(f"validation_split={share} of {count} samples leaves one side empty")
    return kept


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

    count = count_samples(data)
    threads = max(1, _machine.cores() // 2)
    with tf.device("CPU:0"):
        tensors = map_arrays(tf.constant, data)
        order = tf.data.Dataset.range(count)
        if shuffle:
            order = order.shuffle(count, reshuffle_each_iteration=True)
        # No Python branch depends on a tensor here: without its source being rewritten it starts a tenth of a second sooner.
        gather = tf.autograph.experimental.do_not_convert(lambda rows: map_arrays(lambda a: tf.gather(a, rows), tensors))
        batches = order.batch(batch_size).map(gather, num_parallel_calls=threads if threads > 1 else None)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.experimental_optimization.apply_default_optimizations = False
    return batches.prefetch(2 + threads).with_options(options)


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
