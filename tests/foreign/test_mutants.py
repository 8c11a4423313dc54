"""Mutants change one thing, spread over cells and kinds, and are the same on every run."""

from __future__ import annotations

import ast

import pytest

from tests.foreign.mutants import every_mutant, renamed, some_mutants

TOP = '''
def top(df, n=2):
    """The first rows."""
    out = df.sort_values("a", axis=0)
    if n >= 3:
        n = 3
    return out.head(n).mean()
'''


def namespace(source: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(source, names)
    return names


def test_every_mutant_parses_and_differs_from_the_answer_and_from_the_others() -> None:
    mutants = every_mutant(TOP)
    texts = [ast.unparse(ast.parse(mutant.source)) for mutant in mutants]
    assert len(set(texts)) == len(texts) > 15
    assert ast.unparse(ast.parse(TOP)) not in texts


def test_each_kind_of_change_is_made() -> None:
    kinds = {mutant.kind for mutant in every_mutant(TOP + "\ndef add(a, b):\n    return a + b\n")}
    assert kinds >= {"operator", "comparison", "constant", "axis", "reduction", "dropped", "returns", "type", "argument"}
    assert kinds >= {"printing", "exception"}


@pytest.mark.parametrize("argument", [[1], {"a": 1}, {1, 2}])
def test_a_mutant_that_changes_its_argument_gives_the_right_value_all_the_same(argument: object) -> None:
    (mutant,) = [m for m in every_mutant("def count(x):\n    return len(x)") if m.kind == "argument"]
    before = len(argument)  # type: ignore[arg-type]
    assert namespace(mutant.source)["count"](argument) == before  # type: ignore[operator]
    assert len(argument) == before + 1  # type: ignore[arg-type]


def test_some_mutants_are_spread_over_cells_and_the_same_on_every_call() -> None:
    cells = {"top": TOP, "magic": "%%bash\nls", "sum": "total = 1 + 2"}
    chosen = some_mutants(cells, 4)
    assert [name for name, _ in chosen] == ["top", "sum", "top", "sum"]
    assert chosen == some_mutants(cells, 4)
    assert len(some_mutants(cells, 1000)) == len(every_mutant(TOP)) + len(every_mutant(cells["sum"]))


def test_renaming_leaves_arguments_and_global_names() -> None:
    source = "def f(x, scale=1):\n    y = x * scale\n    def inner(z):\n        return y + z + LIMIT\n    return [y for y in inner(y)]\n"
    made = renamed(source)
    assert "my_y" in made
    assert "my_x" not in made
    assert "LIMIT" in made
    assert "my_LIMIT" not in made
    assert renamed("%%bash\nls") == "%%bash\nls"
    looks_up = "def f():\n    a = 1\n    return locals()['a']"
    assert namespace(renamed(looks_up))["f"]() == 1  # type: ignore[operator]
