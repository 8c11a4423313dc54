"""The secret of a course, from which its sealed splits are drawn (see `sealed`): where it is kept, and how it is made.

Only the instructor may read its file. The same secret gives the same sealed splits, so that grading again gives the same marks.
Knows files; nothing of labs or of what is drawn.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from autograder.errors import SecretError

__all__ = ["find_secret", "new_secret"]

OF_THE_COURSE = ".secret"  # in the course's folder
OF_THE_RESULTS = "secret"  # beside what is kept of earlier runs


def find_secret(kept: Path, course: Path | None = None) -> str:
    """The secret in `.secret` of the course's folder, or else in `secret` of the folder `kept`, where one is made at the first use.

    Raises SecretError for an empty file and for one that cannot be read or written.
    """
    path = kept / OF_THE_RESULTS
    try:
        if course is not None and (course / OF_THE_COURSE).exists():
            path = course / OF_THE_COURSE
        elif not path.exists():
            _make(path)
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path}: the secret of the course cannot be read or kept there: {error}") from error
    if not secret:
        raise SecretError(
            f"{path}: expected the secret of the course, and the file is empty; delete it to have a new one drawn"
        )
    return secret


def new_secret() -> str:
    """A secret that nobody had before."""
    return secrets.token_hex(32)


def _make(path: Path) -> None:
    """Write a new secret that only we may read. If another grader makes one at the same time, both end up with the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # which only its owner may read
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{new_secret()}\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError:  # a file system without links
        if not path.exists():
            os.replace(draft, path)
            return
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft)
