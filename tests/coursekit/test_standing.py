"""`progress` says what passes, what fails and what is open, from what ran in the kernel and nothing else."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import coursekit
from coursekit import _front_end, standing
from coursekit._record import Ran, Record
from coursekit.submission import handing_in
from coursekit.submission.find import Found

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
    assert lines[1].startswith("1 of 3 checks that you can see pass. Most tests have a hidden part too")
    assert lines[2] == "Questions answered in words give 4 points more, which are not counted here: a person marks them."
    assert lines[-3] == "  Exercise 1 (3 points) · Means: ✗ fails (2 of 3 points pass): use / and not //"
    assert lines[-2] == "  Exercise 2 (2 points) · Means: – not run yet"
    assert lines[-1].startswith("  Written question 1 (4 points) · Means: marked by a person; ")


def found(answer: str | None, *, is_live: bool = False) -> Found:
    """The lab in a file, with this text in the cell of its written question; None for no such cell."""
    notebook = tinylab.notebook()
    *_, cell = notebook["cells"]
    cell["source"] = answer
    notebook["cells"] = [one for one in notebook["cells"] if one["source"] is not None]
    return Found(notebook, Path(), is_live=is_live)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Because of the noise.", "answered; a person marks it"),
        (" why\n", "… not written yet"),
        ("  \n", "… not written yet"),
        (None, "its cell is no longer in the notebook"),
    ],
)
def test_a_written_question_is_answered_or_not_as_the_notebook_says_and_counts_no_points(answer: str | None, said: str) -> None:
    outline = tinylab.outline()
    for is_live in (True, False):
        card = standing.card(outline, standing.standings(outline, []), found(answer, is_live=is_live))
        assert card.title == "Progress: checks for 0 of 5 points pass"
        assert card.text().split("\n")[-1].startswith(f"  Written question 1 (4 points) · Means: {said}")
        assert ("read from the file as you last saved it" in card.text()) is not is_live


def test_a_lab_with_an_open_question_is_not_whole() -> None:
    runs = [Ran(RIGHT), Ran(CHECK_MEAN), Ran(CHECK_FLOATS), Ran(answered(RATES, "rate_small = 1")), Ran(CHECK_RATES)]
    outline = tinylab.outline()
    tones = [standing.card(outline, standing.standings(outline, runs), found(text)).tone for text in ("why", "So.")]
    assert tones == ["open", "good"]


def test_progress_reads_the_notebook_that_the_front_end_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.ipynb"
    path.write_text(json.dumps(found("So.").notebook), encoding="utf-8")
    shown: list[str] = []
    record = Record("tiny")
    record.__dict__["outline"] = tinylab.outline()
    shell = SimpleNamespace(kernel=object(), user_ns={"__vsc_ipynb_file__": str(path)}, _coursekit_record=record)
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, *, raw: shown.append(data["text/plain"]))
    coursekit.progress()
    path.write_text("{")
    coursekit.progress()
    assert [text.split("\n")[-1].partition(": ")[2] for text in shown] == [
        "answered; a person marks it",
        "marked by a person; whether it is answered cannot be seen from here",
    ]


def test_names_that_were_overwritten_are_named_once_and_the_exercises_that_they_stopped_refer_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = "TypeError: 'int' object is not callable"
    runs = [
        Ran(answered(MEAN, "return sum(x) / len(x)") + "\nsum = 3"),
        Ran("np = 5"),
        *(Ran(source, "", stopped) for source in (CHECK_MEAN, CHECK_FLOATS)),
        Ran(CHECK_RATES, "", "AttributeError: 'int' object has no attribute 'mean'"),
        Ran("np.mean([1])", "", "AttributeError: 'int' object has no attribute 'mean'"),
    ]
    record = Record("tiny", {"np": np}, frozenset(), runs)
    record.__dict__["outline"] = tinylab.outline()
    shell = SimpleNamespace(kernel=object(), user_ns={"np": 5, "sum": 3}, _coursekit_record=record)
    shown: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, *, raw: shown.append(data["text/plain"]))
    coursekit.progress()
    lines = shown[0].split("\n")
    message = lines[lines.index("Look at this first") + 1]
    assert "`sum` by `sum = 3` in Exercise 1 (3 points); `np` by `np = 5` in the cell that begins with `np = 5`" in message
    assert "4 cells below stopped" in message
    assert "Restart Kernel and Run All Cells" in message
    assert "Error" not in shown[0]
    assert lines[-3].endswith("Means: ✗ stopped: see “Look at this first”")

    record.begin(SimpleNamespace(raw_cell="np = 6; coursekit.progress()"))  # the cell that runs now is not among those that ran
    coursekit.progress()
    assert "`np` by `np = 6; coursekit.progress()` in the cell that begins with" in shown.pop()

    shell.user_ns.update(np=np, sum=sum)  # put back
    coursekit.progress()
    assert "Look at this first\n" not in shown[1]


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


# ── edited and not run ───────────────────────────────────────────────────────────────────────────────────────────────


def saved(answer: str, *, after: float, is_live: bool = False) -> Found:
    """The tiny lab with this answer to its first exercise, as a file that was saved this many seconds after the answer ran."""
    notebook = tinylab.notebook()
    (own,) = [cell for cell in notebook["cells"] if cell["id"] == "mean"]
    own["source"] = answer
    return Found(notebook, Path(), is_live, Path("tiny.ipynb"), datetime.fromtimestamp(1000 + after, timezone.utc))


@pytest.mark.parametrize(
    ("answer", "after", "is_live", "state"),
    [
        (OTHER, 5, False, "edited"),
        (OTHER, -5, True, "edited"),
        (OTHER, -5, False, "passes"),  # an older file
        (RIGHT + "\n", 5, False, "passes"),
    ],
)
def test_an_answer_that_was_edited_and_has_not_run_since_passes_no_longer(
    answer: str, after: float, is_live: bool, state: str
) -> None:
    outline, runs = tinylab.outline(), [Ran(RIGHT, ended=1000.0), Ran(CHECK_MEAN, ended=1001.0)]
    found = standing.standings(outline, runs, saved(answer, after=after, is_live=is_live))
    assert found[0].state == state
    line = "changed since it ran: run it, and its checks again"
    assert (line in standing.card(outline, found).text()) is (state == "edited")


@pytest.mark.parametrize(
    ("after", "said"), [(5, "You changed Exercise 1"), (-5, "The file differs from what you ran: Exercise 1")]
)
def test_a_hand_in_tells_an_edit_that_did_not_run_from_work_that_is_not_saved(
    monkeypatch: pytest.MonkeyPatch, after: float, said: str
) -> None:
    outline = tinylab.outline()
    record = Record("tiny", runs=[Ran(RIGHT, ended=1000.0)])
    record.__dict__["outline"] = outline
    history = SimpleNamespace(input_hist_raw=["", RIGHT])
    monkeypatch.setattr(_front_end, "shell", lambda: SimpleNamespace(_coursekit_record=record, history_manager=history))
    (warning,) = handing_in._about_unsaved(saved(OTHER, after=after), outline)
    assert warning.startswith(said)
    assert handing_in._about_unsaved(saved(RIGHT, after=after), outline) == []
