# %% [markdown]
# # Metadata of nbgrader 0.5

# %% locked="setup" schema=1
LIMIT = 3

# %% solution="clip" schema=1
def clip(x):
    ### BEGIN SOLUTION
    return min(x, LIMIT)
    ### END SOLUTION

# %% tests="clip_values" points=1 schema=1
assert clip(5) == 3
assert clip(-1) == -1

# %% solution="names" schema=2
### BEGIN SOLUTION
names = ["a", "b"]
### END SOLUTION

# %% tests="names_two" points=2 schema=2
assert len(names) == 2
len(set(names))

# %% [markdown] manual="explain" points=2 schema=2
# Say why.
