# %% [markdown]
# # Estimators

# %%
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

iris = load_iris(as_frame=True)

# %% solution="split"
### BEGIN SOLUTION
X_train, X_test, y_train, y_test = train_test_split(iris.data, iris.target, test_size=0.2, random_state=1, stratify=iris.target)
### END SOLUTION

# %% tests="split_sizes" points=2
assert len(X_train) == 120 and len(y_test) == 30
assert y_test.value_counts().nunique() == 1
assert (X_train.index == y_train.index).all()

# %% tests="split_disjoint" points=1
assert not set(X_train.index) & set(X_test.index)
assert isinstance(X_train, pd.DataFrame)

# %% solution="model"
### BEGIN SOLUTION
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X_train, y_train)
### END SOLUTION

# %% tests="model_is_a_pipeline" points=1
assert isinstance(model, Pipeline)
assert isinstance(model[-1], LogisticRegression)

# %% tests="model_accuracy" points=2
assert model.score(X_test, y_test) > 0.85
assert model.predict(X_test[:3]).shape == (3,)

# %% solution="Clip"
class Clip(BaseEstimator, TransformerMixin):
    """Clips each column to the range between two quantiles of what it was fitted to."""

    def __init__(self, low=0.05, high=0.95):
        self.low, self.high = low, high

    ### BEGIN SOLUTION
    def fit(self, X, y=None):
        self.bounds_ = np.quantile(X, [self.low, self.high], axis=0)
        return self

    def transform(self, X):
        return np.clip(X, *self.bounds_)
    ### END SOLUTION

# %% tests="clip_bounds" points=2
data = np.arange(101.0).reshape(-1, 1)
clip = Clip(0.1, 0.9).fit(data)
assert clip.transform(data).min() == 10 and clip.transform(data).max() == 90
assert clip.get_params() == {"low": 0.1, "high": 0.9}

# %% tests="clip_in_a_pipeline" points=1
pipe = make_pipeline(Clip(), LogisticRegression(max_iter=500))
assert cross_val_score(pipe, iris.data.values, iris.target, cv=3).mean() > 0.85

# %% solution="Mean"
class MeanRegressor(BaseEstimator, RegressorMixin):
    ### BEGIN SOLUTION
    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)
    ### END SOLUTION

# %% tests="mean_score" points=1
assert abs(MeanRegressor().fit(data, data.ravel()).score(data, data.ravel())) < 1e-9

# %% solution="confusion"
def confusion(y, y_hat, labels):
    """A DataFrame: rows are true labels, columns predicted ones."""
    ### BEGIN SOLUTION
    table = pd.crosstab(pd.Series(y, name="true"), pd.Series(y_hat, name="predicted"))
    return table.reindex(index=labels, columns=labels, fill_value=0)
    ### END SOLUTION

# %% tests="confusion_counts" points=2
c = confusion(["a", "b", "b"], ["a", "a", "b"], ["a", "b", "c"])
assert c.loc["b", "a"] == 1 and c.loc["c"].sum() == 0
assert c.values.sum() == 3

# %% solution="best"
### BEGIN SOLUTION
scores = {C: cross_val_score(LogisticRegression(C=C, max_iter=500), X_train, y_train, cv=3).mean() for C in (0.01, 1.0)}
best_C = max(scores, key=scores.get)
### END SOLUTION

# %% tests="best_chosen" points=1
assert best_C == 1.0
assert set(scores) == {0.01, 1.0}
