# %% [markdown]
# # Answers that are compared by their kind, their text and their hash

# %%
import hashlib

import numpy as np
import pandas as pd

def digest(value):
    return hashlib.md5(str(value).encode()).hexdigest()

def kind(value):
    return str(type(value))

values = [3, 1, 4, 1, 5, 9, 2, 6]

# %% [markdown]
# The mean of `values`, as `answer1`.

# %% solution="answer1"
### BEGIN SOLUTION
answer1 = sum(values) / len(values)
### END SOLUTION

# %% tests="answer1_exists" points=1
assert "answer1" in globals(), "give your answer the name answer1"
assert answer1 is not None

# %% tests="answer1_hash" points=1
assert digest(round(answer1, 3)) == "7e8d50e867cdb9796a7beff58aae9c9a"

# %% tests="answer1_kind" points=1
assert kind(answer1) in ("<class 'float'>", "<class 'numpy.float64'>")
assert kind(round(answer1)) == "<class 'int'>"

# %% solution="answer2"
### BEGIN SOLUTION
answer2 = np.sort(values)
### END SOLUTION

# %% tests="answer2_kind" points=1
assert isinstance(answer2, np.ndarray)
assert answer2.dtype.kind == "i"
assert repr(answer2).startswith("array([1, 1, 2")

# %% tests="answer2_not_the_list" points=1
assert values[0] == 3
assert answer2 is not values

# %% solution="answer3"
### BEGIN SOLUTION
answer3 = {"low": min(values), "high": max(values)}
### END SOLUTION

# %% tests="answer3_in_order" points=1
assert str(answer3) == "{'low': 1, 'high': 9}"
assert type(answer3) == dict

# %% tests="answer3_strict_kinds" points=1
assert all(type(v) is int for v in answer3.values())

# %% solution="answer4"
### BEGIN SOLUTION
answer4 = "B"
### END SOLUTION

# %% tests="answer4_choice" points=1
assert type(answer4) == str and answer4.upper() in "ABCD"
assert digest(answer4.strip().upper()) == "9d5ed678fe57bcca610140957afab571"

# %% solution="answer5"
### BEGIN SOLUTION
answer5 = pd.Series(values, name="v").value_counts().sort_index()
### END SOLUTION

# %% tests="answer5_text" points=1
assert answer5.to_string().split()[1:] == ["1", "2", "2", "1", "3", "1", "4", "1", "5", "1", "6", "1", "9", "1"]
assert answer5.index.name == "v"

# %% solution="f"
def f(x):
    """A function with a docstring."""
    ### BEGIN SOLUTION
    return x > 2
    ### END SOLUTION

# %% tests="f_callable" points=1
assert callable(f)
assert f.__name__ == "f"
assert f.__doc__

# %% tests="f_is_true" points=1
assert f(3) is True
assert f(1) is False

# %% tests="f_defined_here" points=1
assert "f" in dir()
assert f.__module__ == "__main__"

# %% solution="answer6"
### BEGIN SOLUTION
answer6 = (1, [2, 3], {4}, None, float("nan"), -0.0, 1e400, "é")
### END SOLUTION

# %% tests="answer6_nested" points=1
assert str(answer6) == "(1, [2, 3], {4}, None, nan, -0.0, inf, 'é')"
assert [type(part).__name__ for part in answer6] == ["int", "list", "set", "NoneType", "float", "float", "float", "str"]

# %% solution="answer7"
### BEGIN SOLUTION
answer7 = True
### END SOLUTION

# %% tests="answer7_truth" points=1
assert answer7 is True

# %% tests="no_leftovers" points=1
assert "sorted_values" not in globals()
try:
    undefined_by_students
except NameError:
    pass
else:
    raise AssertionError("that name is not to be used")

# %% tests="strict_when_graded" points=1
# Students who run this cell see nothing; nbgrader says when it grades.
import os

if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    assert isinstance(answer1, float) and answer1 == 3.875
    assert answer4 == "B"
