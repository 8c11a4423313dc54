# %% [markdown]
# # Lecture 1 · Neurons and lines
#
# A neural network is made of very simple parts. One part, a *neuron*, can only draw a straight line and say on which
# side of it you are. This lecture shows what such a neuron computes, why it needs an *activation*, and how many simple
# neurons together can draw any border and any curve. It ends with the price of that power: a network that is large
# enough to learn everything also learns the noise.
#
# **When you have read it, you can**
#
# - read the weights of a neuron as a direction, its bias as a shift and its score as a distance;
# - name seven activations, draw them, and say where their slope is large, small or zero;
# - explain why each hidden neuron is a line, and how few lines can fence in a group of points;
# - build a curve out of steps by hand, and say what *universal approximation* promises and what it does not;
# - recognise underfitting and overfitting from a boundary and from two error curves.
#
# * **Time**: 45 minutes to read; the computer itself needs less than a minute.
# * **Labs**: [Lab 1](../labs/lab01_perceptron.ipynb) lets you train a single neuron yourself.
#   [Lab 2](../labs/lab02_mlp.ipynb) builds a network of hundreds of them.

# %%
import warnings

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
from coursekit import plotting
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

coursekit.setup("lecture01_neurons")
threadpool_limits(1);  # these networks are tiny: one core is faster than several that wait for each other

# %% fast={"SEEDS": 6}
SEEDS = 20  # independent runs behind every mean
FIRST = int(np.random.randint(10_000))  # the number of the first run; another COURSEKIT_SEED gives other runs

# %% [markdown]
# ## 1 · One neuron, one line
#
# A **sample** is one thing that we know some numbers about, here two: $x = (x_1, x_2)$, a point of the plane. A neuron
# takes a sample and computes one number, its **score**:
#
# $$z = w \cdot x + b = w_1 x_1 + w_2 x_2 + b$$
#
# The **weights** $w$ and the **bias** $b$ belong to the neuron. A **threshold unit** answers 1 if $z > 0$ and 0 if not.
# (McCulloch and Pitts described such units in 1943, Rosenblatt let them learn in 1958.) Something that puts each
# sample into one of several groups, the **classes**, is a *classifier*. This one is *linear*: the samples with $z = 0$
# lie on a straight line, and the line separates the two answers.
#
# Three facts say where the line is:
#
# - $w$ is perpendicular to the line and points to the side of the answer 1. It is the line's **normal vector**.
# - The score divided by the length of $w$ is the **signed distance** from the line: plus on the side to
#   which $w$ points, minus on the other.
# - The bias moves the line without turning it. The origin has the score $b$.
#
# $$\text{distance}(x) = \frac{z}{\lVert w \rVert} = \frac{w \cdot x + b}{\sqrt{w_1^2 + w_2^2}}$$
#
# **Predict before you run.** A neuron has $w = (2, 1)$ and $b = -2$. On which side of its line is the origin $(0, 0)$,
# and how far away from the line?

# %%
w, b = np.array([2.0, 1.0]), -2.0
X = np.array([[2.0, 1.0], [0.0, 0.0], [0.5, 1.0], [0.3, 2.6]])

z = X @ w + b
distance = z / np.linalg.norm(w)
foot = X - np.outer(z / (w @ w), w)  # the nearest point of the line: walk against w until the score is 0

for x, score, far in zip(X, z, distance):
    print(f"x = ({x[0]:.1f}, {x[1]:.1f})   score {score:+.1f}   distance {far:+.2f}   answer {int(score > 0)}")
assert np.allclose(foot @ w + b, 0), "the nearest points lie on the line"
assert np.allclose(np.linalg.norm(X - foot, axis=1), np.abs(distance)), "measured with a ruler, the distance is the same"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The score of the origin is $b = -2$, so the answer is 0. The length of $w$ is $\sqrt{5}$, so the signed distance is
# $-2 / \sqrt{5}$, about −0.89: the origin is 0.89 away from the line, on the side of the zeros.
#
# </details>

# %%
ax = plotting.decision_line(w, b, limits=(-0.8, 3.2, -0.8, 3.2), title="One neuron: $2 x_1 + x_2 - 2 > 0$")
middle = np.array([0.25, 1.5])  # a point of the line, where the arrow begins
ax.annotate("", middle + w / 2, middle, arrowprops={"arrowstyle": "-|>", "linewidth": 2.5, "color": "black"})
ax.text(*(middle + w / 2 + [0.05, 0.05]), "direction of $w$", fontsize=9)
for x, near, far in zip(X, foot, distance):
    ax.plot(*np.transpose([x, near]), ":", color=plotting.COLOURS[1], linewidth=2)
    ax.plot(*x, "o", color=plotting.COLOURS[1], markeredgecolor="black")
    ax.text(x[0] + 0.08, x[1] - 0.2, f"{far:+.2f}", fontsize=10)
ax.set_aspect("equal")
plotting.describe(
    ax,
    "The line 2 x1 + x2 - 2 = 0 falls from left to right. An arrow for the weights (2, 1) stands at a right angle to it and "
    "points to the side of answer 1. Four points with dotted perpendiculars to the line carry their signed distances: "
    + ", ".join(f"{far:+.2f}" for far in distance) + ".",
);

