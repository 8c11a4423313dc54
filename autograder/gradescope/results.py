"""Gradescope's results.json, made of a feedback page.

A test gets the words that a feedback page has for it, as Markdown in which text of the student is inert;
no line of a hidden test or of the solution is in it. What is not final, or was not graded, is a sentence
for the student. This module knows pages and Gradescope's names of fields; it grades nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.gradescope.settings import Settings
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.reporting.feedback.content import Page, Result
from autograder.reporting.feedback.render import ICONS, literal, result_markdown

__all__ = ["as_text", "graded", "marked", "not_graded"]

Results = dict[str, Any]


def graded(page: Page, lab: Lab, verdict: Verdict, settings: Settings, notes: Sequence[str], seconds: float) -> Results:
    """Make the results of a submission that was graded.

    Args:
        page: Feedback page of the submission.
        lab: The lab.
        verdict: The verdict that the page is made of.
        settings: What students may see.
        notes: Sentences about what was handed in.
        seconds: How long it took.

    Returns:
        The results as plain data.
    """
    waiting = sum(result.max_points for section in page.sections for result in section.results if result.points is None)
    said = [*page.notes, *notes]
    if waiting:
        said.append(f"Your answers to written questions are marked by hand: up to {waiting:g} more points.")
    return {
        **_head(page.title, said, seconds),
        "score": verdict.earned,
        "tests": list(_tests(page, lab, settings)),
        "extra_data": {
            "lab": lab.id,
            "status": verdict.status,
            "isolation": verdict.isolation,
            "data": verdict.data_source,
            "seed": verdict.seed,
            "coursekit": verdict.versions.get("coursekit", ""),
        },
    }


def marked(page: Page, lab: Lab) -> Results:
    """Make the results of a submission that was graded elsewhere, with marks by hand and lateness.

    Args:
        page: Feedback page of the submission.
        lab: The lab.

    Returns:
        The results as plain data, all of it visible: the mark is final.
    """
    tests = [*_tests(page, lab, Settings(lab.id, hidden="visible")), *_questions(page)]
    comments = [f"{section.name}: {section.comment}" for section in page.sections if section.comment and not section.question]
    return {**_head(page.title, [*page.notes, *comments], 0.0), "score": page.mark.points, "tests": tests}


def not_graded(title: str, reason: str, advice: str, points: float, seconds: float = 0.0) -> Results:
    """Make the results of a submission that was not graded.

    Args:
        title: Title of the lab.
        reason: Why it was not graded.
        advice: What the student can do.
        points: Points that the tests of the lab can give.
        seconds: How long it took.

    Returns:
        The results as plain data, with 0 points.
    """
    test = {
        "name": "Not graded",
        "number": "1",
        "score": 0.0,
        "max_score": points,
        "status": "failed",
        "output": f"{ICONS['missed']} {literal(reason)}\n\n{literal(advice)}",
        "output_format": "md",
        "visibility": "visible",
    }
    return {**_head(title, ["Your submission was not graded."], seconds), "score": 0.0, "tests": [test]}


def as_text(results: Results) -> str:
    """Return results as the text of a file."""
    return json.dumps(results, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _head(title: str, notes: Sequence[str], seconds: float) -> Results:
    said = "".join(f"\n- {literal(note)}" for note in notes)
    return {
        "output": f"**{literal(title)}**\n{said}\n",
        "output_format": "md",
        "test_output_format": "md",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(seconds, 1),
    }


def _tests(page: Page, lab: Lab, settings: Settings) -> Iterator[Results]:
    """Yield an entry per test, numbered by exercise. Questions have no entry: people mark them."""
    exercises = [section for section in page.sections if not section.question]
    for at, section in enumerate(exercises, start=1):
        tests = [result for result in section.results if result.name in lab.tests]
        for place, result in enumerate(tests, start=1):
            hidden = bool(lab.tests[result.name].hidden)
            yield {
                "name": result.name if result.name == section.name else f"{section.name}: {result.name}",
                "number": f"{at}.{place}",
                "score": result.points or 0.0,
                "max_score": result.max_points,
                "status": _status(result),
                "output": result_markdown(result),
                "output_format": "md",
                "tags": [section.name],
                "visibility": settings.hidden if hidden else "visible",
            }


def _questions(page: Page) -> Iterator[Results]:
    """Yield an entry per written question that a person marked."""
    exercises = sum(not section.question for section in page.sections)
    questions = [section for section in page.sections if section.question]
    for at, section in enumerate(questions, start=exercises + 1):
        (result,) = section.results
        yield {
            "name": section.name,
            "number": str(at),
            "score": result.points or 0.0,
            "max_score": result.max_points,
            "status": _status(result),
            "output": result_markdown(result) + (f"\n\n{literal(section.comment, 5000)}" if section.comment else ""),
            "output_format": "md",
            "tags": [section.name],
            "visibility": "visible",
        }


def _status(result: Result) -> str:
    """Return "passed" for partial credit too: by itself, Gradescope shows every mark below the maximum as a failure."""
    return "failed" if result.kind == "missed" else "passed"
