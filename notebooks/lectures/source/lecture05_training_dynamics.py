# %% [markdown]
# # Lecture 5 · Training dynamics
#
# A network can be large enough, the data good, the program right, and still it does not learn: its signals die on the
# way through the layers, or they explode. This is decided before the first step of training, by the *size of the
# random numbers* in the weights. In this lecture you follow numbers through ten layers, forward and backward, and see
# what keeps them alive.
#
# **When you have read it, you can**
#
# - derive and use the rules of Xavier and He for the first weights;
# - recognise vanishing and exploding gradients, saturated units and dead ReLUs, and measure them;
# - say why weights may not start at zero, and what the first loss should be;
# - explain why inputs should have mean 0 and variance 1;
# - compute batch normalisation in training and in use, and say when it helps.
#
# - **Time**: 50 minutes to read; the computer itself needs one or two minutes.
# - **Used in** [Lab 2](../labs/lab02_mlp.ipynb) (scaling, first loss), [Lab 4](../labs/lab04_dropout.ipynb) (the
#   scaling in dropout, which also keeps the size of a signal) and [Lab 5](../labs/lab05_transfer.ipynb)
#   (batch normalisation in training and in use).
#
# Lines that begin with `assert` check what the text says. If you change something and such a line stops the notebook,
# the claim no longer holds there: that is a result. Put a `#` before the line and go on.

# %%
import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
from coursekit import data, plotting
from threadpoolctl import threadpool_limits

coursekit.setup("lecture05_training_dynamics")
threadpool_limits(1);  # the matrices are small: in NumPy one core is faster than several that wait for each other

# %% fast={"SEEDS": 2, "IMAGES": 800, "EPOCHS": 4}
SEEDS = 4  # runs behind every mean
IMAGES = 2000  # training images
EPOCHS = 6  # rounds of the trainings in sections 6 and 8

# %% [markdown]
# ## 1 · Ten layers, one signal
#
# Ten layers of 100 units, without biases: $h_0 = x$, then $z_l = h_{l-1} W_l$ and $h_l = f(z_l)$. The inputs are
# random numbers with mean 0 and variance 1. We train nothing. We only look at how large the numbers are after each
# layer.


# %%
LAYERS, UNITS = 10, 100
rng = np.random.default_rng(np.random.randint(100_000))  # follows the seed that the line above prints
ACTIVATIONS = {  # name: (f, its slope written with the output h = f(z))
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda z: np.maximum(z, 0), lambda h: (h > 0).astype(float)),
    "sigmoid": (lambda z: 0.5 * (1 + np.tanh(z / 2)), lambda h: h * (1 - h)),
}


def forward(x, W, activation):
    """The outputs of all layers: [h_1, …, h_10], each (n, units)."""
    f, _ = ACTIVATIONS[activation]
    outputs, h = [], x
    for matrix in W:
        h = f(h @ matrix)
        outputs.append(h)
    return outputs


def weights(std):
    """Ten random matrices (units, units) with this standard deviation."""
    return [rng.normal(0, 1, (UNITS, UNITS)) * std for _ in range(LAYERS)]


x = rng.normal(0, 1, (200, UNITS))

# %% [markdown]
# **Predict before you run.** "Small random numbers" sounds reasonable: a standard deviation of 0.01. And 1.0, as
# large as the inputs? With tanh, what do the numbers look like after ten layers?

# %%
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.6), layout="constrained")
for ax, std in zip(axes, (0.01, 1.0)):
    plotting.histograms_through_depth(
        forward(x, weights(std), "tanh"), limits=(-1.05, 1.05), title=f"tanh, weights with std {std}", ax=ax
    )
