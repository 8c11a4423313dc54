# %% [markdown]
# # Lab 1 · Perceptron
#
# - **Time**: 90–120 minutes for reading and writing. The computer itself needs less than a minute.
# - **Points**: 29, of which 2 are for a written question.
#
# You build the smallest neural network, a single unit, and teach it to tell cats from dogs. Then you meet a problem that it can never
# solve, prove that, and solve it with a hidden layer: first by hand, then by training, then with Keras.
#
# After this lab you can
#
# - compute what a threshold unit answers, and choose weights for simple logic by thinking;
# - say which of several separating lines to trust, and measure why;
# - train a unit with the perceptron rule and with the delta rule, and check a gradient numerically;
# - recognise a learning rate that is too small or too large;
# - prove that no single unit computes XOR, and explain why a hidden layer helps only if it is not linear;
# - train a small network for XOR, in a few lines of NumPy and in Keras.
#
# Below each exercise stand its checks, folded. Press *Shift+Enter* in your answer, then once more for each check; leave them folded. (A click
# on one unfolds it; in JupyterLab a click on the bar at its left edge folds it again.) A card says whether a check passes, or what is probably
# wrong. More checks of the same kind run when the notebook is marked.
#
# **Write down** each prediction before you run the cell below it, on paper or in a cell of your own: the written questions ask for some of
# them. To answer a written question, double-click the text *YOUR ANSWER HERE* (or select it
# and press *Enter*), and write in its place.
#
# **What counts.** Where a docstring says *int*, *float* or *bool*, a NumPy number of that kind is as good. You may use every
# function of the libraries that the lab imports, unless the exercise says otherwise. Warnings cost nothing.
#
# **AI tools.** Ask them to explain an idea, an error message or a line of code, as you would ask a friend who has done the lab. What
# stands in your answer cells you write yourself, and you can explain every line of it. The written questions ask what *you* predicted and
# what *your* run showed: only your notebook knows that. If a tool helped with an answer, say so there: which one, and with what. If
# your course has rules of its own, those hold.
#
# **Where you stand.** `coursekit.progress()`, in a new cell, shows at any time which checks pass and what is still open. After a restart of
# the kernel, or where a cell says `NameError`, run all cells above it first: *Run ▸ Run All Above Selected Cell* (in Colab *Runtime ▸
# Run before*).
#
# **Locked cells.** The set-up, the numbers in capitals below it, functions that are given and the checks are locked: JupyterLab ignores what
# you type there. To try another number, write it into a new cell below (press *Esc*, then *B*), such as `EPOCHS = 20`; run that cell and
# those after it. Delete it before you hand in, because your notebook is marked with what stands in it.
#
# The first machine of this kind was Rosenblatt's Mark I Perceptron of about 1957: it saw the world through 20×20 = 400 photocells of
# cadmium sulphide. Minsky and Papert showed in 1969 that a single unit of this kind cannot compute XOR, and you will show it too.

# %% given="setup"
import coursekit
import keras
import numpy as np
from coursekit import check, models, plotting, training

coursekit.setup("lab01_perceptron")

# %% given="budget" parameters=true
STEPS = 5000  # training steps of the NumPy network in section 10
EPOCHS = 10  # epochs of the Keras networks in section 11

# %% [markdown]
# ## 1 · A unit that says yes or no
#
# A **threshold unit** takes a sample $x = (x_1, x_2, \dots)$, multiplies each input by a *weight*, adds a *bias* and compares the sum with
# zero:
#
# $$o(x) = \begin{cases} 1 & \text{if } w \cdot x + b > 0 \\ 0 & \text{otherwise} \end{cases}
# \qquad\text{with}\qquad w \cdot x = w_1 x_1 + w_2 x_2 + \dots$$
#
# We call $w \cdot x + b$ the **score**. A score of exactly 0 gives the answer 0. (Some books use the answers +1 and −1 instead of 1 and 0.
# It is the same unit with other names for its answers.)
#
# The next cell has a unit for one sample, and the four samples that we shall need most: every combination of two inputs that are 0 or 1.

# %% given="fires"
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def fires(x, w, b):
    """What one threshold unit says to one sample: 1 if its score is above 0, else 0."""
    return int(np.dot(w, x) + b > 0)


# %%
# One layer, with its weights and its bias:
plotting.network_diagram([([1, 1], -1.5)], inputs=["$x_1$", "$x_2$"]);

# %% [markdown]
# **Predict before you run**, here and later, and write it down: a written question asks what you predicted. The unit in the
# picture has $w = (1, 1)$ and $b = -1.5$. What does it say to each of the four corners? Which logical word does it compute:
# *and*, *or*, something else?

# %%
for corner in CORNERS:
    print(
        f"x = {corner}   score = {np.dot([1, 1], corner) - 1.5:+.1f}"
        f"   answer = {fires(corner, [1, 1], -1.5)}"
    )

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# It computes **AND**: only when both inputs are 1 does their sum reach over 1.5.
#
# </details>
#
# Networks never work on one sample at a time. The samples stand below each other in a matrix $X$, one row per sample, and one call answers
# for all of them.
#
# ### Exercise 1 (2 points)
#
# Write `predict` for such a **batch** of samples, with any number of inputs. You may use a loop or a matrix product, `@` in NumPy.


# %% exercise="predict"
def predict(X, w, b):
    """The answers of one threshold unit to many samples.

    X: array (n, features) of ints or floats; w: array (features,); b: one number. None of
        them is changed.
    Returns an array (n,) of zeros and ones, as numbers or booleans: 1 where the score is above
    0, otherwise 0.
    """
    ### BEGIN SOLUTION
    return (X @ w + b > 0).astype(int)
    ### END SOLUTION


# %% tests="predict" points=1
fit = "the shapes do not fit: X has one row for each sample, and w one weight for each COLUMN of X"
yes_or_no = "`if` wants one yes or no, and this is an array of scores: ask for each of them, in a loop or with np.where(…)"
one_row = "`int(…)`, also the one in `fires`, wants one number, and this is an array: take one sample at a time, a row of X, or use .astype(int)"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "truth value": yes_or_no, "Python scalar": one_row}
with check.explained({**causes, "unpack": fit, "out of bounds": fit}):
    answers = predict(CORNERS.copy(), np.array([1, 1]), -1.5)
each_row = "one answer for each row of X, in a list that begins empty in each call"
check.shape(answers, (4,), hint=each_row)
check.equal(
    answers,
    [0, 0, 0, 1],
    mistakes={
        "the bias is missing: the score is w·x + b": [0, 1, 1, 1],
        "answer 1 and 0, not +1 and −1": [-1, -1, -1, 1],
        "these are the scores: compare them with 0": [-1.5, -0.5, -0.5, 0.5],
        "0 and 1 are the wrong way round: the answer is 1 where the score is above 0": [1, 1, 1, 0],
        "the bias is added, once for each row: w·x + b": [1, 1, 1, 1],
        "it never answers 1: compare w·x + b with 0": [0, 0, 0, 0],
    },
    hint="by hand: the scores of the four rows are −1.5, −0.5, −0.5 and 0.5, and the answer is 1 where the score is above 0",
)
three = "it must work for any number of inputs, here 3, not only for two"
with check.explained({"core dimension": three, "not aligned": three, "broadcast": three, "unpack": three}):
    answers = predict(np.array([[1, 0, 2], [0, 1, -2], [3, 3, -3], [1, 0, 0]]), np.array([1, 1, 1]), -2)
check.shape(answers, (4,), hint=each_row)
check.equal(answers, [1, 0, 1, 0], hint=three)
kinds = "X and w may hold whole numbers or not, each for itself: an array made with np.zeros_like(X) or dtype=w.dtype cuts off what\nstands behind the point"
with check.explained({"out of bounds": "X may have any number of rows, here 2: go through those that it has, not always through four"}):
    check.equal(predict(np.array([[0.5, 0.0], [1.5, 0.0]]), np.array([1, 1]), -0.75), [0, 1], hint=kinds)
### BEGIN HIDDEN TESTS
import contextlib

with contextlib.suppress(TypeError):  # costs nothing here if X is changed in place, which another test is for
    check.equal(predict(CORNERS.copy(), np.array([1.6, 1.6]), -2.5), [0, 0, 0, 1], hint=kinds)
check.equal(
    predict(CORNERS.astype(float), np.array([1.0, 1.0]), 0.5),
    [1, 1, 1, 1],
    mistakes={"the bias is added with its own sign, also where it is above 0: w·x + b": [0, 1, 1, 1]},
    hint="by hand: the scores of the four rows are 0.5, 1.5, 1.5 and 2.5, and the answer is 1 where the score is above 0",
)
check.equal(
    predict(np.array([[3.0, 1.0], [1.0, 3.0], [-1.0, -2.0]]), np.array([1.0, -2.0]), 0.5),
    [1, 0, 1],
    mistakes={
        "do not divide by a weight or by the sum of the weights: where that is below 0, > would have to become <": [0, 1, 0],
        "weights may be below 0: take them with their signs": [1, 1, 0],
    },
    hint="by hand: the scores of the three rows are 1.5, −4.5 and 3.5, and the answer is 1 where the score is above 0",
)
rng = np.random.default_rng()
samples, weights, bias = rng.normal(size=(200, 5)), rng.uniform(0.5, 1, 5), rng.choice([-1, 1]) * rng.uniform(0.2, 0.3)
scores = np.array([sum(a * c for a, c in zip(row, weights)) for row in samples]) + bias
samples, scores = samples[abs(scores) > 0.01], scores[abs(scores) > 0.01]
expected = (scores > 0).astype(int)
check.equal(
    predict(samples.copy(), weights.copy(), bias),
    expected,
    mistakes={
        "compare the score with 0, not with 0.5": (scores > 0.5).astype(int),
        "w·x may be any number: do not cut off what stands behind the point before you add the bias":
            (np.trunc(scores - bias) + bias > 0).astype(int),
        "it must work for any number of inputs, here 5, not only for two":
            (samples[:, :2] @ weights[:2] + bias > 0).astype(int),
        "inputs may be floats: do not cut off what stands behind the point (dtype=int)": (samples.astype(int) @ weights + bias > 0).astype(int),
    },
    hint="it must work for any number of samples and of inputs, not only for two",
)
check.equal(
    predict(1e-12 * samples, weights.copy(), 1e-12 * bias),
    expected,
    hint="all scores are near 0 here: the answer is 1 for EVERY score above 0, however small. Do not round scores, and\n"
    "compare them with 0 itself, not with a small number",
)
### END HIDDEN TESTS

# %% tests="predict_edge" points=1
fit = "the shapes do not fit: X has one row for each sample, and w one weight for each COLUMN of X"
yes_or_no = "`if` wants one yes or no, and this is an array of scores: ask for each of them, in a loop or with np.where(…)"
one_row = "`int(…)`, also the one in `fires`, wants one number, and this is an array: take one sample at a time, a row of X, or use .astype(int)"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "truth value": yes_or_no, "Python scalar": one_row}
with check.explained({**causes, "unpack": fit, "out of bounds": fit}):
    answers = predict(np.array([[1, 1], [3, 1], [0, 1]]), np.array([1, 1]), -2)
check.shape(answers, (3,), hint="one answer for each row of X, in a list that begins empty in each call")
check.equal(
    answers,
    [0, 1, 0],
    mistakes={
        "the first score here is exactly 0, and the answer to that is 0: use >, not >=": [1, 1, 0],
        "the bias is missing: the score is w·x + b": [1, 1, 1],
    },
    hint="the scores here are 0, 2 and −1",
)
whole, unit = np.array([[1, 2], [3, 4]]), np.array([2, -1])
with check.unchanged(whole, unit):
    predict(whole, unit, 1)
### BEGIN HIDDEN TESTS
import contextlib

check.shape(
    predict(np.array([[1, 2]]), np.array([2, -1]), 1),
    (1,),
    hint="a batch of ONE sample gives an array with one answer, (1,): np.squeeze or one number loses the axis",
)
single = "there may be a single input: X has one column then, and w one weight. np.squeeze loses that axis of X"
# An IndexError costs nothing here: the other test asks whether two inputs are taken for granted.
with contextlib.suppress(IndexError), check.explained({"core dimension": single, "not aligned": single, "broadcast": single}):
    check.equal(predict(np.array([[2.0], [4.0]]), np.array([1.5]), -4.0), [0, 1], hint=single)
