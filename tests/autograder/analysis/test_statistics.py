"""Statistics of tests agree with SciPy, pandas and their definitions, and say nothing where they would mislead."""

from __future__ import annotations

import statistics

import numpy as np
import pandas
import pytest
import scipy.stats

from autograder.analysis.distribution import distribution_of
from autograder.analysis.items import Item, items_of
from autograder.analysis.messages import clusters_of, plain
from autograder.analysis.reliability import reliability_of
from autograder.analysis.resources import Exceeded, resources_of
from autograder.analysis.scores import Scores, scores_of
from autograder.analysis.statistics import statistics_of
from autograder.grading.messages import BLANK
from autograder.grading.verdict import TestResult, Verdict

POINTS = 4.0
BLANKS = -1.0  # stands for an exercise without an answer


def verdict(name: str, row: np.ndarray | list[float], message: str = "sum over axis 1") -> Verdict:
    def result(i: int, earned: float) -> TestResult:
        if earned == BLANKS:
            return TestResult(f"t{i}", f"e{i}", POINTS, 0, "error", BLANK)
        passed = earned == POINTS
        return TestResult(f"t{i}", f"e{i}", POINTS, float(earned), "passed" if passed else "failed", "" if passed else message)

    return Verdict(name, "lab", "graded", tuple(result(i, earned) for i, earned in enumerate(row)))


def scored(table: np.ndarray | list[list[float]]) -> Scores:
    return scores_of([verdict(f"s{i:03}", row) for i, row in enumerate(table)])


def honest(n: int, tests: int = 8, seed: int = 1) -> np.ndarray:
    """Points of students whose skill decides, from 0 to POINTS in steps of one."""
    rng = np.random.default_rng(seed)
    skill, hardness = rng.normal(size=(n, 1)), np.linspace(-1, 1, tests)
    return np.clip(np.round(2 + 1.5 * (skill - hardness) + rng.normal(0, 0.8, (n, tests))), 0, POINTS)


def kinds(item: Item) -> list[str]:
    return [finding.kind for finding in item.findings]


@pytest.mark.parametrize("n", [40, 150])
def test_the_correlation_with_the_rest_is_that_of_scipy_among_those_who_attempted(n: int) -> None:
    table = honest(n)
    table[::7, 2] = BLANKS
    earned = np.where(table == BLANKS, 0, table)
    for i, item in enumerate(items_of(scored(table))):
        tried = table[:, i] != BLANKS
        rest = earned.sum(axis=1) - earned[:, i]
        assert item.correlation.value == pytest.approx(scipy.stats.pearsonr(earned[tried, i], rest[tried]).statistic)
        assert item.facility == pytest.approx(pandas.Series(earned[:, i]).mean() / POINTS)
        assert (item.attempted, item.blank) == (tried.sum(), (~tried).sum())
        assert item.full + item.partial + item.zero + item.blank == n
        assert (item.full, item.zero) == ((table[:, i] == POINTS).sum(), (table[:, i] == 0).sum())