last_small, last_large = (forward(x, weights(std), "tanh")[-1] for std in (0.01, 1.0))
print(f"std 0.01: standard deviation of the last layer {last_small.std():.1e}")
print(f"std 1.0:  share of the last layer with |h| > 0.99: {np.mean(np.abs(last_large) > 0.99):.0%}")
assert last_small.std() < 1e-6 and np.mean(np.abs(last_large) > 0.99) > 0.5, (
    "the small signal should die, the large one saturate"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# With 0.01 every layer makes the numbers about ten times smaller. After ten layers nothing is left: all inputs give
# the same answer. With 1.0 the sums are so large that tanh answers nearly only −1 or +1. Such a unit is
# **saturated**: tanh is flat there, its slope is nearly 0, and it cannot learn.
#
# </details>
#
# Each row is a histogram of one layer, from the first (top) to the last, with its standard deviation (std) beside it.
# An orange line means that all numbers are so close together that a histogram cannot show them.
#
# Somewhere between 0.01 and 1.0 the signal must pass through all layers. Where?

# %%
between = np.logspace(-2, 0, 11)


def draw(ax, std):
    outputs = forward(x, weights(std), "tanh")
    plotting.histograms_through_depth(
        outputs, limits=(-1.05, 1.05), bins=41, title=f"tanh, weights with std {std:.3f}", ax=ax
    )


plotting.loop(
    draw,
    between,
    moves="the standard deviation of the weights grows from 0.01 to 1; the rows are first thin lines at 0, then broad, then split",
    figsize=(5.2, 4.0),
    seconds=0.5,
)

# %% [markdown]
# ## 2 · The variance argument
#
# One unit computes $z = \sum_i w_i x_i$ with $n_{\text{in}}$ inputs. The weights are random, independent of each
# other and of the inputs, with mean 0. Write $E[\dots]$ for the mean; $\mathrm{Var}$ is the variance, the square of
# the standard deviation. One term $w_i x_i$ has mean 0 and variance $E[w^2 x^2] = E[w^2]\,E[x^2] =
# \mathrm{Var}[w]\,E[x^2]$. The variances of the $n_{\text{in}}$ terms add up:
#
# $$\mathrm{Var}[z] = n_{\text{in}} \cdot \mathrm{Var}[w] \cdot E[x^2]$$
#
# If the inputs have mean 0, then $E[x^2] = \mathrm{Var}[x]$. So each layer multiplies the variance by $n_{\text{in}}
# \mathrm{Var}[w]$. After ten layers that is a factor to the tenth power!
#
# **Predict before you run.** With 100 inputs and weights of standard deviation 0.01: by which factor does one layer
# multiply the *variance*, and the *standard deviation*?

# %%
sizes = np.array([10, 30, 100, 300, 1000])
measured = np.array(
    [[(rng.normal(size=(400, n)) @ rng.normal(0, 0.01, (n, 50))).var() for n in sizes] for _ in range(SEEDS)]
)
formula = sizes * 0.01**2 * 1.0
for n, value, expected in zip(sizes, measured.mean(axis=0), formula):
    print(f"n_in = {n:4d}: measured Var[z] = {value:.5f}   n_in · Var[w] · E[x²] = {expected:.5f}")
ax = plotting.curves_with_bands(
    {"measured": measured, "formula": formula}, x=sizes, xlabel="inputs $n_{in}$", ylabel="Var[z]", band="range", log=(True, True)
)
assert np.allclose(measured.mean(axis=0), formula, rtol=0.2), "the formula should hold"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Variance: $100 \cdot 0.01^2 = 0.01$. Standard deviation: $\sqrt{0.01} = 0.1$. That is the "ten times smaller" of
# section 1.
#
# </details>
#
# To keep the variance, choose $n_{\text{in}} \mathrm{Var}[w] = 1$. Backward, the gradient goes through the same
# matrix from the other side, so it asks for $n_{\text{out}} \mathrm{Var}[w] = 1$. Both at once is only possible if
# $n_{\text{in}} = n_{\text{out}}$. The rule of **Xavier** takes the middle (Glorot and Bengio 2010; Xavier is
# Glorot's first name, Keras says `glorot`):
#
# $$\mathrm{Var}[w] = \frac{2}{n_{\text{in}} + n_{\text{out}}}$$
#
# ReLU sets half of the numbers to 0, and positive and negative $z$ are equally likely. So half of the mean square is
# left: $E[\mathrm{relu}(z)^2] =
# \frac{1}{2}\mathrm{Var}[z]$. The rule of **He** (He and others 2015) makes up for it:
#
# $$\mathrm{Var}[w] = \frac{2}{n_{\text{in}}}$$

# %%
z = rng.normal(0, 1, 100_000)
half = np.mean(np.maximum(z, 0) ** 2) / z.var()
print(f"E[relu(z)²] / Var[z] = {half:.3f}")
assert abs(half - 0.5) < 0.02, "ReLU should keep half of the mean square"
STD = {
    "zero": 0.0,
    "0.01": 0.01,
    "1.0": 1.0,
    "Xavier": np.sqrt(2 / (UNITS + UNITS)),
    "He": np.sqrt(2 / UNITS),
}
print({name: round(float(std), 3) for name, std in STD.items()})

# %% [markdown]
# **Predict before you run.** Now all five starts, with tanh and with ReLU. Here Xavier means a standard deviation of
# 0.1, He 0.14. It is a small difference. Does it matter after ten layers of ReLU?


# %%
RUNS = 6  # random networks; looking at one costs almost nothing


def sizes_through_depth(activation, std):
    """Root of the mean square of each layer's outputs, (RUNS, LAYERS)."""
    return np.array([[np.sqrt(np.mean(h**2)) for h in forward(x, weights(std), activation)] for _ in range(RUNS)])


forward_sizes = {(a, name): sizes_through_depth(a, std) for a in ("tanh", "relu") for name, std in STD.items()}
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.3), layout="constrained", sharey=True)
for ax, activation in zip(axes, ("tanh", "relu")):
    runs = {name: forward_sizes[activation, name] for name in STD}
    plotting.curves_with_bands(
        runs, ylabel="typical size of the outputs", title=activation, ax=ax, band="range", log=(False, True), xlabel="layer"
    )
axes[1].set_ylabel("")
axes[1].get_legend().remove()  # the same names as on the left
ratio = forward_sizes["relu", "He"][:, -1].mean() / forward_sizes["relu", "Xavier"][:, -1].mean()
kept = forward_sizes["relu", "He"][:, -1].mean() / forward_sizes["relu", "He"][:, 0].mean()
print(f"ReLU, last layer: with He the outputs are {ratio:.0f} times as large as with Xavier")
print(f"ReLU with He: last layer / first layer = {kept:.2f}")
assert ratio > 8 and 0.2 < kept < 5, "He should keep the signal through ReLU layers, Xavier lose it"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Yes. The factor between them is $\sqrt 2$ in each layer, and $\sqrt{2}^{\,10} = 32$. (The measured factor varies
# around it: these are random networks.) With He the ReLU network keeps its signal; with Xavier most of it is lost in
# ten layers. With tanh both work: tanh holds large numbers down, so He only brings its units nearer to saturation.
# Weights of 0 give outputs of 0. Weights of 1.0 explode with ReLU: nothing holds them down.
#
# </details>
#
# The same layers as histograms, for the start that fits each activation. About half of ReLU's outputs are exactly 0;
# the right figure shows the others.

# %%
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.6), layout="constrained")
plotting.histograms_through_depth(
    forward(x, weights(STD["Xavier"]), "tanh"), limits=(-1.05, 1.05), title="tanh with Xavier", ax=axes[0]
)
above = [h[h > 0] for h in forward(x, weights(STD["He"]), "relu")]
plotting.histograms_through_depth(above, limits=(0, 6), title="ReLU with He: the outputs above 0", ax=axes[1]);

