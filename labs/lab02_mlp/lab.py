# %% [markdown]
# # Lab 2 · A multilayer perceptron on Fashion-MNIST
#
# You build, train and judge a network that tells ten kinds of clothes apart. First you write its parts
# yourself in NumPy, one line of mathematics at a time; then you let Keras do the same work, and check that it
# does.
#
# - **Time**: 100–120 minutes for reading and writing; sections 1–6 and 7–12 make two good evenings. The computer itself needs a minute or two.
# - **Points**: 30, of which 4 are for two written questions.
#
# **When you have finished, you can**
#
# - look at a set of images, and scale it without letting the test images leak in,
# - set a baseline, so that "89 % right" means something,
# - write ReLU, sigmoid, tanh, softmax, one-hot labels and the cross-entropy by hand,
# - predict the number of parameters of a network before Keras counts them,
# - build networks with `Sequential` and with the functional API,
# - test a network *before* you train it, then train it, read its curves and find its worst mistakes.
#
# **How a section goes**: an idea, a *prediction* that you write down before you run the cell, an exercise and its
# checks, and a look at the result. The checks stand below the exercise, folded. Press *Shift+Enter* in your answer,
# then once more for each check; leave them folded. (A click on one unfolds it; in JupyterLab a click on the bar at
# its left edge folds it again.) A card says whether a check passes, or what is probably wrong. More checks of the same
# kind run when your notebook is marked. Do the predictions: a wrong guess that
# you wrote down teaches more than a right number that you only read.
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
# then *B*), such as `EPOCHS = 3`; run that cell and those after it. Delete it before you hand in, because your
# notebook is marked with what stands in it.
#
# To read: *Hands-On Machine Learning* (HOML), chapter 10. You know the perceptron from Lab 1.

# %% given="setup"
import math

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
import scipy.special
import sklearn.metrics
import sklearn.neighbors
import sklearn.preprocessing
from coursekit import check, data, models, plotting, training

coursekit.setup("lab02_mlp")

# %% [markdown]
# ## 1 · Look first (5 minutes)
#
# Fashion-MNIST holds 70,000 small grey photographs of clothes. Every image has 28 × 28 = 784 pixels. The set
# comes in three parts, and each part has one job:
#
# | part | images | what it is for |
# |---|---|---|
# | training | 55,000 | the network learns from these |
# | validation | 5,000 | *you* learn from these: when to stop, which network to keep |
# | test | 10,000 | opened once, at the very end: how good is the network on new images? |
#
# If the set-up cell said *drawn stand-in*, the data could not be downloaded or drawn ones were asked for, and you work with images that the
# course drew itself. All exercises are the same, some results differ; the text then gives both.

# %%
print("loading the images …")
fashion = data.load_fashion_mnist()
print("training  ", fashion.X_train.shape, fashion.X_train.dtype, "labels", fashion.y_train[:8])
print("validation", fashion.X_valid.shape)
print("test      ", fashion.X_test.shape)
titles = [fashion.class_names[label] for label in fashion.y_train[:30]]
plotting.image_grid(fashion.X_train[:30], titles);

# %% [markdown]
# **Predict before you run.** Somebody says "my program finds the right class for 10 % of the images". How
# much work was that? And which share of all pixels will be completely black (value 0): a tenth, a quarter, a
# half?

