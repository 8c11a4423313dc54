"""Make the pictures of the README again: `python -m tests.browser.pictures` writes those in docs/ (after `make demo`)."""

from __future__ import annotations

import io
import os
import tempfile
from base64 import b64decode
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from autograder.authoring.demo import reference_sources, solve
from autograder.authoring.lectures import load_lecture, run_lecture
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from coursekit.playgrounds.state import State

from .lab_page import CHROMIUM, FLAGS, opened, run_all, run_cell, write_cell
from .playground_page import shown

ROOT = Path(__file__).parents[2]
EXERCISE, WRONG = "softmax", "axis"
FIGURES = {"lecture01_neurons": 4, "lecture02_descent": 5, "lecture03_backpropagation": 1}  # which figure of each, from 0
HEIGHT = 420  # pixels


def lab_picture(target: Path) -> None:
    """Lab 2 solved but for one typical mistake, scrolled to the check that names it."""
    lab = load_lab(ROOT / "labs" / "lab02_mlp")
    mistake = next(a for a in lab.answers if (a.exercise, a.name, a.right) == (EXERCISE, WRONG, False))
    cells = {**reference_sources(lab), EXERCISE: mistake.source}
    with tempfile.TemporaryDirectory() as scratch:
        solved = Path(scratch) / "solved" / f"{lab.id}.ipynb"
        write_notebook(solve(lab, cells, fast=True), solved)
        with opened(solved, Path(scratch), width=1180, height=1000) as page:
            page.keyboard.press("Control+B")  # no file browser
            run_all(page)  # stops at the mistake
            page.locator(".jp-CodeCell", has_text=f"def {EXERCISE}(").first.evaluate("cell => cell.scrollIntoView()")
            page.wait_for_timeout(1000)
            page.screenshot(path=target)


def hand_in_picture(target: Path) -> None:
    """The card of `submit` for lab 1, with every answer written."""
    lab = load_lab(ROOT / "labs" / "lab01_perceptron")
    with tempfile.TemporaryDirectory() as scratch:
        solved = Path(scratch) / "solved" / f"{lab.id}.ipynb"
        write_notebook(solve(lab, reference_sources(lab), fast=True), solved)
        with opened(solved, Path(scratch), width=1180, height=1000) as page:
            page.keyboard.press("Control+B")
            run_cell(page, "coursekit.setup(")
            write_cell(page, "coursekit.submit()", 'coursekit.submit(student="eva")')
            page.keyboard.press("Control+S")
            page.wait_for_timeout(2000)
            run_cell(page, "coursekit.submit(", seconds=300)
            page.locator(".jp-OutputArea section").last.screenshot(path=target)


def report_picture(target: Path, report: Path) -> None:
    """The top of the class report that `make demo` wrote."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 900})
        page.goto(report.resolve().as_uri())
        page.screenshot(path=target)
        browser.close()


def playground_picture(target: Path) -> None:
    """The playground with a spiral that it has learned."""
    state = State(data="spiral", hidden=(8, 8, 6), features=("x1", "x2", "sin_x1", "sin_x2"), show_test=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with shown(browser, state, height=720) as (page, widget):
            widget.session.train(400)
            before = page.locator(".ckpg").get_attribute("data-frame")
            page.get_by_role("button", name="One epoch").click()
            page.wait_for_function("n => document.querySelector('.ckpg').dataset.frame !== n", arg=before)
            page.mouse.move(0, 0)
            picture = Image.open(io.BytesIO(page.locator(".ckpg").screenshot()))
            picture.convert("RGB").quantize(128).save(target, optimize=True)
        browser.close()


def lecture_picture(target: Path) -> None:
    """One figure of each of three lectures, side by side."""
    pictures = []
    for name, number in FIGURES.items():
        run = run_lecture(load_lecture(ROOT / "notebooks" / "lectures" / "source" / f"{name}.py"), fast=True, data="drawn")
        outputs = [output for cell in run.notebook.cells for output in cell.get("outputs", ())]
        shown = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
        picture = Image.open(io.BytesIO(b64decode(shown[number]))).convert("RGB")
        pictures.append(picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS))
    sheet = Image.new("RGB", (sum(p.width for p in pictures) + 20 * (len(pictures) - 1), HEIGHT), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + 20
    sheet.quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    os.environ.setdefault("COURSEKIT_DATA", "drawn")
    (ROOT / "docs").mkdir(exist_ok=True)
    lecture_picture(ROOT / "docs" / "lectures.png")
    lab_picture(ROOT / "docs" / "lab02.png")
    playground_picture(ROOT / "docs" / "playground.png")
    hand_in_picture(ROOT / "docs" / "hand-in.png")
    report_picture(ROOT / "docs" / "report.png", ROOT / "demo" / "report.html")
