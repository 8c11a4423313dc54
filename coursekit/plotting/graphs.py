"""Figures of computation graphs: operations with their values (forward) and gradients (backward).

Takes names, values and gradients that the caller has computed. Knows nothing of differentiation.
networkx, which orders the graph, is imported when the first graph is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from coursekit._words import plain
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["computation_graph"]

_WIDE, _HIGH = 2.1, 1.25  # distance between columns and between rows
_RADIUS = 0.34
_BEND = 0.24  # of an edge that passes other columns, so that it avoids their nodes
_LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}


def computation_graph(
    nodes: Mapping[str, tuple[str, float]],
    edges: Mapping[tuple[str, str], float | None],
    *,
    seed: float | None = 1.0,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a computation from left to right, with the value above each edge and the gradient below it.

    Inputs are boxes with their name, from top to bottom in the given order. Other nodes are circles with
    their operation, and their name below. A node that no edge starts from is an output: an arrow leaves it,
    with the gradient `seed` below.

    Args:
        nodes: Mapping from names to (operation, value). The operation of an input is "".
        edges: Mapping from (start, end) to the gradient that flows back along this edge; None to leave it
            out.
        seed: Gradient of each output with respect to itself, 1; None to leave it out.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If an edge names an unknown node, there are no nodes, or the edges form a cycle.
        ImportError: If networkx is not installed.
    """
    nodes = _checked_nodes(nodes)
    columns, rows = _layout(nodes, edges)
    width, height = max(columns.values()), max(rows.values()) - min(rows.values())
    ax = axes(ax, figsize=(1.05 * (width + 1.3), 0.63 * (height + 1.2)))
    spots = {name: (_WIDE * columns[name], _HIGH * rows[name]) for name in nodes}
    middle = (min(rows.values()) + max(rows.values())) / 2
    reach = [rows[name] * _HIGH for name in nodes]  # heights that the window must hold
    for (start, end), gradient in edges.items():
        bend = 0.0 if columns[end] - columns[start] == 1 else (_BEND if rows[start] >= middle else -_BEND)
        reach.append(_draw_edge(ax, spots[start], spots[end], nodes[start][1], gradient, bend=bend))
    used = {start for start, _ in edges}
    for name, (operation, value) in nodes.items():
        _draw_node(ax, spots[name], name, operation)
        if name not in used:
            _draw_edge(ax, spots[name], (spots[name][0] + 0.9 * _WIDE, spots[name][1]), value, seed, open_end=True)
    ax.set(xlim=(-0.6, _WIDE * (width + 0.9) + 0.2), ylim=(min(reach) - 0.8, max(reach) + 0.65), aspect="equal")
    ax.set_axis_off()
    finish(ax, title)
    return describe(ax, _text(nodes, edges, seed))


def _checked_nodes(nodes: Mapping[str, tuple[str, float]]) -> dict[str, tuple[str, float]]:
    """Return the nodes with plain numbers as values, or raise ValueError."""
    checked = {}
    if not isinstance(nodes, Mapping):
        raise ValueError(f"nodes is {plain(nodes)}: expected a dictionary from names to (operation, value)")
    for name, node in nodes.items():
        operation, value = given.pair(node, f"node {name}", '("+", 3.0), the operation and the value')
        checked[name] = str(operation), given.one_number(value, f"the value of {name}", finite=False)
    return checked


def _layout(
    nodes: Mapping[str, tuple[str, float]], edges: Mapping[tuple[str, str], float | None]
) -> tuple[dict[str, int], dict[str, float]]:
    """Return column and row of each node.

    An input is placed just before its first use, any other node to the right of all that it uses.
    """
    try:
        import networkx as nx
    except ImportError as error:
        raise ImportError(
            "a computation graph is laid out by networkx, which is not installed: pip install networkx"
        ) from error
    unknown = sorted({name for edge in edges for name in edge} - set(nodes))
    if unknown or not nodes:
        raise ValueError(
            f"expected edges between the nodes {', '.join(nodes)}; unknown: {', '.join(unknown) or 'no nodes at all'}"
        )
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    if not nx.is_directed_acyclic_graph(graph):
        raise ValueError("the edges form a cycle: a computation graph needs an order in which its values can be computed")
    columns = {name: number for number, names in enumerate(nx.topological_generations(graph)) for name in names}
    rows: dict[str, float] = {}
    taken: dict[int, list[float]] = {}
    inputs = [name for name in nodes if not graph.in_degree(name)]
    for number, name in enumerate(inputs):
        columns[name] = min((columns[user] - 1 for user in graph.successors(name)), default=0)
        rows[name] = -float(number)
        taken.setdefault(columns[name], []).append(rows[name])
    for name in nx.lexicographical_topological_sort(graph, key=list(nodes).index):
        if name not in rows:
            rows[name] = float(np.mean([rows[used] for used in graph.predecessors(name)]))
            while any(abs(rows[name] - other) < 0.99 for other in taken.get(columns[name], [])):
                rows[name] -= 0.5
            taken.setdefault(columns[name], []).append(rows[name])
    return columns, rows


