"""Check a lab without running it: its points, the numbers in its prose, and leaks in its release.

Each check returns sentences that describe the problems; an empty list means that there are none.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

import numpy as np

from autograder.authoring.giveaways import shown_formulas
from autograder.authoring.overwriting import overwritten_names
from autograder.grading.assignments.signs import runs_code
from autograder.labs.model import BEGIN_HIDDEN, BEGIN_SOLUTION, END_HIDDEN, END_SOLUTION, Cell, Lab
from autograder.notebooks.release import release_notebook

__all__ = ["hidden_checks", "leaks", "lint", "secrets", "shown_answers"]

_AMOUNT = r"\d(?:[\d.,]*\d)?"
_STATED = re.compile(rf"(?:(?:about|around|roughly|nearly|almost|≈|~)\s*{_AMOUNT}(?:\s?%)?)|(?:{_AMOUNT}\s?%)")
_NUMBER = re.compile(r"[-−]?\d(?:[\d,]*\d)?(?:\.\d+)?")
_HEADING = re.compile(r"^### Exercise (\d+) \((\d+) points?\)$", re.MULTILINE)
_NAMES = {"math": math, "np": np}


def lint(lab: Lab) -> list[str]:
    """Run all checks.

    Args:
        lab: The lab.

    Returns:
        Sentences that describe the problems.
    """
    rules = (_points, _headings, _prose, _dollars, _facts, _figures, _answers, _hints, _own_leaks, _opened, _unexplained)
    return [problem for rule in (*rules, shown_formulas, overwritten_names) for problem in rule(lab)]


def hidden_checks(test: Cell) -> Iterator[ast.stmt]:
    """Find the checks in the hidden part of a test.

    Args:
        test: The test cell.

    Yields:
        Top-level statements that contain an assertion or a call of `check`.
    """
    for statement in ast.parse(test.source).body:
        if statement.lineno in test.hidden and any(_checks(node) for node in ast.walk(statement)):
            yield statement


def secrets(lab: Lab) -> set[str]:
    """Find the lines that nothing published may contain.

    Args:
        lab: The lab.

    Returns:
        Lines of solutions, hidden tests and written questions that do not occur elsewhere in the
        lab and are long enough to reveal something.
    """
    secret: set[str] = set()
    public: set[str] = set()
    for cell in lab.cells:
        inside = cell.role == "written"
        for line in map(str.strip, cell.source.splitlines()):
            if line in (BEGIN_SOLUTION, BEGIN_HIDDEN):
                inside = True
            elif line in (END_SOLUTION, END_HIDDEN):
                inside = False
            else:
                (secret if inside else public).add(line)
    # Short lines, comments, and lines that only begin a call or a loop, silence NumPy or create a random generator reveal nothing.
    begins = r"(?:with |return )?[\w.]+\([{\[]?$|for _ in range\(\w+\):$|with (?:np\.errstate\([\w=\"]*\)(?:, )?)?"
    begins += r"(?:check\.explained\(\w+\))?:$"
    telling = re.compile(rf"(?!#|{begins}|rng = np\.random\.default_rng\(\w*\)$).{{12,}}")
    return {line for line in secret - public if telling.match(line)}


def leaks(lab: Lab, text: str) -> list[str]:
    """Find secret lines of a lab in a text.

    Args:
        lab: The lab.
        text: The text. For a notebook, pass the sources of its cells.

    Returns:
        The secret lines in the text, sorted.
    """
    lines = {line.strip() for line in text.splitlines()}
    return sorted(secrets(lab) & lines)


def shown_answers(lab: Lab, text: str) -> list[str]:
    """Find cells of a lab whose answers a text reveals.

    This check is for texts that teach the same subject, such as lectures, which may contain single
    lines like `return model`.

    Args:
        lab: The lab.
        text: The text.

    Returns:
        A sentence for each cell with at least half of its secret lines in the text.
    """
    lines, secret = {line.strip() for line in text.splitlines()}, secrets(lab)
    shown = []
    for cell in lab.cells:
        own = secret & {line.strip() for line in cell.source.splitlines()}
        if own and 2 * len(own & lines) >= len(own):
            shown.append(f"{cell.role} {cell.name}: {', '.join(map(repr, sorted(own & lines)))}")
    return shown


# ── points ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _points(lab: Lab) -> list[str]:
    untested = {cell.name for cell in lab.of("exercise")} - {test.exercise for test in lab.of("tests")}
    problems = [f"exercise {name} has no tests" for name in sorted(untested)]
    if not 20 <= lab.points <= 30:
        problems.append(f"the lab gives {lab.points:g} points, expected 20 to 30")
    return problems


def _headings(lab: Lab) -> list[str]:
    """Check that the prose before each exercise states its number and the points of its tests."""
    problems, heading, expected = [], None, 1
    for cell in lab.cells:
        if cell.role == "prose" and (found := _HEADING.findall(cell.source)):
            heading = found[-1]
        if cell.role == "exercise":
            points = sum(test.points for test in lab.of("tests") if test.exercise == cell.name)
            if heading is None or heading != (str(expected), f"{points:g}"):
                problems.append(
                    f"before exercise {cell.name}: expected '### Exercise {expected} ({points:g} points)', found {heading}"
                )
            heading, expected = None, expected + 1
    return problems


def _answers(lab: Lab) -> list[str]:
    problems = []
    for cell in lab.of("exercise"):
        own = [answer for answer in lab.answers if answer.exercise == cell.name]
        right, wrong = sum(a.right for a in own), sum(not a.right for a in own)
        if not right or wrong < 2:
            problems.append(f"exercise {cell.name} has {right} right and {wrong} wrong answers, expected 1 and 2 or more")
    for kind, stated in (("right", lab.settings.right_answers), ("wrong", lab.settings.wrong_answers)):
        found = sum(answer.right == (kind == "right") for answer in lab.answers)
        if stated and found != stated:
            problems.append(
                f"answers/ holds {found} {kind} answers, lab.toml states {stated}: put back what is lost, or say {found}"
            )
    return problems


# ── numbers in prose ─────────────────────────────────────────────────────────────────────────────────────────────────


def _prose(lab: Lab) -> list[str]:
    """Check that lab.toml covers every number in the prose, and that the prose contains every snippet of lab.toml."""
    settings = lab.settings
    snippets = [*settings.facts, *settings.sourced, *(s for figure in settings.figures for s in figure.prose)]
    text = "\n".join(cell.source for cell in lab.cells if not cell.is_code)
    problems = [f"lab.toml states {snippet!r}, which the prose does not" for snippet in snippets if snippet not in text]
    covered = [range(at.start(), at.end()) for snippet in snippets for at in re.finditer(re.escape(snippet), text)]
    for match in _STATED.finditer(text):
        if not any(match.start() in span or span.start in range(match.start(), match.end()) for span in covered):
            around = " ".join(text[max(0, match.start() - 30) : match.end() + 20].split())
            problems.append(f"prose states {match.group()!r} (… {around} …): add it to figures, facts or sourced in lab.toml")
    return problems


# Verbatim text, where `$` is literal; a formula; commands that may contain words.
_VERBATIM = re.compile(r"```.*?```|`[^`\n]*`|\\\$", re.DOTALL)
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.DOTALL)
_TEXT_INSIDE = re.compile(r"\\[A-Za-z]+(\{[^{}]*\})?")


def _dollars(lab: Lab) -> list[str]:
    """Check that `$` is not used for money: two prices in one paragraph would become a formula."""
    problems = []
    for cell in lab.cells:
        for paragraph in [] if cell.is_code else re.split(r"\n\s*\n", _VERBATIM.sub("", cell.source)):
            formulas = _FORMULA.findall(paragraph)
            prose = [f for f in formulas if re.search(r"[A-Za-z]{3,}", _TEXT_INSIDE.sub("", f))]
            if prose or "$" in _FORMULA.sub("", paragraph):
                around = " ".join((prose or [paragraph])[0].split())[:60]
                problems.append(f"`$` begins a formula, but this is not one (… {around} …): write dollars as a word")
    return problems


def _facts(lab: Lab) -> list[str]:
    problems = []
    for snippet, expression in lab.settings.facts.items():
        value = eval(expression, dict(_NAMES))  # from the instructor's own file
        if not _rounds_to(float(value), snippet):
            problems.append(f"lab.toml: {snippet!r} is said to be {expression}, which is {value}")
    return problems


def _figures(lab: Lab) -> list[str]:
    problems = []
    for figure in lab.settings.figures:
        if not figure.bands.keys() & {"real", "drawn"}:
            problems.append(f"lab.toml: figure {figure.name} has no band for real or drawn data")
        for snippet in figure.prose:
            numbers = [_parse(found) for found in _NUMBER.findall(snippet)]
            if not any(low <= number <= high for number in numbers for low, high in figure.bands.values()):
                problems.append(f"lab.toml: {snippet!r} lies in no band of figure {figure.name}: {dict(figure.bands)}")
    return problems


def _rounds_to(value: float, snippet: str) -> bool:
    """Return whether a number in `snippet` is `value`, rounded to the number of decimals that it shows."""
    for found in _NUMBER.findall(snippet):
        decimals = len(found.partition(".")[2])
        if math.isclose(round(value, decimals), _parse(found), abs_tol=10**-decimals / 1000):
            return True
    return False


def _parse(number: str) -> float:
    return float(number.replace(",", "").replace("−", "-"))


# ── leaks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _hints(lab: Lab) -> Iterator[str]:
    for answer in lab.answers:
        if not answer.right and not answer.hint.strip():
            yield f"answers: {answer.label} has no hint; state the words of a message that name this mistake"


def _own_leaks(lab: Lab) -> list[str]:
    text = "\n".join(cell.source for cell in release_notebook(lab).cells)
    return [f"the release holds a line of a solution or hidden test: {line!r}" for line in leaks(lab, text)]


def _opened(lab: Lab) -> list[str]:
    """Check that no sealed test runs its input as code: a student's code would then run next to the hidden tests."""
    helpers = [cell.source for cell in lab.cells if cell.is_code and cell.role not in ("exercise", "tests")]
    return [
        f"test {test.name} may run or unpickle its input in the process of the hidden tests: let it check plain values"
        for test in lab.of("tests")
        if test.name not in lab.settings.unsealed and runs_code(test.source, helpers)
    ]


def _unexplained(lab: Lab) -> list[str]:
    """Check that a test says what to look at where it compares values, also for answers that none of its `mistakes` fits."""
    places = {"close": 3, "equal": 3, "gradient": 4}  # of a hint that is given by its place
    return [
        f"test {test.name}, line {node.lineno}: check.{node.func.attr} needs a hint, for answers that none of its mistakes fits"
        for test in lab.of("tests")
        for node in ast.walk(ast.parse(test.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in places
        if getattr(node.func.value, "id", "") == "check" and len(node.args) < places[node.func.attr]
        if not any(keyword.arg == "hint" for keyword in node.keywords)
    ]


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    asks = ("mutates", "outputs")  # these check nothing: they declare what may change, and return a network's outputs
    return getattr(node.func.value, "id", "") == "check" and node.func.attr not in asks
