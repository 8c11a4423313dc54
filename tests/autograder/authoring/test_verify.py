"""`verify` passes a sound lab and finds every way in which it can be broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring import hostile
from autograder.authoring.lint import leaks, lint, secrets
from autograder.authoring.verify import Check, Effort, verify
from autograder.errors import LabError
from autograder.grading.environment import prepare_environment
from autograder.grading.options import Options
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook

QUICK = Effort(repeats=3, seeds=2, draws=2, twins="none")


def problems(folder: Path, **options: object) -> Iterator[str]:
    for check in verify(load_lab(folder), Options(**options), QUICK):
        yield from (f"{check.name}: {problem}" for problem in check.problems)


def of_twins(folder: Path) -> tuple[str, ...]:
    """What the hostile twins of the exercise `mean` gained."""
    checks: list[Check] = verify(load_lab(folder), effort=Effort(repeats=1, seeds=1, draws=1), exercises=["mean"])
    return next(check.problems for check in checks if check.name == hostile.TWINS)


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("fast", [True, False])
def test_a_sound_lab_passes_on_both_budgets(toy_folder: Path, fast: bool) -> None:
    assert list(problems(toy_folder, fast=fast)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("lab.py", "return x.sum() / len(x)", "return x.sum() / 4", "reference fails in cell test_mean"),
        ("lab.py", 'hint="it must work for any length")\n', 'hint="any", rtol=100)\n', "expected 0 of 8"),
        ("lab.py", "np.average(x), hint", "np.average(x) + 1, hint", "reference fails"),
        ("lab.py", 'check.close(w, 2.0**-STEPS, hint="count the steps")', "pass", "no message says 'count the steps'"),
        (
            "lab.py",
            "check.close(w, 2.0**-STEPS",
            "check.true(w != 9, 'w')\ncheck.close(w, 2.0**-STEPS",
            "no wrong answer fails",
        ),
        ("lab.py", "check.between(w, 0, 0.5", "check.between(w, 0, 1.5", "no message says 'w is 1'"),
        ("lab.py", "with check.unchanged(z):\n    mean(z)", "z", "unsolved release passes"),
        ("lab.py", "### Exercise 2 (8 points)", "### Exercise 2 (7 points)", "Exercise 2 (8 points)"),
        ("lab.py", "is 2.5.", "is about 3.5.", "prose states 'about 3.5'"),
        ("lab.py", "is 2.5.", "is 2.5. From $1 a piece to $2 a pair.", "write dollars as a word"),
        ("lab.toml", "low = 2.5, high = 2.5", "low = 2.0, high = 2.4", "lies in no band"),
        ("lab.toml", 'value = "mean(', 'value = "1 + mean(', "outside its drawn band"),
        ("answers/mean.toml", "mean = 0, mean_pure = 4", "mean = 0, mean_pure = 0", "expected 0 of 4"),
        ("answers/mean.toml", 'hint = "divide', 'hint = "multiply', "no message says"),
        (
            "answers/mean.toml",
            'hint = "any length"',
            'hint = "expected"',
            "no message says 'expected'",
        ),  # it shows, names nothing
        ("answers/mean.toml", "return np.mean(x)", "return np.median(x)", "expected 8 of 8"),
    ],
)
def test_a_broken_lab_is_caught(toy_folder: Path, file: str, old: str, new: str, said: str) -> None:
    rewrite(toy_folder / file, old, new)
    found = list(problems(toy_folder))
    assert any(said in problem for problem in found), found


def test_deleting_the_only_wrong_answer_that_a_hidden_check_catches_is_noticed(toy_folder: Path) -> None:
    path = toy_folder / "answers" / "halving.toml"
    path.write_text(path.read_text().split("[wrong.once]")[0])
    assert any("no wrong answer fails at `check.close(w, 2.0**-STEPS" in problem for problem in problems(toy_folder))


def test_the_loss_of_any_known_answer_is_noticed_where_the_lab_states_how_many_there_are(toy_folder: Path) -> None:
    lab = load_lab(toy_folder)
    count = {right: sum(answer.right == right for answer in lab.answers) for right in (True, False)}
    stated = f'title = "A toy lab"\nright_answers = {count[True]}\nwrong_answers = {count[False]}'
    rewrite(toy_folder / "lab.toml", 'title = "A toy lab"', stated)
    before = lint(load_lab(toy_folder))
    for place, lost in enumerate(lab.answers):
        rest = tuple(answer for answer in lab.answers if answer is not lost)
        kind = "right" if lost.right else "wrong"
        said = [problem for problem in lint(replace(load_lab(toy_folder), answers=rest)) if problem not in before]
        assert any(f"holds {count[lost.right] - 1} {kind} answers, lab.toml states" in problem for problem in said), place


def test_one_exercise_can_be_proved_by_itself(toy_folder: Path) -> None:
    rewrite(toy_folder / "answers" / "mean.toml", "return np.mean(x)", "return np.median(x)")
    lab = load_lab(toy_folder)
    assert not [check for check in verify(lab, effort=QUICK, exercises=["halving"]) if check.problems]
    assert any("expected 8 of 8" in said for check in verify(lab, effort=QUICK, exercises=["mean"]) for said in check.problems)
    with pytest.raises(LabError, match="no exercise median; its exercises are"):
        verify(lab, effort=QUICK, exercises=["median"])


def test_hostile_twins_gain_nothing_where_functions_get_copies_and_are_caught_where_they_do_not(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A wrong answer that is right for zeros, and a test that computes the truth from what it has lent.
    rewrite(toy_folder / "answers" / "mean.toml", "return x.sum()", "return x.sum() - x.sum()")
    rewrite(toy_folder / "answers" / "mean.toml", 'hint = "divide by the number of entries"\n', "")
    rewrite(toy_folder / "lab.py", "mean(np.array([1.0, 2.0, 3.0, 4.0])), 2.5, mistakes", "mean(np.zeros(2)), 0, mistakes")
    rewrite(toy_folder / "lab.py", "mean(x.copy())", "mean(x)")
    assert of_twins(toy_folder) == ()

    def shared(*args: object) -> object:
        return replace(prepare_environment(*args), shared_arguments=True)  # type: ignore[arg-type]

    monkeypatch.setattr(hostile, "prepare_environment", shared)
    found = of_twins(toy_folder)
    assert "mean: wrong.sum passes mean when its functions overwrite their arguments with 0" in found
    assert "mean: overwriting arguments with 1 passes the hidden part of mean" in found


def test_a_wrong_answer_that_passes_in_some_draws_is_found(toy_folder: Path) -> None:
    lucky = (
        "x = np.random.default_rng().normal(size=np.random.default_rng().integers(4, 6))"  # dividing by 4 is right now and then
    )
    rewrite(toy_folder / "lab.py", "x = np.random.default_rng().normal(size=7)", lucky)
    checks = verify(load_lab(toy_folder), effort=Effort(1, 1, draws=40, twins="none"), exercises=["mean"])
    (said,) = [problem for check in checks for problem in check.problems if "expected 0 of 8" in problem]
    found = re.fullmatch(r"mean: wrong\.four passes mean \((\d+) of 40 times\), expected 0 of 8", said)
    assert found
    assert 4 <= int(found[1]) <= 36  # 20 on average, with a standard deviation of 3.2


@pytest.mark.parametrize("examined", [1, 1000])
def test_the_same_secret_draws_the_same_numbers_again(toy_folder: Path, examined: int) -> None:
    rewrite(toy_folder / "lab.py", 'hint="it must work for any length")', "hint=str(x))")

    def said(secret: str) -> list[str]:
        effort = Effort(1, 1, draws=3, twins="none", examined=examined)
        checks = verify(load_lab(toy_folder), Options(secret=secret), effort, exercises=["mean"])
        return [problem for check in checks for problem in check.problems]

    first = said("one")
    assert first  # no message says what the answers' hints ask for, since the hint shows the numbers
    assert said("one") == first
    assert said("another") != first


@pytest.mark.parametrize("examined", [1, 1000], ids=["in the examiner", "in the student process"])
def test_each_repeat_of_a_test_draws_other_numbers(toy_folder: Path, examined: int) -> None:
    rewrite(
        toy_folder / "lab.py",
        "x = np.random.default_rng().normal(size=7)",
        "x = np.arange(7.0)\nlucky = np.random.default_rng().random()",
    )
    rewrite(toy_folder / "lab.py", 'hint="it must work for any length")', 'hint="")\nassert lucky < 0.5')
    checks = verify(load_lab(toy_folder), effort=Effort(repeats=40, seeds=1, draws=1, twins="none", examined=examined))
    repeats = next(check for check in checks if "pass 40 of 40 times" in check.name)
    found = re.search(r"\((\d+) times\)", " ".join(repeats.problems))
    assert found
    assert 4 <= int(found[1]) <= 36  # 20 on average, with a standard deviation of 3.2


def test_a_second_proof_may_be_limited_to_the_answers_that_read_data(toy_folder: Path) -> None:
    effort = Effort(repeats=2, seeds=1, draws=1, data_only=True)
    answers = toy_folder / "answers" / "mean.toml"
    rewrite(answers, "return np.mean(x)", "return np.median(x)")
    assert not [check for check in verify(load_lab(toy_folder), effort=effort, exercises=["mean"]) if check.problems]
    rewrite(answers, "return np.median(x)", "return np.median(x) if data.KINDS else 0")
    rewrite(toy_folder / "lab.py", "import numpy as np", "import numpy as np\nfrom coursekit import data")
    checks = verify(load_lab(toy_folder), effort=effort)
    assert any("expected 8 of 8" in said for check in checks for said in check.problems)
    again = ("unsolved release", "tests that do not train")
    assert not [check.name for check in checks if check.name.startswith(again)]
    rewrite(toy_folder / "lab.py", "from coursekit import data", "from coursekit import data\nKINDS = data.KINDS")
    checks = verify(load_lab(toy_folder), effort=effort, exercises=["mean"])
    assert [check.name for check in checks if check.name.startswith(again)] == ["tests that do not train pass 2 of 2 times"]


def test_a_released_notebook_that_was_edited_or_forgotten_is_out_of_step(toy_folder: Path, tmp_path: Path) -> None:
    lab = load_lab(toy_folder)
    path = tmp_path / f"{lab.id}.ipynb"

    def step() -> tuple[str, ...]:
        return verify(lab, effort=QUICK, released=tmp_path)[1].problems

    assert "missing" in step()[0]
    write_notebook(release_notebook(lab), path)
    assert step() == ()
    path.write_text(path.read_text().replace("A toy lab", "A toy  lab"))
    assert "differs" in step()[0]


def test_a_leaked_solution_is_found_in_any_text(toy_folder: Path) -> None:
    lab = load_lab(toy_folder)
    assert "return x.sum() / len(x)" in secrets(lab)
    assert leaks(lab, "x\n    return x.sum() / len(x)\n") == ["return x.sum() / len(x)"]
    assert leaks(lab, "z = np.ones(3)\n") == [], "visible tests are no secret"


@pytest.mark.parametrize(
    ("line", "tells"),
    [
        ('with np.errstate(all="ignore"):', False),
        ("with check.explained(causes):", False),
        ('with np.errstate(all="ignore"), check.explained(causes):', False),
        ('with np.errstate(all="ignore"), check.unchanged(x):', True),
        ('with check.explained({"broadcast": "sum over axis 1"}):', True),
    ],
)
def test_a_line_that_only_silences_or_explains_is_no_secret(toy_folder: Path, line: str, tells: bool) -> None:
    rewrite(
        toy_folder / "lab.py",
        "x = np.random.default_rng().normal(size=7)",
        f"{line}\n    x = np.random.default_rng().normal(size=7)",
    )
    assert (line in secrets(load_lab(toy_folder))) is tells
