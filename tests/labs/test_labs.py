"""Every lab of the course is proved: on drawn data always, on real data where they can be had."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.verify import Effort, verify
from autograder.grading.options import Options
from autograder.labs.source import find_labs, load_lab

ROOT = Path(__file__).parents[2]
LABS = [folder.name for folder in find_labs(ROOT / "labs")]
SAME_DATA = {"lab04_dropout", "lab06_saving"}
# One of how many known answers is tried here; nightly all of them. The tests of the slow labs build, save and load networks. An
# answer that trains takes as long as twenty others; on real data there are few of them.
ONE_OF, ONE_OF_SLOW, ONE_OF_TRAINED = 6, 9, {"drawn": 14, "real": 7}
SLOW = {"lab05_transfer", "lab06_saving"}
DATA = ["drawn", pytest.param("real", marks=pytest.mark.real_data)]


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("lab_id", LABS)
def test_a_lab_is_proved(lab_id: str, data: str) -> None:
    lab = load_lab(ROOT / "labs" / lab_id)
    if data == "real" and not lab.settings.datasets:
        pytest.skip("this lab uses no data set: one proof says it all")
    if data == "real" and lab_id in SAME_DATA and "EVERY_STUDENT" not in os.environ:
        pytest.skip("the same data as lab 2; make nightly proves it")
    # Enough to catch what a change breaks: a share of the known answers, and one run of 24 in the examiner.
    # `make nightly` takes 50 repeats, 10 seeds, every answer on both kinds of data, every test in the examiner, every hostile twin
    # and mutant, and draws other random numbers each night. Who changes a lab runs `autograder verify LAB`, which tries every answer.
    answers = ONE_OF_SLOW if lab_id in SLOW else ONE_OF
    effort = Effort(repeats=3, seeds=1, draws=1, examined=24, trained=ONE_OF_TRAINED[data], answers=answers)
    effort = replace(effort, data_only=True) if data == "real" else replace(effort, twins="sample", mutants="sample")
    checks = verify(
        lab, Options(data, fast=True, secret="the same for everybody"), effort, released=ROOT / "notebooks" / "labs"
    )
    assert not [f"{check.name}: {problem}" for check in checks for problem in check.problems]


@pytest.mark.parametrize("lab_id", LABS)
def test_a_lab_has_enough_known_answers(lab_id: str) -> None:
    answers = load_lab(ROOT / "labs" / lab_id).answers
    assert sum(answer.right for answer in answers) >= 4
    assert sum(not answer.right for answer in answers) >= 12


def test_there_are_labs() -> None:
    assert LABS
