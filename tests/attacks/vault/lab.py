# %% [markdown]
# # A lab with sealed data

# %% given="setup"
import numpy as np

from coursekit import check, data

# %% given="districts"
housing = data.load_california_housing()

# %% [markdown]
# **Exercise 1.** Write `predict`.


# %% exercise="predict"
def predict(X):
    """A price for each district of X, shape (n, 8)."""

    ### BEGIN SOLUTION
    def terms(X):
        return np.column_stack([np.log(np.abs(X)), np.ones(len(X))])

    return terms(X) @ np.linalg.lstsq(terms(housing.X_train), housing.y_train, rcond=None)[0]
    ### END SOLUTION


# %% tests="new_districts" points=2
check.shape(predict(housing.X_valid[:5]), (5,))
### BEGIN HIDDEN TESTS
from autograder import sealed  # noqa: E402

X, y = sealed.load("california-housing")
check.between(np.sqrt(np.mean((predict(X) - y) ** 2)), 0.0, 0.9, name="the error on districts that nobody was given")
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 2.** `last` is the number of features.

# %% exercise="last"
### BEGIN SOLUTION
last = housing.X_train.shape[1]
### END SOLUTION

# %% tests="last" points=1
check.close(last, 8)
### BEGIN HIDDEN TESTS
assert last == housing.X_valid.shape[1]
### END HIDDEN TESTS
