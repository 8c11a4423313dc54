# %% [markdown]
# # Lab 5 · Transfer learning
#
# You have 200 labelled images, and that is not enough. But a network that somebody trained for *another* task
# already knows edges, folds and sleeves. In this lab you take such networks apart and use what they know:
# first a small one of your own (Part A), then one that was trained on a million photographs (Part B).
#
# - **Time**: 90 minutes for reading and writing; Part A and Part B make two good evenings. The computer itself
#   needs about two minutes.
# - **Points**: 29, of which 4 are for two written questions.
#
# **When you have finished, you can**
#
# - reuse the body of a trained network without damaging the network,
# - freeze and unfreeze layers, and say why Keras must compile again,
# - train in two stages: the new head first, then everything at a lower rate,
# - say when transfer helps and when it hurts, and show it over several seeds,
# - learn from images without labels, with a denoising autoencoder,
# - use a large pretrained network: features once, heads many times,
# - keep batch normalisation from spoiling a frozen network,
# - add augmentation that works in training only, and fine-tune the top at a very low rate.
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
# then *B*), such as `EPOCHS_2 = 10`; run that cell and those after it. Delete it before you hand in, because your
# notebook is marked with what stands in it.
#
# To read: *Hands-On Machine Learning* (HOML), chapter 11, "Reusing pretrained layers". You know dense networks
# from Lab 2 and early stopping from Lab 4.

# %% given="setup"
import math
import time

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
import scipy.special
import sklearn.metrics
from coursekit import backbones, check, data, plotting, training

coursekit.setup("lab05_transfer")

# %% given="budget" parameters=true
IMAGES_A = 44_000  # training images of network A, at most
EPOCHS_A = 5
EPOCHS_1 = 5  # stage 1 of the transfer: the head alone
EPOCHS_2 = 25  # stage 2: all layers
SEEDS = 5
IMAGES_UNLABELLED = 20_000
EPOCHS_AUTOENCODER = 8
SIZE = 192 if data.source("clothing") == "real" else 128  # height and width of the photographs
PHOTOS = 50  # training photographs of each class, at most
EPOCHS_HEAD = 40
EPOCHS_SCRATCH = 24
EPOCHS_TUNING = 4
TARGET_B = 0.64  # the share of new images that must be right when exercise 4 is marked
TARGET_HEAD = 0.55  # the same for exercise 8

# %% [markdown]
# # Part A · A small network changes its job
#
# ## 1 · Two tasks (6 minutes)
#
# We play a story that happens in every company. Some time ago a colleague trained **network A** on plenty of
# images of *eight* kinds of clothes from Fashion-MNIST. Now there is a new task, **B**: is it a *pullover* or a
# *shirt*? Neither of them is among A's eight classes. And labels cost money, so for task B there are only
# **200 labelled images**.
#
# (If the set-up cell said *drawn stand-in*, the data could not be downloaded or drawn ones were asked for, and you work with images that the course
# drew itself. Where they give other figures, the text states both.)
#
# | task | classes | labelled training images |
# |---|---|---|
# | A | all but pullovers and shirts: eight classes | about 44,000 |
# | B | pullover (new label 0), shirt (new label 1) | 200 |
#
# Fashion-MNIST numbers its classes from 0 to 9. A network with eight outputs needs the labels 0 to 7, one with
# a yes-or-no output needs 0 and 1. So picking classes means two things: keep the right images, and **give them
# new labels**.
#
# **Predict before you run.** For task A we keep the classes `[0, 1, 3, 4, 5, 7, 8, 9]`. Which new label does an
# ankle boot get (old label 9)? What would Keras say if it kept the 9?
#
# <details><summary>Answer</summary>
#
# The class that stands at place 7 of the list gets the new label 7. With the label 9 and only eight outputs the
# loss would look for a ninth and tenth probability that do not exist: an error, or `nan`.
#
# </details>
#
# ### Exercise 1 (2 points)
#
# Write `pick_classes`.

# %% exercise="pick_classes"
def pick_classes(X, y, classes):
    """The images of some classes, with new labels.

    X: array (n, ...), one image a row. y: array (n,) of any integer type, unsigned ones too, the
        class number of each. No number is negative.
    classes: list of different class numbers, of any length; of some or all of them no image may be
        there. The new label of a class is its place in this list: classes[0] becomes 0, classes[1]
        becomes 1, and so on.
    Returns two new arrays: the images whose class is in the list, in the order that they have in X
    and of the same type; and their new labels, an int array, even if no image is kept. X, y and
    classes are not changed.
    """
    ### BEGIN SOLUTION
    places = np.full(int(max(*classes, *y)) + 1, -1)
    places[classes] = np.arange(len(classes))
    labels = places[y]
    return X[labels >= 0], labels[labels >= 0]
    ### END SOLUTION


# %% tests="pick_classes" points=1
X5, y5, wanted = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([3, 1, 6, 3, 2]), [6, 3]
hint = "pick_classes changed what it was given: `y[y == 1] = 0` works in place; make a new array for the new labels"
one_by_one = "`in` and `==` ask about one number; np.isin(y, classes) asks about each of them"
causes = {
    "truth value of an array": one_by_one,
    "is not in list": "classes.index(label) stops at a label that is not in the list: leave these images out first, np.isin(y, classes)",
    "has no attribute 'index'": "an array has no index(…), a list has: classes.index(label), for one label at a time",
    "out of bounds": "y may hold class numbers larger than all in the list: leave these images out before you look for places",
}
with check.explained(causes), check.unchanged(X5, y5, wanted, hint=hint):
    result = pick_classes(X5, y5, wanted)
check.length(result, 2, "return two things: the images and their new labels")
check.equal(
    result[0], [[0.0], [2.0], [3.0]],
    mistakes={
        "these images are grouped by class: keep them in the order that they have in X": [[2.0], [0.0], [3.0]],
        "these are the images of the classes that are *not* in the list": [[1.0], [4.0]],
        "these are the labels: return the images first, then the labels": [1, 0, 1],
    },
    hint="keep the images of classes 6 and 3: numbers 0, 2 and 3",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
X, y = rng.integers(0, 256, size=(80, 2, 3)).astype(np.uint8), np.append([*range(9), 12], rng.integers(0, 9, size=70))
for classes in ([*rng.permutation(9)[:4].tolist()], [7, 30, 2, 12]):
    rows = [i for i in range(80) if y[i] in classes]
    with check.explained({"IndexError": "a list may name a class, here 30, of which there is no image, larger than all of y"}):
        kept, _ = pick_classes(X.copy(), y.copy(), classes.copy())
    check.equal(kept, X[rows], f"the wrong images are kept for the classes {classes}")
    check.true(
        isinstance(kept, np.ndarray),
        f"the images come back as a {type(kept).__name__}: return an array, as X[keep] and np.array(…) are",
    )
    check.true(
        kept.dtype == np.uint8,
        f"the images of X are bytes, uint8, and come back as {kept.dtype}: keep their type, as X[keep] does; np.zeros makes floats",
    )
X = rng.normal(size=(6, 2))
check.true(
    pick_classes(X, np.array([1, 0, 1, 1, 0, 1]), [0, 1])[0] is not X,
    "here every image is kept, and pick_classes returned X itself, so whoever changes the one changes the other: return new arrays,\n"
    "also where nothing is left out",
)
### END HIDDEN TESTS

# %% tests="pick_classes_labels" points=1
X5, y5 = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([3, 1, 6, 3, 2])
one_by_one = "`in` and `==` ask about one number; np.isin(y, classes) asks about each of them"
causes = {
    "truth value of an array": one_by_one,
    "is not in list": "classes.index(label) stops at a label that is not in the list: leave these images out first, np.isin(y, classes)",
    "has no attribute 'index'": "an array has no index(…), a list has: classes.index(label), for one label at a time",
    "out of bounds": "y may hold class numbers larger than all in the list: leave these images out before you look for places",
}
with check.explained(causes):
    result = pick_classes(X5.copy(), y5.copy(), [6, 3])
check.length(result, 2, "return two things: the images and their new labels")
labels = result[1]
check.equal(
    labels, [1, 0, 1],
    mistakes={
        "these are the old labels: the new label is the place of the class in the list": [3, 6, 3],
        "class 6 stands first in the list, so its new label is 0: use the order of the list, not of the numbers":
            [0, 1, 0],
        "these labels are grouped by class, so they do not belong to the images any more": [0, 1, 1],
        "count the places from 0, as Python does": [2, 1, 2],
        "np.searchsorted is right for sorted lists only; here the caller chooses the order": [0, 2, 0],
    },
    hint="one new label for each image that is kept",
)
check.true(np.asarray(labels).dtype.kind in "iu", "labels are whole numbers: return an int array")
with check.explained(causes):
    labels = pick_classes(np.arange(8).reshape(4, 2), np.array([0, 1, 1, 2]), [1, 0])[1]
check.equal(
    labels, [1, 0, 0],
    "class 1 becomes 0 and class 0 becomes 1; a label that was changed must not be changed again",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
unsorted = [*rng.permutation(np.arange(1, 9))[:4].tolist(), 0]  # new label 0 is given before old label 0 is looked for
for kind, classes, why in (  # uint8 is the type that the labels of images often have
    (np.uint8, unsorted, "is a label that you have just made changed a second time?"),
    (np.int16, [5, 30, 2, 4000, 8], "of class 30 and 4000 there is no image, and still the place of 8 in the list is 4"),
    (np.uint8, [4, 25, 7, 12], "there may be more classes than the ten of Fashion-MNIST, here 12 and 25: go through the list, not through range(10)"),
):
    y = np.append([*range(9), 12, 25], rng.integers(0, 9, size=69)).astype(kind)
    with check.explained({
        "IndexError": "a list may name a class, here 4000, of which there is no image, larger than all of y",
        "OverflowError": "y may hold bytes (uint8), which cannot hold −1: make the new array one of int",
    }):
        labels = pick_classes(rng.normal(size=(80, 2)), y.copy(), classes.copy())[1]
    ranks = np.argsort(np.argsort(classes))[np.searchsorted(np.sort(classes), y[np.isin(y, classes)])]
    check.equal(
        labels, [classes.index(label) for label in y if label in classes], f"wrong labels for the classes {classes}: {why}",
        mistakes={"np.argsort(classes), once, gives the places of the sorted classes; np.argsort of that gives their ranks": ranks.tolist()},
    )
    check.true(
        isinstance(labels, np.ndarray), f"the labels come back as a {type(labels).__name__}: return an array, np.array(…, dtype=int)"
    )
no_indices = "no image is of the classes [5, 0], and np.array([]) holds floats, which are no indices: say dtype=int"
with check.explained({"used as indices": no_indices}):
    labels = np.asarray(pick_classes(np.ones((3, 2)), np.array([1, 4, 1]), [5, 0])[1])
check.true(
    labels.dtype.kind in "iu",
    "no image is of the classes [5, 0], and your labels are an array of floats, as np.array([]) is: say dtype=int when you make it",
)
bytes_end = "in the type uint8, which ends at 255, y.max() + 1 is 0 where y.max() is 255: int(y.max()) + 1 is 256"
with check.explained({"IndexError": bytes_end}):
    labels = pick_classes(np.ones((3, 2)), np.array([4, 255, 7], np.uint8), [7, 4])[1]
    check.equal(labels, [1, 0], f"wrong labels for the classes [7, 4] where y holds a 255 too; {bytes_end}")
no_room = "here y is of the type uint8, and the places in a list of 300 classes do not fit into that: make an int array for the new labels"
with check.explained({"OverflowError": no_room}):
    labels = pick_classes(np.ones((5, 2)), np.array([200, 199, 44, 255, 0], np.uint8), [*range(299, -1, -1)])[1]
check.equal(
    labels, [99, 100, 255, 44, 299],
    "these are wrong labels for a list of 300 classes: to mark the images that are left out take −1 or a bool array, for 99, 100\n"
    "and 255 may be places in the list",
    mistakes={no_room: [99, 100, 255, 44, 43]},
)
### END HIDDEN TESTS

# %% [markdown]
# Here are the two tasks. All pixels are divided by 255, so they lie between 0 and 1. From here on the lab uses
# the arrays of the next cell, so that a slip in your function cannot hurt the rest.

# %% given="fashion"
print("loading the images …")
fashion = data.load_fashion_mnist()

# %% given="tasks"
CLASSES_A, CLASSES_B = [0, 1, 3, 4, 5, 7, 8, 9], [2, 6]


def task(X, y, classes):
    """Images of `classes` with pixels from 0 to 1, and labels 0, 1, … in the order of `classes`."""
    chosen = np.isin(y, classes)
    order = np.argsort(classes)
    return X[chosen].astype("float32") / 255, order[np.searchsorted(np.sort(classes), y[chosen])]


X_A, y_A = task(fashion.X_train, fashion.y_train, CLASSES_A)
X_A_valid, y_A_valid = task(fashion.X_valid, fashion.y_valid, CLASSES_A)
X_B_all, y_B_all = task(fashion.X_train, fashion.y_train, CLASSES_B)
X_B_valid, y_B_valid = task(fashion.X_valid, fashion.y_valid, CLASSES_B)
X_B_test, y_B_test = task(fashion.X_test, fashion.y_test, CLASSES_B)
X_B, y_B = X_B_all[:200], y_B_all[:200]  # all the labels that we have for task B

# %%
names = [fashion.class_names[label] for label in CLASSES_B]
print("task A:", X_A.shape, "labels", np.unique(y_A))
print("task B:", X_B.shape, "labels", np.unique(y_B), names)
plotting.image_grid(X_B[:20], [names[label] for label in y_B[:20]], title="Task B");

# %% [markdown]
# ## 2 · Network A (2 minutes)
#
# The colleague's network is an old friend: 784-300-100-8, ReLU, softmax. The next cell trains it, and keeps a
# copy of its weights, so that we can see later whether anybody has damaged it.

# %% given="network_a" trains=true
model_A = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(300, activation="relu"),
        keras.layers.Dense(100, activation="relu"),
        keras.layers.Dense(8, activation="softmax"),
    ]
)
model_A.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
print(f"training network A for {EPOCHS_A} epochs …")
model_A.fit(X_A[:IMAGES_A], y_A[:IMAGES_A], epochs=EPOCHS_A, batch_size=128, verbose=0)
weights_A = model_A.get_weights()

# %%
accuracy_A = model_A.evaluate(X_A_valid, y_A_valid, verbose=0)[1]
print(f"network A on its own eight classes: {accuracy_A:.1%} of the validation images right")
called = model_A.predict(X_B_valid, verbose=0).argmax(axis=1)
for label, name in enumerate(names):
    counts = np.bincount(called[y_B_valid == label], minlength=8)
    said = {fashion.class_names[CLASSES_A[c]]: int(counts[c]) for c in np.argsort(-counts)[:3]}
    print(f"what A says to a {name}: {said}")

# %% [markdown]
# Network A must give one of its eight answers to every image, also to those of task B, which it has never seen.
# Look at the lines above. It has no word for a pullover or a shirt, and says whatever is nearest. Does it say the same
# things to both, equally often? Its answer is only the last step: its last hidden layer, 100 numbers for each image,
# knows a good deal more about both. That is what we take over.

# %% [markdown]
# ## 3 · Take over the body (13 minutes)
#
# Call everything but the last layer the **body** and the last layer the **head**. The body turns an image into
# features; the head reads them. Task B needs another head, one sigmoid neuron, and can keep the body:
#
# | part | network A | network B |
# |---|---|---|
# | body | 784-300-100 | the same layers, *the same weights* |
# | head | 8 neurons, softmax | 1 neuron, sigmoid, new random weights |
#
# There is a trap. A layer is an *object* that holds its weights. Put the same layer object into a second
# network, and both networks **share** it: training B then changes A. Watch it happen to a tiny network.

