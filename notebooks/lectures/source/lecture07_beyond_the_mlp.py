# %% [markdown]
# # Lecture 7 · Beyond the MLP
#
# So far each neuron looked at *all* inputs, and no input had a neighbour. But a pixel has neighbours, and a word comes
# after another word. This lecture shows the three ways in which networks use that: **convolution** for images,
# **recurrence** for sequences, and **attention**, which lets each place look at every other place. Each one first by
# hand in a few lines of NumPy, then in Keras.
#
# **When you have read it, you can**
#
# - compute a convolution by hand, and its output size with padding and stride,
# - count the parameters of a LeNet, build it in Keras, and read the same network in PyTorch notation,
# - train one network in Keras, PyTorch and scikit-learn, and say what in one corresponds to what in the others,
# - say what a convolution gains over a dense layer, and what it costs,
# - compute a recurrent network by hand, and say why it forgets and what a gate does against it,
# - compute scaled dot-product attention, and say what each row of an attention map means.
#
# - **Time**: 70 minutes to read, or two evenings (sections 1–6, then 7–10); the computer itself needs about two minutes.
# - **Used in**: [Lab 2](../labs/lab02_mlp.ipynb) (the MLP that we compare with) and
#   [Lab 5](../labs/lab05_transfer.ipynb) (a large convolutional network, MobileNet, taken over for a new task).
#
# You need Lectures 1 to 5.

# %%
import time
import warnings

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
from coursekit import data, models, plotting, training
from keras import layers, ops
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

coursekit.setup("lecture07_beyond_the_mlp")

# %% fast={"TRAIN": 1000, "TEST": 1000, "EPOCHS": 6, "SEEDS": 2, "MEMORY_SEEDS": 1, "MEMORY_STEPS": 150, "LENGTHS": [20]}
TRAIN = 3000  # training images
TEST = 4000  # test images
EPOCHS = 8  # rounds of each network over them
SEEDS = 3  # runs of each network that we compare in sections 5, 6 and 7
MEMORY_SEEDS = 2  # runs of each recurrent network in section 8
MEMORY_STEPS = 200  # training steps of each of them
LENGTHS = [10, 20, 40]  # lengths of their sequences

# %%
rng = np.random.default_rng(np.random.randint(10**6))  # follows the seed that the set-up cell printed
fashion = data.load_fashion_mnist()
X, y = (fashion.X_train[:TRAIN] / 255).astype("float32"), np.array(fashion.y_train[:TRAIN])
X_test, y_test = (fashion.X_test[:TEST] / 255).astype("float32"), np.array(fashion.y_test[:TEST])

# %% [markdown]
# ## 1 · A kernel that slides
#
# Take a signal $x$ of $n$ numbers and a small **kernel** $w$ of $k$ numbers. Lay the kernel on the first $k$ numbers,
# multiply pair by pair and add: that is the first output. Move one step, and do it again:
#
# $$y_i = \sum_{j=0}^{k-1} x_{i+j}\, w_j$$
#
# The kernel $(-1, 0, 1)$ asks at each place: how much larger is the number on the right than the number on the left? It
# finds **edges**.
#
# **Predict before you run.** The signal is low, then high, then low again: 0 0 0 5 5 5 0 0. What does the kernel
# $(-1, 0, 1)$ give? It fits into 8 numbers at how many places? (The figure draws each result below the middle of the
# three numbers that it comes from.)


# %%
def slide(x, w):
    """Move the kernel w (k,) along the signal x (n,): (n − k + 1,) sums of products."""
    k = len(w)
    return np.array([x[i : i + k] @ w for i in range(len(x) - k + 1)])


x, w = np.array([0, 0, 0, 5, 5, 5, 0, 0]), np.array([-1, 0, 1])
plotting.sliding_kernel(x, w, slide(x, w));

# %% [markdown]
# <details><summary>Answer</summary>
#
# Six places: 8 − 3 + 1. The output is 0 where nothing changes, +5 at the step up and −5 at the step down.
#
# </details>
#
# Mathematicians call this **cross-correlation**. Their **convolution** turns the kernel round first:
# $y_i = \sum_j x_{i-j}\, w_j$.
#
# **Predict before you run.** For the kernel $(-1, 0, 1)$, what does the turning change? And what does Keras's layer
# `Conv1D` compute: with or without turning?

# %%
print("ours          ", slide(x, w))
print("np.correlate  ", np.correlate(x, w, mode="valid"))
print("np.convolve   ", np.convolve(x, w, mode="valid"), " turns the kernel round")
conv = layers.Conv1D(filters=1, kernel_size=3, use_bias=False)
conv.build((None, 8, 1))
conv.set_weights([w.reshape(3, 1, 1).astype("float32")])  # (kernel size, channels in, filters)
keras_says = ops.convert_to_numpy(conv(x.reshape(1, 8, 1).astype("float32"))).ravel()
print("keras Conv1D  ", keras_says.astype(int))
assert np.array_equal(slide(x, w), np.correlate(x, w, mode="valid"))
assert np.array_equal(slide(x, w[::-1]), np.convolve(x, w, mode="valid"))
assert np.allclose(keras_says, slide(x, w))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Turned round, the kernel is $(1, 0, -1)$: all signs change. Keras does not turn it. "Convolution" in neural networks
# means cross-correlation. It makes no difference, because the network *learns* its kernels: it would simply learn the
# turned one.
#
# </details>

# %% [markdown]
# ## 2 · Padding, stride, and the size of the output
#
# Two more settings. **Padding** $p$ puts zeros before and after the signal. **Stride** $s$ moves the kernel by $s$
# places instead of one. For $n$ numbers and a kernel of $k$, the output has
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# numbers. ($\lfloor\ \rfloor$ means: round down.) For images it holds for the height and for the width.
#
# **Predict before you run.** $n = 8$, $k = 3$. Which padding keeps the length 8? What does stride 2 give with it? Try
# it with the sliders.


# %%
signal, kernel = x, w


def draw(stride, padding):
    y = slide(np.pad(signal, padding), kernel)[::stride]
    return plotting.sliding_kernel(signal, kernel, y, stride=stride, padding=padding)


coursekit.explore(draw, start={"stride": 1, "padding": 1}, stride=[1, 2, 3], padding=[0, 1, 2])


# %%
def output_size(n, p, k, s):
    return (n + 2 * p - k) // s + 1


checked = 0
for n in (28, 9):
    for k in (1, 2, 3, 5):
        for p in (0, 1, 2):
            for s in (1, 2, 3):
                image = layers.ZeroPadding2D(p)(np.zeros((1, n, n, 1), "float32"))
                assert layers.Conv2D(1, k, strides=s)(image).shape[1] == output_size(n, p, k, s)
                checked += 1
