# %% [markdown]
# # Lecture 6 · Search and ensembles
#
# Gradient descent finds the weights. It does not find the learning rate, the number of neurons or the strength of a
# penalty: you choose these numbers, and a bad choice spoils everything. This lecture shows how to search for them
# without wasting time, and how chance can fool you while you search. Then it does the opposite of choosing one network:
# it keeps many and averages their answers.
#
# **When you have read it, you can**
#
# - say why learning rates are searched on a logarithmic scale,
# - choose between a grid and random search, and say when it makes no difference,
# - say how much of a "best result" is luck, and measure it,
# - use time well: early stopping and successive halving,
# - build an ensemble, say why it helps, and say when averaging *weights* works and when it destroys the network.
#
# - **Time**: 45 minutes to read; the computer itself needs about a minute.
# - **Used in**: [Lab 3](../labs/lab03_regression.ipynb) (learning rate, early stopping) and
#   [Lab 4](../labs/lab04_dropout.ipynb) (early stopping, comparison over runs, ensembles, averaged weights).
#
# You need Lectures 2 to 5: descent, backpropagation, regularisation, training dynamics.

# %%
import coursekit
import matplotlib.pyplot as plt
import numpy as np
from coursekit import data, ensembles, models, plotting
from threadpoolctl import threadpool_limits

coursekit.setup("lecture06_search_and_ensembles")
threadpool_limits(1);  # many small matrix products: one core is faster than several that wait for each other

# %% fast={"REPEATS": 6, "NETWORKS": 24, "DRAWS": 60, "EPOCHS": 26, "INVENTED": 500}
REPEATS = 30  # how often each search is repeated, to see its luck
NETWORKS = 60  # networks with the same setting and other seeds
DRAWS = 300  # random draws behind each mean in sections 5, 7 and 8
EPOCHS = 40  # epochs of the long runs in section 6
INVENTED = 2000  # searches on the invented score of section 2

# %%
rng = np.random.default_rng(np.random.randint(10**6))  # follows the seed that the set-up cell printed

# %% [markdown]
# ## 1 · Numbers that training does not learn
#
# A **hyper-parameter** is a number that you fix before training starts: learning rate, batch size, number of neurons,
# dropout rate, strength of a penalty. A **search** tries several values and keeps the one with the best **validation**
# score.
#
# Which values should it try? Suppose the good learning rate lies somewhere between 0.0001 and 1. The first idea is to
# draw the rates *uniformly* between these two numbers. The second idea is to draw the *exponent* uniformly. That is
# called **log-uniform**:
#
# $$\text{lr} = 10^{u}$$
#
# with $u$ uniform between −4 and 0.
#
# **Predict before you run.** We draw 1,000 rates in each way. The range has four decades (a decade is a factor of 10):
# 0.0001 to 0.001, 0.001 to 0.01, 0.01 to 0.1, 0.1 to 1. How many of the 1,000 uniform rates fall into each?

# %%
n = 1000
uniform = rng.uniform(0.0001, 1, n)
u = rng.uniform(-4, 0, n)
log_uniform = 10**u

decades = [1e-4, 1e-3, 1e-2, 1e-1, 1]
counts = {"uniform": np.histogram(uniform, decades)[0], "log-uniform": np.histogram(log_uniform, decades)[0]}
figure, ax = plt.subplots(figsize=(5.4, 2.8), layout="constrained")
for i, (name, count) in enumerate(counts.items()):
    bars = ax.bar(
        np.arange(4) + 0.4 * i - 0.2,
        count,
        0.38,
        color=plotting.COLOURS[i],
        hatch=["", "//"][i],
        edgecolor="white",
        label=name,
    )
    ax.bar_label(bars, fontsize=8)
ax.set_xticks(range(4), ["0.0001–0.001", "0.001–0.01", "0.01–0.1", "0.1–1"], fontsize=8)
ax.set(xlabel="learning rate", ylabel="rates of 1,000", ylim=(0, 1050))
ax.legend(frameon=False, fontsize=8, loc="upper left")
ax.spines[["top", "right"]].set_visible(False)
plotting.describe(
    ax, "Rates in each decade from 0.0001 to 1. " + "; ".join(f"{k}: {v.tolist()}" for k, v in counts.items())
);
assert counts["uniform"][-1] > 800 and counts["log-uniform"].min() > 150

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 1, 9, 90 and 900. Nine of ten uniform rates lie in the last decade, because this decade covers nine tenths of
# the range. The log-uniform rates give each decade about a quarter.
#
# </details>
#
# Use the logarithm for each number whose *factor* matters: going from 0.001 to 0.002 changes as much as going from 0.1
# to 0.2. That holds for learning rates and for the strength of penalties. For momentum $\mu$, search $1 - \mu$ in this
# way: $\mu = 0.9$ and $\mu = 0.99$ average over about 10 and 100 steps, so they differ by a whole decade.

# %% [markdown]
# ## 2 · A grid, or dice?
#
# We search for two numbers and can afford nine trials. A **grid** takes three values of each, in all combinations.
# **Random search** draws all nine points by chance, as if with dice. Bergstra and Bengio (2012, *Random Search for
# Hyper-Parameter Optimization*, JMLR 13) argued for the dice. Their reason is one picture, which we draw below: look at
# the short coloured lines along its two axes. Each line is a value that was tried.
#
# To see clearly, we first *invent* the score. The position on each axis goes from 0 to 1 (think of exponents). Each
# number has one good place, $a_0$ and $b_0$, and a peak of width 0.15 round it. The share $s$ says how much the second
# number matters:
#
# $$\text{score}(a, b) = (1 - s)\,\text{peak}(a - a_0) + s\,\text{peak}(b - b_0)$$
#
# $$\text{peak}(d) = e^{-(d / 0.15)^2}$$
#
# The best possible score is 1.