# %%
tiny = keras.Sequential(
    [keras.Input((2,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(2)]
)
shared = keras.Sequential([keras.Input((2,)), *tiny.layers[:-1], keras.layers.Dense(1)])
point = np.array([[1.0, 2.0]], dtype="float32")
print("tiny says", np.round(tiny.predict(point, verbose=0), 3))
shared.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
shared.fit(point, np.array([[5.0]]), epochs=3, verbose=0)
print("after *the other* network was trained:")
print("tiny says", np.round(tiny.predict(point, verbose=0), 3))

# %% [markdown]
# `keras.models.clone_model(model)` makes a network of new layers with the same settings. **But with new random
# weights**: the knowledge stays behind. It travels separately:
#
# ```python
# copy = keras.models.clone_model(model)     # the same layers, other objects, random weights
# copy.set_weights(model.get_weights())      # now the same knowledge
# ```
#
# The new network needs an input like that of the old one. `model.input_shape` is the shape of a batch, here
# `(None, 28, 28)`, where `None` stands for any number of images; so `model.input_shape[1:]` is that of one image.
#
# And one thing more. The new head is random, so its first errors are large, and their gradients would shake
# the good weights of the body. So for the first stage the body is **frozen**: `layer.trainable = False`. A
# frozen layer computes as before, but training leaves its weights alone.
#
# **Predict before you run.** A network is frozen by `tiny.trainable = False`, then cloned. Are the clone's
# layers frozen as well? (`trainable` is one of a layer's settings.)
#
# <details><summary>Answer</summary>
#
# Yes, and so is the clone as a whole. The original stays frozen too, which its owner will not like. So clone first,
# then freeze the layers of the copy.
#
# </details>
#
# ### Exercise 2 (4 points)
#
# Write `reuse`.

# %% exercise="reuse"
def reuse(base):
    """A new network for a yes-or-no question, on a copy of the body of `base`.

    base: a trained `Sequential` network with two or more layers of any kind; it may be frozen, in
        part or as a whole. It is left as it is, its flag and those of its layers too, and no later
        training of the new network may change it.
    Returns a sequential or functional Keras model, compiled or not, with the same input: copies of
    all layers of base but the last, with the same weights, each of them frozen (in an inner model
    that is frozen as a whole, if you like); then one new dense neuron with a sigmoid, not frozen.
    """
    ### BEGIN SOLUTION
    copy = keras.models.clone_model(base)
    copy.set_weights(base.get_weights())
    body = copy.layers[:-1]
    for layer in body:
        layer.trainable = False
    return keras.Sequential([keras.Input(base.input_shape[1:]), *body, keras.layers.Dense(1, activation="sigmoid")])
    ### END SOLUTION


# %% given="small_base"
def small_base(input_shape=(2, 3), hidden=(5, 4), classes=3):
    """A small random `Sequential` network, for trying things out."""
    layers = [
        keras.layers.Dense(size, activation="tanh", bias_initializer="normal") for size in hidden
    ]
    head = keras.layers.Dense(classes, activation="softmax")
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), *layers, head])


def mixed_base():
    """A small random `Sequential` network with layers of several kinds."""
    network = keras.Sequential(
        [
            keras.Input((6, 2)),
            keras.layers.Conv1D(3, 2, activation="elu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(5, activation="softplus"),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    network.set_weights(
        [np.random.default_rng().uniform(0.2, 0.8, size=w.shape) for w in network.get_weights()]
    )
    return network


def base_with_a_model():
    """A small random `Sequential` network; its first layer is a model with two ways, added up."""
    inputs = keras.Input((4,))
    ways = [
        keras.layers.Dense(3, activation=kind, bias_initializer="normal")(inputs)
        for kind in ("tanh", "elu")
    ]
    inner = keras.Model(inputs, keras.layers.Add()(ways))
    return keras.Sequential(
        [keras.Input((4,)), inner, keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(3)]
    )


# %% tests="reuse_layers" points=1
whole = "set_weights(base.get_weights()) fits a clone of the whole base: give the clone its weights first, then take its layers but the last"
shape = "the new network has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
copying = {"provided weight shape": whole, "weight list of length": whole, "compatible with the layer": shape}
base = small_base()
with check.explained(copying):
    new = reuse(base)
check.model(new, input_shape=(2, 3), output_shape=(1,))
check.equal(
    [tuple(w.shape) for w in new.weights], [(6, 5), (5,), (5, 4), (4,), (4, 1), (1,)],
    "the weights of the new network have other shapes than expected: all layers of base but the last, "
    "then one neuron",
    mistakes={
        "base's last layer is still there: leave it out (base.layers[:-1])":
            [(6, 5), (5,), (5, 4), (4,), (4, 3), (3,), (3, 1), (1,)],
        "the new neuron is missing": [(6, 5), (5,), (5, 4), (4,)],
        "one layer too many was left out: only the last one goes": [(6, 5), (5,), (5, 1), (1,)],
    },
)
snaps, body, answers = np.random.default_rng().normal(size=(20, 2, 3)).astype("float32"), new.get_weights()[:-2], []
for bias in (-20.0, 20.0):  # the answer is then the activation of this number, whatever the body says
    new.set_weights([*body, np.zeros((4, 1)), np.array([bias])])
    answers.append(check.outputs(new, snaps))
p = np.array(answers)
check.true(
    p.min() >= 0 and p.max() <= 1, 'the output is no probability: give the new neuron activation="sigmoid"'
)
check.true(p.std() > 1e-6, "everybody gets the same answer: softmax over a single output is always 1; use a sigmoid")
### BEGIN HIDDEN TESTS
deep = small_base((7,), (6, 5, 4, 3), 2)
check.equal(
    [tuple(w.shape) for w in reuse(deep).weights],
    [(7, 6), (6,), (6, 5), (5,), (5, 4), (4,), (4, 3), (3,), (3, 1), (1,)],
    "wrong for a base with four hidden layers and another input: take layers and input shape from base",
)
### END HIDDEN TESTS

# %% tests="reuse_values" points=1
base = small_base()
expected = base.get_weights()[:4]
whole = "set_weights(base.get_weights()) fits a clone of the whole base: give the clone its weights first, then take its layers but the last"
shape = "the new network has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
copying = {"provided weight shape": whole, "weight list of length": whole, "compatible with the layer": shape}
with check.explained(copying):
    new = reuse(base)
check.model(new, input_shape=(2, 3))
check.true(
    any(np.any(w) for w in new.get_weights()[:4]) and len(new.get_weights()) >= 4,
    "the body has no weights, or all of them are 0",
)
check.true(
    all(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(new.get_weights(), expected)),
    "the body has the right layers but other weights than base: clone_model copies no weights, set_weights does",
)
### BEGIN HIDDEN TESTS
bases = {"four hidden layers": small_base((4,), (6, 5, 3, 4), 2), "layers of several kinds": mixed_base()}
bases["frozen layers"] = small_base((4,), (6, 5), 2)
bases["frozen layers"].trainable = False
for kind, deep in {**bases, "a model among its layers": base_with_a_model()}.items():
    x = np.random.default_rng().normal(size=(30, *deep.input_shape[1:])).astype("float32")
    hidden = check.outputs(keras.Model(deep.inputs, deep.layers[-2].output), x)
    kinds = "base may hold layers of any kind: copy them as they are, with clone_model"
    with check.explained({"has no attribute": kinds, "IndexError": kinds, "ValueError": kinds}):
        copied = reuse(deep)
    copies = copied.get_weights()
    lost = [w.shape for w in deep.get_weights()[:-2] if not any(np.array_equal(w, copy) for copy in copies)]
    check.equal(
        lost, [], f"for a base with {kind}, these arrays of base's weights are not in the new network: copy all of them,\n"
        "with set_weights(base.get_weights()), also those that are frozen or never trained, as running values are. Their shapes",
    )
    W, b = [keras.ops.convert_to_numpy(w) for w in copied.weights[-2:]]
    check.shape(W, (hidden.shape[1], 1), f"for a base with {kind}, the new neuron should read what base's last layer reads")
    check.close(
        check.outputs(copied, x), scipy.special.expit(hidden @ W + b), rtol=1e-3, atol=1e-4,
        hint=f"for a base with {kind}, the body does not compute what base's body computes: copy the layers of base\n"
        "as they are, with their activations",
    )
    check.close(
        keras.ops.convert_to_numpy(copied(x)), check.outputs(copied, x), rtol=1e-3, atol=1e-4,
        hint=f"for a base with {kind}, a plain call of the new network, new(X), is not what predict gives: do not call a layer with\n"
        "training=True, which holds for ever",
    )
    drops = any(isinstance(layer, keras.layers.Dropout) for layer in deep.layers)
    busy = keras.ops.convert_to_numpy(copied(x, training=True))
    check.true(
        drops or np.allclose(busy, check.outputs(copied, x), rtol=1e-3, atol=1e-3),
        f"for a base with {kind}, none of them a dropout, the new network gives other answers in training than in use: add nothing\n"
        "between the body and the new neuron",
    )
    check.true(
        not drops or not np.allclose(busy, check.outputs(copied, x), rtol=1e-3, atol=1e-3),
        f"for a base with {kind}, one of them a dropout, the new network drops nothing in training: copy all layers but the last, also\n"
        "those that have no weights",
    )
ends = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(2), keras.layers.Softmax()])
last = (
    "here base's last layer is a Softmax, which has no weights, and the dense layer before it belongs to the body: leave out the last\n"
    "layer, base.layers[:-1], and not the last two arrays of weights, nor the last dense layer"
)
with check.explained({"ValueError": last, "IndexError": last}):
    copies = reuse(ends).get_weights()
lost = [w.shape for w in ends.get_weights() if not any(np.array_equal(w, copy) for copy in copies)]
check.equal(lost, [], f"{last}. The shapes of the arrays of base's weights that are not in the new network")
### END HIDDEN TESTS

# %% tests="reuse_safe" points=1
base = small_base()
before = base.get_weights()
whole = "set_weights(base.get_weights()) fits a clone of the whole base: give the clone its weights first, then take its layers but the last"
shape = "the new network has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
copying = {"provided weight shape": whole, "weight list of length": whole, "compatible with the layer": shape}
popped = "reuse took layers of base away or added some, as base.pop() does: leave base as it is, and take the layers of its copy but the last"
with check.explained({**copying, "were changed": popped}), check.mutates(base):
    new = reuse(base)
check.true(len(base.layers) == 4, popped)
check.model(new, input_shape=(2, 3))
new.trainable = False
new.trainable = True  # from False to True: this unfreezes every layer
new.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse", run_eagerly=True)  # for one step not worth compiling
new.train_on_batch(np.ones((4, 2, 3), "float32"), np.zeros((4, 1), "float32"))
check.true(
    all(np.array_equal(a, b) for a, b in zip(before, base.get_weights())),
    "training the new network changed base: both hold the same layer objects. Clone base first",
)
base = small_base()
with check.mutates(base):
    reuse(base)
check.equal(
    len(base.trainable_weights), 6,
    "base itself was frozen by reuse: freeze the copied layers, never those of base. Trainable arrays of base",
)
### BEGIN HIDDEN TESTS
import contextlib

base = small_base()
base.layers[1].trainable = False  # its owner had frozen this one layer
with check.mutates(base):
    reuse(base)
check.equal(
    [layer.trainable for layer in base.layers], [True, False, True, True],
    "one layer of base was frozen before, and base should be left so. The flags of its layers",
)
base = small_base()
base.trainable = False
with check.mutates(base):
    reuse(base)
check.equal(
    [each.trainable for each in (base, *base.layers)], [False] * 5,
    "base was frozen as a whole before, and should be left so: set no flag of base, only those of the copied layers. The flags of base\n"
    "and of its layers",
)
base = small_base()
base.compile(optimizer="sgd", loss="mse")
with check.mutates(base):
    reuse(base)
check.equal(base.loss, "mse", "reuse compiled base anew, and base should be left as it is: compile nothing but the new network. Its loss")
base, new = mixed_base(), None
start = base.get_weights()
with contextlib.suppress(Exception), check.mutates(base):  # whether layers of any kind can be copied is asked above
    new = reuse(base)
if new is not None:
    new.trainable = False
    new.trainable = True
    new.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse", run_eagerly=True)
    new.train_on_batch(np.random.default_rng().normal(size=(8, 6, 2)).astype("float32"), np.zeros((8, 1), "float32"))
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, base.get_weights())),
    "base holds a convolution and a batch normalisation too, and training the new network changed them: copy layers of every kind, for\n"
    "the two networks must not share a layer",
)
### END HIDDEN TESTS

# %% tests="reuse_frozen" points=1
whole = "set_weights(base.get_weights()) fits a clone of the whole base: give the clone its weights first, then take its layers but the last"
shape = "the new network has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
copying = {"provided weight shape": whole, "weight list of length": whole, "compatible with the layer": shape}
base = small_base()
with check.explained(copying):
    new = reuse(base)
check.model(new, input_shape=(2, 3))
check.weights(new, [(4, 1), (1,)], "only the new neuron should be trainable: freeze the layers of the body, not the head or all of new")
### BEGIN HIDDEN TESTS
check.true(
    not any(each.trainable for each in new.layers if isinstance(each, keras.Model)),
    "the body is a model inside of new, and its own flag is still True: freeze it as a whole, or unfreeze cannot open it again",
)
deep = small_base((4,), (6, 5, 3, 4), 2)
new = reuse(deep)
new.compile(optimizer="sgd", loss="mse", run_eagerly=True)
start = new.get_weights()
new.train_on_batch(np.ones((4, 4), "float32"), np.full((4, 1), 7.0, "float32"))
moved = [w.shape for w, old in zip(new.get_weights(), start) if not np.array_equal(w, old)]
check.equal(
    [shape for shape in moved if shape != (4, 1)], [(1,)],  # where all features are 0, the neuron's kernel has no slope
    "for a base with four hidden layers, a training step moved other weights than those of the new neuron. Arrays that moved,\n"
    "without its kernel",
)
kinds = "base may hold layers of any kind: copy them as they are, with clone_model"
with check.explained({"has no attribute": kinds, "IndexError": kinds, "ValueError": kinds}):
    new = reuse(mixed_base())
check.weights(
    new, [(5, 1), (1,)],
    "base holds a convolution and a batch normalisation too: freeze all copied layers, whatever their kind, not the dense ones alone",
)
check.true(
    not any(each.trainable for each in reuse(base_with_a_model()).layers if isinstance(each, keras.Model)),
    "the first layer of this base is a model, and its own flag is still True: freeze it as every other layer, layer.trainable = False,\n"
    "which freezes all layers inside",
)
closed = small_base()
for each in closed.layers:
    each.trainable = False  # its owner had frozen them all
check.weights(
    reuse(closed), [(4, 1), (1,)],
    "every layer of this base was frozen before, the last one too: the new neuron should learn all the same. Make a new Dense layer,\n"
    "not one from the settings of base's last layer",
)
whole = small_base()
whole.trainable = False
check.weights(
    reuse(whole), [(4, 1), (1,)],
    "this base was frozen as a whole, base.trainable = False, and its clone has the same flag: while that is False, nothing in the\n"
    "clone can learn, not even the new neuron. Build a new network from the copied layers, or set the clone's flag to True before you\n"
    "freeze them",
)
### END HIDDEN TESTS

# %% [markdown]
# Before you train a partly frozen network, count. The number of *trainable* parameters says at once whether you
# froze what you meant to freeze; `summary()` prints it at the end.
#
# **Predict before you run.** Network B is 784-300-100-1 with two frozen layers. How many parameters can learn?
# And how many images do we have for them?
#
# <details><summary>Answer</summary>
#
# 100 weights and a bias: 101 parameters for 200 images. From scratch, all 265,701 would have to be found from
# the same 200 images.
#
# </details>

# %%
reused = reuse(model_A)
reused.summary()

# %% [markdown]
# ## 4 · Unfreeze, and compile again (7 minutes)
#
# When the head has had its first lessons, the second stage begins: unfreeze the body, and train
# everything **with a lower learning rate**, so that the good weights are only adjusted.
#
# Here Keras has a trap of its own. It collects the list of weights to train when training first begins after
# `compile`, and keeps that list. If you change `trainable` later, nothing happens, and most versions *say nothing*.
# (On PyTorch the next training ends with an error.)
#
# **Predict before you run.** A frozen layer is unfrozen between two trainings, once without and once with a
# second `compile`. By how much do its weights move in the second training?

