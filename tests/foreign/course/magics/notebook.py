# %% [markdown]
# # The shell and other magic

# %%
%load_ext autoreload
%autoreload 2
%matplotlib inline
import os

# %%
%%writefile squares.py
"""A module that the notebook writes."""

def square(x):
    return x * x

# %%
%%bash
mkdir -p work
printf '3\n1\n2\n' > work/numbers.txt

# %% solution="sorted_file"
%%bash
### BEGIN SOLUTION
sort -n work/numbers.txt > work/sorted.txt
### END SOLUTION

# %% tests="sorted_file_read" points=2
assert open("work/sorted.txt").read().split() == ["1", "2", "3"]

# %% [markdown]
# Keep the names of the files in `work` in the list `names`.

# %% solution="listing"
### BEGIN SOLUTION
names = !ls work
### END SOLUTION

# %% tests="listing_names" points=1
assert "numbers.txt" in names
assert len(names) >= 1

# %% tests="listing_from_the_test" points=1
lines = !cat work/sorted.txt
assert [int(line) for line in lines] == [1, 2, 3]

# %% solution="module"
%%writefile cubes.py
### BEGIN SOLUTION
from squares import square

def cube(x):
    return x * square(x)
### END SOLUTION

# %% tests="module_imported" points=2
import cubes

assert cubes.cube(3) == 27

# %% solution="script"
%%writefile script.py
### BEGIN SOLUTION
import sys
answer = 6 * 7
if len(sys.argv) > 1:
    answer = int(sys.argv[1])
### END SOLUTION

# %% tests="script_run" points=1
%run script.py
assert answer == 42

# %% tests="script_with_argument" points=1
%run script.py 7
assert answer == 7

# %% tests="script_printed" points=1
out = !echo "print(1 + 1)" | python3
assert out == ["2"]

# %% solution="cd"
def count_files():
    """How many files are in the current folder's `work`."""
    ### BEGIN SOLUTION
    return len(os.listdir("work"))
    ### END SOLUTION

# %% tests="cd_counts" points=1
assert count_files() == 2

# %%
%cd -q work

# %% solution="where"
### BEGIN SOLUTION
here = os.path.basename(os.getcwd())
### END SOLUTION

# %% tests="where_now" points=1
assert here == "work"
assert os.path.exists("sorted.txt")

# %% solution="timed"
### BEGIN SOLUTION
%time total = sum(range(1000))
### END SOLUTION

# %% tests="timed_total" points=1
assert total == 499500
