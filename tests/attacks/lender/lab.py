# %% [markdown]
# # A lab that lends
#
# Its tests are careless on purpose: they hand out what they look at afterwards.

# %% given="setup"
import keras
import numpy as np

from coursekit import check

keras.utils.set_random_seed(1)

# %% given="points"
CENTRES = np.array([[-1.0, 0.5], [1.0, -0.5]])
labels = np.arange(40) % 2
points = (CENTRES[labels] + np.random.default_rng(1).normal(scale=0.3, size=(40, 2))).astype("float32")
words = ["pullover", "shirt", "sandal"]
prices = {"pullover": [3.0, 5.0], "shirt": [2.0]}
rng = np.random.default_rng(5)
net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
net.set_weights([np.array([[-3.0, 3.0], [3.0, -3.0]]), np.array([0.1, 0.0])])

# %% [markdown]
# **Exercise 1.** Write `softmax`.


# %% exercise="softmax"
def softmax(z):
    """The softmax of each row of z."""
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% tests="softmax" points=2
check.close(softmax(np.array([[0.0, np.log(3.0)]])), [[0.25, 0.75]])
### BEGIN HIDDEN TESTS
z = np.random.default_rng().normal(size=(6, 4))
p = softmax(z)
e = np.exp(z)
check.close(p, e / e.sum(axis=1, keepdims=True))
### END HIDDEN TESTS

# %% tests="softmax_pure" points=1
z = np.array([[1.0, 2.0]])
with check.unchanged(z):
    softmax(z)

# %% [markdown]
# **Exercise 2.** Write `mistakes`: how many guesses differ from the labels.


# %% exercise="mistakes"
def mistakes(labels, guesses):
    """How many entries of the two arrays differ."""
    ### BEGIN SOLUTION
    return int(np.sum(labels != guesses))
    ### END SOLUTION


# %% tests="mistakes" points=2
check.equal(mistakes(np.array([0, 1]), np.array([1, 1])), 1)
### BEGIN HIDDEN TESTS
guesses = np.random.default_rng().permutation(labels)
count = mistakes(labels, guesses)
check.equal(count, np.count_nonzero(labels - guesses))
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 3.** Write `kinds`: the number of the centre that is nearer to each point.


# %% exercise="kinds"
def kinds(X):
    """0 or 1 for each row of X."""
    ### BEGIN SOLUTION
    return np.linalg.norm(X[:, None] - CENTRES, axis=2).argmin(axis=1)
    ### END SOLUTION


# %% tests="kinds" points=3
check.shape(kinds(points), (40,))
### BEGIN HIDDEN TESTS
check.between(np.mean(kinds(points) == labels), 0.8, 1.0, name="the share of right answers")
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 4.** Write `letters` and `total`.


# %% exercise="letters"
def letters(words):
    """How many letters the words have together."""
    ### BEGIN SOLUTION
    return sum(map(len, words))
    ### END SOLUTION


# %% tests="letters" points=2
check.equal(letters(["a", "bc"]), 3)
### BEGIN HIDDEN TESTS
count = letters(words)
check.equal(count, len("".join(words)))
### END HIDDEN TESTS


# %% exercise="total"
def total(prices):
    """The sum of all prices of all things."""
    ### BEGIN SOLUTION
    return sum(map(sum, prices.values()))
    ### END SOLUTION


# %% tests="total" points=2
check.close(total({"a": [1.0], "b": [2.0, 3.0]}), 6)
### BEGIN HIDDEN TESTS
found = total(prices)
check.close(found, np.sum([price for some in prices.values() for price in some]))
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 5.** Write `says`: what a network says.


# %% exercise="says"
def says(network, X):
    """The outputs of the network for X, an array."""
    ### BEGIN SOLUTION
    return keras.ops.convert_to_numpy(network(X))
    ### END SOLUTION


# %% tests="says" points=2
check.shape(says(net, points), (40, 2))
### BEGIN HIDDEN TESTS
p = says(net, points)
check.close(p, check.outputs(net, points), rtol=1e-5)
### END HIDDEN TESTS

# %% tests="says_later" points=2
check.shape(says(net, points[:3]), (3, 2))
### BEGIN HIDDEN TESTS
check.true(check.outputs(net, points).std() > 0.1, "the network of the lab is not what it was")
check.close(says(net, points[::-1]), check.outputs(net, points)[::-1], rtol=1e-5)
### END HIDDEN TESTS

# %% [markdown]
# **Exercise 6.** Write `draws`: numbers from a generator.


# %% exercise="draws"
def draws(rng, n):
    """n standard normal numbers from the generator, which goes on."""
    ### BEGIN SOLUTION
    return rng.normal(size=n)
    ### END SOLUTION


# %% tests="draws" points=1
with check.mutates(rng):
    first = draws(rng, 3)
check.close(np.append(first, rng.normal()), np.random.default_rng(5).normal(size=4))

# %% tests="draws_anew" points=1
with check.mutates(rng):
    first = draws(rng, 2)
check.close(first, np.random.default_rng(5).normal(size=2))
