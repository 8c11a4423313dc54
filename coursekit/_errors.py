"""Errors of a student's own code: where they arose in the notebook, and what usually causes them.

Knows neither labs nor cards.
"""

from __future__ import annotations

import builtins
import difflib
import linecache
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

__all__ = ["line_of_cell", "lines_of_code", "undefined_name", "usual_cause"]

# What the text of an error says → what usually causes it. The first entry that fits counts.
_CAUSES = (
    (
        r"truth value of an? (array|Series|DataFrame)|truth value of a Tensor|Boolean value of Tensor"
        r"|boolean conversion of traced array",
        "`if`, `and`, `or`, `not` and `while` need one yes or no, and this is a whole array of them. To choose for each entry, use "
        "`np.where(condition, a, b)` or `&` and `|`; for one answer about all of them, `.all()` or `.any()`.",
    ),
    (
        r"only (length-1|0-dimensional|size-1) arrays|must be real number, not|elements? (tensors can|cannot) be converted to"
        r"|Only scalar arrays can be converted",
        "A function for one number got a whole array. Functions of `math`, `int` and `float` take one number; `np.exp`, `np.sqrt` "
        "and `.astype(int)` take arrays.",
    ),
    (
        r"core dimension|not aligned|Matrix size-incompatible|incompatible for (matrix )?multiplication|shapes cannot be multiplied"
        r"|contracting dimensions to have the same shape",
        "In `A @ B` the number of columns of A must be the number of rows of B. Print both `.shape`s in the line above, and see which "
        "one is not as you think: an axis too few, or rows in place of columns.",
    ),
    (
        r"could not be broadcast|Incompatible shapes|must be broadcastable|size of tensor a .* must match the size of tensor b"
        r"|incompatible shapes for broadcasting",
        "Two arrays of shapes that do not fit are combined number by number. Print both `.shape`s in the line above: is one of them "
        "as long as the samples where it should be as long as the features, or has it lost an axis?",
    ),
    (
        r"setting an array element with a sequence|inhomogeneous",
        "An array needs rows of one length, and one number at each place. Is a row shorter, or is a list put where one number goes?",
    ),
    (
        r"axis -?\d+ is out of bounds|Dimension out of range|Invalid reduction dimension",
        "The array has fewer axes than the code thinks: the first is axis 0, so `axis=1` needs two. Print the `.shape` in the line "
        "above. An index such as `X[0]` and a sum drop an axis; `X[:1]` and `keepdims=True` keep it.",
    ),
    (
        r"index -?\d+ is out of bounds|[Ii]ndex out of range|[Tt]oo many indices",
        "There is no such entry: the first has the index 0, the last `len(x) - 1`. Print the `.shape` in the line above, and count "
        "the axes.",
    ),
    (
        r"cannot unpack non-iterable|not enough values to unpack|too many values to unpack",
        "The names on the left of `=` must be as many as the values on the right. If a function stands there, look at what it gives "
        "back with `return`.",
    ),
    (
        r"dtype='?string'? is not a valid dtype|Invalid dtype: str|dtype <U\d+ is not a valid JAX",
        '`compile` takes the weights of the losses in third place. Name what you pass: `metrics=["accuracy"]`.',
    ),
    (
        r"numpy\(\) on Tensor that requires grad",
        "On PyTorch, what a layer or a model computes is a tensor that remembers how, and NumPy does not take that. Inside of a layer "
        "call functions of `keras.ops`; outside, make an array of it with `keras.ops.convert_to_numpy(…)`.",
    ),
    (
        r"NoneType",
        "A value is None. A function that ends without `return` gives None, and so does a method that works in place, such as "
        "`.sort()` or `.append(…)`.",
    ),
    (
        r"unexpected keyword argument|required positional argument|positional arguments? but|multiple values for argument",
        "The call and the `def` line do not agree. Keep the `def` line of the exercise as it was given, and count what is passed.",
    ),
    (
        r"object is not callable",
        "Parentheses stand behind something that is no function: is a `*` missing, or is a variable named like a function?",
    ),
    (
        r"builtin_function_or_method|'function' object|'method' object",
        "A function is used where its result is meant: call it with parentheses.",
    ),
    (
        r"has no attribute '(append|extend)'",
        "Arrays do not grow. Collect in a list, and make an array of it at the end: `np.array(rows)`.",
    ),
    (
        r"UnboundLocalError",
        "A function that assigns a name treats it as its own everywhere. Give it a value before its first use, or use another name.",
    ),
    (
        r"does not support item assignment|arrays are immutable",
        "This value cannot be changed at one place, as tensors, tuples and texts cannot. Make a new one, or work on a NumPy array.",
    ),
    (r"(array|destination) is read-only", "This array may not be changed. Work on a copy: `x = x.copy()`."),
    (
        r"Cannot cast ufunc",
        "The array holds whole numbers, and cannot take others in place. Write `w = w + …`, or make an array of floats.",
    ),
    (
        r"can't multiply sequence|unsupported operand type.*'(list|tuple)'",
        "Lists do not calculate. Make an array of it first: `np.array(x)`.",
    ),
    (r"RecursionError", "A function calls itself without an end: is it called where another one is meant?"),
)