def test_the_interval_is_the_bootstrap_of_scipy_and_only_smaller_classes_have_one() -> None:
    table = honest(60)
    item = items_of(scored(table))[3]
    rest = table.sum(axis=1) - table[:, 3]
    theirs = scipy.stats.bootstrap(
        (table[:, 3], rest),
        lambda x, y, axis=-1: scipy.stats.pearsonr(x, y, axis=axis).statistic,
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert (item.correlation.low, item.correlation.high) == pytest.approx(tuple(theirs), abs=0.02)
    assert items_of(scored(honest(100)))[3].correlation.low is None
    assert items_of(scored(table)) == items_of(scored(table))


def test_alpha_and_the_error_follow_their_definitions() -> None:
    table = honest(50)
    columns = [statistics.variance(column) for column in table.T]
    total = statistics.variance(table.sum(axis=1))
    alpha = 8 / 7 * (1 - sum(columns) / total)
    found = reliability_of(scored(table))
    assert found.alpha == pytest.approx(alpha)
    assert found.error == pytest.approx((total * (1 - alpha)) ** 0.5)


def test_the_distribution_is_that_of_pandas() -> None:
    totals = honest(37).sum(axis=1)
    theirs, found = pandas.Series(totals), distribution_of(list(totals), 32)
    assert found is not None
    assert (found.n, found.mean, found.sd) == pytest.approx((37, theirs.mean(), theirs.std()))
    assert found.quartiles == pytest.approx(tuple(theirs.quantile([0.25, 0.5, 0.75])))
    assert sum(bar.count for bar in found.bins) == 37


def test_each_bar_holds_its_lower_end_and_the_last_bar_all_points() -> None:
    found = distribution_of([0, 1.9, 2, 20, 21], 20)
    assert found is not None
    assert [bar.count for bar in found.bins] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize("n", [40, 300])
def test_a_test_that_strong_students_fail_is_found_and_no_other(n: int) -> None:
    table = honest(n)
    skill = table.sum(axis=1)
    table[:, 4] = np.where(skill > np.median(skill), 0, POINTS)
    items = items_of(scored(table))
    assert [item.name for item in items if item.suspect] == ["t4"]
    (finding,) = items[4].findings
    size = n // 4
    assert finding.text.startswith("Possible fault of the test: strong students fail it.")
    assert f"0 of the best {size} pass and" in finding.text
    assert "chance" not in finding.text


def test_a_correlation_just_below_zero_is_said_to_be_chance_and_not_that_strong_students_fail() -> None:
    table = honest(40)
    order = np.argsort(np.delete(table, 4, axis=1).sum(axis=1), kind="stable")
    table[order, 4] = np.where(np.arange(40) % 2, 0, POINTS)  # of each two neighbours, the weaker one passes
    item = items_of(scored(table))[4]
    assert item.correlation.value is not None
    assert item.correlation.high is not None
    assert item.correlation.value < 0 < item.correlation.high
    (finding,) = item.findings
    assert finding.fault
    assert "which may be chance" in finding.text
    assert "strong students fail it" not in finding.text


def test_a_test_that_nobody_or_everybody_passes_is_named() -> None:
    table = honest(40)
    table[:, 0], table[:, 1] = 0, POINTS
    items = items_of(scored(table))
    assert (kinds(items[0]), items[0].suspect) == (["nobody"], True)
    assert (kinds(items[1]), items[1].suspect) == (["everyone"], False)
    assert items[0].correlation.value is None
    assert items[0].correlation.reason == "all who attempted it have the same points"


def test_an_easy_test_is_never_called_weak() -> None:
    table = honest(200)
    best, *_ = np.argsort(-table.sum(axis=1))
    table[:, 5], table[:, 6] = POINTS, POINTS
    table[best, 5] = 0  # the best student alone fails it, so the correlation is below 0
    item = items_of(scored(table))[5]
    assert item.correlation.value is not None
    assert item.correlation.value < 0
    assert item.facility == pytest.approx(0.995)
    assert kinds(item) == []


def test_below_twenty_students_there_are_counts_only() -> None:
    items = items_of(scored(honest(19)))
    assert {item.facility for item in items} == {None}
    assert {item.correlation.reason for item in items} == {"fewer than 20 students attempted it"}
    assert {item.students for item in items} == {19}
    assert reliability_of(scored(honest(19))).reason == "fewer than 20 students"


def test_no_answer_counts_in_the_mean_and_not_in_the_correlation() -> None:
    table = honest(60)
    table[15:, 0] = BLANKS
    item = items_of(scored(table))[0]
    assert item.facility == pytest.approx(table[:15, 0].sum() / POINTS / 60)
    assert (item.attempted, item.blank) == (15, 45)
    assert item.correlation.reason == "fewer than 20 students attempted it"


def test_a_class_of_equals_gives_no_reliability() -> None:
    found = statistics_of([verdict(f"s{i}", [4, 0, 2]) for i in range(30)])
    assert found.reliability.reason == "all students have the same points"
    assert {item.correlation.value for item in found.items} == {None}
    assert found.distribution is not None
    assert found.distribution.sd == 0


def test_one_student_and_nobody_have_statistics_too() -> None:
    one = statistics_of([verdict("ada", [4, 0])])
    assert one.distribution is not None
    assert (one.distribution.mean, one.distribution.sd, one.suspects) == (4, None, ())
    nobody = statistics_of([])
    assert (nobody.distribution, nobody.items, nobody.resources) == (None, (), None)
    unread = statistics_of([Verdict("ben", "lab", "unreadable", message="not a notebook")])
    assert (unread.submissions, unread.unreadable, unread.distribution) == (1, 1, None)


def test_a_lab_with_one_test_has_nothing_to_correlate_with() -> None:
    (item,) = items_of(scored(honest(40)[:, :1]))
    assert item.correlation.reason == "the lab has no other test"
    assert reliability_of(scored(honest(40)[:, :1])).reason == "the lab has fewer than two tests"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "wrong with 4 inputs and 3 units\nthe largest of 12 differences is at [0, 0]: got 2.09",
            "wrong with 5 inputs and 2 units",
        ),
        ("got [[0, 1], [1, 1]], expected [0, 1]", "got [[0, 0, 1]], expected []".replace("[]", "[1]")),
        ("your code stopped with KeyError: -1", "your code stopped with KeyError: −3.5e-7"),
        ("got array([ 0,  2, -1]), expected 3", "got array([1.5]), expected nan"),
        ("<function f at 0x7f10> is no number", "<function f at 0x7fab> is no number"),
    ],
)
def test_messages_that_differ_in_numbers_alone_are_one(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("W1 does not move downhill", "W2 does not move downhill"),
        ("b1 is forgotten", "b2 is forgotten"),
        ("the bias is missing: w·x + b", "the bias is missing: w·x"),
        ("sum over the samples (X.T does it)", "sum over the samples (X does it)"),
    ],
)
def test_messages_about_different_mistakes_stay_apart(one: str, other: str) -> None:
    assert plain(one) != plain(other)


def test_wrong_answers_meet_by_message_and_missing_ones_are_left_out() -> None:
    verdicts = [verdict(name, [0], f"the scores: got {i}, expected 3\nmore {name}") for i, name in enumerate("dab")]
    verdicts += [verdict("x", [0], "b1 is forgotten"), verdict("y", [BLANKS]), verdict("z", [POINTS])]
    first, second = clusters_of(verdicts)["t0"]
    assert (first.students, first.count) == (("a", "b", "d"), 3)
    assert first.message.startswith("the scores: got")
    assert (second.message, second.students) == ("b1 is forgotten", ("x",))


def test_limits_are_counted_per_test_and_times_are_summed_up() -> None:
    ends = ("timeout", "memory", "crashed", "passed")
    verdicts = [
        Verdict(f"s{i}", "lab", "graded", (TestResult("fit", "fit", 2, 0, end, "m"),), seconds=float(i), cpu_seconds=2.0 * i)
        for i, end in enumerate(ends)
    ]
    found = resources_of(verdicts)
    assert found is not None
    assert found.exceeded == (Exceeded("fit", 1, 1, 1),)
    assert (found.median, found.most, found.processor) == (1.5, 3.0, 3.0)
