"""`progress` says what passes, what fails and what is open, from what ran in the kernel and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import coursekit
from coursekit import _front_end, standing
from coursekit._record import Ran, Record

from . import tinylab
from .tinylab import CHECK_FLOATS, CHECK_MEAN, CHECK_RATES, MEAN, RATES, answered

RIGHT = answered(MEAN, "return sum(x) / len(x)")
OTHER = answered(MEAN, "return x[0]")


def states(*runs: Ran) -> list[str]:
    return [s.state for s in standing.standings(tinylab.outline(), list(runs))]


def text(*runs: Ran) -> list[str]:
    outline = tinylab.outline()
    return standing.card(outline, standing.standings(outline, list(runs))).text().split("\n")


def test_nothing_that_did_not_run_in_this_kernel_is_known() -> None:
    assert states() == ["not run"] * 3
    assert "Only what ran since the kernel started is known." in text()


def test_a_check_stands_as_its_last_run_ended() -> None:
    failed = Ran(CHECK_MEAN, "", "Mistake: divide by n")
    assert states(Ran(RIGHT), failed, Ran(CHECK_FLOATS)) == ["fails", "passes", "not run"]
    assert states(Ran(RIGHT), failed, Ran(CHECK_MEAN)) == ["passes", "not run", "not run"]
    assert states(Ran(RIGHT), Ran(CHECK_MEAN, "", "KeyboardInterrupt: ")) == ["not run"] * 3


def test_an_answer_as_it_was_handed_out_is_not_written_yet() -> None:
    assert states(Ran(MEAN)) == ["unwritten", "unwritten", "not run"]
    assert states(Ran(RATES, "", "NotImplementedError: ")) == ["not run", "not run", "unwritten"]
    unfinished = Ran(CHECK_MEAN, "", "NotImplementedError: ")
    assert states(Ran(OTHER), unfinished) == ["unwritten", "not run", "not run"]


def test_a_check_of_an_answer_that_changed_since_has_to_run_again() -> None:
    passed = [Ran(RIGHT), Ran(CHECK_MEAN)]
    assert states(*passed, Ran(RIGHT)) == ["passes", "not run", "not run"]
    assert states(*passed, Ran(OTHER)) == ["changed", "not run", "not run"]
    assert states(*passed, Ran(OTHER), Ran(CHECK_MEAN)) == ["passes", "not run", "not run"]


def test_the_card_counts_points_of_what_is_seen_and_says_that_there_is_more() -> None:
    lines = text(Ran(RIGHT), Ran(CHECK_MEAN), Ran(CHECK_FLOATS, "", "Mistake: use / and not //:"))
    assert lines[0] == "Progress: checks for 2 of 5 points pass"
    assert lines[1].startswith("1 of 3 checks that you can see pass. Each test has a hidden part too")
    assert lines[2] == "Questions answered in words give 4 points more; a person marks them."
    assert lines[-2] == "  Exercise 1 (3 points) · mean: ✗ mean_floats fails (2 of 3 points pass): use / and not //"
    assert lines[-1] == "  Exercise 2 (2 points) · rates: – not run yet"


def test_when_every_check_passes_the_card_is_good_and_still_promises_nothing() -> None:
    runs = [Ran(RIGHT), Ran(CHECK_MEAN), Ran(CHECK_FLOATS), Ran(answered(RATES, "rate_small = 1")), Ran(CHECK_RATES)]
    outline = tinylab.outline()
    card = standing.card(outline, standing.standings(outline, runs))
    assert (card.tone, card.share) == ("good", 1.0)
    assert "hidden part" in card.text()


def test_the_lines_lead_to_the_exercises() -> None:
    outline = tinylab.outline()
    assert '<a href="#Exercise-1-(3-points)"' in standing.card(outline, standing.standings(outline, [])).html()


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        (None, "nothing to show outside of a notebook"),
        (SimpleNamespace(), "nothing to show outside of a notebook"),
        (SimpleNamespace(kernel=object()), "run the first code cell of the lab"),
        (SimpleNamespace(kernel=object(), _coursekit_record=Record(None)), "none of the course's labs"),
    ],
)
def test_where_nothing_is_known_it_says_so_and_does_nothing(
    shell: Any, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    coursekit.progress()
    assert said in capsys.readouterr().out
