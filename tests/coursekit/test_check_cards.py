"""A person at a notebook sees the result of a check as a card; programs and terminals get what they always got."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from coursekit import _check_cards, _front_end, check
from coursekit._cards import Card, Link, Section


class Events:
    """The part of IPython that calls back after a cell."""

    def __init__(self) -> None:
        self.registered: list[str] = []

    def register(self, event: str, function: Any) -> None:
        self.registered.append(event)


def shell_of(*, person: bool) -> SimpleNamespace:
    request = {"header": {"msg_id": "3f2504e0"}, "content": {"allow_stdin": person}}
    return SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: request), events=Events(), user_ns={})


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What is displayed to a person."""
    found: list[dict[str, str]] = []
    monkeypatch.setattr(_front_end, "shell", lambda: shell_of(person=True))
    monkeypatch.setattr("IPython.display.display", lambda data, *, raw: found.append(data))
    return found


def failed(message: str = "divide by the <sum>") -> check.Mistake:
    try:
        check.equal([1, 2], [1, 3], message)
    except check.Mistake as mistake:
        return mistake
    raise AssertionError("the check passes")


def ran(source: str, *, success: bool = True) -> SimpleNamespace:
    return SimpleNamespace(success=success, info=SimpleNamespace(raw_cell=source))


def test_a_failed_check_is_a_card_with_the_likely_mistake_what_came_and_what_was_expected(shown: list[dict[str, str]]) -> None:
    mistake = failed()
    assert mistake._render_traceback_() == ["✗ Mistake: the card above says what differs"]
    text = shown[0]["text/plain"].split("\n")
    assert text[text.index("The likely mistake") + 1] == "  divide by the <sum>"
    assert text[text.index("What came and what was expected") + 1] == "  got [1, 2], expected [1, 3]"
    assert text[text.index("Where") + 1].endswith(": `check.equal([1, 2], [1, 3], message)`")
    assert "divide by the &lt;sum&gt;" in shown[0]["text/html"]


def test_the_card_of_a_listed_mistake_says_what_was_compared(shown: list[dict[str, str]]) -> None:
    with pytest.raises(check.Mistake) as caught:
        check.close(4.0, 2.0, hint="this is your MSE for the errors 1 and 2; by hand: 2", mistakes={"take the mean": 4.0})
    caught.value._render_traceback_()
    text = shown[0]["text/plain"].split("\n")
    start = text.index("What came and what was expected")
    assert text[start + 1 : start + 3] == ["  this is your MSE for the errors 1 and 2", "  got 4, expected 2"]
    with pytest.raises(check.Mistake) as caught:
        check.equal(4, 2, "count again", mistakes={"take the mean": 4})
    assert caught.value.detail == "got 4, expected 2"


def test_the_card_is_shown_once_however_often_ipython_asks(shown: list[dict[str, str]]) -> None:
    mistake = failed()
    assert mistake._render_traceback_() == mistake._render_traceback_()
    assert len(shown) == 1


def test_what_stands_in_backticks_is_code_on_the_page_and_stays_as_it_is_in_the_text() -> None:
    said = "`z -= <b>` works in place; a lone ` is left alone"
    card = Card(said, "bad", (Section(said, (said, Link(said, "here", said), Link(said, ""))),))
    assert card.html().count("<code>z -= &lt;b&gt;</code>") == 6
    assert "<b>" not in card.html()
    assert "a lone ` is" in card.html()
    assert card.text().count(said) == 6


def test_a_sentence_that_the_lab_broke_into_lines_is_whole_on_the_card(shown: list[dict[str, str]]) -> None:
    failed("take the mean of each class,\nnot of all")._render_traceback_()
    lines = shown[0]["text/plain"].split("\n")
    assert lines[lines.index("The likely mistake") + 1 :][:3] == [
        "  take the mean of each class, not of all",
        "What came and what was expected",
        "  got [1, 2], expected [1, 3]",
    ]


@pytest.mark.parametrize("shell", [None, SimpleNamespace(), shell_of(person=False)])
def test_without_a_person_the_message_is_text_as_before(monkeypatch: pytest.MonkeyPatch, shell: Any) -> None:
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    assert failed()._render_traceback_()[-1] == "divide by the <sum>\ngot [1, 2], expected [1, 3]"
    _check_cards._after(ran("check.true(True, 'x')"))  # shows nothing, and needs no display


@pytest.mark.parametrize(
    ("message", "heading"),
    [
        ("you forgot the bias", "The likely mistake"),
        ("got 1, expected 2", "What came and what was expected"),
        ("expected a Keras model, got 3", "What came and what was expected"),
    ],
)
def test_a_message_of_one_line_stands_under_its_heading(message: str, heading: str) -> None:
    assert _check_cards.mistake_card(message, "").text() == f"✗ Not yet: a check failed\n{heading}\n  {message}"


def test_a_cell_whose_checks_pass_says_so(shown: list[dict[str, str]]) -> None:
    for cell in (ran("x = 1\ncheck.equal(x, 1)"), ran("with check.unchanged(x):\n    f(x)")):
        _check_cards._after(cell)
    assert [card["text/plain"].split("\n")[0] for card in shown] == ["✓ Passed: all checks of this cell"] * 2


@pytest.mark.parametrize(
    "cell", [ran("1 + 1"), ran("# check.equal(1, 1)"), ran("check.equal(1, 2)", success=False), SimpleNamespace(success=True)]
)
def test_other_cells_say_nothing(shown: list[dict[str, str]], cell: Any) -> None:
    _check_cards._after(cell)
    assert shown == []


def test_a_second_setup_adds_no_second_card() -> None:
    shell = shell_of(person=True)
    _check_cards.install(shell)
    _check_cards.install(shell)
    assert shell.events.registered == ["pre_run_cell", "post_run_cell"]
    without_kernel = SimpleNamespace(events=Events())
    _check_cards.install(without_kernel)
    assert without_kernel.events.registered == []


def test_a_card_loads_nothing_and_leaves_the_colours_of_its_text_to_the_page() -> None:
    html = _check_cards.mistake_card("a < b", "").html() + _check_cards.passed_card().html()
    for loaded in ("<script", "http", "src=", "class=", "background"):
        assert loaded not in html
    assert html.count("color:inherit") == 2
