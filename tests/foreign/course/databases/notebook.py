# %% [markdown]
# # SQL

# %% locked="open"
import sqlite3

connection = sqlite3.connect(":memory:")
connection.executescript("""
CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, year INTEGER, author TEXT);
INSERT INTO books (title, year, author) VALUES ('Emma', 1815, 'Austen'), ('Persuasion', 1817, 'Austen'), ('Dracula', 1897, 'Stoker');
""")

# %% [markdown]
# A query for the titles after 1816, oldest first.

# %% solution="query"
### BEGIN SOLUTION
query = "SELECT title FROM books WHERE year > 1816 ORDER BY year"
### END SOLUTION

# %% tests="query_rows" points=2
assert connection.execute(query).fetchall() == [("Persuasion",), ("Dracula",)]

# %% tests="query_selects_one_column" points=1
assert [column[0] for column in connection.execute(query).description] == ["title"]

# %% solution="insert"
def add_book(connection, title, year, author):
    """Add a book, safely whatever its title; return its id."""
    ### BEGIN SOLUTION
    cursor = connection.execute("INSERT INTO books (title, year, author) VALUES (?, ?, ?)", (title, year, author))
    connection.commit()
    return cursor.lastrowid
    ### END SOLUTION

# %% tests="insert_safely" points=2
new = add_book(connection, "It's", 1986, "King")
assert connection.execute("SELECT title FROM books WHERE id = ?", (new,)).fetchone() == ("It's",)

# %% tests="insert_one_row" points=1
assert connection.execute("SELECT COUNT(*) FROM books").fetchone()[0] == 4

# %% solution="by_author"
def by_author(connection):
    """Author → number of books."""
    ### BEGIN SOLUTION
    return dict(connection.execute("SELECT author, COUNT(*) FROM books GROUP BY author"))
    ### END SOLUTION

# %% tests="by_author_counts" points=1
assert by_author(connection)["Austen"] == 2

# %% tests="by_author_of_another_database" points=1
other = sqlite3.connect(":memory:")
other.execute("CREATE TABLE books (author TEXT)")
assert by_author(other) == {}

# %% solution="frame"
import pandas as pd

### BEGIN SOLUTION
frame = pd.read_sql("SELECT * FROM books", connection, index_col="id")
### END SOLUTION

# %% tests="frame_columns" points=1
assert list(frame.columns) == ["title", "year", "author"]
assert frame.index.name == "id"
assert frame.year.max() == 1986
