"""Where students get the course: the table `[tool.coursekit]` of the project's pyproject.toml.

This module knows the table; it does not know notebooks and asks no network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import LabError
from autograder.labs.toml import read_toml

__all__ = ["Publication", "find_publication"]

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WHEEL = "coursekit-{}-py3-none-any.whl"
_KEYS = ("repository", "tag")


@dataclass(frozen=True)
class Publication:
    """Where students get one release of the course.

    Attributes:
        version: Version of the package, such as "0.2.0".
        tag: Tag of the release in the repository, such as "v0.2.0".
        repository: The published course on GitHub as "OWNER/NAME"; "" if the course has none.
    """

    version: str
    tag: str
    repository: str = ""

    @property
    def wheel(self) -> str:
        """File name of the students' package, for a course that hands it out itself."""
        return _WHEEL.format(self.version)

    @property
    def archive(self) -> str:
        """Address from which pip installs the package at the tag; "" without a repository."""
        return f"https://github.com/{self.repository}/archive/refs/tags/{self.tag}.zip" if self.repository else ""

    def colab(self, notebook: str) -> str:
        """Return the address that opens a notebook at the tag in Colab; "" without a repository.

        Args:
            notebook: Path of the notebook in the repository, such as "notebooks/labs/lab02_mlp.ipynb".
        """
        if not self.repository:
            return ""
        return f"https://colab.research.google.com/github/{self.repository}/blob/{self.tag}/{notebook}"


def find_publication(folder: Path) -> Publication | None:
    """Read where the course around a folder is published.

    Args:
        folder: A folder of the project.

    Returns:
        What the nearest pyproject.toml, in the folder or above it, says; None if there is none, or if
        it has no table `[tool.coursekit]`.

    Raises:
        LabError: The table cannot be used. The message names the file and the key.
    """
    folder = Path(folder).absolute()
    path = next((file for place in (folder, *folder.parents) if (file := place / "pyproject.toml").is_file()), None)
    content = read_toml(path) if path else {}
    tools = content.get("tool")
    table = tools.get("coursekit") if isinstance(tools, dict) else None
    if path is None or table is None:
        return None
    if not isinstance(table, dict) or (unknown := sorted(set(table) - set(_KEYS))):
        found = ", ".join(unknown) if isinstance(table, dict) else repr(table)
        raise LabError(f"{path}: [tool.coursekit] may hold {' and '.join(_KEYS)}; found {found}")
    project = content.get("project")
    version = project.get("version") if isinstance(project, dict) else None
    if not isinstance(version, str) or not _TAG.fullmatch(version):
        raise LabError(f'{path}: [project] version = {version!r}; expected the version of the package, such as "0.2.0"')
    repository, tag = table.get("repository", ""), table.get("tag", f"v{version}")
    if not isinstance(repository, str) or (repository and not _REPOSITORY.fullmatch(repository)):
        raise LabError(
            f"{path}: [tool.coursekit] repository = {repository!r}; expected OWNER/NAME of a repository on GitHub, "
            'which Colab opens, or "" for a course without one'
        )
    if not isinstance(tag, str) or not _TAG.fullmatch(tag):
        raise LabError(f'{path}: [tool.coursekit] tag = {tag!r}; expected the tag of a release, such as "v0.2.0"')
    return Publication(version, tag, repository)
