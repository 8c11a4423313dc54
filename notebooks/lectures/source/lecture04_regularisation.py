# %% [markdown]
# # Lecture 4 · Regularisation
#
# A large network can learn its training samples by heart, the wrong ones too. Then its training error is 0 and its
# answers to new samples are bad. **Regularisation** is the name for everything that makes learning by heart harder.
# Here you see the usual methods at work on points in a plane, where you can look at the whole network at once. You
# also see when they do *not* help.
#
# **When you have read it, you can**
#
# - compute L1 and L2 penalties and say which weights each of them prefers, and why;
# - say what a penalty does in one step of gradient descent, and what "weight decay" means;
# - choose a strength by trying several, over several runs;
# - explain early stopping, dropout (why the survivors are scaled) and noise on the inputs;
# - say when you need none of them.
#
# - **Time**: 45 minutes to read; the computer itself needs about a minute.
# - **Used in** [Lab 4](../labs/lab04_dropout.ipynb), where you write these methods yourself and try them on images.
#   Early stopping is also in [Lab 3](../labs/lab03_regression.ipynb).
#
# Lines that begin with `assert` check what the text says. If you change something and such a line stops the notebook,
# the claim no longer holds there: that is a result. Put a `#` before the line and go on.

# %%
import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
from coursekit import plotting
from sklearn.linear_model import lasso_path
from threadpoolctl import threadpool_limits

coursekit.setup("lecture04_regularisation")
threadpool_limits(1);  # these networks are tiny: one core is faster than several that wait for each other

# %% fast={"STEPS": 300, "SEEDS": 5}
STEPS = 800  # steps of each training
SEEDS = 12  # runs behind every mean, each with training points of its own

# %% [markdown]
# ## 1 · A network that learns by heart
#
# The points of two classes lie on two half moons. They are noisy, so the moons touch. And somebody made mistakes:
# **15 % of the training labels are wrong**. The test points have the right labels, because we want to know how well a
# network has understood the moons.
#
# A result from *one* training set may be luck. So we draw several training sets, train a network on each, and always
# look at all of them.


# %%
def moons(n, rng, wrong=0.15):
    """n points on two half moons, a share of them with a wrong label: X (n, 2) and t (n,) of
    0 and 1."""
    t = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    X = np.where(t[:, None] == 0, upper, lower) - [0.5, 0.25] + rng.normal(0, 0.25, (n, 2))
    return X.astype("float32"), np.where(rng.random(n) < wrong, 1 - t, t)


def several(n, rng):
    """One set of n points for each run: X (SEEDS, n, 2) and t (SEEDS, n)."""
    sets = [moons(n, rng) for _ in range(SEEDS)]
    return np.stack([X for X, _ in sets]), np.stack([t for _, t in sets])


rng = np.random.default_rng(np.random.randint(100_000))  # follows the seed that the line above prints
X_train, t_train = several(80, rng)
X_valid, t_valid = several(80, rng)  # for decisions such as "when to stop"; their labels have mistakes too
X_test, t_test = moons(3000, rng, wrong=0.0)
print(f"{SEEDS} training sets of {X_train.shape[1]} points, {len(X_test)} test points")

# %% [markdown]
# Now the network: two inputs, one hidden layer with tanh, one sigmoid output. You know its parts from Lectures 1 to
# 3. The next cell trains one network on each training set, all at the same time: the first axis of every array is the
# run. The optimizer is Adam (Lecture 2). Read the comments; they say where each method of this lecture comes in. You
# need not follow every line.


# %%
def hidden(X, w):
    """Outputs of the hidden layer, (runs, n, width)."""
    return np.tanh(X @ w[0] + w[1])


def score(X, w):
    """The network's score z, (runs, n). Above 0 means class 1."""
    return (hidden(X, w) @ w[2] + w[3])[..., 0]


def error(X, t, w):
    """Wrong answers in percent, one number a run."""
    return 100 * np.mean((score(X, w) > 0) != (t == 1), axis=-1)


def train(X, t, width=50, l2=0.0, rate=0.0, noise=0.0, watch=None, lr=0.05):
    """Train a network 2-width-1 on each set. X (runs, n, 2), t (runs, n). watch(w) is called
    every 10 steps."""
    draw = np.random.default_rng(0)  # the same start and the same luck for every method: only the method differs
    runs, n, _ = X.shape
    shapes = [(runs, 2, width), (runs, 1, width), (runs, width, 1), (runs, 1, 1)]
    scales = [1.0, 1.0, 1 / np.sqrt(width), 0.0]
    w = [draw.normal(0, scale, shape).astype("float32") for scale, shape in zip(scales, shapes)]
    m, s, seen = [0 * a for a in w], [0 * a for a in w], []  # m and s: Adam's two running means
    for step in range(1, STEPS + 1):
        x = X + noise * draw.normal(size=X.shape).astype("float32") if noise else X  # section 7: noise on the inputs
        h = hidden(x, w)
        # Section 6: dropout's mask.
        r = (draw.random(h.shape, "float32") >= rate) / np.float32(1 - rate) if rate else 1.0
        p = 1 / (1 + np.exp(-np.clip((h * r) @ w[2] + w[3], -60, 60)))
        d = (p - t[..., None]).astype("float32") / n  # slope of the mean cross-entropy with respect to the score
        back = (d @ w[2].swapaxes(1, 2)) * r * (1 - h**2)
        gradients = [
            x.swapaxes(1, 2) @ back,
            back.sum(1, keepdims=True),
            (h * r).swapaxes(1, 2) @ d,
            d.sum(1, keepdims=True),
        ]
        gradients[0] += 2 * l2 * w[0]  # section 3: the penalty's part of the gradient; biases have no penalty
        gradients[2] += 2 * l2 * w[2]
        for i, g in enumerate(gradients):  # Adam
            m[i] += 0.1 * (g - m[i])
            s[i] += 0.001 * (g**2 - s[i])
            w[i] = w[i] - lr * (m[i] / (1 - 0.9**step)) / (np.sqrt(s[i] / (1 - 0.999**step)) + 1e-8)
        if watch and step % 10 == 0:
            seen.append(watch(w))
    return (w, np.array(seen)) if watch else w


