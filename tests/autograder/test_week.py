"""An instructor's week with the real commands: from five kinds of download to every mark in two platforms.

The class of `week_class` has known answers. Every mark that the commands give back is compared with a sum
of these, and the marks by hand are given in formgrader, in a real browser.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import sync_playwright

from autograder.labs.model import Lab
from tests.autograder.commands import call
from tests.autograder.reporting.export.importers import Canvas, Moodle, read_rows
from tests.autograder.week_class import CLASS, EARNS, HANDED_IN, LAB, LATER, POINTS, UNMARKED, WITHOUT, Downloads, Person
from tests.browser.formgrader_page import FormgraderPage
from tests.browser.lab_page import CHROMIUM, FLAGS, served

MENDED = 'check.close(w, 2.0**-STEPS, hint="count the steps")'
TOO_KIND = "check.between(w, 0.0, 0.6)"
BY_HAND = {"s01": {"written_why": 3.0}, "s10": {"test_halving": 5.0}}
COMMENTS = {"s01": ("written_why", "Name an example, too."), "s10": ("halving", "The idea is right.")}
MISSED = {student for student in HANDED_IN if CLASS[student].answer == "once"}  # by the test that is mended
Give = Callable[[str], None]  # gives the marks of a student, or leaves those that stand there


def status() -> dict[str, object]:
    row: dict[str, object] = json.loads(call("status", "--json")[1])["labs"][0]
    return row


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def course(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new course with its roster and its rule for late work, and a hidden test that is too kind."""
    edit(toy.folder / "lab.py", MENDED, TOO_KIND)
    folder = tmp_path / "nn"
    assert call("init", folder, LAB, "--labs", toy.folder.parent, "--lms", "canvas")[0] == 0
    edit(folder / "course.toml", "# due = 2026-11-20T23:59:00+01:00", "due = 2026-11-20T18:00:00Z")
    for key, old, new in (("percent_per_day", 0, 10), ("grace_minutes", 0, 15), ("max_percent", 100, 50)):
        edit(folder / "course.toml", f"{key} = {old}\n", f"{key} = {new}\n")
    write_roster(folder, [person for person in CLASS.values() if person.id != LATER])
    monkeypatch.chdir(folder)
    return folder


def write_roster(folder: Path, people: list[Person]) -> None:
    rows = [["id", "first_name", "last_name", "email", "canvas_id", "login"]]
    for person in people:  # the instructor does not know the numbers of the two students of one name
        number = "" if person.last == "Lee" else f"{1000 + person.number}"
        login = {"s16": "bar_li"}.get(person.id, "")
        rows.append([person.id, person.first, person.last, person.email, number, login])
    with (folder / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)


# ── marks by hand ────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def in_formgrader(course: Path) -> Iterator[Give]:
    """Marks and comments are given in formgrader, which stays open over the week."""
    with served(course) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.route(lambda url: not url.startswith(address), lambda route: route.abort())
        form = FormgraderPage(page, address)

        def give(student: str) -> None:
            form.open_of(student, LAB)
            (cell, points), (about, said) = *BY_HAND[student].items(), COMMENTS[student]
            if form.field(cell).input_value() == f"{points:g}":
                form.resolve(cell)
            else:
                form.give({cell: f"{points:g}", f"{about}-comment": said})

        try:
            yield give
        finally:
            browser.close()


@contextmanager
def in_the_gradebook(course: Path) -> Iterator[Give]:
    """The same marks and comments are written by a script, as docs/instructor.md shows it."""

    def give(student: str) -> None:
        (cell, points), (about, said) = *BY_HAND[student].items(), COMMENTS[student]
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
            grade = gradebook.find_grade(cell, LAB, LAB, student)
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.find_comment(about, LAB, LAB, student).manual_comment = said
            gradebook.db.commit()

    yield give


