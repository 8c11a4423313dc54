"""Make the pictures of the README again: `python -m tests.browser.pictures [NAME …]` writes those in docs/ (after `make demo`)."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from base64 import b64decode
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import sync_playwright

from autograder.authoring.demo import reference_sources, solve
from autograder.authoring.lectures import load_lecture, run_lecture
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from coursekit.playgrounds.state import State

from .lab_page import CHROMIUM, FLAGS, PYTHON, opened, run_all, run_cell, save, write_cell
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


def progress_picture(target: Path) -> None:
    """The card of `progress` for lab 1: two exercises pass, the third has a typical mistake, the others are not written."""
    lab = load_lab(ROOT / "labs" / "lab01_perceptron")
    first, second, third = (cell.name for cell in lab.of("exercise")[:3])
    mistake = next(a for a in lab.answers if (a.exercise, a.name, a.right) == (third, "absolute", False))
    reference = reference_sources(lab)
    cells = {first: reference[first], second: reference[second], third: mistake.source}
    with tempfile.TemporaryDirectory() as scratch:
        begun = Path(scratch) / "begun" / f"{lab.id}.ipynb"
        write_notebook(solve(lab, cells, fast=True), begun)
        with opened(begun, Path(scratch), width=1000, height=1000) as page:
            page.keyboard.press("Control+B")
            run_all(page)  # stops at the mistake
            run_cell(page, "coursekit.progress()")
            page.locator(".jp-OutputArea section").last.screenshot(path=target)


CURVE = """history = coursekit.training.fit(
    network, fashion.X_train[:2000] / 255, fashion.y_train[:2000], epochs=40, live=True,
    validation_data=(fashion.X_valid[:2000] / 255, fashion.y_valid[:2000]))"""
NETWORK = """import coursekit
import keras
coursekit.setup("lab02_mlp")
fashion = coursekit.data.load_fashion_mnist()
network = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(100, "relu"), keras.layers.Dense(10, "softmax")])
network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])"""


def curve_picture(target: Path) -> None:
    """The line and the live curve below a cell that has trained a network on few pictures, too long."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made" / "curve.ipynb"
        write_notebook(
            nbformat.v4.new_notebook(metadata=PYTHON, cells=[*map(nbformat.v4.new_code_cell, (NETWORK, CURVE))]), made
        )
        with opened(made, Path(scratch), width=1000, height=900) as page:
            page.keyboard.press("Control+B")
            run_all(page)
            page.locator(".jp-CodeCell").last.locator(".jp-OutputArea").screenshot(path=target)


def hand_in_picture(target: Path) -> None:
    """The card of `submit` for lab 1, with every answer written."""
    lab = load_lab(ROOT / "labs" / "lab01_perceptron")
    with tempfile.TemporaryDirectory() as scratch:
        solved = Path(scratch) / "solved" / f"{lab.id}.ipynb"
        write_notebook(solve(lab, reference_sources(lab), fast=True), solved)
        folder = Path(scratch) / "neural-networks"  # the card names it
        folder.mkdir()
        with opened(solved, folder, width=1180, height=1000) as page:
            page.keyboard.press("Control+B")
            run_cell(page, "coursekit.setup(")
            write_cell(page, "coursekit.submit()", 'coursekit.submit(student="eva")')
            save(page)
            run_cell(page, "coursekit.submit(", seconds=300)
            page.locator(".jp-OutputArea section").last.screenshot(path=target)


def report_picture(target: Path) -> None:
    """The top of the class report that `make demo` wrote."""
    report = ROOT / "demo" / "report.html"
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


PICTURES = {
    "lectures": lecture_picture,
    "lab02": lab_picture,
    "progress": progress_picture,
    "curve": curve_picture,
    "playground": playground_picture,
    "hand-in": hand_in_picture,
    "report": report_picture,
}


if __name__ == "__main__":
    os.environ.setdefault("COURSEKIT_DATA", "drawn")
    os.environ["XDG_CONFIG_HOME"] = str(
        Path(tempfile.gettempdir(), "eva", ".config")
    )  # the ID on the pictures is nobody's here
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name](ROOT / "docs" / f"{name}.png")
