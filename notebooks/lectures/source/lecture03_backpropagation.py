# %% [markdown]
# # Lecture 3 · Backpropagation
#
# Gradient descent needs the slope of the loss in every weight, and a network may have millions of weights.
# **Backpropagation** finds all these slopes in one walk through the computation, backward. It is nothing but the chain
# rule, done in a clever order. In this lecture you do it by hand, then you write a small program that does it for any
# formula, and at the end you train a network with eleven lines of NumPy.
#
# **When you have read it, you can**
#
# - draw a formula as a graph, and write the value above and the gradient below each edge;
# - say what an addition, a multiplication and a maximum do to a gradient that flows back;
# - explain every line of a small program for automatic differentiation;
# - check a gradient numerically, with a step that is neither too large nor too small;
# - say which weight gets how much of the blame for an error, and write the gradient of a layer with the right shapes.
#
# * **Time**: 45 minutes to read; the computer itself needs less than one.
# * **Used in**: [Lab 1](../labs/lab01_perceptron.ipynb) (gradient check in section 6, XOR in section 10),
#   [Lab 2](../labs/lab02_mlp.ipynb) (where Keras does all this for you). Gradient descent itself was
#   [Lecture 2](lecture02_descent.ipynb).

# %%
import math
import time
import timeit

import coursekit
import matplotlib.pyplot as plt
import numpy as np
from coursekit import plotting

coursekit.setup("lecture03_backpropagation")

# %% fast={"STEPS": 2000, "SEEDS": 3}
STEPS = 5000  # training steps of the eleven-line network in section 8
SEEDS = 10  # random starts of that network

# %% [markdown]
# ## 1 · A formula is a graph
#
# Our first formula is $f = (x + y) \cdot z$ at $x = -2$, $y = 5$, $z = -4$. We compute it in small steps, and give each
# step a name:
#
# $$q = x + y \qquad\qquad f = q \cdot z$$
#
# This is the **forward pass**. Each box is an input, each circle an operation. The number above an edge is the value
# that flows along it.

# %%
x, y, z = -2.0, 5.0, -4.0
q = x + y
f = q * z
nodes = {"x": ("", x), "y": ("", y), "z": ("", z), "q": ("+", q), "f": ("×", f)}
plotting.computation_graph(nodes, {("x", "q"): None, ("y", "q"): None, ("q", "f"): None, ("z", "f"): None}, seed=None);

# %% [markdown]
# Now the question of this lecture: if $x$ grows by a little, how does $f$ change? The answer is the slope
# $\partial f / \partial x$, and the **gradient** is the collection of the slopes in $x$, $y$ and $z$. (The round
# $\partial$ in place of $d$ says: only this input changes, all others stay. We also say "the gradient of $x$" for
# short, and mean $\partial f / \partial x$.)
#
# Each operation by itself is easy:
#
# $$f = q \cdot z: \quad \frac{\partial f}{\partial q} = z, \quad \frac{\partial f}{\partial z} = q$$
#
# $$q = x + y: \quad \frac{\partial q}{\partial x} = 1, \quad \frac{\partial q}{\partial y} = 1$$
#
# The **chain rule** joins them. If $x$ changes $q$, and $q$ changes $f$, then multiply the slopes along the way:
#
# $$\frac{\partial f}{\partial x} = \frac{\partial f}{\partial q} \cdot \frac{\partial q}{\partial x}$$
#
# Start at the end, where $\partial f / \partial f = 1$, and walk backward: that is the **backward pass**. In the next
# picture the number below an edge is the gradient that flows back along it.
#
# **Predict before you run.** Write down the four gradients of $q$, $z$, $x$ and $y$. If $x$ grows from −2 to −1.9, does
# $f$ grow or fall?

# %%
df_df = 1.0
df_dq = z * df_df  # the slope of q * z in q is z
df_dz = q * df_df  # ... and in z it is q
df_dx = 1.0 * df_dq  # the slope of x + y in x is 1
df_dy = 1.0 * df_dq
edges = {("x", "q"): df_dx, ("y", "q"): df_dy, ("q", "f"): df_dq, ("z", "f"): df_dz}
plotting.computation_graph(nodes, edges)
moved = ((x + 0.1) + y) * z
print(f"x grows by 0.1: f goes from {f:.1f} to {moved:.1f}, a change of {moved - f:.1f} = {df_dx:.0f} · 0.1")
assert math.isclose(moved - f, df_dx * 0.1)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $\partial f/\partial q = -4$, $\partial f/\partial z = 3$, $\partial f/\partial x = \partial f/\partial y = -4$. The
# slope in $x$ is negative: $f$ falls when $x$ grows.
#
# </details>
#
# Look at what each operation had to know: its own inputs, and one number that came back from its output. Nothing about
# the rest of the graph. That is why the method works for graphs of any size.