def run(w, number):
    """The weights of one run alone."""
    return [a[number : number + 1] for a in w]


# %% [markdown]
# **Predict before you run.** The hidden layer has 50 units, so the network has 201 weights. There are only 80 points,
# and about 12 of them have a wrong label. What will the training error be: about 15 %, or less? And the test error?

# %%
plain = train(X_train, t_train)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
seen, new = (X_train[0], t_train[0], "run 1: its 80 training points"), (X_test[:200], t_test[:200], "200 test points")
for ax, (X, t, title) in ((left, seen), (right, new)):
    plotting.decision_regions(
        lambda P: score(P, run(plain, 0))[0], X, t, threshold=0, title=title, limits=(-2.2, 2.2, -1.7, 1.7), ax=ax
    )
left.get_legend().remove()
plain_train, plain_test = error(X_train, t_train, plain), error(X_test, t_test, plain)
print(f"training error {plain_train.mean():4.1f} % ± {plain_train.std(ddof=1):.1f}")
print(f"test error     {plain_test.mean():4.1f} % ± {plain_test.std(ddof=1):.1f}   (mean ± standard deviation of {SEEDS} runs)")
assert plain_train.mean() < 6 and plain_test.mean() > plain_train.mean() + 6, (
    "the network should learn the wrong labels by heart"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The network learns nearly all labels, the wrong ones too: the training error is close to 0. To do this it bends its
# boundary round single points and makes small islands and narrow tongues. A test point that falls on one of them often
# gets a wrong answer. So the test error is much larger than the training error. This difference is called
# **overfitting**.
#
# </details>
#
# Rings mark the points that lie on the wrong side. Look at the islands and tongues in the left picture: most of them
# are made for only a few points.

# %% [markdown]
# ## 2 · Two prices for weights
#
# To bend sharply, a network needs large weights. So we let it pay for its weights. This price is called a
# **penalty**. Two prices are common:
#
# $$\text{L1}(w) = \sum_i |w_i| \qquad\qquad \text{L2}(w) = \sum_i w_i^2$$
#
# Take one linear neuron without bias, with the input $x = (3, 2, 1)$ and the target 10. Many weights are perfect:
#
# $$10 = 3w_1 + 2w_2 + w_3$$
#
# **Predict before you run.** Here are four perfect solutions: $(3, 0.25, 0.5)$, $(5, -2, -1)$, $(\frac{10}{3}, 0, 0)$
# and $(\frac{15}{7}, \frac{10}{7}, \frac{5}{7})$. Which one has the smallest L1 penalty, which one the smallest L2
# penalty?

# %%
x = np.array([3, 2, 1])
solutions = np.array([[3, 0.25, 0.5], [5, -2, -1], [10 / 3, 0, 0], [15 / 7, 10 / 7, 5 / 7]])
l1, l2 = np.abs(solutions).sum(axis=1), (solutions**2).sum(axis=1)
print("     w1     w2     w3    x·w      L1     L2")
for w, a, b in zip(solutions, l1, l2):
    print(f"{w[0]:7.2f}{w[1]:7.2f}{w[2]:7.2f}{x @ w:7.2f}{a:8.2f}{b:7.2f}")
assert l1.argmin() == 2 and l2.argmin() == 3, "L1 should choose the third solution, L2 the fourth"

# %% [markdown]
# <details><summary>Answer</summary>
#
# L1 chooses $(3.33, 0, 0)$: everything on the input that counts most, the other weights *exactly* 0. L1 **selects
# features**. L2 chooses $(2.14, 1.43, 0.71)$, which is the direction of $x$ itself: squared, one large weight costs
# more than several small ones. L2 **spreads** the work over all inputs.
#
# </details>
#
# Are they the best of *all* solutions, or only of these four? Let us draw very many solutions at random and look.

# %%
w12 = rng.uniform(-6, 6, (200_000, 2))
many = np.column_stack([w12, 10 - w12 @ [3, 2]])  # w3 is what is missing to 10
print(f"smallest L1 of {len(many):,} random solutions: {np.abs(many).sum(axis=1).min():.3f}   our third one: {l1[2]:.3f}")
print(f"smallest L2 of {len(many):,} random solutions: {(many**2).sum(axis=1).min():.3f}   our fourth one: {l2[3]:.3f}")
assert np.abs(many).sum(axis=1).min() >= l1[2] - 1e-9 and (many**2).sum(axis=1).min() >= l2[3] - 1e-9, (
    "nothing should be cheaper"
)

# %% [markdown]
# None is cheaper. The picture shows the reason, for two weights. All perfect weights, $3w_1 + a_2w_2 = 10$, lie on a
# line. Points with the same L1 price form a diamond, points with the same L2 price form a circle. Let each of them grow
# until it touches the line. The diamond touches with a *corner*, and at a corner one weight is 0. The circle has no
# corners.
#
# **Predict before you run.** Move $a_2$ slowly from 2 to 4. What happens to the corner that touches the line, and what
# to the circle's point, when $a_2$ passes 3?

# %%
coursekit.explore(
    lambda a2: plotting.penalty_shapes((3.0, a2)), start={"a2": 2.0}, a2=[0.5, 1.0, 2.0, 2.5, 2.9, 3.1, 3.5, 4.0, 6.0]
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The circle's point moves only a little. The corner jumps: below 3 all weight lies on $w_1$, above 3 all of it lies on
# $w_2$. So the choice of L1 is clear, but not stable. When two inputs are nearly equally good, a little noise decides
# which one L1 keeps.
#
# </details>

# %% [markdown]
# ## 3 · The penalty in the gradient: weight decay
#
# With an L2 penalty, training makes $\text{loss}(w) + \lambda \sum_i w_i^2$ small. The number $\lambda$ (lambda) is
# the **strength**. The slope of $\lambda w^2$ is $2\lambda w$, so with $g$ the gradient of the loss alone, one step
# is
#
# $$w \leftarrow w - \mathrm{lr}\,(g + 2\lambda w) = (1 - 2\,\mathrm{lr}\,\lambda)\,w - \mathrm{lr}\,g$$
#
# In each step the weight is first multiplied by a **shrink factor** a little below 1. Hence the name *weight decay*.
# The slope of $\lambda |w|$ is $\lambda\,\mathrm{sign}(w)$: L1 moves each weight towards 0 by the same amount,
# $\mathrm{lr}\,\lambda$, in each step.
#
# **Predict before you run.** The loss does not care about a weight: $g = 0$. It starts at 2. With $\mathrm{lr} = 0.1$
# and $\lambda = 0.1$, which penalty brings it to exactly 0? After how many steps?

# %%
lr, lam = 0.1, 0.1
w_l1, w_l2 = [2.0], [2.0]
for _ in range(300):
    w_l2.append(w_l2[-1] - lr * 2 * lam * w_l2[-1])
    w_l1.append(np.sign(w_l1[-1]) * max(abs(w_l1[-1]) - lr * lam, 0.0))  # it stops at 0 instead of jumping across
shrink = 1 - 2 * lr * lam
assert np.allclose(w_l2, 2.0 * shrink ** np.arange(301)), "L2 should multiply by the same factor in each step"
halved = np.log(0.5) / np.log(shrink)
print(f"L2: shrink factor {shrink:.3f}; half of it is left after {halved:.0f} steps, {w_l2[-1]:.5f} after 300 steps")
print(f"L1: exactly 0 after {int(np.argmin(np.abs(w_l1)))} steps")
ax = plotting.curves_with_bands({"L1": w_l1, "L2": w_l2}, x=np.arange(301), xlabel="step", ylabel="weight", band="range")
ax.axhline(0, color="0.6", linewidth=0.8);
# %% [markdown]
# <details><summary>Answer</summary>
#
# L1: a straight line down, 0.01 in each step, 0 after 200 steps. L2 takes 2 % of what is left: fast at first, then
# more and more slowly, and never exactly 0.
#
# </details>
#
# Now with a loss. A linear model has eight inputs, but only three of them have anything to do with the target. We fit
# it with many strengths and draw each weight against the strength: this is called a *regularisation path*. (For a
# linear model no descent is needed: L2 has a formula, and scikit-learn's `lasso_path` solves L1. It divides the
# squared error by 2n, so we do the same for L2.)

# %%
n = 60
X = rng.normal(size=(n, 8))
X = (X - X.mean(axis=0)) / X.std(axis=0)
true_w = np.array([3.0, -2.0, 1.0, 0, 0, 0, 0, 0])
y = X @ true_w + rng.normal(0, 1.0, n)
y = y - y.mean()
strengths = np.logspace(1, -3, 60)
path_l1 = lasso_path(X, y, alphas=strengths)[1].T
path_l2 = np.array([np.linalg.solve(X.T @ X / n + 2 * s * np.eye(8), X.T @ y / n) for s in strengths])
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.0), layout="constrained", sharey=True)
for ax, path, name in zip(axes, (path_l1, path_l2), ("L1", "L2")):
    for i in range(8):
        useful = true_w[i] != 0
        label = {0: "inputs with a meaning", 3: "inputs without"}.get(i)
        ax.plot(
            strengths,
            path[:, i],
            "-" if useful else ":",
            color=plotting.COLOURS[0 if useful else 1],
            linewidth=1.8,
            label=label,
        )
    ax.set(xscale="log", xlabel="strength λ", title=name)
    ax.grid(alpha=0.25)