# %%
X_toy = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
y_toy = (X_toy[:, 0] > 0).astype("float32")
for compile_again in (False, True):
    toy = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    toy.layers[0].trainable = False
    toy.compile(optimizer="sgd", loss="binary_crossentropy")
    toy.fit(X_toy, y_toy, epochs=2, verbose=0)
    start = toy.layers[0].get_weights()[0]
    toy.layers[0].trainable = True  # unfreeze …
    if compile_again:
        toy.compile(optimizer="sgd", loss="binary_crossentropy")  # … and compile again
    try:
        toy.fit(X_toy, y_toy, epochs=2, verbose=0)
    except (KeyError, ValueError) as refusal:  # PyTorch says it
        print(f"compiled again: {compile_again!s:5}   refused: {str(refusal).split(':')[0]}")
        continue
    movement = np.abs(toy.layers[0].get_weights()[0] - start).max()
    arrays = len(toy.trainable_weights)
    print(f"compiled again: {compile_again!s:5} trainable arrays {arrays}, moved by {movement:.4f}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Without the second `compile` the network *says* that four arrays are trainable, and trains two: the weights of the layer that was unfrozen
# do not move at all.
#
# </details>
#
# The same holds in the other direction: freeze without compiling, and the layers go on learning. **Whenever you change
# `trainable`, compile again**, best after the change. Compiling keeps all weights; only the optimizer starts anew.
#
# One trap more. A model has a flag `trainable` too. *Changing* it sets the flags of all layers inside. But the
# flag of our network is `True` all the time, only some of its layers are frozen. What happens when you set `True`
# where `True` stands depends on what Keras runs on: with TensorFlow, as on Colab, nothing; with JAX or PyTorch all
# layers are unfrozen. So do not rely on it. Set the flags of the layers, in a loop over `model.layers`.
#
# ### Exercise 3 (2 points)
#
# Write `unfreeze`, for yes-or-no networks such as ours.

# %% exercise="unfreeze"
def unfreeze(model, learning_rate):
    """Make every layer of `model` trainable, batch normalisation too, and make it ready
    for further training.

    model: a Keras model with one sigmoid output, some layers of which are frozen, of whatever
        kind and name; one of them may be a model that was frozen as a whole. The flag of
        `model` itself is True. It may have been trained before. It is changed in place; its
        weights keep their values.
    learning_rate: float, the rate of the optimizer, which is Adam itself. The loss is the
        binary cross-entropy. The accuracy, the share of right answers where a probability above
        one half means yes, is measured as well, as "accuracy" or under another name with "acc"
        in it.
    Returns nothing.
    """
    ### BEGIN SOLUTION
    for layer in model.layers:
        layer.trainable = True
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate), loss="binary_crossentropy", metrics=["accuracy"]
    )
    ### END SOLUTION


# %% given="half_frozen"
def half_frozen(hidden=(6, 5)):
    """A small yes-or-no network with a frozen body, trained for one step; and the batch for
    the next step."""
    layers = [keras.layers.Dense(n, activation="tanh", bias_initializer="normal") for n in hidden]
    network = keras.Sequential(
        [keras.Input((4,)), *layers, keras.layers.Dense(1, activation="sigmoid")]
    )
    for layer in layers:
        layer.trainable = False
    network.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    rng = np.random.default_rng()
    X = rng.normal(size=(32, 4)).astype("float32")
    y = (np.arange(32) % 2).astype("float32")[:, np.newaxis]
    network.train_on_batch(X, y)
    return network, X, y


def frozen_inside():
    """A small yes-or-no network with three frozen layers, none of them dense: two convolutions and
    a batch normalisation."""
    layers = [
        keras.layers.Reshape((4, 1)),
        keras.layers.Conv1D(2, 2, name="dense"),
        keras.layers.BatchNormalization(name="norm"),
    ]
    layers += [keras.layers.SeparableConv1D(3, 2, name="eye"), keras.layers.Flatten()]
    network = keras.Sequential(
        [keras.Input((4,)), *layers, keras.layers.Dense(1, activation="sigmoid", name="answer")]
    )
    layers[1].trainable = layers[2].trainable = layers[3].trainable = False
    network.compile(optimizer="sgd", loss="mse")
    return network


def opened_with_a_model_inside():
    """`unfreeze` for a network of three layers, of which two form a model that was frozen
    as a whole.

    Returns how many arrays can learn afterwards, and the flag of the model inside.
    """
    body = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activation="tanh"),
            keras.layers.Dense(2, activation="tanh"),
        ]
    )
    body.trainable = False
    network = keras.Sequential(
        [keras.Input((4,)), body, keras.layers.Dense(1, activation="sigmoid")]
    )
    network.compile(optimizer="sgd", loss="mse")
    unfreeze(network, 0.01)
    return len(network.trainable_weights), body.trainable


# %% tests="unfreeze" points=1
network, X, y = half_frozen()
start = network.get_weights()
word = "compile has no learning rate of its own, the optimizer has it: optimizer=keras.optimizers.Adam(learning_rate)"
with check.explained({"keyword argument 'l": word}), check.mutates(network):
    unfreeze(network, 0.01)
check.equal(
    len(network.trainable_weights), 6,
    "some layers are still frozen: set layer.trainable = True for each layer (the model's own flag was True all the time).\n"
    "Trainable arrays, two for each of three layers",
)
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, network.get_weights())),
    "unfreeze changed weights: it should only prepare the training, not train",
)
unknown = "the optimizer still has the old list of weights: compile the model again after you unfreeze it"
network.run_eagerly = True  # for one step not worth compiling
with check.explained({"nknown variable": unknown, "KeyError": unknown}):
    network.train_on_batch(X, y)
check.true(
    all(not np.array_equal(a, b) for a, b in zip(start, network.get_weights())),
    "after unfreeze, a training step left the body as it was: compile the model again, after you unfreeze it",
)
### BEGIN HIDDEN TESTS
network = frozen_inside()
start = network.get_weights()
with check.mutates(network):
    unfreeze(network, 0.01)
check.weights(
    network, [(2, 1, 2), (2,), (2,), (2,), (2, 2, 1), (1, 2, 3), (3,), (6, 1), (1,)],
    "here two convolutions and a batch normalisation were frozen: unfreeze every layer, whatever its kind and name",
)
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, network.get_weights())),
    "unfreeze changed weights of a network with batch normalisation: its running values move when you call it in training",
)
network, X, y = half_frozen()
for each in network.layers:
    each.trainable = False
with check.mutates(network):
    unfreeze(network, 0.01)
check.equal(
    len(network.trainable_weights), 6,
    "here all layers were frozen, the last one too: unfreeze every layer, the head as well. Trainable arrays, two for each of\n"
    "three layers",
)
arrays, flag = opened_with_a_model_inside()
check.equal(
    arrays, 6,
    "here one of the layers is a model that was frozen as a whole: set its flag as that of every other layer, layer.trainable = True,\n"
    "which opens all layers inside. Trainable arrays",
)
check.true(
    flag,
    "here one of the layers is a model that was frozen as a whole: you opened the layers inside, but its own flag is still False,\n"
    "so its list of trainable weights stays empty. Set it as that of every other layer, layer.trainable = True",
)
### END HIDDEN TESTS

# %% tests="unfreeze_compiled" points=1
network, X, y = half_frozen()
word = "compile has no learning rate of its own, the optimizer has it: optimizer=keras.optimizers.Adam(learning_rate)"
with check.explained({"keyword argument 'l": word}), check.mutates(network):
    unfreeze(network, 0.002)
check.close(
    float(keras.ops.convert_to_numpy(network.optimizer.learning_rate)), 0.002, rtol=1e-3,
    hint="this is the learning rate of your optimizer: use the one that was given",
)
network.run_eagerly = True  # for so few samples not worth compiling
measured = network.evaluate(X, y, verbose=0, return_dict=True)
check.true(any("acc" in name for name in measured), 'ask for the accuracy too: metrics=["accuracy"]')
check.close(
    measured["loss"], sklearn.metrics.log_loss(y[:, 0], check.outputs(network, X)[:, 0].astype(float)),
    rtol=0.01, hint='the loss is not the binary cross-entropy: loss="binary_crossentropy"',
)
### BEGIN HIDDEN TESTS
network, X, y = half_frozen((5, 4, 3))
rate = float(np.random.default_rng().uniform(0.01, 0.05))
start = network.get_weights()
with check.mutates(network):
    unfreeze(network, rate)
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, network.get_weights())),
    "unfreeze changed weights: it should only prepare the training, and lose nothing that was learned",
)
network.run_eagerly = True
network.train_on_batch(X, y)
# Of biases the slope can be nearly 0 by chance; in each matrix some weight has a clear one.
steps = [np.abs(a - b).max() for a, b in zip(start, network.get_weights()) if a.ndim == 2 and not np.array_equal(a, b)]
check.close(
    steps or [0.0], np.full(len(steps) or 1, rate), rtol=0.05,
    hint="the first step of Adam moves weights by the learning rate, yours does not: compile with Adam and the given rate,\n"
    "whatever the optimizer was before",
)
check.equal(
    type(network.optimizer).__name__, "Adam",
    "this is the kind of your optimizer; it should be Adam itself, keras.optimizers.Adam(learning_rate), not one of its relatives",
)
check.true(
    not network.optimizer.weight_decay,
    "your optimizer has a weight_decay, which makes AdamW of it: it should be Adam itself, keras.optimizers.Adam(learning_rate)",
)
network.optimizer.iterations.assign(1000)
check.close(
    float(keras.ops.convert_to_numpy(network.optimizer.learning_rate)), rate, rtol=1e-3,
    hint="this is the learning rate of your optimizer after 1,000 steps: it should stay what was given, so no schedule",
)
network, X, _ = half_frozen()
bodies, head = network.get_weights()[:-2], network.get_weights()[-2]
network.set_weights([*[w if w.ndim == 2 else 0 * w for w in bodies], 0.3 * head, np.zeros(1)])  # no biases: −x gets 1 − p
X = np.concatenate([X[:16], -X[:16]])
y = check.outputs(network, X) > 0.5
y[:4], y[16:20] = ~y[:4], ~y[16:20]  # 24 of 32 answers are right, and half of all labels are 1
with check.mutates(network):
    unfreeze(network, 0.01)
