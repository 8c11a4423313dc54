"""The same work gets the same mark: what a test draws at random depends on the course, the lab and the test, and on nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.options import Options
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.worker.draws import Draws


@pytest.fixture(autouse=True)
def numpy_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(np.random, "default_rng", np.random.default_rng)
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def drawn(secret: str, test: str) -> list[float]:
    Draws(secret).begin(test)
    weights = keras.initializers.GlorotNormal()((1, 1))
    return [
        np.random.default_rng().random(),
        np.random.default_rng().random(),
        random.random(),
        np.random.rand(),
        float(keras.ops.sum(weights)),
        float(keras.random.uniform(())),
    ]


def test_a_test_draws_the_same_numbers_again_and_other_tests_and_courses_others() -> None:
    first = drawn("a", "lab/softmax")
    assert drawn("a", "lab/softmax") == first
    others = [drawn("a", "lab/one_hot"), drawn("b", "lab/softmax"), drawn("a", "other/softmax")]
    assert len({*first, *(number for other in others for number in other)}) == 24


def test_a_seed_that_a_test_gives_counts_and_without_a_secret_nothing_changes() -> None:
    usual = np.random.default_rng
    Draws("").begin("lab/softmax")
    assert np.random.default_rng is usual
    expected = usual(7).random()
    Draws("a").begin("lab/softmax")
    assert np.random.default_rng(7).random() == expected


def test_global_generators_stay_where_a_notebook_shares_them() -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    Draws("a").begin("lab/softmax", everything=False)
    assert random.random() == expected


def test_a_mark_that_hangs_on_chance_is_the_same_for_the_same_work(toy_folder: Path, tmp_path: Path) -> None:
    source = toy_folder / "lab.py"
    coin = "### BEGIN HIDDEN TESTS\nassert np.random.default_rng().random() < 0.5\n"
    source.write_text(source.read_text().replace("### BEGIN HIDDEN TESTS\n", coin))
    lab = load_lab(toy_folder)
    for student in range(2):
        write_notebook(solve(lab, reference_sources(lab)), tmp_path / "class" / f"student{student}.ipynb")
    found = find_submissions(tmp_path / "class", lab.id)
    marks = set()
    for secret in "abcdefgh":
        verdicts = grade_class(lab, found, Options(secret=secret))
        (same,) = {tuple(test.earned for test in verdict.tests) for verdict in verdicts}
        assert grade_class(lab, found[:1], Options(secret=secret))[0].tests == verdicts[0].tests
        marks.add(same)
        if len(marks) > 1:
            return
    raise AssertionError("eight courses had the same draw")