# %% [markdown]
# ## 2 · Three operations, three habits
#
# The number that comes back is the gradient at the output of an operation. What does the operation hand on to its
# inputs?
#
# - **Add passes on.** Both inputs get the same number.
# - **Multiply swaps.** Each input gets the number times the value of the *other* input.
# - **Max chooses.** The larger input gets everything, the smaller one gets 0. (If it is not the largest, changing it a
#   little changes nothing.)
#
# **Predict before you run.** The inputs are 3 and −4, and the gradient 2 comes back from the output. What do the two
# inputs get from $+$, $\times$ and $\max$?

# %%
figure, panels = plt.subplots(3, 1, figsize=(4.0, 5.4), layout="constrained")
GATES = {
    "+": (3.0 + -4.0, {("a", "out"): 2.0, ("b", "out"): 2.0}),
    "×": (3.0 * -4.0, {("a", "out"): 2.0 * -4.0, ("b", "out"): 2.0 * 3.0}),
    "max": (max(3.0, -4.0), {("a", "out"): 2.0, ("b", "out"): 0.0}),
}
for ax, (gate, (value, back)) in zip(panels, GATES.items()):
    plotting.computation_graph({"a": ("", 3.0), "b": ("", -4.0), "out": (gate, value)}, back, seed=2.0, ax=ax)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $+$: 2 and 2. $\times$: $2 \cdot (-4) = -8$ and $2 \cdot 3 = 6$. $\max$: 2 and 0.
#
# </details>
#
# A fourth rule belongs to values: if a value is used in several places, a gradient comes back from each of them, and
# they **add up**. ReLU, $\max(0, x)$, is a max with one fixed input: it passes the gradient on, or stops it.

# %% [markdown]
# ## 3 · A program that does it for any formula
#
# The next cell is a complete *automatic differentiation*. A `Value` holds a number, and it remembers from which values
# it was made (`parents`) and how steep it is in each of them (`slopes`). `backward` sorts all values so that each one
# comes after those that it uses, and then walks through them in reverse order. Each value hands its gradient on: slope
# times gradient, added to what the parent has already.


# %%
class Value:
    """A number that remembers how it was made, so that a gradient can flow back through it."""

    def __init__(self, data, parents=(), slopes=(), operation="", name=""):
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes = parents, slopes
        self.operation, self.name = operation, name

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data), "×")

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),), f"^{n}")

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    __radd__, __rmul__ = __add__, __mul__  # so that 2 + v and 2 * v work too

    def backward(self):
        """Set `grad` of this value and of all that it was made from to the slope of this value in
        each of them."""
        order = []

        def visit(value):
            if value not in order:
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        for value in order:
            value.grad = 0.0
        self.grad = 1.0
        for value in reversed(order):
            for parent, slope in zip(value.parents, value.slopes):
                parent.grad += slope * value.grad


def exp(v):
    return Value(math.exp(v.data), (v,), (math.exp(v.data),), "exp")


def tanh(v):
    return Value(math.tanh(v.data), (v,), (1 - math.tanh(v.data) ** 2,), "tanh")


def relu(v):
    return Value(max(0.0, v.data), (v,), (float(v.data > 0),), "relu")


# %% [markdown]
# All of calculus that it knows stands in the `slopes`: one line for each operation. The same formula as before, with no
# derivative by hand:

# %%
x, y, z = Value(-2.0, name="x"), Value(5.0, name="y"), Value(-4.0, name="z")
f = (x + y) * z
f.backward()
print("f =", f.data, "  gradients in x, y, z:", x.grad, y.grad, z.grad)
assert (x.grad, y.grad, z.grad) == (df_dx, df_dy, df_dz)

# %% [markdown]
# **Predict before you run.** In $f = x \cdot y + x$, the input $x$ is used twice. At $x = 3$, $y = -4$: which two
# gradients come back to $x$, and what is their sum?


# %%
def graph_of(result, **options):
    """Draw the computation of a Value after its backward pass."""
    nodes, edges, names = {}, {}, {}

    def visit(value):
        if value in names:
            return
        for parent in value.parents:
            visit(parent)
        names[value] = value.name or (f"$v_{{{len(names)}}}$" if value.parents else f"{value.data:g}")
        nodes[names[value]] = (value.operation, value.data)
        for parent, slope in zip(value.parents, value.slopes):
            edge = names[parent], names[value]
            edges[edge] = edges.get(edge, 0.0) + slope * value.grad

    visit(result)
    return plotting.computation_graph(nodes, edges, **options)