network.run_eagerly = True
measured = network.evaluate(X, y.astype("float32"), verbose=0, return_dict=True)
check.close(
    [value for name, value in measured.items() if "acc" in name][:1], [0.75], atol=1e-3,
    hint='the accuracy that your network measures is not the share of right answers, where a probability above 0.5 means yes:\n'
    'metrics=["accuracy"] finds the fitting kind; keras.metrics.Accuracy() asks whether the probability equals the label',
)
network.set_weights([*network.get_weights()[:-2], 0 * head, np.full(1, 3.0)])  # now every answer is the sigmoid of 3
check.close(
    network.evaluate(X, np.ones(32, "float32"), verbose=0, return_dict=True)["loss"], math.log1p(math.exp(-3)), rtol=0.01,
    hint="the loss is not the binary cross-entropy of the labels as they are: take it itself, without label_smoothing",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Transfer in two stages (13 minutes)
#
# Now together, for task B:
#
# 1. **Stage 1**: the network from `reuse(model_A)`, its body frozen. Compile with an optimizer of your choice (Adam with a
#    rate of 0.003 does well), binary cross-entropy and accuracy; train for `EPOCHS_1` epochs. Then keep its weights:
#    `weights_head = model_B.get_weights()`.
# 2. **Stage 2**: `unfreeze` the same network, which goes on from these weights, with the rate 0.0003 (so with Adam, binary
#    cross-entropy and accuracy), and train for `EPOCHS_2` epochs more.
#
# Both stages train on the 200 images `X_B`, `y_B` with a batch size of 20, and measure on `X_B_valid`,
# `y_B_valid` after each epoch.
#
# **Predict before you run.** Guessing is right for half of the images. What will the frozen body reach with its
# new head? What will unfreezing add: nothing, a little, or much?
#
# ### Exercise 4 (3 points)
#
# Make four things in one cell. If one of your functions above is not ready, write
# its lines out here. You may train with `model_B.fit(…)`, or with `training.fit(model_B, …)`, which shows one line while it trains, and with
# `live=True` the curves. Use no callback that brings back earlier weights. When it is marked, `model_B` must get 64 % of new images right
# (`TARGET_B` in the budget cell).

# %% given="curves"
def curves_of(record):
    """The curves of a History, a dict; the accuracy is called "accuracy", whatever the metric that
    measured it is called."""

    def usual(key):
        part, name = ("val_", key[4:]) if key.startswith("val_") else ("", key)
        return part + ("accuracy" if "acc" in name else name)

    curves = {usual(key): list(values) for key, values in record.history.items()}
    own = {key: list(values) for key, values in record.history.items() if key in curves}
    return {**curves, **own}


# %% exercise="transfer" trains=true
# model_B:       the network for task B, a sequential or functional model trained in both stages;
#                images (n, 28, 28) → probabilities (n, 1)
# history_head:  the History of stage 1, with loss, accuracy, val_loss and val_accuracy
# weights_head:  all weights of model_B after stage 1, before stage 2, as get_weights() gives them
# history_all:   the History of stage 2, likewise
### BEGIN SOLUTION
model_B = reuse(model_A)
model_B.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy", metrics=["accuracy"])
options = {"batch_size": 20, "validation_data": (X_B_valid, y_B_valid), "verbose": 0}
history_head = model_B.fit(X_B, y_B, epochs=EPOCHS_1, **options)
weights_head = model_B.get_weights()
unfreeze(model_B, 0.0003)
history_all = model_B.fit(X_B, y_B, epochs=EPOCHS_2, **options)
### END SOLUTION

# %% tests="transfer_history" points=1
for name, record, epochs in (("history_head", history_head, EPOCHS_1), ("history_all", history_all, EPOCHS_2)):
    check.true(
        not isinstance(record, dict), f"{name} is a dictionary: keep what fit returns, without .history behind it"
    )
    check.true(hasattr(record, "history"), f"{name} should be the History that fit returns")
    check.true(
        {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(curves_of(record)),
        f'{name} holds {sorted(record.history)}: compile with metrics=["accuracy"], and give fit the validation_data',
    )
    check.equal(len(record.history["loss"]), epochs, f"this is the number of epochs in {name}")
    check.equal(
        len(curves_of(record)["val_loss"]), epochs,
        f"this is the number of validation losses in {name}: measure after EACH epoch, without validation_freq",
    )
check.model(model_B, input_shape=(28, 28), output_shape=(1,))
### BEGIN HIDDEN TESTS
head_right, all_right = (np.multiply(curves_of(record)["val_accuracy"], len(y_B_valid)) for record in (history_head, history_all))
for name, counts in {"history_head": head_right, "history_all": all_right}.items():
    check.true(
        np.abs(counts - np.round(counts)).max() < 0.01,
        f"the val_accuracy of {name} is no whole number of the {len(y_B_valid)} images of X_B_valid: measure on X_B_valid, y_B_valid",
    )
    check.true(
        counts.max() > 0.1 * len(y_B_valid),
        f'the val_accuracy of {name} is nearly 0, which even guessing does not give: metrics=["accuracy"] takes a probability above 0.5\n'
        "for a yes; keras.metrics.Accuracy() asks whether the probability equals the label",
    )
for name, record in (("history_head", history_head), ("history_all", history_all)):
    wrong = 1 - np.asarray(curves_of(record)["val_accuracy"])
    check.true(
        np.all(np.asarray(curves_of(record)["val_loss"]) > math.log(2) * wrong - 1e-3),
        f"the val_loss of {name} is smaller than any binary cross-entropy with so many mistakes, which cost at least ln 2\n"
        'each: compile with loss="binary_crossentropy" in both stages',
    )
q = check.outputs(model_B, X_B_valid)[:, 0].astype(float)
last = [curves_of(history_all)[key][-1] for key in ("val_accuracy", "val_loss")]
clear = 1e-6 < q.min() and q.max() < 1 - 1e-6  # nearer to 0 or 1, the logarithm of a float32 probability says little
now = [np.mean((q > 0.5) == y_B_valid), sklearn.metrics.log_loss(y_B_valid, q) if clear else last[1]]
check.close(
    last, now, rtol=1e-3, atol=1e-3,
    hint="the last val_accuracy and val_loss of history_all are not those of model_B on X_B_valid, y_B_valid: measure on\n"
    "these, with the binary cross-entropy, keep the History of stage 2 of this very network, and bring back no earlier weights\n"
    "(restore_best_weights)",
)
### END HIDDEN TESTS

# %% tests="transfer_safe" points=1
check.model(model_B, input_shape=(28, 28), output_shape=(1,))
check.equal(
    [tuple(w.shape) for w in model_B.weights], [(784, 300), (300,), (300, 100), (100,), (100, 1), (1,)],
    "network B should be 784-300-100-1, with the body of network A",
)
check.true(
    all(np.array_equal(a, b) for a, b in zip(weights_A, model_A.get_weights())),
    "network A is not what it was: its layers were trained together with network B. Run the cell of network A\n"
    "again, and train a copy of its body",
)
check.length(weights_head, 6, "weights_head should be the list of six arrays that model_B.get_weights() gives after stage 1")
check.equal(
    [np.shape(w) for w in weights_head], [tuple(w.shape) for w in model_B.weights],
    "weights_head should be the list that model_B.get_weights() gives after stage 1, with the six arrays of network B. Their shapes",
)
check.true(
    any(not np.array_equal(a, b) for a, b in zip(weights_head, model_B.get_weights())),
    "weights_head are the weights that model_B has at the end: keep them after stage 1 and before stage 2, as copies,\n"
    "weights_head = model_B.get_weights()",
)
check.true(
    np.any(weights_head[5]),
    "weights_head are the weights from before stage 1, for the bias of the head is still 0: keep them after stage 1",
)
check.true(
    all(np.array_equal(a, b) for a, b in zip(weights_A[:4], weights_head)),
    "after stage 1, in weights_head, the body is not that of network A any more: take over A's weights, and leave the body frozen in\n"
    "stage 1, as reuse gives it",
)
check.true(model_B.compiled, "model_B is not compiled: it should be the very network that was trained, not a copy of it")
steps = int(keras.ops.convert_to_numpy(model_B.optimizer.iterations))
check.true(
    steps != math.ceil(len(X_B_valid) / 20) * EPOCHS_2, "you trained on X_B_valid, which is for measuring only"
)
check.equal(
    steps, 10 * EPOCHS_2,
    "this is the number of steps in stage 2: train on the 200 images X_B and no others, with a batch size of 20, for\n"
    "EPOCHS_2 epochs, once, after unfreeze has compiled the network again",
    mistakes={
        "the optimizer made the steps of both stages: unfreeze, then compile again": 10 * (EPOCHS_1 + EPOCHS_2),
        "these are batches of 32, as Keras makes them if you do not ask for others: batch_size=20": 7 * EPOCHS_2,
    },
)
check.close(
    float(keras.ops.convert_to_numpy(model_B.optimizer.learning_rate)), 0.0003, rtol=1e-3,
    hint="this is the learning rate of stage 2, which should be 0.0003",
)
moved = [np.abs(a - b).mean() / np.abs(a).mean() for a, b in zip(weights_A[:4], model_B.get_weights())]
check.true(
    max(moved) == 0 or all(change > 0 for change in moved[::2]),
    "one of the hidden layers is exactly that of network A: in stage 2 all layers learn, the lower ones too",
)
check.between(
    max(moved), 1e-4, 0.5, name="the change of the body, as a share of its weights",
    low_hint="the body is exactly that of network A: in stage 2 it should learn too (unfreeze, compile, fit)",
    high_hint="the body has little to do with that of network A: go on with the network of stage 1, for a new one or a clone has other weights,\n"
    "and train it with the low rate in stage 2",
)
### BEGIN HIDDEN TESTS
far = np.sqrt(np.mean((weights_head[4] - model_B.get_weights()[4]) ** 2)) / (steps * 0.0003)
check.between(
    far, 0, 1.5, name="the root mean square of the changes in the head, as a share of learning rate times steps in stage 2,",
    high_hint="the head has moved further than stage 2 can move it: go on with the network of stage 1, and call reuse only once, for it makes a\n"
    "new head each time",
)
stage_1 = keras.models.clone_model(model_B)
stage_1.set_weights(weights_head)
head = curves_of(history_head) if hasattr(history_head, "history") else {}
check.true(
    abs(head.get("val_loss", [0.0])[-1] - np.abs(check.outputs(stage_1, X_B_valid)[:, 0] - y_B_valid).mean()) > 1e-4,
    'the last val_loss of history_head is the mean absolute error: compile with loss="binary_crossentropy" in stage 1 too',
)
check.equal(
    type(model_B.optimizer).__name__, "Adam",
    "this is the kind of the optimizer of stage 2: unfreeze compiles with Adam, so do the same if you write its lines out",
)
check.close(
    keras.ops.convert_to_numpy(model_B(X_B[:50], training=True)), check.outputs(model_B, X_B[:50]), rtol=1e-3, atol=1e-3,
    hint="in training model_B gives other answers than in use, as a dropout layer makes it: network B is the body of network A and one\n"
    "new neuron, with nothing in between",
)
check.equal(
    [each.trainable for each in (model_A, *model_A.layers)], [True] * (1 + len(model_A.layers)),
    "network A itself is frozen now, which its owner will not like: clone it first, and freeze the layers of the copy. Its flag and\n"
    "those of its layers",
)
records = {"history_head": history_head, "history_all": history_all}  # whether they are as they should be is asked above
for name, record in records.items():
    counts = np.multiply(curves_of(record).get("accuracy", 0.0) if hasattr(record, "history") else 0.0, len(y_B))
    check.true(
        np.abs(counts - np.round(counts)).max() < 1e-3,
        f"the accuracy of {name} is no whole number of the {len(y_B)} images of X_B: train on X_B, y_B in both stages, and on no\n"
        "other images; those of X_B_valid are for measuring only",
    )
batches = (getattr(history_head, "params", None) or {}).get("steps") if hasattr(history_head, "history") else None
check.true(
    batches in (None, 10),
    f"in stage 1 an epoch had {batches} batches, and the 200 images of X_B in batches of 20 make 10: train on X_B with batch_size=20 in\n"
    "both stages",
)
### END HIDDEN TESTS

# %% tests="transfer_accuracy" points=1
check.model(model_B, input_shape=(28, 28), output_shape=(1,))
q = check.outputs(model_B, X_B_valid)[:, 0]
check.true(0 <= q.min() and q.max() <= 1, "the output is no probability: it needs a sigmoid")
check.between(
    np.mean((q > 0.5) == y_B_valid), 0.4, 1.0, name="accuracy on the validation images of task B",
    low_hint="worse than guessing: are the labels those of y_B, 0 for a pullover and 1 for a shirt?",
)
### BEGIN HIDDEN TESTS
from autograder import sealed

record = getattr(history_all, "history", history_all)  # what it is another test asks
said = record.get("accuracy", [0.0])[-1] if isinstance(record, dict) else 0.0
X_sealed, y_sealed = task(*sealed.load("fashion-mnist"), CLASSES_B)
known, new = (np.mean((check.outputs(model_B, X)[:, 0] > 0.5) == y) for X, y in ((X_B, y_B), (X_sealed, y_sealed)))
unlike = (
    "the network knows X_B with the labels y_B less well than its history says: were these the labels, and do images and labels\n"
    "stand in the same order?"
)
weak = "too many mistakes on new images: train both stages, on all of X_B with the labels y_B as they are"
for name, value, low, high, hint in (
    ("the last accuracy of the history, less that on X_B and y_B now", said - known, -1, 0.12, unlike),
    ("accuracy on new images of task B", new, TARGET_B, 1.0, weak),
):
    check.between(value, low, high, name=name, low_hint=hint, high_hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Both stages in one picture; the dashed line is where the body was unfrozen.

# %%
stage_1, stage_2 = curves_of(history_head), curves_of(history_all)
stages = {key: stage_1[key] + stage_2[key] for key in stage_1}
axes = plotting.learning_curves(
    stages, metric="accuracy", title="Task B: head first, then everything"
)
axes.axvline(EPOCHS_1 + 0.5, color="black", linestyle="--", linewidth=1);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Left of the line the head learns alone. On real images little happens there, often hardly more than guessing: that is
# no mistake of yours. The frozen features were made for other classes, and a few epochs of the head alone cannot get
# much out of them. On drawn images the head may get further. Right of the line the body learns as well, and the
# accuracy on the training images climbs beyond what the head alone reached.
#
# </details>

# %% [markdown]
# ### Is it better than starting from scratch?
#
# One training proves nothing: with 200 images the luck of the draw is worth several percentage points. So the
# next cells draw other 200 images for each seed, and train three networks on them, each for 30 epochs in all:
# 784-300-100-1 *from scratch*, that is from random weights; the frozen body of A with a new *head only*; and the
# *two stages* of above, with your own `reuse` and `unfreeze`.
#
# **Predict before you run.** Put the three in order, worst to best. By how many percentage points will they differ?

# %% given="methods"
def from_scratch(X, y):
    """784-300-100-1 from random weights, trained for as many epochs as both stages
    of the transfer."""
    layers = [keras.layers.Dense(n, activation="relu") for n in (300, 100)]
    network = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), *layers, keras.layers.Dense(1, "sigmoid")]
    )
    network.compile(optimizer=keras.optimizers.Adam(0.001), loss="binary_crossentropy")
    network.fit(X, y, epochs=EPOCHS_1 + EPOCHS_2, batch_size=20, verbose=0)
    return network


def from_body(base, first, second):
    """A function that trains on the body of `base`: `first` epochs the head only, then `second`
    epochs all layers."""

    def train(X, y):
        network = reuse(base)
        network.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy")
        network.fit(X, y, epochs=first, batch_size=20, verbose=0)
        if second:
            unfreeze(network, 0.0003)
            network.fit(X, y, epochs=second, batch_size=20, verbose=0)
        return network

    return train


def accuracies(name, train):
    """Per cent of the test images of task B right, one number a seed: each seed draws 200
    other training images. It takes a while, so it says what it trains."""
    print(f"training {SEEDS} networks, {name}:", end="")
    results = []
    for seed in range(SEEDS):
        print(f" {seed + 1}", end="", flush=True)
        chosen = np.random.default_rng(seed).permutation(len(X_B_all))[:200]
        network = train(X_B_all[chosen], y_B_all[chosen])
        called = network.predict(X_B_test, batch_size=1000, verbose=0)[:, 0] > 0.5
        results.append(100 * np.mean(called == y_B_test))
    print()
    return np.array(results)


# %% trains=true
methods_B = {
    "from scratch": from_scratch,
    "head only": from_body(model_A, EPOCHS_1 + EPOCHS_2, 0),
    "two stages": from_body(model_A, EPOCHS_1, EPOCHS_2),
}
results_B = {name: accuracies(name, train) for name, train in methods_B.items()}
plotting.method_comparison(results_B, title="Task B: pullover or shirt, 200 labels")
gains = results_B["two stages"] - results_B["from scratch"]
gain = f"{gains.mean():+.1f} ± {gains.std():.1f} percentage points"
print(f"two stages against from scratch: {gain} over {SEEDS} seeds")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# On the real images *head only* **loses** against starting from scratch (about 76 % against 78 %); on the drawn
# ones it is a little ahead. How can knowledge hurt? Network A never had to tell a pullover from a shirt, and a good
# network throws away what its task does not need. What task B needs is partly gone from the frozen body, and no
# head can bring it back.
#
# With *two stages* transfer wins, on real images by about 4 percentage points on average over many runs (drawn images:
# about 5). Your own five draws can say 1 or 6: look at the dots too. Unfrozen, the body finds again what was thrown away, and it
# starts from edges and sleeves, not from noise.
#
# </details>
#
# Two things to take home.
#
# 1. **Features are made for the old task.** What helps is not *that* a network was trained, but *what it had to
#    tell apart*. This is why networks trained on a thousand kinds of things are reused everywhere, and networks
#    for eight kinds seldom.
# 2. **Report honestly.** The author of HOML says of a very similar experiment that he tried many settings until he
#    found a large gain, and that small dense networks transfer badly. Several seeds, the same images and the same
#    number of epochs for all, and a look at the case that fails: that makes a comparison worth reading.
#
# ### Written question 1 (2 points)
#
# Four teams each have a new task and a network that somebody else trained. Say for each team what you would do
# with that network: *head only* (freeze the body), *fine-tune* (head first, then all or the upper layers at a
# low rate), or *from scratch*. One or two sentences with your reason; several answers can be right, the reason
# counts.
#
# 1. 150 photographs of birds, ten species. The network was trained on a million photographs of a thousand
#    kinds of things, birds among them.
# 2. 300,000 labelled X-ray images. The same network.
# 3. 20,000 photographs of dishes of food, 100 kinds. The same network.
# 4. 400 short sound recordings, each drawn as a picture of its frequencies. The network was trained to read
#    handwritten digits. (Compare with *your* three methods on task B: which order had you predicted, and what did your
#    draws show?)

# %% [markdown] written="strategy" points=2
# Half a point for each sound choice *with* a reason. The two things to weigh: how many labels there are, and how
# near the old task is to the new one.
#
# 1. Head only: few images, a very near task. The features fit as they are, and 150 images would not suffice to
#    change a large body for the better; they would overfit it.
# 2. Fine-tune all layers, or from scratch, and compare: so many labels can train a whole network, and X-rays
#    look quite unlike photographs. The old weights are at least a good start and cost nothing.
# 3. Fine-tune: enough images to adjust the upper layers, and the task is near. Head first, then unfreeze from
#    the top with a low rate, compile again, stop by the validation images.
# 4. From scratch with a small network, or another network that is nearer to the task: what was learned for digits
#    will hardly help with sounds, and frozen it may even hurt, as the head only did in task B. Any choice is
#    fine if it is measured against a simple baseline. The half point needs the order that the student predicted, right or
#    wrong, and the gain that the student's own cell printed.

# %% [markdown]
# ## 6 · Learn without labels (8 minutes)
#
# Network A learned from about 44,000 labels. But what if nobody has labelled anything, and there are only thousands of
# images? Give the network a task that **needs no labels**, made from the images themselves. For example: spoil
# an image with noise, and ask for the clean one.
#
# Such a network is a **denoising autoencoder**. Its *encoder* presses 784 pixels into 100 numbers, its
# *decoder* makes 784 pixels from them again. Copying is impossible: 100 numbers are too few, and the input is
# spoiled. To repair the image, the encoder must find out what clothes look like. Afterwards we throw the
# decoder away and keep the encoder as a body.
#
# The noise: to each pixel its own random number from a normal distribution with mean 0 and standard deviation
# $s$. Then cut off what leaves the range, so that the input still looks like an image:
#
# $$x' = \min(1, \max(0,\; x + s\,\varepsilon)), \qquad \varepsilon \sim \mathcal{N}(0, 1)$$
#
# **Predict before you run.** Black pixels have the value 0. What is the *mean* of the noisy pixels there, with
# $s = 0.3$: below 0, 0, or above 0?
#
# <details><summary>Answer</summary>
#
# Above 0: the negative half is cut off to 0, the positive half stays. The background of the noisy images
# looks dark grey.
#
# </details>
#
# ### Exercise 5 (2 points)
#
# Write `add_noise`. Random numbers come from `np.random.default_rng(seed)`.

# %% exercise="add_noise"
def add_noise(X, s, seed):
    """Images with noise, for a denoising autoencoder.

    X: float array of any shape, pixels from 0 to 1; it is not changed.
    s: float, at least 0, the standard deviation of the noise. seed: int; the same seed gives
        the same noise.
    Returns a new float32 array of the shape of X, for s = 0 too: every entry plus its own
    number from a normal distribution with mean 0 and standard deviation s, cut off to the range
    from 0 to 1.
    """
    ### BEGIN SOLUTION
    noise = np.random.default_rng(seed).normal(scale=s, size=X.shape)
    return np.clip(X + noise, 0, 1).astype("float32")
    ### END SOLUTION


# %% tests="add_noise" points=1
grey = np.full((200, 10, 10), 0.5, dtype="float32")
shapes = "the noise has another shape than X: draw it with size=X.shape; in .normal(s, X.shape) the shape would be the standard deviation"
in_place = "add_noise changed its input: `X += …` works in place, `X = X + …` does not"
with check.explained({"broadcast": shapes}), check.unchanged(grey, hint=in_place):
    noisy = add_noise(grey, 0.1, 3)
check.shape(noisy, (200, 10, 10), "noise changes values, never the shape")
noisy = np.asarray(noisy)
check.true(noisy.dtype == np.float32, 'return float32: finish with .astype("float32")')
check.true(np.any(noisy != 0.5), "no pixel changed: add noise to each, and cut off at 0 and 1, not at the smallest and largest pixel of X")
check.true(
    noisy.std(axis=(1, 2)).max() > 0.001,
    "all pixels of an image got the same number: draw one for each pixel (size=X.shape)",
)
check.true(noisy.std(axis=0).max() > 0.001, "all images got the same noise: draw new numbers for each (size=X.shape)")
check.true(
    min(noisy.std(axis=1).max(), noisy.std(axis=2).max()) > 0.001,
    "in an image, all pixels of a row or of a column got the same number: draw one for each pixel (size=X.shape)",
)
check.between(
    noisy.mean(), 0.49, 0.51, name="the mean of grey pixels of 0.5 with noise",
    low_hint="the noise has no mean of 0",
    high_hint="the noise has no mean of 0: in .normal(mean, s, size) the mean comes first; .random is never below 0;\n"
    "noise below 0 darkens, so cut off the pixels and not the noise",
)
check.between(
    noisy.std(), 0.095, 0.105, name="the standard deviation of the noise (s = 0.1)",
    low_hint="too little noise: s is the standard deviation of a normal distribution, not the end of a range",
    high_hint="too much noise: s is the standard deviation",
)
check.true(
    np.array_equal(noisy, add_noise(grey, 0.1, 3)), "the same seed must give the same noise: default_rng(seed)"
)
check.true(not np.array_equal(noisy, add_noise(grey, 0.1, 4)), "another seed must give other noise: default_rng(seed)")
### BEGIN HIDDEN TESTS
grey = np.full((300, 100), 0.5)
asarray = "add_noise changed a float64 array: np.asarray makes no copy where the type is right already, np.array does"
any_shape = "X may have any number of axes, here it has two: take size=X.shape as it is"
with check.explained(dict.fromkeys(("unpack", "IndexError", "AxisError"), any_shape)), check.unchanged(grey, hint=asarray):
    noisy = add_noise(grey, 0.08, int(np.random.default_rng().integers(1000)))
