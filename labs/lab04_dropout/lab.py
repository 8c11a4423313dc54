# %% [markdown]
# # Lab 4 · Dropout and regularisation
#
# A large network can learn its training images by heart, even images with wrong labels. In this lab you watch
# that happen, and then you stop it: with penalties on the weights, with dropout, with early stopping, and with
# averages of several networks. You write each method yourself in NumPy first. Then you compare them all, over
# several runs, and find out when they help and when they do not.
#
# - **Time**: 80–100 minutes for reading and writing; sections 1–5 and 6–11 make two good evenings. The computer
#   itself needs two or three minutes.
# - **Points**: 28, of which 4 are for two written questions.
#
# **When you have finished, you can**
#
# - compute L1 and L2 penalties and their gradients, and say which weights each of them prefers,
# - write dropout by hand, forward and backward, and say why the survivors are scaled up,
# - build a Keras network with dropout and a penalty,
# - decide from a validation curve when training should have stopped, and let Keras do it,
# - compare methods honestly: several runs, means, standard deviations,
# - ask a network how sure it is (Monte-Carlo dropout), and join several networks into one answer.
#
# **How a section goes**: an idea, a *prediction* that you write down before you run the cell, an exercise and its
# checks, and a look at the result. The checks stand below the exercise, folded. Press *Shift+Enter* in your answer,
# then once more for each check; leave them folded. (A click on one unfolds it; in JupyterLab a click on the bar at
# its left edge folds it again.) A card says whether a check passes, or what is probably wrong. More checks of the same
# kind run when your notebook is marked.
#
# **Write down** each prediction, on paper or in a cell of your own: the written questions ask for some of them. To
# answer a written question, double-click the text *YOUR ANSWER HERE* (or select it
# and press *Enter*), and write in its place.
#
# **What counts.** Where a docstring says *int*, *float* or *bool*, a NumPy number of that kind is as good. You may use every
# function of the libraries that the lab imports, unless the exercise says otherwise. Warnings cost nothing.
#
# **AI tools.** Ask them to explain an idea, an error message or a line of code, as you would ask a friend who has
# done the lab. What stands in your answer cells you write yourself, and you can explain every line of it. The
# written questions ask what *you* predicted and what *your* run showed: only your notebook knows that. If a tool
# helped with an answer, say so there: which one, and with what. If your course has rules of its own, those hold.
#
# **Where you stand.** `coursekit.progress()`, in a new cell, shows at any time which checks pass and what is still
# open. After a restart of the kernel, or where a cell says `NameError`, run all cells above it first: *Run ▸ Run All
# Above Selected Cell* (in Colab *Runtime ▸ Run before*).
#
# **Locked cells.** The set-up, the numbers in capitals such as `EPOCHS`, functions that are given and the checks are
# locked: JupyterLab ignores what you type there. To try another number, write it into a new cell below (press *Esc*,
# then *B*), such as `EPOCHS = 10`; run that cell and those after it. Delete it before you hand in, because your
# notebook is marked with what stands in it.
#
# To read: *Hands-On Machine Learning* (HOML), chapter 11, on regularisation. You know the network from Lab 2.

# %% given="setup"
import math
import statistics

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
from coursekit import check, data, ensembles, plotting, training

coursekit.setup("lab04_dropout")

# %% [markdown]
# ## 1 · A network that knows too much (5 minutes)
#
# Suppose you have only 1,000 images, and somebody labelled them in a hurry: **every fifth label is wrong**. That
# is not far from real life. The validation and test images were labelled with care.
#
# We make such a set from Fashion-MNIST. (If the set-up cell said *drawn stand-in*, the data could not be downloaded or drawn ones were asked for,
# and you work with images that the course drew itself. Where they give other figures, the text states both.) The network is that of Lab 2,
# 784-300-100-10, with its 266,610 parameters. The numbers of the next cell are used throughout; to try others, write them into a new cell
# below it.

# %% given="budget" parameters=true
SMALL = 1000  # training images
EPOCHS = 30  # rounds of a whole training
PATIENCE = 5  # for early stopping, section 6
SEEDS = 5  # runs of each method that we compare

# %% given="images"
print("loading the images …")
fashion = data.load_fashion_mnist()
m, s = fashion.X_train[:SMALL].mean(), fashion.X_train[:SMALL].std()


def scaled(images):
    """Images on the scale of the small training set: mean 0, standard deviation 1."""
    return ((images - m) / s).astype("float32")


def with_wrong_labels(y, share=0.2):
    """A copy of y in which a share of the labels is wrong, each changed to another class."""
    changer = np.random.default_rng(4)
    wrong = changer.choice(len(y), int(share * len(y)), replace=False)
    result = y.copy()
    result[wrong] = (result[wrong] + changer.integers(1, 10, len(wrong))) % 10
    return result


X_small, y_clean = scaled(fashion.X_train[:SMALL]), np.array(fashion.y_train[:SMALL])
y_small = with_wrong_labels(y_clean)
X_valid, y_valid = scaled(fashion.X_valid[:2000]), np.array(fashion.y_valid[:2000])
X_test, y_test = scaled(fashion.X_test), np.array(fashion.y_test)

# %% given="learn"
def network(dropout=0.0, l2=0.0):
    """The course's own 784-300-100-10, with dropout and an L2 penalty where you ask for them."""
    return ensembles.regularised_mlp(dropout, l2)


def learn(model, *, clean=False, validate=False, callbacks=(), verbose="auto"):
    """Train a model for EPOCHS epochs on the small set, with wrong labels or with clean ones;
    return its History."""
    adam = keras.optimizers.Adam(0.001)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"epochs": EPOCHS, "batch_size": 32, "callbacks": callbacks}
    if validate:
        options.update(validation_data=(X_valid, y_valid), validation_batch_size=1000)
    labels = y_clean if clean else y_small
    return training.fit(model, X_small, labels, verbose=verbose, **options)


def probabilities(model):
    """The model's probabilities for the test images, (10000, 10)."""
    return keras.ops.convert_to_numpy(model(X_test, training=False))


def accuracy(P):
    """Share of the test images that these probabilities get right, in percent."""
    return 100 * np.mean(P.argmax(axis=1) == y_test)


# %%
names = np.array(fashion.class_names)
some = slice(20, 40)
said, true = names[y_small[some]], names[y_clean[some]]
titles = [f"{a}" if a == b else f"{a}\n(is: {b})" for a, b in zip(said, true)]
plotting.image_grid(fashion.X_train[some], titles);

# %% [markdown]
# Twenty of the training images with their labels. Where the label is wrong, the second line says what it really is.
#
# **Predict before you run.** The network trains for 30 epochs on these 1,000 images. No rule about clothes
# explains the wrong labels. Can the network still learn them? What will the training accuracy be at the end: 0.5,
# 0.8 or close to 1? And where will the *validation loss* be lowest: at the start, after a few epochs, or at the
# end?

