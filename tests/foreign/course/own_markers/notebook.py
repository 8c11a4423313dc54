# %% [markdown]
# # Markers of one's own, as nbgrader_config.py says

# %% solution="area"
def area(r):
    # ANSWER>
    from math import pi
    return pi * r ** 2
    # <ANSWER

# %% tests="area_values" points=2
assert abs(area(1) - 3.14159) < 1e-4
# SECRET>
assert abs(area(2) - 12.56637) < 1e-4
assert area(0) == 0
# <SECRET

# %% solution="volume"
def volume(r, h):
    # ANSWER>
    return area(r) * h
    # <ANSWER

# %% tests="volume_values" points=1
# SECRET>
assert volume(1, 2) == 2 * area(1)
# <SECRET