# %% [markdown]
# With Xavier and tanh, each row is a little narrower than the one before: tanh itself shrinks every number a little.
# It is slow enough for ten layers.
#
# **Try it.** Which standard deviation keeps a *sigmoid* network alive, so that different inputs still give different
# outputs at layer 10? Guess from the histograms; the cell after them measures it. (The first and the last bar also
# count the few numbers outside of the picture.)

# %%
coursekit.explore(
    lambda std, activation: plotting.histograms_through_depth(
        forward(x, weights(std), activation), title=f"{activation}, std {std}"
    ),
    start={"std": 0.1, "activation": "sigmoid"},
    std=[0.01, 0.03, 0.1, 0.14, 0.2, 0.4, 1.0],
    activation=list(ACTIVATIONS),
)

# %%
for std in (0.01, 0.1, 0.2, 0.4, 1.0):
    last = forward(x, weights(std), "sigmoid")[-1]  # (inputs, units)
    between_units, between_inputs = last.mean(axis=0).std(), last.std(axis=0).mean()
    print(
        f"std {std:4.2f}: layer 10 differs by {between_units:.3f} from unit to unit, by {between_inputs:.1e} from input to input"
    )
assert forward(x, weights(0.1), "sigmoid")[-1].std(axis=0).mean() < 1e-3, "with 0.1 the inputs should be lost"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the large ones: 1.0, and 0.4 a little. The histogram alone does not tell you. With 0.1 the rows look alive. But
# the numbers differ only from unit to unit: each unit gives nearly the same number for *every* input. (That is why
# the rows look like combs.) All rows lie round 0.5, so the next layer gets inputs whose mean is far from 0, and the
# rules of Xavier and He, which assume a slope of 1 near 0, do not fit the sigmoid. **A good histogram does not prove
# that a signal comes through.**
#
# </details>

# %% [markdown]
# ## 3 · Gradients on the way back
#
# Learning needs gradients, and they go the other way, from the last layer to the first. With $g_l$ the gradient of
# the loss with respect to $h_l$:
#
# $$g_{l-1} = \big(g_l \odot f'(z_l)\big)\, W_l^{\top}$$
#
# ($\odot$ multiplies number by number, as `*` in NumPy.) So in each layer the gradient is multiplied by a slope and
# by a matrix. Ten times something below 1: it **vanishes**. Ten times something above 1: it **explodes**. The slopes:

# %%
plotting.activation_functions(derivatives=True, low=-6, high=6);

# %% [markdown]
# The slope of the sigmoid is never above ¼, and far from 0 it is nearly 0: **saturation**. The slope of tanh is 1 at
# 0. The slope of ReLU is exactly 1 on one side.
#
# **Predict before you run.** A gradient of size 1 starts at layer 10. How large is it at layer 1, for sigmoid with
# Xavier: about 0.1, 0.001, or 0.000001?


# %%
def gradient_sizes(activation, std):
    """Typical size of the gradient at the outputs of each layer, first layer first; at the last
    layer it is 1. (LAYERS,)"""
    W = weights(std)
    outputs = forward(x, W, activation)
    slope = ACTIVATIONS[activation][1]
    g = rng.normal(0, 1, outputs[-1].shape)
    found = []
    for h, matrix in zip(outputs[::-1], W[::-1]):
        found.append(np.sqrt(np.mean(g**2)))
        g = (g * slope(h)) @ matrix.T
    return np.array(found[::-1])


cases = {
    "ReLU, He": ("relu", STD["He"]),
    "tanh, Xavier": ("tanh", STD["Xavier"]),
    "sigmoid, Xavier": ("sigmoid", STD["Xavier"]),
    "sigmoid, 4 × Xavier": ("sigmoid", 4 * STD["Xavier"]),
    "tanh, 0.01": ("tanh", 0.01),
    "ReLU, 1.0": ("relu", 1.0),
}
gradients = {name: np.array([gradient_sizes(*case) for _ in range(RUNS)]) for name, case in cases.items()}
ax = plotting.curves_with_bands(
    gradients, ylabel="typical size of the gradient", band="range", log=(False, True), xlabel="layer"
)
ax.set_xticks(range(1, LAYERS + 1))
for name, table in gradients.items():
    print(f"{name:20s} gradient at layer 1: {table[:, 0].mean():.1e}")
at_first = {name: table[:, 0].mean() for name, table in gradients.items()}
assert at_first["sigmoid, Xavier"] < 1e-4 < 0.05 < at_first["ReLU, He"] < 20, "sigmoid should lose it"
assert at_first["sigmoid, 4 × Xavier"] > 1000 * at_first["sigmoid, Xavier"], "larger weights should bring it back"

# %% [markdown]
# <details><summary>Answer</summary>
#
# About a millionth. Near 0 the sigmoid's slope is ¼, and there are nine layers between layer 10 and layer 1:
# $(\frac14)^9 \approx 4 \cdot 10^{-6}$. The first layers of such a network get almost no message about what is wrong,
# so they hardly learn. Read the picture from right to left: that is the way of the gradient.
#
# </details>
#
# You may read that deep sigmoid networks cannot be trained because their gradients vanish. Look at "sigmoid, 4 ×
# Xavier": with weights four times as large, which make up for the slope ¼, thousands of times as much gradient
# arrives at layer 1. So it is largely a matter of the start. But it does not become really good: with larger weights
# more units saturate, and the outputs keep their mean of 0.5. ReLU and tanh are simply easier.

