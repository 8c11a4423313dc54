# %% [markdown]
# # What else a function does: errors, warnings, output, input

# %%
import warnings

import numpy as np

# %% solution="root"
def root(x):
    """The square root; TypeError for text, ValueError below 0, whose message holds the number."""
    ### BEGIN SOLUTION
    if isinstance(x, str):
        raise TypeError("text has no root")
    if x < 0:
        raise ValueError(f"{x} is below 0")
    return x**0.5
    ### END SOLUTION

# %% tests="root_errors" points=2
import pytest

with pytest.raises(ValueError, match="-4"):
    root(-4)
with pytest.raises(TypeError):
    root("4")
assert root(9) == 3

# %% solution="NegativeError"
### BEGIN SOLUTION
class NegativeError(ValueError):
    def __init__(self, value):
        super().__init__(f"{value} is negative")
        self.value = value
### END SOLUTION

def check(x):
    ### BEGIN SOLUTION
    if x < 0:
        raise NegativeError(x)
    return x
    ### END SOLUTION

# %% tests="negative_is_a_value_error" points=1
try:
    check(-2)
except ValueError as error:
    assert "negative" in str(error)
else:
    raise AssertionError("expected an error")

# %% tests="negative_holds_the_value" points=2
try:
    check(-2)
    assert False
except NegativeError as error:
    assert error.value == -2

# %% solution="mean"
def mean(values):
    """The mean; nan with a warning (UserWarning) for an empty list."""
    ### BEGIN SOLUTION
    if not len(values):
        warnings.warn("nothing to average")
        return float("nan")
    return sum(values) / len(values)
    ### END SOLUTION

# %% tests="mean_warns" points=2
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    assert np.isnan(mean([]))
assert [w.category for w in seen] == [UserWarning]

# %% tests="mean_does_not_warn" points=1
with warnings.catch_warnings():
    warnings.simplefilter("error")
    assert mean([1, 2]) == 1.5

# %% solution="log"
def safe_log(x):
    """log of the array, 0 where x is 0; no warning."""
    ### BEGIN SOLUTION
    out = np.zeros_like(x, dtype=float)
    np.log(x, out=out, where=x > 0)
    return out
    ### END SOLUTION

# %% tests="log_without_stderr" points=1
assert np.allclose(safe_log(np.array([0.0, 1.0, np.e])), [0, 0, 1])

# %% solution="table"
def print_table(n):
    """Print `k * k` for k from 1 to n, one a line."""
    ### BEGIN SOLUTION
    for k in range(1, n + 1):
        print(f"{k} {k * k}")
    ### END SOLUTION

# %% tests="table_printed" points=2
import io
from contextlib import redirect_stdout

with redirect_stdout(io.StringIO()) as out:
    result = print_table(3)
assert out.getvalue() == "1 1\n2 4\n3 9\n"
assert result is None

# %% solution="quiet"
def double(x):
    """Twice x; prints nothing."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% tests="quiet_prints_nothing" points=1
with redirect_stdout(io.StringIO()) as out:
    assert double(4) == 8
assert out.getvalue() == ""

# %% solution="ask"
def ask():
    """Ask for a number until it is one; return it."""
    ### BEGIN SOLUTION
    while True:
        answer = input("A number: ")
        try:
            return int(answer)
        except ValueError:
            print("That is no number")
    ### END SOLUTION

# %% tests="ask_until_right" points=2
from unittest import mock

with mock.patch("builtins.input", side_effect=["x", "", "12"]) as asked:
    assert ask() == 12
assert asked.call_count == 3

# %% tests="ask_prints" points=1
with mock.patch("builtins.input", side_effect=["x", "1"]), mock.patch("builtins.print") as printed:
    ask()
printed.assert_called_once()

# %% solution="exit"
def stop(code):
    """Leave with this code."""
    ### BEGIN SOLUTION
    raise SystemExit(code)
    ### END SOLUTION

# %% tests="exit_code" points=1
try:
    stop(3)
except SystemExit as e:
    assert e.code == 3
else:
    assert False, "it went on"

# %% solution="cleanup"
def read_first(file):
    """First line; the file is closed, whatever happens."""
    ### BEGIN SOLUTION
    try:
        return next(file)
    finally:
        file.close()
    ### END SOLUTION

# %% tests="cleanup_closes" points=2
f = io.StringIO("a\nb\n")
assert read_first(f) == "a\n"
assert f.closed
g = io.StringIO("")
try:
    read_first(g)
except StopIteration:
    pass
assert g.closed