# %%
plotting.class_balance(fashion.y_train, fashion.class_names)
plotting.pixel_histogram(fashion.X_train[:5000])
print(f"share of pixels with the value 0: {np.mean(fashion.X_train == 0):.0%}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The classes are (nearly) equally frequent, so a program that answers "Bag" every time is right for 10 % of
# the images. That is the floor: anything at this level has learned nothing. About half of the pixels are
# background with the value 0, and the others are spread over the whole range up to 255.
#
# </details>
#
# One trap before we start. Pixels are stored as **bytes** (`uint8`): whole numbers from 0 to 255, nothing
# below, nothing above.
#
# **Predict before you run.** What is 10 − 20 for bytes? What is 200 + 100?

# %%
a, b = np.array([10, 200], dtype=np.uint8), np.array([20, 100], dtype=np.uint8)
print("10 - 20   as bytes:", (a - b)[0])
print("200 + 100 as bytes:", (a + b)[1])
print("10 - 20   as float:", (a.astype("float32") - b)[0])

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Bytes count like a clock: below 0 they go on at 255, above 255 they go on at 0. NumPy says nothing about it.
# So: **turn bytes into floats before you calculate with them.**
#
# </details>

# %% [markdown]
# ## 2 · Scale the inputs (8 minutes)
#
# A neuron computes a score $w_1 x_1 + \dots + w_{784} x_{784} + b$. Keras starts with small random weights,
# chosen so that the score has a moderate size **if the inputs have mean 0 and variance 1**. Feed it raw bytes
# instead, and
#
# - the scores start out a hundred times too large, and the first steps of training are spent on repairing
#   that;
# - all inputs are ≥ 0, so for one image the slopes of all weights into one neuron have the same sign: they
#   can only grow together or shrink together, and training zigzags.
#
# The cure is to **standardise**: subtract a mean $m$, divide by a standard deviation $s$,
#
# $$x' = \frac{x - m}{s}$$
#
# Here $m$ and $s$ are two numbers for the whole set: the mean and the standard deviation of *all pixels of
# all training images*. (Why not one pair for each pixel? A corner pixel is black in nearly all images. Its
# own standard deviation is tiny, and dividing by it would blow up the few images in which it is not black.)
#
# Validation and test images are scaled **with the same $m$ and $s$**. Three reasons: the network must see
# every image on the scale that it was trained on; one new image has no meaningful statistics of its own; and
# statistics of the test images are knowledge about the test, which you are not supposed to have.
#
# **Predict before you run.** The training pixels are 0 and 100 in equal numbers. What are $m$ and $s$, and
# what does a pixel of 150 in a *test* image become?
#
# <details><summary>Answer</summary>
#
# m = 50, s = 50, so 150 becomes (150 − 50) / 50 = 2. It is fine that this lies outside the range of the
# training data.
#
# </details>
#
# ### Exercise 1 (3 points)
#
# Write `standardise`. It is used for the training images themselves (then both
# arguments are the same array) and for any others.

# %% exercise="standardise"
def standardise(X_train, X):
    """Images on the scale of the training images: (X − m) / s.

    X_train: the training images, array of any shape, bytes (uint8) or floats, not all pixels equal.
        m and s are the mean and the standard deviation of all its pixels together: two numbers.
    X: the images to scale, array of any shape, also another than that of X_train, bytes or floats.
        Neither array is changed.
    Returns a new float32 array of the shape of X.
    """
    ### BEGIN SOLUTION
    m, s = X_train.mean(), X_train.std()
    return ((X - m) / s).astype("float32")
    ### END SOLUTION


# %% tests="standardise" points=1
images = np.zeros((500, 28, 28), dtype=np.uint8)  # two kinds of images: a quarter, or half, is bright
images[:250, :7], images[250:, :14] = 255, 255
with check.explained({"Cannot cast": "`X -= m` works in place, and bytes cannot hold the result: write X = X - m"}):
    Z = standardise(images.copy(), images)
check.shape(Z, (500, 28, 28), "scaling changes values, never the shape")
check.true(np.asarray(Z).dtype == np.float32, 'return float32: finish with .astype("float32")')
Z = np.asarray(Z)
check.true(
    np.isfinite(Z).all(),
    "there is nan or inf in it: you divided by a deviation of 0, such as that of a corner pixel. Take one for all pixels",
)
check.true(
    np.abs(Z.mean(axis=(1, 2))).max() > 1e-3,
    "every image has mean 0 now: you scaled each image by itself. Use one mean and one deviation for all",
)
check.true(
    np.abs(Z.mean(axis=0)).max() > 1e-3,
    "every pixel position has mean 0 now: you took a mean for each. Use one mean for all: X_train.mean()",
)
check.close(
    [np.mean(Z), np.std(Z)], [0, 1], atol=1e-3,
    hint="after standardising, the training pixels have mean 0 and standard deviation 1; these are yours",
    mistakes={
        "you divided by 255, or by the range from the smallest pixel to the largest: that gives values from 0 to 1,\n"
        "here we want mean 0 and standard deviation 1": [0.375, 0.4841],
        "you divided by 256; that gives values below 1, here we want mean 0 and standard deviation 1":
            [0.3735, 0.4822],
        "you divided by the standard deviation, but the mean must be subtracted first": [0.7746, 1],
        "you subtracted the mean, but the division by the standard deviation is missing": [0, 123.4513],
        "you divided by the variance: take its square root, or use .std()": [0, 0.0081],
        "subtract the mean first, then divide: (X − m) / s, with the brackets": [94.8504, 123.4513],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
flat = rng.integers(0, 12, size=(40, 12)).astype(np.uint8)  # small numbers, where rounded m and s differ most
expected = sklearn.preprocessing.StandardScaler().fit_transform(flat.reshape(-1, 1).astype(float)).reshape(40, 12)
hint = "images may come in any shape, here (40, 12): nothing may depend on three axes, and m and s are those of ALL their pixels"
with check.explained({"AxisError": hint}):
    Z = standardise(flat.copy(), flat.copy())
    check.close(
        Z, expected, rtol=1e-3, atol=1e-4, hint=hint,
        mistakes={
            "you rounded m and s: take them as they are": (flat - flat.mean().round(1)) / flat.std().round(1),
            "m and s are those of ALL training images, not of every second one": (flat - flat[::2].mean()) / flat[::2].std(),
        },
    )
Z = np.asarray(Z, dtype=float)
check.true(np.abs(Z - np.round(Z, 4)).max() > 1e-5, "the result is rounded to 4 digits or fewer: return the values as they are")
colour = (rng.integers(0, 256, size=(6, 5, 4, 3)) // [1, 2, 2]).astype(np.uint8)
check.close(
    standardise(colour.copy(), colour.copy()), (colour - np.mean(colour)) / np.std(colour), rtol=1e-3, atol=1e-4,
    hint="images may come in any shape, here (n, 5, 4, 3) with three colours: one mean and one deviation of ALL numbers",
)
many = np.concatenate([rng.uniform(0, 50, size=(25_000, 1)), rng.uniform(150, 250, size=(5_000, 1))])
many += 0.05 - many.mean() % 0.1  # a mean that shows when it is rounded
whole = np.trunc(many)
check.close(
    standardise(many.copy(), many.copy()), (many - many.mean()) / many.std(), rtol=1e-3, atol=1e-4,
    mistakes={
        "images may be floats, and whole numbers cut their fractions off: turn bytes into floats": (whole - many.mean()) / many.std(),
        "images may be floats, and whole numbers cut their fractions off": (whole - whole.mean()) / whole.std(),
    },
    hint="m and s are those of ALL training images, not of the first ones or of a sample of them",
)
### END HIDDEN TESTS

# %% tests="standardise_split" points=1
train, other = np.array([[[0.0, 100.0]], [[100.0, 200.0]]]), np.array([[[50.0, 150.0]]])
check.close(
    standardise(train.copy(), other.copy()), [[[-0.7071, 0.7071]]], atol=1e-3,
    hint="the images are not on the scale of the training images: (X − m) / s, with m and s of X_train",
    mistakes={
        "you took mean and deviation of X itself: take both from X_train, whatever X is": [[[-1.0, 1.0]]],
        "you took mean and deviation of X_train and X together: take both from X_train alone":
            [[[-0.7746, 0.7746]]],
        "you took a mean for each column: X_train.mean() without an axis is one number": [[[0.0, 0.0]]],
        "you divided by n − 1 in the standard deviation: use .std() as it is":
            [[[-0.6124, 0.6124]]],
        "the two arguments are the wrong way round: X_train comes first, X second, and X is the one that is scaled":
            [[[-2.0, 0.0]], [[0.0, 2.0]]],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
train, other = rng.gamma(2.0, 30.0, size=(30, 4, 5)), rng.uniform(-50, 400, size=(7, 4, 5))
oracle = sklearn.preprocessing.StandardScaler().fit(train.reshape(-1, 1))
expected = oracle.transform(other.reshape(-1, 1)).reshape(7, 4, 5)
check.close(
    standardise(train.copy(), other.copy()), expected, rtol=1e-3, atol=1e-4,
    mistakes={
        "images may be floats, and whole numbers cut their fractions off: turn bytes into floats":
            oracle.transform(np.trunc(other).reshape(-1, 1)).reshape(7, 4, 5),
        "values beyond ±3 were cut off: nothing asks for that, the result is (X − m) / s wherever it lies": expected.clip(-3, 3),
    },
    hint="use the mean and the standard deviation of X_train, and nothing else, for every pixel of X",
)
train, other = rng.uniform(size=(30, 4, 5)), rng.uniform(size=(7, 4, 5))
Z = standardise(train.copy(), other.copy())
check.close(
    Z, (other - train.mean()) / train.std(), rtol=1e-3, atol=1e-4,
    hint="images may be floats from 0 to 1: divide by s also where it is smaller than 1",
)
import contextlib

as_asked = True
with contextlib.suppress(Exception):  # bytes are what the other tests are for
    as_asked = np.asarray(standardise(np.uint8([[[0, 2]]]), np.uint8([[[1, 1]]]))).dtype == np.float32
check.true(
    np.asarray(Z).dtype == np.float32 or not as_asked,
    f'for images of {train.dtype} the result is {np.asarray(Z).dtype}, for bytes it is float32: finish with .astype("float32")',
)
train, dark = rng.integers(0, 256, size=(30, 2, 2)).astype(float), np.array([[[0.0, 1.0], [1.0, 0.0]]])
check.close(
    standardise(train.copy(), dark.copy()), (dark - train.mean()) / train.std(), rtol=1e-3, atol=1e-4,
    hint="a very dark image, of pixels 0 and 1, is not on the scale of the training images: do the same with X and\n"
    "X_train, whatever the largest pixel of each is",
)
train, other = rng.uniform(0, 255, size=(30, 4, 5)), rng.uniform(0, 255, size=(7, 3, 2))
size = "wrong for images of 3 × 2 pixels beside training images of 4 × 5: the result has the shape of X, and needs two numbers of\n"
size += "X_train alone"
with check.explained(dict.fromkeys(("cannot reshape", "broadcast"), size)):
    check.close(standardise(train.copy(), other.copy()), (other - train.mean()) / train.std(), rtol=1e-3, atol=1e-4, hint=size)
### END HIDDEN TESTS

# %% tests="standardise_bytes" points=1
train, dark = np.array([[[10, 30]]], dtype=np.uint8), np.array([[[0, 255]]], dtype=np.uint8)
Z = standardise(np.array([[[0.0, 2.0]]]), np.array([[[0.0, 6.0]]]))
turned = np.size(Z) == 2 and np.allclose(Z, [[[-1.0, -0.3333]]], atol=1e-3)  # the order of the arguments costs its point above
scaled = (lambda X_train, X: standardise(X, X_train)) if turned else standardise
with check.explained({"Cannot cast": "`X -= m` works in place, and bytes cannot hold the result: write X = X - m"}):
    Z = scaled(train, dark)
check.close(
    Z, [[[-2.0, 23.5]]], atol=1e-3,
    hint="wrong for bytes: the training pixels 10 and 30 have m = 20 and s = 10, and X holds 0 and 255",
    mistakes={
        "a dark pixel became bright: bytes know no negative numbers, 0 − 20 gives 236. Use floats":
            [[[23.6, 23.5]]],
        "you rounded: use / and not //": [[[-2.0, 23.0]]],
    },
)
hint = "standardise changed its input: `X -= m` works in place, `X = X - m` makes a new array"
for dtype in ("float32", "float64"):  # np.asarray(X, dtype) makes no copy of an array that has this dtype
    train, other = np.array([[[10, 30]]], dtype=dtype), np.array([[[0, 255]]], dtype=dtype)
    with check.unchanged(train, other, hint=hint):
        standardise(train, other)
### BEGIN HIDDEN TESTS
train, other = np.array([[[10, 30]]], dtype="float32"), np.array([[[0, 255]]], dtype="float32")
alike = "bytes and floats hold the same pixels, from 0 to 255: if one of X_train and X is bytes and the other floats, both are still\n"
alike += "taken as they are"
check.close(scaled(train.astype(np.uint8), other), [[[-2.0, 23.5]]], atol=1e-3, hint=alike)
check.close(scaled(train, other.astype(np.uint8)), [[[-2.0, 23.5]]], atol=1e-3, hint=alike)
### END HIDDEN TESTS

# %% [markdown]
# The next two cells scale the images for the rest of the lab by the same formula, so that a slip in your function
# cannot hurt what follows.

# %% given="scaled"
pixel_mean, pixel_deviation = fashion.X_train.mean(), fashion.X_train.std(dtype="float32")
X_valid_scaled = (fashion.X_valid - np.float32(pixel_mean)) / np.float32(pixel_deviation)

# %% given="scaled_training"
X_train_scaled = (fashion.X_train - np.float32(pixel_mean)) / np.float32(pixel_deviation)

# %% [markdown]
# **Look.** The library has the same thing as a layer, `Normalization`. It is given the two numbers, or finds them
# itself (`scaler.adapt(images)`); note from which images they come, and from which they do not.

# %%
# axis=None: one mean and one variance for all pixels
scaler = keras.layers.Normalization(axis=None, mean=pixel_mean, variance=pixel_deviation**2)
few = fashion.X_valid[:1000]
by_layer = keras.ops.convert_to_numpy(scaler(few))
difference = np.abs(standardise(fashion.X_train, few) - by_layer).max()
print(f"largest difference between your function and the layer: {difference:.1e}")
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.6), layout="constrained")
plotting.pixel_histogram(few, ax=left).set_title("bytes", fontsize=10)
plotting.pixel_histogram(by_layer, ax=right).set_title("standardised", fontsize=10);

# %% [markdown]
# The histogram keeps its form; only the numbers below it change. Scaling adds no information and removes
# none. It only puts the numbers where the network can use them.

# %% [markdown]
# ## 3 · A baseline before any network (8 minutes)
#
# Is an accuracy of 0.85 a good result? Nobody can say without something simple to compare with. Here is a
# rule that needs no training in the usual sense: average all training images of a class; then give a new
# image **the class whose mean image is nearest**, by the squared Euclidean distance over all pixels
#
# $$d(x, \mu_c) = \sum_i (x_i - \mu_{c,i})^2$$

# %%
plotting.class_means(fashion.X_train, fashion.y_train, fashion.class_names);

# %% [markdown]
# **Predict before you run.** Which share of the validation images will this rule get right? Which two classes
# will it confuse most? Write down one number and two names.
#
# ### Exercise 2 (2 points)
#
# Write `nearest_mean`. A loop over the classes is fine. (An array of the shape (images, classes, pixels) is not
# needed, and for the whole set it would be very large.)

# %% exercise="nearest_mean"
def nearest_mean(X_train, y_train, X):
    """The class whose mean training sample is nearest, for each sample of X.

    X_train: float array (n, ...), one sample a row; a sample may be a vector or an image, of large
        or of small numbers, also far from 0.
    y_train: int array (n,), the label of each. Any set of labels may occur, for example only
        3 and 7, or a single one.
    X: float array (m, ...) with samples of the same shape; m may be 1.
    Returns an int array (m,) of labels; either label where two means are equally near.
    Nothing is changed.
    """
    ### BEGIN SOLUTION
    labels = np.unique(y_train)
    X_train, X = X_train.reshape(len(X_train), -1), X.reshape(len(X), -1)
    distances = [((X - X_train[y_train == label].mean(axis=0)) ** 2).sum(axis=1) for label in labels]
    return labels[np.argmin(distances, axis=0)]
    ### END SOLUTION


# %% tests="nearest_mean" points=1
flat = "take the shape from the samples: X.reshape(len(X), -1) lays out samples of any shape"
X4, y4 = np.array([[0.0, 0.0], [0.0, 2.0], [6.0, 0.0], [10.0, 0.0]]), np.array([0, 0, 1, 1])
points = np.array([[3.2, 0.0], [4.5, 0.0], [9.0, 1.0]])
axis = "you looked for the smallest distance along the wrong axis: each sample of X needs the smallest of ITS distances, one for each label"
with check.explained({"cannot reshape": flat, "out of bounds": axis}):
    y_hat = nearest_mean(X4.copy(), y4.copy(), points.copy())
check.equal(
    y_hat, [0, 1, 1],
    mistakes={
        "these are the farthest classes: take the smallest distance (argmin), not the largest": [1, 0, 0],
        "that comes from single training samples, from scalar products, from differences that were summed without squaring them, or from "
        "sums divided by the number of all samples: compare with the mean of each class, by squared distance": [1, 1, 1],
        "every sample got the label 0: is the mean of each label taken over the samples of this label, and not over all?": [0, 0, 0],
        "the mean of a class is a single number here: it should be a sample, so take it over the samples alone (axis 0)": [0, 0, 1],
        "only 0 and 1 occur in y_train, and the mean of no samples is nan: go through the labels that occur, not through ten": [2, 2, 2],
        axis: [0, 2],
    },
    hint="for each sample of X: the label whose mean sample is nearest",
)
check.true(
    np.asarray(y_hat).dtype.kind in "iu",
    "your labels are floats, as np.zeros(len(X)) and np.array([]) are: return an array of ints, with dtype=int",
)
check.equal(
    nearest_mean(X4.copy(), np.array([3, 3, 7, 7]), points.copy()), [3, 7, 7],
    "the same samples with the labels 3 and 7",
    mistakes={"return labels of y_train, here 3 and 7, not the number of a column": [0, 1, 1]},
)
numbered = np.array([7, 3, 3, 7])
hint = "nearest_mean changed y_train: `y_train[…] = …` works in place, np.searchsorted(labels, y_train) makes a new array"
with check.unchanged(numbered, hint=hint):
    nearest_mean(X4.copy(), numbered, points.copy())
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
# Some labels above 9 and one below 0, and not in rising order when they first appear.
labels = np.concatenate([rng.integers(300, 3000, 1), rng.integers(10, 21, 1), rng.integers(1, 10, 1), -rng.integers(1, 10, 1)])
centres = rng.normal(size=(4, 6))
centres *= np.array([[0.3], [2.5], [2.5], [2.5]]) / np.linalg.norm(centres, axis=1, keepdims=True)  # the first lies nearest to 0
which = np.append(np.arange(4), rng.integers(0, 4, size=396))
samples = centres[which] + 2 * rng.normal(size=(400, 6))
expected = sklearn.neighbors.NearestCentroid().fit(samples, labels[which]).predict(samples)
in_order = np.sort(labels)
numbers = np.searchsorted(in_order, expected)
members = [samples[labels[which] == label] for label in in_order]
medians, sums = ([combine(group, axis=0) for group in members] for combine in (np.median, np.sum))
rule = sklearn.neighbors.KNeighborsClassifier(1)
y_hat = nearest_mean(samples.copy(), labels[which], samples.copy())
check.equal(
    y_hat, expected,
    mistakes={
        "only the labels 0 to 9 were looked for: np.unique(y_train) gives all that occur": np.full(400, labels[2]),
        "return labels of y_train, not the number of a column": numbers,
        "the means stand in the order in which the labels first appear, but you look the label up in rising order: "
        "use the same order for both": in_order[[labels.tolist().index(label) for label in expected]],
        "the means stand in rising order of the labels, but you look the label up in the order in which they first "
        "appear: use the same order for both": labels[numbers],
        "these are the nearest medians: compare with the mean of each class": rule.fit(medians, in_order).predict(samples),
        "you divided the sums by the number of classes: divide each by the number of ITS samples":
            rule.fit(np.divide(sums, 4), in_order).predict(samples),
    },
    hint=f"any labels may occur, here {in_order.tolist()}, also above 9, above 255 and below 0: return them, not the number of a column; and\n"
    "the nearest mean is the one with the smallest sum of *squared* differences",
)
means = [group.mean(axis=0) for group in members]
nearest, second = np.sort([[np.sum((x - mu) ** 2) for mu in means] for x in samples])[:, :2].T
clear = second - nearest > 0.1  # not decided by rounding
check.equal(
    np.asarray(nearest_mean(samples + 1000, labels[which], samples + 1000))[clear], expected[clear],
    "wrong for the same samples, each number larger by 1000, although the nearest means are the same: x² − 2xµ + µ² in float32 loses\n"
    "the digits that count. Take the differences first, then their squares, or compute in float64",
)
for scale in (2.0**-30, 2.0**30):
    check.equal(
        nearest_mean(scale * samples, labels[which], scale * samples), expected,
        f"wrong for the same samples times {scale:.0e}, although the nearest means are the same: compare the distances as they are, not\n"
        "rounded, and let the smallest so far begin with np.inf, which no distance exceeds",
    )
lone = "for a single sample of X, and with one class only, the answer is an array too, of the shape (1,)"
with check.explained(dict.fromkeys(("out of bounds", "AxisError", "0-d", "unsized", "core dimension", "broadcast", "not aligned", "number of classes"), lone)):
    y_hat = nearest_mean(samples[:4].copy(), np.array([7, 7, 7, 7]), samples[:1].copy())
    several = nearest_mean(samples[:4].copy(), np.array([7, 7, 7, 7]), samples[:3].copy())
check.equal(y_hat, [7], lone)
check.equal(several, [7, 7, 7], "with one class only, each of the three samples of X gets its label")
### END HIDDEN TESTS

# %% tests="nearest_mean_images" points=1
images = (fashion.X_train[:2000] - np.float32(pixel_mean)) / np.float32(pixel_deviation)
axis = "you looked for the smallest distance along the wrong axis: each image needs the smallest of ITS ten distances"
with check.explained({"out of bounds": axis}):
    y_hat = nearest_mean(images, fashion.y_train[:2000].copy(), X_valid_scaled[:1000].copy())
check.true(np.shape(y_hat) != (10,), axis)
check.shape(y_hat, (1000,), "one label for each image: sum the squares over all pixels of an image")
check.between(
    np.mean(np.asarray(y_hat) == fashion.y_valid[:1000]), 0.5, 1.0, name="the share of right answers",
    low_hint="too low for this rule: is each mean taken over the images of its own class (axis 0), and do means and\n"
    "labels stand in the same order?",
)
hint = "nearest_mean changed its input: `X -= …` works in place, `X = X - …` makes a new array"
for dtype in ("float64", "float32"):  # np.asarray(X, dtype) makes no copy of an array that has this dtype
    few, few_labels = images[:50].astype(dtype), fashion.y_train[:50].copy()
    with check.unchanged(few, few_labels, hint=hint):
        nearest_mean(few, few_labels, few)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
which = rng.permutation(np.repeat(np.arange(10), 20))
centres = 5 * rng.normal(size=(10, 6, 5))
# Two more images of each class: one is another class's mean, the other is as far away on the other side.
others = np.roll(centres, 1, axis=0)
samples = np.concatenate([centres[which] + rng.normal(size=(200, 6, 5)), others, 2 * centres - others])
which = np.concatenate([which, np.arange(10), np.arange(10)])
expected = sklearn.neighbors.NearestCentroid().fit(samples.reshape(220, -1), which).predict(centres.reshape(10, -1))
flat = "take the shape from the images: X.reshape(len(X), -1) lays out images of any size"
with check.explained({"cannot reshape": flat}):
    check.equal(
        nearest_mean(samples.copy(), which.copy(), centres.copy()), expected,
        "wrong for images of 6 × 5 pixels: compare with the MEAN of each class, over all pixels of an image",
    )
alone = "a class may have a single training image, which is its mean then: X_train[y_train == label] is an array of one image, do not\n"
alone += "squeeze it, and divide each sum by the number of images of its OWN class"
close = np.concatenate([centres[1:2] + 0.1 * np.sign(centres[1:2]), centres[1:]])  # the first two classes are nearly the same
twice = np.delete(np.arange(10), 1)
y_hat = nearest_mean(np.concatenate([close, close[twice]]), np.concatenate([np.arange(10), twice]), close[:2].copy())
check.equal(y_hat, [0, 1], alone)
pictures = rng.normal(size=(10, 5, 4, 3))
check.equal(
    nearest_mean(pictures.copy(), np.arange(10), pictures.copy()), np.arange(10),
    "a sample may have more axes, as a colour image does: sum over all but the first, which X.reshape(len(X), -1) makes easy",
)
### END HIDDEN TESTS

# %%
images_and_labels = X_train_scaled, fashion.y_train, X_valid_scaled
y_hat_baseline = nearest_mean(*images_and_labels)
baseline_accuracy = np.mean(y_hat_baseline == fashion.y_valid)
print(f"nearest class mean: {baseline_accuracy:.1%} of the validation images right")
wrong = np.flatnonzero(np.asarray(y_hat_baseline) != fashion.y_valid)
pairs, counts = np.unique(np.c_[fashion.y_valid, y_hat_baseline][wrong], axis=0, return_counts=True)
for (label, called), count in sorted(zip(pairs.tolist(), counts), key=lambda pair: -pair[1])[:3]:
    print(f"{count:4d} times {fashion.class_names[label]} was called {fashion.class_names[called]}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Ten mean images, no training, and about 69 % of the validation images are right (on the drawn images too).
# Whatever we build must be clearly better than that. Look at the mean images again to see where the rule
# fails: the means of pullovers, coats and shirts are nearly the same picture.
#
# </details>

# %% [markdown]
# ## 4 · Neurons that bend (7 minutes)
#
# A layer computes scores $z = xW + b$ and sends each through an **activation function**. Without it, two
# layers would be no better than one: $(xW_1)W_2 = x(W_1W_2)$ is still a linear map. Three functions you meet
# everywhere:
#
# $$\mathrm{ReLU}(z) = \max(z, 0) \qquad \sigma(z) = \frac{1}{1 + e^{-z}} \qquad
# \tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}}$$

# %%
plotting.activation_functions(derivatives=True);

# %% [markdown]
# **Predict before you run.** The dashed lines are slopes, and training multiplies such slopes layer by layer.
# Which function keeps a useful slope for z = 4? What is the largest slope of the sigmoid? What does the
# formula of tanh give at z = 1000, where $e^{z}$ is too large for the computer?
#
# <details><summary>Answer</summary>
#
# ReLU: its slope is 1 for every positive z, while sigmoid and tanh are nearly flat at 4. This is the main
# reason why hidden layers use ReLU today. The sigmoid is steepest at 0, with slope 0.25. And tanh typed in as
# it stands gives `inf / inf`, which is `nan`, "not a number", although the true value is simply 1.
#
# </details>
#
# ### Exercise 3 (2 points)
#
# Write all three. The functions of NumPy and SciPy are allowed, also `np.tanh`; Keras's are not.
# They must give right numbers for *any* finite z, also for ±1000; a warning of NumPy on the way does no harm.

# %% exercise="activations"
def activations(z):
    """ReLU, sigmoid and tanh of every entry of z.

    z: float array of any shape with any finite values; it is not changed. NumPy and SciPy
        may be used.
    Returns three float arrays of the shape of z, in this order: relu, sigmoid, tanh.
    """
    ### BEGIN SOLUTION
    relu = np.maximum(z, 0)
    sigmoid = (1 + np.tanh(z / 2)) / 2  # the same as 1 / (1 + exp(-z)), without the overflow
    tanh = np.tanh(z)
    return relu, sigmoid, tanh
    ### END SOLUTION


# %% tests="activations" points=1
one_number = "`if` and max() ask about one number, and z is an array: np.maximum and np.where answer for each entry"
with check.explained(dict.fromkeys(("truth value", "only length-1", "only 0-dim", "real number"), one_number)):
    result = activations(np.array([-2.0, 0.0, 3.0]))
check.length(result, 3, "return three arrays: return relu, sigmoid, tanh")
relu_z, sigmoid_z, tanh_z = result
check.close(
    relu_z, [0, 0, 3], hint="your ReLU is wrong: it gives z where z is positive, and 0 where it is not",
    mistakes={
        "that is |z|; ReLU makes negative scores 0": [2, 0, 3],
        "np.max finds the one largest number of z; np.maximum(z, 0) compares every entry with 0": 3,
    },
)
check.close(
    sigmoid_z, [0.1192, 0.5, 0.9526], atol=1e-3, hint="your sigmoid is wrong: look at the brackets, and at the sign of the exponent",
    mistakes={
        "the sigmoid falls here, it should rise: the exponent is −z": [0.8808, 0.5, 0.0474],
        "that is tanh; return the three in the order relu, sigmoid, tanh": [-0.964, 0, 0.995],
        "that is the sigmoid of ReLU(z): your ReLU changed z itself. Write np.maximum(z, 0), which makes a new array":
            [0.5, 0.5, 0.9526],
    },
)
check.close(
    tanh_z, [-0.9640, 0, 0.9951], atol=1e-3, hint="your tanh is wrong: look at the brackets, and at the signs of the two exponents",
    mistakes={"that is tanh(z/2): the exponents are z and −z": [-0.7616, 0, 0.9051]},
)
check.close(
    activations(np.array([-1.0, 0.5]))[0], [0, 0.5], hint="your ReLU is wrong: it gives z where z is positive, and 0 where it is not",
    mistakes={
        "your ReLU cuts off fractions: np.vectorize takes the type of its first result, and the 0 of max(v, 0) is an int. Write 0.0, or\n"
        "np.maximum(z, 0)": [0, 0],
    },
)
### BEGIN HIDDEN TESTS
z = np.random.default_rng().uniform(-4, 4, size=(6, 5))
keras_functions = (keras.activations.relu, keras.activations.sigmoid, keras.activations.tanh)
expected = [keras.ops.convert_to_numpy(function(z)) for function in keras_functions]
hint = "every entry of an array with two axes must be right too: np.maximum and np.where answer for each entry, `if` and max do not"
with check.explained({"truth value": hint}):
    result = activations(z.copy())
    check.close(list(result), expected, rtol=1e-4, atol=1e-5, hint=hint)
by_keras = "this comes from Keras: write the three with functions of NumPy or SciPy"
check.true(not any(map(keras.ops.is_tensor, result)), by_keras)
said = ""
try:  # numbers that NumPy and SciPy know, and Keras does not
    activations(z.astype(np.longdouble))
except Exception as error:
    said = f"{type(error).__name__}: {error}"
check.true(not any(word in said for word in ("Tensor", "JAX", "torch", "longdouble", "float128")), by_keras)
for shape in ((1, 4), (2, 1, 3), (1,)):
    hint = f"wrong for an array of the shape {shape}: z may have any shape, and the three results have the same"
    z = np.random.default_rng().normal(size=shape)
    with check.explained({"truth value": hint, "only ": hint, "real number": hint, "0-d": hint}):
        result = activations(z.copy())
        for value, right in zip(result, (z.clip(0), scipy.special.expit(z), np.tanh(z))):
            check.close(value, right, rtol=1e-4, atol=1e-5, hint=hint)
### END HIDDEN TESTS

# %% tests="activations_stable" points=1
one_number = "`if` and max() ask about one number, and z is an array: np.maximum and np.where answer for each entry"
causes = dict.fromkeys(("truth value", "only length-1", "only 0-dim", "real number"), one_number)
causes["math range"] = "math.exp(1000) stops with an error, and np.exp(1000) is inf: take e to a power only where that is below 0, or scipy.special.expit"
with np.errstate(all="ignore"), check.explained(causes):
    relu_z, sigmoid_z, tanh_z = activations(np.array([-1000.0, 1000.0]))
check.close(
    relu_z, [0, 1000], hint="this is your ReLU at −1000 and 1000",
    mistakes={"that is the slope of ReLU; ReLU itself gives z where z is positive": [0, 1]},
)
for name, value, expected in (("sigmoid", sigmoid_z, [0, 1]), ("tanh", tanh_z, [-1, 1])):
    check.true(np.isfinite(value).all(), f"your {name} of ±1000 is nan or inf: exp(1000) is inf, and inf / inf is nan")
    check.close(
        value, expected, atol=1e-6,
        hint=f"your {name} is {expected[0]} at −1000 and {expected[1]} at 1000, if it is right: no single number can stand for nan at both,\n"
        "and if z is cut off, then far outside",
    )
z = np.array([-1e6, -1000.0, -501.0, -30.0, -1.5, 0.5, 2.0, 30.0, 501.0, 1000.0, 1e6])
hint = "activations changed z: `z[z < 0] = 0` and `z[z > 500] = 500` work in place; np.maximum, np.where and np.clip make\n"
hint += "a new array"
with np.errstate(all="ignore"), check.unchanged(z, hint=hint):
    activations(z)
### BEGIN HIDDEN TESTS
with np.errstate(all="ignore"):
    relu_z = activations(np.array([-1e6, 2500.0, 1e6]))[0]
check.close(
    relu_z, [0, 2500, 1e6],
    hint="your ReLU cuts off large values: it gives z wherever z is positive. If you clip z, clip it for the sigmoid only",
)
z = np.array([-10.5, -5.5, 5.5, 10.5])
for name, value, expected in zip(("sigmoid", "tanh"), activations(z.copy())[1:], (scipy.special.expit(z), np.tanh(z))):
    check.close(
        value, expected, rtol=1e-4, atol=1e-5,
        hint=f"this is your {name} of {z.tolist()}: the curve still rises there. If you cut z off, or set its ends, do it far outside",
    )
z = np.array([-1000, -300, -89, -45, 0, 45, 89, 300, 1000], dtype="float32")  # float32 ends at exp(88.7), and tanh squares it
with np.errstate(all="ignore"), check.unchanged(z, hint="activations changed z, which is float32 here: np.asarray makes no copy of such an array"):
    relu_z, sigmoid_z, tanh_z = activations(z)
for name, value, expected in (("ReLU", relu_z, z.clip(0)), ("sigmoid", sigmoid_z, scipy.special.expit(z)), ("tanh", tanh_z, np.tanh(z))):
    check.close(
        value, expected, rtol=1e-4, atol=1e-5,
        hint=f"this is your {name} of {z.tolist()} as float32 numbers, of which the largest is about exp(88)",
    )
### END HIDDEN TESTS

# %%
yours = {
    "your ReLU": lambda t: activations(t)[0],
    "your sigmoid": lambda t: activations(t)[1],
    "your tanh": lambda t: activations(t)[2],
}
plotting.activation_functions(yours);

# %% [markdown]
# ## 5 · From scores to probabilities (8 minutes)
#
# The last layer has ten neurons, one for each class, and gives ten scores (also called *logits*), any real
# numbers. For an answer such as "Bag, and I am 92 per cent sure" we need probabilities: every number between
# 0 and 1, their sum 1, and the class with the largest score still in front. **Softmax** does it: make every
# score positive with the exponential function, then divide by the sum.
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# **Predict before you run.** The scores `[2, 1, 0]` become `[0.665, 0.245, 0.090]`. What do `[102, 101, 100]`
# become? And what does Python answer to `np.exp(1000)`?

# %%
with np.errstate(over="ignore"):
    print("exp of 10, 100, 1000:", np.exp(np.array([10.0, 100.0, 1000.0])))

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# `[102, 101, 100]` become `[0.665, 0.245, 0.090]` as well, and $e^{1000}$ is `inf`: too large for the computer.
#
# </details>
#
# Only *differences* of scores count. Add 100 to every score of one image: each $e^{z_j}$ gets the factor
# $e^{100}$, the sum below gets it too, and it cancels. So you may subtract what you like from a row before
# you take exponentials. Choose **the largest score of that row**: then no exponent is above 0, and nothing
# can overflow.
#
# One tool helps: a maximum or a sum over axis 1 loses that axis. With `keepdims=True` it stays, with length 1, so
# that the result can be combined with the rows of $z$ again.
#
# ### Exercise 4 (3 points)
#
# Write `softmax` for a whole batch of images at once.

# %% exercise="softmax"
def softmax(z):
    """Probabilities from scores.

    z: float array (n, classes), float64 or float32, one row an image, any finite values; it is
        not changed. Ready-made functions, such as SciPy's, may be used.
    Returns a float array (n, classes): every entry lies in [0, 1], every row sums to 1.
    """
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% tests="softmax" points=1
z = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
lost_axis = "a maximum or a sum over axis 1 lost that axis and does not fit the rows of z: give it keepdims=True"
with check.explained({"broadcast": lost_axis}):
    p = softmax(z.copy())
check.shape(p, (2, 3), hint="as many probabilities as scores: softmax gives an array of the shape of z")
check.close(
    p, [[0.665, 0.245, 0.090], [0.045, 0.045, 0.909]], atol=1e-3,
    mistakes={
        "your columns sum to 1, the rows should: one row is one image, so sum over axis 1":
            [[0.8808, 0.7311, 0.0474], [0.1192, 0.2689, 0.9526]],
        "all your numbers together sum to 1: each row needs its own sum": [[0.2226, 0.0819, 0.0301], [0.0301, 0.0301, 0.6051]],
        "you divided by the number of classes: divide by the sum of the row's exponentials": [[2.463, 0.9061, 0.3333], [0.3333, 0.3333, 6.6952]],
        "the largest score got probability 1: that is argmax, softmax is softer": [[1, 0, 0], [0, 0, 1]],
        "you divided the scores by their sum: the exponential function is missing": [[0.6667, 0.3333, 0.0], [0.0, 0.0, 1.0]],
        "you subtracted the largest score of each column: subtract the largest of each row":
            [[0.09, 0.09, 0.0045], [0.0061, 0.0167, 0.0453]],
        "you divided by the sum over both rows: each row needs its own sum, or its probabilities do not sum to 1":
            [[0.3842, 0.1413, 0.0520], [0.0191, 0.0191, 0.3842]],
    },
    hint="by hand, for the first row: exp(2), exp(1) and exp(0) are 7.39, 2.72 and 1, and their sum is 11.11",
)
### BEGIN HIDDEN TESTS
z = np.random.default_rng().normal(size=(50, 7))
check.close(
    softmax(z.copy()), scipy.special.softmax(z, axis=1), rtol=1e-5, atol=1e-7,
    mistakes={
        f"you rounded to {digits} digits, so the rows no longer sum to 1: return the probabilities as they are":
            np.round(scipy.special.softmax(z, axis=1), digits)
        for digits in (2, 3, 4, 5, 6)
    },
    hint="wrong for 50 images and 7 classes: take both numbers from z, they are not always 2 and 3",
)
### END HIDDEN TESTS

# %% tests="softmax_stable" points=1
with np.errstate(all="ignore"):
    p = softmax(np.array([[1000.0, 1001.0, 999.0]]))
check.shape(p, (1, 3), "a single row of scores gives one ROW of probabilities: np.squeeze loses that axis")
check.true(np.isfinite(p).all(), "exp overflowed: subtract each row's largest score before you use np.exp")
check.close(
    p, [[0.2447, 0.6652, 0.0900]], atol=1e-3,
    mistakes={
        "the scores of the row have become equal: large scores were cut off, or each column's maximum was subtracted. "
        "Subtract the largest score of the row": [[0.3333, 0.3333, 0.3333]],
    },
    hint="softmax of 1000, 1001 and 999 is that of −1, 0 and −2: to subtract one number from the whole row changes nothing",
)
### BEGIN HIDDEN TESTS
z = np.random.default_rng().integers(-128, 129, size=(5, 3)) / 64  # exact in float32 too, with 3000 added
with np.errstate(all="ignore"):
    p = softmax(z + np.array([[0.0], [1000.0], [-1000.0], [3000.0], [-3000.0]]))
check.close(
    p, scipy.special.softmax(z, axis=1), atol=1e-3,  # float32 has steps of 2e-4 near 3000
    mistakes={
        "you rounded to 2 digits, so the rows no longer sum to 1: return the probabilities as they are":
            np.round(scipy.special.softmax(z, axis=1), 2),
    },
    hint="wrong for rows of very different size: each row needs its own maximum",
)
with np.errstate(all="ignore"):
    p = softmax(np.array([[-900.0, 0.0, 900.0], [2000.0, -1900.0, -100.0]]))
check.close(
    p, [[0, 0, 1], [1, 0, 0]], atol=1e-6,
    hint="wrong for scores of one row that lie far apart: subtract the LARGEST of the row, not the smallest or the mean",
)
z = np.array([[100, 101, 99], [-101, -100, -102]], dtype="float32")
with np.errstate(all="ignore"):
    p = softmax(z.copy())
check.close(
    p, scipy.special.softmax(z, axis=1), atol=1e-3,
    hint="wrong for float32 scores near 100 and −100: the largest float32 number is about exp(88), so subtract the largest score of a row always,\n"
    "not only where the scores are larger than 700",
)
### END HIDDEN TESTS

# %% tests="softmax_pure" points=1
z = np.array([[1.0, 2.0, 0.0], [5.0, 3.0, 4.0], [0.0, 0.0, 1.0]])
hint = "softmax changed its input: `z -= …` works in place, `z = z - …` makes a new array"
with check.unchanged(z, hint=hint):
    softmax(z)
z = z.astype("float32")
with check.unchanged(z, hint="softmax changed z, which is float32 here: np.asarray makes no copy of such an array, z.copy() does"):
    softmax(z)
### BEGIN HIDDEN TESTS
z = np.array([[-1e6, 1e6, 0.0], [800.0, -0.0, -800.0], [1000.0, 1001.0, 999.0]])
hint = "softmax changed its input, where that holds very large or small scores: `z[z > 700] = …` and `z -= …` work in place"
with np.errstate(all="ignore"), check.unchanged(z, hint=hint):
    softmax(z)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Divide the scores by a *temperature* T before softmax. A low temperature makes the largest score
# win everything, a high one makes all classes nearly equal. (In a notebook that can show widgets there is a
# slider.)

# %%
plotting.softmax_temperature([2.0, 1.0, 0.0]);

# %% [markdown]
# ## 6 · How wrong is a prediction? (10 minutes)
#
# The labels are class numbers: 0 for a T-shirt, 9 for an ankle boot. But an ankle boot is not nine times a
# trouser: the numbers are only names. So we write a label as a **one-hot** row: as many entries as there are
# classes, a 1 at the place of the label, 0 elsewhere. This row has the same form as the network's
# probabilities: it says "I am completely sure that it is this class".
#
# ### Exercise 5 (1 point)
#
# Write `one_hot`. Small batches do not contain every class, so the number of
# columns must come from `classes`, not from the labels that happen to be there.

# %% exercise="one_hot"
def one_hot(y, classes):
    """One-hot rows for class numbers.

    y: int array (n,), each entry from 0 to classes − 1. classes: int, at least 1, the
        number of columns.
    Returns an array (n, classes) of numbers, ints or floats (not booleans): a single 1 in each row,
    in column y[i]; all else 0.
    """
    ### BEGIN SOLUTION
    Y = np.zeros((len(y), classes))
    Y[np.arange(len(y)), y] = 1
    return Y
    ### END SOLUTION


# %% tests="one_hot" points=1
Y = one_hot(np.array([2, 0, 1]), 10)
check.shape(Y, (3, 10), "three labels, ten classes: classes that do not occur in this batch get a column too")
check.close(
    np.asarray(Y)[:, :4], [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]],
    hint="in each row a 1 in the column of the label, all else is 0 (start from np.zeros; np.empty holds anything)",
    mistakes={
        "off by one: label 0 belongs in column 0": [[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]],
        "off by one: label 0 belongs in column 0, not in column 1":
            [[0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]],
        "Y[:, y] = 1 fills whole columns. Each row gets one 1: ask for pairs of a row and a column": [[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]],
    },
)
check.close(np.sum(Y, axis=1), [1, 1, 1], hint="exactly one 1 in each row")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
classes = int(rng.integers(12, 24))
for n in (5, 5, 5, 5, 5, 5, 300):  # several small batches: np.empty gives the memory of one to the next
    y = rng.permutation([*rng.integers(3, classes - 1, size=n - 1), 3])  # without the first classes and the last
    expected = keras.ops.convert_to_numpy(keras.ops.one_hot(y, classes))
    few = f"wrong for {classes} classes, of which some do not occur: the number of columns is `classes`, whatever y holds"
    with check.explained({"out of bounds": few}):
        check.close(
            one_hot(y.copy(), classes), expected,
            hint=f"wrong for {n} labels of {classes} classes, of which some do not occur, as class 0:\n"
            "the number of columns is `classes`, and label 3 belongs in column 3, whatever the smallest or the largest label is; all else "
            "is 0 (start from np.zeros)",
        )
Y = one_hot(np.array([2]), 4)
check.shape(Y, (1, 4), "a single label gives one ROW, (1, 4): np.squeeze loses that axis")
check.true(
    np.asarray(Y).dtype.kind != "b",
    "these are True and False: a one-hot row holds the numbers 1 and 0, so finish with .astype(int)",
)
two = "two classes have two columns, one for each: scikit-learn's label_binarize makes a single one of them"
Y = one_hot(np.array([1, 0, 1]), 2)
check.shape(Y, (3, 2), two)
check.equal(np.asarray(Y, dtype=float), [[0, 1], [1, 0], [0, 1]], "with two classes: the last class gets its 1 too, in the last column")
Y = one_hot(np.array([0, 0]), 1)
check.equal(np.asarray(Y, dtype=float), [[1], [1]], "with a single class every row is [1]")
### END HIDDEN TESTS

# %% [markdown]
# Now compare the one-hot row $y$ with the predicted row $q$. The **cross-entropy** of one image is
#
# $$H(y, q) = -\sum_j y_j \log q_j$$
#
# with the natural logarithm. If $y$ is one-hot, only one term is left: minus the logarithm of the probability
# that the network gave *to the right class*. The loss of a batch is the **mean over its images**.
#
# **Predict before you run.** What is the loss of one image if the right class got probability 1? What if it
# got 0.5, or 0.1? What if the network gave it exactly 0, completely sure and completely wrong?

# %%
for q in (1.0, 0.5, 0.1, 0.01, 1e-7):
    print(f"probability {q:<8g} for the right class: loss {np.log(1 / q):.3f}")

# %% [markdown]
# Sure and wrong costs most: the loss grows without limit. And log 0 is minus infinity, which no training
# survives, so Keras never takes the logarithm of less than $10^{-7}$. You do the same: raise smaller
# probabilities to $10^{-7}$ first, for example with `np.clip`. One image can then cost at most 16.12.
#
# ### Exercise 6 (2 points)
#
# Write `cross_entropy`. The targets Y need not be one-hot: it should also work for
# rows such as `[0.9, 0.1, 0]` ("probably the first class").

# %% exercise="cross_entropy"
def cross_entropy(Y, Q):
    """Mean cross-entropy of a batch, natural logarithm.

    Y: float array (n, classes), target probabilities, each row sums to 1 (often, but
        not always, one-hot).
    Q: float array (n, classes), predicted probabilities, each row sums to 1; values below 1e-7
        count as 1e-7 (to add 1e-7 to all of them is as good).
    Neither is changed.
    Returns one number ≥ 0 (up to 1e-6): the mean over the n rows of −Σ_j Y_j log Q_j.
    """
    ### BEGIN SOLUTION
    return -(Y * np.log(np.clip(Q, 1e-7, 1))).sum(axis=1).mean()
    ### END SOLUTION


# %% tests="cross_entropy" points=1
Y, Q = np.array([[1.0, 0, 0], [0, 1.0, 0]]), np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
check.close(
    cross_entropy(Y.copy(), Q.copy()), 1.3296, atol=1e-3, hint="return one number, the mean over the images",
    mistakes={
        "the loss is negative: the minus sign is missing": -1.3296,
        "you took the mean over all numbers: sum over the classes (axis 1), then average over images": 0.4432,
        "you summed over the images: take their mean, or the loss depends on the size of the batch": 2.6593,
        "you divided by the number of classes: the mean is that over the images, which are the rows": 0.8864,
        "you used the logarithm to base 2: use np.log": 1.9182,
        "you used the logarithm to base 10: use np.log": 0.5774,
        "you took the logarithm of Y: it belongs to the prediction, −Σ Y log Q":
            9.6709,
        "(1 − y) log(1 − q) belongs to the loss of a single yes-or-no output: here it is Σ y log q alone": 2.3513,
        "(1 − y) log(1 − q) belongs to the loss of one yes-or-no output: here it is Σ y log q alone": 0.7838,
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
Y = rng.dirichlet(np.ones(6), size=30)
Q = 0.9 * (1 - Y) / 5 + 0.1 / 6  # the likelier a class is, the less it was predicted: every class costs something else
expected = np.mean(keras.ops.convert_to_numpy(keras.losses.categorical_crossentropy(Y, Q)))
check.close(
    cross_entropy(Y.copy(), Q.copy()), expected, rtol=1e-3,
    hint="wrong for targets that are not one-hot: every class counts, with the weight Y gives it",
)
alone = [-sum(y * math.log(q) for y, q in zip(*rows)) for rows in zip(Y.tolist(), Q.tolist())]
check.close(
    [cross_entropy(Y[i : i + 1].copy(), Q[i : i + 1].copy()) for i in range(30)], alone, rtol=2e-5,
    mistakes={f"you rounded to {digits} digits: return the loss as it is": np.round(alone, digits) for digits in (1, 2, 3, 4)},
    hint="wrong for a batch of a single image",
)
### END HIDDEN TESTS

# %% tests="cross_entropy_zero" points=1
with np.errstate(all="ignore"):
    loss = cross_entropy(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]))
check.true(
    np.all(np.isfinite(loss)),
    "a perfect prediction gives nan: 0 · log 0 is not a number. Raise Q to at least 1e-7 first",
)
check.close(loss, 0, atol=1e-4, hint="a perfect prediction costs 0, one number")
Y, Q = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.5, 0.5]])
hint = "cross_entropy changed its input: `Q[Q < 1e-7] = 1e-7` works in place, np.clip makes a new array"
with check.unchanged(Y, Q, hint=hint):
    cross_entropy(Y, Q)
with np.errstate(all="ignore"):
    half = cross_entropy(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]]))
    loss = cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))