# %% [markdown]
# ## 4 · The first loss: a check for one line of code
#
# Before training, a network knows nothing. With $K$ classes, all about equally likely, it should give each of them
# about $1/K$, and the cross-entropy of that is
#
# $$-\ln \frac{1}{K} = \ln K$$
#
# So you know the first loss before you start. From here on we use the images of Lab 2, Fashion-MNIST: ten kinds of
# clothes, each image 28 × 28 = 784 grey pixels. The training routine is written in NumPy. (If the line at the top says
# *drawn stand-in*, the images were drawn by this course; the text holds for both.)

# %%
fashion = data.load_fashion_mnist()
pixels = fashion.X_train[:IMAGES].reshape(IMAGES, -1).astype("float32") / 255
labels = np.array(fashion.y_train[:IMAGES])
mean, std = pixels.mean(), pixels.std()
X = (pixels - mean) / std
X_test = (fashion.X_test[:2000].reshape(2000, -1).astype("float32") / 255 - mean) / std
y_test = np.array(fashion.y_test[:2000])
print(f"{len(X)} images with {X.shape[1]} pixels: mean {X.mean():.2f}, standard deviation {X.std():.2f}")


# %%
def network(sizes, std_of):
    """Weights and biases for layers of these sizes; std_of(n_in, n_out) says how large the
    first weights are."""
    return [
        [(rng.normal(0, 1, (n_in, n_out)) * std_of(n_in, n_out)).astype("float32"), np.zeros(n_out, "float32")]
        for n_in, n_out in zip(sizes[:-1], sizes[1:])
    ]


def he(n_in, n_out):
    return np.sqrt(2 / n_in)


def outputs_of(X, net, activation="relu"):
    """Outputs of all hidden layers, and the class probabilities at the end."""
    found = [X]
    for W, b in net[:-1]:
        found.append(ACTIVATIONS[activation][0](found[-1] @ W + b))
    scores = found[-1] @ net[-1][0] + net[-1][1]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return [*found, e / e.sum(axis=1, keepdims=True)]


def loss(X, y, net, activation="relu"):
    """Mean cross-entropy; a probability of 0 counts as 1e-30."""
    return float(-np.log(np.maximum(outputs_of(X, net, activation)[-1][np.arange(len(y)), y], 1e-30)).mean())


def sgd_step(X, y, net, lr, activation="relu"):
    """One step of gradient descent on one batch; changes net. (Backpropagation, as
    in Lecture 3.)"""
    found = outputs_of(X, net, activation)
    g = found[-1].copy()
    g[np.arange(len(y)), y] -= 1
    g /= len(y)
    for layer, h in zip(net[::-1], found[-2::-1]):  # from the last layer to the first; h is the layer's input
        change = h.T @ g, g.sum(axis=0)
        if h is not X:
            g = (g @ layer[0].T) * ACTIVATIONS[activation][1](h).astype("float32")
        layer[0] -= lr * change[0]
        layer[1] -= lr * change[1]


# %% [markdown]
# **Predict before you run.** There are 10 classes. What is the first loss with tiny weights? And with weights of
# standard deviation 1.0: smaller, equal or larger?

# %%
sizes = (784, 100, 100, 10)
print(f"ln 10 = {np.log(10):.3f}")
first = {}
for name, std_of in {
    "0.01": lambda i, o: 0.01,
    "Xavier": lambda i, o: np.sqrt(2 / (i + o)),
    "He": he,
    "1.0": lambda i, o: 1.0,
}.items():
    first[name] = [loss(X, labels, network(sizes, std_of)) for _ in range(SEEDS)]
    print(f"weights {name:7s} first loss {np.mean(first[name]):6.2f} ± {np.std(first[name], ddof=1):.2f}")