# %% trains=true
plain = network()
plain_history = learn(plain, validate=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
plotting.learning_curves(plain_history, metric="loss", ax=left)
plotting.learning_curves(plain_history, metric="accuracy", ax=right)
plain_accuracy = accuracy(probabilities(plain))
train_accuracy = plain_history.history["accuracy"][-1]
print(f"training accuracy {train_accuracy:.1%}, test accuracy {plain_accuracy:.1f} %")
valid_losses = plain_history.history["val_loss"]
print(f"lowest validation loss after epoch {np.argmin(valid_losses) + 1} of {len(valid_losses)}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Nearly all labels are learned, the wrong ones too: the training accuracy ends at about 98 % (drawn images: nearly
# 100 %). The validation loss is lowest early, often after a few epochs, then it climbs. First the network learns what many
# images share; that is knowledge about clothes. Later it learns single images by heart, and each wrong label spoils
# a little of what it knows. On the test images about 70 % are right in the end.
#
# </details>
#
# **Regularisation** means everything that makes this harder: penalties, dropout, stopping early, averaging.

# %% [markdown]
# ## 2 · A price on weights (8 minutes)
#
# Many different weights can give the same answer. Take one neuron without bias and one sample $x = (3, 2, 1)$
# with the target 10. Every $w$ with
#
# $$10 = 3w_1 + 2w_2 + w_3$$
#
# is perfect. Here are four of these solutions. Which one should we prefer? A **penalty** decides: add a price for
# the weights to the loss, and the cheapest solution wins. Two prices are common:
#
# $$\text{L1} = \sum_i |w_i| \qquad\qquad \text{L2} = \sum_i w_i^2$$

# %% given="solutions"
solutions = np.array([[3, 0.25, 0.5], [5, -2, -1], [10 / 3, 0, 0], [15 / 7, 10 / 7, 5 / 7]])
for w in solutions:
    print(np.round(w, 2), "→", round(float(w @ [3, 2, 1]), 6))

# %% [markdown]
# **Predict before you run.** Which of the four has the smallest L1 penalty? Which has the smallest L2 penalty? Is
# it the same one?
#
# ### Exercise 1 (2 points)
#
# Write `penalties` for several weight vectors at once.

# %% exercise="penalties"
def penalties(W):
    """L1 and L2 penalties of several weight vectors.

    W: float array (n, k), one weight vector a row; it is not changed.
    Returns two float arrays (n,), in this order: for each row the sum of |w|, and the sum of w².
    """
    ### BEGIN SOLUTION
    return np.abs(W).sum(axis=1), (W**2).sum(axis=1)
    ### END SOLUTION


# %% tests="penalties_l1" points=1
with check.explained({"ambiguous": "abs and comparisons of a whole array need NumPy: np.abs(W)"}):
    result = penalties(solutions.copy())
check.length(result, 2, "return two arrays: the L1 penalties, then the L2 penalties")
check.close(
    result[0], [3.75, 8, 3.3333, 4.2857], atol=1e-3,
    hint="your L1 is wrong: by hand, the first row (3, 0.25, 0.5) costs 3 + 0.25 + 0.5, and (5, −2, −1) costs 5 + 2 + 1",
    mistakes={
        "negative weights lowered the price: take |w|, np.abs(W), before you add": [3.75, 2, 3.3333, 4.2857],
        "you added over the solutions: one row is one solution, sum over axis 1": [13.4762, 3.6786, 2.2143],
        "that is the price of all four together: sum over axis 1": 19.369,
        "you took the mean: a penalty is a sum": [1.25, 2.6667, 1.1111, 1.4286],
        "these are the L2 penalties: L1 comes first": [9.3125, 30, 11.1111, 7.1429],
    },
)
W = np.array([[1.0, -2.0, 0.0, 0.5], [0.5, 0.0, 0.0, 0.0], [-3.0, 4.0, 1.0, 0.0]])
with check.unchanged(W, hint="penalties changed W: `W[W < 0] *= -1` works in place; np.abs(W) makes a new array"):
    l1 = penalties(W)[0]
check.close(
    l1, [3.5, 0.5, 8], rtol=1e-3,
    hint="your L1 is wrong for three other vectors, of four weights: nothing may depend on three weights or four solutions",
    mistakes={"these are the penalties of the four solutions: the function gets its vectors as the argument W": [3.75, 8, 3.33333333, 4.28571429]},
)
### BEGIN HIDDEN TESTS
W = np.random.default_rng().normal(size=(6, 9))
check.close(
    penalties(W.copy())[0], np.linalg.norm(W, ord=1, axis=1), rtol=1e-4,
    hint="wrong for 6 vectors of 9 weights: nothing may depend on three weights or four solutions",
)
for size in ("0.000001", "1000000"):
    check.close(
        penalties(float(size) * W)[0], float(size) * np.linalg.norm(W, ord=1, axis=1), rtol=1e-4, atol=0,
        hint=f"wrong for weights of about {size}: they cost their |w| too. Nothing is rounded, left out or added, and nothing is limited",
    )
W = np.random.default_rng().normal(size=(1, 4))
check.close(
    penalties(W.copy())[0], [math.fsum(map(abs, row)) for row in W.tolist()], rtol=1e-5,
    hint="wrong for a single row of weights: one number for each row, in an array of the length 1",
)
check.close(
    penalties(np.array([[2.0, 2.0, -2.0], [1.0, 0.0, 1.0]]))[0], [6, 2],
    hint="equal weights count each, here 2, 2 and −2 in the first row: a set, {…}, keeps only one of several equal numbers",
)
W = np.array([[1.0, -2.0, 0.5], [-3.0, 0.5, 2.0]], "float32")
with check.unchanged(W, hint="penalties changed W, which is float32 here: np.asarray makes no copy of such an array, W.copy() does"):
    penalties(W)
### END HIDDEN TESTS

# %% tests="penalties_l2" points=1
with check.explained({"ambiguous": "abs and comparisons of a whole array need NumPy: np.abs(W)"}):
    result = penalties(solutions.copy())
check.length(result, 2, "return two arrays: the L1 penalties, then the L2 penalties")
check.close(
    result[1], [9.3125, 30, 11.1111, 7.1429], atol=1e-3,
    hint="your L2 is wrong: by hand, the first row (3, 0.25, 0.5) costs 9 + 0.0625 + 0.25, and (5, −2, −1) costs 25 + 4 + 1",
    mistakes={
        "that is the length of the vector: leave the square root out": [3.0516, 5.4772, 3.3333, 2.6726],
        "half of it: some books put a factor ½ in front, we (and Keras) do not": [4.6562, 15.0, 5.5556, 3.5714],
        "that is the square of a sum: square each weight first, then add": [14.0625, 4.0, 11.1111, 18.3673],
        "you squared the L1 penalty: square each weight first, then add": [14.0625, 64.0, 11.1111, 18.3673],
        "you took the mean: a penalty is a sum": [3.1042, 10.0, 3.7037, 2.381],
        "you added over the solutions: one row is one solution, sum over axis 1": [49.7029, 6.1033, 1.7602],
        "these are the L1 penalties: L2 comes second": [3.75, 8, 3.3333, 4.2857],
        "that is the price of all four together: sum over axis 1": 57.5665,
    },
)
check.close(
    penalties(np.array([[1.0, -2.0, 0.0, 0.5], [0.5, 0.0, 0.0, 0.0], [-3.0, 4.0, 1.0, 0.0]]))[1], [5.25, 0.25, 26], rtol=1e-3,
    hint="your L2 is wrong for three other vectors, of four weights: nothing may depend on three weights or four solutions",
    mistakes={"these are the penalties of the four solutions: the function gets its vectors as the argument W": [9.3125, 30, 11.11111111, 7.14285714]},
)
### BEGIN HIDDEN TESTS
W = np.random.default_rng().normal(size=(5, 8))
check.close(
    penalties(W.copy())[1], [keras.ops.convert_to_numpy(keras.regularizers.L2(1.0)(row)) for row in W.astype("float32")], rtol=1e-4,
    hint="wrong for 5 vectors of 8 weights: nothing may depend on three weights or four solutions",
)
W[:, 0] = 0.05  # smaller than the others, and it counts
for size in ("0.0001", "10000"):
    check.close(
        penalties(float(size) * W)[1], np.linalg.norm(float(size) * W, axis=1) ** 2, rtol=1e-5, atol=0,
        hint=f"wrong for weights of about {size}: they cost their w² too. Nothing is rounded, left out or added, and nothing is limited",
    )
W = np.random.default_rng().normal(size=(1, 4))
check.close(
    penalties(W.copy())[1], [math.fsum(w * w for w in row) for row in W.tolist()], rtol=1e-5,
    hint="wrong for a single row of weights: one number for each row, in an array of the length 1",
)
check.close(
    penalties(W.T.copy())[1], W[0] ** 2, rtol=1e-5,
    hint="wrong for four vectors of one weight each, (4, 1): one number for each row, so four; no squeeze",
)
check.close(
    penalties(np.array([[2.0, 2.0, -2.0], [1.0, 0.0, 1.0]]))[1], [12, 2],
    hint="equal weights count each, here 2, 2 and −2 in the first row: a set, {…}, keeps only one of several equal numbers",
)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 (1 point)
#
# Write `choose`: among several weight vectors, which one has the smallest L1 penalty,
# and which one the smallest L2 penalty? You may call `penalties`.

# %% exercise="choose"
def choose(W):
    """The rows of W that L1 and L2 choose.

    W: float array (n, k), one weight vector a row; it is not changed.
    Returns two ints, as a tuple or a list: the number of the row with the smallest L1 penalty, and
    of that with the smallest L2 penalty; any of them where several are equal.
    """
    ### BEGIN SOLUTION
    l1, l2 = penalties(W)
    return int(np.argmin(l1)), int(np.argmin(l2))
    ### END SOLUTION


# %% tests="choose" points=1
check.equal(
    choose(solutions.copy()), [2, 3], "return two row numbers, counted from 0: that of L1, then that of L2",
    mistakes={
        "that is the most expensive solution: take the smallest penalty": [1, 1],
        "the order is L1 first, then L2": [3, 2],
        "rows are counted from 0, as everywhere in NumPy": [3, 4],
        "return the numbers of the rows, not the penalties": [3.3333333333333335, 7.142857142857143],
        "negative weights lowered the price of solution 1: L1 adds up |w|": [1, 3],
    },
)
W = np.array([[3.0, 0.0], [-1.75, 1.75], [-4.0, 1.0]])
with check.unchanged(W, hint="choose changed W: np.abs(W) makes a new array, `W[W < 0] *= -1` works in place"):
    chosen = choose(W)
check.equal(
    chosen, [0, 1], "wrong for three other vectors, of two weights each",
    mistakes={"these are the choices among the four solutions: the function gets its vectors as the argument W": [2, 3]},
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
W = rng.uniform(0.5, 2, size=(40, 5))
first, second, flat, sparse = places = rng.permutation(40)[:4]  # L1 is smallest in `first`, L2 in `second`
W[places] = [[0.9, 0.04, 0.03, 0.02, 0.01], [0.5, 0.4, 0, 0.3, 0], [0.36] * 5, [0, 0, 2, 0, 0]]
W[places] /= 100
W *= rng.choice([-1, 1], size=W.shape)
check.equal(
    choose(W.copy()), [np.linalg.norm(W, 1, axis=1).argmin(), np.linalg.norm(W, 2, axis=1).argmin()],
    "wrong for 40 vectors of 5 weights: compare the penalties of all rows",
    mistakes={
        "the row with the most zeros is not always the one with the smallest Σ|w|: compare the penalties": [sparse, second],
        "the row whose largest weight is smallest need not have the smallest Σw²: add up all squares": [first, flat],
        "both rows have the smallest Σ|w|: L2 has its own choice": [first, first],
        "both rows have the smallest Σw²: L1 has its own choice": [second, second],
    },
)
check.equal(
    choose(1e-4 * np.array([[3.0, 1.0], [0.5, -0.5], [2.0, 2.0]])), [1, 1],
    "here row 1 has both of the smallest penalties, and all of them are small: the two choices may be the same row, and nothing is\n"
    "rounded before it is compared",
)
check.equal(
    choose(1e5 * np.array([[3.0, 1.0], [0.5, -0.5], [2.0, 2.0]])), [1, 1],
    "here row 1 has both of the smallest penalties, and all of them are large: begin the search with the penalties of a row, not with a\n"
    "number such as 1000",
)
single = "wrong for a single row: it is the choice of both"
with check.explained({"": single}):
    check.equal(choose(np.array([[2.0, -3.0]])), [0, 0], single)
check.equal(
    choose(np.array([[1.0, 2.0], [0.0, 0.0], [-3.0, 0.0]])), [1, 1],
    "a row of zeros has the smallest penalties of all, 0 and 0: it counts like any other row",
)
check.equal(
    choose(np.array([[-3.0], [2.0], [-1.0]])), [2, 2], "wrong for three vectors of one weight each, (3, 1): one penalty for each row; no squeeze"
)
tied = "here rows 1 and 2 have the same smallest penalties: return one of them for L1 and one for L2, two ints. np.argmin takes the first"
with check.explained({"": tied}):
    chosen = np.asarray(choose(np.array([[2.0, -2.0], [1.0, -0.5], [-0.5, 1.0]])))
    check.true(chosen.shape == (2,) and np.isin(chosen, [1, 2]).all(), tied)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# **Look.** L1 chooses $(3.33, 0, 0)$: it puts everything on the input that counts most, and the other weights are
# *exactly* 0. So L1 **selects features**. L2 chooses $(2.14, 1.43, 0.71)$: one large weight is expensive when it is
# squared, so L2 **spreads** the work over all inputs. (These are even the best of *all* solutions, not only of
# the four.)
#
# </details>
#
# The picture shows why, for two weights. All perfect weights lie on the line. Points with the same L1 price form
# a diamond, points with the same L2 price a circle. Blow each of them up until it touches the line: the diamond
# touches with a corner, and at a corner one weight is 0.

# %%
plotting.penalty_shapes();

# %% [markdown]
# ## 3 · The penalty takes part in training (8 minutes)
#
# With penalties, training makes this smaller:
#
# $$\text{loss}(w) + \lambda_1 \sum_i |w_i| + \lambda_2 \sum_i w_i^2$$
#
# The factors $\lambda$ (written `l1` and `l2` in code) say how strong each penalty is. Gradient descent needs
# slopes. The slope of $w^2$ is $2w$; the slope of $|w|$ is +1 for positive and −1 for negative $w$: its *sign*.
# At 0 there is no slope; we take 0, as `np.sign` does. One step with the learning rate lr goes against the whole
# slope (the *gradient* is the slope of the loss alone):
#
# $$w \leftarrow w - \mathrm{lr} \cdot \left(\text{gradient} + \lambda_1\,\mathrm{sign}(w) + 2\lambda_2 w\right)$$
#
# **Predict before you run.** Suppose that the loss does not care about a weight (its gradient is 0). What do many
# steps with L2 do to the weight? What do many steps with L1 do? Which of them reaches 0?
#
# <details><summary>Answer</summary>
#
# L2 multiplies the weight by the same factor, a little below 1, in every step: it shrinks fast while it is large
# and slowly when it is small, and never quite reaches 0. This is why L2 is also called *weight decay*. (For plain
# gradient descent the two are the same; under Adam they are not, because Adam rescales the whole slope, the penalty's
# part too. Keras has `AdamW` for weight decay proper.) L1 subtracts the same amount in every step, however small the
# weight is: it arrives at 0 and then jumps to and fro across it, never farther away than one step's length.
#
# </details>
#
# ### Exercise 3 (3 points)
#
# Write `penalised_step`. The first two checks look at one penalty each. The third one asks only whether the two act together, and whether
# nothing is changed in place: it may pass while a slope is still wrong.

# %% exercise="penalised_step"
def penalised_step(w, gradient, lr, l1, l2):
    """One step of gradient descent on loss + l1 · Σ|w| + l2 · Σw².

    w: float array of any shape. gradient: array of the same shape, the slope of the loss alone
        (without penalties) at w.
    lr: learning rate, l1 and l2: strengths of the penalties; floats, at least 0. Where w is 0, the
        slope of |w| counts as 0.
    A step may carry a small weight past 0; it is not cut off there.
    Returns the new weights, a new array of the shape of w. Neither array is changed.
    """
    ### BEGIN SOLUTION
    return w - lr * (gradient + l1 * np.sign(w) + 2 * l2 * w)
    ### END SOLUTION


# %% tests="step_l2" points=1
w, g = np.array([2.0, -1.0, 0.5]), np.array([1.0, 1.0, -2.0])
ambiguous = "`if w > 0` wants one yes or no, and w is an array: NumPy has a function that gives the sign of each entry (see the text)"
with check.explained({"ambiguous": ambiguous, "real number": ambiguous, "only length-1": ambiguous, "only 0-dim": ambiguous}):
    new = penalised_step(w.copy(), g.copy(), 0.1, 0.0, 0.25)
check.close(
    new, [1.8, -1.05, 0.675], atol=1e-6,
    hint="l1 is 0 here, and l2 is 0.25. What is the slope of l2 · w² at w = 2, and does lr multiply the sum of both slopes?",
    mistakes={
        "the penalty's slope was taken at the weights after the gradient's step: take all slopes at the old w, in one step":
            [1.805, -1.045, 0.665],
        "the penalty is missing": [1.9, -1.1, 0.7],
        "the slope of w² is 2w: the factor 2 is missing": [1.85, -1.075, 0.6875],
        "you went uphill: w MINUS lr times the slope": [2.2, -0.95, 0.325],
        "the penalty pushes away from 0: its slope is added to the gradient, and the sum is subtracted":
            [2.0, -1.15, 0.725],
        "the slope of w² is 2w, with the sign of w: with 2·|w| it pushes negative weights away from 0": [1.8, -1.15, 0.675],
        "the learning rate belongs to the penalty's slope too: lr · (gradient + …)": [0.9, -0.6, 0.45],
        "you added the penalty itself; a step needs its slope, 2w for w²": [1.8, -1.125, 0.69375],
        "brackets are missing: lr times the sum of all slopes is subtracted": [2.9, -1.6, 0.95],
        "you added the whole penalty, one number; each weight needs its own slope, 2w": [1.76875, -1.23125, 0.56875],
        "l1 and l2 are exchanged: l2 belongs to 2w, l1 to sign(w)": [1.875, -1.075, 0.675],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
w, g = rng.uniform(0.8, 2, size=3) * rng.choice([-1, 1], size=3), rng.uniform(-0.5, 0.5, size=3)
lr, l2 = rng.uniform(0.05, 0.3), rng.uniform(0.1, 0.5)  # none passes 0
slope = (w - np.asarray(penalised_step(w.copy(), g.copy(), lr, 0.0, l2))) / lr - g
check.gradient(
    slope, lambda v: l2 * np.sum(v**2), w,
    hint="wrong for other weights, rates and strengths: what you add to the gradient is not the slope of l2 · Σw²",
)
past, under_l1 = penalised_step(w.copy(), g.copy(), 1.0, 0.0, 1.0), penalised_step(np.full(3, 0.1), np.zeros(3), 1.0, 0.5, 0.0)
check.true(
    np.allclose(past, -w - g) or np.allclose(under_l1, 0),  # what is cut off under L1 too is judged by the test of L1
    "with lr = 1 and l2 = 1 the penalty alone carries each weight past 0, from w to −w: it is not cut off there",
)
check.close(
    penalised_step(w.copy(), -1e4 * w, 0.1, 0.0, 0.0), 1001 * w, rtol=1e-6,
    hint="wrong for a gradient of several thousand: take it as it is, do not limit it",
)
### END HIDDEN TESTS

# %% tests="step_l1" points=1
w, g = np.array([2.0, -1.0, 0.0]), np.array([1.0, 1.0, -2.0])
ambiguous = "`if w > 0` wants one yes or no, and w is an array: NumPy has a function that gives the sign of each entry (see the text)"
causes = dict.fromkeys(("ambiguous", "real number", "only length-1", "only 0-dim"), ambiguous)
with check.explained(causes), np.errstate(all="ignore"):
    new = penalised_step(w.copy(), g.copy(), 0.1, 0.5, 0.0)
check.close(
    new, [1.85, -1.05, 0.2], atol=1e-6,
    hint="l1 is 0.5 here, and l2 is 0. What is the slope of l1 · |w| at w = 2 and at w = −1, and does lr multiply the sum of both slopes?",
    mistakes={
        "the penalty is missing": [1.9, -1.1, 0.2],
        "negative weights are pushed away from 0: the slope of |w| is −1 there, use np.sign(w)": [1.85, -1.15, 0.15],
        "negative weights are pushed away from 0: the slope of |w| is np.sign(w), not |w|": [1.8, -1.15, 0.2],
        "the slope of |w| does not depend on how large w is: it is np.sign(w)": [1.8, -1.05, 0.2],
        "you used 2w for L1; the slope of |w| is np.sign(w) (or are l1 and l2 exchanged?)": [1.7, -1.0, 0.2],
        "you went uphill: w MINUS lr times the slope": [2.15, -0.95, -0.2],
        "the learning rate belongs to the penalty's slope too: lr · (gradient + …)": [1.4, -0.6, 0.2],
        "where w is 0 the slope counts as 0: np.sign(w) does that, with the old w, not the one after the gradient's step": [1.85, -1.05, 0.15],
        "where w is 0 the slope counts as 0, not as −1; np.sign does that": [1.85, -1.05, 0.25],
        "w / |w| is nan where w is 0: use np.sign(w)": [1.85, -1.05, np.nan],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
w, g = rng.uniform(0.8, 2, size=3) * rng.choice([-1, 1], size=3), rng.uniform(-0.5, 0.5, size=3)  # none passes 0
lr, l1 = rng.uniform(0.05, 0.5), rng.uniform(0.1, 1)
slope = (w - np.asarray(penalised_step(w.copy(), g.copy(), lr, l1, 0.0))) / lr - g
check.gradient(
    slope, lambda v: l1 * np.sum(np.abs(v)), w,
    hint="wrong for other weights, rates and strengths: what you add to the gradient is not the slope of l1 · Σ|w|",
)
small = lr * l1 * np.array([0.3, -0.7, 0.5])
check.close(
    penalised_step(small.copy(), np.zeros(3), lr, l1, 0.0), small - lr * l1 * np.sign(small),
    hint="wrong for weights that are smaller than one step: the slope of |w| is ±1 however small w is",
    mistakes={"a step carries a small weight past 0, and you cut it off there: take the plain step": np.zeros(3)},
)
tiny = np.array([1e-12, -2e-9, 1e-4])
check.close(
    penalised_step(tiny.copy(), np.zeros(3), lr, l1, 0.0), tiny - lr * l1 * np.sign(tiny), rtol=1e-4, atol=1e-9,
    hint="weights such as 0.0001 and −0.000000002 do not count as 0: the slope of |w| is ±1 however small w is",
)
### END HIDDEN TESTS

# %% tests="step_both" points=1
w, g = np.array([1.0, -2.0, 0.5]), np.array([0.5, 0.5, -1.0])
hint = "penalised_step changed w or gradient: `w -= …` works in place, `w = w - …` makes a new array"
ambiguous = "`if w > 0` wants one yes or no, and w is an array: NumPy has a function that gives the sign of each entry (see the text)"
causes = dict.fromkeys(("ambiguous", "real number", "only length-1", "only 0-dim"), ambiguous)
with check.explained(causes), check.unchanged(w, g, hint=hint):
    new = penalised_step(w, g, 0.5, 0.2, 0.1)
check.shape(new, (3,), "the new weights have the shape of w")
none, one, two = (np.asarray(penalised_step(w.copy(), g.copy(), 0.5, *strengths)) for strengths in ((0.0, 0.0), (0.2, 0.0), (0.0, 0.1)))
check.true(not np.allclose(one, none), "l1 = 0.2 changes nothing: the L1 penalty is missing")
check.true(not np.allclose(two, none), "l2 = 0.1 changes nothing: the L2 penalty is missing")
check.true(not np.allclose(new, two), "only L2 has acted: add the slopes of both penalties")
check.true(not np.allclose(new, one), "only L1 has acted: add the slopes of both penalties")
check.close(
    new, none + (one - none) + (two - none), atol=1e-6,
    hint="with both penalties at once the step is not your plain step + what your L1 adds to it + what your L2 adds to it",
)
two_axes = "w may have any shape: here it has two axes, 5 by 4, and so have the new weights"
whole = f"{two_axes};\n`if w > 0` asks about one number: np.sign(w) takes the whole array"
with check.explained({"ambiguous": whole, "only length-1": whole, "only 0-dimensional": whole, "must be real number": whole}):
    new = penalised_step(np.ones((5, 4)), np.zeros((5, 4)), 0.5, 0.2, 0.1)
check.shape(new, (5, 4), two_axes)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
w, g = rng.uniform(0.6, 2, size=(5, 4)) * rng.choice([-1, 1], size=(5, 4)), rng.uniform(-0.3, 0.3, size=(5, 4))  # none passes 0
new, none, one, two = (
    np.asarray(penalised_step(w.copy(), g.copy(), 0.5, *strengths)) for strengths in ((0.2, 0.1), (0.0, 0.0), (0.2, 0.0), (0.0, 0.1))
)
check.true(
    np.allclose(new, one + two - none, atol=1e-6) and (one != none).all() and (two != none).all(),
    f"{two_axes}; each weight gets the slopes of both penalties",
)
check.close(
    new, np.reshape(penalised_step(w.ravel().copy(), g.ravel().copy(), 0.5, 0.2, 0.1), (5, 4)),
    hint=f"{two_axes}.\nEach weight needs the slopes at its own place (that of gradient too), as in a vector of the same weights",
)
w, g = w.ravel()[:12].reshape(2, 3, 2), g.ravel()[:12].reshape(2, 3, 2)
three_axes = "w may have any shape: here it has three axes, 2 by 3 by 2, and so have the new weights"
with check.explained({"": three_axes}):
    new = penalised_step(w.copy(), g.copy(), 0.5, 0.2, 0.1)
check.shape(new, (2, 3, 2), three_axes)
v, slopes = w.ravel(), g.ravel()
new, none, one, two = (
    np.asarray(penalised_step(v.copy(), slopes.copy(), 1.0, *strengths)) for strengths in ((0.2, 1.0), (0.0, 0.0), (0.2, 0.0), (0.0, 1.0))
)
check.true(
    not np.allclose(new, two - (one - none)),
    "where L2 carries a weight past 0, your L1 takes the sign of the weight after that: take both slopes at the old w, in one step",
)
v, slopes = v.astype("float32"), slopes.astype("float32")
with check.unchanged(v, slopes, hint=f"{hint};\nhere both are float32: np.asarray makes no copy of such an array, np.array does"):
    penalised_step(v, slopes, 0.5, 0.2, 0.1)
w, g = np.array([0.0, -1.5, 2.0]), np.array([0.3, 0.0, -0.2])
for lr, l1, l2 in ((0.5, 0.0, 0.0), (0.0, 0.2, 0.1), (0.5, 0.2, 0.1)):
    strengths = f"with lr = {lr}, l1 = {l1} and l2 = {l2}"
    with check.unchanged(w, g, hint=f"{hint};\nhere {strengths}, and one weight is 0"):
        new = penalised_step(w, g, lr, l1, l2)
    given = any(np.may_share_memory(new, one) for one in (w, g))
    check.true(not given, f"{strengths} penalised_step returned an array that it was given: return a new one")
### END HIDDEN TESTS


# %% [markdown]
# **Look.** 5,000 of your steps on the loss $(10 - 3w_1 - 2w_2 - w_3)^2$, each time from $(5, -2, -1)$. Without a
# penalty every point on the plane of solutions is as good as any other, so the weights stay where they are. The
# two penalties end close to the solutions that section 2 promised. Not quite there: a penalty always pulls; and under L1
# the two small weights still jump across 0, in steps of the length lr · l1 = 0.005, so that what is printed for them is
# close to 0, not 0.

# %%
def descend(l1, l2, steps=5000, lr=0.01):
    x, w = np.array([3.0, 2.0, 1.0]), np.array([5.0, -2.0, -1.0])
    for _ in range(steps):
        w = penalised_step(w, 2 * (x @ w - 10) * x, lr, l1, l2)
    return w


ends = {
    "no penalty": descend(0, 0),
    "L1, strength 0.5": descend(0.5, 0),
    "L2, strength 0.1": descend(0, 0.1),
}
axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True, layout="constrained")[1]
for number, (ax, (name, w)) in enumerate(zip(axes, ends.items())):
    ax.bar(["w₁", "w₂", "w₃"], w, color=f"C{number}")
    ax.axhline(0, color="0.4", linewidth=0.8)
    ax.set_title(name, fontsize=10)
    print(f"{name:16s}", np.round(w, 2))
said = "; ".join(f"{name}: {np.round(w, 1).tolist()}" for name, w in ends.items())
plotting.describe(axes[0], f"Bars of three weights after descent from (5, −2, −1). {said}.");

# %% [markdown]
# ## 4 · Dropout by hand (13 minutes)
#
# Now something stranger. In training, switch off a random share of the neurons: set their outputs to 0. For each
# image other neurons are switched off, and when the same image comes again, others once more: each sample of each step
# draws its own mask. No neuron can rely on one certain other neuron, for it may be absent. Each has to be useful by
# itself. This is **dropout**. The share that is dropped is called the *rate* $p$; rates
# from 0.1 to 0.5 are usual.
#
# At test time nothing is dropped. Then twice as many neurons (for $p = 0.5$) send signals as in training, and all
# scores would be too large. So **inverted dropout** makes the survivors larger *in training*: it divides them by
# $1 - p$. With a random mask $r$,
#
# $$h'_i = r_i\,h_i, \qquad r_i = \begin{cases} 0 & \text{with probability } p \\ \dfrac{1}{1-p} & \text{otherwise}\end{cases}$$
#
# so on average $E[h'_i] = p \cdot 0 + (1-p) \cdot \dfrac{h_i}{1-p} = h_i$, and **at test time there is nothing to
# do**.
#
# **Predict before you run.** A layer's outputs are all 3, the rate is 0.25. Which values can you find after
# inverted dropout? What is their mean?
#
# <details><summary>Answer</summary>
#
# 0 and 4, because 3 / 0.75 = 4. A quarter of them is 0, so the mean is still 3.
#
# </details>
#
# ### Exercise 4 (3 points)
#
# Write `dropout`. Each entry of $h$ is drawn by itself. A generator with a seed makes
# the draws repeatable: `rng = np.random.default_rng(seed)`, and `rng.random(shape)` gives numbers evenly spread
# from 0 to 1. Return the mask as well: the backward pass needs it.

# %% exercise="dropout"
def dropout(h, rate, seed, training):
    """Inverted dropout.

    h: float array of any shape, the outputs of a layer; it is not changed.
    rate: float from 0 to below 1, the probability that an entry is dropped; every entry is
        drawn by itself.
    seed: int, 0 or above; the same seed gives the same mask for the same shape and rate,
        another seed draws anew.
    training: bool; if False, nothing is dropped and nothing is scaled.
    Returns two arrays of the shape of h: h · mask, and the mask itself, with the entries 0 and
    1/(1 − rate); if training is False: h (itself or a copy), and a mask of ones.
    """
    ### BEGIN SOLUTION
    if not training:
        return h.copy(), np.ones(h.shape)
    rng = np.random.default_rng(seed)
    mask = (rng.random(h.shape) >= rate) / (1 - rate)
    return h * mask, mask
    ### END SOLUTION


# %% tests="dropout_train" points=1
h = np.full((200, 100), 6.0)
one_tuple = "rng.random takes the shape as one tuple, and draws for each entry: rng.random(h.shape)"
old = "np.random.rand wants single numbers; take rng = np.random.default_rng(seed) and rng.random(h.shape)"
with check.explained({"as a data type": one_tuple, "broadcast": one_tuple, "interpreted as an integer": old}):
    result = dropout(h.copy(), 0.25, 1, True)
check.length(result, 2, "return two arrays: the output, and the mask")
output, mask = result
check.shape(mask, (200, 100), "the mask must have the shape of h")
check.true(np.isfinite(mask).all(), "the mask holds nan or inf: something was divided by 0")
check.close(
    np.unique(np.round(np.asarray(mask, float), 6)), [0, 1.333333], atol=1e-5,
    hint="with rate 0.25 the mask has the entries 0 and 1/(1 − 0.25)",
    mistakes={
        "in the mask the survivors are not scaled up: divide it by 1 − rate, as floats (whole numbers cut 1.33 off to 1)": [0, 1],
        "the survivors became smaller: divide by 1 − rate, do not multiply": [0, 0.75],
        "you divided by the rate: divide by 1 − rate, the share that survives": [0, 4],
        "the second array is the output; return the output first, then the mask alone": [0, 8],
        "nothing was dropped, although training is True": [1],
    },
)
check.between(
    np.mean(np.asarray(mask) == 0), 0.22, 0.28, name="the share of entries that are 0",
    high_hint="the rate is the share that is DROPPED, not the share that is kept", low_hint="too few were dropped",
)
check.close(output, 6 * np.asarray(mask), rtol=1e-5, hint="the output is h times the mask, and all entries of h are 6 here")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
rate, h = rng.choice([0.1, 0.4, 0.45]) + rng.uniform(0, 0.05), rng.normal(size=20000)
with check.explained({"unpack": "h may have any number of axes: draw rng.random(h.shape)"}):
    result = dropout(h.copy(), rate, int(rng.integers(1000)), True)
output, mask = (np.asarray(array) for array in result)
check.close(
    [output, (mask > 0) / (1 - rate)], [h * mask, mask], rtol=1e-5,
    hint=f"wrong for a vector of 20,000 outputs and rate {rate:.2f}: the output is h · mask, the mask 0 or 1/(1 − rate)",
)
check.between(
    np.mean(mask == 0), rate - 0.02, rate + 0.02, name=f"the share that is dropped with rate {rate:.2f}",
    high_hint="the rate is the share that is dropped", low_hint="the rate is the share that is dropped",
)
mask = np.asarray(dropout(h.copy(), 0.9, int(rng.integers(1000)), True)[1])
check.between(
    np.mean(mask == 0), 0.88, 0.92, name="the share that is dropped with rate 0.9",
    high_hint="the rate is the share that is dropped", low_hint="the rate may be any number below 1, so 0.9 too: do not limit it",
)
mask = np.asarray(dropout(np.ones(90000), 0.005, int(rng.integers(1000)), True)[1])
any_rate = "the rate may be any number from 0 to below 1, not only whole percents"
check.between(
    np.mean(mask == 0), 0.003, 0.007, name="the share that is dropped with rate 0.005", high_hint=any_rate, low_hint=any_rate
)
silent = np.maximum(h, 0)  # as behind ReLU
with np.errstate(all="ignore"):
    mask = np.asarray(dropout(silent.copy(), rate, 6, True)[1])
mask_alone = "the mask does not depend on h: draw it first, do not read it from the output, which is 0 also where h is 0"
check.true(np.isfinite(mask).all(), f"the mask holds nan or inf where h is 0, as behind ReLU; {mask_alone}")
check.between(
    np.mean(mask[silent == 0] == 0), rate - 0.03, rate + 0.03, name="the share of the entries with h = 0 whose mask is 0",
    high_hint=mask_alone, low_hint=mask_alone,
)
with np.errstate(all="ignore"):
    output, mask = dropout(h.copy(), 0.0, 5, True)
check.close([output, mask], [h, np.ones(20000)], hint="with rate 0 nothing is dropped and nothing is scaled, in training too")
### END HIDDEN TESTS

# %% tests="dropout_random" points=1
one_tuple = "rng.random takes the shape as one tuple, and draws for each entry: rng.random(h.shape)"
old = "np.random.rand wants single numbers; take rng = np.random.default_rng(seed) and rng.random(h.shape)"
with check.explained({"as a data type": one_tuple, "broadcast": one_tuple, "interpreted as an integer": old}):
    masks = [np.asarray(dropout(np.ones((50, 40)), 0.5, seed, True)[1]) for seed in (3, 3, 4)]
check.shape(masks[0], (50, 40), "the mask must have the shape of h")
check.true(np.array_equal(masks[0], masks[1]), "the same seed gave two different masks: use default_rng(seed)")
check.true(not np.array_equal(masks[0], masks[2]), "two seeds gave the same mask: use the seed, default_rng(seed)")
check.true((masks[0] != masks[0][:1]).any(), "every row has the same mask: draw a number for each entry, rng.random(h.shape)")
check.true((masks[0] != masks[0][:, :1]).any(), "whole rows are dropped: draw a number for each entry, rng.random(h.shape)")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
cube = rng.normal(size=(6, 40, 50))
with check.explained({"unpack": "h may have any number of axes: draw rng.random(h.shape)"}):
    mask = np.asarray(dropout(cube, 0.5, int(rng.integers(1000)), True)[1])
check.shape(mask, (6, 40, 50), "h may have any number of axes: draw rng.random(h.shape)")
neighbours = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in (
    (mask[1:], mask[:-1]), (mask[:, 1:], mask[:, :-1]), (mask[:, :, 1:], mask[:, :, :-1]))]
check.true(
    np.abs(neighbours).max() < 0.06,
    "in an array with three axes, neighbours are dropped together: each entry must be drawn by itself",
)
first, second = (np.asarray(dropout(np.ones(1000), 0.5, 0, True)[1]) for _ in range(2))
check.true(
    np.array_equal(first, second),
    "the seed 0 gave two different masks: 0 is a seed like any other, but `seed or None` and `if seed` take it for none",
)
other = np.asarray(dropout(rng.normal(size=1000), 0.5, 0, True)[1])
check.true(
    np.array_equal(first == 0, other == 0),
    "for two arrays h of the same shape the same seed and rate gave two different masks: the numbers in h do not count in the draw",
)
dropped = [np.asarray(dropout(np.ones(1000), 0.5, seed, True)[1]) == 0 for seed in (*range(10), 256, 1000)]
check.true(
    len({places.tobytes() for places in dropped}) == 12,
    "among twelve seeds, 0 to 9, 256 and 1000, some gave the same mask: another seed gives another one. Take it as it is, default_rng(seed)",
)
counts = {int(places.sum()) for places in dropped}
check.true(
    len(counts) > 1,
    "every mask drops exactly the same number of entries: each entry is drawn by itself, so the number varies around the\n"
    "rate (no permutation, no choice of so many places)",
)
### END HIDDEN TESTS

# %% tests="dropout_test" points=1
h = np.array([[1.0, -2.0, 3.0]])
one_tuple = "rng.random takes the shape as one tuple, and draws for each entry: rng.random(h.shape)"
with check.explained({"as a data type": one_tuple, "broadcast": one_tuple}):
    result = dropout(h.copy(), 0.5, 1, False)
check.length(result, 2, "two arrays are returned at test time too: h, and a mask of ones")
output, mask = result
in_training = dropout(h.copy(), 0.5, 1, True)[0]
check.true(
    np.allclose(output, h) or not np.allclose(output, in_training), "it was dropped at test time too: look at the argument `training`"
)
check.close(
    output, h, hint="at test time (training=False) the output is h itself",
    mistakes={
        "that is the older form, which shrinks at test time. Inverted dropout has scaled in training already": [[0.5, -1.0, 1.5]],
        "you scaled up at test time: with training=False nothing is scaled": [[2.0, -4.0, 6.0]],
    },
)
check.shape(mask, (1, 3), "the mask must have the shape of h")
check.close(mask, [[1, 1, 1]], hint="at test time (training=False) the mask is all ones")
in_place = "dropout changed h: `h *= mask` works in place, `h * mask` makes a new array (`h[…] = 0` works in place too)"
for dtype in ("float64", "float32"):  # np.asarray(h, dtype) makes no copy of an array that has this dtype
    h = np.ones((20, 30), dtype)
    with check.unchanged(h, hint=in_place):
        dropout(h, 0.3, 2, True)
        dropout(h, 0.3, 2, False)
### BEGIN HIDDEN TESTS
h = np.random.default_rng().normal(size=(9, 4))
output, mask = dropout(h.copy(), 0.3, 2, False)
check.close(
    [output, mask], [h, np.ones((9, 4))],
    hint="with training=False the output is h itself and the mask all ones, for any h and any rate",
)
for h in (np.random.default_rng().normal(size=7), np.random.default_rng().normal(size=(2, 3, 4))):
    axes = f"h may have any shape, at test time too: here {h.shape}. np.ones(h.shape) makes a mask of ones for each"
    try:
        dropout(h.copy(), 0.3, 2, True)
    except Exception:  # in training too, which the test above judges
        continue
    with check.explained({"": axes}):
        output, mask = dropout(h.copy(), 0.3, 2, False)
    check.close(output, h, hint=axes)
    check.close(mask, np.ones(h.shape), hint=axes)
### END HIDDEN TESTS

# %% [markdown]
# Backward, the same mask again. The output was $h' = r \cdot h$, so the slope of the loss with respect to $h$ is
# the slope with respect to $h'$ times $r$: what was dropped had no influence and gets no blame; what was made
# larger had more influence and gets more.
#
# ### Exercise 5 (1 point)
#
# Write `dropout_backward`.

# %% exercise="dropout_backward"
def dropout_backward(gradient, mask):
    """The slope of the loss with respect to h, where h' = h · mask.

    gradient: float array of any shape, the slope of the loss with respect to the output h' of
        dropout.
    mask: array of the same shape, the mask that the forward pass returned: 0 or 1/(1 − rate).
        Neither is changed.
    Returns an array of the same shape.
    """
    ### BEGIN SOLUTION
    return gradient * mask
    ### END SOLUTION


# %% tests="dropout_backward" points=1
g, mask = np.array([[1.0, -2.0, 0.5]]), np.array([[2.0, 0.0, 2.0]])
in_place = "dropout_backward changed gradient or mask: `gradient *= mask` works in place"
with np.errstate(all="ignore"), check.unchanged(g, mask, hint=in_place):
    back = dropout_backward(g, mask)
check.close(
    back, [[2, 0, 1]], hint="the mask here is [2, 0, 2]",
    mistakes={
        "dropped entries had no influence on the loss: their slope is 0. Multiply by the mask": [[1.0, -2.0, 0.5]],
        "the survivors were scaled up forward, so their slopes are scaled up too: multiply by the mask": [[1, 0, 0.5]],
        "you undid the scaling: multiply by the mask, do not divide": [[0.5, 0, 0.25]],
        "you divided by the mask: multiply": [[0.5, -np.inf, 0.25]],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
h, v, target = rng.normal(size=(4, 6)), rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
mask = rng.permutation([0.0] * 5 + [1.25] * 19).reshape(4, 6)  # rate 0.2
g = 2 * v * (h * mask - target)
back = dropout_backward(g.copy(), mask.copy())
check.gradient(
    back, lambda h: np.sum(v * (h * mask - target) ** 2), h,
    hint="for rate 0.2 the result is not the slope of the loss: the scale stands in the mask, it is not always 2",
)
for rate in (0.0, 0.9):
    mask = rng.permutation([0.0] * round(20 * rate) + [1 / (1 - rate)] * round(20 * (1 - rate))).reshape(4, 5)
    g = rng.normal(size=(4, 5))
    check.close(
        dropout_backward(g.copy(), mask.copy()), [[a * m for a, m in zip(*rows)] for rows in zip(g.tolist(), mask.tolist())],
        hint=f"wrong for rate {rate:g}, where the mask holds {sorted(set(np.round(mask, 3).ravel().tolist()))}: multiply by it, whatever stands there",
    )
g, all_dropped = rng.normal(size=(2, 3)), "where everything is dropped, the mask is 0 everywhere, and so is each slope: multiply by the mask"
with check.explained({"": all_dropped}), np.errstate(all="ignore"):
    back = dropout_backward(g.copy(), np.zeros((2, 3)))
check.close(back, np.zeros((2, 3)), hint=all_dropped)
check.close(
    dropout_backward(np.array([[1e6, -1e6, 1e-9]]), np.array([[2.0, 0.0, 2.0]])), [[2e6, 0, 2e-9]], atol=0,
    hint="wrong for slopes of 1,000,000 and 0.000000001: they are neither limited nor rounded",
)
for shape in ((7,), (2, 3, 4)):
    g, mask = rng.normal(size=shape), 2.0 * rng.integers(0, 2, size=shape)
    axes = f"gradient and mask may have any shape, here {shape}: multiply the arrays as a whole"
    with check.explained({"": axes}):
        check.close(dropout_backward(g.copy(), mask.copy()), np.where(mask > 0, g + g, 0), hint=axes)
g, mask = g.astype("float32"), mask.astype("float32")
no_copy = "here both are float32: np.asarray makes no copy of such an array, np.array does"
with check.unchanged(g, mask, hint=f"{in_place};\n{no_copy}"):
    dropout_backward(g, mask)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Dropout on the pixels of one image (we usually drop neurons, but pixels can be looked at), with your
# own function. The survivors become brighter; whatever is more than 255 is drawn as white.

# %%
boot = fashion.X_train[np.flatnonzero(y_clean == 9)[0]].astype("float64")
several = [0.0, 0.1, 0.3, 0.5, 0.8]
dropped = np.array([dropout(boot, rate, 0, True)[0] for rate in several])
plotting.image_grid(np.minimum(dropped, 255), [f"rate {rate}" for rate in several]);

# %% [markdown]
# **Predict before you run.** The mean over many masks should be the image itself, because $E[h'] = h$. How many
# masks with rate 0.5 do you need until you cannot see the difference: 10, 100, 1000? If you take a hundred times
# as many, by which factor does the error shrink?

# %%
counts = [1, 10, 100, 1000]
draws = np.array([dropout(boot, 0.5, seed, True)[0] for seed in range(max(counts))])
averages = np.array([draws[:count].mean(axis=0) for count in counts])
errors = [np.sqrt(np.mean((average - boot) ** 2)) for average in averages]
plotting.image_grid(
    np.minimum([*averages, boot], 255),
    [*[f"masks: {n}\nerror {e:.1f}" for n, e in zip(counts, errors)], "the image\n "],
);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# A hundred times as many masks make the error ten times smaller, as for every mean of independent draws. With a
# hundred masks some speckles can still be seen, with a thousand hardly any.
#
# </details>
#
# Keras's layer `Dropout` does the same. The argument `training` says whether it is used in training or in use; `fit` sets it to
# True, `evaluate` and `predict` set it to False.

# %%
layer = keras.layers.Dropout(0.5)
ones = np.ones((2, 8), dtype="float32")
print("training=True\n", keras.ops.convert_to_numpy(layer(ones, training=True)))
print("training=False\n", keras.ops.convert_to_numpy(layer(ones, training=False)))

# %% [markdown]
# ## 5 · A network with both (9 minutes)
#
# In Keras a penalty is an argument of a layer, and dropout is a layer of its own. A small network for 6 inputs
# and 3 classes:
#
# ```python
# keras.Sequential([
#     keras.Input((6,)),
#     keras.layers.Dense(20, activation="tanh", kernel_regularizer=keras.regularizers.L1(0.01)),
#     keras.layers.Dropout(0.2),
#     keras.layers.Dense(3, activation="softmax", kernel_regularizer=keras.regularizers.L1(0.01)),
# ])
# ```
#
# Keras adds the penalty to the loss by itself, also to the loss that it prints; so curves of networks with and without
# a penalty cannot be compared. Biases usually get none: they are few, and they only shift a neuron's
# threshold.
#
# **Predict before you run.** Our network has 266,610 parameters. How many has it with two dropout layers? Why is
# there no dropout after the *last* layer?
#
# <details><summary>Answer</summary>
#
# As many as before: dropout has nothing to learn. After the last layer it would delete the answer itself: a class
# whose probability is set to 0 can only be wrong.
#
# </details>
#
# ### Exercise 6 (3 points)
#
# Write `build_regularised`: 784-300-100-10 with ReLU in the hidden layers and softmax
# at the end; dropout after *each hidden* layer; an L2 penalty on the kernels (the matrices of weights) of *all three* dense layers, the
# last one too.

# %% exercise="build_regularised"
def build_regularised(dropout, l2):
    """A new network 784-300-100-10 with dropout and an L2 penalty, with other random weights
    at each call.

    Whether it is compiled does not matter: whoever trains it compiles it.

    dropout: float from 0 to below 1, the rate after each of the two hidden layers; it acts in
        training only. If ReLU is a layer of its own, dropout may stand before or after it.
    l2: float, at least 0; the penalty is l2 · Σw² over the kernels of all three dense layers,
        without the biases.
    Returns a sequential or functional Keras model, of Keras's own layers and penalties: images
        (n, 28, 28) in, class probabilities (n, 10) out; ReLU in both hidden layers; no other noise
        and no other penalty; no kernel_constraint or bias_constraint.
    """
    ### BEGIN SOLUTION
    penalty = keras.regularizers.L2(l2)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(300, activation="relu", kernel_regularizer=penalty),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(100, activation="relu", kernel_regularizer=penalty),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10, activation="softmax", kernel_regularizer=penalty),
        ]
    )
    ### END SOLUTION


# %% tests="build_layers" points=1
number = "l2 is a number here: keras.regularizers.L2(l2) makes a penalty of it"
own = "kernel_regularizer holds a function of your own, which cannot be marked: use keras.regularizers.L2(l2)"
hidden = "inside this function the name `dropout` means the rate; the layer is keras.layers.Dropout(dropout)"
with check.explained({"Could not interpret regularizer": number, "instance of `keras.regularizers": own, "object is not callable": hidden}):
    built = build_regularised(0.5, 0.001)
check.true(
    getattr(built, "input_shape", None) != (None, 784),
    "the network takes images of 28 × 28: begin with keras.Input((28, 28)) and keras.layers.Flatten()",
)
check.true(getattr(built, "output_shape", None) != (None, 28, 10), "each row of an image got its own answer: images need keras.layers.Flatten() first")
check.model(built, input_shape=(28, 28), output_shape=(10,))
check.weights(built, [(784, 300), (300,), (300, 100), (100,), (100, 10), (10,)])
noise = np.random.default_rng().normal(size=(20, 28, 28)).astype("float32")
first, second = (keras.ops.convert_to_numpy(built(noise, training=False)) for _ in range(2))
check.close(first, second, hint="two predictions differ: use keras.layers.Dropout, which is silent outside training")
check.probabilities(first, hint="the last layer needs softmax")
arrays = [keras.ops.convert_to_numpy(w) for w in built.trainable_weights]
signal = noise.reshape(20, 784)
for kernel, shift in zip(arrays[:-2:2], arrays[1:-2:2]):
    signal = np.maximum(signal @ kernel + shift, 0)
scores = signal @ arrays[-2] + arrays[-1]
scores = np.exp(scores - scores.max(axis=1, keepdims=True))
scalings = [layer.name for layer in built.layers if isinstance(layer, (keras.layers.Rescaling, keras.layers.Normalization))]
check.true(not scalings, f"the images are scaled already, the network takes them as they are: leave {', '.join(scalings)} out")
check.close(
    first, scores / scores.sum(axis=1, keepdims=True), rtol=0, atol=0.01,
    hint="at test time your model does not compute what its weights say: have both hidden layers ReLU, and nothing else acts?",
)
### BEGIN HIDDEN TESTS
again = build_regularised(0.5, 0.001)
as_before = [np.array_equal(keras.ops.convert_to_numpy(w), kernel) for w, kernel in zip(again.trainable_weights[::2], arrays[::2])]
check.true(
    not all(as_before),
    "a second call gave a network with the same weights: make a new one at each call, keep none from an earlier call (and\n"
    "set no seed)",
)
check.true(
    not any(as_before),
    "in some layers a second call gave the same weights: each layer begins with other random ones at each call. Give no initialiser a\n"
    "seed",
)
called = keras.ops.convert_to_numpy(built(noise))
check.close(
    called, first, rtol=0, atol=1e-4,
    hint="a plain call of your network, model(X), still drops: leave `training=True` out where you call a layer, for it holds for\n"
    "ever. Dropout acts in training only, and fit tells it so",
)
through = [np.zeros(w.shape) for w in arrays]  # first layer: ReLU of the first pixel; second: ReLU of that, and of its negative
through[0][0, 0] = through[2][0, 0] = 1
through[2][0, 1], through[4][0, 0], through[4][1, 1] = -1, 1 / 50, 1 / 10
built.set_weights(through)
spots = np.zeros((2, 28, 28), dtype="float32")
spots[:, 0, 0] = 50, -1000
p = check.outputs(built, spots).astype("float64")
check.true(
    np.allclose(np.log(p[:, :2] / p[:, 2:3]), [[1, 0], [0, 0]], atol=1e-3),
    "for large numbers such as 50 and −1000 a hidden layer is not ReLU, max(0, z): that has no limit above (\"relu6\" has one), and\n"
    "below 0 it is 0 (leaky ReLU is not). Use activation=\"relu\"",
)
### END HIDDEN TESTS

# %% tests="build_dropout" points=1
# With these weights every neuron gives 0.001 for an image whose first pixel is 0.001, and the score of class 0 is 1. That of class 2 is 1
# always. So near 0 most activations are straight lines: one that is not ReLU costs its point in the test above, and none here.
weights = [np.zeros((784, 300)), np.zeros(300), np.full((300, 100), 1 / 300), np.zeros(100), np.zeros((100, 10)), np.zeros(10)]
weights[0][0], weights[4][:, 0], weights[5][2] = 1, 10, 1
spots = np.zeros((4000, 28, 28), dtype="float32")
spots[:, 0, 0] = 0.001
shapes = [w.shape for w in weights]
number = "l2 is a number here: keras.regularizers.L2(l2) makes a penalty of it"
own = "kernel_regularizer holds a function of your own, which cannot be marked: use keras.regularizers.L2(l2)"
hidden = "inside this function the name `dropout` means the rate; the layer is keras.layers.Dropout(dropout)"
with check.explained({"Could not interpret regularizer": number, "instance of `keras.regularizers": own, "object is not callable": hidden}):
    built = build_regularised(0.5, 0.0)
check.model(built, input_shape=(28, 28), output_shape=(10,))
check.weights(built, shapes)
noise = np.random.default_rng().normal(size=(20, 28, 28)).astype("float32")
sums_to_1 = np.allclose(check.outputs(built, noise).sum(axis=1), 1, atol=1e-3)
built.set_weights(weights)
q = keras.ops.convert_to_numpy(built(spots, training=True))
check.true(np.isfinite(q).all(), "in training the outputs hold nan or inf")
if sums_to_1:
    check.probabilities(q, hint="in training the outputs do not sum to 1: no dropout after the last layer")
by_sigmoid = not sums_to_1 and np.allclose(q[:, 1], 0.5)


def scores_of(q):
    """Scores from outputs, less that of class 1.

    Without softmax, which another test is for, they are sigmoids or the scores themselves.
    """
    if sums_to_1:
        q = np.log(np.maximum(q, 1e-30))
    elif by_sigmoid:
        q = np.log(np.maximum(q, 1e-30) / np.maximum(1 - q, 1e-30))
    return q - q[:, 1:2]


calm = float(scores_of(check.outputs(built, spots[:1]))[0, 0]) or 1.0  # 1 with ReLU
scores = scores_of(q)[:, 0] / calm
scalings = [layer.name for layer in built.layers if isinstance(layer, (keras.layers.Rescaling, keras.layers.Normalization))]
check.true(not scalings, f"the images are scaled already, the network takes them as they are: leave {', '.join(scalings)} out")
alpha = any(isinstance(layer, keras.layers.AlphaDropout) for layer in built.layers)
check.true(not alpha, "AlphaDropout sets neurons to a negative number, not to 0: use keras.layers.Dropout(dropout)")
small = np.append(scores_of(q)[np.abs(scores_of(q)[:, 0]) < 30, 2], 1.0)  # where that of class 0 is large, the others are lost in rounding
check.true(np.std(small) < 1e-3, "the scores themselves are dropped in training: no dropout after the last dense layer")
check.true(np.std(scores) > 1e-4, "nothing is dropped in training: add keras.layers.Dropout(dropout) after each hidden layer")
check.true(
    np.mean(np.abs(scores) < 1e-4) < 0.01, "sometimes the only bright pixel is dropped: no dropout before the first dense layer"
)
noise_of_half = np.var(scores)
rate = np.random.default_rng().uniform(0.15, 0.4)
built = build_regularised(rate, 0.0)
check.weights(built, shapes)
built.set_weights(weights)
scores = scores_of(keras.ops.convert_to_numpy(built(spots, training=True)))[:, 0] / calm
p = rate / (1 - rate)
expected = (1 + p / 300) * (1 + p / 100) - 1  # variance of the product of two means over 300 and 100 masks
kept = (1 + 1 / p / 300) * (1 + 1 / p / 100) - 1  # the same for the rate 1 − rate
check.true(
    not 0.85 < np.var(scores) / noise_of_half < 1.15,
    f"the network drops the same share for the rate {rate:.2f} as for 0.5: give the layers the rate that was asked for, the parameter\n"
    "`dropout`, not a number of your own",
)
check.true(
    not 0.85 < np.var(scores) / kept < 1.15,
    f"asked for the rate {rate:.2f}, your network drops {1 - rate:.2f}: Dropout takes the share that is dropped, not the one that\n"
    "is kept",
)
check.between(
    np.var(scores) / expected, 0.85, 1.15,
    name=f"the noise of dropout with rate {rate:.2f}, compared with theory,",
    low_hint="too little noise in training: is there dropout after EACH hidden layer, with the rate that was asked for?",
    high_hint="too much noise in training: is the rate the one that was asked for, and only two layers drop?",
)
### BEGIN HIDDEN TESTS
weights[2], weights[4] = np.zeros((300, 100)), np.zeros((100, 10))
weights[2][0, 0], weights[4][0, 0] = 1, 1000  # one path from the pixel to the score: it is cut, or made larger twice
built.set_weights(weights)
scores = scores_of(keras.ops.convert_to_numpy(built(spots, training=True)).astype("float64"))[:, 0] / calm
check.true(
    np.minimum(np.abs(scores), np.abs(scores - 1 / (1 - rate) ** 2)).max() < 1e-3,
    "the noise in training is not that of dropout, which cuts a neuron off or makes it larger by 1/(1 − rate):\n"
    "use keras.layers.Dropout(dropout) after each hidden layer, and no other noise",
)
for share, strength in ((0.8, 0.0), (rate, 0.01)):
    other = build_regularised(share, strength)
    check.weights(other, shapes)
    other.set_weights(weights)
    scores = scores_of(keras.ops.convert_to_numpy(other(spots, training=True)).astype("float64"))[:, 0] / calm
    check.true(
        np.std(scores) > 1e-4,
        f"with dropout {share:.2f} nothing is dropped in training when l2 is {strength}: the network has dropout and the penalty at once",
    )
    check.between(
        np.mean(np.abs(scores) < 1e-3), *((0.93, 0.99) if share == 0.8 else (0, 1)),
        name="the share of images whose signal is cut off by dropout with rate 0.8, in theory 0.96,",
        low_hint="the rate 0.8 was asked for, and less is dropped: take the rate as it is, do not limit it",
        high_hint="the rate 0.8 was asked for, and more is dropped",
    )
undropped = build_regularised(0.0, 0.01)
check.close(
    keras.ops.convert_to_numpy(undropped(noise, training=True)), check.outputs(undropped, noise), rtol=0, atol=1e-4,
    hint="with dropout = 0 nothing is dropped, in training too: take the rate as it is. `dropout or 0.5` makes 0.5 of a 0",
)
### END HIDDEN TESTS

# %% tests="build_l2" points=1
number = "l2 is a number here: keras.regularizers.L2(l2) makes a penalty of it"
own = "kernel_regularizer holds a function of your own, which cannot be marked: use keras.regularizers.L2(l2)"
hidden = "inside this function the name `dropout` means the rate; the layer is keras.layers.Dropout(dropout)"
with check.explained({"Could not interpret regularizer": number, "instance of `keras.regularizers": own, "object is not callable": hidden}):
    built = build_regularised(0.0, 0.01)
check.model(built, input_shape=(28, 28), output_shape=(10,))
weights = [np.zeros(w.shape, dtype="float32") for w in built.get_weights()]
kernels, biases = ([w for w in weights if w.ndim == axes] for axes in (2, 1))
for kernel, value in zip(kernels, (3, -4, 6)):  # one entry of each: the squares are 9, 16 and 36
    kernel[0, 0] = value
for bias, value in zip(biases, (1, 2, 3)):
    bias[0] = value
built.set_weights(weights)
on_outputs = any(getattr(layer, "activity_regularizer", None) is not None for layer in built.layers)
check.true(not on_outputs, "activity_regularizer punishes the outputs of a layer: use kernel_regularizer")
cost = float(sum(keras.ops.convert_to_numpy(loss) for loss in built.losses))
check.equal(len(kernels), 3, "this is the number of dense layers in your model: 300, 100 and 10 neurons make three")
check.close(
    cost, 0.61, rtol=1e-3,
    hint="this is the penalty that Keras adds to the loss; it should be l2 · Σw² over the kernels of all three dense layers",
    mistakes={
        "there is no penalty: give each Dense layer kernel_regularizer=keras.regularizers.L2(l2)": 0,
        "the biases are punished too: use kernel_regularizer only": 0.75,
        "the last layer has no penalty: all three dense layers need it": 0.25,
        "the first layer has no penalty: all three dense layers need it": 0.52,
        "only the first layer has a penalty: all three dense layers need it": 0.09,
        "only the last layer has a penalty: all three dense layers need it": 0.36,
        "that is the L1 penalty: use keras.regularizers.L2": 0.13,
        "the biases are punished, not the kernels: use kernel_regularizer": 0.14,
    },
)
l2 = np.random.default_rng().uniform(1.5, 3)
built = build_regularised(0.2, l2)
built.set_weights(weights)
cost = float(sum(keras.ops.convert_to_numpy(loss) for loss in built.losses))
check.close(
    cost, 61 * l2, rtol=1e-3,
    hint=f"wrong for l2 = {l2:.2f}: the strength must be the argument, and it is always the same (`\"l2\"` and L2() alone mean\n"
    "0.01, and min(l2, …) limits it): write keras.regularizers.L2(l2)",
)
### BEGIN HIDDEN TESTS
held = [
    layer.name
    for layer in built.layers
    if getattr(layer, "kernel_constraint", None) is not None or getattr(layer, "bias_constraint", None) is not None
]
check.true(not held, f"{', '.join(held)}: a constraint limits these weights after each step, and none was asked for: L2 and dropout alone")
free = build_regularised(0.2, 0.0)
free.set_weights(weights)
check.close(
    sum(float(keras.ops.convert_to_numpy(loss)) for loss in free.losses), 0,
    hint="with l2 = 0 there is no penalty: take the strength as it is (`l2 or 0.01` makes 0.01 of a 0), and add no other penalty, such as L1",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Stop in time (7 minutes)
#
# The cheapest regularisation is to stop. **Early stopping** watches the validation loss. If it found no new lowest
# value for `patience` epochs in a row, training ends. In Keras it is
# a callback, an object that `fit` calls after every epoch (you know the rule from Lab 3):
#
# ```python
# stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
# model.fit(…, validation_data=(…, …), callbacks=[stop])
# ```
#
# `restore_best_weights=True` takes the network back to its best epoch. Without it the model keeps the weights of the
# *last* epoch, `patience` epochs past the best.
#
# **Predict before you run.** Look at the validation loss in section 1. With patience 5, after about which epoch will
# training stop?
#
# ### Exercise 7 (3 points)
#
# Train a network with early stopping. Make two things in one cell:
#
# 1. `stopped`: a new plain network, `network()`, compiled with Adam (learning rate 0.001, nothing else set), the loss
#    `"sparse_categorical_crossentropy"` (or its object) and the metric `"accuracy"`; trained on all of `X_small` and `y_small`,
#    in batches of 32, for *at most* `EPOCHS` epochs, with `(X_valid, y_valid)` as validation data, stopped when
#    `val_loss` found no new lowest value for `PATIENCE` epochs, with the best weights restored by the callback that stops it.
# 2. `stopped_history`: what the training returns.
#
# `training.fit(model, X, y, epochs=…, batch_size=…, validation_data=(…, …), callbacks=[…])` is `model.fit` with faster settings and one line
# of output; with `live=True` it draws the curves while it trains. You may use either, or `learn` of section 1 with `validate=True`.

# %% exercise="train_stopped" trains=true
# stopped:         the trained network, new and without dropout or penalty, with the weights of
#                  its best epoch
# stopped_history: the History that fit returns, with loss, accuracy, val_loss and val_accuracy
### BEGIN SOLUTION
stopped = network()
stopped.compile(optimizer=keras.optimizers.Adam(0.001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
stopped_history = training.fit(
    stopped,
    X_small,
    y_small,
    epochs=EPOCHS,
    batch_size=32,
    validation_data=(X_valid, y_valid),
    callbacks=[keras.callbacks.EarlyStopping(monitor="val_loss", patience=PATIENCE, restore_best_weights=True)],
)
### END SOLUTION

# %% tests="stopped_epochs" points=1
check.true(hasattr(stopped_history, "history"), "keep what fit returns, the History itself, without .history behind it")
record = stopped_history.history
check.true("val_loss" in record, f"the history holds {sorted(record)}: give fit the validation_data")
watched = (getattr(stopped_history, "params", None) or {}).get("early_stopping") or {"val_loss": 0}
check.true("val_loss" in watched, f"does the callback watch val_loss? It watches {' and '.join(watched)}")
check.true(
    watched.get("val_loss", 0) == 0,
    "every new lowest val_loss counts, however little it lies below the one before: min_delta makes the callback overlook small gains",
)
best = int(np.argmin(record["val_loss"])) + 1
check.equal(
    len(record["val_loss"]), min(best + PATIENCE, EPOCHS),
    f"this is the number of epochs. The lowest val_loss came in epoch {best}, so with patience {PATIENCE} training should end\n"
    f"after epoch {min(best + PATIENCE, EPOCHS)}: does the callback watch val_loss, with this patience, and did fit get it?\n"
    "(With start_from_epoch it overlooks the first epochs: leave it out.)",
)

# %% tests="stopped_weights" points=1
check.model(stopped, input_shape=(28, 28), output_shape=(10,))
record = getattr(stopped_history, "history", stopped_history)
check.true(isinstance(record, dict), "stopped_history is not what fit returns: stopped_history = training.fit(…)")
check.true("val_loss" in record, f"the history holds {sorted(record)}: give fit the validation_data")
watched = (getattr(stopped_history, "params", None) or {}).get("early_stopping") or {"val_loss": 0}
check.true("val_loss" in watched, f"does the callback watch val_loss? It watches {' and '.join(watched)}")
q = check.outputs(stopped, X_valid).astype("float64")
loss_now = -np.log(np.maximum(q[np.arange(len(q)), y_valid], 1e-30)).mean()
loss_now += sum(float(keras.ops.convert_to_numpy(loss)) for loss in stopped.losses)  # a penalty, which another test refuses
last = "restore_best_weights=True is missing"
if len(record["val_loss"]) == EPOCHS:
    last = "did fit get the callback, does it watch val_loss, and does it restore the best weights?"
check.close(
    loss_now, min(record["val_loss"]), rtol=2e-3,
    hint="this is the loss of your network on X_valid, y_valid now; it should be the lowest val_loss of its history:\n"
    "is (X_valid, y_valid) the validation data? Does the callback watch val_loss from the first epoch on (without start_from_epoch)?",
    mistakes={f"these are the weights of the last epoch: {last}": record["val_loss"][-1]},
)

# %% tests="stopped_training" points=1
check.model(stopped, input_shape=(28, 28), output_shape=(10,))
check.weights(stopped, [(784, 300), (300,), (300, 100), (100,), (100, 10), (10,)])
check.true(stopped.compiled, "the network is not compiled: call stopped.compile(…) before fit")
record = getattr(stopped_history, "history", stopped_history)
check.true(isinstance(record, dict), "stopped_history is not what fit returns: stopped_history = training.fit(…)")
check.true(
    "acc" not in record or "accuracy" in record,
    'your metric stands in the history as "acc": metrics=["accuracy"] gives it the name that the exercise asks for, "accuracy"',
)
check.true({"loss", "accuracy"} <= set(record), f'the history holds {sorted(record)}: compile with metrics=["accuracy"]')
check.equal(
    int(keras.ops.convert_to_numpy(stopped.optimizer.iterations)),
    math.ceil(len(X_small) / 32) * len(record["loss"]),
    "this is the number of steps that the optimizer made: train on all of X_small, in batches of 32, once",
)
### BEGIN HIDDEN TESTS
check.true(
    type(stopped.optimizer).__name__ == "Adam", f"compile with Adam; your optimizer is {type(stopped.optimizer).__name__}"
)
check.close(
    keras.ops.convert_to_numpy(stopped.optimizer.learning_rate), 0.001, rtol=1e-4,
    hint="this is the learning rate of your optimizer",
)
rates = record.get("learning_rate", [0.001])  # written by a callback that may change the rate
check.close(
    rates, np.full(len(rates), 0.001), rtol=1e-4,
    hint="these are the learning rates of your epochs, and a callback changed them: leave it out, the rate is 0.001 throughout",
)
asked = (getattr(stopped_history, "params", None) or {}).get("epochs", EPOCHS)
check.equal(asked, EPOCHS, "this is the number of epochs that you asked fit for: epochs=EPOCHS, and the callback ends the training before")
given, usual = (optimizer.get_config() for optimizer in (stopped.optimizer, keras.optimizers.Adam(0.001)))
others = [name for name in usual if name not in ("name", "learning_rate") and (given.get(name) or 0) != (usual[name] or 0)]
check.true(
    not others,
    f"compile with Adam and its learning rate alone: your optimizer also has {', '.join(f'{name} = {given.get(name)}' for name in others)}",
)
calm, noisy = (keras.ops.convert_to_numpy(stopped(X_small[:50], training=flag)) for flag in (False, True))
check.true(
    np.allclose(calm, noisy, atol=1e-4) and sum(float(keras.ops.convert_to_numpy(loss)) for loss in stopped.losses) == 0,
    "your network has dropout or a penalty: train the plain one, network(), so that early stopping alone is judged",
)
signal, arrays = X_small[:50].reshape(50, 784).astype(float), [keras.ops.convert_to_numpy(w) for w in stopped.trainable_weights]
for kernel, shift in zip(arrays[::2], arrays[1::2]):
    scores = signal @ kernel + shift
    signal = np.maximum(scores, 0)
scores = np.exp(scores - scores.max(axis=1, keepdims=True))
check.close(
    calm, scores / scores.sum(axis=1, keepdims=True), rtol=0, atol=0.01,
    hint="your network is not the plain one, which has ReLU in both hidden layers and softmax at the end: stopped = network()",
)
q = check.outputs(stopped, X_small).astype("float64")
loss_now = -np.log(np.maximum(q[np.arange(len(q)), y_small], 1e-30)).mean()
best = int(np.argmin(record["val_loss"])) if "val_loss" in record else -1
check.between(
    loss_now / record["loss"][best], 0.0, 1.3, name="loss on X_small and y_small now, divided by that in the history,",
    high_hint="the network does not know the labels y_small: was it trained on these, and not on y_clean?",
)
check.between(
    record["loss"][0], 1.0, np.inf, name="the training loss in the first epoch",
    low_hint="the network knew the images before: begin with a new one, stopped = network(), and train it on y_small",
)
check.between(
    np.mean(check.outputs(stopped, X_test).argmax(axis=1) == y_test), 0.5, 1.0,
    name="accuracy on the test images", low_hint="too many mistakes on new images: was it trained on y_small?",
)
### END HIDDEN TESTS

# %%
stopped_accuracy = accuracy(probabilities(stopped))
plotting.learning_curves({"all epochs": plain_history, "stopped": stopped_history}, metric="loss")
print(f"test accuracy: all epochs {plain_accuracy:.1f} %, stopped {stopped_accuracy:.1f} %")
trained = [len(each.history["loss"]) for each in (plain_history, stopped_history)]
print(f"epochs trained: all {trained[0]}, stopped {trained[1]}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The stopped network needed a fraction of the epochs, and in most runs it is some points better. But a validation
# loss jumps, so where the training stops is partly luck. One pair of runs proves nothing. That is what the next
# section is for.
#
# </details>

# %% [markdown]
# ## 7 · Compare honestly (8 minutes)
#
# Train the same network twice, and you get two different accuracies: other random weights, another order of the
# images. So a difference between two methods means something only if it is larger than the difference between two
# runs of *one* method. We run each method several times and look at the mean and at the spread, the **standard
# deviation** over the runs,
#
# $$\bar a = \frac{1}{n} \sum_i a_i \qquad\qquad s = \sqrt{\frac{1}{n-1} \sum_i (a_i - \bar a)^2}$$
#
# Dividing by $n - 1$ in place of $n$ corrects for the fact that the mean was taken from the same few numbers.
#
# **Predict before you run.** Order these by test accuracy: no regularisation, L2, dropout with rate 0.5, early
# stopping. (The strength of L2, 0.03, was chosen on the validation images; 0.001 does nearly nothing here, and
# 0.1 destroys the network.) The next cell trains 20 networks: up to a minute, or a
# few on a slow machine.

# %% trains=true
def run(dropout=0.0, l2=0.0, patience=0, clean=False, validate=False):
    """Train one fresh network. Returns its test accuracy in percent, its probabilities, the
    model, the history."""
    stop = []
    if patience:
        validate = True
        stop = [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)]
    model = network(dropout, l2)
    history = learn(model, clean=clean, validate=validate, callbacks=stop, verbose=0)
    P = probabilities(model)
    return accuracy(P), P, model, history


def repeat(name, **options):
    """Train SEEDS fresh networks of one method, and say which, because it takes a while."""
    print(f"training {SEEDS} networks, {name}:", end="")
    several = []
    for number in range(SEEDS):
        print(f" {number + 1}", end="", flush=True)
        several.append(run(**methods[name], **options))
    print()
    return several


methods = {
    "none": {},
    "L2": {"l2": 0.03},
    "dropout": {"dropout": 0.5},
    "early stopping": {"patience": PATIENCE},
}
runs = {name: repeat(name) for name in methods}
results = {name: [float(accuracy) for accuracy, *_ in several] for name, several in runs.items()}
for name, values in results.items():
    print(f"{name:15s}", np.round(values, 1))

# %% [markdown]
# ### Exercise 8 (2 points)
#
# Write `summarise`: one line for each method.

# %% exercise="summarise"
def summarise(results):
    """Mean, spread and gain of each method.

    results: dict, name of a method → list of at least two numbers, one for each run; it is
        not changed. The lists may differ in length. One of the names is "none", at any
        place: no regularisation.
    Returns a dict with the same names, in any order; name → (mean, standard deviation with n − 1,
    gain), a tuple or a list; the gain is this mean minus the mean of "none", so that of "none"
    itself is 0.
    """
    ### BEGIN SOLUTION
    base = np.mean(results["none"])
    return {name: (np.mean(values), np.std(values, ddof=1), np.mean(values) - base) for name, values in results.items()}
    ### END SOLUTION


# %% tests="summarise_spread" points=1
names = {
    "KeyError: 'none'": 'results["none"] is there in each call, but your own entry for it is not before its turn: read results["none"] first',
    "KeyError": "your code looks up a name that this call does not have: the names are those of `results`, others in each call",
}
with check.explained(names):
    summary = summarise({"none": [70.0, 72.0, 74.0], "dropout": [75.0, 76.0, 77.0]})
right_names = isinstance(summary, dict) and set(summary) == {"none", "dropout"}
names_now = sorted(map(str, summary)) if isinstance(summary, dict) else type(summary).__name__
check.true(right_names, f'return a dict with the names "none" and "dropout", not {names_now}: does the return stand inside the loop?')
check.true(all(len(line) > 1 for line in summary.values()), "each name has three numbers: mean, standard deviation, gain")
check.close(
    [summary["none"][0], summary["dropout"][0]], [72, 76], hint="your means are wrong: the runs are 70, 72, 74 and 75, 76, 77, and the first number of each line is their mean",
    mistakes={
        "that is the sum: divide by the number of runs": [216, 228],
        "these are the largest values": [74, 77],
        "these are the standard deviations: the mean comes first": [2, 1],
    },
)
check.close(
    [summary["none"][1], summary["dropout"][1]], [2, 1], hint="your standard deviations are wrong: look at the formula above, with n − 1 below the sum and a root around it",
    mistakes={
        "you divided by n; divide by n − 1: np.std(…, ddof=1)": [1.632993, 0.816497],
        "that is the variance: take its square root": [4, 1],
        "that is half of the range; use the standard deviation": [2.0, 1.0000001],
        "that is the variance with n": [2.6666667, 0.6666667],
        "that is the error of the mean; use the standard deviation itself": [1.154701, 0.577350],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
some = {name: rng.normal(75, 2, size=size).tolist() for name, size in (("L2", 4), ("none", 7), ("both", 2))}
means, spreads = ([function(values) for values in some.values()] for function in (statistics.mean, statistics.stdev))
wanted = list(some)
one_by_one = "the lists may differ in length, so they fit into no single array: go through them one by one"
with check.explained({"inhomogeneous": one_by_one, "same length": one_by_one, "broadcast": one_by_one, **names}):
    summary = summarise({name: list(values) for name, values in some.items()})
check.true(set(wanted) <= set(summary), f"the result must have the names of the methods, {wanted}; it has {list(summary)}")
different = "wrong for three methods with 4, 7 and 2 runs: the number of runs may differ"
check.close(
    [summary[name][0] for name in wanted], means, rtol=1e-6, hint=f"{different} (these are the means)",
    mistakes={
        "that is the median: take the mean": [statistics.median(values) for values in some.values()],
        "your numbers are rounded to one digit: return them as they are": [round(mean, 1) for mean in means],
        "your numbers are rounded to two digits: return them as they are": [round(mean, 2) for mean in means],
    },
)
check.close(
    [summary[name][1] for name in wanted], spreads, rtol=1e-5, atol=1e-4, hint=f"{different} (these are the standard deviations)",
    mistakes={"two runs have a standard deviation too: the formula holds for them as it is": [*spreads[:2], 0]},
)
tiny = summarise({name: [1e-6 * value for value in values] for name, values in some.items()})
check.close(
    [tiny[name][:2] for name in wanted], [[1e-6 * mean, 1e-6 * spread] for mean, spread in zip(means, spreads)], rtol=1e-4, atol=1e-12,
    hint="wrong for small numbers, of about 0.00007 (these are means and standard deviations): return them as they are, do not round",
)
whole = "the runs may be whole numbers, such as 70: an array of ints holds no fractions, so `a -= mean` fails there; `a - mean` makes a new array"
with check.explained({"": whole}):
    summary = summarise({"none": [70, 73], "L2": [71, 72, 76]})
check.close([summary["none"][:2], summary["L2"][:2]], [[71.5, 4.5**0.5], [73, 7**0.5]], rtol=1e-5, hint=whole)
with np.errstate(all="ignore"):
    equal = summarise({"again": [60.08] * 3, "none": [72.0, 72.0]})
check.close(
    [equal["again"][1], equal["none"][1]], [0, 0], atol=1e-5,
    hint="where all runs are equal the standard deviation is 0: take np.std(…, ddof=1), or the root of the squared distances from the\n"
    "mean (the mean of the squares minus the square of the mean is lost in rounding)",
)
### END HIDDEN TESTS

# %% tests="summarise_gain" points=1
some = {"L2": [75.0, 71.0], "none": [74.0, 70.0], "dropout": [79.0, 75.0]}
in_place = 'summarise changed results: `results.pop("none")` takes an entry out, results["none"] reads it; `values.sort()` sorts in place'
names = {
    "KeyError: 'none'": 'results["none"] is there in each call, but your own entry for it is not before its turn: read results["none"] first',
    "KeyError": "your code looks up a name that this call does not have: the names are those of `results`, others in each call",
}
with check.explained(names), check.unchanged(some, hint=in_place):
    summary = summarise(some)
right_names = isinstance(summary, dict) and set(summary) == {"L2", "none", "dropout"}
check.true(right_names, 'return a dict with the names "L2", "none" and "dropout": that of "none" belongs to it')
check.equal(len(summary["L2"]), 3, "each name has three numbers: mean, standard deviation, gain")
check.close(
    [summary[name][2] for name in ("L2", "none", "dropout")], [1, 0, 5],
    hint="these are your gains over \"none\": the three means are 73, 72 and 77",
    mistakes={
        "the sign is wrong: mean of the method minus mean of \"none\"": [-1, 0, -5],
        "you compared with the first method: compare with the one that is called \"none\"": [0, -1, 4],
        "the gain is a difference of means, in points, not a percentage of \"none\"": [1.388889, 0, 6.944444],
        "the gain is a difference, not a ratio": [1.013889, 1, 1.069444],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
some = {name: rng.normal(70, 3, size=size).tolist() for name, size in zip(("none + L2", "b", "none", "c", "d"), rng.permutation(5) + 3)}
some["c"] = [value - 9 for value in some["none"]]  # worse than nothing
expected = {name: statistics.mean(values) - statistics.mean(some["none"]) for name, values in some.items()}
one_by_one = "the lists may differ in length, so they fit into no single array: go through them one by one"
causes = names | dict.fromkeys(("inhomogeneous", "same length", "broadcast"), one_by_one)
with check.explained(causes), check.unchanged(some, hint=in_place):
    lines = summarise(some)
check.true(set(expected) <= set(lines), f"the result must have the names of the methods, {list(expected)}")
check.close(
    [lines[name][2] for name in expected], list(expected.values()), rtol=1e-6, atol=1e-4,
    hint="wrong for five methods: the gain is the difference of two means, also if the lists differ in length",
    mistakes={
        "you compared with \"none + L2\": compare with the one whose name is just \"none\"":
            [statistics.mean(values) - statistics.mean(some["none + L2"]) for values in some.values()],
        "a gain may be negative, where a method is worse than \"none\": do not cut it off at 0":
            [max(0.0, gain) for gain in expected.values()],
        "a gain may be negative, where a method is worse than \"none\": keep the sign": [abs(gain) for gain in expected.values()],
    },
)
tiny = summarise({name: [1e-6 * value for value in values] for name, values in some.items()})
check.close(
    [tiny[name][2] for name in expected], [1e-6 * gain for gain in expected.values()], rtol=1e-4, atol=1e-10,
    hint="wrong for small numbers, where the gains are of about 0.000001: return them as they are, do not round",
)
### END HIDDEN TESTS

# %%
for name, (mean, spread, gain) in summarise(results).items():
    print(f"{name:15s} {mean:5.1f} ± {spread:.1f}   gain {gain:+.1f} points")
plotting.method_comparison(results);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With every fifth label wrong, dropout wins about 7 points (drawn images: about 8), several times the spread of the
# runs. L2 wins about 3 points (drawn: about 5). Early stopping wins about 5 points (drawn: about 6), and it does so in
# less than half of the epochs. The rows of dropout and of no regularisation do not overlap at all, so that difference is
# no accident. Between L2 and early stopping, five runs are hardly enough to say which one is better. And all this holds
# for *these* images, this network and these settings.
#
# </details>
#
# ## 8 · When does it help, and what does it cost? (8 minutes)
#
# The same 1,000 images, now **with clean labels**. Published gains of dropout are 1 to 2 %.
#
# **Predict before you run.** How many points does dropout gain now, more or fewer than before? And how many epochs does
# each network need until 78 of 100 validation images are right? (Ten trainings, each measured after every epoch.)

# %% trains=true
clean_runs = {name: repeat(name, clean=True, validate=True) for name in ("none", "dropout")}
clean_results = {
    name: [float(accuracy) for accuracy, *_ in several] for name, several in clean_runs.items()
}
clean_gain = np.mean(clean_results["dropout"]) - np.mean(clean_results["none"])


def epochs_to_reach(history, target=0.78):
    """The first epoch, counted from 1, whose validation accuracy reaches the target; one more than
    all if none does."""
    reached = np.array(history.history["val_accuracy"]) >= target
    return int(reached.argmax()) + 1 if reached.any() else len(reached) + 1


epochs_needed = {
    name: np.mean([epochs_to_reach(h) for *_, h in several]) for name, several in clean_runs.items()
}
print(f"gain of dropout with clean labels: {clean_gain:+.1f} points")
for name, needed in epochs_needed.items():
    print(f"epochs until 78 of 100 are right, {name}: {needed:.1f}")
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
curves = {name: several[0][3] for name, several in clean_runs.items()}
plotting.learning_curves(curves, metric="accuracy", ax=left)
plotting.method_comparison(clean_results, title="clean labels", ax=right)
right.set_xlim(np.mean(clean_results["none"]) - 4, np.mean(clean_results["none"]) + 4);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With clean labels there is nothing to gain here: the two means differ by less than 1 point, no more than the runs
# of one method differ among themselves. In some repetitions dropout is even behind. It does little harm to learn correct labels by
# heart. Dropout helps most where a network would otherwise **learn something wrong**. (The
# published gains are those of much larger networks, trained for much longer.)
#
# </details>
#
# It has a price. Each step trains only a part of the network, and noisily: with dropout the network needs about 2 times
# as many epochs to come as far (drawn images: about 2.6 times). And its *training* accuracy is measured with half of the
# hidden neurons switched off, so it may lie below the validation accuracy: that is no error.
#
# ### Written question 1 (2 points)
#
# A classmate trains on all 55,000 clean images for 5 epochs. Training accuracy is 0.89, validation accuracy 0.88.
# "The network should be better", she says, and adds dropout with rate 0.5 after each hidden layer. After 5 epochs
# the training accuracy is 0.84 and the validation accuracy 0.86. "Dropout is broken: training is worse than
# validation, and both are worse than before."
#
# 1. Why can the training accuracy lie *below* the validation accuracy here?
# 2. Did the first network need dropout? How do you see that in these numbers? And yours, on 1,000 clean images: which
#    gain did you predict, and which one did your runs show?
# 3. What else would you try, with and without dropout? Name two things.

# %% [markdown] written="when_dropout" points=2
# 1. (½ point) In training half of the hidden neurons are dropped (and the accuracy is averaged over the epoch
#    while the network still improves); for validation all neurons work. So the two figures are not measured on
#    the same network.
# 2. (½ point) No. The gap between training and validation is one point: the network hardly overfits, it is not
#    finished (underfitting, too few epochs). Dropout makes the gap smaller; there was no gap to speak of. The half
#    point needs the gain that the student's own cell printed, and a prediction, right or wrong.
# 3. (½ point each, two of these or other sound ideas) train longer (with dropout about twice as long); a larger
#    or deeper network; a better learning rate or a schedule; a smaller rate such as 0.1 or 0.2; another kind of
#    network (convolution). Not sound: more regularisation of any kind.

# %% [markdown]
# ## 9 · How sure are you? Monte-Carlo dropout (10 minutes)
#
# A network with $H$ neurons that may be dropped contains $2^H$ thinner networks that share their weights. In training
# each image draws one of them and trains it. At test time the full network acts roughly as their average. But you can also
# ask them one by one: **leave dropout on at test time** and predict the same image many times. The mean of these
# predictions is the answer. Their spread says how much the thinner networks disagree: a sign of uncertainty. This
# is **Monte-Carlo dropout**.
#
# One call with dropout left on: `model(X, training=True)`. (`model.predict` always switches it off.) The result
# is a tensor; `keras.ops.convert_to_numpy` turns it into an array.
#
# **Predict before you run.** A layer's output is 1, dropout has rate 0.5, so each draw gives 0 or 2. What are the
# mean and the standard deviation of many draws?
#
# <details><summary>Answer</summary>
#
# Both are 1: the mean is (0 + 2)/2, and every draw is exactly 1 away from it.
#
# </details>
#
# ### Exercise 9 (2 points)
#
# Write `mc_predict`.

# %% exercise="mc_predict"
def mc_predict(model, X, times):
    """Many predictions with dropout left on: their mean and their spread.

    model: a Keras model, with or without dropout, without batch normalisation. X: float array
        (n, …), the samples. times: int, at least 1, how many draws are made for each sample.
        Neither X nor a weight of the model is changed.
    Returns two arrays of the shape of the model's output, usually (n, classes): the mean
    over the predictions, and their standard deviation (dividing by `times`, so that it is 0
    for a single prediction).
    """
    ### BEGIN SOLUTION
    draws = np.array([keras.ops.convert_to_numpy(model(X, training=True)) for _ in range(times)])
    return draws.mean(axis=0), draws.std(axis=0)
    ### END SOLUTION


# %% tests="mc_mean" points=1
coin = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])  # each entry becomes 0 or twice as large
threes = np.full((3000, 4), 3.0, dtype="float32")
result = mc_predict(coin, threes.copy(), 20)
check.length(result, 2, "return two arrays: the mean, and the standard deviation")
check.shape(result[0], (3000, 4), "the mean over the predictions (the first axis) has the shape of one prediction")
check.true(
    np.std(result[0]) > 0.01,
    "dropout was switched off: call model(X, training=True); predict always switches it off. (Keras says nothing of a word that is\n"
    "misspelt, such as trainig=True.)",
)
check.between(
    np.mean(result[0]), 2.8, 3.2, name="the mean for inputs of 3",
    high_hint="divide the sum by `times`", low_hint="is it the mean over all predictions?",
)
steady = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax")])
X = np.random.default_rng().normal(size=(6, 5)).astype("float32")
output = "the results have the shape of the model's output, here (6, 3), not that of X"
none = "the model may have no dropout at all, which `ensembles.mc_dropout` refuses: call the model yourself, model(X, training=True)"
only_asks = "mc_predict changed X or the model: it only asks"
with check.explained({"broadcast": output, "has no dropout": none}), check.unchanged(X, steady, hint=only_asks):
    centre = mc_predict(steady, X, 4)[0]
check.shape(centre, (6, 3), output)
check.true(
    not np.max(np.abs(np.asarray(centre))) < 1e-3,
    "without dropout the mean is the prediction, and the spread is 0. Your first array is 0: return the mean first, then the spread",
)
### BEGIN HIDDEN TESTS
once = np.asarray(mc_predict(coin, threes.copy(), 1)[0])
check.true(np.isfinite(once).all(), "with times=1 the mean holds nan: make exactly `times` predictions, here one")
check.true(
    not np.allclose(once, 3, atol=1e-3),
    "with times=1 and rate 0.5 inputs of 3 give 0 or 6, and yours are 3: one prediction is made without dropout. All `times` of them\n"
    "need it, the first one too: model(X, training=True)",
)
check.close(
    np.unique(np.round(once, 4)), [0, 6], atol=1e-3,
    hint="with times=1 and rate 0.5 inputs of 3 give 0 or 6: make exactly `times` predictions, with dropout on",
)
check.close(centre, check.outputs(steady, X), rtol=1e-4, atol=1e-6, hint="for a model without dropout the mean is its ordinary prediction")
maps = keras.Sequential([keras.Input((5,)), keras.layers.Dense(6), keras.layers.Reshape((2, 3))])
as_a_map = "for one sample and a model whose output is a map of 2 by 3, both results have the shape of the model's output, (1, 2, 3)"
with check.explained({"": as_a_map}):
    centre, spread = mc_predict(maps, X[:1].copy(), 3)
for piece in (centre, spread):
    check.shape(piece, (1, 2, 3), as_a_map)
images = keras.Sequential([keras.Input((4, 5)), keras.layers.Flatten(), keras.layers.Dense(3)])
grey = np.random.default_rng().normal(size=(2, 4, 5)).astype("float32")
more_axes = "X may have more than two axes, here (2, 4, 5), for two samples of 4 by 5: leave a sample's own axes as they are"
with check.explained({"": more_axes}):
    check.close(mc_predict(images, grey.copy(), 3)[0], check.outputs(images, grey), rtol=1e-4, atol=1e-6, hint=more_axes)
start = keras.Input((4,))
inner = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])
branched = keras.Model(start, keras.layers.Add()([inner(start), keras.layers.Identity()(start)]))  # 3 + 0, or 3 + 6
whole = "model may be any Keras model, here one with two paths, one of them a model of its own: call it as a whole, model(X, training=True)"
with check.explained({"": whole}):
    centre = mc_predict(branched, threes.copy(), 20)[0]
    check.shape(centre, (3000, 4), whole)
check.true(np.std(centre) > 0.01, f"dropout was switched off in a part of the model; {whole}")
once = np.asarray(mc_predict(branched, threes.copy(), 1)[0])
check.close(np.unique(np.round(once, 4)), [3, 9], atol=1e-3, hint=f"with times=1 inputs of 3 give 3 or 9; {whole}")
mostly = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.25)])  # each entry becomes 0 or 4/3 as large
centre = np.asarray(mc_predict(mostly, threes.copy(), 211)[0], dtype=float)
check.close(
    np.mean(centre), 3, rtol=0.05,
    hint="this is the average of your means for inputs of 3 and rate 0.25, where an entry is 0 or 4",
    mistakes={"that is the median of the predictions: take the mean": 4},
)
sums = centre * 211 / 4
check.close(
    sums, np.round(sums), rtol=0, atol=0.02,
    hint="these are your means for times=211, multiplied by 211/4: they must be whole numbers, because each draw is 0 or 4. Make exactly\n"
    "`times` predictions, and do not limit times",
)
### END HIDDEN TESTS

# %% tests="mc_spread" points=1
coin = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])
threes = np.full((300, 4), 3.0, dtype="float32")
result = mc_predict(coin, threes.copy(), 30)
check.length(result, 2, "return two arrays: the mean, and the standard deviation")
check.shape(result[1], (300, 4), "the spread over the predictions (the first axis) has the shape of one prediction")
check.close(
    np.mean(result[1]), 3, rtol=0.08, hint="this is the average of your standard deviations, for inputs of 3 and rate 0.5",
    mistakes={
        "that is the variance: take the square root, or use .std": 9,
        "all predictions are equal: call model(X, training=True) anew for each of them (predict always switches dropout off)": 0,
        "that is the error of the mean: the standard deviation is not divided by √times": 0.5477,
    },
)
single = "times may be 1, which `ensembles.mc_dropout` refuses: call the model yourself, model(X, training=True)"
with check.explained({"at least 2": single}), np.errstate(all="ignore"):
    result = mc_predict(coin, threes.copy(), 1)
check.length(result, 2, "return two arrays for a single prediction too: the mean, and the standard deviation")
first, alone = (np.asarray(array) for array in result)
check.true(
    np.any(first) or not np.max(alone) > 0,
    "with times=1 the spread is 0, and here it is your first array that is 0: return the mean first, then the standard deviation",
)
check.close(
    alone, np.zeros((300, 4)),
    hint="a single prediction has no spread: with times=1 the standard deviation is 0 (divide by times, not by times − 1)",
)
### BEGIN HIDDEN TESTS
check.close(
    np.mean(mc_predict(coin, 1e-5 * threes, 30)[1]), 3e-5, rtol=0.08, atol=0,
    hint="this is the average of your standard deviations for small outputs, 0 or 0.00006: do not round, and add nothing",
)
steady = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
X = np.random.default_rng().normal(size=(300, 4)).astype("float32")
with np.errstate(all="ignore"):
    spread = np.asarray(mc_predict(steady, X, 7)[1])
check.true(
    np.isfinite(spread).all() and not 1e-5 < np.max(spread) < 1e-2,  # more than that is dropout, which the test above judges
    f"for a model without dropout the spread is 0, yours is up to {np.max(spread):.2g}: the mean of the squares minus the square of\n"
    "the mean is lost in rounding; use np.std, or the mean of (p − mean)²",
)
mostly = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.25)])  # 0 with probability 1/4, otherwise 4
if np.max(spread) < 1e-2:
    check.close(
        np.mean(mc_predict(mostly, threes.copy(), 200)[1]), 3**0.5, rtol=0.03,
        hint="this is the average of your standard deviations for inputs of 3 and rate 0.25, where a draw is 0 or 4; in theory it is 1.73",
        mistakes={
            "that is the mean distance from the mean: square the distances, take their mean, then the root": 1.5,
            "that is half of the range: use the standard deviation": 2,
        },
    )
    five, spread = (np.asarray(array, dtype=float) for array in mc_predict(coin, threes.copy(), 5))
    # Five values that are 0 or 6: which means there can be, and which standard deviations, divided by 5 or by 4.
    means, by_5, by_4 = [0, 1.2, 2.4, 3.6, 4.8, 6], [0, 2.4, 2.9394], [0, 2.6833, 3.2863]
    alike = [
        np.isclose(array[..., np.newaxis], values, rtol=0, atol=5e-3).any(axis=-1).all()
        for array, values in ((five, means), (spread, by_5), (spread, by_4))
    ]
    check.true(
        not (np.max(spread) > 0 and alike[2]), "for the standard deviation divide by times, as np.std does by itself, not by times − 1"
    )
    several = alike[0] and alike[1] and np.unique(np.round(five, 1)).size > 2
    check.true(
        not several or np.allclose(spread, np.sqrt(np.maximum(five * (6 - five), 0)), atol=0.02),
        "mean and standard deviation do not belong to each other: take both from the same predictions",
    )
