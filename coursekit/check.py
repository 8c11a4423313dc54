"""Assertions whose failure message names the likely mistake.

The visible and the hidden tests of every lab use them. Each helper compares plain values (numbers,
strings, sequences, arrays, tensors, data frames) and raises `Mistake` if the check fails. The message
is written for a student: it says what is likely wrong, what was received and what was expected. Every
value is first converted to a plain NumPy array, so an object that redefines `==` cannot pass a check
that it should fail.

This module knows nothing of labs, marks, notebooks or the autograder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from coursekit._arrays import widened
from coursekit._networks import refuse_own_code
from coursekit._precision import in_full_precision
from coursekit._values import (
    Mistake,
    difference,
    guesses,
    is_a,
    is_iterator,
    mistake,
    one_line,
    plain_array,
    refuse_shape,
    refuse_unfinished,
    same,
    short,
    stopped,
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
    """Check that a condition is true.

    Args:
        condition: A bool, a NumPy bool, or an array or tensor with exactly one boolean entry.
        hint: The likely mistake if the condition is false.

    Raises:
        Mistake: If the condition is false, or not a single boolean.
    """
    if not is_a(condition, bool, np.bool_):
        array = plain_array(condition)
        if array.dtype != bool or array.size != 1:
            raise Mistake(f"expected one True or False here, got {short(condition)}")
        condition = array.item()
    if not condition:
        raise mistake(hint)


def equal(actual: Any, expected: Any, hint: str | None = None, *, mistakes: Mistakes | None = None) -> None:
    """Check that two values are equal.

    Numbers are compared by value, whatever their type: 266610, 266610.0 and np.int64(266610) are equal.
    A list, a tuple and an array with the same entries are equal. Strings must match letter for letter.
    Dictionaries must have the same keys and equal values.

    Args:
        actual: The student's value.
        expected: The correct value.
        hint: The likely mistake, shown if no entry of `mistakes` matches.
        mistakes: Mapping from a message to the wrong value that gets this message. The value may be a
            function without arguments that computes it.

    Raises:
        Mistake: If the values differ.

    Example:
        >>> check.equal(count, 266610, mistakes={"the biases are missing": 266200})
    """
    if same(actual, expected):
        return
    for message, wrong in (mistakes or {}).items():
        if same(actual, value_of(wrong)):
            raise mistake(message, detail=_subject(hint) + _compared(actual, expected))
    refuse_unfinished(actual)
    notes = [hint] if hint else []
    if is_iterator(actual):
        notes.append("it gives its items only once: wrap it in list(…)")
    if is_a(actual, str) and is_a(expected, str) and actual.strip().lower() == expected.strip().lower():
        notes.append("only capitals or spaces differ")
    raise mistake(*notes, _compared(actual, expected))


def _subject(hint: str | None) -> str:
    """Return the line of a hint that says what is compared, such as "this is your MSE"; "" if it does not begin like this."""
    found = re.match(r"(this is|these are) .*?(?=[;:\n]|\. |$)", hint or "")
    return f"{found[0]}\n" if found else ""


def _compared(actual: Any, expected: Any) -> str:
    return f"got {short(actual)}, expected {short(expected)}"


def length(actual: Any, expected: int, hint: str) -> None:
    """Check that a value has a given number of entries, such as a tuple of several results.

    Args:
        actual: The student's value.
        expected: The number of entries.
        hint: What is expected, shown if the number differs or the value has no length.

    Raises:
        Mistake: If `len(actual)` differs from `expected`, or `actual` has no length.
    """
    refuse_unfinished(actual)
    try:
        count = len(actual)
    except TypeError as error:
        once = ", which gives its items only once: wrap it in list(…)" if is_iterator(actual) else ""
        raise mistake(hint, f"got {short(actual)}{once}") from error
    if count != expected:
        raise mistake(hint, f"there are {count}, expected {expected}")


def shape(actual: Any, expected: Sequence[int], hint: str | None = None) -> None:
    """Check that a value is an array, or can be converted to one, of a given shape.

    Args:
        actual: The student's value.
        expected: The shape, for example `(100, 10)`.
        hint: The likely mistake.

    Raises:
        Mistake: If the value is not an array of numbers or its shape differs.
    """
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
    """Check that every number is close to the expected one.

    A number of `actual` is close if it differs from the number of `expected` by at most
    `atol + rtol * abs(expected)`. The shapes must be equal, and nan is close to nan.

    Args:
        actual: The student's number, sequence, array or tensor.
        expected: The correct values.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        mistakes: Mapping from a message to the value that this mistake produces, or to a function without
            arguments that computes it. The first entry that `actual` matches within the same tolerance
            gives the message.
        hint: The likely mistake, shown if no entry of `mistakes` matches.

    Raises:
        Mistake: If the shapes differ or a number is not close.

    Example:
        >>> check.close(p.sum(), 1.0, mistakes={"you forgot to divide by the sum": np.exp(z).sum()})
    """
    got, want = plain_array(actual), plain_array(expected)

    def near(other: np.ndarray) -> bool:
        return got.shape == other.shape and np.allclose(got, other, rtol=rtol, atol=atol, equal_nan=True)

    with np.errstate(all="ignore"):
        if near(want):
            return
        for message, wrong in (mistakes or {}).items():
            if near(plain_array(value_of(wrong))):
                raise mistake(message, detail=_subject(hint) + difference(got, want))
        refuse_shape(got, want.shape, hint)
        notes = [hint] if hint else []
        notes += guesses(got, want, near, causes=not hint)
    raise mistake(*notes, difference(got, want))


def between(
    value: Any,
    low: float,
    high: float,
    *,
    name: str = "the value",
    low_hint: str | None = None,
    high_hint: str | None = None,
) -> None:
    """Check that a single number lies in the closed interval [low, high].

    Args:
        value: The student's number, or an array or tensor with one entry.
        low: Lower limit; -inf for none.
        high: Upper limit; inf for none.
        name: What the number is called in the message.
        low_hint: The likely mistake if the number is too small.
        high_hint: The likely mistake if the number is too large.

    Raises:
        Mistake: If the number lies outside of the interval or is nan, or if there is more than one.
    """
    array = plain_array(value)
    if array.size != 1:
        raise Mistake(f"expected one number for {name}, got an array of shape {array.shape}")
    number = float(array.reshape(()))
    if low <= number <= high:
        return
    hint = low_hint if number < low else high_hint if number > high else "it is nan: look for 0 / 0, log(0) or an overflow"
    wanted = f"at least {low:g}" if high == np.inf else f"at most {high:g}" if low == -np.inf else f"in [{low:g}, {high:g}]"
    raise mistake(hint, f"{name} is {number:.4g}, expected {wanted}")


def probabilities(p: Any, *, axis: int = -1, hint: str | None = None) -> None:
    """Check that an array holds probabilities.

    Every entry must lie in [0, 1] (within 1e-6), and the entries along `axis` must sum to 1 (within 1e-4).

    Args:
        p: The student's array or tensor.
        axis: The axis along which the probabilities sum to 1.
        hint: The likely mistake.

    Raises:
        Mistake: If an entry is not a probability or a sum differs from 1.
    """
    array = plain_array(p)
    if array.ndim == 0 or array.size == 0:
        raise mistake(hint, f"expected an array of probabilities, got {short(p)}")
    if not np.isfinite(array).all():
        raise mistake(hint, "the probabilities contain nan or inf: something overflowed")
    if array.min() < -1e-6 or array.max() > 1 + 1e-6:
        raise mistake(hint, f"probabilities lie in [0, 1], yours reach from {array.min():.3g} to {array.max():.3g}")
    sums = array.sum(axis=axis)
    if not np.allclose(sums, 1, atol=1e-4):
        worst = sums.flat[np.argmax(np.abs(sums - 1))]
        raise mistake(hint, f"the probabilities of one sample must sum to 1, yours sum to {worst:.4g}")


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
    """Check a gradient against central differences.

    The gradient is measured as ∂f/∂x ≈ (f(x + h) − f(x − h)) / 2h, which has an error of order h²
    (Press et al., Numerical Recipes, §5.7).

    Args:
        analytic: The student's gradient, an array of the shape of `at`.
        function: Function from an array of this shape to a single number.
        at: The point at which the gradient is measured.
        step: The step size h.
        rtol: Relative tolerance, as in `close`.
        atol: Absolute tolerance, as in `close`.
        hint: The likely mistake.

    Raises:
        Mistake: If the gradients differ, or `function` does not return a single number.
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
    """Return the single number that a function returned."""
    array = plain_array(value)
    if array.size != 1:
        raise Mistake(f"the function should return one number here, it returned an array of shape {array.shape}")
    return float(array.reshape(()))


