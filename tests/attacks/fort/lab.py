# %% [markdown]
# # A lab made to be attacked
#
# Points of two kinds lie in a plane.

# %% given="setup"
import keras
import numpy as np

from coursekit import check

keras.utils.set_random_seed(1)

# %% given="points"
CENTRES = np.array([[-1.0, 0.5], [1.0, -0.5]])


def draw(n, seed):
    """n points of two kinds and the kind of each, 0 or 1."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return (CENTRES[y] + rng.normal(scale=0.3, size=(n, 2))).astype("float32"), y


X_train, y_train = draw(128, 1)
X_test, y_test = draw(40, 2)

# %% [markdown]
# **Exercise 1.** Write `softmax`.


# %% exercise="softmax"
def softmax(z):
    """The softmax of each row of z, shape (n, k)."""
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% tests="softmax" points=5
p = softmax(np.array([[0.0, 0.0], [0.0, np.log(3.0)]]))
check.close(p, [[0.5, 0.5], [0.25, 0.75]])
### BEGIN HIDDEN TESTS
MARK = "zq7x-4f1e-9b2c-d035"
z = np.random.default_rng().normal(size=(6, 4))
e = np.exp(z)
check.close(softmax(z.copy()), e / e.sum(axis=1, keepdims=True))
assert np.isfinite(softmax(np.full((1, 3), 1e4))).all(), "large inputs overflow"
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 2.** `nearest` holds, for each row of `X_test`, the number of the centre that is nearer.

# %% exercise="nearest"
### BEGIN SOLUTION
nearest = np.linalg.norm(X_test[:, None] - CENTRES, axis=2).argmin(axis=1)
### END SOLUTION

# %% tests="nearest" points=4
check.close(nearest[:1], [y_test[0]])
### BEGIN HIDDEN TESTS
MARK = "zq7x-4f1e-9b2c-d035"
own = ((X_test[:, None] - CENTRES) ** 2).sum(axis=2).argmin(axis=1)
check.close(nearest, own)
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 3.** Train `model` to name the kind of a point, its `history` with a loss for the validation data `(X_test, y_test)`.

# %% exercise="network" trains=true
### BEGIN SOLUTION
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
# Four eager steps: hundreds of attacks hand in the whole lab, and tracing would take most of their time.
model.compile(keras.optimizers.SGD(2.0), loss="sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
history = model.fit(X_train, y_train, epochs=4, batch_size=128, verbose=0, validation_data=(X_test, y_test))
### END SOLUTION

# %% tests="public" points=1
y_hat = model.predict(X_test, verbose=0).argmax(axis=1)
check.between(np.mean(y_hat == y_test), 0.9, 1.0, name="the accuracy on X_test")

# %% tests="sealed" points=6
### BEGIN HIDDEN TESTS
X, y = draw(400, None)
kinds = np.array(["zq7x-4f1e-9b2c-d035 left", "zq7x-4f1e-9b2c-d035 right"])
sealed = kinds[y]
said = kinds[model.predict(X, verbose=0).argmax(axis=1)]
check.between(np.mean(said == sealed), 0.9, 1.0, name="the accuracy on points that the model never saw")
### END HIDDEN TESTS

# %% tests="history" points=3
check.shape(history.history["val_loss"], (4,))
### BEGIN HIDDEN TESTS
MARK = "zq7x-4f1e-9b2c-d035"
p = model.predict(X_test, verbose=0)
check.close(history.history["val_loss"][-1], -np.mean(np.log(p[np.arange(len(y_test)), y_test])), atol=1e-3, rtol=1e-3)
check.close(history.history["val_accuracy"][-1], np.mean(p.argmax(axis=1) == y_test), atol=1e-3)
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 4.** `last` is the number of points in `X_train`.

# %% exercise="last"
### BEGIN SOLUTION
last = len(X_train)
### END SOLUTION

# %% tests="last" points=1
check.close(last, 128)
### BEGIN HIDDEN TESTS
MARK = "zq7x-4f1e-9b2c-d035"
assert last == len(X_train)
### END HIDDEN TESTS
