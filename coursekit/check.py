"""Assertions whose failure names the likely mistake; the visible and the hidden tests of every lab use them.

Each helper compares *plain values* (numbers, strings, sequences, arrays, tensors, data frames) and raises `Mistake` with a
message written for a student: what is likely wrong, what came, what was expected. It converts whatever it is given to a plain
NumPy array first, so an object that redefines `==` cannot talk its way through.

This module knows nothing of labs, marks, notebooks or the autograder.
"""

from __future__ import annotations

import contextlib
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from types import FunctionType, GeneratorType, ModuleType
from typing import Any

import numpy as np

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


class Mistake(AssertionError):
    """A failed check. `str()` of it is the message for the student.

    In a notebook it shows as that message and the line of the cell that failed, not as a traceback through this module.
    """

    def _render_traceback_(self) -> list[str]:
        frames = traceback.extract_tb(self.__traceback__)
        own = [frame for frame in frames if frame.line and frame.filename not in _NOT_THEIRS]
        where = [f"line {own[-1].lineno}:  {own[-1].line}", ""] if own else []
        return [f"\x1b[31m✗ {type(self).__name__}\x1b[0m", *where, str(self)]


_NOT_THEIRS = (__file__, contextlib.__file__)


def true(condition: Any, hint: str) -> None:
    """Pass when `condition` is true.

    condition: bool, NumPy bool, or an array or tensor holding one bool.
    hint: what is likely wrong when it is false.
    """
    if not _is(condition, bool, np.bool_):
        array = _array(condition)
        if array.dtype != bool or array.size != 1:
            raise Mistake(f"expected one True or False here, got {_short(condition)}")
        condition = array.item()
    if not condition:
        raise Mistake(hint)


def equal(actual: Any, expected: Any, hint: str | None = None, *, mistakes: Mistakes | None = None) -> None:
    """Pass when `actual` equals `expected` exactly.

    Numbers compare by value whatever their type (266610, 266610.0, np.int64(266610)); a list, a tuple and an array with the
    same entries are equal; strings must match letter for letter; dictionaries by key.
    mistakes: message → the wrong value that earns this message.
    """
    if _same(actual, expected):
        return
    for message, wrong in (mistakes or {}).items():
        if _same(actual, _value(wrong)):
            raise Mistake(message)
    _refuse_unfinished(actual)
    notes = [hint] if hint else []
    if _is(actual, str) and _is(expected, str) and actual.strip().lower() == expected.strip().lower():
        notes.append("only capitals or spaces differ")
    raise Mistake("\n".join([*notes, f"got {_short(actual)}, expected {_short(expected)}"]))


def length(actual: Any, expected: int, hint: str) -> None:
    """Pass when `actual` has `expected` entries, as a tuple of several results has.

    hint: what is expected; said when the length is another or when there is none.
    """
    _refuse_unfinished(actual)
    try:
        count = len(actual)
    except TypeError as error:
        raise Mistake(f"{hint}\ngot {_short(actual)}") from error
    if count != expected:
        raise Mistake(f"{hint}\nthere are {count}, expected {expected}")


def shape(actual: Any, expected: Sequence[int], hint: str | None = None) -> None:
    """Pass when `actual` is an array (or becomes one) of exactly the shape `expected`."""
    _shape(_array(actual), tuple(int(n) for n in expected), hint)


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
    got, want = _array(actual), _array(expected)

    def near(other: np.ndarray) -> bool:
        return got.shape == other.shape and np.allclose(got, other, rtol=rtol, atol=atol, equal_nan=True)

    with np.errstate(all="ignore"):
        if near(want):
            return
        for message, wrong in (mistakes or {}).items():
            if near(_array(_value(wrong))):
                raise Mistake(message)
        _shape(got, want.shape, hint)
        notes = [hint] if hint else []
        notes += _guesses(got, want, near)
    raise Mistake("\n".join([*notes, _difference(got, want)]))


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
    array = _array(value)
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
    array = _array(p)
    notes = [hint] if hint else []
    if array.ndim == 0 or array.size == 0:
        raise Mistake("\n".join([*notes, f"expected an array of probabilities, got {_short(p)}"]))
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
    point = np.array(_array(at), dtype=float)
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
    array = _array(value)
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
                raise Mistake(f"{hint}\nyour code stopped with {_one_line(said)}") from error
        raise


def raises(exception: type[BaseException], function: Callable[..., Any], *args: Any, hint: str | None = None) -> None:
    """Pass when `function(*args)` raises `exception` (or a subclass of it)."""
    try:
        result = function(*args)
    except exception:
        return
    except Exception as error:
        raise Mistake(
            f"{hint or 'the wrong error'}\nraised {_one_line(f'{type(error).__name__}: {error}')}; expected {exception.__name__}"
        ) from error
    raise Mistake(f"{hint or 'an error was expected here'}\ngot {_short(result)}, expected {exception.__name__}")


