# %% [markdown]
# # Exact numbers, sets, dictionaries, dates

# %%
import datetime as dt
from decimal import Decimal
from fractions import Fraction

# %% solution="harmonic"
def harmonic(n):
    """1 + 1/2 + … + 1/n, exact."""
    ### BEGIN SOLUTION
    return sum((Fraction(1, k) for k in range(1, n + 1)), Fraction(0))
    ### END SOLUTION

# %% tests="harmonic_exact" points=2
assert harmonic(4) == Fraction(25, 12)
assert harmonic(10).denominator == 2520
assert isinstance(harmonic(1), Fraction)

# %% solution="price"
def with_tax(price, rate="0.25"):
    """Decimal with two digits, rounded half up."""
    ### BEGIN SOLUTION
    from decimal import ROUND_HALF_UP
    return (Decimal(price) * (1 + Decimal(rate))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    ### END SOLUTION

# %% tests="price_to_the_cent" points=2
assert with_tax("0.10") == Decimal("0.13")
assert str(with_tax("100")) == "125.00"

# %% solution="weekday"
def next_monday(day):
    """The first Monday after this date."""
    ### BEGIN SOLUTION
    return day + dt.timedelta(days=7 - day.weekday())
    ### END SOLUTION

# %% tests="weekday_dates" points=2
assert next_monday(dt.date(2024, 2, 28)) == dt.date(2024, 3, 4)
assert next_monday(dt.date(2024, 3, 4)) == dt.date(2024, 3, 11)
assert type(next_monday(dt.date(2024, 1, 1))) is dt.date

# %% solution="age"
birthday = dt.datetime(2000, 2, 29, 12, 30, tzinfo=dt.timezone.utc)

### BEGIN SOLUTION
age = dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.timezone.utc) - birthday
### END SOLUTION

# %% tests="age_in_days" points=1
assert age.days == 8766
assert age == dt.timedelta(days=8766)

# %% solution="sets"
def common(*groups):
    """The items that are in every group, as a frozenset."""
    ### BEGIN SOLUTION
    return frozenset.intersection(*map(frozenset, groups))
    ### END SOLUTION

# %% tests="sets_common" points=1
assert common("abc", "bcd", {"c", "b"}) == {"b", "c"}
assert hash(common([1], [1])) == hash(frozenset({1}))

# %% tests="sets_leave_the_groups" points=1
one, two = {1, 2, 3}, {2, 3, 4}
common(one, two)
assert one == {1, 2, 3} and two == {2, 3, 4}

# %% solution="invert"
def inverted(d):
    """Value → sorted list of the keys, in the order in which the values appear."""
    ### BEGIN SOLUTION
    out = {}
    for key, value in d.items():
        out.setdefault(value, []).append(key)
    return {value: sorted(keys) for value, keys in out.items()}
    ### END SOLUTION

# %% tests="invert_values" points=1
assert inverted({"b": 1, "a": 1, "c": 0}) == {1: ["a", "b"], 0: ["c"]}
assert inverted({"x": (1, 2), "y": None}) == {(1, 2): ["x"], None: ["y"]}

# %% tests="invert_order" points=1
assert list(inverted({"b": 2, "a": 1, "c": 2})) == [2, 1]
assert inverted({}).keys() == set()

# %% solution="update"
def add_stock(stock, item, n=1):
    """Add n of the item to the dict `stock`; return the new count."""
    ### BEGIN SOLUTION
    stock[item] = stock.get(item, 0) + n
    return stock[item]
    ### END SOLUTION

# %% tests="update_in_place" points=2
stock = {"apple": 1}
assert add_stock(stock, "apple", 2) == 3
assert add_stock(stock, "pear") == 1
assert stock == {"apple": 3, "pear": 1}

# %% solution="ranges"
### BEGIN SOLUTION
evens = range(0, 100, 2)
z = complex(3, -4)
big = 2**200
flags = b"\x00\xff"
### END SOLUTION

# %% tests="ranges_kinds" points=2
assert evens[-1] == 98 and 7 not in evens
assert abs(z) == 5 and z.conjugate() == 3 + 4j
assert big.bit_length() == 201
assert flags[1] == 255

# %% solution="color"
from enum import Enum

class Color(Enum):
    ### BEGIN SOLUTION
    RED = 1
    GREEN = 2
    ### END SOLUTION

def mix(a, b):
    ### BEGIN SOLUTION
    return a if a is b else None
    ### END SOLUTION

# %% tests="color_members" points=1
assert [c.name for c in Color] == ["RED", "GREEN"]
assert mix(Color.RED, Color.RED) is Color.RED
assert mix(Color.RED, Color.GREEN) is None

# %% solution="queue"
from collections import OrderedDict, deque

### BEGIN SOLUTION
queue = deque([1, 2, 3], maxlen=3)
recent = OrderedDict(a=1, b=2)
### END SOLUTION

# %% tests="queue_turns" points=1
queue.append(4)
assert list(queue) == [2, 3, 4]
recent.move_to_end("a")
assert list(recent) == ["b", "a"]