x, y = Value(3.0, name="x"), Value(-4.0, name="y")
product = x * y
product.name = "xy"
f = product + x
f.name = "f"
f.backward()
graph_of(f)
print("gradient in x:", x.grad, "  in y:", y.grad)
assert x.grad == y.data + 1

# %% [markdown]
# <details><summary>Answer</summary>
#
# −4 comes back through the product (the value of the other factor) and 1 through the addition: −3 in total. By hand:
# $f = x (y + 1)$, so the slope in $x$ is $y + 1 = -3$. That is why the program says `+=` and not `=`.
#
# </details>
#
# ### Is it right?
#
# Never trust a gradient that you have not checked. We take a long formula with every operation in it, at random places,
# and compare with *central differences*: move one input a little up and a little down, and see how much the result
# changes.


# %%
def formula(a, b, c, exp=exp, tanh=tanh, relu=relu):
    """Something long, with every operation; a is used three times."""
    return tanh(a * b + c) * exp(a * -0.5) + relu(b - c + 0.3) * a + (a**2 + 1.5) ** -1 + c * 2


def numeric(function, place, h=1e-5):
    """The gradient by central differences. function: numbers → number."""
    found = []
    for i in range(len(place)):
        up, down = list(place), list(place)
        up[i], down[i] = up[i] + h, down[i] - h
        found.append((function(*up) - function(*down)) / (2 * h))
    return found


def automatic(place):
    """The gradient of `formula` by one backward pass."""
    inputs = [Value(number) for number in place]
    formula(*inputs).backward()
    return [value.grad for value in inputs]


rng = np.random.default_rng(8)
places = rng.normal(size=(200, 3))
differences = [
    np.abs(np.subtract(automatic(place), numeric(lambda *v: formula(*map(Value, v)).data, place))).max() for place in places
]
print(f"200 random places: the largest difference is {np.max(differences):.1e}")
assert np.max(differences) < 1e-4

# %% [markdown]
# And against TensorFlow, which Keras uses here. It does the same as our `Value`, only with whole arrays instead of
# single numbers:

# %% backend="tensorflow"
import tensorflow as tf

for place in places[:20]:
    variables = [tf.Variable(number, dtype="float64") for number in place]
    with tf.GradientTape() as tape:
        result = formula(*variables, exp=tf.exp, tanh=tf.tanh, relu=tf.nn.relu)
    from_tensorflow = [float(gradient) for gradient in tape.gradient(result, variables)]
    assert np.allclose(from_tensorflow, automatic(place), rtol=1e-9, atol=1e-12)
print("TensorFlow:", np.round(from_tensorflow, 6), "  Value:", np.round(automatic(place), 6))

# %% [markdown]
# ## 4 · A neuron
#
# Now a formula that you know: a neuron with two inputs and a sigmoid,
#
# $$o = \sigma(w_0 x_0 + w_1 x_1 + b)$$
#
# $$\sigma(s) = \frac{1}{1 + e^{-s}}$$
#
# We could build $\sigma$ from the operations that we have: $(1 + \exp(-s))^{-1}$. Or we give it one line of its own,
# because its slope is simple: $\sigma' = \sigma (1 - \sigma)$. Both must give the same.
#
# **Predict before you run.** The inputs are $x_0 = 2$ and $x_1 = 0.5$. Which of the two weights has the larger
# gradient, and how many times larger is it?


# %%
def sigmoid(v):
    o = 1 / (1 + math.exp(-v.data))
    return Value(o, (v,), (o * (1 - o),), "σ")


def neuron(w0, x0, w1, x1, b, squash=sigmoid):
    return squash(w0 * x0 + w1 * x1 + b)


NAMES = ["$w_0$", "$x_0$", "$w_1$", "$x_1$", "$b$"]
numbers = [1.5, 2.0, -1.0, 0.5, -1.5]
parts = [Value(number, name=name) for number, name in zip(numbers, NAMES)]
in_small_steps = neuron(*parts, squash=lambda v: (exp(-v) + 1) ** -1)
in_small_steps.backward()
small = [value.grad for value in parts]
o = neuron(*parts)
o.name = "o"
o.backward()
assert np.allclose(small, [value.grad for value in parts]), "σ as one operation, or as four small ones"
graph_of(o);

# %% [markdown]
# <details><summary>Answer</summary>
#
# Multiply swaps: the gradient of a weight is the gradient that arrives, times its *input*. So $w_0$ gets $2 / 0.5 = 4$
# times the gradient of $w_1$. A large input makes large gradients: one more reason to scale the inputs.
#
# </details>
#
# Follow the gradient from right to left: 1, then times the slope of the sigmoid, then passed on by two additions, then
# swapped by two multiplications.
#
# **Move the bias.** What happens to all gradients when the score is far from 0? (Look at the gradient just to the left
# of the sigmoid.)


