# %% [markdown]
# # Parts of the points
# In these tests the value of the last line is what the answer earns.

# %%
import numpy as np

# %% solution="primes"
def is_prime(n):
    ### BEGIN SOLUTION
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))
    ### END SOLUTION

# %% tests="primes_share" points=4
known = {2: True, 3: True, 4: False, 9: False, 1: False, 0: False, 97: True, 91: False}
sum(is_prime(n) == truth for n, truth in known.items()) / 2

# %% tests="primes_steps" points=3
marks = 0
if is_prime(2):
    marks += 1
if not is_prime(1):
    marks += 1
if not is_prime(49):
    marks += 1
marks

# %% solution="normalise"
def normalise(X):
    """Columns with mean 0 and standard deviation 1."""
    ### BEGIN SOLUTION
    return (X - X.mean(axis=0)) / X.std(axis=0)
    ### END SOLUTION

# %% tests="normalise_numpy" points=2
X = np.array([[1.0, 10.0], [3.0, 30.0]])
Z = normalise(X)
np.sum([np.allclose(Z.mean(axis=0), 0), np.allclose(Z.std(axis=0), 1)])

# %% tests="normalise_float" points=2
2 * np.mean(np.isclose(normalise(X), [[-1, -1], [1, 1]]))

# %% tests="normalise_round" points=1
round(float(np.isclose(normalise(X + 5), Z).mean()), 2)

# %% solution="words"
def shout(text):
    ### BEGIN SOLUTION
    return text.upper() + "!"
    ### END SOLUTION

# %% tests="words_value_is_text" points=2
assert shout("hi").isupper()
shout("hi")

# %% tests="words_true" points=2
shout("hi") == "HI!"

# %% tests="words_none" points=1
print(shout("hey"))

# %% tests="words_below_nothing" points=2
# nbgrader finds this strange, and gives all points.
3 - len(shout("hello"))

# %% tests="words_two_values" points=2
0.5
2 if shout("a") == "A!" else 0.5

# %% tests="words_hidden_value" points=2
1 if shout("a") == "A!" else 0;

# %% solution="bonus"
### BEGIN SOLUTION
bonus = 1
### END SOLUTION

# %% tests="bonus_without_points" points=0
assert bonus == 1

# %% tests="bonus_fraction" points=0.5
assert bonus
bonus / 2