# %%
def peak(d):
    """1 where d is 0, falling to both sides."""
    return np.exp(-((d / 0.15) ** 2))


def score(points, best, s):
    """The invented score. points: (..., 2) positions a and b; best: the good place of each; s:
    share of the second."""
    a, b = points[..., 0] - best[0], points[..., 1] - best[1]
    return (1 - s) * peak(a) + s * peak(b)


def grid_points(n):
    """√n × √n points in the middles of equal cells of the unit square, (n, 2)."""
    side = round(n**0.5)
    middles = (np.arange(side) + 0.5) / side
    return np.array([[a, b] for b in middles for a in middles])


def random_points(n):
    return rng.random((n, 2))


figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.6), layout="constrained")
best = np.array([0.33, 0.6])
for ax, (name, points) in zip(axes, {"grid": grid_points(9), "random": random_points(9)}.items()):
    a, b = np.meshgrid(np.linspace(0, 1, 60), np.linspace(0, 1, 60))
    ax.contourf(a, b, score(np.stack([a, b], axis=-1), best, 0.05), levels=8, cmap="Greens", alpha=0.6)
    plotting.search_points(
        points,
        score(points, best, 0.05),
        labels=("a (matters)", "b (hardly matters)"),
        bounds=[(0, 1), (0, 1)],
        title=name,
        ax=ax,
    )

# %% [markdown]
# Where the green is darker, the score is better; a darker point has a better score too, and the star is the best point
# found. Here the second number hardly matters ($s = 0.05$).
#
# **Predict before you run.** How many different values of $a$ did the grid try, and how many did the dice? So which
# search finds a better $a$, on average? And what if *both* numbers matter equally ($s = 0.5$)?
#
# One picture proves nothing: the dice may be lucky. So we repeat the search 2,000 times, each time with other good
# places $a_0$ and $b_0$.

# %%
trials = [4, 9, 16, 25, 36]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained", sharey=True)
gain = {}
for ax, s in zip(axes, [0.05, 0.5]):
    found = {"grid": np.empty((INVENTED, len(trials))), "random": np.empty((INVENTED, len(trials)))}
    for i in range(INVENTED):
        best = rng.random(2)
        for j, n in enumerate(trials):
            found["grid"][i, j] = score(grid_points(n), best, s).max()
            found["random"][i, j] = score(random_points(n), best, s).max()
    plotting.curves_with_bands(found, trials, xlabel="trials", ylabel="best score found", title=f"s = {s}", ax=ax)
    gain[s] = found["random"][:, 1] - found["grid"][:, 1]
    print(
        f"s = {s}, 9 trials: grid {found['grid'][:, 1].mean():.2f}, random {found['random'][:, 1].mean():.2f}; "
        f"random is better in {np.mean(gain[s] > 0):.0%} of the searches"
    )
assert gain[0.05].mean() > 0.05, "with one number that matters, dice find more"
assert gain[0.5].mean() < 0, "with two that matter equally, the even grid finds more"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The grid tried three values of $a$, the dice nine. When only $a$ matters, the grid does three useful trials, each of
# them three times, and random search wins on average. When both numbers matter equally, it is the other way round
# (right): the grid covers the square evenly, and the dice leave holes. And even on the left the dice do not win every
# time: look at the printed share.
#
# </details>
#
# So the claim "random beats grid" has a condition: *some numbers hardly matter*. With five or ten hyper-parameters that
# is usual, and you do not know beforehand which ones. The bands are one standard deviation over the searches, and they
# are wide: **a search is itself a random experiment.**

# %% [markdown]
# ## 3 · Many networks at a time
#
# Now real networks. We need hundreds of them, so they must be small: images of clothes shrunk from 28×28 to 14×14
# pixels, 1,000 of them for training, 32 hidden neurons with ReLU. The pixels get mean 0 and variance 1 (Lecture 5).

# %%
fashion = data.load_fashion_mnist()


def shrunk(images):
    """(n, 28, 28) → (n, 196): the mean of each block of 2×2 pixels."""
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)


mean, std = shrunk(fashion.X_train[:1000]).mean(), shrunk(fashion.X_train[:1000]).std()
X, X_valid, X_test = (
    ((shrunk(images) - mean) / std).astype("float32")
    for images in (fashion.X_train[:1000], fashion.X_valid[:1000], fashion.X_test[:4000])
)
y, y_valid, y_test = (
    np.array(labels) for labels in (fashion.y_train[:1000], fashion.y_valid[:1000], fashion.y_test[:4000])
)
plotting.image_grid(X[:10].reshape(-1, 14, 14), np.array(fashion.class_names)[y[:10]]);

# %% [markdown]
# Training them one after the other would take long. But NumPy multiplies *stacks* of matrices: `A @ B` with shapes
# `(k, n, 196)` and `(k, 196, 32)` does `k` products at once. So we give each array of Lecture 3 one more axis in front:
# **which network**. The lines below are the backpropagation that you know. Each network has its own start, its own
# order of images, its own learning rate `lr` and its own strength `l2` of the penalty $\lambda \sum w^2$.


# %%
def start(k):
    """The weights of k networks 196-32-10: W1 (k, 196, 32), b1 (k, 1, 32), W2
    (k, 32, 10), b2 (k, 1, 10)."""
    W1, W2 = rng.normal(0, np.sqrt(2 / 196), (k, 196, 32)), rng.normal(0, np.sqrt(2 / 32), (k, 32, 10))
    return [array.astype("float32") for array in (W1, np.zeros((k, 1, 32)), W2, np.zeros((k, 1, 10)))]