### END HIDDEN TESTS

# %% [markdown]
# **Look.** An ordinary boot that the network has never seen, and then four odd things. The network is one of section
# 8, with dropout and clean labels. (From here on `ensembles.mc_dropout` does the work: the same as yours, in batches.)
#
# The **entropy** $-\sum_j p_j \log p_j$ of the mean puts uncertainty into one number: 0 for complete certainty,
# $\ln 10 = 2.30$ if all ten classes are equally likely.
#
# **Predict before you run.** For which of the odd images will the network be *sure*?

# %%
thinker = clean_runs["dropout"][0][2]
ordinary = np.array(fashion.X_test[:200])
boot, shirt = (fashion.X_test[np.flatnonzero(y_test == label)[0]] for label in (9, 6))
seven = np.zeros((28, 28), dtype="uint8")
seven[6:9, 7:20] = 255
for row in range(9, 23):
    start = 19 - (row - 6) * 2 // 3
    seven[row, start : start + 3] = 255
odd = {
    "boot": boot,
    "boot upside down": boot[::-1],
    "half boot,\nhalf shirt": np.hstack([boot[:, :14], shirt[:, 14:]]),
    "a seven": seven,
    "noise": np.random.default_rng(0).integers(0, 256, size=(28, 28)).astype("uint8"),
}
mean, std = ensembles.mc_dropout(thinker, scaled(np.array(list(odd.values()))), times=200)
axes = plt.subplots(2, len(odd), figsize=(11, 4.4), layout="constrained", height_ratios=[1, 1.6])[1]
for column, (name, image) in enumerate(odd.items()):
    axes[0, column].imshow(image, cmap="gray")
    axes[0, column].set_title(name, fontsize=9)
    axes[0, column].set_axis_off()
    plotting.class_probabilities(mean[column], std[column], fashion.class_names, ax=axes[1, column])
    if column:
        axes[1, column].set_yticklabels([])