# %%
def draw_neuron(b):
    parts = [Value(number, name=name) for number, name in zip([*numbers[:4], b], NAMES)]
    o = neuron(*parts)
    o.name = "o"
    o.backward()
    ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")[1]  # wide: some of the gradients are long numbers
    return graph_of(o, title=f"b = {b}, gradient of $w_0$: {parts[0].grad:.2g}", ax=ax)


coursekit.explore(draw_neuron, start={"b": -1.5}, b=[-12.0, -8.0, -4.0, -2.5, -1.5, 0.0, 2.0, 6.0, 10.0])

# %% [markdown]
# At both ends of the slider the sigmoid is flat, its slope is almost 0, and nothing gets through: the neuron is
# **saturated**. The steepest slope of the sigmoid, in its middle, is only $\frac12 \cdot \frac12 = \frac14$. Lecture 5
# shows what that does to a deep network.

# %% [markdown]
# ## 5 · How small is "a little"?
#
# A numeric gradient needs a step $h$. There are two common formulas:
#
# $$\text{forward}: \frac{f(x + h) - f(x)}{h}$$
#
# $$\text{central}: \frac{f(x + h) - f(x - h)}{2h}$$
#
# The smaller $h$, the better? Let us try it, on the neuron above as a function of $w_0$, whose true slope we know by
# now.
#
# **Predict before you run.** Double precision keeps about 16 digits. Which $h$ will be best: $10^{-2}$, $10^{-8}$ or
# $10^{-15}$? What do you expect on both sides of the best one?


# %%
def response(w0, kind):
    """The neuron's output as a function of w0, computed with 16 digits (np.float64) or
    with 7 (np.float32)."""
    w1, x0, x1, b, one = kind(numbers[2]), kind(numbers[1]), kind(numbers[3]), kind(numbers[4]), kind(1)
    return one / (one + np.exp(-(w0 * x0 + w1 * x1 + b)))


w0, truth = numbers[0], parts[0].grad
steps = np.logspace(-15, 0, 61)
errors = {"forward": [], "central": [], "central, float32": []}
for h in steps:
    high, low, middle = response(w0 + h, np.float64), response(w0 - h, np.float64), response(w0, np.float64)
    errors["forward"].append(abs((high - middle) / h - truth))
    errors["central"].append(abs((high - low) / (2 * h) - truth))
    high, low = response(np.float32(w0 + h), np.float32), response(np.float32(w0 - h), np.float32)
    errors["central, float32"].append(abs(float(high - low) / (2 * h) - truth))
ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")[1]
best = {}
for number, (name, error) in enumerate(errors.items()):
    error = np.maximum(error, 1e-17)
    best[name] = steps[error.argmin()]
    style = {"color": plotting.COLOURS[number], "marker": plotting.MARKERS[number], "linestyle": ("-", "--", ":")[number]}
    ax.loglog(steps, error, markersize=3.5, label=f"{name}: best h about {best[name]:.0e}", **style)
ax.set(xlabel="step h", ylabel="error of the numeric gradient", ylim=(1e-14, 3))
ax.legend(fontsize=8, loc="lower left")
plotting.describe(
    ax,
    "Error of numeric gradients against the step h, both axes logarithmic: V-shaped curves, falling then rising. Lowest: "
    + ", ".join(f"{name} at h = {h:.0e}" for name, h in best.items()),
);
lowest = {name: sorted(error)[4] for name, error in errors.items()}  # the fifth, so that no lucky hit counts
assert 1e-10 < best["forward"] < 1e-6 < best["central"] * 10 and best["central"] < 1e-3
assert lowest["central"] < lowest["forward"] < lowest["central, float32"], "central is better; seven digits are few"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The best one lies in the middle: about $10^{-8}$ for the forward formula, about $10^{-5}$ for the central one.
#
# </details>
#
# Two different errors meet here:
#
# - **$h$ too large** (right side): the curve is not straight. A straight line through two points far apart is not the
#   tangent. This error shrinks with $h$ for the forward formula, and with $h^2$ for the central one: that is why its
#   line is twice as steep.
# - **$h$ too small** (left side): $f(x + h)$ and $f(x)$ agree in nearly all their digits. The subtraction leaves only
#   the last, rounded digits, and the division by a tiny $h$ blows their rounding error up. This error grows like
#   $10^{-16} / h$; with `float32`, like $10^{-7} / h$. (Where the `float32` curve is level, $w_0 + h$ was rounded to
#   $w_0$ itself: the numeric gradient is 0, and the error is the whole gradient.)
#
# We can read both laws off the picture: fit a straight line to each side, and its slope is the power of $h$.