def model(value: Any, *, input_shape: Sequence[int] | None = None, output_shape: Sequence[int] | None = None) -> None:
    """Pass when `value` is a built Keras model; shapes are given without the batch axis.

    It must be sequential or functional and of Keras's own parts: one that holds code of the student's cannot be marked.
    """
    import keras

    _refuse_unfinished(value)
    if not _is(value, keras.Model):
        raise Mistake(f"expected a Keras model, got {_short(value)}")
    _refuse_own_code(value)
    if not value.built:
        raise Mistake("the model does not know its input yet: give it a `keras.Input(...)` (or call it once)")
    for name, wanted in (("input", input_shape), ("output", output_shape)):
        if wanted is None:
            continue
        got = tuple(getattr(value, f"{name}_shape")[1:])
        if got != tuple(wanted):
            raise Mistake(f"the model's {name} for one sample has shape {got}, expected {tuple(wanted)}")


def _refuse_own_code(network: Any) -> None:
    """Raise Mistake for a network that holds code of the student's: it cannot be saved without it, so nobody else can look at it."""
    if not type(network).__module__.startswith("keras."):
        raise Mistake("build it with keras.Sequential or the functional API: a subclass of keras.Model cannot be marked")
    for layer in network.layers:
        if hasattr(layer, "layers"):
            _refuse_own_code(layer)
        elif own := _own_code(layer):
            raise Mistake(
                f"the layer `{layer.name}` holds {own}, and such a network cannot be marked: "
                'use what Keras has, such as keras.regularizers.L2(0.01) or activation="relu"'
            )