print(f"the formula agrees with Keras in {checked} of {checked} cases")
print("n = 8, k = 3, p = 1, s = 2:", output_size(8, 1, 3, 2))

# %% [markdown]
# <details><summary>Answer</summary>
#
# With stride 1, $p = 1$ keeps the length: $8 + 2 - 3 + 1 = 8$. In general it is $p = (k - 1)/2$ for an odd $k$. Keras
# calls that `padding="same"`; its default, `padding="valid"`, is $p = 0$. Stride 2 with $p = 1$ gives 4.
#
# </details>

# %% [markdown]
# ## 3 · Two dimensions: filters find features
#
# For an image the kernel is a small square, also called a **filter**. It slides over rows and columns. The result is
# again an image, the **feature map**: bright where the image looks like the filter. Here are four filters (red is
# positive, blue is negative).
#
# $$Y_{r,c} = \sum_{i} \sum_{j} X_{r+i,\,c+j}\, W_{i,j}$$


# %%
def slide_2d(X, W):
    """Move the filter W (k, k) over the image X (height, width): (height − k + 1, width − k + 1)
    sums of products."""
    k = len(W)
    height, width = X.shape[0] - k + 1, X.shape[1] - k + 1
    return np.array([[np.sum(X[r : r + k, c : c + k] * W) for c in range(width)] for r in range(height)])


names = ["left to right", "top to bottom", "blur", "contrast"]
W = np.stack(
    [
        [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
        [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
        [[0.11, 0.11, 0.11], [0.11, 0.11, 0.11], [0.11, 0.11, 0.11]],
        [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
    ],
    axis=-1,
)  # (3, 3, 4): the filters stand along the last axis, as in Keras
plotting.filters(W, names);

# %% [markdown]
# **Predict before you run.** The image is a shirt or pullover on black. Where will the first filter give large positive
# numbers: at the left edge of the garment or at the right edge? And what will its map look like inside an area of one
# brightness? (In the maps, bright is positive, grey is 0, dark is negative.)

# %%
image = X[np.flatnonzero(y == 2)[0]]  # the first pullover
maps = np.stack([slide_2d(image, W[:, :, f]) for f in range(4)], axis=-1)
from_keras = ops.convert_to_numpy(
    ops.conv(image.reshape(1, 28, 28, 1), W.reshape(3, 3, 1, 4).astype("float32"), padding="valid")
)[0]
assert np.allclose(maps, from_keras, atol=1e-4), "our loops and Keras agree"

figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.3), layout="constrained", width_ratios=[1, 4.4])
plotting.image_grid(image[None], ["image"], ax=left)
plotting.feature_maps(maps, names, ax=right);

# %% [markdown]
# <details><summary>Answer</summary>
#
# At the left edge it gets brighter from left to right: positive, bright in the map. At the right edge it gets darker:
# negative, dark in the map. Inside a plain area left and right are equal: about 0, grey.
#
# </details>
#
# These filters were chosen by people. A convolutional network *learns* them: their numbers are its weights.
#
# After a convolution one often makes the map smaller. **Max pooling** keeps the largest number of each 2×2 block: "was
# the feature anywhere here?" It has no weights.


# %%
def max_pool(Y):
    """The largest number of each 2×2 block, (height, width) → (height / 2, width / 2)."""
    height, width = Y.shape[0] // 2, Y.shape[1] // 2
    return Y[: 2 * height, : 2 * width].reshape(height, 2, width, 2).max(axis=(1, 3))


pooled = max_pool(maps[:, :, 0])
assert np.allclose(pooled, ops.convert_to_numpy(layers.MaxPooling2D(2)(maps[None].astype("float32")))[0, :, :, 0])
print("feature map", maps[:, :, 0].shape, "→ pooled", pooled.shape)

# %% [markdown]
# ## 4 · Why share the weights?
#
# A convolution is a dense layer with two rules: a neuron sees only a small window, and all windows **share** the same
# weights.
#
# **Predict before you run.** We want 6 feature maps of 28×28 from one image of 28×28. How many parameters does a
# convolution with 5×5 filters need? How many does a dense layer with as many outputs need?

# %%
conv = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(6, 5, padding="same")])
filters, k, channels = 6, 5, 1
by_hand = filters * (k * k * channels + 1)  # one bias for each filter
assert by_hand == conv.count_params()
outputs = 28 * 28 * 6
dense = 28 * 28 * outputs + outputs  # never built: it would be as large as it sounds
print(f"convolution: {by_hand} parameters    dense: {dense:,}    ratio: {dense // by_hand:,}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 6 · (5 · 5 + 1) = 156 for the convolution, and 3,692,640 for the dense layer.
#
# </details>
#
# Few parameters are the first gain. The second gain is called **equivariance**: if the image moves, the feature map
# moves with it. A feature that was learned at one place is known at every place.
#
# **Predict before you run.** We move the image by 4 pixels to the right, and compare two orders: first move, then
# filter; or first filter, then move. Is the result the same? And for a dense layer with random weights?


# %%
def moved(X, by):
    """The image moved to the right by some pixels; black comes in from the left."""
    result = np.zeros_like(X)
    result[..., by:] = X[..., : X.shape[-1] - by]
    return result


first_move, first_filter = slide_2d(moved(image, 4), W[:, :, 0]), moved(slide_2d(image, W[:, :, 0]), 4)
inside = (slice(None), slice(4, None))  # the first columns depend on what comes in at the edge
assert np.allclose(first_move[inside], first_filter[inside], atol=1e-5)
random_dense = rng.normal(0, 1 / 28, (784, 784))
dense_move = (moved(image, 4).ravel() @ random_dense).reshape(28, 28)
dense_then = moved((image.ravel() @ random_dense).reshape(28, 28), 4)
print("largest difference, convolution:", f"{np.abs(first_move - first_filter)[inside].max():.4f}")
print("largest difference, dense layer:", f"{np.abs(dense_move - dense_then)[inside].max():.4f}")

figure, axes = plt.subplots(2, 1, figsize=(5.4, 3.9), layout="constrained")
plotting.feature_maps(
    np.stack([slide_2d(image, W[:, :, 0]), first_move, first_filter], axis=-1),
    ["feature map", "move, then filter", "filter, then move"],
    ax=axes[0],
)
plotting.feature_maps(
    np.stack([(image.ravel() @ random_dense).reshape(28, 28), dense_move, dense_then], axis=-1),
    ["dense layer", "move, then dense", "dense, then move"],
    ax=axes[1],
);

# %% [markdown]
# <details><summary>Answer</summary>
#
# For the convolution both orders give the same map. (Only the new columns at the left edge may differ: nothing had been
# there.) For the dense layer they have nothing to do with each other.
#
# </details>

# %% [markdown]
# ## 5 · LeNet
#
# LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998, *Gradient-Based Learning Applied to Document Recognition*) read
# handwritten digits on cheques. Ours has its sizes, with ReLU and max pooling, which are usual today: an image of
# 28×28, 6 filters of 5×5 (with $p = 2$), pooling 2×2, 16 filters of 5×5 (with $p = 0$), pooling 2×2, then dense layers
# of 120, 84 and 10.
#
# **Predict before you run.** Count the parameters of each layer. A filter of the second convolution sees all 6 maps of
# the first, so it has 5 · 5 · 6 weights and one bias. After the second pooling there are 16 maps: of which size?


# %%
def lenet():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu", name="conv_1"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu", name="conv_2"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="lenet",
    )


