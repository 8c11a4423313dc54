"""Whatever stands in a name or a message, a person sees text, and nothing in it acts."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.printable import cell, line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("ring\a, back\b, nothing\0", r"ring\x07, back\x08, nothing\x00"),
        ("ada\rboris", r"ada\x0dboris"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066ada\u2069 \u200f", r"\u2066ada\u2069 \u200f"),
        ("\ud800 half", r"\ud800 half"),
        (os.fsdecode(b"Ren\xe9"), r"Ren\xe9"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("\U000e0041tag", r"\U000e0041tag"),
    ],
)
def test_what_would_act_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text", ["Zoë O'Brien", "李雷", "שלום", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "a\tb\nc", "[/] [bold] {}"]
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_line_is_one_line_and_has_an_end() -> None:
    assert line("a\r\n  b\tc") == "a b c"
    assert line("x" * 900, 300) == "x" * 299 + "…"
    assert len(printable("y" * 10**6)) == 10_000


@given(st.text(st.characters()), st.integers(1, 50))
def test_every_text_becomes_something_that_every_file_and_terminal_takes(text: str, most: int) -> None:
    for shown in (line(text, most), cell(text, most)):
        shown.encode()
        assert not any(c in shown for c in "\x1b\r\n\t\x07\u202e")


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("|calc", "'|calc"),
        ("  =1", "  '=1"),
        ("\xa0=1", "\xa0'=1"),
        ("＝1", "'＝1"),
        ("＠SUM(1)", "'＠SUM(1)"),
        ("\t=1", " '=1"),
        ("ada;=1", "ada;'=1"),
        ("ada\n=1", "ada =1"),
        ('ada;"=1', "ada;\"'=1"),
        ("ada, -1+cmd|' /C calc'!A0", "ada, '-1+cmd|' /C calc'!A0"),
        ("ada|=1", "ada|'=1"),
        ("expected a = b, got 1;2", "expected a = b, got 1;2"),
        ("O'Brien-Smith", "O'Brien-Smith"),
    ],
)
def test_no_spreadsheet_sees_a_formula_in_a_cell_whatever_its_separator(text: str, inert: str) -> None:
    assert cell(text) == inert


@given(st.text(st.sampled_from(list("=+-@＝|;, \"'\n\t\xa0a1")), max_size=30), st.sampled_from(list(",;|\n")))
def test_no_part_between_separators_begins_as_a_formula(text: str, separator: str) -> None:
    for part in cell(text).split(separator):
        assert part.strip(' \xa0"')[:1] not in tuple("=+-@＝")
