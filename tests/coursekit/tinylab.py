"""A lab with two exercises as it is handed out, for tests of what a student sees."""

from __future__ import annotations

from typing import Any

from coursekit._outline import Outline, outline_of

MEAN = 'def mean(x):\n    """The mean."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
RATES = "# rate_small, rate_large: two numbers\n# YOUR CODE HERE\nraise NotImplementedError()"
SET_UP = "%pip install x\nimport numpy as np\nfrom coursekit import check"
DATA = "shop = {'prices': [1, 3]}"
CHECK_MEAN = "check.equal(mean([1, 3]), 2)"
CHECK_FLOATS = "check.close(mean([0.5]), 0.5)"
CHECK_RATES = "check.true(rate_small < rate_large, 'swap them')"


def answered(stub: str, answer: str) -> str:
    return (
        stub.replace("# YOUR CODE HERE", answer)
        .replace("    raise NotImplementedError()", "")
        .replace("raise NotImplementedError()", "")
    )


def _prose(source: str, **notes: Any) -> dict[str, Any]:
    return {
        "cell_type": "markdown",
        "id": notes.get("grade_id", "prose"),
        "metadata": {"nbgrader": notes} if notes else {},
        "source": source,
    }


def _code(name: str, source: str, **notes: Any) -> dict[str, Any]:
    kept = {"nbgrader": {"grade_id": name, **notes}} if notes else {}
    return {"cell_type": "code", "id": name, "metadata": kept, "source": source, "outputs": [], "execution_count": None}


def _test(name: str, source: str, points: float) -> dict[str, Any]:
    return _code(f"test_{name}", source, grade=True, solution=False, points=points)


def notebook() -> dict[str, Any]:
    cells = [
        _prose("# Tiny lab"),
        _code("given_setup", SET_UP, grade=False, locked=True),
        _code("given_data", DATA, grade=False, locked=True),
        _prose("## 1 · Means\n\ntext\n\n### Exercise 1 (3 points)\n\nWrite it."),
        _code("mean", MEAN, solution=True, grade=False),
        _test("mean", CHECK_MEAN, 2),
        _test("mean_floats", CHECK_FLOATS, 1),
        _code("plain", "several = [mean([i]) for i in range(3)]"),
        _prose("### Exercise 2 (2 points)"),
        _code("rates", RATES, solution=True, grade=False),
        _test("rates", CHECK_RATES, 2),
        _prose("why", grade_id="why", grade=True, solution=True, points=4),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def outline() -> Outline:
    return outline_of("tiny", notebook())
