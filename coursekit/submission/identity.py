"""The student's ID for the name of the file: given, remembered, or asked for once. Knows nothing of notebooks."""

from __future__ import annotations

from pathlib import Path

from coursekit.submission.errors import SubmissionError

__all__ = ["student_id"]

_EXAMPLE = 'coursekit.submit(student="your ID")'


def student_id(given: str | int | None = None) -> str:
    """Return the student's ID, and remember it for the next time.

    Args:
        given: The ID; None to take the remembered one, or to ask.

    Raises:
        SubmissionError: If there is none, or it is empty.
    """
    if given is None:
        remembered = _remembered()
        if remembered:
            return remembered
        given = _asked()
    student = " ".join(str(given).split())
    if not any(letter.isalnum() for letter in student) or len(student) > 100:
        raise SubmissionError(f"The ID {student[:40]!r} is empty or too long. Write {_EXAMPLE}, as your course knows you.")
    _remember(student)
    return student


def _asked() -> str:
    try:
        return input("Your student ID, as your course knows you (asked only once): ")
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


def _remember(student: str) -> None:
    try:
        path = _file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(student, encoding="utf-8")
    except (OSError, ValueError, RuntimeError):  # no home folder, or a read-only one: it will be asked again
        pass