# %%
ordinary_mean, ordinary_std = ensembles.mc_dropout(thinker, scaled(ordinary), times=50)
ordinary_entropy = float(np.median(ensembles.entropy(ordinary_mean)))
print(f"entropy of an ordinary image (median of 200): {ordinary_entropy:.2f}")
print(f"largest possible entropy: {math.log(10):.2f}")
for name, p, spread in zip(odd, mean, std):
    label = p.argmax()
    said = f"{fashion.class_names[label]} {p[label]:.2f} ± {spread[label]:.2f}"
    print(f"{' '.join(name.split()):23s} entropy {ensembles.entropy(p):.2f}   {said}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The whiskers are the disagreement of the thinner networks (cut off where a probability would pass 0 or 1). Half
# boot and half shirt, or noise, usually get a much higher entropy than an ordinary image. But not every odd thing
# does: look for one whose largest probability is high. In another run it may be the seven, or the boot upside down: the
# network never learned to say "nothing of these". **A small spread is no proof** that an answer is right.
#
# </details>
#
# ### Written question 2 (2 points)
#
# A clinic uses a network that answers "ill" or "healthy" from an image, with Monte-Carlo dropout.
#
# 1. For one patient 200 predictions give P(ill) = 0.55 ± 0.30, for another 0.55 ± 0.02. What is different about
#    the two, and what would you do in each case?
# 2. A colleague reports "0.55 ± 0.00" for every patient. What has he probably done wrong?
# 3. Somebody says: "where the spread is small, no doctor needs to look". Why is this dangerous? Take, of the four odd
#    images in *your* run, the one with the smallest spread: what did the network call it, how surely, and had you
#    predicted that? If it was right: how would you know that it was?

# %% [markdown] written="uncertainty" points=2
# 1. (1 point; ½ each) First patient: the thinner networks disagree (some say ill, some healthy), the model does
#    not know this kind of image well; a person should look, or more images of this kind are needed. Second
#    patient: all of them agree that the case is close to even: the image itself does not decide it; another
#    examination is needed, more votes of this network bring nothing.
# 2. (½ point) Dropout was switched off: he used `predict`, or `training=False`, so that all predictions are equal
#    (or the network has no dropout).
# 3. (½ point) The spread tells about disagreement between the thinner networks, not about truth. All of them saw
#    the same training images and can be wrong together, surely and with a small spread, above all on images
#    unlike those in training. The half point needs an image and its figures as the student's own cell printed them.

# %% [markdown]
# ## 10 · Many networks, one answer (6 minutes)
#
# Networks that were trained separately make different mistakes. Average their probabilities, and accidents
# cancel: an **ensemble**. A gain of about 2 % is typical. We already have five networks of each kind, from
# section 7.
#
# The plain average is not the same as a vote: without any weights, a network that is *very* sure moves it further than one that
# is in doubt.
#
# ### Exercise 10 (2 points)
#
# Write `ensemble`.

# %% exercise="ensemble"
def ensemble(P):
    """The joint answer of several networks.

    P: float array (models, n, classes): for each network its probabilities, one row a sample; it
        is not changed.
    Returns two arrays: the mean probabilities (n, classes), and the labels (n,): for each sample
    the number of the class with the largest mean probability, counted from 0; any of them where
    several are equal.
    """
    ### BEGIN SOLUTION
    mean = np.mean(P, axis=0)
    return mean, mean.argmax(axis=1)
    ### END SOLUTION


# %% tests="ensemble_mean" points=1
P = np.array([
    [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]],
    [[0.4, 0.6], [0.3, 0.7], [0.7, 0.3], [0.2, 0.8]],
    [[0.4, 0.6], [0.7, 0.3], [0.8, 0.2], [0.3, 0.7]],
])
result = ensemble(P.copy())
check.length(result, 2, "return two arrays: the mean probabilities, and the labels")
check.close(
    result[0], [[0.566667, 0.433333], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]], atol=1e-6,
    hint="these are your mean probabilities: of the first sample and class 0 the three networks say 0.9, 0.4 and 0.4",
    mistakes={
        "these are the labels: return the mean probabilities first": [0, 1, 0, 1],
        "you averaged over the samples: the networks are axis 0": [[0.45, 0.55], [0.4, 0.6], [0.55, 0.45]],
        "that is the sum: divide by the number of networks": [[1.7, 1.3], [1.2, 1.8], [2.1, 0.9], [0.6, 2.4]],
        "these are shares of votes: average the probabilities": [[0.333333, 0.666667], [0.333333, 0.666667], [1, 0], [0, 1]],
        "you took the largest probability of any network: take the mean": [[0.9, 0.6], [0.7, 0.8], [0.8, 0.4], [0.3, 0.9]],
    },
)
for dtype in ("float64", "float32"):  # np.asarray(P, dtype) makes no copy of an array that has this dtype
    P = P.astype(dtype)
    with check.unchanged(P, hint="ensemble changed P: `P /= n` works in place, `P / n` makes a new array"):
        ensemble(P)
