"""What students install moves nothing that a Colab runtime ships, what we pin is what we declare, and the README is true."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from autograder.labs.source import find_labs, load_lab

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9_.-]+)==([^ ;]+)", line):
            found.setdefault(match[1].lower().replace("_", "-"), set()).add(match[2])
    return found


@pytest.mark.parametrize("text", PROJECT["dependencies"])
def test_a_colab_runtime_satisfies_what_students_need(text: str) -> None:
    requirement = Requirement(text)
    colab = pins(ROOT / "tests" / "colab-versions.txt")
    if requirement.marker and not requirement.marker.evaluate({"python_version": "3.13"}):
        return
    (version,) = colab[requirement.name]
    assert version in requirement.specifier


def test_every_declared_dependency_is_pinned_within_its_range() -> None:
    pinned = pins(ROOT / "constraints.txt")
    declared = [*PROJECT["dependencies"], *(text for extra in PROJECT["optional-dependencies"].values() for text in extra)]
    for requirement in map(Requirement, declared):
        if requirement.name != PROJECT["name"]:
            versions = pinned[requirement.name]
            assert any(version in requirement.specifier for version in versions), requirement


def test_no_file_names_where_packages_come_from() -> None:
    for name in ("pyproject.toml", "constraints.txt", "Makefile"):
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|find-links|https?://\S*pypi", text), name


def test_the_readme_gives_each_lab_its_points() -> None:
    rows = re.findall(r"^\| \d · [^|]*\|[^|]*\| (\d+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [int(points) for points in rows] == [load_lab(folder).points for folder in find_labs(ROOT / "labs")]