check.equal(
    predict(np.array([[1.5, 0.5], [0.5, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]), -2.0),
    [0, 0, 1],
    mistakes={"the first score here is exactly 0.0, and the answer to that is 0: use >, not >= or the sign of a float, which 0.0 has too": [1, 0, 1]},
    hint="the scores here are 0.0, −1.5 and 2.0",
)
whole, unit = np.array([[1.5, -2.0], [-0.0, 300.0], [0.25, 0.0]]), np.array([2.0, -0.5])
in_place = "predict changed its input: `X *= w` works in place, also behind np.asarray, which makes no copy of floats"
with check.unchanged(whole, unit, hint=in_place):
    predict(whole, unit, 1.0)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · The line between yes and no
#
# With two inputs, the samples with score 0 lie on a straight **line**, $w_1 x_1 + w_2 x_2 + b = 0$. On one side of it the unit answers 1, on
# the other 0. The weights say how the line is turned: $w$ is perpendicular to it and points to the side of the ones. The bias moves the
# line away from the origin.

# %%
plotting.decision_line([1, 1], -1.5, CORNERS, [0, 0, 0, 1], title="AND: $x_1 + x_2 - 1.5 > 0$");

# %% [markdown]
# **Predict.** Which corners change sides if only the bias changes, from −1.5 to −2.5?
#
# <details><summary>Answer</summary>
#
# Only (1, 1). The line keeps its direction and moves away from the origin, past (1, 1). Now the unit answers 0 to all four corners.
#
# </details>
#
# ### Exercise 2 (2 points)
#
# Choose the weights and the bias of two units, by thinking and with a drawing:
#
# - **OR**: the answer is 1 if at least one input is 1;
# - **only the first**: $x_1$ AND NOT $x_2$. The answer is 1 only for (1, 0).
#
# Leave some room: each unit must still be right when *every input is wrong by up to 0.2* in either direction, say (0.8, 0.2) or
# (1.2, −0.2) instead of (1, 0). So draw a square round each corner, from 0.2 to the left of it to 0.2 to the right, from 0.2 below to
# 0.2 above: your line must not cut any of the four squares. It should not touch them either: a score of exactly 0 is a no.

# %% exercise="gates"
# w_or, w_only: two numbers each, [w1, w2].  b_or, b_only: one number each.
### BEGIN SOLUTION
w_or, b_or = [1, 1], -0.5
w_only, b_only = [1, -1], -0.5
### END SOLUTION

# %% tests="gate_or" points=1
check.shape(w_or, (2,), hint="w_or holds two weights")
check.shape(b_or, (), hint="b_or is one number, without brackets")
check.equal(
    [fires(x, w_or, b_or) for x in CORNERS],
    [0, 1, 1, 1],
    mistakes={
        "that is AND: for OR one input alone must be enough": [0, 0, 0, 1],
        "it always answers 1: the bias must keep (0, 0) at or below 0": [1, 1, 1, 1],
        "it never answers 1": [0, 0, 0, 0],
    },
    hint="OR is 0 for (0, 0) alone: there the score must be 0 or less, and above 0 at the three other corners",
)
for a, c in ((-1, -1), (-1, 1), (1, -1), (1, 1)):  # in tenths, and rounded: 0.8 - 0.2 - 0.6 is not exactly 0 in floats
    scores = [10 * float(b_or) + np.dot(10 * x + 2 * np.array([a, c]), w_or) for x in CORNERS]
    check.equal(
        (np.round(scores, 9) > 0).astype(int),
        [0, 1, 1, 1],
        hint=f"the corners are right, but not yet with inputs that are off by 0.2, here by ({0.2 * a:+}, {0.2 * c:+}),\n"
        "for the corners (0, 0), (0, 1), (1, 0), (1, 1) in this order: "
        "move the line into the middle between the sides",
    )

# %% tests="gate_only" points=1
check.shape(w_only, (2,), hint="w_only holds two weights")
check.shape(b_only, (), hint="b_only is one number, without brackets")
check.equal(
    [fires(x, w_only, b_only) for x in CORNERS],
    [0, 0, 1, 0],
    mistakes={
        "that is x2 AND NOT x1: the two weights are swapped": [0, 1, 0, 0],
        "(1, 1) must give 0: the second input has to pull the score down": [0, 0, 1, 1],
        "that is NOT x2: (0, 0) must give 0": [1, 0, 1, 0],
        "that is AND": [0, 0, 0, 1],
    },
    hint="this gate is 1 for (1, 0) alone: there the score must be above 0, and 0 or less at the three other corners",
)
for a, c in ((-1, -1), (-1, 1), (1, -1), (1, 1)):  # in tenths, and rounded: 0.8 - 0.2 - 0.6 is not exactly 0 in floats
    scores = [10 * float(b_only) + np.dot(10 * x + 2 * np.array([a, c]), w_only) for x in CORNERS]
    check.equal(
        (np.round(scores, 9) > 0).astype(int),
        [0, 0, 1, 0],
        hint=f"the corners are right, but not yet with inputs that are off by 0.2, here by ({0.2 * a:+}, {0.2 * c:+}),\n"
        "for the corners (0, 0), (0, 1), (1, 0), (1, 1) in this order: "
        "move the line into the middle between the sides",
    )

# %% [markdown]
# **Look.** Your two units. The dotted squares are the inputs that are off by up to 0.2: each of them must lie on one side of the line, that
# of its corner.

# %% given="squares"
def draw_squares(ax):
    """Draw round each corner the inputs that are off by up to 0.2."""
    text = "Round each corner a dotted square of the inputs that are off by up to 0.2."
    across, up = 0.2 * np.array([[-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]])
    for x1, x2 in CORNERS:
        ax.plot(x1 + across, x2 + up, "k:", linewidth=1.2)
    plotting.describe(ax, f"{plotting.alt_text(ax)} {text}")


# %%
draw_squares(plotting.decision_line(w_or, b_or, CORNERS, [0, 1, 1, 1], title="OR"))

# %%
ax = plotting.decision_line(
    w_only, b_only, CORNERS, [0, 0, 1, 0], title="$x_1$ AND NOT $x_2$"
)
draw_squares(ax)

# %% [markdown]
# ## 3 · Dog or cat? Which line to trust
#
# A vet notes the mass $x_1$ (in units of 4 kg) and the height $x_2$ (in units of 12 cm) of her patients: 24 of them are below, cats with
# $t = 0$ and dogs with $t = 1$. The letter $t$ stands for *target*, the answer that we want. Many lines separate these animals without a
# single mistake. Here are three. Each says "dog" if its score is above 0:
#
# - **both**: $x_1 + x_2 - 5$;
# - **mass only**: $x_1 - 2.3$;
# - **height only**: $x_2 - 2.8$.


# %% given="animals"
def animals(n, gap, seed):
    """n animals: X (n, 2) mass and height, t (n,) 0 for a cat and 1 for a dog.

    gap = 0: any animals. gap > 0: only clear cases, with x1 + x2 - 5 below -gap for cats, above
    gap for dogs.
    """
    rng = np.random.default_rng(seed)
    t = rng.integers(0, 2, 20 * n)
    X = np.array([[1.2, 2.0], [3.2, 3.6]])[t] + rng.normal(0, 0.6, (20 * n, 2))
    kept = X.min(axis=1) > 0.4
    if gap > 0:
        kept &= (2 * t - 1) * (X.sum(axis=1) - 5) >= gap
    return X[kept][:n], t[kept][:n]


X_train, t_train = animals(24, gap=0.8, seed=135)
X_new, t_new = animals(2000, gap=0, seed=6)
LINES = {"both": ([1, 1], -5), "mass only": ([1, 0], -2.3), "height only": ([0, 1], -2.8)}
PETS = {"class_names": ["cat", "dog"], "labels": ["mass $x_1$ (4 kg)", "height $x_2$ (12 cm)"]}

# %%
plotting.candidate_lines(LINES, X_train, t_train, **PETS);

# %% [markdown]
# **Predict.** All three lines make no mistake on these 24 animals. Which one will make the fewest mistakes on 2,000 *new*
# animals? Why?
#
# A number can say how close a line comes. The distance of a sample from the line is $|w \cdot x + b| \,/\, \lVert w \rVert$, where
# $\lVert w \rVert = \sqrt{w_1^2 + w_2^2 + \dots}$ is the length of $w$. Give it a sign, plus if the sample is on its right side and minus if it
# is on the wrong side. The smallest of these signed distances is the **margin** of the line:
#
# $$\text{margin} = \min_i \; s_i \, \frac{w \cdot x_i + b}{\lVert w \rVert}
# \qquad\text{with } s_i = +1 \text{ if } t_i = 1 \text{ and } s_i = -1 \text{ if } t_i = 0$$
#
# ### Exercise 3 (2 points)
#
# Write `margin`.


# %% exercise="margin"
def margin(X, t, w, b):
    """The smallest signed distance of the samples from the line w·x + b = 0.

    X: float array (n, features); t: array (n,) of 0 and 1, or of one of them alone; w: array
        (features,) of ints or floats, not all zero; b: one number. None of them is changed.
    Returns one number: positive if every sample is on its right side, negative if at least one is
    on the wrong side, 0 if none is on the wrong side, but at least one lies on the line.
    """
    ### BEGIN SOLUTION
    scores = (X @ w + b) / np.linalg.norm(w)
    return np.min(np.where(t == 1, scores, -scores))
    ### END SOLUTION


# %% tests="margin" points=1
pets, kinds = np.array([[4.0, 5.0], [1.0, 1.0], [6.0, 4.0]]), np.array([1, 0, 1])
fit = "the shapes do not fit: X has one row for each sample, and w one weight for each COLUMN of X"
yes_or_no = "`if` wants one yes or no, and this is an array: choose for each sample, in a loop or with np.where(…)"
brackets = "t or s met X itself, entry by entry: it belongs to the scores, so put brackets around X @ w + b"
length = "one number for each sample met one number for each weight: the length of w, by which you divide, is ONE number"
causes = {"(3,) (3,2)": brackets, "(3,2) (3,)": brackets, "(3,) (2,)": length, "broadcast": fit}
with check.explained({"core dimension": fit, "not aligned": fit, **causes, "truth value": yes_or_no}):
    width = margin(pets, kinds, np.array([3.0, 4.0]), -12.0)
one_number = "return one number, the smallest of the signed distances"
check.true(np.size(width) == 1, f"{one_number}: yours are {np.size(width)} numbers")
check.close(
    width,
    1.0,
    mistakes={
        "divide by the length of w: these are scores, not distances": 5.0,
        "divide by the length of w, not by its square": 0.2,
        "right for dogs, but not for cats: give the cats a minus sign": -1.0,
        "take the smallest distance, not the mean": 3.13333333,
        "divide by the square root of w1² + w2², not by w1 + w2": 0.71428571,
        "the distance is measured with w and b: the bias is missing": -1.4,
        "right for cats, but not for dogs: s is +1 for t = 1 and −1 for t = 0": -4.4,
        "multiply by s, which is +1 or −1, not by t; and do not start the search for the smallest one from 0": 0.0,
        "the length of w is the square root of w1² + w2²: square the weights before you add them": 1.88982237,
        "take the smallest distance, not the largest": 4.4,
        "the length of w is taken over the weights only, without the bias": 0.38461538,
        "the cats are left out: take the smallest distance over all samples": 4.0,
    },
    hint="by hand: the scores of the three samples are 20, −5 and 22, and the length of w is 5",
)
one_kind = "all samples may be of one class, cats alone or dogs alone: the margin is the smallest signed distance among those there are"
with check.explained({"zero-size": one_kind, "empty": one_kind}):
    width = margin(np.array([[3.0, 4.0], [6.0, 8.0]]), np.array([1, 1]), np.array([3.0, 4.0]), -10.0)
on_and_on = "these distances go on from the calls before: begin with an empty list in each call, inside the function"
check.close(width, 3.0, mistakes={on_and_on: 1.0}, hint=one_kind)
three = "it must work for any number of inputs, with the length of w taken over all of them: here are 3"
with check.explained({"core dimension": three, "not aligned": three, "broadcast": three, "unpack": three}):
    width = margin(np.array([[3.0, 0.0, 6.0], [0.0, 3.0, 0.0]]), np.array([1, 0]), np.array([2.0, -1.0, 2.0]), -9.0)
check.close(width, 3.0, hint=three)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, direction = rng.normal(size=(12, 4)), rng.normal(size=4)
score = sum(samples[:, j] * direction[j] for j in range(4)) + 0.3
expected = np.abs(score).min() / np.sqrt(sum(direction**2))
check.close(
    margin(samples.copy(), (score > 0).astype(float), direction.copy(), 0.3),  # floats: an array made like t costs nothing here
    expected,
    hint="it must work for any number of inputs, with the length of w taken over all of them",
)
check.close(
    margin(1e30 * samples, (score > 0).astype(float), direction.copy(), 3e29),
    1e30 * expected,
    hint="all samples may be far away from the line: start the search for the smallest distance from the first one, or from infinity",
)
check.close(
    margin(samples.copy(), (score > 0).astype(float), 1e-9 * direction, 3e-10),
    expected,
    hint="w is very short here: divide by its length as it is, with nothing added and no smallest value",
)
one_kind = "all samples may be of one class, cats alone or dogs alone: the margin is the smallest signed distance among those there are"
with check.explained({"zero-size": one_kind, "empty": one_kind}):
    check.close(
        [margin(np.array([[side, 0.0], [2 * side, 9.0]]), np.array([t, t]), np.array([2.0, 0.0]), 0.0) for side, t in ((3.0, 1), (-4.0, 0))],
        [3.0, 4.0],
        hint=one_kind,
    )
alone = "there may be a single sample: its own signed distance is the margin then"
with check.explained({"0-d": alone, "iterable": alone, "out of bounds": alone, "too many indices": alone}):
    check.close(margin(np.array([[3.0, 4.0]]), np.array([0]), np.array([3.0, 4.0]), -30.0), 1.0, hint=alone)
single = "there may be a single input: X has one column then, and w one weight. np.squeeze loses that axis of X"
with check.explained({"core dimension": single, "not aligned": single, "broadcast": single}):
    check.close(margin(np.array([[3.0], [1.0]]), np.array([1.0, 0.0]), np.array([2.0]), -3.0), 0.5, hint=single)
### END HIDDEN TESTS

# %% tests="margin_sign" points=1
pets, kinds, line = np.array([[4.0, 5.0], [1.0, 1.0], [1.0, 0.0]]), np.array([1, 0, 1]), np.array([3.0, 4.0])
fit = "the shapes do not fit: X has one row for each sample, and w one weight for each COLUMN of X"
yes_or_no = "`if` wants one yes or no, and this is an array: choose for each sample, in a loop or with np.where(…)"
t_in_place = "margin changed its input t: `t[t == 0] = -1` works in place, np.where(…) makes a new array"
w_in_place = "margin changed its input, X or w: `w /= …` works in place, `w / …` makes a new array"
brackets = "t or s met X itself, entry by entry: it belongs to the scores, so put brackets around X @ w + b"
length = "one number for each sample met one number for each weight: the length of w, by which you divide, is ONE number"
causes = {"(3,) (3,2)": brackets, "(3,2) (3,)": brackets, "(3,) (2,)": length, "broadcast": fit}
fitting = check.explained({"core dimension": fit, "not aligned": fit, **causes, "truth value": yes_or_no})
with fitting, check.unchanged(kinds, hint=t_in_place), check.unchanged(pets, line, hint=w_in_place):
    width = margin(pets, kinds, line, -12.0)
one_number = "return one number, the smallest of the signed distances"
check.true(width is not None, f"{one_number}: yours returns nothing")
check.true(np.size(width) == 1, f"{one_number}: yours are {np.size(width)} numbers")
check.true(
    np.squeeze(width) < 0,
    f"the third sample is a dog on the side of the cats, so the margin is negative, and yours is {np.squeeze(width):.4g}",
)
whole = (
    "t and w may hold whole numbers, as in LINES: an array made with np.zeros_like(t) or np.zeros_like(w) cuts off what stands behind\n"
    "the point, and w / length works where a division in place, /=, does not"
)
with check.explained({"Cannot cast": whole}):
    of_ints, of_floats = (margin(pets.copy(), kinds.astype(kind), line.astype(kind), -12) for kind in (int, float))
check.close(of_ints, of_floats, hint=whole)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
a_little, far = [[1.0, -1.0]], [[10.0, -10.0]]  # surely on the wrong side: the first, the seventh and the last sample
samples = np.vstack([a_little, rng.normal(size=(5, 2)), far, rng.normal(size=(5, 2)), a_little])
labels = np.arange(13) % 2
signed = [(1 if label else -1) * (2 * p - q + 0.1) / 5**0.5 for (p, q), label in zip(samples, labels)]
check.close(
    margin(samples.copy(), labels.copy(), np.array([2.0, -1.0]), 0.1),
    min(signed),
    hint="with samples on the wrong side, the margin is the most negative of the signed distances, wherever that sample stands",
)
touching = "the nearest sample lies on the line here, so the margin is 0: it counts like all others"
with check.explained({"zero-size": touching, "empty": touching}):
    check.close(
        [
            margin(np.array([[2.0, 1.0], [5.0, 0.0], [0.0, 3.0]]), np.array([1, 1, 0]), np.array([1.0, -2.0]), 0.0),
            margin(np.array([[2.0, 1.0], [-5.0, 0.0], [0.0, -3.0]]), np.array([0, 0, 1]), np.array([1.0, -2.0]), 0.0),
        ],
        [0.0, 0.0],
        mistakes={"these distances go on from the calls before: begin with an empty list in each call, inside the function": [min(signed)] * 2},
        hint=touching,
    )
check.close(
    margin(np.array([[2.0, 1.0], [3.0, 4.0], [0.0, 3.0]]), np.array([1, 1, 0]), np.array([1.0, -2.0]), 0.0),
    -(5**0.5),
    hint="one sample lies on the line here and another one on the wrong side: the margin is negative, not 0",
)
check.close(
    margin(1e-12 * samples, labels.copy(), np.array([2.0, -1.0]), 1e-13),
    1e-12 * min(signed),
    atol=0,
    hint="the samples on the wrong side are very close to the line here: the margin is negative all the same. Compare with 0 itself, and\n"
    "do not round",
)
signs = "all samples are of one class here, and one is on the wrong side: distances keep their signs, and the margin is negative"
import contextlib

with contextlib.suppress(ValueError):  # costs nothing here if one class alone is too few, which the test above is for
    check.close(
        [margin(np.array([[3.0, 0.0], [-4.0, 9.0]]), np.array([t, t]), np.array([2.0, 0.0]), 0.0) for t in (1, 0)],
        [-4.0, -3.0],
        hint=signs,
    )
line = np.array([2.0, -1.0])
labels = labels.astype(float)  # of which np.asarray(t, float) makes no copy
with check.unchanged(labels, hint=t_in_place), check.unchanged(samples, line, hint=w_in_place):
    margin(samples, labels, line, 0.1)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Which line has the widest margin, and which one makes the fewest mistakes on new animals?

# %%
for name, (w_line, b_line) in LINES.items():
    mistakes = np.mean((X_new @ w_line + b_line > 0) != (t_new == 1))
    width = margin(X_train, t_train, np.array(w_line), b_line)
    print(f"{name:12} margin {width:.2f}   wrong on new animals {mistakes:.1%}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The line with the widest margin is wrong on about 1.4 % of the new animals, *height only* on about 9 %. A line that passes close to a cat will
# soon meet a cat on its other side. No line is perfect here: some small dogs look like cats. What counts is not to have no mistakes on
# the animals you know, but few on those you do not know. That is **generalisation**.
#
# </details>

# %% [markdown]
# ## 4 · The perceptron rule
#
# So far *you* chose the weights. Rosenblatt's rule finds them from examples. Show the unit one sample; if its answer $o$ equals the target
# $t$, change nothing; if not, move:
#
# $$w \leftarrow w + \eta \, (t - o) \, x \qquad\qquad b \leftarrow b + \eta \, (t - o)$$
#
# Here $\eta$ (eta) is the **learning rate**, in code `lr`. Only three cases are possible:
#
# | target $t$ | answer $o$ | $t - o$ | what happens |
# |---|---|---|---|
# | $t$ | $o = t$ | 0 | nothing |
# | 1 | 0 | +1 | add $\eta x$ to $w$: the score of $x$ grows |
# | 0 | 1 | −1 | subtract $\eta x$ from $w$: the score of $x$ falls |
#
# The bias is nothing special: it is the weight of an extra input that is always 1. One pass over all samples is an **epoch**.
#
# **Predict.** We start with all weights 0. What changes if the learning rate is 10 instead of 0.1: will the unit need
# more epochs, fewer, or the same number?
#
# ### Exercise 4 (3 points)
#
# Write `train_perceptron`. The weights change *immediately* after each sample that was answered wrongly; the next
# sample meets the new weights. Write the score here anew, without `predict`, so that a slip above does not cost you points here.


# %% exercise="train_perceptron"
def train_perceptron(X, t, lr, epochs):
    """Train one threshold unit with the perceptron rule, from weights and bias 0.

    X: array (n, features) of ints or floats; t: array (n,) of 0 and 1. Neither is changed.
    lr: the learning rate, above 0. epochs: how many passes over all samples, always in
        the given order.
    Returns (w, b, mistakes): w float array (features,), b a number, and a list with one entry per
    epoch that says how many samples were answered wrongly when their turn came.
    """
    ### BEGIN SOLUTION
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(epochs):
        wrong = 0
        for x, target in zip(X, t):
            o = 1 if x @ w + b > 0 else 0
            w = w + lr * (target - o) * x
            b = b + lr * (target - o)
            wrong += int(o != target)
        mistakes.append(wrong)
    return w, b, mistakes
    ### END SOLUTION


# %% tests="perceptron_update" points=1
samples, targets = np.array([[1, 2], [3, 1], [1, 1]]), np.array([1, 0, 1])
fit = "the shapes do not fit: a sample is a ROW of X, X[i], with its own target, t[i], and w has one weight for each COLUMN of X (an input)"
one_each = (
    "`if` and `int` want one number, and this is an array: take the samples one by one, each with its own target (t[i], not t),\n"
    "and start from one weight for each input (np.zeros(features), not 0)"
)
start = "`@` met a single number: start from one weight for each input (np.zeros(features), not 0), and a sample is a whole row of X"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "truth value": one_each, "Python scalar": one_each, "enough dim": start}
rows = "`for i in range(…)` needs the number of samples, len(X); `for x in X` gives the samples themselves, which are no numbers of rows"
whole = "your weights are whole numbers (start from floats, np.zeros(features)), or x was changed in place: only w and b change, w = w + …"
causes |= {"scalar index": rows, "used as indices": rows, "Cannot cast": whole}
with check.explained(causes):
    returned = train_perceptron(samples, targets, 0.25, 1)
check.true(isinstance(returned, tuple | list) and len(returned) >= 2, "return three things: w, b and the list of mistakes")
w_got, b_got = returned[:2]
check.shape(w_got, (2,), hint="one weight for each input")
check.shape(b_got, (), hint="b is one number, not an array")
check.close(
    np.append(w_got, b_got),
    [-0.25, 0.5, 0.25],
    mistakes={
        "the sign is the wrong way round: add lr·(t − o)·x, not lr·(o − t)·x": [-0.5, -0.75, -0.5],
        "the bias stays 0: it learns too, b + lr·(t − o), with the same o as the weights": [-0.25, 0.5, 0.0],
        "the learning rate is not used": [-1.0, 2.0, 1.0],
        "each update is twice too large: answers are 0 and 1, not −1 and 1": [-0.5, 1.0, 0.5],
        "only the first sample changed anything: correct mistakes of both classes": [0.25, 0.5, 0.25],
        "a score of exactly 0 gives the answer 0: use >, not >=": [-0.5, 0.0, 0.0],
        "do not collect the updates of an epoch: show the next sample the new weights": [0.5, 0.75, 0.5],
        "your weights are whole numbers: start from floats, np.zeros(features)": [0.0, 0.0, 0.25],
        "the learning rate is missing in the change of the bias": [-0.25, 0.5, 1.0],
        "the learning rate is missing in the change of the weights": [-1.0, 2.0, 0.25],
        "the difference was taken with the score: the unit answers 1 where its score is above 0, and 0 elsewhere": [-0.40625, 0.59375, 0.34375],
    },
    hint="by hand: all three samples are answered wrongly when their turn comes; after the first w is (0.25, 0.5) and b is 0.25",
)
only_two = "one weight for each COLUMN of X, whatever their number: here 4, not always 2"
with check.explained({"core dimension": only_two, "not aligned": only_two, "broadcast": only_two}):
    check.shape(train_perceptron(np.eye(4), np.array([1, 0, 1, 0]), 0.5, 2)[0], (4,), hint=only_two)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
counts = [1, 2, 0]
while counts[2] == 0 or counts[2] < min(counts[:2]):  # the last epoch must not be the best one
    samples, targets, lr = rng.normal(size=(40, 4)), np.append(1, rng.integers(0, 2, 39)), rng.uniform(0.1, 1)
    state, ends, counts = np.zeros(5), [], []
    for _ in range(3):
        counts.append(0)
        for i in range(40):
            row = np.append(samples[i], 1.0)
            step = targets[i] - float(state @ row > 0)
            counts[-1] += int(step != 0)
            state = state + lr * step * row
        ends.append(state)
returned = train_perceptron(samples.copy(), targets.copy(), lr, 3)
check.close(
    np.append(*returned[:2]),
    ends[2],
    atol=1e-7,
    mistakes={
        "these are the weights after the first of three epochs: return those after the LAST one, also if others were better": ends[0],
        "these are the weights after the second of three epochs: return those after the LAST one, also if others were better": ends[1],
        **{f"you rounded to {digits} digits: return w and b as they are": np.round(ends[2], digits) for digits in range(1, 6)},
    },
    hint="one epoch is right, but not three on other samples: use all of them in every epoch, in order, with the whole score w·x + b and the\n"
    "same lr",
)
far, state = samples * [1.0, 30.0, 1000.0, 30000.0], np.zeros(5)
for i in [*range(40), *range(40)]:
    row = np.append(far[i], 1.0)
    state = state + lr * (targets[i] - float(state @ row > 0)) * row
check.close(
    np.append(*train_perceptron(far.copy(), targets.copy(), lr, 2)[:2]),
    state,
    hint="inputs may be large: use them as they are, not on another scale, and do not limit the weights",
)
### END HIDDEN TESTS

# %% tests="perceptron_mistakes" points=1
fit = "the shapes do not fit: a sample is a ROW of X, X[i], with its own target, t[i], and w has one weight for each COLUMN of X (an input)"
one_each = (
    "`if` and `int` want one number, and this is an array: take the samples one by one, each with its own target (t[i], not t),\n"
    "and start from one weight for each input (np.zeros(features), not 0)"
)
start = "`@` met a single number: start from one weight for each input (np.zeros(features), not 0), and a sample is a whole row of X"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "truth value": one_each, "Python scalar": one_each, "enough dim": start}
rows = "`for i in range(…)` needs the number of samples, len(X); `for x in X` gives the samples themselves, which are no numbers of rows"
whole = "your weights are whole numbers (start from floats, np.zeros(features)), or x was changed in place: only w and b change, w = w + …"
causes |= {"scalar index": rows, "used as indices": rows, "Cannot cast": whole}
with check.explained(causes):
    returned = train_perceptron(CORNERS.copy(), np.array([0, 0, 0, 1]), 1.0, 10)