check.true(
    isinstance(noisy, np.ndarray),
    f"the noisy images come back as {type(noisy).__name__}: return one array of NumPy, as np.clip(…) and np.array(…) are",
)
check.true(noisy.dtype == np.float32, "for a float64 array too return float32: .astype(X.dtype) keeps the type of the input")
noise = noisy - 0.5
check.between(
    np.mean(noise**4) / np.mean(noise**2) ** 2, 2.7, 3.3, name="the fourth moment of the noise, 3 for a normal distribution",
    low_hint="the noise has no normal distribution: large values are missing (use .normal)",
)
with check.explained({"broadcast": "X may have any number of axes, here it has four: take size=X.shape as it is"}):
    coloured = np.asarray(add_noise(np.full((4, 6, 5, 3), 0.5, dtype="float32"), 0.1, 2))
check.true(
    coloured.std(axis=-1).max() > 0.001,
    "all colours of a pixel got the same number: every entry has its own, size=X.shape, whatever the number of axes",
)
shade = np.full((3, 4), 0.5)
check.true(
    np.array_equal(add_noise(shade.copy(), 0.1, 0), add_noise(shade.copy(), 0.1, 0)),
    "the seed 0 gives other noise each time: it is a seed as every other, and `if seed` takes it for none; default_rng(seed)",
)
kinds = "X may be an array of any type of floats, float16 too, which Generator.standard_normal does not draw: .normal(scale=s, size=X.shape)"
with check.explained({"Unsupported dtype": kinds, "TypeError": kinds}):
    add_noise(np.full((2, 3), 0.5, dtype="float16"), 0.1, 2)
X = np.random.default_rng().random((3, 4))
same = np.asarray(add_noise(X.copy(), 0.0, 1))
check.true(same.dtype == np.float32, "for s = 0 and a float64 array too return float32: no way out before the astype")
check.close(same, X.astype("float32"), hint="for s = 0 there is no noise: the pixels keep their values")
X = np.random.default_rng().random((3, 4)).astype("float32")
check.true(
    add_noise(X, 0.0, 1) is not X,
    "for s = 0 add_noise returned X itself, and whoever changes the one changes the other: return a new array for s = 0 too",
)
### END HIDDEN TESTS

# %% tests="add_noise_range" points=1
ends = np.repeat([[[0.0, 1.0]]], 5000, axis=0)
shapes = "the noise has another shape than X: draw it with size=X.shape; in .normal(s, X.shape) the shape would be the standard deviation"
with check.explained({"broadcast": shapes}):
    noisy = np.asarray(add_noise(ends, 0.3, 5))
check.true(
    noisy.min() >= 0 and noisy.max() <= 1,
    f"pixels lie between 0 and 1, yours reach from {noisy.min():.2f} to {noisy.max():.2f}: cut off with np.clip",
)
for colour, kept in {"black": np.mean(noisy[..., 0] == 0), "white": np.mean(noisy[..., 1] == 1)}.items():
    check.between(
        kept, 0.44, 0.56, name=f"the share of {colour} pixels that stay exactly {colour}",
        low_hint="what left the range goes back to its end, np.clip(…, 0, 1): do not rescale, do not turn negative noise round",
        high_hint="half of the noise leads out of the range, half of it leads in and stays",
    )
### BEGIN HIDDEN TESTS
shades = np.full((100, 10, 10), 0.5)
shades[0, 0, :2] = 0, 1
grey = np.asarray(add_noise(shades, 1.0, 6))
check.between(
    np.mean(np.isclose(grey, 0.5)), 0, 0.02, name="the share of grey pixels that are still grey under strong noise",
    high_hint="a pixel that would leave the range goes to the end of the range, 0 or 1; it does not keep its old value",
)
### END HIDDEN TESTS

# %%
noisy_examples = add_noise(X_A[:10], 0.5, 0)
plotting.image_grid(
    np.concatenate([X_A[:10], noisy_examples]), title="Clean, and with noise of 0.5"
);

# %% [markdown]
# The next cell trains the autoencoder 784-300-100-300-784. Its targets are the clean images. Pullovers and
# shirts are among them, but no label is used anywhere.

# %% given="autoencoder" trains=true
unlabelled = fashion.X_train[:IMAGES_UNLABELLED].astype("float32") / 255
noise = np.random.default_rng(0).normal(scale=0.5, size=unlabelled.shape).astype("float32")
spoiled = (unlabelled + noise).clip(0, 1)
encoder = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(300, activation="relu"),
        keras.layers.Dense(100, activation="relu"),
    ],
    name="encoder",
)
decoder = keras.Sequential(
    [
        keras.Input((100,)),
        keras.layers.Dense(300, activation="relu"),
        keras.layers.Dense(784, activation="sigmoid"),
        keras.layers.Reshape((28, 28)),
    ],
    name="decoder",
)
autoencoder = keras.Sequential([keras.Input((28, 28)), encoder, decoder])
autoencoder.compile(optimizer="adam", loss="mse")
training.fit(autoencoder, spoiled, unlabelled, epochs=EPOCHS_AUTOENCODER, batch_size=128);

# %%
X_examples = fashion.X_valid[:10].astype("float32") / 255
noisy_examples = np.clip(
    X_examples + np.random.default_rng(1).normal(scale=0.5, size=X_examples.shape), 0, 1
)
repaired = autoencoder.predict(noisy_examples.astype("float32"), verbose=0)
plotting.image_grid(
    np.concatenate([noisy_examples, repaired, X_examples]), title="Spoiled, repaired, true"
);

# %% [markdown]
# These images are validation images, new to the autoencoder. It has learned the outlines of sleeves, trousers
# and soles well enough to paint them from traces. Fine detail is lost: look for a collar or a seam.
#
# **Predict before you run.** Now the encoder becomes the body for task B, with the same 200 labels and the same two
# stages. Will it beat starting from scratch? Will it beat network A, which had about 44,000 labels of other classes?

# %% trains=true
body_and_head = keras.Sequential([keras.Input((28, 28)), *encoder.layers, keras.layers.Dense(1)])
# reuse leaves out the last layer, whatever it is
results_encoder = accuracies("encoder", from_body(body_and_head, EPOCHS_1, EPOCHS_2))
shown = {
    "from scratch": results_B["from scratch"],
    "body of network A": results_B["two stages"],
    "encoder": results_encoder,
}
plotting.method_comparison(shown, title="Task B: three ways to begin")
gains_encoder = results_encoder - results_B["from scratch"]
gain = f"{gains_encoder.mean():+.1f} ± {gains_encoder.std():.1f} percentage points"
print(f"encoder against from scratch: {gain}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The encoder saw no label at all, and still it is a better start than random weights: on real images it is
# about 3 percentage points better on average over many runs (drawn images: about 4), nearly as much as the body of
# network A. In your own five draws the dots may overlap. Why is it not better still? One reason is what the encoder was asked for.
# Its loss counts pixels, so its 100 numbers go to what covers many pixels: size, outline, brightness. A collar or
# a row of buttons, which makes the shirt, covers few.
#
# </details>
#
# Nearly all large networks of today are pretrained without labels, on tasks made from the data itself: guess the
# hidden word, the hidden part of the picture, the next sound. It pays when such data are many times more than
# here. Our small one shows the mechanism.

# %% [markdown]
# # Part B · A large network, and photographs
#
# ## 7 · Photographs (4 minutes)
#
# Now real colour photographs, taken by many people with their phones: clothes on floors, beds and hangers, in
# ten classes. There are only about 50 of each class to train with. They lie in folders, one for each class, and
# Keras reads such folders as they are:

# %%
def read_folder(part):
    """Batches of (photographs, labels), read from the folder of "train", "validation" or "test"."""
    return keras.utils.image_dataset_from_directory(
        data.clothing_folder() / part,
        image_size=(SIZE, SIZE),
        batch_size=30,
        shuffle=True,
        seed=1,
        verbose=False,
    )


pipeline = read_folder("train")
batch, labels = next(iter(pipeline))
print("classes:", ", ".join(pipeline.class_names))
print("one batch:", batch.shape, batch.dtype)
print(f"pixels from {np.min(batch):.0f} to {np.max(batch):.0f}")
plotting.photo_grid(batch[:20], [pipeline.class_names[label] for label in labels[:20]]);

# %% [markdown]
# The folder's names have become labels, every photograph was resized to the same square, and batches come out.
# Nothing is kept in memory, so this works for a million files too. For our few photographs arrays are
# handier; `data.load_clothing` gives the same photographs in one piece.
#
# (If the set-up cell said *drawn stand-in*, the course drew these photographs itself, and the pretrained network
# below is a small one that the course trained on other drawings, which were smaller. All exercises are the same.)

# %% given="photos"
print("loading the photographs …")
photos = data.load_clothing(SIZE)
few = np.concatenate([np.flatnonzero(photos.y_train == label)[:PHOTOS] for label in range(10)])
P_train, y_train = photos.X_train[few], photos.y_train[few]
P_valid, y_valid = photos.X_valid, photos.y_valid

# %%
for part, pictures in (("training", P_train), ("validation", P_valid), ("test", photos.X_test)):
    print(f"{part:10}", pictures.shape, pictures.dtype)
print("training photographs of each class:", np.bincount(y_train))

# %% [markdown]
# **The network.** *MobileNet* was made for phones (Howard et al. 2017). We take its smallest form, with a quarter
# of the usual width, trained on ImageNet: about a million photographs of a thousand kinds of things. It is a
# stack of **convolutions**. A convolution slides a small window over the image and computes the same few
# neurons at every place; what they find is a new, smaller "image" with many channels, a **feature map**. The
# first layers find edges and colours, later ones textures, then parts such as sleeves. The head (the thousand
# kinds) is left out, so what comes out is a feature map.
#
# Two habits of its makers bind us. It wants pixels **from −1 to 1**, since that is what it was trained with.
# And between its convolutions sit layers of batch normalisation, which need care (section 8).

# %% given="base"
base = backbones.pretrained((SIZE, SIZE, 3))
channels = base.output_shape[-1]

# %%
def show_feature_map(photo):
    """One photograph, and the four channels of its feature map that vary most over its places."""
    maps = base.predict(photo[np.newaxis].astype("float32") / 127.5 - 1, verbose=0)
    print("one photograph:", photo.shape, "→ feature map", maps.shape[1:])
    figure, axes = plt.subplots(1, 5, figsize=(9, 2), layout="constrained")
    axes[0].imshow(photo)
    for ax, channel in zip(axes[1:], np.argsort(-maps[0].std(axis=(0, 1)))):
        ax.imshow(maps[0, :, :, channel], cmap="viridis")
        ax.set_title(f"channel {channel}", fontsize=9)
    for ax in axes:
        ax.set_axis_off()
    plotting.describe(
        axes[0],
        "A training photograph, and four channels of its feature map as small coloured grids.",
    )


print(f"{base.name}: {len(base.layers)} layers, {base.count_params():,} parameters")
show_feature_map(P_train[0])

# %% [markdown]
# Yellow: this channel found here what it looks for. Most channels have no name in our language.
#
# ## 8 · Batch normalisation has two faces (9 minutes)
#
# A batch normalisation layer standardises each of its inputs, then scales and shifts it by two learned numbers,
# $\gamma$ and $\beta$:
#
# $$y = \gamma\,\frac{x - m}{\sqrt{v + 0.001}} + \beta$$
#
# (The 0.001, called $\varepsilon$ or `epsilon`, keeps the division safe where a variance is 0.)
#
# But *which* mean $m$ and variance $v$? That is where it has two faces.
#
# - **In training** (*training mode*, `training=True`), its first face, they are those of the present batch. Besides, the
#   layer keeps **running** values of both, which follow slowly: running ← 0.99 · running + 0.01 · batch. The 0.99 is the
#   layer's `momentum`.
# - **In use** (*inference mode*, `training=False`), its second face, there may be only one image. Then the running values
#   take their place, and stay as they are.
#
# So in training the result for one photograph depends on the *other* photographs of its batch, and the layer
# changes itself, even without any gradient: the running values count as weights, but no optimizer moves them.
#
# **Predict before you run.** The running mean of a feature is 0. A network is called with `training=True`, a
# hundred times, on photographs whose batch mean of this feature is always 1. What is the running mean
# afterwards: 0, about 0.1, about 0.6 or 1?
#
# <details><summary>Answer</summary>
#
# 1 − 0.99¹⁰⁰ = 0.634. A hundred batches suffice to forget more than half of what the network once knew about its
# features, without one step of training.
#
# </details>
#
# ### Exercise 6 (2 points)
#
# Write `batch_norm`.

# %% exercise="batch_norm"
def batch_norm(x, gamma, beta, mean, variance, training):
    """What a layer of batch normalisation does with one batch.

    x: float array (n, features), one row a sample, n at least 1. gamma, beta:
        float arrays (features,).
    mean, variance: float arrays (features,), the running values so far. No array is changed.
    training: bool; it alone says whether to use the batch's own mean and variance (divide by n), or
        the running ones.
    Returns three float arrays: y, of the shape of x; the running mean and the running
    variance afterwards, moved by one part in a hundred towards those of the batch in
    training, and unchanged otherwise.
    """
    ### BEGIN SOLUTION
    m, v = mean, variance
    if training:
        m, v = x.mean(axis=0), x.var(axis=0)
        mean, variance = 0.99 * mean + 0.01 * m, 0.99 * variance + 0.01 * v
    return gamma * (x - m) / np.sqrt(v + 0.001) + beta, mean, variance
    ### END SOLUTION


# %% tests="batch_norm" points=1
x = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 20.0]])
gamma, beta, mean, variance = np.array([[2.0, 1.0], [3.0, 5.0], [2.0, 10.0], [4.0, 100.0]])
in_use = [[2.00012498, 5.0], [3.99987502, 6.99999], [5.99962507, 5.999995]]
in_training = [[0.55096941, 3.77526431], [3.0, 6.22473569], [5.44903059, 5.0]]
result = batch_norm(x.copy(), gamma.copy(), beta.copy(), mean.copy(), variance.copy(), False)
check.true(
    isinstance(result, tuple | list) and len(result) == 3, "return three arrays: y, the running mean, the running variance"
)
check.close(
    result[0], in_use, rtol=1e-5,
    hint="this is y with training=False: by hand, its first entry is 2 · (1 − 2) / √4.001 + 3",
    mistakes={
        "in use (training=False) the running mean and variance take their place, not those of the batch": in_training,
        "take the square root of the variance":
            [[2.50012497, 5.0], [3.49987503, 5.199998], [4.49962509, 5.099999]],
        "add 0.001 to the variance, below the root":
            [[2.0, 5.0], [4.0, 7.0], [6.0, 6.0]],
        "add 0.001 below the root, not after it":
            [[2.00049975, 5.0], [3.99950025, 6.99980002], [5.99850075, 5.99990001]],
        "scale with gamma, then add beta: beta is not scaled":
            [[5.00012498, 5.0], [6.99987502, 6.99999], [8.99962507, 5.999995]],
        "gamma scales and beta shifts, not the other way round":
            [[0.50018747, 1.0], [3.49981253, 10.99995], [6.49943761, 5.999975]],
        "gamma is missing: scale with gamma, then add beta":
            [[2.50006249, 5.0], [3.49993751, 6.99999], [4.49981254, 5.999995]],
    },
)
check.close(
    batch_norm(x.copy(), gamma.copy(), beta.copy(), mean.copy(), variance.copy(), True)[0], in_training, rtol=1e-5,
    hint="this is y with training=True: by hand, its first entry is 2 · (1 − 3) / √2.6677 + 3, for the mean of 1, 3 and 5 is 3",
    mistakes={
        "in training take the mean and the variance of the batch": in_use,
        "take the mean over the samples of the batch (axis 0), for each feature":
            [[1.00004938, 5.99997531], [1.00000549, 5.99999726], [1.00001778, 5.99999111]],
        "x.mean() and x.var() alone take all features together: axis=0 gives one number for each feature":
            [[0.96907185, 4.8549337], [1.35591531, 6.78915099], [1.74275877, 5.82204235]],
        "divide by n in the variance: x.var(axis=0) as it is":
            [[1.00024995, 4.000005], [3.0, 5.999995], [4.99975005, 5.0]],
        "x.std is the root of the variance already: take x.var(axis=0)":
            [[-0.12921119, 1.50057878], [3.0, 8.49942122], [6.12921119, 5.0]],
        "in training take the batch's own values; the running ones only follow":
            [[1.98843931, 4.98998334], [3.99152979, 6.99331498], [5.99462027, 5.99164916]],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
x, (gamma, beta, mean), variance = rng.normal(2.0, 3.0, size=(40, 6)), rng.normal(size=(3, 6)), rng.gamma(2.0, size=6)
layer = keras.layers.BatchNormalization()
layer.build((None, 6))
layer.set_weights([gamma, beta, mean, variance])
for face in (False, True):
    expected = keras.ops.convert_to_numpy(layer(x, training=face))
    check.close(
        batch_norm(x.copy(), gamma.copy(), beta.copy(), mean.copy(), variance.copy(), face)[0], expected, rtol=1e-3, atol=1e-3,
        hint=f"this is y for 40 samples with 6 features, training={face}: take the numbers of both from the shape of x",
    )
layer.set_weights([gamma, beta, mean, np.zeros(6)])
check.close(
    batch_norm(x.copy(), gamma.copy(), beta.copy(), mean.copy(), np.zeros(6), False)[0],
    keras.ops.convert_to_numpy(layer(x, training=False)), rtol=1e-3, atol=1e-2,
    hint="this is y in use where the running variance is 0: the formula holds there too, with √0.001 below the line",
)
for n, features in ((1, 6), (7, 1)):
    some, (g, b, m, v) = x[:n, :features], [a[:features] for a in (gamma, beta, mean, variance)]
    check.close(
        batch_norm(some.copy(), g.copy(), b.copy(), m.copy(), v.copy(), True)[0],
        b + g * (some - some.mean(axis=0)) / np.sqrt(some.var(axis=0) + 0.001), rtol=1e-3, atol=1e-3,
        hint=f"this is y with training=True for a batch (n, features) of the shape ({n}, {features}): `training` alone decides, also for\n"
        "one sample, which is its own mean and has the variance 0",
    )
check.equal(
    [type(each).__name__ for each in batch_norm(x.copy(), gamma.copy(), beta.copy(), mean.copy(), variance.copy(), True)], ["ndarray"] * 3,
    "these are the kinds of what you return: return three arrays of NumPy; np.array(…) makes one of a list",
)
### END HIDDEN TESTS

# %% tests="batch_norm_running" points=1
x = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 20.0]])
one, mean, variance = np.ones(2), np.array([2.0, 10.0]), np.array([4.0, 100.0])
_, same_mean, same_variance = batch_norm(x.copy(), one, one, mean.copy(), variance.copy(), False)
check.close(
    [same_mean, same_variance], [mean, variance],
    hint="in use (training=False) the running values stay as they are; return them unchanged",
    mistakes={"the running mean comes before the running variance: return y, then the mean, then the variance": [variance, mean]},
)
_, new_mean, new_variance = batch_norm(x.copy(), np.ones(2), np.ones(2), mean.copy(), variance.copy(), True)
check.close(
    [new_mean, new_variance], [[2.01, 10.1], [3.98666667, 99.66666667]], rtol=1e-5,
    hint="these are the running mean and variance after a batch in training: by hand, the first mean is 0.99 · 2 + 0.01 · 3",
    mistakes={
        "the running values did not move: in training they follow the batch": [mean, variance],
        "they moved too far: 0.99 parts of the old value, 0.01 parts of the batch":
            [[2.99, 19.9], [2.68, 67.0]],
        "return the running values, not those of the batch": [[3.0, 20.0], [2.66666667, 66.66666667]],
        "divide by n in the variance: x.var(axis=0) as it is":
            [[2.01, 10.1], [4.0, 100.0]],
        "x.std is the root of the variance already: take x.var(axis=0)":
            [[2.01, 10.1], [3.97632993, 99.08164966]],
    },
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
x, (gamma, beta, mean), variance = rng.normal(2.0, 3.0, size=(40, 6)), rng.normal(size=(3, 6)), rng.gamma(2.0, size=6)
layer = keras.layers.BatchNormalization()
layer.build((None, 6))
for face in (True, False):
    layer.set_weights([gamma, beta, mean, variance])
    hint = "batch_norm changed an array that it was given: `mean *= 0.99` works in place, and so does `x -= m`"
    with check.unchanged(x, gamma, beta, mean, variance, hint=hint):
        result = batch_norm(x, gamma, beta, mean, variance, face)
    layer(x, training=face)
    check.close(
        np.vstack(result[1:]), np.vstack(layer.get_weights()[2:]), rtol=1e-3, atol=1e-3,
        hint=f"these are the running values after 40 samples with 6 features, training={face}",
    )
result = batch_norm(np.full((4, 2), 3.0), np.ones(2), np.ones(2), np.full(2, 3.0), np.zeros(2), True)
check.close(
    result[2], np.zeros(2), atol=1e-7,
    hint="all samples are equal here, so the variance is 0, and stays 0: the 0.001 belongs below the root in y, not into the\n"
    "running variance",
)
result = batch_norm(np.array([[1.0, -3.0]]), np.ones(2), np.ones(2), np.zeros(2), np.ones(2), True)
check.close(
    np.vstack(result[1:]), [[0.01, -0.03], [0.99, 0.99]],
    hint="these are the running values after a batch of one sample in training, whose mean is the sample and whose variance is 0:\n"
    "`training` alone decides whether they move",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** The pretrained network with both faces. First the features of *one* photograph, alone and in
# company; then the running values, before and after ten calls.

# %%
def two_faces():
    """Features of the first photograph with training=False and =True, in other company, and
    before and after."""
    probe = backbones.pretrained((SIZE, SIZE, 3))  # a copy of its own: this experiment spoils it
    scaled = P_train.astype("float32") / 127.5 - 1

    def features(company, training):
        maps = probe(scaled[company], training=training)
        return keras.ops.convert_to_numpy(maps)[0].mean(axis=(0, 1))

    def difference(one, other):
        return np.abs(one - other).mean() / np.abs(one).mean()

    some, others = [0, *range(1, 16)], [0, *range(len(scaled) - 15, len(scaled))]
    before = features(some, False)
    gap = difference(before, features(others, False))
    print(f"training=False: the same photograph in other company, its features differ by {gap:.1%}")
    gap = difference(features(some, True), features(others, True))
    print(f"training=True:  the same photograph in other company, its features differ by {gap:.1%}")
    for _ in range(8):
        features(some, True)
    gap = difference(before, features(some, False))
    print(f"after ten calls with training=True, the features in use differ by {gap:.1%}")


two_faces()

# %% [markdown]
# So there are two ways to keep a pretrained network as it is, and you need both:
#
# - When you call it yourself, say **`training=False`**: `base(x, training=False)`. (`predict` does it by itself.)
# - `fit` calls your whole model with `training=True`, and in Keras 3 this reaches every layer inside, also a body
#   that you called with `training=False` when you built the model. What protects it there is the flag: a batch
#   normalisation layer with **`trainable = False`** always shows its second face. This is a rule made for this
#   one layer. It ends the moment you unfreeze the layer, so in section 12 you unfreeze others, but not these.

# %% [markdown]
# ## 9 · Features once, heads many times (11 minutes)
#
# A frozen body gives the same features for the same photograph, every time. Then why compute them again in
# each epoch? Send each photograph through the body **once**, keep the features, and train heads on them: each
# takes a second, and you can try as many as you like.
#
# A feature map still says *where* something was found. For "which garment is it?" that hardly matters, so
# average each channel over all places (*global average pooling*): one number for each channel.
#
# **Predict before you run.** Take a photograph of 192 × 192 pixels with three colours: how many numbers go in? How
# many come out, if the body has 256 channels?
#
# <details><summary>Answer</summary>
#
# 192 · 192 · 3 = 110,592 numbers in, 256 numbers out.
#
# </details>
#
# ### Exercise 7 (3 points)
#
# Write `extract`. The photographs are bytes from 0 to 255, the body wants −1 to 1; and
# as floats all photographs at once may not fit into memory, so work batch by batch. (`base(x, training=False)`
# gives a tensor; `keras.ops.convert_to_numpy` makes an array of it.)

# %% exercise="extract"
def extract(base, photos, batch_size):
    """The features of photographs: base's feature maps, averaged over all places.

    base: Keras model, images with pixels from −1 to 1 in, feature maps (n, height, width, channels)
        out. Whatever its layers, it is called as in use, never as in training, and left as it was.
    photos: uint8 array (n, height, width, 3), pixels from 0 to 255, not changed. n is at least 1.
    batch_size: int; so many photographs at most are sent through base at a time.
    Returns a float32 array (n, channels), one row a photograph, in their order.
    """
    ### BEGIN SOLUTION
    parts = []
    for start in range(0, len(photos), batch_size):
        x = photos[start : start + batch_size].astype("float32") / 127.5 - 1
        maps = keras.ops.convert_to_numpy(base(x, training=False))
        parts.append(maps.mean(axis=(1, 2)))
    return np.concatenate(parts)
    ### END SOLUTION


# %% given="small_body"
def small_body(input_shape=(6, 6, 3), channels=4):
    """A small random convolutional body with batch normalisation, whose running values are not
    those of its inputs."""
    body = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(5, 3, padding="same", bias_initializer="normal"),
            keras.layers.BatchNormalization(),
            keras.layers.LeakyReLU(),
            keras.layers.Conv2D(channels, 2, strides=2),
            keras.layers.BatchNormalization(),
            keras.layers.LeakyReLU(),
        ]
    )
    rng = np.random.default_rng()
    for layer in (body.layers[1], body.layers[4]):
        layer.set_weights([rng.uniform(0.5, 1.5, size=w.shape) for w in layer.get_weights()])
    return body


