"""The secret of a course, from which its sealed splits are drawn (see `sealed`).

This module finds or creates the file with the secret, which only the instructor may read. The same
secret gives the same sealed splits, so grading again gives the same marks. The module does not know
labs or splits.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from autograder.errors import SecretError

__all__ = ["OF_THE_COURSE", "find_secret", "make_secret", "new_secret"]

OF_THE_COURSE = ".secret"  # file in the folder of the course
OF_THE_RESULTS = "secret"  # file in the folder of the result cache


def find_secret(kept: Path, course: Path | None = None) -> str:
    """Read the secret of a course, and create it on first use.

    Args:
        kept: Folder of the result cache. Its file `secret` is used, and created if necessary,
            unless the course has its own secret.
        course: Folder of the course. Its file `.secret` takes precedence if it exists.

    Returns:
        The secret.

    Raises:
        SecretError: The file is empty, or cannot be read or written.
    """
    path = kept / OF_THE_RESULTS
    try:
        if course is not None and (course / OF_THE_COURSE).exists():
            path = course / OF_THE_COURSE
        elif not path.exists():
            make_secret(path)
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path}: the secret of the course cannot be read or kept there: {error}") from error
    if not secret:
        raise SecretError(
            f"{path}: expected the secret of the course, and the file is empty; delete it to have a new one drawn"
        )
    return secret


def new_secret() -> str:
    """Draw a new secret.

    Returns:
        64 random hexadecimal digits.
    """
    return secrets.token_hex(32)


def make_secret(path: Path) -> None:
    """Write a new secret that only this user may read. Graders that do so at the same time end up with the same secret.

    Args:
        path: Path of the file.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # readable by its owner only
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{new_secret()}\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError:  # a file system without hard links
        if not path.exists():
            os.replace(draft, path)
            return
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft)
