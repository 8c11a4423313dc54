"""The matrix of versions: what its sets say, which environment belongs to one, and what its table shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from coursekit import _versions
from tests.matrix import environments, runs
from tests.matrix.__main__ import main
from tests.matrix.environments import UnavailableError, find_python, made, reason
from tests.matrix.sets import SetError, VersionSet, chosen, declared, read_sets
from tests.matrix.table import BEGIN, END, placed, table

SET = VersionSet("one", "3.11", "tensorflow", ("keras==3.12.*",))
RESULT: dict[str, Any] = {
    "set": "one",
    "date": "2026-11-27",
    "python": "3.11",
    "backend": "torch",
    "versions": {"python": "3.11.7", "keras": "3.12.0", "torch": "2.13.0", "numpy": "2.3.1", "pandas": "3.0", "ipython": "9.1"},
    "one_of": 6,
    "labs": {"lab01_perceptron": [], "lab06_saving": ["reference: a | b\nfails"]},
    "tests": {"passed": 10, "skipped": 2, "failed": ["tests.test_x: test_y: no"]},
}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# ── the sets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_oldest_set_pins_the_oldest_version_of_each_package_and_the_oldest_python() -> None:
    oldest = read_sets()["oldest"]
    pins = {requirement.name: requirement.specifier for requirement in map(Requirement, oldest.pins)}
    for package, numbers in _versions.OLDEST.items():
        assert str(pins[package]) == f"=={_versions.dotted(numbers)}.*"
    project = (runs.ROOT / "pyproject.toml").read_text()
    requires = re.search(r'requires-python = "(.*)"', project)
    assert requires
    allowed = [f"3.{minor}" for minor in range(30) if SpecifierSet(requires[1]).contains(f"3.{minor}")]
    assert oldest.python == allowed[0]
    assert {one.python for one in read_sets().values()} == set(allowed)


def test_pyproject_allows_what_the_oldest_set_has_and_nothing_older() -> None:
    asked = {requirement.name: requirement.specifier for requirement in map(Requirement, declared())}
    for package, numbers in _versions.OLDEST.items():
        assert asked[package].contains(_versions.dotted(numbers))
        assert not asked[package].contains(f"{numbers[0]}.{numbers[1] - 1}")


def test_the_sets_name_every_version_that_is_to_be_supported() -> None:
    keras = [pin for one in read_sets().values() for pin in one.pins if pin.startswith("keras==")]
    for version in ("3.10.5", "3.12.1", "3.13.2"):
        assert any(Version(version) in Requirement(pin).specifier for pin in keras)
    assert {one.backend for one in read_sets().values()} == {"tensorflow", "jax", "torch"}
    assert read_sets()["newest"].pins == ()
    assert [one.name for one in read_sets().values() if one.pre] == ["pre-releases"]


def test_colabs_set_takes_its_versions_from_the_list_of_colab() -> None:
    listed = (runs.ROOT / "tests" / "colab-versions.txt").read_text().lower()
    assert all(f"\n{pin}\n" in listed for pin in read_sets()["colab"].pins if "==" in pin)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a]\npython = "2.7"\nbackend = "jax"', r'python must be such as "3.11", it is \'2.7\''),
        ('[a]\npython = "3.11"\nbackend = "theano"', "backend must be one of tensorflow, jax, torch, it is 'theano'"),
        ('[a]\npython = "3.11"\nbackend = "jax"\npin = {}', "expected some of .*pins.*, found pin"),
        ('[a]\npython = "3.11"\nbackend = "jax"\ncolab = ["emacs"]', "do not name emacs"),
        ("a = 3", "found 3"),
        ("[a", "cannot be read"),
    ],
)
def test_a_set_that_is_not_written_as_expected_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SetError, match=said):
        read_sets(write(tmp_path / "sets.toml", text))


def test_a_set_that_does_not_exist_is_refused_with_those_that_do() -> None:
    sets = read_sets()
    assert [one.name for one in chosen(sets, ["jax", "oldest"])] == ["jax", "oldest"]
    assert len(chosen(sets, [])) == len(sets)
    with pytest.raises(SetError, match=r"no set 'olde'; the sets are oldest, "):
        chosen(sets, ["olde"])


def test_the_key_changes_with_everything_that_changes_what_is_installed() -> None:
    others = [
        VersionSet("one", "3.12", "tensorflow", SET.pins),
        VersionSet("one", "3.11", "tensorflow", ()),
        VersionSet("one", "3.11", "tensorflow", SET.pins, pre=True),
    ]
    others.append(VersionSet("one", "3.11", "tensorflow", SET.pins, ("numpy",)))
    keys = {SET.key(["numpy>=1"]), SET.key(["numpy>=2"]), *(other.key(["numpy>=1"]) for other in others)}
    assert len(keys) == 6
    assert SET.key(["a", "b"]) == SET.key(["b", "a"])


def test_a_package_that_is_installed_alone_is_not_among_those_whose_requirements_count() -> None:
    alone = VersionSet("one", "3.11", "tensorflow", (), ("nbgrader",))
    assert [text for text in alone.requirements(declared()) if text.startswith("nbgrader")] == []
    assert [text for text in SET.requirements(declared()) if text.startswith("nbgrader")] == ["nbgrader>=0.9.5"]
    assert not [text for text in declared() if text.startswith("coursekit")]


# ── environments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_environment_is_made_once_and_an_earlier_one_of_the_set_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[list[str]] = []

    def install(line: list[str]) -> None:
        lines.append(line)
        if "venv" in line:
            Path(line[-1], "bin").mkdir(parents=True)

    monkeypatch.setattr(environments, "_run", install)
    monkeypatch.setattr(environments, "find_python", lambda version: f"python{version}")
    for old in ("one-0123456789", "one-more-0123456789", "results"):
        (tmp_path / old).mkdir()
    python = made(SET, folder=tmp_path)
    assert made(SET, folder=tmp_path) == python
    assert [line[:3] for line in lines] == [["python3.11", "-m", "venv"], *[[str(python), "-m", "pip"]] * 3]
    assert "keras==3.12.*" in lines[2]
    assert "--pre" not in lines[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == [python.parts[-3], "one-more-0123456789", "results"]
    made(SET, folder=tmp_path, fresh=True)
    assert len(lines) == 8


def test_an_installation_that_was_cut_off_is_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(line: list[str]) -> None:
        if "venv" in line:
            Path(line[-1], "bin").mkdir(parents=True, exist_ok=True)
        if "--editable" in line:
            raise UnavailableError("no wheel")

    monkeypatch.setattr(environments, "find_python", lambda version: "python")
    monkeypatch.setattr(environments, "_run", fail)
    for _ in range(2):
        with pytest.raises(UnavailableError, match="no wheel"):
            made(SET, folder=tmp_path)


def test_a_python_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UnavailableError, match=r"no python3\.99 on this machine's PATH"):
        find_python("3.99")


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            "ERROR: Could not find a version that satisfies the requirement keras==9 (from versions: 3.0)\n"
            "ERROR: No matching distribution found for keras==9\n",
            "No matching distribution found for keras==9",
        ),
        (
            "ERROR: Cannot install a and b because these package versions have conflicting dependencies.\n\nThe conflict is",
            "Cannot install a and b because these package versions have conflicting dependencies.",
        ),
        ("", "no reason given"),
    ],
)
def test_the_reason_of_pip_is_one_line(printed: str, said: str) -> None:
    assert reason(printed) == said


# ── results and the table ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_of_pytest_is_counted() -> None:
    found = runs.read_junit(
        '<testsuites><testsuite><testcase classname="a" name="t1"/><testcase classname="a" name="t2"><skipped/></testcase>'
        '<testcase classname="a" name="t3"><failure message="no&#10;more"/><error message="late"/></testcase></testsuite></testsuites>'
    )
    assert found == {"passed": 1, "skipped": 1, "failed": ["a: t3: no", "a: t3: late"]}


def test_a_module_that_cannot_be_loaded_says_why() -> None:
    found = runs.read_junit(
        '<testsuites><testcase classname="" name="tests.a"><error message="collection failure">x.py:1: in &lt;module&gt;\n'
        "    import x\nE   OldWarning: mended elsewhere</error></testcase></testsuites>"
    )
    assert found["failed"] == ["tests: tests.a: OldWarning: mended elsewhere"]


def test_tests_that_failed_for_the_same_reason_have_one_line() -> None:
    failed = ["tests: tests.a: Old: no", "tests: tests.b: Old: no", "tests.c: test_d: other"]
    text = table([{**RESULT, "labs": {}, "tests": {"passed": 0, "skipped": 0, "failed": failed}}])
    assert text.splitlines()[-2:] == ["- one: 2 tests: Old: no", "- one: tests.c: test_d: other"]


def test_a_set_that_cannot_be_had_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object, **__: object) -> Path:
        raise UnavailableError("no python3.11 on this machine's PATH")

    monkeypatch.setattr(runs, "made", unavailable)
    result = runs.run(SET, ["lab01_perceptron"], folder=tmp_path)
    assert "not available: no python3.11 on this machine's PATH" in table([result]).splitlines()[2]


def test_the_table_says_what_was_proved_and_lists_what_failed() -> None:
    lines = table([RESULT]).splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == [
        *("one", "3.11.7", "3.12.0", "PyTorch 2.13.0", "2.3.1", "3.0", "9.1"),
        *("1; **not 6**", "6", "10, **1 failed**, 2 skipped", "2026-11-27"),
    ]
    assert lines[-2:] == [r"- one: lab06_saving: reference: a \| b fails", "- one: tests.test_x: test_y: no"]


def test_the_table_counts_problems_that_it_does_not_list() -> None:
    many = {**RESULT, "labs": {"lab01_perceptron": [f"problem {number}" for number in range(40)]}}
    lines = [line for line in table([many]).splitlines() if line.startswith("- ")]
    assert lines[-1] == "- one: and 29 more"
    assert len(lines) == 13


def test_a_set_without_problems_has_no_list() -> None:
    right = {**RESULT, "labs": {"lab01_perceptron": []}, "tests": None}
    text = table([right])
    assert "failed" not in text
    assert "| 1 | 6 | not run |" in text


def test_the_table_goes_between_its_two_comments() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert placed(page, "new") == f"before\n{BEGIN}\n\nnew\n{END}\nafter\n"
    assert placed(placed(page, "new"), "new") == placed(page, "new")
    with pytest.raises(ValueError, match="the page needs the lines"):
        placed("nothing", "new")


def test_docs_have_the_place_of_the_table(root: Path) -> None:
    page = (root / "docs" / "platforms.md").read_text(encoding="utf-8")
    assert placed(page, "x") != page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["olde"], "no set 'olde'"), (["oldest", "--lab", "lab99"], "there is no lab lab99; the labs are lab01")],
)
def test_wrong_usage_is_a_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_the_sets_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "newest", "oldest"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in lines] == [
        ["newest", "Python", "3.13", "tensorflow"],
        ["oldest", "Python", "3.10", "tensorflow"],
    ]