# %% [markdown]
# **Predict before you run.** Multiply $w$ and $b$ by 10. What happens to the line, to the answers, to the distances,
# and to the scores?

# %%
big_w, big_b = 10 * w, 10 * b
print("scores   ", z, "become", X @ big_w + big_b)
print("distances", distance.round(2), "become", ((X @ big_w + big_b) / np.linalg.norm(big_w)).round(2))

# %% [markdown]
# <details><summary>Answer</summary>
#
# The line, the answers and the distances stay. Only the scores become ten times as large. So the *direction* of $w$
# says where the line is, and the *length* of $w$ says how fast the score grows when you walk away from it. A
# threshold unit does not care about the length. The neurons of the next section do: for them it is how *sure* they
# are.
#
# </details>
#
# With three inputs the line becomes a plane, with 784 inputs (the pixels of an image in Lab 2) a *hyperplane*. The
# formulas stay the same. We stay with two inputs, because we can draw them.

# %% [markdown]
# ## 2 · Activations and their slopes
#
# A threshold has a problem: it is flat. Change a weight a little, and usually no answer changes at all. **Training**
# (Lectures 2 and 3) means to change the weights in small steps until the answers are good. It needs to know in which
# direction to change a weight, so it needs a **slope** that is not zero. That is why a neuron sends its score through a
# smooth or bent function, the **activation** $f(z)$:
#
# | activation | $f(z)$ | slope $f'(z)$ |
# |---|---|---|
# | sigmoid | $\sigma(z) = 1 / (1 + e^{-z})$ | $\sigma(z) (1 - \sigma(z))$ |
# | tanh | $\tanh(z) = 2 \sigma(2z) - 1$ | $1 - \tanh^2(z)$ |
# | ReLU | $\max(0, z)$ | 1 if $z > 0$, else 0 |
# | leaky ReLU | $z$ if $z > 0$, else $\alpha z$ | 1 if $z > 0$, else $\alpha$ |
# | PReLU | as leaky ReLU, but $\alpha$ is learned like a weight | as leaky ReLU |
# | ELU | $z$ if $z > 0$, else $\alpha (e^z - 1)$ | 1 if $z > 0$, else $\alpha e^z$ |
# | maxout | $\max(z_1, z_2, \dots)$ | the slope of the largest line |
#
# (ReLU: Nair and Hinton 2010. Leaky ReLU: Maas and others 2013. Maxout: Goodfellow and others 2013. PReLU: He and
# others 2015. ELU: Clevert and others 2015.)
#
# Maxout is different from the others: it has several scores $z_j = w_j \cdot x + b_j$ (with one input: several lines),
# each with its own weights and bias, and answers the largest of them. $\alpha$ ("alpha") is a number that you choose,
# such as 0.2.
#
# First the sigmoid. With a factor $k$ before $z$ it becomes steep, just as with longer weights $w$.
#
# **Predict before you run.** How large is the slope of $\sigma(z)$ at $z = 0$? And of $\sigma(10 z)$?


# %%
def sigmoid(z):
    """1 / (1 + exp(-z)), written with tanh so that exp cannot overflow."""
    return 0.5 * (1 + np.tanh(z / 2))


z = np.linspace(-4, 4, 401)
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
for k, style, colour in zip((1, 3, 10), ("-", "--", "-."), plotting.COLOURS):
    slope = (sigmoid(k * 1e-4) - sigmoid(-k * 1e-4)) / 2e-4
    name = f"$\\sigma({k}z)$" if k > 1 else "$\\sigma(z)$"
    ax.plot(z, sigmoid(k * z), style, color=colour, linewidth=2, label=f"{name}, slope at 0: {slope:.2f}")
ax.step(z, z > 0, ":", color="black", linewidth=1.5, label="threshold")
ax.set(xlabel="z", ylabel="activation")
ax.legend(frameon=False, fontsize=9)
plotting.describe(ax, "Sigmoids of z, 3z and 10z. The larger the factor, the steeper the rise at 0, the nearer a threshold.");

# %% [markdown]
# <details><summary>Answer</summary>
#
# $\sigma(0) = 0.5$, so the slope there is $0.5 \cdot 0.5 = 0.25$, and this is the largest slope that the sigmoid has
# anywhere. The factor 10 multiplies it: 2.5. The larger the factor, the more the sigmoid looks like a threshold.
#
# </details>
#
# Now all of them. Each pair in the next cell is a function and its slope, written as in the table. We do not trust a
# formula that we can test: the slope must agree with $\big(f(z + h) - f(z - h)\big) / 2h$ for a small $h$. (This is
# called a *central difference*. You will meet it again in Lecture 3.) The figure after that draws the pairs, and one
# maxout, of three lines.

# %%
alpha = 0.2  # the slope of leaky ReLU on the left; PReLU would learn this number. ELU is drawn with an alpha of 1

ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "ReLU": (lambda z: np.maximum(0, z), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky ReLU, PReLU": (lambda z: np.where(z > 0, z, alpha * z), lambda z: np.where(z > 0, 1.0, alpha)),
    "ELU": (lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1), lambda z: np.exp(np.minimum(z, 0))),
}