# %%
for name, right_power in (("forward", 1), ("central", 2)):
    error = np.maximum(errors[name], 1e-17)
    right = (steps > 100 * best[name]) & (steps < 0.1)
    left = steps < best[name] / 100
    power_right = np.polyfit(np.log(steps[right]), np.log(error[right]), 1)[0]
    power_left = np.polyfit(np.log(steps[left]), np.log(error[left]), 1)[0]
    print(f"{name}: the error goes with h to the power {power_right:+.2f} on the right, {power_left:+.2f} on the left")
    assert abs(power_right - right_power) < 0.2
    assert -1.4 < power_left < -0.6

# %% [markdown]
# The practical rule: central differences, `float64`, $h = 10^{-5}$, and compare *relative* errors (the difference,
# divided by the size of the gradient). Do not check
# gradients in `float32`, the type that Keras uses for training. And do not check exactly at the corner of a ReLU, where
# there is no slope.
#
# Why not use numeric gradients for training? Count.

# %%
for name, weights in (("the XOR network of section 8", 16), ("the network of Lab 2", 266_610)):
    print(f"{name}: {2 * weights:,} forward passes for one numeric gradient; backpropagation: one forward, one backward")

# %% [markdown]
# ## 6 · Who is to blame?
#
# A network with a hidden layer made an error. Which of its weights caused it? This is the problem of **credit
# assignment**, and the gradient is the answer: $\partial E / \partial w$ says how much the error would change if this
# weight changed.
#
# Take a network with 3 inputs, 4 hidden units and 1 output, sigmoids throughout, and one sample $x = (0, 1, 1)$ with
# the target $y = 1$. The error is $E = \frac12 (o - y)^2$. For each unit, call $\delta$ ("delta") the gradient of $E$
# with respect to its *score*. The chain rule gives:
#
# $$\delta^{out} = (o - y)\, o\, (1 - o)$$
#
# $$\delta_j = \delta^{out} \, w_j \; h_j (1 - h_j)$$
#
# Here $h_j$ is the answer of the hidden unit $j$, and $w_j$ its weight to the output. A hidden unit gets blame in
# proportion to the weight through which it was heard. And a weight gets the blame of the unit that it leads to, times
# what came in: $\delta_j \, x_i$.
#
# **Predict before you run.** The first input is 0. How much blame do its four weights get?

# %%
rng = np.random.default_rng(5)
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
x, y = np.array([0.0, 1.0, 1.0]), 1.0


def answers(x, W1, W2):
    """Hidden answers h (4,) and the output o (1,)."""
    h = 1 / (1 + np.exp(-x @ W1))
    return h, 1 / (1 + np.exp(-h @ W2))


h, o = answers(x, W1, W2)
delta_out = (o - y) * o * (1 - o)  # (1,)
delta = W2 @ delta_out * h * (1 - h)  # (4,)
blame_W2 = np.outer(h, delta_out)
blame_W1 = np.outer(x, delta)
print(f"output {o[0]:.3f}, target {y:.0f}, δ of the output {delta_out[0]:+.4f}")
print("δ of the hidden units:", np.round(delta, 4))
print("blame of W1, one row for each input:\n", np.round(blame_W1, 4))
assert not blame_W1[0].any(), "weights from an input of 0 get no blame"


# %%
def draw_blame(W, ends, starts, ax):
    """One line for each weight: as broad as its blame; dashed where the error grows
    with the weight."""
    for (i, j), blame in np.ndenumerate(W):
        broad = 0.3 + 9 * abs(blame) / largest
        colour = plotting.COLOURS[1] if blame > 0 else plotting.COLOURS[0]
        ax.plot(*zip(starts[i], ends[j]), "--" if blame > 0 else "-", color=colour, linewidth=broad, alpha=0.75)