assert abs(np.mean(first["0.01"]) - np.log(10)) < 0.1 and np.mean(first["1.0"]) > 3 * np.log(10), (
    "only large weights should be far off"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Tiny weights: nearly exactly $\ln 10 \approx 2.30$. Weights of 1.0: much larger, because the network is *sure* of
# random answers, and to be sure and wrong is expensive. Xavier and He lie somewhat above 2.30.
#
# </details>
#
# So look at the first loss. Far above $\ln K$: weights or inputs are too large (did you forget to scale the pixels?).
# Clearly *below*: it cannot be; the labels have probably leaked into the inputs.

# %% [markdown]
# ## 5 · Why not start at zero?
#
# Zero weights give exactly the right first loss. But look at the formula of the gradient in section 3: a zero matrix
# multiplies it by 0. And if all weights are equal, but not 0, then all units of a layer compute the same, get the
# same gradient, and stay equal for ever. Only random numbers break this **symmetry**.
#
# **Predict before you run.** We train a network with 30 hidden units (tanh), 100 steps, from zero, from weights that
# are all 0.05, and from Xavier. How many *different* hidden units does each one have at the end?


# %%
def different_units(W):
    """How many columns of W differ (by more than rounding)."""
    return len(np.unique(np.round(W.T, 4), axis=0))


def equal(value):
    """A network 784-30-10 with all weights the same."""
    return [
        [np.full((784, 30), value, "float32"), np.zeros(30, "float32")],
        [np.full((30, 10), value, "float32"), np.zeros(10, "float32")],
    ]


starts = {
    "zero": equal(0.0),
    "all 0.05": equal(0.05),
    "Xavier": network((784, 30, 10), lambda i, o: np.sqrt(2 / (i + o))),
}
paths = {}
for name, net in starts.items():
    paths[name] = [loss(X[:200], labels[:200], net, "tanh")]
    for _ in range(100):
        sgd_step(X[:200], labels[:200], net, 0.1, "tanh")
        paths[name].append(loss(X[:200], labels[:200], net, "tanh"))
    print(f"{name:9s} different hidden units: {different_units(net[0][0]):2d}   loss {paths[name][-1]:.2f}")
ax = plotting.curves_with_bands(paths, x=np.arange(101), xlabel="step", ylabel="loss", band="range")
assert different_units(starts["zero"][0][0]) == different_units(starts["all 0.05"][0][0]) == 1, (
    "equal units should stay equal"
)
assert different_units(starts["Xavier"][0][0]) == 30 and paths["Xavier"][-1] < paths["all 0.05"][-1], (
    "random units should differ"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1, 1 and 30. From zero nothing moves except the biases of the last layer: the loss stays near $\ln 10$. From 0.05
# the network learns something, but its 30 units work as *one*. Biases may start at 0: the random weights have broken
# the symmetry already.
#
# </details>

# %% [markdown]
# ## 6 · Dead ReLUs
#
# A ReLU unit whose sum is below 0 for *every* training image gives 0 for all of them. Its slope is 0 too, so it gets
# no gradient and can hardly come back: it is **dead**. One step that is too large can do it, by pushing the bias far
# below 0.
#
# **Predict before you run.** A network 784-100-10 with He, trained with SGD at four learning rates. How many of its
# 100 hidden units are dead at the end, for the smallest rate and for the largest? Will an error or a "nan" tell you?


# %%
def dead_share(X, net):
    """Share of the hidden units, in percent, that give 0 for every image; nan once a weight
    is not finite."""
    if not all(np.isfinite(W).all() for W, _ in net):
        return np.nan
    return 100 * np.mean(np.concatenate([(h <= 0).all(axis=0) for h in outputs_of(X, net)[1:-1]]))


def epoch(net, lr):
    """One round through the images in batches of 100, in a new order; changes net."""
    order = rng.permutation(len(X))
    with np.errstate(all="ignore"):  # a network that explodes is a result here, not an error
        for start in range(0, len(X), 100):
            batch = order[start : start + 100]
            sgd_step(X[batch], labels[batch], net, lr)


RATES = (0.1, 0.5, 1.0, 3.0)
dead, accuracy = {}, {}
for lr in RATES:
    table, right = np.full((SEEDS, EPOCHS + 1), np.nan), []
    for row in table:
        net = network((784, 100, 10), he)
        row[0] = dead_share(X, net)
        for number in range(EPOCHS):
            epoch(net, lr)
            row[number + 1] = dead_share(X, net)
            if np.isnan(row[number + 1]):
                break  # diverged
        with np.errstate(all="ignore"):
            right.append(100 * np.mean(outputs_of(X_test, net)[-1].argmax(axis=1) == y_test))
    dead[f"lr {lr:g}"], accuracy[lr] = table, np.array(right)
ax = plotting.curves_with_bands(dead, x=np.arange(EPOCHS + 1), xlabel="epoch", ylabel="dead units (%)", band="range")
ax.set_ylim(-3, 103)
for lr in RATES:
    share = dead[f"lr {lr:g}"][:, -1]
    said = "diverged    " if np.isnan(share).any() else f"{share.mean():5.1f} % dead"
    print(f"lr {lr:4g}: {said}   test accuracy {accuracy[lr].mean():.0f} %")
ends = {lr: dead[f"lr {lr:g}"][:, -1].mean() for lr in RATES}
assert ends[0.1] < 5 and (np.isnan(ends[3.0]) or ends[3.0] > 40), "only rates that are too large should kill many units"
assert accuracy[0.1].mean() > accuracy[3.0].mean() + 20, "and the network should be bad then"

# %% [markdown]
# <details><summary>Answer</summary>
#
# With the smallest rate almost none dies. With rate 0.5 some die, with the largest rate most of them, and the larger
# part in the *first* epoch. They do not come back. The accuracy falls, down to little more than guessing (10 %).
# Often no error and no "nan" tells you: such a network looks like one that simply does not learn. So *count the dead
# units*.
#
# </details>
#
# Remedies: a smaller rate first; then leaky ReLU or ELU, whose slope is never exactly 0 on the left (Lecture 1); or
# batch normalisation (section 8).

# %% [markdown]
# ## 7 · Inputs with mean 0 and variance 1
#
# Take the simplest model, $\hat y = w x + b$, with the mean squared error. The shape of its loss over $(w, b)$ is a
# bowl, and the inputs decide its shape. If $x$ is far from 0, then $w$ and $b$ do nearly the same job, and the bowl
# becomes a narrow valley. Two inputs of different scale do the same. The **condition number** $\kappa$ is the bowl's
# steepest curvature divided by its flattest. The learning rate must be small enough for the steepest direction. So
# the larger $\kappa$ is, the more steps the flattest direction needs (Lecture 2).
#
# **Predict before you run.** Gradient descent in three bowls: (1) one input with mean 3 and variance 1, (2) two
# inputs with standard deviations 1 and 5 and no bias, (3) one input with mean 0 and variance 1. In which one does the
# path zig-zag? In which one does it arrive first?


# %%
def descend(A, target, steps=400):
    """Gradient descent on the mean of (A·p − target)² from p = best + (2, 2): the path (steps, 2),
    the best p, and κ."""
    H = 2 * A.T @ A / len(A)  # the curvature (Hessian): the same everywhere
    curvatures = np.linalg.eigvalsh(H)
    best = np.linalg.lstsq(A, target, rcond=None)[0]
    p, lr = best + 2.0, 1.7 / curvatures[-1]  # beyond 2 / largest curvature it diverges
    path = [p]
    for _ in range(steps):
        p = p - lr * 2 * A.T @ (A @ p - target) / len(A)
        path.append(p)
    return np.array(path), best, curvatures[-1] / curvatures[0]


n = 500
u = rng.normal(size=n)
u = (u - u.mean()) / u.std()
v = rng.normal(size=n)
noise = rng.normal(0, 0.3, n)
bowls = {
    "(1) mean 3": (np.column_stack([u + 3, np.ones(n)]), ("w", "b")),
    "(2) scales 1 and 5": (np.column_stack([u, 5 * v]), ("w₁", "w₂")),
    "(3) mean 0, variance 1": (np.column_stack([u, np.ones(n)]), ("w", "b")),
}
figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.9), layout="constrained")
arrive = {}
for ax, (name, (A, names)) in zip(axes, bowls.items()):
    path, best, kappa = descend(A, A @ [1.0, 0.5] + noise)
    far = np.linalg.norm(path - best, axis=1)
    arrive[name] = int(np.argmax(far < 0.05 * far[0])) if (far < 0.05 * far[0]).any() else None
    a, b = np.meshgrid(np.linspace(-3, 3, 80), np.linspace(-3, 3, 80))
    H = A.T @ A / n
    height = H[0, 0] * a**2 + 2 * H[0, 1] * a * b + H[1, 1] * b**2
    ax.contour(a, b, height, levels=H[0, 0] * np.array([0.05, 0.3, 1, 2.5, 5, 9]), colors="0.7", linewidths=0.8)
    ax.plot(*(path - best).T, "o-", color=plotting.COLOURS[0], markersize=3, linewidth=1)
    ax.plot(0, 0, "*", color=plotting.COLOURS[1], markersize=11)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xlabel=f"{names[0]} − best", ylabel=f"{names[1]} − best")
    ax.set_title(f"{name}: κ = {kappa:.0f}", fontsize=10)
    steps = (
        f"within 5 % of the start's distance after {arrive[name]} steps"
        if arrive[name]
        else "not there after 400 steps"
    )
    print(f"{name:24s} κ = {kappa:6.1f}   {steps}")
    plotting.describe(
        ax, f"{name}: contours of the loss and the path of gradient descent; condition number {kappa:.0f}, {steps}."
    )
