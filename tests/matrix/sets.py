"""The sets of versions in `sets.toml`, and what pip is asked for in each.

Pure: reads two files and installs nothing. Knows nothing of labs.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["EXTRAS", "ROOT", "SETS", "TOOLS", "SetError", "VersionSet", "chosen", "declared", "read_sets"]

ROOT = Path(__file__).parents[2]
SETS = Path(__file__).with_name("sets.toml")
COLAB = ROOT / "tests" / "colab-versions.txt"
# What `verify` and the tests that the matrix runs import beside the project's own dependencies.
TOOLS = ("hypothesis>=6.100", "packaging", "pytest>=8.2", "pytest-timeout>=2.3")
EXTRAS = ("lab", "instructor")
BACKENDS = ("tensorflow", "jax", "torch")
_KEYS = {"python", "backend", "pins", "colab", "alone", "pre"}


class SetError(Exception):
    """A set is not written as expected, or does not exist."""


@dataclass(frozen=True)
class VersionSet:
    """One set of versions.

    Attributes:
        name: Its name.
        python: Major and minor number of its Python, such as "3.10".
        backend: Backend of Keras.
        pins: Requirements beyond those of the project, such as "keras==3.10.*".
        alone: Packages that are installed without what they require.
        pre: Whether pip may take pre-releases.
    """

    name: str
    python: str
    backend: str
    pins: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    pre: bool = False

    def requirements(self, declared: Sequence[str]) -> list[str]:
        """Return what pip installs before the project itself and the packages of `alone`.

        Args:
            declared: What the project declares, see `declared`.
        """
        return [*(text for text in declared if _package(text) not in self.alone), *self.pins, *TOOLS]

    def key(self, declared: Sequence[str]) -> str:
        """Return a short hash of all that decides what the environment holds.

        Args:
            declared: As for `requirements`.
        """
        text = "\n".join([self.python, str(self.pre), *self.alone, *sorted(self.requirements(declared))])
        return hashlib.sha256(text.encode()).hexdigest()[:10]


def read_sets(path: Path = SETS, colab: Path = COLAB) -> dict[str, VersionSet]:
    """Read the sets.

    Args:
        path: The file of the sets.
        colab: The file with the versions of a Colab runtime, `name==version` in each line.

    Returns:
        The sets by name, in the order of the file.

    Raises:
        SetError: The file cannot be read, or a set is not written as the head of `sets.toml` says.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        versions = dict(re.findall(r"^([\w.-]+)==(\S+)", colab.read_text(encoding="utf-8").lower(), re.MULTILINE))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SetError(f"{path}: cannot be read: {error}") from error
    return {name: _set(f"{path.name}, [{name}]", name, table, versions) for name, table in tables.items()}


def declared(path: Path = ROOT / "pyproject.toml") -> list[str]:
    """Return the requirements that the project declares for students and instructors.

    Args:
        path: Its pyproject.toml.
    """
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *(text for extra in EXTRAS for text in project["optional-dependencies"][extra])]
    return [text for text in texts if _package(text) != project["name"]]


def chosen(sets: dict[str, VersionSet], names: Sequence[str]) -> list[VersionSet]:
    """Return the sets of these names, or all of them.

    Args:
        sets: All sets.
        names: Names; none means all.

    Raises:
        SetError: There is no set of such a name.
    """
    if strangers := [name for name in names if name not in sets]:
        raise SetError(f"there is no set {', '.join(map(repr, strangers))}; the sets are {', '.join(sets)}")
    return [sets[name] for name in names or sets]


def _package(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _set(where: str, name: str, table: Any, colab: dict[str, str]) -> VersionSet:
    if not isinstance(table, dict) or (unknown := set(table) - _KEYS):
        said = ", ".join(sorted(unknown)) if isinstance(table, dict) else repr(table)
        raise SetError(f"{where}: expected some of {', '.join(sorted(_KEYS))}, found {said}")
    if not re.fullmatch(r"3\.\d+", str(table.get("python", ""))):
        raise SetError(f'{where}: python must be such as "3.11", it is {table.get("python")!r}')
    if table.get("backend") not in BACKENDS:
        raise SetError(f"{where}: backend must be one of {', '.join(BACKENDS)}, it is {table.get('backend')!r}")
    if missing := [package for package in table.get("colab", ()) if package not in colab]:
        raise SetError(f"{where}: the versions of Colab do not name {', '.join(missing)}")
    pins = [f"{package}{wanted}" for package, wanted in table.get("pins", {}).items()]
    pins += [f"{package}=={colab[package]}" for package in table.get("colab", ())]
    return VersionSet(
        name, table["python"], table["backend"], tuple(pins), tuple(table.get("alone", ())), bool(table.get("pre", False))
    )
