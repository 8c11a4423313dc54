"""Copies rank above every honest pair; what everybody was given or shares by chance says little."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.analysis.similarity import FEW, Similarity, similarity_of
from autograder.analysis.works import Work, mistakes_of
from autograder.grading.messages import BLANK
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.source import load_lab
from autograder.reporting.class_report.works import given_code
from tests.autograder.analysis.copies import DISGUISES, copy_of, honest_class

LABS = Path(__file__).parents[3] / "labs"


def pairs(found: Similarity) -> list[tuple[str, str]]:
    return [(pair.one.name, pair.other.name) for pair in found.pairs]


def unlike(draw: random.Random, statements: int = 12) -> str:
    """Code that nobody else writes."""
    names = [f"{letter}{draw.randrange(10**6)}" for letter in "fghk"]
    return "\n".join(
        f"x = a.{draw.choice(names)}(b, c.{draw.choice(names)}, {draw.randrange(9)})[{draw.choice('abc')}]"
        for _ in range(statements)
    )


def honest(students: int, exercises: int = 3, seed: int = 0) -> list[Work]:
    draw = random.Random(seed)
    return [Work(f"s{i}", {f"e{k}": (unlike(draw),) for k in range(exercises)}) for i in range(students)]


# ── the proof ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lab_id", ["lab02_mlp", "lab03_regression", "lab04_dropout"])
@pytest.mark.parametrize("seed", range(3))
def test_every_planted_copy_ranks_above_every_honest_pair(lab_id: str, seed: int) -> None:
    lab, draw = load_lab(LABS / lab_id), random.Random(seed)
    works = honest_class(lab, 60, draw)
    copied = draw.sample(works, len(DISGUISES))
    copies = [copy_of(work, f"copy of {work.name}", how, draw) for work, how in zip(copied, DISGUISES, strict=True)]
    found = similarity_of([*works, *copies], given_code(lab))
    assert set(pairs(found)[: len(copies)]) == {(work.name, f"copy of {work.name}") for work in copied}
    assert len(found.pairs) == 20


# ── what counts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_works_that_share_nothing_make_no_pair() -> None:
    found = similarity_of(honest(12), [])
    assert (found.pairs, found.compared, found.typical) == ((), 12, 0.0)


def test_a_shared_exercise_is_described_by_its_share_and_by_what_nobody_else_has() -> None:
    works = honest(12)
    works[1] = replace(works[1], cells={**works[1].cells, "e2": works[0].cells["e2"]})
    [pair] = similarity_of(works, []).pairs
    assert (pair.one.name, pair.other.name) == ("s0", "s1")
    [part] = pair.exercises
    assert (part.exercise, part.share, part.rare) == ("e2", 1.0, len(part.digests))
    assert part.score == pair.score
    assert 0.2 < pair.share < 0.5


def test_release_and_solution_are_set_aside() -> None:
    given = unlike(random.Random(5))
    works = honest(12)
    for i in (0, 1):
        works[i] = replace(works[i], cells={**works[i].cells, "e0": (given.replace("x =", "mine ="),)})
    assert pairs(similarity_of(works, [])) == [("s0", "s1")]
    assert pairs(similarity_of(works, ["unlike(anything, else_)", given])) == []


def test_what_much_of_the_class_shares_is_set_aside() -> None:
    common, works = unlike(random.Random(5)), honest(30)
    works[: FEW + 1] = [replace(work, cells={**work.cells, "e1": (common,)}) for work in works[: FEW + 1]]
    assert similarity_of(works, []).pairs == ()
    assert similarity_of(works[1:], []).pairs != ()  # ten of 29 are not much of the class


def test_rare_code_counts_more_than_code_that_several_share() -> None:
    draw = random.Random(6)
    rare, frequent = unlike(draw, 8), unlike(draw, 12)
    works = honest(20)
    for i, source in ((18, rare), (19, rare), *((i, frequent) for i in range(6))):
        works[i] = replace(works[i], cells={**works[i].cells, "e0": (source,)})
    found = similarity_of(works, [])
    assert pairs(found)[0] == ("s18", "s19")
    assert found.pairs[0].score > found.pairs[1].score > 0
    assert [part.fewest for pair in found.pairs[:2] for part in pair.exercises] == [2, 6]


def test_the_same_rare_mistake_counts_and_is_named() -> None:
    works = honest(12)
    for i, said in ((1, "your sum runs over axis #"), (3, "another one")):
        works[i] = replace(works[i], cells=works[i - 1].cells, mistakes={"e0": frozenset([said])})
    works[0] = replace(works[0], mistakes=works[1].mistakes)
    first, second = similarity_of(works, []).pairs
    assert (first.one.name, second.one.name) == ("s0", "s2")
    assert [part.mistakes for part in first.exercises if part.exercise == "e0"] == [("your sum runs over axis #",)]
    assert first.exercises[0].exercise == "e0"
    assert all(not part.mistakes for part in second.exercises)


def test_a_short_work_is_not_near_everybody() -> None:
    draw = random.Random(7)
    works, line = honest(12), "y = q.solve(b, c.inner, 3)[d]"
    tiny = Work("tiny", {"e0": (line,), "e1": (unlike(draw, 3),)})
    works[0] = replace(works[0], cells={**works[0].cells, "e0": (works[0].cells["e0"][0] + "\n" + line,)})
    works[2] = replace(works[2], cells={**works[2].cells, "e0": works[1].cells["e0"]})
    found = similarity_of([*works, tiny], [])
    assert pairs(found)[0] == ("s1", "s2")


def test_too_little_own_code_is_said_instead_of_a_score() -> None:
    works = [
        *honest(6),
        Work("empty", {}),
        Work("short", {"e0": ("y = q.solve(b, c.inner, 3)[d]",)}),
        Work("copy", {"e0": ("pass",)}),
    ]
    works.append(replace(works[-2], name="same"))
    found = similarity_of(works, [])
    assert found.little == ("copy", "empty", "same", "short")
    assert (found.compared, found.pairs) == (6, ())


def test_earlier_years_are_compared_with_this_one_and_not_with_each_other() -> None:
    works = honest(6)
    old = [replace(works[0], name=f"work {i}", earlier=True) for i in (1, 2)]
    found = similarity_of([*old, *works], [])
    assert sorted(pairs(found)) == [("s0", "work 1"), ("s0", "work 2")]
    assert (found.compared, found.earlier) == (6, 2)


def test_the_order_of_the_works_does_not_matter() -> None:
    works = honest_class(load_lab(LABS / "lab02_mlp"), 20, random.Random(1))
    one, other = similarity_of(works, []), similarity_of(works[::-1], [])
    assert [pair.score for pair in one.pairs] == pytest.approx([pair.score for pair in other.pairs])
    assert set(pairs(one)[0]) == set(pairs(other)[0])


@pytest.mark.parametrize("works", [[], honest(1), [Work("a", {"e": ("\x00 '''",)})], [replace(honest(1)[0], earlier=True)]])
def test_a_class_without_a_pair_has_none(works: list[Work]) -> None:
    assert similarity_of(works, []).pairs == ()


def test_mistakes_are_messages_without_numbers_and_blank_answers_are_none() -> None:
    def result(name: str, exercise: str, message: str, status: str = "failed", note: str = "") -> TestResult:
        return TestResult(name, exercise, 1, 0, status, message, note=note)  # type: ignore[arg-type]

    tests = (
        result("a", "mean", "got 0.25"),
        result("b", "mean", "this ran inside", note="off by 3"),
        result("c", "loss", BLANK, "error"),
        result("d", "rate", "", "passed"),
    )
    assert mistakes_of(Verdict("ada", "lab", "graded", tests)) == {"mean": frozenset({"got #", "off by #"})}
