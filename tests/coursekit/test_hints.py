"""An error whose cause is another cell gets a sentence that says which one, and what to do."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from coursekit import _check_cards, _front_end, _hints, _record, check
from coursekit._overwritten import is_consequence
from coursekit._record import Ran, Record

from . import tinylab
from .test_check_cards import Events
from .tinylab import CHECK_MEAN, CHECK_RATES, DATA, MEAN, RATES, answered


def record(*runs: Ran) -> Record:
    kept = Record("tiny", {"np": np}, frozenset({"open"}), list(runs))
    kept.__dict__["outline"] = tinylab.outline()
    return kept


def order(error: Exception, source: str) -> str:
    return " ".join(_hints.about_order(error, Ran(source), record()))


def names(values: dict[str, Any], source: str, *runs: str) -> list[str]:
    return _hints.about_names(values, Ran(source), record(*map(Ran, runs)))


def test_a_check_before_its_exercise_is_told_what_to_write_or_run_first() -> None:
    said = order(NotImplementedError(), CHECK_MEAN)
    assert said.startswith(
        "Exercise 1 (3 points) is not written yet: put your answer in place of `raise NotImplementedError()`"
    )
    for name, source, exercise in (("mean", CHECK_MEAN, 1), ("rate_small", CHECK_RATES, 2), ("rate_small", "rate_small", 2)):
        said = order(NameError(f"name '{name}' is not defined", name=name), source)
        assert said.startswith(f"`{name}` comes from Exercise {exercise} (")
        assert "run that cell, then run this one again" in said


def test_an_answer_that_has_never_run_well_is_named_with_its_error() -> None:
    broken = Ran(answered(MEAN, "  return x"), error="IndentationError: unexpected indent (line 3)")
    said = " ".join(_hints.about_order(NameError("name 'mean' is not defined", name="mean"), Ran(CHECK_MEAN), record(broken)))
    assert said.startswith(
        "`mean` comes from Exercise 1 (3 points), which stopped with IndentationError: unexpected indent (line 3)"
    )


def test_a_syntax_error_is_noted_without_the_name_that_a_kernel_gives_its_cell() -> None:
    kept = record()
    error = SyntaxError("invalid syntax", ("508885553.py", 15, 1, "x =", 15, 2))
    kept.begin(SimpleNamespace(raw_cell="x ="))
    ran = kept.end(SimpleNamespace(error_before_exec=error, error_in_exec=None, info=SimpleNamespace(raw_cell="x =")))
    assert ran.error == "SyntaxError: invalid syntax (line 15)"


def test_an_answer_that_has_not_run_since_its_check_failed_is_told_to_run() -> None:
    failed, answer = Ran(CHECK_MEAN, error="Mistake: no"), Ran(answered(MEAN, "return 1"))
    (said,) = _hints.about_again(Ran(CHECK_MEAN), record(answer, failed))
    assert said.startswith("Exercise 1 (3 points) has not run since this check failed last")
    assert _hints.about_again(Ran(CHECK_MEAN), record(answer, failed, Ran(CHECK_RATES))) == [said]
    assert _hints.about_again(failed, record(answer, Ran(CHECK_MEAN, error="Mistake: no"), failed)) == [said]
    for runs in (
        (),
        (answer,),
        (failed, answer),
        (failed, Ran("helper = 3")),
        (failed, Ran(CHECK_MEAN)),
        (Ran(CHECK_RATES, error="no"),),
    ):
        assert _hints.about_again(Ran(CHECK_MEAN), record(*runs)) == []
    assert _hints.about_again(failed, record(failed)) == []
    assert _hints.about_again(Ran("x"), record(failed)) == []


TAKEN = "TypeError: 'int' object is not subscriptable"


def given_away(use: str, *runs: str | Ran, error: str = TAKEN, value: Any = 3, was: type = dict) -> list[str]:
    kept = record(*(ran if isinstance(ran, Ran) else Ran(ran) for ran in runs))
    kept.kinds["shop"] = was
    return _hints.about_names({"shop": value, "np": np}, Ran(use, error=error), kept)


def test_what_a_cell_of_the_lab_made_and_the_student_gave_away_is_named_with_the_line() -> None:
    use = "print(shop['prices'])"
    (said,) = given_away(use, DATA, "total = 0\nshop = 3")
    assert said == (
        "`shop` is no longer what the cell of “Tiny lab” that begins with `shop = {'prices': [1, 3]}` made: it is 3 now. Choose "
        "another name where `shop = 3` stands, and run that cell again."
    )
    (said,) = given_away(use, DATA, answered(MEAN, "return 1\nshop = 3"))
    assert "where `shop = 3` in Exercise 1 (3 points) stands" in said
    assert given_away("def price():\n    return shop['prices'][0]\nprice()", DATA, "shop = 3")


@pytest.mark.parametrize(
    "runs",
    [
        (DATA,),
        ("shop = 3", DATA),
        (DATA, "shop = 3", DATA),
        (DATA, "def f():\n    shop = 3"),
        (DATA, "several = [mean([i]) for i in range(3)]"),
        (DATA, f"{CHECK_MEAN}\n"),
        ("shop = 3",),
        (DATA, Ran("shop = shop['price'] * 2", error="KeyError: 'price'")),
    ],
)
def test_a_name_that_a_cell_of_the_lab_made_last_is_not_called_given_away(runs: tuple[str | Ran, ...]) -> None:
    assert given_away("print(shop['prices'])", *runs) == []


def test_an_error_of_another_kind_of_value_is_not_blamed_on_a_name() -> None:
    use = "print(shop['prices'])"
    for error in ("", "TypeError: 'float' object is not subscriptable", "ValueError: 'int' object", "Mistake: 'int' object"):
        assert given_away(use, DATA, "shop = 3", error=error) == []
    assert given_away(use, DATA, "shop = 3", was=int) == []
    missing = "AttributeError: 'dict' object has no attribute 'prize'"
    assert given_away("shop.prize", DATA, "shop = dict(shop)", error=missing, value={}) == []


@pytest.mark.parametrize(
    "use",
    [
        "def price(shop):\n    return shop[0]\nprice(3)",
        "def price():\n    shop = 3\n    return shop[0]\nprice()",
        "shop = 3\nshop[0]",
        "[shop[0] for shop in (1, 2)]",
    ],
)
def test_a_name_of_the_failing_cells_own_is_not_blamed(use: str) -> None:
    assert given_away(use, DATA, "shop = 3") == []


def test_a_name_that_an_exercise_asks_for_is_the_students_own() -> None:
    asking = f"# shop: the prices that you found\n{RATES}"
    kept = record(Ran(DATA), Ran(answered(asking, "shop = 3")))
    kept.kinds["shop"] = dict
    failed = Ran("shop['prices']", error=TAKEN)
    assert len(_hints.about_names({"shop": 3}, failed, kept)) == 1
    outline = kept.__dict__["outline"]
    parts = tuple(replace(part, source=asking) if part.name == "rates" else part for part in outline.parts)
    kept.__dict__["outline"] = replace(outline, parts=parts)
    assert _hints.about_names({"shop": 3}, failed, kept) == []


def test_names_that_were_overwritten_are_told_in_the_order_of_their_cells() -> None:
    values = {"shop": 3, "np": 5}
    stopped = [
        Ran("shop['prices']", error=TAKEN),
        Ran("np.zeros(2)", error="AttributeError: 'int' object has no attribute 'zeros'"),
    ]
    kept = record(Ran(DATA), Ran("shop = 3"), stopped[0], Ran("np = 5"), stopped[1])
    kept.kinds["shop"] = dict
    said = _hints.about_overwritten(values, kept)
    assert said.startswith("Names were overwritten that other cells need: `shop` by `shop = 3` in the cell")
    assert "; `np` by `np = 5` in" in said
    assert "2 cells below stopped" in said


@pytest.mark.parametrize(
    "opening", ["", "Mistake: two axes\nyour code stopped with ", "Mistake: a\nthe check could not go on with your result: "]
)
def test_errors_that_an_overwritten_name_may_cause_are_known_in_every_wording(opening: str) -> None:
    assert is_consequence(f"{opening}TypeError: 'int' object is not callable")
    assert not is_consequence(f"{opening}ValueError: no")


def test_a_record_notes_the_types_of_what_the_lab_made() -> None:
    kept = record()
    kept.note_kinds(Ran(DATA), {"shop": {}})
    kept.note_kinds(Ran("shop = 3"), {"shop": 3})
    kept.note_kinds(Ran(DATA, error="NameError: no"), {"shop": 3})
    assert kept.kinds == {"shop": dict}


def test_an_exercise_that_ran_as_handed_out_is_named() -> None:
    assert order(NotImplementedError(), RATES).startswith("Exercise 2 (2 points) is not written yet")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("np", "the set-up cell, the first one of the notebook"),
        ("several", "the cell of “1 · Means” that begins with `several = "),
    ],
)
def test_a_kernel_that_was_restarted_half_way_is_told_which_cell_to_run(name: str, place: str) -> None:
    said = order(NameError(f"name '{name}' is not defined", name=name), "print(several, np)")
    assert said.startswith(f"`{name}` is made by {place}")
    assert "That cell has not run since the kernel started, or has failed. After a restart, run all cells above" in said
    assert "Run All Above Selected Cell" in said
    assert said.endswith("click into that cell alone and run it (Shift+Enter), then run this one again.")
    assert "Such a run stops at the first cell that fails, and runs none below it." in said


def test_it_is_told_where_a_run_of_all_cells_stopped() -> None:
    error, failed = NameError("name 'several' is not defined", name="several"), Ran(CHECK_MEAN, "", "Mistake: divide by n")
    said = _hints.about_order(error, Ran("print(several)"), record(failed, Ran("print(several)", "", "NameError: no")))
    assert "stops at the first cell that fails, as the check of Exercise 1 (3 points) did, and runs none" in said[1]
    said = _hints.about_order(error, Ran("print(several)"), record(failed, Ran(CHECK_MEAN)))
    assert "stops at the first cell that fails, and runs none" in said[1]


def raised(source: str) -> NameError:
    with pytest.raises(NameError) as caught:
        exec(source, {})
    return caught.value


def test_a_slip_in_an_answer_is_no_name_of_an_exercise_even_if_a_text_has_the_word() -> None:
    for name in ("meen", "x"):  # x is an argument of mean, and no name that it makes
        assert order(raised(f"def mean(y):\n    return {name}\nmean(1)"), CHECK_MEAN) == ""
    assert order(raised("def rates():\n    return mean(1)\nrates()"), CHECK_RATES).startswith("`mean` comes from Exercise 1")


def test_an_exercise_that_has_not_run_since_a_restart_is_said_to_be_so() -> None:
    error = NameError("name 'mean' is not defined", name="mean")
    said = _hints.about_order(error, Ran(CHECK_MEAN), record())
    assert "If you wrote it before the kernel was started again, run all cells above" in said[-1]
    (said,) = _hints.about_order(error, Ran(CHECK_MEAN), record(Ran(answered(MEAN, "return 1"))))
    assert "before the kernel" not in said


def test_a_check_that_judges_an_earlier_answer_says_so(shown: list[str]) -> None:
    kept = _front_end.shell()._coursekit_record
    good = Ran(answered(MEAN, "return sum(x) / len(x)"), "mean")
    broken = Ran(MEAN.replace(":", ""), "mean", "SyntaxError: expected ':'")
    kept.runs += [good, broken]
    _check_cards._after(ended(CHECK_MEAN))
    assert shown[0].startswith(
        "Passed by an earlier version of your answer: mean · 2 points\nLook at this first\n  Your answer in "
    )
    assert "Exercise 1 (3 points) stopped with SyntaxError: expected ':' when it ran last." in shown[0]
    _check_cards._before(SimpleNamespace(raw_cell=CHECK_MEAN, cell_id="test_mean"))
    _check_cards.show_mistake(check.Mistake("divide by n"), "")
    assert "This check judges the version before" in shown[1]
    kept.runs.append(good)
    _check_cards._after(ended(CHECK_MEAN))
    assert shown[2].startswith("✓ Passed: mean")


def test_an_answer_that_never_ran_well_has_no_earlier_version() -> None:
    kept = record(Ran(MEAN.replace(":", ""), "mean", "SyntaxError: expected ':'"))
    assert kept.outline is not None
    assert _hints.about_earlier(kept.outline.exercises[0], kept) == []
    assert _hints.about_earlier(None, kept) == []


@pytest.mark.parametrize("error", [ValueError("x"), NameError("name 'maen' is not defined", name="maen"), NameError("own")])
def test_other_errors_are_left_to_python(error: Exception) -> None:
    assert order(error, "maen([1])") == ""


def test_a_function_of_python_that_was_overwritten_is_named_where_the_code_calls_it() -> None:
    said = names({"list": [1, 2], "sum": 3, "open": print}, "list(range(3)); open('x')")
    assert len(said) == 1
    assert said[0].startswith("`list` is no longer Python's own: it is [1, 2] now.")
    assert "run `del list` in a new cell" in said[0]


def test_it_is_named_too_where_the_answer_calls_it_that_a_check_asks() -> None:
    said = names({"sum": 3}, CHECK_MEAN, answered(MEAN, "return sum(x) / len(x)"))
    assert [line.split(" is ")[0] for line in said] == ["`sum`"]
    assert names({"sum": 3}, CHECK_MEAN) == []


def test_the_line_that_overwrote_it_is_quoted_with_its_exercise() -> None:
    (said,) = names({"sum": 3}, CHECK_MEAN, answered(MEAN, "return sum(x) / len(x)") + "\nsum = 1 + 2")
    assert "Choose another name where `sum = 1 + 2` in Exercise 1 (3 points) stands, run `del sum`" in said


def test_a_module_that_was_overwritten_is_named() -> None:
    said = names({"np": 5}, "np.mean([1])")
    assert said[0].startswith("`np` is no longer the module: it is 5 now.")
    assert "run the first code cell again" in said[0]
    assert names({"np": np}, "np.mean([1])") == []


# ── in a notebook ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of the cards that a person sees in a notebook whose `list` was overwritten."""
    request = {"header": {"msg_id": "3f2504e0"}, "content": {"allow_stdin": True}}
    kernel = SimpleNamespace(get_parent=lambda channel: request)
    shell = SimpleNamespace(kernel=kernel, events=Events(), user_ns={"list": [1]}, _coursekit_record=record())
    texts: list[str] = []
    monkeypatch.setattr(_front_end, "shell", lambda: shell)

    def display(data: dict[str, str], *, raw: bool, display_id: bool = False) -> SimpleNamespace:
        texts.append(data["text/plain"])
        place = len(texts) - 1
        return SimpleNamespace(update=lambda data, *, raw: texts.__setitem__(place, data["text/plain"]))

    monkeypatch.setattr("IPython.display.display", display)
    return texts