def usual_cause(error: BaseException | str) -> str:
    """Return what usually causes an error, in a sentence or two for a beginner; "" if that is not known.

    Args:
        error: The error, or its name and text, such as "TypeError: 'int' object is not callable".
    """
    said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return next((cause for pattern, cause in _CAUSES if re.search(pattern, said)), "")


def undefined_name(error: BaseException, names: Mapping[str, Any]) -> str:
    """Say that nothing defines the name that an error speaks of, and which known name is like it; "" for another error.

    Args:
        error: The error.
        names: The variables of the notebook.
    """
    if isinstance(error, AttributeError):
        return _unknown_part(str(error))
    name = getattr(error, "name", None)
    if not isinstance(error, NameError) or isinstance(error, UnboundLocalError) or not name:
        return ""
    frames = list(traceback.walk_tb(error.__traceback__))
    known = [*(frames[-1][0].f_locals if frames else ()), *names, *vars(builtins)]
    near = difflib.get_close_matches(name, [one for one in known if not one.startswith("_")], n=1, cutoff=0.7)
    return f"Nothing defines `{name}`. " + (
        f"Did you mean `{near[0]}`?" if near else "Is it spelt as where you gave it a value?"
    )


def _unknown_part(said: str) -> str:
    """Say which function of a module is like the one that an error looked for in it; "" if none is, or no module is named."""
    found = re.search(r"^module '([\w.]+)' has no attribute '(\w+)'", said)
    module = sys.modules.get(found[1]) if found else None
    near = difflib.get_close_matches(found[2], dir(module), n=1, cutoff=0.7) if found and module is not None else []
    return f"`{found[1]}` has no `{found[2]}`. Did you mean `{near[0]}`?" if found and near else ""


def lines_of_code(error: BaseException, names: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines of the student's own functions that ran before an error: in that which the cell called, and in the last one.

    Args:
        error: The error. Where it explains another one, that one is looked at.
        names: The variables of the notebook, by which functions of its cells are known.

    Returns:
        Such as "line 8 of its cell, in `predict`: `return X @ w`", at most two; none if the error did not arise in such a function.
    """
    frames = list(_frames(error.__cause__ or error, names))
    cell = frames[0][0].f_code.co_filename if frames else ""
    within = [(frame, line) for frame, line in frames if frame.f_code.co_filename != cell]
    files = [frame.f_code.co_filename for frame, _ in within]
    if not within:
        return ()
    # The last line in the cell of the first function, and where another cell's function was called from it, the last line there.
    first = max(place for place, file in enumerate(files) if file == files[0])
    shown = [within[first], *([within[-1]] if files[-1] != files[0] else [])]
    return tuple(f"line {line} of its cell, in `{frame.f_code.co_name}`: {_code(frame, line)}" for frame, line in shown)


def line_of_cell(error: BaseException, names: Mapping[str, Any]) -> str:
    """Return the line of the cell that ran when an error arose, such as "`w, b = train(X, y)`"; "" if it is not known."""
    frames = list(_frames(error.__cause__ or error, names))
    inner = [pair for pair in frames if pair[0].f_code.co_filename == frames[0][0].f_code.co_filename]
    return _code(*inner[-1]) if inner else ""


def _frames(error: BaseException, names: Mapping[str, Any]) -> Iterator[tuple[FrameType, int]]:
    """Yield the frames of cells of the notebook and of functions that they define, and the line of each."""
    return ((frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_globals is names)


def _code(frame: FrameType, line: int) -> str:
    """Return a line as code. Backticks in it would end the code early."""
    text = linecache.getline(frame.f_code.co_filename, line).strip()
    return f"`{text}`" if "`" not in text else text