axes[0].set_ylabel("weight")
axes[1].legend(frameon=False, fontsize=8, loc="lower right")
somewhere = int(np.argmin(np.abs(strengths - 0.3)))
zeros_l1, zeros_l2 = (int((path[somewhere] == 0).sum()) for path in (path_l1, path_l2))
print(f"at λ = {strengths[somewhere]:.2f}: L1 has {zeros_l1} weights that are exactly 0, L2 has {zeros_l2}")
assert zeros_l1 >= 4 and zeros_l2 == 0, "L1 should set weights to exactly 0, L2 none"
assert (path_l1[somewhere, :3] != 0).all(), "the useful inputs should still be there"
said = f"{zeros_l1} of them are exactly 0 at strength 0.3, the three useful ones are not"
plotting.describe(axes[0], f"Eight weights against the strength of L1: {said}.")
plotting.describe(axes[1], "The same with L2: all weights shrink together, and none is exactly 0.");

# %% [markdown]
# From left to right the strength grows. With L1 the useless inputs leave first, one by one. With L2 all weights
# go towards 0 together. Both also shrink the *useful* weights: a penalty always costs something. It must bring more
# than it costs.
#
# **A trap with Adam.** Adam divides each gradient by its own recent size. If the penalty is a part of the gradient,
# it is divided too.
#
# There is a way out, **AdamW**: leave the penalty out of the gradient, make Adam's step, and multiply the weight by the
# shrink factor separately.
#
# **Predict before you run.** Again $g = 0$, and a weight that starts at 1. SGD with an L2 penalty, Adam with an L2
# penalty, and AdamW make 50 steps with $\mathrm{lr} = 0.01$, once with strength 0.1 and once with strength 1. For which
# of them does the strength make no difference?


# %%
def decayed(optimizer, lam):
    """The weight after 50 steps in which the loss has no slope, only the
    penalty λw² (or nothing, for lam = 0)."""
    w = keras.Variable(np.ones(1, "float32"))
    optimizer.build([w])
    for _ in range(50):
        optimizer.apply([2 * lam * keras.ops.convert_to_tensor(w)])
    return keras.ops.convert_to_numpy(w)[0]


