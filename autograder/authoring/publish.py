"""Publish the course to students: copy everything that does not reveal answers.

This module knows paths; it does not look into notebooks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from autograder.errors import PublishError

__all__ = ["publish"]

WITHHELD = ("labs", "autograder", "tests", ".ci", ".github", "demo")


def publish(root: Path, target: Path) -> list[Path]:
    """Copy the committed files of the project into a new folder, without labs, autograder and tests.

    The folder is created atomically: it appears only when it is complete.

    Args:
        root: Folder of the project, a git checkout.
        target: The new folder.

    Returns:
        Relative paths of the files that were copied.

    Raises:
        PublishError: `target` exists already, or `root` is not a git checkout.
    """
    root, target = Path(root).resolve(), Path(target).resolve()
    if target.exists():
        raise PublishError(f"{target} exists already; name a new folder, or remove this one first")
    files = [path for path in _committed(root) if path.parts[0] not in WITHHELD and (root / path).is_file()]
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        for path in files:
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, scratch / path)
        scratch.chmod(0o755)
        os.rename(scratch, target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return files


def _committed(root: Path) -> list[Path]:
    done = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PublishError(f"{root} is not a git checkout, so the files of the course are not known: {done.stderr.strip()}")
    return [Path(name) for name in done.stdout.split("\0") if name]