h = 1e-5
away = z[np.abs(z) > 2 * h]  # not at 0, where ReLU and leaky ReLU have a corner
for name, (f, f_slope) in ACTIVATIONS.items():
    measured = (f(away + h) - f(away - h)) / (2 * h)
    assert np.allclose(measured, f_slope(away), atol=1e-6), f"the slope of {name} is wrong"
print("every slope agrees with its central difference")

# %%
z = np.linspace(-4, 4, 401)
fig, axes = plt.subplots(3, 2, figsize=(5.6, 6.4), layout="constrained", sharex=True)
panels = dict(ACTIVATIONS)
LINES = np.array([[-0.6, -1.2], [0.1, 0.2], [1.0, -1.0]])  # maxout: slope and height of three lines of one input
panels["maxout of three lines"] = (
    lambda z: (np.outer(LINES[:, 0], z) + LINES[:, 1:]).max(axis=0),
    lambda z: LINES[(np.outer(LINES[:, 0], z) + LINES[:, 1:]).argmax(axis=0), 0],
)
for ax, (name, (f, f_slope)) in zip(axes.flat, panels.items()):
    ax.axhline(0, color="0.8", linewidth=0.8)
    ax.plot(z, f(z), color=plotting.COLOURS[0], linewidth=2.2, label="$f(z)$")
    ax.plot(z, f_slope(z), "--", color=plotting.COLOURS[1], linewidth=1.8, label="slope $f'(z)$")
    ax.set_title(name, fontsize=10)
    ax.set_ylim(-1.3, 2.2)
    ends, slopes = f(z)[[0, -1]], f_slope(z)
    plotting.describe(
        ax, f"{name}: from {ends[0]:.1f} at z = -4 to {ends[1]:.1f} at 4, slopes {slopes.min():.2f} to {slopes.max():.2f}."
    )
axes[0, 0].legend(frameon=False, fontsize=9, loc="upper left")
for ax in axes[-1]:
    ax.set_xlabel("z")

# %% [markdown]
# **Look.** Three groups, by their slopes:
#
# - **sigmoid and tanh** are flat on both sides. There the neuron is *saturated*: its slope is nearly 0.
# - **ReLU** is flat only on the left, and *exactly* flat there. A ReLU whose score is negative for every sample
#   learns no more.
# - **leaky ReLU, PReLU, ELU** keep some slope on the left (ELU less and less of it). **Maxout** is flat only
#   where its largest line is flat. ReLU is itself a maxout: of the two lines $0$ and $z$.
#
# **Predict before you run.** In a chain of ten neurons, one after the other, the slopes *multiply*. How large can the
# slope of a chain of ten sigmoids be at most, if all its weights are 1? And of ten ReLUs?

# %%
print(f"{'':18} {'largest slope':>13} {'at z = −5':>10} {'at z = 5':>10} {'ten in a row, at most':>22}")
for name, (_, f_slope) in ACTIVATIONS.items():
    largest = f_slope(z).max()
    left, right = f_slope(np.array([-5.0, 5.0]))
    print(f"{name:18} {largest:13.2f} {left:10.4f} {right:10.4f} {largest**10:22.8f}")
assert ACTIVATIONS["sigmoid"][1](z).max() ** 10 < 1e-6, "ten sigmoids let less than a millionth through"

# %% [markdown]
# <details><summary>Answer</summary>
#
# At most $0.25^{10}$, less than a millionth: what you change at the start of the chain hardly arrives at its end.
# Ten ReLUs with positive scores let everything through: $1^{10} = 1$. This is one reason why deep networks use ReLU
# and its relatives inside. Lecture 5 follows the slopes through ten real layers.
#
# </details>
#
# Keras has them too, all but maxout. (PReLU is a layer there, `keras.layers.PReLU`, because it has something to learn.)
# Its functions agree with ours:

# %%
theirs = {
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "ReLU": keras.activations.relu,
    "leaky ReLU, PReLU": lambda z: keras.activations.leaky_relu(z, negative_slope=alpha),
    "ELU": keras.activations.elu,
}
for name, function in theirs.items():
    answers = keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(z, dtype="float32")))
    assert np.allclose(answers, ACTIVATIONS[name][0](z), atol=1e-5), name
print("the same in Keras:", ", ".join(theirs))

# %% [markdown]
# ## 3 · Hidden neurons are lines
#
# One line cannot separate much. So let several neurons look at the same sample. They form a **hidden layer**, and one
# more neuron, the **output**, looks at *their* answers:
#
# $$h = f(x W + b) \qquad\qquad \hat{y} = h \cdot v + c$$
#
# Column $j$ of $W$ and entry $j$ of $b$ belong to hidden neuron $j$; $f$ works on each entry by itself. $v$ and $c$ are
# the weights and the bias of the output. So each hidden neuron still draws one line, and the output combines their
# answers.
#
# By hand: three threshold units, each with its line, and an output that says 1 only if *all three* say 1. In numbers:
# $h_1 + h_2 + h_3 - 2.5 > 0$.
#
# **Predict before you run.** What shape is the region of the answer 1? And into how many pieces do three lines cut
# the plane?

