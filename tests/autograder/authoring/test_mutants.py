"""A mutant of the reference that earns every point is a hole in a test, or is listed as equivalent with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.mutants import MUTANTS, mutants_of
from autograder.authoring.verify import Check, Effort, verify
from autograder.errors import LabError
from autograder.grading.options import Options
from autograder.labs.source import load_lab

LOOP = "repetition: range(STEPS) → range(STEPS + 1)"


def of_mutants(folder: Path, exercise: str, draws: int = 2) -> Check:
    effort = Effort(1, 1, draws=draws, twins="none", mutants="all")
    checks = verify(load_lab(folder), Options(fast=True), effort, exercises=[exercise])
    (found,) = [check for check in checks if check.name.startswith(MUTANTS)]
    return found


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def weaken(folder: Path) -> None:
    rewrite(folder / "lab.py", 'check.close(w, 2.0**-STEPS, hint="count the steps")', "check.between(w, 0, 0.1)")


def test_every_slip_in_the_reference_of_a_good_lab_loses_points(toy_folder: Path) -> None:
    made = len(mutants_of(load_lab(toy_folder), "halving"))
    assert made > 5
    assert of_mutants(toy_folder, "halving") == Check(f"{MUTANTS} ({made} made, {made} killed, 0 equivalent)")


def test_a_mutant_that_earns_every_point_is_named_with_its_line(toy_folder: Path) -> None:
    weaken(toy_folder)
    found = of_mutants(toy_folder, "halving")
    assert f"halving: the mutant {LOOP!r} (line 2) earns every point" in found.problems
    assert "0 killed" not in found.name


def test_an_equivalent_mutant_is_listed_with_its_reason_and_is_no_problem(toy_folder: Path) -> None:
    weaken(toy_folder)
    alive = [problem.split("'")[1] for problem in of_mutants(toy_folder, "halving").problems]
    listed = "\n".join(f'"{name}" = "any small number counts here"' for name in alive)
    answers = toy_folder / "answers" / "halving.toml"
    text = answers.read_text()
    answers.write_text(f"{text}\n[equivalent]\n{listed}\n")
    found = of_mutants(toy_folder, "halving")
    assert found.problems == ()
    assert f"{len(alive)} equivalent" in found.name
    answers.write_text(f'{text}\n[equivalent]\n{listed}\n"sign: a → b" = "no such mutant"\n')
    (stale,) = of_mutants(toy_folder, "halving").problems
    assert "no mutant 'sign: a → b'" in stale


def test_a_mutant_that_is_called_equivalent_and_loses_points_is_a_problem(toy_folder: Path) -> None:
    answers = toy_folder / "answers" / "halving.toml"
    answers.write_text(f'{answers.read_text()}\n[equivalent]\n"{LOOP}" = "nobody counts"\n')
    (problem,) = of_mutants(toy_folder, "halving").problems
    assert problem == f"halving: the mutant {LOOP!r} is listed as equivalent, but fails halving in 1 of 1 draws"


def test_a_mutant_that_lives_by_luck_is_named_with_its_share_of_the_draws(toy_folder: Path) -> None:
    rewrite(toy_folder / "lab.py", "size=7)", "size=np.random.default_rng().integers(1, 3))")  # the mean of one is its sum
    rewrite(toy_folder / "lab.py", "np.array([1.0, 2.0, 3.0, 4.0])), 2.5", "np.array([2.5])), 2.5")
    problems = of_mutants(toy_folder, "mean", draws=30).problems
    (lucky,) = [problem for problem in problems if "x.sum() / len(x) → x.sum()'" in problem]
    share = int(lucky.split(" of 30 draws")[0].rpartition(" ")[2])
    assert 0 < share < 30


def test_a_reason_is_needed(toy_folder: Path) -> None:
    answers = toy_folder / "answers" / "halving.toml"
    answers.write_text(f'{answers.read_text()}\n[equivalent]\n"{LOOP}" = " "\n')
    with pytest.raises(LabError, match="needs the reason why this mutant is as right as the reference"):
        load_lab(toy_folder)
