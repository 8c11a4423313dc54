"""A verification takes from its cache what ran before, and runs what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring import runs
from autograder.authoring.verify import Check, Effort, verify
from autograder.execution.runner import run_steps
from autograder.execution.steps import Outcome, Step
from autograder.grading.cache import ResultCache
from autograder.grading.options import Options
from autograder.labs.source import load_lab

EFFORT = Effort(repeats=2, seeds=1, draws=2, twins="sample", mutants="sample")


class Counted:
    """`run_steps` that keeps the sources of each run."""

    def __init__(self) -> None:
        self.sources: list[list[str]] = []

    def __call__(self, steps: Sequence[Step], **how: object) -> list[Outcome]:
        self.sources.append([step.source for step in steps])
        return run_steps(steps, **how)  # type: ignore[arg-type]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr(runs, "run_steps", counted)
    return counted


def proved(folder: Path, kept: ResultCache | None, secret: str = "one") -> list[Check]:
    return verify(load_lab(folder), Options(fast=True, secret=secret), EFFORT, kept=kept)


def test_what_ran_before_does_not_run_again_and_says_the_same(toy_folder: Path, tmp_path: Path, counted: Counted) -> None:
    kept = ResultCache(tmp_path / "kept")
    first = proved(toy_folder, kept)
    assert not [check for check in first if check.problems]
    assert counted.sources
    counted.sources.clear()
    assert proved(toy_folder, kept) == first
    assert counted.sources == []


def test_only_an_answer_that_changed_runs_again_and_is_judged_anew(toy_folder: Path, tmp_path: Path, counted: Counted) -> None:
    kept = ResultCache(tmp_path / "kept")
    proved(toy_folder, kept)
    counted.sources.clear()
    path = toy_folder / "answers" / "mean.toml"
    path.write_text(path.read_text().replace("return np.mean(x)", "return np.median(x)", 1))
    found = [problem for check in proved(toy_folder, kept) for problem in check.problems]
    assert counted.sources
    assert all(any("np.median(x)" in source for source in run) for run in counted.sources)
    assert any("expected 8 of 8" in problem for problem in found)


def test_marks_and_messages_that_changed_are_judged_without_a_run(toy_folder: Path, tmp_path: Path, counted: Counted) -> None:
    kept = ResultCache(tmp_path / "kept")
    proved(toy_folder, kept)
    counted.sources.clear()
    path = toy_folder / "answers" / "mean.toml"
    path.write_text(path.read_text().replace('hint = "divide', 'hint = "multiply', 1))
    found = [problem for check in proved(toy_folder, kept) for problem in check.problems]
    assert any("no message says" in problem for problem in found)
    assert counted.sources == []


def test_other_random_numbers_are_other_runs(toy_folder: Path, tmp_path: Path, counted: Counted) -> None:
    kept = ResultCache(tmp_path / "kept")
    proved(toy_folder, kept)
    before = len(counted.sources)
    counted.sources.clear()
    proved(toy_folder, kept, secret="two")
    assert len(counted.sources) == before


@pytest.mark.parametrize("ends", ["import os; os._exit(1)", "raise OSError('no space left on device')"])
def test_an_outcome_that_the_machine_may_have_caused_is_not_kept(
    toy_folder: Path, tmp_path: Path, counted: Counted, ends: str
) -> None:
    path = toy_folder / "answers" / "mean.toml"
    text = path.read_text()
    assert "return np.mean(x)" in text
    path.write_text(text.replace("return np.mean(x)", ends, 1))
    kept = ResultCache(tmp_path / "kept")
    proved(toy_folder, kept)
    counted.sources.clear()
    proved(toy_folder, kept)
    assert counted.sources
    assert all(any(ends in source for source in run) for run in counted.sources)


def test_another_seed_and_another_file_beside_the_notebook_are_other_runs(
    toy_folder: Path, tmp_path: Path, counted: Counted
) -> None:
    kept, lab = ResultCache(tmp_path / "kept"), load_lab(toy_folder)
    file = tmp_path / "words.txt"
    file.write_text("one")

    def runs_of(seed: int) -> int:
        counted.sources.clear()
        beside = replace(lab, beside=(("words.txt", str(file)),))
        verify(beside, Options(fast=True, secret="one", seed=seed), EFFORT, kept=kept, exercises=["mean"])
        return len(counted.sources)

    first = runs_of(1)
    assert first
    assert runs_of(1) == 0
    assert runs_of(2) == first
    file.write_text("two")
    assert runs_of(1) == first
