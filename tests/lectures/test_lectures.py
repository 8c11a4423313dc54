"""Every lecture that is there runs, is in step with its source, and holds to what all lectures share."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.authoring.lectures import Lecture, find_lectures, lecture_notebook, load_lecture, run_lecture
from autograder.authoring.lint import shown_answers
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.release import is_stale
from coursekit import session

FOLDER = Path(__file__).parents[2] / "notebooks" / "lectures"
LABS = Path(__file__).parents[2] / "labs"
LECTURES = [path.stem for path in find_lectures(FOLDER)]
LOADERS = {"fashion-mnist": "load_fashion_mnist", "california-housing": "load_california_housing", "clothing": "load_clothing"}


@pytest.fixture(params=LECTURES)
def lecture(request: pytest.FixtureRequest) -> Lecture:
    return load_lecture(FOLDER / "source" / f"{request.param}.py")


def prose(lecture: Lecture) -> str:
    return "\n\n".join(cell.source for cell in lecture.cells if not cell.is_code)


def test_there_are_lectures_and_setup_knows_them_all() -> None:
    assert LECTURES
    assert set(LECTURES) == set(session.LECTURES)


def test_the_committed_notebook_is_in_step_with_its_source(lecture: Lecture) -> None:
    assert is_stale(lecture_notebook(lecture), FOLDER / f"{lecture.id}.ipynb") == []


def test_a_lecture_runs_on_its_reduced_budget_without_a_warning_and_every_figure_says_what_it_shows(lecture: Lecture) -> None:
    run = run_lecture(lecture, fast=True, data="drawn")
    assert run.error == ""
    outputs = [(number, output) for number, cell in enumerate(run.notebook.cells, 1) for output in cell.get("outputs", ())]
    pictures = [(number, output) for number, output in outputs if "image/png" in output.get("data", {})]
    assert pictures
    for number, output in pictures:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        # A text that begins so was put together from the title, because the cell said nothing.
        assert len(alt) >= 30, f"the figure of cell {number} says too little: {alt!r}"
        assert not alt.startswith("Figure"), f"the figure of cell {number} has no text of its own: {alt!r}"


def test_the_notebook_stays_below_a_megabyte(lecture: Lecture) -> None:
    assert (FOLDER / f"{lecture.id}.ipynb").stat().st_size < 1_000_000


def test_a_lecture_leads_to_a_lab_and_every_relative_link_leads_somewhere(lecture: Lecture) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(lecture))
    inside = [link.partition("#")[0] for link in links if not re.match(r"\w+:|#", link)]
    assert [link for link in inside if link.startswith("../labs/")]
    assert [link for link in inside if not (FOLDER / link).is_file()] == []


def test_every_prediction_has_a_folded_answer_that_is_shown_as_it_is_meant(lecture: Lecture) -> None:
    text = prose(lecture)
    predictions = text.count("**Predict before you run")
    answers = re.findall(r"<details>\s*<summary>[^<]+</summary>(.+?)</details>", text, re.DOTALL)
    assert predictions >= 1
    assert len(answers) >= predictions
    assert len(answers) == text.count("<details") == text.count("</details>")
    # Without blank lines round it, Markdown inside the fold stays as it was typed.
    raw = [answer for answer in answers if not (answer.startswith("\n\n") and answer.endswith("\n\n"))]
    assert [answer for answer in raw if re.search(r"[*`]|\]\(", re.sub(r"\$[^$]+\$", "", answer))] == []


def test_no_cell_is_longer_than_a_screen(lecture: Lecture) -> None:
    assert [cell.source.splitlines()[0] for cell in lecture.cells if cell.source.count("\n") >= 60] == []


def test_a_lecture_names_to_setup_the_data_sets_that_it_loads(lecture: Lecture) -> None:
    code = "\n".join(cell.source for cell in lecture.cells if cell.is_code)
    assert set(session.LECTURES[lecture.id]) == {name for name, loader in LOADERS.items() if loader in code}


def test_a_text_that_holds_a_solution_is_seen_to_give_it_away() -> None:
    lab = load_lab(find_labs(LABS)[0])
    for exercise in lab.of("exercise"):
        if shown := shown_answers(lab, exercise.source):
            assert any(line.startswith(f"exercise {exercise.name}: ") for line in shown)
    assert sum(bool(shown_answers(lab, exercise.source)) for exercise in lab.of("exercise")) >= 5
    assert shown_answers(lab, "\n".join(cell.source for cell in lab.cells if cell.role in ("prose", "code", "given"))) == []


def test_a_lecture_gives_no_answer_of_a_lab_away(lecture: Lecture) -> None:
    text = "\n".join(cell.source for cell in lecture.cells)
    assert {lab.id: found for lab in map(load_lab, find_labs(LABS)) if (found := shown_answers(lab, text))} == {}