### BEGIN HIDDEN TESTS
P = np.random.default_rng().dirichlet(np.ones(4), size=(5, 30))
check.close(
    ensemble(P.copy())[0], sum(P[i] for i in range(5)) / 5, rtol=1e-6,
    hint="wrong for 5 networks, 30 samples and 4 classes: nothing may depend on three networks",
)
check.close(
    ensemble(np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]] * 3))[0], [[1, 0, 0], [0, 1, 0]],
    hint="where all networks say exactly 0 or 1, so does the mean: do not limit the probabilities, and add nothing",
)
for networks, samples, classes in ((1, 6, 3), (3, 1, 4), (2, 5, 2), (9, 4, 3)):
    P = np.random.default_rng().dirichlet(np.ones(classes), size=(networks, samples))
    sizes = f"{networks} networks, {samples} samples and {classes} classes"
    check.close(
        ensemble(P.copy())[0], [[math.fsum(P[:, i, j]) / networks for j in range(classes)] for i in range(samples)], rtol=1e-6,
        hint=f"wrong for {sizes}: the mean over the first axis, (n, classes), also where there is only one of something",
    )
### END HIDDEN TESTS

# %% tests="ensemble_labels" points=1
P = np.array([
    [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]],
    [[0.4, 0.6], [0.3, 0.7], [0.7, 0.3], [0.2, 0.8]],
    [[0.4, 0.6], [0.7, 0.3], [0.8, 0.2], [0.3, 0.7]],
])
result = ensemble(P.copy())
check.length(result, 2, "return two arrays: the mean probabilities, and the labels")
check.equal(
    result[1], [0, 1, 0, 1],
    "your labels are not one class for each sample, that with the largest MEAN probability: for the first sample the means are 0.57 and\n"
    "0.43, so its label is 0",
    mistakes={
        "that is a vote: two unsure networks beat one that is very sure. Take the largest MEAN probability": [1, 1, 0, 1],
        "take the argmax over the classes (axis 1 of the mean), not over the samples": [2, 3],
        "argmax without an axis gives one place in the whole table: argmax(axis=1)": 7,
    },
)
### BEGIN HIDDEN TESTS
P = np.random.default_rng().dirichlet(np.full(6, 0.3), size=(4, 60))
P[:, 0] = 0.1, 0.1, 0.1, 0.6, 0.05, 0.05  # a mean above one half, and not of the first two classes
totals = [[sum(P[:, i, j]) for j in range(6)] for i in range(60)]
sure, second = P.max(axis=0).argmax(axis=1).tolist(), (P.mean(axis=0)[:, 1] > 0.5).astype(int).tolist()
check.equal(
    ensemble(P.copy())[1], [row.index(max(row)) for row in totals],
    "wrong for 4 networks, 60 samples and 6 classes: one label a sample, the class with the largest mean",
    mistakes={
        "the label is not the class of which one network is surest: take the class with the largest MEAN": sure,
        "that works for two classes only, and here are 6: take argmax(axis=1) of the mean": second,
        "do not round the means before argmax: the larger one counts, however little it is": P.mean(axis=0).round(2).argmax(axis=1),
    },
)
near = np.array([[[0.4, 0.400002, 0.199998], [0.3, 0.1, 0.6]], [[0.4, 0.400002, 0.199998], [0.2, 0.7, 0.1]]])
centre, labels = (np.asarray(result) for result in ensemble(near.copy()))
check.true(
    np.array_equal(labels, [1, 1]) or np.array_equal(labels, centre.argmax(axis=-1)),  # rounded means are what the test above judges
    "where two mean probabilities are nearly equal, 0.4 and 0.400002, the larger one still counts: do not round before argmax",
)
tied = "where two mean probabilities are equal, a sample has one label all the same, any of the two: argmax takes the first"
with check.explained({"": tied}):
    equal = np.array([[[0.5, 0.25, 0.25], [0.25, 0.375, 0.375]], [[0.25, 0.5, 0.25], [0.25, 0.375, 0.375]]])
    labels = np.asarray(ensemble(equal)[1])
    check.true(labels.shape == (2,) and labels[0] in (0, 1) and labels[1] in (1, 2), tied)
