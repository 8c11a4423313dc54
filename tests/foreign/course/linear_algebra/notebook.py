# %% [markdown]
# # Arrays

# %%
import numpy as np

# %% [markdown]
# Choose the strength of the ridge below: any value between 0.1 and 2 does.

# %%
alpha = 0.5  # choose

# %%
A = np.array([[4.0, 1.0], [1.0, 3.0]])
b = np.array([1.0, 2.0])

# %% solution="ridge"
def ridge(A, b):
    """The solution of (A + alpha I) x = b, with the alpha that you chose."""
    ### BEGIN SOLUTION
    return np.linalg.solve(A + alpha * np.eye(len(A)), b)
    ### END SOLUTION

# %% tests="alpha_chosen" points=1
assert 0.1 <= alpha <= 2

# %% tests="ridge_solves" points=2
x = ridge(A, b)
assert np.allclose((A + alpha * np.eye(2)) @ x, b)

# %% tests="ridge_leaves_A" points=1
assert np.array_equal(A, [[4, 1], [1, 3]])
assert A.flags.writeable

# %% solution="transpose"
def flipped(M):
    """M upside down, as a view: no copy."""
    ### BEGIN SOLUTION
    return M[::-1]
    ### END SOLUTION

# %% tests="transpose_is_a_view" points=1
assert np.array_equal(flipped(A), [[1, 3], [4, 1]])
assert np.shares_memory(flipped(A), A)

# %% solution="scale"
def scale(M, factors):
    """Multiply the rows of M in place; return nothing."""
    ### BEGIN SOLUTION
    M *= np.asarray(factors)[:, None]
    ### END SOLUTION

# %% tests="scale_in_place" points=2
S = np.ones((2, 3))
assert scale(S, [2, 3]) is None
assert np.array_equal(S, [[2, 2, 2], [3, 3, 3]])

# %% tests="scale_a_slice" points=1
T = np.ones((4, 2))
scale(T[1:3], [5, 7])
assert T[:, 0].tolist() == [1, 5, 7, 1]

# %% solution="center"
def centered(X):
    ### BEGIN SOLUTION
    return X - X.mean(axis=0)
    ### END SOLUTION

# %% tests="center_values" points=1
X = np.random.default_rng(0).normal(size=(20, 3))
assert np.allclose(centered(X).mean(axis=0), 0)
assert centered(X).dtype == float and centered(X) is not X

# %% tests="center_leaves_X" points=1
kept = X.copy()
centered(X)
assert (X == kept).all()

# %% tests="center_any_kind" points=1
ints = np.arange(6).reshape(3, 2)
assert np.allclose(centered(ints), [[-2, -2], [0, 0], [2, 2]])
masked = np.ma.masked_invalid([[1.0, np.nan], [3.0, 4.0]])
assert centered(masked).mask.sum() == 1

# %% solution="stats"
from collections import namedtuple

Summary = namedtuple("Summary", "mean std n")

def summary(values):
    ### BEGIN SOLUTION
    values = np.asarray(values)
    return Summary(values.mean(), values.std(ddof=1), values.size)
    ### END SOLUTION

# %% tests="stats_fields" points=2
s = summary([1, 2, 3, 6])
assert s.mean == 3 and s.n == 4
assert np.isclose(s.std, 2.160246899)

# %% tests="stats_is_a_tuple" points=1
m, sd, n = summary(range(5))
assert (m, n) == (2, 5)
assert s == (s[0], s[1], s[2])

# %% solution="eigen"
### BEGIN SOLUTION
values, vectors = np.linalg.eigh(A)
order = values.argsort()[::-1]
values, vectors = values[order], vectors[:, order]
### END SOLUTION

# %% tests="eigen_pairs" points=2
assert np.allclose(A @ vectors, vectors * values)
assert values[0] > values[1]

# %% solution="structured"
### BEGIN SOLUTION
people = np.array([("Ada", 36), ("Bo", 41)], dtype=[("name", "U10"), ("age", "i4")])
### END SOLUTION

# %% tests="structured_fields" points=1
assert people["age"].mean() == 38.5
assert people[people["age"] > 40]["name"].tolist() == ["Bo"]
