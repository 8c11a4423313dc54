# %% [markdown]
# # Functions of functions

# %%
import functools

# %% solution="compose"
def compose(*functions):
    """compose(f, g)(x) is f(g(x)); compose() is the identity."""
    ### BEGIN SOLUTION
    return functools.reduce(lambda f, g: lambda x: f(g(x)), functions, lambda x: x)
    ### END SOLUTION

# %% tests="compose_order" points=2
assert compose(lambda x: x + 1, lambda x: 2 * x)(5) == 11
assert compose()(7) == 7
assert compose(str, len)("abc") == "3"

# %% solution="counter"
def make_counter(start=0):
    """Each call of the function that comes back gives the next number."""
    ### BEGIN SOLUTION
    def count():
        nonlocal start
        start += 1
        return start
    return count
    ### END SOLUTION

# %% tests="counter_counts" points=1
c = make_counter()
assert [c(), c(), c()] == [1, 2, 3]

# %% tests="counter_is_its_own" points=1
d = make_counter(10)
assert (c(), d(), c()) == (4, 11, 5)

# %% solution="logged"
log = []

def logged(function):
    """A decorator that notes (name, arguments) in `log` and keeps the function's name and docstring."""
    ### BEGIN SOLUTION
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        log.append((function.__name__, args))
        return function(*args, **kwargs)
    return wrapper
    ### END SOLUTION

# %% tests="logged_notes" points=2
@logged
def add(a, b):
    """Add."""
    return a + b

assert add(1, 2) == 3
assert log[-1] == ("add", (1, 2))

# %% tests="logged_keeps_the_name" points=1
assert add.__name__ == "add"
assert add.__doc__ == "Add."

# %% solution="hanoi"
def hanoi(n, a="A", b="B", c="C"):
    """Moves (from, to) that bring n discs from a to c; each move is done by `move`."""
    ### BEGIN SOLUTION
    if n:
        hanoi(n - 1, a, c, b)
        move(a, c)
        hanoi(n - 1, b, a, c)
    ### END SOLUTION

def move(source, target):
    pass

# %% tests="hanoi_moves" points=2
moves = []

def move(source, target):
    moves.append(source + target)

hanoi(2)
assert moves == ["AB", "AC", "BC"]
hanoi(5)
assert len(moves) == 3 + 31

# %% solution="memo"
def fib(n):
    """Quick, by remembering."""
    ### BEGIN SOLUTION
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)

fib = functools.lru_cache(fib)
    ### END SOLUTION

# %% tests="memo_value" points=1
assert fib(60) == 1548008755920

# %% tests="memo_calls_itself" points=2
# Replace the function by one that counts: a recursive solution calls it.
original, calls = fib, []

def fib(n):
    calls.append(n)
    return original(n)

try:
    assert fib(90) == 2880067194370816120
    assert len(calls) > 50
finally:
    fib = original

# %% solution="power"
def power(x, n):
    """x to the n with few multiplications; recursive, without ** and without loops."""
    ### BEGIN SOLUTION
    if n == 0:
        return 1
    half = power(x, n // 2)
    return half * half * (x if n % 2 else 1)
    ### END SOLUTION

# %% tests="power_values" points=1
assert power(2, 10) == 1024 and power(3, 5) == 243 and power(7, 0) == 1

# %% tests="power_source" points=1
import ast
import inspect

tree = ast.parse(inspect.getsource(power))
assert not any(isinstance(node, (ast.Pow, ast.For, ast.While)) for node in ast.walk(tree))

# %% tests="power_multiplies_little" points=1
class Counted(int):
    times = 0

    def __mul__(self, other):
        Counted.times += 1
        return Counted(int(self) * int(other))

    __rmul__ = __mul__

power(Counted(2), 1000)
assert 0 < Counted.times < 40

# %% tests="power_signature" points=1
assert list(inspect.signature(power).parameters) == ["x", "n"]
assert power.__code__.co_argcount == 2
assert power.__annotations__ == {}

# %% solution="global"
threshold = 3

def above(values):
    """The values above `threshold`."""
    ### BEGIN SOLUTION
    return [v for v in values if v > threshold]
    ### END SOLUTION

# %% tests="global_is_read_when_called" points=2
assert above([1, 3, 5]) == [5]
threshold = 0
assert above([1, 3, 5]) == [1, 3, 5]

# %% solution="apply"
def apply_n(f, n, x):
    ### BEGIN SOLUTION
    for _ in range(n):
        x = f(x)
    return x
    ### END SOLUTION

# %% tests="apply_calls_exactly" points=1
seen = []
assert apply_n(lambda s: seen.append(s) or s + "!", 3, "hi") == "hi!!!"
assert seen == ["hi", "hi!", "hi!!"]