largest = max(np.abs(blame_W1).max(), np.abs(blame_W2).max())
columns = [[(0, 2 - i) for i in range(3)], [(2, 2.5 - j) for j in range(4)], [(4, 1)]]
ax = plt.subplots(figsize=(5.6, 3.6), layout="constrained")[1]
draw_blame(blame_W1, columns[1], columns[0], ax)
draw_blame(blame_W2, columns[2], columns[1], ax)
labels = [
    [f"$x_{i + 1}$ = {v:.0f}" for i, v in enumerate(x)],
    [f"$h_{j + 1}$ = {v:.2f}" for j, v in enumerate(h)],
    [f"o = {o[0]:.2f}"],
]
for spots, texts in zip(columns, labels):
    for (across, up), text in zip(spots, texts):
        ax.plot(across, up, "o", color="white", markersize=16, markeredgecolor="black", zorder=3)
        ax.text(
            across,
            up + 0.32,
            text,
            ha="center",
            fontsize=9,
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
ax.set(xlim=(-0.6, 4.6), ylim=(-1, 3.2))
ax.set_axis_off()
plotting.describe(
    ax,
    "The 3-4-1 network, each weight as broad as its share of the blame. Only hairlines leave the first input, which is 0. "
    f"The broadest line belongs to hidden unit {np.abs(blame_W2).argmax() + 1} and the output.",
);

# %% [markdown]
# Broad lines: much blame. Solid: the weight should grow; dashed: it should become smaller.
#
# <details><summary>Answer</summary>
#
# None. Whatever these weights are, they are multiplied by 0. They had no part in this answer, so they learn nothing
# from this sample.
#
# </details>
#
# Is that really "blame"? We test it: change one weight at a time by 0.001, and compare the true change of the error
# with `blame · 0.001`.

# %%
before = 0.5 * (o[0] - y) ** 2
true_change, promised = [], []
for W, blame in ((W1, blame_W1), (W2, blame_W2)):
    for place in np.ndindex(W.shape):
        W[place] += 0.001
        true_change.append(0.5 * (answers(x, W1, W2)[1][0] - y) ** 2 - before)
        W[place] -= 0.001
        promised.append(blame[place] * 0.001)
worst = np.abs(np.subtract(true_change, promised)).max() / np.abs(promised).max()
print(f"16 weights: the promise misses the true change by at most {worst:.2%} of the largest change")
assert worst < 0.01

# %% [markdown]
# ## 7 · Whole layers: the shapes
#
# Nobody computes weight by weight. A layer takes a batch $X$ of shape (n, in), one row for each sample, and computes
# $S = X W + b$ with $W$ of shape (in, out). Suppose that $\delta$ is the gradient with respect to the scores $S$, of
# shape (n, out). Then
#
# $$\frac{\partial E}{\partial W} = X^\top \delta \qquad\qquad \frac{\partial E}{\partial X} = \delta\, W^\top$$
#
# $$\frac{\partial E}{\partial b} = \text{sum of the rows of } \delta$$
#
# Nobody needs to remember that, because of a trick: **a gradient has the shape of the thing it belongs to.** You have
# $X$ and $\delta$. There is only one way to multiply them that gives the shape of $W$.
#
# **Predict before you run.** $X$ is (5, 3), $W$ is (3, 4), so $\delta$ is (5, 4). Which product of $X$ or $X^\top$ and
# $\delta$ or $\delta^\top$, in which order, has the shape (3, 4)?


# %%
def products_that_fit(shape, **matrices):
    """All products of two of the matrices, transposed or not, that have this shape."""
    forms = {name + end: M.T if end else M for name, M in matrices.items() for end in ("", ".T")}
    return [
        f"{left} @ {right}"
        for left, A in forms.items()
        for right, B in forms.items()
        if left[0] != right[0] and A.shape[1] == B.shape[0] and (A.shape[0], B.shape[1]) == shape
    ]


X, W, b, D = (rng.normal(size=shape) for shape in ((5, 3), (3, 4), (4,), (5, 4)))  # D is δ
print("fits (3, 4):", products_that_fit((3, 4), X=X, D=D))
assert products_that_fit((3, 4), X=X, D=D) == ["X.T @ D"]
assert np.allclose(X.T @ D, sum(np.outer(X[i], D[i]) for i in range(5))), "the sum of what single samples say"
# A result whose gradient in the scores S is D: the sum of S * D. Then move X and b a little.
for_X = numeric(lambda *x: np.sum((np.reshape(x, (5, 3)) @ W + b) * D), X.ravel())
for_b = numeric(lambda *b: np.sum((X @ W + b) * D), b)
assert np.allclose(for_X, (D @ W.T).ravel(), atol=1e-7)
assert np.allclose(for_b, D.sum(axis=0), atol=1e-7)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only $X^\top \delta$. It is also the right one: for one sample the gradient was input times blame, $x_i \delta_j$, and
# the product of the matrices adds this up over the samples.
#
# </details>
#
# **A warning.** The trick fails when sizes happen to be equal. In the XOR network there are 4 samples and 4 hidden
# units, so the matrix of hidden answers $H$ is (4, 4):

# %%
H, D2 = rng.uniform(size=(4, 4)), rng.normal(size=(4, 1))
print("fits (4, 1):", products_that_fit((4, 1), H=H, D=D2))
print("their largest difference:", np.abs(H.T @ D2 - H @ D2).max().round(3))
assert products_that_fit((4, 1), H=H, D=D2) == ["H @ D", "H.T @ D"]
assert not np.allclose(H.T @ D2, H @ D2)

# %% [markdown]
# Two products fit, only one is right, and no error message tells you which. So test your code with sizes that are **all
# different**, and with a numeric gradient. Here is a whole network, 3-4-2, with 5 samples, checked like that:


# %%
def squash(S):
    return 1 / (1 + np.exp(-S))


def error(W1, W2, X, y):
    return 0.5 * np.sum((squash(squash(X @ W1) @ W2) - y) ** 2)


def gradients(W1, W2, X, y):
    """∂E/∂W1 and ∂E/∂W2 by backpropagation, for a whole batch."""
    H = squash(X @ W1)  # (n, hidden)
    out = squash(H @ W2)  # (n, out)
    delta2 = (out - y) * out * (1 - out)  # (n, out): blame of the outputs
    delta1 = (delta2 @ W2.T) * H * (1 - H)  # (n, hidden): blame handed back
    return X.T @ delta1, H.T @ delta2


W1, W2, y = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.uniform(size=(5, 2))
flat = np.concatenate([W1.ravel(), W2.ravel()])
by_differences = numeric(lambda *w: error(np.reshape(w[:12], (3, 4)), np.reshape(w[12:], (4, 2)), X, y), flat)
by_backprop = np.concatenate([gradient.ravel() for gradient in gradients(W1, W2, X, y)])
print(f"20 weights: largest difference {np.abs(by_backprop - by_differences).max():.1e}")
assert np.allclose(by_backprop, by_differences, atol=1e-7)

# %% [markdown]
# ## 8 · Eleven lines
#
# Everything together: data, start, forward pass, backward pass, update. The data are those of Lab 1: the *exclusive or*
# (XOR) of the first two inputs, which is 1 if exactly one of them is 1. The third input is always 1 and does the work
# of a bias. The learning rate is 2.
#
# **Predict before you run.** In which order must the last four lines of the loop stand? What would go wrong if `W2`
# were updated before `delta1` is computed?

# %%
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])
rng = np.random.default_rng(1)
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for _ in range(STEPS):
    H = 1 / (1 + np.exp(-X @ W1))
    o = 1 / (1 + np.exp(-H @ W2))
    delta2 = (o - y) * o * (1 - o)
    delta1 = delta2 @ W2.T * H * (1 - H)
    W2 -= 2.0 * H.T @ delta2
    W1 -= 2.0 * X.T @ delta1