slow = [arrive[name] or 401 for name in bowls]
assert slow[2] < slow[1] < slow[0], "the round bowl should be fastest"

# %% [markdown]
# <details><summary>Answer</summary>
#
# (1) and (2) jump from side to side in the steep direction and creep in the flat one. In (3) the bowl is round,
# $\kappa = 1$: the gradient points straight at the lowest point, and a few steps are enough. (We took a rate near the
# largest possible one in all three bowls. So the path in (3) jumps over the lowest point each time; with the rate 1 /
# curvature it would arrive in one step.)
#
# </details>
#
# And the images? Pixels are never negative, so their mean is far from 0. How much does it help to subtract it? The
# very smallest curvatures are about 0 (some pixels are black in nearly every image), so we compare the largest with
# the 10th.

# %%
some = pixels[:1000]
top = {}
for name, A in {"raw pixels, 0 to 1": some, "mean subtracted": some - some.mean(axis=0)}.items():
    curvatures = 2 * np.linalg.svd(A, compute_uv=False) ** 2 / len(A)  # eigenvalues of 2 Aᵀ A / n, largest first
    top[name] = curvatures[0] / curvatures[9]
    print(f"{name:20s} curvatures: largest {curvatures[0]:6.2f}, 2nd {curvatures[1]:5.2f}, 10th {curvatures[9]:.2f};", end="")
    print(f"   largest / 10th = {top[name]:.0f}")
assert top["raw pixels, 0 to 1"] > 1.5 * top["mean subtracted"], "the mean should be the steepest direction"

# %% [markdown]
# One direction is far steeper than all others: the common mean of all images. It alone forces a small learning rate.
# Without it the bowl is rounder, though still far from round: neighbouring pixels are alike. (Compute mean and
# standard deviation on the *training* images only, as in Lab 2.)

# %% [markdown]
# ## 8 · Batch normalisation
#
# If numbers of mean 0 and variance 1 are so good for the inputs, why not make them so in *every* layer? This is
# **batch normalisation** (Ioffe and Szegedy 2015). For each unit, with mean $\mu$ and variance $\sigma^2$ over the
# images of the present **batch**:
#
# $$y = \gamma\, \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta$$
#
# $\gamma$ and $\beta$ are learned: so the layer can undo the standardising where that is better. $\epsilon$ (Keras:
# 0.001) prevents a division by 0.
#
# At test time an answer should not depend on which other images are in the batch. So the layer keeps **moving
# averages** in training and uses them later: $\text{moving} \leftarrow 0.99 \cdot \text{moving} + 0.01 \cdot
# \text{batch}$.


# %%
def batch_norm(x, gamma, beta, moving_mean, moving_var, training, momentum=0.99, epsilon=1e-3):
    """x (n, units). Returns y, and the moving mean and variance afterwards."""
    if training:
        mu, var = x.mean(axis=0), x.var(axis=0)
        moving_mean = momentum * moving_mean + (1 - momentum) * mu
        moving_var = momentum * moving_var + (1 - momentum) * var
    else:
        mu, var = moving_mean, moving_var
    return gamma * (x - mu) / np.sqrt(var + epsilon) + beta, moving_mean, moving_var


x_shifted = rng.normal(5, 2, (64, 3)).astype("float32")
layer = keras.layers.BatchNormalization()
moving = (0.0, 1.0)
for face in (True, False):
    theirs = keras.ops.convert_to_numpy(layer(x_shifted, training=face))
    ours, *moving = batch_norm(x_shifted, 1, 0, *moving, training=face)
    print(f"training={face!s:5}: mean {theirs.mean():5.2f}, standard deviation {theirs.std():.2f}", end="")
    print(f"   (ours differs by {np.abs(ours - theirs).max():.0e})")
    assert np.allclose(ours, theirs, atol=1e-3), "our function should do what Keras does"