check.true(isinstance(returned, tuple | list) and len(returned) == 3, "return three things: w, b and the list of mistakes")
w_got, b_got, wrong_got = returned
check.shape(
    wrong_got,
    (10,),
    hint="one entry for each of the 10 epochs: too few if the `return` stands inside the loop or you stop early, too many if the list does\n"
    "not begin empty in each call",
)
check.shape(w_got, (2,), hint="one weight for each input")
learned_and = np.allclose(np.append(w_got, b_got), [2, 1, -2])
check.equal(
    wrong_got,
    [1, 3, 3, 2, 1, 0, 0, 0, 0, 0],
    mistakes={
        "these are sums of t − o, where +1 and −1 cancel: count the samples": [1, -1, -1, 0, -1, 0, 0, 0, 0, 0],
        "these are sums of t − o, without their signs: count the samples": [1, 1, 1, 0, 1, 0, 0, 0, 0, 0],
        "count mistakes of both classes: a 0 that should be 1, and a 1 that should be 0": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        "count mistakes of both classes, also a 0 that should be 1": [0, 2, 2, 1, 1, 0, 0, 0, 0, 0],
        "count a mistake when its turn comes, not at the end of the epoch": [3, 2, 1, 2, 0, 0, 0, 0, 0, 0],
        "start counting from 0 in every epoch": [1, 4, 7, 9, 10, 10, 10, 10, 10, 10],
        "these are the right answers of each epoch: count the wrong ones": [3, 1, 1, 2, 3, 4, 4, 4, 4, 4],
        "a score of exactly 0 gives the answer 0, which is no mistake where t is 0": [2, 3, 3, 2, 2, 3, 2, 1, 0, 0],
    },
    hint="the weights are right, but not the count of samples answered wrongly when their turn came"
    if learned_and
    else "the weights after ten epochs of AND are wrong: mend the update first, then look at the count",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, targets = rng.normal(size=(40, 3)), np.arange(40) % 2
state, counts = np.zeros(4), [0] * 6
for epoch in range(6):
    for i in range(40):
        row = np.append(samples[i], 1.0)
        error = targets[i] - float(state @ row > 0)
        counts[epoch] += int(error != 0)
        state += 0.2 * error * row
only_two = "one weight for each COLUMN of X, whatever their number: here 3, not always 2"
with check.explained({"core dimension": only_two, "not aligned": only_two, "broadcast": only_two}):
    returned = train_perceptron(samples.copy(), targets.copy(), 0.2, 6)
check.shape(returned[0], (3,), hint=only_two)
xor, narrow = np.array([0, 1, 1, 0]), np.array([[1.03], [1.21]])
cases = [("XOR, where the weights end an epoch as they began it", CORNERS, xor, 12)]
cases.append(("two samples that lie close together, where the number stays the same for many epochs", narrow, np.array([1, 0]), 60))
for name, inputs, wanted, epochs in cases:
    state, expected = np.zeros(inputs.shape[1] + 1), [0] * epochs
    for epoch in range(epochs):
        for x, target in zip(inputs, wanted):
            wrong = target - float(state @ np.append(x, 1.0) > 0)
            expected[epoch] += int(wrong != 0)
            state = state + wrong * np.append(x, 1.0)
    check.equal(
        train_perceptron(inputs.copy(), wanted.copy(), 1.0, epochs)[2],
        expected,
        hint=f"wrong for {name}: count the mistakes of every epoch. Only after an epoch WITHOUT a mistake are all others known",
    )
check.equal(
    returned[2],
    counts,
    hint="wrong for another learning rate, more inputs or more samples: each mistake counts 1, whatever its class",
)
check.equal(
    train_perceptron(samples.copy(), targets.copy(), 2e-13, 6)[2],
    counts,
    hint="lr is very small here, and so are all scores: the answer is 1 for EVERY score above 0. Do not round scores, and\n"
    "compare them with 0 itself, not with a small number",
)
### END HIDDEN TESTS

# %% tests="perceptron_converges" points=1
samples, targets = animals(40, gap=0.8, seed=1)
fit = "the shapes do not fit: a sample is a ROW of X, X[i], with its own target, t[i], and w has one weight for each COLUMN of X (an input)"
one_each = (
    "`if` and `int` want one number, and this is an array: take the samples one by one, each with its own target (t[i], not t),\n"
    "and start from one weight for each input (np.zeros(features), not 0)"
)
start = "`@` met a single number: start from one weight for each input (np.zeros(features), not 0), and a sample is a whole row of X"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "truth value": one_each, "Python scalar": one_each, "enough dim": start}
rows = "`for i in range(…)` needs the number of samples, len(X); `for x in X` gives the samples themselves, which are no numbers of rows"
whole = "your weights are whole numbers (start from floats, np.zeros(features)), or x was changed in place: only w and b change, w = w + …"
causes |= {"scalar index": rows, "used as indices": rows, "Cannot cast": whole}
with check.explained(causes), check.unchanged(samples, targets):
    returned = train_perceptron(samples, targets, 1.0, 60)
check.true(isinstance(returned, tuple | list) and len(returned) >= 2, "return three things: w, b and the list of mistakes")
w_got, b_got = returned[:2]
check.shape(w_got, (2,), hint="one weight for each input")
check.shape(np.squeeze(b_got), (), hint="b is one number")
missed = sum(fires(x, w_got, np.squeeze(b_got)) != target for x, target in zip(samples, targets))
check.true(
    missed == 0,
    f"a line separates these 40 animals, but after 60 epochs your unit still gives the wrong answer to {missed} of them",
)
### BEGIN HIDDEN TESTS
from sklearn.linear_model import Perceptron

rng = np.random.default_rng(10)  # always the same samples: whether a wrong rule shows in them must not be luck
samples = rng.normal(size=(60, 3))
score = samples @ [1.0, -2.0, 0.5] + 0.5
samples, targets = samples[np.abs(score) > 0.5], (score[np.abs(score) > 0.5] > 0).astype(int)
order = np.argsort(-targets, kind="stable")[[0, *rng.permutation(np.arange(1, len(targets)))]]
samples, targets = samples[order], targets[order]
oracle = Perceptron(eta0=0.3, shuffle=False, tol=None, max_iter=40).fit(samples, targets)
targets = targets.astype(float)  # of which np.asarray(t, float) makes no copy
in_place = "train_perceptron changed its input: `t[t == 0] = -1` works in place, np.where(…) makes a new array"
only_two = "one weight for each COLUMN of X, whatever their number: here 3, not always 2"
with (
    check.explained({"core dimension": only_two, "not aligned": only_two, "broadcast": only_two}),
    check.unchanged(samples, targets, hint=in_place),
):
    returned = train_perceptron(samples, targets, 0.3, 40)
