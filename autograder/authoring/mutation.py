"""Mutants: copies of a right answer, each with one slip that a student could make.

mutmut and cosmic-ray mutate the files of a package and run its test suite. Here the mutated code is one
cell of a notebook, and most slips concern arrays and networks. This module applies the slips of
`slips.py` to source code; it does not know labs and runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.authoring.slips import SLIPS, Around, Gone, Several

__all__ = ["Mutant", "mutants"]

MAX_SHOWN = 70  # characters of code in the id of a mutant
MUTABLE = re.compile(r"^\(|\b(?:arrays?|lists?|dict|models?|networks?|images|photographs|weights)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Mutant:
    """A changed answer.

    Attributes:
        id: Name of the slip and the change, such as "axis: axis=1 → axis=0". The second of
            two equal changes of one answer ends in " (2)".
        source: Source of the changed cell.
        line: Number of the changed line in the source of the answer, from 1.
    """

    id: str
    source: str
    line: int


def mutants(source: str, lines: range | None = None, names: Collection[str] = ()) -> list[Mutant]:
    """Create the mutants of an answer.

    Args:
        source: Source of the cell with the answer.
        lines: Numbers (from 1) of the lines that may change; by default all.
        names: Names that the notebook defines before the cell, for the slip that a function reads
            a name of the notebook in place of its argument.

    Returns:
        The mutants in the order of their lines, each different from the answer and the others.

    Raises:
        SyntaxError: The source is not valid Python.
    """
    tree = ast.parse(source)
    known = {ast.unparse(tree)}
    found: list[Mutant] = []
    counts: dict[str, int] = {}
    for place in _places(tree, frozenset(names)):
        if place.line is None or (lines is not None and place.line not in lines):
            continue
        for slip in SLIPS:
            for new in slip(place.node, place.around):
                text = place.replaced(tree, new)
                if text is None or text in known:
                    continue
                known.add(text)
                name = f"{slip.__name__}: {_named(place.node, new)}"
                counts[name] = counts.get(name, 0) + 1
                numbered = f"{name} ({counts[name]})" if counts[name] > 1 else name
                found.append(Mutant(numbered, text, place.line))
    return found


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Place:
    """A node of the tree and where it hangs."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    around: Around

    @property
    def line(self) -> int | None:
        number: int | None = getattr(self.node, "lineno", None)
        return number if number is not None else getattr(getattr(self.node, "value", None), "lineno", None)

    def replaced(self, tree: ast.AST, new: ast.AST) -> str | None:
        """Return the source of the tree with `new` at this place; None if that is not valid Python."""
        held = getattr(self.parent, self.field)
        for part in new.nodes if isinstance(new, Several) else (new,):
            ast.fix_missing_locations(part)
        changed: object = new
        if isinstance(new, Gone):
            assert isinstance(held, list)
            changed = [item for number, item in enumerate(held) if number != self.index]
        elif isinstance(new, Several):
            assert isinstance(held, list)
            changed = [*held[: self.index], *new.nodes, *held[(self.index or 0) + 1 :]]
        elif self.index is not None:
            changed = [new if number == self.index else item for number, item in enumerate(held)]
        setattr(self.parent, self.field, changed)
        try:
            text = ast.unparse(tree)
            compile(text, "<mutant>", "exec")
        except (SyntaxError, ValueError):
            return None
        else:
            return text
        finally:
            setattr(self.parent, self.field, held)


def _places(tree: ast.Module, names: frozenset[str]) -> Iterator[_Place]:
    yield from _below(tree, Around((), (), names))


def _below(parent: ast.AST, around: Around) -> Iterator[_Place]:
    if isinstance(parent, ast.FunctionDef):
        arguments = tuple(argument.arg for argument in (*parent.args.posonlyargs, *parent.args.args, *parent.args.kwonlyargs))
        if arguments:
            around = Around(arguments, _unchanged(arguments, ast.get_docstring(parent) or ""), around.names)
    for field, value in ast.iter_fields(parent):
        if field in ("decorator_list", "returns", "annotation") or isinstance(parent, ast.arguments):
            continue
        nodes = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, node in nodes:
            if not isinstance(node, ast.AST) or _is_docstring(parent, field, index, node):
                continue
            yield _Place(node, parent, field, index, around)
            yield from _below(node, around)


def _unchanged(arguments: tuple[str, ...], docstring: str) -> tuple[str, ...]:
    """Return the arguments that can be changed in place and that must not be, according to the docstring."""
    if "changed" not in docstring or "in place" in docstring:
        return ()
    said = {name: re.search(rf"\b{name}\b[\w, ]*: *([^.;]*)", docstring) for name in arguments}
    return tuple(name for name, entry in said.items() if entry and MUTABLE.search(entry[1]))


def _is_docstring(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> bool:
    return field == "body" and index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _named(old: ast.AST, new: ast.AST) -> str:
    return new.label if isinstance(new, Several) and new.label else f"{_shown(old)} → {_shown(new)}"


def _shown(node: ast.AST) -> str:
    if isinstance(node, Gone):
        return "nothing"
    text = "; ".join(map(ast.unparse, node.nodes)) if isinstance(node, Several) else ast.unparse(node)
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