# %% [markdown]
# **Predict before you run.** That layer has seen *one* batch with mean 5. So in use (`training=False`) its answer is
# not standardised at all: its moving averages still stand almost at their start, 0 and 1. After how many batches have
# the averages gone 90 % of the way?

# %%
moving_mean, moving_var, way = 0.0, 1.0, []
for _ in range(600):
    batch = rng.normal(5, 2, (64, 1))
    _, moving_mean, moving_var = batch_norm(batch, 1, 0, moving_mean, moving_var, training=True)
    way.append(float(moving_mean[0]))
way = np.array(way)
there = int(np.argmax(way > 4.5)) + 1
ax = plotting.curves_with_bands(
    {"moving mean": way, "5 · (1 − 0.99ᵏ)": 5 * (1 - 0.99 ** np.arange(1, 601))},
    x=np.arange(1, 601),
    xlabel="batches k",
    ylabel="moving mean", band="range",
)
print(f"90 % of the way after {there} batches")
assert 190 < there < 280, "about 230 batches are needed, because 0.99^230 is 0.1"

# %% [markdown]
# <details><summary>Answer</summary>
#
# After about 230, because $0.99^{230} \approx 0.1$. In a short training, or on small data, the averages come too
# late, and the network looks bad in use although it learned well. Then choose a smaller `momentum`, such as 0.9.
#
# </details>
#
# ### What it does to a network with a bad start
#
# Ten hidden layers of 50 ReLU units on the images, with three starts: 0.01, He, and 0.5. Each of them without and
# with batch normalisation. Optimizer: SGD with the rate 0.05, momentum of the averages 0.9.
#
# **Predict before you run.** Which of the six learn?

# %%
BATCH = 50


def deep(normalised):
    """784, ten hidden layers of 50 ReLU units, 10. Compiled."""
    layers = [keras.Input((784,))]
    for _ in range(LAYERS):
        layers.append(keras.layers.Dense(50, use_bias=not normalised))
        layers += [keras.layers.BatchNormalization(momentum=0.9)] if normalised else []
        layers.append(keras.layers.ReLU())
    model = keras.Sequential([*layers, keras.layers.Dense(10)])
    from_scores = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), from_scores, metrics=["accuracy"])
    return model


def start_again(model, std_of):
    """New random weights for every Dense layer, all else as at the start. (SGD remembers nothing
    from the run before.)"""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            n_in, n_out = layer.kernel.shape
            layer.kernel.assign((rng.normal(0, 1, (n_in, n_out)) * std_of(n_in, n_out)).astype("float32"))
            if layer.use_bias:
                layer.bias.assign(np.zeros(n_out, "float32"))
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([np.ones(50), np.zeros(50), np.zeros(50), np.ones(50)])


