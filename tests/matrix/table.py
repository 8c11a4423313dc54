"""The table of the matrix in Markdown, and its place in a page. Pure text: runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["BEGIN", "END", "placed", "table"]

BEGIN, END = "<!-- what `make matrix` wrote -->", "<!-- end of what `make matrix` wrote -->"
COLUMNS = (
    "set",
    "Python",
    "Keras",
    "backend",
    "NumPy",
    "pandas",
    "IPython",
    "labs proved",
    "with one answer of",
    "tests passed",
    "run on",
)
_CALLED = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
_MOST = 12  # lines of problems of one set


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """Make the table, with a list of what failed below it.

    Args:
        results: What `runs.run` found for each set: `set`, `date`, and `missing` (why there is no environment), or `python`,
            `backend`, `versions`, `one_of`, `labs` (id → problems) and `tests` (`passed`, `skipped`, `failed`: a list of names).

    Returns:
        The Markdown.
    """
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS)), *(_line(_row(result)) for result in results)]
    problems = [line for result in results for line in _problems(result)]
    return "\n".join([*lines, *(["", "What failed:", "", *problems] if problems else [])]) + "\n"


def placed(page: str, text: str) -> str:
    """Return a page with `text` between the two comments that mark the table's place.

    Args:
        page: The page.
        text: What belongs there.

    Raises:
        ValueError: The page lacks a comment.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}, between which the table goes")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def _row(result: Mapping[str, Any]) -> list[str]:
    if why := result.get("missing"):
        return [result["set"], result["python"], f"not available: {why}", *[""] * (len(COLUMNS) - 4), result["date"]]
    has, backend = result["versions"], result["backend"]
    versions = [has.get(package, "") for package in ("numpy", "pandas", "ipython")]
    computed = f"{_CALLED[backend]} {has.get(backend, '?')}"
    return [
        *(result["set"], has["python"], has.get("keras", "?"), computed, *versions),
        *(_labs(result["labs"]), str(result["one_of"]), _tests(result["tests"]), result["date"]),
    ]


def _labs(labs: Mapping[str, Sequence[str]]) -> str:
    """The numbers of the labs that were proved, and of those that were not."""
    numbers = {lab: lab.removeprefix("lab")[:2].lstrip("0") or lab for lab in labs}
    right = ", ".join(numbers[lab] for lab, problems in labs.items() if not problems)
    wrong = ", ".join(numbers[lab] for lab, problems in labs.items() if problems)
    return "; ".join(filter(None, (right, f"**not {wrong}**" if wrong else ""))) or "none tried"


def _tests(tests: Mapping[str, Any] | None) -> str:
    if tests is None:
        return "not run"
    failed = len(tests["failed"])
    return f"{tests['passed']}" + (f", **{failed} failed**" if failed else "") + f", {tests['skipped']} skipped"


def _problems(result: Mapping[str, Any]) -> list[str]:
    if result.get("missing"):
        return []
    said = [f"{lab}: {problem}" for lab, problems in result["labs"].items() for problem in problems]
    said += _merged((result["tests"] or {"failed": ()})["failed"])
    shown = [*said[:_MOST], *([f"and {len(said) - _MOST} more"] if len(said) > _MOST else [])]
    return [f"- {result['set']}: {_plain(line)}" for line in shown]


def _merged(failed: Sequence[str]) -> list[str]:
    """One line for all tests that failed for the same reason, which stands behind the second colon."""
    reasons: dict[str, list[str]] = {}
    for line in failed:
        reasons.setdefault(line.split(": ", 2)[-1], []).append(line)
    return [lines[0] if len(lines) == 1 else f"{len(lines)} tests: {reason}" for reason, lines in reasons.items()]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_plain, cells)) + " |"


def _plain(text: str) -> str:
    """Text that stays in its line and in its cell."""
    return " ".join(text.split()).replace("|", "\\|")
