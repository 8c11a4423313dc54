"""Whatever instructors receive: every student's submission to the lab is found once, and of everything else it is said why not."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from autograder.authoring.demo import without_metadata
from autograder.errors import CollectError
from autograder.grading.submissions import attempts
from autograder.grading.submissions.collect import Collected, collect, find_submissions
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.release import release_notebook
from tests.autograder.grading.submissions.test_reading import hand_in
from tests.conftest import TOY

LAB = "lab00_toy"


@pytest.fixture
def toy(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The toy lab in a folder of its own: those of these tests hold submissions and nothing else."""
    return load_lab(shutil.copytree(TOY, tmp_path_factory.mktemp("labs") / LAB))


def place(lab: Lab, folder: Path, *names: str, other: str = "", when: int = 0) -> None:
    """Put a submission to the lab, or to the lab `other`, at each of these places."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hand_in(lab, path, lambda notebook: notebook["metadata"].update(coursekit={"lab": other}) if other else None)
        if when:
            os.utime(path, (when, when))


def taken(collected: Collected, folder: Path) -> dict[str, str]:
    return {item.submission: item.path.relative_to(folder).as_posix() for item in collected.found}


def reasons(collected: Collected, folder: Path) -> dict[str, str]:
    return {left.path.relative_to(folder).as_posix(): left.reason for left in collected.left}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("nb", "nb/submitted/eva/lab00_toy/lab00_toy.ipynb"),
        ("nb/submitted", "nb/submitted/eva/lab00_toy/lab00_toy.ipynb"),
        ("dirs", "dirs/eva/lab00_toy.ipynb"),
        ("flat", "flat/eva.ipynb"),
    ],
)
def test_submissions_are_found_in_every_known_layout(tmp_path: Path, given: str, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("{}")
    assert [item.submission for item in find_submissions(tmp_path / given, LAB)] == ["eva"]


def test_an_empty_folder_and_a_missing_one_are_refused_with_what_was_there(toy: Lab, tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="no submissions to lab00_toy; expected STUDENT/"):
        collect(tmp_path, LAB)
    with pytest.raises(CollectError, match="no such folder"):
        collect(tmp_path / "nowhere", LAB)
    place(toy, tmp_path / "class", "eva.ipynb", other="lab03_regression")
    with pytest.raises(CollectError, match=r"there are: eva\.ipynb: of lab03_regression"):
        collect(tmp_path / "class", LAB)


def test_a_notebook_is_known_by_what_it_says_whatever_its_file_is_called(toy: Lab, tmp_path: Path) -> None:
    names = {
        "a": "lab00_toy (1).ipynb",
        "b": "lab00_toy-2.ipynb",
        "c": "Copy of lab00_toy.ipynb",
        "d": "d_LATE_17_4711_lab00_toy.ipynb",
        "e": "my [final] *answer*.ipynb",
        "f": "LAB00_TOY.IPYNB",
        "g": "homework/lab00_toy.ipynb",
        "h": "lab00_toy/finished.ipynb",
        "i": "lab00_toy/lab00_toy (3).ipynb",
        "j [x]": "lab00_toy.ipynb",
        "k": "work.ipynb",
    }
    place(toy, tmp_path, *(f"{student}/{name}" for student, name in names.items()))
    collected = collect(tmp_path, toy)
    assert taken(collected, tmp_path) == {student: f"{student}/{name}" for student, name in names.items()}
    assert collected.left == ()


def test_files_of_a_learning_platform_lie_among_each_other_and_are_their_students(toy: Lab, tmp_path: Path) -> None:
    names = {
        "doejane_LATE_17_4711_lab00_toy-2.ipynb": "doejane",
        "roejo_18_4712_lab00_toy.ipynb": "roejo",
        "kim_19_4713_lab00_toy.ipynb": "kim_19",
        "kim_20_4714_lab00_toy.ipynb": "kim_20",
        "student-1.ipynb": "student-1",
        "student-2.ipynb": "student-2",
        "group_12_lab00_toy.ipynb": "group_12",
        "lab00_toy (1).ipynb": "lab00_toy (1)",
        "Copy of ida.ipynb": "ida",
    }
    place(toy, tmp_path, *names)
    assert taken(collect(tmp_path, toy), tmp_path) == {student: name for name, student in names.items()}


@pytest.mark.parametrize("name", ["İbrahim", "İİİ Öztürk", "ŉdumiso", "Straße"])
def test_letters_whose_small_form_is_longer_are_no_reason_to_cut_a_name_off(toy: Lab, tmp_path: Path, name: str) -> None:
    place(toy, tmp_path, f"{name}_lab00_toy.ipynb")
    assert [item.submission for item in collect(tmp_path, toy).found] == [name]


@pytest.mark.parametrize("other", ["kim_19.ipynb", "kim_19/lab00_toy.ipynb"])
def test_a_student_whose_name_looks_numbered_is_not_taken_for_one_that_a_platform_numbered(
    toy: Lab, tmp_path: Path, other: str
) -> None:
    names = {"kim_19_4713_lab00_toy.ipynb": "kim_19_2", "kim_20_4714_lab00_toy.ipynb": "kim_20", other: "kim_19"}
    place(toy, tmp_path, *names)
    found = collect(tmp_path, toy).found
    assert {item.path.relative_to(tmp_path).as_posix(): item.submission for item in found} == names


def test_of_several_attempts_the_newest_counts_and_it_is_said_which(toy: Lab, tmp_path: Path) -> None:
    place(
        toy, tmp_path, "ada/lab00_toy.ipynb", "ada/lab00_toy (1).ipynb", "ada/lab00_toy (10).ipynb", "ada/lab00_toy (9).ipynb"
    )
    place(toy, tmp_path, "bo/first.ipynb", when=2_000_000_000)
    place(toy, tmp_path, "bo/second.ipynb", when=1_000_000_000)
    place(toy, tmp_path, "cy.ipynb", when=1_000_000_000)
    place(toy, tmp_path, "cy/lab00_toy.ipynb", when=2_000_000_000)
    place(toy, tmp_path, "di/lab00_toy/lab00_toy.ipynb", when=1_000_000_000)
    place(toy, tmp_path, "di/lab00_toy.ipynb", when=2_000_000_000)
    (tmp_path / "di/lab00_toy/timestamp.txt").write_text("2026-02-03 10:00:00.5 America/Los_Angeles\n")
    (tmp_path / "di/timestamp.txt").write_text("2026-02-02 10:00:00 UTC\n")
    place(toy, tmp_path, "ed/Copy of lab00_toy.ipynb", "ed/lab00_toy.ipynb", when=1_000_000_000)
    collected = collect(tmp_path, toy)
    assert taken(collected, tmp_path) == {
        "ada": "ada/lab00_toy (10).ipynb",
        "bo": "bo/first.ipynb",
        "cy": "cy/lab00_toy.ipynb",
        "di": "di/lab00_toy/lab00_toy.ipynb",
        "ed": "ed/lab00_toy.ipynb",
    }
    said = reasons(collected, tmp_path)
    assert said["ada/lab00_toy.ipynb"] == "another attempt of ada: lab00_toy (10).ipynb was taken, by the number in its name"
    assert said["bo/second.ipynb"] == "another attempt of bo: first.ipynb was taken, by the time of its last change"
    assert said["di/lab00_toy.ipynb"] == "another attempt of di: lab00_toy.ipynb was taken, by timestamp.txt"
    assert len(said) == 7


def test_an_attempt_that_can_be_read_counts_before_one_that_cannot(toy: Lab, tmp_path: Path) -> None:
    place(toy, tmp_path, "eva/lab00_toy.ipynb", when=1_000_000_000)
    (tmp_path / "eva/lab00_toy (1).ipynb").write_text('{"cells": [')
    (tmp_path / "ida").mkdir()
    (tmp_path / "ida/lab00_toy (2).ipynb").write_text('{"cells": [')
    collected = collect(tmp_path, toy)
    assert taken(collected, tmp_path) == {"eva": "eva/lab00_toy.ipynb", "ida": "ida/lab00_toy (2).ipynb"}
    assert "was taken" in reasons(collected, tmp_path)["eva/lab00_toy (1).ipynb"]


def test_what_is_no_submission_is_listed_with_its_reason(toy: Lab, tmp_path: Path) -> None:
    place(toy, tmp_path, "eva/lab00_toy.ipynb", ".ipynb_checkpoints/eva-checkpoint.ipynb", "__MACOSX/eva/._lab00_toy.ipynb")
    place(toy, tmp_path, "eva/._lab00_toy.ipynb", "eva/.ipynb_checkpoints/lab00_toy-checkpoint.ipynb", "~$x.ipynb", ".~y.ipynb")
    place(toy, tmp_path, "eva/lab03_regression.ipynb", "ida.ipynb", other="lab03_regression")
    place(toy, tmp_path, "bo/lab05_transfer/lab05_transfer.ipynb", other="lab05_transfer")
    (tmp_path / "kim").mkdir()
    (tmp_path / "kim" / "answers.pdf").write_text("x")
    (tmp_path / "class.zip").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".DS_Store").write_text("x")
    collected = collect(tmp_path, toy)
    assert taken(collected, tmp_path) == {"eva": "eva/lab00_toy.ipynb"}
    hidden = "hidden files and folders are no submissions"
    assert reasons(collected, tmp_path) == {
        ".git": hidden,
        ".ipynb_checkpoints": hidden,
        ".~y.ipynb": hidden,
        "__MACOSX": hidden,
        "class.zip": "not a notebook (.ipynb)",
        "eva/._lab00_toy.ipynb": hidden,
        "eva/.ipynb_checkpoints": hidden,
        "eva/lab03_regression.ipynb": "of lab03_regression",
        "ida.ipynb": "of lab03_regression",
        "kim": "no notebook in it",
        "~$x.ipynb": hidden,
    }


def test_a_folder_called_submitted_hides_nobody(toy: Lab, tmp_path: Path) -> None:
    one, two, course = tmp_path / "one", tmp_path / "two", tmp_path / "course"
    place(toy, one, "ada/lab00_toy.ipynb", "submitted/lab00_toy.ipynb")
    assert sorted(taken(collect(one, toy), one)) == ["ada", "submitted"]
    place(toy, one, "submitted/lab03_x/lab03_x.ipynb", other="lab03_x")
    assert sorted(taken(collect(one, toy), one)) == ["ada", "submitted"]
    place(toy, two, "ada/lab00_toy.ipynb", "submitted/bo/lab00_toy/lab00_toy.ipynb", "submitted/cy/lab00_toy.ipynb")
    assert sorted(taken(collect(two, toy), two)) == ["ada", "bo", "cy"]
    place(
        toy,
        course,
        "source/lab00_toy/lab00_toy.ipynb",
        "release/lab00_toy/lab00_toy.ipynb",
        "submitted/bo/lab00_toy/lab00_toy.ipynb",
    )
    assert taken(collect(course, toy), course) == {"bo": "submitted/bo/lab00_toy/lab00_toy.ipynb"}


def test_a_name_is_the_same_however_a_machine_spells_it(toy: Lab, tmp_path: Path) -> None:
    nfc, nfd = unicodedata.normalize("NFC", "José"), unicodedata.normalize("NFD", "José")
    place(toy, tmp_path, f"{nfd}/lab00_toy.ipynb", f"{nfc}.ipynb")
    latin = os.fsencode(tmp_path) + b"/J\xfcrgen.ipynb"
    with open(latin, "wb") as file:
        file.write((tmp_path / f"{nfc}.ipynb").read_bytes())
    names = [item.submission for item in collect(tmp_path, toy).found]
    assert names == [nfc, "Jürgen"]
    json.dumps(names, ensure_ascii=False).encode()


def test_work_that_lost_its_metadata_is_found(toy: Lab, tmp_path: Path) -> None:
    bare = without_metadata(release_notebook(toy))
    for name in ("eva.ipynb", "ida/some name.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(bare))
    place(toy, tmp_path, "kim/real.ipynb")
    (tmp_path / "kim/notes.ipynb").write_text(json.dumps(bare))
    collected = collect(tmp_path, toy)
    assert taken(collected, tmp_path) == {"eva": "eva.ipynb", "ida": "ida/some name.ipynb", "kim": "kim/real.ipynb"}
    assert reasons(collected, tmp_path) == {"kim/notes.ipynb": "not recognised as a notebook of this lab"}


def test_without_a_name_a_notebook_is_known_by_the_ids_of_its_cells(toy: Lab, tmp_path: Path) -> None:
    hand_in(toy, tmp_path / "x.ipynb")
    (tmp_path / "eva").mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        hand_in(toy, tmp_path / "eva" / name, lambda notebook: notebook["metadata"].pop("coursekit"))
    (tmp_path / "eva" / "b.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]}')
    assert taken(collect(tmp_path, toy), tmp_path)["eva"] == "eva/a.ipynb"


def test_other_notebooks_of_an_assignment_are_no_attempts(toy: Lab, tmp_path: Path) -> None:
    place(toy, tmp_path, "eva/week1/lab00_toy.ipynb", "eva/week1/part2.ipynb")
    collected = collect(tmp_path, LAB, "week1")
    assert (taken(collected, tmp_path), collected.left) == ({"eva": "eva/week1/lab00_toy.ipynb"}, ())


def test_links_are_not_followed(toy: Lab, tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "class"
    place(toy, secret, "lab00_toy.ipynb", "other.ipynb")
    place(toy, folder, "ada/lab00_toy.ipynb")
    (folder / "eva").symlink_to(secret)
    (folder / "ida").symlink_to("/")
    (folder / "kim.ipynb").symlink_to(secret / "other.ipynb")
    (folder / "leo").mkdir()
    (folder / "leo" / "lab00_toy").symlink_to(secret)
    collected = collect(folder, toy)
    assert {item.submission: item.linked for item in collected.found} == {"ada": False, "eva": True, "kim": False, "leo": True}
    assert reasons(collected, folder) == {"ida": "a link, not a folder"}


def test_a_folder_full_of_notebooks_is_looked_at_only_so_far(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(toy, tmp_path, "eva/lab00_toy.ipynb", when=2_000_000_000)
    for number in range(100):
        (tmp_path / "eva" / f"{number}.ipynb").write_text("x")
    read: list[Path] = []
    real = attempts.recognise
    monkeypatch.setattr(attempts, "recognise", lambda path, ids: (read.append(path), real(path, ids))[1])
    collected = collect(tmp_path, toy)
    assert taken(collected, tmp_path) == {"eva": "eva/lab00_toy.ipynb"}
    assert len(read) <= 21
    assert len(collected.left) == 100
    monkeypatch.setattr(attempts, "MAX_SECONDS", 0.0)
    read.clear()
    assert taken(collect(tmp_path, toy), tmp_path) == {"eva": "eva/lab00_toy.ipynb"}
    assert not read