def ended(source: str, error: Exception | None = None) -> SimpleNamespace:
    return SimpleNamespace(success=error is None, error_in_exec=error, info=SimpleNamespace(raw_cell=source))


def test_the_card_of_a_check_names_it_with_its_points_and_leads_back_to_its_text(shown: list[str]) -> None:
    _check_cards._after(ended(CHECK_MEAN))
    _check_cards._after(ended(CHECK_MEAN, NotImplementedError()))
    assert shown[0].startswith("✓ Passed: mean · 2 points\n")
    assert shown[1].startswith("✗ Not yet: mean · 2 points\nThe likely cause\n  Exercise 1 (3 points) is not written yet")
    assert shown[1].endswith("Back to the text\n  Exercise 1 (3 points)")


def test_a_check_says_that_it_runs_and_its_card_takes_that_place(shown: list[str]) -> None:
    info = SimpleNamespace(raw_cell=CHECK_MEAN, cell_id="test_mean")
    _check_cards._before(info)
    assert shown == ["checking …"]
    _check_cards._after(SimpleNamespace(success=True, error_in_exec=None, info=info))
    assert [text.split("\n")[0] for text in shown] == ["✓ Passed: mean · 2 points"]
    _check_cards._before(info)
    _check_cards.show_mistake(check.Mistake("divide by n\ngot 4, expected 2"), "line 1")
    _check_cards._after(ended(CHECK_MEAN, check.Mistake("divide by n")))
    assert [text.split("\n")[0] for text in shown[1:]] == ["✗ Not yet: mean · 2 points"]
    _check_cards._before(info)
    _check_cards._after(SimpleNamespace(success=False, error_in_exec=KeyboardInterrupt(), info=info))
    assert shown[2:] == ["This check has not come to its end"]
    _check_cards._before(SimpleNamespace(raw_cell="x = 3", cell_id="plain"))
    assert len(shown) == 3


