"""A watched test notes what its checks got, expected and said, and does what it did before."""

from __future__ import annotations

import json

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.worker.watching import noted, watching
from coursekit import check


@pytest.fixture
def shell() -> InteractiveShell:
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    shell.user_ns.update(np=np, check=check, w=0.5, mean=lambda x: x.sum())
    return shell


def watch(shell: InteractiveShell, source: str) -> tuple[list[dict], BaseException | None, object]:
    with watching(shell) as checks:
        result = shell.run_cell(source)
    return checks, result.error_in_exec, result.result


def test_a_check_is_noted_with_its_values_and_what_it_said(shell: InteractiveShell) -> None:
    source = "check.between(w, 0, 0.6, name='w')\nfor n in (1, 2):\n    check.close(mean(np.ones(n)), 1.0, hint='divide')"
    checks, error, _ = watch(shell, source)
    assert isinstance(error, check.Mistake)
    assert [(c["line"], c["source"], c["times"]) for c in checks] == [
        (1, "check.between(w, 0, 0.6)", 1),
        (3, "check.close(mean(np.ones(n)), 1.0)", 2),
    ]
    assert (checks[0]["values"], checks[0]["said"]) == ({"value": "0.5", "low": "0", "high": "0.6"}, "")
    assert checks[1]["values"] == {"actual": "np.float64(2.0)", "expected": "1.0"}
    assert checks[1]["said"] == f"Mistake: {error}"


def test_an_assertion_is_noted_with_both_sides(shell: InteractiveShell) -> None:
    checks, error, _ = watch(shell, "assert w > 0, 'positive'\nassert callable(mean)\nassert w == 2 ** -3, 'count the steps'")
    assert str(error) == "count the steps"
    assert [(c["source"], c["values"], c["said"]) for c in checks] == [
        ("assert w > 0", {"left": "0.5", "> right": "0"}, ""),
        ("assert callable(mean)", {"value": "True"}, ""),
        ("assert w == 2 ** (-3)", {"left": "0.5", "== right": "0.125"}, "it is not true"),
    ]


def test_watching_changes_nothing_else(shell: InteractiveShell) -> None:
    x = shell.user_ns["x"] = np.array([1.0, 2.0])
    checks, error, value = watch(shell, "with check.unchanged(x):\n    x.sum()\ny = [check.close(1, 1.0)]\n3.5")
    assert (error, value, len(checks)) == (None, 3.5, 2)
    assert checks[0]["values"] == {"objects": f"({x!r},)"}
    before = dict(shell.user_ns)
    assert "__watched__" not in before
    _, error, _ = watch(shell, "with check.unchanged(x):\n    x[:] = 0")
    assert isinstance(error, check.Mistake)
    _, error, _ = watch(shell, "assert x == x")
    assert isinstance(error, ValueError)
    assert shell.ast_transformers == []
    assert watch(shell, "check.close(1")[0] == []


def test_what_is_noted_is_bounded_and_the_last_check_stays(shell: InteractiveShell) -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    shell.user_ns["odd"] = Odd()
    lines = [*(f"check.equal('é' * 5000, 'é' * 5000, '{i}')" for i in range(60)), "assert odd is None"]
    checks, error, _ = watch(shell, "\n".join(lines))
    assert isinstance(error, AssertionError)
    text = noted(checks)
    assert len(text) <= 20_000
    last = json.loads(text)[-1]
    assert last["values"]["left"] == "a Odd that cannot be shown (RuntimeError)"
    assert last["said"] == "it is not true"
