# %% [markdown]
# # Generators and iterators

# %%
import itertools
import types

# %% solution="fibonacci"
def fibonacci():
    """0, 1, 1, 2, 3, … without end."""
    ### BEGIN SOLUTION
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b
    ### END SOLUTION

# %% tests="fibonacci_first" points=2
assert list(itertools.islice(fibonacci(), 8)) == [0, 1, 1, 2, 3, 5, 8, 13]

# %% tests="fibonacci_is_lazy" points=1
f = fibonacci()
assert isinstance(f, types.GeneratorType)
assert next(f) == 0
assert next(itertools.dropwhile(lambda n: n < 1000, f)) == 1597

# %% solution="pairs"
def pairs(items):
    """An iterator over neighbours: (a, b), (b, c), …"""
    ### BEGIN SOLUTION
    return zip(items, items[1:])
    ### END SOLUTION

# %% tests="pairs_values" points=1
assert list(pairs("abcd")) == [("a", "b"), ("b", "c"), ("c", "d")]

# %% tests="pairs_only_once" points=1
p = pairs([1, 2, 3])
assert iter(p) is p
assert list(p) == [(1, 2), (2, 3)]
assert list(p) == []

# %% solution="squares"
### BEGIN SOLUTION
squares = map(lambda n: n * n, range(5))
### END SOLUTION

# %% tests="squares_next" points=1
assert next(squares) == 0
assert next(squares) == 1

# %% tests="squares_rest" points=1
assert sum(squares) == 4 + 9 + 16

# %% solution="running"
def running_mean():
    """A coroutine: send numbers, get their mean so far."""
    ### BEGIN SOLUTION
    total, count, value = 0, 0, None
    while True:
        number = yield value
        total, count = total + number, count + 1
        value = total / count
    ### END SOLUTION

# %% tests="running_means" points=2
m = running_mean()
next(m)
assert [m.send(x) for x in (2, 4, 9)] == [2, 3, 5]

# %% tests="running_closes" points=1
m.close()
try:
    m.send(1)
except StopIteration:
    pass
else:
    assert False, "it was closed"

# %% solution="Countdown"
class Countdown:
    """for n in Countdown(3): 3, 2, 1; as often as one likes."""

    def __init__(self, start):
        self.start = start

    ### BEGIN SOLUTION
    def __iter__(self):
        return iter(range(self.start, 0, -1))

    def __len__(self):
        return self.start

    def __contains__(self, n):
        return 1 <= n <= self.start
    ### END SOLUTION

# %% tests="countdown_twice" points=2
c = Countdown(3)
assert list(c) == [3, 2, 1]
assert list(c) == [3, 2, 1]

# %% tests="countdown_contains" points=1
assert 2 in c and 4 not in c
assert len(c) == 3

# %% solution="chunks"
def chunks(iterable, n):
    """Tuples of n items, the last one shorter."""
    ### BEGIN SOLUTION
    it = iter(iterable)
    while chunk := tuple(itertools.islice(it, n)):
        yield chunk
    ### END SOLUTION

# %% tests="chunks_of_an_iterator" points=1
assert list(chunks((c for c in "abcde"), 2)) == [("a", "b"), ("c", "d"), ("e",)]

# %% tests="chunks_take_no_more_than_asked" points=1
source = iter(range(10))
first = next(iter(chunks(source, 3)))
assert first == (0, 1, 2)
assert next(source) == 3

# %% solution="flatten"
def flatten(nested):
    ### BEGIN SOLUTION
    for item in nested:
        if isinstance(item, (list, tuple)):
            yield from flatten(item)
        else:
            yield item
    ### END SOLUTION

# %% tests="flatten_deep" points=1
assert [*flatten([1, [2, (3, [4])], []])] == [1, 2, 3, 4]
assert sorted(flatten([[3], [1, [2]]])) == [1, 2, 3]