check.true(np.all(np.isfinite(loss)), "log 0 is minus infinity: raise every probability to at least 1e-7 first")
# Measured by what "half sure" costs: another logarithm or sign is noticed by the first test, and costs nothing here.
unit = np.mean(half) / np.log(2)
unit = 1 if abs(unit) < 0.1 or abs(unit - 1) < 0.02 else unit
check.close(
    loss, -np.log(1e-7) * unit, rtol=2e-3,
    hint="wrong for an image that is sure and wrong: probabilities below 1e-7, and only these, count as 1e-7",
)
### BEGIN HIDDEN TESTS
with np.errstate(all="ignore"):
    loss = cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 1e-12]]))
    soft = [cross_entropy(np.array([[0.5, 0.5]]), np.array([row])) for row in ([0.75, 0.25], [1.0, 1e-12])]
check.close(
    loss, -np.log(1e-7) * unit, rtol=2e-3,
    hint="ALL probabilities below 1e-7 count as 1e-7, here 1e-12, not only those that are exactly 0",
)
if np.allclose(soft[0], -0.5 * np.log(0.75 * 0.25) * unit, rtol=2e-3):  # other targets than one-hot cost their point in the first test
    check.close(
        soft[1], -0.5 * np.log(1e-7) * unit, rtol=2e-3,
        hint="it is each PROBABILITY below 1e-7 that counts as 1e-7; the loss of an image is not limited",
    )