# %%
W = np.array([[1.0, -1.0, 0.0], [-0.6, -0.6, 1.0]])  # one column for each hidden neuron
b = np.array([0.9, 0.9, 0.6])


def triangle(X):
    h = (X @ W + b > 0).astype(float)  # (n, 3): on which side of each line
    return h.sum(axis=1) - 2.5


ax = plotting.decision_regions(
    triangle, threshold=0, hidden=(W, b), limits=(-2.5, 2.5, -2.5, 2.5), title="Joined by AND: answer 1 is blue"
)
grid = np.random.default_rng(0).uniform(-6, 6, (100_000, 2))
patterns = np.unique(grid @ W + b > 0, axis=0)
print(f"different answers (h1, h2, h3) of the hidden layer: {len(patterns)}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# A triangle: the part of the plane that lies on the right side of all three lines. Three lines cut the plane into 7
# pieces (if no two are parallel and they do not all meet in one point). Inside one piece all three answers
# $(h_1, h_2, h_3)$ stay the same, so the output cannot tell two points of the same piece apart. Of the $2^3 = 8$
# patterns, one never occurs. $H$ lines make at most $1 + H + H (H - 1) / 2$ pieces.
#
# </details>
#
# Now a harder task: points of class 1 in the middle, points of class 0 in a ring around them. The next cell makes the
# points and two helpers. *How* training finds the weights is the subject of Lectures 2 and 3; here a ready-made routine
# from scikit-learn does it. It starts from random first weights. So we train each network several times, each time from
# other first weights: each time is a **run**. The hidden activation is tanh, a soft threshold between −1 and 1. The
# output says class 1 where its score is above 0. In the pictures squares are class 1, and blue is where the network
# says class 1. Each dashed line belongs to one hidden neuron, and samples on the wrong side of the border are ringed.


# %%
def ring(n, seed):
    """n samples: X (n, 2), t (n,) is 1 in the middle and 0 in the ring around it."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) % 2
    radius = np.where(t == 1, 0.9 * np.sqrt(rng.uniform(0, 1, n)), rng.uniform(1.3, 2.2, n))
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), t


def train(X, t, neurons, seed, activation="tanh"):
    """A network with one hidden layer, trained on (X, t) until it hardly improves; `seed` chooses
    its first weights."""
    network = MLPClassifier(
        hidden_layer_sizes=[neurons], activation=activation, solver="lbfgs", alpha=0, max_iter=1000, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it says that training could have gone on
        return network.fit(X, t)


def draw_network(ax, network, X, t, title):
    """Regions, samples and the line of each hidden neuron."""
    layer = (network.coefs_[0], network.intercepts_[0])
    plotting.decision_regions(lambda X: network.predict_proba(X)[:, 1], X, t, hidden=layer, title=title, ax=ax)
    ax.get_legend().remove()
    ax.set(xlabel="", ylabel="")

# %% [markdown]
# **Predict before you run.** One, two, three or eight hidden neurons: what is the smallest number that can put the
# middle on one side and the whole ring on the other? What will the smaller ones do?

# %%
X, t = ring(120, FIRST)
fig, axes = plt.subplots(2, 2, figsize=(5.8, 5.6), layout="constrained", sharex=True, sharey=True)
right = {}
for ax, H in zip(axes.flat, (1, 2, 3, 8)):
    runs = [train(X, t, H, FIRST + s) for s in range(SEEDS)]
    right[H] = np.array([network.score(X, t) for network in runs])
    draw_network(ax, runs[np.argmax(right[H])], X, t, f"{H} hidden: best run {right[H].max():.0%} right")
for H, shares in right.items():
    print(f"{H} hidden: right on average {shares.mean():.1%}, worst run {shares.min():.1%}, best run {shares.max():.1%}")
assert max(right[1].max(), right[2].max()) < 0.97 < right[3].max(), "two lines cannot fence in the middle, three can"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Three. A fence around the middle must be closed, and one or two lines leave it open on at least one side. Look at
# the picture with two: a strip, or a wedge, that runs out of the picture. With three lines the best run fences the
# middle in. tanh is a *soft* threshold, and yet the border follows the lines closely: training made the weights long,
# and long weights make a soft threshold steep (section 2).
#
# </details>
#
# Look at the printed numbers too. *Can* is not *does*: with three neurons some runs may end with a worse fence than
# others, although all saw the same points. Only their first weights differed. With eight neurons there is room for a
# bad line or two.
#
# **Predict before you run.** Take eight hidden neurons again, but leave out the activation: $f(z) = z$. What will the
# boundary look like?

# %%
flat = train(X, t, 8, FIRST, activation="identity")
fig, ax = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
draw_network(ax, flat, X, t, f"8 hidden neurons without activation: {flat.score(X, t):.0%} right")
assert flat.score(X, t) < 0.85, "without activation a network is one line, however many neurons it has"

# %% [markdown]
# <details><summary>Answer</summary>
#
# One straight line, as with a single neuron. Without activation $\hat{y} = (x W + b) \cdot v + c$, and that is
# $x \cdot (W v) + (b \cdot v + c)$: one weight for each input and one bias. The hidden lines are still there, and they
# change nothing. It is the activation that makes a *network* out of neurons.
#
# </details>
#
# Now a network with three hidden neurons in Keras: two `Dense` layers. With the same weights as ours it gives the same
# answers.

# %%
network = train(X, t, 3, FIRST)
hidden, output = keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")
model = keras.Sequential([keras.Input((2,)), hidden, output])
model.set_weights([network.coefs_[0], network.intercepts_[0], network.coefs_[1], network.intercepts_[1]])
difference = np.abs(model.predict(X, verbose=0)[:, 0] - network.predict_proba(X)[:, 1]).max()
print(f"largest difference between the two: {difference:.1e}")
assert difference < 1e-3

# %% [markdown]
# ## 4 · Enough neurons draw any curve
#
# So far the output was a class. Now let it be a number: the network shall follow a curve $y = g(x)$ of one input. Its
# output neuron has no activation; it only adds up: $\hat{y} = v_1 h_1 + v_2 h_2 + \dots + c$.
#
# First by hand. A steep sigmoid $\sigma(k (x - a))$ is a step at the place $a$. Multiplied by $v$, it is a step of
# height $v$. So we walk along the curve, and wherever it has risen by some amount, we add a step of that height (a step
# down, with negative $v$, where it has fallen). One hidden neuron for each step:
#
# $$\hat{y}(x) = g(0) + \sum_j v_j \; \sigma\big(k (x - a_j)\big)$$
#
# $$\text{with the heights}\quad v_j = g(c_j) - g(c_{j-1})$$
#
# Here $c_0, c_1, \dots$ are evenly spread places from 0 to 1, and each step stands at $a_j$, half-way between
# $c_{j-1}$ and $c_j$.
#
# **Predict before you run.** The largest error is the largest distance between $\hat{y}(x)$ and $g(x)$. You double the
# number of steps. What happens to it?


# %%
def g(x):
    return np.sin(6 * x) + 0.5 * np.sin(15 * x)


def staircase(x, steps, steepness):
    """A network with one hidden sigmoid for each step, all weights chosen by hand."""
    c = np.linspace(0, 1, steps + 1)
    a = (c[1:] + c[:-1]) / 2
    v = g(c[1:]) - g(c[:-1])
    h = sigmoid(steepness * steps * (x[:, None] - a))  # (n, steps): as many hidden neurons as steps
    return g(c[0]) + h @ v


x = np.linspace(0, 1, 2001)
largest = {n: np.abs(staircase(x, n, 200) - g(x)).max() for n in (8, 16, 32, 64, 128)}
for n, error in largest.items():
    print(f"{n:4} steps: largest error {error:.3f}")
ratios = [largest[2 * n] / largest[n] for n in (8, 16, 32, 64)]
assert all(0.3 < ratio < 0.7 for ratio in ratios), "twice as many steps, about half the error"

# %% [markdown]
# <details><summary>Answer</summary>
#
# It is about halved: each step is half as high. So for *any* error that you allow, some number of
# steps is enough. There was nothing special about this curve: it only had to be continuous.
#
# </details>
#
# **Try.** Move the sliders. `steepness` is $k$ divided by the number of steps, so that the same value looks alike for
# few steps and for many. The error in the title is an average this time: the *root mean square*, the root of the mean
# of all squared differences. Is a steeper sigmoid always better?


# %%
def draw_staircase(steps, steepness):
    y_hat = staircase(x, steps, steepness)
    ax = plt.subplots(figsize=(5, 3.2), layout="constrained")[1]
    ax.plot(x, g(x), color="0.6", linewidth=4, label="$g(x)$")
    ax.plot(x, y_hat, color=plotting.COLOURS[0], linewidth=1.8, label="sum of sigmoids")
    root_mean_square = np.sqrt(np.mean((y_hat - g(x)) ** 2))
    ax.set(xlabel="x", ylabel="y", ylim=(-1.6, 1.9), title=f"{steps} steps: error {root_mean_square:.3f}")
    ax.legend(frameon=False, fontsize=9)
    return plotting.describe(
        ax,
        f"A curve with hills and valleys, and the sum of {steps} sigmoid steps of steepness {steepness} that follows it. "
        f"Root mean square error {root_mean_square:.3f}.",
    )


coursekit.explore(
    draw_staircase, start={"steps": 16, "steepness": 50}, steps=[2, 4, 8, 16, 32, 64], steepness=[1, 2, 4, 8, 50]
)

# %%
softness = {k: np.sqrt(np.mean((staircase(x, 16, k) - g(x)) ** 2)) for k in (1, 2, 4, 8, 50)}
for k, error in softness.items():
    print(f"16 steps, steepness {k:2}: error {error:.3f}")
assert softness[4] < softness[50] / 2, "soft steps that flow into each other follow a smooth curve better"
assert softness[4] < softness[1] / 2, "steps that are too soft flatten the hills"

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. Very steep sigmoids give a staircase with sharp corners. Softer ones flow into each other: with 16 steps a
# steepness of 4 has less than half the error of the sharp stairs. Too soft is bad again: then every step
# spreads over its neighbours, and hills and valleys are flattened.
#
# </details>
#
# This is the idea behind **universal approximation** (Cybenko 1989; Hornik, Stinchcombe and White 1989): one hidden
# layer with enough sigmoid neurons comes as close as you like to any continuous function on a bounded region. The
# theorem says that good weights *exist*. It does not say how many neurons you need, and not that training will find
# the weights. So let us see what training finds. These networks choose the places, heights and steepness of their
# steps themselves.
#
# **Predict before you run.** We fit the same curve with 1, 2, 4, 8 and 32 sigmoid neurons, each many times with other
# first weights. Will more neurons always be better? Will all runs of one size end alike?


# %%
def fit_curve(neurons, seed):
    """A network with one input, trained on 101 points of the curve g; returns its outputs at
    the points x."""
    points = np.linspace(0, 1, 101)[:, None]
    network = MLPRegressor(
        hidden_layer_sizes=[neurons], activation="logistic", solver="lbfgs", alpha=0, max_iter=2000, tol=1e-9, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(points, g(points[:, 0])).predict(x[:, None])


WIDTHS = (1, 2, 4, 8, 32)
curves = {H: np.array([fit_curve(H, FIRST + s) for s in range(SEEDS)]) for H in WIDTHS}
errors = {H: np.sqrt(np.mean((curves[H] - g(x)) ** 2, axis=1)) for H in WIDTHS}  # (SEEDS,) each
for H, error in errors.items():
    print(f"{H:3} hidden: error on average {error.mean():.3f}, best run {error.min():.3f}, worst run {error.max():.3f}")
assert errors[32].mean() < 0.1 * errors[1].mean(), "32 neurons follow the curve ten times more closely than one"

# %%
fig, axes = plt.subplots(3, 2, figsize=(5.6, 6.2), layout="constrained")
for ax, H in zip(axes.flat, WIDTHS):
    best, worst = curves[H][errors[H].argmin()], curves[H][errors[H].argmax()]
    ax.plot(x, g(x), color="0.7", linewidth=4, label="$g(x)$")
    ax.plot(x, best, color=plotting.COLOURS[0], linewidth=1.8, label="best run")
    ax.plot(x, worst, "--", color=plotting.COLOURS[1], linewidth=1.5, label="worst run")
    ax.set_title(f"{H} neuron{'s' if H > 1 else ''}", fontsize=10)
    ax.set_ylim(-1.7, 1.9)
    plotting.describe(ax, f"{H} neurons: error of the best run {errors[H].min():.3f}, of the worst {errors[H].max():.3f}.")
axes[0, 0].legend(frameon=False, fontsize=8, loc="upper right")
ax = axes.flat[-1]
means, low, high = (np.array([f(errors[H]) for H in WIDTHS]) for f in (np.mean, np.min, np.max))
ax.errorbar(WIDTHS, means, [means - low, high - means], fmt="o-", color="black", capsize=3)
ax.set(xscale="log", yscale="log", xlabel="neurons", ylabel="error")
ax.set_title("mean, best and worst run", fontsize=10)
ax.set_xticks(WIDTHS, [str(H) for H in WIDTHS])
ax.minorticks_off()
plotting.describe(ax, "Last panel: the error falls with the number of neurons, from "
                  f"{means[0]:.2f} on average with one to {means[-1]:.3f} with 32; in the middle the runs differ most.");

# %% [markdown]
# <details><summary>Answer</summary>
#
# On average more neurons are better. But look at the spread: with two or four neurons, some runs get stuck at a curve
# that is far worse than the best run of the same size. The good weights exist, and training did not find them. With
# 32 neurons every run is good: a larger network is also *easier to train*. That is a second reason for many neurons,
# and no theorem about existence speaks of it.
#
# </details>

# %% [markdown]
# ## 5 · Too few neurons, too many
#
# Real data are noisy. So let us make noisy data, with a known amount of noise. Class 1 is the inside of a circle,
# class 0 is the outside, and then we **flip** the class of each sample with a probability of 15 %. Nobody can foresee
# a flip. So even someone who knows the circle is wrong on about 15 % of new samples. No network can be expected to
# beat that.
#
# A network learns from 120 such samples. Two numbers judge it: the **training error**, on the 120 samples that it has
# seen, and the **test error**, on 4,000 new ones.
#
# **Predict before you run.** We train networks of 1, 2, 3, 4, 8, 16, 32 and 128 hidden neurons. Sketch both errors as
# curves over the number of neurons. Where does each curve end?

# %%
FLIP = 0.15  # the share of samples with a flipped class


def noisy_circle(n, seed):
    """n samples: X (n, 2) in a square, t (n,) the class that the network sees, flipped (n,) where
    it is the wrong one."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n, 2))
    inside = np.hypot(X[:, 0], X[:, 1]) < 1.3
    flipped = rng.random(n) < FLIP
    return X, (inside ^ flipped).astype(int), flipped


X_test, t_test, flipped_test = noisy_circle(4000, FIRST + 1000)
print(f"someone who knows the circle is wrong on {flipped_test.mean():.1%} of the test samples")

SIZES = (1, 2, 3, 4, 8, 16, 32, 128)
train_error, test_error, learned_flips = (np.zeros((len(SIZES), SEEDS)) for _ in range(3))
for s in range(SEEDS):  # other samples and other first weights in each run
    X, t, flipped = noisy_circle(120, FIRST + s)
    for i, H in enumerate(SIZES):
        network = train(X, t, H, FIRST + s)
        train_error[i, s] = 1 - network.score(X, t)
        test_error[i, s] = 1 - network.score(X_test, t_test)
        learned_flips[i, s] = network.score(X[flipped], t[flipped])

# %%
print("hidden   training error    test error        flipped samples: gives the flipped class")
for i, H in enumerate(SIZES):
    print(
        f"{H:6}   {train_error[i].mean():6.1%} ± {train_error[i].std():.1%}   "
        f"{test_error[i].mean():6.1%} ± {test_error[i].std():.1%}   {learned_flips[i].mean():8.0%}"
    )
fig, ax = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
places = np.arange(len(SIZES))
for error, style, name in ((train_error, "o--", "training"), (test_error, "s-", "test")):
    look = {"color": plotting.COLOURS[name == "training"], "capsize": 3, "linewidth": 2}
    ax.errorbar(places, error.mean(axis=1), error.std(axis=1), fmt=style, label=f"{name} error", **look)
ax.axhline(FLIP, color="black", linestyle=":", label="share of flipped classes")
ax.set_xticks(places, [str(H) for H in SIZES])
ax.set(xlabel="hidden neurons", ylabel="share of wrong answers", ylim=(0, None))
ax.legend(frameon=False, fontsize=9)
best = test_error.mean(axis=1).argmin()
plotting.describe(
    ax,
    f"Training error falls from {train_error[0].mean():.0%} with 1 hidden neuron to {train_error[-1].mean():.0%} with 128. "
    f"Test error falls from {test_error[0].mean():.0%} to {test_error[best].mean():.0%} with {SIZES[best]} hidden neurons, "
    f"then rises to {test_error[-1].mean():.0%}. A dotted line marks the {FLIP:.0%} of flipped classes.",
);
assert train_error[-1].mean() < 0.03, "the largest network learns its samples by heart"
assert 0 < best < 5, "neither the smallest nor a large network is best on new samples"
assert test_error[-1].mean() > test_error[best].mean() + 0.01, "too many neurons cost something on new samples"
assert abs(test_error[-1].mean() - test_error[5].mean()) < 0.05, "from 16 to 128 neurons little changes"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The training error goes down to nearly 0. That is far *below* the share of flipped classes, and no good sign. Look
# at the last column: someone who knows the circle would never give a flipped class, a coin would give half of them,
# and the large networks give nearly all. They learned the flipped samples by heart. The test error first falls and
# then rises again. It is lowest for a network of a few neurons, about as many as the fence of section 3 needed. Even
# there it stays above the share of flips, because 120 samples do not show the circle clearly.
#
# - On the left both errors are high. The network is too simple: **underfitting**.
# - On the right the training error is low and the test error is not. The network learned the noise: **overfitting**.
#
# </details>
#
# You may have heard that the test error of ever larger networks gets *ever worse*. These runs do not show that. Look
# at the right end of the curve: from 16 to 128 neurons it moves little. The harm is done when the network can learn
# nearly every sample by heart; after that, more neurons change little here.
#
# The borders show the same. Single runs scatter, so the pictures show the run that is nearest to the averages. The
# dashed circle is the true border. So a square (class 1) outside the circle was flipped, and so was a dot (class 0)
# inside it.

# %%
from_mean = np.abs(test_error - test_error.mean(axis=1, keepdims=True)).sum(axis=0)
typical = FIRST + int(from_mean.argmin())
X, t, flipped = noisy_circle(120, typical)
networks = {H: train(X, t, H, typical) for H in SIZES}


def draw_border(neurons, ax=None):
    """What the network of this size learned from the 120 samples (X, t)."""
    network = networks[neurons]
    seen, new = 1 - network.score(X, t), 1 - network.score(X_test, t_test)
    ax = plotting.decision_regions(
        lambda X: network.predict_proba(X)[:, 1], X, t, limits=(-2, 2, -2, 2), labels=("", ""), ax=ax,
        title=f"{neurons} hidden\ntraining {seen:.0%}, test {new:.0%} wrong",
    )
    around = np.linspace(0, 2 * np.pi, 200)
    ax.plot(1.3 * np.cos(around), 1.3 * np.sin(around), "--", color="black", linewidth=1.8)
    ax.set_aspect("equal")
    return ax


fig, axes = plt.subplots(2, 2, figsize=(5.8, 6.2), layout="constrained", sharex=True, sharey=True)
for ax, H in zip(axes.flat, (1, 4, 16, 128)):
    draw_border(H, ax).get_legend().remove()

# %% [markdown]
# One neuron has one line, and no line is good here. Sometimes the best that training finds is a line outside the
# picture: the same class for everybody. That is underfitting. With four neurons the border is simple, and many
# flipped samples are ringed. That is right, they *should* be on the wrong side. With many neurons the border makes
# islands and bays around single flipped samples, and hardly any is ringed: overfitting.
#
# **Try.** Move the slider through all sizes. At which size does the first island appear around a flipped sample?

# %%
coursekit.explore(draw_border, start={"neurons": 32}, neurons=SIZES)

# %% [markdown]
# **Predict before you run.** Is a large network bad in itself? We give a network of 32 hidden neurons ten times as
# many samples, 1,200 in place of 120. Does its test error rise, stay or fall?

# %%
RUNS = max(3, SEEDS // 4)
for n in (120, 400, 1200):
    shares = []
    for s in range(RUNS):
        X_more, t_more, _ = noisy_circle(n, FIRST + 2000 + s)
        network = train(X_more, t_more, 32, FIRST + s)
        shares.append([1 - network.score(X_more, t_more), 1 - network.score(X_test, t_test)])
    (seen, new), spread = np.mean(shares, axis=0), np.std(shares, axis=0)[1]
    print(f"{n:5} samples: training error {seen:.1%}, test error {new:.1%} ± {spread:.1%}")
assert new < (test_error[SIZES.index(32)].mean() + FLIP) / 2, "more than half of the way down to the share of flips"

# %% [markdown]
# <details><summary>Answer</summary>
#
# It falls, more than half of the way down to the share of flips. With 1,200 samples there are too many flips to learn
# them all by heart, and the training error goes *up*. So "too many neurons" always means: too many *for this amount of
# data*. More data is the best cure for overfitting. Lecture 4 and [Lab 4](../labs/lab04_dropout.ipynb) show cures for
# the case that you have no more data.
#
# </details>

# %% [markdown]
# ## Check yourself
#
# Answer first, then unfold.
#
# **1.** A neuron has $w = (3, 4)$ and $b = -5$. How far is the point $(3, 4)$ from its line?
#
# <details><summary>Answer</summary>
#
# The score is $9 + 16 - 5 = 20$, the length of $w$ is 5, so the distance is 4.
#
# </details>
#
# **2.** You change only the bias of a neuron. What can its line do, and what can it not do?
#
# <details><summary>Answer</summary>
#
# It moves parallel to itself. It cannot turn: only the direction of $w$ turns it.
#
# </details>
#
# **3.** Which of the activations of section 2 has slope exactly 0 for all negative scores? What does that mean for
# training?
#
# <details><summary>Answer</summary>
#
# ReLU. A neuron whose score is negative for every sample has no slope anywhere, so training does not change it.
#
# </details>
#
# **4.** How many pieces can four lines cut the plane into?
#
# <details><summary>Answer</summary>
#
# At most $1 + 4 + 4 \cdot 3 / 2 = 11$. So a hidden layer of four threshold units can give 11 different answers, not
# all 16.
#
# </details>
#
# **5.** A friend says: "One hidden layer can approximate everything, so my network will learn this curve." What is
# missing?
#
# <details><summary>Answer</summary>
#
# The theorem says that good weights exist for *enough* neurons. It does not say how many are enough, whether training
# finds the weights, or what the network does on samples that it has not seen.
#
# </details>
#
# **6.** Training error 1 %, test error 24 %. Training error 23 %, test error 24 %. Which network overfits, and what
# would you change in each?
#
# <details><summary>Answer</summary>
#
# The first one overfits: more data or a smaller network. The second one does equally badly on both, so it may
# underfit: try more neurons. If that does not help, the rest may be noise, which no network can learn.
#
# </details>

# %% [markdown]
# ## What you learned
#
# - A neuron computes a score $w \cdot x + b$. Its line is where the score is 0; $w$ is perpendicular to the line, and
#   the score divided by the length of $w$ is the signed distance.
# - Training needs slopes. Sigmoid and tanh lose theirs on both sides, ReLU on the left; leaky ReLU, PReLU and ELU
#   keep some.
# - Each hidden neuron is a line. Three can fence in a region; without activation they are worth no more than one.
# - Sums of steps follow any continuous curve. That good weights exist does not mean that training finds them; larger
#   networks make it easier.
# - Too few neurons underfit, too many *for the data* overfit. Only new samples show the difference.
#
# ## Change something and try
#
# Where a cell states a claim with `assert`, it complains when your change makes the claim false. That is its purpose:
# then you have found out what the claim depends on.
#
# - Section 3: use `activation="relu"` in `train`. How many neurons does the fence need now? Do its corners get sharp?
# - Section 4: replace `g` by `np.sign(x - 0.5)`, which jumps. Where does the error stay large, however many steps you
#   take? Why is this no contradiction to the theorem?
# - Section 5: set `FLIP = 0`. Does the large network still do worse than the small one?
#
# **Next**: train a neuron yourself in [Lab 1](../labs/lab01_perceptron.ipynb), and a network in
# [Lab 2](../labs/lab02_mlp.ipynb).