def named_body():
    """A small body with layers of several kinds, whose names say little about them, as in
    other people's networks."""
    x = inputs = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(4, 1, name="sharp")(x)
    x = keras.layers.Dense(3, name="bn_first")(x)
    x = keras.layers.BatchNormalization(name="sift")(x)
    x = keras.layers.DepthwiseConv2D(2, name="each")(x)
    return keras.Model(inputs, keras.layers.Conv2D(2, 1, name="batch_mix")(x))


def forked_body():
    """A small body whose layers form no chain: two ways, added up; and a dropout, which acts
    in training only."""
    inputs = keras.Input((6, 6, 3))
    left = keras.layers.Conv2D(4, 2, activation="relu")(inputs)
    right = keras.layers.Conv2D(4, 2, activation="tanh")(inputs)
    return keras.Model(inputs, keras.layers.Dropout(0.5)(keras.layers.Add()([left, right])))


def colours_of(photographs):
    """A body whose three channels are the three colours; its features are mean colours."""
    colours = keras.Sequential(
        [keras.Input(photographs.shape[1:]), keras.layers.Conv2D(3, 1, use_bias=False)]
    )
    colours.set_weights([np.eye(3).reshape(1, 1, 3, 3)])
    return colours


# %% tests="extract" points=1
snaps = np.zeros((2, 4, 5, 3), dtype=np.uint8)  # mean colours (255, 102, 51) and (153, 0, 204)
snaps[0, :, :, 0], snaps[0, :2, :, 1], snaps[0, :1, :, 2] = 255, 204, 204
snaps[1, :3, :, 0], snaps[1, :, :, 2] = 204, 204
colours = colours_of(snaps)
features = extract(colours, snaps, 2)
check.true(
    np.ndim(features) != 3 or len(features) == 2,
    "the batches are not joined: np.concatenate(parts) puts their rows one below the other, np.array(parts) does not",
)
check.shape(features, (2, 3), "one row for each photograph, one column for each channel: average over height and width")
check.close(
    features, [[1.0, -0.2, -0.6], [0.2, -1.0, 0.6]], rtol=1e-3, atol=1e-3,  # pixels in half precision pass
    hint="for this body the features are the mean colours of the photograph, on the scale from −1 to 1",
    mistakes={
        "the pixels went in from 0 to 255: scale them to −1 … 1": [[255, 102, 51], [153, 0, 204]],
        "the pixels went in from 0 to 1: the body wants −1 … 1": [[1.0, 0.4, 0.2], [0.6, 0.0, 0.8]],
        "the pixels went in from 0 to 2: subtract 1": [[2.0, 0.8, 0.4], [1.2, 0.0, 1.6]],
        "the pixels went in from −0.5 to 0.5: the body wants −1 … 1": [[0.5, -0.1, -0.3], [0.1, -0.5, 0.3]],
        "you took the sum over the places, not the mean": [[20, -4, -12], [4, -20, 12]],
        "you took the largest value over the places, not the mean": [[1.0, 0.6, 0.6], [0.6, -1.0, 0.6]],
    },
)
check.true(np.asarray(features).dtype == np.float32, "the features should be float32")

# %% tests="extract_batches" points=1
snaps = np.random.default_rng().integers(0, 256, size=(7, 4, 4, 3)).astype(np.uint8)
unequal = "the last batch is smaller than the others: np.array cannot stack them, np.concatenate(parts) joins them"
with check.explained({"inhomogeneous": unequal, "same shape": unequal}):
    features = extract(colours_of(snaps), snaps.copy(), 3)
check.shape(features, (7, 3), "7 photographs in batches of 3 are three batches; the last one has only 1 photograph")
check.close(
    features, snaps.mean(axis=(1, 2)) / 127.5 - 1, rtol=1e-3, atol=1e-3,
    hint="the features of 7 photographs in batches of 3 are wrong, or in another order than the photographs",
)
# This body divides by the length over the batch: k equal photographs sent through at a time come out as 1 / √k.
counts = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.UnitNormalization(axis=0)])
shares = np.asarray(extract(counts, np.full((11, 2, 2, 3), 255, np.uint8), 4), dtype=float)
check.between(
    (1 / np.maximum(np.abs(shares), 1e-6) ** 2).max(), 0, 4.1,
    name="the largest number of photographs sent through base at a time, with a batch size of 4",
    high_hint="too many at a time: slice the photographs, and call base on each slice alone",
)
### BEGIN HIDDEN TESTS
shares = np.asarray(extract(counts, np.full((40, 2, 2, 3), 255, np.uint8), 3), dtype=float)
check.between(
    (1 / np.maximum(np.abs(shares), 1e-6) ** 2).max(), 0, 3.1,
    name="the largest number of photographs sent through base at a time, for 40 photographs and a batch size of 3",
    high_hint="batch_size is the number of photographs in a part, not the number of parts (np.array_split wants the latter)",
)
body = small_body((8, 6, 3), 5)
body.trainable = False  # so it has one face only; whether extract asks for the right one is checked below
snaps = np.random.default_rng().integers(0, 256, size=(11, 8, 6, 3)).astype(np.uint8)
expected = check.outputs(body, snaps / np.float32(127.5) - 1).mean(axis=(1, 2))
square = "photographs need not be square, here they are 8 high and 6 wide: average over axes 1 and 2, however long they are"
columns = "the features have as many columns as base has channels, here 5; a photograph has 3 colours"
for batch_size in (1, 4, 64):
    with check.explained({"with size 0": square, "could not broadcast": columns}):
        features = extract(body, snaps, batch_size)
    check.close(
        features, expected, rtol=1e-3, atol=5e-3,
        hint=f"wrong for a body with 5 channels, 11 photographs and a batch size of {batch_size}",
        mistakes={
            "average over the places of the feature map, 4 · 3 here; the photograph has more, 8 · 6": expected / 4,
        },
    )
check.true(
    isinstance(extract(body, snaps, 4), np.ndarray),
    "the features are rows in a list or another thing that is no array: return one array, as np.concatenate(parts) gives it",
)
### END HIDDEN TESTS

# %% tests="extract_inference" points=1
body = small_body()
snaps = np.random.default_rng().integers(0, 256, size=(5, 6, 6, 3)).astype(np.uint8)
snaps[:, 0, 0], snaps[:, -1, -1] = 0, 255  # each has black and white: what scales by these is judged above
columns = "the features have as many columns as base has channels, here 4; a photograph has 3 colours"
in_place = "extract changed the photographs: make a new array of floats"
with check.explained({"could not broadcast": columns}), check.unchanged(snaps, hint=in_place):
    together, alone = extract(body, snaps, 5), extract(body, snaps[:1], 1)
check.close(
    alone[0], together[0], rtol=1e-3, atol=1e-3,
    hint="a photograph has other features alone than in company: call base(x, training=False)",
)
### BEGIN HIDDEN TESTS
body = small_body()
with check.unchanged(body, hint="extract changed base: its running values moved, or its layers were frozen"):
    extract(body, snaps, 2)