def probabilities(networks, X):
    """What k networks say about n images, (k, n, 10)."""
    W1, b1, W2, b2 = networks
    with np.errstate(all="ignore"):  # a network that diverged holds numbers that are no numbers any more
        h = np.maximum(X @ W1 + b1, 0)
        z = h @ W2 + b2
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)


def one_epoch(networks, lr, l2=0.0, batch=50):
    """k networks after one more round through the training images. lr, l2: one number, or one
    for each network."""
    W1, b1, W2, b2 = (array.copy() for array in networks)
    k = len(W1)
    lr, l2 = (np.broadcast_to(np.float32(value), k).reshape(k, 1, 1) for value in (lr, l2))
    order = rng.permuted(np.tile(np.arange(len(X)), (k, 1)), axis=1)
    with np.errstate(all="ignore"):
        for first in range(0, len(X), batch):
            rows = order[:, first : first + batch]
            x, target = X[rows], np.eye(10, dtype="float32")[y[rows]]
            h = np.maximum(x @ W1 + b1, 0)
            dz = (probabilities([W1, b1, W2, b2], x) - target) / batch  # softmax with cross-entropy
            dh = (dz @ W2.swapaxes(1, 2)) * (h > 0)
            W2 -= lr * (h.swapaxes(1, 2) @ dz + 2 * l2 * W2)
            b2 -= lr * dz.sum(axis=1, keepdims=True)
            W1 -= lr * (x.swapaxes(1, 2) @ dh + 2 * l2 * W1)
            b1 -= lr * dh.sum(axis=1, keepdims=True)
    return [W1, b1, W2, b2]


def accuracy(P, y):
    """Share of right answers of each network in per cent, (k,). P: (k, n, 10)."""
    return 100 * (P.argmax(axis=-1) == y).mean(axis=-1)


def train(k, lr, l2=0.0, epochs=6):
    networks = start(k)
    for _ in range(epochs):
        networks = one_epoch(networks, lr, l2)
    return networks


# %% [markdown]
# First we look at the whole landscape: 13 rates × 7 strengths, 91 networks in one go. Normally you cannot afford this.
#
# **Predict before you run.** Which of the two numbers will matter more? What happens at the right edge, where the rate
# is 10?

# %%
rates, strengths = np.logspace(-3, 1, 13), np.logspace(-7, -1, 7)
lr, l2 = np.meshgrid(rates, strengths)
landscape = train(91, lr.ravel(), l2.ravel())
P = probabilities(landscape, X_valid)
scores = accuracy(P, y_valid).reshape(7, 13)
diverged = ~np.isfinite(P).all(axis=(1, 2)).reshape(7, 13)

figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
shades = ax.imshow(np.where(diverged, np.nan, scores), cmap="viridis", vmin=10, origin="lower", aspect="auto")
ax.set(xlabel="learning rate", ylabel="strength of the L2 penalty")
ax.set_xticks(range(0, 13, 3), [f"{rate:g}" for rate in rates[::3]])
ax.set_yticks(range(7), [f"{strength:g}" for strength in strengths])
for i, j in np.argwhere(diverged):
    ax.text(j, i, "×", ha="center", va="center", fontsize=10)
ax.set_title("validation accuracy (%); × = diverged", fontsize=10)
figure.colorbar(shades, ax=ax)
plotting.describe(
    ax,
    f"Validation accuracy over 13 learning rates from 0.001 to 10 and 7 strengths from 1e-7 to 0.1: best "
    f"{scores.max():.0f} % at rate {lr.ravel()[scores.argmax()]:.2g}; {diverged.sum()} of 91 diverged.",
)
by_rate, by_strength = np.ptp(scores.mean(axis=0)), np.ptp(scores[:6, :].mean(axis=1))
print(
    f"along the rates the mean accuracy changes by {by_rate:.0f} points, along the strengths up to 0.01 by {by_strength:.0f}"
)
assert by_rate > 2 * by_strength

# %% [markdown]
# <details><summary>Answer</summary>
#
# The rate. Along a row the accuracy goes from poor to good to pure guessing. Along a column little happens until the
# penalty becomes very strong. With too large a rate a network **diverges** (×: its numbers grow beyond all limits) or
# it *dies*: one giant step switches all its ReLU neurons off, and it can only guess (about 10 %).
#
# </details>

# %% [markdown]
# ## 4 · Grid, random, coarse to fine: with real networks
#
# Each search has nine trials. It knows a range of five decades for the rate, and that the good rates lie somewhere
# inside; for the penalty it searches from $10^{-7}$ to $10^{-3}$. The start of the range of rates is drawn anew each
# time, as another person would have chosen it a little differently. For each search we train its nine networks and keep
# the best validation score. We repeat each kind of search many times.
#
# The third search is **coarse to fine**: five random trials in the whole range, then four more, with rates within a
# factor of 4 round the best rate so far.
#
# **Predict before you run.** Order the three from best to worst. By how many points will the first beat the last?


# %%
def trained_scores(lr, l2):
    """Validation accuracy of networks with these settings; diverged ones count as 10 %, a guess.
    Same shape as lr."""
    P = probabilities(train(lr.size, lr.ravel(), l2.ravel()), X_valid)
    return np.where(np.isfinite(P).all(axis=(1, 2)), accuracy(P, y_valid), 10.0).reshape(lr.shape)


low = rng.uniform(-4.5, -2.5, (REPEATS, 1))  # exponent at which the range of each search begins
settings = {}
points = grid_points(9)
settings["grid"] = 10 ** (low + 5 * points[:, 0]), 10 ** (-7 + 4 * points[:, 1]) * np.ones((REPEATS, 1))
settings["random"] = 10 ** (low + 5 * rng.random((REPEATS, 9))), 10 ** rng.uniform(-7, -3, (REPEATS, 9))
results = {name: trained_scores(*numbers) for name, numbers in settings.items()}