for networks, samples, classes in ((1, 6, 3), (3, 1, 4), (2, 5, 2)):
    P = np.random.default_rng().dirichlet(np.ones(classes), size=(networks, samples))
    sums = [[math.fsum(P[:, i, j]) for j in range(classes)] for i in range(samples)]
    check.equal(
        ensemble(P.copy())[1], [row.index(max(row)) for row in sums],
        f"wrong for {networks} networks, {samples} samples and {classes} classes: one label a sample, also where there is only one of something",
    )
### END HIDDEN TESTS

# %%
team_accuracy = {}
for name in ("none", "dropout"):
    P = np.array([P for _, P, *_ in runs[name]])
    team_accuracy[name] = 100 * np.mean(ensemble(P)[1] == y_test)
    one, team = np.mean(results[name]), team_accuracy[name]
    print(f"{name:8s} one network {one:.1f} %, {len(P)} networks together {team:.1f} %")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Five plain networks together are about 3 points better than one alone: each has learned the wrong labels in its own
# way, and such accidents cancel. Networks with dropout are averages already, so they gain less from being averaged once
# more. Still, the five of them are the best of all, about 9 points above a single plain network (drawn images: about
# 10). The price is five trainings and five networks to keep.
#
# </details>
#
# ## 11 · Averages for the price of one (7 minutes)
#
# Can one training give an ensemble? Its weights wander about in the later epochs. So average the *weights* along
# the way. There are two ways: the plain mean of the last few **checkpoints** (the weights after each epoch), or a
# **running average**, which forgets the past slowly:
#
# $$\bar w \leftarrow d \cdot \bar w + (1 - d) \cdot w, \qquad 0 \le d < 1$$
#
# The larger the decay $d$, the longer the memory: in effect it averages about the last $1/(1-d)$ values.
#
# ### Exercise 11 (2 points)
#
# Write `update_average` for the weights of a network, a list of arrays as
# `model.get_weights()` gives it.

