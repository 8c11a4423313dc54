# %% [markdown]
# # Words

# %%
import re
from collections import Counter

poem = """The cat sat on the mat.
The dog, the cat and the rat: all sat!"""

# %% solution="count"
def count_words(text):
    """How often each word stands in the text, as a Counter; capitals and punctuation do not matter.

    >>> count_words("A cat, a dog.")["a"]
    2
    >>> count_words("")
    Counter()
    """
    ### BEGIN SOLUTION
    return Counter(re.findall(r"[a-z]+", text.lower()))
    ### END SOLUTION

# %% tests="count_poem" points=2
c = count_words(poem)
assert c["the"] == 5
assert c.most_common(2) == [("the", 5), ("cat", 2)]
assert c["zebra"] == 0

# %% tests="count_doctest" points=1
import doctest

assert doctest.testmod().failed == 0

# %% tests="count_documented" points=1
assert ">>>" in count_words.__doc__
assert isinstance(count_words(poem), Counter)

# %% solution="dates"
### BEGIN SOLUTION
DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
### END SOLUTION

def dates(text):
    """All dates such as 2024-05-31 in the text as (year, month, day)."""
    ### BEGIN SOLUTION
    return [tuple(int(part) for part in match) for match in DATE.findall(text)]
    ### END SOLUTION

# %% tests="dates_found" points=2
assert dates("from 2024-05-31 to 2024-06-02") == [(2024, 5, 31), (2024, 6, 2)]
assert dates("no 24-5-1") == []

# %% tests="dates_pattern" points=1
assert DATE.groups == 3
assert isinstance(DATE, re.Pattern)

# %% tests="dates_match" points=1
assert DATE.search("on 1999-12-31.").group(1) == "1999"

# %% solution="caesar"
def caesar(text, shift):
    ### BEGIN SOLUTION
    letters = "abcdefghijklmnopqrstuvwxyz"
    moved = letters[shift % 26:] + letters[:shift % 26]
    return text.translate(str.maketrans(letters + letters.upper(), moved + moved.upper()))
    ### END SOLUTION

# %% tests="caesar_there_and_back" points=2
for k in (0, 3, -1, 27):
    assert caesar(caesar("Hello, Wörld", k), -k) == "Hello, Wörld"
assert caesar("xyz", 3) == "abc"

# %% solution="palindrome"
def is_palindrome(text):
    ### BEGIN SOLUTION
    letters = [c for c in text.casefold() if c.isalnum()]
    return letters == letters[::-1]
    ### END SOLUTION

# %% tests="palindrome_answers" points=1
assert is_palindrome("A man, a plan, a canal: Panama!") is True
assert is_palindrome("ab") is False
assert is_palindrome("")

# %% solution="groups"
def by_letter(words):
    """First letter → set of the words that begin with it."""
    ### BEGIN SOLUTION
    from collections import defaultdict
    groups = defaultdict(set)
    for word in words:
        groups[word[0]].add(word)
    return groups
    ### END SOLUTION

# %% tests="groups_values" points=1
g = by_letter(["ant", "bee", "ape", "ant"])
assert g == {"a": {"ant", "ape"}, "b": {"bee"}}

# %% tests="groups_default" points=1
assert g["z"] == set()
