"""Assertions whose failure names the likely mistake; the visible and the hidden tests of every lab use them.

Each helper compares *plain values* (numbers, strings, sequences, arrays, tensors, data frames) and raises `Mistake` with a
message written for a student: what is likely wrong, what came, what was expected. It converts whatever it is given to a plain
NumPy array first, so an object that redefines `==` cannot talk its way through.

This module knows nothing of labs, marks, notebooks or the autograder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from coursekit._networks import refuse_own_code
from coursekit._values import (
    Mistake,
    difference,
    guesses,
    is_a,
    one_line,
    plain_array,
    refuse_shape,
    refuse_unfinished,
    same,
    short,
    value_of,
)
from coursekit.changes import Record, watched, watching

__all__ = [
    "Mistake",
    "between",
    "close",
    "equal",
    "explained",
    "gradient",
    "length",
    "model",
    "mutates",
    "outputs",
    "probabilities",
    "raises",
    "shape",
    "true",
    "unchanged",
    "watched",
    "weights",
]

Mistakes = Mapping[str, Any]


def true(condition: Any, hint: str) -> None:
    """Pass when `condition` is true.

    condition: bool, NumPy bool, or an array or tensor holding one bool.
    hint: what is likely wrong when it is false.
    """
    if not is_a(condition, bool, np.bool_):
        array = plain_array(condition)
        if array.dtype != bool or array.size != 1:
            raise Mistake(f"expected one True or False here, got {short(condition)}")
        condition = array.item()
    if not condition:
        raise Mistake(hint)


def equal(actual: Any, expected: Any, hint: str | None = None, *, mistakes: Mistakes | None = None) -> None:
    """Pass when `actual` equals `expected` exactly.

    Numbers compare by value whatever their type (266610, 266610.0, np.int64(266610)); a list, a tuple and an array with the
    same entries are equal; strings must match letter for letter; dictionaries by key.
    mistakes: message → the wrong value that earns this message.
    """
    if same(actual, expected):
        return
    for message, wrong in (mistakes or {}).items():
        if same(actual, value_of(wrong)):
            raise Mistake(message)
    refuse_unfinished(actual)
    notes = [hint] if hint else []
    if is_a(actual, str) and is_a(expected, str) and actual.strip().lower() == expected.strip().lower():
        notes.append("only capitals or spaces differ")
    raise Mistake("\n".join([*notes, f"got {short(actual)}, expected {short(expected)}"]))


def length(actual: Any, expected: int, hint: str) -> None:
    """Pass when `actual` has `expected` entries, as a tuple of several results has.

    hint: what is expected; said when the length is another or when there is none.
    """
    refuse_unfinished(actual)
    try:
        count = len(actual)
    except TypeError as error:
        raise Mistake(f"{hint}\ngot {short(actual)}") from error
    if count != expected:
        raise Mistake(f"{hint}\nthere are {count}, expected {expected}")


def shape(actual: Any, expected: Sequence[int], hint: str | None = None) -> None:
    """Pass when `actual` is an array (or becomes one) of exactly the shape `expected`."""
    refuse_shape(plain_array(actual), tuple(int(n) for n in expected), hint)


def close(
    actual: Any,
    expected: Any,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    mistakes: Mistakes | None = None,
    hint: str | None = None,
) -> None:
    """Pass when every number of `actual` lies within `atol + rtol·|expected|` of `expected`, shapes being equal.

    mistakes: message → the value that this mistake produces (or a function without arguments that computes it). The first
    one that `actual` matches within the same tolerance gives the message.
    hint: said when no listed mistake matches.
    """
    got, want = plain_array(actual), plain_array(expected)

    def near(other: np.ndarray) -> bool:
        return got.shape == other.shape and np.allclose(got, other, rtol=rtol, atol=atol, equal_nan=True)

    with np.errstate(all="ignore"):
        if near(want):
            return
        for message, wrong in (mistakes or {}).items():
            if near(plain_array(value_of(wrong))):
                raise Mistake(message)
        refuse_shape(got, want.shape, hint)
        notes = [hint] if hint else []
        notes += guesses(got, want, near)
    raise Mistake("\n".join([*notes, difference(got, want)]))


def between(
    value: Any,
    low: float,
    high: float,
    *,
    name: str = "the value",
    low_hint: str | None = None,
    high_hint: str | None = None,
) -> None:
    """Pass when one number lies in [low, high]. `low_hint` is said when it is too low, `high_hint` when it is too high."""
    array = plain_array(value)
    if array.size != 1:
        raise Mistake(f"expected one number for {name}, got an array of shape {array.shape}")
    number = float(array.reshape(()))
    if low <= number <= high:
        return
    hint = low_hint if number < low else high_hint if number > high else "it is nan: look for 0 / 0, log(0) or an overflow"
    wanted = f"at least {low:g}" if high == np.inf else f"at most {high:g}" if low == -np.inf else f"in [{low:g}, {high:g}]"
    raise Mistake("\n".join([*([hint] if hint else []), f"{name} is {number:.4g}, expected {wanted}"]))


def probabilities(p: Any, *, axis: int = -1, hint: str | None = None) -> None:
    """Pass when every entry of `p` lies in [0, 1] and the entries along `axis` sum to 1 (within 1e-4)."""
    array = plain_array(p)
    notes = [hint] if hint else []
    if array.ndim == 0 or array.size == 0:
        raise Mistake("\n".join([*notes, f"expected an array of probabilities, got {short(p)}"]))
    if not np.isfinite(array).all():
        raise Mistake("\n".join([*notes, "the probabilities contain nan or inf: something overflowed"]))
    if array.min() < -1e-6 or array.max() > 1 + 1e-6:
        raise Mistake(
            "\n".join([*notes, f"probabilities lie in [0, 1], yours reach from {array.min():.3g} to {array.max():.3g}"])
        )
    sums = array.sum(axis=axis)
    if not np.allclose(sums, 1, atol=1e-4):
        worst = sums.flat[np.argmax(np.abs(sums - 1))]
        raise Mistake("\n".join([*notes, f"the probabilities of one sample must sum to 1, yours sum to {worst:.4g}"]))


def gradient(
    analytic: Any,
    function: Callable[[np.ndarray], Any],
    at: Any,
    *,
    step: float = 1e-5,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    hint: str | None = None,
) -> None:
    """Pass when `analytic` is the gradient of `function` at the point `at`, measured by central differences.

    analytic: array of the shape of `at`. function: takes such an array, returns one number.
    Central differences: ∂f/∂x ≈ (f(x + h) − f(x − h)) / 2h, error O(h²) (Press et al., Numerical Recipes, §5.7).
    """
    point = np.array(plain_array(at), dtype=float)
    numeric = np.empty_like(point)
    for index in np.ndindex(point.shape):
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        numeric[index] = (_number(function(up)) - _number(function(down))) / (2 * step)
    close(
        analytic,
        numeric,
        rtol=rtol,
        atol=atol,
        hint=hint or "your gradient differs from the one measured by central differences",
    )


def _number(value: Any) -> float:
    array = plain_array(value)
    if array.size != 1:
        raise Mistake(f"the function should return one number here, it returned an array of shape {array.shape}")
    return float(array.reshape(()))


@contextmanager
def unchanged(*objects: Any, hint: str | None = None) -> Iterator[None]:
    """Pass when the code in the `with` block leaves every object as it was, with all that is inside it.

    objects: arrays, lists, dictionaries, sets, data frames, random generators, Keras models. An object that was changed is put back
    as it was, so that nothing computed later rests on the change.

    >>> with check.unchanged(z):
    ...     softmax(z)
    """
    before = Record(objects)
    try:
        with watching(objects):
            yield
    finally:
        changed = before.changed()
        before.restore()
    if changed:
        raise Mistake(hint or "your code changed its input: `z -= …` works in place, `z = z - …` makes a new array")


@contextmanager
def mutates(*objects: Any) -> Iterator[None]:
    """Keep what the code in the `with` block changes in these objects: it is meant to change them, and the test looks at them.

    In a notebook every change is kept anyway. Where a test runs in a process of its own, a function that it calls gets copies of
    its arguments, and only the objects named here are changed by it.

    >>> with check.mutates(network):
    ...     unfreeze(network, 0.01)
    """
    with watching(objects):
        yield


@contextmanager
def explained(hints: Mapping[str, str]) -> Iterator[None]:
    """Errors that the code in the `with` block raises get a hint if their text holds one of the keys of `hints`.

    hints: a part of an error's text ("broadcast", "list index") → what is likely wrong. Other errors pass as they are.

    >>> with check.explained({"broadcast": "a sum over axis 1 loses that axis: keepdims=True keeps it"}):
    ...     p = softmax(z)
    """
    try:
        yield
    except Mistake:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        for part, hint in hints.items():
            if part in said:
                raise Mistake(f"{hint}\nyour code stopped with {one_line(said)}") from error
        raise


def raises(exception: type[BaseException], function: Callable[..., Any], *args: Any, hint: str | None = None) -> None:
    """Pass when `function(*args)` raises `exception` (or a subclass of it)."""
    try:
        result = function(*args)
    except exception:
        return
    except Exception as error:
        raise Mistake(
            f"{hint or 'the wrong error'}\nraised {one_line(f'{type(error).__name__}: {error}')}; expected {exception.__name__}"
        ) from error
    raise Mistake(f"{hint or 'an error was expected here'}\ngot {short(result)}, expected {exception.__name__}")


def model(value: Any, *, input_shape: Sequence[int] | None = None, output_shape: Sequence[int] | None = None) -> None:
    """Pass when `value` is a built Keras model; shapes are given without the batch axis.

    It must be sequential or functional and of Keras's own parts: one that holds code of the student's cannot be marked.
    """
    import keras

    refuse_unfinished(value)
    if not is_a(value, keras.Model):
        raise Mistake(f"expected a Keras model, got {short(value)}")
    refuse_own_code(value)
    if not value.built:
        raise Mistake("the model does not know its input yet: give it a `keras.Input(...)` (or call it once)")
    for name, wanted in (("input", input_shape), ("output", output_shape)):
        if wanted is None:
            continue
        got = tuple(getattr(value, f"{name}refuse_shape")[1:])
        if got != tuple(wanted):
            raise Mistake(f"the model's {name} for one sample has shape {got}, expected {tuple(wanted)}")


def outputs(network: Any, X: Any, *, batch_size: int = 1000) -> np.ndarray:
    """What a network with one input and one output says of `X`, as a NumPy array: `predict`, in less time for few samples.

    network: a Keras model, called as in use. X: array (n, …), n at least 1. batch_size: so many samples at most at a time.
    """
    import keras

    parts = [network(X[start : start + batch_size], training=False) for start in range(0, len(X), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def weights(value: Any, expected: Sequence[Sequence[int]], hint: str | None = None) -> None:
    """Pass when the trainable arrays of the Keras model `value` have the shapes `expected`, in order.

    For a dense network: `[(784, 300), (300,), (300, 10), (10,)]`, each kernel (in, out) followed by its bias (out,).
    """
    model(value)
    got = [tuple(int(n) for n in w.shape) for w in value.trainable_weights]
    want = [tuple(s) for s in expected]
    if got == want:
        return
    notes = [hint] if hint else []
    if len(got) != len(want):
        guess = "is a layer or a bias missing?" if len(got) < len(want) else "is there a layer too many?"
        count = f"the model has {len(got)} trainable arrays of weights, expected {len(want)}"
        notes.append(count if hint else f"{count}: {guess}")
    else:
        i = next(i for i in range(len(want)) if got[i] != want[i])
        notes.append(f"array {i} of the weights has shape {got[i]}, expected {want[i]}")
    raise Mistake("\n".join([*notes, f"yours: {got}"]))
