# %% [markdown]
# # Reading and writing files

# %% solution="imports"
### BEGIN SOLUTION
import csv
import json
from pathlib import Path
### END SOLUTION

# %% solution="read"
def read_table(path):
    """The rows of a CSV file as dicts with numbers in the column `mark`."""
    ### BEGIN SOLUTION
    with open(path, newline="") as file:
        return [{**row, "mark": float(row["mark"])} for row in csv.DictReader(file)]
    ### END SOLUTION

# %% tests="read_given" points=1
rows = read_table("data/marks.csv")
assert [row["name"] for row in rows] == ["Ada", "Bo"]
assert rows[0]["mark"] == 4.5

# %% tests="read_hidden" points=1
### BEGIN HIDDEN TESTS
with open("other.csv", "w") as file:
    file.write("name,mark\nCy,1\n")
assert read_table("other.csv") == [{"name": "Cy", "mark": 1.0}]
### END HIDDEN TESTS

# %% solution="write"
def write_json(path, rows):
    """Write rows as indented JSON; make folders that are missing; return nothing."""
    ### BEGIN SOLUTION
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(rows, indent=2))
    ### END SOLUTION

# %% tests="write_and_read" points=2
import json as json_of_the_test
import os

assert write_json("out/deep/rows.json", rows) is None
assert json_of_the_test.load(open("out/deep/rows.json")) == rows
assert open("out/deep/rows.json").read().count("\n") > 3

# %% tests="write_leaves_no_other_file" points=1
assert sorted(os.listdir("out")) == ["deep"]
assert os.listdir("out/deep") == ["rows.json"]

# %% [markdown]
# Write the names, one a line and in capitals, to `names.txt`.

# %% solution="names"
### BEGIN SOLUTION
with open("names.txt", "w") as file:
    for row in read_table("data/marks.csv"):
        print(row["name"].upper(), file=file)
### END SOLUTION

# %% tests="names_file" points=2
assert open("names.txt").read().split() == ["ADA", "BO"]

# %% tests="names_ends_with_newline" points=1
assert os.path.getsize("names.txt") == 7

# %% solution="append"
def log(message, path="log.txt"):
    """Add a line to the log."""
    ### BEGIN SOLUTION
    with open(path, "a") as file:
        file.write(message + "\n")
    ### END SOLUTION

# %% tests="log_grows" points=1
if os.path.exists("log.txt"):
    os.remove("log.txt")
log("one")
log("two")
assert open("log.txt").read() == "one\ntwo\n"

# %% tests="log_goes_on" points=1
log("three")
assert len(open("log.txt").readlines()) == 3

# %% solution="lines"
def longest_line(file):
    """The longest line of an open text file, without its line end."""
    ### BEGIN SOLUTION
    return max((line.rstrip("\n") for line in file), key=len)
    ### END SOLUTION

# %% tests="lines_of_open_file" points=1
with open("data/poem.txt") as poem:
    assert longest_line(poem) == "A line that is long enough"
    assert poem.read() == ""

# %% tests="lines_of_text" points=1
import io

assert longest_line(io.StringIO("a\nbbb\ncc")) == "bbb"
