"""`explore` shows sliders to a person and the same figure, drawn once, to everybody else."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import coursekit
from coursekit import interaction, plotting

VIEW = "application/vnd.jupyter.widget-view+json"


def draw(lr: float, mu: Any = 0.0) -> plt.Axes:
    """A figure whose alt text holds the values that it was drawn for."""
    ax = plt.subplots(figsize=(2, 1), layout="constrained")[1]
    ax.plot([0, lr])
    return plotting.describe(ax, f"drawn for {lr} and {mu}")


@pytest.fixture(autouse=True)
def no_figures():
    plt.close("all")
    yield
    plt.close("all")


def shell_of(content: dict[str, Any], msg_id: str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301") -> SimpleNamespace:
    """A shell whose kernel works on a request."""
    request = {"header": {"msg_id": msg_id}, "content": content}
    return SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: request if channel == "shell" else {}))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict]]:
    """What `explore` displays, (data, metadata), to a person at a notebook."""
    displayed: list[tuple[dict, dict]] = []
    monkeypatch.setattr(interaction, "_shell", lambda: shell_of({"allow_stdin": True}))
    monkeypatch.setattr(
        "IPython.display.display", lambda data, *, raw, metadata: displayed.append((data, metadata)) if raw else None
    )
    return displayed


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The boxes of sliders that `explore` makes."""
    ipywidgets = pytest.importorskip("ipywidgets")
    made: list[Any] = []
    original = ipywidgets.VBox

    def box(*arguments: Any, **options: Any) -> Any:
        made.append(original(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(ipywidgets, "VBox", box)
    return made


def run(source: str) -> nbformat.NotebookNode:
    """A notebook of one cell, run as programs run notebooks."""
    head = "import coursekit\nimport matplotlib.pyplot as plt\nfrom coursekit import plotting\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(head + source)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook


NOTEBOOK_DRAW = "def draw(lr): return plotting.describe(plt.subplots()[1], f'drawn for {lr}')\n"


def test_it_is_a_public_name_of_the_package() -> None:
    assert coursekit.explore is interaction.explore


# ── with a person ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_output_holds_the_widget_and_the_picture_with_alt_text(shown: list, boxes: list) -> None:
    coursekit.explore(draw, start={"lr": 0.1}, lr=[0.01, 0.1])
    [(data, metadata)] = shown
    assert data[VIEW]["model_id"] == boxes[0].model_id
    assert data["text/html"].startswith('<img alt="drawn for 0.1 and 0.0"')
    assert data["text/plain"] == metadata["image/png"]["alt"] == "drawn for 0.1 and 0.0"


def test_the_picture_follows_the_sliders_to_both_ends(shown: list, boxes: list) -> None:
    coursekit.explore(draw, start={"mu": 0.5, "lr": 0.1}, lr=[0.01, 0.1, 1.0], mu=[0.0, 0.5])
    lr, mu, picture = boxes[0].children
    assert (lr.description, lr.label, mu.label) == ("lr", "0.1", "0.5")
    for place, value in ((0, 0.01), (2, 1.0)):
        lr.index = place
        assert f'<img alt="drawn for {value} and 0.5"' in picture.value
    mu.index = 0
    assert "drawn for 1.0 and 0.0" in picture.value


def test_values_of_any_kind_reach_the_figure_as_they_are(shown: list, boxes: list) -> None:
    got: list[Any] = []
    choices = [None, True, "tanh", (1, 2), 4]
    coursekit.explore(lambda mu: (got.append(mu), draw(0.0))[1], start={"mu": None}, mu=iter(choices))
    knob = boxes[0].children[0]
    for place in range(1, len(choices)):
        knob.index = place
    assert got == choices


def test_values_that_look_alike_when_short_are_shown_in_full(shown: list, boxes: list) -> None:
    coursekit.explore(draw, start={"lr": 1.0}, lr=[1.0, 1.0000001, 2.0])
    assert [label for label, _ in boxes[0].children[0].options] == ["1.0", "1.0000001", "2"]


def test_a_value_that_cannot_be_drawn_is_said_in_one_sentence_and_the_next_one_drawn(shown: list, boxes: list) -> None:
    def fragile(lr: float) -> plt.Axes:
        ax = draw(lr)
        if lr > 1:
            raise OverflowError("too <large>\nfor a figure.")
        return ax

    coursekit.explore(fragile, start={"lr": 0.5}, lr=[0.5, 2.0])
    knob, picture = boxes[0].children
    knob.index = 1
    assert picture.value == "<p>There is no figure for lr = 2: OverflowError, too &lt;large&gt; for a figure.</p>"
    knob.index = 0
    assert "drawn for 0.5" in picture.value
    assert plt.get_fignums() == []


def test_no_figure_stays_open_in_a_notebook(shown: list, boxes: list) -> None:
    coursekit.explore(draw, start={"lr": 0.1}, lr=[0.1, 0.2])
    boxes[0].children[0].index = 1
    assert plt.get_fignums() == []


def test_a_figure_may_be_returned_in_place_of_its_axes(shown: list) -> None:
    coursekit.explore(lambda lr: draw(lr).figure, start={"lr": 0.1}, lr=[0.1])
    assert "drawn for 0.1" in shown[0][0]["text/html"]


# ── without ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_ipywidgets_the_picture_is_shown_alone(shown: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # importing it now fails
    coursekit.explore(draw, start={"lr": 0.1}, lr=[0.1, 0.2])
    [(data, _)] = shown
    assert sorted(data) == ["image/png", "text/html", "text/plain"]


def test_a_program_that_runs_the_notebook_gets_the_picture_and_no_widget() -> None:
    notebook = run(NOTEBOOK_DRAW + "coursekit.explore(draw, start={'lr': 0.1}, lr=[0.1, 0.2])")
    [output] = notebook.cells[0].outputs
    assert VIEW not in output.data
    assert output.metadata["image/png"]["alt"] == "drawn for 0.1"
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize(
    "shell",
    [
        shell_of({"allow_stdin": False}),  # nbclient, nbconvert, papermill
        shell_of({}),  # a program that says nothing
        shell_of({"allow_stdin": True}, "0e8c1b2d-7f_4711_2"),  # `jupyter run`, a console
        SimpleNamespace(kernel=SimpleNamespace()),  # a kernel of another kind
        SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: None)),
        SimpleNamespace(),  # IPython in a terminal
        None,
    ],
)
def test_where_no_person_watches_no_widget_is_made(shell: Any, monkeypatch: pytest.MonkeyPatch, boxes: list) -> None:
    displayed: list[dict] = []
    monkeypatch.setattr(interaction, "_shell", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, **_: displayed.append(data))
    assert not interaction.widgets_can_run()
    coursekit.explore(draw, start={"lr": 0.1}, lr=[0.1, 0.2])
    plotting.softmax_temperature([1.0, 2.0], slider=True)
    assert boxes == []
    assert not [data for data in displayed if VIEW in data]


