"""Make the archive that an instructor uploads to Gradescope.

It holds the two programs that Gradescope calls, the grader, the lab with its hidden tests, the secret of the
course and the settings; no known answer, no student and no gradebook. This module knows files; what happens
in the container is the matter of `run`.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.errors import GradescopeError
from autograder.gradescope.results import as_text, not_graded
from autograder.gradescope.run import AGAIN, OURS, SECRET
from autograder.gradescope.settings import FILE, Settings
from autograder.grading.batch import MEMORY_EACH, RESERVE
from autograder.labs.model import Lab

__all__ = ["Needs", "make_archive", "needs"]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal content gives equal archives
_MARGIN = 25  # seconds before Gradescope's time limit at which the grader is ended
_PROJECT = ("pyproject.toml", "README.md", "LICENSE", "datasets/registry.toml")
_PACKAGES = ("coursekit", "autograder", "notebooks")
_SKIPPED = ("__pycache__", ".ipynb_checkpoints", "source")  # folders; notebooks/lectures/source is in no package


@dataclass(frozen=True)
class Needs:
    """What the container needs.

    Attributes:
        memory_gb: Memory in GB.
        minutes: Shortest time limit in which the reference solution can be graded with half a processor.
    """

    memory_gb: float
    minutes: int


def needs(lab: Lab) -> Needs:
    """Estimate what the container of a lab needs.

    Args:
        lab: The lab.

    Returns:
        The memory of a notebook, its examiner and the grader; and four times the time that the lab
        takes on two processors, after the start.
    """
    memory = min(lab.settings.memory_mb << 20, MEMORY_EACH) + RESERVE
    seconds = 4 * lab.settings.running_seconds + 90 + _MARGIN
    return Needs(math.ceil(2 * memory / 1e9) / 2, max(1, math.ceil(seconds / 60)))


def make_archive(lab: Lab, settings: Settings, secret: str, wheel: Path | None = None) -> bytes:
    """Make the archive.

    Args:
        lab: The lab.
        settings: How it is graded.
        secret: Secret of the course.
        wheel: Wheel of `coursekit` to pack; None to pack the checkout that this program runs from.

    Returns:
        The content of the archive; equal arguments give equal archives.

    Raises:
        GradescopeError: This program does not run from a checkout and there is no wheel, or a file
            cannot be read.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(_files(lab, settings, secret, wheel)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _files(lab: Lab, settings: Settings, secret: str, wheel: Path | None) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of each file."""
    root = _checkout()
    if wheel is None and root is None:
        raise GradescopeError(
            "the grader runs from an installed package, not from a checkout of the course, so there is nothing to pack; give the "
            "wheel that it was installed from with --wheel FILE"
        )
    package = f"packages/{wheel.name}" if wheel else "package"
    texts = {
        "setup.sh": _template("setup.sh").render(package=package),
        "run_autograder": _template("run_autograder").render(seconds=60 * settings.minutes - _MARGIN),
        "constraints.txt": _constraints(root),
        FILE: settings.to_json(),
        SECRET: secret + "\n",
        **{f"results/{name}.json": text for name, text in _fallbacks(lab).items()},
    }
    if lab.publication:
        texts["labs/pyproject.toml"] = _publication(lab)
    try:
        yield from ((name, text.encode()) for name, text in texts.items())
        yield from ((f"labs/{lab.id}/{name}", (lab.folder / name).read_bytes()) for name in ("lab.py", "lab.toml"))
        if wheel:
            yield package, wheel.read_bytes()
        elif root:
            yield from ((f"package/{name}", (root / name).read_bytes()) for name in _project_files(root))
    except OSError as error:
        raise GradescopeError(f"{error.filename}: {error.strerror or error}; it belongs into the archive") from error


def _fallbacks(lab: Lab) -> dict[str, str]:
    """Return the results of submissions whose grader did not come to its end."""
    points, title = sum(test.points for test in lab.of("tests")), lab.settings.title
    reasons = {
        "failed": ("The grader ended before it had a result.", OURS),
        "late": (
            "Grading took longer than the time limit of this assignment. Is there a loop without an end in your notebook?",
            AGAIN,
        ),
        "memory": ("Grading needed more memory than there is. Does your notebook make very large arrays?", AGAIN),
    }
    return {name: as_text(not_graded(title, *said, points)) for name, said in reasons.items()}


def _constraints(root: Path | None) -> str:
    """Return the pinned versions, without options such as the address of an index."""
    path = root / "constraints.txt" if root else None
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.is_file() else []
    return "".join(f"{line}\n" for line in lines if line.strip() and not line.lstrip().startswith(("-", "#")))


def _publication(lab: Lab) -> str:
    """Return the pyproject.toml from which the lab knows how its released notebook begins."""
    assert lab.publication is not None
    found = {name: json.dumps(getattr(lab.publication, name)) for name in ("version", "tag", "repository")}
    return (
        f'[project]\nname = "course"\nversion = {found["version"]}\n\n'
        f"[tool.coursekit]\nrepository = {found['repository']}\ntag = {found['tag']}\n"
    )


def _checkout() -> Path | None:
    """Return the folder of the project that this program runs from; None for an installed package."""
    spec = find_spec("autograder")
    places = list(spec.submodule_search_locations or ()) if spec else []
    roots = [Path(place).absolute().parent for place in places]
    return next((root for root in roots if all((root / name).is_file() for name in _PROJECT)), None)


def _project_files(root: Path) -> list[str]:
    """Return the files from which pip can build the package; no lab and no answer is among them."""
    found = list(_PROJECT)
    for folder in _PACKAGES:
        paths = [path for path in (root / folder).rglob("*") if path.is_file() and not path.is_symlink()]
        kept = [path for path in paths if not set(path.relative_to(root).parts[:-1]) & set(_SKIPPED) and path.name[0] != "."]
        found += [path.relative_to(root).as_posix() for path in kept]
    return found


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("autograder.gradescope"), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )


def _template(name: str) -> Any:
    return _templates().get_template(name)
