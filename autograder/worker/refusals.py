"""Values that cannot be sent between the two processes, and how a test notices.

A student process sends a note in place of such a value, and the note becomes an `Unseen` in the
examiner. A test that never uses the value is not affected, a check of coursekit names the kind of
the value, and any other use raises `CannotCross`. This is a limit of the grader, so it does not
count as the student's mistake. Knows no values, processes or marks.
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
    """A value cannot be sent.

    Attributes:
        what: The kind of the value with its article, such as "a Figure".
        decides_itself: Whether the object itself defines what it is equal to, as an object of a
            student's own class can. The labs of this course ask for no such object, so there it is
            an answer of the wrong type.
    """

    def __init__(self, what: str, *, decides_itself: bool = False) -> None:
        super().__init__(f"{what} cannot be handed to another process")
        self.what, self.decides_itself = what, decides_itself


class TooLargeError(RefusedError):
    """A value has more parts than can be sent. No part of it is sent."""


class CannotCross(BaseException):
    """A test used a value that could not be sent.

    It is not an `Exception`, so that a test that expects an error of the student's code does not
    catch it.
    """


class NotPlain(CannotCross):
    """A test used an object that could not be sent, and that itself defines what it is equal to."""


def is_limit(error: str) -> bool:
    """Return whether an error name means that a test used a value that could not be sent."""
    return error in (CannotCross.__name__, NotPlain.__name__)


def sentence(what: str) -> str:
    """Return the message of a verdict about a value that could not be sent. what: the kind of the value."""
    return f"this test cannot look at {what} from outside your own process"


def own_class(kind: type) -> bool:
    """Return whether a class was defined in the notebook itself."""
    return kind.__module__ == "__main__"


def described(kind: type) -> str:
    """Return what messages call an object of this class, with an article."""
    name = kind.__name__[:60]
    if own_class(kind):
        return f"an object of your class {name}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


class Unseen:
    """Placeholder in the examiner for a value that could not be sent.

    Its `repr` names the kind of the value; any other use raises CannotCross or NotPlain.

    Args:
        what: The kind of the value.
        decides_itself: See `RefusedError`.
        number: Number of the value at the other end, with which it can be passed back as an
            argument.
    """

    def __init__(self, what: str, decides_itself: bool, number: int) -> None:
        object.__setattr__(self, "_what", " ".join(what.split())[:WHAT_CHARS])
        object.__setattr__(self, "_error", NotPlain if decides_itself else CannotCross)
        object.__setattr__(self, "_number", number)

    def __repr__(self) -> str:
        return str(object.__getattribute__(self, "_what"))

    def __getattribute__(self, name: str) -> NoReturn:
        """Refuse all attributes. This covers `isinstance` too, which reads `__class__`."""
        _refuse(self)

    __hash__ = object.__hash__  # it may be an element of a set or a key of a dictionary


def number_of(value: Unseen) -> int:
    """Return the number that the value has at the other end."""
    return int(object.__getattribute__(value, "_number"))


def _refuse(self: Unseen, *_: Any, **__: Any) -> NoReturn:
    """Raise the error for a use of the placeholder."""
    error = object.__getattribute__(self, "_error")
    raise error(sentence(repr(self)))


_USES = """
    setattr delattr eq ne lt le gt ge bool len iter next reversed contains getitem setitem delitem
    call enter exit add radd iadd sub rsub isub mul rmul imul matmul rmatmul truediv rtruediv
    floordiv rfloordiv mod rmod divmod rdivmod pow rpow lshift rshift and rand or ror xor rxor neg
    pos abs invert int float complex index round trunc floor ceil format bytes array fspath await
    aiter anext copy deepcopy reduce_ex
"""
for _name in _USES.split():
    setattr(Unseen, f"__{_name}__", _refuse)
del _name