Y, Q = Y.astype("float32"), Q.astype("float32")
with np.errstate(all="ignore"), check.unchanged(Y, Q, hint=hint):
    cross_entropy(Y, Q)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Keras against your two functions, on the same scores. Keras has the loss in two forms:
# *categorical* cross-entropy wants one-hot rows, *sparse* categorical cross-entropy wants the class numbers
# and makes the rows itself. The results are equal; mixing them up is one of the most frequent errors in first
# programs.

# %%
targets = np.arange(8)
rows = one_hot(targets, 10)
guesses = softmax(np.random.default_rng(0).normal(size=(8, 10)))
categorical = keras.losses.categorical_crossentropy(rows, guesses)
sparse = keras.losses.sparse_categorical_crossentropy(targets, guesses)
print(f"yours              {cross_entropy(rows, guesses):.5f}")
print(f"Keras, categorical {float(keras.ops.mean(categorical)):.5f}")
print(f"Keras, sparse      {float(keras.ops.mean(sparse)):.5f}")

# %% [markdown]
# ## 7 · Count, then build (10 minutes)
#
# Our network is 784-300-100-10: 784 pixels, two hidden layers with 300 and 100 neurons, ten outputs. In a
# **dense** layer every neuron has one weight for each input and one bias. How many numbers will training have
# to find? Programmers who count first notice when Keras builds something else than they meant.
#
# **Predict before you run.** Count the first layer on paper: 300 neurons, each with its weights and its bias.
#
# <details><summary>Answer</summary>
#
# 784 · 300 weights and 300 biases: 235,500. The next layers have 30,100 and 1,010 parameters.
#
# </details>
#
# ### Exercise 7 (1 point)
#
# Write `count_parameters` for any row of layer sizes.

