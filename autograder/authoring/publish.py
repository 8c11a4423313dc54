"""Publish the course to students: a project of its own, with the package, the notebooks and the data registry.

What students may have is listed here; everything else stays behind. The project gets a README, a
pyproject.toml, a Makefile and a CI workflow that know nothing of the rest. This module looks into
notebooks only for their titles and points.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.errors import LabError, PublishError
from autograder.labs.publication import Publication, find_publication
from autograder.labs.toml import read_toml

__all__ = ["publish"]

# Patterns of `PurePath.match`, from the top folder. Only committed files are looked at.
COPIED = (
    "LICENSE",
    "constraints.txt",
    "docs/lab02.png",
    "docs/lectures.png",
    "datasets/*",
    "notebooks/labs/*.ipynb",
    "notebooks/lectures/*.ipynb",
)
PACKAGE = "coursekit"
# What the students' pyproject.toml takes over.
NEEDED = ("name", "version", "requires-python", "license", "dependencies")
EXTRAS = ("lab", "gpu")
# Template → file of the published project.
WRITTEN = {
    "README.md.jinja": "README.md",
    "pyproject.toml.jinja": "pyproject.toml",
    "Makefile.jinja": "Makefile",
    "ci.yml.jinja": ".github/workflows/ci.yml",
    "gitignore.jinja": ".gitignore",
}


def publish(root: Path, target: Path) -> list[Path]:
    """Write the students' project into a new folder.

    The folder is created atomically: it appears only when it is complete.

    Args:
        root: Folder of this project, a git checkout.
        target: The new folder.

    Returns:
        Relative paths of its files.

    Raises:
        PublishError: `target` exists already, or `root` is not a git checkout of a course.
    """
    root, target = Path(root).resolve(), Path(target).resolve()
    if target.exists():
        raise PublishError(f"{target} exists already; name a new folder, or remove this one first")
    files = [path for path in _committed(root) if _is_copied(path) and (root / path).is_file()]
    written = _written(root, files)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        for path in files:
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, scratch / path)
        for path, text in written.items():
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).write_text(text, encoding="utf-8")
        scratch.chmod(0o755)
        os.rename(scratch, target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return sorted([*files, *written])


def _committed(root: Path) -> list[Path]:
    done = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PublishError(f"{root} is not a git checkout, so the files of the course are not known: {done.stderr.strip()}")
    return [Path(name) for name in done.stdout.split("\0") if name]


def _is_copied(path: Path) -> bool:
    plain = PurePosixPath(path.as_posix())
    same_depth = (pattern for pattern in COPIED if pattern.count("/") == len(plain.parts) - 1)
    return plain.parts[0] == PACKAGE or any(plain.match(pattern) for pattern in same_depth)


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────────────────


def _written(root: Path, files: Sequence[Path]) -> dict[Path, str]:
    """Return the files that the students' project has of its own."""
    try:
        project, publication = read_toml(root / "pyproject.toml")["project"], find_publication(root)
    except (LabError, KeyError) as error:
        raise PublishError(f"{root} holds no course that can be published: {error}") from error
    if publication is None:
        raise PublishError(
            f"{root / 'pyproject.toml'}: expected a table [tool.coursekit], which says where the course is published"
        )
    extras = project.get("optional-dependencies", {})
    if missing := [key for key in NEEDED if key not in project] + [key for key in EXTRAS if key not in extras]:
        raise PublishError(f"{root / 'pyproject.toml'}: [project] is not complete: it has no {', '.join(missing)}")
    environment = Environment(
        loader=PackageLoader("autograder.authoring", "templates/course"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.filters["toml"] = _toml
    facts = {
        "project": project,
        "extras": {name: extras[name] for name in EXTRAS},
        "publication": publication,
        "notebooks": list(_notebooks(root, files, publication)),
    }
    return {Path(file): environment.get_template(name).render(facts) for name, file in WRITTEN.items()}


def _toml(value: Any) -> str:
    """Return a text, or a list of texts, as TOML; strings of JSON are strings of TOML too."""
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + "".join(f"    {json.dumps(item, ensure_ascii=False)},\n" for item in value) + "]"


def _notebooks(root: Path, files: Sequence[Path], publication: Publication) -> Iterator[dict[str, str]]:
    """Yield what the README says of each notebook; the lectures come first."""
    paths = [path for path in files if path.suffix == ".ipynb"]
    for path in sorted(paths, key=lambda path: (path.parent.name != "lectures", path.name)):
        cells = json.loads((root / path).read_text(encoding="utf-8"))["cells"]
        points = sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells)
        yield {
            "title": "".join(cells[0]["source"]).partition("\n")[0].lstrip("# ").strip(),
            "path": path.as_posix(),
            "points": f"{points:g}" if points else "",
            "colab": publication.colab(path.as_posix()),
        }
