# %% [markdown]
# # Lecture 8 · Playground
#
# You have read what neurons, losses, penalties and learning rates do. Now watch them. In the *playground* a small Keras
# network learns points of the plane, and you see everything at once: the answer of every neuron, every weight, the
# boundary and the losses. Six experiments, each with a prediction first. Then it is yours.
#
# **When you have done it, you can**
#
# - say what a hidden layer adds that one neuron does not have, and what a good feature adds;
# - see a network build a spiral out of lines, layer by layer;
# - find dead ReLUs, and say what kills them;
# - compute the largest learning rate of a linear neuron, and recognise one that is too large;
# - tell from two losses that a network learns noise;
# - show that L1 removes weights, and that L2 only makes them smaller.
#
# - **Time**: 50 minutes with your own tries; the computer itself needs one or two minutes.
# - **Used in** [Lab 1](../labs/lab01_perceptron.ipynb) (lines, XOR), [Lab 2](../labs/lab02_mlp.ipynb) (hidden layers) and
#   [Lab 4](../labs/lab04_dropout.ipynb) (overfitting, penalties).
#
# Lines that begin with `assert` check what the text says. If you change something and such a line stops the notebook,
# the claim no longer holds there: that is a result. Put a `#` before the line and go on.

# %%
import coursekit
import matplotlib.pyplot as plt
import numpy as np
from coursekit import plotting

coursekit.setup("lecture08_playground")

# %% fast={"SEEDS": 2, "EPOCHS": 100}
SEEDS = 4  # first weights behind every mean
EPOCHS = 150  # of the spiral in section 2
FIRST = int(np.random.randint(10_000))  # the number of the first ones; another COURSEKIT_SEED gives others

# %% [markdown]
# ## How to read it
#
# Press **Play**, and **Pause** when you have seen enough. *One step* shows the network one batch of points, *one epoch*
# all training points once. *Reset* begins again with other first weights.
#
# - **Blue** means above 0, **orange** below 0, white about 0. That holds for points (blue circles have the target +1,
#   orange squares −1), for what a neuron answers, and for weights.
# - Each small picture is one **neuron**: what it answers at each place of the plane. Choose one to see it large, with its
#   weights as numbers that you can change.
# - Each line is a **weight**: the thicker, the larger.
# - The large picture is the **output**. The border between blue and orange is what the network believes.
#
# Where no widget can run (on paper, in an exported page) you see a still picture instead. The cells with numbers
# train the same networks with the same functions, so that nothing in this lecture depends on what you click.

# %%
coursekit.playground(data="gauss", hidden=(2,))


# %%
def runs(epochs, **settings):
    """Train the same network from several first weights. Return what was learned each time,
    and the playground."""
    board = coursekit.playground(**settings)
    found = []
    for start in range(FIRST, FIRST + SEEDS):
        board.change(start=start)
        found.append(board.train(epochs).look())
    return found, board


def spread(values, form="{:.0%}"):
    """The mean of several runs, with the lowest and the highest."""
    low, middle, high = (form.format(value) for value in (np.min(values), np.mean(values), np.max(values)))
    return f"{middle} (from {low} to {high})"


# %% [markdown]
# ## 1 · Why XOR needs a hidden layer
#
# Blue where both inputs have the same sign, orange where they have not. First a network without any hidden layer: one
# neuron, which is one line (Lecture 1).
#
# **Predict before you run.** How many of the test points can one neuron get right? How many hidden neurons does it take
# to get nearly all?

# %%
coursekit.playground(data="xor", hidden=(), hide=["features", "noise", "regularizer", "regularizer_rate", "share"])

# %%
XOR = {}
for hidden in ((), (1,), (2,), (4,), (8,)):
    found, board = runs(150, data="xor", hidden=hidden)
    XOR[hidden] = [run.test_right for run in found]
    print(f"{sum(hidden)} hidden neurons: {spread(XOR[hidden])} of the test points are right")
assert max(XOR[()]) < 0.8, "one line should not solve XOR"
assert np.mean(XOR[(8,)]) > 0.9 > np.mean(XOR[(1,)]), "a hidden layer should"
board.figure("XOR with eight hidden neurons");

