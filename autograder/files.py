"""Write files atomically. This module does not know their content."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["try_writing", "write_bytes", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write text to a file as UTF-8, atomically as `write_bytes` does.

    Args:
        path: Path of the file.
        text: The text. Surrogates, which UTF-8 cannot encode, are written as escapes.

    Raises:
        OSError: The file cannot be written.
    """
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to a file atomically, through a temporary file in the same folder.

    Missing folders are created. If writing fails, an existing file at `path` is unchanged and the
    temporary file is removed.

    Args:
        path: Path of the file.
        data: The content.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def try_writing(folder: Path) -> None:
    """Check that files can be written to a folder, by writing and removing a small file in it.

    Args:
        folder: The folder. It is created if it does not exist.

    Raises:
        OSError: The folder cannot be created or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(64 * 1024))
