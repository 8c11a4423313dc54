"""Plain values: what a check accepts as a number, an array or a text, and how it describes a difference.

Knows nothing of networks, labs or marks.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from numbers import Real
from types import BuiltinFunctionType, FunctionType, MethodType, MethodWrapperType, ModuleType
from typing import Any

import numpy as np

from coursekit._arrays import widened
from coursekit._check_cards import show_mistake
from coursekit._words import plain, unbroken, uncoloured

__all__ = [
    "FRAMEWORKS",
    "Mistake",
    "difference",
    "guesses",
    "is_a",
    "is_iterator",
    "mistake",
    "one_line",
    "plain_array",
    "refuse_shape",
    "refuse_unfinished",
    "same",
    "short",
    "stopped",
    "value_of",
]


class Mistake(AssertionError):
    """A failed check. `str()` of it is the message for the student.

    A notebook shows the message and the line of the cell that failed, without a traceback through
    this package: to a person as a card, to a program and in a terminal as text.

    Attributes:
        detail: What came and what was expected, where the message says only what is likely wrong. The card shows it too.
    """

    __module__ = "coursekit.check"  # its public name, which a traceback shows
    _has_card = False
    detail = ""

    def _render_traceback_(self) -> list[str]:
        frames = traceback.extract_tb(self.__traceback__)
        own = [frame for frame in frames if frame.line and _is_theirs(frame.filename)]
        where = f"line {own[-1].lineno}:  {own[-1].line}" if own else ""
        if not self._has_card:  # IPython asks twice: for the page and for its history
            self._has_card = show_mistake(self, where)
        if self._has_card:
            return [f"✗ {type(self).__name__}: the card above says what differs"]
        return [f"\x1b[31m✗ {type(self).__name__}\x1b[0m", *([where, ""] if where else []), str(self)]


def mistake(*said: str | None, detail: str = "") -> Mistake:
    """Return a failed check that says this, one line for each sentence.

    Args:
        *said: The likely mistake, what else was noticed, and at the end what came and what was expected; None is left out. An
            author may have broken a sentence anywhere: it is one line here.
        detail: What came and what was expected, if `said` is only the likely mistake.
    """
    made = Mistake("\n".join(unbroken(str(sentence)) for sentence in said if sentence))
    made.detail = detail
    return made


def _is_theirs(filename: str) -> bool:
    """Return whether a frame of this file belongs to the student, not to this package or to contextlib."""
    return os.path.dirname(filename) != os.path.dirname(__file__) and filename != contextlib.__file__


# ── plain values ─────────────────────────────────────────────────────────────────────────────────────────────────────


def plain_array(value: Any) -> np.ndarray:
    """Convert a value to a plain NumPy array of numbers or booleans.

    Raises:
        Mistake: If that is impossible. The message says why.
    """
    refuse_unfinished(value)
    if is_a(value, str, bytes, dict, set):
        raise Mistake(f"expected numbers, got {short(value)}")
    if not _plain(value):
        _refuse_entries(value)
        raise Mistake(f"expected a number, an array or a list of numbers, got {short(value)}")
    if is_a(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise Mistake("expected numbers, got a MaskedArray with masked entries: filled(…) gives each of them a value")
    try:
        array = widened(np.asarray(_listed(value.detach().cpu() if hasattr(value, "detach") else value)))
    except Exception as error:
        raise Mistake(f"expected numbers of one shape, got {short(value)} ({one_line(str(error))})") from error
    if array.dtype.kind == "O" and all(isinstance(item, Real | Decimal) for item in array.flat):
        array = array.astype(float)
    if array.dtype.kind not in "biufc":
        _refuse_entries(value)
        raise Mistake(f"expected numbers, got {short(value)}")
    return np.array(array, subok=False)


FRAMEWORKS = ("numpy", "tensorflow", "keras", "jax", "jaxlib", "torch", "pandas")
_TENSORS = ("tensorflow", "jax", "jaxlib", "torch")
_NUMBERS = (bool, int, float, complex, Fraction, Decimal)
# What is called with parentheses: functions and methods of Python, of C, and of NumPy and its random generators.
_FUNCTIONS: tuple[type, ...] = (
    *(FunctionType, MethodType, BuiltinFunctionType, MethodWrapperType, partial, np.ufunc),
    *(type(np.mean), type(np.random.Generator.normal)),
)
_ROWS: tuple[type, ...] = (list, tuple, range, deque, type({}.values()), type({}.keys()))


def _plain(value: Any) -> bool:
    """Return whether a value is a number, an array or tensor of a known library, or rows of these."""
    if is_a(value, *_ROWS):
        return all(map(_plain, value))
    kind = type(value)
    return kind in _NUMBERS or kind.__module__.split(".")[0] in FRAMEWORKS


def _refuse_entries(value: Any) -> None:
    """Raise `Mistake` for an iterator or a function in place of a number, also inside rows."""
    if is_a(value, *_ROWS):
        for part in value:
            _refuse_entries(part)
    elif is_iterator(value):
        raise Mistake(f"expected numbers, got {short(value)}, which gives its items only once: wrap it in list(…)")
    else:
        _refuse_function(value)


def _listed(value: Any) -> Any:
    """Convert rows of any kind to lists, from which NumPy makes arrays."""
    return list(map(_listed, value)) if is_a(value, *_ROWS) else value


def is_a(value: Any, *kinds: type) -> bool:
    """Return whether a value is of one of these types.

    Only its type counts: an object can claim any `__class__`.
    """
    return issubclass(type(value), kinds)


def is_iterator(value: Any) -> bool:
    """Return whether a value is an iterator of Python, such as a generator or a map object.

    An own class with `__next__` does not count: a stand-in of the grader for what cannot be shown has one too.
    """
    return is_a(value, Iterator) and type(value).__module__ in ("builtins", "itertools")


def refuse_unfinished(value: Any) -> None:
    """Raise `Mistake` for a value that shows that the answer is unfinished, such as None or a placeholder."""
    if value is None:
        raise Mistake(
            "the answer is None: is a `return` missing, or does a function that works in place stand on the right of `=`?"
        )
    if value is Ellipsis or value is NotImplemented:
        raise Mistake("nothing is written here yet: replace the placeholder by your answer")
    _refuse_function(value)
    if is_a(value, type):
        raise Mistake(f"got the class `{value.__name__}` itself, expected a value: call it with parentheses to make one")
    if is_a(value, ModuleType):
        raise Mistake(f"got the module `{value.__name__}` itself, expected a value")


def _refuse_function(value: Any) -> None:
    """Raise `Mistake` for a function or a method that was not called."""
    if not is_a(value, *_FUNCTIONS):
        return
    function = value.func if is_a(value, partial) else value
    kind = "function" if is_a(getattr(function, "__self__", None), type(None), ModuleType) else "method"
    name = getattr(function, "__name__", type(function).__name__)
    raise Mistake(f"got the {kind} `{name}` itself: call it with parentheses to get its result")


def same(actual: Any, expected: Any) -> bool:
    """Return whether two values are equal, as `check.equal` defines it."""
    if is_a(expected, str) or is_a(actual, str):
        return type(actual) in (str, np.str_) and is_a(expected, str) and str(actual) == expected
    if is_a(expected, dict):
        return (
            is_a(actual, dict)
            and actual.keys() == expected.keys()
            and all(same(actual[key], expected[key]) for key in expected)
        )
    if is_a(expected, list, tuple) and is_a(actual, list, tuple):
        return len(actual) == len(expected) and all(same(a, e) for a, e in zip(actual, expected, strict=True))
    if is_a(expected, set, frozenset):
        return is_a(actual, set, frozenset) and actual == expected
    if expected is None:
        return actual is None
    try:
        got, want = plain_array(actual), plain_array(expected)
    except Mistake:
        return False
    return got.shape == want.shape and bool(np.all(got == want))


def value_of(wrong: Any) -> Any:
    """Return a listed wrong value, computing it if it is given as a function."""
    return wrong() if callable(wrong) else wrong


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def refuse_shape(got: np.ndarray, want: tuple[int, ...], hint: str | None) -> None:
    """Raise `Mistake` if an array has another shape than `want`. The message names common causes."""
    if got.shape == want:
        return
    notes = [hint] if hint else []
    if len(want) >= 2 and got.shape == want[::-1]:
        notes.append("it is transposed: rows and columns are swapped")
    elif got.ndim == 0:
        array = " If the number is right, [number] makes an array of it" if want == (1,) else ""
        notes.append(f"it is a single number: did you sum or average over everything, or return inside the loop?{array}")
    elif want == () and got.shape == (2,) and got.dtype.kind in "iu":
        notes.append("if a comma stands in your number, write a point: 0.5, not 0,5")
    elif len(want) == 1 and want[0] > 1 and got.shape == (want[0], want[0]):
        n = want[0]
        notes.append(
            f"it is a table of each with each: ({n},) and ({n}, 1) were combined. Bring both to one shape, such as ({n},)"
        )
    elif got.size == np.prod(want, dtype=int) and got.squeeze().shape == tuple(n for n in want if n != 1):
        notes.append(_about_axis(got.shape, want))
    # Not everyone reads (3,) as a list of three numbers, or () as a number.
    words = f": that is {_in_words(got.shape)}, not {_in_words(want)}" if min(got.ndim, len(want)) < 2 else ""
    raise mistake(*notes, f"the shape is {got.shape}, expected {want}{words}")


def _about_axis(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    """Say how to remove or to add an axis of length 1."""
    many = len(got) > len(want)
    fewer, more = (want, got) if many else (got, want)
    if more == (1, *fewer):
        cure = "[0]" if many else "[np.newaxis]"
    elif more == (*fewer[:1], 1, *fewer[1:]):
        cure = "[:, 0]" if many else "[:, np.newaxis]"
    else:
        cure = ".squeeze()" if many else "keepdims=True"
    other = {True: ".squeeze()", False: "keepdims=True"}[many]
    return f"it has an axis of length 1 too {'many' if many else 'few'}: try {cure if cure == other else f'{cure} or {other}'}"


def _in_words(shape: tuple[int, ...]) -> str:
    """Return what an array of a shape is to somebody who does not read shapes."""
    if shape == ():
        return "a single number"
    if len(shape) == 1:
        return f"a list of {shape[0]} number{'' if shape == (1,) else 's'}"
    if len(shape) == 2:
        return f"{shape[0]} row{'' if shape[0] == 1 else 's'} of {shape[1]} number{'' if shape[1] == 1 else 's'}"
    return f"an array with {len(shape)} axes"


def guesses(got: np.ndarray, want: np.ndarray, near: Callable[[np.ndarray], bool], *, causes: bool = True) -> list[str]:
    """Describe how a wrong array relates to the right one: sign, factor, offset, transposed or not finite.

    Args:
        got: The wrong array.
        want: The right array, of the same shape.
        near: Returns whether `got` is close to an array.
        causes: Whether to name a cause too. A check with a hint names one itself, and two could contradict each other.
    """
    if not np.isfinite(got).all() and np.isfinite(want).all():
        return ["it contains nan or inf" + (": look for an overflow, a division by 0 or log(0)" if causes else "")]
    if want.dtype == bool or not want.any():
        return []
    if near(-want):
        return ["the sign is the wrong way round"]
    if want.ndim == 2 and want.shape[0] == want.shape[1] and near(want.T):
        return ["it is transposed: rows and columns are swapped"]
    anchor = np.unravel_index(np.argmax(np.abs(want)), want.shape)
    factor = got[anchor] / want[anchor]
    if want.size > 1 and np.isfinite(factor) and factor != 0 and abs(factor - 1) > 1e-3 and near(want * factor):
        return [
            f"every number is {factor:.4g} times what it should be" + (": a factor is missing or too many" if causes else "")
        ]
    offset = got[anchor] - want[anchor]
    if want.size > 1 and near(want + offset):
        return [f"every number is off by the same {offset:.4g}"]
    return []


def difference(got: np.ndarray, want: np.ndarray) -> str:
    """Describe the largest difference between two arrays, or their shapes if these differ."""
    if got.shape != want.shape:
        return f"the shape is {got.shape}, expected {want.shape}"
    if got.ndim == 0:
        return f"got {got.item():.6g}, expected {want.item():.6g}"
    kind = complex if "c" in (got.dtype.kind, want.dtype.kind) else float
    got, want = got.astype(kind), want.astype(kind)
    with np.errstate(invalid="ignore"):
        gap = np.abs(got - want)
    gap[np.isnan(gap)] = np.inf
    gap[got == want] = 0  # equal infinities do not differ
    at = tuple(int(i) for i in np.unravel_index(np.argmax(gap), gap.shape))
    wrong = int((gap > 0).sum())
    place = ", ".join(map(str, at))
    which = "the only difference" if wrong == 1 else f"the largest of {wrong} differences"
    return f"{which} is at [{place}]: got {got[at]:.6g}, expected {want[at]:.6g}"


def stopped(error: BaseException) -> str:
    """Say what stopped in a check: code that it called, or a line of the check itself, and with which error.

    Code of another cell counts as called, and so does an error that another process reports: the class of
    such an error has the attribute `said_elsewhere`.
    """
    said = one_line(f"{type(error).__name__}: {error}")
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if _is_theirs(frame.f_code.co_filename)]
    cells = [frame.f_code.co_filename for frame in frames if frame.f_globals is frames[0].f_globals]
    if getattr(type(error), "said_elsewhere", False) or len(set(cells)) > 1:
        return f"your code stopped with {said}"
    return f"the check could not go on with your result: {said}"


def one_line(text: str) -> str:
    """Shorten the text of an error of student code to one line of at most 200 characters.

    It must be short, because that code has seen what the hidden part of a test passed to it.
    """
    words = " ".join(uncoloured(text[:4000]).split())
    return words if len(words) <= 200 else f"{words[:199]}…"


def short(value: Any, most: int = 80) -> str:
    """Return a representation of a value of at most `most` characters, see `plain`. A tensor is shown as its numbers."""
    if type(value).__module__.split(".")[0] in _TENSORS and hasattr(value, "shape") and hasattr(value, "__array__"):
        with contextlib.suppress(Exception):
            value = widened(np.asarray(value))
    if is_a(value, np.ndarray):
        if value.size > 12:
            return f"an array of shape {value.shape}"
        value = value.item() if value.ndim == 0 else value
    if is_iterator(value):
        return f"a {type(value).__name__} object"
    return plain(value, most)