@contextmanager
def unchanged(*objects: Any, hint: str | None = None) -> Iterator[None]:
    """Check that the code in the `with` block changes none of the given objects, nor anything inside them.

    An object that was changed is restored, so that later results do not depend on the change.

    Args:
        *objects: Arrays, lists, dictionaries, sets, data frames, random generators or Keras models.
        hint: The likely mistake.

    Raises:
        Mistake: If an object was changed.

    Example:
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
        raise mistake(hint or "your code changed its input: `z -= …` works in place, `z = z - …` makes a new array")


@contextmanager
def mutates(*objects: Any) -> Iterator[None]:
    """Keep the changes that the code in the `with` block makes to the given objects.

    Use it where a function is meant to change its argument and the test inspects the change. In a notebook
    all changes are kept in any case. When a test runs in a separate process, a function that it calls
    receives copies of its arguments, and only the objects named here receive the changes.

    Args:
        *objects: The objects that the code is meant to change.

    Example:
        >>> with check.mutates(network):
        ...     unfreeze(network, 0.01)
    """
    with watching(objects):
        yield


@contextmanager
def explained(hints: Mapping[str, str]) -> Iterator[None]:
    """Add a hint to errors that the code in the `with` block raises.

    Args:
        hints: Mapping from a part of an error's text, such as "broadcast" or "list index", to the likely
            mistake. The text starts with the name of the error. Errors that match no entry are raised
            unchanged.

    Raises:
        Mistake: If the block raises an error whose text contains one of the keys.

    Example:
        >>> with check.explained({"broadcast": "a sum over axis 1 drops that axis: use keepdims=True"}):
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
                raise mistake(hint, stopped(error)) from error
        raise


