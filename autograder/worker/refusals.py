"""What cannot cross between the two processes, and how a test learns of it.

A student process puts a note in the place of such a value; in the examiner the note becomes an `Unseen`. A test that never looks at
it goes on as if nothing had happened, a check of coursekit names its kind, and whatever else the test does with it raises
`CannotCross`. That is a limit of the grader, so it accuses nobody. Knows no values, no processes and no marks.
"""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = [
    "CannotCross",
    "NotPlain",
    "RefusedError",
    "TooLargeError",
    "Unseen",
    "described",
    "is_limit",
    "number_of",
    "own_class",
    "sentence",
]

WHAT_CHARS = 300


class RefusedError(TypeError):
    """A value that may not cross. what: its kind, such as "a Figure".

    decides_itself: it is an object that itself decides what it is equal to, such as one of a student's own class. The labs of this
    course ask for no such thing, so there it is an answer of the wrong type.
    """

    def __init__(self, what: str, *, decides_itself: bool = False) -> None:
        super().__init__(f"{what} cannot be handed to another process")
        self.what, self.decides_itself = what, decides_itself


class TooLargeError(RefusedError):
    """A value with more parts than may cross: nothing of it does."""


class CannotCross(BaseException):
    """A test looked at something that did not cross. No `Exception`: a test that expects an error does not take it for one."""


class NotPlain(CannotCross):
    """The same for an object that itself decides what it is equal to."""


def is_limit(error: str) -> bool:
    """Whether an outcome's error says that the test met the limit of what crosses."""
    return error in (CannotCross.__name__, NotPlain.__name__)


def sentence(what: str) -> str:
    """What a verdict says of a value that did not cross."""
    return f"this test cannot look at {what} from outside your own process"


def own_class(kind: type) -> bool:
    """Whether a class was made in the notebook itself."""
    return kind.__module__ == "__main__"


def described(kind: type) -> str:
    """What a message calls an object of this class."""
    name = kind.__name__[:60]
    if own_class(kind):
        return f"an object of your class {name}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


class Unseen:
    """What stands in the examiner for a value that did not cross. Its `repr` says its kind; any other use raises CannotCross.

    number: of the value itself at the other end, to which it can be handed back.
    """

    def __init__(self, what: str, decides_itself: bool, number: int) -> None:
        object.__setattr__(self, "_what", " ".join(what.split())[:WHAT_CHARS])
        object.__setattr__(self, "_error", NotPlain if decides_itself else CannotCross)
        object.__setattr__(self, "_number", number)

    def __repr__(self) -> str:
        return str(object.__getattribute__(self, "_what"))

    def __getattribute__(self, name: str) -> NoReturn:
        """Also `isinstance`, which asks for `__class__` where the type alone says no."""
        _refuse(self)

    __hash__ = object.__hash__  # it may be part of a set or a dictionary


def number_of(value: Unseen) -> int:
    """The number at the other end of the value that did not cross."""
    return int(object.__getattribute__(value, "_number"))


def _refuse(self: Unseen, *_: Any, **__: Any) -> NoReturn:
    error = object.__getattribute__(self, "_error")
    raise error(sentence(repr(self)))


_USES = """
    setattr delattr eq ne lt le gt ge bool len iter next reversed contains getitem setitem delitem call enter exit
    add radd iadd sub rsub isub mul rmul imul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod divmod rdivmod
    pow rpow lshift rshift and rand or ror xor rxor neg pos abs invert int float complex index round trunc floor ceil
    format bytes array fspath await aiter anext copy deepcopy reduce_ex
"""
for _name in _USES.split():
    setattr(Unseen, f"__{_name}__", _refuse)
del _name
