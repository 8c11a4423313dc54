"""How long it takes to collect a large class from one zip of Canvas, and how that grows with the class.

Run as `python -m tests.benchmarks.collecting [--students 2000]`. The zip is made up of lab 2's release with a line of each student in
it. The aim is 2,000 submissions in under 60 s.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zipfile
from pathlib import Path

from autograder.collecting.collect import collect_downloads
from autograder.course.config import load_course
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.release import release_notebook

__all__ = ["main"]

LABS = Path(__file__).parents[2] / "labs"
LAB = "lab02_mlp"
FEW = 100


def download(folder: Path, lab: Lab, students: int) -> Path:
    """A zip as Canvas makes it."""
    raw = json.loads(json.dumps(release_notebook(lab)))
    with zipfile.ZipFile(folder / "class_submissions.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(students):
            raw["cells"][0]["source"] = f"# student {i}"
            archive.writestr(f"studentno{i}_{1000 + i}_{9000 + i}_{LAB}.ipynb", json.dumps(raw))
    return folder / "class_submissions.zip"


def seconds(lab: Lab, students: int) -> tuple[float, float]:
    """Seconds of the first run, and of a second one that changes nothing."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "course.toml").write_text(f'labs_folder = "{LABS}"\n[labs.{LAB}]\n')
        rows = (f"s{i},Student,No{i},{1000 + i}\n" for i in range(students))
        (folder / "roster.csv").write_text("id,first_name,last_name,canvas_id\n" + "".join(rows))
        course, source, spent = load_course(folder), download(folder, lab, students), []
        for state in ("new", "same"):
            started = time.perf_counter()
            report = collect_downloads(course, lab, [source])
            spent.append(time.perf_counter() - started)
            if report.states() != {state: students} or not report.complete:
                raise SystemExit(
                    f"expected {students} submissions to be {state}, found {dict(report.states())}: {report.lines[:3]}"
                )
    return spent[0], spent[1]


def main(students: int) -> None:
    lab = load_lab(LABS / LAB)
    seconds(lab, 5)  # the reading process starts
    few, _ = seconds(lab, FEW)
    many, again = seconds(lab, students)
    growth = (many / students) / (few / FEW)
    print(f"{students} submissions: {many:.1f} s, again {again:.1f} s; growth={growth:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2000)
    main(parser.parse_args().students)
