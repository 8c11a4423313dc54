# %% [markdown]
# # Lecture 2 · Loss and gradient descent
#
# A network learns by making one number smaller: the *loss*, which says how wrong its answers are. This lecture shows
# which losses there are, how gradient descent walks down, why the size of its steps matters so much, and what momentum,
# RMSProp, Adam and decaying rates change. Almost every problem that you will meet in training is visible here, in one
# or two dimensions, where you can draw it.
#
# **When you have read it, you can**
#
# - choose a loss for a task, and say what each loss does with an *outlier*, a value far from all the others;
# - predict for a simple bowl whether a learning rate converges, oscillates or diverges;
# - write plain descent, momentum, Nesterov, RMSProp and Adam, each in a few lines of NumPy;
# - say why noise asks for a decaying rate, and how noise depends on the batch size;
# - say where Adam helps, and where it does not.
#
# * **Time**: 50 minutes to read; the computer itself needs a minute or two.
# * **Used in**: [Lab 1](../labs/lab01_perceptron.ipynb) (the delta rule, three learning rates),
#   [Lab 2](../labs/lab02_mlp.ipynb) (cross-entropy, training), [Lab 3](../labs/lab03_regression.ipynb) (losses and
#   outliers, finding a rate).
#
# **How to read**: where it says *Predict before you run*, write your guess on paper. A wrong guess that you wrote down
# teaches more than a right answer that you only read.

# %%
import timeit

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
import scipy
from coursekit import plotting, training

coursekit.setup("lecture02_descent")

# %% fast={"RUNS": 30, "DRAWS": 200, "SEEDS": 1, "EPOCHS": 10}
RUNS = 100  # noisy descents behind every mean in section 6
DRAWS = 1000  # random batches behind every measured noise in section 7
SEEDS = 3  # trainings of the Keras network for each rate in section 5
EPOCHS = 20  # epochs of each of these trainings; one epoch goes through all training samples once

# %% [markdown]
# ## 1 · What is a loss?
#
# The model says $\hat y$, the truth is $y$. A **loss** turns the two into one number: 0 or small if they agree, large
# if they do not. Samples that we look at together are a **batch**; the loss of a batch is the mean over its samples. If
# the answer is a number (this is called **regression**), three losses are common. With the error $e = \hat y - y$:
#
# $$\text{squared}: e^2 \qquad\quad \text{absolute}: |e|$$
#
# $$\text{Huber}: \begin{cases} \frac12 e^2 & |e| \le \delta \\
# \delta\,(|e| - \frac12 \delta) & |e| > \delta \end{cases}$$
#
# Huber's loss is a parabola near 0 and a straight line far away; you choose the error $\delta$ ("delta") at which one
# becomes the other. It comes from statistics (Peter Huber, 1964).

# %%
e = np.linspace(-4, 4, 401)
ax = plt.subplots(figsize=(5.2, 3.2), layout="constrained")[1]
ax.plot(e, e**2, "-", color=plotting.COLOURS[0], linewidth=2, label="squared")
ax.plot(e, np.abs(e), "--", color=plotting.COLOURS[1], linewidth=2, label="absolute")
ax.plot(e, scipy.special.huber(1.0, e), "-.", color=plotting.COLOURS[2], linewidth=2, label="Huber, δ = 1")
ax.set(xlabel="error e", ylabel="loss", ylim=(0, 9))
ax.legend(fontsize=9)
plotting.describe(
    ax, "Three losses of an error e: the square, a parabola; the absolute value, a V; Huber's loss, a V with a round tip."
);

# %% [markdown]
# What is the difference good for? Take the simplest model of all: it answers the same number, a constant, for
# everybody. Five people waited 2, 3, 3, 4 and 30 minutes for a bus.
#
# **Predict before you run.** Which constant has the smallest mean squared loss? Which one the smallest mean absolute
# loss? Where will Huber's be? (The picture divides each loss by its own smallest value, so that all three fit in.)

# %%
y = np.array([2.0, 3.0, 3.0, 4.0, 30.0])
guesses = np.linspace(0, 12, 1201)
e = guesses[:, None] - y  # (guesses, samples)
losses = {"squared": e**2, "absolute": np.abs(e), "Huber, δ = 1": scipy.special.huber(1.0, e)}
best = {}
ax = plt.subplots(figsize=(5.2, 3.2), layout="constrained")[1]
for (name, loss), style, colour in zip(losses.items(), ("-", "--", "-."), plotting.COLOURS):
    mean = loss.mean(axis=1)
    best[name] = guesses[mean.argmin()]
    ax.plot(guesses, mean / mean.min(), style, color=colour, linewidth=2, label=f"{name}: best at {best[name]:.2f}")
    ax.plot(best[name], 1, "*", color=colour, markersize=13, markeredgecolor="black")
ax.set(xlabel="constant answer, minutes", ylabel="mean loss / its smallest value", ylim=(0.9, 2.2))
ax.legend(fontsize=9, loc="upper center")
plotting.describe(
    ax, "Mean loss of each constant answer: " + "; ".join(f"{name} is smallest at {b:.2f}" for name, b in best.items())
)
assert best["squared"] > 2 * best["absolute"], "one outlier should pull the best constant of the squared loss far up"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The squared loss is smallest at the **mean**, 42/5 = 8.4, a time that nobody waited: one outlier pulled it up. The
# absolute loss is smallest at the **median**, 3. It does not matter to the median whether the last person waited 30
# minutes or 300. Huber's best answer is close to the median.
#
# The reason is the slope. If the constant is 3, the last person's error has the size 27. It pulls with a slope of the
# size $2 \cdot 27 = 54$ under the square, and with one of the size 1 under the other two.
#
# </details>
#
# ### Yes or no: cross-entropy
#
# A classifier answers with a probability. Let $p$ be the probability that it gives to the *true* class. The
# **cross-entropy** of the sample is $-\ln p$. We could also take the square, $(1 - p)^2$. Let
# $p = \sigma(z) = 1/(1 + e^{-z})$, where $z$ is the score for the true class.
#
# **Predict before you run.** A unit is very sure and wrong: $z = -6$, so $p$ is about 0.002. Which loss gives the
# larger slope with respect to $z$, that is, which one pulls harder: much harder, or only a little?

# %%
z = np.linspace(-8, 8, 401)
p = scipy.special.expit(z)  # the sigmoid
figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.1), layout="constrained")
left.plot(p, -np.log(p), "-", color=plotting.COLOURS[0], linewidth=2, label="cross-entropy")
left.plot(p, (1 - p) ** 2, "--", color=plotting.COLOURS[1], linewidth=2, label="squared")
left.set(xlabel="probability p of the true class", ylabel="loss")
right.plot(z, 1 - p, "-", color=plotting.COLOURS[0], linewidth=2, label="cross-entropy")
right.plot(z, 2 * (1 - p) * p * (1 - p), "--", color=plotting.COLOURS[1], linewidth=2, label="squared")
right.set(xlabel="score z", ylabel="pull: size of the slope in z")
for ax in (left, right):
    ax.legend(fontsize=9)