check.shape(returned[0], (3,), hint=only_two)
check.close(
    np.append(*returned[:2]),
    np.append(oracle.coef_[0], oracle.intercept_),
    atol=1e-3,  # costs nothing here if the weights are rounded to 3 digits or more, which the first test is for
    hint="scikit-learn's Perceptron finds other weights from the same samples in the same order",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** The line after each epoch, on the animals of section 3. The last lines lie on top of each other: as soon as an epoch
# brings no mistake, nothing changes any more.

# %%
path = [train_perceptron(X_train, t_train, 1.0, epochs)[:2] for epochs in range(1, 9)]
plotting.training_path(path, X_train, t_train, **PETS);

# %%
for rate in (0.1, 1.0, 10.0):
    w_pet, b_pet, mistakes = train_perceptron(X_train, t_train, rate, 8)
    print(f"lr = {rate:4}   w = {np.round(w_pet, 2)}   b = {b_pet:.1f}   mistakes: {mistakes}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The learning rate changed nothing but the *size* of the numbers: all weights are ten times larger, and the line
# $w \cdot x + b = 0$ is the same. Look at the mistakes in each epoch. (If the weights do not start from 0, the rate matters.)
#
# </details>
#
# Compare the line with the three of section 3. The rule stops at the *first* line without mistakes, which need not be one with a wide
# margin: here it passes very close to a cat.
#
# <details><summary>Why does it always arrive? A sketch of the proof</summary>
#
# Count the bias as a weight, and let $w^*$ be weights of length 1 that separate the samples with margin $\gamma > 0$. Let no sample be longer
# than $R$.
#
# 1. Each mistake makes $w \cdot w^*$ grow by at least $\eta\gamma$. After $k$ mistakes it is at least $k \eta \gamma$.
# 2. Each mistake makes $\lVert w \rVert^2$ grow by at most $\eta^2 R^2$, because $x$ was on the wrong side of the line of $w$. After $k$
#    mistakes $\lVert w \rVert$ is at most $\sqrt{k}\, \eta R$.
# 3. Since $w \cdot w^* \le \lVert w \rVert$, we have $k \eta \gamma \le \sqrt{k}\, \eta R$, so $k \le (R / \gamma)^2$.
#
# The number of mistakes is limited, however often you show the samples. And $\eta$ has dropped out. Started from other weights, the rule
# arrives too: the limit is then another one and depends on $\eta$.
#
# </details>

# %% [markdown]
# ## 5 · What one unit cannot do
#
# **XOR**, *exclusive or*, is 1 if exactly one input is 1: the targets of the four corners are 0, 1, 1, 0. A unit that computes it, with
# $w_0$ for the bias, has to satisfy four inequalities, one for each corner:
#
# | number | corner | target | inequality |
# |---|---|---|---|
# | 1 | (0, 0) | 0 | $w_0 \le 0$ |
# | 2 | (0, 1) | 1 | $w_2 + w_0 > 0$ |
# | 3 | (1, 0) | 1 | $w_1 + w_0 > 0$ |
# | 4 | (1, 1) | 0 | $w_1 + w_2 + w_0 \le 0$ |
#
# **Predict.** Take OR: $w_1 = w_2 = 1$, $w_0 = -0.5$. Which inequalities does it break?
#
# <details><summary>Answer</summary>
#
# Only number 4, for the corner (1, 1): $1 + 1 - 0.5$ is above 0.
#
# </details>
#
# ### Exercise 5 (2 points)
#
# Write `broken`, which names the inequalities that given weights break.


# %% exercise="broken"
def broken(w1, w2, w0):
    """The numbers (1 to 4) of the XOR inequalities in the table above that these weights
    do not satisfy.

    w1, w2, w0: one number each. Returns a list of ints in rising order, empty if all four hold.
    """
    ### BEGIN SOLUTION
    holds = [w0 <= 0, w2 + w0 > 0, w1 + w0 > 0, w1 + w2 + w0 <= 0]
    return [number for number, good in enumerate(holds, start=1) if not good]
    ### END SOLUTION


# %% tests="broken" points=1
found = broken(1, 1, -0.5)
check.true(not isinstance(found, set | frozenset | dict), "return a list, [4], not a set, {4}")
check.equal(
    found,
    [4],
    hint="OR breaks only inequality 4",
    mistakes={
        "these inequalities hold; return the others": [1, 2, 3],
        "the inequalities are numbered from 1": [3],
        "return a list, [4], not a number": 4,
        "return the NUMBERS of the broken inequalities, not a yes or no for each of the four": [False, False, False, True],
        "this says yes or no, and yes where an inequality holds: return the NUMBERS of those that do not": [True, True, True, False],
        "return whole numbers, [4], not strings": ["4"],
    },
)
check.equal(
    broken(1, 1, -1.5),
    [2, 3, 4],
    mistakes={
        "several inequalities may be broken at once: name all of them, not only the first (an `elif`, a `return` too early?)": [2],
        "this list goes on from the call before: begin with an empty one in each call, inside the function": [4, 2, 3, 4],
    },
    hint="AND breaks 2, 3 and 4",
)
check.equal(broken(-1, -1, 1.5), [1], hint="NOT AND breaks only inequality 1")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
tries = np.vstack([[1.0, -2.0, 1.5], [-2.0, 1.0, 1.5], rng.normal(size=(50, 3)), 1e-3 * rng.normal(size=(20, 3)), 1e-9 * rng.normal(size=(20, 3))])
found = [list(broken(*map(float, row))) for row in tries]
wanted = [[i + 1 for i in range(4) if fires(CORNERS[i], row[:2], row[2]) != (i in (1, 2))] for row in tries]
check.true(
    [sorted(numbers) for numbers in found] != wanted or found == wanted,
    "the right numbers, but not in rising order: return [1, 2, 4], not [2, 1, 4]",
)
about = ["w0 ≤ 0", "w2 + w0 > 0, about (0, 1)", "w1 + w0 > 0, about (1, 0)", "w1 + w2 + w0 ≤ 0, with w0"]
slips = [i for i in (0, 3, 1, 2) if [i + 1 in numbers for numbers in found] != [i + 1 in numbers for numbers in wanted]]
hint = f"wrong for some weights: inequality {slips[0] + 1} is {about[slips[0]]}" if slips else "each number once, and only 1 to 4"
if slips and slips[0] in (1, 2):
    hint += " (is 2 about (0, 1) and 3 about (1, 0)?)"
check.equal(found, wanted, hint=hint)
### END HIDDEN TESTS

# %% tests="broken_edges" points=1
found = broken(0, 0, 0)
check.true(not isinstance(found, set | frozenset | dict), "return a list, [2, 3], not a set, {2, 3}")
check.true(np.size(found) <= 4, "there are only four inequalities: begin with an empty list in each call, inside the function")
check.equal(
    found,
    [2, 3],
    mistakes={
        "0 > 0 is false: inequalities 2 and 3 are strict": [],
        "0 ≤ 0 is true: inequalities 1 and 4 allow 0": [1, 2, 3, 4],
        "1 and 4 allow 0, and 2 and 3 do not: yours is the wrong way round": [1, 4],
        "the inequalities are numbered from 1": [1, 2],
        "several inequalities may be broken at once: name all of them, not only the first (an `elif`, a `return` too early?)": [2],
        "return the NUMBERS of the broken inequalities, not a yes or no for each of the four": [False, True, True, False],
        "this says yes or no, and yes where an inequality holds: return the NUMBERS of those that do not": [True, False, False, True],
    },
    hint="all four sums are exactly 0 here: 0 ≤ 0 is true, 0 > 0 is false",
)
check.equal(
    broken(1, -1, 0),
    [2],
    mistakes={"2 and 3 are swapped: inequality 2 is w2 + w0 > 0, inequality 3 is w1 + w0 > 0": [3]},
    hint="with w1 = 1, w2 = −1 and w0 = 0 only inequality 2 fails; 1 and 4 say 0 ≤ 0, which holds",
)

# %% [markdown]
# **Predict before you run.** Is there anything better than one broken inequality? We try the 15,625 units on a grid, each weight from −3
# to 3. Which is the smallest number of broken inequalities, and how many units reach it?

# %%
grid = np.linspace(-3, 3, 25)
counts = [len(broken(w1, w2, w0)) for w1 in grid for w2 in grid for w0 in grid]
for number in range(5):
    print(f"{number} inequalities broken: {counts.count(number):6} units")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Not one unit satisfies all four: one broken inequality is the best.
#
# </details>
#
# A grid is no proof: perhaps the right weights lie between its points, or further out. You need an
# argument for *all* weights.
#
# ### Written question 1 (2 points)
#
# 1. What did you predict for the grid, and what did your cell print for the smallest number of broken inequalities? Why is that no proof?
# 2. Prove that no $w_1, w_2, w_0$ satisfy the four inequalities. Three or four lines are enough. (Try adding some of them.)

# %% [markdown] written="xor_proof" points=2
# 1. A prediction, right or wrong, and the count of units that break one inequality, as the cell above printed it. Weights between the points
#    of the grid, or further out, were not tried.
# 2. Add inequalities 2 and 3: $w_1 + w_2 + 2 w_0 > 0$. Add inequalities 1 and 4: $w_1 + w_2 + 2 w_0 \le 0$. The same number cannot be both
#    above 0 and not above 0, so no weights satisfy all four.
#
# *Marking:* ½ point for part 1. Part 2: 1 point for combining inequalities soundly (right direction of the signs, strict and not strict kept
# apart), ½ point for a clear contradiction that holds for all weights. A geometric proof gets full points too: the segments between the two ones
# and between the two zeros cross at (½, ½), and a half-plane that holds both ends of a segment holds its middle. Examples or a picture of one
# line: no points for part 2.

# %% [markdown]
# **Predict before you run.** What will the mistakes per epoch look like if we train a unit on XOR anyway? Falling slowly,
# falling and rising, constant?

# %%
logic = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
runs = {
    name: train_perceptron(CORNERS, np.array(wanted), 1.0, 20)[2] for name, wanted in logic.items()
}
plotting.error_curves(runs, log=False, ylabel="mistakes in the epoch");

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# AND and OR reach 0 and stay there. With XOR the mistakes stay. Every correction for one corner spoils another one, and the weights
# go round in a circle. From the third epoch on they end each epoch where they began it.
#
# </details>

# %% [markdown]
# ## 6 · The delta rule: learning by how much, not only whether
#
# The perceptron rule only knows *right* and *wrong*. Widrow and Hoff (around 1960) left out the threshold: the unit's output is
# the score itself, $o = w \cdot x + b$, and its error is measured by
#
# $$E(w, b) = \tfrac{1}{2} \sum_i (t_i - o_i)^2$$
#
# This unit is called ADALINE, and today *linear regression*. $E$ has a slope in every direction, its **gradient**, and we walk downhill:
#
# $$\frac{\partial E}{\partial w} = -\sum_i (t_i - o_i)\, x_i \qquad\qquad \frac{\partial E}{\partial b} = -\sum_i (t_i - o_i)$$
#
# $$w \leftarrow w + \eta \sum_i (t_i - o_i)\, x_i \qquad\qquad b \leftarrow b + \eta \sum_i (t_i - o_i)$$
#
# It looks like the perceptron rule, but now $t - o$ can be any number. The ½ in $E$ is there to cancel the 2 of the square.
#
# **Predict before you run.** Five points lie on the line $y = x + 1$: (2, 3), (3, 4), (4, 5), (5, 6), (6, 7). What is $E$ for $w = 0$ and
# $b = 0$? Is $\partial E / \partial w$ there positive or negative?


# %% given="error"
X_five = np.array([[2.0], [3.0], [4.0], [5.0], [6.0]])
t_five = np.array([3.0, 4.0, 5.0, 6.0, 7.0])


def error(X, t, w, b):
    """E = ½ Σ (t − o)² of a linear unit. X (n, features), t (n,), w (features,), b one number."""
    return 0.5 * np.sum((t - (X @ w + b)) ** 2)


# %%
print("E at w = 0, b = 0:", error(X_five, t_five, np.array([0.0]), 0.0))
print("E at w = 1, b = 1:", error(X_five, t_five, np.array([1.0]), 1.0))

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# $E$ is 67.5 at the start and 0 for the right line. The slope must be negative: more weight, less error.
#
# </details>
#
# ### Exercise 6 (2 points)
#
# Write `gradient`.


# %% exercise="gradient"
def gradient(X, t, w, b):
    """The gradient of E = ½ Σ (t − o)² of a linear unit with o = w·x + b.

    X: float array (n, features); t: float array (n,); w: float array (features,); b: one number.
    None of them is changed.
    Returns (dw, db): dw float array (features,) with the slopes of E along each weight, db the
    slope along b.
    """
    ### BEGIN SOLUTION
    difference = t - (X @ w + b)
    return -X.T @ difference, -np.sum(difference)
    ### END SOLUTION


# %% tests="gradient_w" points=1
samples, targets, at = X_five.copy(), t_five.copy(), np.array([0.0])
fit = "the shapes do not fit: the sum runs over the samples, which are the ROWS of X, so turn X round (X.T @ …)"
apart = "the shapes do not fit: X is (n, features), t is (n,), w is (features,). Which of your arrays has another shape than you think?"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": apart}):
    returned = gradient(samples.copy(), targets.copy(), at.copy(), 0.0)
check.true(isinstance(returned, tuple | list) and len(returned) == 2, "return two things: dw and db")
dw, db = returned
check.true(np.shape(dw) != () or np.shape(db) != (1,), "these two are in the wrong order: first dw, then db")
table = (
    "a column (5, 1) and a row (5,) were combined, each with each, to a table of 5 × 5 numbers: t with X @ w, or the differences with X.\n"
    "t and X @ w have the shape (5,), and X.T @ … adds up over the samples. (In a loop over the samples it is t[i], not all of t.)"
)
of_tables = ([500.0], [550.0], [60.0, 80.0, 100.0, 120.0, 140.0], [110.0] * 5)
if isinstance(dw, np.ndarray | float) and np.asarray(dw).dtype.kind == "f":
    check.true(not any(np.size(dw) == len(of_one) and np.allclose(np.abs(np.ravel(dw)), of_one) for of_one in of_tables), table)
one_slope_each = "dw has one entry for each weight: sum over the samples, and only over them (X.T @ … does it)"
check.shape(dw, (1,), hint=one_slope_each)
check.close(
    dw,
    [-110.0],
    mistakes={
        "the sign is the wrong way round: this points downhill, the gradient points uphill": [110.0],
        "sum over the samples, do not average": [-22.0],
        "the ½ in E cancels the 2 of the square: your slope is twice too large": [-220.0],
        "multiply each difference by its input x": [-25.0],
        "only the first sample was used: does the `return` stand inside the loop?": [-6.0],
        "the ½ is there already in E and is used up by the square: your slope is half as large": [-55.0],
    },
    hint="by hand: with w = 0 and b = 0 every o is 0, so that the differences t − o are 3, 4, 5, 6 and 7, for the inputs 2, 3, 4, 5 and 6",
)
at = np.array([2.0])  # not 0, which many changes in place leave as it is
in_place = "gradient changed its input: `t -= o` or `w *= …` work in place, `t - o` makes a new array"
with check.unchanged(samples, targets, at, hint=in_place):
    gradient(samples, targets, at, -1.0)
check.close(
    gradient(samples, targets, np.array([2.0]), -1.0)[0],
    [50.0],
    mistakes={
        "right at w = 0 and b = 0 only: the bias is missing in o = w·x + b": [70.0],
        "right at w = 0 and b = 0 only: the weights are missing in o = w·x + b": [-130.0],
        "right at w = 0 and b = 0 only: o = w·x + b has to be computed with the w and b given": [-110.0],
        "o was 1 here, the answer of a threshold unit: a linear unit answers with its score, o = w·x + b": [-90.0],
    },
    hint="right at w = 0 and b = 0, but not at w = 2 and b = −1",
)
samples, targets, at = np.array([[1.0, 4.0], [2.0, 0.0], [5.0, 3.0]]), np.array([1.0, 6.0, 2.0]), np.array([0.5, -1.0])
fit = "the shapes do not fit with 3 samples of 2 inputs: use the X and t of the function, not X_five and t_five"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": fit, "out of bounds": fit}):
    dw = gradient(samples.copy(), targets.copy(), at.copy(), 2.0)[0]
check.close(
    dw,
    [-11.0, -11.5],
    mistakes={
        "the score is wrong with more than one input: o = w·x + b adds up the products of ALL features, not only the first": [8.0, 13.5],
        "the score is wrong with more than one input: o = w·x + b adds up the products of ALL features": [8.0, -21.0],
    },
    hint="with more than one input dw differs from the slope by central differences: each weight has its own slope,\n"
    "from its own column of X, so sum over the samples only (axis 0)",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, targets, at, bias = rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=3), rng.normal()
returned = gradient(samples.copy(), targets.copy(), at.copy(), bias)
check.gradient(
    returned[0],
    lambda w: error(samples, targets, w, bias),
    at,
    hint="with more than one input dw differs from the slope by central differences: each weight has its own slope,\n"
    "from its own column of X, so sum over the samples only (axis 0)",
)
alone = "there may be a single sample: X has one row then, and the sum one term. np.squeeze loses that axis of X"
with check.explained({"core dimension": alone, "not aligned": alone, "broadcast": alone, "out of bounds": alone}):
    check.close(gradient(np.array([[2.0, -1.0]]), np.array([3.0]), np.array([1.0, 1.0]), 0.0)[0], [-4.0, 2.0], hint=alone)
near = samples @ at + bias + 1e-3 * rng.normal(size=(20, 8))
check.close(
    [gradient(samples.copy(), wanted.copy(), at.copy(), bias)[0] for wanted in near],
    [[sum(x[j] * (x @ at + bias - y) for x, y in zip(samples, wanted)) for j in range(3)] for wanted in near],
    rtol=1e-5,
    atol=1e-5,
    hint="all differences t − o are small here, and the slopes too: return them as they are, neither rounded nor set to 0",
)
samples = rng.uniform(1, 2, size=(8, 3))  # all slopes are large: E is about 1e9 here, and central differences lose digits
far = samples @ at + bias + 1e4 * rng.uniform(1, 2, size=8)
check.close(
    gradient(samples.copy(), far.copy(), at.copy(), bias)[0],
    [sum(x[j] * (x @ at + bias - y) for x, y in zip(samples, far)) for j in range(3)],
    rtol=1e-3,
    hint="the slopes are large here: return them as they are, do not limit them",
)
### END HIDDEN TESTS

# %% tests="gradient_b" points=1
fit = "the shapes do not fit: the sum runs over the samples, which are the ROWS of X, so turn X round (X.T @ …)"
apart = "the shapes do not fit: X is (n, features), t is (n,), w is (features,). Which of your arrays has another shape than you think?"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": apart}):
    returned = gradient(X_five.copy(), t_five.copy(), np.array([0.0]), 0.0)
check.true(isinstance(returned, tuple | list) and len(returned) == 2, "return two things: dw and db")
dw, db = returned
check.true(np.shape(dw) != () or np.shape(db) != (1,), "these two are in the wrong order: first dw, then db")
check.shape(db, (), hint="db is one number: sum over the samples (in a loop take t[i], the target of that sample, not all of t)")
check.close(
    db,
    -25.0,
    mistakes={
        "five times too much: a column (5, 1) and a row (5,) were combined, each with each, to 5 × 5 differences": -125.0,
        "the sign is the wrong way round: this points downhill, the gradient points uphill": 25.0,
        "sum over the samples, do not average": -5.0,
        "the ½ in E cancels the 2 of the square: your slope is twice too large": -50.0,
        "the bias is not multiplied by x: its input is always 1": -110.0,
        "only the first sample was used: does the `return` stand inside the loop?": -3.0,
    },
    hint="by hand: with w = 0 and b = 0 every o is 0, so that the differences t − o are 3, 4, 5, 6 and 7",
)
check.close(
    gradient(X_five.copy(), t_five.copy(), np.array([2.0]), -1.0)[1],
    10.0,
    mistakes={
        "right at w = 0 and b = 0 only: the bias is missing in o = w·x + b": 15.0,
        "right at w = 0 and b = 0 only: the weights are missing in o = w·x + b": -30.0,
        "right at w = 0 and b = 0 only: o = w·x + b has to be computed with the w and b given": -25.0,
        "o was 1 here, the answer of a threshold unit: a linear unit answers with its score, o = w·x + b": -20.0,
    },
    hint="right at w = 0 and b = 0, but not at w = 2 and b = −1",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, targets, weights, bias = (
    rng.normal(size=(8, 3)),
    rng.normal(size=8),
    rng.normal(size=3),
    rng.normal(),
)
fit = "the shapes do not fit with 8 samples of 3 inputs: use the X and t of the function, not X_five and t_five"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": fit}):
    returned = gradient(samples.copy(), targets.copy(), weights.copy(), bias)
check.gradient(
    returned[1],
    lambda b: error(samples, targets, weights, float(b)),
    bias,
    hint="with more than one input db differs from the slope by central differences",
)
near = samples @ weights + bias + 1e-3 * rng.normal(size=(20, 8))
check.close(
    [gradient(samples.copy(), wanted.copy(), weights.copy(), bias)[1] for wanted in near],
    [sum(x @ weights + bias - y for x, y in zip(samples, wanted)) for wanted in near],
    rtol=1e-5,
    atol=1e-5,
    hint="all differences t − o are small here, and db too: return it as it is, neither rounded nor set to 0",
)
far = samples @ weights + bias + 1e4 * rng.uniform(1, 2, size=8)
check.close(
    gradient(samples.copy(), far.copy(), weights.copy(), bias)[1],
    sum(x @ weights + bias - y for x, y in zip(samples, far)),
    rtol=1e-3,
    hint="db is large here: return it as it is, do not limit it",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look: never trust a gradient that you have not measured.** The slope of $E$ can be measured without any formula, by going a little step
# $\varepsilon$ up and down from $w$. This is a **central difference**:
#
# $$\frac{\partial E}{\partial w} \approx \frac{E(w + \varepsilon) - E(w - \varepsilon)}{2\varepsilon}$$
#
# You will use this trick for every gradient in this course. The two numbers below must agree. If they differ, believe the measured one and
# mend `gradient`: is $o$ computed with the $w$ *and* the $b$ given, and does the sum run over all samples?

# %%
w_here, b_here, little = np.array([0.3]), -1.0, 1e-4
up = error(X_five, t_five, w_here + little, b_here)
down = error(X_five, t_five, w_here - little, b_here)
print("your formula:", np.round(gradient(X_five, t_five, w_here, b_here)[0][0], 6))
print("measured:    ", np.round((up - down) / (2 * little), 6))

# %% [markdown]
# ## 7 · All at once, one by one, or a few at a time
#
# The sum in the delta rule can run over all samples (**batch**), over one sample (**stochastic**) or over a few (**mini-batch**). One
# function can do all three: cut the samples into pieces of `batch_size`, and update after each piece.
#
# ### Exercise 7 (3 points)
#
# Write `train_delta`. Write the update out again rather than calling your `gradient`, so that a mistake there cannot
# cost you points here.


# %% exercise="train_delta"
def train_delta(X, t, lr, epochs, batch_size):
    """Train one linear unit with the delta rule, from weights and bias 0.

    X: float array (n, features); t: float array (n,). Neither is changed.
    In each epoch the samples are used in the given order, batch_size at a time (the last piece may
    be smaller). After each piece w and b change once, by lr times the SUM over the piece, of
    (t − o)·x for w and of t − o for b; both changes use the same differences t − o.
    Returns (w, b, errors): w float array (features,), b a number, and a list with E over ALL
    samples at the end of each epoch.
    """
    ### BEGIN SOLUTION
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            piece = slice(start, start + batch_size)
            difference = t[piece] - (X[piece] @ w + b)
            w = w + lr * X[piece].T @ difference
            b = b + lr * difference.sum()
        errors.append(0.5 * np.sum((t - (X @ w + b)) ** 2))
    return w, b, errors
    ### END SOLUTION


# %% tests="delta_step" points=1
fit = "the shapes do not fit: w has one entry for each COLUMN of X, and a piece of X goes with the same piece of t, not with all of t"
start = "`@` met a single number: start from one weight for each input (np.zeros(features), not 0), and a piece is whole rows of X"
pieces = "the last piece may be smaller than batch_size: cut a piece out of X and t with start : start + batch_size, in steps of batch_size"
whole = "your weights are whole numbers: start from floats, np.zeros(features)"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "enough dim": start, "Cannot cast": whole}
causes |= {"reshape array": pieces, "equal division": pieces, "out of bounds": pieces}
with check.explained(causes):
    returned = train_delta(X_five.copy(), t_five.copy(), 0.001, 1, 5)
check.true(isinstance(returned, tuple | list) and len(returned) >= 2, "return three things: w, b and the list of errors")
w_got, b_got = returned[:2]
check.shape(w_got, (1,), hint="one weight for each input")
check.shape(b_got, (), hint="b is one number, not an array")
check.close(
    np.append(w_got, b_got),
    [0.11, 0.025],
    mistakes={
        "the sign is the wrong way round: walk downhill, w + lr·Σ(t − o)·x": [-0.11, -0.025],
        "the learning rate is not used": [110.0, 25.0],
        "sum over the piece, do not average": [0.022, 0.005],
        "for b too sum t − o over the piece, do not average": [0.11, 0.005],
        "for w too sum (t − o)·x over the piece, do not average": [0.022, 0.025],
        "the bias does not learn": [0.11, 0.0],
        "the differences t − o for b used the new w: compute them once, for both": [0.11, 0.0228],
        "the differences t − o for w used the new b: compute them once, for both": [0.1095, 0.025],
        "one piece of five here, with nothing left over: where there is no rest, X[-rest:] is X[-0:], ALL of X": [0.2096, 0.047675],
        "one update here, after all 5 samples: not for each sample, and batch_size is the size of a piece, not their number": [
            0.10611744,
            0.02428283,
        ],
    },
    hint="by hand: with w = 0 and b = 0 the differences t − o are 3, 4, 5, 6 and 7, for the inputs 2, 3, 4, 5 and 6, and lr is 0.001",
)
with check.explained(causes):
    w_got, b_got = train_delta(X_five.copy(), t_five.copy(), 0.01, 1, 2)[:2]
check.close(
    np.append(w_got, b_got),
    [0.794192, 0.194782],
    mistakes={
        "batch_size is not used: with batch_size=2 there are three pieces and three updates": [1.1, 0.25],
        "the last piece is left out: five samples in pieces of 2 are 2 + 2 + 1": [0.5999, 0.1624],
        "the last piece is smaller than batch_size: take the sum over the samples it has": [0.988484, 0.227164],
        "o was 1 in the second piece, the answer of a threshold unit: a linear unit answers with its score, o = w·x + b": [0.95, 0.22],
    },
    hint="right for one piece of five samples, but not for pieces of 2 + 2 + 1",
)
fit = "the shapes do not fit with 3 samples of 2 inputs: use the X and t of the function, not X_five and t_five"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": fit, "out of bounds": fit}):
    two = train_delta(np.array([[1.0, 4.0], [2.0, 0.0], [5.0, 3.0]]), np.array([1.0, 6.0, 2.0]), 0.01, 2, 2)[0]
check.shape(two, (2,), hint="one weight for each input, here 2: w has as many entries as X has columns")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, targets = rng.normal(size=(13, 3)), rng.normal(size=13)


def by_pieces(pieces, epochs=3):
    state = np.zeros(4)
    for piece in pieces * epochs:
        rows = np.column_stack([samples[piece], np.ones(len(piece))])
        state = state + 0.02 * sum((targets[i] - state @ row) * row for i, row in zip(piece, rows))
    return state


with check.explained(causes):
    returned = train_delta(samples.copy(), targets.copy(), 0.02, 3, 5)
check.close(
    np.append(*returned[:2]),
    by_pieces([range(0, 5), range(5, 10), range(10, 13)]),
    atol=1e-8,
    mistakes={
        "13 samples by 5 are pieces of 5, 5 and 3, not of nearly equal size (np.array_split makes 5, 4 and 4)":
            by_pieces([range(0, 5), range(5, 9), range(9, 13)]),
        "that is one epoch: w and b go on from epoch to epoch, so set them to 0 once, before both loops":
            by_pieces([range(0, 5), range(5, 10), range(10, 13)], epochs=1),
    },
    hint="wrong for three epochs of 13 samples in pieces of 5, 5 and 3: is every sample used once?",
)
whole = "batch_size = 50 for 13 samples: the last piece may be smaller, so all of them are one piece"
with check.explained({"": whole}):
    check.close(np.append(*train_delta(samples.copy(), targets.copy(), 0.02, 3, 50)[:2]), by_pieces([range(13)]), atol=1e-8, hint=whole)
### END HIDDEN TESTS

# %% tests="delta_errors" points=1
samples, targets = X_five.copy(), t_five.copy()
fit = "the shapes do not fit: w has one entry for each COLUMN of X, and a piece of X goes with the same piece of t, not with all of t"
start = "`@` met a single number: start from one weight for each input (np.zeros(features), not 0), and a piece is whole rows of X"
pieces = "the last piece may be smaller than batch_size: cut a piece out of X and t with start : start + batch_size, in steps of batch_size"
whole = "your weights are whole numbers: start from floats, np.zeros(features)"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "enough dim": start, "Cannot cast": whole}
causes |= {"reshape array": pieces, "equal division": pieces, "out of bounds": pieces}
with check.explained(causes), check.unchanged(samples, targets):
    returned = train_delta(samples, targets, 0.001, 3, 2)
check.true(isinstance(returned, tuple | list) and len(returned) == 3, "return three things: w, b and the list of errors")
w_got, b_got, errors_got = returned
check.shape(w_got, (1,), hint="one weight for each input")
check.true(np.size(errors_got) != 4, "one entry too many: E before the training is not asked for, only E at the end of each epoch")
check.shape(
    errors_got,
    (3,),
    hint="one error for each epoch, not for each piece (does the `append` stand inside the inner loop?), in a list that begins empty in each call",
)
in_all, in_last = (error(X_five[first:], t_five[first:], w_got, b_got) for first in (0, 4))
check.true(
    np.isclose(errors_got[-1], in_all) or not np.isclose(errors_got[-1], in_last),
    "E is over ALL samples, not only over the last piece",
)
check.close(
    errors_got[-1],
    error(X_five, t_five, w_got, b_got),
    mistakes={
        "the ½ is missing in E": 75.9731958,
        "E is a sum, not a mean": 7.59731958,
        "E is half the SUM of the squares, and this is their mean": 15.1946392,
    },
    hint="the last entry is E for the weights that you return: measure it after the updates of the epoch",
)
### BEGIN HIDDEN TESTS
import contextlib

rng = np.random.default_rng()
samples, targets = rng.normal(size=(10, 2)), rng.normal(size=10)
fit = "the shapes do not fit with 10 samples of 2 inputs: use the X and t of the function, not X_five and t_five"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": fit}):
    ends = [train_delta(samples.copy(), targets.copy(), 0.01, epochs, 3)[:2] for epochs in (1, 2, 3, 4)]
check.shape(ends[0][0], (2,), hint="one weight for each input: two inputs here")
four = np.asarray(train_delta(samples.copy(), targets.copy(), 0.01, 4, 3)[2], dtype=float)
measured = [error(samples, targets, w_end, b_end) for w_end, b_end in ends]
check.true(
    four.shape != (4,) or not np.allclose(four, four[-1], rtol=1e-9) or np.allclose(four, measured),
    "all entries are equal: note E at the end of each epoch, inside the loop over the epochs",
)
check.close(
    four,
    measured,
    mistakes={f"you rounded to {digits} digits: note E as it is": np.round(measured, digits) for digits in range(1, 6)},
    hint="each entry is E over ALL samples at the end of its epoch, not only over the last piece",
)
w_got, b_got, errors_got = train_delta(X_five.copy(), t_five.copy(), 0.1, 30, 5)
check.shape(
    errors_got,
    (30,),
    hint="one error for EACH epoch, also where the error grows or stays: do not stop before the last epoch",
)
check.close(
    error(X_five, t_five, w_got, b_got),
    errors_got[-1],
    hint="the rate is too large here, and E grows: return the weights after the LAST epoch all the same, not the best ones on the way",
)
def from_the_line(rate, epochs):
    """E of each epoch, from how far w and b are from the line y = x + 1."""
    off, found = np.array([-1.0, -1.0]), []
    for _ in range(epochs):
        off = off - rate * sum((off[0] * x + off[1]) * np.array([x, 1.0]) for x in X_five[:, 0])
        found.append(0.5 * sum((off[0] * x + off[1]) ** 2 for x in X_five[:, 0]))
    return found


slowly = train_delta(X_five.copy(), t_five.copy(), 0.001, 3, 5)[2]
if np.allclose(slowly, from_the_line(0.001, 3)):  # another update costs its point in the first test
    check.close(
        errors_got,
        from_the_line(0.1, 30),
        hint="the rate is too large here, and E grows: lr stays the same all the time, and each step is lr times the sum, however large",
    )
with contextlib.suppress(OverflowError), np.errstate(all="ignore"):  # numbers of Python stop here by themselves
    check.shape(
        train_delta(X_five.copy(), t_five.copy(), 10.0, 120, 5)[2],
        (120,),
        hint="one error for EACH epoch, also where it has become inf or nan: do not stop before the last epoch",
    )
check.shape(
    train_delta(X_five.copy(), np.zeros(5), 0.01, 6, 2)[2],
    (6,),
    hint="one error for EACH epoch, also where the error is 0 already: do not stop before the last epoch",
)
check.shape(
    train_delta(X_five.copy(), t_five.copy(), 1e-13, 6, 2)[2],
    (6,),
    hint="one error for EACH epoch, also where it hardly changes: do not stop before the last epoch",
)
ends = [train_delta(samples.copy(), 1e-10 * targets, 0.01, epochs, 3)[:2] for epochs in (1, 2, 3, 4)]
check.close(
    train_delta(samples.copy(), 1e-10 * targets, 0.01, 4, 3)[2],
    [error(samples, 1e-10 * targets, w_end, b_end) for w_end, b_end in ends],
    atol=0,
    hint="E is small here: note E as it is, do not round it",
)
if np.allclose(slowly, from_the_line(0.001, 3)):
    check.close(
        train_delta(samples.copy(), 1e-10 * targets, 0.01, 4, 3)[2],
        1e-20 * four,
        rtol=1e-5,
        atol=0,
        hint="E and the differences t − o are small here: each piece changes w and b all the same, by lr times the sum. Leave none out",
    )
### END HIDDEN TESTS

# %% tests="delta_minimum" points=1
fit = "the shapes do not fit: w has one entry for each COLUMN of X, and a piece of X goes with the same piece of t, not with all of t"
start = "`@` met a single number: start from one weight for each input (np.zeros(features), not 0), and a piece is whole rows of X"
pieces = "the last piece may be smaller than batch_size: cut a piece out of X and t with start : start + batch_size, in steps of batch_size"
whole = "your weights are whole numbers: start from floats, np.zeros(features)"
causes = {"core dimension": fit, "not aligned": fit, "broadcast": fit, "enough dim": start, "Cannot cast": whole}
causes |= {"reshape array": pieces, "equal division": pieces, "out of bounds": pieces}
for size in (5, 2, 1):
    with check.explained(causes):
        returned = train_delta(X_five.copy(), t_five.copy(), 0.01, 2000, size)
    check.true(isinstance(returned, tuple | list) and len(returned) >= 2, "return three things: w, b and the list of errors")
    w_got, b_got = returned[:2]
    check.shape(w_got, (1,), hint="one weight for each input")
    check.close(
        np.append(w_got, b_got),
        [1.0, 1.0],
        atol=0.02,
        hint=f"with batch_size={size} and lr=0.01 it must find y = x + 1",
    )
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples = rng.normal(size=(30, 1))
targets = samples[:, 0] * rng.uniform(2, 3) - rng.uniform(2, 3) + rng.normal(0, 0.02, 30)
best = np.linalg.lstsq(np.column_stack([samples, np.ones(30)]), targets, rcond=None)[0]
with check.explained(causes):
    ends = [np.append(*train_delta(samples.copy(), targets.copy(), 0.005, 400, size)[:2]) for size in (30, 7, 1)]
check.close(
    ends,
    [best] * 3,
    atol=0.05,
    hint="batch, mini-batch and stochastic training must all end at the least-squares solution",
)
### END HIDDEN TESTS

# %% [markdown]
# **Predict before you run.** Now 20 points that do *not* lie on a line. Will the three versions end at the same error with a small
# learning rate? And with a large one?
#
# The figures show how far $E$ is above the smallest error that any line can reach. The vertical axis is logarithmic.


# %% given="noisy"
rng_noisy = np.random.default_rng(3)
X_noisy = rng_noisy.uniform(-1, 1, size=(20, 1))
t_noisy = 2 * X_noisy[:, 0] + 1 + rng_noisy.normal(0, 0.5, 20)
SIZES = {"batch (20)": 20, "mini-batch (5)": 5, "stochastic (1)": 1}

# %%
A_noisy = np.column_stack([X_noisy, np.ones(20)])
# The smallest E that any line can reach:
lowest = np.linalg.lstsq(A_noisy, t_noisy, rcond=None)[1][0] / 2
runs = {
    name: np.array(train_delta(X_noisy, t_noisy, 0.01, 60, size)[2]) - lowest
    for name, size in SIZES.items()
}
plotting.error_curves(
    runs, ylabel="error $E$ above its minimum", title="small learning rate, 0.01"
);

# %%
runs = {
    name: np.array(train_delta(X_noisy, t_noisy, 0.09, 25, size)[2]) - lowest
    for name, size in SIZES.items()
}
plotting.error_curves(
    runs, ylabel="error $E$ above its minimum", title="larger learning rate, 0.09"
);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With a small rate all three come down together. With a larger one the two versions with small pieces are faster at first, but stop
# a little above the minimum: every piece pulls the line towards itself, and the last one wins. Small steps average these pulls out.
#
# </details>

# %% [markdown]
# ## 8 · Too small, right, too large
#
# **Predict.** Back to the five points, with batch updates. What happens if $\eta$ is far too small? And if it is far too large:
# does the error fall faster, stop falling, or grow?
#
# ### Exercise 8 (2 points)
#
# Find three learning rates, finite and above 0, by trying (the cell after the checks draws the curves). Start from $w = b = 0$ with
# $E = 67.5$, and train for 500 epochs with `batch_size` 5:
#
# | rate | after 500 epochs |
# |---|---|
# | `rate_small` | $E$ has fallen below 67, but is still above 0.05 |
# | `rate_right` | $E$ is below 0.01 |
# | `rate_large` | $E$ is larger than at the start, or too large for the computer (`inf` or `nan`) |
#
# The curves do not show whether $E$ is 0.02 or 0.005. `train_delta(X_five, t_five, rate, 500, 5)[2][-1]` in a new cell does.

# %% exercise="rates"
# Three numbers: rate_small, rate_right, rate_large
### BEGIN SOLUTION
rate_small, rate_right, rate_large = 0.00001, 0.02, 0.022
### END SOLUTION

# %% tests="rates_found" points=1
def error_after_500(lr):
    """E after 500 epochs, without your `train_delta`, so that a mistake in it costs nothing."""
    inputs = np.column_stack([X_five, np.ones(5)])
    left = np.array([-1.0, -1.0])  # what w and b still lack: the solution is w = 1, b = 1, and both start from 0
    for _ in range(500):
        left = left - float(lr) * inputs.T @ (inputs @ left)
    return 0.5 * np.sum((inputs @ left) ** 2)


check.shape(rate_small, (), hint="rate_small is one number")
check.shape(rate_right, (), hint="rate_right is one number")
with np.errstate(all="ignore"):
    error_small, error_right = error_after_500(rate_small), error_after_500(rate_right)
check.between(rate_small, 1e-300, np.inf, name="rate_small", low_hint="a learning rate is above 0")
check.between(rate_right, 1e-300, np.inf, name="rate_right", low_hint="a learning rate is above 0")
check.true(not 67 <= error_small <= 67.5, "with rate_small E has hardly fallen: that rate is too small to bring it below 67")
check.between(
    np.nan_to_num(error_small, nan=1e300),
    0.05,
    67,
    name="E after 500 epochs with rate_small",
    low_hint="that rate is not too small: it does well in 500 epochs",
    high_hint="that rate is too large: the error has grown",
)
check.between(
    np.nan_to_num(error_right, nan=1e300),
    0,
    0.01,
    name="E after 500 epochs with rate_right",
    high_hint="not there yet: the rate is too small, or so large that the error grows; look at the curves",
)

# %% tests="rate_large" points=1
def error_after_500(lr):
    """E after 500 epochs, without your `train_delta`, so that a mistake in it costs nothing."""
    inputs = np.column_stack([X_five, np.ones(5)])
    left = np.array([-1.0, -1.0])  # what w and b still lack: the solution is w = 1, b = 1, and both start from 0
    for _ in range(500):
        left = left - float(lr) * inputs.T @ (inputs @ left)
    return 0.5 * np.sum((inputs @ left) ** 2)


check.shape(rate_large, (), hint="rate_large is one number")
check.between(
    rate_large,
    1e-300,
    1.7e308,
    name="rate_large",
    low_hint="a learning rate is above 0",
    high_hint="that is not a number to train with",
)
with np.errstate(all="ignore"):
    grown = not error_after_500(rate_large) <= 67.5
check.true(grown, "with rate_large the error still falls: go on, to larger rates")

# %%
with np.errstate(all="ignore"):
    rates = [rate_small, rate_right, rate_large]
    runs = {f"lr = {rate}": train_delta(X_five, t_five, rate, 500, 5) for rate in rates}
plotting.error_curves(
    {name: errors[:10] for name, (_, _, errors) in runs.items()},
    start=67.5,
    title="the first 10 epochs",
);

# %%
plotting.error_curves(
    {name: errors for name, (_, _, errors) in runs.items()}, start=67.5, title="all 500 epochs"
);

# %%
plotting.fitted_lines(
    {name: (w_end[0], b_end) for name, (w_end, b_end, _) in runs.items()}, X_five, t_five
);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Too small: it would get there, some day. Too large: each step jumps over the valley and lands higher on the other side.
#
# </details>
#
# <details><summary>Where exactly does it begin to diverge?</summary>
#
# Near the minimum each step multiplies the distance from it by $1 - \eta \lambda$ in every main direction of the valley, with its own curvature
# $\lambda$. That must lie between −1 and 1, so $\eta < 2 / \lambda_{\max}$. The largest curvature of our five points is 94.5, the limit
# 0.0212. The smallest curvature is only 0.53: in that direction the step is far too short. A valley that is steep one way and flat the other is
# the usual trouble of gradient descent. Scaled inputs (lab 2) and better optimizers (lecture 2) help.
#
# </details>

# %% [markdown]
# ## 9 · Why a hidden layer must not be linear
#
# One unit draws one line, and XOR needs more. So let the answers of some units be the inputs of another one: a **hidden layer**. If
# the units are linear, this is what two layers compute for a row $x$:
#
# $$(x W_1 + b_1)\, W_2 + b_2$$
#
# In the simplest case, one number and one unit in each layer, $w_2(w_1 x + b_1) + b_2 = (w_2 w_1)\,x + (w_2 b_1 + b_2)$: a line through a
# line is a line.
#
# **Predict.** Two linear layers, 10 inputs, 100 hidden units, 1 output. How many numbers describe what they can compute
# *together*?
#
# <details><summary>Answer</summary>
#
# The two layers have 10·100 + 100 + 100·1 + 1 = 1,201 numbers, but 11 are enough: 10 weights and one bias.
#
# </details>
#
# ### Exercise 9 (2 points)
#
# Write `collapse`: two linear layers in, one equivalent layer out.


# %% exercise="collapse"
def collapse(W1, b1, W2, b2):
    """One linear layer that computes the same as two: X @ W + b equals (X @ W1 + b1) @ W2 + b2
    for every X.

    W1: float array (inputs, hidden); b1: (hidden,); W2: (hidden, outputs); b2: (outputs,).
        None is changed.
    Returns (W, b): W float array (inputs, outputs), b float array (outputs,).
    """
    ### BEGIN SOLUTION
    return W1 @ W2, b1 @ W2 + b2
    ### END SOLUTION


# %% tests="collapse_weights" points=1
W1, b1 = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([2.0, -1.0])
W2, b2 = np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([3.0, 7.0])
fit = "the shapes do not fit: what leaves the first layer, one number for each hidden unit, goes into the second one"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": fit}):
    one = collapse(W1.copy(), b1.copy(), W2.copy(), b2.copy())
check.true(isinstance(one, tuple | list) and len(one) == 2, "return two things: W and b")
check.close(
    one[0],
    [[4.0, 8.0], [11.0, 20.0]],
    mistakes={
        "the weights of the two layers multiply, they do not add": [[3.0, 2.0], [4.0, 9.0]],
        "`*` multiplies entry by entry; a layer after a layer is a product of matrices, `@`": [[2.0, 0.0], [3.0, 20.0]],
        "the order is the wrong way round: x meets W1 first, then W2": [[2.0, 4.0], [13.0, 22.0]],
    },
    hint="in the first row of W stands what an input (1, 0) becomes, without the biases: first (1, 2), then 1·(2, 0) + 2·(1, 4)",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
W1, b1, W2, b2 = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=3)
product = [[sum(W1[i, k] * W2[k, j] for k in range(3)) for j in range(3)] for i in range(4)]
fit = "wrong with 4 inputs and 3 hidden units: a product of matrices, first W1, then W2"
numbers = "inputs, hidden units and outputs may differ in number:"
through = "b1 is added behind the first layer, so it goes through W2 alone"
with check.explained({"out of bounds": f"{numbers} here 4 inputs and 3 hidden units", "core dimension": f"{numbers} {through}"}):
    one = collapse(W1.copy(), b1.copy(), W2.copy(), b2.copy())
check.close(one[0], product, hint=fit)
try:
    with check.explained({"out of bounds": f"{numbers} here W has 4 rows, for the inputs, and 2 columns, for the outputs"}):
        fewer = collapse(W1.copy(), b1.copy(), W2[:, :2].copy(), b2[:2].copy())[0]
except ValueError:  # costs nothing here if it is the bias that does not fit
    check.true(not np.allclose(one[1], b1 @ W2 + b2), fit)
else:
    shape = "with 4 inputs, 3 hidden units and 2 outputs W has the shape (inputs, outputs), which is not that of W1"
    check.shape(fewer, (4, 2), hint=shape)
    check.close(fewer, np.array(product)[:, :2], hint=fit)
    single = collapse(W1.copy(), b1.copy(), W2[:, :1].copy(), b2[:1].copy())[0]
    check.shape(single, (4, 1), hint="with one output W is still a matrix, (inputs, 1): np.squeeze loses that axis")
    single = collapse(W1[:1].copy(), b1.copy(), W2[:, :2].copy(), b2[:2].copy())[0]
    check.shape(single, (1, 2), hint="with one input W is still a matrix, (1, outputs): np.squeeze loses that axis")
small = collapse(1e-6 * W1, 1e-6 * b1, 1e-6 * W2, 1e-12 * b2)[0]
check.close(small, 1e-12 * np.array(product), atol=0, hint="all weights are small here: return them as they are, do not round")
### END HIDDEN TESTS

# %% tests="collapse_bias" points=1
W1, b1 = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([2.0, -1.0])
W2, b2 = np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([3.0, 7.0])
fit = "the shapes do not fit: what leaves the first layer, one number for each hidden unit, goes into the second one"
with check.explained({"core dimension": fit, "not aligned": fit, "broadcast": fit}):
    one = collapse(W1.copy(), b1.copy(), W2.copy(), b2.copy())
check.true(isinstance(one, tuple | list) and len(one) == 2, "return two things: W and b")
check.close(
    one[1],
    [6.0, 3.0],
    mistakes={
        "b1 goes through the second layer too: multiply it by W2": [5.0, 6.0],
        "b1 is forgotten": [3.0, 7.0],
        "b2 is forgotten": [3.0, -4.0],
        "each entry of b1 meets its own row of W2: b1 @ W2, in this order": [7.0, 5.0],
    },
    hint="b is what the two layers together give for an input of zeros",
)
in_place = "collapse changed its input: `b2 += …` works in place, `b2 + …` makes a new array"
with check.unchanged(W1, b1, W2, b2, hint=in_place):
    collapse(W1, b1, W2, b2)
### BEGIN HIDDEN TESTS
import contextlib

rng = np.random.default_rng()
W1, b1, W2, b2 = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=3)
expected = [sum(b1[k] * W2[k, j] for k in range(3)) + b2[j] for j in range(3)]
check.close(
    collapse(W1.copy(), b1.copy(), W2.copy(), b2.copy())[1],
    expected,
    hint="wrong with 3 hidden units: what do the two layers give for an input of zeros?",
)
small = collapse(1e-6 * W1, 1e-6 * b1, 1e-6 * W2, 1e-12 * b2)[1]
check.close(small, 1e-12 * np.array(expected), atol=0, hint="all biases are small here: return them as they are, do not round")
with contextlib.suppress(ValueError, IndexError):  # costs nothing here if it is W that does not fit
    single = collapse(W1.copy(), b1.copy(), W2[:, :1].copy(), b2[:1].copy())[1]
    check.shape(single, (1,), hint="with one output b is still an array, (1,): np.squeeze and float lose that axis")
    check.close(
        single, expected[:1], hint="wrong with 3 hidden units and 1 output: the sum runs over the hidden units, all entries of b1, not over the outputs"
    )
### END HIDDEN TESTS

# %% [markdown]
# However many linear layers you stack, they are one layer. Between two layers there must be something that is *not* linear, an
# **activation function**. You have used two so far, the step of the threshold unit and the identity of the linear unit. In section 10 comes the
# third one, a smooth step, the **sigmoid** $\sigma(z) = 1 / (1 + e^{-z})$.


# %% given="sigmoid"
def sigmoid(z):
    """1 / (1 + e⁻ᶻ) of every entry of z: near 0 for very negative z, ½ at 0, near 1 for large z."""
    return 1 / (1 + np.exp(-z))


# %%
curves = {"step": lambda z: (z > 0).astype(float), "identity": lambda z: z, "sigmoid": sigmoid}
plotting.activation_functions(curves, low=-3, high=3);

# %% [markdown]
# ## 10 · XOR with a hidden layer
#
# ### By hand
#
# Exactly one input is 1 if *the first is 1 and the second is not*, or the other way round:
#
# $$\text{XOR} = (x_1 \text{ AND NOT } x_2) \text{ OR } (\text{NOT } x_1 \text{ AND } x_2)$$
#
# Two hidden threshold units can compute the two brackets, and a third unit the OR of their answers. You know all three from section 2.

# %%
plotting.network_diagram(
    [(None, [np.nan, np.nan]), ([np.nan, np.nan], np.nan)], inputs=["$x_1$", "$x_2$"]
);

# %% [markdown]
# ### Exercise 10 (2 points)
#
# Write down the weights of this network. Column $j$ of `W_hidden` holds the weights of hidden unit $j$. The
# network must also be right when *every input is wrong by up to 0.2* in either direction, as in exercise 2: such as (0.2, −0.2) or
# (−0.2, 0.2) instead of (0, 0), where the answer is still 0.
# (Other ways to build XOR from two hidden units are welcome.)

# %% exercise="xor_by_hand"
# W_hidden: 2 × 2 numbers, one row per input, one column per hidden unit.  b_hidden: 2 numbers.
# w_out: 2 numbers.  b_out: one number.
### BEGIN SOLUTION
W_hidden = np.array([[1.0, -1.0], [-1.0, 1.0]])
b_hidden = np.array([-0.5, -0.5])
w_out = np.array([1.0, 1.0])
b_out = -0.5
### END SOLUTION

# %% tests="xor_corners" points=1
check.shape(W_hidden, (2, 2), hint="two inputs, two hidden units")
check.shape(b_hidden, (2,), hint="one bias for each hidden unit")
check.shape(w_out, (2,), hint="w_out holds two weights, one for each hidden unit")
check.shape(b_out, (), hint="b_out is one number, without brackets")
columns, rows = np.asarray(W_hidden).T, np.asarray(W_hidden)
brackets = [[fires(x, column, bias) for column, bias in zip(columns, b_hidden)] for x in CORNERS]
turned = [fires([fires(x, row, bias) for row, bias in zip(rows, b_hidden)], w_out, b_out) for x in CORNERS]
check.true(
    turned != [0, 1, 1, 0] or [fires(said, w_out, b_out) for said in brackets] == turned,
    "your units stand in the ROWS of W_hidden: a unit is a column, so turn the matrix round (.T)",
)
ones, zeros = {str(brackets[1]), str(brackets[2])}, {str(brackets[0]), str(brackets[3])}
apart = not ones & zeros and len(ones | zeros) < 4
next_step = "that tells the corners apart: now look at w_out and b_out" if apart else "what should they say?"
check.equal(
    [fires(said, w_out, b_out) for said in brackets],
    [0, 1, 1, 0],
    mistakes={
        "(1, 1) is still answered by 1: that is OR": [0, 1, 1, 1],
        "that is AND": [0, 0, 0, 1],
        f"only (1, 0) gives 1: does only one bracket reach the output? The hidden units say {brackets}": [0, 0, 1, 0],
        f"only (0, 1) gives 1: does only one bracket reach the output? The hidden units say {brackets}": [0, 1, 0, 0],
        "all answers are the wrong way round": [1, 0, 0, 1],
    },
    hint=f"the hidden units say {brackets} to the four corners; {next_step}",
)

# %% tests="xor_robust" points=1
check.shape(W_hidden, (2, 2), hint="two inputs, two hidden units")
check.shape(b_hidden, (2,), hint="one bias for each hidden unit")
check.shape(w_out, (2,), hint="w_out holds two weights, one for each hidden unit")
check.shape(b_out, (), hint="b_out is one number, without brackets")
columns, answers = np.asarray(W_hidden).T, []
at_corners = [fires([fires(x, column, bias) for column, bias in zip(columns, b_hidden)], w_out, b_out) for x in CORNERS]
check.true(at_corners == [0, 1, 1, 0], "the answers at the four corners themselves are not right yet: mend them first, with the check above")
for x in np.abs(CORNERS - (0.2 - 1e-9)):  # a hair less than 0.2, so that rounding does not decide where a line goes through it
    answers.append(fires([fires(x, column, bias) for column, bias in zip(columns, b_hidden)], w_out, b_out))
check.equal(answers, [0, 1, 1, 0], hint="wrong for (0.2, 0.2), (0.2, 0.8), (0.8, 0.2) or (0.8, 0.8): inputs that are off by 0.2")
for shift in np.array([[-2, -2], [-2, 2], [2, -2], [2, 2]]):  # in tenths, and rounded: 0.8 - 0.2 - 0.6 is not exactly 0 in floats
    scores = [[10 * float(bias) + np.dot(10 * x + shift, column) for column, bias in zip(columns, b_hidden)] for x in CORNERS]
    said = [fires(said, w_out, b_out) for said in (np.round(scores, 9) > 0).astype(int)]
    missed = [str(tuple(((10 * x + shift) / 10).tolist())) for x, got, want in zip(CORNERS, said, [0, 1, 1, 0]) if got != want]
    check.true(
        not missed,
        "wrong when inputs are off by 0.2 in other directions: move each hidden unit's line into the middle between its two sides.\n"
        f"The answer is wrong here for {' and '.join(missed)}",
    )

# %% [markdown]
# **Look.** Your network, and where it says 1. Each dotted square, the inputs that are off by up to 0.2, must have one colour: that of its
# corner.

# %%
plotting.network_diagram([(W_hidden, b_hidden), (w_out, b_out)], inputs=["$x_1$", "$x_2$"]);


# %%
def by_hand(X):
    """The network of exercise 10 for a batch."""
    hidden = (X @ np.asarray(W_hidden) + b_hidden > 0).astype(int)
    return (hidden @ np.asarray(w_out) + b_out > 0).astype(int)


ax = plotting.decision_regions(
    by_hand, CORNERS, [0, 1, 1, 0], title="XOR by hand: two lines, and an OR"
)
draw_squares(ax)

# %% [markdown]
# Each hidden unit draws a line, and the output unit combines the sides. Nobody wants to choose thousands of weights like this. Can a
# network with a hidden layer *learn* them?
#
# ### By training
#
# The step gives no slope to walk down: it is flat everywhere except at 0. The sigmoid does, with the handy derivative
# $\sigma' = \sigma (1 - \sigma)$. Our network has 3 inputs, 4 hidden units and 1 output. The third input is always 1, so that its weights
# are the biases of the hidden units. The output unit has no bias here; it can do without.

# %% given="xor_data"
X_xor = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
t_xor = np.array([[0.0], [1.0], [1.0], [0.0]])

# %% [markdown]
# For all four samples at once, with ⊙ for "entry by entry":
#
# | what | formula | shape |
# |---|---|---|
# | hidden answers | $H = \sigma(X W_1)$ | (4, 4) |
# | output | $o = \sigma(H W_2)$ | (4, 1) |
# | error | $E = \tfrac12 \sum (t - o)^2$ | one number |
# | blame of the output | $D_2 = (t - o) \odot o \odot (1 - o)$ | (4, 1) |
# | blame of the hidden units | $D_1 = (D_2 W_2^\top) \odot H \odot (1 - H)$ | (4, 4) |
# | update | $W_2 \leftarrow W_2 + \eta\, H^\top D_2$ | (4, 1) |
# | update | $W_1 \leftarrow W_1 + \eta\, X^\top D_1$ | (3, 4) |
#
# The two updates are the delta rule: blame times input. New are only the two blames, and both come from the **chain rule**: follow the way
# from a score to the error, and multiply the slopes that you meet.
#
# - $D_2$: the output's score changes $o$ with the slope of the sigmoid, $o(1 - o)$, and $o$ changes $E$ with the slope $-(t - o)$. The product
#   is the slope of $E$; without the minus it points downhill.
# - $D_1$: the score of a hidden unit changes its answer with the slope $H(1 - H)$. That answer reaches the output through its weight in
#   $W_2$, and from there on the way is known: $D_2$. So each hidden unit gets its share of the output's blame: **backpropagation**.
#
# **Predict.** In which order must the lines of this table be computed? Where would it be a mistake to use the *new* $W_2$?
#
# <details><summary>Answer</summary>
#
# $H$, $o$, $D_2$, $D_1$, and only then the two updates. $D_1$ needs the *old* $W_2$: the blame belongs to the weights that made the mistake.
#
# </details>
#
# ### Exercise 11 (3 points)
#
# Write one training step.


# %% exercise="train_step"
def train_step(X, t, W1, W2, lr):
    """One step of gradient descent of E = ½ Σ (t − o)² for a network with a hidden
    layer, sigmoids throughout and no biases.

    X: float array (n, inputs); t: float array (n, outputs), also with several outputs.
    W1: (inputs, hidden); W2: (hidden, outputs).
    None of them is changed. lr: the learning rate.
    Returns (W1_new, W2_new), two new arrays of the same shapes.
    """
    ### BEGIN SOLUTION
    H = sigmoid(X @ W1)
    o = sigmoid(H @ W2)
    D2 = (t - o) * o * (1 - o)
    D1 = (D2 @ W2.T) * H * (1 - H)
    return W1 + lr * X.T @ D1, W2 + lr * H.T @ D2
    ### END SOLUTION


# %% tests="step_output" points=1
start1, start2 = np.linspace(-1, 1, 12).reshape(3, 4) ** 3, np.array([[1.0], [-1.0], [2.0], [0.5]])
fit = "the shapes do not fit: look at the shapes of all factors; `.T` turns a matrix round, as in W2.T and H.T"
one = "`if`, `float` and the functions of math want one number, and this is an array: sigmoid and those of NumPy take whole arrays"
with check.explained({"broadcast": fit, "core dimension": fit, "not aligned": fit, "truth value": one, "Python scalar": one}):
    returned = train_step(X_xor.copy(), t_xor.copy(), start1.copy(), start2.copy(), 0.5)
check.true(isinstance(returned, tuple | list) and len(returned) == 2, "return two things: W1_new and W2_new")
end2 = returned[1]
check.shape(end2, (4, 1), hint="the second array is the new W2, in the shape of W2")
far2 = train_step(X_xor.copy(), t_xor.copy(), start1.copy(), start2.copy(), 5.0)[1]
check.true(
    np.allclose(end2, start2) or not np.allclose(far2, end2),
    "the learning rate is not used: lr = 0.5 and lr = 5 give the same step",
)
for place, first, second in (("H = σ(X W1)", np.zeros((3, 4)), start2), ("o = σ(H W2)", start1, np.zeros((4, 1)))):
    moved = train_step(X_xor.copy(), t_xor.copy(), first.copy(), second.copy(), 0.5)[1]
    check.true(
        np.allclose(end2, start2) or not np.allclose(moved, second),
        f"is the sigmoid missing in {place}? With zeros for these weights it is σ(0) = ½ everywhere, and W2 moves; yours stands still",
    )
check.gradient(
    (start2 - end2) / 0.5,
    lambda W2: 0.5 * np.sum((t_xor - sigmoid(sigmoid(X_xor @ start1) @ W2)) ** 2),
    start2,
    hint="W2 is not one step downhill: add lr·HᵀD2, with D2 = (t − o) ⊙ o ⊙ (1 − o)",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, targets = rng.normal(size=(7, 5)), rng.uniform(size=(7, 1))
start1, start2, lr = rng.normal(size=(5, 3)), rng.normal(size=(3, 1)), rng.uniform(0.1, 0.9)
others = "the shapes do not fit with 7 samples of 5 inputs: use the X and t of the function, not X_xor and t_xor, and take X with all its columns"
units = "3 hidden units and 7 samples: their numbers may differ. H and D1 have one row for each sample, one column for each hidden unit"
with check.explained({"broadcast": others, "core dimension": others, "not aligned": others, "out of bounds": units}):
    check.gradient(
        (start2 - train_step(samples.copy(), targets.copy(), start1.copy(), start2.copy(), lr)[1]) / lr,
        lambda W2: 0.5 * np.sum((targets - sigmoid(sigmoid(samples @ start1) @ W2)) ** 2),
        start2,
        hint="with another number of samples, inputs and hidden units the step of W2 is not lr times the gradient",
    )
many = rng.normal(size=(40, 5))
check.gradient(
    (start2 - train_step(many.copy(), np.full((40, 1), 50.0), start1.copy(), start2.copy(), lr)[1]) / lr,
    lambda W2: 0.5 * np.sum((50.0 - sigmoid(sigmoid(many @ start1) @ W2)) ** 2),
    start2,
    hint="with 40 samples and large errors the gradient is large, and so is the step of W2: it is neither clipped nor averaged",
)
rounded = np.round(sigmoid(sigmoid(many @ start1) @ start2))
check.gradient(
    (start2 - train_step(many.copy(), rounded.copy(), start1.copy(), start2.copy(), lr)[1]) / lr,
    lambda W2: 0.5 * np.sum((rounded - sigmoid(sigmoid(many @ start1) @ W2)) ** 2),
    start2,
    hint="every output is nearest to its target here, and E is above 0 all the same: the step is lr times the gradient, as always",
)
strong, strong1, strong2 = rng.uniform(0.5, 1.5, size=(40, 5)), rng.uniform(0.5, 1, size=(5, 3)), np.full((3, 1), 4.5)
hidden = sigmoid(strong @ strong1)
said = sigmoid(hidden @ strong2)[:, 0]
expected = [[sum(said**2 * (1 - said) * hidden[:, j])] for j in range(3)]
check.close(
    (strong2 - train_step(strong.copy(), np.zeros((40, 1)), strong1.copy(), strong2.copy(), lr)[1]) / lr,
    expected,
    rtol=1e-3,
    hint="the scores of the output are near 13 here: use them and the slope o ⊙ (1 − o) as they are, without limits",
)
close_by = sigmoid(sigmoid(many @ start1) @ start2) + 1e-2 * rng.uniform(1, 2, size=(40, 1))
check.gradient(
    (start2 - train_step(many.copy(), close_by.copy(), start1.copy(), start2.copy(), 1e-5)[1]) / 1e-5,
    lambda W2: 0.5 * np.sum((close_by - sigmoid(sigmoid(many @ start1) @ W2)) ** 2),
    start2,
    hint="every output is close to its target here, and lr is small: the step of W2 is lr times the gradient, as always. Do not\n"
    "leave it out, and do not round",
)
import contextlib

two, fixed2 = rng.uniform(size=(7, 2)), rng.normal(size=(3, 2))
with contextlib.suppress(ValueError):  # costs nothing here if it is W1 that does not fit
    check.gradient(
        (fixed2 - train_step(samples.copy(), two.copy(), start1.copy(), fixed2.copy(), lr)[1]) / lr,
        lambda W2: 0.5 * np.sum((two - sigmoid(sigmoid(samples @ start1) @ W2)) ** 2),
        fixed2,
        hint="with two outputs the step of W2 is not lr times the gradient: each output has its own column of t, D2 and W2",
    )
### END HIDDEN TESTS

# %% tests="step_hidden" points=1
start1, start2 = np.linspace(-1, 1, 12).reshape(3, 4) ** 3, np.array([[1.0, -0.5], [-1.0, 2.0], [2.0, 1.0], [0.5, -1.5]])
targets = np.column_stack([t_xor, 1 - t_xor])  # two outputs: XOR and its opposite
fit = "the shapes do not fit with two outputs: `@` is a product of matrices, `*` multiplies entry by entry"
one = "`if`, `float` and the functions of math want one number, and this is an array: sigmoid and those of NumPy take whole arrays"
with check.explained({"broadcast": fit, "core dimension": fit, "not aligned": fit, "truth value": one, "Python scalar": one}):
    returned = train_step(X_xor.copy(), targets.copy(), start1.copy(), start2.copy(), 0.5)
check.true(isinstance(returned, tuple | list) and len(returned) == 2, "return two things: W1_new and W2_new")
end1, end2 = returned
check.shape(end1, (3, 4), hint="the first array is the new W1, in the shape of W1")
check.shape(end2, (4, 2), hint="with two outputs W2 has two columns")
far1 = train_step(X_xor.copy(), targets.copy(), start1.copy(), start2.copy(), 5.0)[0]
check.true(
    np.allclose(end1, start1) or not np.allclose(far1, end1),
    "the learning rate is not used: lr = 0.5 and lr = 5 give the same step",
)
flat = np.zeros((3, 4))
halves = "zeros for W1 and 0.5 for all of W2 every o is σ(1), not 1"
for place, second, given in (("H = σ(X W1)", start2, "zeros for W1 every H is σ(0) = ½"), ("o = σ(H W2)", np.full((4, 2), 0.5), halves)):
    moved = train_step(X_xor.copy(), targets.copy(), flat.copy(), second.copy(), 0.5)[0]
    check.true(
        np.allclose(end1, start1) or not np.allclose(moved, flat),
        f"is the sigmoid missing in {place}? With {given}, and W1 moves; yours stands still",
    )
check.gradient(
    (start1 - end1) / 0.5,
    lambda W1: 0.5 * np.sum((targets - sigmoid(sigmoid(X_xor @ W1) @ start2)) ** 2),
    start1,
    hint="W1 is not one step downhill: D1 needs the old W2 and the factor H ⊙ (1 − H)",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
samples, targets = rng.normal(size=(7, 5)), rng.uniform(size=(7, 2))
start1, start2, lr = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.uniform(0.1, 0.9)
others = "the shapes do not fit with 7 samples of 5 inputs: use the X and t of the function, not X_xor and t_xor, and take X with all its columns"
units = "3 hidden units and 7 samples: their numbers may differ. H and D1 have one row for each sample, one column for each hidden unit"
with check.explained({"broadcast": others, "core dimension": others, "not aligned": others, "out of bounds": units}):
    check.gradient(
        (start1 - train_step(samples.copy(), targets.copy(), start1.copy(), start2.copy(), lr)[0]) / lr,
        lambda W1: 0.5 * np.sum((targets - sigmoid(sigmoid(samples @ W1) @ start2)) ** 2),
        start1,
        hint="with another number of samples, inputs and hidden units the step of W1 is not lr times the gradient",
    )
many = rng.uniform(0.5, 1.5, size=(40, 5))
small1, fixed2 = 0.3 * start1, np.array([[1.0, 0.5], [-0.5, 1.0], [1.5, -0.5]])  # nothing saturates, nothing cancels
check.gradient(
    (small1 - train_step(many.copy(), np.full((40, 2), 50.0), small1.copy(), fixed2.copy(), lr)[0]) / lr,
    lambda W1: 0.5 * np.sum((50.0 - sigmoid(sigmoid(many @ W1) @ fixed2)) ** 2),
    small1,
    hint="with 40 samples and large errors the gradient is large, and so is the step of W1: it is neither clipped nor averaged",
)
close_by = sigmoid(sigmoid(many @ start1) @ start2) + 1e-2 * rng.uniform(1, 2, size=(40, 2))
check.gradient(
    (start1 - train_step(many.copy(), close_by.copy(), start1.copy(), start2.copy(), 1e-5)[0]) / 1e-5,
    lambda W1: 0.5 * np.sum((close_by - sigmoid(sigmoid(many @ W1) @ start2)) ** 2),
    start1,
    hint="every output is close to its target here, and lr is small: the step of W1 is lr times the gradient, as always. Do not\n"
    "leave it out, and do not round",
)
### END HIDDEN TESTS

# %% tests="step_pure" points=1
start1, start2 = np.linspace(-1, 1, 12).reshape(3, 4) ** 3, np.array([[1.0], [-1.0], [2.0], [0.5]])
samples, targets = X_xor.copy(), t_xor.copy()
in_place = "train_step changed its input, W1 or W2: `W1 += …` works in place, `W1 = W1 + …` does not"
other = "train_step changed its input, X or t: `t -= o` works in place, `t - o` makes a new array"
fit = "the shapes do not fit: look at the shapes of all factors; `.T` turns a matrix round, as in W2.T and H.T"
one = "`if`, `float` and the functions of math want one number, and this is an array: sigmoid and those of NumPy take whole arrays"
fitting = check.explained({"broadcast": fit, "core dimension": fit, "not aligned": fit, "truth value": one, "Python scalar": one})
with fitting, check.unchanged(start1, start2, hint=in_place), check.unchanged(samples, targets, hint=other):
    returned = train_step(samples, targets, start1, start2, 1.0)
check.true(isinstance(returned, tuple | list) and len(returned) == 2, "return two things: W1_new and W2_new")
same = [np.array_equal(new, old) for new, old in zip(returned, (start1, start2))]
check.true(not all(same), "return the new weights, not the old ones")

# %% [markdown]
# **Look.** Start from random weights, repeat your step, and watch the error. (The whole program, from the data to here, is about eleven
# lines of NumPy.)

# %%
rng_start = np.random.default_rng(0)
W1_net, W2_net = rng_start.normal(size=(3, 4)), rng_start.normal(size=(4, 1))
errors_net = []
for _ in range(STEPS):
    W1_net, W2_net = train_step(X_xor, t_xor, W1_net, W2_net, lr=2.0)
    errors_net.append(0.5 * np.sum((t_xor - sigmoid(sigmoid(X_xor @ W1_net) @ W2_net)) ** 2))
outputs_net = sigmoid(sigmoid(X_xor @ W1_net) @ W2_net)
print("outputs for the four corners:", np.round(outputs_net[:, 0], 3))
plotting.error_curves({"3-4-1 network": errors_net[:500]}, log=False, xlabel="step");

# %%
plotting.decision_regions(
    lambda X: sigmoid(sigmoid(np.column_stack([X, np.ones(len(X))]) @ W1_net) @ W2_net),
    CORNERS,
    [0, 1, 1, 0],
    title="XOR learned: the 3-4-1 network",
);

# %% [markdown]
# The error stays on a plateau first, while the hidden units are still too much alike, and then falls. At the end no output is more than
# about 0.02 away from its target. The network found its own way to cut the plane; change the seed in `default_rng(0)` and it may find
# another one.

# %% [markdown]
# ## 11 · The same in Keras
#
# Now you know every part of what Keras does for you:
#
# | you wrote | Keras calls it |
# |---|---|
# | $X W + b$, then $\sigma$ | `keras.layers.Dense(units, activation="sigmoid")` |
# | how many inputs there are | `keras.Input(shape=(...,))` |
# | layers, one after the other | `keras.Sequential([...])` |
# | random starting weights | done when the model is built |
# | the error $E$ | `loss=` in `model.compile` |
# | the step downhill, and its rate | `optimizer=` in `model.compile` |
# | the loop over epochs and pieces | `model.fit` |
#
# Here is a complete program for another task, to guess the price of a house (any number, so the output is linear) from 5 measurements:
#
# ```python
# house_model = keras.Sequential(
#     [
#         keras.Input(shape=(5,)),
#         keras.layers.Dense(32, activation="relu"),
#         keras.layers.Dense(1),
#     ]
# )
# house_model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01), loss="mse")
# history = house_model.fit(X_houses, y_prices, epochs=20, batch_size=32)
# ```
#
# The activation `"relu"` turns negative scores into 0, and `"mse"` is the mean of the squared errors.
#
# Now XOR. Biases come with each `Dense` layer, so two inputs are enough. Four samples are very few: Keras would spend its time on starting epochs and
# not on learning. So we give it each sample 100 times, in `X_many` and `t_many`.
#
# For a yes-or-no answer we take a sigmoid output and the loss `"binary_crossentropy"`, which punishes a confident mistake much
# more than the square does (lab 2 has its formula). As optimizer take `keras.optimizers.Adam(learning_rate=0.05)`, a gradient descent that
# adapts its rate for each weight.
#
# **Predict.** Two inputs, 8 hidden units, one output: how many weights and biases?
#
# <details><summary>Answer</summary>
#
# 2·8 + 8 in the hidden layer and 8·1 + 1 in the output: 33.
#
# </details>

# %% given="many"
X_many = np.tile(CORNERS.astype("float32"), (100, 1))
t_many = np.tile(np.array([0.0, 1.0, 1.0, 0.0], dtype="float32"), 100)

# %% [markdown]
# ### Exercise 12 (2 points)
#
# Build a Keras model `xor_model` with two inputs, one hidden layer or more, at
# least one with a nonlinear activation (8 units with `"tanh"`, a smooth step from −1 to 1, work well), and one sigmoid output.
# Compile it and train it on `X_many`, `t_many`, until each of its four answers is less than 0.2 away from its target. How you
# train it, with which loss too, is up to you: the settings above, with `EPOCHS` epochs and `batch_size=4`, are enough.
# `history = training.fit(model, X, y, epochs=..., batch_size=...)` is `model.fit` with faster settings and a single line of output (with
# `live=True` it also draws the loss while it trains); you may use either. The name `history` on the left keeps the result from being printed.

# %% exercise="xor_model" trains=true
### BEGIN SOLUTION
xor_model = keras.Sequential(
    [
        keras.Input((2,)),
        keras.layers.Dense(8, activation="tanh"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
xor_model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy")
training.fit(xor_model, X_many, t_many, epochs=EPOCHS, batch_size=4, verbose=0)
### END SOLUTION

# %% tests="xor_model_form" points=1
check.model(xor_model, input_shape=(2,), output_shape=(1,))
said = check.outputs(xor_model, CORNERS.astype("float32"))
check.between(said.min(), 0, 1, name="the smallest output", low_hint="it is negative: the last layer needs a sigmoid")
check.between(said.max(), 0, 1, name="the largest output", high_hint="it is above 1: the last layer needs a sigmoid")
said = check.outputs(xor_model, np.array([[-90.0, -80.0], [-70.0, 95.0], [85.0, -75.0], [60.0, 100.0]], dtype="float32"))
check.true(  # nan costs nothing: with the activation "exponential" a hidden unit may overflow there
    not np.any((said < 0) | (said > 1)),
    "the last layer needs a sigmoid, so that the outputs stay between 0 and 1 for any input, also far from the corners",
)
### BEGIN HIDDEN TESTS
far = np.random.default_rng().uniform(-200, 200, size=(500, 2)).astype("float32")
outputs = check.outputs(xor_model, far)
last = xor_model
while hasattr(last, "layers"):
    last = getattr(last, "operations", last.layers)[-1]  # a layer, or a function such as keras.ops.sigmoid
kind = getattr(last, "activation", None)
ending = getattr(getattr(kind, "activation", kind), "__name__", type(last).__name__)  # also of a layer that was given as an activation
check.true(
    not np.any((outputs < 0) | (outputs > 1)) and ending.lower() == "sigmoid",
    f"the last layer needs a sigmoid, so that the outputs stay between 0 and 1 for any input; it ends in `{ending}`",
)
### END HIDDEN TESTS

# %% tests="xor_model_learned" points=1
asked = "xor_model cannot be asked about the four corners: it must be a Keras model with one input of two numbers, as the check above says"
with check.explained({"ValueError": asked, "not callable": asked}):
    said = check.outputs(xor_model, CORNERS.astype("float32"))[:, 0]
slow = "is the learning rate large enough, but not too large (0.05), and are there enough steps (more epochs, a small batch_size)?"
check.true(
    bool(said.max() - said.min() > 0.1),
    f"nearly the same answer to all corners: was the model trained, and is the hidden layer nonlinear? If so, {slow}",
)
check.equal(
    (said > 0.5).astype(int),
    [0, 1, 1, 0],
    hint=f"not all four corners are right: did you train xor_model itself on X_many, t_many as they are, and is the hidden layer\n"
    f"nonlinear? If so,\n"
    f"{slow} Or start again: weights are random",
)
check.close(
    said,
    [0, 1, 1, 0],
    rtol=0,
    atol=0.2,
    hint=f"the answers are on the right side, but further than 0.2 from the targets. Train longer: {slow}",
)
### BEGIN HIDDEN TESTS
kernels = [keras.ops.convert_to_numpy(w) for w in xor_model.weights if len(w.shape) > 1]
check.true(
    len(kernels) > 1,
    "there is no hidden layer with weights of its own: one Dense layer between the inputs and the output at least",
)
check.true(
    any(np.abs(100 * kernel - np.round(100 * kernel)).max() > 1e-3 for kernel in kernels),
    "all weights are round numbers, as if typed in: let Keras start from random ones, compile the model, and train it",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Where your model says 1. Then the same with *linear* hidden units, whatever their number: section 9 told you what to expect.

# %%
plotting.decision_regions(
    lambda X: xor_model.predict(X.astype("float32"), verbose=0),
    CORNERS,
    [0, 1, 1, 0],
    title="XOR in Keras",
);

# %% trains=true
linear_model = models.xor_network(hidden=8, activation="linear")
linear_model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy")
linear_history = training.fit(linear_model, X_many, t_many, epochs=EPOCHS, batch_size=4)
linear_outputs = linear_model.predict(CORNERS.astype("float32"), verbose=0)[:, 0]
print("linear hidden layer, outputs for the four corners:", np.round(linear_outputs, 2))

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# All four answers are nearly the same, near ½. The model does not know, and the best that it can do is to say so.
#
# </details>

# %% [markdown]
# ## What you learned
#
# - A unit computes a score $w \cdot x + b$ and cuts the space of its inputs in two. The **margin** tells which cut to trust.
# - The **perceptron rule** finds a separating line if there is one. XOR has none: four inequalities contradict each other.
# - The **delta rule** walks down the gradient of an error. Check each gradient by **central differences**; choose the **learning rate** by
#   looking at the curve. Batch, mini-batch and stochastic steps lead to the same minimum if they are small.
# - Linear layers collapse into one. With a **nonlinear hidden layer** three units compute XOR, and **backpropagation** finds the weights.
#
# ## Change something and try
#
# Locked cells ignore what you type: copy the code that you need into a new cell, and change it there. Do it in a copy of this notebook, so
# that what you hand in stays whole.
#
# - Shuffle the animals before `train_perceptron`. Does it find another line? Which margin does it have?
# - Move one dog into the middle of the cats. What does the perceptron do now? And the delta rule, with the targets 0 and 1?
# - In section 10 start from `np.zeros` instead of random weights. Why does the network learn nothing?
# - In section 11 use 2 hidden units instead of 8, and several seeds. How often does it succeed?

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
