# %% [markdown]
# # State that goes from cell to cell
# Tests here leave something behind on which later cells rest.

# %%
import os

import numpy as np

np.set_printoptions(precision=2)
os.environ["GREETING"] = "hej"

# %%
np.random.seed(1)

# %% solution="inbox"
### BEGIN SOLUTION
inbox = ["first"]
### END SOLUTION

def send(message):
    ### BEGIN SOLUTION
    inbox.append(message)
    ### END SOLUTION

# %% tests="inbox_starts" points=1
assert inbox == ["first"]
inbox.append("from a test")

# %% tests="inbox_grows" points=2
send("third")
assert inbox == ["first", "from a test", "third"]

# %% solution="greet"
def greet(name):
    ### BEGIN SOLUTION
    return f"{os.environ['GREETING']} {name}"
    ### END SOLUTION

# %% tests="greet_now" points=1
assert greet("Ada") == "hej Ada"
os.environ["GREETING"] = "hello"

# %% tests="greet_later" points=1
assert greet("Ada") == "hello Ada"

# %% tests="helpers" points=0
from math import isclose

def near(a, b):
    return isclose(a, b, abs_tol=1e-3)

calls = []

# %% solution="show"
def show(x):
    """The array as text, with the printing options of this notebook."""
    ### BEGIN SOLUTION
    return str(np.asarray(x))
    ### END SOLUTION

# %% tests="show_two_digits" points=1
assert show([1.23456, 2.0]) == "[1.23 2.  ]"

# %% solution="root"
def root(x):
    ### BEGIN SOLUTION
    return x ** 0.5
    ### END SOLUTION

# %% tests="root_with_helper" points=2
assert near(root(2), 1.4142)
calls.append(root(9))

# %% tests="root_after" points=1
assert near(calls[-1], 3)
assert len(calls) == 1

# %% solution="draw"
def draw(n):
    """n numbers of NumPy's global generator."""
    ### BEGIN SOLUTION
    return np.random.rand(n)
    ### END SOLUTION

# %% tests="draw_goes_on" points=1
first = draw(3)
assert np.allclose(first, [0.417022, 0.720324, 0.000114], atol=1e-5)

# %% tests="draw_next" points=1
assert np.allclose(draw(2), [0.302333, 0.146756], atol=1e-5)

# %% solution="total"
total = 0
for k in range(1, 11):
    ### BEGIN SOLUTION
    total += k
    ### END SOLUTION

# %% tests="total_right" points=1
assert total == 55
total = "used up"

# %%
message = f"The total is {total}"

# %% tests="message" points=1
assert message == "The total is used up"