side = output_size(28, 2, 5, 1) // 2  # convolution with padding 2, then pooling: 14
side = output_size(side, 0, 5, 1) // 2  # convolution without padding, then pooling: 5
counted = [6 * (5 * 5 * 1 + 1), 16 * (5 * 5 * 6 + 1), side * side * 16 * 120 + 120, 120 * 84 + 84, 84 * 10 + 10]
built = [layer.count_params() for layer in lenet().layers if layer.count_params()]
print("by hand:", counted, "sum", f"{sum(counted):,}")
print("Keras:  ", built, "sum", f"{lenet().count_params():,}")
assert counted == built

# %% [markdown]
# <details><summary>Answer</summary>
#
# 156 + 2,416 + 48,120 + 10,164 + 850 = 61,706. The maps shrink 28 → 28 → 14 → 10 → 5, so 16 · 5 · 5 = 400 numbers reach
# the first dense layer. Most parameters sit there, not in the convolutions.
#
# </details>
#
# ### The same network in PyTorch notation
#
# You will meet networks written for PyTorch. This code is only to read; section 6 runs PyTorch where it is installed.
#
# ```python
# class LeNet(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.conv_1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)   # channels in, channels out
#         self.conv_2 = nn.Conv2d(6, 16, kernel_size=5)
#         self.dense_1 = nn.Linear(16 * 5 * 5, 120)                 # numbers in, numbers out
#         self.dense_2 = nn.Linear(120, 84)
#         self.dense_3 = nn.Linear(84, 10)                          # scores; the loss has the softmax
#
#     def forward(self, x):                                         # x: (n, 1, 28, 28)
#         x = F.max_pool2d(F.relu(self.conv_1(x)), 2)
#         x = F.max_pool2d(F.relu(self.conv_2(x)), 2)
#         x = torch.flatten(x, 1)
#         x = F.relu(self.dense_1(x))
#         x = F.relu(self.dense_2(x))
#         return self.dense_3(x)
#
# model, loss_of = LeNet(), nn.CrossEntropyLoss()
# optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
# for epoch in range(epochs):
#     for X, y in batches:
#         optimizer.zero_grad()            # forget the last gradients
#         loss = loss_of(model(X), y)      # forward
#         loss.backward()                  # backward: Lecture 3
#         optimizer.step()                 # descend: Lecture 2
# ```
#
# | what | Keras | PyTorch |
# |---|---|---|
# | a batch of images | channels last: (n, 28, 28, 1) | channels first: (n, 1, 28, 28) |
# | inputs of a layer | found out by itself | you write them: `nn.Linear(400, 120)` |
# | activation, softmax | part of the layer | a call in `forward`; the loss contains the softmax |
# | padding that keeps the size | `padding="same"` | `padding=2` (or `"same"`) |
# | weights of a dense layer | (in, out) | (out, in) |
# | training | `compile`, `fit` | a loop by hand |
#
# ### Against an MLP, honestly
#
# To be fair we give the MLP about as many parameters: one hidden layer of 78 neurons has 784 · 78 + 78 + 78 · 10 + 10 =
# 62,020. Both see the same few thousand images, equally often, with the same optimizer, and each is trained several
# times.
#
# **Predict before you run.** Which is more accurate? By how many points? Which is faster to train?


# %%
def fitted(build, seed):
    """A trained network, its test accuracy in per cent, and the seconds of its training."""
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    training.fit(model, X.reshape(-1, *model.input_shape[1:]), y, epochs=EPOCHS, batch_size=50, verbose=0)
    return model, test_accuracy(model, X_test), time.perf_counter() - started


def test_accuracy(model, images):
    """Test accuracy in per cent on these images."""
    P = ops.convert_to_numpy(model(images.reshape(-1, *model.input_shape[1:])))
    return 100 * np.mean(P.argmax(axis=1) == y_test)


def mlp():
    return models.mlp(hidden=(78,))


print(f"parameters: LeNet {lenet().count_params():,}, MLP {mlp().count_params():,}")
seeds = [int(seed) for seed in rng.integers(10**6, size=SEEDS)]
trained = {name: [fitted(build, seed) for seed in seeds] for name, build in {"MLP": mlp, "LeNet": lenet}.items()}
plotting.method_comparison(
    {name: [run[1] for run in runs] for name, runs in trained.items()}, title="about as many parameters, same images"
)
accuracies, seconds = ({name: np.array([run[i] for run in runs]) for name, runs in trained.items()} for i in (1, 2))
lead = accuracies["LeNet"] - accuracies["MLP"]
print(f"LeNet − MLP: {lead.mean():+.1f} ± {lead.std(ddof=1):.1f} points in {SEEDS} runs")
print(f"LeNet takes {seconds['LeNet'].mean() / seconds['MLP'].mean():.1f} times as long to train")
per_image = {"LeNet": 28 * 28 * 150 + 10 * 10 * 2400 + 400 * 120 + 120 * 84 + 84 * 10, "MLP": 784 * 78 + 78 * 10}
print("multiplications for one image:", ", ".join(f"{name} {count:,}" for name, count in per_image.items()))

# %% [markdown]
# <details><summary>Answer</summary>
#
# LeNet takes clearly longer (the seconds are rough: other programs on your computer disturb them). Its lead depends on
# the images. On the real photographs, with so few of them for training, the two are about equal: the printed lead is
# hardly larger than its spread, if at all. On the drawn images LeNet leads by a few points. The line that the set-up
# cell printed says which ones you have.
#
# </details>
#
# You will often read that a convolutional network is simply better for images. Here you see that it is no law of
# nature: these garments all lie in the middle, upright and of one size, so an MLP can learn each pixel's meaning by its
# place. And equal parameters are not equal work: since each weight of a convolution is used at hundreds of places,
# LeNet multiplies almost seven times as often for each image.
#
# Equivariance should help when garments are *not* in the middle of the image. No training image was moved; now we move
# the test images.
#
# **Predict before you run.** By how much does the accuracy fall for images moved by 2 pixels: LeNet, MLP? And by 4?