plotting.describe(left, "Left: the cross-entropy grows without limit as p goes to 0; the square stops at 1.")
plotting.describe(right, "Right: for very negative scores the cross-entropy pulls with slope 1, the square with almost 0.")
p_wrong = scipy.special.expit(-6.0)
pull = {"cross-entropy": 1 - p_wrong, "squared": 2 * (1 - p_wrong) ** 2 * p_wrong}
print({name: round(float(size), 4) for name, size in pull.items()})
assert pull["cross-entropy"] > 100 * pull["squared"]

# %% [markdown]
# <details><summary>Answer</summary>
#
# Much harder. With the square the slope passes through the sigmoid, which is flat at $z = -6$: the worst mistake gives
# almost no slope. With the cross-entropy the flat sigmoid cancels exactly, and the slope is $p - 1$, almost −1.
# (Take the derivative of $-\ln \sigma(z)$ yourself: it is one line.)
#
# </details>
#
# | your task | last layer | loss | in Keras |
# |---|---|---|---|
# | a number | linear | squared | `"mse"` |
# | a number, and some targets are badly wrong | linear | Huber or absolute | `keras.losses.Huber()`, `"mae"` |
# | yes or no | one sigmoid | binary cross-entropy | `"binary_crossentropy"` |
# | one class of several | softmax | cross-entropy | `"sparse_categorical_crossentropy"` |
#
# (*Linear* means no activation. *Softmax* turns several scores into probabilities that add up to 1: see Lab 2.)

# %% [markdown]
# ## 2 · One number, by hand
#
# The smallest problem: $y = (x - a)^2$. The minimum is at $x = a$, we know that. But let us walk there. The derivative
# says how steep the curve is, and in which direction it rises:
#
# $$\frac{dy}{dx} = 2 (x - a)$$
#
# **Gradient descent** goes the other way, by a step that is `lr`, the **learning rate**, times the derivative:
#
# $$x \leftarrow x - lr \cdot 2 (x - a)$$
#
# Subtract $a$ on both sides and look at the *distance* from the minimum, $d = x - a$:
#
# $$d \leftarrow d - lr \cdot 2 d = (1 - 2\, lr)\, d$$
#
# So every step multiplies the distance by the same factor, $1 - 2\,lr$. Everything follows from this one number:
#
# | $lr$ | factor $1 - 2\,lr$ | what happens |
# |---|---|---|
# | 0 | 1 | nothing |
# | between 0 and 0.5 | between 1 and 0 | comes closer from one side |
# | 0.5 | 0 | arrives in one step |
# | between 0.5 and 1 | between 0 and −1 | jumps over the minimum each time, but comes closer: **oscillates** |
# | 1 | −1 | jumps back and forth for ever |
# | above 1 | below −1 | each jump is larger than the last: **diverges** |
#
# **Predict before you run.** We start at distance 2 from the minimum. What is the distance after 3 steps with
# $lr = 0.1$, $0.9$ and $1.1$? (Compute the factor, and take its third power.)

# %%
a, x_start = 1.0, 3.0


def walk(lr, steps):
    """The places that gradient descent of y = (x - a)² visits."""
    x = [x_start]
    while len(x) <= steps:
        x.append(x[-1] - lr * 2 * (x[-1] - a))
    return np.array(x)


ax = plt.subplots(figsize=(5.2, 3.4), layout="constrained")[1]
for number, lr in enumerate([0.01, 0.1, 0.9, 1.0, 1.1]):
    distance = np.abs(walk(lr, 20) - a)
    predicted = 2 * np.abs(1 - 2 * lr) ** np.arange(21)
    assert np.allclose(distance, predicted), "each step multiplies the distance by |1 - 2 lr|"
    style = {"color": plotting.COLOURS[number], "linestyle": "none", "marker": plotting.MARKERS[number], "markersize": 5}
    ax.plot(predicted, "-", color="0.7", linewidth=1)
    ax.plot(distance, label=f"lr = {lr}: factor {1 - 2 * lr:+.2f}", **style)
    print(f"lr = {lr}: distance after 3 steps {distance[3]:.3f}")
ax.set(xlabel="step", ylabel="distance |x − a|", yscale="log", xticks=range(0, 21, 5))
ax.legend(fontsize=8)
plotting.describe(
    ax,
    "Distance from the minimum, step by step, on a logarithmic axis: straight lines, which fall for lr 0.01, 0.1 and 0.9, "
    "stay level for 1.0 and rise for 1.1. The markers lie on the predicted lines.",
);

# %% [markdown]
# <details><summary>Answer</summary>
#
# $2 \cdot 0.8^3 = 1.024$ for $lr = 0.1$, and the same for $lr = 0.9$: the factor is −0.8, only the sign differs. For
# $lr = 1.1$: $2 \cdot 1.2^3 = 3.456$, further away than at the start.
#
# </details>
#
# The markers are measured, the grey lines are predicted by the factor. On the logarithmic axis they are straight: the
# distance changes by the same factor in every step. The markers of 0.1 and 0.9 lie on each other: equal distances.
#
# **Move the slider**, also to both of its ends. Find a rate that converges but is much too slow, one that jumps back
# and forth, and one that diverges.


# %%
def draw_walk(lr):
    return plotting.descent_curve(
        lambda x: (x - a) ** 2, walk(lr, 12), low=-2.5, high=4.5, title=f"lr = {lr}, factor {1 - 2 * lr:+.2f}, 12 steps"
    )


coursekit.explore(draw_walk, start={"lr": 0.9}, lr=[0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0, 1.02, 1.1, 2.0])

# %% [markdown]
# The limit 1 belongs to *this* curve. For $y = \frac12 c x^2$, with the second derivative $c$, the factor is
# $1 - lr \cdot c$, and the limit is $lr < 2/c$. A curve that bends more strongly needs smaller steps. (Here $c = 2$.)

# %% [markdown]
# ## 3 · Two numbers: a ravine
#
# With two weights, the loss is a surface. Our example is steep in one direction and shallow in the other, like a
# *ravine*, a long and narrow valley:
#
# $$L(w) = \tfrac12 \left( c_1 w_1^2 + c_2 w_2^2 \right)$$
#
# $$\text{with } c = (1, 100) \qquad \nabla L = (c_1 w_1,\; c_2 w_2)$$
#
# The **gradient** $\nabla L$ collects the slopes in all directions. Each weight has its own factor: $1 - lr \cdot c_1$
# and $1 - lr \cdot c_2$. But there is only one learning rate for both.
#
# **Predict before you run.** Above which learning rate does the descent diverge? With a rate just below that, how
# quickly does the *other* weight come to its minimum?

# %%
c = np.array([1.0, 100.0])
START, BOX = (-9.0, 1.0), (-10.5, 5.5, -1.5, 1.9)


def ravine(w1, w2):
    return 0.5 * (c[0] * w1**2 + c[1] * w2**2)


