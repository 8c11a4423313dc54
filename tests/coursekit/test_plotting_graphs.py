"""Figures of computation graphs: what stands where, and what is written above and below each edge."""

from __future__ import annotations

import os
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyBboxPatch

from coursekit import plotting
from coursekit.plotting import graphs as module

NODES = {"x": ("", -2.0), "y": ("", 5.0), "z": ("", -4.0), "q": ("+", 3.0), "f": ("×", -12.0)}
EDGES = {("x", "q"): -4.0, ("y", "q"): -4.0, ("q", "f"): -4.25, ("z", "f"): 3.5}


def places(ax: plt.Axes) -> dict[str, tuple[float, float]]:
    """Where each name or operation stands."""
    return {text.get_text(): text.get_position() for text in ax.texts if text.get_text()}


def columns(nodes: dict, edges: dict) -> dict[str, int]:
    return module._layout(nodes, edges)[0]


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def test_inputs_are_boxes_and_operations_circles():
    ax = plotting.computation_graph(NODES, EDGES)
    kinds = [type(patch) for patch in ax.patches]
    assert kinds.count(FancyBboxPatch) == 3
    assert kinds.count(Circle) == 2
    assert {"x", "y", "z", "+", "×", "q", "f"} <= set(places(ax))


def test_each_value_stands_above_its_edge_and_the_gradient_below_it():
    spots = places(plotting.computation_graph(NODES, EDGES))
    for value, gradient in (("3", "−4.25"), ("−12", "1")):
        assert spots[value][0] == pytest.approx(spots[gradient][0])
        assert spots[value][1] > spots[gradient][1]


def test_before_the_backward_pass_there_are_values_only():
    ax = plotting.computation_graph(NODES, dict.fromkeys(EDGES), seed=None)
    assert not {"−4.25", "3.5", "1"} & set(places(ax))
    assert "Gradients" not in plotting.alt_text(ax.figure)


def test_everything_stands_right_of_what_it_uses(rng):
    names = [f"n{i}" for i in range(12)]
    edges = {(names[i], names[j]): 1.0 for j in range(3, 12) for i in set(rng.integers(0, j, 2).tolist())}
    nodes = {name: ("" if i < 3 else "+", 1.0) for i, name in enumerate(names)}
    found = columns(nodes, edges)
    assert all(found[start] < found[end] for start, end in edges)


def test_no_two_nodes_stand_on_the_same_spot(rng):
    for _ in range(20):
        names = [f"n{i}" for i in range(10)]
        edges = {(names[i], names[j]): 1.0 for j in range(3, 10) for i in set(rng.integers(0, j, 2).tolist())}
        column, row = module._layout(dict.fromkeys(names, ("+", 1.0)), edges)
        spots = np.array([[column[name], row[name]] for name in names])
        gaps = np.abs(spots[:, None] - spots[None]).max(axis=2) + np.eye(len(names))
        assert gaps.min() > 0.9


def test_an_input_stands_just_before_its_first_use():
    found = columns(NODES, EDGES)
    assert found["z"] == found["q"] == found["f"] - 1


def test_the_layout_is_the_same_in_every_process():
    code = (
        "from coursekit.plotting import graphs; names = 'abcdefgh';"
        "edges = {(a, b): 1.0 for a, b in ('ac', 'bc', 'cd', 'ad', 'de', 'bf', 'fg', 'eg', 'gh')};"
        "print(graphs._layout({n: ('', 1.0) for n in names}, edges))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "012"
    }
    assert len(runs) == 1


def test_the_alt_text_names_values_and_gradients():
    text = plotting.alt_text(plotting.computation_graph(NODES, EDGES).figure)
    assert "inputs x = -2, y = 5, z = -4." in text
    assert "f = × of q, z = -12." in text
    assert "-4.25 from f to q" in text


def test_drawing_is_what_loads_networkx():
    code = "import sys; from coursekit import plotting; assert 'networkx' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_edge_to_nowhere_is_named():
    with pytest.raises(ValueError, match="unknown: w"):
        plotting.computation_graph(NODES, {("w", "f"): 1.0})
    with pytest.raises(ValueError, match="no nodes at all"):
        plotting.computation_graph({}, {})


def test_a_circle_of_edges_is_refused():
    with pytest.raises(ValueError, match="form a cycle"):
        plotting.computation_graph(NODES, {("q", "f"): 1.0, ("f", "q"): 1.0})


def test_it_draws_on_the_axes_it_is_given():
    _, ax = plt.subplots()
    assert plotting.computation_graph(NODES, EDGES, title="f = (x + y)z", ax=ax) is ax
    assert ax.get_title() == "f = (x + y)z"


def test_an_edge_past_other_columns_keeps_clear_of_their_nodes():
    nodes = {"x": ("", 3.0), "y": ("", -4.0), "p": ("×", -12.0), "f": ("+", -9.5)}
    ax = plotting.computation_graph(nodes, {("x", "p"): -4.25, ("y", "p"): 3.5, ("p", "f"): 1.5, ("x", "f"): 0.75})
    spots = places(ax)
    assert spots["0.75"][1] > max(spots[name][1] for name in ("x", "×", "+")) - 0.1
    assert spots["0.75"][1] < ax.get_ylim()[1]


def test_names_that_are_formulas_are_spoken_plainly():
    ax = plotting.computation_graph({"$w_0$": ("", 2.0), "$v_{10}$": ("exp", 7.4)}, {("$w_0$", "$v_{10}$"): 7.4})
    text = plotting.alt_text(ax.figure)
    assert "inputs w0 = 2." in text
    assert "v10 = exp of w0 = 7.4." in text


def test_without_networkx_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match="pip install networkx"):
        plotting.computation_graph({"x": ("", 1.0), "f": ("exp", 2.7)}, {("x", "f"): None})
