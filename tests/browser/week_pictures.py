"""The pictures of docs/instructor.md: a class report, a feedback page and formgrader, of a made-up class of lab 1.

`python -m tests.browser.week_pictures [FOLDER]` writes them into docs/. A course that an earlier call made in FOLDER is taken as it is.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
from pathlib import Path

from nbgrader.api import Gradebook
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from tests.autograder.commands import call

from .formgrader_page import FormgraderPage
from .lab_page import CHROMIUM, FLAGS, served

ROOT = Path(__file__).parents[2]
LAB = "lab01_perceptron"
LATE, SHOWN = "emmy", "kurt"  # whose work comes two days late, and whose page is shown
NAMES = (
    *("Ada Lovelace", "Alan Turing", "Alonzo Church", "Barbara Liskov", "David Hilbert", "Edsger Dijkstra", "Emmy Noether"),
    *("Frank Rosenblatt", "Grace Hopper", "Henri Poincaré", "Ida Rhodes", "John Backus", "Karen Jones", "Katherine Johnson"),
    *("Kurt Gödel", "Lenore Blum", "Margaret Hamilton", "Marvin Minsky", "Mary Cartwright", "Niklaus Wirth", "Radia Perlman"),
    *("Rózsa Péter", "Sofia Kovalevskaya", "Warren McCulloch"),
)


def make_week(folder: Path) -> None:
    """A course whose class was graded and partly marked by hand, with a page for each student and a report."""
    lab = load_lab(ROOT / "labs" / LAB)
    reference = reference_sources(lab)
    wrong = {name: [answer for answer in lab.answers if answer.exercise == name and not answer.right] for name in reference}
    assert call("init", folder, LAB, "--labs", ROOT / "labs", "--name", "Neural networks", "--lms", "moodle")[0] == 0
    settings = (folder / "course.toml").read_text(encoding="utf-8").replace("percent_per_day = 0", "percent_per_day = 10")
    (folder / "course.toml").write_text(
        settings.replace("# due = 2026-11-20T23:59:00", "due = 2026-11-20T23:59:00"), encoding="utf-8"
    )
    students = {name.split()[0].lower(): name for name in NAMES}
    rows = [f"{student},{name.replace(' ', ',')}" for student, name in students.items()]
    (folder / "roster.csv").write_text("\n".join(["id,first_name,last_name", *rows, ""]), encoding="utf-8")
    draw, order = random.Random(7), list(reference)
    for number, student in enumerate(students):
        # Exercises get harder towards the end of the lab: who is weak misses easier ones, too, and most slip somewhere.
        easy = len(order) - number % (len(order) // 2 + 1)
        missed = {*order[easy:], draw.choice(order)} if number % 4 else set()
        sources = {name: draw.choice(answers).source for name in missed if (answers := wrong.get(name))}
        notebook = solve(lab, {**reference, **sources})
        place = folder / "submitted" / student / LAB
        write_notebook(notebook, place / f"{LAB}.ipynb")
        (place / "timestamp.txt").write_text(f"2026-11-{22 if student == LATE else 20} 20:00:00 UTC\n")
    code, said = call("grade", LAB, "--course", folder, "--data", "drawn")
    assert code == 0, said
    _mark_by_hand(folder, SHOWN)
    call("report", LAB, "--course", folder)
    call("feedback", LAB, "--course", folder, "--zip", "none")


def _mark_by_hand(folder: Path, student: str) -> None:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for grade in gradebook.find_submission_notebook(LAB, LAB, student).grades:
            if grade.needs_manual_grade:
                grade.manual_score, grade.needs_manual_grade = grade.max_score - 1, False
                gradebook.find_comment(grade.name, LAB, LAB, student).manual_comment = "Right. Say where the line is, too."
        gradebook.db.commit()


def report_picture(browser: Browser, folder: Path) -> Image.Image:
    """The report from its top to the statistics of the tests."""
    page = browser.new_page(viewport={"width": 1180, "height": 1000})
    page.goto((folder / "graded" / LAB / "class-report.html").as_uri())
    return _taken(page)


def feedback_picture(browser: Browser, folder: Path) -> Image.Image:
    """A page on a phone, and the same page on a desktop, scrolled to an exercise that lost points."""
    address = (folder / "feedback" / SHOWN / LAB / f"{LAB}.html").as_uri()
    phone = browser.new_page(viewport={"width": 390, "height": 760}, device_scale_factor=1)
    phone.goto(address)
    desktop = browser.new_page(viewport={"width": 800, "height": 760})
    desktop.goto(address)
    desktop.locator("section", has=desktop.locator(".state.missed")).first.evaluate("part => part.scrollIntoView()")
    pictures = [_taken(phone), _taken(desktop)]
    sheet = Image.new("RGB", (sum(p.width for p in pictures) + 20, 760), "#888888")
    sheet.paste(pictures[0], (0, 0))
    sheet.paste(pictures[1], (pictures[0].width + 20, 0))
    return sheet


def formgrader_picture(browser: Browser, folder: Path) -> Image.Image:
    """A test in formgrader that gave no points, with what it said, its fields, and the student's code above it."""
    with served(folder) as address:
        page = browser.new_page(viewport={"width": 1180, "height": 700})
        form = FormgraderPage(page, address)
        form.open_of(SHOWN, LAB)
        missed = page.locator(".panel-heading", has=page.locator("[id^='test_'][placeholder='0']:not(.extra-credit)")).first
        missed.evaluate("part => window.scrollTo(0, part.getBoundingClientRect().top + window.scrollY - 240)")
        page.wait_for_timeout(500)
        return _taken(page)


PICTURES = {"week-report": report_picture, "week-feedback": feedback_picture, "week-formgrader": formgrader_picture}


def _taken(page: Page) -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return picture


def main(folder: Path) -> None:
    """Write the pictures of the course in a folder, which is made if it is not there."""
    if not (folder / "course.toml").exists():
        make_week(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, take in PICTURES.items():
            take(browser, folder).quantize(128).save(ROOT / "docs" / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch) / "nn")
