"""Messages of errors in a student's code: one short line of text, without what only a terminal can show."""

from __future__ import annotations

from autograder.worker.quotes import one_line


def test_the_bold_words_of_an_error_of_keras_are_plain_text() -> None:
    said = "Exception encountered when calling Conv2D.call().\n\n\x1b[1mcould not create a primitive\x1b[0m\n"
    assert one_line(said) == "Exception encountered when calling Conv2D.call(). could not create a primitive"


def test_a_long_message_is_cut_and_shows_it() -> None:
    assert one_line("a" * 500) == "a" * 199 + "…"