# %% [markdown]
# <details><summary>Answer</summary>
#
# One neuron gets between a half and three quarters: whatever line you draw, at least one of the four squares lies on the
# wrong side. A single hidden neuron is one line too. Two lines can be enough (Lab 1 does it by hand), but gradient
# descent does not always find them: look at the range. With eight neurons some lines lie well from the start, and every
# run succeeds. **More neurons than necessary make the search easier.**
#
# </details>
#
# There is another way. Switch on the input $x_1 x_2$ and take the hidden layer away.

# %%
found, board = runs(30, data="xor", hidden=(), features=["x1_x2"])
with_product = [run.test_right for run in found]
print(f"no hidden layer, input x1·x2: {spread(with_product)} right")
assert min(with_product) > 0.95, "the product should solve XOR by itself"
board.figure("XOR with one neuron and the input $x_1 x_2$");

# %% [markdown]
# The product has the sign that we look for, so one neuron suffices. A good feature does the work of a layer. Hidden
# layers are for the case in which you do not know the good features: the network makes its own.
#
# ## 2 · The spiral
#
# Two arms, wound round each other. No feature of the list solves it alone.
#
# **Predict before you run.** Which will learn it: 4-2 neurons, or 8-8-8? And does it help to add $\sin x_1$ and
# $\sin x_2$ as inputs?

# %%
coursekit.playground(
    data="spiral", hidden=(8, 8, 8), features=["x1", "x2", "sin_x1", "sin_x2"], speed=5, hide=["noise", "regularizer", "regularizer_rate"]
)

# %%
SPIRAL = {}
for name, hidden, features in (
    ("4-2", (4, 2), ["x1", "x2"]),
    ("8-8-8", (8, 8, 8), ["x1", "x2"]),
    ("8-8-8 and sines", (8, 8, 8), ["x1", "x2", "sin_x1", "sin_x2"]),
):
    found, board = runs(EPOCHS, data="spiral", hidden=hidden, features=features)
    SPIRAL[name] = [run.test_right for run in found]
    print(f"{name:16s} {spread(SPIRAL[name])} of the test points are right")
assert np.mean(SPIRAL["8-8-8 and sines"]) > 0.9 > np.mean(SPIRAL["4-2"]), "size and features should help"
board.figure("The spiral, with sines");

# %% [markdown]
# <details><summary>Answer</summary>
#
# 4-2 is too small: two neurons before the output cannot fence in so many turns. 8-8-8 with sines learns it; without them
# it needs several times as many epochs (take $\sin x_1$ and $\sin x_2$ away above, and be patient). Look at
# its layers from left to right: the first holds lines and waves, the second stripes and corners, the third pieces of
# the spiral. **Each layer builds its shapes out of those of the layer before.**
#
# </details>
#
# ## 3 · Dead ReLUs
#
# A ReLU answers 0 where its score is negative, and there its slope is 0 too. If the score is negative at *every*
# training point, no gradient reaches the neuron any more: it is **dead**, and stays so. The playground draws a red dashed
# frame round a neuron that answers 0 on the whole plane.
#
# **Predict before you run.** What kills more neurons: a small learning rate or a large one? And what happens with leaky
# ReLU, which has a small slope on the negative side?

# %%
coursekit.playground(data="circle", hidden=(8, 8, 8, 8), activation="relu", learning_rate=1.0, hide=["features", "noise", "share"])

# %%
DEAD = {}
for activation in ("relu", "leaky_relu"):
    board = coursekit.playground(data="circle", hidden=(8, 8, 8, 8), activation=activation)
    for rate in (0.03, 0.3, 1.0):
        board.change(learning_rate=rate)
        counts = []
        for start in range(FIRST, FIRST + SEEDS):
            board.change(start=start)
            counts.append(len(board.train(20).look().dead) / 32)
        DEAD[activation, rate] = counts
        print(f"{activation:10s} learning rate {rate:4.2f}: {spread(counts)} of the 32 neurons are dead")
    if activation == "relu":
        board.figure("ReLU with a learning rate of 1")
