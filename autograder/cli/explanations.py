"""Print the explanation of one mark for the instructor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.reporting.terminal import quote, say

if TYPE_CHECKING:
    from autograder.grading.replay import ReplayedTest
    from autograder.reporting.explain import ExplainedTest, Explanation
    from autograder.reporting.marks import HandMark, Mark

__all__ = ["say_explanation"]


def say_explanation(found: Explanation) -> None:
    """Print an explanation: the mark, then what it is made of."""
    _say_mark(found.mark)
    if found.changed:
        say("  [yellow]note[/] the notebook changed since it was graded, and the one that is there now ran")
    for test in found.tests:
        _say_test(test)
    for question in found.questions:
        _say_by_hand(f"question {question.grade_id}", question)
    titles = {
        "test": "the test, with its hidden part",
        "question": "the question, with its solution",
        "answer": "the student's cell",
    }
    for part, source in found.code.items():
        say("[bold]{}[/]", titles[part])
        quote(source)


def _say_mark(mark: Mark) -> None:
    name = f" ({mark.student.name})" if mark.student.name != mark.student.id else ""
    if mark.verdict is None:
        say("[bold]{}[/]{}: handed in nothing", mark.student.id, name)
        return
    points = f"{mark.points:.6g} of {mark.max_points:g} points"
    say("[bold]{}[/]{}: {}, {}{}", mark.student.id, name, points, mark.verdict.status, "" if mark.complete else ", not final")
    if mark.verdict.message:
        say("  {}", mark.verdict.message)
    if mark.submitted:
        say("  handed in {}", f"{mark.submitted.astimezone():%Y-%m-%d %H:%M:%S %z}")
    elif mark.unread_time:
        say(
            "  [yellow]time[/] {} in timestamp.txt is no time; write one such as 2026-11-26 09:30+01:00", repr(mark.unread_time)
        )
    if mark.days_late:
        started = f"{mark.days_late} day{'s' * (mark.days_late != 1)} late"
        say("  {}: {} of {} points lost", started, f"{mark.penalty:.6g}", f"{mark.raw:.6g}")
    elif mark.late:
        say("  late, as the learning platform says{}; no points were lost", ", without a time" if mark.lateness_unknown else "")
    for flag in mark.verdict.flags:
        say("  [yellow]{}[/] {}", flag.kind, flag.message)


def _say_test(test: ExplainedTest) -> None:
    result = test.result
    passed = result.status == "passed"
    said = f"{result.earned:g} of {result.points:g}, {result.status}{'' if result.sealed else ', ran in the own process of the student'}"
    say("[green]✓[/] {}: {}" if passed else "[red]✗[/] {}: {}", f"{result.name} ({result.exercise})", said)
    if result.message:
        quote(result.message)
    if result.note:
        say("    only for you:")
        quote(result.note)
    if test.by_hand:
        _say_by_hand("  by hand", test.by_hand)
    if test.replayed:
        _say_replayed(test.replayed, test.same)


def _say_replayed(test: ReplayedTest, same: bool) -> None:
    result = test.result
    points = f"{result.earned:g} of {result.points:g}, {result.status}"
    say("    run again: {}" if same else "    [yellow]run again:[/] {}, which is not the mark above", points)
    if test.cell:
        say("    the student's cell ended with")
        quote(test.cell)
    for check in test.checks:
        times = f", {check.times} times" if check.times > 1 else ""
        failed = bool(check.said) or (bool(test.error) and check.line == test.line)
        say("    [red]✗[/] line {}: {}{}" if failed else "    [green]✓[/] line {}: {}{}", check.line, check.source, times)
        for name, value in check.values.items():
            _quote_deeper(f"{name} = {value}")
        if check.said:
            _quote_deeper(check.said)
    if test.error and not (test.checks and test.checks[-1].said):
        say("    the test ended{} with", f" in line {test.line}" if test.line else "")
        quote(test.error)
    if not result.sealed:
        say("    it ran in the own process of the student, where its checks cannot be watched")


def _quote_deeper(text: str) -> None:
    quote("    " + text.replace("\n", "\n    "))


def _say_by_hand(title: str, hand: HandMark) -> None:
    given = "waits for a mark" if hand.points is None else f"{hand.points:g} of {hand.max_points:g}"
    again = ", and asks for another look: the answer or the test changed" if hand.again else ""
    say("{}: {}{}", title, given, again)
    if hand.comment:
        quote(hand.comment)
