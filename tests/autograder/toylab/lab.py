# %% [markdown]
# # A toy lab
#
# Two exercises, one written question. A mean of 1 to 4 is 2.5.

# %% given="setup"
import numpy as np

from coursekit import check

# %% given="budget" parameters=true
STEPS = 200

# %% [markdown]
# ### Exercise 1 (12 points)
#
# Write `mean`.


# %% exercise="mean"
def mean(x):
    """The mean of a 1-D float array, which is not changed."""
    ### BEGIN SOLUTION
    return x.sum() / len(x)
    ### END SOLUTION


# %% tests="mean" points=8
check.close(mean(np.array([1.0, 2.0, 3.0, 4.0])), 2.5, mistakes={"a sum: divide by the number of entries": 10.0}, hint="add up")
### BEGIN HIDDEN TESTS
x = np.random.default_rng().normal(size=7)
check.close(mean(x.copy()), np.average(x), hint="it must work for any length")
### END HIDDEN TESTS

# %% tests="mean_pure" points=4
z = np.ones(3)
with check.unchanged(z):
    mean(z)

# %% [markdown]
# ### Exercise 2 (8 points)
#
# Halve `w` as often as `STEPS` says.

# %%
w = 1.0

# %% exercise="halving" trains=true
### BEGIN SOLUTION
for _ in range(STEPS):
    w = w / 2
### END SOLUTION

# %% tests="halving" points=8
check.between(w, 0, 0.5, name="w")
### BEGIN HIDDEN TESTS
check.close(w, 2.0**-STEPS, hint="count the steps")
### END HIDDEN TESTS

# %% [markdown]
# **Question (4 points).** Why is the mean sensitive to outliers?

# %% [markdown] written="why" points=4
# Every entry enters with the same weight. (2 points for the weight, 2 for an example.)