def slope(w):
    """The gradient of the ravine. w: (..., 2), the last axis holds the two weights."""
    return c * w


def gd(w, g, state, lr):
    """Plain gradient descent. It needs no memory, so `state` stays empty."""
    return w - lr * g


def descend(step, steps, start=START, gradient=slope, **options):
    """The places (steps + 1, 2) that a descent visits. step: an optimiser; options: its learning
    rate and so on."""
    w, state = np.array(start), {}
    places = [w]
    with np.errstate(over="ignore", invalid="ignore"):  # a descent may diverge; the figure says so
        while len(places) <= steps:
            w = step(w, gradient(w), state, **options)
            places.append(w)
    return np.array(places)


paths = {f"lr = {lr}": descend(gd, 40, lr=lr) for lr in (0.004, 0.019, 0.0203)}
plotting.descent_paths(ravine, paths, box=BOX, title="Plain descent in a ravine, 40 steps");

# %% [markdown]
# <details><summary>Answer</summary>
#
# The steep weight decides: $lr < 2/c_2 = 0.02$. At $lr = 0.019$ the shallow weight has the factor $1 - 0.019 = 0.981$:
# after 40 steps it still has almost half of its distance to go, while the steep weight jumps from wall to wall.
#
# </details>
#
# (The picture stretches the vertical axis. In truth the ravine is ten times narrower than it is long.)
#
# That is the problem of the whole lecture: **the steepest direction limits the rate, the flattest one needs a large
# rate.** How bad it is depends on $c_2 / c_1$, the *condition number*. We let plain descent run with its best possible
# rate, $2 / (c_1 + c_2)$, in ravines of different shape, and count the steps until it is 100 times closer to the
# minimum. (At this rate the two factors have the same size; with any other rate, one of them is larger.)
#
# **Predict before you run.** If $c_2/c_1$ becomes twice as large, what happens to the number of steps?


# %%
def steps_needed(ratio):
    """Steps until both weights are 100 times closer, at the best rate."""
    w, curvature, count = np.array([1.0, 1.0]), np.array([1.0, ratio]), 0
    while np.abs(w).max() > 0.01:
        w = gd(w, curvature * w, {}, lr=2 / curvature.sum())
        count += 1
    return count


ratios = np.array([2, 5, 10, 20, 50, 100, 200, 500, 1000])
counts = np.array([steps_needed(ratio) for ratio in ratios])
print("steps:", dict(zip(ratios.tolist(), counts.tolist())))
ax = plt.subplots(figsize=(4.8, 3.2), layout="constrained")[1]
ax.loglog(ratios, counts, "o", color=plotting.COLOURS[0], label="counted")
ax.loglog(ratios, np.log(100) / 2 * ratios, "--", color="0.4", label="½ ln 100 · c₂/c₁")
ax.set(xlabel="c₂ / c₁", ylabel="steps")
ax.legend(fontsize=9)
plotting.describe(
    ax,
    f"Steps needed against the condition number: from {counts[0]} at {ratios[0]} to {counts[-1]} at {ratios[-1]}, "
    "along a straight line.",
)
assert 1.8 < counts[6] / counts[5] < 2.2, "twice the condition number, twice the steps"

# %% [markdown]
# <details><summary>Answer</summary>
#
# It doubles too. A ravine that is a thousand times steeper one way than the other needs thousands of steps. This is one
# reason to scale the inputs (Lab 2 and Lab 3): inputs of very different size make exactly such a ravine.
#
# </details>

# %% [markdown]
# ## 4 · Better steps
#
# An **optimiser** is a rule that turns a gradient into a step. Every optimiser below is a function
# `step(w, g, state, …)`: it gets the weights, the gradient and a dictionary for its memory, and returns the new
# weights. We write each one *once*, and check it against Keras: both get the same 100 random gradients, and we compare
# the weights after each of the steps.


# %%
def far_from_keras(step, optimizer, **options):
    """Largest difference between our optimiser and a Keras one over 100 steps with
    the same gradients."""
    gradients = np.random.default_rng(1).normal(size=(100, 2)).astype("float32")
    w, state, largest = np.array([-9.0, 1.0], "float32"), {}, 0.0
    keras_w = keras.Variable(w)
    for g in gradients:
        w = step(w, g, state, **options)
        optimizer.apply([keras.ops.convert_to_tensor(g)], [keras_w])
        largest = max(largest, float(np.abs(w - keras.ops.convert_to_numpy(keras_w)).max()))
    return largest


difference = far_from_keras(gd, keras.optimizers.SGD(learning_rate=0.01), lr=0.01)
print(f"largest difference from keras.optimizers.SGD: {difference:.1e}")
assert difference < 1e-4

# %% [markdown]
# ### Stochastic descent: the gradient is only estimated
#
# In practice the gradient comes from a small batch of samples. It points downhill on average, but each time a little
# wrong. We imitate this with random numbers added to the gradient. The step is the same as before: **stochastic
# gradient descent** (SGD) is `gd` with a noisy gradient.
#
# **Predict before you run.** Without noise the descent comes to rest at the minimum, because the gradient is 0 there.
# And with noise?


# %%
def noisy_slope(noise, rng):
    """The gradient of the ravine plus random numbers of the standard deviation `noise`."""
    return lambda w: slope(w) + noise * rng.normal(size=np.shape(w))


exact = descend(gd, 300, lr=0.015)
noisy = descend(gd, 300, lr=0.015, gradient=noisy_slope(15.0, np.random.default_rng(0)))
plotting.descent_paths(ravine, {"exact gradient": exact, "noisy gradient": noisy}, box=BOX, title="lr = 0.015, 300 steps")
print(
    f"loss: mean over the last 100 steps {ravine(*exact[-100:].T).mean():.4f} exact, {ravine(*noisy[-100:].T).mean():.4f} noisy"
)
assert ravine(*noisy[-100:].T).mean() > 10 * ravine(*exact[-100:].T).mean()

# %% [markdown]
# <details><summary>Answer</summary>
#
# It never comes to rest. Near the minimum the true gradient is small, the noise is not: the weights wander about in a
# cloud around the minimum. Section 6 is about how to shrink that cloud.
#
# </details>
#
# ### Momentum
#
# A ball that rolls does not change its direction at once. **Momentum** (Boris Polyak, 1964) keeps a velocity $v$: the
# old velocity, times a number $\mu$ ("mu") below 1, plus the new push, which is the plain step with the gradient $g$.
#
# $$v \leftarrow \mu v - lr \cdot g \qquad\qquad w \leftarrow w + v$$
#
# Across the ravine the pushes change their sign at each step and cancel; along it they add up. If the gradient is
# always the same, $v$ grows until $v = \mu v - lr \cdot g$, that is, to $lr \cdot g / (1 - \mu)$: ten times the plain
# step for $\mu = 0.9$.
#
# **Predict before you run.** $lr = 0.01$, and $\mu = 0.5$, $0.9$ or $0.99$: which one is nearest to the minimum after
# 60 steps?


