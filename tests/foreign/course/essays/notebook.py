# %% [markdown]
# # Words, code and tasks that a person marks

# %% solution="mean"
def mean(values):
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION

# %% tests="mean_values" points=2
assert mean([1, 2, 6]) == 3

# %% [markdown] manual="why" points=3
# ### BEGIN SOLUTION
# Because the sum is divided by the count.
# ### END SOLUTION

# %% manual="by_hand" points=4
# Write `median` as you like; a person reads it.
### BEGIN SOLUTION
def median(values):
    s = sorted(values)
    return s[len(s) // 2]
### END SOLUTION

# %% tests="median_odd" points=1
assert median([5, 1, 3]) == 3

# %% [markdown] task="explore" points=5
# Explore the numbers 1 to 100 in cells of your own below.
# ### BEGIN MARK SCHEME
# Anything that runs.
# ### END MARK SCHEME

# %% manual="own_test" points=2
# Write a test of `mean`.
### BEGIN SOLUTION
try:
    mean([])
except ZeroDivisionError:
    pass
else:
    raise NotImplementedError("mean of nothing should fail")
### END SOLUTION

# %% [markdown] locked="end"
# Thank you.