assert np.mean(DEAD["relu", 1.0]) > np.mean(DEAD["relu", 0.03]) + 0.1, "large steps should kill ReLUs"
assert max(max(DEAD["leaky_relu", rate]) for rate in (0.03, 0.3, 1.0)) == 0, "a leaky ReLU should not answer 0 everywhere"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The large one. One large step can push a bias so far down that the score is negative everywhere, and there is no way
# back. When all neurons of one layer are dead, the network is a constant and learns only its last bias. A leaky
# ReLU always has a slope, so it can come back. (Lecture 5 counts dead ReLUs in deep networks.)
#
# </details>
#
# ## 4 · A learning rate that is too large
#
# A regression: the target is the height of a tilted plane, and one linear neuron learns it from all points at once. The
# loss is then a bowl, as in Lecture 2, and we can compute how steep it is. With the mean squared error its curvature
# is $\frac{2}{n} X^\top X$ (with a column of ones for the bias). If $\lambda$ is the largest eigenvalue, gradient descent
# gets nearer to the minimum in every direction while
#
# $$\eta < \frac{2}{\lambda}$$
#
# **Predict before you run.** The inputs lie between −6 and 6, evenly, so the mean of $x_1^2$ is $\frac{6^2}{3} = 12$.
# What is $\lambda$, about, and what is the largest learning rate?

# %%
coursekit.playground(
    data="plane", hidden=(), batch_size=1000, learning_rate=0.1, hide=["features", "hidden", "activation", "noise", "share", "batch_size"]
)

# %%
board = coursekit.playground(data="plane", hidden=(), batch_size=1000)
X = board.points.X_train
ones = np.hstack([X, np.ones((len(X), 1))])
curvature = float(np.linalg.eigvalsh(2 / len(X) * ones.T @ ones).max())
limit = 2 / curvature
print(f"largest curvature {curvature:.1f}, so the limit is {limit:.3f}")
CURVES = {}
for share in (0.1, 0.5, 0.95, 1.05):
    board.change(learning_rate=share * limit)
    losses = []
    for start in range(FIRST, FIRST + SEEDS):
        board.change(start=start)
        board.train(60)
        losses.append([train for _, train, _ in board.history])
    CURVES[f"{share} of the limit"] = np.array(losses)
    print(f"{share:4.2f} of the limit: loss {losses[-1][0]:.3f} at the start, {losses[-1][-1]:.1e} after 60 epochs")
plotting.curves_with_bands(CURVES, x=np.arange(61), ylabel="training loss", log=(False, True), band="range")
assert all(CURVES["0.95 of the limit"][:, -1] < CURVES["0.95 of the limit"][:, 0]), "below the limit the loss should fall"
assert all(CURVES["1.05 of the limit"][:, -1] > CURVES["1.05 of the limit"][:, 0]), "above the limit it should grow"

# %% [markdown]
# <details><summary>Answer</summary>
#
# $\lambda$ is about $2 \cdot 12 = 24$, so the limit is about $\frac{2}{24} = 0.083$. Five percent below, the loss falls; five
# percent above, it grows without end, and in the playground the weights are no longer numbers in the end. Half of the
# limit is best here: a tenth of it takes small steps, and 95 % jumps to and fro across the valley. A network with hidden layers has no single limit, because its curvature changes as it
# learns, but the picture is the same: jumps first, then nothing works.
#
# </details>
#
# ## 5 · Learning the noise
#
# Half of the targets near the border are wrong now, and the network is large. It sees few points in one run and many in
# the other.
#
# **Predict before you run.** Where will the training loss be lower: with few points or with many? And the test loss?

# %%
coursekit.playground(
    data="circle", noise=40, train_share=10, hidden=(8, 8), optimizer="adam", speed=5, show_test=True, hide=["features", "share"]
)

# %%
NOISE = {}
for share in (10, 90):
    found, board = runs(200, data="circle", noise=40, train_share=share, hidden=(8, 8), optimizer="adam")
    NOISE[share] = np.array([(run.train_loss, run.test_loss) for run in found])
    training, test = (spread(column, "{:.2f}") for column in NOISE[share].T)
    print(f"{share} % of the points for training: training loss {training}, test loss {test}")
    board.figure(f"Noise, with {share} % of the points for training")
gap = {share: float(np.mean(table[:, 1] - table[:, 0])) for share, table in NOISE.items()}
print(f"gap between the two losses: {gap[10]:.2f} with few points, {gap[90]:.2f} with many")
assert gap[10] > 2 * abs(gap[90]), "few points should be learned by heart"
assert NOISE[10][:, 1].mean() > NOISE[90][:, 1].mean(), "and the test loss should suffer"