body.layers[0].trainable = False  # its owner had frozen this one layer
opened = "one layer of this base was frozen before, and is open now: leave all flags alone, base(x, training=False) needs no freezing"
with check.unchanged(body, hint=opened):
    extract(body, snaps, 2)
inputs = keras.Input((6, 6, 3))
lit = keras.layers.RandomBrightness(0.5, value_range=(-1, 1))(inputs)  # acts in a plain call too
ways = [keras.layers.Conv2D(3, 2)(lit) for _ in range(2)]
forked = keras.Model(inputs, keras.layers.Dropout(0.5)(keras.layers.Add()(ways)))
straight = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Conv2D(3, 2)])  # computes in use what forked computes: the sum of both ways
straight.set_weights([one + other for one, other in zip(forked.get_weights()[:2], forked.get_weights()[2:])])
expected = extract(straight, snaps, 2)  # whether this is right is asked above
itself = "the layers of this base form no chain, they fork and meet again: call base itself, base(x, training=False), not its layers\none by one"
with check.explained(dict.fromkeys(("ValueError", "TypeError", "ndex", "expected"), itself)):
    features = extract(forked, snaps, 2)
check.close(
    features, expected, rtol=1e-3, atol=1e-3,
    hint="this base has two ways, added up, and two layers that act in training only, a dropout and a random brightness, which acts in a\n"
    "plain call, base(x), too: freezing does not stop them, training=False does. Call base itself, base(x, training=False)",
)
body.trainable = False  # its owner had frozen it as a whole
opened = "this base was frozen as a whole before, base.trainable = False, and is open now: leave its own flag alone, as those of its layers"
with check.unchanged(body, hint=opened):
    extract(body, snaps, 2)
### END HIDDEN TESTS

# %% [markdown]
# Here are the features of our photographs; from here on the lab uses these. Note the time.

# %% given="features"
print(f"computing the features of {len(P_train) + len(P_valid)} photographs …")
started = time.perf_counter()


def features_of(photographs):
    """Features of photographs, as a float32 array (n, channels)."""
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(photographs)
    maps = base.predict(scaled, batch_size=50, verbose=0)
    return keras.ops.convert_to_numpy(keras.ops.mean(maps, axis=(1, 2)))


F_train, F_valid = features_of(P_train), features_of(P_valid)
seconds_features = time.perf_counter() - started

# %%
def compare_features():
    """Your function against these features."""
    difference = np.abs(extract(base, P_valid[:20], 8) - F_valid[:20]).max()
    print(f"largest difference between yours and these: {difference:.1e}")


print(f"features {F_train.shape} and {F_valid.shape} in {seconds_features:.1f} s")
compare_features()

# %% [markdown]
# **The head.** Now the easiest training of this course: a few hundred rows with `channels` numbers each, ten
# classes.
#
# **Predict before you run.** A dense layer from 256 features to ten classes: how many parameters? Which share of
# the photographs will it get right: 20 %, 45 % or 70 %?
#
# ### Exercise 8 (2 points)
#
# Make `head` and `history` in one cell. A single dense layer with softmax is enough.
# Train once, on `F_train`, `y_train`, for `EPOCHS_HEAD` epochs with a batch size of 32 (Adam with a rate of 0.003 and the sparse
# categorical cross-entropy do well), and measure on `F_valid`, `y_valid` after each epoch, with the accuracy. The weights after the last
# epoch count, so use no callback that brings back earlier ones.
# When it is marked, `head` must get 55 % of new
# photographs right (`TARGET_HEAD` in the budget cell).

# %% exercise="head" trains=true
# head:     a trained sequential or functional model, features (n, channels) → probabilities (n, 10)
# history:  the History that fit returns, with loss, accuracy, val_loss and val_accuracy
### BEGIN SOLUTION
head = keras.Sequential(
    [keras.Input((channels,)), keras.layers.Dense(10, activation="softmax")]
)
head.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = head.fit(
    F_train, y_train, epochs=EPOCHS_HEAD, batch_size=32, validation_data=(F_valid, y_valid), verbose=0
)
### END SOLUTION

# %% tests="head" points=1
check.model(head, input_shape=(channels,), output_shape=(10,))
q = check.outputs(head, F_valid)
check.probabilities(q, hint="ten classes that exclude each other: end in softmax")
check.true(not isinstance(history, dict), "history is a dictionary: keep what fit returns, without .history behind it")
check.true(hasattr(history, "history"), "history should be the History that fit returns")
check.true(
    {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(curves_of(history)),
    f'it holds {sorted(history.history)}: compile with metrics=["accuracy"], and give fit the validation_data',
)
check.equal(len(history.history["loss"]), EPOCHS_HEAD, "this is the number of epochs in the history")
check.equal(
    len(curves_of(history)["val_loss"]), EPOCHS_HEAD,
    "this is the number of validation losses: measure after EACH epoch, without validation_freq",
)
check.close(
    curves_of(history)["val_accuracy"][-1], np.mean(q.argmax(axis=1) == y_valid), atol=1e-3,
    hint="the last val_accuracy is not that of the head on F_valid, y_valid: measure on these, train the\n"
    "head once, and bring back no earlier weights (restore_best_weights)",
)
check.true(head.compiled, "head is not compiled: it should be the very network that was trained, not a copy of it")
### BEGIN HIDDEN TESTS
check.equal(
    int(keras.ops.convert_to_numpy(head.optimizer.iterations)), math.ceil(len(F_train) / 32) * EPOCHS_HEAD,
    "this is the number of steps that the optimizer made: train on F_train and nothing else, with a batch size of 32, for\n"
    "EPOCHS_HEAD epochs, once",
    mistakes={"you trained on F_valid, which is for measuring only": math.ceil(len(F_valid) / 32) * EPOCHS_HEAD},
)
### END HIDDEN TESTS

# %% tests="head_accuracy" points=1
check.model(head, input_shape=(channels,), output_shape=(10,))
right = np.mean(check.outputs(head, F_valid).argmax(axis=1) == y_valid)
check.between(
    right, 0.3, 1.0, name="accuracy on the validation photographs",
    low_hint="too few are right: is it trained on F_train with y_train, and the sparse cross-entropy?",
)
### BEGIN HIDDEN TESTS
from autograder import sealed

P_sealed, y_sealed = sealed.load("clothing", size=SIZE)
F_sealed = features_of(P_sealed)
right = np.mean(check.outputs(head, F_sealed).argmax(axis=1) == y_sealed)
check.between(
    right, TARGET_HEAD, 1.0, name="accuracy on new photographs",
    low_hint="too many mistakes on new photographs: train on F_train and y_train, for all epochs",
)
### END HIDDEN TESTS

# %%
plotting.learning_curves(curves_of(history), metric="accuracy", title="A head on frozen features");

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The head is right more often on the photographs that it learned from than on others: that is the gap. On the real
# photographs it is wide, for the head knows its few hundred nearly by heart; on drawn ones it is narrower. More
# photographs would close it, or the augmentation of section 11.
#
# </details>

# %% [markdown]
# ## 10 · The same time from scratch (3 minutes)
#
# Is the pretrained body really worth so much? Compare with a small convolutional network that starts from random
# weights, sees the same photographs and gets at least as much computing time as the features and the head
# together.
#
# **Predict before you run.** How many percentage points will it be behind?

# %% given="good_head" trains=true
started = time.perf_counter()
good_head = keras.Sequential([keras.Input((channels,)), keras.layers.Dense(10, "softmax")])
good_head.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy")
good_head.fit(F_train, y_train, epochs=EPOCHS_HEAD, batch_size=32, verbose=0)
seconds_transfer = seconds_features + time.perf_counter() - started

# %% trains=true
started = time.perf_counter()
scratch = keras.Sequential(
    [keras.Input((SIZE, SIZE, 3)), keras.layers.Rescaling(1 / 127.5, offset=-1)]
)
# Half the size: four times the epochs in the same time.
scratch.add(keras.layers.AveragePooling2D(2))
for filters in (16, 32, 64, 128):
    scratch.add(keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu"))
scratch.add(keras.layers.GlobalAveragePooling2D())
scratch.add(keras.layers.Dense(10, activation="softmax"))
scratch.compile(optimizer=keras.optimizers.Adam(0.002), loss="sparse_categorical_crossentropy")
print(f"training from scratch for {EPOCHS_SCRATCH} epochs …")
scratch.fit(P_train, y_train, epochs=EPOCHS_SCRATCH, batch_size=32, verbose=0)
seconds_scratch = time.perf_counter() - started
scratch_valid = np.mean(scratch.predict(P_valid, verbose=0).argmax(axis=1) == y_valid)
frozen_valid = np.mean(good_head.predict(F_valid, verbose=0).argmax(axis=1) == y_valid)
right = "of the validation photographs right"
print(f"pretrained body and head: {frozen_valid:.1%} {right}, {seconds_transfer:.0f} s")
print(f"from scratch:             {scratch_valid:.1%} {right}, {seconds_scratch:.0f} s")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The network from scratch is far behind, after more computing time: a few hundred photographs cannot teach it
# what edges, textures and sleeves look like. The pretrained body brings all that along, and only the head has to
# be found.
#
# </details>

# %% [markdown]
# ## 11 · One model for everything (9 minutes)
#
# Heads on kept features are quick, but two things need the whole network in one piece: whoever *uses* it wants
# photographs in and classes out; and **augmentation** changes the photographs anew in each epoch, so no
# features can be kept. Augmentation means small changes that leave the class as it is: a mirrored dress is a
# dress. Layers such as `keras.layers.RandomFlip("horizontal")` do it, and **only in training**: in `predict`, in `evaluate` and in
# `model(X, training=False)` they pass the photograph on as it is. (A plain `model(X)` does not say which of the two is meant, and such a layer then mirrors.)
#
# | part | job | training | in use |
# |---|---|---|---|
# | `RandomFlip("horizontal")` | mirrors each photograph with probability ½, left to right | active | passes on |
# | `Rescaling(1 / 127.5, offset=-1)` | 0 … 255 → −1 … 1 | the same | the same |
# | body, frozen, `training=False` | feature maps | its batch normalisation as in use, since it is frozen | as in use |
# | `GlobalAveragePooling2D()` | mean over all places | the same | the same |
# | `Dense(classes)`, softmax | probabilities | learns | the same |
#
# **Predict before you run.** How many parameters of this model are trainable with 256 channels and ten classes?
#
# <details><summary>Answer</summary>
#
# 256 · 10 + 10 = 2,570, those of the head.
#
# </details>
#
# ### Exercise 9 (3 points)
#
# Write `build_classifier`, best with the functional API (Lab 2, section 8). As in section 3,
# `base.input_shape[1:]` is the shape of one image, without the batch. Whether the model is in training, `RandomFlip` is
# told by `fit` and `predict`.

# %% exercise="build_classifier"
def build_classifier(base, classes):
    """A classifier of photographs on a pretrained body, with augmentation; not compiled.

    base: Keras model, images with pixels from −1 to 1 in, feature maps (n, height, width, channels)
        out. It is used itself, not a copy; it is frozen here, so that no weight in it is trainable,
        and called with training=False (which a sequential model cannot say; the freezing protects
        its batch normalisation there).
    classes: int.
    Returns a sequential or functional Keras model with the parts of the table, in this order:
    pixels from 0 to 255, shape that of base's input, in; probabilities (n, classes) out.
    Photographs are mirrored at random, left to right, in training only. The last layer is the dense
    one with softmax.
    """
    ### BEGIN SOLUTION
    base.trainable = False
    inputs = keras.Input(base.input_shape[1:])
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))
    ### END SOLUTION


# %% tests="classifier_output" points=1
body = small_body()
snaps = np.random.default_rng().integers(0, 256, size=(20, 6, 6, 3)).astype("float32")
features = {
    scale: check.outputs(body, scaled).mean(axis=(1, 2))
    for scale, scaled in (("right", snaps / 127.5 - 1), ("raw", snaps), ("one", snaps / 255))
}
size = "the classifier has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
with check.explained({"incompatible": size}):
    built = build_classifier(body, 3)
check.model(built, input_shape=(6, 6, 3), output_shape=(3,))
q = check.outputs(built, snaps)
check.probabilities(q, hint="the last layer needs softmax")
W, b = [keras.ops.convert_to_numpy(w) for w in built.weights[-2:]]
check.shape(W, (4, 3), "the last dense layer should read 4 features (the mean of each channel) for 3 classes")
expected = {scale: scipy.special.softmax(seen @ W + b, axis=1) for scale, seen in features.items()}
near = {scale: np.allclose(q, p, rtol=0, atol=5e-3) for scale, p in expected.items()}
check.true(
    near["right"] or not near["raw"],
    "the pixels reach the body from 0 to 255: Rescaling(1 / 127.5, offset=-1) comes before it",
)
check.true(near["right"] or not near["one"], "the pixels reach the body from 0 to 1: it wants −1 … 1")
check.close(
    q, expected["right"], rtol=0, atol=5e-3, hint="the model does not compute softmax(mean features · W + b) in use",
)
check.true(
    isinstance(built.layers[-1], keras.layers.Dense),
    f'the last layer is of the kind {type(built.layers[-1]).__name__}: it should be the dense one itself, with activation="softmax"',
)
check.true(not built.compiled, "the classifier is compiled already: return it not compiled, the caller does that")
### BEGIN HIDDEN TESTS
high = "photographs need not be square, here they are 8 high and 6 wide: the input has the shape base.input_shape[1:]"
with check.explained({"incompatible": high}):
    built = build_classifier(small_body((8, 6, 3), 5), 7)
check.model(built, input_shape=(8, 6, 3), output_shape=(7,))
for classes in (2, 5):
    built = build_classifier(small_body(), classes)
    check.model(built, input_shape=(6, 6, 3))
    check.true(
        built.output_shape == (None, classes),
        f"for {classes} classes the output has the shape {built.output_shape}: as many neurons as there are classes, with softmax, for\n"
        "two classes too",
    )
    check.probabilities(check.outputs(built, snaps), hint=f"the last layer needs softmax, for {classes} classes too")
# This body answers white with 0 in each channel, and makes much of every difference from it, more in one channel than in the next.
strict = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Conv2D(4, 1)])
gains = np.array([100, 50, 25, 0], "float32")
strict.layers[-1].set_weights([np.broadcast_to(gains, (1, 1, 3, 4)), -3 * gains])
built = build_classifier(strict, 3)
built.weights[-2].assign(np.eye(4, 3, dtype="float32"))  # one channel for each class, so that a difference shows in every draw
q = check.outputs(built, np.full((1, 2, 2, 3), 255, "float32"))
b = keras.ops.convert_to_numpy(built.weights[-1])
check.close(
    q, scipy.special.softmax([b], axis=1), rtol=0, atol=0.02,
    hint="white, 255, becomes exactly 1: the scale is 1 / 127.5, not 1 / 128, and the offset −1",
)
forked = forked_body()
itself = "the layers of this base form no chain, they fork and meet again: call base itself, base(x, training=False), not its layers\none by one"
with check.explained(dict.fromkeys(("ValueError", "TypeError", "ndex", "expected"), itself)):
    build_classifier(forked, 3)
### END HIDDEN TESTS

# %% tests="classifier_frozen" points=1
body = small_body()
size = "the classifier has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
with check.explained({"incompatible": size}), check.mutates(body):
    built = build_classifier(body, 3)
check.model(built, input_shape=(6, 6, 3))
check.true(len(built.trainable_weights) > 0, "nothing in the classifier can learn: freeze base alone, not the whole classifier")
check.equal(
    [tuple(w.shape) for w in built.trainable_weights if len(w.shape) == 4], [],  # whether layers were added is asked above
    "only the head should be trainable: base.trainable = False. Trainable kernels of convolutions",
)
check.equal(
    len(body.trainable_weights), 0,
    "base itself is not frozen: use base, not a copy of it, and set base.trainable = False. Its trainable arrays",
)
before = body.get_weights()
built(np.full((4, 6, 6, 3), 200.0, dtype="float32"), training=True)
check.true(
    all(np.array_equal(a, b) for a, b in zip(before, body.get_weights())),
    "one call in training changed base: its batch normalisation is not frozen, base.trainable = False freezes it too",
)
### BEGIN HIDDEN TESTS
kinds = [keras.layers.DepthwiseConv2D(2), keras.layers.Dense(3), keras.layers.LayerNormalization(), keras.layers.Conv2D(2, 1)]
mixed = keras.Sequential([keras.Input((6, 6, 3)), *kinds])
start = mixed.get_weights()
with check.mutates(mixed):
    built = build_classifier(mixed, 3)