def test_a_program_that_would_answer_input_gets_no_widget_either() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    messages: list[dict] = []
    head = "import coursekit\nimport matplotlib.pyplot as plt\nfrom coursekit import plotting\n"
    try:
        code = head + NOTEBOOK_DRAW + "coursekit.explore(draw, start={'lr': 0.1}, lr=[0.1, 0.2])"
        client.execute_interactive(code, allow_stdin=True, timeout=120, output_hook=messages.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    [shown] = [message["content"]["data"] for message in messages if message["msg_type"] == "display_data"]
    assert sorted(shown) == ["image/png", "text/html", "text/plain"]
    assert not [message for message in messages if message["msg_type"] == "comm_open"]


def test_the_exported_page_shows_the_picture_and_asks_the_network_for_no_widget() -> None:
    page, _ = HTMLExporter().from_notebook_node(
        run(NOTEBOOK_DRAW + "coursekit.explore(draw, start={'lr': 0.1}, lr=[0.1, 0.2])")
    )
    assert '<img alt="drawn for 0.1" src="data:image/png;base64,' in page
    assert "html-manager" not in page


def test_outside_ipython_the_figure_is_drawn_once_and_stays_open() -> None:
    values: list[float] = []
    assert coursekit.explore(lambda lr: (values.append(lr), draw(lr))[1], start={"lr": 0.2}, lr=[0.1, 0.2]) is None
    assert values == [0.2]
    assert len(plt.get_fignums()) == 1


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "choices", "said"),
    [
        ({"lr": 0.2}, {"lr": [0.1, 1.0]}, r"start\['lr'\] is 0.2: expected one of 0.1, 1.0"),
        ({"lr": 0.2}, {"lr": []}, "no choices at all"),
        ({"lr": 0.1}, {"lr": [0.1], "mu": [0.0]}, "start names lr, the choices name lr, mu"),
        ({"lr": 0.1, "mu": 0.0}, {"lr": [0.1]}, "start names lr, mu, the choices name lr"),
        ({}, {}, "start names nothing"),
    ],
)
def test_a_start_that_does_not_fit_the_choices_is_refused_before_anything_is_drawn(start, choices, said) -> None:
    with pytest.raises(ValueError, match=said):
        coursekit.explore(lambda **_: pytest.fail("it drew"), start=start, **choices)


def test_what_is_no_figure_is_refused() -> None:
    with pytest.raises(TypeError, match="draw returned NoneType: expected a matplotlib Figure or Axes"):
        coursekit.explore(lambda lr: None, start={"lr": 1}, lr=[1])


def test_an_error_at_the_start_is_not_hidden(shown: list) -> None:
    with pytest.raises(ZeroDivisionError):
        coursekit.explore(lambda lr: 1 / lr, start={"lr": 0}, lr=[0, 1])


@pytest.mark.parametrize(
    ("draw", "start", "choices", "said"),
    [
        (3, {"lr": 1}, {"lr": [1]}, "draw is int: expected a function"),
        (plt.figure, 1, {"lr": [1]}, "start is 1: expected a dictionary"),
        (plt.figure, {"lr": 0.1}, {"lr": 0.1}, r"lr is 0.1: expected a list of choices, such as lr=\[0.1\]"),
        (plt.figure, {"name": "tanh"}, {"name": "tanh"}, r"name=\['tanh'\]"),
    ],
)
def test_what_is_no_list_of_choices_is_refused(draw: Any, start: Any, choices: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        coursekit.explore(draw, start=start, **choices)
