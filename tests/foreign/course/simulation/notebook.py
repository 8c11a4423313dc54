# %% [markdown]
# # Chance

# %% locked="start"
import random

import numpy as np

rng = np.random.default_rng(2024)

# %% solution="dice"
def roll(n):
    """n rolls of a die, drawn with the module `random`, as a list."""
    ### BEGIN SOLUTION
    return [random.randint(1, 6) for _ in range(n)]
    ### END SOLUTION

# %% tests="dice_seeded" points=2
random.seed(7)
assert roll(5) == [3, 2, 4, 6, 1]

# %% tests="dice_go_on" points=1
again = roll(3)
random.seed(7)
assert roll(8)[5:] == again

# %% solution="pi"
def estimate_pi(n):
    """π from n points of np.random.rand(n, 2)."""
    ### BEGIN SOLUTION
    points = np.random.rand(n, 2)
    return 4 * np.mean((points**2).sum(axis=1) < 1)
    ### END SOLUTION

# %% tests="pi_seeded" points=2
np.random.seed(0)
one = estimate_pi(1000)
np.random.seed(0)
points = np.random.rand(1000, 2)
assert one == 4 * np.mean((points**2).sum(axis=1) < 1)

# %% tests="pi_close" points=1
np.random.seed(1)
assert abs(estimate_pi(20000) - np.pi) < 0.05
assert estimate_pi(50) != estimate_pi(50) or estimate_pi(50) != estimate_pi(50)

# %% solution="walk"
def walk(steps, rng):
    """Where a random walk of ±1 steps is after each step; draws from rng alone."""
    ### BEGIN SOLUTION
    return rng.choice([-1, 1], size=steps).cumsum()
    ### END SOLUTION

# %% tests="walk_from_given_generator" points=2
a = walk(100, np.random.default_rng(3))
b = walk(100, np.random.default_rng(3))
assert (a == b).all()
assert set(np.abs(np.diff(a))) == {1}

# %% tests="walk_moves_the_generator_on" points=1
own = np.random.default_rng(3)
assert not (walk(50, own) == walk(50, own)).all()
assert own.bit_generator.state != np.random.default_rng(3).bit_generator.state

# %% tests="walk_leaves_the_global_generator" points=1
np.random.seed(5)
expected = np.random.rand()
np.random.seed(5)
walk(10, rng)
assert np.random.rand() == expected

# %% solution="shuffle"
def shuffled(items):
    """A shuffled copy; the list stays as it is."""
    ### BEGIN SOLUTION
    copy = list(items)
    random.shuffle(copy)
    return copy
    ### END SOLUTION

# %% tests="shuffle_same_items" points=1
deck = list(range(52))
random.seed(1)
mixed = shuffled(deck)
assert sorted(mixed) == deck
assert mixed != deck

# %% tests="shuffle_keeps_the_deck" points=1
assert deck == list(range(52))

# %% solution="bootstrap"
sample = rng.normal(10, 2, size=40)

### BEGIN SOLUTION
means = np.array([rng.choice(sample, 40).mean() for _ in range(200)])
### END SOLUTION

# %% tests="bootstrap_band" points=2
assert means.shape == (200,)
assert abs(means.mean() - sample.mean()) < 0.2
assert 0.15 < means.std() < 0.6