kinds = "base may hold layers of any kind, dense and depthwise ones too: freeze all of them, base.trainable = False"
check.equal([tuple(w.shape) for w in mixed.trainable_weights], [], f"{kinds}. Trainable arrays of base")
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, mixed.get_weights())),
    "build_classifier changed weights of base: it is used as it is, with what it has learned",
)
pooled = keras.Model(built.inputs[0], built.layers[-1].input)  # what the last layer gets to see
noise = np.random.default_rng().uniform(0, 255, size=(5, 6, 6, 3)).astype("float32")
features = check.outputs(pooled, noise)
mixed.set_weights([w + 1 for w in start])
check.true(
    np.abs(check.outputs(pooled, noise) - features).max() > 1e-3,
    "base got other weights after the classifier was made, and the classifier works as before: it holds a copy of base. Use base\n"
    "itself, base(x, training=False)",
)
### END HIDDEN TESTS

# %% tests="classifier_augment" points=1
body = small_body()
size = "the classifier has the input of base, whatever its shape: keras.Input(base.input_shape[1:])"
with check.explained({"incompatible": size}):
    built = build_classifier(body, 3)
check.model(built, input_shape=(6, 6, 3), output_shape=(3,))
snap = np.zeros((1, 6, 6, 3), "float32")
snap[:, :3, :2] = np.random.default_rng().uniform(100, 255, size=(1, 3, 2, 3))
before_head = keras.Model(built.inputs[0], built.layers[-1].input)  # what the last layer gets to see
seen = keras.ops.convert_to_numpy(before_head(np.repeat(snap, 40, axis=0), training=True))
scale = np.abs(seen).max()
check.true(
    np.abs(seen - seen[0]).max() > 1e-4 * scale,
    "in training, 40 times the same photograph gives 40 times the same features: where is the random mirror?",
)
plain, mirrored, upside, turned = check.outputs(
    before_head, np.concatenate([snap, snap[:, :, ::-1], snap[:, ::-1], snap[:, ::-1, ::-1]])
)
gaps = np.minimum(np.abs(seen - plain).max(axis=1), np.abs(seen - mirrored).max(axis=1))
on_their_heads = np.minimum(np.abs(seen - upside).max(axis=1), np.abs(seen - turned).max(axis=1)) <= 1e-4 * scale
check.true(
    not np.any(on_their_heads & (gaps > 1e-4 * scale)),
    "some photographs stand on their heads in training: RandomFlip() mirrors up and down too; ask for left to right only",
)
check.between(
    gaps.max() / scale, 0, 1e-4, name="distance from the photograph and its mirror image",
    high_hint="in training something else happens than mirroring left to right: another change, a layer that is not in the table, or base is\n"
    "not frozen",
)

# %% [markdown]
# ## 12 · Fine-tune the top (8 minutes)
#
# The lowest layers of the body find edges and colours, which every photograph has. The highest ones are the
# most special to the old task. So unfreeze from the top, as much as your images can pay for, and train with a
# **very low rate**: here 0.0001, thirty times lower than that of the head.
#
# Two rules of freezing in Keras:
#
# - A model inside a model has a flag of its own. While `base.trainable` is `False`, its list `base.trainable_weights` is
#   empty, whatever its layers say. Changing it to `True` unfreezes *every* layer in it. So set that flag first, and
#   those of the layers after it.
# - Layers of batch normalisation stay frozen, or `fit` lets them show their first face (section 8), and a few
#   hundred photographs overwrite what a million taught.
#
# How do you recognise one? Not by its name, which its maker chose: in MobileNet some are called `conv1_bn`. Python's
# `isinstance` asks for the class of an object: `isinstance(layer, keras.layers.Dense)` is `True` for a dense layer and
# `False` for any other, and the class here is `keras.layers.BatchNormalization`. The number of parameters in an array of
# weights `w` is `math.prod(w.shape)`.
#
# **Predict before you run.** `some_list[-3:]` are the last three. What are the last *zero*, `some_list[-0:]`?
#
# <details><summary>Answer</summary>
#
# −0 is 0, so that is the whole list.
#
# </details>
#
# ### Exercise 10 (2 points)
#
# Write `open_top`.

# %% exercise="open_top"
def open_top(base, count):
    """Unfreeze the last `count` layers of `base`, but no batch normalisation; freeze all others.

    base: Keras model with layers of any kind and name, none of them a model; some or all may be
        frozen or not before. Its flags are changed in place, its weights keep their values.
    count: int, from 0 to len(base.layers); layers without weights count as well.
    Returns an int: how many parameters of base are trainable now; some weights of open layers, such
        as those of a `Normalization`, never are.
    """
    ### BEGIN SOLUTION
    base.trainable = True
    first = len(base.layers) - count
    for place, layer in enumerate(base.layers):
        layer.trainable = place >= first and not isinstance(layer, keras.layers.BatchNormalization)
    return sum(math.prod(w.shape) for w in base.trainable_weights)
    ### END SOLUTION


# %% tests="open_top" points=1
body = small_body()  # its layers: Conv2D, BatchNormalization, LeakyReLU, Conv2D, BatchNormalization, LeakyReLU
body.trainable = False
start = body.get_weights()
with check.mutates(body):
    trainable = open_top(body, 3)
check.equal(
    [tuple(w.shape) for w in body.trainable_weights], [(2, 2, 5, 4), (4,)],
    "with count=3 only the kernel and the bias of the second Conv2D should be trainable. Trainable arrays",
    mistakes={
        "nothing is trainable: as long as base.trainable is False, its layers' flags do not count": [],
        "batch normalisation became trainable: keep it frozen": [(2, 2, 5, 4), (4,), (4,), (4,)],
        "these are the first layers: unfreeze the last ones": [(3, 3, 3, 5), (5,)],
        "everything is trainable: base.trainable = True sets all flags inside, so it must come before the loop":
            [(3, 3, 3, 5), (5,), (5,), (5,), (2, 2, 5, 4), (4,), (4,), (4,)],
        "the layers below are open too: freeze those that are not among the last `count`":
            [(3, 3, 3, 5), (5,), (5,), (5,), (2, 2, 5, 4), (4,)],
        "all convolutions are trainable: freeze the layers that are not among the last `count`":
            [(3, 3, 3, 5), (5,), (2, 2, 5, 4), (4,)],
    },
)
check.equal(
    trainable, 84, "2 · 2 · 5 · 4 weights and 4 biases are trainable: return their number",
    mistakes={"you counted arrays: count the numbers in them": 2, "you counted layers: count parameters": 1},
)
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, body.get_weights())),
    "open_top changed weights of base: it should set flags only, also those of batch normalisation",
)
### BEGIN HIDDEN TESTS
named = named_body()  # sharp (convolution), bn_first (dense), sift (batch normalisation), each (depthwise), batch_mix (convolution)
named.trainable = False
with check.mutates(named):
    opened = open_top(named, 4)
check.equal(
    [tuple(w.shape) for w in named.trainable_weights], [(4, 3), (3,), (2, 2, 3, 1), (3,), (1, 1, 3, 2), (2,)],
    "for a body with other kinds of layers: unfreeze every layer that is no keras.layers.BatchNormalization, and ask\n"
    "isinstance for that, not its name. Trainable arrays",
)
check.equal(
    opened, 38, "here a dense layer (15 parameters), a depthwise convolution (15) and a convolution (8) are trainable: count the parameters\n"
    "of all of them, whatever their kind",
)
layered = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 1), keras.layers.Normalization()])
for each in (keras.layers.BatchNormalization(scale=False), keras.layers.LayerNormalization(), keras.layers.Conv2D(3, 1)):
    layered.add(each)
layered.trainable = False
with check.mutates(layered):
    opened = open_top(layered, 4)
check.equal(
    [tuple(w.shape) for w in layered.trainable_weights], [(2,), (2,), (1, 1, 2, 3), (3,)],
    "here the last four layers are a Normalization, a BatchNormalization, a LayerNormalization and a convolution: only\n"
    "keras.layers.BatchNormalization stays frozen, other normalisations do not. Trainable arrays",
    mistakes={
        "this BatchNormalization, made with scale=False, became trainable: ask isinstance for its class, not how many weights it has":
            [(2,), (2,), (2,), (1, 1, 2, 3), (3,)],
    },
)
check.equal(
    opened, 13, "here a LayerNormalization (4 parameters) and a convolution (9) are trainable: return how many that are",
    mistakes={
        "layer.count_params() also counts weights that never learn, here those of a Normalization: count the numbers in\n"
        "base.trainable_weights": 18,
    },
)
body = small_body()
body.trainable = False
with check.mutates(body):
    open_top(body, 2)
check.equal(
    [tuple(w.shape) for w in body.trainable_weights], [],
    "the last two layers are a batch normalisation and a LeakyReLU, so with count=2 nothing is trainable: layers without weights\n"
    "count as well. Trainable arrays",
)
### END HIDDEN TESTS

# %% tests="open_top_again" points=1
def open_kernels(model):
    """Shapes of the trainable kernels of convolutions. Batch normalisation is asked about above."""
    return [tuple(w.shape) for w in model.trainable_weights if len(w.shape) == 4]


body = small_body()
body.trainable = False
with check.mutates(body):
    open_top(body, 3)
check.equal(
    open_kernels(body), [(2, 2, 5, 4)],
    "with count=3 only the second Conv2D should be trainable (base.trainable = True after the loop opens all). Trainable kernels",
)
with check.mutates(body):
    open_top(body, len(body.layers))
check.equal(open_kernels(body), [(3, 3, 3, 5), (2, 2, 5, 4)], "with count=6 both Conv2D layers should be trainable. Trainable kernels")
with check.mutates(body):
    open_top(body, 3)
check.equal(open_kernels(body), [(2, 2, 5, 4)], "first count=6, then count=3: the lower layers must be frozen again. Trainable kernels")
### BEGIN HIDDEN TESTS
body = small_body()
start = body.get_weights()
with check.mutates(body):
    opened = open_top(body, 0)
check.equal(
    len(body.trainable_weights), 0,
    "with count=0 some layers are trainable: layers[-0:] are all layers, not none. Trainable arrays",
)
check.true(
    opened is None or opened == 0,  # whether anything is returned is asked above
    f"with count=0 nothing is trainable, and you return {opened} parameters: count those of base.trainable_weights, for layers[-0:] are all",
)
check.true(
    all(np.array_equal(a, b) for a, b in zip(start, body.get_weights())),
    "open_top changed weights of base: it should set flags only, also those of batch normalisation",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** All together: the classifier of exercise 9 with the trained head, the top of the body opened, compiled
# with the low rate, trained on the pipeline that reads the folder. The top is the last quarter of the
# layers; these are the largest, so they hold a large part of all parameters. (`cache` keeps the photographs after the
# first reading, `shuffle` mixes the batches in each epoch.)
#
# **Predict before you run.** Will the accuracy on the validation photographs rise, by how much, and how much
# longer does an epoch take than with kept features?

# %% trains=true
classifier = build_classifier(base, 10)
classifier.layers[-1].set_weights(good_head.layers[-1].get_weights())
opened = open_top(base, len(base.layers) // 4)
print(f"{opened:,} parameters of the body are open, of {base.count_params():,}")
classifier.compile(
    optimizer=keras.optimizers.Adam(1e-4),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
print(f"fine-tuning for {EPOCHS_TUNING} epochs …")
started = time.perf_counter()
tuning = classifier.fit(
    pipeline.cache().shuffle(20),
    epochs=EPOCHS_TUNING,
    validation_data=(P_valid, y_valid),
    shuffle=False,
    verbose=0,
)
seconds_tuning = time.perf_counter() - started
print(f"{seconds_tuning / EPOCHS_TUNING:.1f} s for each epoch")
print("validation accuracy after each epoch:", np.round(tuning.history["val_accuracy"], 3))
print(f"with the head only: {frozen_valid:.3f}")

# %% [markdown]
# Now the test photographs, once, for the three networks of Part B.

# %% trains=true
# Fine-tuning has changed base, so load a fresh body for the frozen one.
fresh = backbones.pretrained((SIZE, SIZE, 3))
fresh_maps = fresh.predict(photos.X_test / np.float32(127.5) - 1, batch_size=50, verbose=0)
fresh_features = fresh_maps.mean(axis=(1, 2))
P_frozen = good_head.predict(fresh_features, verbose=0)
guesses = {
    "from scratch": scratch.predict(photos.X_test, verbose=0).argmax(axis=1),
    "frozen body": P_frozen.argmax(axis=1),
    "fine-tuned top": classifier.predict(photos.X_test, verbose=0).argmax(axis=1),
}
test_accuracy = {name: 100 * np.mean(labels == photos.y_test) for name, labels in guesses.items()}
for name, accuracy in test_accuracy.items():
    print(f"{name:15} {accuracy:.1f} % of the test photographs right")

# %%
matrix = sklearn.metrics.confusion_matrix(photos.y_test, guesses["frozen body"])
plotting.confusion_matrix(matrix, photos.class_names);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# On the real test photographs the frozen body with one dense layer gets about 72 % right, more than twice as
# much as the network from scratch. Fine-tuning the top moves that by a few points, up or down, no more than
# luck with so few test photographs: 500 photographs to learn from and a few epochs are not enough for more, and
# the frozen features were good already. Each of its epochs costs about as much time as all the features
# together. So: try the frozen body *first*. It is often all you need.
#
# The confusion matrix shows what people may confuse too: T-shirt, dress and long sleeves; shirt and outwear.
#
# </details>

# %% [markdown]
# ### Written question 2 (2 points)
#
# Four classmates show you what happened to them. Name for each a likely cause, and what you would change.
# One or two sentences each.
#
# 1. "My frozen MobileNet with a new head gets 12 % with ten classes. I feed it the photographs as they come,
#    from 0 to 255."
# 2. "Training network B works well. But since then my old network A gives nonsense."
# 3. "With the frozen body I had 70 % on the validation photographs. I unfroze everything and trained with Adam's
#    usual rate of 0.001: 25 % after the first epoch." (How did *your* validation accuracy move in section 12, from
#    which value to which, and what had you predicted?)
# 4. "After stage 1, I set `trainable = True` for every layer and called `fit` again. No error, but the result is exactly as
#    good as with the frozen body, however low or high I set the rate."

# %% [markdown] written="diagnosis" points=2
# Half a point each for a likely cause together with what to change; other sound causes count as well.
#
# 1. The body was trained with pixels from −1 to 1, so its features of 0 … 255 mean nothing. Scale:
#    `x / 127.5 − 1`, as a `Rescaling` layer in the model, so that nobody can forget it.
# 2. B was built from the same layer objects, so training B changed A. Clone A (`clone_model`, then `set_weights`),
#    build B from the copy, and get A's old weights back from a file.
# 3. Large steps shook good weights; and batch normalisation was unfrozen too, so its running values went astray.
#    Head first, then a rate about a hundred times lower, only the top layers, batch normalisation
#    frozen. The half point needs the two accuracies of the student's own run, and a prediction, right or wrong.
# 4. The model was not compiled after unfreezing, so Keras went on training the head only, with the old list
#    of weights (and the old rate). Compile again after each change of `trainable`.

# %% [markdown]
# ## What you learned
#
# - Body and head: reuse all but the last layer, on a *copy*, with the weights copied too.
# - Frozen layers compute, but do not learn. After each change of `trainable`: compile again.
# - Two stages: the new head first, then more layers at a lower rate.
# - Transfer helps when the old task had to tell apart what the new one needs; if not, it can hurt. Measure,
#   over several seeds, against training from scratch.
# - Labels are not the only teacher: a denoising autoencoder learns from images alone.
# - Batch normalisation has two faces; call a pretrained body with `training=False`, and keep these layers frozen.
# - Frozen features are computed once. Augmentation and fine-tuning need the whole network, and time.
#
# ## What to change and try
#
# Locked cells ignore what you type: copy the code that you need into a new cell, and change it there; for a number such as `SEEDS` a new
# cell with `SEEDS = 10`, above the cells that use it, is enough. Do it in a copy of this notebook, so that what you hand in stays whole.
#
# - 50 or 2,000 labels in place of 200 for task B: where does the advantage of transfer end?
# - Reuse only the first hidden layer of A. Is *head only* still worse than starting from scratch?
# - Open the whole body in section 12, or raise the rate to 0.01, and watch the curves.
# - Add `RandomRotation(0.05)` and `RandomZoom(0.1)` behind the mirror, and train for more epochs.
# - Put your own photographs into `train`-like folders with other classes, twenty each, and train a head.
# - `backbones.pretrained((SIZE, SIZE, 3), random_init=True)` has the same layers with random weights. How good is
#   a head on *its* features?

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