# %%
def momentum(w, g, state, lr, mu):
    """Each step is the last one, weakened by mu, plus the plain step."""
    state["v"] = mu * state.get("v", 0) - lr * g
    return w + state["v"]


difference = far_from_keras(momentum, keras.optimizers.SGD(learning_rate=0.01, momentum=0.9), lr=0.01, mu=0.9)
print(f"largest difference from keras.optimizers.SGD(momentum=0.9): {difference:.1e}")
assert difference < 1e-4
memory = {}
for _ in range(100):
    momentum(0.0, 1.0, memory, lr=0.01, mu=0.9)  # always the same gradient, 1
print(f"after 100 equal gradients, a step is {-memory['v'] / 0.01:.2f} plain steps long")

# %%
figure, panels = plt.subplots(3, 1, figsize=(5.4, 6.6), layout="constrained", sharex=True)
for ax, mu in zip(panels, (0.5, 0.9, 0.99)):
    path = descend(momentum, 60, lr=0.01, mu=mu)
    plotting.descent_paths(ravine, {f"μ = {mu}": path}, box=(-10.5, 10.5, -1.5, 1.5), ax=ax)
    ax.set_xlabel("$w_1$" if mu == 0.99 else "")
    losses = ravine(*descend(momentum, 2000, lr=0.01, mu=mu).T)
    arrived = np.flatnonzero(losses > 1e-4 * losses[0])[-1] + 1
    print(f"μ = {mu}: loss after 60 steps {ravine(*path[-1]):.3f}; 10,000 times smaller and stays so after {arrived} steps")

# %% [markdown]
# <details><summary>Answer</summary>
#
# With $\mu = 0.5$ momentum only helps a little and is still on its way. With $\mu = 0.9$ it shoots past the minimum,
# turns back, and is close. With $\mu = 0.99$ it rolls past the minimum and far up the other side: there is almost no
# friction. It needs many hundreds of steps to come to rest (see the last printed line). Larger is not better.
#
# </details>
#
# **Try it.** Rate and momentum together. Momentum allows even larger rates than plain descent: find a pair that
# diverges at $\mu = 0$ and converges at $\mu = 0.9$.


# %%
def draw_momentum(lr, mu):
    path = descend(momentum, 60, lr=lr, mu=mu)
    return plotting.descent_paths(
        ravine, {f"lr = {lr}, μ = {mu}": path}, box=(-10.5, 10.5, -1.5, 1.9), title="Momentum, 60 steps"
    )


coursekit.explore(
    draw_momentum,
    start={"lr": 0.01, "mu": 0.7},
    lr=[0.001, 0.003, 0.01, 0.018, 0.021, 0.03, 0.05],
    mu=[0.0, 0.5, 0.7, 0.9, 0.99],
)

# %% [markdown]
# **Nesterov's** variant (Yurii Nesterov, 1983) looks ahead: it takes the slope not where we are, but where the velocity
# is going to carry us anyway. In the form that Keras uses, it weakens the new velocity once more and adds the newest
# push a second time:


# %%
def nesterov(w, g, state, lr, mu):
    """Momentum in which the newest push counts 1 + mu times at once: the step is mu * v - lr * g
    instead of v."""
    state["v"] = mu * state.get("v", 0) - lr * g
    return w + mu * state["v"] - lr * g


difference = far_from_keras(nesterov, keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True), lr=0.01, mu=0.9)
print(f"largest difference from keras.optimizers.SGD(momentum=0.9, nesterov=True): {difference:.1e}")
assert difference < 1e-4

# %% [markdown]
# ### RMSProp: a rate for each weight
#
# The steep weight has large gradients and needs small steps. The flat weight has small gradients and could take large
# steps. So divide each weight's step by the usual size of *its own* gradient. "Usual size" is the root of a running
# mean $s$ of the squares:
#
# $$s \leftarrow \rho\, s + (1 - \rho)\, g^2$$
#
# $$w \leftarrow w - lr \cdot \frac{g}{\sqrt{s + \epsilon}}$$
#
# All operations go entry by entry. $\rho$ ("rho"), here 0.9, says how much of the old mean stays in each step. The tiny
# $\epsilon$ ("epsilon") only prevents a division by 0. (RMSProp was never published as a paper; it comes from Geoffrey
# Hinton's lectures of 2012.)
#
# **Predict before you run.** We multiply the whole loss by 1,000, so every gradient is 1,000 times larger. What happens
# to plain descent? And to RMSProp?


# %%
def rmsprop(w, g, state, lr, rho=0.9, epsilon=1e-7):
    """Each weight's gradient is divided by its own usual size."""
    state["s"] = rho * state.get("s", 0) + (1 - rho) * g**2
    return w - lr * g / np.sqrt(state["s"] + epsilon)


difference = far_from_keras(rmsprop, keras.optimizers.RMSprop(learning_rate=0.01), lr=0.01)
print(f"largest difference from keras.optimizers.RMSprop: {difference:.1e}")
assert difference < 1e-4

# %%
for factor in (1, 1000):
    plain = descend(gd, 60, lr=0.015, gradient=lambda w: factor * slope(w))[-1]
    scaled = descend(rmsprop, 60, lr=0.15, gradient=lambda w: factor * slope(w))[-1]
    said = "has diverged" if not np.abs(plain).max() < 100 else f"ends at {np.round(plain, 3)}"
    print(f"loss times {factor:4}: plain descent {said}, RMSProp ends at {np.round(scaled, 3)}")
far = descend(rmsprop, 500, lr=0.15)
print("length of RMSProp's last step, after 500 steps, in each weight:", np.abs(far[-1] - far[-2]).round(3))
assert np.abs(far[-1] - far[-2]).max() > 0.05, "near the minimum its steps are still about lr long"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Plain descent diverges: 1,000 times the gradient is 1,000 times the rate. RMSProp does not notice, since the size
# cancels. Its steps are about `lr` long whatever the size of the gradient. That is its strength, and also a weakness:
# near the minimum the steps are still about `lr` long, so with a constant rate it never quite arrives.
#
# </details>
#
# ### Adam: both ideas
#
# **Adam** (Kingma and Ba, 2015) joins momentum, as a running mean $m$ of the gradients, with the running mean $s$ of
# their squares. Both means start at 0 and are too small in the first steps; the divisions by $1 - \beta^t$ correct
# that, where $t$ counts the steps. $\beta_1$ and $\beta_2$ ("beta") do what $\rho$ did, one for each mean.
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g$$
#
# $$s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2$$
#
# $$w \leftarrow w - lr \cdot \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon}$$
#
# **Predict before you run.** How long is Adam's very first step, for a gradient of 0.001 and for one of 1,000? (Put
# $t = 1$ into the formula.)


