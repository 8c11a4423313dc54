# %% [markdown]
# # A small network

# %%
import keras
import numpy as np

keras.utils.set_random_seed(1)
x = np.linspace(-1, 1, 64).reshape(-1, 1).astype("float32")
y = 3 * x + 1
keras.ops.sum(x)  # TensorFlow writes log lines to stderr at its first operation: not in a test, which would give nothing then

# %% solution="build"
def build(width=8):
    """Input of one number, a hidden layer with `width` ReLU units, one linear output; compiled for mse."""
    ### BEGIN SOLUTION
    model = keras.Sequential([
        keras.Input((1,)),
        keras.layers.Dense(width, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.1))
    return model
    ### END SOLUTION

# %% tests="build_layers" points=2
m = build(5)
assert [layer.units for layer in m.layers] == [5, 1]
assert m.count_params() == 16
assert m.loss == "mse"

# %% solution="train"
### BEGIN SOLUTION
model = build()
history = model.fit(x, y, epochs=20, verbose=0)
### END SOLUTION

# %% tests="train_learns" points=2
assert history.history["loss"][-1] < history.history["loss"][0]
assert float(model.evaluate(x, y, verbose=0)) < 0.5

# %% tests="train_predicts" points=1
assert model.predict(x, verbose=0).shape == (64, 1)
assert len(history.epoch) == 20

# %% solution="Affine"
class Affine(keras.layers.Layer):
    """a x + b with two trainable numbers that start as 1 and 0."""

    ### BEGIN SOLUTION
    def build(self, shape):
        self.a = self.add_weight(shape=(), initializer="ones", name="a")
        self.b = self.add_weight(shape=(), initializer="zeros", name="b")

    def call(self, inputs):
        return self.a * inputs + self.b
    ### END SOLUTION

# %% tests="affine_starts" points=1
layer = Affine()
assert np.allclose(layer(x), x)
assert len(layer.trainable_weights) == 2

# %% tests="affine_learns" points=2
own = keras.Sequential([keras.Input((1,)), Affine()])
own.compile(loss="mse", optimizer=keras.optimizers.SGD(0.5))
own.fit(x, y, epochs=100, verbose=0)
assert np.allclose(own.predict(x, verbose=0), y, atol=0.1)

# %% solution="loss"
def huber_like(y_true, y_pred):
    ### BEGIN SOLUTION
    error = keras.ops.abs(y_true - y_pred)
    return keras.ops.mean(keras.ops.where(error < 1, error**2 / 2, error - 0.5))
    ### END SOLUTION

# %% tests="loss_values" points=1
assert abs(float(huber_like(np.array([0.0, 0.0]), np.array([0.5, 3.0]))) - (0.125 + 2.5) / 2) < 1e-6

# %% tests="loss_trains" points=1
third = build()
third.compile(loss=huber_like, optimizer="sgd")
assert np.isfinite(third.fit(x, y, epochs=1, verbose=0).history["loss"][0])
