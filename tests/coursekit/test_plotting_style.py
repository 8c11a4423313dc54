"""Every figure shown in a notebook carries alt text, whatever the state of matplotlib's inline backend."""

from __future__ import annotations

import re

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from coursekit.plotting._style import alt_text, axes, describe, install_alt_text

INSTALL = "from IPython import get_ipython\nfrom coursekit.plotting._style import *\ninstall_alt_text(get_ipython())"
DRAW = "ax = axes(); ax.plot([1, 2]); describe(ax, 'A \"rising\" line.');"


def executed(*cells: str) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return NotebookClient(notebook, timeout=120, kernel_name="python3").execute()


def figure(text: str | None = None) -> Figure:
    drawn = Figure()
    ax = drawn.subplots()
    ax.set(title="Loss", xlabel="epoch")
    if text:
        describe(ax, text)
    return drawn


@pytest.fixture
def shell() -> InteractiveShell:
    made = InteractiveShell()
    select_figure_formats(made, {"png"})
    install_alt_text(made)
    return made


def test_the_alt_text_is_what_was_said_of_each_axes_once() -> None:
    drawn = Figure()
    left, middle, right = drawn.subplots(1, 3)
    describe(left, "Old.")
    describe(left, "Left.")
    describe(middle, "Right.")
    describe(right, "Right.")
    assert alt_text(drawn) == "Left. Right."


def test_a_figure_that_nobody_described_has_its_labels_as_alt_text() -> None:
    assert alt_text(figure()) == "Figure: Loss, epoch"


def test_drawing_goes_to_the_axes_given() -> None:
    ax = Figure().subplots()
    assert axes(ax) is ax


def test_a_shell_sends_alt_text_as_metadata_and_as_html(shell: InteractiveShell) -> None:
    data, metadata = shell.display_formatter.format(figure("A & B."))
    assert metadata["image/png"]["alt"] == "A & B."
    assert data["text/html"].startswith('<img alt="A &amp; B."')


@pytest.mark.parametrize("formats", [{"png"}, {"retina"}, {"jpeg"}, {"png", "svg"}])
def test_alt_text_survives_another_choice_of_formats(shell: InteractiveShell, formats: set[str]) -> None:
    select_figure_formats(shell, formats)
    data, metadata = shell.display_formatter.format(figure("Here."))
    mime = "image/jpeg" if formats == {"jpeg"} else "image/png"
    assert metadata[mime]["alt"] == "Here."
    assert 'alt="Here."' in data["text/html"]


def test_installing_twice_changes_nothing(shell: InteractiveShell) -> None:
    before = type(shell.display_formatter)
    install_alt_text(shell)
    assert type(shell.display_formatter) is before


def test_other_objects_are_shown_as_before(shell: InteractiveShell) -> None:
    assert shell.display_formatter.format([1, 2]) == InteractiveShell().display_formatter.format([1, 2])


def test_a_caller_that_excludes_html_gets_none(shell: InteractiveShell) -> None:
    data, _ = shell.display_formatter.format(figure("Here."), exclude=["text/html"])
    assert "text/html" not in data


@pytest.mark.parametrize(
    "cells",
    [
        (INSTALL, DRAW),
        (f"{INSTALL}\n{DRAW}",),
        (INSTALL, "%matplotlib inline", DRAW),
        ("%matplotlib inline\nimport matplotlib.pyplot as plt", INSTALL, f"{DRAW}\nplt.show()"),
        (INSTALL, f"{DRAW}\nfrom IPython.display import display\ndisplay(ax.figure)\nax.figure.clear()"),
    ],
    ids=["next cell", "same cell", "inline afterwards", "inline before", "display"],
)
def test_the_html_of_an_executed_notebook_has_the_alt_text(cells: tuple[str, ...]) -> None:
    notebook = executed(*cells)
    for template in ("lab", "classic"):
        html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
        assert re.findall(r"alt=(\"[^\"]*\"|'[^']*')", html)[0][1:-1].replace("&quot;", '"') == 'A "rising" line.'
