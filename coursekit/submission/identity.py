"""The student's ID for the name of the file: given, remembered, or asked for once. Knows nothing of notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coursekit import _console
from coursekit.submission.errors import SubmissionError

__all__ = ["Student", "student"]

_EXAMPLE = 'coursekit.submit(student="your ID")'
_WHICH = "the one that your course knows you by, such as s1234567 or a login name"
_LONGEST = 100


@dataclass(frozen=True)
class Student:
    """Who hands in.

    Attributes:
        id: The student's ID.
        source: Where it comes from, in words.
    """

    id: str
    source: str

    def __str__(self) -> str:
        return f"`{self.id}`, {self.source}. If that is not you, hand in again with `{_EXAMPLE}`, which is remembered instead."


def student(given: str | int | None = None) -> Student:
    """Return who hands in, and remember it for the next time.

    Args:
        given: The ID; None to take the remembered one, or to ask.

    Raises:
        SubmissionError: If there is none, or it is too long.
    """
    source = "as this call says"
    if given is None:
        remembered = _remembered()
        if remembered:
            return Student(remembered, f"as an earlier call on this machine said: it was remembered in {_file()}")
        given, source = _asked(), "as you have just typed it"
    name = " ".join(str(given).split())
    if not any(letter.isalnum() for letter in name):
        raise SubmissionError(f"No ID was given{f', but {name!r}' if name else ''}. Write {_EXAMPLE}, {_WHICH}.")
    if len(name) > _LONGEST:
        raise SubmissionError(
            f"The ID has {len(name)} characters, at most {_LONGEST} are expected. Write {_EXAMPLE}, {_WHICH}."
        )
    kept = _remember(name)
    return Student(name, f"{source}; remembered for the next time" if kept else f"{source}; it could not be remembered")


def _asked() -> str:
    _console.say("coursekit.submit() waits for you: type your student ID into the field below, and press Enter.")
    try:
        return input(f"Your student ID, {_WHICH} (asked only once): ")
    except Exception as error:  # a front end without a field for answers
        raise SubmissionError(f"Your ID is not known, and it cannot be asked for here. Write {_EXAMPLE}.") from error


def _file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("coursekit")) / "student.txt"


def _remembered() -> str:
    try:
        return _file().read_text(encoding="utf-8").strip()
    except (OSError, ValueError, RuntimeError):  # none yet, an unreadable file, no home folder
        return ""


def _remember(name: str) -> bool:
    """Keep the ID for the next time. Return whether that was possible."""
    try:
        path = _file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
        return True
    except (OSError, ValueError, RuntimeError):  # no home folder, or a read-only one: it will be asked again
        return False
