"""Similar work is ranked in words and side by side, without a verdict; nothing of a student acts and no earlier name is told."""

from __future__ import annotations

import json
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.analysis.similarity import Similarity, similarity_of
from autograder.analysis.works import Work
from autograder.authoring.demo import solve
from autograder.files import write_text
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.class_report import similar
from autograder.reporting.class_report.similar import similar_section
from autograder.reporting.pages import verdicts_json
from tests.autograder.commands import call

EVIL = "</pre><script>alert(1)</script>"


def code(seed: int, statements: int = 5) -> str:
    """Code that nobody else writes; each statement has names of its own."""
    draw = random.Random(seed)
    return "\n".join(f"x = a.f{draw.randrange(10**6)}(b, c.g{draw.randrange(10**6)})[{k}]" for k in range(statements))


def klass(**changed: Work) -> list[Work]:
    works = {f"s{i}": Work(f"s{i}", {"mean": (code(i),), "loss": (code(100 + i),)}) for i in range(8)}
    return list((works | changed).values())


def text(found: Similarity, **names: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", similar_section(found, names).html).split())


def test_no_verdict_is_given_and_the_page_says_why() -> None:
    page = text(similarity_of(klass(s1=replace(klass()[0], name="s1")), []))
    assert "This is a ranking and no verdict. Small exercises have few solutions" in page
    assert not re.search("plagiar|cheat|guilty|suspect", page, re.IGNORECASE)


def test_both_works_stand_side_by_side_with_the_shared_lines_marked() -> None:
    mine = Work("s0", {"mean": (code(0) + "\nown = only.mine(q, r)[s]",), "loss": (code(100),)})
    theirs = Work("s1", {"mean": ("first = one.of(my, own)[q]", code(0).replace("x", "renamed")), "loss": (code(101),)})
    html = similar_section(similarity_of(klass(s0=mine, s1=theirs), []), {"s0": "Ada One", "s1": "Ben Two"}).html
    assert html.count("<details>") == 1
    assert re.findall(r"<h3>.*?</h3>", html) == ["<h3>1. <bdi>Ada One (s0)</bdi> and <bdi>Ben Two (s1)</bdi></h3>"]
    marked = re.findall("<mark>(.*?)</mark>", html)
    assert marked == [*code(0).splitlines(), *code(0).replace("x", "renamed").splitlines()]
    assert "own = only.mine(q, r)[s]" in html
    assert "# ── next cell ──" in html
    [share] = re.findall(
        r"<li>mean: (\d+) % of the shorter answer&#39;s own code, \d+ pieces of code that nobody else has</li>", html
    )
    assert 70 < int(share) < 100


def test_the_same_rare_mistake_is_named() -> None:
    said = {"mean": frozenset(["your mean runs over axis #"])}
    pair = {name: Work(name, {"mean": (code(0, 12),)}, said) for name in ("s0", "s1")}
    page = text(similarity_of(klass(**pair), []))
    assert "pieces of code that nobody else has" in page
    assert "the same rare mistake: “your mean runs over axis #”" in page


def test_code_names_and_messages_of_students_become_no_markup() -> None:
    source = f"{code(0, 12)}\ny = f(a, '{EVIL}')  # \u202e\x1b[31m"
    pair = {name: Work(name, {"mean": (source,)}, {"mean": frozenset([EVIL])}) for name in (EVIL, "s1")}
    html = similar_section(similarity_of(klass(**pair), []), {EVIL: EVIL}).html
    assert "<mark>y = f(a, &#39;&lt;/pre&gt;&lt;script&gt;" in html
    assert not any(bad in html for bad in ("<script", "\u202e", "\x1b"))


def test_an_earlier_work_has_a_number_and_no_name() -> None:
    works = klass()
    page = text(similarity_of([*works, replace(works[0], name="work 17", earlier=True)], []), s0="Ada One")
    assert "1. Ada One (s0) and an earlier year, work 17" in page
    assert "with 1 of earlier years" in page


def test_who_wrote_too_little_own_code_is_listed() -> None:
    page = text(similarity_of(klass(s9=Work("s9", {"mean": ("pass",)})), []), s9="Zoë Last")
    assert "1 work with too little own code to compare Zoë Last (s9)" in page


@pytest.mark.parametrize("works", [[], klass()[:1], [Work("a", {})]])
def test_a_class_with_nothing_to_compare_says_so(works: list[Work]) -> None:
    assert "There are not two works with enough own code to compare." in text(similarity_of(works, []))


def test_the_part_stays_small_whatever_was_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "MAX_BYTES", 20_000)
    works = [Work(f"s{i}", {"mean": (code(i // 2, 300),)}) for i in range(40)]
    html = similar_section(similarity_of(works, []), {}).html
    assert html.count("<details>") == 20
    assert html.count("… more lines") == 40
    assert len(html) < 80_000


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def course(toy: Lab, tmp_path: Path) -> Path:
    """A course of four, in which ben has ada's work under other names, cyd a broken file, and dee none."""
    folder = tmp_path / "nn"
    folder.mkdir()
    (folder / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    (folder / "roster.csv").write_text(
        "id,first_name,last_name\nada,Ada,One\nben,Ben,Two\ncyd,Cyd,Three\ndee,Dee,Four\neve,Eve,Five\n"
    )
    answers = {"ada": code(1, 12), "ben": code(1, 12).replace("x", "y"), "eve": code(2, 12)}
    for name, source in answers.items():
        write_notebook(solve(toy, {"mean": source}), folder / "submitted" / name / toy.id / f"{toy.id}.ipynb")
    write_text(folder / "submitted" / "cyd" / toy.id / f"{toy.id}.ipynb", "%PDF-1.7")
    tests = tuple(TestResult(cell.name, cell.exercise, cell.points, cell.points, "passed") for cell in toy.of("tests"))
    verdicts = [Verdict(name, toy.id, "graded", tests) for name in ("ada", "ben", "cyd", "dee", "eve")]
    write_text(folder / "graded" / toy.id / "verdicts.json", verdicts_json(verdicts))
    return folder


def test_report_ranks_the_copy(course: Path, toy: Lab) -> None:
    code, said = call("report", toy.id, "--course", course)
    page = (course / "graded" / toy.id / "class-report.html").read_text(encoding="utf-8")
    assert code == 0
    assert "<p>2 submissions could not be read and are not compared.</p>" in page
    assert "similar work: 1 pair ranked in the page, without a verdict" in said
    assert (
        page.index("Similar work</h2>")
        < page.index("<bdi>Ada One (ada)</bdi> and <bdi>Ben Two (ben)</bdi>")
        < page.index('id="students"')
    )


def test_students_of_one_file_are_named_although_they_have_no_own_code(course: Path, toy: Lab, tmp_path: Path) -> None:
    reference = {cell.name: cell.source for cell in toy.of("exercise")}
    for name, answers in {"ben": reference, "eve": reference, "ada": {}, "dee": {}}.items():  # {}: the untouched release
        write_notebook(solve(toy, answers), course / "submitted" / name / toy.id / f"{toy.id}.ipynb")
    shutil.copytree(course / "submitted" / "eve", tmp_path / "2025" / "formerstudent")
    _, said = call("report", toy.id, "--archive", tmp_path / "2025", "--json", "--course", course)
    assert json.loads(said)["similarity"]["identical"] == [["ben", "eve", "work 1"]]
    page = (course / "graded" / toy.id / "class-report.html").read_text(encoding="utf-8")
    said = "<bdi>Ben Two (ben)</bdi>, <bdi>Eve Five (eve)</bdi>, <bdi>an earlier year, work 1</bdi>"
    assert page.index("The same file, byte for byte") < page.index(said)


def test_report_compares_with_earlier_years_without_their_names(course: Path, toy: Lab, tmp_path: Path) -> None:
    old = tmp_path / "2025"
    shutil.copytree(course / "submitted" / "eve", old / "submitted" / "formerstudent")
    shutil.copytree(course / "submitted" / "cyd", old / "submitted" / "broken")
    _, said = call("report", toy.id, "--archive", old, "--json", "--course", course)
    found = json.loads(said)["similarity"]
    assert {(pair["one"], pair["other"], pair["earlier"]) for pair in found["pairs"]} == {
        ("ada", "ben", False),
        ("eve", "work 1", True),
    }
    assert (found["compared"], found["earlier"]) == (3, 1)
    page = (course / "graded" / toy.id / "class-report.html").read_text(encoding="utf-8")
    assert "<bdi>Eve Five (eve)</bdi> and <bdi>an earlier year, work 1</bdi>" in page
    assert "formerstudent" not in page


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("none", "no such folder; --archive takes a folder with the notebooks of an earlier year"),
        ("nn", "these are the works of this year"),
        ("nn/submitted/ada", "these are the works of this year"),
        (".", "these are the works of this year"),
        ("empty", "no notebook of lab00_toy in it"),
    ],
)
def test_an_archive_without_earlier_works_is_refused(course: Path, toy: Lab, tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    code, output = call("report", toy.id, "--archive", tmp_path / place, "--course", course)
    assert code == 2
    assert said in output
    assert not (course / "graded" / toy.id / "class-report.html").exists()