for lam in (0.1, 1.0):
    sgd = decayed(keras.optimizers.SGD(0.01), lam)
    adam = decayed(keras.optimizers.Adam(0.01), lam)
    adamw = decayed(keras.optimizers.AdamW(0.01, weight_decay=2 * lam), 0.0)
    print(f"strength {lam:3.1f}:   SGD with L2 {sgd:.3f}   Adam with L2 {adam:.3f}   AdamW {adamw:.3f}")
assert abs(decayed(keras.optimizers.Adam(0.01), 0.1) - decayed(keras.optimizers.Adam(0.01), 1.0)) < 0.01, (
    "Adam should not see λ"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# For Adam with L2. Its step is about lr, whatever the size of the gradient, so a strength of 0.1 and of 1 do the same
# here. With a loss the effect is not so extreme, but L2 with Adam is not weight decay. AdamW is (Loshchilov and Hutter,
# "Decoupled weight decay regularization", 2019): where the loss has no slope, it does the same as SGD with L2.
#
# </details>
#
# In Keras a penalty is an argument of a layer:
#
# ```python
# keras.layers.Dense(50, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.001))
# ```

# %% [markdown]
# ## 4 · How large a network, how strong a penalty?
#
# Back to the moons. Two things decide how sharply a network *can* bend its boundary: the number of its hidden units
# (its **capacity**), and the strength of the penalty.
#
# **Predict before you run.** We draw a table of sixteen networks: the width grows from top to bottom, the strength from
# left to right. Which corner of the table has the worst islands? Is a narrow network without penalty as good as a wide
# one with the right penalty?

# %%
WIDTHS, STRENGTHS = (2, 4, 16, 50), (0.0, 0.001, 0.01, 0.1)
fits = {(width, lam): train(X_train, t_train, width, l2=lam) for width in WIDTHS for lam in STRENGTHS}
test_error = {key: error(X_test, t_test, w) for key, w in fits.items()}


# %%
def regions(ax, width, lam):
    """The first run's boundary, in light colours, and its training points."""
    a, b = np.meshgrid(np.linspace(-2.2, 2.2, 120), np.linspace(-1.7, 1.7, 100))
    P = np.column_stack([a.ravel(), b.ravel()]).astype("float32")
    z = score(P, run(fits[width, lam], 0)).reshape(a.shape)
    ax.contourf(a, b, z > 0, levels=[-0.5, 0.5, 1.5], colors=["#FBE3D3", "#D6E8F5"])
    ax.contour(a, b, z, levels=[0.0], colors="black", linewidths=1)
    for label, colour in ((0, plotting.COLOURS[1]), (1, plotting.COLOURS[0])):
        mine = X_train[0][t_train[0] == label]
        ax.plot(*mine.T, plotting.MARKERS[label], color=colour, markersize=3, markeredgecolor="black", markeredgewidth=0.4)
    ax.set(xticks=[], yticks=[], xlim=(-2.2, 2.2), ylim=(-1.7, 1.7))
    e = test_error[width, lam]
    ax.set_title(f"test error {e.mean():.0f} %", fontsize=9)


figure, axes = plt.subplots(len(WIDTHS), len(STRENGTHS), figsize=(5.8, 5.6), layout="constrained")
for row, width in enumerate(WIDTHS):
    for column, lam in enumerate(STRENGTHS):
        regions(axes[row, column], width, lam)
    axes[row, 0].set_ylabel(f"{width} units", fontsize=10)
for column, lam in enumerate(STRENGTHS):
    axes[-1, column].set_xlabel(f"λ = {lam:g}", fontsize=10)
best = min(test_error, key=lambda key: test_error[key].mean())
plotting.describe(
    axes[0, 0],
    f"Boundaries of sixteen networks on the same points: widths {WIDTHS} from top to bottom, strengths {STRENGTHS} from left to right. "
    f"Wide networks without penalty have islands round single points; with the largest strength the boundary is nearly straight. "
    f"The smallest mean test error, {test_error[best].mean():.0f} %, has width {best[0]} with strength {best[1]:g}.",
);
# %% [markdown]
# The boundary belongs to the first run; the test error above each picture is the mean of all runs. Now the same
# numbers with their spread.

# %%
ax = plotting.curves_with_bands(
    {f"{width} units": np.array([test_error[width, lam] for lam in STRENGTHS]).T for width in WIDTHS},
    x=np.arange(len(STRENGTHS)),
    xlabel="strength λ",
    ylabel="test error (%)",
    band="range",
)
ax.set_xticks(range(len(STRENGTHS)), [f"{lam:g}" for lam in STRENGTHS])
gain = test_error[50, 0.0] - test_error[50, 0.001]
too_much = test_error[50, 0.1] - test_error[50, 0.001]
print(f"50 units: λ = 0.001 lowers the test error by {gain.mean():.1f} points ± {gain.std(ddof=1):.1f}")
print(f"50 units: λ = 0.1 is {too_much.mean():.1f} points ± {too_much.std(ddof=1):.1f} worse than λ = 0.001")
for width in WIDTHS:
    print(f"{width:3d} units: λ = 0 {test_error[width, 0.0].mean():5.1f} %, λ = 0.001 {test_error[width, 0.001].mean():5.1f} %")
print("typical size of the 50 units' weights:", end=" ")
print("  ".join(f"λ = {lam:g}: {np.sqrt(np.mean(fits[50, lam][0] ** 2)):.2f}" for lam in STRENGTHS))
assert gain.mean() > 0 and too_much.mean() > 0, "a middle strength should be best for the wide network"
narrow = min(test_error[2, 0.0].mean(), test_error[4, 0.0].mean())
assert test_error[50, 0.001].mean() < narrow + 2, "the wide network should be as good as a narrow one"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The worst islands are at the bottom left: wide, no penalty. On the right nothing is left to learn with: even the
# wide network draws nearly a straight line, or gives one answer everywhere. This is **underfitting**. The best
# strength lies in between, and with it the wide network is not worse than a narrow one without a penalty. So in
# practice: take a network that is large enough, and control it with the strength. You can change a strength a little.
# You cannot add half a unit. The last printed line shows how the penalty works: without large weights there are no
# sharp bends.
#
# </details>
#
# The bands show the smallest and the largest run. They are wide: on one set of 80 points the order of the networks can
# be another one. And one thing is not fair here: we chose the best strength by looking at the *test* points. In real
# work you choose it with validation points (Lecture 6).
#
# **Try it.** Move the strength λ (`lam`) and the width.


# %%
def at_strength(lam, width):
    ax = plt.subplots(figsize=(4.6, 3.6), layout="constrained")[1]
    regions(ax, width, lam)
    e = test_error[width, lam]
    ax.set_title(f"{width} units, λ = {lam:g}: test error {e.mean():.1f} % ± {e.std(ddof=1):.1f}", fontsize=10)
    return plotting.describe(ax, f"Boundary of a network with {width} units and strength {lam:g}; test error {e.mean():.1f} %.")


coursekit.explore(at_strength, start={"lam": 0.001, "width": 50}, lam=list(STRENGTHS), width=list(WIDTHS))

# %% [markdown]
# ## 5 · Stop early: the cheapest method
#
# A network needs time to learn by heart. At the start its boundary is smooth; it first learns what *many* points have
# in common. So we can stop in between. **Early stopping**: measure the loss on validation points while you train.
# Keep the weights of the best moment. Stop when the validation loss has not become better for some time. This time is
# called **patience**.
#
# **Predict before you run.** The training loss falls all the time. What does the validation loss do? Will the best
# moment be the same in all runs?


# %%
def loss(X, t, w):
    """Mean cross-entropy, one number a run; log(1 + exp(z)) written so that it cannot overflow."""
    z = score(X, w)
    return np.mean(np.logaddexp(0, z) - t * z, axis=-1)


def watch(w):
    return loss(X_train, t_train, w), loss(X_valid, t_valid, w), error(X_test, t_test, w)


_, seen = train(X_train, t_train, watch=watch)
train_loss, valid_loss, test_path = (seen[:, i].T for i in range(3))  # each (SEEDS, moments)
moments = 10 * np.arange(1, seen.shape[0] + 1)
best_moment = valid_loss.argmin(axis=1)
ax = plotting.curves_with_bands(
    {"training": train_loss, "validation": valid_loss}, x=moments, xlabel="step", ylabel="loss", band="range", log=(True, False)
)
ax.plot(moments[best_moment], valid_loss.min(axis=1), "*", color="black", markersize=9, label="best moment of each run")
ax.set_ylim(0, 1.1 * valid_loss.mean(axis=0).max())
ax.legend(frameon=False, fontsize=8)
print("best step of each run:", moments[best_moment])
plotting.describe(
    ax,
    f"Training loss falls to {train_loss[:, -1].mean():.2f}; validation loss is lowest after {np.median(moments[best_moment]):.0f} steps "
    f"(median), then climbs to {valid_loss[:, -1].mean():.2f}. Stars mark the best moment of each run.",
)
assert (valid_loss[:, -1] > 1.2 * valid_loss.min(axis=1)).all(), "the validation loss should climb again in every run"

# %% [markdown]
# <details><summary>Answer</summary>
#
# It falls, reaches its lowest point early, and climbs again. The best moment differs from run to run, because the
# points differ. So no fixed number of steps is right; you need the validation points.
#
# </details>
#
# What is it worth? The rule with patience does not see the future, so here it is as a function. It says at which moment
# the weights were kept, and we look up the error on the test points at that moment. (In the figure each small mark is
# one run. The black bar is the mean with one standard deviation to each side; the dashed line is the first mean.)


# %%
def stops_at(losses, patience):
    """Early stopping: where the best value lies that was known when `patience` values had
    brought nothing better."""
    best = 0
    for i, value in enumerate(losses):
        if value < losses[best]:
            best = i
        elif i - best >= patience:
            break
    return best


PATIENCE = 10  # measurements, so 100 steps
stopped = np.array([test_path[r, stops_at(valid_loss[r], PATIENCE)] for r in range(SEEDS)])
plotting.method_comparison({"to the end": test_path[:, -1], "stopped early": stopped}, xlabel="test error (%)")
stop_gain = test_path[:, -1] - stopped
print(f"stopping early lowers the test error by {stop_gain.mean():.1f} points ± {stop_gain.std(ddof=1):.1f}")
print(f"runs in which it helped: {(stop_gain > 0).sum()} of {SEEDS}")
assert stop_gain.mean() > 0, "stopping early should help on the mean"

# %% [markdown]
# It costs no time: the training is even shorter. But it needs validation points, and the stopped moment depends on
# these few points. In Keras it is a callback:
#
# ```python
# stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
# model.fit(X, t, validation_data=(X_valid, t_valid), epochs=1000, callbacks=[stop])
# ```

# %% [markdown]
# ## 6 · Dropout
#
# In every training step, switch off a random share of the hidden units: their output is 0. In the next step, switch
# off others. The share $p$ is called the **rate**. No unit can rely on one certain other unit, because it may be
# absent. So each unit has to be useful by itself. (Srivastava and others, "Dropout: a simple way to prevent neural
# networks from overfitting", 2014.)

# %%
UNITS, p = 8, 0.5
masks = rng.random((12, UNITS)) >= p


def draw(ax, number):
    """A network 2-8-1 in one training step: units that are off are empty, and their
    connections are gone."""
    places = {"in": np.column_stack([[0, 0], [2.5, 4.5]]), "out": np.array([[2, 3.5]])}
    middle = np.column_stack([np.ones(UNITS), np.arange(UNITS)])
    for unit, on in zip(middle, masks[number]):
        for other in [*places["in"], *places["out"]]:
            ax.plot(*np.array([unit, other]).T, "-", color="0.35" if on else "0.93", linewidth=1, zorder=1)
        face, edge = (plotting.COLOURS[0], "black") if on else ("white", "0.6")
        ax.plot(*unit, "o" if on else "X", markersize=15 if on else 11, markerfacecolor=face, markeredgecolor=edge, zorder=2)
    for other in [*places["in"], *places["out"]]:
        ax.plot(*other, "s", markersize=13, color="0.25", zorder=2)
    for at, word in ((0, "inputs"), (1, "hidden units"), (2, "output")):
        ax.text(at, -1.1, word, ha="center", fontsize=9)
    ax.set(xlim=(-0.4, 2.4), ylim=(-1.5, UNITS - 0.2))
    ax.set_axis_off()
    off = int((~masks[number]).sum())
    ax.set_title(f"step {number + 1}: {off} of {UNITS} hidden units are off", fontsize=10)
    plotting.describe(ax, f"In step {number + 1}, {off} of {UNITS} hidden units are off; their connections are gone.")


plotting.loop(
    draw,
    range(len(masks)),
    moves="in each frame another random half, more or less, of the eight hidden units is off",
    seconds=0.7,
)

# %% [markdown]
# At test time nothing is dropped. But then more units send signals than in training, and all sums would be too large.
# So **inverted dropout** makes the survivors larger *in training*. With a random mask $r$, and $E[\dots]$ for the mean
# over all masks:
#
# $$h'_i = r_i\,h_i, \qquad
# r_i = \begin{cases} 0 & \text{with probability } p \\[2pt] \dfrac{1}{1-p} & \text{otherwise}\end{cases}
# \qquad\Rightarrow\qquad E[h'_i] = p \cdot 0 + (1-p)\,\frac{h_i}{1-p} = h_i$$
#
# The mean stays the same, so at test time there is nothing to do.
#
# **Predict before you run.** All outputs are $h = 3$ and the rate is $p = 0.25$. Which values has $h'$? Towards which
# number does the mean of many draws go, with the scaling and without it?

# %%
h, p = 3.0, 0.25
keep = rng.random(5000) >= p
draws = np.arange(1, len(keep) + 1)
scaled = np.cumsum(h * keep / (1 - p)) / draws
unscaled = np.cumsum(h * keep) / draws
print("values:", np.unique(h * keep / (1 - p)), f"  mean with scaling {scaled[-1]:.2f}, without {unscaled[-1]:.2f}")
ax = plotting.curves_with_bands(
    {"scaled by 1/(1−p)": scaled, "not scaled": unscaled},
    x=draws,
    xlabel="draws",
    ylabel="mean so far",
    band="range",
    log=(True, False),
)
ax.axhline(h, color="0.5", linewidth=0.8)
ax.axhline((1 - p) * h, color="0.5", linewidth=0.8)
ax.set_ylim(0, 4.4)
assert abs(scaled[-1] - h) < 0.12 and abs(unscaled[-1] - (1 - p) * h) < 0.12, "the means should be 3 and 2.25"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The values are 0 and 4, because $3 / 0.75 = 4$. With scaling the mean goes to 3. Without it, it goes to $0.75 \cdot
# 3 = 2.25$.
#
# </details>
#
# Now on the moons: the network with 50 units, with several rates, over all runs.

# %%
RATES = (0.0, 0.2, 0.5, 0.8)
dropped = {rate: train(X_train, t_train, rate=rate) for rate in RATES}
dropout_error = {rate: error(X_test, t_test, w) for rate, w in dropped.items()}
plotting.method_comparison({f"rate {rate:g}": e for rate, e in dropout_error.items()}, xlabel="test error (%)")
drop_gain = dropout_error[0.0] - dropout_error[0.5]
print(f"rate 0.5 lowers the test error by {drop_gain.mean():.1f} points ± {drop_gain.std(ddof=1):.1f}")
print(
    f"its training error is {error(X_train, t_train, dropped[0.5]).mean():.1f} %; without dropout it is {plain_train.mean():.1f} %"
)
assert drop_gain.mean() > 0, "dropout should help the wide network on the mean"

# %% [markdown]
# Dropout helps here for the same reason as a penalty: the network can no longer learn every wrong label, so its
# *training* error is higher.
#
# ### Dropout is an average of many networks
#
# A network with $H$ hidden units has $2^H$ *thinned* networks: each unit is on or off. All of them share the same
# weights. In each training step one of them, drawn at random, learns. At test time we use all units at once. Is that
# really the average of all the thinned networks? With $H = 10$ there are only 1,024 of them, so we can compute every
# single one.
#
# **Predict before you run.** Which is better on the test points: the thinned networks (on the mean), or the whole
# one? And is the whole network's score *exactly* the mean of the 1,024 scores?

# %%
H = 10
w = run(train(X_train, t_train, width=H, rate=0.5), 0)
on = np.array([[number >> i & 1 for i in range(H)] for number in range(2**H)])  # (1024, H), 0 or 1: every choice once
all_masks = on / 0.5  # the survivors are scaled by 1 / (1 − p)
h = hidden(X_test, w)[0]  # (n, H)
scores = (h[None] * all_masks[:, None, :].astype("float32")) @ w[2][0][:, 0] + w[3][0, 0, 0]  # (1024, n)
whole = score(X_test, w)[0]
difference = np.abs(whole - scores.mean(axis=0)).max()
print(f"the whole network's score and the mean of {len(scores)} scores differ by {difference:.0e} at most")
thinned_error = 100 * np.mean((scores > 0) != t_test, axis=1)
whole_error = 100 * np.mean((whole > 0) != t_test)
vote_error = 100 * np.mean(((1 / (1 + np.exp(-scores))).mean(axis=0) > 0.5) != t_test)
ax = plt.subplots(figsize=(5.2, 3.2), layout="constrained")[1]
ax.hist(thinned_error, bins=40, color=plotting.COLOURS[5], edgecolor="white", linewidth=0.3, label="1,024 thinned networks")
ax.axvline(whole_error, color="black", linewidth=2, label="the whole network, once")
ax.axvline(vote_error, color=plotting.COLOURS[1], linewidth=2, linestyle="--", label="mean of 1,024 probabilities")
ax.set(xlabel="test error (%)", ylabel="networks")
ax.legend(frameon=False, fontsize=8)
said = f"thinned networks {thinned_error.mean():.1f} % on the mean, whole network {whole_error:.1f} %, mean of probabilities {vote_error:.1f} %"
print(said)
assert np.allclose(whole, scores.mean(axis=0), atol=1e-3), "the whole score should be the mean of all scores"
assert whole_error < thinned_error.mean(), "the whole network should be better than the mean of the thinned ones"
plotting.describe(ax, f"Histogram of the test errors of all thinned networks: {said}.");
# %% [markdown]
# <details><summary>Answer</summary>
#
# The whole network is better than the thinned ones are on the mean. (Some thinned networks are even better, but
# before the test nobody knows which.) Its *score* is exactly the mean of all scores (up to rounding), because the
# score is a sum and $E[r_i] = 1$. Its *probability* is not exactly the mean of the probabilities, because the sigmoid
# is not a straight line; and with several hidden layers the score is not exact either. But both answers are nearly
# the same, and one costs a thousand times less.
#
# </details>

# %% [markdown]
# ## 7 · Noise on the data
#
# There is another way to stop a network from building an island round one point: let the point move a little. In
# every step each training point gets new random noise. The label stays. With images the same idea is called
# **augmentation**: move, turn or mirror each image a little, because a shirt stays a shirt. This brings in knowledge:
# you decide which changes do *not* change the label.
#
# **Predict before you run.** The noise in the moons has a standard deviation of 0.25. We add more in training: 0,
# 0.1, 0.3 or 1. Which is best?

# %%
NOISES = (0.0, 0.1, 0.3, 1.0)
noise_error = {noise: error(X_test, t_test, train(X_train, t_train, noise=noise)) for noise in NOISES}
plotting.method_comparison({f"noise {noise:g}": e for noise, e in noise_error.items()}, xlabel="test error (%)")
noise_gain = noise_error[0.0] - noise_error[0.3]
print(f"noise 0.3 lowers the test error by {noise_gain.mean():.1f} points ± {noise_gain.std(ddof=1):.1f}")
assert noise_error[0.3].mean() < min(noise_error[noise].mean() for noise in (0.0, 0.1, 1.0)), "a middle amount should be best"

# %% [markdown]
# <details><summary>Answer</summary>
#
# A middle amount, here 0.3: 0.1 helps less. With 1 the noise is as large as the moons themselves, and their shape is
# gone.
#
# </details>
#
# For a *linear* model noise is not only similar to an L2 penalty, it *is* one. With inputs $x + \varepsilon$, where
# the $\varepsilon_i$ are independent, each with mean 0 and variance $\sigma^2$, the mean over the noise is
#
# $$E\left[(y - w \cdot (x + \varepsilon))^2\right] = (y - w \cdot x)^2 + \sigma^2 \sum_i w_i^2$$
#
# (Bishop, "Training with noise is equivalent to Tikhonov regularization", 1995, also says how far this holds for
# networks.) We check it with one sample.

# %%
x, y, w, sigma = np.array([3.0, 2.0, 1.0]), 10.0, np.array([3.0, -0.5, 0.5]), 0.5
squares = (y - (x + rng.normal(0, sigma, (400_000, 3))) @ w) ** 2
formula = (y - x @ w) ** 2 + sigma**2 * (w**2).sum()
print(f"mean of {len(squares):,} noisy squared errors: {squares.mean():.3f}   formula: {formula:.3f}")
assert abs(squares.mean() / formula - 1) < 0.03, "the formula should hold"

# %% [markdown]
# ## 8 · When it does not help
#
# First all methods together, on the same training sets, for the wide network.

# %%
comparison = {
    "none": plain_test,
    "L2, λ = 0.001": test_error[50, 0.001],
    "stopped early": stopped,
    "dropout 0.5": dropout_error[0.5],
    "noise 0.3": noise_error[0.3],
}
plotting.method_comparison(comparison, xlabel="test error (%)");
# %% [markdown]
# On these data each of them helps, and their spreads overlap: a clear winner is hard to name, and each has a strength
# that could be chosen better. But these data were *made* for them: few points, wrong labels, a large network. Let us
# take away one cause after the other. First: **more points**.
#
# **Predict before you run.** The same wide network, 15 % wrong labels as before, but 20, 80, 320 or 1,280 points. How
# does the gain from L2 and dropout change? Can a method even do harm?

# %%
SIZES = (20, 80, 320, 1280)
by_size = {"none": {}, "L2, λ = 0.001": {"l2": 0.001}, "dropout 0.5": {"rate": 0.5}}
size_error, learned = {name: [] for name in by_size}, []
few = min(SEEDS, 5)  # runs: large sets take time
for size in SIZES:
    X, t = several(size, rng)
    for name, method in by_size.items():
        w = train(X[:few], t[:few], **method)
        size_error[name].append(error(X_test, t_test, w))
        if name == "none":
            learned.append(error(X[:few], t[:few], w).mean())
size_error = {name: np.array(e).T for name, e in size_error.items()}  # (runs, sizes)
ax = plotting.curves_with_bands(
    size_error, x=SIZES, xlabel="training points", ylabel="test error (%)", band="range", log=(True, False)
)
ax.set_xticks(SIZES, [str(size) for size in SIZES])
ax.minorticks_off()
ax.set_ylim(bottom=0)
print("training error, none ", "  ".join(f"{size} points: {e:5.1f}" for size, e in zip(SIZES, learned)))
assert learned[-1] > 9 > learned[0], "only the small sets should be learned by heart"
for name in list(by_size)[1:]:
    gains = size_error["none"] - size_error[name]
    assert gains[:, 1].mean() > gains[:, 3].mean(), "with many points the gain should be smaller"
    print(f"gain of {name:14s}", "  ".join(f"{size} points: {g:+5.1f}" for size, g in zip(SIZES, gains.mean(axis=0))))

# %% [markdown]
# <details><summary>Answer</summary>
#
# With 1,280 points the network cannot learn each of them by heart (see its training error). The wrong labels
# contradict their neighbours, and the network follows the majority by itself. Little is left to gain. **More data is
# the best regulariser**, if you can get it. Look at the left end too: with 20 points the bands are wide, and the gain
# is small or uncertain. So few points do not show what a moon looks like, and no method can add what the data do not
# say.
#
# </details>
#
# Second: **a small network** and right labels. Three units cannot make islands.

# %%
X, t = several(320, rng)
t_clean = np.stack([np.arange(320) % 2] * SEEDS)  # `moons` gives the classes in turn: the labels without mistakes
small = {
    "none": error(X_test, t_test, train(X, t_clean, width=3)),
    "L2, λ = 0.001": error(X_test, t_test, train(X, t_clean, width=3, l2=0.001)),
    "L2, λ = 0.01": error(X_test, t_test, train(X, t_clean, width=3, l2=0.01)),
    "dropout 0.5": error(X_test, t_test, train(X, t_clean, width=3, rate=0.5)),
}
plotting.method_comparison(small, xlabel="test error (%)", title="3 units, 320 points, no wrong labels")
for name, e in list(small.items())[1:]:
    print(f"gain of {name:14s} {(small['none'] - e).mean():+5.1f} points ± {(small['none'] - e).std(ddof=1):.1f}")
for name in ("dropout 0.5", "L2, λ = 0.01"):
    assert (small[name] - small["none"]).mean() > 0, f"{name} should harm the small network"

# %% [markdown]
# A network with three units needs all three. Dropout takes one or two of them away in most steps: it does harm. The
# strong penalty presses the boundary until it is nearly a straight line: it harms too. The weak one changes little,
# or harms in some runs.
#
# A rule that follows: look at the two errors first.
#
# | training error | test (validation) error | what to do |
# |---|---|---|
# | large | large | underfitting: a larger network, longer training, *less* regularisation |
# | small | much larger | overfitting: more data, or regularisation |
# | small | small | nothing |

# %% [markdown]
# ## Quiz
#
# Answer first, then open.
#
# **1.** Two weight vectors: $(4, 0)$ and $(2, 2)$. Which one is cheaper in L1, which one in L2?
#
# <details><summary>Answer</summary>
#
# In L1 both cost 4. In L2 the second one is cheaper: 8 instead of 16.
#
# </details>
#
# **2.** lr = 0.01 and λ = 0.5. By which factor does L2 multiply a weight in each step if the loss has no slope there?
#
# <details><summary>Answer</summary>
#
# $1 - 2 \cdot 0.01 \cdot 0.5 = 0.99$.
#
# </details>
#
# **3.** Your colleague increases the strength until training error and test error are equal, and is happy. Both are
# 40 %. What has happened?
#
# <details><summary>Answer</summary>
#
# Underfitting. Equal errors are not the aim; a small validation error is.
#
# </details>

# %% [markdown]
# **4.** A layer's output is 6, the rate is 0.4. What does inverted dropout make of it in training, and what at test
# time?
#
# <details><summary>Answer</summary>
#
# In training 0 (in 40 % of the draws) or $6 / 0.6 = 10$. At test time 6.
#
# </details>
#
# **5.** Why must early stopping look at validation points, and not at the training points or the test points?
#
# <details><summary>Answer</summary>
#
# The training loss falls all the time, so it never says "stop". And a moment chosen on the test points makes the test
# error look better than it is: the test points must not take part in any decision.
#
# </details>
#
# **6.** The training error is 12 %, the validation error 12.5 %. Someone proposes dropout with rate 0.5. What do you
# expect?
#
# <details><summary>Answer</summary>
#
# Nothing good: there is almost no gap to close. Dropout will probably raise both errors. If 12 % is too much, try a
# larger network or a longer training first.
#
# </details>
#
# **7.** You mirror images from left to right as augmentation. For which of these is it wrong: cats, handwritten
# digits, shirts?
#
# <details><summary>Answer</summary>
#
# Digits: a mirrored 2 is no 2. Augmentation may only change what does not change the label.
#
# </details>

# %% [markdown]
# ## What you learned
#
# - L1 adds up $|w|$ and makes weights exactly 0: it selects. L2 adds up $w^2$, multiplies each weight by a shrink
#   factor, and spreads.
# - Strength and capacity: too little overfits, too much underfits. Choose with validation points, over several runs.
# - Early stopping keeps the weights of the lowest validation loss. It costs no time, but it needs validation points.
# - Dropout trains a random thinned network in each step; scaled survivors keep the mean; the whole network is
#   (nearly) the average of all.
# - Noise and augmentation let each point move in ways that do not change its label.
# - With enough data they help little; on a small network they can do harm.

# %% [markdown]
# ## Change something and try
#
# - In `moons`, set `wrong` to 0 and run everything again. Which method still helps?
# - Use two methods together: `train(..., l2=0.001, rate=0.5)`. Does the second one add anything?
# - Change `PATIENCE` to 1 and to 50. What happens to the mean and to the spread?
# - In section 3 make input 1 and input 2 nearly equal: `X[:, 1] = X[:, 0] + 0.1 * rng.normal(size=n)`. What do L1 and
#   L2 do with them?
#
# **Next**: [Lab 4](../labs/lab04_dropout.ipynb), where the points are images.