# %% exercise="count_parameters"
def count_parameters(sizes):
    """Number of weights and biases of a dense network.

    sizes: list of at least two ints: the inputs, then the neurons of each layer;
        ours is [784, 300, 100, 10].
    Returns an int.
    """
    ### BEGIN SOLUTION
    return sum(inputs * neurons + neurons for inputs, neurons in zip(sizes[:-1], sizes[1:]))
    ### END SOLUTION


# %% tests="count_parameters" points=1
total = count_parameters([784, 300, 100, 10])
check.equal(
    total, 266610,
    mistakes={
        "you forgot the biases: every neuron has one": 266200,
        "the inputs are not neurons: they have no biases": 267394,
        "the output neurons have biases too": 266600,
        "that is only the first layer: add up all layers": 235500,
        "every neuron has a bias of its own, and you counted one for each layer": 266203,
    },
    hint="by hand: the first layer has 784 · 300 weights and 300 biases; add the two other layers",
)
check.true(not np.issubdtype(np.asarray(total).dtype, np.floating), f"{float(total)} is a float: return an int, such as {int(total)}")
any_number = "a network may have any number of layers, also one: here [5, 2], five inputs and two neurons"
with check.explained({"IndexError": any_number, "unpack": any_number}):
    check.equal(count_parameters([5, 2]), 12, any_number, mistakes={"you forgot the biases: every neuron has one": 10})
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
several = [rng.choice(np.arange(2, 40), size=size, replace=False).tolist() for size in (rng.integers(5, 8), 2)]
several.append([21, 100, 100, 100, 1])
expected = [
    keras.Sequential([keras.Input((sizes[0],)), *map(keras.layers.Dense, sizes[1:])]).count_params() for sizes in several
]
hint = f"wrong for {several[0]}, for {several[1]} or for {several[2]}: a network may have any number of layers, also one, and\n"
hint += "layers may be of the same size"
with check.explained({"IndexError": hint, "unpack": hint}):
    check.equal([count_parameters(sizes.copy()) for sizes in several], expected, hint)
### END HIDDEN TESTS

# %% [markdown]
# Now build it. A network for another problem, with 6 inputs and 3 classes, looks like this:
#
# ```python
# keras.Sequential([
#     keras.Input((6,)),                              # the shape of ONE sample, without the batch axis
#     keras.layers.Dense(20, activation="tanh"),
#     keras.layers.Dense(3, activation="softmax"),
# ])
# ```
#
# Ours takes images of the shape (28, 28). A dense layer wants a vector, so a `Flatten` layer comes first: it
# lays the 28 rows of an image one after the other and has nothing to learn.
#
# The output must be **probabilities**, so the last layer ends in softmax. (There is another style: leave
# softmax out and tell the loss `from_logits=True`. It is a little more exact, but then the model returns
# scores. In this lab we want to read probabilities from the model, so please end in softmax.) Why not ten
# *sigmoids*? Each would answer its own yes-or-no question, and an image could be a bag with probability 0.9
# and a dress with 0.8. Our classes exclude each other; softmax makes them share one sum.
#
# ### Exercise 8 (2 points)
#
# Write `build_mlp`: 784-300-100-10, ReLU in both hidden layers, softmax at the
# end; no dropout, no normalisation, no penalty. Three styles are welcome: a list of layers, `add`, the functional API. (A subclass
# of `keras.Model`, or a layer or an activation of your own, cannot be marked: use Keras's.)

