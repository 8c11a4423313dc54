# %% [markdown]
# # A notebook whose own solution cannot run here

# %%
import tool_that_only_the_course_server_has as tool

# %% solution="double"
def double(x):
    ### BEGIN SOLUTION
    return tool.twice(x)
    ### END SOLUTION

# %% tests="double_values" points=2
assert double(2) == 4

# %% solution="triple"
def triple(x):
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION

# %% tests="triple_values" points=1
assert triple(2) == 6