def raises(exception: type[BaseException], function: Callable[..., Any], *args: Any, hint: str | None = None) -> None:
    """Check that a call raises an exception.

    Args:
        exception: The expected class of exception. A subclass of it also passes.
        function: The function to call.
        *args: Its arguments.
        hint: The likely mistake.

    Raises:
        Mistake: If the call raises another exception or none.
    """
    try:
        result = function(*args)
    except exception:
        return
    except Exception as error:
        came = one_line(f"{type(error).__name__}: {error}")
        raise mistake(hint or "the wrong error", f"raised {came}; expected {exception.__name__}") from error
    raise mistake(hint or "an error was expected here", f"got {short(result)}, expected {exception.__name__}")


def model(value: Any, *, input_shape: Sequence[int] | None = None, output_shape: Sequence[int] | None = None) -> None:
    """Check that a value is a Keras model that has been built.

    The model must be sequential or functional and consist of Keras's own layers. A model that contains
    code of the student's own cannot be marked.

    Args:
        value: The student's model.
        input_shape: Expected shape of one input sample, without the batch axis; None to skip the check.
        output_shape: Expected shape of one output, without the batch axis; None to skip the check.

    Raises:
        Mistake: If the value is no such model or a shape differs.
    """
    import keras

    refuse_unfinished(value)
    if not is_a(value, keras.Model):
        raise Mistake(f"expected a Keras model, got {short(value, most=300)}")  # the grader says there why it has no model
    refuse_own_code(value)
    if not value.built:
        raise Mistake("the model does not know its input yet: give it a `keras.Input(...)` (or call it once)")
    for name, wanted in (("input", input_shape), ("output", output_shape)):
        if wanted is None:
            continue
        got = tuple(getattr(value, f"{name}_shape")[1:])
        if got != tuple(wanted):
            raise Mistake(f"the model's {name} for one sample has shape {got}, expected {tuple(wanted)}")


def outputs(network: Any, X: Any, *, batch_size: int = 1000) -> np.ndarray:
    """Compute the predictions of a network as a NumPy array.

    Does the same as `network.predict(X)`, and is faster for few samples.

    Args:
        network: A Keras model with one input and one output. It is called in inference mode.
        X: Array (n, …) with n of at least 1.
        batch_size: Largest number of samples per call.

    Returns:
        An array (n, …) with the predictions. A network that computes in 16 bits, because mixed precision was left
        on, is asked in 32 bits with the same weights.
    """
    import keras

    network = in_full_precision(network)
    parts = [network(X[start : start + batch_size], training=False) for start in range(0, len(X), batch_size)]
    return widened(np.concatenate([keras.ops.convert_to_numpy(part) for part in parts]))


def weights(value: Any, expected: Sequence[Sequence[int]], hint: str | None = None) -> None:
    """Check the shapes of a model's trainable weights.

    Args:
        value: The student's Keras model.
        expected: Shapes of the trainable arrays in their order. For a dense network each kernel (in, out)
            is followed by its bias (out,): `[(784, 300), (300,), (300, 10), (10,)]`.
        hint: The likely mistake.

    Raises:
        Mistake: If the value is not a Keras model (see `model`) or the shapes differ.
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
    raise mistake(*notes, f"yours: {got}")