# The first five random trials are the coarse ones.
coarse_lr, coarse_l2 = (numbers[:, :5] for numbers in settings["random"])
coarse = results["random"][:, :5]
centre = np.take_along_axis(coarse_lr, coarse.argmax(axis=1, keepdims=True), axis=1)
fine_lr, fine_l2 = centre * 4 ** rng.uniform(-1, 1, (REPEATS, 4)), 10 ** rng.uniform(-7, -3, (REPEATS, 4))
settings["coarse to fine"] = np.hstack([coarse_lr, fine_lr]), np.hstack([coarse_l2, fine_l2])
results["coarse to fine"] = np.hstack([coarse, trained_scores(fine_lr, fine_l2)])

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, (name, (lr, l2)) in zip(axes, settings.items()):
    plotting.search_points(
        np.column_stack([lr[0], l2[0]]),
        results[name][0],
        labels=("learning rate", "L2 strength"),
        log=(True, True),
        bounds=[(10 ** (low[0, 0] - 0.2), 10 ** (low[0, 0] + 5.2)), (5e-8, 2e-3)],  # with a margin
        title=f"{name}: best {results[name][0].max():.1f} %",
        ax=ax,
    )

# %% [markdown]
# That is the first repetition of each. Darker points are better, the star is the best. Here are all repetitions:

