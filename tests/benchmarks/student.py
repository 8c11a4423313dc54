"""How long a student waits: for the first card of a check in JupyterLab, and for what a hand-in does beside running the notebook.

Run as `python -m tests.benchmarks.student [LAB…]`. Drawn data, reduced budget. The card is that of the first exercise, answered wrongly
and then rightly, from the key that runs its check until the browser shows it; the aim is 1 s. A hand-in is compared with nbclient,
which runs the same notebook in a new kernel; the aim is 3 s more. Both take turns, three times, and the median counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import Page

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.model import Lab
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.io import write_notebook
from coursekit.submission.find import find
from coursekit.submission.handing_in import prepare
from coursekit.submission.identity import Student
from tests.browser.lab_page import opened, run_cell, write_cell
from tests.browser.test_jupyterlab import first_mistake

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
TURNS = 3
CARD = """text => [...document.querySelectorAll('.jp-CodeCell section')].some(card => card.innerText.includes(text))"""


def card_seconds(lab: Lab) -> tuple[float, float]:
    """Seconds to the card of a wrong answer, the first card of all, and to that of a right one."""
    name = lab.of("exercise")[0].name
    seconds = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        opened(ROOT / "notebooks" / "labs" / f"{lab.id}.ipynb", Path(scratch)) as page,
    ):
        run_cell(page, "import coursekit")
        _run_given_above(page, name)
        for source, shown in ((first_mistake(lab).source, "Not yet"), (reference_sources(lab)[name], "Passed")):
            write_cell(page, f"def {name}(", source)
            run_cell(page, f"def {name}(")
            started = time.perf_counter()
            page.keyboard.press("Shift+Enter")
            page.wait_for_function(CARD, arg=shown, timeout=60_000, polling=20)
            seconds.append(time.perf_counter() - started)
    return seconds[0], seconds[1]


def _run_given_above(page: Page, name: str) -> None:
    """Run all cells above an exercise."""
    page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=f"def {name}(")).first.locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).first.click()
    page.get_by_text("Run All Above Selected Cell", exact=True).click()
    page.wait_for_timeout(1000)
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached", timeout=180_000)


def hand_in_seconds(lab: Lab) -> tuple[float, float]:
    """Seconds of a hand-in, and of nbclient for the same notebook."""
    taken: dict[str, list[float]] = {"hand-in": [], "nbclient": []}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{lab.id}.ipynb"
        write_notebook(solve(lab, reference_sources(lab), fast=True), path)
        for _ in range(TURNS):
            started = time.perf_counter()
            report = prepare(find(path), student=Student("eva", "as the benchmark says"), seconds=1800)
            taken["hand-in"].append(time.perf_counter() - started)
            if not report.ran_fresh or any(report.checks.values()):
                raise SystemExit(f"{lab.id}: the hand-in did not run to its end: {report.warnings}")
            notebook = nbformat.read(path, as_version=4)
            started = time.perf_counter()
            NotebookClient(notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": scratch}}).execute()
            taken["nbclient"].append(time.perf_counter() - started)
    return statistics.median(taken["hand-in"]), statistics.median(taken["nbclient"])


def main(names: list[str]) -> None:
    os.environ["COURSEKIT_DATA"] = "drawn"
    for folder in find_labs(ROOT / "labs"):
        if not names or folder.name in names:
            lab = load_lab(folder)
            wrong, right = card_seconds(lab)
            whole, run = hand_in_seconds(lab)
            print(
                f"{lab.id}: first card after {wrong:.2f} s, the next after {right:.2f} s; "
                f"hand-in {whole:.1f} s, {whole - run:+.1f} s beside the run in nbclient",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", metavar="LAB")
    main(parser.parse_args().labs)