# %% [markdown]
# <details><summary>Answer</summary>
#
# With few points the training loss is lower and the test loss is higher. The network has enough neurons to draw an island
# round each wrong point, and those islands are wrong for all others. With many points the islands contradict each
# other, and what is left is the circle. **The gap between the two losses tells you, not the training loss.**
#
# </details>
#
# Now try in the playground above what helps: fewer neurons, L2, dropout, or pausing early.
#
# ## 6 · L1 prunes, L2 shrinks
#
# A circle, one neuron without a hidden layer, and all seven inputs. Only two of them are needed. All weights begin at 0.
#
# **Predict before you run.** Which two? Which penalty will leave only those two weights, L1 or L2?

# %%
FEATURES = ["x1", "x2", "x1_squared", "x2_squared", "x1_x2", "sin_x1", "sin_x2"]
coursekit.playground(
    data="circle", hidden=(), features=FEATURES, initializer="zeros", regularizer="l1", regularizer_rate=0.03, learning_rate=0.003, hide=["hidden"]
)

# %%
SHARES = {}
for regularizer in ("none", "l1", "l2"):
    found, board = runs(
        200, data="circle", hidden=(), features=FEATURES, initializer="zeros", regularizer=regularizer, regularizer_rate=0.03, learning_rate=0.003
    )
    sizes = np.abs([run.weights[0][0][:, 0] for run in found])  # (runs, features)
    SHARES[regularizer] = sizes / sizes.max(axis=1, keepdims=True)
    kept = (SHARES[regularizer] > 0.02).sum(axis=1)
    right = [run.test_right for run in found]
    print(f"{regularizer:4s} keeps {spread(kept, '{:.1f}')} of 7 weights above 2 % of the largest, {spread(right)} right")
figure, axes = plt.subplots(1, 3, figsize=(8.4, 2.6), sharey=True, layout="constrained")
for ax, (name, table) in zip(axes, SHARES.items()):
    ax.bar(range(7), table.mean(axis=0), color=plotting.COLOURS[0])
    ax.set_xticks(range(7), ["$x_1$", "$x_2$", "$x_1^2$", "$x_2^2$", "$x_1x_2$", r"$\sin x_1$", r"$\sin x_2$"], rotation=60)
    ax.set_title(name)
axes[0].set_ylabel("size, largest = 1")
plotting.describe(
    axes[0],
    "Sizes of the seven weights, as shares of the largest, without a penalty, with L1 and with L2. Mean sizes with L1: "
    + ", ".join(f"{name} {size:.2f}" for name, size in zip(FEATURES, SHARES["l1"].mean(axis=0))) + ".",
)
assert SHARES["l1"][:, [0, 1, 4, 5, 6]].mean() < 0.02 < SHARES["l1"][:, [2, 3]].min(), "L1 should keep the two squares"
assert (SHARES["l1"] > 0.02).sum() < (SHARES["l2"] > 0.02).sum(), "L2 should keep more weights"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The two squares: a circle is $x_1^2 + x_2^2 < r^2$. L1 pulls every weight towards 0 with the *same* force, however small it is, so
# what the loss does not defend ends at 0. L2 pulls with a force that shrinks with the weight, so a small weight is hardly
# pulled at all. In the playground you see the lines vanish.
#
# </details>
#
# ## Your own model, and your own questions
#
# The playground also takes a model that you built. It is trained itself, not a copy.

# %%
import keras

mine = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")])
mine.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
board = coursekit.playground(mine, data="xor")
board.train(40)
print(f"{board.look().test_right:.0%} of the test points are right; mine([1, 2]) = {float(mine(np.array([[1.0, 2.0]]))[0, 0]):.2f}")
assert board.model is mine, "it should be the same model"
board

# %% [markdown]
# Choose *draw your own* as the data and draw a face, a letter, a ring in a ring. What is the smallest network that learns it?
#
# **What you have learned**
#
# - One neuron is one line. A hidden layer makes its own features; a good feature saves a layer.
# - Each layer builds its shapes out of those of the layer before.
# - Large steps kill ReLUs for good; a linear neuron diverges beyond $\eta = 2 / \lambda$.
# - The gap between training and test loss shows that noise was learned by heart.
# - L1 removes weights, L2 makes them small.
#
# **Take it with you**: under *More settings* the playground gives its settings as a text, for
# `coursekit.playground(state="…")`, and as an address of playground.tensorflow.org, whose data and controls it shares.
# There is no loss of that name on both sides: theirs is half of ours, so a learning rate acts there as half of it does here.
