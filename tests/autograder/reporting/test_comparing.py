"""Two gradings are compared: which marks moved, and what differs between the two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.files import write_text
from autograder.grading.basis import Basis
from autograder.grading.verdict import TestResult, Verdict
from autograder.reporting.comparing import Grading, Move, compare, find_grading
from autograder.reporting.pages import verdicts_json
from autograder.reporting.results import read_graded, write_results

LAB = "lab00_toy"
BASIS = Basis(
    "2026-11-20T10:00:00+00:00", {"mean": "m1", "halving": "h1"}, "l1", "s1", False, {"keras": "3.14", "code": "a" * 40}
)


def verdict(name: str = "ada", mean: float = 8, halving: float = 8, **more: object) -> Verdict:
    tests = (
        TestResult("mean", "mean", 8, mean, "passed" if mean == 8 else "failed"),
        TestResult("halving", "halving", 8, halving, "passed" if halving == 8 else "failed", "" if halving == 8 else "count"),
    )
    return Verdict(name, LAB, "graded", **{"tests": tests, "work": "w1", **more})  # type: ignore[arg-type]


def grading(*verdicts: Verdict, basis: Basis | None = BASIS) -> Grading:
    return Grading("x", {each.submission: each for each in verdicts}, basis)


def why(old: Verdict, new: Verdict, before: Basis | None = BASIS, after: Basis | None = BASIS) -> tuple[str, ...]:
    (move,) = compare(grading(old, basis=before), grading(new, basis=after))
    return move.why


def test_only_marks_that_differ_are_moves() -> None:
    before = grading(verdict("ada"), verdict("ben", halving=0), verdict("cem", mean=0))
    after = grading(verdict("ada"), verdict("ben", halving=8), verdict("cem", mean=0, halving=4))
    found = [(move.submission, move.test, move.before, move.after, move.points, move.said) for move in compare(before, after)]
    assert found == [("ben", "halving", 0, 8, 8, ""), ("cem", "halving", 8, 4, 8, "count")]
    assert compare(before, before) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({}, {"tests": {"mean": "m1", "halving": "h2"}}, "the test changed"),
        ({}, {"tests": {"mean": "m2", "halving": "h1"}}, "nothing that is known changed"),
        ({}, {"lab": "l2"}, "other cells or limits of the lab changed"),
        ({}, {"secret": "s2"}, "another secret, so other held-out data"),
        ({}, {"sealed_only": True}, "with --sealed-only"),
        ({}, {"versions": {"keras": "3.15", "code": "b" * 40}}, "code changed; keras 3.15, before 3.14"),
    ],
)
def test_a_reason_is_what_differs_in_what_the_marks_are_based_on(old: dict, new: dict, said: str) -> None:
    assert "; ".join(why(verdict(), verdict(halving=0), replace(BASIS, **old), replace(BASIS, **new))) == said


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({"work": "w2"}, "the submission changed"),
        ({"work": "w2", "seed": 7}, "the submission changed; seed 7, before 0"),
        ({"data_source": "real"}, "data: real, before "),
        ({"reduced_budget": True}, "the reduced budget"),
        ({"isolation": "full"}, "isolation full, before none"),
    ],
)
def test_a_reason_is_what_differs_in_the_submission_and_its_run(new: dict[str, object], said: str) -> None:
    assert "; ".join(why(verdict(), verdict(halving=0, **new))) == said


def test_changed_points_and_tests_that_came_or_went_are_named() -> None:
    worth = replace(verdict().tests[1], points=4, earned=4)
    assert why(verdict(), replace(verdict(), tests=(verdict().tests[0], worth))) == ("the test gives 4 points, before 8",)
    assert why(verdict(), replace(verdict(), tests=verdict().tests[:1])) == ("the test is gone",)
    assert why(replace(verdict(), tests=verdict().tests[:1]), verdict()) == ("the test is new",)


def test_a_mark_that_moved_without_a_reason_is_told_from_one_whose_reason_cannot_be_known() -> None:
    (move,) = compare(grading(verdict()), grading(verdict(halving=0)))
    assert (move.why, move.known) == (("nothing that is known changed",), False)
    (move,) = compare(grading(verdict(), basis=None), grading(verdict(halving=0)))
    assert (move.why, move.known) == (("the earlier results do not say what they are based on",), False)


def test_a_submission_that_came_went_or_changed_its_status_is_one_move() -> None:
    gone, unreadable = verdict("gone"), Verdict("half", LAB, "unreadable", message="half a file")
    before = grading(gone, unreadable, verdict("eve"), verdict("still"))
    after = grading(
        verdict("new"), verdict("half"), replace(verdict("eve"), status="needs review", message="look"), verdict("still")
    )
    assert compare(before, after) == [
        Move("eve", "", 16, 16, 16, ("graded before, needs review now",), said="look"),
        Move("gone", "", 16, None, 16, ("it is not graded any more",)),
        Move("half", "", None, 16, 16, ("unreadable before, graded now",)),
        Move("new", "", None, 16, 16, ("it was not graded before",)),
    ]
    assert compare(grading(unreadable), grading(unreadable)) == []


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "earlier").glob("*"))


def test_other_results_keep_those_before_and_the_same_results_keep_nothing(tmp_path: Path) -> None:
    assert write_results([verdict()], (), tmp_path, {LAB: BASIS}) == {}
    first = (tmp_path / "verdicts.json").read_bytes()
    again = replace(BASIS, when="2026-11-21T10:00:00+00:00")
    assert write_results([replace(verdict(), seconds=3.0)], (), tmp_path, {LAB: again}) == {}
    assert names(tmp_path) == []
    (tmp_path / "verdicts.json").write_bytes(first)
    for mark in (0, 4):
        assert write_results([verdict(halving=mark)], (), tmp_path, {LAB: BASIS}) == {}
    kept = [tmp_path / "earlier" / name for name in names(tmp_path)]
    assert [read_graded(path).verdicts[0].tests[1].earned for path in kept] == [8, 0]
    assert kept[0].read_bytes() == first
    assert read_graded(tmp_path / "verdicts.json").basis == {LAB: BASIS}


def test_a_damaged_file_of_verdicts_is_kept_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "verdicts.json").write_text("{half")
    write_results([verdict()], (), tmp_path)
    assert [path.read_text() for path in (tmp_path / "earlier").iterdir()] == ["{half"]


def test_a_grading_is_found_by_its_time_by_now_and_by_a_path(tmp_path: Path) -> None:
    for name, mark in (("2026-11-20T10-00-00", 0), ("2026-11-21T10-00-00", 4)):
        write_text(tmp_path / "earlier" / f"{name}.json", verdicts_json([verdict(halving=mark)]))
    write_text(tmp_path / "verdicts.json", verdicts_json([verdict()]))

    def mark(name: str) -> float:
        return find_grading(tmp_path, LAB, name).verdicts["ada"].tests[1].earned

    assert (mark(""), mark("now"), mark("2026-11-20"), mark(str(tmp_path))) == (4, 8, 0, 8)
    with pytest.raises(CourseError, match=r"several earlier results .*: 2026-11-20T10-00-00, 2026-11-21T10-00-00, and now"):
        mark("2026")
    with pytest.raises(CourseError, match="no file and no earlier results of that name"):
        mark("monday")
    with pytest.raises(CourseError, match="no verdict on lab01 in it; it holds lab00_toy"):
        find_grading(tmp_path, "lab01", "")


def test_without_earlier_results_it_is_said_when_there_will_be_some(tmp_path: Path) -> None:
    write_text(tmp_path / "verdicts.json", verdicts_json([verdict()]))
    with pytest.raises(CourseError, match="no earlier results to compare with; they are kept from the next"):
        find_grading(tmp_path, LAB, "")