# ── the week ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    "marking",
    [
        pytest.param(
            in_formgrader,
            marks=pytest.mark.skipif(
                CHROMIUM is None,
                reason="no Chromium is installed, so nobody marks in formgrader; the other week uses its gradebook",
            ),
        ),
        pytest.param(
            in_the_gradebook,
            marks=pytest.mark.skipif(
                CHROMIUM is not None, reason="Chromium is there, and the other week marks in formgrader itself"
            ),
        ),
    ],
)
def test_a_week_from_the_downloads_to_the_marks_in_the_platforms(
    toy: Lab, course: Path, tmp_path: Path, marking: Callable[[Path], Iterator[Give]]
) -> None:
    downloads = Downloads(toy, tmp_path / "downloads")
    assert MENDED not in (course / "release" / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8")
    _collect(downloads, course)
    assert (status()["handed_in"], status()["next"]) == (60, f"autograder grade {LAB}")
    assert call("grade", LAB, "--jobs", 2)[0] == 0
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:  # formgrader shows the names of the roster
        names = {row.id: (row.first_name, row.last_name, row.email) for row in gradebook.students}
    assert names == {p.id: (p.first, p.last, p.email) for p in CLASS.values() if p.id in HANDED_IN}
    with marking(course) as give:
        for student in BY_HAND:
            give(student)
        _mend_a_test(toy)
        give("s10")  # where a person marked the test that was mended, a person is asked to look again
    assert status()["to_mark"] == len(UNMARKED)
    _give_feedback(course)
    _report(course)
    _export_to_canvas(course, tmp_path)
    _export_to_moodle(course, tmp_path)
    given_back = [f"{LAB}-{name}" for name in ("canvas.csv", "canvas.zip", "moodle.csv", "moodle.zip")]
    assert (status()["pages"], status()["exports"]) == (60, given_back)


def _collect(downloads: Downloads, course: Path) -> None:
    code, said = call("collect", LAB, downloads.half_of_canvas())
    assert code == 2
    assert "download it again" in said
    code, said = call("collect", LAB, downloads.canvas())
    assert code == 1
    assert "unmatched user 2004 (leekim): 2 students have this name: s04 (Kim Lee), s05 (Kim Lee)" in said
    assert re.search(r"wrong lab s06 \(.+?\): it is the notebook of lab01_perceptron", said)
    assert "no notebook s07 (" in said
    assert "unreadable s08 (" in said
    assert "not taken ../../evil_1002_9999_lab.ipynb" in said
    assert "same name on some systems" in said
    of_canvas = 3 + 14  # with numbers in the roster: Jane, Zoë, 小明, and the crowd without the newcomer
    assert f"written: {of_canvas} new" in said
    write_roster(course, list(CLASS.values()))  # somebody came into the course
    told = {"user 2004": "s04", "user 2005": "s05", "user 3000": "-", f"user {1000 + CLASS[LATER].number}": LATER}
    with (course / "mapping.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["who"] for row in rows} == set(told)
    with (course / "mapping.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(row | {"student": told[row["who"]]} for row in rows)
    assert f"written: 3 new, 0 newer, {of_canvas} as before" in call("collect", LAB, downloads.canvas())[1]
    assert "0 as before, 1 older and left out" in call("collect", LAB, downloads.canvas_of_last_week())[1]
    code, said = call("collect", LAB, downloads.moodle(), downloads.gradescope(), downloads.blackboard(), downloads.folders())
    assert code == 0, said
    assert f"written: {60 - of_canvas - 3} new" in said
    assert re.search(r"repaired s11 \(.+?\): its metadata are lost", said)
    assert re.search(r"twice s15 \(.+?\): 2 notebooks of the lab", said)
    assert {path.parts[-3] for path in course.glob(f"submitted/*/{LAB}/{LAB}.ipynb")} == HANDED_IN
    kinds = {row["source"] for row in json.loads((course / "collected" / f"{LAB}.json").read_text(encoding="utf-8"))["files"]}
    assert len({kind.split("-")[0] for kind in kinds}) >= 5, kinds


def _mend_a_test(toy: Lab) -> None:
    edit(toy.folder / "lab.py", TOO_KIND, MENDED)
    code, said = call("regrade", LAB, "--test", "halving", "--jobs", 2)
    assert code == 0, said
    assert f"marks of {len(MISSED)} of 60 students moved" in said
    assert "s10 halving 8 0 8 the test changed; the mark by hand counts: 5" in said
    assert "s15 halving 8 0 8 the test changed" in said
    assert {move["submission"] for move in json.loads(call("diff", LAB, "--json")[1])["moves"]} == MISSED
    assert (status()["graded"], status()["to_mark"]) == (60, len(UNMARKED) + 1)
    assert str(status()["next"]).startswith("mark by hand")
    assert json.loads(call("explain", LAB, "s10", "--json")[1])["points"] == 17


def _give_feedback(course: Path) -> None:
    canvas = {
        person.id for person in CLASS.values() if person.id in HANDED_IN and (person.number < 6 or 20 < person.number < 36)
    }
    moodle = {person.id for person in CLASS.values() if 8 < person.number < 12 or 35 < person.number < 48}
    for lms, entry, expected in (
        ("canvas", r"[^_]+_(\d+)_(\d+)_", canvas),
        ("moodle", r".+_(\d+)_assignsubmission_file/", moodle),
    ):
        code, _ = call("feedback", LAB, "--zip", lms)
        assert code == 1  # the other platforms' students have a page and no place in the archive
        with zipfile.ZipFile(course / "feedback" / f"{LAB}-{lms}.zip") as archive:
            found = [re.match(entry, name) for name in archive.namelist()]
        assert {match and match[1] for match in found} == {_number(lms, CLASS[student]) for student in expected}
        if lms == "canvas":  # Canvas finds the student by the attachment, too
            assert all(match and match[2][-2:] == match[1][-2:] for match in found)
    pages = {path.parts[-3]: path.read_text(encoding="utf-8") for path in course.glob(f"feedback/*/{LAB}/{LAB}.html")}
    assert pages.keys() == HANDED_IN
    assert not [student for student, page in pages.items() if MENDED in page or TOO_KIND in page]
    for student, page in pages.items():
        shown = re.search(r'<p class="mark">([\d.]+) <small>of 24 points', page)
        assert shown, student
        assert float(shown[1]) == pytest.approx(CLASS[student].points(BY_HAND.get(student, {})), rel=5e-3), student
        assert {said for _, said in COMMENTS.values() if said in page} == {
            said for name, (_, said) in COMMENTS.items() if name == student
        }


def _report(course: Path) -> None:
    """Each test's counts, and the mean of the class, are those of the answers that were written."""
    code, said = call("report", LAB, "--json", "--csv")
    found = json.loads(said)
    assert code == int(any(item["findings"] and item["findings"][0]["fault"] for item in found["items"]))
    answers = [CLASS[student].answer for student in HANDED_IN]
    for at, item in enumerate(found["items"]):
        earned = [EARNS[answer][at] for answer in answers]
        full, blank = earned.count(POINTS[at]), answers.count("blank")
        assert (item["full"], item["partial"], item["zero"], item["blank"]) == (full, 0, 60 - full - blank, blank), item["name"]
    assert found["distribution"]["mean"] == pytest.approx(sum(sum(EARNS[answer]) for answer in answers) / 60)
    assert (found["students"], found["handed_in"]) == (64, 60)
    similar = found["similarity"]
    assert similar["compared"] + len(similar["too_little_own_code"]) == 60
    page = (course / "graded" / LAB / "class-report.html").read_text(encoding="utf-8")
    assert all(f">{student}<" in page for student in CLASS)


# ── back to the platforms ────────────────────────────────────────────────────────────────────────────────────────────


def _number(lms: str, person: Person) -> str:
    """The number that the platform has for a student."""
    if lms == "moodle":
        return f"{300 + person.number}"
    return {"s04": "2004", "s05": "2005"}.get(person.id, f"{1000 + person.number}")


def _expected(lms: str) -> dict[str, float]:
    """The platform's number of each student with a final mark → the sum, as the platform rounds it."""
    return {
        _number(lms, CLASS[student]): pytest.approx(CLASS[student].points(BY_HAND.get(student, {})), abs=0.005)
        for student in HANDED_IN - UNMARKED
    }


def _export_to_canvas(course: Path, tmp_path: Path) -> None:
    head = ["Student", "ID", "SIS Login ID", "Section", "Toy (77)", "Final Score"]
    notes = [["    Points Possible", "", "", "", "24.00", "(read only)"]]
    rows = []
    for person in CLASS.values():
        name = f"{person.last}, {person.first}"
        rows.append([f'="{name}"' if name.startswith("=") else name, _number("canvas", person), person.email, "A", "", "1.00"])
    strangers = [[f"Other, {n}", f"8{n}", f"o{n}@x.edu", "A", "", ""] for n in range(20)]
    _refuse_another_course("canvas", tmp_path / "other.csv", [head, *notes, *strangers])
    data = _export("canvas", tmp_path / "Grades.csv", [head, *notes, *rows, ["Student, Test", "9", "t", "A", "", ""]])
    server = Canvas({_number("canvas", person): ("", person.email) for person in CLASS.values()}, {"77": {}})
    assert {user: mark for (_, user), mark in server.upload(data).items()} == _expected("canvas")


def _export_to_moodle(course: Path, tmp_path: Path) -> None:
    head = ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung", "Änderbar", "Zuletzt geändert"]
    rows = [
        [f"Teilnehmer/in {_number('moodle', p)}", f"{p.first} {p.last}", p.email, "", "", "24,00", "Ja", "-"]
        for p in CLASS.values()
    ]
    strangers = [[f"Teilnehmer/in {n}", f"Other {n}", f"o{n}@x.edu", "", "", "24,00", "Ja", "-"] for n in range(20)]
    _refuse_another_course("moodle", tmp_path / "andere.csv", [head, *strangers])
    data = _export("moodle", tmp_path / "Bewertungen.csv", [head, *rows])
    server = Moodle({_number("moodle", person): (None, "-") for person in CLASS.values()}, 24.0)
    assert server.upload(data, (0, 4, 7)) == (_expected("moodle"), [])


def _refuse_another_course(lms: str, template: Path, rows: list[list[str]]) -> None:
    _write(template, rows)
    code, said = call("export", LAB, "--to", lms, "--template", template)
    assert code == 2
    assert "is it the export of another course?" in said


def _export(lms: str, template: Path, rows: list[list[str]]) -> bytes:
    """Export, and compare every cell but those of the marks with the template."""
    _write(template, rows)
    code, said = call("export", LAB, "--to", lms, "--template", template)
    assert code == 1
    without = [CLASS[student] for student in sorted(WITHOUT)]
    names = "; ".join(f"{p.last}, {p.first}" if lms == "canvas" else f"{p.first} {p.last}" for p in without)
    assert f"left out {names}: nothing was handed in" in said
    assert said.count("left out") == 1 + len(UNMARKED)
    data = (Path("feedback") / f"{LAB}-{lms}.csv").read_bytes()
    for before, after in zip(rows, read_rows(data), strict=True):
        assert before[:4] + before[5:] == after[:4] + after[5:]
    return data


def _write(template: Path, rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    template.write_bytes(out.getvalue().encode("utf-8-sig"))