# %%
print("answers for the four samples:", np.round(o[:, 0], 3), "  targets:", y[:, 0])
assert np.abs(o - y).max() < 0.2

# %% [markdown]
# <details><summary>Answer</summary>
#
# `delta2`, `delta1`, then the two updates in any order. With `W2` updated first, `delta1` would hand the blame back
# through weights that did not make the mistake. The result would no longer be the gradient, and no error message would
# say so.
#
# </details>
#
# Are these gradients right? Our own automatic differentiation must know. We build the same error from `Value`s, all
# four samples, and let it flow back:

# %%
rng = np.random.default_rng(2)
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
V1 = [[Value(W1[i, j]) for j in range(4)] for i in range(3)]
V2 = [Value(W2[j, 0]) for j in range(4)]
started, E = time.perf_counter(), Value(0.0)
for inputs, target in zip(X, y[:, 0]):
    hidden = [sigmoid(sum(float(inputs[i]) * V1[i][j] for i in range(3))) for j in range(4)]
    output = sigmoid(sum(hidden[j] * V2[j] for j in range(4)))
    E = E + (output - float(target)) ** 2 * 0.5
E.backward()
by_values = time.perf_counter() - started
gradient1, gradient2 = gradients(W1, W2, X, y)
by_matrices = min(timeit.repeat(lambda: gradients(W1, W2, X, y), number=10, repeat=5)) / 10
from_values1 = np.array([[value.grad for value in row] for row in V1])
from_values2 = np.array([[value.grad] for value in V2])
print("W2, matrices:", np.round(gradient2[:, 0], 6), "  Values:", np.round(from_values2[:, 0], 6))
print(f"time with Values / time with matrices: {by_values / by_matrices:.0f}")
assert math.isclose(E.data, error(W1, W2, X, y))
assert np.allclose(gradient1, from_values1)
assert np.allclose(gradient2, from_values2)

# %% [markdown]
# The same. A graph of single numbers and a few lines of matrices are two ways to write one thing. The matrices are much
# faster, even in this tiny network.
#
# **Predict before you run.** We train from several random starts. Will all curves look alike?