def _draw_edge(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    value: float,
    gradient: float | None,
    *,
    bend: float = 0.0,
    open_end: bool = False,
) -> float:
    """Draw an arrow with the value above and the gradient below it; return the height of its labels.

    Args:
        ax: Axes to draw on.
        start: Centre of the first node.
        end: Centre of the second node.
        value: The value that flows forward.
        gradient: The gradient that flows back, or None.
        bend: How far the arrow bends upward (below 0: downward), as a share of its length.
        open_end: Whether the arrow ends in empty space instead of at a node.
    """
    a, b = np.array(start), np.array(end)
    # A bent arrow starts towards this point and ends coming from it.
    corner = (a + b) / 2 + bend * np.array([a[1] - b[1], b[0] - a[0]])
    tail = a + _RADIUS * (corner - a) / np.hypot(*(corner - a))
    head = b if open_end else b - _RADIUS * (b - corner) / np.hypot(*(b - corner))
    look = {"arrowstyle": "-|>", "color": "0.45", "lw": 1.2, "shrinkA": 0, "shrinkB": 0, "connectionstyle": f"arc3,rad={-bend}"}
    ax.annotate("", tuple(head), tuple(tail), arrowprops=look)
    share = 0.4 if not (open_end or bend) else 0.5  # nearer to the start, because straight edges may meet at the end
    x, y = (1 - share) * tail + share * head + 0.5 * (corner - (a + b) / 2)
    ax.text(x, y + 0.04, format_number(value), ha="center", va="bottom", fontsize=9, color=COLOURS[0], bbox=_LABEL)
    if gradient is not None:
        colour = COLOURS[1]
        ax.text(
            x, y - 0.06, format_number(gradient), ha="center", va="top", fontsize=9, color=colour, style="italic", bbox=_LABEL
        )
    return float(y)


def _draw_node(ax: Axes, spot: tuple[float, float], name: str, operation: str) -> None:
    """Draw an input as a box, and any other node as a circle."""
    from matplotlib.patches import Circle, FancyBboxPatch

    x, y = spot
    if operation:
        ax.add_patch(Circle((x, y), _RADIUS, facecolor="white", edgecolor="black", linewidth=1.4, zorder=3))
        ax.text(x, y, operation, ha="center", va="center", fontsize=11 if len(operation) < 3 else 8, zorder=4)
        ax.text(x, y - _RADIUS - 0.04, name, ha="center", va="top", fontsize=8, zorder=4)
    else:
        side = 0.75 * _RADIUS
        box = FancyBboxPatch((x - side, y - side), 2 * side, 2 * side, boxstyle="round,pad=0.04", facecolor="0.92", zorder=3)
        ax.add_patch(box)
        ax.text(x, y, name, ha="center", va="center", fontsize=10, zorder=4)


def _text(nodes: Mapping[str, tuple[str, float]], edges: Mapping[tuple[str, str], float | None], seed: float | None) -> str:
    """Describe the graph: inputs, operations and gradients."""
    inputs = [f"{name} = {value:.3g}" for name, (operation, value) in nodes.items() if not operation]
    text = f"A computation graph with the inputs {', '.join(inputs)}."
    for name, (operation, value) in nodes.items():
        if operation:
            used = [start for start, end in edges if end == name]
            text += f" {name} = {operation} of {', '.join(used)} = {value:.3g}."
    back = [f"{gradient:.3g} from {end} to {start}" for (start, end), gradient in edges.items() if gradient is not None]
    if back and seed is not None:
        text += f" Gradients flow back, from {seed:g} at the output: {', '.join(back)}."
    return text.translate(str.maketrans("", "", "$_{}"))  # names may be formulas; in alt text they are plain
