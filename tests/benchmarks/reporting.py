"""How long the report of a large class and its feedback pages take, how large they are, and how both grow with the class.

Run as `python -m tests.benchmarks.reporting [--students 2000]`. The class has made-up verdicts on lab 2 and real notebooks, which are
read for the examples of wrong answers and compared with each other. The aim is 2,000 students in under 30 s and a page under 10 MB; and
2,000 feedback pages, each with code and figures, in under 3 minutes on two processors.
"""

from __future__ import annotations

import argparse
import base64
import functools
import io
import json
import random
import tempfile
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from typer.testing import CliRunner

from autograder.analysis.similarity import similarity_of
from autograder.cli import app
from autograder.course.config import load_course
from autograder.files import write_text
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.release import release_notebook
from autograder.reporting.class_report.answers import CourseAnswers
from autograder.reporting.class_report.content import report_of
from autograder.reporting.class_report.render import class_report_html
from autograder.reporting.class_report.similar import similar_section
from autograder.reporting.class_report.works import given_code, works_of_class
from autograder.reporting.marks import read_marks
from autograder.reporting.pages import verdicts_json

__all__ = ["main"]

LABS = Path(__file__).parents[2] / "labs"
LAB = "lab02_mlp"
FEW = 200


def verdicts_of(lab: Lab, students: int) -> list[Verdict]:
    """A class with many mistakes, some common and some rare."""
    rng = np.random.default_rng(3)
    made = []
    for i in range(students):
        tests = []
        for cell in lab.of("tests"):
            passed, mistake = bool(rng.random() < 0.7), int(rng.geometric(0.3))
            message = "" if passed else f"mistake {'x' * mistake}: got {rng.normal():.4g}, expected {rng.normal():.4g}"
            earned = cell.points * passed
            tests.append(TestResult(cell.name, cell.exercise, cell.points, earned, "passed" if passed else "failed", message))
        made.append(Verdict(f"s{i}", LAB, "graded", tuple(tests), seconds=float(rng.gamma(4))))
    return made


def notebook_of(lab: Lab, released: str, i: int) -> str:
    """The release with known answers, to which each student adds statements that nobody else writes."""
    draw, raw = random.Random(i), json.loads(released)
    for cell in raw["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if known := [answer.source for answer in lab.answers if answer.exercise == name]:
            own = "".join(f"\nx.a{draw.randrange(10**6)}(y, z.b{draw.randrange(99)})[{k}]  # {i}" for k in range(5))
            cell["source"] = draw.choice(known) + own
    return json.dumps(raw)


def measure(lab: Lab, released: str, students: int) -> tuple[float, float, int]:
    """Seconds, how many of them for similar work, and bytes of the page."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "course.toml").write_text(f'labs_folder = "{LABS}"\n[labs.{LAB}]\n')
        (folder / "roster.csv").write_text(
            "id,first_name,last_name\n" + "".join(f"s{i},Student,No{i}\n" for i in range(students))
        )
        course = load_course(folder)
        write_text(course.graded(LAB) / "verdicts.json", verdicts_json(verdicts_of(lab, students)))
        for i in range(students):
            write_text(course.submitted() / f"s{i}" / LAB / f"{LAB}.ipynb", notebook_of(lab, released, i))
        started = time.perf_counter()
        marks = read_marks(course, LAB)
        report = report_of(marks, LAB, lab.settings.title, CourseAnswers(course, lab))
        compared = time.perf_counter()
        similar = similarity_of(list(works_of_class(course, lab, marks)), given_code(lab))
        comparing = time.perf_counter() - compared
        page = class_report_html(report, [similar_section(similar, {mark.student.id: mark.student.name for mark in marks})])
        spent = time.perf_counter() - started
        if students >= FEW and not all(part.mistakes and part.mistakes[0].examples for part in report.tests):
            raise SystemExit("expected examples of wrong answers to every test, and some have none")
        if students >= FEW and similar.compared != students:
            raise SystemExit(f"expected {students} works to be compared, and {similar.compared} were")
        return spent, comparing, len(page.encode())


def measure_feedback(lab: Lab, released: str, students: int) -> tuple[float, int]:
    """Seconds that `autograder feedback` takes, and bytes of its largest page. Every notebook has four figures of its own."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "course.toml").write_text(f'labs_folder = "{LABS}"\n[labs.{LAB}]\n')
        (folder / "roster.csv").write_text("id\n" + "".join(f"s{i}\n" for i in range(students)))
        course = load_course(folder)
        for i in range(students):
            write_text(course.submitted() / f"s{i}" / LAB / f"{LAB}.ipynb", with_figures(notebook_of(lab, released, i), i))
        write_text(course.graded(LAB) / "verdicts.json", verdicts_json(verdicts_of(lab, students)))
        started = time.perf_counter()
        result = CliRunner().invoke(app, ["feedback", LAB, "--course", str(folder), "--zip", "none"])
        spent = time.perf_counter() - started
        pages = [path.stat().st_size for path in course.feedback().glob(f"*/{LAB}/{LAB}.html")]
        if len(pages) != students:
            raise SystemExit(f"expected {students} pages, and {len(pages)} are there: {result.output[-500:]}")
        return spent, max(pages)


@functools.cache
def figures() -> list[str]:
    """Forty figures, as notebooks hold them."""
    rng, drawn = np.random.default_rng(0), []
    for _ in range(40):
        figure = Figure(figsize=(6.4, 4.8), dpi=100)
        figure.add_subplot().plot(rng.normal(size=(200, 3)).cumsum(axis=0))
        out = io.BytesIO()
        figure.savefig(out, format="png")
        drawn.append(base64.b64encode(out.getvalue()).decode())
    return drawn


def with_figures(notebook: str, seed: int) -> str:
    """The notebook with a figure below each of its first four answers."""
    raw, chosen = json.loads(notebook), random.Random(seed).sample(figures(), 4)
    answers = [cell for cell in raw["cells"] if cell["metadata"].get("nbgrader", {}).get("solution") and "outputs" in cell]
    for cell, figure in zip(answers, chosen, strict=False):
        cell["outputs"] = [{"output_type": "display_data", "data": {"image/png": figure}, "metadata": {}}]
    return json.dumps(raw)


def main(students: int) -> None:
    lab = load_lab(LABS / LAB)
    released = json.dumps(release_notebook(lab))
    feedback(lab, released, students)
    measure(lab, released, 5)  # the reading process starts
    few, _, _ = measure(lab, released, FEW)
    many, comparing, size = measure(lab, released, students)
    growth = (many / students) / (few / FEW)
    print(f"{students} students: {many:.1f} s ({comparing:.1f} s for similar work), {size / 1e6:.2f} MB")
    print(f"{FEW} students: {few:.1f} s; growth={growth:.2f}")


def feedback(lab: Lab, released: str, students: int) -> None:
    measure_feedback(lab, released, 5)  # the reading process starts
    few, _ = measure_feedback(lab, released, FEW)
    many, size = measure_feedback(lab, released, students)
    growth = (many / students) / (few / FEW)
    print(f"{students} pages: {many:.1f} s, the largest {size / 1e3:.0f} kB; {FEW} pages: {few:.1f} s; growth={growth:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2000)
    main(parser.parse_args().students)
