"""How fast the playground is in JupyterLab in a real browser: frames a second, and the time to the first frame.

Run as `python -m tests.benchmarks.playground [--seconds 10]`. A frame counts when the browser has drawn it. Each frame is one
epoch of 250 points in batches of 10, the losses on 500 points, the boundary and every neuron's answer on 2,500.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import nbformat
from playwright.sync_api import Page

from tests.browser.lab_page import PYTHON, opened, run_cell

__all__ = ["main"]

NETWORKS = {"4-2": "(4, 2)", "6×8": "(8,) * 6"}


def notebook(folder: Path) -> Path:
    cells = ["import coursekit\ncoursekit.setup()"]
    cells += [f'coursekit.playground(data="spiral", hidden={hidden})' for hidden in NETWORKS.values()]
    path = folder / "made" / "play.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(metadata=PYTHON, cells=[nbformat.v4.new_code_cell(text) for text in cells]), path)
    return path


def first_frame(page: Page, number: int, text: str) -> float:
    """Seconds from the key that runs a cell to the first frame on the screen."""
    page.locator(".jp-CodeCell", has_text=text).first.locator(".cm-content").click()
    start = time.perf_counter()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("n => document.querySelectorAll('.ckpg[data-frame]').length > n", arg=number, timeout=60_000)
    return time.perf_counter() - start


def frames_per_second(page: Page, number: int, seconds: float) -> tuple[float, float]:
    """Frames a second after the network was compiled, and the seconds that this took."""
    board = page.locator(".ckpg").nth(number)

    def drawn() -> int:
        return int(board.get_attribute("data-frame") or 0)

    start, before = time.perf_counter(), drawn()
    board.get_by_role("button", name="Play").click()
    while drawn() < before + 4:
        page.wait_for_timeout(20)
    ready = time.perf_counter() - start
    start, before = time.perf_counter(), drawn()
    page.wait_for_timeout(1000 * seconds)
    rate = (drawn() - before) / (time.perf_counter() - start)
    board.get_by_role("button", name="Pause").click()
    return rate, ready


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as scratch, opened(notebook(Path(scratch)), Path(scratch)) as page:
        run_cell(page, "coursekit.setup()")
        for number, (name, hidden) in enumerate(NETWORKS.items()):
            first = first_frame(page, number, f"hidden={hidden}")
            rate, ready = frames_per_second(page, number, seconds)
            print(
                f"{name}: first frame after {first:.2f} s, fourth frame of playing after {ready:.2f} s, then {rate:.1f} frames/s"
            )


if __name__ == "__main__":
    main()