def _own_code(layer: Any) -> str:
    """What in a layer is not Keras's own, in words; "" if nothing is."""
    import keras

    kind = type(layer)
    if not kind.__module__.startswith("keras.") or kind is keras.layers.Lambda:
        return f"code: it is a {kind.__name__}"
    for item in [*vars(layer).values(), *vars(getattr(layer, "cell", layer)).values()]:
        if type(item) is FunctionType and str(item.__module__).split(".")[0] not in _FRAMEWORKS:
            return "a lambda" if item.__name__ == "<lambda>" else f"your function {item.__name__}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of what is looked for here
        waiting: list[Any] = [layer.get_config()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = part.get("class_name")
            if name == "__lambda__":
                return "a lambda"
            if isinstance(name, str) and not name.startswith("__") and part.get("module", "keras") is None:
                return f"an object of your class {name}"
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return ""


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


# ── plain values ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _array(value: Any) -> np.ndarray:
    """`value` as a plain NumPy array of numbers, or a Mistake that says why it is none."""
    _refuse_unfinished(value)
    if _is(value, str, bytes, dict, set):
        raise Mistake(f"expected numbers, got {_short(value)}")
    if _is(value, *_ITERATORS):
        raise Mistake(f"expected numbers, got {_short(value)}, which gives its items only once: list(…) makes a list of it")
    if not _plain(value):
        raise Mistake(f"expected a number, an array or a list of numbers, got {_short(value)}")
    if _is(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise Mistake("expected numbers, got a MaskedArray with masked entries: filled(…) gives each of them a value")
    try:
        array = np.asarray(_listed(value.detach().cpu() if hasattr(value, "detach") else value))
    except Exception as error:
        raise Mistake(f"expected numbers of one shape, got {_short(value)} ({error})") from error
    if array.dtype.kind == "O" and all(isinstance(item, Real | Decimal) for item in array.flat):
        array = array.astype(float)
    if array.dtype.kind not in "biufc":
        raise Mistake(f"expected numbers, got {_short(value)}")
    return np.array(array, subok=False)


_FRAMEWORKS = ("numpy", "tensorflow", "keras", "jax", "jaxlib", "torch", "pandas")
_NUMBERS = (bool, int, float, complex, Fraction, Decimal)
_ITERATORS = (GeneratorType, map, filter, zip, enumerate, reversed)
_ROWS: tuple[type, ...] = (list, tuple, range, deque, type({}.values()), type({}.keys()))


def _plain(value: Any) -> bool:
    if _is(value, *_ROWS):
        return all(map(_plain, value))
    kind = type(value)
    return kind in _NUMBERS or kind.__module__.split(".")[0] in _FRAMEWORKS


def _listed(value: Any) -> Any:
    """Rows of every kind as lists, of which NumPy makes arrays."""
    return list(map(_listed, value)) if _is(value, *_ROWS) else value


def _is(value: Any, *kinds: type) -> bool:
    """Whether the value is of one of these types: by its type alone, since an object may call itself anything."""
    return issubclass(type(value), kinds)


def _refuse_unfinished(value: Any) -> None:
    if value is None:
        raise Mistake(
            "the answer is None: is a `return` missing, or does a function that works in place stand on the right of `=`?"
        )
    if value is Ellipsis or value is NotImplemented:
        raise Mistake("nothing is written here yet: replace the placeholder by your answer")
    if _is(value, FunctionType):
        raise Mistake(f"got the function `{value.__name__}` itself: call it with parentheses to get its result")
    if _is(value, type, ModuleType):
        raise Mistake(f"got {value!r} itself, expected a value")


def _same(actual: Any, expected: Any) -> bool:
    if _is(expected, str) or _is(actual, str):
        return type(actual) in (str, np.str_) and _is(expected, str) and str(actual) == expected
    if _is(expected, dict):
        return (
            _is(actual, dict)
            and actual.keys() == expected.keys()
            and all(_same(actual[key], expected[key]) for key in expected)
        )
    if _is(expected, list, tuple) and _is(actual, list, tuple):
        return len(actual) == len(expected) and all(_same(a, e) for a, e in zip(actual, expected, strict=True))
    if _is(expected, set, frozenset):
        return _is(actual, set, frozenset) and actual == expected
    if expected is None:
        return actual is None
    try:
        got, want = _array(actual), _array(expected)
    except Mistake:
        return False
    return got.shape == want.shape and bool(np.all(got == want))


def _value(wrong: Any) -> Any:
    return wrong() if callable(wrong) else wrong


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shape(got: np.ndarray, want: tuple[int, ...], hint: str | None) -> None:
    if got.shape == want:
        return
    notes = [hint] if hint else []
    if len(want) >= 2 and got.shape == want[::-1]:
        notes.append("it is transposed: rows and columns are swapped")
    elif got.size == np.prod(want, dtype=int) and got.squeeze().shape == tuple(n for n in want if n != 1):
        many, few = "many: try [:, 0] or .squeeze()", "few: try [:, np.newaxis] or keepdims=True"
        notes.append(f"it has an axis of length 1 too {many if got.ndim > len(want) else few}")
    elif got.ndim == 0:
        notes.append("it is a single number: did you sum or average over everything, or return inside the loop?")
    raise Mistake("\n".join([*notes, f"the shape is {got.shape}, expected {want}"]))


def _guesses(got: np.ndarray, want: np.ndarray, near: Callable[[np.ndarray], bool]) -> list[str]:
    """What a wrong array looks like, in words: opposite sign, a constant factor, a constant offset, transposed, not finite."""
    if not np.isfinite(got).all() and np.isfinite(want).all():
        return ["it contains nan or inf: look for an overflow, a division by 0 or log(0)"]
    if want.dtype == bool or not want.any():
        return []
    if near(-want):
        return ["the sign is the wrong way round"]
    if want.ndim == 2 and want.shape[0] == want.shape[1] and near(want.T):
        return ["it is transposed: rows and columns are swapped"]
    anchor = np.unravel_index(np.argmax(np.abs(want)), want.shape)
    factor = got[anchor] / want[anchor]
    if want.size > 1 and np.isfinite(factor) and factor != 0 and abs(factor - 1) > 1e-3 and near(want * factor):
        return [f"every number is {factor:.4g} times what it should be: a factor is missing or too many"]
    offset = got[anchor] - want[anchor]
    if want.size > 1 and near(want + offset):
        return [f"every number is off by the same {offset:.4g}"]
    return []


def _difference(got: np.ndarray, want: np.ndarray) -> str:
    if got.ndim == 0:
        return f"got {got.item():.6g}, expected {want.item():.6g}"
    kind = complex if "c" in (got.dtype.kind, want.dtype.kind) else float
    got, want = got.astype(kind), want.astype(kind)
    with np.errstate(invalid="ignore"):
        gap = np.abs(got - want)
    gap[np.isnan(gap)] = np.inf
    gap[got == want] = 0  # two infinities are no difference
    at = tuple(int(i) for i in np.unravel_index(np.argmax(gap), gap.shape))
    wrong = int((gap > 0).sum())
    place = ", ".join(map(str, at))
    return f"the largest of {wrong} differences is at [{place}]: got {got[at]:.6g}, expected {want[at]:.6g}"


def _one_line(text: str) -> str:
    """What a student's code says in an error: short, since it knows what the hidden part of a test handed to it."""
    words = " ".join(text[:4000].split())
    return words if len(words) <= 200 else f"{words[:199]}…"


def _short(value: Any) -> str:
    if _is(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    try:
        text = repr(value)
    except Exception:
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}…"
