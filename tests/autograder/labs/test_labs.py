"""lab.py, lab.toml and answers/ become data, and whatever is wrong in them is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import LabError
from autograder.labs.model import Lab
from autograder.labs.source import load_lab


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_lab_knows_its_cells_points_and_answers(toy: Lab) -> None:
    assert toy.id == "lab00_toy"
    assert [cell.name for cell in toy.of("exercise")] == ["mean", "halving"]
    assert {name: test.exercise for name, test in toy.tests.items()} == {
        "mean": "mean",
        "mean_pure": "mean",
        "halving": "halving",
    }
    assert toy.points == 24
    assert {answer.label for answer in toy.answers if answer.right} == {"mean: right.numpy", "halving: right.power"}


def test_cell_ids_are_unique_and_survive_an_edit_elsewhere(toy: Lab, toy_folder: Path) -> None:
    ids = [cell.id for cell in toy.cells]
    assert len(set(ids)) == len(ids)
    rewrite(toy_folder / "lab.py", "# A toy lab", "# A toy laboratory")
    again = [cell.id for cell in load_lab(toy_folder).cells]
    assert again[0] != ids[0]
    assert again[1:] == ids[1:]


def test_an_answer_replaces_the_solution_at_its_indentation(toy: Lab) -> None:
    answer = next(answer for answer in toy.answers if answer.name == "in_place")
    namespace: dict = {}
    exec(answer.source, namespace)
    assert namespace["mean"].__doc__.startswith("The mean")
    assert "SOLUTION" not in answer.source
    assert "    x[:] = 0" in answer.source


def test_hidden_lines_are_those_between_the_markers(toy: Lab) -> None:
    test = toy.tests["mean"]
    hidden = [test.source.splitlines()[line - 1] for line in test.hidden]
    assert hidden[0].startswith("x = np.random")
    assert len(hidden) == 2
    assert not toy.tests["mean_pure"].hidden


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("lab.py", 'tests="mean" points=8', 'tests="mean"', "points= above 0"),
        ("lab.py", 'exercise="mean"', 'exercize="mean"', "not understood"),
        ("lab.py", 'tests="mean_pure"', 'tests="mean"', "a second time"),
        ("lab.py", "### END SOLUTION", "", None),
        ("lab.py", 'exercise="halving"', 'exercise="Halving!"', "lower-case"),
        ("lab.toml", 'title = "A toy lab"', "title = A toy lab", "not TOML"),
        ("lab.toml", "reading_minutes = 1", "reading_hours = 1", "reading_hours"),
        ("lab.toml", "low = 2.5, ", "", "low and high"),
        ("answers/mean.toml", ", mean_pure = 4 }", " }", "marks are missing for mean_pure"),
        ("answers/mean.toml", "mean = 8", "mean = 7", "0 or all"),
        ("answers/mean.toml", "[right.numpy]", "[wrong.numpy]", "a wrong one loses some"),
        ("answers/mean.toml", 'code = "return np.mean(x)"', "", "exactly one of code and cell"),
    ],
)
def test_a_broken_lab_is_refused_with_its_place(toy_folder: Path, file: str, old: str, new: str, said: str | None) -> None:
    rewrite(toy_folder / file, old, new)
    with pytest.raises(LabError) as caught:
        load_lab(toy_folder)
    assert Path(file).name in str(caught.value)
    assert said is None or said in str(caught.value)


def test_a_wrong_lab_name_is_answered_with_the_known_ones(toy_folder: Path) -> None:
    with pytest.raises(LabError, match="lab00_toy"):
        load_lab(toy_folder.parent / "lab99_nothing")


def test_answers_for_an_unknown_exercise_are_refused(toy_folder: Path) -> None:
    (toy_folder / "answers" / "median.toml").write_text("")
    with pytest.raises(LabError, match=r"median\.toml: no such exercise"):
        load_lab(toy_folder)
