"""Make the environment of a set with venv and pip, and find it again.

An environment lies in `.matrix/NAME-KEY`; KEY is a hash of its pins and of what the project declares, so that a change of either makes
a new one. A set whose Python or packages cannot be had raises UnavailableError. Knows nothing of what is run in it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.matrix.sets import ROOT, VersionSet, declared

__all__ = ["FOLDER", "UnavailableError", "find_python", "made", "reason"]

FOLDER = ROOT / ".matrix"
_DONE = ".made"


class UnavailableError(Exception):
    """The environment of a set cannot be made here. The message says why, in a few words."""


def find_python(version: str) -> str:
    """Return the path of a Python of this version: this one, or `pythonX.Y` of PATH.

    Args:
        version: Such as "3.11".

    Raises:
        UnavailableError: There is none.
    """
    names = [sys.executable, *filter(None, (shutil.which(f"python{version}"), shutil.which("python3")))]
    for name in names:
        said = subprocess.run(
            [name, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        if said.returncode == 0 and said.stdout.strip() == version:
            return name
    raise UnavailableError(f"no python{version} on this machine's PATH")


def made(wanted: VersionSet, *, folder: Path = FOLDER, fresh: bool = False) -> Path:
    """Make the environment of a set, or find the one that was made before.

    Args:
        wanted: The set.
        folder: Where environments lie. Earlier environments of the set are removed.
        fresh: Make it anew in any case, so that what is not pinned is the newest of today.

    Returns:
        The path of its Python.

    Raises:
        UnavailableError: Its Python or its packages cannot be had here.
    """
    place = folder / f"{wanted.name}-{wanted.key(declared())}"
    python = place / "bin" / "python"
    if (place / _DONE).exists() and not fresh:
        return python
    base = find_python(wanted.python)
    for earlier in folder.glob(f"{wanted.name}-*"):
        if re.fullmatch(r"[0-9a-f]{10}", earlier.name.removeprefix(f"{wanted.name}-")):
            shutil.rmtree(earlier)
    _run([base, "-m", "venv", str(place)])
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--upgrade", "pip"])  # an old one takes long to choose versions
    _run([*pip, *(["--pre"] if wanted.pre else []), *wanted.requirements(declared())])
    _run([*pip, "--no-deps", "--editable", str(ROOT), *wanted.alone])
    (place / _DONE).touch()
    return python


def reason(output: str) -> str:
    """Return in one line why pip failed: the first line that says it, without its prefix.

    Args:
        output: What pip printed.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    best = next((line for line in errors if line.startswith("No matching distribution")), "")
    said = best or (errors or lines or ["no reason given"])[0]
    return re.sub(r"\s*\(from versions:.*?\)", "", said)[:200]


def _run(line: Sequence[str]) -> None:
    ended = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if ended.returncode:
        raise UnavailableError(reason(ended.stderr + ended.stdout))