class StopOnNaN(keras.callbacks.Callback):
    """Ends a training after the epoch in which the loss became infinite or nan."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = not np.isfinite(logs["loss"])


STARTS = {"0.01": lambda n_in, n_out: 0.01, "He": he, "0.5": lambda n_in, n_out: 0.5}
curves, final = {}, {}
for word in ("without", "with"):
    model = deep(word == "with")
    for name, std_of in STARTS.items():
        table, right = np.full((SEEDS, EPOCHS), np.nan), []
        for row in table:
            start_again(model, std_of)
            history = model.fit(X, labels, epochs=EPOCHS, batch_size=BATCH, callbacks=[StopOnNaN()], verbose=0)
            losses = np.array(history.history["loss"])
            row[: len(losses)] = losses
            scores = model.predict(X_test, verbose=0, batch_size=500)
            right.append(100 * np.mean(scores.argmax(axis=1) == y_test))
        curves[f"{name}, {word}"], final[f"{name}, {word}"] = table, np.array(right)

# %%
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.3), layout="constrained", sharey=True)
for ax, word in zip(axes, ("without", "with")):
    runs = {key.split(",")[0]: table for key, table in curves.items() if key.endswith(f" {word}")}
    plotting.curves_with_bands(
        runs, xlabel="epoch", ylabel="training loss", title=f"{word} batch normalisation", ax=ax, band="range"
    )
    ax.axhline(np.log(10), color="0.5", linewidth=0.8, linestyle=":")
    ax.set_ylim(0, 3.4)
for key, right in final.items():
    state = "" if np.isfinite(curves[key]).all() else "   (diverged)"
    print(f"{key:14s} test accuracy {right.mean():5.1f} % ± {right.std(ddof=1):.1f}{state}")
end = {key: table[:, -1].mean() for key, table in curves.items()}  # nan if a run diverged
assert abs(end["0.01, without"] - np.log(10)) < 0.1, "no signal arrives, so nothing should be learned"
assert end["0.01, with"] < end["0.01, without"] - 0.2, "batch normalisation should save the small start"
assert final["0.5, with"].mean() > final["0.5, without"].mean() + 8, "… and the large one"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without batch normalisation only the He start learns: from 0.01 no signal arrives (the loss stays at $\ln 10$, the
# dotted line), from 0.5 it explodes. With it all three learn: whatever the size of the weights, in every layer the sums
# are brought to mean 0 and variance 1 before the ReLU.
#
# </details>
#
# Be careful with the usual claim that batch normalisation is *always* better: compare the two He lines yourself, in
# both figures and in the test accuracy. With a good start a network of this depth can do without it.
#
# ### A batch of one
#
# **Predict before you run.** In training mode, the batch holds a single image. What is $x - \mu$? So what does the
# layer answer, for *any* image?

# %%
layer = keras.layers.BatchNormalization()
layer.build((None, 3))
layer.set_weights(
    [np.ones(3), np.array([7.0, 8.0, 9.0]), np.zeros(3), np.ones(3)]
)  # gamma, beta, moving mean and variance
for row in rng.normal(5, 2, (3, 3)).astype("float32"):
    alone = keras.ops.convert_to_numpy(layer(row[None], training=True))[0]
    print("x =", np.round(row, 2), "→", alone)
    assert np.allclose(alone, [7, 8, 9]), "a single image should give beta"

# %% [markdown]
# And small batches? The number $x = 6$ stands in many batches. The other numbers of each batch are random, with mean
# 5 and standard deviation 2. So the fair answer for it is $(6 - 5) / 2 = 0.5$ (the broad grey line; the dashed line
# is the mean of the first row).

# %%
answers = {}
for size in (2, 8, 32, 128):
    batches = rng.normal(5, 2, (150, size))
    batches[:, 0] = 6.0
    answers[f"batch of {size}"] = [batch_norm(row[:, None], 1, 0, 0, 1, training=True)[0][0, 0] for row in batches]
ax = plotting.method_comparison(answers, xlabel="answer to the same number in training mode")
ax.axvline(0.5, color="0.8", linewidth=3, zorder=0)  # behind the marks
for name, found in answers.items():
    print(f"{name:13s} answers from {np.min(found):5.2f} to {np.max(found):5.2f}")
assert np.median(np.abs(answers["batch of 2"])) > 0.9, "two numbers should give +1 and −1"
assert np.std(answers["batch of 128"]) < np.std(answers["batch of 8"]), "larger batches should agree better"

# %% [markdown]
# <details><summary>Answer</summary>
#
# $x - \mu = 0$, so the answer is $\beta$, whatever the image shows. All information is lost. With two, the answer is
# mostly close to +1 or −1: it only says which of the two is larger. Small batches are mostly luck. In use the moving
# averages take their place, and a single image is no problem. This is why Lab 5 insists on `training=False`.
#
# </details>

# %% [markdown]
# ## Quiz
#
# Answer first, then open.
#
# **1.** A layer has 200 inputs and 50 units. Which variance do Xavier and He give to its weights?
#
# <details><summary>Answer</summary>
#
# Xavier: $2 / 250 = 0.008$. He: $2 / 200 = 0.01$.
#
# </details>
#
# **2.** A network with 100 classes prints a first loss of 30. What do you expect, and what do you check?
#
# <details><summary>Answer</summary>
#
# About $\ln 100 \approx 4.6$. Check whether the inputs are scaled, and how large the first weights are.
#
# </details>
#
# **3.** Why is a sigmoid worse than tanh in a hidden layer? Name two reasons that you saw.
#
# <details><summary>Answer</summary>
#
# Its slope is at most ¼ (tanh: 1), so gradients vanish faster. And its outputs lie around 0.5, not around 0, so the
# next layer gets inputs whose mean is not 0.
#
# </details>

# %% [markdown]
# **4.** The loss of a ReLU network stands at $\ln 10$ from the second epoch on. Name two possible causes, and say how
# you tell them apart.
#
# <details><summary>Answer</summary>
#
# Weights that are too small (or zero): then the outputs of the last hidden layer are nearly 0 for all images *before*
# training. Or dead units after a step that was too large: before training everything is well, after it all hidden
# outputs are exactly 0. Look at the histograms at both times.
#
# </details>
#
# **5.** Is a unit with tanh and output 0.9999 good or bad for learning?
#
# <details><summary>Answer</summary>
#
# Bad: its slope is $1 - 0.9999^2 \approx 0.0002$. It is saturated, and almost no gradient passes.
#
# </details>
#
# **6.** A layer of batch normalisation follows a dense layer. Why does the dense layer need no bias?
#
# <details><summary>Answer</summary>
#
# The mean is subtracted at once, and the bias with it. $\beta$ takes its place.
#
# </details>
#
# **7.** In training the accuracy is 90 %, with `evaluate` on the *same* images 30 %. The network has batch
# normalisation. What is your first guess?
#
# <details><summary>Answer</summary>
#
# The moving averages are not there yet (few steps, momentum 0.99), or they come from other data. Train longer, or
# choose a smaller momentum.
#
# </details>

# %% [markdown]
# ## What you learned
#
# - Each layer multiplies the variance by $n_{\text{in}} \mathrm{Var}[w]$. Xavier: $2/(n_{\text{in}} +
#   n_{\text{out}})$, for tanh. He: $2/n_{\text{in}}$, for ReLU.
# - Gradients go through the same matrices and through the slopes: below 1 they vanish, above 1 they explode.
# - The first loss should be about $\ln K$.
# - Equal weights stay equal; random ones break the symmetry.
# - Dead ReLUs come from rates that are too large, and no "nan" tells you.
# - Inputs with mean 0 and variance 1 make the bowl rounder; batch normalisation does it in every layer. It
#   works differently in training and in use.

# %% [markdown]
# ## Change something and try
#
# - `LAYERS = 30` in section 1: do Xavier and He still hold?
# - In section 6, give the network two hidden layers of 100. Now a rate of 0.5 does something else: what?
# - In section 6, use leaky ReLU: `"leaky": (lambda z: np.maximum(z, 0.1 * z), lambda h: np.where(h > 0, 1, 0.1))`.
#   Does a unit die?
# - In section 7, give bowl (1) the mean 10. How large is κ?
# - In section 8, set `BATCH` to 4, or the momentum of the averages to 0.999.
#
# **Next**: [Lab 2](../labs/lab02_mlp.ipynb) if you have not done it, then [Lab 5](../labs/lab05_transfer.ipynb),
# section 8.
