# %% [markdown]
# # Lists, trees, heaps; tests written with unittest

# %% solution="Node"
class Node:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = value, left, right

def insert(root, value):
    """Insert into a binary search tree in place; return its root."""
    ### BEGIN SOLUTION
    if root is None:
        return Node(value)
    if value < root.value:
        root.left = insert(root.left, value)
    else:
        root.right = insert(root.right, value)
    return root
    ### END SOLUTION

def in_order(root):
    ### BEGIN SOLUTION
    return [] if root is None else in_order(root.left) + [root.value] + in_order(root.right)
    ### END SOLUTION

# %% tests="insert_sorted" points=2
root = None
for v in (5, 2, 8, 2, 9):
    root = insert(root, v)
assert in_order(root) == [2, 2, 5, 8, 9]

# %% tests="insert_in_place" points=1
same = insert(root, 1)
assert same is root
assert in_order(root)[0] == 1

# %% solution="sort"
def bubble_sort(items):
    """Sort the list in place; return the number of swaps."""
    ### BEGIN SOLUTION
    swaps = 0
    for end in range(len(items) - 1, 0, -1):
        for i in range(end):
            if items[i] > items[i + 1]:
                items[i], items[i + 1] = items[i + 1], items[i]
                swaps += 1
    return swaps
    ### END SOLUTION

# %% tests="sort_unittest" points=3
import unittest

class TestSort(unittest.TestCase):
    def test_sorts(self):
        items = [3, 1, 2]
        bubble_sort(items)
        self.assertEqual(items, [1, 2, 3])

    def test_swaps(self):
        self.assertEqual(bubble_sort([3, 2, 1]), 3)
        self.assertEqual(bubble_sort([]), 0)

result = unittest.TextTestRunner(stream=open("/dev/null", "w")).run(unittest.defaultTestLoader.loadTestsFromTestCase(TestSort))
assert result.wasSuccessful(), result.failures

# %% tests="sort_uses_no_built_in" points=1
import inspect

assert "sorted(" not in inspect.getsource(bubble_sort)
assert ".sort(" not in inspect.getsource(bubble_sort)

# %% solution="LinkedList"
class LinkedList:
    ### BEGIN SOLUTION
    def __init__(self, values=()):
        self.head = None
        for value in reversed(list(values)):
            self.head = (value, self.head)

    def __iter__(self):
        cell = self.head
        while cell:
            yield cell[0]
            cell = cell[1]

    def prepend(self, value):
        self.head = (value, self.head)
        return self
    ### END SOLUTION

# %% tests="linked_list_iterates" points=2
numbers = LinkedList([1, 2, 3])
assert [*numbers] == [1, 2, 3]
assert [*numbers.prepend(0)] == [0, 1, 2, 3]

# %% tests="linked_list_goes_on" points=1
numbers.prepend(-1).prepend(-2)
assert list(numbers)[:2] == [-2, -1]
assert sum(numbers) == 3

# %% solution="lru"
class LRU:
    """A cache of `size` items; the one least recently used is dropped."""

    def __init__(self, size):
        ### BEGIN SOLUTION
        self.size, self.items = size, {}
        ### END SOLUTION

    ### BEGIN SOLUTION
    def __getitem__(self, key):
        self.items[key] = self.items.pop(key)
        return self.items[key]

    def __setitem__(self, key, value):
        self.items.pop(key, None)
        self.items[key] = value
        if len(self.items) > self.size:
            del self.items[next(iter(self.items))]
    ### END SOLUTION

# %% tests="lru_drops" points=2
cache = LRU(2)
cache["a"], cache["b"] = 1, 2
cache["a"]
cache["c"] = 3
assert cache["a"] == 1
try:
    cache["b"]
    raise AssertionError("b was used least recently")
except KeyError:
    pass

# %% solution="dfs"
def reachable(graph, start, seen=None):
    """The set of nodes that can be reached."""
    ### BEGIN SOLUTION
    seen = set() if seen is None else seen
    seen.add(start)
    for other in graph.get(start, ()):
        if other not in seen:
            reachable(graph, other, seen)
    return seen
    ### END SOLUTION

# %% tests="reachable_sets" points=1
graph = {1: [2], 2: [3], 3: [1], 4: [1]}
assert reachable(graph, 1) == {1, 2, 3}
assert reachable(graph, 4) == {1, 2, 3, 4}

# %% tests="reachable_deep" points=1
chain = {i: [i + 1] for i in range(800)}
assert len(reachable(chain, 0)) == 801

# %% tests="reachable_leaves_the_graph" points=1
from copy import deepcopy

kept = deepcopy(graph)
reachable(graph, 1)
assert graph == kept
