"""An honest class made of a lab's known answers, and copies of its works, changed as those who copy change them.

Two honest students share an answer as often as chance has it, and then every word of it.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator

from autograder.analysis.works import Work
from autograder.labs.model import Lab

__all__ = ["DISGUISES", "copy_of", "honest_class"]

Disguise = Callable[[ast.Module, random.Random], list[str]]


def honest_class(lab: Lab, students: int, draw: random.Random) -> list[Work]:
    """Works that put together one known answer per exercise, right or wrong, drawn for each student anew."""
    made = []
    for number in range(students):
        cells, mistakes = {}, {}
        for exercise in lab.of("exercise"):
            answer = draw.choice([one for one in lab.answers if one.exercise == exercise.name])
            cells[exercise.name] = (answer.source,)
            mistakes[exercise.name] = frozenset(f"{test}: {answer.hint}" for test, got in answer.marks.items() if not got)
        made.append(Work(f"s{number}", cells, mistakes))
    return made


def copy_of(work: Work, name: str, disguise: Disguise, draw: random.Random) -> Work:
    """A copy of a work under a disguise. Answers that are no valid code are copied as they are."""
    cells = {}
    for exercise, (source,) in work.cells.items():
        try:
            cells[exercise] = tuple(disguise(ast.parse(source), draw))
        except SyntaxError:
            cells[exercise] = (source,)
    return Work(name, cells, work.mistakes)


# ── disguises ────────────────────────────────────────────────────────────────────────────────────────────────────────


def renamed(tree: ast.Module, draw: random.Random) -> list[str]:
    """Every name that the answer itself gives is another one."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    arguments = [node for node in ast.walk(tree) if isinstance(node, ast.arg)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {node.arg for node in arguments}
    for name in names:
        name.id = f"my_{name.id}" if name.id in own else name.id
    for argument in arguments:
        argument.arg = f"my_{argument.arg}"
    return [ast.unparse(tree)]


def commented(tree: ast.Module, draw: random.Random) -> list[str]:
    """Docstrings and comments are others, and there are more empty lines."""
    for body in _bodies(tree):
        if _is_text(body[0]):
            body[0].value = ast.Constant("I wrote this on my own.\n\nReally.")  # type: ignore[attr-defined]
    return [ast.unparse(tree).replace("\n", "\n\n") + f"\n# {draw.random()}"]


def with_statements(tree: ast.Module, draw: random.Random) -> list[str]:
    """Statements that do nothing stand in every block."""
    for body in list(_bodies(tree)):
        for place in range(len(body) - 1, 0, -3):
            added = draw.choice(["print('so far so good')", "check = 0", "debug = [1, 2, 3]", "assert True"])
            body.insert(place, ast.parse(added).body[0])
    return [ast.unparse(tree)]


def reordered(tree: ast.Module, draw: random.Random) -> list[str]:
    """Neighbours of which neither needs the other have changed places."""
    for body in list(_bodies(tree)):
        place = 0
        while place + 1 < len(body):
            if _independent(body[place], body[place + 1]):
                body[place], body[place + 1] = body[place + 1], body[place]
                place += 1
            place += 1
    return [ast.unparse(tree)]


def split(tree: ast.Module, draw: random.Random) -> list[str]:
    """Every statement of the cell has a cell of its own."""
    return [ast.unparse(statement) for statement in tree.body]


def everything(tree: ast.Module, draw: random.Random) -> list[str]:
    """All of it together."""
    for disguise in (renamed, reordered, with_statements):
        [source] = disguise(tree, draw)
        tree = ast.parse(source)
    return [cell + f"\n# {draw.random()}" for cell in split(tree, draw)]


DISGUISES: tuple[Disguise, ...] = (renamed, commented, with_statements, reordered, split, everything)


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for part in ("body", "orelse"):
            body = getattr(node, part, None)
            if isinstance(body, list) and body:
                yield body


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _independent(one: ast.stmt, other: ast.stmt) -> bool:
    if not all(isinstance(statement, ast.Assign | ast.FunctionDef | ast.Expr) for statement in (one, other)):
        return False
    return not (_is_text(one) or _given(one) & _names(other) or _given(other) & _names(one))


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | _given(tree)


def _given(tree: ast.AST) -> set[str]:
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
