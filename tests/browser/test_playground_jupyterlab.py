"""The playground in JupyterLab in a real browser, as a student would play with it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from .lab_page import CHROMIUM, PYTHON, opened, run_all

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"), pytest.mark.timeout(600)]

NOTEBOOK = """import coursekit
coursekit.playground(data="spiral", hidden=(8, 8, 8), features=["x1", "x2", "sin_x1", "sin_x2"], learning_rate=0.03, speed=5)"""


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_it_plays_in_jupyterlab_until_the_boundary_has_learned_the_spiral(tmp_path: Path) -> None:
    path = tmp_path / "made" / "play.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(metadata=PYTHON, cells=[nbformat.v4.new_code_cell(NOTEBOOK)]), path)
    with opened(path, tmp_path) as page:
        run_all(page)
        page.wait_for_selector(".ckpg[data-frame]", timeout=30_000)
        found = Axe().run(page, context=".ckpg").response["violations"]
        assert [entry["id"] for entry in found] == []
        page.locator("button.tile").first.focus()
        page.keyboard.press("ArrowDown")  # JupyterLab leaves the keys to the playground
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Layer 1, neuron 2"
        page.get_by_role("button", name="Play").click()
        figures = page.locator(".ckpg .figures b")  # the epoch, the training loss and the test loss
        for _ in range(240):
            page.wait_for_timeout(500)
            if number(figures.nth(2).inner_text()) < 0.1:
                break
        assert number(figures.nth(2).inner_text()) < 0.1
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Play").wait_for()
        page.wait_for_timeout(1000)
        epoch = figures.nth(0).inner_text()
        page.wait_for_timeout(1000)
        assert figures.nth(0).inner_text() == epoch
        assert "percent of the test points are on the right side" in page.locator(".ckpg .live").inner_text()