# %%
shifts = [0, 1, 2, 3, 4, 6]
falls = {
    name: np.array([[test_accuracy(model, moved(X_test, by)) for by in shifts] for model, _, _ in runs])
    for name, runs in trained.items()
}
plotting.curves_with_bands(falls, shifts, xlabel="test images moved by (pixels)", ylabel="test accuracy (%)")
for name, values in falls.items():
    print(f"{name}:", ", ".join(f"{values[:, i].mean():.0f} % moved by {shifts[i]}" for i in (0, 2, 4)))
assert falls["LeNet"][:, 2].mean() > falls["MLP"][:, 2].mean(), "moved by 2 pixels, the convolutional network is better"

# %% [markdown]
# <details><summary>Answer</summary>
#
# Both fall. LeNet falls more slowly at first: moved by 2 pixels, it is still right far more often than the MLP. Moved
# by 4 pixels, both are poor.
#
# </details>
#
# So LeNet is *not* indifferent to shifts, although its convolutions are equivariant. The feature maps move with the
# image, but the dense layers behind them have learned at which *place* of the map a feature matters. Pooling forgives a
# pixel or two, no more.
#
# What did LeNet learn? Here are its six filters, and what they see. (After the ReLU no number is negative: in these
# maps black is 0.)

# %%
best = trained["LeNet"][0][0]
look = keras.Model(best.inputs[0], best.get_layer("conv_1").output)
maps = ops.convert_to_numpy(look(image.reshape(1, 28, 28, 1)))[0]
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6, 2.7), layout="constrained")
plotting.filters(best.get_layer("conv_1").get_weights()[0], title="filters of the first layer (red +, blue −)", ax=top)
plotting.feature_maps(maps, title="their feature maps of the pullover", ax=bottom);

# %% [markdown]
# Compare with the filters of section 3. Where a filter has a red side and a blue side, it answers to edges in one
# direction; where it is mostly red, it blurs. Most have no simple name: they began as random numbers, and a few
# thousand images changed them only partly. A trained network works without being tidy.

# %% [markdown]
# ## 6 · The same network in three libraries
#
# Keras is one way to write a network. PyTorch is the usual one in research; scikit-learn has small networks beside its
# other methods. The mathematics is the same. So the same network, trained in the same way, should be equally good in
# all three, and code that you find for one can be translated into another.
#
# We take the MLP of section 5: 784-78-10, ReLU, cross-entropy, Adam with the rate 0.002, batches of 50, the same
# images, `EPOCHS` rounds. In Keras it is trained already. In scikit-learn network, loss and optimizer are one object,
# and the sizes of input and output come from the data:


# %%
def in_sklearn(seed):
    """The MLP of section 5 in scikit-learn, trained."""
    network = MLPClassifier(
        hidden_layer_sizes=(78,),
        activation="relu",
        solver="adam",
        learning_rate_init=0.002,
        batch_size=50,
        max_iter=EPOCHS,  # rounds, not steps
        alpha=0,  # an L2 penalty of 0.0001 unless you switch it off
        random_state=seed,
    )
    with warnings.catch_warnings():  # it warns after a fixed number of rounds, because it would rather choose when to stop
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(X.reshape(-1, 784), y)


sklearn_mlps = [in_sklearn(seed) for seed in seeds]
print("scikit-learn:", ", ".join(f"{100 * network.score(X_test.reshape(-1, 784), y_test):.1f} %" for network in sklearn_mlps))

# %% [markdown]
# In PyTorch you write the loop that Keras and scikit-learn call `fit`. The course does not need PyTorch. Where it is
# not installed, the next cell says so, and the measured table below shows what it would have given.

# %%
try:
    import torch
except (ImportError, OSError):
    torch = None
    print("PyTorch is not installed here: read its code below; the table shows what it gave when we measured it.")