# %% exercise="update_average"
def update_average(average, weights, decay):
    """One step of the running average: decay · average + (1 − decay) · weights.

    average, weights: lists of float arrays, of the same length and with the same shapes; they
        are not changed.
    decay: float from 0 to below 1.
    Returns a new list of new arrays with these shapes, for decay 0 too.
    """
    ### BEGIN SOLUTION
    return [decay * old + (1 - decay) * new for old, new in zip(average, weights)]
    ### END SOLUTION


# %% tests="average_step" points=1
old, new = [np.array([[1.0, 2.0]]), np.array([0.0])], [np.array([[2.0, 0.0]]), np.array([10.0])]
by_zip = "lists cannot be multiplied, and arrays of different shapes fit into no single array: go through both with zip"
with check.explained({"inhomogeneous": by_zip, "can't multiply sequence": by_zip}):
    averaged = update_average([a.copy() for a in old], [a.copy() for a in new], 0.9)
check.equal(len(averaged), 2, "return a list with one array for each array of the network")
check.close(
    averaged[0], [[1.1, 1.8]], atol=1e-6, hint="this is your first array, for decay 0.9: by hand, an old 1 and a new 2 give 0.9 + 0.2",
    mistakes={
        "decay and 1 − decay are exchanged: the old average counts decay, 0.9": [[1.9, 0.2]],
        "that is the plain mean: the old average counts decay, the new weights 1 − decay": [[1.5, 1.0]],
        "the new weights must be multiplied by 1 − decay": [[2.9, 1.8]],
        "both were multiplied by decay: the new weights count 1 − decay": [[2.7, 1.8]],
        "nothing was added: the new weights count 1 − decay": [[0.9, 1.8]],
    },
)
check.close(averaged[1], [1.0], atol=1e-6, hint="this is your second array, for decay 0.9: each array is averaged alike; here an old 0 and a new 10 give 1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
steps, decay = rng.normal(size=(30, 4)), rng.uniform(0.6, 0.85)
average = [steps[0].copy(), np.zeros((2, 3)), -steps[0].reshape(2, 1, 2)]
for w in steps[1:]:
    average = update_average(average, [w.copy(), np.ones((2, 3)), -w.reshape(2, 1, 2)], decay)
counts = np.array([decay**29] + [(1 - decay) * decay ** (29 - i) for i in range(1, 30)])
check.equal(len(average), 3, "for a network with three arrays")
check.close(
    np.append(average[0], average[1]), np.append(counts @ steps, np.full(6, 1 - decay**29)), rtol=1e-4, atol=1e-6,
    hint=f"wrong after 29 steps with decay {decay:.2f}, for a network with three arrays",
)
check.close(
    average[2], -(counts @ steps).reshape(2, 1, 2), rtol=1e-4, atol=1e-6,
    hint=f"the last of three arrays, which has three axes, is wrong after 29 steps with decay {decay:.2f}: each array is averaged alike",
)
forgetful = update_average([steps[0].copy()], [steps[1].copy()], 0.0)
check.length(forgetful, 1, "here the network has a single array: return a list with one")
check.close(forgetful[0], steps[1], hint="with decay 0 the old average counts nothing, and the new one is the new weights")
small = update_average([np.array([2e-9, 0.0])], [np.array([4e-9, -2e-9])], 0.5)
check.close(
    small[0], [3e-9, -1e-9], rtol=1e-4, atol=0,
    hint="wrong for small weights, of about 0.000000001: do not round, and do not take nearly equal ones for equal, as np.allclose does",
)
slow = update_average([np.array([1.0, -2.0])], [np.array([2.0, 0.0])], 0.999)
check.close(slow[0], [1.001, -1.998], hint="wrong for decay 0.999: any decay below 1 counts as it is, do not limit it")
### END HIDDEN TESTS

# %% tests="average_pure" points=1
old, new = [np.ones((2, 2)), np.zeros(3)], [np.full((2, 2), 5.0), np.ones(3)]
in_place = "`a *= decay` and `average[i] = …` work in place;\nmake new arrays and a new list"
by_zip = "lists cannot be multiplied, and arrays of different shapes fit into no single array: go through both with zip"
causes = check.explained({"inhomogeneous": by_zip, "can't multiply sequence": by_zip})
with causes, check.unchanged(old, hint=f"update_average changed the old average: {in_place}"):
    result = update_average(old, new, 0.5)
check.length(result, 2, "return a list with one array for each array of the network")
check.shape(result[0], (2, 2), "the first array of the network is 2 by 2: does `return` stand inside the loop?")
### BEGIN HIDDEN TESTS
in_place = "`w *= 1 - decay` works in place, `(1 - decay) * w` makes a new array"
new = [np.full((2, 2), 5.0), np.ones(3)]
with check.unchanged(new, hint=f"update_average changed the new weights: {in_place}"):
    update_average(old, new, 0.5)
new_arrays = "update_average returned an array that it was given: return new arrays, for decay 0 too"
result = update_average(old, new, 0.0)
given = [*old, *new]
check.true(result is not new and not any(np.may_share_memory(array, one) for array in result for one in given), new_arrays)
equal = [array.copy() for array in old]
result = update_average(old, equal, 0.5)
given = [*old, *equal]
check.true(
    not any(array is one for array in result for one in given),
    "where the new weights equal the old average, update_average returned an array that it was given: return new arrays always",
)
single = [[array.astype("float32") for array in arrays] for arrays in (old, new)]
no_copy = "here they are float32, as Keras gives them: np.asarray makes no copy of such an array, np.array does"
with check.unchanged(*single, hint=f"update_average changed the old average or the new weights. {in_place};\n{no_copy}"):
    update_average(*single, 0.5)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** One training of the plain network on the wrong labels, the weights kept after each epoch. Then your
# function runs through them, with decay 0.8.
#
# **Predict before you run.** Will the averaged network be better than the last one, or is an average of weights
# nonsense? (Hint: all checkpoints come from *one* training, so neuron 17 has the same job in each of them.)

# %% trains=true
checkpoints = []
wanderer = network()
keep = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: checkpoints.append(wanderer.get_weights())
)
wanderer_history = learn(wanderer, callbacks=[keep])


