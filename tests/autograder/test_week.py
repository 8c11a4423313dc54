"""An instructor's week with the real commands: from five kinds of download to every mark in two platforms.

Each made-up student has a known answer, a place where it is handed in, and days of lateness that are
written here by hand. Every mark that the commands give back is compared with a sum of these.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve, without_metadata
from autograder.labs.model import Lab
from tests.autograder.commands import call

LAB = "lab00_toy"
MENDED = 'check.close(w, 2.0**-STEPS, hint="count the steps")'
TOO_KIND = "check.between(w, 0.0, 0.6)"
# Answer → points of mean, mean_pure and halving; the test of `halving` is too kind to `once` until it is mended.
EARNS = {"right": (8, 4, 8), "sum": (0, 4, 8), "in_place": (8, 0, 8), "once": (8, 4, 0), "blank": (0, 0, 0)}
CODE = {
    "right": {},
    "sum": {"mean": "def mean(x):\n    return x.sum()"},
    "in_place": {"mean": "def mean(x):\n    total = x.sum()\n    x[:] = 0\n    return total / len(x)"},
    "once": {"halving": "w = w / 2"},
}


@dataclass(frozen=True)
class Person:
    """A student: who it is, what the answers are, and how many days late they come, as far as the platform tells."""

    id: str
    first: str
    last: str
    answer: str = "right"
    writes: bool = False
    days: int = 0

    def points(self, by_hand: Mapping[str, float]) -> float:
        """The mark: tests, with those of a person in their place, and 10 percent less per day, at most 50."""
        mean, pure, halving = EARNS[self.answer]
        earned = mean + pure + by_hand.get("test_halving", halving) + by_hand.get("written_why", 0)
        return earned * (100 - min(10 * self.days, 50)) / 100


CLASS = {
    person.id: person
    for person in (
        # from Canvas, which says that work is late but not when it came
        Person("s01", "Jane", "Doe", writes=True),
        Person("s02", "Zoë", "O'Neil-Smith", "sum"),
        Person("s03", "小明", "李"),
        Person("s04", "Kim", "Lee"),
        Person("s05", "Kim", "Lee", "in_place"),
        Person("s06", "Wrong", "Lab"),  # hands in the notebook of another lab
        Person("s07", "Text", "Only"),  # hands in no notebook
        Person("s08", "Half", "File"),  # hands in half a notebook
        # from Moodle
        Person("s09", "Jürgen", "Müller"),
        Person("s10", "Ana María", "Núñez", "once"),
        Person("s11", "Lost", "Metadata"),
        # from Gradescope
        Person("s12", "Grace", "Hopper", days=1),
        Person("s13", "Alan", "Turing", "sum", days=3),
        Person("s14", "Very", "Late", days=9),
        # from Blackboard
        Person("s15", "Edsger", "Dijkstra", "once"),
        Person("s16", "Barbara", "Liskov"),
        # in a folder
        Person("s17", "Ada", "Lovelace"),
        Person("s18", "Kurt", "Gödel", writes=True),
        Person("s19", "Emmy", "Noether"),
        # hands in nothing
        Person("s20", "No", "Show"),
    )
}
WITHOUT = {"s06", "s07", "s08", "s20"}  # no notebook of the lab, so no mark
UNMARKED = {"s18"}  # the written answer is left unmarked
BY_HAND = {"s01": {"written_why": 3.0}, "s10": {"test_halving": 5.0}}


class Downloads:
    """What the platforms let the instructor download."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder

    def notebook(self, student: str, *, answer: str = "", lost: bool = False) -> bytes:
        person = CLASS[student]
        made = solve(self.lab, {**reference_sources(self.lab), **CODE[answer or person.answer]})
        if not person.writes:
            for cell, node in zip(self.lab.cells, made.cells, strict=True):
                node.source = "" if cell.role == "written" else node.source
        return json.dumps(without_metadata(made) if lost else made).encode()

    def zip(self, name: str, files: Mapping[str, bytes]) -> Path:
        self.folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(self.folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, data in files.items():
                archive.writestr(zipfile.ZipInfo(entry, (2026, 11, 20, 20, 0, 0)), data)
        return self.folder / name

    def canvas(self) -> Path:
        other = json.loads(self.notebook("s06"))
        other["metadata"]["coursekit"]["lab"] = "lab01_perceptron"
        for cell in other["cells"]:
            cell["metadata"].pop("nbgrader", None)
        return self.zip(
            "nn-toy_submissions.zip",
            {
                f"doejane_1001_9001_{LAB}-1.ipynb": self.notebook("s01"),
                "oneilsmithzoë_LATE_1002_9002_Copy of lab.ipynb": self.notebook("s02"),
                f"李小明_1003_9003_{LAB}.ipynb": self.notebook("s03"),
                f"leekim_2004_9004_{LAB}.ipynb": self.notebook("s04"),
                f"leekim_2005_9005_{LAB}.ipynb": self.notebook("s05"),
                f"labwrong_1006_9006_{LAB}.ipynb": json.dumps(other | {"cells": other["cells"][:1]}).encode(),
                "onlytext_1007_text.html": b"<p>I did it",
                f"filehalf_1008_9008_{LAB}.ipynb": self.notebook("s08")[:500],
                "guestabc_3000_9010_lab.ipynb": self.notebook("s03"),
                f"__MACOSX/._doejane_1001_9001_{LAB}-1.ipynb": b"\0",
                ".DS_Store": b"\0",
            },
        )

    def canvas_of_last_week(self) -> Path:
        return self.zip("older_submissions.zip", {f"doejane_1001_8001_{LAB}.ipynb": self.notebook("s01", answer="sum")})

    def moodle(self) -> Path:
        return self.zip(
            "NN-Toy-17.zip",
            {
                "Jürgen Müller_309_assignsubmission_file/a/my lab.ipynb": self.notebook("s09"),
                f"Ana María Núñez_310_assignsubmission_file_/{LAB}.ipynb": self.notebook("s10"),
                f"Lost Metadata_311_assignsubmission_file/{LAB}.ipynb": self.notebook("s11", lost=True),
            },
        )

    def gradescope(self) -> Path:
        times = {"s12": "2026-11-20 18:16:00", "s13": "2026-11-23 18:15:00", "s14": "2026-11-29 12:00:00"}
        rows = "".join(
            f"submission_{n}:\n  :submitters:\n  - :name: {CLASS[student].first} {CLASS[student].last}\n    :sid: {student}\n"
            f"    :email: {student}@x.edu\n  :created_at: {time}.000000000 Z\n  :score: 0.0\n"
            for n, (student, time) in enumerate(times.items(), start=1)
        )
        files = {f"submission_{n}/lab.ipynb": self.notebook(student) for n, student in enumerate(times, start=1)}
        listing = {"submission_metadata.yml": rows.encode()}
        return self.zip("export.zip", {f"assignment_5_export/{name}": data for name, data in {**files, **listing}.items()})

    def blackboard(self) -> Path:
        head = "Toy_Lab_{}_attempt_2026-11-{}-10-00-00"
        return self.zip(
            "gradebook_nn_toy.zip",
            {
                f"{head.format('s15', '17')}_{LAB}.ipynb": self.notebook("s15", answer="sum"),
                f"{head.format('s15', '18')}_{LAB}.ipynb": self.notebook("s15"),
                f"{head.format('s15', '18')}.txt": b"Name: Edsger Dijkstra (s15)",
                f"{head.format('bar_li', '18')}_{LAB}.ipynb": self.notebook("s16"),
            },
        )

    def folders(self) -> Path:
        place = self.folder / "by hand"
        names = {"s17": "s17/work.ipynb", "s18": "Kurt Gödel/lab.ipynb", "s19": f"{LAB}-s19-20261120T101500.ipynb"}
        for student, name in names.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(self.notebook(student))
        return place


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
    rows = [["id", "first_name", "last_name", "email", "canvas_id", "login"]]
    for person in CLASS.values():  # the instructor does not know the numbers of the two students of one name
        number = "" if person.last == "Lee" else f"10{person.id[1:]}"
        rows.append([person.id, person.first, person.last, f"{person.id}@x.edu", number, "bar_li" * (person.id == "s16")])
    with (folder / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.timeout(1500)
def test_a_week_from_the_downloads_to_the_marks_in_the_platforms(toy: Lab, course: Path, tmp_path: Path) -> None:
    downloads = Downloads(toy, tmp_path / "downloads")
    _collect(downloads, course)
    assert (status()["handed_in"], status()["next"]) == (16, f"autograder grade {LAB}")
    assert call("grade", LAB, "--jobs", 2)[0] == 0
    _mark_by_hand(course, BY_HAND)
    edit(toy.folder / "lab.py", TOO_KIND, MENDED)
    code, said = call("regrade", LAB, "--test", "halving", "--jobs", 2)
    assert code == 0, said
    assert "marks of 2 of 16 students moved" in said
    assert "s10 halving 8 0 8 the test changed; the mark by hand counts: 5" in said
    assert "s15 halving 8 0 8 the test changed" in said
    assert [move["submission"] for move in json.loads(call("diff", LAB, "--json")[1])["moves"]] == ["s10", "s15"]
    # Where a person marked the test that was mended, the mark stays and a person is asked to look again.
    assert (status()["graded"], status()["to_mark"]) == (16, 2)
    assert status()["next"].startswith("mark by hand")
    assert json.loads(call("explain", LAB, "s10", "--json")[1])["points"] == 17
    _mark_by_hand(course, {"s10": BY_HAND["s10"]})
    assert status()["to_mark"] == len(UNMARKED)
    _give_feedback(course)
    _export_to_canvas(course, tmp_path)
    _export_to_moodle(course, tmp_path)


def _collect(downloads: Downloads, course: Path) -> None:
    code, said = call("collect", LAB, downloads.canvas())
    assert code == 1
    assert "unmatched user 2004 (leekim): 2 students have this name: s04 (Kim Lee), s05 (Kim Lee)" in said
    assert "wrong lab s06: it is the notebook of lab01_perceptron" in said
    assert "no notebook s07" in said
    assert "unreadable s08" in said
    assert "written: 3 new" in said
    told = {"user 2004": "s04", "user 2005": "s05", "user 3000": "-"}
    with (course / "mapping.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["who"] for row in rows} == set(told)
    with (course / "mapping.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(row | {"student": told[row["who"]]} for row in rows)
    assert "written: 2 new, 0 newer, 3 as before" in call("collect", LAB, downloads.canvas())[1]
    assert "0 as before, 1 older and left out" in call("collect", LAB, downloads.canvas_of_last_week())[1]
    code, said = call("collect", LAB, downloads.moodle(), downloads.gradescope(), downloads.blackboard(), downloads.folders())
    assert code == 0, said
    assert "written: 11 new" in said
    assert "repaired s11: its metadata are lost" in said
    assert "twice s15: 2 notebooks of the lab" in said
    assert {path.parts[-3] for path in course.glob(f"submitted/*/{LAB}/{LAB}.ipynb")} == CLASS.keys() - WITHOUT


def _mark_by_hand(course: Path, given: Mapping[str, Mapping[str, float]]) -> None:
    """Give marks as formgrader does; the gradebook knows the students by their names."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for student, marks in given.items():
            for cell, points in marks.items():
                grade = gradebook.find_grade(cell, LAB, LAB, student)
                grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()
        names = {row.id: (row.first_name, row.last_name, row.email) for row in gradebook.students}
    assert names == {p.id: (p.first, p.last, f"{p.id}@x.edu") for p in CLASS.values() if p.id not in WITHOUT}


def _give_feedback(course: Path) -> None:
    handed_in = CLASS.keys() - WITHOUT
    for lms, entry in (("canvas", r"[^_]+_(\d+)_(\d+)_"), ("moodle", r"([^_]+)_(\d+)_assignsubmission_file/")):
        code, _ = call("feedback", LAB, "--zip", lms)
        assert code == 1  # the other platforms' students have a page and no place in the archive
        with zipfile.ZipFile(course / "feedback" / f"{LAB}-{lms}.zip") as archive:
            found = {match.groups() for name in archive.namelist() if (match := re.match(entry, name))}
        if lms == "canvas":
            assert found == {("1001", "9001"), ("1002", "9002"), ("1003", "9003"), ("2004", "9004"), ("2005", "9005")}
        else:
            assert found == {("Jürgen Müller", "309"), ("Ana María Núñez", "310"), ("Lost Metadata", "311")}
    pages = {path.parts[-3]: path.read_text(encoding="utf-8") for path in course.glob(f"feedback/*/{LAB}/{LAB}.html")}
    assert pages.keys() == handed_in
    assert not [student for student, page in pages.items() if MENDED in page or TOO_KIND in page]


def _export_to_canvas(course: Path, tmp_path: Path) -> None:
    head = ["Student", "ID", "SIS Login ID", "Section", "Toy (77)", "Final Score"]
    numbers = {"s04": "2004", "s05": "2005"}
    rows = [
        [f"{person.last}, {person.first}", numbers.get(person.id, f"10{person.id[1:]}"), f"{person.id}@x.edu", "A", "", "1.00"]
        for person in CLASS.values()
    ]
    notes = [["    Points Possible", "", "", "", "24.00", "(read only)"]]
    _export("canvas", tmp_path / "Grades.csv", [head, *notes, *rows, ["Student, Test", "9", "t", "A", "", ""]], column=4)


def _export_to_moodle(course: Path, tmp_path: Path) -> None:
    head = ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung", "Änderbar", "Zuletzt geändert"]
    rows = [
        [
            f"Teilnehmer/in {300 + int(person.id[1:])}",
            f"{person.first} {person.last}",
            f"{person.id}@x.edu",
            "",
            "",
            "24,00",
            "Ja",
            "-",
        ]
        for person in CLASS.values()
    ]
    _export("moodle", tmp_path / "Bewertungen.csv", [head, *rows], column=4)


def _export(lms: str, template: Path, rows: list[list[str]], column: int) -> None:
    """Export, and compare each mark with the sum, and every other cell with the template."""
    with template.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    code, said = call("export", LAB, "--to", lms, "--template", template)
    assert code == 1
    assert said.count("left out") == len(WITHOUT | UNMARKED)
    text = (Path("feedback") / f"{LAB}-{lms}.csv").read_text(encoding="utf-8-sig")
    filled = list(csv.reader(io.StringIO(text)))
    marks = {row[2].removesuffix("@x.edu"): row[column].replace(",", ".") for row in filled if "@x.edu" in row[2]}
    written = {student: float(mark) for student, mark in marks.items() if mark}
    assert marks.keys() == CLASS.keys()
    assert written == {
        student: pytest.approx(person.points(BY_HAND.get(student, {})))
        for student, person in CLASS.items()
        if student not in WITHOUT | UNMARKED
    }
    for before, after in zip(rows, filled, strict=True):
        assert before[:column] + before[column + 1 :] == after[:column] + after[column + 1 :]