def in_torch(seed):
    """The MLP of section 5 in PyTorch, trained. It returns scores, not probabilities."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(784, 78), torch.nn.ReLU(), torch.nn.Linear(78, 10)
    )
    loss_of = torch.nn.CrossEntropyLoss()  # softmax and cross-entropy in one
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002)
    samples = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y.astype("int64")))
    batches = torch.utils.data.DataLoader(samples, batch_size=50, shuffle=True)
    for _ in range(EPOCHS):
        for some_images, their_labels in batches:
            optimizer.zero_grad()  # else the new gradients would be added to the last ones
            loss = loss_of(network(some_images), their_labels)
            loss.backward()
            optimizer.step()
    return network


def torch_scores(network, images):
    """What a PyTorch network says of images (n, 28, 28): an array (n, 10)."""
    with torch.no_grad():  # no gradients are needed: do not keep what `backward` would use
        return network(torch.from_numpy(images)).numpy()


torch_mlps = [in_torch(seed) for seed in seeds] if torch else []

# %% [markdown]
# **Predict before you run.** Which of the three is the most accurate? By how many points?

# %%
scores = {"Keras": accuracies["MLP"]}
if torch:
    scores["PyTorch"] = np.array([100 * np.mean(torch_scores(net, X_test).argmax(axis=1) == y_test) for net in torch_mlps])
scores["scikit-learn"] = np.array([100 * net.score(X_test.reshape(-1, 784), y_test) for net in sklearn_mlps])
plotting.method_comparison(scores, title="the same network in three libraries")
for name, values in scores.items():
    print(f"{name:<13} {values.mean():.1f} ± {values.std(ddof=1):.1f} % in {SEEDS} runs")
means = [values.mean() for values in scores.values()]
assert max(means) - min(means) < 5, "the same network is about equally good in each library"

# %% [markdown]
# <details><summary>Answer</summary>
#
# None for sure. The libraries differ by a point or so, about as much as two runs of one library with different seeds.
#
# </details>
#
# The table below was measured on 27 November 2026 on the full budget, in five runs each: mean ± standard deviation of the
# test accuracy in per cent (Keras 3.15.1 on TensorFlow 2.21.0, PyTorch 2.13.0 without a GPU, scikit-learn 1.9.1).
#
# | images | Keras | PyTorch | scikit-learn |
# |---|---|---|---|
# | photographs | 81.1 ± 1.5 | 81.0 ± 1.2 | 82.0 ± 0.4 |
# | drawn | 81.8 ± 0.6 | 80.7 ± 1.3 | 81.2 ± 0.3 |
#
# What corresponds to what:
#
# | what | Keras | PyTorch | scikit-learn |
# |---|---|---|---|
# | the network | a list of layers | a list of layers, or a class with `forward` | `hidden_layer_sizes`, one activation for all |
# | softmax | last layer with `"softmax"`; or scores, and `from_logits=True` in the loss | in the loss: the network returns scores | built in: `predict_proba` |
# | labels 0 to 9 | `"sparse_categorical_crossentropy"` | `CrossEntropyLoss`, int64 | any labels, also words |
# | training | `compile`, then `fit` | the loop: `zero_grad`, loss, `backward`, `step` | `fit` |
# | rounds | `epochs` | the outer loop | `max_iter`; stops earlier when the loss no longer falls |
# | new order in each round | `shuffle=True`, the default | `DataLoader(shuffle=True)`; the default is `False` | `shuffle=True`, the default |
# | L2 penalty | none | none | `alpha=0.0001` |
# | $\varepsilon$ of Adam | $10^{-7}$ | $10^{-8}$ | $10^{-8}$ |
# | first weights | Glorot: uniform in $\pm\sqrt{6/(n_{in} + n_{out})}$ | uniform in $\pm 1/\sqrt{n_{in}}$ | Glorot, as Keras |
# | first biases | 0 | uniform in $\pm 1/\sqrt{n_{in}}$ | uniform, with the bound of the weights |
# | the seed | `keras.utils.set_random_seed` | `torch.manual_seed` | `random_state` |
# | training or use (Lecture 4, dropout) | `fit` and `predict` know | you say `network.train()`, `network.eval()` | no dropout |
#
# (PyTorch's source calls its start `kaiming_uniform_` with $a = \sqrt 5$. Put $a$ into He's formula,
# $\sqrt{6 / ((1 + a^2)\, n_{in})}$, and $1/\sqrt{n_{in}}$ comes out: smaller than the start that Lecture 5 advises for
# ReLU.) Two slips are common in translation, and no error tells you. A softmax at the end of a PyTorch network *and*
# `CrossEntropyLoss` is two softmaxes: the second sees scores from 0 to 1 and cannot become sure of anything. Without
# `zero_grad` the gradients of all batches add up.
#
# Equal accuracy could be luck. A stricter test: carry the *trained weights* over. PyTorch keeps the weights of a dense
# layer as (out, in), the others as (in, out).
#
# **Predict before you run.** The weights come from Keras. How far apart are the probabilities of the three?

# %%
from_keras = trained["MLP"][0][0]
W1, b1, W2, b2 = from_keras.get_weights()
P = ops.convert_to_numpy(from_keras(X_test))
sklearn_mlps[0].coefs_, sklearn_mlps[0].intercepts_ = [W1, W2], [b1, b2]
apart = {"scikit-learn": np.abs(sklearn_mlps[0].predict_proba(X_test.reshape(-1, 784)) - P).max()}
if torch:
    with torch.no_grad():
        for own, theirs in zip(torch_mlps[0].parameters(), [W1.T, b1, W2.T, b2]):
            own.copy_(torch.from_numpy(theirs.copy()))
    from_torch = torch.softmax(torch.from_numpy(torch_scores(torch_mlps[0], X_test)), dim=1).numpy()
    apart["PyTorch"] = np.abs(from_torch - P).max()
for name, difference in apart.items():
    print(f"{name:<13} largest difference from Keras: {difference:.0e}")
assert max(apart.values()) < 1e-3

# %% [markdown]
# <details><summary>Answer</summary>
#
# Not at all, up to rounding: about $10^{-6}$. A trained network is its weights and its formula. The library is how you
# write it down.
#
# </details>

# %% [markdown]
# ## 7 · A network with a memory
#
# A text has no fixed length, and its order counts. A **recurrent network** reads one step after another and keeps a
# **state** $h$, its memory:
#
# $$h_t = \tanh(x_t W + h_{t-1} U + b)$$
#
# At the start $h_0 = 0$. The same $W$, $U$ and $b$ serve at every step: weights are shared over *time*, as a
# convolution shares them over places.


# %%
def recurrent(x, W, U, b):
    """The states of a recurrent network, (steps, units).

    x: (steps, inputs); W: (inputs, units); U: (units, units); b: (units,).
    """
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h = np.tanh(x_t @ W + h @ U + b)
        states.append(h)
    return np.array(states)


x = rng.normal(size=(7, 3)).astype("float32")
layer = layers.SimpleRNN(5, return_sequences=True)
from_keras = ops.convert_to_numpy(layer(x[None]))[0]
W, U, b = layer.get_weights()
assert np.allclose(recurrent(x, W, U, b), from_keras, atol=1e-5)
print(f"7 steps of 3 inputs, 5 units; parameters 3 · 5 + 5 · 5 + 5 = {layer.count_params()}; same states as Keras")

# %% [markdown]
# **Predict before you run.** Does the number of parameters depend on the number of steps?
#
# <details><summary>Answer</summary>
#
# No: 45, for 7 steps or for 7,000.
#
# </details>
#
# How long does such a memory last? We start the same network from two different states and feed both the *same* noise.
# While the two states still differ, the network remembers where it started. When they have become equal, it has
# forgotten.
#
# Next to `SimpleRNN` we test a **GRU** (Cho et al. 2014). It has a **gate** $z_t$ between 0 and 1 for each unit, and
# mixes old and new:
#
# $$h_t = z_t\, h_{t-1} + (1 - z_t)\, \tilde h_t$$
#
# $$z_t = \sigma(x_t W_z + h_{t-1} U_z + b_z)$$
#
# With $z_t$ near 1 the old state stays. ($\tilde h_t$ is a proposal, computed much like the simple network's $h_t$.) In
# a new GRU $b_z = 0$. We test a third network too: a GRU whose gates start **open for the past**, $b_z = 4$.
#
# **Predict before you run.** $\sigma(0) = 0.5$ and $\sigma(4) \approx 0.98$. How much of the past is left after 20
# steps if each step keeps a half? If each keeps 98 %?

# %%
UNITS = 16


def simple():
    return layers.SimpleRNN(UNITS, return_sequences=True)


def gru():
    return layers.GRU(UNITS, return_sequences=True)


def open_gru():
    layer = gru()
    layer.build((None, None, 4))
    W, U, b = (array.copy() for array in layer.get_weights())  # b: (2, 3 · units), the gates z come first
    b[0, :UNITS] = 4
    layer.set_weights([W, U, b])
    return layer


kinds = {"SimpleRNN": simple, "GRU": gru, "GRU, open gates": open_gru}
noise = np.eye(4, dtype="float32")[rng.integers(4, size=(100, 40))]  # 100 sequences of 40 symbols of 4 kinds, one-hot
here, there = (rng.uniform(-0.8, 0.8, (100, UNITS)).astype("float32") for _ in range(2))


def left_after(layer):
    """Distance of the two states after each step, as a share of their first distance, (40,)."""
    A, B = (ops.convert_to_numpy(layer(noise, initial_state=ops.convert_to_tensor(h))) for h in (here, there))
    distance = np.linalg.norm(A - B, axis=-1).mean(axis=0)
    return np.maximum(distance / np.linalg.norm(here - there, axis=-1).mean(), 1e-6)  # rounding hides what is below


left_over = {name: np.array([left_after(build()) for _ in range(SEEDS)]) for name, build in kinds.items()}
ax = plotting.curves_with_bands(
    {name: np.log10(values) for name, values in left_over.items()},
    xlabel="steps since the start",
    ylabel="what is left of the memory",
)
ax.set_yticks([0, -2, -4, -6], ["all", "1 %", "0.01 %", "0.0001 %\nor less"])
print(f"0.5 to the power 20 = {0.5**20:.1e}, 0.98 to the power 20 = {0.98**20:.2f}")
for name, values in left_over.items():
    print(f"{name:<16} after 20 steps {values[:, 19].mean():.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# A half each time leaves a millionth; 98 % leave two thirds. The open GRU in the figure comes close to the two thirds.
# The new GRU keeps more than a millionth, since its gates are not exactly one half and its proposal carries a little of
# the past too. But it is still next to nothing, and it forgets much *faster* than the simple network!
#
# </details>

# %% [markdown]
# ## 8 · A task that needs memory
#
# The network reads a sequence of symbols of four kinds. At the end we ask: **which was the first?** All others are
# noise. A guess is right in 25 % of the cases. You will often read: "simple recurrent networks forget, a GRU does not."
# We measure it.
#
# **Predict before you run.** Use the figure above. Which of the three networks can learn this for 10 steps? For the
# longest sequences?


# %%
def first_symbol(n, steps):
    """n sequences of symbols 0 to 3, one-hot (n, steps, 4), and the first symbol of each (n,)."""
    symbols = rng.integers(4, size=(n, steps))
    return np.eye(4, dtype="float32")[symbols], symbols[:, 0]


def remembers(build, steps, seed):
    """Test accuracy in per cent of a network that was trained to name the first symbol."""
    keras.utils.set_random_seed(seed)
    layer = build()
    layer.return_sequences = False  # only the last state goes on
    model = keras.Sequential([keras.Input((steps, 4)), layer, layers.Dense(4, activation="softmax")])
    # clipnorm shortens gradients that are longer than 1: products of many numbers can also explode (Lecture 5)
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), "sparse_categorical_crossentropy")
    training.fit(model, *first_symbol(64 * MEMORY_STEPS, steps), epochs=1, batch_size=64, verbose=0)
    sequences, first = first_symbol(1000, steps)
    return 100 * np.mean(ops.convert_to_numpy(model(sequences)).argmax(axis=1) == first)


seeds = [int(seed) for seed in rng.integers(10**6, size=MEMORY_SEEDS)]
memory = {
    name: np.array([[remembers(build, steps, seed) for steps in LENGTHS] for seed in seeds])
    for name, build in kinds.items()
}
for name, values in memory.items():
    print(
        f"{name:<16}",
        "   ".join(f"{steps} steps: {np.round(v).astype(int).tolist()}" for steps, v in zip(LENGTHS, values.T)),
    )

# %%
figure, ax = plt.subplots(figsize=(5.4, 3.2), layout="constrained")
for i, (name, values) in enumerate(memory.items()):
    ax.plot(
        np.arange(len(LENGTHS)) + 0.12 * (i - 1),
        values.mean(axis=0),
        ["-", "--", ":"][i],
        color=plotting.COLOURS[i],
        label=name,
    )
    for values_of_seed in values:
        ax.plot(
            np.arange(len(LENGTHS)) + 0.12 * (i - 1),
            values_of_seed,
            plotting.MARKERS[i],
            color=plotting.COLOURS[i],
            alpha=0.7,
        )
ax.axhline(25, color="0.5", linewidth=1)
ax.text(-0.33, 27, "guess", fontsize=8, color="0.3")
ax.set_xticks(range(len(LENGTHS)), LENGTHS)
ax.set(
    xlabel="length of the sequence", ylabel="first symbol named (%)", xlim=(-0.35, len(LENGTHS) - 0.65), ylim=(15, 122)
)
ax.set_yticks([25, 50, 75, 100])
ax.legend(frameon=False, fontsize=8, ncols=3, loc="upper center")
ax.spines[["top", "right"]].set_visible(False)
plotting.describe(
    ax,
    "Share of sequences whose first symbol is named, by length; one dot a seed. "
    + "; ".join(
        f"{name}: " + ", ".join(f"{steps} steps {v:.0f} %" for steps, v in zip(LENGTHS, values.mean(axis=0)))
        for name, values in memory.items()
    ),
);
assert memory["GRU, open gates"][:, -1].mean() >= memory["SimpleRNN"][:, -1].mean() - 5
assert memory["GRU, open gates"][:, -1].mean() > memory["GRU"][:, -1].mean() + 20

# %% [markdown]
# <details><summary>Answer</summary>
#
# For 10 steps all three can learn it. For the longest sequences only the GRU with open gates is safe. With the simple
# network it is a matter of luck: one seed may name nearly all, another may end at a guess (each dot is a seed). The
# plain GRU fails *earlier* than the simple network, as the figure of section 7 foretold.
#
# </details>
#
# So the popular sentence is half of the truth. A gate *can* keep a memory, but only if the network starts or learns
# with the gate open. When nothing of the first symbol reaches the end, there is no error signal to learn from:
# backpropagation multiplies the same many small numbers on its way back (Lecture 5, vanishing gradients). The LSTM
# (Hochreiter and Schmidhuber 1997) has a similar gate; Keras starts its bias at 1 for this reason
# (`unit_forget_bias=True`), so $\sigma(1) \approx 0.73$ of the past stays.
#
# And why is `SimpleRNN` better than its reputation? Keras starts its $U$ as an **orthogonal** matrix, which turns the
# state without shrinking it. Only the tanh shrinks it.
#
# **Predict before you run.** What is left after 10 steps if $U$ starts with small random numbers instead?

# %%
layer = simple()
layer(noise[:1])
U = layer.get_weights()[1]
print("U of a new SimpleRNN is orthogonal:", bool(np.allclose(U @ U.T, np.eye(UNITS), atol=1e-4)))
small = keras.initializers.RandomNormal(stddev=0.05, seed=int(rng.integers(10**6)))
for name, start in {"orthogonal": "orthogonal", "small random": small}.items():
    left = left_after(layers.SimpleRNN(UNITS, recurrent_initializer=start, return_sequences=True))[9]
    print(f"{name + ' U:':<15} {left:.6f} left after 10 steps" + (" (or less)" if left <= 1e-6 else ""))
lstm = layers.LSTM(UNITS)
lstm(noise[:1])
print("biases of the gate that keeps the past, in a new LSTM:", np.unique(lstm.get_weights()[2][UNITS : 2 * UNITS]))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Practically nothing. Such networks deserve the reputation.
#
# </details>

# %% [markdown]
# ## 9 · Attention: look where it matters
#
# A recurrent network must carry everything through one state. **Attention** looks back directly. Each place $j$ has a
# **key** $k_j$ (what it offers) and a **value** $v_j$ (what it says). A **query** $q_i$ is compared with every key by a
# scalar product; the softmax turns the scores into shares (it takes $e^{\text{score}}$ for each, and divides by their
# sum); the answer is the mean of the values with these shares (Vaswani et al. 2017, *Attention Is All You Need*):
#
# $$\text{attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V$$
#
# Shapes: $Q$ is (queries, $d_k$), $K$ is (places, $d_k$), $V$ is (places, $d_v$): a query and a key have $d_k$ numbers
# each, a value has $d_v$. The function below can also hide later places (`causal`); we come to that at once.


# %%
def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(Q, K, V, causal=False):
    """Answers (queries, d_v) and attention weights (queries, places). causal: query i sees only the
    places 0 to i."""
    scores = Q @ K.T / np.sqrt(K.shape[1])
    if causal:
        scores = np.where(np.tril(np.ones(scores.shape, bool)), scores, -np.inf)
    weights = softmax(scores)
    return weights @ V, weights


Q, K, V = (rng.normal(size=(6, 8)).astype("float32") for _ in range(3))
as_batch = [array[None, :, None, :] for array in (Q, K, V)]  # Keras wants (batch, places, heads, numbers)
for causal in (False, True):
    from_keras = ops.convert_to_numpy(ops.dot_product_attention(*as_batch, is_causal=causal))[0, :, 0]
    assert np.allclose(attention(Q, K, V, causal)[0], from_keras, atol=1e-5)
print("ours and keras.ops.dot_product_attention agree, with and without the causal mask")

# %% [markdown]
# **Predict before you run.** The *causal mask* forbids a query to look at later places: a network that predicts the
# next word must not see it. Which part of the map below is empty? What stands in its first row?

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
plotting.attention_map(attention(Q, K, V)[1], title="every place", ax=left)
plotting.attention_map(attention(Q, K, V, causal=True)[1], title="causal mask", ax=right);

# %% [markdown]
# <details><summary>Answer</summary>
#
# The upper right triangle. The first place can only look at itself: 1.00. In each row the weights add up to 1. (A frame
# marks the largest weight of each row.)
#
# </details>
#
# **Why divide by $\sqrt{d_k}$?** Let the numbers in $q$ and $k$ be random and independent, with mean 0 and variance 1.
# Then $q \cdot k$ is a sum of $d_k$ products, each with variance 1: its variance is $d_k$, its standard deviation
# $\sqrt{d_k}$.
#
# **Predict before you run.** For $d_k = 256$ the scores have a standard deviation of 16. What does a softmax over 10
# such scores look like? If a score changes a little, its own share $p$ changes with the slope $p\,(1 - p)$. How large
# is that for shares near 0 and near 1?

# %%
sizes = [4, 16, 64, 256, 1024]
spread = {"q·k": np.empty((20, 5)), "q·k / √d": np.empty((20, 5))}
largest = {"without √d": np.empty((20, 5)), "with √d": np.empty((20, 5))}
slope = {"without √d": np.empty((20, 5)), "with √d": np.empty((20, 5))}
for column, d in enumerate(sizes):
    for row in range(20):
        q, k = rng.normal(size=(50, 1, d)), rng.normal(size=(50, 10, d))
        scores = (q * k).sum(axis=-1)  # 50 queries with 10 keys each
        for name, other, z in zip(spread, largest, (scores, scores / np.sqrt(d))):
            p = softmax(z)
            spread[name][row, column] = z.std()
            largest[other][row, column] = p.max(axis=-1).mean()
            slope[other][row, column] = (p * (1 - p)).sum(axis=-1).mean()  # added up over the 10 shares
assert np.allclose(spread["q·k"].mean(axis=0), np.sqrt(sizes), rtol=0.1)
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.0), layout="constrained")
for ax, (name, curves) in zip(
    axes, {"standard deviation of the scores": spread, "largest share": largest, "slope of the softmax": slope}.items()
):
    plotting.curves_with_bands(
        curves, sizes, xlabel="$d_k$", ylabel=name, log=(True, name.startswith("standard")), ax=ax
    )
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without the root one place gets nearly everything, by chance, before anything was learned. The softmax is
# **saturated**: its slope is near 0, and so is the gradient. It is the same illness as a sigmoid with large inputs
# (Lecture 5). With the root nothing depends on $d_k$.
#
# </details>

# %% [markdown]
# ## 10 · Attention that you can watch
#
# A task made for looking up. A sequence holds five pairs of a **letter** and a **digit**, such as C3 A0 F5 B2 H1. Then
# we ask for a letter, and the network must say its digit. Letters and digits are new in each sequence, so nothing can
# be learned by heart.
#
# Each letter and each digit gets a learned vector (an *embedding*, 16 numbers). A place is the sum of its letter's and
# its digit's vector. $W_Q$, $W_K$ and $W_V$ make queries, keys and values from them. Keras's layer `Attention` leaves
# the root out, so we divide the query ourselves.

# %%
LETTERS, DIGITS, PAIRS, D = 8, 6, 5, 16


def pairs(n):
    """n sequences: letters (n, 5), digits (n, 5), the letter asked for (n, 1), its digit (n,),
    its place (n,)."""
    letters = rng.permuted(np.tile(np.arange(LETTERS), (n, 1)), axis=1)[:, :PAIRS]
    digits = rng.integers(DIGITS, size=(n, PAIRS))
    place = rng.integers(PAIRS, size=n)
    row = np.arange(n)
    return letters, digits, letters[row, place][:, None], digits[row, place], place


letters, digits, asked = (keras.Input((size,), dtype="int32") for size in (PAIRS, PAIRS, 1))
letter_vector, digit_vector = layers.Embedding(LETTERS, D), layers.Embedding(DIGITS, D)
places = layers.Add()([letter_vector(letters), digit_vector(digits)])  # (n, 5, 16)
Q = layers.Dense(D, use_bias=False, name="W_Q")(letter_vector(asked))  # (n, 1, 16)
K = layers.Dense(D, use_bias=False, name="W_K")(places)
V = layers.Dense(D, use_bias=False, name="W_V")(places)
answer, weights = layers.Attention()([layers.Rescaling(1 / np.sqrt(D))(Q), V, K], return_attention_scores=True)
model = keras.Model([letters, digits, asked], layers.Dense(DIGITS, activation="softmax")(layers.Flatten()(answer)))
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
watch = keras.Model([letters, digits, asked], weights)

*before, digit, place = pairs(1000)
untrained = ops.convert_to_numpy(watch(before))[:, 0]
*inputs, targets, _ = pairs(25_000)
training.fit(model, inputs, targets, epochs=2, batch_size=64, verbose=0)
trained_weights = ops.convert_to_numpy(watch(before))[:, 0]
hits = np.mean(ops.convert_to_numpy(model(before)).argmax(axis=1) == digit)
print(f"right answers on new sequences: {hits:.1%} (a guess: {1 / DIGITS:.1%})")
for name, w in {"before": untrained, "after": trained_weights}.items():
    print(f"{name} training the right place gets {w[np.arange(1000), place].mean():.0%} of the attention")
assert hits > 0.9 and trained_weights[np.arange(1000), place].mean() > 0.7

# %% [markdown]
# **Predict before you run.** We show one sequence to the trained network and ask for each of its five letters in turn.
# Each question is a row of the map. Where will the dark squares lie?

# %%
one_letters, one_digits, *_ = pairs(1)
questions = one_letters[0][:, None]
names = [f"{'ABCDEFGH'[letter]}{digit}" for letter, digit in zip(one_letters[0], one_digits[0])]
w = ops.convert_to_numpy(watch([np.repeat(one_letters, 5, axis=0), np.repeat(one_digits, 5, axis=0), questions]))[:, 0]
plotting.attention_map(
    w, [f"{name[0]} = ?" for name in names], names, title="which pair does each question look at?"
);

# %% [markdown]
# <details><summary>Answer</summary>
#
# On the diagonal: the question for a letter looks at the pair with this letter. Nobody told the network how; $W_Q$ and
# $W_K$ were learned from right answers alone.
#
# </details>
#
# Compare with section 8: attention reaches each of its five places in one step, however far away it is. The price: for
# $n$ places with $n$ queries there are $n^2$ scores.
#
# A warning: this map can be read because the task has one right place. In large networks an attention map shows where
# numbers came from, not *why* the network decided as it did.
#
# **What comes next.** A **transformer** stacks such layers. Several attentions side by side (*heads*) look for
# different things. Attention itself does not know order: if you shuffle the places, each query still gets the same
# answer. So one adds to each place a vector that says its position. After each attention comes a small MLP, the same
# for all places. A normalisation (Lecture 5) and *shortcuts*, which add a layer's input to its output, keep the
# gradients alive. With a causal mask, trained to predict the next piece of text, that is a language model.

# %%
Q, K, V = (rng.normal(size=(6, 8)) for _ in range(3))
order = rng.permutation(6)
assert np.allclose(attention(Q, K, V)[0], attention(Q, K[order], V[order])[0])
print("shuffled places", order.tolist(), "give the same answers")

# %% [markdown]
# ## Test yourself
#
# **1.** An image of 32×32 goes through a convolution with 5×5 filters, padding 0, stride 1, then pooling 2×2. Which
# size comes out?
# <details><summary>Answer</summary>
#
# 32 − 5 + 1 = 28, then 14.
#
# </details>
#
# **2.** A convolution makes 32 maps from 16 maps, with 3×3 filters. How many parameters?
# <details><summary>Answer</summary>
#
# 32 · (3 · 3 · 16 + 1) = 4,640. The size of the image does not matter.
#
# </details>
#
# **3.** Keras's `Conv1D` does not turn the kernel round. Why does nobody mind?
# <details><summary>Answer</summary>
#
# The kernel is learned. With turning, the network would learn the turned kernel and compute the same.
#
# </details>
#
# **4.** LeNet and the MLP have as many parameters. Do they need as much computing?
# <details><summary>Answer</summary>
#
# No. A weight of a convolution is used at every place of the map, a weight of the MLP once for each image.
#
# </details>
#
# **5.** A gate has $z = 0.9$ at each step. How much of the state is left after 50 steps, if nothing new is written?
# <details><summary>Answer</summary>
#
# 0.9⁵⁰ ≈ 0.005: half a per cent.
#
# </details>
#
# **6.** $d_k = 100$, and somebody forgets the root. What happens to scores and gradients?
# <details><summary>Answer</summary>
#
# The scores are ten times as large, the softmax is saturated, its gradient is near 0, and learning starts slowly or not
# at all.
#
# </details>
#
# **7.** Which rule do convolution and recurrence share?
# <details><summary>Answer</summary>
#
# The same weights are used again and again: over places or over time.
#
# </details>

# %% [markdown]
# ## What you learned
#
# - A convolution slides a small kernel and adds up products. Its output has (n + 2p − k)/s + 1 numbers, rounded down.
# - Shared weights: few parameters, and features are found wherever they are. The price is more multiplications.
# - A trained network is its formula and its weights. Keras, PyTorch and scikit-learn write the same one differently.
# - A recurrent network carries a state. What it can learn depends on how much of the past survives the way, and gates
#   help if they start open.
# - Attention compares a query with keys, turns scores into shares, and averages values. The root keeps the softmax from
#   saturating.
# - Popular sentences ("a GRU does not forget") have conditions. Measure them.
#
# **Change something and try.** Train LeNet on moved images too: does the curve of section 5 become flat? Set the
# gate's bias in section 7 to 1, 2, 3, and run section 8 again. Take `recurrent_initializer="glorot_uniform"` for the
# simple network. Ask for the letter's *place* instead of its digit in section 10: why can the network not learn it?
#
# **Next**: [Lab 5](../labs/lab05_transfer.ipynb) takes a large convolutional network over for a new task.
# [Lab 2](../labs/lab02_mlp.ipynb) is the MLP on all images.
