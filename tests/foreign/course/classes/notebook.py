# %% [markdown]
# # Classes
# A stack, a vector, an account and a shape.

# %% solution="Stack"
class Stack:
    """Last in, first out; `pop` on an empty stack raises IndexError."""

    ### BEGIN SOLUTION
    def __init__(self):
        self._items = []

    def push(self, item):
        self._items.append(item)

    def pop(self):
        return self._items.pop()

    def __len__(self):
        return len(self._items)
    ### END SOLUTION

# %% tests="stack_order" points=2
s = Stack()
s.push(1)
s.push("two")
assert len(s) == 2
assert s.pop() == "two"
assert s.pop() == 1

# %% tests="stack_empty" points=1
try:
    Stack().pop()
except IndexError:
    pass
else:
    raise AssertionError("pop on an empty stack should raise IndexError")

# %% solution="Vector"
class Vector:
    """A vector with `+`, `*` by a number from both sides, `abs`, `==` and a repr such as Vector(1, 2)."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    ### BEGIN SOLUTION
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    __rmul__ = __mul__

    def __abs__(self):
        return (self.x**2 + self.y**2) ** 0.5

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __repr__(self):
        return f"Vector({self.x}, {self.y})"
    ### END SOLUTION

# %% tests="vector_arithmetic" points=2
assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)
assert 2 * Vector(1, 2) * 3 == Vector(6, 12)
assert abs(Vector(3, 4)) == 5

# %% tests="vector_equality" points=1
assert Vector(1, 2) != Vector(2, 1)
assert Vector(1, 2) != (1, 2)
### BEGIN HIDDEN TESTS
assert len({Vector(1, 2), Vector(1, 2)}) == 1
### END HIDDEN TESTS

# %% tests="vector_repr" points=1
assert repr(Vector(1, 2)) == "Vector(1, 2)"
assert str([Vector(0, -1)]) == "[Vector(0, -1)]"

# %% locked="Account"
class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance

    def deposit(self, amount):
        self.balance += amount

# %% solution="Savings"
class Savings(Account):
    """An account with interest: `add_interest()` adds `rate` of the balance; deposits below 0 raise ValueError."""

    def __init__(self, owner, balance=0, rate=0.02):
        ### BEGIN SOLUTION
        super().__init__(owner, balance)
        self.rate = rate
        ### END SOLUTION

    ### BEGIN SOLUTION
    def deposit(self, amount):
        if amount < 0:
            raise ValueError("deposit something")
        super().deposit(amount)

    def add_interest(self):
        self.deposit(self.balance * self.rate)
    ### END SOLUTION

# %% tests="savings_inherits" points=1
assert issubclass(Savings, Account)
assert isinstance(Savings("ada"), Account)
assert "deposit" in Savings.__dict__

# %% tests="savings_interest" points=2
a = Savings("ada", 100, rate=0.1)
a.add_interest()
assert abs(a.balance - 110) < 1e-9
a.deposit(10)
assert abs(a.balance - 120) < 1e-9

# %% tests="savings_refuses" points=1
try:
    a.deposit(-5)
    assert False, "a deposit below 0 should be refused"
except ValueError as error:
    assert str(error)
assert abs(a.balance - 120) < 1e-9

# %% solution="Shape"
from dataclasses import dataclass

@dataclass(frozen=True, order=True)
class Rectangle:
    ### BEGIN SOLUTION
    width: float
    height: float = 1.0

    @property
    def area(self):
        return self.width * self.height
    ### END SOLUTION

# %% tests="rectangle" points=2
from dataclasses import FrozenInstanceError, asdict, fields

assert [f.name for f in fields(Rectangle)] == ["width", "height"]
assert Rectangle(2, 3).area == 6
assert sorted([Rectangle(2), Rectangle(1, 5)])[0] == Rectangle(1, 5)
assert asdict(Rectangle(2)) == {"width": 2, "height": 1.0}
try:
    Rectangle(1).width = 2
    raise AssertionError("it should be frozen")
except FrozenInstanceError:
    pass