def accuracy_with(weights):
    wanderer.set_weights(weights)
    return accuracy(probabilities(wanderer))


average, last_path, average_path = checkpoints[0], [], []
for w in checkpoints:
    average = update_average(average, w, 0.8)
    last_path.append(accuracy_with(w))
    average_path.append(accuracy_with(average))
swa_accuracy = accuracy_with(ensembles.average_weights(checkpoints[len(checkpoints) // 2 :]))
ax = plt.subplots(figsize=(5.6, 3.2), layout="constrained")[1]
ax.plot(
    range(1, len(checkpoints) + 1),
    last_path,
    "o--",
    color=plotting.COLOURS[1],
    markersize=3,
    label="weights of the epoch",
)
ax.plot(
    range(1, len(checkpoints) + 1),
    average_path,
    "s-",
    color=plotting.COLOURS[0],
    markersize=3,
    label="running average",
)
ax.set(xlabel="epoch", ylabel="test accuracy (%)")
ax.legend(frameon=False, fontsize=8)
late = slice(len(checkpoints) // 2, None)
last_late, average_late = float(np.mean(last_path[late])), float(np.mean(average_path[late]))
average_gain = average_late - last_late
print("second half of the training:")
print(f"weights of the epoch {last_late:.1f} %, running average {average_late:.1f} %")
print(f"plain mean of the second half's checkpoints: {swa_accuracy:.1f} %")
said = f"The weights of each epoch end at {last_path[-1]:.1f} %"
said += f", their running average at {average_path[-1]:.1f} %; it is the smoother curve."
plotting.describe(ax, f"Test accuracy by epoch. {said}");

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# In the second half of the training the running average is smoother and lies about 3 points higher (drawn images: about 4), for no training time at all.
# (The plain mean of those checkpoints gains less: it forgets nothing.) It only delays the learning by heart, though: at the end it sinks as well. Do *not* average the weights of networks
# that were trained separately: there, neuron 17 has another job in each network. Average their answers (section 10).
#
# </details>
#
# You need not write this yourself in practice. `keras.optimizers.Adam(use_ema=True, ema_momentum=0.99)` keeps a
# running average after every step, and `keras.callbacks.SwapEMAWeights` puts it into the network when you
# measure.

# %% [markdown]
# ## What you learned
#
# - A large network can learn wrong labels by heart. The gap between training and validation shows it.
# - L1 adds up $|w|$, pushes weights to 0 and selects features. L2 adds up $w^2$, shrinks all weights and
#   spreads the work.
# - Inverted dropout: scale the survivors by $1/(1-p)$ in training, do nothing at test time. The same mask goes
#   backward.
# - Early stopping: keep the weights of the lowest validation loss. It saves time, and its result jumps.
# - Two methods are compared over several runs, with mean and standard deviation.
# - Dropout helped much against wrong labels, and not at all with clean ones. It needs about twice as many steps.
# - Dropout left on shows where the thinner networks disagree. Averages of answers, or of one training's weights,
#   win points with little effort.
#
# ## What to change and try
#
# Locked cells ignore what you type: copy the code that you need into a new cell, and change it there; for a number such as `SMALL` a new cell
# with `SMALL = 5000`, above the cells that use it, is enough. Do it in a copy of this notebook, so that what you hand in stays whole.
#
# - Change the share of wrong labels in `with_wrong_labels` to 0 and to 0.4. How does the gain of dropout change?
# - Rates 0.1, 0.3, 0.5, 0.7: where is the best one, and does it depend on the wrong labels?
# - Put dropout on the *inputs* as well, with rate 0.2.
# - Dropout and L2 together, or dropout and early stopping: does the second method add anything?
# - Set `SMALL` to 5,000 and to 200 (in a new cell above that with `load_fashion_mnist`; then run all cells below it). When does regularisation matter more?
# - Find images on which the dropout network is wrong and has a small spread. What do they look like?

# %% [markdown]
# ## Hand in
#
# The first cell shows where you stand. The second one runs everything once more from top to bottom, tells you what is still missing, and
# writes the file to hand in: save the notebook before you run it. (It takes about as long as all cells
# together took you, says how long, and asks once for your student ID.) Run both as often as you like. If they end with `NameError`, the kernel
# was restarted: run the first code cell of the notebook, with `import coursekit`, and then these two again.

# %%
coursekit.progress()

# %%
coursekit.submit()