# %%
curves, right = {}, 0
for seed in range(SEEDS):
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
    curve = [error(W1, W2, X, y)]
    for _ in range(STEPS):
        gradient1, gradient2 = gradients(W1, W2, X, y)
        W1, W2 = W1 - 2.0 * gradient1, W2 - 2.0 * gradient2
        curve.append(error(W1, W2, X, y))
    curves[seed] = np.array(curve)
    right += bool(np.abs(squash(squash(X @ W1) @ W2) - y).max() < 0.2)
ax = plt.subplots(figsize=(5.4, 3.4), layout="constrained")[1]
for seed, curve in curves.items():
    ax.plot(curve[:1001], ("-", "--", "-.", ":")[seed % 4], color=plotting.COLOURS[seed % 7], linewidth=1.5)
ax.set(xlabel="step (the first 1,000)", ylabel="error E", ylim=(0, None))
halved = [int(np.argmax(curve < 0.25)) for curve in curves.values() if (curve < 0.25).any()]
plotting.describe(
    ax,
    f"Error of {SEEDS} trainings from random starts. Each comes to about 0.5 first and then falls; below 0.25 after "
    f"{min(halved)} to {max(halved)} steps.",
)
print(f"{right} of {SEEDS} starts have all four answers less than 0.2 from the target after {STEPS} steps")
print(f"the error is below 0.25 after {min(halved)} to {max(halved)} steps")
assert right > SEEDS / 2 and max(halved) > 1.3 * min(halved)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. All of them soon come to about $E = 0.5$, where all four answers are about ½. Some leave this height at once,
# others wait there as on a *plateau*, a flat place high up; and some may stop again on a second plateau lower down.
# With other seeds or fewer steps, a start may even stay there. The gradient tells which way is down from *here*; it
# does not know the way to the goal.
#
# </details>

# %% [markdown]
# ## Check yourself
#
# 1. What does a backward pass start with, and why?
#
#    <details><summary>Answer</summary>With 1, the slope of the result with respect to itself.</details>
#
# 2. $f = (x + y) z$ once more, now at $x = 1$, $y = 2$, $z = 5$. What are the three gradients?
#
#    <details><summary>Answer</summary>5 for $x$, 5 for $y$ (add passes on $z$), 3 for $z$.</details>
#
# 3. A hidden unit's ReLU has a negative score for a sample. What do its incoming weights learn from this sample?
#
#    <details><summary>Answer</summary>Nothing: max chooses the 0, and the gradient stops there.</details>
#
# 4. In `backward`, why `parent.grad += …` and not `=`?
#
#    <details><summary>Answer</summary>A value that is used in several places gets a gradient from each of them, and
#    they add up.</details>
#
# 5. Your numeric gradient is far off with $h = 10^{-14}$. What happened?
#
#    <details><summary>Answer</summary>Two nearly equal numbers were subtracted, and their rounding error was divided by
#    a tiny number.</details>
#
# 6. $X$ is (32, 784) and $\delta$ of the first layer is (32, 300). Which product is $\partial E / \partial W$, and what
#    is its shape?
#
#    <details><summary>Answer</summary>$X^\top \delta$, (784, 300), the shape of $W$.</details>
#
# 7. Why is backpropagation so much cheaper than numeric gradients?
#
#    <details><summary>Answer</summary>One backward pass gives the slopes in all weights. Numeric gradients need two
#    forward passes for each single weight.</details>
#
# ## What you learned
#
# - A computation is a **graph**. Values flow forward, gradients flow back, and each operation needs only its own inputs
#   and the gradient at its output.
# - **Add passes on, multiply swaps, max chooses**; gradients that meet at one value add up.
# - **Automatic differentiation** is this, in the reverse of an order in which each value comes after those it uses. It
#   fits on one screen.
# - **Check** gradients with central differences in `float64`. The step must be neither too large (curve) nor too small
#   (rounding).
# - The gradient assigns **blame**: to a weight, the blame of its unit times its input. For a layer: $X^\top \delta$.
#   Shapes guide you, but do not prove anything.
#
# ## Change something and try
#
# - Add division and `max(a, b)` to `Value`: one line of slopes each. Check them with `numeric`.
# - In the eleven lines, start from `np.zeros` instead of random weights. Which gradients are the same, and why does it
#   never learn?
# - In the eleven lines replace `H.T @ delta2` by `H @ delta2`. Is there an error message? Does the network learn?
# - Draw the graph of `tanh(w * x)` for a large `w`. Where does the gradient disappear?
#
# Now you are ready for [Lab 1](../labs/lab01_perceptron.ipynb), above all sections 6, 10 and 11, and for
# [Lab 2](../labs/lab02_mlp.ipynb). What becomes of gradients in deep networks is
# [Lecture 5](lecture05_training_dynamics.ipynb).
