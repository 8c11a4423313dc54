# %% [markdown]
# # With helpers
# `tools.py` and the package `shapes` in the folder `lib` are given.

# %%
import sys

sys.path.insert(0, "lib")
from tools import *

# %% locked="other_imports"
import shapes
from shapes.circle import Circle as Round

# %% solution="average"
def average(values):
    """The mean without the outliers that `tools.is_outlier` finds."""
    ### BEGIN SOLUTION
    kept = [v for v in values if not is_outlier(v, values)]
    return mean(kept)
    ### END SOLUTION

# %% tests="average_value" points=2
assert average([1, 2, 3, 1000]) == 2
assert average([5]) == 5

# %% tests="average_uses_the_tool" points=1
import tools

used = tools.calls
average([1, 2])
assert tools.calls > used

# %% solution="area"
def total_area(things):
    ### BEGIN SOLUTION
    return sum(thing.area() for thing in things)
    ### END SOLUTION

# %% tests="area_of_given_shapes" points=2
assert total_area([Round(1), shapes.Square(2)]) == 4 + Round(1).area()
assert total_area([]) == 0

# %% solution="Triangle"
class Triangle(shapes.Shape):
    def __init__(self, base, height):
        ### BEGIN SOLUTION
        self.base, self.height = base, height
        ### END SOLUTION

    def area(self):
        ### BEGIN SOLUTION
        return self.base * self.height / 2
        ### END SOLUTION

# %% tests="triangle_is_a_shape" points=1
assert isinstance(Triangle(1, 2), shapes.Shape)
assert Triangle(3, 2) < shapes.Square(2)

# %% tests="triangle_registered" points=1
shapes.register(Triangle)
assert shapes.registry["Triangle"] is Triangle
assert Triangle(3, 4).area() == 6

# %% solution="own_module"
import importlib

### BEGIN SOLUTION
mine = importlib.import_module("tools")
### END SOLUTION

# %% tests="own_module_is_it" points=1
assert mine.VERSION == "1.2"

# %% solution="settings"
### BEGIN SOLUTION
configure(digits=1)
### END SOLUTION

# %% tests="settings_are_kept" points=1
assert pretty(3.14159) == "3.1"