def test_a_failed_check_names_itself_and_what_was_overwritten(shown: list[str]) -> None:
    _check_cards._before(SimpleNamespace(raw_cell="list(x)\n" + CHECK_MEAN, cell_id="test_mean"))
    _check_cards.show_mistake(check.Mistake("divide by n\ngot 4, expected 2"), "line 1")
    lines = shown[0].split("\n")
    assert lines[:2] == ["✗ Not yet: mean · 2 points", "Look at this first"]
    assert lines[2].startswith("  `list` is no longer Python's own")
    assert "  line 1" not in lines  # a folded check has no lines for a student
    assert lines[-1] == "  Exercise 1 (3 points)"


def test_another_cell_that_needs_one_above_gets_a_card_and_a_slip_of_its_own_gets_none(shown: list[str]) -> None:
    _check_cards._after(ended("several[0]", NameError("x", name="several")))
    _check_cards._after(ended("1 / 0", ZeroDivisionError()))
    assert [text.split("\n")[0] for text in shown] == ["✗ Not yet: this cell stopped"]


# ── the record ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_holds_what_ran_and_the_first_line_of_each_error_but_no_value() -> None:
    kept = Record("tiny")
    kept.end(ended("x = 1"))
    kept.end(ended("y", ValueError("no\nmore")))
    kept.end(SimpleNamespace(error_before_exec=SyntaxError("bad"), info=None))
    assert [(ran.source, ran.error) for ran in kept.runs] == [("x = 1", ""), ("y", "ValueError: no"), ("", "SyntaxError: bad")]


def test_a_second_setup_of_the_same_lab_keeps_the_record_and_another_lab_begins_one() -> None:
    shell = SimpleNamespace(user_ns={"np": np, "open": open, "x": 1, "_np": np})
    first = _record.keep(shell, "tiny")
    assert (first.modules, first.own) == ({"np": np}, frozenset({"open"}))
    assert _record.keep(shell, "tiny") is first
    assert _record.keep(shell, "lab01_perceptron") is not first