# %%
winners = {name: values.max(axis=1) for name, values in results.items()}
plotting.method_comparison(winners, xlabel=f"best validation accuracy of 9 trials (%), {REPEATS} searches each")
better = np.mean(winners["random"] > winners["grid"])
print(f"random beats the grid in {better:.0%} of the searches")
for name in ("random", "coarse to fine"):
    lead = winners[name] - winners["grid"]
    print(f"{name} − grid: {lead.mean():+.1f} points, standard error {lead.std(ddof=1) / REPEATS**0.5:.1f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The three differ little. The leads over the grid are a few points at most and may even be negative, and in many single
# searches the grid wins. The *standard error* says how far a mean over these searches may be off by chance alone; a
# lead below two standard errors decides nothing.
#
# Why is the gain not as clear as in section 2? The hill of good rates is broad and flat, and the grid's three rates
# stand 1.7 decades apart: one of them usually falls on the hill or near it. The dice try nine rates, but now and then
# all nine miss. Such a search is a dot far to the left. And coarse to fine refines the wrong place if its first five
# rates missed.
#
# </details>
#
# So the published advantage is real, but it is no law: it needs a *narrow* good region and numbers that *do not
# matter*. What always holds: search on a logarithmic scale, in a range that is wide enough, and refine where it was
# good. Had we done each search only once, we could have "proved" almost any order.

# %% [markdown]
# ## 5 · How much of the best is luck?
#
# So far a setting had one score. But a network also depends on its *seed*: its starting weights and the order of its
# images. We take one setting, lr = 0.1 without a penalty, and train it many times with other seeds. These networks are
# our **twins**.
#
# **Predict before you run.** All these networks have the *same* setting. How far apart will the worst and the best of
# them be on the validation images: less than 1 point, 3 points, more?

# %%
twins = start(NETWORKS)
epochs_of_twins = []  # the weights after each epoch: sections 6 to 9 need them
for _ in range(12):
    twins = one_epoch(twins, 0.1)
    epochs_of_twins.append(twins)
valid_scores = accuracy(probabilities(twins, X_valid), y_valid)
test_scores = accuracy(probabilities(twins, X_test), y_test)

figure, ax = plt.subplots(figsize=(5.2, 2.8), layout="constrained")
ax.hist(valid_scores, bins=14, color=plotting.COLOURS[0], edgecolor="white")
ax.axvline(valid_scores.mean(), color="black", linestyle="--", label="mean")
ax.set(xlabel="validation accuracy (%)", ylabel="networks")
ax.legend(frameon=False, fontsize=8)
ax.spines[["top", "right"]].set_visible(False)
plotting.describe(
    ax,
    f"Histogram of the validation accuracy of {NETWORKS} networks with the same setting: from {valid_scores.min():.1f} to "
    f"{valid_scores.max():.1f} %, mean {valid_scores.mean():.1f}, standard deviation {valid_scores.std(ddof=1):.1f}.",
)
print(
    f"worst {valid_scores.min():.1f}, best {valid_scores.max():.1f}, standard deviation {valid_scores.std(ddof=1):.2f} points"
)
assert np.ptp(valid_scores) > 1.5

# %% [markdown]
# <details><summary>Answer</summary>
#
# Several points, although nothing but the seed differs. So a difference of one point between two *settings*, seen once,
# says nothing.
#
# </details>
#
# Now think of a search in which, without your knowledge, *all settings are equally good*. It tries $n$ of them and
# proudly reports the best validation score. We play this with our twins: draw $n$ of them, keep the winner, and look at
# the same winner on the **test** images. We count in points above the average twin, separately for the two sets of
# images.
#
# **Predict before you run.** The winner of 16 is above average on the validation images. Is it also above average on
# the test images? By as much?

# %%
sizes = [1, 2, 4, 8, 16]
above = {"validation (it was chosen here)": np.empty((DRAWS, 5)), "test (new images)": np.empty((DRAWS, 5))}
for i in range(DRAWS):
    for j, n in enumerate(sizes):
        drawn = rng.choice(NETWORKS, n, replace=False)
        winner = drawn[valid_scores[drawn].argmax()]
        for values, scores in zip(above.values(), (valid_scores, test_scores)):
            values[i, j] = scores[winner] - scores.mean()
ax = plotting.curves_with_bands(
    above, sizes, xlabel="n, twins to choose from", ylabel="points above average", log=(True, False)
)
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
valid_gain, test_gain = (values[:, -1].mean() for values in above.values())
print(f"the winner of 16: {valid_gain:.1f} points above average in validation, {test_gain:.1f} on the test images")
assert valid_gain > test_gain, "the validation score of a winner is too good"

# %% [markdown]
# <details><summary>Answer</summary>
#
# On the test images the winner keeps only a part of its lead. The rest was luck with these 1,000 validation images. The
# more settings you try, the more luck the best score contains.
#
# </details>
#
# Three rules follow:
#
# 1. The validation score of the winner is **too optimistic**. Report the score on test images that played no part in
#    the choice.
# 2. Do not believe differences that are smaller than the spread over seeds. Train the two or three best settings again,
#    with several seeds, before you decide.
# 3. A larger validation set reduces this luck. A network that is right with probability $p$ is not right on exactly
#    this share of $N$ images: the measured share has a standard deviation of $\sqrt{p(1-p)/N}$.

# %%
p = valid_scores.mean() / 100
for N in (100, 1000, 10000):
    print(f"N = {N:>6,}: standard deviation of a measured accuracy {100 * np.sqrt(p * (1 - p) / N):.1f} points")

# %% [markdown]
# ## 6 · A search along time
#
# The number of epochs is a hyper-parameter too, and the cheapest one: a single run tries all its values. **Early
# stopping** watches the validation loss and stops when it has not improved for some epochs (the *patience*); then it
# takes back the best weights.
#
# **Predict before you run.** We train 10 networks for a long time, `EPOCHS` epochs. What will their training loss do?
# Their validation loss? And their validation *accuracy*?


# %%
def loss(P, y):
    """Mean cross-entropy of each network, (k,)."""
    return -np.log(P[:, np.arange(len(y)), y] + 1e-7).mean(axis=-1)


runs = start(10)
history = {
    name: [] for name in ("training loss", "validation loss", "test loss", "validation accuracy", "test accuracy")
}
for _ in range(EPOCHS):
    runs = one_epoch(runs, 0.1)
    on_train, on_valid, on_test = (probabilities(runs, images) for images in (X, X_valid, X_test))
    found = (
        loss(on_train, y),
        loss(on_valid, y_valid),
        loss(on_test, y_test),
        accuracy(on_valid, y_valid),
        accuracy(on_test, y_test),
    )
    for values, new in zip(history.values(), found):
        values.append(new)
history = {name: np.array(values).T for name, values in history.items()}  # (10 networks, EPOCHS)

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
plotting.curves_with_bands(
    {name: history[name] for name in ("training loss", "validation loss")}, ylabel="loss", ax=left
)
plotting.curves_with_bands(
    {"validation accuracy": history["validation accuracy"]}, ylabel="accuracy (%)", ax=right
);


# %%
def stopped(losses, patience=5):
    """Early stopping on one curve: (epoch that it takes, epoch at which it stops),
    counted from 0."""
    best = 0
    for epoch, value in enumerate(losses):
        if value < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


taken, ended = np.array([stopped(curve) for curve in history["validation loss"]]).T
row = np.arange(10)
epochs = history["validation loss"].shape[1]
print(
    f"early stopping ran {ended.mean() + 1:.0f} of {epochs} epochs and took epoch {taken.mean() + 1:.0f} (means of 10 networks)"
)
for name in ("test loss", "test accuracy"):
    early, late = history[name][row, taken], history[name][:, -1]
    print(
        f"{name}: early {early.mean():.2f} ± {early.std(ddof=1):.2f}, after all epochs {late.mean():.2f} ± {late.std(ddof=1):.2f}"
    )
assert history["test loss"][row, taken].mean() < history["test loss"][:, -1].mean()
assert ended.mean() < EPOCHS - 1

# %% [markdown]
# <details><summary>Answer</summary>
#
# The training loss falls all the time. The validation loss falls, turns and slowly rises: the network becomes *too
# sure* of wrong answers. The accuracy hardly notices: it stays level to the end.
#
# </details>
#
# So early stopping improves the *loss*, and it saves much of the time. The accuracy it hardly changes here, up or down:
# compare the two printed lines with their spreads. You will often read that early stopping prevents overfitting. Ask:
# overfitting measured by what? On wrong labels the answer is different again; you measure that in Lab 4.
#
# The same idea makes a search cheaper. **Successive halving** starts many trials, stops the worst ones early and gives
# the time to the rest. Here: 27 random rates; after 1 epoch keep the best 9, after 3 epochs the best 3, after 9 epochs
# the best one.
#
# **Predict before you run.** Training all 27 for 9 epochs costs 27 · 9 = 243 epochs. What does halving (better:
# thirding) cost? How much worse will its winner be?

# %%
lr = 10 ** rng.uniform(-4, 1, (REPEATS // 3, 27))
trials, valid_curve = start(lr.size), []
for _ in range(9):
    trials = one_epoch(trials, lr.ravel())
    P = probabilities(trials, X_valid)
    valid_curve.append(np.where(np.isfinite(P).all(axis=(1, 2)), accuracy(P, y_valid), 10).reshape(lr.shape))

full, halved, cost = valid_curve[8].max(axis=1), [], 27 * 1 + 9 * 2 + 3 * 6
for search in range(len(lr)):
    alive = np.arange(27)
    for epoch, keep in ((1, 9), (3, 3), (9, 1)):
        alive = alive[np.argsort(valid_curve[epoch - 1][search, alive])[-keep:]]
    halved.append(valid_curve[8][search, alive[0]])
halved = np.array(halved)
plotting.method_comparison(
    {"all 27 to the end (243)": full, f"successive halving ({cost})": halved},
    xlabel="validation accuracy of the winner (%)",
    title="in brackets: epochs of training",
)
print(f"halving loses {np.mean(full - halved):.1f} points on average and saves {1 - cost / 243:.0%} of the training")
assert 0 <= np.mean(full - halved) < 6

# %% [markdown]
# <details><summary>Answer</summary>
#
# 27 · 1 + 9 · 2 + 3 · 6 = 63 epochs, about a quarter. The winner is the same or a little worse. The danger: a slow rate
# that would have been best in the end is thrown out in the first round, because fast starters look better after one
# epoch.
#
# </details>

# %% [markdown]
# ## 7 · Do not choose: average
#
# We have many twins. The search kept one and threw the others away. An **ensemble** keeps $k$ of them and averages
# their probabilities:
#
# $$\bar p(x) = \frac{1}{k} \sum_{i=1}^{k} p_i(x)$$
#
# **Predict before you run.** The networks have the same setting and the same training images. A single one is right on
# a little more than three quarters of the test images. What will 5 together reach? And 20?

# %%
P = probabilities(twins, X_test)  # (NETWORKS, 4000, 10)
ks = [1, 2, 3, 5, 10, 20]


def ensemble_curve(P):
    """Test accuracy of ensembles of k networks, drawn by chance from those in
    P: (DRAWS // 5, len(ks))."""
    curve = np.empty((DRAWS // 5, len(ks)))
    for i in range(len(curve)):
        drawn = rng.permutation(len(P))
        for j, k in enumerate(ks):
            curve[i, j] = accuracy(P[drawn[:k]].mean(axis=0), y_test)
    return curve


seeds_curve = ensemble_curve(P)
ax = plotting.curves_with_bands(
    {"ensemble of k twins": seeds_curve}, ks, xlabel="k, networks in the ensemble", ylabel="test accuracy (%)"
)
ax.set_xticks(ks, ks)
ax.axhline(test_scores.max(), color="0.4", linestyle=":", label="the best single twin, chosen by looking at the test")
ax.legend(frameon=False, fontsize=8)
for k in (1, 5, 20):
    print(f"k = {k:>2}: {seeds_curve[:, ks.index(k)].mean():.1f} ± {seeds_curve[:, ks.index(k)].std(ddof=1):.1f} %")
assert seeds_curve[:, 3].mean() > seeds_curve[:, 0].mean() + 0.4
assert seeds_curve[:, 3].std() < seeds_curve[:, 0].std()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Five networks gain one or two points; most of the gain comes from the first five, and 20 add little. Two more things:
# the band becomes narrow, so luck matters less. (For $k = 20$ it is too narrow: all ensembles are drawn from the same
# twins, so they share members.) And a large ensemble is at least about as good as the best single twin of all, which
# nobody can pick without looking at the test images.
#
# </details>
#
# Is that the same as Keras's own networks would give? Our arrays are ordinary weights, so we can put them into Keras
# models. The course's helper `ensembles.ensemble` averages what models predict:

# %%
keras_models = []
for i in range(3):
    model = models.mlp(input_shape=(196,), hidden=(32,))
    W1, b1, W2, b2 = (array[i] for array in twins)
    model.set_weights([W1, b1[0], W2, b2[0]])
    keras_models.append(model)
together = ensembles.ensemble(keras_models, X_test)
print("largest difference to our own mean:", f"{np.abs(together - P[:3].mean(axis=0)).max():.1e}")
assert np.allclose(together, P[:3].mean(axis=0), atol=1e-4)

# %% [markdown]
# **Look.** Take the test image on which the twins together are least sure (its probabilities are spread most evenly:
# their *entropy* is largest), and move the slider. The bars are the mean probabilities of the first $k$ networks; the
# thin black lines show how much these networks differ. One network alone ($k = 1$) cannot show that it might be wrong.

# %%
hardest = int(ensembles.entropy(P.mean(axis=0)).argmax())


def draw(k):
    figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 2.8), layout="constrained", width_ratios=[1, 1.7])
    left.imshow(X_test[hardest].reshape(14, 14), cmap="gray")
    left.set_title(f"it is: {fashion.class_names[y_test[hardest]]}", fontsize=9)
    left.set_axis_off()
    plotting.describe(left, f"A test image of the class {fashion.class_names[y_test[hardest]]}.")
    chosen = P[:k, hardest]
    plotting.class_probabilities(
        chosen.mean(axis=0), chosen.std(axis=0), fashion.class_names, title=f"mean of k = {k}", ax=right
    )
    return figure


coursekit.explore(draw, start={"k": 1}, k=[1, 2, 3, 5, 10, 20])

# %% [markdown]
# Which mistakes disappear? Compare the confusion matrices of one network and of the ensemble of 20.


# %%
def confusion(P):
    return np.bincount(10 * y_test + P.argmax(axis=1), minlength=100).reshape(10, 10)


# One twin from the middle, neither lucky nor unlucky.
typical = int(np.abs(test_scores - np.median(test_scores)).argmin())
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.2, 9.6), layout="constrained")
single, many = confusion(P[typical]), confusion(P[:20].mean(axis=0))
plotting.confusion_matrix(single, fashion.class_names, ax=top).set_title("one network")
plotting.confusion_matrix(many, fashion.class_names, ax=bottom).set_title("ensemble of 20")
print(f"mistakes: one network {4000 - np.trace(single)}, ensemble {4000 - np.trace(many)}")
for name, change in zip(fashion.class_names, np.diag(many) - np.diag(single)):
    print(f"  {name:<12} {change:+d} right")

# %% [markdown]
# The ensemble does not repair everything. Classes that are hard for one network are hard for all: the same shirts,
# coats and pullovers are confused. What disappears are the *private* mistakes of single networks. Some classes may even
# lose.

# %% [markdown]
# ## 8 · Why the mistakes must differ
#
# If all $k$ networks make the same mistakes, their mean makes them too. So the gain depends on how far mistakes go
# together. We measure it: for each network a row of 0 and 1 over the test images, 1 where it is wrong; then the
# **correlation** of two rows, 1 for the same mistakes and 0 for unrelated ones.
#
# Three kinds of ensembles:
#
# - **one run**: the same network after each of its last epochs (cheap, they come for free);
# - **seeds**: our twins;
# - **unrelated (made up)**: the twins again, but within each class we shuffle the answers of each network among the
#   images. Each keeps its accuracy and its kinds of mistakes. Only *where* it makes them is now unrelated to the
#   others. No real ensemble can do this; it shows what would be possible.
#
# **Predict before you run.** Order the three by correlation, and by the accuracy of five together.


# %%
def correlation(P):
    """Mean correlation of the mistakes of all pairs of networks in P."""
    wrong = (P.argmax(axis=-1) != y_test).astype(float)
    pairs = np.corrcoef(wrong)
    return pairs[np.triu_indices(len(pairs), 1)].mean()


unrelated = P[:30].copy()
for network in unrelated:
    for label in range(10):
        members = np.flatnonzero(y_test == label)
        network[members] = network[rng.permutation(members)]

table = {
    name: (correlation(group), accuracy(group, y_test).mean(), ensemble_curve(group)[:, 3].mean())
    for name, group in {"seeds": P[:30], "unrelated": unrelated}.items()
}
one_run = []
for i in range(10):  # ten runs, five epochs of each
    five = np.concatenate(
        [probabilities([array[i : i + 1] for array in weights], X_test) for weights in epochs_of_twins[-5:]]
    )
    one_run.append((correlation(five), accuracy(five, y_test).mean(), accuracy(five.mean(axis=0), y_test)))
table = {"one run": tuple(np.mean(one_run, axis=0)), **table}

print("kind         correlation   single   five together   gain")
for name, (r, alone, together) in table.items():
    print(f"{name:<12} {r:>11.2f} {alone:>8.1f} {together:>15.1f} {together - alone:>+6.1f}")
figure, ax = plt.subplots(figsize=(5, 2.8), layout="constrained")
for i, (name, (r, alone, together)) in enumerate(table.items()):
    ax.plot(r, together - alone, plotting.MARKERS[i], color=plotting.COLOURS[i], markersize=9)
    ax.annotate(
        name, (r, together - alone), (0, 9), textcoords="offset points", fontsize=9, ha="right" if i == 1 else "left"
    )
top = 1.25 * (table["unrelated"][2] - table["unrelated"][1])
ax.set(xlabel="correlation of the mistakes", ylabel="gain of five (points)", xlim=(-0.05, 1.02), ylim=(0, top))
ax.grid(alpha=0.25)
ax.spines[["top", "right"]].set_visible(False)
plotting.describe(
    ax,
    "Gain of an ensemble of five against the correlation of mistakes: "
    + "; ".join(
        f"{name} correlation {r:.2f}, gain {together - alone:.1f} points"
        for name, (r, alone, together) in table.items()
    ),
);
assert table["unrelated"][0] < table["seeds"][0] < table["one run"][0]
assert table["unrelated"][2] > table["seeds"][2] + 5

# %% [markdown]
# <details><summary>Answer</summary>
#
# The made-up networks have little correlation left (some classes are hard for all of them), and five of them together
# are right far more often. Real networks with other seeds make mostly the *same* mistakes: they learned from the same
# images with the same method. So their gain is small. Epochs of one run are even more alike and gain even less.
#
# </details>
#
# If you want more gain, make the members more different: other architectures, other training images, other methods.
# Five times the computing for one or two points is a price; whether to pay it is your decision.

# %% [markdown]
# ## 9 · Averaging weights
#
# An ensemble of five needs five predictions for each image. Could we average the *weights* instead, and keep a single
# network? It depends on where the weights come from.
#
# First: **along one run**. With a rate that is rather large, the weights jump round the bottom of the valley. Their
# mean over the last epochs lies closer to its middle (Izmailov et al. 2018, *Averaging Weights Leads to Wider Optima
# and Better Generalization*). `ensembles.average_weights` takes the mean, `ensembles.running_average` an average that
# forgets slowly.
#
# **Predict before you run.** Which network is better: the one with the weights of the last epoch, or the one with the
# mean weights of the last eight epochs?

# %%
jumpy = start(20)
along = []
for _ in range(20):
    jumpy = one_epoch(jumpy, 0.3)
    along.append(jumpy)
candidates = {
    "last epoch": along[-1],
    "mean of the last 8": ensembles.average_weights(along[-8:]),
    "running average, 0.8": ensembles.running_average(along, 0.8),
}
measured = {name: accuracy(probabilities(weights, X_test), y_test) for name, weights in candidates.items()}
plotting.method_comparison(measured, title="one run, lr = 0.3, 20 runs")
lead = measured["mean of the last 8"] - measured["last epoch"]
print(
    f"the mean of the last 8 is better by {lead.mean():+.2f} ± {lead.std(ddof=1):.2f} points, in {np.mean(lead > 0):.0%} of the runs"
)
assert lead.mean() > 0

# %% [markdown]
# <details><summary>Answer</summary>
#
# The mean, in nearly all runs, and its spread is smaller too. It costs no training and no extra time at the prediction.
# A running average does the same job and needs to keep only one extra set of weights.
#
# </details>
#
# Second: **two runs**. Twin A and twin B are equally good. We walk in a straight line from A to B:
#
# $$W(\alpha) = (1 - \alpha)\,W_A + \alpha\,W_B$$
#
# At $\alpha = \tfrac12$ stands the mean of the two. For comparison we walk from one epoch to a later one of the same
# run.
#
# **Predict before you run.** Both ends are good networks. What accuracy does the middle have, for two epochs of one
# run? For two twins?

# %%
alphas = np.linspace(0, 1, 11)
A = [array[:10] for array in twins]
B = [array[10:20] for array in twins]
earlier = [array[:10] for array in epochs_of_twins[-4]]


def walk(A, B):
    """Test accuracy on the straight line from A to B: (10 pairs, 11 places)."""
    places = [[(1 - alpha) * a + alpha * b for a, b in zip(A, B)] for alpha in alphas]
    return np.array([accuracy(probabilities(place, X_test), y_test) for place in places]).T


paths = {"two epochs of one run": walk(earlier, A), "two runs": walk(A, B)}
plotting.curves_with_bands(paths, alphas, xlabel="α, way from A to B", ylabel="test accuracy (%)")
ends, middle = paths["two runs"][:, [0, -1]].mean(), paths["two runs"][:, 5].mean()
answers = np.mean([accuracy(P[[i, 10 + i]].mean(axis=0), y_test) for i in range(10)])
print(
    f"two runs: {ends:.1f} % at the ends, {middle:.1f} % in the middle; probabilities averaged instead: {answers:.1f} %"
)
assert answers > ends, "the mean of their probabilities is better than one of them"
assert middle < ends - 3, "the mean of two independent networks is no good network"
assert paths["two epochs of one run"][:, 5].mean() > ends - 2

# %% [markdown]
# <details><summary>Answer</summary>
#
# Along one run nothing is lost. Between two runs there is a deep valley of accuracy: the mean of two good networks is a
# bad one, while the mean of their *probabilities* is better than one of them alone (on average over the ten pairs).
#
# </details>
#
# Why? Neuron 5 of A and neuron 5 of B have nothing to do with each other. Hidden neurons can stand in any order: if
# their weights are shuffled together, the network computes the same function. The next cell shows it with a single
# network and *itself*: we shuffle its 32 hidden neurons, and then average its weights with those of its own shuffled
# copy.
#
# **Predict before you run.** How good is the shuffled copy? How good is the mean of the two?

# %%
W1, b1, W2, b2 = A
order = rng.permutation(32)
shuffled = [W1[:, :, order], b1[:, :, order], W2[:, order], b2]
mean = ensembles.average_weights([A, shuffled])
for name, weights in {"network": A, "shuffled copy": shuffled, "mean of the two": mean}.items():
    values = accuracy(probabilities(weights, X_test), y_test)
    print(f"{name:<16} {values.mean():.1f} ± {values.std(ddof=1):.1f} % (10 networks)")
assert np.allclose(probabilities(A, X_test), probabilities(shuffled, X_test), atol=1e-4)
assert accuracy(probabilities(mean, X_test), y_test).mean() < accuracy(probabilities(A, X_test), y_test).mean() - 3

# %% [markdown]
# <details><summary>Answer</summary>
#
# The copy gives exactly the same answers. The mean is much worse, although both are the same function: it averages
# neurons that do different work.
#
# </details>
#
# **Rule.** Average *weights* along one run. Average *answers* of several runs.

# %% [markdown]
# ## Test yourself
#
# **1.** You draw 20 learning rates uniformly between 0.00001 and 1. How many lie below 0.1?
# <details><summary>Answer</summary>
#
# About two. Draw the exponent uniformly instead.
#
# </details>
#
# **2.** A grid with 5 values for each of 4 hyper-parameters: how many trials, and how many values of each does it test?
# <details><summary>Answer</summary>
#
# 5⁴ = 625 trials, only 5 values of each. 625 random trials test 625 values of each.
#
# </details>
#
# **3.** You tried 50 settings, and the best has a validation accuracy of 90.3 %. What do you expect on test images?
# <details><summary>Answer</summary>
#
# Less. The best of 50 scores contains luck. Only images that played no part in the choice tell how much less.
#
# </details>
#
# **4.** Setting A: 88.1 %. Setting B: 88.6 %. One run each; the spread over seeds is about 0.7. Which do you take?
# <details><summary>Answer</summary>
#
# You cannot tell. Train both with several seeds, or take the cheaper one.
#
# </details>
#
# **5.** Five networks are each right on 80 %, and they make exactly the same mistakes. What does their ensemble reach?
# <details><summary>Answer</summary>
#
# About 80 %: where all are wrong, their mean is wrong too. (Only if their *wrong answers* differ can it be right now
# and then.)
#
# </details>
#
# **6.** Your friend trained the same network with two seeds and averaged the weights "to get an ensemble for free".
# What do you say?
# <details><summary>Answer</summary>
#
# The neurons of the two stand in different places, so the mean is a bad network. Average the probabilities, or average
# weights along one run.
#
# </details>

# %% [markdown]
# ## What you learned
#
# - Search rates and strengths in logarithms: each decade gets its share.
# - Random search tries more values of the number that matters. Where all numbers matter equally, it has no advantage.
# - A search is a random experiment. The best of many scores is too good; differences below the spread over seeds mean
#   nothing.
# - Early stopping searches along time for the price of one run; successive halving uses the same idea for many trials.
# - An ensemble gains as much as its members' mistakes differ. Answers may be averaged over runs, weights only along one
#   run.
#
# **Change something and try.** Give the invented score in section 2 a width of 0.4 in place of 0.15: who wins now? Use
# only 100 validation images in section 5: how large is the luck? Walk from twin A to B after a single epoch of
# training: is the valley there already?
#
# **Next**: [Lab 3](../labs/lab03_regression.ipynb) lets you find a learning rate and stop in time,
# [Lab 4](../labs/lab04_dropout.ipynb) compares methods over seeds and builds ensembles.
# [Lecture 7](lecture07_beyond_the_mlp.ipynb) leaves the plain network behind.