# %%
def adam(w, g, state, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """Momentum (m) divided by the usual size of the gradient (s), both corrected for their
    start at 0."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta_1 * state.get("m", 0) + (1 - beta_1) * g
    s = state["s"] = beta_2 * state.get("s", 0) + (1 - beta_2) * g**2
    return w - lr * (m / (1 - beta_1**t)) / (np.sqrt(s / (1 - beta_2**t)) + epsilon)


difference = far_from_keras(adam, keras.optimizers.Adam(learning_rate=0.01), lr=0.01)
print(f"largest difference from keras.optimizers.Adam: {difference:.1e}")
assert difference < 1e-4
for g in (0.001, 1000.0):
    print(f"gradient {g:8}: the first step of Adam with lr = 0.01 is {adam(0.0, g, {}, lr=0.01):.5f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# For $t = 1$ both corrections cancel the factors: $m/(1 - \beta_1) = g$ and $s/(1 - \beta_2) = g^2$. What remains is
# $lr \cdot g / |g|$, a step of length `lr`, for every weight and every size of the gradient.
#
# </details>
#
# All of them now from the same place, 60 steps each:

# %%
RACE = {
    "plain, lr 0.018": descend(gd, 60, lr=0.018),
    "momentum 0.7, lr 0.02": descend(momentum, 60, lr=0.02, mu=0.7),
    "Nesterov 0.9, lr 0.008": descend(nesterov, 60, lr=0.008, mu=0.9),
    "RMSProp, lr 0.15": descend(rmsprop, 60, lr=0.15),
    "Adam, lr 0.3": descend(adam, 60, lr=0.3),
}
figure, (top, bottom) = plt.subplots(2, 1, figsize=(5.6, 6.4), layout="constrained")
names = list(RACE)
plotting.descent_paths(ravine, {name: RACE[name] for name in names[:3]}, box=BOX, ax=top)
plotting.descent_paths(ravine, {name: RACE[name] for name in names[3:]}, box=BOX, ax=bottom);

# %%
losses = {name: ravine(*path[1:].T) for name, path in RACE.items()}
plotting.error_curves(losses, start=ravine(*START), xlabel="step", ylabel="loss")
assert losses["momentum 0.7, lr 0.02"][-1] < min(losses["Adam, lr 0.3"][-1], losses["RMSProp, lr 0.15"][-1])

# %% [markdown]
# Plain descent and momentum jump from wall to wall first. RMSProp and Adam do not: they see both directions as equally
# steep, and their first steps are equally long in both weights. (The picture stretches the vertical axis, so these
# steps look steep. Adam then swings in long waves. That is its momentum.) And yet: look at who has the lowest loss in
# the end. A smooth way is not always the quickest one. (Where the loss of Nesterov's descent dips, it rolls past the
# minimum.)

# %% [markdown]
# ## 5 · Is Adam always better?
#
# A fair comparison gives *every* optimiser its best learning rate. We try 70 rates for each, from 16 starting points
# all round the ravine, and count the steps until the loss is 10,000 times smaller and stays so. The slowest start
# counts.
#
# We do it twice. First in our ravine, whose axes are those of the weights. Then in the **same ravine turned by 45°**:
# now every step towards the minimum has to change both weights together. Nothing else is different.
#
# **Predict before you run.** Which optimisers need the same number of steps in the turned ravine, and which ones need
# more?

# %%
TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)  # turns the plane by 45°
RAVINES = {"straight": np.diag(c), "turned by 45°": TURN @ np.diag(c) @ TURN.T}
RATES, LIMIT = np.geomspace(1e-3, 30, 70), 1000
angles = np.linspace(0, 2 * np.pi, 16, endpoint=False) + 0.1
starts = 9 * np.column_stack([np.cos(angles), np.sin(angles)])
CONTENDERS = {
    "plain": (gd, {}),
    "momentum 0.7": (momentum, {"mu": 0.7}),
    "momentum 0.9": (momentum, {"mu": 0.9}),
    "RMSProp": (rmsprop, {}),
    "Adam": (adam, {}),
}


def steps_for_all_rates(step, options, A):
    """For each rate: steps until the loss is 10,000 times smaller for good, from the slowest start;
    inf if not in time."""
    turned = starts @ TURN.T if A[0, 1] else starts
    w, state = np.tile(turned, (len(RATES), 1, 1)), {}  # (rates, starts, 2): all descents at once
    first = last = np.zeros(w.shape[:2])
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(LIMIT + 1):
            loss = 0.5 * np.sum(w * (w @ A), axis=-1)
            first = loss if t == 0 else first
            last = np.where(loss <= 1e-4 * first, last, t + 1)  # no comparison with nan is true
            w = step(w, w @ A, state, lr=RATES[:, None, None], **options)
    slowest = last.max(axis=1)
    return np.where(slowest > LIMIT, np.inf, slowest)


needed = {
    shape: {name: steps_for_all_rates(step, options, A) for name, (step, options) in CONTENDERS.items()}
    for shape, A in RAVINES.items()
}
figure, panels = plt.subplots(2, 1, figsize=(5.6, 6.2), layout="constrained", sharex=True)
for ax, (shape, curves) in zip(panels, needed.items()):
    said = []
    for number, (name, counts) in enumerate(curves.items()):
        style = {
            "color": plotting.COLOURS[number],
            "marker": plotting.MARKERS[number],
            "linestyle": ("-", "--", "-.", ":", "-")[number],
        }
        ax.plot(RATES, np.where(np.isfinite(counts), counts, np.nan), markersize=4, label=name, **style)
        said.append(
            f"{name} {counts.min():g} at {RATES[counts.argmin()]:.2g}" if np.isfinite(counts).any() else f"{name} never"
        )
    ax.set(xscale="log", yscale="log", ylabel="steps")
    ax.set_title(f"ravine {shape}", fontsize=10)
    ax.set_yticks([30, 100, 300, 1000], ["30", "100", "300", "1000"])
    ax.minorticks_off()
    plotting.describe(ax, f"Ravine {shape}, smallest number of steps and its rate: {'; '.join(said)}.")
    print(f"ravine {shape}, fewest steps and their rate:", *said, sep="\n    ")
panels[1].set_xlabel("learning rate")
panels[1].legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.2));

# %%
fewest = {shape: {name: counts.min() for name, counts in curves.items()} for shape, curves in needed.items()}
straight, turned = fewest["straight"], fewest["turned by 45°"]
assert straight["momentum 0.7"] < straight["Adam"] < straight["plain"], "momentum with its best rate is quicker than Adam"
assert all(straight[name] == turned[name] for name in ("plain", "momentum 0.7", "momentum 0.9")), "turning changes nothing here"
assert straight["Adam"] <= turned["Adam"] and straight["RMSProp"] <= turned["RMSProp"], "turning cannot help these two here"
print("From the smallest to the largest rate that needs at most twice the fewest steps:")
width = {}
for shape, curves in needed.items():
    for name, counts in curves.items():
        good = RATES[(counts <= 2 * counts.min()) & np.isfinite(counts)]
        if len(good):
            width[shape, name] = good[-1] / good[0]
            print(f"{shape:14} {name:13} {good[0]:.4f} to {good[-1]:.4f}, {width[shape, name]:.0f} times")
rounder = {name: steps_for_all_rates(*CONTENDERS[name], np.diag([1.0, 10.0])).min() for name in ("plain", "Adam")}
print("rounder ravine, c = (1, 10), fewest steps:", {name: int(count) for name, count in rounder.items()})
assert rounder["plain"] < rounder["Adam"]
assert width["straight", "Adam"] > 2 * max(width["straight", "plain"], width["straight", "momentum 0.7"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# Plain descent and momentum need exactly the same number of steps: they only add gradients up, and that works in any
# direction. RMSProp and Adam scale each *weight* by itself. That helps if the ravine runs along a weight, and less if
# it runs across: they need more steps, and other rates than before.
#
# </details>
#
# Three things to take home, all visible in the two pictures:
#
# 1. **With their best rates, momentum beats Adam here**, and by far. Adam beats plain descent in this ravine; in a
#    rounder one, with $c = (1, 10)$, it does not even do that.
# 2. **Adam's curve is broad**: it works with very different rates. Twice its best rate makes plain descent diverge;
#    Adam hardly notices. This is why it is such a good *first* choice: you need not search long. Momentum 0.9 is broad
#    too, but slower than 0.7 at its best. (In this bowl without noise Adam survives even absurd rates. Do not expect
#    that of a network, as you see below.)
# 3. RMSProp with a constant rate seldom comes to rest so near to the minimum: its steps do not become smaller by
#    themselves. Give it a decaying rate (section 6).
#
# Is that so in a real network too? We train a small one with Keras: 8 inputs, 32 hidden neurons, 1 output, on a
# regression task that we make ourselves. Momentum and Adam get four rates each, and with each rate several *seeds*,
# that is, other random first weights. The **validation loss** is measured on samples that training did not use.
#
# **Predict before you run.** Which matters more: the choice between the two optimisers, or the choice of the rate?

# %%
task = np.random.default_rng(5)
X = task.normal(size=(1200, 8)).astype("float32")
y = (np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * np.abs(X[:, 3]) + 0.1 * task.normal(size=1200)).astype("float32")[:, None]
X_train, y_train, X_valid, y_valid = X[:800], y[:800], X[800:], y[800:]


def trained_loss(optimizer, seed):
    """Validation loss (squared) of the 8-32-1 network after its training."""
    keras.utils.set_random_seed(seed)
    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
    network.compile(optimizer, "mse")
    training.fit(network, X_train, y_train, epochs=EPOCHS, batch_size=32, verbose=0)
    y_hat = keras.ops.convert_to_numpy(network(X_valid))
    return float(np.mean((y_hat - y_valid) ** 2))


TRIALS = {
    "momentum 0.9": (lambda rate: keras.optimizers.SGD(rate, momentum=0.9), (0.001, 0.01, 0.03, 0.1)),
    "Adam": (keras.optimizers.Adam, (0.0001, 0.001, 0.01, 0.1)),
}
found = {}
for name, (make, rates) in TRIALS.items():
    for rate in rates:
        found[f"{name}, lr {rate}"] = [trained_loss(make(rate), seed) for seed in range(SEEDS)]
ax = plt.subplots(figsize=(5.8, 4.0), layout="constrained")[1]
for row, (name, values) in enumerate(found.items()):
    marker = plotting.MARKERS[0 if name.startswith("mom") else 1]
    ax.plot(values, [row] * SEEDS, marker, color=plotting.COLOURS[0 if name.startswith("mom") else 1], markersize=6)
    ax.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color="black")
ax.set_yticks(range(len(found)), list(found))
ax.set(xscale="log", xlabel="validation loss: a marker for each seed, a bar at the mean")
ax.set_xticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
ax.minorticks_off()
ax.invert_yaxis()
means = {name: float(np.mean(values)) for name, values in found.items()}
plotting.describe(
    ax, "Validation loss by optimiser and rate: " + ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
);

# %%
best_of = {name: min(mean for key, mean in means.items() if key.startswith(name)) for name in TRIALS}
worst_of = {name: max(mean for key, mean in means.items() if key.startswith(name)) for name in TRIALS}
between = max(best_of.values()) / min(best_of.values())
within = {name: worst_of[name] / best_of[name] for name in TRIALS}
print(
    f"best against best: {between:.2f} times. Worst rate against best rate: { ({n: round(r, 1) for n, r in within.items()}) }"
)
assert between < min(within.values()), "the choice of the rate should matter more than the choice of the optimiser"
assert best_of["momentum 0.9"] < 1.2 * best_of["Adam"], "with its best rate, momentum keeps up with Adam"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The rate. The two optimisers, each at the best of its four rates, differ far less than a good and a bad rate of the
# *same* optimiser. So: before you change the optimiser, search the rate. (Lab 3 shows a quick way.)
#
# </details>

# %% [markdown]
# ## 6 · Noise asks for a smaller rate, later
#
# With a noisy gradient, the weights end in a cloud round the minimum. A smaller rate gives a smaller cloud, but a
# slower walk. So: large steps first, small ones later. Three common **schedules**, with $t$ for the step, $lr_0$ for
# the first rate, and $k$ for how quickly the rate decays ($\lfloor\;\rfloor$ means: rounded down):
#
# $$\text{step}: lr_0 \cdot \left(\tfrac12\right)^{\lfloor t / 400 \rfloor}$$
#
# $$\text{exponential}: lr_0\, e^{-k t} \qquad \text{1/t}: \frac{lr_0}{1 + k t}$$

# %%
STEPS = 2000
t, lr_0 = np.arange(STEPS), 0.015
SCHEDULES = {
    "constant": np.full(STEPS, lr_0),
    "step, half every 400": lr_0 * 0.5 ** (t // 400),
    "exponential, k = 0.002": lr_0 * np.exp(-0.002 * t),
    "1/t, k = 0.005": lr_0 / (1 + 0.005 * t),
    "exponential, k = 0.02": lr_0 * np.exp(-0.02 * t),
}
ax = plt.subplots(figsize=(5.4, 3.3), layout="constrained")[1]
for number, (name, rates) in enumerate(SCHEDULES.items()):
    style = {"linestyle": ("-", "--", "-.", ":", (0, (1, 3)))[number], "color": plotting.COLOURS[number]}
    ax.plot(rates, linewidth=2, label=name, **style)
ax.set(xlabel="step t", ylabel="learning rate")
ax.legend(fontsize=8)
plotting.describe(
    ax, "Five schedules over 2,000 steps from the same first rate: constant, in stairs, two exponential ones, and 1/t."
);

# %% [markdown]
# In Keras these are objects that you pass as `learning_rate=`:

# %%
in_keras = {
    "step, half every 400": keras.optimizers.schedules.ExponentialDecay(lr_0, 400, 0.5, staircase=True),
    "exponential, k = 0.002": keras.optimizers.schedules.ExponentialDecay(lr_0, 1000, float(np.exp(-2.0))),
    "1/t, k = 0.005": keras.optimizers.schedules.InverseTimeDecay(lr_0, 1000, 5.0),
}
for name, schedule in in_keras.items():
    some = [float(schedule(step)) for step in range(0, STEPS, 150)]
    assert np.allclose(some, SCHEDULES[name][::150], rtol=1e-4), name

# %% [markdown]
# **Predict before you run.** All five walk down the ravine with the same strong noise. Which one ends with the
# *highest* loss? (There are two candidates, for two different reasons.) Does a decaying rate help from the start, or
# only late?


# %%
def noisy_descents(rates, noise=15.0):
    """Losses (steps + 1, RUNS) of many independent descents with these rates, one rate a step."""
    rng = np.random.default_rng(11)
    w = np.tile(START, (RUNS, 1))
    losses = [ravine(*w.T)]
    for rate in rates:
        w = gd(w, slope(w) + noise * rng.normal(size=w.shape), {}, lr=rate)
        losses.append(ravine(*w.T))
    return np.array(losses)


results = {name: noisy_descents(rates) for name, rates in SCHEDULES.items()}
ax = plt.subplots(figsize=(5.8, 3.8), layout="constrained")[1]
said = []
for number, (name, losses) in enumerate(results.items()):
    low, middle, high = np.percentile(losses, [10, 50, 90], axis=1)
    style = {"linestyle": ("-", "--", "-.", ":", (0, (1, 3)))[number], "color": plotting.COLOURS[number]}
    smooth = np.exp(np.convolve(np.log(middle), np.ones(50) / 50, "valid"))  # over 50 steps, on the logarithmic axis
    ax.plot(np.arange(len(smooth)) + 25, smooth, linewidth=2, label=name, **style)
    end = STEPS + 100 + 120 * number
    ax.plot([end, end], [low[-1], high[-1]], color=plotting.COLOURS[number], linewidth=3)
    ax.plot(end, middle[-1], plotting.MARKERS[number], color=plotting.COLOURS[number], markeredgecolor="black")
    said.append(f"{name} {middle[-1]:.3g} ({low[-1]:.2g} to {high[-1]:.2g})")
ax.set(xlabel="step (right: the last losses, median and 10 % to 90 %)", ylabel="loss", yscale="log")
ax.legend(fontsize=8, loc="lower left")
plotting.describe(
    ax,
    f"Median loss of {RUNS} noisy descents with five schedules. At the end, with the range of 80 % of runs: {'; '.join(said)}.",
)
print("last loss: median of the runs (in brackets, where 80 % of them end)")
print("\n".join(said))

# %%
last = {name: np.median(losses[-1]) for name, losses in results.items()}
gentle = [name for name in last if name not in ("constant", "exponential, k = 0.02")]
assert all(last[name] < last["constant"] < last["exponential, k = 0.02"] for name in gentle), (
    "gentle decay helps, haste does not"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The hasty exponential ($k = 0.02$) ends highest: its steps were almost 0 before it had arrived. The constant rate
# comes second: it arrived, but it stays in a wide cloud. The three gentle schedules end far lower. On the way down, in
# the first hundred steps, they are no quicker than the constant rate: they gain only when the constant one has reached
# its cloud.
#
# </details>
#
# Why was the hasty one stopped? Add up its rates: the sum says how far a descent can walk at all.

# %%
for name, rates in SCHEDULES.items():
    print(
        f"{name:24} sum of all rates {rates.sum():6.2f}   last rate {rates[-1]:.1e}   "
        f"shallow weight × {np.prod(1 - rates * c[0]):.4f}"
    )

# %% [markdown]
# The last column is the product of all factors $1 - lr \cdot c_1$: what is left of the distance in the shallow
# direction. (It is about $e^{-c_1 \cdot \text{sum}}$.) A sum of rates much above $1 / c_1$ is needed. So a schedule
# must be slow enough to arrive, and fast enough to calm down.

# %% [markdown]
# ## 7 · How large should a batch be?
#
# The gradient of a batch is a mean of gradients of single samples. The more samples, the less noise. How much less? We
# measure it on a small linear regression, $\hat y = Xw$, with 4,096 samples of 5 features. For each batch size $B$ we
# draw many random batches and look at the standard deviation of their gradients.
#
# **Predict before you run.** From $B = 16$ to $B = 64$, the batch costs four times as much. By how much does the noise
# become smaller?

# %%
maker = np.random.default_rng(3)
X_line = maker.normal(size=(4096, 5))
y_line = X_line @ np.array([1.0, -2.0, 0.5, 3.0, -1.0]) + maker.normal(size=4096)
w_best = np.linalg.lstsq(X_line, y_line, rcond=None)[0]


def batch_gradient(w, rows):
    """Gradient of the mean squared error over the samples `rows`: Xᵀ(Xw − y) · 2/B."""
    X, y = X_line[rows], y_line[rows]
    return 2 * X.T @ (X @ w - y) / len(rows)


picker = np.random.default_rng(4)
sizes = 4 ** np.arange(6)
noise = [np.std([batch_gradient(np.zeros(5), picker.integers(0, 4096, B)) for _ in range(DRAWS)], axis=0).mean() for B in sizes]
exponent = np.polyfit(np.log(sizes), np.log(noise), 1)[0]
ax = plt.subplots(figsize=(4.8, 3.3), layout="constrained")[1]
ax.loglog(sizes, noise, "o", color=plotting.COLOURS[0], markersize=7, label="measured")
ax.loglog(sizes, np.mean(noise * np.sqrt(sizes)) / np.sqrt(sizes), "--", color="0.4", label="constant / √B")
ax.set(xlabel="batch size B", ylabel="standard deviation of the gradient")
ax.set_xticks(sizes, [str(B) for B in sizes])
ax.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
ax.minorticks_off()
ax.legend(fontsize=9)
plotting.describe(
    ax, f"Noise of the gradient against the batch size, both axes logarithmic: a straight line with the slope {exponent:.2f}."
)
print(f"slope of the line: {exponent:.3f}")
assert -0.55 < exponent < -0.45

# %% [markdown]
# <details><summary>Answer</summary>
#
# It halves: the noise goes with $1/\sqrt{B}$, so the slope in this picture is −½. Four times the work for half the
# noise. (The law of the mean of independent samples; here the batches are drawn with replacement, so they are
# independent.)
#
# </details>
#
# So is a large batch a bad deal? It depends on what you pay for. Here the sizes 1, 16, 256 and 1,024 get the same rate,
# and we count the *samples read*, which is the work of the computer.
#
# **Predict before you run.** Which batch size has the lowest loss after 256 samples? Which one after 100,000? And if we
# read even more?


# %%
def excess(w):
    """Mean squared error above the smallest possible one, for one w a row."""
    return np.mean((X_line @ (w - w_best).T) ** 2, axis=0)


def regression(B, budget, runs=10, lr=0.02):
    """Samples read so far, and the excess loss (places, runs) of stochastic descents with
    batch size B."""
    rng = np.random.default_rng(B)
    w, read, losses = np.zeros((runs, 5)), [], []
    shown = set(np.unique(np.geomspace(1, budget // B, 60).astype(int)))
    for step in range(1, budget // B + 1):
        rows = rng.integers(0, 4096, (runs, B))
        errors = np.einsum("rbf,rf->rb", X_line[rows], w) - y_line[rows]
        w = gd(w, 2 * np.einsum("rb,rbf->rf", errors, X_line[rows]) / B, {}, lr=lr)
        if step in shown:
            read.append(step * B)
            losses.append(excess(w))
    return np.array(read), np.array(losses)


ax = plt.subplots(figsize=(5.6, 3.7), layout="constrained")[1]
ends, early, late = {}, {}, {}
for number, B in enumerate([1, 16, 256, 1024]):
    read, losses = regression(B, 100_000 if B < 1024 else 200_000)
    ends[B], late[B] = losses[-1].mean(), losses[read <= 100_000][-1].mean()
    early[B] = losses[read <= 256][-1].mean() if B <= 256 else excess(np.zeros((1, 5)))[0]  # no step yet: still at the start
    style = {"color": plotting.COLOURS[number], "linestyle": ("-", "--", "-.", ":")[number]}
    ax.plot(read, losses.mean(axis=1), linewidth=2, label=f"B = {B}", **style)
    ax.fill_between(read, losses.min(axis=1), losses.max(axis=1), color=style["color"], alpha=0.15, linewidth=0)
ax.set(xscale="log", yscale="log", xlabel="samples read", ylabel="loss above its minimum")
ax.legend(fontsize=9)
plotting.describe(
    ax,
    "Excess loss against samples read, mean and range of 10 runs. At the end: "
    + ", ".join(f"batch size {B}: {end:.2g}" for B, end in ends.items()),
);

# %%
print("after 256 samples:", {B: float(f"{loss:.2g}") for B, loss in early.items()})
print("after 100,000:    ", {B: float(f"{loss:.2g}") for B, loss in late.items()})
print(f"B = 1024 after 200,000: {ends[1024]:.2g}")
assert early[1] < early[16] < early[256], "for the same work, small batches are ahead at first"
assert ends[1] > ends[16] > ends[256] > ends[1024], "and stop at a higher floor"
assert min(late, key=late.get) == 256, "after 100,000 samples the largest batch has not arrived"

# %% [markdown]
# <details><summary>Answer</summary>
#
# First $B = 1$: it has made 256 steps while $B = 256$ has made one. Later each of them stops at its own floor, the
# cloud of section 4, and the floor is lower for larger batches. After 100,000 samples $B = 256$ is the lowest:
# $B = 1024$ has made fewer than 100 steps and is still on its way. It gets lower than all the others when we read more.
# A smaller rate lowers the floor as well, and so does a decaying one.
#
# </details>
#
# On a real machine one more thing counts: time. How much longer does a batch of 32 take than a single sample?

# %%
seconds = {
    B: min(timeit.repeat(lambda: batch_gradient(w_best, np.arange(B)), number=200, repeat=5)) / 200 for B in (1, 32, 1024)
}
for B, duration in seconds.items():
    print(f"B = {B:4}: {duration / seconds[1]:5.1f} times as long as a single sample")

# %% [markdown]
# Much less than 32 times as long: each call has a fixed cost, and the processor works on many numbers at once. So sizes
# like 32 or 128 are a common compromise (Lab 3 compares batch sizes).

# %% [markdown]
# ## Check yourself
#
# 1. Why is the mean squared error a poor choice if a few targets are badly wrong?
#
#    <details><summary>Answer</summary>Its pull grows with the error, so a few wild targets pull the model towards
#    themselves. Absolute and Huber loss pull with a limited strength.</details>
#
# 2. For $y = 3 (x - 5)^2$: for which learning rates does gradient descent converge?
#
#    <details><summary>Answer</summary>The derivative is $6 (x - 5)$, so the factor is $1 - 6\,lr$. Its size is below 1
#    for $0 \lt lr \lt 1/3$.</details>
#
# 3. The loss jumps up and down but falls on average. Is the rate too small or too large?
#
#    <details><summary>Answer</summary>Rather large: steep directions jump over the minimum, or the noise of small
#    batches is strong. Try a smaller rate, or a decaying one.</details>
#
# 4. What does momentum do across a ravine, and what along it?
#
#    <details><summary>Answer</summary>Across it, pushes of changing sign cancel; along it, equal pushes add up to steps
#    $1/(1 - \mu)$ times as long.</details>
#
# 5. You multiply your loss by 10. Which optimisers need another learning rate?
#
#    <details><summary>Answer</summary>Plain descent, momentum and Nesterov (a rate ten times smaller). RMSProp and Adam
#    do not notice: they divide by the gradient's own size.</details>
#
# 6. Why can a schedule that decays quickly be worse than no schedule?
#
#    <details><summary>Answer</summary>The sum of all its rates is too small: it stops before it has arrived.</details>
#
# 7. You want half the noise in your gradients. How large must the batch be?
#
#    <details><summary>Answer</summary>Four times as large: the noise goes with $1/\sqrt{B}$.</details>

# %% [markdown]
# ## What you learned
#
# - A **loss** says what counts as wrong. Squared error follows the mean, absolute error the median; cross-entropy pulls
#   hard at confident mistakes.
# - On a parabola each step of **gradient descent** multiplies the distance by $1 - lr \cdot c$: it converges,
#   oscillates or diverges.
# - In a **ravine** the steep direction limits the rate and the flat one needs a large rate. Momentum adds up steps;
#   RMSProp and Adam scale each weight.
# - **Adam** forgave a badly chosen rate in the bowl, but not in the network. With good rates, momentum was as good or
#   better in both. The rate matters more than the optimiser.
# - **Noise** leaves a cloud round the minimum; a gently decaying rate or larger batches shrink it. Noise falls only
#   with the root of the batch size.
#
# ## Change something and try
#
# Some cells `assert` what the text claims. After a change one of them may stop with an `AssertionError`. Then you have
# found a case where the claim does not hold: that is a result.
#
# - In section 3 set `c = np.array([1.0, 10.0])`, a rounder ravine, and run all cells from there. Who wins the race of
#   section 4 now?
# - In section 4 give RMSProp and Adam the rates of momentum, 0.02. What happens, and why?
# - In section 6 make the noise ten times weaker. Is a schedule still worth it?
# - In section 7 give each batch size its own best rate. Is $B = 1$ still the noisiest at the end?
#
# Where the gradient of a *network* comes from is the subject of [Lecture 3](lecture03_backpropagation.ipynb). Now you
# are ready for [Lab 1](../labs/lab01_perceptron.ipynb), sections 6 to 8, and [Lab 3](../labs/lab03_regression.ipynb),
# sections 6 and 8.