# %% exercise="build_mlp"
def build_mlp():
    """A new network 784-300-100-10 with fresh random weights in each call, compiled or not.

    Returns a sequential or functional Keras model, of Keras's own layers and activations: images
        (n, 28, 28) in, class probabilities (n, 10) out; ReLU in both hidden layers. Flatten or
        Reshape may lay out the pixels; they are taken as they are.
    """
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(300, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% tests="build_mlp" points=1
built = build_mlp()
check.model(built, input_shape=(28, 28), output_shape=(10,))
check.weights(built, [(784, 300), (300,), (300, 100), (100,), (100, 10), (10,)])
check.equal(built.count_params(), 266610, "this is the number of parameters of your model")
### BEGIN HIDDEN TESTS
both = [[keras.ops.convert_to_numpy(w) for w in network.trainable_weights[::2]] for network in (built, build_mlp())]
check.true(
    all(np.any(first != again) for first, again in zip(*both)),
    "two calls gave the same weights: make the model inside of the function, without a seed, so that each call\n"
    "gives a new one. Training one of them would train them all",
)
### END HIDDEN TESTS

# %% tests="build_mlp_forward" points=1
built = build_mlp()
check.model(built, input_shape=(28, 28), output_shape=(10,))
noise = np.random.default_rng().normal(size=(20, 28, 28)).astype("float32")
p = check.outputs(built, noise)
check.probabilities(
    p,
    hint="classes that exclude each other: the last layer needs softmax; "
    "with sigmoid, or with no activation, the sum is not 1",
)
check.equal(len(built.trainable_weights), 6, "this is the number of arrays of weights: kernel and bias of each of three dense layers")
W1, b1, W2, b2, W3, b3 = [keras.ops.convert_to_numpy(w) for w in built.trainable_weights]
scores = np.maximum(np.maximum(noise.reshape(-1, 784) @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
scalings = [layer.name for layer in built.layers if isinstance(layer, keras.layers.Rescaling)]
check.true(not scalings, f"the network takes the pixels as they are: leave {', '.join(scalings)} out")
expected = scipy.special.softmax(scores, axis=1)
if not np.allclose(p, expected, rtol=0, atol=0.01):
    check.true(
        not np.allclose(p, scipy.special.softmax(expected, axis=1), rtol=0, atol=0.01),
        "softmax acts twice: one is enough, as the activation of the last layer or as a layer of its own",
    )
    check.true(
        not np.allclose(p, scipy.special.softmax(np.maximum(scores, 0), axis=1), rtol=0, atol=0.01),
        "the last layer has ReLU, which makes its negative scores 0 before softmax sees them: leave that ReLU out",
    )
check.close(
    p, expected, rtol=0, atol=0.01,
    hint='your model does not compute what its weights say: do both hidden layers have activation="relu"?',
)
### BEGIN HIDDEN TESTS
images = 10 * np.random.default_rng().normal(size=(200, 28, 28)).astype("float32")
hidden = np.maximum(np.maximum(images.reshape(-1, 784) @ W1 + b1, 0) @ W2 + b2, 0)
check.close(
    check.outputs(built, images), scipy.special.softmax(hidden @ W3 + b3, axis=1), rtol=0, atol=0.01,
    hint='your model does not compute what its weights say: do both hidden layers have activation="relu"?',
)
check.close(
    keras.ops.convert_to_numpy(built(noise, training=True)), p, rtol=0, atol=0.01,
    hint="in training your model computes something else than in use: no Dropout and no noise here (they come in Lab 4)",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Keras's own table. The column *Param #* should hold no surprise for you now.

# %%
build_mlp().summary()

# %% [markdown]
# ## 8 · The functional API (7 minutes)
#
# `Sequential` can only stack one layer on the other. The **functional API** says for each layer what it is
# applied to, so a network may branch and join (you will need that in Labs 3 and 6). A small example with 5
# inputs:
#
# ```python
# inputs = keras.Input((5,))
# x = keras.layers.Dense(8, activation="relu")(inputs)     # make a layer, then call it on what comes before
# outputs = keras.layers.Dense(2, activation="softmax")(x)
# model = keras.Model(inputs, outputs)
# ```
#
# Here is a second problem: 21 measurements of a customer, one question, "will they come back, yes or no?".
# **One** output neuron is enough: its sigmoid is the probability $q$ of "yes", and "no" has the rest, $1 -
# q$. The cross-entropy of these two answers has a name of its own, the **binary cross-entropy**:
#
# $$-\left(y \log q + (1 - y) \log (1 - q)\right), \qquad y \in \{0, 1\}$$
#
# **Predict before you run.** How many parameters has 21-100-100-100-1? What would *softmax* on a single
# output give?
#
# <details><summary>Answer</summary>
#
# 2,200 + 10,100 + 10,100 + 101 = 22,501. Softmax divides by the sum of all outputs; with a single one that is
# itself, so the answer would be 1 for every customer.
#
# </details>
#
# ### Exercise 9 (2 points)
#
# Write `build_binary` with the functional API, not with `Sequential`, and **compile**
# it: the optimizer `"adam"`, the loss `"binary_crossentropy"`, the metric `"accuracy"`. Keras's own
# objects of these kinds, such as `keras.metrics.BinaryAccuracy()` or Adam with another rate, do as well.

# %% exercise="build_binary"
def build_binary():
    """A new compiled network 21-100-100-100-1 for a yes-or-no question, with fresh random weights
    in each call.

    Returns a functional Keras model, of Keras's own layers and activations: features (n, 21) in,
    taken as they are, probabilities of "yes" (n, 1) out; ReLU in the hidden layers; compiled with
    Adam, binary cross-entropy and accuracy; no penalty and no weight decay (they come in Lab 4).
    """
    ### BEGIN SOLUTION
    inputs = keras.Input((21,))
    x = inputs
    for _ in range(3):
        x = keras.layers.Dense(100, activation="relu")(x)
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
    ### END SOLUTION


# %% tests="build_binary" points=1
binary = build_binary()
check.model(binary, input_shape=(21,), output_shape=(1,))
check.true(
    not isinstance(binary, keras.Sequential),
    "this is a Sequential model: use the functional API here, which ends in keras.Model(inputs, outputs)",
)
check.weights(binary, [(21, 100), (100,), (100, 100), (100,), (100, 100), (100,), (100, 1), (1,)])
customers = np.random.default_rng().normal(size=(50, 21)).astype("float32")
q = check.outputs(binary, customers)
extreme = check.outputs(binary, 100 * customers)
check.true(
    0 <= np.min(extreme) and np.max(extreme) <= 1,
    "probabilities lie between 0 and 1, whatever the customer: the output needs a sigmoid",
)
check.true(np.std(q) > 1e-6, "everybody gets the same answer: softmax over a single output is always 1, and a ReLU before the sigmoid can be 0 for all")
W1, b1, W2, b2, W3, b3, W4, b4 = [keras.ops.convert_to_numpy(w) for w in binary.trainable_weights]
scores = np.maximum(np.maximum(np.maximum(customers @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3, 0) @ W4 + b4
scalings = [layer.name for layer in binary.layers if isinstance(layer, keras.layers.Rescaling)]
check.true(not scalings, f"the network takes the features as they are: leave {', '.join(scalings)} out")
expected = scipy.special.expit(scores)
if not np.allclose(q, expected, rtol=0, atol=0.01):
    check.true(
        not np.allclose(q, scipy.special.expit(expected), rtol=0, atol=0.01),
        "the sigmoid acts twice: one is enough, as the activation of the last layer or as a layer of its own",
    )
    check.true(
        not np.allclose(q, scipy.special.expit(np.maximum(scores, 0)), rtol=0, atol=0.01),
        "the last layer has ReLU, which makes its negative scores 0 before the sigmoid sees them: leave that ReLU out",
    )
check.close(
    q, expected, rtol=0, atol=0.01,
    hint='your model does not compute what its weights say: have all three hidden layers activation="relu"?',
)
### BEGIN HIDDEN TESTS
check.true(
    not any(isinstance(layer, keras.Sequential) for layer in binary.layers),
    "there is a Sequential model inside of this one: call each layer on what comes before it",
)
both = [[keras.ops.convert_to_numpy(w) for w in network.trainable_weights[::2]] for network in (binary, build_binary())]
check.true(
    all(np.any(first != again) for first, again in zip(*both)),
    "two calls gave the same weights: make the model inside of the function, without a seed, so that each call gives a new one",
)
features = 30 * np.random.default_rng().normal(size=(300, 21)).astype("float32")
hidden = np.maximum(np.maximum(np.maximum(features @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3, 0)
check.close(
    check.outputs(binary, features), scipy.special.expit(hidden @ W4 + b4), rtol=0, atol=0.01,
    hint='your model does not compute what its weights say: have all three hidden layers activation="relu"?',
)
check.close(
    keras.ops.convert_to_numpy(binary(customers, training=True)), q, rtol=0, atol=0.01,
    hint="in training your model computes something else than in use: no Dropout and no noise here (they come in Lab 4)",
)
### END HIDDEN TESTS

# %% tests="build_binary_loss" points=1
binary = build_binary()
check.model(binary, input_shape=(21,), output_shape=(1,))
check.true(binary.compiled, "the model is not compiled: call model.compile(…) before you return it")
check.true(
    isinstance(binary.optimizer, keras.optimizers.Adam),
    f'the optimizer is {type(binary.optimizer).__name__}: compile with optimizer="adam"',
)
customers = np.random.default_rng().normal(size=(200, 21)).astype("float32")
q = check.outputs(binary, customers)
extreme = check.outputs(binary, 100 * customers)
check.true(
    0 <= np.min(extreme) and np.max(extreme) <= 1,
    "probabilities lie between 0 and 1, whatever the customer: the output needs a sigmoid",
)
binary.run_eagerly = True  # for so few samples not worth compiling
third = 'the third place of compile is not for metrics: write metrics=["accuracy"], with its name'
causes = dict.fromkeys(("string", "dtype: str", "dtype <U", "loss_weights", "BinaryAccuracy"), third)  # as each backend says it
causes["valid range"] = 'a sparse loss wants one output for each class, and here is a single one: write loss="binary_crossentropy"'
with check.explained(causes):
    best, worst = (
        binary.evaluate(customers, answers.astype("float32"), batch_size=200, verbose=0, return_dict=True)
        for answers in (q > 0.5, q <= 0.5)
    )
check.true(
    any(best[name] > 0.999 and worst[name] < 0.001 for name in best if name != "loss"),
    'ask for the accuracy too: metrics=["accuracy"] (keras.metrics.Accuracy() counts outputs that are exactly 0 or 1, BinaryAccuracy() rounds)',
)
### BEGIN HIDDEN TESTS
# On TensorFlow, Keras repairs this slip in silence while it still sees the scores behind the sigmoid; the loss itself tells everywhere.
told = keras.losses.get(keras.tree.flatten(binary.loss)[0])  # it may stand in a list
if callable(told):
    asked, sure = np.array([[0.0], [1.0], [0.0]], dtype="float32"), np.array([[0.05], [0.9], [0.2]], dtype="float32")
    alone = np.mean(keras.ops.convert_to_numpy(told(asked, sure)))
    twice = sklearn.metrics.log_loss(asked[:, 0], scipy.special.expit(sure[:, 0].astype(float)))
    check.true(
        abs(alone - twice) > 0.01 * twice,
        "the output is a probability already (a sigmoid): leave out from_logits=True, which applies a second sigmoid",
    )
check.true(not binary.losses, "the loss holds a penalty: leave out kernel_regularizer and the like, regularisation comes in Lab 4")
weights, scores = binary.get_weights(), scipy.special.logit(np.clip(q.astype(float), 1e-6, 1 - 1e-6))
far = np.abs(scores - np.median(scores)).max()
steeper = min(2 / max(np.std(scores), 1e-3), 12 / max(far, 1e-3))  # so that it is surer, never sure, and half of its answers are yes
weights[-2], weights[-1] = steeper * weights[-2], steeper * (weights[-1] - np.median(scores))
binary.set_weights(weights)
q = check.outputs(binary, customers)
yes = (q > 0.5).astype("float32")
answers = np.abs(yes - (np.arange(200)[:, np.newaxis] % 10 < 1 + 3 * yes))  # a tenth of the no and four of ten yes are wrong
measured = binary.evaluate(customers, answers, batch_size=200, verbose=0, return_dict=True)
check.close(
    measured["loss"], sklearn.metrics.log_loss(answers[:, 0], q[:, 0].astype(float)), rtol=0.01,
    hint="the loss is not the binary cross-entropy of the model's probabilities",
)
check.true(
    any(abs(measured[name] - np.mean(yes == answers)) < 1e-5 for name in measured if name != "loss"),
    f'{np.mean(yes == answers):.3f} of these answers are right, and none of your metrics says so: write metrics=["accuracy"]',
)
check.true(
    type(binary.optimizer).__name__ == "Adam",  # on PyTorch a class of the backend
    f'the optimizer is {type(binary.optimizer).__name__}, which is a relative of Adam: compile with optimizer="adam"',
)
check.true(
    not binary.optimizer.weight_decay,
    "Adam has a weight decay here, which makes all weights a little smaller in each step: leave it out, regularisation comes in Lab 4",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 9 · Test the network before you train it (10 minutes)
#
# A wrong program and a badly chosen setting look the same: poor results after a long wait. Three quick
# experiments find most programming errors *before* the wait. We do them together; the two lines with
# `compile` and `fit` are the ones you will write yourself in the next section.
#
# **Check 1: the first loss.** An untrained network knows nothing. If it gives every class the same
# probability, one tenth, its loss is −log 0.1 = ln 10 = 2.303, whatever the images are.
#
# **Predict before you run.** The network does not guess *exactly* evenly, because its random weights already
# prefer some classes. Is its loss then above or below ln 10? And what will the same network's loss be on raw
# bytes?

# %%
network = models.mlp()  # the course's own 784-300-100-10, in case yours is not ready
network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
X_some, y_some = X_valid_scaled[:1000], fashion.y_valid[:1000]
untrained_loss, untrained_accuracy = network.evaluate(X_some, y_some, verbose=0)
raw_loss, _ = network.evaluate(fashion.X_valid[:1000].astype("float32"), y_some, verbose=0)
print(f"ln 10 = {np.log(10):.3f}")
print(f"untrained, scaled images: loss {untrained_loss:.3f}, accuracy {untrained_accuracy:.1%}")
print(f"untrained, raw bytes:     loss {raw_loss:.1f}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Above: about 2.7, and somewhere between 2.3 and 3.6 for nearly all random weights. The network has random
# preferences, and with ten classes a random preference is wrong nine times out of ten. A first loss a little
# above ln 10 is what you want to see. A first loss near 0, or of 20, tells you that the program is wrong
# before you have lost any time.
#
# On raw bytes the same network usually starts between 100 and 300: it is *extremely* sure of its random
# preferences. (On JAX and PyTorch, Keras cuts probabilities off at $10^{-7}$ here, so that no loss exceeds
# $-\log 10^{-7} \approx 16$.)
#
# </details>
#
# **Check 2: a penalty must raise the loss.** Regularisation (Lab 4) adds a penalty for large weights to the
# loss, for example $\lambda \sum w^2$. Predictions and images stay the same, so at the start the loss must go
# up by *exactly* the penalty. If it does not, the penalty is not connected.
#
# **Predict before you run.** The next cell gives the same weights a penalty with λ = 0.01. By how much does
# the loss rise: by a hundredth, by a tenth, or by more than the loss itself?

# %%
penalty = keras.regularizers.L2(0.01)
regularised = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
for size, activation in ((300, "relu"), (100, "relu"), (10, "softmax")):
    regularised.add(keras.layers.Dense(size, activation=activation, kernel_regularizer=penalty))
regularised.set_weights(network.get_weights())  # the same weights, so the same predictions
regularised.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
regularised_loss, _ = regularised.evaluate(X_some, y_some, verbose=0)
squares = sum(np.sum(W**2) for W in network.get_weights())
expected_loss = untrained_loss + 0.01 * squares
print(f"loss {untrained_loss:.3f} + penalty 0.01 · {squares:.1f} = {expected_loss:.3f}")
print(f"Keras says {regularised_loss:.3f}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The penalty is about twice the loss itself: each of the many weights is small, but their squares add up. (The
# sum above runs over the biases too; before training they are all 0.)
#
# </details>
#
# **Check 3: learn 20 images by heart.** A network with so many parameters must be able to memorise 20 images.
# If it cannot, something is broken: the loss does not fit the output, the images were spoiled on their way
# in, the learning rate is far off. This costs seconds and is the most useful test of all. (One error it
# cannot find: labels that are wrong, but always the same, can be learned by heart as well.)
#
# **Predict before you run.** After 20 rounds over the same 20 images: which accuracy on these 20? And which
# on images that it has never seen, better or worse than the nearest class mean of section 3?

# %% trains=true
X_few, y_few = X_train_scaled[:20], fashion.y_train[:20]
memoriser = models.mlp()
memoriser.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
print("training on 20 images …")
memory = memoriser.fit(
    X_few, y_few, epochs=20, batch_size=1000, validation_data=(X_some, y_some), verbose=0
)
last = {name: values[-1] for name, values in memory.history.items()}
print(f"the 20 images:    accuracy {last['accuracy']:.0%}, loss {last['loss']:.4f}")
print(f"1,000 new images: accuracy {last['val_accuracy']:.0%}, loss {last['val_loss']:.2f}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# All 20 are right and the loss is close to zero, so images, loss and optimizer work together. On new
# images about 43 % are right, fewer than with the nearest class mean, which has seen all training images. The
# network has learned these 20 pictures by heart and little about clothes. Usually we fight this
# (*overfitting*); here we wanted it.
#
# </details>
#
# ### Written question 1 (2 points)
#
# Four classmates show you the start of their training on the ten classes of Fashion-MNIST. Name for each one
# likely error, with your reason, and what you would look at first. One or two sentences each; several errors
# can look alike, any well-reasoned one counts.
#
# 1. The first loss is 148. It falls, but slowly and with jumps. (Write down what *your* untrained network showed in
#    check 1, on scaled images and on raw bytes, and what you had predicted for the bytes.)
# 2. The first loss is 2.30, and after three epochs on all training images it is still 2.30.
# 3. The first loss is 0.69, although the network has ten outputs and knows nothing.
# 4. The loss on 20 images falls to 2.2 and stays there, although the training runs for hundreds of rounds.

# %% [markdown] written="sanity" points=2
# Half a point each for a likely cause together with a sensible first step; other sound causes count as well.
#
# 1. The inputs are not scaled: raw bytes from 0 to 255 make the scores, and so the loss, huge. Look at the
#    mean and the standard deviation of what goes into `fit` (and at the validation images too). The half point
#    needs the student's own two losses, as the notebook shows them, and a prediction, right or wrong.
# 2. The network gives each class one tenth and learns nothing: the learning rate is far too small (or 0), the
#    layers are frozen, all weights are zero, or so large a rate killed all ReLUs at the first step. Look at
#    the learning rate and whether the weights change.
# 3. 0.69 is −ln 0.5: a yes-or-no loss. The loss is *binary* cross-entropy (with sigmoid outputs) and averages
#    over ten separate questions. Use softmax and (sparse) categorical cross-entropy.
# 4. It cannot learn 20 images by heart, so the program is wrong, not the setting. A loss of 2.2 needs no
#    images, only the frequencies of the labels: the images do not reach the output. All inputs are the same
#    (`X // 255` made nearly everything 0), images and labels are shuffled separately in every round, or
#    layers are dead or frozen. Look at the images and labels as they go into `fit`, and at the predictions:
#    are they all equal?

# %% [markdown]
# ## 10 · Define, compile, fit (12 minutes)
#
# Training has three steps, and you have seen each of them:
#
# 1. **define** the layers (section 7);
# 2. **compile**: choose the loss, the optimizer that makes the steps, and the metrics that you want to read;
# 3. **fit**: show the images.
#
# Three words of `fit`. A **batch** is the handful of images from which one gradient is computed. One step of
# the optimizer is an **iteration** (or *update*): one batch, one step. An **epoch** is one round over all
# training images.
#
# **Predict before you run.** We have 55,000 images, and a batch holds 128. How many iterations are one epoch?
# The last batch of an epoch is smaller than the others: how many images are in it?
#
# <details><summary>Answer</summary>
#
# 55,000 / 128 = 429.7, so there are 430 iterations: 429 full batches and one with the last 88 images.
#
# </details>

# %% [markdown]
# The next cell is locked. To try other numbers, write them into a new cell below it (`EPOCHS = 3` is enough for a first try), and delete that
# cell when you have finished.

# %% given="budget" parameters=true
EPOCHS = 10
BATCH_SIZE = 128
TARGET = 0.86  # the share of new images that must be right when exercise 10 is marked

# %% [markdown]
# **Validation is not test.** `fit` can measure loss and accuracy on other images after each epoch. Give it
# the *validation* images. You look at these figures and decide something from them: more epochs, another
# learning rate, another network. Whatever you choose by looking at a figure is chosen to make *that figure*
# look good. So it is no longer an honest forecast for new images. You leave the test images closed until
# section 12; whoever marks your network measures on them.
#
# **The optimizer.** Adam is a good first choice. A learning rate that starts at 0.001 and then falls to 0
# along half a cosine lets the network settle at the end; Keras needs to know over how many updates:
#
# ```python
# keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.001, decay_steps=updates))
# ```
#
# SGD (stochastic gradient descent, as in Lab 1) with momentum (each step keeps a share of the one before), or Adam with a fixed rate,
# does as well. When it is marked, the network must get 86 % of the
# test images right (`TARGET` in the budget cell).
#
# ### Exercise 10 (5 points)
#
# Make four things in one cell. Define the network again in this cell
# (784-300-100-10 as in exercise 8), so that every run of the cell starts from fresh weights.
#
# 1. `updates`, an int: how many iterations the whole training takes, computed from the number of training images,
#    `BATCH_SIZE` and `EPOCHS`.
# 2. `model`: defined (an activation may be a layer of its own) and compiled; the cross-entropy loss that fits your
#    labels; the metric `"accuracy"`, under just this name. Use Keras's own layers and activations. Add no further layers and no regularisation
#    (that is Lab 4): no penalty, no constraint, and in the optimizer no weight decay and no average of weights.
# 3. `first_loss`: the loss of `model` *before* training, on scaled images and their labels, such as the
#    validation images. Is it what section 9 says?
# 4. `history`: what the training, one call of `fit`, returns. Train on `X_train_scaled` and `fashion.y_train` for `EPOCHS` epochs
#    with batches of `BATCH_SIZE`, and measure on `X_valid_scaled` and `fashion.y_valid` after each. The labels may be
#    class numbers or one-hot rows.
#
# `training.fit(model, X, y, epochs=…, batch_size=…, validation_data=(…, …))` is `model.fit` with faster
# settings, and with `live=True` it draws the curves while it trains; `model.fit` itself does as well and takes the
# other arguments. This cell trains for a while: on a laptop, some seconds for each epoch.

# %% exercise="train_mlp" trains=true
# updates:    int, number of iterations of the whole training
# model:      the compiled (and then trained) network, images (n, 28, 28) → probabilities (n, 10)
# first_loss: float, loss on scaled images, such as the validation images, before the training
# history:    the History that fit returns, with loss, accuracy, val_loss and val_accuracy
### BEGIN SOLUTION
updates = math.ceil(len(X_train_scaled) / BATCH_SIZE) * EPOCHS
model = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(300, activation="relu"),
        keras.layers.Dense(100, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.001, decay_steps=updates)),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
first_loss, _ = model.evaluate(X_valid_scaled, fashion.y_valid, verbose=0)
history = training.fit(
    model,
    X_train_scaled,
    fashion.y_train,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    validation_data=(X_valid_scaled, fashion.y_valid),
)
### END SOLUTION

# %% tests="train_updates" points=1
check.equal(
    updates, 430 * EPOCHS,  # 55,000 images in batches of 128
    "round up for each epoch, then multiply: every epoch ends with its own smaller batch",
    mistakes={
        "the last, smaller batch of each epoch counts as well: round up": 429 * EPOCHS,
        "that is one epoch: multiply by the number of epochs": 430,
        "the validation images are no training images: count those of X_train_scaled only": 469 * EPOCHS,
        "that is the number of images shown: one iteration takes a whole batch": 55_000 * EPOCHS,
        "that is not a whole number of batches: round up": 429.6875 * EPOCHS,
    },
)
check.true(
    not np.issubdtype(np.asarray(updates).dtype, np.floating),
    f"{float(updates)} is a float, as np.ceil gives it: updates is an int, and math.ceil gives one",
)

# %% tests="train_first_loss" points=1
check.true(
    np.size(first_loss) == 1,
    "first_loss holds more than one number: evaluate returned the loss and the accuracy, keep the first of them",
)
check.between(
    first_loss, 2.0, 6.0, name="first_loss",
    low_hint="too low for a network that knows nothing: measure it before the training, with cross-entropy. (If it\n"
    "lies between 0 and 1, is it the accuracy? evaluate returns the loss first.)",
    high_hint="too high for a network that knows nothing: did you give it the scaled images, and softmax?",
)
check.true(
    min(abs(float(np.squeeze(first_loss)) - typed) for typed in (np.log(10), 2.3, 2.303)) > 1e-6,
    "that is ln 10, what a network that guesses *evenly* would have; yours has random preferences. Measure its own\n"
    "loss: model.evaluate(…) on the validation images, before fit",
)
### BEGIN HIDDEN TESTS
q = check.outputs(network, X_valid_scaled)[np.arange(len(X_valid_scaled)), fashion.y_valid].astype(float)
check.true(
    min(abs(float(np.squeeze(first_loss)) - other) for other in (untrained_loss, -np.log(np.maximum(q, 1e-37)).mean())) > 1e-5,
    "that is the loss of `network`, from section 9: measure that of your own `model`, before fit",
)
### END HIDDEN TESTS

# %% tests="train_history" points=1
check.true(
    not isinstance(history, dict),
    "history is a dictionary: keep what fit returns, the History itself, without .history behind it",
)
record = history.history
check.true(
    "acc" not in record or "accuracy" in record,
    'your metric stands there as "acc": metrics=["accuracy"] gives it the name "accuracy", which the cells below read',
)
check.true(
    {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(record),
    f'it holds {sorted(record)}: compile with metrics=["accuracy"], and give fit the validation_data',
)
check.equal(len(record["loss"]), EPOCHS, "this is the number of epochs in the history")
### BEGIN HIDDEN TESTS
import contextlib

check.equal(
    [len(record["val_loss"]), len(record["val_accuracy"])], [EPOCHS, EPOCHS],
    "measure on the validation images after EACH epoch: leave out validation_freq",
)
check.true(
    not model.losses,
    "the loss holds a penalty: leave out kernel_regularizer and the like, regularisation comes in Lab 4",
)
held = [layer.name for layer in model.layers if getattr(layer, "kernel_constraint", None) or getattr(layer, "bias_constraint", None)]
check.true(not held, f"{', '.join(held)}: a constraint limits these weights after each step. Leave it out, regularisation comes in Lab 4")
optimizer = getattr(model, "optimizer", None)
check.true(
    not getattr(optimizer, "weight_decay", None),
    f"your optimizer, {type(optimizer).__name__}, has a weight decay, which makes all weights a little smaller in each step: take Adam\n"
    "without it, regularisation comes in Lab 4",
)
check.true(
    not getattr(optimizer, "use_ema", False),
    "use_ema=True gives your model averages of its weights at the end, and the history is not that of these: leave it out",
)
# On TensorFlow, Keras repairs from_logits in silence while it still sees the scores behind softmax; the loss itself tells everywhere.
lossy = keras.losses.get(keras.tree.flatten(model.loss)[0])  # it may stand in a list
if callable(lossy):
    sure = np.full((2, 10), 0.02, dtype="float32") + 0.8 * np.eye(10, dtype="float32")[[3, 5]]
    sparse = "sparse" in (getattr(lossy, "__name__", "") + type(lossy).__name__).lower()
    labels = np.array([3, 6]) if sparse else np.eye(10, dtype="float32")[[3, 6]]
    with contextlib.suppress(Exception):  # a loss of another kind shows in the history
        second = scipy.special.softmax(sure, axis=1)[[0, 1], [3, 6]]
        again = abs(np.mean(keras.ops.convert_to_numpy(lossy(labels, sure))) + np.mean(np.log(second))) < 0.01
        labels = None if again else labels
    check.true(
        labels is not None,
        "the outputs are probabilities already (a softmax): leave out from_logits=True, which applies a second softmax",
    )
X_check = (fashion.X_valid - np.float32(pixel_mean)) / np.float32(pixel_deviation)
q = check.outputs(model, X_check).astype(float)
valid_loss = -np.log(np.maximum(q[np.arange(len(q)), fashion.y_valid], 1e-37)).mean()
valid_accuracy = np.mean(q.argmax(axis=1) == fashion.y_valid)
gaps = np.abs(np.array([record["val_loss"], record["val_accuracy"]]) - [[valid_loss], [valid_accuracy]])
counts = len(q) * np.array(record["val_accuracy"])  # of right images: whole numbers if it was these 5,000
check.true(
    np.any((gaps[0] < 1e-4) & (gaps[1] < 7e-4)) and np.abs(counts - np.round(counts)).max() < 0.01,
    f"on the scaled validation images your model has loss {valid_loss:.4f}, accuracy {valid_accuracy:.4f},\n"
    "but your history says something else. Is validation_data the validation images (not the test images),\n"
    "are they scaled, and is the loss the plain cross-entropy?",
)
### END HIDDEN TESTS

# %% tests="train_accuracy" points=2
check.model(model, input_shape=(28, 28), output_shape=(10,))
check.weights(model, [(784, 300), (300,), (300, 100), (100,), (100, 10), (10,)], "the network should be 784-300-100-10")
q = check.outputs(model, X_valid_scaled[:2000])
check.probabilities(q, hint="the model should return probabilities of ten classes: end in softmax")
check.between(
    np.mean(q.argmax(axis=1) == fashion.y_valid[:2000]), 0.6, 1.0, name="accuracy on validation images",
    low_hint="too few of the scaled images are right: is it trained on X_train_scaled with the right loss?",
)
check.true(model.compiled, "the model is not compiled: call model.compile(…) before fit")
check.equal(
    int(keras.ops.convert_to_numpy(model.optimizer.iterations)),
    430 * EPOCHS,
    "this is the number of steps that your optimizer made: train one fresh model, once, on all training\n"
    "images and no others, with batches of BATCH_SIZE for EPOCHS epochs",
    mistakes={"batch_size=BATCH_SIZE is missing in fit: without it a batch has 32 images": 1719 * EPOCHS},
)
### BEGIN HIDDEN TESTS
W1, b1, W2, b2, W3, b3 = [keras.ops.convert_to_numpy(w) for w in model.trainable_weights]
scalings = [layer.name for layer in model.layers if isinstance(layer, (keras.layers.Rescaling, keras.layers.Normalization))]
check.true(not scalings, f"the images are scaled already, and no further layers are asked for: leave {', '.join(scalings)} out")
for scale in (3.0, 0.3):
    x = scale * np.random.default_rng().normal(size=(200, 28, 28)).astype("float32")

    def by_relu(scores):
        return np.maximum(scores, 0)

    def by_hand(bend, last=np.array):
        return scipy.special.softmax(last(bend(bend(x.reshape(200, 784) @ W1 + b1) @ W2 + b2) @ W3 + b3), axis=1)

    q = check.outputs(model, x)
    check.close(
        q, by_hand(by_relu), rtol=0, atol=0.01,
        hint='your model does not compute what its weights say: have both hidden layers activation="relu"?',
        mistakes={
            "softmax acts twice: one is enough, as the activation of the last layer or as a layer of its own":
                lambda: scipy.special.softmax(by_hand(by_relu), axis=1),
            "the last layer has ReLU, which makes its negative scores 0 before softmax sees them: leave that ReLU out":
                lambda: by_hand(by_relu, by_relu),
            "the scores are a linear function of the pixels: the hidden layers have no activation": lambda: by_hand(np.array),
            "the hidden layers bend with tanh: as in exercise 8 they should use ReLU": lambda: by_hand(np.tanh),
        },
    )
in_training = keras.ops.convert_to_numpy(model(x, training=True))
check.close(
    in_training, q, rtol=0, atol=0.01,
    hint="in training your model computes something else than in use: leave out Dropout and noise (they come in Lab 4)",
)
X_check = (fashion.X_test - np.float32(pixel_mean)) / np.float32(pixel_deviation)
y_check = check.outputs(model, X_check).argmax(axis=1)
check.between(
    np.mean(y_check == fashion.y_test), TARGET, 1.0, name="accuracy on the test images",
    low_hint="too many mistakes on new images: is the learning rate right? Adam with 0.001 is a good start",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 11 · Read the curves (7 minutes)
#
# **Predict before you run.** Which of the two losses, training or validation, will be lower at the end? Does
# the validation loss end where it was lowest?

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
plotting.learning_curves(history, metric="loss", ax=left)
plotting.learning_curves(history, metric="accuracy", ax=right);

# %% [markdown]
# How to read them:
#
# - **Both curves still fall**: the network is not finished; train longer, or with a larger learning rate.
# - **Both stay high and close together**: *underfitting*. The network is too small, or training cannot get
#   through.
# - **Training goes on falling, validation stays or rises**: *overfitting*. The shaded **gap** is what the
#   network knows about the training images only. More images, a smaller network, regularisation (Lab 4) or an
#   earlier stop make it smaller.
# - **In the first epoch validation is often the better one.** That is no error: Keras averages the training
#   loss over the epoch, while the network is still improving, and measures the validation loss at its end.
#
# <details><summary>What you should have seen</summary>
#
# With the falling learning rate the validation loss usually ends at or very near its lowest value: the last
# steps are too small to overfit much.
#
# With 55,000 images the gap in accuracy at the end is about 5 percentage points (drawn images: about 2).
#
# </details>
#
# Here are your curves again, beside those of the network that saw 20 images.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
plotting.learning_curves(memory, metric="accuracy", title="20 training images", ax=left)
plotting.learning_curves(history, metric="accuracy", title="55,000 training images", ax=right)
left.set_ylim(0, 1.03)
right.set_ylim(0, 1.03)
gap = 100 * (history.history["accuracy"][-1] - history.history["val_accuracy"][-1])
print(f"gap at the end, 55,000 images: {gap:.1f} percentage points")

# %% [markdown]
# ### Written question 2 (2 points)
#
# A friend tries 40 networks, each with other settings, measures the accuracy of all 40 on the *test*
# images, keeps the best one and reports: "0.902 on new images".
#
# 1. Why is this figure probably too good?
# 2. How could your friend have used the three parts of the set to get an honest figure, without more images?
# 3. In the best network's curves the validation loss is lowest after epoch 6 and then rises, while the
#    training loss goes on falling. Which weights should your friend keep, and what is the name of what
#    happens after epoch 6? And in *your* curves: after which epoch was the validation loss lowest, and what had
#    you predicted?

# %% [markdown] written="validation" points=2
# 1. (½ point) The best of 40 was chosen *by* the test figure. It is partly better and partly just lucky on
#    these 10,000 images; the luck is in the figure but not in the network, so on really new images it will do
#    a little worse. The test images have been used for a decision, they have become validation images.
# 2. (1 point) Train each network on the training images, compare all 40 on the validation images, choose
#    there; then measure only the chosen one, once, on the test images, and report that, whatever it is. (½
#    for choosing on the validation images, ½ for using the test images once and not choosing again after it.)
# 3. (½ point) The weights after epoch 6 (early stopping with the best weights restored); overfitting. The half
#    point needs the epoch that fits the student's own curves, and a prediction, right or wrong.

# %% [markdown]
# ## 12 · Open the test images (10 minutes)
#
# All decisions are made, so now, once, the test. The published figures for this network are 0.889 on the
# validation and 0.886 on the test images, after 30 epochs of plain SGD (HOML, chapter 10). That was one
# run. The same code, run five times with other seeds, gave 0.884 ± 0.002 and 0.877 ± 0.004.
#
# **Predict before you run.** Yours had fewer epochs, but Adam, scaled inputs and a falling learning rate.
# Above or below 0.886?

# %%
X_test_scaled = keras.ops.convert_to_numpy(scaler(fashion.X_test))
P_test = model.predict(X_test_scaled, batch_size=1000, verbose=0)
# From the probabilities themselves, so that it does not matter whether your loss wants class
# numbers or one-hot rows:
test_losses = keras.losses.sparse_categorical_crossentropy(fashion.y_test, P_test)
test_loss = float(keras.ops.mean(test_losses))
test_accuracy = np.mean(P_test.argmax(axis=1) == fashion.y_test)
print(f"test: loss {test_loss:.3f}, accuracy {test_accuracy:.3f}")
print("first image:", np.round(P_test[0], 2), "→", fashion.class_names[P_test[0].argmax()])

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# About 89 % of the real test images are right (of the drawn ones about 90.5 %). This is a little above the
# published figure after a third of the epochs: not because the network is another one, but because of the
# scaled inputs and the optimizer. And it is about 20 percentage points above the baseline of section 3.
#
# </details>
#
# One number hides which clothes are difficult. The **confusion matrix** shows it: row $i$, column $j$ counts
# the images that *are* class $i$ and were *called* class $j$. The right answers stand on the diagonal.
#
# `P_test` has one row for each image and one column for each class. The predicted class is the column with
# the largest probability in its row: `P_test.argmax(axis=1)`.
#
# ### Exercise 11 (1 point)
#
# Write `confusion`.

# %% exercise="confusion"
def confusion(y, y_hat, classes):
    """Confusion matrix: how many samples of each class were called what.

    y: int array (n,), true labels. y_hat: int array (n,), predicted labels. Both from
        0 to classes − 1.
    Returns an array (classes, classes) of counts; entry [i, j]: samples of class i that were
    predicted as j.
    """
    ### BEGIN SOLUTION
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (y, y_hat), 1)
    return counts
    ### END SOLUTION


# %% tests="confusion" points=1
y, y_hat = np.array([0, 0, 0, 0, 1, 2]), np.array([0, 0, 1, 2, 1, 0])
with check.explained({"cannot reshape": "np.bincount ends with the largest number that occurs: its minlength gives the rest, which is 0"}):
    table = confusion(y, y_hat, 3)
check.equal(
    table, [[2, 1, 1], [0, 1, 0], [1, 0, 0]],
    mistakes={
        "it is transposed: rows are the true classes, columns the predicted ones": [[2, 0, 1], [1, 1, 0], [1, 0, 0]],
        "these are shares: count the samples, do not divide": [[0.5, 0.25, 0.25], [0, 1, 0], [1, 0, 0]],
        "these are shares of all samples: count, do not divide": [
            [0.3333333333333333, 0.16666666666666666, 0.16666666666666666], [0, 0.16666666666666666, 0], [0.16666666666666666, 0, 0],
        ],
        "each entry is 0 or 1: `counts[y, y_hat] += 1` counts a repeated pair only once":
            [[1, 1, 1], [0, 1, 0], [1, 0, 0]],
        "only the right predictions are counted: a wrong one belongs beside the diagonal": [[2, 0, 0], [0, 1, 0], [0, 0, 0]],
    },
    hint="by hand, for row 0: four samples are of class 0, and class 0 was predicted for two of them, 1 for one, 2 for one",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
y, y_hat = rng.integers(0, 5, size=300), rng.integers(0, 6, size=300)
expected = sklearn.metrics.confusion_matrix(y, y_hat, labels=range(8))
check.equal(
    confusion(y.copy(), y_hat.copy(), 8), expected,
    "wrong for 8 classes of which some do not occur: the matrix has a row and a column for each of them",
)
check.equal(
    confusion(np.zeros(70_000, dtype=int), np.ones(70_000, dtype=int), 2), [[0, 70_000], [0, 0]],
    "70,000 samples of one kind, and the count is wrong: small types of numbers end early, bytes at 255, uint16 at 65,535.\n"
    "Use dtype=int",
)
### END HIDDEN TESTS

# %%
table = confusion(fashion.y_test, P_test.argmax(axis=1), 10)
plotting.confusion_matrix(table, fashion.class_names);

# %% [markdown]
# Trousers, bags and shoes are easy. Most mistakes happen among T-shirts, pullovers, coats and shirts, the
# same that the mean images could not tell apart. The shirt is the hardest of all: only about 71 % of the
# shirts are found (of the drawn ones about 68 %).
#
# Now look at single images. The most instructive mistakes are those of which the network was **most sure**:
# either it has learned something wrong, or the label is wrong, or a human would have said the same.
#
# **Predict before you run.** What will the twelve most confident mistakes look like: bad photographs, odd
# clothes, or ordinary ones?
#
# ### Exercise 12 (2 points)
#
# Write `confident_mistakes`. How sure the network was is the probability that it
# gave to the class that it *chose*.

# %% exercise="confident_mistakes"
def confident_mistakes(P, y, k):
    """Which samples were classified wrongly with the greatest confidence?

    P: float array (n, classes), predicted probabilities, one row a sample. y: int array
        (n,), true labels.
    k: int, at least 1.
    Returns an int array with the row numbers of up to k wrongly classified samples, the most
    confident first (equals in any order); fewer than k if there are fewer mistakes, shape (0,) if
    there are none. Nothing is changed.
    """
    ### BEGIN SOLUTION
    wrong = np.flatnonzero(P.argmax(axis=1) != y)
    order = np.argsort(-P[wrong].max(axis=1))
    return wrong[order[:k]]
    ### END SOLUTION


# %% tests="confident_mistakes" points=1
P = np.array([[0.80, 0.15, 0.05], [0.08, 0.02, 0.90], [0.27, 0.45, 0.28], [0.7, 0.1, 0.2], [0.3, 0.3, 0.4]])
y = np.array([0, 1, 0, 2, 2])
with check.explained({
    "only integer scalar arrays": "np.where gives a tuple: take its first part, np.where(…)[0]",
    "broadcast": "one answer for each ROW of P is needed: look along axis 1, for example P.max(axis=1)",
}):
    found = confident_mistakes(P.copy(), y.copy(), 2)
check.equal(
    found, [1, 3],
    mistakes={
        "samples 1 and 0 have the largest probabilities, but 0 is right: keep only the mistakes": [1, 0],
        "these are the least confident mistakes: sort the other way round": [2, 3],
        "the right samples, but the most confident should come first": [3, 1],
        "these are places among the mistakes; return row numbers of P": [0, 2],
        "these are the classes that were predicted; return row numbers of P": [2, 0],
        "these are mistakes, but not the surest: sort by the largest probability of each row": [1, 2],
        "one row is missing: the largest probability of EACH row is P.max(axis=1), and first come the mistakes, then k of them": [1],
        "these are all mistakes: return the first k of them, here two": [1, 3, 2],
    },
    hint="by hand: rows 1, 2 and 3 are mistakes, with 0.9, 0.45 and 0.7 as their largest probabilities",
)
check.true(
    np.asarray(found).dtype.kind in "iu",
    "your row numbers are floats, which pick no row: one array of probabilities and row numbers holds floats only. Keep them apart, or\n"
    "finish with .astype(int)",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
P, y = rng.dirichlet(np.ones(6), size=80), rng.integers(0, 6, size=80)
mistakes = sorted((-max(row), i) for i, row in enumerate(P.tolist()) if row.index(max(row)) != y[i])
check.equal(
    confident_mistakes(P.copy(), y.copy(), 5), [i for _, i in mistakes[:5]],
    "wrong for 80 samples: order them by the probability of the predicted class, the largest of the row (not by its lead over\n"
    "the second, and not by the probability of the right class)",
)
order = np.array([3, 0, 5, 1, 4, 2])
small = np.column_stack([0.9999 + 1e-6 * order, 0.0001 - 1e-6 * order])
check.equal(
    confident_mistakes(small.copy(), np.ones(6, dtype=int), 4), np.argsort(-order)[:4],
    "six mistakes whose probabilities differ little, 0.999905 and 0.999904: sort them as they are, not rounded",
)
most = len(mistakes) - 1  # not more than there are, which is what the next test asks
check.equal(
    confident_mistakes(P.copy(), y.copy(), most), [i for _, i in mistakes[:most]],
    f"wrong for k = {most} of 80 samples: nearly every mistake is asked for, also those whose largest probability is below one half, in the\n"
    "order of the probability of the predicted class",
)
P = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.3, 0.7], [0.7, 0.3], [0.0, 1.0], [0.6, 0.4]])
found = np.asarray(confident_mistakes(P.copy(), np.array([1, 0, 1, 0, 1, 1, 1]), 5))
check.equal(
    [sorted(found[:3].tolist()), sorted(found[3:].tolist())], [[0, 1, 2], [3, 4]],
    "three mistakes are equally confident here, and two more: all of them count",
)
check.shape(
    confident_mistakes(small.copy(), np.ones(6, dtype=int), 1), (1,),
    "k = 1 gives an array too, with one row number: np.squeeze and int lose that axis",
)
### END HIDDEN TESTS

# %% tests="confident_mistakes_few" points=1
P, y = np.array([[0.6, 0.4], [0.3, 0.7], [0.1, 0.9], [0.8, 0.2]]), np.array([1, 1, 0, 0])
few = "there are only two mistakes here (samples 2 and 0), so return only two, although k = 4"
with check.explained({"out of bounds": few, "out of range": few}):
    check.equal(np.sort(confident_mistakes(P.copy(), y.copy(), 4)), [0, 2], few)
hint = "confident_mistakes changed its input: `P[…] = 0` works in place, np.where(…, P, 0) makes a new array"
for dtype in ("float64", "float32"):  # np.asarray(P, dtype) makes no copy of an array that has this dtype
    P = P.astype(dtype)
    with check.unchanged(P, y, hint=hint):
        confident_mistakes(P, y, 2)
### BEGIN HIDDEN TESTS
none = "every sample is right here, so there is no mistake to return: an empty array"
with check.explained({"unpack": none, "out of bounds": none, "zero-size": none, "empty": none}):
    nothing = confident_mistakes(P.copy(), np.array([0, 1, 1, 0]), 3)
    check.shape(nothing, (0,), none)
check.true(
    not isinstance(nothing, np.ndarray) or nothing.dtype.kind in "iu",
    "without mistakes this is an array of floats, which is no row number: np.array([]) needs dtype=int",
)
### END HIDDEN TESTS

# %%
worst = confident_mistakes(P_test, fashion.y_test, 12)
plotting.confident_mistakes(fashion.X_test, fashion.y_test, P_test, fashion.class_names, worst);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Look at each image and decide: would *you* have said what the label says? Some of these the network should
# have known. For others you will probably take its side.
#
# </details>
#
# Note also how sure it is of its mistakes. Softmax outputs are *called* probabilities, but nothing in
# training makes "99 per cent sure" mean "right 99 times in 100". A network that overfits is too sure of
# itself.

# %% [markdown]
# ## 13 · The same network in PyTorch and scikit-learn (5 minutes, nothing to write)
#
# You will meet code for other libraries. The next three cells train *one* network, 784-300-100-10 with ReLU, in three
# of them, on the same 2,000 images: Adam with the rate 0.001, batches of 50, 5 epochs, the cross-entropy. The networks
# are compared on the validation images, because the test images are opened only once. Nothing here is marked, and the
# course does not need PyTorch: where it is not installed, its cell says so.
#
# **Predict before you run.** Which of the three libraries gives the most accurate network?

# %%
X_beside, y_beside = X_train_scaled[:2000], fashion.y_train[:2000]
beside = {}  # library → accuracy on the validation images

keras_mlp = models.mlp()
keras_mlp.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy")
print("training with Keras …")
keras_mlp.fit(X_beside, y_beside, epochs=5, batch_size=50, verbose=0)  # it shuffles the images
keras_probabilities = keras_mlp.predict(X_valid_scaled, batch_size=1000, verbose=0)
beside["Keras"] = np.mean(keras_probabilities.argmax(axis=1) == fashion.y_valid)

# %%
import sklearn.neural_network

# Layers, loss and optimizer are one object. It finds the sizes of input and output in the data, and
# takes NumPy's seed.
sklearn_mlp = sklearn.neural_network.MLPClassifier(
    hidden_layer_sizes=(300, 100),
    activation="relu",
    solver="adam",
    learning_rate_init=0.001,
    batch_size=50,
    alpha=0,  # no L2 penalty: there is one by default
)
print("training with scikit-learn …")
# Or max_iter=5 and one fit, which warns that it would rather choose the number of epochs itself:
for _ in range(5):
    sklearn_mlp.partial_fit(X_beside.reshape(-1, 784), y_beside, classes=range(10))
beside["scikit-learn"] = sklearn_mlp.score(X_valid_scaled.reshape(-1, 784), fashion.y_valid)

# %%
try:
    import torch
except (ImportError, OSError):
    torch = None
    print("PyTorch is not installed here: read this cell; what it gives stands below.")
else:
    torch.manual_seed(np.random.randint(1000))
    torch_mlp = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(784, 300), torch.nn.ReLU(),
        torch.nn.Linear(300, 100), torch.nn.ReLU(),
        torch.nn.Linear(100, 10),  # scores: the loss has the softmax
    )
    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(torch_mlp.parameters(), lr=0.001)
    print("training with PyTorch …")
    images, labels = torch.from_numpy(X_beside), torch.from_numpy(y_beside.astype("int64"))
    for _ in range(5):
        for batch in torch.randperm(len(images)).split(50):  # a new order in each epoch
            optimizer.zero_grad()  # forget the last gradients
            loss = loss_of(torch_mlp(images[batch]), labels[batch])  # forward
            loss.backward()  # backward
            optimizer.step()  # one iteration
    with torch.no_grad():
        torch_scores = torch_mlp(torch.from_numpy(X_valid_scaled)).numpy()
    beside["PyTorch"] = np.mean(torch_scores.argmax(axis=1) == fashion.y_valid)

# %%
for library, accuracy in beside.items():
    print(f"{library:<13} {accuracy:.1%} of the validation images are right")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# None is clearly better: about 80 % are right in Keras, about 81 % in scikit-learn, and PyTorch 2.13.0 gave about 81 %
# in five runs, on photographs as on drawn images. Another seed moves each by a point. (Section 12 reached more, from all
# training images.) The libraries differ in how you say it:
#
# </details>
#
# | Keras | PyTorch | scikit-learn |
# |---|---|---|
# | `compile` and `fit` | a loop: `zero_grad`, loss, `backward`, `step` | `fit` |
# | softmax in the last layer, or `from_logits=True` in the loss | softmax in the loss; the network returns scores | built in |
# | `fit` shuffles | you shuffle | `fit` shuffles |
# | first weights: Glorot, biases 0 | smaller, biases random too | Glorot, biases random too |
#
# Lecture 7, *Beyond the MLP*, goes through the differences, and carries trained weights from one library to the others.

# %% [markdown]
# ## What you learned
#
# - Inputs are scaled with the statistics of the training images, and bytes are turned into floats first.
# - A baseline and the first loss (ln of the number of classes) tell you whether a result is good, and whether
#   the program is right.
# - A dense layer with $n$ inputs and $m$ neurons has $nm + m$ parameters.
# - Classes that exclude each other: softmax and cross-entropy. Yes or no: one sigmoid and binary
#   cross-entropy.
# - Define, compile, fit. One batch is one iteration; one round over all training images is an epoch.
# - Learn on the training images, decide on the validation images, report on the test images: once.
#
# ## What to change and try
#
# Locked cells ignore what you type: copy the code that you need into a new cell, and change it there; for a number such as `EPOCHS` a new
# cell with `EPOCHS = 30`, above the cells that use it, is enough. Do it in a copy of this notebook, so that what you hand in stays whole.
#
# - Train with `fashion.X_train / 255` in place of the standardised images. Which epoch catches up, and does
#   it matter?
# - Leave out the activations of the hidden layers. How far does a linear network get, compared with your
#   baseline?
# - One hidden layer of 300, or five of 60: compare the parameters and the accuracy.
# - Train three times as many epochs with a fixed learning rate. When does the validation loss turn, and what
#   does the validation *accuracy* do in the meantime?
# - Average the probabilities of three networks that you trained separately. Does the average beat each of
#   them?
# - Cut out the middle of the clothes: set the pixels in rows 10 to 18 to 0 in the test images. Which classes
#   suffer?

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
